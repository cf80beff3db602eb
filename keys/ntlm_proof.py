"""Does an AUTHENTICATE_MESSAGE prove the password (MS-NLMP 3.2.5.1.2)? And where it does not, what comes near?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Final

from secctx.decoders.tables.ntlm import EXTENDED_SESSIONSECURITY

from . import ntlm
from .ciphers import hmac_md5
from .secret import Secret

NTLM_V2: Final = "NTLMv2"
LM_V2: Final = "LMv2"
NTLM: Final = "NTLM"
NTLM2_SESSION: Final = "NTLM2 session"
LM: Final = "LM"

NT_FIELD: Final = "NtChallengeResponse"
LM_FIELD: Final = "LmChallengeResponse"


@dataclass(slots=True)
class Proof:
    """What a client offers as proof: fields of its AUTHENTICATE_MESSAGE, and the challenge it had to answer.

    Names as spelled in the message (an absent one is ""), responses as received (an absent one is b"").
    """

    user: str
    domain: str
    server_challenge: bytes
    flags: int
    lm_response: bytes
    nt_response: bytes


@dataclass(slots=True)
class Verified:
    """A proof that holds.

    `kind` is NTLMv2, LMv2, NTLM, NTLM2 session or LM; `response` names the field that verified. `domain` is what the
    response was made with, and `spelling` which name that is: `as sent`, `nil`, `upper case` or `alternative` (always
    `as sent` for the kinds of NTLM v1, which no domain enters).
    """

    kind: str
    response: str
    domain: str
    spelling: str
    session_base_key: bytes = field(repr=False)
    key_exchange_key: bytes = field(repr=False)


@dataclass(slots=True)
class NearMiss:
    """Something else than what the message says, with which its responses do verify.

    `what` is one of `domain user server-name password challenge session-security lm-response`; `text` is a clause
    about the response: "verifies with …". `user` and `domain` are the names with which it verifies.
    """

    what: str
    text: str
    user: str
    domain: str


def verify_response(proof: Proof, secret: Secret, alternatives: Iterable[str] = ()) -> Verified | None:
    """Hold the responses to the account's secret, in the order of MS-NLMP 3.2.5.1.2; None where neither verifies.

    First NtChallengeResponse, then LmChallengeResponse (not beside an NTLM_RESPONSE, see `_verify_v1`), then both with
    NIL for the domain. After these, which is not documented, both with each of the `alternatives`: other names of the
    domain (Samba tries its upper case).
    """
    nt_hash = secret.nt_hash
    verified = _verify_v1(proof, secret)
    if verified is None and nt_hash is not None:
        tried: set[str] = set()
        for spelling, domain in _spellings(proof.domain, alternatives):
            if domain not in tried:
                tried.add(domain)
                response_key = ntlm.ntowf_v2(nt_hash, proof.user, domain)
                verified = _verify_v2(proof, response_key, domain, spelling)
            if verified is not None:
                break
    return verified


def _spellings(domain: str, alternatives: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield "as sent", domain
    yield "nil", ""
    capitals = ntlm.upper(domain)
    for other in alternatives:
        yield "upper case" if other == capitals else "alternative", other


def _verify_v2(proof: Proof, response_key: bytes, domain: str, spelling: str) -> Verified | None:
    """NTLMv2, then LMv2 (MS-NLMP 3.3.2), under a ResponseKeyNT.

    Where the NT response is there and only LMv2 verifies, the SessionBaseKey still is that of the expected NT
    response: the document has it so, and Samba found Windows to do so.
    """
    nt, lm, challenge = proof.nt_response, proof.lm_response, proof.server_challenge
    if len(nt) > 24:
        expected = ntlm.nt_proof_v2(response_key, challenge, nt[16:])
        base = ntlm.session_base_key_v2(response_key, expected)
        if compare_digest(nt[:16], expected):
            return Verified(NTLM_V2, NT_FIELD, domain, spelling, base, base)
        client_challenge = nt[32:40]
    elif len(nt) == 24 or len(lm) != 24:
        return None
    else:
        base = ntlm.session_base_key_v2(response_key, lm[:16])
        client_challenge = lm[16:]
    if compare_digest(lm, ntlm.lm_response_v2(response_key, challenge, client_challenge)):
        return Verified(LM_V2, LM_FIELD, domain, spelling, base, base)
    return None


def _verify_v1(proof: Proof, secret: Secret) -> Verified | None:
    """The kinds of NTLM v1 (MS-NLMP 3.3.1).

    The document compares LmChallengeResponse after an NtChallengeResponse that failed. Windows does not (Samba's
    RPC-SAMLOGON test holds it to that), and it would be unwise: any capitals of the password make the same LM hash, and
    with extended session security the field is only the client's challenge, which anyone can send.
    """
    nt, lm, nt_hash = proof.nt_response, proof.lm_response, secret.nt_hash
    if len(nt) > 24:
        return None
    extended = proof.flags & EXTENDED_SESSIONSECURITY != 0
    if len(nt) < 24 or nt_hash is None:
        return None if extended else _verify_lm(proof, secret)
    if not extended:
        expected = ntlm.nt_response_v1(nt_hash, proof.server_challenge)
    elif len(lm) == 24:
        expected = ntlm.nt_response_extended(nt_hash, proof.server_challenge, lm[:8])
    else:
        return None
    if compare_digest(nt, expected):
        return _verified_v1(proof, secret, NTLM2_SESSION if extended else NTLM, NT_FIELD)
    return None


def _verify_lm(proof: Proof, secret: Secret) -> Verified | None:
    """LmChallengeResponse as an LM_RESPONSE, or as an NTLM_RESPONSE, which some put there (NoLMResponseNTLMv1)."""
    lm, challenge = proof.lm_response, proof.server_challenge
    if len(lm) != 24:
        return None
    if secret.lm_hash is not None and compare_digest(lm, ntlm.lm_response_v1(secret.lm_hash, challenge)):
        return _verified_v1(proof, secret, LM, LM_FIELD)
    if secret.nt_hash is not None and compare_digest(lm, ntlm.nt_response_v1(secret.nt_hash, challenge)):
        return _verified_v1(proof, secret, NTLM, LM_FIELD)
    return None


def _verified_v1(proof: Proof, secret: Secret, kind: str, response: str) -> Verified:
    """With its keys. By LmChallengeResponse alone, the SessionBaseKey is the first half of the LM hash.

    The document knows only MD4(NTOWFv1); that Windows has the other one is again what RPC-SAMLOGON tests.
    """
    lm_hash = secret.lm_hash if response == LM_FIELD or ntlm.needs_lm_hash(proof.flags) else None
    if response == LM_FIELD and lm_hash is not None:
        base = lm_hash[:8] + bytes(8)
    else:
        base = ntlm.session_base_key_v1(secret.nt_hash or bytes(16))
    exchange = ntlm.key_exchange_key(proof.flags, base, lm_hash, proof.lm_response, proof.server_challenge)
    return Verified(kind, response, proof.domain, "as sent", base, exchange)


def near_misses(
    proof: Proof,
    secret: Secret,
    *,
    domains: Iterable[str] = (),
    server_names: Iterable[str] = (),
    challenges: Iterable[bytes] = (),
) -> list[NearMiss]:
    """After `verify_response` gave None: with what else than the message says do its responses verify?

    Tried are other spellings of the names (the domain in capitals, in small letters, empty, one of `domains`, one of
    the `server_names` in its place; the user not in capitals, or with its domain split off or joined on), the empty
    password, the other server `challenges` given, the other meaning of the extended session security flag, and the LM
    response beside an NT response that failed.
    """
    found = list(_near_names(proof, secret, domains, server_names))
    here = proof.user, proof.domain
    for challenge in challenges:
        if challenge != proof.server_challenge and verify_response(replace(proof, server_challenge=challenge), secret):
            found.append(NearMiss("challenge", f"verifies with another challenge, {challenge.hex()}", *here))
    if verify_response(proof, Secret("")):
        found.append(NearMiss("password", "verifies with an empty password", *here))
    if len(proof.nt_response) == 24:
        extended = proof.flags & EXTENDED_SESSIONSECURITY != 0
        if _verify_v1(replace(proof, flags=proof.flags ^ EXTENDED_SESSIONSECURITY), secret):
            text = f"verifies as if extended session security were {'not ' if extended else ''}negotiated"
            found.append(NearMiss("session-security", text, *here))
        if _verify_lm(proof, secret):
            text = "does not verify, but LmChallengeResponse, which knows no small letters, does"
            found.append(NearMiss("lm-response", text, *here))
    return found


def _near_names(
    proof: Proof, secret: Secret, domains: Iterable[str], server_names: Iterable[str]
) -> Iterator[NearMiss]:
    """The names with which a response of NTLM v2 verifies; those of v1 know none."""
    if secret.nt_hash is None:
        return
    capitals = ntlm.upper(proof.user)
    tried = {capitals + proof.domain, capitals}
    for what, user, domain, name in _names(proof, domains, server_names):
        if name in tried:
            continue
        tried.add(name)
        if _verify_v2(proof, hmac_md5(secret.nt_hash, ntlm.utf16(name)), domain, ""):
            aside = ", not in capitals," if name != ntlm.upper(user) + domain else ""
            yield NearMiss(what, f"verifies for the user {user!r}{aside} and the domain {domain!r}", user, domain)


def _names(proof: Proof, domains: Iterable[str], server_names: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """What differs, the user, the domain, and the text of both that NTOWFv2 hashes."""
    user, domain = proof.user, proof.domain
    others = [("domain", ntlm.upper(domain)), ("domain", domain.lower()), ("domain", domain.partition(".")[0])]
    others += [("domain", name) for name in domains] + [("server-name", name) for name in server_names]
    for what, other in others:
        for spelled in (other, ntlm.upper(other), other.lower()):
            yield what, user, spelled, ntlm.upper(user) + spelled
    if "@" in user:
        name, _, suffix = user.rpartition("@")
    elif "\\" in user:
        suffix, _, name = user.partition("\\")
    else:
        name, suffix = (f"{user}@{domain}", "") if domain else (user, "")
    for _, spelled in (("", suffix), ("", ntlm.upper(suffix)), ("", ""), *others):
        yield "user", name, spelled, ntlm.upper(name) + spelled
    for same in (user, user.upper(), user.lower(), name):
        for spelled in (domain, ""):
            yield "user", same, spelled, same + spelled
