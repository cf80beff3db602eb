"""Messages to and from the KDC, KRB-SAFE, KRB-PRIV, KRB-CRED, user-to-user; their encrypted parts; TCP's length.

What MIT prints of its vectors is compared in `test_corpus`, asn1crypto's parse in `test_peers`; Wireshark reads the
KDC traffic of the shared captures here.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import kdc
from builders.der import KRB5, ap_req, encrypted, fields, framed, integer, principal, text, ticket, time, tlv

from secctx.carriers.framing import announced, convincing, likely
from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.cli.summary_kerberos import MESSAGES
from secctx.decoders import decode, kerberos_parts_asn1
from secctx.decoders.der import contents_at
from secctx.decoders.part import decode_part
from secctx.decoders.values import FLAGS, LIST, SECRET, STRUCT, Decoded, Node, follow, walk

TILL = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def whole(data: bytes, message: str, mechanism: str = "Kerberos") -> Decoded:
    decoded = decode(data)
    assert (decoded.mechanism, decoded.message, decoded.error) == (mechanism, message, None)
    return decoded


def said(data: bytes) -> str:
    decoded = decode(data)
    return MESSAGES[decoded.mechanism, decoded.message or ""](decoded.root)


# Each message -----------------------------------------------------------------------------------------------------


def test_an_as_req_is_read_to_the_last_field() -> None:
    decoded = whole(kdc.as_req(), "AS-REQ")
    assert [child.name for child in decoded.root.children] == ["pvno", "msg-type", "padata", "req-body"]
    names = ["kdc-options", "cname", "realm", "sname", "till", "rtime", "nonce", "etype", "addresses"]
    assert [child.name for child in at(decoded, "req-body").children] == names
    options = at(decoded, "req-body.kdc-options")
    assert (options.kind, options.value) == (FLAGS, 0x40810010)
    assert options.meaning == ("forwardable", "renewable", "canonicalize", "renewable-ok")
    assert at(decoded, "req-body.cname").meaning == "alice"
    assert at(decoded, "req-body.sname").meaning == "krbtgt/LAB.EXAMPLE"
    assert at(decoded, "req-body.till").value == TILL
    assert at(decoded, "req-body.nonce").value == 77
    etypes = [node.meaning for node in at(decoded, "req-body.etype").children]
    assert etypes == ["aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", "rc4-hmac"]
    assert at(decoded, "padata[0].padata-type").meaning == "PA-REQ-ENC-PA-REP"


def test_addresses_are_bytes_whose_meaning_is_their_text() -> None:
    decoded = whole(kdc.as_req(), "AS-REQ")
    shown = [
        (at(decoded, f"req-body.addresses[{i}].addr-type").meaning, at(decoded, f"req-body.addresses[{i}].address"))
        for i in range(3)
    ]
    assert [(kind, node.meaning) for kind, node in shown] == [
        ("IPv4", "192.0.2.7"),
        ("IPv6", "2001:db8::1"),
        ("NetBios", "DESKTOP-1"),
    ]
    assert shown[0][1].value == bytes([192, 0, 2, 7])


@pytest.mark.parametrize(
    ("kind", "value"), [(2, b"abc"), (24, b"abcd"), (20, b"\xff" * 16), (20, b"   "), (99, b"abcd")]
)
def test_an_address_of_another_size_or_type_has_no_text(kind: int, value: bytes) -> None:
    body = kdc.req_body(tail=(tlv(0x30, kdc.address(kind, value)),))
    address = at(whole(kdc.kdc_req(10, body), "AS-REQ"), "req-body.addresses[0].address")
    assert (address.value, address.meaning) == (value, None)


def test_a_tgs_req_is_read_to_the_tickets_in_it() -> None:
    decoded = whole(kdc.tgs_req(), "TGS-REQ")
    assert at(decoded, "req-body.kdc-options").meaning == ("forwardable", "cname-in-addl-tkt", "canonicalize")
    assert at(decoded, "req-body.enc-authorization-data.cipher").value == b"a" * 20
    tickets = at(decoded, "req-body.additional-tickets")
    assert [node.child("sname").meaning for node in tickets.children if node.child("sname")] == ["HTTP/web"] * 2
    assert at(decoded, "padata[0].padata-value").meaning == ("Kerberos", "AP-REQ")


@pytest.mark.parametrize(("number", "message"), [(11, "AS-REP"), (13, "TGS-REP")])
def test_a_kdc_s_answer_has_a_ticket_and_a_part_encrypted_for_the_client(number: int, message: str) -> None:
    decoded = whole(kdc.kdc_rep(number), message)
    names = ["pvno", "msg-type", "crealm", "cname", "ticket", "enc-part"]
    assert [child.name for child in decoded.root.children] == names
    assert at(decoded, "ticket.sname").meaning == "krbtgt/LAB.EXAMPLE"
    assert at(decoded, "enc-part.kvno").value == 2


def test_safe_priv_and_cred_are_read() -> None:
    safe = whole(kdc.krb_safe(), "KRB-SAFE")
    assert at(safe, "safe-body.user-data").value == b"data"
    assert at(safe, "safe-body.seq-number").value == -1
    assert at(safe, "safe-body.r-address.address").meaning == "192.0.2.1"
    assert at(safe, "cksum.cksumtype").meaning == "hmac-sha1-96-aes256"
    assert at(whole(kdc.krb_priv(), "KRB-PRIV"), "enc-part.cipher").value == b"p" * 40
    cred = whole(kdc.krb_cred(), "KRB-CRED")
    assert len(at(cred, "tickets").children) == 2
    assert at(cred, "tickets[1].sname").meaning == "HTTP/web"


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: framed(KRB5, b"\4\0" + m), lambda m: b"\4\0" + m])
def test_a_request_for_a_user_s_ticket_is_read_bare_and_behind_its_token_id(wrap: Any) -> None:
    decoded = whole(wrap(kdc.tgt_req()), "TGT-REQ")
    assert at(decoded, "server-name").meaning == "host/web"
    assert at(decoded, "realm").value == "LAB.EXAMPLE"
    assert decoded.root.meaning is None, "it has no APPLICATION tag to be without"
    assert [c.name for c in whole(wrap(kdc.tgt_req(None, None)), "TGT-REQ").root.children[-2:]] == ["pvno", "msg-type"]


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: framed(KRB5, b"\4\1" + m), lambda m: b"\4\1" + m])
def test_the_answer_has_the_ticket(wrap: Any) -> None:
    assert at(whole(wrap(kdc.tgt_rep()), "TGT-REP"), "ticket.sname").meaning == "krbtgt/LAB.EXAMPLE"


def test_another_message_behind_the_token_id_of_a_user_s_ticket_is_said() -> None:
    decoded = decode(framed(KRB5, b"\4\0" + ap_req()))
    assert decoded.message == "AP-REQ"
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("tag", "TOK_ID")


TAGGED = {name: data for name, data in kdc.made().items() if data[0] >> 6 == 1 and data[0] != 0x60}


@pytest.mark.parametrize("name", TAGGED)
def test_a_message_without_its_application_tag_has_the_same_fields(name: str) -> None:
    tagged = whole(TAGGED[name], name)
    start = contents_at(TAGGED[name], 0)
    bare = whole(TAGGED[name][start:], name)
    assert bare.root.meaning == f"without its [APPLICATION {TAGGED[name][0] & 0x1F}] tag"
    assert [(p, n.start + start, n.stop + start, n.value) for p, n in walk(bare.root)] == [
        (p, n.start, n.stop, n.value) for p, n in walk(tagged.root)
    ]


@pytest.mark.parametrize(
    "data",
    [kdc.req_body(), kdc.ADDRESSES, encrypted(18, 1, b"x" * 16), principal(1, "alice"), tlv(0x30, kdc.padata(2, b""))],
)
def test_a_part_of_a_message_by_itself_is_no_token(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.mechanism == "unknown"
    assert decoded.error is not None
    assert decoded.error.kind == "unknown"


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (kdc.kdc_req(10, tlv(0x30)), "req-body.kdc-options"),
        (tlv(0x6B, tlv(0x30, fields(0, integer(5), integer(11)))), "crealm"),
        (tlv(0x74, tlv(0x30, fields(0, integer(5), integer(20)))), "safe-body"),
        (tlv(0x75, tlv(0x30, fields(0, integer(5), integer(21)))), "enc-part"),
        (tlv(0x76, tlv(0x30, fields(0, integer(5), integer(22)))), "tickets"),
        (tlv(0x30, fields(0, integer(5), integer(17))), "ticket"),
    ],
)
def test_the_first_field_that_is_missing_is_named(data: bytes, path: str) -> None:
    error = decode(data).error
    assert error is not None
    assert (error.kind, error.path) == ("missing", path)


# Behind the length of TCP -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TAGGED)
def test_a_record_is_the_message_behind_its_length(name: str) -> None:
    data = kdc.record(TAGGED[name])
    decoded = whole(data, name)
    bare = decode(TAGGED[name])
    first, *rest = walk(decoded.root)
    assert (first[0], first[1].value, first[1].span) == ("length", len(TAGGED[name]), (0, 4))
    assert [(p, n.start - 4, n.value) for p, n in rest] == [(p, n.start, n.value) for p, n in walk(bare.root)]
    assert announced(data) == len(data)
    assert likely(data)
    assert convincing(data)


def test_a_record_that_is_cut_short_says_how_much_is_missing() -> None:
    data = kdc.record(kdc.as_req())
    for size in (16, 100, len(data) - 1):
        error = decode(data[:size]).error
        assert error is not None
        assert (error.kind, error.total) == ("cut-short", len(data))


@pytest.mark.parametrize("off", [-9, -1, 1, 300])
def test_a_length_that_is_not_the_message_s_is_said_and_the_message_is_read(off: int) -> None:
    message = kdc.as_req()
    decoded = decode(kdc.record(message, len(message) + off))
    assert decoded.message == "AS-REQ"
    assert at(decoded, "req-body.nonce").value == 77
    error = decoded.error
    assert error is not None
    assert (error.kind, error.path, error.offset) == ("length", "length", 0)
    assert error.expected == f"{len(message)} bytes, the size of the message"


def test_the_high_bit_of_the_length_is_reserved() -> None:
    decoded = decode(b"\x80" + kdc.record(kdc.as_req())[1:])
    assert decoded.message == "AS-REQ"
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("value", "length")
    assert at(decoded, "length").value == len(kdc.as_req())


def test_a_second_record_is_what_follows() -> None:
    data = kdc.record(kdc.as_req())
    decoded = decode(data + data)
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.offset) == ("trailing", len(data))


@pytest.mark.parametrize(
    "data",
    [
        bytes(64),
        b"\0\0\0\x05hello",
        b"\0\0\0\x04\x6a\x02\x05\0",  # no SEQUENCE in it
        b"\0\0\1\0" + kdc.as_req()[:6],
        b"\0\1\0\0" + kdc.as_req(),
        b"\0\0\0\x28\xfeSMB" + bytes(36),
        kdc.record(tlv(0x6A, b"\x30\2\5\0\5\0"), 7),  # its SEQUENCE does not fill it
        b"\1\0\0\0" + kdc.as_req(),
        b"\0\0\0\x10" + kdc.req_body(),
    ],
)  # fmt: skip
def test_four_bytes_before_something_else_are_no_length(data: bytes) -> None:
    decoded = decode(data)
    assert decoded.mechanism != "Kerberos" or decoded.root.children[0].name != "length"


# Encrypted parts --------------------------------------------------------------------------------------------------

KEY = tlv(0x30, fields(0, integer(18), tlv(4, b"thirty-two bytes of session key!")))
NOW = time("20261122082501Z")


def authorization(kind: int, value: bytes) -> bytes:
    return tlv(0x30, tlv(0x30, fields(0, integer(kind), tlv(4, value))))


def enc_ticket_part(data: bytes = authorization(1, authorization(64, b"dce"))) -> bytes:
    transited = tlv(0x30, fields(0, integer(1), tlv(4, b"EDU,")))
    inside = fields(
        0, kdc.options(1, 9, 10), KEY, text("LAB.EXAMPLE"), kdc.ALICE, transited, NOW, NOW, NOW, None, kdc.ADDRESSES
    )
    return tlv(0x63, tlv(0x30, inside + fields(10, data)))


def as_part(data: bytes, name: str) -> Decoded:
    return decode_part(data, getattr(kerberos_parts_asn1, name), name)


def test_an_encrypted_ticket_part_is_read_with_its_key_kept_secret() -> None:
    decoded = as_part(enc_ticket_part(), "EncTicketPart")
    assert decoded.error is None
    assert at(decoded, "flags").meaning == ("forwardable", "initial", "pre-authent")
    assert at(decoded, "transited.tr-type").meaning == "DOMAIN-X500-COMPRESS"
    key = at(decoded, "key.keyvalue")
    assert (key.kind, key.value) == (SECRET, b"thirty-two bytes of session key!")
    inner = at(decoded, "authorization-data[0].ad-data")
    assert inner.kind == LIST
    assert at(decoded, "authorization-data[0].ad-data[0].ad-type").meaning == "OSF-DCE"
    assert at(decoded, "authorization-data[0].ad-data[0].ad-data").value == b"dce"


@pytest.mark.parametrize(
    ("data", "name", "secret"),
    [
        (enc_ticket_part(), "EncTicketPart", b"thirty-two bytes"),
        (KEY, "EncryptionKey", b"thirty-two bytes"),
        (tlv(0x30, fields(0, tlv(4, b"correct horse"), kdc.ALICE)), "ChangePasswdData", b"correct"),
    ],
)
def test_no_output_has_a_key_or_a_password_however_it_is_cut(data: bytes, name: str, secret: bytes) -> None:
    for size in range(len(data) + 1):
        decoded = as_part(data[:size], name)
        shown = json.dumps(document(decoded, Source("", "raw", 0), True))
        assert secret[:4].hex() not in shown
        assert secret[:4].decode() not in shown


def test_a_new_password_is_kept_secret_and_its_owner_is_not() -> None:
    data = tlv(0x30, fields(0, tlv(4, b"correct horse"), kdc.ALICE, text("LAB.EXAMPLE")))
    decoded = as_part(data, "ChangePasswdData")
    assert decoded.error is None
    assert at(decoded, "newpasswd").kind == SECRET
    assert at(decoded, "targname").meaning == "alice"


def test_authorization_data_inside_itself_stops_at_a_depth() -> None:
    data = authorization(128, b"end")
    for _ in range(60):
        data = authorization(1, data)
    decoded = as_part(data, "AuthorizationData")
    assert decoded.error is not None
    assert decoded.error.kind == "depth"
    assert sum(1 for _ in walk(decoded.root)) < 100


@pytest.mark.parametrize("kind", [1, 4, 5, 8, 96])
def test_authorization_data_that_is_no_structure_stays_bytes(kind: int) -> None:
    decoded = as_part(authorization(kind, b"foobar"), "AuthorizationData")
    assert decoded.error is None
    assert next(node for _, node in walk(decoded.root) if node.name == "ad-data").value == b"foobar"


def test_a_pac_that_is_too_short_for_one_is_complained_of_where_it_ends() -> None:
    decoded = as_part(authorization(128, b"foobar"), "AuthorizationData")
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.missing) == ("length", 2)


def test_whatever_bit_of_a_part_is_flipped_nothing_raises() -> None:
    data = bytearray(enc_ticket_part())
    for bit in range(len(data) * 8):
        data[bit >> 3] ^= 1 << (bit & 7)
        document(as_part(bytes(data), "EncTicketPart"), Source("", "raw", 0), True)
        data[bit >> 3] ^= 1 << (bit & 7)


# In one line ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            kdc.as_req(kdc.padata(2, encrypted(18, None, b"t" * 20)), kdc.padata(128, b"")),
            " for alice@LAB.EXAMPLE to krbtgt/LAB.EXAMPLE, offers aes256, aes128, rc4;"
            " with pre-authentication (PA-ENC-TIMESTAMP)",
        ),
        (
            kdc.as_req(),
            " for alice@LAB.EXAMPLE to krbtgt/LAB.EXAMPLE, offers aes256, aes128, rc4; no pre-authentication",
        ),
        (
            kdc.tgs_req(),
            " for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE, offers aes256, aes128, rc4;"
            " S4U2Proxy with 2 tickets to HTTP/web@LAB.EXAMPLE, HTTP/web@LAB.EXAMPLE",
        ),
        (
            kdc.kdc_req(12, kdc.req_body(28, 30, tail=(None, None, tlv(0x30, ticket(kdc.KRBTGT))))),
            " for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE, offers aes256, aes128, rc4;"
            " user-to-user with a ticket to krbtgt/LAB.EXAMPLE@LAB.EXAMPLE; to renew",
        ),
        (
            kdc.kdc_rep(11),
            " for alice@LAB.EXAMPLE: ticket to krbtgt/LAB.EXAMPLE@LAB.EXAMPLE (aes256-cts-hmac-sha1-96, kvno 3);"
            " its key under aes256-cts-hmac-sha1-96, kvno 2",
        ),
        (kdc.krb_safe(), ": 4 bytes in clear, checksum hmac-sha1-96-aes256"),
        (kdc.krb_priv(), " (aes256-cts-hmac-sha1-96)"),
        (
            kdc.krb_cred(),
            " of 2 tickets to krbtgt/LAB.EXAMPLE@LAB.EXAMPLE, HTTP/web@LAB.EXAMPLE; their keys in clear",
        ),
        (kdc.tgt_req(), " for the ticket-granting ticket of host/web@LAB.EXAMPLE"),
        (kdc.tgt_req(None, None), ": the initiator asks for the acceptor's ticket-granting ticket"),
        (
            kdc.tgt_rep(),
            ": the acceptor's ticket to krbtgt/LAB.EXAMPLE@LAB.EXAMPLE (aes256-cts-hmac-sha1-96, kvno 3)",
        ),
    ],
)
def test_each_message_is_said_in_one_line(data: bytes, line: str) -> None:
    assert said(data) == line


def test_the_user_of_s4u2self_is_named() -> None:
    checksum = tlv(0x30, fields(0, integer(-138), tlv(4, b"s" * 16)))
    user = tlv(0x30, fields(0, kdc.ALICE, text("LAB.EXAMPLE"), checksum, text("Kerberos")))
    data = kdc.kdc_req(12, kdc.req_body(cname=None), kdc.padata(1, ap_req()), kdc.padata(129, user))
    assert said(data).endswith("; S4U2Self for alice@LAB.EXAMPLE")


# Wireshark --------------------------------------------------------------------------------------------------------

SHARED = Path(__file__).parents[2] / "shared"
CAPTURES = [
    *sorted((SHARED / "corpus" / "suricata_verify" / "pcap").glob("*krb5*.pcap")),
    *sorted((SHARED / "lab" / "tokens" / "pcap").glob("kdc*.pcap")),
]
#: Wireshark's fields and ours.
NAMES = {
    "CNameString": "",
    "ENCTYPE": "",
    "SNameString": "",
    "addr_nb": "address",
    "addr_type": "addr-type",
    "ap_options": "ap-options",
    "checksum": "checksum",
    "cipher": "cipher",
    "cksumtype": "cksumtype",
    "crealm": "crealm",
    "e_text": "e-text",
    "error_code": "error-code",
    "etype": "etype",
    "flags": "",
    "from": "from",
    "include_pac": "include-pac",
    "info2_salt": "salt",
    "kdc_options": "kdc-options",
    "kvno": "kvno",
    "msg_type": "msg-type",
    "name_type": "name-type",
    "nonce": "nonce",
    "padata_type": "padata-type",
    "pvno": "pvno",
    "realm": "realm",
    "rtime": "rtime",
    "stime": "stime",
    "susec": "susec",
    "till": "till",
    "tkt_vno": "tkt-vno",
}


def records(capture: Path) -> Iterator[tuple[bytes, int, dict[str, Any]]]:
    """Each Kerberos message of a capture as Wireshark puts it together: its bytes, where they begin, its fields."""
    command = ["tshark", "-r", str(capture), "-Y", "kerberos", "-T", "json", "-x", "--no-duplicate-keys"]
    command += ["-d", "udp.port==10088,kerberos", "-d", "tcp.port==10088,kerberos"]  # the lab's KDC
    shown = subprocess.run(command, capture_output=True, check=True, timeout=120)
    for frame in json.loads(shown.stdout or "[]"):
        layers = frame["_source"]["layers"]
        raw, read = layers["kerberos_raw"], layers["kerberos"]
        listed = zip(raw, read, strict=True) if isinstance(read, list) else [(raw, read)]
        for (encoded, start, *_), message in listed:
            yield bytes.fromhex(encoded), start, message


def leaves(message: Any) -> Iterator[tuple[str, bytes, int]]:
    """The values of a message as Wireshark shows them: field, bytes and offset; single bits are left out."""
    if isinstance(message, list):
        for item in message:
            yield from leaves(item)
    elif isinstance(message, dict):
        for key, value in message.items():
            if key.endswith("_raw"):
                for encoded, start, _, mask, _ in value if isinstance(value[0], list) else [value]:
                    if mask == 0:
                        yield key.removeprefix("kerberos.").removesuffix("_raw"), bytes.fromhex(encoded), start
            else:
                yield from leaves(value)


def same(node: Node, raw: bytes) -> bool:
    match node.kind:
        case "text":
            return node.value == raw.decode()
        case "time":
            return isinstance(node.value, datetime) and f"{node.value:%Y%m%d%H%M%SZ}".encode() == raw
        case "flags":
            return node.value == int.from_bytes(raw)
        case "bool":
            return node.value == (raw != b"\0")
        case "bytes":
            return node.value == raw
    return node.value == int.from_bytes(raw, signed=True)


@pytest.mark.skipif(not CAPTURES or shutil.which("tshark") is None, reason="tshark or the shared captures are absent")
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_wireshark_reads_the_same_fields_in_the_same_places(capture: Path) -> None:
    count = 0
    for data, start, message in records(capture):
        decoded = decode(data)
        assert decoded.error is None
        ends: dict[int, list[Node]] = {}
        for _, node in walk(decoded.root):
            if not node.children and node.kind not in (LIST, STRUCT):
                ends.setdefault(node.stop, []).append(node)
        for field, raw, offset in leaves(message):
            stop = offset - start + len(raw)
            if field == "padata_value" and [node.name for node in ends.get(stop, [])] == ["padata-value"]:
                assert ends.pop(stop)[0].value == raw
            elif field in NAMES:
                (node,) = ends.pop(stop)
                assert node.name.startswith("[") or not NAMES[field] or node.name == NAMES[field]
                assert data[stop - len(raw) : stop] == raw
                assert same(node, raw), (field, node)
                count += 1
        # Wireshark shows the length of TCP in single bits, no empty string, and the e-data of some errors closed.
        closed = [at(decoded, "e-data")] if decoded.root.child("e-data") else []
        for node in [node for nodes in ends.values() for node in nodes if node.stop - node.start > 2]:
            assert node.name == "length" or any(e.start <= node.start and node.stop <= e.stop for e in closed), node
    assert count > 10
