"""What stands encrypted in Kerberos messages and the types that these share, in ASN.1.

RFC 4120 5.2.5 to 5.2.9 and 5.3 to 5.8, RFC 6806 11, RFC 7751 1 (AD-CAMMAC), RFC 3244 2 (ChangePasswdData).
"""

from __future__ import annotations

from asn1crypto.core import BitString, Choice, Integer, OctetString, Sequence, SequenceOf

from .kerberos_asn1 import EncryptionType, KerberosTime, MethodData, PrincipalName, Realm
from .tables.kerberos_more import (
    ADDRESS_TYPES,
    AUTHORIZATION_DATA_TYPES,
    CHECKSUM_TYPES,
    LAST_REQ_TYPES,
    TICKET_FLAGS,
    TRANSITED_TYPES,
)


class EncryptionKey(Sequence):
    _fields = [
        ("keytype", EncryptionType, {"explicit": 0}),
        ("keyvalue", OctetString, {"explicit": 1}),
    ]


class ChecksumType(Integer):
    _map = CHECKSUM_TYPES


class Checksum(Sequence):
    _fields = [
        ("cksumtype", ChecksumType, {"explicit": 0}),
        ("checksum", OctetString, {"explicit": 1}),
    ]


class AddressType(Integer):
    _map = ADDRESS_TYPES


class HostAddress(Sequence):
    _fields = [
        ("addr-type", AddressType, {"explicit": 0}),
        ("address", OctetString, {"explicit": 1}),
    ]


class HostAddresses(SequenceOf):
    _child_spec = HostAddress


class AuthorizationDataType(Integer):
    _map = AUTHORIZATION_DATA_TYPES


class AuthorizationDataItem(Sequence):
    _fields = [
        ("ad-type", AuthorizationDataType, {"explicit": 0}),
        ("ad-data", OctetString, {"explicit": 1}),
    ]


class AuthorizationData(SequenceOf):
    _child_spec = AuthorizationDataItem


class ADKDCIssued(Sequence):
    _fields = [
        ("ad-checksum", Checksum, {"explicit": 0}),
        ("i-realm", Realm, {"explicit": 1, "optional": True}),
        ("i-sname", PrincipalName, {"explicit": 2, "optional": True}),
        ("elements", AuthorizationData, {"explicit": 3}),
    ]


class ADAndOr(Sequence):
    _fields = [
        ("condition-count", Integer, {"explicit": 0}),
        ("elements", AuthorizationData, {"explicit": 1}),
    ]


class VerifierMac(Sequence):
    _fields = [
        ("identifier", PrincipalName, {"explicit": 0, "optional": True}),
        ("kvno", Integer, {"explicit": 1, "optional": True}),
        ("enctype", EncryptionType, {"explicit": 2, "optional": True}),
        ("mac", Checksum, {"explicit": 3}),
    ]


class Verifier(Choice):
    _alternatives = [("mac", VerifierMac)]


class Verifiers(SequenceOf):
    _child_spec = Verifier


class ADCammac(Sequence):
    _fields = [
        ("elements", AuthorizationData, {"explicit": 0}),
        ("kdc-verifier", VerifierMac, {"explicit": 1, "optional": True}),
        ("svc-verifier", VerifierMac, {"explicit": 2, "optional": True}),
        ("other-verifiers", Verifiers, {"explicit": 3, "optional": True}),
    ]


class TicketFlags(BitString):
    _map = TICKET_FLAGS


class TransitedType(Integer):
    _map = TRANSITED_TYPES


class TransitedEncoding(Sequence):
    _fields = [
        ("tr-type", TransitedType, {"explicit": 0}),
        ("contents", OctetString, {"explicit": 1}),
    ]


class EncTicketPart(Sequence):
    explicit = (1, 3)
    _fields = [
        ("flags", TicketFlags, {"explicit": 0}),
        ("key", EncryptionKey, {"explicit": 1}),
        ("crealm", Realm, {"explicit": 2}),
        ("cname", PrincipalName, {"explicit": 3}),
        ("transited", TransitedEncoding, {"explicit": 4}),
        ("authtime", KerberosTime, {"explicit": 5}),
        ("starttime", KerberosTime, {"explicit": 6, "optional": True}),
        ("endtime", KerberosTime, {"explicit": 7}),
        ("renew-till", KerberosTime, {"explicit": 8, "optional": True}),
        ("caddr", HostAddresses, {"explicit": 9, "optional": True}),
        ("authorization-data", AuthorizationData, {"explicit": 10, "optional": True}),
    ]


