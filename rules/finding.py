"""A rule and what it found (docs/cli.md, "findings").

A rule is a function over a `Case`; its docstring is the page of its code, which `secctx explain CODE` prints. The parts
of a page begin with a word and a colon: `What` it is, how it `Shows`, what to `Do` in one sentence, the commands for
`Client`, `Server` and `KDC` (which is the domain controller of an Active Directory), and what to `See`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from secctx.decoders.message import Message, Spot

if TYPE_CHECKING:
    from .case import Case

NOTE: Final = "note"
WARNING: Final = "warning"
ERROR: Final = "error"
#: From the least to the gravest.
SEVERITIES: Final = (NOTE, WARNING, ERROR)

PARTS: Final = ("What", "Shows", "Do", "Client", "Server", "KDC", "See")

Judge = Callable[["Case"], Iterator["Finding"]]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A cause with its stable code: what looks for it, and how grave it is where a finding says nothing else.

    `explains` names the codes, or beginnings of codes, that are consequences of this one: where both are found, they
    are not told.
    """

    code: str
    name: str
    severity: str
    judge: Judge
    explains: tuple[str, ...] = ()

    @property
    def page(self) -> dict[str, str]:
        """The parts of the page by their names, in order; "" is the title. Paragraphs are unfolded."""
        return _parts(self.judge.__doc__ or self.code)

    @property
    def summary(self) -> str:
        """The title: the cause in one clause."""
        return self.page[""]

    @property
    def advice(self) -> str:
        """What to do about it, in one sentence without its full stop."""
        return self.page.get("Do", "").removesuffix(".")


@cache
def _parts(text: str) -> dict[str, str]:
    """A docstring as a page; every finding asks for its title and advice."""
    parts: dict[str, str] = {}
    for paragraph in text.split("\n\n"):
        text = " ".join(paragraph.split())
        name, colon, rest = text.partition(": ")
        if not parts:
            parts[""] = text.removesuffix(".")
        elif colon and name in PARTS:
            parts[name] = rest
        elif text:
            last = next(reversed(parts))
            parts[last] += f"\n{text}"
    return parts


@dataclass(slots=True, eq=False)
class Finding:
    """A rule that holds here: one sentence of what is so, and the place in the token, where it has one.

    `severity` and `advice` are the rule's unless the evidence says more; `inside` is the path of the opened part in
    which the span counts.
    """

    rule: Rule
    detail: str
    path: str = ""
    span: tuple[int, int] | None = None
    inside: str | None = None
    severity: str = ""
    advice: str = ""
    refused: bool = False  #: it is the acceptor's refusal itself

    def __post_init__(self) -> None:
        self.severity = self.severity or self.rule.severity
        self.advice = self.advice or self.rule.advice


@dataclass(slots=True)
class Said:
    """What a rule's function yields: the sentence, where, and what is more than the rule says by itself."""

    detail: str
    spot: Spot
    severity: str = ""
    advice: str = ""
    refused: bool = False


def at(message: Message, path: str, detail: str, *, severity: str = "", advice: str = "") -> Said:
    """What is so at a field of a message, or of the message as a whole (an empty path)."""
    return Said(detail, message.spot(path), severity, advice)


def rule(
    code: str, name: str, severity: str, *, explains: tuple[str, ...] = ()
) -> Callable[[Callable[[Case], Iterator[Said]]], Rule]:
    """Make a rule of the function that looks for it."""

    def made(function: Callable[[Case], Iterator[Said]]) -> Rule:
        def judge(case: Case) -> Iterator[Finding]:
            for said in function(case):
                severity = said.severity or (ERROR if said.refused else one.severity)
                yield Finding(one, said.detail, *said.spot, severity, said.advice, said.refused)

        judge.__doc__ = function.__doc__
        one = Rule(code, name, severity, judge, explains)
        return one

    return made
