"""The bytes being decoded, where they end, and the first thing found wrong in them."""

from __future__ import annotations

from collections.abc import Callable

from .values import Node, Problem, join, walk

#: Tokens inside tokens: SPNEGO, a mechanism, an authenticator, a ticket … five are usual.
MAX_TOKENS_DEEP = 12

#: Opens the token between two offsets in the node that stands for it; False where the bytes are no token we know.
OpenToken = Callable[["Reading", Node, int, int], bool]


class Reading:
    """One pass over one token.

    Decoders read `data` between absolute offsets and never beyond `end`; a container's own end (`stop` in their
    arguments) may lie beyond it where the token was cut short. What is wrong is noted with `fail` and reading goes on
    as far as the bytes allow: only the first note is kept, since the later ones mostly follow from it.
    """

    __slots__ = ("_at", "announced", "data", "deep", "end", "open_token", "problem")

    def __init__(self, data: bytes, open_token: OpenToken) -> None:
        self.data = data
        self.end = len(data)
        self.announced: int | None = None
        self.open_token = open_token
        self.deep = 0
        self.problem: Problem | None = None
        self._at: tuple[Node | None, str] = (None, "")

    def fail(
        self, kind: str, node: Node | None, offset: int, expected: str, found: str, *, field: str = "", missing: int = 0
    ) -> None:
        """Note what is wrong in `node` (None: the token as a whole), or in its field `field` that has no node."""
        if self.problem is None:
            self.problem = Problem(kind, "", offset, expected, found, missing)
            self._at = (node, field)

    def short(self, node: Node | None, offset: int, need: int, stop: int, *, field: str = "") -> None:
        """Note that `need` bytes were wanted at `offset` and fewer stand before `stop` or the end of the token."""
        have = max(0, min(stop, self.end) - offset)
        lack = need - have
        if offset > self.end:
            lack, offset = lack + offset - self.end, self.end
        if stop > self.end or (stop == self.end and self.announced is not None and self.announced > self.end):
            self.fail("cut-short", node, offset, f"{need} bytes", f"{have} bytes", field=field, missing=lack)
        else:
            found = f"{have} bytes before the end of what contains it"
            self.fail("length", node, offset, f"{need} bytes", found, field=field, missing=lack)

    def adopt(self, old: Node, new: Node) -> None:
        """What was noted of `old`, a node that goes, is said of `new`, which takes its place in the tree."""
        if self._at[0] is old:
            self._at = (new, self._at[1])

    def finish(self, root: Node) -> Problem | None:
        """The first problem with its path filled in, None where the token is well-formed."""
        problem = self.problem
        if problem is not None:
            node, field = self._at
            path = "" if node is None or node is root else next((p for p, n in walk(root) if n is node), "")
            problem.path = join(path, field) if field else path
            problem.total = self.announced
        return problem
