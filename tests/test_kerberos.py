"""AP-REQ, AP-REP and KRB-ERROR to the last field, e-data by its type."""

import pytest
from builders.der import (
    KRB5,
    ap_req,
    encrypted,
    fields,
    framed,
    integer,
    krb_error,
    principal,
    text,
    ticket,
    tlv,
)

from secctx.decoders import decode
from secctx.decoders.tables.kerberos import ENCTYPES, ERRORS
from secctx.decoders.values import Decoded, Node, follow, walk


def at(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(decoded.root)]}"
    return nodes[-1]


def padata(kind: int, value: bytes) -> bytes:
    return tlv(0x30, fields(1, integer(kind), tlv(4, value)))


def kerb_error_data(kind: int, value: bytes | None) -> bytes:
    return tlv(0x30, fields(1, integer(kind), None if value is None else tlv(4, value)))


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: framed(KRB5, b"\3\0" + m), lambda m: b"\3\0" + m])
def test_a_krb_error_is_read_bare_and_framed_and_behind_its_token_id(wrap: object) -> None:
    assert callable(wrap)
    decoded = decode(wrap(krb_error(37)))
    assert (decoded.mechanism, decoded.message, decoded.error) == ("Kerberos", "KRB-ERROR", None)
    assert at(decoded, "error-code").meaning == "KRB_AP_ERR_SKEW"
    assert str(at(decoded, "stime").value) == "2026-11-22 08:25:01+00:00"
    assert at(decoded, "sname").meaning == "krbtgt/LAB.EXAMPLE"
    assert at(decoded, "e-text").value == "sorry"


def test_method_data_shows_the_salts_and_enctypes_that_the_kdc_offers() -> None:
    info = tlv(
        0x30,
        tlv(0x30, fields(0, integer(18), text("LAB.EXAMPLEalice"), tlv(4, b"\0\0\x10\0"))),
        tlv(0x30, fields(0, integer(23))),
    )
    data = krb_error(25, tlv(0x30, padata(19, info), padata(2, b""), padata(136, b""), padata(999, b"xyz")))
    decoded = decode(data)
    assert decoded.error is None
    assert [at(decoded, f"e-data[{i}].padata-type").meaning for i in range(4)] == [
        "PA-ETYPE-INFO2",
        "PA-ENC-TIMESTAMP",
        "PA-FX-FAST",
        None,
    ]
    assert at(decoded, "e-data[0].padata-value[0].salt").value == "LAB.EXAMPLEalice"
    assert at(decoded, "e-data[0].padata-value[0].s2kparams").value == b"\0\0\x10\0"
    assert at(decoded, "e-data[0].padata-value[1].etype").meaning == "rc4-hmac"
    assert at(decoded, "e-data[3].padata-value").value == b"xyz"


def test_etype_info_of_old_kdcs_has_its_salt_as_bytes() -> None:
    info = tlv(0x30, tlv(0x30, fields(0, integer(3), tlv(4, b"salt"))))
    decoded = decode(krb_error(25, tlv(0x30, padata(11, info))))
    assert at(decoded, "e-data[0].padata-value[0].salt").value == b"salt"


def test_kerb_error_data_for_skew_recovery_has_no_value() -> None:
    decoded = decode(krb_error(37, kerb_error_data(2, None)))
    assert decoded.error is None
    assert at(decoded, "e-data.data-type").meaning == "KERB_AP_ERR_TYPE_SKEW_RECOVERY"


def test_kerb_ext_error_names_the_ntstatus() -> None:
    value = (0xC0000234).to_bytes(4, "little") + bytes(4) + (1).to_bytes(4, "little")
    decoded = decode(krb_error(18, kerb_error_data(3, value)))
    assert decoded.error is None
    assert at(decoded, "e-data.data-value.status").meaning == "STATUS_ACCOUNT_LOCKED_OUT"
    assert at(decoded, "e-data.data-value.flags").value == 1


