"""DER's tag and length, for what is written without a grammar (X.690 8.1, 10.1)."""

from __future__ import annotations


def tagged(tag: int, contents: bytes) -> bytes:
    """`contents` behind a tag byte and the shortest form of their length."""
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + contents
