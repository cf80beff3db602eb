"""A structure by itself: what stood in an octet string or behind a cipher, where only the context says what it is."""

from __future__ import annotations

from asn1crypto.core import Asn1Value

# What opens octet strings is registered before any class is compiled.
from . import credssp, kerberos, padata_types  # noqa: F401
from .decode import keep_trailing, open_token
from .der import announced_end, read_message
from .reading import Reading
from .values import STRUCT, Decoded, Node


def decode_part(data: bytes, cls: type[Asn1Value], name: str, mechanism: str = "Kerberos") -> Decoded:
    """Take `data` apart as the ASN.1 type `cls`, called `name`. Never raises: `error` says what is wrong."""
    reading = Reading(data, open_token)
    children: list[Node] = []
    root = Node("", 0, len(data), STRUCT, children=children)
    if not data:
        reading.fail("empty", root, 0, name, "no bytes")
        return Decoded(mechanism, name, data, root, reading.finish(root))
    reading.announced = announced_end(data)
    stop = max(len(data), reading.announced or 0)
    end = read_message(reading, cls, root, 0, stop, children)
    if end < len(data):
        keep_trailing(reading, f"the end of {name} after {end} bytes", end, len(data), children)
    return Decoded(mechanism, name, data, root, reading.finish(root))
