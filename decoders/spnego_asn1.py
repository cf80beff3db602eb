"""SPNEGO in ASN.1: RFC 4178 4.2, MS-SPNG 2.2.1, and nothing else."""

from __future__ import annotations

from asn1crypto.core import (
    BitString,
    Choice,
    Enumerated,
    GeneralString,
    ObjectIdentifier,
    OctetString,
    Sequence,
    SequenceOf,
)

from .tables.oids import MECHANISMS


class MechType(ObjectIdentifier):
    _map = MECHANISMS


class MechTypeList(SequenceOf):
    _child_spec = MechType


class ContextFlags(BitString):
    _map = {
        0: "delegFlag",
        1: "mutualFlag",
        2: "replayFlag",
        3: "sequenceFlag",
        4: "anonFlag",
        5: "confFlag",
        6: "integFlag",
    }


class NegTokenInit(Sequence):
    _fields = [
        ("mechTypes", MechTypeList, {"explicit": 0}),
        ("reqFlags", ContextFlags, {"explicit": 1, "optional": True}),
        ("mechToken", OctetString, {"explicit": 2, "optional": True}),
        ("mechListMIC", OctetString, {"explicit": 3, "optional": True}),
    ]


class NegHints(Sequence):
    _fields = [
        ("hintName", GeneralString, {"explicit": 0, "optional": True}),
        ("hintAddress", OctetString, {"explicit": 1, "optional": True}),
    ]


class NegTokenInit2(Sequence):
    _fields = [
        ("mechTypes", MechTypeList, {"explicit": 0, "optional": True}),
        ("reqFlags", ContextFlags, {"explicit": 1, "optional": True}),
        ("mechToken", OctetString, {"explicit": 2, "optional": True}),
        ("negHints", NegHints, {"explicit": 3, "optional": True}),
        ("mechListMIC", OctetString, {"explicit": 4, "optional": True}),
    ]


class NegState(Enumerated):
    _map = {0: "accept-completed", 1: "accept-incomplete", 2: "reject", 3: "request-mic"}


class NegTokenResp(Sequence):
    _fields = [
        ("negState", NegState, {"explicit": 0, "optional": True}),
        ("supportedMech", MechType, {"explicit": 1, "optional": True}),
        ("responseToken", OctetString, {"explicit": 2, "optional": True}),
        ("mechListMIC", OctetString, {"explicit": 3, "optional": True}),
    ]


class NegotiationToken(Choice):
    _alternatives = [
        ("negTokenInit", NegTokenInit, {"explicit": 0}),
        ("negTokenResp", NegTokenResp, {"explicit": 1}),
    ]
