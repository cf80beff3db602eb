"""The contents of DER's primitive types (X.690 8 and 11), each into the node that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from .grammar import Plan
from .reading import Reading
from .values import BOOL, BYTES, ENUM, FLAGS, INT, OID, TEXT, TIME, Node

#: Longer contents are shown as bytes: no protocol here has such numbers, and big ones cost more than they say.
MAX_INTEGER_BYTES = 32
MAX_OID_BYTES = 128
MAX_FLAGS_BYTES = 9


def _read_integer(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    data = reading.data
    size = end - body
    if size == 1:
        first = data[body]
        node.value = first if first < 0x80 else first - 0x100
    elif size == 0 or size > MAX_INTEGER_BYTES:
        node.kind = BYTES
        node.value = data[body:end]
        reading.fail("der", node, body, f"1 to {MAX_INTEGER_BYTES} bytes of INTEGER", f"{size} bytes")
        return
    else:
        node.value = int.from_bytes(data[body:end], signed=True)
        if data[body] in (0x00, 0xFF) and (data[body] ^ data[body + 1]) < 0x80:
            reading.fail("der", node, body, "the shortest form of the INTEGER (DER)", f"{size} bytes")
    if plan.table:
        node.meaning = plan.table.get(node.value)


def _read_flags(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    """A BIT STRING of named bits: bit 0 is the highest; the value is held to at least 32 bits, as Kerberos has it."""
    data = reading.data
    size = end - body
    unused = data[body] if size else 0
    if not 1 <= size <= MAX_FLAGS_BYTES or unused > 7 or (size == 1 and unused):
        node.kind = BYTES
        node.value = data[body:end]
        reading.fail("der", node, body, f"a BIT STRING of at most {(MAX_FLAGS_BYTES - 1) * 8} bits", f"{size} bytes")
        return
    bits = int.from_bytes(data[body + 1 : end])
    if bits & ((1 << unused) - 1):
        reading.fail("der", node, end - 1, f"{unused} unused bits that are zero (DER)", f"0x{data[end - 1]:02x}")
    width = max(32, (size - 1) * 8)
    value = bits << (width - (size - 1) * 8)
    node.value = value
    node.meaning = (
        tuple(plan.table.get(bit) or f"bit {bit}" for bit in range(width) if value >> (width - 1 - bit) & 1)
        if value
        else ()
    )


def _read_boolean(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    raw = reading.data[body:end]
    if len(raw) != 1:
        node.kind = BYTES
        node.value = raw
        reading.fail("der", node, body, "one byte of BOOLEAN", f"{len(raw)} bytes")
        return
    node.value = raw != b"\0"
    if raw not in (b"\0", b"\xff"):
        reading.fail("der", node, body, "0x00 or 0xff (DER)", f"0x{raw[0]:02x}")


def _read_bytes(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    node.value = reading.data[body:end]


def _read_text(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    raw = reading.data[body:end]
    try:
        node.value = raw.decode()
    except UnicodeDecodeError:
        node.value = raw.decode("utf-8", "backslashreplace")
        node.meaning = "not UTF-8; the other bytes are shown as \\x.."


def _read_time(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    """KerberosTime (RFC 4120 5.2.3): `YYYYMMDDHHMMSSZ` and no other form."""
    raw = reading.data[body:end]
    if len(raw) == 15 and raw[14] == 0x5A and raw[:14].isdigit():
        text = raw.decode("ascii")
        parts = int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]), int(text[12:14])
        try:
            node.value = datetime(*parts, tzinfo=UTC)
        except ValueError:
            pass
        else:
            return
    node.kind = TEXT
    node.value = raw[:64].decode("utf-8", "backslashreplace")
    reading.fail("value", node, body, "a time YYYYMMDDHHMMSSZ", repr(node.value))


def _read_oid(reading: Reading, plan: Plan, node: Node, body: int, end: int) -> None:
    raw = reading.data[body:end]
    text = oid_text(raw) if len(raw) <= MAX_OID_BYTES else None
    if text is None:
        node.kind = BYTES
        node.value = raw
        reading.fail(
            "der", node, body, f"an OBJECT IDENTIFIER of 1 to {MAX_OID_BYTES} bytes", raw[:16].hex() or "nothing"
        )
        return
    node.value = text
    node.meaning = plan.table.get(text)


@lru_cache(256)
def oid_text(raw: bytes) -> str | None:
    """The dotted form of an OBJECT IDENTIFIER's contents; None where they are not DER (X.690 8.19)."""
    if not raw or raw[-1] & 0x80:
        return None
    arcs: list[int] = []
    arc = 0
    fresh = True
    for byte in raw:
        if fresh and byte == 0x80:
            return None
        arc = arc << 7 | byte & 0x7F
        fresh = byte < 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))


def principal_text(node: Node) -> str:
    """A PrincipalName as people write it: `HTTP/web.lab.example`, with `/`, `@` and `\\` inside a part escaped."""
    strings = node.child("name-string")
    if strings is None:
        return ""
    return "/".join(_escape(str(part.value)) for part in strings.children if part.kind == TEXT)


def _escape(part: str) -> str:
    if "/" in part or "@" in part or "\\" in part:
        part = part.replace("\\", "\\\\").replace("/", "\\/").replace("@", "\\@")
    return part


PRIMITIVES: Final[dict[str, Callable[[Reading, Plan, Node, int, int], None]]] = {
    INT: _read_integer,
    ENUM: _read_integer,
    FLAGS: _read_flags,
    BOOL: _read_boolean,
    BYTES: _read_bytes,
    TEXT: _read_text,
    TIME: _read_time,
    OID: _read_oid,
}
