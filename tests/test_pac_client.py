"""Whose a PAC is: its name and time are held to the ticket's (MS-PAC 2.7), in decode as in accept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from builders import kerberos as krb

from secctx.decoders import decode
from secctx.keys.pac_client import misfit
from secctx.keys.unlock import unlock

SINCE = datetime(2026, 11, 22, 7, 25, 1, tzinfo=UTC)
TIME = krb.filetime(SINCE)
NAME = "ticket.enc-part.authorization-data[0].ad-data[0].ad-data.PAC_CLIENT_INFO.Name"


@pytest.mark.parametrize(
    ("name", "cname"),
    [
        ("alice", "alice"),
        ("Alice", "aLICE"),
        ("alice@LAB.EXAMPLE", "alice"),
        ("alice@lab.example", "alice\\@lab.example"),
        ("WEB$", "web$"),
        ("HTTP/web", "HTTP/web"),
    ],
)
def test_a_name_fits_with_and_without_realm_capitals_and_escapes(name: str, cname: str) -> None:
    assert misfit(name, TIME, cname, "LAB.EXAMPLE", SINCE) == ""


@pytest.mark.parametrize("ticks", [0, 1, 9_999_999])
def test_parts_of_a_second_do_not_count(ticks: int) -> None:
    assert misfit("alice", TIME + ticks, "alice", "LAB.EXAMPLE", SINCE) == ""


@pytest.mark.parametrize(
    ("name", "time", "words"),
    [
        ("mallory", TIME, "the PAC is mallory's, and the ticket alice@LAB.EXAMPLE's"),
        ("alice@ELSEWHERE.TEST", TIME, "the PAC is alice@ELSEWHERE.TEST's"),
        ("", TIME, "the PAC is 's"),
        (
            "alice",
            TIME + 10_000_000,
            "its time is 2026-11-22 07:25:02 UTC, and the ticket's authtime 2026-11-22 07:25:01",
        ),
        ("alice", TIME - 1, "its time is 2026-11-22 07:25:00 UTC"),
        ("alice", 0, "its time is 1601-01-01 00:00:00 UTC"),
        ("alice", 2**64 - 1, "behind the end of the calendar"),
    ],
)
def test_another_name_or_time_is_told_with_both(name: str, time: int, words: str) -> None:
    assert words in misfit(name, time, "alice", "LAB.EXAMPLE", SINCE)


def test_decode_says_whose_a_pac_is_where_it_is_not_the_tickets_though_its_signature_verifies() -> None:
    pac = krb.signed_pac(krb.LONG_TERM, *krb.ALICE_PAC)
    for name, said in (("alice", None), ("mallory", "the PAC is alice's, and the ticket mallory@LAB.EXAMPLE's")):
        token = krb.Client(name=(name,), pac=pac).ap_req()
        done = unlock(decode(token), krb.ring((krb.WEB, 18, krb.KVNO)))
        reports = {one.path: one for one in done.reports}
        told = reports.get(NAME)
        assert (told and told.reason) == said
        assert reports[NAME.replace("PAC_CLIENT_INFO.Name", "ServerSignature.Signature")].opened
