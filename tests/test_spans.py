"""Spans: in a whole token, leaves and the headers between them cover every byte once; in a damaged one nothing is lost.

The headers are read here by a reader of tags and lengths of its own, which knows nothing of the decoder but the spans
of its leaves.
"""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import core
from builders import kdc

from secctx.carriers.token import Source
from secctx.cli import document as documents
from secctx.cli.main import secctx
from secctx.decoders import decode
from secctx.decoders.values import LIST, PRINCIPAL, STRUCT, TOKEN, Decoded, Node, find, follow, walk

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))

#: Messages that the repository has no tokens of.
MADE = [tokens.Sample(name, data) for name, data in kdc.made().items()]
SAMPLES = tokens.read_whole() + MADE
SOURCE = Source("", "raw", 0)


class Uncovered(AssertionError):
    """A byte that is neither in a leaf nor in a header that ends where what it heads ends."""


class Headers:
    """Reads what stands between leaves: DER headers whose lengths reach exactly to the end of what they contain.

    With `cut`, lengths may reach beyond the end of what contains them, and a last header may be cut off there.
    """

    def __init__(self, data: bytes, leaves: list[tuple[int, int]], cut: bool = False) -> None:
        self.data = data
        self.leaves = dict(leaves)
        self.cut = cut
        self.covered = [0] * len(data)

    def read(self, at: int, end: int) -> None:
        """Everything from `at` to `end` is leaves, and elements that hold leaves."""
        while at < end:
            stop = self.leaves.get(at)
            if stop is not None:
                if not at < stop <= end:
                    raise Uncovered(f"the leaf at {at} ends at {stop}, what contains it at {end}")
                self.cover(at, stop)
                at = stop
                continue
            body, stop = self.header(at, end)
            self.cover(at, body)
            self.read(body, stop)
            at = stop

    def header(self, at: int, end: int) -> tuple[int, int]:
        """Start and end of the contents of the constructed or OCTET STRING element at `at`."""
        tag = self.data[at]
        if at + 1 == len(self.data) and self.cut:
            return end, end
        length, body = self.data[at + 1] if at + 1 < end else 0x80, at + 2
        if tag & 0x1F == 0x1F or not (tag & 0x20 or tag == 0x04) or length == 0x80:
            raise Uncovered(f"no header of a container at {at}: {self.data[at : at + 4].hex()}")
        if length > 0x80:
            body += length & 0x7F
            if body > end == len(self.data) and self.cut:
                return end, end
            length = int.from_bytes(self.data[at + 2 : body])
        stop = body + length
        if stop > end and self.cut:
            stop = end
        if body > end or stop > end:
            raise Uncovered(f"the length at {at} reaches to {stop}, what contains it to {end}")
        return body, stop

    def cover(self, at: int, stop: int) -> None:
        for offset in range(at, stop):
            self.covered[offset] += 1


def leaves_of(root: Node) -> list[Node]:
    return [node for _, node in walk(root) if not node.children]


def whole(sample: Any) -> Decoded:
    decoded = decode(sample.data)
    assert decoded.error is None, sample.name
    return decoded


@pytest.mark.parametrize("sample", SAMPLES, ids=tokens.by_name)
def test_leaves_and_headers_cover_every_byte_once(sample: Any) -> None:
    decoded = whole(sample)
    headers = Headers(sample.data, [(node.start, node.stop) for node in leaves_of(decoded.root)])
    headers.read(0, len(sample.data))
    assert set(headers.covered) == {1}


@pytest.mark.parametrize("sample", SAMPLES, ids=tokens.by_name)
def test_leaves_follow_each_other_and_lie_within_their_parents(sample: Any) -> None:
    decoded = whole(sample)
    assert decoded.root.span == (0, len(sample.data))
    leaves = leaves_of(decoded.root)
    assert all(node.start < node.stop for node in leaves)
    assert all(one.stop <= other.start for one, other in pairwise(leaves))
    for _, node in [("", decoded.root), *walk(decoded.root)]:
        assert all(node.start <= child.start <= child.stop <= node.stop for child in node.children), node.name
        assert all(one.stop <= other.start for one, other in pairwise(node.children)), node.name


def _ntlm(decoded: Decoded) -> Iterator[Node]:
    """The NTLM messages in a token, itself included."""
    if decoded.mechanism == "NTLM":
        yield decoded.root
    for _, node in walk(decoded.root):
        if node.kind == TOKEN and isinstance(node.meaning, tuple) and node.meaning[0] == "NTLM":
            yield node


