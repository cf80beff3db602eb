"""The answer to a call for a person: what came in, the status, asked and returned, the output, what to do next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

from secctx.acceptor import flags as asc
from secctx.acceptor.values import ESTABLISHED, FAILED, SIMULATED, Client, Step
from secctx.decoders import decode
from secctx.rules.finding import NOTE, Finding

from .findings import finding_lines, lead_lines, screen, sentence
from .plain import plain
from .summary import summarise

#: How we know that Windows answers so, in words.
BASES = {
    "documented": "documented",
    "windows": "seen on Windows",
    "other": "seen in other implementations, not known of Windows",
    "inferred": "inferred, not documented for Windows",
    "simulated": "simulated",
}


def cause_lines(step: Step, findings: Sequence[Finding]) -> list[str]:
    """The cause of a refusal and what to do, which stand before the legs."""
    lead = list(lead_lines(findings, screen()))
    if step.refusal is not None and not lead:
        lead = textwrap.wrap(plain(sentence(step.refusal.text)), screen(), break_long_words=False)
    return lead


def leg_lines(
    number: int,
    token: bytes,
    step: Step,
    requested: int,
    target: str | None,
    context: str,
    differs: Sequence[str],
    findings: Sequence[Finding],
) -> Iterator[str]:
    """The lines of one leg; without `context` it is one of the past, and there is nothing to do about it."""
    yield from _wrapped(f"leg {number}", summarise(decode(token)) if token else "empty input: the server begins")
    yield from answer_lines(token, step, requested, target, findings)
    for difference in differs:
        yield from _wrapped("differs", difference)
    if context:
        yield from _wrapped("context", context)
        yield from _wrapped("next", _next(step, target))


def answer_lines(
    token: bytes, step: Step, requested: int, target: str | None, findings: Sequence[Finding]
) -> Iterator[str]:
    """The lines of an answer, whatever was asked."""
    yield f"{'status':9}{step.status.name}  {step.status.hex}   {BASES[step.basis]}"
    if step.status.name != "SEC_E_OK" or step.state == ESTABLISHED:
        yield from _wrapped("", step.status.happened)
    if step.refusal is not None and step.refusal.path and not any(finding.refused for finding in findings):
        span = f", bytes {step.refusal.span[0]}-{step.refusal.span[1]}" if step.refusal.span else ""
        yield from _wrapped("field", f"{step.refusal.path}{span}")
    told = [finding for finding in findings if finding.severity != NOTE]
    for line in finding_lines(decode(token), told, screen() - 9):
        yield f"{'':9}{line.label}{line.text}"
    yield from _attribute_lines(step, requested)
    if step.client is not None:
        yield from _wrapped("client", client_text(step.client))
    if step.state == ESTABLISHED:
        yield from _wrapped("expiry", _expiry(step))
    yield from _wrapped("output", _output(step, target))
    for note in step.notes:
        yield from _wrapped("note", note)


def _attribute_lines(step: Step, requested: int) -> Iterator[str]:
    if step.state == FAILED and not requested:
        return
    bare = [name.removeprefix("ASC_REQ_") for name in asc.req_names(requested)]
    returned = [name.removeprefix("ASC_RET_") for name in asc.ret_names(step.attributes)]
    provisional = "" if step.state == ESTABLISHED else "  (provisional until SEC_E_OK)" if step.state != FAILED else ""
    yield from _wrapped("asked", " ".join(bare) or "-")
    yield from _wrapped("returned", (" ".join(returned) or "-") + provisional)
    if step.state == ESTABLISHED:
        missing, extra = asc.missing_and_extra(requested, step.attributes)
        if missing:
            yield from _wrapped("missing", " ".join(name.removeprefix("ASC_REQ_") for name in missing))
        if extra:
            yield from _wrapped("extra", " ".join(name.removeprefix("ASC_RET_") for name in extra))


def client_text(client: Client) -> str:
    """`LAB\\alice from WS01, may be impersonated`."""
    name = f"{client.domain}\\{client.name}" if client.domain else client.name
    if client.realm is not None and client.domain in (client.realm, None):
        name = f"{client.name}@{client.realm}"
    station = f" from {client.workstation}" if client.workstation else ""
    known = ", ".join(part for part in (client.upn, client.sid) if part)
    if client.groups:
        known += f", {len(client.groups)} group{'s' if len(client.groups) != 1 else ''}"
    station += f" ({known})" if known else ""
    means = {
        "anonymous": "anonymous: a token without a user",
        "identify": "may be identified, not impersonated",
        "impersonate": "may be impersonated",
        "delegate": "may be impersonated, and its identity forwarded",
    }
    carried = f" ({client.carried_by})" if client.carried_by else ""
    return f"{name}{station}, {means[client.impersonation]}{carried}"


def _expiry(step: Step) -> str:
    if step.expiry is not None:
        return step.expiry.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    if step.mechanism == "Kerberos":
        return "not in the ticket"
    return "not known for NTLM (Windows gives one; its value is not documented)"


def _output(step: Step, target: str | None) -> str:
    if not step.output:
        hint = ""
        if step.withheld:
            hint = " (ask EXTENDED_ERROR for what the client would be sent)"
        return f"none{hint}"
    decoded = decode(step.output)
    size = f"{len(step.output)} bytes"
    what = f"a fragment of {size}" if decoded.mechanism == "unknown" else f"{summarise(decoded)}, {size}"
    return what + (f" → {target}" if target else "")


def _next(step: Step, target: str | None) -> str:
    code = step.status.name
    where = f"{target} " if target else "the output "
    if code == "SEC_I_CONTINUE_NEEDED":
        if not step.output:
            return "call again with the rest of the token"
        return f"send {where}to the client and call again with its answer"
    if code in ("SEC_I_COMPLETE_NEEDED", "SEC_I_COMPLETE_AND_CONTINUE"):
        return "complete the context (--complete), then send the output" + (
            "" if code == "SEC_I_COMPLETE_NEEDED" else " and call again with the client's answer"
        )
    if step.state == ESTABLISHED:
        return (
            f"still send {where}to the client; it is logged on" if step.output else "nothing: the client is logged on"
        )
    if step.refusal is not None and step.refusal.kind == "attributes-missing":
        return "ask for less, or have the client ask for it: most attributes are its choice"
    if step.basis == SIMULATED:
        return "nothing: this answer was asked for"
    if step.refusal is not None and step.refusal.kind == "clock-skew":
        told = step.refusal.facts.get("client_time")
        time = f"{told.replace(tzinfo=None):%Y-%m-%dT%H:%M:%SZ}" if isinstance(told, datetime) else "token"
        return f"a live client: set the clocks right (secctx explain {code}); a token from a log: --at {time}"
    return f"see: secctx explain {code}"


def _wrapped(label: str, text: str) -> Iterator[str]:
    """A line of a small table: the label, and the text behind it, folded under itself."""
    if not text:
        return
    lines = textwrap.wrap(plain(text), screen() - 9, break_long_words=False, break_on_hyphens=False) or [""]
    yield f"{label:9}{lines[0]}"
    for line in lines[1:]:
        yield f"{'':9}{line}"
