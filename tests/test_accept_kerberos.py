"""The Kerberos acceptor (RFC 4120 3.2, RFC 4121, MS-KILE 3.4.5): what it accepts, in which order it judges, its words.

Tickets and requests come from `builders.kerberos`, whose client also opens what is answered. The truth table's rows are
driven in test_truth_table.py, altered bytes in test_accept_kerberos_mutations.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from builders import kerberos as krb
from builders.ccache import KRBTGT, Writer
from builders.der import KRB5, MS_KRB5, NTLM, fields, framed, integer, neg_token_init, neg_token_resp, tlv
from builders.kdc import tgt_req
from builders.kerberos import (
    ALL,
    HOUR,
    LONG_TERM,
    MUTUAL,
    MUTUAL_REQUIRED,
    NOW,
    SESSION,
    SUBKEY,
    USE_SESSION_KEY,
    WEB,
    Client,
    Host,
    krb_error,
    ring,
    seal,
)
from builders.ntlm import USERS, Command, mech_types, secret
from builders.ntlm import Client as NtlmClient

from secctx.acceptor import flags as asc
from secctx.acceptor.transited import expanded, hierarchy, transited_problem
from secctx.acceptor.values import CONTINUING, ESTABLISHED, Step
from secctx.keys.bindings import bind_data
from secctx.keys.enctypes import enctype
from secctx.keys.kerberos_key import Key
from secctx.keys.kerberos_session import KerberosSession
from secctx.keys.keyring import KeyRing, RingKey
from secctx.keys.password_keys import PasswordKeys, default_salt

OK, CONTINUE, DENIED = "SEC_E_OK", "SEC_I_CONTINUE_NEEDED", "SEC_E_LOGON_DENIED"
INVALID_TOKEN, BAD_BINDINGS, NO_CREDENTIALS = "SEC_E_INVALID_TOKEN", "SEC_E_BAD_BINDINGS", "SEC_E_NO_CREDENTIALS"
TIME_SKEW, EXPIRED, UNSUPPORTED = "SEC_E_TIME_SKEW", "SEC_E_CONTEXT_EXPIRED", "SEC_E_UNSUPPORTED_FUNCTION"
EXTENDED, ALLOW_MISSING = asc.ASC_REQ_EXTENDED_ERROR, asc.ASC_REQ_ALLOW_MISSING_BINDINGS
PROXY, ALLOW_REPLAY = asc.ASC_REQ_PROXY_BINDINGS, asc.ASC_REQ_ALLOW_CONTEXT_REPLAY

REJECT = bytes.fromhex("a1073005a0030a0102")
SECOND = timedelta(seconds=1)
ALICE = Client()
QUIET = ALICE.quiet()
DCE = ALICE.but(gss=ALL | krb.DCE)
TO_USER = ALICE.but(long_term=krb.TGT_KEY, kvno=None, options=USE_SESSION_KEY | MUTUAL_REQUIRED)
TGT_REQ = framed(KRB5, krb.TGT_REQ_ID + tgt_req())
PAC = krb.signed_pac(LONG_TERM, *krb.ALICE_PAC)
WORKING = (16, 17, 18, 19, 20, 23, 24, 25, 26)


def accept(client: Client, keys: KeyRing | None = None, flags: int = 0, **request: Any) -> Step:
    """A framed AP-REQ given to an acceptor of its own."""
    return Host(keys).step(client.token(), flags, **request)


def kind(step: Step) -> str:
    """The kind of a refusal; empty where there is none."""
    return "" if step.refusal is None else step.refusal.kind


def text(step: Step) -> str:
    """The reason of a refusal."""
    assert step.refusal is not None, step
    return step.refusal.text


def told(step: Step, words: str) -> bool:
    """Whether a note has these words."""
    return any(words in note for note in step.notes)


# Handshakes ----------------------------------------------------------------------------------------------------------


def of_type(etype: int, **changes: Any) -> tuple[Client, KeyRing]:
    """A client all of whose keys are of one type, and the keys of its service."""
    client = ALICE.but(
        long_term=krb.service_key(etype), session=krb.key("session", etype), subkey=krb.key("subkey", etype)
    )
    return client.but(**changes), ring((WEB, etype, krb.KVNO))


@pytest.mark.parametrize("etype", WORKING)
def test_a_handshake_of_every_encryption_type_ends_with_the_same_key_on_both_sides(etype: int) -> None:
    client, keys = of_type(etype)
    host = Host(keys)
    step = host.step(client.token())
    assert (step.status.name, step.attributes) == (OK, 0x2001E)
    reply = client.open_ap_rep(step.output or b"")
    assert reply.subkey is not None
    assert reply.subkey.etype == etype
    assert step.session_key == reply.session_key
    # With RC4 and the DES types the initiator's subkey comes back (MS-KILE 3.1.1.2); else the acceptor makes its own.
    assert (reply.subkey.value == krb.key("subkey", etype).value) is (etype in (16, 23, 24))
    assert both_ways(reply.session(), ours(host))


@pytest.mark.parametrize("etype", WORKING)
def test_dce_style_of_every_encryption_type_takes_three_legs(etype: int) -> None:
    client, keys = of_type(etype, gss=ALL | krb.DCE)
    host = Host(keys)
    first = host.step(client.ap_req())
    assert (first.status.name, first.attributes, first.client, first.expiry) == (CONTINUE, 0, None, None)
    reply = client.open_ap_rep(first.output or b"")
    last = host.step(client.third_leg(reply))
    assert (last.status.name, last.attributes, last.output) == (OK, 0x2021E, None)
    assert last.session_key == reply.session_key
    assert last.client is not None
    assert last.expiry == client.endtime
    assert both_ways(reply.session(), ours(host))


@pytest.mark.parametrize("etype", WORKING)
def test_without_mutual_authentication_the_clients_key_and_number_serve_both_ways(etype: int) -> None:
    client, keys = of_type(etype)
    for quiet, key in ((client.quiet(), client.subkey), (client.quiet(subkey=None), client.session)):
        host = Host(keys)
        step = host.step(quiet.token())
        assert (step.status.name, step.output) == (OK, None)
        assert key is not None
        assert step.session_key == key.value
        assert both_ways(quiet.silent_session(), ours(host))


def ours(host: Host) -> KerberosSession:
    """The acceptor's end of the session, as its context holds it."""
    assert host.context is not None
    return KerberosSession.restore(host.context.kerberos.session)


def both_ways(client: KerberosSession, server: KerberosSession) -> bool:
    """MICs and sealed messages, several each way."""
    for sender, receiver in ((client, server), (server, client)) * 2:
        receiver.check(b"signed", sender.sign(b"signed"))
        sealed = sender.wrap(b"sealed 8", True, bytes(range(sender.confounder_size(True))))  # DES wants whole blocks
        assert receiver.unwrap(sealed) == (b"sealed 8", True)
    return True


@pytest.mark.parametrize(
    ("number", "subkey"), [(None, SUBKEY), (0, None), (-5, SUBKEY), (2**32 - 1, SUBKEY), (2**31, None), (1, SUBKEY)]
)
def test_any_sequence_number_and_a_missing_subkey_will_do(number: int | None, subkey: Key | None) -> None:
    client, host = ALICE.but(number=number, subkey=subkey), Host()
    reply = client.open_ap_rep(host.step(client.token()).output or b"")
    assert both_ways(reply.session(), ours(host))
    quiet, host = client.quiet(), Host()
    host.step(quiet.token())
    assert both_ways(quiet.silent_session(), ours(host))


def test_no_two_ap_reps_have_the_same_subkey_or_number() -> None:
    host, seen = Host(), set()
    for _ in range(20):
        reply = ALICE.open_ap_rep(host.step(ALICE.token()).output or b"")
        assert reply.subkey is not None
        assert 0 <= reply.number < 1 << 30  # neither MIT nor Heimdal minds its sign
        seen |= {reply.subkey.value, reply.number}
        host.context = None
    assert len(seen) == 40


def test_the_session_key_in_the_ticket_may_be_of_another_type_than_the_tickets_key() -> None:
    for session, subkey in ((17, 17), (23, 23), (17, 18), (18, 23), (20, 20)):
        client = ALICE.but(session=krb.key("session", session), subkey=krb.key("subkey", subkey))
        step = accept(client)
        assert client.open_ap_rep(step.output or b"").session_key == step.session_key


def test_keys_that_cannot_be_worked_with_are_named_wherever_they_stand() -> None:
    for etype, size, words in ((99, 16, "type 99"), (3, 8, "single DES"), (18, 5, "32 bytes, not 5"), (23, 15, "16")):
        bad = Key(etype, bytes(size))
        for client in (ALICE.but(subkey=bad), QUIET.but(subkey=bad)):
            step = accept(client)
            assert (step.status.name, kind(step)) == (UNSUPPORTED, "subkey-unusable")
            assert words in text(step)
        step = accept(ALICE.but(session=bad, authenticator_key=SESSION))
        assert (step.status.name, kind(step)) == (UNSUPPORTED, "session-key-unusable")
        assert words in text(step)


def test_the_end_of_the_ticket_is_the_end_of_the_context() -> None:
    for end in (NOW + SECOND, NOW + 900 * HOUR, NOW - SECOND):
        assert accept(ALICE.but(endtime=end)).expiry == end


# The order of the checks ---------------------------------------------------------------------------------------------

SKEWED = {"ctime": NOW - HOUR}
ENDED = {"starttime": NOW - 3 * HOUR, "authtime": NOW - 3 * HOUR, "endtime": NOW - 2 * HOUR}
EARLY = {"starttime": NOW + HOUR}
POSTDATED = {"ticket_flags": krb.INVALID | krb.POSTDATED}
STRAY = {"realm": "FAR.EXAMPLE", "transited": (1, b"ELSEWHERE.TEST")}
OTHER_NAME = {"said_name": ("bob",)}
SHORT = {"checksum": (0x8003, b"short")}
OTHERS_PAC = {"pac": krb.signed_pac(krb.key("another"), *krb.ALICE_PAC)}
SEALED_OTHERWISE = {"authenticator_key": krb.key("another")}
WRONG_KEY = {"long_term": krb.key("another password")}
OLD = {"pvno": 4}

