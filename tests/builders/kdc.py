"""Kerberos messages made by hand: to and from the KDC, user-to-user, IAKERB, password changes, by UDP and by TCP."""

from .der import KRB5, ap_req, encrypted, fields, framed, integer, principal, text, ticket, time, tlv

IAKERB = bytes.fromhex("06062b0601050205")
KRBTGT = principal(2, "krbtgt", "LAB.EXAMPLE")
ALICE = principal(1, "alice")
CHANGEPW = principal(2, "kadmin", "changepw")


def padata(kind: int, value: bytes) -> bytes:
    return tlv(0x30, fields(1, integer(kind), tlv(4, value)))


def address(kind: int, value: bytes) -> bytes:
    return tlv(0x30, fields(0, integer(kind), tlv(4, value)))


ADDRESSES = tlv(
    0x30,
    address(2, bytes([192, 0, 2, 7])),
    address(24, bytes.fromhex("20010db8000000000000000000000001")),
    address(20, b"DESKTOP-1       "),
)


def options(*bits: int) -> bytes:
    return tlv(3, b"\0" + sum(1 << (31 - bit) for bit in bits).to_bytes(4))


def req_body(
    *bits: int, cname: bytes | None = ALICE, sname: bytes | None = KRBTGT, tail: tuple[bytes | None, ...] = ()
) -> bytes:
    till = time("20261123080000Z")
    etypes = tlv(0x30, integer(18), integer(17), integer(23))
    return tlv(
        0x30,
        fields(0, options(*bits), cname, text("LAB.EXAMPLE"), sname, None, till, till, integer(77), etypes, *tail),
    )


def kdc_req(number: int, body: bytes, *items: bytes) -> bytes:
    """AS-REQ (10) or TGS-REQ (12)."""
    listed = tlv(0x30, *items) if items else None
    return tlv(0x60 | number, tlv(0x30, fields(1, integer(5), integer(number), listed, body)))


def kdc_rep(number: int, *items: bytes) -> bytes:
    """AS-REP (11) or TGS-REP (13)."""
    listed = tlv(0x30, *items) if items else None
    rest = fields(3, text("LAB.EXAMPLE"), ALICE, ticket(KRBTGT), encrypted(18, 2, b"k" * 30))
    return tlv(0x60 | number, tlv(0x30, fields(0, integer(5), integer(number), listed) + rest))


def as_req(*items: bytes) -> bytes:
    return kdc_req(10, req_body(1, 8, 15, 27, tail=(ADDRESSES,)), *(items or (padata(149, b""),)))


def tgs_req() -> bytes:
    tail = (None, encrypted(18, None, b"a" * 20), tlv(0x30, ticket(), ticket()))
    return kdc_req(12, req_body(1, 14, 15, cname=None, tail=tail), padata(1, ap_req()))


def krb_safe() -> bytes:
    checksum = tlv(0x30, fields(0, integer(16), tlv(4, b"s" * 12)))
    sender = address(2, b"\xc0\0\2\1")
    body = tlv(0x30, fields(0, tlv(4, b"data"), time("20261122082501Z"), integer(7), integer(-1), sender, sender))
    return tlv(0x74, tlv(0x30, fields(0, integer(5), integer(20), body, checksum)))


def krb_priv() -> bytes:
    return tlv(0x75, tlv(0x30, fields(0, integer(5), integer(21), None, encrypted(18, None, b"p" * 40))))


def krb_cred() -> bytes:
    tickets = tlv(0x30, ticket(KRBTGT), ticket())
    return tlv(0x76, tlv(0x30, fields(0, integer(5), integer(22), tickets, encrypted(0, None, b"q" * 20))))


def tgt_req(name: bytes | None = principal(2, "host", "web"), realm: str | None = "LAB.EXAMPLE") -> bytes:
    return tlv(0x30, fields(0, integer(5), integer(16), name, None if realm is None else text(realm)))


def tgt_rep() -> bytes:
    return tlv(0x30, fields(0, integer(5), integer(17), ticket(KRBTGT)))


def ap_rep() -> bytes:
    return tlv(0x6F, tlv(0x30, fields(0, integer(5), integer(15), encrypted(18, None, b"r" * 30))))


def iakerb(realm: str | bytes, *message: bytes, cookie: bytes | None = None, flags: bytes | None = None) -> bytes:
    """IAKERB_PROXY in its framing; a realm of bytes is sent as an OCTET STRING."""
    name = tlv(4, realm) if isinstance(realm, bytes) else tlv(0x0C, realm.encode())
    header = tlv(0x30, fields(1, name, None if cookie is None else tlv(4, cookie), flags))
    return framed(IAKERB, b"\5\1" + header + b"".join(message))


def kpasswd(version: int, ap: bytes, last: bytes) -> bytes:
    return (6 + len(ap) + len(last)).to_bytes(2) + version.to_bytes(2) + len(ap).to_bytes(2) + ap + last


def record(message: bytes, length: int | None = None) -> bytes:
    """A message behind its length, as TCP has it."""
    return (len(message) if length is None else length).to_bytes(4) + message


def change_error(result: bytes) -> bytes:
    """A KRB-ERROR of the password change's service, with a result in its e-data."""
    inside = fields(0, integer(5), integer(30), None, None, time("20261122082501Z"), integer(1), integer(60))
    inside += fields(9, text("LAB.EXAMPLE"), CHANGEPW, None, tlv(4, result))
    return tlv(0x7E, tlv(0x30, inside))


def made() -> dict[str, bytes]:
    """One of each, by name."""
    return {
        "AS-REQ": as_req(),
        "AS-REP": kdc_rep(11, padata(19, tlv(0x30))),
        "TGS-REQ": tgs_req(),
        "TGS-REP": kdc_rep(13),
        "KRB-SAFE": krb_safe(),
        "KRB-PRIV": krb_priv(),
        "KRB-CRED": krb_cred(),
        "TGT-REQ": tgt_req(),
        "TGT-REP": framed(KRB5, b"\4\1" + tgt_rep()),
        "IAKERB_PROXY": iakerb("LAB.EXAMPLE", as_req(), cookie=b"cookie", flags=options(21, 14)),
        "KPASSWD-REQ": kpasswd(0xFF80, ap_req(), krb_priv()),
        "KPASSWD-REP": kpasswd(1, ap_rep(), krb_priv()),
        "KPASSWD-REP with an error": kpasswd(1, b"", change_error(b"\0\4too short")),
        "AS-REQ over TCP": record(as_req()),
        "KPASSWD-REQ over TCP": record(kpasswd(1, ap_req(), krb_priv())),
    }
