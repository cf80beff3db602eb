"""fContextReq and pfContextAttr: the ASC_REQ and ASC_RET bits, read, named and compared.

Four names differ between asking and returning (ALLOCATE_MEMORY and ALLOCATED_MEMORY, USE_DCE_STYLE and USED_DCE_STYLE,
ALLOW_NULL_SESSION and NULL_SESSION, FRAGMENT_TO_FIT and FRAGMENT_ONLY); CALL_LEVEL moves from 0x1000 to 0x2000, where
ASC_REQ_FRAGMENT_SUPPLIED stands; THIRD_LEG_FAILED answers nothing. The client's ISC flags and GSS-API's use other bits
for the same words, so a mask is never copied from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from .tables import flags as tables

ASC_REQ_DELEGATE: Final = 0x1
ASC_REQ_MUTUAL_AUTH: Final = 0x2
ASC_REQ_REPLAY_DETECT: Final = 0x4
ASC_REQ_SEQUENCE_DETECT: Final = 0x8
ASC_REQ_CONFIDENTIALITY: Final = 0x10
ASC_REQ_USE_SESSION_KEY: Final = 0x20
ASC_REQ_SESSION_TICKET: Final = 0x40
ASC_REQ_ALLOCATE_MEMORY: Final = 0x100
ASC_REQ_USE_DCE_STYLE: Final = 0x200
ASC_REQ_DATAGRAM: Final = 0x400
ASC_REQ_CONNECTION: Final = 0x800
ASC_REQ_CALL_LEVEL: Final = 0x1000
ASC_REQ_FRAGMENT_SUPPLIED: Final = 0x2000
ASC_REQ_EXTENDED_ERROR: Final = 0x8000
ASC_REQ_STREAM: Final = 0x10000
ASC_REQ_INTEGRITY: Final = 0x20000
ASC_REQ_LICENSING: Final = 0x40000
ASC_REQ_IDENTIFY: Final = 0x80000
ASC_REQ_ALLOW_NULL_SESSION: Final = 0x100000
ASC_REQ_ALLOW_NON_USER_LOGONS: Final = 0x200000
ASC_REQ_ALLOW_CONTEXT_REPLAY: Final = 0x400000
ASC_REQ_FRAGMENT_TO_FIT: Final = 0x800000
ASC_REQ_NO_TOKEN: Final = 0x1000000
ASC_REQ_PROXY_BINDINGS: Final = 0x4000000
ASC_REQ_ALLOW_MISSING_BINDINGS: Final = 0x10000000
ASC_REQ_HTTP: Final = ASC_REQ_ALLOW_MISSING_BINDINGS  #: the same bit, as the Digest package names it
ASC_REQ_MESSAGES: Final = 0x100000000

ASC_RET_DELEGATE: Final = 0x1
ASC_RET_MUTUAL_AUTH: Final = 0x2
ASC_RET_REPLAY_DETECT: Final = 0x4
ASC_RET_SEQUENCE_DETECT: Final = 0x8
ASC_RET_CONFIDENTIALITY: Final = 0x10
ASC_RET_USE_SESSION_KEY: Final = 0x20
ASC_RET_SESSION_TICKET: Final = 0x40
ASC_RET_ALLOCATED_MEMORY: Final = 0x100
ASC_RET_USED_DCE_STYLE: Final = 0x200
ASC_RET_DATAGRAM: Final = 0x400
ASC_RET_CONNECTION: Final = 0x800
ASC_RET_CALL_LEVEL: Final = 0x2000
ASC_RET_THIRD_LEG_FAILED: Final = 0x4000
ASC_RET_EXTENDED_ERROR: Final = 0x8000
ASC_RET_STREAM: Final = 0x10000
ASC_RET_INTEGRITY: Final = 0x20000
ASC_RET_LICENSING: Final = 0x40000
ASC_RET_IDENTIFY: Final = 0x80000
ASC_RET_NULL_SESSION: Final = 0x100000
ASC_RET_ALLOW_NON_USER_LOGONS: Final = 0x200000
ASC_RET_ALLOW_CONTEXT_REPLAY: Final = 0x400000
ASC_RET_FRAGMENT_ONLY: Final = 0x800000
ASC_RET_NO_TOKEN: Final = 0x1000000
ASC_RET_NO_ADDITIONAL_TOKEN: Final = 0x2000000
ASC_RET_NO_PROXY_BINDINGS: Final = 0x4000000
ASC_RET_REAUTHENTICATION: Final = 0x8000000
ASC_RET_MISSING_BINDINGS: Final = 0x10000000
ASC_RET_MESSAGES: Final = 0x100000000

#: What a caller demands of the finished context, and can be denied without the call failing. The other requests are
#: permissions (ALLOW_…, PROXY_BINDINGS, NO_TOKEN) or the manner of the call (ALLOCATE_MEMORY, CONNECTION, FRAGMENT_…).
SECURITY: Final = (
    ASC_REQ_DELEGATE
    | ASC_REQ_MUTUAL_AUTH
    | ASC_REQ_REPLAY_DETECT
    | ASC_REQ_SEQUENCE_DETECT
    | ASC_REQ_CONFIDENTIALITY
    | ASC_REQ_USE_SESSION_KEY
    | ASC_REQ_USE_DCE_STYLE
    | ASC_REQ_INTEGRITY
    | ASC_REQ_IDENTIFY
)

#: Requests that change nothing in Negotiate, NTLM and Kerberos, whatever the client does.
WITHOUT_EFFECT: Final = (
    ASC_REQ_SESSION_TICKET | ASC_REQ_CALL_LEVEL | ASC_REQ_STREAM | ASC_REQ_LICENSING | ASC_REQ_MESSAGES
)

_WIDEST: Final = 1 << 64
_REQ_BITS: Final = {name: bit for bit, name, _, _ in tables.ASC_REQ} | {"HTTP": ASC_REQ_HTTP}
_RET_BITS: Final = {name: bit for bit, name in tables.ASC_RET}
_ANSWERS: Final = {bit: answer for bit, _, answer, _ in tables.ASC_REQ}


class UnknownFlag(ValueError):
    """A word that is no flag; `near` holds the names that it may have meant."""

    def __init__(self, message: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.near = near


def parse_requirements(texts: Iterable[str]) -> int:
    """The fContextReq of `--req`: names with or without `ASC_REQ_` in any case, masks, comma-separated and mixed."""
    return _parse(texts, "ASC_REQ_", _REQ_BITS)


def parse_attributes(texts: Iterable[str]) -> int:
    """The pfContextAttr of `--expect-ret`: names with or without `ASC_RET_`, masks, comma-separated and mixed."""
    return _parse(texts, "ASC_RET_", _RET_BITS)


def _parse(texts: Iterable[str], prefix: str, bits: dict[str, int]) -> int:
    mask = 0
    for text in texts:
        for word in text.replace("|", ",").replace(",", " ").split():
            mask |= _mask(word) if word[0] in "0123456789+-" else _bit(word, prefix, bits)
    return mask


def _mask(word: str) -> int:
    try:
        mask = int(word, 16 if word.lower().startswith("0x") else 10)
    except ValueError:
        raise UnknownFlag(f"not a mask: {word} (decimal, or hex after 0x)") from None
    if not 0 <= mask < _WIDEST:
        raise UnknownFlag(f"not a mask: {word} (0 to 0xffffffffffffffff)")
    return mask


def _bit(word: str, prefix: str, bits: dict[str, int]) -> int:
    from difflib import get_close_matches

    wanted = word.upper()
    bare = wanted.removeprefix(prefix)
    if bare in bits:
        return bits[bare]
    for other in ("ASC_REQ_", "ASC_RET_", "ISC_REQ_", "ISC_RET_", "GSS_C_"):
        bare = bare.removeprefix(other)
    near = tuple(prefix + name for name in get_close_matches(bare, bits, 3, 0.6))
    kind = "returned" if prefix == "ASC_RET_" else "asked for"
    message = f"not a flag that can be {kind} here: {word}"
    if wanted.startswith(("ISC_", "GSS_")):
        message += " (a flag of another call, with other bits)"
    raise UnknownFlag(message, near)


def req_names(mask: int) -> list[str]:
    """The ASC_REQ names of a mask, lowest bit first; a bit without a name as hex."""
    return _names(mask, "ASC_REQ_", ((bit, name) for bit, name, _, _ in tables.ASC_REQ))


def ret_names(mask: int) -> list[str]:
    """The ASC_RET names of a mask, lowest bit first; a bit without a name as hex."""
    return _names(mask, "ASC_RET_", tables.ASC_RET)


def isc_req_names(mask: int) -> list[str]:
    """The ISC_REQ names of a mask: the client's side, for recognition only."""
    return _names(mask, "ISC_REQ_", tables.ISC_REQ)


