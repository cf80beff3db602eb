"""Of CMS as much as leads to what is signed, and names who signed it and for whom it is encrypted (RFC 5652)."""

from __future__ import annotations

from asn1crypto.core import Any, Choice, Integer, ObjectIdentifier, OctetString, Sequence, SetOf

from .pkinit_asn1 import AlgorithmIdentifier, Certificates
from .tables.preauth import ATTRIBUTES, CONTENT_TYPES


class ContentType(ObjectIdentifier):
    _map = CONTENT_TYPES


class AlgorithmSet(SetOf):
    _child_spec = AlgorithmIdentifier


class EncapsulatedContentInfo(Sequence):
    _fields = [
        ("eContentType", ContentType),
        ("eContent", OctetString, {"explicit": 0, "optional": True}),
    ]


class IssuerAndSerialNumber(Sequence):
    _fields = [("issuer", Any), ("serialNumber", Integer)]


class SignerIdentifier(Choice):
    _alternatives = [
        ("issuerAndSerialNumber", IssuerAndSerialNumber),
        ("subjectKeyIdentifier", OctetString, {"implicit": 0}),
    ]


class AttributeType(ObjectIdentifier):
    _map = ATTRIBUTES


class AttributeValues(SetOf):
    _child_spec = Any


class Attribute(Sequence):
    _fields = [("attrType", AttributeType), ("attrValues", AttributeValues)]


class Attributes(SetOf):
    _child_spec = Attribute


class SignerInfo(Sequence):
    _fields = [
        ("version", Integer),
        ("sid", SignerIdentifier),
        ("digestAlgorithm", AlgorithmIdentifier),
        ("signedAttrs", Attributes, {"implicit": 0, "optional": True}),
        ("signatureAlgorithm", AlgorithmIdentifier),
        ("signature", OctetString),
        ("unsignedAttrs", Attributes, {"implicit": 1, "optional": True}),
    ]


class SignerInfos(SetOf):
    _child_spec = SignerInfo


class SignedData(Sequence):
    _fields = [
        ("version", Integer),
        ("digestAlgorithms", AlgorithmSet),
        ("encapContentInfo", EncapsulatedContentInfo),
        ("certificates", Certificates, {"implicit": 0, "optional": True}),
        ("crls", Certificates, {"implicit": 1, "optional": True}),
        ("signerInfos", SignerInfos),
    ]


class SignedContent(Sequence):
    """ContentInfo of the type id-signedData."""

    _fields = [("contentType", ContentType), ("content", SignedData, {"explicit": 0})]


class EncryptedContentInfo(Sequence):
    _fields = [
        ("contentType", ContentType),
        ("contentEncryptionAlgorithm", AlgorithmIdentifier),
        ("encryptedContent", OctetString, {"implicit": 0, "optional": True}),
    ]


class EnvelopedData(Sequence):
    _fields = [
        ("version", Integer),
        ("originatorInfo", Certificates, {"implicit": 0, "optional": True}),
        ("recipientInfos", Certificates),
        ("encryptedContentInfo", EncryptedContentInfo),
        ("unprotectedAttrs", Attributes, {"implicit": 1, "optional": True}),
    ]


class EnvelopedContent(Sequence):
    """ContentInfo of the type id-envelopedData."""

    _fields = [("contentType", ContentType), ("content", EnvelopedData, {"explicit": 0})]
