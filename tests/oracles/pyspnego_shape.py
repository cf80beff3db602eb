"""Our document of a token in the shape that `python -m spnego` (pyspnego's `parse_token`) prints.

The shape is made from `secctx.decode/1` alone: each value, name and span in it is ours, so that comparing it with what
pyspnego makes of the same bytes, or with what its tests assert, compares the two decoders field by field.
"""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

#: Where pyspnego calls a thing otherwise than RFC 4178, MS-NLMP and IANA do; the left is ours.
NAMES = {
    "accept-completed": "accept-complete",  # RFC 4178 4.2.2 has accept-completed
    "Kerberos user-to-user": "Kerberos User to User",
    "Kerberos (first draft)": "Kerberos (draft)",
    "NTLM_NEGOTIATE_OEM": "NTLMSSP_NEGOTIATE_OEM",  # MS-NLMP 2.2.2.5 B has NTLM_
    "r6": "NTLMSSP_TARGET_TYPE_SHARE - R6",
    "r7": "NTLMSSP_NEGOTIATE_LOCAL_CALL - R7",
    "r10": "NTLMSSP_NEGOTIATE_NETWARE - R10",
    "NTLMSSP_ANONYMOUS": "NTLMSSP_ANOYNMOUS",
    "DES3_CBC_SHA1_KD": "DES3_CBC_SHA1",
    "cname-in-addl-tkt": "constrained-delegation",
    None: "UNKNOWN",
}


def shape(document: Json, data: bytes) -> Json:
    """What `parse_token` would print of the token `data`, whose document (with spans) is given."""
    return _token(document, data, document["spans"], "", 0, len(data))


def _token(token: Json, data: bytes, spans: Json, path: str, start: int, stop: int) -> Json:
    fields = token["fields"]
    if "thisMech" not in fields:
        return _message(token, data, spans, path, start, stop)
    inner = spans[_join(path, "thisMech")][1]
    return {
        "MessageType": "SPNEGO InitialContextToken",
        "Data": {
            "thisMech": _oid(fields["thisMech"]),
            "innerContextToken": _message(token, data, spans, path, inner, stop),
        },
        "RawData": _hex(data[start:stop]),
    }


def _message(token: Json, data: bytes, spans: Json, path: str, start: int, stop: int) -> Json:
    fields, message = token["fields"], token["message"]
    label, read = MESSAGES.get((token["mechanism"], message), (None, None))
    if read is None:
        return {"MessageType": f"not read: {message}", "Data": None, "RawData": _hex(data[start:stop])}
    if label is None:
        label = f"{message} ({fields['msg-type' if token['mechanism'] == 'Kerberos' else 'MessageType']['value']})"
    return {
        "MessageType": label,
        "Data": read(fields, lambda name: _bytes_or_token(fields, name, data, spans, path)),
        "RawData": _hex(data[start:stop]),
    }


def _bytes_or_token(fields: Json, name: str, data: bytes, spans: Json, path: str) -> Any:
    """The field that holds a token or another structure: the token opened where we did, else its bytes.

    `name` may be a path, `padata[0].padata-value`.
    """
    value: Any = fields
    for step in re.findall(r"[^.\[\]]+", name):
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    if value is None:
        return None
    start, stop = spans[_join(path, name)]
    if isinstance(value, list) or (isinstance(value, dict) and "mechanism" not in value):
        return {"RawData": _hex(data[start:stop])}
    if isinstance(value, dict):
        return _token(value, data, spans, _join(path, name), start, stop)
    return {"MessageType": "not read: no token", "Data": None, "RawData": value.upper()}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _hex(data: bytes | str | None) -> str | None:
    if data is None:
        return None
    return (data if isinstance(data, str) else data.hex()).upper()


def _named(name: str | None, value: Any) -> str:
    return f"{NAMES.get(name, name)} ({value})"


def _enum(value: Json | None) -> str | None:
    return None if value is None else _named(value["name"], value["value"])


def _oid(value: Json) -> str:
    return _named(value["name"], value["oid"])


def _etype(value: Json) -> str:
    """IANA writes aes256-cts-hmac-sha1-96, pyspnego AES256_CTS_HMAC_SHA1_96."""
    name = value["name"].upper().replace("-", "_") if value["name"] else None
    return _named(name, value["value"])


def _bits(value: Json, numbers: dict[str, int]) -> Json:
    return {"raw": value["value"], "flags": [_named(name, numbers[name]) for name in value["names"]]}


def _mic(fields: Json, opened: Any) -> str | None:
    mic = fields.get("mechListMIC")
    return opened("mechListMIC")["RawData"] if mic is not None else None


