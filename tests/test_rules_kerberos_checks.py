"""Rules over a Kerberos client's wishes and times and over what the KDC wrote: the branches that two rows do not show.

The tokens of tests/data/codes/kerberos-* are those built here, so that each of them is known to the last bit.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from builders import kerberos as k
from builders.der import KRB5, MS_KRB5, NTLM, neg_token_resp
from builders.pac import LOGON, MANDATORY, client_info, filetime, logon_info

from secctx.acceptor import flags as asc
from secctx.decoders import decode
from secctx.keys.bindings import bind_data, other_end_points, parse_bindings
from secctx.keys.kerberos_key import Key
from secctx.keys.keyring import KeyRing
from secctx.keys.keytab import read_keytab
from secctx.keys.unlock import unlock
from secctx.rules.case import CLIENT, SERVER, Case, Given
from secctx.rules.finding import Finding, Rule

DATA = Path(__file__).parent / "data" / "codes"
KEYS = Path(__file__).parent / "data" / "keys"
SAMPLES = Path(__file__).parents[1] / "samples"
MODULES = ("kerberos_times", "kerberos_checks", "kerberos_pac", "kerberos_parts")
RULES = [
    value
    for name in MODULES
    for value in vars(import_module(f"secctx.rules.{name}")).values()
    if isinstance(value, Rule)
]

GOOD = k.Client(pac=k.signed_pac(k.LONG_TERM, *k.ALICE_PAC))
CHANNEL = bind_data(b"tls-server-end-point:a channel")
#: The same with 1,100 groups, of which each takes 8 bytes.
CROWD = [(LOGON, logon_info(groups=[(1200 + index, MANDATORY) for index in range(1100)])), *k.ALICE_PAC[1:]]
BOB = [k.ALICE_PAC[0], (k.CLIENT_INFO, client_info("bob", filetime(k.NOW - k.HOUR))), k.ALICE_PAC[2]]
FAR = GOOD.but(realm="OTHER.EXAMPLE")

TOKENS = {
    "good": GOOD.token(),
    "expired": GOOD.but(endtime=k.NOW - timedelta(minutes=30)).token(),
    "invalid": GOOD.but(ticket_flags=k.POSTDATED | k.INVALID).token(),
    "other-client": GOOD.but(said_name=("bob",)).token(),
    "no-checksum": GOOD.but(checksum=()).token(),
    "mutual-in-checksum-only": GOOD.but(options=0).token(),
    "delegates": GOOD.but(gss=k.ALL | k.DELEG, deleg=k.krb_cred(k.SESSION)).token(),
    "delegates-nothing": GOOD.but(gss=k.ALL | k.DELEG, ticket_flags=k.PRE_AUTHENT).token(),
    "bound": GOOD.but(bindings=CHANNEL.hash16).token(),
    "bound-elsewhere": GOOD.but(bindings=bind_data(b"tls-server-end-point:another").hash16).token(),
    "other-session-key": GOOD.but(authenticator_key=k.key("another session")).token(),
    "short-checksum": GOOD.but(checksum=(0x8003, bytes(20))).token(),
    "no-ticket": GOOD.but(ticket_plain=b"\x63\x02\x30\x00").token(),
    "version-4": GOOD.but(pvno=4).token(),
    "des-subkey": GOOD.but(subkey=Key(1, b"8 bytes.")).token(),
    "realm-outside": FAR.but(transited=(1, b"ELSEWHERE.TEST")).token(),
    "realm-between": FAR.but(transited=(1, b"EXAMPLE")).token(),
    "forged-pac": GOOD.but(pac=k.signed_pac(k.key("another"), *k.ALICE_PAC)).token(),
    "pac-of-bob": GOOD.but(pac=k.signed_pac(k.LONG_TERM, *BOB)).token(),
    "no-pac": GOOD.but(pac=None).token(),
    "many-groups": GOOD.but(pac=k.signed_pac(k.LONG_TERM, *CROWD)).token(),
    "answer-without-ap-rep": neg_token_resp(0, KRB5),
}


@pytest.mark.parametrize("name", TOKENS)
def test_the_token_in_the_checkout_is_the_one_built_here(name: str) -> None:
    path = DATA / f"kerberos-{name}.bin"
    # What is malformed stands in hex: the .bin files beside it are held against other parsers.
    data = path.read_bytes() if path.exists() else bytes.fromhex(path.with_suffix(".hex").read_text())
    assert data == TOKENS[name]


def test_the_keytab_in_the_checkout_has_the_keys_of_these_tokens() -> None:
    assert (DATA / "kerberos-web.keytab").read_bytes() == k.keytab_bytes()


def case_of(token: bytes, ring: KeyRing | None = None, *, legs: Sequence[Case] = (), **given: Any) -> Case:
    """A token opened with the service's keys, behind those legs."""
    side = given.pop("side", "")
    unlocked = unlock(decode(token), k.ring() if ring is None else ring)
    case = Case(unlocked.decoded, Given(**given), reports=unlocked.reports, side=side)
    case.legs, case.position = [*legs, case], len(legs)
    return case


