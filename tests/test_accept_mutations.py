"""Hostile and damaged input to the acceptor: nothing raises, nothing altered is accepted, contexts stay whole.

Every single flipped bit of every leg of a logon, as the other side would see it; every truncation; what hypothesis
makes of the legs; every way to damage a context's document; and its file, killed at any moment.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from builders.cli import SECCTX, run
from builders.der import KRB5, NTLM, neg_token_init, neg_token_resp
from builders.ntlm import (
    AV_FLAGS,
    BINDINGS,
    DISABLED,
    ESS,
    ONLY_NTLM,
    USERS,
    WANTED,
    Client,
    Command,
    Host,
    inner,
    mech_types,
    negotiate,
    pairs,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secctx.acceptor import flags as asc
from secctx.acceptor.acceptor import complete
from secctx.acceptor.context_document import ContextDamaged, dump, load
from secctx.acceptor.values import Step
from secctx.decoders import decode
from secctx.decoders.values import walk
from secctx.keys.bindings import bind_data

OK, CONTINUE = "SEC_E_OK", "SEC_I_CONTINUE_NEEDED"

#: Every status that a call may answer with.
STATUSES = {
    "SEC_E_OK",
    "SEC_I_CONTINUE_NEEDED",
    "SEC_I_COMPLETE_NEEDED",
    "SEC_I_COMPLETE_AND_CONTINUE",
    "SEC_E_INSUFFICIENT_MEMORY",
    "SEC_E_INVALID_HANDLE",
    "SEC_E_INVALID_TOKEN",
    "SEC_E_LOGON_DENIED",
    "SEC_E_NO_AUTHENTICATING_AUTHORITY",
    "SEC_E_NO_CREDENTIALS",
    "SEC_E_SECPKG_NOT_FOUND",
    "SEC_E_BAD_BINDINGS",
    "SEC_E_BUFFER_TOO_SMALL",
    "SEC_E_OUT_OF_SEQUENCE",
    "SEC_E_MESSAGE_ALTERED",
    "SEC_E_UNSUPPORTED_FUNCTION",
    "SEC_E_INVALID_PARAMETER",
    "SEC_E_WRONG_CREDENTIAL_HANDLE",
}


def check(step: Step) -> Step:
    """What holds of every answer."""
    assert step.status.name in STATUSES
    assert (step.refusal is None) is step.status.is_success
    assert step.output is None or step.output
    assert (step.client is not None) is (step.state == "established")
    if step.refusal is not None:
        assert step.refusal.text
        assert step.client is None
        assert step.session_key is None
        assert step.attributes & ~asc.ASC_RET_EXTENDED_ERROR == 0
    return step


def flips(data: bytes, step: int = 1) -> Iterator[tuple[int, bytes]]:
    """The bytes with one bit flipped, and in which byte that is."""
    changed = bytearray(data)
    for bit in range(0, len(data) * 8, step):
        changed[bit >> 3] ^= 1 << (bit & 7)
        yield bit >> 3, bytes(changed)
        changed[bit >> 3] ^= 1 << (bit & 7)


def field_at(data: bytes, at: int) -> str:
    """The innermost field in which a byte stands, without the way to it."""
    fields = list(walk(decode(data).root))
    found = [path for path, node in fields if node.start <= at < node.stop and not node.children]
    if found:
        return found[-1].rpartition("Token.")[2]
    around = [(node.start - 1, node.stop) for path, node in fields if path == "mechTypes"]
    return "framing of mechToken" if around and at in around[0] else "framing"


# Every flipped bit of every leg --------------------------------------------------------------------------------------

LIST = (NTLM, KRB5)


@dataclass
class Logon:
    """A logon whose legs can be altered between the two sides; in SPNEGO both make and verify a mechListMIC."""

    client: Client
    spnego: bool
    users: str = USERS

    def first(self) -> bytes:
        return neg_token_init(*LIST, token=self.client.negotiate) if self.spnego else self.client.negotiate

    def last(self, challenge: bytes) -> bytes:
        answer = self.client.answer(challenge)
        if not self.spnego:
            return answer.data
        owed = self.client.mic and self.client.kind == "NTLMv2"
        return neg_token_resp(token=answer.data, mic=answer.session.mic(mech_types(*LIST)) if owed else None)

    def begun(self) -> tuple[Host, bytes]:
        """The server after the first leg, and the client's second, unaltered."""
        host = Host(self.users)
        step = host.step(self.first())
        return host, self.last(inner(step.output or b""))

    def altered_first(self, first: bytes) -> Step:
        """The server sees another first leg than the client sent; the client answers what comes."""
        host = Host(self.users)
        step = check(host.step(first))
        if not step.status.is_success:
            return step
        if b"NTLMSSP" not in (step.output or b""):  # request-mic: the client begins anew with NTLM
            step = check(host.step(neg_token_resp(token=self.client.negotiate)))
        return check(host.step(self.last(inner(step.output or b""))))


