"""What was asked of the acceptor, held against what it granted: the codes ACC001 and ACC002."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.acceptor import flags as asc
from secctx.acceptor.values import ESTABLISHED, Step

from .finding import WARNING, Finding, Rule

ACC001: Final = Rule(
    "ACC001",
    "attributes-missing",
    WARNING,
    "attributes asked for and not granted",
    "Windows leaves the decision to the caller: refuse the context where you need them (--enforce shows it), "
    "or have the client ask for them, since most are its choice",
)
ACC002: Final = Rule(
    "ACC002",
    "mask-of-another-call",
    WARNING,
    "the mask is one of another call",
    "give ASC_REQ names, or the mask that the server passes to AcceptSecurityContext: secctx explain ASC_REQ=MASK",
)


def judge_request(requested: int, step: Step) -> Iterator[Finding]:
    """The findings of one call, from its fContextReq and its answer."""
    other = asc.looks_like_other(requested)
    if other is not None:
        read = ", ".join(asc.req_names(requested)) or "nothing"
        yield Finding(ACC002, f"0x{requested:08x} makes sense as {other} flags; as fContextReq it reads {read}")
    if step.state == ESTABLISHED:
        missing, _ = asc.missing_and_extra(requested, step.attributes)
        if missing:
            yield Finding(ACC001, f"asked for and not granted: {', '.join(missing)}")
