"""`accept --engine platform`: pyspnego's own acceptors, whatever becomes of them."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import spnego
from builders.cli import ROOT, SECCTX, run
from builders.der import KRB5, NTLM, ap_req, neg_token_init, tlv
from builders.ntlm import Client, Host, negotiate
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import ErrorCode, InvalidTokenError, NativeError, SpnegoError

from secctx.acceptor import flags as asc
from secctx.acceptor import platform
from secctx.acceptor.platform import status_of, users_text
from secctx.acceptor.values import Step
from secctx.carriers.token import Source, Token
from secctx.cli import accept_platform
from secctx.cli.accept import accept
from secctx.cli.accept_call import Call
from secctx.cli.errors import Refusal
from secctx.keys.users import Users, parse_users

USERS = "LAB:alice:Alice-Pass-1\nLAB:bob:Bob-Pass-2\n"
DATA = b"tls-server-end-point:" + b"\x01" * 32
PURE = {"ntlm": spnego.NegotiateOptions.use_ntlm, "negotiate": spnego.NegotiateOptions.use_negotiate}
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go for the time of a test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.delenv("NTLM_USER_FILE", raising=False)
    return folder


@pytest.fixture
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users.txt"
    path.write_text(USERS)
    path.chmod(0o600)
    return path


def call(*arguments: str | Path, engine: str = "platform") -> Call:
    words = ["--engine", engine, *map(str, arguments)]
    return Call(accept.make_context("accept", words).params)


def token(data: bytes) -> Token:
    return Token(data, Source("test", "raw", 0))


def only(asked: Call, data: bytes) -> Step:
    """The answer to a first leg."""
    return asked.step(None, token(data))[1]


def client(package: str, password: str = "Alice-Pass-1", bindings: bytes | None = None) -> spnego.ContextProxy:
    given = None if bindings is None else GssChannelBindings(application_data=bindings)
    return spnego.client("LAB\\alice", password, protocol=package, options=PURE[package], channel_bindings=given)


def logon(asked: Call, peer: spnego.ContextProxy) -> list[Step]:
    """The legs of a logon of pyspnego's client, to their end."""
    context, steps, sent = None, [], peer.step()
    while sent:
        context, step = asked.step(context, token(sent))
        steps.append(step)
        sent = peer.step(step.output) if step.output and not peer.complete else None
    return steps


def by_hand(asked: Call, peer: Client) -> Step:
    """Both legs of a bare logon of the client that the tests build themselves."""
    context, first = asked.step(None, token(peer.negotiate))
    assert first.output is not None, first
    return asked.step(context, token(peer.answer(first.output).data))[1]


@pytest.mark.parametrize("package", ["ntlm", "negotiate"])
def test_both_engines_judge_a_logon_of_pyspnegos_client_alike(package: str, users: Path) -> None:
    found = {}
    for engine in ("portable", "platform"):
        peer = client(package)
        steps = logon(call("--users", users, "--package", package, "--req", "INTEGRITY", engine=engine), peer)
        last = steps[-1]
        assert peer.complete
        assert last.session_key == peer.session_key
        assert last.client is not None
        named = (last.client.domain, last.client.name, last.client.impersonation, last.client.machine)
        found[engine] = ([step.status.name for step in steps], last.state, last.mechanism, last.attributes, named)
    assert found["platform"] == found["portable"]
    assert found["platform"][0] == ["SEC_I_CONTINUE_NEEDED", "SEC_E_OK"]
    assert found["platform"][4] == ("LAB", "alice", "impersonate", False)


def test_every_leg_says_which_engine_answered(users: Path) -> None:
    steps = logon(call("--users", users, "--package", "ntlm"), client("ntlm"))
    assert [step.notes for step in steps] == [(f"engine: {accept_platform.engine_name()}",)] * 2
    assert accept_platform.engine_name().startswith("pyspnego 0.")
    assert {step.basis for step in steps} == {"other"}


