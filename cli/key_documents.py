"""Keytabs, credential caches and .kirbi files as the JSON documents `secctx.keytab/1` and `secctx.ccache/1`.

What a person reads is made from the same documents (cli/key_listing.py). A key is in them only where it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from secctx.decoders import decode
from secctx.decoders.tables.kerberos import ENCTYPES, NAME_TYPES
from secctx.decoders.tables.kerberos_more import ADDRESS_TYPES, AUTHORIZATION_DATA_TYPES, TICKET_FLAGS
from secctx.decoders.values import STRUCT, Node, Problem
from secctx.keys.ccache import Ccache, CcacheError, Credential, Held, Principal, Setting
from secctx.keys.keytab import Keytab, KeytabEntry, KeytabError, principal_text
from secctx.keys.kirbi import Kirbi
from secctx.redaction.names import DOMAIN, HOST, NAME, SERVICES, USER

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key
    from secctx.redaction.names import Names

KEYTAB: Final = "secctx.keytab/1"
CCACHE: Final = "secctx.ccache/1"
Json = dict[str, Any]

#: Settings whose values are no secrets: Heimdal keeps passwords, NTLM keys and private keys in others.
_OPEN: Final = frozenset({"fast_avail", "pa_type", "refresh_time", "time-offset"})
#: Those that hold a name.
_NAMED: Final = {"proxy_impersonator": USER, "start_realm": DOMAIN}
#: Those that may hold one among other things.
_TEXTS: Final = frozenset({"pa_config_data", "FriendlyName"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What goes into a document: secrets, where things stand in the file, and stand-ins for names (None: the names)."""

    secrets: bool = False
    spans: bool = False
    names: Names | None = None


def keytab_document(keytab: Keytab, shape: Shape) -> Json:
    """What a keytab holds, without where it came from."""
    error = _error(keytab.problem)
    return {
        "schema": KEYTAB,
        "version": f"0x05{keytab.version:02x}",
        "byte_order": keytab.byte_order,
        "complete": error is None,
        "error": error,
        "entries": [_keytab_entry(entry, shape) for entry in keytab.entries],
        "holes": len(keytab.holes),
    }


def _keytab_entry(entry: KeytabEntry, shape: Shape) -> Json:
    return {
        "principal": _principal(entry.components, entry.realm, entry.name_type, shape),
        "timestamp": _time(entry.timestamp),
        "kvno": entry.kvno,
        "enctype": _named(entry.etype, ENCTYPES),
        "key": _secret(entry.key.value, shape),
        **({} if entry.flags is None else {"flags": entry.flags}),
        **_span(entry.offset, entry.size, shape),
    }


def ccache_document(cache: Ccache, shape: Shape) -> Json:
    """What a credential cache holds, without where it came from."""
    client = cache.client
    entries = [_credential(credential, shape) for credential in cache.credentials]
    error = _error(cache.problem) or _ticket_error(entries)
    return {
        "schema": CCACHE,
        "format": "ccache",
        "version": f"0x05{cache.version:02x}",
        "byte_order": cache.byte_order,
        "complete": error is None,
        "error": error,
        "client": None if client is None else _principal(client.components, client.realm, client.name_type, shape),
        "time_offset": None if cache.time_offset is None else cache.time_offset.total_seconds(),
        "entries": entries,
        "configuration": [_setting(setting, shape) for setting in cache.settings],
    }


def kirbi_document(kirbi: Kirbi, shape: Shape) -> Json:
    """What a .kirbi holds, in the shape of a credential cache."""
    entries = [_credential(credential, shape) for credential in kirbi.credentials]
    problem = kirbi.problem
    error = None
    if problem is not None:
        expected = f"{problem.expected} in {problem.path}" if problem.path else problem.expected
        error = {"entry": None, "offset": problem.offset, "expected": expected, "found": _found(problem)}
    error = error or _ticket_error(entries)
    return {
        "schema": CCACHE,
        "format": "kirbi",
        "version": None,
        "byte_order": None,
        "complete": error is None,
        "error": error,
        "client": entries[0]["client"] if entries else None,
        "time_offset": None,
        "entries": entries,
        "configuration": [],
    }


def _credential(credential: Credential, shape: Shape) -> Json:
    key = credential.key
    return {
        "entry": credential.entry,
        "client": _maybe_principal(credential.client, shape),
        "server": _maybe_principal(credential.server, shape),
        "keyblock": None if key is None else _keyblock(key, shape),
        "authtime": _time(credential.authtime),
        "starttime": _time(credential.starttime),
        "endtime": _time(credential.endtime),
        "renew_till": _time(credential.renew_till),
        "is_skey": credential.is_skey,
        "ticket_flags": None if credential.flags is None else _flags(credential.flags),
        "addresses": [
            {"addr-type": _named(item.type, ADDRESS_TYPES), "address": None if shape.names else item.value.hex()}
            for item in credential.addresses
        ],
        "authdata": [
            {"ad-type": _named(item.type, AUTHORIZATION_DATA_TYPES), "size": len(item.value)}
            for item in credential.authdata
        ],
        "ticket": _ticket(credential.ticket, shape),
        "second_ticket": _ticket(credential.second_ticket, shape),
        "removed": credential.removed,
        **_span(credential.offset, credential.size, shape),
    }


