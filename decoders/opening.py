"""Structures inside octet strings: told by their own tags, read in place of the octet string's node.

What stands in an octet string is a structure with a span of its own. How many of them may stand inside each other is
bounded with the tokens (`MAX_TOKENS_DEEP`), since here the grammar alone bounds nothing.
"""

from __future__ import annotations

from typing import Final

from asn1crypto.core import Asn1Value

from .der import announced_end, contents_at, read_element
from .grammar import NO_TAG, Plan, plan_of, tag_name
from .reading import MAX_TOKENS_DEEP, Reading
from .values import BYTES, LIST, PRINCIPAL, STRUCT, Node

#: As many fields tell one structure from another; looking at all of them would make nested ones slow.
_FIELDS_LOOKED_AT: Final = 6

Asn1Class = type[Asn1Value]


def tag_at(reading: Reading, at: int, end: int) -> int:
    """The tag byte at `at`, -1 where nothing stands there."""
    return reading.data[at] if at < min(end, reading.end) else -1


def inside(reading: Reading, at: int, end: int) -> dict[int, int]:
    """The first fields of the element at `at`: tag byte to where it stands. Nothing is judged."""
    found: dict[int, int] = {}
    stop = min(announced_end(reading.data, at) or 0, end, reading.end)
    at = contents_at(reading.data, at)
    while at < stop and len(found) < _FIELDS_LOOKED_AT:
        tag = reading.data[at]
        following = announced_end(reading.data, at)
        if tag in found or following is None:
            break
        found[tag] = at
        at = following
    return found


def fits(reading: Reading, cls: Asn1Class, body: int, end: int) -> bool:
    """Whether the octets are one element, no more and no less, that begins as `cls` does."""
    return begins(reading, cls, body, end) and announced_end(reading.data, body) == end


def begins(reading: Reading, cls: Asn1Class, body: int, end: int) -> bool:
    """Whether the first octet is the tag of the type."""
    return tag_at(reading, body, end) in _tags(plan_of(cls))


def _tags(plan: Plan) -> tuple[int, ...]:
    if plan.wrappers:
        return plan.wrappers[:1]
    return tuple(plan.known) if plan.tag == NO_TAG else (plan.tag,)


def open_as(reading: Reading, node: Node, cls: Asn1Class, body: int, end: int) -> bool:
    """Read the octets between `body` and `end` as `cls`, in the node of the octet string.

    False where they stand too deep, or hold more than a value that has no room for it: the node stays bytes.
    """
    if reading.deep >= MAX_TOKENS_DEEP:
        reading.fail("depth", node, body, f"at most {MAX_TOKENS_DEEP} structures inside each other", "one more")
        node.meaning = "stands too deep to be taken apart"
        return False
    whole: list[Node] = []
    reading.deep += 1
    at = read_element(reading, plan_of(cls), node.name, body, end, whole)
    reading.deep -= 1
    value = whole[0]
    reading.adopt(value, node)
    surplus = range(at, min(end, reading.end))
    found = f"{len(surplus)} bytes"
    if surplus and value.kind not in (STRUCT, PRINCIPAL, LIST):
        reading.fail("trailing", node, at, f"nothing behind {cls.__name__} in {node.name}", found)
        return False
    node.start, node.stop = body, min(end, reading.end)
    node.kind, node.value, node.meaning, node.children = value.kind, value.value, value.meaning, value.children
    if surplus:
        name = f"[{len(value.children)}]" if value.kind == LIST else "trailing"
        extra = Node(name, at, node.stop, BYTES, reading.data[at : node.stop])
        node.children = [*value.children, extra]
        reading.fail("trailing", extra, at, f"nothing behind {cls.__name__} in {node.name}", found)
    return True


def open_if_whole(reading: Reading, node: Node, cls: Asn1Class, body: int, end: int) -> bool:
    """Read the octets as `cls` where they are one without a fault; else False, the node as it was, nothing noted.

    For what only may be of that type: another peer's own value is no fault of the token. Where the token was cut
    short, the tag and the length decide.
    """
    if not fits(reading, cls, body, end):
        return False
    if end > reading.end or reading.deep >= MAX_TOKENS_DEEP:
        return open_as(reading, node, cls, body, end)
    trial = Reading(reading.data, reading.open_token)
    trial.end, trial.deep = reading.end, reading.deep
    copy = Node(node.name, node.start, node.stop, BYTES)
    opened, problem = open_as(trial, copy, cls, body, end), trial.problem
    if not opened or (problem is not None and problem.kind != "depth"):
        return False
    if problem is not None:
        reading.fail("depth", node, problem.offset, problem.expected, problem.found)
    node.start, node.stop = copy.start, copy.stop
    node.kind, node.value, node.meaning, node.children = copy.kind, copy.value, copy.meaning, copy.children
    return True


def expected(reading: Reading, node: Node, cls: Asn1Class, body: int, end: int, strict: bool) -> bool:
    """Say in the node, which stays bytes, what should stand there; a problem where it can be nothing else."""
    tag = tag_at(reading, body, end)
    if tag >= 0 and reading.deep < MAX_TOKENS_DEEP:
        wanted = " or ".join(map(tag_name, _tags(plan_of(cls))))
        node.meaning = f"not {cls.__name__}, which is expected here"
        if strict:
            reading.fail("tag", node, body, f"{wanted} ({cls.__name__})", tag_name(tag))
    return False


def open_message(reading: Reading, node: Node, cls: Asn1Class, body: int, end: int) -> bool:
    """Read the octets as a token, the one Kerberos message that may stand there."""
    if begins(reading, cls, body, end) and reading.open_token(reading, node, body, end):
        return True
    return expected(reading, node, cls, body, end, strict=True)
