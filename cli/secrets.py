"""`--show-secrets`: what is otherwise kept from every output."""

from __future__ import annotations

from typing import Final

from secctx.decoders.values import BYTES, SECRET, TEXT, Decoded, walk

#: Secrets that are keys, and no text whatever their bytes look like.
_KEYS: Final = ("keyvalue", "UserSessionKey", "credBuffer")


def reveal(decoded: Decoded) -> None:
    """Turn the secrets of a token into values like all others: text where they are text in UTF-16, else bytes."""
    for _, node in walk(decoded.root):
        if node.kind == SECRET and isinstance(node.value, bytes):
            text = None if node.name in _KEYS else _text(node.value)
            node.kind, node.value = (BYTES, node.value) if text is None else (TEXT, text)


def _text(raw: bytes) -> str | None:
    """UTF-16 where every second byte says so (MS-CSSP), else UTF-8 (RFC 6560)."""
    for encoding in ("utf-16-le", "utf-8") if not any(raw[1::2]) else ("utf-8", "utf-16-le"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            return text
    return None
