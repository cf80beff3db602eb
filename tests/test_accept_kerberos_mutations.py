"""Altered Kerberos logons: whatever bit is flipped and wherever a token is cut, nothing raises, nothing forged gets in.

What a bit can change without the logon failing is what nothing protects. `UNPROTECTED` names each such field, with what
it can do at most; every bit of every other field is refused.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from builders import kerberos as krb
from builders.der import KRB5, MS_KRB5, NTLM, neg_token_init, neg_token_resp
from builders.kerberos import ALL, LONG_TERM, NOW, Client, Host, ring
from builders.ntlm import mech_types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secctx.acceptor import flags as asc
from secctx.acceptor.values import Step
from secctx.decoders import decode
from secctx.decoders.values import walk
from secctx.keys.bindings import bind_data

OK, CONTINUE, DENIED = "SEC_E_OK", "SEC_I_CONTINUE_NEEDED", "SEC_E_LOGON_DENIED"
INVALID_TOKEN = "SEC_E_INVALID_TOKEN"
#: Every status that these calls may answer with.
STATUSES = {
    OK,
    CONTINUE,
    DENIED,
    INVALID_TOKEN,
    "SEC_E_SECPKG_NOT_FOUND",
    "SEC_E_TIME_SKEW",
    "SEC_E_CONTEXT_EXPIRED",
    "SEC_E_BAD_BINDINGS",
    "SEC_E_NO_TGT_REPLY",
    "SEC_E_MESSAGE_ALTERED",
    "SEC_E_NO_CREDENTIALS",
    "SEC_E_UNSUPPORTED_FUNCTION",
}
HERE = bind_data(b"tls-server-end-point:" + b"h" * 32)
PAC = krb.signed_pac(LONG_TERM, *krb.ALICE_PAC)
ALICE = Client(pac=PAC, data=(krb.ap_options(),), bindings=HERE.hash16, gss=ALL)
BARE = ALICE.but(pac=None, data=())
DCE = BARE.but(gss=ALL | krb.DCE)


def check(step: Step) -> Step:
    """What holds of every answer."""
    assert step.status.name in STATUSES, step
    assert (step.refusal is None) is step.status.is_success
    assert (step.client is not None) is (step.status.name == OK)
    if step.status.is_success:
        assert step.refusal is None
    else:
        assert step.refusal is not None
        assert step.refusal.text
        assert not step.attributes & ~(asc.ASC_RET_EXTENDED_ERROR | asc.ASC_RET_THIRD_LEG_FAILED)
        assert (step.session_key, step.expiry) == (None, None)
    return step


def flips(data: bytes, every: int = 1, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The data with one bit flipped, for every n-th bit; and the byte that it stands in."""
    for bit in range(start, len(data) * 8, every):
        altered = bytearray(data)
        altered[bit >> 3] ^= 1 << (bit & 7)
        yield bit >> 3, bytes(altered)


def places(token: bytes) -> list[str]:
    """For every byte the innermost field that it belongs to."""
    found = [""] * len(token)
    for path, node in walk(decode(token).root):
        found[node.start : node.stop] = [path] * (node.stop - node.start)
    return found


# What nothing protects -----------------------------------------------------------------------------------------------

#: Fields in the clear, with what a flipped bit in them can do to a logon that goes through all the same.
UNPROTECTED = {
    "thisMech": "one bit makes 113554 the 48018 of Windows 2000: the same mechanism",
    "ap-options": "reserved bits mean nothing; use-session-key and mutual-required are looked at below",
    "ticket": "the length of realm, read on over: the name and realm are not needed",
    "ticket.realm": "the keys belong to the account, not to the name, and the realm that counts is that of the key",
    "ticket.sname": "the same, the form of the name included",
    "ticket.sname.name-type": "RFC 4120 6.2: a hint",
    "ticket.sname.name-string": "the keys belong to the account",
    "ticket.sname.name-string[0]": "the keys belong to the account",
    "ticket.sname.name-string[1]": "the keys belong to the account",
    "ticket.enc-part": "the tag and length of kvno",
    "ticket.enc-part.kvno": "older and newer keys are tried",
    "authenticator.etype": "the ticket's session key has its own type",
}


