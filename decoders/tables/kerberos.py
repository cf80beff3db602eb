"""Kerberos by name: messages, enctypes, name types, errors, padata, options of the AP-REQ.

RFC 4120 5.10 and 7.5 and IANA's "Kerberos Parameters"; RFC 3961, 3962, 4757, 6803, 8009 (enctypes); MS-KILE 2.2 and
3.1.5 and MS-SFU 2.2 (Microsoft's additions). What stands deeper in the messages is in `kerberos_more`.
"""

from __future__ import annotations

from .kerberos_errors import ERROR_TEXTS as ERROR_TEXTS
from .kerberos_errors import ERRORS as ERRORS
from .ntstatus import NTSTATUS as NTSTATUS

#: RFC 4120 5.10: first byte of a bare message (its APPLICATION tag).
MESSAGES: dict[int, str] = {
    0x61: "Ticket",
    0x6A: "AS-REQ",
    0x6B: "AS-REP",
    0x6C: "TGS-REQ",
    0x6D: "TGS-REP",
    0x6E: "AP-REQ",
    0x6F: "AP-REP",
    0x74: "KRB-SAFE",
    0x75: "KRB-PRIV",
    0x76: "KRB-CRED",
    0x7E: "KRB-ERROR",
}

#: RFC 4120 7.5.7; 16 and 17, reserved there for user-to-user, are those of draft-swift-win2k-krb-user2user (the
#: UUKA-GSSAPI of MS-KILE 1.2.2).
MESSAGE_TYPES: dict[int, str] = {
    10: "AS-REQ",
    11: "AS-REP",
    12: "TGS-REQ",
    13: "TGS-REP",
    14: "AP-REQ",
    15: "AP-REP",
    16: "TGT-REQ",
    17: "TGT-REP",
    20: "KRB-SAFE",
    21: "KRB-PRIV",
    22: "KRB-CRED",
    30: "KRB-ERROR",
}

#: TOK_ID of a GSS token, as two bytes in the order of the wire: RFC 4121 4.1 and 4.2.6, RFC 1964 1.1 and 1.2,
#: draft-swift-win2k-krb-user2user (04 00, 04 01), draft-zhu-pku2u 6 (05 00, 06 00), draft-ietf-kitten-iakerb (05 01).
TOKEN_IDS: dict[int, str] = {
    0x0100: "KRB_AP_REQ",
    0x0200: "KRB_AP_REP",
    0x0300: "KRB_ERROR",
    0x0400: "KRB_TGT_REQ",
    0x0401: "KRB_TGT_REP",
    0x0404: "MIC (RFC 4121)",
    0x0405: "DeleteSecContext (RFC 4121)",
    0x0504: "Wrap (RFC 4121)",
    0x0101: "MIC (RFC 1964)",
    0x0102: "DeleteSecContext (RFC 1964)",
    0x0201: "Wrap (RFC 1964)",
    0x0500: "KRB_AS_REQ",
    0x0600: "KRB_AS_REP",
    0x0501: "IAKERB_PROXY",
}

#: IANA "Kerberos Encryption Type Numbers", where 0, 4 and 6 are reserved and 8 is free: their names and that of 48 are
#: those of MIT's krb5.h and Heimdal's krb5.asn1. The negative ones are Microsoft's, from ntsecapi.h (KERB_ETYPE_...).
ENCTYPES: dict[int, str] = {
    0: "null",
    1: "des-cbc-crc",
    2: "des-cbc-md4",
    3: "des-cbc-md5",
    4: "des-cbc-raw",
    5: "des3-cbc-md5",
    6: "des3-cbc-raw",
    7: "des3-cbc-sha1",
    8: "des-hmac-sha1",
    9: "dsaWithSHA1-CmsOID",
    10: "md5WithRSAEncryption-CmsOID",
    11: "sha1WithRSAEncryption-CmsOID",
    12: "rc2CBC-EnvOID",
    13: "rsaEncryption-EnvOID",
    14: "rsaES-OAEP-ENV-OID",
    15: "des-ede3-cbc-Env-OID",
    16: "des3-cbc-sha1-kd",
    17: "aes128-cts-hmac-sha1-96",
    18: "aes256-cts-hmac-sha1-96",
    19: "aes128-cts-hmac-sha256-128",
    20: "aes256-cts-hmac-sha384-192",
    23: "rc4-hmac",
    24: "rc4-hmac-exp",
    25: "camellia128-cts-cmac",
    26: "camellia256-cts-cmac",
    48: "pk-cross",
    65: "subkey-keymaterial",
    -128: "rc4-md4",
    -129: "rc4-plain2",
    -130: "rc4-lm",
    -131: "rc4-sha",
    -132: "des-plain",
    -133: "rc4-hmac-old",
    -134: "rc4-plain-old",
    -135: "rc4-hmac-old-exp",
    -136: "rc4-plain-old-exp",
    -140: "rc4-plain",
    -141: "rc4-plain-exp",
    -148: "aes128-cts-hmac-sha1-96-plain",
    -149: "aes256-cts-hmac-sha1-96-plain",
}

