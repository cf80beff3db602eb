"""The forms of text that tokens are written in, and which reader has the first word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from .base64text import find_base64, read_base64
from .headers import read_headers
from .hextext import explain_hex, find_hex, read_hex
from .lists import read_lists
from .token import Token

type_of_reader = Callable[[bytes], list[Token]]
type_of_bounded_reader = Callable[[bytes, int], list[Token]]

#: A line of a dump begins so, and a SASL step has one of these words.
OFFSET: Final = re.compile(rb"(?m)^[ \t>|]*+(?:0[xX])?[0-9A-Fa-f]{3,16}+[:` \t]")
SASL_WORDS: Final = (b"AUTH", b"auth", b"Auth", b"334 ", b"+ ")
#: Readers of text that is nothing but tokens; they are told how much text one token can be.
PLAIN_READERS: Final[tuple[type_of_bounded_reader, ...]] = (read_hex, read_lists, read_base64)
#: Readers that look for tokens in other text.
SEARCHES: Final[tuple[type_of_reader, ...]] = (find_base64, find_hex)
BIG_SEARCHES: Final[tuple[type_of_reader, ...]] = (find_base64,)


def read_forms(body: bytes, most: int) -> list[Token]:
    """What the first reader makes of `body` that makes anything of it; one token is `most` characters at most."""
    for read in _narrow_readers(body):
        if tokens := read(body):
            return tokens
    for read_plain in PLAIN_READERS:
        if tokens := read_plain(body, most):
            return tokens
    if len(body) <= most and (error := explain_hex(body)):
        raise error  # rather than the part of it that is whole
    for search in SEARCHES if len(body) <= most else BIG_SEARCHES:
        if tokens := search(body):
            return tokens
    return []


def _narrow_readers(body: bytes) -> Iterator[type_of_reader]:
    """The readers of the narrower forms that `body` has a sign of; only they are imported, for a quick start."""
    if body[:1024].lstrip().startswith(b"{"):
        from .jsonlines import read_json_lines

        yield read_json_lines
    if b"Send header" in body or b"Recv header" in body:
        from .curltrace import read_curl_trace

        yield read_curl_trace
    if OFFSET.search(body):
        from .dumptext import read_dumps

        yield read_dumps
    if any(word in body for word in SASL_WORDS):
        from .sasl import read_sasl

        yield read_sasl
    yield read_headers
