"""Traces that can be shared: after `--redact` no name, no secret and nothing that can be cracked is left anywhere."""

from __future__ import annotations

import base64
import json
import random
import re
import runpy
import sys
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders.cli import ROOT, run
from builders.der import tlv

from secctx.carriers.text import read_tokens
from secctx.cli.redaction import Redaction
from secctx.decoders import decode
from secctx.decoders.values import BYTES, SECRET, TEXT, Node, walk
from secctx.redaction.names import DOMAIN, HOST, SERVICES, USER, Names
from secctx.redaction.phrases import phrase
from secctx.redaction.redactor import Redactor
from secctx.rules.index import all_rules

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))
EVERY = [s for s in tokens.own() + tokens.corpus() + tokens.legs() + tokens.per_message() if len(s.data) < 1 << 17]
SAMPLES = [entry for entry in tokens.manifest() if entry.get("token") and entry["form"] != "pcap"]

#: Texts that every installation has: not who speaks, but what.
COMMON = SERVICES | {"negotiate", "kerberos", "ntlm"}
#: Fields whose words are a program's; what else is in them is tested by itself.
PHRASES = {"e-text", "hintName", "result-string"}
WORD = re.compile(r"[^\W_][\w-]*")


def leaves(data: bytes) -> list[tuple[str, Node]]:
    return [(path, node) for path, node in walk(decode(data).root) if not node.children]


def names_in(data: bytes) -> set[str]:
    """The words of every text in a token, but those that are common to all."""
    texts = [
        node.value
        for path, node in leaves(data)
        if node.kind == TEXT and node.name not in PHRASES and "AuthScheme" not in path
    ]
    words = {word for text in texts for word in WORD.findall(str(text))}
    return {word for word in words if word.casefold() not in COMMON and not word.isdecimal() and len(word) > 1}


def secrets_in(data: bytes) -> set[bytes]:
    """Every byte string of a token that says more than a filler does."""
    values = [node.value for path, node in leaves(data) if node.kind in (BYTES, SECRET)]
    # A vector of MIT's has the same bytes as e-text, where they are a program's words, and as e-data.
    values = [value for value in values if value != b"krb5data"]
    return {
        value
        for value in values
        if isinstance(value, bytes)
        and len(value) >= 8
        and len(set(value)) > 2
        and not value.startswith(b"NTLMSSP")
        and value != b"NEGOEXTS"
    }


def outcome(data: bytes) -> tuple[Any, ...]:
    """All that a token is but for its values: every field's path, kind and bytes, and what is wrong with it."""
    decoded = decode(data)
    error = decoded.error and (decoded.error.kind, decoded.error.path, decoded.error.offset)
    fields = [(path, node.kind, node.start, node.stop) for path, node in walk(decoded.root)]
    return decoded.mechanism, decoded.message, error, fields


# The token itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", EVERY, ids=tokens.by_name)
def test_a_redacted_token_has_the_size_the_fields_and_the_defects_of_the_original(sample: Any) -> None:
    redacted = Redactor().token(sample.data)
    assert len(redacted) == len(sample.data)
    mechanism, message, *_ = whole = outcome(sample.data)
    if (mechanism, message) != ("unknown", None):
        assert outcome(redacted) == whole


@pytest.mark.parametrize("sample", EVERY, ids=tokens.by_name)
def test_no_name_and_no_secret_of_a_token_is_in_its_redacted_form(sample: Any) -> None:
    redacted = Redactor().token(sample.data)
    left = {name for name in names_in(redacted) & names_in(sample.data) if len(name) > 3}
    assert not left
    for secret in secrets_in(sample.data):
        assert secret not in redacted


def test_the_lab_s_own_names_are_in_no_redacted_token_in_any_encoding() -> None:
    known = ("alice", "example", "LAB.EXAMPLE", "web.lab", "WORKSTATION", "WS01", "bøb", "MIT.EXAMPLE")
    wanted = [form for name in known for form in (name.encode(), name.encode("utf-16-le"))]
    seen = 0
    for sample in tokens.own() + tokens.legs():
        redacted = Redactor().token(sample.data).lower()
        for form in wanted:
            seen += form.lower() in sample.data.lower()
            assert form.lower() not in redacted, sample.name
    assert seen > 20


