"""NEGOEX tokens: each field where MS-NEGOEX puts it, every byte shown once, and nothing that a vector says believed.

The messages are put together here by a builder of the tests' own; the example of MS-NEGOEX 4, the token of the shared
collection and, where it is installed, Wireshark's reading of them all say what is right.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from builders.der import NEGOEX, NTLM, ap_req, neg_token_init, neg_token_resp, ntlm_negotiate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.cli.problems import advice, describe
from secctx.cli.summary_negoex import MESSAGES
from secctx.cli.tree import Shape, print_tree
from secctx.decoders import decode
from secctx.decoders.tables import negoex as tables
from secctx.decoders.values import BYTES, ENUM, INT, LIST, STRUCT, TEXT, TOKEN, Decoded, Node, follow, walk

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

PKU2U = "0d53335c-f9ea-4d0d-b2ec-4ae3786ec308"
PKU2U_BYTES = bytes.fromhex("5c33530deaf90d4db2ec4ae3786ec308")
OTHER_BYTES = bytes(range(16))
OTHER = "03020100-0504-0706-0809-0a0b0c0d0e0f"
CONVERSATION = bytes(range(0x40, 0x50))
CONVERSATION_TEXT = "43424140-4544-4746-4849-4a4b4c4d4e4f"
RANDOM = bytes(range(0x80, 0xA0))

INITIATOR_NEGO, ACCEPTOR_NEGO, INITIATOR_META_DATA, ACCEPTOR_META_DATA, CHALLENGE, AP_REQUEST, VERIFY, ALERT = range(8)
NAMES = (
    "INITIATOR_NEGO",
    "ACCEPTOR_NEGO",
    "INITIATOR_META_DATA",
    "ACCEPTOR_META_DATA",
    "CHALLENGE",
    "AP_REQUEST",
    "VERIFY",
    "ALERT",
)


# --- a builder


def message(kind: int, fields: bytes, payload: bytes = b"", number: int = 0, header: int = -1, size: int = -1) -> bytes:
    """A message of its fields behind MESSAGE_HEADER and its payload; `header` and `size` replace the true lengths."""
    end = 40 + len(fields)
    lengths = (end if header < 0 else header, end + len(payload) if size < 0 else size)
    return struct.pack("<8sIIII", b"NEGOEXTS", kind, number, *lengths) + CONVERSATION + fields + payload


def nego(
    schemes: list[bytes],
    extensions: list[tuple[int, bytes]] | None = None,
    kind: int = INITIATOR_NEGO,
    padding: str = "each",
    number: int = 0,
) -> bytes:
    """`padding` follows `each` vector, as Windows writes them, `both`, as MIT krb5 does, or `none`."""
    extensions = extensions or []
    layout = {"each": "<IH2xIH2x", "both": "<IHIH4x", "none": "<IHIH"}[padding]
    first = 80 + struct.calcsize(layout)
    second = first + 16 * len(schemes)
    # MIT krb5 writes the header's length as the offset of no extensions, Windows 0.
    empty = first if padding != "each" else 0
    vectors = struct.pack(layout, first, len(schemes), second if extensions else empty, len(extensions))
    array, values, at = b"", b"", second + 12 * len(extensions)
    for number_, value in extensions:
        array += struct.pack("<III", number_, at + len(values), len(value))
        values += value
    return message(kind, RANDOM + bytes(8) + vectors, b"".join(schemes) + array + values, number)


def exchange(kind: int, value: bytes, scheme: bytes = PKU2U_BYTES, number: int = 0) -> bytes:
    return message(kind, scheme + struct.pack("<II", 64, len(value)), value, number)


def verify(value: bytes, padding: int = 4, kind: int = 16, scheme: int = 1, length: int = 20) -> bytes:
    fields = struct.pack("<IIIII", length, scheme, kind, 76 + padding, len(value))
    return message(VERIFY, PKU2U_BYTES + fields + bytes(padding), value)


def alert(alerts: list[tuple[int, bytes]], code: int = 0, padding: int = 6) -> bytes:
    """`padding` follows Alerts: 6 bytes as MIT krb5 has it, 2 or none as others do."""
    first = 66 + padding
    array, values = b"", b""
    for kind, value in alerts:
        array += struct.pack("<III", kind, first + 12 * len(alerts) + len(values), len(value))
        values += value
    fields = PKU2U_BYTES + struct.pack("<IIH", code, first, len(alerts)) + bytes(padding)
    return message(ALERT, fields, array + values)


NO_KEY = (1, struct.pack("<II", 8, 1))
KERBEROS = ap_req()
WHOLE = {
    "one scheme": nego([PKU2U_BYTES]),
    "two schemes of the acceptor": nego([PKU2U_BYTES, OTHER_BYTES], kind=ACCEPTOR_NEGO),
    "no scheme": nego([]),
    "extensions": nego([PKU2U_BYTES], [(1, b"abc"), (0x80000002, b""), (3, b"defgh")]),
    "MIT's padding": nego([PKU2U_BYTES, OTHER_BYTES], padding="both"),
    "MIT's padding, no scheme": nego([], padding="both"),
    "MIT's padding, extensions": nego([PKU2U_BYTES], [(0x80000007, b"abc")], padding="both"),
    "no padding": nego([PKU2U_BYTES], [(7, b"abc")], padding="none"),
    "initiator's metadata": exchange(INITIATOR_META_DATA, b"some metadata"),
    "acceptor's metadata": exchange(ACCEPTOR_META_DATA, KERBEROS),
    "no metadata": exchange(INITIATOR_META_DATA, b""),
    "unknown token": exchange(AP_REQUEST, b"\xff" * 20),
    "NTLM": exchange(CHALLENGE, ntlm_negotiate()),
    "NEGOEX in NEGOEX": exchange(AP_REQUEST, nego([OTHER_BYTES])),
    "checksum": verify(b"c" * 12),
    "checksum without padding": verify(b"c" * 12, padding=0, kind=0xFFFFFF76),
    "alert": alert([NO_KEY]),
    "alert, two bytes of padding": alert([NO_KEY], 0xC000006D, padding=2),
    "alert, no padding": alert([NO_KEY, (9, b"abc"), (1, struct.pack("<IIB", 8, 5, 7))], padding=0),
    "no alerts": alert([], 0xC0000022),
    "gaps": message(
        INITIATOR_NEGO,
        RANDOM + bytes(8) + struct.pack("<IHHIHH", 130, 1, 0, 104, 1, 0),
        b"\xaa" * 8 + struct.pack("<III", 5, 120, 4) + b"\xbb" * 4 + b"abcd" + b"\xcc" * 6 + PKU2U_BYTES + b"\xdd",
    ),
    "a longer header": message(AP_REQUEST, PKU2U_BYTES + struct.pack("<II", 80, 3) + b"\xee" * 16, b"\xffbc"),
}
WHOLE["first token"] = (
    nego([PKU2U_BYTES, OTHER_BYTES])
    + exchange(INITIATOR_META_DATA, b"for PKU2U", number=1)
    + exchange(INITIATOR_META_DATA, b"for another", OTHER_BYTES, number=2)
    + exchange(AP_REQUEST, b"\xff" * 9, number=3)
    + verify(b"c" * 12)
)


def fields(decoded: Decoded) -> dict[str, Node]:
    """The fields of a well-formed token by path."""
    assert decoded.error is None
    return dict(walk(decoded.root))


def leaves(root: Node) -> list[Node]:
    return [node for _, node in walk(root) if not node.children and node.start < node.stop]


def check(data: bytes, shown: bool = True) -> Decoded:
    """What holds of every input."""
    decoded = decode(data)
    problem = decoded.error
    if problem is not None:
        assert problem.expected
        assert problem.found
        assert 0 <= problem.offset <= len(data)
        assert problem.missing >= 0
        assert describe(problem, len(data))
        advice(decoded)
    assert all(0 <= node.start <= node.stop <= len(data) for _, node in walk(decoded.root))
    assert sum(1 for _ in walk(decoded.root)) <= len(data) + 8
    if shown:
        assert document(decoded, Source("t", "raw", 0), True)["complete"] is (problem is None)
    return decoded


def covered(decoded: Decoded) -> list[int]:
    """How many leaves have each byte."""
    times = [0] * len(decoded.data)
    for node in leaves(decoded.root):
        for offset in range(node.start, node.stop):
            times[offset] += 1
    return times


def put(data: bytes, offset: int, code: str, value: int) -> bytes:
    """`data` with the number at `offset` replaced."""
    changed = bytearray(data)
    struct.pack_into("<" + code, changed, offset, value)
    return bytes(changed)


# --- what others say of the same bytes

#: MS-NEGOEX 4, with the values that its text gives.
EXAMPLE = bytes.fromhex(
    "4e45474f455854530000000000000000600000007000000036 91b812168cbad4f67c3b24f06935c7f11e9e4567892283"
    "8ae1f2232fdbdb12dcbe229f8c3f58694de60a4f5a828ef4000000000000000060000000010000000000000000000000"
    "5c33530deaf90d4db2ec4ae3786ec308"
)


def test_the_example_of_ms_negoex_is_read_as_its_text_reads_it() -> None:
    decoded = decode(EXAMPLE)
    assert (decoded.mechanism, decoded.message) == ("NEGOEX", "INITIATOR_NEGO")
    found = {path.removeprefix("messages[0]"): node.value for path, node in fields(decoded).items()}
    assert {path: value for path, value in found.items() if value is not None} == {
        ".Header.Signature": b"NEGOEXTS",
        ".Header.MessageType": 0,
        ".Header.SequenceNum": 0,
        ".Header.cbHeaderLength": 96,
        ".Header.cbMessageLength": 112,
        ".Header.ConversationId": "12b89136-8c16-d4ba-f67c-3b24f06935c7",
        ".Random": EXAMPLE[40:72],
        ".ProtocolVersion": 0,
        ".AuthSchemes.AuthSchemeArrayOffset": 96,
        ".AuthSchemes.AuthSchemeCount": 1,
        ".AuthSchemes.Padding": b"\0\0",
        ".Extensions.ExtensionArrayOffset": 0,
        ".Extensions.ExtensionCount": 0,
        ".Extensions.Padding": b"\0\0",
        ".AuthSchemeArray[0]": PKU2U,
    }


def test_the_token_of_a_server_is_read_to_its_last_byte() -> None:
    path = CORPUS / "smbj" / "negTokenInit_negoex_acceptor.bin"
    if not path.exists():
        pytest.skip("the corpus is not here")
    data = path.read_bytes()
    (item,) = [
        i for i in json.loads((path.parent / "items.json").read_text("utf-8"))["items"] if i["file"] == path.name
    ]
    decoded = decode(data)
    found = fields(decoded)
    mechs = [node for name, node in found.items() if name.startswith("mechTypes[")]
    assert item["expected"]["mechTypes"] == f"{len(mechs)}: {', '.join(str(node.meaning) for node in mechs)}"
    token = found["mechToken"]
    assert item["expected"]["mechToken"] == f"{token.stop - token.start} bytes beginning NEGOEXTS"
    assert token.meaning == ("NEGOEX", "ACCEPTOR_NEGO")
    assert item["what"].endswith("with NEGOEX ACCEPTOR_NEGO + ACCEPTOR_META_DATA in mechToken")
    assert [node.meaning for node in found["mechToken.messages"].children] == ["ACCEPTOR_NEGO", "ACCEPTOR_META_DATA"]
    first, second = "mechToken.messages[0]", "mechToken.messages[1]"
    for path_, value, span in (
        (f"{first}.Header.SequenceNum", 0, (68, 72)),
        (f"{first}.Header.ConversationId", "4c956664-2b2f-c5b9-67e8-b6f9cf6c8318", (80, 96)),
        (f"{first}.Random", data[96:128], (96, 128)),
        (f"{first}.AuthSchemeArray[0]", PKU2U, (152, 168)),
        (f"{second}.Header.SequenceNum", 1, (180, 184)),
        (f"{second}.Header.cbMessageLength", 152, (188, 192)),
        (f"{second}.Header.ConversationId", "4c956664-2b2f-c5b9-67e8-b6f9cf6c8318", (192, 208)),
        (f"{second}.AuthScheme", PKU2U, (208, 224)),
        (f"{second}.Exchange.ByteArrayOffset", 64, (224, 228)),
        (f"{second}.Exchange.ByteArrayLength", 88, (228, 232)),
        (f"{second}.ByteArray", data[232:], (232, 320)),
    ):
        assert (found[path_].value, found[path_].span) == (value, span), path_


def capture(token: bytes) -> bytes:
    """A capture of one packet: an HTTP request with the token in its header."""
    http = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Negotiate " + base64.b64encode(token) + b"\r\n\r\n"
    tcp = struct.pack(">HHIIBBHHH", 40000, 80, 1, 1, 0x50, 0x18, 8192, 0, 0) + http
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + b"\x0a\0\0\1\x0a\0\0\2" + tcp
    return struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101, 0, 0, len(ip), len(ip)) + ip


#: Wireshark's name of a field, and ours.
SHARED_FIELDS = {
    "negoex.message.type": "MessageType",
    "negoex.message.seq_num": "SequenceNum",
    "negoex.message.len": "cbMessageLength",
    "negoex.message.conv_id": "ConversationId",
    "negoex.message.random": "Random",
    "negoex.proto_version": "ProtocolVersion",
    "negoex.auth_scheme_array_offset": "AuthSchemeArrayOffset",
    "negoex.auth_scheme_array_count": "AuthSchemeCount",
    "negoex.extension_array_count": "ExtensionCount",
    "negoex.checksum_scheme": "ChecksumScheme",
    "negoex.checksum_type": "ChecksumType",
    "negoex.errorcode": "ErrorCode",
}


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", ["one scheme", "two schemes of the acceptor", "first token", "checksum", "alert"])
def test_wireshark_reads_the_same_values(name: str) -> None:
    token = neg_token_init(NEGOEX, NTLM, token=WHOLE[name])
    command = ["tshark", "-r", "-", "-T", "fields", "-E", "separator=;"]
    for wanted in SHARED_FIELDS:
        command += ["-e", wanted]
    done = subprocess.run(command, input=capture(token), capture_output=True, check=True, timeout=120)
    theirs = dict(zip(SHARED_FIELDS.values(), done.stdout.decode().rstrip("\n").split(";"), strict=True))
    nodes = [node for _, node in walk(decode(token).root)]
    for ours, text in theirs.items():
        values = [node.value for node in nodes if node.name == ours]
        read = [part for part in text.split(",") if part]
        if values and isinstance(values[0], int):
            assert [int(part, 0) for part in read] == values, ours
        else:
            assert read == [v.hex() if isinstance(v, bytes) else v for v in values], ours
    assert theirs["ConversationId"].split(",")[0] == CONVERSATION_TEXT, "Wireshark saw the token"


# --- each message: every field, its span, its kind, its value


def shape(data: bytes) -> list[tuple[object, ...]]:
    """Every leaf below the first message's header: path, span, kind and value."""
    found = fields(decode(data))
    return [
        (path.removeprefix("messages[0]."), *node.span, node.kind, node.value)
        for path, node in found.items()
        if not node.children and not path.startswith("messages[0].Header")
    ]


