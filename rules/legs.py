"""What is wrong between the legs of one logon: lost, repeated, from two connections, out of order, or not answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from secctx.decoders.message import Message
from secctx.decoders.tables.oids import FAMILY

from .case import CLIENT, SERVER, Case
from .conversations import (
    PER_MESSAGE,
    answers,
    begins,
    chosen,
    error_code,
    name_of,
    offered,
    spoken,
    token,
)
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .legs_end import PASSED, end_of, waits
from .names import ACCEPT_COMPLETED, AUTHENTICATE, CHALLENGE, CLOCK_SKEW, NEGOTIATE

#: What each message answers.
_QUESTIONS = {CHALLENGE: NEGOTIATE, AUTHENTICATE: CHALLENGE, "AP-REP": "AP-REQ", "TGT-REP": "TGT-REQ"}


@rule("LEG001", "leg-lost", WARNING)
def LEG001(case: Case) -> Iterator[Said]:
    """A leg of the conversation is not there.

    What: every leg answers the one before it, and here the one before it is missing. Either the log or capture did not
    get it, or the two ends are not talking in one logon: the answer that the client got came from elsewhere.

    Shows: nothing can be verified that covers the missing leg (NTLM's MIC covers all three messages); a server that
    lost it too answers SEC_E_INVALID_TOKEN or SEC_E_OUT_OF_SEQUENCE.

    Do: get the missing leg, from a capture at the client and one at the server at the same time.

    Client: `curl -v --negotiate -u : URL` or `curl -v --ntlm -u USER URL` shows all legs of HTTP; elsewhere capture
    packets with `pktmon start --capture` or `tcpdump -w file.pcap`.

    Server: where a proxy or load balancer stands before the server, capture on both of its sides and compare.

    See: MS-NLMP 1.3.1.1; RFC 4178 section 3.2; MS-SPNG 3.2.5.
    """
    own, name = spoken(case), name_of(case)
    if not case.position:
        if case.after and own.mechanism != "unknown" and not begins(case) and not _question(case, case.after):
            text = f"the conversation begins with this {name}, and what it answers is not there"
            yield at(own, "", text, severity=NOTE)
        return
    if _without_authenticate(case):
        yield at(own, "", "the client's AUTHENTICATE_MESSAGE, which this accepts, is not there")
    if case.side != CLIENT or name in PER_MESSAGE or _stray(case) or _without_authenticate(case):
        return
    lost = ""
    if name == AUTHENTICATE:
        lost = "" if _question(case, case.legs) else "the server's CHALLENGE_MESSAGE"
    elif _twice_running(case) and not begins(case) and not _answered_later(case):
        lost = f"the server's answer to leg {case.position}"
    if lost:
        server = any(leg.side == SERVER for leg in case.legs)
        rest = "other legs of the server are" if server else "only the client's legs were given"
        yield at(own, "", f"{lost}, which this {name} answers, is not there; {rest}", severity="" if server else NOTE)


@rule("LEG002", "leg-repeated", WARNING)
def LEG002(case: Case) -> Iterator[Said]:
    """A leg is there twice, byte for byte.

    What: the same token stands twice in one conversation. The sender repeated it (a retry, a proxy that sends the
    request again), or it was captured twice on its way. A repeated AP-REQ is a replay and has its own code (KRB009).

    Shows: a CHALLENGE that was given twice is answered once; a repeated AUTHENTICATE is refused with
    SEC_E_OUT_OF_SEQUENCE or SEC_E_INVALID_TOKEN where the server keeps its context.

    Do: find out who sent it again: the client, something between, or only the capture.

    Client: look for retries in the client's log; a request whose body failed to be sent is begun again from its first
    leg, with a new token.

    Server: look for the two requests in the access log of the server and of the proxy; `tcpdump -i any` sees each
    packet on every interface that it passes.

    See: MS-NLMP 3.2.5.1; RFC 4178 section 3.2.
    """
    name = name_of(case)
    if not case.decoded.data or name not in (NEGOTIATE, CHALLENGE, AUTHENTICATE, "AP-REP", "TGT-REP"):
        return
    for leg in reversed(case.before):
        if leg.decoded.data == case.decoded.data:
            yield at(spoken(case), "", f"this {name} is leg {leg.position + 1} again, byte for byte")
            return
        if name == NEGOTIATE and name_of(leg) == AUTHENTICATE:
            return  # the next logon of the same client, whose first message is mostly the same


@rule("LEG003", "other-connection", WARNING)
def LEG003(case: Case) -> Iterator[Said]:
    """The legs of one logon came over different connections.

    What: NTLM, and Negotiate where it takes more than one round, log on a connection: the server keeps the challenge
    with the connection that it sent it on. A leg that arrives on another one meets a server that asked nothing.

    Shows: HTTP 401 to a good password, often only under load or behind a proxy; SEC_E_INVALID_TOKEN at the third leg;
    in browsers the dialog that comes again and again.

    Do: keep all legs of a logon on one connection, from the client through every proxy to the server.

    Client: use keep-alive and no new connection between the legs; in a library, take the connection out of the pool
    until the logon is over.

    Server: at the proxy: nginx needs `ntlm` in its upstream (nginx Plus, or the nginx-ntlm-module), `proxy_http_version
    1.1` and an empty Connection header; HAProxy needs `http-reuse never`; other balancers need affinity by connection.
    Or let the proxy authenticate, or use Kerberos, which is one leg.

    See: MS-NTHT section 1.3; RFC 4559 section 6; MS-NLMP 1.3.1.1.
    """
    asked = case.last(CHALLENGE) if name_of(case) == AUTHENTICATE else None
    other = next((leg for leg in reversed(case.before) if leg.carried.stream), None)
    if asked is not None and asked[0].carried.stream:
        other = asked[0]
    if not case.carried.stream or other is None or other.carried.stream == case.carried.stream:
        return
    fails = asked is not None and other is asked[0] and _over_http(case) and end_of(case).kind != PASSED
    places = f"connection {case.carried.stream}, the {name_of(other)} before it over connection {other.carried.stream}"
    yield at(spoken(case), "", f"this {name_of(case)} came over {places}", severity=ERROR if fails else "")


@rule("LEG004", "out-of-order", WARNING)
def LEG004(case: Case) -> Iterator[Said]:
    """The legs are not in the order in which they can have been sent.

    What: an answer stands before its question, or the server speaks twice running. The tokens were given in another
    order than they were sent, a leg between is missing, or the legs of two logons are mixed.

    Shows: each token decodes, and the logon makes no sense: SEC_E_INVALID_TOKEN or SEC_E_OUT_OF_SEQUENCE where they are
    presented in this order.

    Do: give the legs in the order of their times, those of one logon alone.

    Client: `curl -v` prints them in order; in a log of several threads sort by connection first, then by time.

    Server: sort the lines of a log by connection, not by time alone.

    See: MS-NLMP 1.3.1.1; RFC 4178 section 3.2.
    """
    own, name = spoken(case), name_of(case)
    asked = _question(case, case.before) or _question(case, case.after)
    if asked is not None and asked.position > case.position:
        yield at(own, "", f"this {name} stands before the {name_of(asked)} that it answers (leg {asked.position + 1})")
    elif _stray(case):
        yield at(own, "", f"the CHALLENGE_MESSAGE that this {name} answers stands before the NEGOTIATE_MESSAGE")
    elif case.side == SERVER and name not in PER_MESSAGE and _twice_running(case) and not _without_authenticate(case):
        before = name_of(case.legs[case.position - 1])
        yield at(own, "", f"the server's {name} stands behind the server's {before}, where it was the client's turn")


@rule("LEG005", "not-done", WARNING)
def LEG005(case: Case) -> Iterator[Said]:
    """The client does not do what the server asked for.

    What: the server chose a mechanism and the client goes on with another; it asked for an answer and the client begins
    anew; it gave its ticket for user-to-user and the client does not use it; or it said that the clocks differ, and the
    client's next authenticator has the same wrong time.

    Shows: SEC_E_INVALID_TOKEN, or HTTP 401 to the client's next token; a client that begins anew again and again never
    fails at the server, it only never comes to an end.

    Do: update the client's library, or take out what changes the tokens or closes the connection between the two.

    Client: `curl -V` and the version of its GSS-API or SSPI library; `curl -v` shows a connection that is closed
    between the legs; for clocks `w32tm /resync` or `chronyc makestep`.

    Server: do not offer mechanisms that nobody can use there (IIS: the list of providers; GssapiAllowedMech of
    mod_auth_gssapi); keep connections open until a logon is over.

    See: RFC 4178 section 4.2.2; MS-SPNG 3.2.5; MS-KILE 3.4.5; MS-NLMP 1.3.1.1.
    """
    inner = token(case)
    if case.side == CLIENT and case.position and inner is not None:
        yield from _other_mechanism(case, inner)
        yield from _begins_anew(case)
        yield from _not_user_to_user(case, inner)
        yield from _same_clock(case, inner)


@rule("LEG006", "unfinished", NOTE)
def LEG006(case: Case) -> Iterator[Said]:
    """The conversation ends with a question of the server's.

    What: the server said that it goes on, and nothing answers it here. The client gave up: it has no credentials for
    the mechanism, its policy forbids it, the user closed the dialog; or the log or capture ends too early.

    Shows: no failure at the server, since nothing was presented to it; at the client an error of its own, as
    SEC_E_NO_CREDENTIALS, SEC_E_UNSUPPORTED_FUNCTION or "gss_init_sec_context() failed".

    Do: look at the client's own error for this moment: it is there and not at the server that this logon ended.

    Client: Windows: the event log Microsoft-Windows-NTLM/Operational and the policy "Network security: Restrict NTLM:
    Outgoing NTLM traffic to remote servers"; elsewhere `curl -v` or `KRB5_TRACE=/dev/stderr`.

    Server: nothing is wrong there as far as this shows; a challenge that asks for more than the client can (128-bit
    encryption, extended session security) is given up by the client so.

    See: MS-NLMP 3.1.5.1.2; RFC 4178 section 3.2.
    """
    if case.position and case.position == len(case.legs) - 1 and waits(case):
        own, name = spoken(case), name_of(case)
        state = f" ({own.text('negState')})" if name == own.message and own.text("negState") else ""
        text = f"nothing answers the server's {name}{state}: the client gave up there, or the recording ends"
        yield at(own, "", text)


def _twice_running(case: Case) -> bool:
    """Whether the leg before is of the same side, and neither this one again nor a message under the context."""
    before = case.legs[case.position - 1] if case.position else None
    if before is None or before.side != case.side or name_of(before) in PER_MESSAGE:
        return False
    return before.decoded.data != case.decoded.data


def _answered_later(case: Case) -> bool:
    """Whether the server's answer that is missing before this leg is the next one: only the order is wrong then.

    The server's first answer names its choice (RFC 4178 4.2.2), and here it comes second.
    """
    if not case.after or case.after[0].side != SERVER or case.position != 1:
        return False
    return spoken(case.after[0]).field("supportedMech") is not None


def _without_authenticate(case: Case) -> bool:
    """Whether this accepts a logon, whoever sent it, of which the leg before is the server's challenge."""
    accepts = spoken(case).value("negState") == ACCEPT_COMPLETED and token(case) is None
    if not accepts or not case.position or name_of(case.legs[case.position - 1]) != CHALLENGE:
        return False
    return not any(name_of(leg) == AUTHENTICATE for leg in case.legs)


def _question(case: Case, legs: Sequence[Case]) -> Case | None:
    """The leg among these that this one answers, by the mechanism's message or SPNEGO's; None where it is not there."""
    own = spoken(case).message
    wanted = _QUESTIONS.get(name_of(case)) or ("NegTokenInit" if own == "NegTokenResp" else None)
    return next((leg for leg in legs if wanted in (name_of(leg), spoken(leg).message)), None)


def _stray(case: Case) -> bool:
    """Whether the CHALLENGE that an AUTHENTICATE answers stands alone before the conversation."""
    own = token(case)
    lone = case.earlier[-1] if case.earlier else ()
    if own is None or own.message != AUTHENTICATE or len(lone) != 1 or _question(case, case.legs) is not None:
        return False
    challenge = token(lone[0])
    return challenge is not None and challenge.message == CHALLENGE and answers(challenge, own)


def _over_http(case: Case) -> bool:
    carrier = case.carried.carrier.lower()
    return "http" in carrier or "authorization" in carrier or case.carried.scheme in ("NTLM", "Negotiate")


def _other_mechanism(case: Case, inner: Message) -> Iterator[Said]:
    """A token of another mechanism than the one that the server chose, or than those that it offered by itself."""
    if inner.mechanism not in FAMILY.values() or inner.message in PER_MESSAGE:
        return
    before = case.legs[case.position - 1]
    if spoken(before).message == "NegTokenInit2":
        mechs = offered(before)
        if mechs and before.complete and inner.mechanism not in mechs:
            text = f"the server offered {', '.join(sorted(mechs)[:4])}, and the client's token is {inner.mechanism}"
            yield at(inner, "", text)
        return
    answered = next((leg for leg in reversed(case.before) if leg.side == SERVER and chosen(leg)), None)
    choice = None if answered is None or spoken(case).message != "NegTokenResp" else chosen(answered)
    if choice in FAMILY.values() and choice != inner.mechanism:
        text = f"the server chose {choice}, and the client goes on with {inner.mechanism} ({inner.message})"
        yield at(inner, "", text, severity="" if end_of(case).kind == PASSED else ERROR)


def _begins_anew(case: Case) -> Iterator[Said]:
    before, own = case.legs[case.position - 1], spoken(case)
    if waits(before) and own.message in ("NegTokenInit", NEGOTIATE):
        yield at(own, "", f"the server's {name_of(before)} asks for an answer, and the client begins anew")


def _not_user_to_user(case: Case, inner: Message) -> Iterator[Said]:
    flags = inner.value("ap-options") if inner.message == "AP-REQ" else None
    if isinstance(flags, int) and "use-session-key" not in inner.names("ap-options") and case.last("TGT-REP"):
        text = "the server gave its ticket for user-to-user, and the client's AP-REQ does not use its session key"
        yield at(inner, "ap-options", text)


def _same_clock(case: Case, inner: Message) -> Iterator[Said]:
    """A second authenticator that is as far from the server's clock as the one that the server complained about."""
    error = case.last("KRB-ERROR")
    if error is None or error_code(error[1]) != CLOCK_SKEW:
        return
    said, mine = error[1].value("stime"), inner.value("authenticator.ctime")
    if isinstance(said, datetime) and isinstance(mine, datetime):
        apart = int(abs((mine - said).total_seconds()))
        if apart > case.given.skew:
            text = f"the server's clock said {said:%Y-%m-%d %H:%M:%S} UTC, and the client's next authenticator says"
            yield at(inner, "authenticator.ctime", f"{text} {mine:%Y-%m-%d %H:%M:%S} UTC, {apart} seconds apart")
