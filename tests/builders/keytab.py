"""Keytabs written by hand, in either version and byte order, as MIT, Heimdal or no one would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

ByteOrder = Literal["big", "little"]


def entry(
    components: Sequence[bytes] = (b"HTTP", b"web"),
    realm: bytes = b"LAB.EXAMPLE",
    *,
    etype: int = 18,
    key: bytes = b"k" * 32,
    kvno: int = 3,
    kvno32: int | None = None,
    flags: int | None = None,
    name_type: int = 1,
    timestamp: int = 1_000_000_000,
    version: int = 2,
    byte_order: ByteOrder = "big",
    slack: bytes = b"",
) -> bytes:
    """An entry, its size before it. `slack` is what follows in the record, as where the entry fills a larger hole."""

    def number(value: int, size: int) -> bytes:
        return (value % (1 << 8 * size)).to_bytes(size, byte_order)

    body = number(len(components) + (version == 1), 2)
    for text in (realm, *components):
        body += number(len(text), 2) + text
    if version == 2:
        body += number(name_type, 4)
    body += number(timestamp, 4) + number(kvno, 1) + number(etype, 2) + number(len(key), 2) + key
    for extra in (kvno32, flags):
        if extra is not None:
            body += number(extra, 4)
    body += slack
    return number(len(body), 4) + body


def hole(size: int, byte_order: ByteOrder = "big") -> bytes:
    """A hole of `size` bytes, its size before it."""
    return (-size).to_bytes(4, byte_order, signed=True) + bytes(size)


def keytab(*records: bytes, version: int = 2) -> bytes:
    """The version and the records."""
    return bytes((5, version)) + b"".join(records)
