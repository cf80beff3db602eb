"""Fixed little-endian structures: a table of fields, and one bounded read of it at an absolute offset."""

from __future__ import annotations

from struct import Struct, calcsize, unpack_from
from typing import Any

from .reading import Reading
from .values import BYTES, Node


class Layout:
    """The fields of a fixed structure in order: name, `struct` code and kind of node of each, nothing between them."""

    __slots__ = ("_codes", "_rows", "_unpack", "size")

    def __init__(self, *fields: tuple[str, str, str]) -> None:
        packed = Struct("<" + "".join(code for _, code, _ in fields))
        self.size = packed.size
        self._unpack = packed.unpack_from
        rows, at = [], 0
        for name, code, kind in fields:
            size = calcsize("<" + code)
            rows.append((name, at, at + size, kind))
            at += size
        self._rows = tuple(rows)
        self._codes = tuple("<" + code for _, code, _ in fields)

    def read(self, reading: Reading, at: int, stop: int, children: list[Node]) -> tuple[Any, ...] | None:
        """Append a node for each field at `at`; their values.

        Where the bytes end before the structure does, the nodes are those of the fields there, the last one as bytes if
        it is cut, and the answer is None: `lacking` then says what is missing.
        """
        end = at + self.size
        if end > stop or end > reading.end:
            self._read_partly(reading, at, min(stop, reading.end), children)
            return None
        values = self._unpack(reading.data, at)
        for (name, first, last, kind), value in zip(self._rows, values):  # noqa: B905  strict=True takes time
            children.append(Node(name, at + first, at + last, kind, value))
        return values

    def _read_partly(self, reading: Reading, at: int, end: int, children: list[Node]) -> None:
        for (name, first, last, kind), code in zip(self._rows, self._codes, strict=True):
            if at + last > end:
                if at + first < end:
                    children.append(Node(name, at + first, end, BYTES, reading.data[at + first : end]))
                break
            (value,) = unpack_from(code, reading.data, at + first)
            children.append(Node(name, at + first, at + last, kind, value))

    def lacking(self, at: int, end: int) -> tuple[str, int, int]:
        """The first field of the structure at `at` that does not end by `end`: its name, offset and size."""
        name, first, last, _ = next(row for row in self._rows if at + row[2] > end)
        return name, at + first, last - first
