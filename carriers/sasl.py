"""SASL exchanges of IMAP, POP3, SMTP and LDAP as their logs show them."""

from __future__ import annotations

import re
from typing import Final

from .base64text import decode_value
from .framing import convincing
from .plaintext import Lines
from .token import MOST_LOOKS, MOST_TOKENS, Token, too_many

MECHANISM: Final = rb"(?P<mechanism>NTLM|GSSAPI|GSS-SPNEGO|SPNEGO|KERBEROS_V5)"
#: Client: `a1 AUTHENTICATE NTLM TlRM…`, `AUTH NTLM TlRM…`. Server: `+ TlRM…`, `334 TlRM…`. C: and S: may mark them.
STEP: Final = re.compile(
    rb"(?mi)^(?P<lead>[^\n]{0,80}?)(?:(?P<command>\bAUTH(?:ENTICATE)?)[ \t]++" + MECHANISM + rb"[ \t]++"
    rb"|(?<![^\s:>\]])(?P<reply>\+|334)[ \t]++)(?P<run>[A-Za-z0-9+/]{8,}+={0,2})[ \t]*+$"
)
#: What a client sends after a server's step: base64 alone.
ALONE: Final = re.compile(rb"(?mi)^(?:[^\n]{0,60}?\bC: ?|[^\n]{0,60}?> ?)?(?P<run>[A-Za-z0-9+/]{16,}+={0,2})[ \t]*+$")


def read_sasl(body: bytes) -> list[Token]:
    """The tokens of a SASL exchange, in order; empty where there is none."""
    steps: list[tuple[int, str, Token]] = []
    mechanism = None
    for count, match in enumerate(STEP.finditer(body)):
        if count >= MOST_LOOKS or len(steps) >= MOST_TOKENS:
            raise too_many(MOST_LOOKS if count >= MOST_LOOKS else MOST_TOKENS)
        token = decode_value(match["run"])
        if token is None or not convincing(token.data):
            continue
        if match["command"]:
            mechanism = match["mechanism"].decode().upper()
        token.source.carrier = f"AUTH {mechanism}" if mechanism else "SASL"
        steps.append((match.start(), "client" if match["command"] else "server", token))
    return _ordered(body, steps) if steps else []


def _ordered(body: bytes, steps: list[tuple[int, str, Token]]) -> list[Token]:
    """The steps with the client's bare lines between them."""
    carrier = steps[0][2].source.carrier
    for match in ALONE.finditer(body):
        token = decode_value(match["run"])
        if token is not None and convincing(token.data):
            token.source.carrier = carrier
            steps.append((match.start(), "client", token))
        if len(steps) >= MOST_TOKENS:
            raise too_many()
    steps.sort(key=lambda step: step[0])
    lines = Lines(body)
    for at, direction, token in steps:
        token.source.direction, token.source.line = direction, lines.number(at)
    return [token for _, _, token in steps]
