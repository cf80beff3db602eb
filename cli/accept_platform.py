"""`accept --engine platform`: the legs through pyspnego's own acceptor, in a child process.

A crash, a hang or a lost exception there is a failure of that engine, reported in words as SEC_E_INTERNAL_ERROR. Its
context lives in the child, so it lasts no longer than the command. The two talk in JSON lines over pipes, which is also
how secrets travel; pyspnego reads its users from a file, which stands in a private folder while a leg is judged, and
holds the hashes of the one user whom the token names.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from secctx.acceptor import status
from secctx.acceptor.context import Context
from secctx.acceptor.platform import PlatformAcceptor, bytes_of, step_of, text_of, users_text, wire
from secctx.acceptor.values import CONTINUING, ESTABLISHED, FAILED, OTHER, Refusal, Request, Step

from . import exits
from .errors import Refusal as UsageRefusal

if TYPE_CHECKING:
    from secctx.carriers.token import Token

    from .accept_call import Call

#: Seconds that one leg may take, and that a child which is no longer needed has to end.
LIMIT: Final = 30.0
GRACE: Final = 5.0
#: Bytes of one line from the child at most.
MAX_ANSWER: Final = 8 << 20

#: What the engine has no use for, by the name of the option.
_IGNORED: Final = (
    "req",
    "credential_use",
    "max_output",
    "defer_completion",
    "enforce",
    "simulate",
    "server_name",
    "server_domain",
    "server_dns",
    "server_challenge",
    "at",
    "seed",
)

#: The child's program: the very `secctx` that runs here, installed or not.
_START: Final = """
import sys, types
module = sys.modules["secctx"] = types.ModuleType("secctx")
module.__path__ = sys.argv[2:]
from secctx.cli.accept_platform import serve
serve(sys.argv[1])
"""


class EngineFailed(Exception):
    """The child gave no answer; the text says in words what became of it."""


def platform_step(call: Call, context: Context | None, token: Token) -> tuple[Context | None, Step]:
    """One leg through pyspnego; the context that comes back only says how far it is, what it holds is in the child."""
    if context is not None and context.state == ESTABLISHED:
        text = "the context is already established: there is nothing left to accept on it"
        return context, _failed(call, status.SEC_E_OUT_OF_SEQUENCE, "context-finished", text)
    if context is None:
        _check_options(call)
        _drop(call)
        context = Context(call.request.package, call.credentials.mark)
    first = not context.leg
    try:
        engine = _ENGINES.setdefault(call, Engine(call.server.lm_level)) if first else _ENGINES[call]
        step = engine.step(_question(call, token.data))
    except EngineFailed as failed:
        step = _failed(call, status.SEC_E_INTERNAL_ERROR, "platform", str(failed))
    step.notes = (f"engine: {engine_name()}", *(_ignored(call.options) if first else ()), *step.notes)
    if step.state != CONTINUING:
        _drop(call)
    context.leg += 1
    context.state, context.mechanism = step.state, step.mechanism
    return (None if step.state == FAILED else context), step


class Engine:
    """A child process with one context of pyspnego's, and the private folder for its users; both go with it."""

    def __init__(self, lm_level: int) -> None:
        folder = TemporaryDirectory(prefix="secctx-", ignore_cleanup_errors=True)
        kept = {name: value for name, value in os.environ.items() if name not in ("SECCTX_PASSWORD", "NTLM_USER_FILE")}
        try:
            self.process = subprocess.Popen(
                child_command(folder.name),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=kept | {"LM_COMPAT_LEVEL": str(lm_level)},
                start_new_session=True,
            )
        except OSError as error:
            folder.cleanup()
            raise EngineFailed(f"the platform's acceptor cannot be started: {error.strerror or error}") from None
        self.close = weakref.finalize(self, _end, self.process, folder)
        self.late = False

    def step(self, question: Mapping[str, Any]) -> Step:
        """The child's answer to one leg; it is not left alive where it has none."""
        try:
            line = self._timed(json.dumps(question).encode() + b"\n")
            if not line.endswith(b"\n"):
                raise EngineFailed(self._ending(line))
            return self._read(line)
        except BaseException:
            _kill(self.process)
            raise

    def _read(self, line: bytes) -> Step:
        try:
            answer = json.loads(line)
            if isinstance(answer, dict) and "broken" in answer:
                raise EngineFailed(f"the platform's acceptor cannot run: {answer['broken']}")
            return step_of(answer)
        except (ValueError, RecursionError):
            shown = repr(line[:60])[1:]
            raise EngineFailed(f"the platform's acceptor answered with something that is no answer: {shown}") from None

    def _timed(self, line: bytes) -> bytes:
        timer = threading.Timer(LIMIT, self._expire)
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(line)
        finally:
            timer.cancel()
            timer.join()

    def _exchange(self, line: bytes) -> bytes:
        source, sink = self.process.stdout, self.process.stdin
        if source is None or sink is None:
            return b""
        with suppress(OSError):
            sink.write(line)
            sink.flush()
        return source.readline(MAX_ANSWER)

    def _expire(self) -> None:
        self.late = True
        _kill(self.process)

    def _ending(self, line: bytes) -> str:
        """Why there is no whole line, in words."""
        if self.late:
            return f"the platform's acceptor did not answer within {LIMIT:g} seconds, and was stopped"
        if len(line) >= MAX_ANSWER:
            return f"the platform's acceptor answered with more than {MAX_ANSWER} bytes"
        try:
            code = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            return "the platform's acceptor closed its end without an answer"
        if code < 0:
            return f"the platform's acceptor crashed (signal {-code})"
        if code >= 0xC0000000:  # Windows: an unhandled exception is an NTSTATUS
            return f"the platform's acceptor crashed (0x{code:08X})"
        return f"the platform's acceptor ended without an answer (exit code {code})"


