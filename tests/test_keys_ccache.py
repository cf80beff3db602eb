"""Credential caches and .kirbi files: read as MIT reads them, in every version; what is wrong is said, never raised."""

from __future__ import annotations

import re
import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import der, kdc
from builders.ccache import CONF_NAME, KRBTGT, Writer
from hypothesis import given
from hypothesis import strategies as st

from secctx.decoders import decode
from secctx.keys.ccache import Ccache, CcacheError, Credential, read_ccache
from secctx.keys.kirbi import Kirbi, read_kirbi

ORACLE = runpy.run_path(str(Path(__file__).parent / "oracles" / "tokens.py"))
MIT = ORACLE["CORPUS"] / "mit_krb5"
FILES = Path(__file__).parent / "data" / "keyfiles"
VERSIONS = (1, 2, 3, 4)
WHOLE = Writer().cache(Writer().credential())


def whole(data: bytes) -> Ccache:
    cache = read_ccache(data)
    assert cache.problem is None
    return cache


def only(data: bytes) -> Credential:
    (found,) = whole(data).credentials
    return found


# Caches that MIT wrote -----------------------------------------------------------------------------------------------

#: What klist -f calls a flag.
LETTERS = {
    1: "F", 2: "f", 3: "P", 4: "p", 5: "D", 6: "d", 7: "i", 8: "R", 9: "I", 10: "A", 11: "H", 12: "T", 13: "O", 16: "a",
}  # fmt: skip
NAMED = {17: "aes128-cts-hmac-sha1-96", 18: "aes256-cts-hmac-sha1-96", 23: "DEPRECATED:arcfour-hmac"}


def klist(cache: Ccache) -> str:
    """The cache as `klist -e -f -a -n -C` shows it, from what was read."""

    def day(time: datetime | None) -> str:
        assert time is not None
        return f"{time:%m/%d/%y %H:%M:%S}"

    def etype(data: bytes) -> str:
        part = decode(data).root.child("enc-part")
        assert part is not None
        return NAMED[part.children[0].value]  # type: ignore[index]

    assert cache.client is not None
    lines = [f"Default principal: {cache.client.text}", "", "Valid starting     Expires            Service principal"]
    shown: list[tuple[int, list[str]]] = []
    for setting in cache.settings:
        about = "" if setting.principal is None else f"({setting.principal})"
        shown.append(
            (setting.entry, [f"config: {setting.name}{about} = {setting.value.decode()}", "\tAddresses: (none)"])
        )
    for found in cache.credentials:
        assert found.server is not None
        assert found.key is not None
        assert found.flags is not None
        letters = "".join(letter for bit, letter in LETTERS.items() if found.flags >> (31 - bit) & 1)
        hosts = ", ".join(
            ".".join(map(str, item.value)) if item.type == 2 else "fd00::" + item.value[-1:].hex().lstrip("0")
            for item in found.addresses
        )
        shown.append((found.entry, [
            f"{day(found.starttime)}  {day(found.endtime)}  {found.server.text}",
            f"\trenew until {day(found.renew_till)}, Flags: {letters}",
            f"\tEtype (skey, tkt): {NAMED[found.key.etype]}, {etype(found.ticket.data)} ",
            f"\tAddresses: {hosts or '(none)'}",
        ]))  # fmt: skip
    for _, text in sorted(shown):
        lines += text
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["mit-1", "mit-2", "mit-3", "mit-4", "mit-addresses"])
def test_a_cache_that_kinit_and_kvno_wrote_says_what_klist_says(name: str) -> None:
    cache = whole((FILES / f"{name}.ccache").read_bytes())
    listed = (FILES / f"{name}.klist").read_text("utf-8")
    # klist's order of the letters is its own.
    letters = re.compile(r"(?<=Flags: )\w+")
    alike = [letters.sub(lambda found: "".join(sorted(found.group())), text) for text in (klist(cache), listed)]
    assert alike[0] == alike[1]


