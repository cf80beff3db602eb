"""Tokens made to be slow: deep, of many tiny elements, of bytes that belong to several fields, of long values."""

from __future__ import annotations

import json
from collections.abc import Callable
from struct import pack
from typing import Final

from . import samples
from .worst import Family, fill

_SPNEGO: Final = bytes.fromhex("06062b0601050502")
_KERBEROS: Final = bytes.fromhex("06092a864886f712010202")
_OTHER: Final = bytes.fromhex("06032a0304")


def to_json(data: bytes) -> int:
    """Decode, make the document with spans and write it: all that `decode --json --spans` does with a token."""
    from secctx.carriers.token import Source
    from secctx.cli.document import document
    from secctx.decoders import decode

    return len(json.dumps(document(decode(data), Source("", "raw", 0), True)))


def tlv(tag: int, body: bytes) -> bytes:
    """A DER element."""
    return head(tag, len(body)) + body


def head(tag: int, size: int) -> bytes:
    """The tag and length of a DER element."""
    if size < 0x80:
        return bytes((tag, size))
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets


def nested(size: int, *tags: int, before: bytes = b"", core: bytes = b"") -> bytes:
    """Elements inside each other, their tags in turn; `before` stands inside each of the outermost of a turn."""
    parts, total, index = [core], len(core), 0
    while total < size or index % len(tags):
        tag = tags[-1 - index % len(tags)]
        if before and tag == tags[0]:
            parts.append(before)
            total += len(before)
        parts.append(head(tag, total))
        total += len(parts[-1])
        index += 1
    return b"".join(reversed(parts))


def neg_token_init(mech_types: bytes, *others: bytes) -> bytes:
    """A NegTokenInit with that for its mechTypes, and other fields."""
    return tlv(0xA0, tlv(0x30, tlv(0xA0, tlv(0x30, mech_types)) + b"".join(others)))


