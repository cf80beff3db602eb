"""PAC_CLIENT_INFO ties a PAC to its ticket: the client's name, and the time of the first logon (MS-PAC 2.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

#: Day 0 of FILETIME (MS-DTYP 2.3.3), which counts in units of 100 ns.
_FIRST_DAY: Final = datetime(1601, 1, 1, tzinfo=UTC)
_SECOND: Final = 10_000_000


def misfit(name: str, client_id: int, cname: str, crealm: str, authtime: datetime | None) -> str:
    """Why a PAC with this Name and ClientId is none of the ticket's client, in words; empty where it is.

    Name may have the realm, as it has for S4U across realms; Windows keeps no capitals apart.
    """
    theirs, client, realm = _plain(name), _plain(cname), _plain(crealm)
    if theirs not in (client, f"{client}@{realm}"):
        return f"the PAC is {name}'s, and the ticket {cname}@{crealm}'s"
    if authtime is not None and client_id // _SECOND != (authtime - _FIRST_DAY) // timedelta(seconds=1):
        ours = f"{authtime:%Y-%m-%d %H:%M:%S} UTC"
        return f"the PAC is of another logon: its time is {_moment(client_id)}, and the ticket's authtime {ours}"
    return ""


def _moment(filetime: int) -> str:
    try:
        return f"{_FIRST_DAY + timedelta(seconds=filetime // _SECOND):%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        return f"{filetime:#x}, behind the end of the calendar"


def _plain(name: str) -> str:
    """A principal's name without escapes and capitals."""
    return name.replace("\\", "").casefold()
