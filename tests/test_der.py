"""The walk over DER: strict where DER is, on as far as the bytes allow, first problem first."""

import pytest
from builders.der import ap_req, encrypted, fields, integer, principal, ticket, tlv

from secctx.decoders import decode
from secctx.decoders.contents import oid_text
from secctx.decoders.values import Decoded, Node, follow, walk


def node_at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def test_an_ap_req_made_by_hand_is_read_to_its_last_field() -> None:
    decoded = decode(ap_req())
    assert (decoded.mechanism, decoded.message, decoded.error) == ("Kerberos", "AP-REQ", None)
    assert node_at(decoded, "ticket.sname").meaning == "HTTP/web"
    assert node_at(decoded, "ticket.enc-part.kvno").value == 3
    assert node_at(decoded, "ap-options").meaning == ("mutual-required",)
    assert node_at(decoded, "authenticator.cipher").value == b"a" * 20


def test_a_span_is_the_encoding_of_the_value_without_the_explicit_tag() -> None:
    data = ap_req()
    decoded = decode(data)
    start, stop = node_at(decoded, "ticket.enc-part.etype").span
    assert data[start:stop] == b"\x02\x01\x12"
    assert data[start - 2 : start] == b"\xa0\x03"


@pytest.mark.parametrize(
    ("data", "kind", "path", "expected", "found"),
    [
        (b"\x6e\x80" + ap_req()[3:], "der", "", "definite length", "0x80"),
        (b"\x6e\x81\x05\x30\x03\x02\x01\x05", "der", "", "shortest form", "5"),
        (b"\x6e\x83\x00\x00" + bytes([len(ap_req()[3:])]) + ap_req()[3:], "der", "", "shortest form", "leading zeros"),
        (b"\x6e\x8f" + b"\x01" * 15, "der", "", "at most 8 bytes", "15 bytes"),
        (tlv(0x6E, tlv(0x31, b"")), "tag", "", "SEQUENCE (APReq)", "SET"),
        (tlv(0x6E, tlv(0x30, fields(0, integer(5)))), "missing", "msg-type", "[1] msg-type", "the end of APReq"),
        (ap_req(tail=fields(3, ticket())), "tag", "extra-1", "once and in order", "[3] ticket again"),
        (ap_req(tail=integer(1)), "tag", "extra-1", "a field of APReq", "INTEGER"),
        (tlv(0x6E, tlv(0x30, b"\x1f\x81\x00")), "tag", "extra-1", "a tag below 31", "0x1f"),
        (ap_req(options=b"\x05\x20\0\0\x1f"), "der", "ap-options", "unused bits", "0x1f"),
        (ap_req(options=b""), "der", "ap-options", "BIT STRING", "0 bytes"),
        (ap_req(options=b"\x09\x20"), "der", "ap-options", "BIT STRING", "2 bytes"),
        (ap_req() + b"\0\0\0", "trailing", "trailing", "the end of the token", "3 more bytes"),
        (ap_req()[:-1], "cut-short", "authenticator.cipher", "20 bytes", "19 bytes"),
        (b"\x6e\x84\x7f\xff\xff\xff" + ap_req()[3:], "cut-short", "", "2147483484 bytes", "0 bytes"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: bytes, kind: str, path: str, expected: str, found: str) -> None:
    problem = decode(data).error
    assert problem is not None
    assert problem.kind == kind
    assert problem.path == path
    assert expected in problem.expected
    assert found in problem.found
    assert 0 <= problem.offset <= len(data)


def test_a_sequence_that_ends_early_names_the_first_field_that_is_missing() -> None:
    problem = decode(tlv(0x6E, tlv(0x30))).error
    assert problem is not None
    assert (problem.kind, problem.path) == ("missing", "pvno")


def test_an_integer_in_more_bytes_than_it_needs_is_not_der_and_is_still_read() -> None:
    decoded = decode(tlv(0x6F, tlv(0x30, fields(0, tlv(2, b"\0\5"), integer(15), encrypted(18, None, b"x")))))
    assert node_at(decoded, "pvno").value == 5
    assert decoded.error is not None
    assert decoded.error.path == "pvno"


def test_a_wrong_tag_in_one_field_does_not_hide_the_fields_behind_it() -> None:
    broken = ticket().replace(b"\x1b\x0bLAB.EXAMPLE", b"\x0c\x0bLAB.EXAMPLE")
    decoded = decode(ap_req(ticket_bytes=broken))
    assert decoded.error is not None
    assert decoded.error.path == "ticket.realm"
    assert decoded.error.found == "UTF8String"
    assert node_at(decoded, "ticket.realm").value == b"\x0c\x0bLAB.EXAMPLE"
    assert node_at(decoded, "authenticator.etype").value == 18


def test_a_length_beyond_its_container_is_held_to_the_container() -> None:
    broken = ticket().replace(b"\x1b\x03web", b"\x1b\x7fweb")
    decoded = decode(ap_req(ticket_bytes=broken))
    assert decoded.error is not None
    assert decoded.error.path == "ticket.sname.name-string[1]"
    assert (decoded.error.expected, decoded.error.found) == ("at most 3 bytes", "a length of 127 bytes")
    assert node_at(decoded, "ticket.enc-part.kvno").value == 3


def test_a_field_of_a_later_version_is_kept_and_is_no_error() -> None:
    decoded = decode(ap_req(tail=fields(9, integer(1))))
    assert decoded.error is None
    assert node_at(decoded, "extra-1").value == tlv(0xA9, integer(1))


def test_only_the_first_problem_is_reported() -> None:
    decoded = decode(ap_req(ticket_bytes=ticket().replace(b"\x1b\x0b", b"\x0c\x0b"), tail=integer(1)) + b"\0")
    assert decoded.error is not None
    assert decoded.error.path == "ticket.realm"


def test_two_values_inside_one_explicit_tag_are_told() -> None:
    data = tlv(0x6F, tlv(0x30, tlv(0xA0, integer(5), integer(6)), fields(1, integer(15), encrypted(18, None, b"x"))))
    decoded = decode(data)
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("trailing", "after-pvno")
    assert node_at(decoded, "enc-part.etype").value == 18


@pytest.mark.parametrize("value", [0, 1, -1, 127, 128, -128, 2**31, 2**32 - 1, -(2**31)])
def test_integers_keep_their_value_and_sign(value: int) -> None:
    decoded = decode(tlv(0x6F, tlv(0x30, fields(0, integer(5), integer(15), encrypted(18, value, b"x")))))
    assert decoded.error is None
    assert node_at(decoded, "enc-part.kvno").value == value


@pytest.mark.parametrize(
    ("raw", "dotted"),
    [
        ("2b0601050502", "1.3.6.1.5.5.2"),
        ("2a864886f712010202", "1.2.840.113554.1.2.2"),
        ("2a864882f712010202", "1.2.840.48018.1.2.2"),
        ("883703", "2.999.3"),
        ("", None),
        ("2b80", None),
        ("2b8001", None),
    ],
)
def test_object_identifiers_are_read_as_x690_writes_them(raw: str, dotted: str | None) -> None:
    assert oid_text(bytes.fromhex(raw)) == dotted


def test_an_endless_object_identifier_costs_nothing_and_is_told() -> None:
    decoded = decode(tlv(0x60, tlv(6, b"\xff" * 50_000 + b"\1"), b"x"))
    assert decoded.error is not None
    assert decoded.error.path == "thisMech"
    assert node_at(decoded, "thisMech").kind == "bytes"


def test_text_that_is_not_utf8_is_shown_with_escapes_and_said_so() -> None:
    data = ap_req(ticket_bytes=ticket().replace(b"\x1b\x03web", b"\x1b\x03w\xe9b"))
    decoded = decode(data)
    assert decoded.error is None
    node = node_at(decoded, "ticket.sname.name-string[1]")
    assert node.value == "w\\xe9b"
    assert "not UTF-8" in str(node.meaning)


def test_a_principal_with_separators_inside_a_part_is_written_unambiguously() -> None:
    data = ap_req(ticket_bytes=ticket().replace(principal(3, "HTTP", "web"), principal(3, "a/b", "@\\")))
    assert node_at(decode(data), "ticket.sname").meaning is not None
    assert decode(data).error is not None  # the lengths around it no longer fit
