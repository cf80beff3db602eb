"""Windows' and later RFCs' authorization data in ASN.1: MS-KILE 2.2.6, RFC 4537 4."""

from __future__ import annotations

from asn1crypto.core import Integer, OctetString, Sequence, SequenceOf

from .kerberos_asn1 import EncryptionType
from .tables.kerberos_more import AD_RESTRICTION


class RestrictionType(Integer):
    _map = AD_RESTRICTION


class KerbAdRestrictionEntry(Sequence):
    _fields = [
        ("restriction-type", RestrictionType, {"explicit": 0}),
        ("restriction", OctetString, {"explicit": 1}),
    ]


class KerbAdRestrictionEntries(SequenceOf):
    _child_spec = KerbAdRestrictionEntry


class EtypeList(SequenceOf):
    _child_spec = EncryptionType
