"""What a token holds encrypted: opened with the right key and usage, told with which, and told why where it stays shut.

The tokens are those of tests/data/kerberos: handshakes of the lab, and what MIT's clients and KDC said to each other.
What no client would send is made in builders.sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from builders import sealed as make
from builders.der import KRB5, framed, tlv

from secctx.decoders import Node, decode
from secctx.decoders.values import BYTES, PLAINTEXT, SECRET, Decoded, follow, walk
from secctx.keys.ccache import read_ccache
from secctx.keys.kerberos_key import Key, fx_cf2
from secctx.keys.kerberos_session import KerberosSession
from secctx.keys.keyring import Account, KeyRing, RingKey
from secctx.keys.keytab import read_keytab
from secctx.keys.password_keys import PasswordKeys, default_salt
from secctx.keys.rc4_enctype import hmac_md5_checksum
from secctx.keys.sealed import Budget
from secctx.keys.unlock import MOST_PARTS, KeyReport, Unlocked, key_text, unlock, usable

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data" / "kerberos"
OWN, KDC = DATA / "lab", DATA / "kdc"
LAB = ROOT.parent / "shared" / "lab" / "tokens"
CORPUS = ROOT.parent / "shared" / "corpus"
needs_lab = pytest.mark.skipif(not LAB.is_dir(), reason="the shared lab is not beside the checkout")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared collection is not beside the checkout")

SERVICE, SESSION, SUBKEY, OTHER = make.key(1), make.key(2), make.key(3), make.key(4)


def ring_of(*keytabs: Path, passwords: Sequence[tuple[str, str, str]] = ()) -> KeyRing:
    """The keys of keytabs, and of passwords given as realm, name and password."""
    ring = KeyRing()
    for path in keytabs:
        ring.add_keytab(read_keytab(path.read_bytes()), path.name)
    for realm, name, password in passwords:
        keys = (PasswordKeys(password, default_salt(realm, [name])),)
        ring.accounts.append(Account(realm, (name,), keys, f"the password of {name}@{realm}"))
    return ring


def holding(*keys: Key) -> KeyRing:
    """Keys without names."""
    ring = KeyRing()
    ring.keys.extend(RingKey(key, f"key-{number}.hex") for number, key in enumerate(keys, 1))
    return ring


def opened(data: bytes, ring: KeyRing) -> Unlocked:
    return unlock(decode(data), ring)


def report(unlocked: Unlocked, path: str) -> KeyReport:
    found = [one for one in unlocked.reports if one.path == path]
    assert len(found) == 1, [(one.path, one.opened, one.reason) for one in unlocked.reports]
    return found[0]


def reason(unlocked: Unlocked, path: str) -> str:
    one = report(unlocked, path)
    assert not one.opened
    assert one.reason is not None
    return one.reason


def node(decoded: Decoded, path: str) -> Node:
    nodes, rest = follow(decoded.root, path)
    assert nodes, path
    assert not rest, f"{path} leads to {rest}"
    return nodes[-1]


def value(unlocked: Unlocked, path: str) -> object:
    return node(unlocked.decoded, path).value


def text(unlocked: Unlocked, path: str) -> object:
    return node(unlocked.decoded, path).meaning


def lab(name: str) -> bytes:
    return (OWN / name).read_bytes()


def said(unlocked: Unlocked) -> dict[str, bool]:
    return {one.path: one.opened for one in unlocked.reports}


# Tickets, authenticators, answers ------------------------------------------------------------------------------------


AES = "01-mit-aes256-spnego"
NTLM_FIRST = "78-spnego-mit-ntlm-first-krb5-acceptor"


def test_a_ticket_and_its_authenticator_open_with_the_services_key() -> None:
    ring = ring_of(OWN / "mit-http-aes256.keytab")
    done = opened(lab(f"{AES}.leg1.bin"), ring)
    assert text(done, "mechToken.ticket.enc-part.cname") == "alice"
    assert value(done, "mechToken.ticket.enc-part.endtime") == datetime(2036, 11, 19, 8, 21, 33, tzinfo=UTC)
    assert text(done, "mechToken.authenticator.cname") == "alice"
    assert value(done, "mechToken.authenticator.ctime") == datetime(2026, 11, 22, 8, 25, 2, tzinfo=UTC)
    assert value(done, "mechToken.authenticator.cusec") == 123021
    assert value(done, "mechToken.authenticator.seq-number") == 11814756
    assert value(done, "mechToken.authenticator.cksum.checksum.Flags") == 0x13E
    ticket = report(done, "mechToken.ticket.enc-part")
    assert ticket.key is not None
    assert key_text(ticket.key) == "HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1 of mit-http-aes256.keytab"
    assert (ticket.usage, ticket.notes) == (2, [])
    authenticator = report(done, "mechToken.authenticator")
    assert authenticator.key is not None
    assert key_text(authenticator.key) == "the session key of the ticket to HTTP/aes256.mit.example@MIT.EXAMPLE"
    assert authenticator.usage == 11


def test_what_was_opened_stands_below_the_ciphertext_with_its_bytes_and_with_what_opened_it() -> None:
    done = opened(lab(f"{AES}.leg1.bin"), ring_of(OWN / "mit-http-aes256.keytab"))
    part = node(done.decoded, "mechToken.ticket.enc-part")
    assert [child.name for child in part.children] == ["etype", "kvno", "cipher", "plaintext"]
    plain = part.children[-1]
    assert plain.kind == PLAINTEXT
    assert plain.span == part.children[-2].span
    assert plain.meaning == "opened with HTTP/aes256.mit.example@MIT.EXAMPLE kvno 1 of mit-http-aes256.keytab"
    assert isinstance(plain.value, bytes)
    crealm = plain.child("crealm")
    assert crealm is not None
    assert plain.value[crealm.start : crealm.stop] == b"\x1b\x0bMIT.EXAMPLE"


def test_the_token_itself_stays_as_it_was() -> None:
    data = lab(f"{AES}.leg1.bin")
    before = [(path, one.span, one.kind, one.value, one.meaning) for path, one in walk(decode(data).root)]
    done = opened(data, ring_of(OWN / "mit-http-aes256.keytab"))
    after = walk(done.decoded.root, plaintexts=False)
    assert [(path, one.span, one.kind, one.value, one.meaning) for path, one in after] == before
    assert done.decoded.data == data


def test_keys_that_were_in_a_ticket_stay_secret() -> None:
    done = opened(lab(f"{AES}.leg1.bin"), ring_of(OWN / "mit-http-aes256.keytab"))
    keys = [one for path, one in walk(done.decoded.root) if path.endswith("keyvalue")]
    assert len(keys) == 2
    assert all(one.kind == SECRET for one in keys)
    assert not any(key.value.hex() in f"{done!r}" for key in (Key(18, one.value) for one in keys))  # type: ignore[arg-type]


def test_the_answer_opens_with_the_session_key_of_the_request_before_it() -> None:
    ring = ring_of(OWN / "mit-http-aes256.keytab")
    opened(lab(f"{AES}.leg1.bin"), ring)
    done = opened(lab(f"{AES}.leg2.bin"), ring)
    assert value(done, "responseToken.enc-part.cusec") == 123021
    assert value(done, "responseToken.enc-part.seq-number") == 779916643
    assert report(done, "responseToken.enc-part").usage == 12


def test_the_answer_alone_says_what_is_missing() -> None:
    done = opened(lab(f"{AES}.leg2.bin"), ring_of(OWN / "mit-http-aes256.keytab"))
    why = reason(done, "responseToken.enc-part")
    assert why.startswith("its key is the ticket's session key, and no AP-REQ of this run was opened before it")
    assert report(done, "responseToken.enc-part").follows


def test_the_answer_to_another_request_does_not_open() -> None:
    ring = ring_of(OWN / "mit-http-rc4.keytab")
    opened(lab("05-mit-rc4-spnego.leg1.bin"), ring)
    done = opened(lab(f"{AES}.leg2.bin"), ring)
    assert "is encrypted with aes256-cts-hmac-sha1-96" in reason(done, "responseToken.enc-part")
    assert "is of type rc4-hmac" in reason(done, "responseToken.enc-part")


@pytest.mark.parametrize("etype", [16, 17, 18, 19, 20, 23, 25, 26])
def test_every_encryption_type_opens(etype: int) -> None:
    service, session, subkey = (make.key(number, etype) for number in (1, 2, 3))
    ring = holding(service)
    request = make.ap_req(make.ticket(service, session), session, subkey=subkey, cksum=make.gss_checksum())
    done = opened(request, ring)
    assert said(done) == {"ticket.enc-part": True, "authenticator": True}
    assert all(one.notes == [] for one in done.reports)
    assert value(opened(make.ap_rep(session), ring), "enc-part.seq-number") == 2000


def test_the_delegated_tickets_open_and_give_their_session_keys() -> None:
    ring = ring_of(OWN / "ad-http-web.keytab", OWN / "ad-krbtgt.keytab")
    done = opened(lab("39-ad-deleg-spnego.leg1.bin"), ring)
    deleg = "mechToken.authenticator.cksum.checksum.Deleg"
    assert said(done)[f"{deleg}.enc-part"]
    assert report(done, f"{deleg}.enc-part").usage == 14
    assert text(done, f"{deleg}.enc-part.ticket-info[0].sname") == "krbtgt/LAB.EXAMPLE"
    key = value(done, f"{deleg}.enc-part.ticket-info[0].key.keyvalue")
    assert value(done, f"{deleg}.tickets[0].enc-part.key.keyvalue") == key
    assert text(done, f"{deleg}.tickets[0].enc-part.cname") == "alice"


def test_a_forwarded_ticket_for_another_service_stays_shut_and_that_is_expected() -> None:
    done = opened(lab("39-ad-deleg-spnego.leg1.bin"), ring_of(OWN / "ad-http-web.keytab"))
    path = "mechToken.authenticator.cksum.checksum.Deleg.tickets[0].enc-part"
    assert "not for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE" in reason(done, path)
    assert report(done, path).follows


def test_authorization_data_is_read_to_the_bottom() -> None:
    done = opened(lab("39-ad-deleg-spnego.leg1.bin"), ring_of(OWN / "ad-http-web.keytab"))
    pac = "mechToken.ticket.enc-part.authorization-data[0].ad-data[0].ad-data"
    assert value(done, f"{pac}.KERB_VALIDATION_INFO.EffectiveName") == "alice"


def test_the_signatures_of_a_pac_are_held_to_the_keys_that_are_here() -> None:
    pac = "mechToken.ticket.enc-part.authorization-data[0].ad-data[0].ad-data"
    done = opened(lab("39-ad-deleg-spnego.leg1.bin"), ring_of(OWN / "ad-http-web.keytab"))
    checksums = {one.path.removeprefix(f"{pac}."): one.opened for one in done.reports if one.kind == "checksum"}
    assert checksums == {"ServerSignature.Signature": True}
    done = opened(lab("39-ad-deleg-spnego.leg1.bin"), ring_of(OWN / "ad-http-web.keytab", OWN / "ad-krbtgt.keytab"))
    checksums = {one.path.removeprefix(f"{pac}."): one.opened for one in done.reports if one.path.startswith(pac)}
    names = ("ServerSignature", "KDCSignature", "TicketSignature", "ExtendedKDCSignature")
    assert checksums == {f"{name}.Signature": True for name in names}


def test_an_answer_belongs_to_the_request_whose_time_it_repeats() -> None:
    ring = holding(SERVICE)
    ticket = make.ticket(SERVICE, SESSION)
    for cusec in (1, 2, 3):
        opened(make.ap_req(ticket, SESSION, cusec=cusec), ring)
    opened(make.ap_rep(SESSION, SUBKEY, cusec=2), ring)
    opened(make.ap_rep(SESSION, OTHER, cusec=1), ring)
    found = [one.acceptor.key.value if one.acceptor else None for one in ring.found.exchanges]
    assert found == [OTHER.value, SUBKEY.value, None]


def test_a_second_answer_to_a_request_is_a_context_of_its_own() -> None:
    ring = exchange()
    for subkey in (OTHER, OTHER, make.key(5)):
        opened(make.ap_rep(SESSION, subkey), ring)
    assert len(ring.found.exchanges) == 2
    for subkey in (OTHER, make.key(5)):
        end = KerberosSession(SESSION, initiator_subkey=SUBKEY, acceptor_subkey=subkey)
        done = opened(end.wrap(b"data", True, bytes(end.confounder_size(True))), ring)
        assert value(done, "plaintext-data") == b"data"


@pytest.mark.parametrize("said_etype", [17, 20])
def test_a_part_that_says_another_type_than_it_is_of_stays_shut(said_etype: int) -> None:
    part = make.seal(SESSION, 11, make.authenticator(), etype=said_etype)
    request = make.fields(
        0, make.integer(5), make.integer(14), tlv(3, b"\0\0\0\0\0"), make.ticket(SERVICE, SESSION), part
    )
    why = reason(opened(tlv(0x6E, tlv(0x30, request)), holding(SERVICE)), "authenticator")
    assert (
        "and the session key of the ticket to HTTP/web.lab.example@LAB.EXAMPLE is of type aes256-cts-hmac-sha1-96"
        in why
    )


# Why a ticket stays shut ---------------------------------------------------------------------------------------------


WHY = [
    (
        "101-fail-mit-stale-kvno-krb5",
        "mit-http-stale",
        "the ticket was made with key version 2 of HTTP/stale.mit.example",
    ),
    (
        "101-fail-mit-stale-kvno-krb5",
        "mit-http-stale",
        "the keytab has 1 of 2026-11-22 08:21:33 UTC: the keytab is older",
    ),
    ("102-fail-mit-wrong-key-krb5", "mit-http-web-wrongkey", "is here and does not open the ticket"),
    ("104-fail-mit-no-enctype-krb5", "mit-http-web-rc4only", "are of rc4-hmac alone: the keytab lacks that type"),
    (
        "102-fail-mit-wrong-key-krb5",
        "mit-http-stale-kvno2",
        "the keys are for HTTP/stale.mit.example@MIT.EXAMPLE, not for",
    ),
]


@pytest.mark.parametrize(("case", "keytab", "wanted"), WHY)
def test_why_a_ticket_does_not_open_is_said(case: str, keytab: str, wanted: str) -> None:
    done = opened(lab(f"{case}.leg1.bin"), ring_of(OWN / f"{keytab}.keytab"))
    assert wanted in reason(done, "ticket.enc-part")
    assert not report(done, "ticket.enc-part").follows
    assert reason(done, "authenticator") == "its key is the session key in the ticket, which is not opened"
    assert report(done, "authenticator").follows


def test_the_name_that_the_keytab_lacks_is_said() -> None:
    done = opened(lab("111-fail-mit-other-spn-spnego.leg1.bin"), ring_of(OWN / "mit-http-web.keytab"))
    why = reason(done, "mechToken.ticket.enc-part")
    assert "the keys are for HTTP/web.mit.example@MIT.EXAMPLE, not for HTTP/other.mit.example@MIT.EXAMPLE" in why


def test_without_any_key_that_is_said() -> None:
    assert "no key is given for" in reason(opened(lab(f"{AES}.leg1.bin"), KeyRing()), "mechToken.ticket.enc-part")


def test_a_key_of_another_name_of_the_account_opens_the_ticket_and_that_is_said() -> None:
    ring = KeyRing()
    ring.keys.append(RingKey(SERVICE, "a.keytab", make.REALM, ("host", "web"), 7))
    done = opened(make.ap_req(make.ticket(SERVICE, SESSION), SESSION), ring)
    notes = report(done, "ticket.enc-part").notes
    assert "the key of host/web@LAB.EXAMPLE opens it: one account has both names" in notes[0]
    assert "the ticket says key version 3, and the key that opens it has version 7" in notes[1]
    assert "--order" not in "".join(notes)


def test_single_des_is_named_and_refused() -> None:
    shut = make.encrypted(3, 1, b"c" * 40)
    ticket = tlv(0x61, tlv(0x30, make.fields(0, make.integer(5), make.text(make.REALM), make.WEB, shut)))
    done = opened(make.ap_req(ticket, SESSION), holding(SERVICE))
    assert "single DES was removed from Kerberos by RFC 6649" in reason(done, "ticket.enc-part")


def test_an_altered_authenticator_is_told_from_a_wrong_key() -> None:
    data = bytearray(make.ap_req(make.ticket(SERVICE, SESSION), SESSION))
    data[-3] ^= 1
    done = opened(bytes(data), holding(SERVICE))
    assert said(done)["ticket.enc-part"]
    assert "does not open it: it was altered" in reason(done, "authenticator")


def test_a_part_that_was_cut_short_says_so() -> None:
    done = opened(lab(f"{AES}.leg1.bin")[:-1], ring_of(OWN / "mit-http-aes256.keytab"))
    assert reason(done, "mechToken.authenticator") == "it is cut short: 1 byte is missing"


def test_what_was_in_a_part_and_is_malformed_is_open_and_says_so() -> None:
    shut = make.seal(SERVICE, 2, tlv(0x63, tlv(0x30, tlv(0xA0, b"\3\5\0\0\0\0"))))
    ticket = tlv(0x61, tlv(0x30, make.fields(0, make.integer(5), make.text(make.REALM), make.WEB, shut)))
    done = opened(make.ap_req(ticket, SESSION), holding(SERVICE))
    one = report(done, "ticket.enc-part")
    assert one.opened
    assert one.notes[0].startswith("what was in it is malformed: ")
    assert done.decoded.error is None


def test_a_session_key_of_a_wrong_length_is_no_key() -> None:
    ticket = make.ticket(SERVICE, Key(18, b"short"))
    done = opened(make.ap_req(ticket, SESSION), holding(SERVICE))
    assert said(done) == {"ticket.enc-part": True, "authenticator": False}


# Key usages ----------------------------------------------------------------------------------------------------------


def test_an_authenticator_with_the_usage_of_a_tgs_req_opens_and_that_is_said() -> None:
    done = opened(make.ap_req(make.ticket(SERVICE, SESSION), SESSION, usage=7), holding(SERVICE))
    one = report(done, "authenticator")
    assert (one.opened, one.usage) == (True, 7)
    assert one.notes == ["with key usage 7 (TGS-REQ authenticator) in place of 11 (AP-REQ authenticator)"]


@pytest.mark.parametrize(("usage", "notes"), [(7, 0), (11, 1)])
def test_a_tgs_req_may_have_the_usage_of_an_ap_req_as_windows_has_it_in_a_referral(usage: int, notes: int) -> None:
    body = make.req_body()
    request = make.ap_req(
        make.ticket(SERVICE, SESSION, make.KRBTGT), SESSION, usage, cksum=make.own_checksum(SESSION, 6, body)
    )
    done = opened(make.kdc_req(12, body, make.padata(1, request)), holding(SERVICE))
    one = report(done, "padata[0].padata-value.authenticator")
    assert (one.opened, one.usage, len(one.notes)) == (True, usage, notes)
    assert report(done, "padata[0].padata-value.authenticator.cksum").usage == 6


def test_a_usage_that_belongs_elsewhere_is_named() -> None:
    ring = holding(SERVICE)
    opened(make.ap_req(make.ticket(SERVICE, SESSION), SESSION), ring)
    one = report(opened(make.ap_rep(SESSION, usage=3), ring), "enc-part")
    assert one.opened
    assert one.notes == ["with key usage 3 (AS-REP encrypted part) in place of 12 (AP-REP encrypted part)"]


def test_a_usage_that_is_none_does_not_open() -> None:
    ring = holding(SERVICE)
    opened(make.ap_req(make.ticket(SERVICE, SESSION), SESSION), ring)
    assert "does not open it" in reason(opened(make.ap_rep(SESSION, usage=99), ring), "enc-part")


def tgs_request(subkey: Key | None, authorization: bytes | None = None, *more: bytes) -> bytes:
    body = make.req_body(authorization=authorization)
    ticket = make.ticket(SERVICE, SESSION, make.KRBTGT)
    request = make.ap_req(ticket, SESSION, 7, subkey, make.own_checksum(SESSION, 6, body))
    return make.kdc_req(12, body, make.padata(1, request), *more)


@pytest.mark.parametrize(
    ("key", "usage", "right"), [(SUBKEY, 9, True), (SUBKEY, 8, False), (SESSION, 8, True), (SESSION, 9, False)]
)
def test_a_tgs_rep_opens_with_the_subkey_or_the_session_key(key: Key, usage: int, right: bool) -> None:
    ring = holding(SERVICE)
    opened(tgs_request(SUBKEY), ring)
    issued = make.ticket(make.key(9), OTHER)
    done = opened(make.kdc_rep(13, issued, make.seal(key, usage, make.rep_part(OTHER))), ring)
    one = report(done, "enc-part")
    assert (one.opened, one.usage, one.notes == []) == (True, usage, right)
    assert text(done, "enc-part.sname") == "HTTP/web.lab.example"
    # What it tells opens what the client then sends, without the service's key.
    done = opened(make.ap_req(issued, OTHER), ring)
    assert said(done) == {"ticket.enc-part": False, "authenticator": True}
    assert report(done, "ticket.enc-part").follows


def test_an_as_rep_may_be_tagged_as_a_tgs_rep() -> None:
    ring = ring_of(passwords=[(make.REALM, "alice", "secret")])
    alice = PasswordKeys("secret", default_salt(make.REALM, ["alice"])).key(18)
    for tag, name in ((0x79, "EncASRepPart"), (0x7A, "EncTGSRepPart")):
        part = make.seal(alice, 3, make.rep_part(SESSION, make.KRBTGT, tag))
        done = opened(make.kdc_rep(11, make.ticket(OTHER, SESSION, make.KRBTGT), part), ring)
        assert said(done)["enc-part"], name
        assert report(done, "enc-part").notes == []


@pytest.mark.parametrize(("key", "usage", "right"), [(SUBKEY, 5, True), (SESSION, 4, True), (SUBKEY, 4, False)])
def test_the_authorization_data_of_a_tgs_req_opens(key: Key, usage: int, right: bool) -> None:
    item = tlv(0x30, make.fields(0, make.integer(143), tlv(4, b"\0\x40\0\0")))
    done = opened(tgs_request(SUBKEY, make.seal(key, usage, tlv(0x30, item))), holding(SERVICE))
    path = "req-body.enc-authorization-data"
    assert (report(done, path).usage, report(done, path).notes == []) == (usage, right)
    assert value(done, f"{path}.AuthorizationData[0].ad-data") == 0x4000


def test_without_a_subkey_the_authorization_data_have_the_session_key() -> None:
    done = opened(tgs_request(None, make.seal(SESSION, 4, tlv(0x30))), holding(SERVICE))
    assert said(done)["req-body.enc-authorization-data"]


def test_the_checksum_of_an_altered_request_is_not_right() -> None:
    data = tgs_request(SUBKEY).replace(make.integer(77), make.integer(78))
    done = opened(data, holding(SERVICE))
    assert "one of both was altered" in reason(done, "padata[0].padata-value.authenticator.cksum")


# KRB-PRIV, KRB-SAFE, KRB-CRED ----------------------------------------------------------------------------------------


def exchange(flags: int = 0x3E) -> KeyRing:
    """A ring that has seen a request with a subkey."""
    ring = holding(SERVICE)
    request = make.ap_req(make.ticket(SERVICE, SESSION), SESSION, 11, SUBKEY, make.gss_checksum(flags))
    assert all(one.opened for one in opened(request, ring).reports)
    return ring


@pytest.mark.parametrize("key", [SUBKEY, SESSION])
def test_a_krb_priv_opens_with_the_keys_of_the_exchange(key: Key) -> None:
    done = opened(make.krb_priv(key), exchange())
    assert value(done, "enc-part.user-data") == b"data"
    assert report(done, "enc-part").usage == 13


@pytest.mark.parametrize("of_body", [False, True])
def test_a_krb_safe_is_verified_as_rfc_4120_and_as_its_predecessor_have_it(of_body: bool) -> None:
    one = report(opened(make.krb_safe(SUBKEY, of_body=of_body), exchange()), "cksum")
    assert (one.opened, one.kind, one.usage) == (True, "checksum", 15)
    assert one.notes == (["of the body alone, as before RFC 4120"] if of_body else [])


def test_an_altered_krb_safe_is_not_right() -> None:
    data = make.krb_safe(SUBKEY).replace(b"data", b"dato")
    assert "no key of the exchanges fits it" in reason(opened(data, exchange()), "cksum")


def test_a_checksum_without_a_key_proves_nothing() -> None:
    data = make.krb_safe(SUBKEY)
    value_ = data[-12:]
    data = data.replace(make.checksum(16, value_), make.checksum(7, value_))
    assert "it proves nothing" in reason(opened(data, exchange()), "cksum")


@pytest.mark.parametrize("key", [SUBKEY, SESSION])
def test_delegated_tickets_may_be_under_the_session_key_or_the_subkey(key: Key) -> None:
    cred = make.krb_cred(make.seal(key, 14, make.cred_part(OTHER)), make.ticket(make.key(9), OTHER, make.KRBTGT))
    ring = holding(SERVICE)
    request = make.ap_req(make.ticket(SERVICE, SESSION), SESSION, 11, SUBKEY, make.gss_checksum(0x3F, cred))
    done = opened(request, ring)
    path = "authenticator.cksum.checksum.Deleg"
    assert said(done)[f"{path}.enc-part"]
    assert report(done, f"{path}.tickets[0].enc-part").follows
    # The session key of the forwarded ticket serves what is done with it.
    assert said(opened(make.ap_req(make.ticket(make.key(9), OTHER, make.KRBTGT), OTHER), ring))["authenticator"]


def test_a_krb_cred_that_is_not_encrypted_is_read_without_a_key() -> None:
    part = make.encrypted(0, None, make.cred_part(OTHER))
    done = opened(make.krb_cred(part, make.ticket(SERVICE, OTHER, make.KRBTGT)), KeyRing())
    one = report(done, "enc-part")
    assert one.key is not None
    assert key_text(one.key) == "no key: it is not encrypted"
    assert value(done, "enc-part.ticket-info[0].key.keyvalue") == OTHER.value


@needs_corpus
def test_what_mit_wrote_for_its_tests_in_place_of_an_encrypted_part_is_none() -> None:
    data = (CORPUS / "mit_krb5" / "asn1" / "cred.bin").read_bytes()
    why = reason(opened(data, KeyRing()), "enc-part")
    assert why == "it is of encryption type 0, not encrypted, and holds no EncKrbCredPart"


@needs_corpus
@pytest.mark.parametrize("path", sorted((CORPUS / "mit_krb5").rglob("*.bin")), ids=lambda path: path.name)
def test_no_message_of_mits_tests_opens_by_chance(path: Path) -> None:
    done = opened(path.read_bytes(), exchange())
    assert not any(one.opened for one in done.reports if "ticket-info" not in one.path and one.key is not None)


# MIC and Wrap --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "keytab"), [(AES, "mit-http-aes256"), ("05-mit-rc4-spnego", "mit-http-rc4")])
@pytest.mark.parametrize("side", ["i", "a"])
def test_the_messages_of_a_context_are_verified_and_unwrapped(case: str, keytab: str, side: str) -> None:
    ring = ring_of(OWN / f"{keytab}.keytab")
    for leg in (1, 2):
        opened(lab(f"{case}.leg{leg}.bin"), ring)
    sender = {"i": "initiator", "a": "acceptor"}[side]
    sealed = opened(lab(f"{case}.wrap-conf-{side}.bin"), ring)
    assert value(sealed, "plaintext-data") == b"lab message wrap-conf from " + side.encode()
    assert report(sealed, "").notes == [f"wrapped by the {sender}, sealed"]
    plain = report(opened(lab(f"{case}.wrap-plain-{side}.bin"), ring), "")
    assert (plain.opened, plain.kind, plain.notes) == (True, "checksum", [f"wrapped by the {sender}, in clear"])
    ring.found.messages.append(b"lab message mic from " + side.encode())
    mic = report(opened(lab(f"{case}.mic-{side}.bin"), ring), "")
    assert (mic.opened, mic.notes) == (True, [f"a MIC of the {sender}, of the message of 22 bytes"])
    assert mic.key is not None
    assert key_text(mic.key) == "the acceptor's subkey for alice@MIT.EXAMPLE"


def test_a_mic_without_its_message_says_that_it_is_wanted() -> None:
    ring = ring_of(OWN / "mit-http-aes256.keytab")
    for leg in (1, 2):
        opened(lab(f"{AES}.leg{leg}.bin"), ring)
    assert "the message that it signs is not in it" in reason(opened(lab(f"{AES}.mic-i.bin"), ring), "")


def test_a_mic_of_another_message_is_not_right() -> None:
    ring = ring_of(OWN / "mit-http-aes256.keytab")
    for leg in (1, 2):
        opened(lab(f"{AES}.leg{leg}.bin"), ring)
    ring.found.messages.append(b"another message")
    assert "altered bytes" in reason(opened(lab(f"{AES}.mic-i.bin"), ring), "")


def test_a_message_without_its_handshake_says_what_is_missing() -> None:
    why = reason(opened(lab(f"{AES}.wrap-conf-i.bin"), ring_of(OWN / "mit-http-aes256.keytab")), "")
    assert "no AP-REQ of this run was opened before it" in why


def test_a_message_without_the_answer_asks_for_it() -> None:
    ring = ring_of(OWN / "mit-http-aes256.keytab")
    opened(lab(f"{AES}.leg1.bin"), ring)
    why = reason(opened(lab(f"{AES}.wrap-conf-a.bin"), ring), "")
    assert why == "its key is the acceptor's subkey, from an AP-REP that was not opened before it: give that too"


def test_a_message_of_another_context_fits_none() -> None:
    ring = ring_of(OWN / "mit-http-rc4.keytab", OWN / "mit-http-aes256.keytab")
    for leg in (1, 2):
        opened(lab(f"05-mit-rc4-spnego.leg{leg}.bin"), ring)
    assert "another key, or altered bytes" in reason(opened(lab(f"{AES}.wrap-conf-a.bin"), ring), "")
    ring = holding(make.key(1, 23))
    opened(make.ap_req(make.ticket(make.key(1, 23), make.key(2, 23)), make.key(2, 23)), ring)
    why = reason(opened(lab(f"{AES}.wrap-conf-a.bin"), ring), "")
    assert "a token of RFC 4121: made with another type of key" in why


@pytest.mark.parametrize("flags", [0x3E, 0x103E], ids=["plain", "DCE style"])
@pytest.mark.parametrize("etype", [16, 17, 18, 19, 20, 23, 24, 25, 26])
def test_the_messages_of_every_type_of_key_open(etype: int, flags: int) -> None:
    service, session, subkey = (make.key(number, etype) for number in (1, 2, 3))
    ring = holding(service)
    opened(make.ap_req(make.ticket(service, session), session, 11, subkey, make.gss_checksum(flags)), ring)
    both = {"initiator_subkey": subkey, "dce_style": bool(flags & 0x1000)}
    ring.found.messages.append(b"to be signed")
    for role in ("initiator", "acceptor"):
        end = KerberosSession(session, role, sent=7, **both)  # type: ignore[arg-type]
        sealed = opened(end.wrap(b"16 bytes, sealed", True, bytes(end.confounder_size(True))), ring)
        assert value(sealed, "plaintext-data") == b"16 bytes, sealed"
        clear = opened(end.wrap(b"16 bytes, signed", False, bytes(end.confounder_size(False))), ring)
        assert report(clear, "").notes == [f"wrapped by the {role}, in clear"]
        signed = opened(end.sign(b"to be signed"), ring)
        assert report(signed, "").notes == [f"a MIC of the {role}, of the message of 12 bytes"]


@pytest.mark.parametrize("etype", [16, 18, 23])
def test_no_altered_message_of_any_form_is_verified_or_unwrapped(etype: int) -> None:
    service, session = make.key(1, etype), make.key(2, etype)
    ring = holding(service)
    opened(make.ap_req(make.ticket(service, session), session, cksum=make.gss_checksum()), ring)
    ring.found.messages.append(b"to be signed")
    end = KerberosSession(session, "initiator", sent=7)
    tokens = [end.wrap(b"a secret", seal, bytes(end.confounder_size(seal))) for seal in (True, False)]
    for data in (*tokens, end.sign(b"to be signed")):
        number = node(decode(data), "SND_SEQ")
        hidden = range(number.start, number.stop) if number.kind == BYTES else range(0)
        for at in range(len(data)):
            done = opened(flipped(data, at), ring)
            # RFC 1964 signs no sequence number: another one opens too, and nothing here judges it.
            assert at in hidden or not any(one.opened for one in done.reports), at


def test_of_several_contexts_the_right_one_is_found() -> None:
    ring = ring_of(OWN / "mit-http-rc4.keytab", OWN / "mit-http-aes256.keytab")
    for case in (AES, "05-mit-rc4-spnego"):
        for leg in (1, 2):
            opened(lab(f"{case}.leg{leg}.bin"), ring)
    for case in (AES, "05-mit-rc4-spnego"):
        assert value(opened(lab(f"{case}.wrap-conf-a.bin"), ring), "plaintext-data") == b"lab message wrap-conf from a"


def test_the_mic_over_the_mechanisms_is_verified() -> None:
    ring = ring_of(OWN / "ad-http-web.keytab")
    found = [opened(lab(f"{NTLM_FIRST}.leg{leg}.bin"), ring) for leg in (1, 2, 3, 4, 5)]
    mics = [one.notes for done in found for one in done.reports if one.path == "mechListMIC" and one.opened]
    assert mics == [["a MIC of the acceptor, of the mechTypes"], ["a MIC of the initiator, of the mechTypes"]]


def test_with_other_mechanisms_the_mic_is_not_right() -> None:
    ring = ring_of(OWN / "ad-http-web.keytab")
    first = lab(f"{NTLM_FIRST}.leg1.bin")
    opened(first.replace(bytes.fromhex("2b06010401823702020a"), bytes.fromhex("2b06010401823702020b")), ring)
    found = [opened(lab(f"{NTLM_FIRST}.leg{leg}.bin"), ring) for leg in (2, 3, 4, 5)]
    assert [one.opened for done in found for one in done.reports if one.path == "mechListMIC"] == [False, False]


def test_the_messages_of_a_dce_style_context_are_unwrapped() -> None:
    ring = ring_of(OWN / "ad-http-web.keytab")
    for leg in (1, 2, 3, 4):
        assert not shut(opened(lab(f"42-ad-dce-spnego.leg{leg}.bin"), ring))
    for side in "ia":
        done = opened(lab(f"42-ad-dce-spnego.wrap-conf-{side}.bin"), ring)
        assert value(done, "plaintext-data") == b"lab message wrap-conf from " + side.encode()


def test_the_mic_over_the_mechanisms_wants_the_first_token() -> None:
    ring = ring_of(OWN / "ad-http-web.keytab")
    for leg in (3, 4):
        done = opened(lab(f"{NTLM_FIRST}.leg{leg}.bin"), ring)
    assert "the mechTypes that it signs" in reason(done, "mechListMIC")


# To and from the KDC -------------------------------------------------------------------------------------------------


ALICE = ("FAST.EXAMPLE", "alice", "Alice-Passw0rd1")
MESSAGES = sorted(KDC.glob("*.bin"))
FAST = "padata[0].padata-value.armored-data"


def exchanged(ring: KeyRing, last: int = 24) -> dict[int, Unlocked]:
    """The messages with MIT's KDC up to a number, each opened as far as it goes."""
    return {int(path.name[:2]): opened(path.read_bytes(), ring) for path in MESSAGES[:last]}


