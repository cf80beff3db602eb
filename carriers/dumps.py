"""Hex dumps with offsets: xxd, hexdump, od, Wireshark, tcpdump, certutil, PowerShell's Format-Hex, WinDbg."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .plaintext import Lines
from .token import MOST_TOKENS, CarrierError, too_many

_HEX = rb"(?:[0-9A-Fa-f]{2})++"
#: One line: an offset, then groups of hex digits, then whatever (the ASCII column); or `*`, or the last offset alone.
ROW: Final = re.compile(
    rb"(?m)^(?P<lead>[ \t>|]*+)(?:(?P<offset>(?:0[xX])?[0-9A-Fa-f]{3,16}(?:`[0-9A-Fa-f]{8})?)"
    rb"(?:(?P<gap>:[ \t]*+|[ \t]{1,16}+)(?P<hex>" + _HEX + rb"(?:[ \t-][ \t]{0,7}+" + _HEX + rb")*+)(?P<rest>[^\n]*+)"
    rb"|:?[ \t]*+$)|(?P<star>\*)[ \t]*+$)"
)
FORMAT_HEX: Final = re.compile(rb"(?m)^[ \t]+00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F[ \t]*$")
SPACES: Final = b" \t-"
MOST_ROWS: Final = 1_200_000
MOST_EXPANDED: Final = 64 << 20  #: bytes that `*` lines may stand for in one input


@dataclass(slots=True)
class Row:
    """One line: its number and offset as written; `hexes` may reach into the ASCII column, `rest` follows it."""

    line: int
    offset: bytes
    colon: bool
    hexes: bytes = b""
    rest: bytes = b""
    starred: bool = False  #: a `*` stands between the line before and this one


@dataclass(slots=True)
class Block:
    """The bytes of one dump, the line it begins in, its tool, and the position of that line in the text."""

    data: bytes
    line: int
    encoding: str
    start: int = 0
    readings: tuple[bytes, ...] = ()


def read_dump(body: bytes, named: bool = False) -> list[Block]:
    """The dumps in `body`, each with its bytes; empty where it is none.

    Raises CarrierError where a line is missing, out of order or too short for its offset.
    """
    rows = _rows(body, named)
    if not rows:
        return []
    blocks: list[Block] = []
    begin, budget = 0, MOST_EXPANDED
    first = _value(rows[0][0].offset, 16)
    format_hex = FORMAT_HEX.search(body[: 1 << 16]) is not None
    for index in range(1, len(rows) + 1):
        if index == len(rows) or (_value(rows[index][0].offset, 16) <= first and rows[index][0].hexes):
            if len(blocks) >= MOST_TOKENS:
                raise too_many()
            part = [row for row, _ in rows[begin:index]]
            block = _block(part, budget, format_hex)
            block.start = rows[begin][1]
            budget -= len(block.data)
            blocks.append(block)
            begin = index
            if index < len(rows):
                first = _value(rows[index][0].offset, 16)
    return blocks


def _rows(body: bytes, named: bool) -> list[tuple[Row, int]]:
    """The dump's lines with their positions; none where the text does not look like a dump."""
    rows: list[tuple[Row, int]] = []
    lines, starred = Lines(body), False
    for count, match in enumerate(ROW.finditer(body)):
        if count > MOST_ROWS:
            raise CarrierError(f"more than {MOST_ROWS} lines of dump in one input", "too-large", "split the input")
        if match["star"]:
            starred = bool(rows)
            continue
        if not rows and not match["hex"]:
            continue
        gap = match["gap"] or b""
        if not rows and not _begins(match, gap):
            continue
        number = lines.number(match.start())
        row = Row(number, match["offset"], b":" in gap, match["hex"] or b"", match["rest"] or b"", starred)
        rows.append((row, match.start()))
        starred = False
        if len(rows) == 2 and not named and not _plausible(rows[0][0], row):
            del rows[0 : 1 if row.hexes else 2]
    if len(rows) == 1 and not named and _value(rows[0][0].offset, 16) and b"`" not in rows[0][0].offset:
        return []
    return rows