def test_the_header_of_every_message() -> None:
    for kind, name in enumerate(NAMES):
        bodies = {0: nego([], kind=kind), 1: nego([], kind=kind), VERIFY: verify(b""), ALERT: alert([])}
        data = put(bodies.get(kind, exchange(kind, b"")), 12, "I", 7)
        decoded = decode(data)
        found = fields(decoded)
        assert decoded.message == found["messages[0]"].meaning == name
        assert [(node.name, *node.span, node.kind, node.value) for node in found["messages[0].Header"].children] == [
            ("Signature", 0, 8, BYTES, b"NEGOEXTS"),
            ("MessageType", 8, 12, ENUM, kind),
            ("SequenceNum", 12, 16, INT, 7),
            ("cbHeaderLength", 16, 20, INT, len(data)),
            ("cbMessageLength", 20, 24, INT, len(data)),
            ("ConversationId", 24, 40, TEXT, CONVERSATION_TEXT),
        ]
        assert found["messages[0].Header.MessageType"].meaning == name
        assert found["messages[0].Header"].span == (0, 40)
        assert found["messages[0]"].span == found["messages"].span == (0, len(data))


def test_nego_message() -> None:
    assert shape(WHOLE["extensions"]) == [
        ("Random", 40, 72, BYTES, RANDOM),
        ("ProtocolVersion", 72, 80, INT, 0),
        ("AuthSchemes.AuthSchemeArrayOffset", 80, 84, INT, 96),
        ("AuthSchemes.AuthSchemeCount", 84, 86, INT, 1),
        ("AuthSchemes.Padding", 86, 88, BYTES, b"\0\0"),
        ("Extensions.ExtensionArrayOffset", 88, 92, INT, 112),
        ("Extensions.ExtensionCount", 92, 94, INT, 3),
        ("Extensions.Padding", 94, 96, BYTES, b"\0\0"),
        ("AuthSchemeArray[0]", 96, 112, TEXT, PKU2U),
        ("ExtensionArray[0].ExtensionType", 112, 116, INT, 1),
        ("ExtensionArray[0].ExtensionValue.ByteArrayOffset", 116, 120, INT, 148),
        ("ExtensionArray[0].ExtensionValue.ByteArrayLength", 120, 124, INT, 3),
        ("ExtensionArray[1].ExtensionType", 124, 128, INT, 0x80000002),
        ("ExtensionArray[1].ExtensionValue.ByteArrayOffset", 128, 132, INT, 151),
        ("ExtensionArray[1].ExtensionValue.ByteArrayLength", 132, 136, INT, 0),
        ("ExtensionArray[2].ExtensionType", 136, 140, INT, 3),
        ("ExtensionArray[2].ExtensionValue.ByteArrayOffset", 140, 144, INT, 151),
        ("ExtensionArray[2].ExtensionValue.ByteArrayLength", 144, 148, INT, 5),
        ("ByteArray-0", 148, 151, BYTES, b"abc"),
        ("ByteArray-2", 151, 156, BYTES, b"defgh"),
    ]


