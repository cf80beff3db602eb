"""What was made of the offer: which mechanism was chosen, who gave up, and whether the list was protected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from secctx.decoders.message import Message
from secctx.decoders.tables.oids import KRB5, MS_KRB5
from secctx.decoders.values import TOKEN

from .case import CLIENT, SERVER, Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import ACCEPT_COMPLETED, ACCEPT_INCOMPLETE, AUTHENTICATE, REJECT, REQUEST_MIC
from .ntlm_message import promises_mic
from .spnego_offer import KERBEROS, family, held, listed, name, rejected_at_once

_SENDERS: Final = {CLIENT: "the client", SERVER: "the server"}


def _offered(case: Case) -> list[str] | None:
    """The mechanisms of the client's latest offer before this leg; None where it is not there."""
    found = case.last("NegTokenInit")
    return None if found is None else listed(*found)


def _of_one_offer(legs: Iterable[Case]) -> Iterator[Case]:
    """The legs up to the first that makes an offer: those beyond it are of another negotiation."""
    for leg in legs:
        yield leg
        if leg.find("NegTokenInit") is not None:
            return


@rule("SPN004", "other-mechanism", ERROR)
def SPN004(case: Case) -> Iterator[Said]:
    """The acceptor answers with another mechanism than the client offered.

    What: supportedMech must be one of the OIDs in mechTypes, as the client wrote it. Kerberos has two, the standard one
    (1.2.840.113554.1.2.2) and Microsoft's (1.2.840.48018.1.2.2): a Windows client that offered the latter first and had
    its token accepted gives up when the answer names the former.

    Shows: SEC_E_INVALID_TOKEN or GSS_S_DEFECTIVE_TOKEN at the client, after the server's log says that all went well.

    Do: have the acceptor repeat the OID that the client sent, byte by byte.

    Client: offering the standard OID first avoids it where the library lets you choose.

    Server: update the SPNEGO library: MIT krb5, Heimdal, Samba and Windows repeat the client's OID.

    See: RFC 4178 section 4.2.2; MS-SPNG 3.1.5.2 with its note, and 3.2.5.
    """
    yield from case.refused("spnego-other-mechanism")
    answer, oids = case.find("NegTokenResp"), _offered(case)
    chosen = None if answer is None else answer.value("supportedMech")
    if answer is None or not oids or not isinstance(chosen, str):
        return
    if chosen not in oids:
        names = ", ".join(map(name, oids))
        same = family(chosen) in map(family, oids)
        detail = f"supportedMech is {name(chosen)} ({chosen}), and the client offered {names}"
        yield at(answer, "supportedMech", detail, severity=WARNING if same else "")
    elif chosen == KRB5 and oids[0] == MS_KRB5 and answer.value("negState") in (ACCEPT_COMPLETED, ACCEPT_INCOMPLETE):
        detail = f"the client's first choice is MS Kerberos ({MS_KRB5}), and the answer names {KRB5} instead"
        yield at(answer, "supportedMech", f"{detail}: Windows clients give up", severity=WARNING)


@rule("SPN005", "peer-rejected", ERROR)
def SPN005(case: Case) -> Iterator[Said]:
    """The other side gave up: negState is reject.

    What: one side ended the negotiation. SPNEGO says no more than that; where the mechanism has words for the reason,
    as Kerberos has in a KRB-ERROR, they stand in responseToken.

    Shows: a1 07 30 05 a0 03 0a 01 02; 401 again at the client, SEC_E_LOGON_DENIED or GSS_S_FAILURE.

    Do: look for the reason at the side that sent it: its log at this moment.

    Client: KRB5_TRACE=/dev/stderr for MIT krb5; on Windows `Microsoft-Windows-Security-Kerberos/Operational`.

    Server: event 4625 and its SubStatus on Windows; the GSS-API error of the service elsewhere. Give the client's
    tokens to `secctx accept` with the service's keytab: it says why.

    See: RFC 4178 section 4.2.2.
    """
    yield from case.refused("spnego-peer-rejected")
    for message in case.messages:
        if message.message == "NegTokenResp" and message.value("negState") == REJECT:
            who = _SENDERS.get(case.side or case.carried.direction, "the sender")
            token = message.field("responseToken")
            if token is not None and token.kind == TOKEN and token.meaning == (KERBEROS, "KRB-ERROR"):
                detail = f"{who} gave up: negState is reject, with the reason in a KRB-ERROR"
                yield at(message, "negState", detail, severity=NOTE, advice="do what the KRB-ERROR asks for")
            else:
                # With no mechanism in common that is the reason (SPN012).
                known = any(not said.severity for said in rejected_at_once(case))
                detail = f"{who} gave up: negState is reject, and no reason is given"
                yield at(message, "negState", detail, severity=NOTE if known else "")


