"""Credential caches: MIT's and Heimdal's FILE format in its versions 0x0501 to 0x0504.

After two bytes of version come, in 0x0504 alone, a header of tagged fields, of which one is known (how far the KDC's
clock is ahead); then the default principal, then credentials to the end of the file, without a count or a frame around
them. 0x0501 and 0x0502 are in the byte order of the machine that wrote them; 0x0501 has no name types and counts the
realm among the components; 0x0503 has the encryption type of a key twice. A credential whose server's realm is
`X-CACHECONF:` is a setting: its name is the second component, its value stands in the place of the ticket. A credential
that was removed stays, marked by its times or, for a setting, by the realm `X-RMED-CONF:`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from .kerberos_key import Key
from .keytab import principal_text

ByteOrder = Literal["big", "little"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAGIC = 5
_VERSIONS = (1, 2, 3, 4)
_DELTATIME = 1
_CONFIGURATION: Final = "X-CACHECONF:"
_REMOVED_CONFIGURATION: Final = "X-RMED-CONF:"
_CONFIGURATION_NAME: Final = "krb5_ccache_conf_data"
#: The authtime of a credential that MIT removed: -1.
_NEVER = 0xFFFFFFFF


class CcacheError(ValueError):
    """What is wrong with a cache: at which byte, in which entry (from 1; None before the first), expected and found.

    Its text holds nothing of a key.
    """

    def __init__(self, offset: int, entry: int | None, expected: str, found: str) -> None:
        where = f"entry {entry} of the credential cache" if entry else "the credential cache"
        super().__init__(f"{where}, byte {offset}: expected {expected}, found {found}")
        self.offset = offset
        self.entry = entry
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Principal:
    """A name and its realm; the name type is None in version 0x0501."""

    realm: str
    components: tuple[str, ...]
    name_type: int | None

    @property
    def text(self) -> str:
        """`component/component@REALM`, escaped as `klist` shows it."""
        return principal_text(self.components, self.realm)


@dataclass(frozen=True, slots=True)
class Typed:
    """A host address or an item of authorization data: its type and its bytes."""

    type: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket as it stands in the file, at `offset`."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Credential:
    """One ticket with its session key; it lies at `offset` and is `size` bytes long, and is number `entry` of the file.

    What a .kirbi leaves out is None, and so is a time that is zero.
    """

    entry: int
    offset: int
    size: int
    client: Principal | None
    server: Principal | None
    key: Key | None
    authtime: datetime | None
    starttime: datetime | None
    endtime: datetime | None
    renew_till: datetime | None
    is_skey: bool | None
    flags: int | None
    addresses: tuple[Typed, ...]
    authdata: tuple[Typed, ...]
    ticket: Held
    second_ticket: Held
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration entry: its name, the principal that it is about (None: the whole cache) and its value.

    Some values are secrets: Heimdal keeps passwords and private keys so.
    """

    entry: int
    offset: int
    size: int
    name: str
    principal: str | None
    value: bytes
    removed: bool

    def __repr__(self) -> str:
        return f"Setting(entry={self.entry}, name={self.name!r}, …)"


@dataclass(frozen=True, slots=True)
class Ccache:
    """A cache as read. Where there is a `problem`, reading ended there, and the entries are those before it.

    `time_offset` is how far the KDC's clock was ahead, where the header says so; `tags` are the other fields there.
    """

    version: int
    byte_order: ByteOrder
    time_offset: timedelta | None
    tags: tuple[int, ...]
    client: Principal | None
    credentials: tuple[Credential, ...]
    settings: tuple[Setting, ...]
    problem: CcacheError | None


def read_ccache(data: bytes) -> Ccache:
    """Read a cache. CcacheError where it is none; what is wrong further on is the result's `problem`."""
    if len(data) < 2 or data[0] != _MAGIC or data[1] not in _VERSIONS:
        raise CcacheError(0, None, "05 01 to 05 04", data[:2].hex(" ") or "nothing")
    if data[1] > 2:
        return _Reader(data, "big").read()
    little, big = _Reader(data, "little").read(), _Reader(data, "big").read()
    return max(little, big, key=_read_well)


def _read_well(cache: Ccache) -> tuple[bool, bool, int, int]:
    """How far a byte order came: that which fits more is the one that was written."""
    problem = cache.problem
    count = len(cache.credentials) + len(cache.settings)
    return problem is None, cache.client is not None, count, problem.offset if problem else 0


