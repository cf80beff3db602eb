"""The causes in the legs of one run of `accept`: of each leg, with the legs and answers before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from secctx.acceptor.values import CONTINUING, Request, Step
from secctx.carriers.token import Token
from secctx.decoders import decode
from secctx.rules.case import CLIENT, SERVER, Case, Given

from .finding_options import make_choice, make_target

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings
    from secctx.rules.finding import Finding


@dataclass(slots=True)
class Found:
    """The findings of one leg that are wanted, and the code of its refusal, where it has one."""

    findings: list[Finding]
    code: str | None


class Causes:
    """What was found in this run, and what is known besides the tokens; `now` is the clock of the latest leg."""

    def __init__(self, options: Mapping[str, Any], request: Request, others: Sequence[ChannelBindings]) -> None:
        self.choice = make_choice(options)
        self.now: datetime | None = None
        self.lines: list[str] = []  #: the causes as they stand before the legs
        self._target = make_target(options["target_name"])
        self._others = others
        self._request = request
        self._clocked = options["at"] not in (None, "token")
        self._expected: dict[int, Case] = {}  # captured legs, by the identity of their tokens
        self._cases: list[Case] = []
        self._found: list[Finding] = []

    def before(self, lines: list[str]) -> list[str]:
        """The causes, and the lines of the legs behind them."""
        return [*self.lines, "", *lines] if self.lines else lines

    @property
    def exit_code(self) -> int:
        """What the exit code is at least, after what was found."""
        return self.choice.exit_code(self._found)

    def expect(self, handshakes: Sequence[Sequence[Token]]) -> None:
        """The legs of captured handshakes, both sides, before the first of them is judged."""
        from secctx.rules.conversations import group

        from .judging import carried

        numbered = [(number, token) for number, legs in enumerate(handshakes) for token in legs]
        cases = [Case(decode(token.data), self._given(), carried(token)) for _, token in numbered]
        group(cases, [number for number, _ in numbered])
        self._expected = {id(token): case for (_, token), case in zip(numbered, cases, strict=True)}

    def of(self, token: Token, step: Step) -> Found:
        """What is wrong with a leg and its call."""
        from secctx.rules.judge import found_in, in_order

        case = self._expected.get(id(token)) or self._add(token, step)
        case.step, case.given = step, self._given()
        found = found_in(case)
        chosen = in_order(self.choice.of(found))
        self._found.extend(chosen)
        return Found(chosen, next((finding.rule.code for finding in found if finding.refused), None))

    def _given(self) -> Given:
        request = self._request
        # Without a time that was given, this machine's clock says only how old a token is.
        now = self.now if self._clocked else None
        return Given(now, request.skew, request.bindings, self._others, self._target, asked=request.flags)

    def _add(self, token: Token, step: Step) -> Case:
        """A leg behind those that were judged before it, and our answer behind that."""
        from .judging import carried

        case = Case(decode(token.data), self._given(), carried(token), side=CLIENT)
        if step.refusal is None and step.state == CONTINUING and not step.output:
            return case  # a fragment: the rest of it comes, and the whole is the leg
        answer = [Case(decode(step.output), case.given, side=SERVER)] if step.output else []
        for leg in (case, *answer):
            leg.legs, leg.position = self._cases, len(self._cases)
            self._cases.append(leg)
        return case
