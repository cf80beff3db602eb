"""What `secctx explain` says of a code that names a cause: the rule's page."""

from __future__ import annotations

from .explain_reading import CHECK, Reading


def read_code(code: str) -> list[Reading]:
    """The page of a code, however it is written; empty where no rule has it."""
    from secctx.rules import refusals, requests
    from secctx.rules.finding import Rule

    rule = getattr(requests, code.upper(), None) or getattr(refusals, code.upper(), None)
    if not isinstance(rule, Rule):
        return []
    kinds = ", ".join(kind for kind, cause in refusals.BY_KIND.items() if cause is rule)
    rows = [("severity", rule.severity), *([("reason.kind", kinds)] if kinds else []), (CHECK, rule.advice)]
    return [Reading(code, "cause of failure", rule.code, None, rule.summary, rows)]


def codes() -> list[str]:
    """Every code that a rule has, in order."""
    from secctx.rules import refusals, requests
    from secctx.rules.finding import Rule

    found = {rule.code for module in (refusals, requests) for rule in vars(module).values() if isinstance(rule, Rule)}
    return sorted(found)
