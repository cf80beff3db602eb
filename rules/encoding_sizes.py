"""How long a token is: cut short, cut at a limit, or larger than one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from .case import SERVER, Case
from .encoding import CUT_SHORT, problems, refused_as, spot_of
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .names import AUTHENTICATE

#: Sizes that are a program's own choice, and may be those of a token by chance.
_BUFFERS: Final = (1024, 2048, 4096, 32768)
#: Sizes at which headers and buffers usually end, and what sets them.
LIMITS: Final[dict[int, str]] = {
    **{size: f"{size} is a usual buffer size" for size in _BUFFERS},
    8190: "8190 is Apache's LimitRequestFieldSize",
    8192: "8192 is a usual header limit (nginx large_client_header_buffers, Tomcat maxHttpHeaderSize)",
    12000: "12000 is the MaxTokenSize of Windows before 2012",
    16384: "16384 is a usual header limit (IIS MaxFieldLength)",
    48000: "48000 is the MaxTokenSize of Windows since 2012",
    65535: "65535 is the largest MaxTokenSize",
}
_HEADER_LIMITS: Final = (8190, 8192, 16384)
_TOKEN_LIMITS: Final = {12000: NOTE, 48000: WARNING, 65535: ERROR}
#: What a client sends to log on; other messages (a KDC's, application data) have limits of their own.
_LOGON: Final = ("NegTokenInit", "NegTokenResp", "AP-REQ", AUTHENTICATE)
_HEADER: Final = "Authorization: Negotiate"


def base64_size(size: int) -> int:
    """The base64 characters of so many bytes."""
    return -(-size // 3) * 4


class Limit(NamedTuple):
    """A limit that a token was cut at: its size and how that was counted, what sets it, whether it is a buffer's."""

    size: str
    setter: str
    is_buffer: bool


def limit_of(size: int, characters: int, carrier: str = "") -> Limit | None:
    """The limit that a token of `size` bytes was cut at; None where none fits.

    Counted in bytes, in base64 and, behind a known header, with that header.
    """
    counts = [(size, "bytes"), (characters, "characters of base64")]
    if ":" in carrier:
        counts.append((len(carrier) + 1 + characters, "characters of header line"))
    found = ((count, unit) for count, unit in counts if count in LIMITS)
    return next((Limit(f"{count} {unit}", LIMITS[count], count in _BUFFERS) for count, unit in found), None)


@rule("ENC002", "cut-short", ERROR)
def ENC002(case: Case) -> Iterator[Said]:
    """The token is cut short.

    What: the token says how long it is, or how long one of its fields is, and ends before that. Nothing is known of
    what is missing, so no rule concludes from its absence.

    Shows: SEC_E_INVALID_TOKEN or SEC_E_INCOMPLETE_MESSAGE, GSS_S_DEFECTIVE_TOKEN, "ASN.1 encoding ended unexpectedly";
    for users in many groups 400 Bad Request, 431, or a logon that works for others.

    Do: take the token again, whole: a line of a log, a header or a copied field has a longest size.

    Client: compare the size where the library returns the token with what is sent; a token of a user in many groups is
    large (`whoami /groups`, `klist`).

    Server: raise what cuts it: LimitRequestFieldSize (Apache), large_client_header_buffers (nginx), maxHttpHeaderSize
    (Tomcat), MaxFieldLength and MaxRequestBytes (IIS, HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters).

    KDC: fewer and flatter groups make tickets smaller; MaxTokenSize is 48000 bytes since Windows 2012.

    See: RFC 4178 section 4.2; MS-SPNG 3.1.5.9 for tokens that are sent in pieces.
    """
    ellipsis = "ellipsis" in dict(case.carried.oddities)
    advice = "the text ends in an ellipsis: take it from a place that shows the token whole" if ellipsis else ""
    for said in refused_as(case, CUT_SHORT):
        said.advice = advice
        yield said
    # A fragment that the acceptor took, and waits for the rest of, is as it should be. An error message of which the
    # number can be read says why the logon failed; that it is cut short is what the log did to it.
    error = case.find("KRB-ERROR")
    told = error is not None and isinstance(error.value("error-code"), int)
    severity = NOTE if told or (case.step is not None and case.step.refusal is None) else ""
    for problem in problems(case, CUT_SHORT):
        size, where = len(case.decoded.data), problem.path or "the token"
        if problem.total is not None and problem.total > size:
            detail = f"cut short: {size} of {problem.total} bytes; {where} needs {problem.missing} more"
        else:
            detail = f"cut short at byte {size}: {where} needs {problem.expected}, {problem.found} are there"
        yield Said(detail, spot_of(case, problem), severity, advice)


