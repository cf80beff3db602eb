"""Kerberos by name, within its messages: options, flags, checksums, authorization data, addresses, key usages.

RFC 4120 5.3, 5.4 and 7.5 and IANA's "Kerberos Parameters"; RFC 1964, 4121 and 4757 (the mechanism's tokens), RFC 3244
(passwords), RFC 6113 (FAST), RFC 6806, RFC 8062; MS-KILE 2.2, MS-PAC 2.8, MS-SFU 2.2 (Microsoft's additions).
"""

from __future__ import annotations

#: RFC 4120 5.4.1: bit numbers of KDCOptions. Bit 14 is MS-SFU 2.2.3's (drafts of RFC 6112 had request-anonymous there,
#: and older Heimdal constrained-delegation at 16), 15 is RFC 6806 3's, 16 RFC 8062 3's.
KDC_OPTIONS: dict[int, str] = {
    0: "reserved",
    1: "forwardable",
    2: "forwarded",
    3: "proxiable",
    4: "proxy",
    5: "allow-postdate",
    6: "postdated",
    7: "unused7",
    8: "renewable",
    9: "unused9",
    10: "unused10",
    11: "opt-hardware-auth",
    12: "unused12",
    13: "unused13",
    14: "cname-in-addl-tkt",
    15: "canonicalize",
    16: "request-anonymous",
    26: "disable-transited-check",
    27: "renewable-ok",
    28: "enc-tkt-in-skey",
    30: "renew",
    31: "validate",
}

#: RFC 4120 5.3: bit numbers of TicketFlags. 15 is RFC 6806 11's, 16 RFC 8062 3's (14 in its first drafts).
TICKET_FLAGS: dict[int, str] = {
    0: "reserved",
    1: "forwardable",
    2: "forwarded",
    3: "proxiable",
    4: "proxy",
    5: "may-postdate",
    6: "postdated",
    7: "invalid",
    8: "renewable",
    9: "initial",
    10: "pre-authent",
    11: "hw-authent",
    12: "transited-policy-checked",
    13: "ok-as-delegate",
    15: "enc-pa-rep",
    16: "anonymous",
}

#: IANA "Kerberos Checksum Type Numbers" (0 and 0x8003 are reserved there; RFC 4121 4.1.1 uses the latter). RFC 4757 4
#: and MS-PAC 2.8: -138; MS-KILE 3.1.5.3: -131; the other negative ones are Microsoft's, from ntsecapi.h.
CHECKSUM_TYPES: dict[int, str] = {
    0: "none",
    1: "CRC32",
    2: "rsa-md4",
    3: "rsa-md4-des",
    4: "des-mac",
    5: "des-mac-k",
    6: "rsa-md4-des-k",
    7: "rsa-md5",
    8: "rsa-md5-des",
    9: "rsa-md5-des3",
    10: "sha1 (unkeyed)",
    12: "hmac-sha1-des3-kd",
    13: "hmac-sha1-des3",
    14: "sha1 (unkeyed)",
    15: "hmac-sha1-96-aes128",
    16: "hmac-sha1-96-aes256",
    17: "cmac-camellia128",
    18: "cmac-camellia256",
    19: "hmac-sha256-128-aes128",
    20: "hmac-sha384-192-aes256",
    0x8003: "GSS-API (RFC 4121)",
    -130: "KERB_CHECKSUM_LM",
    -131: "sha1 (unkeyed)",
    -132: "KERB_CHECKSUM_REAL_CRC32",
    -133: "KERB_CHECKSUM_DES_MAC",
    -134: "KERB_CHECKSUM_DES_MAC_MD5",
    -135: "KERB_CHECKSUM_MD25",
    -136: "KERB_CHECKSUM_RC4_MD5",
    -137: "KERB_CHECKSUM_MD5_HMAC",
    -138: "KERB_CHECKSUM_HMAC_MD5",
    -139: "KERB_CHECKSUM_SHA256",
    -140: "KERB_CHECKSUM_SHA384",
    -141: "KERB_CHECKSUM_SHA512",
    -150: "KERB_CHECKSUM_HMAC_SHA1_96_AES128_Ki",
    -151: "KERB_CHECKSUM_HMAC_SHA1_96_AES256_Ki",
}