PROTECTED = {
    "bare, MIC": Logon(Client(), spnego=False),
    "SPNEGO, MIC": Logon(Client(), spnego=True),
    "bare, MIC, LMv2 beside it": Logon(Client(lm_too=True), spnego=False),
    "SPNEGO, MIC, bindings and target": Logon(Client(bindings=b"b" * 16, target="cifs/fs01"), spnego=True),
    "bare, MIC, derived key": Logon(Client(wanted=WANTED & ~0x40000000), spnego=False),
}


@pytest.mark.parametrize("logon", PROTECTED)
def test_with_a_mic_no_flipped_bit_of_authenticate_is_accepted(logon: str) -> None:
    """The MIC is over the whole message: no bit of it may differ. SPNEGO's framing only says where it stands."""
    host, last = PROTECTED[logon].begun()
    kept = host.context
    assert check(host.step(last)).status.name == OK
    accepted = Counter[str]()
    for at, altered in flips(last):
        host.context = kept
        if check(host.step(altered)).status.is_success:
            accepted[field_at(last, at)] += 1
        else:
            assert host.context is None
    assert not accepted


@pytest.mark.parametrize("logon", PROTECTED)
def test_with_a_mic_no_flipped_bit_of_the_first_leg_is_accepted(logon: str) -> None:
    """NEGOTIATE is under the MIC, the list of mechanisms under the mechListMIC.

    Only what frames the optimistic token may differ: that token is then lost, and the client says it again.
    """
    case = PROTECTED[logon]
    assert case.altered_first(case.first()).status.name == OK
    accepted = Counter[str]()
    for at, altered in flips(case.first()):
        if case.altered_first(altered).status.is_success:
            accepted[field_at(case.first(), at)] += 1
    assert set(accepted) == ({"framing of mechToken"} if case.spnego else set()), accepted


@pytest.mark.parametrize("logon", PROTECTED)
def test_with_a_mic_no_flipped_bit_of_the_challenge_is_accepted(logon: str) -> None:
    """The client answers, with its MIC, to a CHALLENGE that was altered on its way."""
    case = PROTECTED[logon]
    host = Host()
    challenge = inner(host.step(case.first()).output or b"")
    kept = host.context
    answered = 0
    for _, altered in flips(challenge):
        with contextlib.suppress(Exception):  # what the client makes of a broken CHALLENGE is its affair
            last = case.last(altered)
            answered += 1
            host.context = kept
            assert not check(host.step(last)).status.is_success
    assert answered > len(challenge) * 6


#: Where no MIC is made, these fields may differ and the logon still succeeds, each for its reason.
UNAUTHENTICATED: dict[str, str] = {
    "Version": "MS-NLMP 2.2.2.10: for debugging only, ignored on receipt",
    "MaxLen": "MS-NLMP 2.2.1.3: must be ignored on receipt",
    "WorkstationLen": "a name is cut by two bytes: what follows the workstation's name says nothing",
    "Workstation": "only the MIC covers it; it is shown and decides nothing",
    "NegotiateFlags": "only the MIC covers them: without one, signing can be taken away (why Windows sends MICs)",
    "LmChallengeResponse": "not looked at where NtChallengeResponse verifies",
    "EncryptedRandomSessionKey": "only the MIC covers it: both ends then have another key, and no message verifies",
    "UserName": "the case of a letter: user names are compared, and enter the proof, in capitals",
}
#: Of NTLM v1's responses only the challenge and the password enter; names are covered by nothing.
UNAUTHENTICATED_V1 = UNAUTHENTICATED | {
    "DomainName": "the case of a letter: no name enters a response of NTLM v1, and domains are compared in capitals"
}
#: In a first leg that no MIC covers.
UNAUTHENTICATED_FIRST: dict[str, str] = {
    "Version": UNAUTHENTICATED["Version"],
    "MaxLen": UNAUTHENTICATED["MaxLen"],
    "BufferOffset": "of a name that is not supplied",
    "NegotiateFlags": UNAUTHENTICATED["NegotiateFlags"],
    "mechTypes": "a mechanism behind the chosen one: only a mechListMIC covers the list",
    "framing of mechToken": "its tag, or the length before it: the token is lost, and the client says it again",
}


