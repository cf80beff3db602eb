"""The messages to and from the KDC: pre-authentication, AS-REP and TGS-REP, the authorization data of a TGS-REQ.

RFC 4120 3.1, 3.3, 5.2.7 and 5.4, its key usages (7.5.1); RFC 6113 5.4.6 for the encrypted challenge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from secctx.decoders.kerberos_parts_asn1 import AuthorizationData, EncASRepPart, EncTGSRepPart
from secctx.decoders.padata_asn1 import PAEncTSEnc
from secctx.decoders.values import Node

from .enctype import KerberosCryptoError
from .found_keys import Exchange, Salt
from .kerberos_key import fx_cf2
from .keyring import FoundKey, RingKey
from .sealed import Sealed, Try, keys_of, open_with, reads
from .tickets import Wanted, keys_for, notes_of, wanted_by, why_closed
from .unlock import Job, Place, key_text, usable
from .unlock_ap import ap_req, check
from .unlock_fast import fast_reply, fast_request
from .unlock_s4u import check_users

TIMESTAMP, AS_REP, AUTHORIZATION_SESSION, AUTHORIZATION_SUBKEY, REQUEST_CHECKSUM = 1, 3, 4, 5, 6
TGS_REP_SESSION, TGS_REP_SUBKEY, CHALLENGE_CLIENT, CHALLENGE_KDC = 8, 9, 54, 55

_TGS_REQ, _ENC_TIMESTAMP, _PW_SALT, _ETYPE_INFO2, _FAST, _CHALLENGE = 1, 2, 3, 19, 136, 138
#: Pre-authentication that gives the reply a key of its own: PKINIT and SPAKE.
_OWN_KEYS: Final = {15: "PKINIT", 17: "PKINIT", 151: "SPAKE"}
#: KRB-FX-CF2's peppers of the encrypted challenge (RFC 6113 5.4.6) and of the strengthened reply key (5.4.3).
_CLIENT_PEPPER, _KDC_PEPPER = b"clientchallengearmor", b"kdcchallengearmor"
_LONG_TERM: Final = b"challengelongterm"
_STRENGTHEN, _REPLY = b"strengthenkey", b"replykey"
#: Types of a client's key that are tried whatever the message is encrypted with.
_USUAL: Final = (18, 17, 23)
#: So many items of PA-DATA are looked at.
_MOST_ITEMS: Final = 256


def padata_of(place: Place | None) -> Iterator[tuple[int, Place]]:
    """Each item of a METHOD-DATA: its type, and its value."""
    for item in place.node.children[:_MOST_ITEMS] if place is not None else ():
        within = place.below(item) if place is not None else None
        kind, value = (within.value("padata-type"), within.at("padata-value")) if within is not None else (None, None)
        if isinstance(kind, int) and value is not None:
            yield kind, value


def _value(items: Sequence[tuple[int, Place]], kind: int) -> Place | None:
    return next((value for number, value in items if number == kind), None)


def as_req(job: Job, place: Place) -> None:
    """FAST's armor and the request in it; the client's timestamp or challenge."""
    items = list(padata_of(place.at("padata")))
    body = place.at("req-body")
    armor, inner = None, None
    fast = _value(items, _FAST)
    if fast is not None and body is not None:
        armor, inner = fast_request(job, fast, body.raw, None)
    _prove(job, items, body, armor, kdc=False)
    if inner is not None:
        _prove(job, list(padata_of(inner.at("padata"))), inner.at("req-body") or body, armor, kdc=False)


def _prove(
    job: Job, items: Sequence[tuple[int, Place]], body: Place | None, armor: RingKey | None, *, kdc: bool
) -> None:
    """PA-ENC-TIMESTAMP and PA-ENCRYPTED-CHALLENGE, with the key of the client in `body`."""
    for kind, value in items:
        sealed = value.sealed() if kind in (_ENC_TIMESTAMP, _CHALLENGE) else None
        if sealed is None or id(sealed.node) in job.done or body is None:
            continue
        realm = body.at("crealm") or body.at("realm")
        wanted = _client(body.node, realm, value.node, "the timestamp" if kind == _ENC_TIMESTAMP else "the challenge")
        if kind == _ENC_TIMESTAMP:
            _open_for_client(job, sealed, wanted, TIMESTAMP, reads(PAEncTSEnc))
        elif armor is None:
            job.closed(
                sealed, "its key is made of FAST's armor key and the client's, and the armor is not known", follows=True
            )
        else:
            _challenge(job, sealed, wanted, armor, kdc=kdc)


def _client(body: Node, realm: Place | None, part: Node, what: str) -> Wanted:
    return wanted_by(body.child("cname"), None if realm is None else realm.node, part, what)


def client_keys(job: Job, wanted: Wanted) -> list[RingKey]:
    """The keys that may be the client's: those given, and those of its password with the salts that the KDC told."""
    keys = keys_for(job.ring, wanted)
    for account in job.ring.accounts:
        for salt in job.found.salts:
            if salt.etype not in (None, wanted.etype) or not account.passwords:
                continue
            mark = id(account), salt
            password = job.found.salted.get(mark)
            if password is None:
                password = job.found.salted[mark] = account.passwords[0].salted(salt.salt, salt.iterations)
            try:
                made = password.key(wanted.etype)
            except KerberosCryptoError:
                continue
            keys.append(RingKey(made, account.source, account.realm, account.components))
    return keys


