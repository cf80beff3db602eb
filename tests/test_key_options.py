"""The options that give Kerberos keys: what is taken, what is refused, in which words, and what is said of no key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from builders import kerberos as krb
from builders import sealed as make
from builders.ccache import KRBTGT, Writer
from builders.cli import Ran, run
from builders.der import KRB5, NEGOEX, NTLM, encrypted, neg_token_init
from builders.kerberos import ALL, LONG_TERM, MUTUAL_REQUIRED, NOW, USE_SESSION_KEY, WEB, Client, Host, ring

from secctx.acceptor.values import Step
from secctx.cli import key_options
from secctx.keys import tickets
from secctx.keys.keyring import Account, KeyRing, RingKey
from secctx.keys.password_keys import PasswordKeys, default_salt
from secctx.keys.string_to_key import MOST_ITERATIONS

ROOT = Path(__file__).parents[1]
ALICE = Client()
TO_USER = ALICE.but(long_term=krb.TGT_KEY, kvno=None, options=USE_SESSION_KEY | MUTUAL_REQUIRED)
AT = ("--at", NOW.isoformat())
PASSWORD = "Service-Passw0rd"
DENIED = "SEC_E_LOGON_DENIED"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a keytab, its key in hex, a cache, a .kirbi with the same TGT, and requests."""
    for name, data in {
        "web.keytab": krb.keytab_bytes(),
        "key.hex": LONG_TERM.value.hex().encode(),
        "tgt.ccache": krb.ccache(),
        "tgt.kirbi": make.krb_cred(make.encrypted(0, None, make.cred_part(krb.TGT_KEY)), krb.tgt()),
        "cut.ccache": krb.ccache()[:-10],
        "passwords": b"hunter2 and others",
        "alice.bin": ALICE.token(),
        "u2u.bin": TO_USER.token(),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        path.chmod(0o600)
    return tmp_path


def accepted(folder: Path, *arguments: str, token: str = "alice.bin", **environment: str) -> Ran:
    return run("accept", *AT, *arguments, token, cwd=folder, **environment)


def told(done: Ran) -> str:
    """All words, whatever the line they stand in."""
    return " ".join((done.err + done.out).split())


# Options that were tracebacks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("etype", ["18", "018", "0x12", "aes256-cts-hmac-sha1-96"])
def test_a_type_is_a_decimal_or_hexadecimal_number_or_a_name(folder: Path, etype: str) -> None:
    assert "SEC_E_OK" in accepted(folder, "--key", f"{etype}:key.hex").out


def test_the_path_of_a_key_need_not_be_text(folder: Path) -> None:
    name = os.fsdecode(b"k\xff.hex")
    (folder / name).write_bytes((folder / "key.hex").read_bytes())
    assert accepted(folder, "--key", f"18:{name}", "--json").code == 0


def test_the_same_key_by_another_path_is_the_same_credential(folder: Path) -> None:
    (folder / "again.hex").write_bytes((folder / "key.hex").read_bytes().upper())
    (folder / "dce.bin").write_bytes(ALICE.but(gss=ALL | krb.DCE).ap_req())
    first = accepted(folder, "--key", "18:key.hex", "--new-context", "ctx", token="dce.bin")
    assert "SEC_I_CONTINUE_NEEDED" in first.out
    assert "SEC_E_WRONG_CREDENTIAL_HANDLE" not in accepted(folder, "--key", "0x12:again.hex", "--context", "ctx").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--key", f"{'1' * 5000}:key.hex"), "no encryption type is called 1111"),
        (("--key", "٣:key.hex"), "no encryption type is called"),
        (("--key", "\udcff:key.hex"), "no encryption type is called"),
        (("--principal", "\udcff@LAB.EXAMPLE"), "--principal is not UTF-8 text"),
        (("--principal", "svc@LAB.EXAMPLE", "--salt", "\udcff"), "--salt is not UTF-8 text"),
        (("--principal", "svc@LAB.EXAMPLE", "--iterations", "99999999999"), "is not in the range"),
        (("--salt", "x"), "--salt is of --principal"),
        (("--iterations", "4096"), "--iterations is of --principal"),
        (("--keytab", "web.keytab", "--salt", "x"), "--salt is of --principal"),
    ],
)
@pytest.mark.parametrize("command", ["accept", "decode"])
def test_an_option_that_says_nothing_usable_is_a_usage_error(
    folder: Path, command: str, arguments: tuple[str, ...], words: str
) -> None:
    done = run(command, *arguments, "alice.bin", cwd=folder, SECCTX_PASSWORD="x")
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err) < 1000


