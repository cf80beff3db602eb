"""Credential caches written by hand, in any version and byte order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

ByteOrder = Literal["big", "little"]
CONF = "X-CACHECONF:"
CONF_NAME = "krb5_ccache_conf_data"
Name = tuple[str, Sequence[str]]  #: realm and components
ALICE: Name = ("LAB.EXAMPLE", ["alice"])
KRBTGT: Name = ("LAB.EXAMPLE", ["krbtgt", "LAB.EXAMPLE"])
WEB: Name = ("LAB.EXAMPLE", ["HTTP", "web.lab.example"])


class Writer:
    """Writes the parts of a cache of one version."""

    def __init__(self, version: int = 4, byte_order: ByteOrder | None = None) -> None:
        self.version = version
        self.byte_order: ByteOrder = byte_order or ("little" if version < 3 else "big")

    def number(self, value: int, size: int) -> bytes:
        return (value % (1 << 8 * size)).to_bytes(size, self.byte_order)

    def data(self, value: bytes) -> bytes:
        return self.number(len(value), 4) + value

    def principal(self, name: Name, name_type: int = 1) -> bytes:
        realm, components = name
        head = b"" if self.version == 1 else self.number(name_type, 4)
        head += self.number(len(components) + (self.version == 1), 4)
        return head + b"".join(self.data(text.encode()) for text in (realm, *components))

    def typed(self, items: Sequence[tuple[int, bytes]]) -> bytes:
        return self.number(len(items), 4) + b"".join(self.number(kind, 2) + self.data(raw) for kind, raw in items)

    def credential(
        self,
        server: Name = WEB,
        client: Name = ALICE,
        *,
        etype: int = 18,
        key: bytes = b"k" * 32,
        times: tuple[int, int, int, int] = (1_000_000_000, 1_000_000_001, 1_000_036_000, 0),
        is_skey: int = 0,
        flags: int = 0x40A00000,
        addresses: Sequence[tuple[int, bytes]] = (),
        authdata: Sequence[tuple[int, bytes]] = (),
        ticket: bytes = b"",
        second: bytes = b"",
    ) -> bytes:
        body = self.principal(client) + self.principal(server)
        body += self.number(etype, 2) * (2 if self.version == 3 else 1) + self.data(key)
        body += b"".join(self.number(time, 4) for time in times)
        body += self.number(is_skey, 1) + self.number(flags, 4)
        return body + self.typed(addresses) + self.typed(authdata) + self.data(ticket) + self.data(second)

    def setting(self, key: str, value: bytes, about: str | None = None, realm: str = CONF) -> bytes:
        parts = [CONF_NAME, key] if about is None else [CONF_NAME, key, about]
        return self.credential((realm, parts), etype=0, key=b"", times=(0, 0, 0, 0), flags=0, ticket=value)

    def header(self, *fields: tuple[int, bytes]) -> bytes:
        body = b"".join(self.number(tag, 2) + self.number(len(raw), 2) + raw for tag, raw in fields)
        return self.number(len(body), 2) + body

    def cache(self, *credentials: bytes, client: Name = ALICE, header: bytes | None = None) -> bytes:
        head = b"" if self.version != 4 else self.header((1, bytes(8))) if header is None else header
        return bytes((5, self.version)) + head + self.principal(client) + b"".join(credentials)
