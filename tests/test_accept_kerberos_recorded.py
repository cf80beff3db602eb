"""Recorded handshakes of real clients and servers: what `test_accept_kerberos_live.py` holds, on any machine.

Each is gone through as captured: our answer is compared with the server's, whose subkey is then adopted. What comes out
is held to what the client's own library had: attributes, the end of the ticket, the session key, messages both ways.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders.cli import run

from secctx.acceptor.acceptor import Acceptor
from secctx.acceptor.captured import adopt
from secctx.acceptor.context import Context
from secctx.acceptor.context_document import dump, load
from secctx.acceptor.flags import ret_names
from secctx.acceptor.values import Credentials, Request, Server, Step, World
from secctx.decoders import decode
from secctx.keys.bindings import parse_bindings
from secctx.keys.kerberos_session import KerberosSession
from secctx.keys.keyring import KeyRing
from secctx.keys.keytab import read_keytab

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "kerberos" / "recorded.json").read_text(encoding="utf-8")
)
KEYTABS = {name: base64.b64decode(text) for name, text in RECORDED["keytabs"].items()}
USUAL = ["CONFIDENTIALITY", "INTEGRITY", "MUTUAL_AUTH", "REPLAY_DETECT", "SEQUENCE_DETECT"]

ACCEPTED = [pytest.param(case, id=case["case"]) for case in RECORDED["accepted"]]
REFUSED = [pytest.param(case, id=case["case"]) for case in RECORDED["refused"]]
WITH_MESSAGES = [pytest.param(case, id=case["case"]) for case in RECORDED["accepted"] if case["messages"]]


class Seen(set[bytes]):
    """A replay cache for one test."""

    def seen(self, digest: bytes, now: datetime, until: datetime) -> bool:
        known = digest in self
        self.add(digest)
        return known


@dataclass
class Gone:
    """A handshake gone through: the answers to the client's legs, where they differ from the server's, the context."""

    steps: list[Step] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    context: Context | None = None

    def session(self) -> KerberosSession:
        assert self.context is not None
        return KerberosSession.restore(self.context.kerberos.session)


def go_through(case: dict[str, Any]) -> Gone:
    """Every leg, with the context written and read in between; the server's answers adopted."""
    ring = KeyRing()
    ring.add_keytab(read_keytab(KEYTABS[case["keytab"]]), case["keytab"])
    request = Request()
    if "bindings" in case:
        request.bindings = parse_bindings(f"data:{case['bindings']}", None)
    world = World(datetime.fromisoformat(case["at"]), lambda size: b"\x5a" * size, Seen())
    acceptor = Acceptor(Credentials(keys=ring), Server(), world)
    if "after" in case:
        assert acceptor.step(None, base64.b64decode(case["after"]), request)[1].status.name == "SEC_E_OK"
    gone = Gone()
    for side, text in case["legs"]:
        token = base64.b64decode(text)
        if side == "client":
            gone.context, step = acceptor.step(gone.context, token, request)
            gone.steps.append(step)
        elif gone.context is not None:
            gone.context, differences = adopt(gone.context, token, gone.steps[-1].output)
            gone.differences += differences
        if gone.context is not None:
            gone.context = load(dump(gone.context))
    return gone


def test_every_way_of_a_logon_is_among_the_handshakes() -> None:
    assert len(ACCEPTED) >= 20
    assert {case.values[0]["kind"] for case in REFUSED} >= {"clock-skew", "replay", "key-version", "key-wrong"}
    served = {tuple(case.values[0]["returned"] or ()) for case in ACCEPTED}
    for name in ("DELEGATE", "IDENTIFY", "USED_DCE_STYLE", "MUTUAL_AUTH"):
        assert any(name in returned for returned in served)
        assert any(name not in returned for returned in served if returned)


@pytest.mark.parametrize("case", ACCEPTED)
def test_status_attributes_client_and_expiry_are_those_of_the_recorded_logon(case: dict[str, Any]) -> None:
    gone = go_through(case)
    *before, last = gone.steps
    assert [step.status.name for step in before] == ["SEC_I_CONTINUE_NEEDED"] * len(before)
    assert last.status.name == "SEC_E_OK", last.refusal
    returned = sorted(name.removeprefix("ASC_RET_") for name in ret_names(last.attributes))
    assert returned == (case["returned"] or USUAL)
    assert last.client is not None
    name, _, realm = case["client"].partition("@")
    assert last.client.name == name
    # An AD ticket's PAC says the domain by its NetBIOS name.
    assert last.client.domain == {"LAB.EXAMPLE": "LAB"}.get(realm, realm)
    level = "delegate" if "DELEGATE" in returned else "identify" if "IDENTIFY" in returned else "impersonate"
    assert last.client.impersonation == level
    assert last.expiry is not None
    if case["ends"] is not None:
        # The client counted what is left at a moment a little after that of the handshake.
        assert abs(last.expiry - datetime.fromtimestamp(case["ends"], UTC)).total_seconds() <= 5


