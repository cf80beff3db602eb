"""What goes into a call of AcceptSecurityContext and what comes out; no behaviour beyond reading themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from .status import Status

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings
    from secctx.keys.keyring import KeyRing
    from secctx.keys.users import Users

#: How we know that Windows answers so (docs/cli.md, "accept").
DOCUMENTED: Final = "documented"
WINDOWS: Final = "windows"
OTHER: Final = "other"
INFERRED: Final = "inferred"
SIMULATED: Final = "simulated"
BASES: Final = (DOCUMENTED, WINDOWS, OTHER, INFERRED, SIMULATED)

#: SECURITY_IMPERSONATION_LEVEL, as it comes out of the context.
IMPERSONATIONS: Final = ("anonymous", "identify", "impersonate", "delegate")

CONTINUING: Final = "continuing"
ESTABLISHED: Final = "established"
FAILED: Final = "failed"


@dataclass(slots=True, eq=False)
class Refusal:
    """Why a call was refused: `kind` for the rules, `text` for a person, `path` and `span` of the field that proves it.

    `facts` holds what the rules may want besides: numbers, names, never a secret.
    """

    kind: str
    text: str
    path: str = ""
    span: tuple[int, int] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """A mechanism's refusal on its way to the door, where it becomes a `Step`.

    `output` is an error token for the peer, sent where EXTENDED_ERROR was asked for, or the client is owed it since it
    asked for mutual authentication (MS-SPNG 3.1.5, MS-KILE 3.4.5).
    """

    owed = False
    attributes = 0  #: ASC_RET bits that speak of the failure
    recovers = False  #: the client may go on with this context, if it is sent `output` (MS-KILE 3.4.5: clock skew)

    def __init__(self, status: Status, basis: str, refusal: Refusal, output: bytes | None = None) -> None:
        super().__init__(refusal.text)
        self.status = status
        self.basis = basis
        self.refusal = refusal
        self.output = output


@dataclass(slots=True, eq=False)
class Credentials:
    """What AcquireCredentialsHandle gave: its use, NTLM's users, Kerberos's keys, a mark to know it again by."""

    use: str = "inbound"
    users: Users | None = None
    mark: str = ""
    keys: KeyRing | None = None


@dataclass(slots=True, eq=False)
class Server:
    """The machine that accepts: its names (empty: not known) and its NTLM policy (LmCompatibilityLevel, 0 to 5)."""

    name: str = "SERVER"
    domain: str = ""
    dns_name: str = ""
    dns_domain: str = ""
    lm_level: int = 3
    challenge: bytes | None = None


@dataclass(slots=True, eq=False)
class Request:
    """One call: package, fContextReq, channel bindings, the output buffer's size, and what is to be pretended."""

    package: str = "negotiate"
    flags: int = 0
    bindings: ChannelBindings | None = None
    max_output: int | None = None
    defer_completion: bool = False
    enforce: bool = False
    simulate: str | None = None
    skew: int = 300  #: seconds that Kerberos's clocks may differ
    mit: bool = False  #: MIT's order of Kerberos's checks, and its rule for the keytab's names


class Replays(Protocol):
    """A replay cache (RFC 4120 3.2.3)."""

    def seen(self, digest: bytes, now: datetime, until: datetime) -> bool:
        """Whether the digest was there; it is, from here on, until that time."""


@dataclass(slots=True, eq=False)
class World:
    """The clock, the randomness and the replay cache of a call, handed in: the acceptor has none of its own."""

    now: datetime
    random: Callable[[int], bytes]
    replays: Replays | None = None


@dataclass(slots=True)
class Client:
    """Who logged on, as QuerySecurityContextToken and ImpersonateSecurityContext would have it."""

    name: str
    domain: str | None
    impersonation: str
    anonymous: bool = False
    machine: bool = False
    sid: str | None = None
    groups: tuple[str, ...] = ()
    workstation: str | None = None
    carried_by: str | None = None
    realm: str | None = None
    upn: str | None = None
    logon_time: str | None = None  #: ISO 8601


@dataclass(slots=True, eq=False)
class Step:
    """The answer to one call (docs/cli.md, "accept").

    `attributes` are ASC_RET bits, `missing` and `extra` compare them with the request; `notes` are sentences worth a
    person's time that change nothing.
    """

    status: Status
    basis: str
    state: str
    mechanism: str | None = None
    attributes: int = 0
    output: bytes | None = None
    expiry: datetime | None = None
    client: Client | None = None
    refusal: Refusal | None = None
    notes: tuple[str, ...] = ()
    recoverable: bool = False  #: the client may try again on this context
    withheld: bool = False  #: an error token was made, and not sent for want of EXTENDED_ERROR
    session_key: bytes | None = field(default=None, repr=False)
