"""Text out of bytes: encodings, line ends, terminal colours and typographic quotes."""

from __future__ import annotations

import re
from typing import Final

PRINTABLE: Final = bytes([*range(0x20, 0x7F), 9, 10, 11, 12, 13, 27])
NO_CONTROL: Final = PRINTABLE + bytes(range(0x80, 0x100))
COLOURS: Final = re.compile(rb"\x1b\[[0-9;]{0,20}[A-Za-z]")
#: What word processors, chats and wikis make of plain characters.
TYPOGRAPHY: Final = (
    ("\u00a0", " "),
    ("\u2007", " "),
    ("\u202f", " "),
    ("\u2028", "\n"),
    ("\u200b", ""),
    ("\u200c", ""),
    ("\u200d", ""),
    ("\u2060", ""),
    ("\u00ad", ""),
    ("\ufeff", ""),
    ("\u201c", '"'),
    ("\u201d", '"'),
    ("\u201e", '"'),
    ("\u00ab", '"'),
    ("\u00bb", '"'),
    ("\u2018", "'"),
    ("\u2019", "'"),
    ("\u201a", "'"),
    ("\u2010", "-"),
    ("\u2011", "-"),
)


def read_text(data: bytes) -> bytes | None:
    """The text in `data` as UTF-8 with plain characters and `\\n` line ends, None where the bytes are no text."""
    text = _unicode(data)
    if text is None:
        if data.translate(None, NO_CONTROL):
            return None
        text = data
        if not data.isascii() and not _is_utf8(data) and len(data.translate(None, PRINTABLE)) * 4 > len(data):
            return None
    elif text.translate(None, NO_CONTROL) or len(text.translate(None, PRINTABLE)) * 2 > len(text):
        return None
    if not text.isascii() and _is_utf8(text):
        for fancy, plain in TYPOGRAPHY:
            text = text.replace(fancy.encode(), plain.encode())
    if b"\x1b" in text:
        text = COLOURS.sub(b"", text)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _unicode(data: bytes) -> bytes | None:
    """UTF-8 from text with a byte order mark, or from UTF-16 without one; None for all else."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:]
    order = ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        order = "utf-16"
    elif len(data) >= 8 and not any(data[1:17:2]) and _only_zeros(data[1::2]):
        order = "utf-16-le"
    elif len(data) >= 8 and not any(data[0:16:2]) and _only_zeros(data[0::2]):
        order = "utf-16-be"
    return data.decode(order, "ignore").encode("utf-8", "ignore") if order else None


def _only_zeros(data: bytes) -> bool:
    return data.count(0) == len(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


#: Users files (`DOMAIN:USER:PASSWORD`), private keys, passwords, other credentials in headers.
_SECRET: Final = re.compile(rb"(?i)PRIVATE KEY|passw|secret|basic |bearer |^[^\s:]*:[^\s:]+:", re.MULTILINE)


def show(data: bytes, most: int = 40) -> str:
    """The beginning of `data` on one line for a message, quoted; what may hold a secret is not shown."""
    if _SECRET.search(data[:400]):
        return f"text of {len(data)} bytes (not shown: it may hold a secret)"
    text = " ".join(data[: most * 4].decode("utf-8", "replace").split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return repr(text[:most] + ("…" if len(text) > most or len(data) > most * 4 else ""))


class Lines:
    """Line numbers and columns of ascending positions, in time linear in the text."""

    __slots__ = ("at", "body", "line")

    def __init__(self, body: bytes) -> None:
        self.body, self.at, self.line = body, 0, 1

    def number(self, position: int) -> int:
        """The line, counted from 1, of a position not before the last one asked for."""
        if position > self.at:
            self.line += self.body.count(b"\n", self.at, position)
            self.at = position
        return self.line

    def column(self, position: int) -> int:
        """The column, counted from 1."""
        return position - self.body.rfind(b"\n", 0, position)
