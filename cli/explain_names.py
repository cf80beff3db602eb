"""All names that explain knows, for the nearest ones to a word that it does not."""

from __future__ import annotations

from secctx.acceptor import status
from secctx.decoders.tables import kerberos, oids

from . import explain_causes as causes
from .explain_flags import flag_tables
from .explain_kerberos import MIT
from .explain_numbers import KINDS


def names() -> list[str]:
    """Every name, without order."""
    found = [*status.BY_NAME, *kerberos.ERRORS.values(), *kerberos.ENCTYPES.values(), *oids.MECHANISMS]
    found += [causes.ntstatus_name(cause) for cause in causes.CAUSES if cause.ntstatus >= 0]
    found += [f"ERROR_{cause.name}" for cause in causes.CAUSES if cause.win32 >= 0]
    found += [name for name, _ in MIT.values()]
    found += [*flag_tables(), *(f"{kind}=" for kind in KINDS)]
    return found


def nearest(what: str) -> list[str]:
    """The names closest to what was given, at most three."""
    from difflib import get_close_matches

    word = what.strip().upper()[:80]
    if not word:
        return []
    known = {name.upper(): name for name in names()}
    close = get_close_matches(word, known, 3, 0.65)
    close += [name for name in known if len(word) > 3 and word in name and name not in close]
    return [known[name] for name in close[:3]]
