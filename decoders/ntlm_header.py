"""The header of an NTLM message: fixed fields, and descriptors of what stands in the payload (MS-NLMP 2.2.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from .cursor import Layout
from .reading import Reading
from .tables.ntlm import NEGOTIATE_FLAGS, REVISIONS, VERSION, WINDOWS
from .values import BYTES, ENUM, FLAGS, INT, STRUCT, Node

_FLAGS = Layout(("NegotiateFlags", "I", FLAGS))
#: MS-NLMP 2.2.2.10.
_VERSION = Layout(
    ("ProductMajorVersion", "B", INT),
    ("ProductMinorVersion", "B", INT),
    ("ProductBuild", "H", INT),
    ("Reserved", "3s", BYTES),
    ("NTLMRevisionCurrent", "B", ENUM),
)

#: Payload fields follow each other with at most some bytes of padding; one further off is no sign of a long message.
_PADDING = 16


@lru_cache(256)
def _flag_names(flags: int) -> tuple[str, ...]:
    """The names of the flags set; kept, since the messages of one client and server hardly differ in them."""
    return tuple([name for mask, name in NEGOTIATE_FLAGS if flags & mask])


class Buffer(NamedTuple):
    """A descriptor: the name of its field in the header, its own fields, and the payload field that it points to."""

    fields: str
    layout: Layout
    payload: str
    flag: int  #: where this NegotiateFlag is clear, the descriptor must be ignored on receipt; 0: never


def buffer(base: str, flag: int = 0, payload: str = "") -> Buffer:
    """The descriptor whose fields MS-NLMP names after `base`."""
    names = (base + "Len", "H", INT), (base + "MaxLen", "H", INT), (base + "BufferOffset", "I", INT)
    return Buffer(base + "Fields", Layout(*names), payload or base, flag)


class Payload(NamedTuple):
    """What a descriptor says, and its node."""

    offset: int
    length: int
    name: str
    flag: int
    fields: Node


class Header:
    """The header being read, and what that told; offsets here, unlike in nodes, count from the message's beginning.

    The message should have `size` bytes, of which `have` were received; the header is read up to `at`.
    """

    __slots__ = ("at", "children", "flags", "have", "payloads", "reading", "root", "size", "start", "told", "whole")

    def __init__(self, reading: Reading, start: int, stop: int, root: Node, children: list[Node]) -> None:
        self.reading = reading
        self.start = start
        self.root = root
        self.children = children
        self.size = stop - start
        self.have = min(stop, reading.end) - start
        self.whole = start == 0 and stop == reading.end  #: nothing around the message says how long it should be
        self.at = 0
        self.flags = 0
        self.payloads: list[Payload] = []
        self.told = False  #: all descriptors are read

    def take(self, layout: Layout) -> tuple[Any, ...] | None:
        """Read the next fields; None where they are cut short, which is noted."""
        values = layout.read(self.reading, self.start + self.at, self.start + self.size, self.children)
        if values is None:
            self._lack(layout)
        else:
            self.at += layout.size
        return values

    def take_flags(self) -> bool:
        """NegotiateFlags (MS-NLMP 2.2.2.5)."""
        values = self.take(_FLAGS)
        if values is None:
            return False
        (flags,) = values
        self.flags = flags
        self.children[-1].meaning = _flag_names(flags)
        return True

    def take_buffer(self, wanted: Buffer) -> bool:
        """A descriptor of a payload field."""
        values = self._take_struct(wanted.fields, wanted.layout)
        if values is None:
            return False
        length, _, offset = values
        self.payloads.append(Payload(offset, length, wanted.payload, wanted.flag, self.children[-1]))
        return True

    def take_version(self) -> bool:
        """VERSION (MS-NLMP 2.2.2.10)."""
        values = self._take_struct("Version", _VERSION)
        if values is None:
            return False
        major, minor, build, _, revision = values
        node = self.children[-1]
        node.children[4].meaning = REVISIONS.get(revision)
        system = WINDOWS.get((major, minor, build))
        node.meaning = f"{major}.{minor}.{build}, {system}" if system else f"{major}.{minor}.{build}"
        return True

    def _take_struct(self, name: str, layout: Layout) -> tuple[Any, ...] | None:
        first = self.start + self.at
        fields: list[Node] = []
        values = layout.read(self.reading, first, self.start + self.size, fields)
        if fields:
            self.children.append(Node(name, first, fields[-1].stop, STRUCT, None, None, fields))
        if values is None:
            self._lack(layout, name + ".")
            return None
        self.at += layout.size
        return values

    def _lack(self, layout: Layout, path: str = "") -> None:
        name, at, need = layout.lacking(self.start + self.at, self.start + self.have)
        if self.told:
            self.announce()
        if self.whole and self.reading.announced is None:
            have = self.start + self.have - at
            wanted, found, missing = f"{need} bytes", f"{have} bytes", need - have
            self.reading.fail("cut-short", self.root, at, wanted, found, field=path + name, missing=missing)
        else:
            self.reading.short(self.root, at, need, self.start + self.size, field=path + name)

    def announce(self) -> None:
        """Tell how long the message is by its descriptors, where that is more than there is and nothing else tells."""
        furthest = self.have
        for payload in sorted(self.payloads):
            if payload.length and payload.offset <= max(furthest, self.at) + _PADDING:
                furthest = max(furthest, payload.offset + payload.length)
        if self.whole and furthest > self.have:
            self.reading.announced = furthest

    def heed_flags(self, most: int) -> None:
        """Forget the descriptors that are to be ignored and point nowhere; others show what they point to.

        Messages often have a field without its flag. `most` as for `occupied`.
        """
        reach = max(self.size, most)
        self.payloads = [p for p in self.payloads if not p.flag or p.flag & self.flags or p.offset <= reach]

    def occupied(self, least: int, most: int) -> list[int]:
        """Where the payload fields stand, as far as that can be: not before `least`, and near enough.

        A header takes up to `most` bytes: an offset up to there is to be believed even beyond the message's end.
        """
        reach = max(self.size, most)
        return [p.offset for p in self.payloads if p.length and least <= p.offset <= reach]

    def end(self, least: int, most: int) -> int:
        """Where the header ends, which has at least `least` bytes: at the lowest payload field.

        Where all fields are empty, the descriptors should still say where the payload would begin.
        """
        occupied = self.occupied(least, most)
        if occupied:
            return min(occupied)
        version = self.flags & VERSION
        reach = max(self.size, most) if version or self.size > least else self.size
        end = min((p.offset for p in self.payloads if least <= p.offset <= reach), default=self.size)
        return max(end, least + 8) if version and self.size >= least + 8 else end
