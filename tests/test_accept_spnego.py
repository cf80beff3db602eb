"""SPNEGO on the accepting side (RFC 4178, MS-SPNG), what a call is asked besides, and the command line's statuses."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from builders.der import (
    KRB5,
    MS_KRB5,
    NEGOEX,
    NTLM,
    SPNEGO,
    ap_req,
    framed,
    krb_error,
    neg_token_init,
    neg_token_resp,
    tlv,
)
from builders.ntlm import (
    KEY_EXCH,
    ONLY_NTLM,
    PLAIN,
    SIGN,
    USERS,
    Answer,
    Client,
    Command,
    Host,
    inner,
    mech_types,
    negotiate,
    secret,
)

from secctx.acceptor import flags as asc
from secctx.acceptor.acceptor import complete
from secctx.acceptor.context import Context
from secctx.acceptor.mechanism import Leg
from secctx.acceptor.part import Part
from secctx.acceptor.values import CONTINUING, ESTABLISHED, Request, Step
from secctx.acceptor.values import Client as LoggedOn
from secctx.decoders import decode
from secctx.keys.ntlm_session import NtlmSession

OK, CONTINUE, DENIED = "SEC_E_OK", "SEC_I_CONTINUE_NEEDED", "SEC_E_LOGON_DENIED"
INVALID_TOKEN, ALTERED, NOT_FOUND = "SEC_E_INVALID_TOKEN", "SEC_E_MESSAGE_ALTERED", "SEC_E_SECPKG_NOT_FOUND"
OUT_OF_SEQUENCE, TOO_SMALL = "SEC_E_OUT_OF_SEQUENCE", "SEC_E_BUFFER_TOO_SMALL"
EXTENDED, SUPPLIED, TO_FIT = asc.ASC_REQ_EXTENDED_ERROR, asc.ASC_REQ_FRAGMENT_SUPPLIED, asc.ASC_REQ_FRAGMENT_TO_FIT

REJECT = bytes.fromhex("a1073005a0030a0102")
REQUEST_MIC = bytes.fromhex("a1153013a0030a0103a10c060a2b06010401823702020a")
INCOMPLETE = bytes.fromhex("a1153013a0030a0101a10c060a2b06010401823702020a")
COMPLETED = bytes.fromhex("a1073005a0030a0100")
ANOTHER = bytes.fromhex("06062b0601050513")
U2U = bytes.fromhex("060a2a864886f71201020203")
KRB_TOKEN = framed(KRB5, b"\1\0" + ap_req())


def kind(step: Step) -> str:
    """The kind of a refusal; empty where there is none."""
    return "" if step.refusal is None else step.refusal.kind


# Selection -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mechs", "token", "output"),
    [
        pytest.param([NTLM], None, INCOMPLETE, id="NTLM, no token"),
        pytest.param([NTLM, KRB5], None, INCOMPLETE, id="NTLM first, no token"),
        pytest.param([KRB5, NTLM], None, REQUEST_MIC, id="Kerberos first, no token"),
        pytest.param([KRB5, NTLM], KRB_TOKEN, REQUEST_MIC, id="Kerberos first, its token"),
        pytest.param([MS_KRB5, KRB5, NEGOEX, NTLM], KRB_TOKEN, REQUEST_MIC, id="as Windows offers"),
        pytest.param([NEGOEX, NTLM], b"NEGOEXTS" + bytes(100), REQUEST_MIC, id="NEGOEX first"),
        pytest.param([U2U, NTLM], b"anything", REQUEST_MIC, id="user-to-user first"),
        pytest.param([ANOTHER, NTLM], b"", REQUEST_MIC, id="unknown first, empty token"),
        pytest.param([ANOTHER, KRB5, NTLM], negotiate(), REQUEST_MIC, id="a token of the third for the first"),
        pytest.param([KRB5, NTLM], framed(KRB5, b"\1\0"), REQUEST_MIC, id="a broken token that is not used"),
        pytest.param([KRB5, NTLM], KRB_TOKEN[:-5], REQUEST_MIC, id="a cut token that is not used"),
        pytest.param([KRB5, NTLM], b"\x60\x82", REQUEST_MIC, id="half a header that is not used"),
        pytest.param([KRB5, NTLM], b"NTLMSSP\0\1\0\0\0", REQUEST_MIC, id="half an NTLM message that is not used"),
    ],
)
def test_the_first_of_the_clients_mechanisms_that_can_be_served_is_chosen(
    mechs: list[bytes], token: bytes | None, output: bytes
) -> None:
    host = Host()
    step = host.step(neg_token_init(*mechs, token=token))
    assert (step.status.name, step.output) == (CONTINUE, output), step.refusal
    assert (step.mechanism, step.attributes) == ("NTLM", 0)
    client = Client(mic=False)
    again = host.step(neg_token_resp(token=client.negotiate))
    assert again.output == neg_token_resp(1, token=inner(again.output or b""))


@pytest.mark.parametrize(
    "mechs", [[KRB5], [MS_KRB5, KRB5], [ANOTHER], [NEGOEX], [SPNEGO], [U2U]], ids=lambda mechs: mechs[0].hex()
)
@pytest.mark.parametrize("flags", [0, EXTENDED])
def test_no_mechanism_in_common_is_told_and_rejected_in_words_only_where_asked(mechs: list[bytes], flags: int) -> None:
    host = Host()
    step = host.step(neg_token_init(*mechs, token=KRB_TOKEN), flags)
    assert step.status.name == NOT_FOUND
    assert step.output == (REJECT if flags else None)
    assert step.attributes == (asc.ASC_RET_EXTENDED_ERROR if flags else 0)
    assert (kind(step), step.refusal and step.refusal.path) == ("spnego-no-common-mechanism", "mechTypes")
    assert host.context is None


def test_without_users_nothing_can_be_chosen() -> None:
    assert Host(None).step(b"").status.name == NOT_FOUND
    assert Host(None).step(neg_token_init(NTLM, token=negotiate())).status.name == NOT_FOUND


def test_a_token_of_another_mechanism_for_the_chosen_one_is_an_invalid_token() -> None:
    step = Host().step(neg_token_init(NTLM, KRB5, token=KRB_TOKEN))
    assert (step.status.name, kind(step)) == (INVALID_TOKEN, "ntlm-unexpected-message")
    assert step.refusal is not None
    assert step.refusal.path.startswith("mechToken")


def test_a_broken_token_of_the_chosen_mechanism_is_an_invalid_token() -> None:
    step = Host().step(neg_token_init(NTLM, token=negotiate()[:20]))
    assert (step.status.name, kind(step)) == (INVALID_TOKEN, "malformed")
    assert step.refusal is not None
    assert step.refusal.path.startswith("mechToken.")


def test_supported_mech_and_request_mic_stand_in_the_first_answer_only() -> None:
    for first in (neg_token_init(NTLM), neg_token_init(KRB5, NTLM)):
        host, client = Host(), Client(mic=False)
        assert b"\xa1\x0c" + NTLM in (host.step(first).output or b"")
        second = host.step(neg_token_resp(token=client.negotiate)).output or b""
        assert second == neg_token_resp(1, token=inner(second))


def test_the_servers_first_word_names_what_it_can_serve() -> None:
    host = Host()
    step = host.step(b"")
    assert decode(step.output or b"").message == "NegTokenInit2"
    assert KRB5 not in (step.output or b"")
    assert (step.status.name, step.mechanism) == (CONTINUE, "SPNEGO")
    assert host.spnego_logon(Client()).status.name == OK


def test_after_the_servers_first_word_the_client_may_speak_its_mechanism_bare() -> None:
    host, client = Host(), Client()
    host.step(b"")
    assert host.step(client.answer(host.step(client.negotiate).output or b"").data).status.name == OK


def test_empty_input_counts_only_as_the_first_word() -> None:
    for begun in (False, True):
        host = Host()
        if begun:
            host.step(b"")
        host.step(neg_token_init(NTLM, token=negotiate()))
        step = host.step(b"")
        assert (step.status.name, kind(step)) == (INVALID_TOKEN, "empty-token")
        assert host.context is None
    assert Host().step(b"", package="ntlm").status.name == INVALID_TOKEN
    assert Host().step(b"", package="kerberos").status.name == "SEC_E_NO_CREDENTIALS"


def test_req_flags_and_hints_of_a_client_are_ignored() -> None:
    client = Client()
    plain = Host().step(neg_token_init(NTLM, token=client.negotiate)).output
    hints = tlv(0xA3, tlv(0x30, tlv(0xA0, tlv(0x1B, b"who@ever"))))
    for added in ((tlv(0xA1, tlv(3, b"\1\xfe")), b""), (b"", hints), (tlv(0xA1, tlv(3, b"\1\0")), hints)):
        parts = tlv(0xA0, ONLY_NTLM) + added[0] + tlv(0xA2, tlv(4, client.negotiate)) + added[1]
        step = Host().step(framed(SPNEGO, tlv(0xA0, tlv(0x30, parts))))
        assert (step.status.name, step.output) == (CONTINUE, plain), step.refusal


def test_a_neg_token_init_without_its_frame_is_taken() -> None:
    assert Host().step(tlv(0xA0, tlv(0x30, tlv(0xA0, ONLY_NTLM)))).output == INCOMPLETE


class FakeKerberos:
    """A mechanism in Kerberos's place that is done at once: what SPNEGO makes of it is looked at, not what it does."""

    name = "Kerberos"
    oids = ("1.2.840.48018.1.2.2", "1.2.840.113554.1.2.2")
    available = True

    def __init__(self, output: bytes | None) -> None:
        self.output = output

    def serves(self, token: Part | None) -> bool:
        return token is None or token.message == "AP-REQ"

    def step(self, context: Context, message: Part, request: Request) -> Leg:
        assert message.message == "AP-REQ"
        client = LoggedOn("bob", "LAB.EXAMPLE", "impersonate")
        return Leg(True, "documented", self.output, 0x2001E, client)

    def protects(self, context: Context) -> bool:
        return True

    def sign(self, context: Context, data: bytes) -> bytes | None:
        return b"ours" + data[:4]

    def verify(self, context: Context, data: bytes, mic: bytes) -> bool | None:
        return mic == b"theirs" + data[:4]


