"""The keys of a finished Kerberos context, and how a per-message token does not fit it (RFC 4121 section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from .enctype import KerberosCryptoError
from .kerberos_key import Key

Role = Literal["initiator", "acceptor"]

#: What of a token does not fit.
Misfit = Literal[
    "token",  #: another TOK_ID, framing or mechanism
    "length",
    "filler",
    "algorithm",  #: SGN_ALG or SEAL_ALG
    "direction",
    "flag",
    "key",  #: it fits another key of the same context
    "key usage",  #: it fits the right key with the usage number of another purpose
    "checksum",  #: it fits nothing of the context
    "copy",  #: the header's copy in the encrypted text
    "padding",
    "sequence",
]


class TokenError(KerberosCryptoError):
    """A MIC or Wrap token that does not fit the context: what of it (`kind`), what was `expected`, what was `found`."""

    def __init__(self, kind: Misfit, expected: str, found: str) -> None:
        super().__init__(f"{kind}: expected {expected}, found {found}")
        self.kind: Misfit = kind
        self.expected = expected
        self.found = found


def other(role: Role) -> Role:
    """The other end."""
    return "initiator" if role == "acceptor" else "acceptor"


@dataclass(frozen=True, slots=True)
class ContextKeys:
    """The ticket's session key, and the subkeys of those that asserted one."""

    session_key: Key
    initiator_subkey: Key | None = field(default=None)
    acceptor_subkey: Key | None = field(default=None)

    @property
    def key(self) -> Key:
        """The context's key: the acceptor's subkey, without one the initiator's, without either the session key."""
        return self.acceptor_subkey or self.initiator_subkey or self.session_key

    def named(self) -> Iterator[tuple[str, Key]]:
        """Every key, the context's own first, with what it is."""
        if self.acceptor_subkey is not None:
            yield "the acceptor's subkey", self.acceptor_subkey
        if self.initiator_subkey is not None:
            yield "the initiator's subkey", self.initiator_subkey
        yield "the ticket's session key", self.session_key
