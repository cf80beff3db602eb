"""NTLM on the accepting side (MS-NLMP 3.2.5.1): a CHALLENGE for a NEGOTIATE, then the judgement of AUTHENTICATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secctx.decoders.tables.oids import NTLMSSP
from secctx.decoders.values import join

from . import flags as asc
from . import ntlm_checks, status
from .context import Context
from .mechanism import Leg
from .ntlm_challenge import make_challenge
from .part import Part, malformed, whole
from .values import (
    DOCUMENTED,
    INFERRED,
    SIMULATED,
    WINDOWS,
    Client,
    Credentials,
    Refused,
    Request,
    Server,
    World,
)

if TYPE_CHECKING:
    from secctx.keys.ntlm_session import NtlmSession

UNICODE: Final = 0x00000001
OEM: Final = 0x00000002
SIGN: Final = 0x00000010
SEAL: Final = 0x00000020
DATAGRAM: Final = 0x00000040
IDENTIFY: Final = 0x00100000
NEGOTIATE_128: Final = 0x20000000


class Ntlm:
    """The NTLM package of one server, with the users it may ask its authority about."""

    name: str = "NTLM"
    oids: tuple[str, ...] = (NTLMSSP,)

    def __init__(self, credentials: Credentials, server: Server, world: World) -> None:
        self.credentials = credentials
        self.server = server
        self.world = world

    @property
    def available(self) -> bool:
        """Whether there are users to verify."""
        return self.credentials.users is not None

    def serves(self, token: Part | None) -> bool:
        """NTLM goes on from any token, or refuses it."""
        return True

    def step(self, context: Context, message: Part, request: Request) -> Leg:
        """NEGOTIATE first, AUTHENTICATE second, and nothing else (MS-NLMP 3.2.5)."""
        wanted = "AUTHENTICATE_MESSAGE" if context.ntlm.challenge else "NEGOTIATE_MESSAGE"
        if message.mechanism != "NTLM" or message.message != wanted:
            raise self._unexpected(context, message, wanted)
        _check_whole(message)
        if wanted == "NEGOTIATE_MESSAGE":
            return self._challenge(context, message, request)
        return self._authenticate(context, message, request)

    def _unexpected(self, context: Context, message: Part, wanted: str) -> Refused:
        what = f"{message.mechanism} {message.message}" if message.mechanism != "unknown" else "no token that is known"
        text = f"expected an NTLM {wanted}, found {what}"
        basis = WINDOWS
        if message.message == "AUTHENTICATE_MESSAGE":
            text += ": the server has lost its first leg, or the legs reached different servers or contexts"
        elif message.message == "NEGOTIATE_MESSAGE":
            text += ": the client began anew on a half-open context"
        return message.refused(status.SEC_E_INVALID_TOKEN, basis, "ntlm-unexpected-message", text, "MessageType")

    def _challenge(self, context: Context, message: Part, request: Request) -> Leg:
        """CHALLENGE for NEGOTIATE (MS-NLMP 3.2.5.1.1)."""
        if request.simulate == "ntlm-blocked":
            refusal = message.refusal(
                "ntlm-blocked", "NTLM is blocked on this server by policy (Restrict NTLM: Incoming)"
            )
            raise Refused(status.SEC_E_UNSUPPORTED_FUNCTION, SIMULATED, refusal)
        if request.flags & asc.ASC_REQ_DATAGRAM:
            refusal = message.refusal(
                "ntlm-datagram", "connectionless NTLM was asked for; Windows 7 and later have none"
            )
            raise Refused(status.SEC_E_UNSUPPORTED_FUNCTION, INFERRED, refusal)
        wanted = message.value("NegotiateFlags")
        if not isinstance(wanted, int) or not wanted & (UNICODE | OEM):
            raise message.refused(
                status.SEC_E_INVALID_TOKEN,
                DOCUMENTED,
                "ntlm-no-charset",
                "the client offers neither Unicode nor OEM text, and one of them is needed",
                "NegotiateFlags",
            )
        _check_strength(message, wanted)
        context.ntlm.negotiate = message.data
        context.ntlm.challenge = make_challenge(wanted, self.server, self.world)
        return Leg(False, DOCUMENTED, context.ntlm.challenge)

    def _authenticate(self, context: Context, message: Part, request: Request) -> Leg:
        """The judgement of AUTHENTICATE (MS-NLMP 3.2.5.1.2); bindings are judged before the proof, as Windows does."""
        challenge = whole(_decoded(context.ntlm.challenge))
        flags = message.value("NegotiateFlags")
        if not isinstance(flags, int):
            flags = int(challenge.value("NegotiateFlags") or 0)
        ntlm_checks.check_bindings(message, request)
        _check_strength(message, flags)
        if request.simulate in ("domain-unavailable", "trust-failed"):
            raise self._no_authority(message, request.simulate)
        if ntlm_checks.is_anonymous(message):
            return self._logged_on_anonymously(context, message, flags)
        verdict = ntlm_checks.verify(message, challenge, flags, self.credentials.users, self.server, request)
        exported = ntlm_checks.session_key(message, flags, verdict.key_exchange_key)
        ntlm_checks.check_mic(message, context.ntlm.negotiate, context.ntlm.challenge, exported)
        self._begin_session(context, flags, exported)
        client = Client(
            verdict.user,
            verdict.domain or None,
            "identify" if flags & IDENTIFY else "impersonate",
            machine=verdict.machine,
            workstation=message.value("Workstation") or None,
        )
        promised = ntlm_checks.promises_mic(message) and bool(flags & SIGN)
        weakened = bool(int(challenge.value("NegotiateFlags") or 0) & SIGN) and not flags & SIGN
        return Leg(
            True,
            WINDOWS,
            attributes=attributes(flags),
            client=client,
            promised=promised,
            weakened=weakened,
            session_key=exported,
            notes=verdict.notes,
        )

    def _no_authority(self, message: Part, how: str) -> Refused:
        texts = {
            "domain-unavailable": "no domain controller of the user's domain can be reached",
            "trust-failed": "the trust between this server's domain and the user's is broken",
        }
        refusal = message.refusal("ntlm-no-authority", texts[how], "DomainName")
        return Refused(status.SEC_E_NO_AUTHENTICATING_AUTHORITY, SIMULATED, refusal)

    def _logged_on_anonymously(self, context: Context, message: Part, flags: int) -> Leg:
        """ANONYMOUS LOGON: Windows accepts it whether or not ALLOW_NULL_SESSION was asked for.

        Its KeyExchangeKey is zero (MS-NLMP 3.2.5.1.2); a client that sends no key of its own uses that one.
        """
        key = bytes(16)
        if message.bytes_of("EncryptedRandomSessionKey"):
            key = ntlm_checks.session_key(message, flags, key)
        self._begin_session(context, flags, key)
        granted = attributes(flags) | asc.ASC_RET_NULL_SESSION
        client = Client("ANONYMOUS LOGON", "NT AUTHORITY", "anonymous", anonymous=True, sid="S-1-5-7")
        note = "this is the anonymous user: a server that wants a name must refuse it itself"
        return Leg(True, WINDOWS, attributes=granted, client=client, session_key=key, notes=(note,))

    def _begin_session(self, context: Context, flags: int, exported: bytes) -> None:
        from secctx.keys.ntlm_session import NtlmSession

        session = NtlmSession(flags, exported)
        context.ntlm.session = session.save()
        context.ntlm.integrity = bool(flags & SIGN)

    def protects(self, context: Context) -> bool:
        """Whether SIGN is negotiated: without it signatures are a constant, and INTEGRITY is not granted."""
        return context.ntlm.integrity

    def sign(self, context: Context, data: bytes) -> bytes | None:
        """A signature over `data`, the RC4 state restored afterwards (MS-SPNG 3.2.5.1)."""
        session = self._session(context)
        if session is None:
            return None
        mark = session.mark()
        signature = session.sign(data)
        session.rewind(mark)
        context.ntlm.session = session.save()
        return signature

    def verify(self, context: Context, data: bytes, mic: bytes) -> bool | None:
        """Whether `mic` is the client's over `data`, the RC4 state restored afterwards."""
        session = self._session(context)
        if session is None:
            return None
        mark = session.mark()
        verdict = session.verify(data, mic)
        session.rewind(mark)
        context.ntlm.session = session.save()
        return verdict

    def _session(self, context: Context) -> NtlmSession | None:
        from secctx.keys.ntlm_session import NtlmSession

        if context.ntlm.session is None or not context.ntlm.integrity:
            return None
        return NtlmSession.restore(context.ntlm.session)


