"""GSS framing, SPNEGO messages and the tokens they carry."""

import pytest
from builders.der import (
    KRB5,
    MS_KRB5,
    NEGOEX,
    NTLM,
    SPNEGO,
    ap_req,
    fields,
    framed,
    integer,
    neg_token_init,
    neg_token_resp,
    ntlm_negotiate,
    text,
    tlv,
)

from secctx.decoders import decode
from secctx.decoders.values import Decoded, Node, follow, walk

TGT_REQ = tlv(0x30, fields(0, integer(5), integer(16)))
TGT_REP = tlv(0x30, fields(0, integer(5), integer(17)))
AP_REQ = framed(KRB5, b"\1\0" + ap_req())


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def test_a_neg_token_init_shows_its_offer_and_the_token_inside() -> None:
    decoded = decode(neg_token_init(KRB5, NTLM, token=AP_REQ))
    assert (decoded.mechanism, decoded.message, decoded.error) == ("SPNEGO", "NegTokenInit", None)
    assert [node.meaning for node in at(decoded, "mechTypes").children] == ["Kerberos", "NTLM"]
    assert at(decoded, "mechToken").meaning == ("Kerberos", "AP-REQ")
    assert at(decoded, "mechToken.TOK_ID").value == 0x0100
    assert at(decoded, "mechToken.ticket.sname").meaning == "HTTP/web"


def test_the_span_of_mech_types_is_what_mech_list_mic_is_made_over() -> None:
    data = neg_token_init(MS_KRB5, KRB5, NEGOEX)
    start, stop = at(decode(data), "mechTypes").span
    assert data[start:stop] == tlv(0x30, MS_KRB5, KRB5, NEGOEX)


def test_an_inner_token_has_its_own_bytes_as_its_span() -> None:
    data = neg_token_init(KRB5, token=AP_REQ)
    start, stop = at(decode(data), "mechToken").span
    assert data[start:stop] == AP_REQ


def test_a_neg_token_init_is_read_without_its_framing() -> None:
    bare = tlv(0xA0, tlv(0x30, fields(0, tlv(0x30, NTLM), None, tlv(4, ntlm_negotiate()))))
    decoded = decode(bare)
    assert (decoded.message, decoded.error) == ("NegTokenInit", None)
    assert at(decoded, "mechToken").meaning == ("NTLM", "NEGOTIATE_MESSAGE")


def test_hints_make_it_neg_token_init2() -> None:
    hints = tlv(0x30, fields(0, text("not_defined_in_RFC4178@please_ignore")))
    data = framed(SPNEGO, tlv(0xA0, tlv(0x30, fields(0, tlv(0x30, KRB5, NTLM), None, None, hints))))
    decoded = decode(data)
    assert (decoded.message, decoded.error) == ("NegTokenInit2", None)
    assert at(decoded, "negHints.hintName").value == "not_defined_in_RFC4178@please_ignore"


def test_a_mic_behind_hints_is_field_4_and_without_hints_field_3() -> None:
    hints = tlv(0x30, fields(0, text("x")))
    mechs = tlv(0x30, NTLM)
    second = decode(framed(SPNEGO, tlv(0xA0, tlv(0x30, fields(0, mechs, None, None, hints, tlv(4, b"mic"))))))
    assert (second.message, second.error) == ("NegTokenInit2", None)
    assert at(second, "mechListMIC").value == b"mic"
    only = decode(framed(SPNEGO, tlv(0xA0, tlv(0x30, fields(0, mechs, None, None, None, tlv(4, b"mic"))))))
    assert (only.message, at(only, "mechListMIC").value) == ("NegTokenInit2", b"mic")
    first = decode(neg_token_init(NTLM, mic=b"mic"))
    assert (first.message, at(first, "mechListMIC").value) == ("NegTokenInit", b"mic")


def test_req_flags_are_named_bits_counted_from_the_left() -> None:
    data = framed(SPNEGO, tlv(0xA0, tlv(0x30, fields(0, tlv(0x30, KRB5), tlv(3, b"\1\x66")))))
    assert at(decode(data), "reqFlags").meaning == ("mutualFlag", "replayFlag", "confFlag", "integFlag")


