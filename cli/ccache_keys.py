"""Credential caches and .kirbi files given for their keys: what opens a client's tokens without its service's."""

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
    for credential in credentials_of(data, path):
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


def credentials_of(data: bytes, path: str) -> tuple[Credential, ...]:
    """The tickets of a cache or a .kirbi; a word on one that is not whole, a Refusal of what is neither."""
    from secctx.keys.ccache import CcacheError, read_ccache
    from secctx.keys.kirbi import read_kirbi

    kirbi = read_kirbi(data) if data[:1] == b"\x76" else None
    if kirbi is not None:
        if kirbi.problem is not None:
            complain(f"note: {path}: the .kirbi is not whole; what can be read of it is used")
        return kirbi.credentials
    try:
        cache = read_ccache(data)
    except CcacheError:
        # Not a byte of it is shown: it may be a file of passwords.
        raise Refusal(f"{path}: no credential cache and no .kirbi: it begins otherwise", exits.NO_FILE) from None
    if cache.problem is not None:
        if _is_keytab(data):
            raise Refusal(f"{path}: no credential cache: it is a keytab", exits.NO_FILE, ["give it as --keytab"])
        complain(f"note: {path}: {cache.problem}; the {len(cache.credentials)} tickets before it are used")
    return cache.credentials


def _is_keytab(data: bytes) -> bool:
    """Whether it is a whole keytab, which begins as caches of versions 1 and 2 do."""
    from secctx.keys.keytab import KeytabError, read_keytab

    try:
        return read_keytab(data).problem is None
    except KeytabError:
        return False
