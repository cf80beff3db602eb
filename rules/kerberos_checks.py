"""What a Kerberos client asked for and what holds of it: delegation, channel bindings, mutual authentication."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.gss_checksum import CHECKSUM_TYPE
from secctx.decoders.message import Message
from secctx.decoders.values import Node

from .asked import asks
from .bindings import equal, other_digest
from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .kerberos_parts import refusals
from .names import ACCEPT_COMPLETED

_CHECKSUM: Final = "authenticator.cksum.checksum"
#: Messages that carry an AP-REQ for a purpose of their own, without GSS-API's checksum.
_NO_LOGON: Final = ("TGS-REQ", "KPASSWD-REQ")
#: KERB_AP_OPTIONS_CBT and where it stands (MS-KILE 3.2.5.8).
_IF_RELEVANT, _AP_OPTIONS, _CBT = 1, 143, 0x4000
_KERBEROS: Final = ("1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2")


def logon(case: Case) -> Message | None:
    """The AP-REQ with which a client logs on to a service."""
    return None if case.find(*_NO_LOGON) is not None else case.find("AP-REQ")


def _flags(message: Message | None) -> int | None:
    """The flags of the opened checksum; None where it is not opened, or has none."""
    value = None if message is None else message.value(f"{_CHECKSUM}.Flags")
    return value if isinstance(value, int) else None


#: What to do about a client that bound its logon to nothing.
_UNBOUND: Final = (
    "have the client's library bind Kerberos to TLS (Extended Protection), or lower the level that the server demands"
)


@rule("KRB013", "delegation", WARNING)
def KRB013(case: Case) -> Iterator[Said]:
    """Delegation was asked for, and nothing is forwarded.

    What: to let a server act for the user elsewhere, the client must send a forwarded ticket-granting ticket along. It
    can do so only with a forwardable ticket, and Windows clients do so only for services that the KDC marks
    ok-as-delegate. Constrained delegation is another matter: the server fetches those tickets by itself.

    Shows: the logon works, and the second hop does not: `anonymous logon` or `NT AUTHORITY\\ANONYMOUS` at the database
    behind the server, no ASC_RET_DELEGATE, an empty delegated credential in GSS-API.

    Do: have the client get a forwardable ticket, and trust the service's account for delegation.

    Client: `klist -f` must show F (`klist` on Windows: forwardable), `kinit -f` asks for it; `curl --delegation
    always`, ssh `GSSAPIDelegateCredentials yes`, Firefox `network.negotiate-auth.delegation-uris`, Chrome and Edge
    `AuthNegotiateDelegateAllowlist`. A member of Protected Users is never delegated.

    Server: prefer constrained delegation (S4U2proxy), for which the client need send nothing.

    KDC: `Get-ADUser SVC -Properties TrustedForDelegation`, `Set-ADAccountControl SVC -TrustedForDelegation $true`; the
    user's account must not be "sensitive and cannot be delegated". MIT: `modprinc +ok_as_delegate HTTP/web`.

    See: RFC 4121 section 4.1.1; RFC 4120 section 2.8; MS-KILE 3.1.5.4, 3.2.5.1 and 3.4.5.
    """
    message = logon(case)
    flags = _flags(message)
    if message is None or flags is None:
        return
    from secctx.acceptor.kerberos_values import DELEG

    if not flags & DELEG:
        if asks(case, "ASC_REQ_DELEGATE"):
            yield at(message, f"{_CHECKSUM}.Flags", "the client does not delegate: GSS_C_DELEG_FLAG is not set")
            yield from _cannot(message, NOTE)
        return
    wrong = _forwarded_problem(case, message)
    if wrong:
        yield at(message, f"{_CHECKSUM}.Deleg", wrong)
        yield from _cannot(message, WARNING)


def _forwarded_problem(case: Case, message: Message) -> str:
    """What is wrong with the forwarded ticket; empty where it can be read."""
    path = f"{_CHECKSUM}.Deleg"
    deleg = message.field(path)
    if deleg is None:
        return "the client says that it delegates (GSS_C_DELEG_FLAG), and no forwarded ticket (KRB-CRED) stands there"
    if message.field(f"{path}.enc-part") is None:
        return "the client says that it delegates, and what it sends is no KRB-CRED that can be read"
    where = message.spot(f"{path}.enc-part").path
    for report in case.reports:
        if report.path == where and not report.opened and not report.follows:
            return f"the forwarded ticket cannot be opened with this logon's keys: {report.reason}"
    names = message.text(f"{path}.tickets[0].sname"), message.text(f"{path}.enc-part.ticket-info[0].sname")
    other = next((name for name in names if name and not name.startswith("krbtgt/")), "")
    return f"the forwarded ticket is one for {other}, not a ticket-granting ticket" if other else ""


def _cannot(message: Message, severity: str) -> Iterator[Said]:
    """Why the client cannot delegate, as far as its ticket tells."""
    flags = message.names("ticket.enc-part.flags")
    if message.value("ticket.enc-part.flags") is None:
        return
    if "forwardable" not in flags:
        text = "the ticket is not forwardable, so neither is the one it was got with"
        yield at(message, "ticket.enc-part.flags", text, severity=severity)
    elif "ok-as-delegate" not in flags:
        text = "the ticket is not marked ok-as-delegate: Windows clients do not delegate to this service"
        yield at(message, "ticket.enc-part.flags", text, severity=NOTE)


@rule("KRB014", "kerberos-bindings", ERROR)
def KRB014(case: Case) -> Iterator[Said]:
    """The client's channel bindings are missing, or are not those of this channel.

    What: with Extended Protection the client puts a hash of the server's certificate, as it saw it, into the
    authenticator (Bnd), and the server compares it with its own. Zeros mean that the client bound to nothing; other
    bytes that TLS ends somewhere else, at a proxy or an inspecting firewall, or that the two take different digests.

    Shows: SEC_E_BAD_BINDINGS (0x80090346), GSS_S_BAD_BINDINGS, 401 again and again with Extended Protection set to
    Required in IIS, LDAP error 80090346 with LdapEnforceChannelBinding 2; event 3039 at the domain controller, where
    "16 LDAP Interface Events" is 2 or more.

    Do: look for what ends TLS before the server (a proxy, an inspecting firewall), and give the certificate that the
    client saw (--bindings).

    Client: `openssl s_client -connect HOST:443` there shows which certificate it sees. The library must bind:
    requests-kerberos does by itself, ldap3 with GSSAPI too, curl since 8.10 (2024) with OpenSSL and MIT krb5 1.19. On
    Windows SuppressExtendedProtection under HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa must be 0 or absent.

    Server: IIS: Windows Authentication, Advanced Settings, Extended Protection: Accept admits clients that bind to
    nothing. In code: ASC_REQ_ALLOW_MISSING_BINDINGS does. Behind a proxy that ends TLS only "proxy" scenarios work.

    KDC: on a domain controller LdapEnforceChannelBinding 1 admits clients that do not know of bindings, 2 does not.

    See: RFC 4121 section 4.1.1.2; RFC 5929; MS-KILE 3.2.5.8 and 3.4.5.
    """
    for said in refusals(case, {"bindings-missing": f"{_CHECKSUM}.Bnd"}):
        said.advice = _UNBOUND
        yield said
    yield from refusals(case, {"bindings-differ": f"{_CHECKSUM}.Bnd"})
    yield from _bindings(case)


def _bindings(case: Case) -> Iterator[Said]:
    message, given = logon(case), case.given.bindings
    sent = None if message is None else message.value(f"{_CHECKSUM}.Bnd")
    if message is None or not isinstance(sent, bytes):
        return
    path = f"{_CHECKSUM}.Bnd"
    if any(sent):
        if given is not None and not equal(sent, given.hash16):
            yield at(message, path, _how_other(case, sent))
    elif _claims_bindings(message):
        # Over plain HTTP a Windows client has none to send: an error only where the server is said to have some.
        text = "the client sent no channel bindings although it says that it supports them: it had none to send"
        yield at(message, path, text, severity=NOTE if given is None else WARNING, advice=_UNBOUND)
    elif given is None:
        text = "no channel bindings (Bnd is zero): where Extended Protection is required, that is refused"
        yield at(message, path, text, severity=NOTE, advice=_UNBOUND)
    else:
        required = asks(case, "ASC_REQ_ALLOW_MISSING_BINDINGS") is False
        text = "the client sent no channel bindings (Bnd is zero), and this server's channel has some"
        yield at(message, path, text, severity=ERROR if required else WARNING, advice=_UNBOUND)


def _how_other(case: Case, sent: bytes) -> str:
    """That the bindings differ; and with which digest of the same certificate they would not."""
    text = "the client's channel bindings are not those given"
    digest = other_digest(case, sent)
    if digest:
        return f"{text}: it bound to the same certificate with another digest ({digest})"
    return f"{text}: it saw another certificate, or TLS ends before the server"


def _claims_bindings(message: Message) -> bool:
    """Whether KERB_AP_OPTIONS_CBT stands in the first AD-IF-RELEVANT, the only one that Windows looks into."""
    listed = message.field("authenticator.authorization-data")
    items = () if listed is None else listed.children
    first = next((item for item in items if _number(item, "ad-type") == _IF_RELEVANT), None)
    data = None if first is None else first.child("ad-data")
    return data is not None and any(
        _number(item, "ad-type") == _AP_OPTIONS and _number(item, "ad-data") & _CBT for item in data.children
    )


def _number(item: Node, name: str) -> int:
    node = item.child(name)
    return node.value if node is not None and isinstance(node.value, int) else 0


@rule("KRB015", "no-mutual", ERROR)
def KRB015(case: Case) -> Iterator[Said]:
    """Mutual authentication was asked for and no AP-REP came, or it was not asked for.

    What: with mutual-required the server must answer with an AP-REP, by which it proves that it has the key. A server
    that says accept-completed without one leaves the client's context unfinished. Where it is not asked for, nothing
    proves the server, and no answer is due.

    Shows: the server's log has a successful logon and the client fails: SEC_E_MUTUAL_AUTH_FAILED,
    `GSS_S_DEFECTIVE_TOKEN`, `mutual authentication failed`, or a client that waits for a token. Many browsers do not
    look.

    Do: have the server send back the token that its GSS-API or SSPI made with the answer that ends the logon.

    Client: to go on without: requests-kerberos `mutual_authentication=OPTIONAL`, no GSS_C_MUTUAL_FLAG, no
    ISC_REQ_MUTUAL_AUTH. A proxy between may have dropped the header.

    Server: send the output token with the last answer too: `WWW-Authenticate: Negotiate …` with status 200
    (nginx and hand-made middleware forget it).

    See: RFC 4120 sections 3.2.2 and 3.2.4; RFC 4178 section 4.2.2; RFC 4559 section 4.1.
    """
    yield from _not_asked(case)
    message = logon(case)
    if message is None or "mutual-required" not in message.names("ap-options"):
        return
    # Only the very next leg: behind it the AP-REP may have been in one that is not here. And only an answer that can be
    # the first to this AP-REQ, which names its choice (RFC 4178 4.2.2).
    leg = case.after[0] if case.after else None
    if leg is None or not leg.complete or not _may_be_kerberos(leg) or leg.find("AP-REP", "KRB-ERROR"):
        return
    answer = leg.find("NegTokenResp")
    first = answer is not None and (answer.field("supportedMech") is not None or answer.field("mechListMIC") is None)
    if answer is not None and first and answer.value("negState") == ACCEPT_COMPLETED and leg.side != case.side:
        text = "mutual-required is set, and the server ends with accept-completed and without an AP-REP"
        yield at(message, "ap-options", text)


def _may_be_kerberos(case: Case) -> bool:
    """Whether a leg has nothing of another mechanism, and no bytes that might be an AP-REP unread."""
    for message in case.messages:
        token, chosen = message.field("responseToken"), message.value("supportedMech")
        if message.mechanism not in ("SPNEGO", "Kerberos", "GSS") or chosen not in (None, *_KERBEROS):
            return False
        if token is not None and token.kind != "token":
            return False
    return True


def _not_asked(case: Case) -> Iterator[Said]:
    message = logon(case)
    options = None if message is None else message.value("ap-options")
    if message is None or not isinstance(options, int) or message.field("thisMech") is None:
        return
    if "mutual-required" in message.names("ap-options"):
        return
    from secctx.acceptor.kerberos_values import DCE_STYLE, MUTUAL

    if not (_flags(message) or 0) & (MUTUAL | DCE_STYLE):
        text = "the client does not ask the server to prove itself (no mutual-required): no AP-REP is due"
        yield at(message, "ap-options", text, severity=NOTE)


@rule("KRB020", "no-checksum", NOTE)
def KRB020(case: Case) -> Iterator[Said]:
    """The authenticator has no GSS-API checksum: no flags, no channel bindings.

    What: what a client asks for in GSS-API stands in the authenticator's checksum, of type 0x8003. Without it the
    server knows of no flags, delegation or channel bindings; acceptors let that pass, and Extended Protection is not
    checked.

    Shows: fewer ASC_RET bits than the client asked for; bindings that are required and never fail.

    Do: have the client use GSS-API or SSPI, not krb5_mk_req, whose authenticator is a plain one.

    Client: gss_init_sec_context, InitializeSecurityContext; Java: GSSContext.initSecContext.

    Server: where bindings must hold, refuse contexts without ASC_RET_INTEGRITY, which such a client does not get.

    See: RFC 4121 section 4.1.1; MS-KILE 3.4.5; RFC 1964 section 1.1.1.
    """
    message = logon(case)
    if message is None or message.value("authenticator.ctime") is None:
        return
    kind = message.value("authenticator.cksum.cksumtype")
    severity = NOTE if case.given.bindings is None else WARNING
    if message.field("authenticator.cksum") is None:
        text = "the authenticator has no checksum: it asks for no flags, and its channel bindings cannot be checked"
        yield at(message, "authenticator.cksum", text, severity=severity)
    elif isinstance(kind, int) and kind != CHECKSUM_TYPE:
        text = f"the authenticator's checksum is of type {kind}, not 0x8003: it has no flags and no channel bindings"
        yield at(message, "authenticator.cksum.cksumtype", text, severity=severity)


@rule("KRB024", "mutual-contradiction", ERROR)
def KRB024(case: Case) -> Iterator[Said]:
    """The checksum asks for mutual authentication, and ap-options does not.

    What: a client asks for it in two places, the flags of the checksum and mutual-required in ap-options. Windows wants
    them to agree and refuses the token otherwise; MIT and Heimdal look at one and let it pass.

    Shows: SEC_E_INVALID_TOKEN (0x80090308), in LDAP `80090308: LdapErr: DSID-…, comment: AcceptSecurityContext error,
    data 57`; the same client works against MIT.

    Do: the client's Kerberos library must set mutual-required in both places: update it, or ask for mutual
    authentication by its API alone.

    Client: with gokrb5 or another library that is given flags and options apart, give both: ap-options mutual-required
    (bit 2) where the checksum has GSS_C_MUTUAL_FLAG.

    See: RFC 4121 section 4.1.1.1; RFC 4120 section 5.5.1; MS-KILE 3.4.5.
    """
    yield from case.refused("mutual-contradiction")
    yield from _contradiction(case)


def _contradiction(case: Case) -> Iterator[Said]:
    message = logon(case)
    flags, options = _flags(message), None if message is None else message.value("ap-options")
    if message is None or flags is None or not isinstance(options, int):
        return
    from secctx.acceptor.kerberos_values import MUTUAL

    if flags & MUTUAL and "mutual-required" not in message.names("ap-options"):
        text = "the checksum asks for mutual authentication and ap-options does not: Windows answers 0x80090308 data 57"
        yield at(message, "ap-options", text)