@pytest.mark.parametrize("case", ACCEPTED)
def test_our_answer_has_the_shape_of_the_recorded_servers(case: dict[str, Any]) -> None:
    gone = go_through(case)
    assert gone.differences == []
    sides = [side for side, _ in case["legs"]]
    answered = [at + 1 < len(sides) and sides[at + 1] == "server" for at, side in enumerate(sides) if side == "client"]
    assert [step.output is not None for step in gone.steps] == answered


@pytest.mark.parametrize("case", ACCEPTED)
def test_behind_the_servers_answer_the_session_key_is_the_clients(case: dict[str, Any]) -> None:
    assert go_through(case).session().key.value.hex() == case["key"]


@pytest.mark.parametrize("case", WITH_MESSAGES)
def test_messages_of_the_recorded_session_verify_and_ours_are_the_servers(case: dict[str, Any]) -> None:
    session = go_through(case).session()
    for kind, side, text, token in case["messages"]:
        data, message = text.encode(), base64.b64decode(token)
        conf = kind == "wrap-conf"
        if side == "client" and kind == "mic":
            assert session.verify(data, message)
        elif side == "client":
            assert session.unwrap(message) == (data, conf)
        elif kind == "mic":
            assert session.sign(data) == message
        else:
            ours = session.wrap(data, conf, bytes(session.confounder_size(conf)))
            # What is sealed, or has a confounder, is random; in DCE style the lab's peers wrapped as without it.
            if not session.confounder_size(conf) and not session.dce_style:
                assert ours == message


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_recorded_server_refused_is_refused_with_its_reason(case: dict[str, Any]) -> None:
    gone = go_through(case)
    last = gone.steps[-1]
    assert last.refusal is not None
    assert (last.status.name, last.refusal.kind) == (case["status"], case["kind"])
    # A client whose clock is off may try again in the same context (MS-KILE 3.4.5).
    assert (gone.context is None) == (last.refusal.kind != "clock-skew")
    server = [decode(base64.b64decode(text)).message for side, text in case["legs"] if side == "server"]
    if server and last.refusal.kind != "bindings-missing":  # which MIT accepts
        assert last.output is not None
        assert decode(last.output).message == server[0]


def test_an_altered_mech_list_mic_of_the_recorded_server_is_a_difference() -> None:
    case = next(case for case in RECORDED["accepted"] if case["case"].startswith("78-"))
    legs = [[side, bytearray(base64.b64decode(text))] for side, text in case["legs"]]
    legs[3][1][-1] ^= 1
    altered = case | {"legs": [[side, base64.b64encode(token).decode()] for side, token in legs]}
    assert go_through(altered).differences == ["mechListMIC: the server's does not verify with the keys of this logon"]


@pytest.mark.parametrize(
    "name",
    [
        "01-mit-aes256-spnego",
        "22-mit-dce-krb5",
        "25-mit-cb-spnego",
        "39-ad-deleg-spnego",
        "78-spnego-mit-ntlm-first-krb5-acceptor",
    ],
)
def test_the_command_line_judges_a_recorded_handshake_alike(name: str, tmp_path: Path) -> None:
    case = next(case for case in RECORDED["accepted"] if case["case"] == name)
    keytab = tmp_path / "keytab"
    keytab.write_bytes(KEYTABS[case["keytab"]])
    keytab.chmod(0o600)
    files = [tmp_path / f"leg{number}.bin" for number in range(1, len(case["legs"]) + 1)]
    for file, (_, text) in zip(files, case["legs"], strict=True):
        file.write_bytes(base64.b64decode(text))
    bindings = ("--bindings", f"data:{case['bindings']}") if "bindings" in case else ()
    done = run("accept", "--json", "--captured", "--keytab", keytab, "--at", case["at"], *bindings, *files)
    document = json.loads(done.out)
    assert (done.code, document["status"]["name"], document["established"]) == (0, "SEC_E_OK", True)
    assert all(leg["answer"]["differences"] == [] for leg in document["legs"])
    last = document["legs"][-1]
    assert last["client"]["name"] == "alice"
    if case["client"].endswith("@LAB.EXAMPLE"):
        # 513 is Domain Users in every domain.
        assert last["client"]["sid"].startswith("S-1-5-21-")
        assert last["client"]["sid"].rpartition("-")[0] + "-513" in last["client"]["groups"]
