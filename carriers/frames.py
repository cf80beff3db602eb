"""Tokens out of the messages that carried them: given bytes are a message of SMB, LDAP or DCE/RPC, not a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from secctx.decoders.recognise import recognise

from .carried import Message
from .signs import frame_kind
from .token import MOST_LOOKS, MOST_TOKENS, CarrierError, Token, too_many

MOST_SAID: Final = 4  #: messages without a token that are spoken of one by one


def is_frame(data: bytes) -> bool:
    """Whether `data` begins no token, and a message that may carry one."""
    return recognise(data) is None and frame_kind(data) is not None


def unwrap(tokens: list[Token]) -> list[Token]:
    """The tokens, those inside of frames in the place of the frames.

    Raises CarrierError where frames are all there is and no token is in them.
    """
    if not any(is_frame(token.data) for token in tokens):
        return tokens
    found: list[Token] = []
    passed: list[CarrierError] = []
    for token in tokens:
        try:
            found.extend(_inside(token) if is_frame(token.data) else [token])
        except CarrierError as error:
            if error.kind != "tokenless" and len(tokens) > 1:
                # One damaged frame among many: it is shown as the bytes it is, where it stands.
                found.append(replace(token, notes=(*token.notes, error.message)))
            else:
                passed.append(error)
        if len(found) > MOST_TOKENS:
            raise too_many()
    if not found:
        raise passed[0] if len(passed) == 1 else _none([error.message for error in passed])
    _add_notes(found[-1], [f"passed over: {error.message}" for error in passed])
    return found


def _inside(frame: Token) -> list[Token]:
    """The tokens in the messages of one frame; what the other messages are is noted with the last of them."""
    found: list[Token] = []
    others: list[Message] = []
    for count, message in enumerate(_messages(frame.data)):
        if count >= MOST_LOOKS or len(found) > MOST_TOKENS:
            raise too_many(MOST_LOOKS if count >= MOST_LOOKS else MOST_TOKENS)
        if not message.token:
            others.append(message)
            continue
        notes = [*frame.notes, *message.notes]
        if message.status:
            notes.append(f"status: {message.status}")
        if message.wrong:
            notes.append(f"malformed: {message.wrong}")
        source = replace(frame.source, carrier=message.what, direction=message.direction or frame.source.direction)
        found.append(Token(message.token, source, tuple(notes)))
    if not found:
        raise _refusal(others)
    _add_notes(found[-1], [f"{'not read' if message.wrong else 'passed over'}: {message.said()}" for message in others])
    return found


def _messages(data: bytes) -> Iterator[Message]:
    """The messages in a frame. The readers are imported where they are needed, for a quick start."""
    match frame_kind(data):
        case "SMB":
            from .smb2 import read_smb

            yield from read_smb(data)
        case "LDAP":
            from .ldap import read_ldap

            yield from read_ldap(data)
        case "RPC":
            from .rpc import read_rpc

            yield from read_rpc(data)
        case _:
            from .ldap import read_credentials

            yield read_credentials(data)


def _refusal(messages: list[Message]) -> CarrierError:
    """The refusal of a frame without a token: what is malformed in it goes before what is only absent."""
    wrong = [message for message in messages if message.wrong]
    if wrong:
        return CarrierError(wrong[0].said(), "malformed", *wrong[0].notes)
    if len(messages) == 1:
        return CarrierError(messages[0].said(), "tokenless", *messages[0].notes)
    return _none([message.said() for message in messages])


def _none(said: list[str]) -> CarrierError:
    return CarrierError(f"{len(said)} messages, and none carries a token: {'; '.join(_some(said))}", "tokenless")


def _some(said: list[str]) -> list[str]:
    """The first few of what is to be said, each once, and how much more there is."""
    once = list(dict.fromkeys(said))
    return once if len(once) <= MOST_SAID + 1 else [*once[:MOST_SAID], f"and {len(once) - MOST_SAID} others"]


def _add_notes(token: Token, notes: list[str]) -> None:
    token.notes = (*token.notes, *_some(notes))
