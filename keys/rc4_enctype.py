"""RC4: rc4-hmac and its export variant (RFC 4757), and the checksums KERB_CHECKSUM_HMAC_MD5 and its keyless-salt twin.

The key is the NT hash of the password. RFC 4757 numbers some usages otherwise than RFC 4120; they are translated here.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager

from .ciphers import CipherMissing, hmac_md5, md5, rc4k
from .enctype import Derived, Enctype, IntegrityError
from .ntlm import ntowf_v1

#: RFC 4757 section 3: the AS-REP's encrypted part counts as the TGS-REP's; the signature of a Wrap token (23) as 13.
#: Usage 9 stays 9, as Windows has it and the RFC's erratum says; the RFC's own 8 is tried second (`derive`).
_USAGES = {3: 8, 23: 13}
_SUBKEY_REPLY = 9
#: What the export variant mixes into the key of a usage, its final NUL included.
_FORTY_BITS = b"fortybits\0"
_DIGEST = 16


@contextmanager
def _needed_here(name: str) -> Iterator[None]:
    """Say of a cipher that the machine lacks that this type needs it."""
    try:
        yield
    except CipherMissing as missing:
        raise CipherMissing(missing.name, name) from None


def usage_bytes(usage: int) -> bytes:
    """T of RFC 4757 section 3: a usage number of RFC 4120 as it goes into RC4's derivation."""
    return _USAGES.get(usage, usage).to_bytes(4, "little")


def signing_key(key: bytes) -> bytes:
    """Ksign of RFC 4757 section 4."""
    return hmac_md5(key, b"signaturekey\0")


def hmac_md5_checksum(key: bytes, usage: int, data: bytes) -> bytes:
    """KERB_CHECKSUM_HMAC_MD5 (-138; RFC 4757 section 4, MS-PAC 2.8.1) with a key of any type."""
    with _needed_here("KERB_CHECKSUM_HMAC_MD5"):
        return hmac_md5(signing_key(key), md5(usage_bytes(usage) + data))


def md5_hmac_checksum(key: bytes, usage: int, data: bytes) -> bytes:
    """Microsoft's older checksum -137: the same with the key itself in place of the one derived from it."""
    with _needed_here("the checksum -137"):
        return hmac_md5(key, md5(usage_bytes(usage) + data))


class Rc4Hmac(Enctype):
    """RFC 4757 section 5: checksum of the text first, then RC4 under a key that the checksum goes into."""

    def __init__(self, number: int, name: str, export: bool) -> None:
        super().__init__(number, name, key_size=16, confounder_size=8, mac_size=_DIGEST, checksum_type=-138)
        self._export = export

    def _usage_key(self, key: bytes, usage: bytes) -> bytes:
        return hmac_md5(key, _FORTY_BITS + usage if self._export else usage)

    def derive(self, key: bytes, usage: int) -> Derived:
        """The key of the usage; of usage 9 also the key of 8, which is what the RFC first said."""
        with _needed_here(self.name):
            own = self._usage_key(key, usage_bytes(usage))
            return (own, self._usage_key(key, usage_bytes(8))) if usage == _SUBKEY_REPLY else (own,)

    def derive_checksum(self, key: bytes, usage: int) -> Derived:
        with _needed_here(self.name):
            return signing_key(key), usage_bytes(usage)

    def _crypt(self, usage_key: bytes, mac: bytes, data: bytes) -> bytes:
        """RC4 under the key of one message; 40 bits and 16 fixed bits of the usage key count in the export variant."""
        return rc4k(hmac_md5(usage_key[:7] + b"\xab" * 9 if self._export else usage_key, mac), data)

    def _seal(self, derived: Derived, text: bytes) -> bytes:
        with _needed_here(self.name):
            mac = hmac_md5(derived[0], text)
            return mac + self._crypt(derived[0], mac, text)

    def _open(self, derived: Derived, data: bytes) -> bytes:
        mac, data = data[:_DIGEST], data[_DIGEST:]
        with _needed_here(self.name):
            for usage_key in derived:
                text = self._crypt(usage_key, mac, data)
                if hmac.compare_digest(hmac_md5(usage_key, text), mac):
                    return text
        raise IntegrityError(self.name)

    def sign(self, derived: Derived, data: bytes) -> bytes:
        with _needed_here(self.name):
            return hmac_md5(derived[0], md5(derived[1] + data))

    def _prf(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA1, 20 bytes. RFC 4757 names no PRF; RFC 6113 needs one, and this is what MIT and Heimdal have."""
        return hmac.digest(key, data, "sha1")

    def _string_to_key(self, password: str, salt: bytes, iterations: int | None) -> bytes:
        """Section 2: the NT hash. There is no salt in it, and parameters are ignored."""
        return ntowf_v1(password)


RC4_HMAC = Rc4Hmac(23, "rc4-hmac", export=False)
RC4_HMAC_EXP = Rc4Hmac(24, "rc4-hmac-exp", export=True)