def found(case: Case, *codes: str) -> list[Finding]:
    """What the rules say of a case; of those codes only, where some are given."""
    every = [finding for rule in RULES for finding in rule.judge(case)]
    return [finding for finding in every if not codes or finding.rule.code in codes]


def only(case: Case, code: str) -> Finding:
    """The one finding of that code."""
    (one,) = found(case, code)
    return one


def told(token: bytes, **given: Any) -> set[tuple[str, str]]:
    """Codes and severities of what is graver than a note."""
    return {(one.rule.code, one.severity) for one in found(case_of(token, **given)) if one.severity != "note"}


def test_a_good_logon_raises_nothing_but_notes() -> None:
    assert told(GOOD.init(), now=k.NOW) == set()
    assert told(GOOD.but(bindings=CHANNEL.hash16).token(), now=k.NOW, bindings=CHANNEL) == set()
    assert told(TOKENS["delegates"], asked=asc.ASC_REQ_DELEGATE) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_page_is_whole(rule: Rule) -> None:
    page = rule.page
    assert {"", "What", "Shows", "Do", "See"} <= set(page)
    assert {"Client", "Server", "KDC"} & set(page)
    assert "\n" not in page[""]
    assert not page[""].endswith(".")


# Times


def test_a_clock_may_differ_by_the_skew_and_not_by_more() -> None:
    at_most = timedelta(seconds=300) + timedelta(microseconds=GOOD.cusec)
    assert not found(case_of(GOOD.token(), now=k.NOW + at_most), "KRB002")
    ahead = only(case_of(GOOD.token(), now=k.NOW - timedelta(minutes=6)), "KRB002")
    assert "differ by 6 min" in ahead.detail
    assert "ahead of the time given" in ahead.detail
    behind = only(case_of(GOOD.token(), now=k.NOW + timedelta(minutes=6)), "KRB002")
    assert "behind the time given" in behind.detail
    assert behind.path == "authenticator.ctime"
    assert not found(case_of(GOOD.token(), now=k.NOW + timedelta(minutes=6), skew=900), "KRB002")
    assert not found(case_of(GOOD.token()), "KRB002")


def test_a_krb_error_37_is_compared_with_the_nearest_time_known() -> None:
    error = (SAMPLES / "krb-error-clock-skew.bin").read_bytes()
    alone = only(case_of(error), "KRB002")
    assert alone.path == "stime"
    assert "ahead" not in alone.detail
    later = case_of(error, now=datetime(2026, 11, 22, 8, 27, 55, tzinfo=UTC))
    assert "1 h ahead of the time given" in only(later, "KRB002").detail
    stime = later.whole.value("stime")
    first = case_of(GOOD.but(ctime=stime + timedelta(hours=2)).token())
    assert "2 h behind that of the client's token" in only(case_of(error, legs=[first]), "KRB002").detail


def test_a_ticket_is_judged_by_the_clients_time_where_no_clock_is_given() -> None:
    late = only(case_of(TOKENS["expired"]), "KRB003")
    assert "30 min before the time at which the client made this token" in late.detail
    assert late.path == "ticket.enc-part.endtime"
    early = only(case_of(GOOD.but(starttime=k.NOW + k.HOUR).token()), "KRB003")
    assert early.path == "ticket.enc-part.starttime"
    assert "1 h after" in early.detail
    early = only(case_of(GOOD.but(starttime=None, authtime=k.NOW + k.HOUR).token()), "KRB003")
    assert early.path == "ticket.enc-part.authtime"
    assert not found(case_of(TOKENS["expired"], now=k.NOW - k.HOUR), "KRB003")


def test_an_invalid_ticket_is_one_at_any_time() -> None:
    assert only(case_of(TOKENS["invalid"]), "KRB003").path == "ticket.enc-part.flags"


def test_the_same_authenticator_is_a_replay_in_this_conversation_and_after_another() -> None:
    first = case_of(GOOD.token())
    assert "in leg 1" in only(case_of(GOOD.init(), legs=[first]), "KRB009").detail
    again = case_of(GOOD.token())
    again.earlier = [[first]]
    assert "in a logon before this one" in only(again, "KRB009").detail
    other = case_of(GOOD.but(cusec=7).token(), legs=[first])
    assert not found(other, "KRB009")


