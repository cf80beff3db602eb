"""Tokens in LDAP's binds: SASL (RFC 4511 4.2) and Microsoft's sicily (MS-ADTS 5.1.1.1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from secctx.decoders.recognise import NTLM_SIGNATURE, recognise

from .ber import Element, element
from .carried import Broken, Message
from .signs import MECHANISMS, OPERATIONS, ldap_operation

BIND_REQUEST, BIND_RESPONSE = 0x60, 0x61
INTEGER, OCTETS, ENUMERATED, SASL, CREDENTIALS = 0x02, 0x04, 0x0A, 0xA3, 0x87
SIMPLE: Final = 0x80
DISCOVERY: Final = 0x89
SICILY: Final = {DISCOVERY: "sicilyPackageDiscovery", 0x8A: "sicilyNegotiate", 0x8B: "sicilyResponse"}
#: RFC 4511 4.1.9: what a bind is answered with.
RESULTS: Final[dict[int, str]] = {
    0: "success",
    1: "operationsError",
    2: "protocolError",
    3: "timeLimitExceeded",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    13: "confidentialityRequired",
    14: "saslBindInProgress",
    32: "noSuchObject",
    34: "invalidDNSyntax",
    48: "inappropriateAuthentication",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
    80: "other",
}
FROM_SERVER: Final = frozenset({0x61, 0x64, 0x65, 0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x73, 0x78, 0x79})
NAME: Final = re.compile(rb"[A-Z0-9_-]{1,20}")
MOST_TEXT: Final = 400  #: characters of a diagnosticMessage that are repeated


class _Elements:
    """The elements inside of one value, in order."""

    def __init__(self, message: Message, data: bytes, at: int, end: int) -> None:
        self.message, self.data, self.at, self.end = message, data, at, end

    def next(self, name: str, *tags: int) -> Element:
        """The next element, which may reach beyond the end."""
        place = self.at - self.message.start
        if self.at >= self.end:
            raise Broken(f"byte {place}: expected its {name}, found the end")
        found = element(self.data, self.at, self.end)
        if self.data[self.at] not in tags:
            expected = " or ".join(f"{tag:02x}" for tag in tags)
            raise Broken(f"byte {place}: expected its {name} (tag {expected}), found {self.data[self.at]:02x}")
        if found is None:
            raise Broken(f"byte {place}: the length of its {name} is cut short or of a form that LDAP has not")
        self.at = found.stop
        return found

    def whole(self, name: str, *tags: int) -> bytes:
        """The contents of the next element."""
        found = self.next(name, *tags)
        if found.stop > self.end:
            place = found.at - self.message.start
            raise Broken(
                f"byte {place}: its {name} has {found.size} bytes by its length, {self.end - found.start} there"
            )
        return self.data[found.start : found.stop]

    def take(self, found: Element, name: str) -> None:
        """Take the element's contents as the message's token."""
        if found.start >= self.end:
            raise Broken(f"cut short before the contents of {name}")
        self.message.take(self.data, found.start, found.stop, self.end, name)


def read_ldap(data: bytes) -> Iterator[Message]:
    """The LDAPMessages in `data`, one behind the other."""
    at = 0
    while at < len(data):
        outer = element(data, at, len(data))
        start = ldap_operation(data, at)
        if outer is None or not start:
            # One byte of it: what stands there may be a password, where a length before it is wrong.
            wrong = f"byte {at}: expected the next LDAPMessage (tag 30), found {data[at]:02x}"
            yield Message("LDAP message", at, wrong=wrong)
            return
        tag = data[start]
        message = Message(f"LDAP {OPERATIONS[tag]}", at, "server" if tag in FROM_SERVER else "client")
        end = min(outer.stop, len(data))
        if outer.stop > end:
            size, there = outer.size, end - outer.start
            message.notes.append(f"the LDAPMessage is cut short: {size} bytes by its length, {there} there")
        try:
            _operation(message, data, start, end)
        except Broken as broken:
            message.wrong = str(broken)
        yield message
        at = outer.stop


def read_credentials(data: bytes) -> Message:
    """The bare SaslCredentials, or the bare OCTET STRING, that `data` begins with."""
    message = Message("SaslCredentials", 0, of="input")
    try:
        elements = _Elements(message, data, 0, len(data))
        outer = elements.next("value", SASL, OCTETS, CREDENTIALS)
        if outer.tag == SASL:
            message.direction = "client"
            _sasl(message, data, outer, len(data))
        else:
            message.what = "OCTET STRING" if outer.tag == OCTETS else "serverSaslCreds"
            message.direction = None if outer.tag == OCTETS else "server"
            elements.take(outer, "the contents")
    except Broken as broken:
        message.wrong = str(broken)
        return message
    if outer.stop < len(data):
        message.notes.append(f"{len(data) - outer.stop} bytes behind it are left out")
    return message


def _operation(message: Message, data: bytes, start: int, end: int) -> None:
    if data[start] not in (BIND_REQUEST, BIND_RESPONSE):
        message.lacks = "it carries no token"
        return
    body = _Elements(message, data, start, end).next("protocolOp", BIND_REQUEST, BIND_RESPONSE)
    elements = _Elements(message, data, body.start, min(body.stop, end))
    if body.tag == BIND_REQUEST:
        _request(message, elements)
    else:
        _response(message, elements, cut=body.stop > elements.end)


def _request(message: Message, elements: _Elements) -> None:
    elements.whole("version", INTEGER)
    elements.whole("name", OCTETS)
    choice = elements.next("authentication", SIMPLE, SASL, *SICILY)
    if choice.tag == SASL:
        _sasl(message, elements.data, choice, elements.end)
    elif choice.tag == SIMPLE:
        message.what += " simple"
        message.lacks = "a simple bind carries a password, no token" if choice.size else "an anonymous bind: no token"
    else:
        message.what += f" {SICILY[choice.tag]}"
        if choice.tag == DISCOVERY:
            message.lacks = "it asks which packages there are, and carries no token"
        elif not choice.size:
            message.lacks = "its credentials are empty"
        else:
            elements.take(choice, "the sicily credentials")


def _sasl(message: Message, data: bytes, choice: Element, end: int) -> None:
    """SaslCredentials: a mechanism, and mostly credentials."""
    elements = _Elements(message, data, choice.start, min(choice.stop, end))
    mechanism = elements.whole("mechanism", OCTETS)
    name = mechanism.decode() if NAME.fullmatch(mechanism) else "SASL"
    message.what = f"LDAP bindRequest {name}" if message.what.startswith("LDAP") else f"SaslCredentials {name}"
    if elements.at >= elements.end:
        if choice.stop > end:
            raise Broken("cut short before its credentials")
        message.lacks = "it names the mechanism, without credentials"
        return
    credentials = elements.next("credentials", OCTETS)
    if mechanism not in MECHANISMS and recognise(data, credentials.start, credentials.stop) is None:
        # PLAIN and its like have a password there.
        message.lacks = "the credentials of this mechanism are no token"
    elif not credentials.size:
        message.lacks = "its credentials are empty"
    else:
        elements.take(credentials, "the SASL credentials")


def _response(message: Message, elements: _Elements, cut: bool) -> None:
    code = int.from_bytes(elements.whole("resultCode", ENUMERATED)[:4])
    message.status = f"{RESULTS.get(code, 'resultCode')} ({code})"
    matched = elements.next("matchedDN", OCTETS)
    if elements.data[matched.start : matched.start + 8] == NTLM_SIGNATURE:
        # A sicily bind's answer has serverCreds in the place of matchedDN.
        message.what += " sicily"
        elements.take(matched, "the serverCreds")
    _diagnostics(message, elements.whole("diagnosticMessage", OCTETS))
    while elements.at < elements.end:
        found = element(elements.data, elements.at, elements.end)
        if found is None or found.stop > elements.end or found.tag == CREDENTIALS:
            break
        elements.at = found.stop
    if elements.at < elements.end:
        found = elements.next("serverSaslCreds", CREDENTIALS)
        if found.size:
            elements.take(found, "the serverSaslCreds")
            return
        message.lacks = "its serverSaslCreds are empty"
    elif cut and not message.token:
        raise Broken("cut short before its serverSaslCreds")
    message.lacks = message.lacks or "it has no serverSaslCreds"


def _diagnostics(message: Message, text: bytes) -> None:
    """What the server says went wrong."""
    said = " ".join(text.rstrip(b"\0").decode("utf-8", "replace").split())
    if not said:
        return
    cut = "…" if len(said) > MOST_TEXT else ""
    said = said.replace('"', "'")
    message.notes.append(f'diagnosticMessage: "{said[:MOST_TEXT]}{cut}"')
    if "LdapErr" in said:
        message.notes.append("secctx explain reads that message")
