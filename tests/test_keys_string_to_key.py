"""Kerberos keys of passwords: the RFCs' vectors, the salts of RFC 4120 and Active Directory, the lab's accounts."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from secctx.keys import string_to_key
from secctx.keys.enctype import KerberosCryptoError, LengthError, UnsupportedEnctype
from secctx.keys.enctypes import ENCTYPES, enctype
from secctx.keys.keytab import KeytabEntry, read_keytab
from secctx.keys.ntlm import ntowf_v1
from secctx.keys.password_keys import PasswordKeys, computer_salt, default_salt, user_salt
from secctx.keys.string_to_key import MOST_ITERATIONS, IterationsError, iterations, utf8

ORACLE = runpy.run_path(str(Path(__file__).parent / "oracles" / "tokens.py"))
VECTORS = ORACLE["CORPUS"] / "rfc_crypto" / "rfc_string_to_key.json"
LAB = ORACLE["LAB"] / "keytabs"

RAEBURN = b"ATHENA.MIT.EDUraeburn"
CLEF = "\U0001d11e"
LONG = "X" * 64
#: The salt of RFC 8009 appendix A, the random bytes before the name included.
SALT_8009 = bytes.fromhex("10df9dd783e5bc8acea1730e74355f61") + RAEBURN

#: RFC 3961 appendix A.4, RFC 3962 appendix B, RFC 6803 section 10, RFC 8009 appendix A; type, count, password, salt.
KEYS = [
    (16, None, "password", RAEBURN, "850bb51358548cd05e86768c313e3bfef7511937dcf72c3e"),
    (16, None, "potatoe", b"WHITEHOUSE.GOVdanny", "dfcd233dd0a43204ea6dc437fb15e061b02979c1f74f377a"),
    (16, None, "penny", b"EXAMPLE.COMbuckaroo", "6d2fcdf2d6fbbc3ddcadb5da5710a23489b0d3b69d5d9d4a"),
    (16, None, "ß", "ATHENA.MIT.EDUJurišić".encode(), "16d5a40e1ce3bacb61b9dce00470324c831973a7b952feb0"),
    (16, None, CLEF, b"EXAMPLE.COMpianist", "85763726585dbc1cce6ec43e1f751f07f1c4cbb098f40b19"),
    (17, 1, "password", RAEBURN, "42263c6e89f4fc28b8df68ee09799f15"),
    (18, 1, "password", RAEBURN, "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161"),
    (17, 1200, "password", RAEBURN, "4c01cd46d632d01e6dbe230a01ed642a"),
    (18, 1200, "password", RAEBURN, "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a"),
    (17, 50, CLEF, b"EXAMPLE.COMpianist", "f149c1f2e154a73452d43e7fe62a56e5"),
    (18, 50, CLEF, b"EXAMPLE.COMpianist", "4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e"),
    (17, 1200, LONG, b"pass phrase equals block size", "59d1bb789a828b1aa54ef9c2883f69ed"),
    (17, 1200, LONG + "X", b"pass phrase exceeds block size", "cb8005dc5f90179a7f02104c0018751d"),
    (19, 32768, "password", SALT_8009, "089bca48b105ea6ea77ca5d2f39dc5e7"),
    (20, 32768, "password", SALT_8009, "45bd806dbf6a833a9cffc1c94589a222367a79bc21c413718906e9f578a78467"),
    (25, 1, "password", RAEBURN, "57d0297298ffd9d35de5a47fb4bde24b"),
    (26, 1, "password", RAEBURN, "b9d6828b2056b7be656d88a123b1fac68214ac2b727ecf5f69afe0c4df2a6d2c"),
    (25, 2, "password", RAEBURN, "73f1b53aa0f310f93b1de8ccaa0cb152"),
    (26, 1200, "password", RAEBURN, "77f421a6f25e138395e837e5d85d385b4c1bfd772e112cd9208ce72a530b15e6"),
    (25, 5, "password", bytes.fromhex("1234567878563412"), "00498fd916bfc1c2b1031c170801b381"),
    (
        26,
        1200,
        LONG,
        b"pass phrase equals block size",
        "119fe2a1cb0b1be010b9067a73db63ed4665b4e53a98d178035dcfe843a6b9b0",
    ),
    (25, 1200, LONG + "X", b"pass phrase exceeds block size", "5752ac8d6ad1ccfe8430b312871c2f74"),
    (25, 50, CLEF, b"EXAMPLE.COMpianist", "cc75c7fd260f1c1658011fcc0d560616"),
    (26, 50, CLEF, b"EXAMPLE.COMpianist", "163b768c6db148b4eec7163df5aed70e206b68cec078bc069ed68a7ed36b1ecc"),
    # An account of Active Directory, from the documentation of DSInternals; the NT hash that everyone knows.
    (
        18,
        None,
        "Pa$$w0rd",
        b"CONTOSO.COMAdministrator",
        "660e61042b190b5724c62bb473facca12058fb9ad3c03c0d2809f839c0352502",
    ),
    (17, None, "Pa$$w0rd", b"CONTOSO.COMAdministrator", "bd75e98362b16649ffbaed630d5341d0"),
    (23, None, "Password", b"no salt counts", "a4f49c406510bdcab6824ee7c30fd852"),
    (24, None, "Password", b"", "a4f49c406510bdcab6824ee7c30fd852"),
]


@pytest.mark.parametrize(("number", "count", "password", "salt", "key"), KEYS)
def test_the_key_of_a_password_is_that_of_the_rfcs(
    number: int, count: int | None, password: str, salt: bytes, key: str
) -> None:
    assert enctype(number).string_to_key(password, salt, count).hex() == key


@pytest.mark.skipif(not VECTORS.is_file(), reason="the collection is not here")
def test_every_string_to_key_vector_of_the_collection_holds() -> None:
    found = json.loads(VECTORS.read_text("utf-8"))
    assert len(found) >= 16
    for row in found:
        password, salt = bytes.fromhex(row["password_hex"]).decode(), bytes.fromhex(row["salt_hex"])
        assert enctype(row["enctype"]).string_to_key(password, salt, row["iterations"]).hex() == row["key"], row


@pytest.mark.parametrize(
    ("number", "default"), [(17, 4096), (18, 4096), (19, 32768), (20, 32768), (25, 32768), (26, 32768)]
)
def test_without_parameters_the_default_count_is_taken(number: int, default: int) -> None:
    kind = enctype(number)
    assert kind.default_iterations == default
    assert kind.string_to_key("p", b"s") == kind.string_to_key("p", b"s", default)
    assert kind.string_to_key("p", b"s") != kind.string_to_key("p", b"s", default - 1)


@pytest.mark.parametrize("number", [17, 18, 19, 20, 25, 26])
@pytest.mark.parametrize("count", [0, -1, MOST_ITERATIONS + 1, 1 << 32])
def test_a_count_out_of_bounds_is_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch, number: int, count: int
) -> None:
    monkeypatch.setattr(string_to_key.hashlib, "pbkdf2_hmac", lambda *_: pytest.fail("worked all the same"))
    with pytest.raises(IterationsError, match=f"an iteration count is 1 to 16777216, not {count}"):
        enctype(number).string_to_key("p", b"s", count)


def test_the_parameters_of_etype_info2_are_a_count_in_four_bytes() -> None:
    assert iterations(b"\0\0\x10\0") == 4096
    assert iterations(b"\1\0\0\0") == MOST_ITERATIONS
    for params in (b"", b"\0", b"\0\0\x10", b"\0\0\0\x10\0"):
        with pytest.raises(IterationsError, match="4 bytes"):
            iterations(params)
    for params in (bytes(4), b"\1\0\0\1", b"\xff\xff\xff\xff"):
        with pytest.raises(IterationsError, match="1 to 16777216"):
            iterations(params)
    assert issubclass(IterationsError, KerberosCryptoError)


def test_triple_des_takes_no_count_and_wants_a_byte_to_fold() -> None:
    with pytest.raises(IterationsError, match="takes no iteration count"):
        enctype(16).string_to_key("p", b"s", 1)
    with pytest.raises(LengthError):
        enctype(16).string_to_key("", b"")


@pytest.mark.parametrize("number", [17, 18, 19, 20, 23, 24, 25, 26])
def test_an_empty_password_and_salt_make_a_key_too(number: int) -> None:
    kind = enctype(number)
    assert len(kind.string_to_key("", b"")) == kind.key_size


def test_a_lone_surrogate_is_the_replacement_character_in_aes_and_itself_in_rc4() -> None:
    """What Windows makes of the random password of a computer (MS-KILE 3.1.1.2: UTF-16 converted to UTF-8)."""
    assert utf8("a\ud800b") == "a\ufffdb".encode()
    assert utf8("\ud834\udd1e") == CLEF.encode()
    assert enctype(18).string_to_key("\udc00", b"s", 1) == enctype(18).string_to_key("\ufffd", b"s", 1)
    assert enctype(23).string_to_key("\udc00", b"s") == ntowf_v1("\udc00")


# Salts.


def test_the_default_salt_is_realm_and_components_with_nothing_between() -> None:
    assert default_salt("ATHENA.MIT.EDU", ("raeburn",)) == RAEBURN
    assert default_salt("MIT.EXAMPLE", ("HTTP", "web.mit.example")) == b"MIT.EXAMPLEHTTPweb.mit.example"
    assert default_salt("", ()) == b""
    assert default_salt("R", ("bøb",)) == "Rbøb".encode()


def test_a_user_of_active_directory_has_the_realm_in_capitals_and_the_name_as_spelt() -> None:
    assert user_salt("contoso.com", "Administrator") == b"CONTOSO.COMAdministrator"
    assert user_salt("LAB.EXAMPLE", "bøb") == "LAB.EXAMPLEbøb".encode()


@pytest.mark.parametrize("account", ["COMPUTER$", "computer", "Computer$", "COMPUTER"])
@pytest.mark.parametrize("realm", ["CONTOSO.LOCAL", "contoso.local", "Contoso.Local"])
def test_a_computer_of_active_directory_has_host_and_its_dns_name(account: str, realm: str) -> None:
    assert computer_salt(realm, account) == b"CONTOSO.LOCALhostcomputer.contoso.local"


def test_only_the_last_dollar_of_a_computer_is_taken_off() -> None:
    assert computer_salt("R.E", "A$B$$") == b"R.Ehosta$b$.r.e"


# The keys of a password.


def test_each_key_is_made_once_when_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, int]] = []
    true_pbkdf2 = string_to_key.hashlib.pbkdf2_hmac

    def counted(digest: str, password: bytes, salt: bytes, count: int, size: int) -> bytes:
        made.append((digest, count))
        return true_pbkdf2(digest, password, salt, count, size)

    monkeypatch.setattr(string_to_key.hashlib, "pbkdf2_hmac", counted)
    keys = PasswordKeys("password", RAEBURN)
    assert made == []
    assert keys.key(23).value == ntowf_v1("password")
    assert made == []
    assert keys.key(18) is keys.key(18)
    assert made == [("sha1", 4096)]
    assert keys.key(20).etype == 20
    assert made == [("sha1", 4096), ("sha384", 32768)]


def test_a_given_count_holds_for_the_types_that_have_one() -> None:
    keys = PasswordKeys("password", RAEBURN, 1)
    assert keys.key(17).value.hex() == "42263c6e89f4fc28b8df68ee09799f15"
    assert keys.key(25).value.hex() == "57d0297298ffd9d35de5a47fb4bde24b"
    assert keys.key(16).value.hex() == "850bb51358548cd05e86768c313e3bfef7511937dcf72c3e"
    made = keys.all()
    assert [key.etype for key in made] == list(ENCTYPES)
    assert all(len(key.value) == key.enctype.key_size for key in made)


def test_a_refused_type_has_no_key() -> None:
    with pytest.raises(UnsupportedEnctype, match="RFC 6649"):
        PasswordKeys("password", RAEBURN).key(3)


def test_password_keys_show_no_password() -> None:
    keys = PasswordKeys("hunter2", RAEBURN)
    keys.key(23)
    assert repr(keys) == f"{keys}" == "PasswordKeys(…)"


# The lab: its keys are made of passwords, by MIT's kadmin and by Samba.

PASSWORDS = {"alice": "Alice-Passw0rd1", "bob": "Pässwörd-日本-1", "bøb": "Pässwörd-日本-1"}
SERVICE = "Svc-Passw0rd1"
#: Whose password is random, or not among those above.
UNKNOWN = ("dc1", "krbtgt", "administrator")


def password_of(account: str, found: KeytabEntry, first_version: int) -> str:
    """Only the service `stale` has changed its password."""
    changed = "stale" in account and found.kvno > first_version
    return PASSWORDS.get(account, SERVICE) + ("-2" if changed else "")


@pytest.mark.skipif(not LAB.is_dir(), reason="the lab's keytabs are not here")
def test_the_keys_of_mits_principals_are_those_of_their_passwords_and_default_salts() -> None:
    types = set()
    for path in sorted(LAB.glob("mit-*.keytab")):
        if "wrongkey" in path.name:
            continue
        for found in read_keytab(path.read_bytes()).entries:
            keys = PasswordKeys(
                password_of(found.components[-1], found, 1), default_salt(found.realm, found.components)
            )
            assert keys.key(found.etype).value == found.key.value, f"{path.name}: {found}"
            types.add(found.etype)
    assert types == {17, 18, 19, 20, 23}


@pytest.mark.skipif(not LAB.is_dir(), reason="the lab's keytabs are not here")
def test_the_keys_of_sambas_accounts_are_those_of_their_passwords_and_active_directorys_salts() -> None:
    accounts = set()
    for path in sorted(LAB.glob("ad-*.keytab")):
        if "wrongkey" in path.name:
            continue
        for found in read_keytab(path.read_bytes()).entries:
            account = found.components[0]
            if len(found.components) == 2:
                account = "svc-" + found.components[1].partition(".")[0]
            if any(name in found.principal.lower() for name in UNKNOWN):
                continue
            keys = PasswordKeys(password_of(account, found, 2), user_salt(found.realm, account))
            assert keys.key(found.etype).value == found.key.value, f"{path.name}: {found}"
            accounts.add(account)
    assert accounts >= {"alice", "bob", "bøb", "svc-web", "svc-stale"}
