"""Our reading of each token beside two others of the same bytes: pyspnego's, and asn1crypto's own parse.

Field by field; a difference that no row of `EXPLAINED` names fails.
"""

from __future__ import annotations

import json
import re
import runpy
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from asn1crypto import core, parser
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from spnego import _asn1, _kerberos
from spnego.__main__ import parse_token

from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.decoders import decode
from secctx.decoders import fast_asn1 as fa
from secctx.decoders import iakerb_asn1 as iakerb
from secctx.decoders import kdc_asn1 as kdc
from secctx.decoders import kerberos_asn1 as krb
from secctx.decoders import kerberos_parts_asn1 as parts
from secctx.decoders import padata_asn1 as pa
from secctx.decoders import spnego_asn1 as spnego
from secctx.decoders.grammar import plan_of
from secctx.decoders.part import decode_part
from secctx.decoders.values import (
    BYTES,
    STRUCT,
    TOKEN,
    Node,
    walk,
)

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))
shapes = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "pyspnego_shape.py")))

SAMPLES = tokens.read_whole()
UNREAD = "Unknown - Failed to parse see Data for more details."
Json = dict[str, Any]


class Difference(NamedTuple):
    """One field where the two differ."""

    path: str
    ours: Any
    theirs: Any


class Explanation(NamedTuple):
    """Where (`*` in token and path) and how the two differ, and why ours is right."""

    token: str
    path: str
    holds: Callable[[Any, Any], bool]
    reason: str


#: The KDC options in the last byte: RFC 4120 5.4.1.
LAST_OPTIONS = ("disable-transited-check", "renewable-ok", "enc-tkt-in-skey", "renew", "validate")

EXPLAINED = (
    Explanation(
        "*",
        "*/AvPairs[*]/Value",
        lambda ours, theirs: (ours, theirs) == (None, ""),
        "an AV_PAIR of AvLen 0 has no Value in ours, the text '' in pyspnego",
    ),
    Explanation(
        "*",
        "*/TargetInfo[*]/Value",
        lambda ours, theirs: (ours, theirs) == (None, ""),
        "the same, in the challenge",
    ),
    Explanation(
        "*",
        "*/ClientChallenge/Reserved4",
        lambda ours, theirs: (ours, theirs) == (None, 0),
        "the blob ends with its AV pairs: there is no Z4, and pyspnego reads the four bytes of MsvAvEOL a second time",
    ),
    Explanation(
        "*/test_negotiate_unpack_encoding.bin",
        "/Data/Payload/*",
        lambda ours, theirs: ours == theirs.encode("windows-1252").decode() == "café",
        "the OEM text is UTF-8; pyspnego is told so by the caller, and reads windows-1252 where it is not; "
        "ours reads as UTF-8 what is UTF-8, and says so",
    ),
    Explanation(
        "*/gss_accept_sec_context_spnego.bin",
        "/Data/innerContextToken/Data/mechTypes[*]",
        lambda ours, theirs: (
            ours.partition(" (")[::2] == ("EAP-AES128", "1.3.6.1.5.5.15.1.1.17)")
            or ours.partition(" (")[::2] == ("EAP-AES256", "1.3.6.1.5.5.15.1.1.18)")
        ),
        "EAP-AES128 and EAP-AES256 (RFC 7055) have no name in pyspnego",
    ),
    Explanation(
        "mit_krb5/asn1/*",
        "*/etype*",
        lambda ours, theirs: (ours, theirs) == ("NULL (0)", "UNKNOWN (0)"),
        "IANA names etype 0 null; pyspnego raises on it, and is made to give its number here",
    ),
    Explanation(
        "mit_krb5/asn1/ap_req.bin",
        "/Data/ap-options/raw",
        lambda ours, theirs: (ours, theirs) == (0x98BADCFE, 0xBABADCFE),
        "of the four bytes fe dc ba 98, pyspnego takes the third a second time for the fourth (unpack_asn1_bit_string)",
    ),
    Explanation(
        "mit_krb5/asn1/*_req*.bin",
        "/Data/req-body/kdc-options/raw",
        lambda ours, theirs: ours >> 16 == theirs >> 16 and theirs & 0xFFFF == 0xBABA,
        "the same of the four bytes fe dc ba 98 (or 90)",
    ),
    Explanation(
        "mit_krb5/asn1/*_req*.bin",
        "/Data/req-body/kdc-options/flags",
        lambda ours, theirs: set(ours[:10]) <= set(theirs) and len(ours) != len(theirs),
        "so other bits of the lower half are set there",
    ),
    Explanation(
        "*",
        "/Data/req-body/kdc-options/raw",
        lambda ours, theirs: ours >> 8 == theirs >> 8 and theirs & 0xFF == theirs >> 8 & 0xFF == 0,
        "the same of 40 00 00 10: the third byte, 0, stands for the fourth",
    ),
    Explanation(
        "*",
        "/Data/req-body/kdc-options/flags",
        lambda ours, theirs: [flag for flag in ours if not flag.startswith(LAST_OPTIONS)] == theirs != ours,
        "so renewable-ok and those behind it are lost",
    ),
    Explanation(
        "*",
        "*/padata[*]/padata-type",
        lambda ours, theirs: (ours, theirs) == ("PA-AS-FRESHNESS (150)", "PA_AS_FRESHNESS (150)"),
        "RFC 8070 writes PA-AS-FRESHNESS, pyspnego PA_AS_FRESHNESS",
    ),
    Explanation(
        "*",
        "*/padata[*]/padata-type",
        lambda ours, theirs: (ours, theirs) == ("PA-S4U-X509-USER (130)", "PA-FOR-X509-USER (130)"),
        "MS-SFU 2.2.2 calls it PA-S4U-X509-USER",
    ),
    Explanation(
        "*",
        "*/padata[*]/padata-type",
        lambda ours, theirs: (ours, theirs) == ("PA-FOR-USER (129)", "UNKNOWN (129)"),
        "PA-FOR-USER (MS-SFU 2.2.1) has no name in pyspnego",
    ),
    Explanation(
        "mit_krb5/asn1/ap_req.bin",
        "/Data/ap-options/flags",
        lambda ours, theirs: sorted(ours) == sorted(theirs)[1:] and sorted(theirs)[0].startswith("UNKNOWN"),
        "0xfedcba98 sets bits without a name, which pyspnego adds up to one more",
    ),
)

