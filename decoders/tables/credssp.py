"""Names and numbers of CredSSP, from MS-CSSP; the section stands over each table."""

from __future__ import annotations

#: MS-CSSP 2.2.1.2: credType of TSCredentials, the structure in credentials.
CRED_TYPES: dict[int, str] = {1: "TSPasswordCreds", 2: "TSSmartCardCreds", 6: "TSRemoteGuardCreds"}

#: MS-CSSP 2.2.1: version of TSRequest; 5 and 6 bind the public key by a hash with clientNonce (CVE-2018-0886), and
#: errorCode is sent in 3, 4 and 6.
VERSIONS: tuple[int, ...] = (2, 3, 4, 5, 6)

#: MS-CSSP 2.2.1.2.2.1: keySpec of TSCspDataDetail; the values are those of wincrypt.h.
KEY_SPECS: dict[int, str] = {1: "AT_KEYEXCHANGE", 2: "AT_SIGNATURE"}
