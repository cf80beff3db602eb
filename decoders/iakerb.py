"""IAKERB_PROXY: Kerberos messages on their way to the KDC through the acceptor (draft-ietf-kitten-iakerb-03 3)."""

from __future__ import annotations

from collections.abc import Sequence

from .der import contents_at, read_element
from .grammar import opens, plan_of
from .iakerb_asn1 import IAKERBHeader, IAKERBHeaderOctets
from .reading import Reading
from .tables.kerberos import MESSAGES
from .values import BYTES, TEXT, Node


@opens(IAKERBHeaderOctets, "target-realm")
def _open_realm(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if end > reading.end:
        return False
    node.kind = TEXT
    node.value = reading.data[body:end].decode("utf-8", "backslashreplace")
    node.meaning = "in an OCTET STRING, as MIT krb5 before 1.22 sends it"
    return True


def decode_proxy(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read what stands behind the token id 05 01: the header, and a Kerberos message unless the realm is asked for."""
    if at >= min(stop, reading.end):
        reading.short(root, at, 2, stop, field="IAKERB-HEADER")
        return "IAKERB_PROXY", stop
    cls = IAKERBHeaderOctets if _has_octets(reading.data, at) else IAKERBHeader
    end = read_element(reading, plan_of(cls), "IAKERB-HEADER", at, stop, into)
    if end < stop:
        _read_message(reading, root, end, stop, into)
    return "IAKERB_PROXY", stop


def _has_octets(data: bytes, at: int) -> bool:
    first = contents_at(data, at)
    realm = contents_at(data, first)
    return data[first : first + 1] == b"\xa1" and data[realm : realm + 1] == b"\x04"


def _read_message(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> None:
    data = reading.data
    if at >= reading.end:
        reading.short(root, at, stop - at, stop, field="KRB-message")
        return
    node = Node("KRB-message", at, min(stop, reading.end), BYTES, data[at:stop])
    into.append(node)
    if data[at] not in MESSAGES:
        reading.fail("tag", node, at, "a Kerberos message", f"0x{data[at]:02x}")
    elif reading.open_token(reading, node, at, stop):
        node.value = None
    elif stop > reading.end:
        reading.short(node, at, stop - at, stop)
    else:
        reading.fail("tag", node, at, "a Kerberos message", data[at : at + 8].hex(" "))
