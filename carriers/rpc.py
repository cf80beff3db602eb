"""The auth_value of DCE/RPC's bind, alter_context, their answers and rpc_auth_3: C706 13.2.6.1, MS-RPCE 2.2.2.11."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .carried import Broken, Message
from .signs import RPC_HEADER, RPC_TYPES, is_rpc, rpc_number

TRAILER: Final = 8
HANDSHAKE: Final = frozenset({11, 12, 14, 15, 16})
FROM_SERVER: Final = frozenset({2, 3, 12, 13, 15})
TOKENS: Final = frozenset({9, 10, 16})
#: MS-RPCE 2.2.1.1.7 and 2.2.1.1.8, without the RPC_C_AUTHN_ and RPC_C_AUTHN_LEVEL_ before each.
AUTH_TYPES: Final[dict[int, str]] = {
    0: "NONE",
    9: "GSS_NEGOTIATE",
    10: "WINNT",
    14: "GSS_SCHANNEL",
    16: "GSS_KERBEROS",
    68: "NETLOGON",
    255: "DEFAULT",
}
AUTH_LEVELS: Final = ("DEFAULT", "NONE", "CONNECT", "CALL", "PKT", "PKT_INTEGRITY", "PKT_PRIVACY")


def read_rpc(data: bytes) -> Iterator[Message]:
    """The PDUs in `data`, one behind the other."""
    at = 0
    while at < len(data):
        if not is_rpc(data, at):
            seen = data[at : at + 4].hex(" ")
            yield Message("DCE/RPC message", at, wrong=f"byte {at}: expected the next header, found {seen}")
            return
        head = data[at : at + RPC_HEADER]
        size = rpc_number(head, 8, head)
        kind = head[2]
        message = Message(f"DCE/RPC {RPC_TYPES[kind]}", at, "server" if kind in FROM_SERVER else "client")
        try:
            _verifier(message, data, at, size, rpc_number(head, 10, head), kind)
        except Broken as broken:
            message.wrong = str(broken)
        yield message
        at += size


def _verifier(message: Message, data: bytes, at: int, size: int, length: int, kind: int) -> None:
    """The authentication verifier: a trailer, and `length` bytes of auth_value at the end of the fragment."""
    end = min(at + size, len(data))
    if not length:
        message.lacks = "it has no auth_verifier (auth_length 0)"
        return
    if RPC_HEADER + TRAILER + length > size:
        most = max(size - RPC_HEADER - TRAILER, 0)
        raise Broken(f"auth_length (byte 10) is {length}: expected at most {most} in {size} bytes (frag_length)")
    start = at + size - length
    if end <= start:
        raise Broken(f"cut short before its auth_value: {end - at} of {size} bytes (frag_length)")
    auth_type, level = data[start - TRAILER], data[start - TRAILER + 1]
    type_name = AUTH_TYPES.get(auth_type, "not known")
    level_name = AUTH_LEVELS[level] if level < len(AUTH_LEVELS) else "not known"
    if kind not in HANDSHAKE:
        message.lacks = "its auth_verifier protects the message, and is no token of the handshake"
    elif auth_type not in TOKENS:
        message.lacks = f"its auth_value is no token: auth_type {auth_type} ({type_name})"
    else:
        message.notes.append(f"auth_type {auth_type} ({type_name}), auth_level {level} ({level_name})")
        message.take(data, start, at + size, end, "the auth_value")
