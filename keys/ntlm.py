"""NTLM's one-way functions, responses and session keys (MS-NLMP 3.3 and 3.4.5.1), as pure functions of bytes.

Hashes and keys are 16 bytes, challenges 8, an LM or NTLM response 24. `flags` is the NegotiateFlags of the
AUTHENTICATE_MESSAGE (MS-NLMP 2.2.2.5).
"""

from __future__ import annotations

from secctx.decoders.tables.ntlm import EXTENDED_SESSIONSECURITY, KEY_EXCH, NEGOTIATE_FLAGS

from .ciphers import des, desl, hmac_md5, md5, rc4k
from .md4 import md4

_BITS = {name: mask for mask, name in NEGOTIATE_FLAGS}
SIGN = _BITS["NTLMSSP_NEGOTIATE_SIGN"]
SEAL = _BITS["NTLMSSP_NEGOTIATE_SEAL"]
DATAGRAM = _BITS["NTLMSSP_NEGOTIATE_DATAGRAM"]
LM_KEY = _BITS["NTLMSSP_NEGOTIATE_LM_KEY"]
ALWAYS_SIGN = _BITS["NTLMSSP_NEGOTIATE_ALWAYS_SIGN"]
NON_NT_SESSION_KEY = _BITS["NTLMSSP_REQUEST_NON_NT_SESSION_KEY"]
NEGOTIATE_128 = _BITS["NTLMSSP_NEGOTIATE_128"]
NEGOTIATE_56 = _BITS["NTLMSSP_NEGOTIATE_56"]

#: What KXKEY takes for LMOWF where the password has no LM hash: not documented, gss-ntlmssp's clients have it so.
NO_LM_HASH = bytes(16)
#: SessionBaseKey of ANONYMOUS and of Guest (MS-NLMP 3.2.5.1.2), and their KeyExchangeKey: Windows has no KXKEY there.
ANONYMOUS_KEY = bytes(16)


def upper(text: str) -> str:
    """UpperCase() of MS-NLMP section 6, as Windows does it: one UTF-16 unit for one, without regard to language.

    The table of RtlUpcaseUnicodeChar has only pairs that also lead back (`ß`, `ı`, `ſ`, `µ` stay), the final sigma
    apart, and knows nothing of the Georgian capitals of Unicode 11.
    """
    return text.upper() if text.isascii() else "".join(map(_upper_unit, text))


def _upper_unit(unit: str) -> str:
    capital = unit.upper()
    if len(capital) != 1 or unit > "\uffff" or "\u10d0" <= unit <= "\u10ff":
        return unit
    return capital if capital.lower() == unit or unit == "ς" else unit


def utf16(text: str) -> bytes:
    """UNICODE() of MS-NLMP section 6: UTF-16LE; a lone surrogate, which Windows lets pass, stays what it is."""
    return text.encode("utf-16-le", "surrogatepass")


def ntowf_v1(password: str) -> bytes:
    """NTOWFv1 (MS-NLMP 3.3.1), the NT hash: MD4(UNICODE(Passwd))."""
    return md4(utf16(password))


def lmowf_v1(password: str) -> bytes | None:
    """LMOWFv1 (MS-NLMP 3.3.1), the LM hash: DES of "KGS!@#$%" under the halves of the upper-case password.

    None where there is none: more than 14 characters, or a character whose OEM byte depends on the server's code page
    (what the code pages 437 and 850 write alike is taken).
    """
    capitals = upper(password)
    try:
        oem = capitals.encode("cp437")
        if len(oem) > 14 or oem != capitals.encode("cp850"):
            return None
    except UnicodeEncodeError:
        return None
    padded = oem.ljust(14, b"\0")
    return des(padded[:7], b"KGS!@#$%") + des(padded[7:], b"KGS!@#$%")


def ntowf_v2(nt_hash: bytes, user: str, domain: str) -> bytes:
    """NTOWFv2 (MS-NLMP 3.3.2), which LMOWFv2 equals: HMAC_MD5(NTOWFv1, UNICODE(Uppercase(User) || UserDom)).

    The domain counts as spelled, the user in capitals.
    """
    return hmac_md5(nt_hash, utf16(upper(user) + domain))


def nt_response_v1(nt_hash: bytes, server_challenge: bytes) -> bytes:
    """The NTLM_RESPONSE of NTLM v1 (MS-NLMP 3.3.1): DESL(NTOWFv1, ServerChallenge)."""
    return desl(nt_hash, server_challenge)


def nt_response_extended(nt_hash: bytes, server_challenge: bytes, client_challenge: bytes) -> bytes:
    """The NTLM_RESPONSE with extended session security, "NTLM2 session" (MS-NLMP 3.3.1).

    DESL(NTOWFv1, MD5(ServerChallenge || ClientChallenge)[0..7])
    """
    return desl(nt_hash, md5(server_challenge + client_challenge)[:8])


