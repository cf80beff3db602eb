"""Damaged and hostile input: nothing raises, everything has a document, and the command ends with 0 or 3.

Every truncation and every single flipped bit of the repository's own tokens; with the shared collection beside the
checkout also of its tokens, every few bits of them; and what hypothesis makes.
"""

from __future__ import annotations

import io
import json
import random
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from builders import kdc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from secctx.acceptor.status import SEC_E_INVALID_TOKEN, SEC_E_OK, SEC_I_CONTINUE_NEEDED
from secctx.acceptor.values import Refusal, Step
from secctx.carriers.text import read_tokens
from secctx.carriers.token import Source
from secctx.cli import exits
from secctx.cli.document import document
from secctx.cli.findings import finding_lines, finding_value, lead_lines
from secctx.cli.main import secctx
from secctx.cli.problems import advice, describe
from secctx.cli.summary import detail, summarise
from secctx.cli.tree import Shape, print_tree
from secctx.decoders import decode
from secctx.decoders.values import BYTES, LIST, TOKEN, Decoded, walk
from secctx.keys.bindings import parse_bindings
from secctx.keys.keyring import KeyRing
from secctx.keys.keytab import read_keytab
from secctx.keys.unlock import unlock
from secctx.rules.case import Carried, Case, Given
from secctx.rules.conversations import group
from secctx.rules.finding import Finding
from secctx.rules.judge import judge
from secctx.rules.keytab_advice import advise_on
from secctx.rules.target import parse_target

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))

SOURCE = Source("t", "raw", 0)
#: Whatever a caller may say besides the token, so that no rule is silent for want of it.
EVERYTHING = Given(
    now=datetime(2030, 1, 1, tzinfo=UTC),
    bindings=parse_bindings("data:01"),
    other_bindings=[parse_bindings("data:02")],
    target=parse_target("https://web.lab.example:8443/"),
    asked=0x0002_001E,
)
KINDS = {"unknown", "empty", "cut-short", "trailing", "length", "tag", "der", "value", "missing", "offset", "overlap"}
MECHANISMS = {"SPNEGO", "NTLM", "Kerberos", "NEGOEX", "GSS", "IAKERB", "CredSSP", "unknown"}

#: Whole handshakes of the lab, one much like the other: a few bits of each will do.
HANDSHAKES = [s for s in tokens.own() if s.data and s.name.startswith("tests/data/kerberos/")]
OWN = [sample for sample in tokens.own() if sample.data and sample not in HANDSHAKES]
OWN += [tokens.Sample(name, data) for name, data in kdc.made().items()]
#: All that MIT's fuzzers begin with, tokens and others.
FUZZ = [s for s in tokens.corpus() if s.name.startswith("mit_krb5/fuzz/") and s.data]
SHARED = [s for s in tokens.corpus() if s.kind in tokens.READ and s.data] + [s for s in tokens.legs() if s.data]
SHARED += [sample for sample in HANDSHAKES if sample.data not in {shared.data for shared in SHARED}]


def check(data: bytes) -> Decoded:
    """What holds of every input: a decoding, and a problem that says what, where, expected and found."""
    decoded = decode(data)
    assert decoded.data is data
    assert decoded.mechanism in MECHANISMS
    assert decoded.mechanism == "unknown" or decoded.message
    problem = decoded.error
    if problem is not None:
        assert problem.kind in KINDS | {"depth"}
        assert problem.expected
        assert problem.found
        assert 0 <= problem.offset <= len(data)
        assert problem.missing >= 0
    return decoded


def check_shown(data: bytes, tree: bool = False) -> Decoded:
    """The same, and that all that is printed of it can be."""
    decoded = check(data)
    assert all(0 <= node.start <= node.stop <= len(data) for _, node in walk(decoded.root))
    text = json.dumps(document(decoded, SOURCE, True), allow_nan=False)
    assert text.isascii()
    for line in (summarise(decoded), detail(decoded)):
        assert "\n" not in line or any(n.value and "\n" in str(n.value) for _, n in walk(decoded.root))
    if decoded.error is not None:
        assert describe(decoded.error, len(data))
        assert all(advice(decoded))
    check_judged(decoded)
    if tree:
        for shape in (Shape(), Shape(depth=2, spans=True), Shape(full=True)):
            print_tree(Console(file=io.StringIO(), width=80), decoded, shape)
    return decoded