def _begins(match: re.Match[bytes], gap: bytes) -> bool:
    """Whether a line can be a dump's first: its offset stands out from the hex that follows."""
    offset = match["offset"]
    first = match["hex"].split()[0]
    return (
        b":" in gap
        or len(gap) > 1
        or b"\t" in gap
        or (len(offset) > 4 and len(offset) != len(first))
        or (not offset.strip(b"0") and len(first) != len(offset))
    )


def _plausible(first: Row, second: Row) -> bool:
    if not _value(first.offset, 16):
        return True
    return any(0 < _value(second.offset, r) - _value(first.offset, r) <= _size(first) for r in (16, 8, 10))


def _value(offset: bytes, radix: int) -> int:
    digits = offset.replace(b"`", b"")
    try:
        return int(digits, 16 if digits[:2] in (b"0x", b"0X") else radix)
    except ValueError:
        return -1


def _size(row: Row) -> int:
    return len(row.hexes.translate(None, SPACES)) // 2


def _block(rows: list[Row], budget: int, format_hex: bool) -> Block:
    radix = _radix(rows)
    last_offset = None
    if not rows[-1].hexes:
        last_offset = _value(rows.pop().offset, radix)
    offsets = [_value(row.offset, radix) for row in rows]
    width = _width(rows, offsets, last_offset)
    out = bytearray()
    for (row, after), (here, there) in zip(pairwise(rows), pairwise(offsets), strict=True):
        data = _take(row, width)
        _check_step(row, after, len(data), here, there)
        out += data
        _squeeze(out, data, there - here, after, budget)
    last = _last_row(rows, width)
    if last_offset is not None:
        _check_end(rows[-1], offsets[-1], last_offset, last)
    out += last
    size = None if last_offset is None else last_offset - offsets[0]
    if size is not None and size > len(out) and rows:
        _squeeze(out, last, size - len(out) + len(last), rows[-1], budget)
    return _named(rows, bytes(out), size, format_hex)


def _radix(rows: list[Row]) -> int:
    """Hex offsets but for `od`, whose step shows whether they are octal or decimal."""
    if len(rows) < 2 or rows[1].starred:
        return 16
    size, word = _size(rows[0]), len(rows[0].hexes.split()[0]) // 2
    steps = {radix: _value(rows[1].offset, radix) - _value(rows[0].offset, radix) for radix in (16, 8, 10)}
    for slack in (1, word):  # a last word may be filled up
        for radix, step in steps.items():
            if 0 <= size - step < slack:
                return radix
    return 16


def _width(rows: list[Row], offsets: list[int], last_offset: int | None) -> int:
    """How many bytes a full line has; 0 where only one line is there to tell."""
    size = _size(rows[0])
    ends = [*offsets, *([last_offset] if last_offset is not None else [])]
    steps = [b - a for (a, b), row in zip(pairwise(ends), [*rows[1:], None], strict=False) if not (row and row.starred)]
    if len(rows) == 1 and len(rows[0].hexes.split()[0]) > 2:
        return 0
    fitting = [step for step in steps[:64] if 0 < step <= size]
    return max(fitting) if fitting else (0 if len(rows) == 1 else size)


def _take(row: Row, width: int) -> bytes:
    digits = row.hexes.translate(None, SPACES)
    return bytes.fromhex(digits[: 2 * width].decode())


def _check_step(row: Row, after: Row, size: int, here: int, there: int) -> None:
    """That a line goes on where the one before it ended."""
    if there == here + size or (after.starred and there > here + size):
        return
    if there > here and there < here + size:
        text = f"line {row.line}: {size} bytes at offset {here:#06x}, but the next line begins at offset {there:#06x}"
    else:
        text = f"line {after.line}: expected offset {here + size:#06x}, found {there:#06x}"
    raise CarrierError(f"{text}: a line is missing, short or out of order", "malformed", "copy the dump again, whole")


