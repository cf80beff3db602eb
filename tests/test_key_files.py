"""`secctx decode` of keytabs, credential caches and .kirbi files: listed, with keys only where they are asked for."""

from __future__ import annotations

import base64
import json
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing
from builders import der, kdc
from builders.ccache import KRBTGT, WEB, Writer
from builders.cli import Ran, run
from builders.keytab import entry, hole, keytab

from secctx.carriers.token import Source, Token
from secctx.cli.key_files import KeyFile, read_key_file, show_key_file, taken_as
from secctx.decoders import decode
from secctx.keys.ccache import Ccache
from secctx.keys.keytab import Keytab
from secctx.keys.kirbi import Kirbi

ROOT = Path(__file__).parents[1]
FILES = Path(__file__).parent / "data" / "keyfiles"
ORACLE = runpy.run_path(str(Path(__file__).parent / "oracles" / "tokens.py"))
LAB = sorted((ORACLE["LAB"] / "keytabs").glob("*.keytab"))
FUZZ = ORACLE["CORPUS"] / "mit_krb5" / "fuzz"

SCHEMAS = {
    name: json.loads((ROOT / "schemas" / f"{name}-1.json").read_text("utf-8"))
    for name in ("decode", "keytab", "ccache")
}
REGISTRY = referencing.Registry().with_resources(
    (schema["$id"], referencing.Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
VALIDATORS = {name: jsonschema.Draft202012Validator(schema, registry=REGISTRY) for name, schema in SCHEMAS.items()}

KEY = bytes(range(100, 132))
SESSION = bytes(range(200, 232))
LITTLE = entry((b"a",), b"R", version=1, byte_order="little")
PASSWORD = b"correct horse battery"


def checked(text: str) -> dict[str, Any]:
    """A document, held to its schema."""
    document: dict[str, Any] = json.loads(text)
    VALIDATORS[document["schema"].removeprefix("secctx.").partition("/")[0]].validate(document)
    return document


def a_keytab() -> bytes:
    return keytab(
        entry((b"HTTP", b"web.lab.example"), etype=18, key=KEY, kvno=3, timestamp=1_795_335_611),
        hole(20),
        entry((b"alice",), etype=23, key=KEY[:16], kvno=4, timestamp=1_795_335_612),
    )


def a_cache(*more: bytes) -> bytes:
    write = Writer()
    tgt = der.ticket(kdc.KRBTGT)
    return write.cache(
        write.setting("fast_avail", b"yes", "krbtgt/LAB.EXAMPLE@LAB.EXAMPLE"),
        write.credential(KRBTGT, key=SESSION, times=(1_795_335_611, 1_795_335_611, 1_795_371_611, 0), ticket=tgt),
        write.credential(WEB, etype=23, key=SESSION[:16], addresses=[(2, b"\xc0\0\2\7")], ticket=der.ticket()),
        write.setting("password", PASSWORD),
        *more,
    )


def a_kirbi() -> bytes:
    info = der.tlv(0x30, der.fields(
        0,
        der.tlv(0x30, der.fields(0, der.integer(18), der.tlv(4, SESSION))),
        der.text("LAB.EXAMPLE"),
        der.principal(1, "alice"),
        der.tlv(3, b"\0\x40\xa1\0\0"),
        None,
        der.time("20261122082011Z"),
        der.time("20261122182011Z"),
        der.time("20261129082011Z"),
        der.text("LAB.EXAMPLE"),
        der.principal(2, "HTTP", "web"),
    ))  # fmt: skip
    part = der.tlv(0x7D, der.tlv(0x30, der.fields(0, der.tlv(0x30, info))))
    fields = der.fields(0, der.integer(5), der.integer(22), der.tlv(0x30, der.ticket()), der.encrypted(0, None, part))
    return der.tlv(0x76, der.tlv(0x30, fields))


MADE = {"web.keytab": a_keytab(), "krb5cc": a_cache(), "tgt.kirbi": a_kirbi()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in MADE.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def secrets_in(ran: Ran) -> list[str]:
    """The secrets that a run showed, in any form."""
    forms = {form for key in (KEY, SESSION, KEY[:16], SESSION[:16]) for form in (key.hex(), key[:8].hex())}
    forms |= {PASSWORD.decode(), PASSWORD.hex()}
    return [form for form in forms if form in ran.out + ran.err]


# What is recognised --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (a_keytab(), Keytab),
        (keytab(), Keytab),
        (keytab(hole(30)), Keytab),
        (keytab(version=1), Keytab),
        (keytab(entry(version=1, byte_order="little"), version=1), Keytab),
        (keytab(entry(version=1, byte_order="big"), version=1), Keytab),
        (a_keytab()[:40], Keytab),
        (a_keytab()[:-1], Keytab),
        # As a credential cache this has a client with a long realm, and then is damaged too.
        (keytab(LITTLE, b"\xff\xff\xff\x7f", bytes(70_000), version=1), Keytab),
        (a_cache(), Ccache),
        (a_cache()[:100], Ccache),
        (b"\5\4\0\x0c", Ccache),
        (a_kirbi(), Kirbi),
        (a_kirbi()[:-1], Kirbi),
        *((Writer(version).cache(), Ccache) for version in (1, 2, 3, 4)),
        *((Writer(version).cache(Writer(version).credential()), Ccache) for version in (1, 2, 3, 4)),
        *((Writer(version, "big").cache(Writer(version, "big").credential()), Ccache) for version in (1, 2)),
        *((Writer(version).cache(Writer(version).credential()[:-1]), Ccache) for version in (1, 2, 3, 4)),
    ],
)
def test_a_file_is_known_by_its_first_bytes(data: bytes, kind: type) -> None:
    assert isinstance(read_key_file(data), kind)


TOKENS = sorted({path for place in ("samples", "tests/data") for path in (ROOT / place).rglob("*.bin")})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\5",
        b"\5\0\x0b\3",
        b"\5\5\0\0",
        b"\5\4\0\xff" + bytes(12),  # a Wrap token without flags
        b"\5\4\7\xff" + bytes(12),
        b"\5\4",
        b"\5\1" + kdc.as_req(),  # TOK_ID of IAKERB_PROXY and a message
        b"\5\1\x30\x03\xa1\1\0",
        kdc.krb_cred(),
        kdc.as_req(),
        *(path.read_bytes() for path in TOKENS),
    ],
)
def test_a_token_is_no_such_file(data: bytes) -> None:
    assert read_key_file(data) is None
    token = Token(data, Source("x", "raw", 0))
    assert taken_as(token, None, fields=False) is token


