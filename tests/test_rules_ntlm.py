"""The rules on NTLM: what each says of which message, where it points, and when it is silent."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders.ntlm import (
    AV_FLAGS,
    BINDINGS,
    DISABLED,
    ESS,
    KEY_128,
    KEY_EXCH,
    NOW,
    OEM,
    PLAIN,
    SIGN,
    TIME,
    UNICODE,
    USERS,
    WANTED,
    Client,
    Host,
    negotiate,
)

from secctx.acceptor import flags as asc
from secctx.decoders import decode
from secctx.keys.bindings import bind_data, parse_bindings
from secctx.rules.case import Carried, Case, Given
from secctx.rules.finding import ERROR, NOTE, PARTS, WARNING, Finding
from secctx.rules.index import rules_in
from secctx.rules.judge import judge
from secctx.rules.target import parse_target

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data" / "codes"
ALICE = Client()
NOBODY = Client(kind="anonymous", user="", domain="")

Legs = list[bytes]


def legs_of(client: Client, users: str | None = USERS, **server: str) -> Legs:
    """NEGOTIATE, CHALLENGE and AUTHENTICATE of one logon."""
    challenge = Host(users, **server).challenge(client).output or b""
    return [client.negotiate, challenge, client.answer(challenge).data]


def filetime(moment: datetime) -> bytes:
    return int((moment.timestamp() + 11_644_473_600) * 10**7).to_bytes(8, "little")


def replaced(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def outside() -> Legs:
    """UserName begins 4,096 bytes behind the message's beginning."""
    first, challenge, last = legs_of(ALICE)
    return [first, challenge, replaced(last, 40, (4096).to_bytes(4, "little"))]


def altered_response() -> Legs:
    """A right LMv2 response beside an NTLMv2 response of which one byte was changed."""
    client = ALICE.but(lm_too=True)
    first, challenge, _ = legs_of(client)
    answer = client.answer(challenge)
    at = answer.at("NtChallengeResponse")[0]
    return [first, challenge, replaced(answer.data, at, bytes([answer.data[at] ^ 1]))]


def without_flag(client: Client, flag: int) -> Legs:
    """The flag is agreed on in the first two legs, and the third has it no more."""
    first, challenge, _ = legs_of(client)
    bits = int.from_bytes(challenge[20:24], "little") & ~flag
    return [first, challenge, client.but(flags=bits).answer(challenge).data]


#: What the files tests/data/codes/ntlm-*.b64 hold, and how it is made; rows of tests/codes/ntl.toml use them.
MADE: dict[str, Callable[[], Legs]] = {
    "good": lambda: legs_of(ALICE.but(target="HTTP/fs01.lab.example")),
    "no-128": lambda: [negotiate(WANTED & ~KEY_128)],
    "signing-dropped": lambda: without_flag(ALICE, SIGN),
    "mic-cut-out": lambda: legs_of(ALICE.but(mic=False, promise=True)),
    "bindings-zero": lambda: legs_of(ALICE.but(bindings=bytes(16))),
    "bindings": lambda: legs_of(ALICE.but(bindings=bytes.fromhex("11" * 16))),
    "two-domains": lambda: legs_of(ALICE.but(user="LAB\\alice")),
    "one-byte-names": lambda: [*legs_of(ALICE)[:2], one_byte_names()],
    "no-charset": lambda: [negotiate(WANTED & ~(UNICODE | OEM))],
    "machine": lambda: legs_of(ALICE.but(user="ws01$", password="Machine-Pw-3")),
    "old-clock": lambda: legs_of(ALICE.but(time=filetime(NOW - timedelta(days=3)))),
    "outside": outside,
    "no-session-key": lambda: legs_of(ALICE.but(encrypted_key=b"")),
    "unknown-user": lambda: legs_of(ALICE.but(user="mallory")),
    "unknown-domain": lambda: legs_of(ALICE.but(domain="ELSEWHERE")),
    "disabled": lambda: legs_of(ALICE.but(user="carol", password="Carol-Pass-4"), DISABLED),
    "altered-response": altered_response,
    "pair-repeated": lambda: legs_of(ALICE.but(extra=((AV_FLAGS, bytes(4)),))),
    "other-spelling": lambda: legs_of(ALICE.but(hashed_domain="lab")),
}
FILES = {f"ntlm-{name}.b64": made for name, made in MADE.items()}


