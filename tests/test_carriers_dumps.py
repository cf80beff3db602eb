"""Hex dumps: what the tools really write, and what people do to it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secctx.carriers.text import read_tokens
from secctx.carriers.token import CarrierError

DATA = Path(__file__).parent / "data" / "carriers"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.bin"))}
RECORDED = sorted(path.name for path in DATA.glob("*.txt") if path.name.split(".")[0] in SAMPLES)
ENCODINGS = {
    "xxd-p": "hex",
    "xxd-i": "c-array",
    "xxd": "xxd",
    "hexdump": "hexdump",
    "od-n": "hex",
    "od-u1": "powershell",
    "od": "hexdump",
    "base64": "base64",
    "java": "powershell",
    "node-json": "powershell",
}


def shown(data, blank="."):
    return "".join(chr(c) if 0x20 <= c < 0x7F else blank for c in data)


def rows(data, width=16):
    return [(at, data[at : at + width]) for at in range(0, len(data), width)]


def xxd(data):
    return "".join(f"{at:08x}: {part.hex(' ', -2):<39}  {shown(part)}\n" for at, part in rows(data))


def wireshark(data):
    return "".join(f"{at:04x}  {part.hex(' '):<47}   {shown(part)}\n" for at, part in rows(data))


def wireshark_old(data):
    return "".join(f"{at:04x}  {_halves(part):<48}   {_halves_shown(part)}\n" for at, part in rows(data))


def _halves(part):
    return f"{part[:8].hex(' ')}  {part[8:].hex(' ')}"


def _halves_shown(part):
    return f"{shown(part[:8])} {shown(part[8:])}"


def wireshark_bare(data):
    return "".join(f"{at:04x}  {part.hex(' ')}\n" for at, part in rows(data))


def tcpdump(data):
    return "".join(
        f"\t0x{at:04x}:  {part.hex(' ', -2):<39}  {shown(part).replace(' ', '.')}\n" for at, part in rows(data)
    )


def format_hex_5(data):
    columns = " ".join(f"{column:02X}" for column in range(16))
    head = f"\r\n\r\n           Path: C:\\token.bin\r\n\r\n           {columns}\r\n\r\n"
    lines = [f"{at:08X}   {part.hex(' ').upper():<47}  {shown(part)}\r\n" for at, part in rows(data)]
    return head + "".join(lines) + "\r\n\r\n"


def format_hex_7(data):
    head = (
        "\n   Label: C:\\token.bin\n\n"
        "          Offset Bytes                                           Ascii\n"
        "                 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n"
        "          ------ ----------------------------------------------- -----\n"
    )
    lines = [f"{at:016X} {part.hex(' ').upper():<47} {shown(part, chr(0xFFFD))}\n" for at, part in rows(data)]
    return head + "".join(lines)


def certutil(data):
    return "".join(f"{at:04x}\t{_halves(part):<50}{shown(part)}\r\n" for at, part in rows(data))


def windbg(data):
    lines = []
    for at, part in rows(data):
        halves = part[:8].hex(" ") + ("-" if len(part) > 8 else "") + part[8:].hex(" ")
        lines.append(f"0000021f`1c0c{0x2E40 + at:04x}  {halves:<47}  {shown(part)}\n")
    return "".join(lines)


def collapsed(data):
    return "".join(f"{at:08x}: {part.hex(' ')} {shown(part)}\n" for at, part in rows(data))


def mac_od(data):
    lines = [f"{at:07o}    {part.hex(' ').replace(' ', '  ')}\n" for at, part in rows(data)]
    return "".join(lines) + f"{len(data):07o}\n"


RENDERED = {
    "xxd": (xxd, "xxd"),
    "xxd-crlf": (lambda d: xxd(d).replace("\n", "\r\n"), "xxd"),
    "xxd-indented": (lambda d: "".join(f"    {line}\n" for line in xxd(d).splitlines()), "xxd"),
    "xxd-without-ascii": (lambda d: "".join(line[:49].rstrip() + "\n" for line in xxd(d).splitlines()), "xxd"),
    "xxd-utf-16": (lambda d: xxd(d).encode("utf-16"), "xxd"),
    "xxd-with-words-around": (lambda d: f"$ xxd token.bin\n{xxd(d)}$ exit\n", "xxd"),
    "xxd-trimmed": (lambda d: "\n".join(line.rstrip() for line in xxd(d).splitlines()), "xxd"),
    "xxd-spaces-collapsed": (collapsed, "xxd"),
    "wireshark": (wireshark, "wireshark"),
    "wireshark-old": (wireshark_old, "wireshark"),
    "wireshark-without-ascii": (wireshark_bare, "wireshark"),
    "tcpdump": (tcpdump, "tcpdump"),
    "format-hex-5": (format_hex_5, "powershell"),
    "format-hex-5-utf-16": (lambda d: format_hex_5(d).encode("utf-16"), "powershell"),
    "format-hex-7": (format_hex_7, "powershell"),
    "certutil": (certutil, "wireshark"),
    "windbg": (windbg, "hexdump"),
    "mac-od": (mac_od, "hexdump"),
}


def as_bytes(text):
    return text.encode() if isinstance(text, str) else text


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_tool_wrote_gives_the_identical_bytes(name):
    sample, tool, _ = name.split(".")
    [token] = read_tokens((DATA / name).read_bytes(), name)
    assert token.data == SAMPLES[sample]
    assert token.source.encoding == ENCODINGS.get(tool, ENCODINGS[tool if tool in ENCODINGS else tool.split("-")[0]])


@pytest.mark.parametrize("name", [n for n in RECORDED if ".xxd" not in n or "-p" not in n])
def test_a_tools_dump_is_read_where_the_form_is_named(name):
    sample, tool, _ = name.split(".")
    form = {"base64": "base64", "java": "hex", "node-json": "hex"}.get(tool, "dump")
    if tool in ("xxd-p", "xxd-i", "od-n", "od-u1"):
        form = "hex"
    assert [t.data for t in read_tokens((DATA / name).read_bytes(), name, form=form)] == [SAMPLES[sample]]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("style", RENDERED)
def test_every_style_of_dump_gives_the_identical_bytes(style, sample):
    render, encoding = RENDERED[style]
    [token] = read_tokens(as_bytes(render(SAMPLES[sample])), "input")
    assert token.data == SAMPLES[sample]
    assert token.source.encoding == encoding


@pytest.mark.parametrize("style", [xxd, wireshark, tcpdump])
def test_an_ascii_column_of_hex_letters_is_never_read_as_hex(style):
    data = b"NTLMSSP\0\1\0\0\0" + b"ab cd ef 01 23  45 67 deadbeef " * 3 + b"abcd ef"
    [token] = read_tokens(style(data).encode(), "input")
    assert token.data == data


@given(
    tail=st.text(alphabet="abcdef0123456789 |.", max_size=60),
    style=st.sampled_from([xxd, wireshark, tcpdump, format_hex_5, certutil]),
)
def test_no_ascii_column_is_read_as_hex(tail, style):
    data = b"NTLMSSP\0\1\0\0\0\x97\x82\x08\xe2" + tail.encode()
    assert [t.data for t in read_tokens(style(data).encode(), "input")] == [data]


@pytest.mark.parametrize("style", [xxd, wireshark, tcpdump])
def test_offsets_that_begin_again_begin_another_token(style):
    samples = [SAMPLES["spnego-init"], SAMPLES["ntlm-challenge"], SAMPLES["spnego-reject"]]
    tokens = read_tokens("\n".join(style(data) for data in samples).encode(), "input")
    assert [token.data for token in tokens] == samples
    assert [token.source.line for token in tokens] == [1, 7, 16]


@pytest.mark.parametrize("style", [xxd, wireshark, wireshark_bare, tcpdump])
@pytest.mark.parametrize("form", [None, "dump"])
def test_a_missing_line_is_refused_with_its_place(style, form):
    lines = style(SAMPLES["ntlm-challenge"]).splitlines()
    text = "\n".join(lines[:3] + lines[4:])
    with pytest.raises(
        CarrierError, match=r"line 4: expected offset 0x0030, found 0x0040: a line is missing"
    ) as refusal:
        read_tokens(text.encode(), "input", form)
    assert refusal.value.kind == "malformed"


def test_a_short_line_is_refused_with_its_place():
    lines = wireshark_bare(SAMPLES["ntlm-challenge"]).splitlines()
    lines[2] = lines[2][:-6]
    with pytest.raises(CarrierError, match=r"line 4: expected offset 0x002e, found 0x0030"):
        read_tokens("\n".join(lines).encode(), "input")


def test_lines_out_of_order_are_refused():
    lines = xxd(SAMPLES["ntlm-challenge"]).splitlines()
    lines[2], lines[3] = lines[3], lines[2]
    with pytest.raises(CarrierError, match="out of order"):
        read_tokens("\n".join(lines).encode(), "input")


def test_a_star_for_more_than_memory_is_refused():
    text = "00000000  4e 54 4c 4d 53 53 50 00  01 00 00 00 00 00 00 00  |NTLMSSP.........|\n*\nfffffff0  00\n"
    with pytest.raises(CarrierError) as refusal:
        read_tokens(text.encode(), "input")
    assert refusal.value.kind == "too-large"


def test_text_without_offsets_is_no_dump_when_one_is_named():
    with pytest.raises(CarrierError, match="expected a hex dump with offsets"):
        read_tokens(b"hello", "input", form="dump")


PACKETS = {
    "packets.tcpdump-X.txt": [(1, "Authorization: NTLM", "base64", 32), (2, "WWW-Authenticate: NTLM", "base64", 108)],
    "packets.tshark-x.txt": [(1, "Authorization: NTLM", "base64", 32), (2, "WWW-Authenticate: NTLM", "base64", 108)],
    "packets.tcpdump-x.txt": [(1, None, "tcpdump", 74), (2, None, "tcpdump", 189)],
    "packets.tcpdump-XX.txt": [(1, None, "tcpdump", 74), (2, None, "tcpdump", 189)],
}


@pytest.mark.parametrize("name", PACKETS)
def test_the_token_inside_a_packet_is_found_and_the_place_noted(name):
    tokens = read_tokens((DATA / name).read_bytes(), name)
    seen = [(t.source.packet, t.source.carrier, t.source.encoding, len(t.data)) for t in tokens]
    assert seen == PACKETS[name][: len(seen)]
    assert len(seen) == 2
    assert all(token.notes[-1].startswith("found at offset ") for token in tokens)


def test_the_time_over_a_packet_is_kept():
    [first, *_] = read_tokens((DATA / "packets.tcpdump-XX.txt").read_bytes(), "input")
    assert first.source.time == "2026-11-22T08:22:42.005721"


def ipv4(payload, sequence):
    header = (
        bytes.fromhex("4500")
        + (40 + len(payload)).to_bytes(2, "big")
        + bytes.fromhex("00004000400600000a0000050a000009")
    )
    return (
        header
        + bytes.fromhex("c3ca0050")
        + sequence.to_bytes(4, "big")
        + bytes.fromhex("00000000501800ff00000000")
        + payload
    )


def test_a_header_in_two_packets_is_put_together():
    from base64 import b64encode

    line = b"GET / HTTP/1.1\r\nAuthorization: Negotiate " + b64encode(SAMPLES["krb5-ap-req"]) + b"\r\n\r\n"
    packets = [ipv4(line[:500], 1000), ipv4(line[500:], 1500)]
    text = "".join("10:00:00.000001 IP 10.0.0.5.50122 > 10.0.0.9.80: tcp\n" + tcpdump(packet) for packet in packets)
    [token] = read_tokens(text.encode(), "input")
    assert token.data == SAMPLES["krb5-ap-req"]
    assert token.source.packet == 1


def test_packets_without_a_token_are_refused():
    text = tcpdump(ipv4(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n", 1))
    with pytest.raises(CarrierError, match="the packet carries no token"):
        read_tokens(text.encode(), "input")


def test_a_dump_of_one_endless_line_with_its_text_beside_it_is_read() -> None:
    line = b"00000000  " + b" ".join([b"60"] * 300) + b"  " + b"`" * 300
    assert read_tokens(line, "x", "dump")[0].data[:300] == b"`" * 300
    assert len(read_tokens(line + b"\n" + line, "x", "dump")) == 2
