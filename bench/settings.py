"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """The knobs of one run of the bench."""

    rounds: int = 25  #: pairs of runs for each ratio
    sample: float = 0.04  #: seconds that one side of a pair in one process should take at least
    lines: int = 2000  #: lines of the file of tokens
    largest: int = 1 << 20  #: bytes of the largest worst input
    budget: float = 1.0  #: seconds: no larger input is tried after one that took longer
    memory: tuple[int, int] = (1 << 13, 1 << 16)  #: sizes at which peak memory is compared
    only: str = ""  #: part of the names of the worst inputs to try