@rule("SPN006", "not-first-choice", NOTE)
def SPN006(case: Case) -> Iterator[Said]:
    """The acceptor does not go on with the client's first choice.

    What: the acceptor cannot serve the first of the client's mechanisms and goes on with a later one. The client's
    first token is thrown away, and both sides must protect the list with a mechListMIC. Some acceptors ask for that
    signature (request-mic) although they take the first choice.

    Shows: one more round trip; NTLM in the log where a ticket was sent.

    Do: if the first choice was wanted, give the server credentials for it: for Kerberos a keytab with the SPN's key.

    Client: nothing to do, unless it should not fall back: then have it offer one mechanism alone.

    Server: `klist -k` (keytab), `setspn -L ACCOUNT` (SPN of the account it runs as); NEGOEX first is passed over by
    design.

    See: RFC 4178 sections 4.2.2 and 5; MS-SPNG 3.2.5.
    """
    answer = case.find("NegTokenResp")
    if answer is None:
        return
    oids, chosen = _offered(case), answer.value("supportedMech")
    asked = answer.value("negState") == REQUEST_MIC
    taken = name(chosen) if isinstance(chosen, str) else "a mechanism"
    tail = ", and a mechListMIC is asked for" if asked else ""
    if oids and isinstance(chosen, str) and family(chosen) != family(oids[0]):
        detail = f"{taken} is taken instead of the client's first choice, {name(oids[0])}{tail}"
        yield at(answer, "negState" if asked else "supportedMech", detail)
    elif asked:
        why = "though that is the client's first choice" if oids else "as for one that is not the client's first choice"
        yield at(answer, "negState", f"request-mic: {taken} is taken{tail}, {why}")


@rule("SPN007", "mechlistmic-owed", ERROR)
def SPN007(case: Case) -> Iterator[Said]:
    """A mechListMIC is owed, and is missing.

    What: where the mechanism is not the client's first choice, or the client's NTLM message has a MIC, both sides must
    sign the list of mechanisms, so that nobody can cut Kerberos out of it. Without that signature the logon fails.

    Shows: SEC_E_INVALID_TOKEN or GSS_S_DEFECTIVE_TOKEN at the last leg, although the password was right; or the server
    answers accept-incomplete with its own mechListMIC and waits (STATUS_MORE_PROCESSING_REQUIRED over SMB).

    Do: update the SPNEGO library that left the mechListMIC out.

    Client: it belongs into the NegTokenResp with the AUTHENTICATE_MESSAGE, or alone behind the last Kerberos token; ask
    for integrity (GSS_C_INTEG_FLAG, ISC_REQ_INTEGRITY), without which no MIC can be made.

    Server: a guest session or one without signing has none; do not weaken the check, as it stops downgrades.

    See: RFC 4178 section 5; MS-SPNG 3.1.5.1 with its note on Windows Vista and later.
    """
    yield from case.refused("spnego-mic-missing", "spnego-integrity-dropped")
    answer = case.find("NegTokenResp")
    if answer is None or not case.complete or answer.field("mechListMIC") is not None:
        return
    if case.find(AUTHENTICATE) is not None:
        yield from _owed_with_ntlm(case, answer)
    elif answer.value("negState") == ACCEPT_COMPLETED and _unanswered(case):
        detail = "the client signed the list of mechanisms, and accept-completed comes without a mechListMIC"
        yield at(answer, "mechListMIC", detail, severity=WARNING, advice="see whether the session is a guest's")