def test_a_critical_extension_says_so() -> None:
    array = fields(decode(WHOLE["extensions"]))["messages[0].ExtensionArray"]
    assert [item.children[0].meaning for item in array.children] == [None, "EXTENSION_FLAG_CRITICAL", None]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "MIT's padding",
            [
                ("AuthSchemes.AuthSchemeArrayOffset", 80, 84, INT, 96),
                ("AuthSchemes.AuthSchemeCount", 84, 86, INT, 2),
                ("Extensions.ExtensionArrayOffset", 86, 90, INT, 96),
                ("Extensions.ExtensionCount", 90, 92, INT, 0),
                ("Padding", 92, 96, BYTES, bytes(4)),
                ("AuthSchemeArray[0]", 96, 112, TEXT, PKU2U),
                ("AuthSchemeArray[1]", 112, 128, TEXT, OTHER),
            ],
        ),
        (
            "MIT's padding, extensions",
            [
                ("AuthSchemes.AuthSchemeArrayOffset", 80, 84, INT, 96),
                ("AuthSchemes.AuthSchemeCount", 84, 86, INT, 1),
                ("Extensions.ExtensionArrayOffset", 86, 90, INT, 112),
                ("Extensions.ExtensionCount", 90, 92, INT, 1),
                ("Padding", 92, 96, BYTES, bytes(4)),
                ("AuthSchemeArray[0]", 96, 112, TEXT, PKU2U),
                ("ExtensionArray[0].ExtensionType", 112, 116, INT, 0x80000007),
                ("ExtensionArray[0].ExtensionValue.ByteArrayOffset", 116, 120, INT, 124),
                ("ExtensionArray[0].ExtensionValue.ByteArrayLength", 120, 124, INT, 3),
                ("ByteArray-0", 124, 127, BYTES, b"abc"),
            ],
        ),
        (
            "no padding",
            [
                ("AuthSchemes.AuthSchemeArrayOffset", 80, 84, INT, 92),
                ("AuthSchemes.AuthSchemeCount", 84, 86, INT, 1),
                ("Extensions.ExtensionArrayOffset", 86, 90, INT, 108),
                ("Extensions.ExtensionCount", 90, 92, INT, 1),
                ("AuthSchemeArray[0]", 92, 108, TEXT, PKU2U),
                ("ExtensionArray[0].ExtensionType", 108, 112, INT, 7),
                ("ExtensionArray[0].ExtensionValue.ByteArrayOffset", 112, 116, INT, 120),
                ("ExtensionArray[0].ExtensionValue.ByteArrayLength", 116, 120, INT, 3),
                ("ByteArray-0", 120, 123, BYTES, b"abc"),
            ],
        ),
    ],
)
def test_a_nego_message_is_read_however_its_vectors_are_padded(name: str, expected: list[tuple[object, ...]]) -> None:
    assert shape(WHOLE[name])[2:] == expected


