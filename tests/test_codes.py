"""Every code through the command line: what raises it, and what comes close and does not."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from builders.cli import run

from secctx.rules.finding import ERROR, PARTS, SEVERITIES, Rule
from secctx.rules.index import MODULES, all_rules, find

ROOT = Path(__file__).parents[1]
RULES = {rule.code: rule for rule in all_rules()}
#: Rows of tests/codes/*.toml: `code`, the command lines that raise it (`raised`) and those that do not (`silent`), the
#: `path` and `severity` that the finding has in the former, the environment (`env`), and `why`.
TABLE: list[dict[str, Any]] = [
    row | {"file": path.name}
    for path in sorted((ROOT / "tests" / "codes").glob("*.toml"))
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["code"]
]


def lines(kind: str) -> list[Any]:
    """The command lines of one kind, each with its row."""
    return [
        pytest.param(row, command, id=f"{row['code']}-{number}-{position}")
        for number, row in enumerate(TABLE)
        for position, command in enumerate(row[kind])
    ]


@cache
def documents(command: tuple[str, ...], environment: tuple[tuple[str, str], ...]) -> tuple[dict[str, Any], ...]:
    """What a command line prints with --json."""
    done = run(command[0], "--json", *command[1:], **dict(environment))
    return tuple(json.loads(line) for line in done.out.splitlines())


def findings(row: dict[str, Any], command: list[str]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each finding of a command line, with the document of its token or leg."""
    for document in documents(tuple(command), tuple(sorted(row.get("env", {}).items()))):
        for holder in (document, *document.get("legs", ())):
            for finding in holder.get("findings", ()):
                yield finding, holder


def test_every_code_of_the_rules_is_raised_and_comes_close_once() -> None:
    raised = {row["code"] for row in TABLE if row["raised"]}
    silent = {row["code"] for row in TABLE if row["silent"]}
    assert RULES.keys() - raised == set()
    assert RULES.keys() - silent == set()
    assert raised | silent == RULES.keys(), "a row of a code that no rule has"


def test_every_cause_of_the_design_has_its_rule() -> None:
    counts = {"ENC": 6, "SPN": 12, "NTL": 19, "KRB": 24, "ACC": 4}
    wanted = {f"{family}{number:03}" for family, most in counts.items() for number in range(1, most + 1)}
    assert wanted - RULES.keys() == set()


@pytest.mark.parametrize(("row", "command"), lines("raised"))
def test_a_sample_raises_its_code_where_it_stands(row: dict[str, Any], command: list[str]) -> None:
    found = [pair for pair in findings(row, command) if pair[0]["code"] == row["code"]]
    assert found, row["why"]
    assert row.get("path", found[0][0]["path"]) in {finding["path"] for finding, _ in found}
    assert row.get("severity", found[0][0]["severity"]) in {finding["severity"] for finding, _ in found}
    for finding, holder in found:
        assert finding["title"] == RULES[row["code"]].summary
        assert finding["help"]
        assert not finding["detail"].endswith(".")
        if finding["pointer"] and "fields" in holder:
            assert finding["pointer"].startswith("/fields")


@pytest.mark.parametrize(("row", "command"), lines("silent"))
def test_what_comes_close_does_not_raise_it(row: dict[str, Any], command: list[str]) -> None:
    assert documents(tuple(command), tuple(sorted(row.get("env", {}).items()))), "nothing was judged"
    assert row["code"] not in {finding["code"] for finding, _ in findings(row, command)}, row["why"]


DECODED = [each for each in lines("raised") if each.values[1][0] == "decode"]
#: What is wrong with these is where the bytes are, not in a field that was read.
ABOUT_BYTES = ("ENC", "NTL018")


