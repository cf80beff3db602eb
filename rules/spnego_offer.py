"""What the client offers: which mechanisms, in which order, with which first token, and in which wrapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Message
from secctx.decoders.tables.oids import FAMILY, MECHANISMS, NEGOEX
from secctx.decoders.values import TOKEN

from .case import SERVER, Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import NEGOTIATE, REJECT

KERBEROS: Final = "Kerberos"
NTLM: Final = "NTLM"
#: Words at the end of a carrier that stand for one mechanism, whose own tokens belong there.
_BARE: Final = {"NTLM": NTLM, "Kerberos": KERBEROS, "GSSAPI": KERBEROS, "KERBEROS_V5": KERBEROS}
#: Carriers whose own fields say which mechanism a bare token is of.
_TELLS: Final = ("DCE/RPC", "LDAP bindRequest sicily")


def family(oid: object) -> str:
    """The mechanism that an OID stands for; the two OIDs of Kerberos are one. Its name, or itself, where not known."""
    return FAMILY.get(str(oid)) or MECHANISMS.get(str(oid)) or str(oid)


def name(oid: object) -> str:
    """An OID as it is called: `MS Kerberos`."""
    return MECHANISMS.get(str(oid), str(oid))


def listed(case: Case, message: Message, path: str = "mechTypes") -> list[str] | None:
    """The OIDs of a list of mechanisms, in order; None where it is absent, or was not read to its end."""
    node, error = message.field(path), case.decoded.error
    if node is None or (error is not None and error.offset <= node.stop):
        return None
    return [str(child.value) for child in node.children]


def held(message: Message, path: str) -> bytes:
    """The bytes that an OCTET STRING holds, whether they were opened as a token or not; empty where it is absent."""
    value = message.value(path)
    return value if isinstance(value, bytes) else message.bytes_of(path)


def is_kerberos(oid: str) -> bool:
    """Whether an OID is one of Kerberos, under whatever name clients have given it."""
    return "Kerberos" in name(oid) or family(oid) in (KERBEROS, "IAKERB")


@rule("SPN001", "ntlm-only", WARNING)
def SPN001(case: Case) -> Iterator[Said]:
    """The client offers only NTLM: it never tried Kerberos.

    What: Kerberos does not stand among the mechanisms that the client offers. It could not get a ticket, or did not
    ask for one: no SPN for the name, an IP address or alias in the URL, no domain account, a zone or allow-list that
    forbids it, no KDC in reach.

    Shows: NTLM in the security log (event 4624, package NTLM) where Kerberos was expected; failure where NTLM is
    switched off; no KDC traffic, or KDC_ERR_S_PRINCIPAL_UNKNOWN just before.

    Do: have the client ask for a ticket by itself, which says why it gets none: klist get HTTP/HOST, or kvno HTTP/HOST.

    Client: use the full DNS name, not an IP address; put the site into the intranet zone or the allow-list
    (AuthServerAllowlist, network.negotiate-auth.trusted-uris); on Linux `klist` must show a TGT, and a GSS-API with
    NTLM alone (gss-ntlmssp without a ticket) offers no more.

    Server: `setspn -Q HTTP/web.example.com` must name the one account that the service runs as.

    KDC: look for KDC_ERR_S_PRINCIPAL_UNKNOWN (event 4769 with failure code 0x7) at the moment of the logon.

    See: RFC 4559 section 4.1; RFC 4178 section 4.2.1; MS-SPNG 1.3.
    """
    offer = case.find("NegTokenInit", "NegTokenInit2")
    if offer is not None:
        oids = listed(case, offer)
        if oids and NTLM in map(family, oids) and not any(map(is_kerberos, oids)):
            names = ", ".join(map(name, oids))
            if offer.message == "NegTokenInit2" or case.side == SERVER:
                detail = f"the server itself names {names} and no Kerberos: no client can use it here"
                yield at(offer, "mechTypes", detail, severity=NOTE, advice="give the server an SPN and its key")
            elif any(leg.find("AP-REQ") is not None for leg in case.before):
                detail = f"the client comes back with {names} and no Kerberos, after its ticket led nowhere"
                yield at(offer, "mechTypes", detail, severity=NOTE, advice="see why the ticket was not taken")
            else:
                yield at(offer, "mechTypes", f"the client offers {names} and no Kerberos")
        return
    bare = case.find(NEGOTIATE)
    if bare is not None and case.find("NegTokenResp") is None and case.last("NegTokenInit") is None:
        if _wanted(case) == NTLM:
            detail = "the client speaks NTLM, which is what this scheme asks for: the server may offer Negotiate too"
            yield at(bare, "", detail, severity=NOTE, advice="offer Negotiate before NTLM if Kerberos is to be used")
        else:
            # Behind Negotiate it could have offered Kerberos; without a word of what it stood behind, it may not.
            severity = "" if case.carried.scheme == "Negotiate" else NOTE
            yield at(bare, "", "the client's first token is NTLM, and offers nothing else", severity=severity)


def _wanted(case: Case) -> str:
    """The one mechanism whose tokens the scheme or the SASL mechanism stands for; empty where it is any."""
    words = (case.carried.scheme or case.carried.carrier).split()
    return _BARE.get(words[-1], "") if words else ""


@rule("SPN002", "optimistic-token", WARNING)
def SPN002(case: Case) -> Iterator[Said]:
    """The first token is not of the mechanism that the client names first.

    What: mechToken belongs to the first of mechTypes (RFC 4178). Here the list begins with another mechanism than the
    one whose mark the token bears. The acceptor gives the token to the first mechanism, which cannot read it.

    Shows: SEC_E_INVALID_TOKEN or GSS_S_DEFECTIVE_TOKEN at the first leg, or one more round trip (request-mic).

    Do: have the client list the mechanism of its token first, or send no token.

    Client: this is a fault of the SPNEGO library or of how it is called: update it, or give it one mechanism.

    Server: nothing to set; an acceptor may fall back with request-mic, and the client must then begin anew.

    See: RFC 4178 sections 3.2 and 4.2.1; MS-SPNG 3.2.5.
    """
    offer = case.find("NegTokenInit")
    oids = None if offer is None else listed(case, offer)
    token = None if offer is None else offer.field("mechToken")
    if offer is None or not oids or token is None:
        return
    first = family(oids[0])
    mark = _mark(token.meaning) if token.kind == TOKEN else ""
    if mark == "GSS":  # a mechanism that is not taken apart: its OID is all there is
        mark = family(offer.value("mechToken.thisMech"))
    if mark and mark != first:
        others = [str(place) for place, oid in enumerate(oids, 1) if family(oid) == mark]
        where = f"which is number {others[0]} of the list" if others else "which is not in the list at all"
        yield at(offer, "mechToken", f"mechTypes begins with {name(oids[0])}, and mechToken is {mark}, {where}")
    elif isinstance(token.value, bytes) and token.value and first in (KERBEROS, NTLM, "NEGOEX") and case.complete:
        size = len(token.value)
        detail = f"mechTypes begins with {name(oids[0])}, and the {size} bytes of mechToken are no such token"
        yield at(offer, "mechToken", detail)


def _mark(meaning: object) -> str:
    return str(meaning[0]) if isinstance(meaning, tuple) and meaning else ""


@rule("SPN003", "negoex", NOTE)
def SPN003(case: Case) -> Iterator[Said]:
    """NEGOEX is offered first, or chosen.

    What: NEGOEX lets Windows negotiate further packages, as PKU2U between two machines without a domain, or a cloud
    account. Its token is no use to an acceptor without NEGOEX, which takes the next mechanism of the list at the price
    of one more round trip.

    Shows: nothing, if both sides can fall back; "unsupported mechanism" from acceptors that look at the first
    mechanism alone; a logon as AzureAD or MicrosoftAccount.

    Do: if it is not wanted, switch off PKU2U at the client; an acceptor has to pass over it with request-mic.

    Client: `reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\pku2u /v AllowOnlineID /t REG_DWORD /d 0`, or the
    policy "Allow PKU2U authentication requests to this computer to use online identities".

    Server: update a library that cannot pass over NEGOEX.

    See: MS-NEGOEX 3.1.5; MS-SPNG 1.3.
    """
    offer = case.find("NegTokenInit", "NegTokenInit2")
    oids = None if offer is None else listed(case, offer)
    if offer is not None and oids and oids[0] == NEGOEX:
        rest = ", ".join(map(name, oids[1:]))
        detail = f"the list begins with NEGOEX, before {rest}" if rest else "the list holds NEGOEX alone"
        yield at(offer, "mechTypes[0]", detail, severity="" if rest else WARNING)
    answer = case.find("NegTokenResp")
    if answer is not None and answer.value("supportedMech") == NEGOEX:
        yield at(answer, "supportedMech", "the acceptor chose NEGOEX", severity=WARNING)
    if case.whole.mechanism == "NEGOEX" and case.last("NegTokenInit") is None:
        yield at(case.whole, "", "a NEGOEX token with no SPNEGO around it", severity=WARNING)


@rule("SPN010", "wrapping", NOTE)
def SPN010(case: Case) -> Iterator[Said]:
    """A mechanism's token without SPNEGO around it, or SPNEGO where the bare token is meant.

    What: the scheme Negotiate carries SPNEGO. Windows and most acceptors take a bare Kerberos or NTLM token there too,
    some do not. The schemes NTLM and Kerberos, and SASL's GSSAPI, carry the bare token and no SPNEGO.

    Shows: GSS_S_DEFECTIVE_TOKEN, SEC_E_INVALID_TOKEN or SEC_E_INSUFFICIENT_MEMORY (SPNEGO given to the Kerberos
    package) at the first leg.

    Do: let client and server name the same mechanism: SPNEGO behind Negotiate and GSS-SPNEGO, the bare token behind
    NTLM, Kerberos and GSSAPI.

    Client: ask the library for SPNEGO (gss_mech_spnego, mech=SPNEGO, package "Negotiate"), not for Kerberos alone.

    Server: ask for credentials of the package Negotiate (GSS_C_NO_OID or the SPNEGO OID in GSS-API), which takes all
    three.

    See: RFC 4559 section 4; RFC 4752 section 3.1; MS-SPNG 3.2.5; the page "Microsoft Negotiate".
    """
    refused = list(case.refused("spnego-to-kerberos"))
    for said in refused:
        said.severity = ERROR
        yield said
    whole, wanted = case.whole, _wanted(case)
    if wanted and whole.mechanism in ("SPNEGO", NTLM, KERBEROS) and whole.mechanism != wanted and not refused:
        if whole.message in ("NegTokenInit", NEGOTIATE) or _framed_request(whole):
            where = case.carried.scheme or case.carried.carrier
            yield at(
                whole, "", f"{whole.mechanism} stands behind {where}, which means {wanted} alone", severity=WARNING
            )
    elif not wanted and (whole.message == NEGOTIATE or _framed_request(whole)):
        told = case.carried.carrier.startswith(_TELLS) or case.last("NegTokenInit") is not None
        if not told:
            where = f" behind {case.carried.scheme}" if case.carried.scheme else ""
            yield at(whole, "", f"a bare {whole.mechanism} token{where}, with no SPNEGO around it")


def _framed_request(whole: Message) -> bool:
    """Whether this is Kerberos's AP-REQ in GSS-API's framing; without that it is another matter (KRB022)."""
    return (whole.mechanism, whole.message) == (KERBEROS, "AP-REQ") and whole.field("thisMech") is not None


@rule("SPN011", "req-flags", NOTE)
def SPN011(case: Case) -> Iterator[Said]:
    """The client sends reqFlags.

    What: reqFlags of NegTokenInit is not protected, so RFC 4178 tells clients to leave it out and acceptors to ignore
    it. Only old or home-made clients send it; something in between can also have put it in.

    Shows: nothing: acceptors ignore it.

    Do: update the client's SPNEGO library; what is to hold of the context is asked of the mechanism, not here.

    Client: set the flags in gss_init_sec_context or InitializeSecurityContext.

    See: RFC 4178 section 4.2.1; MS-SPNG 3.1.5.3.
    """
    offer = case.find("NegTokenInit", "NegTokenInit2")
    if offer is not None and offer.field("reqFlags") is not None:
        names = ", ".join(offer.names("reqFlags")) or "none set"
        yield at(offer, "reqFlags", f"reqFlags is sent ({names}), which acceptors ignore")


@rule("SPN012", "no-common-mechanism", ERROR)
def SPN012(case: Case) -> Iterator[Said]:
    """Client and server have no mechanism in common.

    What: the acceptor takes the first of the client's mechanisms that it has credentials for. It has none for any, or
    the client's list is empty or holds only mechanisms that nobody knows.

    Shows: SEC_E_SECPKG_NOT_FOUND, SEC_E_NO_CREDENTIALS, GSS_S_BAD_MECH "An unsupported mechanism was requested", or a
    bare negState reject.

    Do: give the server credentials for a mechanism that the client offers: --keytab for Kerberos, --users for NTLM.

    Client: make it offer Kerberos: `kinit`, then `klist`; SPN001 says what keeps a client at NTLM.

    Server: `klist -k` shows the keytab; NTLM needs gss-ntlmssp or winbind outside of Windows; Group Policy "Restrict
    NTLM" takes it away on Windows.

    See: RFC 4178 sections 3.2 and 4.2.2; MS-SPNG 3.2.5.
    """
    offer = case.find("NegTokenInit")
    oids = None if offer is None else listed(case, offer)
    unknown = oids is not None and all(oid not in MECHANISMS for oid in oids)
    other = "have the client offer Kerberos or NTLM: update its library" if unknown else ""
    for said in case.refused("spnego-no-common-mechanism", "spnego-no-mechtypes"):
        said.advice = other
        yield said
    if offer is not None and oids is not None:
        if not oids:
            yield at(offer, "mechTypes", "mechTypes is empty: the client offers no mechanism", advice=other)
        elif unknown:
            text = f"no mechanism that the client offers is known: {', '.join(oids[:4])}"
            yield at(offer, "mechTypes", text, advice=other)
    yield from rejected_at_once(case)


def rejected_at_once(case: Case) -> Iterator[Said]:
    """A reject with nothing in it, as the first answer to an offer."""
    answer = case.find("NegTokenResp")
    before = case.before[-1] if case.before else None
    offer = None if before is None else before.find("NegTokenInit")
    if answer is None or before is None or offer is None or not case.complete or answer.value("negState") != REJECT:
        return
    oids = listed(before, offer)
    if oids and answer.field("responseToken") is None and answer.field("supportedMech") is None:
        names = ", ".join(map(name, oids))
        # An NTLM first token hardly gives cause for refusal; a ticket does, and some servers keep the reason.
        if family(oids[0]) == KERBEROS and offer.field("mechToken") is not None:
            detail = f"the server rejects the offer ({names}) at once: it takes none of these, or refuses the ticket"
            yield at(answer, "negState", detail, severity=WARNING)
        else:
            yield at(answer, "negState", f"the server rejects the offer ({names}) at once: it takes none of these")
