"""NTLM messages: each field where MS-NLMP puts it, as pyspnego and the sources of the samples read it."""

from __future__ import annotations

import csv
import struct
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego._ntlm_raw.messages import Authenticate, Challenge, Negotiate, NTClientChallengeV2, NTLMMessage, TargetInfo

from secctx.decoders.avpairs import read_pairs
from secctx.decoders.filetime import filetime_text
from secctx.decoders.ntlm import decode_ntlm, decode_signature
from secctx.decoders.reading import Reading
from secctx.decoders.values import BYTES, LIST, STRUCT, TEXT, TOKEN, Node, Problem, walk

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "shared" / "corpus"

LAB = {path.name.removesuffix(".bin"): path.read_bytes() for path in sorted((HERE / "data" / "ntlm").glob("*leg?.bin"))}
#: What their own sources made wrong, on purpose (curl) or not: TargetName of odd or impossible length, cut header.
MALFORMED = {
    "curl/challenge_08.bin": "cut-short",
    "ntlm_auth/test_challenge_no_version_challenge.bin": "cut-short",
    "ntlm_auth/test_authenticate_message_ntlm_v2_challenge.bin": "value",
    "ntlm_auth/test_create_authenticate_message_challenge.bin": "cut-short",
    "ntlm_auth/test_create_authenticate_message_without_security_challenge.bin": "value",
}


def corpus_files() -> dict[str, bytes]:
    index = CORPUS / "INDEX.tsv"
    if not index.exists():
        return {}
    with index.open(encoding="utf-8") as lines:
        rows = [row["file"] for row in csv.DictReader(lines, delimiter="\t") if row["kind"].startswith("ntlm-")]
    return {name: (CORPUS / name).read_bytes() for name in rows}


ALL_CORPUS = corpus_files()
WELL_FORMED = LAB | {name: data for name, data in ALL_CORPUS.items() if name not in MALFORMED}

UNICODE, OEM, REQUEST_TARGET = 1, 2, 4
DOMAIN_SUPPLIED, WORKSTATION_SUPPLIED = 0x1000, 0x2000
ESS, TARGET_INFO, VERSION = 0x80000, 0x800000, 0x2000000
XP = bytes.fromhex("0501280a0000000f")
ZERO_EOL = bytes(4)


def decode(data: bytes, start: int = 0, stop: int | None = None) -> tuple[str, Node, Problem | None]:
    reading = Reading(data, lambda *_: False)
    children: list[Node] = []
    stop = len(data) if stop is None else stop
    root = Node("", start, min(stop, len(data)), TOKEN, None, None, children)
    message = decode_ntlm(reading, start, stop, root, children)
    return message, root, reading.finish(root)


def fields(data: bytes) -> dict[str, Node]:
    """The fields of a well-formed message by path."""
    _, root, problem = decode(data)
    assert problem is None
    return dict(walk(root))


def leaves(root: Node) -> list[Node]:
    return [node for _, node in walk(root) if not node.children and node.kind not in (STRUCT, LIST)]


def uncovered(root: Node, start: int, stop: int) -> list[int]:
    """The offsets that no leaf, or more than one, covers."""
    times = dict.fromkeys(range(start, stop), 0)
    for node in leaves(root):
        for offset in range(node.start, node.stop):
            times[offset] = times.get(offset, 0) + 1
    return [offset for offset, count in times.items() if count != 1]


def pair(number: int, value: bytes) -> bytes:
    return struct.pack("<HH", number, len(value)) + value


def negotiate(flags: int, domain: bytes = b"", workstation: bytes = b"", version: bytes = b"") -> bytes:
    at = 32 + len(version)
    return (
        struct.pack("<8sII", b"NTLMSSP", 1, flags)
        + struct.pack("<HHI", len(domain), len(domain), at)
        + struct.pack("<HHI", len(workstation), len(workstation), at + len(domain))
        + version
        + domain
        + workstation
    )


def challenge(
    flags: int, name: bytes = b"", info: bytes | None = b"", tail: bytes = b"", reserved: bytes = bytes(8)
) -> bytes:
    """`info` None leaves TargetInfoFields out; `tail` follows them, as Version."""
    at = 32 + len(reserved) + len(tail) + (0 if info is None else 8)
    head = struct.pack("<8sIHHII8s", b"NTLMSSP", 2, len(name), len(name), at, flags, b"\1\2\3\4\5\6\7\x08") + reserved
    if info is not None:
        head += struct.pack("<HHI", len(info), len(info), at + len(name))
    return head + tail + name + (info or b"")


NAMES = ("lm", "nt", "domain", "user", "workstation", "key")


def authenticate(flags: int | None = UNICODE, tail: bytes = b"", **payload: bytes) -> bytes:
    """`flags` None: the old form of 52 bytes; `tail` follows NegotiateFlags, as Version and MIC."""
    names = NAMES[: 5 if flags is None else 6]
    at = 12 + 8 * len(names) + len(tail) + (0 if flags is None else 4)
    head, body = struct.pack("<8sI", b"NTLMSSP", 3), b""
    for name in names:
        value = payload.get(name, b"")
        head += struct.pack("<HHI", len(value), len(value), at + len(body))
        body += value
    return head + (b"" if flags is None else struct.pack("<I", flags)) + tail + body


