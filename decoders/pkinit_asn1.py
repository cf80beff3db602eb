"""Public keys for initial authentication in ASN.1 (RFC 4556 Appendix A, RFC 8636, RFC 8070, MS-PKCA 2.2).

Of CMS (RFC 5652) and X.509 (RFC 5280) as much as leads to what PKINIT signs; certificates are kept whole.
"""

from __future__ import annotations

from asn1crypto.core import (
    Any,
    BitString,
    Choice,
    Integer,
    ObjectIdentifier,
    OctetString,
    Sequence,
    SequenceOf,
    SetOf,
)

from .kerberos_asn1 import EncryptionType, KerberosTime, PrincipalName, Realm
from .kerberos_parts_asn1 import Checksum, EncryptionKey
from .tables.preauth import ALGORITHMS, KDFS


class Algorithm(ObjectIdentifier):
    _map = ALGORITHMS


class AlgorithmIdentifier(Sequence):
    _fields = [("algorithm", Algorithm), ("parameters", Any, {"optional": True})]


class AlgorithmIdentifiers(SequenceOf):
    _child_spec = AlgorithmIdentifier


class SubjectPublicKeyInfo(Sequence):
    _fields = [("algorithm", AlgorithmIdentifier), ("subjectPublicKey", BitString)]


# What PKINIT sends and signs ------------------------------------------------------------------------------------------


class ExternalPrincipalIdentifier(Sequence):
    _fields = [
        ("subjectName", OctetString, {"implicit": 0, "optional": True}),
        ("issuerAndSerialNumber", OctetString, {"implicit": 1, "optional": True}),
        ("subjectKeyIdentifier", OctetString, {"implicit": 2, "optional": True}),
    ]


class ExternalPrincipalIdentifiers(SequenceOf):
    _child_spec = ExternalPrincipalIdentifier


class PAPKASReq(Sequence):
    _fields = [
        ("signedAuthPack", OctetString, {"implicit": 0}),
        ("trustedCertifiers", ExternalPrincipalIdentifiers, {"explicit": 1, "optional": True}),
        ("kdcPkId", OctetString, {"implicit": 2, "optional": True}),
    ]


class PAChecksum2(Sequence):
    """MS-PKCA 2.2.3."""

    _fields = [
        ("checksum", OctetString, {"explicit": 0}),
        ("algorithmIdentifier", AlgorithmIdentifier, {"explicit": 1}),
    ]


class PKAuthenticator(Sequence):
    """With freshnessToken of RFC 8070 4 and paChecksum2 of MS-PKCA 2.2.3."""

    _fields = [
        ("cusec", Integer, {"explicit": 0}),
        ("ctime", KerberosTime, {"explicit": 1}),
        ("nonce", Integer, {"explicit": 2}),
        ("paChecksum", OctetString, {"explicit": 3, "optional": True}),
        ("freshnessToken", OctetString, {"explicit": 4, "optional": True}),
        ("paChecksum2", PAChecksum2, {"explicit": 5, "optional": True}),
    ]


class KDF(ObjectIdentifier):
    _map = KDFS


class KDFAlgorithmId(Sequence):
    _fields = [("kdf-id", KDF, {"explicit": 0})]


class KDFAlgorithmIds(SequenceOf):
    _child_spec = KDFAlgorithmId


class AuthPack(Sequence):
    _fields = [
        ("pkAuthenticator", PKAuthenticator, {"explicit": 0}),
        ("clientPublicValue", SubjectPublicKeyInfo, {"explicit": 1, "optional": True}),
        ("supportedCMSTypes", AlgorithmIdentifiers, {"explicit": 2, "optional": True}),
        ("clientDHNonce", OctetString, {"explicit": 3, "optional": True}),
        ("supportedKDFs", KDFAlgorithmIds, {"explicit": 4, "optional": True}),
    ]


class DHRepInfo(Sequence):
    _fields = [
        ("dhSignedData", OctetString, {"implicit": 0}),
        ("serverDHNonce", OctetString, {"explicit": 1, "optional": True}),
        ("kdf", KDFAlgorithmId, {"explicit": 2, "optional": True}),
    ]


