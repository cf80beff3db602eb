"""AcceptSecurityContext as pyspnego's own NTLM and Negotiate acceptors answer it, to be held beside ours.

`PlatformAcceptor` runs in a child process, and only it imports pyspnego, which may crash, hang or lose its own
exceptions; `cli.accept_platform` keeps the process, and calls the other functions on its own side. Both acceptors are
those in Python, whatever the system has. SSPI and GSSAPI, with them Kerberos, and both engines side by side come later.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from secctx.decoders import decode
from secctx.decoders.tables.ntlm import EXTENDED_SESSIONSECURITY
from secctx.decoders.values import walk

from . import flags, status
from .status import Status
from .values import CONTINUING, ESTABLISHED, FAILED, OTHER, Client, Refusal, Step

if TYPE_CHECKING:
    from spnego import ContextProxy, NegotiateOptions
    from spnego._negotiate import NegotiateProxy
    from spnego.exceptions import SpnegoError

    from secctx.decoders.values import Node
    from secctx.keys.users import Account, Users

#: No more of an exception's text than this is handed on.
MAX_TEXT: Final = 400

_STATES: Final = {status.SEC_E_OK: ESTABLISHED, status.SEC_I_CONTINUE_NEEDED: CONTINUING}
_MECHANISMS: Final = {"ntlm": "NTLM", "kerberos": "Kerberos"}

#: What pyspnego's readers raise for a token that they cannot read; it has an error of its own for few of those.
_UNREADABLE: Final = (ValueError, struct.error)

_ONE_ERROR_FOR_TWO: Final = (
    "pyspnego has one error for a token that is malformed and for a logon that is denied; "
    "it counts as SEC_E_INVALID_TOKEN, and where the response is wrong Windows answers SEC_E_LOGON_DENIED"
)
_NO_PROOF: Final = (
    "a known defect of pyspnego: it accepts an empty NT response where the LM response is eight bytes and zeros, "
    "which anyone can make; the client has proved no password"
)
_NO_ANSWER: Final = "pyspnego neither finished nor answered: a call with the same context would wait for ever"

#: Exceptions that are known defects of pyspnego: the type, a part of the text, what it is.
_DEFECTS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        AttributeError,
        "Cannot read flags",
        "a known defect of pyspnego: it asks a context that was refused for its flags, and the refusal is lost",
    ),
    (
        KeyError,
        "",
        "a known defect of pyspnego: an NTLM message type that it does not know is a KeyError; an optimistic Kerberos "
        "token that is to be ignored ends so, read as NTLM",
    ),
)


@dataclass(slots=True)
class Answer:
    """What came of one leg; `failure` is the text of the exception, where there was one."""

    status: int
    mechanism: str | None = None
    output: bytes | None = None
    attributes: int = 0
    client: str | None = None
    session_key: bytes | None = field(default=None, repr=False)
    failure: str | None = None
    notes: tuple[str, ...] = ()


class PlatformAcceptor:
    """One context of pyspnego's, as acceptor; which users there are it reads from the file NTLM_USER_FILE names."""

    def __init__(self, package: str, application_data: bytes | None) -> None:
        self._package = package
        self._application_data = application_data
        self._context: ContextProxy | None = None

    def step(self, token: bytes) -> Answer:
        """One leg. Whatever pyspnego raises is an answer too, the last one of this context."""
        try:
            if self._context is None:
                self._context = self._begin()
            output = self._context.step(token)
            return self._judged(self._context, token, output)
        except Exception as error:
            code, notes = status_of(error)
            return Answer(code.value, self._mechanism(), failure=describe(error), notes=notes)

    def _begin(self) -> ContextProxy:
        from spnego import NegotiateOptions
        from spnego._ntlm import NTLMProxy
        from spnego.channel_bindings import GssChannelBindings

        data = self._application_data
        return (NTLMProxy if self._package == "ntlm" else _negotiate_proxy())(
            hostname="unspecified",
            service="host",
            channel_bindings=None if data is None else GssChannelBindings(application_data=data),
            usage="accept",
            protocol=self._package,
            options=NegotiateOptions.use_negotiate | NegotiateOptions.use_ntlm,
        )

    def _judged(self, context: ContextProxy, token: bytes, output: bytes | None) -> Answer:
        if not context.complete:
            notes = () if output else (_NO_ANSWER,)
            return Answer(status.SEC_I_CONTINUE_NEEDED.value, self._mechanism(), output, notes=notes)
        answer = Answer(status.SEC_E_OK.value, self._mechanism(), output)
        answer.attributes = flags.gss_to_ret(int(context.context_attr))
        answer.client = context.client_principal
        answer.session_key = context.session_key
        answer.notes = (_NO_PROOF,) if is_unproved(token) else ()
        return answer

    def _mechanism(self) -> str | None:
        try:
            protocol = None if self._context is None else self._context.negotiated_protocol
        except Exception:  # where the context itself is broken, as that of GSSAPI after a refusal
            protocol = None
        return _MECHANISMS.get(protocol or "", "SPNEGO" if self._package == "negotiate" else None)


def _negotiate_proxy() -> type[NegotiateProxy]:
    """pyspnego's SPNEGO without the Kerberos that the system may have: its presence alone changes what it answers."""
    from spnego._negotiate import NegotiateProxy as Proxy

    class PurePython(Proxy):
        @classmethod
        def available_protocols(cls, options: NegotiateOptions | None = None) -> list[str]:
            return ["ntlm", "negotiate"]

    return PurePython


