"""The hex view (`secctx decode --format hex`): no byte is lost, moved or shown twice, whatever the fields claim."""

from __future__ import annotations

import io
import random
import re
import runpy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders.cli import run
from builders.der import (
    KRB5,
    NTLM,
    ap_req,
    encrypted,
    fields,
    framed,
    integer,
    neg_token_init,
    principal,
    text,
    ticket,
    tlv,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from secctx.cli.hexview import LINE, print_hex
from secctx.cli.plain import plain
from secctx.cli.tree import MOST_ITEMS, Shape, print_tree
from secctx.decoders import decode
from secctx.decoders.values import BYTES, INT, LIST, SECRET, STRUCT, TEXT, Decoded, Node, Problem, walk

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))

SAMPLES = [sample for sample in [*tokens.own(), *tokens.corpus(), *tokens.legs(), *tokens.per_message()] if sample.data]
OWN = [sample for sample in tokens.own() if sample.data]
WHOLE = [sample for sample in tokens.read_whole() if sample.data]
WIDTHS = (80, 120, 10_000)

TOKEN = neg_token_init(KRB5, NTLM, token=framed(KRB5, b"\1\0" + ap_req()))


class Line:
    """One line of the view, by its columns."""

    def __init__(self, text: str, bytes_at: int, field_at: int) -> None:
        self.text = text
        left = text[:field_at]
        offset = left[: bytes_at - 2].strip()
        self.offset = int(offset) if offset else None
        shown = left[bytes_at:] if offset else ""
        header, bar, own = shown.rpartition("|")
        self.headers = re.sub(r"\s", "", header)
        self.digits = self.headers + re.sub(r"\s", "", own)
        self.divided = bool(bar)
        self.hidden = int(left.split()[1]) if left.lstrip().startswith("… ") else 0
        self.field = "" if self.hidden else text[field_at:]


def view(decoded: Decoded, width: int = 10_000, **shape: Any) -> list[Line]:
    """The lines below the title, as they stand at that width."""
    file = io.StringIO()
    print_hex(Console(file=file, width=width, highlight=False, emoji=False), decoded, Shape(**shape))
    lines = file.getvalue().split("\n")
    assert lines.pop() == ""
    title = lines.pop(0)
    columns = title.index("in hex"), title.index("field")
    return [Line(text, *columns) for text in lines]


def check(decoded: Decoded, width: int = 10_000, **shape: Any) -> list[Line]:
    """The view with everything asked for: its digits are the bytes, its offsets right, its lines sixteen bytes."""
    lines = view(decoded, width, full=True, **shape)
    at = 0
    for line in lines:
        assert not line.hidden
        if line.offset is not None:
            assert line.offset == at
            assert 2 <= len(line.digits) <= LINE * 2
        at += len(line.digits) // 2
    assert "".join(line.digits for line in lines) == digits(decoded)
    return lines


def digits(decoded: Decoded) -> str:
    """The bytes of a token in hex, those of its secrets as dots."""
    pairs = [f"{byte:02x}" for byte in decoded.data]
    for _, node in walk(decoded.root):
        if node.kind == SECRET:
            pairs[node.start : node.stop] = ["••"] * (node.stop - node.start)
    return "".join(pairs)


def leaves(decoded: Decoded) -> Iterator[Node]:
    return (node for _, node in walk(decoded.root) if not node.children)


def tree_of(decoded: Decoded, **shape: Any) -> list[str]:
    file = io.StringIO()
    print_tree(Console(file=file, width=10_000, highlight=False, emoji=False), decoded, Shape(**shape))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("sample", SAMPLES, ids=tokens.by_name)
def test_every_byte_of_a_token_stands_once_in_its_place_and_every_field_beside(sample: Any) -> None:
    decoded = decode(sample.data)
    for width in WIDTHS:
        lines = check(decoded, width)
    named = Counter(line.field.split()[0] for line in lines if line.field)
    wanted = Counter(plain(node.name) for _, node in walk(decoded.root))
    assert not wanted - named


