"""Password changes: RFC 3244's and the original protocol's messages, by UDP and TCP, and the result of an error."""

import struct
from pathlib import Path

import pytest
from builders import kdc
from builders.der import ap_req, krb_error

from secctx.carriers.framing import announced, convincing, likely
from secctx.cli.summary_kerberos import MESSAGES
from secctx.decoders import decode
from secctx.decoders.tables.kerberos_more import KPASSWD_RESULTS
from secctx.decoders.values import TOKEN, Decoded, Node, follow, walk

RESULTS = Path(__file__).parents[2] / "shared" / "corpus" / "mit_krb5" / "fuzz" / "chpw"


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def whole(data: bytes, message: str) -> Decoded:
    decoded = decode(data)
    assert (decoded.mechanism, decoded.message, decoded.error) == ("Kerberos", message, None)
    return decoded


def policy(length: int, history: int, properties: int, expire: int, age: int) -> bytes:
    """Active Directory's policy in the place of the text."""
    return struct.pack(">HIIIQQ", 0, length, history, properties, expire, age)


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize(("version", "name"), [(1, "change password (version 1)"), (0xFF80, "set password (RFC 3244)")])
def test_a_request_is_an_ap_req_and_a_krb_priv(version: int, name: str, tcp: bool) -> None:
    data = kdc.kpasswd(version, ap_req(), kdc.krb_priv())
    decoded = whole(kdc.record(data) if tcp else data, "KPASSWD-REQ")
    names = ["message-length", "protocol-version-number", "AP-REQ-length", "AP-REQ", "KRB-PRIV"]
    assert [child.name for child in decoded.root.children] == (["length"] if tcp else []) + names
    assert at(decoded, "message-length").value == len(data)
    assert at(decoded, "protocol-version-number").meaning == name
    assert at(decoded, "AP-REQ-length").value == len(ap_req())
    assert (at(decoded, "AP-REQ").kind, at(decoded, "AP-REQ").meaning) == (TOKEN, ("Kerberos", "AP-REQ"))
    assert at(decoded, "AP-REQ.ticket.sname").meaning == "HTTP/web"
    assert at(decoded, "KRB-PRIV").meaning == ("Kerberos", "KRB-PRIV")


def test_an_answer_is_an_ap_rep_and_a_krb_priv() -> None:
    decoded = whole(kdc.kpasswd(1, kdc.ap_rep(), kdc.krb_priv()), "KPASSWD-REP")
    assert at(decoded, "AP-REP").meaning == ("Kerberos", "AP-REP")
    assert MESSAGES["Kerberos", "KPASSWD-REP"](decoded.root) == ": the result is encrypted"


@pytest.mark.parametrize("code", KPASSWD_RESULTS)
def test_an_error_tells_its_result_in_clear(code: int) -> None:
    decoded = whole(kdc.kpasswd(1, b"", kdc.change_error(code.to_bytes(2) + "zu kürz".encode())), "KPASSWD-REP")
    assert at(decoded, "AP-REP-length").value == 0
    assert at(decoded, "KRB-ERROR").meaning == ("Kerberos", "KRB-ERROR")
    assert at(decoded, "KRB-ERROR.e-data.result-code").meaning == KPASSWD_RESULTS[code]
    assert at(decoded, "KRB-ERROR.e-data.result-string").value == "zu kürz"
    assert MESSAGES["Kerberos", "KPASSWD-REP"](decoded.root) == f': {KPASSWD_RESULTS[code]} ("zu kürz")'


def test_the_service_s_error_without_the_framing_tells_it_too() -> None:
    decoded = whole(kdc.change_error(b"\0\3"), "KRB-ERROR")
    assert [c.name for c in at(decoded, "e-data").children] == ["result-code"]
    assert at(decoded, "e-data.result-code").meaning == "KRB5_KPASSWD_AUTHERROR"


@pytest.mark.parametrize("e_data", [b"\0\3no", b"\0\4"])
def test_another_service_s_error_has_no_such_result(e_data: bytes) -> None:
    assert at(whole(krb_error(60, e_data), "KRB-ERROR"), "e-data").value == e_data


@pytest.mark.parametrize("e_data", [b"\0", b"\0\x63no such code"])
def test_what_is_no_result_stays_bytes(e_data: bytes) -> None:
    assert at(whole(kdc.change_error(e_data), "KRB-ERROR"), "e-data").value == e_data


def test_active_directory_s_policy_is_taken_apart() -> None:
    day = 864_000_000_000
    decoded = whole(kdc.change_error(b"\0\4" + policy(7, 24, 0x21, 42 * day, day)), "KRB-ERROR")
    found = {child.name: child for child in at(decoded, "e-data.result-string").children}
    assert [found[n].value for n in ("zero_bytes", "min_length_password", "password_history")] == [0, 7, 24]
    assert found["password_properties"].meaning == ("DOMAIN_PASSWORD_COMPLEX", "DOMAIN_REFUSE_PASSWORD_CHANGE")
    assert (found["expire"].meaning, found["min_passwordage"].meaning) == ("42 days", "1 day")
    assert MESSAGES["Kerberos", "KPASSWD-REP"](decode(kdc.kpasswd(1, b"", decoded.data)).root) == (
        ": KRB5_KPASSWD_SOFTERROR; a password needs 7 characters and must not be one of the last 24"
    )


