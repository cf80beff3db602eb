"""`accept --captured`: both sides of a handshake as it was; client legs are judged, server legs are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from secctx.acceptor import flags as asc
from secctx.acceptor.captured import CLIENT, SERVER, NotJudged, adopt, error_code, side_of
from secctx.acceptor.context import Context
from secctx.acceptor.values import Step
from secctx.carriers.token import Token
from secctx.decoders import decode
from secctx.decoders.tables.oids import FAMILY

from . import exits
from .accept_call import Call, Outcome
from .accept_clock import Moment, captured_clock
from .accept_document import document, unjudged_leg
from .errors import Refusal

#: Refusals that only say what the command was not given: of a captured handshake they are no verdict.
_NOT_GIVEN = ("no-credentials", "no-mechanism", "spnego-no-common-mechanism")

#: The refusal of what covers all three of NTLM's messages.
_OVER_ALL: Final = "ntlm-mic-wrong"


def judge_all(call: Call) -> Outcome:
    """Judge each captured handshake; one document each, the greatest exit code."""
    if call.options["new_path"] or call.options["context_path"]:
        hints = ["judge without --captured to go on with a context"]
        raise Refusal("--captured keeps no context: its handshakes are over", exits.USAGE, hints)
    outcomes: list[Outcome] = []
    found = handshakes(token for token, _ in call.tokens())
    call.causes.expect(found)
    for number, legs in enumerate(found):
        if number:
            call.legs, call.steps, call.lines, call.complaints, call.causes.lines = [], [], [], [], []
        outcomes.append(judge(call, legs))
    if not outcomes:
        return call.outcome()
    whole = Outcome([], max(outcome.code for outcome in outcomes))
    for outcome in outcomes:
        whole.documents.extend(outcome.documents)
        whole.lines.extend(([""] if whole.lines else []) + outcome.lines)
        whole.complaints.extend(outcome.complaints)
    return whole


def judge(call: Call, tokens: Sequence[Token]) -> Outcome:
    """Judge one captured handshake."""
    context: Context | None = None
    step: Step | None = None
    before: str | None = None
    pending: Token | None = None
    unjudged = False
    clock = _Clock(call, tokens)
    for position, token in enumerate(tokens):
        side = side_of(decode(token.data), token.source.direction, before)
        before = side
        if side == SERVER:
            if context is None and step is None:
                context, step = call.step(None, Token(b"", token.source))
            differs: list[str] = []
            if context is not None and step is not None:
                try:
                    context, differs = adopt(context, token.data, step.output)
                except NotJudged as other:
                    unjudged = _unjudged(call, pending or token, str(other))
                    pending = None
                    break
            if pending is not None and step is not None:
                call.add(pending, step, "", differs)
                pending = None
                if step.refusal is not None and error_code(decode(token.data)) is None and position + 1 < len(tokens):
                    call.complaints.append("the legs behind the refused one were not looked at")
                    break
            continue
        if pending is not None and step is not None:
            call.add(pending, step, "")
        held = context
        context, step = call.step(held, token, moment=clock.at(position))
        _compare_reasons(call, held, token, step, clock.answer(position), clock.before)
        pending = token
        if (
            step.refusal is not None
            and context is None
            and token is not tokens[-1]
            and not _not_judged(call, token, step, held)
        ):
            if position + (2 if clock.answer(position) else 1) < len(tokens):
                call.complaints.append("the legs behind the refused one were not looked at")
            break
        why = _not_judged(call, token, step, held)
        if why:
            unjudged = _unjudged(call, token, why)
            pending = None
            break
    if pending is not None and step is not None:
        call.add(pending, step, "")
    if not call.legs and not unjudged:
        call.complaints.append("only the server's tokens are here: there is no client leg to judge")
    outcome = call.outcome()
    if unjudged:
        outcome.documents = [document(call.legs, None, False)]
        outcome.code = exits.BAD_INPUT
    return outcome


class _Clock:
    """The moments of the legs of one captured handshake."""

    def __init__(self, call: Call, tokens: Sequence[Token]) -> None:
        self._call = call
        self._tokens = tokens
        self.before: datetime | None = None

    def answer(self, position: int) -> bytes:
        """The server's answer to the leg at a position; empty where there is none."""
        for token in self._tokens[position + 1 : position + 2]:
            if side_of(decode(token.data), token.source.direction, CLIENT) == SERVER:
                return token.data
        return b""

    def at(self, position: int) -> Callable[[Token], Moment]:
        """What tells the moment of the leg at a position."""

        def moment(token: Token) -> Moment:
            at, keys = self._call.options["at"], self._call.credentials.keys
            found = captured_clock(at, token.data, token.source.time, keys, self.answer(position), self.before)
            self.before = found.now
            return found

        return moment


def _compare_reasons(
    call: Call, held: Context | None, token: Token, step: Step, answer: bytes, now: datetime | None
) -> None:
    """Note where the captured server's reason is the one that the other order of Kerberos's checks comes to first."""
    code = error_code(decode(answer))
    if now is None or step.refusal is None or code is None or step.refusal.facts.get("code") in (None, code):
        return
    mit = not call.request.mit
    request = replace(call.request, mit=mit, flags=call.request.flags | asc.ASC_REQ_ALLOW_CONTEXT_REPLAY)
    _, other = call.step(held, token, request, lambda _: Moment(now))
    if other.refusal is not None and other.refusal.facts.get("code") == code:
        order = "mit" if mit else "rfc"
        note = f"the captured server's reason is what --order {order} comes to first: {other.refusal.text}"
        step.notes = (*step.notes, note)


def _unjudged(call: Call, token: Token, why: str) -> bool:
    """Note a leg that is not judged, and why."""
    text = f"not judged: {why}"
    call.legs.append(unjudged_leg(len(call.legs) + 1, token.data, token.source, text))
    call.lines.append(text)
    return True


def _not_judged(call: Call, token: Token, step: Step, held: Context | None) -> str:
    """Why a refusal is no verdict on a captured leg: for want of a key, a password or a leg. Empty where it is one."""
    if held is not None and not held.ntlm.negotiate and step.refusal is not None and step.refusal.kind == _OVER_ALL:
        return "the client's NEGOTIATE_MESSAGE is not among the legs, and the MIC is made over it too"
    if step.refusal is None or not not_given(step):
        return ""
    decoded = decode(token.data)
    offered = [str(mech) for mech in step.refusal.facts.get("offered", ())]
    wants = decoded.mechanism == "Kerberos" or any(FAMILY.get(mech) == "Kerberos" for mech in offered)
    if wants and call.credentials.keys is None:
        return "the client wants Kerberos: give the service's --keytab"
    given = call.credentials.users is not None or call.credentials.keys is not None
    return "" if given else step.refusal.text


def handshakes(tokens: Iterable[Token]) -> list[list[Token]]:
    """The tokens of each handshake that JSON lines tell apart; all of them are one where they do not."""
    groups: dict[int | None, list[Token]] = {}
    for token in tokens:
        groups.setdefault(token.source.handshake, []).append(token)
    return list(groups.values())


def not_given(step: Step) -> bool:
    """Whether a refusal only says that no key or password was given."""
    return step.refusal is not None and step.refusal.kind in _NOT_GIVEN
