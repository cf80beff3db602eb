"""Decompression by MS-XCA: the examples of its section 3, every size and damage, and never more than was announced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders.pac import huffman, lznt1, plain_lz77
from hypothesis import given
from hypothesis import strategies as st

from secctx.decoders.xca import CorruptError, decompress

LZNT1, XPRESS, XPRESS_HUFF = 2, 3, 4
ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
ABC = b"abc" * 100
SCALE = (
    b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A "
    b"F# F# G A A G F# E D D E F# E D D\0"
)


def table(lengths: dict[int, int]) -> bytes:
    """A Huffman table: the lengths of the codes of those symbols, four bits each."""
    out = bytearray(256)
    for symbol, length in lengths.items():
        out[symbol // 2] |= length << 4 * (symbol % 2)
    return bytes(out)


#: MS-XCA 3.2: the lengths of a to z and of the end.
LETTERS_OF_THE_EXAMPLE = bytes(48) + bytes.fromhex("50" + "55" * 10 + "454404") + bytes(66) + b"\4" + bytes(127)


@pytest.mark.parametrize(
    ("method", "packed", "data"),
    [
        (XPRESS, bytes.fromhex("3f000000") + ALPHABET, ALPHABET),
        (XPRESS, bytes.fromhex("ffffff1f61626317000fff2601"), ABC),
        (XPRESS_HUFF, LETTERS_OF_THE_EXAMPLE + bytes.fromhex("d8523ed794115be9195ff9d67cdf8d0400000000"), ALPHABET),
        (XPRESS_HUFF, table({97: 3, 98: 3, 99: 2, 256: 2, 287: 2}) + bytes.fromhex("a8dc0000ff2601"), ABC),
        (
            LZNT1,
            bytes.fromhex(
                "38b08846232000204720410010a24701a045204400084501507900c04520052413880"
                "5b4024a44ef0358028c091601484500be009e000401189000"
            ),
            SCALE,
        ),
    ],
)
def test_the_examples_of_the_specification_decompress(method: int, packed: bytes, data: bytes) -> None:
    assert decompress(method, packed, len(data)) == data


@pytest.mark.parametrize(("method", "pack"), [(LZNT1, lznt1), (XPRESS, plain_lz77), (XPRESS_HUFF, huffman)])
@pytest.mark.parametrize("size", [0, 1, 2, 31, 32, 33, 4095, 4096, 4097, 65535, 65536, 65537, 200_001])
def test_every_size_comes_back(method: int, pack: Callable[[bytes], bytes], size: int) -> None:
    data = bytes(index * 7 % 251 for index in range(size))
    assert decompress(method, pack(data), size) == data


@pytest.mark.parametrize(
    ("length", "packed"),
    [
        (3, "0000"),
        (9, "0600"),
        (10, "070000"),
        (24, "07000e"),
        (25, "07000f00"),
        (279, "07000ffe"),
        (280, "07000fff1501"),
        (70000, "07000fff00006d110100"),
    ],
)
def test_plain_matches_have_every_form_of_length(length: int, packed: str) -> None:
    raw = (0x7FFFFFFF).to_bytes(4, "little") + b"a" + bytes.fromhex(packed)
    assert decompress(XPRESS, raw, 1 + length) == b"a" * (1 + length)


def test_two_plain_lengths_share_a_byte() -> None:
    raw = (0x7FFFFFFF).to_bytes(4, "little") + b"a" + bytes.fromhex("0700210700")
    # Lengths 7 + 1 + 3 and 7 + 2 + 3: the low and the high half of 0x21.
    assert decompress(XPRESS, raw, 1 + 11 + 12) == b"a" * 24


@pytest.mark.parametrize(
    ("method", "packed", "size"),
    [
        (XPRESS_HUFF, b"", 1),
        (XPRESS_HUFF, bytes(256) + bytes(8), 1),
        (XPRESS_HUFF, b"\x11" * 256 + bytes(8), 1),
        (XPRESS_HUFF, huffman(b"abc")[:257], 3),
        (XPRESS_HUFF, table({97: 3, 98: 3, 99: 2, 256: 2, 287: 2}) + bytes.fromhex("a8dc0000ff2601"), 299),
        (XPRESS_HUFF, table({97: 1, 256: 1}) + bytes.fromhex("ffffffff"), 3),
        (XPRESS, b"\0\0\0\0", 1),
        (XPRESS, bytes.fromhex("ffffffff0000"), 3),
        (XPRESS, bytes.fromhex("ffffff1f61626317000fff2601"), 299),
        (XPRESS, bytes.fromhex("ffffff1f61626317000fff0100"), 300),
        (LZNT1, b"\0\0", 1),
        (LZNT1, bytes.fromhex("00206100"), 1),
        (LZNT1, bytes.fromhex("ff30") + b"a", 256),
        (LZNT1, bytes.fromhex("0230616263"), 2),
        (LZNT1, bytes.fromhex("02b0010000"), 3),
        (LZNT1, bytes.fromhex("01b00061"), 9),
    ],
)
def test_what_is_corrupt_is_said_to_be(method: int, packed: bytes, size: int) -> None:
    with pytest.raises(CorruptError):
        decompress(method, packed, size)


@given(st.binary(max_size=400), st.integers(0, 5000), st.sampled_from([LZNT1, XPRESS, XPRESS_HUFF]))
def test_any_bytes_give_the_announced_size_or_are_corrupt(packed: bytes, size: int, method: int) -> None:
    for data in (packed, b"\x99" * 256 + packed, b"\x88" * 128 + bytes(128) + packed):
        try:
            assert len(decompress(method, data, size)) == size
        except CorruptError:
            continue