#: RFC 4120 7.5.4; RFC 4556 3.1.3 (9), RFC 6113 6.3 (70 to 72), RFC 6806 6 (80), RFC 7751 (96), RFC 8129 (97), RFC 4537
#: (129); MS-KILE 3.1.5.5 and 3.2.5.8 (141 to 144; 142 was KERB-LOCAL in its earlier revisions). 512 is MIT's and
#: Heimdal's old signature over a ticket, which they had at 142 and -17 before.
AUTHORIZATION_DATA_TYPES: dict[int, str] = {
    1: "AD-IF-RELEVANT",
    2: "AD-INTENDED-FOR-SERVER",
    3: "AD-INTENDED-FOR-APPLICATION-CLASS",
    4: "AD-KDC-ISSUED",
    5: "AD-AND-OR",
    6: "AD-MANDATORY-TICKET-EXTENSIONS",
    7: "AD-IN-TICKET-EXTENSIONS",
    8: "AD-MANDATORY-FOR-KDC",
    9: "AD-INITIAL-VERIFIED-CAS",
    64: "OSF-DCE",
    65: "SESAME",
    66: "AD-OSF-DCE-PKI-CERTID",
    70: "AD-authentication-strength",
    71: "AD-fx-fast-armor",
    72: "AD-fx-fast-used",
    80: "AD-LOGIN-ALIAS",
    96: "AD-CAMMAC",
    97: "AD-AUTHENTICATION-INDICATOR",
    128: "AD-WIN2K-PAC",
    129: "AD-ETYPE-NEGOTIATION",
    141: "KERB_AUTH_DATA_TOKEN_RESTRICTIONS",
    142: "KERB_AUTH_DATA_LOOPBACK",
    143: "AD-AUTH-DATA-AP-OPTIONS",
    144: "KERB_AUTH_DATA_CLIENT_TARGET",
    512: "AD-SIGNTICKET",
}

#: RFC 4120 7.5.3: addr-type of HostAddress.
ADDRESS_TYPES: dict[int, str] = {
    2: "IPv4",
    3: "Directional",
    5: "ChaosNet",
    6: "XNS",
    7: "ISO",
    12: "DECNET Phase IV",
    16: "AppleTalk DDP",
    20: "NetBios",
    24: "IPv6",
}

#: RFC 4120 7.5.5: tr-type of TransitedEncoding.
TRANSITED_TYPES: dict[int, str] = {1: "DOMAIN-X500-COMPRESS"}

#: RFC 4120 5.4.2: lr-type of LastReq. A negative one speaks of the answering server alone.
LAST_REQ_TYPES: dict[int, str] = {
    0: "no information",
    1: "last initial request for a TGT",
    2: "last initial request",
    3: "issue of the newest TGT used",
    4: "last renewal",
    5: "last request",
    6: "password expires",
    7: "account expires",
    -1: "last initial request for a TGT, this server",
    -2: "last initial request, this server",
    -3: "issue of the newest TGT used, this server",
    -4: "last renewal, this server",
    -5: "last request, this server",
    -6: "password expires, this server",
    -7: "account expires, this server",
}

#: MS-KILE 2.2.10 and, for 3, MS-SFU 2.2.5: bit numbers of PA-PAC-OPTIONS.
PAC_OPTIONS: dict[int, str] = {
    0: "Claims",
    1: "Branch Aware",
    2: "Forward to Full DC",
    3: "Resource-based Constrained Delegation",
}

#: MS-KILE 2.2.7: masks of PA-SUPPORTED-ENCTYPES and of msDS-SupportedEncryptionTypes.
SUPPORTED_ENCTYPES: tuple[tuple[int, str], ...] = (
    (0x1, "DES-CBC-CRC"),
    (0x2, "DES-CBC-MD5"),
    (0x4, "RC4-HMAC"),
    (0x8, "AES128-CTS-HMAC-SHA1-96"),
    (0x10, "AES256-CTS-HMAC-SHA1-96"),
    (0x20, "AES256-CTS-HMAC-SHA1-96-SK"),
    (0x40, "AES128-CTS-HMAC-SHA256-128"),
    (0x80, "AES256-CTS-HMAC-SHA384-192"),
    (0x10000, "FAST-supported"),
    (0x20000, "Compound-identity-supported"),
    (0x40000, "Claims-supported"),
    (0x80000, "Resource-SID-compression-disabled"),
)

