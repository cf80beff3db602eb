"""What the client answers to the challenge: the payload fields LmChallengeResponse and NtChallengeResponse.

Nothing in an AUTHENTICATE_MESSAGE says which structure they hold: the lengths do, and NegotiateFlags.
"""

from __future__ import annotations

from .avpairs import read_pairs
from .cursor import Layout
from .filetime import filetime_text
from .reading import Reading
from .values import BYTES, FILETIME, INT, STRUCT, Node

#: MS-NLMP 2.2.2.3 LM_RESPONSE and 2.2.2.6 NTLM_RESPONSE.
_RESPONSE = Layout(("Response", "24s", BYTES))
#: MS-NLMP 2.2.2.4.
_LMV2_RESPONSE = Layout(("Response", "16s", BYTES), ("ChallengeFromClient", "8s", BYTES))
#: MS-NLMP 3.3.1: ConcatenationOf(ClientChallenge, Z(16)).
_LM_OF_NTLM2 = Layout(("ChallengeFromClient", "8s", BYTES), ("Z16", "16s", BYTES))
#: MS-NLMP 2.2.2.8, up to NTLMv2_CLIENT_CHALLENGE.
_NTLMV2_RESPONSE = Layout(("Response", "16s", BYTES))
#: MS-NLMP 2.2.2.7, up to AvPairs.
_CLIENT_CHALLENGE = Layout(
    ("RespType", "B", INT),
    ("HiRespType", "B", INT),
    ("Reserved1", "H", INT),
    ("Reserved2", "I", INT),
    ("TimeStamp", "Q", FILETIME),
    ("ChallengeFromClient", "8s", BYTES),
    ("Reserved3", "I", INT),
)
_NTLMV2_LEAST = _NTLMV2_RESPONSE.size + _CLIENT_CHALLENGE.size


def read_nt_response(reading: Reading, node: Node, length: int, extended: bool) -> None:
    """Make `node` the NtChallengeResponse of `length` bytes (fewer may stand there) that begins at it.

    `extended`: NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY is set.
    """
    if length == _RESPONSE.size:
        meaning = "NTLM_RESPONSE with extended session security (NTLM2 session)" if extended else "NTLM_RESPONSE"
        _read_struct(reading, node, _RESPONSE, meaning)
    elif length >= _NTLMV2_LEAST:
        _read_ntlmv2(reading, node)
    else:
        node.value = reading.data[node.start : node.stop]
        reading.fail("length", node, node.start, "24 bytes, or at least 44", f"{length} bytes")


def read_lm_response(reading: Reading, node: Node, length: int, nt_length: int, extended: bool) -> None:
    """Make `node` the LmChallengeResponse beside an NtChallengeResponse of `nt_length` bytes."""
    data = reading.data[node.start : node.stop]
    if length != _RESPONSE.size:
        node.value = data
        if length == 1 and data == b"\0":
            node.meaning = "anonymous"
        else:
            reading.fail("length", node, node.start, "24 bytes, or one zero byte", f"{length} bytes")
    elif nt_length > _RESPONSE.size:
        absent = "not sent: 24 zero bytes, as for NTLMv2 with a timestamp"
        _read_struct(reading, node, _LMV2_RESPONSE, "LMv2_RESPONSE" if any(data) else absent)
    elif extended and not any(data[8:]):
        _read_struct(reading, node, _LM_OF_NTLM2, "the client's challenge of an NTLM2 session")
    elif nt_length:
        _read_struct(reading, node, _RESPONSE, "LM_RESPONSE")
    else:
        _read_struct(reading, node, _RESPONSE, "LM_RESPONSE or LMv2_RESPONSE")


def _read_struct(reading: Reading, node: Node, layout: Layout, meaning: str) -> None:
    fields: list[Node] = []
    node.kind, node.meaning, node.children = STRUCT, meaning, fields
    layout.read(reading, node.start, node.stop, fields)


def _read_ntlmv2(reading: Reading, node: Node) -> None:
    """NTLMv2_RESPONSE; where it was cut short, that has been noted and what is there is shown."""
    response: list[Node] = []
    node.kind, node.meaning, node.children = STRUCT, "NTLMv2_RESPONSE", response
    if _NTLMV2_RESPONSE.read(reading, node.start, node.stop, response) is None:
        return
    response[0].meaning = "NTProofStr"
    challenge: list[Node] = []
    at, stop = node.start + _NTLMV2_RESPONSE.size, node.stop
    if at == stop:
        return
    response.append(Node("NTLMv2_CLIENT_CHALLENGE", at, stop, STRUCT, None, None, challenge))
    values = _CLIENT_CHALLENGE.read(reading, at, stop, challenge)
    if len(challenge) > 4:
        stamp = challenge[4]
        stamp.meaning = filetime_text(int.from_bytes(reading.data[stamp.start : stamp.stop], "little"))
    if values is None:
        return
    pairs = Node("AvPairs", at + _CLIENT_CHALLENGE.size, stop, BYTES)
    challenge.append(pairs)
    last = pairs.stop = read_pairs(reading, pairs)
    if reading.data[last : min(last + 4, stop)] == b"\0\0\0\0":
        challenge.append(Node("Z4", last, last + 4, BYTES, b"\0\0\0\0"))
        last += 4
    if last < stop:
        challenge.append(Node("gap-1", last, stop, BYTES, reading.data[last:stop]))
