"""Hex in its disguises: plain, spaced, colons, dashes, `0x…`, `\\x…`, C arrays and string literals."""

from __future__ import annotations

import re
from typing import Final

from .base64text import decode_again
from .framing import convincing, likely
from .pieces import read_pieces
from .plaintext import Lines
from .token import MOST_TOKENS, CarrierError, Token, found, too_many

DIGITS: Final = b"0123456789abcdefABCDEF"
GAPS: Final = b" \t\n\v\f:-,;._|"
AROUND: Final = GAPS + b"\"'`()[]{}<>@\\="
TO_SPACE: Final = bytes.maketrans(GAPS + b"\\", b" " * (len(GAPS) + 1))
KEY: Final = re.compile(
    rb"\A[^\n=({\[\"']{0,200}?(?:=|:|\(|\[|\{|\"|')[ \t]*+"
    rb"(?:hex(?:\([0-9a-f]\))?:|new\b|b(?=[\"']))?[^0-9A-Fa-f\\\n]*+"
)
REGISTRY: Final = re.compile(rb"=hex(?:\([0-9a-f]\))?:")  #: in a .reg file
CALL: Final = re.compile(
    rb"(?i)(?:bytes(?:array)?\.fromhex|unhexlify|hextobytes|\[byte\[\]\]|\[\]byte|new byte\[\d*\])"
)
LINE_COMMENT: Final = re.compile(rb"(?m)[/#](?:(?<=/)/|(?<=#)(?<![0-9A-Fa-f\\x]#))[^\n]*+$")
ARRAY: Final = re.compile(rb"[{\[(]([^{}\[\]()]*+)[}\])]")
LITERAL: Final = re.compile(rb"(?s)[bB@L]?(\"|')((?:[^\"'\\\n]|\\.|(?!\1)[\"'])*+)\1")
ESCAPE: Final = re.compile(rb"(?s)\\(?:[xX]([0-9A-Fa-f]{2})|u00([0-9A-Fa-f]{2})|([0-7]{1,3})|(.))")
LETTERS: Final = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
    b"e": b"\x1b",
}
RUN: Final = re.compile(rb"(?<![0-9A-Za-z+/])(?:(?:0x)?[0-9A-Fa-f]{2}(?:, |[ :,-])?+){9,}+")
GOES_ON: Final = re.compile(rb"[0-9A-Za-z+/=]")
LEAST_DIGITS: Final = 16
MOST_STRANGE: Final = 4  #: characters that are no hex in text that is otherwise; more are words around it


def read_hex(body: bytes, most: int) -> list[Token]:
    """The tokens that `body` is in hex; empty where it is something else."""
    if b"\\x" in body and (tokens := _literals(body, most)):
        return tokens
    if b"0x" in body or b"0X" in body or CALL.search(body[:4096]):
        body = without_comments(body)
        if tokens := _arrays(body, most):
            return tokens
    return read_pieces(body, decode_chunk, most)


def decode_chunk(chunk: bytes) -> Token | None:
    """One token from a chunk that is hex and nothing else but a name and punctuation; None where it is not."""
    best: Token | None = None
    for text in _values(chunk):
        groups, encoding = _groups(text)
        if not groups:
            continue
        if encoding == "c-array":
            groups = [b"0" + group if len(group) == 1 else group for group in groups]
        digits = b"".join(groups)
        wrapped = b" " not in text.strip() and b"," not in text
        if len(digits) % 2 or (not wrapped and any(len(group) % 2 for group in groups)):
            continue
        token = decode_again(found(bytes.fromhex(digits.decode()), encoding))
        if likely(token.data):
            return token
        best = best or token
    return best


def decode_any(body: bytes) -> Token | None:
    """The bytes of text that is hex whatever they begin with; None where it is none."""
    if b"0x" in body or b"0X" in body:
        body = without_comments(body)
        if (array := ARRAY.search(body)) and (token := decode_chunk(array[1])) and len(token.data) > 1:
            return token
    return decode_chunk(body)


def _values(chunk: bytes) -> list[bytes]:
    """The chunk as it is, and without the name before its value."""
    values = [chunk]
    if key := KEY.match(chunk):
        values.append(chunk[key.end() :])
    if registry := REGISTRY.search(chunk[:1024]):
        values.append(chunk[registry.end() :])
    return values


def _groups(text: bytes) -> tuple[list[bytes] | None, str]:
    """The groups of hex digits and the name of their form; no groups where other characters stand among them."""
    text = text.strip(AROUND)
    if text[:1] in (b"x", b"X"):  # PostgreSQL's \x and SQL's x'…'
        text = text[1:].lstrip(b"'")
    encoding = "hex"
    if b"0x" in text or b"0X" in text:
        if text.count(b"0x") + text.count(b"0X") > 1:
            encoding = "c-array"
        text = text.replace(b"0x", b" ").replace(b"0X", b" ").replace(b"u8", b"").replace(b"(byte)", b"")
    elif b"\\x" in text:
        encoding, text = "hex-escape", text.replace(b"\\x", b" ")
    text = text.translate(TO_SPACE, b"\"'`")
    if text.translate(None, DIGITS + b" "):
        return None, encoding
    return text.split(), encoding