#: RFC 4120 3.2.3 and semantics.md 5.2: what is judged before what.
RFC_ORDER: list[tuple[str, dict[str, Any]]] = [
    ("kerberos-version", OLD),
    ("key-wrong", WRONG_KEY),
    ("authenticator-altered", SEALED_OTHERWISE),
    ("client-mismatch", OTHER_NAME),
    ("clock-skew", SKEWED),
    ("replay", {}),
    ("ticket-not-yet-valid", EARLY),
    ("ticket-invalid", POSTDATED),
    ("ticket-expired", {"endtime": NOW - 2 * HOUR}),
    ("transited", STRAY),
    ("checksum-short", SHORT),
    ("pac-signature", OTHERS_PAC),
]
#: MIT's (semantics.md 5.2): the path and the replay first, the clock behind the ticket's times.
MIT_ORDER = [
    *RFC_ORDER[:4],
    RFC_ORDER[9],
    RFC_ORDER[5],
    RFC_ORDER[6],
    RFC_ORDER[8],
    RFC_ORDER[4],
    RFC_ORDER[7],
    *RFC_ORDER[10:],
]
BOTH = [
    pytest.param(order, mit, first, second, id=f"{'mit' if mit else 'rfc'}: {order[first][0]}, {order[second][0]}")
    for order, mit in ((RFC_ORDER, False), (MIT_ORDER, True))
    for first in range(len(order))
    for second in range(first + 1, len(order))
]


@pytest.mark.parametrize(("order", "mit", "first", "second"), BOTH)
def test_of_two_faults_the_one_that_the_order_has_first_is_answered(
    order: list[tuple[str, dict[str, Any]]], mit: bool, first: int, second: int
) -> None:
    (wanted, one), (other, two) = order[first], order[second]
    client = ALICE.but(**two | one)
    host = Host()
    if "replay" in (wanted, other):
        host.replays = Everything()
    assert kind(host.step(client.token(), mit=mit)) == wanted


class Everything:
    """A replay cache that has seen it all."""

    def seen(self, digest: bytes, now: datetime, until: datetime) -> bool:
        """Yes."""
        return True


def test_only_what_passes_the_checks_before_it_is_noted_as_seen() -> None:
    for changes, mit, noted in (
        ({}, False, True),
        (SKEWED, False, False),
        (OTHER_NAME, False, False),
        (WRONG_KEY, False, False),
        (ENDED, False, True),
        (SHORT, False, True),
        (SKEWED, True, True),
        (STRAY, True, False),
        (STRAY, False, True),
    ):
        host = Host()
        host.replays = seen = krb.Seen()
        host.step(ALICE.but(**changes).token(), mit=mit)
        assert bool(seen.until) is noted, changes


# Times ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("skew", "off", "passes"), [(300, 300, True), (300, 301, False), (0, 0, True), (0, 1, False)])
def test_the_clocks_may_differ_by_the_skew_and_no_more(side: int, skew: int, off: int, passes: bool) -> None:
    step = accept(ALICE.but(ctime=NOW + side * off * SECOND, cusec=0), skew=skew)
    assert step.status.name == (OK if passes else TIME_SKEW)


def test_microseconds_count() -> None:
    ahead = ALICE.but(ctime=NOW + 300 * SECOND)
    assert accept(ahead.but(cusec=1)).status.name == TIME_SKEW
    assert accept(ahead.but(cusec=0)).status.name == OK
    behind = ALICE.but(ctime=NOW - 301 * SECOND)
    assert accept(behind.but(cusec=999_999)).status.name == TIME_SKEW
    assert accept(ALICE.but(ctime=NOW - 300 * SECOND, cusec=1)).status.name == OK


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ({"starttime": NOW + 300 * SECOND}, ""),
        ({"starttime": NOW + 301 * SECOND}, "ticket-not-yet-valid"),
        ({"starttime": None, "authtime": NOW + 300 * SECOND}, ""),
        ({"starttime": None, "authtime": NOW + 301 * SECOND}, "ticket-not-yet-valid"),
        ({"starttime": NOW - HOUR, "authtime": NOW + HOUR}, ""),
        ({"endtime": NOW - 300 * SECOND}, ""),
        ({"endtime": NOW - 301 * SECOND}, "ticket-expired"),
        ({"ticket_flags": krb.INVALID}, "ticket-invalid"),
        ({"ticket_flags": krb.POSTDATED}, ""),
        ({"ticket_flags": 0}, ""),
        ({"ticket_flags": 0xFFFFFFFF & ~krb.INVALID}, ""),
    ],
)
def test_a_ticket_holds_from_start_to_end_with_the_skew_on_both_sides(times: dict[str, Any], wanted: str) -> None:
    for mit in (False, True):
        assert kind(accept(ALICE.but(**times), mit=mit)) == wanted


def test_the_reasons_say_by_how_much() -> None:
    skewed = text(accept(ALICE.but(ctime=NOW - HOUR - 192 * SECOND, cusec=0)))
    assert "differ by 1 h 3 min 12 s" in skewed
    assert "2026-11-22 07:21:49 UTC, behind this server's 2026-11-22 08:25:01 UTC" in skewed
    assert "at most 5 min are allowed" in skewed
    assert "ahead of" in text(accept(ALICE.but(ctime=NOW + HOUR)))
    assert "2 h before" in text(accept(ALICE.but(endtime=NOW - 2 * HOUR)))
    assert "2026-11-22 09:25:01 UTC" in text(accept(ALICE.but(starttime=NOW + HOUR)))


# Replays -------------------------------------------------------------------------------------------------------------


def test_an_authenticator_counts_once_whatever_stands_around_it() -> None:
    host = Host()
    host.replays = krb.Seen()
    assert host.step(ALICE.token()).status.name == OK
    for again in (ALICE.token(), ALICE.init(), ALICE.token(MS_KRB5), ALICE.but(options=MUTUAL_REQUIRED | 1).token()):
        host.context = None
        assert kind(host.step(again)) == "replay"
    host.context = None
    assert host.step(ALICE.but(cusec=123457).token()).status.name == OK


def test_an_authenticator_is_kept_as_long_as_its_time_would_pass() -> None:
    for off in (-300, 0, 300):
        host = Host()
        host.replays = seen = krb.Seen()
        host.step(ALICE.but(ctime=NOW + off * SECOND, cusec=0).token())
        assert max(seen.until.values()) >= NOW + (300 + off) * SECOND


@pytest.mark.parametrize("skew", [0, 60, 300, 900])
def test_the_record_of_an_authenticator_never_ends_before_its_time_does(skew: int) -> None:
    """The cache is shared: who asks next may allow the five minutes of RFC 4120, whatever the first one allowed."""
    host = Host()
    host.replays = seen = krb.Seen()
    assert host.step(ALICE.but(ctime=NOW + skew * SECOND, cusec=0).token(), skew=skew).status.name == OK
    assert max(seen.until.values()) > NOW + (skew + max(skew, 300)) * SECOND
    late = Host()
    late.replays = seen = krb.Seen()
    late.step(ALICE.but(ctime=NOW, cusec=999_999).token(), skew=skew or 1)
    assert max(seen.until.values()) > NOW + (max(skew, 300)) * SECOND + timedelta(microseconds=999_999)


NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("mit", [False, True])
@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ({"endtime": NEVER}, ""),
        ({"starttime": NEVER, "endtime": NEVER}, "ticket-not-yet-valid"),
        ({"ctime": NEVER, "cusec": 999_999}, "clock-skew"),
        ({"ctime": datetime(1000, 1, 2, tzinfo=UTC)}, "clock-skew"),
    ],
)
def test_times_at_the_end_of_the_calendar_are_times(times: dict[str, Any], wanted: str, mit: bool) -> None:
    host = Host()
    host.replays = krb.Seen()
    assert kind(host.step(ALICE.but(**times).token(), mit=mit)) == wanted


def test_replays_pass_without_a_cache_and_where_the_call_allows_them() -> None:
    host = Host()
    host.replays = krb.Seen()
    for flags in (0, ALLOW_REPLAY, ALLOW_REPLAY):
        assert host.step(ALICE.token(), flags).status.name == OK
        host.context = None
    assert kind(host.step(ALICE.token())) == "replay"
    assert [accept(ALICE).status.name for _ in range(2)] == [OK, OK]


# Which key opens the ticket ------------------------------------------------------------------------------------------


def test_an_older_key_is_tried_and_noted() -> None:
    keys = ring((WEB, 18, 2), (WEB, 18, 4))
    for kvno, opener in ((2, 2), (4, 4), (3, 2), (None, 4), (9, 4)):
        client = ALICE.but(kvno=kvno, long_term=krb.service_key(kvno=opener))
        step = accept(client, keys)
        assert step.status.name == OK
        odd = kvno is not None and kvno != opener
        assert told(step, f"the ticket says key version {kvno}, and the key that opens it has version {opener}") is odd


def test_mit_takes_only_the_version_that_the_ticket_names() -> None:
    keys = ring((WEB, 18, 2), (WEB, 18, 4))
    assert accept(ALICE.but(kvno=2, long_term=krb.service_key(kvno=2)), keys, mit=True).status.name == OK
    assert accept(ALICE.but(kvno=None, long_term=krb.service_key(kvno=2)), keys, mit=True).status.name == OK
    assert kind(accept(ALICE.but(kvno=3, long_term=krb.service_key(kvno=2)), keys, mit=True)) == "key-version"


def test_a_key_of_the_account_under_another_name_is_right_and_noted_and_mit_refuses_it() -> None:
    other = ALICE.but(service=("cifs", "web.lab.example"))
    step = accept(other)
    assert step.status.name == OK
    assert told(step, "the ticket is for cifs/web.lab.example@LAB.EXAMPLE, and the key of HTTP/web.lab.example")
    assert told(step, "--order mit")
    refused = accept(other, mit=True)
    assert (refused.status.name, kind(refused)) == (DENIED, "no-key-for-service")
    assert krb_error(refused.output or b"")["error-code"] == 35
    assert not told(accept(ALICE.but(service=("http", "WEB.lab.example"))), "another")  # names have no case


def test_a_key_without_a_name_fits_every_service() -> None:
    keys = KeyRing([RingKey(LONG_TERM, "key.hex")])
    for mit in (False, True):
        assert accept(ALICE.but(service=("cifs", "elsewhere")), keys, mit=mit).status.name == OK
    assert kind(accept(ALICE.but(**WRONG_KEY), keys)) == "key-wrong"