def _neg_token_init(fields: Json, opened: Any) -> Json:
    shape: Json = {
        "mechTypes": [_oid(mech) for mech in fields.get("mechTypes", [])] or None,
        "reqFlags": fields.get("reqFlags"),
        "mechToken": opened("mechToken"),
        "mechListMIC": _mic(fields, opened),
    }
    if "negHints" in fields:
        hints = fields["negHints"]
        shape["negHints"] = {"hintName": hints.get("hintName"), "hintAddress": hints.get("hintAddress")}
    return shape


def _neg_token_resp(fields: Json, opened: Any) -> Json:
    mech = fields.get("supportedMech")
    return {
        "negState": _enum(fields.get("negState")),
        "supportedMech": None if mech is None else _oid(mech),
        "responseToken": opened("responseToken"),
        "mechListMIC": _mic(fields, opened),
    }


def _encrypted(value: Json) -> Json:
    return {"etype": _etype(value["etype"]), "kvno": value.get("kvno"), "cipher": _hex(value["cipher"])}


def _principal(value: Json | None) -> Json | None:
    if value is None:
        return None
    return {"name-type": _enum(value["name-type"]), "name-string": value["name-string"]}


def _time(value: str | None) -> str | None:
    return None if value is None else value.replace("Z", "+00:00")


def _ap_req(fields: Json, opened: Any) -> Json:
    return {
        "pvno": fields["pvno"],
        "msg-type": _enum(fields["msg-type"]),
        "ap-options": _ap_options(fields["ap-options"]),
        "ticket": _ticket(fields["ticket"]),
        "authenticator": _encrypted(fields["authenticator"]),
    }


def _ticket(ticket: Json) -> Json:
    return {
        "tkt-vno": ticket["tkt-vno"],
        "realm": ticket["realm"],
        "sname": _principal(ticket["sname"]),
        "enc-part": _encrypted(ticket["enc-part"]),
    }


def _ap_options(value: Json) -> Json:
    """pyspnego reads the bits in the other byte order: 0x20000000 is 32 there."""
    numbers = {"reserved": 0x80, "use-session-key": 0x40, "mutual-required": 0x20}
    turned = int.from_bytes(value["value"].to_bytes(4, "big"), "little")
    named = [name for name in value["names"] if name in numbers]
    return _bits({"value": turned, "names": named}, numbers)


def _ap_rep(fields: Json, opened: Any) -> Json:
    return {
        "pvno": fields["pvno"],
        "msg-type": _enum(fields["msg-type"]),
        "enc-part": _encrypted(fields["enc-part"]),
    }


def _kdc_req(fields: Json, opened: Any) -> Json:
    body = fields["req-body"]
    addresses, tickets = body.get("addresses"), body.get("additional-tickets")
    return {
        "pvno": fields["pvno"],
        "msg-type": _enum(fields["msg-type"]),
        "padata": _all_padata(fields, opened),
        "req-body": {
            "kdc-options": _kdc_options(body["kdc-options"]),
            "cname": _principal(body.get("cname")),
            "realm": body["realm"],
            "sname": _principal(body.get("sname")),
            "from": _time(body.get("from")),
            "till": _time(body["till"]),
            "rtime": _time(body.get("rtime")),
            "nonce": body["nonce"],
            "etype": [_etype(etype) for etype in body["etype"]],
            "addresses": None if addresses is None else [_address(address) for address in addresses],
            "enc-authorization-data": _encrypted(body["enc-authorization-data"])
            if "enc-authorization-data" in body
            else None,
            "additional-tickets": None if tickets is None else [_ticket(ticket) for ticket in tickets],
        },
    }


def _kdc_rep(fields: Json, opened: Any) -> Json:
    return {
        "pvno": fields["pvno"],
        "msg-type": _enum(fields["msg-type"]),
        "padata": _all_padata(fields, opened),
        "crealm": fields["crealm"],
        "cname": _principal(fields["cname"]),
        "ticket": _ticket(fields["ticket"]),
        "enc-part": _encrypted(fields["enc-part"]),
    }


def _kdc_options(value: Json) -> Json:
    masks = [1 << bit for bit in range(31, -1, -1) if value["value"] >> bit & 1]
    names = [name.replace("bit ", "unused") for name in value["names"]]
    return {
        "raw": value["value"],
        "flags": [_named(name, mask) for name, mask in zip(names, masks, strict=True)],
    }


def _address(value: Json) -> Json:
    """pyspnego shows the bytes of an address as text."""
    return {
        "addr-type": _enum(value["addr-type"]),
        "address": bytes.fromhex(value["address"]).decode("utf-8", "replace"),
    }


