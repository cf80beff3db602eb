"""Channel bindings: every form of `--bindings`, and the hash that the wire carries."""

import base64
import hashlib
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego.channel_bindings import AddressType, GssChannelBindings

from secctx.keys.bindings import (
    BindingsError,
    ChannelBindings,
    bind_data,
    bindings_file,
    bindings_hash,
    end_point,
    parse_bindings,
)

DATA = Path(__file__).parent / "data" / "keys"
#: The application data of the lab's clients, and the MsvAvChannelBindings in the AUTHENTICATE_MESSAGE of its run 70.
LAB = bytes.fromhex(
    "746c732d7365727665722d656e642d706f696e743a968f730918c5478388a61f3b59d4cc66d2d988f5dac9b36af3a818d4c4857257"
)
MSV_AV_CHANNEL_BINDINGS = bytes.fromhex("15b57910ca09733acf11c542fd6de9d3")

#: Certificate: the hash function for its tls-server-end-point, and SHA-256 of its DER as `openssl x509` gave it.
CERTIFICATES = {
    "rsa-sha256": ("sha256", "d839f625c4956b3e683d8e95b755bd6aed3e59f7e5256c9ff28257efac9f65ae"),
    "rsa-sha1": ("sha256", "df4c5176e8627dd2d651617f7fb00fff86b8e8b3a73e000d93e7299a0131fd52"),
    "rsa-md5": ("sha256", "a9959b6796759e321c2d870c8f1343a638e548ebe50fb00fad9fd36ac578a65c"),
    "rsa-sha512": ("sha512", "5e50a707be91ee838c0d80e90f89273da0995df2bdb73048042a8658806e6c34"),
    "rsa-pss-sha384": ("sha384", "b0f7170d6ed70f80c3d0fa99c278f50698008906c9ccab995fd31c90ee46fef5"),
    "ecdsa-sha384": ("sha384", "d6133f4139be5cf5d48804cdfed4e2997bbe9b58fbfd488bbc562d2a1942aecf"),
}


def der_of(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


def certificate(name: str) -> bytes:
    return (DATA / f"{name}.pem").read_bytes()


@pytest.mark.parametrize(("name", "expected"), CERTIFICATES.items())
def test_a_certificate_gives_the_end_point_of_rfc_5929(name: str, expected: tuple[str, str]) -> None:
    pem = certificate(name)
    der = der_of(pem)
    assert hashlib.sha256(der).hexdigest() == expected[1]
    digest = hashlib.new(expected[0], der).digest()
    assert end_point(pem) == end_point(der) == digest
    bindings = parse_bindings("cert:server.pem", pem)
    assert bindings == bind_data(b"tls-server-end-point:" + digest, "cert")
    assert bindings.hash16 == parse_bindings(f"tls-server-end-point:{digest.hex()}").hash16


def test_of_a_chain_the_first_certificate_counts_and_text_around_it_does_not() -> None:
    chain = b"Subject: web\r\n" + certificate("rsa-sha512") + certificate("ecdsa-sha384")
    assert end_point(chain) == end_point(certificate("rsa-sha512"))


def test_a_certificate_without_a_hash_function_is_refused_with_the_way_out() -> None:
    with pytest.raises(BindingsError, match=r"signed by Ed25519.* as tls-server-end-point:HEX"):
        parse_bindings("cert:x", certificate("ed25519"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"0\x82\x01",
        certificate("rsa-sha256")[:200],
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_certificate_is_refused(content: bytes) -> None:
    with pytest.raises(BindingsError, match=r"holds no X\.509 certificate"):
        parse_bindings("cert:x", content)


@given(at=st.integers(0, 800), bits=st.integers(1, 255))
def test_a_damaged_certificate_gives_a_hash_or_a_bindings_error(at: int, bits: int) -> None:
    der = bytearray(der_of(certificate("rsa-pss-sha384")))
    der[at % len(der)] ^= bits
    with suppress(BindingsError):
        assert len(end_point(bytes(der))) in (28, 32, 48, 64)


@pytest.mark.parametrize(
    "spec", [f"data:{LAB.hex()}", f"tls-server-end-point:{LAB[21:].hex()}", f"tls-server-end-point:{LAB[21:].hex(':')}"]
)
def test_the_lab_s_bindings_have_the_hash_that_its_client_sent(spec: str) -> None:
    bindings = parse_bindings(spec)
    assert bindings.application_data == LAB
    assert bindings.hash16 == MSV_AV_CHANNEL_BINDINGS


def test_the_forms_put_their_name_before_the_value() -> None:
    assert parse_bindings("tls-unique:0A0b").application_data == b"tls-unique:\x0a\x0b"
    exporter = parse_bindings("tls-exporter:" + "ab" * 32)
    assert (exporter.application_data, exporter.kind) == (b"tls-exporter:" + b"\xab" * 32, "tls-exporter")
    assert parse_bindings("data: 00 01").application_data == b"\0\1"
    assert parse_bindings("md5:" + "0f" * 16) == ChannelBindings(b"\x0f" * 16, None, "md5")


@pytest.mark.parametrize(
    ("spec", "file"),
    [("cert:/a/b:c.pem", "/a/b:c.pem"), ("raw:x", "x"), ("data:00", None), ("cert", None), ("md5:x", None)],
)
def test_the_caller_learns_which_file_to_read(spec: str, file: str | None) -> None:
    assert bindings_file(spec) == file


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "bindings are given as"),
        ("cert", "bindings are given as"),
        ("tls-server:00", "no bindings are called 'tls-server'"),
        ("data:", "no bytes"),
        ("data:0", "even number of hex digits"),
        ("data:zz", "even number of hex digits"),
        ("md5:00", "16 bytes, not all zero"),
        ("md5:" + "00" * 16, "16 bytes, not all zero"),
        ("tls-server-end-point:" + "00" * 20, r"not 20 \(SHA-1 and MD5 are replaced by SHA-256"),
        ("tls-server-end-point:" + "00" * 33, "not 33"),
        ("tls-exporter:00", "32 bytes"),
        ("cert:x", "needs the content of the file"),
        ("raw:x", "needs the content of the file"),
    ],
)
def test_what_gives_no_bindings_is_said_in_one_line(spec: str, words: str) -> None:
    with pytest.raises(BindingsError, match=words) as caught:
        parse_bindings(spec)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


