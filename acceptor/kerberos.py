"""Kerberos on the accepting side (RFC 4120 3.2, RFC 4121, MS-KILE 3.4.5): AP-REQ, DCE style, user-to-user."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from secctx.decoders.tables.oids import KRB5, MS_KRB5

from . import flags as asc
from . import status
from .context import Context
from .mechanism import Leg
from .part import Part
from .status import Status
from .tables import flags as tables
from .values import (
    DOCUMENTED,
    INFERRED,
    OTHER,
    WINDOWS,
    Client,
    Credentials,
    Refused,
    Request,
    World,
)

if TYPE_CHECKING:
    from secctx.keys.kerberos_session import KerberosSession
    from secctx.keys.keyring import KeyRing

    from .kerberos_values import Agreed, Fault, Opened

# The decoders' grammar and the cryptography are imported where they are used: a server of NTLM does not pay for them.

#: What refuses a request, with a status of its own; the others are by the number of their KRB-ERROR.
_STATUSES: Final[dict[str, tuple[Status, str]]] = {
    "bindings-missing": (status.SEC_E_BAD_BINDINGS, WINDOWS),
    "bindings-differ": (status.SEC_E_BAD_BINDINGS, WINDOWS),
    "checksum-short": (status.SEC_E_BAD_BINDINGS, OTHER),
    "checksum-malformed": (status.SEC_E_INVALID_TOKEN, OTHER),
    "checksum-wrong": (status.SEC_E_INVALID_TOKEN, OTHER),
    "mutual-contradiction": (status.SEC_E_INVALID_TOKEN, WINDOWS),
    "authenticator-malformed": (status.SEC_E_INVALID_TOKEN, OTHER),
    "session-key-unusable": (status.SEC_E_UNSUPPORTED_FUNCTION, INFERRED),
    "subkey-unusable": (status.SEC_E_UNSUPPORTED_FUNCTION, INFERRED),
    "malformed": (status.SEC_E_INVALID_TOKEN, OTHER),
    "ticket-malformed": (status.SEC_E_INVALID_TOKEN, OTHER),
    "kerberos-version": (status.SEC_E_INVALID_TOKEN, OTHER),
    "authenticator-altered": (status.SEC_E_LOGON_DENIED, INFERRED),
    "pac-signature": (status.SEC_E_LOGON_DENIED, INFERRED),
    "pac-client": (status.SEC_E_LOGON_DENIED, INFERRED),
}
#: A ticket that does not open: seen on Windows, whatever MIT calls it.
_NOT_OPENED: Final = frozenset(
    {"no-key-for-service", "no-key-of-enctype", "key-version", "key-wrong", "ticket-enctype-unsupported", "u2u-key"}
)
#: Flags of the checksum that become attributes as they are: REPLAY, SEQUENCE, CONF, INTEG, DCE_STYLE, IDENTIFY.
_HONOURED: Final = 0x303C
U2U_REQUIRED: Final = 69


class Kerberos:
    """The Kerberos package of one server, with the keys of its accounts."""

    name: str = "Kerberos"
    oids: tuple[str, ...] = (MS_KRB5, KRB5)

    def __init__(self, credentials: Credentials, world: World) -> None:
        self.credentials = credentials
        self.world = world

    @property
    def available(self) -> bool:
        """Whether there is a key, or a TGT to be reached with."""
        ring = self.credentials.keys
        return ring is not None and bool(ring or ring.tgt)

    @property
    def ring(self) -> KeyRing:
        """The keys; only where it is available."""
        assert self.credentials.keys is not None
        return self.credentials.keys

    def serves(self, token: Part | None) -> bool:
        """Whether it can go on from an optimistic token; from a TGT-REQ only with a TGT."""
        if token is None or token.message in ("AP-REQ", "KRB-ERROR"):
            return True
        return token.message == "TGT-REQ" and bool(self.ring.tgt)

    def step(self, context: Context, message: Part, request: Request) -> Leg:
        """AP-REQ or TGT-REQ first; AP-REP where DCE style awaits it."""
        state = context.kerberos
        if state.third_leg:
            from .kerberos_third_leg import finish

            return finish(context, message)
        if message.message == "AP-REQ":
            return self._accept(context, message, request)
        if message.message == "TGT-REQ" and not state.tgt_sent:
            return self._tgt(context, message)
        known = message.mechanism != "unknown"
        what = f"{message.mechanism} {message.message}" if known else "bytes that are no token"
        text = f"expected a Kerberos AP-REQ, found {what}"
        if message.message == "KRB-ERROR":
            number = message.field("error-code")
            text = f"the client gave up with {number.meaning if number is not None else 'a KRB-ERROR'}"
        raise message.refused(status.SEC_E_INVALID_TOKEN, OTHER, "kerberos-unexpected-message", text)

    def _tgt(self, context: Context, message: Part) -> Leg:
        """TGT-REP with our own TGT (user-to-user)."""
        from secctx.decoders import kerberos_write as write

        if not self.ring.tgt:
            text = "the client asks for this server's TGT (user-to-user), and none is given (--ccache)"
            raise message.refused(status.SEC_E_NO_TGT_REPLY, OTHER, "u2u-no-tgt", text)
        context.kerberos.tgt_sent = True
        return Leg(False, OTHER, write.framed(write.TGT_REP_ID, write.tgt_rep(self.ring.tgt)))

    def _accept(self, context: Context, message: Part, call: Request) -> Leg:
        """Judge an AP-REQ."""
        from .kerberos_checksum import agreed_of
        from .kerberos_request import ApRequest
        from .kerberos_values import USE_SESSION_KEY, Fault

        world = self.world
        if call.flags & asc.ASC_REQ_ALLOW_CONTEXT_REPLAY:
            world = World(world.now, world.random)
        request = ApRequest(message, self.ring, world, skew=call.skew, mit=call.mit)
        if not self.ring and not request.options & USE_SESSION_KEY:
            return self._demand_u2u(context, message)
        try:
            opened = request.check()
            agreed = agreed_of(request, opened, call)
            self._check_framing(message, agreed)
            identity = self._identity(opened)
        except Fault as fault:
            raise self._refused(message, request.opened, fault, request.options) from None
        return self._established(context, opened, agreed, identity)

    def _demand_u2u(self, context: Context, message: Part) -> Leg:
        """A server that has a TGT and no key asks for user-to-user, once."""
        from secctx.decoders import kerberos_write as write

        from .kerberos_answer import make_error

        if context.kerberos.tgt_sent:
            text = (
                "the client was given this server's TGT and does not use its key: the ticket is none for user-to-user"
            )
            raise message.refused(status.SEC_E_LOGON_DENIED, OTHER, "u2u-not-done", text, "ap-options")
        context.kerberos.tgt_sent = True
        reply = write.tgt_rep(self.ring.tgt)
        output = make_error(message, None, U2U_REQUIRED, self.world, framed=True, e_data=reply)
        note = "this server has a TGT and no key: it asks the client for user-to-user"
        return Leg(False, OTHER, output, notes=(note,))

    def _check_framing(self, message: Part, agreed: Agreed) -> None:
        """A bare AP-REQ is DCE style, and the checksum must say so."""
        from .kerberos_values import DCE_STYLE, Fault

        if message.field("thisMech") is None and not agreed.flags & DCE_STYLE:
            text = "a bare AP-REQ, without GSS-API's framing, is DCE style; the client's checksum does not ask for that"
            raise Fault("framing-missing", text, "", 60)

    def _identity(self, opened: Opened) -> Client:
        from .kerberos_identity import client_of

        return client_of(opened, self.ring)

    def _established(self, context: Context, opened: Opened, agreed: Agreed, client: Client) -> Leg:
        """The request holds: AP-REP where it was asked for, the session, the attributes."""
        from .kerberos_answer import choose_subkey, make_ap_rep
        from .kerberos_third_leg import begin
        from .kerberos_values import DCE_STYLE, IDENTIFY, MUTUAL

        dce = bool(agreed.flags & DCE_STYLE)
        mutual = bool(agreed.flags & MUTUAL) or dce
        theirs = opened.authenticator.value("seq-number") if opened.authenticator is not None else None
        peer = theirs & 0xFFFFFFFF if isinstance(theirs, int) else 0
        output, subkey, ours = None, None, peer
        if mutual:
            subkey = choose_subkey(opened, self.world)
            ours = int.from_bytes(self.world.random(4)) & 0x3FFFFFFF
            output = make_ap_rep(opened, subkey, ours, self.world, dce=dce)
        begin(context, opened, subkey, ours, peer, agreed)
        if agreed.delegated:
            client.carried_by = f"forwarded TGT of {agreed.delegated}"
        client.impersonation = _impersonation(client, agreed, identify=bool(agreed.flags & IDENTIFY))
        end = opened.ticket.value("endtime")
        leg = Leg(
            not dce,
            WINDOWS if mutual and not dce else DOCUMENTED,
            output,
            attributes(agreed, mutual=mutual) | (asc.ASC_RET_NULL_SESSION if client.anonymous else 0),
            client,
            end if isinstance(end, datetime) else None,
            session_key=(subkey or opened.subkey or opened.session_key).value,
            notes=tuple(opened.notes),
        )
        if dce:
            from .ending import saved_end

            context.kerberos.third_leg = saved_end(leg)
            context.kerberos.ours = ours
        return leg

    def _refused(self, message: Part, opened: Opened | None, fault: Fault, options: int) -> Refused:
        """The refusal for a fault: status, basis, and the KRB-ERROR that a client who asked for proof is sent."""
        from .kerberos_answer import make_error
        from .kerberos_values import MUTUAL_REQUIRED

        code, basis = _status_of(fault)
        refusal = message.refusal(fault.kind, fault.text, fault.path, code=fault.code, **fault.facts)
        output = None
        if message.bytes_of("ticket.realm") and message.bytes_of("ticket.sname"):
            framed = message.field("thisMech") is not None
            try:
                output = make_error(message, opened, fault.code, self.world, framed=framed)
            except ValueError:
                output = None  # the name in the ticket cannot be repeated: it is malformed
        refused = Refused(code, basis, refusal, output)
        refused.owed = bool(options & MUTUAL_REQUIRED)
        refused.recovers = fault.kind == "clock-skew"
        return refused

    def protects(self, context: Context) -> bool:
        """Whether the finished session has integrity: Kerberos always can make a MIC."""
        return context.kerberos.session is not None

    def sign(self, context: Context, data: bytes) -> bytes | None:
        """A MIC as acceptor over `data`."""
        session = self._session(context)
        if session is None:
            return None
        mic = session.sign(data)
        context.kerberos.session = session.save()
        return mic

    def verify(self, context: Context, data: bytes, mic: bytes) -> bool | None:
        """Whether `mic` is the initiator's over `data`."""
        session = self._session(context)
        if session is None:
            return None
        verdict = session.verify(data, mic)
        context.kerberos.session = session.save()
        return verdict

    def _session(self, context: Context) -> KerberosSession | None:
        from secctx.keys.kerberos_session import KerberosSession

        saved = context.kerberos.session
        return None if saved is None else KerberosSession.restore(saved)


def attributes(agreed: Agreed, *, mutual: bool) -> int:
    """The ASC_RET bits for the checksum's flags, by the table: never the bits themselves."""
    granted = 0
    for bit, _, ret in tables.GSS:
        if agreed.flags & bit & _HONOURED:
            granted |= ret
    if agreed.delegated:
        granted |= asc.ASC_RET_DELEGATE
    return granted | (asc.ASC_RET_MUTUAL_AUTH if mutual else 0)


def _impersonation(client: Client, agreed: Agreed, *, identify: bool) -> str:
    if client.anonymous:
        return "anonymous"
    if identify:
        return "identify"
    return "delegate" if agreed.delegated else "impersonate"


def _status_of(fault: Fault) -> tuple[Status, str]:
    own = _STATUSES.get(fault.kind)
    if own is not None:
        return own
    if fault.kind in _NOT_OPENED:
        return status.SEC_E_LOGON_DENIED, WINDOWS
    if fault.kind == "u2u-no-tgt":
        return status.SEC_E_NO_TGT_REPLY, OTHER
    mapped = status.of_kerberos(fault.code)
    if mapped is None or fault.kind == "framing-missing":
        return status.SEC_E_INVALID_TOKEN, OTHER
    return mapped.status, mapped.basis
