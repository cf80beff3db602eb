"""A decoded token as the JSON document `secctx.decode/1` (docs/cli.md, "decode"; schemas/decode-1.json)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from secctx.carriers.token import Source
from secctx.decoders.values import (
    BOOL,
    BYTES,
    ENUM,
    FILETIME,
    FLAGS,
    INT,
    LIST,
    OID,
    PLAINTEXT,
    PRINCIPAL,
    SECRET,
    SID,
    STRUCT,
    TEXT,
    TIME,
    TOKEN,
    Decoded,
    Node,
    Problem,
    follow,
    join,
)

from .cells import size_of_secret
from .summary import summarise

SCHEMA: Final = "secctx.decode/1"

Json = dict[str, Any]


def document(
    decoded: Decoded,
    source: Source,
    spans: bool,
    notes: Sequence[str] = (),
    keys: Sequence[Json] | None = None,
    findings: Sequence[Json] = (),
    keytab: Json | None = None,
) -> Json:
    """The whole document of one token; `notes` are what the carrier has to say about its text form.

    `keys` are what became of its encrypted parts, None where no keys were given; `findings` what is wrong with it.
    """
    import hashlib  # 2 ms that the other users of this module do without

    data = decoded.data
    result: Json = {
        "schema": SCHEMA,
        "source": source_value(source) | ({"notes": list(notes)} if notes else {}),
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "mechanism": decoded.mechanism,
        "message": decoded.message,
        "summary": summarise(decoded),
        "complete": decoded.error is None,
        "error": None if decoded.error is None else error_value(decoded.root, decoded.error),
        "fields": fields(decoded.root),
        "findings": list(findings),
    }
    if keys is not None:
        result["keys"] = list(keys)
    if keytab is not None:
        result["keytab"] = keytab
    if spans:
        result["spans"] = span_values(decoded.root)
    return result


def span_values(root: Node) -> Json:
    """The span of each field by its path; of one in a plaintext, which plaintext it counts in."""
    spans: Json = {}
    pending: list[tuple[str, Node, str | None]] = [("", root, None)]
    while pending:
        path, node, inside = pending.pop()
        if node is not root and node.kind != PLAINTEXT:
            span = [node.start, node.stop]
            spans[path] = span if inside is None else {"in": inside, "span": span}
        for child in reversed(node.children):
            if child.kind == PLAINTEXT:
                pending.append((path, child, path))
            else:
                pending.append((join(path, child.name), child, inside))
    return spans


def source_value(source: Source) -> Json:
    """Where the token came from: name, encoding and index always, the rest where it is known."""
    known = {name: getattr(source, name) for name in source.__slots__ if name != "connection"}
    return {name: value for name, value in known.items() if value is not None or name in ("name", "encoding", "index")}


def error_value(root: Node, problem: Problem) -> Json:
    """What is wrong, for a script."""
    return {
        "path": problem.path,
        "pointer": pointer(root, problem.path),
        "offset": problem.offset,
        "expected": problem.expected,
        "found": problem.found,
    }


def fields(node: Node) -> Json:
    """The fields of a structure or token, by name."""
    return {child.name: _SHAPES[child.kind](child) for child in node.children}


def value(node: Node) -> Any:
    """One field in the shape that its kind has in JSON."""
    return _SHAPES[node.kind](node)


def _bytes(node: Node) -> str:
    return node.value.hex() if isinstance(node.value, bytes) else ""


def _enum(node: Node) -> Json:
    return {"value": node.value, "name": node.meaning}


def _flags(node: Node) -> Json:
    bits = node.value if isinstance(node.value, int) else 0
    return {"value": bits, "hex": f"0x{bits:08x}", "names": list(node.meaning or ())}


def _oid(node: Node) -> Json:
    return {"oid": node.value, "name": node.meaning}


def _sid(node: Node) -> Json | None:
    return None if node.value is None else {"sid": node.value, "name": node.meaning}


def _time(node: Node) -> str | None:
    return node.value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(node.value, datetime) else None


def _principal(node: Node) -> Json:
    return {**fields(node), "text": node.meaning}


def _token(node: Node) -> Json:
    mechanism, message = node.meaning if isinstance(node.meaning, tuple) else ("unknown", None)
    return {"mechanism": mechanism, "message": message, "fields": fields(node)}


_SHAPES: Final[dict[str, Callable[[Node], Any]]] = {
    STRUCT: fields,
    LIST: lambda node: [_SHAPES[child.kind](child) for child in node.children],
    TOKEN: _token,
    PRINCIPAL: _principal,
    INT: attrgetter("value"),
    TEXT: attrgetter("value"),
    BYTES: _bytes,
    ENUM: _enum,
    FLAGS: _flags,
    OID: _oid,
    TIME: _time,
    FILETIME: attrgetter("meaning"),
    BOOL: attrgetter("value"),
    SECRET: lambda node: {"secret": True, "size": size_of_secret(node)},
    SID: _sid,
    PLAINTEXT: fields,
}


def pointer(root: Node, path: str) -> str:
    """`path` as an RFC 6901 pointer into the document: an inner token's fields are named there, in a path they are not.

    The last step of the path may have no node: a field that is missing.
    """
    parts = ["fields"]
    parent = root
    nodes, rest = follow(root, path)
    for node in nodes:
        if parent.kind == TOKEN:
            parts.append("fields")
        parts.append(str(parent.children.index(node)) if parent.kind == LIST else node.name)
        parent = node
    if rest and parent.kind == TOKEN:
        parts.append("fields")
    parts.extend(step for step in rest.replace("[", ".").replace("]", "").split(".") if step)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