@pytest.mark.parametrize("sample", SAMPLES, ids=tokens.by_name)
def test_what_is_shortened_is_counted(sample: Any) -> None:
    decoded = decode(sample.data)
    wanted = digits(decoded)
    for depth in (1, 2, 3, None):
        at = 0
        for line in view(decoded, 80, depth=depth):
            items = re.match(r" *… (\d+) more of (\d+) bytes \(--full shows them\)", line.field)
            at += line.hidden + (int(items[2]) if items else 0)
            if line.offset is not None:
                assert line.offset == at
                assert wanted[2 * at : 2 * at + len(line.digits)] == line.digits
            at += len(line.digits) // 2
        assert at == len(sample.data)


@pytest.mark.parametrize("sample", WHOLE, ids=tokens.by_name)
def test_a_field_of_a_whole_token_begins_a_line_and_only_headers_stand_before_it_there(sample: Any) -> None:
    decoded = decode(sample.data)
    begins = {
        (line.offset + len(line.headers) // 2, tuple(map(int, span.groups())), line.field.split()[0])
        for line in check(decoded, spans=True)
        if line.offset is not None and (span := re.search(r"\[(\d+):(\d+)\]", line.field))
    }
    for node in leaves(decoded):
        if node.start < node.stop:
            assert (node.start, (node.start, node.stop), plain(node.name)) in begins
    assert not [line for line in check(decoded) if "bytes of no field" in line.field or "overlaps" in line.field]


@pytest.mark.parametrize("sample", OWN, ids=tokens.by_name)
def test_truncations_and_flipped_bits_lose_no_byte(sample: Any) -> None:
    data, draw = sample.data, random.Random(len(sample.data))
    sizes = {*range(1, min(len(data), 90)), *draw.sample(range(1, len(data)), min(len(data) - 1, 30)), len(data) - 1}
    for size in sorted(sizes - {0}):
        decoded = decode(data[:size])
        lines = check(decoded, 80)
        cut = decoded.error is not None and decoded.error.kind == "cut-short"
        assert cut == bool(re.search(r"… (\d+ bytes? (is|are) missing|cut short)$", lines[-1].text))
        if decoded.error is not None and cut and decoded.error.total is not None:
            assert f"… {decoded.error.total - size} byte" in lines[-1].text
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 4)):
            changed[draw.randrange(len(data))] = draw.randrange(256)
        decoded = decode(bytes(changed))
        check(decoded, draw.choice(WIDTHS), spans=draw.random() < 0.5)
        view(decoded, draw.choice(WIDTHS), depth=draw.choice((None, 1, 2)))


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_arbitrary_bytes_are_shown_as_they_are(data: bytes) -> None:
    check(decode(data), 80)
    check(decode(b"NTLMSSP\0\2\0\0\0" + data))


@pytest.mark.parametrize("sample", SAMPLES, ids=tokens.by_name)
def test_the_error_is_marked_where_the_tree_marks_it(sample: Any) -> None:
    decoded = decode(sample.data)
    marked = [line.field.split()[0] for line in view(decoded) if line.field.endswith("← here")]
    in_tree = [re.sub(r"^[│├└─ ]+", "", line).split()[0] for line in tree_of(decoded) if line.endswith("← here")]
    assert marked == in_tree
    missing = [line.field.strip() for line in view(decoded) if line.field.endswith("is missing")]
    in_tree = [re.sub(r"^[│├└─ ]+", "", line) for line in tree_of(decoded) if line.endswith("  is missing")]
    assert [line for line in missing if not line.startswith("… ")] == in_tree


