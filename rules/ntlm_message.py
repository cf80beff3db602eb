"""What the rules on NTLM ask of a message, each question once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from secctx.decoders.message import Message

from .case import Case
from .finding import ERROR, Said
from .names import AUTHENTICATE, CHALLENGE

#: NegotiateFlags (MS-NLMP 2.2.2.5). LOCAL_CALL is a reserved bit there; Windows sets it when it talks to itself.
UNICODE: Final = 0x00000001
OEM: Final = 0x00000002
SIGN: Final = 0x00000010
SEAL: Final = 0x00000020
LOCAL_CALL: Final = 0x00004000
EXTENDED: Final = 0x00080000
NEGOTIATE_128: Final = 0x20000000
KEY_EXCH: Final = 0x40000000

#: MsvAvFlags (MS-NLMP 2.2.2.1).
MIC_PROVIDED: Final = 0x2
UNTRUSTED_SPN: Final = 0x4

CLIENT_CHALLENGE: Final = "NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE"
_PAIRS: Final = {AUTHENTICATE: f"{CLIENT_CHALLENGE}.AvPairs", CHALLENGE: "TargetInfo"}
#: A message of one user has at most a dozen AV pairs.
_MOST_PAIRS: Final = 100

#: What NtChallengeResponse is, in short.
V2: Final = "NTLMv2"
SESSION: Final = "NTLM2 session"
V1: Final = "NTLMv1"
LM: Final = "LM"


class Pair(NamedTuple):
    """An AV pair: its name, its value (None where it is empty), what that means, and where the value stands."""

    name: str
    value: Any
    meaning: Any
    path: str


def pairs(message: Message) -> list[Pair]:
    """The AV pairs of a response or a challenge in order, without those that are cut short; none where it has none."""
    path = _PAIRS.get(message.message, "")
    listed = message.field(path) if path else None
    found = []
    for index, node in enumerate(listed.children[:_MOST_PAIRS] if listed is not None else ()):
        kind, size, value = node.child("AvId"), node.child("AvLen"), node.child("Value")
        if kind is None or size is None or not isinstance(kind.meaning, str):
            continue
        here = f"{path}[{index}]"
        if value is None and size.value == 0:
            found.append(Pair(kind.meaning, None, None, here))
        elif value is not None and size.value == value.stop - value.start:
            found.append(Pair(kind.meaning, value.value, value.meaning, f"{here}.Value"))
    return found


def pair(message: Message, name: str) -> Pair | None:
    """The first AV pair of that name."""
    return next((one for one in pairs(message) if one.name == name), None)


def text_of(found: Pair | None) -> str:
    """The text of an AV pair; empty where there is none."""
    return found.value if found is not None and isinstance(found.value, str) else ""


def flags(message: Message) -> int:
    """NegotiateFlags; 0 in the old forms that have none, and where they are cut short."""
    value = message.value("NegotiateFlags")
    return value if isinstance(value, int) and has_flags(message) else 0


def has_flags(message: Message) -> bool:
    """Whether NegotiateFlags are there, whole: only then does a flag that is not set mean anything."""
    return isinstance(message.value("NegotiateFlags"), int) and len(message.bytes_of("NegotiateFlags")) == 4


def name(message: Message, field: str) -> str:
    """A name as it is spelled in the message; empty where it is absent."""
    value = message.value(field)
    return value if isinstance(value, str) else ""


def bytes_of(message: Message, field: str) -> bytes:
    """The bytes of a payload field; none where it is cut short."""
    data = message.bytes_of(field)
    return data if message.value(f"{field}Fields.{field}Len") == len(data) else b""


def account(message: Message) -> str:
    """`DOMAIN\\user`, or the user name alone."""
    user, domain = name(message, "UserName"), name(message, "DomainName")
    return f"{domain}\\{user}" if domain else user


def response(message: Message) -> str:
    """What the client answers with: V2, SESSION, V1 or LM; empty where it is neither, or not there."""
    nt, lm = message.field("NtChallengeResponse"), message.field("LmChallengeResponse")
    if nt is not None:
        meaning = nt.meaning if isinstance(nt.meaning, str) else ""
        if meaning.startswith("NTLM_RESPONSE"):
            return SESSION if "session" in meaning else V1
        return V2 if meaning == "NTLMv2_RESPONSE" else ""
    return LM if lm is not None and isinstance(lm.meaning, str) and lm.meaning.startswith("LM_RESPONSE") else ""


def is_anonymous(message: Message) -> bool:
    """The test of MS-NLMP 3.2.5.1.2: no user, no NT response, an LM response of nothing or one zero byte."""
    empty = not name(message, "UserName") and message.field("NtChallengeResponse") is None
    return empty and message.bytes_of("LmChallengeResponse") in (b"", b"\0")


def promises_mic(message: Message) -> Pair | None:
    """The MsvAvFlags of the response that says that the message has a MIC."""
    for one in pairs(message):
        if one.name == "MsvAvFlags" and isinstance(one.value, int) and one.value & MIC_PROVIDED:
            return one
    return None


def refused(case: Case, *kinds: str, advice: str = "") -> Iterator[Said]:
    """The acceptor's refusal where it is of these kinds; what was refused is an error, whatever the rule is else."""
    for said in case.refused(*kinds):
        said.severity, said.advice = ERROR, advice
        yield said


def challenge_of(case: Case) -> Message | None:
    """The CHALLENGE_MESSAGE that an AUTHENTICATE_MESSAGE should answer; None where that leg is not there."""
    before = case.last(CHALLENGE)
    return None if before is None else before[1]


def sizes(count: int, one: str) -> str:
    """`1 byte`, `2 bytes`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
