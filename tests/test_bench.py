"""The bench runs and reports. What it measures is for people: no time is asserted here."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


pytestmark = pytest.mark.skipif(
    not (installed("secctx") and installed("pyspnego")), reason="the bench runs what is installed"
)


def bench(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a run that measures as little as it can."""
    command = [sys.executable, "-m", "bench", "--quick", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("section", "cases"),
    [
        ("whole", ["NTLM AUTHENTICATE, wall", "NegTokenInit with AP-REQ, wall", "GSS-framed AP-REQ, wall"]),
        ("accept", ["raw NTLM, wall", "SPNEGO, wall"]),
        ("library", ["NTLM AUTHENTICATE", "NegTokenInit with AP-REQ", "GSS-framed AP-REQ"]),
        ("lines", ["NTLM AUTHENTICATE only", "different tokens"]),
    ],
)
def test_a_section_prints_a_ratio_its_target_and_whether_that_holds_for_each_case(
    section: str, cases: list[str]
) -> None:
    code, printed = bench("--section", section)
    assert code in (0, 1)
    for case in cases:
        assert re.search(rf"{case} +\d+\.\d+ +\d+\.\d\d \.\. \d+\.\d\d +[<>]= \d\.\d\d +(holds|MISSED)\n", printed)


def test_a_missed_target_is_named_and_is_the_exit_code() -> None:
    code, printed = bench("--section", "library")
    last = printed.splitlines()[-1]
    assert (code, last) == (0, "all targets hold") if code == 0 else re.match(r"\d missed: in process, ", last)


@pytest.mark.parametrize("only", ["decode to JSON with spans: nested", "reading text: base64", "printing: --full tree"])
def test_the_worst_inputs_are_measured_at_every_size(only: str) -> None:
    code, printed = bench("--section", "growth", "--only", only)
    assert code in (0, 1)
    group = only.partition(":")[0]
    assert printed.startswith(f"\n{group}: the cost of the worst input of each size up to 256 bytes")
    assert len(re.findall(r"(?m)(linear|MISSED)$", printed)) >= 7


def test_imports_are_summed_by_package() -> None:
    code, printed = bench("--section", "imports")
    assert code == 0
    assert re.search(r"(?m)^click +\d+\.\d +0\.0$", printed)
    assert "dearest in secctx: " in printed


def test_an_unknown_section_is_a_wrong_command_line() -> None:
    assert bench("--section", "nothing") == (2, "")
