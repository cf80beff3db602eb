"""`--expect` and `--expect-ret`: the statuses and attributes that a script counts on."""

from __future__ import annotations

from collections.abc import Sequence

from secctx.acceptor import flags as asc
from secctx.acceptor import status
from secctx.acceptor.status import Status
from secctx.acceptor.values import Step

from . import exits
from .errors import Refusal


class Expectations:
    """What each leg's status must be, in order, and what the last leg must return; true where anything is expected."""

    def __init__(self, statuses: Sequence[str], attributes: str | None) -> None:
        self._statuses = [_status_named(name) for name in statuses]
        self._attributes = attributes

    def __bool__(self) -> bool:
        return bool(self._statuses) or self._attributes is not None

    def unmet(self, steps: Sequence[Step]) -> list[str]:
        """What was expected and is not so, a line each."""
        found: list[str] = []
        got = [step.status for step in steps]
        for number, wanted in enumerate(self._statuses, 1):
            name = got[number - 1].name if number <= len(got) else "no such leg"
            if number > len(got) or got[number - 1].value != wanted.value:
                found.append(f"leg {number}: expected {wanted.name}, got {name}")
        if self._statuses and len(got) > len(self._statuses):
            found.append(f"{len(got)} legs and {len(self._statuses)} --expect: give one for each leg")
        if self._attributes is not None and steps:
            found.extend(_unmet_attributes(self._attributes, steps[-1].attributes))
        return found


def _unmet_attributes(expected: str, got: int) -> list[str]:
    try:
        wanted = asc.parse_attributes([expected])
    except asc.UnknownFlag as error:
        raise Refusal(f"--expect-ret: {error}", exits.USAGE) from None
    if wanted == got:
        return []
    names = [f"lacks {', '.join(asc.ret_names(wanted & ~got))}"] if wanted & ~got else []
    names += [f"has {', '.join(asc.ret_names(got & ~wanted))} besides"] if got & ~wanted else []
    return [f"expected ASC_RET 0x{wanted:08x}, got 0x{got:08x}: {'; '.join(names)}"]


def _status_named(name: str) -> Status:
    found = status.find(name)
    if found is None:
        raise Refusal(f"--expect: no such status: {name}", exits.USAGE, ["all of them: secctx explain"])
    return found
