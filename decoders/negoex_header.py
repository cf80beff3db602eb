"""The fixed part of a NEGOEX message, read in order: MESSAGE_HEADER (MS-NEGOEX 2.2.6.2), fields, vectors (2.2.5.2)."""

from __future__ import annotations

from struct import Struct
from typing import Any, NamedTuple

from .cursor import Layout
from .reading import Reading
from .tables.negoex import AUTH_SCHEMES, MESSAGE_TYPES
from .values import BYTES, ENUM, INT, LIST, STRUCT, TEXT, Node

_GUID = Struct("<IHH2s6s").unpack

_MESSAGE_HEADER = Layout(
    ("Signature", "8s", BYTES),
    ("MessageType", "I", ENUM),
    ("SequenceNum", "I", INT),
    ("cbHeaderLength", "I", INT),
    ("cbMessageLength", "I", INT),
    ("ConversationId", "16s", BYTES),
)


class Vector(NamedTuple):
    """A vector's own fields, and the array that they point to: its name and the bytes of each of its elements."""

    layout: Layout
    array: str
    size: int


BYTE_VECTOR = Vector(Layout(("ByteArrayOffset", "I", INT), ("ByteArrayLength", "I", INT)), "ByteArray", 1)


def array_vector(base: str, size: int, *, padded: bool) -> Vector:
    """The vector whose fields MS-NEGOEX names after its elements; `padded` to eight bytes, as Windows has it."""
    fields = (base + "ArrayOffset", "I", INT), (base + "Count", "H", INT)
    layout = Layout(*fields, ("Padding", "2s", BYTES)) if padded else Layout(*fields)
    return Vector(layout, base + "Array", size)


class Payload(NamedTuple):
    """What a vector points to: where it stands in the message, and the vector's offset field."""

    offset: int
    length: int
    name: str
    pointer: Node
    array: Node | None = None  #: the elements, where they are structures and have been read


class Message:
    """One message being read; offsets here, unlike in nodes, count from the message's beginning.

    The message should have `size` bytes, of which `have` were received; it is read up to `at`. Its header, with the
    padding at its end, goes up to `header_end`. `whole` says that nothing around the messages tells where they end.
    """

    __slots__ = (
        "at",
        "children",
        "have",
        "header",
        "header_end",
        "header_length",
        "node",
        "number",
        "payloads",
        "reading",
        "size",
        "start",
        "whole",
    )

    def __init__(self, reading: Reading, name: str, start: int, stop: int, *, whole: bool) -> None:
        self.reading = reading
        self.start = start
        self.whole = whole
        self.children: list[Node] = []
        self.header: list[Node] = []
        self.node = Node(name, start, start, STRUCT, None, None, self.children)
        self.size = stop - start
        self.have = min(stop, reading.end) - start
        self.at = 0
        self.header_end = 0
        self.header_length = 0
        self.number = -1
        self.payloads: list[Payload] = []

    def take_header(self) -> bool:
        """MESSAGE_HEADER, which says what the message is and where it ends; False where it is cut short."""
        values = self.take_struct("Header", _MESSAGE_HEADER, self.children)
        self.header.extend(self.children[0].children)
        self.header[0].meaning = "NEGOEXTS"
        if len(self.header) > 1 and isinstance(self.header[1].value, int):
            self.number = self.header[1].value
            self.header[1].meaning = self.node.meaning = MESSAGE_TYPES.get(self.number)
        if values is None:
            return False
        name_guid(self.header[5])
        self.header_length = values[3]
        self._end_at(values[4])
        return True

    def _end_at(self, length: int) -> None:
        """Take cbMessageLength for the size of the message, where that can be."""
        field = self.header[4]
        if length < self.at:
            self.reading.fail("length", field, field.start, f"at least {self.at}", f"{length}")
        elif length > self.size and not self.whole:
            self.reading.fail("length", field, field.start, f"at most the {self.size} bytes there are", f"{length}")
        else:
            self.size = length
            self.have = min(length, self.have)
            if self.start + length > self.reading.end and self.whole:
                self.reading.announced = self.start + length

    def end_header(self, least: int) -> None:
        """Take cbHeaderLength for the end of the header, whose fields take `least` bytes."""
        field, length = self.header[3], self.header_length
        if length < least:
            self.reading.fail("length", field, field.start, f"at least {least}", f"{length}")
        elif length > self.size:
            self.reading.fail("length", field, field.start, f"at most the message's {self.size} bytes", f"{length}")
        self.header_end = max(self.at, min(length, self.size))

    def take(self, layout: Layout) -> tuple[Any, ...] | None:
        """Read the next fields; None where they are cut short, which is noted."""
        return self._take(layout, self.children, "")

    def take_struct(self, name: str, layout: Layout, into: list[Node], path: str = "") -> tuple[Any, ...] | None:
        """Read the next fields as a structure; `path` leads from the message to what holds it, with a dot behind."""
        first = self.start + self.at
        fields: list[Node] = []
        values = self._take(layout, fields, f"{path}{name}.")
        if fields:
            into.append(Node(name, first, fields[-1].stop, STRUCT, None, None, fields))
        return values

    def take_vector(self, name: str, vector: Vector, into: list[Node], path: str = "") -> bool:
        """Read a vector and remember what it points to; False where it is cut short."""
        values = self.take_struct(name, vector.layout, into, path)
        if values is None:
            return False
        self.payloads.append(Payload(values[0], values[1] * vector.size, vector.array, into[-1].children[0]))
        return True

    def _take(self, layout: Layout, into: list[Node], path: str) -> tuple[Any, ...] | None:
        values = layout.read(self.reading, self.start + self.at, self.start + self.size, into)
        if values is not None:
            self.at += layout.size
            return values
        name, at, need = layout.lacking(self.start + self.at, self.start + self.have)
        if self.whole and self.reading.announced is None and self.have == self.reading.end - self.start:
            have = self.start + self.have - at
            wanted, found = f"{need} bytes", f"{have} bytes"
            self.reading.fail("cut-short", self.node, at, wanted, found, field=path + name, missing=need - have)
        else:
            self.reading.short(self.node, at, need, self.start + self.size, field=path + name)
        return None

    def finish(self) -> int:
        """The message's end, in the token, once all that is there of it is read."""
        self.node.stop = self.start + self.have
        if self.size > self.have:
            self.reading.short(self.node, self.node.stop, self.size - self.have, self.start + self.size)
        return self.start + self.size


def name_guid(node: Node) -> None:
    """Make the 16 bytes of `node` the GUID that they are (MS-DTYP 2.3.4), with the name of that security mechanism."""
    if isinstance(node.value, bytes):
        first, second, third, fourth, last = _GUID(node.value)
        text = f"{first:08x}-{second:04x}-{third:04x}-{fourth.hex()}-{last.hex()}"
        node.kind, node.value, node.meaning = TEXT, text, AUTH_SCHEMES.get(text)


def list_node(name: str, start: int, stop: int, items: list[Node]) -> Node:
    """The node of an array."""
    return Node(name, start, stop, LIST, None, None, items)