@pytest.mark.parametrize("sample", [s for s in SAMPLES if any(_ntlm(decode(s.data)))], ids=tokens.by_name)
def test_the_leaves_of_an_ntlm_message_leave_no_byte_between_them(sample: Any) -> None:
    for message in _ntlm(whole(sample)):
        leaves = leaves_of(message)
        assert (leaves[0].start, leaves[-1].stop) == (message.start, message.stop)
        assert all(one.stop == other.start for one, other in pairwise(leaves))


#: The type of a leaf's own tag: what asn1crypto makes of the bytes of its span.
READERS: dict[int, Any] = {
    0x02: core.Integer,
    0x03: core.BitString,
    0x04: core.OctetString,
    0x06: core.ObjectIdentifier,
    0x0A: core.Integer,
    0x0C: core.UTF8String,
    0x18: core.GeneralizedTime,
    0x1B: core.GeneralString,
}


#: Leaves that are no one element: a token id, what is kept as it is, the lengths of a password change and of TCP.
NOT_DER = ("TOK_ID", "bytes", "length", "message-length", "protocol-version-number", "AP-REQ-length", "AP-REP-length")
NOT_DER += ("result-code", "result-string")
NOT_DER_TOKENS = {"NTLM", "NEGOEX", "MIC"}


def _der_leaves(node: Node) -> Iterator[Node]:
    """The leaves below a node that are elements of DER: not those of NTLM, of fixed structures, of bytes kept whole."""
    for child in node.children:
        if child.kind == TOKEN and isinstance(child.meaning, tuple) and {*child.meaning} & NOT_DER_TOKENS:
            continue
        if child.children and child.meaning != "KERB-EXT-ERROR":
            yield from _der_leaves(child)
        elif not child.children and child.kind not in (STRUCT, LIST, PRINCIPAL) and child.name not in NOT_DER:
            yield child


def _element(node: Node, data: bytes) -> tuple[Any, Any]:
    """The value of a leaf and that of the bytes of its span; and the bytes that the value makes are those."""
    raw = data[node.start : node.stop]
    cls = READERS[raw[0]]
    if cls is core.Integer:
        read = core.Integer.load(b"\2" + raw[1:], strict=True).native
        assert core.Integer(node.value).dump()[1:] == raw[1:]
        return node.value, read
    read = cls.load(raw, strict=True)
    if cls is core.OctetString and isinstance(node.value, str):  # text in octets: a salt, a realm of old IAKERB
        return node.value.encode("utf-16-le" if b"\0" in read.native else "utf-8"), read.native  # or CredSSP's names
    if cls is core.BitString:
        bits = "".join(map(str, read.native))
        return node.value, int(bits.ljust(32, "0"), 2)
    if cls is core.ObjectIdentifier:
        assert cls(node.value).dump() == raw
        return node.value, read.dotted
    if cls in (core.OctetString, core.GeneralString):
        assert node.value == (read.native if cls is core.OctetString else read.contents.decode())
        assert cls(node.value).dump() == raw
    return node.value, read.native


@pytest.mark.parametrize(
    "sample",
    [
        s
        for s in SAMPLES
        if (d := decode(s.data)).mechanism in ("SPNEGO", "Kerberos", "IAKERB", "GSS", "CredSSP")
        and d.message not in ("MIC", "Wrap")
    ],
    ids=tokens.by_name,
)
def test_the_bytes_of_each_der_leaf_are_its_value(sample: Any) -> None:
    decoded = whole(sample)
    for node in _der_leaves(decoded.root):
        if sample.data[node.start] not in READERS:
            pytest.fail(f"{node.name} at {node.start} is no DER")
        ours, theirs = _element(node, sample.data)
        assert ours == theirs, node.name


def _shape(node: Node, base: int) -> list[tuple[Any, ...]]:
    return [(path, n.start - base, n.stop - base, n.kind, n.value, n.meaning) for path, n in walk(node)]


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if any(n.kind == TOKEN for _, n in walk(decode(s.data).root))], ids=tokens.by_name
)
def test_the_bytes_of_an_inner_token_decode_to_the_same_by_themselves(sample: Any) -> None:
    for _, node in walk(whole(sample).root):
        if node.kind == TOKEN:
            inner = decode(sample.data[node.start : node.stop])
            assert inner.error is None
            assert (inner.mechanism, inner.message) == node.meaning
            assert _shape(inner.root, 0) == _shape(node, node.start)