class _Reader:
    """A walk through the bytes in one byte order: where it is, and which entry it is in (0: before the first)."""

    def __init__(self, data: bytes, byte_order: ByteOrder) -> None:
        self.data = data
        self.version = data[1]
        self.byte_order: ByteOrder = byte_order
        self.at = 2
        self.end = len(data)
        self.entry = 0
        self.time_offset: timedelta | None = None
        self.tags: list[int] = []
        self.client: Principal | None = None
        self.credentials: list[Credential] = []
        self.settings: list[Setting] = []

    def read(self) -> Ccache:
        """Everything to the end of the file, or to the first problem."""
        problem = None
        try:
            if self.version == 4:
                self._header()
            self.client = self._principal("the default principal")
            while self.at < self.end:
                self.entry += 1
                self._credential()
        except CcacheError as error:
            problem = error
        return Ccache(
            self.version,
            self.byte_order,
            self.time_offset,
            tuple(self.tags),
            self.client,
            tuple(self.credentials),
            tuple(self.settings),
            problem,
        )

    def _header(self) -> None:
        """The tagged fields; those whose tag is unknown are stepped over."""
        size = self._number("the length of the header", 2)
        if size > self.end - self.at:
            raise self._error(self.at, f"a header in {size} bytes", f"{self.end - self.at} left")
        whole, self.end = self.end, self.at + size
        while self.at < self.end:
            start = self.at
            tag = self._number("the tag of a header field", 2)
            value = self._take("a header field", self._number("the length of a header field", 2))
            if tag != _DELTATIME:
                self.tags.append(tag)
                continue
            if len(value) != 8:
                raise self._error(start, "a time offset in 8 bytes", f"{len(value)} bytes")
            seconds, microseconds = (int.from_bytes(part, "big", signed=True) for part in (value[:4], value[4:]))
            self.time_offset = timedelta(seconds=seconds, microseconds=microseconds)
        self.end = whole

    def _principal(self, what: str) -> Principal:
        name_type = self._number(f"the name type of {what}", 4, signed=True) if self.version != 1 else None
        start = self.at
        count = self._number(f"the number of components of {what}", 4)
        if self.version == 1:
            if count == 0:
                raise self._error(start, f"1 component or more in {what}, the realm being the first", "0")
            count -= 1
        self._room(start, "components", count, 4)
        realm = self._text(f"the realm of {what}")
        return Principal(realm, tuple(self._text(f"a component of {what}") for _ in range(count)), name_type)

    def _credential(self) -> None:
        start = self.at
        client, server = self._principal("the client"), self._principal("the server")
        etype = self._number("the encryption type", 2, signed=True)
        if self.version == 3:
            self._number("the second encryption type", 2)
        key = Key(etype, self._bytes("the key"))
        authtime, starttime, endtime, renew_till = (
            self._number(f"the {what}", 4) for what in ("authtime", "starttime", "endtime", "renew_till")
        )
        is_skey = self._number("is_skey", 1) != 0
        flags = self._number("the ticket flags", 4)
        addresses, authdata = self._typed("addresses"), self._typed("authdata")
        ticket, second = self._held("the ticket"), self._held("the second ticket")
        size = self.at - start
        if _is_setting(server):
            about = server.components[2] if len(server.components) == 3 else None
            name, removed = server.components[1], server.realm == _REMOVED_CONFIGURATION
            self.settings.append(Setting(self.entry, start, size, name, about, ticket.data, removed))
            return
        removed = authtime == _NEVER and endtime == 0
        self.credentials.append(
            Credential(
                entry=self.entry,
                offset=start,
                size=size,
                client=client,
                server=server,
                key=key,
                authtime=None if removed else _time(authtime),
                starttime=_time(starttime),
                endtime=_time(endtime),
                renew_till=_time(renew_till),
                is_skey=is_skey,
                flags=flags,
                addresses=addresses,
                authdata=authdata,
                ticket=ticket,
                second_ticket=second,
                removed=removed,
            )
        )

    def _typed(self, what: str) -> tuple[Typed, ...]:
        """Addresses or authorization data: a count, then a type in two bytes and the value of each."""
        start = self.at
        count = self._number(f"the number of {what}", 4)
        self._room(start, what, count, 6)
        signed = what == "authdata"
        return tuple(
            Typed(self._number(f"a type of {what}", 2, signed=signed), self._bytes(f"one of the {what}"))
            for _ in range(count)
        )

    def _room(self, start: int, what: str, count: int, least: int) -> None:
        """Refuse a count of more things than there is room for, each taking `least` bytes."""
        left = self.end - self.at
        if count * least > left:
            raise self._error(start, f"no more {what} than {left} bytes can hold", f"{count}")

    def _number(self, what: str, size: int, signed: bool = False) -> int:
        return int.from_bytes(self._take(what, size), self.byte_order, signed=signed)

    def _held(self, what: str) -> Held:
        data = self._bytes(what)
        return Held(self.at - len(data), data)

    def _bytes(self, what: str) -> bytes:
        """Bytes after their length in four."""
        return self._take(what, self._number(f"the length of {what}", 4))

    def _text(self, what: str) -> str:
        return self._bytes(what).decode("utf-8", "backslashreplace")

    def _take(self, what: str, size: int) -> bytes:
        left = self.end - self.at
        if size > left:
            raise self._error(self.at, f"{what} in {size} byte{'s' * (size != 1)}", f"{left} left")
        self.at += size
        return self.data[self.at - size : self.at]

    def _error(self, offset: int, expected: str, found: str) -> CcacheError:
        return CcacheError(offset, self.entry or None, expected, found)


def _is_setting(server: Principal) -> bool:
    """Whether a credential with this server is a configuration entry."""
    realms = (_CONFIGURATION, _REMOVED_CONFIGURATION)
    return server.realm in realms and len(server.components) in (2, 3) and server.components[0] == _CONFIGURATION_NAME


def _time(seconds: int) -> datetime | None:
    return _EPOCH + timedelta(seconds=seconds) if seconds else None
