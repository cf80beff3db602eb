"""The messages to and from the KDC and those that carry data, in ASN.1 (RFC 4120 5.4, 5.6 to 5.8).

With the two of user-to-user authentication, which have no APPLICATION tag (draft-ietf-cat-user2user-02, MS-KILE 2.2).
"""

from __future__ import annotations

from asn1crypto.core import BitString, Integer, OctetString, Sequence, SequenceOf

from .kerberos_asn1 import (
    EncryptedData,
    EncryptionType,
    KerberosTime,
    MessageType,
    MethodData,
    PrincipalName,
    Realm,
    Ticket,
)
from .kerberos_parts_asn1 import Checksum, HostAddress, HostAddresses
from .tables.kerberos_more import KDC_OPTIONS


class KDCOptions(BitString):
    _map = KDC_OPTIONS


class EncryptionTypes(SequenceOf):
    _child_spec = EncryptionType


class Tickets(SequenceOf):
    _child_spec = Ticket


class KDCReqBody(Sequence):
    _fields = [
        ("kdc-options", KDCOptions, {"explicit": 0}),
        ("cname", PrincipalName, {"explicit": 1, "optional": True}),
        ("realm", Realm, {"explicit": 2}),
        ("sname", PrincipalName, {"explicit": 3, "optional": True}),
        ("from", KerberosTime, {"explicit": 4, "optional": True}),
        ("till", KerberosTime, {"explicit": 5}),
        ("rtime", KerberosTime, {"explicit": 6, "optional": True}),
        ("nonce", Integer, {"explicit": 7}),
        ("etype", EncryptionTypes, {"explicit": 8}),
        ("addresses", HostAddresses, {"explicit": 9, "optional": True}),
        ("enc-authorization-data", EncryptedData, {"explicit": 10, "optional": True}),
        ("additional-tickets", Tickets, {"explicit": 11, "optional": True}),
    ]


class KDCReq(Sequence):
    _fields = [
        ("pvno", Integer, {"explicit": 1}),
        ("msg-type", MessageType, {"explicit": 2}),
        ("padata", MethodData, {"explicit": 3, "optional": True}),
        ("req-body", KDCReqBody, {"explicit": 4}),
    ]


class ASReq(KDCReq):
    explicit = (1, 10)


class TGSReq(KDCReq):
    explicit = (1, 12)


class KDCRep(Sequence):
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("padata", MethodData, {"explicit": 2, "optional": True}),
        ("crealm", Realm, {"explicit": 3}),
        ("cname", PrincipalName, {"explicit": 4}),
        ("ticket", Ticket, {"explicit": 5}),
        ("enc-part", EncryptedData, {"explicit": 6}),
    ]


class ASRep(KDCRep):
    explicit = (1, 11)


class TGSRep(KDCRep):
    explicit = (1, 13)


class KRBSafeBody(Sequence):
    _fields = [
        ("user-data", OctetString, {"explicit": 0}),
        ("timestamp", KerberosTime, {"explicit": 1, "optional": True}),
        ("usec", Integer, {"explicit": 2, "optional": True}),
        ("seq-number", Integer, {"explicit": 3, "optional": True}),
        ("s-address", HostAddress, {"explicit": 4}),
        ("r-address", HostAddress, {"explicit": 5, "optional": True}),
    ]


class KRBSafe(Sequence):
    explicit = (1, 20)
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("safe-body", KRBSafeBody, {"explicit": 2}),
        ("cksum", Checksum, {"explicit": 3}),
    ]


class KRBPriv(Sequence):
    explicit = (1, 21)
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("enc-part", EncryptedData, {"explicit": 3}),
    ]


class KRBCred(Sequence):
    explicit = (1, 22)
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("tickets", Tickets, {"explicit": 2}),
        ("enc-part", EncryptedData, {"explicit": 3}),
    ]


class TGTReq(Sequence):
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("server-name", PrincipalName, {"explicit": 2, "optional": True}),
        ("realm", Realm, {"explicit": 3, "optional": True}),
    ]


class TGTRep(Sequence):
    _fields = [
        ("pvno", Integer, {"explicit": 0}),
        ("msg-type", MessageType, {"explicit": 1}),
        ("ticket", Ticket, {"explicit": 2}),
    ]