def test_what_the_engine_ignores_is_said_once(users: Path) -> None:
    ignored = ("--req", "MUTUAL_AUTH", "--simulate", "no-memory", "--max-output", "0", "--server-challenge", "00" * 8)
    steps = logon(call("--users", users, *ignored), client("negotiate"))
    assert "ignored by this engine: --req, --max-output, --simulate, --server-challenge" in steps[0].notes
    assert not any("ignored" in note for note in steps[1].notes)
    assert steps[1].status.name == "SEC_E_OK"


@pytest.mark.parametrize("package", ["ntlm", "negotiate"])
def test_a_wrong_password_has_the_status_of_pyspnegos_one_error_for_it(package: str, users: Path) -> None:
    step = logon(call("--users", users, "--package", package), client(package, "wrong"))[-1]
    assert (step.status.name, step.state, step.basis) == ("SEC_E_INVALID_TOKEN", "failed", "other")
    assert step.refusal is not None
    assert step.refusal.kind == "platform"
    assert "Invalid NTLM response from initiator" in step.refusal.text
    assert any("SEC_E_LOGON_DENIED" in note for note in step.notes)
    assert step.client is None


def test_an_unknown_user_is_a_failure_without_a_number_of_its_own(users: Path) -> None:
    step = by_hand(call("--users", users, "--package", "ntlm"), Client(user="mallory"))
    assert step.status.name == "SEC_E_INTERNAL_ERROR"
    assert step.refusal is not None
    assert "Failed to find any matching credential" in step.refusal.text


@pytest.mark.parametrize("package", ["ntlm", "negotiate"])
@pytest.mark.parametrize("data", [b"garbage", b"NTLMSSP\0\3\0\0\0" + bytes(60), b"\x60\x10", b"NTLMSSP\0"])
def test_what_is_no_first_token_is_an_invalid_token(data: bytes, package: str, users: Path) -> None:
    step = only(call("--users", users, "--package", package), data)
    assert step.status.name == "SEC_E_INVALID_TOKEN"
    assert step.refusal is not None
    assert step.refusal.text.startswith("pyspnego's acceptor raised ")


def test_without_users_the_status_is_that_of_what_pyspnego_raises() -> None:
    raw = only(call("--package", "ntlm"), negotiate())
    assert raw.status.name == "SEC_E_UNSUPPORTED_FUNCTION"
    assert raw.refusal is not None
    assert "OperationNotAvailableError" in raw.refusal.text
    assert only(call(), neg_token_init(NTLM, token=negotiate())).status.name == "SEC_E_SECPKG_NOT_FOUND"


def test_a_server_that_begins_says_what_it_has(users: Path) -> None:
    step = only(call("--users", users), b"")
    assert step.status.name == "SEC_I_CONTINUE_NEEDED"
    assert NTLM in (step.output or b"")


def test_an_anonymous_client_is_more_than_pyspnego_can_do(users: Path) -> None:
    anonymous = Client(kind="anonymous", user="", domain="", mic=False)
    step = by_hand(call("--users", users, "--package", "ntlm"), anonymous)
    assert step.status.name == "SEC_E_UNSUPPORTED_FUNCTION"


@pytest.mark.parametrize(
    ("sent", "status"), [(DATA, "SEC_E_OK"), (b"other", "SEC_E_BAD_BINDINGS"), (None, "SEC_E_BAD_BINDINGS")]
)
def test_bindings_are_held_against_those_of_the_client(sent: bytes | None, status: str, users: Path) -> None:
    spec = f"data:{DATA.hex()}"
    step = logon(call("--users", users, "--bindings", spec), client("negotiate", bindings=sent))[-1]
    assert step.status.name == status


@pytest.mark.parametrize("level", ["3", "5"])
def test_the_lm_level_is_pyspnegos_too(level: str, users: Path) -> None:
    peer = Client(kind="NTLM2 session")
    step = by_hand(call("--users", users, "--package", "ntlm", "--lm-level", level), peer)
    assert step.status.name == ("SEC_E_OK" if level == "3" else "SEC_E_INVALID_TOKEN")


