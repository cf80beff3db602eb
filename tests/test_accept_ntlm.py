"""NTLM on the accepting side (MS-NLMP 3.2.5): the CHALLENGE, the judgement of AUTHENTICATE, and why it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders.der import NTLM, neg_token_resp
from builders.ntlm import (
    ALWAYS_SIGN,
    AV_FLAGS,
    COMPUTER,
    DISABLED,
    DNS_COMPUTER,
    DNS_DOMAIN,
    DOMAIN,
    DOMAIN_TYPE,
    ESS,
    IDENTIFY,
    KEY_56,
    KEY_128,
    KEY_EXCH,
    LM_KEY,
    NON_NT,
    NOW,
    NTLM_FLAG,
    OEM,
    PLAIN,
    REQUEST_TARGET,
    SEAL,
    SERVER_TYPE,
    SIGN,
    TARGET_INFO,
    TIME,
    TREE,
    UNICODE,
    USERS,
    VERSION_FLAG,
    WANTED,
    Answer,
    Challenge,
    Client,
    Command,
    Host,
    negotiate,
    secret,
)

from secctx.acceptor import flags as asc
from secctx.acceptor.values import Step
from secctx.keys.bindings import bind_data
from secctx.keys.ntlm_session import NtlmSession

OK, CONTINUE, DENIED = "SEC_E_OK", "SEC_I_CONTINUE_NEEDED", "SEC_E_LOGON_DENIED"
INVALID_TOKEN, ALTERED, BAD_BINDINGS = "SEC_E_INVALID_TOKEN", "SEC_E_MESSAGE_ALTERED", "SEC_E_BAD_BINDINGS"
NO_AUTHORITY = "SEC_E_NO_AUTHENTICATING_AUTHORITY"

#: Granted whatever is asked for.
ALWAYS = REQUEST_TARGET | NTLM_FLAG | ALWAYS_SIGN | TARGET_INFO
NO_ESS = WANTED & ~ESS


def challenged(flags: int = WANTED, host: Host | None = None) -> Challenge:
    """The CHALLENGE for those NegotiateFlags."""
    step = (host or Host()).step(negotiate(flags), package="ntlm")
    assert step.status.name == CONTINUE, step.refusal
    return Challenge(step.output or b"")


# CHALLENGE -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "granted"),
    [
        pytest.param(UNICODE, UNICODE, id="unicode"),
        pytest.param(OEM, OEM, id="oem"),
        pytest.param(UNICODE | OEM, UNICODE, id="both: unicode alone"),
        pytest.param(UNICODE | SIGN | KEY_128, UNICODE | SIGN | KEY_128, id="sign"),
        pytest.param(UNICODE | SEAL | KEY_128, UNICODE | SEAL | KEY_128, id="seal"),
        pytest.param(UNICODE | ESS, UNICODE | ESS, id="extended session security"),
        pytest.param(UNICODE | ESS | LM_KEY, UNICODE | ESS, id="extended session security wins over LM_KEY"),
        pytest.param(UNICODE | LM_KEY, UNICODE | LM_KEY, id="LM_KEY alone"),
        pytest.param(UNICODE | SIGN | KEY_56 | KEY_128, UNICODE | SIGN | KEY_56 | KEY_128, id="56 and 128: both"),
        pytest.param(UNICODE | SIGN | KEY_128 | KEY_EXCH, UNICODE | SIGN | KEY_128 | KEY_EXCH, id="key exchange"),
        pytest.param(UNICODE | IDENTIFY, UNICODE | IDENTIFY, id="identify"),
        pytest.param(UNICODE | VERSION_FLAG, UNICODE | VERSION_FLAG, id="version"),
        pytest.param(UNICODE | NON_NT, UNICODE, id="non-NT session key: not granted"),
        pytest.param(UNICODE | 0x40, UNICODE, id="datagram: not granted"),
        pytest.param(UNICODE | 0x3000, UNICODE, id="supplied names: no flags of a CHALLENGE"),
        pytest.param(UNICODE | 0x800 | 0x100 | 0x8 | 0x4000, UNICODE, id="reserved and anonymous: not granted"),
    ],
)
def test_the_challenge_grants_what_the_client_wants_and_windows_has(wanted: int, granted: int) -> None:
    assert challenged(wanted).flags == granted | ALWAYS | DOMAIN_TYPE
    assert challenged(wanted, Host(domain="")).flags == granted | ALWAYS | SERVER_TYPE


def test_the_flags_are_those_that_windows_answers_to_a_windows_client() -> None:
    assert challenged(0xE2088297, Host(domain="")).flags == 0xE28A8215  # evidence.md section 3, 19041 in a workgroup


def test_a_member_of_a_domain_names_itself_in_the_order_of_windows() -> None:
    challenge = challenged(host=Host())
    expected = [(DOMAIN, "LAB"), (COMPUTER, "FS01"), (DNS_DOMAIN, "lab"), (DNS_COMPUTER, "fs01.lab.example")]
    named = [(kind, value.decode("utf-16-le")) for kind, value in challenge.target_info[:-2]]
    assert named == expected
    assert [kind for kind, _ in challenge.target_info] == [2, 1, 4, 3, 5, 7]
    assert challenge.target_info[4] == (TREE, challenge.target_info[2][1])
    assert challenge.target_name == "LAB".encode("utf-16-le")


def test_the_dns_domain_is_the_one_given() -> None:
    pairs = dict(challenged(host=Host(dns_domain="lab.example")).target_info)
    assert (pairs[DNS_DOMAIN], pairs[TREE]) == ("lab.example".encode("utf-16-le"),) * 2


def test_a_server_of_a_workgroup_has_no_forest() -> None:
    challenge = challenged(host=Host(name="ws7", domain="", dns_name=""))
    named = [(kind, value.decode("utf-16-le")) for kind, value in challenge.target_info[:-1]]
    assert named == [(DOMAIN, "WS7"), (COMPUTER, "WS7"), (DNS_DOMAIN, "ws7"), (DNS_COMPUTER, "ws7")]
    assert [kind for kind, _ in challenge.target_info] == [2, 1, 4, 3, 7]
    assert challenge.target_name == "WS7".encode("utf-16-le")


@pytest.mark.parametrize(
    ("moment", "stamp"),
    [
        (NOW, 0x01DD7A5AF78F6C80),
        (datetime(1601, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, tzinfo=UTC), 116_444_736_000_000_000),
        (datetime(1, 1, 1, tzinfo=UTC), 0),
        (datetime(2026, 11, 22, 8, 25, 1, 123456, tzinfo=UTC), 0x01DD7A5AF78F6C80 + 1_234_560),
    ],
    ids=str,
)
def test_the_time_in_the_challenge_is_the_clock_s(moment: datetime, stamp: int) -> None:
    host = Host()
    host.now = moment
    assert dict(challenged(host=host).target_info)[TIME] == stamp.to_bytes(8, "little")


def test_the_challenge_is_random_or_the_one_given() -> None:
    host = Host()
    assert challenged(host=host).server_challenge == b"\1" * 8
    host.context = None
    assert challenged(host=host).server_challenge == b"\2" * 8
    fixed = Host(challenge=b"8 bytes!")
    assert challenged(host=fixed).server_challenge == b"8 bytes!"
    assert fixed.drawn == 0


def test_the_version_is_told_to_whoever_tells_its_own() -> None:
    assert challenged(WANTED).version == bytes.fromhex("0a0063450000000f")
    assert challenged(WANTED & ~VERSION_FLAG).version == bytes(8)


def test_an_oem_client_is_named_the_target_in_oem_and_the_rest_in_unicode() -> None:
    challenge = challenged(WANTED & ~UNICODE)
    assert challenge.flags & (UNICODE | OEM) == OEM
    assert challenge.target_name == b"LAB"
    assert dict(challenge.target_info)[COMPUTER] == "FS01".encode("utf-16-le")


def test_the_payload_follows_the_header_without_gaps() -> None:
    data = challenged().data
    name, info = data[12:20], data[40:48]
    assert (name[:2], name[4:8]) == (name[2:4], (56).to_bytes(4, "little"))
    end_of_name = 56 + int.from_bytes(name[:2], "little")
    assert (info[:2], info[4:8]) == (info[2:4], end_of_name.to_bytes(4, "little"))
    assert len(data) == end_of_name + int.from_bytes(info[:2], "little")
    assert data[32:40] == bytes(8)


def test_a_client_without_128_bits_is_let_in_where_it_neither_signs_nor_seals() -> None:
    assert challenged(PLAIN & ~KEY_128).flags & KEY_128 == 0
    for wish in (SIGN, SEAL, SIGN | SEAL):
        step = Host().step(negotiate(PLAIN & ~KEY_128 | wish), package="ntlm")
        assert (step.status.name, step.refusal and step.refusal.path) == (
            "SEC_E_UNSUPPORTED_FUNCTION",
            "NegotiateFlags",
        )
        assert step.refusal
        assert step.refusal.span == (12, 16)


@pytest.mark.parametrize("size", [16, 32, 40])
def test_the_short_forms_of_negotiate_are_taken(size: int) -> None:
    data = negotiate(WANTED if size == 40 else WANTED & ~VERSION_FLAG)[:size]
    assert len(data) == size
    assert Host().step(data, package="ntlm").status.name == CONTINUE


def test_names_in_a_negotiate_change_nothing() -> None:
    named = negotiate(WANTED | 0x3000, b"SOMEWHERE", b"ELSE")
    assert Host().step(named, package="ntlm").output == Host().step(negotiate(), package="ntlm").output


# Who is logged on ----------------------------------------------------------------------------------------------------

KINDS = {
    "NTLMv2": Client(),
    "NTLMv2 without MIC": Client(mic=False),
    "NTLMv2 and LMv2": Client(mic=False, lm_too=True),
    "LMv2": Client(kind="LMv2"),
    "NTLM2 session": Client(kind="NTLM2 session"),
    "NTLM": Client(kind="NTLM", wanted=NO_ESS & ~LM_KEY),
    "NTLM with LM_KEY": Client(kind="NTLM", wanted=NO_ESS),
    "LM": Client(kind="LM", wanted=NO_ESS & ~LM_KEY),
    "LM with LM_KEY": Client(kind="LM", wanted=NO_ESS),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("exchanged", [True, False], ids=["key exchanged", "key derived"])
def test_every_kind_of_response_logs_on_and_leads_to_the_clients_key(kind: str, exchanged: bool) -> None:
    client, host = KINDS[kind], Host()
    client = client.but(wanted=client.wanted if exchanged else client.wanted & ~KEY_EXCH)
    answer = client.answer(host.challenge(client).output or b"")
    step = host.step(answer.data)
    assert step.status.name == OK, step.refusal
    assert step.client is not None
    assert (step.client.domain, step.client.name, step.client.workstation) == ("LAB", "alice", "WS01")
    assert (step.client.impersonation, step.client.anonymous, step.client.machine) == ("impersonate", False, False)
    assert step.session_key == answer.key
    assert (answer.key == client.random_key) is exchanged


@pytest.mark.parametrize("kind", KINDS)
def test_messages_go_both_ways_after_the_logon(kind: str) -> None:
    client, host = KINDS[kind], Host()
    answer = client.answer(host.challenge(client).output or b"")
    assert host.step(answer.data).status.name == OK
    assert host.context is not None
    session = NtlmSession.restore(host.context.ntlm.session)
    for text in (b"first", b"second, longer", b""):
        assert session.unseal(*answer.session.seal(text)) == text
        assert session.seal(text) == answer.session.theirs(text)


REFUSED_AT = {"LM": 4, "LM with LM_KEY": 4, "NTLM": 5, "NTLM with LM_KEY": 5, "NTLM2 session": 5}


@pytest.mark.parametrize("kind", KINDS)
def test_the_level_refuses_lm_at_4_and_ntlm_at_5(kind: str) -> None:
    statuses = [Host(lm_level=level).logon(KINDS[kind]) for level in range(6)]
    wanted = [DENIED if level >= REFUSED_AT.get(kind, 6) else OK for level in range(6)]
    assert [step.status.name for step in statuses] == wanted
    for level, step in enumerate(statuses):
        if step.refusal is not None:
            assert step.refusal.kind == "ntlm-level"
            assert f"LmCompatibilityLevel {level}" in step.refusal.text


def test_a_wrong_password_is_not_told_by_the_level() -> None:
    step = Host(lm_level=5).logon(Client(kind="NTLM", wanted=NO_ESS, password="wrong"))
    assert step.refusal is not None
    assert step.refusal.kind == "ntlm-wrong-password"


@pytest.mark.parametrize(
    ("client", "users"),
    [
        pytest.param(Client(user="ALICE"), USERS, id="user in capitals"),
        pytest.param(Client(user="aLiCe"), USERS, id="user in mixed case"),
        pytest.param(Client(domain="lab"), USERS, id="domain in small letters"),
        pytest.param(Client(domain="LAB.EXAMPLE"), USERS, id="DNS name of the domain"),
        pytest.param(Client(domain="lab.example"), USERS, id="DNS name in small letters"),
        pytest.param(Client(domain=""), USERS, id="no domain"),
        pytest.param(Client(user="alice@lab.example", domain=""), USERS, id="UPN"),
        pytest.param(Client(user="alice@LAB", domain=""), USERS, id="UPN with the NetBIOS name"),
        pytest.param(Client(hashed_domain=""), USERS, id="proof with the empty domain"),
        pytest.param(Client(domain="."), ":alice:Alice-Pass-1\n", id="dot: local"),
        pytest.param(Client(domain="FS01"), ":alice:Alice-Pass-1\n", id="the server's own name: local"),
        pytest.param(Client(domain="fs01.lab.example"), ":alice:Alice-Pass-1\n", id="its DNS name: local"),
        pytest.param(Client(user="jürgen"), "LAB:Jürgen:Alice-Pass-1\n", id="umlaut"),
        pytest.param(Client(user="пётр"), "LAB:Пётр:Alice-Pass-1\n", id="cyrillic"),
        pytest.param(Client(user="日本"), "LAB:日本:Alice-Pass-1\n", id="no case at all"),
        pytest.param(Client(password="Pässwörd-日本"), "LAB:alice:Pässwörd-日本\n", id="non-ASCII password"),
        pytest.param(Client(password=""), "LAB:alice:\n", id="empty password"),
        pytest.param(Client(workstation=""), USERS, id="no workstation"),
        pytest.param(Client(wanted=WANTED & ~UNICODE), USERS, id="OEM client"),
        pytest.param(Client(wanted=WANTED & ~VERSION_FLAG, mic=False), USERS, id="no version"),
        pytest.param(Client(target="HTTP/fs01.lab.example"), USERS, id="a target name"),
        pytest.param(Client(target="", av_flags=4), USERS, id="an untrusted target name"),
        pytest.param(Client(extra=((8, bytes(48)), (99, b"x"))), USERS, id="single host data and unknown pairs"),
        pytest.param(Client(), "OTHER:alice:no\nLAB:alice:Alice-Pass-1\n", id="the same name in two domains"),
        pytest.param(Client(domain="", user="alice"), "A:alice:no\nB:alice:Alice-Pass-1\n", id="either of two domains"),
    ],
)
def test_names_are_found_as_windows_finds_them(client: Client, users: str) -> None:
    step = Host(users).logon(client)
    assert step.status.name == OK, step.refusal


def test_a_proof_with_the_empty_domain_is_noted() -> None:
    step = Host().logon(Client(hashed_domain=""))
    assert any("empty domain" in note for note in step.notes)
    assert Host().logon(Client()).notes == ()


def test_identify_is_for_identification_only() -> None:
    step = Host().logon(Client(wanted=WANTED | IDENTIFY))
    assert step.client is not None
    assert step.client.impersonation == "identify"
    assert step.attributes == 0x2001C | asc.ASC_RET_IDENTIFY


def test_anonymous_is_the_well_known_user_whose_key_is_zero() -> None:
    for flags in (0, asc.ASC_REQ_ALLOW_NULL_SESSION):
        step = Host().logon(Client(user="", domain="", kind="anonymous", mic=False), flags)
        assert step.status.name == OK
        assert step.client is not None
        assert (step.client.domain, step.client.name, step.client.sid) == ("NT AUTHORITY", "ANONYMOUS LOGON", "S-1-5-7")
        assert (step.client.anonymous, step.client.impersonation) == (True, "anonymous")
        assert step.session_key == bytes(16)
        assert step.attributes & asc.ASC_RET_NULL_SESSION
        assert any("anonymous" in note for note in step.notes)


@pytest.mark.parametrize(
    ("client", "status"),
    [
        pytest.param(Client(user="", nt=b"", lm=bytes(24)), DENIED, id="24 zero bytes"),
        pytest.param(Client(user="", nt=b"", lm=b"\1"), INVALID_TOKEN, id="one byte that is not zero"),
        pytest.param(Client(user="", kind="LMv2"), DENIED, id="an LM response"),
        pytest.param(Client(user=""), DENIED, id="an NT response"),
        pytest.param(Client(nt=b"", lm=b"\0", mic=False), DENIED, id="a user"),
    ],
)
def test_what_is_not_quite_anonymous_is_denied_or_malformed(client: Client, status: str) -> None:
    step = Host().logon(client)
    assert step.status.name == status
    assert step.client is None


def test_an_empty_proof_never_opens_an_account_without_a_password() -> None:
    users = f"LAB:alice:\nLAB\\bob:1:{'X' * 32}:{'X' * 32}:[U          ]:LCT-0:\n"
    for user in ("alice", "bob"):
        for nt, lm in ((b"", b""), (b"", b"\0"), (b"", bytes(24)), (bytes(24), bytes(24)), (bytes(44), bytes(24))):
            for wanted in (WANTED, NO_ESS):
                step = Host(users).logon(Client(user=user, nt=nt, lm=lm, mic=False, wanted=wanted))
                assert step.status.name in (DENIED, INVALID_TOKEN)


def test_a_machine_account_says_so() -> None:
    machine = Client(user="ws01$", password="Machine-Pw-3")
    step = Host().logon(machine, asc.ASC_REQ_ALLOW_NON_USER_LOGONS)
    assert step.client is not None
    assert step.client.machine
    refused = Host().logon(machine)
    assert refused.refusal is not None
    assert (refused.refusal.kind, refused.refusal.path) == ("ntlm-machine-account", "UserName")


@pytest.mark.parametrize("password", ["Carol-Pass-4", "wrong"])
def test_a_disabled_account_is_told_only_to_those_who_know_its_password(password: str) -> None:
    step = Host(USERS + DISABLED).logon(Client(user="carol", password=password))
    assert step.status.name == DENIED
    assert step.refusal is not None
    assert step.refusal.kind == ("ntlm-account-disabled" if password != "wrong" else "ntlm-wrong-password")


def test_hashes_do_instead_of_a_password(command: Command) -> None:
    secret("hash", "4b6a8a4a8a4ce8b9b3ffbdd3ed0e2a8b")
    secret("password", "Alice-Pass-1\n")
    client = Client(domain="")
    code = {}
    for name, option in (("right", "--password-file=password"), ("wrong", "--nt-hash-file=hash")):
        fixed = ("--seed", "s", "--user", "alice", option)
        Path("ctx").unlink(missing_ok=True)
        command.run("-q", *fixed, "--new-context", "ctx", "-w", "challenge", client.negotiate)
        code[name] = command.run("-q", *fixed, "--context", "ctx", client.answer(Path("challenge").read_bytes()).data)
    assert (code["right"][0], code["wrong"][0]) == (0, 1)


# Channel bindings: the four outcomes of Extended Protection ----------------------------------------------------------

HERE, ELSEWHERE = bind_data(b"tls-unique:here"), bind_data(b"tls-unique:elsewhere")
ALLOW, PROXY = asc.ASC_REQ_ALLOW_MISSING_BINDINGS, asc.ASC_REQ_PROXY_BINDINGS
SENT = {"absent": None, "zero": bytes(16), "mismatch": ELSEWHERE.hash16, "match": HERE.hash16}
LEVELS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "none": ({}, {"absent": OK, "zero": OK, "mismatch": OK, "match": OK}),
    "when supported": (
        {"flags": ALLOW, "bindings": HERE},
        {"absent": OK, "zero": BAD_BINDINGS, "mismatch": BAD_BINDINGS, "match": OK},
    ),
    "always": (
        {"bindings": HERE},
        {"absent": BAD_BINDINGS, "zero": BAD_BINDINGS, "mismatch": BAD_BINDINGS, "match": OK},
    ),
    "proxy": ({"flags": PROXY}, {"absent": BAD_BINDINGS, "zero": BAD_BINDINGS, "mismatch": OK, "match": OK}),
    "allowed without bindings": ({"flags": ALLOW}, {"absent": OK, "zero": OK, "mismatch": OK, "match": OK}),
}
REASONS = {"absent": "ntlm-bindings-missing", "zero": "ntlm-bindings-zero", "mismatch": "ntlm-bindings-differ"}


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("password", ["Alice-Pass-1", "wrong"])
def test_bindings_are_judged_by_their_level_and_before_the_proof(level: str, sent: str, password: str) -> None:
    request, outcomes = LEVELS[level]
    expected = outcomes[sent] if outcomes[sent] != OK or password != "wrong" else DENIED
    step = Host().logon(Client(bindings=SENT[sent], password=password), **request)
    assert step.status.name == expected, step.refusal
    if expected == BAD_BINDINGS:
        assert step.refusal is not None
        assert step.refusal.kind == REASONS[sent]


@pytest.mark.parametrize("sent", ["zero", "mismatch"])
def test_bindings_that_are_refused_are_shown(sent: str) -> None:
    client, host = Client(bindings=SENT[sent]), Host()
    answer = client.answer(host.challenge(client, bindings=HERE).output or b"")
    step = host.step(answer.data, bindings=HERE)
    assert step.refusal is not None
    assert step.refusal.path == "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE.AvPairs[7].Value"
    assert step.refusal.span is not None
    assert answer.data[slice(*step.refusal.span)] == SENT[sent]


def test_bindings_of_an_nt_response_that_does_not_verify_prove_nothing() -> None:
    """LmChallengeResponse is enough to log on; whoever changes the other response must not bring bindings along."""
    client, host = Client(mic=False, lm_too=True, bindings=ELSEWHERE.hash16), Host()
    answer = client.answer(host.challenge(client, bindings=HERE).output or b"")
    forged = answer.data.replace(ELSEWHERE.hash16, HERE.hash16)
    step = host.step(forged, bindings=HERE)
    assert step.status.name in (BAD_BINDINGS, ALTERED, DENIED)


# The session key and the MIC -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 15, 17, 32])
@pytest.mark.parametrize("wish", [SIGN, SEAL, SIGN | SEAL])
def test_an_exchanged_key_has_16_bytes_where_it_is_used(size: int, wish: int) -> None:
    step = Host().logon(Client(mic=False, encrypted_key=b"k" * size, wanted=PLAIN | wish))
    assert step.status.name == INVALID_TOKEN
    assert step.refusal is not None
    assert (step.refusal.kind, step.refusal.path) == ("ntlm-session-key", "EncryptedRandomSessionKeyFields")
    assert step.refusal.span == (52, 60)


@pytest.mark.parametrize("size", [0, 1, 16])
def test_an_exchanged_key_that_nobody_uses_is_not_looked_at(size: int) -> None:
    client = Client(mic=False, encrypted_key=b"k" * size, wanted=PLAIN)
    host = Host()
    answer = client.answer(host.challenge(client).output or b"")
    step = host.step(answer.data)
    assert step.status.name == OK, step.refusal
    assert step.session_key == answer.key


def test_a_malformed_key_tells_nothing_of_the_password() -> None:
    """Whoever has not proved the password is told that; the key is read only after the proof."""
    assert Host().logon(Client(mic=False, encrypted_key=b"", password="wrong")).status.name == DENIED


def altered(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def three(client: Client, host: Host, *, negotiated: int = -1, challenged: int = -1, authenticated: int = -1) -> Step:
    """A logon on whose way one byte of a message is changed."""
    first = client.negotiate if negotiated < 0 else altered(client.negotiate, negotiated)
    challenge = host.step(first).output or b""
    seen = challenge if challenged < 0 else altered(challenge, challenged)
    answer = client.answer(seen).data
    return host.step(answer if authenticated < 0 else altered(answer, authenticated))


MIC_AT = 72


@pytest.mark.parametrize(
    ("where", "status"),
    [
        pytest.param({"negotiated": 35}, ALTERED, id="NEGOTIATE, Version"),
        pytest.param({"negotiated": 18}, ALTERED, id="NEGOTIATE, DomainNameMaxLen"),
        pytest.param({"challenged": 50}, ALTERED, id="CHALLENGE, Version"),
        pytest.param({"challenged": 56}, ALTERED, id="CHALLENGE, TargetName"),
        pytest.param({"challenged": 32}, ALTERED, id="CHALLENGE, Reserved"),
        pytest.param({"challenged": 24}, DENIED, id="CHALLENGE, ServerChallenge"),
        pytest.param({"authenticated": 64}, ALTERED, id="AUTHENTICATE, Version"),
        pytest.param({"authenticated": MIC_AT}, ALTERED, id="AUTHENTICATE, MIC"),
        pytest.param({"authenticated": MIC_AT + 15}, ALTERED, id="AUTHENTICATE, last byte of MIC"),
        pytest.param({"authenticated": 14}, ALTERED, id="AUTHENTICATE, LmChallengeResponseMaxLen"),
    ],
)
def test_the_mic_covers_all_three_messages(where: dict[str, int], status: str) -> None:
    step = three(Client(), Host(), **where)
    assert step.status.name == status
    assert step.refusal is not None
    if status == ALTERED:
        assert (step.refusal.kind, step.refusal.path) == ("ntlm-mic-wrong", "MIC")
        assert step.refusal.span == (MIC_AT, MIC_AT + 16)


def test_without_a_mic_those_changes_go_unseen() -> None:
    for where in ({"negotiated": 35}, {"challenged": 50}, {"authenticated": 64}):
        assert three(Client(mic=False), Host(), **where).status.name == OK


def test_a_promised_mic_that_was_cut_out_is_missed() -> None:
    step = Host().logon(Client(mic=False, promise=True))
    assert step.status.name == ALTERED
    assert step.refusal is not None
    assert step.refusal.kind == "ntlm-mic-missing"


def test_a_mic_that_nobody_promised_is_not_looked_at() -> None:
    client, host = Client(promise=False), Host()
    answer = client.answer(host.challenge(client).output or b"")
    assert host.step(altered(answer.data, MIC_AT)).status.name == OK


def test_the_mic_is_made_with_the_exchanged_key_or_the_derived_one() -> None:
    for wanted in (WANTED, WANTED & ~KEY_EXCH, PLAIN, PLAIN & ~KEY_EXCH):
        assert Host().logon(Client(wanted=wanted)).status.name == OK


# Why not: every reason and the field it points to --------------------------------------------------------------------


@dataclass(frozen=True)
class Why:
    """A refusal: what is to be said of it, and the field of the message that it is about."""

    client: Client
    status: str
    kind: str
    path: str
    field: str
    says: str
    other: str = ""
    users: str = USERS


PROOF = "NtChallengeResponse.Response"

WHY: dict[str, Why] = {
    "wrong password": Why(
        Client(password="Alice-Pass-2"), DENIED, "ntlm-wrong-password", PROOF, "proof", "wrong password for LAB\\alice"
    ),
    "wrong password, NTLM": Why(
        Client(kind="NTLM", wanted=NO_ESS, password="Other-Pass"),
        DENIED,
        "ntlm-wrong-password",
        PROOF,
        "nt",
        "wrong password",
    ),
    "wrong password, NTLM2 session": Why(
        Client(kind="NTLM2 session", password="Other-Pass"),
        DENIED,
        "ntlm-wrong-password",
        PROOF,
        "nt",
        "wrong password",
    ),
    "wrong password, LM": Why(
        Client(kind="LM", wanted=NO_ESS, password="Other-Pass"),
        DENIED,
        "ntlm-wrong-password",
        "LmChallengeResponse",
        "LmChallengeResponse",
        "wrong password",
    ),
    "empty password": Why(
        Client(password=""), DENIED, "ntlm-other-password", PROOF, "proof", "empty password for LAB\\alice"
    ),
    "unknown user": Why(
        Client(user="mallory"), DENIED, "ntlm-unknown-user", "UserName", "UserName", "no such user: LAB\\mallory"
    ),
    "unknown domain": Why(
        Client(domain="ELSE"),
        NO_AUTHORITY,
        "ntlm-unknown-domain",
        "DomainName",
        "DomainName",
        "the users given serve LAB; the response is right for LAB\\alice",
    ),
    "unknown domain, wrong password": Why(
        Client(domain="ELSE", password="Other-Pass"),
        NO_AUTHORITY,
        "ntlm-unknown-domain",
        "DomainName",
        "DomainName",
        "no authority for the domain ELSE",
    ),
    "domain spelled otherwise": Why(
        Client(hashed_domain="lab"), DENIED, "ntlm-other-domain", PROOF, "proof", "the domain 'lab'"
    ),
    "domain by its DNS name": Why(
        Client(domain="lab.example", hashed_domain="LAB"), DENIED, "ntlm-other-domain", PROOF, "proof", "domain 'LAB'"
    ),
    "the server's name for the domain": Why(
        Client(hashed_domain="FS01"), DENIED, "ntlm-other-server-name", PROOF, "proof", "the domain 'FS01'"
    ),
    "user principal name in the proof": Why(
        Client(hashed_user="alice@LAB", hashed_domain=""),
        DENIED,
        "ntlm-other-user",
        PROOF,
        "proof",
        "the user 'alice@LAB'",
    ),
    "another challenge": Why(
        Client(),
        DENIED,
        "ntlm-other-challenge",
        PROOF,
        "proof",
        "answers another CHALLENGE: its MsvAvTimestamp",
        other="time",
    ),
    "another server's challenge": Why(
        Client(), DENIED, "ntlm-other-challenge", PROOF, "proof", "MsvAvNbComputerName", other="name"
    ),
    "extended session security not agreed upon": Why(
        Client(kind="NTLM", password="Alice-Pass-1"),
        DENIED,
        "ntlm-other-session-security",
        PROOF,
        "nt",
        "as if extended session security were not negotiated",
    ),
    "disabled": Why(
        Client(user="carol", password="Carol-Pass-4"),
        DENIED,
        "ntlm-account-disabled",
        "UserName",
        "UserName",
        "LAB\\carol is disabled",
        users=USERS + DISABLED,
    ),
    "machine account": Why(
        Client(user="ws01$", password="Machine-Pw-3"),
        DENIED,
        "ntlm-machine-account",
        "UserName",
        "UserName",
        "ALLOW_NON_USER_LOGONS",
    ),
    "altered": Why(
        Client(),
        ALTERED,
        "ntlm-mic-wrong",
        "MIC",
        "MIC",
        "the password is right and the MIC does not verify",
        other="altered",
    ),
}


def field_of(answer: Answer, name: str) -> tuple[int, int]:
    """Where a field stands, by the builder's own account."""
    if name == "MIC":
        assert answer.mic_at is not None
        return answer.mic_at, answer.mic_at + 16
    start, stop = answer.at({"proof": "NtChallengeResponse", "nt": "NtChallengeResponse"}.get(name, name))
    return (start, start + 16) if name == "proof" else (start, stop)


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "SPNEGO"])
@pytest.mark.parametrize("why", WHY)
def test_a_refusal_says_why_and_points_at_the_field(why: str, wrapped: bool) -> None:
    case = WHY[why]
    host, other = Host(case.users), Host(case.users, name="FS02") if case.other == "name" else Host(case.users)
    other.drawn = 7
    if case.other == "time":
        other.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    seen = (other if case.other in ("time", "name") else host).spnego_challenge(case.client)
    if host.context is None:
        host.spnego_challenge(case.client)
    if not wrapped:
        host = Host(case.users)
        own = host.challenge(case.client).output or b""
        seen = seen if case.other in ("time", "name") else own
    answer = case.client.answer(seen)
    data = altered(answer.data, 65) if case.other == "altered" else answer.data
    token = neg_token_resp(token=data, mic=b"m" * 16) if wrapped else data
    step = host.step(token)
    assert step.status.name == case.status, step.refusal
    refusal = step.refusal
    assert refusal is not None
    assert refusal.kind == case.kind, refusal.text
    assert case.says in refusal.text
    assert refusal.path == ("responseToken." if wrapped else "") + case.path
    start, stop = field_of(answer, case.field)
    shift = token.index(b"NTLMSSP\0")
    assert refusal.span == (start + shift, stop + shift)
    assert host.context is None
    for word in (case.client.password, "Alice-Pass-1", "Carol-Pass-4"):
        assert not word or word not in refusal.text


