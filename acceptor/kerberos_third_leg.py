"""The session of an accepted client, and the AP-REP with which it ends a DCE-style logon (MS-KILE 3.4.5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import flags as asc
from . import status
from .context import Context
from .ending import restored_end
from .kerberos_answer import AP_REP_USAGE
from .kerberos_values import DCE_STYLE, REPLAY, SEQUENCE, Agreed, Opened, Plain
from .mechanism import Leg
from .part import Part
from .values import DOCUMENTED, INFERRED, Refused

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key


def begin(context: Context, opened: Opened, subkey: Key | None, ours: int, theirs: int, agreed: Agreed) -> None:
    """Note the keys and sequence numbers of the session in its context."""
    from secctx.keys.kerberos_session import KerberosSession

    ordered = bool(agreed.flags & (REPLAY | SEQUENCE))
    session = KerberosSession(
        opened.session_key,
        initiator_subkey=opened.subkey,
        acceptor_subkey=subkey,
        sent=ours,
        received=theirs,
        dce_style=bool(agreed.flags & DCE_STYLE),
        ordered=ordered,
    )
    context.kerberos.session = session.save()


def finish(context: Context, message: Part) -> Leg:
    """The client's AP-REP: it must open with the ticket's session key and repeat our sequence number."""
    from secctx.decoders.kerberos_parts_asn1 import EncAPRepPart
    from secctx.decoders.part import decode_part
    from secctx.keys.enctype import KerberosCryptoError
    from secctx.keys.kerberos_session import KerberosSession

    if message.message != "AP-REP":
        text = f"expected the client's AP-REP (DCE style's third leg), found {message.mechanism} {message.message}"
        raise _refused(message, "third-leg-unexpected", text, "")
    for path, wanted in (("pvno", 5), ("msg-type", 15)):
        if message.value(path) != wanted:
            text = f"{path} of the client's AP-REP is {message.value(path)}, and only {wanted} is spoken here"
            raise _refused(message, "kerberos-version", text, path)
    assert context.kerberos.session is not None
    key = KerberosSession.restore(context.kerberos.session).session_key
    try:
        plain = key.decrypt_der(AP_REP_USAGE, message.value("enc-part.cipher") or b"")
    except KerberosCryptoError:
        text = "the client's AP-REP does not open with the ticket's session key: it was altered, or belongs elsewhere"
        raise _refused(message, "third-leg-altered", text, "enc-part.cipher") from None
    part = Plain(decode_part(plain, EncAPRepPart, "EncAPRepPart"), "enc-part")
    if part.field("subkey") is not None:
        # Ours is under the same key and usage with the same number; it alone has a subkey.
        text = "the AP-REP has a subkey, as this server's own has: it was sent back, and proves nothing of the client"
        raise _refused(message, "third-leg-echoed", text, "enc-part")
    number = part.value("seq-number")
    if part.decoded.error is not None or number != context.kerberos.ours:
        text = f"the client's AP-REP has sequence number {number}, and ours had {context.kerberos.ours}"
        raise _refused(message, "third-leg-sequence", text, "enc-part")
    saved, context.kerberos.third_leg = context.kerberos.third_leg, None
    assert saved is not None
    leg = restored_end(saved)
    leg.basis = DOCUMENTED
    return leg


def _refused(message: Part, kind: str, text: str, path: str) -> Refused:
    refused = message.refused(status.SEC_E_INVALID_TOKEN, INFERRED, kind, text, path)
    refused.attributes = asc.ASC_RET_THIRD_LEG_FAILED
    return refused
