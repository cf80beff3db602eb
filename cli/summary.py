"""What a token is, in one line, as a person would say it aloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from secctx.decoders.tables.kerberos import ERROR_TEXTS
from secctx.decoders.values import TEXT, TOKEN, Decoded, Node

from .problems import describe

#: A name longer than this is cut in the one line; the fields have it whole.
LONGEST: Final = 160


def summarise(decoded: Decoded) -> str:
    """The one line for a whole token; what is malformed is said at its end."""
    if decoded.mechanism == "unknown":
        return "not a token" if decoded.data else "nothing: no bytes"
    line = heading(decoded)
    if isinstance(decoded.root.meaning, str):
        line += f" ({decoded.root.meaning})"
    line += _detail(decoded.mechanism, decoded.message, decoded.root)
    if decoded.error is not None:
        line += f" [{describe(decoded.error, len(decoded.data))}]"
    return line


def heading(decoded: Decoded) -> str:
    """Mechanism and message: `SPNEGO NegTokenInit`."""
    return f"{decoded.mechanism} {decoded.message or 'token'}"


def detail(decoded: Decoded) -> str:
    """What the message says, as a line of its own; empty where there is nothing more to say."""
    text = _detail(decoded.mechanism, decoded.message, decoded.root)
    if not text or text.startswith(": "):
        return text.removeprefix(": ")
    return f"{decoded.message}{text}"


def said(node: Node) -> str:
    """A token inside another: `Kerberos AP-REQ for HTTP/web@LAB.EXAMPLE`."""
    mechanism, message = node.meaning if isinstance(node.meaning, tuple) else ("unknown", "token")
    return f"{mechanism} {message}{_detail(mechanism, message, node)}"


def _detail(mechanism: str, message: str | None, node: Node) -> str:
    which = mechanism, message or ""
    describe_message = _MESSAGES.get(which) or _rarer(mechanism).get(which)
    if describe_message is None and mechanism == "IAKERB":
        describe_message = _MESSAGES.get(("Kerberos", which[1]))
    return "" if describe_message is None else describe_message(node)


def _rarer(mechanism: str) -> dict[tuple[str, str], Callable[[Node], str]]:
    """What says the messages that are no legs of a usual logon; imported where one is met."""
    if mechanism in ("Kerberos", "IAKERB"):
        from . import summary_kerberos, summary_more

        return summary_kerberos.MESSAGES | summary_more.MESSAGES
    if mechanism == "NEGOEX":
        from .summary_negoex import MESSAGES as NEGOEX

        return NEGOEX
    if mechanism in ("CredSSP", "NTLM"):
        from .summary_more import MESSAGES as MORE

        return MORE
    return {}


def _text(node: Node | None, *path: str) -> str:
    """The value at the end of a path of names, as text; empty where it is absent."""
    for name in path:
        node = None if node is None else node.child(name)
    if node is None:
        return ""
    if isinstance(node.meaning, str) and node.kind != TEXT:
        text = node.meaning
    else:
        text = "" if node.value is None or isinstance(node.value, bytes) else str(node.value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _names(node: Node | None) -> str:
    if node is None or not node.children:
        return "nothing"
    names = [_text(item) for item in node.children[:6]]
    return ", ".join(names) + (f" and {len(node.children) - 6} more" if len(node.children) > 6 else "")


def _neg_token_init(node: Node) -> str:
    mechs, token = node.child("mechTypes"), node.child("mechToken")
    offer = f"offers {_names(mechs)}"
    if token is None:
        return f": {offer}, without a token of the first"
    inner = said(token) if token.kind == TOKEN else f"{token.stop - token.start} bytes of an unknown mechanism"
    return f": {inner}; {offer}"


def _neg_token_init2(node: Node) -> str:
    hint = _text(node, "negHints", "hintName")
    named = f", hint {hint}" if hint and not hint.startswith("not_defined_in_RFC4178") else ""
    token = node.child("mechToken")
    carried = f"; carries {said(token)}" if token is not None and token.kind == TOKEN else ""
    return f": the acceptor begins and offers {_names(node.child('mechTypes'))}{named}{carried}"


def _neg_token_resp(node: Node) -> str:
    parts = [_text(node, "negState")]
    mech = _text(node, "supportedMech")
    if mech:
        parts.append(f"{mech} chosen")
    token, mic = node.child("responseToken"), node.child("mechListMIC")
    if token is not None:
        parts.append(said(token) if token.kind == TOKEN else f"responseToken of {token.stop - token.start} bytes")
    if mic is not None:
        parts.append("with mechListMIC")
    return ": " + ", ".join(part for part in parts if part) if any(parts) else " with nothing in it"


def _ap_req(node: Node) -> str:
    ticket = node.child("ticket")
    service = _service(_text(ticket, "sname"), _text(ticket, "realm"))
    client = opened_client(ticket)
    etype, kvno = _text(ticket, "enc-part", "etype"), _text(ticket, "enc-part", "kvno")
    sealed = ", ".join(part for part in (etype, f"kvno {kvno}" if kvno else "") if part)
    options = node.child("ap-options")
    flags = options.meaning if options is not None and isinstance(options.meaning, tuple) else ()
    asked = ", mutual authentication asked" if "mutual-required" in flags else ""
    session = ", user-to-user" if "use-session-key" in flags else ""
    who = f" of {client} to {service}" if client else f" for {service}"
    return who + (f" ({sealed})" if sealed else "") + asked + session


def opened_client(ticket: Node | None) -> str:
    """Whose ticket it is, `alice@LAB.EXAMPLE`; empty where it was not opened."""
    part = ticket.child("enc-part") if ticket is not None else None
    plain = part.child("plaintext") if part is not None else None
    name, realm = _text(plain, "cname"), _text(plain, "crealm")
    return f"{name}@{realm}" if name and realm else ""


def _service(name: str, realm: str) -> str:
    return f"{name or '?'}@{realm}" if realm else name or "an unreadable service name"


def _ap_rep(node: Node) -> str:
    etype = _text(node, "enc-part", "etype")
    return f" ({etype})" if etype else ""


def _krb_error(node: Node) -> str:
    code = node.child("error-code")
    number = code.value if code is not None and isinstance(code.value, int) else None
    text = ERROR_TEXTS.get(number) if number is not None else None
    line = f" {number if number is not None else '?'}" + (
        f" {code.meaning}" if code is not None and code.meaning else ""
    )
    if text:
        line += f": {text}"
    line += f"; from {_service(_text(node, 'sname'), _text(node, 'realm'))}"
    stime = node.child("stime")
    if stime is not None and isinstance(stime.value, datetime):
        line += f" at {stime.value:%Y-%m-%d %H:%M:%S} UTC"
    e_text = _text(node, "e-text")
    return line + (f' ("{e_text}")' if e_text else "")


def _ticket(node: Node) -> str:
    return f" for {_service(_text(node, 'sname'), _text(node, 'realm'))} ({_text(node, 'enc-part', 'etype')})"


def _ntlm_negotiate(node: Node) -> str:
    who = "\\".join(part for part in (_text(node, "DomainName"), _text(node, "WorkstationName")) if part)
    return (f" from {who}" if who else "") + _ntlm_version(node)


def _ntlm_challenge(node: Node) -> str:
    pairs = _av_pairs(node.child("TargetInfo"))
    host = pairs.get("MsvAvDnsComputerName") or pairs.get("MsvAvNbComputerName") or _text(node, "TargetName")
    domain = pairs.get("MsvAvDnsDomainName") or pairs.get("MsvAvNbDomainName")
    line = (f" from {host}" if host else "") + (f" of {domain}" if domain and domain != host else "")
    return line + _ntlm_version(node)


def _ntlm_authenticate(node: Node) -> str:
    user, domain = _text(node, "UserName"), _text(node, "DomainName")
    nt = node.child("NtChallengeResponse")
    length = node.child("UserNameFields")
    unread = length is not None and any(part.value for part in length.children[:1]) and not user
    user = user or ("a user name that cannot be read" if unread else "")
    who = f"{domain}\\{user}" if domain else user or "no user name"
    if not user and nt is None:
        who = "anonymous"
    station = _text(node, "Workstation")
    parts = [f" {who}" + (f" from {station}" if station else "")]
    parts.append({"NTLMv2_RESPONSE": "NTLMv2"}.get(_text(nt), "NTLMv1" if nt is not None else "no NT response"))
    if nt is not None and "extended session security" in _text(nt):
        parts[-1] = "NTLMv1 with extended session security"
    if node.child("MIC") is not None:
        parts.append("MIC")
    challenge = nt.child("NTLMv2_CLIENT_CHALLENGE") if nt is not None else None
    target = _av_pairs(challenge.child("AvPairs") if challenge is not None else None).get("MsvAvTargetName")
    if target:
        parts.append(f"target {target}")
    return ", ".join(parts) + _ntlm_version(node)


def _av_pairs(pairs: Node | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs.children if pairs is not None else ():
        name, text = _text(pair, "AvId"), pair.child("Value")
        if name and text is not None and isinstance(text.value, str):
            found.setdefault(name, text.value)
    return found


def _ntlm_version(node: Node) -> str:
    version = _text(node, "Version")
    return f" (version {version})" if version and not version.startswith("0.0.0") else ""


_MESSAGES: Final[dict[tuple[str, str], Callable[[Node], str]]] = {
    ("SPNEGO", "NegTokenInit"): _neg_token_init,
    ("SPNEGO", "NegTokenInit2"): _neg_token_init2,
    ("SPNEGO", "NegTokenResp"): _neg_token_resp,
    ("Kerberos", "AP-REQ"): _ap_req,
    ("Kerberos", "AP-REP"): _ap_rep,
    ("Kerberos", "KRB-ERROR"): _krb_error,
    ("Kerberos", "Ticket"): _ticket,
    ("NTLM", "NEGOTIATE_MESSAGE"): _ntlm_negotiate,
    ("NTLM", "CHALLENGE_MESSAGE"): _ntlm_challenge,
    ("NTLM", "AUTHENTICATE_MESSAGE"): _ntlm_authenticate,
}
