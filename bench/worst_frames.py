"""Messages of SMB, LDAP and DCE/RPC made to be slow: many of them behind each other, and what carries no token."""

from __future__ import annotations

from struct import pack
from typing import Final

from . import samples
from .worst import Family, fill
from .worst_texts import read
from .worst_tokens import nested, tlv

_TOKEN: Final = bytes.fromhex("a1073005a0030a0102")


def _smb2(command: int, body: bytes, following: int = 0) -> bytes:
    """One SMB2 message of a server."""
    head = b"\xfeSMB" + pack("<HHIHHII", 64, 0, 0xC0000016, command, 1, 1, following)
    return head.ljust(64, b"\0") + body


def _setup(token: bytes, following: int = 0) -> bytes:
    return _smb2(1, pack("<HHHH", 9, 0, 72, len(token)) + token, following)


def _chain(unit: bytes, size: int) -> bytes:
    """Messages that are compounded: each says where the next one begins."""
    padded = unit.ljust(len(unit) + -len(unit) % 8, b"\0")
    linked = padded[:20] + pack("<I", len(padded)) + padded[24:]
    return fill(linked, size) + unit


def _stream(message: bytes, size: int) -> bytes:
    """Messages behind their lengths, as TCP has them."""
    return fill(pack(">I", len(message)) + message, size)


def _bind(size: int, controls: bytes = b"") -> bytes:
    answer = b"\x0a\1\x0e\4\0\4\0" + tlv(0x87, _TOKEN)
    one = tlv(0x30, b"\2\1\1" + tlv(0x61, answer) + controls)
    return fill(one, size)


def _search(size: int) -> bytes:
    return fill(tlv(0x30, b"\2\1\1" + tlv(0x64, b"\4\0\x30\0")), size)


def _controls(size: int) -> bytes:
    return _bind(1, tlv(0xA0, fill(tlv(0x30, tlv(4, b"1.2")), size)))


def _rpc(kind: int, size: int) -> bytes:
    trailer = b"\x09\6\0\0\0\0\0\0" + _TOKEN
    one = bytes((5, 0, kind, 3)) + b"\x10\0\0\0" + pack("<HHI", 24 + len(_TOKEN), len(_TOKEN), 1) + trailer
    return fill(one, size)


_BIND: Final = _setup(_TOKEN)

FAMILIES: Final = [
    Family(name, build, read)
    for name, build in (
        ("SMB2: many compounded", lambda size: _chain(_BIND, size)),
        ("SMB2: many compounded, of other commands", lambda size: _chain(_smb2(5, bytes(8)), size)),
        ("SMB2: many in a stream", lambda size: _stream(_BIND, size)),
        ("SMB2: many in a stream, of other commands", lambda size: _stream(_smb2(5, bytes(8)), size)),
        ("SMB2: many compounded, none whole", lambda size: _chain(_smb2(1, b"\x09\0"), size)),
        ("SMB2: one long security buffer", lambda size: _setup(samples.token_of(samples.INIT)) + bytes(size)),
        ("SMB2: many that are encrypted", lambda size: _stream(b"\xfdSMB" + bytes(60), size)),
        ("SMB1: many in a stream", lambda size: _stream(b"\xffSMB\x73" + bytes(60), size)),
        ("SMB2: many in hex, one a line", lambda size: fill((b"\0\0\0\x51" + _BIND).hex().encode() + b"\n", size)),
        ("LDAP: many bindResponses", _bind),
        ("LDAP: many searchResEntries", _search),
        ("LDAP: one of many controls", _controls),
        ("LDAP: nested elements behind a bind", lambda n: _bind(1, nested(n, 0xA0, 0x30))),
        ("DCE/RPC: many binds", lambda size: _rpc(11, size)),
        ("DCE/RPC: many requests", lambda size: _rpc(0, size)),
        ("OCTET STRING of a token", lambda size: tlv(4, tlv(0xA1, bytes(size)))),
    )
]
