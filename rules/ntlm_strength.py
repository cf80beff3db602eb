"""How strong an NTLM logon is: the kind of response, the keys, the MIC, and what the session will protect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Message

from .asked import asks
from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import AUTHENTICATE, CHALLENGE, NEGOTIATE
from .ntlm_message import (
    EXTENDED,
    KEY_EXCH,
    LM,
    NEGOTIATE_128,
    SEAL,
    SESSION,
    SIGN,
    V1,
    V2,
    challenge_of,
    flags,
    has_flags,
    is_anonymous,
    pair,
    promises_mic,
    refused,
    response,
    sizes,
)

#: What both sides agree on in the first two messages, and a client has no reason to drop in the third.
_KEPT: Final = (
    (SIGN, "NTLMSSP_NEGOTIATE_SIGN"),
    (SEAL, "NTLMSSP_NEGOTIATE_SEAL"),
    (EXTENDED, "NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY"),
    (NEGOTIATE_128, "NTLMSSP_NEGOTIATE_128"),
    (KEY_EXCH, "NTLMSSP_NEGOTIATE_KEY_EXCH"),
)


@rule("NTL001", "old-response", WARNING)
def NTL001(case: Case) -> Iterator[Said]:
    """The client answers with LM or NTLMv1.

    What: the response is one of the old kinds, 24 bytes made with DES. Whoever records it can find the password's hash
    in days, and it can carry neither a MIC nor channel bindings. NTLM2 session is NTLMv1 with a challenge of the
    client's own, no stronger against a recorded logon.

    Shows: with LmCompatibilityLevel 5 on the domain controller the logon fails with 0x8009030C and event 4625,
    0xC000006D; with bindings required it is 0x80090346. Where it works, event 4624 has the package name NTLM V1 or LM.

    Do: raise LmCompatibilityLevel on the client to 3 or more, or have its library send NTLMv2.

    Client: reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa /v LmCompatibilityLevel /t REG_DWORD /d 5 on Windows;
    gss-ntlmssp and pyspnego read LM_COMPAT_LEVEL from the environment; Samba: client ntlmv2 auth = yes.

    Server: only the authority that verifies the response refuses it: for a local account the server itself, by the same
    registry value; Samba: ntlm auth = ntlmv2-only.

    KDC: on the domain controllers the policy "Network security: LAN Manager authentication level"; look for NTLM V1 in
    events 4624 before you set it to refuse.

    See: MS-NLMP 2.2.2.3, 2.2.2.6 and 3.3.1; MS-NLMP appendix B on section 5.1 for the levels.
    """
    yield from refused(case, "ntlm-level")
    message = case.find(AUTHENTICATE)
    kind = "" if message is None else response(message)
    if message is None or kind not in (V1, SESSION, LM):
        return
    if kind == LM:
        text = "the client sends LmChallengeResponse alone: LM, or LMv2, which has the same form"
        yield at(message, "LmChallengeResponse", text)
        return
    text = "the response is NTLMv1 (24 bytes)"
    if kind == SESSION:
        text = "the response is NTLMv1 with extended session security, called NTLM2 session (24 bytes)"
    elif _has_lm(message):
        text += " with an LM response beside it, which is weaker still"
    yield at(message, "NtChallengeResponse", text)


def _has_lm(message: Message) -> bool:
    """Whether LmChallengeResponse is more than a copy of the NT response (NoLMResponseNTLMv1), and not zero."""
    lm = message.bytes_of("LmChallengeResponse")
    return any(lm) and lm != message.bytes_of("NtChallengeResponse")


@rule("NTL002", "weak-session", WARNING)
def NTL002(case: Case) -> Iterator[Said]:
    """The messages agree on weak keys, or drop protection that was agreed on.

    What: NegotiateFlags say how the session is to be protected. Windows wants 128-bit keys of whoever signs or seals.
    Without extended session security, signing and sealing use the keys of the 1990s. And what NEGOTIATE asked for and
    CHALLENGE granted should come back in AUTHENTICATE: where it does not, the client changed its mind, or somebody
    between them changed it (CVE-2019-1040).

    Shows: SEC_E_UNSUPPORTED_FUNCTION (0x80090302) at the server, and at a client that finds the CHALLENGE too weak.

    Do: set NtlmMinClientSec on the client to 0x20080000, or update its library.

    Client: reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0 /v NtlmMinClientSec /t REG_DWORD /d 0x20080000

    Server: NtlmMinServerSec in the same place says what the server requires; 0x20000000 is 128-bit keys, 0x80000
    extended session security. Do not lower it for one old client.

    See: MS-NLMP 2.2.2.5, 3.1.5.1.2 and 3.2.5.1.1 (ServerRequire128bitEncryption).
    """
    yield from refused(case, "ntlm-128-bit")
    message = case.find(AUTHENTICATE, CHALLENGE, NEGOTIATE)
    bits = 0 if message is None else flags(message)
    if message is None or not bits:
        return
    if bits & (SIGN | SEAL) and not bits & NEGOTIATE_128:
        text = "NegotiateFlags ask to sign or seal without NTLMSSP_NEGOTIATE_128: Windows requires 128-bit keys for it"
        yield at(message, "NegotiateFlags", text)
    elif message.message == AUTHENTICATE and not bits & EXTENDED and not is_anonymous(message):
        weak = bool(bits & (SIGN | SEAL))
        text = "extended session security is not negotiated" + (": the session is signed with old keys" if weak else "")
        yield at(message, "NegotiateFlags", text, severity=WARNING if weak else NOTE)
    gone = _dropped(case, message, bits)
    if gone:
        text = f"NEGOTIATE asks for {gone} and CHALLENGE grants it, and here it is dropped"
        yield at(message, "NegotiateFlags", text, advice="compare the three legs as client and server saw them")


def _dropped(case: Case, message: Message, bits: int) -> str:
    """The protection that both earlier legs agreed on and the AUTHENTICATE_MESSAGE has no more."""
    asked, granted = case.last(NEGOTIATE), challenge_of(case)
    if message.message != AUTHENTICATE or asked is None or granted is None or is_anonymous(message):
        return ""
    agreed = flags(asked[1]) & flags(granted) & ~bits
    return " and ".join(name for bit, name in _KEPT if agreed & bit)


@rule("NTL003", "mic-missing", WARNING)
def NTL003(case: Case) -> Iterator[Said]:
    """The message has no MIC, or one that cannot be.

    What: the MIC is a signature over all three messages, so that nobody can change one on its way. A client should send
    it whenever the server sent a timestamp; MsvAvFlags, which the password protects, says that it is there. Said and
    not there means that it was cut out, or that the client's library builds the message wrongly.

    Shows: a promised MIC that is missing fails with SEC_E_MESSAGE_ALTERED or SEC_E_INVALID_TOKEN. One that was never
    promised passes with Windows, and lets a man in the middle change flags or relay the logon.

    Do: update the client's NTLM library to one that sends a MIC, and compare the message as sent and as received.

    Client: Windows sends it from Vista on; curl's own NTLM and old Java and Go libraries do not: use Kerberos, or
    `curl --negotiate` with a GSS library in their place; gss-ntlmssp sends it inside SPNEGO.

    Server: Samba and Windows judge the MIC by MsvAvFlags alone; where relays matter, require signing or channel
    bindings.

    See: MS-NLMP 2.2.1.3 (MIC), 2.2.2.1 (MsvAvFlags), 3.1.5.1.2 and 3.2.5.1.2.
    """
    yield from refused(case, "ntlm-mic-missing")
    message = case.find(AUTHENTICATE)
    if message is None or not case.complete or response(message) != V2:
        return
    promised, mic = promises_mic(message), message.field("MIC")
    if promised is not None:
        if mic is None:
            text = "MsvAvFlags say that the message has a MIC, and it has none"
            yield at(message, promised.path, text, severity=ERROR)
        elif not any(message.bytes_of("MIC")):
            yield at(message, "MIC", "the MIC is 16 zero bytes: it was never computed", severity=ERROR)
        return
    server = challenge_of(case)
    stamp = pair(message, "MsvAvTimestamp") or (pair(server, "MsvAvTimestamp") if server is not None else None)
    if mic is not None and any(message.bytes_of("MIC")):
        text = "the message has a MIC and MsvAvFlags do not say so: servers do not look at it"
        yield at(message, "MIC", text, severity=NOTE)
    elif stamp is not None:
        text = f"the server sent a timestamp, {stamp.meaning}, and the client answers without a MIC"
        yield at(message, "NtChallengeResponse", text)


@rule("NTL016", "not-protected", WARNING)
def NTL016(case: Case) -> Iterator[Said]:
    """No signing or sealing is negotiated, though it is asked for.

    What: fContextReq asks for INTEGRITY or CONFIDENTIALITY, and NegotiateFlags of the AUTHENTICATE_MESSAGE lack
    NTLMSSP_NEGOTIATE_SIGN or NTLMSSP_NEGOTIATE_SEAL. With NTLM only the client can ask for them;
    NTLMSSP_NEGOTIATE_ALWAYS_SIGN, which nearly every message has, gives a dummy signature.

    Shows: the logon succeeds without ASC_RET_INTEGRITY or ASC_RET_CONFIDENTIALITY; VerifySignature and DecryptMessage
    fail later, and an LDAP server that requires signing answers strongerAuthRequired (8).

    Do: have the client ask for it: ISC_REQ_INTEGRITY, ISC_REQ_CONFIDENTIALITY, or GSS_C_INTEG_FLAG and GSS_C_CONF_FLAG.

    Client: HTTP clients such as curl and browsers never ask, since TLS protects them; for WinRM and LDAP set message
    encryption or signing in the client's own options.

    Server: refuse the context where you need them: Windows leaves that to the caller; `secctx accept --enforce` shows
    it.

    See: MS-NLMP 2.2.2.5 and 3.1.1.2; the AcceptSecurityContext function of sspi.h.
    """
    message = case.find(AUTHENTICATE)
    if message is None or not has_flags(message):
        return
    wanted = (("INTEGRITY", SIGN, "NTLMSSP_NEGOTIATE_SIGN"), ("CONFIDENTIALITY", SEAL, "NTLMSSP_NEGOTIATE_SEAL"))
    missing = ((what, bit) for what, mask, bit in wanted if not flags(message) & mask)
    lacking = [(what, bit) for what, bit in missing if asks(case, f"ASC_REQ_{what}")]
    if lacking:
        what, bits = " and ".join(one for one, _ in lacking), " and ".join(one for _, one in lacking)
        yield at(message, "NegotiateFlags", f"{what} asked for, and the client does not negotiate {bits}")


@rule("NTL019", "session-key", ERROR)
def NTL019(case: Case) -> Iterator[Said]:
    """Key exchange is negotiated, and the session key is absent or of the wrong size.

    What: with NTLMSSP_NEGOTIATE_KEY_EXCH a client that signs or seals sends a key of its own, encrypted, in
    EncryptedRandomSessionKey: 16 bytes. Without it the server cannot make the session's keys.

    Shows: SEC_E_INVALID_TOKEN (0x80090308) for a message whose password is right.

    Do: have the client's library send the 16 bytes, or not set NTLMSSP_NEGOTIATE_KEY_EXCH.

    Client: this is a defect of the library that made the message; report it there with the message, or use the
    system's SSPI or GSS-API.

    See: MS-NLMP 2.2.1.3, 3.1.5.1.2 and 3.2.5.1.2.
    """
    yield from refused(case, "ntlm-session-key")
    message = case.find(AUTHENTICATE)
    if message is None or not case.complete or is_anonymous(message):
        return
    bits, size = flags(message), len(message.bytes_of("EncryptedRandomSessionKey"))
    if bits & KEY_EXCH and bits & (SIGN | SEAL) and size != 16:
        text = f"NTLMSSP_NEGOTIATE_KEY_EXCH is set and EncryptedRandomSessionKey has {sizes(size, 'byte')}, not 16"
        yield at(message, "EncryptedRandomSessionKeyFields", text)
