"""Names and numbers of NEGOEX, from MS-NEGOEX; the section stands over each table."""

from __future__ import annotations

#: MS-NEGOEX 2.2.6.1: MESSAGE_TYPE, without its prefix MESSAGE_TYPE_. The first two are a NEGO_MESSAGE, 2 to 5 an
#: EXCHANGE_MESSAGE, 6 a VERIFY_MESSAGE, 7 an ALERT_MESSAGE.
MESSAGE_TYPES: dict[int, str] = {
    0: "INITIATOR_NEGO",
    1: "ACCEPTOR_NEGO",
    2: "INITIATOR_META_DATA",
    3: "ACCEPTOR_META_DATA",
    4: "CHALLENGE",
    5: "AP_REQUEST",
    6: "VERIFY",
    7: "ALERT",
}

#: MS-NEGOEX 2.2.3: ChecksumScheme of CHECKSUM.
CHECKSUM_SCHEMES: dict[int, str] = {1: "CHECKSUM_SCHEME_RFC3961"}

#: MS-NEGOEX 2.2.3: AlertType of ALERT.
ALERT_TYPES: dict[int, str] = {1: "ALERT_TYPE_PULSE"}

#: MS-NEGOEX 2.2.3: Reason of ALERT_PULSE.
ALERT_REASONS: dict[int, str] = {1: "ALERT_VERIFY_NO_KEY"}

#: MS-NEGOEX 2.2.5.1.4: masks of ExtensionType; an acceptor that does not know a critical extension refuses the message.
EXTENSION_FLAGS: tuple[tuple[int, str], ...] = ((0x80000000, "EXTENSION_FLAG_CRITICAL"),)

#: MS-NEGOEX 2.2.2: AUTH_SCHEME, a GUID, as text. No registry has them. The first is what Windows sends for PKU2U (its
#: metadata, a list of trusted issuers, follows it in captures) and what other implementations of it send; the second
#: is what MS-SPNG prints for it in Appendix A <2>: in sspi.h that is SEC_WINNT_AUTH_DATA_TYPE_CERT.
AUTH_SCHEMES: dict[str, str] = {
    "0d53335c-f9ea-4d0d-b2ec-4ae3786ec308": "PKU2U",
    "235f69ad-73fb-4dbc-8203-0629e739339b": "PKU2U (MS-SPNG)",
}
