"""The name in a ticket: whether it is one to ask for, that of the target, the KDC's, and how the request travels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from secctx.decoders.message import Message

from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .kerberos_tickets import KDC_SERVICES, Presented, components, fit, presented, readable

if TYPE_CHECKING:
    from .target import Target

#: Where the name of a service stands.
_NAMES: Final = {"TGS-REQ": "req-body.sname", "TGS-REP": "ticket.sname", "KRB-ERROR": "sname"}
#: Classes whose names carry a port or an instance only where someone has registered them so.
_WITHOUT_PORT: Final = ("http", "host", "cifs", "wsman", "termsrv", "rpcss", "dns", "nfs", "ftp", "imap", "smtp")
#: Classes that the host class stands for in Active Directory, unless they are registered (attribute sPNMappings).
_HOST_COVERS: Final = ("cifs", "http", "www", "w3svc", "iisadmin", "rpcss", "rpc", "dcom", "dns", "spooler", "schedule")
#: Classes that Windows registers with the account of the machine.
_OF_THE_MACHINE: Final = (*_HOST_COVERS, "host", "restrictedkrbhost", "termsrv", "wsman", "ldap", "gc", "nfs")
#: The names that a machine's account has for itself are short ones too.
_SHORT_TOO: Final = ("host", "cifs", "ldap", "gc", "restrictedkrbhost", "termsrv", "wsman", "rpcss", "dns")
#: KDC_ERR_S_PRINCIPAL_UNKNOWN.
UNKNOWN: Final = 7
_LONGEST: Final = 255
_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_PORT: Final = re.compile(r"[^:]*:[^:]*")

_OTHER_REALM: Final = "map the host to its realm ([domain_realm] in krb5.conf), or look at the trust between the realms"


@rule("KRB010", "unusual-name", WARNING)
def KRB010(case: Case) -> Iterator[Said]:
    """The service name is made of an IP address, localhost, a short name or a port.

    What: clients make the service principal name of what stands in the URL or the connection string. A ticket is given
    out only for names that an account has, and those are full DNS names as a rule: `HTTP/web.lab.example`. Machines
    have their short name too; addresses and ports are registered by hand alone. MSSQLSvc carries a port by design.

    Shows: KRB-ERROR 7 (KDC_ERR_S_PRINCIPAL_UNKNOWN), event 4769 with 0x7, and after it NTLM in place of Kerberos;
    SEC_E_TARGET_UNKNOWN on Windows, "Server not found in Kerberos database" with MIT.

    Do: use the full DNS name of the server in the URL or connection string.

    Client: `klist get HTTP/web.lab.example` (Windows) or `kvno HTTP/web.lab.example` asks for a ticket by hand; Chrome
    and Edge add a port only where the policy EnableAuthNegotiatePort says so; for addresses Windows needs TryIPSPN.

    Server: `setspn -Q HTTP/web` shows whether the name is registered; `setspn -S HTTP/web ACCOUNT` registers it.

    KDC: `Get-ADObject -Filter "servicePrincipalName -eq 'HTTP/web'"`; with MIT `kadmin.local getprinc HTTP/web`.

    See: RFC 4120 section 6.2.1; MS-KILE 3.1.5.11; the Windows setting TryIPSPN.
    """
    for message, path, parts in _service_names(case):
        if len(parts) < 2 or parts[0].casefold() in KDC_SERVICES:
            continue
        found = _unusual(parts[0], parts[1])
        if found is None:
            continue
        text, severity = found
        if message.message == "KRB-ERROR" and message.value("error-code") == UNKNOWN:
            text, severity = f"{text}; the KDC knows no such name", WARNING
        name = "/".join(parts)
        advice = f"use the full DNS name; whether this one is registered: setspn -Q {fit(name, 'SERVICE/HOST')}"
        yield at(message, path, f"the service is {name}: {text}", severity=severity, advice=advice)


def _service_names(case: Case) -> Iterator[tuple[Message, str, tuple[str, ...]]]:
    """The names that a service is asked for under: message, path, components."""
    for ticket in presented(case):
        yield ticket.message, ticket.at("sname"), ticket.service
    for message in case.messages:
        path = _NAMES.get(message.message)
        if path is not None and readable(case, message, path):
            yield message, path, components(message, path)


def _unusual(service: str, whole: str) -> tuple[str, str] | None:
    """What is unusual in a host, and how grave that is."""
    host, _, port = whole.partition(":") if _PORT.fullmatch(whole) else (whole, "", "")
    low = host.casefold().rstrip(".")
    if not low or len(whole) > _LONGEST:
        return None
    if _IPV4.fullmatch(low) or ":" in low:
        return "an address, under which services are registered by hand alone", WARNING
    if low == "localhost" or low.startswith("localhost."):
        return "every machine is localhost, so no account has that name", WARNING
    if port and service.casefold() in _WITHOUT_PORT:
        return f"with the port {port}, under which a service of this class is registered by hand alone", WARNING
    if "." not in low and service.casefold() in _SHORT_TOO:
        return "a short name, which works where it is registered too, as it is for machines", NOTE
    if "." not in low:
        return "a short name, under which services with an account of their own are seldom registered", WARNING
    return None


@rule("KRB011", "other-target", WARNING)
def KRB011(case: Case) -> Iterator[Said]:
    """The ticket is for another service than the one meant.

    What: the name in the ticket is the one that the client asked the KDC for. It is made of the host in the URL, but
    many clients replace that by what DNS makes of it: the canonical name behind a CNAME, or the name that a reverse
    lookup of the address gives. The ticket then belongs to another account than the service that receives it.

    Shows: KRB_AP_ERR_MODIFIED or SEC_E_LOGON_DENIED at a service whose keytab is right; it goes away with another name
    in the URL, or with an entry in the hosts file.

    Do: register the name that clients ask for with the service's account, or keep the clients from changing it.

    Client: in krb5.conf `rdns = false` and `dns_canonicalize_hostname = false`; `KRB5_TRACE=/dev/stderr curl
    --negotiate -u : URL` prints the name it asks for; Chrome's and Edge's policy DisableAuthNegotiateCnameLookup;
    `klist` shows it.

    Server: `setspn -Q HTTP/alias` and `setspn -S HTTP/alias ACCOUNT`; beside a CNAME its own name must be registered
    too, since clients differ; `nslookup` and `dig -x` show both directions.

    See: RFC 4120 section 1.3; MIT krb5.conf, dns_canonicalize_hostname and rdns; MS-ADTS, sPNMappings.
    """
    target = case.given.target
    if target is None:
        return
    for ticket in presented(case):
        if ticket.service[:1] and ticket.service[0].casefold() not in KDC_SERVICES:
            found = _differs(ticket, target)
            if found is not None:
                advice = _OTHER_REALM if "of the realm" in found[0] else ""
                yield at(ticket.message, ticket.at("sname"), found[0], severity=found[1], advice=advice)


def _differs(ticket: Presented, target: Target) -> tuple[str, str] | None:
    """In what the ticket's name is not the target's, and how grave that is."""
    parts = ticket.service
    said = f"the ticket is for {'/'.join(parts)}, the target is {target.spn}"
    if len(parts) < 2:
        return f"{said}: it names an account, which is right only where the service runs as that one", WARNING
    service, host = parts[0].casefold(), parts[1].casefold()
    host, _, port = host.partition(":") if _PORT.fullmatch(host) else (host, "", "")
    wanted = target.host.casefold().rstrip(".")
    if host.rstrip(".") != wanted:
        return _other_host(said, host.rstrip("."), wanted)
    if target.service and service != target.service.casefold():
        return _other_class(said, service, target.service.casefold())
    if port and target.port and port != target.port:
        return f"{said}:{target.port}: another port or instance on the same host", WARNING
    realm = ticket.message.value(ticket.at("realm"))
    if target.realm and isinstance(realm, str) and realm.casefold() != target.realm.casefold():
        return f"the ticket is of the realm {realm}, the target is in {target.realm}", WARNING
    return None


def _other_host(said: str, host: str, wanted: str) -> tuple[str, str]:
    if _IPV4.fullmatch(wanted) or ":" in wanted or wanted.partition(".")[0] == "localhost":
        return f"{said}: a lookup may have made this name of it", NOTE
    if host.partition(".")[0] == wanted.partition(".")[0] and ("." in host) != ("." in wanted):
        return f"{said}: the same host, short and full; the ticket is good if one account has both names", WARNING
    return f"{said}: the client asked for another host, as a CNAME or a reverse lookup makes it", WARNING


def _other_class(said: str, service: str, wanted: str) -> tuple[str, str]:
    if "host" in (service, wanted) and (service in _HOST_COVERS or wanted in _HOST_COVERS):
        other = wanted if service == "host" else service
        return f"{said}: in Active Directory host stands for {other} too, if one account has both", WARNING
    if service in _OF_THE_MACHINE and wanted in _OF_THE_MACHINE:
        return f"{said}: another class of service; the ticket is good if both run as the machine's account", WARNING
    return f"{said}: the same host, another class of service", WARNING


@rule("KRB012", "tgt-presented", ERROR, explains=("KRB004", "KRB005", "KRB006", "KRB007"))
def KRB012(case: Case) -> Iterator[Said]:
    """A ticket-granting ticket was presented to a service.

    What: a ticket for krbtgt is for the KDC. The client got it at its logon, or on the way into another realm (a
    referral), and never exchanged it for a ticket to the service; so the service cannot open it.

    Shows: KRB_AP_ERR_MODIFIED or KRB_AP_ERR_NOT_US; the ticket's name in `klist` is krbtgt/REALM; seen with libraries
    that stop at a referral, and with code that hands the first ticket of a cache to the service.

    Do: have the client ask the KDC for a ticket to the service with it (a TGS-REQ), and follow referrals to the end.

    Client: `klist get HTTP/web.lab.example` or `kvno HTTP/web.lab.example` shows whether it gets that ticket; update
    the library, or give it the service's realm ([domain_realm] in krb5.conf).

    KDC: `Get-ADTrust -Filter *`; for a referral, the KDC of the realm named in it must know the service.

    See: RFC 4120 section 3.3; RFC 6806 section 8; MS-KILE 3.3.5.7.5.
    """
    for ticket in presented(case):
        parts = ticket.service
        if ticket.message.message != "AP-REQ" or ticket.user_to_user or parts[:1] != ("krbtgt",):
            continue
        realm = ticket.message.text(ticket.at("realm"))
        text = f"the ticket is for {'/'.join(parts)}@{realm}, which only a KDC can open"
        if parts[1:] and realm and parts[1].casefold() != realm.casefold():
            text += f": a referral from {realm} to {parts[1]} that was not followed"
        yield at(ticket.message, ticket.at("sname"), text)


@rule("KRB016", "user-to-user", ERROR, explains=("KRB004", "KRB005", "KRB006", "KRB007"))
def KRB016(case: Case) -> Iterator[Said]:
    """User-to-user: the ticket opens with the session key of the server's own TGT.

    What: a service that runs as a user has no key in a keytab. The client asks it for its ticket-granting ticket first
    and has the KDC encrypt the service ticket with that one's session key. Remote Desktop and logons to accounts
    without a service principal name do so; the server needs its own TGT at that moment, and no keytab helps.

    Shows: KRB-ERROR 69 or 67, KDC_ERR_MUST_USE_USER2USER (27), SEC_E_NO_TGT_REPLY; TGT-REQ and TGT-REP in a capture.

    Do: give the server its own ticket-granting ticket (--ccache), or register an SPN so that clients need not ask.

    Client: nothing is to be set; a client asks for user-to-user where the KDC answers 27, or where the name is a
    user's.

    Server: the process needs a TGT: `kinit` as its account, `klist` shows it; Windows takes that of the logon session.
    To do without: `setspn -S SERVICE/HOST ACCOUNT` and a keytab.

    See: RFC 4120 section 3.7; draft-ietf-cat-user2user; MS-KILE 3.4.5.
    """
    yield from case.refused("u2u-no-tgt", "u2u-key", "u2u-not-done")
    for ticket in presented(case):
        if ticket.user_to_user:
            path = "ap-options"
            name = "/".join(ticket.service)
            text = f"the ticket for {name} is for user-to-user: it opens with the session key of the server's own TGT"
            yield at(ticket.message, path, text, severity=NOTE)
    for message in case.messages:
        if message.message == "TGT-REQ":
            said = message.text("server-name")
            text = f"the client asks {said or 'the server'} for its ticket-granting ticket: user-to-user begins"
            yield at(message, "server-name" if said else "", text, severity=NOTE)


@rule("KRB022", "framing", WARNING)
def KRB022(case: Case) -> Iterator[Said]:
    """A bare AP-REQ, without GSS-API's framing.

    What: in HTTP, LDAP or SASL an AP-REQ stands behind a header with Kerberos's OID (it then begins with 60, not with
    6e). Only DCE style goes without, and the checksum in the authenticator then says so. krb5_mk_req and its like make
    bare messages for protocols of their own.

    Shows: GSS_S_DEFECTIVE_TOKEN, "Token header is malformed", SEC_E_INVALID_TOKEN, KRB-ERROR 60; in base64 such a
    token begins with `bo` in place of `YI`.

    Do: have the client use GSS-API or SSPI (gss_init_sec_context), not krb5_mk_req; for DCE style its checksum says
    so.

    Client: make the token with gss_init_sec_context, InitializeSecurityContext or a binding of them; curl --negotiate
    does.

    Server: a server of its own protocol reads it with krb5_rd_req; gss_accept_sec_context and AcceptSecurityContext
    take it for DCE style alone.

    See: RFC 2743 section 3.1; RFC 4121 section 4.1; MS-KILE 3.4.5.1.
    """
    yield from case.refused("framing-missing")
    message = case.whole
    if message.message != "AP-REQ" or message.field("thisMech") is not None or _dce(case):
        return
    flags = message.value("authenticator.cksum.checksum.Flags")
    if isinstance(flags, int):
        text = "a bare AP-REQ, without GSS-API's framing, and its checksum does not ask for DCE style"
        yield at(message, "", text, severity=ERROR)
    else:
        yield at(message, "", "a bare AP-REQ, without GSS-API's framing: only DCE style goes without, as DCE/RPC does")


def _dce(case: Case) -> bool:
    """Whether it is known to be DCE style: by its checksum, an answer that is bare too, or what carried it."""
    from secctx.acceptor.kerberos_values import DCE_STYLE

    flags = case.whole.value("authenticator.cksum.checksum.Flags")
    if isinstance(flags, int):
        return bool(flags & DCE_STYLE)
    answer = next((leg.whole for leg in case.after if leg.whole.message in ("AP-REP", "KRB-ERROR")), None)
    carrier = case.carried.carrier.casefold()
    return "rpc" in carrier or (answer is not None and answer.message == "AP-REP" and answer.field("thisMech") is None)
