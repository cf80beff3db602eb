"""From a password to a key: its bytes, PBKDF2, and the bounds of the iteration count that comes from outside."""

from __future__ import annotations

import hashlib

from .enctype import KerberosCryptoError
from .ntlm import utf16

#: The most iterations that are worked through, as in MIT's library: the number comes from outside, unauthenticated.
MOST_ITERATIONS = 1 << 24


class IterationsError(KerberosCryptoError):
    """String-to-key parameters that are none, or that ask for more work than is done."""


def utf8(text: str) -> bytes:
    """The UTF-8 of a password or salt. A lone surrogate, which a password made by Windows may have, is U+FFFD there."""
    return utf16(text).decode("utf-16-le", "replace").encode()


def iterations(params: bytes) -> int:
    """The iteration count in the `s2kparams` of ETYPE-INFO2 (RFC 3962 section 4, RFC 8009 section 4): four bytes."""
    if len(params) != 4:
        raise IterationsError(f"string-to-key parameters are 4 bytes, an iteration count, not {len(params)}")
    return bounded(int.from_bytes(params, "big"))


def bounded(count: int | None) -> int:
    """The count, if it is one to work through. In the parameters 0 stands for 2^32 (RFC 3962 section 4)."""
    if count is None or not 1 <= count <= MOST_ITERATIONS:
        raise IterationsError(f"an iteration count is 1 to {MOST_ITERATIONS}, not {count}")
    return count


def pbkdf2(digest: str, password: str, salt: bytes, count: int | None, size: int) -> bytes:
    """PBKDF2 (RFC 8018 section 5.2) with HMAC over `digest`, of the UTF-8 of the password."""
    return hashlib.pbkdf2_hmac(digest, utf8(password), salt, bounded(count), size)
