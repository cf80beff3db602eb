"""AcceptSecurityContext as a pure function: (context, token, request) gives the next context and a `Step`.

It opens no file, reads no clock and draws no random bytes: all of that is handed in.
"""

from __future__ import annotations

import copy
from typing import Final

from secctx.decoders import decode
from secctx.decoders.values import Decoded

from . import flags as asc
from . import status
from .context import Context
from .ending import fitted, restored_end, saved_end
from .kerberos import Kerberos
from .mechanism import Leg, Mechanism
from .negotiate import Negotiate, rejection
from .ntlm import Ntlm
from .part import Part, describe, malformed, whole
from .status import Status
from .values import (
    CONTINUING,
    DOCUMENTED,
    ESTABLISHED,
    FAILED,
    INFERRED,
    OTHER,
    SIMULATED,
    WINDOWS,
    Credentials,
    Refusal,
    Refused,
    Request,
    Server,
    Step,
    World,
)

#: A token may come in so many fragments, of so many bytes together.
MAX_FRAGMENTED: Final = 1 << 20

#: What is wrong with a token and does not keep it from being understood: Windows reads on.
_TOLERATED: Final = ("trailing", "der")

#: The tag of NegTokenResp.
NEG_TOKEN_RESP: Final = 0xA1

_SIMULATED: Final[dict[str, tuple[Status, str]]] = {
    "no-memory": (status.SEC_E_INSUFFICIENT_MEMORY, "as if memory had run out"),
    "internal-error": (status.SEC_E_INTERNAL_ERROR, "as if the Local Security Authority did not answer"),
}