def test_a_user_without_any_response_is_not_said_to_have_a_wrong_password() -> None:
    step = Host().logon(Client(nt=b"", lm=b"", mic=False))
    assert step.status.name == DENIED
    assert step.refusal is not None
    assert (step.refusal.kind, step.refusal.path) == ("ntlm-no-response", "NtChallengeResponseFields")


@pytest.mark.parametrize(
    ("field", "value", "path", "kind"),
    [
        pytest.param(36, b"\xff\xff", "UserName", "cut-short", id="UserNameLen beyond the end"),
        pytest.param(40, b"\xff\xff\0\0", "UserNameFields.UserNameBufferOffset", "offset", id="offset beyond the end"),
        pytest.param(8, b"\4", "MessageType", "value", id="MessageType 4"),
        pytest.param(24, b"\xff\xff\xff\xff", "NtChallengeResponseFields", "offset", id="offset of 4 GiB"),
    ],
)
def test_a_malformed_authenticate_says_field_and_offset(field: int, value: bytes, path: str, kind: str) -> None:
    client, host = Client(mic=False), Host()
    data = client.answer(host.challenge(client).output or b"").data
    step = host.step(data[:field] + value + data[field + len(value) :])
    assert step.status.name == INVALID_TOKEN
    assert step.refusal is not None
    assert step.refusal.kind == "malformed"
    assert step.refusal.facts["kind"] == kind
    assert step.refusal.path.startswith(path)
    assert step.refusal.span is not None
    assert 0 <= step.refusal.span[0] <= len(data)


