"""NTLM messages and message signatures (MS-NLMP 2.2).

A message is a header, whose descriptors say where the payload fields stand, and the payload. How far the header goes
is nowhere said: it ends where the lowest payload field begins, and the older forms of each message end early.
"""

from __future__ import annotations

from .avpairs import read_oem, read_pairs, read_utf16
from .cursor import Layout
from .ntlm_header import Header, Payload, buffer
from .ntlm_responses import read_lm_response, read_nt_response
from .reading import Reading
from .tables.ntlm import (
    EXTENDED_SESSIONSECURITY,
    KEY_EXCH,
    MESSAGE_TYPES,
    OEM_DOMAIN_SUPPLIED,
    OEM_WORKSTATION_SUPPLIED,
    REQUEST_TARGET,
    TARGET_INFO,
    UNICODE,
    VERSION,
)
from .values import BYTES, ENUM, INT, Node

_OPENING = Layout(("Signature", "8s", BYTES), ("MessageType", "I", ENUM))
_SERVER_CHALLENGE = Layout(("ServerChallenge", "8s", BYTES))
_RESERVED = Layout(("Reserved", "8s", BYTES))
_MIC = Layout(("MIC", "16s", BYTES))
#: MS-NLMP 2.2.2.9.2, with extended session security.
_SIGNATURE = Layout(("Version", "I", INT), ("Checksum", "8s", BYTES), ("SeqNum", "I", INT))
#: MS-NLMP 2.2.2.9.1, without.
_OLD_SIGNATURE = Layout(
    ("Version", "I", INT), ("RandomPad", "4s", BYTES), ("Checksum", "4s", BYTES), ("SeqNum", "4s", BYTES)
)
#: No session counts so far: a SeqNum from here on is encrypted.
_TOO_MANY_MESSAGES = 1 << 24

_DOMAIN_NAME = buffer("DomainName", OEM_DOMAIN_SUPPLIED)
_WORKSTATION_NAME = buffer("Workstation", OEM_WORKSTATION_SUPPLIED, "WorkstationName")
_TARGET_NAME = buffer("TargetName", REQUEST_TARGET)
_TARGET_INFO = buffer("TargetInfo", TARGET_INFO)
_RESPONSES_AND_NAMES = tuple(
    buffer(base) for base in ("LmChallengeResponse", "NtChallengeResponse", "DomainName", "UserName", "Workstation")
)
_SESSION_KEY = buffer("EncryptedRandomSessionKey", KEY_EXCH)


def decode_ntlm(reading: Reading, start: int, stop: int, root: Node, children: list[Node]) -> str:
    """Read the NTLM message at `start`, append its fields to `children`, and name the message.

    `stop` is the end of what contains it, which lies beyond the end of the token where that was cut short. `children`
    are those of `root`, the message's node.
    """
    header = Header(reading, start, stop, root, children)
    opening = header.take(_OPENING)
    if opening is None:
        return "unknown"
    number = opening[1]
    signature, kind = children[-2:]
    signature.meaning, kind.meaning = "NTLMSSP", MESSAGE_TYPES.get(number)
    match number:
        case 1:
            if _negotiate(header):
                _place(header, unicode=False)
            return "NEGOTIATE_MESSAGE"
        case 2:
            if _challenge(header):
                _place(header, unicode=header.flags & UNICODE != 0)
            return "CHALLENGE_MESSAGE"
        case 3:
            if _authenticate(header):
                _place(header, unicode=header.flags & UNICODE != 0)
            return "AUTHENTICATE_MESSAGE"
    reading.fail("value", kind, kind.start, "a MessageType of 1, 2 or 3", f"{number}")
    if header.at < header.have:
        rest = start + header.at, start + header.have
        children.append(Node("MessageDependentFields", *rest, BYTES, reading.data[slice(*rest)]))
    return "unknown"


def _negotiate(header: Header) -> bool:
    """The header of a NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1); False where it is cut short.

    The shortest form ends after NegotiateFlags: Samba takes it.
    """
    if not header.take_flags():
        return False
    if header.size == header.at and not header.flags & (OEM_DOMAIN_SUPPLIED | OEM_WORKSTATION_SUPPLIED):
        return True
    if not header.take_buffer(_DOMAIN_NAME) or not header.take_buffer(_WORKSTATION_NAME):
        return False
    header.told = True
    header.heed_flags(40)
    return _version(header, 40)


def _challenge(header: Header) -> bool:
    """The header of a CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2); False where it is cut short.

    Old forms end after ServerChallenge or Reserved.
    """
    if not header.take_buffer(_TARGET_NAME) or not header.take_flags() or not header.take(_SERVER_CHALLENGE):
        return False
    header.heed_flags(56)
    end = min(header.occupied(32, 56), default=0)
    told = header.flags & TARGET_INFO
    if end >= 40 or (not end and (header.size > 32 or told)):
        if not header.take(_RESERVED):
            return False
        if end >= 48 or (not end and (header.size > 40 or told)):
            if not header.take_buffer(_TARGET_INFO):
                return False
            header.told = True
            header.heed_flags(56)
            return _version(header, 56)
    return True