def one_byte_names() -> bytes:
    """An answer whose flags say Unicode and whose names are written in ASCII."""
    _, challenge, _ = legs_of(ALICE)
    bits = int.from_bytes(challenge[20:24], "little")
    data = ALICE.but(flags=bits & ~UNICODE | OEM, mic=False).answer(challenge).data
    return replaced(data, 60, bits.to_bytes(4, "little"))


def written(made: Legs) -> bytes:
    return b"".join(base64.b64encode(leg) + b"\n" for leg in made)


def cases(made: Legs, given: Given | None = None, carrier: str = "") -> list[Case]:
    legs = [Case(decode(leg), given or Given(), Carried(carrier=carrier)) for leg in made]
    for position, leg in enumerate(legs):
        leg.legs, leg.position = legs, position
    return legs


def said(made: Legs, code: str, given: Given | None = None, carrier: str = "") -> list[Finding]:
    """What the rule of that code says of the last leg, whatever explains it away."""
    last = cases(made, given, carrier)[-1]
    return [finding for rule in rules_in("NTL") if rule.code == code for finding in rule.judge(last)]


def severities(made: Legs, code: str, given: Given | None = None, carrier: str = "") -> list[str]:
    return [finding.severity for finding in said(made, code, given, carrier)]


@pytest.mark.parametrize("name", FILES)
def test_the_files_hold_what_the_builders_make(name: str) -> None:
    assert (DATA / name).read_bytes() == written(FILES[name]())


def test_every_page_has_its_parts_and_every_name_its_code() -> None:
    rules = list(rules_in("NTL"))
    assert sorted(rule.code for rule in rules) == [f"NTL{number:03}" for number in range(1, 27)]
    assert len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        page = rule.page
        assert {"What", "Shows", "Do", "See"} <= set(page), rule.code
        assert {"Client", "Server", "KDC"} & set(page), rule.code
        assert not any(part in text for part in (f"\n{name}:" for name in PARTS) for text in page.values())
        assert page["Do"].count(". ") == 0, f"{rule.code}: what to do is one sentence"


def test_a_good_logon_raises_no_more_than_notes() -> None:
    for case in cases(MADE["good"]()):
        found = [finding for rule in rules_in("NTL") for finding in rule.judge(case)]
        assert {finding.severity for finding in found} <= {NOTE}


def test_each_old_kind_of_response_is_named() -> None:
    kinds = {"NTLM": "NTLMv1", "NTLM2 session": "NTLM2 session", "LM": "LM, or LMv2", "LMv2": "LM, or LMv2"}
    for kind, named in kinds.items():
        wanted = WANTED if kind == "NTLM2 session" else WANTED & ~ESS
        (finding,) = said(legs_of(ALICE.but(kind=kind, wanted=wanted, mic=False)), "NTL001")
        assert named in finding.detail
        assert finding.severity == WARNING
    assert not said(legs_of(ALICE), "NTL001")
    assert not said(legs_of(NOBODY), "NTL001")


def test_weak_keys_are_told_where_somebody_signs() -> None:
    assert severities([negotiate(WANTED & ~KEY_128)], "NTL002") == [WARNING]
    assert severities([negotiate(PLAIN & ~KEY_128)], "NTL002") == []
    assert severities(legs_of(ALICE.but(wanted=WANTED & ~ESS)), "NTL002") == [WARNING]
    assert severities(legs_of(ALICE.but(wanted=PLAIN & ~ESS)), "NTL002") == [NOTE]


def test_protection_is_dropped_only_where_both_earlier_legs_agreed_on_it() -> None:
    (finding,) = said(without_flag(ALICE, SIGN), "NTL002")
    assert "NTLMSSP_NEGOTIATE_SIGN" in finding.detail
    assert finding.path == "NegotiateFlags"
    first, challenge, last = without_flag(ALICE, SIGN)
    assert not said([challenge, last], "NTL002")
    assert not said([negotiate(PLAIN), challenge, last], "NTL002")
    assert first != negotiate(PLAIN)
    assert not said(without_flag(NOBODY, SIGN), "NTL002")


