"""A SECURITY_STATUS for whoever runs the server: where it shows, what to check, what goes with it."""

from __future__ import annotations

from typing import Final

from secctx.acceptor import status
from secctx.acceptor.status import Status
from secctx.acceptor.tables.maps import GSS, KERBEROS, NTSTATUS
from secctx.acceptor.tables.statuses import ACCEPTOR

from .explain_reading import BASIS, CHECK, NOTE, SEEN, Reading

EVENT: Final = "event 4625 of the same second, its SubStatus: secctx explain SUBSTATUS"
SPN: Final = "Kerberos, who owns the name: setspn -Q HTTP/web.lab.example (and setspn -X for duplicates)"
CHANNEL: Final = "the secure channel: nltest /sc_query:LAB, and Test-ComputerSecureChannel -Verbose"

#: Rows by status; where: evidence from logs (SQL Server, IIS, LDAP, Waffle, SMB) and Microsoft's troubleshooting pages.
ROWS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "SEC_E_OK": ((NOTE, "the returned attributes count only now: compare them with what was asked"),),
    "SEC_I_CONTINUE_NEEDED": (
        (SEEN, "SMB as STATUS_MORE_PROCESSING_REQUIRED; HTTP as 401 with a token; LDAP result 14"),
    ),
    "SEC_I_COMPLETE_NEEDED": ((NOTE, "Negotiate, NTLM and Kerberos of Windows never return it: Digest does"),),
    "SEC_I_COMPLETE_AND_CONTINUE": ((NOTE, "Negotiate, NTLM and Kerberos of Windows never return it: Digest does"),),
    "SEC_E_INSUFFICIENT_MEMORY": (
        (SEEN, "a server that gives SPNEGO tokens to the package Kerberos"),
        (CHECK, "the package that the server acquires credentials for: Negotiate takes all three kinds of token"),
    ),
    "SEC_E_INVALID_HANDLE": (
        (SEEN, "servers that share or drop contexts: two requests on one connection, a context deleted too early"),
        (NOTE, "pages on AcceptSecurityContext print 0x80100003 for it; that is SCARD_E_INVALID_HANDLE (smart cards)"),
    ),
    "SEC_E_UNSUPPORTED_FUNCTION": (
        (SEEN, "LDAP result 49 as 80090302 with data 1: NTLM is blocked, on the first leg"),
        (
            CHECK,
            "policies 'Network security: Restrict NTLM' and 'Minimum session security'; let the client use Kerberos",
        ),
        (NOTE, "SEC_E_NOT_SUPPORTED is the same number"),
    ),
    "SEC_E_INTERNAL_ERROR": (
        (SEEN, "SQL Server log 17806, state 14; LDAP with data 20ee; node and Java as -2146893052"),
        (CHECK, "whether LSASS answers (load of the server and of its domain controller); System event log, LsaSrv"),
        (
            NOTE,
            "one number, two texts: MS-ERREF has 'The Local Security Authority cannot be contacted', the page of "
            "AcceptSecurityContext 'an error occurred that did not map to an SSPI error code'; SEC_E_NO_SPM is the "
            "same number too",
        ),
    ),
    "SEC_E_SECPKG_NOT_FOUND": (
        (SEEN, "IIS log as 401.1 with sc-win32-status 2148074245, where only one mechanism is enabled"),
        (CHECK, "the client's list: secctx decode TOKEN; the site's providers: Negotiate before NTLM"),
    ),
    "SEC_E_INVALID_TOKEN": (
        (SEEN, "IIS 401.1 with 2148074248; Waffle and node as -2146893048; LDAP with data 57"),
        (CHECK, "what the token is: secctx decode TOKEN (cut short? NTLM's third message sent first?)"),
        (CHECK, "that every leg of a client reaches the same process: load balancers, connection reuse, lost contexts"),
        (CHECK, "for Kerberos in Negotiate also the SPN: setspn -Q HTTP/web.lab.example"),
        (NOTE, "in the LDAP error of a simple bind it says nothing: only data counts there"),
    ),
    "SEC_E_LOGON_DENIED": (
        (
            SEEN,
            "SQL Server log 17806 and 18452 (state 14); IIS 401.1 with 2148074252; LDAP with data 52e, 52f, 533 or 569",
        ),
        (CHECK, EVENT),
        (CHECK, "the account: Get-ADUser alice -Properties LockedOut,PasswordExpired"),
        (CHECK, SPN),
        (CHECK, "a server calling itself by an alias: the loopback check refuses NTLM (BackConnectionHostNames)"),
    ),
    "SEC_E_NO_CREDENTIALS": (
        (SEEN, "IIS log as 2148074254: there it is the ordinary first leg, no failure"),
        (CHECK, "the keytab: klist -kte http.keytab; on Windows, that credentials were acquired for inbound use"),
    ),
    "SEC_E_MESSAGE_ALTERED": (
        (CHECK, "proxies and filters between client and server; that both legs belong to the same handshake"),
        (NOTE, "NTLM: the proof is right and the MIC is not; some implementations say so for a wrong password too"),
    ),
    "SEC_E_OUT_OF_SEQUENCE": (
        (SEEN, "servers that give a second token to a finished context: several requests on one handle"),
        (CHECK, "that a new connection gets a new context"),
    ),
    "SEC_E_NO_AUTHENTICATING_AUTHORITY": (
        (SEEN, "SQL Server log 17806, state 14; node and Java as -2146893039"),
        (CHECK, CHANNEL),
        (CHECK, "a domain controller for the user's domain: nltest /dsgetdc:LAB; trusts: Get-ADTrust -Filter *"),
    ),
    "SEC_E_CONTEXT_EXPIRED": (
        (
            CHECK,
            "the ticket's end: klist on the client; then klist purge and a new logon; the clocks: w32tm /query /status",
        ),
    ),
    "SEC_E_BUFFER_TOO_SMALL": (
        (CHECK, "the buffer against cbMaxToken of QuerySecurityPackageInfo (48,000 for Kerberos with many groups)"),
    ),
    "SEC_E_WRONG_PRINCIPAL": (
        (SEEN, "the client, after the service answered KRB_AP_ERR_MODIFIED (System event 4, source Kerberos)"),
        (CHECK, SPN),
    ),
    "SEC_E_TIME_SKEW": (
        (SEEN, "Kerberos; NTLM does not mind since Windows 8"),
        (CHECK, "both clocks: w32tm /stripchart /computer:dc01 /samples:3 /dataonly (Linux: chronyc tracking)"),
        (CHECK, "who gives the time: w32tm /query /source"),
    ),
    "SEC_E_SECURITY_QOS_FAILED": (
        (NOTE, "accept --enforce answers so; Windows leaves it to the caller to compare the attributes"),
    ),
    "SEC_E_BAD_BINDINGS": (
        (SEEN, "LDAP with data 80090346; SQL Server state 46; IIS as 2148074310; event 4625 as 0xC000035B"),
        (
            CHECK,
            "whether TLS ends before the server (proxy, load balancer): the certificate the client sees must be ours",
        ),
        (CHECK, "whether the client sends bindings at all: secctx decode TOKEN, MsvAvChannelBindings"),
        (CHECK, "the demand: LdapEnforceChannelBinding, Extended Protection of IIS or SQL Server"),
        (NOTE, "bindings are judged before the password: a wrong password may hide behind this status"),
    ),
    "SEC_E_NO_KERB_KEY": ((CHECK, "the keys: klist -kte http.keytab; the name in the ticket: secctx decode TOKEN"),),
    "SEC_E_KDC_UNKNOWN_ETYPE": (
        (
            CHECK,
            "Get-ADUser svc-web -Properties msDS-SupportedEncryptionTypes; secctx explain SUPPORTED_ENCTYPES=NUMBER",
        ),
    ),
    "SEC_E_TARGET_UNKNOWN": ((CHECK, SPN),),
    "SEC_E_UNFINISHED_CONTEXT_DELETED": ((CHECK, "whether the client gave up after the first leg"),),
    "SEC_E_DOWNGRADE_DETECTED": ((CHECK, "nltest /dsgetdc:LAB"),),
}


