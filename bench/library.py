"""`decode()` to values with spans, against pyspnego's `parse_token`, in one process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from . import samples
from .ratios import Ratio, in_turn, print_ratios, timer
from .settings import Settings

AT_LEAST: Final = {case: 1.5 if case == samples.NTLM else 2.0 for case in samples.FILES}
#: asn1crypto makes values without spans of one message; what PA-DATA hold must be given to it one by one.
ASN1CRYPTO_AT_LEAST: Final = {samples.AS_REP: 1.5, samples.TGS_REQ: 1.5}


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    ratios = [_measure(case, least, settings) for case, least in AT_LEAST.items()]
    missed = print_ratios("in process: pyspnego's parse_token / decode(), more is better", ratios)
    ratios = [_measure_asn1crypto(case, least, settings) for case, least in ASN1CRYPTO_AT_LEAST.items()]
    return missed + print_ratios("in process: asn1crypto's load().native / decode(), more is better", ratios)


def _measure(case: str, least: float, settings: Settings) -> Ratio:
    from spnego.__main__ import parse_token

    from secctx.decoders import decode

    token = samples.token_of(case)
    decoded = decode(token)
    if (decoded.mechanism, decoded.message, decoded.error) != (*samples.FILES[case][1:], None):
        raise SystemExit(f"bench: {case} decodes to {decoded.mechanism} {decoded.message}, {decoded.error}")
    if "Unknown" in parse_token(token)["MessageType"]:
        raise SystemExit(f"bench: pyspnego cannot read {case}")
    return _compare(case, partial(decode, token), partial(parse_token, token), least, settings)


def _measure_asn1crypto(case: str, least: float, settings: Settings) -> Ratio:
    from secctx.decoders import decode
    from secctx.decoders.fast_asn1 import PAFXFastRequest
    from secctx.decoders.kdc_asn1 import ASRep, TGSReq
    from secctx.decoders.kerberos_asn1 import APReq, ETypeInfo2

    held = {"PA-TGS-REQ": APReq, "PA-FX-FAST": PAFXFastRequest, "PA-ETYPE-INFO2": ETypeInfo2}
    token, cls = samples.token_of(case), {samples.AS_REP: ASRep, samples.TGS_REQ: TGSReq}[case]
    decode(token)  # ours reads the classes before asn1crypto makes the first instance, which changes them

    def theirs() -> object:
        native = cls.load(token, no_explicit=True).native
        for item in native["padata"] or ():
            item["padata-value"] = held[item["padata-type"]].load(item["padata-value"]).native
        return native

    return _compare(case, partial(decode, token), theirs, least, settings)


def _compare(
    case: str, ours: Callable[[], object], theirs: Callable[[], object], least: float, settings: Settings
) -> Ratio:
    pairs = in_turn(settings.rounds, timer(ours, settings.sample), timer(theirs, settings.sample))
    return Ratio(case, [their / our for our, their in pairs], at_least=least)
