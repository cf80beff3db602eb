"""Decompression of claims (MS-XCA): LZ77+Huffman (2.2), Plain LZ77 (2.4) and LZNT1 (2.5).

Each makes exactly the bytes that were announced and no more, in time that grows with them and with the input.
"""

from __future__ import annotations

from struct import Struct, error

from .tables.pac import LZNT1, XPRESS, XPRESS_HUFF

_U16 = Struct("<H").unpack_from
_U32 = Struct("<I").unpack_from

_TABLE_BYTES = 256
_LONGEST_CODE = 15
_BLOCK = 1 << 16
_MIN_MATCH = 3


class CorruptError(ValueError):
    """The bytes are not what that method makes."""


def decompress(method: int, data: bytes, size: int) -> bytes:
    """The `size` bytes that were compressed to `data`; CorruptError where these are not they."""
    read = {XPRESS_HUFF: _huffman, XPRESS: _plain, LZNT1: _lznt1}[method]
    out = bytearray()
    try:
        read(data, size, out)
    except (IndexError, error):
        raise CorruptError("the compressed bytes end too early") from None
    if len(out) != size:
        raise CorruptError(f"{len(out)} bytes where {size} were announced")
    return bytes(out)


def _copy(out: bytearray, distance: int, length: int, size: int) -> None:
    """Repeat what stands `distance` back; it may overlap what it makes."""
    have = len(out)
    if distance > have:
        raise CorruptError("a match before the beginning")
    if length > size - have:
        raise CorruptError("more bytes than were announced")
    first = have - distance
    if length <= distance:
        out += out[first : first + length]
    else:
        pattern = bytes(out[first:])
        out += (pattern * (length // distance + 1))[:length]


def _huffman(data: bytes, size: int, out: bytearray) -> None:
    """Blocks of 64 KiB, each with a table of code lengths before it (2.2.4)."""
    at = 0
    while len(out) < size:
        at = _huffman_block(data, at, size, out)


def _decoding_table(raw: bytes) -> tuple[list[int], list[int]]:
    """The symbol for every 15 bits, and the length of every symbol's code."""
    if len(raw) < _TABLE_BYTES:
        raise CorruptError("the compressed bytes end within a Huffman table")
    lengths = [nibble for byte in raw for nibble in (byte & 15, byte >> 4)]
    by_length: list[list[int]] = [[] for _ in range(_LONGEST_CODE + 1)]
    for symbol, length in enumerate(lengths):
        by_length[length].append(symbol)
    table: list[int] = []
    for length in range(1, _LONGEST_CODE + 1):
        entries = 1 << (_LONGEST_CODE - length)
        if len(table) + entries * len(by_length[length]) > 1 << _LONGEST_CODE:
            raise CorruptError("a Huffman table with too many codes")
        for symbol in by_length[length]:
            table += [symbol] * entries
    if len(table) != 1 << _LONGEST_CODE:
        raise CorruptError("a Huffman table with too few codes")
    return table, lengths


def _huffman_block(data: bytes, at: int, size: int, out: bytearray) -> int:
    """One block; where the next one begins. `bits` holds the next 16 to 32 bits, `extra` those beyond 16."""
    table, lengths = _decoding_table(data[at : at + _TABLE_BYTES])
    at += _TABLE_BYTES
    bits = _U16(data, at)[0] << 16 | _U16(data, at + 2)[0]
    at, extra = at + 4, 16
    end = min(size, len(out) + _BLOCK)
    while len(out) < end:
        symbol = table[bits >> 17]
        used = lengths[symbol]
        bits = bits << used & 0xFFFFFFFF
        extra -= used
        if extra < 0:
            bits |= _more(data, at) << -extra
            at, extra = at + 2, extra + 16
        if symbol < 256:
            out.append(symbol)
            continue
        length, width = symbol & 15, symbol - 256 >> 4
        if length == 15:
            length, at = _long_length(data, at)
        distance = (1 << width) + (bits >> (32 - width) if width else 0)
        bits = bits << width & 0xFFFFFFFF
        extra -= width
        if extra < 0:
            bits |= _more(data, at) << -extra
            at, extra = at + 2, extra + 16
        _copy(out, distance, length + _MIN_MATCH, size)
    return at


def _more(data: bytes, at: int) -> int:
    """The next 16 bits. The last ones are read where no code needs them, and encoders may leave them out."""
    bits: int = 0 if at in (len(data), len(data) + 1, len(data) + 2) else _U16(data, at)[0]
    return bits


def _long_length(data: bytes, at: int) -> tuple[int, int]:
    """A length of 15 or more, from the bytes between the chunks of bits; and where these go on."""
    length, at = data[at] + 15, at + 1
    if length < 255 + 15:
        return length, at
    length, at = _U16(data, at)[0], at + 2
    if length == 0:
        length, at = _U32(data, at)[0], at + 4
    if length < 15:
        raise CorruptError("a long match that is short")
    return length, at


def _plain(data: bytes, size: int, out: bytearray) -> None:
    """Flags in 32 bits, the highest first; a clear one is a literal (2.4.4)."""
    at = flags = count = half = 0
    while len(out) < size:
        if count == 0:
            flags, at, count = _U32(data, at)[0], at + 4, 32
        count -= 1
        if not flags >> count & 1:
            out.append(data[at])
            at += 1
            continue
        (match,) = _U16(data, at)
        at += 2
        length = match & 7
        if length == 7:
            if half:
                length, half = data[half] >> 4, 0
            else:
                length, half, at = data[at] & 15, at, at + 1
            if length == 15:
                length, at = _plain_length(data, at)
            length += 7
        _copy(out, (match >> 3) + 1, length + _MIN_MATCH, size)


def _plain_length(data: bytes, at: int) -> tuple[int, int]:
    """What is beyond 7 of a length of 22 or more, and where the flags go on."""
    length, at = data[at] + 15, at + 1
    if length < 255 + 15:
        return length, at
    length, at = _U16(data, at)[0], at + 2
    if length == 0:
        length, at = _U32(data, at)[0], at + 4
    if length < 15 + 7:
        raise CorruptError("a long match that is short")
    return length - 7, at


def _lznt1(data: bytes, size: int, out: bytearray) -> None:
    """Chunks of up to 4 KiB, each with its size and whether it is compressed (2.5.1)."""
    at = 0
    while len(out) < size:
        (header,) = _U16(data, at)
        if header == 0:
            return
        if header >> 12 & 7 != 3:
            raise CorruptError("a chunk without its signature")
        at += 2
        end = at + (header & 0xFFF) + 1
        if end > len(data):
            raise CorruptError("a chunk that is cut short")
        if header >> 15:
            _lznt1_chunk(data, at, end, size, out)
        elif end - at <= size - len(out):
            out += data[at:end]
        else:
            raise CorruptError("more bytes than were announced")
        at = end


def _lznt1_chunk(data: bytes, at: int, end: int, size: int, out: bytearray) -> None:
    """Flags in a byte, the lowest first; how a match divides into distance and length depends on where it stands."""
    begun = len(out)
    while at < end:
        flags, at = data[at], at + 1
        for bit in range(8):
            if at >= end:
                return
            if not flags >> bit & 1:
                if len(out) >= size:
                    raise CorruptError("more bytes than were announced")
                out.append(data[at])
                at += 1
                continue
            if at + 2 > end:
                raise CorruptError("a match that is cut short")
            (match,) = _U16(data, at)
            at += 2
            done = len(out) - begun
            width = min(12, max(4, (done - 1).bit_length()))
            distance = (match >> (16 - width)) + 1
            if distance > done:
                raise CorruptError("a match before the beginning")
            _copy(out, distance, (match & (1 << (16 - width)) - 1) + _MIN_MATCH, size)