def test_every_bit_of_a_request_that_is_protected_ends_the_logon() -> None:
    token = ALICE.token()
    at, host, passed = places(token), Host(), Counter[str]()
    for byte, altered in flips(token, every=3):
        host.context, host.drawn = None, 0
        step = check(host.step(altered, bindings=HERE))
        if step.status.is_success:
            passed[at[byte]] += 1
            as_before(step)
    assert set(passed) <= set(UNPROTECTED), set(passed) - set(UNPROTECTED)


def test_what_is_said_to_be_unprotected_is() -> None:
    """So that the list holds no field that is protected after all."""
    token = ALICE.token()
    at, seen = places(token), set()
    for byte, altered in flips(token):
        if at[byte] in UNPROTECTED and at[byte] not in seen and Host().step(altered, bindings=HERE).status.name == OK:
            seen.add(at[byte])
    assert seen == set(UNPROTECTED)


def as_before(step: Step) -> None:
    """The logon is alice's, with her rights, whatever was altered in the clear."""
    assert step.status.name == OK
    assert step.client is not None
    assert (step.client.name, step.client.realm, step.client.sid) == ("alice", krb.REALM, krb.ALICE_SID)
    assert step.client.groups == (f"{krb.DOMAIN}-513", f"{krb.DOMAIN}-1201", "S-1-18-1")
    assert step.expiry == ALICE.endtime
    assert step.attributes == 0x2001E
    assert step.output is not None
    ALICE.open_ap_rep(step.output)


@pytest.mark.parametrize("bit", range(32))
def test_of_the_ap_options_the_two_that_mean_something_are_held_to_the_rest(bit: int) -> None:
    step = check(Host().step(ALICE.but(options=ALICE.options ^ 1 << bit).token(), bindings=HERE))
    if 1 << bit == krb.USE_SESSION_KEY:
        assert step.status.name == "SEC_E_NO_TGT_REPLY"
    elif 1 << bit == krb.MUTUAL_REQUIRED:
        assert step.status.name == INVALID_TOKEN  # the checksum, which is protected, says otherwise
    else:
        as_before(step)
    # Where the checksum does not ask, adding mutual-required changes nothing either.
    assert Host().step(ALICE.quiet().but(options=krb.MUTUAL_REQUIRED).token()).attributes == 0x2001C


def test_by_mits_rule_the_name_and_the_version_of_the_key_are_protected_too() -> None:
    token = ALICE.token()
    at = places(token)
    ticket = range(at.index("ticket"), token.index(LAST_OF_TICKET) + len(LAST_OF_TICKET))
    for byte, altered in flips(token):
        if byte not in ticket or at[byte] == "ticket.enc-part.cipher":
            continue
        if check(Host().step(altered, bindings=HERE, mit=True)).status.is_success:
            same_letter = chr(altered[byte]).casefold() == chr(token[byte]).casefold()
            assert same_letter or at[byte] in NOT_OF_THE_NAME, at[byte]
    assert kind_of(ALICE.but(kvno=4)) == "key-version"


def kind_of(client: Client) -> str:
    """What MIT's rule has against it."""
    step = Host().step(client.token(), bindings=HERE, mit=True)
    return step.refusal.kind if step.refusal is not None else ""


LAST_OF_TICKET = ALICE.ticket()[-16:]
#: Around the name and the version in the ticket; a version that cannot be read is none, and then any will do.
NOT_OF_THE_NAME = {"ticket.sname.name-type", "ticket.enc-part", "ticket.enc-part.kvno", "ticket.sname"}


# What encryption protects, flipped before it is encrypted again ------------------------------------------------------


def test_every_bit_of_a_pac_ends_the_logon_but_those_of_the_kdcs_signature() -> None:
    """The server's signature is over all with both signatures zeroed: the KDC's own cannot be in it."""
    kdc = PAC.index(PAC[-16:])
    for byte, altered in flips(PAC, every=7):
        step = check(Host().step(BARE.but(pac=altered).token()))
        if step.status.is_success:
            assert byte >= kdc, byte
            assert step.client is not None
            assert step.client.sid == krb.ALICE_SID
        else:
            assert step.refusal is not None
            assert step.refusal.kind in ("pac-signature", "ticket-malformed")


