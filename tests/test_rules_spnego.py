"""The causes that lie in SPNEGO: what is offered, what is answered, and what one leg says of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.der import KRB5, MS_KRB5, NEGOEX, NTLM, SPNEGO, ap_req, fields, krb_error, tlv

from secctx.acceptor import status
from secctx.acceptor.values import FAILED, OTHER, Refusal, Step
from secctx.carriers.text import read_tokens
from secctx.decoders import decode
from secctx.rules.case import Carried, Case
from secctx.rules.finding import Finding
from secctx.rules.judge import judge
from secctx.rules.ntlm_message import promises_mic

SAMPLES = Path(__file__).parents[1] / "samples"
IAKERB = tlv(6, bytes.fromhex("2b0601050205"))
UNKNOWN = tlv(6, bytes.fromhex("2b06010401823702020f"))
AP_REQ = tlv(0x60, KRB5, b"\1\0", ap_req())
NEGOTIATE = b"NTLMSSP\0\1\0\0\0\x37\x82\x08\xe2" + bytes(24)
CHALLENGE = (SAMPLES / "ntlm-challenge.bin").read_bytes()
AUTHENTICATE = (SAMPLES / "ntlm-authenticate.bin").read_bytes()
#: An AUTHENTICATE_MESSAGE with an NTLMv1 response, which can promise no MIC.
OLD = read_tokens((SAMPLES / "ntlm-v1.b64").read_bytes(), "")[-1].data
SIGN = 0x10
COMPLETED, INCOMPLETE, REJECT, REQUEST_MIC = range(4)


def offer(*oids: bytes, token: bytes | None = None, flags: bytes | None = None, mic: bytes | None = None) -> bytes:
    held = None if token is None else tlv(4, token)
    signed = None if mic is None else tlv(4, mic)
    return tlv(0x60, SPNEGO, tlv(0xA0, tlv(0x30, fields(0, tlv(0x30, *oids), flags, held, signed))))


def answer(state: int | None, oid: bytes | None = None, token: bytes | None = None, mic: bytes | None = None) -> bytes:
    inside = [None if state is None else tlv(0x0A, bytes([state])), oid]
    inside += [None if part is None else tlv(4, part) for part in (token, mic)]
    return tlv(0xA1, tlv(0x30, fields(0, *inside)))


def cases(*legs: bytes) -> list[Case]:
    """The legs of one conversation."""
    made = [Case(decode(leg)) for leg in legs]
    for position, case in enumerate(made):
        case.legs, case.position = made, position
    return made


def found(case: Case, *codes: str) -> list[Finding]:
    return [finding for finding in judge(case) if finding.rule.code in codes]


def severities(code: str, *legs: bytes) -> list[list[str]]:
    """How grave a code is at each leg."""
    return [[finding.severity for finding in found(case, code)] for case in cases(*legs)]


def flagged(message: bytes, *, on: int = 0, off: int = 0) -> bytes:
    """An AUTHENTICATE_MESSAGE with other NegotiateFlags."""
    flags = (int.from_bytes(message[60:64], "little") | on) & ~off
    return message[:60] + flags.to_bytes(4, "little") + message[64:]


@pytest.mark.parametrize(
    ("oids", "severity"),
    [
        ([NTLM], ["warning"]),
        ([NEGOEX, NTLM], ["warning"]),
        ([NTLM, KRB5], []),
        ([MS_KRB5, NTLM], []),
        ([IAKERB, NTLM], []),
        ([NEGOEX], []),
        ([], []),
    ],
)
def test_an_offer_of_ntlm_without_kerberos_is_told(oids: list[bytes], severity: list[str]) -> None:
    assert severities("SPN001", offer(*oids)) == [severity]


def test_a_list_that_was_cut_proves_nothing() -> None:
    whole = offer(NTLM, KRB5, token=NEGOTIATE)
    for size in range(len(whole)):
        assert not found(Case(decode(whole[:size])), "SPN001", "SPN002", "SPN012"), size


def test_what_the_server_itself_lists_is_a_note() -> None:
    case = Case(decode(offer(NTLM)), side="server")
    [finding] = found(case, "SPN001")
    assert (finding.severity, finding.detail.partition(" names")[0]) == ("note", "the server itself")


def test_ntlm_after_a_ticket_is_a_note() -> None:
    assert severities("SPN001", offer(KRB5, token=AP_REQ), answer(REJECT), offer(NTLM)) == [[], [], ["note"]]


@pytest.mark.parametrize(
    ("carried", "severity"),
    [
        (Carried(), "note"),
        (Carried("Negotiate", "Authorization: Negotiate"), "warning"),
        (Carried("NTLM", "Authorization: NTLM"), "note"),
        (Carried(carrier="AUTH NTLM"), "note"),
    ],
)
def test_a_bare_ntlm_token_is_graver_where_kerberos_could_have_come(carried: Carried, severity: str) -> None:
    [finding] = found(Case(decode(NEGOTIATE), carried=carried), "SPN001")
    assert (finding.severity, finding.path) == (severity, "")


def test_ntlm_inside_a_negotiation_is_no_choice_of_the_client() -> None:
    legs = (offer(KRB5, NTLM, token=AP_REQ), answer(REQUEST_MIC, NTLM), answer(INCOMPLETE, None, NEGOTIATE))
    assert severities("SPN001", *legs) == [[], [], []]


@pytest.mark.parametrize(
    ("oids", "token", "said"),
    [
        (
            [KRB5, NTLM],
            NEGOTIATE,
            "mechTypes begins with Kerberos, and mechToken is NTLM, which is number 2 of the list",
        ),
        ([NTLM], AP_REQ, "mechTypes begins with NTLM, and mechToken is Kerberos, which is not in the list at all"),
        ([KRB5], b"\xde\xad\xbe\xef", "mechTypes begins with Kerberos, and the 4 bytes of mechToken are no such token"),
        ([KRB5, NTLM], AP_REQ, ""),
        ([MS_KRB5, KRB5], AP_REQ, ""),
        ([NTLM, KRB5], NEGOTIATE, ""),
        ([UNKNOWN, KRB5], b"\xde\xad\xbe\xef", ""),
        ([KRB5], None, ""),
    ],
)
def test_the_first_token_is_held_to_the_first_mechanism(oids: list[bytes], token: bytes | None, said: str) -> None:
    findings = found(Case(decode(offer(*oids, token=token))), "SPN002")
    assert [finding.detail for finding in findings] == ([said] if said else [])
    assert all(finding.path == "mechToken" for finding in findings)


def test_negoex_is_told_where_it_leads_stands_alone_or_is_chosen() -> None:
    assert severities("SPN003", offer(NEGOEX, KRB5)) == [["note"]]
    assert severities("SPN003", offer(KRB5, NEGOEX)) == [[]]
    assert severities("SPN003", offer(NEGOEX)) == [["warning"]]
    assert severities("SPN003", answer(INCOMPLETE, NEGOEX)) == [["warning"]]


@pytest.mark.parametrize(
    ("offered", "chosen", "severity"),
    [
        ([KRB5], NTLM, ["error"]),
        ([MS_KRB5], KRB5, ["warning"]),
        ([KRB5], MS_KRB5, ["warning"]),
        ([MS_KRB5, KRB5], KRB5, ["warning"]),
        ([MS_KRB5, KRB5], MS_KRB5, []),
        ([KRB5, NTLM], NTLM, []),
        ([KRB5], KRB5, []),
    ],
)
def test_the_answer_names_a_mechanism_as_the_client_wrote_it(
    offered: list[bytes], chosen: bytes, severity: list[str]
) -> None:
    assert severities("SPN004", offer(*offered, token=AP_REQ), answer(COMPLETED, chosen)) == [[], severity]
    assert severities("SPN004", answer(COMPLETED, chosen)) == [[]]


def test_a_reject_is_an_error_unless_something_in_it_says_more() -> None:
    assert severities("SPN005", answer(REJECT)) == [["error"]]
    assert severities("SPN005", answer(REJECT, None, tlv(0x60, KRB5, b"\3\0", krb_error(37)))) == [["note"]]
    assert severities("SPN005", answer(REJECT, None, krb_error(37))) == [["note"]]
    assert severities("SPN005", answer(COMPLETED)) == [[]]


@pytest.mark.parametrize(("side", "who"), [("client", "the client"), ("server", "the server"), ("", "the sender")])
def test_a_reject_says_who_gave_up(side: str, who: str) -> None:
    [finding] = found(Case(decode(answer(REJECT)), side=side), "SPN005")
    assert finding.detail.startswith(f"{who} gave up")


def test_a_reject_right_after_the_offer_means_that_nothing_fits() -> None:
    assert severities("SPN012", offer(NTLM, token=NEGOTIATE), answer(REJECT)) == [[], ["error"]]
    assert severities("SPN005", offer(NTLM, token=NEGOTIATE), answer(REJECT)) == [[], ["note"]]


def test_a_ticket_may_be_what_a_bare_reject_is_about() -> None:
    assert severities("SPN012", offer(KRB5, token=AP_REQ), answer(REJECT)) == [[], ["warning"]]
    assert severities("SPN005", offer(KRB5, token=AP_REQ), answer(REJECT)) == [[], ["error"]]


def test_a_reject_later_or_with_a_reason_says_nothing_of_the_mechanisms() -> None:
    assert severities("SPN012", offer(KRB5), answer(REJECT, None, krb_error(37))) == [[], []]
    legs = (offer(NTLM), answer(INCOMPLETE, NTLM, CHALLENGE), answer(None, None, AUTHENTICATE), answer(REJECT))
    assert severities("SPN012", *legs) == [[], [], [], []]


@pytest.mark.parametrize(
    ("legs", "path"),
    [
        ((answer(REQUEST_MIC, NTLM),), "negState"),
        ((offer(KRB5, NTLM), answer(REQUEST_MIC, NTLM)), "negState"),
        ((offer(KRB5, NTLM), answer(INCOMPLETE, NTLM)), "supportedMech"),
        ((offer(NTLM), answer(REQUEST_MIC, NTLM)), "negState"),
        ((offer(MS_KRB5, KRB5), answer(COMPLETED, KRB5)), ""),
        ((offer(KRB5, NTLM), answer(INCOMPLETE, KRB5)), ""),
        ((answer(INCOMPLETE, NTLM),), ""),
    ],
)
def test_another_than_the_first_choice_is_noted(legs: tuple[bytes, ...], path: str) -> None:
    findings = found(cases(*legs)[-1], "SPN006")
    assert [finding.path for finding in findings] == ([path] if path else [])
    assert all(finding.severity == "note" for finding in findings)


SIGNED = flagged(AUTHENTICATE, on=SIGN)
UNSIGNED = flagged(AUTHENTICATE, off=SIGN)
BEGUN = (offer(KRB5, NTLM, token=AP_REQ), answer(REQUEST_MIC, NTLM), answer(None, None, NEGOTIATE))
BEGUN += (answer(INCOMPLETE, None, CHALLENGE),)


def test_a_mechlistmic_is_owed_behind_a_later_choice() -> None:
    assert severities("SPN007", *BEGUN, answer(None, None, SIGNED))[-1] == ["error"]
    assert severities("SPN007", *BEGUN, answer(None, None, SIGNED, b"m" * 16))[-1] == []
    assert severities("SPN007", *BEGUN, answer(None, None, UNSIGNED))[-1] == []


def test_a_mechlistmic_that_comes_alone_later_is_not_missing() -> None:
    later = (answer(None, None, SIGNED), answer(INCOMPLETE, None, None, b"s" * 16), answer(None, None, None, b"m" * 16))
    assert severities("SPN007", *BEGUN, *later) == [[]] * 7
    assert severities("SPN007", *BEGUN, *later[:2])[4] == ["error"]


def test_another_negotiation_of_the_same_connection_owes_nothing() -> None:
    anew = (offer(NTLM), answer(INCOMPLETE, NTLM, CHALLENGE), answer(None, None, flagged(OLD, on=SIGN)))
    assert severities("SPN007", *BEGUN, answer(REJECT), *anew)[-1] == []
    signed = answer(None, None, SIGNED, b"m" * 16)
    assert severities("SPN007", *BEGUN, answer(None, None, SIGNED), answer(REJECT), *anew[:2], signed)[4] == ["error"]


def test_a_mic_in_ntlm_asks_for_a_mechlistmic() -> None:
    first = (offer(NTLM), answer(INCOMPLETE, NTLM, CHALLENGE))
    assert promises_mic(Case(decode(SIGNED)).whole)
    assert severities("SPN007", *first, answer(None, None, SIGNED))[-1] == ["warning"]
    assert severities("SPN007", *first, answer(None, None, SIGNED, b"m" * 16))[-1] == []
    old = flagged(OLD, on=SIGN)
    assert not promises_mic(Case(decode(old)).whole)
    assert severities("SPN007", *first, answer(None, None, old))[-1] == []


def test_a_bare_ntlm_token_in_the_middle_owes_none() -> None:
    assert severities("SPN007", offer(NTLM), answer(INCOMPLETE, NTLM, CHALLENGE), SIGNED)[-1] == []


def test_a_cut_answer_does_not_lack_its_mechlistmic() -> None:
    last = answer(None, None, SIGNED, b"m" * 16)
    assert severities("SPN007", *BEGUN, last[:-17])[-1] == []


def test_a_signature_that_is_not_answered_is_told_at_the_end() -> None:
    signed = answer(None, None, SIGNED, b"m" * 16)
    assert severities("SPN007", *BEGUN, signed, answer(COMPLETED))[-1] == ["warning"]
    assert severities("SPN007", *BEGUN, signed, answer(COMPLETED, None, None, b"s" * 16))[-1] == []
    assert severities("SPN007", *BEGUN, signed, answer(REJECT))[-1] == []
    assert severities("SPN007", answer(COMPLETED)) == [[]]


def test_a_mechlistmic_that_repeats_the_token_is_none() -> None:
    assert severities("SPN009", answer(INCOMPLETE, NTLM, CHALLENGE, CHALLENGE)) == [["warning"]]
    assert severities("SPN009", offer(NTLM, token=NEGOTIATE, mic=NEGOTIATE)) == [["warning"]]
    assert severities("SPN009", answer(INCOMPLETE, NTLM, CHALLENGE, b"m" * 16)) == [[]]
    assert severities("SPN009", answer(INCOMPLETE, NTLM, b"", b"")) == [[]]


@pytest.mark.parametrize(
    ("token", "carried", "severity"),
    [
        (AP_REQ, Carried(), ["note"]),
        (AP_REQ, Carried("Negotiate", "Authorization: Negotiate"), ["note"]),
        (AP_REQ, Carried("Kerberos", "Authorization: Kerberos"), []),
        (AP_REQ, Carried(carrier="LDAP bindRequest GSSAPI"), []),
        (AP_REQ, Carried("NTLM", "Authorization: NTLM"), ["warning"]),
        (AP_REQ, Carried(carrier="DCE/RPC bind"), []),
        (ap_req(), Carried(), []),
        (NEGOTIATE, Carried("Negotiate", "Authorization: Negotiate"), ["note"]),
        (NEGOTIATE, Carried("NTLM", "Authorization: NTLM"), []),
        (NEGOTIATE, Carried("Kerberos", "Authorization: Kerberos"), ["warning"]),
        (offer(KRB5), Carried("Negotiate", "Authorization: Negotiate"), []),
        (offer(KRB5), Carried("NTLM", "Authorization: NTLM"), ["warning"]),
        (offer(KRB5), Carried("Kerberos", "Authorization: Kerberos"), ["warning"]),
        (offer(KRB5), Carried(carrier="LDAP bindRequest GSSAPI"), ["warning"]),
        (offer(KRB5), Carried(carrier="LDAP bindRequest GSS-SPNEGO"), []),
        (CHALLENGE, Carried("Negotiate", "WWW-Authenticate: Negotiate"), []),
    ],
)
def test_a_token_is_held_to_the_scheme_that_it_stands_behind(
    token: bytes, carried: Carried, severity: list[str]
) -> None:
    findings = found(Case(decode(token), carried=carried), "SPN010")
    assert [finding.severity for finding in findings] == severity


def test_req_flags_are_named() -> None:
    [finding] = found(Case(decode(offer(NTLM, flags=tlv(3, b"\x01\x62")))), "SPN011")
    assert finding.detail == "reqFlags is sent (mutualFlag, replayFlag, integFlag), which acceptors ignore"
    [finding] = found(Case(decode(offer(NTLM, flags=tlv(3, b"\x00\x00")))), "SPN011")
    assert "none set" in finding.detail


def test_an_offer_of_nothing_and_of_nothing_known_are_errors() -> None:
    assert severities("SPN012", offer()) == [["error"]]
    assert severities("SPN012", offer(UNKNOWN)) == [["error"]]
    assert severities("SPN012", offer(UNKNOWN, NTLM)) == [[]]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("spnego-other-mechanism", "SPN004"),
        ("spnego-peer-rejected", "SPN005"),
        ("spnego-mic-missing", "SPN007"),
        ("spnego-integrity-dropped", "SPN007"),
        ("spnego-mic-wrong", "SPN008"),
        ("spnego-to-kerberos", "SPN010"),
        ("spnego-no-common-mechanism", "SPN012"),
        ("spnego-no-mechtypes", "SPN012"),
    ],
)
def test_every_refusal_of_spnego_has_its_code_and_leads(kind: str, code: str) -> None:
    step = Step(status.SEC_E_INVALID_TOKEN, OTHER, FAILED, refusal=Refusal(kind, "why it was refused"))
    first = judge(Case(decode(offer(NTLM, token=NEGOTIATE)), step=step))[0]
    assert (first.rule.code, first.severity, first.detail) == (code, "error", "why it was refused")
