"""Where a decoded token goes: JSON, text, one value or a file, with what is wrong with it; and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from secctx.carriers.token import Source, Token
from secctx.decoders import decode as decode_token
from secctx.decoders.values import Decoded
from secctx.rules.finding import ERROR

from . import exits
from .document import SCHEMA, document
from .errors import Refusal, complain
from .files import write_whole
from .finding_options import Choice
from .findings import finding_value, leads, redacted
from .inputs import where
from .judging import Judged, Judging, together
from .key_files import KeyFile, show_key_file
from .problems import advice
from .problems import describe as describe_problem
from .unlocking import Line, Opened, Unlocking, shown_lines

if TYPE_CHECKING:
    from secctx.rules.finding import Finding

    from .redaction import Redaction


class Output:
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
        judging: Judging,
        redaction: Redaction | None,
    ) -> None:
        self.unlocking = unlocking
        self.judging = judging
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

    def all(self, tokens: Sequence[Token]) -> list[int]:
        """Show the tokens in their order; their exit codes. As long as they are not too many they are legs."""
        parts = [tokens] if together(tokens) else [[token] for token in tokens]
        return [code for part in parts for code in self._together(part)]

    def _together(self, tokens: Sequence[Token]) -> list[int]:
        opened = [self._open(token) for token in tokens if not isinstance(token, KeyFile)]
        ring = self.unlocking.ring
        answers = self.judging.judge(opened, ring if ring or self.unlocking.keytabs else None)
        for answer in answers:
            redacted(answer.findings, self.redaction)
        pairs = list(zip(opened, answers, strict=True))
        if self.many and self._in_text and self.layout != "summary":
            self._lead(pairs)
        rest = iter(pairs)
        return [self._key_file(token) if isinstance(token, KeyFile) else self._token(*next(rest)) for token in tokens]

    def _open(self, token: Token) -> Opened:
        """The token decoded, and opened as far as the keys go."""
        decoded = decode_token(token.data)
        if self.unlocking.wants(decoded):
            return self.unlocking.open(token, decoded)
        shown, tree = token, decoded
        if self.redaction is not None:
            shown = self.redaction.token(token)
            tree = decode_token(shown.data)
        return Opened(shown, tree, token, decoded, keys=[] if self.unlocking.asked else None)

    def _token(self, opened: Opened, judged: Judged) -> int:
        """Show one token and what is wrong with it; its exit code."""
        token, decoded = opened.token, opened.shown
        findings = judged.findings
        if self.secrets:
            from .secrets import reveal

            reveal(decoded)
        code = exits.OK if decoded.error is None else exits.BAD_INPUT
        code = max(code, self.judging.choice.exit_code(findings))
        if self.path is not None:
            code = max(code, self._value(opened, judged))
        elif self.target is not None:
            write_whole(self.target, token.data)
        if self.as_json and self.path is None:
            print(json.dumps(self._document(opened, judged, token.notes), separators=(",", ":")))
        elif self._in_text:
            self._text(decoded, token, self._advice(judged) + opened.lines, findings)
        self._complaint(decoded, token.source)
        self._closed(opened)
        return code

    @property
    def _in_text(self) -> bool:
        return self.path is None and not self.as_json and not self.quiet and self.target != "-"

    def _lead(self, answers: Sequence[tuple[Opened, Judged]]) -> None:
        """Before several tokens, the cause of each logon that failed, and which token shows it."""
        from .report import print_leads

        roots: dict[int, tuple[str, Finding]] = {}
        for opened, judged in answers:
            for finding in judged.findings:
                known = roots.get(judged.conversation)
                if finding.severity == ERROR and (known is None or (leads(finding) and not leads(known[1]))):
                    place = where(opened.token.source, opened.token.source.name in self.several)
                    roots[judged.conversation] = place, finding
        if roots:
            print_leads(self.color, sorted(roots.values(), key=lambda root: not leads(root[1])))

    def _advice(self, judged: Judged) -> list[Line]:
        """Whether the keytab should open the ticket, before it was tried."""
        if judged.advice is None:
            return []
        return [Line("keytab", "", self._shown(judged.advice.before), judged.advice.fits is not False, True)]

    def _shown(self, value: Any) -> Any:
        """Texts of ours as they may be shown, wherever they stand in a value."""
        if isinstance(value, str):
            return value if self.redaction is None else self.redaction.text(value, principals=True)
        if isinstance(value, dict):
            return {name: self._shown(each) for name, each in value.items()}
        return [self._shown(each) for each in value] if isinstance(value, list) else value

    def _closed(self, opened: Opened) -> None:
        """Say which parts the keys do not open."""
        for part in opened.lines:
            if not part.good and not part.follows:
                sys.stdout.flush()
                place = where(opened.token.source, opened.token.source.name in self.several)
                complain(f"note: {place}: {part.path}: {part.verb}: {part.text}")

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
            print(json.dumps(_refused_document(refusal, self.judging.choice), separators=(",", ":")))
        sys.stdout.flush()
        complain(refusal.message, () if self.quiet else refusal.hints, as_shown=True)
        return refusal.code

    def _document(self, opened: Opened, judged: Judged, notes: Sequence[str] = ()) -> dict[str, Any]:
        """All that is to be said of a token, for a script."""
        decoded = opened.shown
        found = [finding_value(decoded.root, finding) for finding in judged.findings]
        keytab = None if judged.advice is None else self._shown(judged.advice.as_json())
        return document(decoded, opened.token.source, self.spans, notes, opened.keys, found, keytab)

    def _value(self, opened: Opened, judged: Judged) -> int:
        from . import paths
        from .plain import plain

        assert self.path is not None
        decoded, source = opened.shown, opened.token.source
        try:
            if self.target is not None:
                raw = paths.raw_at(decoded, self.path.removeprefix("fields."))
                if raw is not None:
                    write_whole(self.target, raw, private=self.secrets)
                    return exits.OK
            text = paths.text_at(decoded, self._document(opened, judged), self.path)
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

    def _text(self, decoded: Decoded, token: Token, parts: list[Line], findings: Sequence[Finding]) -> None:
        from .plain import plain
        from .summary import summarise

        if self.layout == "summary":
            print(
                (f"{plain(where(token.source, token.source.name in self.several))}: " if self.many else "")
                + plain(summarise(decoded))
                + _codes(findings)
            )
            return
        from .report import print_report
        from .tree import Shape

        if self.shown:
            print("")
        self.shown += 1
        title = where(token.source, token.source.name in self.several) if self.many else None
        shape = Shape(self.depth, self.full, self.spans)
        print_report(decoded, token, self.color, self.layout, shape, title, shown_lines(parts, self.full), findings)

    def _complaint(self, decoded: Decoded, source: Source) -> None:
        if decoded.error is None:
            return
        sys.stdout.flush()
        line = describe_problem(decoded.error, len(decoded.data))
        hints = () if self.quiet else advice(decoded)
        complain(f"{where(source, source.name in self.several)}: {line}", hints, as_shown=True)


def _codes(findings: Sequence[Finding]) -> str:
    """The codes behind a summary; notes are not among them."""
    codes = dict.fromkeys(finding.rule.code for finding in findings if finding.severity != "note")
    return f" [{', '.join(codes)}]" if codes else ""


def _refused_document(refusal: Refusal, choice: Choice) -> dict[str, Any]:
    """The document of an input in which no token was found."""
    empty = decode_token(b"")
    name, _, message = refusal.message.partition(": ")
    findings = []
    if refusal.cause:
        from secctx.rules.finding import Finding
        from secctx.rules.index import find

        rule = find(refusal.cause)
        found = [] if rule is None else choice.of([Finding(rule, message)])
        findings = [finding_value(empty.root, finding) for finding in found]
    result = document(empty, Source(name, "unknown", 0), False, findings=findings)
    result["error"]["found"] = message
    assert result["schema"] == SCHEMA
    return result
