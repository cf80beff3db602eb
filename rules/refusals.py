"""The cause of a refusal, by its kind: the acceptor says what does not fit, the code and the advice are here.

A kind without a cause of its own (a defect, a limit of ours, a call in the wrong order) has no code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.acceptor.values import Refusal, Step

from .finding import ERROR, Finding, Rule


def _rule(code: str, name: str, summary: str, advice: str) -> Rule:
    return Rule(code, name, ERROR, summary, advice)


ENC002: Final = _rule(
    "ENC002",
    "cut-short",
    "the token is cut short",
    "take it whole: a line of a log, a header or a copied field has a longest size; the server may have cut it too "
    "(LimitRequestFieldSize, MaxFieldLength, maxHttpHeaderSize, MaxTokenSize)",
)
KRB002: Final = _rule(
    "KRB002",
    "clock-skew",
    "the clocks of client and server differ",
    "compare both with the domain controller's: w32tm /stripchart /computer:DC on Windows, chronyc tracking elsewhere; "
    "for a token from a log give its own time (--at)",
)
KRB003: Final = _rule(
    "KRB003",
    "ticket-period",
    "the ticket is not valid now",
    "have the client drop its tickets and log on anew: klist purge on Windows, kdestroy and kinit elsewhere",
)
KRB004: Final = _rule(
    "KRB004",
    "name-not-in-keytab",
    "the keytab has no key for the service that the ticket names",
    "find the account that has this name with setspn -Q, and make the keytab for it and for this name; "
    "klist -k shows what a keytab has",
)
KRB005: Final = _rule(
    "KRB005",
    "key-version",
    "the keytab has another version of the key than the ticket",
    "make the keytab anew from the account as it is now; if the keytab is the newer one, the client's ticket is old: "
    "klist purge or kdestroy, and log on again",
)
KRB006: Final = _rule(
    "KRB006",
    "wrong-key",
    "the right name, version and type of key, and it does not open the ticket",
    "look for the name on another account (setspn -Q, setspn -X); otherwise the password was changed without a new "
    "version, or the keytab was made with another salt: make it anew",
)
KRB007: Final = _rule(
    "KRB007",
    "key-type",
    "there is no key of the ticket's encryption type",
    "make the keytab with this type too (ktutil, or ktpass /crypto ALL), or set what the account may use: "
    "Set-ADUser -KerberosEncryptionType",
)
KRB009: Final = _rule(
    "KRB009",
    "replay",
    "the authenticator was presented before",
    "have the client make a token for each request; where one request is sent twice by a proxy or a retry, that is it",
)
KRB014: Final = _rule(
    "KRB014",
    "kerberos-bindings",
    "the client's channel bindings are missing, or are not those of this channel",
    "look for what ends TLS before the server (a proxy, an inspecting firewall), and give the certificate that the "
    "client saw (--bindings)",
)
KRB016: Final = _rule(
    "KRB016",
    "user-to-user",
    "the client wants user-to-user, and the server's TGT is needed for it",
    "give the server's own ticket-granting ticket (--ccache); a service that has a keytab registers an SPN instead, so "
    "that clients need not ask for this",
)
KRB018: Final = _rule(
    "KRB018",
    "pac",
    "the PAC in the ticket is not to be believed",
    "if the key is right, the ticket was altered or is not the KDC's: keep it, and look at how it was made",
)
KRB019: Final = _rule(
    "KRB019",
    "other-client",
    "the authenticator names another client than the ticket",
    "the token was put together of two logons: have the client log on anew, and look at what makes its tokens",
)
KRB022: Final = _rule(
    "KRB022",
    "framing",
    "a bare AP-REQ, without GSS-API's framing",
    "have the client use GSS-API or SSPI (gss_init_sec_context), not krb5_mk_req; for DCE style its checksum says so",
)
KRB024: Final = _rule(
    "KRB024",
    "mutual-contradiction",
    "the checksum asks for mutual authentication, and ap-options does not",
    "the client's Kerberos library must set mutual-required in both places: update it, or ask for mutual "
    "authentication by its API alone",
)
SPN005: Final = _rule(
    "SPN005",
    "peer-rejected",
    "the other side gave up",
    "the reason is at the other side: look at its log for this moment",
)
SPN007: Final = _rule(
    "SPN007",
    "mechlistmic-owed",
    "the client owes a mechListMIC and sent none",
    "have the client's SPNEGO send it in its last token (MS-SPNG 3.3.5.1); old libraries do not: update them",
)
SPN008: Final = _rule(
    "SPN008",
    "mechlistmic-wrong",
    "the client's mechListMIC does not verify",
    "something between client and server changed the list of mechanisms, or the legs are of two handshakes",
)
SPN012: Final = _rule(
    "SPN012",
    "no-common-mechanism",
    "client and server have no mechanism in common",
    "give credentials for one that the client offers: --keytab for Kerberos, --users for NTLM",
)
NTL001: Final = _rule(
    "NTL001",
    "old-response",
    "the client answers with LM or NTLMv1",
    "raise LmCompatibilityLevel on the client to 3 or more, or have its library send NTLMv2",
)
NTL002: Final = _rule(
    "NTL002",
    "weak-session",
    "the client does not negotiate 128-bit session security",
    "set NtlmMinClientSec on the client to 0x20080000, or update its library",
)
NTL003: Final = _rule(
    "NTL003",
    "mic-missing",
    "the response says that the message has a MIC, and it has none",
    "compare the message as the client sent it and as the server saw it: what is between them cut the MIC out, or the "
    "client's library builds the message wrongly",
)
NTL004: Final = _rule(
    "NTL004",
    "bindings-missing",
    "the client sent no channel binding",
    "have the client's library bind NTLM to TLS (Extended Protection), or lower the level that the server demands",
)
NTL005: Final = _rule(
    "NTL005",
    "bindings-zero",
    "the client's channel binding is all zero",
    "the client's library knows Extended Protection and not this channel: have it give its bindings, or have TLS end "
    "at the server",
)
NTL006: Final = _rule(
    "NTL006",
    "bindings-differ",
    "the client's channel binding is not that of this channel",
    "look for what ends TLS before the server (a proxy, an inspecting firewall), and give the certificate that the "
    "client saw (--bindings)",
)
NTL012: Final = _rule(
    "NTL012",
    "other-challenge",
    "this AUTHENTICATE does not answer that CHALLENGE",
    "keep all legs of a logon on one connection: a proxy, a load balancer or a pool of connections mixes them",
)
NTL013: Final = _rule(
    "NTL013",
    "wrong-password",
    "the response does not fit the user's password",
    "check the password, and that user and domain are spelled as the account is: both are part of the proof",
)
NTL014: Final = _rule(
    "NTL014",
    "mic-wrong",
    "the proof verifies and the MIC does not: a leg was altered",
    "compare the three legs as client and server saw them; what is between them changes one",
)
NTL015: Final = _rule(
    "NTL015",
    "machine-account",
    "a machine account",
    "log on as a user, or allow it where computers are meant to (ASC_REQ_ALLOW_NON_USER_LOGONS)",
)
ACC003: Final = _rule(
    "ACC003",
    "context-misused",
    "the context is finished, or is of another call",
    "begin a new context (--new-context) for each logon, and give every leg the file that the leg before wrote",
)

#: What refuses, and its cause.
BY_KIND: Final[dict[str, Rule]] = {
    "clock-skew": KRB002,
    "ticket-expired": KRB003,
    "ticket-not-yet-valid": KRB003,
    "ticket-invalid": KRB003,
    "no-key-for-service": KRB004,
    "key-version": KRB005,
    "key-wrong": KRB006,
    "no-key-of-enctype": KRB007,
    "ticket-enctype-unsupported": KRB007,
    "replay": KRB009,
    "bindings-missing": KRB014,
    "bindings-differ": KRB014,
    "u2u-no-tgt": KRB016,
    "u2u-key": KRB016,
    "pac-signature": KRB018,
    "pac-client": KRB018,
    "client-mismatch": KRB019,
    "framing-missing": KRB022,
    "mutual-contradiction": KRB024,
    "spnego-peer-rejected": SPN005,
    "spnego-mic-missing": SPN007,
    "spnego-integrity-dropped": SPN007,
    "spnego-mic-wrong": SPN008,
    "spnego-no-common-mechanism": SPN012,
    "ntlm-level": NTL001,
    "ntlm-128-bit": NTL002,
    "ntlm-mic-missing": NTL003,
    "ntlm-bindings-missing": NTL004,
    "ntlm-bindings-zero": NTL005,
    "ntlm-bindings-differ": NTL006,
    "ntlm-other-challenge": NTL012,
    "ntlm-wrong-password": NTL013,
    "ntlm-other-password": NTL013,
    "ntlm-no-response": NTL013,
    "ntlm-mic-wrong": NTL014,
    "ntlm-machine-account": NTL015,
    "context-finished": ACC003,
    "context-credentials": ACC003,
}


def cause_of(refusal: Refusal) -> Rule | None:
    """The cause that a refusal speaks of; None where it has none of its own."""
    if refusal.kind == "malformed" and refusal.facts.get("kind") == "cut-short":
        return ENC002
    return BY_KIND.get(refusal.kind)


def judge_refusal(step: Step) -> Iterator[Finding]:
    """The finding of a call that was refused: the refusal itself, with its code and what to do."""
    rule = None if step.refusal is None else cause_of(step.refusal)
    if step.refusal is not None and rule is not None:
        yield Finding(rule, step.refusal.text, step.refusal.path, step.refusal.span)
