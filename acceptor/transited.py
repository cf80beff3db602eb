"""The realms that a ticket went through (RFC 4120 1.2 and 3.3.3.2): written out, and held to the realms' hierarchy."""

from __future__ import annotations

import re
from typing import Final

DOMAIN_X500_COMPRESS: Final = 1
#: So many realms may a path have.
MOST_REALMS: Final = 64
_SEPARATOR: Final = re.compile(r"(?<!\\),")


def transited_problem(kind: object, contents: bytes, client: str, service: str) -> str:
    """What is wrong with the path from the client's realm to the service's; empty where nothing is."""
    if not contents:
        return ""
    if kind != DOMAIN_X500_COMPRESS:
        return f"the ticket's path of realms is encoded as type {kind}, and only DOMAIN-X500-COMPRESS (1) can be read"
    realms = expanded(contents.decode("utf-8", "replace"), client, service)
    if realms is None:
        return f"the ticket's path of realms cannot be read, or has more than {MOST_REALMS}"
    allowed = {realm.casefold() for realm in hierarchy(client, service)}
    strange = [realm for realm in realms if realm.casefold() not in allowed]
    if not strange:
        return ""
    return (
        f"the ticket went through {', '.join(strange[:4])} on its way from {client} to {service}:"
        " that lies outside the hierarchy of these realms, and the KDC did not vouch for it (transited-policy-checked)"
    )


def hierarchy(client: str, service: str) -> list[str]:
    """The realms on the way up from one and down to the other, both included, where they have an ancestor in common."""
    up, down = _ancestors(client), _ancestors(service)
    below = {realm.casefold(): index for index, realm in enumerate(down)}
    for index, realm in enumerate(up):
        if realm.casefold() in below:
            return [*up[: index + 1], *reversed(down[: below[realm.casefold()]])]
    return [client, service]


def _ancestors(realm: str) -> list[str]:
    """A realm and those above it: of `A.B.C` `B.C` and `C`, of `/A/B/C` `/A/B` and `/A`."""
    separator = "/" if realm.startswith("/") else "."
    labels = realm.removeprefix("/").split(separator) if separator == "/" else realm.split(".")
    if len(labels) > MOST_REALMS:
        return [realm]
    if separator == "/":
        return ["/" + "/".join(labels[:count]) for count in range(len(labels), 0, -1)]
    return [".".join(labels[start:]) for start in range(len(labels))]


def expanded(text: str, client: str, service: str) -> list[str] | None:
    """The realms that DOMAIN-X500-COMPRESS stands for, without those at the ends; None where there are too many."""
    realms: list[str] = []
    before = ""
    parts = _SEPARATOR.split(text, MOST_REALMS + 1)
    if len(parts) > MOST_REALMS:
        return None
    for index, part in enumerate(parts):
        if part:
            before = _written_out(part, before)
            realms.append(before)
        else:
            # An empty realm stands for all between its neighbours.
            following = parts[index + 1] if index + 1 < len(parts) else ""
            after = _written_out(following, before) if following else service
            realms.extend(hierarchy(before or client, after)[1:-1])
        if len(realms) > MOST_REALMS:
            return None
    return realms


def _written_out(part: str, before: str) -> str:
    """One realm in full: a name that ends in a dot goes before the one before it, one that begins with `/` behind."""
    name = part.replace("\\,", ",").replace("\\\\", "\\")
    if name.startswith(" "):
        return name[1:]
    if name.endswith("."):
        return name + before
    return before + name if name.startswith("/") and before.startswith("/") else name