def test_a_missing_mic_is_graver_where_it_was_promised() -> None:
    assert severities(legs_of(ALICE.but(mic=False)), "NTL003") == [WARNING]
    (finding,) = said(MADE["mic-cut-out"](), "NTL003")
    assert finding.severity == ERROR
    assert "AvPairs" in finding.path
    zero = legs_of(ALICE)
    assert severities([*zero[:2], replaced(zero[2], 72, bytes(16))], "NTL003") == [ERROR]
    assert severities(legs_of(ALICE.but(promise=False)), "NTL003") == [NOTE]
    assert severities(legs_of(ALICE.but(kind="NTLM", wanted=WANTED & ~ESS)), "NTL003") == []


def test_missing_bindings_are_an_error_only_where_they_are_demanded() -> None:
    ours = Given(bindings=bind_data(b"x"))
    assert severities(legs_of(ALICE), "NTL004") == [NOTE]
    assert severities(legs_of(ALICE), "NTL004", ours) == [WARNING]
    assert severities(legs_of(ALICE.but(kind="NTLM2 session")), "NTL004", ours) == [WARNING]
    demanded = Given(bindings=bind_data(b"x"), asked=0)
    assert severities(legs_of(ALICE), "NTL004", demanded) == [ERROR]
    assert severities(legs_of(ALICE.but(kind="NTLM2 session")), "NTL004") == []
    accept = Given(bindings=bind_data(b"x"), asked=asc.ASC_REQ_ALLOW_MISSING_BINDINGS)
    assert severities(legs_of(ALICE), "NTL004", accept) == [NOTE]
    assert severities(legs_of(ALICE), "NTL004", carrier="SMB2 SESSION_SETUP") == []
    assert severities(legs_of(ALICE.but(target="cifs/fs01")), "NTL004") == []
    assert severities(MADE["bindings"](), "NTL004", ours) == []


def test_zero_bindings_are_usual_without_tls_and_refused_with_bindings() -> None:
    assert severities(MADE["bindings-zero"](), "NTL005") == [WARNING]
    assert severities(MADE["bindings-zero"](), "NTL005", Given(bindings=bind_data(b"x"))) == [ERROR]
    assert severities(legs_of(ALICE.but(bindings=bytes(16), target="cifs/fs01")), "NTL005") == [NOTE]
    assert severities(MADE["bindings"](), "NTL005") == []


def test_other_bindings_say_with_which_digest_the_certificate_was_hashed() -> None:
    right, wrong = (bind_data(b"tls-server-end-point:" + bytes([7]) * size, "cert") for size in (48, 32))
    client = ALICE.but(bindings=wrong.hash16)
    (finding,) = said(legs_of(client), "NTL006", Given(bindings=right, other_bindings=(wrong,)))
    assert "SHA-256" in finding.detail
    assert "SHA-256" in finding.advice
    (finding,) = said(legs_of(client), "NTL006", Given(bindings=right))
    assert "hashed" not in finding.detail
    assert finding.advice == finding.rule.advice
    assert not said(legs_of(client), "NTL006", Given(bindings=wrong))
    assert not said(legs_of(client), "NTL006")


def test_a_refusal_for_bindings_keeps_the_advice_about_the_digest() -> None:
    right, wrong = (bind_data(b"tls-server-end-point:" + bytes([7]) * size, "cert") for size in (48, 32))
    host, client = Host(), ALICE.but(bindings=wrong.hash16)
    made = [client.negotiate, host.challenge(client, bindings=right).output or b""]
    made.append(client.answer(made[1]).data)
    last = cases(made, Given(bindings=right, other_bindings=(wrong,)))[-1]
    last.step = host.step(made[2], bindings=right)
    found = [finding for finding in judge(last) if finding.rule.code == "NTL006"]
    assert [finding.detail for finding in found] == [last.step.refusal.text if last.step.refusal else ""]
    assert "SHA-256" in found[0].advice


