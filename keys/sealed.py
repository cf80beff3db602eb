"""One part of a message that is encrypted: what it says of its key, trying keys on it, and what it holds, as a node.

RFC 4120 5.2.9 (EncryptedData) and 7.5.1 (key usage numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from secctx.decoders.tables.kerberos import ENCTYPES
from secctx.decoders.tables.kerberos_more import KEY_USAGES
from secctx.decoders.values import BYTES, ENUM, PLAINTEXT, SECRET, STRUCT, Decoded, Node

if TYPE_CHECKING:
    from .keyring import RingKey

#: What takes a plaintext apart.
Read = Callable[[bytes], Decoded]

#: Bytes that one token may cost to try keys on: so many are read in about a second.
_BUDGET: Final = 64 << 20
#: What one try costs besides the bytes themselves, and what it costs to look at one key of a ring.
_TRY: Final = 1 << 12
LOOK: Final = 1 << 6
#: Keys that are tried with the usages of other purposes, where none fits with the right one.
_MISUSED: Final = 8


class Try(NamedTuple):
    """A key and the usages to try it with, the right one first."""

    key: RingKey
    usages: tuple[int, ...]


class Found(NamedTuple):
    """What opened a part: the key, with which usage, and what was in it."""

    key: RingKey
    usage: int
    plain: bytes
    expected: int  #: the usage that belongs here

    @property
    def note(self) -> str:
        """A word on a usage that is not the right one; empty where it is."""
        if self.usage == self.expected:
            return ""
        return f"with key usage {usage_text(self.usage)} in place of {usage_text(self.expected)}"


def usage_text(usage: int) -> str:
    """`11 (AP-REQ authenticator)`."""
    name = KEY_USAGES.get(usage)
    return f"{usage} ({name})" if name else f"{usage}"


@dataclass(slots=True, eq=False)
class Sealed:
    """An EncryptedData: the node, the path to it, its encryption type, and the ciphertext."""

    node: Node
    path: str
    etype: int
    etype_name: str
    cipher: bytes
    place: Node  #: the field that the ciphertext stands in


def sealed_at(node: Node | None, path: str) -> Sealed | None:
    """The EncryptedData that a node is; None where it is none, or is not whole."""
    if node is None or node.kind != STRUCT:
        return None
    etype, cipher = node.child("etype"), node.child("cipher")
    if etype is None or cipher is None or etype.kind != ENUM or cipher.kind not in (BYTES, SECRET):
        return None
    if not isinstance(etype.value, int) or not isinstance(cipher.value, bytes):
        return None
    return Sealed(node, path, etype.value, etype_text(etype.value), cipher.value, cipher)


def etype_text(number: int) -> str:
    """The name of an encryption type, its number where it has none."""
    return ENCTYPES.get(number) or f"encryption type {number}"


class Budget:
    """How much may still be spent on one token; what is left untried is said."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _BUDGET

    def allows(self, size: int) -> bool:
        """Whether one more try of `size` bytes is to be made, which is counted."""
        self.left -= size + _TRY
        return self.left >= 0


def open_with(sealed: Sealed, tries: Iterable[Try], budget: Budget, *, misused: bool = True) -> Found | None:
    """The first key that opens the part; None where none does. The usages of other purposes are tried last."""
    failed: list[Try] = []
    for one in tries:
        if one.key.etype != sealed.etype:
            continue
        for usage in one.usages:
            if not budget.allows(len(sealed.cipher)):
                return None
            plain = _decrypt(one.key, usage, sealed.cipher)
            if plain is not None:
                return Found(one.key, usage, plain, one.usages[0])
        failed.append(one)
    return _misused(sealed, failed[:_MISUSED], budget) if misused else None


def _misused(sealed: Sealed, tries: Sequence[Try], budget: Budget) -> Found | None:
    for one in tries:
        for usage in KEY_USAGES:
            if usage in one.usages:
                continue
            if not budget.allows(len(sealed.cipher)):
                return None
            plain = _decrypt(one.key, usage, sealed.cipher)
            if plain is not None:
                return Found(one.key, usage, plain, one.usages[0])
    return None


def _decrypt(key: RingKey, usage: int, cipher: bytes) -> bytes | None:
    """The plaintext; None where the key does not fit."""
    from .enctype import KerberosCryptoError

    try:
        return key.key.decrypt_der(usage, cipher)
    except KerberosCryptoError:
        return None


def reads(*kinds: Any) -> Read:
    """What reads a plaintext: as the first of the ASN.1 types that begins as it does, else as the first of all."""

    def read(plain: bytes) -> Decoded:
        from secctx.decoders.grammar import plan_of
        from secctx.decoders.part import decode_part

        first = plain[0] if plain else -1
        plans = [(kind, plan_of(kind)) for kind in kinds]
        begun = (kind for kind, plan in plans if first == (plan.wrappers[0] if plan.wrappers else plan.tag))
        chosen = next(begun, kinds[0])
        return decode_part(plain, chosen, chosen.__name__)

    return read


def attach(sealed: Sealed, decoded: Decoded, said: str) -> Node:
    """Append what was opened to the node of the EncryptedData; `said` is with what."""
    children = list(decoded.root.children)
    for child in children:
        if child.name == "bytes" and child.children:
            child.name = str(decoded.message)  # a list, which has no name of its own
    plain = Node("plaintext", sealed.place.start, sealed.place.stop, PLAINTEXT, decoded.data, said, children)
    sealed.node.children = [*sealed.node.children, plain]
    return plain


def keys_of(exchange_keys: Iterable[RingKey], *usages: int) -> Iterator[Try]:
    """Tries of each key, once, with the same usages."""
    seen: set[tuple[int, bytes]] = set()
    for key in exchange_keys:
        mark = key.etype, key.key.value
        if mark not in seen:
            seen.add(mark)
            yield Try(key, usages)
