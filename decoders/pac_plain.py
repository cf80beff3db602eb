"""The buffers of a PAC that are no NDR: client, signatures, UPN and DNS names, attributes, requestor (MS-PAC 2)."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from .avpairs import read_utf16
from .cursor import Layout
from .ndr_grammar import name_value
from .reading import Reading
from .sids import read_sid
from .tables.kerberos import ENCTYPES
from .tables.kerberos_more import CHECKSUM_TYPES
from .tables.pac import PAC_ATTRIBUTES, SIGNATURE_SIZES, UPN_DNS_FLAGS, UPN_SAM_NAME_AND_SID
from .values import BYTES, ENUM, FILETIME, FLAGS, INT, LIST, SID, STRUCT, TEXT, Node

_GUID = Struct("<IHH2s6s").unpack

_CREDENTIAL_INFO = Layout(("Version", "I", INT), ("EncryptionType", "I", ENUM))
_CLIENT_INFO = Layout(("ClientId", "Q", FILETIME), ("NameLength", "H", INT))
_SIGNATURE_TYPE = Layout(("SignatureType", "i", ENUM))
_RODC = Layout(("RODCIdentifier", "H", INT))
_UPN_DNS_INFO = Layout(
    ("UpnLength", "H", INT),
    ("UpnOffset", "H", INT),
    ("DnsDomainNameLength", "H", INT),
    ("DnsDomainNameOffset", "H", INT),
    ("Flags", "I", FLAGS),
)
_UPN_DNS_MORE = Layout(
    ("SamNameLength", "H", INT), ("SamNameOffset", "H", INT), ("SidLength", "H", INT), ("SidOffset", "H", INT)
)
_FLAGS_LENGTH = Layout(("FlagsLength", "I", INT))
_FLAGS = Layout(("Flags", "I", FLAGS))


class Buffer:
    """A buffer being read in order: `at` is the next byte, `stop` its end, which may not all be there."""

    __slots__ = ("at", "fields", "node", "reading", "start", "stop")

    def __init__(self, reading: Reading, node: Node, start: int, stop: int) -> None:
        self.reading = reading
        self.node = node
        self.start = self.at = start
        self.stop = stop
        self.fields: list[Node] = []
        node.kind, node.children = STRUCT, self.fields

    @property
    def end(self) -> int:
        """Where the bytes end that are there."""
        return min(self.stop, self.reading.end)

    def take(self, layout: Layout) -> tuple[Any, ...] | None:
        """The next fields; None where they are cut short, which is noted."""
        values = layout.read(self.reading, self.at, self.stop, self.fields)
        if values is None:
            name, at, need = layout.lacking(self.at, self.end)
            self.reading.short(self.node, at, need, self.stop, field=name)
            self.at = max(self.at, self.end)
            return None
        self.at += layout.size
        return values

    def take_bytes(self, name: str, size: int) -> Node | None:
        """The next `size` bytes, as many as are there; None where there are none."""
        stop = min(self.at + size, self.end)
        node: Node | None = None
        if stop > self.at:
            node = Node(name, self.at, stop, BYTES, self.reading.data[self.at : stop])
            self.fields.append(node)
        if self.at + size > self.end:
            self.reading.short(node or self.node, self.at, size, self.stop, field="" if node else name)
        self.at = stop
        return node

    def finish(self, name: str = "padding") -> None:
        """Keep what stands behind the last field, where it is not zero."""
        if any(self.reading.data[self.at : self.end]):
            self.take_bytes(name, self.end - self.at)


def read_client_info(buffer: Buffer) -> None:
    """PAC_CLIENT_INFO (2.7)."""
    values = buffer.take(_CLIENT_INFO)
    if buffer.fields:
        name_value(buffer.fields[0])
    if values is not None:
        name = buffer.take_bytes("Name", values[1])
        if name is not None:
            read_utf16(buffer.reading, name)


def read_signature(buffer: Buffer) -> None:
    """PAC_SIGNATURE_DATA (2.8): what is left behind a Signature of its type's size is RODCIdentifier."""
    values = buffer.take(_SIGNATURE_TYPE)
    buffer.node.meaning = "PAC_SIGNATURE_DATA"
    if values is None:
        return
    (kind,) = values
    buffer.fields[0].meaning = CHECKSUM_TYPES.get(kind)
    size = SIGNATURE_SIZES.get(kind)
    if size is None:
        buffer.take_bytes("Signature", max(0, buffer.stop - buffer.at))
        wanted = ", ".join(map(str, SIGNATURE_SIZES))
        buffer.reading.fail("value", buffer.fields[0], buffer.start, f"one of {wanted}", f"{kind}")
        return
    signature = buffer.take_bytes("Signature", size)
    if signature is not None and buffer.stop - buffer.at >= _RODC.size:
        buffer.take(_RODC)


def read_credential_info(buffer: Buffer) -> None:
    """PAC_CREDENTIAL_INFO (2.6.1): the credentials are encrypted with the AS reply key."""
    values = buffer.take(_CREDENTIAL_INFO)
    if values is None:
        return
    version, etype = buffer.fields
    etype.meaning = ENCTYPES.get(values[1])
    if values[0]:
        buffer.reading.fail("value", version, version.start, "0", f"{values[0]}")
    buffer.take_bytes("SerializedData", max(0, buffer.stop - buffer.at))


