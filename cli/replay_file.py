"""The replay cache: which authenticators were accepted, in one file that many processes share (RFC 4120 3.2.3).

A header, then records of one size: the digest of an authenticator, until when it counts, and a checksum. Records are
only ever added, under a lock, so that a process killed at any moment leaves at most one torn record, the last: it is no
record, since whoever wrote it has not answered, and the next one takes its place. When most records have expired, those
that count are written beside and renamed into place. A damaged cache is refused: what it lost could be replayed.
"""

from __future__ import annotations

import os
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from zlib import crc32

from . import exits
from .errors import Refusal
from .files import replace_whole

MAGIC: Final = b"secctx.replay/1\n"
DIGEST_SIZE: Final = 32
#: A larger file is refused and none is made: it would hold a million and a half logons.
MAX_SIZE = 64 << 20
#: A smaller file is never pruned.
PRUNE_FROM = 64 << 10
#: So many seconds a process waits for the others, each of which holds the lock for milliseconds.
PATIENCE = 30.0

#: Digest, microseconds since 1970 until which it counts, CRC-32 of both.
_RECORD: Final = struct.Struct(f"<{DIGEST_SIZE}sqI")
_SIGNED: Final = _RECORD.size - 4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PAUSE: Final = 0.002
_FLAGS: Final = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_BINARY")
_OPEN: Final = os.O_RDWR | sum(getattr(os, name, 0) for name in _FLAGS)
_KINDS: Final = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"))

if sys.platform == "win32":
    import msvcrt

    #: A file that is open cannot be renamed over there, so none is pruned.
    _PRUNES = False

    def _try_lock(handle: int) -> bool:
        # Locked bytes cannot be read by others, so the lock is on one behind all records.
        os.lseek(handle, 2 * MAX_SIZE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    _PRUNES = True

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class ReplayFile:
    """The replay cache in the file at `path`, which is opened and locked for each question by itself."""

    def __init__(self, path: str) -> None:
        self.path = path

    def seen(self, digest: bytes, now: datetime, until: datetime) -> bool:
        """Whether `digest` is recorded and counts at `now`; where not, it is recorded and counts up to `until`.

        Of all that ask at once one is told that it is new, and only when the record is on the disk. Refusal (exit code
        4) where the file cannot be used: then nobody is told anything.
        """
        if len(digest) != DIGEST_SIZE:
            raise ValueError(f"a digest has {DIGEST_SIZE} bytes, not {len(digest)}")
        moment, expiry = _microseconds(now), _microseconds(until)
        try:
            with self._locked() as handle:
                return self._ask(handle, digest, moment, expiry)
        except OSError as error:
            raise self._refusal(f"cannot be used: {error.strerror or error}") from None

    def _ask(self, handle: int, digest: bytes, now: int, until: int) -> bool:
        data = _read(handle)
        total, counting = self._records(data, now)
        if digest in counting:
            return True
        expired = total - len(counting)
        end = len(MAGIC) + total * _RECORD.size
        full = end + _RECORD.size > MAX_SIZE
        if _PRUNES and expired and (full or (end > PRUNE_FROM and 2 * expired > total)):
            counting[digest] = until
            content = MAGIC + b"".join(_record(known, expiry) for known, expiry in counting.items())
            replace_whole(os.path.abspath(self.path), content, 0o600)
        elif full:
            raise self._refusal(f"is full: {total} logons, {len(counting)} of which still count")
        elif len(data) < len(MAGIC):
            _write(handle, 0, MAGIC + _record(digest, until))
        else:
            _write(handle, end, _record(digest, until))
        return False

    def _records(self, data: bytes, now: int) -> tuple[int, dict[bytes, int]]:
        """How many whole records there are, and the digests that count at `now`, each with its expiry."""
        if not (data.startswith(MAGIC) or MAGIC.startswith(data)):
            raise self._refusal("is no replay cache of this program, and stays as it is")
        body = memoryview(data)[len(MAGIC) :]
        total, torn = divmod(len(body), _RECORD.size)
        counting: dict[bytes, int] = {}
        for number, (digest, expiry, checksum) in enumerate(_RECORD.iter_unpack(body[: len(body) - torn])):
            start = number * _RECORD.size
            if crc32(body[start : start + _SIGNED]) != checksum:
                if number == total - 1 and not torn:
                    return number, counting
                raise self._refusal(f"is damaged at byte {len(MAGIC) + start}")
            if expiry >= now:
                counting[digest] = expiry
        return total, counting

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open and locked; it is the one that has the name, since a prune renames another there."""
        handle = self._take()
        try:
            yield handle
        finally:
            os.close(handle)

    def _take(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while True:
            handle = self._open()
            try:
                if _try_lock(handle) and self._has_the_name(handle):
                    self._check(os.fstat(handle))
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
            if time.monotonic() > deadline:
                raise self._refusal(f"is in use: another process has kept it for {PATIENCE:g} seconds")
            time.sleep(_PAUSE)

    def _open(self) -> int:
        """The file, made where it is missing. What else stands there is refused before it is opened."""
        while True:
            try:
                self._check(os.lstat(self.path))
                return os.open(self.path, _OPEN)
            except FileNotFoundError:
                pass
            try:
                handle = os.open(self.path, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue  # another process was faster
            if hasattr(os, "fchmod"):
                os.fchmod(handle, 0o600)  # whatever the umask leaves
            return handle

    def _check(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            kind = next((words for is_kind, words in _KINDS if is_kind(status.st_mode)), "no regular file")
            raise self._refusal(f"is {kind}, and a replay cache is a file of its own")
        if status.st_size > MAX_SIZE:
            raise self._refusal(f"is larger than {MAX_SIZE} bytes, the most that a replay cache can have")

    def _has_the_name(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), os.lstat(self.path))
        except FileNotFoundError:
            return False

    def _refusal(self, what: str) -> Refusal:
        return Refusal(f"{self.path}: {what}", exits.NO_FILE, ["name a file of its own; one that is missing is made"])


def _record(digest: bytes, until: int) -> bytes:
    signed = _RECORD.pack(digest, until, 0)[:_SIGNED]
    return signed + crc32(signed).to_bytes(4, "little")


def _read(handle: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as file:
        return file.read(MAX_SIZE)


def _write(handle: int, at: int, data: bytes) -> None:
    """Write at an offset, and have it on the disk."""
    os.lseek(handle, at, os.SEEK_SET)
    while data:
        data = data[os.write(handle, data) :]
    os.fsync(handle)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
