"""Which bytes of a token stand on which row of the hex view, and the field that stands beside them.

Every byte stands on one row, in the order of the token, whatever its fields claim: a field that begins before the last
one ended gets the bytes that are left, and says so. The headers of DER (X.690 8.1) belong to no field; here they go
with the field that they open, or, where they open the message itself, get a row of its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from secctx.decoders.values import BYTES, STRUCT, TOKEN, Decoded, Node

from .cells import cell, inline
from .plain import plain
from .tree import MEANING, NAME, WRONG, Shape, kind_of, most_of, towards

#: What to look at, and is not wrong by itself.
NOTICE: Final = "yellow"

_OCTET_STRING: Final = 0x04
_APPLICATION_0: Final = 0x60
_CONSTRUCTED: Final = 0x20

#: A piece of text and its style.
Part = tuple[str, str]


@dataclass(slots=True)
class Row:
    """The bytes from `start` up to `stop`, those before `own` being headers of the field, and what stands beside them.

    `label` is name, value and meaning, some of them empty; `tail` is what must be seen however long those are: the
    span, an overlap, the mark of the error.
    """

    start: int
    own: int
    stop: int
    level: int
    label: list[Part]
    tail: list[Part] = field(default_factory=list)


def rows(decoded: Decoded, shape: Shape) -> Iterator[Row]:
    """The rows of a token, to the depth asked for; at the end, what a token that was cut short still lacks."""
    yield from _Rows(decoded, shape).all()


class _Rows:
    """One pass through the fields of a token; `at` is the first byte that stands on no row yet."""

    def __init__(self, decoded: Decoded, shape: Shape) -> None:
        self.decoded = decoded
        self.data = decoded.data
        self.shape = shape
        self.at = 0

    def all(self) -> Iterator[Row]:
        root, error = self.decoded.root, self.decoded.error
        begun = self._own_end(root)
        if begun > self.at:
            yield self._frame(root, begun, 0, root.meaning if isinstance(root.meaning, str) else "")
        yield from self._inside(root, 0, len(self.data), error.path or None if error is not None else None)
        if error is not None and error.kind == "cut-short":
            lack = error.missing if error.total is None else error.total - len(self.data)
            end = len(self.data)
            said = f"{lack} byte{'s are' if lack != 1 else ' is'} missing" if lack > 0 else "cut short"
            yield Row(end, end, end, 0, [(f"… {said}", WRONG)])

    def _inside(self, node: Node, level: int, until: int, wrong: str | None) -> Iterator[Row]:
        """The rows of what a container holds, up to the byte `until`; `wrong` is the error's path from here on."""
        children, limits = _in_order(node.children, until)
        shown = children if self.shape.full else children[: most_of(node)]
        leads = [towards(wrong, child.name) for child in shown]
        opened = [self._opens(child, level, leads[index][0]) for index, child in enumerate(shown)]
        width = max((len(child.name) for index, child in enumerate(shown) if not opened[index]), default=0)
        for index, child in enumerate(shown):
            there, here = leads[index]
            # Only what has no bytes can claim a place behind the next field's; it gets a row and moves nothing.
            reached = child.start <= limits[index]
            if reached and self.at < child.start:
                yield from self._before(node, child.start, level)
            own = max(child.start, self.at) if reached else self.at
            if opened[index]:
                end = self._own_end(child) if reached else own
                yield self._heading(child, own, end, level, here)
                limit = min(child.stop, limits[index]) if reached else self.at
                yield from self._inside(child, level + 1, limit, there)
            else:
                end = max(own, child.stop) if reached else own
                yield self._field(child, own, end, level, width, here)
        hidden = children[len(shown) :]
        if hidden:
            self.at = max(self.at, *(child.stop for child in hidden))
            size = self.at - hidden[0].start
            text = f"… {len(hidden)} more of {size} bytes (--full shows them)"
            yield Row(self.at, self.at, self.at, level, [(text, "dim")])
        if wrong is not None and all(towards(wrong, child.name) == (None, False) for child in children):
            yield Row(self.at, self.at, self.at, level, [(f"{plain(wrong)}  is missing", WRONG)])
        yield from self._rest(node, until, level)

    def _opens(self, node: Node, level: int, wrong: str | None) -> bool:
        """Whether the fields of a node have rows of their own: all but what is short and flat, unless all is wanted."""
        if not node.children or (self.shape.depth is not None and level + 1 >= self.shape.depth):
            return False
        return self.shape.full or wrong is not None or not _flat(node) or inline(node) is None

    def _before(self, node: Node, start: int, level: int) -> Iterator[Row]:
        """What stands before the field of `node` that begins at `start`, but the headers of that field itself."""
        found, end = _headers(self.data, self.at, start)
        if end < start:
            yield from self._frames(node, end, start, level)
            return
        opening = _opening(self.data, found, start)
        if opening > self.at:
            yield self._frame(node, opening, level)

    def _rest(self, node: Node, until: int, level: int) -> Iterator[Row]:
        if self.at < until:
            yield from self._frames(node, _headers(self.data, self.at, until)[1], until, level)

    def _frames(self, node: Node, end: int, stop: int, level: int) -> Iterator[Row]:
        """Rows of headers up to `end`, and of bytes that nothing explains up to `stop`."""
        if end > self.at:
            yield self._frame(node, end, level)
        if stop > self.at:
            error = self.decoded.error
            cut = stop == len(self.data) and error is not None and error.kind == "cut-short"
            what = "a header, cut short" if cut else "bytes of no field"
            start, self.at = self.at, stop
            yield Row(start, start, stop, level, [(what, NOTICE)], self._span(start, stop))

    def _frame(self, node: Node, end: int, level: int, more: str = "") -> Row:
        """A row of headers that open the message in `node`, or a part of it that has no name."""
        from secctx.decoders.grammar import tag_name

        start, self.at = self.at, end
        tags = " ".join(tag_name(self.data[at]) for at in _headers(self.data, start, end)[0])
        name = ""
        if node is self.decoded.root or node.kind == TOKEN:
            first = start == node.start
            if first and self.data[start] == _APPLICATION_0:
                name = "InitialContextToken"
            elif first or tags.endswith("SEQUENCE"):
                message = node.meaning[1] if isinstance(node.meaning, tuple) else self.decoded.message
                name = plain(message or "")
        label = [(name, "bold") if name else (tags, "dim"), (plain(more), MEANING)]
        return Row(start, start, end, level, label, self._span(start, end))

    def _own_end(self, node: Node) -> int:
        """Where the headers of an opened node end and those of its first field begin."""
        first = min((child.start for child in node.children), default=node.stop)
        start = max(node.start, self.at)
        if first <= start:
            return start
        found, end = _headers(self.data, start, first)
        if end < first:
            return start
        return _opening(self.data, found, first) if node.children else first

    def _heading(self, node: Node, own: int, end: int, level: int, wrong: bool) -> Row:
        """The row of a node whose fields follow: its name, and the headers that open it, up to `end`."""
        label = [(plain(node.name), WRONG if wrong else NAME)]
        label.append((plain(kind_of(node)), "bold" if node.kind == TOKEN else MEANING))
        start, self.at = self.at, end
        return Row(start, own, end, level, label, self._tail(node, wrong))

    def _field(self, node: Node, own: int, end: int, level: int, width: int, wrong: bool) -> Row:
        """The row of a field that stands for itself, with its bytes up to `end`."""
        value, meaning = ("", kind_of(node)) if node.children else _value(node, self.shape.full)
        if node.children and _flat(node):
            value, meaning = inline(node) or (value, meaning)
        name = (plain(node.name).ljust(width if value or meaning else 0), WRONG if wrong else NAME)
        # An AV_PAIR on one line is its own name and its value.
        first, _, rest = value.partition("  ") if node.children else (value, "", "")
        label = [name, (plain(first), ""), (plain(rest), ""), (plain(meaning), MEANING)]
        tail = self._tail(node, wrong)
        size = node.stop - node.start
        above = min(self.at, node.stop) - node.start
        if above > 0 and size:
            which = "its bytes" if above == size else f"{above} of its {size} bytes"
            tail.insert(0, (f"(overlaps: {which} stand above)", NOTICE))
        start, self.at = self.at, end
        return Row(start, own, end, level, label, tail)

    def _tail(self, node: Node, wrong: bool) -> list[Part]:
        return self._span(node.start, node.stop) + ([("← here", WRONG)] if wrong else [])

    def _span(self, start: int, stop: int) -> list[Part]:
        return [(f"[{start}:{stop}]", "dim")] if self.shape.spans else []


