"""The replay cache: shared by processes, pruned, safe against being killed; another file is never touched."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from secctx.cli import replay_file
from secctx.cli.errors import Refusal
from secctx.cli.replay_file import MAGIC, ReplayFile

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
RECORD = 44
SPAN = timedelta(minutes=10)


def digest(number: int | str) -> bytes:
    return sha256(str(number).encode()).digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replays"


def ask(path: Path, number: int | str, now: datetime = NOW, span: timedelta = SPAN) -> bool:
    return ReplayFile(str(path)).seen(digest(number), now, now + span)


def refused(path: Path, words: str) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        ask(path, "x")
    assert caught.value.code == 4
    assert caught.value.message.startswith(str(path))


def test_an_authenticator_is_new_once(path: Path) -> None:
    cache = ReplayFile(str(path))
    assert [cache.seen(digest(number), NOW, NOW + SPAN) for number in (1, 1, 2, 1, 2)] == [
        False, True, False, True, True,
    ]  # fmt: skip
    assert ReplayFile(str(path)).seen(digest(1), NOW, NOW + SPAN)
    assert path.stat().st_size == len(MAGIC) + 2 * RECORD


def test_a_record_counts_to_its_last_moment_and_not_beyond(path: Path) -> None:
    assert not ask(path, 1)
    assert ask(path, 1, NOW + SPAN)
    after = NOW + SPAN + timedelta(microseconds=1)
    assert not ask(path, 1, after)
    assert ask(path, 1, after)


def test_a_digest_of_another_size_and_a_time_without_zone_are_defects_of_the_caller(path: Path) -> None:
    for wrong in (b"", b"x" * 31, b"x" * 33):
        with pytest.raises(ValueError, match="32 bytes"):
            ReplayFile(str(path)).seen(wrong, NOW, NOW + SPAN)
    with pytest.raises(TypeError):
        ReplayFile(str(path)).seen(digest(1), datetime(2026, 1, 1), NOW)
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_file_is_for_its_owner_only(path: Path, mask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(mask)
    try:
        assert not ask(path, 1)
        assert path.stat().st_mode & 0o777 == 0o600
        monkeypatch.setattr(replay_file, "PRUNE_FROM", 0)
        old = path.stat().st_ino
        assert not ask(path, 2, NOW + 2 * SPAN)
        assert path.stat().st_ino != old
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_a_umask_that_takes_from_the_owner_leaves_the_owner_a_cache(path: Path) -> None:
    before = os.umask(0o377)
    try:
        assert not ask(path, 1)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


# Other files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"-----BEGIN PRIVATE KEY-----\n", b"\0", bytes(4096), b"secctx.replay/2\n", b"secctx.replay/1\r", b"Secctx"],
)
def test_another_file_is_refused_and_stays(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o640)
    refused(path, "no replay cache of this program")
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("size", range(len(MAGIC)))
def test_a_cache_whose_making_was_cut_short_is_made(path: Path, size: int) -> None:
    path.write_bytes(MAGIC[:size])
    assert not ask(path, 1)
    assert ask(path, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
def test_links_folders_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    real, link, dangling = (tmp_path / name for name in ("real", "link", "dangling"))
    real.write_bytes(b"")
    link.symlink_to("real")
    dangling.symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    refused(link, "is a symbolic link")
    refused(dangling, "is a symbolic link")
    refused(tmp_path / "pipe", "is a pipe")
    refused(tmp_path / "folder", "is a directory")
    refused(Path("/dev/null"), "is no regular file")
    assert real.read_bytes() == b""
    assert not (tmp_path / "nothing").exists()


def test_a_folder_that_is_missing_or_closed_is_a_file_error(tmp_path: Path) -> None:
    refused(tmp_path / "no" / "such" / "folder", "cannot be used: ")
    refused(tmp_path / ("x" * 300), "cannot be used: ")
    (tmp_path / "file").write_bytes(b"")
    refused(tmp_path / "file" / "below", "cannot be used: ")


def test_a_file_beyond_the_limit_is_refused_unread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(MAGIC)
    os.truncate(path, replay_file.MAX_SIZE + 1)
    refused(path, "larger than 67108864 bytes")


def test_a_full_cache_is_refused_until_records_expire(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_file, "MAX_SIZE", len(MAGIC) + 3 * RECORD + 10)
    assert not any(ask(path, number) for number in (1, 2, 3))
    refused(path, "is full: 3 logons, 3 of which still count")
    assert ask(path, 2)
    assert not ask(path, 4, NOW + SPAN + timedelta(seconds=1))
    assert path.stat().st_size == len(MAGIC) + RECORD


def test_no_space_is_a_refusal_and_nothing_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(path, 1)
    real = os.write

    def full_disk(handle: int, data: bytes) -> int:
        if len(data) == RECORD:
            return real(handle, data[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full_disk)
    refused(path, "No space left on device")
    monkeypatch.undo()
    assert path.stat().st_size == len(MAGIC) + RECORD + 20
    assert not ask(path, "x")
    assert ask(path, "x")


# Torn and damaged records --------------------------------------------------------------------------------------------


def filled(path: Path, count: int) -> bytes:
    for number in range(count):
        assert not ask(path, number)
    return path.read_bytes()


def test_a_record_torn_anywhere_is_none_and_is_overwritten(path: Path) -> None:
    whole = filled(path, 3)
    for cut in range(len(whole) - RECORD, len(whole)):
        path.write_bytes(whole[:cut])
        assert ask(path, 0)
        assert ask(path, 1)
        assert not ask(path, 2)
        assert path.read_bytes() == whole


def test_a_last_record_that_was_written_in_part_is_none(path: Path) -> None:
    """The file may have its new size before it has the bytes."""
    whole = filled(path, 3)
    for kept in range(RECORD):
        torn = whole[: len(whole) - RECORD + kept] + bytes(RECORD - kept)
        path.write_bytes(torn)
        assert ask(path, 1)
        assert not ask(path, 2) or torn == whole
        assert path.read_bytes() == whole


def test_damage_before_the_last_record_is_refused_and_stays(path: Path) -> None:
    whole = bytearray(filled(path, 4))
    for at in range(len(MAGIC), len(whole) - RECORD):
        whole[at] ^= 1 << at % 8
        path.write_bytes(whole)
        start = at - (at - len(MAGIC)) % RECORD
        refused(path, f"damaged at byte {start}$")
        assert path.read_bytes() == whole
        whole[at] ^= 1 << at % 8


def test_a_bad_record_with_part_of_another_behind_it_is_damage(path: Path) -> None:
    whole = filled(path, 3)
    path.write_bytes(whole[: len(whole) - RECORD] + bytes(RECORD) + whole[:7])
    refused(path, "damaged at byte")


# Pruning -------------------------------------------------------------------------------------------------------------


def test_what_has_expired_goes_when_it_is_most_of_a_large_cache(path: Path) -> None:
    count = (64 << 10) // RECORD + 1
    records = b"".join(replay_file._record(digest(number), 0) for number in range(count))
    kept = b"".join(
        replay_file._record(digest(f"kept {number}"), replay_file._microseconds(NOW + SPAN)) for number in range(9)
    )
    path.write_bytes(MAGIC + records + kept)
    assert ask(path, "kept 3")  # nothing to write, so nothing is pruned
    assert path.stat().st_size > 64 << 10
    assert not ask(path, "new")
    assert path.stat().st_size == len(MAGIC) + 10 * RECORD
    assert all(ask(path, f"kept {number}") for number in range(9))
    assert ask(path, "new")
    assert not ask(path, 5)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(("expired", "counting", "pruned"), [(4, 4, False), (5, 4, True), (9, 9, False), (9, 8, True)])
def test_a_cache_is_pruned_when_more_than_half_of_it_has_expired(
    path: Path, expired: int, counting: int, pruned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(expired):
        ask(path, number)
    later = NOW + SPAN + timedelta(seconds=1)
    for number in range(counting):
        ask(path, f"late {number}", later)
    assert path.stat().st_size == len(MAGIC) + (expired + counting) * RECORD  # too small to be pruned
    monkeypatch.setattr(replay_file, "PRUNE_FROM", len(MAGIC))
    assert not ask(path, "one more", later)
    assert path.stat().st_size == len(MAGIC) + ((0 if pruned else expired) + counting + 1) * RECORD
    assert all(ask(path, f"late {number}", later) for number in range(counting))


def test_a_prune_that_fails_leaves_the_cache(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = filled(path, 3)
    monkeypatch.setattr(replay_file, "PRUNE_FROM", 0)

    def broken(source: str, target: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(Refusal, match="Input/output error"):
        ask(path, 9, NOW + 2 * SPAN)
    assert path.read_bytes() == whole
    assert os.listdir(path.parent) == [path.name]


# Many at once --------------------------------------------------------------------------------------------------------


def test_who_waits_while_the_cache_is_renamed_away_asks_the_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    ask(path, 1)
    old = os.open(path, os.O_RDWR)
    fcntl.flock(old, fcntl.LOCK_EX)
    said: list[bool] = []
    waiting = threading.Thread(target=lambda: said.append(ask(path, 2)))
    tried = threading.Event()
    real: Callable[[int], bool] = replay_file._try_lock

    def watched(handle: int) -> bool:
        tried.set()
        return real(handle)

    monkeypatch.setattr(replay_file, "_try_lock", watched)
    waiting.start()
    assert tried.wait(20)
    (path.parent / "beside").write_bytes(path.read_bytes())
    os.replace(path.parent / "beside", path)
    assert not ask(path, 3)  # the new file is free
    os.close(old)
    waiting.join(20)
    assert said == [False]
    assert ask(path, 1)
    assert ask(path, 2)
    assert ask(path, 3)


def test_a_cache_that_is_kept_by_another_is_refused_in_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    ask(path, 1)
    monkeypatch.setattr(replay_file, "PATIENCE", 0.05)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused(path, "is in use: another process")
    assert not ask(path, 2)


def test_a_lock_on_a_file_without_the_name_counts_for_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(path, 1)
    real: Callable[[int], bool] = replay_file._try_lock
    gone = [True]

    def removed_meanwhile(handle: int) -> bool:
        locked = real(handle)
        if gone.pop() if gone else False:
            path.unlink()
        return locked

    monkeypatch.setattr(replay_file, "_try_lock", removed_meanwhile)
    assert not ask(path, 1)  # of the cache that was made anew
    assert ask(path, 1)
    assert path.stat().st_size == len(MAGIC) + RECORD


_CHILD = f"""
import importlib.util, os, sys, types
if importlib.util.find_spec("secctx") is None:
    module = types.ModuleType("secctx")
    module.__path__ = [{str(ROOT)!r}]
    sys.modules["secctx"] = module
