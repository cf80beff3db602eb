"""One token in every text form that people paste."""

import base64
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secctx.carriers.text import read_tokens, reads_as_token
from secctx.carriers.token import CarrierError
from secctx.carriers.write import FORMS as WRITTEN
from secctx.carriers.write import encode

DATA = Path(__file__).parent / "data" / "carriers"
SAMPLES = {
    name: (DATA / f"{name}.bin").read_bytes()
    for name in (
        "ntlm-negotiate",
        "ntlm-challenge",
        "ntlm-authenticate",
        "spnego-init",
        "spnego-reject",
        "krb5-ap-req",
    )
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def wrap(text: str, width: int, end: str = "\n") -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


def percent(text: str) -> str:
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def signed(data: bytes) -> str:
    return ", ".join(str(c - 256 if c > 127 else c) for c in data)


def c_lines(data: bytes) -> str:
    rows = [", ".join(f"0x{c:02X}" for c in data[at : at + 12]) for at in range(0, len(data), 12)]
    return ",\n".join(f"    {row}" for row in rows)


BASE64 = {
    "plain": b64,
    "line-end": lambda d: b64(d) + "\n",
    "crlf": lambda d: b64(d) + "\r\n",
    "blank-lines-around": lambda d: f"\n\n   {b64(d)}  \n\n",
    "unpadded": lambda d: b64(d).rstrip("="),
    "overpadded": lambda d: b64(d).rstrip("=") + "====",
    "wrapped-64": lambda d: wrap(b64(d), 64),
    "wrapped-76-crlf": lambda d: wrap(b64(d), 76, "\r\n"),
    "wrapped-19": lambda d: wrap(b64(d), 19),
    "wrapped-indented": lambda d: textwrap.indent(wrap(b64(d), 40), "    "),
    "wrapped-by-spaces": lambda d: wrap(b64(d), 20, " "),
    "backslash-continued": lambda d: wrap(b64(d), 40, " \\\n"),
    "mail-quoted": lambda d: textwrap.indent(wrap(b64(d), 60), "> "),
    "double-quoted": lambda d: f'"{b64(d)}"',
    "single-quoted-comma": lambda d: f"'{b64(d)}',",
    "backticks": lambda d: f"`{b64(d)}`",
    "typographic-quotes": lambda d: f"\u201c{b64(d)}\u201d",
    "zero-width-space": lambda d: b64(d)[:10] + "\u200b" + b64(d)[10:],
    "semicolon": lambda d: b64(d) + ";",
    "escaped-line-ends": lambda d: wrap(b64(d), 64, "\\n") + "\\n",
    "escaped-crlf": lambda d: wrap(b64(d), 64, "\\r\\n"),
    "percent-encoded": lambda d: percent(b64(d)),
    "pem": lambda d: f"-----BEGIN TOKEN-----\n{wrap(b64(d), 64)}\n-----END TOKEN-----\n",
    "certutil": lambda d: (
        f"-----BEGIN CERTIFICATE-----\r\n{wrap(b64(d), 64, chr(13) + chr(10))}\r\n-----END CERTIFICATE-----\r\n"
        "CertUtil: -encode command completed successfully.\r\n"
    ),
    "powershell-here-string": lambda d: f'$token = @"\n{wrap(b64(d), 64)}\n"@\n',
    "string-concatenation": lambda d: '"' + wrap(b64(d), 40, '" +\n    "') + '"',
    "python-parentheses": lambda d: 'TOKEN = (\n    "' + wrap(b64(d), 40, '"\n    "') + '"\n)',
    "json-member": lambda d: f'{{"id": 7, "token": "{b64(d)}", "ok": true}}',
    "json-slashes": lambda d: '{"token": "' + b64(d).replace("/", "\\/") + '"}',
    "json-unicode-escapes": lambda d: b64(d).replace("+", "\\u002b").replace("=", "\\u003d"),
    "json-fragment": lambda d: f'"token": "{b64(d)}"',
    "assignment": lambda d: f"token={b64(d)}",
    "export": lambda d: f"export TOKEN='{b64(d)}'",
    "yaml": lambda d: f"token: {b64(d)}",
    "data-url": lambda d: f"data:application/octet-stream;base64,{b64(d)}",
    "after-prose": lambda d: f"Hello,\n\nthe token was:\n\n{wrap(b64(d), 76)}\n\nThanks,\nBob",
    "comment-above": lambda d: f"# from the client\n{wrap(b64(d), 64)}\n",
    "utf-16-with-mark": lambda d: b64(d).encode("utf-16"),
    "utf-16-wrapped": lambda d: wrap(b64(d), 64, "\r\n").encode("utf-16"),
    "utf-16-be-no-mark": lambda d: b64(d).encode("utf-16-be"),
    "utf-8-mark": lambda d: b"\xef\xbb\xbf" + b64(d).encode(),
}
HEX = {
    "plain": lambda d: d.hex(),
    "upper": lambda d: d.hex().upper(),
    "spaced": lambda d: d.hex(" "),
    "grouped-2": lambda d: d.hex(" ", -2),
    "grouped-4": lambda d: d.hex(" ", -4),
    "colons": lambda d: d.hex(":"),
    "dashes": lambda d: d.hex("-").upper(),
    "0x": lambda d: "0x" + d.hex(),
    "wrapped": lambda d: wrap(d.hex(), 64),
    "wrapped-odd": lambda d: wrap(d.hex(), 63),
    "openssl-colons": lambda d: wrap(d.hex(":"), 45, "\n    "),
    "assignment": lambda d: f"token = {d.hex()}",
    "quoted": lambda d: f'"{d.hex()}"',
    "fromhex": lambda d: f'bytes.fromhex("{d.hex(" ")}")',
    "postgresql": lambda d: "\\x" + d.hex(),
    "sql": lambda d: f"X'{d.hex()}'",
    "registry": lambda d: '"Token"=hex:' + wrap(d.hex(","), 75, "\\\n  "),
    "in-prose": lambda d: f"got blob {d.hex()} from peer",
    "utf-16": lambda d: d.hex(" ").encode("utf-16"),
}
ARRAYS = {
    "list": lambda d: ", ".join(f"0x{c:02x}" for c in d),
    "no-spaces": lambda d: ",".join(f"0x{c:02x}" for c in d),
    "by-spaces": lambda d: " ".join(f"0x{c:02x}" for c in d),
    "one-digit": lambda d: ",".join(f"0x{c:x}" for c in d),
    "braces": lambda d: "{ " + ", ".join(f"0x{c:02x}" for c in d) + " }",
    "c": lambda d: f"static const uint8_t tok[{len(d)}] = {{\n{c_lines(d)}\n}};\n",
    "c-comments": lambda d: f"/* a token: 0xff */\nuint8_t tok[] = {{ // begins\n{c_lines(d)} /* ends */\n}};",
    "c-unclosed-comment": lambda d: f"{{ {', '.join(f'0x{c:02x}' for c in d)} }}; /* open",
    "rust": lambda d: "let t = [" + ", ".join(f"0x{c:02x}u8" for c in d) + "];",
    "powershell": lambda d: "[byte[]]$t = @(" + ",".join(f"0x{c:02X}" for c in d) + ")",
    "csharp": lambda d: "var t = new byte[] { " + ", ".join(f"0x{c:02X}" for c in d) + " };",
}
ESCAPES = {
    "bare": lambda d: "".join(f"\\x{c:02x}" for c in d),
    "quoted": lambda d: '"' + "".join(f"\\x{c:02x}" for c in d) + '"',
    "c-lines": lambda d: (
        "char t[] =\n"
        + "\n".join('  "' + "".join(f"\\x{c:02x}" for c in d[at : at + 16]) + '"' for at in range(0, len(d), 16))
    ),
    "python": repr,
    "printf": lambda d: "printf '" + "".join(f"\\x{c:02x}" for c in d) + "' > token.bin",
}
LISTS = {
    "a-line-each": lambda d: "\n".join(map(str, d)),
    "a-line-each-crlf": lambda d: "\r\n".join(map(str, d)) + "\r\n",
    "commas": lambda d: ",".join(map(str, d)),
    "spaces": lambda d: " ".join(map(str, d)),
    "python": lambda d: str(list(d)),
    "at-parentheses": lambda d: "@(" + ",".join(map(str, d)) + ")",
    "signed": lambda d: f"[{signed(d)}]",
    "utf-16": lambda d: "\r\n".join(map(str, d)).encode("utf-16"),
}
FORMS = {
    f"{kind}-{name}": (encoding, form, render)
    for kind, (encoding, form, renders) in {
        "base64": ("base64", "base64", BASE64),
        "hex": ("hex", "hex", HEX),
        "array": ("c-array", "hex", ARRAYS),
        "escape": ("hex-escape", "hex", ESCAPES),
        "list": ("powershell", "hex", LISTS),
    }.items()
    for name, render in renders.items()
}


def as_bytes(text):
    return text.encode() if isinstance(text, str) else text


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_identical_bytes(form, sample):
    encoding, _, render = FORMS[form]
    [token] = read_tokens(as_bytes(render(SAMPLES[sample])), "input")
    assert token.data == SAMPLES[sample]
    assert token.source.encoding == encoding
    assert (token.source.name, token.source.index) == ("input", 0)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("form", FORMS)
def test_naming_the_form_gives_the_same_token(form, sample):
    _, named, render = FORMS[form]
    [token] = read_tokens(as_bytes(render(SAMPLES[sample])), "input", form=named)
    assert token.data == SAMPLES[sample]


@pytest.mark.parametrize("sample", SAMPLES)
def test_url_safe_base64_is_read_and_named(sample):
    text = url64(SAMPLES[sample])
    [token] = read_tokens(text.encode(), "input")
    assert token.data == SAMPLES[sample]
    assert token.source.encoding == ("base64url" if set(text) & set("-_") else "base64")


@pytest.mark.parametrize("sample", SAMPLES)
def test_raw_bytes_are_a_token_as_they_are(sample):
    [token] = read_tokens(SAMPLES[sample], "input")
    assert (token.data, token.source.encoding, token.notes) == (SAMPLES[sample], "raw", ())


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("outer", ["base64", "hex"])
def test_base64_inside_another_encoding_is_decoded_and_mentioned(sample, outer):
    inner = base64.b64encode(SAMPLES[sample])
    text = base64.b64encode(inner) if outer == "base64" else inner.hex().encode()
    [token] = read_tokens(text, "input")
    assert token.data == SAMPLES[sample]
    assert token.source.encoding == f"base64 in {outer}"
    assert f"base64 inside {outer}" in token.notes


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (lambda d: b64(d).rstrip("="), "padding missing"),
        (lambda d: b64(d).rstrip("=") + "====", "padding wrong: 4 '=' where 1 belong"),
        (lambda d: percent(b64(d)), "percent-encoded"),
        (lambda d: wrap(b64(d), 20, " "), "base64 wrapped by spaces"),
        (lambda d: signed(d), "signed bytes"),
    ],
)
def test_what_is_odd_about_the_text_is_noted(text, note):
    sample = (DATA / "spnego-init.bin").read_bytes()
    assert b64(sample).count("=") == 1
    [token] = read_tokens(text(sample).encode(), "input")
    assert token.data == sample
    assert note in token.notes