def with_kerberos(output: bytes | None = b"AP-REP") -> Host:
    host = Host()
    host.others = (FakeKerberos(output),)
    return host


@pytest.mark.parametrize(
    ("mechs", "echoed"),
    [
        pytest.param([MS_KRB5, KRB5, NEGOEX, NTLM], MS_KRB5, id="as Windows offers: its own spelling"),
        pytest.param([KRB5, MS_KRB5, NTLM], KRB5, id="as others offer: the right one"),
        pytest.param([MS_KRB5], MS_KRB5, id="the misspelt one alone"),
        pytest.param([KRB5], KRB5, id="the right one alone"),
    ],
)
@pytest.mark.parametrize("output", [b"AP-REP", None], ids=["mutual", "not mutual"])
def test_kerberos_is_answered_under_the_name_it_was_offered_under(
    mechs: list[bytes], echoed: bytes, output: bytes | None
) -> None:
    step = with_kerberos(output).step(neg_token_init(*mechs, token=KRB_TOKEN))
    assert (step.status.name, step.mechanism, step.attributes) == (OK, "Kerberos", 0x2001E), step.refusal
    assert step.output == neg_token_resp(0, echoed, output)


@pytest.mark.parametrize(
    ("mechs", "token", "output"),
    [
        pytest.param([ANOTHER, KRB5], b"x", neg_token_resp(3, KRB5), id="unknown first"),
        pytest.param([NEGOEX, MS_KRB5, NTLM], b"x", neg_token_resp(3, MS_KRB5), id="NEGOEX first"),
        pytest.param([ANOTHER, NTLM, KRB5], b"x", REQUEST_MIC, id="the client's order, not ours"),
        pytest.param([MS_KRB5, KRB5, NTLM], None, neg_token_resp(1, MS_KRB5), id="no optimistic token"),
    ],
)
def test_the_clients_order_decides_among_several_that_can_be_served(
    mechs: list[bytes], token: bytes | None, output: bytes
) -> None:
    step = with_kerberos().step(neg_token_init(*mechs, token=token))
    assert (step.status.name, step.output) == (CONTINUE, output)


def test_after_request_mic_kerberos_owes_a_mech_list_mic_too() -> None:
    for mic, status in ((b"theirs" + mech_types(ANOTHER, KRB5)[:4], OK), (b"x", ALTERED)):
        host = with_kerberos()
        host.step(neg_token_init(ANOTHER, KRB5, token=b"x"))
        step = host.step(neg_token_resp(token=KRB_TOKEN, mic=mic))
        assert step.status.name == status
        if status == OK:
            assert step.output == neg_token_resp(0, token=b"AP-REP", mic=b"ours" + mech_types(ANOTHER, KRB5)[:4])


