"""What `secctx explain` answers with: one reading of one name or number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

SCHEMA: Final = "secctx.explain/1"

SEEN: Final = "seen in"
CHECK: Final = "check"
NOTE: Final = "note"

#: How we know a status, in words; the surest first.
BASIS: Final = {
    "windows": "seen on Windows",
    "documented": "documented",
    "other": "as other implementations do",
    "inferred": "inferred",
}


@dataclass(slots=True)
class Reading:
    """One reading of `what`: its kind, symbol and number, what it means, and rows of (label, text) below.

    `label` stands before the reading where several come from one line of a log: `data 52e`.
    """

    what: str
    kind: str
    name: str
    value: int | str | None
    meaning: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    see: tuple[str, ...] = ()
    label: str = ""
    digits: int = 8

    @property
    def hex(self) -> str | None:
        """The number as hex, as wide as its kind is written; None where it is none."""
        if not isinstance(self.value, int):
            return None
        return f"0x{self.value:0{self.digits}x}" if self.value >= 0 else f"-0x{-self.value:x}"

    @property
    def identity(self) -> tuple[str, str, object]:
        """What makes two readings one and the same."""
        return self.kind, self.name, self.value

    def document(self) -> dict[str, Any]:
        """The JSON object of docs/cli.md, "explain"."""
        detail = [f"{label}: {text}" for label, text in self.rows]
        return {
            "schema": SCHEMA,
            "what": self.what,
            "kind": self.kind,
            "name": self.name,
            "value": self.value,
            "hex": self.hex,
            "meaning": self.meaning,
            "detail": detail,
            "see": list(self.see),
        }