def test_what_a_damaged_token_holds_is_gone_wherever_the_damage_put_it() -> None:
    for sample in EVERY:
        rng = random.Random(f"20 {sample.name}")
        if not 20 < len(sample.data) < 3000 or decode(sample.data).mechanism == "unknown":
            continue  # where damage makes a token of what was none, its tags and numbers stay
        windows = {value[at : at + 8] for value in secrets_in(sample.data) for at in range(len(value) - 7)}
        windows = {window for window in windows if len(set(window)) > 3}
        for _ in range(4):
            damaged = bytearray(sample.data)
            for _ in range(rng.choice((0, 1, 2))):
                damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
            if rng.random() < 0.4:
                del damaged[rng.randrange(1, len(damaged)) :]
            redacted = Redactor().token(bytes(damaged))
            assert len(redacted) == len(damaged)
            there = {redacted[at : at + 8] for at in range(len(redacted) - 7)}
            assert not there & windows, sample.name


def test_equal_values_have_equal_stand_ins_and_others_others() -> None:
    redactor = Redactor()
    one, two = redactor.opaque(b"0123456789abcdef"), redactor.opaque(b"fedcba9876543210")
    assert redactor.opaque(b"0123456789abcdef") == one != two
    assert len(one) == 16
    assert Redactor().opaque(b"fedcba9876543210") == one, "it comes from the order, not from the value"
    assert redactor.opaque(bytes(16)) == bytes(16)


def test_a_stand_in_begins_no_token() -> None:
    redactor = Redactor()
    for number in range(2000):
        assert decode(redactor.opaque(b"%032d" % number)).mechanism == "unknown"


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "shape"),
    [
        ("alice@lab.example", USER, r"user\d@\w{3}\.\w{7}"),
        ("LAB\\alice", DOMAIN, r"DO\d\\user\d"),
        ("HTTP/web.lab.example", HOST, r"HTTP/\w{3}\.\w{3}\.\w{7}"),
        ("MSSQLSvc/sql01.lab.example:1433", HOST, r"MSSQLSvc/\w{5}\.\w{3}\.\w{7}:1433"),
        ("krbtgt/LAB.EXAMPLE", DOMAIN, r"krbtgt/[A-Z0-9]{3}\.[A-Z0-9]{7}"),
        ("kadmin/changepw", HOST, "kadmin/changepw"),
        ("WS01$", HOST, r"HOS\d\$"),
        ("host/192.168.12.7", HOST, r"host/198\.51\.100\.\d"),
        ("host/2001:db8:1234::9:17", HOST, r"host/[0-9a-f]{4}:[0-9a-f]{3}:[0-9a-f]{4}::[0-9a-f]:[0-9a-f]{2}"),
        (
            "HTTP/6e1fa6b3-2a6c-4b0e-9a51-0c2c4e6f8a01._msdcs.lab.example",
            HOST,
            r"HTTP/00000000-0000-4000-8000-\d{12}\..*",
        ),
        ("HTTP/git", HOST, r"HTTP/ho\d"),
        ("a:12345", USER, r"\w:\w{5}"),
        ("WELLKNOWN:ANONYMOUS", DOMAIN, "WELLKNOWN:ANONYMOUS"),
        ("7041776", USER, r"user\d{3}"),
        ("Jörg Müller", USER, r"\w{4} \w{6}"),
        ("", USER, ""),
    ],
)
def test_a_stand_in_is_as_long_as_the_name_and_built_alike(name: str, kind: str, shape: str) -> None:
    stand_in = Names().name(name, kind)
    assert re.fullmatch(shape, stand_in), stand_in
    assert len(stand_in) == len(name)


def test_a_name_has_one_stand_in_whatever_its_case_and_wherever_it_stands() -> None:
    names = Names()
    realm, host = names.name("LAB.EXAMPLE", DOMAIN), names.name("HTTP/web.lab.example", HOST)
    assert host.endswith("." + realm.lower())
    assert names.name("LAB", DOMAIN) == realm.split(".")[0]
    assert names.text("no account alice in LAB: ask web.lab.example").endswith(f"in {realm[:3]}: ask {host[5:]}")


