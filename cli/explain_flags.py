"""Flag masks and single flags by name: SSPI on both sides, GSS-API, NTLM; and object identifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from secctx.acceptor import flags
from secctx.acceptor.tables import flags as tables
from secctx.decoders.tables import ntlm, oids

from .explain_reading import NOTE, Reading

#: MS-NLMP 2.2.2.5, for whoever reads a CHALLENGE or an AUTHENTICATE.
NTLM_TEXTS: Final[dict[str, str]] = {
    "NTLMSSP_NEGOTIATE_UNICODE": "names are in UTF-16",
    "NTLM_NEGOTIATE_OEM": "names may be in the machine's OEM code page",
    "NTLMSSP_REQUEST_TARGET": "the server is to name its domain or itself",
    "NTLMSSP_NEGOTIATE_SIGN": "messages can be signed afterwards: ASC_RET_INTEGRITY",
    "NTLMSSP_NEGOTIATE_SEAL": "messages can be encrypted afterwards: ASC_RET_CONFIDENTIALITY",
    "NTLMSSP_NEGOTIATE_DATAGRAM": "connectionless NTLM; gone since Windows 7",
    "NTLMSSP_NEGOTIATE_LM_KEY": "weak LM session keys; ignored where extended session security is set",
    "NTLMSSP_NEGOTIATE_NTLM": "NTLM responses, version 1 or 2; always set",
    "NTLMSSP_ANONYMOUS": "the client is anonymous",
    "NTLMSSP_NEGOTIATE_OEM_DOMAIN_SUPPLIED": "the NEGOTIATE carries the client's domain",
    "NTLMSSP_NEGOTIATE_OEM_WORKSTATION_SUPPLIED": "the NEGOTIATE carries the client's name",
    "NTLMSSP_NEGOTIATE_ALWAYS_SIGN": "a signature block is present even where nothing is signed",
    "NTLMSSP_TARGET_TYPE_DOMAIN": "TargetName is a domain: the server is a member",
    "NTLMSSP_TARGET_TYPE_SERVER": "TargetName is the server's own: it is in no domain",
    "NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY": "stronger session keys, and NTLM2 responses where NTLMv2 is not used",
    "NTLMSSP_NEGOTIATE_IDENTIFY": "the client allows its identity to be read and no more: ASC_RET_IDENTIFY",
    "NTLMSSP_REQUEST_NON_NT_SESSION_KEY": "the session key is derived from the LM response",
    "NTLMSSP_NEGOTIATE_TARGET_INFO": "the CHALLENGE carries TargetInfo, which NTLMv2 needs",
    "NTLMSSP_NEGOTIATE_VERSION": "the message names the sender's Windows version",
    "NTLMSSP_NEGOTIATE_128": "128-bit session keys; without it Windows 7 and later refuse (SEC_E_UNSUPPORTED_FUNCTION)",
    "NTLMSSP_NEGOTIATE_KEY_EXCH": "the client chooses the session key and sends it encrypted",
    "NTLMSSP_NEGOTIATE_56": "56-bit session keys",
}

AV_TEXTS: Final[dict[str, str]] = {
    "AUTHENTICATION_CONSTRAINED": "the account's authentication is constrained; the one bit that a CHALLENGE may have",
    "MIC_PROVIDED": "the AUTHENTICATE has a MIC: all three messages are protected",
    "UNTRUSTED_SPN_SOURCE": "the target name comes from a source that the client does not trust",
}

OID_TEXTS: Final[dict[str, str]] = {
    oids.SPNEGO: "the negotiation itself (RFC 4178): what browsers send after 'Negotiate'",
    oids.KRB5: "Kerberos 5 (RFC 4121)",
    oids.MS_KRB5: "Kerberos as Windows 2000 misspelt it (113554 cut to 16 bits); who is offered it must answer with it",
    oids.KRB5_U2U: "Kerberos user-to-user: a ticket under the session key of the server's TGT",
    oids.NTLMSSP: "NTLM (MS-NLMP)",
    oids.NEGOEX: "extended negotiation (MS-NEGOEX), around PKU2U and others; an acceptor without it takes the next one",
    oids.IAKERB: "Kerberos whose KDC is reached through the server",
    "1.3.6.1.5.2.7": "Kerberos between peers by certificates; offered inside NEGOEX only",
}

_RET_NOTE: Final = "these count only with SEC_E_OK; ALLOCATED_MEMORY also before"
_OTHER: Final[dict[str, tuple[Callable[[int], list[str]], str]]] = {
    "ISC_REQ": (flags.isc_req_names, "the client's side (InitializeSecurityContext); other bits than ASC_REQ"),
    "ISC_RET": (flags.isc_ret_names, "the client's side (InitializeSecurityContext); other bits than ASC_RET"),
}


def read_mask(what: str, kind: str, mask: int) -> Reading | None:
    """A mask of that kind: ASC_REQ, ASC_RET, ISC_REQ, ISC_RET, GSS_FLAGS, NTLMSSP or MSVAVFLAGS; None for another."""
    rows: list[tuple[str, str]] = []
    match kind:
        case "ASC_REQ":
            names = flags.req_names(mask)
            rows = [(name.removeprefix("ASC_REQ_"), flags.effect(name)) for name in names if name[0] == "A"]
            rows += _looks_like(mask)
        case "ASC_RET":
            names = flags.ret_names(mask)
            rows = [(NOTE, _RET_NOTE), *_names_that_differ(names)]
        case "ISC_REQ" | "ISC_RET":
            listed, note = _OTHER[kind]
            names, rows = listed(mask), [(NOTE, note)]
        case "GSS_FLAGS":
            names = flags.gss_names(mask)
            rows = [
                ("as ASC_RET", f"0x{flags.gss_to_ret(mask):08x} {_joined(flags.ret_names(flags.gss_to_ret(mask)))}")
            ]
        case "NTLMSSP":
            names = [name for bit, name in ntlm.NEGOTIATE_FLAGS if mask & bit]
            rows = [(_short(name), NTLM_TEXTS[name]) for name in names if name in NTLM_TEXTS]
        case "MSVAVFLAGS":
            names = [name for bit, name in ntlm.AV_FLAG_NAMES if mask & bit]
            rows = [(name, AV_TEXTS[name]) for name in names]
        case _:
            return None
    title = {"NTLMSSP": "NegotiateFlags", "MSVAVFLAGS": "MsvAvFlags", "GSS_FLAGS": "GSS flags"}.get(kind, kind)
    return Reading(what, "flags", title, mask, _joined(names) or "no flag", rows)


def _joined(names: list[str]) -> str:
    return ", ".join(names)


def _short(name: str) -> str:
    return name.removeprefix("NTLMSSP_").removeprefix("NTLM_").removeprefix("NEGOTIATE_")


def _looks_like(mask: int) -> list[tuple[str, str]]:
    other = flags.looks_like_other(mask)
    if other == "ISC_REQ":
        return [(NOTE, f"looks like the client's flags: as ISC_REQ it is {_joined(flags.isc_req_names(mask))}")]
    if other == "GSS":
        return [(NOTE, f"looks like GSS-API flags: {_joined(flags.gss_names(mask))}")]
    return []


def _names_that_differ(names: list[str]) -> list[tuple[str, str]]:
    answers = {f"ASC_RET_{ret}": f"ASC_REQ_{req}" for ret, req in DIFFERENT.items()}
    return [(NOTE, f"{name} answers {answers[name]}") for name in names if name in answers]


#: ASC_RET names that answer an ASC_REQ of another name.
DIFFERENT: Final = {
    "ALLOCATED_MEMORY": "ALLOCATE_MEMORY",
    "USED_DCE_STYLE": "USE_DCE_STYLE",
    "NULL_SESSION": "ALLOW_NULL_SESSION",
    "FRAGMENT_ONLY": "FRAGMENT_TO_FIT",
}

#: What the attributes say that no request explains.
RET_TEXTS: Final[dict[str, str]] = {
    "NULL_SESSION": "the client is anonymous; an application that wants a name must refuse it now",
    "FRAGMENT_ONLY": "the output is one part of a token: call again for the rest",
    "THIRD_LEG_FAILED": "the third leg of DCE style was wrong; the context works in one direction",
    "CALL_LEVEL": "nobody uses it; as a request the same bit is FRAGMENT_SUPPLIED",
    "NO_ADDITIONAL_TOKEN": "internal, says the header",
    "REAUTHENTICATION": "internal, says the header",
    "NO_PROXY_BINDINGS": "from older SDKs",
    "MISSING_BINDINGS": "from older SDKs",
    "NO_TOKEN": "no logon token was made: nothing to impersonate",
}


def flag_tables() -> dict[str, tuple[int, str, str]]:
    """Every flag by its full name: bit, kind, meaning."""
    found: dict[str, tuple[int, str, str]] = {}
    for bit, name, _, text in tables.ASC_REQ:
        found[f"ASC_REQ_{name}"] = (bit, "ASC_REQ", text)
    found["ASC_REQ_HTTP"] = (flags.ASC_REQ_HTTP, "ASC_REQ", "the Digest package's name for ALLOW_MISSING_BINDINGS")
    effects = {name: text for _, name, _, text in tables.ASC_REQ}
    for bit, name in tables.ASC_RET:
        text = RET_TEXTS.get(name) or effects.get(DIFFERENT.get(name, name)) or "no documented meaning"
        found[f"ASC_RET_{name}"] = (bit, "ASC_RET", text)
    for side, rows in (("ISC_REQ", tables.ISC_REQ), ("ISC_RET", tables.ISC_RET)):
        for bit, name in rows:
            found[f"{side}_{name}"] = (bit, side, _asc_counterpart(bit, name, side.replace("I", "A", 1)))
    for bit, name, ret in tables.GSS:
        said = _joined(flags.ret_names(ret)) if ret else "nothing"
        found[f"GSS_C_{name}"] = (bit, "GSS", f"a flag of a GSS-API context; in ASC_RET it is {said}")
    for bit, name in ntlm.NEGOTIATE_FLAGS:
        if name in NTLM_TEXTS:
            found[name] = (bit, "NTLMSSP", NTLM_TEXTS[name])
    return found


def _asc_counterpart(bit: int, name: str, side: str) -> str:
    table = _REQ_BITS if side == "ASC_REQ" else dict((name, bit) for bit, name in tables.ASC_RET)
    if name not in table:
        return f"a flag of the client's side; {side} has no such name"
    same = "the same bit" if table[name] == bit else f"another bit there: 0x{table[name]:x}"
    return f"a flag of the client's side; {side}_{name} is {same}"


_REQ_BITS: Final = {name: bit for bit, name, _, _ in tables.ASC_REQ}


def read_flag(what: str, name: str) -> Reading:
    """One flag by its full name."""
    bit, kind, text = flag_tables()[name]
    rows: list[tuple[str, str]] = []
    if kind == "ASC_REQ":
        answer = flags.ret_names(flags.ret_bit_for(bit))
        rows.append(("answered by", answer[0] if answer else "no ASC_RET flag"))
        isc = dict((name, bit) for bit, name in tables.ISC_REQ).get(name.removeprefix("ASC_REQ_"), bit)
        if isc != bit:
            rows.append((NOTE, f"on the client's side the name has another bit: ISC_REQ 0x{isc:x}"))
    return Reading(what, "flag", name, bit, text, rows)


def read_oid(what: str, oid: str) -> Reading:
    """A mechanism's object identifier."""
    name = oids.MECHANISMS[oid]
    family = oids.FAMILY.get(oid)
    meaning = OID_TEXTS.get(oid) or "a GSS-API mechanism that Windows' Negotiate does not know"
    rows = [(NOTE, f"decode and accept treat it as {family}")] if family and family != name else []
    return Reading(what, "oid", name, oid, meaning, rows)