def _squeeze(out: bytearray, data: bytes, step: int, after: Row, budget: int) -> None:
    """Repeat the line that `*` stands for."""
    missing = step - len(data)
    if missing <= 0 or not data:
        return
    if len(out) + missing > budget:
        raise CarrierError(
            f"line {after.line}: the * before it stands for {missing} bytes, more than the limit of {budget}",
            "too-large",
        )
    out += (data * (missing // len(data) + 1))[:missing]


def _check_end(row: Row, offset: int, end: int, last: bytes) -> None:
    if offset < end <= offset + len(last) + 3:
        return
    if end > offset + len(last):
        raise CarrierError(
            f"line {row.line}: {len(last)} bytes at offset {offset:#06x}, but the dump ends at offset {end:#06x}",
            "malformed",
            "copy the dump again, whole",
        )


def _last_row(rows: list[Row], width: int) -> bytes:
    """The bytes of the last line, which may be short: the ASCII column begins where it did before."""
    row = rows[-1]
    hexes = row.hexes
    if len(rows) > 1 and width:
        limit = _columns(rows[-2].hexes, width)
        if rows[-2].rest.strip() or len(rows[-2].hexes) > limit:
            hexes = hexes[:limit]
    digits = hexes.translate(None, SPACES)
    data = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    if width:
        data = data[:width]
    return _by_ascii(row, data, min(width or 256, 256))


def _columns(hexes: bytes, width: int) -> int:
    """How many characters of the line the first `width` bytes take."""
    seen = 0
    for at, character in enumerate(hexes):
        seen += character not in SPACES
        if seen == 2 * width:
            return at + 1
    return len(hexes)


def _by_ascii(row: Row, data: bytes, most: int) -> bytes:
    """As many of the bytes as the ASCII column has characters, where the column bears that out."""
    whole = bytes.fromhex(row.hexes.translate(None, SPACES).decode())[:most]
    for size in range(min(len(data), most), 0, -1):
        column = (row.hexes[_columns(row.hexes, size) :] + row.rest).strip(b" \t\n")
        if column[:1] in (b"|", b">"):
            column = column[1:-1] if column[-1:] in (b"|", b"<") else column[1:]
        if len(column) == size and _shows(column, whole[:size]):
            return data[:size]
    return data


def _shows(column: bytes, data: bytes) -> bool:
    pairs = zip(column, data, strict=True)
    return all(shown == byte or (shown in b". ?" and not 0x21 <= byte <= 0x7E) for shown, byte in pairs)


def _named(rows: list[Row], data: bytes, size: int | None, format_hex: bool) -> Block:
    """The block with its tool's name; where words may be little-endian, with both readings."""
    first = rows[0]
    groups = first.hexes.split()
    if first.offset[:2] in (b"0x", b"0X") and first.colon:
        encoding = "tcpdump"
    elif first.colon:
        encoding = "xxd"
    elif format_hex:
        encoding = "powershell"
    else:
        encoding = "wireshark" if len(first.offset) == 4 else "hexdump"
    readings = [data]
    if encoding in ("hexdump", "xxd") and (word := len(groups[0]) // 2) in (2, 4, 8):
        swapped = _swap(data, word)
        readings = [swapped, data] if encoding == "hexdump" and not first.rest.strip() else [data, swapped]
    if size is not None and size >= 0:
        readings = [reading[:size] for reading in readings]
    return Block(readings[0], first.line, encoding, 0, tuple(readings))


def _swap(data: bytes, word: int) -> bytes:
    """The bytes of each little-endian word in the order of the wire; an incomplete last word is reversed as it is."""
    whole = len(data) // word * word
    out = bytearray(whole)
    for index in range(word):
        out[index::word] = data[word - 1 - index : whole : word]
    return bytes(out) + data[whole:][::-1]