def _resolve(document: Any, pointer: str) -> Any:
    """RFC 6901."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


@pytest.mark.parametrize("sample", SAMPLES, ids=tokens.by_name)
def test_every_path_and_pointer_leads_to_its_field(sample: Any) -> None:
    decoded = whole(sample)
    document = json.loads(json.dumps(documents.document(decoded, SOURCE, True)))
    for path, node in walk(decoded.root):
        assert find(decoded.root, path) is node, path
        assert document["spans"][path] == [node.start, node.stop]
        there = _resolve(document, documents.pointer(decoded.root, path))
        assert there == json.loads(json.dumps(documents.value(node))), path
    assert len(document["spans"]) == sum(1 for _ in walk(decoded.root))


@pytest.mark.parametrize("sample", tokens.own(), ids=tokens.by_name)
def test_the_command_prints_the_spans_of_the_nodes(
    sample: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_bytes(sample.data)
    secctx.main(["decode", "--from", "raw", "--json", "--spans", str(file)], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    decoded = decode(sample.data)
    assert printed["spans"] == {path: [node.start, node.stop] for path, node in walk(decoded.root)}


# Damaged tokens ---------------------------------------------------------------------------------------------------


def _of_each_message() -> list[Any]:
    """One token of each mechanism and message, up to ten: the longest of not too long ones."""
    found: dict[tuple[str, str | None], Any] = {}
    for sample in sorted(tokens.own(), key=lambda s: len(s.data)):
        decoded = decode(sample.data)
        if decoded.error is None and len(sample.data) < 1200 and decoded.message is not None:
            found[decoded.mechanism, decoded.message] = sample
    return list(found.values()) + MADE


def check_damaged(data: bytes) -> Decoded:
    """What holds of every token that is no whole one."""
    decoded = decode(data)
    error = decoded.error
    assert error is not None
    assert error.expected
    assert error.found
    assert 0 <= error.offset <= len(data)
    document = documents.document(decoded, SOURCE, True)
    assert document["complete"] is False
    nodes, missing = follow(decoded.root, error.path)
    steps = documents.pointer(decoded.root, error.path).split("/")
    assert not any("." in step or "[" in step for step in steps), error
    # A field that is not there has no node, nor may the structure that it begins.
    lacking = len(re.findall(r"[^.\[\]]+|\[\d+\]", missing))
    assert lacking <= 2, error
    there = _resolve(document, "/".join(steps[: len(steps) - lacking]))
    assert lacking == 0 or isinstance(there, dict | list), error
    assert lacking > 0 or not nodes or there == documents.value(nodes[-1]), error
    for _, node in walk(decoded.root):
        assert 0 <= node.start <= node.stop <= len(data)
    return decoded


def uncovered(decoded: Decoded) -> list[int]:
    """The bytes that no leaf and no header covers, by the reader of this file where it gets through."""
    spans = {(node.start, node.stop) for node in leaves_of(decoded.root) if node.start < node.stop}
    try:
        headers = Headers(decoded.data, sorted(spans), cut=True)
        headers.read(0, len(decoded.data))
    except Uncovered:
        return _plain_gaps(decoded)
    return [offset for offset, count in enumerate(headers.covered) if count != 1]


def _plain_gaps(decoded: Decoded) -> list[int]:
    """Where the headers cannot be read: the bytes outside of all leaves."""
    covered = bytearray(len(decoded.data))
    for node in leaves_of(decoded.root):
        covered[node.start : node.stop] = b"\1" * (node.stop - node.start)
    return [offset for offset, seen in enumerate(covered) if not seen]


def _lost(decoded: Decoded) -> list[tuple[int, int]]:
    """What no leaf covers and what can be no row of tags and lengths."""
    data, lost, covered = decoded.data, [], 0
    spans = sorted((node.start, node.stop) for node in leaves_of(decoded.root))
    for start, stop in [*spans, (len(data), len(data))]:
        at = covered
        while at < start:
            length = data[at + 1] if at + 1 < len(data) else 0
            at += 2 + (length & 0x7F if length > 0x80 else 0)
        if covered < start != at and at < len(data):
            lost.append((covered, start))
        covered = max(covered, stop)
    return lost


@pytest.mark.parametrize("sample", _of_each_message(), ids=tokens.by_name)
def test_every_truncation_says_what_is_missing_and_loses_no_byte(sample: Any) -> None:
    lost = {}
    # Nothing says how long a sealed message is; old clients' NEGOTIATE_MESSAGE ends with its flags or descriptors.
    # Without framing IAKERB's header may be all there is.
    whole = decode(sample.data)
    message = whole.message
    sealed = message == "NTLMSSP_MESSAGE_SIGNATURE" or (message == "Wrap" and sample.data[0] == 5)
    sizes = set(range(16 if sealed else len(sample.data)))
    if message == "NEGOTIATE_MESSAGE":
        sizes -= {16, 32}
    if message == "IAKERB_PROXY" and whole.root.child("thisMech") is None:
        sizes -= {whole.root.children[1].stop}
    for size in sorted(sizes):
        decoded = check_damaged(sample.data[:size])
        gaps = uncovered(decoded)
        if gaps:
            lost[size] = gaps
    assert lost == {}


@pytest.mark.parametrize("sample", _of_each_message(), ids=tokens.by_name)
def test_bytes_behind_a_token_are_a_node_and_an_error(sample: Any) -> None:
    for more in (b"\0", b"\xff" * 3, sample.data):
        decoded = decode(sample.data + more)
        if decoded.mechanism in ("NTLM", "NEGOEX") or decoded.message in ("MIC", "Wrap"):
            # Nothing says where these end: what follows is a gap of the payload, or sealed data.
            assert leaves_of(decoded.root)[-1].stop == len(decoded.data)
            continue
        assert decoded.error is not None
        assert decoded.error.kind == "trailing"
        assert decoded.error.offset == len(sample.data)
        assert leaves_of(decoded.root)[-1].value == more
        assert uncovered(decoded) == []


def _elements(data: bytes, at: int, end: int, stops: dict[int, int]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Each container of DER between two offsets: its start and end, and the starts of those around it, outermost first.

    `stops` are the ends of the leaves by their starts: a container is what is none.
    """
    pending: list[tuple[int, int, tuple[int, ...]]] = [(at, end, ())]
    while pending:
        at, end, around = pending.pop()
        while at < end:
            if at in stops:
                at = stops[at]
                continue
            body, stop = Headers(data, []).header(at, end)
            yield at, stop, around
            pending.append((body, stop, (*around, at)))
            at = stop


