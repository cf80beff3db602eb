"""Tokens out of dumps: a dump of the token itself, or of the packets that carried it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from secctx.decoders.recognise import recognise

from .dumps import Block, read_dump
from .frames import is_frame
from .packets import Packet, find_tokens, read_packet
from .token import CarrierError, Token, found

CLOCK: Final = re.compile(rb"(?m)^[ \t]*(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d:\d\d:\d\d\.\d{1,9}) ")


#: What `tshark -x` and Wireshark write over a packet and over what they made of it (decoded, reassembled).
SOURCE_NAME: Final = re.compile(rb"(?m)^([A-Za-z][^\n]{0,80}) \(\d+ bytes?\):?[ \t]*\n\Z")


@dataclass(slots=True)
class Piece:
    """The payload of one packet: where it begins in its segment, where it began in the packet, and that packet."""

    at: int
    start: int
    packet: int
    block: Block


@dataclass(slots=True)
class Segment:
    """Payload of one flow without a gap, with the packets it came in and the sequence number that goes on with it."""

    payload: bytearray
    pieces: list[Piece]
    following: int


def read_dumps(body: bytes) -> list[Token]:
    """The tokens in the dumps of `body`; empty where it is no dump. Raises CarrierError as `read_dump` does."""
    return _tokens(body, read_dump(body))


def read_named_dumps(body: bytes) -> list[Token]:
    """The tokens in text that its owner says is a dump."""
    return _tokens(body, read_dump(body, named=True))


def _tokens(body: bytes, blocks: list[Block]) -> list[Token]:
    tokens: list[Token] = []
    segments: list[Segment] = []
    latest: dict[bytes, Segment] = {}
    number = 0
    for block in _as_captured(body, blocks):
        packet = read_packet(block.data)
        if packet is None:
            tokens.extend(_one(block))
            continue
        number += 1
        if packet.start < packet.stop:
            _add(packet, Piece(0, packet.start, number, block), segments, latest)
    of_packets = [found for segment in segments for found in _of_segment(body, segment)]
    tokens.extend(token for _, token in sorted(of_packets, key=lambda found: found[0]))
    if number and not tokens:
        count = f"{number} packets carry" if number > 1 else "the packet carries"
        raise CarrierError(f"{count} no token", "not-a-token", "capture to a file (tcpdump -w) and give it to extract")
    return tokens


def _as_captured(body: bytes, blocks: list[Block]) -> list[Block]:
    """The blocks without those that tshark made from others."""
    kept = []
    for block in blocks:
        name = SOURCE_NAME.search(body[max(block.start - 120, 0) : block.start])
        if name is None or name[1] == b"Frame":
            kept.append(block)
    return kept or blocks


def _add(packet: Packet, piece: Piece, segments: list[Segment], latest: dict[bytes, Segment]) -> None:
    """Put a packet's payload after what it goes on with, or begin a segment with it."""
    payload = piece.block.data[packet.start : packet.stop]
    segment = latest.get(packet.flow)
    if segment is None or packet.sequence is None or packet.sequence != segment.following:
        segment = Segment(bytearray(), [], 0)
        segments.append(segment)
        latest[packet.flow] = segment
    piece.at = len(segment.payload)
    segment.pieces.append(piece)
    segment.payload += payload
    segment.following = ((packet.sequence or 0) + len(payload)) & 0xFFFFFFFF


def _one(block: Block) -> list[Token]:
    """A dump that is no packet: the token itself, or something around it."""
    for reading in block.readings:
        if recognise(reading) or is_frame(reading):
            return [found(reading, block.encoding, block.line)]
    for reading in block.readings:
        if inside := find_tokens(reading):
            return [_placed(token, block, f"found at offset {at} of the dump") for at, token in inside]
    return [found(block.data, block.encoding, block.line)]


def _placed(token: Token, block: Block, note: str) -> Token:
    token.source.encoding = token.source.encoding or block.encoding
    token.source.line = block.line
    token.notes = (*token.notes, note)
    return token


def _of_segment(body: bytes, segment: Segment) -> list[tuple[tuple[int, int], Token]]:
    """The segment's tokens, each with the packet it begins in and the offset there."""
    starts = [piece.at for piece in segment.pieces]
    tokens = []
    for at, token in find_tokens(bytes(segment.payload)):
        piece = segment.pieces[bisect_right(starts, at) - 1]
        offset = piece.start + at - piece.at
        _placed(token, piece.block, f"found at offset {offset} of the packet")
        token.source.packet = piece.packet
        token.source.time = _time(body, piece.block)
        tokens.append(((piece.packet, offset), token))
    return tokens


def _time(body: bytes, block: Block) -> str | None:
    """The time on the line over the packet."""
    clocks = CLOCK.findall(body[max(block.start - 1024, 0) : block.start])
    return b"T".join(part for part in clocks[-1] if part).decode() if clocks else None