def unauthenticated(path: str, known: dict[str, str]) -> str:
    """The class of a field in one of those tables; the path where it is in none."""
    name = path.rpartition(".")[2]
    if name.endswith("MaxLen"):
        return "MaxLen"
    if name.endswith("BufferOffset"):
        return "BufferOffset"
    return next((known_name for known_name in known if name == known_name or path.startswith(known_name)), path)


BARE = {
    "NTLMv2": (Logon(Client(mic=False), spnego=False), UNAUTHENTICATED),
    "NTLMv2 in SPNEGO": (Logon(Client(mic=False), spnego=True), UNAUTHENTICATED),
    "NTLM2 session": (Logon(Client(kind="NTLM2 session"), spnego=False), UNAUTHENTICATED_V1),
    "NTLM": (Logon(Client(kind="NTLM", wanted=WANTED & ~ESS), spnego=False), UNAUTHENTICATED_V1),
}


@pytest.mark.parametrize("logon", BARE)
def test_without_a_mic_only_unauthenticated_fields_of_authenticate_may_differ(logon: str) -> None:
    case, known = BARE[logon]
    host, last = case.begun()
    kept = host.context
    accepted = Counter[str]()
    for at, altered in flips(last):
        host.context = kept
        step = check(host.step(altered))
        if step.status.is_success:
            assert step.client is not None
            assert (step.client.domain, step.client.name, step.client.anonymous) == ("LAB", "alice", False)
            accepted[unauthenticated(field_at(last, at), known)] += 1
    assert set(accepted) <= set(known), accepted
    assert set(known) - set(accepted) <= {
        "WorkstationLen",
        "LmChallengeResponse",
    }  # the table claims no more than is so


@pytest.mark.parametrize("logon", ["NTLMv2", "NTLMv2 in SPNEGO"])
def test_without_a_mic_only_unauthenticated_fields_of_the_first_leg_may_differ(logon: str) -> None:
    case, _ = BARE[logon]
    accepted = Counter[str]()
    for at, altered in flips(case.first()):
        step = case.altered_first(altered)
        if step.status.is_success:
            assert step.client is not None
            assert (step.client.domain, step.client.name) == ("LAB", "alice")
            accepted[unauthenticated(field_at(case.first(), at), UNAUTHENTICATED_FIRST)] += 1
    assert set(accepted) <= set(UNAUTHENTICATED_FIRST), accepted
    assert set(UNAUTHENTICATED_FIRST) - set(accepted) <= {"mechTypes", "framing of mechToken"}


# Known ways to take the MIC and the bindings away --------------------------------------------------------------------


def with_pair(challenge: bytes, kind: int, value: bytes) -> bytes:
    """The CHALLENGE with one more AV pair, the first in its TargetInfo."""
    size, offset = int.from_bytes(challenge[40:42], "little"), int.from_bytes(challenge[44:48], "little")
    added = pairs((kind, value))[:-4]
    length = (size + len(added)).to_bytes(2, "little")
    return challenge[:40] + length * 2 + challenge[44:offset] + added + challenge[offset:]


@pytest.mark.parametrize("spnego", [False, True], ids=["bare", "SPNEGO"])
def test_a_mic_cannot_be_dropped_by_spoiling_the_response_that_promises_it(spnego: bool) -> None:
    """CVE-2019-1338: a right LMv2 response beside a spoilt NTLMv2 response, which then says nothing of a MIC."""
    client, host = Client(lm_too=True), Host()
    if spnego:
        answer = client.answer(host.spnego_challenge(client))
    else:
        answer = client.answer(host.challenge(client).output or b"")
    assert answer.mic_at is not None
    promise = answer.data.index(pairs((AV_FLAGS, b"\2\0\0\0"))[:-4])
    spoilt = bytearray(answer.data)
    spoilt[promise + 4] = 0
    spoilt[60] &= ~0x30  # SIGN and SEAL taken away
    spoilt[answer.mic_at : answer.mic_at + 16] = bytes(16)
    step = check(host.step(neg_token_resp(token=bytes(spoilt)) if spnego else bytes(spoilt)))
    assert not step.status.is_success


