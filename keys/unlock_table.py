"""Which function opens which message, by the message's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import unlock_ap as ap
from . import unlock_kdc as kdc
from . import unlock_messages as messages
from .unlock import Job, Place
from .unlock_kpasswd import REPLY, REQUEST


def _ap_req(job: Job, place: Place) -> None:
    ap.ap_req(job, place)


def _kpasswd(message: str) -> Callable[[Job, Place], None]:
    def handle(job: Job, place: Place) -> None:
        for name in ("AP-REQ", "AP-REP"):
            first = place.at(name)
            if first is not None and first.node.children and job.first(first.node):
                (ap.ap_req if name == "AP-REQ" else ap.ap_rep)(job, first)
        private = place.at("KRB-PRIV")
        if private is not None and private.node.children and job.first(private.node):
            ap.krb_priv(job, private, password=message)

    return handle


HANDLERS: Final[dict[str, Callable[[Job, Place], None]]] = {
    "AP-REQ": _ap_req,
    "AP-REP": ap.ap_rep,
    "KRB-CRED": ap.krb_cred,
    "KRB-PRIV": ap.krb_priv,
    "KRB-SAFE": ap.krb_safe,
    "AS-REQ": kdc.as_req,
    "AS-REP": kdc.as_rep,
    "TGS-REQ": kdc.tgs_req,
    "TGS-REP": kdc.tgs_rep,
    "KRB-ERROR": kdc.krb_error,
    "KPASSWD-REQ": _kpasswd(REQUEST),
    "KPASSWD-REP": _kpasswd(REPLY),
    "NegTokenInit": messages.neg_token_init,
    "NegTokenInit2": messages.neg_token_init,
    "MIC": messages.mic,
    "Wrap": messages.wrap,
}
