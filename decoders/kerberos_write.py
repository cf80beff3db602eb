"""Writes an acceptor's Kerberos messages, with the grammar that reads them (RFC 4120 5.5 and 5.9, RFC 4121 4.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from .encoding import tagged
from .tables.oids import KRB5

AP_REP_ID: Final = b"\x02\x00"
ERROR_ID: Final = b"\x03\x00"
TGT_REP_ID: Final = b"\x04\x01"

#: RFC 4120 7.5.7.
_AP_REP: Final = 15
_KRB_ERROR: Final = 30
_TGT_REP: Final = 17
_PVNO: Final = 5
#: MS-KILE 2.2.1: KERB_AP_ERR_TYPE_SKEW_RECOVERY.
_SKEW_RECOVERY: Final = 2


def framed(token_id: bytes, message: bytes, mech: str = KRB5) -> bytes:
    """A GSS-API token of Kerberos (RFC 4121 4.1): framing, mechanism, token id, message."""
    from asn1crypto.core import ObjectIdentifier

    return tagged(0x60, ObjectIdentifier(mech).dump() + token_id + message)


def enc_ap_rep_part(ctime: datetime, cusec: int, subkey: tuple[int, bytes] | None, seq_number: int | None) -> bytes:
    """EncAPRepPart: the authenticator's own time, the acceptor's subkey as (keytype, keyvalue) and sequence number."""
    from .kerberos_parts_asn1 import EncAPRepPart

    value: dict[str, Any] = {
        "ctime": ctime,
        "cusec": cusec,
        "subkey": None if subkey is None else {"keytype": subkey[0], "keyvalue": subkey[1]},
        "seq-number": seq_number,
    }
    return _dump(EncAPRepPart, value)


def ap_rep(etype: int, cipher: bytes) -> bytes:
    """KRB-AP-REP around an encrypted part."""
    from .kerberos_asn1 import APRep

    return _dump(APRep, {"pvno": _PVNO, "msg-type": _AP_REP, "enc-part": {"etype": etype, "cipher": cipher}})


def krb_error(
    code: int,
    stime: datetime,
    susec: int,
    realm: bytes,
    sname: bytes,
    *,
    ctime: datetime | None = None,
    cusec: int | None = None,
    e_data: bytes | None = None,
) -> bytes:
    """KRB-ERROR of a service: `realm` and `sname` in DER as the ticket has them, `susec` in microseconds."""
    from .kerberos_asn1 import KRBError, PrincipalName, Realm

    value: dict[str, Any] = {
        "pvno": _PVNO,
        "msg-type": _KRB_ERROR,
        "ctime": ctime,
        "cusec": cusec,
        "stime": stime,
        "susec": susec,
        "error-code": code,
        "realm": Realm.load(realm),
        "sname": PrincipalName.load(sname),
        "e-data": e_data,
    }
    return _dump(KRBError, value)


def skew_recovery() -> bytes:
    """KERB-ERROR-DATA that says: try again with the clock of this error's stime (MS-KILE 2.2.1)."""
    from .kerberos_asn1 import KerbErrorData

    return _dump(KerbErrorData, {"data-type": _SKEW_RECOVERY})


def tgt_rep(ticket: bytes) -> bytes:
    """KERB-TGT-REPLY (user-to-user): the acceptor's own ticket-granting ticket."""
    from .kdc_asn1 import TGTRep
    from .kerberos_asn1 import Ticket

    return _dump(TGTRep, {"pvno": _PVNO, "msg-type": _TGT_REP, "ticket": Ticket.load(ticket)})


def _dump(cls: Any, value: dict[str, Any]) -> bytes:
    """DER of a value; what is None is left out. Enumerated numbers are given as numbers."""
    made = cls()
    for name, part in value.items():
        if part is None:
            continue
        if isinstance(part, datetime):
            part = part.replace(microsecond=0)
        made[name] = part
    encoded: bytes = made.dump()
    return encoded
