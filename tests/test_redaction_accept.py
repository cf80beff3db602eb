"""`--redact` with keys: no name of a key, of a part that only a key opens, of an account or a file is in any output.

Everything goes through the command line: all that it says, on both channels, is searched for every name that went in.
"""

from __future__ import annotations

import base64
import itertools
import re
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import kerberos as krb
from builders.ccache import Writer
from builders.cli import run
from builders.der import KRB5, fields, framed, integer, principal, text, tlv
from builders.kerberos import AES256, ALL, DELEG, NOW, SESSION, Client
from builders.pac import CLIENT, LOGON, UPN, client_info, logon_info, upn_dns

from secctx.cli.redaction import Redaction
from secctx.redaction.names import DOMAIN, HOST, USER, Names
from secctx.redaction.phrases import COMMON

#: Real names, of users, hosts and realms; a word that secctx uses itself is among them, and an address is.
REALM, OTHER, BETWEEN = "CORPDOM.TLD", "CONTOSO.BIZ", "FABRIKAM.NET"
WEB = ("HTTP", "intra.stale.corpdom.tld")
SERVICE = krb.service_key(AES256, WEB)
NAMES = """
corpdom tld contoso biz fabrikam adatum jsmith kjones intra stale svc-batch payrollhost zeppelin
mailhub 10.77.3.9 wernher quagmire brien
"""
WORDS = NAMES.split()
AT = ("--at", NOW.isoformat())
BATCH = {"SECCTX_PASSWORD": "Geheim-1"}

JSMITH = Client(
    name=("jsmith",), realm=REALM, service=WEB, service_realm=REALM, long_term=SERVICE, subkey=krb.SUBKEY, gss=ALL
)


def pac_of(name: str) -> bytes:
    """A PAC with names in each of its buffers that has any."""
    authtime = int(JSMITH.authtime.timestamp() + 11_644_473_600) * 10_000_000
    return krb.signed_pac(
        SERVICE,
        (LOGON, logon_info("jsmith", groups=[(513, 7)], full_name="Wernher Quagmire")),
        (CLIENT, client_info(name, authtime)),
        (UPN, upn_dns("kjones@contoso.biz", BETWEEN)),
    )


