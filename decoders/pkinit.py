"""What PKINIT signs and encrypts, inside CMS (RFC 4556 3.2, MS-PKCA 2.2): shown where it is DER and whole.

CMS may be in BER, which this reader does not take apart: such a value stays bytes and is no fault.
"""

from __future__ import annotations

from collections.abc import Sequence

from .cms_asn1 import EncapsulatedContentInfo, EnvelopedContent, SignedContent
from .contents import oid_text
from .der import announced_end, contents_at
from .grammar import opens
from .opening import Asn1Class, inside, open_as, open_if_whole, tag_at
from .pkinit_asn1 import (
    AuthPack,
    AuthPackOld,
    DHRepInfo,
    KDCDHKeyInfo,
    PAPKASRep,
    PAPKASRepOld,
    PAPKASReq,
    PAPKASReqOld,
    ReplyKeyPack,
    ReplyKeyPackOld,
    SubjectPublicKeyInfo,
)
from .reading import Reading
from .tables.preauth import (
    ID_ENVELOPED_DATA,
    ID_PKINIT_AUTH_DATA,
    ID_PKINIT_DH_KEY_DATA,
    ID_PKINIT_RKEY_DATA,
    ID_SIGNED_DATA,
)
from .values import BYTES, Node

_CMS: dict[str | None, Asn1Class] = {ID_SIGNED_DATA: SignedContent, ID_ENVELOPED_DATA: EnvelopedContent}

_SIGNED: dict[str, Asn1Class] = {
    ID_PKINIT_AUTH_DATA: AuthPack,
    ID_PKINIT_DH_KEY_DATA: KDCDHKeyInfo,
    ID_PKINIT_RKEY_DATA: ReplyKeyPack,
}


@opens(PAPKASReq, "signedAuthPack")
@opens(PAPKASReqOld, "signedAuthPack")
@opens(DHRepInfo, "dhSignedData")
@opens(PAPKASRepOld, "dhSignedData")
@opens(PAPKASRep, "encKeyPack")
@opens(PAPKASRepOld, "encKeyPack")
def _open_cms(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """ContentInfo of CMS, by its content type."""
    oid = inside(reading, body, end).get(0x06)
    after = None if oid is None else announced_end(reading.data, oid)
    if oid is not None and after is not None and after <= min(end, reading.end):
        cls = _CMS.get(oid_text(reading.data[contents_at(reading.data, oid) : after]))
        if cls is not None and open_if_whole(reading, node, cls, body, end):
            return True
    if body < end <= reading.end:
        node.meaning = "not ContentInfo of CMS in DER"
    return False


@opens(EncapsulatedContentInfo, "eContent")
def _open_content(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """What is signed: by its own tags where it is of Windows' draft, which says id-data for all of it; else by type."""
    if tag_at(reading, body, end) != 0x30:
        return False
    kind = siblings[-1].value if siblings else None
    cls = _of_draft(reading, body, end) or (_SIGNED.get(kind) if isinstance(kind, str) else None)
    return cls is not None and open_as(reading, node, cls, body, end)


def _of_draft(reading: Reading, body: int, end: int) -> Asn1Class | None:
    """The draft's AuthPack begins with the KDC's name; its reply has a nonce where RFC 4556 has a checksum."""
    fields = inside(reading, body, end)
    first = contents_at(reading.data, fields.get(0xA0, end))
    if tag_at(reading, first, end) != 0x30:
        return None
    inner = inside(reading, first, end).get(0xA0, end)
    within = tag_at(reading, contents_at(reading.data, inner), end)
    if within == 0x30:
        return AuthPackOld
    nonce = tag_at(reading, contents_at(reading.data, fields.get(0xA1, end)), end)
    return ReplyKeyPackOld if within == 0x02 and nonce == 0x02 else None


@opens(SubjectPublicKeyInfo, "subjectPublicKey")
@opens(KDCDHKeyInfo, "subjectPublicKey")
def _open_bits(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """A BIT STRING that holds no flags."""
    if not body < end <= reading.end or reading.data[body] > 7:
        return False
    unused = reading.data[body]
    node.kind, node.value = BYTES, reading.data[body + 1 : end]
    node.meaning = f"{unused} bits of the last byte are unused" if unused else None
    return True