def shut(done: Unlocked) -> set[str]:
    return {one.path for one in done.reports if not one.opened}


def test_everything_between_clients_and_a_kdc_opens_with_all_keys() -> None:
    keytabs = [KDC / f"{name}.keytab" for name in ("krbtgt", "host", "http", "kadmin")]
    found = exchanged(ring_of(*keytabs, passwords=[ALICE]))
    assert {number: shut(done) for number, done in found.items() if shut(done)} == {}
    assert sum(len(done.reports) for done in found.values()) > 60


def test_a_password_opens_a_clients_side_from_the_first_ticket_on() -> None:
    found = exchanged(ring_of(passwords=[ALICE]))
    assert said(found[5]) == {"padata[1].padata-value": True}
    assert value(found[5], "padata[1].padata-value.pausec") is not None
    assert report(found[5], "padata[1].padata-value").usage == 1
    assert said(found[6]) == {"enc-part": True, "ticket.enc-part": False}
    assert report(found[6], "enc-part").usage == 3
    assert report(found[6], "ticket.enc-part").follows
    assert text(found[6], "enc-part.sname") == "krbtgt/FAST.EXAMPLE"
    # 7 to 10 are in the armor of the host's ticket, which alice's password does not open.
    assert shut(found[9]) == {
        f"{FAST}.armor.armor-value.ticket.enc-part",
        f"{FAST}.armor.armor-value.authenticator",
        f"{FAST}.enc-fast-req",
    }
    assert "FAST's armor" in reason(found[9], f"{FAST}.enc-fast-req")
    assert "whose armor is not known" in reason(found[10], "enc-part")


