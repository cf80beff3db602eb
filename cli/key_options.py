"""The options that give Kerberos keys, the same for every command that takes some."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from . import exits
from .errors import Refusal

#: The parameters that they become, in the order of the help.
KEY_OPTIONS: Final = ("keytabs", "key_files", "principal", "salt", "iterations", "ccache")
#: As many as string-to-key works through (`secctx.keys.string_to_key`, which help does without).
_MOST_ITERATIONS: Final = 1 << 24


def key_options(ccache: str) -> Callable[[Any], Any]:
    """Add the options to a command; `ccache` is what a credential cache is for there."""
    options = (
        click.option(
            "--keytab",
            "keytabs",
            multiple=True,
            metavar="FILE",
            callback=lambda _context, _option, names: tuple(map(_path, names)),
            help="Kerberos keys (KRB5_KTNAME); repeatable.",
        ),
        click.option(
            "--key", "key_files", multiple=True, metavar="ETYPE:FILE", help="One Kerberos key, as hex in the file."
        ),
        click.option(
            "--principal", metavar="NAME", help="A Kerberos key from the password, as for --user: HTTP/web@REALM."
        ),
        click.option("--salt", metavar="TEXT", help="The salt of --principal, where it is none of the usual ones."),
        click.option(
            "--iterations",
            type=click.IntRange(1, _MOST_ITERATIONS),
            help="Of --principal's AES keys, where not the usual ones.",
        ),
        click.option(
            "--ccache",
            metavar="FILE",
            callback=lambda _context, _option, name: None if name is None else _path(name),
            help=ccache,
        ),
    )

    def add(command: Any) -> Any:
        @functools.wraps(command)
        def checked(**given: Any) -> Any:
            _check(given)
            return command(**given)

        for option in reversed(options):
            checked = option(checked)
        return checked

    return add


def _path(name: str) -> str:
    """The path of a keytab or cache that may be named as other programs have it: `FILE:/etc/krb5.keytab`."""
    kind, colon, path = name.partition(":")
    return path if colon and kind.upper() in ("FILE", "WRFILE") else name


def _check(given: Mapping[str, Any]) -> None:
    """Refuse what would be passed over in silence: options that say more of what is not given."""
    if given["principal"] is None:
        for name in ("salt", "iterations"):
            if given[name] is not None:
                raise Refusal(f"--{name} is of --principal, which is not given", exits.USAGE)
    keys = any(given[name] for name in KEY_OPTIONS) or os.environ.get("KRB5_KTNAME")
    if given.get("messages") and not keys:
        raise Refusal("--message is for MIC tokens, and no key is given to verify them", exits.USAGE)
