"""The checksum types by their numbers (RFC 3961 section 8 and its registry, RFC 4757 section 4, MS-KILE 3.1.5.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from .ciphers import md5
from .enctype import KerberosCryptoError
from .enctypes import ENCTYPES
from .kerberos_key import Key
from .md4 import md4
from .rc4_enctype import hmac_md5_checksum, md5_hmac_checksum

HMAC_MD5 = -138
MD5_HMAC = -137


class UnsupportedChecksum(KerberosCryptoError):
    """A checksum type that is not worked with, its `number` and the `reason`; or a key that it does not go with."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"checksum type {number}: {reason}")
        self.number = number
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ChecksumType:
    """A checksum type: what it is called, how many bytes it is, and whether a key goes into it.

    `etype` is the encryption type of the key, None where any will do or none does.
    """

    number: int
    name: str
    size: int
    keyed: bool
    etype: int | None
    _compute: Callable[[bytes, int, bytes], bytes] | None = None

    def compute(self, key: Key | None, usage: int, data: bytes) -> bytes:
        """The checksum of `data`. A type without a key takes none, and minds neither key nor usage."""
        if self.keyed and key is None:
            raise UnsupportedChecksum(self.number, f"{self.name} takes a key")
        if self._compute is not None:
            return self._compute(key.value if key else b"", usage, data)
        if key is None or key.etype != self.etype:
            raise UnsupportedChecksum(self.number, f"{self.name} takes a key of type {self.etype}")
        return key.checksum(usage, data)

    def verify(self, key: Key | None, usage: int, data: bytes, checksum: bytes) -> bool:
        """Whether that is the checksum of `data`, compared in constant time."""
        return compare_digest(self.compute(key, usage, data), checksum)


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _unkeyed(number: int, name: str, size: int, digest: Callable[[bytes], bytes]) -> ChecksumType:
    return ChecksumType(number, name, size, False, None, lambda _key, _usage, data: digest(data))


#: What each encryption type signs with, under the name that the registry has for it.
_OF_ENCTYPES = {
    16: "hmac-sha1-des3-kd",
    17: "hmac-sha1-96-aes128",
    18: "hmac-sha1-96-aes256",
    19: "hmac-sha256-128-aes128",
    20: "hmac-sha384-192-aes256",
    25: "cmac-camellia128",
    26: "cmac-camellia256",
}

CHECKSUM_TYPES: dict[int, ChecksumType] = {
    each.number: each
    for each in (
        *(
            ChecksumType(ENCTYPES[etype].checksum_type, name, ENCTYPES[etype].mac_size, True, etype)
            for etype, name in _OF_ENCTYPES.items()
        ),
        ChecksumType(HMAC_MD5, "KERB_CHECKSUM_HMAC_MD5", 16, True, None, hmac_md5_checksum),
        ChecksumType(MD5_HMAC, "md5-hmac", 16, True, None, md5_hmac_checksum),
        _unkeyed(2, "rsa-md4", 16, md4),
        _unkeyed(7, "rsa-md5", 16, md5),
        _unkeyed(10, "sha1 (unkeyed)", 20, _sha1),
        _unkeyed(14, "sha1 (unkeyed)", 20, _sha1),
        # MS-KILE 3.1.5.3 has SHA-1 without a key under this number.
        _unkeyed(-131, "sha1 (unkeyed)", 20, _sha1),
    )
}

_SINGLE_DES = frozenset((3, 4, 5, 6, 8))
_NO_SINGLE_DES = "checksums under single DES were removed from Kerberos by RFC 6649"
_NO_SUCH = "checksums of this type cannot be computed here"


def checksum_for(number: int) -> ChecksumType:
    """The checksum type of that number, signed or, as C has it in a PAC, unsigned; else UnsupportedChecksum."""
    if 1 << 31 <= number < 1 << 32:
        number -= 1 << 32
    found = CHECKSUM_TYPES.get(number)
    if found is None:
        raise UnsupportedChecksum(number, _NO_SINGLE_DES if number in _SINGLE_DES else _NO_SUCH)
    return found
