"""The program as its users have it: arguments and bytes in, exit code and bytes out."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_START = f"""
import importlib.util, sys, types
if importlib.util.find_spec("secctx") is None:
    module = types.ModuleType("secctx")
    module.__path__ = [{str(ROOT)!r}]
    sys.modules["secctx"] = module
from secctx.cli.main import main
sys.argv[0] = "secctx"
main()
"""

#: The command line of the program, to be followed by its arguments.
SECCTX = [sys.executable, "-c", _START]


@dataclass
class Ran:
    """How one run ended."""

    code: int
    out: str
    err: str
    raw: bytes


def run(*arguments: str | Path, stdin: bytes = b"", cwd: Path = ROOT, **environment: str) -> Ran:
    """Run `secctx` with those arguments; variables given by name are added to a plain environment."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    done = subprocess.run(
        [*SECCTX, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, env=kept | environment, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"internal error" not in done.stderr, done.stderr.decode()
    out = done.stdout.decode("utf-8", "replace")
    return Ran(done.returncode, out, done.stderr.decode("utf-8", "replace"), done.stdout)
