"""The real tokens that are measured, from `samples/`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "samples"

NTLM: Final = "NTLM AUTHENTICATE"
INIT: Final = "NegTokenInit with AP-REQ"
AP_REQ: Final = "GSS-framed AP-REQ"

#: What they are called in the tables: the file, and the mechanism and message that both sides must find in it.
FILES: Final[dict[str, tuple[str, str, str]]] = {
    NTLM: ("ntlm-authenticate.bin", "NTLM", "AUTHENTICATE_MESSAGE"),
    INIT: ("spnego-kerberos-init.bin", "SPNEGO", "NegTokenInit"),
    AP_REQ: ("kerberos-ap-req.bin", "Kerberos", "AP-REQ"),
}


def path_of(case: str) -> Path:
    """The file of a token."""
    return FOLDER / FILES[case][0]


def token_of(case: str) -> bytes:
    """The bytes of a token."""
    return path_of(case).read_bytes()


def all_tokens() -> list[bytes]:
    """Every well-formed token that a sample holds as it is."""
    from secctx.decoders import decode

    tokens = [path.read_bytes() for path in sorted(FOLDER.glob("*.bin"))]
    return [token for token in tokens if decode(token).error is None]
