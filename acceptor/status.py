"""SECURITY_STATUS: the numbers that AcceptSecurityContext returns, what they tell the server, and what maps to them.

winerror.h and MS-ERREF 2.1.1 give names and numbers: facility 9 (SECURITY), numbering with gaps (0x329 to 0x330, 0x349
to 0x350; 0x344 does not exist), and four endings that a SEC_E_ and a SEC_I_ code share (0x316, 0x317, 0x320, 0x321). A
status is a success if it is not negative as a signed 32-bit number: every SEC_I_ code is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .tables.maps import GSS, KERBEROS, NTSTATUS, Row
from .tables.statuses import ACCEPTOR, OTHERS

#: com_err base of MIT's and Heimdal's krb5 errors (krb5_err.et): a minor status is this plus the number of RFC 4120.
KRB5_MINOR_BASE: Final = 0x96C73A00

#: The documentation's slip on the AcceptSecurityContext pages for SEC_E_INVALID_HANDLE: SCARD_E_INVALID_HANDLE.
WRONG_INVALID_HANDLE: Final = 0x80100003


@dataclass(frozen=True, slots=True)
class Status:
    """One SECURITY_STATUS: its symbol, its number as unsigned 32 bits, what happened and what to do next."""

    name: str
    value: int
    meaning: str

    @property
    def is_success(self) -> bool:
        """Whether the call succeeded: the number is not negative as a signed one."""
        return self.value < 0x80000000

    @property
    def hex(self) -> str:
        """`0x8009030C`."""
        return f"0x{self.value:08X}"

    @property
    def signed(self) -> int:
        """The number as .NET, Java and Node print it: -2146893044."""
        return self.value - (1 << 32) if self.value >= 0x80000000 else self.value

    @property
    def happened(self) -> str:
        """The first half of the meaning: what happened."""
        return self.meaning.partition("; ")[0]

    @property
    def advice(self) -> str:
        """The second half of the meaning: what to do; empty where there is nothing to say."""
        return self.meaning.partition("; ")[2]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Another protocol's error and the status that goes with it; `elsewhere` is what other implementations give."""

    name: str
    number: int
    status: Status
    basis: str  #: `documented`, `windows`, `other` or `inferred` (docs/cli.md, "accept")
    elsewhere: Status | None = None


def _status(name: str, value: int) -> Status:
    return Status(name, value, ACCEPTOR.get(name) or OTHERS[name])


