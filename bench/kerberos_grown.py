"""PACs of any number of groups, alone and in a ticket, and what is done with them: read, verified, opened, accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key

Work = Callable[[], object]

_NOW: Final = datetime(2026, 11, 22, 8, 25, 1, tzinfo=UTC)


def a_pac(groups: int) -> bytes:
    """A PAC with so many groups, with the service's signature and krbtgt's."""
    from secctx.keys.pac_signatures import KDC, SERVER, compute, find_signatures
    from tests.builders.pac import (
        CLIENT,
        LOGON,
        MANDATORY,
        UPN,
        client_info,
        filetime,
        logon_info,
        pac,
        signature,
        upn_dns,
    )

    info = logon_info(groups=[(1200 + index, MANDATORY) for index in range(groups)])
    plain = ((LOGON, info), (CLIENT, client_info(time=filetime(_NOW))), (UPN, upn_dns()))
    made = bytearray(pac(*plain, (SERVER, signature(value=bytes(12))), (KDC, signature(value=bytes(12)))))
    for kind, key in ((SERVER, _key(1)), (KDC, _key(2))):
        found = find_signatures(bytes(made))
        one = next(each for each in found if each.ul_type == kind)
        made[one.offset : one.offset + one.size] = compute(bytes(made), found, kind, key)
    return bytes(made)


def _key(number: int) -> Key:
    """A key of AES256; nothing is derived of it yet."""
    from tests.builders import sealed

    return sealed.key(number)


def _token(groups: int) -> bytes:
    """An AP-REQ whose ticket has such a PAC."""
    from tests.builders import sealed
    from tests.builders.der import KRB5, fields, framed, integer, text, tlv

    session = _key(3)
    listed = a_pac(groups)
    for kind in (128, 1):
        listed = tlv(0x30, tlv(0x30, fields(0, integer(kind), tlv(4, listed))))
    transited = tlv(0x30, fields(0, integer(1), tlv(4)))
    flags = tlv(3, b"\0\x40\x20\0\0")
    who = (sealed.encryption_key(session), text(sealed.REALM), sealed.ALICE)
    part = fields(0, flags, *who, transited, sealed.NOW, None, sealed.LATER) + fields(10, listed)
    enc_part = sealed.seal(_key(1), 2, tlv(0x63, tlv(0x30, part)), 3)
    ticket = tlv(0x61, tlv(0x30, fields(0, integer(5), text(sealed.REALM), sealed.WEB, enc_part)))
    request = sealed.ap_req(ticket, session, subkey=_key(4), cksum=sealed.gss_checksum())
    return framed(KRB5, b"\x01\x00" + request)


def _read(groups: int) -> Work:
    from secctx.decoders.pac import decode_pac_bytes
    from secctx.keys.pac_signatures import SERVER, find_signatures, verify

    pac = a_pac(groups)

    def work() -> object:
        decoded = decode_pac_bytes(pac)
        if decoded.error is not None or not verify(pac, find_signatures(pac), SERVER, _key(1)):
            raise SystemExit("bench: the PAC is not right")
        return decoded

    return work


def _opened(groups: int) -> Work:
    from secctx.decoders import decode
    from secctx.keys.keyring import KeyRing, RingKey
    from secctx.keys.unlock import unlock

    token = _token(groups)

    def work() -> object:
        unlocked = unlock(decode(token), KeyRing([RingKey(_key(1), "key")]))
        closed = [report for report in unlocked.reports if not report.opened]
        if closed or len(unlocked.reports) < 3:
            raise SystemExit(f"bench: not opened: {closed}")
        return unlocked

    return work


def _accepted(groups: int) -> Work:
    from secctx.acceptor.acceptor import Acceptor
    from secctx.acceptor.values import Credentials, Request, Server, World
    from secctx.keys.keyring import KeyRing, RingKey

    token = _token(groups)

    def work() -> object:
        credentials = Credentials(keys=KeyRing([RingKey(_key(1), "key")]))
        _, step = Acceptor(credentials, Server(), World(_NOW, bytes)).step(None, token, Request())
        if step.client is None or len(step.client.groups) < groups:
            raise SystemExit(f"bench: not accepted: {step.status}, {step.refusal}")
        return step

    return work


#: What is done with a PAC of so many groups.
GROWN: Final[dict[str, Callable[[int], Work]]] = {
    "PAC alone, decoded and verified": _read,
    "AP-REQ, opened": _opened,
    "AP-REQ, accepted": _accepted,
}
