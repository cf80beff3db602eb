"""A token's bytes, where they came from, and why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_TOKENS: Final = 100_000  #: tokens, or pieces of text, in one input
MOST_LOOKS: Final = 500_000  #: places in one input looked at for a token


@dataclass(slots=True)
class Source:
    """Where a token came from: the input and its encoding, and what the carrier around it told.

    `index` counts the tokens of one input from 0, `line` its lines from 1. `carrier` is the header and scheme
    (`Authorization: Negotiate`) or the protocol; `direction` is `client` or `server`; `answer` is what the protocol
    said to the token (`HTTP 401`); `connection` names its two ends, in no order.
    """

    name: str
    encoding: str
    index: int
    carrier: str | None = None
    line: int | None = None
    packet: int | None = None
    stream: int | None = None
    direction: str | None = None
    time: str | None = None
    handshake: int | None = None
    leg: int | None = None
    answer: str | None = None
    connection: str | None = None


class Oddity(str):
    """A note on a text form that is not as it should be; `kind` is what ENC001, ENC004 and ENC006 know it by."""

    __slots__ = ("kind",)
    kind: str


def oddity(kind: str, sentence: str) -> Oddity:
    """A note of that kind."""
    note = Oddity(sentence)
    note.kind = kind
    return note


@dataclass(slots=True)
class Token:
    """One token as received; `notes` say what about its text form deserves mention, each `Oddity` what is wrong."""

    data: bytes
    source: Source
    notes: tuple[str, ...] = ()


class CarrierError(Exception):
    """No token could be had: what is wrong, where, what was expected and what stood there.

    `kind` is one of `empty not-a-token tokenless too-large html malformed` (`tokenless`: a message of a protocol that
    carries none); `hints` say what to do, a line each.
    """

    def __init__(self, message: str, kind: str, *hints: str) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hints = list(hints)


def found(data: bytes, encoding: str, line: int | None = None, *notes: str) -> Token:
    """A token as a reader yields it; the front door gives it its name and index."""
    return Token(data, Source("", encoding, 0, line=line), notes)


def too_many(most: int = MOST_TOKENS) -> CarrierError:
    """The refusal of an input with more than `most` tokens, or pieces of text that might be tokens."""
    return CarrierError(f"more than {most} tokens or pieces of text in one input", "too-large", "split the input")
