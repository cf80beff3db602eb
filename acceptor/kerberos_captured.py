"""Going on from a captured server's AP-REP: its subkey and sequence number, read with the ticket's session key."""

from __future__ import annotations

from hmac import compare_digest

from secctx.keys.enctype import KerberosCryptoError
from secctx.keys.kerberos_key import Key
from secctx.keys.kerberos_session import KerberosSession

from .context import Context
from .kerberos_answer import AP_REP_USAGE
from .kerberos_values import Plain
from .part import Part


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
