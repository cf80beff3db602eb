"""What `curl --trace` and `--trace-ascii` write: bytes in both directions, cut into numbered lines."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from .headers import read_headers
from .token import MOST_TOKENS, Token, too_many

MARK: Final = re.compile(rb"(?m)^[^\n]{0,60}?(?P<way>=>|<=) (?:Send|Recv) (?P<what>header|data)[^\n]*+$")
ROW: Final = re.compile(rb"(?m)^(?P<offset>[0-9a-f]{4,8}): (?P<text>[^\n]*+)$")
HEX: Final = re.compile(rb"(?:[0-9a-f]{2} ){1,16}(?: {3})*(?=[^\n]{1,16}\Z|\Z)")
FULL: Final = 16


def read_curl_trace(body: bytes) -> list[Token]:
    """The tokens of the headers in a trace; empty where the text is none."""
    marks = list(islice(MARK.finditer(body), MOST_TOKENS + 1))
    if len(marks) > MOST_TOKENS:
        raise too_many()
    if not marks:
        return []
    parts: list[bytes] = []
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        if mark["what"] == b"header":
            stop = following.start() if following else len(body)
            sign = b"> " if mark["way"] == b"=>" else b"< "
            text = _unroll(body, mark.end(), stop)
            parts.extend(sign + line for line in text.split(b"\n"))
    tokens = read_headers(b"\n".join(parts))
    for token in tokens:
        token.source.line = None
    return tokens


def _unroll(body: bytes, start: int, stop: int) -> bytes:
    """The bytes of one trace entry; a line whose offset leaves room for CR LF ended a header line."""
    out, expected = bytearray(), 0
    for row in ROW.finditer(body, start, stop):
        offset, text = int(row["offset"], 16), row["text"]
        if hexes := HEX.match(text.ljust(48)):
            digits = hexes[0].translate(None, b" ")
            if len(text) > 48 or len(digits) == len(text.translate(None, b" ")):
                out += bytes.fromhex(digits.decode())
                expected = -1
                continue
        if expected >= 0 and offset >= expected + 2:
            out += b"\n"
        out += text
        expected = offset + len(text)
    return bytes(out).replace(b"\r", b"")
