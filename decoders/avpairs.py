"""AV_PAIR lists (MS-NLMP 2.2.2.1), and the two ways in which NTLM writes text."""

from __future__ import annotations

from struct import Struct

from .cursor import Layout
from .filetime import filetime_text
from .reading import Reading
from .tables.ntlm import (
    AV_CHANNEL_BINDINGS,
    AV_EOL,
    AV_FLAG_NAMES,
    AV_FLAGS,
    AV_IDS,
    AV_NAMES,
    AV_SINGLE_HOST,
    AV_TIMESTAMP,
)
from .values import BYTES, ENUM, FILETIME, FLAGS, INT, LIST, STRUCT, TEXT, Node

_PAIR = Struct("<HH").unpack_from

#: MS-NLMP 2.2.2.2. Windows before 7 sends no CustomData and no MachineID.
_SINGLE_HOST = Layout(("Size", "I", INT), ("Z4", "I", INT), ("CustomData", "8s", BYTES), ("MachineID", "32s", BYTES))

_SIZES = {AV_FLAGS: 4, AV_TIMESTAMP: 8, AV_CHANNEL_BINDINGS: 16}


def read_pairs(reading: Reading, holder: Node) -> int:
    """Read the AV_PAIRs within `holder`, which becomes a LIST of them; where the list ends, MsvAvEOL included."""
    data, at, stop = reading.data, holder.start, holder.stop
    number: int
    length: int
    items: list[Node] = []
    holder.kind, holder.children = LIST, items
    while stop - at >= 4:
        number, length = _PAIR(data, at)
        first = at + 4
        last = first + length
        name = AV_IDS.get(number)
        size = Node("AvLen", at + 2, first, INT, length)
        fields = [Node("AvId", at, at + 2, ENUM, number, name), size]
        if last > stop:
            found = f"{length} bytes, where {stop - first} are left"
            reading.fail("length", size, at + 2, "a Value that ends within the list", found, missing=last - stop)
            last = stop
        items.append(Node(f"[{len(items)}]", at, last, STRUCT, None, name, fields))
        if last > first:
            value = Node("Value", first, last, BYTES)
            fields.append(value)
            if number in AV_NAMES:
                read_utf16(reading, value)
            else:
                _read_value(reading, value, number)
        at = last
        if number == AV_EOL:
            if length:
                reading.fail("length", size, first - 2, "0 for MsvAvEOL", f"{length}")
            return at
    reading.fail("missing", holder, at, "MsvAvEOL as the last AV_PAIR", f"{stop - at} bytes")
    return at


def _read_value(reading: Reading, value: Node, number: int) -> None:
    """Make `value`, of at least one byte, what an AV_PAIR with that AvId holds, where that is no name."""
    if number == AV_SINGLE_HOST:
        _read_single_host(reading, value)
        return
    data = value.value = reading.data[value.start : value.stop]
    size = _SIZES.get(number)
    if size is None:
        return
    if size != len(data):
        reading.fail("length", value, value.start, f"{size} bytes in {AV_IDS[number]}", f"{len(data)} bytes")
    elif number == AV_CHANNEL_BINDINGS:
        value.meaning = None if any(data) else "absent"
    else:
        value.value = bits = int.from_bytes(data, "little")
        if number == AV_TIMESTAMP:
            value.kind, value.meaning = FILETIME, filetime_text(bits)
        else:
            value.kind, value.meaning = FLAGS, tuple([name for mask, name in AV_FLAG_NAMES if bits & mask])


def _read_single_host(reading: Reading, value: Node) -> None:
    """Single_Host_Data as far as the value goes; what follows MachineID must be ignored on receipt."""
    fields: list[Node] = []
    value.kind, value.children = STRUCT, fields
    whole = _SINGLE_HOST.read(reading, value.start, value.stop, fields) is not None
    if not whole and value.stop - value.start < 8:
        name, at, need = _SINGLE_HOST.lacking(value.start, value.stop)
        reading.short(value, at, need, value.stop, field=name)
    last = fields[-1].stop if fields else value.start
    if last < value.stop:
        fields.append(Node("gap-1", last, value.stop, BYTES, reading.data[last : value.stop]))


def read_utf16(reading: Reading, node: Node) -> None:
    """Make `node` the UTF-16LE text that stands there; what is no UTF-16 shows as `\\xNN`."""
    data = reading.data[node.start : node.stop]
    node.kind = TEXT
    try:
        node.value = data.decode("utf-16-le")
    except UnicodeDecodeError as error:
        node.value = data.decode("utf-16-le", "backslashreplace")
        half = len(data) % 2 and error.start == len(data) - 1
        found = f"an odd number of bytes, {len(data)}" if half else "half a surrogate pair"
        reading.fail("value", node, node.start + error.start, "UTF-16LE text", found)


def read_oem(reading: Reading, node: Node) -> None:
    """Make `node` the OEM text that stands there; no message says in which code page (MS-NLMP 2.2, note 7)."""
    data = reading.data[node.start : node.stop]
    node.kind = TEXT
    if data.isascii():
        node.value = data.decode("ascii")
        return
    try:
        node.value, page = data.decode(), "UTF-8"
    except UnicodeDecodeError:
        node.value, page = data.decode("windows-1252", "backslashreplace"), "windows-1252"
    node.meaning = f"the code page is not in the message; read as {page}"
