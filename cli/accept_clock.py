"""The clock of a leg: `--at`, the packet's time, the token's own, or this machine's."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from secctx.acceptor.captured import message_in, time_of_error
from secctx.decoders import decode
from secctx.decoders.values import FILETIME, TIME, walk

from . import exits
from .errors import Refusal, complain

if TYPE_CHECKING:
    from secctx.acceptor.values import Step
    from secctx.keys.keyring import KeyRing

#: FILETIME counts 100 ns since 1601; UNIX time begins so many of them later.
_UNIX_EPOCH: Final = 116_444_736_000_000_000


class Moment(NamedTuple):
    """The time at which a leg is judged, and where it is from, if that is worth a note."""

    now: datetime
    note: str = ""


def clock(text: str | None, token: bytes, time: str | None, ring: KeyRing | None) -> Moment:
    """The moment of a leg: `--at`, else the packet's time, else now; `--at token` is the time that the token bears."""
    if text is None:
        return Moment(packet_time(time) or datetime.now(UTC))
    if text != "token":
        return Moment(parse_time(text))
    moment = time_within(token, ring, "--at token")
    if moment is None:
        complain(f"note: {_why_timeless(token, ring)}; the clock is that of this machine")
        return Moment(datetime.now(UTC))
    return moment


def captured_clock(
    text: str | None, token: bytes, time: str | None, ring: KeyRing | None, answer: bytes, before: datetime | None
) -> Moment:
    """The moment of a captured leg: without `--at` and a packet's time what the tokens tell.

    That is the time in the KRB-ERROR which `answer`, the server's next token, may be or carry, else the time that the
    token itself bears, else that of the leg `before`.
    """
    if text is not None or packet_time(time) is not None:
        return clock(text, token, time, ring)
    sent = time_of_error(decode(answer)) if message_in(decode(token), "AP-REQ") is not None else None
    if sent is not None:
        return Moment(sent, "no packet time: judged at the time in the server's KRB-ERROR")
    return time_within(token, ring, "no packet time") or Moment(before or datetime.now(UTC))


def time_within(token: bytes, ring: KeyRing | None, why: str) -> Moment | None:
    """The time that a token bears, an AP-REQ in its authenticator; None where it bears none that can be read."""
    if ring is not None:
        from secctx.acceptor.kerberos_captured import time_of_request

        made = time_of_request(decode(token), ring)
        if made is not None:
            return Moment(made, f"{why}: judged at the authenticator's own time, so the clocks are not compared")
    bare = time_of(token)
    return None if bare is None else Moment(bare)


def _why_timeless(token: bytes, ring: KeyRing | None) -> str:
    """Why no time was found in a token."""
    message = message_in(decode(token), "AP-REQ")
    if message is None or message.value("authenticator.cipher") is None:
        return "this token bears no time"
    if ring is None:
        return "this token's time is in its authenticator, and no key is given"
    return "this token's time is in its authenticator, which does not open"


def timed(step: Step, now: datetime, note: str) -> Step:
    """A step with a note on its clock; a clock skew with the time that the client has."""
    if note and step.mechanism == "Kerberos":
        step.notes = (*step.notes, note)
    seconds = step.refusal.facts.get("seconds") if step.refusal is not None else None
    if step.refusal is not None and step.refusal.kind == "clock-skew" and isinstance(seconds, float):
        try:
            step.refusal.facts = {**step.refusal.facts, "client_time": now + timedelta(seconds=seconds)}
        except OverflowError:  # the client's time is at the end of the calendar
            return step
    return step


def time_of(token: bytes) -> datetime | None:
    """The time that a token bears: an NTLMv2 response's, a CHALLENGE's, a KRB-ERROR's; None where it bears none."""
    for _, node in walk(decode(token).root):
        if node.kind == TIME and isinstance(node.value, datetime):
            return node.value
        if node.kind == FILETIME and isinstance(node.value, int) and node.value >= _UNIX_EPOCH:
            try:
                return datetime.fromtimestamp((node.value - _UNIX_EPOCH) / 10_000_000, UTC)
            except (OverflowError, OSError, ValueError):
                return None
    return None


def packet_time(text: str | None) -> datetime | None:
    """When a packet was seen; None where that is not known, or only the time of day, as tcpdump prints it."""
    try:
        return None if text is None else parse_time(text)
    except Refusal:
        return None


def parse_time(text: str) -> datetime:
    """A moment in ISO 8601 or UNIX seconds; without a zone it is UTC."""
    try:
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise Refusal(f"--at: not a time: {text} (ISO 8601, UNIX seconds, or `token`)", exits.USAGE) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
