"""What PA-DATA and TYPED-DATA hold, in ASN.1: what is not of FAST, PKINIT, OTP, SAM or SPAKE.

RFC 4120 5.2.7, RFC 4557, RFC 6806 8 and its drafts; MS-KILE 2.2, MS-SFU 2.2; draft-zhu-pku2u-09 6.1.
"""

from __future__ import annotations

from asn1crypto.core import Any, BitString, Boolean, Choice, Integer, OctetString, Sequence, SequenceOf

from .kerberos_asn1 import KerberosString, KerberosTime, PrincipalName, Realm
from .kerberos_parts_asn1 import Checksum, EncryptionKey
from .tables.kerberos_more import PAC_OPTIONS, S4U_OPTIONS


class PAEncTSEnc(Sequence):
    """What PA-ENC-TIMESTAMP and PA-ENCRYPTED-CHALLENGE encrypt."""

    _fields = [
        ("patimestamp", KerberosTime, {"explicit": 0}),
        ("pausec", Integer, {"explicit": 1, "optional": True}),
    ]


class OCSPResponses(SequenceOf):
    """RFC 4557 4."""

    _child_spec = OctetString


class KerbPAPacRequest(Sequence):
    _fields = [("include-pac", Boolean, {"explicit": 0})]


class PAForUser(Sequence):
    _fields = [
        ("userName", PrincipalName, {"explicit": 0}),
        ("userRealm", Realm, {"explicit": 1}),
        ("cksum", Checksum, {"explicit": 2}),
        ("auth-package", KerberosString, {"explicit": 3}),
    ]


class S4UOptions(BitString):
    _map = S4U_OPTIONS


class S4UUserID(Sequence):
    _fields = [
        ("nonce", Integer, {"explicit": 0}),
        ("cname", PrincipalName, {"explicit": 1, "optional": True}),
        ("crealm", Realm, {"explicit": 2}),
        ("subject-certificate", OctetString, {"explicit": 3, "optional": True}),
        ("options", S4UOptions, {"explicit": 4, "optional": True}),
    ]


class PAS4UX509User(Sequence):
    _fields = [
        ("user-id", S4UUserID, {"explicit": 0}),
        ("checksum", Checksum, {"explicit": 1}),
    ]


class PACOptions(BitString):
    _map = PAC_OPTIONS


class PAPACOptions(Sequence):
    """The specification gives the type alone, without a tag and a name; Windows sends it behind [0]."""

    _fields = [("flags", PACOptions, {"explicit": 0})]


class EncryptionKeys(SequenceOf):
    _child_spec = EncryptionKey


class KerbSupersededByUser(Sequence):
    _fields = [
        ("name", PrincipalName, {"explicit": 0}),
        ("realm", Realm, {"explicit": 1}),
    ]


class KerbDMSAKeyPackage(Sequence):
    _fields = [
        ("current-keys", EncryptionKeys, {"explicit": 0}),
        ("previous-keys", EncryptionKeys, {"explicit": 1, "optional": True}),
        ("expiration-interval", KerberosTime, {"explicit": 2}),
        ("fetch-interval", KerberosTime, {"explicit": 4}),
    ]


class PAServerReferralData(Sequence):
    """What PA-SERVER-REFERRAL encrypts (draft-ietf-krb-wg-kerberos-referrals-11 8)."""

    _fields = [
        ("referred-realm", Realm, {"explicit": 0, "optional": True}),
        ("true-principal-name", PrincipalName, {"explicit": 1, "optional": True}),
        ("requested-principal-name", PrincipalName, {"explicit": 2, "optional": True}),
        ("referral-valid-until", KerberosTime, {"explicit": 3, "optional": True}),
    ]


class PASvrReferralData(Sequence):
    """PA-SVR-REFERRAL-INFO, the name first as its first draft has it."""

    _fields = [
        ("referred-name", PrincipalName, {"explicit": 1, "optional": True}),
        ("referred-realm", Realm, {"explicit": 0}),
    ]


class PASvrReferralDataByTag(Sequence):
    """The same in the order of the tags."""

    _fields = [
        ("referred-realm", Realm, {"explicit": 0}),
        ("referred-name", PrincipalName, {"explicit": 1, "optional": True}),
    ]


class InitiatorName(Choice):
    _alternatives = [("sanIndex", Integer), ("nameNotInCert", Any, {"explicit": 0})]


class TargetName(Choice):
    _alternatives = [("exportedTargName", OctetString), ("generalName", Any, {"explicit": 0})]


class InitiatorNameAssertion(Sequence):
    _fields = [
        ("initiatorName", InitiatorName, {"explicit": 0, "optional": True}),
        ("targetName", TargetName, {"explicit": 1, "optional": True}),
    ]
