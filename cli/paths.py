"""`--get PATH`: one value of a decoded token, as text or as its bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

from secctx.decoders.values import (
    BYTES,
    LIST,
    OID,
    PLAINTEXT,
    PRINCIPAL,
    SECRET,
    STRUCT,
    TEXT,
    TOKEN,
    Decoded,
    Node,
    follow,
    walk,
)

from .document import Json, value


class HiddenError(Exception):
    """The value is a secret, or holds one, and showing it was not asked for."""


def text_at(decoded: Decoded, document: Json, path: str) -> str:
    """The value at a path of the token's fields, of a value's parts (`PATH.value`, `PATH.name`), or of the document.

    LookupError where there is none, HiddenError where it holds a secret.
    """
    nodes, rest = follow(decoded.root, path.removeprefix("fields."))
    if nodes and not rest:
        return as_text(nodes[-1], bytes_around(nodes, decoded.data))
    if nodes:
        return to_text(in_document(value(nodes[-1]), rest))
    return to_text(in_document(document, path))


def raw_at(decoded: Decoded, path: str) -> bytes | None:
    """The bytes of the value at a path, as `raw` has them; None where there is none."""
    nodes, rest = follow(decoded.root, path)
    return raw(nodes[-1], bytes_around(nodes, decoded.data)) if nodes and not rest else None


def bytes_around(nodes: Sequence[Node], data: bytes) -> bytes:
    """What the span of the last node counts in: the token, or the plaintext that it stands in."""
    for node in nodes[:-1]:
        if node.kind == PLAINTEXT and isinstance(node.value, bytes):
            data = node.value
    return data


def holds_secret(node: Node) -> bool:
    """Whether the field is a secret or has one in its bytes; what was opened of them is none of them."""
    return node.kind == SECRET or any(below.kind == SECRET for _, below in walk(node, plaintexts=False))


def raw(node: Node, data: bytes) -> bytes:
    """The bytes of a value: what it holds where it is a byte string or text, else its encoding in the token.

    HiddenError where that is or holds a secret.
    """
    if holds_secret(node):
        raise HiddenError
    if node.kind in (BYTES, PLAINTEXT) and isinstance(node.value, bytes):
        return node.value
    encoded = data[node.start : node.stop]
    if node.kind == TEXT and isinstance(node.value, str) and encoded.endswith(node.value.encode()):
        return node.value.encode()
    return encoded


def as_text(node: Node, data: bytes) -> str:
    """A value as one line of text: a name rather than a number where both are known, hex for bytes and tokens."""
    if node.kind == SECRET or (node.kind == TOKEN and holds_secret(node)):
        raise HiddenError
    if node.kind == TOKEN:
        return data[node.start : node.stop].hex()
    if node.kind == PRINCIPAL:
        return str(node.meaning)
    if node.kind == OID:
        return str(node.value)
    shape = value(node)
    if node.kind in (STRUCT, LIST, PLAINTEXT):
        return to_text(shape)
    if isinstance(shape, dict) and "names" in shape:
        return ",".join(shape["names"]) or shape["hex"]
    if isinstance(shape, dict):
        return str(shape["value"] if shape["name"] is None else shape["name"])
    return to_text(shape)


def in_document(document: Any, path: str) -> Any:
    """The value at a path of the JSON document itself (`mechanism`, `source.encoding`); LookupError where none is."""
    here = document
    for step in path.replace("[", ".[").split("."):
        if isinstance(here, dict):
            here = here[step]
        elif isinstance(here, list) and step[1:-1].isdecimal():
            here = here[int(step[1:-1])]
        else:
            raise LookupError(step)
    return here


def to_text(shape: Any) -> str:
    """A JSON value as text: strings as they are, the rest as compact JSON."""
    return shape if isinstance(shape, str) else json.dumps(shape, ensure_ascii=False, separators=(",", ":"))


def nearest(decoded: Decoded, path: str) -> str:
    """As far as the path goes, and what stands there: the hint for a path that leads nowhere."""
    nodes, rest = follow(decoded.root, path)
    node = nodes[-1] if nodes else decoded.root
    done = path[: len(path) - len(rest)].rstrip(".")
    within = (below for child in node.children for below in (child.children if child.kind == PLAINTEXT else (child,)))
    names = ", ".join(child.name for child in islice(within, 20)) or "nothing further"
    return f"{done or 'this token'} has: {names}"