def test_a_change_of_password_opens_and_keeps_the_password() -> None:
    found = exchanged(ring_of(passwords=[ALICE]))
    new = node(found[17].decoded, "KRB-PRIV.enc-part.user-data")
    assert (new.kind, new.value) == (SECRET, b"Alice-Passw0rd2")
    assert text(found[18], "KRB-PRIV.enc-part.user-data.result-code") == "KRB5_KPASSWD_SUCCESS"


def test_a_password_set_for_another_stays_a_secret() -> None:
    data = tlv(0x30, make.fields(0, tlv(4, b"New-Passw0rd1"), make.principal(1, "bob"), make.text(make.REALM)))
    done = opened(make.krb_priv(SUBKEY, data), exchange())
    new = node(done.decoded, "enc-part.user-data.newpasswd")
    assert (new.kind, new.value) == (SECRET, b"New-Passw0rd1")
    assert text(done, "enc-part.user-data.targname") == "bob"


def test_fast_opens_where_the_armors_ticket_does() -> None:
    found = exchanged(ring_of(KDC / "krbtgt.keytab", passwords=[ALICE]), 12)
    assert text(found[9], f"{FAST}.enc-fast-req.req-body.cname") == "alice"
    assert report(found[9], f"{FAST}.req-checksum").usage == 50
    assert report(found[9], f"{FAST}.enc-fast-req").usage == 51
    challenge = f"{FAST}.enc-fast-req.padata[1].padata-value"
    assert report(found[9], challenge).usage == 54
    assert value(found[9], f"{challenge}.patimestamp") == value(found[10], f"{FAST}.enc-fast-rep.finished.timestamp")
    assert report(found[10], f"{FAST}.enc-fast-rep").usage == 52
    assert report(found[10], f"{FAST}.enc-fast-rep.finished.ticket-checksum").usage == 53
    assert report(found[10], f"{FAST}.enc-fast-rep.padata[0].padata-value").usage == 55
    strong = report(found[10], "enc-part").key
    assert strong is not None
    assert key_text(strong) == ("a key of the strengthening key of FAST's reply and the password of alice@FAST.EXAMPLE")


