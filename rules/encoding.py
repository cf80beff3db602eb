"""What is wrong with the text or the frame of a token, before anything in it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secctx.decoders.message import Spot
from secctx.decoders.values import Problem, within

from .case import SERVER, Case
from .finding import ERROR, NOTE, SEVERITIES, WARNING, Said, at, rule

CUT_SHORT: Final = "cut-short"
#: What ENC004 says of each kind of oddity: how grave it is, the sentence (empty: the carrier's own) and what to do.
_FORMS: Final[dict[str, tuple[str, str, str]]] = {
    "scheme-missing": (
        WARNING,
        "no scheme stands before the token in the header",
        "write the scheme before the token: Authorization: Negotiate TOKEN",
    ),
    "schemes-joined": (
        NOTE,
        "several schemes stand in one header line, joined by commas",
        "send one WWW-Authenticate line for each scheme: many clients read only the first of a joined line",
    ),
    "plus-to-space": (
        WARNING,
        "spaces stand where + was, so something took the base64 for form data",
        "escape + as %2B where a token goes through a URL or a form",
    ),
    "spaced": (WARNING, "spaces break up the base64", "send the base64 as one word, without spaces"),
    "padding": (WARNING, "", "keep the = signs at the end of the base64: strict decoders refuse a token without them"),
    "cut-group": (
        WARNING,
        "the base64 ends inside a group of four characters, so it lost or gained some",
        "copy the base64 again, to its last character",
    ),
    "mixed-alphabets": (
        WARNING,
        "characters of standard base64 (+ /) and of the URL-safe kind (- _) are mixed",
        "encode the token once, with standard base64",
    ),
    "url-safe": (
        WARNING,
        "the header's base64 is of the URL-safe kind, with - and _",
        "encode with standard base64 (+ and /), which is what RFC 4559 asks for",
    ),
    "wrapped": (
        NOTE,
        "",
        "join the lines where the token goes into a header: base64 -w0, openssl base64 -A, "
        "[Convert]::ToBase64String without InsertLineBreaks",
    ),
    "folded": (NOTE, "", "send the header on one line: servers answer a folded one with 400 (RFC 9112 section 5.2)"),
    "percent-encoded": (NOTE, "the base64 is percent-encoded", "decode %2B, %2F and %3D before the token is used"),
    "ellipsis": (NOTE, "the text ends in an ellipsis", "take the token from a place that shows it whole"),
    "base64-in-hex": (NOTE, "the hex holds base64 text, not the token itself", "decode both, or copy the base64"),
}
#: What a token that was cut shows by itself, and need not be told beside that.
_OF_A_CUT: Final = ("padding", "cut-group", "ellipsis")


def problems(case: Case, *kinds: str) -> Iterator[Problem]:
    """What the decoder found wrong with the token, where it is of one of these kinds."""
    error = case.decoded.error
    if error is not None and error.kind in kinds:
        yield error


def refused_as(case: Case, *kinds: str) -> Iterator[Said]:
    """The acceptor's refusal of a token that it could not read, where the decoder's problem is of these kinds."""
    refusal = None if case.step is None else case.step.refusal
    if refusal is not None and refusal.kind == "malformed" and refusal.facts.get("kind", "") in kinds:
        yield from case.refused("malformed")


def spot_of(case: Case, problem: Problem) -> Spot:
    """The field that a problem is in; where it is missing, the place where it should begin."""
    if case.whole.field(problem.path) is not None and problem.path:
        return case.whole.spot(problem.path)
    return Spot(problem.path, (problem.offset, problem.offset))


def _odd(case: Case) -> dict[str, str]:
    return dict(case.carried.oddities)


@rule("ENC001", "base64-twice", ERROR)
def ENC001(case: Case) -> Iterator[Said]:
    """Base64 inside base64.

    What: the token was encoded twice. Whoever decodes once, as a server does, finds base64 text where the token should
    begin. secctx decodes both layers and goes on with what is inside.

    Shows: SEC_E_INVALID_TOKEN, GSS_S_DEFECTIVE_TOKEN or "Invalid token was supplied" for a token that looks right;
    the header's value begins with WUlJ, VGxS or b1lH instead of YII, TlR or oYG.

    Do: encode the token once: look for a library that returns base64 already, and for code that encodes its result.

    Client: compare `base64 -d` of the header's value with the token: after one step it must begin with 60, a1 or
    NTLMSSP. In .NET, Java and Go the GSS and SSPI calls return bytes, HTTP helpers often text.

    Server: a proxy that copies the token into a header of its own may be the one that encodes again.

    See: RFC 4559 section 4.2.
    """
    if "base64-in-base64" in _odd(case):
        yield at(case.whole, "", "the token is base64 inside base64: one decoding gives text, not a token")


@rule("ENC003", "trailing-bytes", WARNING)
def ENC003(case: Case) -> Iterator[Said]:
    """Bytes stand behind the end of the token.

    What: the token says its own length, and more bytes follow. Most acceptors read over them, strict ones refuse the
    token. They are a line end, the zeros of a buffer that was sent whole, or a second token.

    Shows: mostly nothing; GSS_S_DEFECTIVE_TOKEN or SEC_E_INVALID_TOKEN from strict decoders, "extra data" or "trailing
    data" from ASN.1 libraries.

    Do: send as many bytes as the token has: cbBuffer or length as the call returned it, not the size of the buffer.

    Client: after InitializeSecurityContext use pvBuffer and cbBuffer of the output; after gss_init_sec_context use
    output_token.length.

    Server: if a framing around the token counts its bytes (SMB, LDAP, DCE/RPC), compare its length with the token's.

    See: RFC 2743 section 3.1; X.690 section 8.1.3.
    """
    yield from refused_as(case, "trailing")
    for problem in problems(case, "trailing"):
        spot = spot_of(case, problem)
        detail = f"expected {problem.expected}, found {problem.found}"
        yield Said(detail + _what_follows(case, problem), spot)


def _what_follows(case: Case, problem: Problem) -> str:
    """What the first of the bytes behind a token look like."""
    rest = case.decoded.data[problem.offset : problem.offset + 4096]
    if rest in (b"\r\n", b"\n", b"\r"):
        return ": a line end"
    if rest and not any(rest):
        return ": zeros, as of a buffer that was sent whole" if len(rest) > 1 else ""
    return ""


@rule("ENC004", "text-form", WARNING)
def ENC004(case: Case) -> Iterator[Said]:
    """The header or the base64 is not written as a server reads it.

    What: the token could be read, but not as it stands: the scheme is missing or several are joined by commas, spaces
    or line ends break up the base64, its padding is wrong, or its alphabet is the URL-safe one. As a note it is
    probably only how the text was copied.

    Shows: 400 or 401 from the server, with no attempt in the security log; "illegal base64 data" or "Invalid length for
    a Base-64 char array" in the log of the application.

    Do: send the header as one line: the scheme, one space, and standard base64 with its padding.

    Client: `curl --negotiate -u : -v URL` shows what a right header looks like; make base64 in a shell with
    `base64 -w0`, which does not wrap it.

    Server: log the raw header before anything parses it; send a WWW-Authenticate line of its own for each scheme.

    See: RFC 4559 section 4; RFC 9110 section 11.6; RFC 9112 section 5.2; RFC 4648 sections 3.2 and 4.
    """
    cut = next(problems(case, CUT_SHORT), None) is not None
    said: list[Said] = []
    for kind, sentence in case.carried.oddities:
        if kind not in _FORMS or (cut and kind in _OF_A_CUT):
            continue
        severity, detail, advice = _FORMS[kind]
        if kind == "schemes-joined" and _direction(case) != SERVER:
            severity = WARNING  # RFC 9110 lets a server send a list, and a client one set of credentials
            advice = "send one scheme with its token: a client's header takes no list"
        said.append(at(case.whole, "", detail or sentence, severity=severity, advice=advice))
    if said:
        gravest = max(said, key=lambda one: SEVERITIES.index(one.severity))
        gravest.detail = "; ".join(one.detail for one in said)
        yield gravest


def _direction(case: Case) -> str:
    return case.side or case.carried.direction


@rule("ENC006", "http-answer", ERROR)
def ENC006(case: Case) -> Iterator[Said]:
    """A web page or an HTTP answer was given as a token.

    What: the input is what a web server sent: its error page, or its answer with headers and body. The page of a 401
    carries no token; the header WWW-Authenticate of the answer may.

    Shows: the input begins with <!DOCTYPE html>, <html or HTTP/1.1 401; libraries say "defective token" or "illegal
    base64".

    Do: take the header instead of the page: curl -v, or the browser's network view, shows Authorization and
    WWW-Authenticate.

    Client: `curl --negotiate -u : -v URL 2>&1 | secctx decode` reads all tokens out of the trace.

    Server: a page in the place of a token means that the request never reached the authentication: look at the
    proxy, the URL and the status code.

    See: RFC 4559 section 4.1.
    """
    # A page is no token, and stands in the report of the input that holds none.
    odd = _odd(case)
    if "http-answer" in odd:
        yield at(case.whole, "", f"the token was {odd['http-answer']}: it is the server's", severity=NOTE)


_CONTRADICTIONS: Final = ("", "der", "length", "tag", "value", "missing", "depth", "offset", "overlap")


@rule("ENC007", "malformed", ERROR)
def ENC007(case: Case) -> Iterator[Said]:
    """The token contradicts its own format.

    What: the token is whole by its length, and a field in it is not what the format says: a length that reaches out of
    what contains it, a field that is missing or of another type, a value that cannot be. It was altered, put together
    wrongly, or made by a faulty library.

    Shows: SEC_E_INVALID_TOKEN (0x80090308), GSS_S_DEFECTIVE_TOKEN, "ASN.1 parse error", KRB5KRB_AP_ERR_MODIFIED.

    Do: compare the token as the client made it with the token as the server received it, byte by byte.

    Client: if both are the same, the library that made it is at fault: note its version and report it with this token
    (`secctx decode --redact` takes the names out).

    Server: if they differ, look at what is between them: a proxy, a character set conversion of a binary token, a field
    of fixed size.

    See: RFC 4178 section 4.2; RFC 4121 section 4.1; MS-NLMP 2.2.1; X.690.
    """
    if _is_field_outside(case):
        return
    yield from refused_as(case, *_CONTRADICTIONS)
    for problem in problems(case, *_CONTRADICTIONS):
        where = problem.path or "the token"
        detail = f"{where}, byte {problem.offset}: expected {problem.expected}, found {problem.found}"
        # What is BER and not DER is read by every acceptor that is not strict.
        yield Said(detail, spot_of(case, problem), WARNING if problem.kind == "der" else "")


def _is_field_outside(case: Case) -> bool:
    """Whether the problem is that a field of an NTLM message points outside it, or into another: NTL018 says that."""
    problem = case.decoded.error
    if problem is None or not (problem.kind in ("offset", "overlap") or (problem.kind == "length" and problem.missing)):
        return False
    around = [message for message in case.messages if within(problem.path, message.path)]
    return bool(around) and around[-1].mechanism == "NTLM"


@rule("ENC008", "not-a-token", ERROR)
def ENC008(case: Case) -> Iterator[Said]:
    """The bytes begin no token that is known.

    What: a token begins with 60 (GSS-API), a0 or a1 (SPNEGO), 6e or another Kerberos tag, or NTLMSSP. These bytes begin
    with something else: encrypted or compressed data, another protocol, text, or a token without its beginning.

    Shows: SEC_E_INVALID_TOKEN, GSS_S_DEFECTIVE_TOKEN, "unknown token", at the first leg.

    Do: give the whole token from its first byte, decoded once.

    Client: log the token where InitializeSecurityContext or gss_init_sec_context returns it, and compare its first
    bytes.

    Server: if a frame is around the token (SMB, LDAP, a length of 4 bytes), cut it off first; `secctx decode`
    does that for the protocols it knows, of a capture by way of `tshark -r FILE -x | secctx decode`.

    See: RFC 2743 section 3.1; RFC 4178 section 4.2; MS-NLMP 2.2.1.
    """
    yield from refused_as(case, "unknown", "empty")
    for problem in problems(case, "unknown", "empty"):
        if problem.kind == "unknown" or case.step is None:  # with no token at all the acceptor begins
            yield Said(f"expected {problem.expected}, found {problem.found}", spot_of(case, problem))
