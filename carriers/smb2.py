"""Security buffers in SMB messages: MS-SMB2 2.2.1, 2.2.4 to 2.2.6, behind the length of direct TCP (2.1) or bare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from secctx.decoders.tables.kerberos import NTSTATUS

from .carried import Broken, Message
from .signs import COMPRESSED, ENCRYPTED, SMB, SMB1, SMB2

HEADER: Final = 64
ERROR: Final = 9  #: the StructureSize of an error's body, which is that of a SESSION_SETUP response too
FROM_SERVER, MORE_PROCESSING = 0x00000001, 0xC0000016
COMMANDS: Final = (
    *("NEGOTIATE", "SESSION_SETUP", "LOGOFF", "TREE_CONNECT", "TREE_DISCONNECT", "CREATE", "CLOSE", "FLUSH", "READ"),
    *("WRITE", "LOCK", "IOCTL", "CANCEL", "ECHO", "QUERY_DIRECTORY", "CHANGE_NOTIFY", "QUERY_INFO", "SET_INFO"),
    "OPLOCK_BREAK",
)
#: What answers a SESSION_SETUP besides the statuses of a logon: MS-SMB2 3.3.5.5.
SESSION_STATUSES: Final[dict[int, str]] = {
    0x00000000: "STATUS_SUCCESS",
    0x00000103: "STATUS_PENDING",
    0xC0000016: "STATUS_MORE_PROCESSING_REQUIRED",
    0xC00000D0: "STATUS_REQUEST_NOT_ACCEPTED",
    0xC0000203: "STATUS_USER_SESSION_DELETED",
    0xC000035C: "STATUS_NETWORK_SESSION_EXPIRED",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """The body of a command with a security buffer: its StructureSize, the size of its fixed part (which the buffer
    cannot overlap), and where in it SecurityBufferOffset stands; SecurityBufferLength follows that."""

    structure: int
    fixed: int
    offset_at: int


LAYOUTS: Final = {
    ("NEGOTIATE", True): Layout(65, 64, 56),
    ("SESSION_SETUP", False): Layout(25, 24, 12),
    ("SESSION_SETUP", True): Layout(9, 8, 4),
}


def read_smb(data: bytes) -> Iterator[Message]:
    """The messages in `data`: one without a length before it, or a stream of messages with it."""
    at = 0
    while at < len(data):
        start, stop = at, len(data)
        if data[at] == 0 and data[at + 4 : at + 8] in SMB:
            start, stop = at + 4, at + 4 + int.from_bytes(data[at + 1 : at + 4])
        elif at:
            yield Message(
                "SMB message", at, wrong=f"byte {at}: expected the next message, found {data[at : at + 4].hex(' ')}"
            )
            return
        end = min(stop, len(data))
        for message in _chain(data, start, end):
            if stop > end:
                message.notes.append(f"the frame is cut short: {stop - start} bytes by its length, {end - start} there")
            yield message
        at = stop


def status_name(status: int) -> str:
    """An NTSTATUS for a person: `STATUS_LOGON_FAILURE (0xC000006D)`."""
    name = SESSION_STATUSES.get(status) or NTSTATUS.get(status) or "NTSTATUS"
    return f"{name} (0x{status:08X})"


def explain_hint(status: int) -> list[str]:
    """What to do about an answer that is an error."""
    return [f"secctx explain 0x{status:08X} says more"] if status >> 30 == 3 and status != MORE_PROCESSING else []


def _chain(data: bytes, at: int, end: int) -> Iterator[Message]:
    """The messages from `at` to `end`: one, or those that NextCommand compounds (MS-SMB2 3.2.4.1.4)."""
    while True:
        head = data[at : min(at + 4, end)]
        if head != SMB2:
            yield from _other(data, at, end)
            return
        message = Message("SMB2 message", at)
        following = 0
        stop = end
        try:
            if end - at < HEADER:
                raise Broken(f"its header is cut short: expected {HEADER} bytes, found {end - at}")
            following = _number(data, at + 20, 4)
            if following >= HEADER:
                stop = min(at + following, end)
            _read(message, data, at, stop)
            if following and not HEADER <= following < end - at:
                raise Broken(f"NextCommand (byte 20) is {following}: expected {HEADER} to {end - at - 1}, or 0")
        except Broken as broken:
            message.wrong = str(broken)
        yield message
        if not HEADER <= following < end - at:
            return
        at = stop


def _other(data: bytes, at: int, end: int) -> Iterator[Message]:
    """What is no SMB2 message in the clear."""
    head = data[at : min(at + 4, end)]
    if head == SMB1:
        from .smb1 import read_smb1

        yield read_smb1(data, at, end)
    elif head == ENCRYPTED:
        yield Message("encrypted SMB3 message", at, lacks="what it carries cannot be seen without the session's key")
    elif head == COMPRESSED:
        yield Message("compressed SMB3 message", at, lacks="compressed messages are not unpacked")
    else:
        yield Message(
            "SMB message", at, wrong=f"byte {at}: expected {SMB2.hex(' ')}, found {head.hex(' ') or 'the end'}"
        )


def _read(message: Message, data: bytes, at: int, end: int) -> None:
    """What one SMB2 message says of itself, and its security buffer."""
    if (size := _number(data, at + 4, 2)) != HEADER:
        raise Broken(f"StructureSize of the header (byte 4) is {size}: expected {HEADER}")
    command, answer = _number(data, at + 12, 2), bool(_number(data, at + 16, 4) & FROM_SERVER)
    name = COMMANDS[command] if command < len(COMMANDS) else f"command {command}"
    message.what = f"SMB2 {name} {'response' if answer else 'request'}"
    message.direction = "server" if answer else "client"
    status = _number(data, at + 8, 4) if answer else 0
    if answer:
        message.status = status_name(status)
        message.notes.extend(explain_hint(status))
    layout = LAYOUTS.get((name, answer))
    if layout is None:
        message.lacks = "it carries no security buffer"
        return
    _buffer(message, data, at, end, layout, failed=status >> 30 == 3 and status != MORE_PROCESSING)


def _buffer(message: Message, data: bytes, at: int, end: int, layout: Layout, failed: bool) -> None:
    """The security buffer of one message; one that `failed` has the body of an error instead (MS-SMB2 2.2.2)."""
    body, least = at + HEADER, HEADER + layout.fixed
    structure = _number(data, body, 2)
    offset, length = _number(data, body + layout.offset_at, 2), _number(data, body + layout.offset_at + 2, 2)
    if failed and structure == ERROR and (layout.structure != ERROR or not length or offset < least):
        message.lacks = "an error, without a security buffer"
        return
    if end - body < layout.offset_at + 4:
        raise Broken(f"cut short before its security buffer: {end - at} bytes")
    if structure != layout.structure:
        raise Broken(f"StructureSize (byte {HEADER}) is {structure}: expected {layout.structure}")
    if not length:
        message.lacks = "its security buffer is empty"
        return
    if offset < least:
        place = HEADER + layout.offset_at
        raise Broken(f"SecurityBufferOffset (byte {place}) is {offset}: expected at least {least}")
    if at + offset >= end:
        raise Broken(f"its security buffer begins at byte {offset}, and the message ends at byte {end - at}")
    message.take(data, at + offset, at + offset + length, end, "the security buffer")


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
