"""The tickets of a token that are presented to a service, and names that are fit to stand in a command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from secctx.decoders.message import Message
from secctx.decoders.values import Node, join, within

from .case import Case

if TYPE_CHECKING:
    from secctx.keys.unlock import KeyReport

#: What a KDC is asked and answers: a ticket in there is presented to no service.
KDC_MESSAGES: Final = ("AS-REQ", "AS-REP", "TGS-REQ", "TGS-REP")
#: The KDC's own services; their tickets come from every logon and every change of a password.
KDC_SERVICES: Final = ("krbtgt", "kadmin", "changepw")
#: More tickets of one token are not looked at.
_MOST: Final = 16
_FIT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:$@-]{0,250}")


@dataclass(slots=True)
class Presented:
    """A ticket on its way to a service: in an AP-REQ, or by itself. `prefix` leads to it in `message`.

    `named`: whether its name was read whole.
    """

    message: Message
    prefix: str
    named: bool = True

    @property
    def node(self) -> Node:
        """The Ticket."""
        found = self.message.field(self.prefix) if self.prefix else self.message.node
        return found or self.message.node

    @property
    def user_to_user(self) -> bool:
        """Whether it is encrypted with the session key of the service's own ticket-granting ticket."""
        return "use-session-key" in self.message.names("ap-options")

    @property
    def service(self) -> tuple[str, ...]:
        """The components of the service's name; none where it was not read whole."""
        return components(self.message, self.at("sname")) if self.named else ()

    def at(self, path: str) -> str:
        """The path in the message of a field of the ticket."""
        return join(self.prefix, path)

    def whole(self, path: str) -> str:
        """The path in the token received of a field of the ticket."""
        return join(self.message.path, self.at(path))

    def report(self, case: Case) -> KeyReport | None:
        """What became of its encrypted part, where keys were given."""
        path = self.whole("enc-part")
        return next((one for one in case.reports if one.path == path and one.kind == "encrypted"), None)


def presented(case: Case) -> Iterator[Presented]:
    """The tickets that a token presents to a service."""
    inside = count = 0
    for message in case.messages:
        if message.message in KDC_MESSAGES:
            inside = max(inside, message.node.stop)
            continue
        if message.message == "AP-REQ" and message.field("ticket") is not None:
            found = Presented(message, "ticket")
        elif message.message == "Ticket":
            found = Presented(message, "")
        else:
            continue
        if message.node.start >= inside and count < _MOST:
            count += 1
            found.named = readable(case, message, found.at("sname"))
            yield found


def readable(case: Case, message: Message, path: str) -> bool:
    """Whether a field is there and was read to its end."""
    wrong = case.decoded.error
    return message.field(path) is not None and (wrong is None or not within(wrong.path, join(message.path, path)))


def components(message: Message, path: str) -> tuple[str, ...]:
    """The components of a principal's name, as far as they are text."""
    names = message.field(join(path, "name-string"))
    return tuple(node.value for node in names.children if isinstance(node.value, str)) if names is not None else ()


def fit(name: str, instead: str) -> str:
    """A name from a token, where it can stand in a command that someone copies; else what stands for it."""
    return name if _FIT.fullmatch(name) else instead