def test_exchange_message() -> None:
    assert shape(WHOLE["initiator's metadata"]) == [
        ("AuthScheme", 40, 56, TEXT, PKU2U),
        ("Exchange.ByteArrayOffset", 56, 60, INT, 64),
        ("Exchange.ByteArrayLength", 60, 64, INT, 13),
        ("ByteArray", 64, 77, BYTES, b"some metadata"),
    ]
    assert shape(WHOLE["no metadata"])[1:] == [
        ("Exchange.ByteArrayOffset", 56, 60, INT, 64),
        ("Exchange.ByteArrayLength", 60, 64, INT, 0),
    ]


def test_verify_message() -> None:
    assert shape(WHOLE["checksum"]) == [
        ("AuthScheme", 40, 56, TEXT, PKU2U),
        ("Checksum.cbHeaderLength", 56, 60, INT, 20),
        ("Checksum.ChecksumScheme", 60, 64, ENUM, 1),
        ("Checksum.ChecksumType", 64, 68, ENUM, 16),
        ("Checksum.ChecksumValue.ByteArrayOffset", 68, 72, INT, 80),
        ("Checksum.ChecksumValue.ByteArrayLength", 72, 76, INT, 12),
        ("Padding", 76, 80, BYTES, bytes(4)),
        ("ByteArray", 80, 92, BYTES, b"c" * 12),
    ]
    found = fields(decode(WHOLE["checksum"]))
    assert found["messages[0].Checksum"].span == (56, 76)
    assert found["messages[0].Checksum.ChecksumScheme"].meaning == "CHECKSUM_SCHEME_RFC3961"
    assert found["messages[0].Checksum.ChecksumType"].meaning == "hmac-sha1-96-aes256"


def test_checksum_types_are_named_with_their_sign_and_only_where_the_scheme_is_that_of_rfc_3961() -> None:
    kind = "messages[0].Checksum.ChecksumType"
    found = fields(decode(WHOLE["checksum without padding"]))
    assert (found[kind].value, found[kind].meaning) == (0xFFFFFF76, "KERB_CHECKSUM_HMAC_MD5")
    assert (found["messages[0].ByteArray"].span, "messages[0].Padding" in found) == ((76, 88), False)
    other = fields(decode(verify(b"c", scheme=2)))
    assert other["messages[0].Checksum.ChecksumScheme"].meaning is None
    assert other[kind].meaning is None


def test_alert_message() -> None:
    assert shape(WHOLE["alert"]) == [
        ("AuthScheme", 40, 56, TEXT, PKU2U),
        ("ErrorCode", 56, 60, ENUM, 0),
        ("Alerts.AlertArrayOffset", 60, 64, INT, 72),
        ("Alerts.AlertCount", 64, 66, INT, 1),
        ("Alerts.Padding", 66, 68, BYTES, bytes(2)),
        ("Padding", 68, 72, BYTES, bytes(4)),
        ("AlertArray[0].AlertType", 72, 76, ENUM, 1),
        ("AlertArray[0].AlertValue.ByteArrayOffset", 76, 80, INT, 84),
        ("AlertArray[0].AlertValue.ByteArrayLength", 80, 84, INT, 8),
        ("ByteArray-0.cbHeaderLength", 84, 88, INT, 8),
        ("ByteArray-0.Reason", 88, 92, ENUM, 1),
    ]
    found = fields(decode(WHOLE["alert"]))
    assert found["messages[0].ErrorCode"].meaning == "STATUS_SUCCESS"
    assert found["messages[0].AlertArray[0].AlertType"].meaning == "ALERT_TYPE_PULSE"
    assert (found["messages[0].ByteArray-0"].kind, found["messages[0].ByteArray-0"].meaning) == (STRUCT, "ALERT_PULSE")
    assert found["messages[0].ByteArray-0.Reason"].meaning == "ALERT_VERIFY_NO_KEY"


def test_alerts_that_are_no_pulse_are_kept_as_bytes_and_what_follows_a_pulse_too() -> None:
    assert shape(WHOLE["alert, no padding"])[2:4] == [
        ("Alerts.AlertArrayOffset", 60, 64, INT, 66),
        ("Alerts.AlertCount", 64, 66, INT, 3),
    ]
    assert shape(WHOLE["alert, no padding"])[-6:] == [
        ("ByteArray-0.cbHeaderLength", 102, 106, INT, 8),
        ("ByteArray-0.Reason", 106, 110, ENUM, 1),
        ("ByteArray-1", 110, 113, BYTES, b"abc"),
        ("ByteArray-2.cbHeaderLength", 113, 117, INT, 8),
        ("ByteArray-2.Reason", 117, 121, ENUM, 5),
        ("ByteArray-2.gap-1", 121, 122, BYTES, b"\7"),
    ]


