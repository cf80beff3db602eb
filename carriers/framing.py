"""What the first bytes of a token say about its size, and whether they hang together."""

from __future__ import annotations

from typing import Final

from secctx.decoders.recognise import NTLM_SIGNATURE, recognise

from .signs import frame_kind, is_certain_frame

#: Offsets of the (Len, MaxLen, BufferOffset) descriptors by message type: MS-NLMP 2.2.1.1 to 2.2.1.3.
NTLM_FIELDS: Final = {1: (16, 24), 2: (12, 40), 3: (12, 20, 28, 36, 44, 52)}
#: The bytes of the message before its payload, without Version and MIC.
NTLM_FIXED: Final = {1: 32, 2: 48, 3: 64}


def announced(data: bytes) -> int | None:
    """The size that the token at the beginning of `data` gives itself, None where it gives none."""
    kind = recognise(data)
    if kind == "NTLM":
        return _ntlm_size(data)
    if kind in ("GSS", "SPNEGO", "Kerberos", "TSRequest", "TSCredentials"):
        start, size = _header(data)
        return start + size if start else None
    if kind == "KPASSWD":
        return int.from_bytes(data[:2], "big")
    if kind == "TCP":
        return 4 + (int.from_bytes(data[:4], "big") & 0x7FFF_FFFF)
    return None


def likely(data: bytes) -> bool:
    """Whether the first bytes are a token's, as far as they go: enough for text that is nothing else."""
    match recognise(data):
        case None:
            return frame_kind(data) is not None
        case "GSS" | "SPNEGO" | "Kerberos" | "TSRequest" | "TSCredentials":
            start, size = _header(data)
            return 0 < start < len(data) and size >= 2
        case "TOK_ID" | "RFC4121" | "NTLM-signature":
            return len(data) >= 16
    return True


def convincing(data: bytes) -> bool:
    """Whether the first bytes are a token's beyond doubt: enough to pick it out of other text."""
    kind = recognise(data)
    match kind:
        case "NTLM":
            return len(data) >= 12 and data[8] in NTLM_FIELDS and data[9:12] == b"\0\0\0"
        case "NEGOEX" | "KPASSWD" | "TCP":
            return True
        case "GSS":
            start, size = _header(data)
            oid = data[start : start + 2]
            return bool(start) and len(oid) == 2 and oid[0] == 0x06 and 0 < oid[1] <= size - 2
        case "SPNEGO" | "Kerberos":
            return _wraps_exactly(data)
        case "TSRequest" | "TSCredentials":
            start, _ = _header(data)
            return data[start : start + 4] == b"\xa0\x03\x02\x01"
        case "TOK_ID":
            proxy = data[:3] == b"\x05\x01\x30" and _wraps_iakerb(data[2:34])
            return proxy or (recognise(data, 2) == "Kerberos" and _wraps_exactly(data[2:34]))
        case "RFC4121":
            filler = data[3:4] if data[0] == 5 else data[3:8]
            return len(data) >= 16 and filler == b"\xff" * len(filler)
        case None:
            return is_certain_frame(data)
    return False


def _header(data: bytes, at: int = 0) -> tuple[int, int]:
    """Where the contents of the DER value at `at` begin, and their size; (0, 0) where the header is cut or absurd."""
    if len(data) < at + 2:
        return 0, 0
    first = data[at + 1]
    if first < 0x80:
        return at + 2, first
    count = first & 0x7F
    if not 1 <= count <= 4 or len(data) < at + 2 + count:
        return 0, 0
    return at + 2 + count, int.from_bytes(data[at + 2 : at + 2 + count], "big")


def _wraps_exactly(data: bytes) -> bool:
    """Whether the outer value holds one SEQUENCE and nothing else, going by the two lengths alone."""
    start, size = _header(data)
    if not start or data[start : start + 1] != b"\x30":
        return False
    inner, inner_size = _header(data, start)
    return bool(inner) and inner + inner_size == start + size


def _wraps_iakerb(data: bytes) -> bool:
    """Whether this begins as IAKERB-HEADER: a SEQUENCE, and in its first field a string that fits the field."""
    start, size = _header(data)
    inner, inner_size = _header(data, start)
    held, held_size = _header(data, inner) if inner else (0, 0)
    fits = bool(held) and held + held_size == inner + inner_size <= start + size
    return fits and data[start] in (0xA0, 0xA1) and data[inner] in (0x04, 0x0C)


def _ntlm_size(data: bytes) -> int | None:
    """The end of the payload that reaches farthest, None where the fixed part is cut short."""
    if data[:8] != NTLM_SIGNATURE or len(data) < 12:
        return None
    kind = int.from_bytes(data[8:12], "little")
    if kind not in NTLM_FIELDS or len(data) < NTLM_FIXED[kind]:
        return None
    end = NTLM_FIXED[kind]
    for at in NTLM_FIELDS[kind]:
        if len(data) >= at + 8 and (size := int.from_bytes(data[at : at + 2], "little")):
            end = max(end, size + int.from_bytes(data[at + 4 : at + 8], "little"))
    return end