def ntlmv2(pairs: bytes = ZERO_EOL, after: bytes = ZERO_EOL) -> bytes:
    return bytes(range(16)) + b"\1\1" + bytes(6) + struct.pack("<Q", 0) + b"\xaa" * 8 + bytes(4) + pairs + after


def moved(data: bytes, descriptor: int, *, length: int | None = None, offset: int | None = None) -> bytes:
    """`data` with the Len or BufferOffset of the descriptor at that offset replaced."""
    changed = bytearray(data)
    if length is not None:
        struct.pack_into("<H", changed, descriptor, length)
    if offset is not None:
        struct.pack_into("<I", changed, descriptor + 4, offset)
    return bytes(changed)


# --- what pyspnego reads


def same_version(node: Node | None, version: object) -> None:
    assert (node is None) == (version is None)
    if node is not None:
        major, minor, build, _, revision = (child.value for child in node.children)
        assert (major, minor, build, revision) == (version.major, version.minor, version.build, version.revision)


def same_text(root: Node, name: str, expected: str | None) -> None:
    node = root.child(name)
    assert (None if node is None else node.value) == (expected or None)


def same_pairs(holder: Node, expected: TargetInfo) -> None:
    found = {item.children[0].value: item.child("Value") for item in holder.children if item.name.startswith("[")}
    assert list(found) == [int(number) for number in expected]
    for number, value in expected.items():
        node = found[int(number)]
        if number == 7:
            assert node.value == struct.unpack("<Q", value.pack())[0]
        elif number == 8:
            assert [child.value for child in node.children] == [
                value.size,
                value.z4,
                value.custom_data,
                value.machine_id,
            ]
        elif node is None:
            assert value in ("", b"")
        else:
            assert node.value == value


def same_negotiate(root: Node, message: Negotiate) -> None:
    assert root.child("NegotiateFlags").value == message.flags
    same_text(root, "DomainName", message.domain_name)
    same_text(root, "WorkstationName", message.workstation)
    same_version(root.child("Version"), message.version)


def same_challenge(root: Node, message: Challenge) -> None:
    assert root.child("NegotiateFlags").value == message.flags
    assert root.child("ServerChallenge").value == message.server_challenge
    same_text(root, "TargetName", message.target_name)
    same_version(root.child("Version"), message.version)
    info = root.child("TargetInfo")
    assert (info is None) == (message.target_info is None)
    if info is not None:
        same_pairs(info, message.target_info)


def same_authenticate(root: Node, message: Authenticate, data: bytes) -> None:
    assert root.child("NegotiateFlags").value == message.flags
    same_text(root, "DomainName", message.domain_name)
    same_text(root, "UserName", message.user_name)
    same_text(root, "Workstation", message.workstation)
    same_version(root.child("Version"), message.version)
    key, mic = root.child("EncryptedRandomSessionKey"), root.child("MIC")
    assert (None if key is None else key.value) == message.encrypted_random_session_key
    assert (None if mic is None else mic.value) == message.mic
    for name, expected in (
        ("LmChallengeResponse", message.lm_challenge_response),
        ("NtChallengeResponse", message.nt_challenge_response),
    ):
        node = root.child(name)
        assert (None if node is None else data[node.start : node.stop]) == expected
    response = message.nt_challenge_response
    if response and len(response) > 24:
        blob = NTClientChallengeV2(_b_data=response[16:])
        node = root.child("NtChallengeResponse").child("NTLMv2_CLIENT_CHALLENGE")
        assert node.child("ChallengeFromClient").value == blob.challenge_from_client
        assert node.child("TimeStamp").value == struct.unpack("<Q", blob.time_stamp.pack())[0]
        same_pairs(node.child("AvPairs"), blob.av_pairs)


@pytest.mark.parametrize("name", WELL_FORMED)
def test_each_field_is_as_pyspnego_reads_it(name):
    data = WELL_FORMED[name]
    message, root, problem = decode(data)
    assert problem is None
    flags = root.child("NegotiateFlags").value
    oem = message == "NEGOTIATE_MESSAGE" or not flags & UNICODE
    encoding = "utf-8" if oem and b"caf\xc3\xa9" in data else None
    expected = NTLMMessage.unpack(data, encoding=encoding)
    match message:
        case "NEGOTIATE_MESSAGE":
            same_negotiate(root, expected)
        case "CHALLENGE_MESSAGE":
            same_challenge(root, expected)
        case "AUTHENTICATE_MESSAGE":
            same_authenticate(root, expected, data)


