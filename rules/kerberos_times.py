"""What the clock says of a Kerberos logon: the authenticator's time, the ticket's period, and a token seen before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from secctx.decoders.message import Message

from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .kerberos_parts import refusals
from .names import CLOCK_SKEW

#: A time and its microseconds, apart: their sum may lie behind the end of the calendar.
Time = tuple[datetime, timedelta]


@rule("KRB002", "clock-skew", ERROR)
def KRB002(case: Case) -> Iterator[Said]:
    """The clocks of client and server differ.

    What: the client writes its time into each authenticator, and the server accepts it within five minutes of its own.
    One of the two clocks is off, or the token is an old one, out of a log or a queue.

    Shows: SEC_E_TIME_SKEW (0x80090324), KRB_AP_ERR_SKEW (37, 0x25), `Clock skew too great`; event 4771 or 4768 with
    0x25 at the domain controller. Windows clients try again by themselves with the server's time; most others do not.

    Do: compare both clocks with the domain controller's: w32tm /stripchart /computer:DC on Windows, chronyc tracking
    elsewhere; for a token from a log give its own time (--at).

    Client: `w32tm /query /status`, `w32tm /resync`; `chronyc makestep`. A virtual machine that slept or was restored
    is the usual one; so is a wrong time zone on a clock that shows the right hour.

    Server: the same there; a container has its host's clock. The allowance is `clockskew` in krb5.conf, and "Maximum
    tolerance for computer clock synchronization" in the domain's Kerberos policy: do not widen it to hide a wrong
    clock.

    KDC: the domain controller with the PDC emulator role leads the domain's time: `netdom query fsmo`,
    `w32tm /query /source` there must name a real source, not the local CMOS clock.

    See: RFC 4120 sections 3.2.3 and 7.5.9; MS-KILE 3.4.5.
    """
    yield from refusals(case, {"clock-skew": "authenticator.ctime"})
    yield from _skew(case)
    error = case.find("KRB-ERROR")
    if error is not None and error.value("error-code") == CLOCK_SKEW:
        yield _told_skew(case, error)


def _skew(case: Case) -> Iterator[Said]:
    """The authenticator's time against the clock given."""
    message, now = case.find("AP-REQ"), case.given.now
    client = None if message is None else _time(message, "authenticator.ctime", "authenticator.cusec")
    if message is None or now is None or client is None:
        return
    off = _seconds(client, (now, timedelta()))
    if abs(off) > case.given.skew:
        from secctx.acceptor.kerberos_values import moment, span_of_time

        text = (
            f"the clocks differ by {span_of_time(round(off))}: the client's says {moment(client[0])},"
            f" {_side(off)} the time given, {moment(now)}; at most {span_of_time(case.given.skew)} are allowed"
        )
        yield at(message, "authenticator.ctime", text)


def _told_skew(case: Case, error: Message) -> Said:
    """What a KRB-ERROR 37 has: the server's clock, and what there is to compare it with."""
    server = _time(error, "stime", "susec")
    text = "the server answered KRB_AP_ERR_SKEW"
    if server is None:
        return at(error, "error-code", f"{text}, and does not say what its clock is")
    from secctx.acceptor.kerberos_values import moment, span_of_time

    text += f": its clock says {moment(server[0])}"
    for whose, known in _known_times(case, error):
        off = _seconds(server, known)
        if abs(off) > case.given.skew:
            text += f", {span_of_time(round(off))} {_side(off)} {whose}, {moment(known[0])}"
            return at(error, "stime", text)
    # By how much is not known, and that the clocks differ is told by the error itself (KRB017).
    return at(error, "stime", text, severity=NOTE)


def _known_times(case: Case, error: Message) -> Iterator[tuple[str, Time]]:
    """Times to compare the server's with, the nearest to the client's clock first."""
    client, sent = _time(error, "ctime", "cusec"), case.last("AP-REQ")
    opened = None if sent is None else _time(sent[1], "authenticator.ctime", "authenticator.cusec")
    if client is not None:
        yield "the client's", client
    if opened is not None:
        yield "that of the client's token", opened
    if case.given.now is not None:
        yield "the time given", (case.given.now, timedelta())


@rule("KRB003", "ticket-period", ERROR)
def KRB003(case: Case) -> Iterator[Said]:
    """The ticket is not valid now.

    What: a ticket has a first and a last moment, and may be marked invalid until its KDC validates it. This one is
    presented outside its period. Clients renew or replace tickets by themselves, so it was kept by something that
    does not: a service with a cache file of its own, a long session, a clock that is off.

    Shows: SEC_E_CONTEXT_EXPIRED (0x80090317), KRB_AP_ERR_TKT_EXPIRED (32, 0x20), KRB_AP_ERR_TKT_NYV (33, 0x21),
    `Ticket expired`, `Ticket not yet valid`.

    Do: have the client drop its tickets and log on anew: klist purge on Windows, kdestroy and kinit elsewhere.

    Client: `klist` shows the times; `klist purge`, or `kinit -R` while renewal is still possible. A daemon wants a
    keytab of its own (`kinit -k -t`, k5start, or KRB5_CLIENT_KTNAME) instead of a ticket that somebody left there.

    Server: if all clients' tickets look expired or not yet valid, this server's clock is off (KRB002).

    KDC: "Maximum lifetime for service ticket" in the domain's Kerberos policy, 600 minutes as delivered;
    `max_life` in kdc.conf and `kadmin.local getprinc` elsewhere.

    See: RFC 4120 sections 3.2.3 and 5.3, and 2.2 for the invalid flag.
    """
    places = {"ticket-expired": "endtime", "ticket-not-yet-valid": "starttime", "ticket-invalid": "flags"}
    yield from refusals(case, {kind: f"ticket.enc-part.{field}" for kind, field in places.items()})
    yield from _period(case)


