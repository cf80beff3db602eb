"""Kerberos's place among the mechanisms: known by its OIDs, and not available, since no key can be given to it yet."""

from __future__ import annotations

from secctx.decoders.tables.oids import KRB5, MS_KRB5

from . import status
from .context import Context
from .mechanism import Leg
from .part import Part
from .values import INFERRED, Credentials, Refusal, Refused, Request


class Kerberos:
    """The Kerberos package of a server without keys: SPNEGO passes it over, a bare token finds no credentials."""

    name: str = "Kerberos"
    oids: tuple[str, ...] = (MS_KRB5, KRB5)

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials

    @property
    def available(self) -> bool:
        """Whether there is a key: never, in this version."""
        return False

    def serves(self, token: Part | None) -> bool:
        """Whether it can go on from an optimistic token."""
        return token is None or token.message in ("AP-REQ", "TGT-REQ")

    def step(self, context: Context, message: Part, request: Request) -> Leg:
        """Refuse: there is no key."""
        text = "no credentials for Kerberos: it needs a keytab, which this version cannot take yet"
        raise Refused(status.SEC_E_NO_CREDENTIALS, INFERRED, Refusal("no-credentials", text))

    def protects(self, context: Context) -> bool:
        """No session, no integrity."""
        return False

    def sign(self, context: Context, data: bytes) -> bytes | None:
        """No session, no MIC."""
        return None

    def verify(self, context: Context, data: bytes, mic: bytes) -> bool | None:
        """No session, no verdict."""
        return None
