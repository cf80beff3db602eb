"""`python -m bench`: what secctx costs beside pyspnego, and how its cost grows with the input.

    pip install -e . && python -m bench           # everything, some minutes
    python -m bench --section whole --section library
    python -m bench --section growth --only nested
    python -m bench --quick                       # does it run? (its numbers mean nothing)

Sections:

- whole    a process from start to end: `secctx decode --json FILE` against `python -m spnego --file FILE`, the same
           interpreter, the same file, compiled modules. The ratio is secctx / pyspnego: **less is better**.
- accept   one leg in a fresh process: `secctx accept --json` against pyspnego's server, the same token and users.
           The ratio is secctx / pyspnego: **less is better**.
- library  in one process: `decode()` to values with spans against pyspnego's `parse_token`, and against asn1crypto's
           own values of the same message. The ratio is peer / secctx, how many times as fast secctx is: **more is
           better**.
- views    in one process, the command line: `--format hex` and `--redact` beside the plain tree of the same token. The
           ratio is what they cost more: **less is better**.
- kerberos a logon opened with a keytab: whole processes beside tshark, impacket and pyspnego's server on MIT's library
           (**less is better**), in one process beside impacket (**more is better**), and what ten times the groups of
           a PAC cost (**less is better**). A peer that is not installed is listed as not run.
- lines    a file of base64 lines through the real command `decode --json`, reading and printing included, against
           `parse_token` and `json.dumps` alone, which are handed the bytes. **More is better**.
- growth   the worst inputs of each size, from 16 bytes to 1 MiB: what a byte costs, and the exponent e of
           time ~ size^e over the larger sizes. 1 is linear, 2 quadratic; above 1.2 is a miss. The same for memory.
- imports  where a cold start goes. No target.

How to read a ratio: the two sides run in turn (A B, B A, A B, …), each pair gives one ratio, and the table shows the
median of them with the least and the greatest. So a machine that grows slower meanwhile changes nothing. Quote ratios,
never times: those are of one machine and one hour. Where least and greatest are far apart, the machine was busy; where
the median lies near the target, run it again with more --rounds.

In one process it is processor time that is measured. The peer is the pyspnego of the environment that this runs in:
secctx depends on it. Exit code: 0 all targets hold, 1 one is missed, 2 the command line is wrong or something is not
installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Final

from .settings import Settings

#: Section: where it is. The order is that of the report.
SECTIONS: Final = ("whole", "accept", "library", "views", "kerberos", "lines", "growth", "imports")


def main() -> int:
    """Run what was asked for; the exit code."""
    wanted, settings = _arguments()
    missing = _missing()
    if missing:
        print(f"bench: not installed here: {', '.join(missing)} (pip install -e .)", file=sys.stderr)
        return 2
    missed = [miss for section in SECTIONS if section in wanted for miss in _runner(section)(settings)]
    print()
    print(f"{len(missed)} missed: {'; '.join(missed)}" if missed else "all targets hold")
    return 1 if missed else 0


def _arguments() -> tuple[list[str], Settings]:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure secctx beside pyspnego.")
    parser.add_argument("--section", choices=SECTIONS, action="append", help="only this one (may be repeated)")
    parser.add_argument("--rounds", type=int, default=25, help="pairs of runs for each ratio (default: 25)")
    parser.add_argument("--largest", type=int, default=1 << 20, help="largest input of `growth` (default: 1 MiB)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases of `growth` with this in their name")
    parser.add_argument("--quick", action="store_true", help="as little as will do to see that it runs")
    given = parser.parse_args()
    settings = Settings(rounds=max(1, given.rounds), largest=max(64, given.largest), only=given.only)
    if given.quick:
        settings = Settings(rounds=1, sample=0.001, lines=20, largest=256, only=given.only, memory=(64, 256))
    return given.section or list(SECTIONS), settings


def _missing() -> list[str]:
    # By their modules: what pip knows may be the traces of a build beside the checkout.
    found = {"secctx": "secctx.cli", "pyspnego": "spnego"}
    return [name for name, module in found.items() if not _is_there(module)]


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _runner(section: str) -> Callable[[Settings], list[str]]:
    """The function that measures and prints a section and names the targets it missed."""
    from importlib import import_module

    runner: Callable[[Settings], list[str]] = import_module(f"bench.{section}").run
    return runner


if __name__ == "__main__":
    sys.exit(main())
