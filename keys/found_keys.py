"""What the parts that were opened give to others of the same run: session keys, subkeys, armor keys, salts.

A run is several tokens looked at together: an AP-REP opens with the session key from the AP-REQ before it, a TGS-REP
with that of its TGS-REQ, a MIC with the keys of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .keyring import FoundKey, RingKey
    from .password_keys import PasswordKeys

#: So many of each kind are kept, the newest: more are no logon, and each is tried.
MOST: Final = 64
#: Salts cost a string-to-key function each, and the iterations that a token asks for are no one's to choose.
MOST_SALTS: Final = 8
MOST_ITERATIONS: Final = 100_000


@dataclass(slots=True, eq=False)
class Exchange:
    """An AP-REQ whose authenticator was opened, and the acceptor's subkey where its AP-REP was opened too."""

    client: str
    service: str
    session: RingKey
    subkey: RingKey | None = None
    acceptor: RingKey | None = None
    time: tuple[datetime | None, Any] = (None, None)  #: ctime and cusec, which the AP-REP repeats
    flags: int = 0  #: of the checksum 0x8003
    tgs: bool = False  #: whether it stands in a TGS-REQ

    def held(self) -> list[RingKey]:
        """Its keys, the one that counts first."""
        return [key for key in (self.acceptor, self.subkey, self.session) if key is not None]


@dataclass(frozen=True, slots=True)
class Salt:
    """What a KDC said of a client's key in ETYPE-INFO2 or PA-PW-SALT."""

    etype: int | None
    salt: bytes
    iterations: int | None


@dataclass(slots=True, eq=False)
class FoundKeys:
    """What was found so far in one run. Its `repr` shows no key."""

    tickets: dict[bytes, FoundKey] = field(default_factory=dict, repr=False)  #: digest of a ticket to its session key
    exchanges: list[Exchange] = field(default_factory=list, repr=False)
    tgts: list[FoundKey] = field(default_factory=list, repr=False)  #: those of them that are of ticket-granting tickets
    armors: list[RingKey] = field(default_factory=list, repr=False)
    salts: list[Salt] = field(default_factory=list)
    salted: dict[tuple[int, Salt], PasswordKeys] = field(default_factory=dict, repr=False)  #: by account and salt
    mech_types: list[bytes] = field(default_factory=list, repr=False)  #: the DER that a mechListMIC signs
    messages: list[bytes] = field(default_factory=list, repr=False)  #: given, for MICs that stand alone

    def note(self, kept: list[Any], one: Any) -> None:
        """Keep one thing more, and no more than `MOST` of its kind."""
        kept.append(one)
        del kept[:-MOST]

    def add_salt(self, salt: Salt) -> None:
        """Keep a salt that a KDC told, once, unless it would take too long to use."""
        bearable = salt.iterations is None or 0 < salt.iterations <= MOST_ITERATIONS
        if salt not in self.salts and bearable:
            self.salts.append(salt)
            del self.salts[:-MOST_SALTS]

    def newest(self, *, tgs: bool | None = None) -> Iterator[Exchange]:
        """The exchanges, the last one first; of TGS-REQs alone, or of all others, where `tgs` says so."""
        for exchange in reversed(self.exchanges):
            if tgs is None or exchange.tgs == tgs:
                yield exchange

    def session_key_of(self, ticket: bytes) -> FoundKey | None:
        """The session key of a ticket, given in DER, that something else told."""
        return self.tickets.get(sha256(ticket).digest())

    def add_ticket(self, ticket: bytes, key: FoundKey) -> None:
        """Keep the session key of a ticket; the first that is told of it counts."""
        mark = sha256(ticket).digest()
        if mark not in self.tickets:
            self.tickets[mark] = key
            if " to krbtgt/" in key.source:
                self.note(self.tgts, key)
