"""Tickets, and the messages between client and service: AP-REQ, AP-REP, KRB-CRED, KRB-PRIV, KRB-SAFE.

RFC 4120 3.2 and 5.5 to 5.8, its key usages (7.5.1), RFC 4121 4.1.1 for the delegated KRB-CRED.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from secctx.decoders.encoding import tagged
from secctx.decoders.kerberos_parts_asn1 import (
    Authenticator,
    EncAPRepPart,
    EncKrbCredPart,
    EncTicketPart,
)
from secctx.decoders.values import join

from .enctype import KerberosCryptoError
from .found_keys import Exchange
from .keyring import FoundKey, RingKey
from .sealed import LOOK, Found, Sealed, Try, keys_of, open_with, reads, usage_text
from .tickets import TICKET_USAGE, keys_for, notes_of, wanted_of, why_closed
from .unlock import Job, Place, message_of

#: Key usage numbers (RFC 4120 7.5.1).
TGS_AUTHENTICATOR, AUTHENTICATOR, AP_REP, PRIV, CRED, SAFE = 7, 11, 12, 13, 14, 15

_USE_SESSION_KEY: Final = 0x40000000
#: The first byte of an EncKrbCredPart, which need not be encrypted (RFC 4120 5.8.1).
_ENC_KRB_CRED_PART: Final = b"\x7d"
_NULL: Final = 0


def ticket(job: Job, place: Place, sessions: Sequence[RingKey] = ()) -> FoundKey | None:
    """A ticket's session key: from the ticket, where it opens, else from what is known of it; None where neither is.

    `sessions` are session keys of TGTs, which a ticket for user-to-user opens with.
    """
    known = job.found.session_key_of(place.raw)
    sealed = place.sealed("enc-part")
    if sealed is None or id(sealed.node) in job.done:
        return known
    if not job.budget.allows(LOOK * len(job.ring.keys)):
        job.closed(sealed, "", follows=known is not None)
        return known
    wanted = wanted_of(place.node)
    given = keys_for(job.ring, wanted)
    # A ticket for user-to-user is encrypted with the session key of its service's TGT.
    tries = [*keys_of(sessions, TICKET_USAGE), *(Try(key, (TICKET_USAGE,)) for key in given)]
    tries += [] if sessions else keys_of(_tgts(job), TICKET_USAGE)
    found = open_with(sealed, tries, job.budget, misused=False)
    if found is None:
        closed = why_closed(job.ring, wanted, given)
        job.closed(sealed, closed.text, follows=known is not None, why=closed.kind)
        return known
    notes = () if isinstance(found.key, FoundKey) else tuple(notes_of(wanted, found.key))
    job.opened(sealed, found, reads(EncTicketPart), notes)
    part = place.at("enc-part")
    if part is not None:
        from .unlock_pac import check_pac

        check_pac(job, part, found.key)
    session = place.key("enc-part.key", f"the session key of the ticket to {wanted.principal}")
    if session is not None:
        job.found.add_ticket(place.raw, session)
    return session or known


def ap_req(job: Job, place: Place, *, tgs: bool = False) -> Exchange | None:
    """Ticket and authenticator, and what the authenticator's checksum delegates; None where the latter stays closed.

    In a TGS-REQ (`tgs`) the authenticator has a usage of its own; Windows has that of an AP-REQ when it follows a
    referral, so both are tried.
    """
    job.first(place.node)
    within = place.at("ticket")
    sealed = place.sealed("authenticator")
    if within is None or sealed is None:
        return None
    options = place.value("ap-options")
    sessions = _tgts(job) if isinstance(options, int) and options & _USE_SESSION_KEY else []
    session = ticket(job, within, sessions)
    if session is None:
        job.closed(sealed, "its key is the session key in the ticket, which is not opened", follows=True)
        return None
    usages = (TGS_AUTHENTICATOR, AUTHENTICATOR) if tgs else (AUTHENTICATOR, TGS_AUTHENTICATOR)
    found = open_with(sealed, [Try(session, usages)], job.budget)
    if found is None:
        job.not_by(sealed, [session], session.source)
        return None
    job.opened(sealed, found, reads(Authenticator))
    opened = _exchange(place, session, tgs=tgs)
    job.found.note(job.found.exchanges, opened)
    delegated = place.at("authenticator.cksum.checksum.Deleg")
    if delegated is not None and message_of(delegated.node) == "KRB-CRED" and job.first(delegated.node):
        krb_cred(job, delegated, [session, *([opened.subkey] if opened.subkey else [])])
    return opened


def _exchange(place: Place, session: FoundKey, *, tgs: bool) -> Exchange:
    client = f"{place.text('authenticator.cname')}@{place.text('authenticator.crealm')}"
    service = f"{place.text('ticket.sname')}@{place.text('ticket.realm')}"
    flags = place.value("authenticator.cksum.checksum.Flags")
    return Exchange(
        client,
        service,
        session,
        place.key("authenticator.subkey", f"the subkey of {client} for {service}"),
        None,
        (place.value("authenticator.ctime"), place.value("authenticator.cusec")),
        flags if isinstance(flags, int) else 0,
        tgs,
    )


def _tgts(job: Job) -> list[RingKey]:
    """The session keys of ticket-granting tickets: the acceptor's, given or found."""
    given = [] if job.ring.tgt_key is None else [FoundKey(job.ring.tgt_key, "the session key of the TGT given")]
    return [*given, *job.found.tgts]


