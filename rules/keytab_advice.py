"""Will this keytab open this ticket? Before any decryption, from names and numbers, and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from secctx.decoders.values import Node

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing, RingKey
    from secctx.keys.tickets import Near, Wanted
    from secctx.keys.unlock import KeyReport

    from .case import Case

YES: Final = "yes"
NEAR: Final = "near"
NO: Final = "no"
#: The ticket or the key does not say, or all depends on something else.
UNKNOWN: Final = "unknown"

#: So many names are told.
_MOST: Final = 4


@dataclass(slots=True, frozen=True)
class Row:
    """One thing compared: what the ticket says, what the keys have, and whether that fits."""

    what: str
    match: str
    wanted: str
    have: tuple[str, ...]
    near: str = ""  #: the kind of near miss: `capitals`, `service-class`, `realm`, `short-name`

    def as_json(self) -> dict[str, Any]:
        """For a script."""
        return {"match": self.match, "wanted": self.wanted, "have": list(self.have), "near": self.near or None}


@dataclass(slots=True, frozen=True)
class Advice:
    """What keys and a ticket have to do with each other.

    `fits`: whether a key of the right name, version and type is there; None where that does not decide. `opened` is
    None, and `after` empty, where nothing was tried.
    """

    principal: str
    kvno: int | None
    etype: int
    etype_name: str
    rows: tuple[Row, ...]
    fits: bool | None
    before: str
    opened: bool | None
    after: str

    def as_json(self) -> dict[str, Any]:
        """For a script."""
        return {
            "principal": self.principal,
            "kvno": self.kvno,
            "etype": {"value": self.etype, "name": self.etype_name},
            "checks": {row.what: row.as_json() for row in self.rows},
            "fits": self.fits,
            "before": self.before,
            "opened": self.opened,
            "after": self.after or None,
        }


def advise(ticket: Node, ring: KeyRing, report: KeyReport | None, *, user_to_user: bool = False) -> Advice:
    """Hold a Ticket against the keys given; `report` is what became of its encrypted part, where that was tried."""
    from secctx.keys.tickets import near, wanted_of

    wanted = wanted_of(ticket)
    close = near(ring, wanted)
    rows = _rows(ring, wanted, close)
    fits, before = _before(ring, wanted, rows, close)
    if user_to_user:
        fits, before = None, "the ticket is for user-to-user: the server's own TGT opens it, not a keytab"
    opened, after = _after(ring, wanted, report, fits=fits is True)
    number, name = wanted.etype, wanted.etype_name
    return Advice(wanted.principal, wanted.kvno, number, name, rows, fits, before, opened, after)


def advise_on(case: Case) -> Advice | None:
    """The advice on the first ticket that a token presents; None without one, or where no keys are given."""
    from .kerberos_tickets import presented

    ring = case.given.keys
    ticket = next(presented(case), None)
    if ring is None or ticket is None or ticket.message.field(ticket.at("enc-part.etype")) is None:
        return None
    return advise(ticket.node, ring, ticket.report(case), user_to_user=ticket.user_to_user)


def _rows(ring: KeyRing, wanted: Wanted, close: Near | None) -> tuple[Row, ...]:
    from secctx.keys.tickets import etype_name

    keys = ring.named(wanted.realm, wanted.components)
    account = ring.account(wanted.realm, wanted.components) is not None
    nameless = any(not key.components for key in ring.keys)
    named = YES if keys or account else UNKNOWN if nameless else NO if close is None else NEAR
    realms = tuple(
        dict.fromkeys([*(key.realm for key in ring.keys if key.realm), *(one.realm for one in ring.accounts)])
    )
    same_realm = any(realm.casefold() == wanted.realm.casefold() for realm in realms)
    kind = close.kind if close is not None and named == NEAR else ""
    typed = [key for key in keys if key.etype == wanted.etype]
    # Versions count where the type is right: a keytab may have others for the rest.
    versions = _versions(typed or keys)
    types = tuple(dict.fromkeys(etype_name(key.etype) for key in keys))
    return (
        Row("name", named, "/".join(wanted.components), tuple(ring.principals()[:_MOST]), kind),
        Row("realm", YES if same_realm else UNKNOWN if nameless or not realms else NO, wanted.realm, realms[:_MOST]),
        Row("kvno", _kvno_fits(wanted, typed or keys), "" if wanted.kvno is None else f"{wanted.kvno}", versions),
        Row("enctype", _etype_fits(keys, typed, account=account), wanted.etype_name, types),
    )


def _versions(keys: Sequence[RingKey]) -> tuple[str, ...]:
    return tuple(f"{number}" for number in sorted({key.kvno for key in keys if key.kvno is not None}))


def _kvno_fits(wanted: Wanted, keys: Sequence[RingKey]) -> str:
    from secctx.keys.tickets import same_version

    if wanted.kvno is None or all(key.kvno is None for key in keys):
        return UNKNOWN
    return YES if any(same_version(key, wanted) for key in keys) else NO


def _etype_fits(keys: Sequence[RingKey], typed: Sequence[RingKey], *, account: bool) -> str:
    if typed or account:  # a password makes a key of every type
        return YES
    return NO if keys else UNKNOWN


def _before(ring: KeyRing, wanted: Wanted, rows: Sequence[Row], close: Near | None) -> tuple[bool | None, str]:
    """Whether names and numbers fit, and in words."""
    name, _, kvno, enctype = rows
    version = f" kvno {wanted.kvno}" if wanted.kvno is not None else ""
    asked = f"{wanted.principal}{version} {wanted.etype_name}"
    if not ring:
        return False, f"there is no key at all: the ticket asks for {asked}"
    if name.match == UNKNOWN:
        return None, f"the key given has no name, so only trying tells: the ticket asks for {asked}"
    if name.match != YES:
        others = len(ring.principals()) - _MOST
        have = ", ".join(name.have) + (f" and {others} more" if others > 0 else "")
        miss = f" ({close.text})" if close is not None and name.match == NEAR else ""
        holds = "the keytab has" if ring.keys else "there is a password for"
        return False, f"{holds} {have}{miss} and not {wanted.principal}: only a key of the same account opens it"
    if enctype.match == NO:
        types = ", ".join(enctype.have)
        return (
            False,
            f"the keytab has {wanted.principal} with {types} alone, the ticket is {wanted.etype_name}: it will not",
        )
    if kvno.match == NO:
        have = ", ".join(kvno.have)
        text = f"the keytab has {wanted.principal} kvno {have}, the ticket is of kvno {wanted.kvno}: it will not"
        return False, f"{text}, unless the number in the keytab is wrong"
    if not ring.named(wanted.realm, wanted.components):
        return True, f"the password of {wanted.principal} is given: it should open the ticket, if the salt is right"
    return True, f"the keytab has {asked}: it should open the ticket"


def _after(ring: KeyRing, wanted: Wanted, report: KeyReport | None, *, fits: bool) -> tuple[bool | None, str]:
    """What trying the keys has shown."""
    from secctx.keys.tickets import keys_for, notes_of, why_closed
    from secctx.keys.unlock import key_text

    if report is None:
        return None, ""
    if report.opened and report.key is not None:
        more = "; ".join(notes_of(wanted, report.key))
        return True, f"opened with {key_text(report.key)}{f': {more}' if more else ''}"
    closed = why_closed(ring, wanted, keys_for(ring, wanted))
    if report.why != closed.kind:
        return False, f"not opened: {report.reason}"  # it is cut short, or has too much to try keys on
    if closed.kind == "key-wrong" and fits:
        return False, (
            "it does not open the ticket although name, version and type fit: another password or salt made the key, or"
            " the name belongs to another account"
        )
    if closed.kind == "no-key-for-service":
        return False, f"tried all the same: {closed.others}"
    return False, f"not opened: {closed.text}" if closed.kind == "key-wrong" else "tried all the same: no key opens it"