def leaked(*texts: str) -> list[str]:
    """The real names in what was said, in base64 too."""
    said = "\n".join(texts)
    runs = (each for each in re.findall(r"[A-Za-z0-9+/]{24,}", said) if len(each) % 4 != 1)  # paths look like it too
    decoded = [base64.b64decode(each + "=" * (-len(each) % 4)) for each in runs]
    blob = b"\n".join(decoded).lower()
    words = [word for word in WORDS if re.search(rf"(?i)(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", said)]
    # Our own texts speak of keytabs that are stale, in that word alone: as part of a name it has dots around it.
    return [word for word in words if word != "stale" or "stale." in said] + [
        word for word in WORDS if len(word) > 4 and word.encode() in blob
    ]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a name in it, for files with names."""
    folder = tmp_path / "zeppelin"
    folder.mkdir()
    keys(folder / "payrollhost.keytab", (WEB, AES256, krb.KVNO))
    return folder


def keys(path: Path, *named: krb.Named, realm: str = REALM) -> Path:
    """A keytab of such keys."""
    path.write_bytes(krb.keytab_bytes(*named, realm=realm))
    path.chmod(0o600)
    return path


@dataclass
class Case:
    """What a client sends, and a word that the answer has if the case is the one that is meant."""

    client: Client
    says: str
    more: tuple[str, ...] = ()
    keytab: tuple[Any, ...] | None = None
    realm: str = REALM
    variables: dict[str, str] = field(default_factory=dict)


STALE = (("HTTP", "mailhub.stale.contoso.biz"), AES256, krb.KVNO)
ADDRESS = (("host", "10.77.3.9"), AES256, krb.KVNO)
BRIEN = (("o'brien",), AES256, krb.KVNO)
KRBTGT = (("krbtgt", OTHER), AES256, krb.KVNO)
CASES = {
    "logon": Case(JSMITH, "SEC_E_OK"),
    "pac": Case(JSMITH.but(pac=pac_of("jsmith")), "SEC_E_OK"),
    "pac-of-another": Case(JSMITH.but(pac=pac_of("svc-batch")), "status"),
    "pac-with-krbtgt": Case(JSMITH.but(pac=pac_of("jsmith")), "krbtgt", keytab=((WEB, AES256, krb.KVNO), KRBTGT)),
    "no-ticket-part": Case(JSMITH.but(ticket_plain=b"jsmith at contoso.biz"), "is no EncTicketPart"),
    "mit": Case(JSMITH, "the keys are for", ("--order", "mit"), keytab=(ADDRESS,), realm=OTHER),
    "client-mismatch": Case(JSMITH.but(said_name=("kjones",), said_realm=OTHER), "authenticator says"),
    "client-of-several-parts": Case(
        JSMITH.but(name=("quagmire", "wernher"), said_name=("kjones", "svc-batch")), "authenticator says"
    ),
    "transited": Case(JSMITH.but(realm=OTHER, transited=(1, b"FABRIKAM.NET,ADATUM.ORG")), "went through"),
    "transited-compressed": Case(JSMITH.but(realm=OTHER, transited=(1, b"FABRIKAM.NET,adatum.")), "went through"),
    "delegated": Case(JSMITH.but(gss=ALL | DELEG, deleg=krb.krb_cred(SESSION, ("kjones",))), "forwarded TGT"),
    "expired": Case(JSMITH.but(endtime=NOW - timedelta(hours=2)), "ticket ended"),
    "skew": Case(JSMITH.but(ctime=NOW - timedelta(hours=2)), "clocks differ"),
    "another-service": Case(JSMITH, "the keys are for", keytab=(STALE, ADDRESS, BRIEN), realm=OTHER),
    "one-account": Case(JSMITH.but(service=("HTTP", "mailhub"), service_realm=OTHER), "one account has both names"),
    "kvno": Case(JSMITH.but(kvno=9), "key"),
    "wrong-password": Case(JSMITH, "opens it", ("--principal", f"svc-batch@{OTHER}"), (), variables=BATCH),
    "no-such-tgt": Case(JSMITH.but(options=0x60000000), "TGT"),
}
FORMS = {"text": (), "json": ("--json",), "captured": ("--captured",), "captured json": ("--captured", "--json")}


def keytab_of(case: Case, files: Path) -> list[str | Path]:
    """The option for the keytab that a case is about: the usual one, one of its own, or none."""
    if case.keytab is None:
        return ["--keytab", files / "payrollhost.keytab"]
    return ["--keytab", keys(files / "kjones.keytab", *case.keytab, realm=case.realm)] if case.keytab else []


@pytest.mark.parametrize(("name", "form"), list(itertools.product(CASES, ("text", "json", "captured json"))))
def test_accept_names_nobody(name: str, form: str, files: Path) -> None:
    case = CASES[name]
    token = files / "jsmith.bin"
    token.write_bytes(case.client.token())
    arguments = [*FORMS[form], *keytab_of(case, files), *AT, *case.more, "--replay-cache", files / "wernher.rc", token]
    done = run("accept", "--redact", *arguments, **case.variables)
    assert not leaked(done.out, done.err), (done.out, done.err)
    if form == "text":
        (files / "wernher.rc").unlink(missing_ok=True)
        plain = run("accept", *arguments, **case.variables)
        assert leaked(plain.out, plain.err)
        assert case.says in re.sub(r"\s+", " ", done.out + plain.out).replace("The keys", "the keys"), plain.out
        assert case.says in re.sub(r"\s+", " ", done.out).replace("The keys", "the keys")


@pytest.mark.parametrize("form", ["text", "json"])
def test_names_in_a_token_that_comes_in_fragments_are_known(form: str, files: Path) -> None:
    whole = CASES["transited"].client.init()
    context, common = files / "kjones.ctx", ["--keytab", files / "payrollhost.keytab", "--req", "FRAGMENT_SUPPLIED"]
    for number, part in enumerate((whole[:300], whole[300:])):
        token = files / f"wernher-{number}.bin"
        token.write_bytes(part)
        kept = ["--context", context] if number else ["--new-context", context]
        done = run("accept", "--redact", *FORMS[form], *common, *kept, *AT, token)
        assert not leaked(done.out, done.err), (done.out, done.err)
    assert "went through" in done.out


@pytest.mark.parametrize("kind", ["", "FILE:", "WRFILE:", "file:"])
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("command", ["accept", "decode"])
def test_the_keytab_of_the_environment_is_not_named(command: str, kind: str, there: bool, files: Path) -> None:
    token = files / "jsmith.bin"
    token.write_bytes(JSMITH.token())
    path = files / "kjones wernher's.keytab"
    if there:
        shutil.copy(files / "payrollhost.keytab", path)
        path.chmod(0o600)
    more = AT if command == "accept" else ("--full",)
    for form in ((), ("--json",)):
        done = run(command, "--redact", *more, *form, token, KRB5_KTNAME=f"{kind}{path}")
        assert not leaked(done.out, done.err), (done.out, done.err)
        if not form:
            assert ("SEC_E_OK" in done.out or "opened with" in done.out) == there
            assert there or "KRB5_KTNAME: keytab file-" in done.err


def test_the_names_of_files_that_cannot_be_read_are_not_said(files: Path) -> None:
    token = files / "jsmith.bin"
    token.write_bytes(JSMITH.token())
    broken = files / "payrollhost.junk"
    broken.write_bytes(b"kjones")
    broken.chmod(0o600)
    for path in (broken, files / "wernher.none"):
        for option, value in (
            ("--keytab", f"{path}"),
            ("--keytab", f"FILE:{path}"),
            ("--key", f"18:{path}"),
            ("--ccache", f"{path}"),
            ("--password-file", f"{path}"),
        ):
            more = ("--principal", f"svc-batch@{OTHER}") if option == "--password-file" else ()
            for command in ("accept", "decode"):
                done = run(command, "--redact", option, value, *more, token)
                assert not leaked(done.out, done.err), (done.out, done.err)


def test_a_principal_without_a_password_is_not_named(files: Path) -> None:
    token = files / "jsmith.bin"
    token.write_bytes(JSMITH.token())
    for command in ("accept", "decode"):
        done = run(command, "--redact", "--principal", f"svc-batch/intra@{OTHER}", token)
        assert "no password for" in done.err
        assert not leaked(done.out, done.err), (done.out, done.err)


def test_the_messages_of_decode_are_not_named(files: Path) -> None:
    token = files / "jsmith.bin"
    token.write_bytes(JSMITH.token())
    keytab = files / "payrollhost.keytab"
    done = run("decode", "--redact", "--keytab", keytab, "--message", files / "wernher.none", token)
    assert done.err
    assert not leaked(done.out, done.err), done.err


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", CASES)
def test_decode_names_nobody(name: str, form: str, files: Path) -> None:
    case = CASES[name]
    token = files / "jsmith.bin"
    token.write_bytes(case.client.token())
    arguments = [*FORMS[form], *keytab_of(case, files), *case.more, token]
    done = run("decode", "--redact", "--full", *arguments, **case.variables)
    assert not leaked(done.out, done.err), (done.out, done.err)


def test_the_names_in_a_credential_cache_are_not_said(files: Path) -> None:
    owner, server = (REALM, ["wernher"]), (OTHER, ["HTTP", "mailhub.stale.contoso.biz"])
    writer = Writer()
    client = JSMITH.but(long_term=krb.key("not given"))
    held = writer.credential(server, owner, etype=SESSION.etype, key=SESSION.value, ticket=client.ticket())
    cache = files / "payrollhost.ccache"
    cache.write_bytes(writer.cache(held, client=owner))
    cache.chmod(0o600)
    token = files / "jsmith.bin"
    token.write_bytes(client.token())
    for form in ((), ("--json",)):
        done = run("decode", "--redact", "--full", *form, "--ccache", cache, token)
        assert "the session key of the ticket to HTTP/" in re.sub(r"\s+", " ", done.out)
        assert not leaked(done.out, done.err), done.out
    done = run("accept", "--redact", "--json", "--ccache", cache, *AT, token)
    assert not leaked(done.out, done.err), (done.out, done.err)


def test_a_captured_leg_that_is_not_judged_is_told_without_its_file(files: Path) -> None:
    token = files / "jsmith.bin"
    token.write_bytes(JSMITH.token())
    for form in ("--json", "--quiet"):
        done = run("accept", "--redact", "--captured", form, token)
        assert not leaked(done.out, done.err), done.out
        assert form == "--quiet" or "not judged" in done.out


def test_the_names_in_a_captured_answer_are_not_said(files: Path) -> None:
    """What a captured server sent is compared field by field, with names that the client never said."""
    keytab, token, answer = files / "payrollhost.keytab", files / "jsmith.bin", files / "kjones.bin"
    token.write_bytes(CASES["skew"].client.token())
    inner = fields(0, integer(5), integer(30), None, None, krb.time(NOW), integer(1), integer(60))
    inner += fields(9, text(OTHER), principal(2, "host", "mailhub.adatum"), text("cannot reach payrollhost"))
    answer.write_bytes(framed(KRB5, krb.ERROR_ID + tlv(0x7E, tlv(0x30, inner))))
    for form in ((), ("--json",)):
        arguments = ("--captured", *form, "--keytab", keytab, *AT, token, answer)
        done, plain = run("accept", "--redact", *arguments), run("accept", *arguments)
        assert "realm: the server sent CONTOSO.BIZ" in re.sub(r"\s+", " ", plain.out)
        assert "realm: the server sent " in re.sub(r"\s+", " ", done.out)
        assert not leaked(done.out, done.err), (done.out, done.err)


def test_the_users_of_a_file_are_not_said(files: Path) -> None:
    """The domains that the users file serves are named where the client's is another."""
    users = files / "wernher.users"
    users.write_text("fabrikam:kjones:Geheim-1\ncontoso:svc-batch:Geheim-2\n", encoding="utf-8")
    users.chmod(0o600)
    legs = [f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
    for form in ((), ("--json",)):
        arguments = ["--captured", "--users", users, *form, *legs]
        done, plain = run("accept", "--redact", *arguments), run("accept", *arguments)
        assert leaked(plain.out)
        assert not leaked(done.out, done.err), (done.out, done.err)


# The text itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("mail.key.example", HOST, "the keys are for mail.key.example, not for it"),
        ("10.77.3.9", HOST, "there is no key of host/10.77.3.9@CORPDOM"),
        ("fd00::77:1", HOST, "it came from fd00::77:1, and went"),
        ("6f1c2d3e-1111-2222-3333-444455556666", HOST, "the key 6f1c2d3e-1111-2222-3333-444455556666 of it"),
        ("o'brien", USER, "the ticket is o'brien's"),
        ("svc_-", USER, "nothing of svc_-@it opens"),
        ("server.ticket", DOMAIN, "HTTP/server.ticket opens it"),
    ],
)
def test_a_known_name_goes_whatever_it_is_made_of(name: str, kind: str, said: str) -> None:
    names = Names()
    names.name(name, kind)
    shown = names.text(said, COMMON)
    for part in re.split(r"[.']", name):
        assert len(part) < 2 or not re.search(rf"(?<!\w){re.escape(part)}(?!\w)", shown), shown
    assert len(shown) == len(said)


def test_our_own_words_with_dots_stay() -> None:
    names = Names()
    for name in ("ticket", "server", "s", "t"):
        names.name(name, USER)
    said = "not opened: ticket.server, the client's ticket isn't the server's: 08:25:16, 6.2.0"
    assert names.text(said, COMMON) == said


def test_a_path_with_its_kind_is_one_file(tmp_path: Path) -> None:
    redaction = Redaction()
    redaction.place(f"FILE:{tmp_path}/kjones.keytab")
    redaction.place(f"{tmp_path}/kjones.keytab")
    assert redaction.text(f"the key of {tmp_path}/kjones.keytab") == "the key of file-1"
    assert redaction.text(f"FILE:{tmp_path}/kjones.keytab: no keytab") == "FILE:file-1: no keytab"
