"""MIC, Wrap and DeleteSecContext to the last field: real ones of the lab, hand-made ones, and damaged ones."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders.der import KRB5, SPNEGO, framed, neg_token_resp
from hypothesis import given, settings
from hypothesis import strategies as st

from secctx.carriers.framing import convincing, likely
from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.cli.summary_more import MESSAGES
from secctx.decoders import decode
from secctx.decoders.recognise import recognise
from secctx.decoders.values import TOKEN, Decoded, Node, follow, walk

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))

LAB = tokens.per_message()
KERBEROS = [sample for sample in LAB if sample.data[0] in (4, 5)]
NTLM = [sample for sample in LAB if sample.data[0] == 1]
SHA1_96 = "hmac-sha1-96-aes128 or -aes256, by its length"


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def shown(decoded: Decoded) -> list[tuple[Any, ...]]:
    return [(path, *node.span, node.value) for path, node in walk(decoded.root) if not node.children]


def said(decoded: Decoded) -> str:
    assert decoded.message is not None
    return MESSAGES[decoded.mechanism, decoded.message](decoded.root)


def check_covered(decoded: Decoded, start: int = 0) -> None:
    """The leaves follow each other from `start` to the end without a gap."""
    leaves = [node for _, node in walk(decoded.root) if not node.children and node.stop > start]
    assert (leaves[0].start, leaves[-1].stop) == (start, len(decoded.data))
    assert all(one.stop == other.start for one, other in pairwise(leaves))


def check_anything(data: bytes) -> Decoded:
    """What holds of every input: it is read, and all of it can be shown."""
    decoded = decode(data)
    assert all(0 <= node.start <= node.stop <= len(data) for _, node in walk(decoded.root))
    json.dumps(document(decoded, Source("t", "raw", 0), True))
    if (decoded.mechanism, decoded.message or "") in MESSAGES:
        assert "\n" not in said(decoded)
    return decoded


# RFC 4121, real ones -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not KERBEROS, reason="the lab's tokens are not beside the checkout")
def test_a_mic_is_read_field_by_field() -> None:
    data = h("040405ffffffffff000000002e7c9563a39c927af6f27508e821ad6a")
    assert data in [sample.data for sample in KERBEROS]
    decoded = decode(data)
    assert (decoded.mechanism, decoded.message, decoded.error) == ("Kerberos", "MIC", None)
    assert shown(decoded) == [
        ("TOK_ID", 0, 2, 0x0404),
        ("Flags", 2, 3, 5),
        ("Filler", 3, 8, b"\xff" * 5),
        ("SND_SEQ", 8, 16, 779916643),
        ("SGN_CKSUM", 16, 28, h("a39c927af6f27508e821ad6a")),
    ]
    assert at(decoded, "TOK_ID").meaning == "MIC (RFC 4121)"
    assert at(decoded, "Flags").meaning == ("SentByAcceptor", "AcceptorSubkey")
    assert at(decoded, "SGN_CKSUM").meaning == SHA1_96
    assert said(decoded) == " from the acceptor, sequence number 779916643, made with the acceptor's subkey"


def test_a_wrap_token_that_is_not_sealed_shows_its_plaintext_and_its_checksum() -> None:
    plain = b"lab message wrap-plain from a"
    data = h("050405ff000c0000000000002e7c9565") + plain + h("7ebad8a50119c4636623d845")
    decoded = decode(data)
    assert (decoded.message, decoded.error) == ("Wrap", None)
    assert shown(decoded) == [
        ("TOK_ID", 0, 2, 0x0504),
        ("Flags", 2, 3, 5),
        ("Filler", 3, 4, b"\xff"),
        ("EC", 4, 6, 12),
        ("RRC", 6, 8, 0),
        ("SND_SEQ", 8, 16, 779916645),
        ("Data.plaintext-data", 16, 45, plain),
        ("Data.checksum", 45, 57, h("7ebad8a50119c4636623d845")),
    ]
    assert at(decoded, "Data").span == (16, 57)
    assert at(decoded, "Data").meaning is None
    assert said(decoded).endswith(", not sealed, sequence number 779916645, made with the acceptor's subkey: "
                                  "29 bytes of plaintext")  # fmt: skip


def test_a_sealed_wrap_token_keeps_its_data_as_bytes() -> None:
    decoded = decode(h("050406ff000000000000000000b44765") + b"s" * 72)
    assert (decoded.message, decoded.error) == ("Wrap", None)
    assert shown(decoded)[1:] == [
        ("Flags", 2, 3, 6),
        ("Filler", 3, 4, b"\xff"),
        ("EC", 4, 6, 0),
        ("RRC", 6, 8, 0),
        ("SND_SEQ", 8, 16, 11814757),
        ("Data", 16, 88, b"s" * 72),
    ]
    assert at(decoded, "Flags").meaning == ("Sealed", "AcceptorSubkey")
    assert at(decoded, "Data").meaning == "encrypted"
    assert said(decoded).startswith(" from the initiator, sealed, sequence number 11814757,")


@pytest.mark.parametrize("sample", KERBEROS, ids=tokens.by_name)
def test_each_kerberos_token_of_the_lab_says_who_sent_it_and_whether_it_is_sealed(sample: Any) -> None:
    decoded = check_anything(sample.data)
    assert decoded.error is None
    check_covered(decoded)
    flags = at(decoded, "Flags").meaning
    assert isinstance(flags, tuple)
    assert ("SentByAcceptor" in flags) == sample.name.endswith("-a.bin")
    assert ("Sealed" in flags) == (".wrap-conf-" in sample.name)
    assert "AcceptorSubkey" in flags
    if ".wrap-plain-" in sample.name:
        case, part = re.fullmatch(r"(.*)\.(.*)\.bin", sample.name).groups()
        facts = (tokens.LAB / f"{case}.yaml").read_text("utf-8")
        (plain,) = re.findall(rf"^  {part}:\n    file: .*\n    plaintext: (.*)$", facts, re.MULTILINE)
        assert at(decoded, "Data.plaintext-data").value == plain.encode()
        assert at(decoded, "EC").value == at(decoded, "Data.checksum").stop - at(decoded, "Data.checksum").start


@pytest.mark.skipif(not KERBEROS, reason="the lab's tokens are not beside the checkout")
def test_the_sequence_numbers_of_each_sender_in_the_lab_follow_each_other() -> None:
    names = {sample.name: sample.data for sample in KERBEROS}
    seen = 0
    for name, data in names.items():
        first = re.fullmatch(r"(.*)\.mic-(.)\.bin", name)
        if first is not None:
            start = at(decode(data), "SND_SEQ").value
            others = [names[f"{first[1]}.{kind}-{first[2]}.bin"] for kind in ("wrap-conf", "wrap-plain")]
            assert [at(decode(other), "SND_SEQ").value for other in others] == [start + 1, start + 2]
            seen += 1
    assert seen == len([name for name in names if ".mic-" in name]) == 40


@pytest.mark.parametrize("sample", NTLM, ids=tokens.by_name)
def test_each_ntlm_signature_of_the_lab_is_read(sample: Any) -> None:
    decoded = check_anything(sample.data)
    assert decoded.error is None
    check_covered(decoded)
    assert at(decoded, "SeqNum").value in range(4)
    assert (decoded.root.child("SealedMessage") is not None) == (".wrap-" in sample.name)


@pytest.mark.skipif(not KERBEROS or shutil.which("tshark") is None, reason="no tshark, or no tokens of the lab")
def test_tshark_reads_the_same_numbers(tmp_path: Path) -> None:
    records = [struct.pack("<IIII", 0, 0, len(s.data), len(s.data)) + s.data for s in KERBEROS]
    capture = tmp_path / "tokens.pcap"
    capture.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147) + b"".join(records))
    names = ["cfx_flags", "filler", "cfx_seq", "cfx_ec", "cfx_rrc", "sgn_cksum"]
    kinds = 'uat:user_dlts:"User 0 (DLT=147)","spnego-krb5","0","","0",""'
    command = ["tshark", "-r", str(capture), "-o", kinds, "-T", "fields"]
    command += [word for name in names for word in ("-e", f"spnego.krb5.{name}")]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == len(KERBEROS)
    for sample, row in zip(KERBEROS, rows, strict=True):
        decoded = decode(sample.data)
        ours = [at(decoded, name).value for name in ("Flags", "Filler", "SND_SEQ")]
        assert [int(row[0], 0), h(row[1].replace(":", "")), int(row[2])] == ours
        if decoded.message == "Wrap":
            assert [int(row[3]), int(row[4])] == [at(decoded, "EC").value, at(decoded, "RRC").value]
        else:
            assert h(row[5].replace(":", "")) == at(decoded, "SGN_CKSUM").value


# RFC 4121, made by hand ----------------------------------------------------------------------------------------------


def wrap(data: bytes, flags: int = 0, extra: int = 12, rotation: int = 0, filler: int = 0xFF) -> bytes:
    return b"\5\4" + bytes([flags, filler]) + struct.pack(">HHQ", extra, rotation, 7) + data


def mic(checksum: bytes = b"c" * 12, flags: int = 0, filler: bytes = b"\xff" * 5, token_id: bytes = b"\4\4") -> bytes:
    return token_id + bytes([flags]) + filler + struct.pack(">Q", 7) + checksum


def rotated(data: bytes, count: int) -> bytes:
    """RFC 4121 4.2.5: the last `count` bytes come first, as often as that goes round."""
    count %= len(data)
    return data[-count:] + data[:-count] if count else data


def test_a_checksum_rotated_to_the_front_as_windows_does_is_a_field_there() -> None:
    decoded = decode(wrap(b"c" * 12 + b"plain", rotation=12))
    assert decoded.error is None
    assert shown(decoded)[-2:] == [("Data.checksum", 16, 28, b"c" * 12), ("Data.plaintext-data", 28, 33, b"plain")]
    assert at(decoded, "Data").meaning == "rotated right by 12 bytes"
    assert "rotated by 12" in said(decoded)


def test_data_that_the_rotation_splits_stays_whole_and_is_explained() -> None:
    decoded = decode(wrap(rotated(b"plain" + b"c" * 12, 5), rotation=5))
    assert decoded.error is None
    assert shown(decoded)[-1] == ("Data", 16, 33, b"c" * 5 + b"plain" + b"c" * 7)
    assert at(decoded, "Data").meaning == "plaintext and 12 bytes of checksum, rotated right by 5 bytes"


def test_a_rotation_all_the_way_round_changes_nothing() -> None:
    decoded = decode(wrap(b"plain" + b"c" * 12, rotation=34))
    assert at(decoded, "Data.plaintext-data").value == b"plain"
    assert at(decoded, "Data").meaning == "rotated right by 34 bytes, which is all the way round"


def test_a_token_whose_data_is_elsewhere_holds_its_checksum_alone() -> None:
    decoded = decode(wrap(b"c" * 12, rotation=12))
    assert decoded.error is None
    assert shown(decoded)[-1] == ("Data.checksum", 16, 28, b"c" * 12)


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from([12, 16, 20, 24]), st.integers(0, 0xFFFF))
def test_whatever_the_rotation_plaintext_and_checksum_are_those_that_were_rotated(
    plain: bytes, extra: int, rotation: int
) -> None:
    checksum = bytes(range(100, 100 + extra))
    decoded = decode(wrap(rotated(plain + checksum, rotation), extra=extra, rotation=rotation))
    assert decoded.error is None
    check_covered(decoded)
    data = at(decoded, "Data")
    if data.children:
        read = {child.name: child.value for child in data.children}
        assert read.get("plaintext-data", b"") == plain
        assert read["checksum"] == checksum
    else:
        assert isinstance(data.value, bytes)
        assert rotation % len(data.value) not in (0, extra)
        assert rotated(data.value, -rotation) == plain + checksum


def test_sealed_data_says_how_far_it_is_rotated() -> None:
    """MS-KILE 3.4.5.4.1: EC 16 and RRC 28; where the data is elsewhere these 60 bytes are all."""
    decoded = decode(wrap(b"s" * 60, flags=6, extra=16, rotation=28))
    assert decoded.error is None
    assert at(decoded, "Data").meaning == "encrypted, and rotated right by 28 bytes"
    assert at(decoded, "EC").meaning == "bytes of filler, encrypted with the data"


def test_bits_without_a_name_are_numbered_and_no_error() -> None:
    decoded = decode(mic(flags=0xF9))
    assert decoded.error is None
    assert at(decoded, "Flags").meaning == ("SentByAcceptor", "bit 3", "bit 4", "bit 5", "bit 6", "bit 7")


@pytest.mark.parametrize(
    ("size", "name"),
    [(12, SHA1_96), (16, "hmac-sha256-128"), (20, "hmac-sha1-des3-kd"), (24, "hmac-sha384-192"), (13, None)],
)
def test_the_length_of_a_checksum_says_which_it_may_be(size: int, name: str | None) -> None:
    decoded = decode(mic(b"c" * size))
    assert decoded.error is None
    meaning = at(decoded, "SGN_CKSUM").meaning
    assert meaning is None if name is None else str(meaning).startswith(name)


def test_a_deletion_token_is_read_as_a_mic_is() -> None:
    decoded = decode(mic(token_id=b"\4\5"))
    assert (decoded.mechanism, decoded.message, decoded.error) == ("Kerberos", "DeleteSecContext", None)
    assert at(decoded, "TOK_ID").meaning == "DeleteSecContext (RFC 4121)"
    assert at(decoded, "SGN_CKSUM").span == (16, 28)
    assert said(decoded) == " from the initiator, sequence number 7"


@pytest.mark.parametrize(("data", "message"), [(mic(), "MIC"), (wrap(b"c" * 12), "Wrap")])
def test_a_framed_token_of_rfc_4121_is_read_and_said_to_be_framed(data: bytes, message: str) -> None:
    decoded = decode(framed(KRB5, data))
    assert (decoded.message, decoded.error) == (message, None)
    assert "RFC 4121 leaves out" in str(decoded.root.meaning)
    assert at(decoded, "SND_SEQ").value == 7
    check_covered(decoded, 13)


def test_a_mic_in_mech_list_mic_is_read() -> None:
    decoded = decode(neg_token_resp(0, mic=mic()))
    assert decoded.error is None
    node = at(decoded, "mechListMIC")
    assert (node.kind, node.meaning) == (TOKEN, ("Kerberos", "MIC"))
    assert at(decoded, "mechListMIC.SND_SEQ").span == (node.start + 8, node.start + 16)


@pytest.mark.parametrize(
    ("data", "kind", "path", "offset", "words"),
    [
        pytest.param(mic(flags=2), "value", "Flags", 2, "no Sealed", id="a MIC that is sealed"),
        pytest.param(mic(filler=b"\xff\xff\0\xff\xff"), "value", "Filler", 3, "ff ff ff ff ff", id="filler of a MIC"),
        pytest.param(wrap(b"c" * 12, 1, filler=0), "value", "Filler", 3, "ff", id="filler of a Wrap token"),
        pytest.param(wrap(b"p" * 30, extra=0), "value", "EC", 4, "at least 12", id="no checksum"),
        pytest.param(wrap(b"p" * 30, extra=40), "cut-short", "Data", 16, "40 bytes", id="a checksum beyond the end"),
        pytest.param(wrap(b""), "cut-short", "Data", 16, "12 bytes", id="no data"),
        pytest.param(wrap(b"s" * 31, 2, 16), "cut-short", "Data", 16, "32 bytes", id="sealed data too short"),
        pytest.param(mic(b"c" * 11), "cut-short", "SGN_CKSUM", 16, "12 bytes", id="a checksum too short"),
        pytest.param(mic(b""), "cut-short", "SGN_CKSUM", 16, "12 bytes", id="a MIC without checksum"),
        pytest.param(mic()[:13], "cut-short", "SND_SEQ", 8, "8 bytes", id="cut in SND_SEQ"),
        pytest.param(mic()[:8], "cut-short", "SND_SEQ", 8, "8 bytes", id="cut before SND_SEQ"),
        pytest.param(wrap(b"")[:5], "cut-short", "EC", 4, "2 bytes", id="cut in EC"),
    ],
)
def test_what_is_wrong_with_a_token_is_said_where_it_is(
    data: bytes, kind: str, path: str, offset: int, words: str
) -> None:
    decoded = check_anything(data)
    problem = decoded.error
    assert problem is not None
    assert (problem.kind, problem.path, problem.offset) == (kind, path, offset)
    assert words in problem.expected
    check_covered(decoded)


# RFC 1964 and RFC 4757 -----------------------------------------------------------------------------------------------

SEQ, SUM, CONFOUNDER = b"seqseqse", b"checksum", b"confound"


def old_mic(algorithm: bytes = b"\x11\0", token_id: bytes = b"\1\1", checksum: bytes = SUM) -> bytes:
    return token_id + algorithm + b"\xff" * 4 + SEQ + checksum


def old_wrap(data: bytes, sealing: bytes = b"\x10\0", algorithm: bytes = b"\x11\0", checksum: bytes = SUM) -> bytes:
    return b"\2\1" + algorithm + sealing + b"\xff\xff" + SEQ + checksum + data


@pytest.mark.parametrize(("token_id", "message"), [(b"\1\1", "MIC"), (b"\1\2", "DeleteSecContext")])
def test_a_mic_of_rfc_1964_is_read_field_by_field(token_id: bytes, message: str) -> None:
    decoded = decode(framed(KRB5, old_mic(token_id=token_id)))
    assert (decoded.mechanism, decoded.message, decoded.error) == ("Kerberos", message, None)
    assert shown(decoded)[1:] == [
        ("TOK_ID", 13, 15, int.from_bytes(token_id)),
        ("SGN_ALG", 15, 17, 0x1100),
        ("Filler", 17, 21, b"\xff" * 4),
        ("SND_SEQ", 21, 29, SEQ),
        ("SGN_CKSUM", 29, 37, SUM),
    ]
    assert at(decoded, "SGN_ALG").meaning == "HMAC"
    assert at(decoded, "SND_SEQ").meaning == "encrypted: sequence number and direction"
    assert said(decoded) == " of RFC 1964, signed with HMAC, its sequence number encrypted"


@pytest.mark.parametrize(
    ("number", "name"), [(0, "DES MAC MD5"), (1, "MD2.5"), (2, "DES MAC"), (0x11, "HMAC"), (0x77, None)]
)
def test_the_algorithms_have_their_names_and_an_unknown_one_its_number(number: int, name: str | None) -> None:
    decoded = decode(framed(KRB5, old_mic(number.to_bytes(2, "little"))))
    assert decoded.error is None
    assert (at(decoded, "SGN_ALG").meaning, at(decoded, "SGN_ALG").value) == (name, number << 8)


def test_with_des3_the_checksum_has_20_bytes() -> None:
    decoded = decode(framed(KRB5, old_mic(b"\4\0", checksum=b"k" * 20)))
    assert decoded.error is None
    assert at(decoded, "SGN_CKSUM").value == b"k" * 20
    decoded = decode(framed(KRB5, old_wrap(CONFOUNDER + b"d" * 8, b"\2\0", b"\4\0", b"k" * 20)))
    assert decoded.error is None
    assert at(decoded, "SEAL_ALG").meaning == "DES3-KD"
    assert at(decoded, "Confounder").value == CONFOUNDER


def test_a_sealed_wrap_token_of_rfc_4757_is_read_field_by_field() -> None:
    decoded = decode(framed(KRB5, old_wrap(CONFOUNDER + b"sealed data")))
    assert (decoded.message, decoded.error) == ("Wrap", None)
    assert shown(decoded)[1:] == [
        ("TOK_ID", 13, 15, 0x0201),
        ("SGN_ALG", 15, 17, 0x1100),
        ("SEAL_ALG", 17, 19, 0x1000),
        ("Filler", 19, 21, b"\xff\xff"),
        ("SND_SEQ", 21, 29, SEQ),
        ("SGN_CKSUM", 29, 37, SUM),
        ("Confounder", 37, 45, CONFOUNDER),
        ("Data", 45, 56, b"sealed data"),
    ]
    assert at(decoded, "SEAL_ALG").meaning == "RC4"
    assert at(decoded, "Confounder").meaning == "encrypted"
    assert at(decoded, "Data").meaning == "encrypted, with its padding"
    assert said(decoded) == " of RFC 1964, sealed with RC4: 11 bytes of data"


@pytest.mark.parametrize("padding", [b"\1", b"\3\3\3", b"\x08" * 8])
def test_data_that_is_not_sealed_ends_with_its_padding(padding: bytes) -> None:
    decoded = decode(framed(KRB5, old_wrap(CONFOUNDER + b"hello" + padding, b"\xff\xff")))
    assert decoded.error is None
    assert at(decoded, "SEAL_ALG").meaning == "none"
    assert (at(decoded, "Data").value, at(decoded, "Padding").value) == (b"hello", padding)
    assert said(decoded) == " of RFC 1964, not sealed: 5 bytes of data"
    check_covered(decoded, 13)


@pytest.mark.parametrize("end", [b"", b"\0", b"\x09", b"\2\3\3", b"x\2"])
def test_what_is_no_padding_stays_with_the_data(end: bytes) -> None:
    decoded = decode(framed(KRB5, old_wrap(CONFOUNDER + b"hello" + end, b"\xff\xff")))
    assert decoded.error is None
    assert at(decoded, "Data").value == b"hello" + end
    assert decoded.root.child("Padding") is None


@pytest.mark.parametrize(("sealing", "confounder", "more"), [
    (b"\x10\0", CONFOUNDER, ", encrypted"), (b"\xff\xff", CONFOUNDER, ""), (b"\xff\xff", b"", ""),
])  # fmt: skip
def test_data_that_the_framing_leaves_out_is_no_trailing_bytes(sealing: bytes, confounder: bytes, more: str) -> None:
    """MS-KILE 3.4.5.4.1: with DCE_STYLE the length in the framing is that of the header."""
    token = framed(KRB5, old_wrap(confounder, sealing))
    alone = decode(token)
    assert (alone.error, alone.root.child("Data")) == (None, None)
    assert "its data is elsewhere" in said(alone)
    decoded = decode(token + b"data of the stub")
    assert decoded.error is None
    data = at(decoded, "Data")
    assert (data.value, data.span) == (b"data of the stub", (len(token), len(token) + 16))
    assert data.meaning == "outside of the framing's length (DCE_STYLE)" + more
    assert "outside of the framing" in said(decoded)
    inner = decode(neg_token_resp(0, token=token + b"data of the stub"))
    assert inner.error is None
    assert at(inner, "responseToken.Data").value == b"data of the stub"


@pytest.mark.parametrize(
    ("data", "kind", "path"),
    [
        pytest.param(framed(KRB5, old_wrap(CONFOUNDER + b"xx")) + b"zz", "trailing", "trailing", id="behind a Wrap"),
        pytest.param(framed(KRB5, old_mic()) + b"zz", "trailing", "trailing", id="behind a MIC"),
        pytest.param(framed(KRB5, old_mic() + b"zz"), "trailing", "after-innerContextToken", id="in the framing"),
        pytest.param(framed(KRB5, old_wrap(b"")), "length", "Confounder", id="sealed, no confounder"),
        pytest.param(framed(KRB5, old_wrap(b"conf")), "length", "Confounder", id="sealed, half a confounder"),
        pytest.param(framed(KRB5, old_mic()[:20]), "length", "SGN_CKSUM", id="half a checksum"),
        pytest.param(framed(KRB5, old_mic()[:3]), "length", "SGN_ALG", id="half an algorithm"),
        pytest.param(framed(KRB5, old_mic())[:-3], "cut-short", "SGN_CKSUM", id="cut"),
        pytest.param(framed(KRB5, old_wrap(CONFOUNDER + b"dddd"))[:-3], "cut-short", "Data", id="cut in the data"),
        pytest.param(framed(KRB5, old_mic().replace(b"\xff", b"\0")), "value", "Filler", id="filler"),
        pytest.param(framed(KRB5, mic())[:-3], "cut-short", "SGN_CKSUM", id="RFC 4121, cut"),
        pytest.param(framed(KRB5, wrap(b"c" * 30))[:-3], "cut-short", "Data", id="RFC 4121 Wrap, cut"),
        pytest.param(framed(KRB5, wrap(b"c" * 30, 2))[:-3], "cut-short", "Data", id="RFC 4121 sealed, cut"),
    ],
)
def test_what_is_wrong_with_a_framed_token_is_said_where_it_is(data: bytes, kind: str, path: str) -> None:
    decoded = check_anything(data)
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == (kind, path)


# NTLM ----------------------------------------------------------------------------------------------------------------


def test_a_signature_without_extended_session_security_is_known_by_its_random_pad() -> None:
    """The one of MS-NLMP 4.2.2.4."""
    decoded = decode(h("010000000000000009dcd1df2e459d36") + b"sealed")
    assert decoded.error is None
    assert shown(decoded) == [
        ("Version", 0, 4, 1),
        ("RandomPad", 4, 8, bytes(4)),
        ("Checksum", 8, 12, h("09dcd1df")),
        ("SeqNum", 12, 16, h("2e459d36")),
        ("SealedMessage", 16, 22, b"sealed"),
    ]
    assert at(decoded, "SeqNum").meaning == "encrypted"
    assert (
        said(decoded)
        == " without extended session security, its sequence number encrypted, before a message of 6 bytes"
    )


@pytest.mark.parametrize("data", ["01000000ff2aeb52f681793a00000000", "010000007fb38ec5c55d497600000000"])
def test_a_signature_with_extended_session_security_counts_in_the_clear(data: str) -> None:
    """Those of MS-NLMP 4.2.3.4 and 4.2.4.4."""
    decoded = decode(h(data))
    assert decoded.error is None
    assert [path for path, *_ in shown(decoded)] == ["Version", "Checksum", "SeqNum"]
    assert (at(decoded, "Checksum").value, at(decoded, "SeqNum").value) == (h(data)[4:12], 0)
    assert at(decoded, "Checksum").meaning == "as with extended session security"
    assert said(decoded) == ": sequence number 0"


def test_a_signature_of_zeros_is_a_dummy() -> None:
    decoded = decode(b"\1" + bytes(15))
    assert decoded.error is None
    assert "dummy" in str(at(decoded, "Checksum").meaning)
    assert said(decoded) == " that signs nothing: a dummy"


def test_a_sequence_number_too_large_is_said_to_be_encrypted() -> None:
    decoded = decode(h("010000007801090009dcd1df2e459d36"))
    assert decoded.error is None
    assert at(decoded, "Checksum").span == (4, 12)
    assert "encrypted" in str(at(decoded, "SeqNum").meaning)
    assert "without extended session security" in said(decoded)


# Recognition, damage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (mic(), "RFC4121"),
        (mic()[:8], "RFC4121"),
        (mic()[:7], None),
        (mic(filler=b"\xff\0\xff\0\xff"), "RFC4121"),
        (mic(filler=b"\0\0\0\xff\xff"), None),
        (mic(flags=0x80), "RFC4121"),
        (mic(flags=0x80, filler=b"\xff\xff\xff\xff\0"), None),
        (wrap(b"c" * 12), "RFC4121"),
        (wrap(b"")[:4], "RFC4121"),
        (wrap(b"c" * 12, flags=6, filler=0), "RFC4121"),
        (wrap(b"c" * 12, flags=0x86, filler=0), None),
        pytest.param(h("0504000c00010008ffffffff00000000") + bytes(16), None, id="a credential cache"),
    ],
)
def test_a_token_is_known_by_its_filler_or_its_flags(data: bytes, kind: str | None) -> None:
    assert recognise(data) == kind


def test_only_a_token_with_all_its_filler_is_picked_out_of_other_bytes() -> None:
    assert convincing(mic())
    assert convincing(wrap(b"c" * 12))
    for doubtful in (mic()[:10], wrap(b"")[:8], mic(filler=b"\xff\0\xff\xff\xff"), wrap(b"c" * 12, 6, filler=0)):
        assert recognise(doubtful) == "RFC4121"
        assert not convincing(doubtful)
    assert likely(mic())
    assert not likely(mic()[:10])


DAMAGED = {
    "MIC": mic(),
    "Wrap": wrap(rotated(b"plain text" + b"c" * 12, 12), rotation=12),
    "Wrap, split": wrap(rotated(b"plain text" + b"c" * 12, 15), rotation=15),
    "sealed": wrap(b"s" * 60, 6, 16, 28),
    "framed": framed(KRB5, wrap(b"plain" + b"c" * 12)),
    "RFC 1964 MIC": framed(KRB5, old_mic()),
    "RFC 1964 DES3": framed(KRB5, old_mic(b"\4\0", checksum=b"k" * 20)),
    "RFC 1964 sealed": framed(KRB5, old_wrap(CONFOUNDER + b"data")),
    "RFC 1964 plain": framed(KRB5, old_wrap(CONFOUNDER + b"data\4\4\4\4", b"\xff\xff")),
    "RFC 1964 left out": framed(KRB5, old_wrap(CONFOUNDER)) + b"data",
    "in SPNEGO": neg_token_resp(0, mic=mic()),
    "SPNEGO's framing around it": framed(SPNEGO, mic()),
    "NTLM": h("010000000000000009dcd1df2e459d36") + b"sealed",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_every_truncation_and_every_flipped_bit_is_read_and_shown(name: str) -> None:
    data = DAMAGED[name]
    for size in range(len(data)):
        decoded = check_anything(data[:size])
        if decoded.mechanism == "Kerberos" and data[0] in (4, 5):
            check_covered(decoded)
    changed = bytearray(data)
    for bit in range(len(data) * 8):
        changed[bit >> 3] ^= 1 << (bit & 7)
        decoded = check_anything(bytes(changed))
        if decoded.mechanism == "Kerberos" and data[0] in (4, 5):
            check_covered(decoded)
        changed[bit >> 3] ^= 1 << (bit & 7)


@pytest.mark.parametrize("name", ["RFC 1964 MIC", "RFC 1964 DES3", "RFC 1964 sealed", "RFC 1964 plain", "framed"])
def test_every_truncation_of_a_framed_token_is_an_error(name: str) -> None:
    for size in range(2, len(DAMAGED[name])):
        error = decode(DAMAGED[name][:size]).error
        assert error is not None
        assert (error.kind, error.total) == ("cut-short", len(DAMAGED[name]))


@settings(deadline=None)
@given(st.sampled_from([b"\5\4", b"\4\4", b"\4\5"]), st.binary(max_size=60))
def test_whatever_follows_a_token_id_is_read_and_covered(token_id: bytes, rest: bytes) -> None:
    for data in (token_id + rest, token_id + b"\2" + b"\xff" * 5 + rest):
        decoded = check_anything(data)
        if decoded.mechanism == "Kerberos":
            check_covered(decoded)


@settings(deadline=None)
@given(st.sampled_from([b"\1\1", b"\1\2", b"\2\1", b"\4\4", b"\4\5", b"\5\4"]), st.binary(max_size=60))
def test_whatever_follows_a_framed_token_id_is_read_and_covered(token_id: bytes, rest: bytes) -> None:
    decoded = check_anything(framed(KRB5, token_id + rest))
    assert decoded.mechanism == "Kerberos"
    check_covered(decoded, 13)
