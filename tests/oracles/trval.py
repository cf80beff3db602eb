"""MIT's own print of its ASN.1 vectors (`*.trval.txt`), read: each value with the octets that must stand for it.

Loaded with `runpy`, since `--import-mode=importlib` puts no folder on the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Stated(NamedTuple):
    """One value: the words and numbers in brackets before it, its contents octets or its number."""

    labels: tuple[str, ...]
    octets: bytes | None
    number: int | None


_LINE = re.compile(r"^(?P<depth>(?:\.  )*)(?P<labels>(?:\[[^]]*\] ?)+)(?P<value>.*)$")
_DUMP = re.compile(r"^ +((?:[0-9a-f]{2} )+)")


def stated(text: str) -> list[Stated]:
    """The values of one print in its order."""
    return list(_values(text.splitlines()))


def _values(lines: list[str]) -> Iterator[Stated]:
    at = 0
    while at < len(lines):
        match = _LINE.match(lines[at])
        assert match, lines[at]
        labels, value = tuple(re.findall(r"\[([^]]*)\]", match["labels"])), match["value"]
        at += 1
        if value.startswith("<"):
            octets = b""
            while at < len(lines) and (dump := _DUMP.match(lines[at])):
                octets += bytes.fromhex(dump[1])
                at += 1
            assert len(octets) == int(value[1:-1]), labels
            yield Stated(labels, octets, None)
        elif value.startswith('"'):
            yield Stated(labels, value[1:-1].encode(), None)
        elif hollow := re.fullmatch(r"0x0 \((\d+) unused bits\)", value):
            # An INTEGER of one octet behind an IMPLICIT tag, printed as a BIT STRING.
            yield Stated(labels, bytes([int(hollow[1])]), None)
        elif value:
            yield Stated(labels, None, int(value, 0))
