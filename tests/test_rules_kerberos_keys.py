"""Kerberos names, keys, KRB-ERROR, and the advice on a keytab: the branches that tests/codes/krb-keys.toml has not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import kerberos as krb
from builders.der import fields, framed, integer, neg_token_resp, principal, text, tlv
from builders.keytab import entry, keytab

from secctx.decoders import decode
from secctx.keys.keyring import Account, KeyRing, same_name
from secctx.keys.keytab import read_keytab
from secctx.keys.password_keys import PasswordKeys
from secctx.keys.unlock import unlock
from secctx.rules import kerberos_errors, kerberos_keys, kerberos_names, kerberos_ticket
from secctx.rules.case import Case, Given
from secctx.rules.finding import ERROR, NOTE, WARNING, Finding, Rule
from secctx.rules.judge import in_order
from secctx.rules.keytab_advice import Advice, advise_on
from secctx.rules.target import parse_target

ROOT = Path(__file__).parents[1]
LAB = ROOT.parent / "shared" / "lab" / "tokens"
MODULES = (kerberos_errors, kerberos_keys, kerberos_ticket, kerberos_names)
RULES = [value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)]
CLIENT = krb.Client()
PASSWORD = "Salted-Passw0rd1"


def case(data: bytes, ring: KeyRing | None = None, legs: tuple[Case, ...] = (), **given: Any) -> Case:
    known = Given(keys=ring, **given)
    if ring is None:
        one = Case(decode(data), known)
    else:
        unlocked = unlock(decode(data), ring)
        one = Case(unlocked.decoded, known, reports=unlocked.reports)
    one.legs, one.position = (*legs, one), len(legs)
    return one


def judged(one: Case) -> dict[str, Finding]:
    return {finding.rule.code: finding for finding in in_order([each for rule in RULES for each in rule.judge(one)])}


def advice_on(data: bytes, ring: KeyRing) -> Advice:
    found = advise_on(case(data, ring))
    assert found is not None
    json.dumps(found.as_json())
    return found


def error(
    number: int,
    *service: str,
    ctime: Any = None,
    stime: Any = krb.NOW,
    said: str | None = None,
    data: bytes | None = None,
    bare: bool = False,
) -> bytes:
    """A KRB-ERROR."""
    inside = fields(
        0,
        integer(5),
        integer(30),
        None if ctime is None else krb.time(ctime),
        None if ctime is None else integer(0),
        krb.time(stime),
        integer(0),
        integer(number),
        None,
        None,
        text(krb.REALM),
        principal(2, *(service or krb.WEB)),
        None if said is None else text(said),
        None if data is None else tlv(4, data),
    )
    made = tlv(0x7E, tlv(0x30, inside))
    return made if bare else framed(krb.KRB5, krb.ERROR_ID + made)


# KRB-ERROR


def test_41_reads_the_same_in_every_wrapping_and_names_the_account_that_answered() -> None:
    first = "KRB-ERROR 41: the service's key does not open the ticket"
    for data in (error(41), error(41, bare=True), neg_token_resp(token=error(41))):
        found = judged(case(data))["KRB017"]
        assert found.detail.startswith(first)
        assert "setspn -Q HTTP/web.lab.example" in found.advice
    found = judged(case(error(41, "svc-web")))["KRB017"]
    assert found.detail == f"{first}; KRB_AP_ERR_MODIFIED from svc-web@LAB.EXAMPLE"
    assert "setspn -L svc-web" in found.advice


def test_the_number_is_told_of_every_prefix_that_has_it() -> None:
    whole = error(41)
    needed = next(size for size in range(len(whole)) if judged(case(whole[:size])))
    for size in range(len(whole)):
        found = judged(case(whole[:size]))
        assert set(found) == ({"KRB017"} if size >= needed else set()), size
    assert needed < 80


def test_what_a_kdc_says_is_told_as_that() -> None:
    assert "the KDC's key does not open the TGT" in judged(case(error(41, *krb.KRBTGT, bare=True)))["KRB017"].detail
    asked = case((ROOT / "samples" / "kdc-tgs-req.bin").read_bytes())
    assert "the client's TGT has expired" in judged(case(error(32, bare=True), legs=(asked,)))["KRB017"].detail
    assert "by the service's clock" in judged(case(error(32), legs=(asked,)))["KRB017"].detail


def test_the_steps_that_are_no_failure_are_notes() -> None:
    assert [judged(case(error(number, bare=True)))["KRB017"].severity for number in (25, 52, 91)] == [NOTE] * 3
    assert judged(case(error(69, data=krb.tgt_rep())))["KRB017"].severity == NOTE
    assert judged(case(error(69)))["KRB017"].severity == ERROR
    assert judged(case(error(90, bare=True)))["KRB017"].severity == WARNING


def test_the_clocks_are_compared_where_another_time_is_known() -> None:
    late = krb.NOW + timedelta(minutes=7)
    assert "7 min ahead of the client's" in judged(case(error(37, ctime=krb.NOW, stime=late)))["KRB017"].detail
    assert "7 min behind the clock" in judged(case(error(37), now=late))["KRB017"].detail
    request = case(CLIENT.token(), krb.ring())
    assert "7 min ahead of the client's" in judged(case(error(37, stime=late), legs=(request,)))["KRB017"].detail
    assert "its clock said" in judged(case(error(37)))["KRB017"].detail


def test_another_name_than_the_tickets_is_told() -> None:
    request = case(CLIENT.token())
    assert (
        "the ticket before is for HTTP/web.lab.example"
        in judged(case(error(41, "app01$"), legs=(request,)))["KRB017"].detail
    )
    assert (
        "the ticket before" not in judged(case(error(41, "HTTP", "WEB.lab.example"), legs=(request,)))["KRB017"].detail
    )


def test_the_text_and_the_status_of_the_sender_are_told_and_no_name_gets_into_a_command() -> None:
    status = tlv(0x30, fields(1, integer(3), tlv(4, bytes.fromhex("340200c00000000001000000"))))
    found = judged(case(error(18, said="CLIENT" * 50, data=status, bare=True)))["KRB017"]
    assert "STATUS_ACCOUNT_LOCKED_OUT" in found.detail
    assert "…”" in found.detail
    assert "setspn -Q SERVICE/HOST" in judged(case(error(7, "HTTP", "web; rm -rf ~", bare=True)))["KRB017"].advice


def test_every_number_has_a_cause_and_an_advice() -> None:
    for number in (*range(0, 102), -1, 1 << 40):
        found = judged(case(error(number)))["KRB017"]
        assert found.detail.startswith(f"KRB-ERROR {number}: ")
        assert found.advice
        assert "{" not in found.advice


# Names


@pytest.mark.parametrize(
    ("service", "severity"),
    [
        (("HTTP", "192.0.2.10"), WARNING),
        (("HTTP", "2001:db8::1"), WARNING),
        (("HTTP", "localhost"), WARNING),
        (("HTTP", "web.lab.example:8080"), WARNING),
        (("HTTP", "web"), WARNING),
        (("cifs", "files"), NOTE),
        (("host", "dc01"), NOTE),
        (("MSSQLSvc", "db.lab.example:1433"), None),
        (("MSSQLSvc", "db.lab.example:SQLEXPRESS"), None),
        (("ldap", "dc01.lab.example", "lab.example"), None),
        (("kadmin", "changepw"), None),
        (("web$",), None),
        (("HTTP", ""), None),
        (("HTTP", "x" * 5000), None),
    ],
)
def test_a_name_is_unusual_or_not(service: tuple[str, ...], severity: str | None) -> None:
    found = judged(case(replace(CLIENT, service=service).token())).get("KRB010")
    assert (None if found is None else found.severity) == severity


def test_a_short_name_that_the_kdc_does_not_know_is_a_warning() -> None:
    found = judged(case(error(7, "cifs", "files", bare=True)))["KRB010"]
    assert (found.severity, found.path) == (WARNING, "sname")
    assert found.detail.endswith("the KDC knows no such name")


@pytest.mark.parametrize(
    ("service", "target", "severity"),
    [
        (krb.WEB, "https://web.lab.example", None),
        (krb.WEB, "WEB.lab.example.", None),
        (krb.WEB, "HTTP/web.lab.example@lab.example", None),
        (krb.WEB, "HTTP/web.lab.example@OTHER.EXAMPLE", WARNING),
        (krb.WEB, "https://www.lab.example", WARNING),
        (krb.WEB, "https://web", WARNING),
        (krb.WEB, "https://192.0.2.10", NOTE),
        (krb.HOST, "https://web.lab.example", WARNING),
        (("cifs", "web.lab.example"), "HTTP/web.lab.example", WARNING),
        (("ldap", "web.lab.example"), "cifs/web.lab.example", WARNING),
        (("MSSQLSvc", "web.lab.example:1433"), "HTTP/web.lab.example", WARNING),
        (("MSSQLSvc", "web.lab.example:1433"), "mssql://web.lab.example:1434", WARNING),
        (("MSSQLSvc", "web.lab.example:1433"), "mssql://web.lab.example:1433", None),
        (("svc-web",), "https://web.lab.example", WARNING),
        (krb.KRBTGT, "https://web.lab.example", None),
    ],
)
def test_a_ticket_is_held_against_the_target(service: tuple[str, ...], target: str, severity: str | None) -> None:
    found = judged(case(replace(CLIENT, service=service).token(), target=parse_target(target))).get("KRB011")
    assert (None if found is None else found.severity) == severity


def test_without_a_target_nothing_is_said_of_it() -> None:
    assert "KRB011" not in judged(case(CLIENT.token()))


def test_a_referral_is_told_from_a_tgt_and_hides_what_the_keytab_lacks() -> None:
    own = replace(CLIENT, service=krb.KRBTGT, long_term=krb.KDC_KEY)
    found = judged(case(own.token(), krb.ring()))
    assert set(found) == {"KRB012"}
    assert "referral" not in found["KRB012"].detail
    other = judged(case(replace(own, service=("krbtgt", "CHILD.LAB.EXAMPLE")).token()))["KRB012"]
    assert "a referral from LAB.EXAMPLE to CHILD.LAB.EXAMPLE" in other.detail


def test_user_to_user_is_a_note_and_no_fault_of_the_keytab() -> None:
    token = replace(CLIENT, long_term=krb.TGT_KEY, options=krb.USE_SESSION_KEY).token()
    found = judged(case(token, krb.ring()))
    assert {code: one.severity for code, one in found.items()} == {"KRB016": NOTE}
    advice = advice_on(token, krb.ring())
    assert (advice.fits, advice.before[:33]) == (None, "the ticket is for user-to-user: t")


def test_a_bare_request_is_an_error_only_where_its_checksum_is_read() -> None:
    quiet = CLIENT.quiet()
    assert judged(case(quiet.ap_req()))["KRB022"].severity == WARNING
    assert judged(case(quiet.ap_req(), krb.ring()))["KRB022"].severity == ERROR
    dce = replace(CLIENT, gss=krb.ALL | krb.DCE)
    assert "KRB022" not in judged(case(dce.ap_req(), krb.ring()))
    assert "KRB022" not in judged(case(CLIENT.init()))
    carried = case(quiet.ap_req())
    carried.carried.carrier = "DCE/RPC bind"
    assert "KRB022" not in judged(carried)


# Types


@pytest.mark.parametrize(("etype", "weak"), [(23, True), (3, True), (16, True), (18, False), (20, False), (0, False)])
def test_weak_types_are_told_without_a_key(etype: int, weak: bool) -> None:
    found = judged(case(replace(CLIENT, etype=etype).token()))
    assert ("KRB001" in found) == weak


def test_a_weak_session_key_is_told_beside_a_strong_ticket() -> None:
    found = judged(case(replace(CLIENT, session=krb.key("session", krb.RC4)).token()))["KRB001"]
    assert (found.path, found.severity) == ("authenticator.etype", WARNING)


# Keys


def test_a_key_of_another_name_that_opens_the_ticket_is_a_note() -> None:
    ring = krb.ring((krb.HOST, krb.AES256, krb.KVNO))
    token = replace(CLIENT, long_term=krb.service_key(components=krb.HOST)).token()
    found = judged(case(token, ring))
    assert {code: one.severity for code, one in found.items()} == {"KRB004": NOTE}
    advice = advice_on(token, ring)
    assert (advice.fits, advice.opened) == (False, True)
    assert "one account has both names" in advice.after


def test_the_right_name_with_a_wrong_key_beside_the_right_one_is_a_warning() -> None:
    ring = krb.ring((krb.WEB, krb.AES256, krb.KVNO), (krb.HOST, krb.AES256, krb.KVNO))
    found = judged(case(replace(CLIENT, long_term=krb.service_key(components=krb.HOST)).token(), ring))
    assert {code: one.severity for code, one in found.items()} == {"KRB006": WARNING}


def test_a_key_of_another_version_that_opens_the_ticket_is_a_note() -> None:
    ring = krb.ring((krb.WEB, krb.AES256, 2))
    found = judged(case(replace(CLIENT, long_term=krb.service_key(kvno=2)).token(), ring))
    assert {code: one.severity for code, one in found.items()} == {"KRB005": NOTE}


def test_a_keytab_that_is_newer_blames_the_clients_ticket() -> None:
    found = judged(case(replace(CLIENT, kvno=2, long_term=krb.service_key(kvno=2)).token(), krb.ring()))["KRB005"]
    assert "klist purge" in found.advice
    older = judged(case(replace(CLIENT, kvno=4, long_term=krb.service_key(kvno=4)).token(), krb.ring()))["KRB005"]
    assert "make the keytab anew" in older.advice


def test_a_version_in_eight_bits_is_the_version() -> None:
    token = replace(CLIENT, kvno=256 + krb.KVNO)
    assert not judged(case(token.token(), krb.ring()))
    wrong = judged(case(replace(token, long_term=krb.key("another")).token(), krb.ring()))
    assert {code: one.severity for code, one in wrong.items()} == {"KRB006": ERROR}
    assert "older than" not in wrong["KRB006"].detail
    of_host = replace(token, long_term=krb.service_key(components=krb.HOST)).token()
    both = krb.ring((krb.WEB, krb.AES256, krb.KVNO), (krb.HOST, krb.AES256, krb.KVNO))
    assert {code: one.severity for code, one in judged(case(of_host, both)).items()} == {"KRB006": WARNING}
    web = salted((b"LAB.EXAMPLEHTTPweb.lab.example", PASSWORD.encode()))
    svc = salted((b"LAB.EXAMPLEsvc-web", PASSWORD.encode()), names=(b"svc-web",))
    right = PasswordKeys(PASSWORD, b"LAB.EXAMPLEsvc-web").key(18)
    found = judged(case(replace(token, long_term=right).token(), ring_of(*web, *svc)))
    assert {code: one.severity for code, one in found.items()} == {"KRB008": WARNING}
    other = judged(case(replace(token, kvno=256 + krb.KVNO + 1).token(), krb.ring((krb.WEB, krb.AES256, krb.KVNO))))
    assert set(other) == {"KRB005"}


def test_a_type_that_is_not_spoken_is_told() -> None:
    assert "KRB007" in judged(case(replace(CLIENT, etype=3).token(), krb.ring()))


def test_the_clients_own_password_is_not_blamed_for_the_services_ticket() -> None:
    ring = KeyRing()
    ring.accounts.append(Account(krb.REALM, ("alice",), (PasswordKeys(PASSWORD, b"LAB.EXAMPLEalice"),), "the password"))
    assert not judged(case(CLIENT.token(), ring))
    assert advice_on(CLIENT.token(), ring).before.startswith("there is a password for alice@LAB.EXAMPLE and not")


def test_a_password_is_that_of_the_principal_in_whatever_case_its_name_is() -> None:
    ring, web = KeyRing(), PasswordKeys(PASSWORD, b"LAB.EXAMPLEsvc-web")
    ring.accounts.append(Account("lab.example", ("http", "WEB.lab.example"), (web,), "the password"))
    assert ring.account(krb.REALM, krb.WEB) is ring.accounts[0]
    assert ring.account(krb.REALM, krb.HOST) is None
    assert same_name(ring.accounts[0], Account(krb.REALM, krb.WEB, (), ""))
    assert set(judged(case(CLIENT.token(), ring))) == {"KRB006"}


def test_the_kdcs_services_are_none_for_a_keytab() -> None:
    assert not judged(case(replace(CLIENT, service=("kadmin", "changepw"), long_term=krb.KDC_KEY).token(), krb.ring()))


def test_a_ticket_cut_short_proves_nothing_of_the_key() -> None:
    whole = CLIENT.token()
    wrong = krb.ring((krb.HOST, krb.AES256, krb.KVNO))
    for size in range(0, len(whole), 3):
        found = judged(case(whole[:size], wrong))
        assert "KRB006" not in found
        assert advise_on(case(whole[:size], wrong)) is None or size > 60
    half = advise_on(case(whole[:200], wrong))
    assert half is not None
    assert half.rows[0].near == "service-class"


def salted(*keys: tuple[bytes, bytes], names: tuple[bytes, ...] = (b"HTTP", b"web.lab.example")) -> list[bytes]:
    """Entries of a keytab from (salt, ...) pairs: the AES key of that salt, and the RC4 key of that password."""
    records = []
    for salt, password in keys:
        made = PasswordKeys(password.decode(), salt)
        for key in (made.key(18), made.key(23)):
            records.append(entry(list(names), krb.REALM.encode(), etype=key.etype, key=key.value, kvno=krb.KVNO))
    return records


def ring_of(*records: bytes) -> KeyRing:
    ring = KeyRing()
    ring.add_keytab(read_keytab(keytab(*records)), "web.keytab")
    return ring


def test_a_wrong_salt_is_proven_by_the_entry_that_opens_the_ticket() -> None:
    right = PasswordKeys(PASSWORD, b"LAB.EXAMPLEsvc-web").key(18)
    token = replace(CLIENT, long_term=right).token()
    web = salted((b"LAB.EXAMPLEHTTPweb.lab.example", PASSWORD.encode()))
    svc = salted((b"LAB.EXAMPLEsvc-web", PASSWORD.encode()), names=(b"svc-web",))
    found = judged(case(token, ring_of(*web, *svc)))
    assert {code: one.severity for code, one in found.items()} == {"KRB008": WARNING}
    assert "svc-web@LAB.EXAMPLE" in found["KRB008"].detail
    other = salted((b"LAB.EXAMPLEHTTPweb.lab.example", b"Another-Passw0rd1"))
    assert set(judged(case(token, ring_of(*other, *svc)))) == {"KRB006"}


def test_a_wrong_salt_is_proven_by_an_rc4_ticket_that_the_same_entry_opened() -> None:
    ring = ring_of(*salted((b"LAB.EXAMPLEHTTPweb.lab.example", PASSWORD.encode())))
    before = case(replace(CLIENT, long_term=PasswordKeys(PASSWORD, b"").key(23)).token(), ring)
    assert before.reports[0].opened
    aes = replace(CLIENT, long_term=PasswordKeys(PASSWORD, b"LAB.EXAMPLEsvc-web").key(18)).token()
    assert set(judged(case(aes, ring, (before,)))) == {"KRB008"}
    assert set(judged(case(aes, ring))) == {"KRB006"}
    again = case(aes, ring)
    again.earlier = [[before]]
    assert set(judged(again)) == {"KRB008"}


def test_no_key_at_all_is_told_and_no_keytab_is_not() -> None:
    assert set(judged(case(CLIENT.token(), KeyRing()))) == {"KRB023"}
    assert not judged(case(CLIENT.token()))
    with_tgt = KeyRing()
    with_tgt.tgt, with_tgt.tgt_key = krb.tgt(), krb.TGT_KEY
    assert not judged(case(CLIENT.token(), with_tgt))


# The advice on a keytab


def test_the_advice_is_given_before_and_after() -> None:
    advice = advice_on(CLIENT.init(), krb.ring())
    assert advice.before == (
        "the keytab has HTTP/web.lab.example@LAB.EXAMPLE kvno 3 aes256-cts-hmac-sha1-96: it should open the ticket"
    )
    assert advice.after == "opened with HTTP/web.lab.example@LAB.EXAMPLE kvno 3 of web.keytab"
    assert (advice.fits, advice.opened) == (True, True)
    document = advice.as_json()
    assert {name: row["match"] for name, row in document["checks"].items()} == dict.fromkeys(
        ("name", "realm", "kvno", "enctype"), "yes"
    )
    wrong = advice_on(replace(CLIENT, long_term=krb.key("another")).token(), krb.ring())
    assert (wrong.fits, wrong.opened) == (True, False)
    assert "although name, version and type fit" in wrong.after


@pytest.mark.parametrize(
    ("components", "realm", "near"),
    [
        (("cifs", "web.lab.example"), krb.REALM, "service-class"),
        (krb.WEB, "OTHER.EXAMPLE", "realm"),
        (("HTTP", "web"), krb.REALM, "short-name"),
        (("HTTP", "www.lab.example"), krb.REALM, ""),
    ],
)
def test_near_misses_are_named(components: tuple[str, ...], realm: str, near: str) -> None:
    advice = advice_on(CLIENT.token(), krb.ring((components, krb.AES256, krb.KVNO), realm=realm))
    name = advice.rows[0]
    assert (name.match, name.near) == ("near" if near else "no", near)
    assert advice.fits is False
    assert "/".join(components) in advice.before


def test_versions_and_types_are_told_with_what_is_there() -> None:
    version = advice_on(replace(CLIENT, kvno=7).token(), krb.ring((krb.WEB, krb.AES256, 2), (krb.WEB, krb.AES256, 3)))
    assert (version.rows[2].match, version.rows[2].have) == ("no", ("2", "3"))
    assert version.opened  # the number alone is wrong
    types = advice_on(CLIENT.token(), krb.ring((krb.WEB, krb.RC4, krb.KVNO)))
    assert (types.rows[3].match, types.rows[3].have, types.fits) == ("no", ("rc4-hmac",), False)
    short = advice_on(replace(CLIENT, kvno=259).token(), krb.ring((krb.WEB, krb.AES256, 3)))
    assert short.rows[2].match == "yes"  # the last byte of it
    unsaid = advice_on(replace(CLIENT, kvno=None).token(), krb.ring())
    assert (unsaid.rows[2].match, unsaid.fits) == ("unknown", True)


def test_a_ticket_by_itself_has_advice_and_one_for_the_kdc_has_none() -> None:
    assert advice_on(CLIENT.ticket(), krb.ring()).opened
    request = (ROOT / "samples" / "kdc-tgs-req.bin").read_bytes()
    assert advise_on(case(request, krb.ring())) is None
    assert advise_on(case(CLIENT.token())) is None


# Everything


def test_every_page_has_its_parts() -> None:
    for rule in RULES:
        page = rule.page
        assert {"", "What", "Shows", "Do", "See"} <= set(page), rule.code
        assert set(page) & {"Client", "Server", "KDC"}, rule.code
        assert ". " not in page["Do"], rule.code


def test_no_truncation_and_no_change_of_a_byte_raises_anything_but_findings() -> None:
    tokens = [CLIENT.token(), CLIENT.ap_req(), error(37, said="x", data=krb.tgt_rep()), CLIENT.ticket()]
    ring, target = krb.ring(), parse_target("HTTP/other.lab.example")
    for token in tokens:
        for at in range(0, len(token), 2):
            changed = bytearray(token)
            changed[at] ^= 0xA5
            for data in (token[:at], bytes(changed)):
                one = case(data, ring, target=target, now=krb.NOW)
                judged(one)
                advise_on(one)


@pytest.mark.skipif(not LAB.is_dir(), reason="the shared lab is not beside the checkout")
def test_a_good_handshake_of_the_lab_raises_no_error() -> None:
    for line in (LAB / "cases.jsonl").read_text().splitlines():
        known = json.loads(line)
        good = known["expect"]["status"] == ["SEC_E_OK"]
        for leg in known["legs"]:
            ring = KeyRing()
            if known.get("keytab"):
                ring.add_keytab(read_keytab((LAB / known["keytab"]).read_bytes()), known["keytab"])
            found = judged(case((LAB / leg["file"]).read_bytes(), ring if ring else None))
            assert not good or all(one.severity != ERROR for one in found.values()), (leg["file"], found)
