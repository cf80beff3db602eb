"""Who a ticket says the client is: its principal, and what the PAC adds (MS-PAC 2.5, 2.10; MS-KILE 3.4.5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from secctx.decoders.values import LIST, Node

from .kerberos_request import MODIFIED
from .kerberos_values import Fault, Opened
from .values import Client

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing

WIN2K_PAC: Final = 128
_ANONYMOUS: Final = "WELLKNOWN/ANONYMOUS"
#: So many SIDs are told of a client.
MOST_GROUPS: Final = 2000


def client_of(opened: Opened, ring: KeyRing) -> Client:
    """The client of an opened ticket; Fault where its PAC is not the KDC's."""
    name, realm = opened.ticket.text("cname"), opened.ticket.text("crealm")
    client = Client(name, realm, "impersonate", anonymous=name == _ANONYMOUS, machine=name.endswith("$"), realm=realm)
    pac = next(elements(opened.ticket.field("authorization-data"), WIN2K_PAC), None)
    if pac is None:
        opened.notes.append("the ticket has no PAC: there is a name, and no SID and no groups")
        return client
    _verify(opened, ring, opened.ticket.decoded.data, opened.ticket.decoded.data[pac.start : pac.stop])
    _same_client(opened, pac)
    _describe(client, pac)
    if client.sid is None:
        opened.notes.append("the PAC has no KERB_VALIDATION_INFO that can be read: there is no SID and no groups")
    return client


def elements(node: Node | None, kind: int) -> Iterator[Node]:
    """Every `ad-data` of that ad-type, however deep in AD-IF-RELEVANT and its like; in order."""
    pending = list(reversed(node.children)) if node is not None else []
    while pending:
        item = pending.pop()
        number, data = item.child("ad-type"), item.child("ad-data")
        if number is None or data is None:
            continue
        if number.value == kind:
            yield data
        elif data.kind == LIST:
            pending.extend(reversed(data.children))


def _verify(opened: Opened, ring: KeyRing, ticket: bytes, pac: bytes) -> None:
    """The server signature with the key that opened the ticket must hold; the KDC's are tried where a key is here."""
    from secctx.keys import pac_signatures as signed
    from secctx.keys.enctype import KerberosCryptoError

    path = "ticket.enc-part"
    try:
        found = signed.find_signatures(pac)
        if not signed.verify(pac, found, signed.SERVER, opened.opener.key):
            text = "the PAC's server signature does not verify: the PAC was altered, or another key signed it"
            raise Fault("pac-signature", text, path, MODIFIED)
    except (signed.PacError, KerberosCryptoError) as error:
        text = f"the PAC's server signature cannot be verified: {error}"
        raise Fault("pac-signature", text, path, MODIFIED) from None
    krbtgt = [key for key in ring.keys if key.components[:1] == ("krbtgt",)]
    for kind in (signed.KDC, signed.TICKET, signed.EXTENDED_KDC) if krbtgt else ():
        held = [key for key in krbtgt if _holds(signed, pac, found, kind, key.key, ticket)]
        if any(each.ul_type == kind for each in found):
            verdict = f"verifies with {held[0].name}" if held else "does not verify with the krbtgt keys given"
            opened.notes.append(f"the PAC's {signed.NAMES[kind]} {verdict}")


def _same_client(opened: Opened, pac: Node) -> None:
    """A PAC must say whose it is, and that must be the ticket's client (MS-PAC 2.7)."""
    from secctx.keys.pac_client import misfit

    info = pac.child("PAC_CLIENT_INFO")
    written, since = (info.child("Name"), info.child("ClientId")) if info is not None else (None, None)
    if written is None or since is None or not isinstance(since.value, int):
        text = "the PAC does not say whose it is (no PAC_CLIENT_INFO): nothing ties it to this ticket"
        raise Fault("pac-client", text, "ticket.enc-part", MODIFIED)
    authtime = opened.ticket.value("authtime")
    text = misfit(
        str(written.value),
        since.value,
        opened.ticket.text("cname"),
        opened.ticket.text("crealm"),
        authtime if isinstance(authtime, datetime) else None,
    )
    if text:
        raise Fault("pac-client", text, "ticket.enc-part", MODIFIED)


def _holds(signed: Any, pac: bytes, found: Any, kind: int, key: Any, ticket: bytes) -> bool:
    from secctx.keys.enctype import KerberosCryptoError

    try:
        return bool(signed.verify(pac, found, kind, key, ticket))
    except (signed.PacError, KerberosCryptoError):
        return False


def _describe(client: Client, pac: Node) -> None:
    """Domain, SIDs, UPN and logon time from the PAC's buffers, as far as they are there."""
    logon, upn = pac.child("KERB_VALIDATION_INFO"), pac.child("UPN_DNS_INFO")
    if upn is not None:
        client.upn = _text(upn.child("Upn"))
    if logon is None:
        return
    client.domain = _text(logon.child("LogonDomainName")) or client.domain
    domain, user = _text(logon.child("LogonDomainId")), logon.child("UserId")
    client.sid = f"{domain}-{user.value!s}" if domain and user is not None else None
    client.groups = tuple(dict.fromkeys(_groups(logon, domain)))[:MOST_GROUPS]
    time = logon.child("LogonTime")
    client.logon_time = time.meaning if time is not None and isinstance(time.meaning, str) and time.value else None


def _groups(logon: Node, domain: str | None) -> Iterator[str]:
    """The SIDs of every group: the domain's, those of elsewhere, those of the resource's domain."""
    resource = _text(logon.child("ResourceGroupDomainSid"))
    for name, prefix in (("GroupIds", domain), ("ResourceGroupIds", resource)):
        listed = logon.child(name)
        for item in listed.children if listed is not None and prefix else ():
            rid = item.child("RelativeId")
            if rid is not None:
                yield f"{prefix}-{rid.value!s}"
    extra = logon.child("ExtraSids")
    for item in extra.children if extra is not None else ():
        sid = _text(item.child("Sid"))
        if sid:
            yield sid


def _text(node: Node | None) -> str | None:
    return node.value if node is not None and isinstance(node.value, str) and node.value else None
