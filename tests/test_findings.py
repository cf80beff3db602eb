"""Findings through the whole program: what leads, what is left out, what is not said, and what is not shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders.cli import ROOT, run

SAMPLES = ROOT / "samples"
ALICE = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}
STORY = "samples/kerberos-then-ntlm-failed.jsonl"
KEYTAB = ("--keytab", "samples/web.keytab")
NTLM = tuple(f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3))


def found(*arguments: str, **variables: str) -> list[tuple[str, str]]:
    """Code and severity of every finding of a `decode`."""
    documents = [json.loads(line) for line in run("decode", "--json", *arguments, **variables).out.splitlines()]
    return [(finding["code"], finding["severity"]) for document in documents for finding in document["findings"]]


def errors(*arguments: str, **variables: str) -> set[str]:
    return {code for code, severity in found(*arguments, **variables) if severity == "error"}


def changed(tmp_path: Path, name: str, **changes: Any) -> str:
    """A sample of JSON lines with values changed in each line."""
    lines = [json.loads(line) | changes for line in (SAMPLES / name).read_text().splitlines()]
    path = tmp_path / "changed.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


# What leads ----------------------------------------------------------------------------------------------------------


def test_the_cause_and_what_to_do_stand_before_everything_else() -> None:
    lines = run("decode", "samples/krb-error-prefix.hex").out.splitlines()
    assert lines[0] == "KRB-ERROR 41: the service's key does not open the ticket; KRB_AP_ERR_MODIFIED."
    assert lines[1].startswith("→ ")
    assert lines[lines.index("") + 1].startswith("Kerberos KRB-ERROR, 64 bytes")


def test_before_several_tokens_the_story_of_the_fallback_stands_first_in_two_lines() -> None:
    lines = run("decode", STORY).out.splitlines()
    assert lines[0].startswith(f"{STORY}, line 5: Kerberos was tried for")
    told = " ".join(lines[: lines.index("")])
    assert "KRB_AP_ERR_BADKEYVER (44). NTLM took its place for LAB\\alice, and the server rejected it. → Make" in told


def test_accept_tells_the_story_of_captured_handshakes_too() -> None:
    done = run("accept", "--captured", "--json", "--users", "samples/users.txt", *KEYTAB, STORY)
    codes = [
        finding["code"]
        for line in done.out.splitlines()
        for leg in json.loads(line)["legs"]
        for finding in leg["findings"]
    ]
    assert "LEG010" in codes


def test_accept_says_the_cause_before_the_legs_that_led_to_it() -> None:
    done = run("accept", "--captured", "--user", "LAB\\alice", *NTLM, SECCTX_PASSWORD="another")
    assert done.out.startswith("Wrong password for LAB\\alice")
    assert done.out.index("\n→ ") < done.out.index("leg 1")


def test_a_token_cut_short_is_called_nothing_else() -> None:
    text = (SAMPLES / "spnego-kerberos-init.bin").read_bytes()[:900].hex()
    assert errors(*KEYTAB, "--target", "https://web.lab.example", "--at", "2030-01-01", text) == {"ENC002"}


def test_a_challenge_of_another_logon_explains_that_the_proof_does_not_fit() -> None:
    other = "tests/data/ntlm/62-ntlm-gssntlmssp-v1.leg2.bin"
    codes = {code for code, _ in found("--user", "LAB\\alice", NTLM[0], other, NTLM[2], **ALICE)}
    assert "NTL012" in codes
    assert not codes & {"NTL013", "NTL014"}


def test_the_server_s_own_reason_says_what_it_looked_at_first() -> None:
    """Two hours behind the ticket's end both the clocks and the period are wrong; the KRB-ERROR says TKT_EXPIRED."""
    lab = "tests/data/kerberos/lab"
    legs = [f"{lab}/107-fail-mit-expired-krb5.leg{leg}.bin" for leg in (1, 2)]
    options = ("--keytab", f"{lab}/mit-http-web.keytab", "--at", "2026-11-22T10:28:03Z")
    assert found(*options, *legs)[0] == ("KRB003", "error")
    assert found(*options, legs[0])[0] == ("KRB002", "error")


def test_what_is_left_out_explains_nothing() -> None:
    token = "tests/data/codes/krb-tgt-presented.hex"
    assert "KRB012" in {code for code, _ in found(*KEYTAB, token)}
    assert "KRB004" in {code for code, _ in found("--ignore", "KRB012", *KEYTAB, token)}


# What is not said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["kdc-tgs-req.bin", "kdc-as-req-fast.bin", "kdc-tgs-req-s4u2self.b64", "iakerb.b64", "credssp.b64"],
)
def test_what_is_no_leg_of_a_logon_is_not_judged_as_one(name: str) -> None:
    assert errors(*KEYTAB, f"samples/{name}") == set()
    assert errors(f"samples/{name}", KRB5_KTNAME="samples/web.keytab", NTLM_USER_FILE="samples/users.txt") == set()


