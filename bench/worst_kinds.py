"""Tokens of Kerberos' other messages, NEGOEX and CredSSP made to be slow: long lists, deep nests, shared bytes."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack
from typing import Final

from .worst import Family, fill
from .worst_tokens import ap_req, head, tlv, to_json

_PVNO: Final = tlv(0xA0, b"\x02\x01\x05")
_SEALED: Final = tlv(0x30, tlv(0xA0, b"\x02\x01\x12") + tlv(0xA2, tlv(0x04, bytes(16))))
_REALM: Final = tlv(0x1B, b"LAB.EXAMPLE")
_NAME: Final = tlv(0x30, tlv(0xA0, b"\x02\x01\x02") + tlv(0xA1, tlv(0x30, tlv(0x1B, b"krbtgt"))))
_TICKET: Final = tlv(0x61, tlv(0x30, _PVNO + tlv(0xA1, _REALM) + tlv(0xA2, _NAME) + tlv(0xA3, _SEALED)))
_KERBEROS: Final = bytes.fromhex("06092a864886f712010202")
_TARGET: Final = tlv(0xA1, tlv(0x0C, b"LAB.EXAMPLE"))
_IAKERB: Final = bytes.fromhex("06062b0601050205")

Build = Callable[[int], bytes]


def nest(size: int, *layer: tuple[int, bytes], core: bytes = b"") -> bytes:
    """Layers inside each other: the elements of each by tag, outermost first, with what stands first in each."""
    parts, total = [core], len(core)
    while total < size:
        for tag, before in reversed(layer):
            parts += (before, head(tag, total + len(before)))
            total += len(before) + len(parts[-1])
    return b"".join(reversed(parts))


def padata(kind: int, value: bytes) -> bytes:
    """One PA-DATA."""
    number = (
        kind.to_bytes(2, "big", signed=True) if kind > 0x7F or kind < -0x80 else kind.to_bytes(1, "big", signed=True)
    )
    return tlv(0x30, tlv(0xA1, tlv(0x02, number)) + tlv(0xA2, tlv(0x04, value)))


def as_req(listed: bytes, body: bytes = b"") -> bytes:
    """An AS-REQ with that for the contents of its padata, and more fields at the end of its req-body."""
    options = tlv(0xA0, b"\x03\x05" + bytes(5)) + tlv(0xA2, _REALM) + tlv(0xA5, tlv(0x18, b"20261122101500Z"))
    inside = options + tlv(0xA7, b"\x02\x01\x07") + tlv(0xA8, tlv(0x30, b"\x02\x01\x12")) + body
    message = tlv(0xA1, b"\x02\x01\x05") + tlv(0xA2, b"\x02\x01\x0a") + tlv(0xA3, tlv(0x30, listed))
    return tlv(0x6A, tlv(0x30, message + tlv(0xA4, tlv(0x30, inside))))


def _listed(item: bytes) -> Build:
    return lambda size: as_req(fill(item, size))


def _krb_cred(size: int) -> bytes:
    fields = _PVNO + tlv(0xA1, b"\x02\x01\x16") + tlv(0xA2, tlv(0x30, fill(_TICKET, size))) + tlv(0xA3, _SEALED)
    return tlv(0x76, tlv(0x30, fields))


def _fast(armor: bytes) -> bytes:
    """PA-FX-FAST of a request with that for its armor-value."""
    armored = tlv(0xA0, tlv(0x30, tlv(0xA0, b"\x02\x01\x01") + tlv(0xA1, tlv(0x04, armor))))
    checksum = tlv(0xA1, tlv(0x30, tlv(0xA0, b"\x02\x01\x10") + tlv(0xA1, tlv(0x04, bytes(12)))))
    return padata(136, tlv(0xA0, tlv(0x30, armored + checksum + tlv(0xA2, _SEALED))))


_ADDRESS: Final = tlv(0x30, tlv(0xA0, b"\x02\x01\x02") + tlv(0xA1, tlv(0x04, bytes((192, 0, 2, 1)))))

#: A KRB-ERROR up to its e-data, which is METHOD-DATA: one PA-DATA up to its value.
_ERROR: Final = (
    _PVNO
    + tlv(0xA1, b"\x02\x01\x1e")
    + tlv(0xA4, tlv(0x18, b"20261122101500Z"))
    + tlv(0xA5, b"\x02\x01\x00")
    + tlv(0xA6, b"\x02\x01\x19")
    + tlv(0xA9, _REALM)
    + tlv(0xAA, _NAME)
)
_ERROR_LAYER: Final = ((0x7E, b""), (0x30, _ERROR), (0xAC, b""), (0x04, b""))
_METHODS: Final = ((0x30, b""), (0x30, tlv(0xA1, b"\x02\x02\x00\x89")), (0xA2, b""), (0x04, b""))
_TYPED: Final = ((0x30, b""), (0x30, tlv(0xA0, b"\x02\x01\x16")), (0xA1, b""), (0x04, b""))
_CREDSSP: Final = ((0x30, tlv(0xA0, b"\x02\x01\x06")), (0xA1, b""), (0x30, b""), (0x30, b""), (0xA0, b""), (0x04, b""))


def _ts_request(size: int) -> bytes:
    item = tlv(0x30, tlv(0xA0, tlv(0x04, b"NTLMSSP\0\1\0\0\0" + bytes(20))))
    return tlv(0x30, tlv(0xA0, b"\x02\x01\x06") + tlv(0xA1, tlv(0x30, fill(item, size))))


def _remote_guard(size: int) -> bytes:
    package = tlv(0x30, tlv(0xA0, tlv(0x04, b"N\0")) + tlv(0xA1, tlv(0x04, b"secret")))
    inside = tlv(0x30, tlv(0xA0, package) + tlv(0xA1, tlv(0x30, fill(package, size))))
    return tlv(0x30, tlv(0xA0, b"\x02\x01\x06") + tlv(0xA1, tlv(0x04, inside)))


def _kpasswd(size: int) -> bytes:
    request, last = ap_req(b"R", b""), tlv(0x75, tlv(0x30, _PVNO + tlv(0xA1, b"\x02\x01\x15") + tlv(0xA3, _SEALED)))
    size = min(size, 0xFF00)
    request = ap_req(b"R" * max(1, size - len(request)), b"")
    return pack(">HHH", 6 + len(request) + len(last), 0xFF80, len(request)) + request + last


def negoex(kind: int, fields: bytes, payload: bytes, number: int = 0) -> bytes:
    """One NEGOEX message."""
    size = 40 + len(fields)
    return b"NEGOEXTS" + pack("<IIII", kind, number, size, size + len(payload)) + bytes(16) + fields + payload


def _schemes(size: int) -> bytes:
    count = min(max(1, size // 16), 0xFFFF)
    return negoex(0, bytes(40) + pack("<IH2xIH2x", 96, count, 0, 0), bytes(range(16)) * count)


def _extensions(share: int) -> Build:
    """As many extensions as there is room for; the value of each is the same bytes at the end, `share` of 4 parts."""

    def build(size: int) -> bytes:
        count = min(max(1, size // 12), 0xFFFF)
        value = bytes(12 * count * share // 4)
        array = pack("<III", 7, 96 + 12 * count, len(value)) * count
        return negoex(0, bytes(40) + pack("<IH2xIH2x", 0, 0, 96, count), array + value)

    return build


def _alerts(size: int) -> bytes:
    count = min(max(1, size // 12), 0xFFFF)
    array = pack("<III", 1, 72 + 12 * count, 8) * count
    return negoex(7, bytes(16) + pack("<IIH", 0, 72, count) + bytes(6), array + pack("<II", 8, 1))


_EMPTY_NEGO: Final = negoex(0, bytes(40) + bytes(16), b"")
_EXCHANGE: Final = negoex(2, bytes(16) + pack("<II", 64, 1), b"x")


def _overlapping_exchanges(size: int) -> bytes:
    """Messages that each say they hold all that follows."""
    one = len(_EXCHANGE)
    count = max(1, size // one)
    last = count * one
    return b"".join(
        b"NEGOEXTS"
        + pack("<IIII", 2, 0, 64, last - at)
        + bytes(16)
        + bytes(16)
        + pack("<II", 64, last - at - 64)
        + b"x"
        for at in range(0, last, one)
    )


def _framed(mechanism: bytes, inner: bytes) -> bytes:
    return tlv(0x60, mechanism + inner)


def _iakerb(message: bytes) -> bytes:
    return _framed(_IAKERB, b"\5\1" + tlv(0x30, _TARGET) + message)


def _recorded(message: bytes) -> bytes:
    return pack(">I", len(message)) + message


def _nested_negoex(size: int) -> bytes:
    """Exchanges that hold each other, made from the inside."""
    parts, total = [b""], 0
    while total < size:
        parts.append(b"NEGOEXTS" + pack("<IIII", 2, 0, 64, 64 + total) + bytes(32) + pack("<II", 64, total))
        total += 64
    return b"".join(reversed(parts))


_LARGEST: Final = 1 << 20

FAMILIES: Final = [
    Family(name, build, to_json, most)
    for name, build, most in (
        ("AS-REQ: many empty PA-DATA", _listed(padata(150, b"")), _LARGEST),
        ("AS-REQ: many PA-DATA nobody knows", _listed(padata(-999, b"x")), _LARGEST),
        ("AS-REQ: many PA-TGS-REQ", _listed(padata(1, ap_req(b"R", b""))), _LARGEST),
        ("AS-REQ: many PA-FX-FAST", _listed(_fast(ap_req(b"R", b""))), _LARGEST),
        ("AS-REQ: many PA-FX-FAST that hold no FAST", _listed(padata(136, b"\xa0\0")), _LARGEST),
        ("AS-REQ: many PA-FOR-USER that hold none", _listed(padata(129, b"\x30\0")), _LARGEST),
        ("AS-REQ: many PA-PK-AS-REQ_OLD that hold none", _listed(padata(14, b"\x30\x03\x80\1x")), _LARGEST),
        ("AS-REQ: many referrals that hold none", _listed(padata(25, b"\x30\x04\xa1\2\4\0")), _LARGEST),
        ("AS-REQ: many cookies", _listed(padata(133, b"\x30\0")), _LARGEST),
        ("AS-REQ: one PA-FX-FAST with a long armor", lambda n: as_req(_fast(ap_req(b"R" * n, b""))), _LARGEST),
        ("AS-REQ: many addresses", lambda n: as_req(b"", tlv(0xA9, tlv(0x30, fill(_ADDRESS, n)))), _LARGEST),
        ("AS-REQ: many tickets", lambda n: as_req(b"", tlv(0xAB, tlv(0x30, fill(_TICKET, n)))), _LARGEST),
        ("KRB-CRED: many tickets", _krb_cred, _LARGEST),
        ("KRB-ERROR in PA-FX-ERROR in KRB-ERROR in …", lambda n: nest(n, *_ERROR_LAYER, *_METHODS), _LARGEST),
        ("KRB-ERROR in METHOD-DATA in TYPED-DATA in …", lambda n: nest(n, *_ERROR_LAYER, *_TYPED, *_METHODS), _LARGEST),
        ("IAKERB: KRB-ERROR in KRB-ERROR in …", lambda n: _iakerb(nest(n, *_ERROR_LAYER, *_METHODS)), _LARGEST),
        ("IAKERB in IAKERB in …", lambda n: nest(n, (0x60, _IAKERB + b"\5\1\x30\4\xa1\2\x0c\0")), _LARGEST),
        (
            "IAKERB: one long cookie",
            lambda n: _framed(_IAKERB, b"\5\1" + tlv(0x30, _TARGET + tlv(0xA2, tlv(4, bytes(n))))),
            _LARGEST,
        ),
        ("KPASSWD-REQ: one long realm", _kpasswd, 1 << 15),
        ("TCP: AS-REQ of many PA-DATA", lambda n: _recorded(as_req(fill(padata(2, b""), n))), _LARGEST),
        ("TSRequest: many negoTokens", _ts_request, _LARGEST),
        ("TSRequest in negoTokens of TSRequest in …", lambda n: nest(n, *_CREDSSP), _LARGEST),
        ("TSCredentials: many packages", _remote_guard, _LARGEST),
        ("MIC of RFC 1964, long", lambda n: _framed(_KERBEROS, b"\1\1\x11\0" + b"\xff" * 4 + bytes(n)), _LARGEST),
        ("Wrap of RFC 1964, in clear", lambda n: _framed(_KERBEROS, b"\2\1\x11\0" + b"\xff" * 4 + bytes(n)), _LARGEST),
        ("NEGOEX: many schemes", _schemes, _LARGEST),
        ("NEGOEX: many empty extensions", _extensions(0), _LARGEST),
        ("NEGOEX: many extensions of the same bytes", _extensions(1), _LARGEST),
        ("NEGOEX: many alerts of the same bytes", _alerts, _LARGEST),
        ("NEGOEX: many messages without a scheme", lambda n: fill(_EMPTY_NEGO, n), _LARGEST),
        ("NEGOEX: many messages", lambda n: fill(_EXCHANGE, n), _LARGEST),
        ("NEGOEX: messages that overlap", _overlapping_exchanges, _LARGEST),
        ("NEGOEX in NEGOEX in …", _nested_negoex, _LARGEST),
    )
]