class Acceptor:
    """One server with one set of credentials; contexts live outside it."""

    def __init__(self, credentials: Credentials, server: Server, world: World) -> None:
        self.credentials = credentials
        self.mechanisms: tuple[Mechanism, ...] = (Kerberos(credentials, world), Ntlm(credentials, server, world))
        self.negotiate = Negotiate(self.mechanisms)

    def step(self, context: Context | None, token: bytes, request: Request) -> tuple[Context | None, Step]:
        """One call. The context that comes back is to be kept; None where there is none any more.

        The context given is not changed: whoever keeps it can make the call again.
        """
        renewed = Context(request.package, self.credentials.mark) if context is None else copy.deepcopy(context)
        try:
            self._check_call(context, request)
            leg = self._leg(renewed, token, request)
            self._enforce(leg, request)
            return self._finish(renewed, leg, request)
        except Refused as refused:
            keep = context if _survives(refused.status) else None
            step = _refusal_step(refused, renewed, request)
            if step.recoverable:
                keep, renewed.leg = renewed, renewed.leg + 1
            return keep, step

    def _check_call(self, context: Context | None, request: Request) -> None:
        """What is wrong before any token is looked at."""
        if request.simulate in _SIMULATED:
            code, words = _SIMULATED[request.simulate]
            raise Refused(code, SIMULATED, Refusal("simulated", words))
        if self.credentials.use == "outbound":
            text = "these credentials are for the client's side only (outbound); accepting needs inbound or both"
            raise Refused(status.SEC_E_NO_CREDENTIALS, INFERRED, Refusal("credentials-outbound", text))
        exclusive = asc.ASC_REQ_ALLOW_MISSING_BINDINGS | asc.ASC_REQ_PROXY_BINDINGS
        if request.flags & exclusive == exclusive:
            text = "ALLOW_MISSING_BINDINGS and PROXY_BINDINGS exclude each other"
            raise Refused(status.SEC_E_INVALID_PARAMETER, INFERRED, Refusal("flags-exclusive", text))
        if context is None:
            return
        if context.state == ESTABLISHED:
            text = "the context is already established: there is nothing left to accept on it"
            raise Refused(status.SEC_E_OUT_OF_SEQUENCE, WINDOWS, Refusal("context-finished", text))
        if context.incomplete:
            text = "the last answer is not completed: call CompleteAuthToken (--complete) first"
            raise Refused(status.SEC_E_OUT_OF_SEQUENCE, SIMULATED, Refusal("context-incomplete", text))
        if (context.package, context.credentials) != (request.package, self.credentials.mark):
            text = "this context was begun with other credentials or another package"
            raise Refused(status.SEC_E_WRONG_CREDENTIAL_HANDLE, INFERRED, Refusal("context-credentials", text))

    def _leg(self, context: Context, token: bytes, request: Request) -> Leg:
        """What the package says to the token."""
        if context.pending:
            if token:
                text = "a token came while fragments of the last answer are to be sent: call with empty input for them"
                raise Refused(status.SEC_E_OUT_OF_SEQUENCE, OTHER, Refusal("fragments-pending", text))
            return Leg(False, DOCUMENTED)
        if context.fragment:
            token = context.fragment + token
            if len(token) > MAX_FRAGMENTED:
                raise Refused(
                    status.SEC_E_INVALID_TOKEN,
                    OTHER,
                    Refusal("fragments-too-long", f"more than {MAX_FRAGMENTED} bytes"),
                )
        if request.package == "ntlm":
            return self._single(self.mechanisms[1], context, token, request)
        if request.package == "kerberos":
            return self._kerberos(context, token, request)
        return self._negotiate(context, token, request)

    def _single(self, mechanism: Mechanism, context: Context, token: bytes, request: Request) -> Leg:
        """A package of its own, without Negotiate around it."""
        if not mechanism.available:
            raise _no_credentials(mechanism)
        message = _readable(token, f"an {mechanism.name} token")
        context.mechanism = mechanism.name
        return mechanism.step(context, message, request)

    def _kerberos(self, context: Context, token: bytes, request: Request) -> Leg:
        decoded = decode(token)
        if decoded.mechanism == "SPNEGO":
            text = "a SPNEGO token was given to the Kerberos package, which takes it for a length it cannot allocate"
            refusal = whole(decoded).refusal("spnego-to-kerberos", text)
            raise Refused(status.SEC_E_INSUFFICIENT_MEMORY, WINDOWS, refusal)
        return self._single(self.mechanisms[0], context, token, request)

    def _negotiate(self, context: Context, token: bytes, request: Request) -> Leg:
        """The Negotiate package: SPNEGO, or a mechanism's bare token, which is answered in kind."""
        state = context.negotiate
        if not token:
            if context.leg:
                raise Refused(status.SEC_E_INVALID_TOKEN, OTHER, Refusal("empty-token", "empty input on a later leg"))
            return self.negotiate.first(context, request)
        decoded = decode(token)
        if _is_cut(decoded) and request.flags & asc.ASC_REQ_FRAGMENT_SUPPLIED:
            if len(token) > MAX_FRAGMENTED:
                text = f"the fragments have more than {MAX_FRAGMENTED} bytes together"
                raise Refused(status.SEC_E_INVALID_TOKEN, OTHER, Refusal("fragments-too-long", text))
            context.fragment = token
            return Leg(False, DOCUMENTED, notes=("a fragment: the rest of the token is awaited",))
        context.fragment = b""
        message = _understood(decoded)
        if state.raw or (context.mechanism is None and message.mechanism in ("NTLM", "Kerberos")):
            return self._raw(context, message, request)
        try:
            leg = self._spnego(context, message, request)
        except Refused as refused:
            # What SPNEGO has understood it can also reject in its own words, whatever mechanism refused.
            # A mechanism's own error token goes inside.
            if not refused.output or refused.output[0] != NEG_TOKEN_RESP:
                refused.output = rejection(refused.output)
            raise
        leg.notes = (*_notes(decoded), *leg.notes)
        return leg

    def _spnego(self, context: Context, message: Part, request: Request) -> Leg:
        """SPNEGO's own messages, and a mechanism's bare token in the middle of them."""
        begun = bool(context.negotiate.mech_types)
        if message.message in ("NegTokenInit", "NegTokenInit2") and not begun:
            return self.negotiate.init(context, message, request)
        if message.message == "NegTokenResp" and begun:
            return self.negotiate.resp(context, message, request)
        if begun and message.mechanism == context.mechanism:
            return self.negotiate.raw_answer(context, message, request)
        raise self._unexpected(context, message)

    def _raw(self, context: Context, message: Part, request: Request) -> Leg:
        mechanism = next((m for m in self.mechanisms if m.name == message.mechanism), None)
        if mechanism is None or (context.mechanism not in (None, mechanism.name)):
            raise self._unexpected(context, message)
        if not mechanism.available:
            raise _no_credentials(mechanism)
        context.negotiate.raw = True
        context.mechanism = mechanism.name
        return mechanism.step(context, message, request)

    def _unexpected(self, context: Context, message: Part) -> Refused:
        wanted = "a NegTokenInit or a mechanism's first token" if not context.negotiate.mech_types else "a NegTokenResp"
        text = f"expected {wanted}, found {message.mechanism} {message.message}"
        if message.message == "NegTokenResp":
            text += ": a later leg came first; the context of the first was lost, or it reached another server"
        return message.refused(status.SEC_E_INVALID_TOKEN, OTHER, "spnego-unexpected-message", text)

    def _enforce(self, leg: Leg, request: Request) -> None:
        """`--enforce`: unmet attributes refuse the context. Windows leaves that to its caller."""
        if not leg.done or not request.enforce:
            return
        missing, _ = asc.missing_and_extra(request.flags, leg.attributes)
        if missing:
            text = f"asked for and not granted: {', '.join(missing)} (refused by --enforce; Windows would accept)"
            raise Refused(status.SEC_E_SECURITY_QOS_FAILED, SIMULATED, Refusal("attributes-missing", text))

    def _finish(self, context: Context, leg: Leg, request: Request) -> tuple[Context | None, Step]:
        """The package's answer as the call's: status, attributes, the output as far as the buffer takes it."""
        output, more = fitted(context, leg, request)
        if context.final is not None and not more:
            leg, context.final = restored_end(context.final), None
        deferred = request.defer_completion and not more
        if leg.done and (more or deferred):
            context.final = saved_end(leg)
        done = leg.done and not more and not deferred
        context.incomplete = deferred
        context.leg += 1
        context.state = ESTABLISHED if done else CONTINUING
        basis = SIMULATED if deferred else leg.basis
        granted = _echoed(request) | (asc.ASC_RET_FRAGMENT_ONLY if more else 0) | (leg.attributes if done else 0)
        mechanism = context.mechanism or ("SPNEGO" if context.package == "negotiate" else None)
        step = Step(_code(leg.done and not more, deferred), basis, context.state, mechanism, granted, output or None)
        step.notes = leg.notes
        return context, _with_end(step, leg) if done else step