def status_of(error: Exception) -> tuple[Status, tuple[str, ...]]:
    """The status for what pyspnego raised, and what is to be said of it.

    Its errors have the numbers of GSS-API's major statuses, or hold one of GSSAPI or SSPI; those go by the maps of
    `status`. An exception of Python's is either a reader's, and the token is malformed, or a defect.
    """
    from spnego.exceptions import InvalidTokenError, SpnegoError

    if isinstance(error, SpnegoError):
        return _mapped(error), (_ONE_ERROR_FOR_TWO,) if isinstance(error, InvalidTokenError) else ()
    if isinstance(error, _UNREADABLE) and not isinstance(error, binascii.Error):  # binascii's: of the users file
        return status.SEC_E_INVALID_TOKEN, ()
    known = (words for kind, part, words in _DEFECTS if isinstance(error, kind) and part in str(error))
    return status.SEC_E_INTERNAL_ERROR, tuple(known)


def _mapped(error: SpnegoError) -> Status:
    from spnego.exceptions import ErrorCode

    major, number = getattr(error.base_error, "maj_code", None), getattr(error.base_error, "winerror", None)
    if isinstance(number, int) and number & 0x80000000:
        of_nt = status.of_ntstatus(number)
        return status.of_value(number) if of_nt is None else of_nt.status
    minor = getattr(error.base_error, "min_code", 0)
    found = status.of_gss(major, minor if isinstance(minor, int) else 0) if isinstance(major, int) else None
    if found is None:
        found = status.of_gss(int(getattr(error, "ERROR_CODE", ErrorCode.failure)) << 16)
    return status.SEC_E_INTERNAL_ERROR if found is None or found.status.is_success else found.status


def describe(error: Exception) -> str:
    """The exception in one line: `InvalidTokenError: SpnegoError (9): A token was …`."""
    text = " ".join(str(error).split())
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}…"
    kind = type(error)
    name = (
        kind.__name__ if kind.__module__ in ("builtins", "spnego.exceptions") else f"{kind.__module__}.{kind.__name__}"
    )
    return f"{name}: {text}" if text else name


def is_unproved(token: bytes) -> bool:
    """Whether an accepted AUTHENTICATE proves nothing: no NT response, and the LM field holds a client challenge.

    With extended session security the LM response is ClientChallenge and 16 zero bytes (MS-NLMP 3.3.1); pyspnego
    compares it with itself.
    """
    found: dict[str, Node] = {node.name: node for _, node in walk(decode(token).root)}
    if "LmChallengeResponse" not in found or "NtChallengeResponse" in found:
        return False
    wanted = found["NegotiateFlags"].value if "NegotiateFlags" in found else None
    return isinstance(wanted, int) and bool(wanted & EXTENDED_SESSIONSECURITY)


def wire(answer: Answer) -> dict[str, Any]:
    """The answer as JSON takes it."""
    found: dict[str, Any] = {name: getattr(answer, name) for name in answer.__slots__}
    return {name: text_of(value) if isinstance(value, bytes) else value for name, value in found.items()}


def step_of(answer: Any) -> Step:
    """The answer to the call, from what `wire` made of it; ValueError where it is no such thing."""
    try:
        code = status.of_value(answer["status"])
        state = _STATES.get(code, FAILED)
        step = Step(code, OTHER, state, answer["mechanism"], int(answer["attributes"]), bytes_of(answer["output"]))
        step.client = None if answer["client"] is None else _client(answer["client"])
        step.session_key = bytes_of(answer["session_key"])
        step.notes = tuple(map(str, answer["notes"]))
        if state == FAILED:
            step.refusal = Refusal("platform", f"pyspnego's acceptor raised {answer['failure']}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None
    return step


def _client(principal: str) -> Client:
    domain, slash, name = principal.rpartition("\\")
    return Client(name, domain if slash else None, "impersonate", machine=name.endswith("$"))


def text_of(data: bytes) -> str:
    """Bytes on their way between the processes."""
    return base64.b64encode(data).decode()


def bytes_of(text: str | None) -> bytes | None:
    """Bytes that came from the other process; None where none did."""
    return None if text is None else base64.b64decode(text, validate=True)


def users_text(users: Users, token: bytes, random: Callable[[int], bytes]) -> str:
    """The users file for one leg: the accounts of the user whom the token names, as pyspnego reads smbpasswd lines."""
    decoded = decode(token)
    named = {node.name: str(node.value or "") for _, node in walk(decoded.root)}
    user, domain = named.get("UserName"), named.get("DomainName", "")
    if user is None and decoded.error is None:
        return ""
    wanted = (entry for entry in users.accounts if user is None or entry.user.upper() == user.upper())
    return "".join(_line(entry, domain, random) for entry in wanted)


def _line(account: Account, domain: str, random: Callable[[int], bytes]) -> str:
    """An smbpasswd line; empty where pyspnego could not read it.

    An account without a domain serves the client's, which pyspnego does not know to do. Where there is no hash stands
    a random one: pyspnego would verify with zeros.
    """
    named = domain if account.domain is None else account.domain
    name = f"{named}\\{account.user}" if named else account.user
    lm, nt = account.secret.lm_hash or random(16), account.secret.nt_hash or random(16)
    line = f"{name}:0:{lm.hex()}:{nt.hex()}:[U]:LCT-0"
    readable = len(line.splitlines()) == 1 and line.count(":") == 5
    return f"{line}\n" if readable and not any("\ud800" <= unit <= "\udfff" for unit in line) else ""
