"""IAKERB_PROXY: the header, the Kerberos message behind it, and the older header that is still about."""

from pathlib import Path
from typing import Any

import pytest
from builders import kdc
from builders.der import KRB5, ap_req, fields, framed, integer, text, tlv

from secctx.cli.summary_kerberos import MESSAGES
from secctx.decoders import decode
from secctx.decoders.iakerb_asn1 import IAKERBFinished, IAKERBHeader
from secctx.decoders.part import decode_part
from secctx.decoders.values import BYTES, TEXT, TOKEN, Decoded, Node, follow, walk

SEEDS = Path(__file__).parents[2] / "shared" / "corpus" / "mit_krb5" / "fuzz" / "gss"


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def whole(data: bytes) -> Decoded:
    decoded = decode(data)
    assert (decoded.mechanism, decoded.message, decoded.error) == ("IAKERB", "IAKERB_PROXY", None)
    return decoded


@pytest.mark.parametrize("bare", [False, True])
def test_the_header_and_the_message_are_read_framed_and_bare(bare: bool) -> None:
    data = kdc.iakerb("LAB.EXAMPLE", kdc.as_req(), cookie=b"cookie")
    decoded = whole(data[data.index(b"\5\1\x30") :] if bare else data)
    assert at(decoded, "TOK_ID").meaning == "IAKERB_PROXY"
    assert at(decoded, "IAKERB-HEADER.target-realm").value == "LAB.EXAMPLE"
    assert at(decoded, "IAKERB-HEADER.cookie").value == b"cookie"
    message = at(decoded, "KRB-message")
    assert (message.kind, message.meaning) == (TOKEN, ("Kerberos", "AS-REQ"))
    assert at(decoded, "KRB-message.req-body.cname").meaning == "alice"


@pytest.mark.parametrize("message", [kdc.kdc_rep(11), kdc.tgs_req(), kdc.kdc_rep(13), kdc.krb_priv()])
def test_any_kerberos_message_may_follow(message: bytes) -> None:
    inner = at(whole(kdc.iakerb("LAB.EXAMPLE", message)), "KRB-message")
    assert inner.meaning == ("Kerberos", decode(message).message)


def test_without_a_message_the_acceptor_is_asked_for_its_realm() -> None:
    decoded = whole(kdc.iakerb(""))
    assert at(decoded, "IAKERB-HEADER.target-realm").value == ""
    assert decoded.root.child("KRB-message") is None
    assert MESSAGES["IAKERB", "IAKERB_PROXY"](decoded.root) == ": the initiator asks for the acceptor's realm"


def test_what_windows_asks_of_the_kdc_is_named() -> None:
    decoded = whole(kdc.iakerb("LAB.EXAMPLE", flags=kdc.options(14, 21)))
    assert at(decoded, "IAKERB-HEADER.header-flags").meaning == ("DS_IS_DNS_NAME", "DS_KDC_REQUIRED")
    assert MESSAGES["IAKERB", "IAKERB_PROXY"](decoded.root) == ": the realm is LAB.EXAMPLE"


def test_a_realm_in_an_octet_string_is_text_and_said_to_be_old() -> None:
    decoded = whole(kdc.iakerb(b"LAB.EXAMPLE", kdc.as_req()))
    realm = at(decoded, "IAKERB-HEADER.target-realm")
    assert (realm.kind, realm.value) == (TEXT, "LAB.EXAMPLE")
    assert "OCTET STRING" in str(realm.meaning)
    line = MESSAGES["IAKERB", "IAKERB_PROXY"](decoded.root)
    assert line.startswith(" for the KDC of LAB.EXAMPLE: Kerberos AS-REQ")


def test_the_mechanism_s_other_tokens_are_those_of_kerberos() -> None:
    decoded = decode(framed(kdc.IAKERB, b"\1\0" + ap_req()))
    assert (decoded.mechanism, decoded.message, decoded.error) == ("IAKERB", "AP-REQ", None)


@pytest.mark.parametrize(
    ("data", "kind", "path"),
    [
        (framed(kdc.IAKERB, b"\5\1"), "length", "IAKERB-HEADER"),
        (framed(kdc.IAKERB, b"\5\1\x30\0"), "missing", "IAKERB-HEADER.target-realm"),
        (framed(kdc.IAKERB, b"\5\1" + tlv(0x30, fields(1, text("x")))), "tag", "IAKERB-HEADER.target-realm"),
        (kdc.iakerb("R", b"\5\0"), "tag", "KRB-message"),
        (kdc.iakerb("R", kdc.tgt_req()), "tag", "KRB-message"),
        (kdc.iakerb("R", b"\x6a\x02\5\0"), "tag", "KRB-message"),
        (kdc.iakerb("R", kdc.as_req(), b"more"), "trailing", "KRB-message.trailing"),
        (framed(KRB5, b"\5\1" + tlv(0x0C, b"R")), "tag", "IAKERB-HEADER"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(data: bytes, kind: str, path: str) -> None:
    decoded = decode(data)
    assert decoded.message == "IAKERB_PROXY"
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == (kind, path)


def test_a_message_that_is_no_kerberos_stays_bytes() -> None:
    node = at(decode(kdc.iakerb("R", b"NTLMSSP\0" + bytes(24))), "KRB-message")
    assert (node.kind, node.value) == (BYTES, b"NTLMSSP\0" + bytes(24))


@pytest.mark.parametrize("data", [tlv(0x30, fields(1, tlv(0x0C, b"R"))), tlv(0x30, fields(1, tlv(4, b"R")))])
def test_a_header_by_itself_is_no_token(data: bytes) -> None:
    assert decode(data).mechanism == "unknown"


def test_the_finished_message_is_a_checksum() -> None:
    checksum = tlv(0x30, fields(0, integer(16), tlv(4, b"c" * 12)))
    decoded = decode_part(tlv(0x30, fields(1, checksum)), IAKERBFinished, "IAKERB-FINISHED")
    assert decoded.error is None
    assert at(decoded, "gss-mic.cksumtype").meaning == "hmac-sha1-96-aes256"


def test_a_header_by_itself_is_read_as_what_it_is_said_to_be() -> None:
    decoded = decode_part(tlv(0x30, fields(1, tlv(0x0C, "Ä.EXAMPLE".encode()))), IAKERBHeader, "IAKERB-HEADER")
    assert decoded.error is None
    assert at(decoded, "target-realm").value == "Ä.EXAMPLE"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the shared collection is not beside the checkout")
@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("realm_query.bin", {"IAKERB-HEADER.target-realm": ""}),
        (
            "start_accept_context.bin",
            {
                "IAKERB-HEADER.target-realm": "KRBTEST.COM",
                "KRB-message.msg-type": 10,
                "KRB-message.req-body.realm": "KRBTEST.COM",
                "KRB-message.req-body.nonce": 0x2BB96DA3,
            },
        ),
    ],
)
def test_mit_s_own_tokens_are_read(file: str, values: dict[str, Any]) -> None:
    decoded = whole((SEEDS / file).read_bytes())
    assert {path: at(decoded, path).value for path in values} == values
