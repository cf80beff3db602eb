"""NDR 2.0 as a PAC has it: one constructed type in a stream of its own (MS-RPCE 2.2.6, C706 chapter 14).

What a pointer refers to stands behind the structure that holds the pointer. Here it is the field of that name, and its
span is where it stands: a field need not lie within the span of its structure, nor behind the fields before it. What
belongs to the encoding alone (headers, referents, counts, the sizes in a string's descriptor) is in a child `ndr`, last
in its structure, field by field. Where a pointer is NULL, the field is the pointer itself; where a string or an array
is empty, the field is its counts. Bytes of no node are alignment and the ends of strings, and zero.

How deep structures nest is bounded by the grammar; every count is held against the bytes that are left before anything
is done as often.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from .cursor import Layout
from .ndr_grammar import Body, Conformant, Pointer, Run, Structure, Switch, UnicodeString, name_value
from .reading import Reading
from .values import BYTES, INT, LIST, STRUCT, TEXT, Node

#: MS-RPCE 2.2.6.1 and 2.2.6.2.
_COMMON_HEADER = Layout(
    ("Version", "B", INT), ("Endianness", "B", INT), ("CommonHeaderLength", "H", INT), ("Filler", "4s", BYTES)
)
_PRIVATE_HEADER = Layout(("ObjectBufferLength", "I", INT), ("Filler", "4s", BYTES))
#: Version 1, little-endian, and the size of the common header.
_WANTED: Final = (1, 0x10, 8)

_REFERENT = Layout(("ReferentId", "I", INT))
_MAXIMUM = Layout(("MaximumCount", "I", INT))
#: RPC_UNICODE_STRING: sizes in bytes, and the referent.
_UNICODE_STRING = Layout(("Length", "H", INT), ("MaximumLength", "H", INT), ("Buffer", "I", INT))
_DISCRIMINANT = Layout(("Discriminant", "H", INT))


class UnreadableError(Exception):
    """What follows in the stream cannot be found, since something before it is missing or wrong; it has been noted."""


@dataclass(slots=True)
class Deferred:
    """What a pointer refers to: it becomes `node`, one of the fields `into`; its counts go into `overhead`."""

    node: Node
    body: Body
    into: list[Node]
    overhead: list[Node]
    count: int | None = None  #: what another field says: items of an array, bytes of a string
    counted_by: str = ""
    reached: bool = False


@dataclass(slots=True)
class Pickle:
    """A stream being read; `at` is the next byte, `stop` the end of the stream, which may not all be there."""

    reading: Reading
    start: int
    stop: int
    at: int = 0
    paddings: int = 0
    overhead: list[Node] = field(default_factory=list)
    pointers: list[Deferred] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Where the bytes end that are there."""
        return min(self.stop, self.reading.end)

    def read(self, node: Node, what: Structure | Conformant) -> list[Node]:
        """Make `node` the structure that the stream holds; its fields, as many as could be read."""
        fields: list[Node] = []
        structure = what.structure if isinstance(what, Conformant) else what
        node.kind, node.children = STRUCT, fields
        node.meaning = structure.name if structure.name != node.name else node.meaning
        self.at, container = self.start, self.stop
        encoding = Node("ndr", self.start, self.start, STRUCT, None, None, self.overhead)
        try:
            self._open(encoding)
            if isinstance(what, Conformant):
                self._conformant(what, node, fields)
            else:
                self.resolve(self.fixed(structure, node, fields, self.overhead))
        except UnreadableError:
            self._drop_unreached()
            self._keep("bytes", self.end, fields)
        if self.overhead:
            fields.append(encoding)
        self.stop = container
        if any(self.reading.data[self.at : self.end]):
            self._keep(self._padding(), self.end, fields)
        return fields

    def _open(self, encoding: Node) -> None:
        """The headers, and the referent of the structure itself; `encoding` is the node that they are in."""
        reading, before = self.reading, self.stop
        version, endianness, length, _ = self._header("CommonTypeHeader", _COMMON_HEADER, encoding)
        for child, value, wanted in zip(encoding.children[0].children, (version, endianness, length), _WANTED):  # noqa: B905
            if value != wanted:
                reading.fail("value", child, child.start, f"{wanted}", f"{value}")
                raise UnreadableError
        size, _ = self._header("PrivateHeader", _PRIVATE_HEADER, encoding)
        if self.at + size > before:
            child = encoding.children[1].children[0]
            reading.fail("length", child, child.start, f"at most {before - self.at} bytes", f"{size} bytes")
        self.stop = min(before, self.at + size)
        (referent,) = self.take(_REFERENT, encoding, self.overhead)
        encoding.stop = self.at
        if not referent:
            reading.fail("missing", self.overhead[-1], self.at - 4, "the referent of a structure", "NULL")
            raise UnreadableError

    def _header(self, name: str, layout: Layout, encoding: Node) -> tuple[Any, ...]:
        inside: list[Node] = []
        node = Node(name, self.at, min(self.at + layout.size, self.end), STRUCT, None, None, inside)
        if node.start < node.stop:
            self.overhead.append(node)
        values = self.take(layout, node if self.overhead else encoding, inside)
        encoding.stop = self.at
        return values

    def take(self, layout: Layout, owner: Node, into: list[Node]) -> tuple[Any, ...]:
        """The fixed fields that stand here; UnreadableError where they are not all there."""
        values = layout.read(self.reading, self.at, self.stop, into)
        if values is None:
            name, at, need = layout.lacking(self.at, self.end)
            self.at = max(self.at, self.end)
            self.reading.short(owner, at, need, self.stop, field=name)
            raise UnreadableError
        self.at += layout.size
        return values

    def take_count(self, one: Deferred, size: int, unit: str) -> tuple[int, int]:
        """The size of an array, and how many items of at least `size` bytes there is room for."""
        (count,) = self.take(_MAXIMUM, one.node, one.overhead)
        if one.count is not None and one.count != count:
            wanted = f"{one.count} {unit}, as {one.counted_by} says"
            self.reading.fail("length", one.overhead[-1], self.at - 4, wanted, f"{count}")
        one.node.start = one.node.stop = self.at
        if not count:
            one.overhead.pop()
            one.node.start -= 4
        return count, self.room(one.node, count, size)

    def room(self, node: Node, count: int, size: int) -> int:
        """How many items of at least `size` bytes there are, of the `count` that should be."""
        fit = max(0, self.end - self.at) // size
        if count > fit:
            self.reading.short(node, self.at, count * size, self.stop)
        return min(count, fit)

    def align(self, size: int) -> None:
        """Go on to a multiple of `size`; what is passed over is kept where it is not zero."""
        at = min(self.at + (self.start - self.at) % size, self.end)
        if at > self.at:
            if any(self.reading.data[self.at : at]):
                self._keep(self._padding(), at, self.overhead)
            self.at = at

    def _padding(self) -> str:
        self.paddings += 1
        return f"padding-{self.paddings}" if self.paddings > 1 else "padding"

    def _keep(self, name: str, stop: int, into: list[Node]) -> None:
        if self.at < stop:
            into.append(Node(name, self.at, stop, BYTES, self.reading.data[self.at : stop]))
            self.at = stop

    def _conformant(self, what: Conformant, owner: Node, fields: list[Node]) -> None:
        (size,) = self.take(_MAXIMUM, owner, self.overhead)
        deferred = self.fixed(what.structure, owner, fields, self.overhead)
        node = Node(what.array, self.at, self.at, LIST)
        fields.append(node)
        count = _number(fields, what.counted_by)
        if count != size:
            self.reading.fail("length", node, node.start, f"{size} items, as many as are said to follow", f"{count}")
        self.resolve(deferred)
        self.structures(node, what.item, size, self.room(node, size, what.item.least))

    def fixed(self, structure: Structure, owner: Node, fields: list[Node], overhead: list[Node]) -> list[Deferred]:
        """The structure without what it points to, and that."""
        deferred: list[Deferred] = []
        for part in structure.parts:
            if isinstance(part, Run):
                self.align(part.align)
                first = len(fields)
                self.take(part.layout, owner, fields)
                for index, names in part.named:
                    name_value(fields[first + index], names)
            elif isinstance(part, UnicodeString):
                self.unicode_string(part, owner, fields, overhead, deferred)
            elif isinstance(part, Pointer):
                self.pointer(part, owner, fields, overhead, deferred)
            else:
                self._switch(part, owner, fields, overhead, deferred)
        return deferred

    def pointer(
        self, part: Pointer, owner: Node, fields: list[Node], overhead: list[Node], deferred: list[Deferred]
    ) -> None:
        """A unique pointer: 0, or the referent of what follows."""
        self.align(4)
        inside: list[Node] = []
        (referent,) = self._begin(part.name, _REFERENT, owner, inside, overhead)
        count = _number(fields, part.counted_by)
        node = Node(part.name, self.at - 4, self.at, part.body.kind)
        fields.append(node)
        if referent:
            overhead.append(Node(part.name, node.start, node.stop, STRUCT, None, None, inside))
            self._defer(Deferred(node, part.body, fields, inside, count, part.counted_by), deferred)
            return
        node.meaning = "NULL"
        if count:
            wanted = f"a pointer to {count} items, as {part.counted_by} says"
            self.reading.fail("missing", node, node.start, wanted, "NULL")

    def unicode_string(
        self, part: UnicodeString, owner: Node, fields: list[Node], overhead: list[Node], deferred: list[Deferred]
    ) -> None:
        """The descriptor of a string."""
        self.align(4)
        inside: list[Node] = []
        length, largest, referent = self._begin(part.name, _UNICODE_STRING, owner, inside, overhead)
        node = Node(part.name, self.at - 8, self.at, TEXT, "")
        fields.append(node)
        if length > largest:
            self.reading.fail("length", node, node.start, f"at most MaximumLength, {largest}", f"Length {length}")
        if referent:
            node.value = None
            overhead.append(Node(part.name, node.start, node.stop, STRUCT, None, None, inside))
            self._defer(Deferred(node, part.body, fields, inside, length, "Length"), deferred)
            return
        node.meaning = "NULL"
        if length:
            self.reading.fail("missing", node, node.start, f"a pointer to {length} bytes, as Length says", "NULL")

    def _begin(
        self, name: str, layout: Layout, owner: Node, inside: list[Node], overhead: list[Node]
    ) -> tuple[Any, ...]:
        """What stands in a structure in the place of a field that follows; also a part of it is kept."""
        first = self.at
        try:
            return self.take(layout, owner, inside)
        except UnreadableError:
            if inside:
                overhead.append(Node(name, first, inside[-1].stop, STRUCT, None, None, inside))
            raise

    def _defer(self, one: Deferred, deferred: list[Deferred]) -> None:
        deferred.append(one)
        self.pointers.append(one)

    def _switch(
        self, part: Switch, owner: Node, fields: list[Node], overhead: list[Node], deferred: list[Deferred]
    ) -> None:
        """A union that is not encapsulated (C706 14.3.8)."""
        (found,) = self.take(_DISCRIMINANT, owner, overhead)
        wanted = _number(fields, part.on)
        if found != wanted or found not in part.arms:
            arms = ", ".join(map(str, part.arms))
            known = f"{wanted}, as {part.on} says" if wanted in part.arms else f"one of {arms}"
            self.reading.fail("value", overhead[-1], self.at - 2, known, f"{found}")
        if found not in part.arms:
            raise UnreadableError
        self.align(4)
        node = Node(part.name, self.at, self.at, STRUCT)
        fields.append(node)
        self._nested(part.arms[found], node, deferred)

    def _nested(self, structure: Structure, node: Node, deferred: list[Deferred]) -> None:
        """A structure within another: `node`, which begins here."""
        fields: list[Node] = []
        overhead: list[Node] = []
        node.children = fields
        try:
            deferred += self.fixed(structure, node, fields, overhead)
        finally:
            node.stop = max(node.start, min(self.at, self.end))
            if overhead:
                fields.append(Node("ndr", overhead[0].start, overhead[0].stop, STRUCT, None, None, overhead))

    def structures(self, node: Node, item: Structure, count: int, fit: int) -> None:
        """The items of an array of structures, `fit` of `count`, and what they point to."""
        items: list[Node] = []
        deferred: list[Deferred] = []
        node.children = items
        for index in range(fit):
            self.align(4)
            one = Node(f"[{index}]", self.at, self.at, STRUCT)
            items.append(one)
            self._nested(item, one, deferred)
            node.stop = one.stop
        if fit < count:
            raise UnreadableError
        self.resolve(deferred)

    def resolve(self, deferred: list[Deferred]) -> None:
        """What pointers refer to, in their order."""
        for one in deferred:
            self.align(4)
            one.reached = True
            one.node.start = one.node.stop = self.at
            one.body.read(self, one)

    def _drop_unreached(self) -> None:
        """Fields whose bytes have not been reached are not there."""
        gone = {id(one.node) for one in self.pointers if not one.reached}
        for fields in {id(one.into): one.into for one in self.pointers if not one.reached}.values():
            fields[:] = [node for node in fields if id(node) not in gone]


def _number(fields: list[Node], name: str) -> int | None:
    """The number in a field that has been read."""
    for node in fields:
        if node.name == name and isinstance(node.value, int):
            return node.value
    return None
