"""Tokens in the forms that the readers read back."""

from __future__ import annotations

import binascii
from typing import Final

FORMS: Final = ("raw", "base64", "hex", "header")


def encode(data: bytes, how: str, scheme: str = "Negotiate", header: str = "Authorization") -> bytes:
    """`data` as `how` says: the bytes themselves, or one line of text with its line end.

    `header` and `scheme` are used by `header` alone.
    """
    match how:
        case "raw":
            return data
        case "base64":
            return binascii.b2a_base64(data)
        case "hex":
            return data.hex().encode() + b"\n"
        case "header":
            return f"{header}: {scheme} ".encode() + binascii.b2a_base64(data)
    raise ValueError(f"{how!r} is none of {', '.join(FORMS)}")
