"""Kerberos messages whose encrypted parts are made here, with keys and usages as a test wants them, right or wrong."""

from __future__ import annotations

from secctx.keys.enctypes import enctype
from secctx.keys.kerberos_key import Key

from .der import encrypted, fields, integer, principal, text, time, tlv

REALM = "LAB.EXAMPLE"
ALICE = principal(1, "alice")
WEB = principal(2, "HTTP", "web.lab.example")
KRBTGT = principal(2, "krbtgt", REALM)
NOW = time("20261122082501Z")
LATER = time("20261122182501Z")


def key(number: int, etype: int = 18) -> Key:
    """A key that is the same in each run; of triple DES one with the right parity."""
    kind = enctype(etype)
    return Key(etype, kind.random_to_key(bytes((number * 37 + i * 11) % 251 for i in range(kind.seed_size))))


def seal(with_: Key, usage: int, plain: bytes, kvno: int | None = None, etype: int | None = None) -> bytes:
    """An EncryptedData; `etype` is what it says, where that is not what it is."""
    cipher = with_.encrypt(usage, plain, bytes(range(with_.enctype.confounder_size)))
    return encrypted(with_.etype if etype is None else etype, kvno, cipher)


def encryption_key(one: Key) -> bytes:
    return tlv(0x30, fields(0, integer(one.etype), tlv(4, one.value)))


def checksum(kind: int, value: bytes) -> bytes:
    return tlv(0x30, fields(0, integer(kind), tlv(4, value)))


def own_checksum(one: Key, usage: int, data: bytes) -> bytes:
    """A Checksum of the key's own type."""
    return checksum(one.enctype.checksum_type, one.checksum(usage, data))


def ticket(opener: Key, session: Key, sname: bytes = WEB, *, kvno: int | None = 3, usage: int = 2) -> bytes:
    transited = tlv(0x30, fields(0, integer(1), tlv(4)))
    flags = tlv(3, b"\0\x40\x80\0\0")
    part = fields(0, flags, encryption_key(session), text(REALM), ALICE, transited, NOW, None, LATER)
    sealed = seal(opener, usage, tlv(0x63, tlv(0x30, part)), kvno)
    return tlv(0x61, tlv(0x30, fields(0, integer(5), text(REALM), sname, sealed)))


def authenticator(subkey: Key | None = None, cksum: bytes | None = None, cusec: int = 7) -> bytes:
    sub = None if subkey is None else encryption_key(subkey)
    return tlv(
        0x62, tlv(0x30, fields(0, integer(5), text(REALM), ALICE, cksum, integer(cusec), NOW, sub, integer(1000)))
    )


def gss_checksum(flags: int = 0x3E, deleg: bytes = b"") -> bytes:
    tail = b"\1\0" + len(deleg).to_bytes(2, "little") + deleg if deleg else b""
    return checksum(0x8003, (16).to_bytes(4, "little") + bytes(16) + flags.to_bytes(4, "little") + tail)


def ap_req(
    ticket_: bytes,
    session: Key,
    usage: int = 11,
    subkey: Key | None = None,
    cksum: bytes | None = None,
    options: bytes = b"\0\x20\0\0\0",
    cusec: int = 7,
) -> bytes:
    part = seal(session, usage, authenticator(subkey, cksum, cusec))
    return tlv(0x6E, tlv(0x30, fields(0, integer(5), integer(14), tlv(3, options), ticket_, part)))


def ap_rep(session: Key, subkey: Key | None = None, usage: int = 12, cusec: int = 7) -> bytes:
    sub = None if subkey is None else encryption_key(subkey)
    part = tlv(0x7B, tlv(0x30, fields(0, NOW, integer(cusec), sub, integer(2000))))
    return tlv(0x6F, tlv(0x30, fields(0, integer(5), integer(15), seal(session, usage, part))))


def padata(kind: int, value: bytes) -> bytes:
    return tlv(0x30, fields(1, integer(kind), tlv(4, value)))