def test_a_token_reads_like_this() -> None:
    shown = "\n".join(line.text for line in view(decode(neg_token_init(KRB5, NTLM, token=b"\1" * 70))))
    assert shown == "\n".join(
        (
            "   0  60 71                                            InitialContextToken",
            "   2  06 06 2b 06 01 05 05 02                          thisMech   SPNEGO (1.3.6.1.5.5.2)",
            "  10  a0 67 30 65                                      NegTokenInit",
            "  14  a0 19|30 17                                      mechTypes  2 items",
            "  18  06 09 2a 86 48 86 f7 12 01 02 02                   [0]  Kerberos (1.2.840.113554.1.2.2)",
            "  29  06 0a 2b 06 01 04 01 82 37 02 02 0a                [1]  NTLM (1.3.6.1.4.1.311.2.2.10)",
            "  41  a2 48|04 46 01 01 01 01 01 01 01 01 01 01 01 01  mechToken  70 bytes",
            "  57  01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01",
            "      … 32 more bytes (--full shows them)",
            " 105  01 01 01 01 01 01 01 01 01 01",
        )
    )


def test_inner_tokens_are_named_and_stand_further_in() -> None:
    lines = view(decode(TOKEN))
    (inner,) = [number for number, line in enumerate(lines) if line.field.startswith("mechToken")]
    size = len(framed(KRB5, b"\1\0" + ap_req()))
    assert lines[inner].field == f"mechToken  Kerberos AP-REQ, {size} bytes"
    assert lines[inner].divided
    assert all(line.field.startswith("  ") for line in lines[inner + 1 :] if line.field)
    assert [line.field.strip() for line in lines if line.field.strip() == "AP-REQ"]


def test_short_flat_structures_take_a_line_unless_everything_is_asked_for() -> None:
    data = next(sample.data for sample in OWN if sample.name.endswith("ntlm-authenticate.bin"))
    decoded = decode(data)
    lines = {line.field.split()[0]: line for line in view(decoded) if line.field}
    assert lines["UserNameFields"].digits == data[36:44].hex()
    assert lines["UserNameFields"].field.endswith("10 bytes at 276")
    assert "UserNameLen" not in lines
    full = {line.field.split()[0]: line for line in view(decoded, full=True) if line.field}
    assert full["UserNameFields"].offset is None
    assert full["UserNameLen"].digits == data[36:38].hex()


def test_long_lists_are_cut_and_said_to_be() -> None:
    decoded = decode(neg_token_init(*[KRB5] * 100, token=framed(KRB5, b"\1\0" + ap_req())))
    lines = view(decoded)
    assert [line for line in lines if line.field == f"  … {100 - MOST_ITEMS} more of 660 bytes (--full shows them)"]
    assert lines[-1].field == ""
    assert not any("more" in line.field for line in view(decoded, full=True))


def test_depth_shows_containers_below_it_as_their_bytes() -> None:
    lines = view(decode(TOKEN), depth=1)
    assert [line.field.split()[0] for line in lines if line.field][2:] == ["NegTokenInit", "mechTypes", "mechToken"]
    assert not [line for line in view(decode(TOKEN), depth=2) if line.field.strip().startswith("tkt-vno")]
    assert [line for line in view(decode(TOKEN), depth=3) if line.field.strip().startswith("tkt-vno")]


def test_spans_stand_beside_the_fields_when_asked_for() -> None:
    assert not any(re.search(r"\[\d+:", line.field) for line in view(decode(TOKEN)))
    lines = [line for line in view(decode(TOKEN), spans=True) if line.field]
    assert all(re.search(r"  \[\d+:\d+\]$", line.field) for line in lines)
    assert lines[0].field == "InitialContextToken  [0:3]"
    assert lines[-1].field.endswith(f":{len(TOKEN)}]")


@pytest.mark.parametrize("sample", WHOLE, ids=tokens.by_name)
def test_the_view_keeps_to_80_columns(sample: Any) -> None:
    for shape in ({}, {"full": True, "spans": True}):
        assert max(cell_len(line.text) for line in view(decode(sample.data), 80, **shape)) <= 80


def test_folded_texts_lose_nothing_and_are_not_folded_in_a_pipe() -> None:
    name = "-".join(f"part{number}" for number in range(20))
    decoded = decode(ap_req(ticket_bytes=ticket(sname=principal(3, "HTTP", name))))
    narrow = "".join(line.field.strip() for line in view(decoded, 80))
    assert name in narrow
    assert [line for line in view(decoded) if line.field.endswith(f"[1]  {name}")]