# --- what the sources of the corpus say


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("pyspnego/data/ntlm_authenticate.bin", "UserName", "vagrant-domain@DOMAIN.LOCAL"),
        ("pyspnego/data/ntlm_authenticate.bin", "Workstation", "JBOREAN-LINUX"),
        ("pyspnego/data/ntlm_authenticate.bin", "NegotiateFlags", 3800662581),
        ("pyspnego/data/ntlm_authenticate.bin", "MIC", None),
        ("pyspnego/data/ntlm_authenticate.bin", "LmChallengeResponse", None),
        ("pyspnego/data/ntlm_authenticate.bin", "DomainName", None),
        ("pyspnego/data/ntlm_authenticate.bin", "Version.ProductMinorVersion", 2),
        ("pyspnego/data/ntlm_authenticate.bin", "UserNameFields.UserNameBufferOffset", 324),
        (
            "pyspnego/data/ntlm_authenticate.bin",
            "EncryptedRandomSessionKey",
            bytes.fromhex("3765D5AFD13EC3A6C97C0726CE9F30C9"),
        ),
        ("pyspnego/data/ntlm_challenge.bin", "ServerChallenge", bytes.fromhex("E4101014CF8A90BE")),
        ("pyspnego/data/ntlm_challenge.bin", "TargetName", "DOMAIN"),
        ("pyspnego/data/ntlm_challenge.bin", "TargetInfo[3].Value", "DC01.domain.local"),
        ("pyspnego/data/ntlm_challenge.bin", "Version.ProductBuild", 14393),
        ("pyspnego/data/ntlm_negotiate.bin", "Version.ProductBuild", 17763),
        ("pyspnego/unit/test_negotiate_unpack.bin", "Version", None),
        ("pyspnego/unit/test_negotiate_unpack_with_domain.bin", "DomainName", "café"),
        ("pyspnego/unit/test_negotiate_unpack_with_all_fields.bin", "WorkstationName", "café"),
        ("pyspnego/unit/test_negotiate_unpack_encoding.bin", "WorkstationName", "café"),
        ("pyspnego/unit/test_challenge_unpack_encoding.bin", "TargetName", "café"),
        ("pyspnego/unit/test_challenge_unpack_encoding.bin", "Version", None),
        ("pyspnego/unit/test_authenticate_unpack_empty.bin", "MIC", bytes(16)),
        ("pyspnego/unit/test_authenticate_unpack_empty.bin", "Version", None),
        ("pyspnego/unit/test_authenticate_unpack_mic_no_version.bin", "MIC", b"\x11" * 16),
        ("pyspnego/unit/test_authenticate_unpack_mic_no_version.bin", "Version", None),
        ("pyspnego/unit/test_authenticate_unpack_mic_no_version.bin", "UserName", "café"),
        ("freerdp/negotiate.bin", "NegotiateFlags", 0xA2088207),
        ("freerdp/challenge.bin", "ServerChallenge", bytes.fromhex("a4f1baa67cdc1a12")),
        ("freerdp/challenge.bin", "TargetInfo[4].Value", 0x01CF8B07B1BD5733),
        ("freerdp/authenticate.bin", "UserName", "Username"),
        ("freerdp/authenticate.bin", "DomainName", "Domain"),
        ("freerdp/authenticate.bin", "MIC", bytes.fromhex("12e55af580ee3f29e1de904d73770625")),
        (
            "freerdp/authenticate.bin",
            "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE.ChallengeFromClient",
            bytes.fromhex("20c02b3dc061a773"),
        ),
        ("freerdp/authenticate.bin", "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE.AvPairs[8].Value", "HTTP/rw.local"),
        ("go_ntlmssp/negotiate_1.bin", "DomainName", None),
        ("go_ntlmssp/negotiate_2.bin", "DomainName", "MYDOMAIN"),
        ("go_ntlmssp/negotiate_3.bin", "WorkstationName", "MYPC"),
        ("go_ntlmssp/negotiate_4.bin", "WorkstationName", "MYPC"),
        ("curl/authenticate_02.bin", "UserName", "testuser"),
        ("curl/authenticate_02.bin", "Version", None),
        ("curl/authenticate_09.bin", "DomainName", "mydomain"),
        ("curl/authenticate_09.bin", "UserName", "myself"),
        (
            "gss_ntlmssp/ntlmv1_authenticate.bin",
            "LmChallengeResponse.Response",
            bytes.fromhex("98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13"),
        ),
        (
            "gss_ntlmssp/ntlmv1_authenticate.bin",
            "NtChallengeResponse.Response",
            bytes.fromhex("67c43011f30298a2ad35ece64f16331c44bdbed927841f94"),
        ),
        ("ntlm_auth/test_authenticate_message_ntlm_v1_non_unicode_authenticate.bin", "UserName", "User"),
        ("ntlm_auth/test_authenticate_without_domain_workstation_authenticate.bin", "DomainName", None),
        ("ntlm_auth/test_negotiate_with_all_negotiate.bin", "DomainName", "Domain"),
        ("ntlm_auth/test_negotiate_with_all_negotiate.bin", "WorkstationName", "COMPUTER"),
    ],
)
def test_values_are_those_that_the_source_of_the_sample_states(name, path, value):
    if name not in ALL_CORPUS:
        pytest.skip("the corpus is not here")
    found = fields(ALL_CORPUS[name])
    assert (found[path].value if path in found else None) == value


