"""The signatures of the PAC in a ticket that was opened (MS-PAC 2.8): the server's with the ticket's key, the KDC's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from secctx.decoders.values import LIST, join

from .enctype import KerberosCryptoError
from .keyring import RingKey
from .pac_client import misfit
from .pac_signatures import SERVER, USAGE, PacError, PacSignature, find_signatures, verify
from .unlock import Job, Place

_WIN2K_PAC: Final = 128
#: The fields that the signatures stand in, by ulType.
_FIELDS: Final = {0x06: "ServerSignature", 0x07: "KDCSignature", 0x10: "TicketSignature", 0x13: "ExtendedKDCSignature"}


def check_pac(job: Job, part: Place, opener: RingKey) -> None:
    """Hold each signature to its key, as far as the keys are here; `part` is the ticket's enc-part, which is opened."""
    for pac in _pacs(part.at("authorization-data")):
        _check_client(job, part, pac)
        try:
            found = find_signatures(pac.raw)
        except PacError:
            continue  # the tree says what is wrong with it
        krbtgt = [key for key in job.ring.keys if key.components[:1] == ("krbtgt",)]
        for one in found:
            keys = [opener] if one.ul_type == SERVER else krbtgt
            if keys and job.budget.allows(len(pac.data)):
                _check(job, pac, found, one, keys)


def _check_client(job: Job, part: Place, pac: Place) -> None:
    """Say so where the PAC is another client's: its signatures may verify all the same."""
    name, since = pac.value("PAC_CLIENT_INFO.Name"), pac.value("PAC_CLIENT_INFO.ClientId")
    if not isinstance(name, str) or not isinstance(since, int):
        return
    authtime = part.value("authtime")
    why = misfit(
        name, since, part.text("cname"), part.text("crealm"), authtime if isinstance(authtime, datetime) else None
    )
    if why:
        job.unverified(join(pac.path, "PAC_CLIENT_INFO.Name"), why)


def _check(job: Job, pac: Place, found: Sequence[PacSignature], one: PacSignature, keys: Sequence[RingKey]) -> None:
    path = join(pac.path, f"{_FIELDS[one.ul_type]}.Signature")
    reason = "the PAC was altered, or another key signed it"
    for key in keys:
        try:
            if verify(pac.raw, found, one.ul_type, key.key, pac.data):
                job.verified(path, key, USAGE)
                return
        except (PacError, KerberosCryptoError) as error:
            reason = str(error)
    job.unverified(
        path,
        f"the {one.name} does not fit the key {'of the ticket' if one.ul_type == SERVER else 'of krbtgt'}: {reason}",
    )


def _pacs(place: Place | None) -> Iterator[Place]:
    """The PACs in authorization data, however deep in AD-IF-RELEVANT and its like."""
    pending = [place] if place is not None else []
    while pending:
        here = pending.pop()
        for child in here.node.children:
            item = here.below(child)
            data = item.at("ad-data")
            if data is None:
                continue
            if item.value("ad-type") == _WIN2K_PAC and data.node.children:
                yield data
            elif data.node.kind == LIST:
                pending.append(data)
