"""Password changes by name: the protocol's versions (RFC 3244 2), and the policy that Active Directory answers with."""

from __future__ import annotations

#: RFC 3244 2: protocol version number.
VERSIONS: dict[int, str] = {0x0001: "change password (version 1)", 0xFF80: "set password (RFC 3244)"}

#: ntsecapi.h, DOMAIN_PASSWORD_INFORMATION: masks of PasswordProperties.
PASSWORD_PROPERTIES: tuple[tuple[int, str], ...] = (
    (0x1, "DOMAIN_PASSWORD_COMPLEX"),
    (0x2, "DOMAIN_PASSWORD_NO_ANON_CHANGE"),
    (0x4, "DOMAIN_PASSWORD_NO_CLEAR_CHANGE"),
    (0x8, "DOMAIN_LOCKOUT_ADMINS"),
    (0x10, "DOMAIN_PASSWORD_STORE_CLEARTEXT"),
    (0x20, "DOMAIN_REFUSE_PASSWORD_CHANGE"),
)
