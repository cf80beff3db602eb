"""The clock of handshakes from a capture: without `--at` and packet times a good logon is good whenever it was made."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from builders.cli import Ran, run

from secctx.acceptor.captured import error_code, message_in, time_of_error
from secctx.carriers.jsonlines import SCHEMA
from secctx.decoders import decode

DATA = Path(__file__).parent / "data" / "kerberos"
LAB = DATA / "lab"
RECORDED: dict[str, Any] = json.loads((DATA / "recorded.json").read_text(encoding="utf-8"))
ACCEPTED = [pytest.param(case, id=case["case"]) for case in RECORDED["accepted"]]
#: A replay needs the cache: without one it is a good logon.
REFUSED = [pytest.param(case, id=case["case"]) for case in RECORDED["refused"] if "replay" not in case["case"]]
OWN = "judged at the authenticator's own time, so the clocks are not compared"
SERVERS = "no packet time: judged at the time in the server's KRB-ERROR"


@dataclass
class Said:
    """What a run said: the document, and all its notes."""

    value: Any
    ran: Ran

    @property
    def notes(self) -> list[str]:
        return [note for leg in self.value["legs"] for note in leg["notes"]]

    @property
    def status(self) -> str:
        return str(self.value["status"]["name"])

    def reason(self, leg: int = 0) -> Any:
        return self.value["legs"][leg]["reason"]


def accept(*arguments: str | Path, stdin: bytes = b"") -> Said:
    ran = run("accept", "--json", *arguments, stdin=stdin)
    return Said(json.loads(ran.out), ran)


def private(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def options(case: dict[str, Any], tmp_path: Path) -> list[str | Path]:
    """The keys and bindings of a recorded case, with its tokens as files, and no clock."""
    keytab = private(tmp_path / "k.keytab", base64.b64decode(RECORDED["keytabs"][case["keytab"]]))
    given: list[str | Path] = ["--keytab", keytab]
    if case.get("bindings"):
        given += ["--bindings", f"data:{case['bindings']}"]
    for number, (_, token) in enumerate(case["legs"]):
        given.append(tmp_path / f"leg{number}.bin")
        (tmp_path / f"leg{number}.bin").write_bytes(base64.b64decode(token))
    return given


@pytest.fixture
def web(tmp_path: Path) -> Path:
    return private(tmp_path / "web.keytab", (LAB / "mit-http-web.keytab").read_bytes())


def lab(case: str) -> list[Path]:
    return sorted(LAB.glob(f"{case}-*.leg?.bin"))


def lines(tokens: list[Path], **more: list[str]) -> bytes:
    """Tokens as JSON lines, with packet times where they are given."""
    found = []
    for position, path in enumerate(tokens):
        line = {"schema": SCHEMA, "token": base64.b64encode(path.read_bytes()).decode()}
        found.append(line | {name: values[position] for name, values in more.items() if values[position]})
    return "\n".join(map(json.dumps, found)).encode()


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_good_logon_of_the_past_is_good(case: dict[str, Any], tmp_path: Path) -> None:
    said = accept("--captured", *options(case, tmp_path))
    assert (said.status, said.ran.code) == ("SEC_E_OK", 0)
    assert [note for note in said.notes if OWN in note] == [f"no packet time: {OWN}"]
    assert not any(leg["answer"]["differences"] and "KRB-ERROR" in str(leg["answer"]) for leg in said.value["legs"])


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_logon_of_the_past_is_refused_for_its_own_reason(case: dict[str, Any], tmp_path: Path) -> None:
    said = accept("--captured", *options(case, tmp_path))
    assert (said.status, said.reason()["kind"]) == (case["status"], case["kind"])


@pytest.mark.parametrize("case", ["105", "113"])
def test_a_real_skew_is_measured_by_the_servers_clock(case: str, web: Path, tmp_path: Path) -> None:
    if case == "105":
        [recorded] = [one for one in RECORDED["refused"] if one["case"].startswith("105-")]
        said = accept("--captured", *options(recorded, tmp_path))
    else:
        said = accept("--captured", "--keytab", web, *lab(case))
    assert said.status == "SEC_E_TIME_SKEW"
    assert said.reason()["text"].startswith("the clocks differ by 1 h:")
    assert said.notes == [SERVERS]
    assert said.ran.err == ""


@pytest.mark.parametrize("case", ["107", "115"])
def test_an_expired_ticket_is_told_of_beside_the_skew_that_windows_sees_first(case: str, web: Path) -> None:
    said = accept("--captured", "--keytab", web, *lab(case))
    assert said.status == "SEC_E_TIME_SKEW"
    assert said.reason()["text"].startswith("the clocks differ by 2 h:")
    [clock, servers] = said.notes
    assert clock == SERVERS
    assert servers.startswith(
        "the captured server's reason is what --order mit comes to first: the ticket ended at 2026-"
    )


@pytest.mark.parametrize("case", ["107", "115"])
def test_in_mits_order_an_expired_ticket_is_the_reason(case: str, web: Path) -> None:
    said = accept("--captured", "--keytab", web, "--order", "mit", *lab(case))
    assert (said.status, said.reason()["kind"]) == ("SEC_E_CONTEXT_EXPIRED", "ticket-expired")
    assert said.notes == [SERVERS]


def test_looking_for_the_servers_reason_leaves_no_mark_in_the_replay_cache(web: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for _ in range(2):
        said = accept("--captured", "--keytab", web, "--replay-cache", cache, *lab("107"))
        assert (said.status, said.reason()["kind"]) == ("SEC_E_TIME_SKEW", "clock-skew")
    assert len(said.notes) == 2


def test_a_packets_time_and_at_go_before_what_the_tokens_tell(web: Path, tmp_path: Path) -> None:
    tokens = lab("107")
    timed = lines(tokens, time=["2026-11-22T08:28:04Z", "2026-11-22T08:28:04Z"])
    said = accept("--captured", "--keytab", web, "-", stdin=timed)
    assert said.status == "SEC_E_OK"
    assert not [note for note in said.notes if "judged at" in note]
    said = accept("--captured", "--keytab", web, "--at", "2026-11-22T08:58:03Z", "-", stdin=timed)
    assert said.reason()["text"].startswith("the clocks differ by 29 min")
    said = accept("--captured", "--keytab", web, "-", stdin=lines(tokens))
    assert said.reason()["text"].startswith("the clocks differ by 2 h:")


def test_at_token_is_the_authenticators_time_captured_or_not(web: Path) -> None:
    tokens = lab("107")
    for given in (["--captured", *tokens], [tokens[0]]):
        said = accept("--keytab", web, "--at", "token", *given)
        assert (said.status, said.notes[-1], said.ran.err) == ("SEC_E_OK", f"--at token: {OWN}", "")


def test_at_token_says_why_there_is_no_time(web: Path, tmp_path: Path) -> None:
    wrong = private(tmp_path / "wrong.keytab", (LAB / "mit-http-other.keytab").read_bytes())
    closed = accept("--keytab", wrong, "--at", "token", lab("107")[0])
    assert "this token's time is in its authenticator, which does not open; the clock is that of" in closed.ran.err
    assert closed.status == "SEC_E_LOGON_DENIED"
    keyless = accept("--at", "token", lab("107")[0])
    assert "this token's time is in its authenticator, and no key is given; the clock" in keyless.ran.err
    timeless = accept("--keytab", web, "--at", "token", "a1073005a0030a0102")
    assert "this token bears no time; the clock" in timeless.ran.err


def test_a_skew_of_now_says_how_a_token_from_a_log_is_judged(web: Path) -> None:
    token = lab("107")[0]
    late = run("accept", "--keytab", web, token)
    said = " ".join(late.out.split())
    assert "next a live client: set the clocks right (secctx explain SEC_E_TIME_SKEW); " in said
    [time] = [line.split("--at ")[1] for line in late.out.splitlines() if "--at " in line]
    assert time == "2026-11-22T08:28:03Z"
    assert accept("--keytab", web, "--at", time, token).status == "SEC_E_OK"
    hidden = run("accept", "--keytab", web, "--redact", token)
    assert hidden.out.rstrip().endswith("--at token")


def test_legs_behind_a_refusal_that_the_server_did_not_share_are_not_looked_at(tmp_path: Path) -> None:
    [case] = [one for one in RECORDED["accepted"] if one["case"].startswith("22-")]
    said = accept("--captured", "--at", "2026-11-22T12:00Z", *options(case, tmp_path))
    assert (said.status, len(said.value["legs"])) == ("SEC_E_TIME_SKEW", 1)
    assert "the legs behind the refused one were not looked at" in said.ran.err


def test_a_spnego_token_in_fragments_is_judged_at_its_own_time(web: Path, tmp_path: Path) -> None:
    whole = lab("115")[0].read_bytes()
    (tmp_path / "one").write_bytes(whole[:300])
    (tmp_path / "two").write_bytes(whole[300:])
    said = accept("--keytab", web, "--at", "token", "--req", "FRAGMENT_SUPPLIED", tmp_path / "one", tmp_path / "two")
    assert said.status == "SEC_E_OK"
    assert f"--at token: {OWN}" in said.notes


def test_the_time_of_a_refusal_stands_in_its_krb_error_bare_or_in_spnego() -> None:
    for case, number in (("107", 32), ("113", 37), ("115", 32)):
        request, answer = (decode(path.read_bytes()) for path in lab(case))
        assert error_code(answer) == number
        stood = time_of_error(answer)
        assert stood is not None
        assert f"{stood:%Y-%m-%dT%H}" in ("2026-11-22T10", "2026-11-22T09")
        assert stood.microsecond
        assert (error_code(request), time_of_error(request)) == (None, None)
        assert message_in(request, "AP-REQ") is not None
