"""KRB-ERROR: which number, who says it to whom, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from secctx.decoders.message import Message
from secctx.decoders.tables.kerberos_errors import ERROR_TEXTS, ERRORS
from secctx.decoders.values import walk

from .case import CLIENT, Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .kerberos_error_advice import ACCOUNT_ADVICE, ADVICE, FROM_KDC, FROM_SERVICE, KDC_ADVICE, OTHER_KEY
from .kerberos_tickets import KDC_MESSAGES, fit, readable
from .names import CLOCK_SKEW

#: Answers that a client goes on from, as a rule: no error at all, pre-authentication, TCP, the next step.
_STEPS: Final = (0, 25, 52, 91)
_AGAIN: Final = 90
USER_TO_USER: Final = 69
#: KERB_AP_ERR_TYPE_SKEW_RECOVERY (MS-KILE 2.2.2): the client may try again with the clock of stime.
RECOVERY: Final = 2
#: A text of the sender is told so far.
_TOLD: Final = 120
#: So many fields of e-data are looked through.
_MOST_DATA: Final = 200
#: Up to here the numbers are a KDC's; MIT's and Windows' acceptors say some of the others too.
_LAST_OF_KDC: Final = 29

SERVICE, KDC = "service", "KDC"


@rule("KRB017", "krb-error", ERROR, explains=("ACC006",))
def KRB017(case: Case) -> Iterator[Said]:
    """The other side answered with a KRB-ERROR.

    What: the token is no logon and no answer to one, it is the reason why there is none: a number, and names and times
    beside it. Services send it in place of the AP-REP, KDCs in place of a ticket. It is not encrypted, and nobody has
    signed it.

    Shows: libraries that expect an AP-REP say "Defective token detected (Mechanism level: AP_REP token id does not
    match!)" (Java), "A token was invalid" or "Invalid token was supplied"; Windows shows SEC_E_WRONG_PRINCIPAL or
    KRB_AP_ERR_MODIFIED for 41, SEC_E_TIME_SKEW for 37. MIT's acceptor says 31, 35 or 44 where Windows says 41.

    Do: read the number: it is what the other side found wrong.

    Client: `klist` shows the tickets, `klist purge` (Windows) or `kdestroy` and `kinit` drop them;
    `KRB5_TRACE=/dev/stderr curl --negotiate -u : URL` shows what MIT's library did before.

    Server: `setspn -Q SERVICE/HOST` names the account that the ticket is made for; `klist -kte /etc/krb5.keytab` shows
    what the server can open. `secctx decode --keytab FILE TOKEN` tries it on the client's token.

    KDC: events 4768, 4769 and 4771 of the domain controller's Security log have the number as Failure Code or Result
    Code; krb5kdc.log has its name. `secctx explain 0x29` reads one out.

    See: RFC 4120 sections 5.9.1 and 7.5.9; MS-KILE 2.2.1 and 3.4.5; RFC 4121 section 4.1.
    """
    for message in case.messages:
        number = message.value("error-code")
        if message.message == "KRB-ERROR" and isinstance(number, int):
            sender = _sender(case, message, number)
            detail = "; ".join([f"KRB-ERROR {number}: {_cause(number, sender)}", *_more(case, message, sender)])
            severity = _severity(case, message, number)
            yield at(message, "error-code", detail, severity=severity, advice=_advice(case, message, sender))


def _sender(case: Case, message: Message, number: int) -> str:
    """Who says it: the service that an AP-REQ went to, or a KDC, which never uses GSS-API's framing."""
    if message.field("thisMech") is not None or message.path.endswith(("responseToken", "mechToken")):
        return SERVICE
    if 0 <= number <= _LAST_OF_KDC or message.path.endswith("KRB-message") or message.field("length") is not None:
        return KDC
    last = case.last("AP-REQ", *KDC_MESSAGES)
    if last is not None:
        return SERVICE if last[1].message == "AP-REQ" else KDC
    return KDC if message.text("sname").startswith("krbtgt/") else SERVICE


def _cause(number: int, sender: str) -> str:
    narrower = FROM_SERVICE if sender == SERVICE else FROM_KDC
    return narrower.get(number) or ERROR_TEXTS.get(number) or "a number that no document explains"