def _owed_with_ntlm(case: Case, answer: Message) -> Iterator[Said]:
    """The client's last NTLM token, which goes without a mechListMIC, and what makes it owe one."""
    ntlm = case.find(AUTHENTICATE)
    if ntlm is None or not ntlm.value("UserName") or "NTLMSSP_NEGOTIATE_SIGN" not in ntlm.names("NegotiateFlags"):
        return  # an anonymous logon owes none, a session without signing can make none
    if any(map(_signature, _of_one_offer(case.after[1:]))):
        return  # it came later, alone; the leg just behind this one is the server's
    reason = _why_not_first(case)
    if reason:
        yield at(answer, "mechListMIC", f"the client owes a mechListMIC and sends none: {reason}")
    elif promises_mic(ntlm) is not None:
        detail = "the client's NTLM message has a MIC, and its NegTokenResp no mechListMIC: Windows asks for both"
        yield at(answer, "mechListMIC", detail, severity=WARNING)


def _why_not_first(case: Case) -> str:
    """Why the mechanism in use is not the client's first choice; empty where it is, or where that is not known."""
    oids = _offered(case)
    for leg in _of_one_offer(reversed(case.before)):
        answer = leg.find("NegTokenResp")
        if answer is None:
            continue
        chosen = answer.value("supportedMech")
        if answer.value("negState") == REQUEST_MIC:
            return "the acceptor asked for it (request-mic)"
        if oids and isinstance(chosen, str) and family(chosen) != family(oids[0]):
            return f"{name(chosen)} was chosen, and {name(oids[0])} is the client's first choice"
    return ""


def _unanswered(case: Case) -> bool:
    """Whether the leg just before this one brought the first and only mechListMIC."""
    signed = [bool(_signature(leg)) for leg in _of_one_offer(reversed(case.before))]
    return signed[:1] == [True] and not any(signed[1:])


def _signature(case: Case) -> bytes:
    """The mechListMIC of a leg, where it is one and does not only repeat the token."""
    answer = case.find("NegTokenResp")
    mic = b"" if answer is None else held(answer, "mechListMIC")
    return b"" if answer is None or mic == held(answer, "responseToken") else mic


@rule("SPN008", "mechlistmic-wrong", ERROR)
def SPN008(case: Case) -> Iterator[Said]:
    """The mechListMIC does not verify.

    What: the client signed the list of mechanisms that it sent, and the server received another list, or the signature
    was altered. That is what a downgrade looks like: something cut Kerberos out of the offer. It is also what mixed-up
    legs look like.

    Shows: SEC_E_MESSAGE_ALTERED, GSS_S_BAD_SIG, "A token had an invalid Message Integrity Check (MIC)",
    STATUS_ACCESS_DENIED.

    Do: compare the first token as the client sent it with the one that the server received: what is between them
    changes the list, or mixes two handshakes.

    Client: capture its first NegTokenInit and compare mechTypes.

    Server: check the proxy, and that legs stay on one connection; a library that encodes the list again instead of
    keeping its bytes, or that counts the NTLM sequence number on, fails here too.

    See: RFC 4178 section 5; MS-SPNG 3.1.5.1 and 3.2.5.1.
    """
    yield from case.refused("spnego-mic-wrong")


@rule("SPN009", "mechlistmic-repeats", WARNING)
def SPN009(case: Case) -> Iterator[Said]:
    """The mechListMIC repeats the token.

    What: the field that should hold a signature over the list of mechanisms holds the same bytes as responseToken.
    Old SPNEGO, and devices that learned from it, do that. It is no MIC: who verifies it refuses it, MIT krb5 and others
    take it as absent.

    Shows: SEC_E_MESSAGE_ALTERED or "mechListMIC verification failed" from strict libraries; nothing from others.

    Do: update the device or library that sends it; a client library that knows of it (smbprotocol, pyspnego) passes it
    over.

    Client: if the server sends it, use a library that takes it as absent.

    Server: if it is a storage device or printer, look for newer firmware.

    See: RFC 4178 section 4.2.2; smbprotocol issue 137.
    """
    for message in case.messages:
        token = {"NegTokenInit": "mechToken", "NegTokenResp": "responseToken"}.get(message.message)
        mic = held(message, "mechListMIC")
        if token is not None and mic and mic == held(message, token):
            yield at(message, "mechListMIC", f"mechListMIC holds the same {len(mic)} bytes as {token}: it is no MIC")
