"""A token with stand-ins in it: every byte that is not known to be harmless is replaced, in place.

The stand-in of a value is as long as the value, so that lengths, offsets and structure, and what is wrong with them,
are those of the original. It is made from the order in which values were met and from nothing else: nothing can be
worked out from it. What is kept is what the protocol says and not who speaks: numbers, flags, times, object
identifiers, encryption types, key versions. All text and all byte strings go unless `policy` names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256, shake_128
from typing import Any, Final

from secctx.decoders.decode import decode
from secctx.decoders.der import announced_end, contents_at
from secctx.decoders.values import BYTES, ENUM, INT, OID, PLAINTEXT, SECRET, SID, TEXT, Decoded, Node

from .fields import place, text_of
from .names import HOST, Names
from .phrases import COMMON, phrase
from .policy import ADDRESS, KEPT, OPAQUE, PHRASE, policy_of

#: Fields that hold the last number of a SID (MS-PAC 2.5, 2.6.2).
RIDS: Final = frozenset({"UserId", "RelativeId", "PrimaryGroupId"})
#: RFC 5737 and RFC 3849: addresses that belong to nobody.
_IPV4: Final = bytes((192, 0, 2))
_IPV6: Final = bytes.fromhex("20010db8") + bytes(10)


class Redactor:
    """The stand-ins of one run, the same for the same value throughout."""

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        state = state or {}
        self.names = Names({part: (kind, number) for part, (kind, number) in state.get("names", {}).items()})
        self._values: dict[str, int] = dict(state.get("values", {}))

    def state(self) -> dict[str, Any]:
        """What a later run needs for the same stand-ins; it holds the names themselves."""
        return {"names": {part: list(known) for part, known in self.names.parts.items()}, "values": self._values}

    def token(self, data: bytes) -> bytes:
        """The token with stand-ins, of the same size and structure."""
        return self.decoded(decode(data))

    def decoded(self, decoded: Decoded) -> bytes:
        """The bytes of a decoded token, or of any tree of nodes, with stand-ins."""
        out = bytearray(decoded.data)
        at = 0
        for parents, node in _leaves(decoded.root):
            if node.start > at:
                self._between(decoded.data, at, node.start, out)
            at = max(at, node.stop)
            self._leaf(decoded, parents, node, out)
        self._between(decoded.data, at, len(out), out)
        return bytes(out)

    def text(self, text: str) -> str:
        """Text for people that was made from the originals, with the names met so far replaced."""
        return self.names.text(text, COMMON)

    def opaque(self, value: bytes) -> bytes:
        """Bytes in the place of others, that begin no token; one value repeated throughout says nothing and stays."""
        if value[:1] in (b"\0", b"\xff", b"") and not value.strip(value[:1]):
            return value
        number = self._number(sha256(value).hexdigest())
        out = bytearray(shake_128(b"stand-in %d" % number).digest(len(value)))
        out[0] |= 0xC0
        return bytes(out)

    def _number(self, key: str) -> int:
        return self._values.setdefault(key, len(self._values) + 1)

    def _leaf(self, decoded: Decoded, parents: list[Node], node: Node, out: bytearray) -> None:
        if node.kind == SID and isinstance(node.value, str):
            stand_in = self.names.sid(node.value)
            if stand_in != node.value:
                out[node.start : node.stop] = _sid_bytes(stand_in)
            return
        if node.name in RIDS and node.kind == INT and isinstance(node.value, int):
            out[node.start : node.stop] = self.names.rid(node.value).to_bytes(node.stop - node.start, "little")
            return
        if node.kind in (INT, ENUM, OID) and self._is_long(node):
            start = contents_at(decoded.data, node.start)
            changed = bytearray(self.opaque(decoded.data[start : node.stop]))
            changed[0] &= 0x7F  # no number becomes negative, no identifier begins with an empty arc
            changed[-1] &= 0x7F
            out[start : node.stop] = changed
            return
        if node.kind not in (TEXT, BYTES, SECRET):
            return
        if node.name.startswith("extra-") and node.name != "extra-1":
            out[node.start] = 0x80  # text may stand there as tags of nothing; the complaint is about the first
        start, stop = place(decoded, parents, node)
        raw = decoded.data[start:stop]
        if not raw or node.value == "":
            return  # an empty string of a PAC is its own counts
        what = policy_of(parents, node, raw)
        if what == KEPT:
            return
        if what == ADDRESS:
            out[start:stop] = self._address(parents[-1], raw)
        elif what == OPAQUE or node.kind != TEXT:
            out[start:stop] = self.opaque(raw)
        else:
            out[start:stop] = self._named(node, raw, what)

    @staticmethod
    def _is_long(node: Node) -> bool:
        """Whether a number or identifier holds more than the protocol ever puts there, and so may be anything."""
        size = node.stop - node.start
        if node.kind == OID:
            return node.meaning is None and size > 14
        return size > 10 or node.name == "serialNumber"

    def _named(self, node: Node, raw: bytes, what: str) -> bytes:
        """Text in the encoding it stands in, name by name."""
        text, encoding, measure = text_of(node, raw)
        replaced = phrase(self.names, text, measure) if what == PHRASE else self.names.name(text, what, measure)
        encoded = replaced.encode(encoding, "surrogatepass" if encoding == "utf-16-le" else "replace")
        return encoded if len(encoded) == len(raw) else self.opaque(raw)

    def _address(self, address: Node, raw: bytes) -> bytes:
        """A HostAddress of the same family (RFC 4120 7.5.3): of the networks kept for documentation."""
        kind = address.child("addr-type")
        match (kind.value if kind is not None else None, len(raw)):
            case (2, 4):
                return _IPV4 + bytes([1 + self.names.address(".".join(map(str, raw))) % 254])
            case (24, 16):
                return _IPV6 + (1 + self.names.address(raw.hex()) & 0xFFFF).to_bytes(2)
            case (20, 16):
                name = raw[:15].decode("latin-1")
                return self.names.name(name, HOST).encode("latin-1", "replace")[:15].ljust(15) + raw[15:]
        return self.opaque(raw)

    def _between(self, data: bytes, at: int, stop: int, out: bytearray) -> None:
        """What stands between two leaves: the tags and lengths of what contains them, or else it goes."""
        here = at
        while here < stop:
            size = _header_size(data, here, stop)
            if size is None or (announced_end(data, here) or 0) < stop:
                out[here:stop] = self.opaque(data[here:stop])
                return
            here += size


def _sid_bytes(sid: str) -> bytes:
    """A SID as MS-DTYP 2.4.2.2 writes it."""
    _, revision, authority, *subs = sid.split("-")
    head = bytes([int(revision), len(subs)]) + int(authority, 0).to_bytes(6)
    return head + b"".join(int(sub).to_bytes(4, "little") for sub in subs)


def _header_size(data: bytes, at: int, stop: int) -> int | None:
    """The size of the tag and length at `at` of something that holds others; None where none can be read there."""
    if at + 2 > stop or data[at] & 0x1F == 0x1F:
        return None
    if not data[at] & 0x20 and data[at] not in (0x03, 0x04) and not 0x80 <= data[at] <= 0x9E:
        return None
    first = data[at + 1]
    if first < 0x80:
        return 2
    size = 2 + (first & 0x7F)
    return size if 0x81 <= first <= 0x88 and at + size <= stop else None


def _leaves(root: Node) -> Iterator[tuple[list[Node], Node]]:
    """The nodes without children in the order of their bytes, each with the nodes that contain it."""
    found: list[tuple[list[Node], Node]] = []
    pending: list[tuple[list[Node], Node]] = [([], root)]
    while pending:
        parents, node = pending.pop()
        if node.kind == PLAINTEXT:
            continue  # its bytes are others than these
        if node.children:
            inside = [*parents, node]
            pending.extend((inside, child) for child in node.children)
        else:
            found.append((parents, node))
    found.sort(key=lambda pair: (pair[1].start, pair[1].stop))
    return iter(found)
