"""Keytabs: MIT's file format 0x0501 and 0x0502, and what Heimdal appends to an entry.

After two bytes of version come entries, each after its size as a signed number: less than zero is a hole, zero the end.
0x0502 is big-endian; 0x0501 is in the byte order of the machine that wrote it, counts the realm among the components
and has no name type. An entry may be shorter than its size, since it may fill an old hole. Where 4 bytes or more are
left after the key they are, unless zero, the key's version in 32 bits; Heimdal has flags in the next 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from .kerberos_key import Key

ByteOrder = Literal["big", "little"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAGIC = 5
_VERSIONS = (1, 2)
#: krb5_unparse_name(3): what is escaped in a component.
_ESCAPES = {"\\": "\\\\", "/": "\\/", "@": "\\@", "\n": "\\n", "\t": "\\t", "\b": "\\b", "\0": "\\0"}
_COMPONENT_ESCAPES = str.maketrans(_ESCAPES)
_REALM_ESCAPES = str.maketrans({sign: text for sign, text in _ESCAPES.items() if sign != "/"})


def principal_text(components: Iterable[str], realm: str) -> str:
    """`component/component@REALM`, escaped as `klist` shows it."""
    name = "/".join(component.translate(_COMPONENT_ESCAPES) for component in components)
    return f"{name}@{realm.translate(_REALM_ESCAPES)}"


class KeytabError(ValueError):
    """What is wrong with a keytab: at which byte, in which entry (from 1; None before the first), expected and found.

    Its text holds nothing of a key.
    """

    def __init__(self, offset: int, entry: int | None, expected: str, found: str) -> None:
        where = f"entry {entry} of the keytab" if entry else "the keytab"
        super().__init__(f"{where}, byte {offset}: expected {expected}, found {found}")
        self.offset = offset
        self.entry = entry
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class KeytabEntry:
    """One key. It lies, its size field left out, at `offset` and is `size` bytes long.

    `kvno` is the version that counts; `kvno8` the one byte of it that every entry has, `kvno32` the later field. The
    name type is None in version 0x0501, `flags` where Heimdal's field is not there.
    """

    offset: int
    size: int
    realm: str
    components: tuple[str, ...]
    name_type: int | None
    timestamp: datetime
    kvno8: int
    kvno32: int | None
    flags: int | None
    key: Key

    @property
    def kvno(self) -> int:
        """The key version number: that of 32 bits, unless it is absent or zero."""
        return self.kvno32 or self.kvno8

    @property
    def etype(self) -> int:
        """The encryption type of the key."""
        return self.key.etype

    @property
    def principal(self) -> str:
        """`component/component@REALM`, escaped as `klist` shows it."""
        return principal_text(self.components, self.realm)


@dataclass(frozen=True, slots=True)
class Hole:
    """Where an entry was removed: `size` bytes at `offset`, its size field left out."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Keytab:
    """A keytab as read. Where there is a `problem`, reading ended there, and the entries are those before it."""

    version: int
    byte_order: ByteOrder
    entries: tuple[KeytabEntry, ...]
    holes: tuple[Hole, ...]
    problem: KeytabError | None


def read_keytab(data: bytes) -> Keytab:
    """Read a keytab. KeytabError where it is none; what is wrong further on is the result's `problem`."""
    if len(data) < 2 or data[0] != _MAGIC or data[1] not in _VERSIONS:
        raise KeytabError(0, None, "05 01 or 05 02", data[:2].hex(" ") or "nothing")
    if data[1] == 2:
        return _Reader(data, "big").read()
    little, big = _Reader(data, "little").read(), _Reader(data, "big").read()
    return max(little, big, key=_read_well)


def _read_well(keytab: Keytab) -> tuple[bool, int, int]:
    """How far a byte order came: that which fits more is the one that was written."""
    problem = keytab.problem
    return problem is None, len(keytab.entries), problem.offset if problem else 0


class _Reader:
    """A walk through the bytes in one byte order: where it is, where the entry ends, and which entry it is."""

    def __init__(self, data: bytes, byte_order: ByteOrder) -> None:
        self.data = data
        self.version = data[1]
        self.byte_order: ByteOrder = byte_order
        self.at = 2
        self.end = len(data)
        self.entries: list[KeytabEntry] = []
        self.holes: list[Hole] = []

    def read(self) -> Keytab:
        """Every entry to the end of the file, or to the first problem."""
        problem = None
        try:
            while self._next():
                pass
        except KeytabError as error:
            problem = error
        return Keytab(self.version, self.byte_order, tuple(self.entries), tuple(self.holes), problem)

    def _next(self) -> bool:
        """The next entry or hole; whether there was one."""
        self.end = len(self.data)
        if self._only_zeros():
            return False
        start = self.at
        size = self._number("the size of an entry", 4, signed=True)
        if size == 0:
            raise self._error(start, "nothing but zeros after the size 0 that ends a keytab", "other bytes")
        left = self.end - self.at
        if abs(size) > left:
            what = "a hole" if size < 0 else "an entry"
            raise self._error(start, f"{what} within the {left} bytes that are left", f"one of {abs(size)} bytes")
        after = self.at + abs(size)
        if size < 0:
            self.holes.append(Hole(self.at, -size))
        else:
            self.end = after
            self.entries.append(self._entry())
        self.at = after
        return True

    def _only_zeros(self) -> bool:
        """Whether what is left, if anything, is the zeros that end a keytab or pad it."""
        # A look at the whole of the rest before each entry would take quadratic time.
        if any(self.data[self.at : self.at + 4]):
            return False
        return not self.data[self.at :].strip(b"\0")

    def _entry(self) -> KeytabEntry:
        offset = self.at
        count = self._number("the number of components", 2)
        if self.version == 1:
            if count == 0:
                raise self._error(offset, "1 component or more, the realm being the first", "0")
            count -= 1
        realm = self._text("the realm")
        components = tuple(self._text(f"component {number}") for number in range(1, count + 1))
        name_type = self._number("the name type", 4, signed=True) if self.version != 1 else None
        timestamp = _EPOCH + timedelta(seconds=self._number("the timestamp", 4))
        kvno8 = self._number("the key version", 1)
        etype = self._number("the encryption type", 2, signed=True)
        key = Key(etype, self._bytes("the key"))
        kvno32 = self._number("the key version in 32 bits", 4) if self.end - self.at >= 4 else None
        flags = self._number("the flags", 4) if self.end - self.at >= 4 else None
        size = self.end - offset
        return KeytabEntry(offset, size, realm, components, name_type, timestamp, kvno8, kvno32, flags, key)

    def _number(self, what: str, size: int, signed: bool = False) -> int:
        return int.from_bytes(self._take(what, size), self.byte_order, signed=signed)

    def _bytes(self, what: str) -> bytes:
        """Bytes after their length in two."""
        return self._take(what, self._number(f"the length of {what}", 2))

    def _text(self, what: str) -> str:
        return self._bytes(what).decode("utf-8", "backslashreplace")

    def _take(self, what: str, size: int) -> bytes:
        left = self.end - self.at
        if size > left:
            raise self._error(self.at, f"{what} in {size} byte{'s' * (size != 1)}", f"{left} left")
        self.at += size
        return self.data[self.at - size : self.at]

    def _error(self, offset: int, expected: str, found: str) -> KeytabError:
        return KeytabError(offset, len(self.entries) + 1, expected, found)