def test_what_travels_in_a_protocol_is_a_token() -> None:
    token = Token(a_keytab(), Source("x", "raw", 0, carrier="Authorization: Negotiate"))
    assert taken_as(token, None, fields=False) is token


def test_a_kirbi_is_a_token_where_fields_of_it_are_asked_for(folder: Path) -> None:
    path = folder / "tgt.kirbi"
    assert run("decode", "--get", "tickets[0].realm", path).out == "LAB.EXAMPLE\n"
    assert json.loads(run("decode", "--json", "--spans", path).out)["message"] == "KRB-CRED"
    assert "tkt-vno" in run("decode", "--format", "hex", path).out
    assert checked(run("decode", "--json", path).out)["format"] == "kirbi"


@pytest.mark.parametrize("form", ["base64", "hex", "xxd"])
@pytest.mark.parametrize("name", MADE)
def test_text_forms_of_a_file_are_listed_too(form: str, name: str) -> None:
    data = MADE[name]
    text = {
        "base64": base64.encodebytes(data),
        "hex": data.hex(" ").encode(),
        "xxd": b"".join(
            b"%08x: %s  %s\n" % (at, data[at : at + 16].hex(" ", 2).encode().ljust(39), b"." * len(data[at : at + 16]))
            for at in range(0, len(data), 16)
        ),
    }[form]
    shown = checked(run("decode", "--json", stdin=text).out)
    assert (shown["size"], shown["source"]["encoding"]) == (len(data), form)
    assert shown["complete"]