def isc_ret_names(mask: int) -> list[str]:
    """The ISC_RET names of a mask: the client's side, for recognition only."""
    return _names(mask, "ISC_RET_", tables.ISC_RET)


def gss_names(mask: int) -> list[str]:
    """The GSS_C names of a mask (RFC 2744 5.1, RFC 4757 7.1, MS-KILE 3.4.5)."""
    return _names(mask, "GSS_C_", ((bit, name) for bit, name, _ in tables.GSS))


def _names(mask: int, prefix: str, table: Iterable[tuple[int, str]]) -> list[str]:
    found: list[tuple[int, str]] = []
    for bit, name in table:
        if mask & bit:
            found.append((bit, prefix + name))
            mask &= ~bit
    found += [(1 << at, f"0x{1 << at:08x}") for at in range(mask.bit_length()) if mask >> at & 1]
    return [name for _, name in sorted(found)]


def ret_bit_for(req_bit: int) -> int:
    """The ASC_RET bit that answers one ASC_REQ bit; 0 where nothing answers it."""
    return _ANSWERS.get(req_bit, 0)


def asked_bits(req: int) -> int:
    """The ASC_RET bits that a whole fContextReq asks for."""
    return sum(answer for bit, answer in _ANSWERS.items() if req & bit)


def effect(req_name: str) -> str:
    """What an ASC_REQ flag does in the NTLM, Kerberos and Negotiate packages of the accepting side, in one sentence."""
    wanted = _bit(req_name, "ASC_REQ_", _REQ_BITS)
    return next(text for bit, _, _, text in tables.ASC_REQ if bit == wanted)


