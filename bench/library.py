"""`decode()` to values with spans, against pyspnego's `parse_token`, in one process."""

from __future__ import annotations

from functools import partial
from typing import Final

from . import samples
from .ratios import Ratio, in_turn, print_ratios, timer
from .settings import Settings

AT_LEAST: Final = {samples.INIT: 2.0, samples.AP_REQ: 2.0, samples.NTLM: 1.5}


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    ratios = [_measure(case, least, settings) for case, least in AT_LEAST.items()]
    return print_ratios("in process: pyspnego's parse_token / decode(), more is better", ratios)


def _measure(case: str, least: float, settings: Settings) -> Ratio:
    from spnego.__main__ import parse_token

    from secctx.decoders import decode

    token = samples.token_of(case)
    decoded = decode(token)
    if (decoded.mechanism, decoded.message, decoded.error) != (*samples.FILES[case][1:], None):
        raise SystemExit(f"bench: {case} decodes to {decoded.mechanism} {decoded.message}, {decoded.error}")
    if "Unknown" in parse_token(token)["MessageType"]:
        raise SystemExit(f"bench: pyspnego cannot read {case}")
    pairs = in_turn(
        settings.rounds,
        timer(partial(decode, token), settings.sample),
        timer(partial(parse_token, token), settings.sample),
    )
    return Ratio(case, [theirs / ours for ours, theirs in pairs], at_least=least)