@pytest.mark.parametrize(
    ("changes", "keys", "wanted", "path", "code", "mit_code", "words"),
    [
        (
            {"service": ("HTTP", "www"), **WRONG_KEY},
            ((("HTTP", "web"), 18, 3), (("host", "web"), 18, 3)),
            "no-key-for-service",
            "ticket.sname",
            *(41, 35),
            "the keys are for HTTP/web@LAB.EXAMPLE, host/web@LAB.EXAMPLE, not for HTTP/www@LAB.EXAMPLE",
        ),
        (
            {"service": ("HTTP", "web.lab.example"), **WRONG_KEY},
            ((("HTTP", "web"), 18, 3),),
            "no-key-for-service",
            "ticket.sname",
            *(41, 35),
            "(the same host, short and full: HTTP/web@LAB.EXAMPLE)",
        ),
        (
            {"service": ("http", "web"), **WRONG_KEY},
            ((("cifs", "web"), 18, 3),),
            "no-key-for-service",
            "ticket.sname",
            *(41, 35),
            "(the same host, another class of service: cifs/web@LAB.EXAMPLE)",
        ),
        (
            {"service_realm": "OTHER.EXAMPLE", **WRONG_KEY},
            ((WEB, 18, 3),),
            "no-key-for-service",
            "ticket.sname",
            *(41, 35),
            "(the same name in another realm: HTTP/web.lab.example@LAB.EXAMPLE)",
        ),
        (
            WRONG_KEY,
            ((WEB, 23, 3), (WEB, 17, 3)),
            "no-key-of-enctype",
            "ticket.enc-part.etype",
            *(41, 44),
            "aes256-cts-hmac-sha1-96, the keys of HTTP/web.lab.example@LAB.EXAMPLE are of rc4-hmac,"
            " aes128-cts-hmac-sha1-96 alone",
        ),
        (
            {"kvno": 2, **WRONG_KEY},
            ((WEB, 18, 1),),
            "key-version",
            "ticket.enc-part.kvno",
            *(41, 44),
            "key version 2 of HTTP/web.lab.example@LAB.EXAMPLE, the keytab has 1 of 2026-03-01 00:00:00 UTC:"
            " the keytab is older than the account's password",
        ),
        (
            {"kvno": 2, **WRONG_KEY},
            ((WEB, 18, 3), (WEB, 18, 4)),
            "key-version",
            "ticket.enc-part.kvno",
            *(41, 44),
            "the ticket is older than the keytab",
        ),
        (
            WRONG_KEY,
            ((WEB, 18, 3),),
            "key-wrong",
            "ticket.enc-part.cipher",
            *(41, 31),
            "version 3, and aes256-cts-hmac-sha1-96 is here and does not open the ticket",
        ),
        (
            {"etype": 3},
            ((WEB, 18, 3),),
            "ticket-enctype-unsupported",
            "ticket.enc-part.etype",
            *(41, 41),
            "encrypted with des-cbc-md5: single DES",
        ),
        (
            {"etype": 77},
            ((WEB, 18, 3),),
            "ticket-enctype-unsupported",
            "ticket.enc-part.etype",
            *(41, 41),
            "77",
        ),
    ],
)
def test_why_no_key_opens_a_ticket_is_said_and_its_field_is_named(
    changes: dict[str, Any],
    keys: tuple[krb.Named, ...],
    wanted: str,
    path: str,
    code: int,
    mit_code: int,
    words: str,
) -> None:
    client = ALICE.but(**changes)
    for mit, number in ((False, code), (True, mit_code)):
        step = accept(client, ring(*keys), mit=mit)
        assert step.refusal is not None
        assert (step.status.name, kind(step), step.refusal.path) == (DENIED, wanted, path)
        assert words in text(step)
        assert (krb_error(step.output or b"")["error-code"], step.refusal.facts["code"]) == (number, number)
        assert step.refusal.span is not None
        start, stop = step.refusal.span
        assert client.token()[start:stop] == field(client, path)


def field(client: Client, path: str) -> bytes:
    """The bytes in the token that a path names."""
    named = {
        "ticket.sname": krb.principal(2, *client.service),
        "ticket.enc-part.etype": integer(client.etype or client.long_term.etype),
        "ticket.enc-part.kvno": integer(client.kvno or 0),
        "ticket.enc-part.cipher": tlv(4, seal(client.long_term, krb.TICKET_USAGE, client.enc_ticket_part())),
    }
    return named[path]


def test_a_keytab_that_bears_no_times_says_only_its_versions() -> None:
    from secctx.keys.keytab import read_keytab

    keys = KeyRing()
    keys.add_keytab(read_keytab(krb.keytab_bytes((WEB, 18, 1), since=None)), "ktpass.keytab")
    assert "the keytab has 1: the keytab is older" in text(accept(ALICE.but(**WRONG_KEY), keys))


def test_many_names_are_counted_not_listed() -> None:
    keys = ring(*(((f"svc{n}", "host"), 18, 1) for n in range(9)))
    assert "svc3/host@LAB.EXAMPLE and 5 more, not for" in text(accept(ALICE.but(**WRONG_KEY), keys))


# Names and forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"said_name": ("bob",)},
        {"said_name": ("Alice",)},
        {"said_name": ("alice", "")},
        {"said_realm": "OTHER.EXAMPLE"},
        {"said_realm": "lab.example"},
        {"name": ("a", "b"), "said_name": ("a/b",)},
        {"name": ("alice@LAB.EXAMPLE",), "said_name": ("alice",), "said_realm": "LAB.EXAMPLE@LAB.EXAMPLE"},
    ],
)
def test_ticket_and_authenticator_must_name_the_same_client(changes: dict[str, Any]) -> None:
    for mit in (False, True):
        step = accept(ALICE.but(**changes), mit=mit)
        assert (step.status.name, kind(step)) == (DENIED, "client-mismatch")
        assert krb_error(step.output or b"")["error-code"] == 36


@pytest.mark.parametrize(("changes", "code"), [({"pvno": 4}, 39), ({"tkt_vno": 4}, 39), ({"msg_type": 10}, 40)])
def test_another_version_or_message_type_is_invalid(changes: dict[str, Any], code: int) -> None:
    step = accept(ALICE.but(**changes))
    assert step.status.name == INVALID_TOKEN
    assert kind(step) in ("kerberos-version", "kerberos-unexpected-message")
    if step.output is not None:
        assert krb_error(step.output)["error-code"] == code


def test_what_is_inside_must_be_what_it_is_there_for() -> None:
    for plain in (b"", b"garbage", b"\x63\x00", ALICE.authenticator(), ALICE.enc_ticket_part()[:-3]):
        step = accept(ALICE.but(ticket_plain=plain))
        assert (step.status.name, kind(step)) == (INVALID_TOKEN, "ticket-malformed")
        assert "HTTP/web.lab.example@LAB.EXAMPLE" in text(step)
        to_user = Host(krb.u2u_ring()).step(TO_USER.but(ticket_plain=plain).token())
        assert (to_user.status.name, kind(to_user)) == (INVALID_TOKEN, "ticket-malformed")
    for plain in (b"", b"garbage", b"\x62\x00", ALICE.enc_ticket_part(), ALICE.authenticator()[:-3]):
        step = accept(ALICE.but(authenticator_plain=plain))
        assert (step.status.name, kind(step)) == (INVALID_TOKEN, "authenticator-malformed")


def test_other_messages_than_an_ap_req_are_unexpected() -> None:
    reply = ALICE.open_ap_rep(accept(ALICE).output or b"")
    gave_up = accept(ALICE.but(**SKEWED)).output or b""
    for token, words in ((framed(KRB5, b"\2\0" + ALICE.third_leg(reply)), "found Kerberos AP-REP"), (gave_up, "SKEW")):
        step = Host().step(token)
        assert (step.status.name, kind(step)) == (INVALID_TOKEN, "kerberos-unexpected-message")
        assert words in text(step)