def read_attributes(buffer: Buffer) -> None:
    """PAC_ATTRIBUTES_INFO (2.14): as many flags as FlagsLength says, in units of 32."""
    values = buffer.take(_FLAGS_LENGTH)
    if values is None:
        return
    need = (values[0] + 31) // 32
    count = min(need, max(0, buffer.end - buffer.at) // 4)
    first, fields = buffer.at, buffer.fields
    if need == 1:
        if buffer.take(_FLAGS) is not None:
            name_value(fields[-1], PAC_ATTRIBUTES)
        return
    if count:
        items = [_more_flags(buffer, index) for index in range(count)]
        name_value(items[0], PAC_ATTRIBUTES)
        buffer.at += 4 * count
        fields.append(Node("Flags", first, buffer.at, LIST, None, None, items))
    if need > count:
        buffer.reading.short(fields[-1], first, 4 * need, buffer.stop)


def _more_flags(buffer: Buffer, index: int) -> Node:
    at = buffer.at + 4 * index
    value = int.from_bytes(buffer.reading.data[at : at + 4], "little")
    return Node(f"[{index}]", at, at + 4, FLAGS, value, ())


def read_requestor_sid(buffer: Buffer) -> None:
    """PAC_REQUESTOR_SID (2.15)."""
    node = Node("Sid", buffer.at, buffer.at, SID)
    buffer.fields.append(node)
    buffer.at = read_sid(buffer.reading, node, buffer.at, buffer.stop)


def read_requestor_guid(buffer: Buffer) -> None:
    """PAC_REQUESTOR_GUID (2.16)."""
    node = buffer.take_bytes("Guid", 16)
    if node is not None and isinstance(node.value, bytes) and len(node.value) == 16:
        first, second, third, fourth, last = _GUID(node.value)
        node.kind, node.value = TEXT, f"{first:08x}-{second:04x}-{third:04x}-{fourth.hex()}-{last.hex()}"


#: In UPN_DNS_INFO: what a length and an offset point to.
_UPN_FIELDS: Final = ("Upn", "DnsDomainName", "SamName", "Sid")


def read_upn_dns(buffer: Buffer) -> None:
    """UPN_DNS_INFO (2.10): lengths and offsets, and the names and the SID behind them in the order of the offsets."""
    values = buffer.take(_UPN_DNS_INFO)
    if values is None:
        return
    name_value(buffer.fields[4], UPN_DNS_FLAGS)
    pairs = list(values[:4])
    pointers = [buffer.fields[1], buffer.fields[3]]
    if values[4] & UPN_SAM_NAME_AND_SID:
        more = buffer.take(_UPN_DNS_MORE)
        if more is None:
            return
        pairs += more
        pointers += [buffer.fields[6], buffer.fields[8]]
    found = zip(pairs[1::2], pairs[::2], _UPN_FIELDS, pointers, strict=False)
    for offset, length, name, pointer in sorted(found, key=lambda each: each[0]):
        if length:
            _place(buffer, name, buffer.start + offset, length, pointer)


def _place(buffer: Buffer, name: str, first: int, length: int, pointer: Node) -> None:
    """A name or SID at its place; bytes that have been read before are not read again."""
    reading = buffer.reading
    if first > buffer.stop:
        wanted = f"an offset of at most {buffer.stop - buffer.start}"
        reading.fail("offset", pointer, pointer.start, wanted, f"offset {first - buffer.start}")
        return
    if first < buffer.at:
        found = "bytes that belong to another field"
        reading.fail("overlap", pointer, first, "bytes of its own", found)
        length -= buffer.at - first
        if length <= 0:
            return
        buffer.take_bytes(name, length)
        return
    gap = buffer.reading.data[buffer.at : first]
    if any(gap):
        padding = "padding" if all(node.name != "padding" for node in buffer.fields) else f"padding-{name}"
        buffer.fields.append(Node(padding, buffer.at, min(first, buffer.end), BYTES, gap))
    buffer.at = first
    node = buffer.take_bytes(name, length)
    if node is None:
        return
    if name != "Sid":
        read_utf16(reading, node)
        return
    stop = node.stop
    buffer.at = read_sid(reading, node, node.start, stop if stop < first + length else first + length)
    if node.stop < stop:
        reading.fail("length", node, node.stop, f"{node.stop - node.start} bytes of a SID", f"{length} bytes")


READERS: Final[dict[str, Callable[[Buffer], None]]] = {
    "PAC_CREDENTIAL_INFO": read_credential_info,
    "ServerSignature": read_signature,
    "KDCSignature": read_signature,
    "TicketSignature": read_signature,
    "ExtendedKDCSignature": read_signature,
    "PAC_CLIENT_INFO": read_client_info,
    "UPN_DNS_INFO": read_upn_dns,
    "PAC_ATTRIBUTES_INFO": read_attributes,
    "PAC_REQUESTOR_SID": read_requestor_sid,
    "PAC_REQUESTOR_GUID": read_requestor_guid,
}