@rule("ENC005", "size-limit", WARNING)
def ENC005(case: Case) -> Iterator[Said]:
    """The token ends at a usual limit, or is larger than one.

    What: headers, buffers and Windows itself take tokens up to a size: 8190 bytes of a header line at Apache, 8192 at
    nginx and Tomcat, 16384 at IIS; 12000 or 48000 bytes of MaxTokenSize, never more than 65535. In base64 a token is a
    third longer. Kerberos tickets grow with the groups of the user.

    Shows: 400 Bad Request ("Request Header Or Cookie Too Large", "Size of a request header field exceeds server
    limit"), 431, SEC_E_INSUFFICIENT_MEMORY or SEC_E_BUFFER_TOO_SMALL, for some users and not for others.

    Do: raise the limit that is named, on every hop of the way, or make the user's groups fewer.

    Client: `klist` and `whoami /groups` show tickets and groups; log on anew after groups were changed.

    Server: LimitRequestFieldSize 65536 (Apache), large_client_header_buffers 4 64k (nginx), maxHttpHeaderSize (Tomcat),
    `reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters /v MaxFieldLength /t REG_DWORD /d 65534` and
    the same for MaxRequestBytes (IIS; restart needed).

    KDC: `reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\Kerberos\\Parameters /v MaxTokenSize /t REG_DWORD
    /d 48000` on machines before Windows 2012; Get-ADPrincipalGroupMembership USER lists the direct
    groups.

    See: Microsoft support articles 327825 (MaxTokenSize) and 820129 (Http.sys); MS-PAC 2.5.
    """
    size = len(case.decoded.data)
    if next(problems(case, CUT_SHORT), None) is not None:
        cut = limit_of(size, _characters(case, size), case.carried.carrier)
        if cut is not None:
            text = f"cut at {cut.size}: {cut.setter}"
            yield at(case.whole, "", text, severity=NOTE if cut.is_buffer else "")
    elif case.complete and case.whole.message in _LOGON and SERVER not in (case.side, case.carried.direction):
        passed = [*_past_token_limits(size), *_past_header_limits(case, size)]
        if passed:
            severity = next(one for one in (ERROR, WARNING, NOTE) if any(one == graver for graver, _ in passed))
            yield at(case.whole, "", "; ".join(text for _, text in passed), severity=severity)


def _characters(case: Case, size: int) -> int:
    """The base64 characters that a token took, as far as its last group went."""
    odd = dict(case.carried.oddities)
    if "cut-group" in odd or "padding" in odd:
        return (size * 4 + 2) // 3 + ("cut-group" in odd)
    return case.carried.characters or base64_size(size)


def _past_token_limits(size: int) -> Iterator[tuple[str, str]]:
    """The limit of Windows that a token of `size` bytes exceeds; the largest alone, with its severity."""
    over = max((limit for limit in _TOKEN_LIMITS if limit < size), default=0)
    if over:
        yield _TOKEN_LIMITS[over], f"its {size} bytes exceed a limit of Windows ({LIMITS[over]})"


def _past_header_limits(case: Case, size: int) -> Iterator[tuple[str, str]]:
    """The limits of web servers that the token's header line exceeds; a note where it may not travel so at all."""
    carrier = case.carried.carrier
    if carrier and not case.carried.scheme:
        return
    line = len(carrier or _HEADER) + 1 + _characters(case, size)
    over = [limit for limit in _HEADER_LIMITS if limit < line]
    if over:
        names = "; ".join(LIMITS[limit] for limit in over)
        yield (
            WARNING if case.carried.scheme else NOTE,
            f"its header line has {line} characters, more than a server may take ({names})",
        )
