"""How the errors of others become a SECURITY_STATUS on the accepting side, and how we know.

Each row: the name, its number, the status, the basis, and the status that another implementation gives where it is a
different one. The basis: `documented`, `windows` (seen in a test, log or capture of Windows), `other` (another
implementation does so), `inferred`. Windows has such tables inside (MapSecurityError) and publishes none.
"""

from __future__ import annotations

Row = tuple[str, int, str, str, str]

#: RFC 4120 7.5.9 errors found while reading an AP-REQ; 41 is what Windows answers for a ticket it cannot open.
KERBEROS: tuple[Row, ...] = (
    ("KDC_ERR_ETYPE_NOSUPP", 14, "SEC_E_QOP_NOT_SUPPORTED", "other", ""),
    ("KRB_AP_ERR_BAD_INTEGRITY", 31, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_MESSAGE_ALTERED"),
    ("KRB_AP_ERR_TKT_EXPIRED", 32, "SEC_E_CONTEXT_EXPIRED", "other", "SEC_E_INVALID_TOKEN"),
    ("KRB_AP_ERR_TKT_NYV", 33, "SEC_E_INVALID_TOKEN", "other", ""),
    ("KRB_AP_ERR_REPEAT", 34, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_KDC_INVALID_REQUEST"),
    ("KRB_AP_ERR_NOT_US", 35, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_INVALID_TOKEN"),
    ("KRB_AP_ERR_BADMATCH", 36, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_KDC_INVALID_REQUEST"),
    ("KRB_AP_ERR_SKEW", 37, "SEC_E_TIME_SKEW", "documented", ""),
    ("KRB_AP_ERR_BADADDR", 38, "SEC_E_INVALID_PARAMETER", "other", ""),
    ("KRB_AP_ERR_BADVERSION", 39, "SEC_E_INVALID_TOKEN", "inferred", "SEC_E_KDC_INVALID_REQUEST"),
    ("KRB_AP_ERR_MSG_TYPE", 40, "SEC_E_INVALID_TOKEN", "other", ""),
    ("KRB_AP_ERR_MODIFIED", 41, "SEC_E_LOGON_DENIED", "windows", "SEC_E_MESSAGE_ALTERED"),
    ("KRB_AP_ERR_BADORDER", 42, "SEC_E_OUT_OF_SEQUENCE", "other", ""),
    ("KRB_AP_ERR_ILL_CR_TKT", 43, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("KRB_AP_ERR_BADKEYVER", 44, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_KDC_INVALID_REQUEST"),
    ("KRB_AP_ERR_NOKEY", 45, "SEC_E_NO_KERB_KEY", "other", ""),
    ("KRB_AP_ERR_MUT_FAIL", 46, "SEC_E_MUTUAL_AUTH_FAILED", "other", ""),
    ("KRB_AP_ERR_BADDIRECTION", 47, "SEC_E_OUT_OF_SEQUENCE", "other", ""),
    ("KRB_AP_ERR_METHOD", 48, "SEC_E_INVALID_TOKEN", "other", ""),
    ("KRB_AP_ERR_BADSEQ", 49, "SEC_E_OUT_OF_SEQUENCE", "other", ""),
    ("KRB_AP_ERR_INAPP_CKSUM", 50, "SEC_E_INVALID_TOKEN", "other", ""),
    ("KRB_AP_PATH_NOT_ACCEPTED", 51, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_KDC_INVALID_REQUEST"),
    ("KRB_ERR_GENERIC", 60, "SEC_E_INTERNAL_ERROR", "other", ""),
    ("KRB_AP_ERR_NO_TGT", 67, "SEC_E_NO_TGT_REPLY", "other", ""),
    ("KRB_AP_ERR_USER_TO_USER_REQUIRED", 69, "SEC_E_KDC_INVALID_REQUEST", "other", ""),
)

#: MS-ERREF 2.3.1 values that the account database, Netlogon and the packages return while a logon is judged.
NTSTATUS: tuple[Row, ...] = (
    ("STATUS_SUCCESS", 0x00000000, "SEC_E_OK", "documented", ""),
    ("STATUS_INVALID_PARAMETER", 0xC000000D, "SEC_E_INVALID_TOKEN", "windows", ""),
    ("STATUS_MORE_PROCESSING_REQUIRED", 0xC0000016, "SEC_I_CONTINUE_NEEDED", "other", ""),
    ("STATUS_NO_MEMORY", 0xC0000017, "SEC_E_INSUFFICIENT_MEMORY", "inferred", ""),
    ("STATUS_ACCESS_DENIED", 0xC0000022, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NO_LOGON_SERVERS", 0xC000005E, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "documented", ""),
    ("STATUS_INVALID_ACCOUNT_NAME", 0xC0000062, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NO_SUCH_USER", 0xC0000064, "SEC_E_LOGON_DENIED", "windows", ""),
    ("STATUS_WRONG_PASSWORD", 0xC000006A, "SEC_E_LOGON_DENIED", "windows", ""),
    ("STATUS_LOGON_FAILURE", 0xC000006D, "SEC_E_LOGON_DENIED", "windows", ""),
    ("STATUS_ACCOUNT_RESTRICTION", 0xC000006E, "SEC_E_LOGON_DENIED", "windows", ""),
    ("STATUS_INVALID_LOGON_HOURS", 0xC000006F, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_INVALID_WORKSTATION", 0xC0000070, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_PASSWORD_EXPIRED", 0xC0000071, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_ACCOUNT_DISABLED", 0xC0000072, "SEC_E_LOGON_DENIED", "windows", ""),
    ("STATUS_NOT_SUPPORTED", 0xC00000BB, "SEC_E_UNSUPPORTED_FUNCTION", "inferred", ""),
    ("STATUS_INVALID_SERVER_STATE", 0xC00000DC, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NO_SUCH_DOMAIN", 0xC00000DF, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "documented", ""),
    ("STATUS_INTERNAL_ERROR", 0xC00000E5, "SEC_E_INTERNAL_ERROR", "inferred", ""),
    ("STATUS_TIME_DIFFERENCE_AT_DC", 0xC0000133, "SEC_E_TIME_SKEW", "other", ""),
    ("STATUS_LOGON_TYPE_NOT_GRANTED", 0xC000015B, "SEC_E_LOGON_DENIED", "windows", ""),
    ("STATUS_NO_TRUST_SAM_ACCOUNT", 0xC000018B, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "documented", ""),
    ("STATUS_TRUSTED_DOMAIN_FAILURE", 0xC000018C, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "documented", ""),
    ("STATUS_TRUSTED_RELATIONSHIP_FAILURE", 0xC000018D, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "documented", ""),
    ("STATUS_NETLOGON_NOT_STARTED", 0xC0000192, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "inferred", ""),
    ("STATUS_ACCOUNT_EXPIRED", 0xC0000193, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NOLOGON_INTERDOMAIN_TRUST_ACCOUNT", 0xC0000198, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NOLOGON_WORKSTATION_TRUST_ACCOUNT", 0xC0000199, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NOLOGON_SERVER_TRUST_ACCOUNT", 0xC000019A, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_PASSWORD_MUST_CHANGE", 0xC0000224, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_ACCOUNT_LOCKED_OUT", 0xC0000234, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_MUTUAL_AUTHENTICATION_FAILED", 0xC00002C3, "SEC_E_MUTUAL_AUTH_FAILED", "inferred", ""),
    ("STATUS_WRONG_CREDENTIAL_HANDLE", 0xC00002F2, "SEC_E_WRONG_CREDENTIAL_HANDLE", "inferred", ""),
    ("STATUS_SMARTCARD_LOGON_REQUIRED", 0xC00002FA, "SEC_E_SMARTCARD_LOGON_REQUIRED", "inferred", ""),
    ("STATUS_KDC_UNKNOWN_ETYPE", 0xC00002FD, "SEC_E_KDC_UNKNOWN_ETYPE", "inferred", ""),
    ("STATUS_BAD_BINDINGS", 0xC000035B, "SEC_E_BAD_BINDINGS", "documented", ""),
    ("STATUS_DOWNGRADE_DETECTED", 0xC0000388, "SEC_E_DOWNGRADE_DETECTED", "inferred", ""),
    ("STATUS_AUTHENTICATION_FIREWALL_FAILED", 0xC0000413, "SEC_E_LOGON_DENIED", "inferred", ""),
    ("STATUS_NTLM_BLOCKED", 0xC0000418, "SEC_E_LOGON_DENIED", "inferred", ""),
)

#: RFC 2744 3.9.1 major statuses (without the supplementary bits). GSS_S_FAILURE: see `of_gss`, the minor decides.
GSS: tuple[Row, ...] = (
    ("GSS_S_COMPLETE", 0x00000000, "SEC_E_OK", "other", ""),
    ("GSS_S_CONTINUE_NEEDED", 0x00000001, "SEC_I_CONTINUE_NEEDED", "other", ""),
    ("GSS_S_BAD_MECH", 0x00010000, "SEC_E_SECPKG_NOT_FOUND", "other", ""),
    ("GSS_S_BAD_NAME", 0x00020000, "SEC_E_TARGET_UNKNOWN", "other", "SEC_E_INTERNAL_ERROR"),
    ("GSS_S_BAD_BINDINGS", 0x00040000, "SEC_E_BAD_BINDINGS", "other", "SEC_E_INTERNAL_ERROR"),
    ("GSS_S_BAD_SIG", 0x00060000, "SEC_E_MESSAGE_ALTERED", "other", ""),
    ("GSS_S_NO_CRED", 0x00070000, "SEC_E_NO_CREDENTIALS", "other", ""),
    ("GSS_S_NO_CONTEXT", 0x00080000, "SEC_E_INVALID_HANDLE", "other", ""),
    ("GSS_S_DEFECTIVE_TOKEN", 0x00090000, "SEC_E_INVALID_TOKEN", "other", "SEC_E_LOGON_DENIED"),
    ("GSS_S_DEFECTIVE_CREDENTIAL", 0x000A0000, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_NO_CREDENTIALS"),
    ("GSS_S_CREDENTIALS_EXPIRED", 0x000B0000, "SEC_E_CONTEXT_EXPIRED", "other", ""),
    ("GSS_S_CONTEXT_EXPIRED", 0x000C0000, "SEC_E_CONTEXT_EXPIRED", "other", ""),
    ("GSS_S_FAILURE", 0x000D0000, "SEC_E_INTERNAL_ERROR", "other", ""),
    ("GSS_S_BAD_QOP", 0x000E0000, "SEC_E_QOP_NOT_SUPPORTED", "other", ""),
    ("GSS_S_UNAUTHORIZED", 0x000F0000, "SEC_E_LOGON_DENIED", "inferred", "SEC_E_INTERNAL_ERROR"),
    ("GSS_S_UNAVAILABLE", 0x00100000, "SEC_E_UNSUPPORTED_FUNCTION", "other", "SEC_E_INTERNAL_ERROR"),
)