def req_body(sname: bytes = WEB, authorization: bytes | None = None, cname: bytes | None = None) -> bytes:
    options, etypes = tlv(3, b"\0\x40\x81\0\0"), tlv(0x30, integer(18))
    tail = (None, authorization)
    return tlv(0x30, fields(0, options, cname, text(REALM), sname, None, LATER, None, integer(77), etypes, *tail))


def kdc_req(number: int, body: bytes, *items: bytes) -> bytes:
    """AS-REQ (10) or TGS-REQ (12)."""
    return tlv(0x60 | number, tlv(0x30, fields(1, integer(5), integer(number), tlv(0x30, *items), body)))


def kdc_rep(number: int, ticket_: bytes, part: bytes, *items: bytes) -> bytes:
    """AS-REP (11) or TGS-REP (13)."""
    listed = tlv(0x30, *items) if items else None
    rest = fields(0, integer(5), integer(number), listed, text(REALM), ALICE, ticket_, part)
    return tlv(0x60 | number, tlv(0x30, rest))


def rep_part(session: Key, sname: bytes = WEB, tag: int = 0x7A) -> bytes:
    """EncTGSRepPart (or EncASRepPart, 0x79), to be encrypted."""
    last = tlv(0x30, tlv(0x30, fields(0, integer(0), NOW)))
    inside = fields(0, encryption_key(session), last, integer(77), None, tlv(3, b"\0\x40\x80\0\0"), NOW, None, LATER)
    return tlv(tag, tlv(0x30, inside + fields(9, text(REALM), sname)))


def krb_priv(with_: Key, data: bytes = b"data", usage: int = 13) -> bytes:
    address = tlv(0x30, fields(0, integer(2), tlv(4, b"\xc0\0\2\1")))
    part = tlv(0x7C, tlv(0x30, fields(0, tlv(4, data), NOW, integer(7), integer(1000), address)))
    return tlv(0x75, tlv(0x30, fields(0, integer(5), integer(21), None, seal(with_, usage, part))))


def krb_safe(with_: Key, *, of_body: bool = False, data: bytes = b"data", usage: int = 15) -> bytes:
    """KRB-SAFE; its checksum is of the message with an empty one in it, or of the body alone."""
    address = tlv(0x30, fields(0, integer(2), tlv(4, b"\xc0\0\2\1")))
    body = tlv(0x30, fields(0, tlv(4, data), NOW, integer(7), integer(1000), address))

    def message(cksum: bytes) -> bytes:
        return tlv(0x74, tlv(0x30, fields(0, integer(5), integer(20), body, cksum)))

    return message(own_checksum(with_, usage, body if of_body else message(checksum(0, b""))))


def krb_cred(part: bytes, *tickets: bytes) -> bytes:
    return tlv(0x76, tlv(0x30, fields(0, integer(5), integer(22), tlv(0x30, *tickets), part)))


def cred_part(*sessions: Key) -> bytes:
    """EncKrbCredPart with those session keys, to be encrypted."""
    infos = (
        tlv(0x30, fields(0, encryption_key(one), text(REALM), ALICE) + fields(8, text(REALM), KRBTGT))
        for one in sessions
    )
    return tlv(0x7D, tlv(0x30, fields(0, tlv(0x30, *infos))))


def fast_request(armor: bytes | None, armor_key: Key, signed: bytes, inner: bytes) -> bytes:
    """The value of PA-FX-FAST in a request."""
    wrapped = None if armor is None else tlv(0x30, fields(0, integer(1), tlv(4, armor)))
    parts = fields(0, wrapped, own_checksum(armor_key, 50, signed), seal(armor_key, 51, inner))
    return tlv(0xA0, tlv(0x30, parts))


def fast_req(body: bytes, *items: bytes) -> bytes:
    """KrbFastReq, to be encrypted."""
    return tlv(0x30, fields(0, tlv(3, b"\0\0\0\0\0"), tlv(0x30, *items), body))
