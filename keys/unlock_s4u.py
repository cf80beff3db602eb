"""The checksums over the user in whose name a service asks for a ticket: S4U2Self (MS-SFU 2.2.1 and 2.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .found_keys import Exchange
from .unlock import Job, Place
from .unlock_ap import check

_FOR_USER, _X509_USER = 129, 130
#: KERB_NON_KERB_CKSUM_SALT, and what MS-SFU 2.2.2 has of its own.
USER_USAGE: Final = 17
X509_USAGE: Final = 26


def check_users(job: Job, items: Sequence[tuple[int, Place]], exchange: Exchange) -> None:
    """Hold PA-FOR-USER to the session key of the TGT, and PA-S4U-X509-USER to the subkey or that."""
    for kind, value in items:
        if kind == _FOR_USER:
            check(job, value.at("cksum"), [exchange.session], USER_USAGE, _signed(value))
        elif kind == _X509_USER:
            user = value.at("user-id")
            check(job, value.at("checksum"), exchange.held(), X509_USAGE, b"" if user is None else user.raw)


def _signed(value: Place) -> bytes:
    """S4UByteArray: the name's type in four bytes, its parts, the realm and the package, with nothing between them."""
    kind, strings = value.value("userName.name-type"), value.at("userName.name-string")
    names = [str(part.value) for part in strings.node.children] if strings is not None else []
    number = kind if isinstance(kind, int) else 0
    texts = [*names, value.value("userRealm"), value.value("auth-package")]
    return (number % (1 << 32)).to_bytes(4, "little") + b"".join(str(text or "").encode() for text in texts)
