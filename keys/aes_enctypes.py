"""AES: aes128- and aes256-cts-hmac-sha1-96 (RFC 3962), aes128-cts-hmac-sha256-128 and aes256-cts-hmac-sha384-192
(RFC 8009)."""

from __future__ import annotations

import hmac

from .block_ciphers import AES
from .enctype import Derived, IntegrityError
from .rfc3961 import DerivedKeyEnctype, SimplifiedProfile
from .string_to_key import pbkdf2


class AesSha1(SimplifiedProfile):
    """RFC 3962: the simplified profile, with ciphertext stealing in place of padding."""

    cipher = AES
    default_iterations = 4096

    def __init__(self, number: int, bits: int, checksum_type: int) -> None:
        super().__init__(
            number,
            f"aes{bits}-cts-hmac-sha1-96",
            key_size=bits // 8,
            confounder_size=16,
            mac_size=12,
            checksum_type=checksum_type,
        )

    def _encrypt_text(self, key: bytes, text: bytes) -> bytes:
        return AES.cts_encrypt(key, text)

    def _decrypt_text(self, key: bytes, data: bytes) -> bytes:
        return AES.cts_decrypt(key, data)

    def _string_to_key(self, password: str, salt: bytes, iterations: int | None) -> bytes:
        """Section 4."""
        return self.derive_key(pbkdf2("sha1", password, salt, iterations, self.key_size), b"kerberos")


class AesSha2(DerivedKeyEnctype):
    """RFC 8009: encrypt, then sign the ciphertext; keys by the KDF of NIST SP 800-108 in counter mode."""

    default_iterations = 32768

    def __init__(self, number: int, bits: int, digest_bits: int, checksum_type: int) -> None:
        super().__init__(
            number,
            f"aes{bits}-cts-hmac-sha{digest_bits}-{digest_bits // 2}",
            key_size=bits // 8,
            confounder_size=16,
            mac_size=digest_bits // 16,
            checksum_type=checksum_type,
        )
        self.digest = f"sha{digest_bits}"
        self._digest_size = digest_bits // 8

    def kdf(self, key: bytes, label: bytes, size: int, context: bytes = b"") -> bytes:
        """KDF-HMAC-SHA2 (section 3); one block of it is enough for every size that is asked for."""
        message = b"\0\0\0\1" + label + b"\0" + context + (8 * size).to_bytes(4, "big")
        return hmac.digest(key, message, self.digest)[:size]

    def derive_key(self, key: bytes, constant: bytes) -> bytes:
        return self.kdf(key, constant, self.key_size)

    def derive(self, key: bytes, usage: int) -> Derived:
        number = usage.to_bytes(4, "big")
        return self.kdf(key, number + b"\xaa", self.key_size), self.kdf(key, number + b"\x55", self.mac_size)

    def derive_checksum(self, key: bytes, usage: int) -> Derived:
        return (self.kdf(key, usage.to_bytes(4, "big") + b"\x99", self.mac_size),)

    def _encrypt_text(self, key: bytes, text: bytes) -> bytes:
        return AES.cts_encrypt(key, text)

    def _decrypt_text(self, key: bytes, data: bytes) -> bytes:
        return AES.cts_decrypt(key, data)

    def _mac(self, key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, self.digest)[: self.mac_size]

    def _seal(self, derived: Derived, text: bytes) -> bytes:
        """Section 5: the checksum is that of the cipher state, a zero block, and the ciphertext."""
        encryption_key, integrity_key = derived
        data = self._encrypt_text(encryption_key, text)
        return data + self._mac(integrity_key, bytes(AES.block_size) + data)

    def _open(self, derived: Derived, data: bytes) -> bytes:
        encryption_key, integrity_key = derived
        data, mac = data[: -self.mac_size], data[-self.mac_size :]
        if not hmac.compare_digest(self._mac(integrity_key, bytes(AES.block_size) + data), mac):
            raise IntegrityError(self.name)
        return self._decrypt_text(encryption_key, data)

    def _prf(self, key: bytes, data: bytes) -> bytes:
        """Section 5: the whole digest."""
        return self.kdf(key, b"prf", self._digest_size, data)

    def _string_to_key(self, password: str, salt: bytes, iterations: int | None) -> bytes:
        """Section 4: the name of the type is part of the salt."""
        salt = self.name.encode() + b"\0" + salt
        return self.derive_key(pbkdf2(self.digest, password, salt, iterations, self.key_size), b"kerberos")


AES128_SHA1 = AesSha1(17, 128, 15)
AES256_SHA1 = AesSha1(18, 256, 16)
AES128_SHA256 = AesSha2(19, 128, 256, 19)
AES256_SHA384 = AesSha2(20, 256, 384, 20)