class PAPKASRep(Choice):
    _alternatives = [
        ("dhInfo", DHRepInfo, {"explicit": 0}),
        ("encKeyPack", OctetString, {"implicit": 1}),
    ]


class KDCDHKeyInfo(Sequence):
    _fields = [
        ("subjectPublicKey", BitString, {"explicit": 0}),
        ("nonce", Integer, {"explicit": 1}),
        ("dhKeyExpiration", KerberosTime, {"explicit": 2, "optional": True}),
    ]


class ReplyKeyPack(Sequence):
    _fields = [
        ("replyKey", EncryptionKey, {"explicit": 0}),
        ("asChecksum", Checksum, {"explicit": 1}),
    ]


class KRB5PrincipalName(Sequence):
    """A principal in a certificate's subjectAltName, and in the key derivation of RFC 8636."""

    _fields = [
        ("realm", Realm, {"explicit": 0}),
        ("principalName", PrincipalName, {"explicit": 1}),
    ]


class OtherInfo(Sequence):
    """What RFC 8636 4 derives the key from; never sent."""

    _fields = [
        ("algorithmID", AlgorithmIdentifier),
        ("partyUInfo", OctetString, {"explicit": 0}),
        ("partyVInfo", OctetString, {"explicit": 1}),
        ("suppPubInfo", OctetString, {"explicit": 2, "optional": True}),
        ("suppPrivInfo", OctetString, {"explicit": 3, "optional": True}),
    ]


class PkinitSuppPubInfo(Sequence):
    _fields = [
        ("enctype", EncryptionType, {"explicit": 0}),
        ("as-REQ", OctetString, {"explicit": 1}),
        ("pk-as-rep", OctetString, {"explicit": 2}),
    ]


class TDCertDigestAlgorithmsData(Sequence):
    """RFC 8636 5."""

    _fields = [
        ("allowedAlgorithms", AlgorithmIdentifiers, {"explicit": 0}),
        ("rejectedAlgorithm", AlgorithmIdentifier, {"explicit": 1, "optional": True}),
    ]


class Certificates(SetOf):
    _child_spec = Any


# The draft that Windows 2000 to 2003 spoke (types 14 and 15; MS-PKCA 2.2.1, 2.2.2) ------------------------------------


class PKAuthenticatorOld(Sequence):
    _fields = [
        ("kdc-name", PrincipalName, {"explicit": 0}),
        ("kdc-realm", Realm, {"explicit": 1}),
        ("cusec", Integer, {"explicit": 2}),
        ("ctime", KerberosTime, {"explicit": 3}),
        ("nonce", Integer, {"explicit": 4}),
    ]


class AuthPackOld(Sequence):
    _fields = [
        ("pkAuthenticator", PKAuthenticatorOld, {"explicit": 0}),
        ("clientPublicValue", SubjectPublicKeyInfo, {"explicit": 1, "optional": True}),
    ]


class TrustedCA(Choice):
    _alternatives = [("caName", Any, {"explicit": 1}), ("issuerAndSerial", Any, {"explicit": 2})]


class TrustedCAs(SequenceOf):
    _child_spec = TrustedCA


class PAPKASReqOld(Sequence):
    _fields = [
        ("signedAuthPack", OctetString, {"implicit": 0}),
        ("trusted-certifiers", TrustedCAs, {"explicit": 2, "optional": True}),
        ("kdc-cert", OctetString, {"implicit": 3, "optional": True}),
        ("encryption-cert", OctetString, {"implicit": 4, "optional": True}),
    ]


class PAPKASRepOld(Choice):
    _alternatives = [
        ("dhSignedData", OctetString, {"implicit": 0}),
        ("encKeyPack", OctetString, {"implicit": 1}),
    ]


class ReplyKeyPackOld(Sequence):
    """KERB-REPLY-KEY-PACKAGE (MS-PKCA 2.2.2)."""

    _fields = [
        ("replyKey", EncryptionKey, {"explicit": 0}),
        ("nonce", Integer, {"explicit": 1}),
    ]
