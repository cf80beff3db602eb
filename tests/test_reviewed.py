"""What reviewers found, held: each test is one way in which something went wrong once."""

import subprocess
from pathlib import Path

import pytest
from builders.cli import ROOT, SECCTX, run
from builders.der import KRB5, NTLM, neg_token_init, neg_token_resp
from builders.ntlm import PLAIN, SEAL, SIGN, WANTED, Client, Host, inner

from secctx.keys import ntlm_proof

LEGS = [ROOT / "tests" / "data" / "ntlm" / f"63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}


def test_strength_that_was_never_offered_cannot_be_taken_on_the_last_leg() -> None:
    plain = PLAIN & ~0x20000000
    step = Host().logon(Client(wanted=plain, flags=plain | SIGN | SEAL, mic=False))
    assert step.status.name == "SEC_E_UNSUPPORTED_FUNCTION"


def test_a_client_may_not_drop_the_signing_it_negotiated_and_with_it_the_mic_it_owes() -> None:
    host = Host()
    client = Client(mic=False, flags=WANTED & ~(SIGN | SEAL | 0x40000000))
    assert host.step(neg_token_init(KRB5, NTLM)).status.name == "SEC_I_CONTINUE_NEEDED"
    challenge = host.step(neg_token_resp(token=client.negotiate)).output
    step = host.step(neg_token_resp(token=client.answer(inner(challenge)).data))
    assert step.status.name == "SEC_E_INVALID_TOKEN"
    assert step.refusal.kind == "spnego-integrity-dropped"


@pytest.mark.parametrize("command", [["decode", "oQcwBaADCgEC"], ["explain", "5"], ["accept", "oQcwBaADCgEC"]])
def test_a_closed_standard_output_is_code_4_and_no_defect(command: list[str]) -> None:
    done = subprocess.run(["bash", "-c", '"$@" >&-', "bash", *SECCTX, *command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (4, b"")


@pytest.mark.parametrize("command", [["decode", "-"], ["decode"], ["explain", "-"]])
def test_a_closed_standard_input_is_said_to_be_closed(command: list[str]) -> None:
    done = subprocess.run(["bash", "-c", '"$@" <&-', "bash", *SECCTX, *command], capture_output=True, check=False)
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == b"secctx: standard input: closed"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("LAB:alice:Alice-Passw0rd1\nLAB:bob:x\n", "Alice-Passw0rd1"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq!\n", "MIIEvQIBADAN"),
        ("Authorization: Basic YWxpY2U6c2VjcmV0\n", "YWxpY2U6c2VjcmV0"),
        ("Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\n", "eyJhbGciOiJub25lIn0"),
    ],
)
def test_a_mix_up_of_files_shows_no_secret(text: str, secret: str) -> None:
    for arguments in (["decode"], ["decode", "--json"], ["decode", "--from", "dump"], ["decode", "--from", "header"]):
        done = run(*arguments, stdin=text.encode())
        assert done.code == 3
        assert secret not in done.out + done.err
    if text.startswith("Authorization"):
        done = run("decode", text.strip())
        assert done.code == 3
        assert secret not in done.out + done.err


def test_a_context_never_takes_the_place_of_something_else(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("LAB:alice:Alice-Passw0rd1\n")
    users.chmod(0o600)
    done = run("accept", "--users", users, "--new-context", users, LEGS[0])
    assert done.code == 4
    assert "not overwritten" in done.err
    assert users.read_text() == "LAB:alice:Alice-Passw0rd1\n"
    both = run("accept", "--users", users, "--new-context", tmp_path / "one", "-w", tmp_path / "one", LEGS[0])
    assert both.code == 2
    assert not (tmp_path / "one").exists()


def test_only_the_servers_tokens_are_no_handshake_to_judge() -> None:
    done = run("accept", "--captured", "--user", "LAB\\alice", LEGS[1], **PASSWORD)
    assert done.code == 3
    assert "no client leg to judge" in done.err


def test_a_captured_handshake_in_the_wrong_order_does_not_end_well() -> None:
    done = run("accept", "--captured", "--user", "LAB\\alice", *reversed(LEGS), **PASSWORD)
    assert done.code == 1
    assert "were not looked at" in done.err


def test_the_terminal_width_of_nothing_is_no_width() -> None:
    assert "negState" in run("decode", "oQcwBaADCgEC", COLUMNS="0").out


def test_the_users_of_the_system_are_no_users_file(tmp_path: Path) -> None:
    users = tmp_path / "passwd"
    users.write_text("root:x:0:0:root:/root:/bin/bash\n")
    done = run("accept", "--users", users, LEGS[0])
    assert done.code == 4
    assert "a line of /etc/passwd" in done.err


def test_a_wrong_password_tries_a_bounded_number_of_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts times domains: 800 of one name took thirteen seconds."""
    tried = []
    monkeypatch.setattr(ntlm_proof, "near_misses", lambda *args, **names: tried.append(names["domains"]) or [])
    accounts = "".join(f"D{number}:alice:pw{number}\n" for number in range(3000))
    step = Host(users=accounts).logon(Client(domain="", password="none"))
    assert step.status.name == "SEC_E_LOGON_DENIED"
    assert len(tried) <= 20
    assert all(len(domains) <= 20 for domains in tried)


def test_a_log_full_of_numbers_is_explained_once() -> None:
    done = run("explain", "-", stdin=b"0x8009030c\n" * 30_000)
    assert done.code == 0
    assert done.out.count("SEC_E_LOGON_DENIED") <= 3
