"""Who logs on with NTLM: the account as the message spells it, and the machines at both ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Message

from .asked import asks
from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import AUTHENTICATE, NEGOTIATE
from .ntlm_message import (
    LOCAL_CALL,
    OEM,
    UNICODE,
    account,
    bytes_of,
    challenge_of,
    flags,
    has_flags,
    is_anonymous,
    name,
    pair,
    refused,
    text_of,
)

_NAMES: Final = ("DomainName", "UserName", "Workstation")
#: So many bytes of several names that all read as ASCII are no coincidence in UTF-16.
_NO_CHANCE: Final = 8

_SET_UNICODE: Final = "have the client set NTLMSSP_NEGOTIATE_UNICODE in its first message: the library is wrong there"


@rule("NTL008", "anonymous", NOTE)
def NTL008(case: Case) -> Iterator[Said]:
    """An anonymous logon (null session).

    What: no user, no NT response, and an LM response of nothing or one zero byte: the client proves nothing and asks
    for nothing but to be let in as ANONYMOUS LOGON. Mostly it had no credentials: a service without a logon of its own,
    a job in session 0, an empty prompt.

    Shows: event 4624 for ANONYMOUS LOGON, then STATUS_ACCESS_DENIED or an empty list from what the session asks for;
    AcceptSecurityContext answers SEC_E_OK.

    Do: give the client credentials, or look at why it had none; a server that wants a name must refuse this itself.

    Client: cmdkey /list shows what Windows has stored; `curl --negotiate -u :` takes the credential cache, -u
    USER:PASSWORD a user; a service that runs as LOCAL SERVICE has no network identity.

    Server: RestrictAnonymous and RestrictNullSessAccess limit what such a session may read; ASC_REQ_ALLOW_NULL_SESSION
    says that one is expected.

    See: MS-NLMP 3.2.5.1.2 (NullSession).
    """
    message = case.find(AUTHENTICATE)
    if message is not None and case.complete and is_anonymous(message) and not flags(message) & LOCAL_CALL:
        yield at(message, "UserName", "the client logs on anonymously: no user name and no response")


@rule("NTL009", "name-spelling", WARNING)
def NTL009(case: Case) -> Iterator[Said]:
    """The user or domain is spelled so that the proof, or the search for the account, may fail.

    What: both names enter an NTLMv2 response, the user in capitals, the domain exactly as spelled. A user name that
    holds its domain (user@domain, DOMAIN\\user) beside a domain of its own, a domain in another case than the one
    hashed, a blank at the end: the server hashes other text and the password looks wrong.

    Shows: SEC_E_LOGON_DENIED (0x8009030C), event 4625 with SubStatus 0xC000006A or 0xC0000064, for a user whose
    password is right elsewhere.

    Do: give the client user and domain apart, spelled as the account is: DOMAIN and user, or user@dns.domain and no
    domain at all.

    Client: `curl --ntlm -u 'DOMAIN\\user'`; a library that takes the domain as an option of its own wants the
    user alone.

    Server: event 4625 shows the names as the client spelled them.

    KDC: Get-ADUser USER -Properties UserPrincipalName, SamAccountName shows both spellings of the account.

    See: MS-NLMP 3.3.2 (NTOWFv2) and 3.2.5.1.2.
    """
    yield from refused(case, "ntlm-other-domain", "ntlm-other-user", "ntlm-other-server-name")
    message = case.find(AUTHENTICATE)
    if message is None or not case.complete:
        return
    user, domain = name(message, "UserName"), name(message, "DomainName")
    if "\\" in user or "/" in user:
        yield at(message, "UserName", f"the user name holds a domain: {user!r}")
    elif "@" in user and domain:
        yield at(message, "UserName", f"the user name is {user!r}, and the domain {domain!r} stands beside it")
    elif "@" in user:
        yield at(message, "UserName", f"the user name is {user!r} and the domain empty", severity=NOTE)
    for field in ("UserName", "DomainName"):
        text = name(message, field)
        # NULs are the business of NTL011.
        if text != text.strip() and "\0" not in text:
            yield at(message, field, f"{field} begins or ends with a blank: {text!r}")


@rule("NTL010", "loopback", NOTE)
def NTL010(case: Case) -> Iterator[Said]:
    """Client and server are the same machine.

    What: the workstation that the client names is the computer that the server says it is. Windows then checks that the
    name used is the machine's own (loopback check), and refuses NTLM to an alias: a host header, a load balancer's
    name, a DNS alias.

    Shows: 401.1 from the machine itself and not from others, with the right password; event 4625 (537 before) with
    0xC000006D and SubStatus 0; a web part or a search crawler that cannot log on to its own server.

    Do: use the machine's own name, or list the alias in BackConnectionHostNames.

    Client: test from another machine; `curl --ntlm -u USER http://ALIAS/` on the server itself shows it.

    Server: reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0 /v BackConnectionHostNames /t REG_MULTI_SZ /d
    ALIAS and restart; DisableLoopbackCheck in Lsa turns the check off for everything, which invites reflection.

    See: Microsoft KB 896861 and 926642.
    """
    message = case.find(AUTHENTICATE)
    if message is None:
        return
    server = challenge_of(case)
    if (flags(message) | (0 if server is None else flags(server))) & LOCAL_CALL and not name(message, "UserName"):
        text = "a local call: client and server are the same machine, and the messages prove nothing to others"
        yield at(message, "NegotiateFlags", text)
        return
    station = name(message, "Workstation")
    source = message if pair(message, "MsvAvNbComputerName") is not None or server is None else server
    computer = text_of(pair(source, "MsvAvNbComputerName"))
    if not station or station.casefold() != computer.casefold():
        return
    own = {computer.casefold(), text_of(pair(source, "MsvAvDnsComputerName")).casefold(), "localhost", ""}
    host = text_of(pair(message, "MsvAvTargetName")).partition("/")[2].partition(":")[0].partition("/")[0]
    text, severity, advice = f"client and server are the same machine, {station}", NOTE, ""
    if host.casefold() not in own and not host.startswith("127."):
        text += f", and the client called it {host}"
        advice = f"where it is Windows and refuses the logon, list {host} in BackConnectionHostNames"
        severity = WARNING if server is not None and "Windows" in server.text("Version") else NOTE
    yield at(message, "Workstation", text, severity=severity, advice=advice)


@rule("NTL011", "charset", ERROR, explains=("NTL009", "NTL020", "NTL021"))
def NTL011(case: Case) -> Iterator[Said]:
    """The strings contradict the UNICODE flag, or no kind of text is agreed on.

    What: NTLMSSP_NEGOTIATE_UNICODE says that names are UTF-16LE, its absence that they are in the OEM code page. The
    names here are in the other of the two, so that the server reads a user that does not exist.

    Shows: SEC_E_LOGON_DENIED with an unreadable or one-letter user name in event 4625; SEC_E_INVALID_TOKEN where
    neither kind is offered.

    Do: have the client write its names as its own NegotiateFlags say: the library is wrong there.

    Client: update the library; until then one that always writes UTF-16 wants a server that answers with
    NTLMSSP_NEGOTIATE_UNICODE, as all of Windows do.

    Server: a server of one's own must take NTLMSSP_NEGOTIATE_UNICODE over from NEGOTIATE into its CHALLENGE.

    See: MS-NLMP 2.2.2.5, 2.2.1.3 and 3.2.5.1.1.
    """
    yield from refused(case, "ntlm-no-charset", advice=_SET_UNICODE)
    first, message = case.find(NEGOTIATE), case.find(AUTHENTICATE)
    if first is not None and has_flags(first) and not flags(first) & (UNICODE | OEM):
        text = "neither NTLMSSP_NEGOTIATE_UNICODE nor NTLM_NEGOTIATE_OEM is offered, and one of them is needed"
        yield at(first, "NegotiateFlags", text, advice=_SET_UNICODE)
    if message is None:
        return
    found = _contradiction(message)
    if found is not None:
        if _malformed_at(case, message, found[0]):
            yield from refused(case, "malformed")
        yield at(message, *found)


def _contradiction(message: Message) -> tuple[str, str] | None:
    """The first name that is not written as the flags say, and that in a sentence."""
    written = {field: data for field in _NAMES if (data := bytes_of(message, field))}
    if flags(message) & UNICODE:
        every = len(written) > 1 and all(_is_oem(data) for data in written.values())
        every = every and sum(map(len, written.values())) >= _NO_CHANCE
        for field, data in written.items():
            if every or (len(data) % 2 and _is_oem(data)):
                return field, f"the flags say Unicode, and {field} is written in one byte a letter"
    elif has_flags(message):
        for field, data in written.items():
            if len(data) >= 2 and len(data) % 2 == 0 and not any(data[1::2]):
                return field, f"the flags say OEM text, and {field} is written in UTF-16"
    return None


def _is_oem(data: bytes) -> bool:
    """Whether these bytes are ASCII letters one after another."""
    return all(0x20 <= byte < 0x7F for byte in data)


def _malformed_at(case: Case, message: Message, field: str) -> bool:
    """Whether what is wrong with the token is wrong in that field."""
    return case.decoded.error is not None and case.decoded.error.path == message.spot(field).path


@rule("NTL015", "machine-account", NOTE)
def NTL015(case: Case) -> Iterator[Said]:
    """A machine account logs on.

    What: the user name ends in `$`: a computer, a managed service account or a trust, not a person. What runs as SYSTEM
    or NETWORK SERVICE logs on so. A server that verifies such accounts over NTLM must allow it
    (ASC_REQ_ALLOW_NON_USER_LOGONS).

    Shows: SEC_E_LOGON_DENIED with STATUS_NOLOGON_WORKSTATION_TRUST_ACCOUNT (0xC0000199) or
    STATUS_NOLOGON_SERVER_TRUST_ACCOUNT (0xC000019A) as SubStatus of event 4625.

    Do: log on as a user, or allow it where computers are meant to (ASC_REQ_ALLOW_NON_USER_LOGONS).

    Client: run the service as a user or a managed service account that has rights on the server; for a scheduled task
    choose its account.

    Server: pass ASC_REQ_ALLOW_NON_USER_LOGONS; `secctx accept --req ALLOW_NON_USER_LOGONS` shows the effect.

    See: MS-APDS 3.1.5 (ParameterControl); the AcceptSecurityContext function of sspi.h.
    """
    yield from refused(case, "ntlm-machine-account")
    message = case.find(AUTHENTICATE)
    if message is None or not name(message, "UserName").endswith("$"):
        return
    text, severity = f"{account(message)} is a machine account", NOTE
    if asks(case, "ASC_REQ_ALLOW_NON_USER_LOGONS") is False:
        text, severity = f"{text}, and ALLOW_NON_USER_LOGONS is not asked for", WARNING
    yield at(message, "UserName", text, severity=severity)


@rule("NTL020", "unknown-user", ERROR)
def NTL020(case: Case) -> Iterator[Said]:
    """No such user.

    What: the authority that was asked, here the users given, knows no account of that name in that domain.

    Shows: SEC_E_LOGON_DENIED (0x8009030C), as for a wrong password; event 4625 with SubStatus 0xC0000064, event 4776 on
    the domain controller with 0xC0000064; `data 525` from an LDAP server for a simple bind.

    Do: compare user and domain with the account as it is spelled in the directory, and with the users given (--users).

    Client: klist and whoami /upn show as whom Windows logs on; cmdkey /list what it has stored for this server.

    Server: for a local account the domain must be the server's own name or empty.

    KDC: Get-ADUser -Filter "SamAccountName -eq 'USER'"; samba-tool user show USER.

    See: MS-NLMP 3.2.5.1.2; MS-APDS 3.1.5.
    """
    yield from refused(case, "ntlm-unknown-user")


@rule("NTL021", "no-authority", ERROR)
def NTL021(case: Case) -> Iterator[Said]:
    """Nobody can be asked about the user's domain.

    What: the domain that the client names is neither this server's own nor one that it trusts, or no domain controller
    of it can be reached, or the trust is broken.

    Shows: SEC_E_NO_AUTHENTICATING_AUTHORITY (0x80090311), STATUS_NO_LOGON_SERVERS (0xC000005E),
    STATUS_TRUSTED_RELATIONSHIP_FAILURE (0xC000018D); event 5719 of NETLOGON.

    Do: check how the domain is spelled, and that the server reaches a domain controller of it.

    Client: give the domain that has the account, not the client's own workgroup or machine name.

    Server: nltest /sc_verify:DOMAIN and nltest /dsgetdc:DOMAIN; with Samba wbinfo -t and wbinfo --ping-dc.

    KDC: netdom trust DOMAIN /domain:OTHER /verify; Test-ComputerSecureChannel -Repair on the member.

    See: MS-NLMP 3.2.5.1.2; MS-APDS 3.1.5.
    """
    yield from refused(case, "ntlm-unknown-domain", "ntlm-no-authority")


@rule("NTL022", "account-disabled", ERROR)
def NTL022(case: Case) -> Iterator[Said]:
    """The account is disabled.

    What: the password is right, and the account must not log on.

    Shows: SEC_E_LOGON_DENIED (0x8009030C); event 4625 with SubStatus 0xC0000072; `data 533` from an LDAP server.

    Do: enable the account, or have the client log on as another.

    KDC: Enable-ADAccount USER; samba-tool user enable USER; for a local account net user USER /active:yes.

    See: MS-APDS 3.1.5; MS-ERREF 2.3.1 (STATUS_ACCOUNT_DISABLED).
    """
    yield from refused(case, "ntlm-account-disabled")