def test_a_thousand_names_of_each_length_keep_apart_as_far_as_their_length_allows() -> None:
    for size, count in ((3, 1000), (5, 1000), (12, 1000), (2, 300)):
        names = Names()
        rng = random.Random(size)
        given = set()
        while len(given) < count:
            given.add(
                "".join(rng.choice("bcdfghjkqvwxyz") for _ in range(size - 1))
                + rng.choice("0123456789éß" * 3 + "bcdfghjkqvwxyz")
            )
            if len(given) >= 14 ** (size - 1) * 20:
                break
        made = {names.name(name, USER) for name in given}
        assert len(made) == len({name.casefold() for name in given})


def test_a_stand_in_is_never_a_name_that_was_met_before() -> None:
    names = Names()
    assert names.name("user1", USER) == "user2"
    assert names.name("alice", USER) not in ("user1", "user2")


def test_names_that_use_up_all_stand_ins_of_their_length_still_get_one_that_is_not_themselves() -> None:
    names = Names()
    for name in [*"0123456789abcdefghijklmnopqrstuvwxyz", *"éßøñçüæåö"]:
        assert names.name(name, USER) not in (name, "")
        assert len(names.name(name, USER)) == 1


def test_no_address_is_its_own_stand_in() -> None:
    for text in ("10.11.12.13", "10.10.10.10", "10.0.0.1", "1.2.3.4", "203.0.113.77", "255.255.255.255"):
        stand_in = Names().name(text, HOST)
        assert stand_in != text
        assert len(stand_in) == len(text)
        assert ip_address(stand_in)


def test_many_addresses_take_no_longer_each_than_one() -> None:
    seen: list[int] = []
    for count in (200, 2000):
        names, text = Names(), "1.1.1.1," * count
        calls = 0

        def count_call(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count_call)
        names.name(text, HOST)
        sys.setprofile(None)
        seen.append(calls)
    assert seen[1] < 12 * seen[0]


@pytest.mark.parametrize(
    "sid",
    [
        "S-1-12-1-1943430372-1249052806-2496021943-3034400218",
        "S-1-5-80-1-2-3-4-5",
        "S-1-5-5-0-987654",
        "S-1-5-83-1-7-8-9-10",
    ],
)
def test_a_sid_of_an_object_a_service_a_logon_or_a_machine_goes(sid: str) -> None:
    stand_in = Names().sid(sid)
    assert stand_in != sid
    assert len(stand_in.split("-")) == len(sid.split("-"))


def test_a_sid_of_any_authority_is_no_crash() -> None:
    assert Names().sid("S-1-0x005e00000005-1") == "S-1-0x005e00000005-1"
    assert Names().sid("S-1-5-21-1-2-3-x").startswith("S-1-5-21-1-1-1")


def test_a_domain_s_sid_goes_and_windows_own_stay() -> None:
    names = Names()
    mine = names.sid("S-1-5-21-1004336348-1177238915-682003330-1104")
    assert mine == "S-1-5-21-1-1-1-1000"
    assert names.sid("S-1-5-21-1004336348-1177238915-682003330-513") == "S-1-5-21-1-1-1-513"
    assert names.sid("S-1-5-21-9-8-7-1104") == "S-1-5-21-2-2-2-1000"
    assert names.sid("S-1-5-21-1004336348-1177238915-682003330-1104") == mine
    assert names.sid("S-1-5-32-544") == "S-1-5-32-544"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Preauthentication failed", True),
        ("LOOKING_UP_SERVER", True),
        ("Server not found in Kerberos database", True),
        ("no key for host/web.lab.example", False),
        ("client alice unknown", False),
        ("user1 not found on kdc01, server server-01", False),
        ("connect to 10.20.30.40", False),
        ("4711 unknown", False),
        ("error 24", True),
        ("80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563", True),
    ],
)
def test_the_words_of_programs_stay_and_those_of_people_go(text: str, kept: bool) -> None:
    redacted = phrase(Names(), text)
    assert (redacted == text) is kept
    assert len(redacted) == len(text)
    assert not {"alice", "web", "lab", "example"} & set(WORD.findall(redacted))


