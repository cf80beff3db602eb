"""An AP-REQ opened, and the checks on it (RFC 4120 3.2.3, MS-KILE 3.4.5), in the RFC's order or in MIT's.

Each check raises a `Fault`: which rule, in words, at which field, and the number that a KRB-ERROR would carry.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from secctx.decoders.values import join

from . import kerberos_ticket as tickets
from .kerberos_values import USE_SESSION_KEY, Fault, Opened, Plain, moment, span_of_time
from .part import Part, inside
from .transited import transited_problem

if TYPE_CHECKING:
    from secctx.keys.kerberos_key import Key
    from secctx.keys.keyring import KeyRing

    from .values import World

#: Key usage numbers (RFC 4120 7.5.1).
AUTHENTICATOR_USAGE: Final = 11
#: What a KRB-ERROR calls them (RFC 4120 7.5.9).
MODIFIED: Final = 41
BAD_INTEGRITY: Final = 31
EXPIRED, NOT_YET_VALID, REPEAT, BAD_MATCH, SKEW = 32, 33, 34, 36, 37
ETYPE_NOSUPP: Final = 14
BAD_VERSION, MESSAGE_TYPE, ILL_CR_TKT, PATH = 39, 40, 43, 51

#: An authenticator is remembered for a skew of at least and at most so much.
LEAST_KEPT: Final = timedelta(minutes=5)
LONGEST_KEPT: Final = timedelta(days=3650)
LAST_MOMENT: Final = datetime(9999, 12, 31, tzinfo=UTC)

_INVALID: Final = 0x01000000  #: ticket flag 7, invalid, as a bit of 32
_CHECKED: Final = 1 << (31 - 12)  #: transited-policy-checked


_FORM: Final = (("pvno", 5, BAD_VERSION), ("msg-type", 14, MESSAGE_TYPE), ("ticket.tkt-vno", 5, BAD_VERSION))
#: Without these there is nothing to open; a token that is read over something else may lack them.
_NEEDED: Final = ("ticket.realm", "ticket.enc-part.etype", "ticket.enc-part.cipher", "authenticator.cipher")


class ApRequest:
    """One AP-REQ on its way through the checks."""

    def __init__(self, message: Part, ring: KeyRing, world: World, *, skew: int, mit: bool) -> None:
        self.message = message
        self.ring = ring
        self.world = world
        self.skew = timedelta(seconds=skew)
        self.mit = mit
        self.opened: Opened | None = None

    @property
    def options(self) -> int:
        """ap-options, as 32 bits."""
        value = self.message.value("ap-options")
        return value if isinstance(value, int) else 0

    def check(self) -> Opened:
        """Open both parts and make every check; Fault where one fails."""
        self._form()
        opened = self.opened = self._open_ticket()
        self._open_authenticator(opened)
        for one in self._rules():
            one(opened)
        return opened

    def _rules(self) -> tuple[Callable[[Opened], None], ...]:
        if self.mit:
            return self._match, self._path, self._replay, self._period, self._clock, self._valid
        return self._match, self._clock, self._replay, self._start, self._valid, self._end, self._path

    def _form(self) -> None:
        for path, wanted, code in _FORM:
            value = self.message.value(path)
            if value != wanted:
                text = f"{path} is {value}, and only {wanted} is spoken here"
                raise Fault("kerberos-version", text, path, code)
        for path in _NEEDED:
            if self.message.value(path) is None:
                raise Fault("malformed", f"{path} is missing, or is not what it should be", path, MESSAGE_TYPE)

    def _open_ticket(self) -> Opened:
        ticket = inside(self.message, "ticket")
        assert ticket is not None, "a well-formed AP-REQ has one"
        if self.options & USE_SESSION_KEY:
            opened = tickets.open_with_session_key(self.ring, ticket)
        else:
            opened = tickets.open_ticket(self.ring, ticket, mit=self.mit)
        opened.ticket.path = join(self.message.path, "ticket.enc-part")
        return opened

    def _open_authenticator(self, opened: Opened) -> None:
        from secctx.decoders.kerberos_parts_asn1 import Authenticator
        from secctx.decoders.part import decode_part
        from secctx.keys.enctype import KerberosCryptoError

        path = "authenticator.cipher"
        try:
            plain = opened.session_key.decrypt_der(AUTHENTICATOR_USAGE, self.message.value(path) or b"")
        except KerberosCryptoError:
            text = "the ticket is genuine and its session key does not open the authenticator: one of them was altered"
            code = BAD_INTEGRITY if self.mit else MODIFIED
            raise Fault("authenticator-altered", text, path, code) from None
        decoded = decode_part(plain, Authenticator, "Authenticator")
        wrong = decoded.error
        # A checksum that is too short is its own case, and has its own status; authorization data may be skipped.
        own = wrong is not None and wrong.path.startswith(("cksum.checksum", "authorization-data"))
        if wrong is not None and wrong.kind not in ("der", "trailing") and not own:
            text = f"the authenticator was opened and is malformed: {wrong.path}, byte {wrong.offset}"
            raise Fault("authenticator-malformed", text, path, MESSAGE_TYPE)
        opened.authenticator = Plain(decoded, join(self.message.path, "authenticator"))
        opened.subkey = _key_at(opened.authenticator, "subkey")
        if opened.subkey is not None:
            try:
                opened.subkey.enctype.checked(opened.subkey.value)
            except KerberosCryptoError as error:
                text = f"the client's subkey cannot be worked with: {error}"
                raise Fault("subkey-unusable", text, "authenticator", ETYPE_NOSUPP) from None

    def _match(self, opened: Opened) -> None:
        """The ticket and the authenticator name the same client."""
        assert opened.authenticator is not None
        theirs = f"{opened.authenticator.text('cname')}@{opened.authenticator.text('crealm')}"
        if theirs != opened.client:
            text = f"the ticket is {opened.client}'s, and the authenticator says {theirs}"
            raise Fault("client-mismatch", text, "authenticator", BAD_MATCH)

    def _clock(self, opened: Opened) -> None:
        """The authenticator was made within the allowed skew of this server's clock."""
        assert opened.authenticator is not None
        ctime, micros = _client_time(opened)
        off = ((ctime - self.world.now) + micros).total_seconds()
        if abs(off) > self.skew.total_seconds():
            ahead = "ahead of" if off > 0 else "behind"
            text = (
                f"the clocks differ by {span_of_time(off)}: the client's says {moment(ctime)}, {ahead} this server's"
                f" {moment(self.world.now)}; at most {span_of_time(self.skew.total_seconds())} are allowed"
            )
            raise Fault("clock-skew", text, "authenticator", SKEW, seconds=off)

    def _replay(self, opened: Opened) -> None:
        """The authenticator was not seen before."""
        if self.world.replays is None:
            return
        until = self._counts_until(opened)
        digest = sha256(self.message.value("authenticator.cipher") or b"").digest()
        if self.world.replays.seen(digest, self.world.now, until):
            text = "this authenticator was presented before: the token is a replay, or was sent twice"
            raise Fault("replay", text, "authenticator.cipher", REPEAT)

    def _counts_until(self, opened: Opened) -> datetime:
        """When the clock check would refuse the authenticator, and a second more; bounded, since the client wrote it.

        All processes that share a cache may have skews of their own, so that of RFC 4120 is the least.
        """
        skew = min(max(self.skew, LEAST_KEPT), LONGEST_KEPT)
        ctime, micros = _client_time(opened)
        ahead = min(max(ctime - self.world.now + micros, timedelta()), skew)
        kept = ahead + skew + timedelta(seconds=1)
        return self.world.now + min(kept, LAST_MOMENT - self.world.now)

    def _start(self, opened: Opened) -> None:
        start = opened.ticket.value("starttime") or opened.ticket.value("authtime")
        if isinstance(start, datetime) and start - self.world.now > self.skew:
            text = f"the ticket is valid from {moment(start)} on, and it is {moment(self.world.now)}"
            raise Fault("ticket-not-yet-valid", text, "ticket.enc-part", NOT_YET_VALID)

    def _end(self, opened: Opened) -> None:
        end = opened.ticket.value("endtime")
        if isinstance(end, datetime) and self.world.now - end > self.skew:
            late = span_of_time((self.world.now - end).total_seconds())
            text = f"the ticket ended at {moment(end)}, {late} before this server's clock: {moment(self.world.now)}"
            raise Fault("ticket-expired", text, "ticket.enc-part", EXPIRED)

    def _period(self, opened: Opened) -> None:
        self._start(opened)
        self._end(opened)

    def _valid(self, opened: Opened) -> None:
        flags = opened.ticket.value("flags")
        if isinstance(flags, int) and flags & _INVALID:
            text = "the ticket has the invalid flag: it is postdated, and the KDC has not validated it"
            raise Fault("ticket-invalid", text, "ticket.enc-part", NOT_YET_VALID)

    def _path(self, opened: Opened) -> None:
        """The realms between the client's and the service's, unless the KDC has judged them."""
        flags = opened.ticket.value("flags")
        if isinstance(flags, int) and flags & _CHECKED:
            return
        kind, contents = opened.ticket.value("transited.tr-type"), opened.ticket.value("transited.contents")
        # The realm in the clear is the client's word; that of the key which opened the ticket is known.
        client, service = (
            str(opened.ticket.value("crealm")),
            opened.opener.realm or str(self.message.value("ticket.realm")),
        )
        if not opened.opener.realm and client != service:
            opened.notes.append(
                "the key has no realm, so the client's word for the service's is taken for the path between the realms"
            )
        problem = transited_problem(kind, contents if isinstance(contents, bytes) else b"", client, service)
        if problem:
            raise Fault("transited", problem, "ticket.enc-part", ILL_CR_TKT if self.mit else PATH)


def _client_time(opened: Opened) -> tuple[datetime, timedelta]:
    """The authenticator's ctime, and its cusec apart from it: their sum may lie behind the end of the calendar."""
    assert opened.authenticator is not None
    ctime, cusec = opened.authenticator.value("ctime"), opened.authenticator.value("cusec")
    if not isinstance(ctime, datetime):
        raise Fault("authenticator-malformed", "the authenticator has no time", "authenticator", MESSAGE_TYPE)
    if not isinstance(cusec, int) or not 0 <= cusec < 1_000_000:
        text = "the authenticator's cusec is no number of microseconds from 0 to 999999"
        raise Fault("authenticator-malformed", text, "authenticator", MESSAGE_TYPE)
    return ctime, timedelta(microseconds=cusec)


def _key_at(plain: Plain, path: str) -> Key | None:
    """An EncryptionKey at a path; None where there is none."""
    from secctx.keys.kerberos_key import Key

    etype, value = plain.value(f"{path}.keytype"), plain.value(f"{path}.keyvalue")
    return Key(etype, value) if isinstance(etype, int) and isinstance(value, bytes) else None


def same(left: bytes, right: bytes) -> bool:
    """Whether two digests are equal, in constant time."""
    return hmac.compare_digest(left, right)
