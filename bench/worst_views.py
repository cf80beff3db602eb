"""What `--redact` and `--format hex` have most to do with: many names, many fields, long values."""

from __future__ import annotations

import os
from collections.abc import Callable
from struct import pack
from typing import Final

from . import samples
from .worst import Family, fill
from .worst_kinds import as_req, negoex, padata
from .worst_output import print_tree
from .worst_tokens import ap_req, authenticate, challenge, neg_token_init, tlv


def redact(data: bytes) -> bytes:
    """The token with stand-ins."""
    from secctx.redaction.redactor import Redactor

    return Redactor().token(data)


def redact_and_print(data: bytes) -> int:
    """All that `decode --redact` does with a token."""
    return print_tree(data, "--redact")


def hex_view(data: bytes, *options: str) -> int:
    """The hex view as a terminal of 100 columns has it, where long texts are folded."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    try:
        return print_tree(data, "--format", "hex", *options)
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before


def full_hex_view(data: bytes) -> int:
    """The same with every byte."""
    return hex_view(data, "--full")


def _names(form: str, step: int = 1) -> Callable[[int], bytes]:
    """Name-strings, every one another one (with a step of 0 the same one)."""

    def build(size: int) -> bytes:
        width = len(form % 0) + 2
        return ap_req(b"R", b"".join(tlv(0x1B, (form % (n * step)).encode()) for n in range(max(1, size // width))))

    return build


def _oids(size: int) -> bytes:
    return neg_token_init(fill(b"\x06\x01\x2a", size))


def _pairs(size: int) -> bytes:
    host = "".join(f"h{n:05}." for n in range(max(1, size // 14)))
    return challenge(
        b"".join(pack("<HH", 3, 12) + host[at : at + 6].encode("utf-16-le") for at in range(0, len(host), 7))
    )


def _letters(size: int) -> bytes:
    """Names of one letter: there are fewer stand-ins for them than names."""
    return ap_req(b"R", b"".join(tlv(0x1B, chr(0x4E00 + n % 0x5000).encode()) for n in range(max(1, size // 5))))


def _keys(size: int) -> bytes:
    """Byte strings, every one another one."""
    return as_req(b"".join(padata(-999, n.to_bytes(8, "big")) for n in range(max(1, size // 20))))


def _phrase(size: int) -> bytes:
    words = b" ".join(b"word%05d" % n for n in range(max(1, size // 10)))
    fields = tlv(0xA0, b"\x02\x01\x05") + tlv(0xA1, b"\x02\x01\x1e") + tlv(0xA4, tlv(0x18, b"20261122101500Z"))
    fields += tlv(0xA5, b"\x02\x01\x00") + tlv(0xA6, b"\x02\x01\x3c") + tlv(0xA9, tlv(0x1B, b"R"))
    return tlv(0x7E, tlv(0x30, fields + tlv(0xAB, tlv(0x1B, words))))


_SECRET: Final = tlv(0x30, tlv(0xA0, tlv(4, b"N\0")) + tlv(0xA1, tlv(4, b"secret")))


def _secrets(size: int) -> bytes:
    inside = tlv(0x30, tlv(0xA0, _SECRET) + tlv(0xA1, tlv(0x30, fill(_SECRET, size))))
    return tlv(0x30, tlv(0xA0, b"\x02\x01\x06") + tlv(0xA1, tlv(4, inside)))


def _long(size: int) -> bytes:
    return neg_token_init(b"\x06\x01\x2a", tlv(0xA2, tlv(4, bytes(range(0x80, 0x100)) * (size // 128 + 1))))


STAND_INS: Final = [
    Family(f"{what}: {name}", build, run, most)
    for what, run in (("stand-ins", redact), ("--redact tree", redact_and_print))
    for name, build, most in (
        ("many names, all different", _names("user-name-%08d"), 1 << 20),
        ("many names, the same", _names("user-name-%08d", 0), 1 << 20),
        ("many hosts", _names("http/h%06d.lab.example:8080"), 1 << 20),
        ("many addresses", _names("10.%03d.1.1"), 1 << 20),
        ("many numbers", _names("%d"), 1 << 20),
        ("names of one letter", _letters, 1 << 20),
        (
            "one name of many parts",
            lambda n: ap_req(b"R", tlv(0x1B, b"/".join(b"%06d" % i for i in range(n // 7 + 1)))),
            1 << 20,
        ),
        ("one name of separators", lambda n: ap_req(b"R", tlv(0x1B, b"/@.\\" * (n // 4 + 1))), 1 << 20),
        ("one name of dots and digits", lambda n: ap_req(b"R", tlv(0x1B, b"1.2.3.4." * (n // 8 + 1))), 1 << 20),
        ("one long realm", lambda n: ap_req(b"R" * n, b""), 1 << 20),
        ("one realm that is no UTF-8", lambda n: ap_req(b"\xff" * n, b""), 1 << 20),
        ("one long text of a KDC", _phrase, 1 << 20),
        ("many byte strings, all different", _keys, 1 << 20),
        ("many OIDs", _oids, 1 << 20),
        ("one long value", _long, 1 << 20),
        ("no token", lambda n: b"\xff" * n, 1 << 20),
        ("trailing bytes", lambda n: samples.token_of(samples.INIT) + bytes(range(0x80, 0x100)) * (n // 128), 1 << 20),
        ("headers without an end", lambda n: tlv(0x60, b"\x06\x01\x2a" + fill(b"\x30\x00", n)), 1 << 20),
        ("NTLM, many hosts", _pairs, 1 << 16),
        ("NTLM, six fields are the same bytes", lambda n: authenticate(b"A" * n), 1 << 20),
        ("NEGOEX, many messages", lambda n: fill(negoex(2, bytes(16) + pack("<II", 64, 1), b"x"), n), 1 << 20),
        ("many secrets", _secrets, 1 << 20),
    )
]

HEX: Final = [
    Family(f"{what}: {name}", build, run, most)
    for what, run in (("hex view", hex_view), ("hex view, --full", full_hex_view))
    for name, build, most in (
        ("one long value", _long, 1 << 20),
        ("no token", lambda n: b"\xff" * n, 1 << 20),
        ("many OIDs", _oids, 1 << 20),
        ("many OIDs, the last one wrong", lambda n: neg_token_init(fill(b"\x06\x01\x2a", n) + b"\x05\0"), 1 << 20),
        ("many names", _names("name%08d"), 1 << 20),
        ("many secrets", _secrets, 1 << 20),
        ("one long name", lambda n: ap_req(b"R", tlv(0x1B, b"n" * n)), 1 << 20),
        (
            "one long name of many bytes a letter",
            lambda n: ap_req(b"R", tlv(0x1B, "名".encode() * (n // 3 + 1))),
            1 << 20,
        ),
        ("AS-REQ of many PA-DATA", lambda n: as_req(fill(padata(150, b""), n)), 1 << 20),
        ("NTLM, many AV pairs", lambda n: challenge(fill(b"\7\0\0\0", n)), 1 << 16),
        ("NTLM, six fields are the same bytes", lambda n: authenticate(b"A" * n), 1 << 20),
        ("NEGOEX, many messages", lambda n: fill(negoex(2, bytes(16) + pack("<II", 64, 1), b"x"), n), 1 << 20),
    )
]
