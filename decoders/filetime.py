"""FILETIME as text."""

from __future__ import annotations

from datetime import datetime, timedelta

_TICKS_IN_400_YEARS = 146_097 * 864_000_000_000
_EPOCH = datetime(1601, 1, 1)


def filetime_text(value: int) -> str:
    """The FILETIME (100 ns since 1601-01-01 UTC, MS-DTYP 2.3.3) as ISO 8601 with seven decimals.

    Covers all 64 bits, unsigned: a year beyond 9999, where `datetime` ends, has five digits.
    """
    cycles, ticks = divmod(value, _TICKS_IN_400_YEARS)  # the calendar repeats itself
    moment = _EPOCH + timedelta(microseconds=ticks // 10)
    text = moment.isoformat(timespec="microseconds")
    return f"{moment.year + 400 * cycles}{text[4:]}{ticks % 10}Z"
