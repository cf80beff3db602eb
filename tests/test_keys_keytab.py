"""Keytabs: read as MIT and Heimdal read them, in both versions and byte orders; what is wrong is said, never raised."""

from __future__ import annotations

import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders.keytab import entry, hole, keytab
from hypothesis import example, given
from hypothesis import strategies as st

from secctx.keys.keytab import KeytabEntry, KeytabError, read_keytab

ORACLE = runpy.run_path(str(Path(__file__).parent / "oracles" / "tokens.py"))
LAB = ORACLE["LAB"] / "keytabs"
FUZZ = ORACLE["CORPUS"] / "mit_krb5" / "fuzz" / "keytab"
KEY = bytes(range(32))


def only(data: bytes) -> KeytabEntry:
    read = read_keytab(data)
    assert read.problem is None
    (found,) = read.entries
    return found


def test_an_entry_of_version_2_is_read_whole() -> None:
    data = keytab(entry((b"HTTP", b"web.lab.example"), etype=18, key=KEY, kvno=7, name_type=3, timestamp=1_700_000_000))
    found = only(data)
    assert (found.realm, found.components) == ("LAB.EXAMPLE", ("HTTP", "web.lab.example"))
    assert found.principal == "HTTP/web.lab.example@LAB.EXAMPLE"
    assert (found.etype, found.kvno, found.kvno8, found.kvno32, found.flags) == (18, 7, 7, None, None)
    assert found.name_type == 3
    assert found.timestamp == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert found.key.value == KEY
    assert (found.offset, found.size) == (6, len(data) - 6)


def test_neither_key_nor_keytab_nor_error_shows_the_key() -> None:
    read = read_keytab(keytab(entry(key=KEY), entry(key=KEY)[:-1]))
    shown = f"{read!r} {read} {read.problem} {read.entries[0].key!r}"
    assert read.problem is not None
    for form in (repr(KEY)[2:-1], KEY.hex(), KEY.hex(" "), repr(KEY[:8])[2:-1], KEY[:8].hex()):
        assert form not in shown


@pytest.mark.parametrize("byte_order", ["little", "big"])
def test_version_1_is_read_in_the_byte_order_that_fits(byte_order: str) -> None:
    entries = [
        entry((b"host", name), version=1, byte_order=byte_order, etype=17, key=b"k" * 16, kvno=2, timestamp=86_400)
        for name in (b"a.lab.example", b"b.lab.example")
    ]
    read = read_keytab(keytab(entries[0], hole(40, byte_order), entries[1], version=1))
    assert read.problem is None
    assert (read.version, read.byte_order) == (1, byte_order)
    assert [found.principal for found in read.entries] == [
        "host/a.lab.example@LAB.EXAMPLE",
        "host/b.lab.example@LAB.EXAMPLE",
    ]
    assert {(found.name_type, found.etype, found.kvno, found.timestamp.day) for found in read.entries} == {
        (None, 17, 2, 2)
    }
    assert [gap.size for gap in read.holes] == [40]


def test_version_2_is_big_endian_even_where_the_other_order_would_fit() -> None:
    read = read_keytab(keytab(entry(byte_order="little")))
    assert (read.byte_order, read.entries) == ("big", ())
    assert read.problem is not None


def test_version_1_with_the_realm_alone_has_no_component() -> None:
    assert only(keytab(entry((), version=1, byte_order="little"), version=1)).components == ()


def test_version_1_with_not_even_the_realm_is_a_problem() -> None:
    problem = read_keytab(keytab(b"\4\0\0\0" + bytes(4), version=1)).problem
    assert problem is not None
    assert problem.offset == 6
    assert "the realm" in problem.expected


@pytest.mark.parametrize(
    ("kvno", "kvno32", "expected"),
    [(5, None, 5), (5, 0, 5), (5, 5, 5), (44, 300, 300), (0, None, 0), (255, 0xFFFFFFFF, 0xFFFFFFFF)],
)
def test_the_key_version_of_32_bits_counts_unless_it_is_zero(kvno: int, kvno32: int | None, expected: int) -> None:
    found = only(keytab(entry(kvno=kvno, kvno32=kvno32)))
    assert found.kvno == expected
    assert found.kvno8 == kvno
    assert found.kvno32 == kvno32


def test_heimdals_flags_are_read() -> None:
    found = only(keytab(entry(kvno32=3, flags=0x10)))
    assert (found.kvno, found.flags) == (3, 0x10)