def _in_order(children: Sequence[Node], until: int) -> tuple[Sequence[Node], list[int]]:
    """The fields in the order of their bytes, and for each where the next one that has bytes begins.

    A field without bytes stays behind the one that it followed: what begins where it claims to is no sign of order.
    """
    keys, last = [], -1
    for child in children:
        last = child.start if child.start < child.stop else last
        keys.append(last)
    if any(keys[index] > keys[index + 1] for index in range(len(keys) - 1)):
        order = sorted(range(len(children)), key=keys.__getitem__)
        children = [children[index] for index in order]
    limits = [until] * len(children)
    following = until
    for index in range(len(children) - 1, -1, -1):
        child = children[index]
        limits[index] = following
        if child.start < child.stop:
            limits[index] = max(following, child.start)
            following = child.start
    return children, limits


def _flat(node: Node) -> bool:
    """Whether the fields of a structure are its bytes, without headers between them and without more below."""
    at = node.start
    if node.kind != STRUCT:
        return False
    for child in node.children:
        if child.start != at or child.children:
            return False
        at = child.stop
    return at == node.stop


def _value(node: Node, full: bool) -> tuple[str, str]:
    """Value and meaning of a field; of bytes their number alone, since they stand beside it."""
    if node.kind == BYTES:
        size = len(node.value) if isinstance(node.value, bytes) else 0
        return f"{size} byte{'s' if size != 1 else ''}", str(node.meaning or "")
    return cell(node, full)


def _headers(data: bytes, at: int, stop: int) -> tuple[list[int], int]:
    """Where the DER headers in a row from `at` on begin, and where they end: at `stop`, if they are nothing else."""
    if at >= stop:
        return [], at
    from secctx.decoders.der import announced_end, contents_at

    found: list[int] = []
    ends: list[int] = []
    begun = at
    while at < stop:
        end = announced_end(data, at)
        body = contents_at(data, at)
        holds = data[at] & _CONSTRUCTED or data[at] == _OCTET_STRING
        if end is None or body > stop or not holds:
            break
        found.append(at)
        ends.append(end)
        at = body
    # Each holds what follows the row, or ends where another one does: else these are no headers but look like some.
    borders = {*found, at}
    if any(end < at and end not in borders for end in ends):
        return [], begun
    return found, at


def _opening(data: bytes, found: Sequence[int], stop: int) -> int:
    """Where the headers begin that belong to the field at `stop`: its EXPLICIT tag, the OCTET STRING that holds it."""
    at = stop
    for start in reversed(found):
        if data[start] == _OCTET_STRING:
            at = start
        elif data[start] >> 6 == 2:
            return start
        else:
            break
    return at