# SEC_CHANNEL_BINDINGS -----------------------------------------------------------------------------------------------


def structure(
    data: bytes, *, initiator: bytes = b"", acceptor: bytes = b"", kinds: tuple[int, int] = (0, 0), head: bytes = b""
) -> bytes:
    at = len(head) + 32
    fields = [
        kinds[0], len(initiator), at if initiator else 0,
        kinds[1], len(acceptor), at + len(initiator) if acceptor else 0,
        len(data), at + len(initiator) + len(acceptor),
    ]  # fmt: skip
    return head + struct.pack("<8I", *fields) + initiator + acceptor + data


EXTENDED = struct.pack("<4I", 0x58454243, 1, 48, 0)


@pytest.mark.parametrize("head", [b"", EXTENDED], ids=["SEC_CHANNEL_BINDINGS", "SEC_CHANNEL_BINDINGS_EX"])
def test_the_structure_of_schannel_is_read(head: bytes) -> None:
    bindings = parse_bindings("raw:x", structure(LAB, head=head))
    assert bindings == ChannelBindings(MSV_AV_CHANNEL_BINDINGS, LAB, "raw")


@given(
    data=st.binary(max_size=50), initiator=st.binary(max_size=20), acceptor=st.binary(max_size=20),
    kinds=st.tuples(st.sampled_from(sorted(AddressType)), st.sampled_from(sorted(AddressType))),
)  # fmt: skip
def test_the_hash_is_that_of_another_implementation_addresses_included(
    data: bytes, initiator: bytes, acceptor: bytes, kinds: tuple[AddressType, AddressType]
) -> None:
    theirs = GssChannelBindings(kinds[0], initiator, kinds[1], acceptor, data)
    expected = hashlib.md5(theirs.pack()).digest()
    assert bindings_hash(data, (kinds[0], initiator), (kinds[1], acceptor)) == expected
    raw = structure(data, initiator=initiator, acceptor=acceptor, kinds=(int(kinds[0]), int(kinds[1])))
    assert parse_bindings("raw:x", raw) == ChannelBindings(expected, data, "raw")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has 32 bytes"),
        (bytes(31), "has 32 bytes"),
        (EXTENDED + bytes(31), "SEC_CHANNEL_BINDINGS_EX has 48 bytes"),
        (struct.pack("<8I", 0, 0, 0, 0, 0, 0, 5, 32) + b"four", "application data .* 5 bytes at 32, of 36"),
        (struct.pack("<8I", 0, 0, 0, 0, 0, 0, 4, 0xFFFFFFFE) + b"four", "lies outside"),
        (struct.pack("<8I", 0, 4, 0, 0, 0, 0, 0, 0) + b"four", "initiator's address .* in its header"),
        (struct.pack("<8I", 0, 0, 0, 0, 0xFFFFFFFF, 32, 0, 0) + b"four", "acceptor's address"),
    ],
)
def test_a_structure_that_points_elsewhere_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(BindingsError, match=words):
        parse_bindings("raw:x", content)


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda tail: b"CBEX" + tail))
def test_any_bytes_are_a_structure_or_a_bindings_error(content: bytes) -> None:
    with suppress(BindingsError):
        assert len(parse_bindings("raw:x", content).hash16) == 16


@given(st.text())
def test_any_specification_gives_bindings_or_a_bindings_error(spec: str) -> None:
    with suppress(BindingsError):
        assert len(parse_bindings(spec, b"x").hash16) == 16
