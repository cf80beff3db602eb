"""The text of LDAP's result 49, number by number: `80090308: LdapErr: DSID-…, comment: …, data 52e, v4563`."""

from __future__ import annotations

from typing import Final

from .explain_numbers import read_win32
from .explain_reading import NOTE, Reading
from .explain_words import read_word

#: The status that a SASL bind was seen to show beside a Win32 error in the data column.
SASL_STATUS: Final[dict[int, str]] = {
    1: "80090302",
    87: "80090308",
    1326: "8009030C",
    1327: "8009030C",
    1331: "8009030C",
    1385: "8009030C",
    8430: "80090304",
}
#: In a simple bind these show only when the password was right; a wrong one hides them behind 52e.
AFTER_PASSWORD: Final = frozenset({1328, 1329, 1330, 1331, 1793, 1907, 1909})

#: The v column: the build of the domain controller, in hex.
BUILDS: Final[dict[int, str]] = {
    0x893: "2000",
    0xECE: "2003",
    0x1771: "2008",
    0x1772: "2008",
    0x1DB1: "2008 R2",
    0x23F0: "2012",
    0x2580: "2012 R2",
    0x3839: "2016",
    0x4563: "2019",
    0x4F7C: "2022",
    0x65F4: "2025",
}


def read_ldap(code: str, data: str, build: str | None) -> list[Reading]:
    """The readings of one error: what went wrong (data), which kind of bind it was (the first number), the build."""
    number = int(data, 16)
    label = f"data {data}"
    cause = read_win32(label, number)
    readings = []
    if cause is None:
        cause = Reading(label, "win32", f"Win32 error {number}", number, "not one that a logon usually ends with")
        cause.rows.append((NOTE, f"on Windows: net helpmsg {number}"))
    if number in AFTER_PASSWORD and code == "80090308":
        cause.rows.insert(0, (NOTE, "in a simple bind it shows only if the password was right"))
    cause.label, cause.digits = label, 4
    readings.append(cause)
    readings += _first(code, number)
    if build is not None:
        readings.append(_build(build))
    return readings


def _first(code: str, data: int) -> list[Reading]:
    readings = read_word("0x" + code)[:1]
    if not readings:
        return []
    reading = readings[0]
    reading.what = reading.label = code
    if code == "80090308":
        sasl = SASL_STATUS.get(data)
        reading.meaning = "always this number for a simple bind, whatever went wrong: only data counts"
        if sasl == code:
            reading.meaning += "; a SASL bind shows it with this data too"
        reading.rows = [(NOTE, "from a SASL bind (Negotiate, NTLM, GSSAPI) it is SEC_E_INVALID_TOKEN itself")]
    else:
        reading.meaning = f"a SASL bind; what AcceptSecurityContext answered: {reading.meaning.partition('; ')[0]}"
    return readings


def _build(text: str) -> Reading:
    number = int(text, 16)
    release = BUILDS.get(number)
    if release is None:
        meaning = f"the domain controller's build is {number}"
    else:
        meaning = f"the domain controller runs Windows {'' if release == '2000' else 'Server '}{release}"
    return Reading(f"v{text}", "build", f"build {number}", number, meaning, [], (), f"v{text}", 4)
