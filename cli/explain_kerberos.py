"""Kerberos numbers for whoever runs the server: errors, encryption types, options, tickets' flags.

RFC 4120 5.3, 5.4.1, 5.5.1 and 7.5.9; MS-KILE 2.2.7; the events are 4768, 4769 and 4771 of the Security log.
"""

from __future__ import annotations

from typing import Final

from secctx.acceptor import status
from secctx.decoders.tables import kerberos as tables
from secctx.decoders.tables import kerberos_more as bits
from secctx.decoders.tables.kerberos_more import SUPPORTED_ENCTYPES

from .explain_reading import BASIS, CHECK, NOTE, SEEN, Reading

#: What to check, by error number.
CHECKS: Final[dict[int, tuple[str, ...]]] = {
    6: ("Get-ADUser -Filter \"SamAccountName -eq 'alice'\"; the realm asked for",),
    7: ("setspn -Q HTTP/web.lab.example: the name that the client asks for must be registered",),
    8: ("setspn -X lists names that are registered twice",),
    12: ("Get-ADUser alice -Properties logonHours,LogonWorkstations",),
    13: ("delegation settings of the account; klist get HTTP/web.lab.example",),
    14: (
        "msDS-SupportedEncryptionTypes of both accounts: secctx explain SUPPORTED_ENCTYPES=NUMBER",
        "an account whose password is older than AES in the domain has no AES key: set the password again",
    ),
    18: ("Get-ADUser alice -Properties Enabled,LockedOut,AccountExpirationDate",),
    23: ("Get-ADUser alice -Properties PasswordLastSet,PasswordExpired",),
    24: ("the password; services and phones with the old one (event 4771 names the address)",),
    31: ("the keytab against the account: klist -kte http.keytab; kvno HTTP/web.lab.example",),
    32: ("klist on the client, then klist purge; the clocks: w32tm /query /status",),
    33: ("the clocks: w32tm /stripchart /computer:dc01 /samples:3 /dataonly",),
    34: ("whether a client or proxy sends the same token twice; two servers with one replay cache",),
    35: ("the name in the ticket (secctx decode TOKEN) against the keytab (klist -kte http.keytab)",),
    37: ("both clocks: w32tm /stripchart /computer:dc01 /samples:3 /dataonly (Linux: chronyc tracking)",),
    41: (
        "the account that owns the name is the one that runs the service: setspn -Q HTTP/web.lab.example, setspn -X",
        "a keytab older than the last change of password: klist -kte http.keytab; kvno HTTP/web.lab.example",
    ),
    44: ("key versions: kvno HTTP/web.lab.example against klist -kte http.keytab; export the keytab again",),
    45: ("the name in the ticket (secctx decode TOKEN) against the keytab (klist -kte http.keytab)",),
    60: ("the text beside it (e-text); MIT acceptors send 60 for wrong channel bindings",),
    68: ("the client's realm and UPN suffix; trusts: Get-ADTrust -Filter *",),
}

SEEN_IN: Final[dict[int, str]] = {
    6: "event 4768",
    7: "event 4769",
    14: "events 4768, 4769 and 16, 27 of source KDC",
    18: "events 4768 and 4771",
    23: "events 4768 and 4771",
    24: "event 4771: the wrong password at a domain controller",
    25: "every first request of a client: no failure",
    37: "events 4768, 4769, 4771; System log of the client",
    41: "System event 4 of source Kerberos on the client: this acceptor's key did not open the ticket",
}

KDC_OPTIONS: Final = tuple(bits.KDC_OPTIONS.items())
TICKET_FLAGS: Final = tuple(bits.TICKET_FLAGS.items())
AP_OPTIONS: Final = tuple(tables.AP_OPTIONS.items())

_ENCTYPE_TEXTS: Final[dict[int, str]] = {
    17: "AES with 128-bit keys; fine",
    18: "AES with 256-bit keys; what Windows uses by default",
    19: "AES with 128-bit keys and SHA-256 (RFC 8009); Active Directory of 2022 and before does not know it",
    20: "AES with 256-bit keys and SHA-384 (RFC 8009); Active Directory of 2022 and before does not know it",
    23: "RC4; the key is the NT hash of the password. Weak, and refused by newer policies",
    24: "RC4 with 40-bit keys; broken",
    16: "triple DES; deprecated (RFC 8429), and unknown to Windows",
    25: "Camellia with 128-bit keys; unknown to Windows",
    26: "Camellia with 256-bit keys; unknown to Windows",
}


def read_error(what: str, number: int) -> Reading:
    """A Kerberos error (RFC 4120 7.5.9) as an acceptor and an administrator meet it."""
    name = tables.ERRORS[number]
    meaning = tables.ERROR_TEXTS[number]
    rows = []
    mapped = status.of_kerberos(number)
    if mapped is not None and number >= 31:
        rows.append(("status", f"an acceptor that finds it answers {mapped.status.name} ({BASIS[mapped.basis]})"))
    if number in SEEN_IN:
        rows.append((SEEN, SEEN_IN[number]))
    rows += [(CHECK, text) for text in CHECKS.get(number, ())]
    if 0 < number < 31:
        rows.append((NOTE, "a KDC says so to the client, before any token reaches the server"))
    if number == 41:
        rows.append((NOTE, "a client that receives it shows SEC_E_WRONG_PRINCIPAL"))
    see = (mapped.status.name,) if mapped is not None else ()
    return Reading(what, "kerberos", name, number, meaning, rows, see, digits=2)


