"""One WHAT to its readings: a name, `KIND=NUMBER`, an OID, or a bare number."""

from __future__ import annotations

from typing import Final

from secctx.acceptor import status
from secctx.acceptor.tables.maps import GSS
from secctx.decoders.tables import kerberos as kerberos_tables
from secctx.decoders.tables import oids

from . import explain_causes as causes
from .explain_flags import flag_tables, read_flag, read_oid
from .explain_kerberos import MIT, read_enctype, read_error, read_minor
from .explain_numbers import (
    BARE_HEX,
    GSS_REST,
    KINDS,
    number_of,
    read_bare_hex,
    read_gss,
    read_ntstatus,
    read_number,
    read_win32,
)
from .explain_reading import Reading
from .explain_statuses import read_status

#: Other words for the same kinds.
SAME: Final = {
    "KRB5": "KRB",
    "KERBEROS": "KRB",
    "ENCTYPE": "ETYPE",
    "MSDS-SUPPORTEDENCRYPTIONTYPES": "SUPPORTED_ENCTYPES",
    "NEGOTIATEFLAGS": "NTLMSSP",
    "ERROR": "WIN32",
    "MAJOR": "GSS",
    "MINOR": "KRB",
    "SUBSTATUS": "NTSTATUS",
}


def read_word(what: str) -> list[Reading]:
    """Every reading of one word: a name, `KIND=NUMBER`, an OID, a number; none where it is unknown."""
    word = what.strip().strip("'\"`,;").strip()
    if not word:
        return []
    kind, equals, number = word.partition("=")
    if equals:
        return _assigned(what, kind.strip().upper(), number.strip())
    named = _named(what, word)
    if named:
        return named
    value = number_of(word)
    if value is not None:
        return read_number(what, word, value)
    if BARE_HEX.fullmatch(word):
        return read_bare_hex(what, int(word, 16), len(word))
    return []


def _assigned(what: str, kind: str, text: str) -> list[Reading]:
    kind = SAME.get(kind, kind)
    if kind not in KINDS:
        return []
    value = number_of(text)
    bare = BARE_HEX.fullmatch(text) is not None
    if bare and (kind == "DATA" or (value is None and len(text) == 8)):
        value = int(text, 16)
    if value is None or not -(1 << 31) <= value < 1 << 64:
        return read_word(text)
    found = KINDS[kind](what, value)
    return [found] if found is not None else []


def _named(what: str, word: str) -> list[Reading]:
    upper = word.upper()
    found = status.find(word)
    if found is not None and (upper.startswith("SEC_") or "_" in upper):
        return [read_status(what, found, upper)]
    if word in oids.MECHANISMS:
        return [read_oid(what, word)]
    return [
        reading for read in (_error_named, _cause_named, _flag_named, _mechanism_named) for reading in read(what, upper)
    ]


def _error_named(what: str, upper: str) -> list[Reading]:
    plain = (
        upper.replace("KRB5KDC_ERR_", "KDC_ERR_").replace("KRB5KRB_AP_ERR_", "KRB_AP_ERR_").replace("KRB5KRB_", "KRB_")
    )
    readings = [read_error(what, number) for number, name in kerberos_tables.ERRORS.items() if name == plain]
    minors = [status.KRB5_MINOR_BASE + offset for offset, (name, _) in MIT.items() if name == upper]
    readings += [found for value in minors if (found := read_minor(what, value))]
    etypes = kerberos_tables.ENCTYPES.items()
    return readings or [read_enctype(what, number) for number, name in etypes if name.upper() == upper]


def _cause_named(what: str, upper: str) -> list[Reading]:
    bare = upper.removeprefix("NT_")
    numbers = {causes.ntstatus_name(cause): cause.ntstatus for cause in causes.CAUSES if cause.ntstatus >= 0}
    numbers |= {name: number for number, name in kerberos_tables.NTSTATUS.items()}
    if bare in numbers:
        found = read_ntstatus(what, numbers[bare])
        return [found] if found else []
    wins = [cause.win32 for cause in causes.CAUSES if f"ERROR_{cause.name}" == upper and cause.win32 >= 0]
    gss = [row[1] for row in GSS if row[0] == upper or (upper == "GSS_S_BAD_MIC" and row[0] == "GSS_S_BAD_SIG")]
    gss += [number for number, (name, _) in GSS_REST.items() if name == upper]
    return [found for read, table in ((read_win32, wins), (read_gss, gss)) for n in table if (found := read(what, n))]


def _flag_named(what: str, upper: str) -> list[Reading]:
    names = flag_tables()
    if upper in names:
        return [read_flag(what, upper)]
    endings = [name for name in names if name.endswith("_" + upper)]
    return [read_flag(what, name) for name in endings if name.removeprefix(names[name][1] + "_") == upper]


def _mechanism_named(what: str, upper: str) -> list[Reading]:
    return [read_oid(what, oid) for oid, name in oids.MECHANISMS.items() if name.upper() == upper]
