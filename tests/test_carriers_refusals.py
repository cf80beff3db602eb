"""What is no token is refused in words that help; nothing else is ever raised."""

import time
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secctx.carriers.text import FORMS, read_tokens, reads_as_token
from secctx.carriers.token import CarrierError, Token

DATA = Path(__file__).parent / "data" / "carriers"
AP_REQ = (DATA / "krb5-ap-req.bin").read_bytes()
INIT = (DATA / "spnego-init.bin").read_bytes()


def refusal_of(data, form=None, **limits):
    with pytest.raises(CarrierError) as refusal:
        read_tokens(data, "input", form, **limits)
    return refusal.value


def outcome_of(data, form):
    try:
        return read_tokens(data, "input", form)
    except CarrierError as error:
        return error


def test_no_bytes_are_refused_as_empty():
    assert (refusal_of(b"").kind, refusal_of(b"").message) == ("empty", "empty: no bytes")


@pytest.mark.parametrize("form", [None, "hex", "base64"])
def test_white_space_alone_is_refused_as_empty(form):
    assert refusal_of(b" \r\n\t\n", form).message == "empty: 5 bytes of white space"


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html>\n<html><head><title>401 -\n Unauthorized</title></head></html>",
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n\r\n<html><title>401 - Unauthorized</title>",
    ],
)
def test_a_web_page_is_refused_with_its_title(page):
    refusal = refusal_of(page)
    assert refusal.kind == "html"
    assert refusal.message == "this is an HTML page, not a token (its title: '401 - Unauthorized')"
    assert "curl -v" in refusal.hints[0]


def test_a_web_page_without_a_title_is_refused():
    assert refusal_of(b"<html><body>no</body></html>").message == "this is an HTML page, not a token"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "this is an HTTP 401 response without a token"),
        (
            b"hello world",
            "no token in this text: expected base64, hex, a dump or an HTTP header line, found 'hello world'",
        ),
        (b'{"a": 1}', "this looks like JSON, not a token"),
        (b"eyJhbGciOiJub25lIn0.e30.", "this looks like a JSON web token"),
        (b"Authorization: Bearer eyJhbGciOi", "Authorization: Bearer carries no SPNEGO, NTLM or Kerberos token"),
        (b"Authorization: Negotiate", "Authorization carries no token"),
        (b"00112233445566", "hex of 7 bytes that begin no token known"),
        (b"0011223344556677", "hex of 8 bytes that begin no token known: 00 11 22 33 44 55 66 77"),
    ],
)
def test_other_text_is_refused_with_what_it_is(data, message):
    refusal = refusal_of(data)
    assert refusal.kind == "not-a-token"
    assert refusal.message.startswith(message)


@pytest.mark.parametrize("form", [None, "hex"])
def test_an_odd_number_of_hex_digits_is_refused_with_the_number(form):
    refusal = refusal_of(AP_REQ.hex()[:-1].encode(), form)
    assert refusal.kind == "malformed"
    assert refusal.message.startswith("line 1, column 1486: 1485 hex digits, an odd number: one is missing")


def test_the_group_that_lacks_a_digit_is_pointed_at():
    text = "\n".join(INIT[at : at + 16].hex(" ") for at in range(0, len(INIT), 16))
    assert refusal_of((text[:60] + text[61:]).encode()).message.startswith("line 2, column 14: 147 hex digits")


@pytest.mark.parametrize("form", [None, "hex"])
@pytest.mark.parametrize("gap", ["", " ", ":"])
def test_a_character_that_is_no_hex_is_refused_with_its_place(form, gap):
    text = gap.join(f"{c:02x}" for c in INIT)
    at = 40 + 20 * len(gap)
    refusal = refusal_of(f"{text[:at]}O{text[at + 1 :]}".encode(), form)
    assert refusal.message == f"line 1, column {at + 1}: expected a hex digit, found 'O'"


def test_bytes_that_are_no_text_are_a_raw_token_whatever_they_are():
    [token] = read_tokens(b"\x89PNG\r\n\x1a\n\0\0", "input")
    assert (token.source.encoding, token.data) == ("raw", b"\x89PNG\r\n\x1a\n\0\0")


@pytest.mark.parametrize("form", ["base64", "hex", "dump", "header", "jsonl"])
def test_bytes_that_are_no_text_are_refused_where_a_text_form_is_named(form):
    assert refusal_of(b"\x89PNG\r\n\x1a\n\0\0", form).message.startswith(
        f"expected {form} text, found bytes that are no text"
    )


@pytest.mark.parametrize("form", ["base64", "hex", "dump", "header", "jsonl"])
def test_other_text_is_refused_where_a_form_is_named(form):
    assert refusal_of(b"?? hello ??", form).kind in ("malformed", "not-a-token")


