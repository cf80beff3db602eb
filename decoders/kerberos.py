"""Kerberos messages, bare or behind a token id (RFC 4120 5, RFC 4121 4.1, MS-KILE 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from asn1crypto.core import Sequence as Asn1Sequence
from asn1crypto.core import SequenceOf

from .der import announced_end, contents_at, keep_bytes, keep_element, read_element, read_message
from .grammar import opens, plan_of
from .kerberos_asn1 import (
    APRep,
    APReq,
    ETypeInfo,
    ETypeInfo2,
    KerbErrorData,
    KRBError,
    MethodData,
    PAData,
    Ticket,
    TypedData,
)
from .reading import Reading
from .tables.kerberos import MESSAGE_TYPES, MESSAGES, NTSTATUS, TOKEN_IDS
from .values import BYTES, ENUM, INT, STRUCT, Node

#: What this module reads to the last field; the other messages are named and shown as bytes.
_READ: dict[str, type[Asn1Sequence]] = {"AP-REQ": APReq, "AP-REP": APRep, "KRB-ERROR": KRBError, "Ticket": Ticket}

#: RFC 4121 4.1: the messages that follow a token id, and their names.
_BY_TOKEN_ID = {
    0x0100: "AP-REQ",
    0x0200: "AP-REP",
    0x0300: "KRB-ERROR",
    0x0400: "TGT-REQ",
    0x0401: "TGT-REP",
    0x0404: "MIC",
    0x0405: "DeleteSecContext",
    0x0504: "Wrap",
    0x0101: "MIC",
    0x0102: "DeleteSecContext",
    0x0201: "Wrap",
    0x0501: "IAKERB_PROXY",
}


def decode_message(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read the Kerberos message that begins at `at` with its APPLICATION tag; its name and its end."""
    if at >= reading.end:
        reading.short(root, at, 2, stop)
        return "unknown", stop
    name = MESSAGES.get(reading.data[at], "unknown")
    cls = _READ.get(name)
    if cls is None:
        return name, keep_element(reading, root, at, stop, into)
    return name, read_message(reading, cls, root, at, stop, into)


def decode_untagged(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read a message that begins with its SEQUENCE, without the APPLICATION tag; its name and its end."""
    number = reading.data[contents_at(reading.data, at) + 9]
    name = MESSAGE_TYPES.get(number, "unknown")
    cls = _READ.get(name)
    if cls is None:
        return name, keep_element(reading, root, at, stop, into)
    root.meaning = f"without its [APPLICATION {number}] tag"
    return name, read_message(reading, cls, root, at, stop, into, ())


def decode_token_id(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read a token id (TOK_ID, two bytes) and the message behind it; the message's name and its end."""
    if at + 2 > reading.end or at + 2 > stop:
        node = Node("TOK_ID", at, reading.end, BYTES, reading.data[at:stop])
        into.append(node)
        reading.short(node, at, 2, stop)
        return "unknown", stop
    token_id = int.from_bytes(reading.data[at : at + 2])
    node = Node("TOK_ID", at, at + 2, ENUM, token_id, TOKEN_IDS.get(token_id))
    into.append(node)
    name = _BY_TOKEN_ID.get(token_id, "unknown")
    at += 2
    if name not in _READ:
        keep_bytes(reading, root, "bytes", at, stop, into)
        return name, stop
    if at < reading.end and MESSAGES.get(reading.data[at]) != name:
        found = MESSAGES.get(reading.data[at]) or f"0x{reading.data[at]:02x}"
        reading.fail("tag", node, at, f"{name}, as the token id says", found)
        return decode_message(reading, root, at, stop, into)
    return name, read_message(reading, _READ[name], root, at, stop, into)


def _fits(reading: Reading, body: int, end: int) -> bool:
    """Whether the contents are one SEQUENCE, no more and no less."""
    return body < reading.end and reading.data[body] == 0x30 and announced_end(reading.data, body) == end


def _open_as(reading: Reading, node: Node, cls: type[Asn1Sequence] | type[SequenceOf], body: int, end: int) -> bool:
    whole: list[Node] = []
    node.start, node.stop = body, min(end, reading.end)
    read_element(reading, plan_of(cls), node.name, body, end, whole)
    node.kind, node.children = whole[0].kind, whole[0].children
    reading.adopt(whole[0], node)
    return True


@opens(PAData, "padata-value")
def _open_padata(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    kind = siblings[-1].value if siblings else None
    if kind in (11, 19) and _fits(reading, body, end):
        return _open_as(reading, node, ETypeInfo if kind == 11 else ETypeInfo2, body, end)
    if kind == 3:
        return _open_extended_error(reading, node, body, end)
    return False


@opens(KRBError, "e-data")
def _open_e_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """METHOD-DATA, TYPED-DATA (RFC 4120 5.9.1) or KERB-ERROR-DATA (MS-KILE 2.2.1), by their own tags."""
    if not _fits(reading, body, end) or end > reading.end:
        return False
    first = contents_at(reading.data, body)
    if reading.data[first : first + 1] == b"\xa1":
        return _open_as(reading, node, KerbErrorData, body, end)
    if reading.data[first : first + 1] == b"\x30":
        tag = reading.data[contents_at(reading.data, first) :][:1]
        if tag in (b"\xa1", b"\xa0"):
            return _open_as(reading, node, MethodData if tag == b"\xa1" else TypedData, body, end)
    return False


@opens(KerbErrorData, "data-value")
def _open_error_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if siblings and siblings[0].value == 3:
        return _open_extended_error(reading, node, body, end)
    return False


def _open_extended_error(reading: Reading, node: Node, body: int, end: int) -> bool:
    """KERB-EXT-ERROR (MS-KILE 2.2.2): status, reserved, flags, each 32 bits little-endian; Windows puts it into
    PA-PW-SALT of its errors too, where only a reserved of 0 and flags of 1 tell it from a salt."""
    data = reading.data
    if end - body != 12 or end > reading.end:
        return False
    status, reserved, flags = (int.from_bytes(data[at : at + 4], "little") for at in range(body, end, 4))
    if node.name == "padata-value" and (reserved, flags) != (0, 1):
        return False
    node.start, node.stop, node.kind = body, end, STRUCT
    node.meaning = "KERB-EXT-ERROR"
    node.children = [
        Node("status", body, body + 4, ENUM, status, NTSTATUS.get(status)),
        Node("reserved", body + 4, body + 8, INT, reserved),
        Node("flags", body + 8, body + 12, INT, flags),
    ]
    return True
