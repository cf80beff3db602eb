"""Session keys from a credential cache or a .kirbi: what opens the tokens of a client without its service's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import exits
from .credentials import read_secret_file
from .errors import Refusal, complain

if TYPE_CHECKING:
    from secctx.keys.ccache import Credential
    from secctx.keys.keyring import KeyRing


def add_session_keys(ring: KeyRing, path: str) -> bytes:
    """Add the session key of every ticket of a cache; the bytes of the file."""
    from secctx.keys.unlock import usable

    data = read_secret_file(path)
    count = 0
    for credential in _credentials(data, path):
        if credential.key is None or not credential.ticket.data:
            continue
        server = credential.server.text if credential.server is not None else "an unnamed service"
        key = usable(credential.key, f"the session key of the ticket to {server} in {path}")
        if key is None:
            continue
        count += 1
        ring.found.add_ticket(credential.ticket.data, key)
        if credential.server is not None and credential.server.components[:1] == ("krbtgt",) and ring.tgt_key is None:
            ring.tgt, ring.tgt_key = credential.ticket.data, credential.key
    if not count:
        complain(f"note: {path}: no ticket in it whose session key can be used")
    return data


def _credentials(data: bytes, path: str) -> tuple[Credential, ...]:
    from secctx.keys.ccache import CcacheError, read_ccache
    from secctx.keys.kirbi import read_kirbi

    kirbi = read_kirbi(data) if data[:1] == b"\x76" else None
    if kirbi is not None:
        return kirbi.credentials
    try:
        cache = read_ccache(data)
    except CcacheError as error:
        raise Refusal(f"{path}: no credential cache: {error}", exits.NO_FILE) from None
    if cache.problem is not None:
        complain(f"note: {path}: {cache.problem}; the {len(cache.credentials)} tickets before it are used")
    return cache.credentials