def read_enctype(what: str, number: int) -> Reading:
    """An encryption type (RFC 3961 and the RFCs after it)."""
    name = tables.ENCTYPES[number]
    broken = "DES; broken, and off in Windows" if name.startswith("des-") else "not in use today"
    meaning = _ENCTYPE_TEXTS.get(number) or broken
    bit = {3: 0x2, 1: 0x1, 23: 0x4, 17: 0x8, 18: 0x10, 19: 0x40, 20: 0x80}.get(number)
    rows = [(SEEN, "events 4768 and 4769 as Ticket Encryption Type; klist as KerbTicket Encryption Type")]
    if bit:
        rows.append((NOTE, f"in msDS-SupportedEncryptionTypes it is the bit 0x{bit:x}"))
    return Reading(what, "enctype", name, number, f"encryption type {number}: {meaning}", rows, digits=2)


def read_supported(what: str, mask: int) -> Reading:
    """The mask of msDS-SupportedEncryptionTypes and of PA-SUPPORTED-ENCTYPES (MS-KILE 2.2.7, 2.2.8)."""
    names = [name for bit, name in SUPPORTED_ENCTYPES if mask & bit]
    rest = mask & ~sum(bit for bit, _ in SUPPORTED_ENCTYPES)
    names += [f"0x{rest:x}"] if rest else []
    rows = []
    if not mask:
        rows.append((NOTE, "0 or absent: the domain's default decides (DefaultDomainSupportedEncTypes)"))
    elif mask & 0x7 and not mask & 0xD8:
        rows.append((NOTE, "no AES: tickets for this account are RC4 or DES"))
    rows.append((CHECK, "Get-ADUser svc-web -Properties msDS-SupportedEncryptionTypes"))
    return Reading(what, "supported-enctypes", "msDS-SupportedEncryptionTypes", mask, ", ".join(names) or "none", rows)


def read_bits(what: str, kind: str, name: str, mask: int, table: tuple[tuple[int, str], ...], seen: str) -> Reading:
    """KerberosFlags (RFC 4120 5.2.8): bit 0 is the highest of 32."""
    names = [text for bit, text in sorted(table) if mask >> (31 - bit) & 1]
    rest = mask & ~sum(1 << (31 - bit) for bit, _ in table)
    names += [f"0x{rest:08x}"] if rest else []
    return Reading(what, kind, name, mask, ", ".join(names) or "none", [(SEEN, seen)])


#: MIT's and Heimdal's own codes beyond the protocol's: offset from the com_err base, symbol, meaning (krb5_err.et).
MIT: Final[dict[int, tuple[str, str]]] = {
    141: ("KRB5_CC_NOTFOUND", "no matching ticket in the cache"),
    143: ("KRB5_NO_TKT_SUPPLIED", "the request has no ticket"),
    144: ("KRB5KRB_AP_WRONG_PRINC", "the ticket is for another principal than the keytab's"),
    145: ("KRB5KRB_AP_ERR_TKT_INVALID", "the ticket has the invalid flag: postdated and not validated"),
    147: ("KRB5_KDCREP_MODIFIED", "the KDC's answer is not what was asked for"),
    148: ("KRB5_KDCREP_SKEW", "the KDC's clock differs too much"),
    150: ("KRB5_PROG_ETYPE_NOSUPP", "this library does not support the encryption type"),
    152: ("KRB5_WRONG_ETYPE", "the message uses another encryption type than asked for"),
    154: ("KRB5_REALM_UNKNOWN", "no KDC is known for the realm"),
    156: ("KRB5_KDC_UNREACH", "no KDC of the realm answers"),
    158: ("KRB5_MUTUAL_FAILED", "mutual authentication failed"),
    163: ("KRB5_RC_REPLAY", "the message was seen before"),
    169: ("KRB5_RC_IO_PERM", "the replay cache may not be written"),
    179: ("KRB5_KT_BADNAME", "the name of the keytab is malformed"),
    181: ("KRB5_KT_NOTFOUND", "the keytab has no such entry (name, version or encryption type)"),
    182: ("KRB5_KT_END", "the end of the keytab is reached"),
    188: ("KRB5_BAD_ENCTYPE", "bad encryption type"),
    194: ("KRB5_FCC_PERM", "the ticket cache may not be read"),
    195: ("KRB5_FCC_NOFILE", "there is no ticket cache"),
    216: ("KRB5_ERR_BAD_HOSTNAME", "the host name cannot be made canonical (DNS)"),
    217: ("KRB5_ERR_HOST_REALM_UNKNOWN", "the realm of the host is not known"),
    220: ("KRB5_REALM_CANT_RESOLVE", "the address of the realm's KDC cannot be found (DNS)"),
    224: ("KRB5_CONFIG_NODEFREALM", "krb5.conf names no default realm"),
    230: ("KRB5_KT_KVNONOTFOUND", "the keytab has the name, and not the key version of the ticket"),
    236: ("KRB5_NOPERM_ETYPE", "the configuration does not permit the encryption type"),
}


def read_minor(what: str, value: int) -> Reading | None:
    """A minor status of MIT's or Heimdal's krb5 mechanism: com_err base 0x96c73a00 plus a number."""
    offset = value - status.KRB5_MINOR_BASE
    see: tuple[str, ...]
    if offset in tables.ERRORS:
        error = read_error(what, offset)
        name, meaning, rows, see = error.name, error.meaning, error.rows, error.see
    elif offset in MIT:
        (name, meaning), rows, see = MIT[offset], [], ()
    else:
        return None
    rows.insert(0, ("number", f"0x{value:08x} = {value} = {value - (1 << 32)}: the base 0x96c73a00 plus {offset}"))
    if offset in (144, 181, 230):
        rows.append((CHECK, "klist -kte http.keytab against kvno HTTP/web.lab.example"))
    return Reading(what, "krb5-minor", name, value, meaning, rows, see)