# Documents -----------------------------------------------------------------------------------------------------------


def test_the_document_of_a_keytab(folder: Path) -> None:
    ran = run("decode", "--json", folder / "web.keytab")
    shown = checked(ran.out)
    assert (ran.code, ran.err, secrets_in(ran)) == (0, "", [])
    assert shown["schema"] == "secctx.keytab/1"
    assert (shown["version"], shown["byte_order"], shown["complete"], shown["holes"]) == ("0x0502", "big", True, 1)
    assert shown["entries"] == [
        {
            "principal": {
                "name-type": {"value": 1, "name": "NT-PRINCIPAL"},
                "name-string": ["HTTP", "web.lab.example"],
                "realm": "LAB.EXAMPLE",
                "text": "HTTP/web.lab.example@LAB.EXAMPLE",
            },
            "timestamp": "2026-11-22T08:20:11Z",
            "kvno": 3,
            "enctype": {"value": 18, "name": "aes256-cts-hmac-sha1-96"},
            "key": {"secret": True, "size": 32},
        },
        {
            "principal": {
                "name-type": {"value": 1, "name": "NT-PRINCIPAL"},
                "name-string": ["alice"],
                "realm": "LAB.EXAMPLE",
                "text": "alice@LAB.EXAMPLE",
            },
            "timestamp": "2026-11-22T08:20:12Z",
            "kvno": 4,
            "enctype": {"value": 23, "name": "rc4-hmac"},
            "key": {"secret": True, "size": 16},
        },
    ]


def test_the_document_of_a_cache(folder: Path) -> None:
    ran = run("decode", "--json", folder / "krb5cc")
    shown = checked(ran.out)
    assert (ran.code, ran.err, secrets_in(ran)) == (0, "", [])
    assert (shown["schema"], shown["format"], shown["version"]) == ("secctx.ccache/1", "ccache", "0x0504")
    assert (shown["client"]["text"], shown["time_offset"]) == ("alice@LAB.EXAMPLE", 0)
    tgt, web = shown["entries"]
    assert tgt["server"]["text"] == "krbtgt/LAB.EXAMPLE@LAB.EXAMPLE"
    assert tgt["keyblock"] == {
        "enctype": {"value": 18, "name": "aes256-cts-hmac-sha1-96"},
        "key": {"secret": True, "size": 32},
    }
    assert (tgt["starttime"], tgt["endtime"], tgt["renew_till"]) == (
        "2026-11-22T08:20:11Z", "2026-11-22T18:20:11Z", None,
    )  # fmt: skip
    assert tgt["ticket_flags"] == {
        "value": 0x40A00000, "hex": "0x40a00000", "names": ["forwardable", "renewable", "pre-authent"],
    }  # fmt: skip
    assert (tgt["ticket"]["kvno"], tgt["ticket"]["enctype"]["value"], tgt["ticket"]["error"]) == (3, 18, None)
    assert web["addresses"] == [{"addr-type": {"value": 2, "name": "IPv4"}, "address": "c0000207"}]
    assert web["ticket"]["server"]["text"] == "HTTP/web@LAB.EXAMPLE"
    assert [item["entry"] for item in (tgt, web)] == [2, 3]
    assert shown["configuration"] == [
        {
            "entry": 1,
            "key": "fast_avail",
            "principal": "krbtgt/LAB.EXAMPLE@LAB.EXAMPLE",
            "value": "yes",
            "removed": False,
        },
        {"entry": 4, "key": "password", "principal": None, "value": {"secret": True, "size": 21}, "removed": False},
    ]


