"""Which tokens are the legs of one logon, and who sent each of them.

A carrier that tells handshakes apart is believed. Tokens that come without are divided by what they are, in the order
in which they come: what begins a logon begins a conversation, what goes on with one joins the conversation before it,
where that can be gone on with so. A few tokens given by themselves are taken for one logon, be it a broken one; of many
only those are, that fit each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import Final

from secctx.decoders.message import Message
from secctx.decoders.tables.oids import FAMILY
from secctx.decoders.values import join

from .case import CLIENT, SERVER, Case
from .names import ACCEPT_COMPLETED, AUTHENTICATE, CHALLENGE, CLOCK_SKEW, NEGOTIATE, REJECT, REQUEST_MIC
from .ntlm_message import pairs

#: No handshake has more legs; this bounds what rules look through when a carrier's number gathers thousands of tokens.
MOST_LEGS: Final = 32
#: So many tokens without a carrier's number are a handshake that somebody laid out; more are a log or a folder.
FEW: Final = 8
#: So many conversations before are remembered.
MOST_EARLIER: Final = 3

_KDC: Final = ("AS-REQ", "AS-REP", "TGS-REQ", "TGS-REP", "KPASSWD-REQ", "KPASSWD-REP")
#: What goes to a KDC or a password server and comes from there, or is no leg at all.
APART: Final = frozenset((*_KDC, "KRB-SAFE", "KRB-PRIV", "KRB-CRED", "TSCredentials"))
#: What is sent under a context that stands.
PER_MESSAGE: Final = frozenset(("MIC", "Wrap", "DeleteSecContext", "NTLMSSP_MESSAGE_SIGNATURE"))
BEGINNINGS: Final = frozenset(("NegTokenInit", "NegTokenInit2", NEGOTIATE, "AP-REQ", "TGT-REQ", "IAKERB_PROXY"))

_CLIENTS: Final = ("NegTokenInit", NEGOTIATE, AUTHENTICATE, "AP-REQ", "TGT-REQ", "AS-REQ", "TGS-REQ", "KPASSWD-REQ")
_SERVERS: Final = ("NegTokenInit2", CHALLENGE, "TGT-REP", "KRB-ERROR", "AS-REP", "TGS-REP", "KPASSWD-REP")

#: What may come behind a message, where no SPNEGO is around them; a CHALLENGE may have been left out on purpose.
_FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    NEGOTIATE: (CHALLENGE, AUTHENTICATE),
    CHALLENGE: (AUTHENTICATE,),
    "TGT-REQ": ("TGT-REP",),
    "TGT-REP": ("AP-REQ",),
    "AP-REQ": ("AP-REP", "KRB-ERROR"),
    "AP-REP": ("AP-REP",),
    "KRB-ERROR": ("AP-REQ",),
    "IAKERB_PROXY": ("IAKERB_PROXY", "AP-REQ"),
}
#: What comes where legs are lost or out of order: looked for among few tokens alone.
_STRAYS: Final[Mapping[str, tuple[str, ...]]] = {CHALLENGE: (CHALLENGE,), AUTHENTICATE: (CHALLENGE,)}


def group(cases: Sequence[Case], keys: Sequence[Hashable | None]) -> list[list[Case]]:
    """The conversations of a run; each case learns its side, its legs, its position and the conversations before.

    `keys` says of each token which handshake its carrier counts it to, None where it does not. What a KDC is asked and
    answers stands by itself.
    """
    found: list[list[Case]] = []
    counted: dict[Hashable, list[Case]] = {}
    loose = _Loose(sum(key is None for key in keys) <= FEW)
    recent: dict[bool, deque[Sequence[Case]]] = {known: deque(maxlen=MOST_EARLIER) for known in (True, False)}
    at_kdc: set[Hashable | None] = set()
    for case, key in zip(cases, keys, strict=True):
        name = spoken(case).message
        alone = name in APART or (name == "KRB-ERROR" and key in at_kdc)
        (at_kdc.add if name in APART else at_kdc.discard)(key)
        legs: list[Case] | None
        if alone:
            legs = None
        elif key is not None:
            legs = counted.get(key)
        else:
            legs = loose.legs_for(case)
        if legs is None or len(legs) >= MOST_LEGS:
            legs = []
            found.append(legs)
            if not alone and key is not None:
                counted[key] = legs
        _join(case, legs, recent[key is not None] if loose.few or key is not None else ())
        if key is None and not alone and case.decoded.mechanism != "unknown":
            loose.legs = legs
        if len(legs) == 1 and not alone:
            recent[key is not None].append(legs)
    return found


def _join(case: Case, legs: list[Case], earlier: Sequence[Sequence[Case]]) -> None:
    case.side = side_of(case, legs[-1].side if legs else "")
    case.earlier = legs[0].earlier if legs else tuple(earlier)
    case.legs, case.position = legs, len(legs)
    legs.append(case)


def spoken(case: Case) -> Message:
    """The message of the negotiation: SPNEGO's, or the mechanism's own where there is none; CredSSP only wraps it."""
    return next((message for message in case.messages if message.mechanism != "CredSSP"), case.whole)


def token(case: Case) -> Message | None:
    """The mechanism's own message: what SPNEGO carries, or what was said without it."""
    own = spoken(case)
    if own.mechanism != "SPNEGO":
        return own
    places = (join(own.path, "mechToken"), join(own.path, "responseToken"))
    return next((message for message in case.messages if message.path in places), None)


