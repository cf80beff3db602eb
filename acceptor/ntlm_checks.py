"""What an AUTHENTICATE_MESSAGE is held to, one check a function, in the order in which Windows judges."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from . import flags as asc
from . import status
from .part import Part
from .values import DOCUMENTED, INFERRED, OTHER, WINDOWS, Refused, Request, Server

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings
    from secctx.keys.ntlm_proof import Proof
    from secctx.keys.users import Account, Users

MIC_PROVIDED: Final = 0x00000002

#: What a server puts into TargetInfo and a client must bring back unchanged (MS-NLMP 3.1.5.1.2).
_RETURNED: Final = (
    "MsvAvNbComputerName",
    "MsvAvNbDomainName",
    "MsvAvDnsComputerName",
    "MsvAvDnsDomainName",
    "MsvAvTimestamp",
)

#: So many accounts and domains are tried for a better reason than "wrong password": their product is what it costs.
_MOST_NEAR: Final = 12

_CHALLENGE_PAIRS: Final = "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE.AvPairs"


@dataclass(slots=True)
class Verdict:
    """A proof that holds: who it is, as the account's owner spelled it, and the key that it leads to."""

    user: str
    domain: str
    kind: str
    machine: bool
    key_exchange_key: bytes = field(repr=False)
    notes: tuple[str, ...] = ()


def av_pairs(message: Part, path: str) -> Mapping[str, tuple[int, Any]]:
    """The AV pairs at a path: name to (index, value), the first where one is repeated."""
    found: dict[str, tuple[int, Any]] = {}
    listed = message.field(path)
    for index, pair in enumerate(listed.children if listed is not None else ()):
        kind, value = pair.child("AvId"), pair.child("Value")
        if kind is not None and isinstance(kind.meaning, str):
            found.setdefault(kind.meaning, (index, None if value is None else value.value))
    return found


def check_bindings(message: Part, request: Request) -> None:
    """Channel bindings, with the four outcomes of Extended Protection (MS-NLMP 3.2.5.1.2, epa-support-in-service)."""
    proxy = bool(request.flags & asc.ASC_REQ_PROXY_BINDINGS)
    if request.bindings is None and not proxy:
        return
    sent = _every(message, "MsvAvChannelBindings")
    if not sent:
        if not proxy and request.flags & asc.ASC_REQ_ALLOW_MISSING_BINDINGS:
            return
        text = "the client sent no channel bindings, and they are required"
        if not av_pairs(message, _CHALLENGE_PAIRS):
            text = "the client's response can carry no channel bindings (it is no NTLMv2), and they are required"
        raise message.refused(status.SEC_E_BAD_BINDINGS, WINDOWS, "ntlm-bindings-missing", text, "NtChallengeResponse")
    for path, value in sent:
        _check_binding(message, path, value, None if proxy else request.bindings)


def _check_binding(message: Part, path: str, sent: bytes, ours: ChannelBindings | None) -> None:
    """One MsvAvChannelBindings: not all zero, and equal to ours where we have some.

    Of repeated pairs each is held to it: a man in the middle can put one into the CHALLENGE (CVE-2019-1166).
    """
    if not any(sent):
        text = "the client sent channel bindings that are all zero: it knows of them and had none to send"
        raise message.refused(status.SEC_E_BAD_BINDINGS, WINDOWS, "ntlm-bindings-zero", text, path)
    if ours is not None and not hmac.compare_digest(sent, ours.hash16):
        text = (
            "the client's channel bindings are not those of this connection: "
            "it saw another certificate, or TLS ends before the server"
        )
        raise message.refused(status.SEC_E_BAD_BINDINGS, DOCUMENTED, "ntlm-bindings-differ", text, path)


def _every(message: Part, name: str) -> list[tuple[str, Any]]:
    """Path and value of every AV pair of that name in the response."""
    listed = message.field(_CHALLENGE_PAIRS)
    found = []
    for index, pair in enumerate(listed.children if listed is not None else ()):
        kind, value = pair.child("AvId"), pair.child("Value")
        if kind is not None and kind.meaning == name:
            empty: Any = b"" if name == "MsvAvChannelBindings" else 0
            path = f"{_CHALLENGE_PAIRS}[{index}]"
            found.append((path, empty) if value is None else (f"{path}.Value", value.value))
    return found


def is_anonymous(message: Part) -> bool:
    """The anonymous test (MS-NLMP 3.2.5.1.2): no user, no NT response, an LM response of nothing or one zero byte."""
    lm = message.bytes_of("LmChallengeResponse")
    return not message.value("UserName") and message.field("NtChallengeResponse") is None and lm in (b"", b"\0")