SEC_E_OK: Final = _status("SEC_E_OK", 0x00000000)
SEC_I_CONTINUE_NEEDED: Final = _status("SEC_I_CONTINUE_NEEDED", 0x00090312)
SEC_I_COMPLETE_NEEDED: Final = _status("SEC_I_COMPLETE_NEEDED", 0x00090313)
SEC_I_COMPLETE_AND_CONTINUE: Final = _status("SEC_I_COMPLETE_AND_CONTINUE", 0x00090314)
SEC_I_LOCAL_LOGON: Final = _status("SEC_I_LOCAL_LOGON", 0x00090315)
SEC_I_GENERIC_EXTENSION_RECEIVED: Final = _status("SEC_I_GENERIC_EXTENSION_RECEIVED", 0x00090316)
SEC_I_CONTEXT_EXPIRED: Final = _status("SEC_I_CONTEXT_EXPIRED", 0x00090317)
SEC_I_INCOMPLETE_CREDENTIALS: Final = _status("SEC_I_INCOMPLETE_CREDENTIALS", 0x00090320)
SEC_I_RENEGOTIATE: Final = _status("SEC_I_RENEGOTIATE", 0x00090321)
SEC_I_NO_LSA_CONTEXT: Final = _status("SEC_I_NO_LSA_CONTEXT", 0x00090323)
SEC_I_SIGNATURE_NEEDED: Final = _status("SEC_I_SIGNATURE_NEEDED", 0x0009035C)
SEC_I_NO_RENEGOTIATION: Final = _status("SEC_I_NO_RENEGOTIATION", 0x00090360)
SEC_I_MESSAGE_FRAGMENT: Final = _status("SEC_I_MESSAGE_FRAGMENT", 0x00090364)
SEC_I_CONTINUE_NEEDED_MESSAGE_OK: Final = _status("SEC_I_CONTINUE_NEEDED_MESSAGE_OK", 0x00090366)
SEC_I_ASYNC_CALL_PENDING: Final = _status("SEC_I_ASYNC_CALL_PENDING", 0x00090368)
SEC_E_INSUFFICIENT_MEMORY: Final = _status("SEC_E_INSUFFICIENT_MEMORY", 0x80090300)
SEC_E_INVALID_HANDLE: Final = _status("SEC_E_INVALID_HANDLE", 0x80090301)
SEC_E_UNSUPPORTED_FUNCTION: Final = _status("SEC_E_UNSUPPORTED_FUNCTION", 0x80090302)
SEC_E_TARGET_UNKNOWN: Final = _status("SEC_E_TARGET_UNKNOWN", 0x80090303)
SEC_E_INTERNAL_ERROR: Final = _status("SEC_E_INTERNAL_ERROR", 0x80090304)
SEC_E_SECPKG_NOT_FOUND: Final = _status("SEC_E_SECPKG_NOT_FOUND", 0x80090305)
SEC_E_NOT_OWNER: Final = _status("SEC_E_NOT_OWNER", 0x80090306)
SEC_E_CANNOT_INSTALL: Final = _status("SEC_E_CANNOT_INSTALL", 0x80090307)
SEC_E_INVALID_TOKEN: Final = _status("SEC_E_INVALID_TOKEN", 0x80090308)
SEC_E_CANNOT_PACK: Final = _status("SEC_E_CANNOT_PACK", 0x80090309)
SEC_E_QOP_NOT_SUPPORTED: Final = _status("SEC_E_QOP_NOT_SUPPORTED", 0x8009030A)
SEC_E_NO_IMPERSONATION: Final = _status("SEC_E_NO_IMPERSONATION", 0x8009030B)
SEC_E_LOGON_DENIED: Final = _status("SEC_E_LOGON_DENIED", 0x8009030C)
SEC_E_UNKNOWN_CREDENTIALS: Final = _status("SEC_E_UNKNOWN_CREDENTIALS", 0x8009030D)
SEC_E_NO_CREDENTIALS: Final = _status("SEC_E_NO_CREDENTIALS", 0x8009030E)
SEC_E_MESSAGE_ALTERED: Final = _status("SEC_E_MESSAGE_ALTERED", 0x8009030F)
SEC_E_OUT_OF_SEQUENCE: Final = _status("SEC_E_OUT_OF_SEQUENCE", 0x80090310)
SEC_E_NO_AUTHENTICATING_AUTHORITY: Final = _status("SEC_E_NO_AUTHENTICATING_AUTHORITY", 0x80090311)
SEC_E_BAD_PKGID: Final = _status("SEC_E_BAD_PKGID", 0x80090316)
SEC_E_CONTEXT_EXPIRED: Final = _status("SEC_E_CONTEXT_EXPIRED", 0x80090317)
SEC_E_INCOMPLETE_MESSAGE: Final = _status("SEC_E_INCOMPLETE_MESSAGE", 0x80090318)
SEC_E_INCOMPLETE_CREDENTIALS: Final = _status("SEC_E_INCOMPLETE_CREDENTIALS", 0x80090320)
SEC_E_BUFFER_TOO_SMALL: Final = _status("SEC_E_BUFFER_TOO_SMALL", 0x80090321)
SEC_E_WRONG_PRINCIPAL: Final = _status("SEC_E_WRONG_PRINCIPAL", 0x80090322)
SEC_E_TIME_SKEW: Final = _status("SEC_E_TIME_SKEW", 0x80090324)
SEC_E_UNTRUSTED_ROOT: Final = _status("SEC_E_UNTRUSTED_ROOT", 0x80090325)
SEC_E_ILLEGAL_MESSAGE: Final = _status("SEC_E_ILLEGAL_MESSAGE", 0x80090326)
SEC_E_CERT_UNKNOWN: Final = _status("SEC_E_CERT_UNKNOWN", 0x80090327)
SEC_E_CERT_EXPIRED: Final = _status("SEC_E_CERT_EXPIRED", 0x80090328)
SEC_E_ENCRYPT_FAILURE: Final = _status("SEC_E_ENCRYPT_FAILURE", 0x80090329)
SEC_E_DECRYPT_FAILURE: Final = _status("SEC_E_DECRYPT_FAILURE", 0x80090330)
SEC_E_ALGORITHM_MISMATCH: Final = _status("SEC_E_ALGORITHM_MISMATCH", 0x80090331)
SEC_E_SECURITY_QOS_FAILED: Final = _status("SEC_E_SECURITY_QOS_FAILED", 0x80090332)
SEC_E_UNFINISHED_CONTEXT_DELETED: Final = _status("SEC_E_UNFINISHED_CONTEXT_DELETED", 0x80090333)
SEC_E_NO_TGT_REPLY: Final = _status("SEC_E_NO_TGT_REPLY", 0x80090334)
SEC_E_NO_IP_ADDRESSES: Final = _status("SEC_E_NO_IP_ADDRESSES", 0x80090335)
SEC_E_WRONG_CREDENTIAL_HANDLE: Final = _status("SEC_E_WRONG_CREDENTIAL_HANDLE", 0x80090336)
SEC_E_CRYPTO_SYSTEM_INVALID: Final = _status("SEC_E_CRYPTO_SYSTEM_INVALID", 0x80090337)
SEC_E_MAX_REFERRALS_EXCEEDED: Final = _status("SEC_E_MAX_REFERRALS_EXCEEDED", 0x80090338)
SEC_E_MUST_BE_KDC: Final = _status("SEC_E_MUST_BE_KDC", 0x80090339)
SEC_E_STRONG_CRYPTO_NOT_SUPPORTED: Final = _status("SEC_E_STRONG_CRYPTO_NOT_SUPPORTED", 0x8009033A)
SEC_E_TOO_MANY_PRINCIPALS: Final = _status("SEC_E_TOO_MANY_PRINCIPALS", 0x8009033B)
SEC_E_NO_PA_DATA: Final = _status("SEC_E_NO_PA_DATA", 0x8009033C)
SEC_E_PKINIT_NAME_MISMATCH: Final = _status("SEC_E_PKINIT_NAME_MISMATCH", 0x8009033D)
SEC_E_SMARTCARD_LOGON_REQUIRED: Final = _status("SEC_E_SMARTCARD_LOGON_REQUIRED", 0x8009033E)
SEC_E_SHUTDOWN_IN_PROGRESS: Final = _status("SEC_E_SHUTDOWN_IN_PROGRESS", 0x8009033F)
SEC_E_KDC_INVALID_REQUEST: Final = _status("SEC_E_KDC_INVALID_REQUEST", 0x80090340)
SEC_E_KDC_UNABLE_TO_REFER: Final = _status("SEC_E_KDC_UNABLE_TO_REFER", 0x80090341)
SEC_E_KDC_UNKNOWN_ETYPE: Final = _status("SEC_E_KDC_UNKNOWN_ETYPE", 0x80090342)
SEC_E_UNSUPPORTED_PREAUTH: Final = _status("SEC_E_UNSUPPORTED_PREAUTH", 0x80090343)
SEC_E_DELEGATION_REQUIRED: Final = _status("SEC_E_DELEGATION_REQUIRED", 0x80090345)
SEC_E_BAD_BINDINGS: Final = _status("SEC_E_BAD_BINDINGS", 0x80090346)
SEC_E_MULTIPLE_ACCOUNTS: Final = _status("SEC_E_MULTIPLE_ACCOUNTS", 0x80090347)
SEC_E_NO_KERB_KEY: Final = _status("SEC_E_NO_KERB_KEY", 0x80090348)
SEC_E_CERT_WRONG_USAGE: Final = _status("SEC_E_CERT_WRONG_USAGE", 0x80090349)
SEC_E_DOWNGRADE_DETECTED: Final = _status("SEC_E_DOWNGRADE_DETECTED", 0x80090350)
SEC_E_SMARTCARD_CERT_REVOKED: Final = _status("SEC_E_SMARTCARD_CERT_REVOKED", 0x80090351)
SEC_E_ISSUING_CA_UNTRUSTED: Final = _status("SEC_E_ISSUING_CA_UNTRUSTED", 0x80090352)
SEC_E_REVOCATION_OFFLINE_C: Final = _status("SEC_E_REVOCATION_OFFLINE_C", 0x80090353)
SEC_E_PKINIT_CLIENT_FAILURE: Final = _status("SEC_E_PKINIT_CLIENT_FAILURE", 0x80090354)
SEC_E_SMARTCARD_CERT_EXPIRED: Final = _status("SEC_E_SMARTCARD_CERT_EXPIRED", 0x80090355)
SEC_E_NO_S4U_PROT_SUPPORT: Final = _status("SEC_E_NO_S4U_PROT_SUPPORT", 0x80090356)
SEC_E_CROSSREALM_DELEGATION_FAILURE: Final = _status("SEC_E_CROSSREALM_DELEGATION_FAILURE", 0x80090357)
SEC_E_REVOCATION_OFFLINE_KDC: Final = _status("SEC_E_REVOCATION_OFFLINE_KDC", 0x80090358)
SEC_E_ISSUING_CA_UNTRUSTED_KDC: Final = _status("SEC_E_ISSUING_CA_UNTRUSTED_KDC", 0x80090359)
SEC_E_KDC_CERT_EXPIRED: Final = _status("SEC_E_KDC_CERT_EXPIRED", 0x8009035A)
SEC_E_KDC_CERT_REVOKED: Final = _status("SEC_E_KDC_CERT_REVOKED", 0x8009035B)
SEC_E_INVALID_PARAMETER: Final = _status("SEC_E_INVALID_PARAMETER", 0x8009035D)
SEC_E_DELEGATION_POLICY: Final = _status("SEC_E_DELEGATION_POLICY", 0x8009035E)
SEC_E_POLICY_NLTM_ONLY: Final = _status("SEC_E_POLICY_NLTM_ONLY", 0x8009035F)
SEC_E_NO_CONTEXT: Final = _status("SEC_E_NO_CONTEXT", 0x80090361)
SEC_E_PKU2U_CERT_FAILURE: Final = _status("SEC_E_PKU2U_CERT_FAILURE", 0x80090362)
SEC_E_MUTUAL_AUTH_FAILED: Final = _status("SEC_E_MUTUAL_AUTH_FAILED", 0x80090363)
SEC_E_ONLY_HTTPS_ALLOWED: Final = _status("SEC_E_ONLY_HTTPS_ALLOWED", 0x80090365)
SEC_E_APPLICATION_PROTOCOL_MISMATCH: Final = _status("SEC_E_APPLICATION_PROTOCOL_MISMATCH", 0x80090367)
SEC_E_INVALID_UPN_NAME: Final = _status("SEC_E_INVALID_UPN_NAME", 0x80090369)
SEC_E_EXT_BUFFER_TOO_SMALL: Final = _status("SEC_E_EXT_BUFFER_TOO_SMALL", 0x8009036A)
SEC_E_INSUFFICIENT_BUFFERS: Final = _status("SEC_E_INSUFFICIENT_BUFFERS", 0x8009036B)

