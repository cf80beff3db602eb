"""A decoded token for a person: what it is, what is wrong with it, and its fields as a tree or beside the bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from rich.console import Console
from rich.text import Text

from secctx.carriers.token import Source, Token
from secctx.decoders.values import Decoded

from .plain import plain
from .problems import describe
from .summary import detail, heading
from .tree import WRONG, Shape, print_tree

if TYPE_CHECKING:
    from .unlocking import Line

OPENED: Final = "green"
CLOSED: Final = "yellow"

#: Lines that go into a pipe or file are not folded.
PIPE_WIDTH = 10_000


#: Beginnings of names of which one says `an`, and of carriers that are messages around a token.
_VOWEL_SOUNDS: Final = ("A", "E", "I", "O", "U", "SMB", "LDAP")
_PROTOCOLS: Final = ("SMB", "LDAP", "DCE/RPC", "OCTET STRING", "SaslCredentials", "serverSaslCreds")


def make_console(color: str) -> Console:
    """A console on stdout: colour as asked, no wrapping where lines go into a pipe or file."""
    force = {"always": True, "never": False}.get(color)
    columns = os.environ.get("COLUMNS", "")
    asked = max(int(columns), 20) if columns.isdecimal() and int(columns) else None
    width = asked or (None if sys.stdout.isatty() else PIPE_WIDTH)
    return Console(
        force_terminal=force, no_color=True if force is False else None, highlight=False, emoji=False, width=width
    )


def print_report(
    decoded: Decoded,
    token: Token,
    color: str,
    layout: Literal["tree", "hex"],
    shape: Shape,
    name: str | None,
    parts: Sequence[Line] = (),
) -> None:
    """Print heading (behind `name`, where there is one), a line of what it says, what is wrong, and the fields.

    `parts` are what became of its encrypted parts.
    """
    console = make_console(color)
    size = len(decoded.data)
    title = Text(f"{plain(name)}: " if name else "").append(heading(decoded), style="bold")
    title.append(f", {size} byte{'s' if size != 1 else ''} ({arrived(token.source)})", style="default not bold")
    console.print(title)
    said = detail(decoded)
    if said:
        console.print(Text(plain(said)))
    if decoded.error is not None:
        console.print(Text(plain(describe(decoded.error, size)), style=WRONG))
    for note in token.notes:
        console.print(Text(f"note: {plain(note)}", style="yellow"))
    for part in parts:
        gap = " " if part.good else ": "
        console.print(Text(plain(f"{part.verb}: {part.path}{gap}{part.text}"), style=OPENED if part.good else CLOSED))
    if layout == "tree":
        console.print()
        print_tree(console, decoded, shape)
    elif decoded.data:
        from .hexview import print_hex

        console.print()
        print_hex(console, decoded, shape)


def arrived(source: Source) -> str:
    """How the token came: `base64 in an Authorization header`."""
    if source.carrier is None:
        return source.encoding
    header = source.carrier.partition(":")[0]
    article = "an" if header.startswith(_VOWEL_SOUNDS) else "a"
    if ":" in source.carrier:
        return f"{source.encoding} in {article} {header} header"
    if header.startswith(_PROTOCOLS):
        return f"{source.encoding} in {article} {header}"
    return f"{source.encoding} behind {source.carrier}"
