"""What goes into a call of AcceptSecurityContext and what comes out; no behaviour beyond reading themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from .status import Status

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings
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

    `output` is an error token for the peer, sent where EXTENDED_ERROR was asked for (MS-SPNG 3.1.5, MS-KILE 3.4.5).
    """

    def __init__(self, status: Status, basis: str, refusal: Refusal, output: bytes | None = None) -> None:
        super().__init__(refusal.text)
        self.status = status
        self.basis = basis
        self.refusal = refusal
        self.output = output


@dataclass(slots=True, eq=False)
class Credentials:
    """What AcquireCredentialsHandle gave: its use, the users that NTLM may verify, a mark to know it again by."""

    use: str = "inbound"
    users: Users | None = None
    mark: str = ""


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


@dataclass(slots=True, eq=False)
class World:
    """The clock and the randomness of a call, handed in so that the acceptor has none of its own."""

    now: datetime
    random: Callable[[int], bytes]


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
    withheld: bool = False  #: an error token was made, and not sent for want of EXTENDED_ERROR
    session_key: bytes | None = field(default=None, repr=False)
