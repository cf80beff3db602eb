"""What binds an NTLM logon to its channel and its target: MsvAvChannelBindings, MsvAvTargetName."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from secctx.decoders.message import Message

from .asked import asks
from .bindings import equal, other_digest
from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import AUTHENTICATE
from .ntlm_message import UNTRUSTED_SPN, V2, Pair, is_anonymous, pair, pairs, refused, response, text_of

if TYPE_CHECKING:
    from .target import Target

_BINDINGS: Final = "MsvAvChannelBindings"


@rule("NTL004", "bindings-missing", NOTE)
def NTL004(case: Case) -> Iterator[Said]:
    """The client sends no channel bindings.

    What: MsvAvChannelBindings ties the logon to the TLS connection it travels on, so that it cannot be relayed to
    another (Extended Protection). The response has none: the client does not know of them, or is told to leave them
    out, or it is no NTLMv2 response, which alone can carry them.

    Shows: SEC_E_BAD_BINDINGS (0x80090346): 401 from IIS with tokenChecking Require, `data 80090346` from an LDAP server
    with LdapEnforceChannelBinding 2, SQL Server error 17806 with state 46; event 4625 with 0xC000035B. Where they are
    not required it passes.

    Do: have the client's library bind NTLM to TLS (Extended Protection), or lower the level that the server demands.

    Client: on Windows SuppressExtendedProtection under HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa must be 0 or
    absent; Python: requests-ntlm and requests-negotiate-sspi send them, ldap3 2.10 (so far a pre-release) over LDAPS
    with channel_binding=TLS_CHANNEL_BINDING; curl's own NTLM does not.

    Server: IIS: Windows Authentication, Advanced Settings, Extended Protection: Accept lets such clients in, Required
    does not; in code ASC_REQ_ALLOW_MISSING_BINDINGS is Accept.

    KDC: on domain controllers LdapEnforceChannelBinding in HKLM\\SYSTEM\\CurrentControlSet\\Services\\NTDS\\Parameters:
    0 never, 1 when supported, 2 always; event 3039 of Directory Service names the clients, where "16
    LDAP Interface Events" is 2 or more.

    See: MS-NLMP 2.2.2.1, 3.1.5.1.2 and 3.2.5.1.2; RFC 5929 section 4.
    """
    yield from refused(case, "ntlm-bindings-missing")
    message = case.find(AUTHENTICATE)
    if message is None or not case.complete or is_anonymous(message) or pair(message, _BINDINGS) is not None:
        return
    if case.given.bindings is None:
        if response(message) == V2 and not _without_tls(case, message):
            text = "no channel bindings: where Extended Protection is required, this logon is refused"
            yield at(message, "NtChallengeResponse", text)
        return
    allowed = asks(case, "ASC_REQ_ALLOW_MISSING_BINDINGS")
    text = "no channel bindings, and this server's channel has some"
    if response(message) not in (V2, ""):
        text = "the response is no NTLMv2 and can carry no channel bindings, and this server's channel has some"
    severity = NOTE if allowed else WARNING if allowed is None else ERROR
    yield at(message, "NtChallengeResponse", text, severity=severity)


def _without_tls(case: Case, message: Message) -> bool:
    """Whether the logon is for SMB, which has no TLS below it to be bound to."""
    return "smb" in case.carried.carrier.lower() or text_of(pair(message, "MsvAvTargetName")).lower()[:5] == "cifs/"


@rule("NTL005", "bindings-zero", WARNING)
def NTL005(case: Case) -> Iterator[Said]:
    """The channel bindings are all zero.

    What: the client knows Extended Protection and says that it has no channel to bind to: 16 zero bytes. Windows sends
    that whenever the application gave it no bindings, which is right without TLS. With TLS it means that the client's
    library did not hand the certificate's hash on, or that TLS ends at something before the server.

    Shows: SEC_E_BAD_BINDINGS (0x80090346) at any server that has bindings of its own, even one that lets clients
    without any in: all zero is not the same as absent.

    Do: have the client's library give its bindings, or have TLS end at the server.

    Client: the application must pass SECBUFFER_CHANNEL_BINDINGS to InitializeSecurityContext
    (QueryContextAttributes, SECPKG_ATTR_ENDPOINT_BINDINGS gives them), or gss_channel_bindings_t to
    gss_init_sec_context.

    Server: IIS refuses it with Extended Protection at Accept and at Required; only Off lets it in. Behind a proxy that
    ends TLS use ASC_REQ_PROXY_BINDINGS, or Off.

    KDC: an LDAP server over plain LDAP does not look; over LDAPS LdapEnforceChannelBinding 1 and 2 both refuse it.

    See: MS-NLMP 2.2.2.1 and 3.2.5.1.2.
    """
    yield from refused(case, "ntlm-bindings-zero")
    message = case.find(AUTHENTICATE)
    if message is None:
        return
    for one in _sent(message):
        if not any(_octets(one)):
            if case.given.bindings is not None:
                text, severity = "the channel bindings are all zero, and this server's channel has some", ERROR
            elif _without_tls(case, message):
                text, severity = "the channel bindings are all zero, as is usual without TLS", NOTE
            else:
                text, severity = "the channel bindings are all zero: no TLS below, or a client that does not know", ""
            yield at(message, one.path, text, severity=severity)


@rule("NTL006", "bindings-differ", ERROR)
def NTL006(case: Case) -> Iterator[Said]:
    """The channel bindings are not those of the channel given.

    What: the client bound its logon to another TLS connection: it saw another certificate than the server's, or hashed
    it with another digest. The digest is that of the certificate's signature, SHA-256 for MD5 and SHA-1.

    Shows: SEC_E_BAD_BINDINGS (0x80090346), event 4625 with 0xC000035B, through a proxy and not without it, or after the
    certificate was renewed.

    Do: look for what ends TLS before the server (a proxy, an inspecting firewall), and give the certificate that the
    client saw (--bindings).

    Client: openssl s_client -connect HOST:443 </dev/null | openssl x509 -noout -fingerprint -sha256 shows the
    certificate that a client gets; compare it with the server's own.

    Server: after a renewal restart what computes the bindings; behind a TLS proxy use ASC_REQ_PROXY_BINDINGS with a
    proxy that is trusted, or let TLS pass through.

    See: RFC 5929 section 4.1; RFC 4121 section 4.1.1.2; MS-NLMP 3.2.5.1.2.
    """
    message, ours = case.find(AUTHENTICATE), case.given.bindings
    sent = [] if message is None or ours is None else [one for one in _sent(message) if any(_octets(one))]
    digest = next((name for one in sent if (name := other_digest(case, _octets(one)))), "")
    advice = ""
    if digest:
        advice = f"it is the right certificate: have the client hash it with the digest of its signature, not {digest}"
    yield from refused(case, "ntlm-bindings-differ", advice=advice)
    for one in sent:
        if message is not None and ours is not None and not equal(_octets(one), ours.hash16):
            text = "the channel bindings are not those given"
            if digest:
                text += f": they are of the same certificate, hashed with {digest}"
            yield at(message, one.path, text, advice=advice)


def _sent(message: Message) -> list[Pair]:
    """Every MsvAvChannelBindings: a man in the middle can put a second one in (CVE-2019-1166)."""
    return [one for one in pairs(message) if one.name == _BINDINGS and isinstance(one.value, bytes | None)]


def _octets(one: Pair) -> bytes:
    return one.value if isinstance(one.value, bytes) else b""


@rule("NTL007", "target-name", WARNING)
def NTL007(case: Case) -> Iterator[Said]:
    """The target name is absent, untrusted, or of another service.

    What: MsvAvTargetName is the SPN that the client meant to reach, protected by the password. Most servers do not
    look. Those that do (SMB server name hardening, IIS with SPN checking) refuse a name that is not theirs, an absent
    one, and one that the client says it took from an untrusted source (MsvAvFlags 0x4).

    Shows: STATUS_ACCESS_DENIED from an SMB server with SmbServerNameHardeningLevel 1 or 2, 401 from IIS with Extended
    Protection without TLS; event 5168 of Security.

    Do: reach the server by a name that is its own, and have the client's library send the SPN.

    Client: do not connect by IP address or an alias that the server does not know; give the library the target name
    (targ_name, pszTargetName) as HTTP/host or cifs/host.

    Server: for SMB: Get-SmbServerConfiguration, and SrvAllowedServerNames under
    HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters lists further names; for IIS add the name to the
    spn list of extendedProtection.

    See: MS-NLMP 2.2.2.1, 3.1.5.1.2 and 3.2.5.1.2 (ClientSuppliedTargetName).
    """
    message, wanted = case.find(AUTHENTICATE), case.given.target
    if message is None or response(message) != V2:
        return
    found, bits = pair(message, "MsvAvTargetName"), pair(message, "MsvAvFlags")
    if bits is not None and isinstance(bits.value, int) and bits.value & UNTRUSTED_SPN:
        text = "the client says that its target name is from an untrusted source: servers take it for none"
        yield at(message, bits.path, text, severity=NOTE)
    if wanted is None:
        return
    named = text_of(found)
    if not named:
        if case.complete:
            path = "NtChallengeResponse" if found is None else found.path
            yield at(message, path, f"the client names no target, and {wanted.spn} is meant", severity=NOTE)
    elif found is not None and not _same(named, wanted):
        yield at(message, found.path, f"the client meant {named}, not {wanted.spn}")


def _same(named: str, wanted: Target) -> bool:
    """Whether an SPN is that of the target: a class of service is compared where both have one."""
    service, slash, rest = named.partition("/")
    if not slash:
        service, rest = "", named
    host = rest.partition("/")[0].partition(":")[0].rstrip(".").lower()
    ours = wanted.host.lower()
    short = host.partition(".")[0] == ours.partition(".")[0] and (("." in host) != ("." in ours))
    classes = {service.lower(), wanted.service.lower()} - {"", "host"}
    return (host == ours or short) and len(classes) < 2


@rule("NTL025", "pair-repeated", WARNING)
def NTL025(case: Case) -> Iterator[Said]:
    """An AV pair comes twice.

    What: each AV pair has its place once. Two with the same name leave it to the server which one it believes; a man in
    the middle can put one into the CHALLENGE, which the client brings back under its own proof (CVE-2019-1166).

    Shows: a MIC or channel bindings that one server takes and another refuses.

    Do: compare the CHALLENGE as the server sent it and as the client received it.

    Client: if the legs are equal on both sides, the client's library adds its pair beside the server's instead of
    replacing it: update it.

    Server: keep the updates of October 2019 and later: they judge the pair that is the client's.

    See: MS-NLMP 2.2.2.1 and 3.1.5.1.2; CVE-2019-1166.
    """
    for message in case.messages:
        seen: dict[str, Pair] = {}
        for one in pairs(message):
            first = seen.setdefault(one.name, one)
            if first is not one and one.name != "MsvAvEOL":
                differs = " with another value" if first.value != one.value else ""
                yield at(message, one.path, f"{one.name} is there a second time{differs}")
