"""The token inside a packet or another structure: after IP and TCP headers, in HTTP lines or as binary."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import Final

from .framing import announced, convincing
from .headers import WORDS, read_headers
from .token import Token, found

TCP, UDP = 6, 17
#: Where a link layer keeps its EtherType, and how long its header is: Ethernet, VLAN, Linux cooked v1 and v2.
LINKS: Final = ((12, 14), (16, 18), (14, 16), (0, 20))
ETHERTYPES: Final = {b"\x08\x00": 4, b"\x86\xdd": 6}
START: Final = re.compile(rb"NTLMSSP\0[\1-\3]\0\0\0|\x60[\x0a-\x84]|[\xa0\xa1][\x07-\x84]|[\x6a-\x6f\x7e][\x10-\x84]")
MECHANISMS: Final = (b"\x06\x06\x2b\x06\x01\x05\x05\x02", b"\x06\x09\x2a\x86\x48", b"\x06\x0a\x2b\x06\x01\x04\x01\x82")
#: What the first element of a NegTokenInit or NegTokenResp looks like inside its SEQUENCE: RFC 4178 4.2.
FIRST_ELEMENTS: Final = (b"\xa0\x03\x0a\x01", b"\xa1", b"\xa2", b"\xa3")


@dataclass(slots=True)
class Packet:
    """Where a packet's payload lies, whose it is, and its TCP sequence number (None for UDP)."""

    start: int
    stop: int
    flow: bytes
    sequence: int | None


def read_packet(data: bytes) -> Packet | None:
    """The packet that `data` is, from its link layer or IP header on; None where it is none."""
    if (packet := _internet(data, 0)) is not None:
        return packet
    for kind_at, size in LINKS:
        if data[kind_at : kind_at + 2] in ETHERTYPES and (packet := _internet(data, size)) is not None:
            return packet
    return None


def _internet(data: bytes, at: int) -> Packet | None:
    if len(data) < at + 28:
        return None
    version = data[at] >> 4
    if version == 4:
        header, total = (data[at] & 15) * 4, int.from_bytes(data[at + 2 : at + 4], "big")
        protocol, addresses = data[at + 9], data[at + 12 : at + 20]
    elif version == 6:
        header, total = 40, 40 + int.from_bytes(data[at + 4 : at + 6], "big")
        protocol, addresses = data[at + 6], data[at + 8 : at + 40]
    else:
        return None
    if header < 20 or total < header + 8 or total > len(data) - at + 65535 or protocol not in (TCP, UDP):
        return None
    if len(data) - at - total > 64:
        return None
    return _transport(data, at + header, min(at + total, len(data)), protocol, addresses)


def _transport(data: bytes, at: int, stop: int, protocol: int, addresses: bytes) -> Packet | None:
    flow = bytes([protocol]) + addresses + data[at : at + 4]
    if protocol == UDP:
        return Packet(at + 8, stop, flow, None) if at + 8 <= stop else None
    if at + 20 > stop:
        return None
    size = (data[at + 12] >> 4) * 4
    if size < 20 or at + size > stop:
        return None
    return Packet(at + size, stop, flow, int.from_bytes(data[at + 4 : at + 8], "big"))


def find_tokens(payload: bytes) -> list[tuple[int, Token]]:
    """The tokens in `payload`, each with the offset at which it, or its base64, begins."""
    if payload[:4] != b"\xfeSMB" and any(word in payload.lower() for word in WORDS):
        placed, at = [], 0
        for token in read_headers(payload.replace(b"\r", b"")):
            token.source.line = None
            whole = token.data[: min(len(token.data), 12) // 3 * 3]
            at = max(payload.find(binascii.b2a_base64(whole, newline=False), at), at)
            placed.append((at, token))
        if placed:
            return placed
    return _binary(payload)


def _binary(payload: bytes) -> list[tuple[int, Token]]:
    tokens: list[tuple[int, Token]] = []
    at = 0
    while (match := START.search(payload, at)) is not None:
        start = match.start()
        size = _extent(payload, start)
        if not size:
            at = start + 1
            continue
        stop = min(start + size, len(payload))
        tokens.append((start, found(payload[start:stop], "")))
        at = stop
    return tokens


def _extent(payload: bytes, start: int) -> int:
    """The size of the token that begins at `start`, 0 where none does; it may reach beyond the payload (cut short)."""
    head = payload[start : start + 96]
    if not convincing(head):
        return 0
    size = announced(head) or 0
    fits = start + size <= len(payload)
    first = head[0]
    if first == 0x4E:
        return size or len(payload) - start
    if first == 0x60:
        known = any(oid in head[2:20] for oid in MECHANISMS)
        return size if known or (fits and size >= 8) else 0
    inner = head[2 + (head[1] & 0x7F if head[1] > 0x7F else 0) :]
    inner = inner[2 + (inner[1] & 0x7F if len(inner) > 1 and inner[1] > 0x7F else 0) :]
    if first in (0xA0, 0xA1):
        return size if fits and inner.startswith(FIRST_ELEMENTS if first == 0xA1 else (b"\xa0", b"\xa2")) else 0
    return size if fits and inner[:2] in (b"\xa0\x03", b"\xa1\x03") else 0
