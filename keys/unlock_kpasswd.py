"""What a KRB-PRIV holds: an application's data, or in a password change the new password or the result (RFC 3244 2)."""

from __future__ import annotations

from typing import Final

from secctx.decoders.decode import open_token
from secctx.decoders.der import contents_at
from secctx.decoders.kerberos_parts_asn1 import ChangePasswdData, EncKrbPrivPart
from secctx.decoders.kpasswd import read_result
from secctx.decoders.opening import open_if_whole
from secctx.decoders.reading import Reading
from secctx.decoders.values import SECRET, STRUCT, Decoded, Node

from .sealed import Read, reads

REQUEST: Final = "KPASSWD-REQ"
REPLY: Final = "KPASSWD-REP"


def reader(message: str) -> Read:
    """What reads the plaintext of a KRB-PRIV that stands in `message`, or by itself.

    A request of the first protocol holds the password and nothing else, so what is no ChangePasswdData there is one.
    """

    def read(plain: bytes) -> Decoded:
        decoded = reads(EncKrbPrivPart)(plain)
        data = decoded.root.child("user-data")
        if data is not None and isinstance(data.value, bytes):
            _open(plain, data, message)
        return decoded

    return read


def _open(plain: bytes, data: Node, message: str) -> None:
    body, end = contents_at(plain, data.start), data.stop
    if message == REPLY:
        if end - body >= 2:
            data.kind, data.value, data.start, data.children = (
                STRUCT,
                None,
                body,
                read_result(Reading(plain, open_token), body, end),
            )
        return
    if not open_if_whole(Reading(plain, open_token), data, ChangePasswdData, body, end) and message == REQUEST:
        data.kind = SECRET
