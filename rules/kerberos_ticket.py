"""How a ticket is encrypted: RC4 and DES."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Message

from .case import Case
from .finding import WARNING, Said, at, rule
from .kerberos_tickets import fit

_RC4: Final = "a key without a salt, which stronger domains refuse"
_DES: Final = "DES, which is broken and off by default everywhere"
#: Encryption types that should not be met any more, and why.
_WEAK: Final = {
    **dict.fromkeys((1, 2, 3), _DES),
    **dict.fromkeys((23, 24), _RC4),
    16: "triple DES, which is deprecated and unknown to Windows",
}

#: By message: where the types of the ticket, of its session key and of the client's own key stand.
_TYPES: Final = {
    "AP-REQ": ("ticket.enc-part.etype", "authenticator.etype", ""),
    "Ticket": ("enc-part.etype", "enc-part.key.keytype", ""),
    "TGS-REP": ("ticket.enc-part.etype", "enc-part.key.keytype", ""),
    "AS-REP": ("ticket.enc-part.etype", "enc-part.key.keytype", "enc-part.etype"),
}


@rule("KRB001", "weak-encryption", WARNING)
def KRB001(case: Case) -> Iterator[Said]:
    """The ticket or its session key is of RC4 or DES.

    What: the KDC chose the type of the ticket by the account of the service, that of the session key by both sides.
    RC4 keys are the NT hash of the password, without a salt: whoever has a ticket can try passwords on it offline
    (Kerberoasting). DES is broken, and has been off in Windows since 2008 R2; triple DES is deprecated.

    Shows: domains that have RC4 or DES off answer KDC_ERR_ETYPE_NOSUPP (14) or SEC_E_KDC_UNKNOWN_ETYPE; event 4769
    with Ticket Encryption Type 0x17; "KDC has no support for encryption type" with MIT. Java 17 refuses RC4 unless
    allow_weak_crypto is set; an MIT KDC of 1.21 or later gives no RC4 session keys unless allow_rc4 is.

    Do: let the service's account have AES keys: set msDS-SupportedEncryptionTypes to 0x18, set its password again, and
    make its keytab anew.

    Client: `klist` shows both types of each ticket (KerbTicket Encryption Type, Session Key Type); `klist purge` after
    the change; permitted_enctypes in krb5.conf.

    Server: `klist -kte /etc/krb5.keytab` must show AES keys before the account is switched; `ktpass /crypto ALL` or
    `ktutil` makes them.

    KDC: `Set-ADUser ACCOUNT -KerberosEncryptionType AES128,AES256`, then a new password (one older than AES in the
    domain made no AES keys); the updates of 2026 for CVE-2026-20833 make AES alone the default of accounts that have
    no such setting (DefaultDomainSupportedEncTypes); with MIT `kadmin.local cpw -e
    aes256-cts-hmac-sha1-96:normal PRINCIPAL`.

    See: RFC 8429; RFC 6649; MS-KILE 3.1.5.2 and 3.3.5.7; CVE-2022-37966 and CVE-2026-20833.
    """
    for message in case.messages:
        for path, text in _weak_parts(message):
            service = message.text("sname" if message.message == "Ticket" else "ticket.sname")
            yield at(
                message, path, text, advice=_advice(service) if path.startswith(("ticket", "enc-part.etype")) else ""
            )


def _weak_parts(message: Message) -> Iterator[tuple[str, str]]:
    """The fields that show a weak type, and what is so; the session key by itself only where the ticket is not weak."""
    ticket_path, session_path, client_path = _TYPES.get(message.message, ("", "", ""))
    service = message.text("sname" if message.message == "Ticket" else "ticket.sname") if ticket_path else ""
    ticket, session = _type(message, ticket_path), _type(message, session_path)
    if ticket in _WEAK:
        also = ", and so is its session key" if session == ticket else ""
        yield ticket_path, f"the ticket for {service} is of {message.text(ticket_path)}{also}: {_WEAK[ticket]}"
    elif session in _WEAK:
        yield session_path, f"the session key for {service} is of {message.text(session_path)}: {_WEAK[session]}"
    client = _type(message, client_path)
    if client in _WEAK:
        yield client_path, f"the client's own key is of {message.text(client_path)}: {_WEAK[client]}"


def _type(message: Message, path: str) -> int:
    etype = message.value(path) if path else None
    return etype if isinstance(etype, int) else 0


def _advice(service: str) -> str:
    name = fit(service, "SERVICE/HOST")
    if "/" not in name or name.startswith("krbtgt/"):
        return ""
    return (
        f"let the account of this name (setspn -Q {name}) have AES keys: msDS-SupportedEncryptionTypes 0x18, a new"
        " password, a new keytab"
    )
