"""The Kerberos keys of a password: the salts of RFC 4120 and of Active Directory, and a key for each type, when asked.

MS-KILE 3.1.1.2 has the salts of users and of computers; a KDC says with ETYPE-INFO2 when an account has another.
"""

from __future__ import annotations

from collections.abc import Sequence

from .enctypes import ENCTYPES, enctype
from .kerberos_key import Key
from .ntlm import upper
from .string_to_key import utf8


def default_salt(realm: str, components: Sequence[str]) -> bytes:
    """RFC 4120 section 4: the realm and the components of the name, with nothing between them."""
    return utf8(realm + "".join(components))


def user_salt(realm: str, account: str) -> bytes:
    """A user of Active Directory: the realm in capitals and the account's name as it is spelt there."""
    return utf8(upper(realm) + account)


def computer_salt(realm: str, account: str) -> bytes:
    """A computer of Active Directory, `NAME$` or `NAME`: REALM, "host", the name in small letters, a dot, the realm."""
    return utf8(f"{upper(realm)}host{account.removesuffix('$').lower()}.{realm.lower()}")


class PasswordKeys:
    """A password and a salt, and their keys, each made once, when first asked for. It shows neither."""

    __slots__ = ("_iterations", "_keys", "_password", "salt")

    def __init__(self, password: str, salt: bytes, iterations: int | None = None) -> None:
        self._password = password
        self._iterations = iterations
        self._keys: dict[int, Key] = {}
        self.salt = salt

    def __repr__(self) -> str:
        return "PasswordKeys(…)"

    def key(self, etype: int) -> Key:
        """The key of that encryption type. The iterations given at the start hold for the types that have any."""
        found = self._keys.get(etype)
        if found is None:
            kind = enctype(etype)
            iterations = self._iterations if kind.default_iterations is not None else None
            found = Key(etype, kind.string_to_key(self._password, self.salt, iterations))
            self._keys[etype] = found
        return found

    def salted(self, salt: bytes, iterations: int | None = None) -> PasswordKeys:
        """The keys of the same password with another salt, or other iterations."""
        return PasswordKeys(self._password, salt, self._iterations if iterations is None else iterations)

    def all(self) -> list[Key]:
        """A key of every type that there is."""
        return [self.key(number) for number in ENCTYPES]