def test_the_document_of_a_kirbi(folder: Path) -> None:
    ran = run("decode", "--json", folder / "tgt.kirbi")
    shown = checked(ran.out)
    assert (ran.code, secrets_in(ran)) == (0, [])
    assert (shown["schema"], shown["format"], shown["version"]) == ("secctx.ccache/1", "kirbi", None)
    (only,) = shown["entries"]
    assert (only["client"]["text"], only["server"]["text"]) == ("alice@LAB.EXAMPLE", "HTTP/web@LAB.EXAMPLE")
    assert (only["authtime"], only["endtime"], only["is_skey"]) == (None, "2026-11-22T18:20:11Z", None)
    assert only["ticket_flags"]["names"] == ["forwardable", "renewable", "pre-authent", "enc-pa-rep"]


@pytest.mark.parametrize("path", sorted(FILES.glob("*.ccache")) + sorted(FILES.glob("*.keytab")), ids=lambda p: p.name)
def test_what_kinit_and_kadmin_wrote_is_whole(path: Path) -> None:
    ran = run("decode", "--json", "--spans", path)
    shown = checked(ran.out)
    assert (ran.code, shown["complete"]) == (0, True)
    assert all(0 < item["span"][0] < item["span"][1] <= shown["size"] for item in shown["entries"])


def test_a_keytab_says_what_klist_says() -> None:
    shown = checked(run("decode", "--json", FILES / "web.keytab").out)
    rows = (FILES / "web.klist").read_text("utf-8").splitlines()[2:]
    assert [
        f"{item['kvno']:4} {item['timestamp'][5:7]}/{item['timestamp'][8:10]}/{item['timestamp'][2:4]} "
        f"{item['timestamp'][11:19]} {item['principal']['text']} ({item['enctype']['name']}) "
        for item in shown["entries"]
    ] == rows


@pytest.mark.skipif(not LAB, reason="the lab's tokens are not here")
def test_the_keytabs_of_the_lab_are_whole() -> None:
    ran = run("decode", "--json", *LAB)
    shown = [checked(line) for line in ran.out.splitlines()]
    assert (ran.code, len(shown)) == (0, len(LAB))
    assert all(item["complete"] and item["entries"] for item in shown)


@pytest.mark.skipif(not FUZZ.is_dir(), reason="the collection is not here")
def test_mits_own_odd_files_are_read_as_far_as_they_go() -> None:
    paths = sorted([*(FUZZ / "keytab").iterdir(), *(FUZZ / "ccache").iterdir()])
    ran = run("decode", "--json", *paths)
    shown = {Path(item["source"]["name"]).name: item for item in map(checked, ran.out.splitlines())}
    assert ran.code == 3
    assert {name: (item["schema"][7:13], item["complete"], len(item["entries"])) for name, item in shown.items()} == {
        "big_size": ("keytab", False, 0),
        "v502_one_entry": ("keytab", True, 1),
        "version_0x501": ("keytab", True, 0),
        "version_only": ("keytab", True, 0),
        "v1_principal_only": ("ccache", False, 0),  # it has a name type, which version 1 has not
        "v4_principal_only": ("ccache", True, 0),
    }


# Text ----------------------------------------------------------------------------------------------------------------


def test_a_keytab_is_a_table_that_fits_80_columns(folder: Path) -> None:
    ran = run("decode", folder / "web.keytab", COLUMNS="80")
    assert secrets_in(ran) == []
    assert ran.out == (
        "keytab, version 0x0502, 2 keys, 168 bytes (raw)\n"
        "\n"
        "kvno  enctype                  principal             timestamp\n"
        "3     aes256-cts-hmac-sha1-96  HTTP/web.lab.example  2026-11-22 08:20:11 UTC\n"
        "                               @LAB.EXAMPLE\n"
        "4     rc4-hmac                 alice                 2026-11-22 08:20:12 UTC\n"
        "                               @LAB.EXAMPLE\n"
    )


