"""The story of a logon that began with Kerberos and went on with NTLM, in one conversation or over several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from secctx.decoders.message import Message

from .case import CLIENT, Case
from .conversations import chosen, error_code, name_of, spoken, token
from .finding import ERROR, WARNING, Said, at, rule
from .legs_end import FAILED, PASSED, UNKNOWN, End, by_answer, end_of, reason_of, said_by
from .names import AUTHENTICATE, CLOCK_SKEW, NEGOTIATE
from .ntlm_message import pair, text_of

#: Attempts that are further apart belong to no one story, where they came over different connections.
_SECONDS_APART: Final = 10
_LONGEST_NAME: Final = 120

#: What to do first, by what the server said to Kerberos; {} is the service's name.
_NO_KERBEROS: Final = "give the server Kerberos for {}: its key in a keytab, or the name on its account (setspn -Q {})"
_NEW_KEYTAB: Final = "make the server's keytab anew for the account that has {} (setspn -Q {}), then klist purge"
_CLOCKS: Final = "set the clocks of both machines right (w32tm /resync, chronyc makestep), then log on to {} again"
_OLD_TICKET: Final = "drop the client's tickets (klist purge, kdestroy), get a new one for {}, and look at the clocks"
_BY_ERROR: Final = {
    **dict.fromkeys((31, 35, 41, 44, 45), _NEW_KEYTAB),
    **dict.fromkeys((32, 33), _OLD_TICKET),
    CLOCK_SKEW: _CLOCKS,
}


class Story(NamedTuple):
    """What is told at the NTLM leg that it came to: two lines, and how it ended."""

    at: Message
    lines: str
    end: End
    advice: str


class Failure(NamedTuple):
    """Why Kerberos did not come about, as a clause, and what to do about it where that is known."""

    clause: str
    advice: str = ""


@rule("LEG010", "fallback-failed", ERROR)
def LEG010(case: Case) -> Iterator[Said]:
    """Kerberos did not come about, and NTLM, tried in its place, failed.

    What: the client tried Kerberos, did not get on with it, fell back to NTLM, and that failed too. The failure that
    people see is NTLM's, and the one to mend is mostly Kerberos': with it nobody would have come to NTLM.

    Shows: "logon failure" or a password dialog where nobody should be asked; event 4625 with NTLM as its package, on a
    server that is meant to use Kerberos.

    Do: mend what the first line says of Kerberos; the second line says what became of NTLM.

    Client: `klist get HTTP/web.lab.example` or `kvno HTTP/web.lab.example` with the service's own name shows whether
    there is a ticket to be had; `klist purge` or `kdestroy` drops an old one.

    Server: `setspn -Q HTTP/web.lab.example` shows the account of the name, `klist -k` what the keytab has; a server
    that answers request-mic has no key for Kerberos or does not have it switched on.

    KDC: the events 4768 and 4769 of that moment say whether a ticket was asked for and why it was not given.

    See: RFC 4178 section 4.2.2; MS-SPNG 3.2.5; RFC 4120 section 7.5.9.
    """
    story = tell(case)
    if story is not None and story.end.kind == FAILED:
        yield at(story.at, "", story.lines, advice=story.advice)


@rule("LEG011", "fallback-to-ntlm", WARNING)
def LEG011(case: Case) -> Iterator[Said]:
    """Kerberos was tried and NTLM used in its place.

    What: the client had a Kerberos ticket and presented it, and the logon went on with NTLM. NTLM proves less: it can
    be relayed, delegates nothing and does not authenticate the server; where it is switched off, this logon will fail.

    Shows: the logon may work, with NTLM as the package of event 4624; delegation ("double hop") does not work, and the
    logon fails on the day that NTLM is restricted.

    Do: mend what the first line says of Kerberos, or stop the client from offering NTLM.

    Client: `klist` shows the ticket that was presented; a client that must not fall back offers Kerberos alone (the
    policy "Network security: Restrict NTLM: Outgoing NTLM traffic to remote servers" on Windows).

    Server: give the service its key (`ktpass`, `msktutil`, `ktutil`) and switch Kerberos on: in IIS "Negotiate" before
    "NTLM" in the list of providers; for mod_auth_gssapi `GssapiCredStore keytab:FILE`.

    KDC: "Network security: Restrict NTLM: Audit NTLM authentication in this domain" lists who still uses it.

    See: RFC 4178 section 4.2.2; MS-SPNG 3.2.5; MS-NLMP section 5.1.
    """
    story = tell(case)
    if story is not None and story.end.kind != FAILED:
        yield at(story.at, "", story.lines, advice=story.advice)


def tell(case: Case) -> Story | None:
    """The story, at the last NTLM leg of the client's; None where there is none, or where it is not told here."""
    inner = token(case)
    if inner is None or case.side != CLIENT or inner.message not in (NEGOTIATE, AUTHENTICATE):
        return None
    if any(leg.side == CLIENT and name_of(leg) in (NEGOTIATE, AUTHENTICATE) for leg in case.after):
        return None
    tried = _tried(case)
    if tried is None:
        return None
    request, why = tried
    end = end_of(case)
    text = f"Kerberos was tried for {_service(request)}, and {why.clause}\n{_became(inner, end)}"
    name = _short(request.text("ticket.sname"))
    return Story(inner, text, end, why.advice.replace("{}", name) if name else "")