@pytest.mark.parametrize(("form", "text"), [("base64", b"aGVsbG8gd29ybGQ="), ("hex", b"68656c6c6f20776f726c64")])
def test_a_named_form_is_decoded_whatever_it_holds(form, text):
    [token] = read_tokens(text, "input", form)
    assert token.data == b"hello world"


def test_text_that_can_only_be_base64_is_a_token_though_unknown():
    data = bytes(range(7, 80))
    [token] = read_tokens(b64encode(data), "input")
    assert (token.data, token.source.encoding) == (data, "base64")


def test_a_raw_form_takes_text_as_it_is():
    [token] = read_tokens(b"YIIF", "input", "raw")
    assert token.data == b"YIIF"


def test_an_input_above_its_limit_is_refused_with_both_numbers():
    refusal = refusal_of(b"x" * 101, max_input=100)
    assert refusal.kind == "too-large"
    assert refusal.message == "input of 101 bytes is larger than the limit of 100 bytes"


@pytest.mark.parametrize("text", [AP_REQ, b64encode(AP_REQ), AP_REQ.hex().encode(), b"Negotiate " + b64encode(AP_REQ)])
def test_a_token_above_its_limit_is_refused_with_both_numbers(text):
    refusal = refusal_of(text, max_token=700)
    assert refusal.kind == "too-large"
    assert refusal.message == "token of 743 bytes is larger than the limit of 700 bytes"


TEXTS = st.text(
    alphabet=st.sampled_from(" \n\t0123456789abcdefxXYZIT:=,;\"'`\\%-+/>{}[]()*#|<n\u201c\u00e9"), max_size=120
)
PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "Authorization: ",
                "WWW-Authenticate:",
                "Negotiate ",
                "NTLM ",
                "TlRMTVNTUAABAAAA",
                "YIIF",
                "oQcwBaADCgEC",
            ),
            *("\n", " ", "0000  60 48 ", "00000000: 6048 ", "0x", "\\x60", "{", "}", "0x60, ", "*\n", "96, ", '"', "'"),
            *("-----BEGIN X-----\n", '{"schema": "secctx.extract/1"', "=> Send header, 5 bytes\n", "0000: ", "334 "),
            *("+ ", "AUTH NTLM ", "%2B", "=", "...", "# c\n", "0x0000:  4500 003c ", "60820301", "\t", "> ", "< "),
            *("00000010", "/*", "*/", "//", "<html>", "=hex:", "\ufeff", "\x1b[1m"),
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        TEXTS.map(str.encode),
        PIECES.map(str.encode),
        PIECES.map(lambda text: text.encode("utf-16")),
        st.binary(max_size=40).map(lambda data: INIT[:20] + data),
    ),
    form=st.sampled_from([None, *FORMS]),
)
@example(data=b"0000 00\n*", form="dump")
@example(data=b"\xff\xfe", form=None)
@example(data=b"=", form="base64")
def test_any_bytes_give_tokens_or_a_carrier_error_and_nothing_else(data, form):
    outcome = outcome_of(data, form)
    if isinstance(outcome, CarrierError):
        assert outcome.message
        assert "\n" not in outcome.message
        assert outcome.kind in ("empty", "not-a-token", "too-large", "html", "malformed")
        return
    tokens = outcome
    assert tokens
    assert all(isinstance(token, Token) and token.source.encoding for token in tokens)
    assert [token.source.index for token in tokens] == list(range(len(tokens)))


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=60), PIECES))
def test_any_text_reads_as_a_token_or_does_not(text):
    assert reads_as_token(text) in (True, False)


ADVERSARIES = [
    *("A", "\n", "0x,", "0x60,", "A\n", "60 ", "96, ", '" ', "/*", "{", "*\n", "%", "\\", "\n ", "<title", "\x1b["),
    *("-1,", "=", "12:34 ", "> ", "'\n", "Negotiate ", "Authorization: ", "AUTH NTLM ", "+ AAAAAAAA\n"),
    *("0000  60 48\n", "00000000: 4141 \n", "=> Send header\n", "Negotiate YIIFjAYGKwYBBQUCoIIFgDCCBXyg\n "),
    '{"schema":"secctx.extract/1"}\n',
]


@pytest.mark.parametrize("unit", ADVERSARIES)
def test_no_repetition_takes_more_than_linear_time(unit):
    data = (unit * ((1 << 20) // len(unit))).encode()
    start = time.process_time()
    with suppress(CarrierError):
        read_tokens(data, "input")
    assert time.process_time() - start < 5
