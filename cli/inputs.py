"""Where tokens come from: arguments, files, standard input."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Sequence

from secctx.carriers.token import CarrierError, Source, Token

from . import exits
from .errors import Refusal

#: Text that is no file name: a header, a scheme with its credential, a web page. What is wrong with it is told, and
#: it is not repeated.
_SCHEME = re.compile(r"(?i)\s*(?:[\w-]+:\s|(?:negotiate|ntlm|kerberos|basic|bearer)(?:\s|$)|<)")

#: The causes that leave no token to look at, by the kind of the carriers' error.
_CAUSES = {"html": "ENC006", "not-a-token": "ENC008", "tokenless": "ENC008", "empty": "ENC008", "malformed": "ENC004"}

MAX_TOKEN = 1 << 20
#: No longer argument is repeated whole.
SHOWN_WHOLE = 255
MAX_INPUT = 64 << 20


def gather(
    arguments: Sequence[str], form: str | None, max_token: int, max_input: int, *, empty: bool = False
) -> tuple[list[Token], list[Refusal]]:
    """All tokens of all arguments, in order, and what was wrong with the inputs that gave none.

    Without arguments standard input is read, unless it is a terminal. With `empty`, no bytes are a token of none.
    """
    if not arguments:
        if sys.stdin is not None and sys.stdin.isatty():
            raise Refusal(
                "no TOKEN given, and standard input is a terminal",
                exits.USAGE,
                ["give a file, a header line, base64 or hex text, or pipe something in: secctx decode --help"],
            )
        arguments = ["-"]
    tokens: list[Token] = []
    refused: list[Refusal] = []
    for argument in arguments:
        try:
            tokens.extend(_tokens_of(argument, form, max_token, max_input, empty))
        except Refusal as refusal:
            refused.append(refusal)
    return tokens, refused


def _tokens_of(argument: str, form: str | None, max_token: int, max_input: int, empty: bool) -> list[Token]:
    data, name = _bytes_of(argument, form, max_input)
    if empty and not data:
        return [Token(data, Source(name, "raw", 0))]
    if form == "raw" and data:
        # The bytes as they are need no reading of text forms.
        if len(data) > max_token:
            raise _too_large(shown(name), "token", len(data), max_token, "--max-token")
        return [Token(data, Source(name, "raw", 0))]
    from secctx.carriers.text import read_tokens

    try:
        return read_tokens(data, name, form, max_token, max_input)
    except CarrierError as error:
        cause = _CAUSES.get(error.kind, "")
        hints = [*error.hints, f"{cause}: secctx explain {cause}"] if cause else error.hints
        raise Refusal(f"{shown(name)}: {error.message}", exits.BAD_INPUT, hints, cause) from None


def _bytes_of(argument: str, form: str | None, max_input: int) -> tuple[bytes, str]:
    """The bytes that an argument stands for, and what to call them."""
    if not argument.strip():
        raise Refusal("the argument is empty: is a variable unset?", exits.BAD_INPUT)
    if argument == "-" and sys.stdin is None:
        raise Refusal("standard input: closed", exits.NO_FILE)
    if argument == "-":
        return _bounded(sys.stdin.buffer.read(max_input + 1), "standard input", max_input), "-"
    try:
        status = os.stat(argument)
    except (OSError, ValueError) as error:
        return _literal(argument, error), "argument"
    if stat.S_ISDIR(status.st_mode):
        raise Refusal(f"{argument}: is a directory", exits.NO_FILE, ["give the files in it: secctx decode DIRECTORY/*"])
    if stat.S_ISREG(status.st_mode) and status.st_size > max_input:
        raise _too_large(argument, "input", status.st_size, max_input, "--max-input")
    try:
        with open(argument, "rb") as file:
            # A read of the whole limit would ask for that much memory; a regular file says how much it has.
            most = status.st_size + 1 if stat.S_ISREG(status.st_mode) else max_input + 1
            return _bounded(file.read(most), argument, max_input), argument
    except OSError as error:
        raise Refusal(f"{argument}: cannot be read: {error.strerror}", exits.NO_FILE) from None


def shortened(argument: str) -> str:
    """An argument as it is named in a message: whole, or its beginning where it is long."""
    return argument if len(argument) <= SHOWN_WHOLE else f"{argument[:40]}… ({len(argument)} characters)"


def _literal(argument: str, error: OSError | ValueError) -> bytes:
    """The text itself, where it reads as a token; a file name that is no file else."""
    from secctx.carriers.text import reads_as_token

    if reads_as_token(argument) or _SCHEME.match(argument):
        return os.fsencode(argument)
    missing = isinstance(error, FileNotFoundError | NotADirectoryError | ValueError) or error.errno in (36, 63)
    shown = shortened(argument)
    if missing:
        raise Refusal(f"{shown}: no such file, and not a token", exits.NO_FILE)
    raise Refusal(f"{shown}: cannot be read: {error.strerror if isinstance(error, OSError) else error}", exits.NO_FILE)


def _bounded(data: bytes, name: str, max_input: int) -> bytes:
    if len(data) > max_input:
        raise _too_large(name, "input", len(data), max_input, "--max-input")
    return data


def _too_large(name: str, what: str, size: int, limit: int, option: str) -> Refusal:
    at_least = "at least " if size == limit + 1 else ""
    return Refusal(
        f"{name}: {what} too large: {at_least}{size} bytes, the limit is {limit}",
        exits.BAD_INPUT,
        [f"if that is meant, raise it: {option} {size}"],
    )


def shown(name: str) -> str:
    """The name of an input, for a person."""
    return "standard input" if name == "-" else name


def where(source: Source, many: bool) -> str:
    """The input, and, where there are many tokens, the place of this one in it: `curl.log, line 7`."""
    name = shown(source.name)
    if many and source.line is not None:
        return f"{name}, line {source.line}"
    return f"{name}, token {source.index + 1}" if source.index else name