def secret_token() -> Decoded:
    """Twenty bytes with a secret within, in the way of a password in a structure."""
    data = bytes(range(0xA0, 0xB4))
    inside = [
        Node("userName", 2, 5, TEXT, "abc"),
        Node("password", 5, 12, SECRET, data[5:12]),
        Node("rest", 12, 20, BYTES, data[12:20]),
    ]
    root = Node("", 0, 20, STRUCT, children=[Node("version", 0, 2, INT, 3), Node("c", 2, 20, STRUCT, children=inside)])
    return Decoded("CredSSP", "TSRequest", data, root, None)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", [{}, {"full": True}, {"depth": 1}, {"spans": True}], ids=str)
def test_the_bytes_of_a_secret_are_dots(width: int, shape: dict[str, Any]) -> None:
    lines = view(secret_token(), width, **shape)
    shown = "".join(line.digits for line in lines)
    assert shown == "a0a1a2a3a4" + "••" * 7 + "acadaeafb0b1b2b3"
    assert "a5a6" not in "".join(line.field for line in lines)
    starts = [line.offset for line in lines if line.offset is not None]
    assert starts == ([0, 2, 18] if "depth" in shape else [0, 2, 5, 12])


def made(size: int, *children: Node, error: Problem | None = None) -> Decoded:
    data = bytes(range(size))
    return Decoded("NTLM", "X", data, Node("", 0, size, STRUCT, children=children), error)


def test_fields_that_overlap_are_named_and_their_bytes_shown_once() -> None:
    lines = check(made(20, Node("a", 0, 8, BYTES, b"x"), Node("b", 4, 12, BYTES, b"x"), Node("c", 5, 7, BYTES, b"x")))
    assert [(line.offset, line.digits, line.field) for line in lines] == [
        (0, "0001020304050607", "a  1 byte"),
        (8, "08090a0b", "b  1 byte  (overlaps: 4 of its 8 bytes stand above)"),
        (None, "", "c  1 byte  (overlaps: its bytes stand above)"),
        (12, "0c0d0e0f10111213", "bytes of no field"),
    ]


def test_fields_are_put_in_the_order_of_their_bytes_and_gaps_are_named() -> None:
    below = (Node("z", 14, 16, INT, 1), Node("y", 12, 13, INT, 2))
    lines = check(made(18, Node("b", 10, 17, LIST, children=below), Node("a", 2, 5, INT, 3)))
    assert [(line.offset, line.digits, line.field) for line in lines] == [
        (0, "0001", "bytes of no field"),
        (2, "020304", "a  3"),
        (5, "0506070809", "bytes of no field"),
        (None, "", "b  2 items"),
        (10, "0a0b", "  bytes of no field"),
        (12, "0c", "  y  2"),
        (13, "0d", "  bytes of no field"),
        (14, "0e0f", "  z  1"),
        (16, "10", "  bytes of no field"),
        (17, "11", "bytes of no field"),
    ]


def test_a_field_without_bytes_moves_nothing_wherever_it_claims_to_be() -> None:
    empty = Node("empty", 19, 19, TEXT, "")
    inside = Node("odd", 20, 20, STRUCT, children=[Node("within", 3, 3, TEXT, "")])
    lines = check(made(20, Node("a", 0, 4, INT, 1), empty, inside, Node("b", 4, 20, INT, 2)), width=80)
    assert [(line.offset, line.field) for line in lines] == [
        (0, "a      1"),
        (None, "empty"),
        (None, "odd"),
        (None, "  within"),
        (4, "b      2"),
    ]


def test_a_field_outside_of_what_holds_it_keeps_its_bytes() -> None:
    lines = check(made(10, Node("b", 0, 4, LIST, children=[Node("x", 6, 8, INT, 1)]), Node("c", 8, 10, INT, 2)))
    assert {line.field.strip(): line.digits for line in lines if line.offset is not None} == {
        "bytes of no field": "000102030405",
        "x  1": "0607",
        "c  2": "0809",
    }


