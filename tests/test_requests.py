"""Requested against granted: the package does not refuse, the caller is told."""

import json

import pytest
from builders.cli import run

LEGS = [f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}


def logon(*arguments: str) -> tuple[int, dict[str, object]]:
    done = run("accept", "--json", "--user", "LAB\\alice", "--captured", *arguments, *LEGS, **PASSWORD)
    return done.code, json.loads(done.out)["legs"][-1]


def test_what_was_asked_for_and_not_granted_is_missing_and_a_warning() -> None:
    code, leg = logon("--req", "INTEGRITY,DELEGATE,MUTUAL_AUTH")
    assert code == 0
    assert leg["attributes"]["missing"] == ["ASC_REQ_DELEGATE", "ASC_REQ_MUTUAL_AUTH"]
    (finding,) = (finding for finding in leg["findings"] if finding["severity"] != "note")
    assert (finding["code"], finding["severity"]) == ("ACC001", "warning")
    assert finding["detail"] == "asked for and not granted: ASC_REQ_DELEGATE, ASC_REQ_MUTUAL_AUTH"


def test_what_was_granted_unasked_is_extra_and_no_finding() -> None:
    code, leg = logon("--req", "INTEGRITY,REPLAY_DETECT,SEQUENCE_DETECT")
    assert code == 0
    assert leg["attributes"]["missing"] == []
    assert leg["attributes"]["extra"] == ["ASC_RET_CONFIDENTIALITY"]
    assert not [finding for finding in leg["findings"] if finding["severity"] != "note"]


def test_enforce_refuses_what_windows_leaves_to_the_caller_and_says_so() -> None:
    code, leg = logon("--req", "DELEGATE", "--enforce")
    assert code == 1
    assert leg["status"]["name"] == "SEC_E_SECURITY_QOS_FAILED"
    assert leg["basis"] == "simulated"
    assert "Windows would accept" in leg["reason"]["text"]


@pytest.mark.parametrize(("mask", "call"), [("0x3e", "GSS"), ("0x1001c", "ISC_REQ")])
def test_a_mask_of_another_call_is_said_to_be_one(mask: str, call: str) -> None:
    _, leg = logon("--req", mask)
    assert ("ACC002", True) in [(finding["code"], call in finding["detail"]) for finding in leg["findings"]]
    text = run("accept", "--user", "LAB\\alice", "--captured", "--req", mask, *LEGS, **PASSWORD).out
    assert "ACC002" in text
    assert call in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--expect", "SEC_I_CONTINUE_NEEDED", "--expect", "SEC_E_OK"], 0, ""),
        (["--expect", "continue_needed", "--expect", "ok", "--expect-ret", "0x2001c"], 0, ""),
        (
            ["--expect", "SEC_I_CONTINUE_NEEDED", "--expect", "SEC_E_LOGON_DENIED"],
            1,
            "leg 2: expected SEC_E_LOGON_DENIED",
        ),
        (["--expect", "SEC_I_CONTINUE_NEEDED"], 1, "2 legs and 1 --expect"),
        (["--expect-ret", "INTEGRITY"], 1, "besides"),
        (["--expect-ret", "0x2001d"], 1, "lacks ASC_RET_DELEGATE"),
        (["--expect", "SEC_E_NONSENSE"], 2, "no such status"),
        (["--expect-ret", "NONSENSE"], 2, "not a flag"),
        (["--req", "INTEGRTY"], 2, "ASC_REQ_INTEGRITY"),
    ],
    ids=str,
)
def test_expectations_decide_the_exit_code(arguments: list[str], code: int, words: str) -> None:
    done = run("accept", "-q", "--user", "LAB\\alice", "--captured", *arguments, *LEGS, **PASSWORD)
    assert done.code == code
    assert words in done.err


def test_flags_without_effect_are_accepted_and_said_to_have_none() -> None:
    done = run("accept", "-q", "--user", "LAB\\alice", "--captured", "--req", "LICENSING", *LEGS, **PASSWORD)
    assert done.code == 0
    assert "LICENSING" in done.err.upper()
