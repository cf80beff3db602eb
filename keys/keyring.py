"""The Kerberos keys that a server or an admin has: from keytabs, from passwords, one by one; and which fit a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from .found_keys import FoundKeys

if TYPE_CHECKING:
    from .kerberos_key import Key
    from .keytab import Keytab
    from .password_keys import PasswordKeys


class Named(Protocol):
    """What has a principal's name: a key, an account, what a ticket wants."""

    @property
    def realm(self) -> str:
        """Its realm."""
        ...

    @property
    def components(self) -> tuple[str, ...]:
        """The parts of its name."""
        ...


def same_name(one: Named, other: Named) -> bool:
    """Whether two are the same principal; Windows' names, and these, are the same in any case."""
    return _folded(one.realm, one.components) == _folded(other.realm, other.components)


@dataclass(slots=True, eq=False)
class RingKey:
    """One key: whose it is, its version, since when, and what it came from.

    `components` are empty and `realm` is "" where a key was given without a name; it is then tried for all. `kvno` and
    `since` are None where they are not known.
    """

    key: Key
    source: str
    realm: str = ""
    components: tuple[str, ...] = ()
    kvno: int | None = None
    since: datetime | None = None

    @property
    def etype(self) -> int:
        """The encryption type of the key."""
        return self.key.etype

    @property
    def name(self) -> str:
        """`HTTP/web.lab.example@LAB.EXAMPLE`; empty where the key has no name."""
        return "/".join(self.components) + (f"@{self.realm}" if self.realm else "")


class FoundKey(RingKey):
    """A key that no one gave: it stood in a part that was opened, or in a cache. `source` says in words what it is."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Account:
    """A principal whose password is given: its keys are made when a ticket asks for their type."""

    realm: str
    components: tuple[str, ...]
    passwords: tuple[PasswordKeys, ...]  #: one for each salt that may be the account's
    source: str

    def keys(self, etype: int) -> Iterator[RingKey]:
        """A key of that type for each salt."""
        for password in self.passwords:
            yield RingKey(password.key(etype), self.source, self.realm, self.components)


@dataclass(slots=True, eq=False)
class KeyRing:
    """All keys of one run, in the order in which they were given. Its `repr` shows none of them."""

    keys: list[RingKey] = field(default_factory=list, repr=False)
    accounts: list[Account] = field(default_factory=list, repr=False)
    tgt: bytes = field(default=b"", repr=False)  #: the acceptor's own TGT, for user-to-user
    tgt_key: Key | None = field(default=None, repr=False)
    found: FoundKeys = field(default_factory=FoundKeys, repr=False)  #: what unlocked tokens told of others

    def __bool__(self) -> bool:
        return bool(self.keys or self.accounts)

    def add_keytab(self, keytab: Keytab, source: str) -> None:
        """Add every key of a keytab."""
        for entry in keytab.entries:
            self.keys.append(
                RingKey(entry.key, source, entry.realm, entry.components, entry.kvno, _known(entry.timestamp))
            )

    def named(self, realm: str, components: tuple[str, ...]) -> list[RingKey]:
        """The keys of that principal, in whatever case its name is."""
        wanted = _folded(realm, components)
        return [key for key in self.keys if _folded(key.realm, key.components) == wanted]

    def account(self, realm: str, components: tuple[str, ...]) -> Account | None:
        """That principal, in whatever case its name is, where its password is given."""
        wanted = _folded(realm, components)
        return next((one for one in self.accounts if _folded(one.realm, one.components) == wanted), None)

    def candidates(self, realm: str, components: tuple[str, ...], etype: int, kvno: int | None) -> list[RingKey]:
        """The keys of that type, the likeliest first: that name and version, that name, others; newer before older."""
        wanted = _folded(realm, components)
        found = [key for key in self.keys if key.etype == etype]
        found.sort(key=lambda key: key.kvno or 0, reverse=True)
        found.sort(
            key=lambda key: (
                _folded(key.realm, key.components) != wanted,
                kvno is not None and key.kvno is not None and key.kvno != kvno,
            )
        )
        return found

    def from_passwords(self, etype: int) -> Iterator[RingKey]:
        """The keys of that type of all accounts whose password is given; ValueErrors of the type pass through."""
        for account in self.accounts:
            yield from account.keys(etype)

    def principals(self) -> list[str]:
        """The names there are keys of, each once, in order."""
        names: Iterable[str] = (key.name for key in self.keys if key.components)
        accounts = ("/".join(each.components) + f"@{each.realm}" for each in self.accounts)
        return list(dict.fromkeys([*names, *accounts]))


def _known(timestamp: datetime) -> datetime | None:
    """When a key was written; ktpass writes no time, which reads as 1970."""
    return timestamp if timestamp.year > 1970 else None


def _folded(realm: str, components: tuple[str, ...]) -> tuple[str, ...]:
    return realm.casefold(), *(part.casefold() for part in components)
