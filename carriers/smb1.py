"""Security blobs in SMB1 messages: MS-SMB 2.2.4.5.2.1, 2.2.4.6; the header is that of MS-CIFS 2.2.3.1."""

from __future__ import annotations

from typing import Final

from .carried import Broken, Message
from .smb2 import explain_hint, status_name

HEADER: Final = 32
REPLY: Final = 0x80  #: in Flags
NT_STATUS: Final = 0x4000  #: in Flags2; without it Status is a class and code of DOS
#: MS-CIFS 2.2.2.1, the commands of today's captures.
COMMANDS: Final[dict[int, str]] = {
    0x04: "CLOSE",
    0x25: "TRANSACTION",
    0x2B: "ECHO",
    0x2E: "READ_ANDX",
    0x2F: "WRITE_ANDX",
    0x32: "TRANSACTION2",
    0x71: "TREE_DISCONNECT",
    0x72: "NEGOTIATE",
    0x73: "SESSION_SETUP_ANDX",
    0x74: "LOGOFF_ANDX",
    0x75: "TREE_CONNECT_ANDX",
    0xA0: "NT_TRANSACT",
    0xA2: "NT_CREATE_ANDX",
}
EXTENDED: Final = 0x80000000  #: CAP_EXTENDED_SECURITY
#: By command and whether it is an answer: the WordCount of the form with a blob, and where among the words
#: SecurityBlobLength stands (None: the blob is what follows the ServerGUID).
LAYOUTS: Final[dict[tuple[str, bool], tuple[int, int | None]]] = {
    ("NEGOTIATE", True): (17, None),
    ("SESSION_SETUP_ANDX", False): (12, 14),
    ("SESSION_SETUP_ANDX", True): (4, 6),
}
CAPABILITIES_AT: Final = 19  #: among the words of a NEGOTIATE response
GUID: Final = 16


def read_smb1(data: bytes, at: int, end: int) -> Message:
    """The SMB1 message from `at` to `end`."""
    message = Message("SMB1 message", at)
    try:
        _read(message, data, at, end)
    except Broken as broken:
        message.wrong = str(broken)
    return message


def _read(message: Message, data: bytes, at: int, end: int) -> None:
    if end - at <= HEADER:
        raise Broken(f"its header is cut short: expected {HEADER} bytes and a WordCount, found {end - at}")
    answer = bool(data[at + 9] & REPLY)
    name = COMMANDS.get(data[at + 4], f"command 0x{data[at + 4]:02x}")
    message.what = f"SMB1 {name} {'response' if answer else 'request'}"
    message.direction = "server" if answer else "client"
    if answer and _number(data, at + 10, 2) & NT_STATUS:
        status = _number(data, at + 5, 4)
        message.status = status_name(status)
        message.notes.extend(explain_hint(status))
    layout = LAYOUTS.get((name, answer))
    if layout is None:
        message.lacks = "it carries no security blob"
        return
    count, length_at = layout
    words, seen = at + HEADER + 1, data[at + HEADER]
    if answer and not seen:
        message.lacks = "an error, without a security blob"
        return
    if seen != count:
        message.lacks = f"it has no extended security (WordCount {seen}, not {count}), so no security blob"
        return
    first = words + 2 * count + 2
    if first > end:
        raise Broken(f"cut short before its bytes: {end - at} of {first - at}")
    stop = first + _number(data, first - 2, 2)
    if length_at is None:
        if not _number(data, words + CAPABILITIES_AT, 4) & EXTENDED:
            message.lacks = "it has no extended security (CAP_EXTENDED_SECURITY is not set), so no security blob"
            return
        start = first + GUID
        length = max(stop - start, 0)
    else:
        start, length = first, _number(data, words + length_at, 2)
        if start + length > stop:
            place = words + length_at - at
            raise Broken(f"SecurityBlobLength (byte {place}) is {length}: expected at most {stop - start} (ByteCount)")
    if not length:
        message.lacks = "its security blob is empty"
    elif start >= end:
        raise Broken(f"cut short before its security blob: {end - at} of {start - at} bytes")
    else:
        message.take(data, start, start + length, end, "the security blob")


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
