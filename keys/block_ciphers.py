"""The block ciphers of Kerberos' encryption types, and the modes they run in: CBC, CBC with ciphertext stealing, CMAC.

The cipher state is always the initial one, zeros: no Kerberos message goes on from another. The library is imported
when the first of them is used; a cipher that it lacks is CipherMissing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .ciphers import CipherMissing, algorithm


class BlockCipher:
    """A cipher by the name that `cryptography` has for it."""

    __slots__ = ("_class", "block_size", "name")

    def __init__(self, name: str, class_name: str, block_size: int) -> None:
        self.name = name
        self.block_size = block_size
        self._class = class_name

    def _context(self, key: bytes, chained: bool, decrypting: bool = False) -> Any:
        """A running encryption or decryption, in CBC mode or in ECB mode."""
        try:
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives.ciphers import Cipher, modes

            kind = algorithm(self._class)
        except (ImportError, AttributeError, RuntimeError):  # RuntimeError: the legacy provider failed to load
            raise CipherMissing(self.name, "this encryption type") from None
        try:
            cipher = Cipher(kind(key), modes.CBC(bytes(self.block_size)) if chained else modes.ECB())
            return cipher.decryptor() if decrypting else cipher.encryptor()
        except UnsupportedAlgorithm:
            raise CipherMissing(self.name, "this encryption type") from None

    def block_encryptor(self, key: bytes) -> Callable[[bytes], bytes]:
        """What encrypts one block after another, each by itself."""
        update: Callable[[bytes], bytes] = self._context(key, chained=False).update
        return update

    def cbc_encrypt(self, key: bytes, text: bytes) -> bytes:
        """CBC; `text` is whole blocks."""
        data: bytes = self._context(key, chained=True).update(text)
        return data

    def cbc_decrypt(self, key: bytes, data: bytes) -> bytes:
        """CBC; `data` is whole blocks."""
        text: bytes = self._context(key, chained=True, decrypting=True).update(data)
        return text

    def cts_encrypt(self, key: bytes, text: bytes) -> bytes:
        """CBC-CTS of RFC 3962 section 5 (CBC-CS3): the last two blocks change places, always; one block is plain CBC.

        `text` is a block or more.
        """
        size = self.block_size
        data = self.cbc_encrypt(key, text + bytes(-len(text) % size))
        if len(text) <= size:
            return data
        swapped = data[: -2 * size] + data[-size:] + data[-2 * size : -size]
        return swapped[: len(text)]

    def cts_decrypt(self, key: bytes, data: bytes) -> bytes:
        """The inverse of `cts_encrypt`."""
        size = self.block_size
        if len(data) <= size:
            return self.cbc_decrypt(key, data)
        last = (len(data) - 1) % size + 1
        at = len(data) - last - size
        moved, cut = data[at : at + size], data[at + size :]
        # What was cut off the last block but one is, under the cipher, the zeros that the text was padded with.
        stolen: bytes = self._context(key, chained=False, decrypting=True).update(moved)
        return self.cbc_decrypt(key, data[:at] + cut + stolen[last:] + moved)[: len(data)]

    def cmac(self, key: bytes, data: bytes) -> bytes:
        """CMAC (NIST SP 800-38B), a block."""
        try:
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives.cmac import CMAC

            kind = algorithm(self._class)
        except (ImportError, AttributeError, RuntimeError):
            raise CipherMissing(self.name, "this encryption type") from None
        try:
            mac = CMAC(kind(key))
        except UnsupportedAlgorithm:
            raise CipherMissing(self.name, "this encryption type") from None
        mac.update(data)
        return mac.finalize()


AES = BlockCipher("AES", "AES", 16)
CAMELLIA = BlockCipher("Camellia", "Camellia", 16)
DES3 = BlockCipher("Triple DES", "TripleDES", 8)
