"""One wrapped token, or many: how the lines of a text belong together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from .framing import announced, convincing, likely
from .plaintext import Lines
from .token import MOST_TOKENS, Token, too_many

type_of_decode = Callable[[bytes], Token | None]

#: Lines without a blank, comment (`#`) or armour (`-----BEGIN`, `-----END`) line between them.
PARAGRAPH: Final = re.compile(
    rb"(?P<skip>(?:#(?!<)|-----|CertUtil:)[^\n]*+)"
    rb"|(?P<text>[^\s][^\n]*+(?:\n[ \t]*+(?!#|-----|CertUtil:)[^\s][^\n]*+)*+)"
)
LINE: Final = re.compile(rb"[^\s][^\n]*+")


def read_pieces(body: bytes, decode: type_of_decode, most: int) -> list[Token]:
    """The tokens of `body`: all of it as one, each paragraph as one, or each line as one; none where nothing fits.

    A piece of more than `most` characters is left alone. The first reading that the tokens' own sizes bear out wins;
    one wrapped token is never split where its size fits.
    """
    lines = Lines(body)
    parts = list(_paragraphs(body))
    whole = decode(b"\n".join(part for _, part in parts)) if parts and len(body) <= most else None
    if whole is not None:
        whole.source.line = lines.number(parts[0][0])
        if announced(whole.data) == len(whole.data):
            return [whole]
    if len(parts) == 1:
        return _one_or_lines(whole, parts[0], lines, decode)
    tokens: list[Token] = []
    for start, part in parts:
        line = lines.number(start)
        piece = decode(part) if len(part) <= most else None
        if piece is not None:
            piece.source.line = line
        tokens.extend(_one_or_lines(piece, (start, part), lines, decode))
    if whole is not None and likely(whole.data) and not all(convincing(token.data) for token in tokens[1:]):
        return [whole]
    if len(tokens) < len(parts) and not all(convincing(token.data) for token in tokens):
        return []
    return tokens


def _paragraphs(body: bytes) -> Iterator[tuple[int, bytes]]:
    for count, match in enumerate(PARAGRAPH.finditer(body)):
        if count >= MOST_TOKENS:
            raise too_many()
        if match["text"]:
            yield match.start(), match["text"]


def _one_or_lines(whole: Token | None, part: tuple[int, bytes], lines: Lines, decode: type_of_decode) -> list[Token]:
    """The paragraph as one token, or its lines where each is a token on its own."""
    if whole is not None and ((size := announced(whole.data)) == len(whole.data) or _is_cut(whole, size, part[1])):
        return [whole]
    return _each_line(part, lines, decode) or ([whole] if whole is not None and likely(whole.data) else [])


def _each_line(part: tuple[int, bytes], lines: Lines, decode: type_of_decode) -> list[Token]:
    start, text = part
    tokens: list[Token] = []
    if b"\n" not in text:
        return tokens
    for match in LINE.finditer(text):
        token = decode(match[0])
        if token is None or not convincing(token.data):
            return []
        if len(tokens) >= MOST_TOKENS:
            raise too_many()
        token.source.line = lines.number(start + match.start())
        tokens.append(token)
    return tokens


def _is_cut(whole: Token, size: int | None, text: bytes) -> bool:
    """Whether the paragraph is one wrapped token cut short: lines of one width, all of them within its size."""
    if size is None or size < len(whole.data) or text.count(b"\n") > MOST_TOKENS:
        return False
    widths = [len(line.strip()) for line in text.split(b"\n")]
    return len(set(widths[:-1])) == 1 and widths[-1] < widths[0]
