"""Per-message tokens and CredSSP in one line, as a person would say it aloud; used by `summary.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from secctx.decoders.values import TEXT, TOKEN, Node

#: A name longer than this is cut in the one line.
LONGEST: Final = 160

_SENT_BY_ACCEPTOR: Final = 1
_SEALED: Final = 2
_ACCEPTOR_SUBKEY: Final = 4
_NOT_SEALED: Final = 0xFFFF
#: TOK_ID of the tokens of RFC 1964.
_OLD: Final = (0x0101, 0x0102, 0x0201)


def _per_message(node: Node) -> str:
    """A MIC or DeleteSecContext, of either RFC."""
    if _is_old(node):
        return f" of RFC 1964{_named(node.child('SGN_ALG'), ', signed with ')}, its sequence number encrypted"
    return _sender(node) + _counted(node) + _subkey(node)


def _wrap(node: Node) -> str:
    if _is_old(node):
        return _old_wrap(node)
    flags, data = node.child("Flags"), node.child("Data")
    sealed = ", sealed" if _int(flags) & _SEALED else ", not sealed"
    size = ""
    if _int(flags) & _SEALED:
        size = f": {_size(data)} encrypted" if data is not None else ""
    elif data is not None and data.children:
        size = f": {_size(data.child('plaintext-data'))} of plaintext"
    rotated = f", rotated by {_int(node.child('RRC'))}" if _int(node.child("RRC")) else ""
    return _sender(node) + sealed + _counted(node) + _subkey(node) + rotated + size


def _old_wrap(node: Node) -> str:
    sealing, data = node.child("SEAL_ALG"), node.child("Data")
    sealed = ", not sealed" if _int(sealing) == _NOT_SEALED else _named(sealing, ", sealed with ")
    if data is None:
        return f" of RFC 1964{sealed}: the header alone, its data is elsewhere"
    outside = " outside of the framing" if isinstance(data.meaning, str) and "outside" in data.meaning else ""
    return f" of RFC 1964{sealed}: {_size(data)} of data{outside}"


def _is_old(node: Node) -> bool:
    return _int(node.child("TOK_ID")) in _OLD


def _sender(node: Node) -> str:
    if node.child("Flags") is None:
        return ""
    return " from the acceptor" if _int(node.child("Flags")) & _SENT_BY_ACCEPTOR else " from the initiator"


def _counted(node: Node) -> str:
    number = node.child("SND_SEQ")
    return f", sequence number {number.value}" if number is not None and isinstance(number.value, int) else ""


def _subkey(node: Node) -> str:
    return ", made with the acceptor's subkey" if _int(node.child("Flags")) & _ACCEPTOR_SUBKEY else ""


def _signature(node: Node) -> str:
    number, checksum, message = node.child("SeqNum"), node.child("Checksum"), node.child("SealedMessage")
    if checksum is not None and isinstance(checksum.meaning, str) and "dummy" in checksum.meaning:
        line = " that signs nothing: a dummy"
    elif node.child("RandomPad") is not None or (number is not None and number.meaning):
        line = " without extended session security, its sequence number encrypted"
    else:
        line = f": sequence number {number.value}" if number is not None and isinstance(number.value, int) else ""
    return line + (f", before a message of {_size(message)}" if message is not None else "")


def _request(node: Node) -> str:
    version = node.child("version")
    line = f" version {version.value}" if version is not None and isinstance(version.value, int) else ""
    error = node.child("errorCode")
    if error is not None and isinstance(error.value, int):
        number = f"0x{error.value & 0xFFFFFFFF:08x}"
        line += (
            f": the server answers {error.meaning} ({number})" if error.meaning else f": the server answers {number}"
        )
    parts = []
    tokens = node.child("negoTokens")
    for item in tokens.children[:2] if tokens is not None else ():
        parts.append(_carried(item.child("negoToken")))
    if tokens is not None and len(tokens.children) > 2:
        parts.append(f"{len(tokens.children) - 2} more tokens")
    if node.child("authInfo") is not None:
        parts.append("the client's credentials")
    if node.child("pubKeyAuth") is not None:
        parts.append("the proof of the server's public key")
    if node.child("clientNonce") is not None:
        parts.append("a nonce")
    carried = ", ".join(part for part in parts if part)
    return line + (f"; with {carried}" if carried and error is not None else f" with {carried}" if carried else "")


def _carried(token: Node | None) -> str:
    from .summary import said  # summary.py imports this module

    if token is None:
        return ""
    return said(token) if token.kind == TOKEN else f"a token of {_size(token)}"


def _credentials(node: Node) -> str:
    held = node.child("credentials")
    if held is None or not held.children:
        return ""
    match held.meaning:
        case "TSPasswordCreds":
            user, domain = _text(held, "userName"), _text(held, "domainName")
            return f": the password of {domain}\\{user}" if domain else f": the password of {user or 'no user name'}"
        case "TSSmartCardCreds":
            data = held.child("cspData")
            named = [("container", _text(data, "containerName")), ("reader", _text(data, "readerName"))]
            where = "".join(f", {what} {name}" for what, name in named if name)
            user = _text(held, "userHint")
            return ": the PIN of a smart card" + where + (f", of {user}" if user else "")
        case _:
            supplements = held.child("supplementalCreds")
            packages = [held.child("logonCred"), *(supplements.children if supplements is not None else ())]
            names = [name for package in packages[:6] if (name := _text(package, "packageName"))]
            return f": of Remote Credential Guard, for {', '.join(names)}" if names else ": of Remote Credential Guard"


def _text(node: Node | None, name: str) -> str:
    field = None if node is None else node.child(name)
    text = str(field.value) if field is not None and field.kind == TEXT else ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _int(node: Node | None) -> int:
    return node.value if node is not None and isinstance(node.value, int) else 0


def _named(node: Node | None, before: str) -> str:
    return f"{before}{node.meaning}" if node is not None and isinstance(node.meaning, str) else ""


def _size(node: Node | None) -> str:
    size = 0 if node is None else node.stop - node.start
    return f"{size} byte{'' if size == 1 else 's'}"


MESSAGES: Final[dict[tuple[str, str], Callable[[Node], str]]] = {
    ("Kerberos", "MIC"): _per_message,
    ("Kerberos", "Wrap"): _wrap,
    ("Kerberos", "DeleteSecContext"): _per_message,
    ("CredSSP", "TSRequest"): _request,
    ("CredSSP", "TSCredentials"): _credentials,
    ("NTLM", "NTLMSSP_MESSAGE_SIGNATURE"): _signature,
}
