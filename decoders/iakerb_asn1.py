"""IAKERB in ASN.1 (draft-ietf-kitten-iakerb-03 3)."""

from __future__ import annotations

from asn1crypto.core import BitString, OctetString, Sequence, UTF8String

from .kerberos_parts_asn1 import Checksum
from .tables.iakerb import HEADER_FLAGS


class HeaderFlags(BitString):
    """Sent by Windows, and in no version of the draft."""

    _map = HEADER_FLAGS


class IAKERBHeader(Sequence):
    _fields = [
        ("target-realm", UTF8String, {"explicit": 1}),
        ("cookie", OctetString, {"explicit": 2, "optional": True}),
        ("header-flags", HeaderFlags, {"explicit": 3, "optional": True}),
    ]


class IAKERBHeaderOctets(Sequence):
    """The header of draft-zhu-ws-kerb, which MIT krb5 sends before 1.22."""

    _fields = [
        ("target-realm", OctetString, {"explicit": 1}),
        ("cookie", OctetString, {"explicit": 2, "optional": True}),
    ]


class IAKERBFinished(Sequence):
    """In the authenticator's checksum (3.3); KRB-FINISHED in the earlier drafts."""

    _fields = [("gss-mic", Checksum, {"explicit": 1})]
