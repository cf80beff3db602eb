"""`secctx explain`: what a status, a flag, an error number, an OID or a line of a log means."""

from __future__ import annotations

import itertools
import json
import re
import sys
import textwrap
from collections.abc import Iterable

import click

from . import exits
from .errors import Refusal, complain
from .explain_reading import CHECK, Reading
from .plain import plain

WIDTH = 80
MAX_INPUT = 16 << 20
#: Commands in our texts: what one copies must stay on one line.
_COMMAND = re.compile(
    r"setspn -[QX](?: [\w/.]+)?|klist -kte [\w.]+|klist (?:purge|get [\w/.]+)|kvno [\w/.]+|nltest /[\w:]+"
    r"|w32tm /\w+(?: /[\w:]+)*|Get-ADUser -Filter \"[^\"]*\"|Get-AD\w+ (?:-\w+ \*|\w[\w-]*(?: -Properties [\w,-]+)?)"
    r"|Test-ComputerSecureChannel -Verbose|Search-ADAccount -LockedOut|Enable-ADAccount \w+|Get-Service \w+"
    r"|secctx (?:explain|decode) [\w=]+|whoami /groups|net helpmsg \d+|chronyc tracking"
)
_HARD_SPACE = "\u00a0"
_FINDING = re.compile(r"[A-Z]{3}[0-9]{3}", re.I)

KNOWN = """\
What secctx explain knows, with an example of each:

  SECURITY_STATUS      SEC_E_TIME_SKEW   0x8009030c   -2146893044   2148074252
  NTSTATUS             STATUS_LOGON_FAILURE   NTSTATUS=0xc000006d
  Win32, LDAP's data   ERROR_LOGON_FAILURE   52e   1326   'data 52e'
  Kerberos errors      KRB_AP_ERR_SKEW   KRB=0x18
  MIT minor statuses   0x96c73a25   KRB5_KT_NOTFOUND
  GSS-API              GSS_S_BAD_BINDINGS   GSS=0x000d0000   GSS_FLAGS=0x3e
  encryption types     ETYPE=0x17   aes256-cts-hmac-sha1-96
                       SUPPORTED_ENCTYPES=0x1c
  Kerberos bits        KDC_OPTIONS=0x40810000   TICKET_FLAGS=0x40a50000
                       AP_OPTIONS=0x20000000
  SSPI flags           ASC_REQ=0x20010   ASC_RET=0x2001e   ISC_REQ=0x1001c
                       ISC_RET=0x1001c   ASC_REQ_EXTENDED_ERROR
  NTLM flags           NTLMSSP=0xe2898215   MsvAvFlags=2
                       NTLMSSP_NEGOTIATE_SEAL
  causes of failure    KRB005   NTL013   ACC001
  object identifiers   1.3.6.1.4.1.311.2.2.30
  lines of logs        LDAP result 49, SQL Server 17806, IIS, events 4625, 4768,
                       4769, 4771, 4776: pasted as one argument, or piped in:
                       secctx explain - < log
"""


class _WithNegativeNumbers(click.Command):
    """A command to which -2146893044 is an argument, and --jsno still a mistake."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse unknown options by name before click passes them on as arguments."""
        for word in itertools.takewhile(lambda word: word != "--", args):
            if re.match(r"--?[^\W\d]", word) and word not in ("--json", *ctx.help_option_names):
                raise click.NoSuchOption(word.split()[0], possibilities=["--json", "--help"], ctx=ctx)
        return super().parse_args(ctx, args)


