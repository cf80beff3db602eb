"""Text that is safe to print: what came in a token must not steer a terminal."""

from __future__ import annotations

import re

#: C0 and C1 controls, line and paragraph separators, marks that reorder text, lone surrogates.
_UNSAFE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def plain(text: str) -> str:
    """`text` with control characters written as escapes: `\\x1b`."""
    return _UNSAFE.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
