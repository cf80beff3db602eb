"""The checksum of type 0x8003 in an authenticator: GSS-API's flags, channel bindings, delegation (RFC 4121 4.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .cursor import Layout
from .grammar import opens
from .kerberos_parts_asn1 import Checksum
from .reading import Reading
from .tables.kerberos_more import GSS_CHECKSUM_FLAGS
from .values import BYTES, FLAGS, INT, STRUCT, Node

CHECKSUM_TYPE: Final = 0x8003
_DELEG: Final = 0x1
_FIXED: Final = Layout(("Lgth", "I", INT), ("Bnd", "16s", BYTES), ("Flags", "I", FLAGS))
_DELEGATION: Final = Layout(("DlgOpt", "H", INT), ("Dlgth", "H", INT))


@opens(Checksum, "checksum")
def _open_checksum(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if not siblings or siblings[-1].value != CHECKSUM_TYPE:
        return False
    children: list[Node] = []
    node.start, node.stop, node.kind, node.children = body, min(end, reading.end), STRUCT, children
    node.meaning = "GSS-API"
    fixed = _FIXED.read(reading, body, end, children)
    if fixed is None:
        name, at, size = _FIXED.lacking(body, min(end, reading.end))
        reading.short(node, at, size, end, field=name)
        return True
    length, bindings, flags = fixed
    children[1].meaning = "no channel bindings" if not any(bindings) else "MD5 of the channel bindings"
    children[2].meaning = tuple(name for mask, name in GSS_CHECKSUM_FLAGS if flags & mask)
    if length != 16:
        reading.fail("value", children[0], body, "16, the size of Bnd", f"{length}")
    at = body + _FIXED.size
    if flags & _DELEG:
        at = _read_delegation(reading, node, at, end, children)
    if at < min(end, reading.end):
        children.append(Node("Exts", at, min(end, reading.end), BYTES, reading.data[at : min(end, reading.end)]))
    if end > reading.end:
        reading.short(children[-1] if children else node, at, end - at, end)
    return True


def _read_delegation(reading: Reading, node: Node, at: int, end: int, children: list[Node]) -> int:
    """DlgOpt, Dlgth and Deleg, a KRB-CRED; where the next field begins."""
    if at >= min(end, reading.end):
        reading.short(node, at, _DELEGATION.size, end, field="DlgOpt")
        return at
    values = _DELEGATION.read(reading, at, end, children)
    if values is None:
        name, where, size = _DELEGATION.lacking(at, min(end, reading.end))
        reading.short(node, where, size, end, field=name)
        return min(end, reading.end)
    if values[0] != 1:
        reading.fail("value", children[-2], at, "1, the option of delegation", f"{values[0]}")
    at += _DELEGATION.size
    stop: int = min(at + values[1], end, reading.end)
    if at + values[1] > min(end, reading.end):
        reading.short(children[-1], at, values[1], end, field="")
    if stop > at:
        deleg = Node("Deleg", at, stop, BYTES, reading.data[at:stop])
        children.append(deleg)
        reading.open_token(reading, deleg, at, stop)
    return stop