def _with(data: bytes, more: bytes, stop: int, around: tuple[int, ...]) -> bytes:
    """`more` put in before `stop`, and the lengths of the elements that begin at `around` made to hold it."""
    changed = data[:stop] + more + data[stop:]
    for at in reversed(around):
        long = data[at + 1] & 0x7F if data[at + 1] > 0x7F else 0
        body = at + 2 + long
        old = int.from_bytes(data[at + 2 : body]) if long else data[at + 1]
        new = old + (len(changed) - len(data))
        size = b"" if new < 0x80 else new.to_bytes((new.bit_length() + 7) // 8)
        header = bytes([data[at], 0x80 | len(size) if size else new]) + size
        changed = changed[:at] + header + changed[body:]
    return changed


#: Of the lab's handshakes, one much like the other, the samples are enough.
DER_SAMPLES = [
    s
    for s in tokens.own() + MADE
    if not (d := decode(s.data)).error
    and d.mechanism in ("SPNEGO", "Kerberos", "IAKERB", "CredSSP")
    and (s.data[0] == 0x60 or d.message not in ("MIC", "Wrap"))
    and not s.name.startswith("tests/data/kerberos/")
]


@pytest.mark.parametrize("sample", DER_SAMPLES, ids=tokens.by_name)
def test_bytes_put_in_at_the_end_of_any_container_are_seen(sample: Any) -> None:
    data = sample.data
    stops = {node.start: node.stop for node in leaves_of(decode(data).root)}
    open_ended = {node.start for node in _open_ended(decode(data))}
    for start, stop, around in _elements(data, 0, len(data), stops):
        body, _ = Headers(data, []).header(start, stop)
        for more in (b"\5\0", b"\xaf\0", b"\0"):
            changed = _with(data, more, stop, (*around, start))
            decoded = decode(changed)
            assert uncovered(decoded) == [], (start, more, decoded.error)
            extensions = [n for _, n in walk(decoded.root) if n.name.startswith("extra-") and n.meaning]
            if extensions or body in open_ended or _was_left_as_it_is(decoded, body):
                assert more == b"\xaf\0" or body in open_ended or not extensions
                continue
            assert decoded.error is not None, (start, more)


def _was_left_as_it_is(decoded: Decoded, body: int) -> bool:
    """Whether what holds `body` is an octet string that may hold anything: e-data, or one that says what is usual."""
    found = [node for _, node in walk(decoded.root) if not node.children and node.start < body <= node.stop]
    return any(node.name == "e-data" or str(node.meaning).startswith("not ") for node in found)


def _open_ended(decoded: Decoded) -> Iterator[Node]:
    """Tokens that do not say where they end: what follows is a gap of an NTLM payload, or part of a MIC."""
    if decoded.message in ("MIC", "Wrap"):
        yield Node("", Headers(decoded.data, []).header(0, len(decoded.data))[0], len(decoded.data), TOKEN)
    for _, node in walk(decoded.root):
        if node.kind == TOKEN and isinstance(node.meaning, tuple):
            mechanism, message = node.meaning
            if mechanism in ("NTLM", "NEGOEX") or message in ("MIC", "Wrap"):
                yield node


@pytest.mark.parametrize("sample", DER_SAMPLES, ids=tokens.by_name)
def test_whatever_bit_is_flipped_a_whole_token_is_covered_and_a_damaged_one_lacks_headers_alone(sample: Any) -> None:
    # A bit within a long value changes no span.
    within = {at for node in leaves_of(decode(sample.data).root) for at in range(node.start + 8, node.stop)}
    changed = bytearray(sample.data)
    for bit in range(len(changed) * 8):
        if bit >> 3 in within:
            continue
        changed[bit >> 3] ^= 1 << (bit & 7)
        decoded = decode(bytes(changed))
        if decoded.error is None:
            assert uncovered(decoded) == [], bit
        else:
            assert _lost(decoded) == [], (bit, decoded.error)
        changed[bit >> 3] ^= 1 << (bit & 7)


@pytest.mark.parametrize(
    "framing",
    [
        "6080",
        "60ff",
        "6084ffffffff",
        "6048ff",
        "604806062b0601050502ff3e30",
        "604806062b0601050502a080303c",
        "a080303c",
        "a1ff303c",
        "60480606092a864886f7120102020100",
    ],
)
def test_bytes_behind_a_header_that_cannot_be_read_are_shown(framing: str) -> None:
    data = bytes.fromhex(framing) + b"\x5a" * 60
    decoded = check_damaged(data)
    assert max(node.stop for node in leaves_of(decoded.root)) == len(data)


def _challenge(name: tuple[int, int], info: tuple[int, int], payload: bytes) -> bytes:
    """A CHALLENGE_MESSAGE in Unicode with these descriptors (length, offset)."""
    head = b"NTLMSSP\0\2\0\0\0"
    flags = 0x02888205 | 0x1
    parts = [
        head,
        *(n.to_bytes(2, "little") * 2 + o.to_bytes(4, "little") for n, o in (name,)),
        flags.to_bytes(4, "little"),
        b"\x11" * 8,
        bytes(8),
        info[0].to_bytes(2, "little") * 2 + info[1].to_bytes(4, "little"),
        b"\x0a\0\x63\x45\0\0\0\x0f",
        payload,
    ]
    return b"".join(parts)


def test_the_challenge_made_here_is_whole() -> None:
    decoded = decode(_challenge((4, 56), (4, 60), b"A\0B\0\0\0\0\0"))
    assert decoded.error is None
    assert [n.name for n in decoded.root.children][-2:] == ["TargetName", "TargetInfo"]


def test_payloads_that_overlap_are_an_error_at_the_second() -> None:
    decoded = check_damaged(_challenge((4, 56), (4, 58), b"A\0\0\0\0\0"))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("overlap", "TargetInfo")


def test_a_gap_between_payloads_is_a_node() -> None:
    data = _challenge((4, 58), (4, 66), b"\xee\xeeA\0B\0????\0\0\0\0!!")
    decoded = decode(data)
    gaps = [data[n.start : n.stop] for _, n in walk(decoded.root) if n.name.startswith("gap-")]
    assert gaps == [b"\xee\xee", b"????", b"!!"]
    leaves = leaves_of(decoded.root)
    assert all(one.stop == other.start for one, other in pairwise(leaves))


def test_a_payload_outside_of_the_message_is_an_error_at_its_offset() -> None:
    decoded = check_damaged(_challenge((4, 56), (4, 5000), b"A\0B\0"))
    assert decoded.error is not None
    assert decoded.error.kind == "offset"
    assert decoded.error.path == "TargetInfoFields.TargetInfoBufferOffset"


def test_the_reader_of_headers_sees_a_byte_that_no_leaf_has() -> None:
    sample = next(s for s in SAMPLES if s.name.endswith("krb5-ap-req.bin"))
    leaves = [(node.start, node.stop) for node in leaves_of(decode(sample.data).root)]
    for left_out in range(len(leaves)):
        start, stop = leaves[left_out]
        headers = Headers(sample.data, leaves[:left_out] + leaves[left_out + 1 :])
        try:
            headers.read(0, len(sample.data))
        except (Uncovered, IndexError):
            continue
        raise AssertionError(f"the leaf {start} to {stop} was not missed")