SEC_E_NOT_SUPPORTED: Final = SEC_E_UNSUPPORTED_FUNCTION
SEC_E_NO_SPM: Final = SEC_E_INTERNAL_ERROR

#: Other spellings of a status: the SDK's second names, and the right spelling of a symbol that the SDK misspells.
ALIASES: Final[Mapping[str, str]] = {
    "SEC_E_NOT_SUPPORTED": "SEC_E_UNSUPPORTED_FUNCTION",
    "SEC_E_NO_SPM": "SEC_E_INTERNAL_ERROR",
    "SEC_E_POLICY_NTLM_ONLY": "SEC_E_POLICY_NLTM_ONLY",
}

#: Every symbol of winerror.h, its second names included, to its status.
BY_NAME: Final[Mapping[str, Status]] = {
    name: value for name, value in list(globals().items()) if isinstance(value, Status)
}
#: Every number to its status; where a number has two names, the one that the package means.
BY_VALUE: Final[Mapping[int, Status]] = {status.value: status for status in BY_NAME.values()}


def find(text: str) -> Status | None:
    """The status of that name, in any case, with or without `SEC_E_` or `SEC_I_`; None where there is none."""
    wanted = text.strip().upper()
    wanted = ALIASES.get(wanted, wanted)
    return BY_NAME.get(wanted) or BY_NAME.get(f"SEC_E_{wanted}") or BY_NAME.get(f"SEC_I_{wanted}")