def read_status(what: str, status_: Status, written: str = "") -> Reading:
    """A SECURITY_STATUS; `written` is the name as it was given, where that is another one for the number."""
    rows = [("number", f"{status_.hex} = {status_.value}" + (f" = {status_.signed}" if status_.signed < 0 else ""))]
    if written and written.upper() not in (status_.name, status_.name.removeprefix("SEC_E_")):
        rows.append((NOTE, _other_name(written.upper(), status_)))
    rows += ROWS.get(status_.name, ())
    if status_.name not in ACCEPTOR:
        rows.append((NOTE, "an acceptor of Negotiate, NTLM or Kerberos does not return it; clients and Schannel do"))
    return Reading(what, "status", status_.name, status_.value, status_.meaning, rows, _related(status_))


def _other_name(written: str, status_: Status) -> str:
    if written == "SEC_E_POLICY_NTLM_ONLY":
        return "Windows' own name for it is misspelt: SEC_E_POLICY_NLTM_ONLY"
    return f"{written} is another name of {status_.name}" if written.startswith("SEC_") else f"read as {status_.name}"


def _related(status_: Status) -> tuple[str, ...]:
    rows = [row for table in (NTSTATUS, KERBEROS, GSS) for row in table if row[2] == status_.name]
    found = [row[0] for row in sorted(rows, key=lambda row: list(BASIS).index(row[3]))]
    twin = status_.value ^ 0x80000000
    if status_.value and twin in status.BY_VALUE:
        found.insert(0, status.BY_VALUE[twin].name)
    return tuple(found)
