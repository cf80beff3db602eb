"""A family of inputs: one idea of what might be slow, at every size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Family:
    """How to make an input of about so many bytes, and what is done with it.

    `most` bytes are the largest there is; each size tried is `step` times the one before.
    """

    name: str
    build: Callable[[int], bytes]
    run: Callable[[bytes], object]
    most: int = 1 << 20
    step: int = 2


def fill(unit: bytes, size: int) -> bytes:
    """`unit` again and again, about `size` bytes and never a part of it."""
    return unit * max(1, size // len(unit))