def test_a_user_given_without_a_domain_serves_the_one_that_the_client_names(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("Alice-Pass-1\n")
    secret.chmod(0o600)
    step = logon(call("--user", "ALICE", "--password-file", secret), client("negotiate"))[-1]
    assert step.status.name == "SEC_E_OK"


def test_a_finished_context_takes_no_more(users: Path) -> None:
    asked, peer = call("--users", users, "--package", "ntlm"), client("ntlm")
    context, first = asked.step(None, token(peer.step() or b""))
    context, last = asked.step(context, token(peer.step(first.output) or b""))
    assert last.status.name == "SEC_E_OK"
    assert asked.step(context, token(b"more"))[1].status.name == "SEC_E_OUT_OF_SEQUENCE"


def test_a_call_can_begin_anew(users: Path) -> None:
    asked = call("--users", users, "--package", "ntlm")
    assert only(asked, negotiate()).status.name == "SEC_I_CONTINUE_NEEDED"
    assert logon(asked, client("ntlm"))[-1].status.name == "SEC_E_OK"


# Known defects of pyspnego: survived, and said in words.


def test_an_optimistic_kerberos_token_that_pyspnego_reads_as_ntlm_is_a_defect_of_its(users: Path) -> None:
    optimistic = tlv(0x60, KRB5, b"\1\0", ap_req())
    step = only(call("--users", users), neg_token_init(KRB5, NTLM, token=optimistic))
    assert step.status.name == "SEC_E_INTERNAL_ERROR"
    assert step.refusal is not None
    assert "KeyError" in step.refusal.text
    assert any("known defect of pyspnego" in note and "Kerberos" in note for note in step.notes)


@pytest.mark.parametrize("level", ["0", "3"])
def test_an_empty_nt_response_that_pyspnego_accepts_is_said_to_prove_nothing(level: str, users: Path) -> None:
    intruder = Client(kind="NTLM2 session", password="unknown", nt=b"")
    asked = ("--users", users, "--package", "ntlm", "--lm-level", level)
    step = by_hand(call(*asked), intruder)
    assert step.status.name == "SEC_E_OK"
    assert any("proved no password" in note for note in step.notes)
    assert not any("proved" in note for note in by_hand(call(*asked), Client(kind="NTLM2 session")).notes)
    assert by_hand(call(*asked, engine="portable"), intruder).status.name == "SEC_E_LOGON_DENIED"


def test_a_lost_refusal_of_gssapi_is_known() -> None:
    code, notes = status_of(AttributeError("Cannot read flags from a security context whose establishment has …"))
    assert code.name == "SEC_E_INTERNAL_ERROR"
    assert "refusal is lost" in notes[0]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (SpnegoError(ErrorCode.bad_mech), "SEC_E_SECPKG_NOT_FOUND"),
        (SpnegoError(ErrorCode.bad_name), "SEC_E_TARGET_UNKNOWN"),
        (SpnegoError(ErrorCode.bad_bindings), "SEC_E_BAD_BINDINGS"),
        (SpnegoError(ErrorCode.bad_mic), "SEC_E_MESSAGE_ALTERED"),
        (SpnegoError(ErrorCode.no_cred), "SEC_E_NO_CREDENTIALS"),
        (SpnegoError(ErrorCode.no_context), "SEC_E_INVALID_HANDLE"),
        (InvalidTokenError(), "SEC_E_INVALID_TOKEN"),
        (SpnegoError(ErrorCode.invalid_credential), "SEC_E_LOGON_DENIED"),
        (SpnegoError(ErrorCode.credentials_expired), "SEC_E_CONTEXT_EXPIRED"),
        (SpnegoError(ErrorCode.context_expired), "SEC_E_CONTEXT_EXPIRED"),
        (SpnegoError(ErrorCode.failure), "SEC_E_INTERNAL_ERROR"),
        (SpnegoError(ErrorCode.bad_qop), "SEC_E_QOP_NOT_SUPPORTED"),
        (SpnegoError(ErrorCode.unavailable), "SEC_E_UNSUPPORTED_FUNCTION"),
        (SpnegoError(base_error=NativeError("", winerror=-2146893044)), "SEC_E_LOGON_DENIED"),
        (SpnegoError(base_error=NativeError("", winerror=-1073741711)), "SEC_E_LOGON_DENIED"),
        (SpnegoError(base_error=NativeError("", winerror=5)), "SEC_E_INTERNAL_ERROR"),
        (SpnegoError(base_error=NativeError("", maj_code=0x40000)), "SEC_E_BAD_BINDINGS"),
        (SpnegoError(base_error=NativeError("", maj_code=0)), "SEC_E_INTERNAL_ERROR"),
        (UnicodeDecodeError("utf-16-le", b"x", 0, 1, "truncated"), "SEC_E_INVALID_TOKEN"),
        (StopIteration(), "SEC_E_INTERNAL_ERROR"),
    ],
    ids=repr,
)
def test_the_maps_give_the_status_of_what_pyspnego_raises(error: Exception, name: str) -> None:
    assert status_of(error)[0].name == name


