"""A rule and what it found (docs/cli.md, "findings")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTE: Final = "note"
WARNING: Final = "warning"
ERROR: Final = "error"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A cause with its stable code: `summary` is its title, `advice` what to do about it."""

    code: str
    name: str
    severity: str
    summary: str
    advice: str


@dataclass(slots=True, eq=False)
class Finding:
    """A rule that holds here: one sentence of what is so, and the place in the token, where it has one."""

    rule: Rule
    detail: str
    path: str = ""
    span: tuple[int, int] | None = None