def test_bytes_that_only_look_like_headers_are_not_called_so() -> None:
    for gap, wanted in {
        "a112a210": [("", "a112", "X"), ("a210", "a210" + "00" * 14, "z  16 bytes")],
        "a101a210": [("", "a101a210", "bytes of no field"), ("", "00" * 16, "z  16 bytes")],
        "02120410": [("", "02120410", "bytes of no field"), ("", "00" * 16, "z  16 bytes")],
    }.items():
        data = bytes.fromhex(gap) + bytes(16)
        root = Node("", 0, 20, STRUCT, children=[Node("z", 4, 20, BYTES, data[4:])])
        lines = check(Decoded("X", "X", data, root, None))[:2]
        assert [(line.headers, line.digits, line.field) for line in lines] == wanted


def test_a_long_meaning_is_cut_in_a_narrow_terminal_and_the_mark_of_the_error_is_not() -> None:
    meaning = ", ".join(f"FLAG_{number}" for number in range(60))
    error = Problem("value", "a", 0, "x", "y")
    decoded = made(4, Node("a", 0, 4, INT, 7, meaning), error=error)
    shown = [line.field for line in view(decoded, 80)]
    assert "FLAG_59" not in "".join(shown)
    assert shown[-1] == "  …  ← here"
    assert "FLAG_59" in "".join(line.field for line in view(decoded, 80, full=True))
    assert "FLAG_59" in "".join(line.field for line in view(decoded))


def test_bytes_go_in_pairs_in_a_narrow_terminal_whatever_divides_them() -> None:
    data = ap_req(ticket_bytes=encrypted_ticket(190))
    (line,) = [line for line in view(decode(data), 80) if line.field.strip() == "enc-part"]
    assert "  a381 d1|30 81ce  " in line.text
    (line,) = [line for line in view(decode(data), 120) if line.field.strip() == "enc-part"]
    assert "  a3 81 d1|30 81 ce  " in line.text


def test_random_spans_lose_no_byte() -> None:
    draw = random.Random(7)

    def node(depth: int, size: int) -> Node:
        start = draw.randrange(size + 1)
        stop = min(size, start + draw.choice((0, 1, 3, 20, 90)))
        children = [node(depth - 1, size) for _ in range(draw.randrange(4))] if depth else []
        kind = draw.choice((STRUCT, LIST)) if children else BYTES
        return Node(draw.choice("abc"), start, stop, kind, b"" if kind == BYTES else None, None, children)

    for _ in range(400):
        size = draw.randrange(1, 120)
        data = bytes(draw.choice((0x30, 0xA0, 0x04, 0, 1, 2, 0x60, 0x81, 255)) for _ in range(size))
        root = Node("", 0, size, STRUCT, children=[node(3, size) for _ in range(draw.randrange(5))])
        error = Problem("overlap", draw.choice(("", "a", "b.c", "c.d")), 0, "x", "y")
        for width in WIDTHS:
            check(Decoded("SPNEGO", "X", data, root, error), width)


def test_a_large_token_has_no_more_lines_than_it_needs() -> None:
    size = 1 << 17
    for data in (b"\xff" * size, neg_token_init(KRB5, token=b"\1" * size), b"NTLMSSP\0\1\0\0\0" + bytes(size)):
        decoded = decode(data)
        assert len(check(decoded)) <= size // LINE + 20
        assert len(view(decoded, 80)) < 40


# The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token.bin"
    path.write_bytes(TOKEN)
    return path


def test_the_view_has_the_head_of_the_tree(file: Path) -> None:
    tree, shown = run("decode", file), run("decode", "--format", "hex", file)
    assert (shown.code, shown.err) == (0, "")
    head, begins, _ = shown.out.partition("\n\nbyte  in hex, byte numbers in decimal")
    assert begins
    assert tree.out.startswith(head + "\n\n")
    assert shown.out.endswith("\n")