def test_a_cache_opens_what_was_done_with_its_tickets() -> None:
    ring = KeyRing()
    for credential in read_ccache((KDC / "alice.ccache").read_bytes()).credentials:
        assert credential.key is not None
        assert credential.server is not None
        key = usable(credential.key, f"the session key of the ticket to {credential.server.text} in alice.ccache")
        assert key is not None
        ring.found.add_ticket(credential.ticket.data, key)
    found = exchanged(ring, 12)
    assert said(found[11])["padata[0].padata-value.authenticator"]
    assert said(found[11])["padata[1].padata-value.armored-data.enc-fast-req"]
    assert said(found[12])["enc-part"]


def test_a_wrong_password_is_told() -> None:
    found = exchanged(ring_of(passwords=[(*ALICE[:2], "wrong")]), 6)
    assert "was made from another password" in reason(found[5], "padata[1].padata-value")
    assert "was made from another password" in reason(found[6], "enc-part")


def test_the_password_of_another_is_told() -> None:
    found = exchanged(ring_of(passwords=[("FAST.EXAMPLE", "bob", "x")]), 6)
    assert "the reply is for alice@FAST.EXAMPLE, and nothing of bob@FAST.EXAMPLE opens it" in reason(
        found[6], "enc-part"
    )


def test_the_salt_that_the_kdc_tells_is_used() -> None:
    salted = PasswordKeys("secret", b"another salt").key(18)
    entry = tlv(0x30, make.fields(0, make.integer(18), make.text("another salt")))
    part = make.seal(salted, 3, make.rep_part(SESSION, make.KRBTGT, 0x79))
    reply = make.kdc_rep(11, make.ticket(OTHER, SESSION), part, make.padata(19, tlv(0x30, entry)))
    ring = ring_of(passwords=[(make.REALM, "alice", "secret")])
    assert said(opened(reply, ring))["enc-part"]
    bare = make.kdc_rep(11, make.ticket(OTHER, SESSION), part)
    assert said(opened(bare, ring))["enc-part"], "what was told once holds for the run"
    assert not said(opened(bare, ring_of(passwords=[(make.REALM, "alice", "secret")])))["enc-part"]