def test_every_truncation_of_both_messages_is_an_invalid_token() -> None:
    client, host = Client(), Host()
    challenge = host.challenge(client).output or b""
    kept = host.context
    data = client.answer(challenge).data
    for cut in range(len(data)):
        host.context = kept
        assert host.step(data[:cut]).status.name == INVALID_TOKEN, cut
    for cut in (*range(16), *range(17, 32), *range(33, 40)):
        assert Host().step(client.negotiate[:cut], package="ntlm").status.name == INVALID_TOKEN, cut


def test_what_hides_behind_a_tolerated_problem_is_still_found() -> None:
    """An overlong length is read past; a message that then lacks a field is malformed all the same."""
    client, host = Client(mic=False), Host()
    data = bytearray(client.answer(host.spnego_challenge(client)).data)
    data[40:44] = (60000).to_bytes(4, "little")
    inner = b"\x04\x83\x00" + len(data).to_bytes(2) + bytes(data)
    body = b"\xa2\x82" + len(inner).to_bytes(2) + inner
    body = b"\x30\x82" + len(body).to_bytes(2) + body
    assert host.step(b"\xa1\x82" + len(body).to_bytes(2) + body).status.name == INVALID_TOKEN


@pytest.mark.parametrize(
    ("what", "others"),
    [
        ("CHALLENGE_MESSAGE", "found NTLM CHALLENGE_MESSAGE"),
        ("AUTHENTICATE_MESSAGE", "lost its first leg"),
    ],
)
def test_a_message_out_of_turn_says_what_was_expected(what: str, others: str) -> None:
    client = Client()
    challenge = Host().challenge(client).output or b""
    step = Host().step({"CHALLENGE_MESSAGE": challenge, "AUTHENTICATE_MESSAGE": client.answer(challenge).data}[what])
    assert step.status.name == INVALID_TOKEN
    assert step.refusal is not None
    assert step.refusal.text.startswith("expected an NTLM NEGOTIATE_MESSAGE, found NTLM " + what)
    assert others in step.refusal.text
    assert (step.refusal.path, step.refusal.span) == ("MessageType", (8, 12))


