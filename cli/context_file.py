"""The context file: read whole, locked while a call uses it, replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from types import TracebackType

from secctx.acceptor.context import Context
from secctx.acceptor.context_document import MAX_SIZE, ContextDamaged, dump, load

from . import exits
from .errors import Refusal
from .files import replace_whole

try:
    import fcntl
except ImportError:  # not on Windows: there the rename alone keeps the file whole
    fcntl = None  # type: ignore[assignment]

#: A lock taken on a file that was replaced meanwhile is worth nothing; so often the new file is tried.
_TRIES = 5


class ContextFile:
    """One context file in use by this process; a context manager that holds the lock.

    A context that is damaged, of another version or no context at all is `None` in `context`, with what is wrong in
    `damage`: AcceptSecurityContext answers SEC_E_INVALID_HANDLE to it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.context: Context | None = None
        self.damage = ""
        self.missing = False
        self._handle = -1

    def __enter__(self) -> ContextFile:
        try:
            self._handle = self._locked()
            with os.fdopen(os.dup(self._handle), "rb") as file:
                data = file.read(MAX_SIZE + 1)
        except FileNotFoundError:
            self.missing = True
            self.damage = "there is no such context: it was never begun, or it is finished and gone"
            return self
        except IsADirectoryError:
            raise Refusal(f"{self.path}: is a directory, not a context", exits.NO_FILE) from None
        except OSError as error:
            raise Refusal(f"{self.path}: cannot be read: {error.strerror}", exits.NO_FILE) from None
        try:
            self.context = load(data)
        except ContextDamaged as damage:
            self.damage = f"{damage}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def _locked(self) -> int:
        for _ in range(_TRIES):
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Refusal(f"{self.path}: is no regular file, so no context", exits.NO_FILE)
                if fcntl is not None:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(handle), os.stat(self.path)):
                    return handle
            except BlockingIOError:
                os.close(handle)
                break
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
        raise Refusal(
            f"{self.path}: this context is in use by another call", exits.NO_FILE, ["one leg at a time: wait for it"]
        )

    def remove(self) -> None:
        """Delete the file; that it is gone already is as good."""
        try:
            os.unlink(os.path.realpath(self.path))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Refusal(f"{self.path}: cannot be deleted: {error.strerror}", exits.NO_FILE) from None


def save(path: str, context: Context) -> None:
    """Write a context beside `path` and rename it there: mode 0600, on the disk before it has its name."""
    target = os.path.realpath(path)
    try:
        replace_whole(target, dump(context), 0o600)
        _sync_folder(os.path.dirname(target))
    except OSError as error:
        raise Refusal(f"{path}: cannot be written: {error.strerror}", exits.NO_FILE) from None


def _sync_folder(folder: str) -> None:
    """Make the new name last through a power cut, where the system lets a folder be synced."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
