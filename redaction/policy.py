"""Which fields are kept, and what kind of name the others hold; what is not in here is replaced as a whole."""

from __future__ import annotations

import re
from typing import Final

from secctx.decoders.values import BYTES, TEXT, Node

from .names import DOMAIN, HOST, NAME, SERVICES, USER

KEPT: Final = "kept"
OPAQUE: Final = "opaque"
ADDRESS: Final = "address"
PHRASE: Final = "phrase"

#: Byte strings that say what follows, with what they may say.
_CONSTANT: Final = {"Signature": (b"NTLMSSP\0", b"NEGOEXTS")}
#: Byte strings of the protocol, whatever they say: a count of iterations, fillers, the numbers of algorithms.
_KEPT_BYTES: Final = frozenset({"s2kparams", "Filler", "SGN_ALG", "SEAL_ALG", "TOK_ID", "Padding"})
#: None of them is longer.
_MOST_KEPT: Final = 8
#: What PA-FOR-USER's auth-package can say.
_PACKAGES: Final = frozenset({"kerberos", "negotiate", "ntlm", "pku2u", "tsssp", "wdigest", "cloudap", "credssp"})
_PHRASES: Final = frozenset({"e-text", "hintName", "result-string", "ResultString"})

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: What the first part of the name in a field is.
_KINDS: Final = {
    "UserName": USER,
    "userName": USER,
    "userHint": USER,
    "DomainName": DOMAIN,
    "domainName": DOMAIN,
    "domainHint": DOMAIN,
    "Workstation": HOST,
    "WorkstationName": HOST,
    "MsvAvNbComputerName": HOST,
    "MsvAvDnsComputerName": HOST,
    "MsvAvNbDomainName": DOMAIN,
    "MsvAvDnsDomainName": DOMAIN,
    "MsvAvDnsTreeName": DOMAIN,
    "MsvAvTargetName": HOST,
    "TargetName": DOMAIN,
    "realm": DOMAIN,
    "crealm": DOMAIN,
    "srealm": DOMAIN,
    "prealm": DOMAIN,
    "userRealm": DOMAIN,
    "target-realm": DOMAIN,
    "salt": DOMAIN,
    "EffectiveName": USER,
    "FullName": USER,
    "SamName": USER,
    "Upn": USER,
    "LogonServer": HOST,
    "LogonDomainName": DOMAIN,
    "DnsDomainName": DOMAIN,
}


def policy_of(parents: list[Node], node: Node, raw: bytes) -> str:
    """What becomes of a text or byte string: `kept`, `opaque`, `address`, `phrase`, or the kind of a name."""
    name = node.name
    if node.kind == BYTES:
        if raw in _CONSTANT.get(name, ()) or (name in _KEPT_BYTES and len(raw) <= _MOST_KEPT):
            return KEPT
        return ADDRESS if name == "address" and parents and parents[-1].child("addr-type") is not None else OPAQUE
    if node.kind != TEXT:
        return OPAQUE
    if name in _PHRASES:
        return PHRASE
    if len(raw) == 16 and _GUID.fullmatch(str(node.value)):
        # The schemes of NEGOEX are few and say what, not who; all other GUIDs are of a conversation or a machine.
        scheme = node.meaning or name == "AuthScheme" or (parents and parents[-1].name == "AuthSchemeArray")
        return KEPT if scheme else OPAQUE
    if name == "auth-package" and str(node.value).casefold() in _PACKAGES:
        return KEPT
    if parents and parents[-1].name == "name-string":
        return _in_principal(parents, node)
    if name == "Value" and parents:
        name = _pair_name(parents[-1])
    return _KINDS.get(name, NAME)


def _pair_name(pair: Node) -> str:
    """The AvId of an AV pair, by name."""
    kind = pair.child("AvId")
    return str(kind.meaning) if kind is not None else ""


def _in_principal(parents: list[Node], node: Node) -> str:
    """A part of a PrincipalName: the class of a service and `krbtgt` stay, the rest is a user, a host or a realm."""
    strings = parents[-1].children
    first = str(strings[0].value).casefold()
    if len(strings) == 1:
        return KEPT if first == "krbtgt" else USER
    if node is strings[0]:
        return KEPT if first in SERVICES else USER
    if first in ("kadmin", "wellknown") and str(node.value).casefold() in SERVICES:
        return KEPT
    return DOMAIN if first == "krbtgt" or node is not strings[1] else HOST
