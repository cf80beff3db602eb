"""Message integrity and confidentiality after a Kerberos logon, for both ends.

RFC 4121 is the form of every key but those of DES, triple DES and RC4, whose form is that of RFC 1964 and RFC 4757.
"""

from __future__ import annotations

from typing import Any, Final

from . import cfx, rfc1964
from .context_keys import ContextKeys, Role, TokenError, other
from .kerberos_key import Key

#: Bits of a sequence number: those of RFC 4121, and those of RFC 1964.
_LONG, _SHORT = 64, 32
#: A key that a saved state may hold: no type has a longer one.
_LONGEST_KEY: Final = 64


class KerberosSession:
    """The security context after the logon: signs and wraps what `role` sends, verifies and unwraps what it receives.

    `session_key` is the ticket's; `initiator_subkey` and `acceptor_subkey` those of Authenticator and AP-REP, where
    they are. `sent` is the number of the next message that `role` sends, `received` the one awaited from the peer;
    where they are not `ordered` (neither replays nor the order are watched), any number will do. A message that fails
    leaves the session where it was.
    """

    __slots__ = ("_form", "_keys", "_wrap", "dce_style", "ordered", "received", "role", "sent")

    def __init__(
        self,
        session_key: Key,
        role: Role = "acceptor",
        *,
        initiator_subkey: Key | None = None,
        acceptor_subkey: Key | None = None,
        sent: int = 0,
        received: int = 0,
        dce_style: bool = False,
        ordered: bool = True,
    ) -> None:
        self._keys = ContextKeys(session_key, initiator_subkey, acceptor_subkey)
        self._form = rfc1964 if self.key.etype in rfc1964.ETYPES else cfx
        self._wrap = 1 << (_SHORT if self._form is rfc1964 else _LONG)
        self.key.enctype.checked(self.key.value)
        if not (0 <= sent < self._wrap and 0 <= received < self._wrap):
            raise ValueError("a sequence number out of bounds")
        self.role: Role = role
        self.dce_style = dce_style
        self.ordered = ordered
        self.sent = sent
        self.received = received

    def __repr__(self) -> str:
        name = next(self._keys.named())[0]
        form = f"form={self.form!r}, key={name!r}, etype={self.key.etype}"
        return f"KerberosSession({form}, role={self.role!r}, sent={self.sent}, received={self.received})"

    @property
    def key(self) -> Key:
        """The context's key, which is also what it exports."""
        return self._keys.key

    @property
    def session_key(self) -> Key:
        """The ticket's session key."""
        return self._keys.session_key

    @property
    def initiator_subkey(self) -> Key | None:
        """The authenticator's subkey; None where it has none."""
        return self._keys.initiator_subkey

    @property
    def form(self) -> str:
        """The document that describes its tokens."""
        return "RFC 4121" if self._form is cfx else "RFC 1964"

    def sign(self, data: bytes) -> bytes:
        """The MIC token of what we send."""
        token: bytes = self._form.sign(self._keys, self.role, self.sent, data)
        self.sent = (self.sent + 1) % self._wrap
        return token

    def check(self, data: bytes, mic: bytes) -> None:
        """Hold a MIC to the context and to its place in the sequence; TokenError says what does not fit."""
        self._receive(self._form.verify(self._keys, other(self.role), data, mic))

    def verify(self, data: bytes, mic: bytes) -> bool:
        """Whether `mic` is the peer's, for these data and at this place of the sequence."""
        try:
            self.check(data, mic)
        except TokenError:
            return False
        return True

    def confounder_size(self, conf: bool) -> int:
        """How many random bytes `wrap` takes."""
        return cfx.confounder_size(self._keys, conf) if self._form is cfx else rfc1964.CONFOUNDER

    def wrap(self, data: bytes, conf: bool, confounder: bytes) -> bytes:
        """The Wrap token of what we send, sealed where `conf`; `confounder` is `confounder_size(conf)` random bytes."""
        token: bytes = self._form.wrap(self._keys, self.role, self.sent, data, conf, confounder, self.dce_style)
        self.sent = (self.sent + 1) % self._wrap
        return token

    def unwrap(self, token: bytes) -> tuple[bytes, bool]:
        """What the peer wrapped, and whether it was sealed; TokenError says what does not fit."""
        data, sealed, number = self._form.unwrap(self._keys, other(self.role), token, self.dce_style)
        self._receive(number)
        return data, sealed

    def _receive(self, number: int) -> None:
        """Go on behind a message of that number, which verified."""
        if self.ordered and number != self.received:
            ahead = (number - self.received) % self._wrap
            if ahead < self._wrap // 2:
                meaning = f"{ahead} messages are missing" if ahead > 1 else "a message is missing"
            else:
                meaning = "a repeated message, or one that comes late"
            raise TokenError("sequence", f"number {self.received}", f"{number}: {meaning}")
        self.received = (number + 1) % self._wrap

    def save(self) -> dict[str, Any]:
        """The whole session as what JSON can hold, for another process to go on from. It holds the session's keys."""
        return {
            "role": self.role,
            "session_key": _save_key(self._keys.session_key),
            "initiator_subkey": _save_key(self._keys.initiator_subkey),
            "acceptor_subkey": _save_key(self._keys.acceptor_subkey),
            "sent": self.sent,
            "received": self.received,
            "dce_style": self.dce_style,
            "ordered": self.ordered,
        }

    @classmethod
    def restore(cls, saved: object) -> KerberosSession:
        """The session that `save` wrote; ValueError where it did not write this."""
        match saved:
            case {
                "role": "initiator" | "acceptor" as role,
                "session_key": dict() as session_key,
                "initiator_subkey": dict() | None as initiator_subkey,
                "acceptor_subkey": dict() | None as acceptor_subkey,
                "sent": int(sent),
                "received": int(received),
                "dce_style": bool(dce_style),
                "ordered": bool(ordered),
            }:
                return cls(
                    _restore_key(session_key),
                    role,
                    initiator_subkey=None if initiator_subkey is None else _restore_key(initiator_subkey),
                    acceptor_subkey=None if acceptor_subkey is None else _restore_key(acceptor_subkey),
                    sent=sent,
                    received=received,
                    dce_style=dce_style,
                    ordered=ordered,
                )
        raise ValueError("not the saved state of a Kerberos session")


def _save_key(key: Key | None) -> dict[str, Any] | None:
    return None if key is None else {"etype": key.etype, "key": key.value.hex()}


def _restore_key(saved: object) -> Key:
    match saved:
        case {"etype": int(etype), "key": str(key)} if len(key) <= 2 * _LONGEST_KEY:
            return Key(etype, bytes.fromhex(key))
    raise ValueError("not the saved state of a Kerberos session")