def test_a_common_word_that_is_a_name_goes_too() -> None:
    names = Names()
    names.name("may", USER)
    assert phrase(names, "client may not found") == f"client {names.name('may', USER)} not found"


def test_our_own_words_stay_though_somebody_has_such_a_name() -> None:
    redaction = Redaction(["e"])
    redaction.redactor.names.name("server", HOST)
    redaction.redactor.names.name("alice", USER)
    assert (
        redaction.text("the server sent LAB\\alice: e is cut short")
        == "the server sent LAB\\user1: file-1 is cut short"
    )


def test_what_another_wrote_goes_whatever_quotes_are_in_it() -> None:
    for foreign in ('Contoso "x\'s y" jsmith', 'it\'s "jsmith"', "jsmith"):
        said = Redaction([]).text(f"found {foreign!r}, and the client's token isn't it")
        assert "jsmith" not in said
        assert said.endswith("and the client's token isn't it")


def test_a_long_argument_is_named_by_its_stand_in_alone() -> None:
    for text in ("Report for jsmith: contoso " + "x" * 60, "Report for jsmith: contoso " + "x" * 600):
        done = run("decode", "--redact", text)
        assert done.code == 4
        assert "jsmith" not in done.err
        assert "file-1: no such file" in done.err


def test_stdout_and_stderr_have_the_same_stand_ins(tmp_path: Path) -> None:
    token = bytearray((ROOT / "samples/krb-error-clock-skew.bin").read_bytes())
    at = token.index(b"20261122")
    token[at : at + 8] = b"jsmith@c"
    path = tmp_path / "token.bin"
    path.write_bytes(token)
    done = run("decode", "--redact", path)
    found = re.findall(r"found '([^']+)'", done.out + done.err)
    assert len(found) == 2
    assert len(set(found)) == 1
    assert "jsmith" not in done.out + done.err


def test_what_an_ldap_server_says_is_shown_without_its_names(tmp_path: Path) -> None:
    said = (
        b"80090308: LdapErr: DSID-0C090449, comment: user jsmith@contoso.com from 10.20.30.40 failed, data 52e, v4563"
    )
    answer = tlv(0x61, tlv(0x0A, b"\x31") + tlv(0x04, b"") + tlv(0x04, said))
    path = tmp_path / "answer.bin"
    path.write_bytes(tlv(0x30, tlv(0x02, b"\x01") + answer))
    done = run("decode", "--redact", path)
    assert "80090308: LdapErr: DSID-0C090449" in done.err
    assert "data 52e" in done.err
    assert not re.search("jsmith|contoso|10\\.20", done.out + done.err)


def test_text_that_stands_as_empty_fields_or_as_a_number_goes() -> None:
    for fields in (
        b"".join(bytes((sign, 0)) for sign in b"jsmith@contoso"),
        tlv(0xA0, tlv(0x0A, b"jsmith@contoso")),
        tlv(0xA1, tlv(0x06, b"jsmith@contoso")),
    ):
        token = tlv(0xA1, tlv(0x30, fields))
        redacted = Redactor().token(token)
        assert len(redacted) == len(token)
        assert b"smith" not in redacted
        assert b"s\0m\0i\0t\0h" not in redacted


def test_the_key_of_a_part_that_is_not_encrypted_is_hidden() -> None:
    key = bytes(range(160, 192))
    part = tlv(0x7C, tlv(0x30, tlv(0xA0, tlv(0x04, key))))
    data = tlv(0xA0, tlv(0x02, b"\0")) + tlv(0xA2, tlv(0x04, part))
    fields = tlv(0xA0, tlv(0x02, b"\5")) + tlv(0xA1, tlv(0x02, b"\x15"))
    token = tlv(0x75, tlv(0x30, fields + tlv(0xA3, tlv(0x30, data))))
    for options in (["--full"], ["--json"], ["--format", "hex", "--full"], ["--get", "enc-part.cipher"]):
        done = run("decode", "--from", "raw", *options, "-", stdin=token)
        assert key[:6].hex() not in done.out
        assert key[:6].hex(" ") not in done.out
    assert key.hex() in run("decode", "--from", "raw", "--full", "--show-secrets", "-", stdin=token).out