def complete(context: Context) -> tuple[Context, Step]:
    """CompleteAuthToken for a context whose last call deferred its completion; SEC_E_OUT_OF_SEQUENCE for another."""
    context = copy.deepcopy(context)
    if not context.incomplete:
        text = "nothing is to be completed: only a call with --defer-completion leaves something"
        step = Step(status.SEC_E_OUT_OF_SEQUENCE, SIMULATED, FAILED, refusal=Refusal("nothing-to-complete", text))
        return context, step
    context.incomplete = False
    step = Step(status.SEC_E_OK, SIMULATED, CONTINUING, context.mechanism)
    if context.final is None:
        step.notes = ("the last answer is complete: send it, and call again with the client's answer",)
        return context, step
    leg, context.final = restored_end(context.final), None
    context.state = step.state = ESTABLISHED
    step.attributes = leg.attributes
    return context, _with_end(step, leg)


def _with_end(step: Step, leg: Leg) -> Step:
    """A step that ends the negotiation: who the client is, until when, with which key."""
    step.expiry, step.client, step.session_key = leg.expiry, leg.client, leg.session_key
    return step


def _readable(token: bytes, wanted: str) -> Part:
    if not token:
        raise Refused(status.SEC_E_INVALID_TOKEN, OTHER, Refusal("empty-token", f"expected {wanted}, found no bytes"))
    return _understood(decode(token))


