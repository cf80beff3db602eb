"""The end of a context that cannot go out at once: output in fragments, and what waits behind them (MS-SPNG 3.1.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from . import flags as asc
from . import status
from .context import Context
from .mechanism import Leg
from .values import BASES, IMPERSONATIONS, WINDOWS, Client, Refusal, Refused, Request

#: MS-SPNG 3.1.1: the smallest buffer that fragments fit into.
MIN_FRAGMENT: Final = 5


def fitted(context: Context, leg: Leg, request: Request) -> tuple[bytes, bool]:
    """As much of the output as the buffer takes, and whether more is to come (MS-SPNG 3.1.5)."""
    output = context.pending or leg.output or b""
    limit = request.max_output
    if limit is None or len(output) <= limit:
        context.pending = b""
        return output, False
    if not request.flags & asc.ASC_REQ_FRAGMENT_TO_FIT or limit < MIN_FRAGMENT:
        text = f"the output token has {len(output)} bytes and the buffer {limit}"
        raise Refused(status.SEC_E_BUFFER_TOO_SMALL, WINDOWS, Refusal("buffer-too-small", text))
    context.pending = output[limit:]
    return output[:limit], True


def saved_end(leg: Leg) -> dict[str, Any]:
    """The end of a context whose last answer goes out in fragments."""
    client = leg.client
    return {
        "basis": leg.basis,
        "attributes": leg.attributes,
        "expiry": leg.expiry.isoformat() if leg.expiry else None,
        "client": None if client is None else [getattr(client, name) for name in Client.__slots__],
        "session_key": leg.session_key.hex() if leg.session_key else None,
        "notes": list(leg.notes),
    }


def restored_end(saved: dict[str, Any]) -> Leg:
    """The end that `saved_end` wrote; ValueError, TypeError or KeyError where it did not write this."""
    client = None
    if saved["client"] is not None:
        values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in saved["client"]]
        client = Client(**dict(zip(Client.__slots__, values, strict=True)))
        if not isinstance(client.name, str) or client.impersonation not in IMPERSONATIONS:
            raise ValueError("client")
    expiry = datetime.fromisoformat(saved["expiry"]) if saved["expiry"] else None
    key = bytes.fromhex(saved["session_key"]) if saved["session_key"] else None
    attributes, basis, notes = saved["attributes"], saved["basis"], tuple(saved["notes"])
    if type(attributes) is not int or basis not in BASES or not all(isinstance(note, str) for note in notes):
        raise ValueError("final")
    return Leg(True, basis, None, attributes, client, expiry, session_key=key, notes=notes)
