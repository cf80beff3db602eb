"""What `secctx explain` says of a code that names a cause: the page of its rule."""

from __future__ import annotations

import textwrap
from typing import Final

from . import exits
from .errors import Refusal
from .explain_reading import Reading

#: How the parts of a page are called in the output.
_LABELS: Final = {
    "What": "what it is",
    "Shows": "how it shows",
    "Do": "what to do",
    "Client": "on the client",
    "Server": "on the server",
    "KDC": "on the KDC, or AD",
    "See": "reference",
}


def read_code(code: str) -> list[Reading]:
    """The page of a code, however it is written; empty where no rule has it."""
    from secctx.rules.index import find

    rule = find(code)
    if rule is None:
        return []
    page = rule.page
    if "What" not in page:
        raise Refusal("the pages are docstrings, which python -OO leaves out", exits.NO)
    rows = [("severity", rule.severity), ("name", rule.name)]
    rows += [(label, page[part]) for part, label in _LABELS.items() if part in page]
    return [Reading(code, "cause of failure", rule.code, None, rule.summary, rows)]


def codes() -> list[tuple[str, str, str]]:
    """Every code with its severity and its cause, in order."""
    from secctx.rules.index import all_rules

    return [(rule.code, rule.severity, rule.summary) for rule in all_rules()]


def listed() -> str:
    """The codes as a list for people."""
    lines = ["Causes of failure, each with a page (secctx explain KRB005):"]
    for code, severity, summary in codes():
        first, *rest = textwrap.wrap(summary, 58, break_long_words=False)
        lines.append(f"  {code}  {severity:7}  {first}")
        lines.extend(f"{'':19}{line}" for line in rest)
    return "\n".join(lines)