def _keyblock(key: Key, shape: Shape) -> Json:
    return {"enctype": _named(key.etype, ENCTYPES), "key": _secret(key.value, shape)}


def _ticket(held: Held, shape: Shape) -> Json | None:
    """What can be read of a ticket without its key; None where there is none."""
    if not held.data:
        return None
    decoded = decode(held.data)
    problem, root = decoded.error, decoded.root
    error: Json | None = None
    if decoded.message != "Ticket":
        error = {"offset": held.offset, "expected": "a Ticket", "found": f"{len(held.data)} bytes of something else"}
        root = Node("", 0, 0, STRUCT)
    elif problem is not None:
        error = {"offset": held.offset + problem.offset, "expected": problem.expected, "found": _found(problem)}
    realm, sname, part = (root.child(name) for name in ("realm", "sname", "enc-part"))
    etype, kvno = (part.child("etype"), part.child("kvno")) if part is not None else (None, None)
    parts = sname.child("name-string") if sname is not None else None
    kind = sname.child("name-type") if sname is not None else None
    where = _text(realm)
    server = None
    if parts is not None:
        server = _principal(tuple(map(_text, parts.children)), where, _number(kind), shape)
    return {
        "size": len(held.data),
        "server": server,
        "enctype": _named(number, ENCTYPES) if (number := _number(etype)) is not None else None,
        "kvno": _number(kvno),
        "error": error,
    }


def _setting(setting: Setting, shape: Shape) -> Json:
    name, about = setting.name, setting.principal
    if shape.names is not None:
        about = None if about is None else shape.names.name(about, USER)
        known = name in _OPEN or name in _NAMED or name in _TEXTS
        name = name if known else shape.names.name(name, NAME)
    return {
        "entry": setting.entry,
        "key": name,
        "principal": about,
        "value": _setting_value(setting, shape),
        "removed": setting.removed,
        **_span(setting.offset, setting.size, shape),
    }


def _setting_value(setting: Setting, shape: Shape) -> Any:
    text = _printable(setting.value)
    shown = text if text is not None else setting.value.hex()
    if setting.name in _OPEN:
        return shown
    if setting.name in _NAMED:
        return shown if shape.names is None else shape.names.name(shown, _NAMED[setting.name])
    if setting.name in _TEXTS and shape.names is None:
        return shown
    return shown if shape.secrets and shape.names is None else {"secret": True, "size": len(setting.value)}


def _printable(value: bytes) -> str | None:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _maybe_principal(principal: Principal | None, shape: Shape) -> Json | None:
    if principal is None:
        return None
    return _principal(principal.components, principal.realm, principal.name_type, shape)


def _principal(components: tuple[str, ...], realm: str, name_type: int | None, shape: Shape) -> Json:
    """A name as tokens show it, with its realm."""
    if shape.names is not None:
        components = tuple(_stand_in(shape.names, components, index) for index in range(len(components)))
        realm = shape.names.name(realm, DOMAIN)
    return {
        "name-type": None if name_type is None else _named(name_type, NAME_TYPES),
        "name-string": list(components),
        "realm": realm,
        "text": principal_text(components, realm),
    }


def _stand_in(names: Names, components: tuple[str, ...], index: int) -> str:
    """What stands for one part of a name; the class of a service says what, not who."""
    part, first = components[index], components[0].casefold()
    if len(components) == 1:
        return part if first == "krbtgt" else names.name(part, USER)
    if part.casefold() in SERVICES and (index == 0 or first in ("kadmin", "wellknown")):
        return part
    if index == 0:
        return names.name(part, USER)
    return names.name(part, DOMAIN if first == "krbtgt" or index > 1 else HOST)


def _secret(value: bytes, shape: Shape) -> Any:
    return value.hex() if shape.secrets and shape.names is None else {"secret": True, "size": len(value)}


def _flags(value: int) -> Json:
    names = [TICKET_FLAGS.get(bit) or f"bit {bit}" for bit in range(32) if value >> (31 - bit) & 1]
    return {"value": value, "hex": f"0x{value:08x}", "names": names}


def _named(value: int, table: dict[int, str]) -> Json:
    return {"value": value, "name": table.get(value)}


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(offset: int, size: int, shape: Shape) -> Json:
    return {"span": [offset, offset + size]} if shape.spans else {}


def _error(problem: KeytabError | CcacheError | None) -> Json | None:
    if problem is None:
        return None
    return {
        "entry": problem.entry,
        "offset": problem.offset,
        "expected": problem.expected,
        "found": problem.found,
    }


def _found(problem: Problem) -> str:
    """What was found, without bytes: in a file with keys they may be of one."""
    return problem.found.partition(":")[0] if problem.kind == "trailing" else problem.found


def _ticket_error(entries: list[Json]) -> Json | None:
    """The first ticket that is none."""
    for entry in entries:
        for ticket in (entry["ticket"], entry["second_ticket"]):
            if ticket is not None and ticket["error"] is not None:
                return {"entry": entry["entry"], **ticket["error"]}
    return None


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _number(node: Node | None) -> int | None:
    return node.value if node is not None and isinstance(node.value, int) else None