def test_the_same_logon_reads_the_same_in_all_four_versions() -> None:
    caches = [whole((FILES / f"mit-{version}.ccache").read_bytes()) for version in VERSIONS]
    assert [(cache.version, cache.byte_order) for cache in caches] == [
        (1, "little"), (2, "little"), (3, "big"), (4, "big"),
    ]  # fmt: skip
    for cache in caches:
        assert [found.server and found.server.text for found in cache.credentials] == [
            "krbtgt/MIT.EXAMPLE@MIT.EXAMPLE",
            "HTTP/web.mit.example@MIT.EXAMPLE",
            "HTTP/rc4.mit.example@MIT.EXAMPLE",
            "alice@MIT.EXAMPLE",
        ]
        # The last was asked for with the TGT of its user: user-to-user.
        assert [found.is_skey for found in cache.credentials] == [False, False, False, True]
        assert [bool(found.second_ticket.data) for found in cache.credentials] == [False, False, False, True]
        for found in cache.credentials:
            assert decode(found.ticket.data).message == "Ticket"
            assert decode(found.ticket.data).error is None
    assert [cache.time_offset for cache in caches] == [None, None, None, timedelta(0)]


PRINCIPALS = {
    1: "020000000b0000004b5242544553542e434f4d0a00000074657374636c69656e74",
    2: "01000000010000000b0000004b5242544553542e434f4d0a00000074657374636c69656e74",
    4: "00000001000000010000000b4b5242544553542e434f4d0000000a74657374636c69656e74",
}


@pytest.mark.parametrize("version", PRINCIPALS)
@pytest.mark.skipif(not MIT.is_dir(), reason="the collection is not here")
def test_mits_own_example_has_the_values_that_its_test_asserts(version: int) -> None:
    head = bytes((5, version)) + (bytes.fromhex("000c000100080000012c0000d431") if version == 4 else b"")
    creds = b"".join(
        (MIT / "fuzz" / "marshal_cred" / f"cred_{number}_input_{version}.bin").read_bytes() for number in (1, 2)
    )
    cache = whole(head + bytes.fromhex(PRINCIPALS[version]) + creds)
    assert cache.client is not None
    assert cache.client.text == "testclient@KRBTEST.COM"
    assert cache.time_offset == (timedelta(seconds=300, microseconds=54321) if version == 4 else None)
    one, two = cache.credentials
    assert one.client is not None
    assert one.client.components == ("testclient",)
    assert one.server is not None
    assert (one.server.realm, one.server.components) == ("EXAMPLE.COM", ("test", "host"))
    assert one.key is not None
    assert (one.key.etype, one.key.value) == (17, bytes(range(16)))
    assert [time and time.timestamp() for time in (one.authtime, one.starttime, one.endtime, one.renew_till)] == [
        11, 222, 3333, 1_000_000_000,
    ]  # fmt: skip
    assert (one.is_skey, one.flags) == (False, 0x40800000)
    assert [(item.type, item.value) for item in one.addresses] == [(2, bytes((10, 0, 0, 1)))]
    assert [(item.type, item.value) for item in one.authdata] == [(512, b"signticket"), (-100, b"")]
    assert (one.ticket.data, one.second_ticket.data) == (b"ticket", b"")
    assert two.server is not None
    assert (two.server.realm, two.server.components) == ("", ())
    assert two.key is not None
    assert (two.key.etype, two.key.value) == (23, bytes(range(15, -1, -1)))
    assert (two.authtime, two.starttime, two.endtime, two.renew_till) == (None, None, None, None)
    assert (two.is_skey, two.flags, two.removed) == (True, 0, False)
    assert (two.addresses, two.authdata) == ((), ())
    assert (two.ticket.data, two.second_ticket.data) == (b"ticket", b"2ticket")


# What else a cache can hold ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("byte_order", ["big", "little"])
@pytest.mark.parametrize("version", [1, 2])
def test_an_old_cache_is_read_in_the_byte_order_that_fits(version: int, byte_order: str) -> None:
    write = Writer(version, byte_order)  # type: ignore[arg-type]
    cache = whole(write.cache(write.credential(), write.credential(KRBTGT)))
    assert (cache.byte_order, len(cache.credentials)) == (byte_order, 2)
    assert cache.client is not None
    assert cache.client.text == "alice@LAB.EXAMPLE"
    assert cache.client.name_type == (None if version == 1 else 1)


