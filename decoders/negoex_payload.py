"""What stands behind the header of a NEGOEX message: the arrays its vectors point to, each byte shown once.

Vectors may point anywhere and to the same bytes. Arrays of structures, of which a message has two at most, are read
whole wherever they are; byte arrays, of which each element of an array may have one, have only those bytes that
nothing before them has. So a message makes no more nodes and copies than it has bytes.
"""

from __future__ import annotations

from .cursor import Layout
from .negoex_header import BYTE_VECTOR, Message, Payload, list_node, name_guid
from .tables.negoex import ALERT_REASONS, ALERT_TYPES, EXTENSION_FLAGS
from .values import BYTES, ENUM, INT, STRUCT, Node

AUTH_SCHEME_SIZE = 16
EXTENSION_SIZE = 12
ALERT_SIZE = 12

#: MS-NEGOEX 2.2.5.1.4 and 2.2.5.1.1: a type, and a BYTE_VECTOR of that name.
_EXTENSION = Layout(("ExtensionType", "I", INT))
_ALERT = Layout(("AlertType", "I", ENUM))
#: MS-NEGOEX 2.2.5.1.2.
_PULSE = Layout(("cbHeaderLength", "I", INT), ("Reason", "I", ENUM))

_TYPE_PULSE = 1
#: MS-NEGOEX 2.2.6.1: the messages whose Exchange is a token; in the others of that form it is metadata.
_CHALLENGE, _AP_REQUEST = 4, 5