class Authenticator(Sequence):
    explicit = (1, 2)
    _fields = [
        ("authenticator-vno", Integer, {"explicit": 0}),
        ("crealm", Realm, {"explicit": 1}),
        ("cname", PrincipalName, {"explicit": 2}),
        ("cksum", Checksum, {"explicit": 3, "optional": True}),
        ("cusec", Integer, {"explicit": 4}),
        ("ctime", KerberosTime, {"explicit": 5}),
        ("subkey", EncryptionKey, {"explicit": 6, "optional": True}),
        ("seq-number", Integer, {"explicit": 7, "optional": True}),
        ("authorization-data", AuthorizationData, {"explicit": 8, "optional": True}),
    ]


class LastReqType(Integer):
    _map = LAST_REQ_TYPES


class LastReqItem(Sequence):
    _fields = [
        ("lr-type", LastReqType, {"explicit": 0}),
        ("lr-value", KerberosTime, {"explicit": 1}),
    ]


class LastReq(SequenceOf):
    _child_spec = LastReqItem


class EncKDCRepPart(Sequence):
    _fields = [
        ("key", EncryptionKey, {"explicit": 0}),
        ("last-req", LastReq, {"explicit": 1}),
        ("nonce", Integer, {"explicit": 2}),
        ("key-expiration", KerberosTime, {"explicit": 3, "optional": True}),
        ("flags", TicketFlags, {"explicit": 4}),
        ("authtime", KerberosTime, {"explicit": 5}),
        ("starttime", KerberosTime, {"explicit": 6, "optional": True}),
        ("endtime", KerberosTime, {"explicit": 7}),
        ("renew-till", KerberosTime, {"explicit": 8, "optional": True}),
        ("srealm", Realm, {"explicit": 9}),
        ("sname", PrincipalName, {"explicit": 10}),
        ("caddr", HostAddresses, {"explicit": 11, "optional": True}),
        ("encrypted-pa-data", MethodData, {"explicit": 12, "optional": True}),
    ]


class EncASRepPart(EncKDCRepPart):
    explicit = (1, 25)


class EncTGSRepPart(EncKDCRepPart):
    explicit = (1, 26)


class EncAPRepPart(Sequence):
    explicit = (1, 27)
    _fields = [
        ("ctime", KerberosTime, {"explicit": 0}),
        ("cusec", Integer, {"explicit": 1}),
        ("subkey", EncryptionKey, {"explicit": 2, "optional": True}),
        ("seq-number", Integer, {"explicit": 3, "optional": True}),
    ]


class EncKrbPrivPart(Sequence):
    explicit = (1, 28)
    _fields = [
        ("user-data", OctetString, {"explicit": 0}),
        ("timestamp", KerberosTime, {"explicit": 1, "optional": True}),
        ("usec", Integer, {"explicit": 2, "optional": True}),
        ("seq-number", Integer, {"explicit": 3, "optional": True}),
        ("s-address", HostAddress, {"explicit": 4}),
        ("r-address", HostAddress, {"explicit": 5, "optional": True}),
    ]


class KrbCredInfo(Sequence):
    _fields = [
        ("key", EncryptionKey, {"explicit": 0}),
        ("prealm", Realm, {"explicit": 1, "optional": True}),
        ("pname", PrincipalName, {"explicit": 2, "optional": True}),
        ("flags", TicketFlags, {"explicit": 3, "optional": True}),
        ("authtime", KerberosTime, {"explicit": 4, "optional": True}),
        ("starttime", KerberosTime, {"explicit": 5, "optional": True}),
        ("endtime", KerberosTime, {"explicit": 6, "optional": True}),
        ("renew-till", KerberosTime, {"explicit": 7, "optional": True}),
        ("srealm", Realm, {"explicit": 8, "optional": True}),
        ("sname", PrincipalName, {"explicit": 9, "optional": True}),
        ("caddr", HostAddresses, {"explicit": 10, "optional": True}),
    ]


class KrbCredInfos(SequenceOf):
    _child_spec = KrbCredInfo


class EncKrbCredPart(Sequence):
    explicit = (1, 29)
    _fields = [
        ("ticket-info", KrbCredInfos, {"explicit": 0}),
        ("nonce", Integer, {"explicit": 1, "optional": True}),
        ("timestamp", KerberosTime, {"explicit": 2, "optional": True}),
        ("usec", Integer, {"explicit": 3, "optional": True}),
        ("s-address", HostAddress, {"explicit": 4, "optional": True}),
        ("r-address", HostAddress, {"explicit": 5, "optional": True}),
    ]


class ChangePasswdData(Sequence):
    _fields = [
        ("newpasswd", OctetString, {"explicit": 0}),
        ("targname", PrincipalName, {"explicit": 1, "optional": True}),
        ("targrealm", Realm, {"explicit": 2, "optional": True}),
    ]