def test_the_messages_under_a_context_are_no_misuse_of_it() -> None:
    legs = ("samples/spnego-kerberos-init.bin", "samples/spnego-kerberos-answer.bin", "samples/kerberos-mic.hex")
    assert not errors(*KEYTAB, *legs) & {"ACC003", "ACC006"}


def test_a_handshake_that_the_server_accepted_has_no_error() -> None:
    log = "samples/curl-kerberos.log"
    assert errors("--target", "https://www.elsewhere.example", log) == set()
    assert errors("--bindings", "data:01", "samples/curl-ntlm.log") == set()
    assert ("KRB011", "warning") in found("--target", "https://www.elsewhere.example", log)


def test_bindings_say_what_the_channel_has_and_not_that_the_server_demands_them() -> None:
    token = "samples/spnego-kerberos-init.bin"
    assert ("KRB014", "warning") in found(*KEYTAB, "--bindings", "data:01", token)
    done = run("accept", "--json", *KEYTAB, "--at", "2026-11-22T08:26Z", "--bindings", "data:01", token)
    (leg,) = json.loads(done.out)["legs"]
    assert leg["reason"]["code"] == "KRB014"


def test_two_logs_without_a_word_in_common_are_no_story() -> None:
    codes = {code for code, _ in found("samples/kerberos-ap-req.bin", "samples/ntlm-v1.b64")}
    assert not codes & {"LEG010", "LEG011"}


def test_a_story_ends_with_a_logon_that_was_accepted(tmp_path: Path) -> None:
    """Kerberos led to NTLM in the first logon; the second offers NTLM alone, and is no sequel."""
    lines = (SAMPLES / "spnego-fallback-to-ntlm.jsonl").read_text()
    later = [json.loads(line) | {"handshake": 2} for line in lines.splitlines()[2:]]
    path = tmp_path / "two.jsonl"
    path.write_text(lines + "".join(json.dumps(line) + "\n" for line in later))
    documents = [json.loads(line) for line in run("decode", "--json", str(path)).out.splitlines()]
    told = [any(finding["code"] == "LEG011" for finding in document["findings"]) for document in documents]
    assert any(told[:6])
    assert not any(told[6:])


def test_a_doubled_answer_is_no_third_leg() -> None:
    answer = "samples/spnego-kerberos-answer.bin"
    codes = {code for code, _ in found(*KEYTAB, "samples/spnego-kerberos-init.bin", answer, answer)}
    assert "LEG002" in codes
    assert "KRB031" not in codes


def test_a_captured_logon_without_its_first_leg_is_not_judged() -> None:
    done = run("accept", "--captured", "--user", "LAB\\alice", *NTLM[1:], **ALICE)
    assert done.code == 3
    assert "NEGOTIATE_MESSAGE is not among the legs" in done.out
    assert "altered" not in done.out


def test_a_captured_server_that_left_the_ticket_unused_is_followed() -> None:
    """With a keytab ours takes the ticket; the server that was captured went on with NTLM, and so is it judged."""
    arguments = ("--users", "samples/users.txt", *KEYTAB, "--at", "2026-11-22T08:25:53Z")
    done = run("accept", "--captured", "--json", *arguments, "samples/spnego-fallback-to-ntlm.jsonl")
    assert done.code == 0
    document = json.loads(done.out)
    assert (document["established"], document["legs"][-1]["mechanism"]) == (True, "NTLM")


def test_fragments_are_judged_as_the_token_that_they_are(tmp_path: Path) -> None:
    whole = (SAMPLES / "spnego-kerberos-init.bin").read_bytes()
    parts = [tmp_path / "one", tmp_path / "two"]
    parts[0].write_bytes(whole[:700])
    parts[1].write_bytes(whole[700:])
    options = ("--req", "FRAGMENT_SUPPLIED", "--fail-on", "warning", "--at", "2026-11-22T08:26Z", "--json")
    done = run("accept", *options, *KEYTAB, *parts)
    assert done.code == 0
    legs = json.loads(done.out)["legs"]
    assert legs[1]["state"] == "established"
    assert not [finding for finding in legs[1]["findings"] if finding["code"].startswith(("ENC", "LEG"))]


def test_no_clock_is_given_no_clock_is_judged_by() -> None:
    assert "KRB002" not in {code for code, _ in found(*KEYTAB, "samples/spnego-kerberos-init.bin")}
    done = run("decode", "--at", "token", *KEYTAB, "samples/spnego-kerberos-init.bin", "samples/krb-error-tcp.bin")
    assert "the clock is that of this machine" not in done.err


# What is given -------------------------------------------------------------------------------------------------------


