"""Kerberos messages, bare or behind a token id (RFC 4120 5, RFC 4121 4.1, MS-KILE 2.2)."""

from __future__ import annotations

from asn1crypto.core import Sequence as Asn1Sequence

from . import gss_checksum, kerberos_parts, padata  # noqa: F401  (they register what opens octet strings, before plans are made)
from .der import announced_end, contents_at, keep_bytes, keep_element, read_message
from .grammar import plan_of
from .iakerb import decode_proxy
from .kdc_asn1 import ASRep, ASReq, KRBCred, KRBPriv, KRBSafe, TGSRep, TGSReq, TGTRep, TGTReq
from .kerberos_asn1 import APRep, APReq, KRBError, Ticket
from .kpasswd import decode_kpasswd
from .per_message import PER_MESSAGE, decode_per_message
from .reading import Reading
from .tables.kerberos import MESSAGE_TYPES, MESSAGES, TOKEN_IDS
from .values import BYTES, ENUM, INT, Node

_READ: dict[str, type[Asn1Sequence]] = {
    "AP-REQ": APReq,
    "AP-REP": APRep,
    "AS-REQ": ASReq,
    "AS-REP": ASRep,
    "TGS-REQ": TGSReq,
    "TGS-REP": TGSRep,
    "TGT-REQ": TGTReq,
    "TGT-REP": TGTRep,
    "KRB-SAFE": KRBSafe,
    "KRB-PRIV": KRBPriv,
    "KRB-CRED": KRBCred,
    "KRB-ERROR": KRBError,
    "Ticket": Ticket,
}

#: RFC 4121 4.1: the messages that follow a token id, and their names.
_BY_TOKEN_ID = {
    0x0100: "AP-REQ",
    0x0200: "AP-REP",
    0x0300: "KRB-ERROR",
    0x0400: "TGT-REQ",
    0x0401: "TGT-REP",
}

_IAKERB_PROXY = 0x0501


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
    if plan_of(cls).wrappers:
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
    if token_id in PER_MESSAGE:
        return decode_per_message(reading, root, at, stop, into)
    node = Node("TOK_ID", at, at + 2, ENUM, token_id, TOKEN_IDS.get(token_id))
    into.append(node)
    name = _BY_TOKEN_ID.get(token_id, "unknown")
    at += 2
    if token_id == _IAKERB_PROXY:
        return decode_proxy(reading, root, at, stop, into)
    if name not in _READ:
        keep_bytes(reading, root, "bytes", at, stop, into)
        return name, stop
    if at < reading.end and reading.data[at] != _first_tag(name):
        found = MESSAGES.get(reading.data[at], f"0x{reading.data[at]:02x}")
        reading.fail("tag", node, at, f"{name}, as the token id says", found)
        return decode_message(reading, root, at, stop, into)
    return name, read_message(reading, _READ[name], root, at, stop, into)


def _first_tag(name: str) -> int:
    plan = plan_of(_READ[name])
    return plan.wrappers[0] if plan.wrappers else plan.tag


def decode_record(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read a message as TCP carries it, behind its length in four bytes (RFC 4120 7.2.2); its name and its end."""
    data = reading.data
    value = int.from_bytes(data[at : at + 4])
    stated = value & 0x7FFF_FFFF
    length = Node("length", at, at + 4, INT, stated)
    into.append(length)
    if value >> 31:
        reading.fail("value", length, at, "a high bit of 0 (RFC 4120 7.2.2)", f"0x{value:08x}")
    at += 4
    size = record_size(data, at)
    if size != stated:
        reading.fail("length", length, at - 4, f"{size} bytes, the size of the message", f"{stated} bytes")
    if data[at] in MESSAGES:
        return decode_message(reading, root, at, min(stop, at + size), into)
    return decode_kpasswd(reading, root, at, min(stop, at + size), into)


def record_size(data: bytes, at: int) -> int:
    """The size that the message at `at`, behind the length of TCP, gives itself."""
    if data[at] in MESSAGES:
        end = announced_end(data, at)
        return 0 if end is None else end - at
    return int.from_bytes(data[at : at + 2])
