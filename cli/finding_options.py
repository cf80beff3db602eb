"""The options that choose among findings, the same for every command that has some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from . import exits
from .errors import Refusal

if TYPE_CHECKING:
    from secctx.rules.finding import Finding
    from secctx.rules.target import Target


#: The parameters that they become.
OPTIONS: Final = ("select", "ignore", "fail_on")


def finding_options(command: Any) -> Any:
    """Add `--skew` and `--target`, which rules ask for, and `--fail-on`, `--select` and `--ignore`."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.option(
            "--skew",
            type=click.IntRange(0, 10 * 365 * 86400),
            default=300,
            show_default=True,
            metavar="SECONDS",
            help="Of clocks.",
        ),
        click.option(
            "--target", "target_name", metavar="TARGET", help="What the client meant to reach: a URL, an SPN, a host."
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["note", "warning", "error"]),
            help="Exit with 1 at such a finding, or worse.",
        ),
        click.option(
            "--select", multiple=True, metavar="CODE", help="Show these findings alone: KRB005, or all of NTL."
        ),
        click.option("--ignore", multiple=True, metavar="CODE", help="Leave these findings out."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(slots=True)
class Choice:
    """Which findings count: beginnings of codes (none selected: all), and from which severity on they fail the run."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None

    def of(self, findings: Sequence[Finding]) -> list[Finding]:
        """Those that are wanted, in their order."""
        chosen = [one for one in findings if one.rule.code.startswith(self.select)] if self.select else list(findings)
        return [one for one in chosen if not one.rule.code.startswith(self.ignore)] if self.ignore else chosen

    def exit_code(self, findings: Sequence[Finding]) -> int:
        """What the exit code is at least, after these findings."""
        if self.fail_on is None:
            return exits.OK
        from secctx.rules.finding import SEVERITIES

        least = SEVERITIES.index(self.fail_on)
        worse = any(SEVERITIES.index(finding.severity) >= least for finding in findings)
        return exits.NO if worse else exits.OK


def make_choice(options: Mapping[str, Any]) -> Choice:
    """The choice that the options make. A code that no rule has is refused."""
    select, ignore = (_codes(name, options[name]) for name in OPTIONS[:2])
    return Choice(select, ignore, options["fail_on"])


def _codes(option: str, given: Sequence[str]) -> tuple[str, ...]:
    """Codes, or families of them, separated by commas or given one by one."""
    wanted = [code.strip().upper() for text in given for code in text.split(",") if code.strip()]
    if given and not wanted:
        raise Refusal(f"--{option}: no code is given", exits.USAGE, ["secctx explain lists them"])
    if not wanted:
        return ()
    from secctx.rules.index import MODULES, all_rules

    known = {*MODULES, *(rule.code for rule in all_rules())}
    for code in wanted:
        if code not in known:
            hints = ["a code is one like KRB005, a family one like KRB; secctx explain lists them"]
            raise Refusal(f"--{option}: no finding has the code {code[:40]}", exits.USAGE, hints)
    return tuple(wanted)


def make_target(text: str | None) -> Target | None:
    """What the client meant to reach; None where that is not said."""
    if text is None:
        return None
    from secctx.rules.target import TargetError, parse_target

    try:
        return parse_target(text)
    except TargetError as error:
        raise Refusal(f"--target: {error}", exits.USAGE) from None