#: RFC 4120 7.5.8; RFC 6111 3.1 (11), RFC 5179 (12); Microsoft's -128 to -130 and Heimdal's own -1200 to -1203 as in
#: Heimdal's krb5.asn1.
NAME_TYPES: dict[int, str] = {
    0: "NT-UNKNOWN",
    1: "NT-PRINCIPAL",
    2: "NT-SRV-INST",
    3: "NT-SRV-HST",
    4: "NT-SRV-XHST",
    5: "NT-UID",
    6: "NT-X500-PRINCIPAL",
    7: "NT-SMTP-NAME",
    10: "NT-ENTERPRISE",
    11: "NT-WELLKNOWN",
    12: "NT-SRV-HST-DOMAIN",
    -128: "NT-MS-PRINCIPAL",
    -129: "NT-MS-PRINCIPAL-AND-ID",
    -130: "NT-ENT-PRINCIPAL-AND-ID",
    -1200: "NT-NTLM",
    -1201: "NT-X509-GENERAL-NAME",
    -1202: "NT-GSS-HOSTBASED-SERVICE",
    -1203: "NT-CACHE-UUID",
}

#: IANA "Pre-authentication and Typed Data" (RFC 4120 7.5.2, RFC 6113 7.1); MS-KILE 2.2 and 3.1.5.1 (161, 162, 165,
#: 167), 2.2.13 and 2.2.14 (170, 171), MS-SFU 2.2.2 (130, which IANA calls PA-FOR-X509-USER); Heimdal's krb5.asn1 (655);
#: PacketCable (-1). IANA has two names for 20, of which Windows and MIT use this one (the other:
#: PA-USE-SPECIFIED-KVNO), and two for 22: in METHOD-DATA it is PA-GET-FROM-TYPED-DATA.
PADATA: dict[int, str] = {
    1: "PA-TGS-REQ",
    2: "PA-ENC-TIMESTAMP",
    3: "PA-PW-SALT",
    4: "reserved",
    5: "PA-ENC-UNIX-TIME",
    6: "PA-SANDIA-SECUREID",
    7: "PA-SESAME",
    8: "PA-OSF-DCE",
    9: "PA-CYBERSAFE-SECUREID",
    10: "PA-AFS3-SALT",
    11: "PA-ETYPE-INFO",
    12: "PA-SAM-CHALLENGE",
    13: "PA-SAM-RESPONSE",
    14: "PA-PK-AS-REQ_OLD",
    15: "PA-PK-AS-REP_OLD",
    16: "PA-PK-AS-REQ",
    17: "PA-PK-AS-REP",
    18: "PA-PK-OCSP-RESPONSE",
    19: "PA-ETYPE-INFO2",
    20: "PA-SVR-REFERRAL-INFO",
    21: "PA-SAM-REDIRECT",
    22: "TD-PADATA",
    23: "PA-SAM-ETYPE-INFO",
    24: "PA-ALT-PRINC",
    25: "PA-SERVER-REFERRAL",
    30: "PA-SAM-CHALLENGE2",
    31: "PA-SAM-RESPONSE2",
    41: "PA-EXTRA-TGT",
    101: "TD-PKINIT-CMS-CERTIFICATES",
    102: "TD-KRB-PRINCIPAL",
    103: "TD-KRB-REALM",
    104: "TD-TRUSTED-CERTIFIERS",
    105: "TD-CERTIFICATE-INDEX",
    106: "TD-APP-DEFINED-ERROR",
    107: "TD-REQ-NONCE",
    108: "TD-REQ-SEQ",
    109: "TD-DH-PARAMETERS",
    111: "TD-CMS-DIGEST-ALGORITHMS",
    112: "TD-CERT-DIGEST-ALGORITHMS",
    128: "PA-PAC-REQUEST",
    129: "PA-FOR-USER",
    130: "PA-S4U-X509-USER",
    131: "PA-FOR-CHECK-DUPS",
    132: "PA-AS-CHECKSUM",
    133: "PA-FX-COOKIE",
    134: "PA-AUTHENTICATION-SET",
    135: "PA-AUTH-SET-SELECTED",
    136: "PA-FX-FAST",
    137: "PA-FX-ERROR",
    138: "PA-ENCRYPTED-CHALLENGE",
    141: "PA-OTP-CHALLENGE",
    142: "PA-OTP-REQUEST",
    143: "PA-OTP-CONFIRM",
    144: "PA-OTP-PIN-CHANGE",
    145: "PA-EPAK-AS-REQ",
    146: "PA-EPAK-AS-REP",
    147: "PA-PKINIT-KX",
    148: "PA-PKU2U-NAME",
    149: "PA-REQ-ENC-PA-REP",
    150: "PA-AS-FRESHNESS",
    151: "PA-SPAKE",
    152: "PA-REDHAT-IDP-OAUTH2",
    153: "PA-REDHAT-PASSKEY",
    161: "KERB-KEY-LIST-REQ",
    162: "KERB-KEY-LIST-REP",
    165: "PA-SUPPORTED-ENCTYPES",
    166: "PA-EXTENDED-ERROR",
    167: "PA-PAC-OPTIONS",
    170: "KERB-SUPERSEDED-BY-USER",
    171: "KERB-DMSA-KEY-PACKAGE",
    655: "PA-GSS",
    -1: "PA-PROV-SRV-LOCATION",
}

#: RFC 4120 5.5.1: bit numbers of APOptions.
AP_OPTIONS: dict[int, str] = {0: "reserved", 1: "use-session-key", 2: "mutual-required"}

#: MS-KILE 2.2.2: data-type of KERB-ERROR-DATA; 1, which it no longer lists, holds an NTSTATUS by itself.
KERB_ERROR_DATA_TYPES: dict[int, str] = {
    1: "KERB_AP_ERR_TYPE_NTSTATUS",
    2: "KERB_AP_ERR_TYPE_SKEW_RECOVERY",
    3: "KERB_ERR_TYPE_EXTENDED",
}
