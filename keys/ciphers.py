"""The old ciphers that NTLM is made of: RC4, DES, MD5 and HMAC-MD5 (MS-NLMP section 6).

RC4 and DES come from the decrepit part of `cryptography`, which is imported when the first of them is used. A crypto
library without one of them (FIPS mode, no legacy provider) raises `CipherMissing`.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

#: What `cryptography` calls the ciphers, and what the world does.
_SPOKEN = {"ARC4": "RC4", "TripleDES": "DES"}
_CHUNK = 1 << 16
#: Keystream bytes that a saved state may claim, a gibibyte: replaying more would stall whoever resumes it.
FURTHEST = 1 << 30


class CipherMissing(RuntimeError):
    """The crypto library of this machine lacks `name`, which `needed_by` cannot do without."""

    def __init__(self, name: str, needed_by: str = "NTLM") -> None:
        super().__init__(
            f"the crypto library here has no {name}, which {needed_by} needs: enable OpenSSL's legacy provider,"
            " or work where FIPS mode is off"
        )
        self.name = name


def _encryptor(name: str, key: bytes) -> Any:
    """A running encryption: RC4 with `key`, or DES in ECB mode (TripleDES with three times the same key)."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.ciphers import Cipher, modes

        kind = algorithm(name)
    except (ImportError, AttributeError, RuntimeError):  # RuntimeError: the legacy provider failed to load
        raise CipherMissing(_SPOKEN[name]) from None
    try:
        return Cipher(kind(key), None if name == "ARC4" else modes.ECB()).encryptor()
    except UnsupportedAlgorithm:
        raise CipherMissing(_SPOKEN[name]) from None


def algorithm(name: str) -> Any:
    """The class `name` of `cryptography`, `ARC4` or `TripleDES` for instance, from where its version keeps it."""
    try:
        from cryptography.hazmat.decrepit.ciphers import algorithms as decrepit

        return getattr(decrepit, name)
    except (ImportError, AttributeError):
        from cryptography.hazmat.primitives.ciphers import algorithms

        return getattr(algorithms, name)


class Rc4:
    """An RC4 stream whose state is two plain values: the key, and how many bytes of keystream are consumed.

    `cryptography` gives no way to take a running RC4 out of a process; so the state is saved as those two and the
    keystream is replayed when the stream goes on. `position` may be set, back or forth.
    """

    __slots__ = ("_at", "_key", "_stream", "position")

    def __init__(self, key: bytes, position: int = 0) -> None:
        if not 0 <= position <= FURTHEST:
            raise ValueError("an RC4 position out of bounds")
        self._key = key
        self._stream: Any = None
        self._at = 0
        self.position = position

    def __repr__(self) -> str:
        return f"Rc4(position={self.position})"

    def crypt(self, data: bytes) -> bytes:
        """Encrypt or decrypt `data`, and go on by its length."""
        if self._stream is None or self._at != self.position:
            self._replay()
        result: bytes = self._stream.update(data)
        self._at = self.position = self.position + len(data)
        return result

    def _replay(self) -> None:
        """Bring a fresh stream to `position`."""
        self._stream = _encryptor("ARC4", self._key)
        left = self.position
        while left:
            step = min(left, _CHUNK)
            self._stream.update(bytes(step))
            left -= step

    def copy(self) -> Rc4:
        """Another stream at the same place."""
        return Rc4(self._key, self.position)

    def save(self) -> tuple[bytes, int]:
        """The whole state, (key, position), from which `Rc4(*saved)` goes on in any process. It holds the key."""
        return self._key, self.position


def rc4k(key: bytes, data: bytes) -> bytes:
    """RC4K(K, D) of MS-NLMP section 6: one message under a key of its own; its own inverse."""
    return Rc4(key).crypt(data)


def des(key: bytes, block: bytes) -> bytes:
    """DES(K, D) of MS-NLMP section 6: encrypt an 8-byte block with a 7-byte key (the parity bits left out)."""
    bits = int.from_bytes(key, "big")
    spread = bytes((bits >> shift & 0x7F) << 1 for shift in range(49, -1, -7))
    result: bytes = _encryptor("TripleDES", spread * 3).update(block)
    return result


def desl(key: bytes, block: bytes) -> bytes:
    """DESL(K, D) of MS-NLMP section 6: an 8-byte block three times under the thirds of a 16-byte key; 24 bytes."""
    padded = key + bytes(5)
    return b"".join(des(padded[at : at + 7], block) for at in (0, 7, 14))


def _md5(data: bytes = b"") -> Any:
    try:
        return hashlib.md5(data, usedforsecurity=False)
    except ValueError:
        raise CipherMissing("MD5") from None


def md5(data: bytes) -> bytes:
    """The 16-byte MD5 digest (RFC 1321)."""
    digest: bytes = _md5(data).digest()
    return digest


def hmac_md5(key: bytes, data: bytes) -> bytes:
    """HMAC-MD5 (RFC 2104), 16 bytes."""
    return hmac.new(key, data, _md5).digest()
