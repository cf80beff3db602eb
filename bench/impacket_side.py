"""impacket's side of opening a logon: the ticket with a keytab's key, the authenticator with the ticket's, the PAC.

    python bench/impacket_side.py TOKEN KEYTAB

It does what its examples do, and no more: it verifies no signature of the PAC, and what comes out has no place in the
bytes. Run by its path, so that nothing of secctx is imported beside it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from impacket.dcerpc.v5.rpcrt import TypeSerialization1
from impacket.krb5 import asn1, pac
from impacket.krb5.crypto import Key, decrypt
from impacket.krb5.keytab import Keytab
from impacket.ldap.ldaptypes import LDAP_SID
from impacket.spnego import SPNEGO_NegTokenInit
from pyasn1.codec.der.decoder import decode

Fields = dict[str, Any]

#: Behind the object identifier of Kerberos: the token id of an AP-REQ and the message's own tag.
_AP_REQ: Final = b"\x01\x00\x6e"
_TICKET_USAGE, _AUTHENTICATOR_USAGE = 2, 11
_WIN2K_PAC: Final = 128
_PACTYPE_SIZE: Final = 8
_UPN_EXTENDED: Final = 2
_SIGNATURES: Final = (pac.PAC_SERVER_CHECKSUM, pac.PAC_PRIVSVR_CHECKSUM, 16, 19)


def open_logon(token: bytes, keytab: Keytab) -> Fields:
    """The client, the service, and the buffers of the PAC of a NegTokenInit with an AP-REQ."""
    inner = SPNEGO_NegTokenInit(token)["MechToken"]
    request = decode(inner[inner.index(_AP_REQ) + 2 :], asn1Spec=asn1.AP_REQ())[0]
    ticket, sealed = request["ticket"], request["authenticator"]
    service = "/".join(str(part) for part in ticket["sname"]["name-string"]) + f"@{ticket['realm']}"
    etype = int(ticket["enc-part"]["etype"])
    key = Key(etype, keytab.getKey(service, etype)["keyvalue"]["data"])
    plain = decrypt(key, _TICKET_USAGE, ticket["enc-part"]["cipher"].asOctets())
    part = decode(plain, asn1Spec=asn1.EncTicketPart())[0]
    session = Key(int(part["key"]["keytype"]), part["key"]["keyvalue"].asOctets())
    plain = decrypt(session, _AUTHENTICATOR_USAGE, sealed["cipher"].asOctets())
    authenticator = decode(plain, asn1Spec=asn1.Authenticator())[0]
    client = "/".join(str(name) for name in authenticator["cname"]["name-string"]) + f"@{authenticator['crealm']}"
    return {"client": client, "service": service, "pac": [open_pac(data) for data in _pacs(part)]}


def _pacs(part: Any) -> Iterator[bytes]:
    for outer in part["authorization-data"]:
        for item in decode(outer["ad-data"].asOctets(), asn1Spec=asn1.AD_IF_RELEVANT())[0]:
            if int(item["ad-type"]) == _WIN2K_PAC:
                yield item["ad-data"].asOctets()


def open_pac(data: bytes) -> list[Fields]:
    """What the buffers of a PAC hold, those that impacket knows."""
    held = pac.PACTYPE(data)
    table, found = held["Buffers"], []
    for _ in range(held["cBuffers"]):
        info = pac.PAC_INFO_BUFFER(table)
        start = info["Offset"] - _PACTYPE_SIZE
        found.append(_buffer(info["ulType"], held["Buffers"][start : start + info["cbBufferSize"]]))
        table = table[len(info) :]
    return found


def _buffer(kind: int, data: bytes) -> Fields:
    if kind == pac.PAC_LOGON_INFO:
        return _logon(data)
    if kind == pac.PAC_CLIENT_INFO_TYPE:
        return {"name": pac.PAC_CLIENT_INFO(data)["Name"].decode("utf-16-le")}
    if kind == pac.PAC_UPN_DNS_INFO:
        return _upn(data)
    if kind in _SIGNATURES:
        own = pac.PAC_SIGNATURE_DATA(data)
        return {"type": own["SignatureType"], "signature": own["Signature"].hex()}
    if kind == pac.PAC_REQUESTOR_INFO:
        return {"sid": pac.PAC_REQUESTOR(data)["UserSid"].formatCanonical()}
    if kind == pac.PAC_ATTRIBUTES_INFO:
        return {"flags": pac.PAC_ATTRIBUTE_INFO(data)["Flags"]}
    return {"unknown": kind}


def _logon(data: bytes) -> Fields:
    stream = data[len(TypeSerialization1(data)) + 4 :]
    info = pac.KERB_VALIDATION_INFO()
    info.fromString(stream)
    info.fromStringReferents(stream[len(info.getData()) :])
    return {
        "name": info["EffectiveName"],
        "domain": info["LogonDomainId"].formatCanonical(),
        "user": info["UserId"],
        "groups": [(group["RelativeId"], group["Attributes"]) for group in info["GroupIds"]],
        "sids": [one["Sid"].formatCanonical() for one in info["ExtraSids"]],
    }


def _upn(data: bytes) -> Fields:
    info = pac.UPN_DNS_INFO(data)

    def text(what: str) -> str:
        at = info[f"{what}Offset"]
        return bytes(data[at : at + info[f"{what}Length"]]).decode("utf-16-le")

    found = {"upn": text("Upn"), "domain": text("DnsDomainName")}
    if info["Flags"] & _UPN_EXTENDED:
        info = pac.UPN_DNS_INFO_FULL(data)
        sid = data[info["SidOffset"] : info["SidOffset"] + info["SidLength"]]
        found |= {"sam": text("SamName"), "sid": LDAP_SID(sid).formatCanonical()}
    return found


if __name__ == "__main__":
    print(json.dumps(open_logon(Path(sys.argv[1]).read_bytes(), Keytab.loadFile(sys.argv[2]))))
