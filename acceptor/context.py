"""A security context between two calls: all that must survive, as a versioned document, and nothing else.

The document holds session keys: whoever can read it can read the conversation, whoever can write it owns the context.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from .values import CONTINUING, ESTABLISHED

SCHEMA: Final = "secctx.context/1"
MAX_SIZE: Final = 4 << 20


class ContextDamaged(Exception):
    """The bytes are no whole context of this version; the text says what is wrong with them."""


@dataclass(slots=True)
class NegotiateState:
    """Where a SPNEGO negotiation stands (RFC 4178 3.2 and 5).

    `mech_types` is the initiator's MechTypeList as received: mechListMIC is made over these bytes. `offered` is the OID
    that is echoed; `mic_required` that both sides owe a mechListMIC.
    """

    mech_types: bytes = b""
    offered: str | None = None
    mic_required: bool = False
    named: bool = False
    raw: bool = False
    rejected_first: bool = False


@dataclass(slots=True)
class NtlmState:
    """Where an NTLM logon stands: the messages so far, and once it is done the session's keys."""

    negotiate: bytes = b""
    challenge: bytes = b""
    session: dict[str, Any] | None = None
    integrity: bool = False


@dataclass(slots=True)
class Context:
    """One security context; `leg` counts the calls that it has seen, `pending` is output still to be fragmented."""

    package: str
    credentials: str
    state: str = CONTINUING
    leg: int = 0
    mechanism: str | None = None
    attributes: int = 0
    fragment: bytes = b""
    pending: bytes = b""
    incomplete: bool = False
    final: dict[str, Any] | None = None
    negotiate: NegotiateState = field(default_factory=NegotiateState)
    ntlm: NtlmState = field(default_factory=NtlmState)


def dump(context: Context) -> bytes:
    """The document of a context, with a digest over it that tells damage."""
    body = {"schema": SCHEMA, **_plain(asdict(context))}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    body["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return (json.dumps(body, sort_keys=True, separators=(",", ":")) + "\n").encode()


def load(data: bytes) -> Context:
    """The context of a document; ContextDamaged where it is not whole, not ours or of another version."""
    if len(data) > MAX_SIZE:
        raise ContextDamaged(f"it has {len(data)} bytes; a context has at most {MAX_SIZE}")
    if not data:
        raise ContextDamaged("it is empty")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise ContextDamaged("it is cut short or no context document") from None
    if not isinstance(body, dict) or not str(body.get("schema")).startswith("secctx.context/"):
        raise ContextDamaged("it is no context document")
    if body["schema"] != SCHEMA:
        raise ContextDamaged(f"it is a {body['schema']}, this program writes {SCHEMA}")
    digest = body.pop("sha256", None)
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    if not isinstance(digest, str) or not hmac.compare_digest(
        digest.encode(), hashlib.sha256(text.encode()).hexdigest().encode()
    ):
        raise ContextDamaged("its digest does not fit: it was changed or damaged")
    try:
        return _context(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ContextDamaged("a field is missing or of another kind") from None


def _context(body: dict[str, Any]) -> Context:
    body = dict(body)
    del body["schema"]
    negotiate, ntlm = dict(body.pop("negotiate")), dict(body.pop("ntlm"))
    negotiate["mech_types"] = bytes.fromhex(negotiate["mech_types"])
    ntlm["negotiate"], ntlm["challenge"] = bytes.fromhex(ntlm["negotiate"]), bytes.fromhex(ntlm["challenge"])
    body["fragment"], body["pending"] = bytes.fromhex(body["fragment"]), bytes.fromhex(body["pending"])
    if body["state"] not in (CONTINUING, ESTABLISHED):
        raise ValueError(body["state"])
    return Context(**body, negotiate=NegotiateState(**negotiate), ntlm=NtlmState(**ntlm))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value
