"""RFC 3961: n-fold, the key derivation DR and DK, and the simplified profile of triple DES and of AES with SHA-1."""

from __future__ import annotations

import hashlib
import hmac
from abc import abstractmethod
from math import lcm

from .block_ciphers import BlockCipher
from .enctype import CHECKSUM, ENCRYPTION, INTEGRITY, Derived, Enctype, IntegrityError, LengthError


def n_fold(data: bytes, size: int) -> bytes:
    """n-fold (section 5.1) of `data` to `size` bytes.

    Copies of the input, each turned right by 13 bits more than the one before, are laid end to end until their length
    is a multiple of `size`; the pieces are added in ones' complement.
    """
    if not data:
        raise LengthError("what is n-folded", "a byte or more", 0)
    bits = 8 * len(data)
    value = int.from_bytes(data, "big")
    copies = bytearray()
    for number in range(lcm(len(data), size) // len(data)):
        turn = 13 * number % bits
        turned = value >> turn | value << bits - turn & (1 << bits) - 1
        copies += turned.to_bytes(len(data), "big")
    total = sum(int.from_bytes(copies[at : at + size], "big") for at in range(0, len(copies), size))
    whole = (1 << 8 * size) - 1
    while total > whole:
        total = (total & whole) + (total >> 8 * size)
    return total.to_bytes(size, "big")


def derive_random(cipher: BlockCipher, key: bytes, constant: bytes, size: int) -> bytes:
    """DR (section 5.1): `size` bytes out of a key and a constant."""
    block = constant if len(constant) == cipher.block_size else n_fold(constant, cipher.block_size)
    encrypt = cipher.block_encryptor(key)
    stream = b""
    while len(stream) < size:
        block = encrypt(block)
        stream += block
    return stream[:size]


class DerivedKeyEnctype(Enctype):
    """A type that derives a key for each purpose from the usage number and a byte, and signs what it encrypts.

    The checksum is that of the text, under a key of its own, and stands after the ciphertext (section 5.3).
    """

    @abstractmethod
    def derive_key(self, key: bytes, constant: bytes) -> bytes:
        """DK: the key derived with a constant."""

    @abstractmethod
    def _encrypt_text(self, key: bytes, text: bytes) -> bytes:
        """The cipher in its mode."""

    @abstractmethod
    def _decrypt_text(self, key: bytes, data: bytes) -> bytes:
        """The inverse of `_encrypt_text`."""

    @abstractmethod
    def _mac(self, key: bytes, data: bytes) -> bytes:
        """The checksum under a derived key, `mac_size` bytes."""

    def usage_key(self, key: bytes, usage: int, purpose: int) -> bytes:
        """Kc, Ke or Ki, as `purpose` is CHECKSUM, ENCRYPTION or INTEGRITY."""
        return self.derive_key(key, usage.to_bytes(4, "big") + bytes((purpose,)))

    def derive(self, key: bytes, usage: int) -> Derived:
        return self.usage_key(key, usage, ENCRYPTION), self.usage_key(key, usage, INTEGRITY)

    def derive_checksum(self, key: bytes, usage: int) -> Derived:
        return (self.usage_key(key, usage, CHECKSUM),)

    def _seal(self, derived: Derived, text: bytes) -> bytes:
        encryption_key, integrity_key = derived
        return self._encrypt_text(encryption_key, text) + self._mac(integrity_key, text)

    def _open(self, derived: Derived, data: bytes) -> bytes:
        encryption_key, integrity_key = derived
        text = self._decrypt_text(encryption_key, data[: -self.mac_size])
        if not hmac.compare_digest(self._mac(integrity_key, text), data[-self.mac_size :]):
            raise IntegrityError(self.name)
        return text

    def sign(self, derived: Derived, data: bytes) -> bytes:
        return self._mac(derived[0], data)


class SimplifiedProfile(DerivedKeyEnctype):
    """The simplified profile (sections 5.2 to 5.4) over HMAC-SHA1."""

    cipher: BlockCipher

    def derive_key(self, key: bytes, constant: bytes) -> bytes:
        return self.random_to_key(derive_random(self.cipher, key, constant, self.seed_size))

    def _mac(self, key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, "sha1")[: self.mac_size]

    def _prf(self, key: bytes, data: bytes) -> bytes:
        """Section 5.3: as many whole blocks of the SHA-1 digest as there are, encrypted under DK(key, "prf")."""
        digest = hashlib.sha1(data, usedforsecurity=False).digest()
        whole = digest[: len(digest) // self.cipher.block_size * self.cipher.block_size]
        return self._encrypt_text(self.derive_key(key, b"prf"), whole)