def test_a_mic_cannot_be_dropped_by_a_pair_put_into_the_challenge() -> None:
    """CVE-2019-1166: a client that appends its own MsvAvFlags to those it was sent promises a MIC by either."""
    client, host = Client(), Host()
    challenge = host.challenge(client).output or b""
    answer = client.answer(with_pair(challenge, AV_FLAGS, bytes(4)))
    step = check(host.step(answer.data))
    assert step.status.name == "SEC_E_MESSAGE_ALTERED"


def test_bindings_cannot_be_lent_by_a_pair_put_into_the_challenge() -> None:
    here, elsewhere = bind_data(b"tls-unique:here"), bind_data(b"tls-unique:elsewhere")
    client, host = Client(mic=False, bindings=elsewhere.hash16), Host()
    challenge = host.challenge(client, bindings=here).output or b""
    answer = client.answer(with_pair(challenge, BINDINGS, here.hash16))
    step = check(host.step(answer.data, bindings=here))
    assert step.status.name in ("SEC_E_BAD_BINDINGS", "SEC_E_INVALID_TOKEN")


def test_the_version_and_the_mic_cannot_be_cut_out_together() -> None:
    """CVE-2019-1040: the message without its MIC and Version, flags changed to fit."""
    client, host = Client(), Host()
    whole = client.answer(host.challenge(client).output or b"").data
    cut = bytearray(whole[:64] + whole[88:])
    for descriptor in (16, 24, 32, 40, 48, 56):
        offset = int.from_bytes(cut[descriptor : descriptor + 4], "little")
        cut[descriptor : descriptor + 4] = (offset - 24).to_bytes(4, "little")
    cut[60:64] = (int.from_bytes(cut[60:64], "little") & ~0x2000030).to_bytes(4, "little")
    step = check(host.step(bytes(cut)))
    assert step.status.name == "SEC_E_MESSAGE_ALTERED"


# Truncations, and whatever else ------------------------------------------------------------------------------------


def test_every_truncation_of_every_leg_is_refused() -> None:
    for case in (PROTECTED["SPNEGO, MIC"], BARE["NTLMv2 in SPNEGO"][0]):
        for cut in range(1, len(case.first())):
            assert check(Host().step(case.first()[:cut])).status.name == "SEC_E_INVALID_TOKEN"
        host, last = case.begun()
        kept = host.context
        for cut in range(len(last)):
            host.context = kept
            assert check(host.step(last[:cut])).status.name == "SEC_E_INVALID_TOKEN"


SEEDS = [
    b"",
    negotiate(),
    neg_token_init(NTLM, KRB5, token=negotiate()),
    neg_token_init(KRB5, NTLM, token=b"x"),
    neg_token_resp(1, NTLM, negotiate(), b"m" * 16),
    neg_token_resp(2),
    *(case.begun()[1] for case in PROTECTED.values()),
    *(case.begun()[1] for case, _ in BARE.values()),
    Logon(Client(user="", domain="", kind="anonymous", mic=False), spnego=True).begun()[1],
    Logon(Client(kind="LM", wanted=WANTED & ~ESS), spnego=False).begun()[1],
]

edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "repeat", "splice"]),
        st.integers(0, 1 << 16),
        st.binary(max_size=12),
        st.integers(0, len(SEEDS) - 1),
    ),
    max_size=6,
)


def edited(data: bytes, changes: list[tuple[str, int, bytes, int]]) -> bytes:
    """A leg after some changes of its bytes."""
    for how, number, value, other in changes:
        at = number % (len(data) + 1)
        match how:
            case "set":
                data = data[:at] + value + data[at + len(value) :]
            case "insert":
                data = data[:at] + value + data[at:]
            case "delete":
                data = data[:at] + data[at + len(value) + 1 :]
            case "repeat":
                data = data[:at] + data[at : at + 24] * 2 + data[at + 24 :]
            case _:
                data = data[:at] + SEEDS[other][at:]
    return data


