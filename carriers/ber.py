"""The tag and length of a BER value (X.690 8.1), as far as the frames around tokens need them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Element:
    """One value: its tag, where it begins, where its contents begin, and where its length says that they end."""

    tag: int
    at: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """The bytes that its contents should have."""
        return self.stop - self.start


def element(data: bytes, at: int, end: int) -> Element | None:
    """The value that begins at `at`; None where its header is cut short, or its tag or length is of a form that
    neither LDAP nor a token's frame has (RFC 4511 5.1: definite lengths alone)."""
    if at + 2 > end:
        return None
    tag, first = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        return None
    if first < 0x80:
        return Element(tag, at, at + 2, at + 2 + first)
    start = at + 2 + (first & 0x7F)
    if first == 0x80 or start - at > 6 or start > end:
        return None
    return Element(tag, at, start, start + int.from_bytes(data[at + 2 : start]))
