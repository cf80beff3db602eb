"""From bytes to a decoded token: what it is, its fields with their spans, and the first thing wrong with it."""

from __future__ import annotations

from . import foreign
from .reading import MAX_TOKENS_DEEP, Reading
from .recognise import recognise
from .values import BYTES, STRUCT, TOKEN, Decoded, Node

#: What begins with a DER tag and length, and so says itself where it ends.
_SELF_DELIMITED = ("GSS", "SPNEGO", "Kerberos", "SEQUENCE", "TSRequest", "TSCredentials")


def decode(data: bytes) -> Decoded:
    """Take one token apart. Never raises: `error` says what is wrong with bytes that are no whole token."""
    reading = Reading(data, open_token)
    children: list[Node] = []
    root = Node("", 0, len(data), STRUCT, children=children)
    kind = recognise(data)
    if kind is None:
        _refuse(reading, root, children)
        return Decoded("unknown", None, data, root, reading.finish(root))
    stop = len(data)
    reading.announced = _announced(kind, data)
    if reading.announced is not None:
        stop = max(stop, reading.announced)
    mechanism, message, end = _read(reading, root, kind, 0, stop, children)
    if end < len(data):
        keep_trailing(reading, f"the end of the token after {end} bytes", end, len(data), children)
    elif reading.problem is None and stop > len(data):
        reading.short(root, len(data), stop - len(data), stop)
    return Decoded(mechanism, message, data, root, reading.finish(root))


def _announced(kind: str, data: bytes) -> int | None:
    """The size that the token gives itself, None where its kind gives none."""
    if kind in _SELF_DELIMITED:
        from .der import announced_end

        return announced_end(data)
    if kind == "KPASSWD":
        return int.from_bytes(data[:2])
    if kind == "TCP":
        from .kerberos import record_size

        return 4 + record_size(data, 4)
    return None


def open_token(reading: Reading, node: Node, at: int, stop: int) -> bool:
    """Open the token that an octet string holds, in the node of the octet string; False where it is none we know."""
    kind = recognise(reading.data, at, stop)
    if kind is None or (kind == "Kerberos" and min(stop, reading.end) - at < 3):
        return False  # one byte and a length are no sign of a message where anything may stand
    if reading.deep >= MAX_TOKENS_DEEP:
        reading.fail("depth", node, at, f"at most {MAX_TOKENS_DEEP} tokens inside each other", "one more")
        return False
    reading.deep += 1
    children: list[Node] = []
    node.start, node.stop = at, min(stop, reading.end)
    node.kind, node.children = TOKEN, children
    mechanism, message, end = _read(reading, node, kind, at, stop, children)
    node.meaning = (mechanism, message)
    if end < stop:
        keep_trailing(reading, f"the end of the token in {node.name}", end, stop, children)
    reading.deep -= 1
    return True


def keep_trailing(reading: Reading, expected: str, at: int, stop: int, into: list[Node]) -> None:
    """Keep the bytes behind a token, and say what they are where they are few."""
    rest = reading.data[at:stop]
    if not rest:
        return  # the token ends behind what was received: it is cut short, which has been said
    node = Node("trailing", at, at + len(rest), BYTES, rest)
    into.append(node)
    found = f"{len(rest)} more byte{'s' if len(rest) != 1 else ''}"
    reading.fail("trailing", node, at, expected, found + (f": {rest.hex(' ')}" if len(rest) <= 8 else ""))


def _read(reading: Reading, root: Node, kind: str, at: int, stop: int, into: list[Node]) -> tuple[str, str, int]:
    """Read the token of that kind at `at`; mechanism, message and end."""
    if kind == "NTLM":
        from .ntlm import decode_ntlm

        return "NTLM", decode_ntlm(reading, at, stop, root, into), stop
    if kind == "NTLM-signature":
        from .ntlm import decode_signature

        return "NTLM", decode_signature(reading, at, stop, root, into), stop
    if kind == "NEGOEX":
        from .negoex import decode_negoex

        return "NEGOEX", *decode_negoex(reading, at, stop, into)
    if kind == "RFC4121":
        from .per_message import decode_per_message

        return "Kerberos", *decode_per_message(reading, root, at, stop, into)
    # asn1crypto is imported from here on: NTLM does not pay for it.
    if kind == "GSS":
        from .gss import decode_gss

        return decode_gss(reading, root, at, stop, into)
    if kind == "SPNEGO":
        from .spnego import decode_spnego

        return "SPNEGO", *decode_spnego(reading, root, at, stop, into)
    if kind in ("TSRequest", "TSCredentials"):
        from .credssp import decode_credssp

        return "CredSSP", kind, decode_credssp(reading, kind, root, at, stop, into)
    from . import kerberos  # dearer than all of SPNEGO

    if kind == "SEQUENCE":
        return "Kerberos", *kerberos.decode_untagged(reading, root, at, stop, into)
    if kind == "TOK_ID":
        name, end = kerberos.decode_token_id(reading, root, at, stop, into)
        return "IAKERB" if name == "IAKERB_PROXY" else "Kerberos", name, end
    if kind == "TCP":
        return "Kerberos", *kerberos.decode_record(reading, root, at, stop, into)
    if kind == "KPASSWD":
        from .kpasswd import decode_kpasswd

        return "Kerberos", *decode_kpasswd(reading, root, at, stop, into)
    return "Kerberos", *kerberos.decode_message(reading, root, at, stop, into)


def _refuse(reading: Reading, root: Node, into: list[Node]) -> None:
    data = reading.data
    wanted = "a SPNEGO, NTLM, Kerberos or GSS-API token"
    if not data:
        reading.fail("empty", root, 0, wanted, "no bytes")
        return
    into.append(Node("bytes", 0, len(data), BYTES, data))
    reading.fail("unknown", root, 0, wanted, foreign.describe(data))