def lm_response_v1(lm_hash: bytes, server_challenge: bytes) -> bytes:
    """The LM_RESPONSE (MS-NLMP 3.3.1): DESL(LMOWFv1, ServerChallenge)."""
    return desl(lm_hash, server_challenge)


def nt_proof_v2(response_key: bytes, server_challenge: bytes, temp: bytes) -> bytes:
    """NTProofStr (MS-NLMP 3.3.2): HMAC_MD5(NTOWFv2, ServerChallenge || temp).

    `temp` is all that follows the first 16 bytes of NtChallengeResponse, as received.
    """
    return hmac_md5(response_key, server_challenge + temp)


def lm_response_v2(response_key: bytes, server_challenge: bytes, client_challenge: bytes) -> bytes:
    """The LMv2_RESPONSE (MS-NLMP 3.3.2): HMAC_MD5(LMOWFv2, ServerChallenge || ClientChallenge) || ClientChallenge."""
    return hmac_md5(response_key, server_challenge + client_challenge) + client_challenge


def session_base_key_v1(nt_hash: bytes) -> bytes:
    """SessionBaseKey of NTLM v1 (MS-NLMP 3.3.1): MD4(NTOWFv1)."""
    return md4(nt_hash)


def session_base_key_v2(response_key: bytes, proof: bytes) -> bytes:
    """SessionBaseKey of NTLM v2 (MS-NLMP 3.3.2): HMAC_MD5(NTOWFv2, NTProofStr). It is the KeyExchangeKey too."""
    return hmac_md5(response_key, proof)


def key_exchange_key(
    flags: int, session_base_key: bytes, lm_hash: bytes | None, lm_response: bytes, server_challenge: bytes
) -> bytes:
    """KXKEY for NTLM v1 (MS-NLMP 3.4.5.1), 16 bytes; with NTLM v2 the SessionBaseKey is the KeyExchangeKey.

    `lm_hash` counts only as `needs_lm_hash` says; None there is `NO_LM_HASH`.
    """
    first = lm_response[:8].ljust(8, b"\0")
    lm_hash = lm_hash or NO_LM_HASH
    if flags & EXTENDED_SESSIONSECURITY:
        return hmac_md5(session_base_key, server_challenge + first)
    if flags & LM_KEY:
        return des(lm_hash[:7], first) + des(lm_hash[7:8] + b"\xbd" * 6, first)
    if flags & NON_NT_SESSION_KEY:
        return lm_hash[:8] + bytes(8)
    return session_base_key


def needs_lm_hash(flags: int) -> bool:
    """Whether KXKEY for NTLM v1 looks at the LM hash."""
    return not flags & EXTENDED_SESSIONSECURITY and flags & (LM_KEY | NON_NT_SESSION_KEY) != 0


def exchanges_key(flags: int) -> bool:
    """Whether EncryptedRandomSessionKey carries the session's key (MS-NLMP 3.2.5.1.2): KEY_EXCH and SIGN or SEAL."""
    return flags & KEY_EXCH != 0 and flags & (SIGN | SEAL) != 0


def exported_session_key(flags: int, exchange_key: bytes, encrypted: bytes) -> bytes | None:
    """ExportedSessionKey (MS-NLMP 3.2.5.1.2), from the KeyExchangeKey and EncryptedRandomSessionKey.

    None where the key is exchanged and `encrypted` is not 16 bytes: SEC_E_INVALID_TOKEN.
    """
    if not exchanges_key(flags):
        return exchange_key
    return rc4k(exchange_key, encrypted) if len(encrypted) == 16 else None


def encrypted_session_key(exchange_key: bytes, exported_key: bytes) -> bytes:
    """EncryptedRandomSessionKey (MS-NLMP 3.1.5.1.2), as the client sends it: RC4K(KeyExchangeKey, key)."""
    return rc4k(exchange_key, exported_key)


def message_integrity_code(
    exported_key: bytes, negotiate: bytes, challenge: bytes, authenticate: bytes, offset: int
) -> bytes:
    """The MIC of an AUTHENTICATE_MESSAGE (MS-NLMP 3.1.5.1.2), whose 16 bytes stand at `offset` (mostly 72) in it.

    HMAC_MD5(ExportedSessionKey, NEGOTIATE || CHALLENGE || AUTHENTICATE with the MIC zeroed); the messages as sent.
    """
    if not 0 <= offset <= len(authenticate) - 16:
        raise ValueError("the MIC would lie outside the AUTHENTICATE_MESSAGE")
    zeroed = authenticate[:offset] + bytes(16) + authenticate[offset + 16 :]
    return hmac_md5(exported_key, negotiate + challenge + zeroed)
