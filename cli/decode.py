"""`secctx decode`: what a token says, and what is wrong with it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from secctx.carriers.token import Source, Token
from secctx.decoders import decode as decode_token
from secctx.decoders.values import Decoded

from . import exits
from .document import SCHEMA, document
from .errors import Refusal, complain, complain_through
from .files import write_whole
from .inputs import MAX_INPUT, MAX_TOKEN, gather, where
from .key_files import KeyFile, show_key_file, taken_as
from .key_options import KEY_OPTIONS, key_options
from .problems import advice
from .problems import describe as describe_problem
from .unlocking import Line, Unlocking, shown_lines

if TYPE_CHECKING:
    from .redaction import Redaction

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
    """Take tokens apart: SPNEGO, NTLM, Kerberos, GSS-API, field by field.

    A TOKEN is a file, - for standard input, or the text itself: base64, hex, a dump, an HTTP header, a log of curl -v.
    Without TOKEN, standard input is read. Several tokens are shown one after another.

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
    4 a file cannot be read or written; 1 --get finds no such value; 2 the command line is wrong.
    """
    redaction = None
    if redact:
        from .redaction import Redaction

        redaction = Redaction([*tokens, options["target"], *map(options.get, _FILES), *_named(options)])
        complain_through(redaction.text)
    unlocking = Unlocking({name: options.pop(name) for name in _KEYS}, redaction)
    found, refused = gather(tokens, form, max_token, max_input)
    fields = options["layout"] == "hex" or any(options[name] for name in ("path", "target", "spans", "depth"))
    # What is to be opened must be itself until it is.
    found = [taken_as(token, redaction, fields=fields, later=unlocking.given) for token in found]
    if redaction is not None:
        refused = [redaction.refusal(refusal) for refusal in refused]
    names = [token.source.name for token in found]
    several = {name for name in names if names.count(name) > 1} if len(names) < 1000 else set(names)
    several |= set(map(redaction.file, several)) if redaction is not None else set()
    show = _Output(
        **options, unlocking=unlocking, redaction=redaction, many=len(found) + len(refused) > 1, several=several
    )
    if show.target is not None and len(found) > 1:
        raise Refusal(f"-w writes one token, and {len(found)} were found", exits.USAGE, ["give one token at a time"])
    codes = [show.token(token) for token in found]
    codes.extend(show.refusal(refusal) for refusal in refused)
    return max(codes, default=exits.BAD_INPUT)


#: Options that name a file; --keytab and --key may be repeated.
_FILES: Final = ("ccache", "password_file", "message")


def _named(options: dict[str, Any]) -> list[str]:
    return [*options["keytabs"], *(spec.partition(":")[2] for spec in options["key_files"])]


class _Output:
    """Where a decoded token goes, by the options of the command line."""

    def __init__(
        self,
        *,
        as_json: bool,
        layout: Literal["tree", "summary", "hex"],
        spans: bool,
        depth: int | None,
        full: bool,
        path: str | None,
        target: str | None,
        secrets: bool,
        quiet: bool,
        color: str,
        many: bool,
        several: set[str],
        unlocking: Unlocking,
        redaction: Redaction | None,
    ) -> None:
        self.unlocking = unlocking
        self.redaction = redaction
        self.as_json = as_json
        self.layout = layout
        self.spans = spans
        self.depth = depth
        self.full = full
        self.path = path
        self.target = target
        self.secrets = secrets
        self.quiet = quiet
        self.color = color
        self.many = many
        self.several = several
        self.shown = 0

    def token(self, token: Token) -> int:
        """Show one token, or a file with keys; its exit code."""
        if isinstance(token, KeyFile):
            return self._key_file(token)
        decoded = decode_token(token.data)
        keys: list[dict[str, Any]] | None = [] if self.unlocking.asked else None
        parts: list[Line] = []
        if self.unlocking.wants(decoded):
            token, decoded, keys, parts = self.unlocking.open(token, decoded)
        elif self.redaction is not None and self.unlocking.given:
            token = self.redaction.token(token)
            decoded = decode_token(token.data)
        if self.secrets:
            from .secrets import reveal

            reveal(decoded)
        code = exits.OK if decoded.error is None else exits.BAD_INPUT
        if self.path is not None:
            code = max(code, self._value(decoded, token.source, keys))
        elif self.target is not None:
            write_whole(self.target, token.data)
        if self.as_json and self.path is None:
            print(json.dumps(document(decoded, token.source, self.spans, token.notes, keys), separators=(",", ":")))
        elif self.path is None and not self.quiet and (self.target is None or self.target != "-"):
            self._text(decoded, token, parts)
        self._complaint(decoded, token.source)
        for part in parts:
            if not part.good and not part.follows:
                sys.stdout.flush()
                place = where(token.source, token.source.name in self.several)
                complain(f"note: {place}: {part.path}: {part.verb}: {part.text}")
        return code

    def _key_file(self, file: KeyFile) -> int:
        self.shown += 1
        return show_key_file(
            file,
            as_json=self.as_json,
            layout=self.layout,
            spans=self.spans,
            path=self.path,
            target=self.target,
            secrets=self.secrets,
            quiet=self.quiet,
            color=self.color,
            many=self.many,
            several=self.several,
            apart=self.shown > 1,
        )

    def refusal(self, refusal: Refusal) -> int:
        """Say of an input that gave no token why it gave none; its exit code."""
        if self.as_json and self.path is None and refusal.code == exits.BAD_INPUT:
            print(json.dumps(_refused_document(refusal), separators=(",", ":")))
        sys.stdout.flush()
        complain(refusal.message, () if self.quiet else refusal.hints, as_shown=True)
        return refusal.code

    def _value(self, decoded: Decoded, source: Source, keys: list[dict[str, Any]] | None) -> int:
        from . import paths
        from .plain import plain

        assert self.path is not None
        try:
            if self.target is not None:
                raw = paths.raw_at(decoded, self.path.removeprefix("fields."))
                if raw is not None:
                    write_whole(self.target, raw, private=self.secrets)
                    return exits.OK
            text = paths.text_at(decoded, document(decoded, source, self.spans, keys=keys), self.path)
        except LookupError:
            hints = () if self.quiet else (paths.nearest(decoded, self.path),)
            complain(f"{where(source, source.name in self.several)}: no such value: {self.path}", hints, as_shown=True)
            return exits.NO
        except paths.HiddenError:
            complain(
                f"{where(source, source.name in self.several)}: {self.path} is or holds a secret, and is not shown",
                () if self.quiet else ("--show-secrets shows it",),
                as_shown=True,
            )
            return exits.NO
        if self.target is not None:
            write_whole(self.target, text.encode())
        else:
            print(plain(text) if sys.stdout.isatty() else text)
        return exits.OK

    def _text(self, decoded: Decoded, token: Token, parts: list[Line]) -> None:
        from .plain import plain
        from .summary import summarise

        if self.layout == "summary":
            print(
                (f"{plain(where(token.source, token.source.name in self.several))}: " if self.many else "")
                + plain(summarise(decoded))
            )
            return
        from .report import print_report
        from .tree import Shape

        if self.shown:
            print("")
        self.shown += 1
        title = where(token.source, token.source.name in self.several) if self.many else None
        shape = Shape(self.depth, self.full, self.spans)
        print_report(decoded, token, self.color, self.layout, shape, title, shown_lines(parts, self.full))

    def _complaint(self, decoded: Decoded, source: Source) -> None:
        if decoded.error is None:
            return
        sys.stdout.flush()
        line = describe_problem(decoded.error, len(decoded.data))
        hints = () if self.quiet else advice(decoded)
        complain(f"{where(source, source.name in self.several)}: {line}", hints, as_shown=True)


def _refused_document(refusal: Refusal) -> dict[str, Any]:
    """The document of an input in which no token was found."""
    empty = decode_token(b"")
    result = document(empty, Source(refusal.message.partition(": ")[0], "unknown", 0), False)
    result["error"]["found"] = refusal.message.partition(": ")[2]
    assert result["schema"] == SCHEMA
    return result
