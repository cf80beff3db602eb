"""Whether an NTLM answer fits its question: the legs, the proof, the MIC, the clocks, and the message's own form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Message
from secctx.decoders.values import within

from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import AUTHENTICATE, CHALLENGE
from .ntlm_message import (
    CLIENT_CHALLENGE,
    Pair,
    account,
    challenge_of,
    name,
    pair,
    pairs,
    refused,
)

#: What a server puts into TargetInfo and a client brings back as it is (MS-NLMP 3.1.5.1.2).
_RETURNED: Final = (
    "MsvAvNbComputerName",
    "MsvAvNbDomainName",
    "MsvAvDnsComputerName",
    "MsvAvDnsDomainName",
    "MsvAvDnsTreeName",
    "MsvAvTimestamp",
)
_SECOND: Final = 10_000_000  #: in units of a FILETIME
_EPOCH: Final = 11_644_473_600  #: seconds from 1601 to 1970
_MAX_LIFETIME: Final = 36 * 3600  #: MS-NLMP 3.1.1.1 and note 39
_TIME: Final = f"{CLIENT_CHALLENGE}.TimeStamp"


@rule("NTL012", "other-challenge", ERROR, explains=("NTL013", "NTL014", "NTL017"))
def NTL012(case: Case) -> Iterator[Said]:
    """This AUTHENTICATE does not answer that CHALLENGE.

    What: the response brings back the server's names and timestamp, and they are not those of the challenge before it.
    The legs of two logons were mixed, or the answer went to another server or connection than the question came from.

    Shows: logons that fail now and then, under load, or behind a proxy, with SEC_E_LOGON_DENIED or SEC_E_INVALID_TOKEN
    and a password that is right; browsers that ask again and again.

    Do: keep all legs of a logon on one connection: a proxy, a load balancer or a pool of connections mixes them.

    Client: do not share one connection among users, nor retry the last leg on a new one; `curl -v` says "Re-using
    existing …" where it keeps it.

    Server: HAProxy: option http-keep-alive and http-reuse never; nginx: keepalive with ntlm (commercial) or the stream
    module; or use Kerberos, which needs one leg.

    See: MS-NLMP 3.1.5.1.2 and 3.2.5.1.2; RFC 4559 section 6.
    """
    yield from refused(case, "ntlm-other-challenge")
    message, server = case.find(AUTHENTICATE), challenge_of(case)
    if message is None or server is None:
        return
    theirs = {one.name: one for one in reversed(pairs(server))}
    for one in pairs(message):
        asked = theirs.get(one.name)
        if one.name in _RETURNED and asked is not None and _differ(one, asked):
            text = f"this does not answer the CHALLENGE before it: its {one.name} is {_shown(one)}, not {_shown(asked)}"
            yield at(message, one.path, text)
            return


def _differ(one: Pair, other: Pair) -> bool:
    """Whether two values are not the same; names are, whatever case they are in."""
    if isinstance(one.value, str) and isinstance(other.value, str):
        return one.value.casefold() != other.value.casefold()
    return bool(one.value != other.value)


def _shown(one: Pair) -> str:
    shown = one.meaning if isinstance(one.meaning, str) else one.value
    return "empty" if shown is None else shown.hex() if isinstance(shown, bytes) else str(shown)


@rule("NTL013", "wrong-password", ERROR)
def NTL013(case: Case) -> Iterator[Said]:
    """The response does not fit the user's password.

    What: the proof was recomputed with the password given for this user, and does not verify; nor does it with another
    spelling of the names, with an empty password, or with another challenge. The password is another one, or the
    response was altered.

    Shows: SEC_E_LOGON_DENIED (0x8009030C); event 4625 with SubStatus 0xC000006A, event 4776 with 0xC000006A; `data 52e`
    from an LDAP server.

    Do: check the password, and that user and domain are spelled as the account is: both are part of the proof.

    Client: cmdkey /list and the browser's store may hold an old password; a password outside ASCII is a matter of the
    client's encoding: NTLM hashes it as UTF-16.

    Server: give the password that the account has now (--users, --nt-hash-file); event 4625 of the same second has the
    SubStatus.

    KDC: Get-ADUser USER -Properties PasswordLastSet, LockedOut; samba-tool user show USER.

    See: MS-NLMP 3.3.1, 3.3.2 and 3.2.5.1.2.
    """
    yield from refused(case, "ntlm-wrong-password", "ntlm-other-password", "ntlm-no-response")
    advice = "the password was typed in other letters: look for Caps Lock, and for a client that changes their case"
    yield from refused(case, "ntlm-other-lm-response", advice=advice)
    message = case.find(AUTHENTICATE)
    if message is None or not case.complete or not name(message, "UserName"):
        return
    if not message.bytes_of("NtChallengeResponse") and not message.bytes_of("LmChallengeResponse"):
        text = f"{account(message)} logs on without any response, which proves nothing"
        yield at(message, "NtChallengeResponseFields", text, severity=WARNING)


@rule("NTL014", "mic-wrong", ERROR)
def NTL014(case: Case) -> Iterator[Said]:
    """The proof verifies and the MIC does not: a leg was altered.

    What: the user knows the password, and the signature over the three messages does not fit them: one of them is not
    what was sent, or the client computed it over something else.

    Shows: SEC_E_MESSAGE_ALTERED, SEC_E_INVALID_TOKEN or SEC_E_LOGON_DENIED with the right password.

    Do: compare the three legs as client and server saw them; what is between them changes one.

    Client: a library that builds NEGOTIATE anew instead of keeping the bytes it sent makes a wrong MIC; so do Windows
    clients whose server's CHALLENGE carries an empty MsvAvFlags (NTL026).

    Server: give all three messages byte for byte: a proxy, a log or a copy may have changed one.

    See: MS-NLMP 3.1.5.1.2 and 3.2.5.1.2 (MIC).
    """
    yield from refused(case, "ntlm-mic-wrong")


@rule("NTL017", "clocks-apart", WARNING)
def NTL017(case: Case) -> Iterator[Said]:
    """The clocks of client and server are apart.

    What: an NTLMv2 response carries a time: the server's, where the challenge had one, else the client's own. Here it
    is the client's, and not the server's time. Windows up to Server 2008 R2 refuses it from 36 hours on; Kerberos fails
    from 5 minutes on.

    Shows: SEC_E_LOGON_DENIED with an old server; with a new one nothing, until Kerberos or a certificate is used.

    Do: set the client's clock: w32tm /resync on Windows, chronyc makestep elsewhere.

    Client: w32tm /stripchart /computer:DC /samples:3 /dataonly shows the difference; a client that sends its own time
    though the server sent one has an old NTLM library.

    Server: compare the server's clock with its domain controller's in the same way.

    See: MS-NLMP 2.2.2.7, 3.1.1.1 (MaxLifetime and its note), 3.1.5.1.2 and 3.2.5.1.2.
    """
    message = case.find(AUTHENTICATE)
    sent = None if message is None else message.value(_TIME)
    if message is None or not isinstance(sent, int) or not sent:
        return
    server = challenge_of(case)
    stamp = (pair(server, "MsvAvTimestamp") if server is not None else None) or pair(message, "MsvAvTimestamp")
    if stamp is not None and isinstance(stamp.value, int):
        theirs, whose = stamp.value, f"the server's is {stamp.meaning}"
    elif case.given.now is not None and stamp is None:
        theirs = int((case.given.now.timestamp() + _EPOCH) * _SECOND)
        whose = f"the clock is {case.given.now:%Y-%m-%dT%H:%M:%SZ}"
    else:
        return
    apart = abs(sent - theirs) // _SECOND
    if apart > case.given.skew:
        ahead = "ahead" if sent > theirs else "behind"
        severity = WARNING if apart > _MAX_LIFETIME else NOTE
        text = f"the client's time is {message.text(_TIME)}, {whose}: the client is {_length(apart)} {ahead}"
        yield at(message, _TIME, text, severity=severity)


def _length(seconds: int) -> str:
    """A length of time in the largest unit that leaves some number of it."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


