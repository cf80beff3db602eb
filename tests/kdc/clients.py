"""The initiating side, as real libraries have it: MIT's GSS-API through python-gssapi, and pyspnego's client above it.

A GSS error leaves as a `ClientRefused` with its numbers alone: gss_display_status has crashed on some of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .realm import DOMAIN

try:
    import gssapi.raw as gss
except ImportError:  # the tests that need it say so
    gss = None

KRB5 = "1.2.840.113554.1.2.2"
SPNEGO = "1.3.6.1.5.5.2"
NTLM = "1.3.6.1.4.1.311.2.2.10"
_SESSION_KEY = "1.2.840.113554.1.2.2.5.5"

DELEGATE, MUTUAL, REPLAY, SEQUENCE, CONF, INTEG = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
DCE_STYLE, IDENTIFY = 0x1000, 0x2000
USUAL = MUTUAL | REPLAY | SEQUENCE | CONF | INTEG

#: The numbers of KRB-ERROR as MIT's library has them: this and the number.
MIT_ERRORS = 0x96C73A00
#: GSS routine errors (RFC 2744 3.9.1).
BAD_MIC, DEFECTIVE_TOKEN, FAILURE = 6, 9, 13


class ClientRefused(Exception):
    """What the client's library says against the server's token: routine error and minor status."""

    def __init__(self, error: Any) -> None:
        self.routine = error.maj_code >> 16 & 0xFF
        self.minor = error.min_code & 0xFFFFFFFF
        super().__init__(f"routine error {self.routine}, minor status {self.minor:#x}")


class Client(Protocol):
    """One end of a context."""

    complete: bool
    session_key: bytes

    def step(self, token: bytes | None = None) -> bytes:
        """Take the server's token, give the next one; empty where there is none."""

    def sign(self, data: bytes) -> bytes:
        """The MIC of what the client sends."""

    def verify(self, data: bytes, mic: bytes) -> None:
        """Hold a MIC of the server's to the context; an exception where it does not fit."""

    def wrap(self, data: bytes, conf: bool) -> bytes:
        """What the client sends, wrapped."""

    def unwrap(self, token: bytes, size: int) -> tuple[bytes, bool]:
        """What the server wrapped, `size` bytes, and whether it was sealed."""


class GssClient:
    """MIT's initiator; `offered` are the mechanisms that SPNEGO is to offer, in that order."""

    def __init__(
        self,
        host: str,
        mech: str = KRB5,
        flags: int = USUAL,
        *,
        bindings: bytes | None = None,
        cache: str | None = None,
        offered: Sequence[str] = (),
    ) -> None:
        self._target = gss.import_name(f"HTTP@{host}.{DOMAIN}".encode(), gss.NameType.hostbased_service)
        self._mech = oid(mech)
        self._flags = [gss.RequirementFlag(1 << bit) for bit in range(16) if flags >> bit & 1]
        self._dce_style = bool(flags & DCE_STYLE)
        self._bindings = None if bindings is None else gss.ChannelBindings(application_data=bindings)
        self._context: Any = None
        self.complete = False
        store = None if cache is None else {b"ccache": cache.encode()}
        self._credential = gss.acquire_cred_from(store, None, mechs=[self._mech], usage="initiate").creds
        if offered:
            gss.set_neg_mechs(self._credential, [oid(name) for name in offered])

    def step(self, token: bytes | None = None) -> bytes:
        try:
            done = gss.init_sec_context(
                self._target,
                creds=self._credential,
                context=self._context,
                mech=self._mech,
                flags=self._flags,
                channel_bindings=self._bindings,
                input_token=token,
            )
        except gss.GSSError as error:
            raise ClientRefused(error) from None
        self._context = done.context
        self.complete = not done.more_steps
        return done.token or b""

    @property
    def session_key(self) -> bytes:
        found: bytes = gss.inquire_sec_context_by_oid(self._context, oid(_SESSION_KEY))[0]
        return found

    def sign(self, data: bytes) -> bytes:
        made: bytes = gss.get_mic(self._context, data)
        return made

    def verify(self, data: bytes, mic: bytes) -> None:
        try:
            gss.verify_mic(self._context, data, mic)
        except gss.GSSError as error:
            raise ClientRefused(error) from None

    def wrap(self, data: bytes, conf: bool) -> bytes:
        if not self._dce_style:
            made: bytes = gss.wrap(self._context, data, confidential=conf).message
            return made
        # DCE style has a header and the data, and nothing behind.
        buffers = gss.IOV(gss.IOVBufferType.header, data, std_layout=False)
        gss.wrap_iov(self._context, buffers, confidential=conf)
        return bytes(buffers[0].value + buffers[1].value)

    def unwrap(self, token: bytes, size: int) -> tuple[bytes, bool]:
        try:
            if not self._dce_style:
                opened = gss.unwrap(self._context, token)
                return opened.message, opened.encrypted
            header, data = gss.IOVBufferType.header, gss.IOVBufferType.data
            buffers = gss.IOV((header, False, token[:-size]), (data, False, token[-size:]), std_layout=False)
            opened = gss.unwrap_iov(self._context, buffers)
            return bytes(buffers[1].value), opened.encrypted
        except gss.GSSError as error:
            raise ClientRefused(error) from None


class PyspnegoClient:
    """pyspnego's client: its Kerberos by itself, or in a SPNEGO that it writes and reads on its own."""

    def __init__(self, host: str, protocol: str, option: str) -> None:
        import spnego

        self._client = spnego.client(
            hostname=f"{host}.{DOMAIN}",
            service="HTTP",
            protocol=protocol,
            options=getattr(spnego.NegotiateOptions, option),
        )

    @property
    def complete(self) -> bool:
        return bool(self._client.complete)

    @property
    def protocol(self) -> str:
        """The mechanism that was negotiated."""
        return str(self._client.negotiated_protocol)

    def step(self, token: bytes | None = None) -> bytes:
        return self._client.step(token) or b""

    @property
    def session_key(self) -> bytes:
        return self._client.session_key

    def sign(self, data: bytes) -> bytes:
        return self._client.sign(data)

    def verify(self, data: bytes, mic: bytes) -> None:
        self._client.verify(data, mic)

    def wrap(self, data: bytes, conf: bool) -> bytes:
        return self._client.wrap(data, encrypt=conf).data

    def unwrap(self, token: bytes, size: int) -> tuple[bytes, bool]:
        opened = self._client.unwrap(token)
        return opened.data, opened.encrypted


def serves_ntlm() -> bool:
    """Whether GSS-API has NTLM here, which gss-ntlmssp brings."""
    return oid(NTLM) in gss.indicate_mechs()


def oid(dotted: str) -> Any:
    """An OID of GSS-API."""
    return gss.OID.from_int_seq(dotted)