def test_windows_puts_the_same_into_pa_pw_salt() -> None:
    value = (0xC000006D).to_bytes(4, "little") + bytes(4) + (1).to_bytes(4, "little")
    decoded = decode(krb_error(24, tlv(0x30, padata(3, value))))
    assert at(decoded, "e-data[0].padata-value.status").meaning == "STATUS_LOGON_FAILURE"
    salt = decode(krb_error(24, tlv(0x30, padata(3, b"twelve bytes"))))
    assert at(salt, "e-data[0].padata-value").value == "twelve bytes"


def test_typed_data_is_read_by_its_own_tags() -> None:
    typed = tlv(0x30, tlv(0x30, fields(0, integer(109), tlv(4, b"parameters"))))
    decoded = decode(krb_error(65, typed))
    assert decoded.error is None
    assert at(decoded, "e-data[0].data-type").meaning == "TD-DH-PARAMETERS"


@pytest.mark.parametrize("e_data", [b"krb5data", b"", tlv(0x30), tlv(0x30, b"\x05\0"), tlv(0x31), b"\x30\x50short"])
def test_e_data_of_no_known_type_is_bytes_and_no_error(e_data: bytes) -> None:
    decoded = decode(krb_error(60, e_data))
    assert decoded.error is None
    assert at(decoded, "e-data").value == e_data


def test_broken_etype_info2_is_told_and_shown() -> None:
    info = tlv(0x30, tlv(0x30, fields(0, tlv(4, b"no integer"))))
    decoded = decode(krb_error(25, tlv(0x30, padata(19, info))))
    assert decoded.error is not None
    assert decoded.error.path == "e-data[0].padata-value[0].etype"


@pytest.mark.parametrize("etype", [*ENCTYPES, 99, -1])
def test_every_enctype_is_shown_by_name_and_unknown_ones_by_number(etype: int) -> None:
    node = at(decode(ap_req(ticket_bytes=ticket(etype=etype))), "ticket.enc-part.etype")
    assert (node.value, node.meaning) == (etype, ENCTYPES.get(etype))


@pytest.mark.parametrize("code", [*ERRORS, 59, 1000, -5])
def test_every_error_code_is_shown_by_name_and_unknown_ones_by_number(code: int) -> None:
    node = at(decode(krb_error(code)), "error-code")
    assert (node.value, node.meaning) == (code, ERRORS.get(code))


def test_an_ap_rep_is_read() -> None:
    decoded = decode(tlv(0x6F, tlv(0x30, fields(0, integer(5), integer(15), encrypted(18, None, b"x" * 50)))))
    assert (decoded.message, decoded.error) == ("AP-REP", None)
    assert at(decoded, "enc-part.cipher").value == b"x" * 50


def test_use_session_key_and_unknown_options_are_shown() -> None:
    node = at(decode(ap_req(options=b"\0\x70\0\0\1")), "ap-options")
    assert node.meaning == ("use-session-key", "mutual-required", "bit 3", "bit 31")


def test_a_message_without_its_application_tag_is_read_and_said_to_be_so() -> None:
    whole = krb_error(25)
    bare = whole[whole.index(b"\x30") :]
    decoded = decode(bare)
    assert (decoded.message, decoded.error) == ("KRB-ERROR", None)
    assert decoded.root.meaning == "without its [APPLICATION 30] tag"


def test_a_principal_of_a_kind_that_nobody_knows_is_shown() -> None:
    decoded = decode(ap_req(ticket_bytes=ticket(sname=principal(77, "a", "b", "c"))))
    assert at(decoded, "ticket.sname").meaning == "a/b/c"
    assert at(decoded, "ticket.sname.name-type").meaning is None


@pytest.mark.parametrize("moment", ["20261122082501", "20261122082501.5Z", "20261322082501Z", "", "2026112208250100Z"])
def test_a_time_in_another_form_is_told_and_shown(moment: str) -> None:
    good = krb_error(37)
    inside = good.replace(b"\x18\x0f20261122082501Z", bytes([0x18, len(moment)]) + moment.encode())
    decoded = decode(inside)
    assert decoded.error is not None
    assert decoded.error.path == "stime" or len(moment) != 15