def test_a_kerberos_error_inside_a_general_failure_is_what_counts() -> None:
    inside = NativeError("", maj_code=0xD0000)
    inside.min_code = 0x96C73A00 + 37  # type: ignore[attr-defined]
    assert status_of(SpnegoError(ErrorCode.failure, base_error=inside))[0].name == "SEC_E_TIME_SKEW"


def test_a_long_text_of_an_exception_is_cut_and_stays_one_line() -> None:
    text = platform.describe(ValueError("one\ntwo " + "x" * 1000))
    assert text.startswith("ValueError: one two x")
    assert len(text) < 450


# The child: crashes, hangs, talks nonsense.


def stub(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Another child in the place of ours; it has the folder as its argument."""
    monkeypatch.setattr(accept_platform, "child_command", lambda folder: [sys.executable, "-c", code, folder])


def failure(monkeypatch: pytest.MonkeyPatch, code: str, users: Path) -> str:
    """The words for such a child's failure."""
    stub(monkeypatch, code)
    step = only(call("--users", users), negotiate())
    assert (step.status.name, step.state, step.basis) == ("SEC_E_INTERNAL_ERROR", "failed", "other")
    assert step.refusal is not None
    assert step.refusal.kind == "platform"
    assert step.notes[0].startswith("engine: pyspnego")
    return step.refusal.text


LEAVE_A_FILE = "import os, signal, sys; open(sys.argv[1] + '/users', 'w').write('secret'); sys.stdin.readline(); "


@posix
def test_a_crash_of_the_child_is_its_failure_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, users: Path, temporary: Path
) -> None:
    crash = LEAVE_A_FILE + "os.kill(os.getpid(), signal.SIGSEGV)"
    assert failure(monkeypatch, crash, users) == f"the platform's acceptor crashed (signal {int(signal.SIGSEGV)})"
    assert not list(temporary.iterdir())


def test_a_child_that_hangs_is_stopped_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, users: Path, temporary: Path
) -> None:
    monkeypatch.setattr(accept_platform, "LIMIT", 0.5)
    text = failure(monkeypatch, LEAVE_A_FILE + "import time; time.sleep(600)", users)
    assert text == "the platform's acceptor did not answer within 0.5 seconds, and was stopped"
    assert not list(temporary.iterdir())


@posix
def test_a_child_of_the_child_that_keeps_its_pipe_is_stopped_too(monkeypatch: pytest.MonkeyPatch, users: Path) -> None:
    monkeypatch.setattr(accept_platform, "LIMIT", 0.5)
    code = "import os, time; os.fork() and os._exit(0); time.sleep(600)"
    assert "did not answer" in failure(monkeypatch, code, users)


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("print('Segmentation fault', flush=True); input()", "something that is no answer: 'Segmentation fault"),
        ("print('{}', flush=True); input()", "something that is no answer"),
        ("print('[' * 6000, flush=True); input()", "something that is no answer"),
        ("print('null', flush=True)", "something that is no answer"),
        ('print(\'{"status": "0"}\', flush=True)', "something that is no answer"),
        ("print('x' * 9000, flush=True)", "answered with more than 8192 bytes"),
        ("print('half a line', end='')", "ended without an answer (exit code 0)"),
        ("raise SystemExit(3)", "ended without an answer (exit code 3)"),
        ('print(\'{"broken": "ImportError: x"}\', flush=True)', "cannot run: ImportError: x"),
    ],
)
def test_what_a_child_says_that_is_no_answer_is_its_failure(
    printed: str, words: str, monkeypatch: pytest.MonkeyPatch, users: Path, temporary: Path
) -> None:
    monkeypatch.setattr(accept_platform, "MAX_ANSWER", 8192)
    assert words in failure(monkeypatch, printed, users)
    assert not list(temporary.iterdir())


