"""What proves that an AES key comes of the right password and another salt: the RC4 key beside it, which has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .case import Case
from .kerberos_tickets import presented

if TYPE_CHECKING:
    from secctx.keys.keyring import Account, KeyRing, RingKey
    from secctx.keys.tickets import Wanted

_RC4: Final = 23
#: So many legs, of this conversation and of earlier ones, are looked through.
_MOST_LEGS: Final = 200


def proof_of_salt(case: Case, ring: KeyRing, wanted: Wanted, key: RingKey, opener: RingKey | None) -> str:
    """What proves that an AES key comes of the right password and another salt; empty where nothing does."""
    if opener is not None and opener.key.value == key.key.value:
        return ""
    beside = _beside(ring, key)
    if beside is None:
        return ""
    if opener is not None and opener.components:
        theirs = _beside(ring, opener)
        if theirs is not None and theirs.key.value == beside.key.value:
            return f"its RC4 key is that of {opener.name}, whose {wanted.etype_name} key opens the ticket"
    for account in ring.accounts:
        # Of the same password by its RC4 key, and by no salt of that account the same AES key.
        if beside.key.value in _made(account, _RC4) and key.key.value not in _made(account, key.etype):
            name = "/".join(account.components)
            return f"its RC4 key is that of the password given for {name}, and no usual salt of that name makes it"
    if opener is None and _rc4_worked(case, beside):
        return "the RC4 key beside it, of the same version, opens another ticket of this run"
    return ""


def _made(account: Account, etype: int) -> list[bytes]:
    """The keys of that type that an account's password makes."""
    from secctx.keys.enctype import KerberosCryptoError

    try:
        return [one.key.value for one in account.keys(etype)]
    except KerberosCryptoError:
        return []


def _beside(ring: KeyRing, key: RingKey) -> RingKey | None:
    """The RC4 key of the same entry: the same name and version."""
    for one in ring.named(key.realm, key.components):
        if one.etype == _RC4 and one.kvno == key.kvno:
            return one
    return None


def _rc4_worked(case: Case, beside: RingKey) -> bool:
    """Whether that key opened a ticket of the same version in another leg."""
    others = [*case.legs, *(leg for legs in case.earlier[-_MOST_LEGS:] for leg in legs)][-_MOST_LEGS:]
    for other in others:
        for ticket in presented(other):
            report = ticket.report(other)
            kvno = ticket.message.value(ticket.at("enc-part.kvno"))
            if report is not None and report.opened and report.key is beside and kvno in (None, beside.kvno):
                return True
    return False
