"""The codes of refusals: each cause is raised by what it is for, and says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from builders.cli import run

from secctx.acceptor.values import Refusal
from secctx.rules import refusals
from secctx.rules.finding import ERROR, Rule

ROOT = Path(__file__).parents[1]
LAB = ROOT.parent / "shared" / "lab" / "tokens"
RULES = {name: value for name, value in vars(refusals).items() if isinstance(value, Rule)}
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}


def accepted(*arguments: str, **variables: str) -> dict[str, Any]:
    leg: dict[str, Any] = json.loads(run("accept", "--json", *arguments, **variables).out)["legs"][-1]
    return leg


def test_every_rule_is_under_its_code_and_says_what_to_do() -> None:
    for name, rule in RULES.items():
        assert rule.code == name
        assert re.fullmatch(r"[A-Z]{3}\d{3}", name)
        assert rule.severity == ERROR
        assert rule.summary
        assert not rule.advice.endswith(".")
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_every_kind_with_a_code_is_one_that_the_acceptor_says() -> None:
    said = "".join(path.read_text() for folder in ("acceptor", "keys") for path in (ROOT / folder).glob("*.py"))
    for kind in refusals.BY_KIND:
        written = f'"{kind}"' in said
        assert written or ('f"ntlm-other-{' in said and kind.startswith("ntlm-other-")), kind


def test_every_rule_is_raised_by_a_kind() -> None:
    assert {*refusals.BY_KIND.values(), refusals.ENC002} == set(RULES.values())


def test_what_has_no_cause_of_its_own_has_no_code() -> None:
    assert refusals.cause_of(Refusal("simulated", "x")) is None
    assert refusals.cause_of(Refusal("malformed", "x", facts={"kind": "value"})) is None
    assert refusals.cause_of(Refusal("malformed", "x", facts={"kind": "cut-short"})) is refusals.ENC002


def test_a_refusal_is_a_finding_with_its_place_and_the_text_says_what_to_do() -> None:
    tokens = [f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
    leg = accepted("--user", "LAB\\alice", "--captured", *tokens, SECCTX_PASSWORD="another")
    reason = leg["reason"]
    assert reason["code"] == "NTL013"
    (finding,) = leg["findings"]
    assert (finding["code"], finding["severity"], finding["detail"]) == ("NTL013", "error", reason["text"])
    assert (finding["path"], finding["span"]) == (reason["path"], reason["span"])
    text = run("accept", "--user", "LAB\\alice", "--captured", *tokens, SECCTX_PASSWORD="another").out
    assert "\nNTL013: check the password" in text
    good = accepted("--user", "LAB\\alice", "--captured", *tokens, **PASSWORD)
    assert (good["reason"], good["findings"]) == (None, [])


def test_a_token_cut_short_is_called_that() -> None:
    whole = (ROOT / "samples" / "spnego-kerberos-init.bin").read_bytes()
    leg = accepted("--keytab", "samples/web.keytab", "--from", "hex", whole[:700].hex())
    reason = leg["reason"]
    assert (reason["code"], reason["kind"]) == ("ENC002", "malformed")


def lab_cases(failing: bool) -> list[Any]:
    """The lab's Kerberos cases that need nothing but a keytab and a clock, with the codes that are right for them."""
    if not LAB.is_dir():
        return [pytest.param({}, marks=pytest.mark.skip(reason="the shared lab is not beside the checkout"))]
    found = []
    for line in (LAB / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        simple = case.keys() <= {"case", "legs", "at", "keytab", "expect"} and "keytab" in case
        codes = set(case["expect"]["codes"])
        if simple and (codes & RULES.keys() - {"KRB009"} if failing else not codes):
            found.append(pytest.param(case, id=case["case"]))
    return found


def judged(case: dict[str, Any]) -> list[dict[str, Any]]:
    files = [str(LAB / leg["file"]) for leg in case["legs"]]
    # The lab lets tickets end by two hours on the server's clock: RFC 4120's order comes to the skew first.
    order = "mit" if "KRB003" in case["expect"]["codes"] else "rfc"
    keys = ("--keytab", str(LAB / case["keytab"]), "--order", order)
    done = run("accept", "--json", "--captured", "--at", case["at"], *keys, *files)
    legs: list[dict[str, Any]] = json.loads(done.out)["legs"]
    return legs


@pytest.mark.parametrize("case", lab_cases(failing=True))
def test_a_failure_of_the_lab_has_the_code_that_the_lab_gives_it(case: dict[str, Any]) -> None:
    reasons = [leg["reason"] for leg in judged(case) if leg["reason"]]
    assert reasons[0]["code"] in case["expect"]["codes"], reasons


@pytest.mark.parametrize("case", lab_cases(failing=False))
def test_a_good_handshake_of_the_lab_has_no_error(case: dict[str, Any]) -> None:
    for leg in judged(case):
        if leg["state"] != "failed":
            assert not [finding for finding in leg["findings"] if finding["severity"] == ERROR]
