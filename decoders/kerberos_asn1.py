"""Kerberos in ASN.1: RFC 4120 5, MS-KILE 2.2, and nothing else."""

from __future__ import annotations

from asn1crypto.core import BitString, GeneralizedTime, GeneralString, Integer, OctetString, Sequence, SequenceOf

from .tables.kerberos import AP_OPTIONS, ENCTYPES, ERRORS, KERB_ERROR_DATA_TYPES, MESSAGE_TYPES, NAME_TYPES, PADATA


class KerberosString(GeneralString):
    pass


class Realm(KerberosString):
    pass


class KerberosTime(GeneralizedTime):
    pass


class NameType(Integer):
    _map = NAME_TYPES


class NameStrings(SequenceOf):
    _child_spec = KerberosString


class PrincipalName(Sequence):
    _fields = [
        ("name-type", NameType, {"explicit": 0}),
        ("name-string", NameStrings, {"explicit": 1}),
    ]


class MessageType(Integer):
    _map = MESSAGE_TYPES


class EncryptionType(Integer):
    _map = ENCTYPES


class EncryptedData(Sequence):
    _fields = [
        ("etype", EncryptionType, {"explicit": 0}),
        ("kvno", Integer, {"explicit": 1, "optional": True}),
        ("cipher", OctetString, {"explicit": 2}),
    ]


class Ticket(Sequence):
    explicit = (1, 1)
    _fields = [
        ("tkt-vno", Integer, {"explicit": 0}),
        ("realm", Realm, {"explicit": 1}),
        ("sname", PrincipalName, {"explicit": 2}),
        ("enc-part", EncryptedData, {"explicit": 3}),
    ]


class APOptions(BitString):
    _map = AP_OPTIONS


class APReq(Sequence):
    explicit = (1, 14)
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("ap-options", APOptions, {"explicit": 2}),
        ("ticket", Ticket, {"explicit": 3}),
        ("authenticator", EncryptedData, {"explicit": 4}),
    ]


class APRep(Sequence):
    explicit = (1, 15)
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("enc-part", EncryptedData, {"explicit": 2}),
    ]


class ErrorCode(Integer):
    _map = ERRORS


class KRBError(Sequence):
    explicit = (1, 30)
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("ctime", KerberosTime, {"explicit": 2, "optional": True}),
        ("cusec", Integer, {"explicit": 3, "optional": True}),
        ("stime", KerberosTime, {"explicit": 4}),
        ("susec", Integer, {"explicit": 5}),
        ("error-code", ErrorCode, {"explicit": 6}),
        ("crealm", Realm, {"explicit": 7, "optional": True}),
        ("cname", PrincipalName, {"explicit": 8, "optional": True}),
        ("realm", Realm, {"explicit": 9}),
        ("sname", PrincipalName, {"explicit": 10}),
        ("e-text", KerberosString, {"explicit": 11, "optional": True}),
        ("e-data", OctetString, {"explicit": 12, "optional": True}),
    ]


class PADataType(Integer):
    _map = PADATA


class PAData(Sequence):
    _fields = [
        ("padata-type", PADataType, {"explicit": 1}),
        ("padata-value", OctetString, {"explicit": 2}),
    ]


class MethodData(SequenceOf):
    _child_spec = PAData


class TypedDataItem(Sequence):
    _fields = [
        ("data-type", PADataType, {"explicit": 0}),
        ("data-value", OctetString, {"explicit": 1, "optional": True}),
    ]


class TypedData(SequenceOf):
    _child_spec = TypedDataItem


class ETypeInfoEntry(Sequence):
    _fields = [
        ("etype", EncryptionType, {"explicit": 0}),
        ("salt", OctetString, {"explicit": 1, "optional": True}),
    ]


class ETypeInfo(SequenceOf):
    _child_spec = ETypeInfoEntry


class ETypeInfo2Entry(Sequence):
    _fields = [
        ("etype", EncryptionType, {"explicit": 0}),
        ("salt", KerberosString, {"explicit": 1, "optional": True}),
        ("s2kparams", OctetString, {"explicit": 2, "optional": True}),
    ]


class ETypeInfo2(SequenceOf):
    _child_spec = ETypeInfo2Entry


class KerbErrorDataType(Integer):
    _map = KERB_ERROR_DATA_TYPES


class KerbErrorData(Sequence):
    _fields = [
        ("data-type", KerbErrorDataType, {"explicit": 1}),
        ("data-value", OctetString, {"explicit": 2, "optional": True}),
    ]