def test_a_line_that_goes_into_a_pipe_is_not_folded(folder: Path) -> None:
    assert (
        "3     aes256-cts-hmac-sha1-96  HTTP/web.lab.example@LAB.EXAMPLE  2026-11-22 08:20:11 UTC\n"
        in run("decode", folder / "web.keytab").out
    )


def test_a_cache_is_listed_ticket_by_ticket(folder: Path) -> None:
    ran = run("decode", folder / "krb5cc", COLUMNS="80")
    assert secrets_in(ran) == []
    assert max(map(len, ran.out.splitlines())) <= 80
    assert ran.out.split("\n", 1)[1] == (
        "client alice@LAB.EXAMPLE\n"
        "\n"
        "krbtgt/LAB.EXAMPLE@LAB.EXAMPLE\n"
        "  session key  aes256-cts-hmac-sha1-96, 32 bytes, not shown\n"
        "  ticket       aes256-cts-hmac-sha1-96, kvno 3, 116 bytes\n"
        "  valid        2026-11-22 08:20:11 to 2026-11-22 18:20:11 UTC\n"
        "  flags        forwardable, renewable, pre-authent\n"
        "\n"
        "HTTP/web.lab.example@LAB.EXAMPLE\n"
        "  session key  rc4-hmac, 16 bytes, not shown\n"
        "  ticket       aes256-cts-hmac-sha1-96, kvno 3, 106 bytes, for\n"
        "               HTTP/web@LAB.EXAMPLE\n"
        "  authtime     2001-09-09 01:46:40 UTC\n"
        "  valid        2001-09-09 01:46:41 to 2001-09-09 11:46:40 UTC\n"
        "  flags        forwardable, renewable, pre-authent\n"
        "  addresses    192.0.2.7\n"
        "\n"
        "configuration\n"
        "  fast_avail  yes, for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE\n"
        "  password    21 bytes, not shown\n"
    )


def test_one_line_for_each_file_and_token(folder: Path) -> None:
    ran = run("decode", "--format", "summary", *(folder / name for name in MADE), "oQcwBaADCgEC")
    assert (ran.code, ran.err) == (0, "")
    assert [line.removeprefix(f"{folder}/") for line in ran.out.splitlines()] == [
        "web.keytab: keytab with 2 keys: HTTP/web.lab.example@LAB.EXAMPLE kvno 3, alice@LAB.EXAMPLE kvno 4",
        "krb5cc: credential cache with 2 tickets of alice@LAB.EXAMPLE: krbtgt/LAB.EXAMPLE@LAB.EXAMPLE, "
        "HTTP/web.lab.example@LAB.EXAMPLE",
        "tgt.kirbi: .kirbi file with 1 ticket of alice@LAB.EXAMPLE: HTTP/web@LAB.EXAMPLE",
        "argument: SPNEGO NegTokenResp: reject [SPN005]",
    ]


def test_files_and_tokens_given_together_are_shown_in_their_order(folder: Path) -> None:
    ran = run("decode", "oQcwBaADCgEC", folder / "web.keytab", "oQcwBaADCgEA", folder / "krb5cc")
    heads = [line.partition(": ")[0] for line in ran.out.splitlines() if " bytes (" in line and "└" not in line]
    heads = [head.rpartition("/")[2].partition(",")[0] for head in heads]
    assert heads == ["argument", "web.keytab", "argument", "krb5cc"]
    assert "\n\n\n" not in ran.out
    documents = run("decode", "--json", "oQcwBaADCgEC", folder / "krb5cc", folder / "web.keytab").out.splitlines()
    assert [checked(line)["schema"] for line in documents] == [
        "secctx.decode/1",
        "secctx.ccache/1",
        "secctx.keytab/1",
    ]


