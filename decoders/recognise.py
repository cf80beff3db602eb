"""What the first bytes of something say it is."""

from __future__ import annotations

from .tables.credssp import CRED_TYPES
from .tables.kerberos import MESSAGE_TYPES, MESSAGES

NTLM_SIGNATURE = b"NTLMSSP\0"
NEGOEX_SIGNATURE = b"NEGOEXTS"


def recognise(data: bytes, start: int = 0, stop: int | None = None) -> str | None:
    """The kind of token that begins at `start`, None where the bytes begin none we know.

    One of `NTLM NEGOEX GSS SPNEGO Kerberos SEQUENCE TOK_ID RFC4121 TSRequest TSCredentials NTLM-signature KPASSWD TCP`,
    the last one a Kerberos message behind its length. This looks at the first bytes alone: the token may still turn out
    to be malformed.
    """
    stop = len(data) if stop is None else min(stop, len(data))
    head = data[start : min(start + 24, stop)]
    if not head:
        return None
    if head[:8] == NTLM_SIGNATURE or (len(head) < 8 and len(head) > 3 and NTLM_SIGNATURE.startswith(head)):
        return "NTLM"
    if head[:8] == NEGOEX_SIGNATURE:
        return "NEGOEX"
    if _is_kpasswd(head):
        return "KPASSWD"
    first = head[0]
    if first == 0x60:
        return "GSS" if _body(head)[:1] in (b"", b"\x06") or _fits(head, stop - start) else None
    if first in (0xA0, 0xA1):
        return "SPNEGO" if _body(head)[:1] in (b"", b"\x30") or _fits(head, stop - start) else None
    if first in MESSAGES:
        return "Kerberos" if _body(head)[:1] in (b"", b"\x30") or _fits(head, stop - start) else None
    if _is_per_message(head):
        return "RFC4121"
    if first == 0x30:
        return _bare_sequence(_body(head))
    if first in (1, 2, 3, 4, 5) and len(head) > 2 and head[1] in (0, 1) and (head[2] in MESSAGES or head[2] == 0x30):
        return "TOK_ID"
    if head[:4] == b"\1\0\0\0" and stop - start >= 16:
        return "NTLM-signature"
    return "TCP" if _is_record(head) else None


def _body(head: bytes) -> bytes:
    """What follows the tag and length at the beginning of `head`; empty where `head` ends before that."""
    if len(head) < 2:
        return b""
    return head[2:] if head[1] < 0x80 else head[2 + (head[1] & 0x7F) :]


def _fits(head: bytes, size: int) -> bool:
    """Whether the length at the beginning of `head` is that of all `size` bytes: more than chance can do."""
    if len(head) < 2 or size < 4:
        return False
    count = head[1] & 0x7F if head[1] > 0x80 else 0
    length = int.from_bytes(head[2 : 2 + count]) if count else head[1]
    return 2 + count + length == size


def _size(head: bytes) -> int:
    """The size of the whole element that begins `head`; 0 where its length cannot be read."""
    if len(head) < 2 or head[1] < 0x80:
        return 2 + head[1] if len(head) > 1 else 0
    count = head[1] & 0x7F
    return 2 + count + int.from_bytes(head[2 : 2 + count]) if 1 <= count <= min(8, len(head) - 2) else 0


def _is_kpasswd(head: bytes) -> bool:
    """Whether this begins a message of RFC 3244 2: the lengths of the whole, of AP-REQ or AP-REP and of DER agree."""
    if len(head) < 12 or head[2:4] not in (b"\0\1", b"\xff\x80"):
        return False
    total, ap_size, size = int.from_bytes(head[:2]), int.from_bytes(head[4:6]), _size(head[6:])
    if head[6] == 0x7E:
        return ap_size == 0 and total == 6 + size
    return head[6] in (0x6E, 0x6F) and ap_size == size and total > 6 + size


def _is_record(head: bytes) -> bool:
    """Whether this is a message behind its length as TCP carries it (RFC 4120 7.2.2, RFC 3244 2).

    Where the length is wrong, the message must begin as none but a Kerberos message does.
    """
    length, rest = int.from_bytes(head[:4]) & 0x7FFF_FFFF, head[4:]
    if head[0] not in (0x00, 0x80) or len(rest) < 2:
        return False
    if rest[0] not in MESSAGES:
        return _is_kpasswd(rest) and int.from_bytes(rest[:2]) == length
    size, body = _size(rest), _body(rest)
    if size == length:
        return body[:1] in (b"", b"\x30")
    fills = body[:1] == b"\x30" and size - (len(rest) - len(body)) == _size(body)
    return fills and head[:2] == b"\0\0" and _body(body)[:5] in (b"\xa0\3\2\1\5", b"\xa1\3\2\1\5")


def _is_per_message(head: bytes) -> bool:
    """Whether this is a MIC, Wrap or delete token of RFC 4121 4.2.6: token id, and flags or the filler bytes.

    Where one of the two is odd the other is enough, so that the decoder can say which; but a credential cache begins
    like a Wrap token without flags (`05 04 00`).
    """
    start = head[:2]
    if start == b"\5\4" and len(head) >= 4:
        return head[3] == 0xFF or (len(head) >= 16 and 1 <= head[2] <= 7)
    if start in (b"\4\4", b"\4\5") and len(head) >= 8:
        return head.count(0xFF, 3, 8) >= (3 if head[2] <= 7 else 5)
    return False


#: MS-CSSP 2.2.1: what stands inside the fields of a TSRequest behind its version.
_TSREQUEST_FIELDS = {0xA1: 0x30, 0xA2: 0x04, 0xA3: 0x04, 0xA4: 0x02, 0xA5: 0x04}


def _bare_sequence(body: bytes) -> str | None:
    """A SEQUENCE that begins with pvno and msg-type (a Kerberos message without its APPLICATION tag, or TGT-REQ and
    TGT-REP, which have none), with the version of a TSRequest and one of its fields, or with the credType of
    TSCredentials and a SEQUENCE in an OCTET STRING."""
    first = body[:1]
    if first not in (b"\xa0", b"\xa1") or body[1:4] != b"\3\2\1" or len(body) < 6:
        return None
    second = body[5]
    if body[4] == 5 and second == first[0] + 1 and body[6:9] == b"\3\2\1":
        return "SEQUENCE" if body[9:10] and body[9] in MESSAGE_TYPES else None
    inside = _body(body[5:])[:1]
    if first == b"\xa0" and inside and _TSREQUEST_FIELDS.get(second) == inside[0]:
        # A PrincipalName begins the same; its items are strings.
        return None if second == 0xA1 and _body(_body(body[5:]))[:1] == b"\x1b" else "TSRequest"
    if first == b"\xa0" and body[4] in CRED_TYPES and second == 0xA1 and inside == b"\x04":
        held = _body(_body(body[5:]))
        return "TSCredentials" if held[:1] == b"\x30" and _body(held)[:1] in (b"", b"\xa0") else None
    return None