@pytest.mark.parametrize(
    ("named", "wanted", "fits"),
    [
        ("HTTP/web.lab.example", "https://web.lab.example:8443/x", True),
        ("http/WEB.lab.example.", "https://web.lab.example/", True),
        ("HTTP/web", "web.lab.example", True),
        ("host/web.lab.example", "https://web.lab.example", True),
        ("cifs/web.lab.example", "https://web.lab.example", False),
        ("HTTP/other.lab.example", "https://web.lab.example", False),
        ("HTTP/10.0.0.1", "https://web.lab.example", False),
        ("MSSQLSvc/db.lab.example:1433", "MSSQLSvc/db.lab.example:1433", True),
    ],
)
def test_a_target_name_is_held_against_the_target(named: str, wanted: str, fits: bool) -> None:
    given = Given(target=parse_target(wanted))
    found = severities(legs_of(ALICE.but(target=named)), "NTL007", given)
    assert found == ([] if fits else [WARNING])


def test_an_absent_or_untrusted_target_name_is_a_note() -> None:
    given = Given(target=parse_target("https://web.lab.example"))
    assert severities(legs_of(ALICE), "NTL007", given) == [NOTE]
    assert severities(legs_of(ALICE), "NTL007") == []
    untrusted = legs_of(ALICE.but(target="HTTP/web.lab.example", av_flags=4))
    assert severities(untrusted, "NTL007", given) == [NOTE]


def test_an_anonymous_logon_is_told_and_a_cut_one_is_not() -> None:
    made = legs_of(NOBODY)
    assert severities(made, "NTL008") == [NOTE]
    assert severities([made[2][:50]], "NTL008") == []
    bits = int.from_bytes(made[2][60:64], "little")
    local = replaced(made[2], 60, (bits | 0x4000).to_bytes(4, "little"))
    assert severities([local], "NTL008") == []
    assert "a local call" in said([local], "NTL010")[0].detail


@pytest.mark.parametrize(
    ("user", "domain", "severity"),
    [
        ("alice", "LAB", None),
        ("alice", "", None),
        ("alice@lab.example", "", NOTE),
        ("alice@lab.example", "LAB", WARNING),
        ("LAB\\alice", "", WARNING),
        ("LAB/alice", "LAB", WARNING),
        ("alice ", "LAB", WARNING),
        ("alice", " LAB", WARNING),
    ],
)
def test_names_are_held_to_their_spelling(user: str, domain: str, severity: str | None) -> None:
    found = severities(legs_of(ALICE.but(user=user, domain=domain)), "NTL009")
    assert found == ([] if severity is None else [severity])


def test_a_loopback_warns_where_windows_is_called_by_an_alias() -> None:
    alone = ALICE.but(workstation="fs01", target="HTTP/FS01.lab.example")
    assert severities(legs_of(alone), "NTL010") == [NOTE]
    assert severities(legs_of(alone.but(workstation="WS01")), "NTL010") == []
    alias = legs_of(alone.but(target="HTTP/intranet"))
    (finding,) = said(alias, "NTL010")
    assert "intranet" in finding.detail
    assert "BackConnectionHostNames" in finding.advice
    windows = replaced(alias[1], 48, bytes.fromhex("0a007c4f0000000f"))
    assert severities([alias[0], windows, alias[2]], "NTL010") == [WARNING]
    assert severities(legs_of(alone.but(target="HTTP/127.0.0.1")), "NTL010") == [NOTE]


def test_names_that_contradict_the_unicode_flag_are_seen_in_both_directions() -> None:
    assert severities(MADE["one-byte-names"](), "NTL011") == [ERROR]
    good = legs_of(ALICE)
    bits = int.from_bytes(good[2][60:64], "little") & ~UNICODE | OEM
    assert severities([*good[:2], replaced(good[2], 60, bits.to_bytes(4, "little"))], "NTL011") == [ERROR]
    assert severities([negotiate(WANTED & ~(UNICODE | OEM))], "NTL011") == [ERROR]


def test_chinese_names_and_cut_names_do_not_contradict_the_flag() -> None:
    # Each letter's two bytes are printable ASCII: 李 is 4E 67.
    assert not said(legs_of(ALICE.but(user="\u4e67\u6e41\u5434\u6731", domain="LAB")), "NTL011")
    data = legs_of(ALICE)[2]
    for cut in range(len(data)):
        assert not said([data[:cut]], "NTL011")