def verify(
    message: Part, challenge: Part, flags: int, users: Users | None, server: Server, request: Request
) -> Verdict:
    """Find the account and verify the response (MS-NLMP 3.2.5.1.2, steps on users and responses)."""
    from secctx.keys.ntlm_proof import verify_response

    proof = _proof(message, challenge, flags)
    local = tuple(name for name in (server.name, server.domain, server.dns_name, server.dns_domain) if name)
    accounts = users.lookup(proof.user, proof.domain, local) if users is not None else []
    if users is None or (proof.domain and not users.serves(proof.domain, local)):
        raise _no_authority(message, proof, users)
    if not accounts:
        raise message.refused(
            status.SEC_E_LOGON_DENIED,
            WINDOWS,
            "ntlm-unknown-user",
            f"no such user: {_shown(proof)} is not among the users given",
            "UserName",
        )
    for account in accounts:
        verified = verify_response(proof, account.secret)
        if verified is not None:
            _check_proved(message, proof, verified.response)
            _check_account(message, account, request)
            _check_level(message, verified.kind, server)
            return _verdict(message, proof, account, verified)
    raise _wrong(message, challenge, proof, accounts, users, local)


def _check_proved(message: Part, proof: Proof, response: str) -> None:
    """Refuse a right LMv2 response beside a wrong NTLMv2 response.

    MS-NLMP 3.2.5.1.2 would let it pass, and with it whatever the NTLMv2 response says of MIC, bindings and target:
    no client sends such a message, and Microsoft closed that door with CVE-2019-1338.
    """
    if response == "LmChallengeResponse" and len(proof.nt_response) > 24:
        text = "NtChallengeResponse was altered: it does not verify, and LmChallengeResponse beside it does"
        path = "NtChallengeResponse.Response"
        raise message.refused(status.SEC_E_LOGON_DENIED, INFERRED, "ntlm-response-altered", text, path)


def _verdict(message: Part, proof: Proof, account: Account, verified: Any) -> Verdict:
    notes: tuple[str, ...] = ()
    if verified.spelling == "nil" and proof.domain:
        notes = ("the response was made with an empty domain, not with the one named; Windows tries that too",)
    domain = account.domain if account.domain is not None else proof.domain
    return Verdict(account.user, domain, verified.kind, account.machine, verified.key_exchange_key, notes)


def _proof(message: Part, challenge: Part, flags: int) -> Proof:
    from secctx.keys.ntlm_proof import Proof

    return Proof(
        str(message.value("UserName") or ""),
        str(message.value("DomainName") or ""),
        challenge.bytes_of("ServerChallenge"),
        flags,
        message.bytes_of("LmChallengeResponse"),
        message.bytes_of("NtChallengeResponse"),
    )


def _check_account(message: Part, account: Account, request: Request) -> None:
    if account.disabled:
        text = f"the account {account.name} is disabled"
        raise message.refused(status.SEC_E_LOGON_DENIED, WINDOWS, "ntlm-account-disabled", text, "UserName")
    if account.machine and not request.flags & asc.ASC_REQ_ALLOW_NON_USER_LOGONS:
        text = f"{account.name} is a machine account, and ALLOW_NON_USER_LOGONS was not asked for"
        raise message.refused(status.SEC_E_LOGON_DENIED, DOCUMENTED, "ntlm-machine-account", text, "UserName")


def _check_level(message: Part, kind: str, server: Server) -> None:
    """LmCompatibilityLevel of the authority: 4 refuses LM, 5 refuses NTLM v1 too."""
    refused = {"LM": 4, "NTLM": 5, "NTLM2 session": 5}.get(kind)
    if refused is not None and server.lm_level >= refused:
        text = f"the client answered with {kind}, and LmCompatibilityLevel {server.lm_level} refuses it"
        raise message.refused(status.SEC_E_LOGON_DENIED, INFERRED, "ntlm-level", text, "NtChallengeResponse")


def _no_authority(message: Part, proof: Proof, users: Users | None) -> Refused:
    served = ", ".join(name for name in users.domains if name) if users is not None else ""
    text = f"no authority for the domain {proof.domain}: the users given serve {served or 'no domain by name'}"
    kind = "ntlm-unknown-domain"
    if users is not None:
        for account in users.lookup(proof.user, "", ())[:_MOST_NEAR]:
            if _verifies(proof, account):
                text += f"; the response is right for {account.name}"
                break
    return message.refused(
        status.SEC_E_NO_AUTHENTICATING_AUTHORITY, DOCUMENTED, kind, text, "DomainName", domain=proof.domain
    )


