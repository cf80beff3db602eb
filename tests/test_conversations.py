"""Tokens given together are divided into conversations: what belongs together, whose leg is whose, what came before."""

from __future__ import annotations

import time
from pathlib import Path

from builders.der import KRB5, NTLM, ap_req, framed, krb_error, neg_token_init, neg_token_resp
from builders.ntlm import Client, negotiate

from secctx.decoders import decode
from secctx.rules.case import Carried, Case
from secctx.rules.conversations import FEW, MOST_EARLIER, MOST_LEGS, group, name_of

ROOT = Path(__file__).parents[1]
LEGS = [(ROOT / "tests" / "data" / "ntlm" / f"63-ntlm-pyspnego-raw.leg{leg}.bin").read_bytes() for leg in (1, 2, 3)]
AP_REQ = framed(KRB5, b"\1\0" + ap_req())
SKEW = framed(KRB5, b"\3\0" + krb_error(37))
NO_KEY = framed(KRB5, b"\3\0" + krb_error(44))
INIT = neg_token_init(KRB5, NTLM, token=AP_REQ)
REJECT = neg_token_resp(2)
AS_REQ = (ROOT / "samples" / "kdc-as-req.bin").read_bytes()
PREAUTH = (ROOT / "samples" / "krb-error-preauth-required.bin").read_bytes()
SERVER_FIRST = (ROOT / "samples" / "spnego-server-first.bin").read_bytes()


def cases(*tokens: bytes) -> list[Case]:
    return [Case(decode(token)) for token in tokens]


def names(*tokens: bytes, keys: list[object] | None = None) -> list[list[str]]:
    found = cases(*tokens)
    return [[name_of(leg) for leg in legs] for legs in group(found, keys or [None] * len(found))]  # type: ignore[arg-type]


def test_the_legs_of_one_logon_are_one_conversation() -> None:
    found = cases(*LEGS)
    (legs,) = group(found, [None] * 3)
    assert legs == found
    assert [leg.side for leg in legs] == ["client", "server", "client"]
    assert [leg.position for leg in legs] == [0, 1, 2]
    assert found[1].before == [found[0]]
    assert found[1].after == [found[2]]
    assert all(leg.legs is legs for leg in legs)


def test_what_begins_a_logon_begins_a_conversation_and_remembers_those_before() -> None:
    found = cases(INIT, REJECT, *LEGS)
    first, second = group(found, [None] * 5)
    assert [name_of(leg) for leg in first] == ["AP-REQ", "NegTokenResp"]
    assert second == found[2:]
    assert list(found[4].earlier) == [first]
    assert found[0].earlier == ()


def test_only_the_latest_conversations_are_remembered() -> None:
    found = cases(*[AP_REQ] * 6)
    group(found, list(range(6)))
    assert [len(case.earlier) for case in found] == [0, 1, 2, *[MOST_EARLIER] * 3]
    assert found[5].earlier[-1][0] is found[4]


def test_the_server_may_begin_and_the_client_answers_in_the_same_conversation() -> None:
    assert names(SERVER_FIRST, INIT) == [["NegTokenInit2", "AP-REQ"]]
    assert names(SERVER_FIRST, INIT, INIT) == [["NegTokenInit2", "AP-REQ"], ["AP-REQ"]]


def test_a_clock_skew_may_be_answered_by_another_ap_req_and_another_error_may_not() -> None:
    other = AP_REQ[:-1] + b"b"
    assert names(AP_REQ, SKEW, other) == [["AP-REQ", "KRB-ERROR", "AP-REQ"]]
    assert names(AP_REQ, NO_KEY, other) == [["AP-REQ", "KRB-ERROR"], ["AP-REQ"]]


def test_the_same_ap_req_twice_is_two_logons() -> None:
    assert names(AP_REQ, AP_REQ) == [["AP-REQ"], ["AP-REQ"]]
    assert names(INIT, INIT) == [["AP-REQ"], ["AP-REQ"]]


def test_a_leg_repeated_stays_in_its_logon() -> None:
    assert names(LEGS[0], LEGS[1], LEGS[1], LEGS[2]) == [
        ["NEGOTIATE_MESSAGE", "CHALLENGE_MESSAGE", "CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE"]
    ]


