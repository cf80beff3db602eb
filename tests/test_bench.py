"""The bench runs and reports. What it measures is for people: no time is asserted here."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


#: Asked of a process of its own: here the package may be mapped to the checkout, and be installed nowhere.
IMPORTS = [sys.executable, "-c", "import secctx.cli, spnego"]

pytestmark = pytest.mark.skipif(
    subprocess.run(IMPORTS, capture_output=True, cwd=ROOT, check=False).returncode != 0,
    reason="the bench runs what is installed",
)


def bench(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a run that measures as little as it can."""
    command = [sys.executable, "-m", "bench", "--quick", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


FIRST_TOKENS = ("NTLM AUTHENTICATE", "NegTokenInit with AP-REQ", "GSS-framed AP-REQ")


@pytest.mark.parametrize(
    ("section", "cases"),
    [
        ("whole", [f"{case}, wall" for case in (*FIRST_TOKENS, "AS-REP", "TGS-REQ")]),
        ("accept", ["raw NTLM, wall", "SPNEGO, wall"]),
        ("library", [*FIRST_TOKENS, "AS-REP", "TGS-REQ"]),
        ("views", ["NTLM AUTHENTICATE, --format hex", "TGS-REQ, --redact", "TGS-REQ, --redact --format hex"]),
        ("kerberos", ["PAC alone, decoded and verified", "AP-REQ, opened", "AP-REQ, accepted"]),
        ("lines", ["NTLM AUTHENTICATE only", "different tokens"]),
    ],
)
def test_a_section_prints_a_ratio_its_target_and_whether_that_holds_for_each_case(
    section: str, cases: list[str]
) -> None:
    code, printed = bench("--section", section)
    assert code in (0, 1)
    for case in cases:
        assert re.search(rf"{case} +\d+\.\d+ +\d+\.\d\d \.\. \d+\.\d\d +[<>]= \d+\.\d\d +(holds|MISSED)\n", printed)


def test_a_peer_that_opens_kerberos_is_measured_or_listed_as_not_run() -> None:
    _, printed = bench("--section", "kerberos")
    cases = {"tshark": "decode / tshark", "impacket": "decode / impacket"}
    cases["python-gssapi"] = "accept / pyspnego's server on GSSAPI"
    for peer, case in cases.items():
        assert (f"\nnot run: {peer}: " in printed) != (f"\n{case}, wall " in printed)


def test_a_missed_target_is_named_and_is_the_exit_code() -> None:
    code, printed = bench("--section", "library")
    last = printed.splitlines()[-1]
    assert (code, last) == (0, "all targets hold") if code == 0 else re.match(r"\d missed: in process, ", last)


WORST = ["decode to JSON with spans: nested", "reading text: base64", "printing: --full tree"]
WORST += ["decode to JSON with spans: NEGOEX", "reading frames: ", "printing: hex view", "stand-ins: stand-ins"]


@pytest.mark.parametrize("only", WORST)
def test_the_worst_inputs_are_measured_at_every_size(only: str) -> None:
    code, printed = bench("--section", "growth", "--only", only)
    assert code in (0, 1)
    group = only.partition(":")[0]
    assert printed.startswith(f"\n{group}: the cost of the worst input of each size up to 256 bytes")
    assert len(re.findall(r"(?m)(linear|MISSED)$", printed)) >= 7


def test_every_worst_input_is_about_as_large_as_it_is_asked_to_be() -> None:
    code = "from bench.growth import families\nfor f in families(): print(len(f.build(1 << 14)), f.name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    sizes = [(int(size), name) for size, _, name in (line.partition(" ") for line in done.stdout.splitlines())]
    assert len(sizes) > 500
    assert [(size, name) for size, name in sizes if not 1 << 13 <= size <= 1 << 16] == []


def test_imports_are_summed_by_package() -> None:
    code, printed = bench("--section", "imports")
    assert code == 0
    assert re.search(r"(?m)^click +\d+\.\d +0\.0$", printed)
    assert "dearest in secctx: " in printed


def test_an_unknown_section_is_a_wrong_command_line() -> None:
    assert bench("--section", "nothing") == (2, "")
