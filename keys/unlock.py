"""Opening what a token holds encrypted: the same tree, with what was opened below each part, and what became of each.

`unlock` walks a decoded token from the outside in, since each part that opens gives the key of the next: the ticket its
session key, the authenticator its subkey, a KDC's reply the session key of the ticket beside it. What was found serves
the later tokens of the same run (`KeyRing.found`). The tree that is given is added to, and nothing in it is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from secctx.decoders.values import PLAINTEXT, STRUCT, TOKEN, Decoded, Node, follow, join

from .enctype import KerberosCryptoError
from .enctypes import enctype
from .keyring import FoundKey, RingKey
from .sealed import Budget, Found, Read, Sealed, attach, etype_text, sealed_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kerberos_key import Key
    from .keyring import KeyRing

#: Plaintexts within plaintexts: a ticket's, in a KRB-CRED in an authenticator, with compressed claims, is the third.
_MOST_DEEP: Final = 4
#: So many parts are told of in one token.
MOST_PARTS: Final = 1000

Kind = Literal["encrypted", "checksum"]

#: Why a part stays closed: the key that should open it is here, and does not.
ALTERED: Final = "altered"


def key_text(key: RingKey) -> str:
    """A key as people tell it: `HTTP/web@LAB.EXAMPLE kvno 2 of http.keytab`, `the session key of the ticket to …`."""
    if isinstance(key, FoundKey) or (key.name and key.name in key.source):
        return key.source
    version = f" kvno {key.kvno}" if key.kvno is not None else ""
    return f"{key.name}{version} of {key.source}" if key.name else f"the key of {key.source}"


@dataclass(slots=True, eq=False)
class KeyReport:
    """What became of one part: opened (a checksum: verified) with which key, or why not.

    `follows`: that it is not opened follows from another part that is not, or it is not for the holder of these keys.
    `why` is the reason as a word, where rules ask for it: ALTERED, or the kind of what `tickets.why_closed` says.
    """

    path: str
    opened: bool
    kind: Kind = "encrypted"
    key: RingKey | None = None
    usage: int | None = None
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    follows: bool = False
    why: str = ""


@dataclass(slots=True, eq=False)
class Opening:
    """A plaintext in the tree: the path of what holds it, its node, and how its bytes were read."""

    path: str
    node: Node
    read: Read


@dataclass(slots=True, eq=False)
class Unlocked:
    """A token with its parts opened: the tree, what became of each part, what was added, the outer before the inner."""

    decoded: Decoded
    reports: list[KeyReport] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Place:
    """A node on the way: the path to it, the bytes that its span counts in, and how many plaintexts it lies in."""

    node: Node
    path: str
    data: bytes
    deep: int = 0

    def below(self, child: Node) -> Place:
        """One step down, into a field or a plaintext."""
        if child.kind == PLAINTEXT:
            return Place(child, self.path, child.value if isinstance(child.value, bytes) else b"", self.deep + 1)
        return Place(child, join(self.path, child.name), self.data, self.deep)

    def at(self, path: str) -> Place | None:
        """The field at a path; None where it is absent."""
        nodes, rest = follow(self.node, path)
        if rest or not nodes:
            return None
        place = self
        for node in nodes:
            place = place.below(node)
        return place

    def value(self, path: str) -> Any:
        """The value of a field; None where it is absent."""
        place = self.at(path)
        return None if place is None else place.node.value

    def text(self, path: str) -> str:
        """A name or string as text; empty where it is absent."""
        place = self.at(path)
        if place is None:
            return ""
        return place.node.meaning if isinstance(place.node.meaning, str) else str(place.node.value)

    @property
    def raw(self) -> bytes:
        """The bytes in which it stands."""
        return self.data[self.node.start : self.node.stop]

    def sealed(self, path: str = "") -> Sealed | None:
        """The EncryptedData at a path, or that this is; None where there is none that is whole."""
        place = self.at(path) if path else self
        return None if place is None else sealed_at(place.node, place.path)

    def key(self, path: str, source: str) -> FoundKey | None:
        """The EncryptionKey at a path; None where there is none to work with."""
        from .kerberos_key import Key

        etype, value = self.value(f"{path}.keytype"), self.value(f"{path}.keyvalue")
        if not isinstance(etype, int) or not isinstance(value, bytes):
            return None
        return usable(Key(etype, value), source)


def usable(key: Key, source: str) -> FoundKey | None:
    """A key that was found; None where it is none of a type to work with, or of another length."""
    try:
        key.enctype.checked(key.value)
    except KerberosCryptoError:
        return None
    return FoundKey(key, source)


def unlock(decoded: Decoded, ring: KeyRing) -> Unlocked:
    """Open what the keys of `ring`, and those found on the way, open in a token. Never raises."""
    job = Job(decoded, ring)
    job.visit(Place(decoded.root, "", decoded.data), decoded.message)
    return job.unlocked


class Job:
    """One token on its way: what is left to spend, what was done, and what became of it."""

    def __init__(self, decoded: Decoded, ring: KeyRing) -> None:
        self.unlocked = Unlocked(decoded)
        self.ring = ring
        self.found = ring.found
        self.budget = Budget()
        self.done: set[int] = set()  #: ids of the nodes that need no further look

    def visit(self, start: Place, message: str | None = None) -> None:
        """Everything from `start` down, in the order of the token; `message` is what it is, where that is known."""
        from .unlock_ap import ticket
        from .unlock_table import HANDLERS

        pending = [start]
        while pending:
            place = pending.pop()
            node = place.node
            name = message if place is start and message else message_of(node)
            if name in HANDLERS and self.first(node):
                HANDLERS[name](self, place)
            elif _is_ticket(node):
                ticket(self, place)
            elif id(node) not in self.done and len(node.children) > 1:
                self._left_over(place)
            for child in reversed(node.children):
                if child.kind != PLAINTEXT or place.deep < _MOST_DEEP:
                    pending.append(place.below(child))

    def first(self, node: Node) -> bool:
        """Whether this is the first look at a node; from now on it is not."""
        fresh = id(node) not in self.done
        self.done.add(id(node))
        return fresh

    def _left_over(self, place: Place) -> None:
        sealed = sealed_at(place.node, place.path)
        if sealed is not None:
            text = f"it is encrypted with {sealed.etype_name} and a key that neither keytabs nor tickets hold"
            self.closed(sealed, text, follows=True)

    # What became of a part.

    def report(self, one: KeyReport) -> None:
        """Add what became of one part."""
        if len(self.unlocked.reports) < MOST_PARTS:
            self.unlocked.reports.append(one)

    def opened(self, sealed: Sealed, found: Found, read: Read, notes: tuple[str, ...] = ()) -> None:
        """Note that a part is open, and put its plaintext into the tree."""
        self.done.add(id(sealed.node))
        decoded = read(found.plain)
        said = [*notes, found.note] if found.note else list(notes)
        if decoded.error is not None:
            wrong = decoded.error
            said.append(f"what was in it is malformed: {wrong.path or decoded.message}, byte {wrong.offset}")
        plain = attach(sealed, decoded, f"opened with {key_text(found.key)}")
        self.report(KeyReport(sealed.path, True, "encrypted", found.key, found.usage, None, said))
        self.unlocked.openings.append(Opening(sealed.path, plain, read))

    def closed(self, sealed: Sealed, reason: str, *, follows: bool = False, why: str = "") -> None:
        """Note that a part stays closed, and why, in a sentence and a word."""
        if id(sealed.node) in self.done:
            return
        self.done.add(id(sealed.node))
        wrong = self.unlocked.decoded.error
        if self.budget.left < 0:
            reason, why = "not all keys were tried: the token has too much to try them on", ""
        elif wrong is not None and wrong.kind == "cut-short" and wrong.path == join(sealed.path, "cipher"):
            reason, why = f"it is cut short: {wrong.missing} byte{'s are' if wrong.missing != 1 else ' is'} missing", ""
        self.report(KeyReport(sealed.path, False, reason=reason, follows=follows, why=why))

    def not_by(self, sealed: Sealed, keys: Sequence[RingKey], what: str) -> None:
        """Note that none of the keys that should open a part does; `what` names them: the session key of the ticket."""
        try:
            enctype(sealed.etype)
        except KerberosCryptoError as error:
            self.closed(sealed, f"it cannot be opened here: {error}")
            return
        if keys and all(key.etype != sealed.etype for key in keys):
            theirs = ", ".join(dict.fromkeys(etype_text(key.etype) for key in keys))
            self.closed(sealed, f"it is encrypted with {sealed.etype_name}, and {what} is of type {theirs}")
            return
        text = f"{what} does not open it: it was altered, or belongs to another exchange"
        self.closed(sealed, text, why=ALTERED)

    def verified(self, path: str, key: RingKey, usage: int | None, *notes: str) -> None:
        """Note that a checksum is right."""
        self.report(KeyReport(path, True, "checksum", key, usage, None, list(notes)))

    def unverified(self, path: str, reason: str, *, follows: bool = False) -> None:
        """Note that a checksum is not right, or cannot be judged."""
        self.report(KeyReport(path, False, "checksum", reason=reason, follows=follows))


def message_of(node: Node) -> str:
    """The message that a node is; empty where it is none."""
    return str(node.meaning[1]) if node.kind == TOKEN and isinstance(node.meaning, tuple) else ""


def _is_ticket(node: Node) -> bool:
    if node.kind not in (STRUCT, TOKEN):
        return False
    first = node.children[0].name if node.children else ""
    return first == "tkt-vno" and node.child("enc-part") is not None
