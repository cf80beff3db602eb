"""What the specifications call it: messages, states and numbers that more than one module of rules asks for."""

from __future__ import annotations

from typing import Final

#: NTLM's messages (MS-NLMP 2.2.1).
NEGOTIATE: Final = "NEGOTIATE_MESSAGE"
CHALLENGE: Final = "CHALLENGE_MESSAGE"
AUTHENTICATE: Final = "AUTHENTICATE_MESSAGE"

#: negState (RFC 4178 4.2.2).
ACCEPT_COMPLETED: Final = 0
ACCEPT_INCOMPLETE: Final = 1
REJECT: Final = 2
REQUEST_MIC: Final = 3

#: error-code of a KRB-ERROR: KRB_AP_ERR_SKEW (RFC 4120 7.5.9).
CLOCK_SKEW: Final = 37