# What was asked for


def test_nothing_is_said_of_delegation_that_nobody_asked_for() -> None:
    assert not found(case_of(GOOD.token()), "KRB013")
    assert not found(case_of(GOOD.token(), asked=asc.ASC_REQ_MUTUAL_AUTH), "KRB013")


def test_a_client_that_does_not_delegate_may_be_unable_to() -> None:
    asked = {"asked": asc.ASC_REQ_DELEGATE}
    able = found(case_of(GOOD.token(), **asked), "KRB013")
    assert [one.path for one in able] == ["authenticator.cksum.checksum.Flags"]
    untrusted = found(case_of(GOOD.but(ticket_flags=k.FORWARDABLE).token(), **asked), "KRB013")
    assert "ok-as-delegate" in untrusted[1].detail
    assert untrusted[1].severity == "note"
    fixed = found(case_of(GOOD.but(ticket_flags=0).token(), **asked), "KRB013")
    assert "not forwardable" in fixed[1].detail


@pytest.mark.parametrize(
    ("deleg", "said"),
    [
        (None, "no forwarded ticket"),
        (b"\x30\x03abc", "no KRB-CRED that can be read"),
        (k.krb_cred(k.key("another")), "cannot be opened"),
        (k.krb_cred(k.SESSION, service=k.WEB), "a ticket-granting ticket"),
    ],
)
def test_a_forwarded_ticket_that_cannot_be_used_is_told(deleg: bytes | None, said: str) -> None:
    one, *_ = found(case_of(GOOD.but(gss=k.ALL | k.DELEG, deleg=deleg).token()), "KRB013")
    assert said in one.detail
    assert one.severity == "warning"


def test_a_forwarded_ticket_in_the_clear_or_under_the_subkey_is_well() -> None:
    for sealer in (None, k.SUBKEY):
        assert not found(case_of(GOOD.but(gss=k.ALL | k.DELEG, deleg=k.krb_cred(sealer)).token()), "KRB013")


def test_missing_bindings_are_as_grave_as_is_known_of_the_server() -> None:
    token, claims = GOOD.token(), GOOD.but(data=(k.ap_options(),)).token()
    assert only(case_of(token), "KRB014").severity == "note"
    assert only(case_of(token, bindings=CHANNEL), "KRB014").severity == "warning"
    assert only(case_of(token, bindings=CHANNEL, asked=0), "KRB014").severity == "error"
    lenient = case_of(token, bindings=CHANNEL, asked=asc.ASC_REQ_ALLOW_MISSING_BINDINGS)
    assert only(lenient, "KRB014").severity == "warning"
    assert only(case_of(claims), "KRB014").severity == "note"
    claimed = only(case_of(claims, bindings=CHANNEL), "KRB014")
    assert claimed.severity == "warning"
    assert "it says that it supports them" in claimed.detail
    second = GOOD.but(data=(k.if_relevant((1, b"x")), k.ap_options())).token()
    assert "it says" not in only(case_of(second), "KRB014").detail


def digest_of(certificate: bytes, name: str) -> bytes:
    der = b64decode(b"".join(certificate.splitlines()[1:-1]))
    return hashlib.new(name.replace("-", ""), der, usedforsecurity=False).digest()


def test_other_bindings_are_those_of_another_digest_or_of_another_channel() -> None:
    certificate = (KEYS / "rsa-sha512.pem").read_bytes()
    channel, others = parse_bindings("cert:rsa-sha512.pem", certificate), other_end_points(certificate)
    assert "another certificate" in only(case_of(TOKENS["bound-elsewhere"], bindings=channel), "KRB014").detail
    for name in ("SHA-256", "SHA-384", "SHA-224", "SHA-1", "MD5"):
        other = bind_data(b"tls-server-end-point:" + digest_of(certificate, name))
        case = case_of(GOOD.but(bindings=other.hash16).token(), bindings=channel)
        assert "another certificate" in only(case, "KRB014").detail
        case.given.other_bindings = others
        assert only(case, "KRB014").detail.endswith(f"the same certificate with another digest ({name})")
    assert not found(case_of(TOKENS["bound-elsewhere"]), "KRB014")


def test_a_digest_that_the_library_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, new = (KEYS / "rsa-sha256.pem").read_bytes(), hashlib.new

    def lacking(name: str, data: bytes, **options: Any) -> Any:
        if name == "md5":
            raise ValueError("disabled for FIPS")
        return new(name, data, **options)

    every = other_end_points(certificate)
    monkeypatch.setattr("secctx.keys.bindings.hashlib.new", lacking)
    assert other_end_points(certificate) == every[:-1]


