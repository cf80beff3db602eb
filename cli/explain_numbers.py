"""Numbers to their readings: by their kind (Win32, NTSTATUS, GSS, a mask …), or bare, as all that they can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from secctx.acceptor import status
from secctx.decoders.tables import kerberos as kerberos_tables

from . import explain_causes as causes
from .explain_flags import read_mask
from .explain_kerberos import (
    AP_OPTIONS,
    KDC_OPTIONS,
    TICKET_FLAGS,
    read_bits,
    read_enctype,
    read_error,
    read_minor,
    read_supported,
)
from .explain_reading import BASIS, CHECK, NOTE, SEEN, Reading
from .explain_statuses import read_status

_HEX: Final = re.compile(r"[+-]?0x[0-9a-f]{1,16}", re.I)
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
BARE_HEX: Final = re.compile(r"[0-9a-f]{1,8}", re.I)

#: GSS_S names of RFC 2744 3.9.1 that have no status of their own here.
GSS_REST: Final = {
    0x00030000: ("GSS_S_BAD_NAMETYPE", "a name of a type that the mechanism does not know"),
    0x00050000: ("GSS_S_BAD_STATUS", "an invalid status code was given to be explained"),
    0x00110000: ("GSS_S_DUPLICATE_ELEMENT", "the credential element exists already"),
    0x00120000: ("GSS_S_NAME_NOT_MN", "the name is not that of one mechanism"),
}
_SUPPLEMENT: Final = (
    (0x1, "GSS_S_CONTINUE_NEEDED"),
    (0x2, "GSS_S_DUPLICATE_TOKEN"),
    (0x4, "GSS_S_OLD_TOKEN"),
    (0x8, "GSS_S_UNSEQ_TOKEN"),
    (0x10, "GSS_S_GAP_TOKEN"),
)
_CALLING: Final = {1: "an input could not be read", 2: "an output could not be written", 3: "a structure is malformed"}


def number_of(text: str) -> int | None:
    """The number that a text writes in decimal or after 0x, with a sign or not; None where it writes none."""
    if _HEX.fullmatch(text):
        return int(text, 16)
    return int(text) if _DECIMAL.fullmatch(text) else None


def unsigned(number: int) -> int:
    """The number as unsigned 32 bits: Windows' errors come signed, and widened to 64 bits."""
    if -(1 << 31) <= number < 0 or number >> 32 == 0xFFFFFFFF:
        return number & 0xFFFFFFFF
    return number


def read_win32(what: str, number: int) -> Reading | None:
    """A Win32 error (MS-ERREF 2.2), among them the data column of an LDAP bind error."""
    if unsigned(number) in status.BY_VALUE and number:
        return read_status(what, status.BY_VALUE[unsigned(number)])
    cause = causes.BY_WIN32.get(number)
    if cause is None:
        return None
    rows = [("number", f"{number} = 0x{number:x}; LDAP shows it as data {number:x}")]
    if cause.ntstatus >= 0:
        rows.append(("NTSTATUS", f"{causes.ntstatus_name(cause)} 0x{cause.ntstatus:08X}"))
    mapped = status.of_ntstatus(cause.ntstatus) if cause.ntstatus >= 0 else None
    rows += [(CHECK, cause.check)] if cause.check else []
    see = (mapped.status.name,) if mapped else ()
    return Reading(what, "win32", f"ERROR_{cause.name}", number, cause.meaning, rows, see, digits=4)


def read_ntstatus(what: str, number: int) -> Reading | None:
    """An NTSTATUS (MS-ERREF 2.3.1) that a logon can end with."""
    cause = causes.BY_NTSTATUS.get(number)
    mapped = status.of_ntstatus(number)
    name = causes.ntstatus_name(cause) if cause else mapped.name if mapped else kerberos_tables.NTSTATUS.get(number)
    if name is None:
        return None
    rows = [(SEEN, "events 4625 (Status, Sub Status) and 4776; SMB")]
    if mapped is not None:
        rows.append(("status", f"AcceptSecurityContext answers {mapped.status.name} ({BASIS[mapped.basis]})"))
    if cause is not None and cause.win32 >= 0:
        rows.append(("Win32", f"ERROR_{cause.name} {cause.win32}, in LDAP data {cause.win32:x}"))
    rows += [(CHECK, cause.check)] if cause and cause.check else []
    meaning = cause.meaning if cause else mapped.status.happened if mapped else name
    return Reading(what, "ntstatus", name, number, meaning, rows, (mapped.status.name,) if mapped else ())


def read_gss(what: str, major: int) -> Reading | None:
    """A GSS-API major status: calling error, routine error and supplementary bits (RFC 2744 3.9.1)."""
    routine = major & 0x00FF0000
    extra = [name for bit, name in _SUPPLEMENT if major & bit and (routine or major != bit or bit > 1)]
    mapped = status.of_gss(major)
    if not 0 <= major < 1 << 32 or major & 0xFFE0 or major >> 24 > 3:
        return None
    if mapped is None and routine not in GSS_REST:
        return None
    name, meaning = GSS_REST.get(routine, ("", "")) if mapped is None else (mapped.name, mapped.status.happened)
    rows: list[tuple[str, str]] = []
    if mapped is not None:
        rows.append(("status", f"{mapped.status.name} ({BASIS[mapped.basis]})"))
    if routine == 0x000D0000:
        meaning = "failure: the minor status says which"
        rows.append((CHECK, "the minor status: secctx explain 0x96c73a25 (krb5's begin with 0x96c73a)"))
    rows += [("with", text) for text in extra]
    if major >> 24:
        rows.append(("caller", _CALLING[major >> 24]))
    return Reading(what, "gss", name, major, meaning, rows, (mapped.status.name,) if mapped else ())


