"""The codes of refusals: each cause is raised by what it is for, and says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from builders.cli import run

from secctx.acceptor.status import SEC_E_INVALID_TOKEN
from secctx.acceptor.values import Refusal, Step
from secctx.decoders import decode
from secctx.rules.case import Case, Given
from secctx.rules.finding import ERROR, Finding
from secctx.rules.judge import judge

ROOT = Path(__file__).parents[1]
LAB = ROOT.parent / "shared" / "lab" / "tokens"
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}
#: Refusals that are no cause in the token, the keys or the call: a defect of ours, what was not given, another's words.
NO_CAUSE = {"internal-error", "not-judged", "platform"}
#: How the acceptor names a kind: as the first text of a refusal, behind a status and a basis, or by what was near.
NAMED = re.compile(
    r"(?:\b(?:Refusal|Reason|Fault|Closed|BadBindings|NoMutual|NoUserToUser)\(|refused?\(|refusal\(|raise \w+\()\s*"
    r"(?:[\w.]+,\s*){0,3}\"([a-z0-9]+(?:-[a-z0-9]+)*)\"[,)]"
)


def accepted(*arguments: str, **variables: str) -> dict[str, Any]:
    leg: dict[str, Any] = json.loads(run("accept", "--json", *arguments, **variables).out)["legs"][-1]
    return leg


def kinds() -> set[str]:
    """Every kind of refusal that is written in the acceptor, in the keys and in the command."""
    files = [*(ROOT / "acceptor").glob("*.py"), ROOT / "keys" / "tickets.py", *(ROOT / "cli").glob("accept*.py")]
    said = {kind for path in files for kind in NAMED.findall(path.read_text(encoding="utf-8"))}
    near = ("domain", "user", "server-name", "password", "challenge", "session-security", "lm-response")
    # Not kinds: the verb of another method, and a state.
    return said - {"client", "final"} | {f"ntlm-other-{what}" for what in near}


def refused(kind: str, problem: str = "") -> list[Finding]:
    """The findings of a call that was refused so; of a malformed token with what was wrong with it."""
    refusal = Refusal(kind, "a sentence", facts={"kind": problem} if problem else {})
    step = Step(SEC_E_INVALID_TOKEN, "other", "failed", refusal=refusal)
    case = Case(decode((ROOT / "samples" / "kerberos-ap-req.bin").read_bytes()), Given(asked=0), step=step)
    return [finding for finding in judge(case) if finding.refused]


def test_the_kinds_are_found_in_the_source() -> None:
    assert {"key-version", "clock-skew", "ntlm-wrong-password", "spnego-mic-wrong", "bindings-differ"} <= kinds()
    assert len(kinds()) > 60


@pytest.mark.parametrize("kind", sorted(kinds() - NO_CAUSE - {"malformed"}))
def test_every_kind_of_refusal_has_exactly_one_code(kind: str) -> None:
    findings = refused(kind)
    assert len(findings) == 1, [finding.rule.code for finding in findings]
    assert findings[0].severity == ERROR
    assert findings[0].detail == "a sentence"


PROBLEMS = "unknown empty cut-short trailing length tag der value missing offset overlap depth"


@pytest.mark.parametrize("problem", PROBLEMS.split())
def test_a_malformed_token_has_the_code_of_what_is_wrong_with_it(problem: str) -> None:
    findings = refused("malformed", problem)
    assert len(findings) == 1, [finding.rule.code for finding in findings]
    wanted = {"cut-short": "ENC002", "trailing": "ENC003", "unknown": "ENC008", "empty": "ENC008"}
    assert findings[0].rule.code == wanted.get(problem, findings[0].rule.code)


@pytest.mark.parametrize("kind", sorted(NO_CAUSE))
def test_what_has_no_cause_of_its_own_has_no_code(kind: str) -> None:
    assert refused(kind) == []


def test_a_refusal_is_a_finding_with_its_place_and_the_text_says_what_to_do() -> None:
    tokens = [f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
    leg = accepted("--user", "LAB\\alice", "--captured", *tokens, SECCTX_PASSWORD="another")
    reason = leg["reason"]
    assert reason["code"] == "NTL013"
    finding = leg["findings"][0]
    assert (finding["code"], finding["severity"], finding["detail"]) == ("NTL013", "error", reason["text"])
    assert (finding["path"], finding["span"]) == (reason["path"], reason["span"])
    text = run("accept", "--user", "LAB\\alice", "--captured", *tokens, SECCTX_PASSWORD="another").out
    assert text.startswith("Wrong password for LAB\\alice")
    assert "\n→ " in text
    assert "! NTL013 error" in text
    good = accepted("--user", "LAB\\alice", "--captured", *tokens, **PASSWORD)
    assert good["reason"] is None
    assert not [finding for finding in good["findings"] if finding["severity"] == ERROR]


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
        if simple and (codes - {"KRB009", "ENC001"} if failing else not codes):
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
    legs = judged(case)
    wanted = set(case["expect"]["codes"])
    reasons = [leg["reason"]["code"] for leg in legs if leg["reason"]]
    # Bytes behind a token are let pass, and NTLM for a server without users is refused for want of these.
    let_pass = wanted & {"ENC003", "SPN001"}
    found = {finding["code"] for leg in legs for finding in leg["findings"]}
    assert (wanted & found) if let_pass else reasons[0] in wanted, (reasons, found)


@pytest.mark.parametrize("case", lab_cases(failing=False))
def test_a_good_handshake_of_the_lab_has_no_error(case: dict[str, Any]) -> None:
    for leg in judged(case):
        if leg["state"] != "failed":
            assert not [finding for finding in leg["findings"] if finding["severity"] == ERROR]
