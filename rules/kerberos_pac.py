"""What the KDC put into the ticket besides names and times: the PAC, the groups in it, and the realms on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Message
from secctx.decoders.values import LIST, Node, join

from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .kerberos_parts import refusals

_WIN2K_PAC: Final = 128
_AD: Final = "ticket.enc-part.authorization-data"
#: MaxTokenSize before Windows Server 2012; as base64, 16,000 characters of a header.
LARGE_TICKET: Final = 12_000
#: A ticket of so many bytes does not fit into a header of 8,190 characters, the usual limit of web servers.
SIZEABLE_TICKET: Final = 6_000
#: A Windows access token holds 1,024 SIDs, some of which are its own.
MOST_SIDS: Final = 1_010


@rule("KRB018", "pac", ERROR)
def KRB018(case: Case) -> Iterator[Said]:
    """The PAC in the ticket is not to be believed, or is not there.

    What: the PAC says in an Active Directory ticket who the user is: SIDs, groups, names. The KDC signs it with the
    service's key and with its own, and names the client in it. Here a signature or the name does not fit, or the ticket
    has no PAC at all, so that a Windows server has a name and no groups.

    Shows: SEC_E_LOGON_DENIED, KRB_AP_ERR_MODIFIED (41); event 4 of Security-Kerberos; at a KDC KDC_ERR_TGT_REVOKED and
    events 35 to 38 (no attributes, no PAC, no requester, another requester), 43 and 44 (signatures).

    Do: if the key is right, the ticket was altered or is not the KDC's: keep it, and look at how it was made.

    Client: `klist purge` or `kdestroy`, and log on anew: tickets from before an update of the domain controllers may
    lack what they now demand.

    Server: the key that opens the ticket is the one that the KDC signed with; after `ktpass` with another type or a
    changed password make the keytab anew.

    KDC: bring all domain controllers to the same updates (November 2021: requester SID in the TGT; November 2022:
    signature over the whole PAC). No PAC: the account has "no auth data required" (NA, 0x2000000), the client asked for
    none, or the KDC is none of Active Directory's.

    See: MS-PAC 2.7, 2.8, 2.14 and 2.15; MS-KILE 3.3.5.3, 3.3.5.6.4.8 and 3.4.5.3.
    """
    message = case.find("AP-REQ")
    pac = None if message is None else _pac(message)
    where = _AD if pac is None else pac[0]
    names = {"pac-signature": "ServerSignature.Signature", "pac-client": "PAC_CLIENT_INFO.Name"}
    yield from refusals(case, {kind: join(where, name) for kind, name in names.items()})
    yield from _unproven(case)
    yield from _absent(case)


def _unproven(case: Case) -> Iterator[Said]:
    """What the holder of the keys found wrong with the signatures, and with the client's name."""
    for report in case.reports:
        if report.kind != "checksum" or report.opened or report.follows:
            continue
        if report.path.endswith(("ServerSignature.Signature", "PAC_CLIENT_INFO.Name")):
            yield at(case.whole, report.path, report.reason or "it does not verify")
        elif report.path.endswith(("KDCSignature.Signature", "TicketSignature.Signature")):
            # The krbtgt key given may be of another time or another domain controller.
            yield at(case.whole, report.path, report.reason or "it does not verify", severity=WARNING)


def _absent(case: Case) -> Iterator[Said]:
    """A ticket without a PAC; a TGT whose PAC does not say who asked for it."""
    message = case.find("AP-REQ")
    if message is None or message.value("ticket.enc-part.endtime") is None:
        return
    pac = _pac(message)
    if pac is None:
        listed = message.field(_AD)
        if listed is None or all(item.child("ad-data") is not None for item in listed.children):
            text = "the ticket has no PAC: a Windows server learns a name from it, and no SID and no groups"
            yield at(message, _AD, text, severity=NOTE)
        return
    path, node = pac
    tgt = message.text("ticket.sname").startswith("krbtgt/") and node.child("KERB_VALIDATION_INFO") is not None
    # A KDC puts them into ticket-granting tickets only (MS-KILE 3.3.5.6.4.7 and 3.3.5.6.4.8).
    lacking = [name for name in ("PAC_REQUESTOR_SID", "PAC_ATTRIBUTES_INFO") if node.child(name) is None] if tgt else []
    if lacking:
        text = f"the TGT's PAC has no {' and no '.join(lacking)}: its KDC is without the updates of November 2021"
        yield at(message, path, text, severity=NOTE)


def _pac(message: Message) -> tuple[str, Node] | None:
    """The first PAC that was taken apart, and its path in the message, however deep in AD-IF-RELEVANT and its like."""
    listed = message.field(_AD)
    pending = [] if listed is None else [(_AD, listed)]
    while pending:
        path, node = pending.pop()
        for item in node.children:
            number, data = item.child("ad-type"), item.child("ad-data")
            if number is None or data is None:
                continue
            where = join(join(path, item.name), "ad-data")
            if number.value == _WIN2K_PAC and data.children:
                return where, data
            if data.kind == LIST:
                pending.append((where, data))
    return None


