"""What a keytab, a credential cache or a .kirbi is, in one line; and what is wrong with it, in another."""

from __future__ import annotations

from typing import Any, Final

from .key_documents import KEYTAB, Json

#: So many principals are named in one line.
_MOST_NAMES: Final = 6


def summarise(document: Json) -> str:
    """The one line for a whole file; what is wrong is said at its end."""
    entries = document["entries"]
    if document["schema"] == KEYTAB:
        names = [f"{entry['principal']['text']} kvno {entry['kvno']}" for entry in entries]
        line = f"keytab with {count(entries, 'key')}"
    else:
        names = [server_of(entry) for entry in entries if not entry["removed"]]
        owner = document["client"]
        line = f"{kind(document)} with {count(names, 'ticket')}" + (f" of {owner['text']}" if owner else "")
    listed = list(dict.fromkeys(names))
    if listed:
        line += f": {', '.join(listed[:_MOST_NAMES])}"
    if len(listed) > _MOST_NAMES:
        line += f" and {len(listed) - _MOST_NAMES} more"
    return line + (f" [{describe(document)}]" if document["error"] else "")


def describe(document: Json) -> str:
    """What is wrong, in one line."""
    error = document["error"]
    where = f"entry {error['entry']}, " if error["entry"] else ""
    return f"{where}byte {error['offset']}: expected {error['expected']}, found {error['found']}"


def kind(document: Json) -> str:
    """What kind of file it is."""
    if document["schema"] == KEYTAB:
        return "keytab"
    return "credential cache" if document["format"] == "ccache" else ".kirbi file"


def count(items: list[Any], what: str) -> str:
    """`1 key`, `2 keys`."""
    return f"{len(items)} {what}{'s' * (len(items) != 1)}"


def server_of(entry: Json) -> str:
    """Whom a ticket is for; where the file does not say it, the ticket does."""
    server = entry["server"] or (entry["ticket"] and entry["ticket"]["server"])
    return server["text"] if server else "a ticket for nobody"
