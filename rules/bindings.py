"""Channel bindings as NTLM and Kerberos both carry them, 16 bytes: whether two are equal, what the others may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings

    from .case import Case

_END_POINT: Final = b"tls-server-end-point:"
#: By their size.
_DIGESTS: Final = {16: "MD5", 20: "SHA-1", 28: "SHA-224", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512"}


def equal(one: bytes, other: bytes) -> bool:
    """Whether two are equal, in constant time."""
    from hmac import compare_digest

    return compare_digest(one, other)


def other_digest(case: Case, sent: bytes) -> str:
    """The digest with which the certificate given makes what was sent; empty where none but its own does."""
    for other in case.given.other_bindings:
        if equal(sent, other.hash16):
            return _digest(other)
    return ""


def _digest(bindings: ChannelBindings) -> str:
    data = bindings.application_data or b""
    return _DIGESTS.get(len(data) - len(_END_POINT), "another digest")
