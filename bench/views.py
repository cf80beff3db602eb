"""What `--format hex` and `--redact` cost beside the plain tree: the same command line and token, in one process."""

from __future__ import annotations

import contextlib
import io
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from . import samples
from .ratios import Ratio, in_turn, print_ratios, timer
from .settings import Settings

#: What is measured, and how often the plain tree's cost it may take at most.
AT_MOST: Final[dict[tuple[str, ...], float]] = {
    ("--format", "hex"): 1.2,
    ("--redact",): 1.5,
    ("--redact", "--format", "hex"): 1.5,
}
CASES: Final = (samples.NTLM, samples.INIT, samples.TGS_REQ)


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    with tempfile.TemporaryDirectory() as folder:
        ratios = [
            _measure(case, options, most, Path(folder), settings) for options, most in AT_MOST.items() for case in CASES
        ]
    return print_ratios("views of one token: decode with the option / decode, less is better", ratios)


def _measure(case: str, options: tuple[str, ...], most: float, folder: Path, settings: Settings) -> Ratio:
    path = folder / f"{case}.bin"
    path.write_bytes(samples.token_of(case))
    ours = timer(partial(_command, path, *options), settings.sample)
    pairs = in_turn(settings.rounds, ours, timer(partial(_command, path), settings.sample))
    return Ratio(f"{case}, {' '.join(options)}", [one / plain for one, plain in pairs], at_most=most)


def _command(path: Path, *options: str) -> None:
    from secctx.cli.main import secctx

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        secctx.main(["decode", *options, str(path)], standalone_mode=False)
    if out.getvalue().count("\n") < 10:
        raise SystemExit(f"bench: {path.name} prints nothing")