def _tried(case: Case) -> tuple[Message, Failure] | None:
    """The AP-REQ that came before, and why that was not all: in this conversation, else in those before."""
    for leg in reversed(case.before):
        request = _request(leg)
        if request is not None:
            why = _why_not(leg)
            return None if why is None else (request, why)
    for conversation in reversed(case.earlier):
        if _passed(conversation):
            return None
        for leg in reversed(conversation):
            request = _request(leg)
            if request is not None:
                why = _why_not(leg) if _linked(leg, request, case) else None
                return None if why is None else (request, why)
    return None


def _request(leg: Case) -> Message | None:
    inner = token(leg)
    return inner if leg.side == CLIENT and inner is not None and inner.message == "AP-REQ" else None


def _passed(conversation: Sequence[Case]) -> bool:
    """Whether a logon stands: what comes behind it is another story."""
    return any(said_by(leg).kind == PASSED or by_answer(leg.carried.answer).kind == PASSED for leg in conversation)


def _why_not(leg: Case) -> Failure | None:
    """Why Kerberos did not come about; None where it did."""
    reason = reason_of(leg)
    answered = False
    for answer in leg.after:
        if answer.side == CLIENT:
            break
        answered = True
        if chosen(answer) == "NTLM":
            state = spoken(answer).text("negState")
            return Failure("the server chose NTLM instead" + (f" ({state})" if state else ""), _NO_KERBEROS)
        end = said_by(answer)
        if end.kind == PASSED:
            return None
        if end.kind == FAILED:
            advice = _BY_ERROR.get(error_code(token(answer)) or 0, "")
            return Failure(f"{end.clause}: {reason}" if reason else end.clause, advice)
    end = by_answer(leg.carried.answer)
    if end.kind == PASSED or (leg.step is not None and leg.step.state == "established"):
        return None
    if reason:
        return Failure(f"it is refused: {reason}")
    if answered:
        return Failure("the server did not say what became of it")
    return Failure(f"{end.clause} without a token" if end.kind == FAILED else "no token answers it here")


def _linked(tried: Case, request: Message, case: Case) -> bool:
    """Whether an attempt in another conversation is of the same client and server, as far as there is proof."""
    one, other = tried.carried, case.carried
    if one.stream and one.stream == other.stream:
        return True
    service, target = _brief(request.text("ticket.sname")), _brief(_target(case))
    if service and target and service != target:
        return False
    if one.time is not None and other.time is not None:
        near = abs((other.time - one.time).total_seconds()) <= _SECONDS_APART
        if one.stream and other.stream:
            return near and _hosts(one.stream) is not None and _hosts(one.stream) == _hosts(other.stream)
        return near and bool(service) and service == target
    # Tokens laid out by hand, or a log of one client: neither says anything of connections and times.
    together = (bool(service) and service == target) or (bool(one.source) and one.source == other.source)
    return together and one.time is other.time and not one.stream and not other.stream


def _hosts(stream: str) -> tuple[str, ...] | None:
    """The two hosts of a connection that is named by its ends, without their ports."""
    ends = stream.split(" ", 2)
    return tuple(sorted(end.rpartition(":")[0] for end in ends)) if len(ends) == 2 else None


def _target(case: Case) -> str:
    """The service name that NTLM's client says it goes to; empty where it says none."""
    inner = token(case)
    if inner is None or inner.message != AUTHENTICATE:
        return ""
    return text_of(pair(inner, "MsvAvTargetName"))


def _brief(name: str) -> str:
    """A service's name to be compared: `HTTP/web` and `http/web.lab.example` are one."""
    kind, _, host = name.casefold().partition("/")
    return f"{kind}/{host.partition('.')[0]}" if host else kind


def _service(request: Message) -> str:
    name, realm = request.text("ticket.sname"), request.text("ticket.realm")
    return _short(f"{name}@{realm}" if name and realm else name) or "a service whose name cannot be read"


def _became(inner: Message, end: End) -> str:
    """The second line: what became of NTLM."""
    if inner.message == NEGOTIATE:
        begun = "NTLM was begun in its place and not finished"
        return f"{begun}: {end.clause}" if end.kind == FAILED else f"{begun} here"
    user, domain = inner.text("UserName"), inner.text("DomainName")
    who = _short(f"{domain}\\{user}" if domain else user) or "no user (anonymous)"
    clause = end.clause if end.kind != UNKNOWN else "how that ended is not to be seen here"
    return f"NTLM took its place for {who}, and {clause}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
