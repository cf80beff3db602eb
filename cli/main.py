"""The command `secctx`: its sub-commands, imported when called, and the one place that turns errors into exit codes."""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from typing import Final, NoReturn

import click

from . import exits
from .errors import Refusal, complain

#: Command: module, its function, one line for the list. Static, so that `secctx --help` imports none of them.
COMMANDS: Final[dict[str, tuple[str, str, str]]] = {
    "accept": ("secctx.cli.accept", "accept", "AcceptSecurityContext (Negotiate), one leg per token."),
    "explain": ("secctx.cli.explain", "explain", "What a status, flag, error number or line of a log means."),
    "decode": ("secctx.cli.decode", "decode", "What a token says, and what is wrong with it."),
}

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _ReaderGone(Exception):
    """Whoever read our output has what it wanted."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called: decoding must not wait for what it does not use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def invoke(self, ctx: click.Context) -> object:
        # click answers a pipe closed by its reader with exit code 1; that is no failure of ours.
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise _ReaderGone from None
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("secctx")
        except PackageNotFoundError:
            number = "(not installed)"
        click.echo(f"secctx {number}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings=CONTEXT, no_args_is_help=True)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def secctx() -> None:
    """Decode SPNEGO, NTLM, Kerberos and GSS-API tokens, in whatever form they arrive.

    \b
    Examples:
      secctx decode 'WWW-Authenticate: Negotiate oQcwBaADCgEC'
      echo 'a1 07 30 05 a0 03 0a 01 02' | secctx decode
      secctx decode --json oQcwBaADCgEC
    """


def main() -> NoReturn:
    """Run the command line; every way it can end is an exit code of docs/cli.md."""
    # The process lives for one command, and its trees hold no cycles: looking for some is up to half of large inputs.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None or sys.stderr is None:
        os._exit(exits.NO_FILE)  # whoever closed them hears nothing, and nothing is to be done unheard
    try:
        code = secctx.main(standalone_mode=False)
    except Refusal as refusal:
        complain(refusal.message, refusal.hints)
        code = refusal.code
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        click.echo(help_wanted.format_message())
        code = exits.OK
    except click.ClickException as error:
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "secctx"
        complain(error.format_message().rstrip(".").replace("\n", " "), [f"try: {command} --help"])
        code = error.exit_code
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = exits.INTERRUPTED
    except (_ReaderGone, BrokenPipeError):
        # Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = exits.OK
    except OSError as error:
        complain(f"{error.filename or 'output'}: {error.strerror or error}")
        code = exits.NO_FILE
    except Exception as error:  # the last door: a defect of ours is said in words, not as a traceback
        if os.environ.get("SECCTX_DEBUG"):
            raise
        hints = ["this is a defect of secctx: please report it with the input; SECCTX_DEBUG=1 shows where"]
        complain(f"internal error: {type(error).__name__}: {error}", hints)
        code = exits.BAD_INPUT
    sys.exit(code if isinstance(code, int) else exits.OK)