@pytest.mark.parametrize(("row", "command"), DECODED)
def test_the_span_of_a_finding_is_that_of_its_path(row: dict[str, Any], command: list[str]) -> None:
    checked = 0
    for finding, document in findings(row, [command[0], "--spans", *command[1:]]):
        span, path = finding["span"], finding["path"]
        if span is None:
            assert path == "" or document["mechanism"] == "unknown"
            continue
        checked += 1
        assert 0 <= span[0] <= span[1]
        if "in" not in finding:
            assert span[1] <= document["size"]
        placed = document["spans"].get(path)
        if path == "" and not finding["code"].startswith(ABOUT_BYTES):
            assert span == [0, document["size"]]
        elif isinstance(placed, dict):
            assert (finding["in"], span) == (placed["in"], placed["span"])
        elif placed is not None and not finding["code"].startswith(ABOUT_BYTES):
            assert span == placed, (finding["code"], path)
        elif placed is None:
            # A field that is missing: the span is of what should hold it.
            holder = next((each for each in parents(path) if each in document["spans"]), "")
            assert holder or document["fields"] == {} or "." not in path, (finding["code"], path)
    assert checked or row["code"].startswith(("ENC", "LEG"))


def parents(path: str) -> Iterator[str]:
    """What a path goes through, the nearest first."""
    while "." in path or "[" in path:
        path = path[: max(path.rfind("."), path.rfind("["))]
        yield path


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_page_has_its_parts(rule: Rule) -> None:
    page = rule.page
    assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
    assert rule.code[:3] in MODULES
    assert find(rule.code.lower()) is rule
    assert rule.severity in SEVERITIES
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert list(page) == ["", *(part for part in PARTS if part in page)], "parts in their order"
    assert {"What", "Shows", "Do", "See"} <= page.keys()
    assert page.keys() & {"Client", "Server", "KDC"}
    assert 0 < len(rule.summary) <= 110
    assert "\n" not in rule.advice
    assert len(rule.advice) <= 260
    for part in ("What", "Shows", "Do"):
        assert page[part].endswith((".", ":", "?")) or part == "Shows", part


def test_codes_names_and_titles_are_each_given_once() -> None:
    rules = all_rules()
    for each in ([rule.code for rule in rules], [rule.name for rule in rules], [rule.summary for rule in rules]):
        assert len(set(each)) == len(each), sorted(one for one in each if each.count(one) > 1)


def test_explain_prints_the_page_of_every_code_and_lists_them_all() -> None:
    listed = run("explain").out
    for rule in RULES.values():
        assert f"  {rule.code}  {rule.severity}" in listed
    printed = run("explain", *RULES)
    assert printed.code == 0
    for rule in RULES.values():
        assert rule.code in printed.out


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("command", ["decode", "accept"])
def test_a_code_that_no_rule_has_is_refused(command: str, option: str) -> None:
    done = run(command, option, "KRB999", "samples/krb-error-wrong-key.xxd")
    assert done.code == 2
    assert "no finding has the code KRB999" in done.err


def test_select_and_ignore_choose_by_code_and_by_family() -> None:
    def codes(*options: str) -> set[str]:
        done = run("decode", "--json", *options, "samples/krb-error-wrong-key.xxd")
        return {finding["code"] for finding in json.loads(done.out)["findings"]}

    assert "KRB017" in codes()
    assert codes("--select", "krb017") == {"KRB017"}
    assert "KRB017" not in codes("--ignore", "KRB")
    assert codes("--select", "ENC,SPN", "--ignore", "SPN") <= {code for code in RULES if code.startswith("ENC")}


@pytest.mark.parametrize(
    ("token", "codes"),
    [
        ("samples/krb-error-wrong-key.xxd", [1, 1, 1]),
        ("samples/ntlm-v1.b64", [1, 1, 0]),
        ("samples/kerberos-ap-req.bin", [1, 0, 0]),
        ("samples/spnego-kerberos-answer.bin", [0, 0, 0]),
    ],
)
def test_fail_on_ends_with_one_at_a_finding_as_grave(token: str, codes: list[int]) -> None:
    assert [run("decode", "-q", "--fail-on", severity, token).code for severity in SEVERITIES] == codes
    assert run("decode", "-q", "--fail-on", "note", "--ignore", "KRB,SPN,NTL", token).code == 0


def test_without_fail_on_a_finding_changes_no_exit_code() -> None:
    assert run("decode", "samples/krb-error-wrong-key.xxd").code == 0


def test_an_error_is_the_first_of_the_findings() -> None:
    for row in TABLE:
        for command in row["raised"]:
            for document in documents(tuple(command), tuple(sorted(row.get("env", {}).items()))):
                severities = [finding["severity"] for finding in document.get("findings", ())]
                if ERROR in severities:
                    assert severities[0] == ERROR