@pytest.mark.parametrize("name", MALFORMED)
def test_samples_that_are_malformed_are_found_so(name):
    if name not in ALL_CORPUS:
        pytest.skip("the corpus is not here")
    _, _, problem = decode(ALL_CORPUS[name])
    assert problem is not None
    assert problem.kind == MALFORMED[name]


def test_a_ntlmv2_response_is_read_to_its_last_pair():
    found = fields(LAB["63-ntlm-pyspnego-raw.leg3"])
    inside = "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE."
    assert found["NtChallengeResponse"].meaning == "NTLMv2_RESPONSE"
    assert found[inside + "TimeStamp"].meaning.endswith("Z")
    assert found[inside + "Z4"].value == bytes(4)
    items = [node for path, node in found.items() if path.startswith(inside + "AvPairs[") and path.endswith("]")]
    assert items[-1].meaning == "MsvAvEOL"


@pytest.mark.parametrize(
    ("name", "lm", "nt"),
    [
        ("62-ntlm-gssntlmssp-v1.leg3", "LM_RESPONSE", "NTLM_RESPONSE"),
        (
            "66-ntlm-pyspnego-v1ess.leg3",
            "the client's challenge of an NTLM2 session",
            "NTLM_RESPONSE with extended session security (NTLM2 session)",
        ),
        ("63-ntlm-pyspnego-raw.leg3", "not sent: 24 zero bytes, as for NTLMv2 with a timestamp", "NTLMv2_RESPONSE"),
    ],
)
def test_responses_are_told_apart(name, lm, nt):
    found = fields(LAB[name])
    assert (found["LmChallengeResponse"].meaning, found["NtChallengeResponse"].meaning) == (lm, nt)


def test_text_beyond_ascii_is_read():
    assert fields(LAB["67-ntlm-pyspnego-unicode.leg3"])["UserName"].value == "bøb"
    assert fields(LAB["68-ntlm-pyspnego-upn.leg3"])["UserName"].value.startswith("alice@")


# --- every byte, and no exception


@pytest.mark.parametrize("name", WELL_FORMED)
def test_every_byte_is_in_exactly_one_leaf(name):
    data = WELL_FORMED[name]
    _, root, _ = decode(data)
    assert uncovered(root, 0, len(data)) == []


@pytest.mark.parametrize("name", WELL_FORMED)
def test_offsets_count_from_where_the_message_begins(name):
    data = WELL_FORMED[name]
    _, alone, _ = decode(data)
    _, root, problem = decode(b"before" + data + b"after", 6, 6 + len(data))
    assert problem is None
    moved_back = [(path, node.start - 6, node.stop - 6, node.value) for path, node in walk(root)]
    assert moved_back == [(path, node.start, node.stop, node.value) for path, node in walk(alone)]


def proper(root: Node, size: int) -> None:
    """Spans lie in the token, children in their parents, and what is text can be written."""
    for node in [root, *(node for _, node in walk(root))]:
        assert 0 <= node.start <= node.stop <= size
        for child in node.children:
            assert node.start <= child.start
            assert child.stop <= node.stop
        if node.kind == TEXT:
            node.value.encode()


@pytest.mark.parametrize("name", WELL_FORMED)
def test_a_message_cut_short_anywhere_is_found_so(name):
    data = WELL_FORMED[name]
    _, whole, _ = decode(data)
    last = max(child.stop for child in whole.children if not child.name.startswith("gap"))
    shortest = {1: (16, 32), 2: (), 3: (52, 60, 64)}[data[8]]
    for size in range(last):
        _, root, problem = decode(data[:size])
        proper(root, size)
        if problem is None:
            assert size in shortest  # an older form is whole at these, so long as nothing points beyond
            assert not any(name.endswith("Response") for name, _ in walk(root))
        else:
            assert problem.kind == "cut-short"
            assert problem.missing > 0
            assert problem.path
            assert problem.total in (None, last)


@pytest.mark.parametrize("name", WELL_FORMED)
def test_a_message_cut_short_in_its_container_is_found_so(name):
    data = WELL_FORMED[name]
    for size in range(8, len(data)):
        _, root, problem = decode(b"ab" + data[:size], 2, 2 + len(data))
        proper(root, size + 2)
        if data[8] == 3 and size < 88:
            assert problem is not None
        assert problem is None or problem.kind == "cut-short"


