"""Texts made to be slow: one thing again and again, in every form that carriers read."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Final

from .worst import Family, fill
from .worst_tokens import tlv

#: A short whole token.
_SHORT: Final = base64.b64encode(bytes.fromhex("a1073005a0030a0102"))
_NTLM: Final = b"TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=="

# fmt: off
#: What is repeated. Each begins, or nearly is, something that a reader looks for.
_UNITS: Final = (
    b"A", b"a", b"0", b"f", b" ", b"\t", b"\n", b"\r", b" \n", b"A\n", b"A ", b"AB\n", b"AAAA\n", b"0x",
    b"0x,", b"0x41,", b"0x4 ", b"ab", b"ab ", b"ab:", b"ab-", b"ab, ", b"\\x", b"\\x41", b"\\u0041", b"\\",
    b"\\\n", b"\\n", b"\\r\\n", b'"', b"'", b'"A', b'"A"\n', b'"A" + ', b"{", b"[", b"(", b"<", b">", b"> ",
    b"|", b">\n", b"{}", b"{0x41}", b"(a", b"=", b"==", b"A=", b"A==\n", b"a: ", b"a=", b"a = ", b"$a.",
    b"a[", b":=", b"%", b"%2B", b"%0A", b"/*", b"/**/", b"//", b"//\n", b"#", b"#\n", b"# a\n", b"-----",
    b"-----\n", b"-----BEGIN\n", b"CertUtil:\n", b"*\n", b"*", b",", b", ", b"1,", b"1, ", b"1\n", b"-1,",
    b"1 ", b"1,\n", b".", b"@", b"`", b";", b"&", b"+", b"+ ", b"-", b"_", b"\x1b", b"\x1b[", b"\x1b[0m",
    b"\xc3\xa9", b"\xc2\xa0", b"\xe2\x80\x9c", b"\xff", b"\x00A", b"A\x00", b"\x00", b"data:",
    b"data:;base64,", b"base64:", b"Negotiate ", b"Negotiate AAAA", b"Negotiate AAAA\n", b"Negotiate AAAA\n ",
    b"NTLM ", b"NTLM:", b"NTLM TlRM\n", b"Kerberos YII ", b"negotiate negotiate ", b"Authorization",
    b"Authorization:", b"Authorization: ", b"Authorization: \n", b"Authorization: Negotiate\n",
    b"Authorization: AAAAAAAAAAAAAAAA\n", b"Authorization: Negotiate AAAA\n",
    b"Authorization: Negotiate AAAAAAAAAAAAAAAAAAAAAAAA\n", b"WWW-Authenticate: Negotiate\n",
    b"WWW-Authenticate: Basic realm=\n", b"WWW-Authenticate: ", b"proxy-", b"www-", b"HTTP/1.1 401 \n",
    b"TlRM", b"TlRMTVNTUAAB", b"TlRMTVNTUAAB\n", b"TlRMTVNTUAAB ", b"YII", b"YIIB", b"oY", b"oYIB\n", b"334 ",
    b"334 AAAAAAAA\n", b"+ AAAAAAAAAAAA\n", b"AUTH NTLM ", b"AUTH NTLM TlRMTVNT\n", b"a1 AUTHENTICATE NTLM ",
    b"C: ", b"C: AAAAAAAAAAAAAAAAAAAA\n", b"0000: ", b"0000:\n", b"0000: 41\n", b"0000 \n", b"0000  ",
    b"000 ", b"00000000  41 ", b"0x0000:  4500\n", b"0000: 4e54 4c4d  NTLM\n", b"00000000`00000000 41\n",
    b"=> Send header\n", b"=> ", b"=> Send header\n0000: A\n", b"<= Recv data\n",
    b"0000: Authorization: Negotiate ", b'{"', b'{"schema":', b'{"schema":"secctx.',
    b'{"schema":"secctx.extract/1"}\n', b'"value":"', b'"name":"Authorization",', b'"value"',
    b"bytes.fromhex(", b"unhexlify", b"[byte[]]", b"new byte[1", b"<html>", b"<title>", b"<!DOCTYPE html",
    b"eyJ", b"MII", b"12:00:00.0 ", b"2026-11-22 12:00:00.0 ", b"60", b"6082", b"4e54",
    b"4e544c4d5353500001000000", b"60820", b"x'", b"b'", b'b"\\x41" ', b'L"', b"u8", b"(byte)", b"...",
    b"[truncated",
)
# fmt: on


def read(data: bytes) -> object:
    """Read a text as `decode` does, whatever comes of it."""
    from secctx.carriers.text import read_tokens
    from secctx.carriers.token import CarrierError

    try:
        return read_tokens(data, "")
    except CarrierError as error:
        return error


def _big(size: int) -> bytes:
    """A token of about `size` bytes: a NegTokenInit with a long mechToken."""
    cipher = bytes(range(256)) * (size // 256) + bytes(size % 256)
    return tlv(0xA0, tlv(0x30, tlv(0xA2, tlv(4, cipher))))


def _wrapped(text: bytes, width: int, before: bytes = b"", after: bytes = b"\n") -> bytes:
    return b"".join(before + text[at : at + width] + after for at in range(0, len(text), width))


def _folded(size: int) -> bytes:
    return b"Authorization: Negotiate " + _wrapped(base64.b64encode(_big(size)), 64, b" " if size else b"").lstrip()


def _dump(offset: str, group: int, ascii_column: bool) -> Callable[[int], bytes]:
    def build(size: int) -> bytes:
        data = _big(max(16, size // 4))
        return "".join(_row(data, at, offset, group, ascii_column) for at in range(0, len(data), 16)).encode()

    return build


def _row(data: bytes, at: int, offset: str, group: int, ascii_column: bool) -> str:
    row = data[at : at + 16]
    shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    return f"{at:{offset}} {row.hex(' ', -group)}" + (f"  {shown}" if ascii_column else "") + "\n"


def _starred(size: int) -> bytes:
    return b"00000000: 4e54 4c4d\n" + fill(b"*\n", size) + b"7fffffff: 4e54 4c4d\n"


def _stars(size: int) -> bytes:
    rows = (f"{8 * at:08x}  00 00 00 00\n*\n".encode() for at in range(max(1, size // 24)))
    return b"".join(rows)


def _packet(number: int) -> bytes:
    """IP, TCP and a header with a token."""
    body = b"GET / HTTP/1.1\r\nAuthorization: NTLM " + _NTLM + b"\r\n\r\n"
    ip = b"\x45\0" + (40 + len(body)).to_bytes(2) + bytes(5) + b"\6" + bytes(2) + b"\x0a\0\0\1\x0a\0\0\2"
    tcp = b"\x30\x39\0\x50" + (number * len(body) & 0xFFFFFFFF).to_bytes(4) + bytes(4) + b"\x50\0" + bytes(6)
    return ip + tcp + body


def _packets(size: int) -> bytes:
    packets = (_packet(number) for number in range(max(1, size // 500)))
    return "".join(
        "12:00:00.0 IP 10.0.0.1.12345 > 10.0.0.2.80: tcp\n"
        + "".join("\t" + _row(packet, at, "#06x", 2, False).replace(" ", ":  ", 1) for at in range(0, len(packet), 16))
        for packet in packets
    ).encode()


def _extracted(size: int) -> bytes:
    entry = {"schema": "secctx.extract/1", "token": _NTLM.decode(), "packets": [1]}
    return fill(json.dumps(entry).encode() + b"\n", size)


def _trace(size: int) -> bytes:
    row = b"0000: Authorization: NTLM " + _NTLM + b"\n"
    return fill(b"=> Send header, 100 bytes (0x64)\n" + row, size)


def _long_trace(size: int) -> bytes:
    text = base64.b64encode(_big(size))
    rows = (b"%04x: " % at + text[at : at + 64] + b"\n" for at in range(0, len(text), 64))
    return b"=> Send header, 100 bytes (0x64)\n0000: Authorization: Negotiate \n" + b"".join(rows)


def _har(size: int) -> bytes:
    header = b'{"name": "Authorization", "value": "NTLM ' + _NTLM + b'"}, '
    return b'{"headers": [' + fill(header, size) + b"]}"


def _listed(data: bytes, between: str) -> bytes:
    return between.join(map(str, data)).encode()


def _in_other_text(size: int) -> bytes:
    return fill(b"GET /?token=" + _NTLM + b" 200 OK\n", size)


def _twice(size: int) -> bytes:
    return base64.b64encode(base64.b64encode(_big(size * 9 // 16)))


def _repeated(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: fill(unit, size)


def _behind_token(unit: bytes) -> Callable[[int], bytes]:
    """The token first, so that the readers believe that there are some."""
    return lambda size: b"Authorization: NTLM " + _NTLM + b"\n" + fill(unit, size)


_SHAPES: Final[tuple[tuple[str, Callable[[int], bytes]], ...]] = (
    ("base64 of one token on one line", lambda size: base64.b64encode(_big(size * 3 // 4))),
    ("base64 of one token, wrapped", lambda size: _wrapped(base64.b64encode(_big(size * 3 // 4)), 76)),
    ("base64 of one token, wrapped at 4", lambda size: _wrapped(base64.b64encode(_big(size * 3 // 5)), 4)),
    ("base64 of one token, quoted strings", lambda n: _wrapped(base64.b64encode(_big(n * 3 // 5)), 20, b'"', b'" +\n')),
    ("base64 twice", _twice),
    ("base64 lines, short tokens", _repeated(_SHORT + b"\n")),
    ("base64 lines, NTLM", _repeated(_NTLM + b"\n")),
    ("base64 lines with blank ones between", _repeated(_NTLM + b"\n\n")),
    ("base64 lines, the last one wrong", lambda size: fill(_NTLM + b"\n", size) + b"!\n"),
    ("base64 in other text", _in_other_text),
    ("hex of one token", lambda size: _big(size // 2).hex().encode()),
    ("hex with colons", lambda size: _big(size // 3).hex(":").encode()),
    ("hex, wrapped", lambda size: _wrapped(_big(size // 2).hex().encode(), 32)),
    ("hex, an odd digit at its end", lambda size: _big(size // 2).hex().encode() + b"a"),
    ("hex lines", lambda size: fill(b"a1073005a0030a0102\n", size)),
    ("hex as C array", lambda size: b"{" + b", ".join(b"0x%02x" % byte for byte in _big(size // 6)) + b"}"),
    ("hex as C string", lambda size: b'"' + b"".join(b"\\x%02x" % byte for byte in _big(size // 4)) + b'"'),
    ("hex as C strings of one byte", lambda size: b"\n".join(b'"\\x%02x"' % byte for byte in _big(size // 7))),
    ("decimal list, commas", lambda size: _listed(_big(size // 3), ", ")),
    ("decimal list, lines", lambda size: _listed(_big(size // 3), "\n")),
    ("header, one long token", lambda size: b"Authorization: Negotiate " + base64.b64encode(_big(size * 3 // 4))),
    ("header folded over many lines", _folded),
    ("header lines", _repeated(b"Authorization: NTLM " + _NTLM + b"\n")),
    ("challenges on one line", lambda n: b"WWW-Authenticate: " + fill(b"Negotiate " + _SHORT + b", NTLM, ", n)),
    ("HAR of many headers", _har),
    ("xxd", _dump("08x", 2, True)),
    ("hexdump -C", _dump("08x", 1, True)),
    ("od without text", _dump("07o", 1, False)),
    ("xxd of one byte a line", lambda n: b"".join(b"%08x: a1  .\n" % at for at in range(max(1, n // 15)))),
    ("dumps of one line", _repeated(b"00000000: a107 3005 a003 0a01 02\n")),
    ("dump of one * for 2 GiB", _starred),
    ("dump of a * on every line", _stars),
    ("tcpdump -x of many packets", _packets),
    ("curl --trace-ascii of many requests", _trace),
    ("curl --trace-ascii of one long header", _long_trace),
    ("JSON lines of extract", _extracted),
    ("SASL exchange", _repeated(b"C: a1 AUTHENTICATE NTLM " + _NTLM + b"\nS: + " + _NTLM + b"\n")),
    ("UTF-16", lambda size: fill(_NTLM + b"\n", size // 2).decode().encode("utf-16")),
    ("raw bytes", lambda size: b"\xff" * size),
    ("raw token", lambda size: _big(size)),
)

FAMILIES: Final = [
    *(Family(name, build, read) for name, build in _SHAPES),
    *(Family(f"{unit!r} * n", _repeated(unit), read, 1 << 18, 4) for unit in _UNITS),
    *(Family(f"token, then {unit!r} * n", _behind_token(unit), read, 1 << 18, 4) for unit in _UNITS),
]