def _all_padata(fields: Json, opened: Any) -> list[Json] | None:
    """pyspnego opens PA-TGS-REQ, PA-ENC-TIMESTAMP and PA-ETYPE-INFO2, and shows the others as bytes."""
    if "padata" not in fields:
        return None
    found = []
    for index, item in enumerate(fields["padata"]):
        value, there = item["padata-value"], opened(f"padata[{index}].padata-value")
        match item["padata-type"]["value"]:
            case 1:
                shown = there["Data"]
            case 2:
                shown = _encrypted(value)
            case 19:
                shown = [_etype_info2(entry) for entry in value]
            case _:
                shown = there["RawData"]
        found.append({"padata-type": _enum(item["padata-type"]), "padata-value": shown})
    return found


def _etype_info2(entry: Json) -> Json:
    salt = entry.get("salt")
    return {
        "etype": _etype(entry["etype"]),
        "salt": None if salt is None else _hex(salt.encode()),
        "s2kparams": _hex(entry.get("s2kparams")),
    }


def _krb_error(fields: Json, opened: Any) -> Json:
    e_data = opened("e-data")
    return {
        "pvno": fields["pvno"],
        "msg-type": _enum(fields["msg-type"]),
        "ctime": _time(fields.get("ctime")),
        "cusec": fields.get("cusec"),
        "stime": _time(fields["stime"]),
        "susec": fields["susec"],
        "error-code": _enum(fields["error-code"]),
        "crealm": fields.get("crealm"),
        "cname": _principal(fields.get("cname")),
        "realm": fields["realm"],
        "sname": _principal(fields["sname"]),
        "e-text": fields.get("e-text"),
        "e-data": None if e_data is None else e_data["RawData"],
    }


def _buffer(fields: Json, base: str) -> Json | None:
    """A descriptor; None where the message is of an old form that ends before it."""
    value = fields.get(f"{base}Fields")
    if value is None:
        return None
    return {
        "Len": value[f"{base}Len"],
        "MaxLen": value[f"{base}MaxLen"],
        "BufferOffset": value[f"{base}BufferOffset"],
    }


def _flags(value: Json | None) -> Json | None:
    if value is None:
        return None
    named = {name: _reserved(name) for name in value["names"]}
    bits = [1 << bit for bit in range(32) if value["value"] >> bit & 1]
    return {"raw": value["value"], "flags": [_named(named[n], b) for n, b in zip(value["names"], bits, strict=True)]}


def _reserved(name: str) -> str:
    return f"NTLMSSP_RESERVED_{name.upper()}" if re.fullmatch("r[1-589]", name) else name


def _version(fields: Json) -> Json | None:
    value = fields.get("Version")
    if value is None:
        return None
    return {
        "Major": value["ProductMajorVersion"],
        "Minor": value["ProductMinorVersion"],
        "Build": value["ProductBuild"],
        "Reserved": _hex(value["Reserved"]),
        "NTLMRevision": value["NTLMRevisionCurrent"]["value"],
    }


def _pairs(pairs: list[Json] | None) -> list[Json] | None:
    return None if pairs is None else [_pair(pair) for pair in pairs]


def _pair(pair: Json) -> Json:
    """MsvAvNbDomainName is MSV_AV_NB_DOMAIN_NAME there."""
    name = pair["AvId"]["name"]
    if name is not None:
        name = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).upper().replace("MSV_AV_EOL", "MSV_AV_EOL")
    number, value = pair["AvId"]["value"], pair.get("Value")
    if number == 6:
        masks = {"AUTHENTICATION_CONSTRAINED": 1, "MIC_PROVIDED": 2, "UNTRUSTED_SPN_SOURCE": 4}
        value = _bits(value, masks)
    elif number == 7:
        value = filetime(value)
    elif number == 8:
        value = {
            "Size": value["Size"],
            "Z4": value["Z4"],
            "CustomData": _hex(value["CustomData"]),
            "MachineId": _hex(value["MachineID"]),
        }
    elif number == 10:
        value = _hex(value)
    return {"AvId": _named(name, number), "Value": value}


