"""A malformed token in words: one line of what, where, expected and found; lines of what to do."""

from __future__ import annotations

from secctx.decoders.values import Decoded, Problem


def describe(problem: Problem, size: int) -> str:
    """What is wrong with a token of `size` bytes, in one line."""
    where = problem.path or "the token"
    match problem.kind:
        case "empty":
            return "empty: no bytes"
        case "unknown":
            return f"not a token: expected {problem.expected}, found {problem.found}"
        case "cut-short" if problem.total is not None:
            return f"cut short: {size} of {problem.total} bytes; {where} needs {problem.missing} more"
        case "cut-short":
            return f"cut short at byte {size}: {where} needs {problem.expected}, {problem.found} are there"
        case "trailing":
            return f"trailing bytes at {problem.offset}: expected {problem.expected}, found {problem.found}"
        case "missing":
            return f"{where} is missing at byte {problem.offset}: expected {problem.expected}, found {problem.found}"
        case _:
            return f"{where}, byte {problem.offset}: expected {problem.expected}, found {problem.found}"


def advice(decoded: Decoded) -> list[str]:
    """What to do about it."""
    problem = decoded.error
    if problem is None:
        return []
    size = len(decoded.data)
    match problem.kind:
        case "cut-short":
            from secctx.rules.encoding_sizes import base64_size, limit_of

            characters = base64_size(size)
            found = limit_of(size, characters)
            limit = found[1] if found is not None else None
            if limit is not None and not limit.startswith(str(size)):
                limit = f"in base64 that is {characters} characters, and {limit}"
            return [
                f"{limit}: take the token again, whole"
                if limit
                else "take the token again, whole: it was cut on its way"
            ]
        case "trailing":
            return ["only the token itself belongs in the input: was something appended, or are these two tokens?"]
        case "empty":
            return ["give a file, a header, base64 or hex text: secctx decode --help"]
        case "unknown" if "capture" in problem.found:
            return ["take the tokens out of it first: tshark -r FILE -x | secctx decode"]
        case "unknown":
            return ["is it the whole token, from its first byte, decoded once? --from names the form of the input"]
        case "depth":
            return ["no real token nests like this"]
        case _:
            return []
