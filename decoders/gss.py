"""The framing of GSS-API's first tokens (RFC 2743 3.1): `60`, length, mechanism OID, and what the mechanism puts in."""

from __future__ import annotations

from .der import keep_bytes, keep_surplus, read_element, read_header
from .grammar import plan_of
from .reading import Reading
from .spnego import decode_spnego
from .spnego_asn1 import MechType
from .tables.oids import FAMILY
from .values import BYTES, OID, Node


def decode_gss(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, str, int]:
    """Read the InitialContextToken at `at`; its mechanism, its message and its end."""
    header = read_header(reading, root, at, stop)
    if header is None:
        keep_bytes(reading, root, "bytes", at, stop, into)
        return "GSS", "unknown", stop
    _, body, end = header
    if body >= reading.end:
        reading.short(root, body, end - body, end, field="thisMech")
        return "GSS", "InitialContextToken", end
    at = read_element(reading, plan_of(MechType), "thisMech", body, end, into)
    mech = into[-1].value if into[-1].kind == OID else None
    family = FAMILY.get(mech, "GSS") if isinstance(mech, str) else "GSS"
    if at >= reading.end and at < end:
        reading.short(root, at, end - at, end, field="innerContextToken")
        return family, "InitialContextToken" if family == "GSS" else "unknown", end
    match family:
        case "SPNEGO":
            message, inner = decode_spnego(reading, root, at, end, into)
        case "Kerberos":
            from .kerberos import decode_token_id

            message, inner = decode_token_id(reading, root, at, end, into)
            if message == "Wrap":
                from .per_message import read_left_out

                inner = end = read_left_out(reading, root, inner, stop, into)
        case _:
            message, inner = _inner_token(reading, root, family, at, end, into)
    keep_surplus(reading, root, "innerContextToken", inner, end, into)
    return family, message, end


def _inner_token(reading: Reading, root: Node, family: str, at: int, end: int, into: list[Node]) -> tuple[str, int]:
    """What stands behind the OID of a mechanism that is not taken apart here: a token we know, else bytes."""
    if family == "IAKERB":
        from .kerberos import decode_token_id

        return decode_token_id(reading, root, at, end, into)
    node = Node("innerContextToken", at, min(end, reading.end), BYTES)
    into.append(node)
    if reading.open_token(reading, node, at, end):
        return "InitialContextToken", end
    into.pop()
    keep_bytes(reading, root, "innerContextToken", at, end, into)
    return "InitialContextToken", end
