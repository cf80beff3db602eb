"""Per-message tokens of the Kerberos mechanism: MIC, Wrap, DeleteSecContext.

RFC 4121 4.2.6 for the newer enctypes, without framing; RFC 1964 1.2 and RFC 4757 7 for DES, DES3 and RC4, in the
framing of first tokens, from which the data may be left out (MS-KILE 3.4.5.4.1). What is sealed stays bytes here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from .reading import Reading
from .tables.kerberos import TOKEN_IDS
from .tables.kerberos_more import RFC4121_FLAGS, SEALING_ALGORITHMS, SIGNING_ALGORITHMS
from .values import BYTES, ENUM, FLAGS, INT, STRUCT, Node

#: TOK_ID, as two bytes in the order of the wire, to the message: RFC 4121 4.2.6 and RFC 1964 1.2.
PER_MESSAGE: Final[dict[int, str]] = {
    0x0404: "MIC",
    0x0405: "DeleteSecContext",
    0x0504: "Wrap",
    0x0101: "MIC",
    0x0102: "DeleteSecContext",
    0x0201: "Wrap",
}
#: Those of RFC 4121.
NEWER: Final = frozenset({0x0404, 0x0405, 0x0504})

_SEALED: Final = 2
_NOT_SEALED: Final = 0xFFFF

#: The checksums of the enctypes that RFC 4121 is for, by their lengths (RFC 3961, 3962, 6803, 8009).
_CHECKSUMS: Final[dict[int, str]] = {
    12: "hmac-sha1-96-aes128 or -aes256, by its length",
    16: "hmac-sha256-128-aes128 or cmac-camellia128 or -camellia256, by its length",
    20: "hmac-sha1-des3-kd, by its length",
    24: "hmac-sha384-192-aes256, by its length",
}
_SHORTEST_CHECKSUM: Final = min(_CHECKSUMS)


class _Row(NamedTuple):
    """A field behind TOK_ID; numbers are big-endian."""

    name: str
    size: int
    kind: str


_MIC: Final = (_Row("Flags", 1, FLAGS), _Row("Filler", 5, BYTES), _Row("SND_SEQ", 8, INT))
_WRAP: Final = (
    _Row("Flags", 1, FLAGS),
    _Row("Filler", 1, BYTES),
    _Row("EC", 2, INT),
    _Row("RRC", 2, INT),
    _Row("SND_SEQ", 8, INT),
)
_OLD_MIC: Final = (_Row("SGN_ALG", 2, ENUM), _Row("Filler", 4, BYTES), _Row("SND_SEQ", 8, BYTES))
_OLD_WRAP: Final = (
    _Row("SGN_ALG", 2, ENUM),
    _Row("SEAL_ALG", 2, ENUM),
    _Row("Filler", 2, BYTES),
    _Row("SND_SEQ", 8, BYTES),
)
_CONFOUNDER: Final = (_Row("Confounder", 8, BYTES),)
#: RFC 1964 1.2.1; with DES3 the whole HMAC-SHA1.
_OLD_CHECKSUM: Final = (_Row("SGN_CKSUM", 8, BYTES),)
_DES3_CHECKSUM: Final = (_Row("SGN_CKSUM", 20, BYTES),)
_DES3: Final = 0x0400

_LEFT_OUT: Final = "outside of the framing's length (DCE_STYLE)"


def decode_per_message(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> tuple[str, int]:
    """Read the token whose TOK_ID, one of `PER_MESSAGE`, stands at `at`; the message's name and its end."""
    token_id = int.from_bytes(reading.data[at : at + 2])
    framed = bool(into)
    into.append(Node("TOK_ID", at, at + 2, ENUM, token_id, TOKEN_IDS.get(token_id)))
    name = PER_MESSAGE[token_id]
    if token_id in NEWER:
        if framed:
            root.meaning = "in the framing of a first token, which RFC 4121 leaves out"
        (_read_wrap if name == "Wrap" else _read_mic)(reading, root, at + 2, stop, into)
        return name, stop
    return name, (_read_old_wrap if name == "Wrap" else _read_old_mic)(reading, root, at + 2, stop, into)