#: Tokens that pyspnego cannot take at all, and what it says.
REFUSED = {
    "mit_krb5/fuzz/gss/realm_query.bin": "'1.3.6.1.5.2.5' is not a valid GSSMech OID",  # IAKERB
    "mit_krb5/fuzz/gss/start_accept_context.bin": "'1.3.6.1.5.2.5' is not a valid GSSMech OID",
}


#: What pyspnego has no reader for, and so cannot be asked about.
UNKNOWN_TO_PYSPNEGO = {"TGT-REQ", "TGT-REP", "KPASSWD-REQ", "KPASSWD-REP", "IAKERB_PROXY", "MIC", "Wrap"}
UNKNOWN_TO_PYSPNEGO |= {"TSRequest", "TSCredentials"}


def unknown_to_pyspnego(sample: Any) -> bool:
    """Whether the token is of a kind that pyspnego does not read, or a message behind its length."""
    decoded = decode(sample.data)
    message = decoded.message in UNKNOWN_TO_PYSPNEGO or decoded.mechanism == "IAKERB"
    return message or decoded.root.child("length") is not None


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[Difference]:
    """Every field that is not the same in both, or stands in one alone."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            yield from differences(ours.get(key, "absent"), theirs.get(key, "absent"), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        if path.endswith("/flags"):
            ours, theirs = sorted(ours), sorted(theirs)
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield Difference(path, ours, theirs)


def ours_of(data: bytes) -> Json:
    return shapes.shape(document(decode(data), Source("", "raw", 0), True), data)


def theirs_of(data: bytes) -> Json:
    """pyspnego's `parse_token`, and its classes directly where that refuses what they can read."""
    return _read_further(parse_token(data))