@rule("KRB021", "large-ticket", WARNING)
def KRB021(case: Case) -> Iterator[Said]:
    """The ticket is large, mostly by the user's groups.

    What: the PAC lists every group of the user: 8 bytes for one of the user's or the service's domain, about 40 for one
    of elsewhere and for each SID of sIDHistory; claims come on top. Headers and buffers on the way have a largest size.

    Shows: HTTP 400 `Bad Request - Request Too Long` or `Request Header Or Cookie Too Large`, 431, tokens cut at 8,190
    or 16,384 characters; RPC and Group Policy that fail for some users alone; event 6035 of LsaSrv past 1,010 groups.

    Do: raise the server's limit of header sizes, and reduce the user's groups.

    Client: `whoami /groups` counts them. MaxTokenSize, 48,000 since Windows Server 2012, was 12,000 before:
    `reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\Kerberos\\Parameters /v MaxTokenSize`.

    Server: http.sys MaxFieldLength and MaxRequestBytes, Apache LimitRequestFieldSize, nginx
    large_client_header_buffers, Tomcat maxHttpHeaderSize, and the same at each proxy before it.

    KDC: `Get-ADUser USER -Properties sIDHistory, memberOf`; clear sIDHistory after a migration, turn domain-local
    groups into global ones. A service that needs no groups can do without a PAC: NA, 0x2000000 in userAccountControl.

    See: MS-PAC 2.5; MS-KILE 3.3.5.6.4.1; Microsoft KB 327825 and 328889.
    """
    message = case.find("AP-REQ")
    ticket = None if message is None else message.field("ticket")
    if message is None or ticket is None or not case.complete:
        return
    size, pac = ticket.stop - ticket.start, _pac(message)
    logon = None if pac is None else pac[1].child("KERB_VALIDATION_INFO")
    if pac is None or logon is None:
        if size > LARGE_TICKET:
            text = f"the ticket has {size} bytes: most often the user's groups make it so large"
            yield at(message, "ticket", text)
        return
    counts = [_count(logon, name) for name in ("GroupCount", "SidCount", "ResourceGroupCount")]
    if size <= SIZEABLE_TICKET and sum(counts) <= MOST_SIDS:
        return
    text = (
        f"{sum(counts)} groups ({counts[0]} of the user's domain, {counts[1]} SIDs of elsewhere, {counts[2]} of the"
        f" service's domain) take {logon.stop - logon.start} of the ticket's {size} bytes"
    )
    if sum(counts) > MOST_SIDS:
        text += f": more than about {MOST_SIDS} do not fit into a Windows access token"
    grave = size > LARGE_TICKET or sum(counts) > MOST_SIDS
    path = join(pac[0], "KERB_VALIDATION_INFO")
    yield at(message, path, text, severity=WARNING if grave else NOTE)


def _count(logon: Node, name: str) -> int:
    node = logon.child(name)
    return node.value if node is not None and isinstance(node.value, int) else 0


@rule("KRB030", "transited", ERROR)
def KRB030(case: Case) -> Iterator[Said]:
    """The ticket came through realms that are not on the way.

    What: a ticket got by way of other realms lists them. Unless the KDC vouches for that path, the service holds it to
    the hierarchy of names: up from the client's realm, down to its own. Here a realm lies outside it, or the list
    cannot be read.

    Shows: KRB_AP_ERR_ILL_CR_TKT (43) from MIT, KRB_AP_PATH_NOT_ACCEPTED (51), `Illegal cross-realm ticket`.

    Do: tell the KDC of the service's realm which paths are allowed, or have the trust made directly.

    Server: [capaths] in krb5.conf, the same on KDC and service. Windows checks no path, neither as KDC nor as service.

    KDC: [capaths] there, and no `reject_bad_transit = false`; Active Directory: `netdom query trust` and
    `nltest /trusted_domains` show the trusts.

    See: RFC 4120 sections 1.2, 2.7 and 3.3.3.2; MS-KILE 3.1.5.4.
    """
    yield from refusals(case, {"transited": "ticket.enc-part.transited"})
    yield from _strange_path(case)


def _strange_path(case: Case) -> Iterator[Said]:
    message = case.find("AP-REQ")
    transited = None if message is None else message.field("ticket.enc-part.transited")
    if message is None or transited is None:
        return
    kind, contents = (message.value(f"ticket.enc-part.transited.{name}") for name in ("tr-type", "contents"))
    client, service = message.value("ticket.enc-part.crealm"), message.value("ticket.realm")
    checked = "transited-policy-checked" in message.names("ticket.enc-part.flags")
    if checked or not isinstance(contents, bytes) or not isinstance(client, str) or not isinstance(service, str):
        return
    from secctx.acceptor.transited import transited_problem

    problem = transited_problem(kind, contents, client, service)
    if problem:
        yield at(message, "ticket.enc-part.transited", problem)