def test_ntlm_is_the_first_word_of_a_client_though_kerberos_could_be_served() -> None:
    step = with_kerberos().step(neg_token_init(NTLM, KRB5, token=negotiate()))
    assert step.output == neg_token_resp(1, NTLM, inner(step.output or b""))


def test_a_server_with_kerberos_names_both_spellings_first() -> None:
    step = with_kerberos().step(b"")
    names = step.output or b""
    assert -1 < names.index(MS_KRB5) < names.index(KRB5) < names.index(NTLM)


# mechListMIC ---------------------------------------------------------------------------------------------------------


def negotiated(host: Host, client: Client, *mechs: bytes, flags: int = 0) -> Answer:
    """The client's AUTHENTICATE after a negotiation of those mechanisms, of which NTLM is chosen."""
    if mechs[0] == NTLM:
        return client.answer(host.spnego_challenge(client, *mechs, flags=flags))
    host.step(neg_token_init(*mechs, token=b"not used"), flags)
    return client.answer(inner(host.step(neg_token_resp(token=client.negotiate), flags).output or b""))


LISTS = {"NTLM": (NTLM,), "NTLM first": (NTLM, KRB5), "NTLM second": (KRB5, NTLM)}


@pytest.mark.parametrize("offered", LISTS)
@pytest.mark.parametrize("has_mic", [True, False], ids=["MIC", "no MIC"])
def test_a_good_mech_list_mic_is_answered_with_ours(offered: str, has_mic: bool) -> None:
    host, client = Host(), Client(mic=has_mic)
    answer = negotiated(host, client, *LISTS[offered])
    signed = mech_types(*LISTS[offered])
    step = host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(signed)))
    assert (step.status.name, step.state) == (OK, ESTABLISHED), step.refusal
    assert step.output == neg_token_resp(0, mic=answer.session.their_mic(signed))
    assert step.session_key == answer.key


@pytest.mark.parametrize("offered", LISTS)
@pytest.mark.parametrize("has_mic", [True, False], ids=["MIC", "no MIC"])
def test_a_mech_list_mic_is_owed_by_who_has_a_mic_and_by_who_did_not_get_the_first_choice(
    offered: str, has_mic: bool
) -> None:
    host, client = Host(), Client(mic=has_mic)
    answer = negotiated(host, client, *LISTS[offered])
    step = host.step(neg_token_resp(token=answer.data))
    if has_mic or offered == "NTLM second":
        assert (step.status.name, kind(step)) == (INVALID_TOKEN, "spnego-mic-missing")
        assert host.context is None
    else:
        assert (step.status.name, step.output) == (OK, COMPLETED)


@pytest.mark.parametrize("offered", LISTS)
def test_a_wrong_mech_list_mic_is_an_altered_message(offered: str) -> None:
    def mics(answer: Answer) -> list[bytes]:
        good = answer.session.mic(mech_types(*LISTS[offered]))
        flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(16)]
        return [*flipped, b"", good[:-1], good + b"\0", bytes(16), b"\1" + bytes(15)]

    for number in range(21):
        host, client = Host(), Client()
        answer = negotiated(host, client, *LISTS[offered], flags=EXTENDED)
        mic = mics(answer)[number]
        step = host.step(neg_token_resp(token=answer.data, mic=mic), EXTENDED)
        assert (step.status.name, step.output) == (ALTERED, REJECT), mic.hex()
        assert (kind(step), step.refusal and step.refusal.path) == ("spnego-mic-wrong", "mechListMIC")
        assert host.context is None


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(mech_types(KRB5), id="without NTLM"),
        pytest.param(mech_types(NTLM), id="without Kerberos"),
        pytest.param(mech_types(NTLM, KRB5), id="in another order"),
        pytest.param(tlv(0xA0, mech_types(KRB5, NTLM)), id="with its tag"),
        pytest.param(mech_types(KRB5, NTLM)[2:], id="without its header"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_mic_over_another_list_shows_that_the_list_was_altered(signed: bytes) -> None:
    host, client = Host(), Client()
    answer = negotiated(host, client, KRB5, NTLM)
    step = host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(signed)))
    assert step.status.name == ALTERED


def test_the_mic_is_over_the_list_as_it_was_received() -> None:
    """A list with an overlong length is read on; its MIC is over those bytes, not over what we would have written."""
    raw = b"\x30\x81\x0c" + NTLM
    for signed, expected in ((raw, OK), (ONLY_NTLM, ALTERED)):
        host, client = Host(), Client()
        parts = tlv(0xA0, raw) + tlv(0xA2, tlv(4, client.negotiate))
        first = host.step(framed(SPNEGO, tlv(0xA0, tlv(0x30, parts))))
        if first.status.name == INVALID_TOKEN:
            pytest.skip("overlong lengths are refused")
        answer = client.answer(inner(first.output or b""))
        step = host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(signed)))
        assert step.status.name == expected, step.refusal


def test_a_mic_of_the_server_s_own_direction_is_refused() -> None:
    host, client = Host(), Client()
    answer = negotiated(host, client, NTLM)
    step = host.step(neg_token_resp(token=answer.data, mic=answer.session.their_mic(ONLY_NTLM)))
    assert step.status.name == ALTERED


def test_the_rc4_state_is_as_new_after_the_mics_and_the_numbers_go_on() -> None:
    host, client = Host(), Client()
    answer = negotiated(host, client, KRB5, NTLM)
    signed = mech_types(KRB5, NTLM)
    assert host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(signed))).status.name == OK
    answer.session.their_mic(signed)
    assert host.context is not None
    session = NtlmSession.restore(host.context.ntlm.session)
    for text in (b"one", b"two"):
        assert session.unseal(*answer.session.seal(text)) == text
        assert session.seal(text) == answer.session.theirs(text)


@pytest.mark.parametrize("wanted", [PLAIN, PLAIN & ~KEY_EXCH], ids=["key exchange", "no key exchange"])
def test_where_nothing_can_be_signed_no_mech_list_mic_is_owed(wanted: int) -> None:
    host, client = Host(), Client(wanted=wanted, mic=False)
    answer = negotiated(host, client, KRB5, NTLM)
    step = host.step(neg_token_resp(token=answer.data))
    assert (step.status.name, step.output) == (OK, COMPLETED), step.refusal