@pytest.mark.parametrize("slack", [b"\0", b"\0\0", b"\1\2\3", bytes(4), bytes(8), bytes(100)])
def test_an_entry_that_does_not_fill_its_record_is_read_like_one_that_does(slack: bytes) -> None:
    read = read_keytab(keytab(entry(slack=slack), entry((b"after",))))
    assert read.problem is None
    assert [(found.kvno, found.components) for found in read.entries] == [(3, ("HTTP", "web")), (3, ("after",))]


def test_holes_are_stepped_over_and_listed() -> None:
    read = read_keytab(keytab(hole(7), entry((b"a",)), hole(100), hole(1), entry((b"b",))))
    assert read.problem is None
    assert [found.principal for found in read.entries] == ["a@LAB.EXAMPLE", "b@LAB.EXAMPLE"]
    assert [gap.size for gap in read.holes] == [7, 100, 1]
    assert read.holes[0].offset == 6


@pytest.mark.parametrize("padding", [0, 1, 2, 3, 4, 5, 64, 4096])
def test_zeros_after_the_last_entry_are_no_problem(padding: int) -> None:
    read = read_keytab(keytab(entry(), bytes(padding)))
    assert (len(read.entries), read.problem) == (1, None)


def test_bytes_after_the_size_zero_that_ends_a_keytab_are_a_problem() -> None:
    """MIT stops there in silence, so the keys that follow are not found."""
    first = keytab(entry(), bytes(4))
    problem = read_keytab(first + entry()).problem
    assert problem is not None
    assert problem.offset == len(first) - 4
    assert problem.entry == 2


@pytest.mark.parametrize(
    ("components", "realm", "principal"),
    [
        ((b"a/b", b"c@d"), b"R", "a\\/b/c\\@d@R"),
        ((b"back\\slash",), b"R/S@T", "back\\\\slash@R/S\\@T"),
        ((b"tab\tline\nnul\0",), b"R", "tab\\tline\\nnul\\0@R"),
        (("bøb".encode(),), b"R", "bøb@R"),
        ((b"latin\xf8",), b"R", "latin\\\\xf8@R"),
        ((b"", b""), b"", "/@"),
    ],
)
def test_a_principal_is_written_as_klist_writes_it(components: tuple[bytes, ...], realm: bytes, principal: str) -> None:
    assert only(keytab(entry(components, realm))).principal == principal


@pytest.mark.parametrize(("etype", "expected"), [(0xFF7B, -133), (-133, -133), (3, 3)])
def test_the_encryption_type_is_a_signed_number(etype: int, expected: int) -> None:
    assert only(keytab(entry(etype=etype, key=b"k" * 8))).etype == expected


def test_the_last_time_of_32_bits_is_a_time() -> None:
    assert only(keytab(entry(timestamp=0xFFFFFFFF))).timestamp.year == 2106


@pytest.mark.parametrize(
    ("data", "found"),
    [(b"", "nothing"), (b"\5", "05"), (b"\5\3", "05 03"), (b"\4\2" + bytes(20), "04 02"), (b"BQIAAA==", "42 51")],
)
def test_what_is_no_keytab_is_refused(data: bytes, found: str) -> None:
    with pytest.raises(KeytabError) as caught:
        read_keytab(data)
    assert (caught.value.offset, caught.value.entry) == (0, None)
    assert (caught.value.expected, caught.value.found) == ("05 01 or 05 02", found)
    assert str(caught.value) == f"the keytab, byte 0: expected 05 01 or 05 02, found {found}"


def test_an_empty_keytab_is_one() -> None:
    assert read_keytab(b"\5\2").entries == ()
    assert read_keytab(b"\5\1").problem is None


@pytest.mark.parametrize(
    ("broken", "at", "message"),
    [
        (b"\0\0\0\x63" + bytes(10), 0, "expected an entry within the 10 bytes that are left, found one of 99 bytes"),
        (b"\x80\0\0\0" + bytes(10), 0, "expected a hole within the 10 bytes that are left, found one of 2147483648"),
        (b"\0\0\1", 0, "expected the size of an entry in 4 bytes, found 3 left"),
        (b"\0\0\0\1\0", 4, "expected the number of components in 2 bytes, found 1 left"),
        (b"\0\0\0\6\0\0\0\x09AB", 8, "expected the realm in 9 bytes, found 2 left"),
        (b"\0\0\0\7\0\2\0\1R\0\7", 11, "expected component 1 in 7 bytes, found 0 left"),
        (b"\0\0\0\x0a\0\0\0\1R\0\0\0\1\0", 13, "expected the timestamp in 4 bytes, found 1 left"),
        (b"\0\0\0\x16\0\0\0\1R" + bytes(9) + b"\0\x12\0\x20kkkk", 22, "expected the key in 32 bytes, found 4 left"),
    ],
)
def test_a_malformed_entry_says_where_what_and_keeps_those_before_it(broken: bytes, at: int, message: str) -> None:
    before = keytab(entry((b"a",)), entry((b"b",)))
    read = read_keytab(before + broken)
    assert [found.principal for found in read.entries] == ["a@LAB.EXAMPLE", "b@LAB.EXAMPLE"]
    assert read.problem is not None
    assert read.problem.entry == 3
    assert read.problem.offset == len(before) + at
    assert message in str(read.problem)
    assert str(read.problem).startswith(f"entry 3 of the keytab, byte {len(before) + at}: ")