@pytest.mark.parametrize("sample", ["ntlm-authenticate", "krb5-ap-req"])
def test_spaces_that_were_plus_signs_are_put_right(sample):
    text = b64(SAMPLES[sample])
    assert "+" in text
    [token] = read_tokens(text.replace("+", " ").encode(), "input")
    assert token.data == SAMPLES[sample]
    assert "spaces stand where + was" in token.notes


LINES = {
    "base64": b64,
    "hex": bytes.hex,
    "quoted": lambda d: f'"{b64(d)}",',
    "header": lambda d: f"Authorization: Negotiate {b64(d)}",
    "scheme": lambda d: f"Negotiate {b64(d)}",
}


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n# the next one\n", "\r\n", "\n   \n\n"])
@pytest.mark.parametrize("line", LINES)
def test_a_token_a_line_is_many_tokens(line, between):
    text = between.join(LINES[line](data) for data in SAMPLES.values())
    tokens = read_tokens(text.encode(), "input")
    assert [token.data for token in tokens] == list(SAMPLES.values())
    assert [token.source.index for token in tokens] == list(range(len(SAMPLES)))
    assert [token.source.line for token in tokens] == [
        1 + index * between.replace("\r\n", "\n").count("\n") for index in range(len(SAMPLES))
    ]


@pytest.mark.parametrize("width", [40, 64, 76])
@pytest.mark.parametrize("form", [b64, bytes.hex])
def test_wrapped_tokens_with_blank_lines_between_are_many(form, width):
    samples = [SAMPLES[name] for name in ("spnego-init", "ntlm-challenge", "krb5-ap-req")]
    text = "\n\n".join(wrap(form(data), width) for data in samples)
    assert [token.data for token in read_tokens(text.encode(), "input")] == samples


