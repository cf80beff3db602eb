"""What the server asks for with fContextReq, where the caller says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .case import Case


def asks(case: Case, name: str) -> bool | None:
    """Whether a flag is asked for, by its whole name: `ASC_REQ_DELEGATE`; None where fContextReq is not known."""
    if case.given.asked is None:
        return None
    from secctx.acceptor import flags  # its tables are large, and `decode` has no fContextReq

    return bool(case.given.asked & getattr(flags, name))
