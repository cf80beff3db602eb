"""A decoded token for a person: what it is, what is wrong with it, and its fields as a tree or beside the bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from rich.console import Console
from rich.text import Text

from secctx.carriers.token import Oddity, Source, Token
from secctx.decoders.values import Decoded
from secctx.rules.finding import ERROR

from .findings import finding_lines, lead_lines, screen
from .plain import plain
from .problems import describe
from .summary import detail, heading
from .tree import WRONG, Shape, print_tree

if TYPE_CHECKING:
    from secctx.rules.finding import Finding

    from .unlocking import Line

#: How findings are coloured.
STYLES: Final = {"error": WRONG, "warning": "yellow", "note": "default"}

OPENED: Final = "green"
CLOSED: Final = "yellow"

#: So many causes stand before several tokens.
_MOST_LEADS: Final = 3

#: Lines that go into a pipe or file are not folded.
PIPE_WIDTH = 10_000


#: Beginnings of names of which one says `an`, and of carriers that are messages around a token.
_VOWEL_SOUNDS: Final = ("A", "E", "I", "O", "U", "SMB", "LDAP")
_PROTOCOLS: Final = ("SMB", "LDAP", "DCE/RPC", "OCTET STRING", "SaslCredentials", "serverSaslCreds")


class _Console(Console):
    """rich's, but that a pipe closed by the reader is for `main` to answer: rich would end with 1."""

    def on_broken_pipe(self) -> None:
        """Pass it on."""
        raise BrokenPipeError


def make_console(color: str) -> Console:
    """A console on stdout: colour as asked, no wrapping where lines go into a pipe or file."""
    force = {"always": True, "never": False}.get(color)
    columns = os.environ.get("COLUMNS", "")
    asked = max(int(columns), 20) if columns.isdecimal() and int(columns) else None
    width = asked or (None if sys.stdout.isatty() else PIPE_WIDTH)
    return _Console(
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
    findings: Sequence[Finding] = (),
) -> None:
    """Print heading (behind `name`, where there is one), a line of what it says, what is wrong, and the fields.

    `parts` are what became of its encrypted parts. Where something fails, the cause stands before everything else.
    """
    console = make_console(color)
    if not name:
        _print_lead(console, list(lead_lines(findings, screen(PIPE_WIDTH))))
    size = len(decoded.data)
    title = Text(f"{plain(name)}: " if name else "").append(heading(decoded), style="bold")
    title.append(f", {size} byte{'s' if size != 1 else ''} ({arrived(token.source)})", style="default not bold")
    console.print(title)
    said = detail(decoded)
    if said:
        console.print(Text(plain(said)))
    if decoded.error is not None and not (findings and findings[0].severity == ERROR):
        console.print(Text(plain(describe(decoded.error, size)), style=WRONG))
    told = any(finding.rule.code.startswith("ENC") for finding in findings)
    for note in token.notes:
        if told and isinstance(note, Oddity):
            continue  # a finding says it
        console.print(Text(f"note: {plain(note)}", style="yellow"))
    for part in parts:
        place = f"{part.path}{' ' if part.good else ': '}" if part.path else ""
        console.print(Text(plain(f"{part.verb}: {place}{part.text}"), style=OPENED if part.good else CLOSED))
    if findings:
        console.print()
    for line in finding_lines(decoded, findings, screen(PIPE_WIDTH), told=not name):
        console.print(Text(line.label, style=STYLES[line.severity]).append(line.text, style="default not bold"))
    if layout == "tree":
        console.print()
        print_tree(console, decoded, shape)
    elif decoded.data:
        from .hexview import print_hex

        console.print()
        print_hex(console, decoded, shape)


def print_leads(color: str, roots: Sequence[tuple[str, Finding]]) -> None:
    """Before several tokens: the cause of each logon that failed, with the token that shows it."""
    console = make_console(color)
    for place, finding in roots[:_MOST_LEADS]:
        _print_lead(console, list(lead_lines([finding], screen(PIPE_WIDTH), place)))
    if len(roots) > _MOST_LEADS:
        console.print(f"… {len(roots) - _MOST_LEADS} more below")


def _print_lead(console: Console, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines):
        console.print(Text(line, style="" if line.startswith(("→", "  ")) and number else WRONG))
    if lines:
        console.print()


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
