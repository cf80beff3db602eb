"""Many tokens given as lines: the real command `decode --json`, against `parse_token` and `json.dumps` alone."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from . import samples
from .ratios import Ratio, in_turn, print_ratios, timer
from .settings import Settings


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    mixed = samples.all_tokens()
    # In base64 a SEQUENCE, which is what pyspnego needs of the others, reads as a certificate.
    cases = [case for case in samples.FILES if case not in samples.UNTAGGED]
    ratios = [_measure(f"{case} only", [samples.token_of(case)], settings) for case in cases]
    ratios.append(_measure(f"{len(mixed)} different tokens", mixed, settings))
    title = f"JSON lines: parse_token and json.dumps / decode --json of {settings.lines} base64 lines, more is better"
    return print_ratios(title, ratios)


def _measure(case: str, tokens: Sequence[bytes], settings: Settings) -> Ratio:
    many = list(islice(cycle(tokens), settings.lines))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tokens.txt")
        path.write_bytes(b"".join(base64.b64encode(token) + b"\n" for token in many))
        printed = _ours(path)
        if printed.count("\n") != len(many) or '"complete":false' in printed:
            raise SystemExit(f"bench: {case}: {len(many)} lines gave {printed.count(chr(10))} documents")
        rounds = max(1, settings.rounds // 3)
        pairs = in_turn(rounds, timer(lambda: _ours(path), 0), timer(lambda: _theirs(many), 0))
    return Ratio(case, [theirs / ours for ours, theirs in pairs], at_least=1.0)


def _ours(path: Path) -> str:
    """What the command prints for a file of lines: reading, decoding, documents, printing."""
    from secctx.cli.main import secctx

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        secctx.main(["decode", "--json", str(path)], standalone_mode=False)
    return out.getvalue()


def _theirs(tokens: Sequence[bytes]) -> int:
    """The characters of pyspnego's JSON, which is neither read from lines nor printed."""
    from spnego.__main__ import parse_token

    return sum(len(json.dumps(parse_token(token))) for token in tokens)
