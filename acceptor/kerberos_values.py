"""What a Kerberos logon is made of, once its parts are opened (RFC 4120 5.3 and 5.5.1, RFC 4121 4.1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from secctx.decoders.values import Decoded, Node, find

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key
    from secctx.keys.keyring import RingKey

#: Flags of the checksum (RFC 4121 4.1.1.1, RFC 4757 7.1: the last three are Microsoft's).
DELEG: Final = 0x1
MUTUAL: Final = 0x2
REPLAY: Final = 0x4
SEQUENCE: Final = 0x8
CONF: Final = 0x10
INTEG: Final = 0x20
DCE_STYLE: Final = 0x1000
IDENTIFY: Final = 0x2000
EXTENDED_ERROR: Final = 0x4000

#: ap-options (RFC 4120 5.5.1), as bits of 32.
USE_SESSION_KEY: Final = 0x40000000
MUTUAL_REQUIRED: Final = 0x20000000


class Fault(Exception):
    """What is wrong with a request: the refusal's kind and text, the field, and the number of the KRB-ERROR."""

    def __init__(self, kind: str, text: str, path: str, code: int, **facts: Any) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.path = path
        self.code = code
        self.facts = facts


@dataclass(slots=True, eq=False)
class Plain:
    """A part that was encrypted, opened and taken apart; `path` leads to its ciphertext in the token."""

    decoded: Decoded
    path: str

    def field(self, path: str) -> Node | None:
        """The field at that path; None where it is absent."""
        return find(self.decoded.root, path)

    def value(self, path: str) -> Any:
        """The value of a field; None where it is absent."""
        node = self.field(path)
        return None if node is None else node.value

    def text(self, path: str) -> str:
        """A principal or string as text; empty where it is absent."""
        node = self.field(path)
        if node is None:
            return ""
        return node.meaning if isinstance(node.meaning, str) else str(node.value)

    def bytes_of(self, path: str) -> bytes:
        """The DER of a field; empty where it is absent."""
        node = self.field(path)
        return b"" if node is None else self.decoded.data[node.start : node.stop]


@dataclass(slots=True, eq=False)
class Opened:
    """An AP-REQ with its parts open: the ticket, the key that opened it, the authenticator."""

    ticket: Plain
    opener: RingKey
    session_key: Key = field(repr=False)
    authenticator: Plain | None = None
    subkey: Key | None = field(default=None, repr=False)
    notes: list[str] = field(default_factory=list)

    @property
    def client(self) -> str:
        """`alice@LAB.EXAMPLE`, as the ticket has it."""
        return f"{self.ticket.text('cname')}@{self.ticket.text('crealm')}"


@dataclass(slots=True)
class Agreed:
    """What the client asked for in its checksum: the flags, and what was delegated."""

    flags: int = 0
    present: bool = False  #: whether there was a checksum that says so
    delegated: str = ""  #: whose forwarded ticket came along; empty: none


def moment(time: datetime | None) -> str:
    """A time as it stands in reasons: `2026-11-22 08:25:01 UTC`."""
    return "no time" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def span_of_time(seconds: float) -> str:
    """`1 h 0 min 3 s`, `7 min 12 s`, `5 s`: how long something is."""
    left = abs(int(seconds))
    parts = [(left // 86400, "d"), (left // 3600 % 24, "h"), (left // 60 % 60, "min"), (left % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    while len(parts) > 1 and not parts[-1][0]:
        parts.pop()
    return " ".join(f"{count} {unit}" for count, unit in parts)
