"""Whole processes: the two command lines, and what running one costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

#: What must not reach a child: it would keep modules uncompiled, or slow down one side only.
_UNWANTED: Final = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
    "PYTHONDEVMODE",
    "COVERAGE_PROCESS_START",
)
HAS_CPU: Final = hasattr(os, "wait4")


def secctx_start() -> list[str]:
    """The installed script `secctx`; the module where there is none beside the interpreter."""
    script = Path(sys.executable).parent / "secctx"
    return [str(script)] if script.exists() else [sys.executable, "-m", "secctx.cli"]


def secctx_command(path: Path) -> list[str]:
    """`secctx decode --json FILE`."""
    return [*secctx_start(), "decode", "--json", str(path)]


def pyspnego_command(path: Path) -> list[str]:
    """`python -m spnego --file FILE`; it prints JSON unless told otherwise."""
    return [sys.executable, "-m", "spnego", "--file", str(path)]


def environment() -> dict[str, str]:
    """The environment of a child."""
    return {name: value for name, value in os.environ.items() if name not in _UNWANTED}


def cost(command: list[str]) -> tuple[float, float]:
    """Seconds of processor time and of the clock for one run; both the clock's where the system counts no time."""
    began = perf_counter()
    silent = subprocess.DEVNULL
    child = subprocess.Popen(command, stdout=silent, stderr=silent, env=environment(), cwd=tempfile.gettempdir())
    if not HAS_CPU:
        child.wait()
        wall = perf_counter() - began
        return wall, wall
    _, status, used = os.wait4(child.pid, 0)
    wall = perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, wall


def check(command: list[str]) -> None:
    """Run a command twice, so that its modules are compiled and cached; it must succeed and print JSON."""
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, env=environment(), cwd=tempfile.gettempdir(), check=False)
        if done.returncode:
            raise SystemExit(f"bench: {' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
        json.loads(done.stdout)
