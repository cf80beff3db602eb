"""PACs written by hand: NDR by a writer of its own, every buffer of MS-PAC 2.5 to 2.16, placed as told."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

NEVER = 0x7FFFFFFFFFFFFFFF
MANDATORY = 7
DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"

LOGON, CREDENTIALS, SERVER, KDC, CLIENT, DELEGATION, UPN = 1, 2, 6, 7, 10, 11, 12
CLIENT_CLAIMS, DEVICE, DEVICE_CLAIMS, TICKET, ATTRIBUTES, REQUESTOR, FULL, GUID = 13, 14, 15, 16, 17, 18, 19, 20

#: What the buffers that are signatures are called.
SIGNATURES = {SERVER: "ServerSignature", KDC: "KDCSignature", TICKET: "TicketSignature", FULL: "ExtendedKDCSignature"}


def sid(text: str) -> bytes:
    """A SID's own bytes (MS-DTYP 2.4.2.2)."""
    _, revision, authority, *subs = text.split("-")
    head = bytes([int(revision), len(subs)]) + int(authority, 0).to_bytes(6)
    return head + b"".join(struct.pack("<I", int(sub)) for sub in subs)


class Ndr:
    """What stands in a stream behind its headers; pointers are written now, what they refer to at `flush`."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.later: list[Callable[[], None]] = []
        self.referent = 0x20000
        self.pointer(None)

    def align(self, size: int) -> None:
        self.out += bytes(-len(self.out) % size)

    def put(self, code: str, *values: Any) -> None:
        self.align(min(4, struct.calcsize("<" + code[-1])) if code[-1] != "s" else 4)
        self.out += struct.pack("<" + code, *values)

    def pointer(self, later: Callable[[], None] | None, *, null: bool = False) -> None:
        """A unique pointer; `later` writes what it refers to."""
        self.put("I", 0 if null else self.referent)
        if null:
            return
        self.referent += 4
        if later is not None:
            self.later.append(later)

    def flush(self) -> None:
        """Everything pointed to, and what that points to before the next."""
        pending, self.later = self.later, []
        for write in pending:
            self.align(4)
            write()
            self.flush()

    def unicode(self, text: str | None, *, room: int = 0) -> None:
        """RPC_UNICODE_STRING; None: a NULL pointer. `room`: characters that MaximumLength has more than Length."""
        raw = (text or "").encode("utf-16-le")

        def later() -> None:
            self.put("3I", len(raw) // 2 + room, 0, len(raw) // 2)
            self.out += raw

        self.put("HH", len(raw), len(raw) + 2 * room)
        self.pointer(later, null=text is None)

    def string(self, text: str) -> None:
        """A pointer to a string that ends with a zero."""
        raw = (text + "\0").encode("utf-16-le")

        def later() -> None:
            self.put("3I", len(raw) // 2, 0, len(raw) // 2)
            self.out += raw

        self.pointer(later)

    def sid(self, text: str | None) -> None:
        """A pointer to a SID."""

        def later() -> None:
            raw = sid(text or "")
            self.put("I", raw[1])
            self.out += raw

        self.pointer(later, null=text is None)

    def array(self, items: Sequence[Any] | None, write: Callable[[Any], None]) -> None:
        """A pointer to an array."""

        def later() -> None:
            self.put("I", len(items or ()))
            for item in items or ():
                write(item)

        self.pointer(later, null=items is None)

    def group(self, group: tuple[int, int]) -> None:
        self.put("II", *group)

    def sid_and_attributes(self, pair: tuple[str, int]) -> None:
        self.sid(pair[0])
        self.put("I", pair[1])

    def octets(self, raw: bytes) -> None:
        self.array(raw, lambda byte: self.out.append(byte))

    def done(self) -> bytes:
        """The stream with its headers (MS-RPCE 2.2.6)."""
        self.flush()
        self.align(8)
        return bytes.fromhex("01100800cccccccc") + struct.pack("<II", len(self.out), 0) + bytes(self.out)


def logon_info(
    name: str = "alice",
    *,
    groups: Sequence[tuple[int, int]] | None = ((513, MANDATORY),),
    extra: Sequence[tuple[str, int]] | None = (("S-1-18-1", MANDATORY),),
    resource: Sequence[tuple[int, int]] | None = None,
    resource_domain: str | None = None,
    times: Sequence[int] = (133_000_000_000_000_000, NEVER, NEVER, 132_000_000_000_000_000, 0, NEVER),
    user: int = 1104,
    flags: int = 0x20,
    session_key: bytes = bytes(16),
    reserved: bytes = bytes(8),
    control: int = 0x210,
    full_name: str | None = "",
) -> bytes:
    """KERB_VALIDATION_INFO (2.5)."""
    ndr = Ndr()
    for time in times:
        ndr.put("II", time & 0xFFFFFFFF, time >> 32)
    ndr.unicode(name)
    ndr.unicode(full_name)
    for text in ("", "", "", ""):
        ndr.unicode(text)
    ndr.put("HHIII", 12, 1, user, 513, len(groups or ()))
    ndr.array(groups, ndr.group)
    ndr.put("I16s", flags, session_key)
    ndr.unicode("DC01", room=1)
    ndr.unicode("LAB", room=1)
    ndr.sid(DOMAIN)
    ndr.put("8s", reserved)
    ndr.put("IIIIIIII", control, 0, 0, 0, 0, 0, 3, 0)
    ndr.put("I", len(extra or ()))
    ndr.array(extra, ndr.sid_and_attributes)
    ndr.sid(resource_domain)
    ndr.put("I", len(resource or ()))
    ndr.array(resource, ndr.group)
    return ndr.done()


def device_info(domains: Sequence[tuple[str, Sequence[tuple[int, int]]]] = ()) -> bytes:
    """PAC_DEVICE_INFO (2.12)."""
    ndr = Ndr()
    ndr.put("II", 1105, 515)
    ndr.sid(DOMAIN)
    ndr.put("I", 1)
    ndr.array([(515, MANDATORY)], ndr.group)
    ndr.put("I", 1)
    ndr.array([("S-1-18-1", MANDATORY)], ndr.sid_and_attributes)
    ndr.put("I", len(domains))

    def domain(one: tuple[str, Sequence[tuple[int, int]]]) -> None:
        ndr.sid(one[0])
        ndr.put("I", len(one[1]))
        ndr.array(one[1], ndr.group)

    ndr.array(domains, domain)
    return ndr.done()


def delegation(target: str = "HTTP/web", *services: str | None) -> bytes:
    """S4U_DELEGATION_INFO (2.9)."""
    ndr = Ndr()
    ndr.unicode(target)
    ndr.put("I", len(services))
    ndr.array(services, ndr.unicode)
    return ndr.done()


def credential_data(*packages: tuple[str, bytes]) -> bytes:
    """PAC_CREDENTIAL_DATA (2.6.2)."""
    ndr = Ndr()
    ndr.put("II", len(packages), len(packages))
    for name, secret in packages:
        ndr.unicode(name)
        ndr.put("I", len(secret))
        ndr.octets(secret)
    return ndr.done()


def ntlm_credential(lm: bytes, nt: bytes) -> bytes:
    """NTLM_SUPPLEMENTAL_CREDENTIAL (2.6.4)."""
    return struct.pack("<II", 0, 3) + lm + nt


def claims_set(*claims: tuple[str, int, Sequence[Any]], source: int = 1) -> bytes:
    """A CLAIMS_SET (MS-ADTS 2.2.18.7) of one array; claims are name, type and values."""
    ndr = Ndr()

    def array(entries: Sequence[tuple[str, int, Sequence[Any]]]) -> None:
        ndr.put("H", source)
        ndr.put("I", len(entries))
        ndr.array(entries, entry)

    def entry(one: tuple[str, int, Sequence[Any]]) -> None:
        name, kind, values = one
        ndr.string(name)
        ndr.put("HH", kind, kind)
        ndr.put("I", len(values))
        ndr.array(values, ndr.string) if kind == 3 else numbers(kind, values)

    def numbers(kind: int, values: Sequence[int]) -> None:
        def later() -> None:
            ndr.put("I", len(values))
            ndr.align(8)
            for value in values:
                ndr.out.extend(struct.pack("<q" if kind == 1 else "<Q", value))

        ndr.pointer(later)

    ndr.put("I", 1)
    ndr.array([claims], array)
    ndr.put("H", 0)
    ndr.put("I", 0)
    ndr.pointer(None, null=True)
    return ndr.done()


def claims_metadata(raw: bytes, form: int = 0, size: int | None = None) -> bytes:
    """CLAIMS_SET_METADATA (MS-ADTS 2.2.18.8) around a CLAIMS_SET, as it is or compressed to `raw`."""
    ndr = Ndr()
    ndr.put("I", len(raw))
    ndr.octets(raw)
    ndr.put("H", form)
    ndr.put("I", len(raw) if size is None else size)
    ndr.put("H", 0)
    ndr.put("I", 0)
    ndr.pointer(None, null=True)
    return ndr.done()


def huffman(data: bytes) -> bytes:
    """LZ77+Huffman (MS-XCA 2.1) at its plainest: every byte a literal, and the code of each literal itself.

    A word of zeros ends a block (FlushBits).
    """
    out = bytearray()
    for at in range(0, len(data), 1 << 16):
        block = data[at : at + (1 << 16)]
        block += bytes(len(block) % 2)
        swapped = b"".join(block[i : i + 2][::-1] for i in range(0, len(block), 2))
        out += b"\x88" * 128 + bytes(128) + swapped + bytes(2)
    return bytes(out)


def plain_lz77(data: bytes) -> bytes:
    """Plain LZ77 (MS-XCA 2.3) without a match."""
    return b"".join(bytes(4) + data[at : at + 32] for at in range(0, len(data), 32))


def lznt1(data: bytes) -> bytes:
    """LZNT1 (MS-XCA 2.5) in chunks that are not compressed."""
    chunks = (data[at : at + 4096] for at in range(0, len(data), 4096))
    return b"".join(struct.pack("<H", 0x3000 | len(chunk) - 1) + chunk for chunk in chunks)


def filetime(moment: datetime) -> int:
    """A time as FILETIME (MS-DTYP 2.3.3)."""
    return (moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10


def client_info(name: str = "alice", time: int = 133_000_000_000_000_000) -> bytes:
    """PAC_CLIENT_INFO (2.7)."""
    raw = name.encode("utf-16-le")
    return struct.pack("<QH", time, len(raw)) + raw


def signature(kind: int = 16, value: bytes = b"s" * 12, rodc: int | None = None) -> bytes:
    """PAC_SIGNATURE_DATA (2.8)."""
    return struct.pack("<i", kind) + value + (b"" if rodc is None else struct.pack("<H", rodc))


def upn_dns(upn: str = "alice@lab.example", domain: str = "LAB.EXAMPLE", more: tuple[str, str] | None = None) -> bytes:
    """UPN_DNS_INFO (2.10); `more` are SAM name and SID. Every part begins on a multiple of eight."""
    parts = [upn.encode("utf-16-le"), domain.encode("utf-16-le")]
    parts += [more[0].encode("utf-16-le"), sid(more[1])] if more else []
    at, body, pairs = 24, b"", []
    for part in parts:
        pairs.append(struct.pack("<HH", len(part), at))
        body += part + bytes(-len(part) % 8)
        at = 24 + len(body)
    head = b"".join(pairs[:2]) + struct.pack("<I", 2 if more else 1) + b"".join(pairs[2:])
    return head.ljust(24, b"\0") + body


def attributes(flags: int = 1) -> bytes:
    """PAC_ATTRIBUTES_INFO (2.14)."""
    return struct.pack("<II", 2, flags)


def pac(*buffers: tuple[int, bytes], version: int = 0, alignment: int = 8) -> bytes:
    """A PAC of these buffers, in their order."""
    at = 8 + 16 * len(buffers)
    table, body = struct.pack("<II", len(buffers), version), b""
    for kind, data in buffers:
        body += bytes(-(at + len(body)) % alignment)
        table += struct.pack("<IIQ", kind, len(data), at + len(body))
        body += data
    return table + body + bytes(-len(body) % 8)


def full_pac(groups: int = 1) -> bytes:
    """A PAC with every buffer there is, in the order in which Windows has them."""
    claims = claims_set(("ad://ext/title", 3, ["one", "two"]), ("ad://ext/limit", 1, [-5]), ("ad://ext/vip", 6, [1]))
    return pac(
        (LOGON, logon_info(groups=[(1200 + index, MANDATORY) for index in range(groups)])),
        (CREDENTIALS, struct.pack("<II", 0, 18) + b"e" * 40),
        (CLIENT, client_info()),
        (DELEGATION, delegation("HTTP/web", "svc1", "svc2")),
        (UPN, upn_dns(more=("alice", f"{DOMAIN}-1104"))),
        (CLIENT_CLAIMS, claims_metadata(claims)),
        (DEVICE, device_info([(DOMAIN, [(1300, MANDATORY), (1301, MANDATORY)]), ("S-1-5-21-7-8-9", [(1400, 7)])])),
        (DEVICE_CLAIMS, claims_metadata(huffman(claims), 4, len(claims))),
        (ATTRIBUTES, attributes()),
        (REQUESTOR, sid(f"{DOMAIN}-1104")),
        (GUID, bytes(range(16))),
        (99, b"something new"),
        (SERVER, signature()),
        (KDC, signature(-138, b"k" * 16, 513)),
        (TICKET, signature(15, b"t" * 12)),
        (FULL, signature(20, b"f" * 24)),
    )