def test_where_nothing_can_be_signed_a_mech_list_mic_is_not_looked_at() -> None:
    """Without SIGN and SEAL a signature is always the same (MS-NLMP 2.2.2.5, ALWAYS_SIGN): it proves nothing."""
    for mic in (b"\1" + bytes(15), b"anything"):
        host, client = Host(), Client(wanted=PLAIN, mic=False)
        step = host.step(neg_token_resp(token=negotiated(host, client, NTLM).data, mic=mic))
        assert (step.status.name, step.output) == (OK, COMPLETED)
        assert any("cannot be checked" in note for note in step.notes)


def test_anonymous_may_leave_the_mic_out_and_may_give_one() -> None:
    for given in (False, True):
        host, client = Host(), Client(user="", domain="", kind="anonymous", mic=False)
        answer = negotiated(host, client, KRB5, NTLM)
        signed = mech_types(KRB5, NTLM)
        mic = answer.session.mic(signed) if given else None
        step = host.step(neg_token_resp(token=answer.data, mic=mic))
        assert step.status.name == OK, step.refusal
        assert step.output == neg_token_resp(0, mic=answer.session.their_mic(signed) if given else None)


def test_a_mic_that_repeats_the_token_is_taken_as_absent() -> None:
    client, host = Client(mic=False), Host()
    answer = negotiated(host, client, NTLM)
    assert host.step(neg_token_resp(token=answer.data, mic=answer.data)).output == COMPLETED
    owing, host = Client(), Host()
    answer = negotiated(host, owing, NTLM)
    assert kind(host.step(neg_token_resp(token=answer.data, mic=answer.data))) == "spnego-mic-missing"


def test_the_bare_mechanism_in_the_middle_of_spnego_is_answered_in_spnego() -> None:
    client, host = Client(mic=False), Host()
    answer = negotiated(host, client, NTLM)
    assert host.step(answer.data).output == COMPLETED
    owing, host = Client(), Host()
    assert kind(host.step(negotiated(host, owing, NTLM).data)) == "spnego-mic-missing"


# Out of order, malformed, rejected -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "status", "reason"),
    [
        pytest.param(neg_token_resp(2), DENIED, "spnego-peer-rejected", id="reject"),
        pytest.param(neg_token_resp(2, token=b"x"), DENIED, "spnego-peer-rejected", id="reject with a token"),
        pytest.param(neg_token_resp(1), INVALID_TOKEN, "spnego-empty-response", id="negState alone"),
        pytest.param(tlv(0xA1, tlv(0x30)), INVALID_TOKEN, "spnego-empty-response", id="nothing at all"),
        pytest.param(neg_token_resp(mic=b"m" * 16), INVALID_TOKEN, "spnego-token-owed", id="a MIC and no token"),
        pytest.param(neg_token_resp(token=b""), INVALID_TOKEN, "ntlm-unexpected-message", id="an empty token"),
        pytest.param(neg_token_resp(token=b"x" * 40), INVALID_TOKEN, "ntlm-unexpected-message", id="no NTLM token"),
        pytest.param(neg_token_resp(token=KRB_TOKEN), INVALID_TOKEN, "ntlm-unexpected-message", id="Kerberos token"),
        pytest.param(neg_token_resp(token=negotiate()), INVALID_TOKEN, "ntlm-unexpected-message", id="NEGOTIATE"),
        pytest.param(neg_token_init(NTLM), INVALID_TOKEN, "spnego-unexpected-message", id="NegTokenInit again"),
        pytest.param(KRB_TOKEN, INVALID_TOKEN, "spnego-unexpected-message", id="bare Kerberos"),
        pytest.param(negotiate(), INVALID_TOKEN, "ntlm-unexpected-message", id="bare NEGOTIATE"),
        pytest.param(b"garbage", INVALID_TOKEN, "malformed", id="garbage"),
        pytest.param(b"", INVALID_TOKEN, "empty-token", id="empty"),
    ],
)
@pytest.mark.parametrize("flags", [0, EXTENDED], ids=["silent", "EXTENDED_ERROR"])
def test_a_second_leg_that_does_not_fit_ends_the_context(second: bytes, status: str, reason: str, flags: int) -> None:
    host = Host()
    host.spnego_challenge(Client(), flags=flags)
    step = host.step(second, flags)
    assert (step.status.name, kind(step)) == (status, reason), step.refusal
    assert host.context is None
    assert step.output in ((None, REJECT) if flags else (None,))


@pytest.mark.parametrize(
    ("first", "reason", "path"),
    [
        pytest.param(neg_token_init(), "spnego-no-mechtypes", "mechTypes", id="empty mechTypes"),
        pytest.param(
            framed(SPNEGO, tlv(0xA0, tlv(0x30, tlv(0xA2, tlv(4, negotiate()))))),
            "malformed",
            "mechTypes",
            id="no mechTypes",
        ),
        pytest.param(neg_token_resp(0), "spnego-unexpected-message", "", id="NegTokenResp"),
        pytest.param(neg_token_resp(token=negotiate()), "spnego-unexpected-message", "", id="NegTokenResp with token"),
        pytest.param(framed(SPNEGO, b""), "malformed", None, id="a frame around nothing"),
        pytest.param(framed(SPNEGO, tlv(0xA2, b"")), "malformed", None, id="neither Init nor Resp"),
        pytest.param(framed(NTLM, negotiate()), "ntlm-unexpected-message", None, id="NTLM in a GSS frame"),
        pytest.param(krb_error(37), "no-credentials", "", id="a bare KRB-ERROR"),
        pytest.param(bytes(16), "malformed", "", id="zeros"),
        pytest.param(b"GET / HTTP/1.1\r\n", "malformed", "", id="HTTP"),
    ],
)
def test_a_first_leg_that_does_not_fit_is_refused_with_its_field(first: bytes, reason: str, path: str | None) -> None:
    host = Host()
    step = host.step(first)
    assert step.status.name == ("SEC_E_NO_CREDENTIALS" if reason == "no-credentials" else INVALID_TOKEN)
    assert step.refusal is not None
    assert step.refusal.text
    assert kind(step) == reason
    assert path is None or step.refusal.path == path
    assert host.context is None


