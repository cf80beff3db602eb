"""Writing what was asked for, whole or not at all."""

from __future__ import annotations

import os
import stat
import sys

from . import exits
from .errors import Refusal

#: Other names of standard output: what was printed into a redirected file must not be replaced.
_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def write_whole(path: str, data: bytes, *, private: bool = False) -> None:
    """Write `data` to `path`: beside it first, then renamed over it, so that a reader sees the old or the new file.

    `-` is standard output; what is no regular file (a pipe, a device) is written to as it is. With `private` nobody
    else can read the file.
    """
    if path == "-" or path in _STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "wb") as special:
                special.write(data)
            return
        target = os.path.realpath(path)
        replace_whole(target, data, 0o600 if private else _mode(target))
    except OSError as error:
        raise Refusal(f"{path}: cannot be written: {error.strerror}", exits.NO_FILE) from None


def replace_whole(target: str, data: bytes, mode: int) -> None:
    """Write `data` beside `target`, on the disk and with that mode before it has the name; OSError where it cannot."""
    import tempfile

    folder = os.path.dirname(target) or "."
    handle, beside = tempfile.mkstemp(prefix=".secctx-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)  # whatever the umask took from what mkstemp asks for
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise


def _mode(target: str) -> int:
    """The mode of the file that is replaced, else what the umask leaves of 0666."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask
