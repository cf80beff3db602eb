"""What the rules look at: one token with all that is known of it, and the legs it stands among."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from secctx.decoders.message import Message, Spot, messages
from secctx.decoders.values import Decoded

from .finding import Said

if TYPE_CHECKING:
    from datetime import datetime

    from secctx.acceptor.values import Step
    from secctx.keys.bindings import ChannelBindings
    from secctx.keys.keyring import KeyRing
    from secctx.keys.unlock import KeyReport

    from .target import Target

CLIENT = "client"
SERVER = "server"


@dataclass(slots=True, eq=False)
class Given:
    """What the caller says besides the tokens; what is None is not known, and what depends on it is not judged.

    `bindings` is what the server's channel has; `other_bindings` are what the same certificate would give with another
    digest. `asked` is fContextReq, `now` the clock, `skew` the seconds that clocks may differ.
    """

    now: datetime | None = None
    skew: int = 300
    bindings: ChannelBindings | None = None
    other_bindings: Sequence[ChannelBindings] = ()
    target: Target | None = None
    keys: KeyRing | None = None
    asked: int | None = None


@dataclass(slots=True, eq=False)
class Carried:
    """How a token travelled: the scheme it stood behind (`Negotiate`), the header or protocol, the input's name.

    `oddities` are what was wrong with its text form, (kind, sentence); `characters` is its size as base64 text where it
    was that, else 0. `stream` tells connections apart; `answer` is what the server's protocol said to it.
    """

    scheme: str = ""
    carrier: str = ""
    oddities: Sequence[tuple[str, str]] = ()
    characters: int = 0
    stream: str = ""
    direction: str = ""
    time: datetime | None = None
    answer: str = ""
    source: str = ""


@dataclass(slots=True, eq=False)
class Case:
    """One token: decoded, opened as far as keys go, and what else is known of it.

    `reports` is what became of its encrypted parts, where keys were given. `side` is who sent it, `client`, `server` or
    "" where that is not known. `legs` are the legs of its conversation in order, it among them at `position`. `step` is
    the acceptor's answer to it, where it was asked. `earlier` are the conversations before, the latest last.
    """

    decoded: Decoded
    given: Given = field(default_factory=Given)
    carried: Carried = field(default_factory=Carried)
    reports: Sequence[KeyReport] = ()
    side: str = ""
    legs: Sequence[Case] = ()
    position: int = 0
    earlier: Sequence[Sequence[Case]] = ()
    step: Step | None = None
    _messages: list[Message] | None = None

    @property
    def messages(self) -> list[Message]:
        """The token and every token inside it, the outer before the inner."""
        if self._messages is None:
            self._messages = list(messages(self.decoded))
        return self._messages

    @property
    def whole(self) -> Message:
        """The token received, as the message it is."""
        return self.messages[0]

    @property
    def complete(self) -> bool:
        """Whether the token was read whole: only then does an absent field mean anything."""
        return self.decoded.error is None

    @property
    def before(self) -> Sequence[Case]:
        """The legs of the conversation before this one, in order."""
        return self.legs[: self.position]

    @property
    def after(self) -> Sequence[Case]:
        """The legs of the conversation behind this one, in order."""
        return self.legs[self.position + 1 :]

    def find(self, *names: str) -> Message | None:
        """The first message of one of these names: `AP-REQ`, `CHALLENGE_MESSAGE`, `NegTokenInit`."""
        for message in self.messages:
            if message.message in names:
                return message
        return None

    def last(self, *names: str) -> tuple[Case, Message] | None:
        """The latest leg before this one that holds such a message, and the message."""
        for case in reversed(self.before):
            message = case.find(*names)
            if message is not None:
                return case, message
        return None

    def refused(self, *kinds: str) -> Iterator[Said]:
        """The acceptor's refusal of this token, where it is of one of these kinds."""
        refusal = None if self.step is None else self.step.refusal
        if refusal is not None and refusal.kind in kinds:
            yield Said(refusal.text, Spot(refusal.path, refusal.span), refused=True)