def test_a_later_leg_that_came_first_says_what_probably_happened() -> None:
    step = Host().step(neg_token_resp(token=negotiate()))
    assert step.refusal is not None
    assert "the context of the first was lost, or it reached another server" in step.refusal.text


def test_bytes_behind_a_token_are_read_past_and_said() -> None:
    host, client = Host(), Client()
    first = host.step(neg_token_init(NTLM, token=client.negotiate) + b"\0\0")
    assert first.status.name == CONTINUE
    assert any("2 more bytes" in note for note in first.notes)


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(Client(password="wrong"), id="wrong password"),
        pytest.param(Client(user="mallory"), id="unknown user"),
        pytest.param(Client(domain="ELSE"), id="unknown domain"),
        pytest.param(Client(mic=False, promise=True), id="MIC cut out"),
    ],
)
def test_a_refusal_of_the_mechanism_is_rejected_in_spnego_where_asked_and_bare_never(client: Client) -> None:
    asked, silent, bare = Host().spnego_logon(client, EXTENDED), Host().spnego_logon(client), Host()
    assert (asked.output, asked.attributes) == (REJECT, asc.ASC_RET_EXTENDED_ERROR)
    assert (silent.output, silent.attributes) == (None, 0)
    raw = bare.logon(client, EXTENDED)
    assert (raw.output, raw.attributes) == (None, 0)
    assert asked.status == silent.status == raw.status


# Fragments -----------------------------------------------------------------------------------------------------------


def in_fragments(host: Host, token: bytes, size: int, flags: int = SUPPLIED) -> Step:
    """A token in pieces; every one but the last only asks for more."""
    for at in range(0, len(token), size):
        step = host.step(token[at : at + size], flags)
        if at + size < len(token):
            assert (step.status.name, step.output, step.attributes) == (CONTINUE, None, 0), step.refusal
    return step


@pytest.mark.parametrize("size", [5, 7, 16, 50, 1000])
def test_a_token_in_fragments_is_the_token(size: int) -> None:
    host, client = Host(), Client()
    first = in_fragments(host, neg_token_init(NTLM, token=client.negotiate), size)
    answer = client.answer(inner(first.output or b""))
    last = in_fragments(host, neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM)), size)
    assert (last.status.name, last.output) == (OK, neg_token_resp(0, mic=answer.session.their_mic(ONLY_NTLM)))


def test_a_token_that_ends_nowhere_is_not_waited_for_for_ever() -> None:
    host = Host()
    begin = b"\x60\x84\x7f\xff\xff\xff" + SPNEGO
    assert host.step(begin, SUPPLIED).status.name == CONTINUE
    step = host.step(bytes((1 << 20) - 5), SUPPLIED)
    assert (step.status.name, kind(step)) == (INVALID_TOKEN, "fragments-too-long")


def test_the_last_fragment_need_not_ask() -> None:
    host, token = Host(), neg_token_init(NTLM, token=negotiate())
    host.step(token[:20], SUPPLIED)
    assert host.step(token[20:]).status.name == CONTINUE
    host = Host()
    host.step(token[:20], SUPPLIED)
    assert host.step(token[20:-1]).status.name == INVALID_TOKEN


def out_in_fragments(host: Host, step: Step, size: int, **request: Any) -> tuple[bytes, Step]:
    """The output as the caller puts it together, and the last answer."""
    whole = step.output or b""
    while step.attributes & asc.ASC_RET_FRAGMENT_ONLY:
        assert len(step.output or b"") == size
        assert step.status.name == CONTINUE
        assert step.client is None
        step = host.step(b"", TO_FIT, max_output=size, **request)
        whole += step.output or b""
    return whole, step


@pytest.mark.parametrize("size", [5, 10, 29, 100, 177, 178, 179, 4000])
def test_output_goes_out_in_fragments_that_fit(size: int) -> None:
    host, client = Host(), Client()
    first = host.step(neg_token_init(NTLM, token=client.negotiate), TO_FIT, max_output=size)
    whole, step = out_in_fragments(host, first, size)
    assert step.status.name == CONTINUE
    assert whole == neg_token_resp(1, NTLM, inner(whole))
    answer = client.answer(inner(whole))
    last = host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM)), TO_FIT, max_output=size)
    whole, step = out_in_fragments(host, last, size)
    assert whole == neg_token_resp(0, mic=answer.session.their_mic(ONLY_NTLM))
    assert (step.status.name, step.state, step.session_key) == (OK, ESTABLISHED, answer.key)
    assert step.client is not None
    assert (step.client.name, step.attributes) == ("alice", 0x2001C)


def test_a_buffer_below_five_bytes_takes_no_fragments_and_a_small_one_needs_leave() -> None:
    token = neg_token_init(NTLM, token=negotiate())
    for flags, size in ((TO_FIT, 4), (TO_FIT, 0), (0, 100), (0, 5)):
        host = Host()
        step = host.step(token, flags, max_output=size)
        assert (step.status.name, kind(step), step.output) == (TOO_SMALL, "buffer-too-small", None)
        assert host.context is None


def test_a_token_while_fragments_wait_is_out_of_sequence_and_harms_nothing() -> None:
    host, client = Host(), Client()
    first = host.step(neg_token_init(NTLM, token=client.negotiate), TO_FIT, max_output=50)
    step = host.step(neg_token_resp(1), TO_FIT, max_output=50)
    assert (step.status.name, kind(step)) == (OUT_OF_SEQUENCE, "fragments-pending")
    whole, _ = out_in_fragments(host, first, 50)
    assert whole == neg_token_resp(1, NTLM, inner(whole))


def test_an_ok_without_output_fits_into_no_buffer_at_all() -> None:
    client, host = Client(), Host()
    answer = client.answer(host.challenge(client).output or b"")
    assert host.step(answer.data, max_output=0).status.name == OK


# CompleteAuthToken ---------------------------------------------------------------------------------------------------


def test_deferred_completion_is_completed_after_each_leg() -> None:
    host, client = Host(), Client()
    first = host.step(neg_token_init(NTLM, token=client.negotiate), defer_completion=True)
    assert (first.status.name, first.basis, first.state) == ("SEC_I_COMPLETE_AND_CONTINUE", "simulated", CONTINUING)
    assert host.context is not None
    host.context, done = complete(host.context)
    assert (done.status.name, done.state) == (OK, CONTINUING)
    answer = client.answer(inner(first.output or b""))
    token = neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM))
    last = host.step(token, defer_completion=True)
    assert (last.status.name, last.state, last.attributes) == ("SEC_I_COMPLETE_NEEDED", CONTINUING, 0)
    assert last.client is None
    assert host.context is not None
    host.context, done = complete(host.context)
    assert (done.status.name, done.state, done.attributes) == (OK, ESTABLISHED, 0x2001C)
    assert done.client is not None
    assert (done.client.name, done.session_key) == ("alice", answer.key)
    assert host.step(b"").status.name == OUT_OF_SEQUENCE