def test_the_krbtgt_key_shows_a_flipped_bit_in_the_kdcs_signature() -> None:
    from secctx.keys.keyring import RingKey

    keys = ring()
    keys.keys.append(RingKey(krb.KDC_KEY, "krbtgt.keytab", krb.REALM, krb.KRBTGT, 2))
    at = PAC.rindex(krb.KDC_KEY.checksum(krb.PAC_USAGE, server_signature()))
    altered = bytearray(PAC)
    altered[at] ^= 1
    assert any("does not verify" in note for note in Host(keys).step(BARE.but(pac=bytes(altered)).token()).notes)


def server_signature() -> bytes:
    """The server's signature in the PAC, computed anew."""
    size, kdc_size = LONG_TERM.enctype.mac_size, krb.KDC_KEY.enctype.mac_size
    zeroed = krb.pac(
        *krb.ALICE_PAC, (krb.SERVER, krb.signature(16, bytes(size))), (krb.KDC, krb.signature(16, bytes(kdc_size)))
    )
    return LONG_TERM.checksum(krb.PAC_USAGE, zeroed)


def test_any_bit_of_the_ticket_that_its_maker_could_flip_is_judged_without_an_exception() -> None:
    """Who can encrypt it again has the key: the answer may be any, but it is one."""
    plain = BARE.enc_ticket_part()
    for _, altered in flips(plain, every=3):
        check(Host().step(BARE.but(ticket_plain=altered).token()))
    whole = ALICE.enc_ticket_part()
    for _, altered in flips(whole, every=11):
        check(Host().step(ALICE.but(ticket_plain=altered).token(), bindings=HERE))


def test_any_bit_of_the_authenticator_that_the_client_could_flip_is_judged_without_an_exception() -> None:
    client = ALICE.but(pac=None, gss=ALL | krb.DELEG, deleg=krb.krb_cred(krb.SESSION))
    for sender in (client, client.quiet()):
        for _, altered in flips(client.authenticator(), every=7, start=int(sender is client)):
            check(Host().step(sender.but(authenticator_plain=altered).token(), bindings=HERE))


def test_the_clients_bindings_flags_time_and_name_cannot_be_altered_without_its_key() -> None:
    cipher = ALICE.token()[-200:]
    for byte, altered in flips(cipher, every=7):
        step = check(Host().step(ALICE.token()[:-200] + altered, bindings=HERE))
        assert (step.status.name, step.refusal and step.refusal.kind) == (DENIED, "authenticator-altered"), byte


# The third leg -------------------------------------------------------------------------------------------------------


def half_open() -> tuple[Host, krb.Reply]:
    """An acceptor that awaits the third leg, and what its client knows."""
    host = Host()
    return host, DCE.open_ap_rep(host.step(DCE.ap_req()).output or b"")


#: Of the client's AP-REP: the type of a key that is known.
UNPROTECTED_THIRD = {"enc-part.etype": "the ticket's session key has its own type"}


def test_every_bit_of_a_third_leg_that_is_protected_ends_the_logon() -> None:
    host, reply = half_open()
    token, passed = DCE.third_leg(reply), Counter[str]()
    context, at = host.context, places(token)
    for byte, altered in flips(token):
        host.context = context
        step = check(host.step(altered))
        if step.status.is_success:
            passed[at[byte]] += 1
    assert set(passed) == set(UNPROTECTED_THIRD)


def test_a_third_leg_cut_anywhere_ends_the_logon() -> None:
    host, reply = half_open()
    token, context = DCE.third_leg(reply), host.context
    for size in range(len(token)):
        host.context = context
        assert check(host.step(token[:size])).status.name == INVALID_TOKEN, size


# SPNEGO around it ----------------------------------------------------------------------------------------------------

MECHS = (MS_KRB5, KRB5, NTLM)


