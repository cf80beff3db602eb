"""Base64 in its disguises: wrapped, URL-safe, unpadded, quoted, percent-encoded, assigned, in other text, twice."""

from __future__ import annotations

import binascii
import re
from typing import Final

from .framing import announced, convincing, likely
from .pieces import read_pieces
from .plaintext import Lines, read_text
from .token import MOST_LOOKS, MOST_TOKENS, Oddity, Token, found, oddity, too_many

ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
STANDARD: Final = bytes.maketrans(b"-_", b"+/")
SPACE: Final = b" \t\n\v\f"
AROUND: Final = SPACE + b"\"'`,;()[]{}<>@\\"
ESCAPES: Final = (
    (b"\\r\\n", b"\n"),
    (b"\\n", b"\n"),
    (b"\\r", b"\n"),
    (b"\\/", b"/"),
    (b"\\u002b", b"+"),
    (b"\\u002B", b"+"),
    (b"\\u002f", b"/"),
    (b"\\u002F", b"/"),
    (b"\\u003d", b"="),
    (b"\\u003D", b"="),
)
PERCENTS: Final = (
    (b"%2B", b"+"),
    (b"%2b", b"+"),
    (b"%2F", b"/"),
    (b"%2f", b"/"),
    (b"%3D", b"="),
    (b"%3d", b"="),
    (b"%0D", b""),
    (b"%0d", b""),
    (b"%0A", b"\n"),
    (b"%0a", b"\n"),
    (b"%20", b" "),
)
#: What stands before a value: `"token": `, `token=`, `$x = `, `export TOKEN=`, `data:…;base64,`.
KEY: Final = re.compile(
    rb"\A[\s{(\[,@\"'`]*+(?:data:[\w/.+-]{0,80}+(?:;[\w=.-]{1,40}+)*;base64,|base64:"
    rb"|[$\w.\[\]\"'` -]{0,119}?[$\w.\])\"'` ][ \t]*+(?::=|=>|[:=])[ \t]*+(?=[\"'`@({\[ \n]|[A-Za-z0-9+/_-]{4}))"
)
JOINTS: Final = re.compile(rb"([\"'])[ \t]*+[+.&\\`]?[ \t]*+\n[ \t]*+[+.&]?[ \t]*+\1")
CONTINUED: Final = re.compile(rb"[ \t]*+[\\`^]\n")
QUOTED_MAIL: Final = re.compile(rb"(?m)^[ \t]*+[>|][>| \t]*+")
RUN: Final = re.compile(rb"(?<![A-Za-z0-9+/_-])[ABMTV-Za-fo][A-Za-z0-9+/_-]{11,}+={0,2}")
PADDING: Final = {0: 0, 2: 2, 3: 1}  #: characters of the last group to `=` signs
PERCENT_ENCODED: Final = oddity("percent-encoded", "percent-encoded")


def read_base64(body: bytes, most: int) -> list[Token]:
    """The tokens that `body` is in base64; empty where it is something else."""
    return read_pieces(body, decode_chunk, most)


def decode_chunk(chunk: bytes) -> Token | None:
    """One token from a chunk that is base64 and nothing else but quotes, a name and the like; None where it is not."""
    if len(chunk) < 4:
        return None
    chunk, notes = _plain(chunk)
    token = _decode_text(chunk)
    if (token is None or not likely(token.data)) and (key := KEY.match(chunk)):
        token = _decode_text(chunk[key.end() :]) or token
    if token is None:
        return None
    token.notes = (*notes, *token.notes)
    return decode_again(token)


def _plain(chunk: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The chunk without the escapes of JSON, URLs, string literals and quoted mail."""
    notes: tuple[str, ...] = ()
    if b"\\" in chunk:
        for escape, plain in ESCAPES:
            chunk = chunk.replace(escape, plain)
    if b"%" in chunk:
        before = len(chunk)
        for escape, plain in PERCENTS:
            chunk = chunk.replace(escape, plain)
        notes = (PERCENT_ENCODED,) if len(chunk) < before else ()
    if b"\n" in chunk:
        chunk = CONTINUED.sub(b"\n", chunk)
        if (b'"' in chunk or b"'" in chunk) and chunk.count(b"\n") < MOST_LOOKS:
            chunk = JOINTS.sub(b"", chunk)
        if b">" in chunk or b"|" in chunk:
            chunk = QUOTED_MAIL.sub(b"", chunk)
    return chunk, notes


def _decode_text(text: bytes) -> Token | None:
    text = text.strip(AROUND)
    run = text.translate(None, SPACE)
    if not run or run.translate(None, ALPHABET + b"="):
        return None
    token = decode_run(run)
    if token is None or b" " not in text:
        if token is not None and (lines := text.count(b"\n")):
            token.notes = (oddity("wrapped", f"base64 wrapped over {lines + 1} lines"), *token.notes)
        return token
    spaced = decode_run(text.replace(b"\n", b"").replace(b" ", b"+"))
    if spaced is not None and not _fits(token) and (_fits(spaced) or not _is_even(text)):
        spaced.notes = (oddity("plus-to-space", "spaces stand where + was"), *spaced.notes)
        return spaced
    token.notes = (oddity("spaced", "base64 wrapped by spaces"), *token.notes)
    return token


def _is_even(text: bytes) -> bool:
    """Whether all pieces between white space have one length but the last: so text is wrapped, not damaged."""
    sizes = [len(piece) for piece in text.split()]
    return len(set(sizes[:-1])) <= 1 and sizes[-1] <= sizes[0]


def _fits(token: Token | None) -> bool:
    return token is not None and announced(token.data) == len(token.data)


def decode_run(run: bytes) -> Token | None:
    """The bytes of unbroken base64, whatever its alphabet and padding; None where it is not that."""
    core = run.rstrip(b"=")
    if not core or core.translate(None, ALPHABET):
        return None
    notes: list[Oddity] = []
    pads, rest = len(run) - len(core), len(core) % 4
    if rest == 1:
        core = core[:-1]
        notes.append(oddity("cut-group", "base64 ends inside a group: its last character is left out"))
    elif pads != PADDING[rest]:
        wrong = f"padding wrong: {pads} '=' where {PADDING[rest]} belong"
        notes.append(oddity("padding", "padding missing" if not pads else wrong))
    encoding = "base64url" if b"-" in core or b"_" in core else "base64"
    if encoding == "base64url" and (b"+" in core or b"/" in core):
        notes.append(oddity("mixed-alphabets", "standard and URL-safe base64 mixed"))
    if not core:
        return None
    try:
        data = binascii.a2b_base64(core.translate(STANDARD) + b"=" * (-len(core) % 4))
    except binascii.Error:
        return None
    return found(data, encoding, None, *notes)


def decode_again(token: Token) -> Token:
    """The token inside where what base64 or hex held is itself base64 of a token."""
    if convincing(token.data):
        return token
    text = read_text(token.data)
    if text is None or len(text) < 8:
        return token
    run, _ = _plain(text)
    inner = _decode_text(run.removeprefix(b"Negotiate ").removeprefix(b"NTLM "))
    if inner is None or not likely(inner.data):
        return token
    outer = token.source.encoding.removesuffix("url")
    twice = oddity(f"base64-in-{outer}", f"base64 inside {outer}")
    return found(inner.data, f"base64 in {outer}", None, *token.notes, twice, *inner.notes)


def decode_value(run: bytes) -> Token | None:
    """The bytes of a header's or a field's base64, decoded again where it was encoded twice."""
    token = decode_run(run)
    return None if token is None else decode_again(token)


def find_base64(body: bytes) -> list[Token]:
    """The base64 runs in other text that are tokens beyond doubt."""
    body, notes = _plain(body)
    tokens: list[Token] = []
    lines, end = Lines(body), 0
    for match in RUN.finditer(body):
        if match.start() < end:
            continue
        head = decode_run(match[0][:64].rstrip(b"="))
        if head is None or not (convincing(head.data) or _holds_token(head.data)):
            continue
        end, run = _following(body, match)
        token = decode_value(run)
        if token is None or not convincing(token.data):
            continue
        if len(tokens) >= MOST_TOKENS:
            raise too_many()
        token.source.line, token.notes = lines.number(match.start()), (*notes, *token.notes)
        tokens.append(token)
    return tokens


def _holds_token(data: bytes) -> bool:
    inner = decode_run(data)
    return inner is not None and convincing(inner.data)


NEXT_LINE: Final = re.compile(rb"[\"',; \t]*+\n[\"' \t]*+([A-Za-z0-9+/_-]{1,}+={0,2})(?=[\"',; \t]*+(?:\n|\Z))")


def _following(body: bytes, first: re.Match[bytes]) -> tuple[int, bytes]:
    """Where the run that may be wrapped ends, and the run: lines of one width and a shorter last one."""
    end, parts, width = first.end(), [first[0]], len(first[0])
    needed = _characters(first[0])
    have = width
    while not parts[-1].endswith(b"=") and (needed is None or have < needed) and (more := NEXT_LINE.match(body, end)):
        if len(more[1]) > width:
            break
        end = more.end()
        parts.append(more[1])
        have += len(more[1])
        if len(more[1]) < width:
            break
    return end, b"".join(parts)


def _characters(run: bytes) -> int | None:
    """How many base64 characters the token takes that `run` begins."""
    head = decode_run(run[:96].rstrip(b"="))
    size = None if head is None else announced(head.data)
    return None if size is None else (size * 4 + 2) // 3
