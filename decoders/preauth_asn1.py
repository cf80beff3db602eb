"""One-time passwords, SAM and SPAKE in ASN.1.

RFC 6560 Appendix A (IMPLICIT TAGS); draft-ietf-cat-kerberos-passwords-04 and -01 (SAM, second and first); RFC 9588 10.
"""

from __future__ import annotations

from asn1crypto.core import BitString, Choice, Integer, OctetString, Sequence, SequenceOf, UTF8String

from .kerberos_asn1 import EncryptedData, EncryptionType, KerberosString, KerberosTime
from .kerberos_parts_asn1 import Checksum, EncryptionKey, LastReq
from .pkinit_asn1 import AlgorithmIdentifier, AlgorithmIdentifiers
from .tables.preauth import (
    OTP_FLAGS,
    OTP_FORMATS,
    PIN_FLAGS,
    SAM_FLAGS,
    SAM_TYPES,
    SPAKE_FACTORS,
    SPAKE_GROUPS,
)


class OTPFlags(BitString):
    _map = OTP_FLAGS


class OTPFormat(Integer):
    _map = OTP_FORMATS


class OTPTokenInfo(Sequence):
    _fields = [
        ("flags", OTPFlags, {"implicit": 0}),
        ("otp-vendor", UTF8String, {"implicit": 1, "optional": True}),
        ("otp-challenge", OctetString, {"implicit": 2, "optional": True}),
        ("otp-length", Integer, {"implicit": 3, "optional": True}),
        ("otp-format", OTPFormat, {"implicit": 4, "optional": True}),
        ("otp-tokenID", OctetString, {"implicit": 5, "optional": True}),
        ("otp-algID", UTF8String, {"implicit": 6, "optional": True}),
        ("supportedHashAlg", AlgorithmIdentifiers, {"implicit": 7, "optional": True}),
        ("iterationCount", Integer, {"implicit": 8, "optional": True}),
    ]


class OTPTokenInfos(SequenceOf):
    _child_spec = OTPTokenInfo


class PAOTPChallenge(Sequence):
    _fields = [
        ("nonce", OctetString, {"implicit": 0}),
        ("otp-service", UTF8String, {"implicit": 1, "optional": True}),
        ("otp-tokenInfo", OTPTokenInfos, {"implicit": 2}),
        ("salt", KerberosString, {"implicit": 3, "optional": True}),
        ("s2kparams", OctetString, {"implicit": 4, "optional": True}),
    ]


class PAOTPRequest(Sequence):
    _fields = [
        ("flags", OTPFlags, {"implicit": 0}),
        ("nonce", OctetString, {"implicit": 1, "optional": True}),
        ("encData", EncryptedData, {"implicit": 2}),
        ("hashAlg", AlgorithmIdentifier, {"implicit": 3, "optional": True}),
        ("iterationCount", Integer, {"implicit": 4, "optional": True}),
        ("otp-value", OctetString, {"implicit": 5, "optional": True}),
        ("pin", UTF8String, {"implicit": 6, "optional": True}),
        ("otp-challenge", OctetString, {"implicit": 7, "optional": True}),
        ("otp-time", KerberosTime, {"implicit": 8, "optional": True}),
        ("otp-counter", OctetString, {"implicit": 9, "optional": True}),
        ("otp-format", OTPFormat, {"implicit": 10, "optional": True}),
        ("otp-tokenID", OctetString, {"implicit": 11, "optional": True}),
        ("otp-algID", UTF8String, {"implicit": 12, "optional": True}),
        ("otp-vendor", UTF8String, {"implicit": 13, "optional": True}),
    ]


class PAOTPEncRequest(Sequence):
    """What encData of PA-OTP-REQUEST holds."""

    _fields = [("nonce", OctetString, {"implicit": 0})]


class PinFlags(BitString):
    _map = PIN_FLAGS


class PAOTPPinChange(Sequence):
    _fields = [
        ("flags", PinFlags, {"implicit": 0}),
        ("pin", UTF8String, {"implicit": 1, "optional": True}),
        ("minLength", Integer, {"implicit": 2, "optional": True}),
        ("maxLength", Integer, {"implicit": 3, "optional": True}),
        ("last-req", LastReq, {"implicit": 4, "optional": True}),
        ("format", OTPFormat, {"implicit": 5, "optional": True}),
    ]


class SAMType(Integer):
    _map = SAM_TYPES


class SAMFlags(BitString):
    _map = SAM_FLAGS


