"""Pre-authentication by name: FAST, one-time passwords, SAM, SPAKE and public keys.

RFC 6113 5.4.1 (armor); RFC 6560 4 (OTP); draft-ietf-cat-kerberos-passwords-04 (SAM); RFC 9588 11 (SPAKE); RFC 4556 3.1,
RFC 5349 3, RFC 5652, RFC 8636 3 (PKINIT and what it signs and digests with).
"""

from __future__ import annotations

#: RFC 6113 5.4.1.
FAST_ARMOR_TYPES: dict[int, str] = {0: "FX_FAST_reserved", 1: "FX_FAST_ARMOR_AP_REQUEST"}

#: RFC 6560 4.1: bit numbers of OTPFlags.
OTP_FLAGS: dict[int, str] = {
    0: "reserved",
    1: "nextOTP",
    2: "combine",
    3: "collect-pin",
    4: "do-not-collect-pin",
    5: "must-encrypt-nonce",
    6: "separate-pin-required",
    7: "check-digit",
}

#: RFC 6560 4.1.
OTP_FORMATS: dict[int, str] = {0: "decimal", 1: "hexadecimal", 2: "alphanumeric", 3: "binary", 4: "base64"}

#: RFC 6560 4.3: bit numbers of PinFlags.
PIN_FLAGS: dict[int, str] = {0: "reserved", 1: "systemSetPin", 2: "mandatory"}

#: draft-ietf-cat-kerberos-passwords-04 3.
SAM_TYPES: dict[int, str] = {
    1: "PA_SAM_TYPE_ENIGMA",
    2: "PA_SAM_TYPE_DIGI_PATH",
    3: "PA_SAM_TYPE_SKEY_K0",
    4: "PA_SAM_TYPE_SKEY",
    5: "PA_SAM_TYPE_SECURID",
    6: "PA_SAM_TYPE_CRYPTOCARD",
}

#: draft-ietf-cat-kerberos-passwords-04 3: bit numbers of SAMFlags.
SAM_FLAGS: dict[int, str] = {0: "use-sad-as-key", 1: "send-encrypted-sad", 2: "must-pk-encrypt-sad"}

#: RFC 9588 11.2.
SPAKE_GROUPS: dict[int, str] = {1: "edwards25519", 2: "P-256", 3: "P-384", 4: "P-521"}

#: RFC 9588 11.1.
SPAKE_FACTORS: dict[int, str] = {1: "SF-NONE"}

#: RFC 4556 3.1.4 and RFC 8636 3: what PKINIT signs; RFC 5652: what signs and encrypts it.
ID_PKINIT_AUTH_DATA = "1.3.6.1.5.2.3.1"
ID_PKINIT_DH_KEY_DATA = "1.3.6.1.5.2.3.2"
ID_PKINIT_RKEY_DATA = "1.3.6.1.5.2.3.3"
ID_DATA = "1.2.840.113549.1.7.1"
ID_SIGNED_DATA = "1.2.840.113549.1.7.2"
ID_ENVELOPED_DATA = "1.2.840.113549.1.7.3"

#: RFC 4556 3.1.4, RFC 5652: the same by name.
CONTENT_TYPES: dict[str, str] = {
    ID_PKINIT_AUTH_DATA: "id-pkinit-authData",
    ID_PKINIT_DH_KEY_DATA: "id-pkinit-DHKeyData",
    ID_PKINIT_RKEY_DATA: "id-pkinit-rkeyData",
    ID_DATA: "id-data",
    ID_SIGNED_DATA: "id-signedData",
    ID_ENVELOPED_DATA: "id-envelopedData",
}

#: RFC 8636 3.
KDFS: dict[str, str] = {
    "1.3.6.1.5.2.3.6.1": "id-pkinit-kdf-ah-sha1",
    "1.3.6.1.5.2.3.6.2": "id-pkinit-kdf-ah-sha256",
    "1.3.6.1.5.2.3.6.3": "id-pkinit-kdf-ah-sha512",
    "1.3.6.1.5.2.3.6.4": "id-pkinit-kdf-ah-sha384",
}

#: RFC 3279, RFC 3370, RFC 4055, RFC 5480, RFC 5754, RFC 5758, RFC 8410: algorithms of digests, signatures and keys.
ALGORITHMS: dict[str, str] = {
    "1.2.840.10040.4.1": "id-dsa",
    "1.2.840.10040.4.3": "id-dsa-with-sha1",
    "1.2.840.10045.2.1": "id-ecPublicKey",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.2.840.10046.2.1": "dhpublicnumber",
    "1.2.840.113549.1.1.1": "rsaEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.7": "id-RSAES-OAEP",
    "1.2.840.113549.1.1.10": "id-RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.3.1": "dhKeyAgreement",
    "1.2.840.113549.2.5": "md5",
    "1.2.840.113549.3.2": "rc2-cbc",
    "1.2.840.113549.3.7": "des-ede3-cbc",
    "1.3.14.3.2.26": "id-sha1",
    "1.3.101.110": "id-X25519",
    "1.3.101.112": "id-Ed25519",
    "2.16.840.1.101.3.4.1.2": "id-aes128-CBC",
    "2.16.840.1.101.3.4.1.42": "id-aes256-CBC",
    "2.16.840.1.101.3.4.2.1": "id-sha256",
    "2.16.840.1.101.3.4.2.2": "id-sha384",
    "2.16.840.1.101.3.4.2.3": "id-sha512",
}

#: RFC 5652 11: attributes of a signature.
ATTRIBUTES: dict[str, str] = {
    "1.2.840.113549.1.9.3": "id-contentType",
    "1.2.840.113549.1.9.4": "id-messageDigest",
    "1.2.840.113549.1.9.5": "id-signingTime",
}