def _read_further(parsed: Any) -> Any:
    """`parse_token` takes Kerberos messages without their APPLICATION tag or behind the GSS framing alone."""
    if isinstance(parsed, list):
        return [_read_further(item) for item in parsed]
    if not isinstance(parsed, dict):
        return parsed
    parsed.pop("SessionKey", None)  # needs the password: not a field
    if parsed.get("MessageType") != UNREAD:
        return {key: _read_further(value) for key, value in parsed.items()}
    raw = bytes.fromhex(parsed["RawData"])
    if not raw or raw[0] not in (0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x7E):
        return {"MessageType": f"not read: {_name_of(raw)}", "Data": None, "RawData": parsed["RawData"]}
    message = _kerberos.KerberosV5Msg.unpack(_asn1.unpack_asn1(_asn1.unpack_asn1(raw)[0].b_data)[0])
    label = _kerberos.parse_enum(message.MESSAGE_TYPE)
    return {"MessageType": label, "Data": _kerberos.parse_kerberos_token(message), "RawData": parsed["RawData"]}


def _name_of(raw: bytes) -> str:
    """What a token is that neither reads to the end: by its first bytes, independently of the decoder."""
    if raw.startswith(b"NEGOEXTS"):
        return ("INITIATOR_NEGO", "ACCEPTOR_NEGO")[raw[8]]
    if raw.startswith(b"\1\0\0\0"):
        return "NTLMSSP_MESSAGE_SIGNATURE"
    named = {0x61: "Ticket", 0x74: "KRB-SAFE", 0x75: "KRB-PRIV", 0x76: "KRB-CRED"}
    return named.get(raw[0], "no token")


@pytest.fixture(autouse=True)
def _etype_null(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyspnego raises on an etype that it does not know; MIT's vectors have etype 0."""
    monkeypatch.setattr(
        _kerberos.KerberosEncryptionType, "_missing_", classmethod(lambda cls, number: _unknown_etype(cls, number))
    )


def _unknown_etype(cls: Any, number: int) -> Any:
    member = int.__new__(cls, number)
    member._name_, member._value_ = "UNKNOWN", number
    return member


def unexplained(name: str, found: list[Difference], rows: tuple[Explanation, ...] = EXPLAINED) -> list[Difference]:
    def known(difference: Difference) -> bool:
        path = difference.path.replace("[", "(").replace("]", ")")
        return any(
            fnmatch(name, row.token)
            and fnmatch(path, row.path.replace("[", "(").replace("]", ")"))
            and row.holds(difference.ours, difference.theirs)
            for row in rows
        )

    return [difference for difference in found if not known(difference)]


COMPARED = [s for s in SAMPLES if s.name not in REFUSED and not unknown_to_pyspnego(s)]


@pytest.mark.parametrize("sample", COMPARED, ids=tokens.by_name)
def test_every_field_is_as_pyspnego_reads_it(sample: Any) -> None:
    data = sample.data
    assert unexplained(sample.name, list(differences(ours_of(data), theirs_of(data)))) == []


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.name in REFUSED], ids=tokens.by_name)
def test_what_pyspnego_refuses_is_refused_for_the_reason_that_we_give(sample: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(REFUSED[sample.name])):
        parse_token(sample.data)
    assert decode(sample.data).error is None


@pytest.mark.parametrize("sample", [s for s in SAMPLES if unknown_to_pyspnego(s)], ids=tokens.by_name)
def test_what_pyspnego_is_not_asked_about_it_cannot_read(sample: Any) -> None:
    decoded = decode(sample.data)
    if decoded.mechanism == "IAKERB" and decoded.root.child("thisMech") is not None:
        with pytest.raises(ValueError, match="is not a valid GSSMech OID"):
            parse_token(sample.data)
        return
    parsed = json.dumps(parse_token(sample.data))
    assert UNREAD in parsed or '"UNKNOWN (0)"' in parsed


@pytest.mark.skipif(not tokens.CORPUS.is_dir(), reason="the shared collection is not beside the checkout")
def test_every_explanation_explains_a_difference() -> None:
    found = {sample.name: list(differences(ours_of(sample.data), theirs_of(sample.data))) for sample in COMPARED}
    for row in EXPLAINED:
        assert any(unexplained(name, differs, (row,)) != differs for name, differs in found.items()), row.reason


def test_a_difference_is_seen() -> None:
    wanted = (tokens.ROOT / "tests" / "data" / "carriers" / "spnego-init.bin").read_bytes()
    sample = next(s for s in SAMPLES if s.data == wanted)
    ours, theirs = ours_of(sample.data), theirs_of(sample.data)
    assert list(differences(ours, theirs)) == []
    ours["Data"]["innerContextToken"]["Data"]["mechTypes"][0] = "NEGOEX (1.3.6.1.4.1.311.2.2.30)"
    assert [d.path for d in differences(ours, theirs)] == ["/Data/innerContextToken/Data/mechTypes[0]"]