def _of_any_type(job: Job, wanted: Wanted) -> list[RingKey]:
    """The same of every type that the client's key may have, where it goes into another key."""
    told = (salt.etype for salt in job.found.salts if salt.etype is not None)
    etypes = dict.fromkeys([wanted.etype, *(key.etype for key in job.ring.keys), *told, *_USUAL])
    return [key for etype in etypes for key in client_keys(job, wanted._replace(etype=etype))]


def _open_for_client(job: Job, sealed: Sealed, wanted: Wanted, usage: int, read: Any) -> None:
    keys = client_keys(job, wanted)
    found = open_with(sealed, keys_of(keys, usage), job.budget, misused=False)
    if found is None:
        closed = why_closed(job.ring, wanted, keys)
        job.closed(sealed, closed.text, why=closed.kind)
        return
    job.opened(sealed, found, read, tuple(notes_of(wanted, found.key)))


def _challenge(job: Job, sealed: Sealed, wanted: Wanted, armor: RingKey, *, kdc: bool) -> None:
    """The encrypted challenge: a key made of the armor's and the client's, whatever type the latter is of."""
    pepper, usage = (_KDC_PEPPER, CHALLENGE_KDC) if kdc else (_CLIENT_PEPPER, CHALLENGE_CLIENT)
    keys = _of_any_type(job, wanted)
    mixed = [one for key in keys if (one := mix(armor, key, pepper, _LONG_TERM, f"FAST's armor and {key_text(key)}"))]
    found = open_with(sealed, keys_of(mixed, usage), job.budget, misused=False)
    if found is None:
        closed = why_closed(job.ring, wanted, keys)
        job.closed(sealed, closed.text, why=closed.kind)
        return
    job.opened(sealed, found, reads(PAEncTSEnc))


def mix(one: RingKey, other: RingKey, pepper_one: bytes, pepper_other: bytes, said: str) -> FoundKey | None:
    """KRB-FX-CF2 of two keys, called a key of `said`; None where one of them has no PRF here."""
    try:
        return usable(fx_cf2(one.key, other.key, pepper_one, pepper_other), f"a key of {said}")
    except KerberosCryptoError:
        return None


def note_salts(job: Job, items: Sequence[tuple[int, Place]]) -> None:
    """Keep what the KDC says of the client's salt (RFC 4120 5.2.7.4 and 5.2.7.5)."""
    for kind, value in items:
        if kind == _PW_SALT and isinstance(value.node.value, str):
            job.found.add_salt(Salt(None, value.node.value.encode("utf-8", "surrogateescape"), None))
        elif kind == _ETYPE_INFO2:
            for entry in value.node.children[:16]:
                within = value.below(entry)
                etype, salt, params = within.value("etype"), within.value("salt"), within.value("s2kparams")
                count = int.from_bytes(params) if isinstance(params, bytes) and len(params) == 4 else None
                if isinstance(etype, int) and isinstance(salt, str):
                    job.found.add_salt(Salt(etype, salt.encode("utf-8", "surrogateescape"), count))


def as_rep(job: Job, place: Place) -> None:
    """The client's key opens the reply, which has the session key of the ticket beside it."""
    items, strengthen, fast = _reply(job, place)
    sealed = place.sealed("enc-part")
    if sealed is None:
        return
    wanted = _client(place.node, place.at("crealm"), sealed.node, "the reply")
    own = next((name for kind, name in _OWN_KEYS.items() if _value(items, kind) is not None), None)
    if own is not None:
        job.closed(sealed, f"its key comes of {own}'s exchange, which cannot be repeated", follows=True)
    elif fast is False:
        job.closed(sealed, "its key is strengthened with one in FAST's reply, whose armor is not known", follows=True)
    else:
        keys = client_keys(job, wanted) if strengthen is None else _of_any_type(job, wanted)
        found = open_with(sealed, keys_of(_strong(keys, strengthen), AS_REP), job.budget)
        if found is None:
            closed = why_closed(job.ring, wanted, keys)
            job.closed(sealed, closed.text, why=closed.kind)
        else:
            notes = () if isinstance(found.key, FoundKey) else tuple(notes_of(wanted, found.key))
            job.opened(sealed, found, reads(EncASRepPart, EncTGSRepPart), notes)
    _keep_session_key(job, place)