def _mech_types(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: neg_token_init(fill(unit, size))


def _mech_types_last_wrong(size: int) -> bytes:
    return neg_token_init(fill(b"\x06\x01\x2a", size) + b"\x05\x00")


def _different_oids(size: int) -> bytes:
    return neg_token_init(b"".join(b"\x06\x05\x2a" + _base128(number) for number in range(max(1, size // 7))))


def _base128(number: int) -> bytes:
    return bytes((0x80 | 1 + (number >> 21), 0x80 | number >> 14 & 0x7F, 0x80 | number >> 7 & 0x7F, number & 0x7F))


def _fields(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: neg_token_init(_SPNEGO, fill(unit, size))


def ap_req(realm: bytes, name: bytes) -> bytes:
    """An AP-REQ with that for the contents of its realm and its name-string."""
    kerberos = tlv(0xA0, b"\x02\x01\x05")
    sname = tlv(0x30, tlv(0xA0, b"\x02\x01\x02") + tlv(0xA1, tlv(0x30, name)))
    sealed = tlv(0x30, tlv(0xA0, b"\x02\x01\x12") + tlv(0xA2, tlv(0x04, bytes(16))))
    ticket = kerberos + tlv(0xA1, tlv(0x1B, realm)) + tlv(0xA2, sname) + tlv(0xA3, sealed)
    fields = kerberos + tlv(0xA1, b"\x02\x01\x0e") + tlv(0xA2, b"\x03\x05" + bytes(5))
    fields += tlv(0xA3, tlv(0x61, tlv(0x30, ticket))) + tlv(0xA4, sealed)
    return tlv(0x6E, tlv(0x30, fields))


def _krb_error(e_data: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def build(size: int) -> bytes:
        fields = tlv(0xA0, b"\x02\x01\x05") + tlv(0xA1, b"\x02\x01\x1e")
        fields += tlv(0xA4, tlv(0x18, b"20261122101500Z")) + tlv(0xA5, b"\x02\x01\x00") + tlv(0xA6, b"\x02\x01\x19")
        fields += tlv(0xA9, tlv(0x1B, b"LAB.EXAMPLE")) + tlv(0xAA, tlv(0x30, _name()))
        return tlv(0x7E, tlv(0x30, fields + tlv(0xAC, tlv(0x04, tlv(0x30, e_data(size))))))

    return build


def _name() -> bytes:
    return tlv(0xA0, b"\x02\x01\x02") + tlv(0xA1, tlv(0x30, tlv(0x1B, b"krbtgt")))


def _etype_infos(size: int) -> bytes:
    info = tlv(0x30, fill(tlv(0x30, tlv(0xA0, b"\x02\x01\x12")), 64))
    return fill(tlv(0x30, tlv(0xA1, b"\x02\x01\x13") + tlv(0xA2, tlv(0x04, info))), size)


def _one_etype_info(size: int) -> bytes:
    info = tlv(0x30, fill(tlv(0x30, tlv(0xA0, b"\x02\x01\x12")), size))
    return tlv(0x30, tlv(0xA1, b"\x02\x01\x13") + tlv(0xA2, tlv(0x04, info)))


def _cut(build: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def half(size: int) -> bytes:
        data = build(size * 2)
        return data[: len(data) // 2]

    return half


def authenticate(payload: bytes, offsets: tuple[int, ...] = (88,) * 6) -> bytes:
    """An AUTHENTICATE_MESSAGE whose six fields begin at `offsets` of it and go to its end, or as far as they can."""
    end = 88 + len(payload)
    fields = b"".join(pack("<HHI", min(end - at, 0xFFFF), min(end - at, 0xFFFF), at) for at in offsets)
    return b"NTLMSSP\0" + pack("<I", 3) + fields + pack("<I", 0xE2888205) + bytes(24) + payload


def challenge(payload: bytes) -> bytes:
    """A CHALLENGE_MESSAGE whose TargetName and TargetInfo are the same bytes."""
    field = pack("<HHI", min(len(payload), 0xFFFF), min(len(payload), 0xFFFF), 56)
    flags = pack("<I", 0xE28A8205)
    return b"NTLMSSP\0" + pack("<I", 2) + field + flags + bytes(16) + field + bytes(8) + payload


def _response(pairs: bytes) -> bytes:
    return bytes(16) + b"\1\1" + bytes(26) + pairs


_TINY_PAIR: Final = pack("<HH", 7, 0)
_TEXT_PAIR: Final = pack("<HH", 1, 2) + b"A\0"
_BROKEN_PAIR: Final = pack("<HH", 1, 2) + b"\0\xd8"
_UNKNOWN_PAIR: Final = pack("<HH", 77, 1) + b"A"
_HOST_PAIR: Final = pack("<HH", 8, 1) + b"A"
#: The largest payload field of NTLM.
_FIELD: Final = 1 << 16


def _overlapping(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: authenticate(_response(fill(unit, size)))


FAMILIES: Final = [
    Family(name, build, to_json, most)
    for name, build, most in (
        ("nested 60", lambda size: nested(size, 0x60), 1 << 20),
        ("nested 30", lambda size: nested(size, 0x30), 1 << 20),
        ("nested a0", lambda size: nested(size, 0xA0), 1 << 20),
        ("nested 04 as mechToken", lambda size: neg_token_init(_SPNEGO, tlv(0xA2, nested(size, 4))), 1 << 20),
        ("nested 30 as mechTypes", lambda size: neg_token_init(nested(size, 0x30)), 1 << 20),
        ("nested a0 30 a2 04: NegTokenInit", lambda size: nested(size, 0xA0, 0x30, 0xA2, 4), 1 << 20),
        ("nested a1 30 a2 04: NegTokenResp", lambda size: nested(size, 0xA1, 0x30, 0xA2, 4), 1 << 20),
        ("nested 60 06: GSS of SPNEGO", lambda size: nested(size, 0x60, before=_SPNEGO), 1 << 20),
        ("nested 60 06: GSS of others", lambda size: nested(size, 0x60, before=_OTHER), 1 << 20),
        ("nested 60 06 a0 30 a2 04", lambda size: nested(size, 0x60, 0xA0, 0x30, 0xA2, 4, before=_SPNEGO), 1 << 20),
        ("nested 61 30 a0: Ticket", lambda size: nested(size, 0x61, 0x30, 0xA0), 1 << 20),
        ("lengths without end: 30 80", lambda size: neg_token_init(fill(b"\x30\x80", size)), 1 << 20),
        ("many NULLs as mechTypes", _mech_types(b"\5\0"), 1 << 20),
        ("many empty OIDs", _mech_types(b"\6\0"), 1 << 20),
        ("many OIDs of one byte", _mech_types(b"\6\1\x2a"), 1 << 20),
        ("many OIDs, all different", _different_oids, 1 << 20),
        ("many OIDs, the last one wrong", _mech_types_last_wrong, 1 << 20),
        ("many OIDs, cut short", _cut(_mech_types(b"\6\1\x2a")), 1 << 20),
        ("many lengths of 5 bytes: 06 84 0…0", _mech_types(b"\6\x84\0\0\0\0"), 1 << 20),
        ("many lengths of 2 GiB: 06 84 7fffffff", _mech_types(b"\6\x84\x7f\xff\xff\xff"), 1 << 20),
        ("many NULLs as fields", _fields(b"\5\0"), 1 << 20),
        ("many unknown fields: a9 00", _fields(b"\xa9\0"), 1 << 20),
        ("many fields again: a0 00", _fields(b"\xa0\0"), 1 << 20),
        ("many fields of a long tag: bf 00", _fields(b"\xbf\0"), 1 << 20),
        ("many fields behind the message", lambda size: tlv(0x6E, tlv(0x30, b"") + fill(b"\5\0", size)), 1 << 20),
        ("many name-strings, empty", lambda size: ap_req(b"R", fill(b"\x1b\0", size)), 1 << 20),
        ("many name-strings that need escapes", lambda size: ap_req(b"R", fill(b"\x1b\1/", size)), 1 << 20),
        ("many empty PA-DATA", _krb_error(lambda size: fill(tlv(0x30, tlv(0xA1, b"\2\1\2")), size)), 1 << 20),
        ("many PA-ETYPE-INFO2", _krb_error(_etype_infos), 1 << 20),
        ("one PA-ETYPE-INFO2 of many entries", _krb_error(_one_etype_info), 1 << 20),
        ("one long OID", lambda size: neg_token_init(tlv(6, b"\x2a" + b"\x81" * size + b"\1")), 1 << 20),
        ("one long OID of zeros", lambda size: neg_token_init(tlv(6, b"\x2a" + bytes(size))), 1 << 20),
        ("one long realm", lambda size: ap_req(b"R" * size, b""), 1 << 20),
        ("one long realm that is no UTF-8", lambda size: ap_req(b"\xff" * size, b""), 1 << 20),
        ("one long name that needs escapes", lambda size: ap_req(b"R", tlv(0x1B, b"/" * size)), 1 << 20),
        ("one long BIT STRING", lambda size: neg_token_init(_SPNEGO, tlv(0xA1, tlv(3, bytes(size)))), 1 << 20),
        ("one long octet string", lambda size: neg_token_init(_SPNEGO, tlv(0xA2, tlv(4, bytes(size)))), 1 << 20),
        ("one long TOK_ID message", lambda size: tlv(0x60, _KERBEROS + b"\1\0" + bytes(size)), 1 << 20),
        ("trailing bytes", lambda size: samples.token_of(samples.INIT) + bytes(size), 1 << 20),
        ("no token", lambda size: b"\xff" * size, 1 << 20),
        ("NTLM: six fields are the same bytes", lambda size: authenticate(b"A" * size), 1 << 20),
        ("NTLM: six fields overlap in steps", lambda n: authenticate(b"A" * n, tuple(range(88, 94))), 1 << 20),
        ("NTLM: and are no UTF-16", lambda size: authenticate(fill(b"\0\xd8", size)), 1 << 20),
        ("NTLM: and are AV pairs, empty", _overlapping(_TINY_PAIR), _FIELD),
        ("NTLM: and are AV pairs of text", _overlapping(_TEXT_PAIR), _FIELD),
        ("NTLM: and are AV pairs of no UTF-16", _overlapping(_BROKEN_PAIR), _FIELD),
        ("NTLM: and are AV pairs nobody knows", _overlapping(_UNKNOWN_PAIR), _FIELD),
        ("NTLM: and are AV pairs of hosts cut short", _overlapping(_HOST_PAIR), _FIELD),
        ("NTLM: CHALLENGE of AV pairs, empty", lambda size: challenge(fill(_TINY_PAIR, size)), _FIELD),
        ("NTLM: a signature and its message", lambda size: b"\1\0\0\0" + bytes(12 + size), 1 << 20),
        ("NTLM: one long gap", lambda size: samples.token_of(samples.NTLM) + bytes(size), 1 << 20),
        ("NEGOEX", lambda size: b"NEGOEXTS" + bytes(size), 1 << 20),
        ("per-message token", lambda size: b"\5\4\0\xff" + bytes(12 + size), 1 << 20),
    )
]