def check_judged(decoded: Decoded) -> None:
    """What the rules say of it, with everything given that they may ask for, can be shown and points into it."""
    check_findings(Case(decoded, EVERYTHING, side="client"))


def check_findings(case: Case) -> list[Finding]:
    """The findings of a token among what is known of it; each can be shown."""
    decoded, findings = case.decoded, judge(case)
    for finding in findings:
        value = finding_value(decoded.root, finding)
        assert value["pointer"].startswith("/fields") or not finding.path
        assert finding.detail
        assert finding.span is None or 0 <= finding.span[0] <= finding.span[1] <= max(len(decoded.data), 1 << 20)
        assert finding.inside is not None or finding.span is None or finding.span[1] <= len(decoded.data)
    list(lead_lines(findings, 100))
    list(finding_lines(decoded, findings, 100))
    return findings


def flips(data: bytes, step: int = 1, first: int = 0) -> Iterator[bytes]:
    """The bytes with one bit flipped, for every `step`th bit from the bit `first` on."""
    changed = bytearray(data)
    for bit in range(first, len(data) * 8, step):
        changed[bit >> 3] ^= 1 << (bit & 7)
        yield bytes(changed)
        changed[bit >> 3] ^= 1 << (bit & 7)


def run(data: bytes, folder: Path, *options: str) -> int:
    """What the command ends with, in this process; an exception that is not click's own goes through."""
    file = folder / "token"
    file.write_bytes(data)
    try:
        code = secctx.main(["decode", "--from", "raw", *options, str(file)], standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    return int(code)


# Every truncation and every bit ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", OWN, ids=tokens.by_name)
def test_every_truncation_decodes_and_shows(sample: Any) -> None:
    for size in range(len(sample.data)):
        check_shown(sample.data[:size], tree=size % 16 == 0)


def telling(data: bytes) -> Iterator[bytes]:
    """Every bit flipped; of the bytes in the middle of a long opaque value, which nothing reads, one bit each."""
    opaque = [n for _, n in walk(decode(data).root) if n.kind == BYTES and not n.children and n.stop - n.start > 40]
    within = {at for node in opaque for at in range(node.start + 20, node.stop - 4)}
    changed = bytearray(data)
    for bit in range(len(data) * 8):
        if bit >> 3 in within and bit & 7 != (bit >> 3) % 8:
            continue
        changed[bit >> 3] ^= 1 << (bit & 7)
        yield bytes(changed)
        changed[bit >> 3] ^= 1 << (bit & 7)


@pytest.mark.parametrize("sample", OWN, ids=tokens.by_name)
def test_every_flipped_bit_decodes(sample: Any) -> None:
    for changed in telling(sample.data):
        check(changed)


def test_a_bit_is_left_alone_only_within_a_long_opaque_value() -> None:
    data = next(s.data for s in OWN if s.name.endswith("kdc-as-rep.bin"))
    seen = {bytes(a ^ b for a, b in zip(data, changed, strict=True)) for changed in telling(data)}
    flipped = [at for mask in seen for at, bits in enumerate(mask) if bits]
    assert set(flipped) == set(range(len(data)))
    read = [n for _, n in walk(decode(data).root) if not n.children and n.kind != BYTES]
    assert all(flipped.count(at) == 8 for node in read for at in range(node.start, node.stop))


@pytest.mark.parametrize("sample", OWN, ids=tokens.by_name)
def test_every_thirteenth_flipped_bit_shows(sample: Any) -> None:
    step = 13 if len(sample.data) < 1000 else 26  # in long tokens every other one of these
    for number, changed in enumerate(flips(sample.data, step)):
        check_shown(changed, tree=number % 23 == 0)


@pytest.mark.parametrize("sample", FUZZ, ids=tokens.by_name)
def test_what_mit_s_fuzzers_begin_with_decodes_and_shows_however_damaged(sample: Any) -> None:
    data = sample.data
    check_shown(data, tree=True)
    for size in range(0, len(data), 1 + len(data) // 100):
        check_shown(data[:size])
    for number, changed in enumerate(flips(data, 1 + len(data) * 8 // 1500)):
        (check_shown if number % 16 == 0 else check)(changed)


@pytest.mark.parametrize("sample", SHARED, ids=tokens.by_name)
def test_truncations_of_the_shared_tokens_decode_and_show(sample: Any) -> None:
    step = 1 + len(sample.data) // 60
    for size in range(0, len(sample.data), step):
        check_shown(sample.data[:size], tree=size == step * 20)


@pytest.mark.parametrize("sample", SHARED, ids=tokens.by_name)
def test_flipped_bits_of_the_shared_tokens_decode_and_show(sample: Any) -> None:
    step = 1 + len(sample.data) * 8 // 300
    for number, changed in enumerate(flips(sample.data, step, len(sample.data) % step)):
        (check_shown if number % 4 == 0 else check)(changed)


def complaints(said: str) -> list[str]:
    """The lines on stderr that are no notes."""
    return [line for line in said.splitlines() if not line.startswith("secctx: note: ")]


# Through the command line -----------------------------------------------------------------------------------------


def _spread() -> list[Any]:
    """A token of each mechanism and message."""
    found = {(d.mechanism, d.message): s for s in OWN if (d := decode(s.data)) and len(s.data) < 1500}
    return list(found.values())


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--json", "--spans"),
        ("--format", "summary"),
        ("--format", "hex"),
        ("--full", "--spans"),
        ("-q",),
        ("--show-secrets",),
    ],
)
@pytest.mark.parametrize("sample", _spread(), ids=tokens.by_name)
def test_the_command_ends_with_0_or_3(
    sample: Any, options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = 1 + len(sample.data) // 8
    damaged = [sample.data[:size] for size in range(1, len(sample.data), step)]
    damaged += list(flips(sample.data, step * 8 + 1))
    for data in [sample.data, *damaged]:
        code = run(data, tmp_path, *options)
        shown = capsys.readouterr()
        assert code == (exits.OK if decode(data).error is None else exits.BAD_INPUT)
        assert shown.err.startswith("secctx: ") if code else not complaints(shown.err)
        if "--json" in options:
            assert json.loads(shown.out)["complete"] is (code == 0)


REDACTED = [("--redact",), ("--redact", "--json", "--spans"), ("--redact", "--format", "hex")]


@pytest.mark.parametrize("options", REDACTED)
@pytest.mark.parametrize("sample", _spread(), ids=tokens.by_name)
def test_a_damaged_token_with_stand_ins_is_shown_and_ends_with_0_or_3(
    sample: Any, options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = 1 + len(sample.data) // 8
    damaged = [sample.data[:size] for size in range(1, len(sample.data), step)]
    damaged += list(flips(sample.data, step * 8 + 1, 3))
    for data in [sample.data, *damaged]:
        code = run(data, tmp_path, *options)
        shown = capsys.readouterr()
        assert code in (exits.OK, exits.BAD_INPUT)
        assert data is not sample.data or code == (exits.OK if decode(data).error is None else exits.BAD_INPUT)
        assert shown.out
        assert shown.err.startswith("secctx: ") if code else not complaints(shown.err)


@pytest.mark.parametrize("sample", FUZZ, ids=tokens.by_name)
def test_the_command_takes_what_mit_s_fuzzers_begin_with(
    sample: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = exits.OK if decode(sample.data).error is None else exits.BAD_INPUT
    for options in ((), ("--json", "--spans"), ("--format", "summary"), ("--format", "hex"), *REDACTED):
        code = run(sample.data, tmp_path, *options)
        shown = capsys.readouterr()
        # Files of keys are no tokens, and may be listed.
        assert code == expected or (code == exits.OK and sample.kind in ("keytab", "ccache"))
        assert shown.out or code
        assert shown.err.startswith("secctx: ") if code else not complaints(shown.err)


#: The command in a process of its own; `secctx` is what the tests themselves import, installed or not.
START = f"""
import sys, types
sys.modules["secctx"] = types.ModuleType("secctx")
sys.modules["secctx"].__path__ = {list(sys.modules["secctx"].__path__)!r}
from secctx.cli.main import main
main()
"""


@pytest.mark.parametrize("end", ["as it is", "cut", "flipped", "doubled", "empty", "nested"])
def test_the_process_ends_with_0_or_3_and_without_a_traceback(end: str, tmp_path: Path) -> None:
    data = (tokens.ROOT / "tests/data/carriers/spnego-init.bin").read_bytes()
    damaged = {
        "as it is": data,
        "cut": data[:-5],
        "flipped": data[:11] + bytes([data[11] ^ 0xFF]) + data[12:],
        "doubled": data + data,
        "empty": b"",
        "nested": deep(b"\x60", 3000),
    }[end]
    file = tmp_path / "token"
    file.write_bytes(damaged)
    command = [sys.executable, "-c", START, "decode", "--json", "--spans", str(file)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == (0 if end == "as it is" else 3)
    assert b"Traceback" not in done.stderr
    assert json.loads(done.stdout)["complete"] is (end == "as it is")


# Hostile tokens ---------------------------------------------------------------------------------------------------


def der(tag: bytes | int, *contents: bytes) -> bytes:
    """One DER element."""
    body = b"".join(contents)
    tag = bytes([tag]) if isinstance(tag, int) else tag
    if len(body) < 0x80:
        return tag + bytes([len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return tag + bytes([0x80 | len(size)]) + size + body


def deep(tags: bytes, levels: int, inside: bytes = b"") -> bytes:
    """Elements inside each other, with the tags in turn; made from the inside, headers first."""
    parts = []
    size = len(inside)
    for level in reversed(range(levels)):
        tag = tags[level % len(tags)]
        header = der(tag, bytes(size))[: -size or None]
        parts.append(header)
        size += len(header)
    return b"".join(reversed(parts)) + inside


SPNEGO_OID = bytes.fromhex("06062b0601050502")
KRB5_OID = bytes.fromhex("06092a864886f712010202")
NTLM_OID = bytes.fromhex("060a2b06010401823702020a")


def init(token: bytes, mechs: bytes = KRB5_OID) -> bytes:
    """A framed NegTokenInit that carries `token`."""
    inside = der(0xA0, der(0x30, mechs)) + der(0xA2, der(0x04, token))
    return der(0x60, SPNEGO_OID, der(0xA0, der(0x30, inside)))


def resp(token: bytes) -> bytes:
    """A NegTokenResp that carries `token`."""
    return der(0xA1, der(0x30, der(0xA0, b"\x0a\1\1"), der(0xA2, der(0x04, token))))


def nested(levels: int, wrap: Callable[[bytes], bytes], inside: bytes) -> bytes:
    for _ in range(levels):
        inside = wrap(inside)
    return inside


def ntlm(number: int, *buffers: tuple[int, int], flags: int = 0xE28A8235, payload: bytes = b"") -> bytes:
    """An NTLM message with these descriptors (length, offset), whatever they say."""
    fields = [length.to_bytes(2, "little") * 2 + offset.to_bytes(4, "little") for length, offset in buffers]
    bits, version = flags.to_bytes(4, "little"), b"\x0a\0\x63\x45\0\0\0\x0f"
    middle = {
        1: [bits, *fields, version],
        2: [*fields[:1], bits, b"\x11" * 8, bytes(8), *fields[1:], version],
        3: [*fields, bits, version, b"\xee" * 16],
    }[number]
    return b"NTLMSSP\0" + number.to_bytes(4, "little") + b"".join(middle) + payload


AP_REQ = next(s.data for s in OWN if s.name.endswith("krb5-ap-req.bin"))
PAIRS = b"".join(b"\2\0\4\0A\0B\0" for _ in range(8000))

HOSTILE: dict[str, bytes] = {
    "60 in 60": deep(b"\x60", 3000),
    "30 in 30": deep(b"\x30", 3000),
    "a0 in a0": deep(b"\xa0", 3000),
    "04 in 04": deep(b"\x04", 3000),
    "60 30 a0 04 in turn": deep(b"\x60\x30\xa0\x04", 3000),
    "a0 30 in turn": deep(b"\xa0\x30", 3000),
    "a1 30 a2 04 in turn": deep(b"\xa1\x30\xa2\x04", 3000),
    "6e 30 in turn": deep(b"\x6e\x30", 3000),
    "7e 30 ac 04 in turn": deep(b"\x7e\x30\xac\x04", 3000),
    "SPNEGO in SPNEGO": nested(50, init, AP_REQ),
    "SPNEGO in SPNEGO, 3000": nested(3000, init, b""),
    "answers in answers": nested(50, resp, b"NTLMSSP\0\1\0\0\0\0\0\0\0"),
    "offers and answers": nested(50, lambda inside: init(resp(inside)), b""),
    "2 GiB": b"\x60\x84\x7f\xff\xff\xff" + SPNEGO_OID,
    "2 GiB of nothing": b"\x60\x84\x7f\xff\xff\xff",
    "2 GiB inside": der(0x60, SPNEGO_OID, b"\xa0\x84\x7f\xff\xff\xff\x30\x84\x7f\xff\xff\xff"),
    "2^64 - 1": b"\x60\x88" + b"\xff" * 8 + SPNEGO_OID,
    "a length of 126 bytes": b"\x60\xfe" + b"\xff" * 126,
    "a length of 127 bytes": b"\xa1\xff" + b"\xff" * 127,
    "indefinite outside": b"\x60\x80" + SPNEGO_OID + b"\0\0",
    "indefinite inside": der(0x60, SPNEGO_OID, b"\xa0\x80\x30\x80\0\0\0\0"),
    "indefinite OCTET STRING": der(0xA1, der(0x30, der(0xA2, b"\x24\x80\x04\1a\0\0"))),
    "non-minimal outside": b"\x60\x82\0\x08" + SPNEGO_OID,
    "non-minimal inside": der(0x60, b"\x06\x81\x06" + SPNEGO_OID[2:], der(0xA0, der(0x30))),
    "high tag number": b"\x7f\x81\x01\x02\x05\x00",
    "high tag number inside": der(0x60, SPNEGO_OID, b"\xbf\x81\x01\x00"),
    "high tag number in a SEQUENCE": der(0xA1, der(0x30, b"\xbf\x81\x01\x00")),
    "primitive [0]": der(0xA1, der(0x30, b"\x80\x01\x00")),
    "90,000 mechTypes": init(b"", KRB5_OID * 90_000),
    "100,000 empty mechTypes": init(b"", b"\6\0" * 100_000),
    "100,000 unknown fields": der(0xA1, der(0x30, b"\xaf\0" * 100_000)),
    "100,000 fields again": der(0xA1, der(0x30, b"\xa0\0" * 100_000)),
    "100,000 wrong fields": der(0xA1, der(0x30, b"\x05\0" * 100_000)),
    "100,000 name-strings": der(
        0x61,
        der(
            0x30,
            der(0xA0, b"\2\1\5"),
            der(0xA1, der(0x1B, b"R")),
            der(0xA2, der(0x30, der(0xA0, b"\2\1\1"), der(0xA1, der(0x30, b"\x1b\1x" * 100_000)))),
        ),
    ),
    "an OID of 100,000 bytes": der(0x60, der(0x06, b"\x2b" + b"\xff" * 100_000 + b"\1")),
    "an OID of 100,000 arcs": der(0x60, der(0x06, b"\x2b" + b"\1" * 100_000)),
    "an INTEGER of 100,000 bytes": der(0x6F, der(0x30, der(0xA0, der(0x02, b"\x7f" * 100_000)))),
    "a BIT STRING of 100,000 bytes": der(0xA0, der(0x30, der(0xA1, der(0x03, b"\0" + b"\xff" * 100_000)))),
    "8,000 AV pairs": ntlm(2, (0, 56), (len(PAIRS), 56), payload=PAIRS),
    "AV pairs without an end": ntlm(2, (0, 56), (8, 56), payload=b"\2\0\4\0A\0B\0"),
    "an AV pair longer than the list": ntlm(2, (0, 56), (8, 56), payload=b"\2\0\xff\xffA\0B\0"),
    "payloads on top of each other": ntlm(3, *[(65535, 88)] * 6, payload=b"x" * 65535),
    "payloads in the header": ntlm(3, *[(88, 0)] * 6, payload=b"x" * 10),
    "payloads far outside": ntlm(3, *[(65535, 0xFFFFFFFF)] * 6),
    "payloads that overlap by a byte": ntlm(3, *[(3, 88 + 2 * n) for n in range(6)], payload=b"x" * 20),
    "a signature alone": b"NTLMSSP\0",
    "no such message": b"NTLMSSP\0\4\0\0\0" + bytes(40),
    "control characters": der(0xA0, der(0x30, der(0xA3, der(0x30, der(0xA0, der(0x1B, b"\x1b[2J\r\n\0\x07")))))),
    "text that is no UTF-8": der(0x61, der(0x30, der(0xA0, b"\2\1\5"), der(0xA1, der(0x1B, b"\xff\xfe\x80")))),
    "half a surrogate pair": ntlm(2, (4, 56), (0, 60), payload=b"A\0\0\xd8"),
    "a time that is none": der(0x7E, der(0x30, der(0xA4, der(0x18, b"20261399999999Z")))),
    "a year 0": der(0x7E, der(0x30, der(0xA4, der(0x18, b"00000101000000Z")))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tokens_decode_and_show(name: str) -> None:
    decoded = check_shown(HOSTILE[name], tree=len(HOSTILE[name]) < 1 << 15)
    assert sum(1 for _ in walk(decoded.root)) <= len(HOSTILE[name]) + 8


#: Those that are whole by every rule that is checked.
WHOLE = {"90,000 mechTypes", "100,000 unknown fields", "control characters"}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_command_says_what_is_wrong_with_a_hostile_token(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(HOSTILE[name], tmp_path, "--format", "summary")
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert len(shown.out) + len(shown.err) < 4000
    assert code == (exits.OK if name in WHOLE else exits.BAD_INPUT)
    assert shown.err.startswith("secctx: ") or code == exits.OK


def test_tokens_inside_each_other_stop_at_a_depth() -> None:
    decoded = decode(HOSTILE["SPNEGO in SPNEGO"])
    opened = [node for _, node in walk(decoded.root) if node.kind == TOKEN]
    assert decoded.error is not None
    assert decoded.error.kind == "depth"
    assert 5 <= len(opened) <= 20
    assert decoded.error.path == ".".join(["mechToken"] * (len(opened) + 1))


def test_many_mechanisms_are_all_there() -> None:
    decoded = decode(HOSTILE["90,000 mechTypes"])
    assert decoded.error is None
    (listed,) = [node for node in decoded.root.children if node.kind == LIST]
    assert len(listed.children) == 90_000


# Conversations ----------------------------------------------------------------------------------------------------

SAMPLES = tokens.ROOT / "samples"
#: Of these files the tokens of each are the legs of a logon, or of two.
LEGS = (
    ("spnego-ntlm.b64",),
    ("curl-kerberos.log",),
    ("curl-clock-skew.log",),
    ("curl-negotiate-ntlm.log",),
    ("ntlm-wrong-password.b64",),
    ("ntlm-altered.b64",),
    ("ntlm-other-channel.b64",),
    ("kerberos-then-ntlm-failed.jsonl",),
    ("spnego-fallback-to-ntlm.jsonl",),
    ("user-to-user.b64",),
    ("iakerb.b64",),
    ("krb-safe-priv-cred.b64",),
    ("kerberos-ap-req-no-mutual.b64",),
    ("spnego-kerberos-init.bin", "spnego-kerberos-answer.bin"),
    ("spnego-server-first.bin", "spnego-kerberos-init.bin", "spnego-reject.hex"),
    ("dce-ap-req.bin", "dce-ap-rep.bin", "dce-ap-rep-third-leg.bin"),
    ("kerberos-ap-req.bin", "krb-error-clock-skew.bin", "kerberos-ap-req.bin"),
)
LOGONS = [[t.data for file in files for t in read_tokens((SAMPLES / file).read_bytes(), file)] for files in LEGS]
#: Every word that rules may ask a refusal for, and others.
REFUSALS = sorted(
    {
        word
        for path in (tokens.ROOT / "rules").glob("*.py")
        for word in re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', path.read_text("utf-8"))
    }
)
ANSWERS = ("", "", "HTTP 200", "HTTP 401", "LDAP 49", "STATUS_LOGON_FAILURE", "STATUS_SUCCESS", "HTTP 999999999999")
CARRIERS = (
    ("", ""),
    ("Negotiate", "Authorization: Negotiate"),
    ("NTLM", "WWW-Authenticate: NTLM"),
    ("", "SMB2 SESSION_SETUP"),
    ("", "DCE/RPC bind"),
)


def damage(dice: random.Random, legs: list[bytes]) -> list[bytes]:
    """Two to four legs, some of them changed, cut, repeated, left out, swapped, or of another logon."""
    damaged = [bytearray(leg) for leg in legs[:4]]
    for _ in range(dice.choice((0, 1, 1, 2, 4))):
        leg = dice.choice(damaged)
        at = dice.randrange(len(leg) + 1)
        change = dice.random()
        if change < 0.5 and at < len(leg):
            leg[at] ^= 1 << dice.randrange(8)
        elif change < 0.6:
            leg[at:at] = dice.randbytes(dice.randrange(1, 5))
        elif change < 0.7:
            del leg[at : at + dice.randrange(1, 9)]
        elif change < 0.8:
            del leg[at:]
        else:
            other = dice.choice((dice.choice(damaged), bytearray(dice.choice(dice.choice(LOGONS)))))
            damaged[dice.randrange(len(damaged))] = other[:]
    if dice.random() < 0.2:
        dice.shuffle(damaged)
    if dice.random() < 0.3:
        damaged.insert(dice.randrange(len(damaged) + 1), bytearray(dice.choice(dice.choice(LOGONS))))
    if len(damaged) < 2:
        damaged.append(damaged[0][:])
    return [bytes(leg) for leg in damaged[:4]]


def carried(dice: random.Random) -> Carried:
    """How a leg may have travelled."""
    scheme, carrier = dice.choice(CARRIERS)
    return Carried(
        scheme,
        carrier,
        oddities=dice.choice(((), (("ellipsis", "it ends in an ellipsis"),), (("http-answer", "an HTTP 401 answer"),))),
        stream=dice.choice(("", "10.0.0.5:1 10.0.0.9:80", "10.0.0.5:2 10.0.0.9:80")),
        direction=dice.choice(("", "", "client", "server")),
        time=dice.choice((None, datetime(2030, 1, 1, second=dice.randrange(60), tzinfo=UTC))),
        answer=dice.choice(ANSWERS),
        source="t",
    )


def step_of(dice: random.Random, decoded: Decoded) -> Step | None:
    """What the acceptor may have said to a leg: nothing, that it goes on, that it is done, or a refusal of any kind."""
    state = dice.choice(("", "continuing", "established", "failed", "failed"))
    if not state:
        return None
    if state != "failed":
        return Step(SEC_E_OK if state == "established" else SEC_I_CONTINUE_NEEDED, "other", state)
    path, node = dice.choice([("", decoded.root), *walk(decoded.root, plaintexts=False)])
    facts = dice.choice(({}, {"older": True}, {"kind": dice.choice(sorted(KINDS))}))
    kind = "malformed" if "kind" in facts else dice.choice(REFUSALS)
    refusal = Refusal(kind, "a sentence", path, dice.choice((None, tuple(node.span))), facts)
    return Step(SEC_E_INVALID_TOKEN, "other", state, refusal=refusal)


def cases_of(dice: random.Random, legs: list[bytes]) -> list[Case]:
    """The legs with what is known of them: opened with the server's keytab, or not; asked of the acceptor, or not."""
    ring, cases = None, []
    keytab = dice.choice(("web.keytab", "web.keytab", "stale.keytab", ""))
    if keytab:
        ring = KeyRing()
        ring.add_keytab(read_keytab((SAMPLES / keytab).read_bytes()), keytab)
    known = dice.choice((Given(keys=ring), replace(EVERYTHING, keys=ring), replace(EVERYTHING, keys=ring, asked=None)))
    judged = dice.random() < 0.6
    for data in legs:
        decoded, reports = decode(data), []
        step = step_of(dice, decoded) if judged else None
        if ring is not None:
            unlocked = unlock(decoded, ring)
            decoded, reports = unlocked.decoded, unlocked.reports
        cases.append(Case(decoded, known, carried(dice), reports, step=step))
    group(cases, dice.choice(([None] * len(cases), [dice.choice((None, 1, 1, 2)) for _ in cases])))
    return cases


@pytest.mark.parametrize("legs", LOGONS, ids=["+".join(files) for files in LEGS])
def test_what_the_rules_say_of_damaged_conversations_can_be_shown(legs: list[bytes]) -> None:
    dice = random.Random(LOGONS.index(legs))
    codes = set()
    for _ in range(40):
        for case in cases_of(dice, damage(dice, legs)):
            codes |= {finding.rule.code for finding in check_findings(case)}
            advise_on(case)
    assert len(codes) > 10


# Made by hypothesis -----------------------------------------------------------------------------------------------

made = settings(
    deadline=None, derandomize=True, database=None, max_examples=250, suppress_health_check=list(HealthCheck)
)

PREFIXES = [
    b"\x60",
    b"\x60\x0a" + SPNEGO_OID,
    b"\x60\x30" + SPNEGO_OID + b"\xa0\x20\x30\x1e",
    b"\x60\x30" + KRB5_OID + b"\1\0\x6e",
    b"\x60\x30" + NTLM_OID + b"NTLMSSP\0",
    b"\xa0",
    b"\xa1",
    b"\xa1\x20\x30\x1e\xa0\x03\x0a\1\1\xa2",
    b"\x6e",
    b"\x6e\x20\x30\x1e\xa0\3\2\1\5\xa1\3\2\1\x0e\xa2",
    b"\x6f",
    b"\x7e",
    b"\x7e\x40\x30\x3e\xa0\3\2\1\5\xa1\3\2\1\x1e",
    b"\x61",
    b"\x30\x20\xa0\3\2\1\5\xa1\3\2\1\x0e",
    b"\x30\x20\xa0\3\2\1\6\xa1",
    b"NTLMSSP\0",
    *(b"NTLMSSP\0" + bytes([number, 0, 0, 0]) for number in range(5)),
    b"\1\0\0\0",
    b"\1\0\x6e",
    b"\2\0\x6f",
    b"\3\0\x7e",
    b"\4\4\0\xff\xff\xff\xff\xff",
    b"\5\4\0\xff",
    b"NEGOEXTS",
]


@made
@given(st.binary(max_size=300))
def test_random_bytes_decode_and_show(data: bytes) -> None:
    check_shown(data, tree=True)


@made
@given(st.sampled_from(PREFIXES), st.binary(max_size=200))
def test_random_bytes_behind_the_beginning_of_a_token_decode_and_show(prefix: bytes, rest: bytes) -> None:
    check_shown(prefix + rest, tree=True)


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A real token with some of its bytes changed, left out, put in or said twice."""
    data = bytearray(draw(st.sampled_from(OWN)).data)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        stop = min(len(data), at + draw(st.integers(0, 12)))
        data[at:stop] = draw(
            st.one_of(
                st.binary(max_size=8),
                st.just(bytes(data[at:stop]) * 2),
                st.sampled_from([b"\x80", b"\x84\x7f\xff\xff\xff", b"\xff\xff", b"\0\0", b"\xa3", b"\x30", b"\x04"]),
            )
        )
    return bytes(data)


@made
@given(edited())
def test_edited_tokens_decode_and_show(data: bytes) -> None:
    check_shown(data, tree=True)


@st.composite
def elements(draw: st.DrawFn, levels: int = 5) -> bytes:
    """DER that is well-formed as such, of the tags that tokens have, in any order."""
    tag = draw(st.sampled_from([0x60, 0x30, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xAC, 0x6E, 0x6F, 0x7E, 0x61, 0x04]))
    primitive = st.builds(
        der, st.sampled_from([0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x18, 0x1B, 0x80]), st.binary(max_size=12)
    )
    if levels == 0:
        return draw(primitive)
    inside = draw(
        st.lists(st.one_of(primitive, elements(levels - 1), st.sampled_from([SPNEGO_OID, KRB5_OID])), max_size=4)
    )
    return der(tag, *inside)


@made
@given(elements())
def test_any_der_of_these_tags_decodes_and_shows(data: bytes) -> None:
    check_shown(data, tree=True)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """NTLM messages with descriptors that point anywhere."""
    number = draw(st.integers(1, 3))
    count = {1: 2, 2: 2, 3: 6}[number]
    near, far = st.integers(0, 160), st.integers(0, 0xFFFFFFFF)
    length = st.one_of(st.integers(0, 60), st.integers(0, 0xFFFF))
    buffers = [(draw(length), draw(st.one_of(near, near, far))) for _ in range(count)]
    flags = draw(st.one_of(st.integers(0, 0xFFFFFFFF), st.sampled_from([0xE28A8235, 0xE2888206, 0])))
    message = ntlm(number, *buffers, flags=flags, payload=draw(st.binary(max_size=120)))
    return message[: draw(st.integers(0, len(message)))] if draw(st.booleans()) else message


@made
@given(messages())
def test_ntlm_messages_that_point_anywhere_decode_and_show(data: bytes) -> None:
    check_shown(data, tree=True)
    check_shown(init(data, NTLM_OID), tree=True)
    check_shown(resp(data))


@settings(made, max_examples=120, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(edited(), messages(), elements(), st.binary(max_size=80)))
def test_the_command_takes_whatever_comes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    decoded = decode(data)
    for options in (("--json", "--spans"), (), ("--format", "summary")):
        assert run(data, folder, *options) == (exits.OK if decoded.error is None else exits.BAD_INPUT)


def test_a_decoder_that_raises_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(check.__globals__, "decode", lambda data: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        check(b"")