def test_a_child_that_cannot_be_started_is_its_failure(
    monkeypatch: pytest.MonkeyPatch, users: Path, temporary: Path
) -> None:
    monkeypatch.setattr(accept_platform, "child_command", lambda folder: [folder + "/nothing"])
    step = only(call("--users", users), negotiate())
    assert step.status.name == "SEC_E_INTERNAL_ERROR"
    assert step.refusal is not None
    assert step.refusal.text.startswith("the platform's acceptor cannot be started: ")
    assert not list(temporary.iterdir())


def test_an_interrupted_leg_leaves_no_child_and_no_file(
    monkeypatch: pytest.MonkeyPatch, users: Path, temporary: Path
) -> None:
    def interrupt(*_: Any) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(accept_platform.Engine, "_exchange", interrupt)
    asked = call("--users", users)
    with pytest.raises(KeyboardInterrupt):
        asked.step(None, token(negotiate()))
    engine = accept_platform._ENGINES[asked]
    engine.close()
    assert engine.process.returncode
    assert not list(temporary.iterdir())


# Secrets.


@pytest.mark.parametrize("password", ["Alice-Pass-1", "wrong"])
def test_no_file_is_left_behind(password: str, users: Path, temporary: Path) -> None:
    logon(call("--users", users), client("negotiate", password))
    assert not list(temporary.iterdir())


def test_no_file_is_left_behind_by_an_unfinished_context(users: Path, temporary: Path) -> None:
    done = run(
        "accept", "--engine", "platform", "--users", users, "-", stdin=neg_token_init(NTLM), TMPDIR=str(temporary)
    )
    assert done.code == 0
    assert "SEC_I_CONTINUE_NEEDED" in done.out
    assert not list(temporary.iterdir())


@posix
def test_a_child_whose_parent_is_killed_takes_its_folder_with_it(users: Path, temporary: Path) -> None:
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT / "tests")!r})
sys.argv[1:] = ["accept", "--engine", "platform", "--users", {str(users)!r}, {neg_token_init(NTLM).hex()!r}]
from secctx.cli import accept_platform
once = accept_platform.Engine.step
def step(self, question):
    once(self, question)
    os.kill(os.getpid(), signal.SIGKILL)
accept_platform.Engine.step = step
from secctx.cli.main import main
main()
"""
    script = SECCTX[2].partition("from secctx.cli.main")[0] + code
    environment = os.environ | {"TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    for _ in range(600):  # the child needs a moment to see that its pipe is closed
        if not list(temporary.iterdir()):
            break
        time.sleep(0.1)
    assert not list(temporary.iterdir())


class Spy:
    """In the place of pyspnego's acceptor: looks at the file of users."""

    def step(self, data: bytes) -> platform.Answer:
        path = Path(os.environ["NTLM_USER_FILE"])
        self.mode = stat.S_IMODE(path.stat().st_mode)
        self.folder_mode = stat.S_IMODE(path.parent.stat().st_mode)
        self.text = path.read_text()
        raise RuntimeError("as if it failed")


@posix
def test_the_users_stand_in_a_private_file_for_the_time_of_a_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTLM_USER_FILE", "unset later")
    peer = Client()
    challenge = Host().challenge(peer).output or b""
    text = users_text(parse_users(USERS.encode()), peer.answer(challenge).data, os.urandom)
    spy = Spy()
    with tempfile.TemporaryDirectory() as folder:
        question = {"users": text, "token": "", "package": "ntlm", "bindings": None}
        answer = accept_platform._watched(folder, {"acceptor": spy}, question)  # type: ignore[dict-item]
        assert not os.listdir(folder)
    assert answer == {"broken": "RuntimeError: as if it failed"}
    assert (spy.mode, spy.folder_mode) == (0o600, 0o700)
    assert spy.text.startswith("LAB\\alice:0:")
    assert "bob" not in spy.text
    assert "Pass" not in spy.text


