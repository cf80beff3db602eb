"""Why a logon failed, by the numbers of Windows: Win32 errors, the NTSTATUS of the same cause, what to check.

MS-ERREF 2.2 and 2.3.1 give numbers and names; the commands run in PowerShell on a domain member.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Cause(NamedTuple):
    """One cause under its two numbers; `win32` or `ntstatus` is -1 where it has none."""

    win32: int
    ntstatus: int
    name: str  #: without ERROR_ and STATUS_
    meaning: str
    check: str = ""
    ntname: str = ""  #: where STATUS_ has another name than ERROR_


USER: Final = "Get-ADUser alice -Properties "

CAUSES: Final = (
    Cause(
        1,
        0xC00000BB,
        "INVALID_FUNCTION",
        "NTLM is refused by policy, already on the first leg (seen in LDAP with 80090302)",
        "policy 'Restrict NTLM: Incoming NTLM traffic' on the server; let the client use Kerberos",
        "NOT_SUPPORTED",
    ),
    Cause(5, 0xC0000022, "ACCESS_DENIED", "access denied", "the rights of the account on the server"),
    Cause(
        87,
        0xC000000D,
        "INVALID_PARAMETER",
        "the token or the name is not acceptable: an AP-REQ without the mutual option although its checksum says "
        "mutual; in a simple bind, a DN of more than 255 characters",
        "the client's AP options (secctx decode TOKEN); length and form of the bind name",
    ),
    Cause(
        1265,
        0xC0000388,
        "DOWNGRADE_DETECTED",
        "a weaker logon than expected, often only because no domain controller was reached",
        "nltest /dsgetdc:LAB",
    ),
    Cause(
        1311,
        0xC000005E,
        "NO_LOGON_SERVERS",
        "no domain controller could be reached to judge the logon",
        "nltest /sc_query:LAB and nltest /dsgetdc:LAB on the server; DNS; firewall",
    ),
    Cause(
        1317,
        0xC0000064,
        "NO_SUCH_USER",
        "the user does not exist",
        "the spelling of name and domain: Get-ADUser -Filter \"SamAccountName -eq 'alice'\"",
    ),
    Cause(
        1323,
        0xC000006A,
        "WRONG_PASSWORD",
        "the user exists and the password is wrong; in LDAP: the old password given to a change of password",
        "the password; a service or phone that still has the old one (event 4625 names the source)",
    ),
    Cause(
        1326,
        0xC000006D,
        "LOGON_FAILURE",
        "wrong password or unknown user; for Kerberos, a ticket for another service",
        "the password; for Kerberos the SPN used (setspn -Q HTTP/web.lab.example); event 4625 of the same second has a "
        "SubStatus",
    ),
    Cause(
        1327,
        0xC000006E,
        "ACCOUNT_RESTRICTION",
        "the account may not log on in this way: member of Protected Users over NTLM or simple bind, blank password, "
        "or a policy",
        "Get-ADPrincipalGroupMembership alice (Protected Users?); use Kerberos",
    ),
    Cause(
        1328,
        0xC000006F,
        "INVALID_LOGON_HOURS",
        "outside the hours in which the account may log on",
        USER + "logonHours",
    ),
    Cause(
        1329,
        0xC0000070,
        "INVALID_WORKSTATION",
        "the account may not log on from this workstation",
        USER + "LogonWorkstations",
    ),
    Cause(1330, 0xC0000071, "PASSWORD_EXPIRED", "the password has expired", USER + "PasswordLastSet,PasswordExpired"),
    Cause(1331, 0xC0000072, "ACCOUNT_DISABLED", "the account is disabled", USER + "Enabled; Enable-ADAccount alice"),
    Cause(1355, 0xC00000DF, "NO_SUCH_DOMAIN", "the domain does not exist or cannot be reached", "nltest /dsgetdc:LAB"),
    Cause(
        1384,
        0xC000015A,
        "TOO_MANY_CONTEXT_IDS",
        "the user is in too many groups (about 1,000 SIDs are the limit)",
        "whoami /groups on the client",
    ),
    Cause(
        1385,
        0xC000015B,
        "LOGON_TYPE_NOT_GRANTED",
        "the account lacks the right to log on over the network, or it is denied",
        "secpol.msc, User Rights Assignment: 'Access this computer from the network' and the Deny right beside it",
    ),
    Cause(
        1396,
        -1,
        "WRONG_TARGET_NAME",
        "the target's account name is not the right one: the service's key did not open the ticket",
        "setspn -Q HTTP/web.lab.example and setspn -X (duplicates)",
    ),
    Cause(
        1397,
        0xC00002C3,
        "MUTUAL_AUTH_FAILED",
        "the server could not prove itself to the client",
        "the name that the client used; setspn -Q HTTP/web.lab.example",
        "MUTUAL_AUTHENTICATION_FAILED",
    ),
    Cause(
        1398,
        0xC0000133,
        "TIME_SKEW",
        "the clocks differ by more than is allowed (5 minutes)",
        "w32tm /stripchart /computer:dc01 /samples:3 /dataonly on both machines",
        "TIME_DIFFERENCE_AT_DC",
    ),
    Cause(
        1786,
        0xC000018A,
        "NO_TRUST_LSA_SECRET",
        "this computer's own trust password is missing",
        "Test-ComputerSecureChannel -Verbose",
    ),
    Cause(
        1787,
        0xC000018B,
        "NO_TRUST_SAM_ACCOUNT",
        "the domain has no account for this computer or trust",
        "Get-ADComputer WEB; nltest /sc_query:LAB",
    ),
    Cause(
        1788,
        0xC000018C,
        "TRUSTED_DOMAIN_FAILURE",
        "the trust between the domains is broken",
        "nltest /sc_query:LAB; Get-ADTrust -Filter *",
    ),
    Cause(
        1789,
        0xC000018D,
        "TRUSTED_RELATIONSHIP_FAILURE",
        "the trust between this computer and its domain is broken",
        "Test-ComputerSecureChannel -Verbose (and -Repair)",
    ),
    Cause(
        1792,
        0xC0000192,
        "NETLOGON_NOT_STARTED",
        "the Netlogon service does not run",
        "Get-Service Netlogon",
        "NETLOGON_NOT_STARTED",
    ),
    Cause(1793, 0xC0000193, "ACCOUNT_EXPIRED", "the account has expired", USER + "AccountExpirationDate"),
    Cause(
        1807,
        0xC0000198,
        "NOLOGON_INTERDOMAIN_TRUST_ACCOUNT",
        "a trust account tried to log on as a user",
        "ask ASC_REQ_ALLOW_NON_USER_LOGONS if that is meant",
    ),
    Cause(
        1808,
        0xC0000199,
        "NOLOGON_WORKSTATION_TRUST_ACCOUNT",
        "a computer account tried to log on as a user",
        "ask ASC_REQ_ALLOW_NON_USER_LOGONS if that is meant",
    ),
    Cause(
        1809,
        0xC000019A,
        "NOLOGON_SERVER_TRUST_ACCOUNT",
        "a domain controller's account tried to log on as a user",
        "ask ASC_REQ_ALLOW_NON_USER_LOGONS if that is meant",
    ),
    Cause(
        1907,
        0xC0000224,
        "PASSWORD_MUST_CHANGE",
        "the user must change the password first",
        USER + "pwdLastSet (0: must change)",
    ),
    Cause(
        1909,
        0xC0000234,
        "ACCOUNT_LOCKED_OUT",
        "the account is locked out",
        "Search-ADAccount -LockedOut; event 4740 on the PDC names the computer that sends the bad passwords",
    ),
    Cause(
        1935,
        0xC0000413,
        "AUTHENTICATION_FIREWALL_FAILED",
        "selective authentication: the user of the other forest may not log on to this server",
        "the right 'Allowed to authenticate' on the server's computer account",
    ),
    Cause(
        1937,
        0xC0000418,
        "NTLM_BLOCKED",
        "NTLM is blocked by policy",
        "policies 'Restrict NTLM'; the log Microsoft-Windows-NTLM/Operational",
    ),
    Cause(
        8430,
        -1,
        "DS_INTERNAL_FAILURE",
        "an internal failure of the directory (seen in LDAP with 80090304)",
        "the Directory Service event log of the domain controller; whether LSASS answers",
    ),
    Cause(0, 0x00000000, "SUCCESS", "no error; as a SubStatus of event 4625: nothing more is known than the Status"),
    Cause(-1, 0xC0000016, "MORE_PROCESSING_REQUIRED", "no error: the logon needs another leg"),
    Cause(-1, 0xC0000017, "NO_MEMORY", "memory ran out"),
    Cause(-1, 0xC0000062, "INVALID_ACCOUNT_NAME", "the account name is not well formed"),
    Cause(-1, 0xC000009A, "INSUFFICIENT_RESOURCES", "system resources ran out"),
    Cause(-1, 0xC00000DC, "INVALID_SERVER_STATE", "the account database is in the wrong state for this"),
    Cause(-1, 0xC00000E5, "INTERNAL_ERROR", "an internal error"),
    Cause(-1, 0xC0000225, "NOT_FOUND", "not found; in event 4625 Microsoft calls it a bug without risk"),
    Cause(
        -1,
        0xC00002EE,
        "UNFINISHED_CONTEXT_DELETED",
        "the logon was given up before its last leg",
        "whether the client gave up, or the server lost the context between two requests",
    ),
    Cause(-1, 0xC00002F2, "WRONG_CREDENTIAL_HANDLE", "a later leg came with other credentials than the first"),
    Cause(
        -1,
        0xC00002FA,
        "SMARTCARD_LOGON_REQUIRED",
        "the account may log on with a smart card only",
        USER + "SmartcardLogonRequired",
    ),
    Cause(
        -1,
        0xC00002FD,
        "KDC_UNKNOWN_ETYPE",
        "the KDC does not support the encryption type",
        USER + "msDS-SupportedEncryptionTypes",
    ),
    Cause(
        -1,
        0xC000035B,
        "BAD_BINDINGS",
        "the channel bindings are missing or belong to another TLS channel",
        "whether TLS ends before the server, and whether the client sends bindings",
    ),
    Cause(-1, 0xC0000380, "SMARTCARD_WRONG_PIN", "the PIN of the smart card is wrong"),
)

BY_WIN32: Final = {cause.win32: cause for cause in CAUSES if cause.win32 >= 0}
BY_NTSTATUS: Final = {cause.ntstatus: cause for cause in CAUSES if cause.ntstatus >= 0}


def ntstatus_name(cause: Cause) -> str:
    """The STATUS_ symbol of a cause."""
    return "STATUS_" + (cause.ntname or cause.name)
