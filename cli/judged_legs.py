"""What our own acceptor says to the legs of a handshake that `decode` was given, for the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from secctx.acceptor.captured import error_code
from secctx.acceptor.values import Credentials, Request, Step
from secctx.carriers.token import Token
from secctx.decoders import decode

from .accept import accept
from .accept_call import Call
from .accept_captured import judge, not_given

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing
    from secctx.keys.users import Users


#: KRB_AP_ERR_TKT_EXPIRED and KRB_AP_ERR_TKT_NYV (RFC 4120 7.5.9).
_PERIOD: Final = (32, 33)
#: Refusals of what comes behind the end of a logon.
_ENDED: Final = ("context-finished", "context-incomplete")


class _Listening(Call):
    """A run of `accept --captured` whose answers are kept, and not shown."""

    def __init__(self, options: Mapping[str, Any], credentials: Credentials, request: Request) -> None:
        super().__init__(options, credentials)
        self.request = request
        self.answers: dict[int, Step] = {}

    def add(self, token: Token, step: Step, kept: str, differs: Sequence[str] = ()) -> None:
        """Keep the answer to a leg."""
        self.steps.append(step)
        refusal = step.refusal
        # What is out of turn is for the rules on legs, which know those behind it too.
        out_of_turn = refusal is not None and (refusal.kind.endswith("unexpected-message") or refusal.kind in _ENDED)
        if not not_given(step) and not out_of_turn:
            self.answers[id(token)] = step


@cache
def _defaults() -> Mapping[str, Any]:
    """What the command line of such a run would give; the credentials are handed in, none is read again."""
    return {**accept.make_context("accept", []).params, "captured": True, "quiet": True}


def answers(
    tokens: Sequence[Token],
    users: Users | None,
    keys: KeyRing | None,
    options: Mapping[str, Any],
) -> list[Step | None]:
    """The answer to each leg; None for a server's, for one behind a refusal, and where it could not be judged.

    It is asked without channel bindings: what the channel has is known, not that the server demands it.
    """
    # A token's own time is what a captured leg is judged by where no other is known.
    at = None if options["at"] == "token" else options["at"]
    given = {**_defaults(), "at": at, "skew": options["skew"]}
    # Where the server's own reason is the ticket's period, it looked at that before the clock, as MIT does.
    mit = any(error_code(decode(token.data)) in _PERIOD for token in tokens)
    request = Request(skew=options["skew"], mit=mit)
    call = _Listening(given, Credentials(users=users, keys=keys), request)
    judge(call, tokens)
    return [call.answers.get(id(token)) for token in tokens]