# asn1crypto's own parse -------------------------------------------------------------------------------------------

MESSAGES = {
    ("SPNEGO", "NegTokenInit"): (spnego.NegTokenInit, {"explicit": 0}),
    ("SPNEGO", "NegTokenInit2"): (spnego.NegTokenInit2, {"explicit": 0}),
    ("SPNEGO", "NegTokenResp"): (spnego.NegTokenResp, {"explicit": 1}),
    ("Kerberos", "AP-REQ"): (krb.APReq, {}),
    ("Kerberos", "AP-REP"): (krb.APRep, {}),
    ("Kerberos", "KRB-ERROR"): (krb.KRBError, {}),
    ("Kerberos", "Ticket"): (krb.Ticket, {}),
    ("Kerberos", "AS-REQ"): (kdc.ASReq, {}),
    ("Kerberos", "AS-REP"): (kdc.ASRep, {}),
    ("Kerberos", "TGS-REQ"): (kdc.TGSReq, {}),
    ("Kerberos", "TGS-REP"): (kdc.TGSRep, {}),
    ("Kerberos", "KRB-SAFE"): (kdc.KRBSafe, {}),
    ("Kerberos", "KRB-PRIV"): (kdc.KRBPriv, {}),
    ("Kerberos", "KRB-CRED"): (kdc.KRBCred, {}),
    ("Kerberos", "TGT-REQ"): (kdc.TGTReq, {}),
    ("Kerberos", "TGT-REP"): (kdc.TGTRep, {}),
}


#: What PA-DATA of these types holds, where it is a structure.
HELD = {
    2: krb.EncryptedData,
    11: krb.ETypeInfo,
    19: krb.ETypeInfo2,
    128: pa.KerbPAPacRequest,
    129: pa.PAForUser,
    130: pa.PAS4UX509User,
    138: krb.EncryptedData,
    149: parts.Checksum,
    161: kdc.EncryptionTypes,
    167: pa.PAPACOptions,
}


