"""A keytab, a credential cache or a .kirbi for a person: what it is, what is wrong with it, and what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from textwrap import wrap
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from .key_documents import KEYTAB, Json
from .key_summary import count, describe, kind, server_of
from .plain import plain
from .tree import NAME, WRONG

#: The value of a setting is cut to this.
_LONGEST: Final = 200
_HEADS: Final = ("kvno", "enctype", "principal", "timestamp")


def print_listing(console: Console, document: Json, arrived: str, name: str | None) -> None:
    """Print the heading (behind `name`, where there is one), what is wrong, and the entries."""
    title = Text(f"{plain(name)}: " if name else "").append(plain(_heading(document)), style="bold")
    size = document["size"]
    title.append(f", {size} byte{'s' * (size != 1)} ({arrived})", style="default not bold")
    console.print(title)
    if document["schema"] != KEYTAB and (said := _detail(document)):
        console.print(Text(plain(said)))
    if document["error"] is not None:
        console.print(Text(plain(describe(document)), style=WRONG))
    for note in document["source"].get("notes", ()):
        console.print(Text(f"note: {plain(note)}", style="yellow"))
    if document["schema"] == KEYTAB:
        _print_keys(console, document["entries"])
        return
    for entry in document["entries"]:
        console.print()
        _print_entry(console, entry, document["client"])
    if document["configuration"]:
        console.print()
        _print_rows(console, "configuration", map(_setting, document["configuration"]))


def _heading(document: Json) -> str:
    entries, version = document["entries"], document["version"]
    named = f"{kind(document)}, version {version}" if version else kind(document)
    if document["schema"] == KEYTAB:
        order = ", little-endian" if document["byte_order"] == "little" else ""
        return f"{named}{order}, {count(entries, 'key')}"
    return f"{named}, {count(entries, 'ticket')}"


def _detail(document: Json) -> str:
    """Whose tickets they are, and how the KDC's clock went."""
    owner, offset = document["client"], document["time_offset"]
    parts = [f"client {owner['text']}"] if owner else []
    if offset:
        parts.append(f"the KDC's clock {abs(offset):g} s {'behind' if offset < 0 else 'ahead'}")
    return ", ".join(parts)


def _print_keys(console: Console, entries: list[Json]) -> None:
    """A line for each key; where it is too long, the realm goes onto the next."""
    if not entries:
        return
    rows = [
        (str(entry["kvno"]), _name(entry["enctype"]), plain(entry["principal"]["text"]), _time(entry["timestamp"]))
        for entry in entries
    ]
    widths = [max(map(cell_len, column)) for column in zip(_HEADS, *rows, strict=True)]
    folded = sum(widths) + 2 * (len(widths) - 1) > console.width
    if folded:
        widths[2] = max(cell_len(part) for row in rows for part in (_HEADS[2], *_parts(row[2])))
    before = sum(widths[:2]) + 4
    console.print()
    console.print(Text(_line(_HEADS, widths), "dim"))
    for entry, (kvno, enctype, principal, time) in zip(entries, rows, strict=True):
        name, *realm = _parts(principal) if folded else [principal]
        console.print(Text(_line((kvno, enctype, name, time), widths)))
        for rest in realm:
            console.print(Text(" " * before + rest))
        if isinstance(entry["key"], str):
            console.print(Text(" " * (widths[0] + 2)).append("key", NAME).append(f"  {entry['key']}"))


def _parts(principal: str) -> list[str]:
    """A principal, and its realm by itself."""
    name, sign, realm = principal.rpartition("@")
    return [name, sign + realm] if name else [principal]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _print_entry(console: Console, entry: Json, owner: Json | None) -> None:
    title = server_of(entry) + (" (removed)" if entry["removed"] else "")
    _print_rows(console, title, _rows(entry, owner))


