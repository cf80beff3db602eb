"""A Kerberos key: its type, its bytes, and what was derived from it. It shows neither bytes nor derived keys."""

from __future__ import annotations

from hmac import compare_digest

from .enctype import Derived, Enctype
from .enctypes import enctype

#: How many derived keys are kept: a context uses fewer than ten usages.
_KEPT = 32
_PRF_PLUS_MOST = 255


class Key:
    """A key of encryption type `etype`, any number: that it is one to work with is seen when it is used.

    `value` is the secret. Derived keys are kept, so that the next message of the same usage costs none.
    """

    __slots__ = ("_derived", "etype", "value")

    def __init__(self, etype: int, value: bytes) -> None:
        self.etype = etype
        self.value = value
        self._derived: dict[tuple[int, bool], Derived] = {}

    def __repr__(self) -> str:
        return f"Key(etype={self.etype}, …)"

    @property
    def enctype(self) -> Enctype:
        """The encryption type; UnsupportedEnctype where it is none to work with."""
        return enctype(self.etype)

    def encrypt(self, usage: int, plaintext: bytes, confounder: bytes) -> bytes:
        """Encrypt a message; `confounder` is as many random bytes as the type says."""
        return self.enctype.seal(self._keys(usage), plaintext, confounder)

    def decrypt(self, usage: int, data: bytes) -> bytes:
        """Decrypt a message; IntegrityError where it does not fit this key and usage."""
        return self.enctype.open(self._keys(usage), data)

    def decrypt_der(self, usage: int, data: bytes) -> bytes:
        """Decrypt a message that is one DER value, and take off the zeros that triple DES pads it with."""
        plain = self.decrypt(usage, data)
        padding = self.enctype.padding
        if padding == 1:
            return plain
        from secctx.decoders.der import announced_end  # the other types do without it

        end = announced_end(plain)
        if end is not None and len(plain) - padding < end < len(plain) and not any(plain[end:]):
            return plain[:end]
        return plain

    def checksum(self, usage: int, data: bytes) -> bytes:
        """The checksum of the type's own checksum type."""
        return self.enctype.sign(self._keys(usage, signing=True), data)

    def verify(self, usage: int, data: bytes, checksum: bytes) -> bool:
        """Whether that is the checksum of `data`, compared in constant time."""
        return compare_digest(self.checksum(usage, data), checksum)

    def _keys(self, usage: int, signing: bool = False) -> Derived:
        found = self._derived.get((usage, signing))
        if found is None:
            kind = self.enctype
            derive = kind.derive_checksum if signing else kind.derive
            found = derive(kind.checked(self.value), usage)
            if len(self._derived) >= _KEPT:
                del self._derived[next(iter(self._derived))]
            self._derived[usage, signing] = found
        return found

    def prf_plus(self, pepper: bytes, size: int) -> bytes:
        """PRF+ (RFC 6113 section 5.1): the PRF of a counting byte and the pepper, as often as `size` bytes take."""
        kind, stream, count = self.enctype, b"", 0
        while len(stream) < size:
            count += 1
            if count > _PRF_PLUS_MOST:
                raise ValueError("PRF+ gives no more than 255 blocks")
            stream += kind.prf(self.value, bytes((count,)) + pepper)
        return stream[:size]


def fx_cf2(one: Key, other: Key, pepper_one: bytes, pepper_other: bytes) -> Key:
    """KRB-FX-CF2 (RFC 6113 section 5.1): two keys made into one, of the type of the first."""
    size = one.enctype.seed_size
    left, right = one.prf_plus(pepper_one, size), other.prf_plus(pepper_other, size)
    mixed = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return Key(one.etype, one.enctype.random_to_key(mixed.to_bytes(size, "big")))
