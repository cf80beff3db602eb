"""DER made by hand, for tests: the shortest way to write down a token that no client would send."""

KRB5 = bytes.fromhex("06092a864886f712010202")
MS_KRB5 = bytes.fromhex("06092a864882f712010202")
NTLM = bytes.fromhex("060a2b06010401823702020a")
NEGOEX = bytes.fromhex("060a2b06010401823702021e")
SPNEGO = bytes.fromhex("06062b0601050502")


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element."""
    body = b"".join(contents)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + body


def integer(value: int) -> bytes:
    return tlv(2, value.to_bytes(((value + (value < 0)).bit_length() + 8) // 8, signed=True))


def text(value: str) -> bytes:
    return tlv(0x1B, value.encode())


def time(value: str) -> bytes:
    return tlv(0x18, value.encode())


def fields(first: int, *values: bytes | None) -> bytes:
    """Values behind EXPLICIT context tags that count from `first`; None leaves one out."""
    return b"".join(tlv(0xA0 + first + i, value) for i, value in enumerate(values) if value is not None)


def principal(kind: int, *parts: str) -> bytes:
    return tlv(0x30, fields(0, integer(kind), tlv(0x30, *map(text, parts))))


def encrypted(etype: int, kvno: int | None, cipher: bytes) -> bytes:
    return tlv(0x30, fields(0, integer(etype), None if kvno is None else integer(kvno), tlv(4, cipher)))


def ticket(sname: bytes | None = None, etype: int = 18) -> bytes:
    name = sname or principal(3, "HTTP", "web")
    return tlv(0x61, tlv(0x30, fields(0, integer(5), text("LAB.EXAMPLE"), name, encrypted(etype, 3, b"c" * 40))))


def ap_req(options: bytes = b"\0\x20\0\0\0", ticket_bytes: bytes | None = None, tail: bytes = b"") -> bytes:
    inside = fields(
        0, integer(5), integer(14), tlv(3, options), ticket_bytes or ticket(), encrypted(18, None, b"a" * 20)
    )
    return tlv(0x6E, tlv(0x30, inside + tail))


def krb_error(code: int, e_data: bytes | None = None) -> bytes:
    inside = fields(0, integer(5), integer(30), None, None, time("20261122082501Z"), integer(123456), integer(code))
    inside += fields(9, text("LAB.EXAMPLE"), principal(2, "krbtgt", "LAB.EXAMPLE"), text("sorry"))
    return tlv(0x7E, tlv(0x30, inside + (fields(12, tlv(4, e_data)) if e_data is not None else b"")))


def framed(oid: bytes, inner: bytes) -> bytes:
    return tlv(0x60, oid, inner)


def neg_token_init(*mechs: bytes, token: bytes | None = None, mic: bytes | None = None, tail: bytes = b"") -> bytes:
    parts = fields(
        0, tlv(0x30, *mechs), None, None if token is None else tlv(4, token), None if mic is None else tlv(4, mic)
    )
    return framed(SPNEGO, tlv(0xA0, tlv(0x30, parts + tail)))


def neg_token_resp(
    state: int | None = None, mech: bytes | None = None, token: bytes | None = None, mic: bytes | None = None
) -> bytes:
    parts = fields(
        0,
        None if state is None else tlv(0x0A, bytes([state])),
        mech,
        None if token is None else tlv(4, token),
        None if mic is None else tlv(4, mic),
    )
    return tlv(0xA1, tlv(0x30, parts))


def ntlm_negotiate(flags: int = 0xE2088297) -> bytes:
    return b"NTLMSSP\0\1\0\0\0" + flags.to_bytes(4, "little") + bytes(16) + bytes.fromhex("0a00614a0000000f")