def attributes(flags: int) -> int:
    """The ASC_RET bits that NTLM's negotiated flags give (semantics of MS-NLMP 3.1.1.2 and sspi.h)."""
    granted = 0
    if flags & SIGN:
        granted |= asc.ASC_RET_INTEGRITY | asc.ASC_RET_REPLAY_DETECT | asc.ASC_RET_SEQUENCE_DETECT
    if flags & SEAL:
        granted |= asc.ASC_RET_CONFIDENTIALITY
    if flags & IDENTIFY:
        granted |= asc.ASC_RET_IDENTIFY
    return granted


def _check_strength(message: Part, flags: int) -> None:
    """128-bit keys for those who sign or seal, asked for and taken (MS-NLMP 3.2.5.1.1 and <60>).

    A client that wants neither, such as curl, is let in by IIS every day.
    """
    if flags & (SIGN | SEAL) and not flags & NEGOTIATE_128:
        text = "the client wants to sign or seal and offers no 128-bit keys"
        raise message.refused(status.SEC_E_UNSUPPORTED_FUNCTION, DOCUMENTED, "ntlm-128-bit", text, "NegotiateFlags")


def _check_whole(message: Part) -> None:
    """Refuse a message that is malformed in itself, whatever is wrong around it."""
    problem = _decoded(message.data).error
    if problem is not None:
        problem.path = join(message.path, problem.path) if problem.path else message.path
        problem.offset += message.node.start
        raise malformed(problem, len(message.data))


def _decoded(data: bytes) -> Any:
    from secctx.decoders import decode

    return decode(data)
