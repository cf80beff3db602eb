"""One field on one line: its value and what it means."""

from __future__ import annotations

from datetime import datetime

from secctx.decoders.values import (
    BOOL,
    BYTES,
    ENUM,
    FILETIME,
    FLAGS,
    OID,
    PLAINTEXT,
    PRINCIPAL,
    SECRET,
    SID,
    STRUCT,
    TIME,
    Node,
)

#: So many bytes of a long byte string are shown unless everything is asked for.
SHORT_BYTES = 16
#: Texts longer than this are shortened likewise.
SHORT_TEXT = 200

#: How the vectors of MS-NEGOEX count what they point to.
_COUNTS = {"ByteArrayLength": "bytes", "AuthSchemeCount": "items", "ExtensionCount": "items", "AlertCount": "items"}

_PREFIXES = ("NTLMSSP_NEGOTIATE_", "NTLM_NEGOTIATE_", "NTLMSSP_", "SE_GROUP_")


def cell(node: Node, full: bool) -> tuple[str, str]:
    """Value and meaning of a field without children, as text."""
    value, meaning = node.value, node.meaning
    if node.kind == SECRET:
        return f"{size_of_secret(node)} bytes, not shown", "a secret (--show-secrets shows it)"
    if node.kind == BOOL:
        return "true" if value else "false", str(meaning or "")
    if isinstance(value, bytes) or node.kind == BYTES:
        return _hex(value if isinstance(value, bytes) else b"", full), str(meaning or "")
    if node.name == "TOK_ID" and isinstance(value, int):
        return f"{meaning or 'unknown'} (0x{value:04x})", ""
    if node.kind == ENUM:
        return (f"{meaning} ({value})", "") if meaning else (str(value), "(no name known)")
    if node.kind == FLAGS:
        return f"0x{value or 0:08x}", ", ".join(map(_short_flag, meaning or ())) or "none set"
    if node.kind == OID:
        return (f"{meaning} ({value})", "") if meaning else (str(value), "(no name known)")
    if node.kind == TIME and isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC", ""
    if node.kind == FILETIME:
        return str(meaning), ""
    if node.kind == SID and value is not None:
        return f"{value}  {meaning}" if meaning else str(value), ""
    text = str(value) if value is not None else ""
    if not full and len(text) > SHORT_TEXT:
        text = f"{text[:SHORT_TEXT]}… ({len(text)} characters)"
    return text, meaning if isinstance(meaning, str) else ""


def size_of_secret(node: Node) -> int:
    """How many bytes a secret has, without the tag and length around them."""
    return len(node.value) if isinstance(node.value, bytes) else 0


def inline(node: Node) -> tuple[str, str] | None:
    """A structure that is better read on one line; None where it is not."""
    if node.kind == PRINCIPAL and len(node.children) == 2:
        return str(node.meaning), f"({named(node.child('name-type'))})"
    names = [child.name for child in node.children if child.kind != PLAINTEXT]
    if node.kind != STRUCT:
        if names and all(child.kind == OID for child in node.children) and len(names) <= 8:
            return ", ".join(map(named, node.children)), ""
        return None
    if is_encrypted(node):
        return _encrypted_data(node)
    if names and names[0] == "AvId" and all(not child.children for child in node.children):
        return _av_pair(node)
    if len(names) == 3 and names[0].endswith("Len") and names[2].endswith("BufferOffset"):
        length, largest, offset = map(named, node.children)
        differs = "" if length == largest else f", MaxLen {largest}"
        return f"{length} bytes at {offset}{differs}", ""
    if names[:1] and names[0].endswith("ArrayOffset") and len(names) in (2, 3) and names[1] in _COUNTS:
        count = named(node.children[1])
        what = _COUNTS[names[1]].removesuffix("s" if count == "1" else "")
        return f"{count} {what} at {named(node.children[0])}", ""
    if node.name == "Version" and isinstance(node.meaning, str):
        return node.meaning, ""
    if names == ["ulType", "cbBufferSize", "Offset"]:
        kind, size, where = node.children
        return f"{cell(kind, False)[0]}, {named(size)} bytes at {named(where)}", ""
    if node.name == "ndr":
        return "headers, referents, counts", ""
    if names[1:2] == ["Attributes"] and names[0] in ("RelativeId", "Sid"):
        return _membership(node.children[0], node.children[1])
    return None


def is_encrypted(node: Node) -> bool:
    """Whether the node is an EncryptedData that is whole."""
    own = [child for child in node.children if child.kind != PLAINTEXT]
    return (
        node.kind == STRUCT
        and len(own) in (2, 3)
        and own[0].name == "etype"
        and own[-1].name == "cipher"
        and own[-1].kind == BYTES
    )


def opened(node: Node) -> Node | None:
    """What was opened of an EncryptedData, with the key that did it as its meaning; None where nothing was."""
    return next((child for child in node.children if child.kind == PLAINTEXT), None) if is_encrypted(node) else None


def _encrypted_data(node: Node) -> tuple[str, str]:
    etype, kvno, cipher = node.child("etype"), node.child("kvno"), node.child("cipher")
    assert etype is not None
    parts = [cell(etype, False)[0]]
    if kvno is not None:
        parts.append(f"kvno {named(kvno)}")
    size = len(cipher.value) if cipher is not None and isinstance(cipher.value, bytes) else 0
    plain = opened(node)
    how = "encrypted" if etype.value != 0 else "that are not encrypted"
    parts.append(f"{size} bytes {how}" if plain is None else str(plain.meaning))
    return ", ".join(parts), ""


def _membership(group: Node, attributes: Node) -> tuple[str, str]:
    who, meaning = cell(group, False)
    return f"{who}  {meaning}" if meaning else who, cell(attributes, False)[1]


def _av_pair(node: Node) -> tuple[str, str]:
    kind, value = node.children[0], node.child("Value")
    name = str(kind.meaning or f"AvId {named(kind)}")
    if value is None:
        return name, ""
    text, meaning = cell(value, False)
    return f"{name}  {text}", meaning


def named(node: Node | None) -> str:
    """The name of a value where it has one, else the value."""
    if node is None:
        return ""
    if node.kind in (SECRET, BOOL):
        return cell(node, False)[0]
    value = node.value.hex() if isinstance(node.value, bytes) else node.value
    return node.meaning if isinstance(node.meaning, str) else str(value)


def _hex(value: bytes, full: bool) -> str:
    if not value:
        return "0 bytes"
    if full or len(value) <= SHORT_BYTES:
        return value.hex() if len(value) <= 4 else f"{value.hex()} ({len(value)} bytes)"
    return f"{value[: SHORT_BYTES // 2].hex()}… ({len(value)} bytes)"


def _short_flag(name: str) -> str:
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name
