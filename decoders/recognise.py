"""What the first bytes of something say it is."""

from __future__ import annotations

from .tables.kerberos import MESSAGE_TYPES, MESSAGES

NTLM_SIGNATURE = b"NTLMSSP\0"
NEGOEX_SIGNATURE = b"NEGOEXTS"


def recognise(data: bytes, start: int = 0, stop: int | None = None) -> str | None:
    """The kind of token that begins at `start`, None where the bytes begin none we know.

    One of `NTLM NEGOEX GSS SPNEGO Kerberos SEQUENCE TOK_ID RFC4121 TSRequest NTLM-signature`. This looks at the first
    bytes alone: the token may still turn out to be malformed.
    """
    stop = len(data) if stop is None else min(stop, len(data))
    head = data[start : min(start + 24, stop)]
    if not head:
        return None
    if head[:8] == NTLM_SIGNATURE or (len(head) < 8 and len(head) > 3 and NTLM_SIGNATURE.startswith(head)):
        return "NTLM"
    if head[:8] == NEGOEX_SIGNATURE:
        return "NEGOEX"
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
    return None


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


def _is_per_message(head: bytes) -> bool:
    """Whether this is a MIC, Wrap or delete token of RFC 4121 4.2.6: token id, flags and the filler bytes."""
    if len(head) < 16:
        return False
    return (head[:2] == b"\5\4" and head[3] == 0xFF) or (head[:2] in (b"\4\4", b"\4\5") and head[3:8] == b"\xff" * 5)


#: MS-CSSP 2.2.1: what stands inside the fields of a TSRequest behind its version.
_TSREQUEST_FIELDS = {0xA1: 0x30, 0xA2: 0x04, 0xA3: 0x04, 0xA4: 0x02, 0xA5: 0x04}


def _bare_sequence(body: bytes) -> str | None:
    """A SEQUENCE that begins with pvno and msg-type (a Kerberos message without its APPLICATION tag, or TGT-REQ and
    TGT-REP, which have none), or with the version of a TSRequest and one of its fields."""
    first = body[:1]
    if first not in (b"\xa0", b"\xa1") or body[1:4] != b"\3\2\1" or len(body) < 6:
        return None
    second = body[5]
    if body[4] == 5 and second == first[0] + 1 and body[6:9] == b"\3\2\1":
        return "SEQUENCE" if body[9:10] and body[9] in MESSAGE_TYPES else None
    inside = _body(body[5:])[:1]
    if first == b"\xa0" and inside and _TSREQUEST_FIELDS.get(second) == inside[0]:
        return "TSRequest"
    return None
