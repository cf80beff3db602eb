"""CredSSP to the last field: the collection's files, hand-made requests, damage; and that no secret is ever shown."""

from __future__ import annotations

import io
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders.der import NTLM, fields, integer, neg_token_init, ntlm_negotiate, tlv
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from spnego import _credssp_structures as pyspnego

from secctx.carriers.framing import announced, convincing, likely
from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.cli.problems import describe
from secctx.cli.summary_more import MESSAGES
from secctx.cli.tree import Shape, print_tree
from secctx.decoders import decode
from secctx.decoders.recognise import recognise
from secctx.decoders.values import BYTES, ENUM, LIST, SECRET, STRUCT, TEXT, TOKEN, Decoded, Node, follow, walk

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))

CREDSSP = [sample for sample in tokens.corpus() if sample.kind in ("credssp", "ts-request") or "credssp" in sample.name]
FILES = {sample.name.rpartition("/")[2].removeprefix("credssp_").removesuffix(".bin"): sample for sample in CREDSSP}
needs_corpus = pytest.mark.skipif(not CREDSSP, reason="the collection is not beside the checkout")


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def utf16(text: str) -> bytes:
    return tlv(4, text.encode("utf-16-le"))


def shown(decoded: Decoded) -> list[tuple[Any, ...]]:
    return [(path, *node.span, node.kind, node.value) for path, node in walk(decoded.root) if not node.children]


def outputs(decoded: Decoded, printed: bool = True) -> str:
    """All that is said of a token, and printed of it."""
    said = MESSAGES.get((decoded.mechanism, decoded.message or ""), lambda _: "")(decoded.root)
    tree = io.StringIO()
    if printed:
        print_tree(Console(file=tree, width=400), decoded, Shape(full=True))
    problem = "" if decoded.error is None else describe(decoded.error, len(decoded.data))
    return "\n".join([json.dumps(document(decoded, Source("t", "raw", 0), True)), said, tree.getvalue(), problem])


def leaves(node: Node) -> Iterator[tuple[int, int]]:
    for _, below in walk(node):
        if not below.children:
            yield below.span


def check_covered(decoded: Decoded) -> None:
    """Leaves and the headers between them cover every byte once: headers are read here by their lengths alone."""
    data, ends = decoded.data, dict(leaves(decoded.root))

    def read(at: int, end: int) -> None:
        while at < end:
            stop = ends.pop(at, None)
            if stop is None:
                size, body = data[at + 1], at + 2
                if size > 0x80:
                    body += size & 0x7F
                    size = int.from_bytes(data[at + 2 : body])
                assert data[at] & 0x20 or data[at] == 4, f"no container at {at}"
                stop = body + size
                read(body, stop)
            assert stop <= end
            at = stop
        assert at == end

    read(0, len(data))
    assert ends == {}


# The collection's ----------------------------------------------------------------------------------------------------


@needs_corpus
def test_password_credentials_are_read_field_by_field() -> None:
    decoded = decode(FILES["ts_credential_password"].data)
    assert (decoded.mechanism, decoded.message, decoded.error) == ("CredSSP", "TSCredentials", None)
    assert shown(decoded) == [
        ("credType", 4, 7, ENUM, 1),
        ("credentials.domainName", 15, 39, TEXT, "domain name"),
        ("credentials.userName", 41, 59, TEXT, "username"),
        ("credentials.password", 61, 79, SECRET, "password".encode("utf-16-le")),
    ]
    assert at(decoded, "credType").meaning == "TSPasswordCreds"
    held = at(decoded, "credentials")
    assert (held.kind, held.span, held.meaning) == (STRUCT, (11, 79), "TSPasswordCreds")


@needs_corpus
def test_the_smart_card_credentials_of_the_specification_are_read_field_by_field() -> None:
    """MS-CSSP 4 prints these bytes and what they say."""
    decoded = decode(FILES["ts_credential_smart_card"].data)
    assert (decoded.message, decoded.error) == ("TSCredentials", None)
    assert shown(decoded) == [
        ("credType", 6, 9, ENUM, 2),
        ("credentials.pin", 22, 48, SECRET, "bbbbbbbbbbbb".encode("utf-16-le")),
        ("credentials.cspData.keySpec", 56, 59, ENUM, 1),
        ("credentials.cspData.readerName", 61, 107, TEXT, "OMNIKEY CardMan 3x21 0"),
        ("credentials.cspData.containerName", 109, 189, TEXT, "le-MSSmartcardUser-8bda019f-1266--53268"),
        ("credentials.cspData.cspName", 191, 275, TEXT, "Microsoft Base Smart Card Crypto Provider"),
    ]
    assert at(decoded, "credentials.cspData.keySpec").meaning == "AT_KEYEXCHANGE"


