"""The rules about legs: each says what the legs prove and no more."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import kerberos
from builders.der import KRB5, NTLM, ap_req, framed, krb_error, neg_token_init, neg_token_resp, principal, ticket
from builders.kdc import tgt_rep, tgt_req

from secctx.acceptor.status import SEC_E_LOGON_DENIED
from secctx.acceptor.values import ESTABLISHED, FAILED, Refusal, Step
from secctx.decoders import decode
from secctx.keys.unlock import unlock
from secctx.rules.case import Carried, Case, Given
from secctx.rules.conversations import group
from secctx.rules.finding import ERROR, NOTE, WARNING, Finding
from secctx.rules.index import rules_in

ROOT = Path(__file__).parents[1]
LAB = ROOT.parent / "shared" / "lab" / "tokens"
RAW = [(ROOT / "tests" / "data" / "ntlm" / f"63-ntlm-pyspnego-raw.leg{leg}.bin").read_bytes() for leg in (1, 2, 3)]
NEGOTIATE, CHALLENGE, AUTHENTICATE = RAW
AP_REQ = framed(KRB5, b"\1\0" + ap_req())
NO_KEY = framed(KRB5, b"\3\0" + krb_error(44))
INIT = neg_token_init(KRB5, NTLM, token=AP_REQ)
CHOSE_NTLM, CHOSE_KERBEROS = neg_token_resp(3, NTLM), neg_token_resp(1, KRB5)
REJECT, ACCEPT = neg_token_resp(2), neg_token_resp(0)
FALLBACK = (INIT, CHOSE_NTLM, *(neg_token_resp(1, token=token) for token in RAW))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def case(token: bytes, stream: str = "", answer: str = "", side: str = "", at: float | None = None) -> Case:
    when = None if at is None else NOON + timedelta(seconds=at)
    return Case(decode(token), carried=Carried(carrier="HTTP", stream=stream, answer=answer, direction=side, time=when))


def judged(*tokens: bytes | Case, keys: list[int] | None = None) -> list[tuple[int, Finding]]:
    """What the rules about legs say, with the number of the token that they say it of."""
    found = [token if isinstance(token, Case) else case(token) for token in tokens]
    group(found, keys or [None] * len(found))
    return [
        (number, finding)
        for number, one in enumerate(found)
        if len(one.legs) > 1
        for rule in rules_in("LEG")
        for finding in rule.judge(one)
    ]


def codes(*tokens: bytes | Case, keys: list[int] | None = None) -> list[tuple[int, str, str]]:
    return [(number, finding.rule.code, finding.severity) for number, finding in judged(*tokens, keys=keys)]


def lines(*tokens: bytes | Case, keys: list[int] | None = None) -> list[str]:
    """The two lines of the story; it is told once."""
    (told,) = [one for _, one in judged(*tokens, keys=keys) if one.rule.code in ("LEG010", "LEG011")]
    return told.detail.split("\n")


def test_whole_logons_raise_nothing() -> None:
    assert codes(*RAW) == []
    assert codes(AP_REQ, NO_KEY) == []
    assert codes(INIT, ACCEPT) == []


def test_a_lost_leg_is_a_warning_only_where_the_server_was_heard() -> None:
    assert codes(NEGOTIATE, AUTHENTICATE) == [(1, "LEG001", NOTE)]
    assert codes(NEGOTIATE, AUTHENTICATE, ACCEPT, keys=[1, 1, 1]) == [(1, "LEG001", WARNING)]
    assert codes(CHALLENGE, AUTHENTICATE) == [(0, "LEG001", NOTE)]
    assert codes(INIT, neg_token_resp(1, token=NEGOTIATE), neg_token_resp(1, token=CHALLENGE)) == [
        (1, "LEG001", WARNING),
        (1, "LEG011", WARNING),
        (2, "LEG006", NOTE),
    ]


def test_an_accept_behind_the_challenge_lacks_the_answer_whoever_sent_it() -> None:
    for side in ("server", "client", ""):
        legs = neg_token_init(NTLM, token=NEGOTIATE), neg_token_resp(1, token=CHALLENGE), case(ACCEPT, side=side)
        assert codes(*legs) == [(2, "LEG001", WARNING)]


def test_a_leg_twice_is_told_with_the_number_of_the_first() -> None:
    ((number, finding),) = judged(NEGOTIATE, CHALLENGE, CHALLENGE, AUTHENTICATE)
    assert (number, finding.rule.code) == (2, "LEG002")
    assert finding.detail == "this CHALLENGE_MESSAGE is leg 2 again, byte for byte"


def test_the_next_logon_of_the_same_client_begins_with_the_same_bytes() -> None:
    assert codes(*RAW, NEGOTIATE, CHALLENGE[:-1] + b"x", AUTHENTICATE, keys=[1] * 6)[0][1] == "LEG002"
    assert "LEG002" not in {code for _, code, _ in codes(*RAW, NEGOTIATE, keys=[1] * 4)}


def test_another_connection_is_an_error_for_ntlm_over_http_unless_it_worked() -> None:
    def over(*streams: str, answer: str = "", carrier: str = "HTTP") -> list[tuple[int, str, str]]:
        found = [case(token, stream) for token, stream in zip(RAW, streams, strict=True)]
        found[2].carried.answer, found[2].carried.carrier = answer, carrier
        return codes(*found, keys=[1, 1, 1])

    assert over("1", "1", "2") == [(2, "LEG003", ERROR)]
    assert over("1", "1", "2", answer="HTTP 401") == [(2, "LEG003", ERROR)]
    assert over("1", "1", "2", answer="HTTP 200") == [(2, "LEG003", WARNING)]
    assert over("1", "1", "2", carrier="SMB2") == [(2, "LEG003", WARNING)]
    assert over("1", "2", "2") == [(1, "LEG003", WARNING)]
    assert over("1", "", "1") == over("", "", "2") == []


def test_the_order_is_told_where_the_legs_prove_it() -> None:
    assert codes(CHALLENGE, NEGOTIATE, AUTHENTICATE, keys=[1] * 3)[0] == (0, "LEG004", WARNING)
    assert codes(NEGOTIATE, AUTHENTICATE, CHALLENGE)[0] == (1, "LEG004", WARNING)
    assert codes(CHALLENGE, NEGOTIATE, AUTHENTICATE) == [(2, "LEG004", WARNING)]
    assert codes(NO_KEY, AP_REQ) == []
    twice = NEGOTIATE, CHALLENGE, CHALLENGE[:-1] + b"x", AUTHENTICATE
    assert codes(*twice) == [(2, "LEG004", WARNING)]


def test_another_challenge_before_the_logon_is_not_out_of_order() -> None:
    stranger = CHALLENGE.replace("VM".encode("utf-16-le"), "XY".encode("utf-16-le"))
    assert codes(stranger, NEGOTIATE, AUTHENTICATE) == [(2, "LEG001", NOTE)]


def test_the_client_goes_on_with_what_the_server_chose_or_fails() -> None:
    kerberos_again = neg_token_resp(1, token=AP_REQ)
    assert codes(INIT, CHOSE_NTLM, kerberos_again) == [(2, "LEG005", ERROR)]
    assert codes(INIT, CHOSE_NTLM, kerberos_again, ACCEPT) == [(2, "LEG005", WARNING)]
    assert codes(INIT, CHOSE_KERBEROS, kerberos_again) == []
    ((_, finding),) = judged(INIT, CHOSE_NTLM, kerberos_again)
    assert finding.detail == "the server chose NTLM, and the client goes on with Kerberos (AP-REQ)"
    assert finding.path == "responseToken"


def test_the_client_takes_of_what_the_server_offers_by_itself() -> None:
    offer = (ROOT / "samples" / "spnego-server-first.bin").read_bytes()
    ours = {"Kerberos", "NTLM"} & {mech.meaning for mech in decode(offer).root.child("mechTypes").children}  # type: ignore[union-attr]
    assert codes(offer, INIT) == ([] if "Kerberos" in ours else [(1, "LEG005", WARNING)])


def test_a_client_that_begins_anew_does_not_answer() -> None:
    begun = NEGOTIATE, CHALLENGE, NEGOTIATE[:-1] + b"\x0e"
    assert codes(*begun, keys=[1] * 3) == [(2, "LEG005", WARNING)]
    assert codes(*begun) == [(1, "LEG006", NOTE)]


def test_the_servers_ticket_for_user_to_user_is_to_be_used() -> None:
    offer = framed(KRB5, b"\4\0" + tgt_req()), framed(KRB5, b"\4\1" + tgt_rep())
    assert codes(*offer) == [(1, "LEG006", NOTE)]
    assert codes(*offer, AP_REQ) == [(2, "LEG005", WARNING)]
    assert codes(*offer, framed(KRB5, b"\1\0" + ap_req(b"\0\x60\0\0\0"))) == []


@pytest.mark.parametrize(("minutes", "told"), [(20, True), (0, False)])
def test_a_new_authenticator_with_the_old_wrong_time_is_told(minutes: int, told: bool) -> None:
    client = kerberos.Client()
    late = kerberos.NOW + timedelta(minutes=minutes)
    token = client.but(ctime=late).token()
    decoded = decode(token)
    unlock(decoded, kerberos.ring())
    skew = framed(KRB5, b"\3\0" + krb_error(37).replace(b"20261122082501Z", f"{kerberos.NOW:%Y%m%d%H%M%S}Z".encode()))
    legs = [case(AP_REQ), case(skew), Case(decoded, Given())]
    found = judged(*legs, keys=[1] * 3)
    assert [finding.rule.code for _, finding in found] == (["LEG005"] if told else [])
    if told:
        assert found[0][1].detail.endswith(f"{minutes * 60} seconds apart")


def test_a_question_at_the_end_is_unfinished_and_a_refusal_is_not() -> None:
    assert codes(NEGOTIATE, CHALLENGE) == [(1, "LEG006", NOTE)]
    assert codes(INIT, CHOSE_KERBEROS) == [(1, "LEG006", NOTE)]
    assert codes(INIT, REJECT) == []
    ((_, finding),) = judged(INIT, CHOSE_NTLM)
    assert finding.detail.startswith(
        "nothing answers the server's NegTokenResp (request-mic): the client gave up there"
    )


def test_a_fallback_is_told_once_in_two_lines() -> None:
    assert codes(*FALLBACK, REJECT) == [(4, "LEG010", ERROR)]
    assert codes(*FALLBACK, ACCEPT) == [(4, "LEG011", WARNING)]
    assert codes(*FALLBACK) == [(4, "LEG011", WARNING)]
    first = "Kerberos was tried for HTTP/web@LAB.EXAMPLE, and the server chose NTLM instead (request-mic)"
    who = "NTLM took its place for LAB\\alice, and"
    assert lines(*FALLBACK, REJECT) == [first, f"{who} the server rejected it"]
    assert lines(*FALLBACK, ACCEPT) == [first, f"{who} the server accepted it"]
    assert lines(*FALLBACK) == [first, f"{who} how that ended is not to be seen here"]
    assert lines(*FALLBACK[:4]) == [first, "NTLM was begun in its place and not finished here"]


@pytest.mark.parametrize(
    ("answer", "code", "clause"),
    [
        ("HTTP 401", "LEG010", "the server answered HTTP 401"),
        ("HTTP/1.1 407 Proxy Authentication Required", "LEG010", "the server answered HTTP 407"),
        ("STATUS_LOGON_FAILURE", "LEG010", "the server answered STATUS_LOGON_FAILURE"),
        ("LDAP 49 80090308: LdapErr: DSID-0C090449", "LEG010", "the server answered LDAP 49"),
        ("HTTP 200", "LEG011", "the server answered HTTP 200"),
        ("LDAP 0", "LEG011", "the server answered LDAP 0"),
        ("STATUS_SUCCESS", "LEG011", "the server answered STATUS_SUCCESS"),
        ("HTTP 403", "LEG011", "how that ended is not to be seen here"),
        ("LDAP 14", "LEG011", "how that ended is not to be seen here"),
        ("STATUS_MORE_PROCESSING_REQUIRED", "LEG011", "how that ended is not to be seen here"),
        ("whatever", "LEG011", "how that ended is not to be seen here"),
    ],
)
def test_what_the_protocol_answered_is_the_end_where_no_token_is(answer: str, code: str, clause: str) -> None:
    legs = *FALLBACK[:4], case(FALLBACK[4], answer=answer)
    ((_, finding),) = judged(*legs)
    assert finding.rule.code == code
    assert finding.detail.endswith(f", and {clause}")


def test_the_answer_to_a_leg_in_the_middle_is_no_end() -> None:
    legs = [case(token, answer="HTTP 401") for token in FALLBACK[:4]]
    assert codes(*legs, FALLBACK[4], ACCEPT) == [(4, "LEG011", WARNING)]
    assert codes(*legs) == [(2, "LEG011", WARNING), (3, "LEG006", NOTE)]


def refused(one: Case, kind: str, text: str) -> Case:
    one.step = Step(SEC_E_LOGON_DENIED, "windows", FAILED, refusal=Refusal(kind, text))
    return one


def test_the_acceptors_reason_is_told_beside_what_the_server_said() -> None:
    legs = *FALLBACK[:4], refused(case(FALLBACK[4]), "ntlm-wrong-password", "the response fits another password")
    assert codes(*legs)[-1] == (4, "LEG010", ERROR)
    assert lines(*legs)[1].endswith("and it is refused: the response fits another password")
    assert lines(*legs, REJECT)[1].endswith("and the server rejected it: the response fits another password")
    assert lines(*legs, ACCEPT)[1].endswith("and the server accepted it")


def test_a_refusal_for_want_of_keys_is_no_reason() -> None:
    legs = *FALLBACK[:4], refused(case(FALLBACK[4]), "no-credentials", "no users are given")
    assert lines(*legs)[1].endswith("how that ended is not to be seen here")


def test_what_the_acceptor_lets_pass_has_passed() -> None:
    one = case(FALLBACK[4])
    one.step = Step(SEC_E_LOGON_DENIED, "windows", ESTABLISHED)
    assert lines(*FALLBACK[:4], one)[1].endswith("and it is accepted")


def test_a_krb_error_and_an_unexplained_reject_are_the_first_line() -> None:
    service = "Kerberos was tried for HTTP/web@LAB.EXAMPLE, and"
    assert lines(AP_REQ, NO_KEY, *RAW)[0] == f"{service} the server answered KRB_AP_ERR_BADKEYVER (44)"
    assert lines(INIT, REJECT, *RAW)[0] == f"{service} the server rejected it"
    assert lines(INIT, *RAW)[0] == f"{service} no token answers it here"
    assert lines(case(INIT, answer="HTTP 401"), *RAW)[0] == f"{service} the server answered HTTP 401 without a token"


@pytest.mark.parametrize(
    ("error", "advice"), [(37, "clocks"), (44, "keytab anew"), (32, "tickets"), (60, "first line")]
)
def test_what_to_do_first_is_what_the_error_asks_for(error: int, advice: str) -> None:
    told = [one for _, one in judged(AP_REQ, framed(KRB5, b"\3\0" + krb_error(error)), *RAW)]
    assert advice in told[-1].advice
    chose = judged(*FALLBACK, REJECT)[0][1].advice
    assert chose.startswith("give the server Kerberos for HTTP/web: ")


def test_kerberos_that_worked_is_no_beginning_of_a_fallback() -> None:
    assert codes(INIT, ACCEPT, *RAW) == []
    assert codes(case(INIT, answer="HTTP 200"), *RAW) == []
    assert codes(INIT, REJECT, *RAW[:2], case(AUTHENTICATE, answer="HTTP 200"), *RAW)[-1] == (4, "LEG011", WARNING)


def test_attempts_of_different_clients_are_no_one_story() -> None:
    def told(first: tuple[str, float | None], then: tuple[str, float | None]) -> bool:
        kerberos_legs = [case(token, first[0], at=first[1]) for token in (INIT, REJECT)]
        ntlm = [case(token, then[0], at=then[1]) for token in RAW]
        return any(code == "LEG011" for _, code, _ in codes(*kerberos_legs, *ntlm, keys=[1, 1, 2, 2, 2]))

    one, same_host, other = "10.0.0.5:50131 10.0.0.9:80", "10.0.0.5:50140 10.0.0.9:80", "10.0.0.6:50131 10.0.0.9:80"
    assert told((one, 0), (one, 100))
    assert told((one, 0), (same_host, 3))
    assert not told((one, 0), (same_host, 100))
    assert not told((one, 0), (other, 3))
    assert not told((one, None), (other, None))
    assert not told(("1", 0), ("2", 3))
    assert told(("", 0), ("", 3))
    assert not told(("", 0), ("", None))
    assert told(("", None), ("", None))


def test_attempts_at_different_services_are_one_story_on_one_connection_alone() -> None:
    request = framed(KRB5, b"\1\0" + ap_req(ticket_bytes=ticket(principal(3, "HTTP", "mail"))))
    tried = neg_token_init(KRB5, NTLM, token=request), REJECT
    assert codes(*tried, *RAW) == []
    legs = [case(token, "7") for token in (*tried, *RAW)]
    assert codes(*legs, keys=[1, 1, 2, 2, 2]) == [(4, "LEG011", WARNING)]


def test_long_names_are_cut_and_strange_ones_survive() -> None:
    request = framed(KRB5, b"\1\0" + ap_req(ticket_bytes=ticket(principal(3, "HTTP", "w" * 5000))))
    first = lines(neg_token_init(KRB5, NTLM, token=request), *FALLBACK[1:])[0]
    assert len(first) < 300
    cut = case(FALLBACK[0][:-30])
    assert codes(cut, *FALLBACK[1:], REJECT, keys=[1] * 6)[-1] == (4, "LEG010", ERROR)


def test_no_mixture_of_damaged_legs_raises_an_exception() -> None:
    draw = random.Random(7)
    pool = [
        *RAW,
        AP_REQ,
        NO_KEY,
        *FALLBACK,
        REJECT,
        ACCEPT,
        b"",
        b"x",
        (ROOT / "samples/iakerb-answer.bin").read_bytes(),
    ]
    for _ in range(300):
        some = []
        for token in draw.choices(pool, k=draw.randrange(2, 9)):
            data = bytearray(token[: draw.randrange(len(token) + 1)] if draw.random() < 0.3 else token)
            if data and draw.random() < 0.3:
                data[draw.randrange(len(data))] = draw.randrange(256)
            some.append(case(bytes(data), draw.choice(("", "1", "2")), side=draw.choice(("", "client", "server"))))
        judged(*some, keys=[draw.randrange(2) for _ in some] if draw.random() < 0.5 else None)


@pytest.mark.skipif(not LAB.is_dir(), reason="the shared lab is not beside the checkout")
def test_a_good_handshake_of_the_lab_has_no_error_and_a_failed_fallback_has() -> None:
    handshakes: dict[str, list[tuple[int, Path]]] = {}
    for path in LAB.glob("*.leg*.bin"):
        name, _, leg = path.stem.rpartition(".leg")
        if leg.isdigit():
            handshakes.setdefault(name, []).append((int(leg), path))
    errors = set()
    for name, legs in handshakes.items():
        tokens = [path.read_bytes() for _, path in sorted(legs)]
        for keys in (None, [1] * len(tokens)):
            errors |= {(name, code) for _, code, severity in codes(*tokens, keys=keys) if severity != NOTE}
    assert errors == {
        ("80-spnego-mit-krb5-first-ntlm-acceptor", "LEG011"),
        ("81-fail-spnego-mit-requestmic-tampered", "LEG010"),
    }
