"""The signatures of a PAC: those of Windows verify, no altered bit goes unnoticed, and nothing unsigned is taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import runpy
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from builders.der import fields, integer, tlv
from hypothesis import given
from hypothesis import strategies as st

from secctx.decoders import decode
from secctx.decoders.values import walk
from secctx.keys.enctypes import enctype
from secctx.keys.kerberos_checksums import UnsupportedChecksum
from secctx.keys.kerberos_key import Key
from secctx.keys.pac_signatures import (
    EXTENDED_KDC,
    KDC,
    SERVER,
    TICKET,
    PacError,
    PacSignature,
    compute,
    find_signatures,
    rodc_identifier,
    signed_data,
    verify,
    without_pac,
)

CORPUS = runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py"))["CORPUS"] / "mit_krb5"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared collection is not beside the checkout")
h = bytes.fromhex

SERVICE, KRBTGT = Key(18, bytes(range(32))), Key(18, bytes(range(32, 64)))
EVERY = (SERVER, KDC, TICKET, EXTENDED_KDC)


def pac_of(*buffers: tuple[int, bytes]) -> bytes:
    """A PAC of those buffers, each at a multiple of 8."""
    head, body, at = len(buffers).to_bytes(4, "little") + bytes(4), b"", 8 + 16 * len(buffers)
    for ul_type, data in buffers:
        head += ul_type.to_bytes(4, "little") + len(data).to_bytes(4, "little")
        head += (at + len(body)).to_bytes(8, "little")
        body += data + bytes(-len(data) % 8)
    return head + body


def blank(kind: int, size: int, trailer: bytes = b"") -> bytes:
    """A PAC_SIGNATURE_DATA that is not signed yet."""
    return kind.to_bytes(4, "little", signed=True) + bytes(size) + trailer


def put(pac: bytes, own: PacSignature, signature: bytes) -> bytes:
    return pac[: own.offset] + signature + pac[own.offset + own.size :]


def signed(
    kind: int = 16,
    size: int = 12,
    rodc: bytes = b"",
    service: Key = SERVICE,
    krbtgt: Key = KRBTGT,
) -> tuple[bytes, bytes]:
    """A PAC with all four signatures, made in the order of MS-PAC 2.8.1, and the ticket around it."""
    by_kdc = blank(kind, size, rodc)
    pac = pac_of(
        (1, b"logon information"), (SERVER, blank(kind, size)), (KDC, by_kdc), (TICKET, by_kdc), (EXTENDED_KDC, by_kdc)
    )
    for ul_type in (TICKET, EXTENDED_KDC, SERVER, KDC):
        signatures = find_signatures(pac)
        own = next(each for each in signatures if each.ul_type == ul_type)
        key = service if ul_type == SERVER else krbtgt
        pac = put(pac, own, compute(pac, signatures, ul_type, key, ticket_with(pac)))
    return pac, ticket_with(pac)


def item(ad_type: int, data: bytes) -> bytes:
    return tlv(0x30, fields(0, integer(ad_type), tlv(4, data)))


def ticket_with(pac: bytes) -> bytes:
    """An EncTicketPart, as far as a signature minds, with the PAC among other authorization data."""
    relevant = item(1, tlv(0x30, item(141, b"restrictions"), item(128, pac), item(129, b"after it")))
    data = tlv(0x30, item(1, tlv(0x30, item(142, b"other"))), relevant, item(128, b"not where a KDC puts it"))
    return tlv(0x63, tlv(0x30, fields(0, tlv(3, b"\0\0\0\0\0")), fields(5, tlv(0x18, b"20261122082501Z")),
                         fields(10, data), fields(11, tlv(4, b"behind"))))  # fmt: skip


def verdicts(pac: bytes, ticket: bytes, service: Key = SERVICE, krbtgt: Key = KRBTGT) -> list[bool]:
    """What each signature is found to be; none where the PAC cannot be read."""
    try:
        signatures = find_signatures(pac)
        keys = {SERVER: service, KDC: krbtgt, TICKET: krbtgt, EXTENDED_KDC: krbtgt}
        return [verify(pac, signatures, ul_type, keys[ul_type], ticket) for ul_type in EVERY]
    except (PacError, UnsupportedChecksum):
        return []


# Windows' own --------------------------------------------------------------------------------------------------------

#: Of src/lib/krb5/krb/t_pac.c of krb5/krb5: file, what is signed, encryption type and key.
WINDOWS = [
    ("saved_pac", SERVER, 23, "d217faeae5e6b5f95ccc94077ab8a5fc"),
    ("saved_pac", KDC, 23, "b286757148af7fd252c53603a150b7e7"),
    ("s4u_pac_regular", SERVER, 18, "14dfb5b2cdb42c8894da2fa882e9729f4a4dc74ba02a242cc6a8d71079b9ad9a"),
    ("s4u_pac_enterprise", SERVER, 18, "14dfb5b2cdb42c8894da2fa882e9729f4a4dc74ba02a242cc6a8d71079b9ad9a"),
    ("s4u_pac_xrealm", SERVER, 18, "420c39c51a175404451f956b8c58e0f41bca669a644795ca6e3ad55a3b918c9f"),
    ("s4u_pac_ent_xrealm", SERVER, 18, "420c39c51a175404451f956b8c58e0f41bca669a644795ca6e3ad55a3b918c9f"),
]
SERVER_2022 = Key(18, h("114a84e3148faab1fa7b5351b28ac2f1fd196d61e0f3f23e1fdbd3c1797dc1ee"))
KRBTGT_2022 = Key(18, h("037381ec43967bc2ac3df52aae95a68ebe2458dbce522820af5eb704a222714f"))


def corpus_file(name: str) -> bytes:
    return (CORPUS / "pac" / f"{name}.bin").read_bytes()


@needs_corpus
def test_the_keys_are_those_that_the_collection_states() -> None:
    stated = {each["file"]: each["keys"] or "" for each in json.loads((CORPUS / "items.json").read_text())["items"]}
    for name, _, _, key in WINDOWS:
        assert key in stated[f"pac/{name}.bin"]
    for key in (SERVER_2022, KRBTGT_2022):
        assert key.value.hex() in stated["pac/w2022_ticket_full_checksum.bin"]


@needs_corpus
@pytest.mark.parametrize(("name", "ul_type", "etype", "key"), WINDOWS)
def test_a_signature_of_windows_verifies_and_comes_out(name: str, ul_type: int, etype: int, key: str) -> None:
    pac = corpus_file(name)
    signatures = find_signatures(pac)
    assert verify(pac, signatures, ul_type, Key(etype, h(key)))
    own = next(each for each in signatures if each.ul_type == ul_type)
    assert compute(pac, signatures, ul_type, Key(etype, h(key))) == pac[own.offset : own.offset + own.size]
    assert not verify(pac, signatures, ul_type, Key(etype, bytes(len(key) // 2)))


def ticket_2022() -> tuple[bytes, bytes]:
    """The PAC of Windows Server 2022, and the EncTicketPart around it."""
    decoded = decode(corpus_file("w2022_ticket_full_checksum"))
    cipher = next(node.value for path, node in walk(decoded.root) if path.endswith("cipher"))
    assert isinstance(cipher, bytes)
    ticket = SERVER_2022.decrypt(2, cipher)
    ad_type = tlv(0xA0, integer(128))
    # Behind the ad-type stand tag and length of the field and of the octets, the lengths in three bytes.
    start = ticket.index(ad_type) + len(ad_type) + 4 + 4
    size = int.from_bytes(ticket[start - 2 : start])
    return ticket[start : start + size], ticket


@needs_corpus
def test_all_four_signatures_of_windows_server_2022_verify() -> None:
    pac, ticket = ticket_2022()
    assert [each.ul_type for each in find_signatures(pac)] == [SERVER, KDC, TICKET, EXTENDED_KDC]
    assert verdicts(pac, ticket, SERVER_2022, KRBTGT_2022) == [True] * 4
    assert verdicts(pac, ticket, KRBTGT_2022, SERVER_2022) == [False] * 4


@needs_corpus
def test_no_flipped_bit_of_a_windows_pac_goes_unnoticed() -> None:
    """With both keys; with the service's alone, the KDC's own signature is not covered."""
    whole, ticket = ticket_2022()
    assert verdicts(whole, ticket, SERVER_2022, KRBTGT_2022) == [True] * 4
    for at in range(8 * len(whole)):
        pac = bytearray(whole)
        pac[at // 8] ^= 1 << at % 8
        assert verdicts(bytes(pac), ticket, SERVER_2022, KRBTGT_2022) != [True] * 4, at
    old = corpus_file("saved_pac")
    server, kdc = (Key(etype, h(key)) for _, _, etype, key in WINDOWS[:2])
    assert both(old, server, kdc)
    for at in range(8 * len(old)):
        pac = bytearray(old)
        pac[at // 8] ^= 1 << at % 8
        assert not both(bytes(pac), server, kdc), at


def both(pac: bytes, server: Key, kdc: Key) -> bool:
    try:
        signatures = find_signatures(pac)
        return verify(pac, signatures, SERVER, server) and verify(pac, signatures, KDC, kdc)
    except (PacError, UnsupportedChecksum):
        return False


@needs_corpus
def test_no_flipped_bit_of_a_windows_ticket_goes_unnoticed_outside_of_the_pac() -> None:
    pac, ticket = ticket_2022()
    start = ticket.index(pac)
    assert verdicts(pac, ticket, SERVER_2022, KRBTGT_2022) == [True] * 4
    for at in (*range(8 * start), *range(8 * (start + len(pac)), 8 * len(ticket))):
        altered = bytearray(ticket)
        altered[at // 8] ^= 1 << at % 8
        assert verdicts(pac, bytes(altered), SERVER_2022, KRBTGT_2022) != [True] * 4, at


@needs_corpus
@pytest.mark.parametrize("name", ["fuzz1", "fuzz2"])
def test_what_mit_refuses_is_refused(name: str) -> None:
    with pytest.raises(PacError):
        find_signatures(corpus_file(name))


# What is signed ------------------------------------------------------------------------------------------------------


def hmac_md5(key: bytes, data: bytes) -> bytes:
    """KERB_CHECKSUM_HMAC_MD5 with usage 17, straight from RFC 4757 section 4."""
    signing = hmac.digest(key, b"signaturekey\0", "md5")
    return hmac.digest(signing, hashlib.md5(b"\x11\0\0\0" + data).digest(), "md5")


@pytest.mark.parametrize("service", [Key(23, b"k" * 16), Key(18, b"k" * 32), Key(3, b"k" * 8)])
def test_hmac_md5_goes_with_a_key_of_any_type(service: Key) -> None:
    pac, _ = signed(-138, 16, service=service)
    server, kdc, _, _ = find_signatures(pac)
    zeroed = put(put(pac, server, bytes(16)), kdc, bytes(16))
    assert pac[server.offset : server.offset + 16] == hmac_md5(service.value, zeroed)
    assert pac[kdc.offset : kdc.offset + 16] == hmac_md5(KRBTGT.value, hmac_md5(service.value, zeroed))


@pytest.mark.parametrize(("kind", "etype", "size"), [(15, 17, 12), (16, 18, 12), (19, 19, 16), (20, 20, 24)])
def test_the_checksums_of_aes_go_with_keys_of_their_type(kind: int, etype: int, size: int) -> None:
    service, krbtgt = (Key(etype, bytes([fill]) * enctype(etype).key_size) for fill in (1, 2))
    pac, ticket = signed(kind, size, service=service, krbtgt=krbtgt)
    signatures = find_signatures(pac)
    assert {(each.signature_type, each.size, each.trailer) for each in signatures} == {(kind, size, 0)}
    assert verdicts(pac, ticket, service, krbtgt) == [True] * 4
    with pytest.raises(UnsupportedChecksum, match=f"key of type {etype}"):
        verify(pac, signatures, SERVER, Key(23, b"k" * 16))


def test_what_each_signature_is_made_of() -> None:
    pac, ticket = signed()
    signatures = find_signatures(pac)
    server, kdc, own, extended = signatures
    zeroed = put(put(pac, server, bytes(12)), kdc, bytes(12))
    assert signed_data(pac, signatures, SERVER) == zeroed
    assert signed_data(pac, signatures, EXTENDED_KDC) == put(zeroed, extended, bytes(12))
    assert signed_data(pac, signatures, KDC) == pac[server.offset : server.offset + 12]
    assert signed_data(pac, signatures, TICKET, ticket) == ticket_with(b"\0")
    assert pac[own.offset : own.offset + 12] in signed_data(pac, signatures, SERVER)
    assert [each.name for each in signatures] == [
        "server signature", "KDC signature", "ticket signature", "extended KDC signature"
    ]  # fmt: skip


def test_no_altered_bit_of_a_pac_or_its_ticket_goes_unnoticed() -> None:
    pac, ticket = signed()
    assert verdicts(pac, ticket) == [True] * 4
    for at in range(8 * len(pac)):
        altered = bytearray(pac)
        altered[at // 8] ^= 1 << at % 8
        assert verdicts(bytes(altered), ticket) != [True] * 4, at
    other = ticket.replace(b"20261122", b"20361122")
    assert verdicts(pac, other) == [True, True, False, True]


def test_an_identifier_of_a_read_only_domain_controller_is_told_and_counts_as_zeros() -> None:
    pac, ticket = signed(rodc=b"\x34\x12")
    signatures = find_signatures(pac)
    assert [rodc_identifier(pac, each) for each in signatures] == [None, 0x1234, 0x1234, 0x1234]
    assert [each.trailer for each in signatures] == [0, 2, 2, 2]
    assert verdicts(pac, ticket) == [True] * 4
    kdc, extended = signatures[1], signatures[3]
    for ul_type, zeroed in ((SERVER, (kdc,)), (EXTENDED_KDC, (kdc, extended))):
        data = signed_data(pac, signatures, ul_type)
        for each in zeroed:
            assert data[each.offset : each.offset + 14] == bytes(14)


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [0, 1, 2, 7, 10, 12, 14, 17, -131, -137, 1 << 30])
def test_a_checksum_that_needs_no_key_or_is_none_for_a_pac_is_refused(kind: int) -> None:
    pac = pac_of((SERVER, blank(kind, 16)), (KDC, blank(kind, 16)))
    signatures = find_signatures(pac)
    assert [each.signature_type for each in signatures] == [kind, kind]
    for ul_type in (SERVER, KDC):
        with pytest.raises(UnsupportedChecksum):
            verify(pac, signatures, ul_type, SERVICE)


def test_a_signature_that_is_not_there_or_there_twice_is_refused() -> None:
    own = blank(16, 12)
    for buffers, message in (
        ([(KDC, own)], "no server signature$"),
        ([(SERVER, own)], "no KDC signature$"),
        ([(SERVER, own), (SERVER, own), (KDC, own)], "2 server signatures$"),
        ([(SERVER, own), (KDC, own), (KDC, own)], "2 KDC signatures$"),
    ):
        pac = pac_of(*buffers)
        with pytest.raises(PacError, match=message):
            verify(pac, find_signatures(pac), SERVER, SERVICE)
    pac = pac_of((SERVER, own), (KDC, own))
    for ul_type in (TICKET, EXTENDED_KDC):
        with pytest.raises(PacError, match=r"no (ticket|extended KDC) signature"):
            verify(pac, find_signatures(pac), ul_type, KRBTGT, b"")


def test_the_ticket_signature_takes_a_ticket_with_a_pac() -> None:
    pac, ticket = signed()
    signatures = find_signatures(pac)
    with pytest.raises(PacError, match="takes the ticket"):
        verify(pac, signatures, TICKET, KRBTGT)
    for other in (b"", b"\x63\x80", tlv(0x62, ticket[2:]), tlv(0x63, tlv(0x30)), ticket[:-1]):
        with pytest.raises(PacError):
            verify(pac, signatures, TICKET, KRBTGT, other)
    same = PacSignature(SERVER, 16, 4, 12)
    assert (same.trailer, rodc_identifier(pac, same)) == (0, None)
    bare = tlv(0x63, tlv(0x30, fields(10, tlv(0x30, item(128, pac)))))
    with pytest.raises(PacError, match="no PAC"):
        without_pac(bare)
    for longer in (
        tlv(0x63, ticket[4:], b"\0"),
        ticket.replace(tlv(0xA0, integer(128)), tlv(0xA0, integer(128), b"\5\0")),
    ):
        with pytest.raises(PacError):
            without_pac(longer)
    # What pads an encrypted text stays behind it.
    assert without_pac(ticket + bytes(7)) == ticket_with(b"\0")


def test_as_many_buffers_are_read_as_there_is_room_for() -> None:
    pac = pac_of((1, b""), (2, b""))
    assert len(pac) == 8 + 2 * 16
    assert find_signatures(pac) == find_signatures(bytes(8)) == []
    for count in (3, 4, 99, 1 << 31):
        with pytest.raises(PacError, match=f"a PAC of 40 bytes with {count} buffers"):
            find_signatures(count.to_bytes(4, "little") + pac[4:])
    assert find_signatures(pac_of(*[(1, b"")] * 1000)) == []
    with pytest.raises(PacError, match="1001 buffers"):
        find_signatures(pac_of(*[(1, b"")] * 1001))
    with pytest.raises(PacError, match="not 7"):
        find_signatures(bytes(7))


@pytest.mark.parametrize(("size", "offset"), [(200, 24), (16, 25), (16, 1 << 63), (3, 24), (0, 24)])
def test_a_buffer_outside_of_the_pac_is_refused(size: int, offset: int) -> None:
    pac = pac_of((SERVER, blank(16, 12)))
    pac = pac[:12] + size.to_bytes(4, "little") + offset.to_bytes(8, "little") + pac[24:]
    with pytest.raises(PacError, match=f"the server signature has {size} bytes at {offset} of a PAC of 40"):
        find_signatures(pac)


def test_a_place_beyond_the_pac_is_refused() -> None:
    pac = pac_of((SERVER, blank(16, 12)), (KDC, blank(16, 12)))
    for place in ((len(pac) - 11, 12), (-1, 12), (0, -1)):
        signatures = [PacSignature(SERVER, 16, *place), PacSignature(KDC, 16, 60, 12)]
        with pytest.raises(PacError):
            verify(pac, signatures, SERVER, SERVICE)


def test_a_signature_shorter_than_its_type_does_not_verify() -> None:
    pac = pac_of((SERVER, blank(16, 4)), (KDC, blank(16, 12)))
    assert not verify(pac, find_signatures(pac), SERVER, SERVICE)


@given(st.binary(max_size=200))
def test_anything_else_is_no_pac_and_no_ticket(data: bytes) -> None:
    for call, head in ((find_signatures, b""), (find_signatures, b"\3\0\0\0\0\0\0\0\6\0\0\0"), (without_pac, b"")):
        raises_only(call, head + data)
    for ticket in (tlv(0x63, tlv(0x30, fields(10, data))), tlv(0x63, tlv(0x30, fields(10, tlv(0x30, item(1, data)))))):
        raises_only(without_pac, ticket)


def raises_only(call: Any, data: bytes) -> None:
    with suppress(PacError):
        call(data)
