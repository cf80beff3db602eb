"""Security identifiers (MS-DTYP 2.4.2): from bytes to the text `S-1-5-21-…`, and the names of those well known."""

from __future__ import annotations

from struct import unpack_from

from .reading import Reading
from .tables.sids import DOMAIN_RIDS, WELL_KNOWN
from .values import BYTES, SID, Node

#: MS-DTYP 2.4.2.2.
MAX_SUB_AUTHORITIES = 15
_HEAD = 8
_DOMAIN = "S-1-5-21-"


def read_sid(reading: Reading, node: Node, at: int, stop: int) -> int:
    """Make `node` the SID that stands at `at`; where it ends. What is cut short stays bytes, and is noted."""
    data, last = reading.data, min(stop, reading.end)
    if at + _HEAD > last:
        return _cut(reading, node, at, _HEAD, stop)
    count = data[at + 1]
    if count > MAX_SUB_AUTHORITIES:
        node.start, node.stop, node.kind, node.value = at, last, BYTES, data[at:last]
        wanted = f"at most {MAX_SUB_AUTHORITIES} in SubAuthorityCount"
        reading.fail("value", node, at + 1, wanted, f"{count}")
        return last
    end = at + _HEAD + 4 * count
    if end > last:
        return _cut(reading, node, at, end - at, stop)
    node.start, node.stop, node.kind = at, end, SID
    node.value = text = sid_text(data[at:end])
    node.meaning = sid_name(text)
    if data[at] != 1:
        reading.fail("value", node, at, "1 as the Revision of a SID", f"{data[at]}")
    return end


def _cut(reading: Reading, node: Node, at: int, need: int, stop: int) -> int:
    last = max(at, min(stop, reading.end))
    node.start, node.stop, node.kind, node.value = at, last, BYTES, reading.data[at:last]
    reading.short(node, at, need, stop)
    return last


def sid_text(raw: bytes) -> str:
    """A whole SID as text; an authority of more than 32 bits is written in hex (MS-DTYP 2.4.2.1)."""
    authority = int.from_bytes(raw[2:8])
    written = f"{authority}" if authority < 1 << 32 else f"0x{authority:012x}"
    return "-".join(("S", f"{raw[0]}", written, *map(str, unpack_from(f"<{raw[1]}I", raw, _HEAD))))


def sid_name(text: str) -> str | None:
    """The name of a SID, None where only its domain knows it."""
    name = WELL_KNOWN.get(text)
    if name is None and text.startswith(_DOMAIN):
        numbers = text.split("-")
        if len(numbers) == 8:
            return DOMAIN_RIDS.get(int(numbers[7]))
    return name


def member_text(domain: str, rid: int) -> str:
    """The SID of an account or group of a domain, with its name where it has one."""
    text = f"{domain}-{rid}"
    name = sid_name(text)
    return f"{text}, {name}" if name else text