def test_salts_that_would_take_too_long_are_passed_over() -> None:
    entries = [
        tlv(0x30, make.fields(0, make.integer(18), make.text(f"salt {count}"), tlv(4, count.to_bytes(4))))
        for count in (*range(5000, 5010), 0, 0xFFFFFFFF, 100_001, 100_000)
    ]
    ring = ring_of(passwords=[(make.REALM, "alice", "secret")])
    told = make.padata(19, tlv(0x30, *entries))
    opened(make.kdc_rep(11, make.ticket(OTHER, SESSION), make.encrypted(3, None, b"c"), told), ring)
    assert [salt.iterations for salt in ring.found.salts] == [*range(5003, 5010), 100_000]


def test_the_iterations_that_the_kdc_tells_are_used() -> None:
    key = Key(18, make.enctype(18).string_to_key("secret", b"salty", 5000))
    entry = tlv(0x30, make.fields(0, make.integer(18), make.text("salty"), tlv(4, (5000).to_bytes(4))))
    part = make.seal(key, 3, make.rep_part(SESSION, make.KRBTGT, 0x79))
    reply = make.kdc_rep(11, make.ticket(OTHER, SESSION), part, make.padata(19, tlv(0x30, entry)))
    assert said(opened(reply, ring_of(passwords=[(make.REALM, "alice", "secret")])))["enc-part"]