def test_an_answer_to_another_challenge_is_told_by_what_it_brings_back() -> None:
    first, challenge, last = legs_of(ALICE)
    other = legs_of(ALICE, name="FS02")[1]
    (finding,) = said([first, other, last], "NTL012")
    assert "FS01, not FS02" in finding.detail
    assert "MsvAvNbComputerName" in finding.detail
    assert not said([first, challenge, last], "NTL012")
    assert not said([first, other], "NTL012")
    codes = {found.rule.code for found in judge(cases([first, other, last])[-1])}
    assert "NTL012" in codes
    assert not {"NTL013", "NTL014", "NTL017"} & codes


def test_a_named_user_without_any_response_proves_nothing() -> None:
    assert severities(legs_of(ALICE.but(nt=b"", lm=b"")), "NTL013") == [WARNING]
    assert severities(legs_of(ALICE), "NTL013") == []


@pytest.mark.parametrize(
    ("client", "code"),
    [
        (ALICE.but(password="wrong"), "NTL013"),
        (ALICE.but(password=""), "NTL013"),
        (ALICE.but(nt=b"", lm=b""), "NTL013"),
        (ALICE.but(hashed_domain="lab"), "NTL009"),
        (ALICE.but(hashed_domain="FS01"), "NTL009"),
        (ALICE.but(user="ws01$", password="Machine-Pw-3"), "NTL015"),
        (ALICE.but(user="mallory"), "NTL020"),
        (ALICE.but(domain="ELSEWHERE"), "NTL021"),
        (ALICE.but(encrypted_key=b""), "NTL019"),
        (ALICE.but(mic=False, promise=True), "NTL003"),
        (ALICE.but(answered=b"12345678"), "NTL013"),
    ],
)
def test_what_the_acceptor_refuses_has_its_code_and_is_an_error(client: Client, code: str) -> None:
    host = Host()
    made = [client.negotiate, host.challenge(client).output or b""]
    made.append(client.answer(made[1]).data)
    last = cases(made)[-1]
    last.step = host.step(made[2])
    assert last.step.refusal is not None
    first = judge(last)[0]
    assert (first.rule.code, first.severity, first.detail) == (code, ERROR, last.step.refusal.text)
    assert [finding.rule.code for finding in judge(last)].count(code) == 1


def test_an_altered_mic_and_an_altered_response_are_told_apart() -> None:
    for name, code in (("good", "NTL014"), ("altered-response", "NTL024")):
        host, client = Host(), ALICE.but(lm_too=name != "good")
        made = [client.negotiate, host.challenge(client).output or b""]
        answer = client.answer(made[1])
        at = 72 if name == "good" else answer.at("NtChallengeResponse")[0]
        made.append(replaced(answer.data, at, bytes([answer.data[at] ^ 1])))
        last = cases(made)[-1]
        last.step = host.step(made[2])
        assert judge(last)[0].rule.code == code


def test_clocks_are_compared_where_the_client_sent_its_own_time() -> None:
    for apart, severity in ((timedelta(), []), (timedelta(minutes=4), []), (timedelta(minutes=40), [NOTE])):
        assert severities(legs_of(ALICE.but(time=filetime(NOW + apart))), "NTL017") == severity
    (finding,) = said(MADE["old-clock"](), "NTL017")
    assert finding.severity == WARNING
    assert "3 days behind" in finding.detail
    assert severities(MADE["old-clock"](), "NTL017", Given(skew=4 * 86400)) == []


def test_the_clock_given_counts_where_the_server_sent_none() -> None:
    first, challenge, _ = legs_of(ALICE)
    without = replaced(challenge, challenge.index(bytes([TIME, 0, 8, 0])), b"\0\0\0\0")
    last = ALICE.but(time=filetime(NOW), mic=False, promise=False).answer(without).data
    made = [first, without, last]
    assert severities(made, "NTL017") == []
    assert severities(made, "NTL017", Given(now=NOW + timedelta(minutes=1))) == []
    (finding,) = said(made, "NTL017", Given(now=datetime(2026, 11, 24, 8, 25, 1, tzinfo=UTC)))
    assert "2 days behind" in finding.detail
    assert finding.severity == WARNING


