"""A process from start to end, against `python -m spnego`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from . import samples
from .children import HAS_CPU, check, cost, pyspnego_command, secctx_command
from .ratios import Ratio, in_turn, print_ratios
from .settings import Settings

AT_MOST: Final = {case: 0.60 if case == samples.NTLM else 0.75 for case in samples.FILES}


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    with tempfile.TemporaryDirectory() as folder:
        ratios = [
            ratio for case, most in AT_MOST.items() for ratio in _measure(case, most, settings.rounds, Path(folder))
        ]
    return print_ratios("whole process, --json: secctx / python -m spnego, less is better", ratios)


def _measure(case: str, most: float, rounds: int, folder: Path) -> list[Ratio]:
    path = folder / f"{case}.bin"
    path.write_bytes(samples.token_of(case))
    return compare(case, secctx_command(path), pyspnego_command(path), most, rounds)


def compare(case: str, ours: list[str], theirs: list[str], most: float, rounds: int) -> list[Ratio]:
    """The ratios of two commands run in turn: of processor time, where the system counts it, and of the clock."""
    check(ours)
    check(theirs)
    pairs = in_turn(rounds, lambda: cost(ours), lambda: cost(theirs))
    wall = Ratio(f"{case}, wall", [one[1] / other[1] for one, other in pairs], at_most=most)
    if not HAS_CPU:
        return [wall]
    return [Ratio(f"{case}, CPU", [one[0] / other[0] for one, other in pairs], at_most=most), wall]
