"""HTTP header lines and SASL steps, as curl, browsers, proxies, servers and their logs show them."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from secctx.carriers.text import read_tokens
from secctx.carriers.token import CarrierError

DATA = Path(__file__).parent / "data" / "carriers"
INIT = (DATA / "spnego-init.bin").read_bytes()
REJECT = (DATA / "spnego-reject.bin").read_bytes()
CHALLENGE = (DATA / "ntlm-challenge.bin").read_bytes()
LONG = (DATA / "krb5-ap-req.bin").read_bytes()


def b64(data):
    return b64encode(data).decode()


def wrapped(data, between):
    text = b64(data)
    return between.join(text[at : at + 60] for at in range(0, len(text), 60))


HAR = json.dumps(
    {"headers": [{"name": "Host", "value": "x"}, {"name": "Authorization", "value": f"Negotiate {b64(INIT)}"}]}
)
PRETTY_HAR = json.dumps(json.loads(HAR), indent=4)
#: Text with the one token INIT in it; the carrier and direction it must be given.
ONE = {
    "header": (f"Authorization: Negotiate {b64(INIT)}", "Authorization: Negotiate", "client"),
    "lower-case": (f"authorization: negotiate {b64(INIT)}", "Authorization: Negotiate", "client"),
    "upper-case": (f"AUTHORIZATION:NEGOTIATE {b64(INIT)}", "Authorization: Negotiate", "client"),
    "proxy-request": (f"Proxy-Authorization: NTLM {b64(INIT)}", "Proxy-Authorization: NTLM", "client"),
    "response": (f"WWW-Authenticate: Negotiate {b64(INIT)}", "WWW-Authenticate: Negotiate", "server"),
    "proxy-response": (f"Proxy-Authenticate: Kerberos {b64(INIT)}", "Proxy-Authenticate: Kerberos", "server"),
    "info": (f"Authentication-Info: Negotiate {b64(INIT)}", "Authentication-Info: Negotiate", "server"),
    "proxy-info": (
        f"Proxy-Authentication-Info: Negotiate {b64(INIT)}",
        "Proxy-Authentication-Info: Negotiate",
        "server",
    ),
    "bare-negotiate": (f"Negotiate {b64(INIT)}\n", "Negotiate", None),
    "bare-ntlm": (f"NTLM {b64(INIT)}", "NTLM", None),
    "bare-kerberos": (f"kerberos   {b64(INIT)}", "Kerberos", None),
    "marked-bare": (f"> Negotiate {b64(INIT)}", "Negotiate", "client"),
    "quoted": (f"'Authorization: Negotiate {b64(INIT)}'", "Authorization: Negotiate", "client"),
    "curl-command": (
        f"curl -H 'Accept: */*' -H 'Authorization: Negotiate {b64(INIT)}' http://web/",
        "Authorization: Negotiate",
        "client",
    ),
    "powershell": (f'@{{ Authorization = "Negotiate {b64(INIT)}" }}', "Authorization: Negotiate", "client"),
    "python-dict": (f"{{'Host': 'x', 'Authorization': 'Negotiate {b64(INIT)}'}}", "Authorization: Negotiate", "client"),
    "har": (HAR, "Authorization: Negotiate", "client"),
    "har-pretty": (PRETTY_HAR, "Authorization: Negotiate", "client"),
    "journal": (
        f"Nov 22 10:00:00 web app[123]: request headers: host=web Authorization: Negotiate {b64(INIT)}\n",
        "Authorization: Negotiate",
        "client",
    ),
    "access-log": (
        f'10.0.0.5 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 24 "Negotiate {b64(INIT)}" "curl/7.88"',
        "Negotiate",
        None,
    ),
    "wireshark-text": (f"    Authorization: Negotiate {b64(INIT)}\\r\\n\n", "Authorization: Negotiate", "client"),
    "bytes-literal": (
        f"send: b'GET / HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Negotiate {b64(INIT)}\\r\\n\\r\\n'",
        "Authorization: Negotiate",
        "client",
    ),
    "http-client": (f"header: WWW-Authenticate: Negotiate {b64(INIT)}", "WWW-Authenticate: Negotiate", "server"),
    "coloured": (f"\x1b[1mWWW-Authenticate\x1b[0m: Negotiate {b64(INIT)}", "WWW-Authenticate: Negotiate", "server"),
    "folded-after-scheme": (f"Authorization: Negotiate\n  {b64(INIT)}\nHost: x", "Authorization: Negotiate", "client"),
    "folded-within-token": (
        f"Authorization: Negotiate {wrapped(INIT, chr(10) + chr(9))}\r\nHost: x",
        "Authorization: Negotiate",
        "client",
    ),
    "wrapped-by-a-terminal": (
        f"Authorization: Negotiate {wrapped(INIT, chr(10))}\nHost: x",
        "Authorization: Negotiate",
        "client",
    ),
    "after-basic": (
        f'WWW-Authenticate: Basic realm="x, y", Negotiate {b64(INIT)}, Digest nonce="abc"',
        "WWW-Authenticate: Negotiate",
        "server",
    ),
    "after-a-bare-one": (f"WWW-Authenticate: NTLM, Negotiate {b64(INIT)}", "WWW-Authenticate: Negotiate", "server"),
    "utf-16": (f"Authorization: Negotiate {b64(INIT)}\r\n".encode("utf-16"), "Authorization: Negotiate", "client"),
    "percent-encoded": (
        "authorization=Negotiate%20" + b64(INIT).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "Authorization: Negotiate",
        "client",
    ),
    "url-safe": (
        "Authorization: Negotiate " + b64(INIT).replace("+", "-").replace("/", "_").rstrip("="),
        "Authorization: Negotiate",
        "client",
    ),
    "no-scheme": (f"Authorization: {b64(INIT)}", "Authorization", "client"),
    "binary-body": (
        b"HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate " + b64(INIT).encode() + b"\r\n\r\n\x1f\x8b\0\xff\xfe",
        "WWW-Authenticate: Negotiate",
        "server",
    ),
}


@pytest.mark.parametrize(
    ("name", "form"), [*((name, None) for name in ONE), *((name, "header") for name in ONE if name != "binary-body")]
)
def test_the_token_of_a_header_line_is_found_with_its_carrier_and_direction(name, form):
    text, carrier, direction = ONE[name]
    data = text if isinstance(text, bytes) else text.encode()
    [token] = read_tokens(data, "input", form)
    assert token.data == INIT
    assert (token.source.carrier, token.source.direction) == (carrier, direction)
    assert token.source.encoding in ("base64", "base64url")


def test_several_challenges_in_one_header_are_several_tokens():
    text = f'WWW-Authenticate: Negotiate {b64(INIT)}, NTLM {b64(CHALLENGE)}, Basic realm="x, y"'
    tokens = read_tokens(text.encode(), "input")
    assert [(token.data, token.source.carrier) for token in tokens] == [
        (INIT, "WWW-Authenticate: Negotiate"),
        (CHALLENGE, "WWW-Authenticate: NTLM"),
    ]


RECORDED = {
    "exchange.curl-v.txt": [(INIT, "client"), (CHALLENGE, "server")],
    "exchange.curl-trace.txt": [(INIT, "client"), (CHALLENGE, "server")],
    "exchange.curl-trace-ascii.txt": [(INIT, "client"), (CHALLENGE, "server")],
    "exchange.curl-trace-time.txt": [(INIT, "client"), (CHALLENGE, "server")],
    "exchange.http-client.txt": [(INIT, "client"), (CHALLENGE, "server")],
}


@pytest.mark.parametrize("form", [None, "header"])
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_exchange_gives_the_tokens_of_both_sides(name, form):
    tokens = read_tokens((DATA / name).read_bytes(), name, form)
    assert [(token.data, token.source.direction) for token in tokens] == RECORDED[name]


def test_the_log_of_a_whole_handshake_gives_its_legs_in_order():
    tokens = read_tokens((DATA / "negotiate-ntlm.curl-v.txt").read_bytes(), "input")
    assert [(token.source.line, token.source.direction, len(token.data)) for token in tokens] == [
        (10, "client", 74),
        (17, "server", 147),
        (31, "client", 323),
        (38, "server", 29),
    ]


@pytest.mark.parametrize("indent", ["\n ", "\n\t", "\r\n  ", "\n", " \n    "])
def test_a_long_header_over_many_lines_is_one_token(indent):
    text = f"> GET / HTTP/1.1\n> Authorization: Negotiate {wrapped(LONG, indent)}\n> Host: x\n"
    [token] = read_tokens(text.encode(), "input")
    assert token.data == LONG
    assert "header folded over 17 lines" in token.notes


def test_a_missing_scheme_is_noted():
    [token] = read_tokens(f"Authorization: {b64(INIT)}".encode(), "input")
    assert token.notes == ("scheme missing",)


def test_a_header_that_was_encoded_twice_is_decoded_twice():
    [token] = read_tokens(b"Authorization: Negotiate " + b64encode(b64encode(INIT)), "input")
    assert (token.data, token.source.encoding) == (INIT, "base64 in base64")


@pytest.mark.parametrize("end", [".", ". Then", ",", "]", ")", "|x", "&a=b", "\0 "])
def test_punctuation_after_a_token_ends_it(end):
    text = f"Authorization: Negotiate {b64(INIT[:72])}{end}"
    [token] = read_tokens(text.encode(), "input")
    assert token.data == INIT[:72]


def test_a_header_that_breaks_off_in_an_ellipsis_is_read_as_far_as_it_goes():
    [token] = read_tokens(f"Authorization: Negotiate {b64(LONG)[:120]}...\n".encode(), "input")
    assert token.data == LONG[:90]
    assert "the text breaks off in an ellipsis" in token.notes


def test_a_character_that_is_no_base64_is_refused_with_its_place():
    text = f"Host: x\nAuthorization: Negotiate {b64(INIT)[:40]}*{b64(INIT)[40:]}"
    with pytest.raises(
        CarrierError, match=r"line 2, column 66: expected base64 after Negotiate, found '\*'"
    ) as refusal:
        read_tokens(text.encode(), "input")
    assert refusal.value.kind == "malformed"


@pytest.mark.parametrize("form", [None, "header"])
@pytest.mark.parametrize(
    "text",
    [
        "WWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM",
        "    WWW-Authenticate: Negotiate\n    WWW-Authenticate: NTLM\n",
        "< HTTP/1.1 401 Unauthorized\n< www-authenticate: Negotiate, NTLM\n< \n",
        (DATA / "no-token.curl-v.txt").read_text(),
    ],
)
def test_challenges_without_a_token_are_named_and_refused(text, form):
    with pytest.raises(
        CarrierError, match="the server offers Negotiate, NTLM but the header carries no token"
    ) as refusal:
        read_tokens(text.encode(), "input", form)
    assert refusal.value.kind == "not-a-token"
    assert refusal.value.hints


def test_basic_credentials_are_refused_and_not_shown():
    with pytest.raises(CarrierError, match="Basic carries no SPNEGO") as refusal:
        read_tokens(b"Authorization: Basic Ym9iOnNlY3JldHBhc3N3b3Jk", "input")
    assert "Ym9i" not in str(refusal.value) + "".join(refusal.value.hints)


SASL = {
    "imap": f"C: a1 AUTHENTICATE NTLM\nS: +\nC: {b64(INIT)}\nS: + {b64(CHALLENGE)}\n",
    "imap-initial": f"a1 AUTHENTICATE NTLM {b64(INIT)}\n+ {b64(CHALLENGE)}\n",
    "smtp": f"AUTH NTLM {b64(INIT)}\n334 {b64(CHALLENGE)}\n535 5.7.3 failed\n",
    "smtp-marked": f"> AUTH NTLM {b64(INIT)}\n< 334 {b64(CHALLENGE)}\n",
}


@pytest.mark.parametrize("name", SASL)
def test_sasl_steps_are_tokens_of_both_sides(name):
    tokens = read_tokens(SASL[name].encode(), "input")
    assert [(token.data, token.source.direction) for token in tokens] == [(INIT, "client"), (CHALLENGE, "server")]
