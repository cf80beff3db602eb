"""Readers for text whose form its owner names: what is not recognised is still decoded, or it is said why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from . import base64text, hextext, lists
from .curltrace import read_curl_trace
from .dumptext import read_named_dumps
from .headers import explain_headers, read_headers
from .jsonlines import read_named_json_lines
from .plaintext import Lines, show
from .sasl import read_sasl
from .token import CarrierError, Token

NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=_\s-]")
NOT_HEX: Final = re.compile(rb"[^0-9A-Fa-fxX\s:,.;\\{}()\[\]\"'-]")


def read_named_base64(body: bytes, most: int) -> list[Token]:
    """The tokens in text that is said to be base64."""
    if tokens := base64text.read_base64(body, most):
        return tokens
    token = base64text.decode_chunk(body) if len(body) <= most else None
    if token is None:
        if tokens := base64text.find_base64(body):
            return tokens
        raise _first_strange(body, NOT_BASE64, "base64")
    token.source.line = 1
    return [token]


def read_named_hex(body: bytes, most: int) -> list[Token]:
    """The tokens in text that is said to be hex, or decimal bytes."""
    for read in (hextext.read_hex, lists.read_lists):
        if tokens := read(body, most):
            return tokens
    token = hextext.decode_any(body) if len(body) <= most else None
    if token is None:
        if error := hextext.explain_hex(body, least=1):
            raise error
        if tokens := hextext.find_hex(body):
            return tokens
        raise _first_strange(body, NOT_HEX, "hex")
    token.source.line = 1
    return [token]


def read_named_dump(body: bytes, _most: int) -> list[Token]:
    """The tokens in text that is said to be a hex dump."""
    if tokens := read_named_dumps(body):
        return tokens
    raise CarrierError(f"expected a hex dump with offsets, found {show(body)}", "malformed")


def read_named_headers(body: bytes, _most: int) -> list[Token]:
    """The tokens in text that is said to be HTTP header lines."""
    for read in (read_curl_trace, read_sasl, read_headers):
        if tokens := read(body):
            return tokens
    error = explain_headers(body)
    raise error or CarrierError(f"expected a header line with a token, found {show(body)}", "not-a-token")


def _first_strange(body: bytes, strange: re.Pattern[bytes], form: str) -> CarrierError:
    match = strange.search(body)
    if match is None:
        return CarrierError(f"expected {form}, found {show(body)}", "malformed")
    lines = Lines(body)
    where = f"line {lines.number(match.start())}, column {lines.column(match.start())}"
    return CarrierError(f"{where}: expected {form}, found {show(body[match.start() :], 1)}", "malformed")


READERS: Final[dict[str, Callable[[bytes, int], list[Token]]]] = {
    "base64": read_named_base64,
    "hex": read_named_hex,
    "dump": read_named_dump,
    "header": read_named_headers,
    "jsonl": lambda body, _most: read_named_json_lines(body),
}
