"""The statuses and flags of AcceptSecurityContext: every row of the semantic tables, and the traps."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secctx.acceptor import flags, status
from secctx.acceptor.tables import flags as flag_tables
from secctx.acceptor.tables import maps, statuses

SEMANTICS = Path(__file__).parents[2] / "shared" / "semantics"


def rows(name: str) -> list[dict[str, str]]:
    path = SEMANTICS / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


STATUS_ROWS = rows("status_codes.tsv")
KERBEROS_ROWS = rows("krb_error_map.tsv")
NTSTATUS_ROWS = rows("ntstatus_map.tsv")


@pytest.mark.skipif(not STATUS_ROWS, reason="the semantic tables are not beside the checkout")
@pytest.mark.parametrize("row", STATUS_ROWS, ids=lambda row: row["name"])
def test_every_status_of_the_table_is_ours_under_its_name_and_number(row: dict[str, str]) -> None:
    found = status.BY_NAME[row["name"]]
    assert found.value == int(row["hex"], 16)
    assert getattr(status, row["name"]) is found
    assert status.BY_VALUE[found.value] is found
    assert found.meaning != row["meaning"]


@pytest.mark.skipif(not STATUS_ROWS, reason="the semantic tables are not beside the checkout")
def test_no_status_of_ours_is_missing_in_the_table() -> None:
    assert set(status.BY_NAME) == {row["name"] for row in STATUS_ROWS}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEC_E_OK", 0),
        ("SEC_I_CONTINUE_NEEDED", 0x00090312),
        ("SEC_I_COMPLETE_NEEDED", 0x00090313),
        ("SEC_I_COMPLETE_AND_CONTINUE", 0x00090314),
        ("SEC_E_INSUFFICIENT_MEMORY", 0x80090300),
        ("SEC_E_INVALID_HANDLE", 0x80090301),
        ("SEC_E_UNSUPPORTED_FUNCTION", 0x80090302),
        ("SEC_E_INTERNAL_ERROR", 0x80090304),
        ("SEC_E_SECPKG_NOT_FOUND", 0x80090305),
        ("SEC_E_INVALID_TOKEN", 0x80090308),
        ("SEC_E_LOGON_DENIED", 0x8009030C),
        ("SEC_E_NO_CREDENTIALS", 0x8009030E),
        ("SEC_E_MESSAGE_ALTERED", 0x8009030F),
        ("SEC_E_OUT_OF_SEQUENCE", 0x80090310),
        ("SEC_E_NO_AUTHENTICATING_AUTHORITY", 0x80090311),
        ("SEC_E_CONTEXT_EXPIRED", 0x80090317),
        ("SEC_E_BUFFER_TOO_SMALL", 0x80090321),
        ("SEC_E_TIME_SKEW", 0x80090324),
        ("SEC_E_SECURITY_QOS_FAILED", 0x80090332),
        ("SEC_E_WRONG_CREDENTIAL_HANDLE", 0x80090336),
        ("SEC_E_BAD_BINDINGS", 0x80090346),
        ("SEC_E_INVALID_PARAMETER", 0x8009035D),
        ("SEC_E_POLICY_NLTM_ONLY", 0x8009035F),
    ],
)
def test_the_statuses_that_an_acceptor_returns_have_the_numbers_of_winerror(name: str, value: int) -> None:
    assert status.BY_NAME[name].value == value


def test_a_status_is_a_success_if_it_is_not_negative() -> None:
    for found in status.BY_NAME.values():
        assert found.is_success == (found.signed >= 0) == (found.name == "SEC_E_OK" or found.name.startswith("SEC_I_"))


def test_a_status_reads_as_hex_and_as_signed_and_unsigned_decimal() -> None:
    denied = status.SEC_E_LOGON_DENIED
    assert (denied.hex, denied.value, denied.signed) == ("0x8009030C", 2148074252, -2146893044)


def test_second_names_stand_for_the_same_status() -> None:
    assert status.SEC_E_NOT_SUPPORTED is status.SEC_E_UNSUPPORTED_FUNCTION
    assert status.SEC_E_NO_SPM is status.SEC_E_INTERNAL_ERROR
    assert status.find("SEC_E_POLICY_NTLM_ONLY") is status.SEC_E_POLICY_NLTM_ONLY


def test_four_endings_are_shared_by_an_error_and_a_success() -> None:
    endings = Counter(value & 0x7FFFFFFF for value in status.BY_VALUE)
    assert {ending & 0xFFF for ending, times in endings.items() if times > 1} == {0x316, 0x317, 0x320, 0x321}


def test_only_the_two_known_numbers_have_two_names() -> None:
    times = Counter(found.value for found in status.BY_NAME.values())
    assert {value for value, count in times.items() if count > 1} == {0x80090302, 0x80090304}
    assert not set(statuses.ACCEPTOR) & set(statuses.OTHERS)


def test_the_number_that_documentation_prints_for_an_invalid_handle_is_no_status() -> None:
    assert status.WRONG_INVALID_HANDLE == 0x80100003
    assert status.WRONG_INVALID_HANDLE not in status.BY_VALUE


def test_a_meaning_says_what_happened_and_after_one_semicolon_what_to_do() -> None:
    for found in status.BY_NAME.values():
        assert found.happened
        assert found.meaning.count("; ") <= 1
        assert not found.meaning.endswith(".")
    assert status.SEC_I_CONTINUE_NEEDED.advice.startswith("send the output")


@pytest.mark.parametrize("text", ["SEC_E_LOGON_DENIED", "sec_e_logon_denied", "LOGON_DENIED", " logon_denied "])
def test_a_status_is_found_by_its_name_however_it_is_written(text: str) -> None:
    assert status.find(text) is status.SEC_E_LOGON_DENIED


def test_a_status_is_found_by_its_number_signed_or_not_and_others_name_themselves() -> None:
    assert status.of_value(-2146893044) is status.SEC_E_LOGON_DENIED
    assert status.of_value(0xC000006D).name == "0xC000006D"


# What maps to a status.


@pytest.mark.skipif(not NTSTATUS_ROWS, reason="the semantic tables are not beside the checkout")
@pytest.mark.parametrize("row", NTSTATUS_ROWS, ids=lambda row: row["ntstatus"])
def test_every_ntstatus_of_the_table_maps_as_there(row: dict[str, str]) -> None:
    found = status.of_ntstatus(int(row["hex"], 16))
    assert found is not None
    assert (found.name, found.status.name) == (row["ntstatus"], row["security_status"])


@pytest.mark.skipif(not KERBEROS_ROWS, reason="the semantic tables are not beside the checkout")
@pytest.mark.parametrize("row", KERBEROS_ROWS, ids=lambda row: row["krb_error"])
def test_every_kerberos_error_of_the_table_maps_as_recommended_there(row: dict[str, str]) -> None:
    found = status.of_kerberos(int(row["number"]))
    assert found is not None
    assert found.name == row["krb_error"]
    words = row["note"].replace(",", " ").replace(";", " ").split()
    if "recommend" in words:
        recommended = words[words.index("recommend") + 1]
        assert found.status.name == recommended
        assert found.elsewhere is not None
        assert found.elsewhere.name == row["security_status"]
    else:
        assert found.status.name == row["security_status"]


@pytest.mark.parametrize(
    ("number", "name"),
    [(31, "LOGON_DENIED"), (32, "CONTEXT_EXPIRED"), (34, "LOGON_DENIED"), (37, "TIME_SKEW"), (41, "LOGON_DENIED")],
)
def test_the_kerberos_errors_that_matter_map_without_the_table(number: int, name: str) -> None:
    found = status.of_kerberos(number)
    assert found is not None
    assert found.status.name == f"SEC_E_{name}"


@pytest.mark.parametrize(
    ("major", "name"),
    [
        (0, "SEC_E_OK"),
        (1, "SEC_I_CONTINUE_NEEDED"),
        (0x00010000, "SEC_E_SECPKG_NOT_FOUND"),
        (0x00040000, "SEC_E_BAD_BINDINGS"),
        (0x00060000, "SEC_E_MESSAGE_ALTERED"),
        (0x00070000, "SEC_E_NO_CREDENTIALS"),
        (0x00080000, "SEC_E_INVALID_HANDLE"),
        (0x00090000, "SEC_E_INVALID_TOKEN"),
        (0x000A0000, "SEC_E_LOGON_DENIED"),
        (0x000C0000, "SEC_E_CONTEXT_EXPIRED"),
        (0x000D0000, "SEC_E_INTERNAL_ERROR"),
        (0x000F0000, "SEC_E_LOGON_DENIED"),
        (0x00100000, "SEC_E_UNSUPPORTED_FUNCTION"),
    ],
)
def test_a_gss_major_status_maps_as_recommended(major: int, name: str) -> None:
    found = status.of_gss(major)
    assert found is not None
    assert found.status.name == name


def test_a_gss_failure_is_judged_by_its_krb5_minor() -> None:
    for minor in (0x96C73A25, 0x96C73A25 - (1 << 32)):
        found = status.of_gss(0x000D0000, minor)
        assert found is not None
        assert found.status is status.SEC_E_TIME_SKEW
    other = status.of_gss(0x000D0000, 100001)
    assert other is not None
    assert other.status is status.SEC_E_INTERNAL_ERROR


def test_every_mapped_row_names_a_status_and_a_basis_and_no_number_twice() -> None:
    for table in (maps.KERBEROS, maps.NTSTATUS, maps.GSS):
        assert len({row[1] for row in table}) == len({row[0] for row in table}) == len(table)
        for _, _, name, basis, elsewhere in table:
            assert name in status.BY_NAME
            assert basis in ("documented", "windows", "other", "inferred")
            assert not elsewhere or elsewhere in status.BY_NAME


def test_what_windows_was_seen_to_answer_is_marked_so() -> None:
    seen = {row[0] for row in (*maps.NTSTATUS, *maps.KERBEROS) if row[3] == "windows"}
    assert {"STATUS_LOGON_FAILURE", "STATUS_ACCOUNT_DISABLED", "KRB_AP_ERR_MODIFIED"} <= seen


# Flags.

#: sspi.h, as semantics.md section 1.1 has it: bit, ASC_REQ, ASC_RET ("" where there is none).
SSPI = [
    (0x00000001, "DELEGATE", "DELEGATE"),
    (0x00000002, "MUTUAL_AUTH", "MUTUAL_AUTH"),
    (0x00000004, "REPLAY_DETECT", "REPLAY_DETECT"),
    (0x00000008, "SEQUENCE_DETECT", "SEQUENCE_DETECT"),
    (0x00000010, "CONFIDENTIALITY", "CONFIDENTIALITY"),
    (0x00000020, "USE_SESSION_KEY", "USE_SESSION_KEY"),
    (0x00000040, "SESSION_TICKET", "SESSION_TICKET"),
    (0x00000100, "ALLOCATE_MEMORY", "ALLOCATED_MEMORY"),
    (0x00000200, "USE_DCE_STYLE", "USED_DCE_STYLE"),
    (0x00000400, "DATAGRAM", "DATAGRAM"),
    (0x00000800, "CONNECTION", "CONNECTION"),
    (0x00001000, "CALL_LEVEL", ""),
    (0x00002000, "FRAGMENT_SUPPLIED", "CALL_LEVEL"),
    (0x00004000, "", "THIRD_LEG_FAILED"),
    (0x00008000, "EXTENDED_ERROR", "EXTENDED_ERROR"),
    (0x00010000, "STREAM", "STREAM"),
    (0x00020000, "INTEGRITY", "INTEGRITY"),
    (0x00040000, "LICENSING", "LICENSING"),
    (0x00080000, "IDENTIFY", "IDENTIFY"),
    (0x00100000, "ALLOW_NULL_SESSION", "NULL_SESSION"),
    (0x00200000, "ALLOW_NON_USER_LOGONS", "ALLOW_NON_USER_LOGONS"),
    (0x00400000, "ALLOW_CONTEXT_REPLAY", "ALLOW_CONTEXT_REPLAY"),
    (0x00800000, "FRAGMENT_TO_FIT", "FRAGMENT_ONLY"),
    (0x01000000, "NO_TOKEN", "NO_TOKEN"),
    (0x02000000, "", "NO_ADDITIONAL_TOKEN"),
    (0x04000000, "PROXY_BINDINGS", "NO_PROXY_BINDINGS"),
    (0x08000000, "", "REAUTHENTICATION"),
    (0x10000000, "ALLOW_MISSING_BINDINGS", "MISSING_BINDINGS"),
    (0x100000000, "MESSAGES", "MESSAGES"),
]


@pytest.mark.parametrize(("bit", "req", "ret"), SSPI, ids=lambda value: hex(value) if isinstance(value, int) else value)
def test_every_bit_has_the_names_of_sspi_h(bit: int, req: str, ret: str) -> None:
    assert flags.req_names(bit) == [f"ASC_REQ_{req}" if req else f"0x{bit:08x}"]
    assert flags.ret_names(bit) == [f"ASC_RET_{ret}" if ret else f"0x{bit:08x}"]
    if req:
        assert getattr(flags, f"ASC_REQ_{req}") == bit
    if ret:
        assert getattr(flags, f"ASC_RET_{ret}") == bit


def test_there_is_no_flag_beyond_those_of_sspi_h() -> None:
    assert [bit for bit, req, _ in SSPI if req] == [row[0] for row in flag_tables.ASC_REQ]
    assert [bit for bit, _, ret in SSPI if ret] == [row[0] for row in flag_tables.ASC_RET]
    constants = {name for name in vars(flags) if name.startswith(("ASC_REQ_", "ASC_RET_"))}
    listed = {f"ASC_REQ_{req}" for _, req, _ in SSPI if req} | {f"ASC_RET_{ret}" for _, _, ret in SSPI if ret}
    assert constants == listed | {"ASC_REQ_HTTP"}


def test_no_table_of_flags_has_a_bit_or_a_name_twice() -> None:
    for table in (flag_tables.ASC_REQ, flag_tables.ASC_RET, flag_tables.ISC_REQ, flag_tables.ISC_RET, flag_tables.GSS):
        assert len({row[0] for row in table}) == len({row[1] for row in table}) == len(table)
        assert all(row[0].bit_count() == 1 for row in table)


def test_the_bits_that_differ_between_server_and_client_differ_in_the_tables() -> None:
    isc = {name: bit for bit, name in flag_tables.ISC_REQ}
    assert (flags.ASC_REQ_EXTENDED_ERROR, isc["EXTENDED_ERROR"]) == (0x8000, 0x4000)
    assert (flags.ASC_REQ_STREAM, isc["STREAM"]) == (0x10000, 0x8000)
    assert (flags.ASC_REQ_INTEGRITY, isc["INTEGRITY"]) == (0x20000, 0x10000)
    assert (flags.ASC_REQ_IDENTIFY, isc["IDENTIFY"]) == (0x80000, 0x20000)
    assert (flags.ASC_REQ_ALLOW_NULL_SESSION, isc["NULL_SESSION"]) == (0x100000, 0x40000)


def test_call_level_is_answered_at_another_bit_and_fragments_by_none() -> None:
    assert flags.ret_bit_for(flags.ASC_REQ_CALL_LEVEL) == flags.ASC_RET_CALL_LEVEL == 0x2000
    assert flags.ret_bit_for(flags.ASC_REQ_FRAGMENT_SUPPLIED) == 0
    assert flags.ret_bit_for(flags.ASC_REQ_USE_DCE_STYLE) == flags.ASC_RET_USED_DCE_STYLE
    assert flags.ret_bit_for(0x4000) == 0


@pytest.mark.parametrize(
    ("texts", "mask"),
    [
        ([], 0),
        ([""], 0),
        (["INTEGRITY"], 0x20000),
        (["ASC_REQ_INTEGRITY,confidentiality"], 0x20010),
        (["asc_req_integrity", "0x10"], 0x20010),
        (["131088"], 0x20010),
        (["0X20010 | MUTUAL_AUTH"], 0x20012),
        (["HTTP"], 0x10000000),
        (["0x1ffffffff"], 0x1FFFFFFFF),
    ],
)
def test_requirements_are_read_from_names_and_masks(texts: list[str], mask: int) -> None:
    assert flags.parse_requirements(texts) == mask


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("INTEGRTY", "ASC_REQ_INTEGRITY"),
        ("ALLOCATED_MEMORY", "ASC_REQ_ALLOCATE_MEMORY"),
        ("NULL_SESSION", "ASC_REQ_ALLOW_NULL_SESSION"),
        ("ISC_REQ_INTEGRITY", "ASC_REQ_INTEGRITY"),
        ("ASC_RET_USED_DCE_STYLE", "ASC_REQ_USE_DCE_STYLE"),
    ],
)
def test_an_unknown_requirement_is_refused_with_the_nearest_name(text: str, near: str) -> None:
    with pytest.raises(flags.UnknownFlag, match=text) as caught:
        flags.parse_requirements([text])
    assert near in caught.value.near


@pytest.mark.parametrize("text", ["-1", "0x", "12ab", "0x10000000000000000", "18446744073709551616"])
def test_a_mask_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a mask"):
        flags.parse_requirements([text])


def test_returned_attributes_are_read_by_their_own_names() -> None:
    assert flags.parse_attributes(["ALLOCATED_MEMORY,ASC_RET_NULL_SESSION"]) == 0x100100
    with pytest.raises(flags.UnknownFlag):
        flags.parse_attributes(["ALLOCATE_MEMORY"])


def test_what_was_asked_and_not_returned_is_missing_and_the_rest_is_extra() -> None:
    req = flags.parse_requirements(["INTEGRITY,CONFIDENTIALITY,MUTUAL_AUTH"])
    ret = flags.ASC_RET_INTEGRITY | flags.ASC_RET_REPLAY_DETECT
    assert flags.missing_and_extra(req, ret) == (
        ["ASC_REQ_MUTUAL_AUTH", "ASC_REQ_CONFIDENTIALITY"],
        ["ASC_RET_REPLAY_DETECT"],
    )


def test_the_manner_of_the_call_and_permissions_are_never_missing() -> None:
    req = sum(bit for bit, *_ in flag_tables.ASC_REQ) & ~flags.SECURITY
    assert flags.missing_and_extra(req, 0) == ([], [])


def test_a_name_that_changes_is_compared_by_its_bit() -> None:
    assert flags.missing_and_extra(flags.ASC_REQ_USE_DCE_STYLE, flags.ASC_RET_USED_DCE_STYLE) == ([], [])
    assert flags.missing_and_extra(flags.ASC_REQ_CALL_LEVEL, flags.ASC_RET_CALL_LEVEL) == ([], [])
    assert flags.missing_and_extra(flags.ASC_REQ_FRAGMENT_SUPPLIED, flags.ASC_RET_CALL_LEVEL)[1] == [
        "ASC_RET_CALL_LEVEL"
    ]


@pytest.mark.parametrize(
    ("gss", "ret"),
    [
        (0x3E, 0x2001E),
        (0x3C, 0x2001C),
        (0x103E, 0x2021E),
        (0x1, 0x1),
        (0x40, 0x100000),
        (0x2000, 0x80000),
        (0x4000, 0x8000),
        (0x980, 0),
    ],
)
def test_gss_flags_become_attributes_by_the_table(gss: int, ret: int) -> None:
    assert flags.gss_to_ret(gss) == ret


@pytest.mark.parametrize(
    ("mask", "other"),
    [
        (0, None),
        (0x20010, None),
        (0x2001E, None),
        (0x100, None),
        (0x20, None),
        (0x22, None),
        (0x8000, None),
        (0x30000, None),
        (0x10000, "ISC_REQ"),
        (0x1001C, "ISC_REQ"),
        (0x4000, "ISC_REQ"),
        (0x14010, "ISC_REQ"),
        (0x3E, "GSS"),
        (0x103E, "GSS"),
        (0x403E, "GSS"),
        (0x2003E, None),
    ],
)
def test_a_mask_that_makes_sense_only_elsewhere_is_recognised(mask: int, other: str | None) -> None:
    assert flags.looks_like_other(mask) == other


def test_every_request_has_an_effect_or_is_said_to_have_none() -> None:
    for bit, name, _, _ in flag_tables.ASC_REQ:
        text = flags.effect(f"ASC_REQ_{name}")
        assert text == flags.effect(name.lower())
        assert bool(bit & flags.WITHOUT_EFFECT) == (text.startswith("no effect") and "but that" not in text)
    with pytest.raises(flags.UnknownFlag):
        flags.effect("ASC_REQ_NOTHING")


@given(st.integers(0, (1 << 34) - 1), st.integers(0, (1 << 34) - 1))
def test_any_two_masks_can_be_compared_and_named(req: int, ret: int) -> None:
    missing, extra = flags.missing_and_extra(req, ret)
    assert set(missing) <= set(flags.req_names(req))
    assert set(extra) <= set(flags.ret_names(ret))
    named = [name for name in flags.req_names(req) if name.startswith("ASC_REQ_")]
    assert flags.parse_requirements(named) == sum(bit for bit, *_ in flag_tables.ASC_REQ if req & bit)
    flags.looks_like_other(req)


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_text_for_requirements_is_a_mask_or_a_refusal(texts: list[str]) -> None:
    try:
        mask = flags.parse_requirements(texts)
    except flags.UnknownFlag:
        return
    assert 0 <= mask < 1 << 64
