"""What pointers in NDR refer to: arrays, strings, SIDs (C706 14.3.3 and 14.3.4, MS-DTYP 2.4.2.3)."""

from __future__ import annotations

from struct import calcsize, unpack_from
from typing import Final, NamedTuple

from .avpairs import read_utf16
from .cursor import Layout
from .ndr import Deferred, Pickle, UnreadableError
from .ndr_grammar import Pointer, Structure, UnicodeString
from .sids import read_sid
from .values import BOOL, BYTES, INT, LIST, SID, TEXT, Node

#: C706 14.3.4.2: before a string, in characters.
_COUNTS = Layout(("MaximumCount", "I", INT), ("Offset", "I", INT), ("ActualCount", "I", INT))
_MAXIMUM = Layout(("MaximumCount", "I", INT))


class Array(NamedTuple):
    """An array of structures."""

    item: Structure
    kind: str = LIST

    def read(self, pickle: Pickle, one: Deferred) -> None:
        """The size, the items, and then what they point to."""
        count, fit = pickle.take_count(one, self.item.least, "items")
        pickle.structures(one.node, self.item, count, fit)


class Numbers(NamedTuple):
    """An array of numbers of one size."""

    code: str
    item: str = INT
    kind: str = LIST

    def read(self, pickle: Pickle, one: Deferred) -> None:
        """The size, and the numbers on a multiple of their own."""
        size = calcsize("<" + self.code)
        count, fit = pickle.take_count(one, size, "items")
        pickle.align(size)
        if count:
            one.node.start = one.node.stop = pickle.at
        # The alignment may have left no room for the last one.
        left = max(0, pickle.end - pickle.at) // size
        fit = min(fit, left) if fit < count else pickle.room(one.node, count, size)
        values: tuple[int, ...] = unpack_from(f"<{fit}{self.code}", pickle.reading.data, pickle.at)
        items: list[Node] = []
        for index, value in enumerate(values):
            first = pickle.at + index * size
            kind = BOOL if self.item == BOOL and value in (0, 1) else INT
            items.append(Node(f"[{index}]", first, first + size, kind, value == 1 if kind == BOOL else value))
        one.node.children = items
        pickle.at += fit * size
        if count:
            one.node.stop = pickle.at
        if fit < count:
            raise UnreadableError


class Octets(NamedTuple):
    """An array of bytes."""

    kind: str = BYTES

    def read(self, pickle: Pickle, one: Deferred) -> None:
        """The size and the bytes."""
        count, fit = pickle.take_count(one, 1, "bytes")
        one.node.stop = pickle.at + fit
        one.node.value = pickle.reading.data[pickle.at : one.node.stop]
        pickle.at = one.node.stop
        if fit < count:
            raise UnreadableError


class SidBody(NamedTuple):
    """A SID behind its number of sub-authorities, which it says itself too."""

    kind: str = SID

    def read(self, pickle: Pickle, one: Deferred) -> None:
        """The node is the SID alone."""
        (count,) = pickle.take(_MAXIMUM, one.node, one.overhead)
        at = pickle.at
        pickle.at = read_sid(pickle.reading, one.node, at, pickle.stop)
        if one.node.kind != SID:
            raise UnreadableError
        own = pickle.reading.data[at + 1]
        if own != count:
            wanted = f"{own}, as SubAuthorityCount says"
            pickle.reading.fail("length", one.overhead[-1], at - 4, wanted, f"{count}")


class WideString(NamedTuple):
    """UTF-16 characters; `terminated` by a zero, or as many as a descriptor says."""

    terminated: bool
    kind: str = TEXT

    def read(self, pickle: Pickle, one: Deferred) -> None:
        """The node is the characters without their end; where there are none, the counts or the end."""
        node, reading = one.node, pickle.reading
        largest, offset, count = pickle.take(_COUNTS, node, one.overhead)
        counts = one.overhead[-3:]
        if offset:
            reading.fail("value", counts[1], counts[1].start, "0", f"{offset}")
        if count > largest:
            reading.fail("value", counts[2], counts[2].start, f"at most MaximumCount, {largest}", f"{count}")
        if one.count is not None and one.count != 2 * count:
            wanted = f"{one.count} bytes, as {one.counted_by} says"
            reading.fail("length", counts[2], counts[2].start, wanted, f"{count} characters")
        node.value = ""
        if not count:
            del one.overhead[-3:]
            node.start, node.stop = counts[0].start, counts[2].stop
            return
        node.start = node.stop = pickle.at
        fit = pickle.room(node, count, 2)
        pickle.at += 2 * fit
        node.stop = pickle.at
        if fit < count:
            read_utf16(reading, node)
            raise UnreadableError
        if self.terminated:
            self._cut_end(pickle, node)
        else:
            read_utf16(reading, node)

    def _cut_end(self, pickle: Pickle, node: Node) -> None:
        raw = pickle.reading.data[node.stop - 2 : node.stop]
        if raw != b"\0\0":
            read_utf16(pickle.reading, node)
            pickle.reading.fail("value", node, node.stop - 2, "a zero at the end of the string", raw.hex())
        elif node.stop - node.start > 2:
            node.stop -= 2
            read_utf16(pickle.reading, node)


SID_BODY: Final = SidBody()
OCTETS: Final = Octets()
COUNTED: Final = WideString(False)
TERMINATED: Final = WideString(True)


def text(name: str) -> UnicodeString:
    """A field that is an RPC_UNICODE_STRING."""
    return UnicodeString(name, COUNTED)


class Strings(NamedTuple):
    """An array of strings: RPC_UNICODE_STRINGs, or pointers to terminated ones."""

    counted: bool
    kind: str = LIST

    def read(self, pickle: Pickle, one: Deferred) -> None:
        """All descriptors or pointers, and then the characters of each."""
        count, fit = pickle.take_count(one, 8 if self.counted else 4, "items")
        items: list[Node] = []
        overhead: list[Node] = []
        deferred: list[Deferred] = []
        one.node.children = items
        first = pickle.at
        for index in range(fit):
            name = f"[{index}]"
            if self.counted:
                pickle.unicode_string(text(name), one.node, items, overhead, deferred)
            else:
                pickle.pointer(Pointer(name, TERMINATED), one.node, items, overhead, deferred)
            one.node.stop = pickle.at
        # There is room for all of them, so none has been cut short; those that are NULL have no overhead.
        for index, node in enumerate(overhead):
            node.name = f"[{index}]"
        if overhead:
            one.overhead.append(Node("items", first, pickle.at, LIST, None, None, overhead))
        try:
            if fit < count:
                raise UnreadableError
            pickle.resolve(deferred)
        except UnreadableError:
            if len(deferred) == len(items) and not any(each.reached for each in deferred):
                one.node.stop = one.node.start  # none of the items is there: the bytes are those of `items`
            raise
