"""JSON lines that `secctx extract` wrote."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from secctx.carriers.text import read_tokens
from secctx.carriers.token import CarrierError, Source

DATA = Path(__file__).parent / "data" / "carriers"
INIT = (DATA / "spnego-init.bin").read_bytes()
LINE = {
    "schema": "secctx.extract/1",
    "handshake": 1,
    "leg": 1,
    "direction": "client",
    "time": "2026-11-22T08:22:24.820934Z",
    "src": "10.0.0.5:50122",
    "dst": "10.0.0.9:80",
    "protocol": "HTTP",
    "packets": [14, 15],
    "missing_bytes": 0,
    "answer": None,
    "token": b64encode(INIT).decode(),
}


def lines(*changes):
    return "".join(json.dumps(LINE | change, separators=(",", ":")) + "\n" for change in changes).encode()


@pytest.mark.parametrize("form", [None, "jsonl"])
def test_a_line_fills_the_source(form):
    [token] = read_tokens(lines({}), "x.jsonl", form)
    assert token.data == INIT
    time, ends = "2026-11-22T08:22:24.820934Z", "10.0.0.5:50122 10.0.0.9:80"
    wanted = Source("x.jsonl", "jsonl", 0, "HTTP", 1, 14, None, "client", time, handshake=1, leg=1, connection=ends)
    assert token.source == wanted
    [answered] = read_tokens(lines({"answer": "HTTP 401"}), "x.jsonl", form)
    assert answered.source.answer == "HTTP 401"


def test_each_line_is_a_token():
    tokens = read_tokens(lines({}, {"leg": 2, "direction": "server"}, {"handshake": 2}) + b"\n\n", "x")
    assert [(t.source.index, t.source.line, t.source.handshake, t.source.leg, t.source.direction) for t in tokens] == [
        (0, 1, 1, 1, "client"),
        (1, 2, 1, 2, "server"),
        (2, 3, 2, 1, "client"),
    ]


def test_an_empty_token_is_a_token_of_no_bytes():
    [token] = read_tokens(lines({"token": ""}), "x")
    assert token.data == b""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"schema": "secctx.extract/1", "tok', "expected a JSON object"),
        (b"[" * 100_000, "expected a JSON object"),
        (b"12", "expected a JSON object"),
        (b'{"schema": "secctx.extract/1"}', 'expected a "token" in base64, found none'),
        (b'{"schema": "secctx.extract/1", "token": 7}', 'expected a "token" in base64'),
        (b'{"schema": "secctx.extract/1", "token": "YII*"}', 'expected "token" in base64'),
        (b'{"schema": "secctx.decode/1", "token": "YIIF"}', 'expected "schema": "secctx.extract/1"'),
    ],
)
def test_a_broken_line_is_refused_with_its_number(line, expected):
    with pytest.raises(CarrierError) as refusal:
        read_tokens(lines({}) + b"\n" + line, "x")
    assert refusal.value.kind == "malformed"
    assert refusal.value.message.startswith(f"line 3: {expected}")


def test_fields_of_the_wrong_type_are_left_out():
    [token] = read_tokens(lines({"handshake": "1", "leg": True, "packets": ["a"], "direction": "up", "time": 7}), "x")
    source = token.source
    assert (source.handshake, source.leg, source.packet, source.direction, source.time) == (None,) * 5