@rule("NTL018", "field-outside", ERROR)
def NTL018(case: Case) -> Iterator[Said]:
    """A field of the message points outside it, or into another one.

    What: the header of an NTLM message says where each field stands: an offset and a length. One of them leads beyond
    the end of the message, or into bytes that belong to another field. The message was built wrongly, or changed.

    Shows: SEC_E_INVALID_TOKEN (0x80090308).

    Do: have the library that made the message mended; where it was copied, take it again, whole.

    Client: compare with the bytes that the client sent (`secctx decode --spans`, or Wireshark's ntlmssp).

    Server: a message cut short in a log or a header looks alike (ENC002): take it from the wire.

    See: MS-NLMP 2.2.1.1 to 2.2.1.3, the …Fields.
    """
    problem = case.decoded.error
    if problem is None or problem.kind not in ("offset", "overlap", "length"):
        return
    holder = _holder(case, problem.path)
    if holder is None or (problem.kind == "length" and not problem.missing):
        return
    inner = problem.path[len(holder.path) :].removeprefix(".") if holder.path else problem.path
    yield from refused(case, "malformed")
    yield at(holder, inner, f"{inner or 'the message'}: expected {problem.expected}, found {problem.found}")


def _holder(case: Case, path: str) -> Message | None:
    """The NTLM message that a problem is in: the innermost whose path leads there."""
    for message in reversed(case.messages):
        if message.mechanism == "NTLM" and within(path, message.path):
            return message
    return None


