"""Writes the SPNEGO messages that an acceptor sends, with the grammar that reads them (RFC 4178 4.2, MS-SPNG 2.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .encoding import tagged
from .tables.oids import SPNEGO

# asn1crypto is imported where it is used: an acceptor of bare NTLM does not pay for it.

ACCEPT_COMPLETED: Final = 0
ACCEPT_INCOMPLETE: Final = 1
REJECT: Final = 2
REQUEST_MIC: Final = 3

#: MS-SPNG 3.2.5.2: what current servers put where Windows XP put their own principal name.
HINT: Final = "not_defined_in_RFC4178@please_ignore"


def neg_token_resp(
    state: int | None, mech: str | None = None, token: bytes | None = None, mic: bytes | None = None
) -> bytes:
    """A NegTokenResp; what is None is left out."""
    from .spnego_asn1 import NegotiationToken

    names = ("accept-completed", "accept-incomplete", "reject", "request-mic")
    value: dict[str, Any] = {
        "negState": None if state is None else names[state],
        "supportedMech": mech,
        "responseToken": token,
        "mechListMIC": mic,
    }
    present = {name: part for name, part in value.items() if part is not None}
    encoded: bytes = NegotiationToken(name="negTokenResp", value=present).dump()
    return encoded


def neg_token_init2(mechs: Sequence[str]) -> bytes:
    """The server's first word: a framed NegTokenInit2 with its mechanisms and the usual hint."""
    from asn1crypto.core import ObjectIdentifier

    from .spnego_asn1 import NegTokenInit2

    inner: bytes = NegTokenInit2({"mechTypes": list(mechs), "negHints": {"hintName": HINT}}).dump()
    return tagged(0x60, ObjectIdentifier(SPNEGO).dump() + tagged(0xA0, inner))
