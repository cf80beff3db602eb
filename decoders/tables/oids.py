"""Object identifiers of the mechanisms, by name.

RFC 4178 and MS-SPNG 1.9 (SPNEGO and what it carries), RFC 4121 and MS-KILE (Kerberos), MS-NLMP and MS-NEGOEX
(Microsoft's own), RFC 4120 4.5.2 and MIT's list of other GSS mechanisms.
"""

from __future__ import annotations

SPNEGO = "1.3.6.1.5.5.2"
KRB5 = "1.2.840.113554.1.2.2"
MS_KRB5 = "1.2.840.48018.1.2.2"
KRB5_U2U = "1.2.840.113554.1.2.2.3"
KRB5_WRONG = "1.3.5.1.5.2"
NTLMSSP = "1.3.6.1.4.1.311.2.2.10"
NEGOEX = "1.3.6.1.4.1.311.2.2.30"
IAKERB = "1.3.6.1.5.2.5"

#: RFC 4178, MS-SPNG 1.9, RFC 4121, MS-NEGOEX and the drafts of IAKERB and PKU2U; RFC 2025 and RFC 2847 (SPKM, LIPKEY),
#: RFC 5802 and RFC 7677 (SCRAM), RFC 7055 (EAP); Heimdal's oid.txt (1.2.752.43.14); 1.3.5... is what Apple's and early
#: implementations send by a slip for 1.3.6.
MECHANISMS: dict[str, str] = {
    SPNEGO: "SPNEGO",
    KRB5: "Kerberos",
    MS_KRB5: "MS Kerberos",
    KRB5_U2U: "Kerberos user-to-user",
    KRB5_WRONG: "Kerberos (first draft)",
    NTLMSSP: "NTLM",
    NEGOEX: "NEGOEX",
    IAKERB: "IAKERB",
    "1.3.6.1.5.2.7": "PKU2U",
    "1.3.5.1.5.2.7": "PKU2U (Apple's)",
    "1.3.6.1.5.2": "Kerberos v5 (RFC 1510 arc)",
    "1.3.6.1.5.5.1.1": "SPKM-1",
    "1.3.6.1.5.5.1.2": "SPKM-2",
    "1.3.6.1.5.5.1.3": "SPKM-3",
    "1.3.6.1.5.5.9": "LIPKEY",
    "1.3.6.1.5.5.14": "SCRAM-SHA-1",
    "1.3.6.1.5.5.18": "SCRAM-SHA-256",
    "1.3.6.1.5.5.15.1.1.17": "EAP-AES128",
    "1.3.6.1.5.5.15.1.1.18": "EAP-AES256",
    "1.2.752.43.14.1": "SASL DIGEST-MD5 (Heimdal)",
    "1.2.752.43.14.2": "NETLOGON (Heimdal)",
    "1.2.752.43.14.3": "Apple LKDC supported",
    "1.3.6.1.4.1.5322.22.1.17": "GSS-EAP AES128 (early)",
    "1.3.6.1.4.1.5322.22.1.18": "GSS-EAP AES256 (early)",
}

#: RFC 4178 4.1, MS-SPNG 1.9: the mechanism of decode's list that speaks under an OID; what is not here is shown as GSS.
FAMILY: dict[str, str] = {
    SPNEGO: "SPNEGO",
    KRB5: "Kerberos",
    MS_KRB5: "Kerberos",
    KRB5_U2U: "Kerberos",
    NTLMSSP: "NTLM",
    NEGOEX: "NEGOEX",
    IAKERB: "IAKERB",
}