@rule("NTL023", "ntlm-blocked", ERROR)
def NTL023(case: Case) -> Iterator[Said]:
    """NTLM is blocked by policy.

    What: this server, or the domain, does not take NTLM any more: the policies "Restrict NTLM". The token itself may be
    perfect.

    Shows: SEC_E_UNSUPPORTED_FUNCTION (0x80090302) at the first leg; STATUS_NTLM_BLOCKED (0xC0000418); events 4001 to
    4006 (refused) and 8001 to 8006 (audited) of Microsoft-Windows-NTLM/Operational.

    Do: have the client use Kerberos; where that cannot be, put this server into the policy's exceptions.

    Client: find out why it did not try Kerberos: an IP address, no SPN, no way to the KDC (SPN001); klist get HTTP/host
    shows it.

    Server: RestrictReceivingNTLMTraffic under HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0: 0 allows, 1
    refuses domain accounts, 2 refuses all.

    KDC: "Restrict NTLM: NTLM authentication in this domain" and "Add server exceptions in this domain"; set them to
    audit first.

    See: MS-NLMP 3.2.1.1 (ServerBlock) and 3.2.5.1.1.
    """
    yield from refused(case, "ntlm-blocked")


@rule("NTL024", "response-altered", ERROR)
def NTL024(case: Case) -> Iterator[Said]:
    """The password is right, and the response does not fit the message around it.

    What: one response verifies and the other does not, or the response verifies as if extended session security were
    negotiated otherwise than NegotiateFlags say. No client sends such a message: it was changed on its way, or its
    library fills the fields from two places.

    Shows: SEC_E_LOGON_DENIED for a password that is right; an old server may let it pass, which is what the change is
    for (CVE-2019-1338).

    Do: compare the message as the client sent it and as the server received it.

    Client: if both are equal, the library is wrong: update it, or have it send NTLMv2 with a MIC.

    Server: keep the updates of October 2019 and later; require NTLMv2 (LmCompatibilityLevel 5).

    See: MS-NLMP 3.2.5.1.2 and 3.3; CVE-2019-1338.
    """
    yield from refused(case, "ntlm-response-altered", "ntlm-other-session-security")


@rule("NTL026", "empty-av-flags", NOTE)
def NTL026(case: Case) -> Iterator[Said]:
    """The CHALLENGE carries MsvAvFlags of zero, and Windows clients then make a MIC that does not verify.

    What: MsvAvFlags in a CHALLENGE_MESSAGE is allowed and says nothing when it is zero. Clients of Windows have been
    seen to compute their MIC as if it were not there, so that the server finds it wrong. Older gss-ntlmssp sends it.

    Shows: every Windows client fails at this server with a wrong MIC, other clients do not.

    Do: update the server's NTLM library: gss-ntlmssp later than 1.2 leaves the empty pair out.

    Server: the version of gss-ntlmssp: dpkg -l gss-ntlmssp or rpm -q gssntlmssp.

    See: gssapi/gss-ntlmssp pull request 98; MS-NLMP 2.2.2.1.
    """
    message = case.find(CHALLENGE)
    found = None if message is None else pair(message, "MsvAvFlags")
    if message is not None and found is not None and found.value == 0:
        yield at(message, found.path, "MsvAvFlags are there and zero")
