"""A handshake as it was captured: whose leg is whose, and going on from what another acceptor answered."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Final

from secctx.decoders import decode
from secctx.decoders.tables.oids import FAMILY
from secctx.decoders.values import Decoded, Node, walk

from .context import Context, KerberosState
from .part import Part, inside, whole
from .values import CONTINUING, ESTABLISHED

CLIENT: Final = "client"
SERVER: Final = "server"

_CLIENT_MESSAGES: Final = ("NEGOTIATE_MESSAGE", "AUTHENTICATE_MESSAGE", "NegTokenInit", "AP-REQ", "TGT-REQ")
_SERVER_MESSAGES: Final = ("CHALLENGE_MESSAGE", "NegTokenInit2", "AP-REP", "KRB-ERROR", "TGT-REP")

#: Fields of an answer that are the server's free choice: nonces, times, MICs, ciphertext, and what follows from them.
_FREE: Final = (
    *("ServerChallenge", "Version", "TargetInfoFields", "TargetNameFields", "Checksum", "SeqNum"),
    *("cipher", "SND_SEQ", "SGN_CKSUM"),
)


def side_of(decoded: Decoded, direction: str | None, before: str | None) -> str:
    """Who sent a token: by what the carrier says, else by the message itself, else by turns."""
    if direction in (CLIENT, SERVER):
        return direction
    message = decoded.message or ""
    if message == "NegTokenResp":
        own = whole(decoded)
        token = inside(own, "responseToken")
        message = token.message if token is not None else ""
        if own.field("supportedMech") is not None:
            return SERVER
    if message in _CLIENT_MESSAGES:
        return CLIENT
    if message in _SERVER_MESSAGES and not (message == "AP-REP" and before == SERVER):
        return SERVER
    return CLIENT if before in (None, SERVER) else SERVER


def time_of_error(token: Decoded) -> datetime | None:
    """The server's time in a KRB-ERROR; None where there is none."""
    message = message_in(token, "KRB-ERROR")
    return None if message is None else with_microseconds(message.value("stime"), message.value("susec"))


def error_code(token: Decoded) -> int | None:
    """The number of a KRB-ERROR; None where there is none."""
    message = message_in(token, "KRB-ERROR")
    code = None if message is None else message.value("error-code")
    return code if isinstance(code, int) else None


def message_in(token: Decoded, name: str) -> Part | None:
    """The message of that name: the token itself, or the one that SPNEGO carries."""
    own = whole(token)
    for part in (own, inside(own, "mechToken"), inside(own, "responseToken")):
        if part is not None and (part.mechanism, part.message) == ("Kerberos", name):
            return part
    return None


def with_microseconds(time: object, count: object) -> datetime | None:
    """A time of Kerberos's with the microseconds beside it; None where there is none."""
    if not isinstance(time, datetime):
        return None
    return time + timedelta(microseconds=count if isinstance(count, int) and 0 <= count < 1_000_000 else 0)


class NotJudged(Exception):
    """The captured server went a way that cannot be followed here; the text says which."""


def adopt(context: Context, answer: bytes, ours: bytes | None) -> tuple[Context, list[str]]:
    """Go on from `answer`, the captured server's, in place of `ours`: its choices become the context's.

    Also says where the answer differs from ours in what was not the server's to choose freely.
    """
    context = copy.deepcopy(context)
    decoded = decode(answer)
    message = whole(decoded)
    differences = _differences(decoded, ours)
    if message.message == "NegTokenResp":
        _adopt_choice(context, message)
        token = inside(message, "responseToken")
    else:
        token = message
    if token is not None and token.message == "CHALLENGE_MESSAGE":
        context.ntlm.challenge = token.data
    if token is not None and token.message == "AP-REP":
        from .kerberos_captured import adopt_ap_rep, adopt_mic

        differences.extend(adopt_ap_rep(context, token))
        mic = inside(message, "mechListMIC")
        if mic is not None and not differences:
            differences.extend(adopt_mic(context, mic))
    return context, differences


def _adopt_choice(context: Context, message: Part) -> None:
    """supportedMech and negState of the captured server decide (RFC 4178 4.2.2)."""
    state = context.negotiate
    mech = message.value("supportedMech")
    if isinstance(mech, str):
        family = FAMILY.get(mech, mech)
        if family not in ("NTLM", "Kerberos"):
            raise NotJudged(f"the server chose {family}, which is not judged here")
        state.offered = mech
        if context.state == ESTABLISHED and context.mechanism != family:
            # Ours had what it takes to finish, and the server went on with another mechanism.
            context.state, context.final, context.pending = CONTINUING, None, b""
            context.kerberos = KerberosState()
        context.mechanism = family
    if message.value("negState") == 3:
        state.mic_required = True
        if message.field("responseToken") is None:
            # The optimistic token was not used: the mechanism begins anew with the next leg.
            context.ntlm.negotiate = context.ntlm.challenge = b""


def _differences(decoded: Decoded, ours: bytes | None) -> list[str]:
    """Where the captured answer is not what would have been answered here, field by field."""
    if ours is None:
        return [f"no answer would have been sent here, and the server sent {decoded.mechanism} {decoded.message}"]
    own = decode(ours)
    if (own.mechanism, own.message) != (decoded.mechanism, decoded.message):
        here, there = f"{own.mechanism} {own.message}", f"{decoded.mechanism} {decoded.message}"
        return [f"here {here} would have been sent, the server sent {there}"]
    mine, theirs = dict(_shown(own)), dict(_shown(decoded))
    found = []
    for path in sorted(mine.keys() | theirs.keys()):
        own_node, sent = mine.get(path), theirs.get(path)
        if own_node is None or sent is None or _text(own_node) != _text(sent):
            found.append(f"{path}: the server sent {_against(sent, own_node)}, here {_against(own_node, sent)}")
    return found


def _shown(decoded: Decoded) -> list[tuple[str, Node]]:
    """The leaves of an answer that can be compared."""
    leaves = ((path, node) for path, node in walk(decoded.root) if not node.children)
    return [(path, node) for path, node in leaves if not _is_free(path)]


def _against(node: Node | None, other: Node | None) -> str:
    """A value as text; of flags only those that the other side has not."""
    if node is None:
        return "nothing"
    if other is not None and isinstance(node.meaning, tuple) and isinstance(other.meaning, tuple):
        return ", ".join(name for name in node.meaning if name not in other.meaning) or "none besides"
    return _text(node)


def _is_free(path: str) -> bool:
    steps = path.replace("[", ".[").split(".")
    return any(step in _FREE for step in steps) or "TargetInfo" in steps or steps[-1] == "TargetName"


def _text(node: Node) -> str:
    if isinstance(node.meaning, tuple):
        return ", ".join(node.meaning) or "none"
    if node.meaning is not None:
        return node.meaning
    return node.value.hex() if isinstance(node.value, bytes) else str(node.value)