def test_a_bare_ap_req_is_dce_style_and_nothing_else() -> None:
    step = Host().step(ALICE.ap_req())
    assert (step.status.name, kind(step)) == (INVALID_TOKEN, "framing-missing")
    assert krb_error(step.output or b"")["error-code"] == 60
    assert (step.output or b"")[0] == 0x7E
    for checksum in ((), (7, bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"))):
        assert kind(Host().step(ALICE.but(checksum=checksum).ap_req())) == "framing-missing"
    framed_dce = Host().step(DCE.token())
    assert framed_dce.status.name == CONTINUE


# The realms on the way -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoded", "realms"),
    [
        # RFC 4120 3.3.3.2, the examples.
        ("EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.", "EDU MIT.EDU ATHENA.MIT.EDU WASHINGTON.EDU CS.WASHINGTON.EDU"),
        ("/COM,/HP,/APOLLO, /COM/DEC", "/COM /COM/HP /COM/HP/APOLLO /COM/DEC"),
        ("EDU", "EDU"),
        ("A.EXAMPLE,B.EXAMPLE", "A.EXAMPLE B.EXAMPLE"),
        ("A\\,B,C", "A,B C"),
    ],
)
def test_compressed_realms_are_written_out(encoded: str, realms: str) -> None:
    assert expanded(encoded, "ATHENA.MIT.EDU", "CS.WASHINGTON.EDU") == realms.split(" ")


def test_an_empty_realm_stands_for_all_between_its_neighbours() -> None:
    between = {"MIT.EDU", "EDU", "WASHINGTON.EDU"}
    assert set(expanded(",", "ATHENA.MIT.EDU", "CS.WASHINGTON.EDU") or ()) == between
    assert set(expanded("EDU,", "ATHENA.MIT.EDU", "CS.WASHINGTON.EDU") or ()) == between - {"MIT.EDU"}
    assert expanded(",EDU, /COM,", "ATHENA.MIT.EDU", "/COM/HP/APOLLO") == ["MIT.EDU", "EDU", "/COM", "/COM/HP"]
    assert expanded("B.C,,A.", "X.B.C", "Y.C") == ["B.C", "A.B.C"]


def test_a_path_of_very_many_realms_is_not_followed() -> None:
    many = ",".join(f"R{n}" for n in range(65))
    assert expanded(many, "A", "B") is None
    assert "more than 64" in transited_problem(1, many.encode(), "A", "B")
    assert expanded("," * 40, ".".join("A" * 60), "A") is None
    assert expanded("," * 65, "A.EXAMPLE", "B.EXAMPLE") is None
    for far in ("A." * 100_000 + "EXAMPLE", "/A" * 100_000):
        assert transited_problem(1, b",", far, "B.EXAMPLE") == ""


def test_the_hierarchy_goes_up_to_what_is_shared_and_down() -> None:
    assert hierarchy("A.B.EXAMPLE", "C.EXAMPLE") == ["A.B.EXAMPLE", "B.EXAMPLE", "EXAMPLE", "C.EXAMPLE"]
    assert hierarchy("A.EXAMPLE", "EXAMPLE") == ["A.EXAMPLE", "EXAMPLE"]
    assert hierarchy("A.ONE", "B.TWO") == ["A.ONE", "B.TWO"]
    assert hierarchy("/COM/HP/APOLLO", "/COM/DEC") == ["/COM/HP/APOLLO", "/COM/HP", "/COM", "/COM/DEC"]
    assert hierarchy("A.ONE", "/ONE") == ["A.ONE", "/ONE"]
    assert hierarchy("A.B", "a.b") == ["A.B"]


HOME = {"realm": "CHILD.LAB.EXAMPLE"}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"realm": "FAR.TEST"}, ""),
        ({**HOME, "transited": (1, b"")}, ""),
        ({**HOME, "transited": (0, b"")}, ""),
        ({"realm": "A.B.LAB.EXAMPLE", "transited": (1, b"B.LAB.EXAMPLE")}, ""),
        ({"realm": "A.B.LAB.EXAMPLE", "transited": (1, b",")}, ""),
        ({"realm": "A.B.LAB.EXAMPLE", "transited": (1, b"b.lab.example")}, ""),
        ({"realm": "SIDE.EXAMPLE", "transited": (1, b"EXAMPLE")}, ""),
        ({"transited": (1, b"ELSEWHERE.TEST")}, "transited"),  # home again by way of another
        ({**HOME, "transited": (1, b"ELSEWHERE.TEST")}, "transited"),
        ({"realm": "A.B.LAB.EXAMPLE", "transited": (1, b"B.LAB.EXAMPLE,ELSEWHERE.TEST")}, "transited"),
        ({"realm": "A.B.LAB.EXAMPLE", "transited": (1, b"B.LAB.EXAMPLE,C.")}, "transited"),
        ({**HOME, "transited": (7, b"anything")}, "transited"),
        ({**HOME, "transited": (1, b"\xff\xfe")}, "transited"),
        ({**HOME, "transited": (1, b"X," * 100)}, "transited"),
        ({**HOME, "transited": (1, b"ELSEWHERE.TEST"), "ticket_flags": krb.TRANSITED_CHECKED}, ""),
        ({**HOME, "transited": (7, b"anything"), "ticket_flags": krb.TRANSITED_CHECKED}, ""),
    ],
)
def test_realms_outside_the_hierarchy_are_refused_unless_the_kdc_judged_them(
    changes: dict[str, Any], wanted: str
) -> None:
    for mit, code in ((False, 51), (True, 43)):
        step = accept(ALICE.but(**changes), mit=mit)
        assert kind(step) == wanted
        if wanted:
            assert (step.status.name, krb_error(step.output or b"")["error-code"]) == (DENIED, code)


def test_the_realm_that_the_client_writes_on_its_ticket_does_not_shorten_the_way() -> None:
    client = ALICE.but(realm="FAR.TEST", transited=(1, b"ELSEWHERE.TEST"), service_realm="FAR.TEST")
    step = accept(client)
    assert (step.status.name, kind(step)) == (DENIED, "transited")
    assert "ELSEWHERE.TEST on its way from FAR.TEST to LAB.EXAMPLE" in text(step)


def test_a_key_without_a_realm_takes_the_tickets_word_for_it_and_says_so() -> None:
    step = accept(TO_USER.but(realm="A.LAB.EXAMPLE"), krb.u2u_ring())
    assert step.status.name == OK
    assert told(step, "the client's word")
    assert not told(accept(TO_USER, krb.u2u_ring()), "the client's word")


# Channel bindings ----------------------------------------------------------------------------------------------------

HERE, ELSEWHERE = bind_data(b"tls-server-end-point:" + b"h" * 32), bind_data(b"tls-server-end-point:" + b"e" * 32)
SENT = {"zero": bytes(16), "equal": HERE.hash16, "differ": ELSEWHERE.hash16}
#: Extended Protection's levels: bindings given, fContextReq.
LEVELS: dict[str, tuple[bool, int]] = {
    "never": (False, 0),
    "never, with ALLOW_MISSING": (False, ALLOW_MISSING),
    "when supported": (True, ALLOW_MISSING),
    "always": (True, 0),
    "proxy": (False, PROXY),
    "proxy, with bindings": (True, PROXY),
}
#: semantics.md 7.4, evidence.md ("Bindings"): by level what is refused, of what was sent and claimed.
REFUSED = {
    "never": {},
    "never, with ALLOW_MISSING": {},
    "when supported": {
        ("zero", "claimed"): "missing",
        ("differ", "silent"): "differ",
        ("differ", "claimed"): "differ",
    },
    "always": {
        ("zero", "silent"): "missing",
        ("zero", "claimed"): "missing",
        ("differ", "silent"): "differ",
        ("differ", "claimed"): "differ",
    },
    "proxy": {("zero", "silent"): "missing", ("zero", "claimed"): "missing"},
    "proxy, with bindings": {("zero", "silent"): "missing", ("zero", "claimed"): "missing"},
}
CLAIMS = {"silent": (), "claimed": (krb.ap_options(),)}


@pytest.mark.parametrize(("level", "sent", "claim"), list(product(LEVELS, SENT, CLAIMS)))
def test_bindings_are_judged_as_extended_protection_says(level: str, sent: str, claim: str) -> None:
    given, flags = LEVELS[level]
    client = ALICE.but(bindings=SENT[sent], data=CLAIMS[claim])
    step = accept(client, flags=flags, bindings=HERE if given else None)
    refused = REFUSED[level].get((sent, claim))
    assert step.status.name == (BAD_BINDINGS if refused else OK)
    if refused:
        assert kind(step) == f"bindings-{refused}"
        assert step.basis == "windows"
        assert krb_error(step.output or b"")["error-code"] == 60


@pytest.mark.parametrize(("sent", "claim"), list(product(SENT, CLAIMS)))
def test_mit_minds_missing_bindings_only_of_those_who_claim_them(sent: str, claim: str) -> None:
    client = ALICE.but(bindings=SENT[sent], data=CLAIMS[claim])
    assert accept(client, flags=PROXY, mit=True).status.name == (BAD_BINDINGS if sent == "zero" else OK)
    step = accept(client, bindings=HERE, mit=True)
    passes = sent == "equal" or (sent, claim) == ("zero", "silent")
    assert step.status.name == (OK if passes else BAD_BINDINGS)


@pytest.mark.parametrize(
    ("data", "claims"),
    [
        ((krb.ap_options(),), True),
        ((krb.ap_options(0xC000),), True),
        ((krb.ap_options(0x8000),), False),
        ((krb.ap_options(0),), False),
        (((143, b"\x00\x40\x00\x00"),), False),  # not in AD-IF-RELEVANT
        ((krb.if_relevant((141, b"x")), krb.ap_options()), False),  # Windows looks into the first alone
        ((krb.if_relevant((141, b"x"), (143, b"\x00\x40\x00\x00")),), True),
        ((krb.if_relevant((143, b"\x00\x40")),), False),
        ((krb.if_relevant((143, b"\x00\x40\x00\x00\x00")),), False),
        (((77, b"x"), krb.ap_options()), True),
        (((1, b"no authorization data"),), False),
        ((krb.if_relevant(krb.ap_options()),), False),
    ],
)
def test_the_claim_to_support_bindings_is_looked_for_where_windows_does(
    data: tuple[krb.AdItem, ...], claims: bool
) -> None:
    step = accept(ALICE.but(data=data), flags=ALLOW_MISSING, bindings=HERE)
    assert step.status.name == (BAD_BINDINGS if claims else OK)


def test_bindings_are_not_judged_where_the_checksum_cannot_carry_any_and_that_is_said() -> None:
    for flags, given in ((0, HERE), (PROXY, None)):
        step = accept(ALICE.but(checksum=()), flags=flags, bindings=given)
        assert step.status.name == OK
        assert told(step, "no channel bindings")
        plain = accept(ALICE.but(checksum=(16, SESSION.checksum(krb.CHECKSUM_USAGE, b""))), flags=flags, bindings=given)
        assert plain.status.name == OK
        assert told(plain, "not checked")


# The checksum --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(24))
def test_a_short_checksum_is_refused_as_bindings_that_do_not_fit(size: int) -> None:
    short = (0x8003, ALICE.gss_checksum()[:size])
    for given in (None, HERE):
        step = accept(ALICE.but(checksum=short), bindings=given)
        assert (step.status.name, kind(step)) == (BAD_BINDINGS, "checksum-short")
        assert "24 bytes" in text(step)


@pytest.mark.parametrize("lgth", [0, 15, 17, 32, 0x10000010, 0xFFFFFFFF])
def test_another_length_of_bindings_is_malformed(lgth: int) -> None:
    step = accept(ALICE.but(lgth=lgth))
    assert (step.status.name, kind(step)) == (INVALID_TOKEN, "checksum-malformed")
    assert f"Lgth is {lgth}" in text(step)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (16, SESSION.checksum(krb.CHECKSUM_USAGE, b"")),
        (7, bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e")),
        (2, bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0")),
        (14, bytes.fromhex("da39a3ee5e6b4b0d3255bfef95601890afd80709")),
    ],
)
def test_a_checksum_over_nothing_is_what_old_clients_send(number: int, value: bytes) -> None:
    step = accept(QUIET.but(checksum=(number, value)))
    assert (step.status.name, step.attributes) == (OK, 0xC)  # REPLAY_DETECT, SEQUENCE_DETECT
    assert told(step, f"type {number}")
    client = ALICE.but(checksum=(number, value))
    mutual = accept(client)
    assert mutual.attributes == 0xE
    client.open_ap_rep(mutual.output or b"")


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (16, SUBKEY.checksum(krb.CHECKSUM_USAGE, b"")),
        (16, SESSION.checksum(krb.CHECKSUM_USAGE, b"data")),
        (16, SESSION.checksum(6, b"")),
        (16, b""),
        (15, SESSION.checksum(krb.CHECKSUM_USAGE, b"")),
        (7, bytes(16)),
        (8, bytes(16)),
        (99, b"what is this"),
        (0x8004, ALICE.gss_checksum()),
    ],
)
def test_any_other_checksum_is_refused(number: int, value: bytes) -> None:
    step = accept(ALICE.but(checksum=(number, value)))
    assert (step.status.name, kind(step)) == (INVALID_TOKEN, "checksum-wrong")
    assert f"type {number}" in text(step)
    assert krb_error(step.output or b"")["error-code"] == 50