@pytest.mark.parametrize(("option", "words"), [("--message", "no key is given"), ("--password-file", "--principal")])
def test_decode_refuses_what_it_would_pass_over(folder: Path, option: str, words: str) -> None:
    done = run("decode", option, "passwords", "alice.bin", cwd=folder)
    assert done.code == 2
    assert words in done.err
    assert run("decode", "--keytab", "web.keytab", "--message", "passwords", "alice.bin", cwd=folder).code == 0
    assert run("decode", "--message", "passwords", "alice.bin", cwd=folder, KRB5_KTNAME="web.keytab").code == 0


def test_the_iterations_that_are_taken_are_those_that_are_worked_through() -> None:
    assert key_options._MOST_ITERATIONS == MOST_ITERATIONS


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["FILE:", "WRFILE:", "file:", ""])
def test_a_keytab_and_a_cache_may_be_named_as_other_programs_name_them(folder: Path, kind: str) -> None:
    assert "SEC_E_OK" in accepted(folder, "--keytab", f"{kind}web.keytab").out
    assert "SEC_E_OK" in accepted(folder, "--ccache", f"{kind}tgt.ccache", token="u2u.bin").out
    shown = run("decode", "--keytab", f"{kind}{folder}/web.keytab", "--redact", "--full", "alice.bin", cwd=folder)
    assert "opened: ticket.enc-part" in shown.out
    assert str(folder) not in shown.out + shown.err


def test_a_tgt_for_user_to_user_may_come_from_a_kirbi(folder: Path) -> None:
    assert "SEC_E_OK" in accepted(folder, "--ccache", "tgt.kirbi", token="u2u.bin").out


def test_a_cache_that_is_not_whole_is_told_of(folder: Path) -> None:
    done = accepted(folder, "--ccache", "cut.ccache", token="u2u.bin")
    assert done.code == 1
    assert "cut.ccache: entry 1 of the credential cache" in done.err
    assert "no ticket-granting ticket in it" in done.err
    assert "for user-to-user the TGT (--ccache FILE)" in told(done)
    whole = Writer()
    cache = whole.credential(KRBTGT, etype=18, key=krb.TGT_KEY.value, ticket=krb.tgt())
    (folder / "cut.ccache").write_bytes(whole.cache(cache, cache)[:-10])
    done = accepted(folder, "--ccache", "cut.ccache", token="u2u.bin")
    assert "SEC_E_OK" in done.out
    assert "cut.ccache: entry 2 of the credential cache" in done.err


@pytest.mark.parametrize("command", ["accept", "decode"])
@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--ccache", "web.keytab", "it is a keytab"),
        ("--ccache", "passwords", "no credential cache and no .kirbi: it begins otherwise"),
        ("--keytab", "passwords", "no keytab: it begins otherwise"),
        ("--keytab", "tgt.ccache", "no keytab: it begins otherwise"),
    ],
)
def test_a_file_of_another_kind_is_refused_without_a_byte_of_it(
    folder: Path, command: str, option: str, name: str, words: str
) -> None:
    done = run(command, option, name, "alice.bin", cwd=folder)
    assert (done.code, done.out) == (4, "")
    assert f"{name}: " in done.err
    assert words in done.err
    assert "68" not in done.err  # the h of hunter2


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mechs", "users", "words"),
    [
        ([KRB5, NTLM], None, "no credentials are given: --keytab FILE for Kerberos, --users FILE for NTLM"),
        ([NTLM], None, "no credentials are given: --users FILE for NTLM"),
        ([KRB5], "", "can be served with these credentials: --keytab FILE for Kerberos"),
        ([NEGOEX], None, "the client offers no mechanism that is known here"),
    ],
)
def test_what_credentials_a_negotiation_lacks_is_said(mechs: list[bytes], users: str | None, words: str) -> None:
    step = Host(KeyRing(), users).step(neg_token_init(*mechs))
    assert step.status.name == "SEC_E_SECPKG_NOT_FOUND"
    assert step.refusal is not None
    assert step.refusal.text.endswith(words)


