"""What decoding yields: nodes with the bytes they stand for, and the first thing that is wrong.

A `Node` is one field of a token. Its span is absolute in the token as received and covers the encoding of the
value itself: for DER the tag, length and contents of the field's own type (the EXPLICIT tag around it is a header,
like the tag and length of whatever contains it); for a structure or token inside an OCTET STRING, that structure's
own bytes; for NTLM and other little-endian structures, the bytes of the field. So the leaves and the headers between
them cover a well-formed token exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

STRUCT: Final = "struct"  #: named fields; `children` are they
LIST: Final = "list"  #: items named `[0]`, `[1]`, …
TOKEN: Final = "token"  #: a token inside; `meaning` is (mechanism, message), `children` its fields
PRINCIPAL: Final = "principal"  #: a PrincipalName: a struct whose `meaning` is the usual text, `HTTP/web`
INT: Final = "int"
ENUM: Final = "enum"  #: int `value`, the member's name in `meaning`, None where it has none
FLAGS: Final = "flags"  #: int `value`, the names of the set flags as a tuple in `meaning`
OID: Final = "oid"  #: dotted text `value`, its name in `meaning`
TIME: Final = "time"  #: `value` is an aware datetime in UTC; None where the text is no time
FILETIME: Final = "filetime"  #: `value` counts 100 ns since 1601-01-01 UTC; `meaning` is ISO 8601
TEXT: Final = "text"
BYTES: Final = "bytes"
BOOL: Final = "bool"
SECRET: Final = "secret"  #: bytes `value` that must not be shown: a password, a PIN, a key
SID: Final = "sid"  #: text `value`, `S-1-5-…`, its name in `meaning`; None where a pointer to one is NULL
PLAINTEXT: Final = "plaintext"  #: other bytes, `value`, made from those of the span; spans below it count in `value`

type_of_value = int | str | bytes | bool | datetime | None


class Span(NamedTuple):
    """Byte offsets in the token as received: from `start` up to, not including, `stop`."""

    start: int
    stop: int


@dataclass(slots=True)
class Node:
    """One field: its name in the specification, where it stands, what it holds and what that means."""

    name: str
    start: int
    stop: int
    kind: str
    value: type_of_value = None
    meaning: str | tuple[str, ...] | None = None
    children: Sequence[Node] = ()

    @property
    def span(self) -> Span:
        """The bytes of the field, as offsets in the token as received."""
        return Span(self.start, self.stop)

    def child(self, name: str) -> Node | None:
        """The field of that name directly below this one, None where it is absent."""
        for node in self.children:
            if node.name == name:
                return node
        return None


@dataclass(slots=True)
class Problem:
    """Why a token is malformed: the first thing found wrong.

    `kind` is one of `unknown empty cut-short trailing length tag der value missing offset overlap depth`; `offset` is
    absolute; `missing` counts the bytes that a cut-short field still needs, and `total` is the size that the token
    itself announces (None where it announces none).
    """

    kind: str
    path: str
    offset: int
    expected: str
    found: str
    missing: int = 0
    total: int | None = None


@dataclass(slots=True)
class Decoded:
    """One token, as far as its bytes allow: `data` is what was received, never re-encoded."""

    mechanism: str
    message: str | None
    data: bytes
    root: Node
    error: Problem | None


def walk(node: Node, path: str = "", *, plaintexts: bool = True) -> Iterator[tuple[str, Node]]:
    """Every node below `node` with its path, in the order of the token; iterative, so depth costs no stack.

    A plaintext adds nothing to the paths of what is in it. Without `plaintexts`, only what has bytes in the token.
    """
    pending = [(path, node)]
    below = False
    while pending:
        where, here = pending.pop()
        if below:
            yield where, here
        below = True
        for child in reversed(here.children):
            if child.kind != PLAINTEXT:
                pending.append((join(where, child.name), child))
            elif plaintexts:
                pending.append((where, child))


def join(path: str, name: str) -> str:
    """`path` one step further: `a` and `b` give `a.b`, `a` and `[0]` give `a[0]`."""
    if not path or name.startswith("["):
        return path + name
    return f"{path}.{name}"


def within(path: str, outer: str) -> bool:
    """Whether a path is `outer` or leads on from it; all do from the empty one."""
    return not outer or path == outer or path.startswith((f"{outer}.", f"{outer}["))


def follow(root: Node, path: str) -> tuple[list[Node], str]:
    """The nodes that a path steps through below `root`, and what is left of the path where it leads no further.

    A plaintext is among the nodes and not in the path, which may name it all the same.
    """
    steps: list[Node] = []
    node = root
    while path:
        child = _begins(node, path)
        if child is None:
            plain = next((one for one in node.children if one.kind == PLAINTEXT and _begins(one, path)), None)
            if plain is None:
                break
            steps.append(plain)
            child = _begins(plain, path)
            assert child is not None
        path = path[len(child.name) :].removeprefix(".")
        steps.append(child)
        node = child
    return steps, path


def find(root: Node, path: str) -> Node | None:
    """The node at a path such as `mechToken.ticket.sname.name-string[0]`; None where there is none."""
    nodes, rest = follow(root, path)
    return nodes[-1] if nodes and not rest else None


def _begins(node: Node, path: str) -> Node | None:
    """The field of `node` that a path goes through first."""
    for child in node.children:
        name = child.name
        if path.startswith(name) and path[len(name) : len(name) + 1] in ("", ".", "["):
            return child
    return None
