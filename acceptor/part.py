"""A token inside the token that was received: its fields, where it stands, and refusals that point into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from secctx.decoders.message import Message
from secctx.decoders.values import TOKEN, Decoded, Problem, join

from .status import SEC_E_INVALID_TOKEN, Status
from .values import OTHER, WINDOWS, Refusal, Refused


@dataclass(slots=True)
class Part(Message):
    """One message to be judged."""

    problem: Problem | None = None  #: what is wrong inside an optimistic token

    def refusal(self, kind: str, text: str, path: str = "", **facts: Any) -> Refusal:
        """A refusal that points at a field of this message, or at the message as a whole."""
        node = self.field(path) if path else self.node
        span = None if node is None else (node.start, node.stop)
        return Refusal(kind, text, join(self.path, path) if path else self.path, span, facts)

    def refuse(self, kind: str, text: str, path: str = "", **facts: Any) -> Refused:
        """SEC_E_INVALID_TOKEN with such a refusal."""
        return self.refused(SEC_E_INVALID_TOKEN, OTHER, kind, text, path, **facts)

    def refused(self, status: Status, basis: str, kind: str, text: str, path: str = "", **facts: Any) -> Refused:
        """Any status with such a refusal."""
        return Refused(status, basis, self.refusal(kind, text, path, **facts))


def whole(decoded: Decoded) -> Part:
    """The token received, as the message it is."""
    return Part(decoded.root, "", decoded.data, decoded.mechanism, decoded.message or "unknown")


def inside(outer: Part, name: str) -> Part | None:
    """The token or bytes in a field of `outer`, as a message of its own; None where the field is absent."""
    node = outer.field(name)
    if node is None:
        return None
    mechanism, message = (
        node.meaning if node.kind == TOKEN and isinstance(node.meaning, tuple) else ("unknown", "unknown")
    )
    start = node.start - outer.node.start
    data = outer.data[start : start + node.stop - node.start]
    if node.kind != TOKEN and isinstance(node.value, bytes):
        data = node.value
    return Part(node, join(outer.path, name), data, mechanism, message)


def malformed(problem: Problem, size: int) -> Refused:
    """SEC_E_INVALID_TOKEN for a token of `size` bytes that cannot be read."""
    basis = WINDOWS if problem.kind == "unknown" else OTHER
    facts = {"offset": problem.offset, "kind": problem.kind}
    refusal = Refusal("malformed", describe(problem, size), problem.path, (problem.offset, problem.offset), facts)
    return Refused(SEC_E_INVALID_TOKEN, basis, refusal)


def describe(problem: Problem, size: int) -> str:
    """What is wrong with a token, for the reason of a refusal."""
    where = problem.path or "the token"
    if problem.kind == "cut-short" and problem.total is not None:
        return f"cut short: {size} of {problem.total} bytes; {where} needs {problem.missing} more"
    return f"{where}, byte {problem.offset}: expected {problem.expected}, found {problem.found}"
