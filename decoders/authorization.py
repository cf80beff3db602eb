"""Authorization data that holds no more of its kind: Windows' (MS-KILE 2.2.5 to 3.2.5.8), RFC 4537's, the PAC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .authorization_asn1 import EtypeList, KerbAdRestrictionEntries, KerbAdRestrictionEntry
from .cursor import Layout
from .grammar import opens
from .opening import fits, open_as
from .reading import Reading
from .tables.kerberos_more import KERB_AP_OPTIONS, LSAP_INTEGRITY_LEVELS, LSAP_TOKEN_INFO
from .values import BYTES, ENUM, FLAGS, STRUCT, TEXT, Node

_TOKEN_INFO: Final = Layout(("Flags", "I", FLAGS), ("TokenIL", "I", ENUM), ("MachineID", "32s", BYTES))


def _open_etypes(reading: Reading, node: Node, body: int, end: int) -> bool:
    """AD-ETYPE-NEGOTIATION: the encryption types that the client would rather have."""
    return fits(reading, EtypeList, body, end) and open_as(reading, node, EtypeList, body, end)


def _open_restrictions(reading: Reading, node: Node, body: int, end: int) -> bool:
    """KERB_AUTH_DATA_TOKEN_RESTRICTIONS."""
    cls = KerbAdRestrictionEntries
    return fits(reading, cls, body, end) and open_as(reading, node, cls, body, end)


@opens(KerbAdRestrictionEntry, "restriction")
def _open_token_info(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """LSAP_TOKEN_INFO_INTEGRITY; later Windows appends 32 bytes more."""
    if not siblings or siblings[-1].value != 0 or end - body < _TOKEN_INFO.size or end > reading.end:
        return False
    children: list[Node] = []
    values = _TOKEN_INFO.read(reading, body, end, children)
    assert values is not None
    children[0].meaning = tuple(name for mask, name in LSAP_TOKEN_INFO if values[0] & mask)
    children[1].meaning = LSAP_INTEGRITY_LEVELS.get(values[1])
    rest = body + _TOKEN_INFO.size
    if rest < end:
        children.append(Node("PermanentMachineID", rest, end, BYTES, reading.data[rest:end]))
    node.start, node.stop, node.kind, node.children = body, end, STRUCT, children
    node.meaning = "LSAP_TOKEN_INFO_INTEGRITY"
    return True


def _open_ap_options(reading: Reading, node: Node, body: int, end: int) -> bool:
    """AD-AUTH-DATA-AP-OPTIONS: 32 bits, little-endian."""
    if end - body != 4 or end > reading.end:
        return False
    options = int.from_bytes(reading.data[body:end], "little")
    node.start, node.stop, node.kind, node.value = body, end, FLAGS, options
    node.meaning = tuple(name for mask, name in KERB_AP_OPTIONS if options & mask)
    return True


def _open_target(reading: Reading, node: Node, body: int, end: int) -> bool:
    """KERB_AUTH_DATA_CLIENT_TARGET: the name that the client thinks it talks to, in UTF-16."""
    if end > reading.end or (end - body) % 2 or body == end:
        return False
    try:
        text = reading.data[body:end].decode("utf-16-le")
    except UnicodeDecodeError:
        return False
    node.start, node.stop, node.kind, node.value = body, end, TEXT, text
    return True


def _open_pac(reading: Reading, node: Node, body: int, end: int) -> bool:
    """AD-WIN2K-PAC."""
    from .pac import open_pac  # tickets that are not opened do without it

    return open_pac(reading, node, body, end)


#: By ad-type: what opens the octets of `ad-data`.
OPENERS: Final[dict[int, Callable[[Reading, Node, int, int], bool]]] = {
    129: _open_etypes,
    141: _open_restrictions,
    143: _open_ap_options,
    144: _open_target,
    128: _open_pac,
}
