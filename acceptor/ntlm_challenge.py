"""The CHALLENGE_MESSAGE that a Windows server would send (MS-NLMP 3.2.5.1.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from secctx.decoders.ntlm_write import challenge_message

from .values import Server, World

_UNICODE: Final = 0x00000001
_OEM: Final = 0x00000002
_REQUEST_TARGET: Final = 0x00000004
_NTLM: Final = 0x00000200
_ALWAYS_SIGN: Final = 0x00008000
_TARGET_TYPE_DOMAIN: Final = 0x00010000
_TARGET_TYPE_SERVER: Final = 0x00020000
_EXTENDED_SESSIONSECURITY: Final = 0x00080000
_LM_KEY: Final = 0x00000080
_TARGET_INFO: Final = 0x00800000

#: SIGN, SEAL, LM_KEY, extended session security, IDENTIFY, VERSION, 128, KEY_EXCH, 56: granted to whoever asks.
_GRANTED: Final = 0x00000010 | 0x00000020 | _LM_KEY | _EXTENDED_SESSIONSECURITY | 0x00100000 | 0x02000000 | 0xE0000000

#: VERSION (MS-NLMP 2.2.2.10) of Windows Server 2019: 10.0, build 17763, revision 15.
_VERSION: Final = bytes.fromhex("0a00634500 00000f")

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)


def make_challenge(wanted: int, server: Server, world: World) -> bytes:
    """The answer to a client that wants these NegotiateFlags: flags, names and time as Windows gives them.

    TargetInfo comes in the order of all Windows servers since Vista: 2, 1, 4, 3, (5), 7.
    """
    challenge = server.challenge or world.random(8)
    target = server.domain or server.name
    return challenge_message(answer_flags(wanted, server), challenge, target.upper(), _pairs(server, world), _VERSION)


def answer_flags(wanted: int, server: Server) -> int:
    """The CHALLENGE's NegotiateFlags for those of the NEGOTIATE."""
    flags = wanted & _GRANTED | _REQUEST_TARGET | _NTLM | _ALWAYS_SIGN | _TARGET_INFO
    if flags & _EXTENDED_SESSIONSECURITY:
        flags &= ~_LM_KEY
    flags |= _UNICODE if wanted & _UNICODE else _OEM
    return flags | (_TARGET_TYPE_DOMAIN if server.domain else _TARGET_TYPE_SERVER)


def _pairs(server: Server, world: World) -> list[tuple[int, bytes]]:
    name = server.name.upper()
    domain = server.domain.upper() or name
    dns_name = server.dns_name or name.lower()
    dns_domain = server.dns_domain or (dns_name if not server.domain else server.domain.lower())
    names = [(2, domain), (1, name), (4, dns_domain), (3, dns_name)]
    if server.domain:
        names.append((5, dns_domain))
    pairs = [(kind, text.encode("utf-16-le")) for kind, text in names]
    return [*pairs, (7, filetime(world.now).to_bytes(8, "little"))]


def filetime(moment: datetime) -> int:
    """A moment as FILETIME: 100 ns units since 1601-01-01 UTC, held to what 64 bits can say."""
    since = moment - _EPOCH
    units = (since.days * 86400 + since.seconds) * 10_000_000 + since.microseconds * 10
    return max(0, min(units, (1 << 63) - 1))
