"""Writes the NTLM message that an acceptor sends: CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_HEADER: Final = 56
NTLMSSP_NEGOTIATE_UNICODE: Final = 0x00000001
NTLMSSP_NEGOTIATE_VERSION: Final = 0x02000000


def challenge_message(
    flags: int, challenge: bytes, target_name: str, pairs: Sequence[tuple[int, bytes]], version: bytes
) -> bytes:
    """A CHALLENGE_MESSAGE with its payload in the order TargetName, TargetInfo.

    `challenge` has 8 bytes; `pairs` are (AvId, value) without the closing MsvAvEOL; `version` has 8 bytes and is
    written as zeros where NEGOTIATE_VERSION is not among the flags.
    """
    name = (
        target_name.encode("utf-16-le") if flags & NTLMSSP_NEGOTIATE_UNICODE else target_name.encode("cp437", "replace")
    )
    info = target_info(pairs)
    return b"".join(
        (
            b"NTLMSSP\0\2\0\0\0",
            _descriptor(len(name), _HEADER),
            flags.to_bytes(4, "little"),
            challenge,
            bytes(8),
            _descriptor(len(info), _HEADER + len(name)),
            version if flags & NTLMSSP_NEGOTIATE_VERSION else bytes(8),
            name,
            info,
        )
    )


def target_info(pairs: Sequence[tuple[int, bytes]]) -> bytes:
    """AV_PAIRs closed by MsvAvEOL (MS-NLMP 2.2.2.1)."""
    written = (kind.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value for kind, value in pairs)
    return b"".join(written) + bytes(4)


def _descriptor(size: int, offset: int) -> bytes:
    return size.to_bytes(2, "little") * 2 + offset.to_bytes(4, "little")