_ENGINES: Final[weakref.WeakKeyDictionary[Call, Engine]] = weakref.WeakKeyDictionary()


def child_command(folder: str) -> list[str]:
    """The command line of the child; `folder` is where the users may stand."""
    # -P: the working directory is no place to import from.
    return [sys.executable or "python3", "-P", "-c", _START, folder, *sys.modules["secctx"].__path__]


def _drop(call: Call) -> None:
    engine = _ENGINES.pop(call, None)
    if engine is not None:
        engine.close()


def _end(process: subprocess.Popen[bytes], folder: TemporaryDirectory[str]) -> None:
    """The end of a child: it leaves when its pipe closes, or is made to; then the folder goes."""
    try:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
    finally:
        folder.cleanup()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and what it may have started; it is not reaped yet, so the number is still its own."""
    with suppress(OSError):
        if os.name == "posix" and process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _check_options(call: Call) -> None:
    """What the engine cannot do is refused where an answer would be to another question."""
    if call.options["captured"]:
        text = "--engine platform makes its own challenges: it cannot judge a handshake that was captured"
        raise UsageRefusal(text, exits.USAGE)
    if call.request.package == "kerberos":
        raise UsageRefusal("--engine platform has NTLM and Negotiate in this version, Kerberos not yet", exits.USAGE)
    _application_data(call.request)


def _application_data(request: Request) -> bytes | None:
    """What pyspnego is given of the bindings; it hashes them itself, so a hash is nothing that it could take."""
    from secctx.keys.bindings import bindings_hash

    bindings = request.bindings
    if bindings is None:
        return None
    if bindings.application_data is None or bindings_hash(bindings.application_data) != bindings.hash16:
        text = "--engine platform takes bindings by their application data alone: no md5:, and no raw: with addresses"
        raise UsageRefusal(text, exits.USAGE)
    return bindings.application_data


def _ignored(options: Mapping[str, Any]) -> tuple[str, ...]:
    given = {name: options[name] for name in _IGNORED}
    named = [name for name, value in given.items() if not (value is None or value is False or value in ((), "inbound"))]
    words = ", ".join("--" + name.replace("_", "-") for name in named)
    return (f"ignored by this engine: {words}",) if named else ()


def _question(call: Call, token: bytes) -> dict[str, Any]:
    data = _application_data(call.request)
    users = call.credentials.users
    return {
        "package": call.request.package,
        "bindings": None if data is None else text_of(data),
        "users": None if users is None else users_text(users, token, secrets.token_bytes),
        "token": text_of(token),
    }


def _failed(call: Call, code: status.Status, kind: str, text: str) -> Step:
    mechanism = "NTLM" if call.request.package == "ntlm" else "SPNEGO"
    return Step(code, OTHER, FAILED, mechanism, refusal=Refusal(kind, text))


def engine_name() -> str:
    """`pyspnego 0.12.4`, found out without importing it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"pyspnego {version('pyspnego')}"
    except PackageNotFoundError:
        return "pyspnego"


def serve(folder: str) -> None:
    """The child's side: an answer for each question, until the pipe ends; then the folder goes, parent or not."""
    source, sink = _own_pipes()
    state: dict[str, PlatformAcceptor] = {}
    try:
        for line in source:
            sink.write(json.dumps(_watched(folder, state, json.loads(line))).encode() + b"\n")
            sink.flush()
    except OSError:  # the parent is gone
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent, out of the reach of libraries that read stdin or print."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nowhere, number)
    return source, sink


def _watched(folder: str, state: dict[str, PlatformAcceptor], question: Mapping[str, Any]) -> dict[str, Any]:
    """An answer; a child that hangs and has lost its parent, which would have stopped it, ends itself."""
    watch = threading.Timer(2 * LIMIT, _abandon, [folder])
    watch.daemon = True
    watch.start()
    try:
        return _judge(folder, state, question)
    except Exception as error:  # pyspnego cannot be imported, or the folder cannot be written
        return {"broken": f"{type(error).__name__}: {error}"}
    finally:
        watch.cancel()


def _abandon(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _judge(folder: str, state: dict[str, PlatformAcceptor], question: Mapping[str, Any]) -> dict[str, Any]:
    path = os.path.join(folder, "users")
    try:
        if question["users"] is not None:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(question["users"].encode())
            os.environ["NTLM_USER_FILE"] = path
        if not state:
            state["acceptor"] = PlatformAcceptor(question["package"], bytes_of(question["bindings"]))
        return wire(state["acceptor"].step(bytes_of(question["token"]) or b""))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
