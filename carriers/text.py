"""The front door: the bytes of one input in, its tokens out."""

from __future__ import annotations

from typing import Final

from secctx.decoders.recognise import NEGOEX_SIGNATURE, NTLM_SIGNATURE, recognise

from .frames import is_frame, unwrap
from .framing import likely
from .plaintext import read_text
from .token import CarrierError, Source, Token

FORMS: Final = ("raw", "base64", "hex", "dump", "header", "jsonl")
SIGNATURES: Final = (NTLM_SIGNATURE, NEGOEX_SIGNATURE)
MAX_TOKEN: Final = 1 << 20
MAX_INPUT: Final = 64 << 20

#: Characters of text that a byte of a token takes at most: `0x60, ` with a comment beside it.
WIDEST: Final = 16


def read_tokens(
    data: bytes, name: str, form: str | None = None, max_token: int = MAX_TOKEN, max_input: int = MAX_INPUT
) -> list[Token]:
    """The tokens of one input, in order; `form` names one of `FORMS` instead of leaving it to be recognised.

    Raises CarrierError, and nothing else, where there is no token or one larger than `max_token` bytes.
    """
    if form is not None and form not in FORMS:
        raise ValueError(f"form {form!r} is none of {', '.join(FORMS)}")
    if len(data) > max_input:
        raise _too_large("input", len(data), max_input, "--max-input")
    if not data:
        raise CarrierError("empty: no bytes", "empty")
    tokens = _read(data, form, WIDEST * max_token)
    if form != "raw":
        tokens = unwrap(tokens)
    for index, token in enumerate(tokens):
        if len(token.data) > max_token:
            raise _too_large("token", len(token.data), max_token, "--max-token")
        token.source.name, token.source.index = name, index
    return tokens


def reads_as_token(text: str) -> bool:
    """Whether text given in the place of a file name is itself a token."""
    try:
        tokens = read_tokens(text.encode("utf-8", "surrogateescape"), "")
    except CarrierError as error:
        return error.kind in ("malformed", "too-large", "tokenless")
    return any(likely(token.data) for token in tokens)


def _read(data: bytes, form: str | None, most: int) -> list[Token]:
    if form == "raw":
        return [_raw(data)]
    body = read_text(data)
    if body is not None and not body.strip():
        raise CarrierError(f"empty: {len(data)} bytes of white space", "empty")
    if form is not None:
        if body is None:
            raise CarrierError(f"expected {form} text, found bytes that are no text: {data[:8].hex(' ')}", "malformed")
        from . import named

        return named.READERS[form](body, most)
    if body is None:
        return _from_binary(data)
    from .textforms import read_forms  # a raw token does not pay for them

    if tokens := read_forms(body, most):
        return tokens
    from .refusals import certain, refuse, refuse_long

    if len(body) > most:
        raise refuse_long(body, most // WIDEST, most)
    if tokens := certain(body):
        return tokens
    if data[:8] in SIGNATURES or (len(data) > 3 and NTLM_SIGNATURE.startswith(data)):
        return [_raw(data)]  # cut short within its signature
    raise refuse(body)


def _from_binary(data: bytes) -> list[Token]:
    """A raw token, or the tokens of the header lines in something that is not all text (a log with a binary body)."""
    if recognise(data) is not None or is_frame(data):
        return [_raw(data)]
    from .headers import read_headers

    return read_headers(data.replace(b"\r", b"")) or [_raw(data)]


def _raw(data: bytes) -> Token:
    return Token(data, Source("", "raw", 0))


def _too_large(what: str, size: int, most: int, option: str) -> CarrierError:
    return CarrierError(
        f"{what} of {size} bytes is larger than the limit of {most} bytes", "too-large", f"{option} raises the limit"
    )