@click.command(
    cls=_WithNegativeNumbers,
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a reading (secctx.explain/1).")
@click.argument("what", metavar="[WHAT]...", nargs=-1, type=click.UNPROCESSED)
def explain(what: tuple[str, ...], as_json: bool) -> int:
    """Say what a status, a flag mask, an error number, an OID or a line of a log means.

    WHAT is a name, a number (signed ones too), KIND=NUMBER, or a pasted line; - reads lines from standard input.
    A number that can be several things is explained as each. Without WHAT: the list of what is known.

    \b
    Examples:
      secctx explain SEC_E_TIME_SKEW
      secctx explain -2146893044 2148074252
      secctx explain ASC_RET=0x2001e NTLMSSP=0xe2898215
      secctx explain KRB=0x18 52e KRB005 1.3.6.1.4.1.311.2.2.30
      secctx explain '80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563'
      echo 'Status: 0xC000006D  Sub Status: 0xC0000064' | secctx explain -

    \b
    Exit codes: 0 all explained; 1 something is not known; 2 the command line is wrong.
    """
    if not what:
        return _list(as_json)
    show = _Output(as_json)
    if len(what) > 1 and _is_unquoted_line(what):
        what = (" ".join(what),)
    return max(show.answer(word) for word in what)


def _list(as_json: bool) -> int:
    """What is known, and every code of a finding; for a script the codes alone, which it cannot guess."""
    from .explain_rules import codes, listed, read_code

    if as_json:
        for code, _, _ in codes():
            print(json.dumps(read_code(code)[0].document(), separators=(",", ":")))
    else:
        print(KNOWN, end="")
        print("\n" + listed())
    return exits.OK


class _Output:
    """Where readings go: blocks of text, compact rows for a line of a log, or JSON."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.shown = 0

    def answer(self, what: str) -> int:
        """Explain one WHAT; its exit code."""
        if what == "-":
            return self._lines(_standard_input())
        readings = _read(what)
        if not readings:
            return _unknown(what)
        self._show(what, readings)
        return exits.OK

    def _lines(self, text: str) -> int:
        from .explain_lines import read_text

        words = [line.strip() for line in text.splitlines() if line.strip()]
        found = read_text(text)
        known = {reading.identity for reading in found}
        for word in dict.fromkeys(words):
            for reading in _read(word) if " " not in word else ():
                if reading.identity not in known:
                    known.add(reading.identity)
                    found.append(reading)
        if not found:
            complain(
                "standard input: nothing that explain knows", ["secctx explain, without more, lists what it knows"]
            )
            return exits.NO
        self._show("-", found)
        return exits.OK

    def _show(self, what: str, readings: list[Reading]) -> None:
        if self.as_json:
            for reading in readings:
                print(json.dumps(reading.document(), separators=(",", ":")))
            return
        if self.shown:
            print("")
        self.shown += 1
        if readings[0].label and len(readings) > 1:
            print("\n".join(_compact(readings)))
            return
        if len(readings) > 1:
            print(plain(f"{what} can be read in {len(readings)} ways") + "\n")
        print("\n\n".join("\n".join(_block(reading)) for reading in readings))


def _standard_input() -> str:
    if sys.stdin is None:
        raise Refusal("standard input: closed", exits.NO_FILE)
    data = sys.stdin.buffer.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        complain(f"standard input: only the first {MAX_INPUT} bytes are read")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data[:MAX_INPUT].decode(encoding, errors="replace")


def _read(what: str) -> list[Reading]:
    if _FINDING.fullmatch(what.strip()):
        from .explain_rules import read_code

        if page := read_code(what.strip()):
            return page
    from .explain_words import read_word

    readings = read_word(what)
    if readings:
        return readings
    from .explain_lines import read_text

    return read_text(what)


def _is_unquoted_line(what: tuple[str, ...]) -> bool:
    """Whether several arguments are one line of a log, pasted without quotes."""
    from .explain_lines import is_line

    return is_line(" ".join(what)) and not all(_read(word) for word in what)


def _unknown(what: str) -> int:
    shown = what if len(what) <= 60 else what[:57] + "…"
    if _FINDING.fullmatch(what.strip()):
        from .explain_rules import codes

        near = [code for code, _, _ in codes() if code[:3] == what.strip().upper()[:3]]
        hints = [f"there are {near[0]} to {near[-1]}" if near else "secctx explain, without more, lists them"]
        complain(f"{shown}: no cause has this code", hints)
        return exits.NO
    from .explain_names import nearest

    near = nearest(what)
    hints = [f"near: {', '.join(near)}"] if near else []
    complain(f"{shown}: not known", [*hints, "secctx explain, without more, lists what it knows"])
    return exits.NO


def _block(reading: Reading) -> Iterable[str]:
    """One reading by itself: name and number, meaning, rows."""
    number = reading.value if isinstance(reading.value, str) else reading.hex
    if reading.kind in ("kerberos", "enctype", "win32") and isinstance(reading.value, int):
        number = f"{reading.value} ({reading.hex})"
    yield plain(f"{reading.name}  {number or ''}".rstrip())
    rows = [("means", reading.meaning), *reading.rows]
    if reading.see:
        rows.append(("see also", ", ".join(reading.see[:6])))
    width = min(max(len(label) for label, _ in rows), 28)
    last = ""
    for label, text in rows:
        yield from _row("" if label == last else label, text, width)
        last = label


def _compact(readings: list[Reading]) -> Iterable[str]:
    """The numbers of one line of a log: a row each, then what to check for the first that says so."""
    rows = [(reading.label, _said(reading)) for reading in readings]
    for reading in readings:
        rows += [row for row in reading.rows if row[0].startswith("state ")]
    rows += [(CHECK, text) for text in _checks(readings)]
    width = min(max(len(label) for label, _ in rows), 22)
    last = ""
    for label, text in rows:
        yield from _row("" if label == last else label, text, width, "")
        last = label


def _checks(readings: list[Reading]) -> list[str]:
    """What to check for a line: the first reading that says so, but a SubStatus before the Status that it refines."""
    found = [(reading, [text for label, text in reading.rows if label == CHECK]) for reading in readings]
    exact = [texts for reading, texts in found if texts and reading.label.lower().replace(" ", "").startswith("sub")]
    return next((texts for texts in (*exact, *(texts for _, texts in found)) if texts), [])


def _said(reading: Reading) -> str:
    if reading.kind in ("build", "place") or reading.meaning.startswith("always this number"):
        return reading.meaning
    number = f" ({reading.value})" if reading.kind in ("win32", "kerberos") else ""
    return f"{reading.name}{number}: {reading.meaning}"


def _row(label: str, text: str, width: int, indent: str = "  ") -> list[str]:
    """A labelled text, wrapped to the screen, its lines under one another."""
    head = indent + plain(label).ljust(width) + "  "
    if len(label) > width:
        return [indent + plain(label), *_row("", text, width, indent)]
    whole = _COMMAND.sub(lambda match: match.group().replace(" ", _HARD_SPACE), plain(text))
    lines = textwrap.wrap(
        whole,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_HARD_SPACE, " ") for line in lines] or [head.rstrip()]