def test_control_characters_in_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    bad = "\x1b[31m\x07"
    write = Writer()
    (tmp_path / "cc").write_bytes(
        write.cache(write.credential(("R", ["a", bad])), write.setting("pa_type" + bad, bad.encode(), bad))
    )
    (tmp_path / "kt").write_bytes(keytab(entry((bad.encode(),))))
    for options in ([], ["--format", "summary"], ["--show-secrets"]):
        ran = run("decode", *options, tmp_path / "cc", tmp_path / "kt")
        assert "\x1b" not in ran.out + ran.err
        assert "\\x1b[31m" in ran.out


# Secrets, stand-ins, values ------------------------------------------------------------------------------------------


def test_keys_are_shown_where_they_are_asked_for(folder: Path) -> None:
    shown = [
        checked(line)
        for line in run("decode", "--json", "--show-secrets", *(folder / name for name in MADE)).out.splitlines()
    ]
    assert [item["key"] for item in shown[0]["entries"]] == [KEY.hex(), KEY[:16].hex()]
    assert [item["keyblock"]["key"] for item in shown[1]["entries"]] == [SESSION.hex(), SESSION[:16].hex()]
    assert shown[1]["configuration"][1]["value"] == PASSWORD.decode()
    assert shown[2]["entries"][0]["keyblock"]["key"] == SESSION.hex()
    text = run("decode", "--show-secrets", *(folder / name for name in MADE)).out
    for secret in (KEY.hex(), SESSION.hex(), PASSWORD.decode()):
        assert secret in text


@pytest.mark.parametrize(
    "options", [[], ["--json"], ["--format", "summary"], ["--json", "--show-secrets"], ["--show-secrets"]]
)
def test_redacted_files_hold_no_name_no_key_and_no_address(folder: Path, options: list[str]) -> None:
    write = Writer()
    (folder / "cut").write_bytes(
        write.cache(
            write.setting("ntlm-key-CORP", SESSION), write.setting("proxy_impersonator", b"HTTP/web.lab.example@LAB")
        )
        + b"\0"
    )
    ran = run("decode", "--redact", *options, *(folder / name for name in (*MADE, "cut")))
    said = ran.out + ran.err
    assert secrets_in(ran) == []
    for name in (
        "alice",
        "web.lab",
        "LAB.EXAMPLE",
        "lab.example",
        "CORP",
        "c0000207",
        "192.0.2.7",
        "krb5cc",
        str(folder),
    ):
        assert name not in said, name
    assert "HTTP/" in said
    assert "krbtgt/" in said
    if "--json" in options:
        documents = [checked(line) for line in ran.out.splitlines()]
        assert [item["sha256"] for item in documents] == [None] * 4
        assert documents[0]["entries"][1]["principal"]["text"] == documents[1]["client"]["text"]


def test_redacted_files_go_with_redacted_tokens(folder: Path) -> None:
    (folder / "ticket").write_bytes(der.ap_req())
    ran = run("decode", "--redact", "--json", folder / "ticket", folder / "web.keytab")
    token, listed = map(json.loads, ran.out.splitlines())
    assert token["fields"]["ticket"]["realm"] == listed["entries"][0]["principal"]["realm"] != "LAB.EXAMPLE"


def test_a_value_of_the_document_can_be_had(folder: Path) -> None:
    path = folder / "krb5cc"
    assert run("decode", "--get", "entries[1].server.text", path).out == "HTTP/web.lab.example@LAB.EXAMPLE\n"
    assert run("decode", "--get", "entries[0].keyblock.key", path).out == '{"secret":true,"size":32}\n'
    assert run("decode", "--get", "version", folder / "web.keytab").out == "0x0502\n"
    missing = run("decode", "--get", "entries[9].server", path)
    assert (missing.code, missing.out) == (1, "")
    assert "no such value: entries[9].server" in missing.err
    assert run("decode", "--get", "client.text", "-w", folder / "out", path).out == ""
    assert (folder / "out").read_text() == "alice@LAB.EXAMPLE"


