"""What each SECURITY_STATUS tells the accepting side: what happened, and after the semicolon what to do.

Names and numbers: winerror.h and MS-ERREF 2.1.1 (facility 9, SECURITY). The words are ours; FormatMessage has others.
"""

#: The ten of the AcceptSecurityContext (Negotiate) page, and those that an acceptor can also return.
ACCEPTOR: dict[str, str] = {
    "SEC_E_OK": "the context is established; if there is an output token, still send it to the client",
    "SEC_I_CONTINUE_NEEDED": "the leg succeeded; send the output to the client and call again with its answer",
    "SEC_I_COMPLETE_NEEDED": (
        "the last leg succeeded but the output is unfinished; call CompleteAuthToken, then send it (Digest only)"
    ),
    "SEC_I_COMPLETE_AND_CONTINUE": (
        "the leg succeeded but the output is unfinished; call CompleteAuthToken, send it, call again (Digest only)"
    ),
    "SEC_E_INSUFFICIENT_MEMORY": (
        "memory ran out, or a SPNEGO token reached the bare Kerberos package; give such tokens to Negotiate"
    ),
    "SEC_E_INVALID_HANDLE": (
        "the context or credential handle is not valid (gone, damaged or never made); begin again with a first token"
    ),
    "SEC_E_UNSUPPORTED_FUNCTION": (
        "what was asked is not supported, for NTLM also: blocked by policy, or 128-bit keys not offered; "
        "use Kerberos or lift the restriction"
    ),
    "SEC_E_INTERNAL_ERROR": (
        "a failure that has no status of its own, or the LSA does not answer; look at the server, not the client"
    ),
    "SEC_E_SECPKG_NOT_FOUND": (
        "no mechanism in common, or no such package; compare the client's list with what the server can serve"
    ),
    "SEC_E_INVALID_TOKEN": (
        "the token is malformed, or not the one expected here; decode it, and check that each leg met its context"
    ),
    "SEC_E_LOGON_DENIED": (
        "the logon was refused: wrong password, unknown or restricted account, or a ticket for another service; "
        "see event 4625 of the same second"
    ),
    "SEC_E_NO_CREDENTIALS": (
        "the server has no credentials for this mechanism; give it a keytab or users, or acquire them for inbound use"
    ),
    "SEC_E_MESSAGE_ALTERED": (
        "a signature or MIC does not verify, so something changed on the way; look for a proxy that rewrites tokens"
    ),
    "SEC_E_OUT_OF_SEQUENCE": (
        "the context is already complete, or the message came out of order; make one context for each connection"
    ),
    "SEC_E_NO_AUTHENTICATING_AUTHORITY": (
        "nobody can judge this user: no domain controller, unknown domain or broken trust; test the secure channel"
    ),
    "SEC_E_CONTEXT_EXPIRED": "the ticket or the context has expired; the client needs a new ticket",
    "SEC_E_INCOMPLETE_MESSAGE": "the message is not whole yet; read more bytes and call again (Schannel, CredSSP)",
    "SEC_E_BUFFER_TOO_SMALL": "the output token does not fit the buffer; begin again with a larger one",
    "SEC_E_WRONG_PRINCIPAL": (
        "the ticket is for another principal; the client sees this when the service answers that its key does not fit"
    ),
    "SEC_E_TIME_SKEW": "the clocks of client and server differ by more than is allowed; set the clocks (5 minutes)",
    "SEC_E_SECURITY_QOS_FAILED": (
        "what was demanded (mutual authentication, delegation, a flag) cannot be had; demand less, or change it"
    ),
    "SEC_E_WRONG_CREDENTIAL_HANDLE": (
        "this leg came with other credentials than the context began with; use the same ones for every leg"
    ),
    "SEC_E_INVALID_PARAMETER": "an argument of the call is not valid; check flags, bindings and buffers",
    "SEC_E_BAD_BINDINGS": (
        "the channel bindings are missing or belong to another TLS channel; see whether TLS ends before the server, "
        "and whether the client sends bindings"
    ),
    "SEC_E_NO_KERB_KEY": "there is no Kerberos key for the service; put one into the keytab",
    "SEC_E_NO_TGT_REPLY": "the client must do user-to-user and has no TGT of the server; answer its TGT-REQ first",
    "SEC_E_DOWNGRADE_DETECTED": (
        "a weaker logon than expected, perhaps only because no domain controller was reached; test the reachability"
    ),
    "SEC_E_UNFINISHED_CONTEXT_DELETED": "the context was deleted before its last leg; it counts as a failed logon",
    "SEC_E_MUTUAL_AUTH_FAILED": "the client could not verify the server; check the name that it asked for",
    "SEC_E_QOP_NOT_SUPPORTED": "the quality of protection asked for is not supported; use the default one",
    "SEC_E_NO_IMPERSONATION": "the context does not allow impersonation; the client gave its identity only",
    "SEC_E_DELEGATION_REQUIRED": (
        "the account is not trusted for the delegation that is needed; see its Delegation tab in the directory"
    ),
    "SEC_E_KDC_UNKNOWN_ETYPE": (
        "no encryption type in common with the KDC; compare msDS-SupportedEncryptionTypes of both accounts"
    ),
}

