"""The ten statuses of AcceptSecurityContext's page, and nine beside them, each reached from the command line.

Names, numbers and bases are written out here and not taken from the tables that the program has them from.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .builders.cli import Ran, run

SAMPLES = Path(__file__).parents[1] / "samples"
USER = ("--user", r"LAB\alice")
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}
#: The call whose CHALLENGE `ANSWER` answers.
BEGIN = (*USER, "--seed", "readme", "--at", "2026-11-22T08:25:45Z", "samples/ntlm-negotiate.txt")
ANSWER = "samples/ntlm-answer-to-secctx.b64"
CONTEXT = "{context}"

#: How the text says a basis.
WORDS = {
    "documented": "documented",
    "windows": "seen on Windows",
    "other": "seen in other implementations, not known of Windows",
    "inferred": "inferred, not documented for Windows",
    "simulated": "simulated",
}


@dataclass
class Case:
    """One status: the arguments that lead to it behind `secctx accept`, after those of calls that go before."""

    name: str
    value: int
    basis: str
    code: int
    arguments: Sequence[str]
    before: Sequence[Sequence[str]] = ()
    reason: str | None = None
    variables: dict[str, str] = field(default_factory=lambda: dict(PASSWORD))


def captured(sample: str, *more: str, user: str = r"LAB\alice") -> tuple[str, ...]:
    return ("--captured", "--user", user, *more, f"samples/{sample}")


BEGUN = ((*BEGIN, "--new-context", CONTEXT),)
GO_ON = (*USER, "--context", CONTEXT, ANSWER)
KEPT = ((*BEGIN, "--new-context", CONTEXT), (*GO_ON, "--keep-context"))

TEN = [
    Case("SEC_E_OK", 0x00000000, "windows", 0, captured("spnego-ntlm.b64")),
    Case("SEC_E_OK", 0x00000000, "windows", 0, GO_ON, BEGUN),
    Case("SEC_I_CONTINUE_NEEDED", 0x00090312, "documented", 0, BEGIN),
    Case("SEC_I_COMPLETE_NEEDED", 0x00090313, "simulated", 0, (*GO_ON, "--defer-completion"), BEGUN),
    Case("SEC_I_COMPLETE_AND_CONTINUE", 0x00090314, "simulated", 0, (*BEGIN, "--defer-completion")),
    Case("SEC_E_INVALID_TOKEN", 0x80090308, "other", 1, (*USER, "samples/cut-64-bytes.bin"), (), "cut short: 64 of"),
    Case("SEC_E_LOGON_DENIED", 0x8009030C, "windows", 1, captured("ntlm-wrong-password.b64"), (), "wrong password for"),
    Case("SEC_E_INVALID_HANDLE", 0x80090301, "windows", 1, GO_ON, (), "there is no such context"),
    Case(
        "SEC_E_NO_AUTHENTICATING_AUTHORITY", 0x80090311, "documented", 1,
        captured("curl-ntlm.log", user=r"CORP\alice"), (), "no authority for the domain LAB",
    ),
    Case(
        "SEC_E_NO_AUTHENTICATING_AUTHORITY", 0x80090311, "simulated", 1,
        captured("curl-ntlm.log", "--simulate", "domain-unavailable"), (), "no domain controller",
    ),
    Case(
        "SEC_E_INSUFFICIENT_MEMORY", 0x80090300, "windows", 1,
        ("--package", "kerberos", "samples/spnego-kerberos-init.bin"), (), "SPNEGO token was given to the Kerberos",
    ),
    Case("SEC_E_INSUFFICIENT_MEMORY", 0x80090300, "simulated", 1, (*BEGIN, "--simulate", "no-memory"), (), "memory"),
    Case(
        "SEC_E_INTERNAL_ERROR", 0x80090304, "simulated", 1,
        (*BEGIN, "--simulate", "internal-error"), (), "Local Security Authority",
    ),
]  # fmt: skip

BESIDE = [
    Case(
        "SEC_E_BAD_BINDINGS", 0x80090346, "documented", 1,
        captured("ntlm-other-channel.b64", "--bindings", f"tls-server-end-point:{'e7' * 32}"), (),
        "channel bindings are not those of this connection",
    ),
    Case("SEC_E_BUFFER_TOO_SMALL", 0x80090321, "windows", 1, (*BEGIN, "--max-output", "10"), (), "10"),
    Case("SEC_E_OUT_OF_SEQUENCE", 0x80090310, "windows", 1, GO_ON, KEPT, "already established"),
    Case("SEC_E_MESSAGE_ALTERED", 0x8009030F, "other", 1, captured("ntlm-altered.b64"), (), "the MIC does not verify"),
    Case(
        "SEC_E_UNSUPPORTED_FUNCTION", 0x80090302, "simulated", 1,
        (*BEGIN, "--simulate", "ntlm-blocked"), (), "NTLM is blocked",
    ),
    Case(
        "SEC_E_INVALID_PARAMETER", 0x8009035D, "inferred", 1,
        (*BEGIN, "--req", "ALLOW_MISSING_BINDINGS,PROXY_BINDINGS"), (), "exclude each other",
    ),
    Case(
        "SEC_E_WRONG_CREDENTIAL_HANDLE", 0x80090336, "inferred", 1, GO_ON, BEGUN, "other credentials",
        {"SECCTX_PASSWORD": "another one"},
    ),
    Case("SEC_E_NO_CREDENTIALS", 0x8009030E, "inferred", 1, ("samples/ntlm-negotiate.txt",), (), "it needs users"),
    Case("SEC_E_SECPKG_NOT_FOUND", 0x80090305, "other", 1, ("samples/spnego-kerberos-init.bin",), (), "no credentials"),
]  # fmt: skip


def named(cases: Sequence[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[f"{case.name}-{case.basis}" for case in cases])


def accept(case: Case, place: Path, *how: str) -> Ran:
    """The calls that go before, then the one that counts, in a folder that has the samples."""
    (place / "samples").symlink_to(SAMPLES)
    context = str(place / "context")
    for arguments in case.before:
        ran = run("accept", *(context if word == CONTEXT else word for word in arguments), cwd=place, **PASSWORD)
        assert ran.code == 0, ran.out + ran.err
    arguments = [context if word == CONTEXT else word for word in case.arguments]
    return run("accept", *how, *arguments, cwd=place, **case.variables)


@named(TEN + BESIDE)
def test_the_document_says_name_number_and_how_it_is_known(case: Case, tmp_path: Path) -> None:
    ran = accept(case, tmp_path, "--json")
    document: dict[str, Any] = json.loads(ran.out)
    leg = document["legs"][-1]
    assert document["status"] == {"name": case.name, "value": case.value, "hex": f"0x{case.value:08x}"}
    assert leg["status"] == {**document["status"], "meaning": leg["status"]["meaning"]}
    assert leg["status"]["meaning"]
    assert leg["basis"] == case.basis
    assert ran.code == case.code
    if case.reason is None:
        assert leg["reason"] is None
    else:
        assert case.reason in leg["reason"]["text"]


@named(TEN + BESIDE)
def test_the_text_says_name_number_and_how_it_is_known(case: Case, tmp_path: Path) -> None:
    ran = accept(case, tmp_path)
    status = [line for line in ran.out.splitlines() if line.startswith("status")][-1]
    assert status.split()[1:3] == [case.name, f"0x{case.value:08X}"]
    assert status.endswith(f"   {WORDS[case.basis]}")
    assert ran.code == case.code


@named(TEN + BESIDE)
def test_a_script_gets_the_name_alone_and_the_same_exit_code(case: Case, tmp_path: Path) -> None:
    ran = accept(case, tmp_path, "--get", "status.name")
    assert (ran.code, ran.out) == (case.code, f"{case.name}\n")


@named(TEN + BESIDE)
def test_what_is_expected_holds_whatever_the_status(case: Case, tmp_path: Path) -> None:
    legs = ["--expect", "SEC_I_CONTINUE_NEEDED"] if "--captured" in case.arguments else []
    ran = accept(case, tmp_path, "-q", *legs, "--expect", case.name)
    assert (ran.code, ran.out) == (0, "")


@named(TEN + BESIDE)
def test_explain_knows_the_status_by_name_and_by_each_of_its_numbers(case: Case) -> None:
    signed = case.value - (1 << 32) if case.value >> 31 else case.value
    numbers = [f"0x{case.value:08x}", str(case.value), str(signed)] if case.value else []
    for word in (case.name, *numbers):
        ran = run("explain", word)
        assert case.name in ran.out, word
        assert ran.code == 0, word


def test_the_ten_are_the_ten_of_the_page() -> None:
    assert {case.name for case in TEN} == {
        "SEC_E_OK",
        "SEC_I_CONTINUE_NEEDED",
        "SEC_I_COMPLETE_NEEDED",
        "SEC_I_COMPLETE_AND_CONTINUE",
        "SEC_E_INVALID_TOKEN",
        "SEC_E_LOGON_DENIED",
        "SEC_E_INVALID_HANDLE",
        "SEC_E_NO_AUTHENTICATING_AUTHORITY",
        "SEC_E_INSUFFICIENT_MEMORY",
        "SEC_E_INTERNAL_ERROR",
    }


def test_the_readme_reaches_each_of_the_ten() -> None:
    """Its commands are run by test_readme.py; here that none of the ten is missing among their outputs."""
    text = (SAMPLES.parent / "README.md").read_text(encoding="utf-8")
    for name in {case.name for case in TEN}:
        assert f"\n{name}\n" in text, name


def test_a_completed_context_is_established(tmp_path: Path) -> None:
    """CompleteAuthToken after SEC_I_COMPLETE_NEEDED; a second time there is nothing left."""
    needed = next(case for case in TEN if case.name == "SEC_I_COMPLETE_NEEDED")
    context = tmp_path / "context"
    assert accept(needed, tmp_path, "-q").code == 0
    done = run("accept", "--complete", "--context", context, "--json", cwd=tmp_path)
    document = json.loads(done.out)
    assert (done.code, document["status"]["name"], document["established"]) == (0, "SEC_E_OK", True)
    assert not context.exists()
    again = run("accept", "--complete", "--context", context, "--get", "status.name", cwd=tmp_path)
    assert (again.code, again.out) == (1, "SEC_E_INVALID_HANDLE\n")
