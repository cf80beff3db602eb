"""A .kirbi file: a KRB-CRED whose EncKrbCredPart is not encrypted (RFC 4120 5.8, encryption type 0).

This is how Windows hands a ticket with its session key to a program that asks for both, and how tools keep them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Final

from secctx.decoders import decode
from secctx.decoders.values import Decoded, Node, Problem

from .ccache import Credential, Held, Principal, Typed
from .kerberos_key import Key

#: The first byte of EncKrbCredPart: APPLICATION 29.
_ENC_KRB_CRED_PART: Final = b"\x7d"
_NULL: Final = 0


@dataclass(frozen=True, slots=True)
class Kirbi:
    """The tickets of a .kirbi, in order; `problem` is the first thing wrong with it, and its offset one of the file."""

    credentials: tuple[Credential, ...]
    problem: Problem | None


def read_kirbi(data: bytes) -> Kirbi | None:
    """Read a .kirbi; None where the bytes are none: no KRB-CRED, or one that is encrypted."""
    outer = decode(data)
    cipher = _plain_part(outer)
    if cipher is None:
        return None
    # asn1crypto is loaded by now.
    from secctx.decoders.kerberos_parts_asn1 import EncKrbCredPart
    from secctx.decoders.part import decode_part

    assert isinstance(cipher.value, bytes)
    inner = decode_part(cipher.value, EncKrbCredPart, "EncKrbCredPart")
    infos, tickets = inner.root.child("ticket-info"), outer.root.child("tickets")
    told = infos.children if infos is not None else ()
    given = tickets.children if tickets is not None else ()
    start = cipher.stop - len(cipher.value)
    problem = outer.error or inner.error
    if problem is not None and problem is inner.error:
        problem.offset += start
    elif problem is None and len(told) != len(given):
        problem = Problem("value", "", start, f"the keys of {len(given)} tickets", f"those of {len(told)}")
    both = enumerate(zip_longest(told, given), 1)
    return Kirbi(tuple(_credential(entry, data, info, ticket) for entry, (info, ticket) in both), problem)


def _plain_part(outer: Decoded) -> Node | None:
    """The octets of an EncKrbCredPart that is not encrypted."""
    part = outer.root.child("enc-part") if outer.message == "KRB-CRED" else None
    etype, cipher = (part.child("etype"), part.child("cipher")) if part is not None else (None, None)
    if etype is None or etype.value != _NULL or cipher is None or not isinstance(cipher.value, bytes):
        return None
    return cipher if cipher.value.startswith(_ENC_KRB_CRED_PART) else None


def _credential(entry: int, data: bytes, info: Node | None, ticket: Node | None) -> Credential:
    """One ticket and the KrbCredInfo that belongs to it; whatever is absent from either is None."""
    held = Held(ticket.start, data[ticket.start : ticket.stop]) if ticket is not None else Held(0, b"")
    flags = info.child("flags") if info is not None else None
    return Credential(
        entry=entry,
        offset=held.offset,
        size=len(held.data),
        client=_principal(info, "pname", "prealm"),
        server=_principal(info, "sname", "srealm"),
        key=_key(info.child("key") if info is not None else None),
        authtime=_time(info, "authtime"),
        starttime=_time(info, "starttime"),
        endtime=_time(info, "endtime"),
        renew_till=_time(info, "renew-till"),
        is_skey=None,
        flags=flags.value if flags is not None and isinstance(flags.value, int) else None,
        addresses=_addresses(info.child("caddr") if info is not None else None),
        authdata=(),
        ticket=held,
        second_ticket=Held(0, b""),
    )


def _principal(info: Node | None, name: str, realm: str) -> Principal | None:
    """A name with its realm; None where both are absent."""
    named = info.child(name) if info is not None else None
    where = info.child(realm) if info is not None else None
    if named is None and where is None:
        return None
    kind, parts = (named.child("name-type"), named.child("name-string")) if named is not None else (None, None)
    return Principal(
        where.value if where is not None and isinstance(where.value, str) else "",
        tuple(str(part.value) for part in parts.children) if parts is not None else (),
        kind.value if kind is not None and isinstance(kind.value, int) else None,
    )


def _key(key: Node | None) -> Key | None:
    etype, value = (key.child("keytype"), key.child("keyvalue")) if key is not None else (None, None)
    if etype is None or not isinstance(etype.value, int) or value is None or not isinstance(value.value, bytes):
        return None
    return Key(etype.value, value.value)


def _time(info: Node | None, name: str) -> datetime | None:
    node = info.child(name) if info is not None else None
    return node.value if node is not None and isinstance(node.value, datetime) else None


def _addresses(addresses: Node | None) -> tuple[Typed, ...]:
    found: list[Typed] = []
    for address in addresses.children if addresses is not None else ():
        kind, value = address.child("addr-type"), address.child("address")
        if kind is not None and isinstance(kind.value, int) and value is not None and isinstance(value.value, bytes):
            found.append(Typed(kind.value, value.value))
    return tuple(found)
