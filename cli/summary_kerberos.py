"""The messages to and from the KDC, user-to-user, IAKERB and password changes in one line; used by `summary.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from secctx.decoders.values import TOKEN, Node

#: A name longer than this is cut in the one line.
LONGEST: Final = 160

#: So many enctypes or tickets are named in the one line.
MOST: Final = 6

#: What people call the enctypes of today; the others by their whole names.
_ETYPES: Final[dict[int, str]] = {
    3: "des",
    16: "des3",
    17: "aes128",
    18: "aes256",
    19: "aes128-sha256",
    20: "aes256-sha384",
    23: "rc4",
    25: "camellia128",
    26: "camellia256",
}

#: Pre-authentication data that proves who asks: by padata-type.
_PROOFS: Final = frozenset({2, 13, 14, 15, 16, 17, 31, 136, 138, 142, 151})
_FOR_USER: Final = 129
_X509_USER: Final = 130


def _as_req(node: Node) -> str:
    body = node.child("req-body")
    client = _text(body, "cname") or "an unnamed client"
    realm = _text(body, "realm")
    who = f"{client}@{realm}" if realm else client
    service = _text(body, "sname")
    line = f" for {who}" + (f" to {service}" if service else "") + _offers(body)
    found = [_named(item.child("padata-type")) for item in _padata(node) if _number(item, "padata-type") in _PROOFS]
    proofs = list(dict.fromkeys(found))
    return line + ("; with pre-authentication (" + ", ".join(proofs) + ")" if proofs else "; no pre-authentication")


def _tgs_req(node: Node) -> str:
    body = node.child("req-body")
    line = f" for {_service(_text(body, 'sname'), _text(body, 'realm'))}{_offers(body)}"
    options = body.child("kdc-options") if body is not None else None
    flags = options.meaning if options is not None and isinstance(options.meaning, tuple) else ()
    user = _impersonated(node)
    parts = [f"S4U2Self for {user}"] if user else []
    if "cname-in-addl-tkt" in flags:
        parts.append(f"S4U2Proxy with {_tickets(body, 'additional-tickets')}")
    if "enc-tkt-in-skey" in flags:
        parts.append(f"user-to-user with {_tickets(body, 'additional-tickets')}")
    parts.extend(f"to {flag}" for flag in ("renew", "validate") if flag in flags)
    parts.extend(flag for flag in ("forwarded", "proxy") if flag in flags)
    return line + "".join(f"; {part}" for part in parts)


def _impersonated(node: Node) -> str:
    """The user of PA-FOR-USER or PA-S4U-X509-USER (MS-SFU 2.2.1 and 2.2.2)."""
    for item in _padata(node):
        kind, value = _number(item, "padata-type"), item.child("padata-value")
        if kind == _FOR_USER:
            return _service(_text(value, "userName"), _text(value, "userRealm"), "a user")
        if kind == _X509_USER:
            return _service(_text(value, "user-id", "cname"), _text(value, "user-id", "crealm"), "a certificate's user")
    return ""


def _kdc_rep(node: Node) -> str:
    part = node.child("enc-part")
    sealed = _sealed(part)
    client = _service(_text(node, "cname"), _text(node, "crealm"), "an unnamed client")
    return f" for {client}: {_ticket(node.child('ticket'))}" + (f"; its key under {sealed}" if sealed else "")


def _krb_safe(node: Node) -> str:
    body = node.child("safe-body")
    data = body.child("user-data") if body is not None else None
    size = len(data.value) if data is not None and isinstance(data.value, bytes) else None
    kind = _text(node, "cksum", "cksumtype")
    return (f": {_bytes(size)} in clear" if size is not None else "") + (f", checksum {kind}" if kind else "")


def _krb_priv(node: Node) -> str:
    sealed = _sealed(node.child("enc-part"))
    return f" ({sealed})" if sealed else ""


def _krb_cred(node: Node) -> str:
    null = _number(node.child("enc-part"), "etype") == 0
    return f" of {_tickets(node, 'tickets')}" + ("; their keys in clear" if null else "")


def _tgt_req(node: Node) -> str:
    name, realm = _text(node, "server-name"), _text(node, "realm")
    if not name and not realm:
        return ": the initiator asks for the acceptor's ticket-granting ticket"
    return f" for the ticket-granting ticket of {_service(name, realm, 'the acceptor')}"


def _tgt_rep(node: Node) -> str:
    return f": the acceptor's {_ticket(node.child('ticket'))}"


def _iakerb(node: Node) -> str:
    realm, message = _text(node, "IAKERB-HEADER", "target-realm"), node.child("KRB-message")
    if message is None:
        return ": the initiator asks for the acceptor's realm" if not realm else f": the realm is {realm}"
    return (f" for the KDC of {realm}: " if realm else ": ") + _said(message)


def _kpasswd_req(node: Node) -> str:
    version, request = _named(node.child("protocol-version-number")), node.child("AP-REQ")
    return f": {version}" + (f"; {_said(request)}" if request is not None else "")


def _kpasswd_rep(node: Node) -> str:
    error = node.child("KRB-ERROR")
    if error is None:
        return ": the result is encrypted" if node.child("KRB-PRIV") is not None else ""
    string = _child(error, "e-data", "result-string")
    result = _text(error, "e-data", "result-code")
    text = _text(string) if string is not None and not string.children else ""
    if result:
        return f": {result}" + (f' ("{text}")' if text else "") + _policy(string)
    return f": {_said(error)}"


def _policy(policy: Node | None) -> str:
    """What Active Directory asks of a password, where it says that in the place of a text."""
    length, history = _number(policy, "min_length_password"), _number(policy, "password_history")
    if length is None or history is None:
        return ""
    return f"; a password needs {length} characters and must not be one of the last {history}"


def _child(node: Node | None, *path: str) -> Node | None:
    for name in path:
        node = None if node is None else node.child(name)
    return node


def _text(node: Node | None, *path: str) -> str:
    """The value at the end of a path of names, as text; empty where it is absent."""
    node = _child(node, *path)
    if node is None:
        return ""
    text = _named(node)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _named(node: Node | None) -> str:
    """A name where there is one, else the value; a value of text is itself, whatever is said of it."""
    if node is None or isinstance(node.value, bytes):
        return ""
    if isinstance(node.value, str):
        return node.value
    if isinstance(node.meaning, str):
        return node.meaning
    return "" if node.value is None else str(node.value)


def _number(node: Node | None, name: str) -> int | None:
    child = node.child(name) if node is not None else None
    return child.value if child is not None and isinstance(child.value, int) else None


def _padata(node: Node) -> list[Node]:
    found = node.child("padata")
    return list(found.children[:64]) if found is not None else []


def _service(name: str, realm: str, unknown: str = "an unreadable service name") -> str:
    return f"{name or '?'}@{realm}" if realm else name or unknown


def _offers(body: Node | None) -> str:
    listed = body.child("etype") if body is not None else None
    if listed is None or not listed.children:
        return ""
    names = [_ETYPES.get(item.value, "") if isinstance(item.value, int) else "" for item in listed.children[:64]]
    shown = [name or _named(item) for name, item in zip(names, listed.children, strict=False)]
    more = f" and {len(listed.children) - MOST} more" if len(listed.children) > MOST else ""
    return f", offers {', '.join(shown[:MOST])}{more}"


def _sealed(part: Node | None) -> str:
    """The enctype of an EncryptedData, and the kvno of its key."""
    etype, kvno = _text(part, "etype"), _text(part, "kvno")
    return ", ".join(text for text in (etype, f"kvno {kvno}" if kvno else "") if text)


def _ticket(node: Node | None) -> str:
    sealed = _sealed(node.child("enc-part") if node is not None else None)
    return f"ticket to {_service(_text(node, 'sname'), _text(node, 'realm'))}" + (f" ({sealed})" if sealed else "")


def _tickets(node: Node | None, name: str) -> str:
    listed = node.child(name) if node is not None else None
    if listed is None or not listed.children:
        return "no ticket"
    count = len(listed.children)
    names = ", ".join(_service(_text(item, "sname"), _text(item, "realm")) for item in listed.children[:MOST])
    more = f" and {count - MOST} more" if count > MOST else ""
    return f"{'a ticket' if count == 1 else f'{count} tickets'} to {names}{more}"


def _bytes(size: int) -> str:
    return f"{size} byte{'s' if size != 1 else ''}"


def _said(node: Node) -> str:
    from .summary import said  # summary.py imports this module

    return said(node) if node.kind == TOKEN else f"{_bytes(node.stop - node.start)} that are no message"


MESSAGES: Final[dict[tuple[str, str], Callable[[Node], str]]] = {
    ("Kerberos", "AS-REQ"): _as_req,
    ("Kerberos", "AS-REP"): _kdc_rep,
    ("Kerberos", "TGS-REQ"): _tgs_req,
    ("Kerberos", "TGS-REP"): _kdc_rep,
    ("Kerberos", "KRB-SAFE"): _krb_safe,
    ("Kerberos", "KRB-PRIV"): _krb_priv,
    ("Kerberos", "KRB-CRED"): _krb_cred,
    ("Kerberos", "TGT-REQ"): _tgt_req,
    ("Kerberos", "TGT-REP"): _tgt_rep,
    ("Kerberos", "KPASSWD-REQ"): _kpasswd_req,
    ("Kerberos", "KPASSWD-REP"): _kpasswd_rep,
    ("IAKERB", "IAKERB_PROXY"): _iakerb,
}
