"""Refusals that end the command: one line of what is wrong, lines of what to do, an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from .plain import plain


class Refusal(Exception):
    """The command cannot go on; `message` says why, `hints` what to do, `code` is the exit code.

    `cause` is the code of the finding that it is, where the input is at fault and has one.
    """

    def __init__(self, message: str, code: int, hints: Iterable[str] = (), cause: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hints = tuple(hints)
        self.code = code
        self.cause = cause


#: What a line goes through before it is shown: `--redact` puts stand-ins in.
_filters: list[Callable[[str], str]] = []


def complain_through(change: Callable[[str], str]) -> None:
    """From here on, to the end of the command, show every complaint as `change` makes it."""
    _filters[:] = [change]


def complain(message: str, hints: Iterable[str] = (), *, as_shown: bool = False) -> None:
    """Say on stderr what is wrong and what to do, each on a line of its own behind `secctx:`.

    What is said of a token `as_shown` was made from what may be shown already.
    """
    for line in (message, *hints):
        for change in () if as_shown else _filters:
            line = change(line)
        print(f"secctx: {plain(line)}", file=sys.stderr)
