"""The real tokens that are measured, from `samples/`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "samples"

NTLM: Final = "NTLM AUTHENTICATE"
INIT: Final = "NegTokenInit with AP-REQ"
AP_REQ: Final = "GSS-framed AP-REQ"
AS_REP: Final = "AS-REP"
TGS_REQ: Final = "TGS-REQ"

#: What they are called in the tables: the file, and the mechanism and message that both sides must find in it.
FILES: Final[dict[str, tuple[str, str, str]]] = {
    NTLM: ("ntlm-authenticate.bin", "NTLM", "AUTHENTICATE_MESSAGE"),
    INIT: ("spnego-kerberos-init.bin", "SPNEGO", "NegTokenInit"),
    AP_REQ: ("kerberos-ap-req.bin", "Kerberos", "AP-REQ"),
    AS_REP: ("kdc-as-rep.bin", "Kerberos", "AS-REP"),
    TGS_REQ: ("kdc-tgs-req.bin", "Kerberos", "TGS-REQ"),
}
#: What pyspnego knows behind the GSS-API framing and without an APPLICATION tag only: both sides read it without one.
UNTAGGED: Final = (AS_REP, TGS_REQ)


def path_of(case: str) -> Path:
    """The file of a token."""
    return FOLDER / FILES[case][0]


def token_of(case: str) -> bytes:
    """The bytes of a token, as both sides can read it."""
    token = path_of(case).read_bytes()
    return token[4:] if case in UNTAGGED else token


def all_tokens() -> list[bytes]:
    """Every well-formed token that a sample holds as it is, and that pyspnego can read."""
    from spnego.__main__ import parse_token

    from secctx.decoders import decode

    tokens = [path.read_bytes() for path in sorted(FOLDER.glob("*.bin"))]
    whole = [token for token in tokens if decode(token).error is None]
    return [token for token in whole if _is_known(parse_token, token)]


def _is_known(parse: Callable[[bytes], dict[str, object]], token: bytes) -> bool:
    try:
        return "Unknown" not in str(parse(token)["MessageType"])
    except ValueError:
        return False
