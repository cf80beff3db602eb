"""The four signatures of a PAC: what each is made of, computed and verified (MS-PAC 2.8.1 to 2.8.5).

A PAC_SIGNATURE_DATA is SignatureType, Signature and, from a read-only domain controller, RODCIdentifier. Where a
signature counts as zeros, so does that: MS-PAC speaks of the Signature alone, but Samba's tests, which hold Windows to
it, and MIT, Heimdal and Wireshark all blank the rest of the buffer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from secctx.decoders.der import announced_end, contents_at
from secctx.decoders.encoding import tagged

from .kerberos_checksums import HMAC_MD5, ChecksumType, UnsupportedChecksum, checksum_for
from .kerberos_key import Key

#: ulType of PAC_INFO_BUFFER (MS-PAC 2.4).
SERVER, KDC, TICKET, EXTENDED_KDC = 0x06, 0x07, 0x10, 0x13
NAMES: Final = {
    SERVER: "server signature",
    KDC: "KDC signature",
    TICKET: "ticket signature",
    EXTENDED_KDC: "extended KDC signature",
}
#: KERB_NON_KERB_CKSUM_SALT (MS-KILE 3.1.5.9).
USAGE: Final = 17
#: HMAC-MD5 and those of AES. MS-PAC 2.8 has no others; MIT signs with whatever key the service has: triple DES (12),
#: Camellia (17, 18), AES-SHA2 (19, 20).
CHECKSUMS: Final = frozenset((HMAC_MD5, 12, 15, 16, 17, 18, 19, 20))

_HEADER, _INFO_BUFFER = 8, 16
_MOST_BUFFERS: Final = 1000
_SIGNATURE_TYPE: Final = 4
_RODC_IDENTIFIER: Final = 2

#: ad-type and DER tags on the way from an EncTicketPart to its PAC (RFC 4120 sections 5.2.6 and 5.3).
_IF_RELEVANT, _WIN2K_PAC = 1, 128
_ENC_TICKET_PART, _SEQUENCE, _INTEGER, _OCTETS = 0x63, 0x30, 0x02, 0x04
_FIRST, _SECOND, _AUTHORIZATION_DATA = 0xA0, 0xA1, 0xAA


class PacError(ValueError):
    """A PAC, or a ticket around it, that no signature can be taken from."""


@dataclass(frozen=True, slots=True)
class PacSignature:
    """One PAC_SIGNATURE_DATA: its ulType and SignatureType, and where in the PAC its Signature stands.

    `trailer` is how many bytes follow the Signature in its buffer: those of RODCIdentifier, where there is one.
    """

    ul_type: int
    signature_type: int
    offset: int
    size: int
    trailer: int = 0

    @property
    def name(self) -> str:
        """`server signature`, for instance."""
        return NAMES.get(self.ul_type, f"signature of ulType {self.ul_type}")


def find_signatures(pac: bytes) -> list[PacSignature]:
    """The signatures of a PAC, in the order of its buffers; PacError where its own offsets are wrong."""
    if len(pac) < _HEADER:
        raise PacError(f"a PAC is {_HEADER} bytes or more, not {len(pac)}")
    count = int.from_bytes(pac[:4], "little")
    if count > min(_MOST_BUFFERS, (len(pac) - _HEADER) // _INFO_BUFFER):
        raise PacError(f"a PAC of {len(pac)} bytes with {count} buffers")
    found = []
    for at in range(_HEADER, _HEADER + count * _INFO_BUFFER, _INFO_BUFFER):
        ul_type, size, offset = (
            int.from_bytes(pac[at + start : at + stop], "little") for start, stop in ((0, 4), (4, 8), (8, 16))
        )
        if ul_type not in NAMES:
            continue
        if offset + size > len(pac) or size < _SIGNATURE_TYPE:
            raise PacError(f"the {NAMES[ul_type]} has {size} bytes at {offset} of a PAC of {len(pac)}")
        found.append(_signature(pac, ul_type, offset, size - _SIGNATURE_TYPE))
    return found


def _signature(pac: bytes, ul_type: int, offset: int, room: int) -> PacSignature:
    """The signature in a buffer that has `room` bytes behind its SignatureType."""
    kind = int.from_bytes(pac[offset : offset + _SIGNATURE_TYPE], "little", signed=True)
    size = room
    if kind in CHECKSUMS and checksum_for(kind).size <= room:
        size = checksum_for(kind).size
    return PacSignature(ul_type, kind, offset + _SIGNATURE_TYPE, size, room - size)


def rodc_identifier(pac: bytes, signature: PacSignature) -> int | None:
    """RODCIdentifier: which read-only domain controller signed; None where no such one did."""
    if signature.trailer < _RODC_IDENTIFIER:
        return None
    at = signature.offset + signature.size
    return int.from_bytes(pac[at : at + _RODC_IDENTIFIER], "little")


def signed_data(pac: bytes, signatures: Sequence[PacSignature], ul_type: int, ticket: bytes | None = None) -> bytes:
    """What a signature is made of; `ticket` is the EncTicketPart in DER, which the ticket signature takes."""
    if ul_type == KDC:
        server = the(signatures, SERVER)
        return _slice(pac, server.offset, server.size)
    if ul_type == TICKET:
        if ticket is None:
            raise PacError("the ticket signature takes the ticket")
        return without_pac(ticket)
    # The ticket signature is made before these two, and the extended one before the server's.
    return _blanked(pac, signatures, (SERVER, KDC) if ul_type == SERVER else (SERVER, KDC, EXTENDED_KDC))


def compute(
    pac: bytes, signatures: Sequence[PacSignature], ul_type: int, key: Key, ticket: bytes | None = None
) -> bytes:
    """The Signature that belongs there, of its own SignatureType.

    `key` is the service's for the server signature, krbtgt's for the others. UnsupportedChecksum where the type is none
    for a PAC or does not go with the key.
    """
    kind = _checksum_type(the(signatures, ul_type))
    return kind.compute(key, USAGE, signed_data(pac, signatures, ul_type, ticket))


def verify(pac: bytes, signatures: Sequence[PacSignature], ul_type: int, key: Key, ticket: bytes | None = None) -> bool:
    """Whether the Signature is the one that belongs there, compared in constant time; `compute` says of what."""
    own = the(signatures, ul_type)
    kind = _checksum_type(own)
    data = signed_data(pac, signatures, ul_type, ticket)
    return kind.verify(key, USAGE, data, _slice(pac, own.offset, own.size))


def the(signatures: Sequence[PacSignature], ul_type: int) -> PacSignature:
    """The one signature of that ulType; PacError where there is none or more than one."""
    found = [each for each in signatures if each.ul_type == ul_type]
    if len(found) != 1:
        raise PacError(f"the PAC has {len(found) or 'no'} {NAMES.get(ul_type, ul_type)}{'s' if found else ''}")
    return found[0]


def _checksum_type(signature: PacSignature) -> ChecksumType:
    """The checksum type, keyed always: whoever alters a PAC could make one without a key."""
    kind = checksum_for(signature.signature_type)
    if kind.number not in CHECKSUMS:
        raise UnsupportedChecksum(kind.number, f"{kind.name} is no checksum for a PAC")
    return kind


def _slice(pac: bytes, offset: int, size: int) -> bytes:
    if offset < 0 or size < 0 or offset + size > len(pac):
        raise PacError(f"a signature of {size} bytes at {offset} of a PAC of {len(pac)}")
    return pac[offset : offset + size]


def _blanked(pac: bytes, signatures: Sequence[PacSignature], ul_types: tuple[int, ...]) -> bytes:
    """The PAC with zeros for those signatures, which have to be there, and what follows them in their buffers."""
    blank = bytearray(pac)
    for ul_type in ul_types:
        own = the(signatures, ul_type)
        size = own.size + own.trailer
        blank[own.offset : own.offset + size] = bytes(len(_slice(pac, own.offset, size)))
    return bytes(blank)


def without_pac(ticket: bytes) -> bytes:
    """An EncTicketPart in DER with a single zero byte for the ad-data of its PAC (MS-PAC 2.8.2).

    All else stays as it was encoded. The PAC is the first one in AD-IF-RELEVANT, where alone a KDC puts it.
    """
    _, body, end = _element(ticket, 0, len(ticket), _ENC_TICKET_PART)
    body = at = _within(ticket, body, end, _SEQUENCE)
    for tag, start, stop in _elements(ticket, body, end):
        if tag == _AUTHORIZATION_DATA and (data := _replaced_in_list(ticket, start, stop, _IF_RELEVANT)) is not None:
            whole = ticket[body:at] + tagged(_AUTHORIZATION_DATA, data) + ticket[stop:end]
            return tagged(_ENC_TICKET_PART, tagged(_SEQUENCE, whole))
        at = stop
    raise PacError("the ticket has no PAC in AD-IF-RELEVANT")


def _replaced_in_list(data: bytes, start: int, stop: int, ad_type: int) -> bytes | None:
    """AuthorizationData with the PAC replaced in the first item of that type that holds one; None where none does."""
    body = at = _within(data, start, stop, _SEQUENCE)
    for tag, first, last in _elements(data, body, stop):
        if tag == _SEQUENCE and (replaced := _replaced_in_item(data, first, last, ad_type)) is not None:
            return tagged(_SEQUENCE, data[body:at] + tagged(_SEQUENCE, replaced) + data[last:stop])
        at = last
    return None


def _replaced_in_item(data: bytes, start: int, stop: int, ad_type: int) -> bytes | None:
    """The fields of one item with its ad-data replaced, or None where it is of another type or holds no PAC."""
    _, first, middle = _element(data, start, stop, _FIRST)
    number = data[_within(data, first, middle, _INTEGER) : middle]
    if int.from_bytes(number, "big", signed=True) != ad_type:
        return None
    octets = _within(data, _within(data, middle, stop, _SECOND), stop, _OCTETS)
    contents: bytes | None = b"\0"
    if ad_type == _IF_RELEVANT:
        contents = _replaced_in_list(data, octets, stop, _WIN2K_PAC)
    if contents is None:
        return None
    return data[start:middle] + tagged(_SECOND, tagged(_OCTETS, contents))


def _elements(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Tag, start of the contents and end of each element between two places."""
    while start < stop:
        tag, body, end = _element(data, start, stop)
        yield tag, body, end
        start = end


def _within(data: bytes, start: int, stop: int, wanted: int) -> int:
    """Where the contents begin of the one element that there is between two places.

    Whatever followed it would fall away, and with it go unsigned.
    """
    _, body, end = _element(data, start, stop, wanted)
    if end != stop:
        raise PacError(f"the ticket has {stop - end} bytes more than the element of tag 0x{wanted:02x} at {start}")
    return body


def _element(data: bytes, at: int, stop: int, wanted: int | None = None) -> tuple[int, int, int]:
    """Tag, start of the contents and end of the element at a place; PacError where there is not the wanted one."""
    end = announced_end(data, at) if at < stop else None
    if end is None or end > stop or wanted not in (None, data[at]):
        tag = f"of tag 0x{wanted:02x} " if wanted is not None else ""
        raise PacError(f"the ticket has no element {tag}at {at}")
    return data[at], contents_at(data, at), end