def test_a_leg_before_completion_and_a_completion_without_need_are_out_of_sequence() -> None:
    host, client = Host(), Client()
    first = host.step(client.negotiate, defer_completion=True)
    step = host.step(client.answer(first.output or b"").data)
    assert (step.status.name, kind(step)) == (OUT_OF_SEQUENCE, "context-incomplete")
    assert host.context is not None
    context, _ = complete(host.context)
    _, again = complete(context)
    assert (again.status.name, kind(again)) == (OUT_OF_SEQUENCE, "nothing-to-complete")


def test_fragments_and_deferred_completion_go_together() -> None:
    host, client = Host(), Client()
    answer = client.answer(host.spnego_challenge(client))
    token = neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM))
    first = host.step(token, TO_FIT, max_output=10, defer_completion=True)
    whole, step = out_in_fragments(host, first, 10, defer_completion=True)
    assert whole == neg_token_resp(0, mic=answer.session.their_mic(ONLY_NTLM))
    assert (step.status.name, step.state) == ("SEC_I_COMPLETE_NEEDED", CONTINUING)
    assert host.context is not None
    _, done = complete(host.context)
    assert (done.status.name, done.state, done.session_key) == (OK, ESTABLISHED, answer.key)
    assert done.attributes == 0x2001C


# What is asked for, and what is given --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in vars(asc) if name.startswith("ASC_REQ_")])
def test_every_flag_can_be_asked_for(name: str) -> None:
    flag = getattr(asc, name)
    step = Host().logon(Client(), flag) if flag != asc.ASC_REQ_DATAGRAM else Host().challenge(Client(), flag)
    if flag == asc.ASC_REQ_DATAGRAM:
        assert step.status.name == "SEC_E_UNSUPPORTED_FUNCTION"
    elif flag == asc.ASC_REQ_PROXY_BINDINGS:
        assert step.status.name == "SEC_E_BAD_BINDINGS"
    else:
        echoed = flag & (asc.ASC_REQ_ALLOCATE_MEMORY | asc.ASC_REQ_CONNECTION)
        assert (step.status.name, step.attributes) == (OK, 0x2001C | echoed)


def test_flags_of_the_call_stand_on_every_leg_and_those_of_the_context_on_the_last() -> None:
    host, client = Host(), Client()
    asked = asc.ASC_REQ_ALLOCATE_MEMORY | asc.ASC_REQ_CONNECTION | asc.ASC_REQ_INTEGRITY
    first = host.challenge(client, asked)
    assert first.attributes == 0x900
    assert host.step(client.answer(first.output or b"").data, asked).attributes == 0x2091C


def test_bindings_flags_that_exclude_each_other_are_an_invalid_parameter_and_harm_nothing() -> None:
    host, client = Host(), Client()
    challenge = host.challenge(client).output or b""
    data = client.answer(challenge).data
    both = asc.ASC_REQ_ALLOW_MISSING_BINDINGS | asc.ASC_REQ_PROXY_BINDINGS
    assert host.step(data, both).status.name == "SEC_E_INVALID_PARAMETER"
    assert host.step(data).status.name == OK


def test_other_credentials_or_another_package_are_a_wrong_handle_and_harm_nothing() -> None:
    host, client = Host(), Client()
    data = client.answer(host.challenge(client).output or b"").data
    host.mark = "another"
    assert host.step(data).status.name == "SEC_E_WRONG_CREDENTIAL_HANDLE"
    host.mark = "m"
    assert host.step(data, package="ntlm").status.name == "SEC_E_WRONG_CREDENTIAL_HANDLE"
    assert host.step(data).status.name == OK


@pytest.mark.parametrize("use", ["inbound", "both", "outbound"])
def test_credentials_for_the_clients_side_accept_nothing(use: str) -> None:
    step = Host(use=use).logon(Client()) if use != "outbound" else Host(use=use).challenge(Client())
    assert step.status.name == ("SEC_E_NO_CREDENTIALS" if use == "outbound" else OK)


def test_enforcement_refuses_what_windows_leaves_to_its_caller() -> None:
    plain, asked = Client(wanted=PLAIN), asc.ASC_REQ_CONFIDENTIALITY
    assert Host().logon(plain, asked).status.name == OK
    step = Host().logon(plain, asked, enforce=True)
    assert (step.status.name, step.basis) == ("SEC_E_SECURITY_QOS_FAILED", "simulated")
    assert Host().logon(Client(), asked, enforce=True).status.name == OK
    assert Host().logon(plain, asc.ASC_REQ_ALLOCATE_MEMORY | EXTENDED, enforce=True).status.name == OK


@pytest.mark.parametrize(
    ("simulated", "status", "leg"),
    [
        ("no-memory", "SEC_E_INSUFFICIENT_MEMORY", 1),
        ("internal-error", "SEC_E_INTERNAL_ERROR", 1),
        ("ntlm-blocked", "SEC_E_UNSUPPORTED_FUNCTION", 1),
        ("domain-unavailable", "SEC_E_NO_AUTHENTICATING_AUTHORITY", 2),
        ("trust-failed", "SEC_E_NO_AUTHENTICATING_AUTHORITY", 2),
    ],
)
def test_what_is_simulated_says_so(simulated: str, status: str, leg: int) -> None:
    host, client = Host(), Client()
    if leg == 2:
        challenge = host.challenge(client, simulate=simulated)
        assert challenge.status.name == CONTINUE
        step = host.step(client.answer(challenge.output or b"").data, simulate=simulated)
    else:
        step = host.challenge(client, simulate=simulated)
    assert (step.status.name, step.basis) == (status, "simulated")
    assert host.context is None


def test_a_spnego_token_for_the_kerberos_package_runs_out_of_memory_as_on_windows() -> None:
    for token in (neg_token_init(KRB5, NTLM, token=KRB_TOKEN), neg_token_resp(1)):
        step = Host().step(token, package="kerberos")
        assert (step.status.name, step.basis) == ("SEC_E_INSUFFICIENT_MEMORY", "windows")