def test_the_bytes_of_a_text_form_are_written_for_their_owner_only(folder: Path) -> None:
    ran = run("decode", "-q", "-w", folder / "out", stdin=base64.b64encode(a_keytab()))
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (folder / "out").read_bytes() == a_keytab()
    assert (folder / "out").stat().st_mode & 0o777 == 0o600
    refused = run("decode", "--redact", "-w", folder / "other", folder / "web.keytab")
    assert refused.code == 2
    assert not (folder / "other").exists()


# What is wrong -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_a_cut_file_says_where_and_keeps_what_is_before(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(MADE[name][:-1])
    ran = run("decode", "--json", path)
    shown = checked(ran.out)
    assert (ran.code, shown["complete"]) == (3, False)
    assert len(shown["entries"]) == {"web.keytab": 1, "krb5cc": 2, "tgt.kirbi": 1}[name]
    assert ran.err.startswith(f"secctx: {path}: ")
    assert "expected" in ran.err
    assert secrets_in(ran) == []
    text = run("decode", "--color", "always", path)
    assert text.code == 3
    wrong = next(line for line in text.out.splitlines() if "expected" in line)
    assert "\x1b[1;31m" in wrong
    quiet = run("decode", "-q", path)
    assert (quiet.code, quiet.out) == (3, "")


def test_a_ticket_that_is_none_is_wrong_and_the_others_are_shown(folder: Path) -> None:
    write = Writer()
    path = folder / "krb5cc"
    path.write_bytes(a_cache(write.credential(ticket=b"secret!!"), write.credential(ticket=der.ticket() + b"secret")))
    ran = run("decode", "--json", path)
    shown = checked(ran.out)
    assert ran.code == 3
    assert len(shown["entries"]) == 4
    assert (shown["error"]["entry"], shown["error"]["expected"]) == (5, "a Ticket")
    assert shown["entries"][2]["ticket"]["error"]["found"] == "8 bytes of something else"
    assert shown["entries"][3]["ticket"]["error"]["found"] == "6 more bytes"
    assert "secret" not in ran.out.replace('"secret":true', "") + ran.err
    assert b"secret!!".hex(" ")[:11] not in ran.out + ran.err
    text = run("decode", path)
    assert text.code == 3
    assert "expected a Ticket, found 8 bytes of something else" in text.out


def test_the_greatest_exit_code_counts(folder: Path) -> None:
    (folder / "cut").write_bytes(a_keytab()[:-1])
    assert run("decode", "-q", folder / "web.keytab", folder / "krb5cc").code == 0
    assert run("decode", "-q", folder / "web.keytab", folder / "cut", folder / "krb5cc").code == 3
    assert run("decode", "-q", folder / "web.keytab", folder / "none").code == 4


OPTIONS: dict[str, Any] = {
    "spans": True, "path": None, "target": None, "quiet": False, "color": "never",
    "many": True, "several": set(), "apart": False,
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_every_cut_and_many_flipped_bits_are_listed_without_raising(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = MADE[name]
    changed = [data[:cut] for cut in range(len(data))]
    changed += [data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(len(data))]
    listed = 0
    for altered in changed:
        file = taken_as(Token(altered, Source("x", "raw", 0)), None, fields=False)
        if not isinstance(file, KeyFile):
            assert decode(altered).mechanism in ("Kerberos", "unknown", "SPNEGO", "GSS", "IAKERB", "CredSSP")
            continue
        listed += 1
        code = show_key_file(file, as_json=True, layout="tree", secrets=False, **OPTIONS)
        text = capsys.readouterr().out
        shown = checked(text) if listed % 4 == 0 else json.loads(text)
        assert code == (0 if shown["complete"] else 3)
        if listed % 5 == 0:
            show_key_file(file, as_json=False, layout="tree", secrets=True, **OPTIONS)
            assert "x: " in capsys.readouterr().out
    assert listed > len(changed) // 3
