"""Object identifiers of the mechanisms, by name.

RFC 4178 and MS-SPNG 1.9 (SPNEGO and what it carries), RFC 4121 and MS-KILE (Kerberos), MS-NLMP and MS-NEGOEX
(Microsoft's own), RFC 4120 4.5.2 and MIT's list of other GSS mechanisms.
"""

SPNEGO = "1.3.6.1.5.5.2"
KRB5 = "1.2.840.113554.1.2.2"
MS_KRB5 = "1.2.840.48018.1.2.2"
KRB5_U2U = "1.2.840.113554.1.2.2.3"
KRB5_WRONG = "1.3.5.1.5.2"
NTLMSSP = "1.3.6.1.4.1.311.2.2.10"
NEGOEX = "1.3.6.1.4.1.311.2.2.30"
IAKERB = "1.3.6.1.5.2.5"

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
    "1.3.6.1.5.2": "Kerberos v5 (RFC 1510 arc)",
    "1.3.6.1.5.5.1.1": "SPKM-1",
    "1.3.6.1.5.5.1.2": "SPKM-2",
    "1.3.6.1.5.5.1.3": "SPKM-3",
    "1.3.6.1.5.5.1.10": "LIPKEY",
    "1.3.6.1.5.5.14": "SCRAM-SHA-1",
    "1.3.6.1.5.5.15.1.1.17": "EAP-AES128",
    "1.3.6.1.5.5.15.1.1.18": "EAP-AES256",
    "1.3.6.1.5.5.16": "OAuth 2.0 (OAUTHBEARER)",
    "1.3.6.1.4.1.311.2.2.12": "MS-EAP",
    "1.2.752.43.14.2": "Heimdal NTLM",
    "1.2.752.43.14.3": "Heimdal SCRAM",
    "1.3.6.1.5.5.6.1": "GSS-SRP",
    "1.3.6.1.4.1.5322.22.1.17": "GSS-EAP AES128 (early)",
    "1.3.6.1.4.1.5322.22.1.18": "GSS-EAP AES256 (early)",
}

#: The mechanism of cli.md's list that speaks under an OID; what is not here is shown as GSS.
FAMILY: dict[str, str] = {
    SPNEGO: "SPNEGO",
    KRB5: "Kerberos",
    MS_KRB5: "Kerberos",
    KRB5_U2U: "Kerberos",
    NTLMSSP: "NTLM",
    NEGOEX: "NEGOEX",
    IAKERB: "IAKERB",
}