def _print_rows(console: Console, title: str, rows: Iterable[tuple[str, str, bool]]) -> None:
    """A title, and under it names and values; the values that are wrong are marked."""
    console.print(Text(plain(title), style="bold"))
    shown = [(plain(name), plain(value), wrong) for name, value, wrong in rows]
    width = max((cell_len(name) for name, _, _ in shown), default=0)
    indent = " " * (width + 4)
    for name, value, wrong in shown:
        room = max(console.width - len(indent), 20)
        first, *others = wrap(value, room, break_on_hyphens=False) or [""]
        line = Text("  ").append(name, WRONG if wrong else NAME).append(" " * (width - cell_len(name) + 2))
        console.print(line.append(first, WRONG if wrong else ""))
        for other in others:
            console.print(Text(indent).append(other, WRONG if wrong else ""))


def _rows(entry: Json, owner: Json | None) -> Iterator[tuple[str, str, bool]]:
    """What is known of a ticket: name, value, and whether it is wrong."""
    client, keyblock = entry["client"], entry["keyblock"]
    if client is not None and client != owner:
        yield "client", client["text"], False
    if keyblock is not None:
        yield "session key", f"{_name(keyblock['enctype'])}, {_secret(keyblock['key'])}", False
    yield from _ticket_rows("ticket", entry["ticket"], entry["server"])
    if entry["authtime"] and entry["authtime"] != entry["starttime"]:
        yield "authtime", _time(entry["authtime"]), False
    if entry["starttime"] or entry["endtime"]:
        start = _time(entry["starttime"] or entry["authtime"])
        yield "valid", f"{start.removesuffix(' UTC')} to {_time(entry['endtime'])}", False
    if entry["renew_till"]:
        yield "renewable", f"until {_time(entry['renew_till'])}", False
    if entry["ticket_flags"] is not None:
        flags = entry["ticket_flags"]
        yield "flags", ", ".join(flags["names"]) or "none", False
    if entry["addresses"]:
        yield "addresses", ", ".join(map(_address, entry["addresses"])), False
    for item in entry["authdata"]:
        yield "authdata", f"{_name(item['ad-type'])}, {item['size']} bytes", False
    if entry["is_skey"]:
        yield "is_skey", "user-to-user: the ticket is encrypted in a session key", False
    if entry["second_ticket"] is not None:
        yield from _ticket_rows("second ticket", entry["second_ticket"], None)


def _ticket_rows(name: str, ticket: Json | None, server: Json | None) -> Iterator[tuple[str, str, bool]]:
    if ticket is None:
        yield name, "none", False
        return
    parts = [] if ticket["enctype"] is None else [_name(ticket["enctype"])]
    if ticket["kvno"] is not None:
        parts.append(f"kvno {ticket['kvno']}")
    parts.append(f"{ticket['size']} byte{'s' * (ticket['size'] != 1)}")
    of = ticket["server"]
    if of is not None and (server is None or of["text"] != server["text"]):
        parts.append(f"for {of['text']}")
    error = ticket["error"]
    if error is not None:
        parts.append(f"byte {error['offset']}: expected {error['expected']}, found {error['found']}")
    yield name, ", ".join(parts), error is not None


def _setting(setting: Json) -> tuple[str, str, bool]:
    value = setting["value"]
    text = value if isinstance(value, str) else f"{value['size']} bytes, not shown"
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text)} characters)"
    if setting["principal"] is not None:
        text += f", for {setting['principal']}"
    return setting["key"] + (" (removed)" if setting["removed"] else ""), text, False


def _secret(key: Any) -> str:
    return key if isinstance(key, str) else f"{key['size']} bytes, not shown"


def _name(named: Json) -> str:
    """A name with what has none as its number."""
    return named["name"] or f"{named['value']} (no name known)"


def _time(time: str | None) -> str:
    return "not set" if time is None else time.replace("T", " ").removesuffix("Z") + " UTC"


def _address(address: Json) -> str:
    """An address as people write it."""
    kind, raw = address["addr-type"], address["address"]
    if raw is None:
        return f"{_name(kind)} (not shown)"
    octets = bytes.fromhex(raw)
    if (kind["value"], len(octets)) in ((2, 4), (24, 16)):
        return str(ip_address(octets))
    return f"{_name(kind)} {raw}"
