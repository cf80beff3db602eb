"""What the acceptor sends: AP-REP with its subkey and sequence number, KRB-ERROR (RFC 4120 3.2.4, RFC 4121 4.1)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from secctx.decoders import kerberos_write as write

from .kerberos_values import Opened
from .part import Part
from .values import World

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key

#: Key usage number of AP-REP's encrypted part (RFC 4120 7.5.1).
AP_REP_USAGE: Final = 12
SKEW: Final = 37
#: Encryption types whose acceptor makes no key of its own: the initiator's is the context's (MS-KILE 3.1.1.2).
_KEEP_INITIATORS: Final = (1, 2, 3, 16, 23, 24)


def choose_subkey(opened: Opened, world: World) -> Key:
    """The acceptor's subkey: random, of the type that the client chose; with RC4 and DES the initiator's again."""
    from secctx.keys.kerberos_key import Key

    key = opened.subkey or opened.session_key
    if key.etype in _KEEP_INITIATORS:
        return key
    kind = key.enctype
    return Key(key.etype, kind.random_to_key(world.random(kind.seed_size)))


def make_ap_rep(opened: Opened, subkey: Key, seq_number: int, world: World, *, dce: bool) -> bytes:
    """AP-REP to this request; in DCE style without the framing (MS-KILE 3.4.5.1)."""
    assert opened.authenticator is not None
    ctime, cusec = opened.authenticator.value("ctime"), opened.authenticator.value("cusec")
    assert isinstance(ctime, datetime)
    plain = write.enc_ap_rep_part(ctime, int(cusec or 0), (subkey.etype, subkey.value), seq_number)
    key = opened.session_key
    cipher = key.encrypt(AP_REP_USAGE, plain, world.random(key.enctype.confounder_size))
    message = write.ap_rep(key.etype, cipher)
    return message if dce else write.framed(write.AP_REP_ID, message)


def make_error(
    request: Part, opened: Opened | None, code: int, world: World, *, framed: bool, e_data: bytes | None = None
) -> bytes | None:
    """KRB-ERROR to this request, in the name of the service that its ticket is for; None where it names none."""
    ctime = cusec = None
    if opened is not None and opened.authenticator is not None:
        ctime, cusec = opened.authenticator.value("ctime"), opened.authenticator.value("cusec")
    message = write.krb_error(
        code,
        world.now,
        world.now.microsecond,
        request.bytes_of("ticket.realm"),
        request.bytes_of("ticket.sname"),
        ctime=ctime if isinstance(ctime, datetime) else None,
        cusec=cusec if isinstance(cusec, int) and 0 <= cusec < 1_000_000 else None,
        e_data=write.skew_recovery() if code == SKEW else e_data,
    )
    return write.framed(write.ERROR_ID, message) if framed else message