def test_a_certificate_is_read_once_so_it_may_come_through_a_pipe() -> None:
    import subprocess

    from builders.cli import SECCTX

    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=web -keyout /dev/null 2>/dev/null"
    made = subprocess.run(command, shell=True, capture_output=True, cwd=ROOT, check=False)
    if made.returncode:
        pytest.skip("no openssl here")
    arguments = ["decode", "--json", *KEYTAB, "--bindings", "cert:/dev/stdin", "samples/spnego-kerberos-init.bin"]
    done = subprocess.run([*SECCTX, *arguments], input=made.stdout, capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr.count(b"internal error")) == (0, 0), done.stderr


def test_a_packet_time_that_is_none_is_not_judged_by(tmp_path: Path) -> None:
    path = changed(tmp_path, "kerberos-then-ntlm-failed.jsonl", time="garbage")
    done = run("decode", "-q", "--users", "samples/users.txt", path)
    assert (done.code, "--at" in done.err) == (0, False)


def test_the_advice_on_the_keytab_is_a_value_like_any_other() -> None:
    done = run("decode", *KEYTAB, "--get", "keytab.before", "samples/spnego-kerberos-init.bin")
    assert done.out.startswith("the keytab has HTTP/web.lab.example@LAB.EXAMPLE kvno 2")
    assert (
        run("decode", *KEYTAB, "--get", "keytab.checks.kvno.match", "samples/spnego-kerberos-init.bin").out == "yes\n"
    )


@pytest.mark.parametrize(
    ("keytab", "token"),
    [
        ("web", "kerberos-ap-req.bin"),
        ("stale", "spnego-kerberos-init.bin"),
        ("stale", "kerberos-newer-than-keytab.b64"),
    ],
)
def test_the_keytab_is_judged_before_and_after_it_is_tried(keytab: str, token: str) -> None:
    done = run("decode", "--json", "--keytab", f"samples/{keytab}.keytab", f"samples/{token}")
    advice = json.loads(done.out)["keytab"]
    assert (advice["fits"], advice["opened"]) == (False, False)
    assert {check["match"] for check in advice["checks"].values()} & {"no", "near"}
    assert advice["before"]
    assert advice["after"]


def test_a_password_without_an_owner_is_refused() -> None:
    done = run("decode", "--password-file", "samples/users.txt", "samples/ntlm-v1.b64")
    assert (done.code, "--principal or --user" in done.err) == (2, True)


@pytest.mark.parametrize("target", ["https://", "a b", "", "HTTP/", "x" * 3000])
def test_a_target_that_is_none_is_refused(target: str) -> None:
    done = run("decode", "--target", target, "samples/ntlm-v1.b64")
    assert done.code == 2
    assert "a target is a URL" in done.err


def test_a_keytab_that_cannot_be_used_has_its_code(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\x05\x02")
    (tmp_path / "other").write_bytes(b"hunter2")
    for name, code in (("empty", 0), ("other", 4), ("missing", 4)):
        done = run("decode", "--keytab", str(tmp_path / name), "samples/kerberos-ap-req.bin")
        assert done.code == code
        assert "secctx explain KRB023" in done.err
        assert "hunter2" not in done.err


# What is not shown ---------------------------------------------------------------------------------------------------


def test_redaction_takes_the_ends_of_connections_for_names(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (SAMPLES / "kerberos-then-ntlm-failed.jsonl").read_text().splitlines()[2:]]
    lines[2] |= {"src": "secrethost.corp.example:5"}
    path = tmp_path / "two.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plain = run("decode", "--json", str(path)).out
    assert "secrethost" in plain
    done = run("decode", "--redact", "--json", str(path))
    assert "LEG003" in done.out
    assert "secrethost" not in done.out + done.err
    assert "10.0.0" not in done.out + done.err


@pytest.mark.parametrize("command", ["decode", "accept"])
def test_redaction_takes_the_target_for_a_name(command: str) -> None:
    target = ("--target", "https://intranet.acme.example:8443/app")
    done = run(command, "--redact", *target, *KEYTAB, "samples/spnego-kerberos-init.bin")
    assert "KRB011" in done.out
    assert "intranet" not in done.out + done.err
    assert "acme" not in done.out + done.err


def test_redaction_takes_the_users_file_of_the_environment_for_a_name(tmp_path: Path) -> None:
    missing = tmp_path / "secretdir" / "users"
    done = run("decode", "--redact", *NTLM, NTLM_USER_FILE=str(missing))
    assert "secretdir" not in done.out + done.err
    assert "it is not used" in done.err


def test_a_wrong_password_is_found_in_a_redacted_handshake_too() -> None:
    done = run("decode", "--redact", "--user", "LAB\\alice", "--json", *NTLM, SECCTX_PASSWORD="another")
    codes = {finding["code"] for line in done.out.splitlines() for finding in json.loads(line)["findings"]}
    assert "NTL013" in codes
    assert "alice" not in done.out