def test_the_given_context_is_not_changed_so_that_a_call_can_be_made_again() -> None:
    host, client = Host(), Client()
    answer = client.answer(host.spnego_challenge(client))
    kept = host.context
    token = neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM))
    outputs = []
    for _ in range(3):
        host.context = kept
        outputs.append(host.step(token).output)
        host.context = kept
        assert host.step(neg_token_resp(2)).status.name == DENIED
    assert len(set(outputs)) == 1


# The command line ----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(tmp_path, capsys, monkeypatch)


def documented(command: Command, status: str) -> Any:
    """One way to each status of the documented page, through the command line."""
    client = Client()
    if status == CONTINUE:
        return command(client.negotiate)
    if status == INVALID_TOKEN:
        return command(b"no token at all, but for `--from raw`", "--from", "raw")
    if status == "SEC_E_INVALID_HANDLE":
        return command("--context", "gone", client.negotiate)
    if status == "SEC_E_INSUFFICIENT_MEMORY":
        return command("--package", "kerberos", neg_token_init(KRB5, token=KRB_TOKEN))
    if status == "SEC_E_INTERNAL_ERROR":
        return command("--simulate", "internal-error", client.negotiate)
    if status == "SEC_I_COMPLETE_AND_CONTINUE":
        return command("--defer-completion", client.negotiate)
    user = {DENIED: client.but(password="wrong"), "SEC_E_NO_AUTHENTICATING_AUTHORITY": client.but(domain="ELSE")}
    client = user.get(status, client)
    first = command("--new-context", "ctx", client.negotiate)
    more = ["--defer-completion"] if status == "SEC_I_COMPLETE_NEEDED" else []
    return command("--context", "ctx", *more, client.answer(first.output).data)


@pytest.mark.parametrize(
    ("status", "number"),
    [
        ("SEC_E_OK", 0),
        ("SEC_I_CONTINUE_NEEDED", 0x00090312),
        ("SEC_I_COMPLETE_NEEDED", 0x00090313),
        ("SEC_I_COMPLETE_AND_CONTINUE", 0x00090314),
        ("SEC_E_INSUFFICIENT_MEMORY", 0x80090300),
        ("SEC_E_INVALID_HANDLE", 0x80090301),
        ("SEC_E_INTERNAL_ERROR", 0x80090304),
        ("SEC_E_INVALID_TOKEN", 0x80090308),
        ("SEC_E_LOGON_DENIED", 0x8009030C),
        ("SEC_E_NO_AUTHENTICATING_AUTHORITY", 0x80090311),
    ],
)
def test_every_status_of_the_documented_page_can_be_reached(command: Command, status: str, number: int) -> None:
    said = documented(command, status)
    assert said.document["status"] == {"name": status, "hex": f"0x{number:08x}", "value": number}
    assert said.code == (1 if number >= 0x80000000 else 0)
    leg = said.leg
    assert leg["status"]["meaning"]
    assert leg["basis"] in ("documented", "windows", "other", "inferred", "simulated")
    assert (leg["reason"] is None) is (number < 0x80000000)
    if leg["reason"] is not None:
        assert leg["reason"]["text"]
    assert said.document["established"] is (status == OK)


def test_several_tokens_are_the_legs_of_one_context(command: Command) -> None:
    client = Client()
    first = command("--server-challenge", "0102030405060708", "--at", "2026-11-22T08:25:01Z", client.negotiate)
    answer = client.answer(first.output)
    options = ("--server-challenge", "0102030405060708", "--at", "2026-11-22T08:25:01Z")
    both = command(*options, client.negotiate, answer.data)
    assert (both.statuses, both.code) == ([CONTINUE, OK], 0)
    assert [leg["leg"] for leg in both.document["legs"]] == [1, 2]
    assert both.document["established"] is True
    assert both.leg["client"]["name"] == "alice"
    assert (both.leg["expiry"], both.leg["attributes"]["hex"]) == (None, "0x0002001c")
    wrong = command(*options, client.negotiate, client.negotiate, answer.data)
    assert (wrong.statuses, wrong.code) == ([CONTINUE, INVALID_TOKEN], 1)
    assert "1 more leg" in wrong.err


def test_an_empty_file_is_the_empty_first_input(command: Command) -> None:
    said = command(b"")
    assert (said.status, said.leg["output"]["message"]) == (CONTINUE, "NegTokenInit2")
    assert said.leg["input"]["size"] == 0


@pytest.mark.parametrize("form", ["raw", "base64", "hex", "header"])
def test_the_output_is_written_in_the_form_asked_for(command: Command, form: str) -> None:
    said = command("-w", "out", "--write-as", form, neg_token_init(NTLM, token=negotiate()))
    data = Path("out").read_bytes()
    text = base64.b64encode(said.output).decode()
    wanted = {"raw": said.output, "base64": text.encode(), "hex": said.output.hex().encode()}
    if form == "header":
        assert data.decode().strip() == f"WWW-Authenticate: Negotiate {text}"
    else:
        assert data.rstrip(b"\n") == wanted[form].rstrip(b"\n")
    assert decode(said.output).mechanism == "SPNEGO"


def test_nothing_is_written_where_there_is_no_output(command: Command) -> None:
    Path("out").write_text("mine")
    command("-w", "out", neg_token_init(KRB5, token=KRB_TOKEN))
    assert Path("out").read_text() == "mine"
    command("-w", "out", "--req", "EXTENDED_ERROR", neg_token_init(KRB5, token=KRB_TOKEN))
    assert Path("out").read_bytes() == REJECT


def test_an_expectation_decides_instead_of_the_status(command: Command) -> None:
    bad = neg_token_init(KRB5, token=KRB_TOKEN)
    assert command("--expect", NOT_FOUND, bad).code == 0
    assert command("--expect", "SECPKG_NOT_FOUND", bad).code == 0
    assert command("--expect", OK, bad).code == 1
    assert command("--expect", CONTINUE, negotiate()).code == 0
    assert command("--expect", CONTINUE, "--expect", OK, negotiate()).code == 1
    assert command("--expect-ret", "ALLOCATED_MEMORY", "--req", "ALLOCATE_MEMORY", negotiate()).code == 0
    assert command("--expect-ret", "0", "--req", "ALLOCATE_MEMORY", negotiate()).code == 1