def test_extensions_behind_the_checksum_are_passed_over() -> None:
    assert accept(ALICE.but(extensions=b"\0\0\0\1\0\0\0\2ab")).status.name == OK
    assert accept(ALICE.but(extensions=b"\1")).status.name == OK


PAC_OF_OTHERS = {
    "another's": krb.client_info("mallory", krb.filetime(NOW - HOUR)),
    "of another logon": krb.client_info("alice", krb.filetime(NOW - 2 * HOUR)),
    "of a name that begins alike": krb.client_info("alice2", krb.filetime(NOW - HOUR)),
}


@pytest.mark.parametrize("info", PAC_OF_OTHERS.values(), ids=PAC_OF_OTHERS)
def test_a_signed_pac_of_another_client_or_logon_is_refused(info: bytes) -> None:
    buffers = [(number, info if number == krb.CLIENT_INFO else data) for number, data in krb.ALICE_PAC]
    step = accept(ALICE.but(pac=krb.signed_pac(LONG_TERM, *buffers)))
    assert (step.status.name, kind(step)) == (DENIED, "pac-client")
    assert step.client is None


def test_a_pac_that_says_not_whose_it_is_is_refused() -> None:
    buffers = [(number, data) for number, data in krb.ALICE_PAC if number != krb.CLIENT_INFO]
    step = accept(ALICE.but(pac=krb.signed_pac(LONG_TERM, *buffers)))
    assert kind(step) == "pac-client"
    assert "does not say whose" in text(step)


@pytest.mark.parametrize("logon", [None, b"", b"garbage"])
def test_a_pac_without_logon_information_is_told_of(logon: bytes | None) -> None:
    buffers = [(number, data) for number, data in krb.ALICE_PAC if number != krb.LOGON]
    if logon is not None:
        buffers.append((krb.LOGON, logon))
    step = accept(ALICE.but(pac=krb.signed_pac(LONG_TERM, *buffers)))
    assert step.status.name == OK
    assert told(step, "no SID and no groups")


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@LAB.EXAMPLE", "alice@lab.example"])
def test_the_name_in_a_pac_may_have_its_realm_and_other_capitals(name: str) -> None:
    info = krb.client_info(name, krb.filetime(NOW - HOUR))
    buffers = [(number, info if number == krb.CLIENT_INFO else data) for number, data in krb.ALICE_PAC]
    assert accept(ALICE.but(pac=krb.signed_pac(LONG_TERM, *buffers))).status.name == OK


# Delegation ----------------------------------------------------------------------------------------------------------

DELEGATING = ALICE.but(gss=ALL | krb.DELEG)


@pytest.mark.parametrize("sealer", [None, SESSION, SUBKEY])
@pytest.mark.parametrize("name", [("alice",), ("svc", "front")])
def test_a_forwarded_ticket_is_taken_whichever_key_it_is_under(sealer: Key | None, name: tuple[str, ...]) -> None:
    step = accept(DELEGATING.but(deleg=krb.krb_cred(sealer, name)))
    assert step.attributes == 0x2001F
    assert step.client is not None
    assert step.client.impersonation == "delegate"
    assert step.client.carried_by == f"forwarded TGT of {'/'.join(name)}@LAB.EXAMPLE"


@pytest.mark.parametrize(
    ("deleg", "words"),
    [
        (None, "sent no credential that can be read"),
        (b"", "sent no credential that can be read"),
        (b"garbage", "sent no credential that can be read"),
        (ALICE.ticket(), "cannot be opened"),
        (krb.krb_cred(krb.key("another")), "cannot be opened"),
        (krb.krb_cred(krb.key("session", 17)), "cannot be opened"),
        (krb.krb_cred(SESSION, plain=b"garbage"), "malformed"),
        (krb.krb_cred(SESSION, plain=tlv(0x7D, tlv(0x30, fields(0, tlv(0x30))))), "malformed"),
        (krb.krb_cred(None, plain=b""), "malformed"),
    ],
)
def test_a_client_that_delegates_and_has_nothing_to_show_for_it_is_told_of(deleg: bytes | None, words: str) -> None:
    step = accept(DELEGATING.but(deleg=deleg))
    assert (step.status.name, step.attributes) == (OK, 0x2001E)
    assert told(step, words)
    assert step.client is not None
    assert (step.client.impersonation, step.client.carried_by) == ("impersonate", None)


def test_a_forwarded_ticket_that_is_no_tgt_delegates_nothing() -> None:
    for changes in ({"service": ("HTTP", "web")}, {"tickets": b""}):
        step = accept(DELEGATING.but(deleg=krb.krb_cred(SESSION, **changes)))
        assert (step.status.name, step.attributes) == (OK, 0x2001E)
        assert told(step, "no ticket-granting ticket")


def test_a_credential_that_nobody_speaks_of_is_not_taken() -> None:
    step = accept(ALICE.but(deleg=krb.krb_cred(SESSION)))
    assert (step.status.name, step.attributes) == (OK, 0x2001E)


# What is returned ----------------------------------------------------------------------------------------------------

#: GSS flag of the checksum, ASC_RET bit (semantics.md 1.1). DELEG and MUTUAL have conditions of their own.
GSS_TO_RET = {
    krb.REPLAY: asc.ASC_RET_REPLAY_DETECT,
    krb.SEQUENCE: asc.ASC_RET_SEQUENCE_DETECT,
    krb.CONF: asc.ASC_RET_CONFIDENTIALITY,
    krb.INTEG: asc.ASC_RET_INTEGRITY,
    krb.IDENTIFY: asc.ASC_RET_IDENTIFY,
}
#: Bits that mean nothing to an acceptor or are not the client's to set: ANON, PROT_READY, TRANS, CHANNEL_BOUND, others;
#: and EXTENDED_ERROR, which speaks of failures.
OF_NO_EFFECT = (0x40, 0x80, 0x100, 0x200, 0x400, 0x800, krb.EXTENDED_ERROR, 0x8000, 0x10000, 0x80000000)


@pytest.mark.parametrize("flags", range(1 << len(GSS_TO_RET)))
def test_every_combination_of_the_clients_flags_is_returned_by_the_table(flags: int) -> None:
    gss = sum(bit for at, bit in enumerate(GSS_TO_RET) if flags >> at & 1)
    wanted = sum(GSS_TO_RET[bit] for bit in GSS_TO_RET if gss & bit)
    quiet = QUIET.but(gss=gss)
    assert accept(quiet).attributes == wanted
    assert accept(ALICE.but(gss=gss | MUTUAL)).attributes == wanted | asc.ASC_RET_MUTUAL_AUTH
    host, dce = Host(), ALICE.but(gss=gss | MUTUAL | krb.DCE)
    reply = dce.open_ap_rep(host.step(dce.ap_req()).output or b"")
    dce_bits = asc.ASC_RET_MUTUAL_AUTH | asc.ASC_RET_USED_DCE_STYLE
    assert host.step(dce.third_leg(reply)).attributes == wanted | dce_bits


def test_dce_style_is_mutual_whether_the_checksum_says_so_or_not() -> None:
    for options in (0, MUTUAL_REQUIRED):
        host, client = Host(), ALICE.but(gss=krb.DCE, options=options)
        reply = client.open_ap_rep(host.step(client.ap_req()).output or b"")
        step = host.step(client.third_leg(reply))
        assert step.attributes == asc.ASC_RET_MUTUAL_AUTH | asc.ASC_RET_USED_DCE_STYLE


@pytest.mark.parametrize("bit", OF_NO_EFFECT)
def test_other_bits_of_the_checksum_change_nothing(bit: int) -> None:
    assert accept(ALICE.but(gss=ALL | bit)).attributes == 0x2001E


def test_what_the_call_asks_for_does_not_make_the_client_have_asked() -> None:
    everything = 0
    for name in (
        "DELEGATE",
        "MUTUAL_AUTH",
        "REPLAY_DETECT",
        "CONFIDENTIALITY",
        "INTEGRITY",
        "USE_DCE_STYLE",
        "IDENTIFY",
    ):
        everything |= getattr(asc, f"ASC_REQ_{name}")
    step = accept(QUIET.but(gss=krb.REPLAY), flags=everything)
    assert (step.status.name, step.attributes) == (OK, asc.ASC_RET_REPLAY_DETECT)
    assert accept(ALICE, flags=asc.ASC_REQ_ALLOCATE_MEMORY | asc.ASC_REQ_CONNECTION).attributes == 0x2001E | 0x900


def test_mutual_authentication_is_the_flag_and_the_option_together() -> None:
    both = accept(ALICE)
    assert both.output is not None
    option_alone = accept(ALICE.but(gss=ALL & ~MUTUAL))
    assert (option_alone.status.name, option_alone.output, option_alone.attributes) == (OK, None, 0x2001C)
    flag_alone = accept(ALICE.but(options=0))
    assert (flag_alone.status.name, kind(flag_alone)) == (INVALID_TOKEN, "mutual-contradiction")
    assert flag_alone.output is None


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "impersonate"),
        ({"gss": ALL | krb.IDENTIFY}, "identify"),
        ({"gss": ALL | krb.DELEG, "deleg": krb.krb_cred(SESSION)}, "delegate"),
        ({"gss": ALL | krb.DELEG | krb.IDENTIFY, "deleg": krb.krb_cred(SESSION)}, "identify"),
        ({"name": ("WELLKNOWN", "ANONYMOUS"), "realm": "WELLKNOWN:ANONYMOUS"}, "anonymous"),
        ({"name": ("web01$",)}, "impersonate"),
    ],
)
def test_the_impersonation_level_is_the_clients_choice(changes: dict[str, Any], level: str) -> None:
    step = accept(ALICE.but(**changes))
    assert step.client is not None
    assert step.client.impersonation == level
    assert step.client.anonymous is (level == "anonymous")
    assert step.client.machine is ("$" in step.client.name)
    assert bool(step.attributes & asc.ASC_RET_NULL_SESSION) is (level == "anonymous")