@pytest.mark.parametrize(
    ("number", "name"), enumerate(["accept-completed", "accept-incomplete", "reject", "request-mic", None])
)
def test_each_neg_state_has_its_name_and_an_unknown_one_its_number(number: int, name: str | None) -> None:
    decoded = decode(neg_token_resp(number))
    assert decoded.error is None
    assert (at(decoded, "negState").value, at(decoded, "negState").meaning) == (number, name)


def test_a_neg_token_resp_carries_token_and_mic() -> None:
    signature = bytes.fromhex("01000000") + b"checksum" + bytes(4)
    decoded = decode(neg_token_resp(0, NTLM, ntlm_negotiate(), signature))
    assert decoded.error is None
    assert at(decoded, "supportedMech").meaning == "NTLM"
    assert at(decoded, "responseToken").meaning == ("NTLM", "NEGOTIATE_MESSAGE")
    assert at(decoded, "mechListMIC").meaning == ("NTLM", "NTLMSSP_MESSAGE_SIGNATURE")


def test_an_rfc4121_mic_in_mech_list_mic_is_named() -> None:
    mic = b"\4\4\4" + b"\xff" * 5 + bytes(8) + b"s" * 12
    assert at(decode(neg_token_resp(0, mic=mic)), "mechListMIC").meaning == ("Kerberos", "MIC")


def test_a_mech_token_of_an_unknown_mechanism_is_bytes_and_no_error() -> None:
    eap = bytes.fromhex("06092b060105050f010111")
    decoded = decode(neg_token_init(eap, token=b"\x77hello"))
    assert decoded.error is None
    assert at(decoded, "mechToken").value == b"\x77hello"


def test_an_unknown_mechanism_is_shown_by_its_number() -> None:
    decoded = decode(framed(tlv(6, b"\x2a\x03\x04"), b"whatever"))
    assert (decoded.mechanism, decoded.message, decoded.error) == ("GSS", "InitialContextToken", None)
    assert at(decoded, "thisMech").value == "1.2.3.4"
    assert at(decoded, "innerContextToken").value == b"whatever"


def test_an_empty_mech_list_and_an_empty_response_are_read() -> None:
    assert decode(neg_token_init()).error is None
    assert decode(neg_token_resp()).error is None


@pytest.mark.parametrize(
    ("name", "data", "mechanism", "message"),
    [
        ("MIC of RFC 4121", b"\4\4\0" + b"\xff" * 5 + bytes(20), "Kerberos", "MIC"),
        ("Wrap of RFC 4121", b"\5\4\2\xff" + bytes(30), "Kerberos", "Wrap"),
        ("MIC of RFC 1964", framed(KRB5, b"\1\1" + bytes(20)), "Kerberos", "MIC"),
        ("Wrap of RFC 1964", framed(KRB5, b"\2\1" + bytes(40)), "Kerberos", "Wrap"),
        ("user-to-user request", framed(KRB5, b"\4\0" + TGT_REQ), "Kerberos", "TGT-REQ"),
        ("user-to-user answer", framed(KRB5, b"\4\1" + TGT_REP), "Kerberos", "TGT-REP"),
        ("bare user-to-user request", TGT_REQ, "Kerberos", "TGT-REQ"),
        ("IAKERB", framed(bytes.fromhex("06062b0601050205"), b"\5\1" + tlv(0x30)), "IAKERB", "IAKERB_PROXY"),
        ("NEGOEX", b"NEGOEXTS" + bytes(32), "NEGOEX", "INITIATOR_NEGO"),
        ("NEGOEX alert", b"NEGOEXTS\7\0\0\0" + bytes(28), "NEGOEX", "ALERT"),
        ("CredSSP", tlv(0x30, fields(0, integer(6), tlv(0x30))), "CredSSP", "TSRequest"),
        ("CredSSP version 5", tlv(0x30, fields(0, integer(5), tlv(0x30))), "CredSSP", "TSRequest"),
        *((f"bare {name}", tlv(tag, tlv(0x30)), "Kerberos", name) for tag, name in
          {0x6A: "AS-REQ", 0x6B: "AS-REP", 0x6C: "TGS-REQ", 0x6D: "TGS-REP", 0x74: "KRB-SAFE", 0x75: "KRB-PRIV",
           0x76: "KRB-CRED"}.items()),
        ("AS-REQ without its tag", tlv(0x30, fields(1, integer(5), integer(10))), "Kerberos", "AS-REQ"),
    ],
)  # fmt: skip
def test_each_message_is_named_also_where_its_fields_are_missing(
    name: str, data: bytes, mechanism: str, message: str
) -> None:
    decoded = decode(data)
    assert (decoded.mechanism, decoded.message) == (mechanism, message)
    covered = sum(node.stop - node.start for _, node in walk(decoded.root) if not node.children)
    assert covered >= len(data) - 15, "all but the framing is shown"


