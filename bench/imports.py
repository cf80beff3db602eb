"""Where a cold start goes: `-X importtime` of the two command lines, summed up."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from statistics import median
from typing import Final

from . import samples
from .children import environment
from .settings import Settings
from .table import print_table

_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( *)([\w.]+)")
_COMMANDS: Final = {"secctx": ["secctx.cli", "decode", "--json"], "pyspnego": ["spnego", "--file"]}
_MOST_MODULES: Final = 12


def run(settings: Settings) -> list[str]:
    """Print microseconds of import by package and the dearest modules; there is no target to miss."""
    rounds = min(settings.rounds, 5)
    for case in (samples.NTLM, samples.INIT, samples.TGS_REQ):
        costs = {name: _modules(case, command, rounds) for name, command in _COMMANDS.items()}
        _print_packages(case, costs)
        dearest = sorted(costs["secctx"].items(), key=lambda item: -item[1])[:_MOST_MODULES]
        print("\ndearest in secctx: " + ", ".join(f"{name} {cost / 1000:.1f}" for name, cost in dearest))
    return []


def _modules(case: str, command: list[str], rounds: int) -> dict[str, float]:
    """Own microseconds of every module imported, the median of the rounds."""
    times: dict[str, list[int]] = defaultdict(list)
    for _ in range(rounds):
        start = [sys.executable, "-X", "importtime", "-m", *command, str(samples.path_of(case))]
        done = subprocess.run(start, capture_output=True, env=environment(), cwd=tempfile.gettempdir(), check=True)
        for own, _, _, name in _LINE.findall(done.stderr.decode(errors="replace")):
            times[name].append(int(own))
    return {name: median(costs) for name, costs in times.items()}


def _print_packages(case: str, costs: dict[str, dict[str, float]]) -> None:
    packages: dict[str, dict[str, float]] = {}
    for name, modules in costs.items():
        packages[name] = defaultdict(float)
        for module, own in modules.items():
            top = module.partition(".")[0]
            packages[name]["the standard library" if top in sys.stdlib_module_names else top] += own
    names = sorted({top for tops in packages.values() for top in tops}, key=lambda top: -packages["secctx"][top])
    rows = [[top, *(f"{packages[name][top] / 1000:.1f}" for name in costs)] for top in names]
    rows = [row for row in rows if any(float(cell) >= 0.1 for cell in row[1:])]
    rows.append(["all", *(f"{sum(packages[name].values()) / 1000:.1f}" for name in costs)])
    print_table(f"imports for {case}: own milliseconds under -X importtime", ["package", *costs], rows)