def read_left_out(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> int:
    """Take what follows the framing of a Wrap token of RFC 1964 as its data, where the framing holds none; its end.

    With DCE_STYLE the framing's length counts the header alone (MS-KILE 3.4.5.4.1).
    """
    last = into[-1] if into else root
    if at >= min(stop, reading.end) or last.name not in ("Confounder", "SGN_CKSUM") or last.stop != at:
        return at
    meaning = f"{_LEFT_OUT}, encrypted" if _is_sealed(into) else _LEFT_OUT
    _keep(reading, root, "Data", at, stop, into, meaning)
    return stop


def _read_mic(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> None:
    """RFC 4121 4.2.6.1, and the same fields in the deletion token of its predecessors."""
    if not _take(reading, root, _MIC, at, stop, into):
        return
    flags, at = into[-3], into[-1].stop
    if _number(flags) & _SEALED:
        reading.fail("value", flags, flags.start, "no Sealed in a token without data", f"0x{_number(flags):02x}")
    size = min(stop, reading.end) - at
    if size < _SHORTEST_CHECKSUM:
        _lack(reading, root, at, max(_SHORTEST_CHECKSUM, stop - at), stop, "SGN_CKSUM")
    _keep(reading, root, "SGN_CKSUM", at, stop, into, _CHECKSUMS.get(size))


def _read_wrap(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> None:
    """RFC 4121 4.2.6.2."""
    if not _take(reading, root, _WRAP, at, stop, into):
        return
    flags, _, extra, rotation, sequence = into[-5:]
    at = sequence.stop
    if _number(flags) & _SEALED:
        extra.meaning = "bytes of filler, encrypted with the data"
        _read_sealed(reading, root, at, stop, into, _number(extra), _number(rotation))
        return
    extra.meaning = "bytes of checksum"
    if _number(extra) < _SHORTEST_CHECKSUM:
        wanted = f"the length of a checksum, at least {_SHORTEST_CHECKSUM}"
        reading.fail("value", extra, extra.start, wanted, f"{_number(extra)}")
    _read_plain(reading, root, at, stop, into, _number(extra), _number(rotation))


def _read_sealed(reading: Reading, root: Node, at: int, stop: int, into: list[Node], extra: int, rotation: int) -> None:
    # What is encrypted ends with the filler and a copy of the 16 bytes of the header (RFC 4121 4.2.4).
    if min(stop, reading.end) - at < extra + 16:
        _lack(reading, root, at, max(extra + 16, stop - at), stop, "Data")
    turned = f", and rotated right by {rotation} bytes" if rotation else ""
    _keep(reading, root, "Data", at, stop, into, f"encrypted{turned}")


def _read_plain(reading: Reading, root: Node, at: int, stop: int, into: list[Node], extra: int, rotation: int) -> None:
    """Data that is not sealed: plaintext and checksum, rotated to the right by RRC bytes (RFC 4121 4.2.5).

    Each is a field of its own where the rotation left it in one piece: RRC 0, or as Windows rotates, the whole
    checksum to the front.
    """
    end = min(stop, reading.end)
    size = end - at
    if stop > end or size < extra:
        _lack(reading, root, at, max(extra, stop - at), stop, "Data")
        _keep(reading, root, "Data", at, stop, into, None)
        return
    turned = rotation % size if size else 0
    if turned not in (0, extra):
        meaning = f"plaintext and {extra} bytes of checksum, rotated right by {turned} bytes"
        _keep(reading, root, "Data", at, stop, into, meaning)
        return
    if not size:
        return
    pieces = [("plaintext-data", size - extra), ("checksum", extra)]
    children: list[Node] = []
    data = Node("Data", at, end, STRUCT, None, None, children)
    if rotation:
        data.meaning = f"rotated right by {rotation} bytes" + ("" if turned else ", which is all the way round")
    for name, length in reversed(pieces) if turned else pieces:
        if length:
            children.append(Node(name, at, at + length, BYTES, reading.data[at : at + length]))
            children[-1].meaning = _CHECKSUMS.get(length) if name == "checksum" else None
        at += length
    into.append(data)


def _read_old_mic(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> int:
    """RFC 1964 1.2.1 and 1.2.3, RFC 4757 7.2."""
    if not _take(reading, root, _OLD_MIC, at, stop, into):
        return stop
    whole = _take(reading, root, _checksum_of(into[-3]), into[-1].stop, stop, into)
    return into[-1].stop if whole else stop


def _read_old_wrap(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> int:
    """RFC 1964 1.2.2, RFC 4757 7.3.

    The data may stand outside of the framing, and then, where it is not sealed, have no confounder.
    """
    if not _take(reading, root, _OLD_WRAP, at, stop, into):
        return stop
    signing, sealing, _, sequence = into[-4:]
    if not _take(reading, root, _checksum_of(signing), sequence.stop, stop, into):
        return stop
    sealed = sealing.value != _NOT_SEALED
    if into[-1].stop == stop and not sealed:
        return stop
    if not _take(reading, root, _CONFOUNDER, into[-1].stop, stop, into):
        return stop
    confounder = into[-1]
    if sealed:
        confounder.meaning = "encrypted"
        _keep(reading, root, "Data", confounder.stop, stop, into, "encrypted, with its padding")
        return stop
    padding = _padding(reading, confounder.stop, stop)
    _keep(reading, root, "Data", confounder.stop, stop - padding, into, None)
    if padding:
        _keep(reading, root, "Padding", stop - padding, stop, into, None)
    return stop


def _padding(reading: Reading, at: int, stop: int) -> int:
    """How many bytes of padding end the data: 1 to 8, each with their number in it (RFC 1964 1.2.2.3); 0 if none do."""
    if stop > reading.end or at >= stop:
        return 0
    count = reading.data[stop - 1]
    padding = reading.data[max(at, stop - count) : stop]
    return count if 1 <= count <= 8 and padding == bytes([count]) * count else 0


def _checksum_of(algorithm: Node) -> tuple[_Row, ...]:
    return _DES3_CHECKSUM if algorithm.value == _DES3 else _OLD_CHECKSUM


def _is_sealed(fields: list[Node]) -> bool:
    return any(node.name == "SEAL_ALG" and node.value != _NOT_SEALED for node in fields)


def _number(node: Node) -> int:
    return node.value if isinstance(node.value, int) else 0


def _explain(reading: Reading, node: Node) -> None:
    """What the value of a field of the header means."""
    match node.name:
        case "Flags":
            names = dict(RFC4121_FLAGS)
            bits = [bit for bit in range(8) if _number(node) >> bit & 1]
            node.meaning = tuple([names.get(1 << bit, f"bit {bit}") for bit in bits])
        case "SGN_ALG":
            node.meaning = SIGNING_ALGORITHMS.get(_number(node))
        case "SEAL_ALG":
            node.meaning = SEALING_ALGORITHMS.get(_number(node))
        case "SND_SEQ" if node.kind == BYTES:
            node.meaning = "encrypted: sequence number and direction"
        case "Filler":
            raw = reading.data[node.start : node.stop]
            wanted = b"\xff" * len(raw)
            if raw != wanted:
                reading.fail("value", node, node.start, wanted.hex(" "), raw.hex(" "))


def _take(reading: Reading, root: Node, rows: tuple[_Row, ...], at: int, stop: int, into: list[Node]) -> bool:
    """Append a node for each of the fields at `at`; False where they are cut short, which is noted."""
    end = min(stop, reading.end)
    for name, size, kind in rows:
        raw = reading.data[at : min(at + size, end)]
        if len(raw) < size:
            _lack(reading, root, at, size, stop, name)
            _keep(reading, root, name, at, end, into, None)
            return False
        into.append(Node(name, at, at + size, kind, raw if kind == BYTES else int.from_bytes(raw)))
        _explain(reading, into[-1])
        at += size
    return True


def _lack(reading: Reading, root: Node, at: int, need: int, stop: int, field: str) -> None:
    """Note that `field` is not whole. Nothing but what contains it says how long a token is: alone, it was cut."""
    if reading.announced is None and stop == reading.end:
        have = stop - at
        wanted, found = f"{need} bytes", f"{have} bytes"
        reading.fail("cut-short", root, at, wanted, found, field=field, missing=need - have)
    else:
        reading.short(root, at, need, stop, field=field)


def _keep(reading: Reading, root: Node, name: str, at: int, stop: int, into: list[Node], meaning: str | None) -> None:
    """Append the bytes up to `stop` under that name, as far as there are any."""
    end = min(stop, reading.end)
    if at < end:
        into.append(Node(name, at, end, BYTES, reading.data[at:end], meaning))
    if stop > reading.end:
        reading.short(into[-1] if at < end else root, at, stop - at, stop, field="" if at < end else name)