def _understood(decoded: Decoded) -> Part:
    """The message, where it is whole enough to be judged; what is wrong with it says field and offset.

    What is wrong inside an optimistic token counts only if that token is used (RFC 4178 3.2 c).
    """
    problem = decoded.error
    message = whole(decoded)
    if problem is None or problem.kind in _TOLERATED:
        return message
    inside = problem.path.startswith("mechToken.") or (problem.path == "mechToken" and problem.kind != "cut-short")
    if decoded.message in ("NegTokenInit", "NegTokenInit2") and inside:
        message.problem = problem
        return message
    raise malformed(problem, len(decoded.data))


def _is_cut(decoded: Decoded) -> bool:
    """Whether a SPNEGO token ends before its own length does: what MS-SPNG 3.2.5 calls a fragment."""
    problem = decoded.error
    return problem is not None and problem.kind == "cut-short" and decoded.mechanism in ("SPNEGO", "GSS")


def _notes(decoded: Decoded) -> tuple[str, ...]:
    problem = decoded.error
    if problem is None or problem.kind not in _TOLERATED:
        return ()
    return (f"read on although {describe(problem, len(decoded.data))}",)


def _no_credentials(mechanism: Mechanism) -> Refused:
    needs = (
        "users: --users FILE, or --user NAME with its password"
        if mechanism.name == "NTLM"
        else "a keytab (--keytab FILE), for user-to-user the TGT (--ccache FILE)"
    )
    text = f"no credentials for {mechanism.name}: it needs {needs}"
    return Refused(status.SEC_E_NO_CREDENTIALS, INFERRED, Refusal("no-credentials", text))


def _survives(code: Status) -> bool:
    """Whether the context can still be used after this error: only those that did not touch it."""
    return code in (
        status.SEC_E_OUT_OF_SEQUENCE,
        status.SEC_E_WRONG_CREDENTIAL_HANDLE,
        status.SEC_E_INVALID_PARAMETER,
        status.SEC_E_NO_CREDENTIALS,
    )


def _refusal_step(refused: Refused, context: Context, request: Request) -> Step:
    asked = bool(request.flags & asc.ASC_REQ_EXTENDED_ERROR)
    output = refused.output if asked or refused.owed else None
    attributes = refused.attributes | (asc.ASC_RET_EXTENDED_ERROR if output and asked else 0)
    mechanism = context.mechanism
    step = Step(refused.status, refused.basis, FAILED, mechanism, attributes, output, refusal=refused.refusal)
    step.withheld = refused.output is not None and output is None
    # SPNEGO's reject ends the negotiation; a bare mechanism's client can send the next token.
    step.recoverable = refused.recovers and output is not None and output[0] != NEG_TOKEN_RESP
    return step


def _code(done: bool, deferred: bool) -> Status:
    if not deferred:
        return status.SEC_E_OK if done else status.SEC_I_CONTINUE_NEEDED
    return status.SEC_I_COMPLETE_NEEDED if done else status.SEC_I_COMPLETE_AND_CONTINUE


def _echoed(request: Request) -> int:
    """Attributes that speak of the call and not of the context: they stand on every leg."""
    granted = asc.ASC_RET_ALLOCATED_MEMORY if request.flags & asc.ASC_REQ_ALLOCATE_MEMORY else 0
    return granted | (asc.ASC_RET_CONNECTION if request.flags & asc.ASC_REQ_CONNECTION else 0)