@pytest.mark.parametrize("name", WELL_FORMED)
def test_no_flipped_bit_breaks_the_decoder(name):
    data = bytearray(WELL_FORMED[name])
    for bit in range(64, 8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        _, root, _ = decode(bytes(data))
        proper(root, len(data))
        data[bit // 8] ^= 1 << bit % 8


@given(st.integers(0, 4), st.binary(max_size=200), st.integers(0, 40))
def test_no_message_breaks_the_decoder(kind, rest, beyond):
    data = b"NTLMSSP\0" + struct.pack("<I", kind) + rest
    for stop in (None, len(data) + beyond):
        _, root, _ = decode(data, 0, stop)
        proper(root, len(data))


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(30, 240)), min_size=6, max_size=6),
    st.integers(0, 0xFFFFFFFF),
    st.binary(min_size=100, max_size=200),
)
def test_no_arrangement_of_payload_fields_breaks_the_decoder(descriptors, flags, rest):
    data = b"NTLMSSP\0\3\0\0\0" + b"".join(struct.pack("<HHI", length, length, at) for length, at in descriptors)
    data += struct.pack("<I", flags) + rest
    _, root, problem = decode(data)
    proper(root, len(data))
    if problem is None:
        assert uncovered(root, 0, len(data)) == []


@given(st.binary(max_size=120))
def test_no_pairs_break_the_decoder(pairs):
    _, root, problem = decode(authenticate(tail=XP, nt=ntlmv2(pairs, b"")))
    if problem is None:
        assert uncovered(root, 0, root.stop) == []


def test_fields_that_all_point_to_the_same_bytes_cost_no_more_than_their_lengths():
    data = authenticate(OEM, XP, **dict.fromkeys(NAMES[2:5], b"x" * 60000))
    for descriptor in (28, 36, 44):
        data = moved(data, descriptor, offset=72)
    _, root, _ = decode(data)
    assert sum(len(node.value) for node in leaves(root) if node.kind == TEXT) == 180000


# --- headers of all lengths


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (struct.pack("<8sII", b"NTLMSSP", 1, UNICODE), ["NegotiateFlags"]),
        (negotiate(UNICODE), ["NegotiateFlags", "DomainNameFields", "WorkstationFields"]),
        (negotiate(VERSION, version=XP), ["NegotiateFlags", "DomainNameFields", "WorkstationFields", "Version"]),
        (challenge(UNICODE, info=None, reserved=b""), ["TargetNameFields", "NegotiateFlags", "ServerChallenge"]),
        (
            challenge(UNICODE, b"S\0", info=None, reserved=b""),
            ["TargetNameFields", "NegotiateFlags", "ServerChallenge", "TargetName"],
        ),
        (challenge(UNICODE, info=None), ["TargetNameFields", "NegotiateFlags", "ServerChallenge", "Reserved"]),
        (
            challenge(UNICODE, b"S\0", info=None),
            ["TargetNameFields", "NegotiateFlags", "ServerChallenge", "Reserved", "TargetName"],
        ),
        (
            challenge(UNICODE, b"S\0", ZERO_EOL),
            [
                "TargetNameFields",
                "NegotiateFlags",
                "ServerChallenge",
                "Reserved",
                "TargetInfoFields",
                "TargetName",
                "TargetInfo",
            ],
        ),
    ],
)
def test_old_forms_are_read_as_far_as_they_go(data, header):
    _, root, problem = decode(data)
    assert problem is None
    assert [child.name for child in root.children[2:]] == header
    assert uncovered(root, 0, len(data)) == []


def test_the_authenticate_message_of_52_bytes_has_oem_names_and_no_flags():
    found = fields(authenticate(None, lm=bytes(24), nt=bytes(24), user=b"bob"))
    assert found["UserName"].value == "bob"
    assert found["LmChallengeResponse"].meaning == "LM_RESPONSE"
    assert "NegotiateFlags" not in found
    assert "EncryptedRandomSessionKeyFields" not in found


def test_the_authenticate_message_of_60_bytes_has_a_session_key_and_no_flags():
    old = moved(authenticate(None, user=b"bob") + struct.pack("<HHI", 16, 16, 63), 36, offset=60)
    data = old[:52] + old[55:] + b"bob" + b"k" * 16
    found = fields(data)
    assert (found["UserName"].value, found["EncryptedRandomSessionKey"].value) == ("bob", b"k" * 16)
    assert "NegotiateFlags" not in found


@pytest.mark.parametrize(
    ("tail", "flags", "names"),
    [
        (b"", 0, []),
        (XP, VERSION, ["Version"]),
        (XP, 0, ["Version"]),
        (bytes(16), 0, ["MIC"]),
        (bytes(16), VERSION, ["MIC"]),
        (bytes(20), 0, ["MIC", "gap-1"]),
        (bytes(20), VERSION, ["Version", "gap-1"]),
        (XP + bytes(16), VERSION, ["Version", "MIC"]),
        (XP + bytes(20), VERSION, ["Version", "MIC", "gap-1"]),
        (bytes(4), VERSION, ["gap-1"]),
        (XP + bytes(3), VERSION, ["Version", "gap-1"]),
    ],
)
def test_version_and_mic_are_there_where_the_payload_leaves_room(tail, flags, names):
    _, root, problem = decode(authenticate(flags | UNICODE, tail, user=b"b\0"))
    assert problem is None
    after = [child.name for child in root.children]
    assert after[after.index("NegotiateFlags") + 1 :] == [*names, "UserName"]