def test_version_4_is_big_endian_even_where_the_other_order_would_fit() -> None:
    cache = read_ccache(Writer(4, "little").cache(Writer(4, "little").credential()))
    assert cache.problem is not None
    assert cache.byte_order == "big"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_a_credential_is_read(version: int) -> None:
    write = Writer(version)
    ticket = der.ticket()
    body = write.credential(
        etype=-133,
        key=b"K" * 16,
        times=(1_700_000_000, 1_700_000_060, 0xFFFFFFFE, 5),
        is_skey=1,
        flags=0xFFFFFFFF,
        addresses=[(2, b"\xc0\0\2\1"), (24, bytes(16))],
        authdata=[(1, b"one"), (-2, b"")],
        ticket=ticket,
        second=b"2",
    )
    data = write.cache(body)
    found = only(data)
    assert found.key is not None
    assert (found.key.etype, found.key.value) == (-133, b"K" * 16)
    assert found.authtime == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert found.endtime == datetime(2106, 2, 7, 6, 28, 14, tzinfo=UTC)
    assert found.renew_till == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert (found.is_skey, found.flags, found.removed) == (True, 0xFFFFFFFF, False)
    assert [(item.type, item.value) for item in found.addresses] == [(2, b"\xc0\0\2\1"), (24, bytes(16))]
    assert [(item.type, item.value) for item in found.authdata] == [(1, b"one"), (-2, b"")]
    assert data[found.ticket.offset :][: len(ticket)] == found.ticket.data == ticket
    assert data[found.offset :][: found.size] == body
    assert data[found.second_ticket.offset :] == found.second_ticket.data == b"2"


def test_settings_are_told_from_tickets() -> None:
    write = Writer()
    tgt = "krbtgt/LAB.EXAMPLE@LAB.EXAMPLE"
    cache = whole(
        write.cache(
            write.setting("fast_avail", b"yes", tgt),
            write.credential(),
            write.setting("refresh_time", b"1000"),
            write.setting("pa_type", b"2", tgt, realm="X-RMED-CONF:"),
        )
    )
    assert [(item.entry, item.name, item.principal, item.value, item.removed) for item in cache.settings] == [
        (1, "fast_avail", tgt, b"yes", False),
        (3, "refresh_time", None, b"1000", False),
        (4, "pa_type", tgt, b"2", True),
    ]
    assert [found.entry for found in cache.credentials] == [2]


@pytest.mark.parametrize(
    "server",
    [
        ("LAB.EXAMPLE", [CONF_NAME, "x"]),
        ("X-CACHECONF:", [CONF_NAME]),
        ("X-CACHECONF:", ["x", "y"]),
        ("X-CACHECONF:", []),
        ("X-CACHECONF:", [CONF_NAME, "a", "b", "c"]),
    ],
)
def test_what_only_resembles_a_setting_is_a_ticket(server: tuple[str, list[str]]) -> None:
    assert only(Writer().cache(Writer().credential(server))).ticket.data == b""


def test_a_removed_ticket_is_known_by_its_times() -> None:
    write = Writer()
    removed = only(write.cache(write.credential(times=(0xFFFFFFFF, 5, 0, 6))))
    assert (removed.removed, removed.authtime, removed.endtime) == (True, None, None)
    for times in ((0xFFFFFFFF, 5, 7, 6), (5, 5, 0, 6), (0, 0, 0, 0)):
        assert not only(write.cache(write.credential(times=times))).removed


def test_unknown_header_fields_are_stepped_over_and_the_time_offset_is_signed() -> None:
    write = Writer()
    header = write.header((7, b"abc"), (1, (-5).to_bytes(4, "big", signed=True) + b"\0\0\0\7"), (9, b""))
    cache = whole(write.cache(write.credential(), header=header))
    assert (cache.tags, cache.time_offset) == ((7, 9), timedelta(seconds=-5, microseconds=7))
    assert whole(write.cache(header=write.header())).time_offset is None