def test_arrays_are_shown_where_they_stand_and_what_is_between_as_gaps() -> None:
    assert shape(WHOLE["gaps"])[8:] == [
        ("gap-1", 96, 104, BYTES, b"\xaa" * 8),
        ("ExtensionArray[0].ExtensionType", 104, 108, INT, 5),
        ("ExtensionArray[0].ExtensionValue.ByteArrayOffset", 108, 112, INT, 120),
        ("ExtensionArray[0].ExtensionValue.ByteArrayLength", 112, 116, INT, 4),
        ("gap-2", 116, 120, BYTES, b"\xbb" * 4),
        ("ByteArray-0", 120, 124, BYTES, b"abcd"),
        ("gap-3", 124, 130, BYTES, b"\xcc" * 6),
        ("AuthSchemeArray[0]", 130, 146, TEXT, PKU2U),
        ("gap-4", 146, 147, BYTES, b"\xdd"),
    ]


def test_a_longer_header_is_padding_up_to_its_end() -> None:
    assert shape(WHOLE["a longer header"])[3:] == [
        ("Padding", 64, 80, BYTES, b"\xee" * 16),
        ("ByteArray", 80, 83, BYTES, b"\xffbc"),
    ]


def test_a_scheme_that_is_known_has_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.AUTH_SCHEMES, OTHER, "a scheme")
    found = fields(decode(WHOLE["first token"]))
    assert found["messages[0].AuthSchemeArray[1]"].meaning == "a scheme"
    assert found["messages[2].AuthScheme"].meaning == "a scheme"
    assert found["messages[0].Header.ConversationId"].meaning is None


# --- several messages, and tokens within


def test_the_messages_of_a_token_stand_one_behind_the_other() -> None:
    decoded = decode(WHOLE["first token"])
    messages = decoded.root.child("messages")
    assert messages is not None
    assert (messages.kind, messages.span) == (LIST, (0, len(decoded.data)))
    assert [(node.name, node.meaning) for node in messages.children] == [
        ("[0]", "INITIATOR_NEGO"),
        ("[1]", "INITIATOR_META_DATA"),
        ("[2]", "INITIATOR_META_DATA"),
        ("[3]", "AP_REQUEST"),
        ("[4]", "VERIFY"),
    ]
    assert all(one.stop == other.start for one, other in pairwise(messages.children))
    assert (decoded.message, decoded.error) == ("INITIATOR_NEGO", None)