@pytest.mark.parametrize(
    ("version", "meaning"),
    [
        ("0601b11d0000000f", "6.1.7601, Windows 7 SP1 / Server 2008 R2 SP1"),
        ("0a00634500000000", "10.0.17763, Windows 10 1809 / Server 2019"),
        ("06010000000000ff", "6.1.0"),
    ],
)
def test_a_version_has_the_name_of_its_build(version, meaning):
    assert fields(negotiate(VERSION, version=bytes.fromhex(version)))["Version"].meaning == meaning


def test_an_unknown_message_type_shows_its_bytes():
    message, root, problem = decode(b"NTLMSSP\0" + struct.pack("<I", 4) + b"rest")
    assert message == "unknown"
    assert root.children[-1].value == b"rest"
    assert (problem.kind, problem.path, problem.offset, problem.found) == ("value", "MessageType", 8, "4")


def test_all_32_flags_have_names():
    names = fields(negotiate(0xFFFFFFFF, version=XP))["NegotiateFlags"].meaning
    assert len(set(names)) == 32
    assert {f"r{number}" for number in range(1, 11)} <= set(names)


# --- text


@pytest.mark.parametrize(
    ("raw", "text", "page"),
    [(b"DOM", "DOM", None), ("Büro".encode(), "Büro", "UTF-8"), (b"B\xfcro\x81", "Büro\\x81", "windows-1252")],
)
def test_oem_text_says_how_it_was_read(raw, text, page):
    node = fields(negotiate(DOMAIN_SUPPLIED | UNICODE, raw))["DomainName"]
    assert node.value == text
    assert node.meaning == (page and f"the code page is not in the message; read as {page}")


def test_unicode_wins_where_both_character_sets_are_named():
    assert fields(authenticate(UNICODE | OEM, user=b"b\0"))["UserName"].value == "b"
    assert fields(authenticate(OEM, user=b"b\0"))["UserName"].value == "b\0"


@pytest.mark.parametrize(
    ("raw", "text", "offset", "found"),
    [
        (b"b\0o", "b\\x6f", 2, "an odd number of bytes, 3"),
        (b"\x00\xd8b\0", "\\x00\\xd8b", 0, "half a surrogate pair"),
        (b"b\0\x00\xd8", "b\\x00\\xd8", 2, "half a surrogate pair"),
    ],
)
def test_text_that_is_no_utf_16_is_shown_and_noted(raw, text, offset, found):
    _, root, problem = decode(authenticate(UNICODE, user=raw))
    assert root.child("UserName").value == text
    assert (problem.kind, problem.path, problem.offset, problem.found) == ("value", "UserName", 64 + offset, found)


# --- AV pairs


def test_pairs_of_every_kind_have_their_type():
    pairs = [
        pair(2, "LAB".encode("utf-16-le")),
        pair(6, struct.pack("<I", 0xE)),
        pair(7, struct.pack("<Q", 132326883824140792)),
        pair(8, struct.pack("<II", 52, 0) + b"c" * 8 + b"m" * 32 + b"more"),
        pair(10, bytes(16)),
        pair(11, b"new"),
        pair(3, b""),
        ZERO_EOL,
    ]
    found = fields(challenge(UNICODE | TARGET_INFO, b"", b"".join(pairs)))
    assert found["TargetInfo"].kind == LIST
    assert found["TargetInfo[0].Value"].value == "LAB"
    assert found["TargetInfo[1].Value"].meaning == ("MIC_PROVIDED", "UNTRUSTED_SPN_SOURCE")
    assert found["TargetInfo[2].Value"].meaning == "2020-04-30T02:46:22.4140792Z"
    assert found["TargetInfo[3].Value.MachineID"].value == b"m" * 32
    assert found["TargetInfo[3].Value.gap-1"].value == b"more"
    assert found["TargetInfo[4].Value"].meaning == "absent"
    assert (found["TargetInfo[5].AvId"].meaning, found["TargetInfo[5].Value"].value) == (None, b"new")
    assert "TargetInfo[6].Value" not in found
    assert "TargetInfo[7].Value" not in found


@pytest.mark.parametrize(
    ("pairs", "kind", "path"),
    [
        (pair(1, b"S\0"), "missing", "TargetInfo"),
        (pair(1, b"S\0") + b"\0\0", "missing", "TargetInfo"),
        (struct.pack("<HH", 1, 9) + b"S\0", "length", "TargetInfo[0].AvLen"),
        (pair(6, b"\0\0") + ZERO_EOL, "length", "TargetInfo[0].Value"),
        (pair(7, b"\0\0") + ZERO_EOL, "length", "TargetInfo[0].Value"),
        (pair(10, b"\0\0") + ZERO_EOL, "length", "TargetInfo[0].Value"),
        (pair(8, b"\0\0\0\0\0\0") + ZERO_EOL, "length", "TargetInfo[0].Value.Z4"),
        (pair(0, b"\0\0"), "length", "TargetInfo[0].AvLen"),
        (pair(1, b"S\0?") + ZERO_EOL, "value", "TargetInfo[0].Value"),
    ],
)
def test_a_list_of_pairs_that_is_wrong_is_noted_and_shown(pairs, kind, path):
    data = challenge(UNICODE | TARGET_INFO, b"", pairs)
    _, root, problem = decode(data)
    assert (problem.kind, problem.path) == (kind, path)
    assert uncovered(root, 0, len(data)) == []