def test_without_a_pac_there_is_a_name_and_no_sid() -> None:
    step = accept(ALICE.but(name=("svc", "front"), realm="OTHER.EXAMPLE"))
    client = step.client
    assert client is not None
    assert (client.name, client.realm, client.domain) == ("svc/front", "OTHER.EXAMPLE", "OTHER.EXAMPLE")
    assert (client.sid, client.groups, client.upn, client.logon_time) == (None, (), None, None)
    assert told(step, "no PAC")


@pytest.mark.parametrize("etype", [17, 18, 19, 20, 23])
def test_the_pac_says_who_the_client_is(etype: int) -> None:
    client, keys = of_type(etype)
    step = accept(client.but(pac=krb.signed_pac(client.long_term, *krb.ALICE_PAC)), keys)
    found = step.client
    assert found is not None
    assert (found.name, found.realm, found.domain, found.sid) == ("alice", "LAB.EXAMPLE", "LAB", krb.ALICE_SID)
    assert found.groups == (f"{krb.DOMAIN}-513", f"{krb.DOMAIN}-1201", "S-1-18-1")
    assert found.upn == "alice@lab.example"
    assert found.logon_time is not None
    assert found.logon_time.startswith("2022-06-18T")
    assert not told(step, "no PAC")


def test_the_krbtgt_key_lets_the_kdcs_signature_be_judged_without_deciding() -> None:
    keys = ring()
    assert accept(ALICE.but(pac=PAC), keys).notes == ()
    keys.keys.append(RingKey(krb.KDC_KEY, "krbtgt.keytab", krb.REALM, krb.KRBTGT, 2))
    assert told(accept(ALICE.but(pac=PAC), keys), "KDC signature verifies with krbtgt/LAB.EXAMPLE@LAB.EXAMPLE")
    forged = krb.signed_pac(LONG_TERM, *krb.ALICE_PAC, krbtgt=krb.key("another"))
    step = accept(ALICE.but(pac=forged), keys)
    assert step.status.name == OK
    assert told(step, "KDC signature does not verify")


@pytest.mark.parametrize(
    ("pac", "words"),
    [
        (krb.signed_pac(krb.key("another"), *krb.ALICE_PAC), "does not verify"),
        (krb.pac(*krb.ALICE_PAC), "no server signature"),
        (b"", "cannot be verified"),
        (b"\0" * 7, "cannot be verified"),
        (PAC[:-20], "cannot be verified"),
        (krb.pac(*krb.ALICE_PAC, (6, krb.signature(7, bytes(16))), (7, krb.signature())), "no checksum for a PAC"),
        (krb.pac(*krb.ALICE_PAC, (6, krb.signature()), (6, krb.signature()), (7, krb.signature())), "signatures"),
    ],
)
def test_a_pac_that_the_service_key_did_not_sign_ends_the_logon(pac: bytes, words: str) -> None:
    step = accept(ALICE.but(pac=pac))
    assert (step.status.name, kind(step)) == (DENIED, "pac-signature")
    assert words in text(step)
    assert step.refusal is not None
    assert step.refusal.path == "ticket.enc-part"
    assert krb_error(step.output or b"")["error-code"] == 41


# KRB-ERROR -----------------------------------------------------------------------------------------------------------

FAULTS: list[tuple[dict[str, Any], int, str]] = [
    (WRONG_KEY, 41, DENIED),
    (SEALED_OTHERWISE, 41, DENIED),
    (OTHER_NAME, 36, DENIED),
    (SKEWED, 37, TIME_SKEW),
    (EARLY, 33, INVALID_TOKEN),
    (POSTDATED, 33, INVALID_TOKEN),
    ({"endtime": NOW - HOUR}, 32, EXPIRED),
    (STRAY, 51, DENIED),
    (SHORT, 60, BAD_BINDINGS),
    ({"lgth": 7}, 50, INVALID_TOKEN),
    (OTHERS_PAC, 41, DENIED),
]


@pytest.mark.parametrize(("changes", "code", "status"), FAULTS)
def test_a_krb_error_is_sent_to_who_asked_for_proof_or_where_the_call_asks(
    changes: dict[str, Any], code: int, status: str
) -> None:
    client = ALICE.but(**changes)
    quiet = client.quiet()
    for asked, flags in ((client, 0), (client, EXTENDED), (quiet, EXTENDED)):
        step = accept(asked, flags=flags)
        assert step.status.name == status
        assert step.attributes == (asc.ASC_RET_EXTENDED_ERROR if flags else 0)
        error = krb_error(step.output or b"")
        assert (error["error-code"], error["pvno"], error["realm"], error["sname"]) == (code, 5, krb.REALM, WEB)
        assert error["stime"] == NOW
        seen = changes not in (WRONG_KEY, SEALED_OTHERWISE)  # what is not opened cannot be repeated
        assert error["ctime"] == (asked.ctime if seen else None)
        assert error["cusec"] == (asked.cusec if seen else None)
        assert error["e-data"] == (bytes.fromhex("3005a103020102") if code == 37 else None)
    silent = accept(quiet)
    assert (silent.status.name, silent.output, silent.withheld) == (status, None, True)


def test_a_krb_error_is_framed_as_the_request_was() -> None:
    for changes, code, _ in FAULTS:
        client = DCE.but(**changes)
        bare = Host().step(client.ap_req()).output or b""
        assert bare[0] == 0x7E
        assert krb_error(bare)["error-code"] == code
        spnego = Host().step(client.init())
        assert krb_error(krb.inner(spnego.output or b"", 2))["error-code"] == code
        assert Host().step(client.quiet().init()).output is None
        asked = Host().step(client.quiet().init(), EXTENDED)
        assert krb_error(krb.inner(asked.output or b"", 2))["error-code"] == code


def test_malformed_input_is_answered_with_nothing() -> None:
    for token in (ALICE.token()[:-1], framed(KRB5, b"\1\0"), framed(KRB5, b"\1\0garbage")):
        step = Host().step(token, EXTENDED)
        assert (step.status.name, step.output) == (INVALID_TOKEN, None)
        assert Host().step(neg_token_init(KRB5, token=token), EXTENDED).output in (None, REJECT)


def test_after_a_skew_the_client_can_try_again_with_the_servers_time() -> None:
    host = Host()
    first = host.step(ALICE.but(**SKEWED).token())
    assert first.status.name == TIME_SKEW
    error = krb_error(first.output or b"")
    assert host.step(ALICE.but(ctime=error["stime"]).token()).status.name == OK


# In SPNEGO -----------------------------------------------------------------------------------------------------------

LISTS = [[KRB5], [MS_KRB5], [MS_KRB5, KRB5], [KRB5, MS_KRB5], [MS_KRB5, KRB5, NTLM], [KRB5, NTLM]]


@pytest.mark.parametrize("mechs", LISTS)
def test_the_first_name_of_kerberos_is_echoed_and_the_ap_rep_framed_with_its_own(mechs: list[bytes]) -> None:
    for inside in (KRB5, MS_KRB5):
        host = Host()
        step = host.step(neg_token_init(*mechs, token=ALICE.token(inside)))
        assert step.status.name == OK
        ALICE.open_ap_rep(krb.inner(step.output or b"", 0, mechs[0]))


@pytest.mark.parametrize("mechs", LISTS)
def test_a_mechlistmic_with_the_first_token_is_verified_and_answered(mechs: list[bytes]) -> None:
    session, signed = QUIET.silent_session(), mech_types(*mechs)
    step = Host().step(QUIET.init(*mechs, mic=session.sign(signed)))
    assert step.status.name == OK
    session.check(signed, krb.mic_of(step.output or b"", 0, mechs[0]))
    for wrong in (QUIET.silent_session().sign(signed + b"\0"), b"garbage"):
        step = Host().step(QUIET.init(*mechs, mic=wrong))
        assert (step.status.name, kind(step)) == ("SEC_E_MESSAGE_ALTERED", "spnego-mic-wrong")


def test_kerberos_behind_another_mechanism_owes_a_mechlistmic() -> None:
    mechs = mech_types(NTLM, MS_KRB5, KRB5)

    def begun() -> tuple[Host, krb.Reply, bytes]:
        host = Host()
        asked = host.step(neg_token_init(NTLM, MS_KRB5, KRB5, token=NtlmClient().negotiate))
        assert (asked.status.name, asked.output) == (CONTINUE, neg_token_resp(3, MS_KRB5))
        owed = host.step(neg_token_resp(token=ALICE.token()))
        token = krb.token_in(owed.output or b"")
        reply = ALICE.open_ap_rep(token)
        return host, reply, krb.mic_of(owed.output or b"", 1, token=token)

    host, reply, theirs = begun()
    session = reply.session()
    session.check(mechs, theirs)
    done = host.step(neg_token_resp(mic=session.sign(mechs)))
    assert (done.status.name, done.output, done.attributes) == (OK, None, 0x2001E)
    assert done.client is not None
    assert done.session_key == reply.session_key

    host, reply, _ = begun()
    wrong = host.step(neg_token_resp(mic=reply.session().sign(mech_types(NTLM))))
    assert (wrong.status.name, kind(wrong)) == ("SEC_E_MESSAGE_ALTERED", "spnego-mic-wrong")
    host, _, _ = begun()
    missing = host.step(neg_token_resp(0, token=b"\x01"))
    assert missing.status.name == INVALID_TOKEN

    host, reply, _ = begun()
    eve = host.step(ALICE.but(name=("eve",)).token())
    assert (eve.status.name, kind(eve), eve.client) == (INVALID_TOKEN, "spnego-mic-missing", None)


def test_without_an_ap_rep_the_mechlistmic_must_come_at_once() -> None:
    mechs = mech_types(NTLM, KRB5)
    for mic, status in ((True, OK), (False, INVALID_TOKEN)):
        host, session = Host(), QUIET.silent_session()
        host.step(neg_token_init(NTLM, KRB5, token=NtlmClient().negotiate))
        made = session.sign(mechs) if mic else None
        step = host.step(neg_token_resp(token=QUIET.token(), mic=made))
        assert step.status.name == status
        if mic:
            session.check(mechs, krb.mic_of(step.output or b"", 0))
        else:
            assert kind(step) == "spnego-mic-missing"


