"""The answer to a call, or to several, as the JSON document `secctx.accept/1` (docs/cli.md, "accept")."""

from __future__ import annotations

import base64
from datetime import UTC
from typing import Any, Final

from secctx.acceptor import flags as asc
from secctx.acceptor.status import Status
from secctx.acceptor.values import ESTABLISHED, Client, Refusal, Step
from secctx.carriers.token import Source
from secctx.decoders import decode
from secctx.decoders.values import Node

from .accept_causes import Found
from .document import Json, pointer, source_value
from .findings import finding_value

SCHEMA: Final = "secctx.accept/1"


def document(legs: list[Json], last: Status | None, established: bool) -> Json:
    """The whole document: the legs, and what the last of them means for the context."""
    return {
        "schema": SCHEMA,
        "legs": legs,
        "status": None if last is None else _status(last),
        "established": established,
    }


def leg_value(
    number: int,
    token: bytes,
    source: Source,
    step: Step,
    requested: int,
    found: Found,
    compared: Json | None = None,
) -> Json:
    """One leg: what came in, the status, the attributes, the output, the expiry, the client."""
    root = decode(token).root
    status = {**_status(step.status), "meaning": step.status.meaning}
    value: Json = {
        "leg": number,
        "input": _input(token, source),
        "status": status,
        "basis": step.basis,
        "reason": None if step.refusal is None else reason_value(root, step.refusal, found.code),
        "mechanism": step.mechanism,
        "state": step.state,
        "attributes": attributes_value(step, requested),
        "output": output_value(step.output),
        "expiry": None if step.expiry is None else step.expiry.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "client": None if step.client is None else client_value(step.client),
        "findings": [finding_value(root, finding) for finding in found.findings],
        "notes": list(step.notes),
    }
    if compared is not None:
        value["answer"] = compared
    return value


def unjudged_leg(number: int, token: bytes, source: Source, text: str) -> Json:
    """A leg of a captured handshake that could not be judged, for want of a key or password."""
    return {
        "leg": number,
        "input": _input(token, source),
        "status": None,
        "basis": None,
        "reason": {"code": None, "kind": "not-judged", "text": text, "path": "", "pointer": "", "span": None},
        "mechanism": None,
        "state": "continuing",
        "attributes": None,
        "output": None,
        "expiry": None,
        "client": None,
        "findings": [],
        "notes": [],
    }


def _input(token: bytes, source: Source) -> Json:
    """What came in."""
    return {"source": source_value(source), **_named(token)}


def _named(token: bytes) -> Json:
    decoded = decode(token)
    return {"size": len(token), "mechanism": decoded.mechanism, "message": decoded.message}


def _status(status: Status) -> Json:
    return {"name": status.name, "hex": f"0x{status.value:08x}", "value": status.value}


def reason_value(root: Node, refusal: Refusal, code: str | None) -> Json:
    """Why a call was refused, and the field that proves it; `code` is None where it has no cause of its own."""
    return {
        "code": code,
        "kind": refusal.kind,
        "text": refusal.text,
        "path": refusal.path,
        "pointer": pointer(root, refusal.path) if refusal.path else "",
        "span": None if refusal.span is None else list(refusal.span),
    }


def attributes_value(step: Step, requested: int) -> Json:
    """fContextReq against pfContextAttr; what is missing is only known once the context is established."""
    done = step.state == ESTABLISHED
    missing, extra = asc.missing_and_extra(requested, step.attributes)
    return {
        "requested": asc.req_names(requested),
        "returned": asc.ret_names(step.attributes),
        "hex": f"0x{step.attributes:08x}",
        "missing": missing if done else [],
        "extra": extra if done else [],
        "provisional": not done,
    }


def output_value(output: bytes | None) -> Json | None:
    """The token to send, and what it is."""
    if not output:
        return None
    return {"base64": base64.b64encode(output).decode(), **_named(output)}


def client_value(client: Client) -> dict[str, Any]:
    """Who logged on."""
    return {
        "name": client.name,
        "domain": client.domain,
        "sid": client.sid,
        "groups": list(client.groups),
        "workstation": client.workstation,
        "anonymous": client.anonymous,
        "machine": client.machine,
        "impersonation": client.impersonation,
        "carried_by": client.carried_by,
        "realm": client.realm,
        "upn": client.upn,
        "logon_time": client.logon_time,
    }