@pytest.mark.parametrize("inner", [b"", b"\1", b"\1\0", b"\1\0\x6e", b"\2\0" + ap_req(), b"\x09\x09xyz"])
def test_a_kerberos_frame_with_little_or_other_things_inside_is_no_exception(inner: bytes) -> None:
    decoded = decode(framed(KRB5, inner))
    assert decoded.mechanism == "Kerberos"
    if inner[:2] == b"\x09\x09":
        assert decoded.error is None
        assert at(decoded, "TOK_ID").meaning is None
    else:
        assert decoded.error is not None


def test_a_token_id_that_contradicts_its_message_is_told_and_the_message_read() -> None:
    decoded = decode(framed(KRB5, b"\2\0" + ap_req()))
    assert decoded.message == "AP-REQ"
    assert decoded.error is not None
    assert decoded.error.path == "TOK_ID"
    assert decoded.error.expected == "AP-REP, as the token id says"
    assert at(decoded, "ticket.realm").value == "LAB.EXAMPLE"


def test_a_token_cut_short_names_the_field_and_both_sizes() -> None:
    data = neg_token_init(KRB5, token=AP_REQ)
    problem = decode(data[:-30]).error
    assert problem is not None
    assert (problem.kind, problem.path) == ("cut-short", "mechToken.authenticator")
    assert problem.total == len(data)
    problem = decode(data[:-7]).error
    assert problem is not None
    assert (problem.path, problem.missing) == ("mechToken.authenticator.cipher", 7)


def test_an_inner_token_shorter_than_it_says_is_told_where_it_stands() -> None:
    decoded = decode(neg_token_init(KRB5, token=AP_REQ[:-5]))
    assert decoded.error is not None
    assert decoded.error.path == "mechToken"
    assert at(decoded, "mechToken.ticket.realm").value == "LAB.EXAMPLE"


def test_bytes_behind_the_inner_token_are_a_field_and_an_error() -> None:
    decoded = decode(neg_token_init(KRB5, token=AP_REQ + b"zz"))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("trailing", "mechToken.trailing")
    assert at(decoded, "mechToken.trailing").value == b"zz"


def test_tokens_inside_tokens_end_somewhere() -> None:
    data = AP_REQ
    for _ in range(60):
        data = neg_token_init(KRB5, token=data)
    decoded = decode(data)
    assert decoded.error is not None
    assert decoded.error.kind == "depth"


@pytest.mark.parametrize("tag", [0x60, 0x30, 0xA0, 0xA1, 0x6E, 0x04])
def test_three_thousand_levels_are_refused_in_words(tag: int) -> None:
    data = b""
    for _ in range(3000):
        data = tlv(tag, data)
    assert decode(data).error is not None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x16\x03\x01\x02\0\1\0", "a TLS handshake record"),
        (b"\xfeSMB\x40\0", "an SMB2 message"),
        (b"<!DOCTYPE html>", "HTML or XML text"),
        (b"\x05\x02\0\0\0\x40", "a keytab"),
        (b"\xd4\xc3\xb2\xa1\2\0", "a pcap capture"),
        (b"\0\1\2\3", "00 01 02 03"),
    ],
)
def test_what_is_no_token_is_said_to_be_what_it_looks_like(data: bytes, words: str) -> None:
    decoded = decode(data)
    assert (decoded.mechanism, decoded.message) == ("unknown", None)
    assert decoded.error is not None
    assert words in decoded.error.found


def test_no_bytes_are_no_token() -> None:
    decoded = decode(b"")
    assert decoded.error is not None
    assert decoded.error.kind == "empty"
