"""SPNEGO: NegTokenInit, NegTokenInit2 and NegTokenResp, bare or framed (RFC 4178 4.2, MS-SPNG 2.2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from .der import announced_end, contents_at, keep_bytes, keep_surplus, read_header, read_message
from .grammar import opens, tag_name
from .reading import Reading
from .spnego_asn1 import NegTokenInit, NegTokenInit2, NegTokenResp
from .values import BYTES, Node


@opens(NegTokenInit, "mechToken")
@opens(NegTokenInit2, "mechToken")
@opens(NegTokenResp, "responseToken")
@opens(NegTokenInit, "mechListMIC")
@opens(NegTokenInit2, "mechListMIC")
@opens(NegTokenResp, "mechListMIC")
def _open_token(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    return reading.open_token(reading, node, body, end)


def decode_spnego(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read the NegotiationToken at `at`, its fields into `into`; its message name and its end."""
    header = read_header(reading, root, at, stop)
    if header is None:
        keep_bytes(reading, root, "bytes", at, stop, into)
        return "unknown", stop
    tag, body, end = header
    if tag == 0xA0:
        cls = NegTokenInit2 if _has_hints(reading.data, body, min(end, reading.end)) else NegTokenInit
    elif tag == 0xA1:
        cls = NegTokenResp
    else:
        into.append(Node("bytes", at, min(end, reading.end), BYTES, reading.data[at:end]))
        reading.fail("tag", into[-1], at, "[0] NegTokenInit or [1] NegTokenResp", tag_name(tag))
        return "unknown", end
    inner = read_message(reading, cls, root, body, end, into)
    keep_surplus(reading, root, cls.__name__, inner, end, into)
    return cls.__name__, end


def _has_hints(data: bytes, at: int, stop: int) -> bool:
    """Whether [3] holds a SEQUENCE: negHints of NegTokenInit2, where NegTokenInit has the OCTET STRING mechListMIC."""
    if at >= stop or data[at] != 0x30:
        return False
    at = contents_at(data, at)
    while at < stop:
        tag = data[at]
        if tag >= 0xA3:
            inside = contents_at(data, at)
            return tag == 0xA4 or (tag == 0xA3 and inside < stop and data[inside] == 0x30)
        end = announced_end(data, at)
        if end is None:
            return False
        at = end
    return False