REQUESTED = [0, asc.ASC_REQ_EXTENDED_ERROR, asc.ASC_REQ_FRAGMENT_SUPPLIED, asc.ASC_REQ_FRAGMENT_TO_FIT]
REQUESTED += [asc.ASC_REQ_PROXY_BINDINGS, asc.ASC_REQ_ALLOW_MISSING_BINDINGS, 0xFFFFFFFF, 0x8000 | 0x2000 | 0x800000]
HERE = bind_data(b"here")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    legs=st.lists(st.tuples(st.integers(0, len(SEEDS) - 1), edits), min_size=1, max_size=4),
    flags=st.sampled_from(REQUESTED),
    package=st.sampled_from(["negotiate", "negotiate", "ntlm", "kerberos"]),
    room=st.sampled_from([None, None, 0, 5, 64]),
    bound=st.booleans(),
    deferred=st.booleans(),
)
def test_whatever_comes_is_answered_with_a_documented_status(
    legs: list[tuple[int, list[tuple[str, int, bytes, int]]]],
    flags: int,
    package: str,
    room: int | None,
    bound: bool,
    deferred: bool,
) -> None:
    host = Host(USERS + DISABLED)
    host.drawn = 100  # another CHALLENGE than that of the seeds: only the user without a proof gets in
    for seed, changes in legs:
        step = check(
            host.step(
                edited(SEEDS[seed], changes),
                flags,
                package=package,
                max_output=room,
                bindings=HERE if bound else None,
                defer_completion=deferred,
            )
        )
        assert step.client is None or step.client.anonymous
        if host.context is not None and host.context.incomplete:
            host.context, _ = complete(host.context)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200), package=st.sampled_from(["negotiate", "ntlm", "kerberos"]))
def test_random_bytes_are_an_invalid_token_or_another_documented_refusal(data: bytes, package: str) -> None:
    step = check(Host().step(data, package=package))
    assert not step.status.is_success or (package == "negotiate" and not data)


@settings(max_examples=200, deadline=None)
@given(changes=edits.filter(bool), logon=st.sampled_from(sorted(PROTECTED)))
def test_an_edited_answer_with_a_mic_is_accepted_only_where_nothing_changed(
    changes: list[tuple[str, int, bytes, int]], logon: str
) -> None:
    host = Host()
    host.drawn = 100  # another CHALLENGE than that of the seeds
    last = PROTECTED[logon].last(inner(host.step(PROTECTED[logon].first()).output or b""))
    altered = edited(last, changes)
    step = check(host.step(altered))
    if step.status.is_success and step.client is not None and not step.client.anonymous:
        # SPNEGO may wrap the same message and MIC otherwise: bytes behind the token, a negState.
        assert parts(altered) == parts(last)


def parts(token: bytes) -> list[bytes]:
    """What a last leg consists of: a bare message, or the message and the mechListMIC in SPNEGO."""
    if token.startswith(b"NTLMSSP"):
        return [token]
    names = ("responseToken", "mechListMIC")
    return [token[node.start : node.stop] for path, node in walk(decode(token).root) if path in names]


# Contexts ------------------------------------------------------------------------------------------------------------


def stage(name: str) -> bytes:
    """A context's document at some point of a negotiation."""
    host, client = Host(), Client()
    if name == "server first":
        host.step(b"")
    elif name == "bare":
        host.step(client.negotiate)
    elif name == "SPNEGO":
        host.spnego_challenge(client, *LIST)
    elif name == "request-mic":
        host.step(neg_token_init(KRB5, NTLM))
    elif name == "fragment in":
        host.step(neg_token_init(NTLM, token=client.negotiate)[:30], asc.ASC_REQ_FRAGMENT_SUPPLIED)
    elif name == "fragments out":
        answer = client.answer(host.spnego_challenge(client))
        token = neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM))
        host.step(token, asc.ASC_REQ_FRAGMENT_TO_FIT, max_output=10)
    elif name == "incomplete":
        host.step(client.negotiate, defer_completion=True)
    elif name == "established":
        host.spnego_logon(client)
    assert host.context is not None
    return dump(host.context)


STAGES = [
    "server first",
    "bare",
    "SPNEGO",
    "request-mic",
    "fragment in",
    "fragments out",
    "incomplete",
    "established",
]


