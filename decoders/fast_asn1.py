"""FAST and authentication sets in ASN.1 (RFC 6113 5.3 and 5.4, Appendix A); the KDCs' cookies (MIT and Heimdal)."""

from __future__ import annotations

from asn1crypto.core import BitString, Choice, Integer, OctetString, Sequence, SequenceOf, UTF8String

from .kdc_asn1 import KDCReqBody
from .kerberos_asn1 import EncryptedData, KerberosTime, MethodData, PADataType, PrincipalName, Realm
from .kerberos_parts_asn1 import Checksum, EncryptionKey
from .tables.kerberos_more import FAST_OPTIONS
from .tables.preauth import FAST_ARMOR_TYPES


class KrbFastArmorType(Integer):
    _map = FAST_ARMOR_TYPES


class KrbFastArmor(Sequence):
    _fields = [
        ("armor-type", KrbFastArmorType, {"explicit": 0}),
        ("armor-value", OctetString, {"explicit": 1}),
    ]


class KrbFastArmoredReq(Sequence):
    _fields = [
        ("armor", KrbFastArmor, {"explicit": 0, "optional": True}),
        ("req-checksum", Checksum, {"explicit": 1}),
        ("enc-fast-req", EncryptedData, {"explicit": 2}),
    ]


class PAFXFastRequest(Choice):
    _alternatives = [("armored-data", KrbFastArmoredReq, {"explicit": 0})]


class KrbFastArmoredRep(Sequence):
    _fields = [("enc-fast-rep", EncryptedData, {"explicit": 0})]


class PAFXFastReply(Choice):
    _alternatives = [("armored-data", KrbFastArmoredRep, {"explicit": 0})]


class FastOptions(BitString):
    _map = FAST_OPTIONS


class KrbFastReq(Sequence):
    """What enc-fast-req holds."""

    _fields = [
        ("fast-options", FastOptions, {"explicit": 0}),
        ("padata", MethodData, {"explicit": 1}),
        ("req-body", KDCReqBody, {"explicit": 2}),
    ]


class KrbFastFinished(Sequence):
    _fields = [
        ("timestamp", KerberosTime, {"explicit": 0}),
        ("usec", Integer, {"explicit": 1}),
        ("crealm", Realm, {"explicit": 2}),
        ("cname", PrincipalName, {"explicit": 3}),
        ("ticket-checksum", Checksum, {"explicit": 4}),
    ]


class KrbFastResponse(Sequence):
    """What enc-fast-rep holds."""

    _fields = [
        ("padata", MethodData, {"explicit": 0}),
        ("strengthen-key", EncryptionKey, {"explicit": 1, "optional": True}),
        ("finished", KrbFastFinished, {"explicit": 2, "optional": True}),
        ("nonce", Integer, {"explicit": 3}),
    ]


class PAAuthenticationSetElem(Sequence):
    _fields = [
        ("pa-type", PADataType, {"explicit": 0}),
        ("pa-hint", OctetString, {"explicit": 1, "optional": True}),
        ("pa-value", OctetString, {"explicit": 2, "optional": True}),
    ]


class PAAuthenticationSet(SequenceOf):
    _child_spec = PAAuthenticationSetElem


class SecureCookie(Sequence):
    """What MIT's KDC encrypts into its PA-FX-COOKIE; no tags around the fields."""

    _fields = [("time", Integer), ("data", MethodData)]


class KDCFastCookie(Sequence):
    """Heimdal's PA-FX-COOKIE."""

    _fields = [
        ("version", UTF8String, {"explicit": 0}),
        ("cookie", EncryptedData, {"explicit": 1}),
    ]