def ap_rep(job: Job, place: Place) -> None:
    """The acceptor's answer, or in DCE style the client's: each with the ticket's session key."""
    sealed = place.sealed("enc-part")
    if sealed is None:
        return
    exchanges = list(job.found.newest(tgs=False))
    if not exchanges:
        job.closed(sealed, _no_exchange("the ticket's session key"), follows=True)
        return
    sessions: list[RingKey] = [exchange.session for exchange in exchanges]
    found = open_with(sealed, keys_of(sessions, AP_REP), job.budget)
    if found is None:
        what = sessions[0].source if len(sessions) == 1 else f"each of the {len(sessions)} session keys found"
        job.not_by(sealed, sessions, what)
        return
    job.opened(sealed, found, reads(EncAPRepPart))
    subkey = place.key("enc-part.subkey", "the acceptor's subkey")
    time = place.value("enc-part.ctime"), place.value("enc-part.cusec")
    mine = [exchange for exchange in exchanges if exchange.session.key.value == found.key.key.value]
    one = next((exchange for exchange in mine if exchange.time == time), mine[0])
    if subkey is None or (one.acceptor is not None and one.acceptor.key.value == subkey.key.value):
        return
    subkey.source = f"the acceptor's subkey for {one.client}"
    if one.acceptor is None:
        one.acceptor = subkey
    else:  # a second answer to the same request: a context of its own
        again = Exchange(one.client, one.service, one.session, one.subkey, subkey, one.time, one.flags)
        job.found.note(job.found.exchanges, again)


def _no_exchange(key: str) -> str:
    return f"its key is {key}, and no AP-REQ of this run was opened before it: give the handshake's tokens together"


def _all_keys(job: Job) -> list[RingKey]:
    """The keys of all exchanges, the newest exchange first."""
    return [key for exchange in job.found.newest() for key in exchange.held()]


def krb_cred(job: Job, place: Place, keys: Sequence[RingKey] | None = None) -> None:
    """Forwarded tickets with their session keys; not encrypted where the encryption type is 0."""
    sealed = place.sealed("enc-part")
    if sealed is None:
        return
    if sealed.etype == _NULL:
        _krb_cred_in_clear(job, place, sealed)
        return
    tried = list(keys) if keys is not None else _all_keys(job)
    found = _by_exchange(job, sealed, tried, CRED, "the session key or the subkey of an AP-REQ")
    if found is not None:
        job.opened(sealed, found, reads(EncKrbCredPart))
        _forwarded(job, place)


def _by_exchange(job: Job, sealed: Sealed, keys: Sequence[RingKey], usage: int, needed: str) -> Found | None:
    """The part opened with a key of an exchange; None where none does, which is noted: `needed` is what would."""
    if not keys:
        job.closed(sealed, _no_exchange(needed), follows=True)
        return None
    found = open_with(sealed, keys_of(keys, usage), job.budget)
    if found is None:
        job.not_by(sealed, keys, "the key of the exchange")
    return found


