"""What SPNEGO can choose: the mechanisms behind one face."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .context import Context
from .part import Part
from .values import Client, Request


@dataclass(slots=True, eq=False)
class Leg:
    """A mechanism's answer to one message; refusals travel as `Refused`.

    `promised` says that the client announced a MIC over the mechanism's own messages, which makes mechListMIC
    mandatory where the mechanism is NTLM (MS-SPNG note 8); `weakened` that integrity was granted and is gone.
    """

    done: bool
    basis: str
    output: bytes | None = None
    attributes: int = 0
    client: Client | None = None
    expiry: datetime | None = None
    promised: bool = False
    weakened: bool = False
    session_key: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


class Mechanism(Protocol):
    """A security mechanism on the accepting side."""

    name: str
    oids: tuple[str, ...]

    @property
    def available(self) -> bool:
        """Whether the credentials can serve it."""

    def serves(self, token: Part | None) -> bool:
        """Whether it can go on from an optimistic token; True where there is none."""

    def step(self, context: Context, message: Part, request: Request) -> Leg:
        """Judge one message, its state in `context`."""

    def protects(self, context: Context) -> bool:
        """Whether the finished session has integrity: without it nobody owes a mechListMIC (RFC 4178 5 a)."""

    def sign(self, context: Context, data: bytes) -> bytes | None:
        """A MIC as acceptor over `data`; None where the session has no integrity."""

    def verify(self, context: Context, data: bytes, mic: bytes) -> bool | None:
        """Whether `mic` is the initiator's over `data`; None where the session has no integrity."""