@needs_corpus
def test_a_request_with_every_field_is_read_field_by_field() -> None:
    decoded = decode(FILES["ts_request"].data)
    assert (decoded.mechanism, decoded.message, decoded.error) == ("CredSSP", "TSRequest", None)
    assert shown(decoded) == [
        ("version", 4, 7, "int", 6),
        ("negoTokens[0].negoToken", 15, 20, BYTES, b"123"),
        ("authInfo", 22, 33, BYTES, b"auth info"),
        ("pubKeyAuth", 35, 49, BYTES, b"pub key auth"),
        ("errorCode", 51, 54, ENUM, 10),
        ("clientNonce", 56, 70, BYTES, b"client nonce"),
    ]
    assert at(decoded, "negoTokens").kind == LIST
    assert at(decoded, "authInfo").meaning == "encrypted"
    assert at(decoded, "pubKeyAuth").meaning == "encrypted: hash of the public key"
    assert at(decoded, "clientNonce").meaning == "32 bytes in MS-CSSP"


def _theirs(value: Any) -> Any:
    """A structure of pyspnego's in our names: `csp_data` is `cspData`."""
    if isinstance(value, list):
        return [_theirs(item) for item in value]
    if not hasattr(value, "__dict__"):
        return value
    names = {name: "".join([name.split("_")[0], *map(str.title, name.split("_")[1:])]) for name in vars(value)}
    names["username"] = "userName"
    found = {names[name]: _theirs(item) for name, item in vars(value).items() if item is not None}
    return found | ({"credType": value.cred_type} if isinstance(value, pyspnego.TSCredentials) else {})


def _ours(node: Node) -> Any:
    if node.kind == LIST:
        return [_ours(child) for child in node.children]
    if node.children:
        return {child.name: _ours(child) for child in node.children}
    if node.kind == SECRET and node.name in ("password", "pin"):
        assert isinstance(node.value, bytes)
        return node.value.decode("utf-16-le")
    return node.value


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"ts_remote_guard_ms_example"}))
def test_pyspnego_reads_the_same(name: str) -> None:
    """The collection states no values for these; the program it is from reads the same, field by field."""
    data = FILES[name].data
    decoded = decode(data)
    assert decoded.error is None
    check_covered(decoded)
    theirs = (pyspnego.TSRequest if name == "ts_request" else pyspnego.TSCredentials).unpack(data)
    ours = {child.name: _ours(child) for child in decoded.root.children}
    assert ours == _theirs(theirs)


@needs_corpus
def test_what_tscredentials_hold_is_no_token_by_itself() -> None:
    held = FILES["ts_remote_guard_ms_example"].data
    assert decode(held).mechanism == "unknown"
    decoded = decode(tlv(0x30, fields(0, integer(6), tlv(4, held))))
    assert (decoded.message, decoded.error) == ("TSCredentials", None)
    assert at(decoded, "credentials.logonCred.packageName").value == "Kerberos"
    assert at(decoded, "credentials.supplementalCreds[0].packageName").value == "NTLM"
    assert at(decoded, "credentials.logonCred.credBuffer").value == b"\x11" * 2611
    check_covered(decoded)


# Requests made by hand -----------------------------------------------------------------------------------------------


def request(
    version: int,
    *tokens: bytes,
    auth: bytes | None = None,
    key: bytes | None = None,
    error: bytes | None = None,
    nonce: bytes | None = None,
) -> bytes:
    """A TSRequest; `error` is the INTEGER as it stands there."""
    nego = tlv(0x30, *(tlv(0x30, fields(0, tlv(4, token))) for token in tokens)) if tokens else None
    octets = [None if value is None else tlv(4, value) for value in (auth, key, nonce)]
    return tlv(0x30, fields(0, integer(version), nego, octets[0], octets[1], error, octets[2]))


def test_the_token_in_a_request_is_opened_to_the_last_one_inside() -> None:
    decoded = decode(request(6, neg_token_init(NTLM, token=ntlm_negotiate())))
    assert decoded.error is None
    node = at(decoded, "negoTokens[0].negoToken")
    assert (node.kind, node.meaning) == (TOKEN, ("SPNEGO", "NegTokenInit"))
    assert at(decoded, "negoTokens[0].negoToken.mechToken").meaning == ("NTLM", "NEGOTIATE_MESSAGE")
    said = MESSAGES["CredSSP", "TSRequest"](decoded.root)
    assert said.startswith(" version 6 with SPNEGO NegTokenInit: NTLM NEGOTIATE_MESSAGE")


