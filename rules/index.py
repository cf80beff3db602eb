"""All rules, by their codes: which module has those of a family, imported when it is asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from .finding import Rule

#: The modules of each family of codes, in the order in which causes lead.
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "ENC": ("encoding", "encoding_sizes"),
    "LEG": ("legs", "legs_story"),
    "SPN": ("spnego_offer", "spnego_answer"),
    "KRB": (
        "kerberos_errors",
        "kerberos_keys",
        "kerberos_ticket",
        "kerberos_names",
        "kerberos_times",
        "kerberos_checks",
        "kerberos_parts",
        "kerberos_pac",
    ),
    "NTL": ("ntlm_strength", "ntlm_bindings", "ntlm_names", "ntlm_proof"),
    "ACC": ("calls",),
}


@cache
def rules_in(family: str) -> tuple[Rule, ...]:
    """The rules of a family, as their modules have them; looked for once, since every token asks."""
    modules = [import_module(f"secctx.rules.{module}") for module in MODULES.get(family, ())]
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Rule))


def all_rules() -> list[Rule]:
    """Every rule, by code."""
    return sorted((one for family in MODULES for one in rules_in(family)), key=lambda one: one.code)


def find(code: str) -> Rule | None:
    """The rule of a code, in whatever case it is written; None where there is none."""
    code = code.upper()
    return next((one for one in rules_in(code[:3]) if one.code == code), None)
