"""Tokens that are named here and shown as bytes, and things that are no tokens at all but get pasted as such."""

from __future__ import annotations

from typing import Final

from .reading import Reading
from .values import BYTES, ENUM, Node

#: MS-NEGOEX 2.2.6.1.
NEGOEX_MESSAGES: Final[dict[int, str]] = {
    0: "INITIATOR_NEGO",
    1: "ACCEPTOR_NEGO",
    2: "INITIATOR_META_DATA",
    3: "ACCEPTOR_META_DATA",
    4: "CHALLENGE",
    5: "AP_REQUEST",
    6: "VERIFY",
    7: "ALERT",
}

_RFC4121: Final[dict[int, str]] = {0x0404: "MIC", 0x0405: "DeleteSecContext", 0x0504: "Wrap"}

#: First bytes of what people give by mistake.
_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x16\x03", "a TLS handshake record"),
    (b"\x17\x03", "a TLS application record (encrypted)"),
    (b"\x15\x03", "a TLS alert"),
    (b"\xfeSMB", "an SMB2 message: the token is its security buffer"),
    (b"\xfdSMB", "an encrypted SMB3 message"),
    (b"\xffSMB", "an SMB1 message: the token is its security blob"),
    (b"\x05\x02\0", "a keytab, or the start of a DCE/RPC message"),
    (b"\x05\x01\0", "a keytab (version 1)"),
    (b"\x05\x04\0", "a credential cache"),
    (b"\xa1\xb2\xc3\xd4", "a pcap capture"),
    (b"\xd4\xc3\xb2\xa1", "a pcap capture"),
    (b"\x0a\x0d\x0d\x0a", "a pcapng capture"),
    (b"\x30\x82", "a DER structure that is no token: a certificate, an LDAP message"),
    (b"0\x84", "a DER structure that is no token: an LDAP message"),
    (b"PK\x03\x04", "a zip file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"HTTP/", "an HTTP answer"),
    (b"<", "HTML or XML text"),
    (b"{", "JSON text"),
)


def describe(data: bytes) -> str:
    """In words what bytes are that begin no token: `16 03 01 00, a TLS handshake record`."""
    head = data[:4].hex(" ")
    for start, words in _FOREIGN:
        if data.startswith(start):
            return f"{head}, {words}"
    return head


def decode_negoex(reading: Reading, at: int, stop: int, into: list[Node]) -> str:
    """Name a NEGOEX message (MS-NEGOEX 2.2.6): the name of the first of the messages there."""
    _keep(reading, "bytes", at, stop, into)
    if at + 12 > min(stop, reading.end):
        reading.short(into[-1], at, 12, stop, field="MessageType")
        return "unknown"
    return NEGOEX_MESSAGES.get(int.from_bytes(reading.data[at + 8 : at + 12], "little"), "unknown")


def decode_rfc4121(reading: Reading, at: int, stop: int, into: list[Node]) -> str:
    """Name a per-message token (RFC 4121 4.2.6)."""
    token_id = int.from_bytes(reading.data[at : at + 2])
    into.append(Node("TOK_ID", at, at + 2, ENUM, token_id, _RFC4121.get(token_id)))
    _keep(reading, "bytes", at + 2, stop, into)
    return _RFC4121.get(token_id, "unknown")


def _keep(reading: Reading, name: str, at: int, stop: int, into: list[Node]) -> None:
    end = min(stop, reading.end)
    into.append(Node(name, at, end, BYTES, reading.data[at:end]))
    if stop > reading.end:
        reading.short(into[-1], at, stop - at, stop)