@pytest.mark.parametrize(
    ("wrapped", "meaning"),
    [
        (b"\1\0\0\0" + b"checksum" + bytes(4) + b"s" * 32, ("NTLM", "NTLMSSP_MESSAGE_SIGNATURE")),
        (b"\5\4\6\xff\0\x10\0\x1c" + bytes(8) + b"s" * 92, ("Kerberos", "Wrap")),
    ],
)
def test_encrypted_fields_are_opened_where_they_begin_like_what_gss_wrapex_makes(
    wrapped: bytes, meaning: tuple[str, str]
) -> None:
    decoded = decode(request(5, key=wrapped, nonce=b"n" * 32))
    assert decoded.error is None
    assert (at(decoded, "pubKeyAuth").kind, at(decoded, "pubKeyAuth").meaning) == (TOKEN, meaning)
    assert at(decoded, "clientNonce").meaning is None
    decoded = decode(request(5, auth=wrapped))
    assert at(decoded, "authInfo").meaning == meaning
    check_covered(decoded)


@pytest.mark.parametrize("name", ["authInfo", "pubKeyAuth"])
def test_encrypted_fields_that_begin_like_other_tokens_by_chance_stay_bytes(name: str) -> None:
    chance = b"\xa1\x04\x30\x02zz"
    decoded = decode(request(4, **{"auth" if name == "authInfo" else "key": chance}))
    assert decoded.error is None
    assert (at(decoded, name).kind, at(decoded, name).value) == (BYTES, chance)
    assert str(at(decoded, name).meaning).startswith("encrypted")


@pytest.mark.parametrize(
    ("version", "words"), [(2, "the public key"), (4, "the public key"), (5, "hash of the public key")]
)
def test_what_is_encrypted_about_the_public_key_depends_on_the_version(version: int, words: str) -> None:
    assert at(decode(request(version, key=b"k" * 300)), "pubKeyAuth").meaning == f"encrypted: {words}"


@pytest.mark.parametrize(
    ("encoded", "value", "name"),
    [
        ("0204c000006d", 0xC000006D - (1 << 32), "STATUS_LOGON_FAILURE"),
        ("020500c000006d", 0xC000006D, "STATUS_LOGON_FAILURE"),
        ("0204c0000234", 0xC0000234 - (1 << 32), "STATUS_ACCOUNT_LOCKED_OUT"),
        ("020100", 0, "STATUS_SUCCESS"),
        ("0204c0ffffff", 0xC0FFFFFF - (1 << 32), None),
    ],
)
def test_an_error_code_has_its_name_whether_signed_or_not(encoded: str, value: int, name: str | None) -> None:
    decoded = decode(request(6, error=bytes.fromhex(encoded)))
    assert decoded.error is None
    assert (at(decoded, "errorCode").value, at(decoded, "errorCode").meaning) == (value, name)
    said = MESSAGES["CredSSP", "TSRequest"](decoded.root)
    number = f"0x{value & 0xFFFFFFFF:08x}"
    assert said == f" version 6: the server answers {f'{name} ({number})' if name else number}"


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6, 7])
def test_a_field_that_a_version_does_not_have_is_shown_and_explained(version: int) -> None:
    decoded = decode(request(version, key=b"k" * 40, error=integer(1), nonce=b"n" * 32))
    assert decoded.error is None
    known = at(decoded, "version").meaning
    nonce = at(decoded, "clientNonce").meaning
    assert (nonce == "only version 5 and higher have it") == (version < 5)
    match version:
        case 2 | 5:
            assert known == "with an errorCode, which MS-CSSP 2.2.1 has in 3, 4 and 6"
        case 7:
            assert known == "MS-CSSP has 2 to 6"
        case _:
            assert known is None