def test_every_bit_of_spnego_around_a_request_goes_on_only_where_it_is_not_protected() -> None:
    token = ALICE.init(*MECHS)
    at, passed = places(token), Counter[tuple[str, str]]()
    for byte, altered in flips(token, every=5):
        step = check(Host().step(altered, bindings=HERE))
        if step.status.is_success:
            passed[at[byte], step.status.name] += 1
            if step.status.name == OK:
                as_before_in_spnego(step)
    for path, status in passed:
        inner = path.removeprefix("mechToken.")
        # Without a mechListMIC the list of mechanisms is anybody's (RFC 4178 5): another choice may come of it.
        assert inner in UNPROTECTED or path.startswith("mechTypes") or (path, status) == ("", CONTINUE), (path, status)


def as_before_in_spnego(step: Step) -> None:
    """The logon is alice's."""
    assert step.client is not None
    assert (step.client.name, step.client.sid, step.expiry) == ("alice", krb.ALICE_SID, ALICE.endtime)


def test_where_a_mechlistmic_is_owed_no_bit_of_the_list_can_be_altered() -> None:
    def logon(sent: bytes, signed: bytes) -> Step:
        host = Host()
        first = check(host.step(sent))
        if first.status.name != CONTINUE:
            return first
        second = check(host.step(neg_token_resp(token=BARE.token())))
        if second.status.name != CONTINUE:
            return second
        session = BARE.open_ap_rep(krb.token_in(second.output or b"")).session()
        return check(host.step(neg_token_resp(mic=session.sign(signed))))

    sent, signed = neg_token_init(NTLM, MS_KRB5, KRB5, token=b"NTLMSSP\0"), mech_types(NTLM, MS_KRB5, KRB5)
    assert logon(sent, signed).status.name == OK
    at = places(sent)
    for byte, altered in flips(sent):
        assert logon(altered, signed).status.name != OK or not at[byte].startswith("mechTypes"), byte
    for _, altered in flips(signed):
        assert logon(sent, altered).status.name == "SEC_E_MESSAGE_ALTERED"


def test_every_bit_of_a_mechlistmic_is_protected() -> None:
    host = Host()
    host.step(neg_token_init(NTLM, KRB5, token=b"NTLMSSP\0"))
    owed = host.step(neg_token_resp(token=BARE.token()))
    mic = BARE.open_ap_rep(krb.token_in(owed.output or b"")).session().sign(mech_types(NTLM, KRB5))
    context = host.context
    for _, altered in flips(mic):
        host.context = context
        assert check(host.step(neg_token_resp(mic=altered))).status.name in ("SEC_E_MESSAGE_ALTERED", INVALID_TOKEN)
    host.context = context
    assert host.step(neg_token_resp(mic=mic)).status.name == OK


# Cut short, and worse ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [Client.token, Client.ap_req, Client.init], ids=["framed", "bare", "SPNEGO"])
def test_a_request_cut_anywhere_is_an_invalid_token(wrap: Callable[[Client], bytes]) -> None:
    whole = wrap(BARE)
    for size in range(1, len(whole)):
        step = check(Host().step(whole[:size]))
        assert step.status.name == INVALID_TOKEN, size
        assert step.output is None


def test_what_was_encrypted_may_be_cut_anywhere() -> None:
    for part in ("ticket_plain", "authenticator_plain"):
        plain = BARE.enc_ticket_part() if part == "ticket_plain" else BARE.authenticator()
        for size in range(len(plain)):
            step = check(Host().step(BARE.but(**{part: plain[:size]}).token()))
            assert step.status.name == INVALID_TOKEN, size
    for size in range(0, len(PAC), 3):
        step = check(Host().step(BARE.but(pac=PAC[:size]).token()))
        assert step.status.name != OK, size


def test_a_krb_cred_may_be_cut_or_altered_anywhere_and_then_nothing_is_delegated() -> None:
    cred = krb.krb_cred(krb.SESSION)
    client = BARE.quiet().but(gss=(ALL & ~krb.MUTUAL) | krb.DELEG)
    for size in range(0, len(cred), 2):
        assert not check(Host().step(client.but(deleg=cred[:size]).token())).attributes & 1, size
    at = cred.index(cred[-150:])
    for byte, altered in flips(cred, every=7):
        step = check(Host().step(client.but(deleg=altered).token()))
        assert byte < at or not step.attributes & 1, byte