def test_dce_style_in_spnego_has_its_mics_in_the_last_legs() -> None:
    mechs = mech_types(KRB5, NTLM)
    for owed in (True, False):
        host = Host()
        first = host.step(neg_token_init(KRB5, NTLM, token=DCE.ap_req()))
        reply = DCE.open_ap_rep(krb.inner(first.output or b"", 1, KRB5))
        session = reply.session()
        mic = session.sign(mechs) if owed else None
        last = host.step(neg_token_resp(token=DCE.third_leg(reply), mic=mic))
        assert (last.status.name, last.attributes) == (OK, 0x2021E)
        if owed:
            session.check(mechs, krb.mic_of(last.output or b"", 0))
        else:
            assert last.output == neg_token_resp(0)


def test_what_is_no_ap_req_under_kerberos_name_is_an_invalid_token_or_makes_way_for_the_next() -> None:
    for token in (b"garbage", b"\x60\x03\x06\x01\x2a", b"", krb.tgt()):
        alone = Host().step(neg_token_init(KRB5, token=token))
        assert alone.status.name == INVALID_TOKEN
        beside = Host(users=USERS).step(neg_token_init(KRB5, NTLM, token=token))
        assert (beside.status.name, beside.output) == (CONTINUE, neg_token_resp(3, NTLM))


# User-to-user --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_server_with_a_tgt_gives_it_and_takes_what_its_session_key_opens(wrapped: bool) -> None:
    host = Host(krb.u2u_ring())
    first = host.step(neg_token_init(KRB5, token=TGT_REQ) if wrapped else TGT_REQ)
    assert (first.status.name, first.attributes) == (CONTINUE, 0)
    answer = krb.inner(first.output or b"", 1, KRB5) if wrapped else first.output
    assert answer == framed(KRB5, krb.TGT_REP_ID + krb.tgt_rep())
    last = host.step(neg_token_resp(token=TO_USER.token()) if wrapped else TO_USER.token())
    assert (last.status.name, last.attributes) == (OK, 0x2001E)
    reply = TO_USER.open_ap_rep(krb.inner(last.output or b"", 0) if wrapped else last.output or b"")
    assert both_ways(reply.session(), ours(host))


def test_user_to_user_in_every_state_it_can_fail_in() -> None:
    no_tgt = accept(TO_USER)
    assert (no_tgt.status.name, kind(no_tgt)) == ("SEC_E_NO_TGT_REPLY", "u2u-no-tgt")
    assert krb_error(no_tgt.output or b"")["error-code"] == 67
    asked = Host().step(TGT_REQ)
    assert (asked.status.name, asked.output) == ("SEC_E_NO_TGT_REPLY", None)
    other = Host(krb.u2u_ring()).step(TO_USER.but(long_term=LONG_TERM).token())
    assert (other.status.name, kind(other)) == (DENIED, "u2u-key")
    twice = Host(krb.u2u_ring())
    twice.step(TGT_REQ)
    again = twice.step(TGT_REQ)
    assert (again.status.name, kind(again)) == (INVALID_TOKEN, "kerberos-unexpected-message")


def test_a_server_with_both_takes_either_and_one_with_a_tgt_alone_asks_once() -> None:
    for client in (ALICE, TO_USER):
        assert Host(krb.u2u_ring((WEB, 18, 3))).step(client.token()).status.name == OK
    host = Host(krb.u2u_ring())
    first = host.step(ALICE.token())
    error = krb_error(first.output or b"")
    assert (first.status.name, error["error-code"], error["e-data"]) == (CONTINUE, 69, krb.tgt_rep())
    assert told(first, "user-to-user")
    second = host.step(ALICE.token())
    assert not second.status.is_success
    assert kind(second) == "u2u-not-done"


def test_the_pac_of_a_user_to_user_ticket_is_signed_with_the_tgts_session_key() -> None:
    right = TO_USER.but(pac=krb.signed_pac(krb.TGT_KEY, *krb.ALICE_PAC))
    assert accept(right, krb.u2u_ring()).status.name == OK
    assert kind(accept(right.but(pac=PAC), krb.u2u_ring())) == "pac-signature"


# The third leg -------------------------------------------------------------------------------------------------------


def third(change: Any) -> Step:
    """The answer to a third leg that `change` makes of the reply."""
    host = Host()
    reply = DCE.open_ap_rep(host.step(DCE.ap_req()).output or b"")
    return host.step(change(reply))


@pytest.mark.parametrize(
    ("change", "wanted", "path"),
    [
        (lambda reply: DCE.third_leg(reply, number=reply.number ^ 1), "third-leg-sequence", "enc-part"),
        (lambda reply: DCE.third_leg(reply, sealer=SUBKEY), "third-leg-altered", "enc-part.cipher"),
        (lambda reply: DCE.third_leg(reply, sealer=reply.subkey), "third-leg-altered", "enc-part.cipher"),
        (lambda reply: DCE.third_leg(reply, subkey=reply.subkey), "third-leg-echoed", "enc-part"),
        (lambda reply: DCE.ap_req(), "third-leg-unexpected", ""),
        (lambda reply: DCE.token(), "third-leg-unexpected", ""),
    ],
)
def test_a_third_leg_that_is_not_the_clients_fails_and_says_so(change: Any, wanted: str, path: str) -> None:
    step = third(change)
    assert step.refusal is not None
    assert (step.status.name, kind(step), step.refusal.path) == (INVALID_TOKEN, wanted, path)
    assert step.attributes == asc.ASC_RET_THIRD_LEG_FAILED
    assert step.output is None


@pytest.mark.parametrize("etype", WORKING)
def test_our_own_ap_rep_sent_back_is_not_the_clients(etype: int) -> None:
    client, keys = of_type(etype, gss=DCE.gss)
    for wrap in (bytes, lambda ours: framed(KRB5, b"\2\0" + ours)):
        host = Host(keys)
        ours = host.step(client.ap_req()).output or b""
        assert kind(host.step(wrap(ours))) == "third-leg-echoed"


def test_a_third_leg_is_taken_framed_or_bare() -> None:
    assert third(DCE.third_leg).status.name == OK
    assert third(lambda reply: framed(KRB5, b"\2\0" + DCE.third_leg(reply))).status.name == OK


def test_the_answer_to_a_third_leg_of_another_logon_is_no() -> None:
    other = DCE.open_ap_rep(Host().step(DCE.ap_req()).output or b"")
    again = Host()
    again.drawn = 7
    again.step(DCE.ap_req())
    assert kind(again.step(DCE.third_leg(other))) == "third-leg-sequence"


# The command line ----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.delenv("KRB5_KTNAME", raising=False)
    made = Command(tmp_path, capsys, monkeypatch)
    keep("web.keytab", krb.keytab_bytes())
    return made


def keep(name: str, data: bytes) -> str:
    """A file that only we can read; its name."""
    Path(name).write_bytes(data)
    Path(name).chmod(0o600)
    return name


AT = ("--at", "2026-11-22T08:25:01Z")
WITH = (*AT, "--keytab", "web.keytab")


def test_a_keytab_makes_the_logon(command: Command) -> None:
    said = command(*WITH, ALICE.but(pac=PAC).token())
    assert (said.code, said.status, said.document["established"]) == (0, OK, True)
    leg = said.leg
    assert leg["mechanism"] == "Kerberos"
    assert leg["expiry"] == "2026-11-22T17:25:01Z"
    assert (leg["client"]["name"], leg["client"]["realm"], leg["client"]["sid"]) == ("alice", krb.REALM, krb.ALICE_SID)
    ALICE.open_ap_rep(said.output)
    shown = command.run(*WITH, ALICE.but(pac=PAC).token())[1]
    assert "alice" in shown
    assert krb.ALICE_SID in shown


def test_a_refusal_has_its_reason_its_field_and_its_token(command: Command) -> None:
    keep("two.keytab", krb.keytab_bytes((("HTTP", "web"), 18, 1), (("host", "web"), 18, 1)))
    client = ALICE.but(service=("HTTP", "www"), **WRONG_KEY)
    said = command(*AT, "--keytab", "two.keytab", client.token())
    assert (said.code, said.status) == (1, DENIED)
    reason = said.leg["reason"]
    assert reason["kind"] == "no-key-for-service"
    assert "the keys are for HTTP/web@LAB.EXAMPLE, host/web@LAB.EXAMPLE, not for HTTP/www@LAB.EXAMPLE" in reason["text"]
    assert (reason["path"], reason["pointer"]) == ("ticket.sname", "/fields/ticket/sname")
    start, stop = reason["span"]
    assert client.token()[start:stop] == krb.principal(2, "HTTP", "www")
    assert said.leg["output"]["message"] == "KRB-ERROR"


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("missing.keytab", None, 4, "keytab missing.keytab: cannot be read: No such file or directory"),
        ("empty.keytab", b"", 4, "empty.keytab: no keytab"),
        ("garbage.keytab", b"this is no keytab", 4, "garbage.keytab: no keytab"),
        ("none.keytab", b"\5\2", 1, "none.keytab: the keytab is empty: it has no key"),
        ("cut.keytab", krb.keytab_bytes()[:-9], 0, "entry 3 of the keytab"),
        (".", None, 4, "keytab .: cannot be read"),
    ],
)
def test_what_is_wrong_with_a_keytab_is_called_that(
    command: Command, name: str, data: bytes | None, code: int, words: str
) -> None:
    if data is not None:
        keep(name, data)
    exit_code, _, err = command.run(*AT, "--keytab", name, ALICE.token())
    assert exit_code == code
    assert words in err