def _error(what: str, number: int) -> Reading | None:
    return read_error(what, number) if number in kerberos_tables.ERRORS else read_minor(what, unsigned(number))


def _enctype(what: str, number: int) -> Reading | None:
    known = number if number in kerberos_tables.ENCTYPES else number - (1 << 32)
    return read_enctype(what, known) if known in kerberos_tables.ENCTYPES else None


def _status(what: str, number: int) -> Reading | None:
    found = status.BY_VALUE.get(unsigned(number))
    return read_status(what, found) if found else None


def _bits(kind: str, name: str, bits: tuple[tuple[int, str], ...], seen: str) -> Callable[[str, int], Reading | None]:
    return lambda what, number: read_bits(what, kind, name, number, bits, seen) if number >> 32 == 0 else None


def _mask(kind: str) -> Callable[[str, int], Reading | None]:
    return lambda what, number: read_mask(what, kind, unsigned(number)) if unsigned(number) >= 0 else None


#: What may stand before `=`, and how the number behind it is read.
KINDS: Final[dict[str, Callable[[str, int], Reading | None]]] = {
    "STATUS": _status,
    "SEC": _status,
    "NTSTATUS": lambda what, number: read_ntstatus(what, unsigned(number)),
    "WIN32": read_win32,
    "DATA": read_win32,
    "KRB": _error,
    "ETYPE": _enctype,
    "GSS": read_gss,
    "KDC_OPTIONS": _bits("kdc-options", "KDCOptions", KDC_OPTIONS, "events 4768 and 4769 as Ticket Options"),
    "TICKET_FLAGS": _bits("ticket-flags", "TicketFlags", TICKET_FLAGS, "klist as Ticket Flags"),
    "AP_OPTIONS": _bits("ap-options", "APOptions", AP_OPTIONS, "an AP-REQ: secctx decode TOKEN"),
    "SUPPORTED_ENCTYPES": lambda what, number: read_supported(what, number) if 0 <= number < 1 << 32 else None,
    **{kind: _mask(kind) for kind in ("ASC_REQ", "ASC_RET", "ISC_REQ", "ISC_RET", "GSS_FLAGS")},
    **{kind: _mask(kind) for kind in ("NTLMSSP", "MSVAVFLAGS")},
}


def read_bare_hex(what: str, value: int, length: int) -> list[Reading]:
    """Hex digits without 0x: a whole number of 32 bits, else the data column of an LDAP error."""
    found = read_number(what, what, value) if length == 8 else []
    data = read_win32(what, value)
    return found or ([data] if data else [])


def read_number(what: str, word: str, number: int) -> list[Reading]:
    """All that a bare number can be, the likeliest first."""
    value = unsigned(number)
    found: list[Reading | None] = []
    if value == status.WRONG_INVALID_HANDLE:
        found.append(_wrong_handle(what))
    found += [_status(what, value), _hresult(what, value), read_ntstatus(what, value) if value else None]
    found += [read_minor(what, value), read_win32(what, value) if 0 < value < 1 << 16 else None]
    if 0 < number < 128 or -200 < number < 0:
        found += [_error(what, number), _enctype(what, number)]
    if number and word.isdecimal() and len(word) <= 4:
        as_hex = read_win32(what, int(word, 16))
        if as_hex is not None:
            as_hex.rows.insert(0, (NOTE, f"read as hex, as in the data column of an LDAP error: data {word}"))
        found.append(as_hex)
    if not word.lower().startswith("0x") and len(word) == 8 and not any(found) and BARE_HEX.fullmatch(word):
        return read_number(what, "0x" + word, int(word, 16))
    if value & 0x00FF0000 and value & 0xFF00FFFF == 0 and value >> 16 <= 0x12:
        found.append(read_gss(what, value))
    readings = _distinct([reading for reading in found if reading is not None])
    return readings or (_masks(what, value) if word.lower().startswith("0x") else [])


def _distinct(readings: list[Reading]) -> list[Reading]:
    seen: dict[tuple[str, str, object], Reading] = {}
    for reading in readings:
        seen.setdefault(reading.identity, reading)
    return list(seen.values())


def _wrong_handle(what: str) -> Reading:
    meaning = "documentation prints this for SEC_E_INVALID_HANDLE; the value is 0x80090301"
    rows = [(NOTE, "0x80100003 is SCARD_E_INVALID_HANDLE: the smart card facility (0x10), not security (0x9)")]
    return Reading(what, "status", "SCARD_E_INVALID_HANDLE", 0x80100003, meaning, rows, ("SEC_E_INVALID_HANDLE",))


def _hresult(what: str, value: int) -> Reading | None:
    """A Win32 error or an NTSTATUS inside an HRESULT: 0x8007xxxx, and NTSTATUS with bit 28 (MS-ERREF 2.1)."""
    if value >> 16 == 0x8007:
        return read_win32(what, value & 0xFFFF)
    return read_ntstatus(what, value & ~0x10000000) if value >> 28 == 0xD else None


def _masks(what: str, value: int) -> list[Reading]:
    """A number that is nothing by itself, as the masks that it can be: every bit has a name there."""
    if not 0xFF < value < 1 << 33:
        return []
    if value & 0x200 and value & 0x3 and not value & 0x1D20C500:
        found = read_mask(what, "NTLMSSP", value)
        return [found] if found else []
    readings = [read_mask(what, kind, value) for kind in ("ASC_RET", "ASC_REQ", "ISC_RET", "GSS_FLAGS")]
    return [reading for reading in readings if reading is not None and "0x" not in reading.meaning]