def test_damaged_tokens_end_as_with_the_tree_and_say_what_is_wrong() -> None:
    for data in (TOKEN[:-9], TOKEN + b"\0", b"hello there", TOKEN[:12] + b"\xff" + TOKEN[13:]):
        tree, shown = (run("decode", "--from", "raw", *more, "-", stdin=data) for more in ([], ["--format", "hex"]))
        assert (shown.code, shown.err) == (tree.code, tree.err)
        assert shown.code == 3
        assert shown.out.split("\n\n")[0] == tree.out.split("\n\n")[0]
    cut = run("decode", "--format", "hex", "-", stdin=TOKEN[:-9]).out
    assert re.search(r"cipher .*← here\n", cut)
    assert cut.endswith(" … 9 bytes are missing\n")


def test_an_empty_token_has_no_bytes_to_show(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    tree, shown = (run("decode", "--from", "raw", *more, empty) for more in ([], ["--format", "hex"]))
    assert (shown.code, shown.err) == (tree.code, tree.err)
    assert "byte  in hex" not in shown.out


def test_several_tokens_are_shown_one_after_another_behind_their_names(file: Path) -> None:
    done = run("decode", "--format", "hex", file, "oQcwBaADCgEC")
    assert done.code == 0
    assert done.out.count("in hex") == 2
    assert f"\n\n{file}: SPNEGO NegTokenInit" in done.out
    assert re.search(r"SPNEGO NegTokenResp, 9 bytes \(base64\)\nreject\n\n(! .*\n(   .*\n)*)+\nbyte  in hex", done.out)
    assert done.out.rstrip().endswith("negState  reject (2)")


def test_quiet_prints_no_bytes(file: Path) -> None:
    assert run("decode", "--format", "hex", "-q", file).out == ""


def test_colour_is_given_when_asked_for_and_obeys_no_color(file: Path) -> None:
    bare = run("decode", "--format", "hex", file).out
    assert "\x1b" not in bare
    coloured = run("decode", "--format", "hex", "--color", "always", file).out
    assert "\x1b[36mthisMech\x1b[0m" in coloured
    assert "\x1b[2m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == bare
    assert "\x1b" not in run("decode", "--format", "hex", "--color", "never", file, FORCE_COLOR="1").out
    assert "\x1b[3" not in run("decode", "--format", "hex", file, NO_COLOR="1", FORCE_COLOR="1").out
    wrong = run("decode", "--format", "hex", "--color", "always", "-", stdin=TOKEN[:-9]).out
    assert "\x1b[1;31m← here\x1b[0m" in wrong


def test_columns_sets_the_width(file: Path) -> None:
    assert max(map(len, run("decode", "--format", "hex", file, COLUMNS="80").out.splitlines())) <= 80
    assert "6082" not in run("decode", "--format", "hex", file, COLUMNS="100").out


def test_a_token_cannot_steer_the_terminal_from_beside_its_bytes() -> None:
    name = principal(3, "HTTP", "web\x1b]0;gotcha\x07\x1b[2J\u202e")
    token = ap_req(ticket_bytes=ticket(sname=name))
    for more in ([], ["--full"], ["--color", "always"], ["--depth", "2"]):
        out = run("decode", "--format", "hex", *more, stdin=token).out
        assert "\x1b]" not in out
        assert "\x1b[2J" not in out
        assert "\u202e" not in out
        assert "\\x1b]0;gotcha" in out


def test_a_long_ciphertext_is_shortened_and_full_shows_it() -> None:
    token = framed(KRB5, b"\1\0" + ap_req(ticket_bytes=encrypted_ticket(1000)))
    short = run("decode", "--format", "hex", stdin=token).out
    (more,) = re.findall(r"^ +… (\d+) more bytes \(--full shows them\)$", short, re.MULTILINE)
    assert 1000 - 3 * LINE <= int(more) < 1000
    full = run("decode", "--format", "hex", "--full", stdin=token).out
    assert "more bytes" not in full
    assert full.count("63") >= 1000


def encrypted_ticket(size: int) -> bytes:
    """A Ticket with so many bytes of ciphertext."""
    part = encrypted(18, 3, b"c" * size)
    return tlv(0x61, tlv(0x30, fields(0, integer(5), text("LAB.EXAMPLE"), principal(3, "HTTP", "web"), part)))
