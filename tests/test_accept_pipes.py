"""One process for a whole logon: tokens through pipes when their turn comes; several handshakes in one input."""

import base64
import json
import os
import pty
import subprocess
import threading
from pathlib import Path

import pytest
import spnego
from builders.cli import ROOT, SECCTX, run

LEGS = [ROOT / "tests" / "data" / "ntlm" / f"63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
PASSWORD = {"SECCTX_PASSWORD": "Alice-Passw0rd1"}


def client() -> spnego.ContextProxy:
    return spnego.client(
        "LAB\\alice", "Alice-Passw0rd1", "web", "HTTP", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("engine", ["portable", "platform"])
def test_a_logon_goes_through_pipes_leg_by_leg(engine: str, tmp_path: Path) -> None:
    one, two, answer = (tmp_path / name for name in ("one", "two", "answer"))
    for path in (one, two, answer):
        os.mkfifo(path)
    arguments = ["accept", "--json", "--user", "LAB\\alice", "--engine", engine, "-w", str(answer), str(one), str(two)]
    process = subprocess.Popen(
        [*SECCTX, *arguments], cwd=ROOT, env=os.environ | PASSWORD, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = threading.Timer(50, process.kill)
    end.start()
    try:
        initiator = client()
        one.write_bytes(initiator.step() or b"")
        two.write_bytes(initiator.step(answer.read_bytes()) or b"")
        out, err = process.communicate()
    finally:
        end.cancel()
        process.kill()
    assert process.returncode == 0, err.decode()
    document = json.loads(out)
    assert document["established"]
    assert [leg["status"]["name"] for leg in document["legs"]] == ["SEC_I_CONTINUE_NEEDED", "SEC_E_OK"]
    assert document["legs"][1]["client"]["name"].lower() == "alice"


def test_json_lines_of_several_handshakes_give_a_document_each() -> None:
    wrong = (ROOT / "samples" / "ntlm-wrong-password.b64").read_text().split()
    good = [base64.b64encode(leg.read_bytes()).decode() for leg in LEGS]
    lines = [
        json.dumps(
            {
                "schema": "secctx.extract/1",
                "handshake": handshake,
                "leg": leg,
                "direction": "server" if leg == 2 else "client",
                "time": "2026-11-22T08:25:45Z",
                "token": token,
            }
        )
        for leg in (1, 2, 3)
        for handshake, token in ((1, good[leg - 1]), (2, wrong[leg - 1]))
    ]
    done = run("accept", "--json", "--captured", "--user", "LAB\\alice", stdin="\n".join(lines).encode(), **PASSWORD)
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert done.code == 1
    assert first["status"]["name"] == "SEC_E_OK"
    assert second["status"]["name"] == "SEC_E_LOGON_DENIED"
    assert len(first["legs"]) == len(second["legs"]) == 2


def test_the_password_is_asked_for_on_the_terminal_and_not_shown() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.pop("SECCTX_PASSWORD", None)
        legs = [str(leg) for leg in LEGS]
        os.execv(SECCTX[0], [*SECCTX, "accept", "--captured", "--get", "status.name", "--user", "LAB\\alice", *legs])
    shown = b""
    while b"Password for LAB\\alice: " not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, b"Alice-Passw0rd1\n")
    while True:
        try:
            more = os.read(terminal, 1024)
        except OSError:
            break
        if not more:
            break
        shown += more
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert shown.rstrip().endswith(b"SEC_E_OK")
    assert b"Alice-Passw0rd1" not in shown