def _krb_cred_in_clear(job: Job, place: Place, sealed: Sealed) -> None:
    from .kerberos_key import Key

    if not sealed.cipher.startswith(_ENC_KRB_CRED_PART):
        job.closed(sealed, "it is of encryption type 0, not encrypted, and holds no EncKrbCredPart")
        return
    nothing = FoundKey(Key(_NULL, b""), "no key: it is not encrypted")
    job.opened(sealed, Found(nothing, CRED, sealed.cipher, CRED), reads(EncKrbCredPart))
    _forwarded(job, place)


def _forwarded(job: Job, place: Place) -> None:
    """Keep the session keys of the tickets, which stand in the same order."""
    tickets, infos = place.at("tickets"), place.at("enc-part.ticket-info")
    if tickets is None or infos is None:
        return
    for one, info in zip(tickets.node.children, infos.node.children, strict=False):
        within = infos.below(info)
        source = f"the session key of the forwarded ticket to {within.text('sname')}@{within.text('srealm')}"
        key = within.key("key", source)
        if key is not None:
            job.found.add_ticket(tickets.below(one).raw, key)


def krb_priv(job: Job, place: Place, *, password: str = "") -> None:
    """Data of an application; in a password change (`password`: of which message) the password or the result."""
    sealed = place.sealed("enc-part")
    if sealed is None:
        return
    found = _by_exchange(job, sealed, _all_keys(job), PRIV, "the subkey or the session key of an AP-REQ")
    if found is None:
        return
    from .unlock_kpasswd import reader

    job.opened(sealed, found, reader(password))


def krb_safe(job: Job, place: Place) -> None:
    """Data in clear with a checksum: of the message with an empty checksum in it, or, before RFC 4120, of the body."""
    from .kerberos_checksums import checksum_for

    path = join(place.path, "cksum")
    body, kind, value = place.at("safe-body"), place.value("cksum.cksumtype"), place.value("cksum.checksum")
    if body is None or not isinstance(kind, int) or not isinstance(value, bytes):
        return
    keys = _all_keys(job)
    if not keys:
        job.unverified(path, _no_exchange("the subkey or the session key of an AP-REQ"), follows=True)
        return
    empty = tagged(0x30, tagged(0xA0, b"\x02\x01\x00") + tagged(0xA1, b"\x04\x00"))
    numbers = tagged(0xA0, b"\x02\x01\x05") + tagged(0xA1, b"\x02\x01\x14")
    whole = tagged(0x74, tagged(0x30, numbers + tagged(0xA2, body.raw) + tagged(0xA3, empty)))
    try:
        checksum = checksum_for(kind)
    except KerberosCryptoError as error:
        job.unverified(path, f"it cannot be computed: {error}")
        return
    if not checksum.keyed:
        job.unverified(path, f"{checksum.name} takes no key: it proves nothing")
        return
    for data, note in ((whole, ""), (body.raw, "of the body alone, as before RFC 4120")):
        for key, _ in keys_of(keys, SAFE):
            if verifies(kind, key, SAFE, data, value):
                job.verified(path, key, SAFE, *([note] if note else []))
                return
    job.unverified(path, "no key of the exchanges fits it: the message was altered, or belongs to another exchange")


def verifies(kind: int, key: RingKey, usage: int, data: bytes, value: bytes) -> bool:
    """Whether a checksum is that of `data` with the key; False too where the key is of another type."""
    from .kerberos_checksums import checksum_for

    try:
        return checksum_for(kind).verify(key.key, usage, data, value)
    except KerberosCryptoError:
        return False


def check(job: Job, place: Place | None, keys: Sequence[RingKey], usage: int, data: bytes) -> None:
    """Hold a Checksum that stands at `place` to `data`, with the keys that may have made it."""
    from .kerberos_checksums import checksum_for

    if place is None:
        return
    kind, value = place.value("cksumtype"), place.value("checksum")
    if not isinstance(kind, int) or not isinstance(value, bytes):
        return
    for key in keys:
        if verifies(kind, key, usage, data, value):
            try:
                keyed = checksum_for(kind).keyed
            except KerberosCryptoError:
                keyed = False
            job.verified(place.path, key, usage, *([] if keyed else ["it takes no key: anyone can make it"]))
            return
    job.unverified(place.path, f"it does not fit, with key usage {usage_text(usage)}: one of both was altered")
