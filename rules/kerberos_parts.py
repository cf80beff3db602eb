"""Parts of a Kerberos logon that do not go together or cannot be worked with: authenticator, keys, third leg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from secctx.decoders.gss_checksum import CHECKSUM_TYPE
from secctx.decoders.message import Message

from .case import CLIENT, Case
from .finding import ERROR, Said, at, rule
from .names import ACCEPT_COMPLETED

_CHECKSUM: Final = "authenticator.cksum.checksum"
#: Where a client's name and realm stand.
_PARTS: Final = ("ticket.enc-part", "authenticator")
#: pvno and msg-type of an AP-REQ, and its ticket's number (RFC 4120 5.3 and 5.5.1).
_FORM: Final = (("pvno", 5), ("msg-type", 14), ("ticket.tkt-vno", 5))


def refusals(case: Case, places: Mapping[str, str], name: str = "AP-REQ") -> Iterator[Said]:
    """The acceptor's refusal where it is of one of these kinds, at the field that shows it, where that is opened."""
    message = case.find(name)
    for kind, path in places.items():
        for said in case.refused(kind):
            if message is not None and message.field(path) is not None:
                said.spot = message.spot(path)
            yield said


@rule("KRB019", "other-client", ERROR)
def KRB019(case: Case) -> Iterator[Said]:
    """The authenticator names another client than the ticket.

    What: ticket and authenticator each say who the client is, and must agree to the letter. A client that changed name
    or realm on the way (an alias, a canonicalized name) and mixes the two makes such a token; so does a forger.

    Shows: SEC_E_LOGON_DENIED, KRB_AP_ERR_BADMATCH (36, 0x24), `Ticket/authenticator don't match`.

    Do: the token was put together of two logons: have the client log on anew, and look at what makes its tokens.

    Client: `klist purge` or `kdestroy -A`, then log on with the name as `klist` shows it; for programs that take
    tickets from elsewhere: give the client's name and realm as the KDC wrote them.

    See: RFC 4120 section 3.2.3; RFC 6806 section 6.
    """
    yield from refusals(case, {"client-mismatch": "authenticator.cname"})
    yield from _other_client(case)