def of_value(value: int) -> Status:
    """The status of a number, signed or unsigned; an unnamed one (a raw NTSTATUS) is its own name."""
    unsigned = value & 0xFFFFFFFF
    return BY_VALUE.get(unsigned) or Status(f"0x{unsigned:08X}", unsigned, "not a SECURITY_STATUS of winerror.h")


def _mapped(row: Row) -> Mapped:
    name, number, status, basis, elsewhere = row
    return Mapped(name, number, BY_NAME[status], basis, BY_NAME[elsewhere] if elsewhere else None)


def _row(table: tuple[Row, ...], number: int) -> Mapped | None:
    return next((_mapped(row) for row in table if row[1] == number), None)


def of_ntstatus(value: int) -> Mapped | None:
    """The status for an NTSTATUS, signed or unsigned; None where none is known. Never documented as a table."""
    return _row(NTSTATUS, value & 0xFFFFFFFF)


def of_kerberos(number: int) -> Mapped | None:
    """The status of an acceptor that finds the Kerberos error of that number (RFC 4120 7.5.9) in an AP-REQ."""
    return _row(KERBEROS, number)


def of_gss(major: int, minor: int = 0) -> Mapped | None:
    """The status for a GSS-API major status; of GSS_S_FAILURE the minor decides, if it is a krb5 one (RFC 2744 3.9.1).

    The routine error counts before the supplementary bits; DUPLICATE, OLD, UNSEQ and GAP belong to messages, not legs.
    """
    routine = major & 0x00FF0000
    if routine == 0x000D0000:
        found = of_kerberos((minor & 0xFFFFFFFF) - KRB5_MINOR_BASE)
        if found is not None:
            return found
    return _row(GSS, routine or major & 1)