def _verifies(proof: Proof, account: Account) -> bool:
    from secctx.keys.ntlm_proof import verify_response

    return verify_response(proof, account.secret) is not None


def _wrong(
    message: Part, challenge: Part, proof: Proof, accounts: list[Account], users: Users, local: tuple[str, ...]
) -> Refused:
    """Neither response verifies: the reason that the bytes prove, the wrong password where they prove no other."""
    from secctx.keys.ntlm_proof import near_misses

    path = "NtChallengeResponse.Response" if message.field("NtChallengeResponse.Response") else "LmChallengeResponse"
    differs = _other_challenge(message, challenge)
    if differs:
        text = f"this AUTHENTICATE answers another CHALLENGE: {differs}; legs were lost or mixed"
        return message.refused(status.SEC_E_LOGON_DENIED, WINDOWS, "ntlm-other-challenge", text, path)
    domains = tuple(name for name in users.domains if name)[:_MOST_NEAR]
    for account in accounts[:_MOST_NEAR]:
        for miss in near_misses(proof, account.secret, domains=domains, server_names=local):
            text = f"the password of {account.name} is right, and the response {miss.text}"
            if miss.what == "password":
                text = f"the client used an empty password for {account.name}"
            return message.refused(status.SEC_E_LOGON_DENIED, WINDOWS, f"ntlm-other-{miss.what}", text, path)
    if not proof.nt_response and not proof.lm_response:
        text = f"the client sent no response at all for {_shown(proof)}: it proves nothing"
        return message.refused(
            status.SEC_E_LOGON_DENIED, WINDOWS, "ntlm-no-response", text, "NtChallengeResponseFields"
        )
    fits = "fits the challenge and not" if av_pairs(message, _CHALLENGE_PAIRS) else "does not fit"
    text = f"wrong password for {_shown(proof)}, or its response was altered: it {fits} the password given here"
    return message.refused(status.SEC_E_LOGON_DENIED, WINDOWS, "ntlm-wrong-password", text, path)


def _other_challenge(message: Part, challenge: Part) -> str:
    """What in an NTLMv2 response was not in our CHALLENGE; empty where it fits."""
    sent = av_pairs(message, _CHALLENGE_PAIRS)
    if not sent:
        return ""
    ours = av_pairs(challenge, "TargetInfo")
    for name in _RETURNED:
        if name in ours and name in sent and sent[name][1] != ours[name][1]:
            return f"its {name} is not the one sent"
    return ""


def _shown(proof: Proof) -> str:
    return f"{proof.domain}\\{proof.user}" if proof.domain else proof.user or "the empty user name"


def session_key(message: Part, flags: int, exchange_key: bytes) -> bytes:
    """ExportedSessionKey (MS-NLMP 3.2.5.1.2); a key exchange that lacks its key is malformed."""
    from secctx.keys.ntlm import exported_session_key

    encrypted = message.bytes_of("EncryptedRandomSessionKey")
    exported = exported_session_key(flags, exchange_key, encrypted)
    if exported is None:
        text = f"KEY_EXCH is negotiated and EncryptedRandomSessionKey has {len(encrypted)} bytes, not 16"
        raise message.refused(
            status.SEC_E_INVALID_TOKEN, DOCUMENTED, "ntlm-session-key", text, "EncryptedRandomSessionKeyFields"
        )
    return exported


def promises_mic(message: Part) -> bool:
    """Whether any MsvAvFlags of the client's says that its message has a MIC: one in front may not be its own."""
    return any(isinstance(bits, int) and bits & MIC_PROVIDED for _, bits in _every(message, "MsvAvFlags"))


def check_mic(message: Part, negotiate: bytes, challenge: bytes, exported: bytes) -> None:
    """The MIC over all three messages, where the response, which the password protects, says that there is one."""
    from secctx.keys.ntlm import message_integrity_code

    if not promises_mic(message):
        return
    node = message.field("MIC")
    if node is None:
        text = "the response says that the message has a MIC, and it has none: it was cut out"
        raise message.refused(status.SEC_E_MESSAGE_ALTERED, OTHER, "ntlm-mic-missing", text)
    made = message_integrity_code(exported, negotiate, challenge, message.data, node.start - message.node.start)
    if not hmac.compare_digest(made, message.bytes_of("MIC")):
        text = "the password is right and the MIC does not verify: one of the three messages was altered on its way"
        raise message.refused(status.SEC_E_MESSAGE_ALTERED, OTHER, "ntlm-mic-wrong", text, "MIC")
