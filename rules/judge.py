"""All causes that hold of a token, the root first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from .case import CLIENT, Case
from .finding import ERROR, SEVERITIES, WARNING, Finding
from .index import MODULES, rules_in

#: The mechanisms of which one must be there for a family to have something to say; the others may speak of any token.
_MECHANISMS: Final = {"KRB": {"Kerberos", "IAKERB", "GSS"}, "NTL": {"NTLM"}}
#: What fails the logon at the client, after the server has accepted it.
_AT_THE_CLIENT: Final = ("KRB015", "SPN004")
_ON_BINDINGS: Final = ("KRB014", "NTL004", "NTL005", "NTL006")
#: So many findings of one rule are told.
MOST_OF_ONE = 8


def judge(case: Case) -> list[Finding]:
    """The findings of one token, gravest first; consequences of another cause are left out."""
    return in_order(found_in(case))


def found_in(case: Case) -> list[Finding]:
    """The findings of one token as the rules have them, consequences and all."""
    found = [finding for family in _families(case) for finding in _of_family(case, family)]
    if any(finding.severity == ERROR for finding in found):
        _calm(case, found)
    return found


def _calm(case: Case, found: Sequence[Finding]) -> None:
    """Where an acceptor, ours or the one that answered, let the token pass, nothing on it fails the logon."""
    from .legs_end import PASSED, end_in_the_legs

    answered = case.side == CLIENT and len(case.legs) > 1 and end_in_the_legs(case).kind == PASSED
    ours = case.step is not None and case.step.refusal is None
    for finding in found:
        # Ours was asked without the channel's bindings where nobody said that the server demands them.
        judged = answered or (ours and not (case.given.asked is None and finding.rule.code in _ON_BINDINGS))
        if judged and finding.severity == ERROR and not finding.refused and finding.rule.code not in _AT_THE_CLIENT:
            finding.severity = WARNING


def in_order(found: Sequence[Finding]) -> list[Finding]:
    """The refusal, then the gravest first, else as found; without what another explains, each thing once.

    A refusal that another finding explains stays, behind that one.
    """
    refused = {finding.rule.code for finding in found if finding.refused}
    explained = tuple(code for finding in found for code in finding.rule.explains)
    kept: dict[tuple[str, str], Finding] = {}
    for finding in found:
        again = finding.rule.code in refused and not finding.refused
        if finding.refused or not (again or finding.rule.code.startswith(explained)):
            kept.setdefault((finding.rule.code, finding.path), finding)

    def rank(finding: Finding) -> tuple[bool, int, bool]:
        follows = finding.rule.code.startswith(explained)
        return not (finding.refused and not follows), -SEVERITIES.index(finding.severity), follows

    return sorted(kept.values(), key=rank)


def _families(case: Case) -> Iterator[str]:
    """The families that may have something to say, in the order in which they lead."""
    present = {message.mechanism for message in case.messages}
    for family in MODULES:
        wanted = _MECHANISMS.get(family)
        if family == "LEG" and len(case.legs) < 2 and not case.earlier:
            continue
        if family == "ACC" and case.step is None:
            continue
        if wanted is None or wanted & present or (case.step is not None and case.step.refusal is not None):
            yield family


def _of_family(case: Case, family: str) -> Iterator[Finding]:
    for rule in rules_in(family):
        for count, finding in enumerate(rule.judge(case)):
            if count == MOST_OF_ONE:
                break
            yield finding