def name_of(case: Case) -> str:
    """What the mechanism's message in it is called; that of the negotiation where it carries none."""
    inner = token(case)
    return spoken(case).message if inner is None else inner.message


def begins(case: Case) -> bool:
    """Whether a logon can begin with this message, sent by whom it is sent."""
    name = spoken(case).message
    return name in BEGINNINGS and (case.side != SERVER or name == "NegTokenInit2")


def side_of(case: Case, before: str) -> str:
    """Who sent a token: by its carrier, else by what it is, else by turns; "" where nothing says it."""
    if case.carried.direction in (CLIENT, SERVER):
        return case.carried.direction
    own, inner = spoken(case), token(case)
    for message in (own,) if inner is None or inner is own else (inner, own):
        side = _by_message(case, message, before)
        if side:
            return side
    if own.message in PER_MESSAGE:
        return ""  # either side may speak at any time
    return {CLIENT: SERVER, SERVER: CLIENT}.get(before, "")


def _by_message(case: Case, message: Message, before: str) -> str:
    name = message.message
    if name in _CLIENTS or name.startswith("INITIATOR_"):
        return CLIENT
    if name in _SERVERS or name.startswith("ACCEPTOR_"):
        return SERVER
    if name == "AP-REP":
        # The third leg of DCE style is an AP-REP too (MS-KILE 3.4.5.1).
        return CLIENT if before == SERVER else SERVER
    if name == "NegTokenResp":
        chose = message.field("supportedMech") is not None or message.value("negState") in (REJECT, REQUEST_MIC)
        return SERVER if chose else ""
    if name == "IAKERB_PROXY":
        asks = any(inner.message in ("AS-REQ", "TGS-REQ") for inner in case.messages)
        return CLIENT if asks else SERVER
    if name in PER_MESSAGE and message.field("Flags") is not None:
        return SERVER if "SentByAcceptor" in message.names("Flags") else CLIENT
    return ""


def answers(challenge: Message, authenticate: Message) -> bool:
    """Whether an AUTHENTICATE proves by its AV pairs that it answers a CHALLENGE: same computer, same time."""
    asked, given = _values(challenge), _values(authenticate)
    shared = [name for name in ("MsvAvTimestamp", "MsvAvNbComputerName") if name in asked and name in given]
    return bool(shared) and all(asked[name] == given[name] for name in shared)


def _values(message: Message) -> dict[str, object]:
    """The values of AV pairs by their names, the first of each; without the empty ones, which prove nothing."""
    return {one.name: one.value for one in reversed(pairs(message)) if one.value is not None}


def offered(case: Case) -> set[str]:
    """The mechanisms that a NegTokenInit or NegTokenInit2 offers, by the names of their families."""
    listed = spoken(case).field("mechTypes")
    mechs = () if listed is None else listed.children[:64]
    return {FAMILY.get(mech.value, mech.value) for mech in mechs if isinstance(mech.value, str)}