def test_two_parts_of_different_logons_do_not_make_one() -> None:
    mallory = BARE.but(name=("mallory",), session=krb.key("mallory's"))
    for client in (mallory, mallory.but(said_name=("alice",)), mallory.but(session=krb.SESSION)):
        swapped = BARE.but(authenticator_plain=client.authenticator(), authenticator_key=client.session)
        assert check(Host().step(swapped.token())).status.name != OK or client.said_name == ("alice",)
    own = mallory.but(said_name=("alice",))
    assert check(Host().step(own.token())).refusal is not None


def pieces() -> st.SearchStrategy[bytes]:
    """Tokens with stretches cut out, doubled, put elsewhere or overwritten."""
    tokens = [ALICE.token(), DCE.ap_req(), BARE.init(*MECHS), BARE.quiet().token()]

    def change(token: bytes, cuts: list[tuple[int, int, int, bytes]]) -> bytes:
        for kind, start, size, put in cuts:
            start %= len(token) + 1
            stretch = token[start : start + size % 64]
            match kind % 4:
                case 0:
                    token = token[:start] + token[start + len(stretch) :]
                case 1:
                    token = token[:start] + stretch + token[start:]
                case 2:
                    token = token[:start] + put + token[start + len(put) :]
                case _:
                    token = token[:start] + put + token[start:]
        return token

    cut = st.tuples(st.integers(0, 3), st.integers(0, 1400), st.integers(1, 63), st.binary(max_size=12))
    return st.builds(change, st.sampled_from(tokens), st.lists(cut, min_size=1, max_size=4))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces(), st.booleans(), st.sampled_from([0, asc.ASC_REQ_EXTENDED_ERROR]))
def test_tokens_taken_apart_and_put_together_otherwise_raise_nothing(token: bytes, mit: bool, flags: int) -> None:
    for package in ("negotiate", "kerberos"):
        step = Host().step(token, flags, mit=mit, package=package)
        if step.status.name != "SEC_E_INSUFFICIENT_MEMORY":  # SPNEGO given to the Kerberos package
            check(step)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "transited": st.tuples(st.integers(-2, 2**31), st.binary(max_size=80)),
            "number": st.integers(-(2**40), 2**40),
            "gss": st.integers(0, 2**32 - 1),
            "options": st.integers(0, 2**32 - 1),
            "ticket_flags": st.integers(0, 2**32 - 1),
            "kvno": st.integers(-(2**31), 2**32),
            "cusec": st.integers(-1, 2**31),
            "lgth": st.integers(0, 2**32 - 1),
            "deleg": st.binary(max_size=40),
            "extensions": st.binary(max_size=20),
            "realm": st.text(max_size=12),
            "name": st.lists(st.text(max_size=6), max_size=4),
            "data": st.lists(st.tuples(st.integers(-2, 200), st.binary(max_size=12)), max_size=3),
            "ticket_data": st.lists(st.tuples(st.integers(-2, 200), st.binary(max_size=12)), max_size=3),
            "checksum": st.tuples(st.integers(-200, 0x8005), st.binary(max_size=40)),
            "pac": st.binary(max_size=60),
        },
    ),
    st.booleans(),
)
def test_whatever_the_holder_of_the_keys_writes_is_answered(changes: dict[str, Any], mit: bool) -> None:
    client = Client(**changes)
    for token in (client.token(), client.ap_req()):
        check(Host(krb.u2u_ring((krb.WEB, 18, 3))).step(token, bindings=HERE, mit=mit))


def test_random_bytes_in_the_place_of_each_ciphertext_open_nothing() -> None:
    draw = random.Random(1)
    ticket, authenticator = ALICE.token(), ALICE.token()
    for _ in range(50):
        at = ticket.index(ALICE.ticket()) + len(ALICE.ticket()) - 40
        altered = ticket[:at] + draw.randbytes(40) + ticket[at + 40 :]
        assert check(Host().step(altered)).status.name == DENIED
        assert check(Host().step(authenticator[:-40] + draw.randbytes(40))).status.name == DENIED


def test_the_clock_of_these_tests_stands_still() -> None:
    assert Host().now == NOW