def test_what_a_server_that_begins_lacks_is_said() -> None:
    step = Host(KeyRing(), None).step(b"")
    assert step.refusal is not None
    assert step.refusal.text == "no credentials are given: --keytab FILE for Kerberos, --users FILE for NTLM"


def test_without_any_credentials_the_command_says_which_to_give(folder: Path) -> None:
    done = run("accept", "samples/spnego-kerberos-init.b64", cwd=ROOT)
    assert told(done).startswith("No credentials are given: --keytab FILE for Kerberos")


def account(*components: str, salt: bytes | None = None) -> KeyRing:
    """The password of one account."""
    made = PasswordKeys(PASSWORD, default_salt(krb.REALM, components) if salt is None else salt)
    name = "/".join(components)
    return KeyRing(accounts=[Account(krb.REALM, components, (made,), f"the password of {name}@{krb.REALM}")])


def reason(step: Step) -> str:
    assert step.refusal is not None, step
    return step.refusal.text


def test_a_wrong_salt_is_thought_of_where_the_account_is_the_wanted_one() -> None:
    step = Host(account(*WEB, salt=b"another")).step(ALICE.token())
    assert "made from another password, or with another salt (--salt), or the ticket was made for" in reason(step)
    assert "(--salt)" not in reason(Host(ring((WEB, 18, 3))).step(ALICE.but(long_term=krb.SUBKEY).token()))


def test_a_servers_account_of_another_name_may_have_another_salt() -> None:
    assert "if it is the same account, its password or its salt (--salt) is another" in reason(
        Host(account("svc")).step(ALICE.token())
    )


def test_a_right_password_is_not_called_wrong_for_a_ticket_that_is_anothers(tmp_path: Path) -> None:
    key = PasswordKeys(PASSWORD, default_salt(krb.REALM, ("alice",))).key(18)
    (tmp_path / "request.bin").write_bytes(ALICE.token())
    arguments = ("--json", "--principal", f"alice@{krb.REALM}", "request.bin")
    done = run("decode", *arguments, cwd=tmp_path, SECCTX_PASSWORD=PASSWORD)
    assert key.value.hex() not in done.out
    part = parts(done)["ticket.enc-part"]
    assert part["reason"].endswith("the key of HTTP/web.lab.example@LAB.EXAMPLE is not given")
    assert "password" not in part["reason"]
    assert "salt" not in done.out + done.err


def test_a_right_password_opens_the_reply_and_the_krbtgts_ticket_is_no_fault_of_it() -> None:
    sample = ("--json", "--principal", "alice@MIT.EXAMPLE", "samples/kdc-as-rep.bin")
    done = run("decode", *sample, SECCTX_PASSWORD="Alice-Passw0rd1")
    found = parts(done)
    assert found["enc-part"]["opened"]
    assert found["ticket.enc-part"]["reason"].endswith("the key of krbtgt/MIT.EXAMPLE@MIT.EXAMPLE is not given")
    assert "salt" not in done.err
    wrong = run("decode", *sample, SECCTX_PASSWORD="another")
    assert "with another salt (--salt)" in parts(wrong)["enc-part"]["reason"]
    assert "salt" not in parts(wrong)["ticket.enc-part"]["reason"]


def parts(done: Ran) -> dict[str, Any]:
    """What became of each part, by its path."""
    return {part["path"]: part for part in json.loads(done.out)["keys"]}