class PASAMChallenge2Body(Sequence):
    _fields = [
        ("sam-type", SAMType, {"explicit": 0}),
        ("sam-flags", SAMFlags, {"explicit": 1}),
        ("sam-type-name", OctetString, {"explicit": 2, "optional": True}),
        ("sam-track-id", OctetString, {"explicit": 3, "optional": True}),
        ("sam-challenge-label", OctetString, {"explicit": 4, "optional": True}),
        ("sam-challenge", OctetString, {"explicit": 5, "optional": True}),
        ("sam-response-prompt", OctetString, {"explicit": 6, "optional": True}),
        ("sam-pk-for-sad", EncryptionKey, {"explicit": 7, "optional": True}),
        ("sam-nonce", Integer, {"explicit": 8}),
        ("sam-etype", EncryptionType, {"explicit": 9}),
    ]


class Checksums(SequenceOf):
    _child_spec = Checksum


class PASAMChallenge2(Sequence):
    _fields = [
        ("sam-body", PASAMChallenge2Body, {"explicit": 0}),
        ("sam-cksum", Checksums, {"explicit": 1}),
    ]


class PASAMResponse2(Sequence):
    _fields = [
        ("sam-type", SAMType, {"explicit": 0}),
        ("sam-flags", SAMFlags, {"explicit": 1}),
        ("sam-track-id", OctetString, {"explicit": 2, "optional": True}),
        ("sam-enc-nonce-or-sad", EncryptedData, {"explicit": 3}),
        ("sam-nonce", Integer, {"explicit": 4}),
    ]


class PAEncSAMResponseEnc2(Sequence):
    """What sam-enc-nonce-or-sad of PA-SAM-RESPONSE-2 holds."""

    _fields = [
        ("sam-nonce", Integer, {"explicit": 0}),
        ("sam-sad", OctetString, {"explicit": 1, "optional": True}),
    ]


class PASAMChallenge(Sequence):
    _fields = [
        ("sam-type", SAMType, {"explicit": 0}),
        ("sam-flags", SAMFlags, {"explicit": 1}),
        ("sam-type-name", OctetString, {"explicit": 2, "optional": True}),
        ("sam-track-id", OctetString, {"explicit": 3, "optional": True}),
        ("sam-challenge-label", OctetString, {"explicit": 4, "optional": True}),
        ("sam-challenge", OctetString, {"explicit": 5, "optional": True}),
        ("sam-response-prompt", OctetString, {"explicit": 6, "optional": True}),
        ("sam-pk-for-sad", EncryptionKey, {"explicit": 7, "optional": True}),
        ("sam-nonce", Integer, {"explicit": 8, "optional": True}),
        ("sam-cksum", Checksum, {"explicit": 9, "optional": True}),
    ]


class PASAMResponse(Sequence):
    _fields = [
        ("sam-type", SAMType, {"explicit": 0}),
        ("sam-flags", SAMFlags, {"explicit": 1}),
        ("sam-track-id", OctetString, {"explicit": 2, "optional": True}),
        ("sam-enc-key", EncryptedData, {"explicit": 3, "optional": True}),
        ("sam-enc-nonce-or-ts", EncryptedData, {"explicit": 4}),
        ("sam-nonce", Integer, {"explicit": 5, "optional": True}),
        ("sam-patimestamp", KerberosTime, {"explicit": 6, "optional": True}),
    ]


class SPAKEGroup(Integer):
    _map = SPAKE_GROUPS


class SPAKEGroups(SequenceOf):
    _child_spec = SPAKEGroup


class SPAKESupport(Sequence):
    _fields = [("groups", SPAKEGroups, {"explicit": 0})]


class SPAKEFactorType(Integer):
    _map = SPAKE_FACTORS


class SPAKESecondFactor(Sequence):
    _fields = [
        ("type", SPAKEFactorType, {"explicit": 0}),
        ("data", OctetString, {"explicit": 1, "optional": True}),
    ]


class SPAKESecondFactors(SequenceOf):
    _child_spec = SPAKESecondFactor


class SPAKEChallenge(Sequence):
    _fields = [
        ("group", SPAKEGroup, {"explicit": 0}),
        ("pubkey", OctetString, {"explicit": 1}),
        ("factors", SPAKESecondFactors, {"explicit": 2}),
    ]


class SPAKEResponse(Sequence):
    _fields = [
        ("pubkey", OctetString, {"explicit": 0}),
        ("factor", EncryptedData, {"explicit": 1}),
    ]


class PASPAKE(Choice):
    _alternatives = [
        ("support", SPAKESupport, {"explicit": 0}),
        ("challenge", SPAKEChallenge, {"explicit": 1}),
        ("response", SPAKEResponse, {"explicit": 2}),
        ("encdata", EncryptedData, {"explicit": 3}),
    ]
