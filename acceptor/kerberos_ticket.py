"""Opening a ticket: which key, and where none does, why (RFC 4120 3.2.3, MS-KILE 3.4.5; MIT's rules on request).

Windows' keys belong to the account, not to a name: whatever key opens the ticket is right. MIT that is told
which service it is (a named credential, `--order mit`) looks for one name and version alone; else it tries all keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from secctx.decoders.values import Decoded, join
from secctx.keys.sealed import Budget
from secctx.keys.tickets import TICKET_USAGE, Wanted, keys_for, notes_of, wanted_of, why_closed

from .kerberos_values import Fault, Opened, Plain
from .part import Part

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing, RingKey

#: What is said of a key of another name.
_MIT_HINT: Final = " (MIT with a named credential would refuse it for its name: --order mit)"


def open_ticket(ring: KeyRing, ticket: Part, *, mit: bool) -> Opened:
    """The ticket opened with a key of the ring; a Fault says why it cannot be."""
    wanted = wanted_of(ticket.node)
    cipher = ticket.value("enc-part.cipher")
    keys = keys_for(ring, wanted, mit=mit)
    budget = Budget()
    tried: list[RingKey] = []
    for key in keys:
        if not budget.allows(len(cipher) if isinstance(cipher, bytes) else 0):
            break
        tried.append(key)
        plain = _try(key.key, cipher)
        if plain is not None:
            return _opened(plain, key, notes_of(wanted, key, _MIT_HINT))
    raise _why(ring, wanted, tried, len(keys) - len(tried), mit=mit)


def open_with_session_key(ring: KeyRing, ticket: Part) -> Opened:
    """User-to-user: the ticket opened with the session key of the acceptor's own TGT (RFC 4120 3.2.3)."""
    from secctx.keys.keyring import RingKey

    if ring.tgt_key is None:
        text = "the ticket is for user-to-user: it opens with the session key of this server's TGT, which is not given"
        raise Fault("u2u-no-tgt", text, "ticket.enc-part", 67)
    plain = _try(ring.tgt_key, ticket.value("enc-part.cipher"))
    if plain is None:
        text = "the ticket is for user-to-user, and the session key of this server's TGT does not open it"
        raise Fault("u2u-key", text, "ticket.enc-part.cipher", 41)
    return _opened(plain, RingKey(ring.tgt_key, "the TGT given"), [])


def _opened(plain: bytes, opener: RingKey, notes: list[str]) -> Opened:
    """The ticket behind its cipher. What is wrong inside its authorization data is for those who read that."""
    from secctx.keys.enctype import KerberosCryptoError
    from secctx.keys.kerberos_key import Key

    part = Plain(_read(plain), "enc-part")
    wrong = part.decoded.error
    etype, value = part.value("key.keytype"), part.value("key.keyvalue")
    broken = wrong is not None and not wrong.path.startswith("authorization-data")
    if broken or not isinstance(etype, int) or not isinstance(value, bytes):
        text = f"the ticket was opened with the key of {opener.name or opener.source} and is no EncTicketPart"
        raise Fault("ticket-malformed", text, "ticket.enc-part.cipher", 41)
    session = Key(etype, value)
    try:
        session.enctype.checked(value)
    except KerberosCryptoError as error:
        text = f"the ticket was opened, and its session key cannot be worked with: {error}"
        raise Fault("session-key-unusable", text, "ticket.enc-part.cipher", 14) from None
    return Opened(part, opener, session, notes=notes)


def _try(key: Any, cipher: Any) -> bytes | None:
    """The plaintext; None where the key does not fit."""
    from secctx.keys.enctype import KerberosCryptoError

    if not isinstance(cipher, bytes):
        return None
    try:
        plain: bytes = key.decrypt_der(TICKET_USAGE, cipher)
    except KerberosCryptoError:
        return None
    return plain


def _read(plain: bytes) -> Decoded:
    from secctx.decoders.kerberos_parts_asn1 import EncTicketPart
    from secctx.decoders.part import decode_part

    return decode_part(plain, EncTicketPart, "EncTicketPart")


def _why(ring: KeyRing, wanted: Wanted, tried: Sequence[RingKey], left: int, *, mit: bool) -> Fault:
    closed = why_closed(ring, wanted, tried, mit=mit, own=True, left=left)
    return Fault(closed.kind, closed.text, join("ticket", closed.path), closed.code, **closed.facts)