def test_what_is_asked_of_a_kdc_stands_apart_and_does_not_divide_a_logon() -> None:
    assert names(LEGS[0], AS_REQ, PREAUTH, LEGS[1], LEGS[2]) == [
        ["NEGOTIATE_MESSAGE", "CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE"],
        ["AS-REQ"],
        ["KRB-ERROR"],
    ]
    assert names(AP_REQ, AS_REQ, PREAUTH, keys=[1, 1, 1]) == [["AP-REQ"], ["AS-REQ"], ["KRB-ERROR"]]


def test_what_is_no_token_stands_apart() -> None:
    assert names(LEGS[0], b"no token at all", b"", LEGS[1]) == [
        ["NEGOTIATE_MESSAGE", "CHALLENGE_MESSAGE"],
        ["unknown"],
        ["unknown"],
    ]


def test_a_rejected_negotiation_is_over() -> None:
    assert names(INIT, REJECT, neg_token_resp(1)) == [["AP-REQ", "NegTokenResp"], ["NegTokenResp"]]


def test_what_a_carrier_counts_is_believed_even_where_it_is_interleaved() -> None:
    assert names(LEGS[0], INIT, LEGS[1], REJECT, LEGS[2], keys=[1, 2, 1, 2, 1]) == [
        ["NEGOTIATE_MESSAGE", "CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE"],
        ["AP-REQ", "NegTokenResp"],
    ]


def test_of_many_tokens_only_those_are_legs_that_fit() -> None:
    pile = [b"\0"] * FEW
    answer = Client().answer(LEGS[1]).data
    other = Client(extra=((1, "OTHER".encode("utf-16-le")),)).answer(LEGS[1].replace(b"V\0M\0", b"X\0Y\0")).data
    assert names(LEGS[1], answer, *pile)[0] == ["CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE"]
    assert names(LEGS[1], other, *pile)[:2] == [["CHALLENGE_MESSAGE"], ["AUTHENTICATE_MESSAGE"]]
    assert names(LEGS[1], other) == [["CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE"]]
    ntlm_chosen = neg_token_resp(3, NTLM)
    only = neg_token_init(KRB5, token=AP_REQ)
    assert names(only, ntlm_chosen, *pile)[:2] == [["AP-REQ"], ["NegTokenResp"]]
    assert names(INIT, ntlm_chosen, *pile)[0] == ["AP-REQ", "NegTokenResp"]
    assert names(neg_token_resp(0), INIT, *pile)[:2] == [["NegTokenResp"], ["AP-REQ"]]


def test_a_pile_remembers_nothing_across_its_conversations() -> None:
    found = cases(INIT, REJECT, *LEGS, *[b"\0"] * FEW)
    group(found, [None] * len(found))
    assert found[4].earlier == ()


def test_the_side_is_that_of_the_carrier_where_it_says_one() -> None:
    found = [Case(decode(neg_token_resp(1)), carried=Carried(direction=side)) for side in ("server", "client", "")]
    group(found, [1, 1, 1])
    assert [case.side for case in found] == ["server", "client", "server"]


def test_a_third_ap_rep_is_the_clients() -> None:
    samples = [(ROOT / "samples" / f"dce-{name}.bin").read_bytes() for name in ("ap-req", "ap-rep", "ap-rep-third-leg")]
    found = cases(*samples)
    assert len(group(found, [None] * 3)) == 1
    assert [case.side for case in found] == ["client", "server", "client"]


def test_messages_under_a_context_belong_to_it_and_are_of_no_known_side() -> None:
    signature = (ROOT / "samples" / "ntlm-sealed.hex").read_text()
    found = cases(*LEGS, bytes.fromhex("".join(signature.split())))
    assert len(group(found, [None] * 4)) == 1
    assert found[3].side == ""


def test_a_conversation_has_no_end_of_legs() -> None:
    found = cases(*[negotiate()] * (MOST_LEGS + 1))
    assert [len(legs) for legs in group(found, [7] * len(found))] == [MOST_LEGS, 1]


def test_a_hundred_thousand_tokens_take_seconds() -> None:
    one = [decode(token) for token in (*LEGS, INIT, REJECT)]
    found = [Case(one[number % 5]) for number in range(100_000)]
    begun = time.process_time()
    group(found, [None if number % 3 else number % 7 for number in range(100_000)])
    assert time.process_time() - begun < 60


def test_any_beginning_of_any_leg_is_grouped_without_a_complaint() -> None:
    for token in (*LEGS, INIT, REJECT, SKEW):
        found = cases(*(token[:size] for size in range(0, len(token), 3)))
        assert sum(map(len, group(found, [None] * len(found)))) == len(found)
        assert sum(map(len, group(found, [0] * len(found)))) == len(found)
