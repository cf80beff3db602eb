"""`secctx decode` with keys: what is printed of tokens that open, in every form, and of those that do not."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from builders import sealed as make
from builders.cli import Ran, run

from secctx.cli.accept import accept
from secctx.cli.decode import decode as decode_command

ROOT = Path(__file__).parents[1]
LAB = ROOT / "tests" / "data" / "kerberos" / "lab"
KDC = ROOT / "tests" / "data" / "kerberos" / "kdc"
AES = "01-mit-aes256-spnego"
SCHEMA = json.loads((ROOT / "schemas" / "decode-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEYTAB = ("--keytab", "mit-http-aes256.keytab")
DELEGATED = ("--keytab", "ad-http-web.keytab", "39-ad-deleg-spnego.leg1.bin")
#: The session key of the delegated ticket, and the one of the ticket itself: no output but one may hold them.
TICKET, AUTHENTICATOR = "mechToken.ticket.enc-part", "mechToken.authenticator"


def shown(*arguments: str | Path, cwd: Path = LAB, **environment: str) -> Ran:
    return run("decode", *arguments, cwd=cwd, **environment)


def documents(*arguments: str | Path, cwd: Path = LAB, **environment: str) -> list[dict[str, Any]]:
    """The documents of a run, each held to the schema."""
    done = shown("--json", *arguments, cwd=cwd, **environment)
    found = [json.loads(line) for line in done.out.splitlines()]
    for document in found:
        VALIDATOR.validate(document)
    return found


def notes(done: Ran) -> list[str]:
    """What was said on stderr, but for the mode of the keytab, which a checkout does not keep."""
    return [line for line in done.err.splitlines() if "chmod 600" not in line]


# Text ----------------------------------------------------------------------------------------------------------------


def test_the_summary_names_the_client_and_lines_below_it_say_what_opened() -> None:
    done = shown(*KEYTAB, f"{AES}.leg1.bin")
    lines = done.out.splitlines()
    assert "AP-REQ of alice@MIT.EXAMPLE to HTTP/aes256.mit.example@MIT.EXAMPLE" in lines[1]
    opener = "HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1 of mit-http-aes256.keytab"
    assert f"opened: {TICKET} with {opener}" in lines
    session = "the session key of the ticket to HTTP/aes256.mit.example@MIT.EXAMPLE"
    assert f"opened: {AUTHENTICATOR} with {session}" in lines
    assert (done.code, notes(done)) == (0, [])


def test_the_tree_shows_what_was_opened_in_its_place() -> None:
    tree = shown(*KEYTAB, f"{AES}.leg1.bin").out
    opener = "HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1 of mit-http-aes256.keytab"
    assert f"enc-part  aes256-cts-hmac-sha1-96 (18), kvno 1, opened with {opener}" in tree
    assert re.search(r"crealm +MIT\.EXAMPLE\n", tree)
    assert re.search(r"cname +alice  \(NT-PRINCIPAL\)\n", tree)
    assert re.search(r"Flags +0x0000013e  GSS_C_MUTUAL_FLAG", tree)
    assert "cipher" not in tree
    assert tree.count("32 bytes, not shown  a secret") == 2


def test_full_shows_the_ciphertext_too() -> None:
    tree = shown(*KEYTAB, "--full", f"{AES}.leg1.bin").out
    assert re.search(r"cipher +[0-9a-f]{792} \(396 bytes\)", tree)
    assert "plaintext  opened with HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1" in tree


def test_depth_counts_what_was_opened_as_the_next_level() -> None:
    tree = shown(*KEYTAB, "--depth", "3", f"{AES}.leg1.bin").out
    assert "enc-part  aes256-cts-hmac-sha1-96 (18), kvno 1, opened with" in tree
    assert "crealm     " not in tree.partition("enc-part")[2].partition("authenticator")[0]


def test_what_one_token_gives_serves_the_later_ones() -> None:
    names = [f"{AES}.{part}.bin" for part in ("leg1", "leg2", "wrap-conf-i")]
    done = shown(*KEYTAB, *names)
    assert "opened: responseToken.enc-part with the session key of the ticket to" in done.out
    assert "opened: the token with the acceptor's subkey for alice@MIT.EXAMPLE; wrapped by the initiator" in done.out
    alone = shown(*KEYTAB, names[2])
    assert alone.code == 0
    assert "not opened: the token: its key is that of a context" in alone.out


def test_a_ticket_that_does_not_open_is_no_fault_of_the_token_and_is_said_in_both_places() -> None:
    done = shown("--keytab", "mit-http-web-rc4only.keytab", "104-fail-mit-no-enctype-krb5.leg1.bin")
    why = "the ticket is encrypted with aes256-cts-hmac-sha1-96, the keys of HTTP/web.mit.example@MIT.EXAMPLE are of"
    assert done.code == 0
    assert f"not opened: ticket.enc-part: {why} rc4-hmac alone" in done.out
    assert notes(done) == [
        "secctx: note: 104-fail-mit-no-enctype-krb5.leg1.bin: ticket.enc-part: not opened: "
        f"{why} rc4-hmac alone: the keytab lacks that type"
    ]
    assert "AP-REQ for HTTP/web.mit.example@MIT.EXAMPLE" in done.out


def test_many_parts_are_counted() -> None:
    part = make.encrypted(0, None, make.cred_part(*(make.key(number) for number in range(20))))
    cred = make.krb_cred(part, *(make.ticket(make.key(99), make.key(1)) for _ in range(20)))
    # Without an option that asks for fields it would be listed as a .kirbi.
    done = run("decode", "--depth", "2", cred.hex())
    assert sum(line.startswith(("opened", "not opened")) for line in done.out.splitlines()) == 12
    assert re.search(r"^…: 9 more ", done.out, re.MULTILINE)
    assert (
        sum(
            line.startswith("not opened")
            for line in run("decode", "--depth", "2", "--full", cred.hex()).out.splitlines()
        )
        == 20
    )


def test_without_keys_nothing_is_said_of_any() -> None:
    done = shown(f"{AES}.leg1.bin")
    assert "opened" not in done.out
    assert "keys" not in documents(f"{AES}.leg1.bin")[0]


def test_quiet_still_says_on_stderr_what_does_not_open() -> None:
    done = shown("-q", "--keytab", "mit-http-stale.keytab", "101-fail-mit-stale-kvno-krb5.leg1.bin")
    assert done.out == ""
    assert "the keytab has 1 of 2026-11-22 08:21:33 UTC" in notes(done)[0]


# JSON ----------------------------------------------------------------------------------------------------------------


def test_the_document_has_the_plaintext_beside_the_ciphertext_and_tells_each_key() -> None:
    document = documents(*KEYTAB, f"{AES}.leg1.bin")[0]
    part = document["fields"]["mechToken"]["fields"]["ticket"]["enc-part"]
    assert part["cipher"]
    assert part["plaintext"]["cname"]["text"] == "alice"
    assert part["plaintext"]["key"]["keyvalue"] == {"secret": True, "size": 32}
    ticket, signature, authenticator = document["keys"]
    assert ticket == {
        "path": TICKET,
        "opened": True,
        "part": "encrypted",
        "key": {
            "text": "HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1 of mit-http-aes256.keytab",
            "principal": "HTTP/aes256.mit.example@MIT.EXAMPLE",
            "kvno": 1,
            "etype": {"value": 18, "name": "aes256-cts-hmac-sha1-96"},
            "source": "mit-http-aes256.keytab",
        },
        "usage": {"value": 2, "name": "Ticket"},
        "reason": None,
        "notes": [],
    }
    assert (signature["part"], signature["opened"]) == ("checksum", True)
    assert signature["path"].endswith("ServerSignature.Signature")
    assert authenticator["key"]["principal"] is None
    assert document["complete"]


def test_what_does_not_open_stands_in_the_document_with_its_reason() -> None:
    document = documents("--keytab", "mit-http-web.keytab", "111-fail-mit-other-spn-spnego.leg1.bin")[0]
    assert [one["opened"] for one in document["keys"]] == [False, False]
    assert "not for HTTP/other.mit.example@MIT.EXAMPLE" in document["keys"][0]["reason"]
    assert document["complete"]


def test_spans_in_a_plaintext_say_what_they_count_in() -> None:
    document = documents(*KEYTAB, "--spans", f"{AES}.leg1.bin")[0]
    spans = document["spans"]
    assert spans[f"{TICKET}.etype"][0] > 0
    assert spans[f"{TICKET}.crealm"] == {"in": TICKET, "span": [64, 77]}
    assert spans[f"{AUTHENTICATOR}.cksum.checksum.Flags"]["in"] == AUTHENTICATOR
    assert not any("plaintext" in path for path in spans)


@pytest.mark.parametrize("case", [AES, "05-mit-rc4-spnego", "39-ad-deleg-spnego", "42-ad-dce-spnego"])
def test_every_document_of_a_handshake_with_its_keys_fits_the_schema(case: str) -> None:
    keytabs = [option for path in sorted(LAB.glob("*-http-*.keytab")) for option in ("--keytab", path)]
    found = documents(*keytabs, "--spans", *sorted(LAB.glob(f"{case}.*.bin")))
    assert sum(bool(document["keys"]) for document in found) > 1
    assert all("keys" in document for document in found)


def test_every_document_of_the_kdcs_messages_fits_the_schema() -> None:
    keys = ("--keytab", "krbtgt.keytab", "--principal", "alice@FAST.EXAMPLE")
    found = documents(*keys, "--spans", *sorted(KDC.glob("*.bin")), cwd=KDC, SECCTX_PASSWORD="Alice-Passw0rd1")
    assert len(found) == 24
    assert sum(one["opened"] for document in found for one in document["keys"]) > 50


# One value -----------------------------------------------------------------------------------------------------------


VALUES = {
    f"{TICKET}.cname": "alice",
    f"{TICKET}.plaintext.cname": "alice",
    f"fields.{TICKET}.endtime": "2036-11-19T08:21:33Z",
    f"{AUTHENTICATOR}.cusec": "123021",
    f"{AUTHENTICATOR}.cksum.checksum.Bnd": "00" * 16,
    f"{TICKET}.key.keytype.value": "18",
    "keys[0].key.kvno": "1",
    "keys[0].opened": "true",
}


@pytest.mark.parametrize("path", VALUES)
def test_a_value_in_a_plaintext_is_reached_without_naming_the_plaintext(path: str) -> None:
    done = shown(*KEYTAB, "--get", path, f"{AES}.leg1.bin")
    assert (done.code, done.out) == (0, f"{VALUES[path]}\n")


def test_the_bytes_of_a_value_in_a_plaintext_are_those_of_the_plaintext(tmp_path: Path) -> None:
    target = tmp_path / "name.der"
    done = shown(*KEYTAB, "--get", f"{TICKET}.cname", "-w", target, f"{AES}.leg1.bin")
    assert done.code == 0
    assert target.read_bytes() == make.principal(1, "alice")


def test_keys_are_shown_where_secrets_are_asked_for_and_nowhere_else() -> None:
    path = f"{TICKET}.key.keyvalue"
    assert shown(*KEYTAB, "--get", path, f"{AES}.leg1.bin").code == 1
    assert shown(*KEYTAB, "--get", f"{TICKET}.plaintext", "-w", "-", f"{AES}.leg1.bin").code == 1
    key = shown(*KEYTAB, "--show-secrets", "--get", path, f"{AES}.leg1.bin").out.strip()
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    spaced = " ".join(key[at : at + 2] for at in range(0, 20, 2))
    for form in (("--json",), ("--full",), ("--format", "hex", "--full"), ("--format", "summary"), ("--get", TICKET)):
        out = shown(*KEYTAB, *form, f"{AES}.leg1.bin").out
        assert key not in out
        assert spaced not in out


def test_a_path_that_leads_nowhere_names_what_was_opened() -> None:
    done = shown(*KEYTAB, "--get", f"{TICKET}.name", f"{AES}.leg1.bin")
    assert done.code == 1
    assert "has: etype, kvno, cipher, flags, key, crealm, cname" in done.err


def test_the_token_that_is_written_is_the_token_received(tmp_path: Path) -> None:
    target = tmp_path / "token.bin"
    assert shown(*KEYTAB, "-w", target, f"{AES}.leg1.bin").code == 0
    assert target.read_bytes() == (LAB / f"{AES}.leg1.bin").read_bytes()


# Bytes ---------------------------------------------------------------------------------------------------------------


def test_the_hex_view_shows_the_token_as_without_keys_and_each_plaintext_by_itself() -> None:
    bare = shown("--format", "hex", f"{AES}.leg1.bin").out
    done = shown("--format", "hex", *KEYTAB, f"{AES}.leg1.bin").out
    head, first, second = re.split(r"\n\n(?=mechToken)", done)
    begin = "byte  in hex"
    assert head.partition(begin)[2] == bare.partition(begin)[2].rstrip("\n")
    assert first.startswith(f"{TICKET}: 368 bytes, opened with HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1 of")
    assert second.startswith(f"{AUTHENTICATOR}: 164 bytes, opened with the session key of the ticket to")
    assert "     0  63 82 01 6c 30 82 01 68 " in first
    assert "a2 0d|1b 0b 4d 49 54 2e 45 58 41 4d 50 4c 45     crealm      MIT.EXAMPLE" in first
    assert first.count("••") == second.count("••") == 34, "32 bytes and their header"


def test_every_byte_of_a_pac_stands_on_one_row() -> None:
    done = shown("--format", "hex", "--full", *DELEGATED)
    assert "KERB_VALIDATION_INFO" in done.out
    assert "overlaps" not in done.out
    page = re.split(r"\n\n(?=mechToken)", done.out)[1].splitlines()
    digits = [
        re.match(r" {2,}(\d+)  ((?:[0-9a-f]{2}|••)(?:[ |](?:[0-9a-f]{2}|••))*)(?:  |$)", line) for line in page[2:]
    ]
    rows = [(int(found[1]), len(re.split("[ |]", found[2]))) for found in digits if found]
    assert all(start + size == following for (start, size), (following, _) in pairwise(rows))
    assert f" {sum(size for _, size in rows)} bytes, opened with" in page[0]


@pytest.mark.parametrize("width", ["40", "80", "120"])
def test_the_plaintexts_keep_to_the_width_of_the_terminal(width: str) -> None:
    done = shown("--format", "hex", *DELEGATED, COLUMNS=width)
    bytes_shown = [line for line in done.out.splitlines() if re.match(r" *\d+  (?:[0-9a-f]{2}|••)", line)]
    assert bytes_shown
    assert max(map(len, bytes_shown)) <= max(int(width), 66)


# Where keys come from ------------------------------------------------------------------------------------------------


def test_the_password_of_a_client_opens_a_kdcs_reply(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("Alice-Passw0rd1\nno more\n", encoding="utf-8")
    principal = ("--principal", "alice@FAST.EXAMPLE")
    done = shown(*principal, "--password-file", password, "06-as-rep.bin", cwd=KDC)
    assert "opened: enc-part with the password of alice@FAST.EXAMPLE" in done.out
    assert notes(done) == []
    assert "Alice-Passw0rd1" not in done.out
    assert "opened: enc-part" in shown(*principal, "06-as-rep.bin", cwd=KDC, SECCTX_PASSWORD="Alice-Passw0rd1").out
    wrong = shown(*principal, "06-as-rep.bin", cwd=KDC, SECCTX_PASSWORD="wrong")
    assert "not opened: enc-part: the key of alice@FAST.EXAMPLE" in wrong.out
    salted = shown(
        *principal, "--salt", "x", "05-as-req.bin", "06-as-rep.bin", cwd=KDC, SECCTX_PASSWORD="Alice-Passw0rd1"
    )
    assert "not opened: padata[1].padata-value" in salted.out
    assert "opened: enc-part" in salted.out, "the reply tells the salt"


def test_a_key_in_a_file_opens_a_ticket(tmp_path: Path) -> None:
    key = tmp_path / "key.hex"
    key.write_text(make.key(1).value.hex(), encoding="utf-8")
    request = tmp_path / "request.bin"
    request.write_bytes(make.ap_req(make.ticket(make.key(1), make.key(2)), make.key(2)))
    done = run("decode", "--key", f"18:{key}", request)
    assert f"opened: ticket.enc-part with the key of {key}" in done.out


def test_a_cache_opens_a_clients_side() -> None:
    done = shown("--ccache", "alice.ccache", "11-tgs-req.bin", "12-tgs-rep.bin", cwd=KDC)
    server = "krbtgt/FAST.EXAMPLE@FAST.EXAMPLE"
    opened = (
        f"opened: padata[0].padata-value.authenticator with the session key of the ticket to {server} in alice.ccache"
    )
    assert opened in done.out
    assert "opened: enc-part with a key of the strengthening key of FAST's reply" in done.out


def test_a_kirbi_gives_session_keys_too(tmp_path: Path) -> None:
    session, shut = make.key(2), make.ticket(make.key(9), make.key(2), make.KRBTGT)
    kirbi = tmp_path / "tgt.kirbi"
    kirbi.write_bytes(make.krb_cred(make.encrypted(0, None, make.cred_part(session)), shut))
    request = tmp_path / "request.bin"
    request.write_bytes(make.ap_req(shut, session))
    done = run("decode", "--ccache", kirbi, request)
    assert "opened: authenticator with the session key of the ticket to krbtgt/LAB.EXAMPLE@LAB.EXAMPLE in" in done.out
    assert notes(done) == []


def test_the_keytab_of_the_environment_is_used_and_one_that_is_missing_is_said() -> None:
    done = shown(f"{AES}.leg1.bin", KRB5_KTNAME="FILE:mit-http-aes256.keytab")
    assert f"opened: {TICKET}" in done.out
    done = shown(f"{AES}.leg1.bin", KRB5_KTNAME="nowhere.keytab")
    assert done.code == 0
    assert "KRB5_KTNAME: keytab nowhere.keytab" in done.err
    ntlm = run("decode", "TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==", KRB5_KTNAME="nowhere.keytab")
    assert ntlm.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "wanted"),
    [
        (("--keytab", "nowhere.keytab"), 4, "keytab nowhere.keytab: cannot be read"),
        (("--keytab", f"{AES}.leg1.bin"), 4, "no keytab"),
        (("--ccache", f"{AES}.leg1.bin"), 4, "no credential cache"),
        (("--key", "18:nowhere.hex"), 4, "nowhere.hex: cannot be read"),
        (("--key", "nonsense"), 2, "ETYPE:FILE is wanted"),
        (("--principal", "alice"), 2, "NAME@REALM is wanted"),
        ((*KEYTAB, "--message", "nowhere"), 4, "nowhere: cannot be read"),
    ],
)
def test_what_is_wrong_with_the_keys_given_is_said(arguments: tuple[str, ...], code: int, wanted: str) -> None:
    done = shown(*arguments, f"{AES}.leg1.bin", SECCTX_PASSWORD="x")
    assert done.code == code
    assert wanted in done.err


def test_the_message_of_a_mic_is_given_in_a_file(tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_bytes(b"lab message mic from i")
    legs = [f"{AES}.leg1.bin", f"{AES}.leg2.bin", f"{AES}.mic-i.bin"]
    done = shown(*KEYTAB, "--message", message, *legs)
    assert "verified: the token with the acceptor's subkey for alice@MIT.EXAMPLE; a MIC of the initiator" in done.out
    assert "not verified: the token: the message that it signs is not in it" in shown(*KEYTAB, *legs).out


def test_decode_and_accept_take_keys_alike() -> None:
    def options(command: Any) -> dict[str, tuple[list[str], str]]:
        shared = ("keytabs", "key_files", "principal", "salt", "iterations", "ccache", "password_file")
        return {one.name: (one.opts, one.metavar) for one in command.params if one.name in shared}

    assert options(decode_command) == options(accept)
    assert len(options(accept)) == 7


# Stand-ins -----------------------------------------------------------------------------------------------------------


REDACTED = [(), ("--full",), ("--json", "--spans"), ("--format", "hex", "--full"), ("--format", "summary")]
NAMES = re.compile(r"(?i)alice|lab\.example|\bweb\b|ad-http|39-ad|deleg-spnego|\bdc1\b")


@pytest.mark.parametrize("form", REDACTED, ids=" ".join)
def test_stand_ins_take_the_place_of_names_in_what_was_opened(form: tuple[str, ...]) -> None:
    done = shown("--redact", *form, *DELEGATED, "39-ad-deleg-spnego.leg2.bin")
    assert done.code == 0
    assert NAMES.findall(done.out + done.err) == []
    assert "user1" in done.out


def test_stand_ins_take_the_place_of_the_bytes_that_were_opened() -> None:
    plain = documents(*DELEGATED)[0]
    redacted = documents("--redact", *DELEGATED)[0]
    kept = {value for value in strings(plain["fields"]) if re.fullmatch(r"[0-9a-f]{16,}", value) and value.strip("0")}
    assert len(kept) > 5
    assert kept & set(strings(redacted["fields"])) == set()
    assert [one["path"] for one in plain["keys"]] == [one["path"] for one in redacted["keys"]]
    secret = ("--show-secrets", "--get", f"{TICKET}.key.keyvalue")
    assert shown(*secret, *DELEGATED).out != shown("--redact", *secret, *DELEGATED).out


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for item in within for one in strings(item)]


def test_the_same_name_has_the_same_stand_in_inside_and_outside() -> None:
    document = documents("--redact", *DELEGATED)[0]
    ticket = document["fields"]["mechToken"]["fields"]["ticket"]
    assert ticket["enc-part"]["plaintext"]["crealm"] == ticket["realm"]
    assert ticket["sname"]["text"] in document["keys"][0]["key"]["text"]


@pytest.mark.parametrize("keytab", ["mit-http-other.keytab", "mit-http-web-wrongkey.keytab", "mit-http-stale.keytab"])
def test_stand_ins_take_the_place_of_names_in_reasons(keytab: str) -> None:
    done = shown("--redact", "--keytab", keytab, "102-fail-mit-wrong-key-krb5.leg1.bin")
    assert "not opened: ticket.enc-part: " in done.out
    assert (
        re.findall(r"(?i)mit\.example|\bweb\b|\bstale\b|\bother\.|102-|keytab\b.*\.keytab", done.out + done.err) == []
    )


def test_the_kdcs_messages_are_redacted_with_everything_open() -> None:
    keys = ("--keytab", "krbtgt.keytab", "--keytab", "kadmin.keytab", "--principal", "alice@FAST.EXAMPLE")
    done = shown("--redact", "--full", *keys, *sorted(KDC.glob("*.bin")), cwd=KDC, SECCTX_PASSWORD="Alice-Passw0rd1")
    assert re.findall(r"(?i)alice|fast\.example|ws01|passw0rd", done.out + done.err) == []
    assert done.out.count("\nopened: ") > 30