def _reply(job: Job, place: Place) -> tuple[list[tuple[int, Place]], FoundKey | None, bool | None]:
    """The PA-DATA of a reply, those in FAST among them; the strengthening key; whether FAST's reply was opened."""
    items = list(padata_of(place.at("padata")))
    note_salts(job, items)
    fast = _value(items, _FAST)
    if fast is None:
        return items, None, None
    ticket = place.at("ticket")
    armor, inner = fast_reply(job, fast, b"" if ticket is None else ticket.raw)
    if inner is None or armor is None:
        return items, None, False
    within = list(padata_of(inner.at("padata")))
    note_salts(job, within)
    _prove(job, within, place, armor, kdc=True)
    return [*items, *within], inner.key("strengthen-key", "the strengthening key of FAST's reply"), True


def _strong(keys: Sequence[RingKey], strengthen: FoundKey | None) -> list[RingKey]:
    """The keys, each strengthened where there is a key to do it with."""
    if strengthen is None:
        return list(keys)
    mixed = (mix(strengthen, key, _STRENGTHEN, _REPLY, f"{strengthen.source} and {key_text(key)}") for key in keys)
    return [key for key in mixed if key is not None]


def _keep_session_key(job: Job, place: Place) -> None:
    ticket = place.at("ticket")
    service = f"{place.text('enc-part.sname')}@{place.text('enc-part.srealm')}"
    key = place.key("enc-part.key", f"the session key of the ticket to {service}")
    if key is not None and ticket is not None:
        job.found.add_ticket(ticket.raw, key)


def tgs_req(job: Job, place: Place) -> None:
    """The AP-REQ with the TGT, its checksum over the request's body, FAST, and the authorization data."""
    items = list(padata_of(place.at("padata")))
    body, request = place.at("req-body"), _value(items, _TGS_REQ)
    if request is None or body is None:
        return
    opened = ap_req(job, request, tgs=True)
    fast = _value(items, _FAST)
    inner = None
    if opened is not None:
        check(job, request.at("authenticator.cksum"), opened.held()[::-1], REQUEST_CHECKSUM, body.raw)
        check_users(job, items, opened)
    if fast is not None:
        _, inner = fast_request(job, fast, request.raw, opened)
    if opened is not None and inner is not None:
        check_users(job, list(padata_of(inner.at("padata"))), opened)
    for one in (body, None if inner is None else inner.at("req-body")):
        _authorization(job, one, opened)


def _authorization(job: Job, body: Place | None, opened: Exchange | None) -> None:
    sealed = None if body is None else body.sealed("enc-authorization-data")
    if sealed is None:
        return
    if opened is None:
        job.closed(sealed, "its key is that of the TGS-REQ's authenticator, which is not opened", follows=True)
        return
    tries = [Try(opened.session, (AUTHORIZATION_SESSION, AUTHORIZATION_SUBKEY))]
    if opened.subkey is not None:
        tries.insert(0, Try(opened.subkey, (AUTHORIZATION_SUBKEY, AUTHORIZATION_SESSION)))
    found = open_with(sealed, tries, job.budget)
    if found is None:
        job.not_by(sealed, opened.held(), "the key of the TGS-REQ")
    else:
        job.opened(sealed, found, reads(AuthorizationData))


def tgs_rep(job: Job, place: Place) -> None:
    """The subkey of the TGS-REQ opens the reply, or without one the session key of its ticket."""
    _, strengthen, fast = _reply(job, place)
    sealed = place.sealed("enc-part")
    if sealed is None:
        return
    tries: list[Try] = []
    for exchange in job.found.newest(tgs=True):
        if exchange.subkey is not None:
            tries.extend(Try(key, (TGS_REP_SUBKEY, TGS_REP_SESSION)) for key in _strong([exchange.subkey], strengthen))
        tries.extend(Try(key, (TGS_REP_SESSION, TGS_REP_SUBKEY)) for key in _strong([exchange.session], strengthen))
    tgts = _strong(job.found.tgts[::-1], strengthen)
    tries.extend(Try(key, (TGS_REP_SESSION, TGS_REP_SUBKEY)) for key in tgts)
    if fast is False:
        job.closed(sealed, "its key is strengthened with one in FAST's reply, whose armor is not known", follows=True)
    elif not tries:
        text = (
            "its key is the subkey of the TGS-REQ or the session key of its ticket: no TGS-REQ of this run was opened"
        )
        job.closed(sealed, f"{text} before it, and no ccache has the ticket", follows=True)
    else:
        found = open_with(sealed, tries, job.budget)
        if found is None:
            job.not_by(sealed, [one.key for one in tries], "no key of a TGS-REQ or TGT found here")
        else:
            job.opened(sealed, found, reads(EncTGSRepPart, EncASRepPart))
    _keep_session_key(job, place)


def krb_error(job: Job, place: Place) -> None:
    """Salts that the KDC tells when it asks for pre-authentication; FAST's reply to what was refused."""
    items = list(padata_of(place.at("e-data")))
    note_salts(job, items)
    fast = _value(items, _FAST)
    if fast is not None:
        _, inner = fast_reply(job, fast, b"")
        if inner is not None:
            note_salts(job, list(padata_of(inner.at("padata"))))
