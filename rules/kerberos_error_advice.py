"""What to do about a KRB-ERROR, by its number, and what some numbers mean to one side alone.

The meanings themselves are those of `decoders.tables.kerberos_errors`. `{service}`, `{account}`, `{client}` and
`{realm}` stand for the names in the message.
"""

from __future__ import annotations

from typing import Final

_CLOCKS: Final = (
    "compare both clocks with the KDC's: w32tm /stripchart /computer:DC on Windows, chronyc tracking elsewhere"
)
_ANEW: Final = "get new tickets: klist purge on Windows, kdestroy and kinit elsewhere"
_KEYTAB: Final = (
    "make the service's keytab anew from its account, and look for a second owner of the name: setspn -Q {service}; "
    "setspn -X"
)
_CERTIFICATE: Final = (
    "look at the certificates of both sides: certutil -scinfo on the client, certutil -dcinfo verify on the domain "
    "controller"
)
_CLIENT_CERTIFICATE: Final = (
    "have the issuer of the client's certificate trusted by the KDC, and its revocation list within reach: certutil "
    "-verify -urlfetch CERTIFICATE there"
)

#: The first thing to do, by error number.
ADVICE: Final[dict[int, str]] = {
    1: "extend the client's account: Get-ADUser {client} -Properties AccountExpirationDate; kadmin.local getprinc "
    "{client}",
    2: "extend the service's account: setspn -Q {service} names it; kadmin.local getprinc {service}",
    6: "look for the account under the name and in the realm asked for: Get-ADUser {client}; kadmin.local getprinc "
    "{client}",
    7: "register the name with the account that the service runs as, if none has it: setspn -Q {service}; with MIT "
    "kadmin.local getprinc {service}",
    8: "find the accounts that share the name and take it from all but one: setspn -X; setspn -Q {service}",
    9: "set the account's password once, so that it has keys",
    12: "look at the client's restrictions: Get-ADUser {client} -Properties logonHours,LogonWorkstations; for "
    "delegation at Protected Users and 'sensitive and cannot be delegated'",
    13: "look at the delegation settings of the account that asks: Get-ADUser or Get-ADComputer with -Properties "
    "TrustedForDelegation,msDS-AllowedToDelegateTo",
    14: "let both accounts have a type in common: Get-ADUser NAME -Properties msDS-SupportedEncryptionTypes; set the "
    "password again where it is older than AES in the domain",
    15: "have the client's library use the checksum that belongs to its encryption type: update it",
    16: "for smart cards renew the domain controller's certificate; else let the client use a password",
    17: "have the realms of the path encoded as DOMAIN-X500-COMPRESS (type 1): the KDCs on the way write it",
    18: "look whether the account is disabled, locked or expired: Get-ADUser {client} -Properties "
    "Enabled,LockedOut,AccountExpirationDate; kadmin.local getprinc {client}",
    19: "enable the service's account: setspn -Q {service} names it",
    20: _ANEW,
    23: "change the password, then log on again: kpasswd {client}; Get-ADUser {client} -Properties PasswordLastSet",
    24: "check the password, and look for a keytab or service that still has the old one: event 4771 at the domain "
    "controller names the address",
    25: "nothing: the client answers with pre-authentication; if no second request follows, look there",
    26: "ask for the ticket under the name that the request is for",
    27: "register a service principal name with the account ({service}), so that clients need not ask for user-to-user",
    29: "look whether the KDC runs, and for S4U2Proxy whether the trust is up: nltest /sc_verify:{realm}",
    31: _KEYTAB,
    32: _ANEW,
    33: _CLOCKS,
    34: "look for a proxy, a retry or a load balancer that sends one token twice; each request needs one of its own",
    35: "add the name to the service's keytab, or have the client ask for the one that is in it: klist -k on the "
    "server, setspn -Q {service}",
    36: "log on anew: ticket and authenticator are of two clients; look at what makes the token",
    37: _CLOCKS,
    38: "have the client ask for tickets without addresses (noaddresses = true in krb5.conf), or look for NAT",
    39: "look at what makes the token: nothing but version 5 is in use",
    40: "have the client send an AP-REQ in GSS-API's framing; a proxy that swaps tokens or legs shows so too",
    41: _KEYTAB,
    42: "keep the messages of a session on one connection, in order",
    44: "make the keytab anew with all of the account's types, or purge the client's old ticket: kvno {service} "
    "against klist -kte on the server",
    45: "make the service's keytab: the server has no key for {service}",
    46: "look whether the server is the one meant: name, DNS and its keytab",
    49: "keep the messages of a session on one connection, in order",
    50: "have the client's library use a keyed checksum, or GSS-API's own (0x8003)",
    51: "look at the trusts between the realms ([capaths] of krb5.conf; Get-ADTrust -Filter *)",
    52: "nothing, if the client asks again over TCP; else open port 88/tcp to the KDC",
    60: "look at the text of the error and at the log of the side that sent it; MIT sends 60 also for wrong channel "
    "bindings and for a token without GSS-API's framing",
    61: "look at the size of the request: nothing should be so long",
    62: _CLIENT_CERTIFICATE,
    63: "have the client trust the issuer of the KDC's certificate: pkinit_anchors in krb5.conf, certutil -enterprise "
    "-viewstore NTAuth on Windows",
    64: _CERTIFICATE,
    65: "let client and KDC agree on Diffie-Hellman groups (pkinit_dh_min_bits; at least 2048 bits)",
    66: "map the certificate to the account: altSecurityIdentities, or the SID in the certificate (KB5014754)",
    67: "give the server a ticket-granting ticket of its own (kinit; --ccache), or register an SPN and use its keytab",
    68: "ask the KDC of the client's own realm: check the realm, the UPN suffix and the trusts (Get-ADTrust -Filter *)",
    69: "let the client use user-to-user, or register a service principal name with an account that has a key",
    70: _CLIENT_CERTIFICATE,
    71: _CLIENT_CERTIFICATE,
    72: "renew the client's certificate: it is revoked, or one above it is",
    73: _CLIENT_CERTIFICATE,
    74: _CLIENT_CERTIFICATE,
    75: "use the certificate of the account that logs on, or map it: altSecurityIdentities",
    76: "give the KDC a certificate that names it and its realm (id-pkinit-san), or set pkinit_kdc_hostname "
    "in krb5.conf",
    77: "use a certificate that is meant for smart card logon or client authentication",
    82: "ask for a name that the KDC knows: it is a well-known one that it does not serve",
    85: "let the server find the realm's KDC: krb5.conf or DNS (_kerberos._tcp.{realm}) there",
    86: "look whether the server reaches the realm's KDC on port 88",
    90: "begin again: the answer to the KDC came too late, or to another KDC",
}

