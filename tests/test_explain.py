"""`secctx explain`: every form that cli.md lists, the lines that administrators paste, and text at random."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from secctx.acceptor import flags, status
from secctx.cli import explain_causes as causes
from secctx.cli.explain import explain
from secctx.cli.explain_names import names
from secctx.cli.explain_numbers import KINDS
from secctx.cli.explain_rules import codes

ROOT = Path(__file__).parents[1]

LDAP = "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563"
SQL = (
    "2026-03-01 10:00:00.12 Logon       SSPI handshake failed with error code 0x8009030c, state 14 while establishing "
    "a connection with integrated security; the connection has been closed. Reason: AcceptSecurityContext failed. "
    "The operating system error code indicates the cause of failure. [CLIENT: 10.0.0.5]."
)
EVENT_4625 = """An account failed to log on.
Logon Type:\t\t\t3
Failure Information:
\tFailure Reason:\t\tUnknown user name or bad password.
\tStatus:\t\t\t0xC000006D
\tSub Status:\t\t0xC0000064
"""


def run(*arguments: str, given: str | bytes = "") -> tuple[int, str, str]:
    """Exit code, stdout, stderr of the command object itself."""
    done = CliRunner().invoke(explain, list(arguments), input=given, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value, done.stdout, done.stderr


def documents(*arguments: str, given: str = "") -> list[dict[str, Any]]:
    code, out, err = run("--json", *arguments, given=given)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def read_as(*arguments: str, given: str = "") -> list[tuple[str, str]]:
    return [(found["kind"], found["name"]) for found in documents(*arguments, given=given)]


@pytest.mark.parametrize(
    ("what", "kind", "name", "value"),
    [
        ("SEC_E_TIME_SKEW", "status", "SEC_E_TIME_SKEW", 0x80090324),
        ("sec_e_time_skew", "status", "SEC_E_TIME_SKEW", 0x80090324),
        ("0x8009030c", "status", "SEC_E_LOGON_DENIED", 0x8009030C),
        ("8009030C", "status", "SEC_E_LOGON_DENIED", 0x8009030C),
        ("-2146893044", "status", "SEC_E_LOGON_DENIED", 0x8009030C),
        ("2148074252", "status", "SEC_E_LOGON_DENIED", 0x8009030C),
        ("0xffffffff8009030c", "status", "SEC_E_LOGON_DENIED", 0x8009030C),
        ("SEC_E_NOT_SUPPORTED", "status", "SEC_E_UNSUPPORTED_FUNCTION", 0x80090302),
        ("SEC_E_POLICY_NTLM_ONLY", "status", "SEC_E_POLICY_NLTM_ONLY", 0x8009035F),
        ("0", "status", "SEC_E_OK", 0),
        ("ASC_RET=0x2001e", "flags", "ASC_RET", 0x2001E),
        ("ASC_REQ=0x20010", "flags", "ASC_REQ", 0x20010),
        ("ISC_REQ=0x1001c", "flags", "ISC_REQ", 0x1001C),
        ("ISC_RET=0x1001c", "flags", "ISC_RET", 0x1001C),
        ("GSS_FLAGS=0x3e", "flags", "GSS flags", 0x3E),
        ("NTLMSSP=0xe2898215", "flags", "NegotiateFlags", 0xE2898215),
        ("MsvAvFlags=2", "flags", "MsvAvFlags", 2),
        ("KRB_AP_ERR_SKEW", "kerberos", "KRB_AP_ERR_SKEW", 37),
        ("KRB=0x18", "kerberos", "KDC_ERR_PREAUTH_FAILED", 24),
        ("krb=24", "kerberos", "KDC_ERR_PREAUTH_FAILED", 24),
        ("KRB5KRB_AP_ERR_SKEW", "kerberos", "KRB_AP_ERR_SKEW", 37),
        ("ETYPE=0x17", "enctype", "rc4-hmac", 23),
        ("ETYPE=0xffffff7b", "enctype", "rc4-hmac-old", -133),
        ("aes256-cts-hmac-sha1-96", "enctype", "aes256-cts-hmac-sha1-96", 18),
        ("KDC_OPTIONS=0x40810000", "kdc-options", "KDCOptions", 0x40810000),
        ("TICKET_FLAGS=0x40a50000", "ticket-flags", "TicketFlags", 0x40A50000),
        ("AP_OPTIONS=0x20000000", "ap-options", "APOptions", 0x20000000),
        ("SUPPORTED_ENCTYPES=0x1c", "supported-enctypes", "msDS-SupportedEncryptionTypes", 28),
        ("NTSTATUS=0xc000006d", "ntstatus", "STATUS_LOGON_FAILURE", 0xC000006D),
        ("STATUS_LOGON_FAILURE", "ntstatus", "STATUS_LOGON_FAILURE", 0xC000006D),
        ("NT_STATUS_LOGON_FAILURE", "ntstatus", "STATUS_LOGON_FAILURE", 0xC000006D),
        ("0xC000006D", "ntstatus", "STATUS_LOGON_FAILURE", 0xC000006D),
        ("-1073741715", "ntstatus", "STATUS_LOGON_FAILURE", 0xC000006D),
        ("0xD000006D", "ntstatus", "STATUS_LOGON_FAILURE", 0xC000006D),
        ("1.3.6.1.4.1.311.2.2.30", "oid", "NEGOEX", "1.3.6.1.4.1.311.2.2.30"),
        ("NTLM", "oid", "NTLM", "1.3.6.1.4.1.311.2.2.10"),
        ("GSS=0x000d0000", "gss", "GSS_S_FAILURE", 0x000D0000),
        ("0x00090000", "gss", "GSS_S_DEFECTIVE_TOKEN", 0x00090000),
        ("GSS_S_BAD_MIC", "gss", "GSS_S_BAD_SIG", 0x00060000),
        ("0x96c73a25", "krb5-minor", "KRB_AP_ERR_SKEW", 0x96C73A25),
        ("-1765328347", "krb5-minor", "KRB_AP_ERR_SKEW", 0x96C73A25),
        ("2529639093", "krb5-minor", "KRB5_KT_NOTFOUND", 0x96C73AB5),
        ("KRB5_KT_NOTFOUND", "krb5-minor", "KRB5_KT_NOTFOUND", 0x96C73AB5),
        ("52e", "win32", "ERROR_LOGON_FAILURE", 1326),
        ("1326", "win32", "ERROR_LOGON_FAILURE", 1326),
        ("data 52e", "win32", "ERROR_LOGON_FAILURE", 1326),
        ("0x8007052e", "win32", "ERROR_LOGON_FAILURE", 1326),
        ("533", "win32", "ERROR_ACCOUNT_DISABLED", 1331),
        ("ERROR_ACCOUNT_LOCKED_OUT", "win32", "ERROR_ACCOUNT_LOCKED_OUT", 1909),
        ("ASC_REQ_EXTENDED_ERROR", "flag", "ASC_REQ_EXTENDED_ERROR", 0x8000),
        ("NTLMSSP_NEGOTIATE_SEAL", "flag", "NTLMSSP_NEGOTIATE_SEAL", 0x20),
        ("GSS_C_INTEG_FLAG", "flag", "GSS_C_INTEG_FLAG", 0x20),
    ],
)
def test_every_form_of_the_list_is_read_as_what_it_is(what: str, kind: str, name: str, value: object) -> None:
    [found] = documents(what)
    assert (found["kind"], found["name"], found["value"], found["what"]) == (kind, name, value, what)


def test_a_reading_as_json_has_exactly_the_promised_keys() -> None:
    [found] = documents("SEC_E_TIME_SKEW")
    assert list(found) == ["schema", "what", "kind", "name", "value", "hex", "meaning", "detail", "see"]
    assert found["schema"] == "secctx.explain/1"
    assert found["hex"] == "0x80090324"
    assert "KRB_AP_ERR_SKEW" in found["see"]
    assert any("w32tm" in line for line in found["detail"])


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("24", {"KDC_ERR_PREAUTH_FAILED", "rc4-hmac-exp"}),
        ("37", {"KRB_AP_ERR_SKEW"}),
        ("0x17", {"KDC_ERR_KEY_EXPIRED", "rc4-hmac"}),
        ("18", {"KDC_ERR_CLIENT_REVOKED", "aes256-cts-hmac-sha1-96"}),
        ("57", {"ERROR_INVALID_PARAMETER"}),
        ("EXTENDED_ERROR", {"ASC_REQ_EXTENDED_ERROR", "ASC_RET_EXTENDED_ERROR", "ISC_REQ_EXTENDED_ERROR"}),
        ("0x2001e", {"ASC_RET", "ASC_REQ", "ISC_RET"}),
    ],
)
def test_what_can_be_several_things_is_explained_as_each(what: str, expected: set[str]) -> None:
    assert expected <= {name for _, name in read_as(what)}


def test_several_readings_are_announced_with_their_count() -> None:
    assert run("24")[1].startswith("24 can be read in 2 ways\n\n")


def test_a_negative_number_is_an_argument_without_quotes_or_dashes() -> None:
    code, out, _ = run("-2146893044", "--json", "-2146892986")
    assert code == 0
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["SEC_E_LOGON_DENIED", "SEC_E_BAD_BINDINGS"]


def test_a_mistyped_option_is_still_a_usage_error() -> None:
    with pytest.raises(click.NoSuchOption):
        run("--jsno", "SEC_E_OK")
    assert run("--", "--jsno")[0] == 1


def test_the_number_that_documentation_prints_wrongly_is_set_right() -> None:
    _, out, _ = run("0x80100003")
    for words in ("SEC_E_INVALID_HANDLE", "the value is", "0x80090301", "SCARD_E_INVALID_HANDLE"):
        assert words in out
    assert "0x80100003" in run("SEC_E_INVALID_HANDLE")[1]


def test_the_number_with_two_messages_shows_both() -> None:
    _, out, _ = run("0x80090304")
    text = " ".join(out.split())
    assert "The Local Security Authority cannot be contacted" in text
    assert "did not map to an SSPI error code" in text
    assert "SEC_E_NO_SPM" in text


def test_a_mask_of_the_client_given_as_the_servers_is_said_so() -> None:
    text = " ".join(run("ASC_REQ=0x1001c")[1].split())
    assert "looks like the client's flags" in text
    assert "ISC_REQ_INTEGRITY" in text
    assert "looks like GSS-API flags" in " ".join(run("ASC_REQ=0x3e")[1].split())


def test_kerberos_options_are_counted_from_the_highest_bit() -> None:
    assert documents("KDC_OPTIONS=0x40810010")[0]["meaning"] == "forwardable, renewable, canonicalize, renewable-ok"
    assert documents("AP_OPTIONS=0x20000000")[0]["meaning"] == "mutual-required"


# Lines of logs.


def test_a_line_of_ldap_is_explained_number_by_number() -> None:
    code, out, err = run(LDAP)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("data 52e  ERROR_LOGON_FAILURE (1326): wrong password or unknown user")
    text = " ".join(out.split())
    assert "80090308 always this number for a simple bind, whatever went wrong: only data counts" in text
    assert "v4563 the domain controller runs Windows Server 2019" in text
    assert "check the password; for Kerberos the SPN used" in text


def test_the_same_line_inside_a_log_or_without_quotes_says_the_same() -> None:
    _, plain, _ = run(LDAP)
    assert run(f'Mar 1 10:00:00 app[7]: LDAP error 49: "{LDAP}\\u0000", giving up')[1] == plain
    assert run(*LDAP.split())[1] == plain


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("1", "ERROR_INVALID_FUNCTION"),
        ("57", "ERROR_INVALID_PARAMETER"),
        ("525", "ERROR_NO_SUCH_USER"),
        ("52b", "ERROR_WRONG_PASSWORD"),
        ("52e", "ERROR_LOGON_FAILURE"),
        ("52f", "ERROR_ACCOUNT_RESTRICTION"),
        ("530", "ERROR_INVALID_LOGON_HOURS"),
        ("531", "ERROR_INVALID_WORKSTATION"),
        ("532", "ERROR_PASSWORD_EXPIRED"),
        ("533", "ERROR_ACCOUNT_DISABLED"),
        ("568", "ERROR_TOO_MANY_CONTEXT_IDS"),
        ("569", "ERROR_LOGON_TYPE_NOT_GRANTED"),
        ("701", "ERROR_ACCOUNT_EXPIRED"),
        ("773", "ERROR_PASSWORD_MUST_CHANGE"),
        ("775", "ERROR_ACCOUNT_LOCKED_OUT"),
        ("20ee", "ERROR_DS_INTERNAL_FAILURE"),
        ("80090346", "SEC_E_BAD_BINDINGS"),
    ],
)
def test_every_data_of_ldap_is_known_in_a_line_and_alone(data: str, name: str) -> None:
    line = f"8009030C: LdapErr: DSID-0C0906B5, comment: AcceptSecurityContext error, data {data}, v65f4"
    assert read_as(line)[0][1] == name
    assert name in {found for _, found in read_as(f"data {data}")}


def test_a_sasl_bind_shows_the_status_itself() -> None:
    readings = documents("8009030C: LdapErr: DSID-0C0906B5, comment: AcceptSecurityContext error, data 52e, v3839")
    assert [found["name"] for found in readings] == ["ERROR_LOGON_FAILURE", "SEC_E_LOGON_DENIED", "build 14393"]
    assert readings[1]["meaning"].startswith("a SASL bind")


def test_an_unknown_data_column_is_still_named_by_its_number() -> None:
    [first, *_] = documents(LDAP.replace("52e", "abc"))
    assert (first["name"], first["value"]) == ("Win32 error 2748", 2748)


def test_sql_servers_line_names_status_and_state() -> None:
    assert read_as(SQL) == [("status", "SEC_E_LOGON_DENIED")]
    assert "state 14" in run(SQL)[1]
    bindings = SQL.replace("0x8009030c, state 14", "0x80090346, state 46")
    assert "channel bindings" in " ".join(run(bindings)[1].split())


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("401 1 2148074252", "SEC_E_LOGON_DENIED"),
        ("401 1 2148074248", "SEC_E_INVALID_TOKEN"),
        ("2026-03-01 10:00:00 10.0.0.9 GET / - 443 - 10.0.0.5 curl/8.5 - 401 1 2148074245 0", "SEC_E_SECPKG_NOT_FOUND"),
        ("10.0.0.5 - 401 1 1326 31", "ERROR_LOGON_FAILURE"),
        ("401 2 5", "HTTP 401.2"),
    ],
)
def test_a_line_of_iis_is_read_by_its_three_numbers(line: str, name: str) -> None:
    assert [found for _, found in read_as(line)] == [name]


def test_the_ordinary_first_leg_in_iis_is_no_failure() -> None:
    assert "the ordinary first leg" in run("401 1 2148074254")[1]


@pytest.mark.parametrize(
    "text",
    [
        EVENT_4625,
        "Status: 0xC000006D Sub Status: 0xC0000064",
        "<Data Name='Status'>0xc000006d</Data><Data Name='FailureReason'>%%2313</Data>"
        "<Data Name='SubStatus'>0xc0000064</Data>",
    ],
)
def test_event_4625_is_read_by_status_and_sub_status(text: str) -> None:
    assert [name for _, name in read_as(text)] == ["STATUS_LOGON_FAILURE", "STATUS_NO_SUCH_USER"]
    assert "SamAccountName" in run(text)[1]


@pytest.mark.parametrize(
    ("text", "names_"),
    [
        ("Failure Code:\t\t0x18", ["KDC_ERR_PREAUTH_FAILED"]),
        ("Result Code: 0x6", ["KDC_ERR_C_PRINCIPAL_UNKNOWN"]),
        (
            "Ticket Options: 0x40810000 Ticket Encryption Type: 0x17 Failure Code: 0x0",
            ["KDCOptions", "rc4-hmac", "KDC_ERR_NONE"],
        ),
    ],
)
def test_the_kerberos_events_are_read_by_their_own_fields(text: str, names_: list[str]) -> None:
    assert [name for _, name in read_as(text)] == names_


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Win32Exception: The token supplied to the function is invalid", "SEC_E_INVALID_TOKEN"),
        ("caught -2146893044 from AcceptSecurityContext", "SEC_E_LOGON_DENIED"),
        ("gss_accept_sec_context: Minor (2529638949)", "KRB_AP_ERR_SKEW"),
        ("the server sent back KRB_AP_ERR_MODIFIED to the client", "KRB_AP_ERR_MODIFIED"),
        ("smb: NT_STATUS_ACCOUNT_DISABLED (0xc0000072)", "STATUS_ACCOUNT_DISABLED"),
    ],
)
def test_a_name_or_number_anywhere_in_a_line_is_found(text: str, name: str) -> None:
    assert [found for _, found in read_as(text)] == [name]


def test_standard_input_is_read_line_by_line_and_as_a_whole() -> None:
    assert [name for _, name in read_as("-", given=f"nothing here\n{EVENT_4625}\n1909\n")] == [
        "STATUS_LOGON_FAILURE",
        "STATUS_NO_SUCH_USER",
        "ERROR_ACCOUNT_LOCKED_OUT",
    ]
    assert run("-", given=EVENT_4625.encode("utf-16"))[0] == 0
    assert run("-", given=b"\xff\xfe\x00\xd8\xff") == run("-", given="")


def test_standard_input_without_anything_known_is_unknown() -> None:
    code, out, err = run("-", given="a quiet day\n")
    assert (code, out) == (1, "")
    assert err.startswith("secctx: standard input: nothing that explain knows")


# What is not known, and what is.


@pytest.mark.parametrize(
    ("what", "near"),
    [("SEC_E_LOGIN_DENIED", "SEC_E_LOGON_DENIED"), ("KRB_AP_ERR_SKEWED", "KRB_AP_ERR_SKEW"), ("ETYP=0x17", "ETYPE=")],
)
def test_what_is_not_known_is_answered_with_the_nearest_names(what: str, near: str) -> None:
    code, out, err = run(what)
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == f"secctx: {what}: not known"
    assert near in err


@pytest.mark.parametrize("what", [code for code, _, _ in codes()])
def test_every_cause_of_failure_has_a_page_with_what_to_do(what: str) -> None:
    for spelling in (what, what.lower()):
        code, out, err = run(spelling)
        assert (code, err) == (0, "")
        assert out.splitlines()[0] == what
        assert re.search(r"^  severity +(error|warning|note)$", out, re.M)
        assert re.search(r"^  what to do +\w", out, re.M)
    document = json.loads(run("--json", what)[1])
    assert (document["kind"], document["name"], document["value"]) == ("cause of failure", what, None)


@pytest.mark.parametrize(("what", "hint"), [("KRB999", "there are KRB001 to KRB"), ("xyz001", "lists them")])
def test_a_code_that_no_cause_has_is_answered_with_those_that_there_are(what: str, hint: str) -> None:
    code, out, err = run(what)
    assert (code, out) == (1, "")
    assert err.startswith(f"secctx: {what}: no cause has this code")
    assert hint in err


@pytest.mark.parametrize("what", ["", " ", "=", "0x", "KRB=", "KRB=999", "KRB=x", "0x7fffffff", "99999", "1.2.3.4"])
def test_nothing_and_nonsense_are_unknown(what: str) -> None:
    assert run(what)[0] == 1


def test_one_unknown_among_several_fails_and_the_others_are_explained() -> None:
    code, out, err = run("SEC_E_OK", "NO_SUCH_THING_AT_ALL", "KRB=37")
    assert code == 1
    assert "SEC_E_OK" in out
    assert "KRB_AP_ERR_SKEW" in out
    assert "NO_SUCH_THING_AT_ALL" in err


def test_without_an_argument_the_list_of_what_is_known_is_printed_and_its_examples_work() -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    known = out.partition("\n\nCauses of failure")[0]
    words = [word for line in known.splitlines()[2:-4] for word in line[22:].split("   ") if word.strip()]
    assert len(words) > 25
    for word in words:
        assert run(word.strip().strip("'"))[0] == 0, word


def test_every_name_is_explained_within_80_columns() -> None:
    for name in sorted(set(names())):
        what = f"{name}0" if name.endswith("=") else name
        code, out, err = run(what)
        assert (code, err) == (0, ""), what
        assert all(len(line) <= 80 and line == line.rstrip() for line in out.splitlines()), what


def test_every_status_is_found_by_each_of_its_numbers() -> None:
    for found in status.BY_VALUE.values():
        for what in (found.hex, str(found.value), str(found.signed)):
            assert documents(what)[0]["name"] == found.name


def test_no_cause_is_listed_twice() -> None:
    for column in (0, 1):
        numbers = [cause[column] for cause in causes.CAUSES if cause[column] >= 0]
        assert len(numbers) == len(set(numbers))


def test_causes_and_the_acceptors_map_call_an_ntstatus_the_same() -> None:
    for cause in causes.CAUSES:
        mapped = status.of_ntstatus(cause.ntstatus) if cause.ntstatus >= 0 else None
        assert mapped is None or mapped.name == causes.ntstatus_name(cause)


def test_control_characters_do_not_reach_the_terminal() -> None:
    code, out, err = run("\x1b[31mSEC_E\x1b[0m")
    assert code == 1
    assert "\x1b" not in out + err


def test_help_shows_examples_and_they_run() -> None:
    context = click.Context(explain, info_name="explain")
    lines = [line.strip() for line in explain.get_help(context).splitlines()]
    examples = [line for line in lines if line.startswith("secctx explain ")]
    assert len(examples) >= 5
    import shlex

    for example in examples:
        assert run(*shlex.split(example)[2:])[0] == 0, example


def test_explain_imports_neither_rich_nor_asn1crypto_nor_cryptography() -> None:
    script = (
        "import sys, types, importlib.util\n"
        "if importlib.util.find_spec('secctx') is None:\n"
        f"    module = types.ModuleType('secctx'); module.__path__ = [{str(ROOT)!r}]; sys.modules['secctx'] = module\n"
        "from secctx.cli.explain import explain\n"
        "assert not any(name.startswith('secctx.acceptor') for name in sys.modules), 'tables are imported when asked'\n"
        "explain.main(['SEC_E_OK', 'KRB=37', 'ASC_RET=2'], standalone_mode=False)\n"
        "print(' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"rich", "asn1crypto", "cryptography", "spnego"} & loaded


# Anything at all.

WORDS = st.sampled_from(
    [
        *sorted(KINDS),
        *sorted(SPECIAL := ["=", "0x", "-", ",", " ", "data ", "Status: ", "LdapErr: DSID-0, ", "v4563", "401 1 "]),
    ]
)
TEXT = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.one_of(WORDS, st.integers(-(1 << 70), 1 << 70).map(str), st.integers(0, 1 << 40).map(hex)), max_size=6
    ).map("".join),
    st.sampled_from([LDAP, SQL, EVENT_4625]).flatmap(
        lambda line: st.integers(0, len(line)).flatmap(lambda at: st.just(line[:at] + "\x00" + line[at + 1 :]))
    ),
)


@settings(max_examples=400, deadline=None)
@given(TEXT)
def test_any_text_is_explained_or_unknown_and_never_an_error(text: str) -> None:
    if text == "-":
        return
    code, out, err = run("--", text)
    assert code in (0, 1)
    assert bool(out) == (code == 0)
    assert bool(err) == (code == 1)
    assert run("--json", "--", text)[0] == code


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_standard_input_is_explained_or_unknown(data: bytes) -> None:
    assert run("-", given=data)[0] in (0, 1)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.integers(-(1 << 66), 1 << 66))
def test_any_number_of_any_kind_is_explained_or_unknown(kind: str, number: int) -> None:
    assert run(f"{kind}={number}")[0] in (0, 1)
    assert run(f"{kind}={number:#x}")[0] in (0, 1)


def test_flags_and_explain_agree_on_every_request() -> None:
    for name in flags.req_names((1 << 33) - 1):
        if name.startswith("ASC_REQ_"):
            assert documents(name)[0]["meaning"] == flags.effect(name)
