"""Keys for `decode`: opening what tokens hold encrypted, and saying what opened, with which key, and what did not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from secctx.carriers.token import Token
from secctx.decoders.decode import decode
from secctx.decoders.values import PLAINTEXT, Decoded, Node, follow

from .credentials import read_secret_file

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing
    from secctx.keys.unlock import KeyReport, Unlocked

    from .redaction import Redaction

Json = dict[str, Any]

#: Lines of what became of the parts, unless everything is asked for.
MOST_LINES: Final = 12
#: Mechanisms whose tokens may have something to open.
_MECHANISMS: Final = ("Kerberos", "SPNEGO", "IAKERB", "GSS", "NEGOEX", "CredSSP")


@dataclass(slots=True)
class Line:
    """What became of one part, for people: `opened`, `verified`, `not opened`, `not verified`, and the rest."""

    verb: str
    path: str
    text: str
    good: bool
    follows: bool


@dataclass(slots=True)
class Opened:
    """A token as it is to be shown, and as it is: with stand-ins they differ; what became of its encrypted parts."""

    token: Token
    shown: Decoded
    original: Token
    decoded: Decoded
    reports: Sequence[KeyReport] = ()
    keys: list[Json] | None = None
    lines: list[Line] = field(default_factory=list)


class Unlocking:
    """The keys of one run. They are read when the first token asks for them, unless options name them."""

    def __init__(self, options: Mapping[str, Any], redaction: Redaction | None) -> None:
        self._options = options
        self._redaction = redaction
        self._ring: KeyRing | None = None
        self._read = False
        self.asked = any(options[name] for name in ("keytabs", "key_files", "principal", "ccache"))
        self.keytabs = bool(options["keytabs"])  #: whether keytabs were asked for, so that an empty one is worth a word
        self.given = self.asked or bool(os.environ.get("KRB5_KTNAME"))  #: whether there are keys, read or not
        if redaction is not None:
            from secctx.redaction.names import USER

            files = (*options["keytabs"], *(spec.partition(":")[2] for spec in options["key_files"]))
            others = (options["ccache"], options["password_file"], os.environ.get("KRB5_KTNAME"))
            for name in (*files, *others, *options["messages"]):
                redaction.place(name or "")
            redaction.redactor.names.name(options["principal"] or "", USER)
        if self.asked:
            self._gather()

    def wants(self, decoded: Decoded) -> bool:
        """Whether to look for something to open: keys are given, or a part is not encrypted at all."""
        if decoded.mechanism not in _MECHANISMS:
            return False
        return self.given or _in_clear(decoded)

    @property
    def ring(self) -> KeyRing | None:
        """The keys, where they were read."""
        return self._ring

    def open(self, token: Token, decoded: Decoded) -> Opened:
        """The token with its parts opened, and what became of them, for a script and for people; stand-ins put in."""
        from secctx.keys.unlock import unlock

        if not self._read:
            self._gather()
        assert self._ring is not None
        unlocked = unlock(decoded, self._ring)
        shown, tree = token, decoded
        if self._redaction is not None:
            shown, tree = self._redacted(token, unlocked)
            for report in unlocked.reports:
                for text in (report.reason or "", *report.notes, report.key.source if report.key is not None else ""):
                    self._redaction.principals(text)
        documents = [self._document(report) for report in unlocked.reports]
        lines = [self._line(report) for report in unlocked.reports]
        return Opened(shown, tree, token, decoded, unlocked.reports, documents, lines)

    def _gather(self) -> None:
        from secctx.keys.keyring import KeyRing

        from .kerberos_keys import gather_keys

        self._read = True
        ring, _ = gather_keys(self._options, sessions=True)
        self._ring = KeyRing() if ring is None else ring
        for path in self._options["messages"]:
            self._ring.found.note(self._ring.found.messages, read_secret_file(path))
        if self._redaction is not None:
            self._redaction.ring(self._ring)

    # Stand-ins.

    def _redacted(self, token: Token, unlocked: Unlocked) -> tuple[Token, Decoded]:
        """The token and its plaintexts with stand-ins: each is redacted by itself and put where it belongs."""
        redaction = self._redaction
        assert redaction is not None
        shown = redaction.token(token)
        tree = decode(shown.data)
        for opening, data in zip(unlocked.openings, redaction.opened(unlocked), strict=True):
            again = opening.read(data)
            holder, rest = follow(tree.root, opening.path)
            if rest:
                continue
            target = holder[-1] if holder else tree.root
            node = opening.node
            said = redaction.text(str(node.meaning))
            plain = Node("plaintext", node.start, node.stop, PLAINTEXT, again.data, said, again.root.children)
            target.children = [*target.children, plain]
        return shown, tree

    def _text(self, text: str) -> str:
        return text if self._redaction is None else self._redaction.text(text)

    # What became of a part.

    def _document(self, report: KeyReport) -> Json:
        from secctx.decoders.tables.kerberos_more import KEY_USAGES

        usage = report.usage
        return {
            "path": report.path,
            "opened": report.opened,
            "part": report.kind,
            "key": None if report.key is None else self._key(report),
            "usage": None if usage is None else {"value": usage, "name": KEY_USAGES.get(usage)},
            "reason": None if report.reason is None else self._text(report.reason),
            "notes": [self._text(note) for note in report.notes],
        }

    def _key(self, report: KeyReport) -> Json:
        from secctx.decoders.tables.kerberos import ENCTYPES
        from secctx.keys.keyring import FoundKey
        from secctx.keys.unlock import key_text

        key = report.key
        assert key is not None
        found = isinstance(key, FoundKey)
        return {
            "text": self._text(key_text(key)),
            "principal": self._text(key.name) if key.name and not found else None,
            "kvno": key.kvno,
            "etype": {"value": key.etype, "name": ENCTYPES.get(key.etype)},
            "source": self._text(key.source),
        }

    def _line(self, report: KeyReport) -> Line:
        from secctx.keys.unlock import key_text

        verb = "opened" if report.kind == "encrypted" else "verified"
        path = report.path or "the token"
        if not report.opened:
            return Line(f"not {verb}", path, self._text(str(report.reason)), False, report.follows)
        assert report.key is not None
        text = "; ".join([f"with {key_text(report.key)}", *report.notes])
        return Line(verb, path, self._text(text), True, False)


def _in_clear(decoded: Decoded) -> bool:
    """Whether the token is a KRB-CRED that is not encrypted (RFC 4120 5.8)."""
    part = decoded.root.child("enc-part") if decoded.message == "KRB-CRED" else None
    etype = None if part is None else part.child("etype")
    return etype is not None and etype.value == 0


def shown_lines(lines: Sequence[Line], full: bool) -> list[Line]:
    """The lines to print under the summary, and how many more there are."""
    if full or len(lines) <= MOST_LINES:
        return list(lines)
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], Line("…", f"{more} more", "--full shows them", True, True)]