class Placing:
    """The payload being placed, in the order of the offsets: it is so up to `at`, an offset in the message."""

    __slots__ = ("at", "gaps", "message", "owner", "padded", "pulses")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.at = message.at
        self.owner = "the header"
        self.gaps = 0
        self.padded = False
        self.pulses: set[str] = set()

    def place_all(self) -> None:
        """Append to the message what its vectors point to, and what stands between."""
        payloads: list[Payload] = []
        for payload in self.message.payloads:
            if payload.name == BYTE_VECTOR.array:
                payloads.append(payload)
            else:
                array, values = self._read_array(payload)
                payloads += [payload._replace(array=array), *values]
        for payload in sorted(payloads, key=lambda payload: payload.offset):
            if payload.length:
                self._place(payload)
        self._fill(self.message.have)

    def _place(self, payload: Payload) -> None:
        message, reading, start = self.message, self.message.reading, self.message.start
        offset, length, name, pointer, node = payload
        if offset > message.size:
            wanted = f"an offset of at most {message.size}"
            reading.fail("offset", pointer, pointer.start, wanted, f"offset {offset}")
            return
        self._fill(min(offset, message.have))
        last = min(offset + length, message.have)
        first = offset if node is not None else max(offset, self.at)
        if node is None and first < last:
            node = Node(name, start + first, start + last, BYTES)
        if offset < max(self.at, message.header_end):
            owner = self.owner if offset < self.at else "the header"
            found = f"bytes that belong to {owner}"
            reading.fail("overlap", node or pointer, start + offset, "bytes of its own", found)
        if offset + length > message.size:
            self._note_short(payload, node)
        if node is not None:
            message.children.append(node)
            if payload.array is None:
                self._read_bytes(node, first == offset, min(offset + length, message.size))
        if offset + length > last:
            self._note_short(payload, node)
        if last > self.at:
            self.at, self.owner = last, name

    def _note_short(self, payload: Payload, node: Node | None) -> None:
        """Note that not all of the payload is there: it goes beyond the end of the message, or that was cut."""
        message = self.message
        holder, field = (node, "") if node is not None else (message.node, payload.name)
        stop = message.start + message.size
        message.reading.short(holder, message.start + payload.offset, payload.length, stop, field=field)

    def _fill(self, stop: int) -> None:
        """Keep the bytes up to `stop` that no vector points to: padding of the header, then gaps."""
        while self.at < stop:
            inside = self.at < self.message.header_end
            last = min(stop, self.message.header_end) if inside else stop
            if inside and not self.padded:
                self.padded, name = True, "Padding"
            else:
                self.gaps += 1
                name = f"gap-{self.gaps}"
            span = self.message.start + self.at, self.message.start + last
            self.message.children.append(Node(name, *span, BYTES, self.message.reading.data[slice(*span)]))
            self.at = last

    def _read_array(self, payload: Payload) -> tuple[Node | None, list[Payload]]:
        """The elements of an array, as many as are there, and the byte arrays that they point to."""
        message = self.message
        first = message.start + payload.offset
        last = message.start + min(payload.offset + payload.length, message.have)
        if first >= last:
            return None, []
        read = {"AuthSchemeArray": self._auth_scheme, "ExtensionArray": self._extension, "AlertArray": self._alert}
        size = AUTH_SCHEME_SIZE if payload.name == "AuthSchemeArray" else EXTENSION_SIZE
        items: list[Node] = []
        values: list[Payload] = []
        for at in range(first, last - size + 1, size):
            items.append(read[payload.name](len(items), at, values))
        rest = first + len(items) * size
        if rest < last:
            items.append(Node(f"[{len(items)}]", rest, last, BYTES, message.reading.data[rest:last]))
        return list_node(payload.name, first, last, items), values

    def _auth_scheme(self, index: int, at: int, values: list[Payload]) -> Node:
        stop = at + AUTH_SCHEME_SIZE
        node = Node(f"[{index}]", at, stop, BYTES, self.message.reading.data[at:stop])
        name_guid(node)
        return node

    def _extension(self, index: int, at: int, values: list[Payload]) -> Node:
        node, number = self._typed_value(index, at, _EXTENSION, "ExtensionValue", values)
        node.children[0].meaning = next((name for mask, name in EXTENSION_FLAGS if number & mask), None)
        return node

    def _alert(self, index: int, at: int, values: list[Payload]) -> Node:
        node, number = self._typed_value(index, at, _ALERT, "AlertValue", values)
        node.meaning = node.children[0].meaning = ALERT_TYPES.get(number)
        if number == _TYPE_PULSE:
            self.pulses.add(values[-1].name)
        return node

    def _typed_value(self, index: int, at: int, layout: Layout, name: str, values: list[Payload]) -> tuple[Node, int]:
        """An element that is a type and a byte vector; all of its bytes are there."""
        reading, middle, stop = self.message.reading, at + layout.size, at + layout.size + BYTE_VECTOR.layout.size
        fields: list[Node] = []
        vector: list[Node] = []
        (number,) = layout.read(reading, at, stop, fields) or (0,)
        offset, length = BYTE_VECTOR.layout.read(reading, middle, stop, vector) or (0, 0)
        fields.append(Node(name, middle, stop, STRUCT, None, None, vector))
        values.append(Payload(offset, length, f"{BYTE_VECTOR.array}-{index}", vector[0]))
        return Node(f"[{index}]", at, stop, STRUCT, None, None, fields), number

    def _read_bytes(self, node: Node, own: bool, stop: int) -> None:
        """Make a byte array what it is, where its bytes are its `own` from the first on; `stop` is where it ends."""
        message = self.message
        reading = message.reading
        token = node.name == BYTE_VECTOR.array and message.number in (_CHALLENGE, _AP_REQUEST)
        if own and token and reading.open_token(reading, node, node.start, message.start + stop):
            return
        if own and node.name in self.pulses:
            self._read_pulse(node, message.start + stop)
            return
        node.value = reading.data[node.start : node.stop]

    def _read_pulse(self, node: Node, stop: int) -> None:
        """ALERT_PULSE; what may stand behind its fields is kept."""
        reading = self.message.reading
        fields: list[Node] = []
        node.kind, node.meaning, node.children = STRUCT, "ALERT_PULSE", fields
        values = _PULSE.read(reading, node.start, stop, fields)
        if values is None:
            name, at, need = _PULSE.lacking(node.start, node.stop)
            reading.short(node, at, need, stop, field=name)
        else:
            fields[1].meaning = ALERT_REASONS.get(values[1])
            if fields[1].stop < node.stop:
                fields.append(Node("gap-1", fields[1].stop, node.stop, BYTES, reading.data[fields[1].stop : node.stop]))