def test_what_follows_the_last_pair_is_a_gap():
    found = fields(challenge(UNICODE | TARGET_INFO, b"", ZERO_EOL + b"pad!"))
    assert found["gap-1"].value == b"pad!"
    inside = "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE."
    found = fields(authenticate(nt=ntlmv2(ZERO_EOL, bytes(4) + b"more")))
    assert (found[inside + "Z4"].value, found[inside + "gap-1"].value) == (bytes(4), b"more")
    found = fields(authenticate(nt=ntlmv2(ZERO_EOL, b"more")))
    assert inside + "Z4" not in found
    assert found[inside + "gap-1"].value == b"more"


def test_pairs_are_read_from_where_they_are():
    data = b"xx" + pair(1, b"S\0") + ZERO_EOL + b"yy"
    holder = Node("AvPairs", 2, 12, BYTES)
    assert read_pairs(Reading(data, lambda *_: False), holder) == 12
    assert [child.span for child in holder.children] == [(2, 8), (8, 12)]


# --- responses


@pytest.mark.parametrize(
    ("lm", "nt", "flags", "meaning", "names"),
    [
        (b"r" * 24, ntlmv2(), ESS, "LMv2_RESPONSE", ["Response", "ChallengeFromClient"]),
        (
            bytes(24),
            ntlmv2(),
            ESS,
            "not sent: 24 zero bytes, as for NTLMv2 with a timestamp",
            ["Response", "ChallengeFromClient"],
        ),
        (
            b"c" * 8 + bytes(16),
            bytes(24),
            ESS,
            "the client's challenge of an NTLM2 session",
            ["ChallengeFromClient", "Z16"],
        ),
        (b"r" * 24, bytes(24), ESS, "LM_RESPONSE", ["Response"]),
        (b"r" * 24, bytes(24), 0, "LM_RESPONSE", ["Response"]),
        (b"r" * 24, b"", 0, "LM_RESPONSE or LMv2_RESPONSE", ["Response"]),
        (b"\0", b"", 0, "anonymous", []),
    ],
)
def test_the_lm_response_is_told_by_the_nt_response_and_the_flags(lm, nt, flags, meaning, names):
    node = fields(authenticate(UNICODE | flags, lm=lm, nt=nt))["LmChallengeResponse"]
    assert node.meaning == meaning
    assert [child.name for child in node.children] == names


@pytest.mark.parametrize("size", [1, 23, 25, 43])
def test_an_nt_response_of_no_known_length_is_noted(size):
    _, root, problem = decode(authenticate(nt=b"x" * size))
    assert (problem.kind, problem.path, problem.found) == ("length", "NtChallengeResponse", f"{size} bytes")
    assert root.child("NtChallengeResponse").value == b"x" * size


@pytest.mark.parametrize("lm", [b"x", b"xy", b"x" * 25])
def test_an_lm_response_of_no_known_length_is_noted(lm):
    _, root, problem = decode(authenticate(lm=lm))
    assert (problem.kind, problem.path) == ("length", "LmChallengeResponse")
    assert root.child("LmChallengeResponse").value == lm


# --- where payload fields stand


def test_payload_fields_come_in_the_order_of_their_offsets():
    data = authenticate(OEM, user=b"bob", domain=b"LAB")
    at = data.index(b"LAB")
    swapped = moved(moved(data, 28, offset=at + 3), 36, offset=at)
    _, root, problem = decode(swapped)
    assert problem is None
    assert [(child.name, child.value) for child in root.children[-2:]] == [("UserName", "LAB"), ("DomainName", "bob")]


def test_what_belongs_to_no_field_is_a_gap():
    data = authenticate(OEM, user=b"bob", domain=b"LAB")
    data = moved(data, 36, length=2) + b"tail"
    data = moved(data, 28, length=2)
    found = fields(data)
    assert (found["gap-1"].value, found["gap-2"].value) == (b"B", b"btail")


def test_fields_that_share_bytes_are_both_shown():
    data = moved(authenticate(OEM, user=b"bob", domain=b"LAB"), 36, offset=66)
    _, root, problem = decode(data)
    assert [(child.name, child.value) for child in root.children[-3:-1]] == [("DomainName", "LAB"), ("UserName", "Bbo")]
    assert (problem.kind, problem.path, problem.offset) == ("overlap", "UserName", 66)
    assert problem.found == "bytes that belong to DomainName"


def test_a_field_in_the_header_overlaps_it():
    data = moved(authenticate(OEM, user=b"bob", domain=b"LAB"), 36, offset=20)
    _, root, problem = decode(data)
    assert (problem.kind, problem.path, problem.found) == ("overlap", "UserName", "bytes that belong to the header")
    assert root.child("DomainName").value == "LAB"