class Oracle:
    """Compares the nodes of one token with asn1crypto's values of the same bytes; counts the fields."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fields = 0

    def token(self, node: Node, mechanism: str, message: str | None) -> None:
        """A token of ASN.1, its framing and all tokens in it."""
        start = node.start
        mech = node.child("thisMech")
        if mech is not None:
            framing = parser.parse(self.data[node.start : node.stop], strict=True)
            assert (framing[0], framing[1], framing[2]) == (1, 1, 0)
            assert framing[4] == self.data[mech.start : node.stop]
            oid = core.ObjectIdentifier.load(framing[4])
            assert oid.dotted == mech.value
            assert mech.start + len(oid.dump()) == mech.stop
            self.fields += 1
            start = mech.stop
        token_id = node.child("TOK_ID")
        if token_id is not None:
            assert token_id.value == int.from_bytes(self.data[start : start + 2])
            start = token_id.stop
            self.fields += 1
        length = node.child("length")
        if length is not None and message not in ("KPASSWD-REQ", "KPASSWD-REP"):
            assert length.value == node.stop - node.start - 4
            start = length.stop
            self.fields += 1
        known = MESSAGES.get((mechanism, message or ""))
        if known is not None:
            cls, options = known
            if self.data[start] == 0x30:
                options = {"no_explicit": True}
            native = cls.load(self.data[start : node.stop], strict=True, **options).native
            named = [child for child in node.children if child.name not in ("thisMech", "TOK_ID", "length")]
            self.struct(named, native)
        for _, inner in walk(node):
            if inner.kind == TOKEN and isinstance(inner.meaning, tuple) and inner.meaning[0] != "NTLM":
                Oracle.token(self, inner, *inner.meaning)

    def struct(self, children: list[Node], native: dict[str, Any]) -> None:
        assert [child.name for child in children] == [name for name, value in native.items() if value is not None]
        for child in children:
            self.value(child, native[child.name], children[0])

    def value(self, node: Node, native: Any, first: Node | None = None) -> None:
        """One field; `first` is the first field of the structure that it stands in."""
        self.fields += 1
        match node.kind:
            case "struct" | "list" | "token" if isinstance(native, bytes):
                assert native == self.data[node.start : node.stop], node.name
                self.opened(node, native, first)
            case "struct" | "principal":
                self.struct(list(node.children), native)
            case "list":
                assert len(node.children) == len(native)
                for child, item in zip(node.children, native, strict=True):
                    self.value(child, item)
            case "flags" if isinstance(native, bytes):
                assert node.value == int.from_bytes(native, "little"), node.name
            case "text" if isinstance(native, bytes):
                assert node.value == native.decode(), node.name
            case "flags":
                names = {int(name[4:]) if name.startswith("bit ") else name for name in node.meaning or ()}
                assert names == native, node.name
            case "enum" | "oid":
                assert native == (node.value if node.meaning is None else node.meaning), node.name
            case _:
                assert isinstance(native, datetime | int | str | bytes)
                assert node.value == native, node.name

    def opened(self, node: Node, native: bytes, first: Node | None) -> None:
        """What an OCTET STRING holds; tokens in it are compared as tokens."""
        if node.kind == TOKEN:
            return
        if node.meaning == "KERB-EXT-ERROR":
            assert tuple(child.value for child in node.children) == struct.unpack("<III", native)
            return
        if node.child("result-code") is not None:
            code, text = node.children
            assert (code.value, text.value) == (int.from_bytes(native[:2]), native[2:].decode())
            return
        if node.name == "padata-value":
            assert first is not None
            request = any(child.name == "req-checksum" for _, child in walk(node))
            fast = fa.PAFXFastRequest if request else fa.PAFXFastReply
            cls = fast if first.value == 136 else HELD[first.value]
        elif node.kind == STRUCT:
            cls = krb.KerbErrorData
        else:
            assert node.name == "e-data"
            item = node.children[0].children[0].name
            cls = krb.MethodData if item == "padata-type" else krb.TypedData
        whole = Node(node.name, node.start, node.stop, node.kind, children=node.children)
        if issubclass(cls, core.Choice):
            (whole,) = node.children
        self.fields -= 1  # counted once as the bytes it is
        self.value(whole, cls.load(native, strict=True).native)


def _asn1_samples() -> list[Any]:
    return [s for s in SAMPLES if decode(s.data).mechanism in ("SPNEGO", "Kerberos", "IAKERB", "GSS")]


@pytest.mark.parametrize("sample", _asn1_samples(), ids=tokens.by_name)
def test_every_field_is_as_asn1crypto_reads_it(sample: Any) -> None:
    decoded = decode(sample.data)
    oracle = Oracle(sample.data)
    oracle.token(decoded.root, decoded.mechanism, decoded.message)
    assert oracle.fields or decoded.root.children[-1].kind == BYTES


def test_asn1crypto_disagrees_where_a_field_is_changed() -> None:
    sample = next(s for s in SAMPLES if s.name.endswith("krb5-ap-req.bin"))
    decoded = decode(sample.data)
    realm = next(node for path, node in walk(decoded.root) if path.endswith("ticket.realm"))
    realm.value = "OTHER.EXAMPLE"
    with pytest.raises(AssertionError, match="realm"):
        Oracle(sample.data).token(decoded.root, decoded.mechanism, decoded.message)


# What asn1crypto encodes, ours reads ------------------------------------------------------------------------------

INT32 = st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(-200, 200))
NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
OPAQUE = st.binary(max_size=40).map(lambda data: b"\xff" + data)  # begins no token
#: asn1crypto writes a year before 1000 with three digits.
TIMES = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(
    lambda time: time.replace(microsecond=0)
)
PRINCIPALS = st.fixed_dictionaries({"name-type": INT32, "name-string": st.lists(NAMES, max_size=4)})
ENCRYPTED = st.fixed_dictionaries({"etype": INT32, "cipher": OPAQUE}, optional={"kvno": st.integers(0, 2**32 - 1)})
OPTIONS = st.sets(st.sampled_from(sorted(krb.APOptions._map.values())))
FLAGS_ASKED = st.sets(st.sampled_from(sorted(spnego.ContextFlags._map.values())))
MECHS = st.lists(
    st.sampled_from([*spnego.MECHANISMS, "1.2", "2.999.4294967295", "1.3.6.1.4.1.99999.1", "0.9.128.16384"]), max_size=5
)
ETYPE_INFO = st.lists(st.fixed_dictionaries({"etype": INT32}, optional={"salt": OPAQUE}), max_size=3)
ETYPE_INFO2 = st.lists(
    st.fixed_dictionaries({"etype": INT32}, optional={"salt": NAMES, "s2kparams": OPAQUE}), max_size=3
)
PADATA = st.one_of(
    st.tuples(INT32.filter(lambda kind: kind not in range(200)), OPAQUE),
    st.tuples(st.just(11), ETYPE_INFO.map(lambda entries: krb.ETypeInfo(entries).dump())),
    st.tuples(st.just(19), ETYPE_INFO2.map(lambda entries: krb.ETypeInfo2(entries).dump())),
    st.tuples(st.just(3), OPAQUE),
)
EXT_ERROR = st.tuples(st.integers(0, 2**32 - 1), st.just(0), st.just(1)).map(lambda parts: struct.pack("<III", *parts))
E_DATA = st.one_of(
    st.lists(PADATA, min_size=1, max_size=3).map(
        lambda pairs: krb.MethodData([{"padata-type": k, "padata-value": v} for k, v in pairs]).dump()
    ),
    st.lists(st.fixed_dictionaries({"data-type": INT32}, optional={"data-value": OPAQUE}), min_size=1, max_size=3).map(
        lambda items: krb.TypedData(items).dump()
    ),
    EXT_ERROR.map(lambda value: krb.KerbErrorData({"data-type": 3, "data-value": value}).dump()),
    OPAQUE,
)
TICKETS = st.fixed_dictionaries({"tkt-vno": INT32, "realm": NAMES, "sname": PRINCIPALS, "enc-part": ENCRYPTED})
INIT = {"reqFlags": FLAGS_ASKED, "mechToken": OPAQUE}
#: What asn1crypto can encode (it cannot encode a SEQUENCE without any field).
MADE: dict[str, tuple[type[core.Asn1Value], Any]] = {
    "AP-REQ": (
        krb.APReq,
        st.fixed_dictionaries(
            {"pvno": INT32, "msg-type": INT32, "ap-options": OPTIONS, "ticket": TICKETS, "authenticator": ENCRYPTED}
        ),
    ),
    "AP-REP": (krb.APRep, st.fixed_dictionaries({"pvno": INT32, "msg-type": INT32, "enc-part": ENCRYPTED})),
    "Ticket": (krb.Ticket, TICKETS),
    "KRB-ERROR": (
        krb.KRBError,
        st.fixed_dictionaries(
            {"pvno": INT32, "msg-type": INT32, "stime": TIMES, "susec": INT32, "error-code": INT32}
            | {"realm": NAMES, "sname": PRINCIPALS},
            optional={"ctime": TIMES, "cusec": INT32, "crealm": NAMES, "cname": PRINCIPALS}
            | {"e-text": NAMES, "e-data": E_DATA},
        ),
    ),
    "NegTokenInit": (
        spnego.NegTokenInit,
        st.fixed_dictionaries({"mechTypes": MECHS}, optional=INIT | {"mechListMIC": OPAQUE}),
    ),
    "NegTokenInit2": (
        spnego.NegTokenInit2,
        st.fixed_dictionaries(
            {"negHints": st.fixed_dictionaries({}, optional={"hintName": NAMES, "hintAddress": OPAQUE}).filter(bool)},
            optional=INIT | {"mechTypes": MECHS, "mechListMIC": OPAQUE},
        ),
    ),
    "NegTokenInit2 without hints": (
        spnego.NegTokenInit2,
        st.fixed_dictionaries({"mechListMIC": OPAQUE}, optional=INIT | {"mechTypes": MECHS}),
    ),
    "NegTokenResp": (
        spnego.NegTokenResp,
        st.fixed_dictionaries(
            {},
            optional={"negState": st.sampled_from(sorted(spnego.NegState._map)), "responseToken": OPAQUE}
            | {"supportedMech": MECHS.filter(bool).map(lambda mechs: mechs[0]), "mechListMIC": OPAQUE},
        ).filter(bool),
    ),
}


def values_of(cls: type[core.Asn1Value]) -> Any:
    """What asn1crypto makes a value of the class from, field by field."""
    if cls in (kdc.TGTReq, kdc.TGTRep):  # without a tag of their own, they are known by their first fields
        number = 16 if cls is kdc.TGTReq else 17
        known = {"pvno": st.just(5), "msg-type": st.just(number)}
        return values_of(type("Rest", (core.Sequence,), {"_fields": cls._fields[2:]})).flatmap(
            lambda rest: st.fixed_dictionaries(known | {name: st.just(value) for name, value in rest.items()})
        )
    if cls is krb.PAData:
        return PADATA.map(lambda pair: {"padata-type": pair[0], "padata-value": pair[1]})
    if issubclass(cls, core.Sequence):
        fields = {name: (values_of(of), *options) for name, of, *options in cls._fields}
        optional = {name for name, (_, *options) in fields.items() if options and options[0].get("optional")}
        return st.fixed_dictionaries(
            {name: values for name, (values, *_) in fields.items() if name not in optional},
            optional={name: fields[name][0] for name in optional},
        )
    if issubclass(cls, core.SequenceOf):
        return st.lists(values_of(cls._child_spec), max_size=3)
    if issubclass(cls, core.BitString):
        return st.sets(st.sampled_from(sorted(cls._map.values())))
    kinds = {core.Integer: INT32, core.OctetString: OPAQUE, core.GeneralizedTime: TIMES}
    kinds |= {core.GeneralString: NAMES, core.UTF8String: NAMES}
    return next(values for base, values in kinds.items() if issubclass(cls, base))


MADE |= {
    message: (cls, values_of(cls))
    for (_, message), (cls, _) in MESSAGES.items()
    if message not in MADE and cls.__module__ == kdc.__name__
}


@pytest.mark.parametrize("name", MADE)
@settings(deadline=None, derandomize=True, database=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_asn1crypto_encodes_is_read_back(name: str, data: st.DataObject) -> None:
    cls, values = MADE[name]
    message, _, _ = name.partition(" ")
    _, options = MESSAGES["SPNEGO" if message.startswith("Neg") else "Kerberos", message]
    token = cls(data.draw(values), **options).dump()
    decoded = decode(token)
    assert decoded.error is None
    assert decoded.message == message
    oracle = Oracle(token)
    oracle.token(decoded.root, decoded.mechanism, decoded.message)
    assert oracle.fields == sum(1 for _ in _compared(decoded.root))


def _compared(node: Node) -> Iterator[Node]:
    """The nodes that `Oracle` compares one by one: all but the three numbers of a KERB-EXT-ERROR, compared as one."""
    for child in node.children:
        yield child
        yield from () if child.meaning == "KERB-EXT-ERROR" else _compared(child)


#: The structures of `kerberos_parts_asn1` that stand by themselves, but for the one with a CHOICE in it.
PARTS = [
    parts.EncTicketPart,
    parts.Authenticator,
    parts.EncASRepPart,
    parts.EncTGSRepPart,
    parts.EncAPRepPart,
    parts.EncKrbPrivPart,
    parts.EncKrbCredPart,
    parts.EncryptionKey,
    parts.AuthorizationData,
    parts.ADKDCIssued,
    parts.ADAndOr,
    parts.ChangePasswdData,
    iakerb.IAKERBHeader,
    iakerb.IAKERBFinished,
    kdc.KDCReqBody,
]


@pytest.mark.parametrize("cls", PARTS)
@settings(deadline=None, derandomize=True, database=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_parts_that_asn1crypto_encodes_are_read_back(cls: Any, data: st.DataObject) -> None:
    plan_of(cls)  # before the first instance, at which asn1crypto changes the class's tags
    encoded = cls(data.draw(values_of(cls))).dump()
    assume(b"\x02\x02\x00\x80" not in encoded)  # AD-WIN2K-PAC: its contents would have to be a PAC
    decoded = decode_part(encoded, cls, cls.__name__)
    assert decoded.error is None
    oracle = Oracle(encoded)
    native = cls.load(encoded, strict=True).native
    if issubclass(cls, core.Sequence):
        oracle.struct(list(decoded.root.children), native)
    else:
        oracle.value(decoded.root.children[0], native)
    assert oracle.fields == sum(1 for _ in _compared(decoded.root))
