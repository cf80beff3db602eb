"""What a captured Kerberos handshake tells who has its key: the client's time, the server's subkey and number."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest
from typing import TYPE_CHECKING

from secctx.decoders.values import Decoded
from secctx.keys.enctype import KerberosCryptoError
from secctx.keys.kerberos_key import Key
from secctx.keys.kerberos_session import KerberosSession

from .captured import message_in, with_microseconds
from .context import Context
from .kerberos_answer import AP_REP_USAGE
from .kerberos_values import USE_SESSION_KEY, Fault, Plain
from .part import Part, inside

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing


def time_of_request(token: Decoded, ring: KeyRing) -> datetime | None:
    """The time in the authenticator of an AP-REQ; None where there is no AP-REQ, or no key of the ring opens it."""
    from secctx.decoders.kerberos_parts_asn1 import Authenticator
    from secctx.decoders.part import decode_part

    from . import kerberos_ticket as tickets
    from .kerberos_request import AUTHENTICATOR_USAGE

    message = message_in(token, "AP-REQ")
    ticket = None if message is None else inside(message, "ticket")
    if message is None or ticket is None or not isinstance(ticket.value("enc-part.etype"), int):
        return None
    options, cipher = message.value("ap-options"), message.value("authenticator.cipher")
    try:
        if isinstance(options, int) and options & USE_SESSION_KEY:
            opened = tickets.open_with_session_key(ring, ticket)
        else:
            opened = tickets.open_ticket(ring, ticket, mit=False)
        plain = opened.session_key.decrypt_der(AUTHENTICATOR_USAGE, cipher or b"")
    except (Fault, KerberosCryptoError):
        return None
    part = Plain(decode_part(plain, Authenticator, "Authenticator"), "authenticator")
    return with_microseconds(part.value("ctime"), part.value("cusec"))


def adopt_ap_rep(context: Context, message: Part) -> list[str]:
    """Take over what the server chose; what does not fit the request, in words."""
    from secctx.decoders.kerberos_parts_asn1 import EncAPRepPart
    from secctx.decoders.part import decode_part

    if context.kerberos.session is None:
        return []
    ours = KerberosSession.restore(context.kerberos.session)
    try:
        plain = ours.session_key.decrypt_der(AP_REP_USAGE, message.value("enc-part.cipher") or b"")
    except KerberosCryptoError:
        return ["enc-part: the server's AP-REP does not open with the ticket's session key"]
    part = Plain(decode_part(plain, EncAPRepPart, "EncAPRepPart"), "enc-part")
    if part.decoded.error is not None:
        return ["enc-part: the server's AP-REP was opened and is malformed"]
    etype, value, number = part.value("subkey.keytype"), part.value("subkey.keyvalue"), part.value("seq-number")
    subkey = Key(etype, value) if isinstance(etype, int) and isinstance(value, bytes) else None
    sent = number & 0xFFFFFFFF if isinstance(number, int) else 0
    try:
        session = KerberosSession(
            ours.session_key,
            initiator_subkey=ours.initiator_subkey,
            acceptor_subkey=subkey,
            sent=sent,
            received=ours.received,
            dce_style=ours.dce_style,
            ordered=ours.ordered,
        )
    except ValueError as error:
        return [f"enc-part: the server's subkey cannot be used: {error}"]
    context.kerberos.session = session.save()
    context.kerberos.ours = sent
    return []


def adopt_mic(context: Context, mic: Part) -> list[str]:
    """The server's mechListMIC: the first message of its session, which takes a number and must verify."""
    if context.kerberos.session is None:
        return []
    session = KerberosSession.restore(context.kerberos.session)
    fits = compare_digest(session.sign(context.negotiate.mech_types), mic.data)
    context.kerberos.session = session.save()
    return [] if fits else ["mechListMIC: the server's does not verify with the keys of this logon"]