@pytest.mark.parametrize("kind", [CHALLENGE, AP_REQUEST])
@pytest.mark.parametrize(
    ("token", "meaning"),
    [
        (KERBEROS, ("Kerberos", "AP-REQ")),
        (ntlm_negotiate(), ("NTLM", "NEGOTIATE_MESSAGE")),
        (neg_token_resp(1, NTLM), ("SPNEGO", "NegTokenResp")),
        (nego([PKU2U_BYTES]), ("NEGOEX", "INITIATOR_NEGO")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_token_that_an_exchange_carries_is_opened(kind: int, token: bytes, meaning: tuple[str, str]) -> None:
    node = fields(decode(exchange(kind, token)))["messages[0].ByteArray"]
    assert (node.kind, node.meaning, node.span) == (TOKEN, meaning, (64, 64 + len(token)))
    assert [(p, n.start, n.stop, n.value) for p, n in walk(decode(token).root)] == [
        (p, n.start - 64, n.stop - 64, n.value) for p, n in walk(node)
    ]


def test_metadata_is_no_token_whatever_it_looks_like() -> None:
    node = fields(decode(exchange(INITIATOR_META_DATA, KERBEROS)))["messages[0].ByteArray"]
    assert (node.kind, node.value) == (BYTES, KERBEROS)


def test_tokens_inside_each_other_stop_at_a_depth() -> None:
    data = b"x"
    for _ in range(40):
        data = exchange(AP_REQUEST, data)
    decoded = check(data)
    assert decoded.error is not None
    assert decoded.error.kind == "depth"
    assert sum(node.kind == TOKEN for _, node in walk(decoded.root)) < 20


@pytest.mark.parametrize("name", WHOLE)
def test_every_byte_is_in_one_leaf_alone_and_in_spnego_too(name: str) -> None:
    data = WHOLE[name]
    decoded = check(data)
    assert (decoded.mechanism, decoded.error) == ("NEGOEX", None)
    assert decoded.message == NAMES[data[8]]
    assert set(covered(decoded)) == {1}
    for _, node in [("", decoded.root), *walk(decoded.root)]:
        assert all(node.start <= child.start <= child.stop <= node.stop for child in node.children), node.name
        assert all(one.stop <= other.start for one, other in pairwise(node.children)), node.name
    outer = neg_token_init(NEGOEX, token=data)
    inner = fields(decode(outer))["mechToken"]
    assert (inner.meaning, inner.span) == (("NEGOEX", decoded.message), (len(outer) - len(data), len(outer)))
    shift = inner.start
    assert [(p, n.start - shift, n.stop - shift, n.value) for p, n in walk(inner)] == [
        (p, n.start, n.stop, n.value) for p, n in walk(decoded.root)
    ]


@pytest.mark.parametrize("name", WHOLE)
def test_every_path_and_the_tree_can_be_shown(name: str) -> None:
    decoded = decode(WHOLE[name])
    shown = document(decoded, Source("t", "raw", 0), True)
    assert json.loads(json.dumps(shown)) == shown
    for path, node in walk(decoded.root):
        nodes, rest = follow(decoded.root, path)
        assert nodes[-1] is node
        assert not rest
    for out in (Shape(), Shape(full=True, spans=True)):
        print_tree(Console(file=io.StringIO(), width=80), decoded, out)
    names = [child.name for _, node in walk(decoded.root) for child in [node] if node.kind == STRUCT]
    assert names
    for _, node in walk(decoded.root):
        assert len({child.name for child in node.children}) == len(node.children), node.name


# --- cut short


@pytest.mark.parametrize("name", WHOLE)
def test_every_truncation_says_what_is_missing_and_loses_no_byte(name: str) -> None:
    data = WHOLE[name]
    messages = decode(data).root.children[0].children
    ends = {node.stop for node in messages}
    for size in range(8, len(data)):
        decoded = check(data[:size])
        assert set(covered(decoded)) == {1}, size
        if size in ends:
            assert decoded.error is None, "nothing says that more should follow"
            continue
        assert decoded.error is not None, size
        assert (decoded.error.kind, decoded.error.offset <= size) == ("cut-short", True), size
        assert decoded.error.missing > 0
        here = next(index for index, node in enumerate(messages) if size < node.stop)
        assert decoded.error.path.startswith(f"messages[{here}]"), size
        told = size >= messages[here].start + 40
        assert decoded.error.total == (messages[here].stop if told else None), size


@pytest.mark.parametrize("name", ["first token", "extensions", "alert", "checksum", "MIT's padding, extensions"])
def test_every_truncation_of_a_fragment_in_spnego_is_cut_short(name: str) -> None:
    outer = neg_token_init(NEGOEX, token=WHOLE[name])
    at = len(outer) - len(WHOLE[name])
    for size in range(at + 8, len(outer)):
        decoded = check(outer[:size])
        assert decoded.error is not None
        assert decoded.error.kind == "cut-short", size
        assert decoded.error.path.startswith("mechToken.messages["), size
        assert decoded.error.total == len(outer)
        token = decoded.root.child("mechToken")
        assert token is not None
        assert set(covered(decoded)[at:]) == {1}, size


@pytest.mark.parametrize(
    ("size", "path", "missing"),
    [
        (9, "messages[0].Header.MessageType", 3),
        (39, "messages[0].Header.ConversationId", 1),
        (40, "messages[0].Random", 32),
        (81, "messages[0].AuthSchemes.AuthSchemeArrayOffset", 3),
        (84, "messages[0].AuthSchemes.AuthSchemeCount", 2),
        (96, "messages[0].AuthSchemeArray", 32),
        (127, "messages[0].AuthSchemeArray", 1),
        (130, "messages[1].Header.Signature", 6),
        (128 + 64, "messages[1].ByteArray", 9),
        (128 + 70, "messages[1].ByteArray", 3),
    ],
)
def test_what_is_cut_is_named(size: int, path: str, missing: int) -> None:
    error = decode(WHOLE["first token"][:size]).error
    assert error is not None
    assert (error.kind, error.path, error.missing) == ("cut-short", path, missing)


def test_a_token_that_is_cut_between_its_messages_lacks_the_next_one() -> None:
    outer = neg_token_init(NEGOEX, token=WHOLE["first token"])
    cut = len(outer) - len(WHOLE["first token"]) + 128
    error = check(outer[:cut]).error
    assert error is not None
    assert (error.kind, error.path, error.missing) == ("cut-short", "mechToken.messages[1]", len(outer) - cut)


# --- malformed


@pytest.mark.parametrize("name", WHOLE)
def test_no_flipped_bit_loses_a_byte(name: str) -> None:
    data = bytearray(WHOLE[name])
    ascii_only = name not in ("NTLM", "NEGOEX in NEGOEX")  # a token within may refuse what a bit made of it
    for bit in range(64, len(data) * 8):
        data[bit >> 3] ^= 1 << (bit & 7)
        decoded = check(bytes(data), shown=bit % 11 == 0)
        times = covered(decoded)
        if ascii_only:
            assert 0 not in times, bit
            assert max(times) == 1 or (decoded.error is not None and decoded.error.kind in ("overlap", "length")), bit
        data[bit >> 3] ^= 1 << (bit & 7)


TWO = WHOLE["two schemes of the acceptor"]
METADATA = WHOLE["initiator's metadata"]
PULSE = WHOLE["alert"]


@pytest.mark.parametrize(
    ("data", "kind", "path", "offset"),
    [
        pytest.param(put(TWO, 8, "I", 8), "value", "Header.MessageType", 8, id="no such message"),
        pytest.param(put(TWO, 16, "I", 91), "length", "Header.cbHeaderLength", 16, id="header too short"),
        pytest.param(put(TWO, 16, "I", 0), "length", "Header.cbHeaderLength", 16, id="no header"),
        pytest.param(put(TWO, 16, "I", 129), "length", "Header.cbHeaderLength", 16, id="header beyond the end"),
        pytest.param(put(TWO, 16, "I", 0xFFFFFFFF), "length", "Header.cbHeaderLength", 16, id="header of 4 GiB"),
        pytest.param(put(TWO, 16, "I", 100), "overlap", "AuthSchemeArray", 96, id="payload in the padding"),
        pytest.param(put(TWO, 20, "I", 0), "length", "Header.cbMessageLength", 20, id="no message"),
        pytest.param(put(TWO, 20, "I", 39), "length", "Header.cbMessageLength", 20, id="message without its header"),
        pytest.param(put(TWO, 20, "I", 0xFFFFFFFF), "cut-short", "", 128, id="message of 4 GiB"),
        pytest.param(put(METADATA, 20, "I", 60), "length", "Exchange.ByteArrayLength", 60, id="message without fields"),
        pytest.param(put(TWO, 80, "I", 129), "offset", "AuthSchemes.AuthSchemeArrayOffset", 80, id="array outside"),
        pytest.param(put(TWO, 80, "I", 0xFFFFFFFF), "offset", "AuthSchemes.AuthSchemeArrayOffset", 80, id="far off"),
        pytest.param(put(TWO, 80, "I", 128), "length", "AuthSchemeArray", 128, id="array at the end"),
        pytest.param(put(TWO, 84, "H", 3), "length", "AuthSchemeArray", 96, id="one element more"),
        pytest.param(put(TWO, 84, "H", 0xFFFF), "length", "AuthSchemeArray", 96, id="65535 elements"),
        pytest.param(put(TWO, 80, "I", 40), "overlap", "AuthSchemeArray", 40, id="array in the header"),
        pytest.param(put(METADATA, 56, "I", 78), "offset", "Exchange.ByteArrayOffset", 56, id="bytes outside"),
        pytest.param(put(METADATA, 60, "I", 14), "length", "ByteArray", 64, id="one byte more"),
        pytest.param(put(METADATA, 60, "I", 0xFFFFFFFF), "length", "ByteArray", 64, id="4 GiB"),
        pytest.param(put(METADATA, 56, "I", 0), "overlap", "Exchange.ByteArrayOffset", 0, id="bytes in the header"),
        pytest.param(put(METADATA, 56, "I", 60), "overlap", "ByteArray", 60, id="bytes partly in the header"),
        pytest.param(verify(b"c", length=24), "value", "Checksum.cbHeaderLength", 56, id="checksum of another length"),
        pytest.param(put(PULSE, 80, "I", 9), "length", "ByteArray-0", 84, id="alert beyond the end"),
        pytest.param(put(PULSE, 80, "I", 7), "length", "ByteArray-0.Reason", 88, id="half a pulse"),
        pytest.param(
            put(PULSE, 76, "I", 72), "overlap", "AlertArray[0].AlertValue.ByteArrayOffset", 72, id="alert in the array"
        ),
        pytest.param(put(PULSE, 76, "I", 80), "overlap", "ByteArray-0", 80, id="alert partly in the array"),
        pytest.param(put(PULSE, 76, "I", 93), "offset", "AlertArray[0].AlertValue.ByteArrayOffset", 76, id="far alert"),
    ],
)
def test_what_is_wrong_is_said_of_the_field_that_is(data: bytes, kind: str, path: str, offset: int) -> None:
    for token, before in ((data, ""), (neg_token_init(NEGOEX, token=data), "mechToken.")):
        at = len(token) - len(data)
        decoded = check(token)
        error = decoded.error
        assert error is not None
        if kind == "cut-short" and before:  # what contains the message says where it ends
            assert (error.kind, error.path) == ("length", "mechToken.messages[0].Header.cbMessageLength")
            continue
        assert (error.kind, error.path) == (kind, f"{before}messages[0]{'.' + path if path else ''}")
        assert error.offset == at + offset
        assert 0 not in covered(decoded)[at:], "what is there is shown all the same"


def test_a_message_of_unknown_type_is_kept_and_the_next_is_read() -> None:
    first = put(METADATA, 8, "I", 99)
    decoded = check(first + METADATA)
    assert decoded.message == "unknown"
    messages = decoded.root.children[0].children
    assert [(node.meaning, node.span) for node in messages] == [
        (None, (0, len(first))),
        ("INITIATOR_META_DATA", (len(first), 2 * len(first))),
    ]
    rest = messages[0].child("bytes")
    assert rest is not None
    assert rest.span == (40, len(first))


def test_what_stands_behind_the_last_message_is_trailing() -> None:
    for data in (METADATA + b"\0" * 3, METADATA + b"NEGOEXTZ"):
        decoded = check(data)
        assert decoded.error is not None
        assert (decoded.error.kind, decoded.error.path) == ("trailing", "trailing")
        assert decoded.error.offset == len(METADATA)
        assert set(covered(decoded)) == {1}
    inner = check(neg_token_init(NEGOEX, token=METADATA + b"\0"))
    assert inner.error is not None
    assert (inner.error.kind, inner.error.path) == ("trailing", "mechToken.trailing")


def test_a_token_in_an_exchange_that_overlaps_is_not_opened() -> None:
    token = ntlm_negotiate()
    decoded = check(message(AP_REQUEST, PKU2U_BYTES + struct.pack("<II", 62, 2 + len(token)), token))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("overlap", "messages[0].ByteArray")
    node = decoded.root.children[0].children[0].child("ByteArray")
    assert node is not None
    assert (node.kind, node.value) == (BYTES, token)


def test_a_pulse_that_overlaps_is_kept_as_bytes() -> None:
    decoded = check(put(put(PULSE, 76, "I", 80), 80, "I", 12))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("overlap", "messages[0].ByteArray-0")
    node = decoded.root.children[0].children[0].child("ByteArray-0")
    assert node is not None
    assert (node.kind, node.value) == (BYTES, PULSE[84:])


def test_an_exchange_within_a_longer_header_leaves_padding_and_a_gap() -> None:
    decoded = check(put(put(WHOLE["a longer header"], 56, "I", 70), 60, "I", 4))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("overlap", "messages[0].ByteArray")
    assert decoded.error.found == "bytes that belong to the header"
    spans = [(node.name, *node.span) for node in decoded.root.children[0].children[0].children[3:]]
    assert spans == [("Padding", 64, 70), ("ByteArray", 70, 74), ("gap-1", 74, 80), ("gap-2", 80, 83)]


def test_a_token_in_an_exchange_ends_with_its_message() -> None:
    token = ntlm_negotiate()
    data = exchange(CHALLENGE, token)
    decoded = check(put(data, 60, "I", len(token) + 40) + METADATA)
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("length", "messages[0].ByteArray")
    first, second = decoded.root.children[0].children
    assert first.stop == second.start == len(data)
    assert max(node.stop for _, node in walk(first)) == len(data)
    assert second.meaning == "INITIATOR_META_DATA"


def test_a_message_may_be_its_header_alone() -> None:
    decoded = check(message(99, b"") + METADATA)
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("value", "messages[0].Header.MessageType")
    assert [node.span for node in decoded.root.children[0].children] == [(0, 40), (40, 40 + len(METADATA))]


def test_padding_that_is_not_zero_does_not_move_the_extensions() -> None:
    plain = WHOLE["extensions"]
    odd = put(plain, 86, "H", 0xFFFF)
    assert [row for row in shape(odd) if row[1] != 86] == [row for row in shape(plain) if row[1] != 86]


def test_byte_arrays_on_top_of_each_other_are_shown_once() -> None:
    values = struct.pack("<III", 1, 136, 6) + struct.pack("<III", 2, 138, 6) + struct.pack("<III", 3, 137, 2)
    array = PKU2U_BYTES + values[:24] + values[24:]
    data = message(INITIATOR_NEGO, RANDOM + bytes(8) + struct.pack("<IHHIHH", 96, 1, 0, 112, 2, 0), array)
    data = put(data, 92, "H", 3) + b""
    data = put(put(put(data, 116, "I", 148), 128, "I", 150), 140, "I", 149) + b"abcdefgh"
    data = put(data, 20, "I", len(data))
    decoded = check(data)
    assert decoded.error is not None
    assert decoded.error.kind == "overlap"
    assert decoded.error.path == "messages[0].ExtensionArray[2].ExtensionValue.ByteArrayOffset"
    assert decoded.error.found == "bytes that belong to ByteArray-0"
    shown = {node.name: node.value for node in leaves(decoded.root) if node.name.startswith("ByteArray-")}
    assert shown == {"ByteArray-0": b"abcdef", "ByteArray-1": b"gh"}
    assert set(covered(decoded)) == {1}


# --- hostile


def many_alerts(count: int, offset: int, length: int, payload: bytes = b"") -> bytes:
    array = struct.pack("<III", 1, offset, length) * count
    fields = PKU2U_BYTES + struct.pack("<IIH6x", 0, 72, min(count, 0xFFFF))
    return message(ALERT, fields, array + payload)


def byte_each(count: int) -> bytes:
    """Alerts of one byte each, none on top of another."""
    at = 72 + 12 * count
    array = b"".join(struct.pack("<III", 9, at + index, 1) for index in range(count))
    return message(ALERT, PKU2U_BYTES + struct.pack("<IIH6x", 0, 72, count), array + b"x" * count)


HOSTILE = {
    "every alert has everything": many_alerts(5400, 0, 65536),
    "16384 alerts at one place": many_alerts(16384, 72, 16384 * 12),
    "alerts of 4 GiB": many_alerts(5400, 0xFFFFFFFF, 0xFFFFFFFF),
    "alerts of a byte": byte_each(5000),
    "alerts of no bytes": many_alerts(5400, 72, 0),
    "65535 vectors in 64 KiB": put(put(nego([PKU2U_BYTES] * 4090), 84, "H", 0xFFFF), 92, "H", 0xFFFF),
    "1000 messages": exchange(AP_REQUEST, b"") * 1000,
    "1600 messages that are headers": message(AP_REQUEST, b"") * 1600,
    "a header alone": message(AP_REQUEST, b"", b"x" * 65000, size=0),
    "an exchange that is its message": put(put(exchange(AP_REQUEST, b"x" * 60000), 56, "I", 0), 60, "I", 60064),
    "both arrays at one place": message(
        INITIATOR_NEGO, RANDOM + bytes(8) + struct.pack("<IHHIHH", 40, 0xFFFF, 0, 40, 0xFFFF, 0), b"x" * 65000
    ),
    "extensions that point at each other": message(
        INITIATOR_NEGO,
        RANDOM + bytes(8) + struct.pack("<IHHIHH", 0, 0, 0, 96, 0xFFFF, 0),
        b"".join(struct.pack("<III", index, 96 + 12 * index, 65536) for index in range(5400)),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_nodes_and_bytes_of_a_hostile_token_are_no_more_than_its_own(name: str) -> None:
    data = HOSTILE[name]
    decoded = check(data)
    nodes = [node for _, node in walk(decoded.root)]
    assert len(nodes) <= len(data)
    kept = sum(len(node.value) for node in nodes if isinstance(node.value, bytes))
    assert kept <= len(data) + 24, "no byte is kept twice, but in elements that an array ends within"
    assert 0 not in covered(decoded)
    sentence = MESSAGES["NEGOEX", decoded.message or ""](decoded.root)
    assert len(sentence) < 2000


made = settings(
    deadline=None, derandomize=True, database=None, max_examples=250, suppress_health_check=list(HealthCheck)
)


@made
@given(st.integers(0, 8), st.binary(max_size=160), st.integers(0, 300), st.integers(0, 300))
def test_random_fields_decode_and_show(kind: int, body: bytes, header: int, size: int) -> None:
    for data in (message(kind, body), message(kind, body, b"", 0, header, size), message(kind, body) * 2):
        decoded = check(data)
        assert decoded.mechanism == "NEGOEX"
        check(neg_token_init(NEGOEX, token=data))
        sentence = MESSAGES["NEGOEX", decoded.message or ""](decoded.root)
        assert "\n" not in sentence


@st.composite
def pointing(draw: st.DrawFn) -> bytes:
    """Messages whose vectors point anywhere near and whose counts are anything."""
    near = st.one_of(st.integers(0, 200), st.integers(0, 0xFFFFFFFF))
    few = st.one_of(st.integers(0, 4), st.integers(0, 0xFFFF))
    kind = draw(st.sampled_from([INITIATOR_NEGO, AP_REQUEST, VERIFY, ALERT]))
    payload = b"".join(struct.pack("<III", draw(st.integers(0, 2)), draw(near), draw(near)) for _ in range(4))
    nego_fields = RANDOM + bytes(8) + struct.pack("<IHHIHH", draw(near), draw(few), 0, draw(near), draw(few), 0)
    fields = {
        INITIATOR_NEGO: nego_fields,
        AP_REQUEST: PKU2U_BYTES + struct.pack("<II", draw(near), draw(near)),
        VERIFY: PKU2U_BYTES + struct.pack("<IIIII", 20, 1, 16, draw(near), draw(near)),
        ALERT: PKU2U_BYTES + struct.pack("<IIH6x", 0, draw(near), draw(few)),
    }[kind]
    return message(kind, fields, payload + draw(st.binary(max_size=30)))


@made
@given(pointing())
def test_vectors_that_point_anywhere_lose_no_byte(data: bytes) -> None:
    decoded = check(data)
    times = covered(decoded)
    if all(node.kind != TOKEN for _, node in walk(decoded.root)):
        assert 0 not in times
    assert max(times) <= 3
    check(neg_token_init(NEGOEX, token=data))


# --- in one line


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("one scheme", f": offers {PKU2U}"),
        ("no scheme", ": offers nothing"),
        ("initiator's metadata", ""),
        ("unknown token", f": AP_REQUEST carries 20 bytes of {PKU2U}"),
        ("NTLM", f": CHALLENGE carries NTLM NEGOTIATE_MESSAGE of {PKU2U}"),
        ("checksum", ": signed with hmac-sha1-96-aes256"),
        ("alert", ": STATUS_SUCCESS, ALERT_VERIFY_NO_KEY"),
        ("alert, no padding", ": STATUS_SUCCESS, ALERT_VERIFY_NO_KEY, 5"),
        ("no alerts", ": STATUS_ACCESS_DENIED, no alert"),
        (
            "first token",
            ", INITIATOR_META_DATA, INITIATOR_META_DATA, AP_REQUEST, VERIFY: "
            f"offers {PKU2U}, {OTHER}; AP_REQUEST carries 9 bytes of {PKU2U}; signed with hmac-sha1-96-aes256",
        ),
    ],
)
def test_the_sentence_says_what_is_offered_carried_and_signed(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(tables.AUTH_SCHEMES, PKU2U, raising=False)
    decoded = decode(WHOLE[name])
    assert MESSAGES["NEGOEX", decoded.message or ""](decoded.root) == sentence


def test_the_sentence_has_the_name_of_a_scheme_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.AUTH_SCHEMES, PKU2U, "PKU2U")
    data = nego([PKU2U_BYTES] + [OTHER_BYTES] * 9, kind=ACCEPTOR_NEGO)
    assert MESSAGES["NEGOEX", "ACCEPTOR_NEGO"](decode(data).root) == f": offers PKU2U{f', {OTHER}' * 5} and 4 more"


def test_every_message_has_a_sentence_cut_or_whole() -> None:
    assert {message for _, message in MESSAGES} == {*NAMES, "unknown"}
    for data in WHOLE.values():
        for size in range(8, len(data), 3):
            decoded = decode(data[:size])
            assert "\n" not in MESSAGES["NEGOEX", decoded.message or ""](decoded.root)