def answered(client: k.Client, *answers: bytes) -> list[Finding]:
    """What is said of mutual authentication at the client's token, before the server's answers."""
    legs: list[Case] = []
    for token in (client.init(), *answers):
        legs.append(case_of(token, legs=legs, side=SERVER if legs else CLIENT))
    legs[0].legs = legs
    return [one for one in found(legs[0], "KRB015") if one.severity != "note"]


def test_an_end_without_an_ap_rep_is_told_where_it_is_certain() -> None:
    (one,) = answered(GOOD, neg_token_resp(0, KRB5))
    assert one.path == "mechToken.ap-options"
    assert one.severity == "error"
    assert answered(GOOD, neg_token_resp(0, MS_KRB5))
    # The AP-REP may have been in a leg that is not here, or in a later one.
    assert not answered(GOOD, neg_token_resp(1, KRB5), neg_token_resp(0))
    assert not answered(GOOD, neg_token_resp(0, mic=b"made over the list"))
    assert not answered(GOOD)
    assert not answered(GOOD.quiet(), neg_token_resp(0, KRB5))
    assert not answered(GOOD, neg_token_resp(1, KRB5))
    assert not answered(GOOD, neg_token_resp(0, NTLM))
    assert not answered(GOOD, neg_token_resp(0, KRB5, b"what may have been one"))
    assert not answered(GOOD, neg_token_resp(0, KRB5)[:-3])


def test_an_ap_rep_of_an_earlier_leg_counts() -> None:
    answer = (SAMPLES / "spnego-kerberos-answer.bin").read_bytes()
    assert not answered(GOOD, answer)
    assert not answered(GOOD, answer, neg_token_resp(0))


def test_a_client_that_asks_for_no_proof_is_noted_unless_it_contradicts_itself() -> None:
    assert only(case_of(GOOD.quiet().token()), "KRB015").severity == "note"
    assert not found(case_of(TOKENS["mutual-in-checksum-only"]), "KRB015")
    assert not found(case_of(GOOD.quiet(gss=k.DCE).ap_req()), "KRB015")
    assert only(case_of(TOKENS["mutual-in-checksum-only"]), "KRB024").path == "ap-options"


def test_a_plain_checksum_and_none_are_noted_and_warned_of_with_bindings() -> None:
    plain = GOOD.but(checksum=(16, bytes(12))).token()
    assert only(case_of(plain), "KRB020").path == "authenticator.cksum.cksumtype"
    for token in (plain, TOKENS["no-checksum"]):
        assert only(case_of(token), "KRB020").severity == "note"
        assert only(case_of(token, bindings=CHANNEL), "KRB020").severity == "warning"


def test_a_request_to_the_kdc_owes_no_gss_api_checksum() -> None:
    for name in ("kdc-tgs-req.bin", "kpasswd.b64"):
        case = Case(decode((SAMPLES / name).read_bytes()))
        assert not found(case, "KRB013", "KRB014", "KRB015", "KRB020", "KRB024")


# What does not go together


def test_another_name_and_another_realm_are_another_client() -> None:
    assert only(case_of(TOKENS["other-client"]), "KRB019").path == "authenticator.cname"
    assert only(case_of(GOOD.but(said_realm="lab.example").token()), "KRB019").path == "authenticator.crealm"


def test_an_authenticator_that_stays_closed_is_altered_only_where_the_ticket_opened() -> None:
    token = TOKENS["other-session-key"]
    assert only(case_of(token), "KRB025").path == "authenticator.cipher"
    assert not found(case_of(token, KeyRing()), "KRB025")
    assert not found(case_of(token[:-1]), "KRB025")


def test_what_the_client_wrote_wrongly_is_told_by_field() -> None:
    assert only(case_of(TOKENS["short-checksum"]), "KRB026").path == "authenticator.cksum.checksum"
    assert only(case_of(GOOD.but(lgth=20).token()), "KRB026").path == "authenticator.cksum.checksum.Lgth"
    assert only(case_of(GOOD.but(cusec=1_000_000).token()), "KRB026").path == "authenticator.cusec"


def test_numbers_of_another_version_are_told_of_the_message_and_of_the_ticket() -> None:
    assert only(case_of(TOKENS["version-4"]), "KRB028").path == "pvno"
    assert only(case_of(GOOD.but(tkt_vno=4).token()), "KRB028").path == "ticket.tkt-vno"