@pytest.mark.parametrize(
    ("data", "kind", "path"),
    [
        pytest.param(request(6)[:2], "unknown", "", id="a header alone"),
        pytest.param(request(6, b"x") + b"zz", "trailing", "trailing", id="bytes behind it"),
        pytest.param(request(6, b"x" * 40)[:-3], "cut-short", "negoTokens[0].negoToken", id="cut"),
        pytest.param(request(6, key=b"k" * 40)[:-3], "cut-short", "pubKeyAuth", id="cut in a field"),
        pytest.param(tlv(0x30, fields(0, integer(6), tlv(0x30, tlv(0x30)))), "missing", "negoTokens[0].negoToken",
                     id="no token in its place"),
        pytest.param(tlv(0x30, fields(0, integer(6), tlv(0x30, tlv(4, b"x")))), "tag", "negoTokens[0]",
                     id="no sequence of sequences"),
        pytest.param(request(6, b"x", error=tlv(4, b"\xc0\0\0\x6d")), "tag", "errorCode", id="no number"),
        pytest.param(tlv(0x30, fields(0, integer(6), tlv(0x30)) + fields(0, integer(6))), "tag", "extra-1", id="twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_said_where_it_is(data: bytes, kind: str, path: str) -> None:
    problem = decode(data).error
    assert problem is not None
    assert (problem.kind, problem.path) == (kind, path)


def test_an_unknown_field_is_an_extension() -> None:
    decoded = decode(tlv(0x30, fields(0, integer(7), tlv(0x30)) + tlv(0xA6, tlv(4, b"new"))))
    assert decoded.error is None
    assert "extension" in str(at(decoded, "extra-1").meaning)


# Secrets -------------------------------------------------------------------------------------------------------------

PASSWORD = "Correct-Horse-77"
PIN = "90210-31337"
BUFFER = b"\xde\xad\xbe\xef\xca\xfe\xba\xbe" * 2


def credentials(kind: int, held: bytes) -> bytes:
    return tlv(0x30, fields(0, integer(kind), tlv(4, held)))


def password(domain: str = "LAB", user: str = "alice", secret: str = PASSWORD) -> bytes:
    return credentials(1, tlv(0x30, fields(0, utf16(domain), utf16(user), utf16(secret))))


def smart_card() -> bytes:
    csp = tlv(0x30, fields(0, integer(2), utf16("Card"), utf16("Reader 0"), utf16("le-alice"), utf16("Base CSP")))
    return credentials(2, tlv(0x30, fields(0, utf16(PIN), csp, utf16("alice"), utf16("LAB"))))


def remote_guard() -> bytes:
    one = tlv(0x30, fields(0, utf16("Kerberos"), tlv(4, BUFFER)))
    return credentials(6, tlv(0x30, fields(0, one, tlv(0x30, one, one))))


SECRETS = {
    "password": (password(), PASSWORD.encode("utf-16-le")),
    "PIN": (smart_card(), PIN.encode("utf-16-le")),
    "buffers": (remote_guard(), BUFFER),
    "password in a request": (request(6, auth=password()), PASSWORD.encode("utf-16-le")),
}


def check_hidden(decoded: Decoded, secret: bytes, printed: bool = True) -> None:
    """No eight bytes of the secret in a row are in any output as hex, no five characters as text."""
    text = outputs(decoded, printed)
    for start in range(len(secret) - 7):
        piece = secret[start : start + 8]
        assert piece.hex() not in text
        assert piece.hex(" ") not in text
    for start in range(0, len(secret) - 9, 2):
        words = secret[start : start + 10].decode("utf-16-le", "replace")
        assert words not in text


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_and_never_shown(name: str) -> None:
    data, secret = SECRETS[name]
    decoded = decode(data)
    assert decoded.error is None
    check_covered(decoded)
    hidden = [node for _, node in walk(decoded.root) if node.kind == SECRET]
    assert hidden
    assert all(node.value == secret for node in hidden)
    assert not any(node.kind == BYTES for _, node in walk(decoded.root))
    check_hidden(decoded, secret)


def holds_credentials(decoded: Decoded) -> bool:
    """Whether damage has left it TSCredentials, or a request with an authInfo that does not look encrypted."""
    held = decoded.root.child("authInfo")
    return decoded.message == "TSCredentials" or (held is not None and held.meaning != "encrypted")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_not_shown_of_a_damaged_token_either(name: str) -> None:
    data, secret = SECRETS[name]
    known = 0
    for size in range(len(data)):
        decoded = decode(data[:size])
        if holds_credentials(decoded):
            known += 1
            check_hidden(decoded, secret)
    changed = bytearray(data)
    for bit in range(len(data) * 8):
        changed[bit >> 3] ^= 1 << (bit & 7)
        decoded = decode(bytes(changed))
        if holds_credentials(decoded):
            known += 1
            check_hidden(decoded, secret, printed=bit % 16 == 0)
        changed[bit >> 3] ^= 1 << (bit & 7)
    assert known > len(data) * 7


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(
            tlv(0x30, fields(0, utf16("LAB"), utf16("alice"), tlv(0x0C, PASSWORD.encode()))), id="another type"
        ),
        pytest.param(tlv(0x30, fields(0, utf16("LAB"), utf16("alice"), None, utf16(PASSWORD))), id="another field"),
        pytest.param(tlv(0x30, fields(0, utf16("LAB"))) + PASSWORD.encode(), id="behind the structure"),
        pytest.param(tlv(0x30, tlv(0xA0, utf16("LAB"), PASSWORD.encode())), id="behind a field"),
    ],
)
def test_what_cannot_be_read_of_credentials_is_a_secret_too(held: bytes) -> None:
    decoded = decode(credentials(1, held))
    assert (decoded.message, decoded.error is None) == ("TSCredentials", False)
    assert PASSWORD.encode() not in b"".join(n.value for _, n in walk(decoded.root) if n.kind == BYTES)
    text = outputs(decoded)
    for words in (PASSWORD, PASSWORD.encode().hex(), PASSWORD.encode("utf-16-le").hex()):
        assert words not in text


def test_bytes_behind_credentials_are_a_secret_and_an_error() -> None:
    decoded = decode(password() + b"pass")
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("trailing", "trailing")
    assert (at(decoded, "trailing").kind, at(decoded, "trailing").value) == (SECRET, b"pass")
    assert b"pass".hex(" ") not in decoded.error.found


def test_empty_names_are_read() -> None:
    decoded = decode(password("", "alice@lab.example"))
    assert decoded.error is None
    assert at(decoded, "credentials.domainName").value == ""
    assert MESSAGES["CredSSP", "TSCredentials"](decoded.root) == ": the password of alice@lab.example"
    check_covered(decoded)


def test_text_that_is_no_utf_16_is_told_and_shown() -> None:
    odd = tlv(0x30, fields(0, tlv(4, b"L\0A"), utf16("alice"), utf16("x")))
    decoded = decode(credentials(1, odd))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("value", "credentials.domainName")
    assert at(decoded, "credentials.userName").value == "alice"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (password(), r": the password of LAB\alice"),
        (smart_card(), ": the PIN of a smart card, container le-alice, reader Reader 0, of alice"),
        (remote_guard(), ": of Remote Credential Guard, for Kerberos, Kerberos, Kerberos"),
    ],
)
def test_credentials_are_said_aloud_without_the_secret(data: bytes, words: str) -> None:
    assert MESSAGES["CredSSP", "TSCredentials"](decode(data).root) == words