def test_a_service_asking_in_a_users_name_is_verified() -> None:
    ring = ring_of(KDC / "krbtgt.keytab")
    done = exchanged(ring)[23]
    users = {one.usage for one in done.reports if one.opened and one.path.endswith((".cksum", ".checksum"))}
    assert users >= {17, 26}
    altered = (KDC / "23-tgs-req.bin").read_bytes()
    assert said(opened(altered, ring)) == said(done)


def test_another_user_than_the_one_signed_for_is_told() -> None:
    name = make.principal(10, "bob")
    signed = (10).to_bytes(4, "little") + b"bobLAB.EXAMPLEKerberos"
    fits = make.checksum(-138, hmac_md5_checksum(SESSION.value, 17, signed))
    body = make.req_body()
    request = make.ap_req(make.ticket(SERVICE, SESSION, make.KRBTGT), SESSION, 7)
    for user, right in ((name, True), (make.principal(10, "eve"), False)):
        value_ = tlv(0x30, make.fields(0, user, make.text(make.REALM), fits, make.text("Kerberos")))
        done = opened(make.kdc_req(12, body, make.padata(1, request), make.padata(129, value_)), holding(SERVICE))
        assert report(done, "padata[1].padata-value.cksum").opened == right


def test_a_reply_whose_key_is_of_an_exchange_says_which() -> None:
    part = make.seal(OTHER, 3, make.rep_part(SESSION))
    reply = make.kdc_rep(11, make.ticket(OTHER, SESSION), part, make.padata(17, tlv(0x80, b"x")))
    assert "PKINIT" in reason(opened(reply, ring_of(passwords=[ALICE])), "enc-part")


