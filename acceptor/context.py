"""A security context between two calls: all that must survive, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .values import CONTINUING


@dataclass(slots=True)
class NegotiateState:
    """Where a SPNEGO negotiation stands (RFC 4178 3.2 and 5).

    `mech_types` is the initiator's MechTypeList as received: mechListMIC is made over these bytes. `offered` is the OID
    that is echoed; `mic_required` that both sides owe a mechListMIC; `awaited` is the end of a
    mechanism that is finished while the client's mechListMIC is still to come.
    """

    mech_types: bytes = b""
    offered: str | None = None
    mic_required: bool = False
    named: bool = False
    raw: bool = False
    rejected_first: bool = False
    awaited: dict[str, Any] | None = None


@dataclass(slots=True)
class NtlmState:
    """Where an NTLM logon stands: the messages so far, and once it is done the session's keys."""

    negotiate: bytes = b""
    challenge: bytes = b""
    session: dict[str, Any] | None = None
    integrity: bool = False


@dataclass(slots=True)
class KerberosState:
    """Where a Kerberos logon stands: the session's keys, and in DCE style the end that waits for the third leg.

    `ours` is the sequence number of our AP-REP, `tgt_sent` that the client was given our TGT (user-to-user).
    """

    session: dict[str, Any] | None = None
    third_leg: dict[str, Any] | None = None
    ours: int = 0
    tgt_sent: bool = False


@dataclass(slots=True)
class Context:
    """One security context; `leg` counts the calls that it has seen, `pending` is output still to be fragmented.

    `stand_ins` are those that redacted answers were shown with, so that later legs are shown with the same.
    """

    package: str
    credentials: str
    state: str = CONTINUING
    leg: int = 0
    mechanism: str | None = None
    fragment: bytes = b""
    pending: bytes = b""
    incomplete: bool = False
    final: dict[str, Any] | None = None
    negotiate: NegotiateState = field(default_factory=NegotiateState)
    ntlm: NtlmState = field(default_factory=NtlmState)
    kerberos: KerberosState = field(default_factory=KerberosState)
    stand_ins: dict[str, Any] | None = None