def missing_and_extra(req: int, ret: int) -> tuple[list[str], list[str]]:
    """What was asked for and not returned (ASC_REQ names), and what was returned unasked (ASC_RET names).

    Packages do not refuse for it: whether the attributes suffice is the caller's to decide (AcceptSecurityContext
    page, Remarks). Only demands on the context can be missing, see `SECURITY`.
    """
    missing = sum(bit for bit, answer in _ANSWERS.items() if req & bit & SECURITY and not ret & answer)
    return req_names(missing), ret_names(ret & ~asked_bits(req))


def gss_to_ret(mask: int) -> int:
    """The ASC_RET bits that say what GSS-API flags say (RFC 4121 4.1.1.1); others are left out."""
    return sum(answer for bit, _, answer in tables.GSS if mask & bit)


def looks_like_other(mask: int) -> str | None:
    """`ISC_REQ` or `GSS` where a mask makes sense only as one of those, None where it may be an fContextReq."""
    return next((name for name, holds in _OTHERS if holds(mask)), None)


def _is_gss(mask: int) -> bool:
    # REPLAY, SEQUENCE or CONFIDENTIALITY imply INTEGRITY: with 0x20 and without 0x20000, 0x20 means GSS's INTEG.
    return bool(mask & 0x20 and mask & 0x1C) and not mask & ~sum(bit for bit, _, _ in tables.GSS)


def _is_isc(mask: int) -> bool:
    # No ASC_REQ bit stands at 0x80, 0x4000, 0x20000000, 0x40000000. STREAM (ISC's INTEGRITY) belongs to Schannel and
    # LICENSING (ISC's NULL_SESSION) is obsolete.
    if mask & ~sum(bit for bit, _ in tables.ISC_REQ):
        return False
    return bool(mask & 0x60004080) or mask & 0x30000 == ASC_REQ_STREAM or bool(mask & ASC_REQ_LICENSING)


_OTHERS: Final[tuple[tuple[str, Callable[[int], bool]], ...]] = (("GSS", _is_gss), ("ISC_REQ", _is_isc))