@pytest.mark.parametrize("name", STAGES)
def test_every_truncation_of_a_context_is_damage(name: str) -> None:
    whole = stage(name)
    assert dump(load(whole)) == whole
    for cut in range(len(whole) - 1):  # without its last newline it is still whole
        with pytest.raises(ContextDamaged, match=r"empty|cut short|no context|digest"):
            load(whole[:cut])


@pytest.mark.parametrize("name", STAGES)
def test_every_flipped_bit_of_a_context_is_damage(name: str) -> None:
    whole = stage(name)
    for _, altered in flips(whole, 1 if name in ("SPNEGO", "established") else 5):
        with pytest.raises(ContextDamaged):
            load(altered)


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"secctx.context/1"',
        b'{"schema": 7}',
        b'{"schema": "secctx.context/2"}',
        b'{"schema": "secctx.context/1"}',
        b'{"schema": "secctx.context/1", "sha256": null}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe{\0}\0",
        b"\0" * 4096,
        b"1" * 10_000,
        b'{"schema": "secctx.context/1", "sha256": "\xc3\xa9"}',
        b"x" * ((4 << 20) + 1),
    ],
    ids=lambda junk: repr(junk[:40]),
)
def test_what_is_no_context_is_damage(junk: bytes) -> None:
    with pytest.raises(ContextDamaged):
        load(junk)


