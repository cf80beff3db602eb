"""What bytes are that begin no token but a message that may carry one: SMB, LDAP, DCE/RPC."""

from __future__ import annotations

from typing import Final

from secctx.decoders.recognise import recognise

from .ber import element

SMB1, SMB2 = b"\xffSMB", b"\xfeSMB"
ENCRYPTED, COMPRESSED = b"\xfdSMB", b"\xfcSMB"  #: SMB2's TRANSFORM_HEADER: MS-SMB2 2.2.41, 2.2.42
SMB: Final = (SMB2, SMB1, ENCRYPTED, COMPRESSED)
#: RFC 4511 4.2 to 4.13: the tags of the protocolOp.
OPERATIONS: Final[dict[int, str]] = {
    0x60: "bindRequest",
    0x61: "bindResponse",
    0x42: "unbindRequest",
    0x63: "searchRequest",
    0x64: "searchResEntry",
    0x65: "searchResDone",
    0x73: "searchResRef",
    0x66: "modifyRequest",
    0x67: "modifyResponse",
    0x68: "addRequest",
    0x69: "addResponse",
    0x4A: "delRequest",
    0x6B: "delResponse",
    0x6C: "modDNRequest",
    0x6D: "modDNResponse",
    0x6E: "compareRequest",
    0x6F: "compareResponse",
    0x50: "abandonRequest",
    0x77: "extendedReq",
    0x78: "extendedResp",
    0x79: "intermediateResponse",
}
#: The protocolOps in which a token travels, with what each begins with: a version, or a resultCode.
BINDS: Final = {0x60: b"\x02\x01", 0x61: b"\x0a\x01"}
#: The mechanisms of SASL whose credentials are tokens: RFC 4752, RFC 4178 as GSS-SPNEGO (MS-ADTS 5.1.1.1.2), MS-NLMP.
MECHANISMS: Final = (b"GSS-SPNEGO", b"GSSAPI", b"NTLM", b"SPNEGO")
#: C706 12.6.4.1 and MS-RPCE 2.2.2.10: the types of the PDUs of connections.
RPC_TYPES: Final[dict[int, str]] = {
    0: "request",
    2: "response",
    3: "fault",
    11: "bind",
    12: "bind_ack",
    13: "bind_nak",
    14: "alter_context",
    15: "alter_context_resp",
    16: "rpc_auth_3",
    17: "shutdown",
    18: "co_cancel",
    19: "orphaned",
}
RPC_HEADER: Final = 16
#: Of the kinds of `recognise`, those that chance seldom makes.
STRONG: Final = frozenset({"NTLM", "NEGOEX", "GSS", "SPNEGO", "Kerberos", "TSRequest"})


def frame_kind(data: bytes) -> str | None:
    """What kind of frame `data` begins with, None where it is none we know: `SMB LDAP SASL OCTETS RPC`."""
    first = data[:1]
    if data[:4] in SMB or (first == b"\0" and data[4:8] in SMB):
        return "SMB"
    if first == b"\x30":
        return "LDAP" if ldap_operation(data, 0) else None
    if first == b"\xa3":
        outer = element(data, 0, len(data))
        inner = element(data, outer.start, len(data)) if outer else None
        return "SASL" if inner and data[inner.start : inner.stop] in MECHANISMS else None
    if first in (b"\x04", b"\x87"):
        outer = element(data, 0, len(data))
        return "OCTETS" if outer and recognise(data[outer.start : min(outer.stop, len(data))]) in STRONG else None
    return "RPC" if is_rpc(data, 0) else None


def is_certain_frame(data: bytes) -> bool:
    """Whether the first bytes are a frame's beyond doubt: enough to pick it out of other text."""
    match frame_kind(data):
        case "SMB" | "SASL" | "RPC":
            return True
        case "LDAP":
            start = ldap_operation(data, 0)
            operation = element(data, start, len(data))
            return operation is not None and data[operation.start : operation.start + 2] == BINDS.get(operation.tag)
    return False


def ldap_operation(data: bytes, at: int) -> int:
    """Where the protocolOp of the LDAPMessage at `at` begins; 0 where none is there."""
    outer = element(data, at, len(data))
    if outer is None or outer.tag != 0x30:
        return 0
    number = element(data, outer.start, len(data))
    if number is None or number.tag != 0x02 or not 1 <= number.size <= 4 or number.stop >= min(outer.stop, len(data)):
        return 0
    return number.stop if data[number.stop] in OPERATIONS else 0


def is_rpc(data: bytes, at: int) -> bool:
    """Whether the header of a PDU of DCE/RPC stands at `at`: its version, a type, a data representation."""
    head = data[at : at + RPC_HEADER]
    if len(head) < RPC_HEADER or head[0] != 5 or head[1] > 1 or head[2] not in RPC_TYPES:
        return False
    return head[4] in (0x00, 0x10) and head[5] < 4 and head[6:8] == b"\0\0" and rpc_number(head, 8, head) >= RPC_HEADER


def rpc_number(data: bytes, at: int, head: bytes) -> int:
    """The 16-bit number at `at`, in the order of bytes that the header's data representation names."""
    return int.from_bytes(data[at : at + 2], "little" if head[4] & 0xF0 else "big")