#: IANA "FAST Options", RFC 6113 5.4.2: bit numbers of FastOptions; below 16 an unknown one must be refused.
FAST_OPTIONS: dict[int, str] = {0: "reserved", 1: "hide-client-names", 16: "kdc-follow-referrals"}

#: RFC 4120 7.5.1: key usage numbers. MS-KILE 3.1.5.9 uses 16 and 17, which are reserved there (17: the signatures of a
#: PAC, MS-PAC 2.8, and PA-FOR-USER, MS-SFU 2.2.1), MS-SFU 2.2.2 has 26 and 27; MIT's krb5.h: 18, 20, 21, 513, 514.
#: RFC 4121 2: 22 to 25 (NEGOEX takes 23 and 25 for its checksums, draft-zhu-negoex 7.7); drafts of PKU2U (41) and
#: IAKERB (42); RFC 8062 (44), RFC 6560 (45), RFC 6113 6.2 (50 to 55), RFC 6806 11 (56), RFC 7751 (64), RFC 9588 (65).
KEY_USAGES: dict[int, str] = {
    1: "AS-REQ PA-ENC-TIMESTAMP",
    2: "Ticket",
    3: "AS-REP encrypted part",
    4: "TGS-REQ authorization data, session key",
    5: "TGS-REQ authorization data, subkey",
    6: "TGS-REQ authenticator's checksum",
    7: "TGS-REQ authenticator",
    8: "TGS-REP encrypted part, session key",
    9: "TGS-REP encrypted part, subkey",
    10: "AP-REQ authenticator's checksum",
    11: "AP-REQ authenticator",
    12: "AP-REP encrypted part",
    13: "KRB-PRIV encrypted part",
    14: "KRB-CRED encrypted part",
    15: "KRB-SAFE checksum",
    16: "KERB_NON_KERB_SALT",
    17: "KERB_NON_KERB_CKSUM_SALT",
    18: "KRB-ERROR checksum",
    19: "AD-KDC-ISSUED checksum",
    20: "AD-MANDATORY-TICKET-EXTENSIONS checksum",
    21: "AD-IN-TICKET-EXTENSIONS checksum",
    22: "KG-USAGE-ACCEPTOR-SEAL",
    23: "KG-USAGE-ACCEPTOR-SIGN",
    24: "KG-USAGE-INITIATOR-SEAL",
    25: "KG-USAGE-INITIATOR-SIGN",
    26: "PA-S4U-X509-USER checksum",
    27: "PA-S4U-X509-USER checksum of the reply",
    41: "KEY_USAGE_FINISHED",
    42: "KEY_USAGE_IAKERB_FINISHED",
    44: "KEY_USAGE_PA_PKINIT_KX",
    45: "KEY_USAGE_OTP_REQUEST",
    50: "KEY_USAGE_FAST_REQ_CHKSUM",
    51: "KEY_USAGE_FAST_ENC",
    52: "KEY_USAGE_FAST_REP",
    53: "KEY_USAGE_FAST_FINISHED",
    54: "KEY_USAGE_ENC_CHALLENGE_CLIENT",
    55: "KEY_USAGE_ENC_CHALLENGE_KDC",
    56: "KEY_USAGE_AS_REQ",
    64: "AD-CAMMAC verifier",
    65: "KEY_USAGE_SPAKE",
    513: "PA-FX-COOKIE",
    514: "PA-AS-FRESHNESS",
    1024: "application's encryption",
    1025: "application's checksum",
}

