"""What became of a leg and of its logon, as far as the legs behind it, the protocol around it and the acceptor say."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .case import CLIENT, SERVER, Case
from .conversations import error_code, name_of, spoken, token
from .names import ACCEPT_COMPLETED, ACCEPT_INCOMPLETE, CHALLENGE, REJECT, REQUEST_MIC

PASSED: Final = "passed"
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"

_HTTP: Final = re.compile(r"HTTP(?:/[\d.]{1,4})? (\d{3})\b")
_LDAP: Final = re.compile(r"LDAP (\d{1,4})\b")
_STATUS: Final = re.compile(r"\b(STATUS_[A-Z_]{1,60}|SEC_[EI]_[A-Z_]{1,60})\b")
_GOOD: Final = ("STATUS_SUCCESS", "SEC_E_OK")
#: What is said where the logon goes on: it is no end.
_GOES_ON: Final = ("STATUS_MORE_PROCESSING_REQUIRED", "SEC_I_CONTINUE_NEEDED")
_LDAP_GOES_ON: Final = 14  # saslBindInProgress (RFC 4511 4.2.2)
#: Refusals that speak of what the acceptor was given, not of the token.
_NOT_JUDGED: Final = ("no-credentials", "no-mechanism", "credentials-outbound", "spnego-no-common-mechanism")


class End(NamedTuple):
    """How it ended, and a clause that says so: `the server rejected it`."""

    kind: str
    clause: str = ""


def waits(case: Case) -> bool:
    """Whether this leg of the server's asks for another one of the client's."""
    if case.side != SERVER:
        return False
    asks = spoken(case).value("negState") in (ACCEPT_INCOMPLETE, REQUEST_MIC)
    return asks or name_of(case) in (CHALLENGE, "TGT-REP", "IAKERB_PROXY")


def end_of(case: Case) -> End:
    """How the logon ended that this leg of the client's belongs to."""
    end = end_in_the_legs(case)
    reason = reason_of(case)
    if reason and end.kind != PASSED:
        return End(FAILED, f"{end.clause}: {reason}" if end.clause else f"it is refused: {reason}")
    if end.kind == UNKNOWN and case.step is not None and case.step.state == "established":
        return End(PASSED, "it is accepted")
    return end


def end_in_the_legs(case: Case) -> End:
    """How the legs behind it and the protocol's answers say that it ended."""
    for leg in case.after:
        end = said_by(leg)
        if end.kind != UNKNOWN:
            return end
    last = case.legs[-1] if case.legs else case
    if waits(last):
        return End(UNKNOWN)
    client = next((leg for leg in reversed(case.after) if leg.side == CLIENT), case)
    ends = (by_answer(leg.carried.answer) for leg in (last, client))
    return next((end for end in ends if end.kind != UNKNOWN), End(UNKNOWN))


def reason_of(case: Case) -> str:
    """Why the acceptor refuses this leg, where it was asked and has what it takes to judge it; else empty."""
    refusal = None if case.step is None else case.step.refusal
    return "" if refusal is None or refusal.kind in _NOT_JUDGED else refusal.text


def said_by(leg: Case) -> End:
    """What a leg of the server's says of the logon."""
    if leg.side != SERVER:
        return End(UNKNOWN)
    own, inner = spoken(leg), token(leg)
    code, state = error_code(inner), own.value("negState")
    if code is not None and inner is not None:
        return End(FAILED, f"the server answered {inner.text('error-code')} ({code})")
    if own.message == "NegTokenResp" and state == REJECT:
        return End(FAILED, "the server rejected it")
    if own.message == "NegTokenResp" and state == ACCEPT_COMPLETED:
        return End(PASSED, "the server accepted it")
    if inner is not None and inner.message == "AP-REP":
        return End(PASSED, "the server accepted it")
    return End(UNKNOWN)


def by_answer(answer: str) -> End:
    """What a protocol's answer says: `HTTP 401`, `STATUS_LOGON_FAILURE`, `LDAP 49 …`."""
    http, ldap, status = (pattern.search(answer[:400]) for pattern in (_HTTP, _LDAP, _STATUS))
    if http:
        number = int(http[1])
        # Whoever is forbidden a thing, or asks for what is not there, may have been logged on or not.
        kind = FAILED if number in (401, 407) else PASSED if 200 <= number < 400 else UNKNOWN
        return End(kind, f"the server answered HTTP {number}")
    if ldap and int(ldap[1]) != _LDAP_GOES_ON:
        return End(FAILED if int(ldap[1]) else PASSED, f"the server answered LDAP {int(ldap[1])}")
    if status and status[1] not in _GOES_ON:
        return End(PASSED if status[1] in _GOOD else FAILED, f"the server answered {status[1]}")
    return End(UNKNOWN)