def _period(case: Case) -> Iterator[Said]:
    """The ticket's period against the clock given, else against the time at which the client made the token."""
    message = case.find("AP-REQ")
    if message is None:
        return
    if "invalid" in message.names("ticket.enc-part.flags"):
        text = "the ticket has the invalid flag: it is postdated, and the KDC has not validated it"
        yield at(message, "ticket.enc-part.flags", text)
    now, whose = case.given.now, "the time given"
    if now is None:
        now, whose = message.value("authenticator.ctime"), "the time at which the client made this token"
    if not isinstance(now, datetime):
        return
    from secctx.acceptor.kerberos_values import moment, span_of_time

    end = message.value("ticket.enc-part.endtime")
    start, field = message.value("ticket.enc-part.starttime"), "starttime"
    if start is None:
        start, field = message.value("ticket.enc-part.authtime"), "authtime"
    made = message.value("authenticator.ctime")
    # Valid when the client made this token: then it is the clock that differs, and the token that is old (KRB002).
    times = [time for time in (start, made, end) if isinstance(time, datetime)]
    severity = NOTE if len(times) == 3 and times == sorted(times) else ""
    if isinstance(end, datetime) and (now - end).total_seconds() > case.given.skew:
        late = span_of_time((now - end).total_seconds())
        text = f"the ticket ended at {moment(end)}, {late} before {whose}: {moment(now)}"
        yield at(message, "ticket.enc-part.endtime", text, severity=severity)
    if isinstance(start, datetime) and (start - now).total_seconds() > case.given.skew:
        early = span_of_time((start - now).total_seconds())
        text = f"the ticket is valid from {moment(start)} on, {early} after {whose}: {moment(now)}"
        yield at(message, f"ticket.enc-part.{field}", text, severity=severity)


@rule("KRB009", "replay", ERROR)
def KRB009(case: Case) -> Iterator[Said]:
    """The authenticator was presented before.

    What: a server remembers the authenticators of the last minutes and takes each once, so that nobody can log on with
    a token that he overheard. The same token came again: recorded and sent, or sent twice by something in between.

    Shows: SEC_E_LOGON_DENIED, KRB_AP_ERR_REPEAT (34, 0x22), `Request is a replay`; often now and then only, under load
    or behind a proxy that retries.

    Do: have the client make a token for each request; where one request is sent twice by a proxy or a retry, that is
    it.

    Client: call InitializeSecurityContext or gss_init_sec_context anew for each request; do not keep the header for the
    next one (`curl --negotiate -u :` makes a new one each time).

    Server: look whether two processes share a replay cache and a key although each sees the request (an authenticating
    proxy before an authenticating server); for MIT, KRB5RCACHENAME says where the cache is. Turn it off (`none:`) only
    where TLS carries everything.

    See: RFC 4120 section 3.2.3; MS-KILE 3.1.1.1.
    """
    yield from case.refused("replay")
    yield from _seen_before(case)


def _seen_before(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    cipher = None if message is None else message.value("authenticator.cipher")
    if message is None or not isinstance(cipher, bytes) or not cipher or not case.complete:
        return
    where, severity = "", ""
    if any(_has(leg, cipher) for legs in case.earlier for leg in legs):
        # Of tokens laid out by hand it may be one that was saved twice.
        where, severity = "in a logon before this one", "" if case.carried.stream else WARNING
    for number, leg in enumerate(case.before, 1):
        if _has(leg, cipher):
            where, severity = f"in leg {number}", ""
    if where:
        text = f"this authenticator came already {where}: the token is a replay, or was sent twice"
        yield at(message, "authenticator.cipher", text, severity=severity)


def _has(case: Case, cipher: bytes) -> bool:
    message = case.find("AP-REQ")
    return message is not None and message.value("authenticator.cipher") == cipher


def _time(message: Message, path: str, micros: str) -> Time | None:
    """A time and its microseconds."""
    time, count = message.value(path), message.value(micros)
    if not isinstance(time, datetime):
        return None
    fits = isinstance(count, int) and 0 <= count < 1_000_000
    return time, timedelta(microseconds=count if fits else 0)


def _seconds(time: Time, clock: Time) -> float:
    """How far a time is ahead of a clock."""
    return ((time[0] - clock[0]) + (time[1] - clock[1])).total_seconds()


def _side(off: float) -> str:
    return "ahead of" if off > 0 else "behind"