#: The others of winerror.h: met by a client, a KDC, a smart card logon or Schannel.
OTHERS: dict[str, str] = {
    "SEC_I_LOCAL_LOGON": "the logon was done from cached data; no network authority was reached",
    "SEC_I_GENERIC_EXTENSION_RECEIVED": "Schannel: a TLS extension arrived that the caller subscribed to",
    "SEC_I_CONTEXT_EXPIRED": "Schannel: the peer has closed the channel; close it too",
    "SEC_I_INCOMPLETE_CREDENTIALS": "Schannel: the server asks for a client certificate; supply one or go on without",
    "SEC_I_RENEGOTIATE": "the peer wants to negotiate again; run the handshake on the same context",
    "SEC_I_NO_LSA_CONTEXT": "the context lives in the process only; the LSA has none for it",
    "SEC_I_SIGNATURE_NEEDED": "something must be signed before the user can be authenticated",
    "SEC_I_NO_RENEGOTIATION": "the peer refuses to negotiate again",
    "SEC_I_MESSAGE_FRAGMENT": "the output is a part of a larger message; send it and fetch the next part",
    "SEC_I_CONTINUE_NEEDED_MESSAGE_OK": "another leg is needed, but application data may already flow",
    "SEC_I_ASYNC_CALL_PENDING": "the asynchronous call has not ended; wait for it",
    "SEC_E_TARGET_UNKNOWN": "the name of the target is unknown or cannot be reached; check the SPN (setspn -Q)",
    "SEC_E_NOT_OWNER": "the caller does not own the credentials",
    "SEC_E_CANNOT_INSTALL": "the package could not be initialised",
    "SEC_E_CANNOT_PACK": "the package cannot marshal the logon data",
    "SEC_E_UNKNOWN_CREDENTIALS": "the package does not understand the credentials given to it",
    "SEC_E_BAD_PKGID": "no package has this number",
    "SEC_E_INCOMPLETE_CREDENTIALS": "the credentials lack what is needed to verify the peer",
    "SEC_E_UNTRUSTED_ROOT": "the certificate chain ends at a root that is not trusted",
    "SEC_E_ILLEGAL_MESSAGE": "the message is unexpected or badly formed (Schannel)",
    "SEC_E_CERT_UNKNOWN": "a certificate could not be processed",
    "SEC_E_CERT_EXPIRED": "a certificate has expired",
    "SEC_E_ENCRYPT_FAILURE": "the message could not be encrypted",
    "SEC_E_DECRYPT_FAILURE": "the message could not be decrypted",
    "SEC_E_ALGORITHM_MISMATCH": "client and server have no algorithm in common (Schannel)",
    "SEC_E_NO_IP_ADDRESSES": "the machine has no IP address",
    "SEC_E_CRYPTO_SYSTEM_INVALID": "an encryption or checksum function is missing",
    "SEC_E_MAX_REFERRALS_EXCEEDED": "the ticket request was referred on too often; look for a loop of trusts",
    "SEC_E_MUST_BE_KDC": "only a KDC can do this",
    "SEC_E_STRONG_CRYPTO_NOT_SUPPORTED": "the peer demands strong encryption that is not available here",
    "SEC_E_TOO_MANY_PRINCIPALS": "the KDC's reply names several principals",
    "SEC_E_NO_PA_DATA": "the pre-authentication data that hint at the encryption type are missing",
    "SEC_E_PKINIT_NAME_MISMATCH": "the client's certificate has no matching UPN",
    "SEC_E_SMARTCARD_LOGON_REQUIRED": "the account may log on with a smart card only",
    "SEC_E_SHUTDOWN_IN_PROGRESS": "the system is shutting down",
    "SEC_E_KDC_INVALID_REQUEST": "the KDC got an invalid request",
    "SEC_E_KDC_UNABLE_TO_REFER": "the KDC cannot say where the service is",
    "SEC_E_UNSUPPORTED_PREAUTH": "the kind of pre-authentication is not supported",
    "SEC_E_MULTIPLE_ACCOUNTS": "the certificate belongs to several accounts",
    "SEC_E_CERT_WRONG_USAGE": "the certificate may not be used for this",
    "SEC_E_SMARTCARD_CERT_REVOKED": "the smart card's certificate is revoked",
    "SEC_E_ISSUING_CA_UNTRUSTED": "the authority behind the smart card's certificate is not trusted",
    "SEC_E_REVOCATION_OFFLINE_C": "whether the smart card's certificate is revoked cannot be found out",
    "SEC_E_PKINIT_CLIENT_FAILURE": "the smart card's certificate is not trusted",
    "SEC_E_SMARTCARD_CERT_EXPIRED": "the smart card's certificate has expired",
    "SEC_E_NO_S4U_PROT_SUPPORT": "the domain controller does not support S4U",
    "SEC_E_CROSSREALM_DELEGATION_FAILURE": "constrained delegation was tried into another realm",
    "SEC_E_REVOCATION_OFFLINE_KDC": "whether the domain controller's certificate is revoked cannot be found out",
    "SEC_E_ISSUING_CA_UNTRUSTED_KDC": "the authority behind the domain controller's certificate is not trusted",
    "SEC_E_KDC_CERT_EXPIRED": "the domain controller's certificate has expired",
    "SEC_E_KDC_CERT_REVOKED": "the domain controller's certificate is revoked",
    "SEC_E_DELEGATION_POLICY": "the client's policy forbids handing credentials to this server",
    "SEC_E_POLICY_NLTM_ONLY": (
        "the client's policy forbids handing credentials to a server that NTLM alone has authenticated; "
        "make Kerberos work"
    ),
    "SEC_E_NO_CONTEXT": "a context is needed and there is none",
    "SEC_E_PKU2U_CERT_FAILURE": "the PKU2U certificate is not trusted or not usable",
    "SEC_E_ONLY_HTTPS_ALLOWED": "this is allowed over https only",
    "SEC_E_APPLICATION_PROTOCOL_MISMATCH": "client and server have no application protocol in common (ALPN)",
    "SEC_E_INVALID_UPN_NAME": "the user principal name is not well formed",
    "SEC_E_EXT_BUFFER_TOO_SMALL": "the buffer for a TLS extension is too small",
    "SEC_E_INSUFFICIENT_BUFFERS": "the call was given too few buffers",
}
