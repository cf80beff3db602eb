"""SPNEGO on the accepting side (RFC 4178 3.2, 4.2 and 5; MS-SPNG 3.1.5 and 3.2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from secctx.decoders.spnego_write import (
    ACCEPT_COMPLETED,
    ACCEPT_INCOMPLETE,
    REJECT,
    REQUEST_MIC,
    neg_token_init2,
    neg_token_resp,
)
from secctx.decoders.tables.oids import KRB5, MS_KRB5

from . import status
from .context import Context
from .ending import restored_end, saved_end
from .mechanism import Leg, Mechanism
from .part import Part, inside, malformed
from .values import DOCUMENTED, INFERRED, OTHER, WINDOWS, Refusal, Refused, Request

#: Two names of one mechanism: Windows 2000 cut 113554 to 16 bits, and clients have offered that since (MS-SPNG <9>).
_TWINS: Final = {MS_KRB5: KRB5}


def rejection(token: bytes | None = None) -> bytes:
    """The answer to failure, bare or around a mechanism's own, for those who asked for one (EXTENDED_ERROR)."""
    return neg_token_resp(REJECT, None, token)


class Negotiate:
    """The Negotiate package: chooses among `mechanisms`, in the initiator's order, and wraps what that one says."""

    def __init__(self, mechanisms: Sequence[Mechanism]) -> None:
        self.mechanisms = mechanisms

    def first(self, context: Context, request: Request) -> Leg:
        """Empty input: the server begins, with what it can serve (MS-SPNG 3.2.5.2)."""
        served = [oid for mechanism in self.mechanisms if mechanism.available for oid in mechanism.oids]
        if not served:
            raise Refused(
                status.SEC_E_SECPKG_NOT_FOUND,
                OTHER,
                Refusal("no-mechanism", f"no credentials are given: {_needed(self.mechanisms)}"),
            )
        return Leg(False, WINDOWS, neg_token_init2(served))

    def init(self, context: Context, message: Part, request: Request) -> Leg:
        """The initiator's NegTokenInit: choose, and use the optimistic token where it is for the chosen mechanism."""
        state = context.negotiate
        offers = message.field("mechTypes")
        if offers is None or not offers.children:
            raise message.refuse(
                "spnego-no-mechtypes", "the client offers no mechanism: mechTypes is empty", "mechTypes"
            )
        state.mech_types = message.bytes_of("mechTypes")
        names = [str(node.value) for node in offers.children]
        token = inside(message, "mechToken")
        index, mechanism = self._choose(names, token)
        if mechanism is None:
            raise self._no_common(message, names)
        state.offered = names[index]
        context.mechanism = mechanism.name
        first = _twin(names[index]) == _twin(names[0])
        if not first:
            state.mic_required = state.rejected_first = state.named = True
            return Leg(False, DOCUMENTED, neg_token_resp(REQUEST_MIC, state.offered))
        if token is None:
            state.named = True
            return Leg(False, OTHER, neg_token_resp(ACCEPT_INCOMPLETE, state.offered))
        if message.problem is not None:
            raise malformed(message.problem, message.node.stop)
        leg = mechanism.step(context, token, request)
        return self._wrap(context, mechanism, leg, inside(message, "mechListMIC"))

    def _choose(self, names: Sequence[str], token: Part | None) -> tuple[int, Mechanism | None]:
        """The first of the initiator's mechanisms that can be served, and its place in the list."""
        for index, name in enumerate(names):
            for mechanism in self.mechanisms:
                fits = name in mechanism.oids and mechanism.available
                if fits and (index > 0 or mechanism.serves(token)):
                    return index, mechanism
        # Nothing else can be served: the first mechanism itself says what is wrong with its token.
        for mechanism in self.mechanisms:
            if names and names[0] in mechanism.oids and mechanism.available:
                return 0, mechanism
        return 0, None

    def _no_common(self, message: Part, names: Sequence[str]) -> Refused:
        wanted = [mechanism for mechanism in self.mechanisms if set(names).intersection(mechanism.oids)]
        text = "the client offers no mechanism that is known here"
        if wanted and any(mechanism.available for mechanism in self.mechanisms):
            text = f"none of the client's mechanisms can be served with these credentials: {_needed(wanted)}"
        elif wanted:
            text = f"no credentials are given: {_needed(wanted)}"
        refusal = message.refusal("spnego-no-common-mechanism", text, "mechTypes", offered=tuple(names))
        return Refused(status.SEC_E_SECPKG_NOT_FOUND, OTHER, refusal, rejection())

    def resp(self, context: Context, message: Part, request: Request) -> Leg:
        """The initiator's later words: NegTokenResp with a token, a mechListMIC, or both."""
        notes: list[str] = []
        if message.value("negState") == REJECT:
            raise message.refused(
                status.SEC_E_LOGON_DENIED,
                OTHER,
                "spnego-peer-rejected",
                "the client gave up: negState is reject",
                "negState",
            )
        if message.field("supportedMech") is not None:
            notes.append("the client names a supportedMech, which only an acceptor may; it is ignored")
        token, mic = inside(message, "responseToken"), inside(message, "mechListMIC")
        if token is not None and mic is not None and token.data == mic.data:
            notes.append("mechListMIC repeats responseToken, as some old clients do; it is taken as absent")
            mic = None
        if token is None and mic is None:
            refusal = message.refusal(
                "spnego-empty-response", "the client's NegTokenResp has neither token nor mechListMIC"
            )
            raise Refused(status.SEC_E_INVALID_TOKEN, OTHER, refusal, rejection())
        if context.negotiate.awaited is not None:
            return self._conclude(context, message, token, mic)
        mechanism = self._chosen(context)
        if token is None:
            text = "mechListMIC alone, and the mechanism is not finished: its token is owed"
            raise message.refuse("spnego-token-owed", text, "mechListMIC")
        leg = mechanism.step(context, token, request)
        leg.notes = (*notes, *leg.notes)
        return self._wrap(context, mechanism, leg, mic)

    def raw_answer(self, context: Context, message: Part, request: Request) -> Leg:
        """A mechanism's bare token in the middle of SPNEGO: what Windows clients send where they owe no mechListMIC."""
        if context.negotiate.awaited is not None:
            return self._conclude(context, message, message, None)
        mechanism = self._chosen(context)
        return self._wrap(context, mechanism, mechanism.step(context, message, request), None)

    def _chosen(self, context: Context) -> Mechanism:
        for mechanism in self.mechanisms:
            if mechanism.name == context.mechanism:
                return mechanism
        refusal = Refusal(
            "spnego-other-mechanism", f"the context goes on with {context.mechanism}, which is not served here"
        )
        raise Refused(status.SEC_E_SECPKG_NOT_FOUND, OTHER, refusal)

    def _wrap(self, context: Context, mechanism: Mechanism, leg: Leg, mic: Part | None) -> Leg:
        """Put the mechanism's answer into a NegTokenResp, with the MICs that are owed."""
        state = context.negotiate
        mech = None if state.named else state.offered
        state.named = True
        if not leg.done:
            leg.output = neg_token_resp(ACCEPT_INCOMPLETE, mech, leg.output)
            return leg
        if mic is None and leg.output and state.mic_required and mechanism.protects(context):
            return self._await_mic(context, mechanism, leg, mech)
        ours = self._exchange_mics(context, mechanism, leg, mic)
        leg.output = neg_token_resp(ACCEPT_COMPLETED, mech, leg.output, ours)
        return leg

    def _await_mic(self, context: Context, mechanism: Mechanism, leg: Leg, mech: str | None) -> Leg:
        """The mechanism is done, its last token goes to the client, who still owes a mechListMIC: ours goes along."""
        state = context.negotiate
        state.awaited = saved_end(leg)
        ours = mechanism.sign(context, state.mech_types)
        return Leg(False, OTHER, neg_token_resp(ACCEPT_INCOMPLETE, mech, leg.output, ours), notes=leg.notes)

    def _conclude(self, context: Context, message: Part, token: Part | None, mic: Part | None) -> Leg:
        """The client's mechListMIC, which alone was awaited; it is done, so nothing is sent (RFC 4178 5 b)."""
        state = context.negotiate
        assert state.awaited is not None
        leg, state.awaited = restored_end(state.awaited), None
        if token is not None or mic is None:
            text = "the mechanism is finished and the client's mechListMIC is owed, alone"
            refusal = message.refusal("spnego-mic-missing", text, "mechListMIC")
            raise Refused(status.SEC_E_INVALID_TOKEN, INFERRED, refusal, rejection())
        self._verify(context, self._chosen(context), leg, mic)
        return leg

    def _exchange_mics(self, context: Context, mechanism: Mechanism, leg: Leg, mic: Part | None) -> bytes | None:
        """Verify the initiator's mechListMIC and make ours (RFC 4178 5, MS-SPNG 3.2.5.1 and <8>)."""
        state = context.negotiate
        anonymous = leg.client is not None and leg.client.anonymous
        if leg.weakened and state.mic_required and not anonymous:
            text = "signing was negotiated and the last message drops it, and with it the mechListMIC that is owed"
            raise Refused(status.SEC_E_INVALID_TOKEN, INFERRED, Refusal("spnego-integrity-dropped", text), rejection())
        if mic is None:
            if anonymous or not mechanism.protects(context) or not (state.mic_required or leg.promised):
                return None
            why = (
                "the mechanism is not the client's first choice"
                if state.rejected_first
                else "its NTLM message has a MIC"
            )
            refusal = Refusal(
                "spnego-mic-missing", f"the client owes a mechListMIC and sent none: {why}", "mechListMIC"
            )
            raise Refused(status.SEC_E_INVALID_TOKEN, INFERRED, refusal, rejection())
        return mechanism.sign(context, state.mech_types) if self._verify(context, mechanism, leg, mic) else None

    def _verify(self, context: Context, mechanism: Mechanism, leg: Leg, mic: Part) -> bool:
        """Hold the client's mechListMIC to the session; False where the session can make none."""
        verdict = mechanism.verify(context, context.negotiate.mech_types, mic.data)
        if verdict is None:
            leg.notes = (*leg.notes, "mechListMIC cannot be checked: the session was made without integrity")
            return False
        if not verdict:
            refusal = mic.refusal(
                "spnego-mic-wrong", "mechListMIC does not verify: the list of mechanisms or the MIC was altered"
            )
            raise Refused(status.SEC_E_MESSAGE_ALTERED, OTHER, refusal, rejection())
        return True


def _twin(oid: str) -> str:
    return _TWINS.get(oid, oid)


def _needed(mechanisms: Sequence[Mechanism]) -> str:
    """What gives credentials for those mechanisms."""
    options = {"NTLM": "--users FILE", "Kerberos": "--keytab FILE"}
    return ", ".join(f"{options[mechanism.name]} for {mechanism.name}" for mechanism in mechanisms)