def _severity(case: Case, message: Message, number: int) -> str:
    if number in _STEPS or (number == USER_TO_USER and message.field("e-data") is not None):
        return NOTE  # with the service's TGT beside it, 69 is how user-to-user begins
    recovers = number == CLOCK_SKEW and _data(message, "data-type") == RECOVERY and bool(case.after)
    return WARNING if number == _AGAIN or recovers else ""


def _advice(case: Case, message: Message, sender: str) -> str:
    number, service = message.value("error-code"), _name(case, message, "sname")
    text = (KDC_ADVICE.get(number) if sender == KDC else None) or ADVICE.get(number, "")
    if sender == SERVICE and number in OTHER_KEY and service and "/" not in service:
        text = ACCOUNT_ADVICE
    return text.format(
        service=fit(service, "SERVICE/HOST") if "/" in service else "SERVICE/HOST",
        account=fit(service, "ACCOUNT"),
        client=fit(_name(case, message, "cname"), "USER"),
        realm=fit(_name(case, message, "realm"), "REALM"),
    )


def _more(case: Case, message: Message, sender: str) -> Iterator[str]:
    """What else the message says: its number's name, whom it is from or about, the sender's own text and status."""
    number = message.value("error-code")
    service, client = _name(case, message, "sname"), _name(case, message, "cname")
    whole = "@".join(filter(None, (service, message.text("realm") if service else "")))
    about = f" from {whole}" if sender == SERVICE else f" for {whole}"
    name = ERRORS.get(number, "its number has no name")
    yield f"{name}{about if whole else ''}{f', the client {client}' if client else ''}"
    if case.side == CLIENT:
        yield "it is the client that says so: it does not accept the server's answer"
    yield from _other_name(case, service, sender)
    if number == CLOCK_SKEW:
        yield from _clocks(case, message)
    said = message.value("e-text")
    if isinstance(said, str) and said:
        yield f"its text is “{said[:_TOLD]}{'…' if len(said) > _TOLD else ''}”"
    status = _data(message, "status") or _data(message, "result-code")
    if isinstance(status, str):
        yield f"its data says {status}"


def _name(case: Case, message: Message, path: str) -> str:
    """A name in the message; empty where it is absent or cut short."""
    return message.text(path) if readable(case, message, path) else ""


def _other_name(case: Case, service: str, sender: str) -> Iterator[str]:
    """The name under which the service knows itself, where the ticket before has another."""
    last = case.last("AP-REQ") if sender == SERVICE and service else None
    wanted = "" if last is None else last[1].text("ticket.sname")
    if wanted and wanted.casefold() != service.casefold():
        yield f"the ticket before is for {wanted}: what answered runs under another name, or is of another logon"


def _clocks(case: Case, message: Message) -> Iterator[str]:
    """What its own time says against another: the client's in it, that of the request before, or the clock given."""
    from secctx.acceptor.kerberos_values import moment, span_of_time

    theirs, other, whose = message.value("stime"), message.value("ctime"), "the client's"
    last = case.last("AP-REQ")
    if not isinstance(other, datetime) and last is not None:
        other = last[1].value("authenticator.ctime")
    if not isinstance(other, datetime):
        other, whose = case.given.now, "the clock"
    if not isinstance(theirs, datetime):
        return
    if not isinstance(other, datetime):
        yield f"its clock said {moment(theirs)}"
        return
    off = (theirs - other).total_seconds()
    apart = f"{span_of_time(off)} {'ahead of' if off > 0 else 'behind'}" if int(off) else "the same as"
    yield f"its clock said {moment(theirs)}, {apart} {whose}, {moment(other)}"


def _data(message: Message, name: str) -> str | int | None:
    """A number in what e-data holds, by its name where it has one; None where there is none."""
    data = message.field("e-data")
    if data is None:
        return None
    for _, node in islice(walk(data), _MOST_DATA):
        if node.name == name and isinstance(node.value, int):
            return node.meaning if isinstance(node.meaning, str) and name != "data-type" else node.value
    return None