def test_the_av_flags_of_the_client_are_believed_only_with_the_proof() -> None:
    """The promise of a MIC stands in what the password protects: without it the proof does not verify."""
    client, host = Client(), Host()
    answer = client.answer(host.challenge(client).output or b"")
    promise = (AV_FLAGS).to_bytes(2, "little") + b"\4\0\2\0\0\0"
    step = host.step(answer.data.replace(promise, promise[:4] + bytes(4)))
    assert step.status.name == DENIED


def test_replayed_to_another_context_the_same_answer_is_refused() -> None:
    client, one, other = Client(), Host(), Host()
    answer = client.answer(one.challenge(client).output or b"")
    other.drawn = 7
    other.challenge(client)
    assert one.step(answer.data).status.name == OK
    assert other.step(answer.data).status.name == DENIED


@pytest.mark.parametrize("package", ["ntlm", "negotiate"])
def test_without_users_there_is_no_ntlm(package: str) -> None:
    step = Host(None).step(negotiate(), package=package)
    assert (step.status.name, step.refusal and step.refusal.kind) == ("SEC_E_NO_CREDENTIALS", "no-credentials")


def test_spnego_given_to_the_ntlm_package_is_an_invalid_token() -> None:
    step = Host().step(neg_token_resp(0, NTLM), package="ntlm")
    assert step.status.name == INVALID_TOKEN


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(tmp_path, capsys, monkeypatch)
