"""Byte lists in decimal, as PowerShell, Java, Python and JavaScript print them."""

from __future__ import annotations

import re
from typing import Final

from .framing import likely
from .plaintext import Lines
from .token import MOST_TOKENS, Token, found, too_many

#: Numbers separated by commas, white space or both: at least eight of them. What a number begins with stands first, so
#: that the search can skip all else; what must not stand before it is looked at then.
LIST: Final = re.compile(
    rb"[-\d](?<![\w.:-][-\d])(?:(?<=-)\d{1,3}|(?<=\d)\d{0,2})"
    rb"(?:(?:,[ \t]*+|[ \t]++|[ \t]*+,?[ \t]*+\n[ \t]*+)-?\d{1,3}){7,}+"
)
GOES_ON: Final = re.compile(rb"[\w.:]")
NUMBERS: Final = bytes.maketrans(b",\t\n", b"   ")


def read_lists(body: bytes, most: int) -> list[Token]:
    """The tokens in lists of decimal bytes (signed ones, as Java prints them, too); empty where there are none."""
    tokens: list[Token] = []
    if len(body) > most:
        return tokens
    lines = Lines(body)
    for match in LIST.finditer(body):
        data, signed = _bytes(match[0]) if not GOES_ON.match(body, match.end()) else (b"", False)
        if not data or not likely(data):
            continue
        if len(tokens) >= MOST_TOKENS:
            raise too_many()
        notes = ("signed bytes",) if signed else ()
        tokens.append(found(data, "powershell", lines.number(match.start()), *notes))
    return tokens


def _bytes(text: bytes) -> tuple[bytes, bool]:
    """The bytes of the list, and whether some are negative; none where a number is no byte."""
    try:
        numbers = [int(number) for number in text.translate(NUMBERS).split()]
        if b"-" not in text:
            return bytes(numbers), False
        return (bytes(number & 0xFF for number in numbers), True) if _are_signed(numbers) else (b"", True)
    except ValueError:
        return b"", False


def _are_signed(numbers: list[int]) -> bool:
    return min(numbers) >= -128 and max(numbers) <= 127
