"""The worst inputs of each size: what a byte of them costs, and whether that stays so as they grow.

Processor time is measured, and without Python's garbage collector: it looks at everything there is from time to time,
which makes the larger inputs of a family up to twice as dear per byte (twice, however large: it is linear too), at
moments that have nothing to do with the input.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log
from time import process_time
from typing import Final

from . import worst_frames, worst_kinds, worst_output, worst_texts, worst_tokens, worst_views
from .settings import Settings
from .table import print_table
from .worst import Family

SMALLEST: Final = 16
#: The exponent above which growth is no longer called linear: collection, caches and allocation account for some.
MOST: Final = 1.2
#: The exponent is fitted over the sizes down to this part of the largest.
LARGER: Final = 32
#: Seconds below which a measurement says more about the clock than about the input.
FLOOR: Final = 20e-6


#: Tables longer than this show those that grow fastest, and those that cost most.
ROWS: Final = 60


@dataclass(slots=True)
class Growth:
    """What one family of inputs costs: (bytes, seconds) by size, and (bytes, peak bytes of memory)."""

    family: Family
    times: list[tuple[int, float]] = field(default_factory=list)
    peaks: list[tuple[int, float]] = field(default_factory=list)

    @property
    def missed(self) -> bool:
        """Whether time or memory grows faster than the input."""
        return max(self.time_exponent, self.memory_exponent) > MOST

    @property
    def time_exponent(self) -> float:
        """The exponent over the larger sizes; 0 where all of it is too fast to tell."""
        largest, seconds = self.times[-1]
        return exponent([pair for pair in self.times if pair[0] * LARGER >= largest]) if seconds > FLOOR else 0.0

    @property
    def memory_exponent(self) -> float:
        """The exponent between the sizes at which memory was measured."""
        return exponent(self.peaks)

    @property
    def dearness(self) -> float:
        """Nanoseconds a byte of the largest input."""
        size, seconds = self.times[-1]
        return 1e9 * seconds / size

    def cells(self) -> list[str]:
        """The row of the table."""
        size, seconds = self.times[-1]
        before, earlier = next(pair for pair in self.times if pair[0] * 9 >= size)
        times = [f"{size}", f"{1e3 * seconds:.1f}", f"{1e9 * earlier / before:.0f}", f"{self.dearness:.0f}"]
        memory = [f"{self.peaks[-1][1] / self.peaks[-1][0]:.0f}", f"{self.memory_exponent:.2f}"]
        return [self.family.name, *times, f"{self.time_exponent:.2f}", *memory, "MISSED" if self.missed else "linear"]


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    missed = []
    gc.collect()
    gc.disable()
    try:
        for what, families in _groups().items():
            wanted = [family for family in families if settings.only in f"{what}: {family.name}"]
            grown = [_measure(family, settings) for family in wanted]
            if grown:
                _print(f"{what}: the cost of the worst input of each size up to {settings.largest} bytes", grown)
            missed += [
                f"{what}, {growth.family.name} n^{growth.time_exponent:.2f}" for growth in grown if growth.missed
            ]
    finally:
        gc.enable()
    return missed


def _print(title: str, grown: list[Growth]) -> None:
    head = ["worst input", "bytes", "CPU ms", "ns/B at 1/8", "ns/B", "time ~ n^", "peak B/B", "memory ~ n^", ""]
    if len(grown) > ROWS:
        title += f", of {len(grown)} those that grow fastest or cost most"
        grown.sort(key=lambda growth: -growth.time_exponent)
        dearest = sorted(grown[ROWS // 2 :], key=lambda growth: -growth.dearness)
        grown = [*grown[: ROWS // 2], *dearest[: ROWS // 2]] + [
            growth for growth in dearest[ROWS // 2 :] if growth.missed
        ]
    print_table(f"{title}; exponents of at most {MOST} are linear", head, [growth.cells() for growth in grown])


def _groups() -> dict[str, Sequence[Family]]:
    return {
        "decode to JSON with spans": [*worst_tokens.FAMILIES, *worst_kinds.FAMILIES],
        "reading text": worst_texts.FAMILIES,
        "reading frames": worst_frames.FAMILIES,
        "printing": [*worst_output.FAMILIES, *worst_views.HEX],
        "stand-ins": worst_views.STAND_INS,
    }


def families() -> list[Family]:
    """All of them."""
    return [family for group in _groups().values() for family in group]


def _measure(family: Family, settings: Settings) -> Growth:
    """Measure a family; where it seems to miss, once more: the machine may have been busy."""
    if sys.stderr.isatty():
        print(f"\r{family.name:60.60}", end="\r", file=sys.stderr)
    growth = _measure_once(family, settings)
    if growth.time_exponent <= MOST:
        return growth
    again = _measure_once(family, settings)
    growth = min(growth, again, key=lambda one: one.time_exponent)
    if growth.missed:
        print(f"missed: {', '.join(growth.cells()[:6])}", file=sys.stderr)
    return growth


def _measure_once(family: Family, settings: Settings) -> Growth:
    growth = Growth(family)
    gc.collect()
    size = SMALLEST
    while size <= min(settings.largest, family.most):
        data = family.build(size)
        seconds = _seconds(family.run, data)
        growth.times.append((len(data), seconds))
        if seconds > settings.budget:
            break
        size *= family.step
    for size in settings.memory:
        data = family.build(min(size, growth.times[-1][0]))
        growth.peaks.append((len(data), _peak(family.run, data)))
    return growth


def _seconds(work: Callable[[bytes], object], data: bytes) -> float:
    """The least of some runs: what the input itself costs, without what else the machine did."""
    best, spent, count = float("inf"), 0.0, 0
    while count < 2 or (spent < 0.01 and count < 20):
        began = process_time()
        work(data)
        seconds = process_time() - began
        best, spent, count = min(best, seconds), spent + seconds, count + 1
        if spent > 1:
            break
    return best


def _peak(work: Callable[[bytes], object], data: bytes) -> float:
    tracemalloc.start()
    work(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(peak)


def exponent(pairs: Sequence[tuple[int, float]]) -> float:
    """The slope of the straight line through the logarithms: e of cost ~ size^e."""
    points = [(log(size), log(cost)) for size, cost in pairs if cost > 0]
    if len({x for x, _ in points}) < 2:
        return 0.0
    middle = sum(x for x, _ in points) / len(points)
    return sum((x - middle) * y for x, y in points) / sum((x - middle) ** 2 for x, _ in points)