def test_tokens_in_a_json_array_are_many():
    text = "[" + ", ".join(f'"{b64(data)}"' for data in SAMPLES.values()) + "]"
    assert [token.data for token in read_tokens(text.encode(), "input")] == list(SAMPLES.values())


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_written_is_read_back(form, sample):
    [token] = read_tokens(encode(SAMPLES[sample], form, "NTLM", "WWW-Authenticate"), "input")
    assert token.data == SAMPLES[sample]
    if form == "header":
        assert (token.source.carrier, token.source.direction) == ("WWW-Authenticate: NTLM", "server")


def test_writing_in_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="none of raw"):
        encode(b"x", "dump")


@pytest.mark.parametrize(
    "text", [b64(SAMPLES["ntlm-negotiate"]), "Negotiate oQcwBaADCgEC", SAMPLES["krb5-ap-req"].hex()]
)
def test_text_on_the_command_line_that_is_a_token_is_taken_for_one(text):
    assert reads_as_token(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "token.bin",
        "samples/leg1.bin",
        "deadbeef",
        "deadbeefdeadbeef",
        "Negotiate",
        "a" * 40,
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "C:\\Users\\bob\\token.txt",
        "captured",
        "\udcff\udcfe",
        "n00b",
        "2026-11-22T10:00:00.pcap",
    ],
)
def test_file_names_are_not_taken_for_tokens(text):
    assert not reads_as_token(text)