# Recognition, damage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (password(), "TSCredentials"),
        (smart_card(), "TSCredentials"),
        (remote_guard(), "TSCredentials"),
        (credentials(3, tlv(0x30, fields(0, utf16("LAB")))), None),
        pytest.param(tlv(0x30, fields(0, integer(1), tlv(4, b"8 bytes."))), None, id="a key of DES"),
        pytest.param(tlv(0x30, fields(0, integer(2), tlv(4, b"\x0a\0\0\1"))), None, id="an address"),
        pytest.param(tlv(0x30, fields(0, integer(1), tlv(4, tlv(0x30, tlv(0x30))))), None, id="AD-IF-RELEVANT"),
        (request(6, b"x"), "TSRequest"),
        (request(6, error=integer(1)), "TSRequest"),
        (tlv(0x30, fields(0, integer(6))), None),
    ],
)
def test_credentials_and_requests_are_told_apart_and_from_what_looks_like_them(data: bytes, kind: str | None) -> None:
    assert recognise(data) == kind


@pytest.mark.parametrize("data", [password(), smart_card(), remote_guard(), request(6, b"x" * 300)])
def test_the_carriers_know_how_long_they_are(data: bytes) -> None:
    assert announced(data + b"more") == len(data)
    assert likely(data)
    assert convincing(data)


@settings(deadline=None)
@given(st.sampled_from([password(), smart_card(), remote_guard(), request(5, b"t" * 9, key=b"k", error=integer(-1))]),
       st.integers(0, 400), st.binary(max_size=8))  # fmt: skip
def test_whatever_stands_in_it_is_read_and_shown(data: bytes, where: int, what: bytes) -> None:
    where %= len(data)
    for changed in (data[:where] + what + data[where + len(what) :], data[:where] + what + data[where:], data[:where]):
        decoded = decode(changed)
        assert all(0 <= node.start <= node.stop <= len(changed) for _, node in walk(decoded.root))
        assert outputs(decoded)


@pytest.mark.parametrize("levels", [20, 2000])
def test_requests_inside_requests_end_somewhere(levels: int) -> None:
    data = b"x"
    for _ in range(levels):
        data = request(6, data)
    error = decode(data).error
    assert error is not None
    assert error.kind == "depth"