def test_a_ticket_for_user_to_user_opens_with_the_session_key_of_the_services_tgt() -> None:
    found = exchanged(ring_of(KDC / "krbtgt.keytab", passwords=[ALICE]), 20)
    one = report(found[20], "ticket.enc-part")
    assert one.key is not None
    assert key_text(one.key) == "the session key of the ticket to krbtgt/FAST.EXAMPLE@FAST.EXAMPLE"
    ring = holding()
    ring.tgt_key = OTHER
    request = make.ap_req(make.ticket(OTHER, SESSION, kvno=None), SESSION, options=b"\0\x60\0\0\0")
    assert said(opened(request, ring)) == {"ticket.enc-part": True, "authenticator": True}


def test_the_session_key_of_a_ticket_that_was_opened_serves_user_to_user() -> None:
    found = exchanged(ring_of(KDC / "krbtgt.keytab"), 20)
    assert said(found[20])["ticket.enc-part"]


def test_a_wrong_password_is_told_beside_a_keytab_of_others() -> None:
    ring = ring_of(KDC / "http.keytab", passwords=[(*ALICE[:2], "wrong")])
    assert "was made from another password" in reason(exchanged(ring, 6)[6], "enc-part")


def test_explicit_armor_is_of_two_exchanges() -> None:
    computer, machine, armor_subkey = make.key(5), make.key(6), make.key(7)
    explicit = fx_cf2(armor_subkey, machine, b"subkeyarmor", b"ticketarmor")
    armor_key = fx_cf2(explicit, SUBKEY, b"explicitarmor", b"tgsarmor")
    body = make.req_body()
    request = make.ap_req(
        make.ticket(SERVICE, SESSION, make.KRBTGT), SESSION, 7, SUBKEY, make.own_checksum(SESSION, 6, body)
    )
    armor = make.ap_req(make.ticket(computer, machine, make.KRBTGT), machine, 11, armor_subkey)
    fast = make.fast_request(armor, armor_key, request, make.fast_req(body))
    data = make.kdc_req(12, body, make.padata(1, request), make.padata(136, fast))
    done = opened(data, holding(SERVICE, computer))
    path = "padata[1].padata-value.armored-data"
    assert said(done)[f"{path}.enc-fast-req"]
    assert said(done)[f"{path}.req-checksum"]


def test_iakerb_and_tokens_in_their_framing_open_too() -> None:
    request = make.ap_req(make.ticket(SERVICE, SESSION), SESSION)
    done = opened(framed(KRB5, b"\1\0" + request), holding(SERVICE))
    assert said(done) == {"ticket.enc-part": True, "authenticator": True}


# Every handshake of the lab ------------------------------------------------------------------------------------------


def cases() -> Iterator[dict[str, object]]:
    path = LAB / "cases.jsonl"
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        case = json.loads(line)
        if case.get("keytab"):
            yield case


#: Parts that the given keytab cannot open, beside the tickets that were forwarded: what the case is about.
SHUT = {
    "101-fail-mit-stale-kvno-krb5",
    "102-fail-mit-wrong-key-krb5",
    "104-fail-mit-no-enctype-krb5",
    "109-fail-mit-stale-kvno-spnego",
    "110-fail-mit-wrong-key-spnego",
    "111-fail-mit-other-spn-spnego",
    "112-fail-mit-no-enctype-spnego",
    "122-fail-mit-minus1-spnego",
    "126-fail-mit-tampered-authenticator-spnego",
    "129-fail-mit-minus1-krb5",
    "130-fail-mit-cut1024chars-krb5",
    "134-fail-mit-tampered-ticket-krb5",
    "142-fail-ad-stale-kvno-krb5",
    "143-fail-ad-wrong-key-krb5",
}


def plaintexts_of(name: str) -> dict[str, bytes]:
    """The per-message tokens of a case by file, and what each is of, from the lab's notes, which are plain YAML."""
    found: dict[str, bytes] = {}
    lines = (LAB / f"{name}.yaml").read_text("utf-8").splitlines()
    for line, following in pairwise(lines):
        key, _, file = line.strip().partition(": ")
        if key == "file" and following.strip().startswith("plaintext: ") and (LAB / file).is_file():
            found[file] = following.strip().removeprefix("plaintext: ").encode()
    return found