@pytest.mark.parametrize(
    ("data", "offset", "entry", "expected"),
    [
        (b"\5\4", 2, None, "the length of the header"),
        (b"\5\4\0\4\0\1\0\1", 8, None, "a header field"),
        (b"\5\4\0\x05\0\1\0\1\0", 4, None, "a time offset in 8 bytes"),
        (b"\5\4\xff\0", 4, None, "a header in 65280 bytes"),
        (b"\5\4\0\3\0\1\0", 6, None, "the length of a header field"),
        (b"\5\3", 2, None, "the name type of the default principal"),
        (b"\5\3\0\0\0\1\x7f\xff\xff\xff\0\0\0\0", 6, None, "no more components than 4 bytes can hold"),
        (Writer(3).cache(b"\0"), len(Writer(3).cache()), 1, "the name type of the client"),
        (
            Writer(3).cache(Writer(3).credential(), b"\0"),
            len(Writer(3).cache(Writer(3).credential())),
            2,
            "the name type of the client",
        ),
        (
            Writer(4).cache(Writer(4).credential()[:-1]),
            len(Writer(4).cache(Writer(4).credential())) - 4,
            1,
            "the length of the second ticket",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: bytes, offset: int, entry: int | None, expected: str) -> None:
    problem = read_ccache(data).problem
    assert problem is not None
    assert expected in problem.expected
    assert (problem.offset, problem.entry) == (offset, entry)


@pytest.mark.parametrize("data", [b"", b"\5", b"\5\0", b"\5\5", b"\4\4", b"\x60\4"])
def test_what_begins_otherwise_is_no_cache(data: bytes) -> None:
    with pytest.raises(CcacheError, match="05 01 to 05 04"):
        read_ccache(data)


@pytest.mark.parametrize("byte_order", ["big", "little"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_cache_cut_anywhere_keeps_the_entries_before_the_cut(version: int, byte_order: Any) -> None:
    write = Writer(version, byte_order if version < 3 else "big")
    first, second = write.credential(), write.setting("pa_type", b"2")
    start = len(write.cache())
    data = write.cache(first, second)
    ends = {start: 0, start + len(first): 1, len(data): 2}
    for cut in range(2, len(data) + 1):
        cache = read_ccache(data[:cut])
        assert (cache.problem is None) == (cut in ends)
        assert (cache.client is not None) == (cut >= start)
        if cache.client is not None:
            assert cache.byte_order == write.byte_order
            there = max(count for end, count in ends.items() if end <= cut)
            assert len(cache.credentials) + len(cache.settings) == there


@pytest.mark.parametrize("version", VERSIONS)
def test_flipped_bits_never_raise(version: int) -> None:
    data = bytearray((FILES / f"mit-{version}.ccache").read_bytes()[:900])
    for at in range(2, len(data)):
        for bit in (0, 3, 7):
            data[at] ^= 1 << bit
            read_ccache(bytes(data))
            data[at] ^= 1 << bit


@given(st.sampled_from(VERSIONS), st.binary(max_size=300))
def test_any_bytes_are_read_without_raising(version: int, rest: bytes) -> None:
    cache = read_ccache(bytes((5, version)) + rest)
    for found in cache.credentials:
        assert found.offset + found.size <= 2 + len(rest)


def test_counts_beyond_the_file_make_nothing_large() -> None:
    write = Writer()
    body = write.credential()
    at = len(body) - 16  # the number of addresses
    huge = body[:at] + b"\xff\xff\xff\xff" + body[at + 4 :]
    problem = read_ccache(write.cache(huge)).problem
    assert problem is not None
    assert "no more addresses than 12 bytes can hold" in problem.expected


def test_neither_cache_nor_error_shows_a_key_or_the_value_of_a_setting() -> None:
    write, key = Writer(), bytes(range(32))
    password = b"correct horse battery"
    data = write.cache(write.credential(key=key), write.setting("password", password), write.credential(key=key)[:-1])
    cache = read_ccache(data)
    assert cache.problem is not None
    shown = f"{cache!r} {cache} {cache.problem}"
    for secret in (key, password):
        for form in (repr(secret)[2:-1], secret.hex(), repr(secret[:8])[2:-1]):
            assert form not in shown


# .kirbi --------------------------------------------------------------------------------------------------------------


def enc_part(*infos: bytes) -> bytes:
    return der.tlv(0x7D, der.tlv(0x30, der.fields(0, der.tlv(0x30, *infos), der.integer(7))))


def info(key: bytes = b"k" * 32, server: tuple[str, ...] = ("HTTP", "web")) -> bytes:
    return der.tlv(0x30, der.fields(
        0,
        der.tlv(0x30, der.fields(0, der.integer(18), der.tlv(4, key))),
        der.text("LAB.EXAMPLE"),
        der.principal(1, "alice"),
        der.tlv(3, b"\0\x40\xa1\0\0"),
        der.time("20261122082011Z"),
        der.time("20261122082012Z"),
        der.time("20261122182011Z"),
        None,
        der.text("LAB.EXAMPLE"),
        der.principal(2, *server),
        der.tlv(0x30, kdc.address(2, b"\xc0\0\2\1")),
    ))  # fmt: skip


def kirbi(inner: bytes, *tickets: bytes, etype: int = 0) -> bytes:
    given_tickets = der.tlv(0x30, *tickets)
    body = der.fields(0, der.integer(5), der.integer(22), given_tickets, der.encrypted(etype, None, inner))
    return der.tlv(0x76, der.tlv(0x30, body))


def read(data: bytes) -> Kirbi:
    found = read_kirbi(data)
    assert found is not None
    return found


def test_a_kirbi_gives_its_tickets_with_their_keys() -> None:
    data = kirbi(enc_part(info(), info(b"x" * 16, ("cifs", "fs"))), der.ticket(), der.ticket())
    found = read(data)
    assert found.problem is None
    one, two = found.credentials
    assert one.client is not None
    assert one.server is not None
    assert one.key is not None
    assert two.server is not None
    assert two.key is not None
    assert (one.client.text, one.server.text) == ("alice@LAB.EXAMPLE", "HTTP/web@LAB.EXAMPLE")
    assert (one.key.etype, one.key.value, two.key.value) == (18, b"k" * 32, b"x" * 16)
    assert one.authtime == datetime(2026, 11, 22, 8, 20, 11, tzinfo=UTC)
    assert one.endtime == datetime(2026, 11, 22, 18, 20, 11, tzinfo=UTC)
    assert (one.renew_till, one.flags, one.is_skey) == (None, 0x40A10000, None)
    assert [(item.type, item.value) for item in one.addresses] == [(2, b"\xc0\0\2\1")]
    assert one.ticket.data == der.ticket() == data[one.offset :][: one.size]
    assert two.server.text == "cifs/fs@LAB.EXAMPLE"


@pytest.mark.skipif(not MIT.is_dir(), reason="the collection is not here")
def test_mits_reference_encodings_make_a_kirbi() -> None:
    whole_part = (MIT / "asn1" / "enc_cred_part.bin").read_bytes()
    found = read(kirbi(whole_part, der.ticket(), der.ticket()))
    assert found.problem is None
    assert {item.server and item.server.text for item in found.credentials} == {"hftsai/extra@ATHENA.MIT.EDU"}
    assert {item.key and item.key.value for item in found.credentials} == {b"12345678"}
    assert all(item.flags == 0xFEDCBA98 for item in found.credentials)
    bare = read(kirbi((MIT / "asn1" / "enc_cred_part_optionals_NULL.bin").read_bytes(), der.ticket(), der.ticket()))
    assert bare.problem is None
    assert (bare.credentials[0].server, bare.credentials[0].flags, bare.credentials[0].endtime) == (None, None, None)
    assert bare.credentials[1].server is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x76",
        kirbi(enc_part(info()), der.ticket(), etype=18),
        kirbi(b"cipher", der.ticket()),
        kdc.krb_priv(),
        kdc.krb_cred(),
    ],
)
def test_what_is_encrypted_or_something_else_is_no_kirbi(data: bytes) -> None:
    assert read_kirbi(data) is None


def test_keys_and_tickets_that_are_not_as_many_are_a_problem() -> None:
    fewer = read(kirbi(enc_part(info()), der.ticket(), der.ticket()))
    assert fewer.problem is not None
    assert (fewer.problem.expected, fewer.problem.found) == ("the keys of 2 tickets", "those of 1")
    assert [item.key is not None for item in fewer.credentials] == [True, False]
    more = read(kirbi(enc_part(info(), info()), der.ticket()))
    assert more.problem is not None
    assert [item.ticket.data != b"" for item in more.credentials] == [True, False]


def test_a_problem_within_the_part_has_its_place_in_the_file() -> None:
    inner = enc_part(info()).replace(der.time("20261122182011Z"), der.time("2026112218201 Z"))
    data = kirbi(inner, der.ticket())
    problem = read(data).problem
    assert problem is not None
    assert abs(problem.offset - data.index(b"2026112218201 Z")) <= 2


def test_a_kirbi_cut_or_changed_anywhere_never_raises() -> None:
    data = kirbi(enc_part(info()), der.ticket())
    assert read(data).problem is None
    for cut in range(len(data)):
        found = read_kirbi(data[:cut])
        assert found is None or found.problem is not None
    changed = bytearray(data)
    for at in range(len(data)):
        for bit in range(8):
            changed[at] ^= 1 << bit
            read_kirbi(bytes(changed))
            changed[at] ^= 1 << bit