def _other_client(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    if message is None:
        return
    held, said = ([message.text(f"{part}.cname"), message.value(f"{part}.crealm")] for part in _PARTS)
    if all(isinstance(name, str) and name for name in (*held, *said)) and held != said:
        text = f"the ticket is {'@'.join(held)}'s, and the authenticator says {'@'.join(said)}"
        yield at(message, f"authenticator.{'cname' if held[0] != said[0] else 'crealm'}", text)


@rule("KRB025", "authenticator-altered", ERROR)
def KRB025(case: Case) -> Iterator[Said]:
    """The ticket is genuine, and the authenticator does not open with its session key.

    What: the service's key opened the ticket, so the keytab is right. The session key in it should open the
    authenticator and does not: one of the two was altered on the way, they are of two logons, or the client used
    another key.

    Shows: KRB_AP_ERR_MODIFIED (41) or, from MIT, KRB_AP_ERR_BAD_INTEGRITY (31): `Decrypt integrity check failed`, as
    with a wrong key, though the keytab is in order.

    Do: compare the token as the client sent it and as the server saw it, and have the client log on anew.

    Client: `klist purge` or `kdestroy`, then try again; if it stays, look at the program that makes the token (which
    session key, which ticket), or at what copies it (a log, a field that changes characters).

    Server: leave the keytab alone: it opened the ticket.

    See: RFC 4120 section 3.2.3; RFC 4121 section 4.1.
    """
    yield from case.refused("authenticator-altered")
    yield from _altered(case)


def _altered(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    if message is None or not case.complete:
        return
    told = {report.path: report for report in case.reports}
    ticket, own = (told.get(message.spot(path).path) for path in ("ticket.enc-part", "authenticator"))
    if ticket is None or own is None or not ticket.opened or own.opened or own.follows:
        return
    from secctx.keys.unlock import ALTERED

    if own.why == ALTERED:
        text = "the ticket is genuine and its session key does not open the authenticator: one of them was altered"
        yield at(message, "authenticator.cipher", text)


@rule("KRB026", "authenticator-malformed", ERROR)
def KRB026(case: Case) -> Iterator[Said]:
    """The authenticator, or the checksum in it, is not what it must be.

    What: the authenticator was opened with the right key, so what is wrong was written by the client: no time,
    microseconds that are none, a GSS-API checksum that is too short or whose length field is not 16, or a checksum of
    another type that does not fit.

    Shows: SEC_E_INVALID_TOKEN, SEC_E_BAD_BINDINGS where the checksum is short, KRB_AP_ERR_INAPP_CKSUM (50).

    Do: update the library that makes the client's tokens, or report this to its makers.

    Client: the checksum of type 0x8003 is Lgth (16), Bnd (16 bytes), Flags (4 bytes), little-endian, without padding;
    DlgOpt, Dlgth and Deleg follow only with GSS_C_DELEG_FLAG.

    See: RFC 4121 section 4.1.1; RFC 4120 section 5.5.1; RFC 1964 section 1.1.1.
    """
    yield from case.refused("authenticator-malformed")
    yield from refusals(case, {"checksum-short": _CHECKSUM, "checksum-malformed": f"{_CHECKSUM}.Lgth"})
    yield from refusals(case, {"checksum-wrong": "authenticator.cksum.cksumtype"})
    yield from _malformed(case)


def _malformed(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    if message is None or message.value("authenticator.authenticator-vno") is None:
        return
    cusec = message.value("authenticator.cusec")
    if isinstance(cusec, int) and not 0 <= cusec < 1_000_000:
        text = "the authenticator's cusec is no number of microseconds from 0 to 999999"
        yield at(message, "authenticator.cusec", text)
    if message.value("authenticator.cksum.cksumtype") != CHECKSUM_TYPE or message.field(_CHECKSUM) is None:
        return
    length = message.value(f"{_CHECKSUM}.Lgth")
    if message.value(f"{_CHECKSUM}.Flags") is None:
        text = "the authenticator's checksum is shorter than the 24 bytes that RFC 4121 demands: no flags, no bindings"
        yield at(message, _CHECKSUM, text)
    elif length != 16:
        yield at(message, f"{_CHECKSUM}.Lgth", f"the checksum's Lgth is {length}, and RFC 4121 has 16")


@rule("KRB027", "ticket-malformed", ERROR)
def KRB027(case: Case) -> Iterator[Said]:
    """The ticket opens, and holds no ticket.

    What: the service's key opened the ticket, and what is inside is not the structure that a KDC writes. Only who has
    the service's key can make such a ticket: a KDC with a defect, or a program that makes tickets by itself.

    Shows: SEC_E_INVALID_TOKEN; ASN.1 errors in the server's log (`ASN.1 parse error`, `ASN.1 unexpected field number`).

    Do: find out which KDC or program made the ticket, and update it.

    KDC: look for the request in its log (event 4769; krb5kdc.log); with a forged ticket there is none, and then the
    service's password is to be changed, twice where it is krbtgt's.

    See: RFC 4120 section 5.3.
    """
    yield from case.refused("ticket-malformed")


@rule("KRB028", "kerberos-version", ERROR)
def KRB028(case: Case) -> Iterator[Said]:
    """The message is of a Kerberos version or type that is not spoken.

    What: version 5 is the only one in use, and each message repeats its own type. Another number means that the message
    was put together wrongly or altered.

    Shows: SEC_E_INVALID_TOKEN, KRB_AP_ERR_BADVERSION (39), KRB_AP_ERR_MSG_TYPE (40).

    Do: update the library that makes the client's tokens, or look at what alters them on the way.

    Client: no client in use makes such a token; compare it with one of `kinit` and `curl --negotiate`.

    See: RFC 4120 sections 5.3, 5.5.1 and 5.5.2.
    """
    yield from case.refused("kerberos-version")
    yield from _version(case)


def _version(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    for path, wanted in _FORM if message is not None else ():
        value = None if message is None else message.value(path)
        if message is not None and isinstance(value, int) and value != wanted:
            yield at(message, path, f"{path} is {value}, and only {wanted} is spoken here")


@rule("KRB029", "unusable-key", ERROR)
def KRB029(case: Case) -> Iterator[Said]:
    """A key inside the token cannot be worked with.

    What: the ticket brings the session key, and the authenticator may bring a subkey. One of them is of an encryption
    type that is unknown or given up (DES), or has the wrong number of bytes for its type.

    Shows: SEC_E_UNSUPPORTED_FUNCTION, KDC_ERR_ETYPE_NOSUPP (14), `Bad encryption type`.

    Do: let client, KDC and service have an AES type in common.

    Client: remove `allow_weak_crypto`, and DES from `default_tkt_enctypes`, in krb5.conf; a library that makes subkeys
    must draw as many bytes as the type has.

    KDC: the session key's type is the KDC's choice: `Set-ADUser SVC -KerberosEncryptionType AES128,AES256`,
    DefaultDomainSupportedEncTypes; MIT: `supported_enctypes`, the string `session_enctypes` of the service.

    See: RFC 4120 sections 5.2.9 and 5.5.1; RFC 3961; RFC 6649.
    """
    yield from refusals(
        case, {"session-key-unusable": "ticket.enc-part.key", "subkey-unusable": "authenticator.subkey"}
    )
    yield from _unusable(case)


def _unusable(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    for path, what in (("ticket.enc-part.key", "the ticket's session key"), ("authenticator.subkey", "the subkey")):
        why = "" if message is None else _key_problem(message, path)
        if message is not None and why:
            yield at(message, path, f"{what} cannot be worked with: {why}")


def _key_problem(message: Message, path: str) -> str:
    etype, value = message.value(f"{path}.keytype"), message.value(f"{path}.keyvalue")
    if not isinstance(etype, int) or not isinstance(value, bytes):
        return ""
    from secctx.keys.enctype import KerberosCryptoError
    from secctx.keys.enctypes import enctype

    try:
        enctype(etype).checked(value)
    except KerberosCryptoError as error:
        return str(error)
    return ""


@rule("KRB031", "third-leg", ERROR)
def KRB031(case: Case) -> Iterator[Said]:
    """The third leg of a DCE-style logon does not prove the client.

    What: in DCE style the client ends the logon with an AP-REP of its own, which repeats the server's sequence number
    under the session key. It is missing, does not open, has another number, or is the server's own one sent back.

    Shows: SEC_E_INVALID_TOKEN at the third leg, with ASC_RET_THIRD_LEG_FAILED; in RPC a fault
    `nca_s_fault_access_denied` or a bind that is refused.

    Do: keep the legs of one logon together: the third must answer the server's AP-REP of the same context.

    Client: use the library's DCE style (GSS_C_DCE_STYLE, ISC_REQ_USE_DCE_STYLE) and send its third token as it is; a
    client that does not know DCE style sends two legs alone.

    Server: look for a proxy or a pool that gives legs of two connections to one context.

    See: MS-KILE 3.4.5.1; RFC 4757 section 7.1.
    """
    yield from case.refused("third-leg-unexpected", "third-leg-altered")
    places = {"third-leg-echoed": "enc-part.subkey", "third-leg-sequence": "enc-part.seq-number"}
    yield from refusals(case, places, "AP-REP")
    yield from _third_leg(case)


def _has_third_leg(case: Case) -> bool:
    """Whether a third leg may come: not where the client asked for no DCE style, nor behind the end of the logon."""
    from secctx.acceptor.kerberos_values import DCE_STYLE

    request = case.last("AP-REQ")
    flags = None if request is None else request[1].value("authenticator.cksum.checksum.Flags")
    if isinstance(flags, int) and not flags & DCE_STYLE:
        return False
    return not any(leg.whole.value("negState") == ACCEPT_COMPLETED for leg in case.before)


def _third_leg(case: Case) -> Iterator[Said]:
    message, before = case.find("AP-REP"), case.last("AP-REP")
    if message is None or case.side != CLIENT or not _has_third_leg(case):
        return
    if message.field("enc-part.subkey") is not None:
        text = "the AP-REP has a subkey, as the server's own has: it was sent back, and proves nothing of the client"
        yield at(message, "enc-part.subkey", text)
        return
    number = message.value("enc-part.seq-number")
    theirs = None if before is None else before[1].value("enc-part.seq-number")
    if isinstance(number, int) and isinstance(theirs, int) and number != theirs:
        text = f"the client's AP-REP has sequence number {number}, and the server's has {theirs}"
        yield at(message, "enc-part.seq-number", text)
