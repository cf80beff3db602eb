"""JSON lines that `secctx extract` wrote."""

from __future__ import annotations

import binascii
import re
from datetime import datetime
from typing import Final

from .plaintext import show
from .token import MOST_TOKENS, CarrierError, Source, Token, too_many

SCHEMA: Final = "secctx.extract/1"
LINE: Final = re.compile(rb"[^\s][^\n]*+")
OURS: Final = re.compile(rb"\s*+\{[^\n]{0,4096}?\"schema\"\s{0,10}:\s{0,10}\"secctx\.")
_SECONDS: Final = re.compile(r"\d{1,11}(\.\d{1,9})?")
DIRECTIONS: Final = ("client", "server")


def read_json_lines(body: bytes) -> list[Token]:
    """The tokens of `extract`'s lines; empty where the text is not ours.

    Raises CarrierError where a line is broken.
    """
    return read_named_json_lines(body) if OURS.match(body) else []


def read_named_json_lines(body: bytes) -> list[Token]:
    """The tokens of text that its owner says is what `extract` wrote."""
    tokens: list[Token] = []
    number, at = 1, 0
    for match in LINE.finditer(body):
        number += body.count(b"\n", at, match.start())
        at = match.start()
        if len(tokens) >= MOST_TOKENS:
            raise too_many()
        tokens.append(_token(match[0], number))
    return tokens


def _token(text: bytes, line: int) -> Token:
    entry = _entry(text, line)
    encoded = entry.get("token")
    if not isinstance(encoded, str):
        raise _broken(line, 'a "token" in base64', "none" if encoded is None else show(repr(encoded).encode()))
    try:
        data = binascii.a2b_base64(encoded.encode("ascii", "replace"), strict_mode=True)
    except binascii.Error:
        raise _broken(line, '"token" in base64', show(encoded.encode())) from None
    source = Source("", "jsonl", 0, line=line)
    source.carrier, source.time = _text(entry, "protocol"), _time(entry)
    source.answer = _text(entry, "answer")
    ends = _text(entry, "src"), _text(entry, "dst")
    source.connection = " ".join(sorted(end for end in ends if end)) or None
    direction = _text(entry, "direction")
    source.direction = direction if direction in DIRECTIONS else None
    source.handshake, source.leg, source.stream = (_number(entry, key) for key in ("handshake", "leg", "stream"))
    packets = entry.get("packets")
    if isinstance(packets, list) and packets and type(packets[0]) is int:
        source.packet = packets[0]
    return Token(data, source)


def _entry(text: bytes, line: int) -> dict[str, object]:
    import json  # only when JSON is read: it costs a cold start milliseconds

    try:
        entry = json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise _broken(line, "a JSON object", show(text)) from None
    if not isinstance(entry, dict):
        raise _broken(line, "a JSON object", show(text))
    if entry.get("schema") != SCHEMA:
        raise _broken(line, f'"schema": "{SCHEMA}"', show(repr(entry.get("schema")).encode()))
    return entry


def _text(entry: dict[str, object], key: str) -> str | None:
    value = entry.get(key)
    return value if isinstance(value, str) else None


def _time(entry: dict[str, object]) -> str | None:
    """When the token was sent, ISO 8601 or UNIX seconds; None where that is no time, and nothing is judged by it."""
    text = _text(entry, "time")
    try:
        if text is not None and not _SECONDS.fullmatch(text):
            datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def _number(entry: dict[str, object], key: str) -> int | None:
    value = entry.get(key)
    return value if type(value) is int else None


def _broken(line: int, expected: str, seen: str) -> CarrierError:
    hint = "give the lines as `secctx extract --json` wrote them"
    return CarrierError(f"line {line}: expected {expected}, found {seen}", "malformed", hint)