SAMPLES = {
    "version 2": keytab(entry(kvno32=3, flags=0), hole(5), entry((b"b", b"c"), etype=17, key=b"k" * 16), bytes(4)),
    "version 1, little": keytab(
        entry(version=1, byte_order="little"), hole(5, "little"), entry(version=1, byte_order="little"), version=1
    ),
    "version 1, big": keytab(
        entry(version=1, byte_order="big"), entry((b"x",), version=1, byte_order="big"), version=1
    ),
}


def agrees(data: bytes) -> None:
    """Whatever the bytes: a keytab whose parts lie inside them, in order; or KeytabError where it is none."""
    try:
        read = read_keytab(data)
    except KeytabError:
        assert data[:2] not in (b"\5\1", b"\5\2")
        return
    parts = sorted([(found.offset, found.size) for found in (*read.entries, *read.holes)])
    at = 2
    for offset, size in parts:
        assert offset == at + 4
        at = offset + size
    assert at <= len(data)
    if read.problem is None:
        assert not data[at:].strip(b"\0")
    else:
        assert at <= read.problem.offset <= len(data)
        assert read.problem.entry == len(read.entries) + 1


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_truncation_keeps_the_entries_before_it(sample: bytes) -> None:
    whole = read_keytab(sample)
    for length in range(len(sample)):
        agrees(sample[:length])
        if length >= 2 and sample[1] == 2:
            kept = [found for found in whole.entries if found.offset + found.size <= length]
            cut = read_keytab(sample[:length])
            assert [found.principal for found in cut.entries] == [found.principal for found in kept]
            ends = [found.offset + found.size for found in (*whole.entries, *whole.holes)]
            done = max([2, *(end for end in ends if end <= length)])
            assert (cut.problem is None) == (not any(sample[done:length])), "zeros alone read as padding"


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_flipped_bit_is_read_or_named(sample: bytes) -> None:
    for at in range(len(sample)):
        for bit in range(8):
            agrees(sample[:at] + bytes((sample[at] ^ 1 << bit,)) + sample[at + 1 :])


@given(version=st.sampled_from([b"\5\1", b"\5\2", b""]), rest=st.binary(max_size=200))
@example(version=b"\5\2", rest=b"\xff\xff\xff\xff" * 40)
@example(version=b"\5\1", rest=b"\xff\xff\xff\xff" * 40)
def test_any_bytes_are_read_or_named(version: bytes, rest: bytes) -> None:
    agrees(version + rest)


@given(
    components=st.lists(st.binary(max_size=20), max_size=5).map(tuple),
    realm=st.binary(max_size=20),
    key=st.binary(max_size=64),
    etype=st.integers(-32768, 32767),
    kvno=st.integers(0, 255),
    kvno32=st.none() | st.integers(0, 0xFFFFFFFF),
    name_type=st.integers(-(1 << 31), (1 << 31) - 1),
    timestamp=st.integers(0, 0xFFFFFFFF),
)
def test_what_was_written_is_read(
    components: tuple[bytes, ...],
    realm: bytes,
    key: bytes,
    etype: int,
    kvno: int,
    kvno32: int | None,
    name_type: int,
    timestamp: int,
) -> None:
    written = entry(
        components,
        realm,
        key=key,
        etype=etype,
        kvno=kvno,
        kvno32=kvno32,
        name_type=name_type,
        timestamp=timestamp,
    )
    found = only(keytab(written))
    assert found.components == tuple(part.decode("utf-8", "backslashreplace") for part in components)
    assert found.realm == realm.decode("utf-8", "backslashreplace")
    assert (found.key.value, found.etype, found.name_type) == (key, etype, name_type)
    assert (found.kvno8, found.kvno32, found.kvno) == (kvno, kvno32, kvno32 or kvno)
    assert found.timestamp.timestamp() == timestamp


