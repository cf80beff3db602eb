"""What the client asked for: the authenticator's checksum, its flags, bindings and delegation (RFC 4121 4.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from secctx.decoders.gss_checksum import CHECKSUM_TYPE
from secctx.decoders.values import Node

from . import flags as asc
from .kerberos_request import ApRequest, same
from .kerberos_values import DELEG, MUTUAL, MUTUAL_REQUIRED, REPLAY, SEQUENCE, Agreed, Fault, Opened, Plain
from .values import Request

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key

#: RFC 4120 7.5.9: what a KRB-ERROR says of a checksum.
GENERIC: Final = 60
INAPP_CKSUM: Final = 50
#: RFC 4120 7.5.1: the checksum of an authenticator that is none of RFC 4121's; the encrypted part of KRB-CRED.
_CHECKSUM_USAGE: Final = 10
_CRED_USAGE: Final = 14
#: MS-KILE 3.2.5.8: the client sends bindings where it has some.
_CBT: Final = 0x4000


class BadBindings(Fault):
    """Channel bindings that do not fit, or a checksum that cannot carry any."""


class NoMutual(Fault):
    """The checksum and ap-options contradict each other."""


def agreed_of(request: ApRequest, opened: Opened, call: Request) -> Agreed:
    """The flags that count, with bindings and delegation judged; Fault where they do not hold."""
    authenticator = opened.authenticator
    assert authenticator is not None
    kind = authenticator.value("cksum.cksumtype")
    mutual = bool(request.options & MUTUAL_REQUIRED)
    if kind is None:
        if call.bindings is not None or call.flags & asc.ASC_REQ_PROXY_BINDINGS:
            opened.notes.append("the authenticator has no checksum, so no channel bindings: they are not checked")
        return Agreed(MUTUAL if mutual else 0)
    if kind != CHECKSUM_TYPE:
        if call.bindings is not None or call.flags & asc.ASC_REQ_PROXY_BINDINGS:
            opened.notes.append("the authenticator's checksum carries no channel bindings: they are not checked")
        return _plain_checksum(request, opened, mutual=mutual)
    flags = authenticator.value("cksum.checksum.Flags")
    if not isinstance(flags, int):
        text = "the authenticator's checksum is shorter than the 24 bytes that RFC 4121 demands: no flags, no bindings"
        raise BadBindings("checksum-short", text, "authenticator", GENERIC)
    if authenticator.value("cksum.checksum.Lgth") != 16:
        text = f"the checksum's Lgth is {authenticator.value('cksum.checksum.Lgth')}, and RFC 4121 has 16"
        raise Fault("checksum-malformed", text, "authenticator", INAPP_CKSUM)
    _check_bindings(request, authenticator, call)
    if flags & MUTUAL and not mutual:
        text = "the checksum asks for mutual authentication and ap-options does not: Windows refuses that"
        raise NoMutual("mutual-contradiction", text, "ap-options", GENERIC)
    agreed = Agreed(flags, present=True)
    if flags & DELEG:
        agreed.delegated = _delegated(opened, authenticator)
    return agreed


def _plain_checksum(request: ApRequest, opened: Opened, *, mutual: bool) -> Agreed:
    """A checksum of an encryption type: made over nothing, as clients before RFC 1964 sent it."""
    from secctx.keys.enctype import KerberosCryptoError
    from secctx.keys.kerberos_checksums import checksum_for

    authenticator = opened.authenticator
    assert authenticator is not None
    key = opened.session_key
    kind, value = authenticator.value("cksum.cksumtype"), authenticator.value("cksum.checksum")
    try:
        fits = isinstance(value, bytes) and checksum_for(kind).verify(key, _CHECKSUM_USAGE, b"", value)
    except KerberosCryptoError:
        fits = False
    if not fits:
        text = f"the authenticator's checksum is of type {kind} and not over an empty message: RFC 4121 wants 0x8003"
        raise Fault("checksum-wrong", text, "authenticator", INAPP_CKSUM)
    opened.notes.append(f"the authenticator's checksum is of type {kind}, not 0x8003: it carries no flags")
    return Agreed(REPLAY | SEQUENCE | (MUTUAL if mutual else 0), present=True)


def _check_bindings(request: ApRequest, authenticator: Plain, call: Request) -> None:
    """Channel bindings, with the outcomes of Extended Protection (MS-KILE 3.4.5, epa-support-in-service)."""
    proxy = bool(call.flags & asc.ASC_REQ_PROXY_BINDINGS)
    if call.bindings is None and not proxy:
        return
    sent = authenticator.value("cksum.checksum.Bnd") or b""
    path = "authenticator"
    if not any(sent):
        claimed = claims_bindings(authenticator)
        lenient = bool(call.flags & asc.ASC_REQ_ALLOW_MISSING_BINDINGS) or request.mit
        if lenient and not proxy and not claimed:
            return
        text = "the client sent no channel bindings (Bnd is zero), and they are required"
        if claimed:
            text = "the client sent no channel bindings although it says that it supports them: it had none to send"
        raise BadBindings("bindings-missing", text, path, GENERIC, claimed=claimed)
    if call.bindings is not None and not proxy and not same(sent, call.bindings.hash16):
        text = (
            "the client's channel bindings are not those of this connection:"
            " it saw another certificate, or TLS ends before the server"
        )
        raise BadBindings("bindings-differ", text, path, GENERIC)


def claims_bindings(authenticator: Plain) -> bool:
    """Whether KERB_AP_OPTIONS_CBT stands in the first AD-IF-RELEVANT, the only one that Windows looks into."""
    node = authenticator.field("authorization-data")
    for item in node.children if node is not None else ():
        kind, data = item.child("ad-type"), item.child("ad-data")
        if kind is None or kind.value != 1 or data is None:
            continue
        return any(_is_cbt(inner) for inner in data.children)
    return False


def _is_cbt(item: Node) -> bool:
    kind, data = item.child("ad-type"), item.child("ad-data")
    return kind is not None and kind.value == 143 and data is not None and bool(_number(data.value) & _CBT)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _delegated(opened: Opened, authenticator: Plain) -> str:
    """Whose ticket was forwarded: the KRB-CRED opened; empty where it cannot be."""
    from secctx.decoders.kerberos_parts_asn1 import EncKrbCredPart
    from secctx.decoders.part import decode_part
    from secctx.keys.enctype import KerberosCryptoError

    cipher = authenticator.value("cksum.checksum.Deleg.enc-part.cipher")
    etype = authenticator.value("cksum.checksum.Deleg.enc-part.etype")
    if not isinstance(cipher, bytes):
        opened.notes.append("the client says that it delegates, and sent no credential that can be read")
        return ""
    plain: bytes | None = cipher if etype == 0 else None
    keys: list[Key] = [opened.session_key, *([opened.subkey] if opened.subkey else [])]
    for key in keys:
        if plain is None and key.etype == etype:
            try:
                plain = key.decrypt_der(_CRED_USAGE, cipher)
            except KerberosCryptoError:
                continue
    if plain is None:
        opened.notes.append(
            "the client's forwarded ticket cannot be opened with this logon's keys: nothing is delegated"
        )
        return ""
    part = Plain(decode_part(plain, EncKrbCredPart, "EncKrbCredPart"), "")
    if part.decoded.error is not None or part.field("ticket-info[0].key") is None:
        opened.notes.append("the client's forwarded credential was opened and is malformed: nothing is delegated")
        return ""
    service, ticket = part.text("ticket-info[0].sname"), "cksum.checksum.Deleg.tickets[0]"
    forwarded = f"{authenticator.text(f'{ticket}.sname')}@{authenticator.text(f'{ticket}.realm')}"
    if not forwarded.startswith("krbtgt/") or (service and not service.startswith("krbtgt/")):
        opened.notes.append("the client's forwarded credential is no ticket-granting ticket: nothing is delegated")
        return ""
    name, realm = part.text("ticket-info[0].pname"), part.text("ticket-info[0].prealm")
    return f"{name}@{realm}" if name else opened.client