def chosen(case: Case) -> str | None:
    """The mechanism that a NegTokenResp chooses, by the name of its family."""
    mech = spoken(case).value("supportedMech")
    return FAMILY.get(mech, mech) if isinstance(mech, str) else None


def error_code(message: Message | None) -> int | None:
    """The number of a KRB-ERROR; None where it is none."""
    code = message.value("error-code") if message is not None and message.message == "KRB-ERROR" else None
    return code if isinstance(code, int) else None


class _Loose:
    """The conversation that tokens without a carrier's number may join."""

    def __init__(self, few: bool) -> None:
        self.few = few
        self.legs: list[Case] | None = None

    def legs_for(self, case: Case) -> list[Case] | None:
        """The legs that it joins; None where it begins a conversation of its own, or stands alone."""
        own = spoken(case)
        if self.legs is None or len(self.legs) >= MOST_LEGS or case.decoded.mechanism == "unknown":
            return None
        return self.legs if self._joins(case, own, self.legs[-1]) else None

    def _joins(self, case: Case, own: Message, last: Case) -> bool:
        assert self.legs is not None
        if case.decoded.data == last.decoded.data:
            # An AP-REQ twice is two logons of which one is a replay; other legs are repeated within theirs.
            return self.few and case.find("AP-REQ") is None
        if own.message in ("NegTokenInit", "NegTokenInit2"):
            return own.message == "NegTokenInit" and spoken(last).message == "NegTokenInit2" and len(self.legs) == 1
        if own.message in PER_MESSAGE:
            return self._stands(own.mechanism)
        if own.mechanism == "CredSSP":
            return last.whole.mechanism == "CredSSP"
        if not self.few and not begins(self.legs[0]):
            return self._proves(own, spoken(last))
        if own.message == "NegTokenResp":
            return self._negotiates(case, last)
        return self._follows(own, spoken(last))

    def _follows(self, own: Message, before: Message) -> bool:
        """Whether a message without SPNEGO can come behind another."""
        if own.mechanism != before.mechanism and "IAKERB" not in (own.mechanism, before.mechanism):
            return False
        if own.message in _STRAYS.get(before.message, ()) and self.few:
            return True
        if own.message not in _FOLLOWS.get(before.message, ()):
            return False
        if own.message == "KRB-ERROR" and not self.few:
            return own.text("sname") == before.text("ticket.sname")
        return before.message != "KRB-ERROR" or error_code(before) == CLOCK_SKEW

    def _proves(self, own: Message, before: Message) -> bool:
        """Whether a message belongs behind one of which the beginning is not there."""
        return own.message == AUTHENTICATE and before.message == CHALLENGE and answers(before, own)

    def _negotiates(self, case: Case, last: Case) -> bool:
        """Whether a NegTokenResp can come behind a leg."""
        assert self.legs is not None
        before = spoken(last)
        over = before.message == "NegTokenResp" and before.value("negState") in (ACCEPT_COMPLETED, REJECT)
        if before.mechanism != "SPNEGO" or over:
            return False
        side = side_of(case, last.side)
        if self.few:
            return True
        inner, list_of = token(case), offered(self.legs[0])
        mechanisms = {chosen(case), *(message.mechanism for message in case.messages[1:3])}
        if list_of and not mechanisms - {None, "SPNEGO", "GSS", "unknown"} <= list_of:
            return False
        latest = next((one.message for leg in reversed(self.legs) if (one := token(leg)) is not None), "")
        if inner is not None and inner.message in (CHALLENGE, AUTHENTICATE, "AP-REP", "KRB-ERROR"):
            return inner.message in _FOLLOWS.get(latest, ())
        return side != last.side or (side == CLIENT and inner is not None)

    def _stands(self, mechanism: str) -> bool:
        """Whether there is a context under which a message could be signed or sealed."""
        assert self.legs is not None
        for leg in self.legs:
            inner = token(leg)
            if inner is None or inner.mechanism not in (mechanism, "IAKERB"):
                continue
            if inner.message in ("AP-REP", AUTHENTICATE):
                return True
            if inner.message == "AP-REQ" and "mutual-required" not in inner.names("ap-options"):
                return True
        return False
