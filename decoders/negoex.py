"""NEGOEX tokens (MS-NEGOEX 2.2.6 and 3.1.1, draft-zhu-negoex-04): one message behind the other.

A message is a header, whose vectors say where in the message their arrays stand, and the payload that these are. The
vectors have the names that MS-NEGOEX gives them; what they point to is named after their offset fields, which have
`Offset` behind it: `AuthSchemeArray`, `ExtensionArray`, `AlertArray` and `ByteArray`, with `-N` where it belongs to the
element `[N]` of an array.
"""

from __future__ import annotations

from .cursor import Layout
from .negoex_header import BYTE_VECTOR, Message, array_vector, list_node, name_guid
from .negoex_payload import ALERT_SIZE, AUTH_SCHEME_SIZE, EXTENSION_SIZE, Placing
from .reading import Reading
from .recognise import NEGOEX_SIGNATURE
from .tables.kerberos_more import CHECKSUM_TYPES
from .tables.negoex import CHECKSUM_SCHEMES, MESSAGE_TYPES
from .tables.ntstatus import NTSTATUS
from .values import BYTES, ENUM, INT, Node

_RANDOM_AND_VERSION = Layout(("Random", "32s", BYTES), ("ProtocolVersion", "Q", INT))
_AUTH_SCHEME = Layout(("AuthScheme", "16s", BYTES))
_ERROR_CODE = Layout(("ErrorCode", "I", ENUM))
#: MS-NEGOEX 2.2.5.1.3, up to ChecksumValue.
_CHECKSUM = Layout(("cbHeaderLength", "I", INT), ("ChecksumScheme", "I", ENUM), ("ChecksumType", "I", ENUM))
_CHECKSUM_LENGTH = _CHECKSUM.size + BYTE_VECTOR.layout.size

#: By whether they are padded: Windows and Samba align the vectors, MIT krb5 and Heimdal pad the whole header alone.
_AUTH_SCHEMES = {padded: array_vector("AuthScheme", AUTH_SCHEME_SIZE, padded=padded) for padded in (False, True)}
_EXTENSIONS = {padded: array_vector("Extension", EXTENSION_SIZE, padded=padded) for padded in (False, True)}
_ALERTS = {padded: array_vector("Alert", ALERT_SIZE, padded=padded) for padded in (False, True)}


def decode_negoex(reading: Reading, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read the messages at `at` into the field `messages`; the name of the first, and where the last ends.

    `stop` is the end of what contains them, which lies beyond the end of the token where that was cut short.
    """
    whole = at == 0 and stop == reading.end  # nothing around the messages says how long they should be
    items: list[Node] = []
    messages = list_node("messages", at, at, items)
    into.append(messages)
    end = at
    while not items or _goes_on(reading, end, stop):
        message = Message(reading, f"[{len(items)}]", end, stop, whole=whole)
        items.append(message.node)
        if message.take_header() and _read_fields(message):
            Placing(message).place_all()
        end = message.finish()
    messages.stop = min(end, reading.end)
    if reading.end <= end < stop:
        reading.short(messages, end, stop - end, stop, field=f"[{len(items)}]")
    name = items[0].meaning
    return name if isinstance(name, str) else "unknown", end


def _goes_on(reading: Reading, at: int, stop: int) -> bool:
    """Whether another message begins at `at`, or what can be the beginning of its signature."""
    begin = reading.data[at : min(at + len(NEGOEX_SIGNATURE), stop)]
    return begin != b"" and NEGOEX_SIGNATURE.startswith(begin)


def _read_fields(message: Message) -> bool:
    """What stands between MESSAGE_HEADER and the payload; False where that is cut short, or no message we know."""
    match message.number:
        case 0 | 1:
            return _nego(message)
        case 2 | 3 | 4 | 5:
            return _exchange(message)
        case 6:
            return _verify(message)
        case 7:
            return _alert(message)
    kind = message.header[1]
    message.reading.fail("value", kind, kind.start, f"a MessageType of 0 to {max(MESSAGE_TYPES)}", f"{message.number}")
    rest = message.start + message.at, message.start + message.have
    if rest[0] < rest[1]:
        message.children.append(Node("bytes", *rest, BYTES, message.reading.data[slice(*rest)]))
    return False


def _nego(message: Message) -> bool:
    """NEGO_MESSAGE (MS-NEGOEX 2.2.6.3)."""
    if message.take(_RANDOM_AND_VERSION) is None:
        return False
    padded = not _packed(message)
    if not message.take_vector("AuthSchemes", _AUTH_SCHEMES[padded], message.children):
        return False
    if not message.take_vector("Extensions", _EXTENSIONS[padded], message.children):
        return False
    message.end_header(message.at)
    return True


def _packed(message: Message) -> bool:
    """Whether Extensions follows AuthSchemes without padding, as MIT krb5 and Heimdal write them.

    They write the header's length as the ExtensionArrayOffset of no extensions, and zeros up to that length. So this
    shows where others have two bytes of padding, as long as the four bytes behind the packed vectors are zero.
    """
    at = message.start + message.at
    room = message.header_length - message.at
    vectors = message.reading.data[at : min(at + 16, message.start + message.have)]
    return 12 <= room < 16 or (len(vectors) == 16 and vectors[6:8] != b"\0\0" and vectors[12:] == b"\0\0\0\0")


def _exchange(message: Message) -> bool:
    """EXCHANGE_MESSAGE (MS-NEGOEX 2.2.6.4)."""
    if not _auth_scheme(message) or not message.take_vector("Exchange", BYTE_VECTOR, message.children):
        return False
    message.end_header(message.at)
    return True


def _verify(message: Message) -> bool:
    """VERIFY_MESSAGE (MS-NEGOEX 2.2.6.5)."""
    if not _auth_scheme(message):
        return False
    values = message.take_struct("Checksum", _CHECKSUM, message.children)
    if values is None:
        return False
    length, scheme, kind = values
    checksum = message.children[-1]
    fields = list(checksum.children)
    checksum.children = fields
    fields[1].meaning = CHECKSUM_SCHEMES.get(scheme)
    if scheme == 1:
        # RFC 3961 counts checksum types with a sign, this field without.
        fields[2].meaning = CHECKSUM_TYPES.get(kind - (kind >> 31 << 32))
    complete = message.take_vector("ChecksumValue", BYTE_VECTOR, fields, "Checksum.")
    checksum.stop = fields[-1].stop
    if length != _CHECKSUM_LENGTH:
        message.reading.fail("value", fields[0], fields[0].start, f"{_CHECKSUM_LENGTH}", f"{length}")
    if complete:
        message.end_header(message.at)
    return complete


def _alert(message: Message) -> bool:
    """ALERT_MESSAGE (MS-NEGOEX 2.2.6.6)."""
    if not _auth_scheme(message):
        return False
    values = message.take(_ERROR_CODE)
    if values is None:
        return False
    message.children[-1].meaning = NTSTATUS.get(values[0])
    room = message.header_length - message.at
    alerts = _ALERTS[not 6 <= room < 8]
    if not message.take_vector("Alerts", alerts, message.children):
        return False
    message.end_header(message.at)
    return True


def _auth_scheme(message: Message) -> bool:
    if message.take(_AUTH_SCHEME) is None:
        return False
    name_guid(message.children[-1])
    return True
