"""A context as a versioned document, for another process or machine to go on from.

The document holds session keys: whoever can read it can read the conversation, whoever can write it owns the context.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from secctx.keys.ntlm_session import NtlmSession

from .context import Context, KerberosState, NegotiateState, NtlmState
from .ending import restored_end
from .values import CONTINUING, ESTABLISHED

SCHEMA: Final = "secctx.context/1"
MAX_SIZE: Final = 4 << 20


class ContextDamaged(Exception):
    """The bytes are no whole context of this version; the text says what is wrong with them."""


_TEXT: Final = (str, type(None))
_RECORD: Final = (dict, type(None))
_KINDS: Final[dict[type, dict[str, tuple[type, ...]]]] = {
    Context: {
        "credentials": (str,),
        "leg": (int,),
        "mechanism": _TEXT,
        "incomplete": (bool,),
        "final": _RECORD,
        "stand_ins": _RECORD,
    },
    NegotiateState: {
        "offered": _TEXT,
        "mic_required": (bool,),
        "named": (bool,),
        "raw": (bool,),
        "rejected_first": (bool,),
        "awaited": _RECORD,
    },
    KerberosState: {"session": _RECORD, "third_leg": _RECORD, "ours": (int,), "tgt_sent": (bool,)},
    NtlmState: {"session": _RECORD, "integrity": (bool,)},
}


def dump(context: Context) -> bytes:
    """The document of a context, with a digest over it that tells damage."""
    body = {"schema": SCHEMA, **_plain(asdict(context))}
    body["sha256"] = _digest(body)
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
    if digest != _digest(body):
        raise ContextDamaged("its digest does not fit: it was changed or damaged")
    try:
        return _context(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ContextDamaged("a field is missing or of another kind") from None


def _digest(body: dict[str, Any]) -> str:
    """Tells damage, not forgery: whoever can write the file can write a digest too."""
    import hashlib

    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _context(body: dict[str, Any]) -> Context:
    body = dict(body)
    del body["schema"]
    negotiate, ntlm = dict(body.pop("negotiate")), dict(body.pop("ntlm"))
    negotiate["mech_types"] = bytes.fromhex(negotiate["mech_types"])
    ntlm["negotiate"], ntlm["challenge"] = bytes.fromhex(ntlm["negotiate"]), bytes.fromhex(ntlm["challenge"])
    body["fragment"], body["pending"] = bytes.fromhex(body["fragment"]), bytes.fromhex(body["pending"])
    kerberos = KerberosState(**body.pop("kerberos"))
    context = Context(**body, negotiate=NegotiateState(**negotiate), ntlm=NtlmState(**ntlm), kerberos=kerberos)
    _check(context)
    return context


def _check(context: Context) -> None:
    """ValueError where a field is of another kind than it was written."""
    for record in (context, context.negotiate, context.ntlm, context.kerberos):
        for name, kinds in _KINDS[type(record)].items():
            if type(getattr(record, name)) not in kinds:
                raise ValueError(name)
    if context.state not in (CONTINUING, ESTABLISHED) or context.package not in ("negotiate", "ntlm", "kerberos"):
        raise ValueError(context.state)
    if context.mechanism not in (None, "NTLM", "Kerberos") or context.leg < 0:
        raise ValueError(context.mechanism)
    if context.negotiate.mech_types and context.mechanism is None:
        raise ValueError("mech_types")
    if context.ntlm.session is not None:
        NtlmSession.restore(context.ntlm.session)
    if context.kerberos.session is not None:
        from secctx.keys.kerberos_session import KerberosSession

        KerberosSession.restore(context.kerberos.session)
    for end in (context.final, context.kerberos.third_leg, context.negotiate.awaited):
        if end is not None:
            restored_end(end)
    if context.stand_ins is not None:
        _check_stand_ins(**context.stand_ins)


def _check_stand_ins(names: dict[str, list[str | int]], values: dict[str, int]) -> None:
    """TypeError or ValueError where these are no stand-ins as they were written."""
    for kind, number in names.values():
        if type(kind) is not str or type(number) is not int:
            raise ValueError("stand_ins")
    if any(type(number) is not int for number in values.values()):
        raise ValueError("stand_ins")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value