def test_a_field_that_points_outside_is_told_with_its_offset() -> None:
    (finding,) = said(outside(), "NTL018")
    assert finding.path == "UserNameFields.UserNameBufferOffset"
    assert "4096" in finding.detail
    last = legs_of(ALICE)[2]
    overlapping = replaced(last, 40, last[32:36])
    assert said([overlapping], "NTL018")[0].path == "UserName"
    assert not said([last[:-1]], "NTL018")
    assert not said([b"no token at all"], "NTL018")


def test_a_session_key_is_owed_only_where_keys_are_exchanged() -> None:
    assert severities(MADE["no-session-key"](), "NTL019") == [ERROR]
    assert severities(legs_of(ALICE.but(wanted=WANTED & ~KEY_EXCH)), "NTL019") == []
    assert severities(legs_of(ALICE.but(wanted=PLAIN)), "NTL019") == []
    assert severities(legs_of(NOBODY), "NTL019") == []


def test_what_is_asked_for_is_held_against_the_flags() -> None:
    asked = Given(asked=asc.ASC_REQ_INTEGRITY | asc.ASC_REQ_CONFIDENTIALITY)
    (finding,) = said(legs_of(ALICE.but(wanted=PLAIN)), "NTL016", asked)
    assert "INTEGRITY and CONFIDENTIALITY" in finding.detail
    assert not said(legs_of(ALICE), "NTL016", asked)
    assert not said(legs_of(ALICE.but(wanted=PLAIN)), "NTL016")


def test_a_machine_account_is_a_note_until_it_is_known_that_none_is_allowed() -> None:
    made = legs_of(ALICE.but(user="ws01$", password="Machine-Pw-3"))
    assert severities(made, "NTL015") == [NOTE]
    assert severities(made, "NTL015", Given(asked=0)) == [WARNING]
    assert severities(made, "NTL015", Given(asked=asc.ASC_REQ_ALLOW_NON_USER_LOGONS)) == [NOTE]


def test_a_repeated_pair_is_told_once_for_each_repetition() -> None:
    (finding,) = said(MADE["pair-repeated"](), "NTL025")
    assert "another value" in finding.detail
    twice = bytes.fromhex("11" * 16)
    assert len(said(legs_of(ALICE.but(bindings=twice, extra=((BINDINGS, twice),))), "NTL025")) == 1


def test_damage_raises_nothing_but_findings() -> None:
    drawn = random.Random(5)
    given = Given(
        now=NOW, bindings=parse_bindings("md5:" + "11" * 16), target=parse_target("https://a.b/"), asked=0x20010
    )
    made = legs_of(ALICE.but(bindings=bytes(16), target="HTTP/web.lab.example", lm_too=True))
    damaged = [made[2][:size] for size in range(len(made[2]))]
    for _ in range(400):
        data = bytearray(made[2])
        for _ in range(3):
            data[drawn.randrange(len(data))] = drawn.choice((0, 255, drawn.randrange(256)))
        damaged.append(bytes(data))
    for data in damaged:
        for finding in judge(cases([made[0], made[1][: drawn.randrange(200)], data], given)[-1]):
            assert finding.detail
            assert finding.severity in (NOTE, WARNING, ERROR)


def test_cutting_a_token_short_adds_no_error() -> None:
    made = legs_of(ALICE.but(bindings=bytes.fromhex("11" * 16), target="HTTP/web.lab.example", workstation="FS01"))
    given = Given(
        bindings=parse_bindings("md5:" + "11" * 16), target=parse_target("https://web.lab.example"), asked=0x20010
    )
    for size in range(len(made[2])):
        for rule in rules_in("NTL"):
            for finding in rule.judge(cases([*made[:2], made[2][:size]], given)[-1]):
                assert finding.severity != ERROR, (size, finding.rule.code, finding.detail)
                assert finding.rule.code in ("NTL010",), (size, finding.rule.code, finding.detail)