@pytest.mark.skipif(not RESULTS.is_dir(), reason="the shared collection is not beside the checkout")
@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("result_ad_age.bin", {"min_passwordage": 2 * 864_000_000_000}),
        ("result_ad_all.bin", {"min_length_password": 5, "password_history": 13, "password_properties": 1}),
        ("result_ad_complex.bin", {"password_properties": 1}),
        ("result_ad_history.bin", {"password_history": 9}),
        ("result_ad_length.bin", {"min_length_password": 13}),
    ],
)
def test_mit_s_policies_are_read(file: str, values: dict[str, int]) -> None:
    decoded = whole(kdc.change_error(b"\0\4" + (RESULTS / file).read_bytes()), "KRB-ERROR")
    fields = {child.name: child.value for child in at(decoded, "e-data.result-string").children}
    assert {name: fields[name] for name in values} == values
    if file != "result_ad_all.bin":
        assert not any(value for name, value in fields.items() if name not in values)


@pytest.mark.skipif(not RESULTS.is_dir(), reason="the shared collection is not beside the checkout")
@pytest.mark.parametrize("file", ["result_utf8.bin", "result_invalid_utf8.bin"])
def test_mit_s_texts_are_read(file: str) -> None:
    raw = (RESULTS / file).read_bytes()
    decoded = whole(kdc.change_error(b"\0\4" + raw), "KRB-ERROR")
    assert at(decoded, "e-data.result-string").value == raw.decode()


# How it is known --------------------------------------------------------------------------------------------------

REQUEST = kdc.kpasswd(0xFF80, ap_req(), kdc.krb_priv())


@pytest.mark.parametrize("data", [REQUEST, kdc.record(REQUEST)])
def test_it_announces_its_size_and_is_beyond_doubt(data: bytes) -> None:
    assert announced(data) == len(data)
    assert likely(data)
    assert convincing(data)
    for size in (16, len(data) // 2, len(data) - 1):
        error = decode(data[:size]).error
        assert error is not None
        assert (error.kind, error.total) == ("cut-short", len(data))


def changed(at: int, value: int) -> bytes:
    return REQUEST[:at] + value.to_bytes(2) + REQUEST[at + 2 :]


@pytest.mark.parametrize(
    "data",
    [
        changed(2, 2),
        changed(2, 0xFF81),
        changed(4, len(ap_req()) - 1),
        changed(4, 0),
        changed(0, len(ap_req()) + 6),
        changed(0, 12),
        REQUEST[:6] + b"\x6a" + REQUEST[7:],
        kdc.kpasswd(1, b"", kdc.krb_priv()),
        kdc.kpasswd(1, kdc.as_req(), kdc.krb_priv()),
        kdc.kpasswd(1, ap_req() + b"\0", kdc.krb_priv()),
        REQUEST[:10],
        kdc.record(REQUEST, len(REQUEST) + 1),
    ],
)
def test_what_does_not_hang_together_is_none(data: bytes) -> None:
    assert decode(data).mechanism == "unknown"


def test_bytes_behind_it_are_said() -> None:
    error = decode(REQUEST + b"more").error
    assert error is not None
    assert (error.kind, error.offset) == ("trailing", len(REQUEST))


@pytest.mark.parametrize(
    ("data", "kind", "path"),
    [
        (kdc.kpasswd(1, ap_req(), kdc.as_req()), "tag", "KRB-PRIV"),
        (kdc.kpasswd(1, ap_req(), b"nothing known"), "tag", "KRB-PRIV"),
        (kdc.kpasswd(1, ap_req(), kdc.krb_priv() + b"!"), "trailing", "KRB-PRIV.trailing"),
    ],
)
def test_what_is_wrong_in_it_is_said_where_it_is(data: bytes, kind: str, path: str) -> None:
    decoded = decode(data)
    assert decoded.message == "KPASSWD-REQ"
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == (kind, path)


def test_an_encrypted_error_in_the_place_of_the_priv_is_read() -> None:
    decoded = whole(kdc.kpasswd(1, kdc.ap_rep(), kdc.change_error(b"\0\2")), "KPASSWD-REP")
    assert at(decoded, "KRB-PRIV").meaning == ("Kerberos", "KRB-ERROR")


def test_the_request_is_said_in_one_line() -> None:
    line = MESSAGES["Kerberos", "KPASSWD-REQ"](decode(REQUEST).root)
    assert line.startswith(": set password (RFC 3244); Kerberos AP-REQ for HTTP/web@LAB.EXAMPLE")
