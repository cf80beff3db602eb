"""Password changes: messages of RFC 3244 and of the original protocol, and the result that an error tells in clear.

Both are the same framing, versions 0xff80 and 1; the answer always has version 1. The result code of a KRB-PRIV is
encrypted; that of a KRB-ERROR stands in its e-data (RFC 3244 2).
"""

from __future__ import annotations

from collections.abc import Sequence

from . import padata
from .grammar import opens
from .kerberos_asn1 import KRBError
from .reading import Reading
from .tables.kerberos_more import KPASSWD_RESULTS
from .tables.kpasswd import PASSWORD_PROPERTIES, VERSIONS
from .values import BYTES, ENUM, FLAGS, INT, STRUCT, TEXT, Node

#: The service whose errors have a result for e-data.
CHANGE_SERVICE = "kadmin/changepw"

#: The password policy that Active Directory puts in the place of the text: 30 bytes, which begin with two zeros.
POLICY_BYTES = 30

#: The fields of the policy behind its zeros: name, size. Times are in units of 100 nanoseconds.
_POLICY = (
    ("min_length_password", 4),
    ("password_history", 4),
    ("password_properties", 4),
    ("expire", 8),
    ("min_passwordage", 8),
)


def decode_kpasswd(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read the message at `at`, which `recognise` has seen the beginning of; its name and its end."""
    data = reading.data
    length, version, size = (int.from_bytes(data[at + n : at + n + 2]) for n in (0, 2, 4))
    first = data[at + 6]
    request = first == 0x6E
    ap = "AP-REQ" if request else "AP-REP"
    message = "KPASSWD-REQ" if request else "KPASSWD-REP"
    into.append(Node("message-length", at, at + 2, INT, length))
    into.append(Node("protocol-version-number", at + 2, at + 4, ENUM, version, VERSIONS.get(version)))
    into.append(Node(f"{ap}-length", at + 4, at + 6, INT, size))
    end = at + length
    if end > stop:
        reading.fail("length", into[0], at, f"at most {stop - at} bytes", f"a length of {length} bytes")
        end = stop
    middle = min(at + 6 + size, end)
    if size:
        _read_message(reading, root, ap, at + 6, middle, into)
    last = "KRB-PRIV" if size else "KRB-ERROR"
    _read_message(reading, root, last, middle, end, into)
    return message, end


def _read_message(reading: Reading, root: Node, name: str, at: int, stop: int, into: list[Node]) -> None:
    if at >= min(stop, reading.end):
        reading.short(root, at, max(2, stop - at), stop, field=name)
        return
    node = Node(name, at, min(stop, reading.end), BYTES, reading.data[at:stop])
    into.append(node)
    if reading.open_token(reading, node, at, stop):
        node.value = None
        found = node.meaning[1] if isinstance(node.meaning, tuple) else ""
        if found != name and not (name == "KRB-PRIV" and found == "KRB-ERROR"):
            reading.fail("tag", node, at, name, found)
    elif stop > reading.end:
        reading.short(node, at, stop - at, stop)
    else:
        reading.fail("tag", node, at, name, reading.data[at : at + 8].hex(" "))


@opens(KRBError, "e-data")
def _open_e_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """The result of a password change where the error is that service's; else what any error's e-data holds."""
    if any(field.name == "sname" and field.meaning == CHANGE_SERVICE for field in siblings):
        code = int.from_bytes(reading.data[body : body + 2])
        if end <= reading.end and end - body >= 2 and code in KPASSWD_RESULTS:
            node.start, node.stop, node.kind = body, end, STRUCT
            node.children = read_result(reading, body, end)
            return True
    return padata.open_e_data(reading, node, siblings, body, end)


def read_result(reading: Reading, at: int, stop: int) -> list[Node]:
    """Result code and result string (RFC 3244 2), which stand between `at` and `stop`."""
    data = reading.data
    code = int.from_bytes(data[at : at + 2])
    fields = [Node("result-code", at, at + 2, ENUM, code, KPASSWD_RESULTS.get(code))]
    at += 2
    if stop - at == POLICY_BYTES and data[at : at + 2] == b"\0\0":
        fields.append(Node("result-string", at, stop, STRUCT, None, "password policy", _read_policy(data, at)))
    elif at < stop:
        text = data[at:stop].decode("utf-8", "backslashreplace")
        fields.append(Node("result-string", at, stop, TEXT, text))
    return fields


def _read_policy(data: bytes, at: int) -> list[Node]:
    fields = [Node("zero_bytes", at, at + 2, INT, 0)]
    at += 2
    for name, size in _POLICY:
        value = int.from_bytes(data[at : at + size])
        node = Node(name, at, at + size, INT, value)
        if name == "password_properties":
            node.kind = FLAGS
            node.meaning = tuple([text for mask, text in PASSWORD_PROPERTIES if value & mask])
        elif size == 8:
            days = value / 864_000_000_000
            node.meaning = f"{days:g} day{'s' if days != 1 else ''}"
        fields.append(node)
        at += size
    return fields