def _authenticate(header: Header) -> bool:
    """The header of an AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3); False where it is cut short.

    Old forms end after WorkstationFields or EncryptedRandomSessionKeyFields.
    """
    for wanted in _RESPONSES_AND_NAMES:
        if not header.take_buffer(wanted):
            return False
    end = min(header.occupied(52, 88), default=0)
    if end < 60 and (end or header.size == 52):
        return True
    if not header.take_buffer(_SESSION_KEY):
        return False
    header.told = True
    if end < 64 and (end or header.size == 60):
        return True
    if not header.take_flags():
        return False
    header.heed_flags(88)
    return _version_and_mic(header)


def _version(header: Header, most: int) -> bool:
    """Version, where the header goes on to it; `most` is the size of a header that has it."""
    room = header.end(header.at, most) - header.at
    # What is left of a message without payload, less than a Version, is a Version cut short if one was announced.
    cut = 0 < room == header.size - header.at and header.flags & VERSION
    return header.take_version() if room >= 8 or cut else True


def _version_and_mic(header: Header) -> bool:
    """Version and MIC, of which messages have both, either or none."""
    room = header.end(64, 88) - 64
    if room == 16 or (16 < room < 24 and not header.flags & VERSION):
        return header.take(_MIC) is not None
    if not _version(header, 88):
        return False
    return room < 24 or header.take(_MIC) is not None


def _place(header: Header, *, unicode: bool) -> None:
    """Append the payload fields in the order of their offsets, and what stands between them as gaps."""
    reading, start, have = header.reading, header.start, header.have
    at, owner, gaps = header.at, "the header", 0
    for payload in sorted(header.payloads):
        offset, length, name, _, _ = payload
        if not length:
            continue
        if at < offset and at < have:
            gaps += 1
            at = _gap(header, gaps, at, min(offset, have))
        last = min(offset + length, have)
        node = Node(name, start + offset, start + last, BYTES)
        if offset + length > have:
            _note_outside(header, payload, node if offset < last else header.root)
        if offset >= last:
            continue
        if offset < at:
            reading.fail("overlap", node, start + offset, "bytes of its own", f"bytes that belong to {owner}")
        header.children.append(node)
        _read_payload(header, node, length, unicode)
        if node.stop - start > at:
            at, owner = node.stop - start, name
    if at < have:
        _gap(header, gaps + 1, at, have)


def _gap(header: Header, number: int, first: int, last: int) -> int:
    first += header.start
    stop = header.start + last
    header.children.append(Node(f"gap-{number}", first, stop, BYTES, header.reading.data[first:stop]))
    return last


def _note_outside(header: Header, payload: Payload, node: Node) -> None:
    """Note that a payload field goes beyond the end of the message, or begins there: which says it was cut short."""
    offset, length, name, _, fields = payload
    header.announce()
    if offset <= header.size:
        field = name if node is header.root else ""
        header.reading.short(node, header.start + offset, length, header.start + header.size, field=field)
    else:
        pointer = fields.children[2]
        expected = f"an offset of at most {header.size}"
        header.reading.fail("offset", pointer, pointer.start, expected, f"offset {offset}")


def _read_payload(header: Header, node: Node, length: int, unicode: bool) -> None:
    """Make `node` what its name says it is, of `length` bytes if all were there."""
    reading = header.reading
    match node.name:
        case "NtChallengeResponse":
            read_nt_response(reading, node, length, header.flags & EXTENDED_SESSIONSECURITY != 0)
        case "LmChallengeResponse":
            other = next(payload.length for payload in header.payloads if payload.name == "NtChallengeResponse")
            read_lm_response(reading, node, length, other, header.flags & EXTENDED_SESSIONSECURITY != 0)
        case "EncryptedRandomSessionKey":
            node.value = reading.data[node.start : node.stop]
        case "TargetInfo":
            node.stop = read_pairs(reading, node)
        case _ if unicode:
            read_utf16(reading, node)
        case _:
            read_oem(reading, node)


def decode_signature(reading: Reading, start: int, stop: int, root: Node, children: list[Node]) -> str:
    """Read the NTLMSSP_MESSAGE_SIGNATURE (MS-NLMP 2.2.2.9) at `start` and the message it may stand before.

    Only the session's flags say which of the two forms it is. Without them: MS-NLMP 3.4.4.1 ends with a RandomPad of 0,
    which marks that form; who sends another RandomPad shows it by a SeqNum too large, which that form encrypts.
    """
    header = Header(reading, start, stop, root, children)
    body = reading.data[start + 4 : min(stop, start + 16)]
    old = len(body) == 12 and body[:4] == bytes(4) and any(body)
    values = header.take(_OLD_SIGNATURE if old else _SIGNATURE)
    if values is None:
        return "NTLMSSP_MESSAGE_SIGNATURE"
    version, *_, checksum, number = children[-len(values) :]
    if old:
        children[-3].meaning = "0, as without extended session security"
        checksum.meaning = number.meaning = "encrypted"
    elif not any(body):
        checksum.meaning = "a dummy signature, as with ALWAYS_SIGN alone"
    else:
        checksum.meaning = "as with extended session security"
        if values[2] >= _TOO_MANY_MESSAGES:
            checksum.meaning = "RandomPad and Checksum, or as with extended session security"
            number.meaning = "so large: encrypted, as without extended session security"
    if values[0] != 1:
        reading.fail("value", version, version.start, "1", f"{values[0]}")
    last = start + header.have
    if start + header.at < last:
        children.append(Node("SealedMessage", number.stop, last, BYTES, reading.data[number.stop : last]))
    return "NTLMSSP_MESSAGE_SIGNATURE"