#: The service's key is not the ticket's; where the service gives the name of its account, that is the one to look at.
OTHER_KEY: Final = (31, 41)
ACCOUNT_ADVICE: Final = (
    "the service calls itself {account}: setspn -L {account} must list the name that the client asked for, and setspn "
    "-Q of that name must find this account alone"
)

#: What a number says where a service answers an AP-REQ with it, or a KDC a TGS-REQ, if that is narrower.
FROM_SERVICE: Final[dict[int, str]] = {
    31: "the service's key does not open the ticket, or the ticket's does not open the authenticator",
    32: "the ticket has expired by the service's clock",
    33: "the ticket is not valid yet by the service's clock",
    34: "the service saw the same authenticator before: a replay, or a token sent twice",
    35: "the ticket is for a name that the service has no key for",
    37: "the client's clock and the service's differ too much",
    40: "the service expected another message than the one that it got",
    44: "the service has no key of the ticket's version, or none of its encryption type",
}
FROM_KDC: Final[dict[int, str]] = {
    7: "the service name is unknown to the KDC: no account has it as its SPN",
    25: "the KDC asks for pre-authentication, a usual first answer",
    24: "the pre-authentication is wrong: another password, or another key",
    31: "the KDC's key does not open the TGT, or the request was altered",
    32: "the client's TGT has expired",
    33: "the client's TGT is not valid yet",
    37: "the client's clock and the KDC's differ too much",
    41: "the KDC's key does not open the TGT, or the request was altered",
    44: "the KDC no longer has the key that the TGT was made with",
}
#: What to do where it is the KDC that does not open its own ticket.
KDC_ADVICE: Final = dict.fromkeys((31, 32, 41, 44), _ANEW)