# Through the command line ------------------------------------------------------------------------------------------

FORMATS: dict[str, list[str]] = {
    "tree": ["--full", "--spans"],
    "summary": ["--format", "summary"],
    "hex": ["--format", "hex", "--full"],
    "json": ["--json", "--spans"],
}


def forms_of(secret: bytes) -> list[str]:
    """How bytes could stand in an output: hex, spaced hex, and each of the three ways into base64."""
    found = [secret.hex(), secret[:8].hex(" ")]
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret).decode()
        found.append(text[4 : len(text) // 4 * 4 - 4])
    return [form for form in found if len(form) >= 10]


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("entry", SAMPLES, ids=lambda entry: entry["file"])
def test_no_output_of_a_sample_holds_a_secret_or_a_name_of_it(entry: dict[str, Any], layout: str) -> None:
    path = ROOT / "samples" / entry["file"]
    data = path.read_bytes()
    plain = run("decode", "--json", path).out
    found = [bytes.fromhex(token) for token in _raw_tokens(path, data)]
    names = set().union(*map(names_in, found))
    secrets = set().union(*map(secrets_in, found))
    done = run("decode", "--redact", *FORMATS[layout], path)
    said = (done.out + done.err).replace("MIT krb5", "")  # the program, which is no realm
    for rule in all_rules():  # what is the same for every token names nobody
        said = said.replace(json.dumps(rule.summary), "").replace(json.dumps(rule.advice), "")
    assert done.code == entry["exit"]
    words = set(WORD.findall(re.sub(r"(?<![\w.])\d+(?![\w.])", "", said)))
    assert not {name for name in names if name in words}, names & words
    assert path.name not in said
    for secret in secrets:
        for form in forms_of(secret):
            assert form not in said
    assert plain != done.out


def _raw_tokens(path: Path, data: bytes) -> list[str]:
    """The tokens of a file, in hex."""
    found = read_tokens(data, path.name, None, 1 << 20, 1 << 26)
    return [token.data.hex() for token in found]


def test_what_is_said_of_a_file_that_cannot_be_read_names_it_not(tmp_path: Path) -> None:
    missing, empty = tmp_path / "alice.bin", tmp_path / "contoso.txt"
    empty.write_bytes(b"")
    done = run("decode", "--redact", missing, empty, "--json")
    assert done.code == 4
    assert "alice" not in done.out + done.err
    assert "contoso" not in done.out + done.err
    assert "file-1: no such file" in done.err


def test_a_redacted_token_is_written_and_decodes(tmp_path: Path) -> None:
    written = tmp_path / "shared.bin"
    assert run("decode", "--redact", "-w", written, "samples/spnego-kerberos-init.bin").code == 0
    again = json.loads(run("decode", "--json", written).out)
    assert again["complete"] is True
    ticket = again["fields"]["mechToken"]["fields"]["ticket"]
    assert ticket["enc-part"]["etype"]["name"] == "aes256-cts-hmac-sha1-96"
    assert ticket["sname"]["text"].startswith("HTTP/")
    assert ticket["realm"] != "LAB.EXAMPLE"
    assert b"example" not in written.read_bytes().lower()


def test_a_single_value_is_that_of_the_stand_in(tmp_path: Path) -> None:
    done = run("decode", "--redact", "--get", "UserName", "samples/ntlm-authenticate.bin")
    assert re.fullmatch(r"user\d\n", done.out)


def test_stand_ins_are_the_same_for_all_tokens_of_a_run() -> None:
    done = run("decode", "--redact", "--format", "summary", "samples/curl-ntlm.log", "samples/kerberos-ap-req.bin")
    lines = done.out.splitlines()
    challenge, authenticate = lines[1], lines[2]
    domain = re.search(r" of (\w+)", challenge).group(1)
    assert f"from {domain}" in authenticate
    assert "DO1\\" in authenticate
    assert "@DO1." in lines[3]


# accept ------------------------------------------------------------------------------------------------------------

LEGS = [f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}
LAB = re.compile(r"(?i)\balice\b|\blab\b|\bweb\b|\bexample\b|\bVM\b|63-ntlm")


@pytest.mark.parametrize("form", [[], ["--json"], ["--get", "legs"]], ids=["text", "json", "get"])
@pytest.mark.parametrize("users", [["--user", "LAB\\alice"], ["--user", "LAB\\carol"], ["--user", "alice"]], ids=str)
def test_an_answer_names_nobody_whatever_it_is(form: list[str], users: list[str]) -> None:
    done = run("accept", "--redact", "--captured", *users, *form, *LEGS, **PASSWORD)
    plain = run("accept", "--captured", *users, *form, *LEGS, **PASSWORD)
    assert done.code == plain.code
    assert LAB.search(plain.out)
    assert not LAB.search(done.out + done.err), LAB.search(done.out + done.err)
    assert "carol" not in done.out + done.err
    for leg in LEGS:
        for secret in secrets_in((ROOT / leg).read_bytes()):
            assert not any(form in done.out for form in forms_of(secret))


def test_the_client_and_the_output_are_redacted_alike() -> None:
    done = run("accept", "--redact", "--captured", "--user", "LAB\\alice", "--json", *LEGS, **PASSWORD)
    *_, leg = json.loads(done.out)["legs"]
    assert leg["status"]["name"] == "SEC_E_OK"
    assert re.fullmatch(r"user\d", leg["client"]["name"])
    assert leg["client"]["impersonation"] == "impersonate"
    assert leg["input"]["source"]["name"] == "file-3"


def test_the_stand_ins_of_one_leg_are_those_of_the_next_though_another_process_answers(tmp_path: Path) -> None:
    context = tmp_path / "ctx"
    names = "--server-name", "VM", "--server-domain", "LAB", "--server-dns", "web.lab.example"
    fixed = "--server-challenge", decode((ROOT / LEGS[1]).read_bytes()).root.child("ServerChallenge").value.hex()
    first = run(
        "accept",
        "--redact",
        "--json",
        "--user",
        "LAB\\alice",
        "--new-context",
        context,
        *names,
        *fixed,
        LEGS[0],
        **PASSWORD,
    )
    assert first.code == 0, first.err
    output = base64.b64decode(json.loads(first.out)["legs"][0]["output"]["base64"])
    given = {node.value for _, node in leaves(output) if node.kind == TEXT}
    assert len(given) >= 3
    assert not {"VM", "LAB", "web.lab.example"} & given
    second = run("accept", "--redact", "--user", "LAB\\alice", "--context", context, LEGS[2], **PASSWORD)
    domain, station = re.search(r"AUTHENTICATE_MESSAGE (\w+)\\\w+ from (\w+)", second.out).groups()
    assert {domain, station} <= given


def test_with_redact_the_output_that_is_written_is_the_redacted_one(tmp_path: Path) -> None:
    written = tmp_path / "out.bin"
    names = "--server-name", "SRVNAME", "--server-domain", "CONTOSO"
    done = run("accept", "--redact", "--user", "a", "-w", written, *names, LEGS[0], **PASSWORD)
    assert done.code == 0
    assert "CONTOSO".encode("utf-16-le") not in written.read_bytes()
    assert decode(written.read_bytes()).error is None
    assert "redacted" in done.out
    assert "file-2 holds the redacted token" in done.err


def test_an_error_about_the_command_s_files_does_not_name_them(tmp_path: Path) -> None:
    users = tmp_path / "alice-users.txt"
    users.write_text("LAB:alice:x\n", "utf-8")
    done = run("accept", "--redact", "--users", users, "--context", tmp_path / "no-alice-context", LEGS[0])
    assert done.code == 1
    assert "alice" not in done.out + done.err
    done = run("accept", "--redact", "--users", tmp_path / "alice-none.txt", LEGS[0])
    assert done.code == 4
    assert "alice" not in done.out + done.err
