"""Camellia: camellia128-cts-cmac and camellia256-cts-cmac (RFC 6803)."""

from __future__ import annotations

from .block_ciphers import CAMELLIA
from .rfc3961 import DerivedKeyEnctype
from .string_to_key import pbkdf2


class CamelliaCmac(DerivedKeyEnctype):
    """The shape of RFC 3961's simplified profile, with CMAC for the checksum, for derivation and for the PRF."""

    default_iterations = 32768

    def __init__(self, number: int, bits: int, checksum_type: int) -> None:
        super().__init__(
            number,
            f"camellia{bits}-cts-cmac",
            key_size=bits // 8,
            confounder_size=16,
            mac_size=16,
            checksum_type=checksum_type,
        )

    def derive_key(self, key: bytes, constant: bytes) -> bytes:
        """KDF-FEEDBACK-CMAC (section 3): NIST SP 800-108 in feedback mode."""
        block, stream, number = bytes(CAMELLIA.block_size), b"", 0
        tail = constant + b"\0" + (8 * self.key_size).to_bytes(4, "big")
        while len(stream) < self.key_size:
            number += 1
            block = CAMELLIA.cmac(key, block + number.to_bytes(4, "big") + tail)
            stream += block
        return stream[: self.key_size]

    def _encrypt_text(self, key: bytes, text: bytes) -> bytes:
        return CAMELLIA.cts_encrypt(key, text)

    def _decrypt_text(self, key: bytes, data: bytes) -> bytes:
        return CAMELLIA.cts_decrypt(key, data)

    def _mac(self, key: bytes, data: bytes) -> bytes:
        return CAMELLIA.cmac(key, data)

    def _prf(self, key: bytes, data: bytes) -> bytes:
        """Section 6."""
        return CAMELLIA.cmac(self.derive_key(key, b"prf"), data)

    def _string_to_key(self, password: str, salt: bytes, iterations: int | None) -> bytes:
        """Section 4: the name of the type is part of the salt."""
        salt = self.name.encode() + b"\0" + salt
        return self.derive_key(pbkdf2("sha1", password, salt, iterations, self.key_size), b"kerberos")


CAMELLIA128_CMAC = CamelliaCmac(25, 128, 17)
CAMELLIA256_CMAC = CamelliaCmac(26, 256, 18)