def sealed(body: dict[str, Any]) -> bytes:
    """A document with the digest that belongs to it."""
    body = {name: value for name, value in body.items() if name != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return json.dumps(body | {"sha256": hashlib.sha256(text.encode()).hexdigest()}).encode()


def places(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every value in a document, by the way to it."""
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield (*way, key)
        yield from places(value, (*way, key))


def put(body: Any, way: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(body)
    holder = body
    for key in way[:-1]:
        holder = holder[key]
    if value is ...:
        del holder[way[-1]]
    else:
        holder[way[-1]] = value
    return body


@pytest.mark.parametrize("name", STAGES)
def test_a_field_of_another_kind_is_damage_or_does_no_harm(name: str) -> None:
    """Whoever can write the file owns the context; but no value in it may raise."""
    body = json.loads(stage(name))
    client = Client()
    token = neg_token_resp(token=client.answer(Host().spnego_challenge(client)).data, mic=b"m" * 16)
    odd: list[Any] = [None, True, -1, 1 << 70, 1.5, "", "zz", "00", [], {}, [1], {"a": 1}, ...]
    for way in places(body):
        if way in (("schema",), ("sha256",)):
            continue
        for value in odd:
            try:
                context = load(sealed(put(body, way, value)))
            except ContextDamaged:
                continue
            for given_token in (token, b"", client.negotiate):
                host = Host()
                host.context = context
                try:
                    host.step(given_token)
                    complete(context)
                except Exception as error:
                    raise AssertionError(f"{way} = {value!r}: {error!r}") from error


# The context's file --------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(tmp_path, capsys, monkeypatch)


def mode(path: str | Path) -> int:
    return os.stat(path).st_mode & 0o777


def beside(folder: str = ".") -> list[str]:
    """What was left there by a write that did not end."""
    return [name for name in os.listdir(folder) if name.startswith(".secctx")]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_context_is_for_its_owner_only(command: Command, mask: int) -> None:
    before = os.umask(mask)
    try:
        Path("ctx").write_bytes(b"")
        os.chmod("ctx", 0o666)
        command("--new-context", "ctx", neg_token_init(KRB5, NTLM))
        assert mode("ctx") == 0o600
        os.chmod("ctx", 0o644)
        command("--context", "ctx", neg_token_resp(token=negotiate()))
        assert mode("ctx") == 0o600
        assert not beside()
    finally:
        os.umask(before)


def test_a_context_goes_on_in_another_process_and_folder(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(USERS)
    users.chmod(0o600)
    client = Client()
    (tmp_path / "1").write_bytes(client.negotiate)
    first = run("accept", "--users", users, "--new-context", tmp_path / "ctx", "-w", tmp_path / "2", tmp_path / "1")
    assert (first.code, mode(tmp_path / "ctx")) == (0, 0o600)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "ctx").rename(elsewhere / "moved")
    (tmp_path / "3").write_bytes(client.answer((tmp_path / "2").read_bytes()).data)
    last = run("accept", "--users", users, "--context", "moved", "--json", tmp_path / "3", cwd=elsewhere)
    assert json.loads(last.out)["status"]["name"] == OK
    assert not (elsewhere / "moved").exists()


def logon(command: Command, password: str = "Alice-Pass-1", *options: str) -> Any:
    client = Client(password=password)
    first = command("--new-context", "ctx", client.negotiate)
    return command("--context", "ctx", *options, client.answer(first.output).data)


def test_the_file_goes_with_its_context_unless_it_is_to_be_kept(command: Command) -> None:
    assert logon(command).status == OK
    assert not Path("ctx").exists()
    assert logon(command, "wrong").status == "SEC_E_LOGON_DENIED"
    assert not Path("ctx").exists()
    assert logon(command, "wrong", "--keep-context").status == "SEC_E_LOGON_DENIED"
    assert not Path("ctx").exists()
    assert logon(command, "Alice-Pass-1", "--keep-context").status == OK
    assert load(Path("ctx").read_bytes()).state == "established"
    assert mode("ctx") == 0o600
    again = command("--context", "ctx", negotiate())
    assert (again.status, again.code, Path("ctx").exists()) == ("SEC_E_OUT_OF_SEQUENCE", 1, True)
    assert command("--context", "ctx", "--delete").status == OK
    assert not Path("ctx").exists()
    assert command("--context", "ctx", "--delete").status == OK  # deleting twice is no error


def test_a_failed_first_call_writes_nothing_and_deletes_nothing(command: Command) -> None:
    Path("mine").write_text("mine")
    refused = subprocess.run(
        [*SECCTX, "accept", "--new-context", "mine", "-"], input=b"garbage", capture_output=True, check=False
    )
    assert refused.returncode == 4
    assert b"not overwritten" in refused.stderr
    assert Path("mine").read_text() == "mine"
    assert command("--new-context", "none", neg_token_init(KRB5)).code == 1
    assert not Path("none").exists()


def test_a_new_context_leaves_the_old_one_or_takes_its_place(command: Command) -> None:
    client = Client(mic=False)
    command("--new-context", "one", neg_token_init(KRB5, NTLM))
    before = Path("one").read_bytes()
    second = command("--context", "one", "--new-context", "two", neg_token_resp(token=client.negotiate))
    assert second.status == CONTINUE
    assert load(Path("two").read_bytes()).leg == 2
    assert Path("one").read_bytes() == before
    command("--context", "one", neg_token_resp(token=client.negotiate))
    assert load(Path("one").read_bytes()).leg == 2


OTHERS = {
    "a private key": b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
    "an empty file": b"",
    "zeros": bytes(64),
    "other JSON": b'{"schema": "secctx.decode/1", "important": true}',
    "a context cut short": stage("SPNEGO")[:-40],
    "a context altered": stage("SPNEGO").replace(b'"leg":1', b'"leg":2'),
    "a context of another version": stage("SPNEGO").replace(b"context/1", b"context/2"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_file_given_as_the_context_is_an_invalid_handle_and_stays(command: Command, what: str) -> None:
    path = Path("precious")
    path.write_bytes(OTHERS[what])
    path.chmod(0o640)
    for options in ([], ["--keep-context"], ["--new-context", "precious"], ["--new-context", "other"], ["--delete"],
                    ["--complete"]):  # fmt: skip
        said = command("--context", "precious", *options, negotiate())
        assert (said.status, said.code) == ("SEC_E_INVALID_HANDLE", 1)
        assert path.read_bytes() == OTHERS[what]
        assert mode(path) == 0o640
        assert not Path("other").exists()
    assert not beside()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
def test_what_is_no_file_is_refused_and_waited_for_by_nobody(tmp_path: Path) -> None:
    users, token = tmp_path / "users", tmp_path / "token"
    users.write_text(USERS)
    users.chmod(0o600)
    token.write_bytes(negotiate())
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name, code in (("fifo", {1, 4}), ("folder", {4})):
        command = [*SECCTX, "accept", "-q", "--users", users, "--context", tmp_path / name, token]
        done = subprocess.run([*map(str, command)], capture_output=True, timeout=60, check=False)
        assert done.returncode in code
        assert b"Traceback" not in done.stderr
        assert (tmp_path / name).exists()


def test_a_context_behind_a_link_is_renewed_and_removed_where_it_is(command: Command) -> None:
    Path("folder").mkdir()
    os.symlink("folder/real", "ctx")
    client = Client()
    first = command("--new-context", "ctx", client.negotiate)
    assert Path("folder/real").is_file()
    assert Path("ctx").is_symlink()
    assert not beside("folder")
    assert command("--context", "ctx", client.answer(first.output).data).status == OK
    assert not Path("folder/real").exists()


def test_a_context_that_cannot_be_written_is_a_file_error(command: Command) -> None:
    code, out, err = command.run("--users", "users", "--new-context", "no/such/folder/ctx", negotiate())
    assert (code, out) == (4, "")
    assert "no/such/folder/ctx" in err


def test_a_context_in_use_is_refused_and_untouched(command: Command) -> None:
    fcntl = pytest.importorskip("fcntl")
    client = Client()
    first = command("--new-context", "ctx", client.negotiate)
    before, data = Path("ctx").read_bytes(), client.answer(first.output).data
    with open("ctx", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for options in ([data], ["--delete"], ["--complete"]):
            code, out, err = command.run("--users", "users", "--context", "ctx", *options)
            assert (code, out) == (4, "")
            assert "in use" in err
        assert Path("ctx").read_bytes() == before
    assert command("--context", "ctx", data).status == OK


def test_of_many_calls_at_once_one_gets_the_context(tmp_path: Path) -> None:
    users, token = tmp_path / "users", tmp_path / "token"
    users.write_text(USERS)
    users.chmod(0o600)
    client = Client()
    (tmp_path / "1").write_bytes(client.negotiate)
    run("accept", "--users", users, "--new-context", tmp_path / "ctx", "-w", tmp_path / "2", tmp_path / "1")
    token.write_bytes(client.answer((tmp_path / "2").read_bytes()).data)
    command = [*SECCTX, "accept", "-q", "--users", users, "--context", tmp_path / "ctx", token]
    running = [subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    said = [(process.communicate(), process.returncode) for process in running]
    codes = sorted(code for _, code in said)
    assert codes.count(0) == 1, said
    assert set(codes) <= {0, 1, 4}  # 1: it was finished and gone; 4: in use
    assert not (tmp_path / "ctx").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX")
def test_killed_at_any_moment_the_last_whole_context_stands(tmp_path: Path) -> None:
    """Fragments go in one by one, each call killed after a random while: the file is the old context or the new one."""
    users, ctx, token = (tmp_path / name for name in ("users", "ctx", "token"))
    users.write_text(USERS)
    users.chmod(0o600)
    whole = neg_token_init(NTLM, token=negotiate()) + bytes(0)
    command = [
        *SECCTX,
        "accept",
        "-q",
        "--users",
        str(users),
        "--req",
        "FRAGMENT_SUPPLIED",
        "--from",
        "raw",
        str(token),
    ]
    token.write_bytes(whole[:7])
    started = time.monotonic()
    subprocess.run([*command, "--new-context", str(ctx)], check=True)
    usual = time.monotonic() - started
    draw, done, outcomes = random.Random(20261122), 7, Counter[str]()
    for turn in range(30):
        before = ctx.read_bytes()
        token.write_bytes(whole[done : done + 1])
        process = subprocess.Popen([*command, "--context", str(ctx)], stderr=subprocess.PIPE)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(usual * draw.uniform(0.3, 1.5) if turn else None)
        process.kill()
        _, err = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), err
        after = load(ctx.read_bytes())
        assert mode(ctx) == 0o600
        if ctx.read_bytes() == before:
            assert process.returncode == -signal.SIGKILL
            outcomes["old"] += 1
        else:
            assert (after.leg, after.fragment) == (load(before).leg + 1, whole[: done + 1])
            done += 1
            outcomes["new"] += 1
    assert outcomes["new"]
    assert all(mode(tmp_path / name) == 0o600 for name in beside(str(tmp_path)))
    token.write_bytes(whole[done:])
    last = subprocess.run([*command, "--context", str(ctx)], check=False)
    assert last.returncode == 0
    assert load(ctx.read_bytes()).ntlm.challenge