def test_secrets_are_neither_arguments_nor_environment_of_the_child(
    monkeypatch: pytest.MonkeyPatch, users: Path
) -> None:
    monkeypatch.setenv("SECCTX_PASSWORD", "Another-Pass-3")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    code = "import json, os, sys; print(json.dumps({'broken': json.dumps([sys.argv, dict(os.environ)])}), flush=True)"
    shown = failure(monkeypatch, code, users)
    environment = json.loads(shown.partition("cannot run: ")[2])[1]
    assert environment["LM_COMPAT_LEVEL"] == "3"
    assert not {"SECCTX_PASSWORD", "NTLM_USER_FILE"} & set(environment)
    assert "Pass-1" not in shown
    assert "Pass-3" not in shown
    command = " ".join(accept_platform.child_command("folder"))
    assert "Pass" not in command


def test_names_that_would_change_the_meaning_of_the_file_are_left_out() -> None:
    given = Users.single("a:b", password="x")
    assert users_text(given, b"garbage", os.urandom) == ""
    odd = Users.single("alice", domain="LAB\nEVIL:x", password="x")
    assert users_text(odd, b"garbage", os.urandom) == ""


def test_an_account_without_hashes_is_given_hashes_that_nobody_knows() -> None:
    users = parse_users(f"LAB\\dave:1000:{'X' * 32}:{'X' * 32}:[U          ]:LCT-00000000:\n".encode())
    line = users_text(users, b"garbage", lambda size: b"\xab" * size)
    assert line == f"LAB\\dave:0:{'ab' * 16}:{'ab' * 16}:[U]:LCT-0\n"


# The command line.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--captured"], "cannot judge a handshake that was captured"),
        (["--package", "kerberos"], "Kerberos not yet"),
        (["--bindings", "md5:" + "11" * 16], "application data alone"),
        (["--new-context", "ctx"], "keeps no context between processes"),
    ],
)
def test_what_the_engine_cannot_do_is_refused_as_usage(options: list[str], words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        call(*options).step(None, token(negotiate()))
    assert refused.value.code == 2


def test_the_command_line_shows_the_answer_of_the_engine(users: Path) -> None:
    done = run("accept", "--engine", "platform", "--users", users, "--json", *[negotiate().hex()] * 2)
    legs = json.loads(done.out)["legs"]
    assert done.code == 1
    assert [leg["status"]["name"] for leg in legs] == ["SEC_I_CONTINUE_NEEDED", "SEC_E_INVALID_TOKEN"]
    assert legs[0]["output"]["message"] == "CHALLENGE_MESSAGE"
    assert legs[1]["reason"]["kind"] == "platform"
    assert legs[1]["basis"] == "other"


def test_the_working_directory_is_no_place_to_import_from(users: Path, tmp_path: Path) -> None:
    (tmp_path / "spnego.py").write_text("raise SystemExit(7)")
    done = run("accept", "--engine", "platform", "--users", users, negotiate().hex(), cwd=tmp_path)
    assert "SEC_I_CONTINUE_NEEDED" in done.out


@pytest.mark.parametrize("engine", ["portable", "platform"])
def test_neither_engine_brings_pyspnego_into_the_process_of_the_command(engine: str, users: Path) -> None:
    code = f"""
from secctx.cli.main import secctx
secctx.main(["accept", "--engine", {engine!r}, "--users", {str(users)!r}, "--json", {negotiate().hex()!r}],
            standalone_mode=False)
print(sorted(name for name in sys.modules if name.split(".")[0] == "spnego"))
"""
    script = SECCTX[2].partition("from secctx.cli.main")[0] + code
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    document, loaded = done.stdout.splitlines()
    assert json.loads(document)["status"]["name"] == "SEC_I_CONTINUE_NEEDED"
    assert loaded == "[]"


def test_attributes_are_those_of_ret_and_not_the_bits_of_gss(users: Path) -> None:
    last = logon(call("--users", users), client("negotiate"))[-1]
    assert last.attributes & asc.ASC_RET_INTEGRITY
    assert not last.attributes & asc.ASC_RET_USE_SESSION_KEY
