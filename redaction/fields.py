"""Where the contents of a text or byte string stand, and how its text is encoded."""

from __future__ import annotations

from typing import Final

from secctx.decoders.der import announced_end, contents_at
from secctx.decoders.values import TOKEN, Decoded, Node

from .names import Measure

#: Mechanisms whose fields have no tags of their own.
_BARE: Final = ("NTLM", "NEGOEX")
#: OCTET STRING, UTF8String, PrintableString, IA5String, GeneralString.
_STRINGS: Final = (0x04, 0x0C, 0x13, 0x16, 0x1B)


def place(decoded: Decoded, parents: list[Node], node: Node) -> tuple[int, int]:
    """Start and stop of the contents: the tag and length before them stay, in whatever form they are."""
    start, stop = node.start, node.stop
    value = node.value
    data = decoded.data
    if isinstance(value, bytes) and len(value) < stop - start:
        return stop - len(value), stop
    if _mechanism(decoded, parents) in _BARE or stop - start < 2:
        return start, stop
    if isinstance(value, str) and data[start:stop] == value.encode("utf-16-le", "surrogatepass"):
        return start, stop  # in a PAC
    if isinstance(value, bytes):
        # An element of another type than was expected: its tag says which, and is what the complaint is about.
        return contents_at(data, start) if announced_end(data, start) == stop else start, stop
    tagged = data[start] in _STRINGS or 0x80 <= data[start] <= 0x9E
    end = announced_end(data, start) if tagged else None
    if end == stop or (end is not None and end > len(data) == stop):
        return contents_at(data, start), stop
    return start, stop


def _mechanism(decoded: Decoded, parents: list[Node]) -> str:
    """The mechanism of the innermost token that holds a field."""
    for parent in reversed(parents):
        if parent.kind == TOKEN and isinstance(parent.meaning, tuple):
            return parent.meaning[0]
    return decoded.mechanism


def text_of(node: Node, raw: bytes) -> tuple[str, str, Measure]:
    """The text that bytes stand for, its encoding, and what a part of it takes up there."""
    text = node.value if isinstance(node.value, str) else ""
    try:
        if text.encode("utf-16-le", "surrogatepass") == raw:
            return text, "utf-16-le", lambda part: len(part.encode("utf-16-le", "surrogatepass")) // 2
        if text.encode() == raw:
            return text, "utf-8", lambda part: len(part.encode())
    except UnicodeEncodeError:
        pass
    if len(text) == len(raw):
        return text, "latin-1", len  # one of the OEM code pages: a character is a byte
    # Text that is none: byte by byte it can always be read back.
    return raw.decode("latin-1"), "latin-1", len
