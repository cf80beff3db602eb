"""The PAC (MS-PAC): PACTYPE, its table of buffers (2.3 and 2.4), and each buffer at its place.

Buffers may claim any place. They are read in the order of their offsets, each byte for one of them; the bytes between
them are nodes where they are not zero. Of a type that stands there twice, the first in the table counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from .cursor import Layout
from .decode import open_token
from .pac_claims import read_claims
from .pac_plain import READERS, Buffer
from .pac_structures import read_credential_data, read_delegation, read_device, read_logon
from .reading import MAX_TOKENS_DEEP, Reading
from .tables.pac import (
    BUFFER_NAMES,
    BUFFER_TYPES,
    CLIENT_CLAIMS,
    DELEGATION_INFO,
    DEVICE_CLAIMS,
    DEVICE_INFO,
    LOGON_INFO,
)
from .values import BYTES, ENUM, INT, LIST, STRUCT, Decoded, Node

_PACTYPE = Layout(("cBuffers", "I", INT), ("Version", "I", INT))
_INFO_BUFFER = Layout(("ulType", "I", ENUM), ("cbBufferSize", "I", INT), ("Offset", "Q", INT))

#: No PAC has so many buffers: a greater number does not tell how long it should be.
_PLAUSIBLE: Final = 64
_ALIGNMENT: Final = 8

_NDR: Final[dict[int, Callable[[Reading, Node, int, int], None]]] = {
    LOGON_INFO: read_logon,
    DELEGATION_INFO: read_delegation,
    CLIENT_CLAIMS: read_claims,
    DEVICE_INFO: read_device,
    DEVICE_CLAIMS: read_claims,
}


class _Entry(NamedTuple):
    """A PAC_INFO_BUFFER: what it says, and its node."""

    offset: int
    size: int
    kind: int
    node: Node


def decode_pac(reading: Reading, node: Node, at: int, stop: int, into: list[Node]) -> str:
    """Read the PAC at `at`, append its fields to `into`, and name the message.

    `stop` is the end of what contains it, which lies beyond the end of the token where that was cut short. `into` are
    the children of `node`, the PAC's own.
    """
    entries = _read_table(reading, node, at, stop, into)
    if entries is not None:
        _Placing(reading, node, at, stop, into).place_all(entries)
    return "PAC"


def open_pac(reading: Reading, node: Node, body: int, end: int) -> bool:
    """Read the octets of AD-WIN2K-PAC in the node of the octet string; False where that would be too deep."""
    if reading.deep >= MAX_TOKENS_DEEP:
        reading.fail("depth", node, body, f"at most {MAX_TOKENS_DEEP} structures inside each other", "one more")
        return False
    children: list[Node] = []
    node.start, node.stop = body, min(end, reading.end)
    node.kind, node.value, node.meaning, node.children = STRUCT, None, "PAC", children
    reading.deep += 1
    decode_pac(reading, node, body, end, children)
    reading.deep -= 1
    return True


def decode_pac_bytes(data: bytes) -> Decoded:
    """Take a PAC by itself apart. Never raises: `error` says what is wrong."""
    reading, root, children = _begin(data)
    if data:
        reading.announced = _announced(data)
        stop = max(len(data), reading.announced or 0)
        decode_pac(reading, root, 0, stop, children)
    return Decoded("Kerberos", "PAC", data, root, reading.finish(root))


def decode_buffer(kind: int, data: bytes) -> Decoded:
    """Take one buffer of that type by itself apart. Never raises."""
    reading, root, children = _begin(data)
    if data and kind in BUFFER_NAMES:
        _read_buffer(reading, root, kind, 0, len(data))
    elif data:
        children.append(Node("bytes", 0, len(data), BYTES, data))
    return Decoded("Kerberos", BUFFER_NAMES.get(kind, "unknown"), data, root, reading.finish(root))


def decode_credential_data(data: bytes) -> Decoded:
    """Take apart what PAC_CREDENTIAL_INFO.SerializedData holds once it is decrypted. Never raises."""
    reading, root, _ = _begin(data)
    if data:
        read_credential_data(reading, root, 0, len(data))
    return Decoded("Kerberos", "PAC_CREDENTIAL_DATA", data, root, reading.finish(root))


def _begin(data: bytes) -> tuple[Reading, Node, list[Node]]:
    reading = Reading(data, open_token)
    children: list[Node] = []
    root = Node("", 0, len(data), STRUCT, children=children)
    if not data:
        reading.fail("empty", root, 0, "a PAC or a part of one", "no bytes")
    return reading, root, children


def _announced(data: bytes) -> int | None:
    """How long the PAC is by its table, where that is more than there is and can be believed."""
    count = int.from_bytes(data[:4], "little")
    header = _PACTYPE.size + count * _INFO_BUFFER.size
    if len(data) < _PACTYPE.size or count > _PLAUSIBLE:
        return None
    furthest = header
    places: list[tuple[int, int]] = []
    for at in range(_PACTYPE.size, min(header, len(data) - _INFO_BUFFER.size + 1), _INFO_BUFFER.size):
        size, offset = int.from_bytes(data[at + 4 : at + 8], "little"), int.from_bytes(data[at + 8 : at + 16], "little")
        places.append((offset, size))
    for offset, size in sorted(places):
        if offset <= furthest + _ALIGNMENT:
            furthest = max(furthest, offset + size)
    return furthest if furthest > len(data) else None


def _read_table(reading: Reading, node: Node, at: int, stop: int, into: list[Node]) -> list[_Entry] | None:
    """PACTYPE and its PAC_INFO_BUFFERs; None where the table is not all there."""
    values = _PACTYPE.read(reading, at, stop, into)
    if values is None:
        name, where, need = _PACTYPE.lacking(at, min(stop, reading.end))
        reading.short(node, where, need, stop, field=name)
        return None
    count, version = values
    if version:
        reading.fail("value", into[-1], at + 4, "0", f"{version}")
    at += _PACTYPE.size
    fit = min(count, (min(stop, reading.end) - at) // _INFO_BUFFER.size)
    items: list[Node] = []
    table = Node("Buffers", at, at + fit * _INFO_BUFFER.size, LIST, None, None, items)
    entries: list[_Entry] = []
    for index in range(fit):
        fields: list[Node] = []
        kind, size, offset = _INFO_BUFFER.read(reading, at, stop, fields) or (0, 0, 0)
        fields[0].meaning = BUFFER_TYPES.get(kind)
        entry = Node(f"[{index}]", at, at + _INFO_BUFFER.size, STRUCT, None, fields[0].meaning, fields)
        items.append(entry)
        entries.append(_Entry(offset, size, kind, entry))
        at += _INFO_BUFFER.size
    if count:
        into.append(table)
    if fit == count:
        return entries
    reading.short(table, table.start, count * _INFO_BUFFER.size, stop)
    end = min(stop, reading.end)
    if at < end:
        items.append(Node(f"[{fit}]", at, end, BYTES, reading.data[at:end]))
        table.stop = end
    return None


class _Placing:
    """The buffers being placed; `at` is the first byte that none of those so far has."""

    __slots__ = ("at", "header_end", "into", "node", "paddings", "reading", "start", "stop")

    def __init__(self, reading: Reading, node: Node, start: int, stop: int, into: list[Node]) -> None:
        self.reading = reading
        self.node = node
        self.start = start
        self.stop = stop
        self.into = into
        self.at = self.header_end = into[-1].stop
        self.paddings = 0

    def place_all(self, entries: list[_Entry]) -> None:
        """Read all buffers, and keep what is between and behind them."""
        seen: dict[int, int] = {}
        named: list[tuple[_Entry, str]] = []
        for entry in entries:
            number = seen[entry.kind] = seen.get(entry.kind, 0) + 1
            name = BUFFER_NAMES.get(entry.kind, f"type-{entry.kind}")
            named.append((entry, name if number == 1 else f"{name}-{number}"))
        for entry, name in sorted(named, key=lambda pair: pair[0].offset):
            self._place(entry, name)
        self._pass_over(min(self.stop, self.reading.end))

    def _place(self, entry: _Entry, name: str) -> None:
        reading, (_, size_field, offset_field) = self.reading, entry.node.children
        if not entry.size:
            size_field.meaning = "no bytes"
            return
        first, last = self.start + entry.offset, self.start + entry.offset + entry.size
        if first > self.stop:
            wanted = f"an offset of at most {self.stop - self.start}"
            reading.fail("offset", offset_field, offset_field.start, wanted, f"offset {entry.offset}")
            return
        if entry.offset % _ALIGNMENT:
            wanted = f"a multiple of {_ALIGNMENT}"
            reading.fail("value", offset_field, offset_field.start, wanted, f"{entry.offset}")
        if first < self.at:
            owner = "the table of buffers" if first < self.header_end else "another buffer"
            reading.fail("overlap", offset_field, first, "bytes of its own", f"bytes that belong to {owner}")
        self._pass_over(min(first, reading.end))
        begin, end = max(first, self.at), min(last, self.stop, reading.end)
        node = Node(name, begin, max(begin, end), BYTES)
        if begin < end:
            self.into.append(node)
            self.at = end
            if first < begin or name not in (BUFFER_NAMES.get(entry.kind), f"type-{entry.kind}"):
                node.value = reading.data[begin:end]
                node.meaning = "the rest of a buffer" if first < begin else "ignored: the first of its type counts"
            else:
                _read_buffer(reading, node, entry.kind, first, min(last, self.stop))
        if last > min(self.stop, reading.end):
            holder = node if begin < end else self.node
            reading.short(holder, first, entry.size, self.stop, field="" if begin < end else name)

    def _pass_over(self, stop: int) -> None:
        """Go on to `stop`; what is passed over is kept where it is not zero."""
        raw = self.reading.data[self.at : stop]
        if any(raw):
            self.paddings += 1
            name = f"padding-{self.paddings}" if self.paddings > 1 else "padding"
            self.into.append(Node(name, self.at, stop, BYTES, raw))
        self.at = max(self.at, stop)


def _read_buffer(reading: Reading, node: Node, kind: int, start: int, stop: int) -> None:
    """Make `node` what a buffer of that type is; of an unknown one, bytes."""
    read = _NDR.get(kind)
    if read is not None:
        read(reading, node, start, stop)
        return
    plain = READERS.get(BUFFER_NAMES.get(kind, ""))
    if plain is None:
        node.kind, node.value = BYTES, reading.data[node.start : node.stop]
        return
    buffer = Buffer(reading, node, start, stop)
    plain(buffer)
    buffer.finish()