def test_a_key_that_cannot_be_worked_with_is_told_without_its_bytes() -> None:
    one = only(case_of(TOKENS["des-subkey"]), "KRB029")
    assert one.path == "authenticator.subkey"
    assert "8 bytes." not in one.detail
    short = GOOD.but(subkey=Key(18, b"short")).token()
    assert "not 5" in only(case_of(short), "KRB029").detail


def test_a_third_leg_must_not_be_the_servers_and_repeats_its_number() -> None:
    request, answer, third = (
        (SAMPLES / f"dce-{name}.bin").read_bytes() for name in ("ap-req", "ap-rep", "ap-rep-third-leg")
    )

    ring = KeyRing()
    ring.add_keytab(read_keytab((SAMPLES / "web.keytab").read_bytes()), "web.keytab")
    legs = [case_of(request, ring, side=CLIENT)]
    legs.append(case_of(answer, ring, legs=legs, side=SERVER))
    assert not found(legs[1], "KRB031")
    assert not found(case_of(third, ring, legs=legs, side=CLIENT), "KRB031")
    echoed = only(case_of(answer, ring, legs=legs, side=CLIENT), "KRB031")
    assert echoed.path == "enc-part.subkey"


# What the KDC wrote


def test_a_pac_that_another_key_signed_or_that_is_anothers_is_an_error() -> None:
    forged = only(case_of(TOKENS["forged-pac"]), "KRB018")
    assert forged.path.endswith("ServerSignature.Signature")
    assert forged.severity == "error"
    others = only(case_of(TOKENS["pac-of-bob"]), "KRB018")
    assert others.path.endswith("PAC_CLIENT_INFO.Name")
    assert "bob" in others.detail


def test_a_kdc_signature_that_does_not_fit_the_krbtgt_key_at_hand_is_a_warning() -> None:
    ring = k.ring((k.WEB, k.AES256, k.KVNO), (k.KRBTGT, k.AES256, 1))
    one = only(case_of(GOOD.token(), ring), "KRB018")
    assert one.path.endswith("KDCSignature.Signature")
    assert one.severity == "warning"


def test_a_ticket_without_a_pac_is_noted() -> None:
    assert only(case_of(TOKENS["no-pac"]), "KRB018").severity == "note"
    other = GOOD.but(pac=None, ticket_data=(k.if_relevant((200, b"x")),)).token()
    assert "no PAC" in only(case_of(other), "KRB018").detail


def test_a_tgt_says_who_asked_for_it_and_a_ticket_for_a_service_need_not() -> None:
    named = {"long_term": k.service_key(components=k.KRBTGT), "service": k.KRBTGT}
    tgt = GOOD.but(**named, pac=k.signed_pac(named["long_term"], *k.ALICE_PAC, krbtgt=named["long_term"])).token()
    one = only(case_of(tgt, k.ring((k.KRBTGT, k.AES256, k.KVNO))), "KRB018")
    assert "PAC_REQUESTOR_SID" in one.detail
    assert one.severity == "note"


def test_groups_are_counted_where_the_pac_is_open_and_bytes_where_it_is_not() -> None:
    crowd = only(case_of(TOKENS["many-groups"]), "KRB021")
    assert "1101 groups (1100 of the user's domain, 1 SIDs of elsewhere" in crowd.detail
    assert crowd.severity == "warning"
    assert crowd.path.endswith("KERB_VALIDATION_INFO")
    some = [(LOGON, logon_info(groups=[(n, MANDATORY) for n in range(900)])), *k.ALICE_PAC[1:]]
    assert only(case_of(GOOD.but(pac=k.signed_pac(k.LONG_TERM, *some)).token()), "KRB021").severity == "note"
    assert not found(case_of(TOKENS["many-groups"], KeyRing()), "KRB021")
    more = [(LOGON, logon_info(groups=[(n, MANDATORY) for n in range(1600)])), *k.ALICE_PAC[1:]]
    closed = only(case_of(GOOD.but(pac=k.signed_pac(k.LONG_TERM, *more)).token(), KeyRing()), "KRB021")
    assert (closed.path, closed.severity) == ("ticket", "warning")
    assert "groups" in closed.detail


def test_realms_on_the_way_are_judged_unless_the_kdc_did() -> None:
    outside = only(case_of(TOKENS["realm-outside"]), "KRB030")
    assert outside.path == "ticket.enc-part.transited"
    assert "ELSEWHERE.TEST" in outside.detail
    assert not found(case_of(TOKENS["realm-between"]), "KRB030")
    vouched = FAR.but(transited=(1, b"ELSEWHERE.TEST"), ticket_flags=k.TRANSITED_CHECKED).token()
    assert not found(case_of(vouched), "KRB030")
    assert "type 9" in only(case_of(FAR.but(transited=(9, b"x")).token()), "KRB030").detail
