"""Things that are no tokens at all but get pasted as such."""

from __future__ import annotations

from typing import Final

#: First bytes of what people give by mistake.
_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x16\x03", "a TLS handshake record"),
    (b"\x17\x03", "a TLS application record (encrypted)"),
    (b"\x15\x03", "a TLS alert"),
    (b"\xfeSMB", "an SMB2 message: the token is its security buffer"),
    (b"\xfdSMB", "an encrypted SMB3 message"),
    (b"\xffSMB", "an SMB1 message: the token is its security blob"),
    (b"\x05\x02\0", "a keytab"),
    (b"\x05\x01\0", "a keytab (version 1)"),
    (b"\x05\x03\0", "a credential cache (version 3)"),
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