def test_the_default_keytab_counts_where_none_is_given(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("other.keytab", krb.keytab_bytes((("cifs", "x"), 18, 1)))
    for value in ("web.keytab", "FILE:web.keytab", "WRFILE:web.keytab", "file:web.keytab"):
        monkeypatch.setenv("KRB5_KTNAME", value)
        assert command(*AT, ALICE.token()).status == OK
        assert command(*AT, "--keytab", "other.keytab", ALICE.token()).status == DENIED
    for value in ("MEMORY:here", "missing.keytab"):
        monkeypatch.setenv("KRB5_KTNAME", value)
        assert command(*AT, ALICE.token()).status == NO_CREDENTIALS
        err = command(*AT, ALICE.token()).err
        assert "KRB5_KTNAME" in err
        assert "it is not used" in err
    assert "KRB5_KTNAME: keytab missing.keytab: cannot be read" in err


def test_keytabs_can_be_several(command: Command) -> None:
    keep("other.keytab", krb.keytab_bytes((("cifs", "x"), 18, 1)))
    both = ("--keytab", "other.keytab", "--keytab", "web.keytab")
    assert command(*AT, *both, ALICE.token()).status == OK


@pytest.mark.parametrize("name", ["18", "aes256-cts-hmac-sha1-96", "aes256-cts", "AES256-CTS-HMAC-SHA1-96", "0x12"])
def test_a_key_can_be_given_by_itself(command: Command, name: str) -> None:
    for form in (LONG_TERM.value.hex(), f"0x{LONG_TERM.value.hex().upper()}\n", LONG_TERM.value.hex(" ")):
        secret("key.hex", form)
        assert command(*AT, "--key", f"{name}:key.hex", ALICE.token()).status == OK


def test_the_beginning_of_a_name_that_fits_two_types_is_told_of_both(command: Command) -> None:
    secret("key.hex", LONG_TERM.value.hex())
    code, _, err = command.run(*AT, "--key", "aes256:key.hex", ALICE.token())
    assert code == 2
    assert "aes256 fits aes256-cts-hmac-sha1-96 and aes256-cts-hmac-sha384-192" in err


@pytest.mark.parametrize(
    ("spec", "contents", "code"),
    [
        ("18:absent.hex", None, 4),
        ("18:key.hex", "no hex digits", 4),
        ("18:key.hex", "00" * 16, 4),
        ("18:key.hex", "", 4),
        ("3:key.hex", "00" * 8, 4),
        ("nosuch:key.hex", "00", 2),
        ("18", "00", 2),
        ("18:", "00", 2),
    ],
)
def test_a_key_that_is_none_is_refused_without_a_word_of_what_it_is(
    command: Command, spec: str, contents: str | None, code: int
) -> None:
    if contents is not None:
        secret("key.hex", contents)
    exit_code, out, err = command.run(*AT, "--key", spec, ALICE.token())
    assert (exit_code, out) == (code, "")
    assert not contents or len(contents) < 8 or contents not in err


PASSWORD = "Svc-Pässw0rd-1"


def derived(salt: bytes, etype: int = 18, iterations: int | None = None) -> Client:
    """A client whose ticket is under the service's password."""
    return ALICE.but(long_term=PasswordKeys(PASSWORD, salt, iterations).key(etype), kvno=2)


@pytest.mark.parametrize(
    ("principal", "salt"),
    [
        ("HTTP/web.lab.example@LAB.EXAMPLE", default_salt("LAB.EXAMPLE", WEB)),
        ("web@LAB.EXAMPLE", b"LAB.EXAMPLEweb"),
        ("web@lab.example", b"LAB.EXAMPLEweb"),
        ("WEB01$@LAB.EXAMPLE", b"LAB.EXAMPLEhostweb01.lab.example"),
    ],
)
def test_a_password_makes_the_keys_with_the_usual_salts(command: Command, principal: str, salt: bytes) -> None:
    given = (*AT, "--principal", principal, "--password-file", secret("pw", f"{PASSWORD}\n"))
    for etype in (17, 18, 23):
        assert command(*given, derived(salt, etype).token()).status == OK


def test_a_salt_and_iterations_of_ones_own_can_be_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECCTX_PASSWORD", PASSWORD)
    given = (*AT, "--principal", "web@LAB.EXAMPLE")
    client = derived(b"renamed", iterations=4096)
    assert command(*given, "--salt", "renamed", client.token()).status == OK
    other = derived(b"renamed", iterations=1000)
    assert command(*given, "--salt", "renamed", other.token()).status == DENIED
    assert command(*given, "--salt", "renamed", "--iterations", "1000", other.token()).status == OK
    said = command(*given, client.token())
    assert said.status == DENIED
    assert "web@LAB.EXAMPLE" in said.leg["reason"]["text"]
    assert PASSWORD not in str(said)


@pytest.mark.parametrize("principal", ["web", "@LAB.EXAMPLE", "web@", ""])
def test_a_principal_without_its_realm_is_no_principal(command: Command, principal: str) -> None:
    pw = secret("pw", PASSWORD)
    assert command.run(*AT, "--principal", principal, "--password-file", pw, ALICE.token())[0] == 2


def test_a_replay_cache_in_a_file_tells_processes_apart_from_repeats(command: Command) -> None:
    pytest.importorskip("secctx.cli.replay_file")
    cached = (*WITH, "--replay-cache", "rc")
    assert command(*cached, ALICE.token()).status == OK
    said = command(*cached, ALICE.token())
    assert (said.status, said.leg["reason"]["kind"]) == (DENIED, "replay")
    assert command(*cached, ALICE.but(cusec=7).token()).status == OK
    assert command(*cached, "--req", "ALLOW_CONTEXT_REPLAY", ALICE.token()).status == OK


def test_the_skew_and_the_order_are_options(command: Command) -> None:
    late = ALICE.but(ctime=NOW - HOUR, endtime=NOW - 2 * HOUR).token()
    assert command(*WITH, late).status == TIME_SKEW
    assert command(*WITH, "--order", "mit", late).status == EXPIRED
    assert command(*WITH, "--skew", "3600", late).status == EXPIRED
    assert command(*WITH, "--skew", "7200", late).status == OK
    assert command(*WITH, "--order", "mit", ALICE.but(service=HOST_NAME).token()).status == DENIED
    assert command(*WITH, ALICE.but(service=HOST_NAME).token()).status == OK


HOST_NAME = ("host", "web.lab.example")


def test_dce_style_goes_on_in_another_process_and_only_with_the_same_keys(command: Command) -> None:
    first = command(*WITH, "--new-context", "ctx", DCE.ap_req())
    assert (first.status, first.leg["state"]) == (CONTINUE, CONTINUING)
    reply = DCE.open_ap_rep(first.output)
    keep("other.keytab", krb.keytab_bytes((WEB, 18, 4)))
    other = command(*AT, "--keytab", "other.keytab", "--context", "ctx", DCE.third_leg(reply))
    assert (other.code, other.status) == (1, "SEC_E_WRONG_CREDENTIAL_HANDLE")
    assert Path("ctx").is_file()
    last = command(*WITH, "--context", "ctx", DCE.third_leg(reply))
    assert (last.code, last.status, last.leg["state"]) == (0, OK, ESTABLISHED)
    assert last.leg["attributes"]["hex"] == "0x0002021e"
    assert last.leg["client"]["name"] == "alice"
    assert not Path("ctx").exists()


def test_user_to_user_goes_on_in_another_process_with_the_tgt_of_a_cache(command: Command) -> None:
    keep("cc", krb.ccache())
    given = (*AT, "--ccache", "cc")
    first = command(*given, "--new-context", "ctx", TGT_REQ)
    assert (first.status, first.output) == (CONTINUE, framed(KRB5, krb.TGT_REP_ID + krb.tgt_rep()))
    assert command(*AT, "--context", "ctx", TO_USER.token()).status == "SEC_E_WRONG_CREDENTIAL_HANDLE"
    last = command(*given, "--context", "ctx", TO_USER.token())
    assert last.status == OK
    TO_USER.open_ap_rep(last.output)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (None, 4, "cannot be read"),
        (b"no cache", 4, "no credential cache"),
        (Writer().cache(), 1, "no ticket-granting ticket"),
        (Writer().cache(Writer().credential(ticket=b"t")), 1, "no ticket-granting ticket"),
        (Writer().cache(Writer().credential(KRBTGT, ticket=b"no ticket")), 1, "no ticket-granting ticket"),
    ],
)
def test_a_cache_without_a_tgt_is_told_of(command: Command, data: bytes | None, code: int, words: str) -> None:
    if data is not None:
        keep("cc", data)
    exit_code, _, err = command.run(*AT, "--ccache", "cc", TGT_REQ)
    assert exit_code == code
    assert words in err


def test_request_mic_goes_on_in_another_process(command: Command) -> None:
    mechs = mech_types(NTLM, KRB5)
    first = command.run(*WITH, "--json", "--new-context", "ctx", neg_token_init(NTLM, KRB5, token=b"NTLMSSP\0"))
    assert first[0] == 0
    second = command.run(*WITH, "--json", "--get", "status.name", "--context", "ctx", "-w", "out", _resp(ALICE.token()))
    assert second[1].strip() == CONTINUE
    output = Path("out").read_bytes()
    session = ALICE.open_ap_rep(krb.token_in(output)).session()
    session.check(mechs, krb.mic_of(output, 1, token=krb.token_in(output)))
    last = command.run(*WITH, "--get", "status.name", "--context", "ctx", neg_token_resp(mic=session.sign(mechs)))
    assert (last[0], last[1].strip()) == (0, OK)


def _resp(token: bytes) -> bytes:
    return neg_token_resp(token=token)


def test_neither_keys_nor_passwords_are_ever_shown(command: Command) -> None:
    client = ALICE.but(pac=PAC, deleg=krb.krb_cred(SESSION), gss=ALL | krb.DELEG)
    secret("key.hex", LONG_TERM.value.hex())
    for given in (WITH, (*AT, "--key", "18:key.hex")):
        for more in ((), ("--json",)):
            shown = "".join(map(str, command.run(*given, *more, client.token())))
            for hidden in (LONG_TERM, SESSION, SUBKEY, krb.key("forwarded")):
                assert hidden.value.hex() not in shown.lower()


def test_what_was_asked_and_not_granted_stands_in_the_document(command: Command) -> None:
    said = command(*WITH, "--req", "MUTUAL_AUTH,DELEGATE,INTEGRITY", QUIET.token())
    assert said.leg["attributes"]["missing"] == ["ASC_REQ_DELEGATE", "ASC_REQ_MUTUAL_AUTH"]
    assert command(*WITH, "--enforce", "--req", "MUTUAL_AUTH", QUIET.token()).status == "SEC_E_SECURITY_QOS_FAILED"


def test_keys_of_a_type_are_drawn_as_long_as_they_are() -> None:
    for etype in WORKING:
        assert len(krb.key("k", etype).value) == enctype(etype).key_size


def test_the_clock_of_the_builder_is_that_of_the_tests() -> None:
    assert datetime.fromisoformat("2026-11-22T08:25:01+00:00") == NOW
