"""Pre-authentication data that is no ASN.1: salts, parameters, the enctypes of a server, Windows' errors.

RFC 4120 5.2.7.3 and 5.2.7.5, RFC 3962 4, RFC 8009 4; MS-KILE 2.2.1 and 2.2.8.
"""

from __future__ import annotations

from collections.abc import Sequence

from .grammar import opens
from .kerberos_asn1 import ETypeInfo2Entry
from .reading import Reading
from .tables.kerberos import NTSTATUS
from .tables.kerberos_more import SUPPORTED_ENCTYPES
from .values import ENUM, FLAGS, INT, STRUCT, TEXT, Node

#: Whose s2kparams are a count of iterations: AES of RFC 3962 and RFC 8009, Camellia of RFC 6803.
_COUNTED = (17, 18, 19, 20, 25, 26)

_ENCTYPES = dict(SUPPORTED_ENCTYPES)


def open_salt(reading: Reading, node: Node, body: int, end: int) -> bool:
    """A salt (PA-PW-SALT, PA-AFS3-SALT): octets, text in practice."""
    if end > reading.end or body == end:
        return False
    try:
        text = reading.data[body:end].decode()
    except UnicodeDecodeError:
        return False
    if not text.isprintable():
        return False
    node.start, node.stop, node.kind, node.value = body, end, TEXT, text
    return True


def open_extended_error(reading: Reading, node: Node, body: int, end: int) -> bool:
    """KERB-EXT-ERROR: status, reserved and flags, each 32 bits little-endian."""
    data = reading.data
    if end - body != 12 or end > reading.end:
        return False
    status, reserved, flags = (int.from_bytes(data[at : at + 4], "little") for at in range(body, end, 4))
    node.start, node.stop, node.kind = body, end, STRUCT
    node.meaning = "KERB-EXT-ERROR"
    node.children = [
        Node("status", body, body + 4, ENUM, status, NTSTATUS.get(status)),
        Node("reserved", body + 4, body + 8, INT, reserved),
        Node("flags", body + 8, body + 12, INT, flags),
    ]
    return True


def open_salt_or_error(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-PW-SALT, where Windows puts KERB-EXT-ERROR in its errors: a reserved of 0 and flags of 1 tell it."""
    if reading.data[body + 4 : end] == b"\0\0\0\0\1\0\0\0" and open_extended_error(reading, node, body, end):
        return True
    return open_salt(reading, node, body, end)


def open_supported_enctypes(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-SUPPORTED-ENCTYPES: 32 bits little-endian, not the Int32 in DER that its specification says."""
    if end > reading.end or body == end:
        return False
    if end - body != 4:
        node.meaning = "not PA-SUPPORTED-ENCTYPES, which is expected here"
        reading.fail("length", node, body, "4 bytes of PA-SUPPORTED-ENCTYPES", f"{end - body} bytes")
        return False
    value = int.from_bytes(reading.data[body:end], "little")
    bits = [1 << bit for bit in range(32) if value >> bit & 1]
    node.start, node.stop, node.kind, node.value = body, end, FLAGS, value
    node.meaning = tuple(_ENCTYPES.get(bit) or f"0x{bit:x}" for bit in bits)
    return True


@opens(ETypeInfo2Entry, "s2kparams")
def _open_parameters(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """Parameters of string-to-key: where the enctype has a count of iterations, that is their meaning."""
    if siblings and siblings[0].value in _COUNTED and end - body == 4 and end <= reading.end:
        count = int.from_bytes(reading.data[body:end]) or 1 << 32
        node.meaning = f"{count} iterations"
    return False