def without_comments(body: bytes) -> bytes:
    """C's comments out of the way, in linear time whatever is left open."""
    if b"/*" in body:
        first, *rest = body.split(b"/*")
        kept = [first]
        for part in rest:
            comment, end, code = part.partition(b"*/")
            kept.append(b"\n" * comment.count(b"\n") + code if end else part)
        body = b"".join(kept)
    return LINE_COMMENT.sub(b"", body) if b"//" in body or b"#" in body else body


def _arrays(body: bytes, most: int) -> list[Token]:
    """Each bracketed list that is a token."""
    tokens: list[Token] = []
    lines = Lines(body)
    for count, match in enumerate(ARRAY.finditer(body)):
        if count >= MOST_TOKENS:
            raise too_many()
        token = decode_chunk(match[1]) if 8 <= len(match[1]) <= most else None
        if token is not None and likely(token.data):
            token.source.line = lines.number(match.start())
            tokens.append(token)
    return tokens


def _literals(body: bytes, most: int) -> list[Token]:
    """String literals with `\\x` escapes, as C, Python and shells write them; adjoining ones are one."""
    tokens: list[Token] = []
    lines = Lines(body)
    parts: list[bytes] = []
    line, end = None, 0
    for count, match in enumerate(LITERAL.finditer(body)):
        if count >= MOST_TOKENS:
            raise too_many()
        if parts and body[end : match.start()].strip(b" \t\n\\+.&"):
            tokens.append(found(b"".join(parts), "hex-escape", line))
            parts = []
        if not parts:
            line = lines.number(match.start())
        parts.append(unescape(match[2]) if len(match[2]) <= most else b"")
        end = match.end()
    if parts:
        tokens.append(found(b"".join(parts), "hex-escape", line))
    tokens = [token for token in tokens if likely(token.data)]
    if not tokens and len(body) <= most and not LITERAL.search(body):
        data = unescape(body.strip())
        return [found(data, "hex-escape", 1)] if likely(data) else []
    return tokens


def unescape(text: bytes) -> bytes:
    """The bytes of the inside of a string literal."""

    def plain(match: re.Match[bytes]) -> bytes:
        digits, unicode_digits, octal, letter = match.groups()
        if digits or unicode_digits:
            return bytes([int(digits or unicode_digits, 16)])
        if octal:
            return bytes([int(octal, 8) & 0xFF])
        return b"" if letter == b"\n" else LETTERS.get(letter, letter)

    return ESCAPE.sub(plain, text)


def find_hex(body: bytes) -> list[Token]:
    """The hex runs in other text that are tokens beyond doubt."""
    tokens: list[Token] = []
    lines = Lines(body)
    for match in RUN.finditer(body):
        glued = match[0][-1] in DIGITS and GOES_ON.match(body, match.end())
        token = None if glued else decode_chunk(match[0])
        if token is None or not convincing(token.data):
            continue
        if len(tokens) >= MOST_TOKENS:
            raise too_many()
        token.source.line = lines.number(match.start())
        tokens.append(token)
    return tokens


def explain_hex(body: bytes, least: int = LEAST_DIGITS) -> CarrierError | None:
    """What is wrong with text that is hex but for one thing; None where it is not hex at all."""
    plain = body.replace(b"0x", b"").replace(b"0X", b"").replace(b"\\x", b"")
    marked = len(plain) < len(body)
    rest = plain.translate(None, GAPS + b"\"'`{}[]();")
    strange = rest.translate(None, DIGITS)
    digits = len(rest) - len(strange)
    if digits < least or len(strange) > MOST_STRANGE or len(strange) * 25 > digits:
        return None
    lines = Lines(body)
    if strange:
        return _strange(body, strange[:1], lines)
    if digits % 2 == 0 and not marked:
        return None
    line, column = _odd_place(body, lines)
    return CarrierError(
        f"line {line}, column {column}: {digits} hex digits, an odd number: one is missing (expected two a byte)",
        "malformed",
        "copy the text again, whole",
    )


def _strange(body: bytes, character: bytes, lines: Lines) -> CarrierError | None:
    at = body.index(character)
    while body[max(at - 1, 0) : at + 1] in (b"0x", b"0X", b"\\x"):
        at = body.index(character, at + 1)
    shown = character.decode("latin-1") if character < b"\x80" else "non-ASCII text"
    return CarrierError(
        f"line {lines.number(at)}, column {lines.column(at)}: expected a hex digit, found {shown!r}", "malformed"
    )


def _odd_place(body: bytes, lines: Lines) -> tuple[int, int]:
    """Where a digit is missing: the group of odd length where the others are even, else the end of the text."""
    groups = re.finditer(rb"[0-9A-Fa-f]+", body.replace(b"0x", b"  ").replace(b"\\x", b"  "))
    odd = None
    for count, group in enumerate(groups):
        if count > MOST_TOKENS:
            break
        if (group.end() - group.start()) % 2:
            odd = group.end()
            break
    at = odd if odd is not None else len(body.rstrip())
    return lines.number(at), lines.column(at)