# MIT's rules ----------------------------------------------------------------------------------------------------------


def test_mit_holds_a_passwords_key_to_the_name_too() -> None:
    key = account("svc").accounts[0].passwords[0].key(18)
    client = ALICE.but(long_term=key)
    step = Host(account("svc")).step(client.token())
    assert step.status.name == "SEC_E_OK"
    assert any("MIT with a named credential would refuse it for its name: --order mit" in note for note in step.notes)
    refused = Host(account("svc")).step(client.token(), mit=True)
    assert refused.status.name == DENIED
    assert reason(refused).endswith(
        "MIT tries no key of another name: the key of HTTP/web.lab.example@LAB.EXAMPLE is not given"
    )
    own = account(*WEB)
    client = ALICE.but(long_term=own.accounts[0].passwords[0].key(18))
    assert Host(own).step(client.token(), mit=True).status.name == "SEC_E_OK"


def test_mit_tells_capitals_from_small_letters() -> None:
    client = ALICE.but(service=("http", "WEB.lab.example"))
    assert Host().step(client.token()).status.name == "SEC_E_OK"
    step = Host().step(client.token(), mit=True)
    assert (step.status.name, step.refusal and step.refusal.kind) == (DENIED, "no-key-for-service")
    assert "the same name but for capitals and small letters: HTTP/web.lab.example@LAB.EXAMPLE" in reason(step)


def test_the_keys_that_mit_does_not_try_are_not_said_to_be_absent() -> None:
    step = Host().step(ALICE.but(service=("cifs", "web.lab.example")).token(), mit=True)
    assert reason(step).endswith("MIT tries no key of another name")
    step = Host(ring((WEB, 23, 3))).step(ALICE.but(service=("cifs", "web.lab.example")).token(), mit=True)
    assert reason(step).endswith("there is no key of aes256-cts-hmac-sha1-96 to try instead")


# How many keys --------------------------------------------------------------------------------------------------------


def many(count: int, *last: RingKey) -> KeyRing:
    """Keys of other services, and those behind them."""
    others = [RingKey(krb.SUBKEY, "k", krb.REALM, ("HTTP", f"host{number}"), 1) for number in range(count)]
    return KeyRing([*others, *last])


def test_a_large_ticket_is_not_tried_on_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def decrypt(_: Any, *__: Any) -> None:
        nonlocal count
        count += 1

    monkeypatch.setattr("secctx.acceptor.kerberos_ticket._try", decrypt)
    monkeypatch.setattr(Client, "ticket", lambda _: krb.tlv(0x61, krb.tlv(0x30, _fields(bytes(900_000)))))
    step = Host(many(900)).step(ALICE.token())
    assert 50 < count < 100
    assert f"none of the {count} other keys of aes256-cts-hmac-sha1-96 that were tried opens it" in reason(step)
    assert f"and {900 - count} more were not tried" in reason(step)


def _fields(cipher: bytes) -> bytes:
    return krb.fields(0, krb.integer(5), krb.text(krb.REALM), krb.principal(2, *WEB), encrypted(18, 3, cipher))


def test_keys_beyond_the_most_that_are_tried_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MOST_KEYS", 10)
    assert "none of the 10 other keys of aes256-cts-hmac-sha1-96 that were tried opens it, and 2 more" in reason(
        Host(many(12)).step(ALICE.token())
    )
    assert reason(Host(many(10)).step(ALICE.token())).endswith(
        "none of the 10 other keys of aes256-cts-hmac-sha1-96 opens it"
    )
    named = RingKey(LONG_TERM, "k", krb.REALM, WEB, 3)
    assert Host(many(12, named)).step(ALICE.token()).status.name == "SEC_E_OK"


def test_the_password_of_the_wanted_name_is_tried_before_the_keys_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MOST_KEYS", 10)
    keys = many(12)
    keys.accounts = account(*WEB).accounts
    client = ALICE.but(long_term=keys.accounts[0].passwords[0].key(18))
    assert Host(keys).step(client.token()).status.name == "SEC_E_OK"
