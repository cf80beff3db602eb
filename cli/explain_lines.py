"""Lines of logs to readings: LDAP's result 49, SQL Server 17806, IIS, the Security events, and numbers anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from secctx.acceptor import status

from .explain_ldap import read_ldap
from .explain_numbers import KINDS, read_ntstatus, read_win32, unsigned
from .explain_reading import NOTE, Reading
from .explain_statuses import read_status
from .explain_words import read_word

_SQL: Final = re.compile(r"SSPI handshake failed with error code (0x[0-9a-f]{8}), state (\d{1,3})", re.I)
_IIS: Final = re.compile(r"(?<![\d.])(401|403|500|200) (\d{1,3}) (\d{1,10})(?![\d.])", re.ASCII)
_LDAP: Final = re.compile(
    r"\b([0-9a-f]{8}): LdapErr: DSID-[0-9a-f]+.*?data ([0-9a-f]{1,8})\b(?:, v([0-9a-f]{3,5}))?", re.I
)
_FIELD: Final = re.compile(
    r"(sub ?status|status|failure code|result code|error code|ticket encryption type|ticket options"
    r"|session encryption type)\b\W{1,12}(?:\w{4}\W{1,3})?(0x[0-9a-f]{1,8})\b",
    re.I,
)
_NAME: Final = re.compile(
    r"\b(?:SEC_[EI]_[A-Z_0-9]+|KRB_AP_ERR_[A-Z_0-9]+|KDC_ERR_[A-Z_0-9]+|KRB_ERR_[A-Z_0-9]+|KRB5\w+_[A-Z_0-9]+"
    r"|(?:NT_)?STATUS_[A-Z_]+|ERROR_[A-Z_]+|GSS_S_[A-Z_]+|ASC_RE[QT]_[A-Z_]+|ISC_RE[QT]_[A-Z_]+)"
)
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?:0x(?:8009|80100003|c000|d000|8007|96c7)[0-9a-f]{0,4}|-(?:2146|1073|1765)\d{6}|2148\d{6}|2529\d{6}"
    r"|8009[0-9a-f]{4}|c000[0-9a-f]{4})(?![\w.])",
    re.I,
)
_DATA: Final = re.compile(r"\bdata ([0-9a-f]{1,8})\b", re.I)

#: FormatMessage texts of the numbers that applications print without their number (MS-ERREF 2.1.1).
TEXTS: Final[dict[str, str]] = {
    "the token supplied to the function is invalid": "SEC_E_INVALID_TOKEN",
    "the logon attempt failed": "SEC_E_LOGON_DENIED",
    "the handle specified is invalid": "SEC_E_INVALID_HANDLE",
    "the function requested is not supported": "SEC_E_UNSUPPORTED_FUNCTION",
    "the local security authority cannot be contacted": "SEC_E_INTERNAL_ERROR",
    "the requested security package does not exist": "SEC_E_SECPKG_NOT_FOUND",
    "no credentials are available in the security package": "SEC_E_NO_CREDENTIALS",
    "the message or signature supplied for verification has been altered": "SEC_E_MESSAGE_ALTERED",
    "no authority could be contacted for authentication": "SEC_E_NO_AUTHENTICATING_AUTHORITY",
    "the target principal name is incorrect": "SEC_E_WRONG_PRINCIPAL",
    "the clocks on the client and server machines are skewed": "SEC_E_TIME_SKEW",
    "client's supplied sspi channel bindings were incorrect": "SEC_E_BAD_BINDINGS",
    "the context has expired and can no longer be used": "SEC_E_CONTEXT_EXPIRED",
    "clock skew too great": "KRB_AP_ERR_SKEW",
    "request is a replay": "KRB_AP_ERR_REPEAT",
    "wrong principal in request": "KRB5KRB_AP_WRONG_PRINC",
    "key table entry not found": "KRB5_KT_NOTFOUND",
    "key version number for principal in key table is incorrect": "KRB5_KT_KVNONOTFOUND",
    "server not found in kerberos database": "KDC_ERR_S_PRINCIPAL_UNKNOWN",
    "cannot find key of appropriate type": "KRB_AP_ERR_NOKEY",
}


def read_text(text: str) -> list[Reading]:
    """Every number and name that a line or a whole event tells about a logon, in the order of the text."""
    found: list[tuple[int, Reading]] = []
    taken = bytearray(len(text))
    known: dict[tuple[int, str], list[Reading]] = {}
    for number, (pattern, read) in enumerate(_READERS):
        for match in pattern.finditer(text):
            start, stop = match.span()
            if any(taken[start:stop]):
                continue
            key = number, match.group()
            if key not in known:
                known[key] = read(match)
            readings = known[key]
            if readings:
                taken[start:stop] = b"\1" * (stop - start)
                found += [(match.start(), reading) for reading in readings]
    lowered = text.lower()
    for words, name in TEXTS.items():
        if words in lowered:
            found += [(lowered.index(words), reading) for reading in _labelled(read_word(name), f"'{words}'")]
    unique: dict[tuple[str, str, object], Reading] = {}
    for _, reading in sorted(found, key=lambda pair: pair[0]):
        unique.setdefault(reading.identity, reading)
    return list(unique.values())


def is_line(text: str) -> bool:
    """Whether a text has the form of a line of a log that explain knows, not only names and numbers."""
    return any(pattern.search(text) for pattern, _ in _READERS[:5])


def _labelled(readings: list[Reading], label: str) -> list[Reading]:
    for reading in readings:
        reading.label, reading.what = label, label
    return readings


def _sql(match: re.Match[str]) -> list[Reading]:
    code, state = match.groups()
    readings = _labelled(read_word(code), code)
    text = {
        "14": "AcceptSecurityContext refused the token",
        "46": "the channel bindings of the client are missing or do not match the TLS channel",
    }.get(state)
    if readings and text:
        readings[0].rows.insert(0, (f"state {state}", text))
    return readings


def _iis(match: re.Match[str]) -> list[Reading]:
    code, sub, win32 = match.groups()
    label = f"{code}.{sub} {win32}"
    number = int(win32)
    if code == "401" and sub == "2" and number == 5:
        meaning = "the ordinary first request without credentials: the server asks for them"
        return [Reading(label, "place", "HTTP 401.2", 5, meaning, [], ("ERROR_ACCESS_DENIED",), label, 4)]
    known = status.BY_VALUE.get(number) if number else None
    reading = read_status(label, known) if known else read_win32(label, number) if code == "401" else None
    if reading is None:
        return []
    if number == 0x8009030E:
        reading.meaning = "the ordinary first leg of Negotiate or NTLM in IIS: no failure by itself"
    else:
        reading.rows.insert(0, (NOTE, f"IIS writes {code}.{sub} and sc-win32-status, a decimal number"))
    return _labelled([reading], label)


def _field(match: re.Match[str]) -> list[Reading]:
    name, text = " ".join(match[1].split()), match[2]
    number, label = int(text, 16), f"{name} {text}"
    kind = name.lower().replace(" ", "")
    if kind in ("status", "substatus", "errorcode"):
        if number == 0 and kind != "errorcode":
            return [Reading(label, "ntstatus", "STATUS_SUCCESS", 0, "nothing more is known", [], (), label)]
        reading = read_ntstatus(label, number)
        return _labelled([reading] if reading else read_word(text), label)
    how = {"ticketencryptiontype": "ETYPE", "sessionencryptiontype": "ETYPE", "ticketoptions": "KDC_OPTIONS"}
    reading = KINDS[how.get(kind, "KRB")](label, number)
    return _labelled([reading], label) if reading else []


def _data(match: re.Match[str]) -> list[Reading]:
    number = int(match[1], 16)
    reading = read_win32(match[0], unsigned(number))
    return _labelled([reading], match[0]) if reading else []


def _plain(match: re.Match[str]) -> list[Reading]:
    return _labelled(read_word(match[0]), match[0])


_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Reading]]], ...]] = (
    (_LDAP, lambda match: read_ldap(match[1], match[2], match[3])),
    (_SQL, _sql),
    (_FIELD, _field),
    (_IIS, _iis),
    (_DATA, _data),
    (_NAME, _plain),
    (_NUMBER, _plain),
)