@needs_lab
@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case["case"])
def test_every_handshake_of_the_lab_opens_with_its_keytab(case: dict[str, object]) -> None:
    name = str(case["case"])
    ring = ring_of(LAB / str(case["keytab"]))
    legs = [str(leg["file"]) for leg in case["legs"]]  # type: ignore[attr-defined]
    found = [opened((LAB / leg).read_bytes(), ring) for leg in legs]
    wrong = {one.path for done in found for one in done.reports if not one.opened and "Deleg.tickets" not in one.path}
    assert bool(wrong) == (name in SHUT), wrong
    clients = [one for done in found for path, one in walk(done.decoded.root) if path.endswith("ticket.enc-part.cname")]
    expected = case["expect"].get("client")  # type: ignore[attr-defined]
    if expected and clients:
        assert {one.meaning for one in clients} == {str(expected).partition("@")[0]}
    wanted = plaintexts_of(name)
    ring.found.messages.extend(wanted.values())
    for file, plain in wanted.items():
        done = opened((LAB / file).read_bytes(), ring)
        one = report(done, "")
        assert one.opened, (file, one.reason)
        if ".wrap-conf-" in file:
            assert value(done, "plaintext-data") == plain
        elif ".mic-" in file:
            assert one.notes[0].endswith(f"of the message of {len(plain)} bytes")


@needs_lab
def test_what_mits_client_asked_of_its_kdc_opens_with_the_password() -> None:
    ring = ring_of(passwords=[("MIT.EXAMPLE", "alice", "Alice-Passw0rd1")])
    found = {leg: opened((LAB / f"wire-kdc-mit-as-tgs.leg{leg}.bin").read_bytes(), ring) for leg in range(1, 13)}
    assert said(found[2])["enc-part"]
    for request, reply in ((5, 6), (7, 8)):
        assert shut(found[request]) == {"padata[0].padata-value.ticket.enc-part"}
        assert shut(found[reply]) == {"ticket.enc-part"}
    assert shut(found[10]) == shut(found[12]) == set()


# Nothing altered opens, and nothing raises ---------------------------------------------------------------------------


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << at % 8
    return bytes(changed)


def positions(unlocked: Unlocked, path: str) -> range:
    """The bytes of a ciphertext, without its header."""
    cipher = node(unlocked.decoded, path)
    assert isinstance(cipher.value, bytes)
    return range(cipher.stop - len(cipher.value), cipher.stop)


REQUEST = make.ap_req(make.ticket(SERVICE, SESSION), SESSION, 11, SUBKEY, make.gss_checksum())


@pytest.mark.parametrize("etype", [16, 18, 20, 23, 26])
def test_a_flipped_bit_of_a_ciphertext_shuts_its_part_and_no_other(etype: int) -> None:
    service, session = make.key(1, etype), make.key(2, etype)
    data = make.ap_req(make.ticket(service, session), session, cksum=make.gss_checksum())
    whole = opened(data, holding(service))
    for at in positions(whole, "ticket.enc-part.cipher"):
        assert said(opened(flipped(data, at), holding(service))) == {"ticket.enc-part": False, "authenticator": False}
    for at in positions(whole, "authenticator.cipher"):
        assert said(opened(flipped(data, at), holding(service))) == {"ticket.enc-part": True, "authenticator": False}


@pytest.mark.parametrize(
    ("name", "keytab"),
    [
        (f"{AES}.leg1.bin", "mit-http-aes256"),
        ("05-mit-rc4-spnego.leg1.bin", "mit-http-rc4"),
        ("39-ad-deleg-spnego.leg1.bin", "ad-http-web"),
    ],
)
def test_a_flipped_bit_anywhere_in_a_request_raises_nothing(name: str, keytab: str) -> None:
    data = lab(name)
    keys = read_keytab((OWN / f"{keytab}.keytab").read_bytes())
    for at in range(0, len(data), 3):
        ring = KeyRing()
        ring.add_keytab(keys, "a.keytab")
        done = opened(flipped(data, at), ring)
        for one in done.reports:
            assert one.opened == (one.reason is None)
            assert one.path == "" or follow(done.decoded.root, one.path)[1] == ""


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_a_flipped_bit_anywhere_in_a_message_of_the_kdc_raises_nothing(path: Path) -> None:
    data = path.read_bytes()
    ring = ring_of(KDC / "krbtgt.keytab", KDC / "kadmin.keytab", passwords=[ALICE])
    exchanged(ring, int(path.name[:2]) - 1)
    for at in range(0, len(data), 29):
        opened(flipped(data, at), ring)


@pytest.mark.parametrize(("case", "keytab"), [(AES, "mit-http-aes256")])
def test_no_altered_message_of_a_context_is_verified_or_unwrapped(case: str, keytab: str) -> None:
    ring = ring_of(OWN / f"{keytab}.keytab")
    for leg in (1, 2):
        opened(lab(f"{case}.leg{leg}.bin"), ring)
    ring.found.messages.append(b"lab message mic from i")
    for kind in ("mic", "wrap-conf", "wrap-plain"):
        data = lab(f"{case}.{kind}-i.bin")
        for at in range(len(data)):
            done = opened(flipped(data, at), ring)
            assert not any(one.opened for one in done.reports), (kind, at)


def test_every_prefix_of_a_request_raises_nothing_and_opens_no_more_than_is_there() -> None:
    for size in range(len(REQUEST)):
        done = opened(REQUEST[:size], holding(SERVICE))
        assert not any(one.opened for one in done.reports if one.path == "authenticator")


# Bounds --------------------------------------------------------------------------------------------------------------


def test_what_one_token_may_cost_is_bounded_and_what_was_not_tried_is_said() -> None:
    budget = Budget()
    assert budget.allows(1 << 20)
    budget.left = 6000
    assert budget.allows(1000)
    assert not budget.allows(1000)
    tickets = [make.ticket(OTHER, SESSION)] * 1000
    data = make.krb_cred(make.encrypted(18, None, b"c" * 40), *tickets)
    done = opened(data, holding(*(make.key(number) for number in range(10, 40))))
    assert len(done.reports) == MOST_PARTS
    assert "the token has too much to try them on" in str(done.reports[-1].reason)


def test_tickets_within_tickets_end_somewhere() -> None:
    """Each KRB-CRED stands in the delegation of the next request, all under one key."""
    inner = b""
    for _ in range(12):
        deleg = make.krb_cred(make.seal(SESSION, 14, make.cred_part(OTHER)), make.ticket(SERVICE, SESSION))
        cksum = make.gss_checksum(0x3F, (inner or deleg)[:60000])
        inner = make.ap_req(make.ticket(SERVICE, SESSION), SESSION, 11, SUBKEY, cksum)
    done = opened(inner, holding(SERVICE))
    assert max(one.path.count("Deleg") for one in done.reports) == 4


def test_a_ring_shows_none_of_what_was_found() -> None:
    ring = exchange()
    opened(make.ap_rep(SESSION, OTHER), ring)
    shown = f"{ring!r} {ring.found!r} {ring.found.exchanges!r}"
    for key in (SERVICE, SESSION, SUBKEY, OTHER):
        assert key.value.hex() not in shown
        assert repr(key.value) not in shown
