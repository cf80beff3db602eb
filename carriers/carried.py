"""What the readers of frames tell: each message of a protocol, and the token in it or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Message:
    """One message: `what` it is (`SMB2 SESSION_SETUP response`), where it begins in the frame and who sent it.

    `status` is what a server answered, `lacks` why there is no token, `wrong` where the message is malformed; `of` is
    what offsets in the notes count in, where it is no message of a protocol.
    """

    what: str
    start: int
    direction: str | None = None
    token: bytes = b""
    status: str = ""
    notes: list[str] = field(default_factory=list)
    lacks: str = ""
    wrong: str = ""
    of: str = ""

    def take(self, data: bytes, at: int, stop: int, end: int, name: str) -> None:
        """Take the token from `at` to `stop`; `end` is where the message, or what is there of it, ends."""
        self.token = data[at : min(stop, end)]
        place = f" (which begins at byte {self.start})" if self.start else ""
        of = self.of or f"{self.what.split()[0]} message"
        self.notes.append(f"{name}, bytes {at - self.start} to {stop - self.start} of the {of}{place}")
        if stop > end:
            self.notes.append(f"cut short: {stop - at} bytes by the length of {name}, {end - at} there")

    def said(self) -> str:
        """The message, what it answered, and why it has no token."""
        article = "an" if self.what.startswith(("SMB", "LDAP", "OCTET", "encrypted")) else "a"
        status = f", {self.status}" if self.status else ""
        return f"{article} {self.what}{status}: {self.wrong or self.lacks}"


class Broken(Exception):
    """A message cannot be read on: where, what was expected there, and what was found."""
