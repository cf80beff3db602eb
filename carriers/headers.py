"""HTTP's header lines: schemes and their tokens, wherever they are quoted, logged, folded or nested in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .base64text import PERCENT_ENCODED, PERCENTS, decode_run, decode_value
from .framing import announced, convincing, likely
from .plaintext import Lines
from .token import MOST_LOOKS, MOST_TOKENS, CarrierError, Oddity, Token, oddity, too_many

CLIENT: Final = {"authorization": "Authorization", "proxy-authorization": "Proxy-Authorization"}
SERVER: Final = {
    "www-authenticate": "WWW-Authenticate",
    "proxy-authenticate": "Proxy-Authenticate",
    "authentication-info": "Authentication-Info",
    "proxy-authentication-info": "Proxy-Authentication-Info",
}
HEADERS: Final = CLIENT | SERVER
SCHEMES: Final = {"negotiate": "Negotiate", "ntlm": "NTLM", "kerberos": "Kerberos"}
WORDS: Final = (b"negotiate", b"ntlm", b"kerberos", b"authoriz", b"authenti")

_NAME = rb"(?:(?<![A-Za-z-])|(?<=\\[nr]))"
_NAME += rb"(?P<name>(?:(?:proxy-)?(?:authorization|authentication-info|authenticate)|www-authenticate)\b)"
_SCHEME = rb"\b(?P<scheme>negotiate|ntlm|kerberos)(?:(?:[ \t]|\n[ \t])[ \t]*+|[:=+][ \t]*+)(?P<quote>[\"'<]?+)"
EVENT: Final = re.compile(rb"(?i)" + _NAME + rb"|" + _SCHEME + rb"(?P<run>[A-Za-z0-9+/_-]{4,}+={0,3})")
#: What an HTTP answer begins with, where it was saved with its headers (`curl -i`).
ANSWER: Final = re.compile(rb"\A\s*+HTTP/[\d.]{1,4} (\d{3})\b")
#: Another scheme in the same header line.
JOINED: Final = re.compile(rb"(?i)[ \t]*+,[ \t]*+(?:negotiate|ntlm|kerberos|basic|digest|bearer)\b")
#: A header whose value is a token with no scheme before it.
NO_SCHEME: Final = re.compile(rb"[\"']?[ \t]*+[:=][ \t]*+[\"']?([A-Za-z0-9+/_-]{12,}+={0,3})")
HAR_GAP: Final = re.compile(rb"[\"']\s{0,200}+[,}]\s{0,200}+[\"']value[\"']\s{0,20}+:\s{0,20}+[\"']")
DIRECT_GAP: Final = re.compile(rb"[\"']?[ \t]*+[:=][ \t]*+[\"']?")
#: A line that may go on with a token: base64 alone.
FOLD: Final = re.compile(
    rb"[ \t]*+\n(?:[<>][ ])?(?P<indent>[ \t]*+)(?P<run>[A-Za-z0-9+/_-]{1,}+={0,3})(?=[\"',;]*+[ \t]*+(?:\n|\Z))"
)
ENDS: Final = b"\0 \t\n\"',;\\>)}]&<|"
ELLIPSIS: Final = (b"...", "…".encode(), b"[truncated", b"[...")


@dataclass(slots=True)
class Place:
    """The header line that a scheme stands in: its name, where that ended, and what is known of it."""

    name: str | None = None
    end: int = 0


def read_headers(body: bytes) -> list[Token]:
    """The tokens of the header lines in `body`, in order; empty where there are none.

    Raises CarrierError where a header's token begins as one and then breaks off in a character that cannot be there.
    """
    lowered = body.lower()
    if not any(word in lowered for word in WORDS):
        return []
    del lowered
    notes: tuple[str, ...] = ()
    if b"%" in body and (plain := _without_percents(body)) != body:
        body, notes = plain, (PERCENT_ENCODED,)
    if answer := ANSWER.match(body):
        notes = (*notes, oddity("http-answer", f"read out of an HTTP {answer[1].decode()} answer"))
    lines, place = Lines(body), Place()
    tokens: list[Token] = []
    for count, match in enumerate(EVENT.finditer(body)):
        if count >= MOST_LOOKS or len(tokens) >= MOST_TOKENS:
            raise too_many(MOST_LOOKS if count >= MOST_LOOKS else MOST_TOKENS)
        if match["name"]:
            place = Place(match["name"].decode().lower(), match.end())
            token = _without_scheme(body, match)
        else:
            token = _challenge(body, match, place, lines)
            place.end = match.end()
        if token is None:
            continue
        token.source.line, token.notes = lines.number(match.start()), (*notes, *token.notes)
        tokens.append(token)
    return tokens


def _without_percents(body: bytes) -> bytes:
    for escape, plain in PERCENTS:
        body = body.replace(escape, plain)
    return body


def _without_scheme(body: bytes, name: re.Match[bytes]) -> Token | None:
    value = NO_SCHEME.match(body, name.end())
    if value is None or not _starts_token(value[1]):
        return None
    token = decode_value(_gather(body, value.end(), value[1])[0])
    if token is None or not convincing(token.data):
        return None
    header = name["name"].decode().lower()
    token.source.carrier, token.source.direction = HEADERS.get(header, header.title()), _direction(header)
    token.notes = (*token.notes, *_of_alphabet(token), oddity("scheme-missing", "scheme missing"))
    return token


def _of_alphabet(token: Token) -> Iterator[Oddity]:
    """What is odd in a header alone: base64 that is safe in URLs."""
    if token.source.encoding == "base64url":
        yield oddity("url-safe", "URL-safe base64 in a header")


def _starts_token(run: bytes) -> bool:
    """Whether the run begins a token beyond doubt, once or twice encoded."""
    head = decode_value(run[:64].rstrip(b"=")) if len(run) > 64 else decode_value(run)
    if head is None:
        return False
    return convincing(head.data) or head.data[:2] in (b"YI", b"YE", b"oY", b"oR", b"Tl")  # the last ones: base64 again


def _challenge(body: bytes, match: re.Match[bytes], place: Place, lines: Lines) -> Token | None:
    header = place.name if _same_header(body, place, match.start()) else None
    run, end, folds = _gather(body, match.end(), match["run"])
    token = decode_value(run)
    if token is None or not _acceptable(body, match, header, place, token):
        return None
    rest = body[end : end + 12]
    if not _ends(run, rest):
        if not rest.startswith(ELLIPSIS):
            raise _broken(body, end, rest, lines, match)
        token.notes = (*token.notes, oddity("ellipsis", "the text breaks off in an ellipsis"))
    scheme = SCHEMES[match["scheme"].decode().lower()]
    token.source.carrier = f"{HEADERS.get(header, header.title())}: {scheme}" if header else scheme
    token.source.direction = _direction(header) if header else _marked_direction(body, match.start())
    token.notes = (*token.notes, *_of_alphabet(token))
    before = body[max(match.start() - 80, 0) : match.start()].rstrip(b" \t")
    if header and (before.endswith(b",") or JOINED.match(body, end)):
        token.notes = (*token.notes, oddity("schemes-joined", "several schemes in one header line"))
    if folds:
        token.notes = (*token.notes, oddity("folded", f"header folded over {folds + 1} lines"))
    return token


def _ends(run: bytes, rest: bytes) -> bool:
    """Whether what follows the run may follow a token: an end of line, punctuation, a full stop."""
    return not rest or rest[0] in ENDS or run.endswith(b"=") or rest.split(maxsplit=1)[0] == b"."


def _acceptable(body: bytes, match: re.Match[bytes], header: str | None, place: Place, token: Token) -> bool:
    """Whether this is a token: the less the place says so, the more the bytes must."""
    kind = likely(token.data)
    at_start = body[max(match.start() - 1, 0) : match.start()] in (b"", b"\n") or match.start() == 0
    if convincing(token.data) or (kind and (header or at_start)):
        return True
    direct = header is not None and DIRECT_GAP.fullmatch(body, place.end, match.start())
    return bool(direct) and len(match["run"]) >= 16 and match["run"].lower() not in (b"www-authenticate",)


def _same_header(body: bytes, place: Place, start: int) -> bool:
    """Whether nothing but the same header line, folded or a HAR object, lies between its name and here."""
    if place.name is None:
        return False
    if HAR_GAP.fullmatch(body, place.end, start):
        return True
    at = body.find(b"\n", place.end, start)
    while at >= 0:
        if body[at + 1 : at + 2] not in (b" ", b"\t"):
            return False
        at = body.find(b"\n", at + 1, start)
    return b"\\r\\n" not in body[place.end : start] and b": " not in body[place.end + 2 : start]


def _gather(body: bytes, end: int, run: bytes) -> tuple[bytes, int, int]:
    """The run with the lines that go on with it, where it ends, and how many lines those are.

    An indented line goes on with the header (RFC 9112 5.2); one that is not indented does where the token's own size
    says that more must come.
    """
    parts, have = [run], len(run)
    needed = _needed(run)
    while not parts[-1].endswith(b"=") and (more := FOLD.match(body, end)):
        short = needed is not None and have < needed
        if not short and (needed is not None or not more["indent"]):
            break
        parts.append(more["run"])
        have += len(more["run"])
        end = more.end()
        if needed is None and len(parts) == 8:
            needed = _needed(b"".join(parts))
    return b"".join(parts), end, len(parts) - 1


def _needed(run: bytes) -> int | None:
    head = decode_run(run[:96].rstrip(b"="))
    size = None if head is None or not convincing(head.data) else announced(head.data)
    return None if size is None else (size * 4 + 2) // 3


def _direction(header: str) -> str:
    return "client" if header in CLIENT else "server"


def _marked_direction(body: bytes, at: int) -> str | None:
    """The direction that `curl -v` marks a line with."""
    start = body.rfind(b"\n", max(at - 200, 0), at) + 1
    return {b"> ": "client", b"< ": "server"}.get(body[start : start + 2])


def _broken(body: bytes, end: int, rest: bytes, lines: Lines, match: re.Match[bytes]) -> CarrierError:
    line = Lines(body).number(end)
    shown = rest.decode("utf-8", "replace")[0]
    scheme = SCHEMES[match["scheme"].decode().lower()]
    return CarrierError(
        f"line {line}, column {lines.column(end)}: expected base64 after {scheme}, found {shown!r}",
        "malformed",
        "copy the header line again, whole",
    )


OFFER: Final = re.compile(
    rb"(?i)(?P<name>(?:proxy-)?(?:authorization|authentication-info|authenticate)|www-authenticate)"
    rb"[\"']?[ \t]*+[:=][ \t]*+[\"']?(?P<value>[^\n]{0,2000})"
)
KNOWN: Final = re.compile(rb"(?i)\b(negotiate|ntlm|kerberos|basic|digest|bearer|nego2)\b")
SPELLING: Final = SCHEMES | {"basic": "Basic", "digest": "Digest", "bearer": "Bearer", "nego2": "Nego2"}


def explain_headers(body: bytes) -> CarrierError | None:
    """Why the header lines in `body` yield no token; None where there are none."""
    offers: dict[str, None] = {}
    client = None
    for count, match in enumerate(OFFER.finditer(body)):
        name = match["name"].decode().lower()
        names = [SPELLING[word.decode().lower()] for word in KNOWN.findall(match["value"])]
        if name in CLIENT:
            client = client or (HEADERS[name], names[:1])
        else:
            offers.update(dict.fromkeys(names))
        if count > 1000:
            break
    if client and client[1] and client[1][0] in ("Basic", "Digest", "Bearer"):
        return CarrierError(
            f"{client[0]}: {client[1][0]} carries no SPNEGO, NTLM or Kerberos token",
            "not-a-token",
            "the client did not try Windows authentication: look for a request with Negotiate or NTLM",
        )
    if offers:
        return CarrierError(
            f"the server offers {', '.join(offers)} but the header carries no token",
            "not-a-token",
            "give the client's answer (Authorization: Negotiate ...) or a later response: curl -v shows them",
        )
    if client:
        return CarrierError(f"{client[0]} carries no token", "not-a-token", "copy the header line again, whole")
    return None
