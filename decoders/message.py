"""A message by itself: the token received or one inside it, its fields by their paths, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .values import PLAINTEXT, TOKEN, Decoded, Node, find, follow, join, walk


class Spot(NamedTuple):
    """A place in the token received: its path and span; `inside` is the path of the plaintext that the span counts in.

    Where the field is missing, the span is that of what should hold it.
    """

    path: str
    span: tuple[int, int] | None
    inside: str | None = None


@dataclass(slots=True)
class Message:
    """One message: `node` holds its fields, `path` leads to it in the token, `data` are its bytes."""

    node: Node
    path: str
    data: bytes
    mechanism: str
    message: str

    def field(self, path: str) -> Node | None:
        """The field at that path of the message; None where it is absent."""
        return find(self.node, path)

    def value(self, path: str) -> Any:
        """The value of a field; None where it is absent."""
        node = self.field(path)
        return None if node is None else node.value

    def text(self, path: str) -> str:
        """What a field means, or its value, as text; empty where it is absent or is bytes."""
        node = self.field(path)
        if node is None or isinstance(node.value, bytes):
            return ""
        return node.meaning if isinstance(node.meaning, str) else "" if node.value is None else str(node.value)

    def names(self, path: str) -> tuple[str, ...]:
        """The names of the flags that are set in a field; none where it is absent."""
        node = self.field(path)
        return node.meaning if node is not None and isinstance(node.meaning, tuple) else ()

    def bytes_of(self, path: str) -> bytes:
        """The bytes in which a field stands, header and all; empty where it is absent."""
        node = self.field(path)
        return b"" if node is None else self.data[node.start - self.node.start : node.stop - self.node.start]

    def spot(self, path: str = "") -> Spot:
        """Where a field stands in the token received; of a missing one, where it should."""
        node, inside, way = self.node, None, ""
        for step in follow(self.node, path)[0]:
            if step.kind == PLAINTEXT:
                inside = join(self.path, way) if way else self.path
            else:
                way = join(way, step.name)
            node = step
        return Spot(join(self.path, path) if path else self.path, (node.start, node.stop), inside)


def whole(decoded: Decoded) -> Message:
    """The token received, as the message it is."""
    return Message(decoded.root, "", decoded.data, decoded.mechanism, decoded.message or "unknown")


def messages(decoded: Decoded) -> Iterator[Message]:
    """The token received and every token that is readable inside it, the outer before the inner."""
    yield whole(decoded)
    for path, node in walk(decoded.root, plaintexts=False):
        if node.kind == TOKEN and isinstance(node.meaning, tuple):
            mechanism, message = node.meaning
            yield Message(node, path, decoded.data[node.start : node.stop], mechanism, message)
