"""The options that give Kerberos keys, the same for every command that takes some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

#: The parameters that they become, in the order of the help.
KEY_OPTIONS: Final = ("keytabs", "key_files", "principal", "salt", "iterations", "ccache")


def key_options(ccache: str) -> Callable[[Any], Any]:
    """Add the options to a command; `ccache` is what a credential cache is for there."""
    options = (
        click.option(
            "--keytab", "keytabs", multiple=True, metavar="FILE", help="Kerberos keys (KRB5_KTNAME); repeatable."
        ),
        click.option(
            "--key", "key_files", multiple=True, metavar="ETYPE:FILE", help="One Kerberos key, as hex in the file."
        ),
        click.option(
            "--principal", metavar="NAME", help="A Kerberos key from the password, as for --user: HTTP/web@REALM."
        ),
        click.option("--salt", metavar="TEXT", help="The salt of --principal, where it is none of the usual ones."),
        click.option(
            "--iterations", type=click.IntRange(min=1), help="Of --principal's AES keys, where not the usual ones."
        ),
        click.option("--ccache", metavar="FILE", help=ccache),
    )

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add
