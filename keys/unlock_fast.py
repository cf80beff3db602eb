"""FAST: the armor key, the request and the reply in armor, and their checksums (RFC 6113 5.4).

The armor key is made of the subkey and the ticket's session key of an AP-REQ: the one in the armor, or in a TGS-REQ the
one that it begins with; where a TGS-REQ has both (Windows, for the claims of the computer), of both.
"""

from __future__ import annotations

from typing import Final

from secctx.decoders.fast_asn1 import KrbFastReq, KrbFastResponse

from .enctype import KerberosCryptoError
from .found_keys import Exchange
from .kerberos_key import fx_cf2
from .keyring import FoundKey, RingKey
from .sealed import Try, keys_of, open_with, reads
from .unlock import Job, Place, usable
from .unlock_ap import ap_req, check

CHECKSUM, ENC_REQUEST, ENC_REPLY, FINISHED = 50, 51, 52, 53
_SUBKEY, _TICKET = b"subkeyarmor", b"ticketarmor"
_EXPLICIT, _TGS = b"explicitarmor", b"tgsarmor"
_AP_REQUEST: Final = 1


def fast_request(
    job: Job, value: Place, signed: bytes, implicit: Exchange | None
) -> tuple[FoundKey | None, Place | None]:
    """The armor key, and what was requested in armor, each None where it is not known.

    `signed` is what req-checksum is of; `implicit` the exchange that a TGS-REQ begins with.
    """
    data = value.at("armored-data")
    sealed = None if data is None else data.sealed("enc-fast-req")
    if data is None or sealed is None:
        return None, None
    armor = _armor_key(job, data, implicit)
    if armor is None:
        job.closed(sealed, "it is in FAST's armor, whose key is not known: its AP-REQ is not opened", follows=True)
        return None, None
    job.found.note(job.found.armors, armor)
    check(job, data.at("req-checksum"), [armor], CHECKSUM, signed)
    found = open_with(sealed, [Try(armor, (ENC_REQUEST,))], job.budget)
    if found is None:
        job.not_by(sealed, [armor], armor.source)
        return armor, None
    job.opened(sealed, found, reads(KrbFastReq))
    return armor, data.at("enc-fast-req")


def _armor_key(job: Job, data: Place, implicit: Exchange | None) -> FoundKey | None:
    armor = data.at("armor")
    if armor is None:
        return None if implicit is None else _of_exchange(implicit)
    if armor.value("armor-type") != _AP_REQUEST:
        return None
    request = armor.at("armor-value")
    exchange = None if request is None or not request.node.children else ap_req(job, request)
    explicit = None if exchange is None else _of_exchange(exchange)
    if explicit is None or implicit is None or implicit.subkey is None:
        return explicit
    return _mixed(explicit, implicit.subkey, _EXPLICIT, _TGS, "FAST's armor key, of its own AP-REQ and the TGS-REQ's")


def _of_exchange(exchange: Exchange) -> FoundKey | None:
    if exchange.subkey is None:
        return None
    said = f"FAST's armor key, of {exchange.client}'s ticket"
    return _mixed(exchange.subkey, exchange.session, _SUBKEY, _TICKET, said)


def _mixed(one: RingKey, other: RingKey, pepper_one: bytes, pepper_other: bytes, said: str) -> FoundKey | None:
    try:
        return usable(fx_cf2(one.key, other.key, pepper_one, pepper_other), said)
    except KerberosCryptoError:
        return None


def fast_reply(job: Job, value: Place, ticket: bytes) -> tuple[RingKey | None, Place | None]:
    """The armor key and what was replied in armor, each None where it is not known; `ticket` is what was issued."""
    data = value.at("armored-data")
    sealed = None if data is None else data.sealed("enc-fast-rep")
    if data is None or sealed is None:
        return None, None
    armors: list[RingKey] = list(reversed(job.found.armors))
    if not armors:
        text = "it is in FAST's armor, whose key comes of the request, and none of this run was opened before it"
        job.closed(sealed, text, follows=True)
        return None, None
    found = open_with(sealed, keys_of(armors, ENC_REPLY), job.budget)
    if found is None:
        job.not_by(sealed, armors, "no armor key of this run" if len(armors) > 1 else "FAST's armor key")
        return None, None
    job.opened(sealed, found, reads(KrbFastResponse))
    inner = data.at("enc-fast-rep")
    finished = None if inner is None else inner.at("finished.ticket-checksum")
    if finished is not None:
        check(job, finished, [found.key], FINISHED, ticket)
    return found.key, inner