def test_a_large_keytab_is_read_in_one_walk() -> None:
    many = 20_000
    read = read_keytab(keytab(*[entry((b"a",), key=b"")] * many, *[hole(1)] * many, bytes(100_000)))
    assert (len(read.entries), len(read.holes), read.problem) == (many, many, None)


# The real ones: by MIT's kadmin (mit-*) and by Samba, which writes with Heimdal's library (ad-*).

lab = pytest.mark.skipif(not LAB.is_dir(), reason="the lab's keytabs are not here")


@lab
def test_every_keytab_of_the_lab_is_read_to_its_end() -> None:
    files = sorted(LAB.glob("*.keytab"))
    assert len(files) >= 26
    for path in files:
        data = path.read_bytes()
        read = read_keytab(data)
        assert (read.version, read.problem, read.holes) == (2, None, ()), path.name
        assert sum(found.size + 4 for found in read.entries) + 2 == len(data), path.name
        for found in read.entries:
            assert found.realm == ("MIT.EXAMPLE" if path.name.startswith("mit-") else "LAB.EXAMPLE")
            assert len(found.key.value) == found.key.enctype.key_size
            assert found.timestamp.date().isoformat() == "2026-11-22"
            assert found.kvno32 == found.kvno8
            assert found.flags == (None if path.name.startswith("mit-") else 0), "Heimdal has flags, MIT has none"


@lab
@pytest.mark.parametrize(
    ("name", "principal", "versions"),
    [
        ("mit-http-web", "HTTP/web.mit.example@MIT.EXAMPLE", [(18, 1), (17, 1), (20, 1), (19, 1), (23, 1)]),
        ("mit-http-stale", "HTTP/stale.mit.example@MIT.EXAMPLE", [(18, 1), (17, 1), (20, 1), (19, 1), (23, 1)]),
        ("mit-http-stale-kvno2", "HTTP/stale.mit.example@MIT.EXAMPLE", [(18, 2), (17, 2), (20, 2), (19, 2), (23, 2)]),
        ("mit-http-web-rc4only", "HTTP/web.mit.example@MIT.EXAMPLE", [(23, 1)]),
        ("ad-http-web", "HTTP/web.lab.example@LAB.EXAMPLE", [(18, 2), (17, 2), (23, 2)]),
        ("ad-http-stale-new", "HTTP/stale.lab.example@LAB.EXAMPLE", [(18, 3), (17, 3)]),
        ("ad-alice", "alice@LAB.EXAMPLE", [(18, 2), (17, 2), (23, 2)]),
        ("ad-krbtgt", "krbtgt/LAB.EXAMPLE@LAB.EXAMPLE", [(18, 1)]),
    ],
)
def test_a_keytab_of_the_lab_lists_what_the_lab_made(
    name: str, principal: str, versions: list[tuple[int, int]]
) -> None:
    read = read_keytab((LAB / f"{name}.keytab").read_bytes())
    assert {found.principal for found in read.entries} == {principal}
    assert [(found.etype, found.kvno) for found in read.entries] == versions


@lab
def test_a_name_beyond_ascii_is_read_as_utf_8() -> None:
    read = read_keytab((LAB / "ad-domain.keytab").read_bytes())
    assert "bøb@LAB.EXAMPLE" in {found.principal for found in read.entries}


@lab
@pytest.mark.parametrize("name", ["mit-http-aes128", "ad-http-rc4", "mit-http-web"])
def test_every_truncation_and_flipped_bit_of_a_real_keytab_is_read_or_named(name: str) -> None:
    data = (LAB / f"{name}.keytab").read_bytes()
    for length in range(len(data)):
        agrees(data[:length])
    for at in range(len(data)):
        for bit in range(8):
            agrees(data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :])


@pytest.mark.skipif(not FUZZ.is_dir(), reason="the collection is not here")
def test_the_seeds_of_mits_fuzzer_are_read_or_named() -> None:
    seeds = {path.name: read_keytab(path.read_bytes()) for path in FUZZ.iterdir()}
    assert len(seeds) >= 4
    for path in FUZZ.iterdir():
        agrees(path.read_bytes())
    assert seeds["v502_one_entry"].entries[0].principal == "user@REALM"
    assert seeds["version_only"].entries == seeds["version_0x501"].entries == ()
    problem = seeds["big_size"].problem
    assert problem is not None
    assert re.search(r"found one of \d+ bytes", str(problem))
