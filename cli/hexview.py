"""The hex view: the bytes of a token, sixteen a line, with the fields beside them.

Offsets are decimal, as spans and messages have them. A field begins a line, so that its bytes stand beside its name;
`|` divides the headers that only wrap it from the field's own bytes. In a narrow terminal the bytes move together in
pairs and long texts go on below. Bytes of secrets are dots.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from secctx.decoders.values import SECRET, Decoded, Span, walk

from .hexlines import Part, Row, rows
from .hexplain import bare, plaintexts
from .plain import plain
from .tree import GUIDE, Shape

#: Bytes on a line.
LINE: Final = 16
#: A run of more bytes than this is shortened to its first two lines and its last, unless everything is asked for.
SHORT_RUN: Final = 64
#: So many lines a text may take beside fewer lines of bytes, unless everything is asked for.
MOST_LINES: Final = 8
#: From this many columns on there is room for a space behind each byte.
WIDE: Final = 100
#: Texts are not folded narrower than this, whatever the terminal is.
_LEAST_ROOM: Final = 16
#: Lines that go to the console at once: it is slow to start and quick to go on.
_BATCH: Final = 500
#: Spaces before what stands in a block of its own.
INDENT: Final = 2


def print_hex(console: Console, decoded: Decoded, shape: Shape) -> None:
    """Print the bytes of a token and its fields; the place of an error is marked as in the tree.

    What was made of other bytes, opened or decompressed, follows as blocks of its own, with offsets of their own.
    """
    _print(console, _Page(console, decoded, shape).lines())
    for title, inner in plaintexts(decoded.root):
        console.print()
        console.print(Text(plain(title), style="bold"))
        _print(console, _Page(console, inner, shape, INDENT).lines())


def _print(console: Console, lines: Iterator[list[Segment]]) -> None:
    pending: list[Segment] = []
    for count, line in enumerate(lines, 1):
        pending.extend(line)
        pending.append(Segment.line())
        if count % _BATCH == 0:
            console.print(Segments(pending), end="", crop=False)
            pending = []
    if pending:
        console.print(Segments(pending), end="", crop=False)


class _Page:
    """The columns of the view at the width of the console: offset, bytes, field."""

    def __init__(self, console: Console, decoded: Decoded, shape: Shape, indent: int = 0) -> None:
        self.console = console
        self.decoded = bare(decoded)
        self.indent = indent
        self.data = decoded.data
        self.full = shape.full
        self.shape = shape
        self.pairs = console.width - indent < WIDE
        self.offsets = max(len("byte"), len(str(len(self.data))))
        # The dividing line may fall into a pair, and then takes a column more.
        self.bytes = LINE * 2 + LINE // 2 if self.pairs else LINE * 3 - 1
        self.room = console.width - indent - self.offsets - self.bytes - 4
        self.secrets = _merged(sorted(node.span for _, node in walk(self.decoded.root) if node.kind == SECRET))
        self.styles: dict[str, Style] = {}

    def lines(self) -> Iterator[list[Segment]]:
        """The lines of the page, each as its segments."""
        if self.data:
            title = f"{'byte':>{self.offsets}}  {'in hex, byte numbers in decimal':{self.bytes}}  field"
            yield self._segments([(title, GUIDE)])
        for row in rows(self.decoded, self.shape):
            for left, right in zip_longest(self._left(row), self._right(row)):
                yield self._line(left or [], right)

    def _line(self, left: list[Part], right: list[Part] | None) -> list[Segment]:
        if not right:
            return self._segments(left)
        taken = sum(len(text) for text, _ in left)
        gap = (" " * max(2, self.offsets + self.bytes + 4 - taken), "")
        return self._segments([*left, gap, *right])

    def _segments(self, parts: list[Part]) -> list[Segment]:
        shown = [Segment(text, self._style(style)) for text, style in parts if text]
        return [Segment(" " * self.indent), *shown] if self.indent else shown

    def _style(self, name: str) -> Style | None:
        if name and name not in self.styles:
            self.styles[name] = Style.parse(name)
        return self.styles.get(name)

    def _left(self, row: Row) -> Iterator[list[Part]]:
        """Offset and bytes of a row, line by line; a long run is shortened and says so."""
        size = row.stop - row.start
        starts = range(row.start, row.stop, LINE)
        if self.full or size <= SHORT_RUN:
            for start in starts:
                yield self._bytes(row, start)
            return
        yield self._bytes(row, starts[0])
        yield self._bytes(row, starts[1])
        more = starts[-1] - starts[2]
        yield [(f"{'':{self.offsets}}  … {more} more bytes (--full shows them)", "dim")]
        yield self._bytes(row, starts[-1])

    def _bytes(self, row: Row, start: int) -> list[Part]:
        stop = min(start + LINE, row.stop)
        own = min(max(row.own, start), stop)
        line: list[Part] = [(f"{start:>{self.offsets}}  ", GUIDE)]
        if own > start:
            line.append((self._digits(start, own, start), GUIDE))
            if own < stop:
                line.append(("|", GUIDE))
        if own < stop:
            line.append((self._digits(own, stop, start), ""))
        return line

    def _digits(self, start: int, stop: int, line: int) -> str:
        """The digits of some bytes of the line that begins at `line`; dots where they are secret."""
        if not self._secret(start, stop):
            if not self.pairs:
                return self.data[start:stop].hex(" ")
            if (start - line) % 2 == 0:
                return self.data[start:stop].hex(" ", -2)
        text = ""
        for at in range(start, stop):
            behind = "" if at + 1 == stop or (self.pairs and (at - line) % 2 == 0) else " "
            text += ("••" if self._secret(at, at + 1) else f"{self.data[at]:02x}") + behind
        return text

    def _secret(self, start: int, stop: int) -> bool:
        """Whether a secret has one of these bytes."""
        if not self.secrets:
            return False
        at = bisect_right(self.secrets, (start, len(self.data)))
        return any(one[0] < stop and start < one[1] for one in self.secrets[max(0, at - 1) : at + 1])

    def _right(self, row: Row) -> list[list[Part]]:
        """What stands beside the bytes: on one line, or folded between its pieces; the tail is never lost."""
        indent = 2 * row.level
        label = [piece for piece in row.label if piece[0]]
        room = max(self.room, _LEAST_ROOM)
        for pieces in (label, [(text.rstrip(), style) for text, style in label]):
            # Names are not lined up where that costs a line.
            if sum(cell_len(text) + 2 for text, _ in (*pieces, *row.tail)) - 2 <= room - indent:
                return [_joined(indent, [*pieces, *row.tail])]
        lines = self._fold([*pieces, *row.tail], indent, room)
        run = row.stop - row.start
        most = MOST_LINES if run > SHORT_RUN else max(MOST_LINES, -(-run // LINE))
        if not self.full and len(lines) > most:
            lines = [*self._fold(pieces, indent, room)[: most - 1], _joined(indent + 2, [("…", ""), *row.tail])]
        return lines

    def _fold(self, pieces: list[Part], indent: int, room: int) -> list[list[Part]]:
        """Pieces on lines of `room` columns; what is too long for one is broken between words, if it has any."""
        lines: list[list[Part]] = []
        begun: list[Part] = []
        used = indent
        for text, style in pieces:
            size = cell_len(text)
            if used + size > room or not (lines or begun):
                if begun:
                    lines.append(begun)
                inner = min(indent if not lines else indent + 2, room // 2)
                # A value is rather moved to the left than broken.
                inner = min(inner, room - size) if size <= room else inner
                broken = Text(text).wrap(self.console, room - inner, overflow="fold") if size > room else [Text(text)]
                lines.extend(_joined(inner, [(line.plain.rstrip(), style)]) for line in broken[:-1])
                begun = _joined(inner, [(broken[-1].plain.rstrip(), style)])
                used = inner + cell_len(broken[-1].plain) + 2
            else:
                begun += [("  ", ""), (text, style)]
                used += size + 2
        return [*lines, begun] if begun else lines


def _joined(indent: int, pieces: list[Part]) -> list[Part]:
    """Pieces on one line, two spaces between them."""
    gap: Part = ("  ", "")
    line: list[Part] = [(" " * indent, "")]
    for index, piece in enumerate(pieces):
        line += (gap, piece) if index else (piece,)
    return line


def _merged(spans: list[Span]) -> list[tuple[int, int]]:
    """Spans in order, those that touch made one."""
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged
