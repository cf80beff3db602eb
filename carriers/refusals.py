"""What text is that is no token, said so that its owner knows what to give instead."""

from __future__ import annotations

import re
from typing import Final

from .base64text import ALPHABET, decode_chunk
from .headers import explain_headers
from .hextext import decode_any
from .plaintext import show
from .token import CarrierError, Token

LEAST: Final = 8  #: bytes that text must decode to before it is called base64 or hex
HTML: Final = re.compile(rb"(?i)<(?:!doctype html|html|head|body)[\s>]")
TITLE: Final = re.compile(rb"(?is)<title[^>]{0,200}>([^<]{0,300})")
STATUS_LINE: Final = re.compile(rb"(?m)^[< ]*HTTP/[\d.]+ (\d{3})(?: ([^\n]{0,60}))?")
SHOW_HEADER: Final = "give the header instead: curl -v (or the browser's network view) shows it"
UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER: Final = UPPER.lower()
NUMBERS: Final = b"0123456789"
FORMS: Final = "expected base64, hex, a dump or an HTTP header line"
#: What bytes or text begin with that people give in error.
FAMILIAR: Final = (
    (b"-----BEGIN", "a PEM file"),
    (b"eyJ", "a JSON web token"),
    (b"MII", "a certificate or key in base64"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"<?xml", "XML"),
)


def refuse(body: bytes) -> CarrierError:
    """The refusal of text in which no reader found a token."""
    if error := _web_page(body):
        return error
    if error := explain_headers(body):
        return error
    if status := STATUS_LINE.search(body[:4096]):
        message = f"this is an HTTP {status[1].decode()} response without a token"
        return CarrierError(message, "not-a-token", SHOW_HEADER)
    start = body.lstrip()
    for beginning, name in FAMILIAR:
        if start.startswith(beginning):
            return CarrierError(f"this looks like {name}, not a token: {show(start)}", "not-a-token", FORMS)
    for decode, least in ((decode_any, LEAST // 2), (decode_chunk, LEAST)):
        token = decode(body)
        if token is not None and len(token.data) >= least and not any("spaces" in note for note in token.notes):
            return _unknown(token)
    if not start:
        return CarrierError(f"empty: {len(body)} bytes of white space", "empty")
    return CarrierError(f"no token in this text: {FORMS}, found {show(start)}", "not-a-token")


def refuse_long(body: bytes, max_token: int, most: int) -> CarrierError:
    """The refusal of text that is longer than a token's can be, and in which no reader found a token."""
    size = len(body.translate(None, b"= \t\n")) * 3 // 4
    if size > max_token and not body.translate(None, ALPHABET + b"= \t\n"):
        text = f"token of about {size} bytes is larger than the limit of {max_token} bytes"
    else:
        text = f"no token in this text of {len(body)} characters, and one token takes at most {most}"
    return CarrierError(text, "too-large", "--max-token raises the limit")


def certain(body: bytes) -> list[Token]:
    """The token in text that can be nothing but hex or base64, though it begins like none we know."""
    if body.lstrip().startswith(tuple(start for start, _ in FAMILIAR)) or HTML.search(body[:65536]):
        return []
    token = decode_any(body)
    if token is not None and len(token.data) >= LEAST and (token.source.encoding != "hex" or _is_clearly_hex(body)):
        token.source.line = 1
        return [token]
    token = decode_chunk(body)
    if token is not None and len(token.data) >= 2 * LEAST and _is_clearly_base64(body):
        token.source.line = 1
        return [token]
    return []


def _is_clearly_hex(body: bytes) -> bool:
    text = body.strip()
    return len(text) >= 32 and (any(c in b"0123456789" for c in text[:4096]) or b" " in text or b":" in text)


def _is_clearly_base64(body: bytes) -> bool:
    """Whether a text of the alphabet is no word, path or identifier: letters of both cases and digits mixed."""
    text = b"".join(body[:4096].split(b"\n")).strip()
    if text.translate(None, ALPHABET + b"="):
        return False
    kinds = [any(c in kind for c in text) for kind in (UPPER, LOWER, NUMBERS, b"+/=")]
    return all(kinds[:3]) and (kinds[3] or len(text) >= 40) and text.count(b"/") * 8 < len(text)


def _unknown(token: Token) -> CarrierError:
    form = "base64" if token.source.encoding.startswith("base64") else "hex"
    return CarrierError(
        f"{form} of {len(token.data)} bytes that begin no token known: {token.data[:8].hex(' ')} "
        "(expected NTLMSSP, 60, a0, a1 or a Kerberos message)",
        "not-a-token",
        f"--from {form} decodes it nevertheless",
    )


def _web_page(body: bytes) -> CarrierError | None:
    if not HTML.search(body[:65536]):
        return None
    title = TITLE.search(body[:65536])
    name = " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
    shown = f" (its title: {name[:80]!r})" if name else ""
    hint = "an HTTP 401 page? " + SHOW_HEADER
    return CarrierError(f"this is an HTML page, not a token{shown}", "html", hint)
