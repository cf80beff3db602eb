"""What a NEGOEX token is, in one line: its messages, what it offers, carries, signs or complains of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from secctx.decoders.tables.negoex import MESSAGE_TYPES
from secctx.decoders.values import TOKEN, Node

#: Of more messages or security mechanisms than this, the rest is counted.
MOST: Final = 6


def _negoex(node: Node) -> str:
    """What follows the name of the first message: `, ACCEPTOR_META_DATA: offers PKU2U`."""
    holder = node.child("messages")
    messages = holder.children if holder is not None else ()
    others = _listed([str(message.meaning or "unknown") for message in messages[1:]])
    details = [detail for detail in map(_detail, messages[:MOST]) if detail]
    return (f", {others}" if others else "") + (f": {'; '.join(details)}" if details else "")


def _detail(message: Node) -> str:
    """What one message says; of metadata there is nothing to say."""
    if message.child("AuthSchemes") is not None:
        schemes = message.child("AuthSchemeArray")
        return f"offers {_listed([_named(scheme) for scheme in schemes.children]) if schemes else 'nothing'}"
    checksum, code = message.child("Checksum"), message.child("ErrorCode")
    if checksum is not None:
        kind = checksum.child("ChecksumType")
        return f"signed with {_named(kind)}" if kind is not None else ""
    if code is not None:
        values = [value for value in message.children if value.meaning == "ALERT_PULSE"]
        reasons = [_named(reason) for value in values if (reason := value.child("Reason")) is not None]
        types = [_named(alert) for alert in _items(message.child("AlertArray"))]
        return f"{_named(code)}, {_listed(reasons or types) or 'no alert'}"
    return _carried(message)


def _carried(message: Node) -> str:
    """The token that a CHALLENGE or AP_REQUEST carries, and for which security mechanism."""
    if message.meaning not in ("CHALLENGE", "AP_REQUEST"):
        return ""
    token, scheme = message.child("ByteArray"), message.child("AuthScheme")
    what = "no token"
    if token is not None:
        what = f"{token.stop - token.start} bytes"
        if token.kind == TOKEN and isinstance(token.meaning, tuple):
            what = " ".join(token.meaning)
    return f"{message.meaning} carries {what}" + (f" of {_named(scheme)}" if scheme is not None else "")


def _named(node: Node) -> str:
    if isinstance(node.meaning, str):
        return node.meaning
    if isinstance(node.value, int):
        return f"0x{node.value:08x}" if node.name == "ErrorCode" else str(node.value)
    return str(node.value) if isinstance(node.value, str) else "an unreadable one"


def _items(node: Node | None) -> list[Node]:
    return [item.children[0] if item.children else item for item in node.children] if node is not None else []


def _listed(names: list[str]) -> str:
    rest = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {rest} more" if rest > 0 else "")


MESSAGES: Final[dict[tuple[str, str], Callable[[Node], str]]] = {
    ("NEGOEX", name): _negoex for name in (*MESSAGE_TYPES.values(), "unknown")
}