from datetime import datetime, timedelta, UTC
from hashlib import sha256
from secctx.cli import replay_file
path, first, last, ballast, prune_from = sys.argv[1], *map(int, sys.argv[2:6])
replay_file.PRUNE_FROM = prune_from
cache = replay_file.ReplayFile(path)
now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
for number in range(first, last):
    for extra in range(ballast):
        cache.seen(os.urandom(32), now, now - timedelta(seconds=1))
    seen = cache.seen(sha256(str(number).encode()).digest(), now, now + timedelta(seconds=100))
    print(number, int(seen), flush=True)
"""


def child(path: Path, first: int, last: int, ballast: int, prune_from: int) -> subprocess.Popen[str]:
    """A process that asks for the numbers in turn, from when it reads a line.

    Before each it records `ballast` others that have expired already, so that there is something to prune.
    """
    arguments = [str(argument) for argument in (path, first, last, ballast, prune_from)]
    started: Any = subprocess.Popen(
        [sys.executable, "-c", _CHILD, *arguments], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert started.stdout.readline() == "ready\n"
    return started  # type: ignore[no-any-return]


PRUNING = pytest.mark.parametrize(
    ("ballast", "prune_from"), [(0, 1 << 30), (3, 200)], ids=["growing", "pruned throughout"]
)


@PRUNING
def test_of_many_processes_exactly_one_is_told_that_it_is_new(path: Path, ballast: int, prune_from: int) -> None:
    count, each = 6, 40
    running = [child(path, 0, each, ballast, prune_from) for _ in range(count)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    new = dict.fromkeys(range(each), 0)
    for process in running:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        answers = [tuple(map(int, line.split())) for line in out.splitlines()]
        assert [number for number, _ in answers] == list(range(each))
        for number, seen in answers:
            new[number] += not seen
    assert set(new.values()) == {1}
    records = (path.stat().st_size - len(MAGIC)) // RECORD
    assert records == each if not ballast else each <= records < each + count * each * ballast


def test_of_many_threads_exactly_one_is_told_that_it_is_new(path: Path) -> None:
    cache, said = ReplayFile(str(path)), []

    def go() -> None:
        said.append([cache.seen(digest(number), NOW, NOW + SPAN) for number in range(20)])

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(not answers[number] for answers in said) for number in range(20)] == [1] * 20


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX")
@PRUNING
def test_killed_at_any_moment_the_cache_has_all_that_was_told_to_be_new(
    path: Path, ballast: int, prune_from: int
) -> None:
    draw, first, told = random.Random(20261122), 0, set[int]()
    for _ in range(12):
        process = child(path, first, first + 100_000, ballast, prune_from)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(draw.uniform(0.0, 0.12))
        process.kill()
        out, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL
        lines = [line.split() for line in out.splitlines(keepends=True) if line.endswith("\n")]
        assert all(seen == "0" for _, seen in lines)
        told.update(int(number) for number, _ in lines)
        first += len(lines) + 1  # the one after the last may be recorded, and nobody was told
    assert told
    assert all(ask(path, number) for number in told)
    assert path.stat().st_mode & 0o777 == 0o600
    left = [name for name in os.listdir(path.parent) if name != path.name]
    assert all(name.startswith(".secctx-") for name in left)


# Where files that are open cannot be renamed over --------------------------------------------------------------------


def test_where_nothing_is_pruned_a_full_cache_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_file, "_PRUNES", False)
    monkeypatch.setattr(replay_file, "PRUNE_FROM", 0)
    monkeypatch.setattr(replay_file, "MAX_SIZE", len(MAGIC) + 3 * RECORD)
    later = NOW + 2 * SPAN
    assert not ask(path, 1)
    assert not ask(path, 2, later)
    assert not ask(path, 3, later)
    with pytest.raises(Refusal, match="is full: 3 logons, 2 of which still count"):
        ask(path, 4, later)