def filetime(text: str) -> str:
    """pyspnego leaves out a fraction of zero, and the last digit where it is zero."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    if not fraction.strip("0"):
        return f"{head}Z"
    return f"{head}.{fraction.removesuffix('0')}Z"


def _ntlm_negotiate(fields: Json, opened: Any) -> Json:
    return {
        "NegotiateFlags": _flags(fields["NegotiateFlags"]),
        "DomainNameFields": _buffer(fields, "DomainName"),
        "WorkstationFields": _buffer(fields, "Workstation"),
        "Version": _version(fields),
        "Payload": {"DomainName": fields.get("DomainName"), "Workstation": fields.get("WorkstationName")},
    }


def _ntlm_challenge(fields: Json, opened: Any) -> Json:
    return {
        "TargetNameFields": _buffer(fields, "TargetName"),
        "NegotiateFlags": _flags(fields["NegotiateFlags"]),
        "ServerChallenge": _hex(fields["ServerChallenge"]),
        "Reserved": _hex(fields.get("Reserved")),
        "TargetInfoFields": _buffer(fields, "TargetInfo"),
        "Version": _version(fields),
        "Payload": {"TargetName": fields.get("TargetName"), "TargetInfo": _pairs(fields.get("TargetInfo"))},
    }


def _ntlm_authenticate(fields: Json, opened: Any) -> Json:
    buffers = (
        "LmChallengeResponse",
        "NtChallengeResponse",
        "DomainName",
        "UserName",
        "Workstation",
        "EncryptedRandomSessionKey",
    )
    nt = fields.get("NtChallengeResponse")
    return {
        **{f"{base}Fields": _buffer(fields, base) for base in buffers},
        "NegotiateFlags": _flags(fields.get("NegotiateFlags")),
        "Version": _version(fields),
        "MIC": _hex(fields.get("MIC")),
        "Payload": {
            "LmChallengeResponse": _lm(fields.get("LmChallengeResponse"), nt),
            "NtChallengeResponse": _nt(nt),
            "DomainName": fields.get("DomainName"),
            "UserName": fields.get("UserName"),
            "Workstation": fields.get("Workstation"),
            "EncryptedRandomSessionKey": _hex(fields.get("EncryptedRandomSessionKey")),
        },
    }


def _lm(value: Any, nt: Json | None) -> Json | None:
    if value is None:
        return None
    whole = value if isinstance(value, str) else "".join(value.values())
    if nt is not None and "NTLMv2_CLIENT_CHALLENGE" in nt:
        return {"ResponseType": "LMv2", "LMProofStr": _hex(whole[:32]), "ChallengeFromClient": _hex(whole[32:])}
    return {"ResponseType": "LMv1", "LMProofStr": _hex(whole)}


def _nt(value: Json | None) -> Json | None:
    if value is None:
        return None
    blob = value.get("NTLMv2_CLIENT_CHALLENGE")
    if blob is None:
        return {"ResponseType": "NTLMv1", "NTProofStr": _hex(value["Response"])}
    return {
        "ResponseType": "NTLMv2",
        "NTProofStr": _hex(value["Response"]),
        "ClientChallenge": {
            "RespType": blob["RespType"],
            "HiRespType": blob["HiRespType"],
            "Reserved1": blob["Reserved1"],
            "Reserved2": blob["Reserved2"],
            "TimeStamp": filetime(blob["TimeStamp"]),
            "ChallengeFromClient": _hex(blob["ChallengeFromClient"]),
            "Reserved3": blob["Reserved3"],
            "AvPairs": _pairs(blob["AvPairs"]),
            "Reserved4": int.from_bytes(bytes.fromhex(blob["Z4"]), "little") if "Z4" in blob else None,
        },
    }


#: Mechanism and message: pyspnego's name where it is a fixed one, and what makes its "Data".
MESSAGES: dict[tuple[str, str], tuple[str | None, Any]] = {
    ("SPNEGO", "NegTokenInit"): ("SPNEGO NegTokenInit", _neg_token_init),
    ("SPNEGO", "NegTokenInit2"): ("SPNEGO NegTokenInit2", _neg_token_init),
    ("SPNEGO", "NegTokenResp"): ("SPNEGO NegTokenResp", _neg_token_resp),
    ("Kerberos", "AP-REQ"): (None, _ap_req),
    ("Kerberos", "AP-REP"): (None, _ap_rep),
    ("Kerberos", "AS-REQ"): (None, _kdc_req),
    ("Kerberos", "AS-REP"): (None, _kdc_rep),
    ("Kerberos", "TGS-REQ"): (None, _kdc_req),
    ("Kerberos", "TGS-REP"): (None, _kdc_rep),
    ("Kerberos", "KRB-ERROR"): (None, _krb_error),
    ("NTLM", "NEGOTIATE_MESSAGE"): (None, _ntlm_negotiate),
    ("NTLM", "CHALLENGE_MESSAGE"): (None, _ntlm_challenge),
    ("NTLM", "AUTHENTICATE_MESSAGE"): (None, _ntlm_authenticate),
}
