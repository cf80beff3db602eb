"""CredSSP in ASN.1: MS-CSSP 2.2.1, and nothing else."""

from __future__ import annotations

from asn1crypto.core import Integer, OctetString, Sequence, SequenceOf

from .tables.credssp import CRED_TYPES, KEY_SPECS
from .tables.ntstatus import NTSTATUS


class CredType(Integer):
    _map = CRED_TYPES


class KeySpec(Integer):
    _map = KEY_SPECS


class ErrorCode(Integer):
    """32 bits, of which the highest is a sign to some (Windows) and to others none, who then write five bytes."""

    _map = {number - sign: name for number, name in NTSTATUS.items() for sign in (0, (number >> 31) << 32)}


class NegoDataItem(Sequence):
    _fields = [("negoToken", OctetString, {"explicit": 0})]


class NegoData(SequenceOf):
    _child_spec = NegoDataItem


class TSRequest(Sequence):
    _fields = [
        ("version", Integer, {"explicit": 0}),
        ("negoTokens", NegoData, {"explicit": 1, "optional": True}),
        ("authInfo", OctetString, {"explicit": 2, "optional": True}),
        ("pubKeyAuth", OctetString, {"explicit": 3, "optional": True}),
        ("errorCode", ErrorCode, {"explicit": 4, "optional": True}),
        ("clientNonce", OctetString, {"explicit": 5, "optional": True}),
    ]


class TSCredentials(Sequence):
    _fields = [
        ("credType", CredType, {"explicit": 0}),
        ("credentials", OctetString, {"explicit": 1}),
    ]


class TSPasswordCreds(Sequence):
    _fields = [
        ("domainName", OctetString, {"explicit": 0}),
        ("userName", OctetString, {"explicit": 1}),
        ("password", OctetString, {"explicit": 2}),
    ]


class TSCspDataDetail(Sequence):
    _fields = [
        ("keySpec", KeySpec, {"explicit": 0}),
        ("cardName", OctetString, {"explicit": 1, "optional": True}),
        ("readerName", OctetString, {"explicit": 2, "optional": True}),
        ("containerName", OctetString, {"explicit": 3, "optional": True}),
        ("cspName", OctetString, {"explicit": 4, "optional": True}),
    ]


class TSSmartCardCreds(Sequence):
    _fields = [
        ("pin", OctetString, {"explicit": 0}),
        ("cspData", TSCspDataDetail, {"explicit": 1}),
        ("userHint", OctetString, {"explicit": 2, "optional": True}),
        ("domainHint", OctetString, {"explicit": 3, "optional": True}),
    ]


class TSRemoteGuardPackageCred(Sequence):
    _fields = [
        ("packageName", OctetString, {"explicit": 0}),
        ("credBuffer", OctetString, {"explicit": 1}),
    ]


class TSRemoteGuardPackageCreds(SequenceOf):
    _child_spec = TSRemoteGuardPackageCred


class TSRemoteGuardCreds(Sequence):
    _fields = [
        ("logonCred", TSRemoteGuardPackageCred, {"explicit": 0}),
        ("supplementalCreds", TSRemoteGuardPackageCreds, {"explicit": 1, "optional": True}),
    ]
