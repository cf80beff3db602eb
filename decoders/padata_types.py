"""The values of PA-DATA and TYPED-DATA by their types: which structure each number has, and reading it.

Where a number has two contents, for request and reply, the bytes' own tags say which. Where the bytes are not of the
type's structure they stay bytes and say what was expected; a fault it is only for the types that can hold nothing else.
This module and the grammars that it knows are loaded when the first such value is met.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from asn1crypto.core import Integer

from . import pkinit  # noqa: F401  (what opens PKINIT's octet strings is registered before any class is compiled)
from . import preauth_asn1 as pre
from .der import contents_at
from .fast_asn1 import KDCFastCookie, KrbFastArmor, PAAuthenticationSet, PAFXFastReply, PAFXFastRequest
from .grammar import opens
from .kdc_asn1 import EncryptionTypes
from .kerberos_asn1 import (
    APReq,
    EncryptedData,
    ETypeInfo,
    ETypeInfo2,
    KerbErrorData,
    KRBError,
    MethodData,
    PrincipalName,
    Realm,
)
from .kerberos_parts import keep_secret
from .kerberos_parts_asn1 import Checksum, HostAddresses
from .opening import Asn1Class, begins, expected, inside, open_as, open_if_whole, open_message, tag_at
from .padata_asn1 import (
    EncryptionKeys,
    InitiatorNameAssertion,
    KerbDMSAKeyPackage,
    KerbPAPacRequest,
    KerbSupersededByUser,
    OCSPResponses,
    PAForUser,
    PAPACOptions,
    PAS4UX509User,
    PAServerReferralData,
    PASvrReferralData,
    PASvrReferralDataByTag,
)
from .padata_plain import (
    open_extended_error,
    open_salt,
    open_salt_or_error,
    open_supported_enctypes,
)
from .pkinit_asn1 import (
    AlgorithmIdentifiers,
    Certificates,
    ExternalPrincipalIdentifiers,
    PAPKASRep,
    PAPKASRepOld,
    PAPKASReq,
    PAPKASReqOld,
    TDCertDigestAlgorithmsData,
)
from .reading import Reading
from .values import BYTES, SECRET, Node, walk

#: Types that hold one structure and nothing else.
_ALWAYS: Final[dict[int, Asn1Class]] = {
    2: EncryptedData,
    11: ETypeInfo,
    16: PAPKASReq,
    17: PAPKASRep,
    18: OCSPResponses,
    19: ETypeInfo2,
    30: pre.PASAMChallenge2,
    31: pre.PASAMResponse2,
    128: KerbPAPacRequest,
    129: PAForUser,
    134: PAAuthenticationSet,
    135: PAAuthenticationSet,
    138: EncryptedData,
    141: pre.PAOTPChallenge,
    142: pre.PAOTPRequest,
    144: pre.PAOTPPinChange,
    147: EncryptedData,
    151: pre.PASPAKE,
    161: EncryptionTypes,
    162: EncryptionKeys,
    167: PAPACOptions,
    170: KerbSupersededByUser,
    171: KerbDMSAKeyPackage,
}

#: Types whose structure is of a draft, or that peers use for other things too; and typed data.
_MOSTLY: Final[dict[int, Asn1Class]] = {
    12: pre.PASAMChallenge,
    13: pre.PASAMResponse,
    21: HostAddresses,
    22: MethodData,
    23: ETypeInfo,
    101: Certificates,
    102: PrincipalName,
    103: Realm,
    104: ExternalPrincipalIdentifiers,
    105: ExternalPrincipalIdentifiers,
    107: Integer,
    108: Integer,
    109: AlgorithmIdentifiers,
    111: AlgorithmIdentifiers,
    112: TDCertDigestAlgorithmsData,
    130: PAS4UX509User,
    148: InitiatorNameAssertion,
    149: Checksum,
}


def _open_ap_req(reading: Reading, node: Node, body: int, end: int) -> bool:
    return open_message(reading, node, APReq, body, end)


def _open_krb_error(reading: Reading, node: Node, body: int, end: int) -> bool:
    return open_message(reading, node, KRBError, body, end)


def _open_fast(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-FX-FAST: a request has a checksum, [1]; where the bytes end before it, an armor, which holds octets as [1]."""
    if tag_at(reading, body, end) != 0xA0:
        return expected(reading, node, PAFXFastRequest, body, end, strict=True)
    fields = inside(reading, contents_at(reading.data, body), end)
    request = 0xA1 in fields
    if not request and 0xA0 in fields and end > reading.end:
        armor = inside(reading, contents_at(reading.data, fields[0xA0]), end)
        request = 0xA1 in armor and tag_at(reading, contents_at(reading.data, armor[0xA1]), end) == 0x04
    return open_as(reading, node, PAFXFastRequest if request else PAFXFastReply, body, end)


