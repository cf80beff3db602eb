"""Triple DES: des3-cbc-sha1-kd (RFC 3961 section 6.3), deprecated by RFC 8429 and unknown to Windows."""

from __future__ import annotations

from .block_ciphers import DES3
from .rfc3961 import SimplifiedProfile, n_fold
from .string_to_key import IterationsError, utf8

#: The two byte values of a weak or semi-weak DES key in its first half, and what each becomes in the second.
_HALVES = {0x01: 0x01, 0x1F: 0x0E, 0xE0: 0xF1, 0xFE: 0xFE}
#: The 4 weak and 12 semi-weak keys of DES, parity included.
_WEAK = frozenset(bytes((one, two) * 2 + (_HALVES[one], _HALVES[two]) * 2) for one in _HALVES for two in _HALVES)


def _expand(seed: bytes) -> bytes:
    """Seven random bytes as an 8-byte DES key (section 6.3.1): their lowest bits make the eighth byte; odd parity."""
    last = sum((byte & 1) << place for place, byte in enumerate(seed, 1))
    key = bytearray((*seed, last))
    for place, byte in enumerate(key):
        key[place] = byte & 0xFE | (byte >> 1).bit_count() & 1 ^ 1
    if bytes(key) in _WEAK:
        key[7] ^= 0xF0
    return bytes(key)


class Des3Sha1(SimplifiedProfile):
    """The simplified profile over triple DES in CBC mode. The plaintext is padded with zeros, which stay on it."""

    cipher = DES3
    padding = 8

    def __init__(self) -> None:
        super().__init__(
            16,
            "des3-cbc-sha1-kd",
            key_size=24,
            seed_size=21,
            confounder_size=8,
            mac_size=20,
            checksum_type=12,
        )

    def _random_to_key(self, seed: bytes) -> bytes:
        return b"".join(_expand(seed[at : at + 7]) for at in (0, 7, 14))

    def _encrypt_text(self, key: bytes, text: bytes) -> bytes:
        return DES3.cbc_encrypt(key, text)

    def _decrypt_text(self, key: bytes, data: bytes) -> bytes:
        return DES3.cbc_decrypt(key, data)

    def _string_to_key(self, password: str, salt: bytes, iterations: int | None) -> bytes:
        """Section 6.3.1."""
        if iterations is not None:
            raise IterationsError(f"{self.name} takes no iteration count")
        return self.derive_key(self.random_to_key(n_fold(utf8(password) + salt, self.seed_size)), b"kerberos")


DES3_SHA1 = Des3Sha1()
