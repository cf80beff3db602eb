"""What the octet strings in the parts of Kerberos messages hold: keys and passwords, addresses, authorization data."""

from __future__ import annotations

from collections.abc import Sequence

from .authorization import OPENERS
from .grammar import opens
from .kerberos_asn1 import EncryptedData
from .kerberos_parts_asn1 import (
    ADAndOr,
    ADCammac,
    ADKDCIssued,
    AuthorizationData,
    AuthorizationDataItem,
    ChangePasswdData,
    EncryptionKey,
    HostAddress,
)
from .opening import Asn1Class, fits, open_as
from .reading import Reading
from .values import SECRET, Node

#: Authorization data that holds further authorization data (RFC 4120 5.2.6, RFC 7751): ad-type to type.
_NESTED: dict[int, Asn1Class] = {
    1: AuthorizationData,
    4: ADKDCIssued,
    5: ADAndOr,
    8: AuthorizationData,
    96: ADCammac,
}


#: First bytes of the encrypted parts: APPLICATION 2, 3 and 25 to 29.
_CLEAR_PARTS = (b"\x62", b"\x63", b"\x79", b"\x7a", b"\x7b", b"\x7c", b"\x7d")


@opens(EncryptionKey, "keyvalue")
@opens(ChangePasswdData, "newpasswd")
def keep_secret(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """An octet string that must not be shown, also where it was cut short."""
    node.kind = SECRET
    node.value = reading.data[body:end]
    if end > reading.end:
        reading.short(node, body, end - body, end)
    return True


@opens(EncryptedData, "cipher")
def _hide_clear_part(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """What stands there without encryption holds a session key, or a new password."""
    if not siblings or siblings[0].value != 0 or reading.data[body : body + 1] not in _CLEAR_PARTS:
        return False
    return keep_secret(reading, node, siblings, body, end)


@opens(HostAddress, "address")
def _open_address(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if end > reading.end:
        return False
    node.value = reading.data[body:end]
    node.meaning = _address_text(siblings[-1].value if siblings else None, node.value)
    return True


def _address_text(kind: object, raw: bytes) -> str | None:
    """An address as people write it (RFC 4120 7.1); None where its type has no text or another size."""
    if kind in (2, 24) and len(raw) == (4 if kind == 2 else 16):
        from ipaddress import ip_address  # slow to import, and addresses are rare

        return str(ip_address(raw))
    if kind == 20:
        name = raw.rstrip(b" \0")
        return name.decode("ascii") if name.isascii() and name.decode("ascii").isprintable() and name else None
    return None


@opens(AuthorizationDataItem, "ad-data")
def _open_authorization_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    kind = siblings[-1].value if siblings else None
    cls = _NESTED.get(kind) if isinstance(kind, int) else None
    if cls is None:
        opener = OPENERS.get(kind) if isinstance(kind, int) else None
        return opener is not None and opener(reading, node, body, end)
    return fits(reading, cls, body, end) and open_as(reading, node, cls, body, end)