def test_a_field_beyond_the_end_is_a_message_cut_short():
    data = authenticate(OEM, user=b"bobby", domain=b"LAB")[:-2]
    _, root, problem = decode(data)
    assert root.child("UserName").value == "bob"
    assert problem == Problem("cut-short", "UserName", 67, "5 bytes", "3 bytes", 2, 72)


def test_a_field_of_which_nothing_is_there_is_named():
    data = authenticate(OEM, user=b"bobby", domain=b"LAB")[:67]
    _, root, problem = decode(data)
    assert root.child("UserName") is None
    assert problem == Problem("cut-short", "UserName", 67, "5 bytes", "0 bytes", 5, 72)


def test_a_field_beyond_the_end_of_a_message_inside_a_token_is_a_wrong_length():
    data = authenticate(OEM, user=b"bobby", domain=b"LAB")[:-2]
    _, _, problem = decode(b"--" + data + b"--", 2, 2 + len(data))
    assert (problem.kind, problem.path, problem.offset, problem.missing) == ("length", "UserName", 69, 2)


def test_an_offset_beyond_the_end_is_noted_where_it_stands():
    data = moved(authenticate(OEM, user=b"bob", domain=b"LAB"), 36, offset=5000)
    _, root, problem = decode(data)
    assert (problem.kind, problem.path) == ("offset", "UserNameFields.UserNameBufferOffset")
    assert (problem.offset, problem.expected, problem.found) == (40, "an offset of at most 70", "offset 5000")
    assert problem.total is None
    assert root.child("gap-1").value == b"bob"


def test_a_descriptor_whose_flag_is_clear_is_ignored_where_it_points_nowhere():
    data = moved(negotiate(UNICODE, version=XP), 16, length=7, offset=5000)
    assert "DomainName" not in fields(data)
    _, _, problem = decode(moved(negotiate(UNICODE | DOMAIN_SUPPLIED, version=XP), 16, length=7, offset=5000))
    assert problem.kind == "offset"


def test_the_size_a_message_announces_is_that_of_its_last_field():
    data = LAB["63-ntlm-pyspnego-raw.leg3"]
    _, _, problem = decode(data[:80])
    assert (problem.kind, problem.path, problem.missing, problem.total) == ("cut-short", "MIC", 8, len(data))


# --- signatures


def signature(data: bytes) -> tuple[str, Node, Problem | None]:
    reading = Reading(data, lambda *_: False)
    children: list[Node] = []
    root = Node("", 0, len(data), TOKEN, None, None, children)
    return decode_signature(reading, 0, len(data), root, children), root, reading.finish(root)


@pytest.mark.parametrize("name", ["63-ntlm-pyspnego-raw.mic-i", "63-ntlm-pyspnego-raw.wrap-conf-i"])
def test_a_message_signature_is_read(name):
    data = (HERE / "data" / "ntlm" / f"{name}.bin").read_bytes()
    message, root, problem = signature(data)
    assert (message, problem) == ("NTLMSSP_MESSAGE_SIGNATURE", None)
    assert [child.value for child in root.children[:2]] == [1, data[4:12]]
    assert root.children[2].value == int.from_bytes(data[12:16], "little")
    assert (root.child("SealedMessage") is None) == (len(data) == 16)
    assert uncovered(root, 0, len(data)) == []
    assert "as with extended session security" in root.child("Checksum").meaning


def test_a_message_signature_may_be_wrong():
    assert signature(b"\2\0\0\0" + bytes(12))[2].kind == "value"
    _, _, problem = signature(b"\1\0\0\0" + bytes(6))
    assert (problem.kind, problem.path, problem.missing) == ("cut-short", "Checksum", 2)


# --- time


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "1601-01-01T00:00:00.0000000Z"),
        (132326883824140792, "2020-04-30T02:46:22.4140792Z"),
        (116444736000000000, "1970-01-01T00:00:00.0000000Z"),
        (126227807999999999, "2000-12-31T23:59:59.9999999Z"),
        (126227808000000000, "2001-01-01T00:00:00.0000000Z"),
        (2650467743999999999, "9999-12-31T23:59:59.9999999Z"),
        (2650467744000000000, "10000-01-01T00:00:00.0000000Z"),
        (0x7FFFFFFFFFFFFFFF, "30828-09-14T02:48:05.4775807Z"),
        (0xFFFFFFFFFFFFFFFF, "60056-05-28T05:36:10.9551615Z"),
    ],
)
def test_a_filetime_is_told_in_full(value, text):
    assert filetime_text(value) == text


@given(st.integers(0, 2650467743999999999))
def test_a_filetime_is_that_of_datetime(value):
    moment = datetime(1601, 1, 1) + timedelta(microseconds=value // 10)
    assert filetime_text(value) == moment.isoformat(timespec="microseconds") + f"{value % 10}Z"
