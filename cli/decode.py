"""`secctx decode`: what a token says, and what is wrong with it."""

from __future__ import annotations

from typing import Any, Final

import click

from . import exits
from .decode_output import Output
from .errors import Refusal, complain_through
from .finding_options import finding_options
from .inputs import MAX_INPUT, MAX_TOKEN, gather
from .judging import OPTIONS as JUDGING
from .judging import Judging
from .key_files import taken_as
from .key_options import KEY_OPTIONS, key_options
from .unlocking import Unlocking

#: The options that give keys, and what keys are tried on.
_KEYS: Final = (*KEY_OPTIONS, "password_file", "messages")

FORMS: Final = ("raw", "base64", "hex", "dump", "header", "jsonl")


@click.command()
@click.argument("tokens", metavar="[TOKEN]...", nargs=-1, type=click.Path(readable=False))
@click.option("--from", "form", type=click.Choice(FORMS), help="Name the form of the input instead of recognising it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line (secctx.decode/1).")
@click.option("--format", "layout", type=click.Choice(["tree", "summary", "hex"]), default="tree", show_default=True)
@click.option("--spans", is_flag=True, help="Show the bytes of every field as [start, stop).")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Show N levels of the tree.")
@click.option("--full", is_flag=True, help="Show long values whole, and one-line structures field by field.")
@click.option("--get", "path", metavar="PATH", help="Print one value: mechToken.ticket.realm, mechanism, size …")
@click.option(
    "-w",
    "--write",
    "target",
    metavar="FILE",
    type=click.Path(readable=False),
    help="Write the raw bytes of the token, or of --get's value.",
)
@key_options(ccache="Session keys of its tickets, for what a client sent and received.")
@click.option("--password-file", metavar="FILE", help="The password of --principal, on the first line.")
@click.option("--users", "users_file", metavar="FILE", help="NTLM's users (NTLM_USER_FILE), to judge a handshake.")
@click.option("--user", metavar="NAME", help="One user of NTLM; the password as for --principal.")
@click.option("--nt-hash-file", metavar="FILE", help="The NT hash of --user, as 32 hex digits.")
@click.option(
    "--at", metavar="TIME", help="The clock: ISO 8601, UNIX seconds, or `token`. Without it none is judged by."
)
@click.option(
    "--bindings", multiple=True, metavar="SPEC", help="The server's channel: cert:FILE, data:HEX … as of accept."
)
@finding_options
@click.option("--message", "messages", multiple=True, metavar="FILE", help="What a MIC token signs, to verify it.")
@click.option("--redact", is_flag=True, help="Stand-ins for names, hosts, keys, tickets, responses: to be shared.")
@click.option("--show-secrets", "secrets", is_flag=True, help="Show passwords, PINs and keys that the input holds.")
@click.option("-q", "--quiet", is_flag=True, help="Print no tree or summary and no hints: the exit code tells.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="NO_COLOR is obeyed.",
)
@click.option(
    "--max-token", type=click.IntRange(min=1), default=MAX_TOKEN, show_default=True, help="Largest token, in bytes."
)
@click.option(
    "--max-input", type=click.IntRange(min=1), default=MAX_INPUT, show_default=True, help="Largest input, in bytes."
)
def decode(
    tokens: tuple[str, ...], form: str | None, max_token: int, max_input: int, redact: bool, **options: Any
) -> int:
    """Take tokens apart, field by field, and say what is wrong: SPNEGO, NTLM, Kerberos, GSS-API.

    A TOKEN is a file, - for standard input, or the text itself: base64, hex, a dump, an HTTP header, a log of curl -v.
    Without TOKEN, standard input is read. Several tokens are looked at together, as the legs of a logon.

    \b
    Examples:
      secctx decode 'WWW-Authenticate: Negotiate oQcwBaADCgEC'
      secctx decode 'NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=='
      echo 'a1 07 30 05 a0 03 0a 01 02' | secctx decode
      secctx decode --format summary oQcwBaADCgEC oQcwBaADCgEA
      secctx decode --get negState oQcwBaADCgEC
      secctx decode --json --spans oQcwBaADCgEC

    Files and pipes: secctx decode token.bin; curl -sv --negotiate -u : URL 2>&1 | secctx decode
    With keys: secctx decode --keytab http.keytab ap-req.bin ap-rep.bin; what one token gives serves the later ones.

    \b
    Exit codes: 0 decoded whole; 3 no token, malformed or cut short (what could be read is still shown);
    4 a file cannot be read or written; 1 --get finds no such value, or a finding is as grave as --fail-on;
    2 the command line is wrong.
    """
    redaction = None
    if redact:
        from .redaction import Redaction

        redaction = Redaction([*tokens, options["target"], *map(options.get, _FILES), *_named(options)])
        complain_through(redaction.text)
    judging = Judging(options)
    for name in JUDGING:
        del options[name]
    if redaction is not None:
        judging.name_to(redaction)
    unlocking = Unlocking({name: options.pop(name) for name in _KEYS}, redaction)
    found, refused = gather(tokens, form, max_token, max_input)
    fields = options["layout"] == "hex" or any(options[name] for name in ("path", "target", "spans", "depth"))
    found = [taken_as(token, redaction, fields=fields) for token in found]
    if redaction is not None:
        refused = [redaction.refusal(refusal) for refusal in refused]
    names = [token.source.name for token in found]
    several = {name for name in names if names.count(name) > 1} if len(names) < 1000 else set(names)
    several |= set(map(redaction.file, several)) if redaction is not None else set()
    show = Output(
        **options,
        unlocking=unlocking,
        judging=judging,
        redaction=redaction,
        many=len(found) + len(refused) > 1,
        several=several,
    )
    if show.target is not None and len(found) > 1:
        raise Refusal(f"-w writes one token, and {len(found)} were found", exits.USAGE, ["give one token at a time"])
    codes = show.all(found)
    codes.extend(show.refusal(refusal) for refusal in refused)
    return max(codes, default=exits.BAD_INPUT)


#: Options that name a file; --keytab and --key may be repeated.
_FILES: Final = ("ccache", "password_file", "users_file", "nt_hash_file")


def _named(options: dict[str, Any]) -> list[str]:
    return [*options["keytabs"], *(spec.partition(":")[2] for spec in (*options["key_files"], *options["bindings"]))]