HEADS = [b"NTLMSSP\0\1\0\0\0", b"NTLMSSP\0\3\0\0\0", bytes.fromhex("a1820100308200fca0030a0101"), b"NEGOEXTS"]


@settings(max_examples=60, deadline=None)
@given(head=st.sampled_from(HEADS), body=st.binary(min_size=40, max_size=400), form=st.sampled_from(sorted(FORMS)))
def test_any_token_survives_any_form(head, body, form):
    data = head + body
    tokens = read_tokens(as_bytes(FORMS[form][2](data)), "input")
    assert [token.data for token in tokens] == [data]


def test_an_unknown_form_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="none of raw"):
        read_tokens(b"x", "input", form="xml")


def test_a_token_cut_anywhere_in_its_base64_is_still_a_token():
    text = b64(SAMPLES["krb5-ap-req"])
    for size in range(60, len(text), 37):
        [token] = read_tokens(text[:size].encode(), "input")
        assert SAMPLES["krb5-ap-req"].startswith(token.data)
        assert len(token.data) == size * 3 // 4 if size % 4 != 1 else (size - 1) * 3 // 4


def test_a_raw_token_cut_within_its_signature_is_a_raw_token():
    [token] = read_tokens(b"NTLMSS", "input")
    assert token.source.encoding == "raw"


@pytest.mark.parametrize("text", ["MIIBCgKCAQEA", "see YIIF for details", "the quick brown fox", "Authorization"])
def test_words_and_certificates_are_no_tokens(text):
    with pytest.raises(CarrierError):
        read_tokens(text.encode(), "input")
