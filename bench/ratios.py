"""Two things run in turn, the ratios of their costs, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import TypeVar

from .table import print_table

T = TypeVar("T")


@dataclass(slots=True)
class Ratio:
    """The ratios of all pairs of one case; the target is met by a median that is at most, or at least, that."""

    case: str
    values: Sequence[float]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def missed(self) -> bool:
        """Whether there is a target and the median misses it."""
        middle = median(self.values)
        return (self.at_most is not None and middle > self.at_most) or (
            self.at_least is not None and middle < self.at_least
        )

    def cells(self) -> list[str]:
        """The row of the table."""
        target = "" if self.at_most is None else f"<= {self.at_most:.2f}"
        if self.at_least is not None:
            target = f">= {self.at_least:.2f}"
        verdict = ("MISSED" if self.missed else "holds") if target else ""
        spread = f"{min(self.values):.2f} .. {max(self.values):.2f}"
        return [self.case, f"{median(self.values):.3f}", spread, target, verdict]


def print_ratios(title: str, ratios: Sequence[Ratio]) -> list[str]:
    """Print the table of a section; what it missed, by name."""
    print_table(title, ["case", "median", "min .. max", "target", ""], [ratio.cells() for ratio in ratios])
    return [f"{title.partition(':')[0]}, {ratio.case} {median(ratio.values):.3f}" for ratio in ratios if ratio.missed]


def in_turn(rounds: int, ours: Callable[[], T], theirs: Callable[[], T]) -> list[tuple[T, T]]:
    """What both sides measure, round by round; who begins changes each time, so that drift cancels."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            second = theirs()
            pairs.append((ours(), second))
        else:
            first = ours()
            pairs.append((first, theirs()))
    return pairs


def timer(work: Callable[[], object], least: float) -> Callable[[], float]:
    """A function that says how many seconds of the processor `work` takes: the mean of calls for `least` seconds."""
    work()
    started = process_time()
    work()
    count = max(1, round(least / max(process_time() - started, 1e-7)))

    def measure() -> float:
        began = process_time()
        for _ in range(count):
            work()
        return (process_time() - began) / count

    return measure
