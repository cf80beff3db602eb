"""Findings as they are shown: in JSON, and for people, the cause before everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from secctx.decoders.values import PLAINTEXT, SECRET, Decoded, Node, find
from secctx.rules.finding import ERROR, NOTE, Finding

from .cells import cell
from .document import pointer
from .plain import plain

if TYPE_CHECKING:
    from .redaction import Redaction

#: Lines are folded at this width, or at that of the screen if it is narrower.
_WIDEST: Final = 100
_NARROWEST: Final = 40
#: So many notes are shown; --json has them all.
_MOST_NOTES: Final = 4
#: A value longer than this is not evidence that anyone reads.
_LONG: Final = 48

Json = dict[str, Any]


def finding_value(root: Node, finding: Finding) -> Json:
    """A finding, for a script."""
    value: Json = {
        "code": finding.rule.code,
        "severity": finding.severity,
        "title": finding.rule.summary,
        "detail": finding.detail,
        "help": finding.advice,
        "path": finding.path,
        "pointer": pointer(root, finding.path) if finding.path else "",
        "span": None if finding.span is None else list(finding.span),
    }
    if finding.inside is not None:
        value["in"] = finding.inside
    return value


def redacted(findings: Sequence[Finding], redaction: Redaction | None) -> list[Finding]:
    """Findings as they may be shown: what they say of names are stand-ins."""
    if redaction is not None:
        for finding in findings:
            finding.detail = redaction.text(finding.detail, principals=True)
            finding.advice = redaction.text(finding.advice, principals=True)
    return list(findings)


def sentence(text: str) -> str:
    """A clause as a sentence: a capital where a word of ours begins it, and a full stop."""
    first = text.split(" ", 1)[0]
    begun = text[:1].upper() + text[1:] if first.islower() and first.isalpha() else text
    return begun if begun.endswith((".", "?", "!")) else f"{begun}."


def leads(finding: Finding) -> bool:
    """Whether it tells what others of its logon are parts of: the story of a fallback, or the acceptor's refusal."""
    return finding.rule.code.startswith("LEG01") or finding.refused


def screen(pipe: int = _WIDEST) -> int:
    """The columns that lines are folded at; `pipe` where there is no screen."""
    import shutil  # 2 ms that a document for scripts does without

    columns = shutil.get_terminal_size((pipe, 24)).columns
    return pipe if columns == pipe else max(min(columns, _WIDEST), _NARROWEST)


def lead_lines(findings: Sequence[Finding], width: int, place: str = "") -> Iterator[str]:
    """The cause and what to do about it, where something fails: the lines before all others."""
    if not findings or findings[0].severity != ERROR:
        return
    first = findings[0]
    for number, line in enumerate(first.detail.split("\n")):
        yield from _folded(f"{place}: {sentence(line)}" if place and number == 0 else sentence(line), width)
    for number, line in enumerate(_folded(sentence(first.advice), width - 2)):
        yield f"{'  ' if number else '→ '}{line}"


class Line(NamedTuple):
    """A line about a finding: its severity, the label (or blanks as wide), and the text behind it."""

    severity: str
    label: str
    text: str


def finding_lines(decoded: Decoded, findings: Sequence[Finding], width: int, *, told: bool = True) -> Iterator[Line]:
    """What was found; of the first, where it was `told`, only the place."""
    notes = [finding for finding in findings if finding.severity == NOTE]
    shown = list(findings)
    if len(notes) > _MOST_NOTES + 1:
        shown = shown[: len(findings) - len(notes) + _MOST_NOTES]
    for position, finding in enumerate(shown):
        known = told and position == 0 and finding.severity == ERROR
        said = [] if known else [*finding.detail.split("\n"), *([finding.advice] if finding.severity != NOTE else [])]
        place = evidence(decoded, finding)
        label = f"! {finding.rule.code} {finding.severity:7} "
        for text in ([*said, place] if place else said) or [finding.rule.summary]:
            for line in _folded(text, width - len(label)):
                yield Line(finding.severity, label, line)
                label = " " * len(label)
    if len(shown) < len(findings):
        rest = f"{len(findings) - len(shown)} more notes: --json has all, secctx explain CODE the page of each"
        yield Line(NOTE, "! ", rest)


def _folded(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(plain(text), width, break_long_words=False, break_on_hyphens=False)


def evidence(decoded: Decoded, finding: Finding) -> str:
    """The place that proves it: `ticket.enc-part.kvno = 3, bytes 301-304`; empty where it is the token as a whole."""
    if not finding.path:
        return ""
    text = finding.path
    node = find(decoded.root, finding.path)
    value = "" if node is None else _value(node)
    text += f" = {value}" if value else ""
    if finding.span is not None:
        where = f" of what {finding.inside} holds" if finding.inside is not None else ""
        start, stop = finding.span
        text += f", byte {start}{where}" if stop - start < 2 else f", bytes {start}-{stop}{where}"
    return text


def _value(node: Node) -> str:
    """A value as it proves something: what it means, or itself; empty where it is long, structured or secret."""
    if node.kind in (SECRET, PLAINTEXT):
        return ""
    if node.children:
        text = node.meaning if isinstance(node.meaning, str) else ""
    else:
        text = " ".join(part for part in cell(node, False) if part)
    return text if len(text) <= _LONG else ""