def test_one_value_can_be_had(command: Command) -> None:
    assert command.run("--users", "users", "--get", "status.name", negotiate())[1] == f"{CONTINUE}\n"
    assert command.run("--users", "users", "--get", "legs[0].output.message", negotiate())[1] == "CHALLENGE_MESSAGE\n"


def test_flags_are_given_by_name_and_by_mask(command: Command) -> None:
    for words in (("--req", "ASC_REQ_INTEGRITY,confidentiality"), ("--req", "0x20010"), ("--req", "131088")):
        said = command(*words, negotiate())
        assert said.leg["attributes"]["requested"] == ["ASC_REQ_CONFIDENTIALITY", "ASC_REQ_INTEGRITY"]
        assert said.leg["attributes"]["provisional"] is True
    code, _, err = command.run("--users", "users", "--req", "NO_SUCH_FLAG", negotiate())
    assert (code, "NO_SUCH_FLAG" in err) == (2, True)


def test_missing_and_extra_attributes_are_told_at_the_end(command: Command) -> None:
    client = Client(wanted=PLAIN | SIGN)
    first = command("--new-context", "ctx", "--req", "CONFIDENTIALITY", client.negotiate)
    assert (first.leg["attributes"]["missing"], first.leg["attributes"]["extra"]) == ([], [])
    last = command("--context", "ctx", "--req", "CONFIDENTIALITY", client.answer(first.output).data)
    assert (last.status, last.code) == (OK, 0)
    assert last.leg["attributes"]["missing"] == ["ASC_REQ_CONFIDENTIALITY"]
    assert last.leg["attributes"]["extra"] == [
        "ASC_RET_REPLAY_DETECT",
        "ASC_RET_SEQUENCE_DETECT",
        "ASC_RET_INTEGRITY",
    ]
    assert last.leg["attributes"]["provisional"] is False


def test_complete_through_the_command_line(command: Command) -> None:
    client = Client()
    first = command("--defer-completion", "--new-context", "ctx", client.negotiate)
    assert first.status == "SEC_I_COMPLETE_AND_CONTINUE"
    early = command("--context", "ctx", client.answer(first.output).data)
    assert (early.status, early.code, Path("ctx").exists()) == (OUT_OF_SEQUENCE, 1, True)
    assert command("--context", "ctx", "--complete").status == OK
    last = command("--defer-completion", "--context", "ctx", client.answer(first.output).data)
    assert (last.status, last.document["established"]) == ("SEC_I_COMPLETE_NEEDED", False)
    done = command("--context", "ctx", "--complete")
    assert (done.status, done.code, done.document["established"]) == (OK, 0, True)
    assert not Path("ctx").exists()
    assert command("--context", "ctx", "--complete").status == "SEC_E_INVALID_HANDLE"


def test_other_credentials_are_told_and_the_context_stands(command: Command) -> None:
    client = Client()
    first = command("--new-context", "ctx", client.negotiate)
    before = Path("ctx").read_bytes()
    secret("others", USERS + "LAB:dora:Dora-Pass-5\n")
    said = command("--users", secret("others", USERS + "LAB:dora:Dora-Pass-5\n"), "--context", "ctx", client.negotiate)
    assert (said.status, said.code) == ("SEC_E_WRONG_CREDENTIAL_HANDLE", 1)
    assert Path("ctx").read_bytes() == before
    assert command("--context", "ctx", client.answer(first.output).data).status == OK


def test_fragments_through_the_command_line(command: Command) -> None:
    sent = neg_token_init(NTLM, token=negotiate())
    said = command("--req", "FRAGMENT_SUPPLIED", "--new-context", "ctx", "--from", "raw", sent[:30])
    assert (said.status, said.leg["output"]) == (CONTINUE, None)
    asked = ("--req", "FRAGMENT_SUPPLIED,FRAGMENT_TO_FIT", "--max-output", "90", "--context", "ctx", "--from", "raw")
    said, whole = command(*asked, sent[30:]), b""
    while said.leg["attributes"]["returned"] == ["ASC_RET_FRAGMENT_ONLY"]:
        whole += said.output
        said = command(*asked, b"")
    whole += said.output
    assert said.status == CONTINUE
    assert whole == neg_token_resp(1, NTLM, inner(whole))


def test_bindings_are_given_in_each_of_their_forms(command: Command) -> None:
    data = b"tls-server-end-point:" + b"h" * 32
    from secctx.keys.bindings import bind_data

    raw = bytes(24) + len(data).to_bytes(4, "little") + (32).to_bytes(4, "little") + data
    Path("raw").write_bytes(raw)
    client = Client(bindings=bind_data(data).hash16)
    specs = [f"data:{data.hex()}", f"tls-server-end-point:{(b'h' * 32).hex()}", "raw:raw"]
    for spec in (*specs, f"md5:{bind_data(data).hash16.hex()}"):
        first = command("--new-context", "ctx", "--bindings", spec, client.negotiate)
        assert command("--context", "ctx", "--bindings", spec, client.answer(first.output).data).status == OK
        other = client.but(bindings=b"x" * 16)
        first = command("--new-context", "ctx", "--bindings", spec, other.negotiate)
        said = command("--context", "ctx", "--bindings", spec, other.answer(first.output).data)
        assert said.status == "SEC_E_BAD_BINDINGS"


def test_the_clock_can_be_set_and_be_the_tokens(command: Command) -> None:
    client = Client()
    first = command("--at", "2020-01-02T03:04:05Z", "--seed", "s", client.negotiate)
    again = command("--at", "1577934245", "--seed", "s", client.negotiate)
    assert first.output == again.output
    assert (132224078450000000).to_bytes(8, "little") in first.output
    code, _, err = command.run("--users", "users", "--at", "yesterday", client.negotiate)
    assert (code, "yesterday" in err) == (2, True)


def test_no_secret_is_ever_printed(command: Command) -> None:
    for client in (Client(), Client(password="wrong"), Client(domain="ELSE"), Client(user="bob")):
        first = command("--new-context", "ctx", client.negotiate)
        answer = client.answer(first.output)
        for form in (["--json"], []):
            Path("copy").write_bytes(Path("ctx").read_bytes())
            _, out, err = command.run("--users", "users", *form, "--context", "copy", answer.data)
            for word in ("Alice-Pass", "Bob-Pass", client.random_key.hex(), answer.key.hex()):
                assert word not in out + err