#: RFC 4121 4.1.1.1 and, from 0x1000 on, RFC 4757 7.1 (MS-KILE 3.2.5.2): masks of Flags in the checksum 0x8003.
GSS_CHECKSUM_FLAGS: tuple[tuple[int, str], ...] = (
    (0x1, "GSS_C_DELEG_FLAG"),
    (0x2, "GSS_C_MUTUAL_FLAG"),
    (0x4, "GSS_C_REPLAY_FLAG"),
    (0x8, "GSS_C_SEQUENCE_FLAG"),
    (0x10, "GSS_C_CONF_FLAG"),
    (0x20, "GSS_C_INTEG_FLAG"),
    (0x1000, "GSS_C_DCE_STYLE"),
    (0x2000, "GSS_C_IDENTIFY_FLAG"),
    (0x4000, "GSS_C_EXTENDED_ERROR_FLAG"),
)

#: RFC 3244 2: result code of a change of password; it names no symbol for 0xFFFF, which says failure of another kind.
KPASSWD_RESULTS: dict[int, str] = {
    0: "KRB5_KPASSWD_SUCCESS",
    1: "KRB5_KPASSWD_MALFORMED",
    2: "KRB5_KPASSWD_HARDERROR",
    3: "KRB5_KPASSWD_AUTHERROR",
    4: "KRB5_KPASSWD_SOFTERROR",
    5: "KRB5_KPASSWD_ACCESSDENIED",
    6: "KRB5_KPASSWD_BAD_VERSION",
    7: "KRB5_KPASSWD_INITIAL_FLAG_NEEDED",
    0xFFFF: "other failure",
}

#: RFC 1964 1.2.1.1 and RFC 4757 7.2 (11 00): SGN_ALG, as two bytes in the order of the wire. 04 00 is from drafts
#: about triple DES, as MIT and Java have it.
SIGNING_ALGORITHMS: dict[int, str] = {
    0x0000: "DES MAC MD5",
    0x0100: "MD2.5",
    0x0200: "DES MAC",
    0x0400: "HMAC SHA1 DES3-KD",
    0x1100: "HMAC",
}

#: RFC 1964 1.2.2.1 and RFC 4757 7.3 (10 00): SEAL_ALG, as two bytes in the order of the wire; 02 00 as above.
SEALING_ALGORITHMS: dict[int, str] = {
    0x0000: "DES",
    0x0200: "DES3-KD",
    0x1000: "RC4",
    0xFFFF: "none",
}

#: RFC 4121 4.2.2: masks of the Flags byte of MIC and Wrap tokens.
RFC4121_FLAGS: tuple[tuple[int, str], ...] = ((0x1, "SentByAcceptor"), (0x2, "Sealed"), (0x4, "AcceptorSubkey"))

#: MS-SFU 2.2.2: bit numbers of options in S4UUserID (there written as masks, 0x80000000 for 0).
S4U_OPTIONS: dict[int, str] = {
    0: "KERB_S4U_OPTIONS_reserved",
    1: "KERB_S4U_OPTIONS_check_logonhours",
    2: "KERB_S4U_OPTIONS_use_reply_key_usage",
    3: "KERB_S4U_OPTIONS_nt_auth_policy_not_required",
    4: "KERB_S4U_OPTIONS_unconditional_delegation",
}

#: MS-KILE 2.2.6: restriction-type of KERB-AD-RESTRICTION-ENTRY.
AD_RESTRICTION: dict[int, str] = {0: "LSAP_TOKEN_INFO_INTEGRITY"}

#: MS-KILE 3.2.5.8: masks of AD-AUTH-DATA-AP-OPTIONS, four bytes little-endian.
KERB_AP_OPTIONS: tuple[tuple[int, str], ...] = (
    (0x4000, "KERB_AP_OPTIONS_CBT"),
    (0x8000, "KERB_AP_OPTIONS_UNVERIFIED_TARGET_NAME"),
)

#: MS-KILE 2.2.5: masks of Flags in LSAP_TOKEN_INFO_INTEGRITY; none set is a full token.
LSAP_TOKEN_INFO: tuple[tuple[int, str], ...] = ((0x1, "UAC restricted token"),)

#: MS-KILE 2.2.5: TokenIL, the integrity level of the calling process.
LSAP_INTEGRITY_LEVELS: dict[int, str] = {
    0x0000: "Untrusted",
    0x1000: "Low",
    0x2000: "Medium",
    0x3000: "High",
    0x4000: "System",
    0x5000: "Protected process",
}