def _open_old_pkinit(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-PK-AS-REQ_OLD and PA-PK-AS-REP_OLD: Windows sends its request with the number of the reply."""
    for cls in (PAPKASReqOld, PAPKASRepOld, PAPKASRep):
        if open_if_whole(reading, node, cls, body, end):
            return True
    return expected(reading, node, PAPKASReqOld, body, end, strict=False)


def _open_referral(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-SERVER-REFERRAL, encrypted or not, and PA-SVR-REFERRAL-INFO, which Windows sends with number 20."""
    fields = inside(reading, body, end)
    first = next(iter(fields), -1)
    if first == 0xA0 and tag_at(reading, contents_at(reading.data, fields[first]), end) == 0x02:
        choices: tuple[Asn1Class, ...] = (EncryptedData,)
    elif 0xA2 in fields or 0xA3 in fields:
        choices = (PAServerReferralData,)
    else:
        choices = PASvrReferralData if first == 0xA1 else PASvrReferralDataByTag, PAServerReferralData
    if any(open_if_whole(reading, node, cls, body, end) for cls in choices):
        return True
    return expected(reading, node, choices[0], body, end, strict=False)


def _open_error(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-EXTENDED-ERROR: KERB-EXT-ERROR, bare or in KERB-ERROR-DATA."""
    if open_extended_error(reading, node, body, end) or open_if_whole(reading, node, KerbErrorData, body, end):
        return True
    return expected(reading, node, KerbErrorData, body, end, strict=False)


def _open_cookie(reading: Reading, node: Node, body: int, end: int) -> bool:
    """PA-FX-COOKIE: the KDC's own affair. MIT's begins with its name, Heimdal's is KDCFastCookie."""
    raw = reading.data[body:end]
    if end > reading.end:
        return False
    if raw == b"MIT":
        node.meaning = "of MIT's KDC, with nothing in it"
    elif raw[:4] == b"MIT1" and len(raw) > 8:
        version = int.from_bytes(raw[4:8])
        node.meaning = f"of MIT's KDC, encrypted with version {version} of the ticket-granting service's key"
    else:
        return open_if_whole(reading, node, KDCFastCookie, body, end)
    return False


#: Types that are no structure of their own, or one of several.
_BY_BYTES: Final[dict[int, Callable[[Reading, Node, int, int], bool]]] = {
    1: _open_ap_req,
    3: open_salt_or_error,
    10: open_salt,
    14: _open_old_pkinit,
    15: _open_old_pkinit,
    20: _open_referral,
    25: _open_referral,
    133: _open_cookie,
    136: _open_fast,
    137: _open_krb_error,
    165: open_supported_enctypes,
    166: _open_error,
}


#: Types that hold passwords or keys in clear: what of them cannot be read is not shown either.
_SECRET: Final = (142, 144, 162, 171)


def open_value(reading: Reading, node: Node, kind: int, body: int, end: int) -> bool:
    """Open the value of PA-DATA of that type."""
    if kind in _BY_BYTES:
        return _BY_BYTES[kind](reading, node, body, end)
    if kind not in _ALWAYS:
        return _open_mostly(reading, node, kind, body, end)
    cls = _ALWAYS[kind]
    if begins(reading, cls, body, end):
        opened = open_as(reading, node, cls, body, end)
    else:
        opened = expected(reading, node, cls, body, end, strict=True)
    if kind in _SECRET and not opened:
        return keep_secret(reading, node, (), body, end)
    if kind in _SECRET:
        for leaf in (node, *(below for _, below in walk(node))):
            if leaf.kind == BYTES and (reading.problem is not None or leaf.name.startswith("extra-")):
                leaf.kind = SECRET
    return opened


def _open_mostly(reading: Reading, node: Node, kind: int, body: int, end: int) -> bool:
    cls = _MOSTLY.get(kind)
    if cls is None:
        return False
    return open_if_whole(reading, node, cls, body, end) or expected(reading, node, cls, body, end, strict=False)


def open_typed(reading: Reading, node: Node, kind: int, body: int, end: int) -> bool:
    """Open typed data: the numbers are those of PA-DATA, but no type of PA-DATA is certain of its structure here."""
    if kind in _ALWAYS:
        opened = open_if_whole(reading, node, _ALWAYS[kind], body, end)
        return opened or (kind in _SECRET and keep_secret(reading, node, (), body, end))
    return _open_mostly(reading, node, kind, body, end)


opens(pre.PAOTPRequest, "otp-value")(keep_secret)
opens(pre.PAOTPRequest, "pin")(keep_secret)
opens(pre.PAOTPPinChange, "pin")(keep_secret)
opens(pre.PAEncSAMResponseEnc2, "sam-sad")(keep_secret)


@opens(KrbFastArmor, "armor-value")
def _open_armor(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if siblings and siblings[-1].value == 1 and body < min(end, reading.end):
        return open_message(reading, node, APReq, body, end)
    return False
