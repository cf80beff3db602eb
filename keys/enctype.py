"""What every Kerberos encryption type can do (RFC 3961 section 3), and what goes wrong with it.

An encryption type is stateless: keys go in as bytes. `keys/kerberos_key.py` holds a key together with what is derived
from it. Random bytes, the confounder of a message, are handed in as everywhere in this room.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from hmac import compare_digest
from typing import Final

#: The keys that one message is encrypted or signed with.
Derived = tuple[bytes, ...]

#: What RFC 3961 section 5.3 appends to the usage number: for a checksum, for encryption, for its integrity.
CHECKSUM, ENCRYPTION, INTEGRITY = 0x99, 0xAA, 0x55


class KerberosCryptoError(ValueError):
    """What a Kerberos key, ciphertext or parameter is wrong about. Its text holds nothing of a key."""


class UnsupportedEnctype(KerberosCryptoError):
    """An encryption type that is not worked with: its `number`, its `name` where it has one, and the `reason`."""

    def __init__(self, number: int, name: str | None, reason: str) -> None:
        super().__init__(f"encryption type {number}{f' ({name})' if name else ''}: {reason}")
        self.number = number
        self.name = name
        self.reason = reason


class IntegrityError(KerberosCryptoError):
    """A ciphertext that does not fit its own checksum: another key, another usage or altered bytes; none can tell."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: the checksum does not match: another key, another key usage, or altered bytes")


class LengthError(KerberosCryptoError):
    """A key, seed, confounder or ciphertext of a length that cannot be."""

    def __init__(self, what: str, expected: str, found: int) -> None:
        super().__init__(f"{what} is {expected}, not {found}")
        self.expected = expected
        self.found = found


class Enctype(ABC):
    """One encryption type: its IANA number and name, its sizes in bytes, and its functions."""

    #: The multiple that a plaintext is padded to, with zeros that decryption cannot tell from the text.
    padding: int = 1
    #: The iterations of the string-to-key function where nothing else is said; None where it has no such parameter.
    default_iterations: int | None = None

    def __init__(
        self,
        number: int,
        name: str,
        *,
        key_size: int,
        confounder_size: int,
        mac_size: int,
        checksum_type: int,
        seed_size: int | None = None,
    ) -> None:
        self.number: Final = number
        self.name: Final = name
        self.key_size: Final = key_size
        self.seed_size: Final = key_size if seed_size is None else seed_size
        self.confounder_size: Final = confounder_size
        self.mac_size: Final = mac_size
        self.checksum_type: Final = checksum_type

    def __repr__(self) -> str:
        return f"<Enctype {self.number} {self.name}>"

    # What each type says of itself. Keys and lengths have been checked.

    @abstractmethod
    def derive(self, key: bytes, usage: int) -> Derived:
        """The keys that a message of this usage is encrypted with."""

    @abstractmethod
    def derive_checksum(self, key: bytes, usage: int) -> Derived:
        """The keys that a checksum of this usage is made with."""

    @abstractmethod
    def _seal(self, derived: Derived, text: bytes) -> bytes:
        """Encrypt `text`, which begins with the confounder and is padded."""

    @abstractmethod
    def _open(self, derived: Derived, data: bytes) -> bytes:
        """Decrypt to a text that begins with the confounder; IntegrityError where it does not fit."""

    @abstractmethod
    def sign(self, derived: Derived, data: bytes) -> bytes:
        """The checksum of `data` with keys of `derive_checksum`, `mac_size` bytes."""

    @abstractmethod
    def _prf(self, key: bytes, data: bytes) -> bytes:
        """The pseudo-random function."""

    @abstractmethod
    def _string_to_key(self, password: str, salt: bytes, iterations: int | None) -> bytes:
        """The key of a password."""

    def _random_to_key(self, seed: bytes) -> bytes:
        return seed

    # What the others call.

    def seal(self, derived: Derived, plaintext: bytes, confounder: bytes) -> bytes:
        """Encrypt with keys of `derive`."""
        if len(confounder) != self.confounder_size:
            raise LengthError(f"a confounder of {self.name}", f"{self.confounder_size} bytes", len(confounder))
        text = confounder + plaintext
        return self._seal(derived, text + bytes(-len(text) % self.padding))

    def open(self, derived: Derived, data: bytes) -> bytes:
        """Decrypt with keys of `derive`."""
        least = self.confounder_size + self.mac_size
        if len(data) < least:
            raise LengthError(f"a ciphertext of {self.name}", f"{least} bytes or more", len(data))
        if (len(data) - self.mac_size) % self.padding:
            expected = f"{self.mac_size} bytes and a multiple of {self.padding}"
            raise LengthError(f"a ciphertext of {self.name}", expected, len(data))
        return self._open(derived, data)[self.confounder_size :]

    def encrypt(self, key: bytes, usage: int, plaintext: bytes, confounder: bytes) -> bytes:
        """E of RFC 3961 section 3; `confounder` is `confounder_size` random bytes."""
        return self.seal(self.derive(self.checked(key), usage), plaintext, confounder)

    def decrypt(self, key: bytes, usage: int, data: bytes) -> bytes:
        """D of RFC 3961 section 3, the confounder taken off. Where a type pads, the padding stays on."""
        return self.open(self.derive(self.checked(key), usage), data)

    def checksum(self, key: bytes, usage: int, data: bytes) -> bytes:
        """The checksum of type `checksum_type`, `mac_size` bytes."""
        return self.sign(self.derive_checksum(self.checked(key), usage), data)

    def verify(self, key: bytes, usage: int, data: bytes, checksum: bytes) -> bool:
        """Whether that is the checksum of `data`."""
        return compare_digest(self.checksum(key, usage, data), checksum)

    def prf(self, key: bytes, data: bytes) -> bytes:
        """The pseudo-random function of RFC 3961 section 3."""
        return self._prf(self.checked(key), data)

    def random_to_key(self, seed: bytes) -> bytes:
        """A key of `seed_size` random bytes."""
        if len(seed) != self.seed_size:
            raise LengthError(f"a seed of {self.name}", f"{self.seed_size} bytes", len(seed))
        return self._random_to_key(seed)

    def string_to_key(self, password: str, salt: bytes, iterations: int | None = None) -> bytes:
        """The key of a password, with the default number of iterations where none is given."""
        return self._string_to_key(password, salt, self.default_iterations if iterations is None else iterations)

    def checked(self, key: bytes) -> bytes:
        """The key, if it is as long as one of this type is."""
        if len(key) != self.key_size:
            raise LengthError(f"a key of {self.name}", f"{self.key_size} bytes", len(key))
        return key
