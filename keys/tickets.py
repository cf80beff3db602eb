"""Which keys to try on what was encrypted for a principal, and why none opens it (RFC 4120 3.2.3, MS-KILE 3.4.5).

Windows' keys belong to the account, not to a name: whatever key opens a ticket is right. MIT that is told
which service it is (a named credential, `--order mit`) looks for one name and version alone; else it tries all keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from secctx.decoders.values import Node

from .keyring import same_name

if TYPE_CHECKING:
    from .keyring import KeyRing, Named, RingKey

#: Key usage numbers (RFC 4120 7.5.1).
TICKET_USAGE: Final = 2
#: More keys than this are not tried on one ticket.
MOST_KEYS: Final = 1000
#: So many names are listed where the wanted one is missing.
_MOST_NAMES: Final = 4


class Wanted(NamedTuple):
    """What is encrypted (`what`: the ticket), and what it says of the key that it was made with."""

    name: str
    realm: str
    components: tuple[str, ...]
    etype: int
    etype_name: str
    kvno: int | None
    what: str = "the ticket"

    @property
    def principal(self) -> str:
        """`HTTP/web@LAB.EXAMPLE`."""
        return f"{self.name}@{self.realm}"


class Closed(NamedTuple):
    """Why no key opens it: a word for scripts, a sentence, the field that shows it, the RFC's or MIT's error number.

    `others`: what became of the keys of other names, where the sentence ends with it.
    """

    kind: str
    text: str
    path: str
    code: int
    facts: dict[str, Any]
    others: str = ""


#: What makes a name a near one.
_NEAR: Final = {
    "capitals": "the same name but for capitals and small letters",
    "service-class": "the same host, another class of service",
    "realm": "the same name in another realm",
    "short-name": "the same host, short and full",
}


class Near(NamedTuple):
    """A name that nearly is the wanted one: in what it differs, as a word for scripts, and the name."""

    kind: str
    name: str

    @property
    def text(self) -> str:
        """`the same host, another class of service: cifs/web@LAB.EXAMPLE`."""
        return f"{_NEAR[self.kind]}: {self.name}"


def wanted_by(name: Node | None, realm: Node | None, part: Node | None, what: str = "the ticket") -> Wanted:
    """What a principal's name, its realm and an EncryptedData name."""
    strings = name.child("name-string") if name is not None else None
    components = tuple(str(node.value) for node in strings.children) if strings is not None else ()
    etype, kvno = (part.child("etype"), part.child("kvno")) if part is not None else (None, None)
    number = etype.value if etype is not None and isinstance(etype.value, int) else 0
    return Wanted(
        str(name.meaning or "") if name is not None else "",
        str(realm.value or "") if realm is not None else "",
        components,
        number,
        str(etype.meaning or number) if etype is not None else "",
        kvno.value if kvno is not None and isinstance(kvno.value, int) else None,
        what,
    )


def wanted_of(ticket: Node) -> Wanted:
    """What a Ticket names."""
    return wanted_by(ticket.child("sname"), ticket.child("realm"), ticket.child("enc-part"))


def keys_for(ring: KeyRing, wanted: Wanted, *, mit: bool = False) -> list[RingKey]:
    """The keys to be tried, in order."""
    return _fitting(ring, wanted, mit)[:MOST_KEYS]


def _fitting(ring: KeyRing, wanted: Wanted, mit: bool) -> list[RingKey]:
    found = ring.candidates(wanted.realm, wanted.components, wanted.etype, wanted.kvno)
    passwords = _password_keys(ring, wanted.etype)
    if passwords:
        found = sorted([*found, *passwords], key=lambda key: not same_name(key, wanted))
    return [key for key in found if not key.components or _suits_mit(key, wanted)] if mit else found


def _suits_mit(key: RingKey, wanted: Wanted) -> bool:
    """Whether MIT takes a key for a ticket of that name and version; it tells capitals from small letters."""
    any_version = not wanted.kvno or key.kvno is None
    return _is_exactly(key, wanted) and (any_version or same_version(key, wanted))


def same_version(key: RingKey, wanted: Wanted) -> bool:
    """Whether both have a version, and it is the same; a keytab without the 32-bit number has its last byte alone."""
    return wanted.kvno is not None and key.kvno in (wanted.kvno, wanted.kvno & 0xFF)


def _password_keys(ring: KeyRing, etype: int) -> Sequence[RingKey]:
    from .enctype import KerberosCryptoError

    try:
        return list(ring.from_passwords(etype))
    except KerberosCryptoError:
        return []  # no key of that type can be made of a password


def notes_of(wanted: Wanted, key: RingKey, hint: str = "") -> list[str]:
    """What is worth a word of a key that opened it: another name, another version; `hint` goes behind the former."""
    if not key.components:
        return []
    notes = []
    if not same_name(key, wanted):
        notes.append(
            f"{wanted.what} is for {wanted.principal}, and the key of {key.name} opens it: one account has both names"
            f"{hint}"
        )
    if wanted.kvno is not None and key.kvno is not None and key.kvno != wanted.kvno:
        notes.append(f"{wanted.what} says key version {wanted.kvno}, and the key that opens it has version {key.kvno}")
    return notes


def why_closed(
    ring: KeyRing, wanted: Wanted, tried: Sequence[RingKey], *, mit: bool = False, own: bool = False, left: int = 0
) -> Closed:
    """Why no key opens it, from what the keys are: the name, the type, the version, or the key itself.

    `own`: the keys given are those of the one that it was made for; `left` of them were not tried.
    """
    from .enctype import UnsupportedEnctype
    from .enctypes import enctype

    facts = {"wanted": wanted.principal, "etype": wanted.etype, "kvno": wanted.kvno}
    what = wanted.what
    try:
        enctype(wanted.etype)
    except UnsupportedEnctype as error:
        text = f"{what} is encrypted with {wanted.etype_name}: {error.reason}"
        return Closed("ticket-enctype-unsupported", text, "enc-part.etype", 41, facts)
    same = _is_exactly if mit else same_name
    named = [key for key in ring.keys if same(key, wanted)]
    theirs = any(same(account, wanted) for account in ring.accounts)
    if len(tried) + left >= MOST_KEYS:
        left = max(left, len(_fitting(ring, wanted, mit)) - len(tried))
    others = _others(ring, wanted, tried, named, left, mit)
    if not named and not theirs and ring.keys and not any(not key.components for key in ring.keys):
        listed = ring.principals()
        more = f" and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else ""
        text = f"the keys are for {', '.join(listed[:_MOST_NAMES])}{more}, not for {wanted.principal}"
        close = near(ring, wanted)
        text += f"{f' ({close.text})' if close is not None else ''}; {others}"
        return Closed("no-key-for-service", text, "sname", 35 if mit else 41, {**facts, "have": tuple(listed)}, others)
    typed = [key for key in named if key.etype == wanted.etype]
    if named and not typed:
        names = ", ".join(dict.fromkeys(etype_name(key.etype) for key in named))
        text = (
            f"{what} is encrypted with {wanted.etype_name}, the keys of {wanted.principal} are of {names} alone:"
            " the keytab lacks that type"
        )
        return Closed("no-key-of-enctype", text, "enc-part.etype", 44 if mit else 41, {**facts, "have": names})
    versions = [key for key in typed if key.kvno is not None]
    if wanted.kvno is not None and versions and not any(same_version(key, wanted) for key in versions):
        return _wrong_version(wanted, versions, 44 if mit else 41, facts)
    text = _wrong_here(wanted, theirs) if typed or theirs else _not_given(ring, wanted, others, own and not mit)
    return Closed("key-wrong", text, "enc-part.cipher", 31 if mit else 41, facts)


def _wrong_here(wanted: Wanted, salted: bool) -> str:
    """The key by that name is wrong; `salted` where it was made here, from a password."""
    version = f", version {wanted.kvno}," if wanted.kvno is not None else ""
    salt = ", or with another salt (--salt)" if salted else ""
    return (
        f"the key of {wanted.principal}{version} and {wanted.etype_name} is here and does not open {wanted.what}:"
        f" it was made from another password{salt}, or {wanted.what} was made for another account or altered"
    )


def _not_given(ring: KeyRing, wanted: Wanted, others: str, own: bool) -> str:
    """There is no key by that name. A password may be right all the same, and its salt, unless they are the `own`."""
    if not ring:
        return f"no key is given for {wanted.principal}"
    names = ", ".join(ring.principals()[:_MOST_NAMES]) or "the keys given"
    text = f"{wanted.what} is for {wanted.principal}, and nothing of {names} opens it; {others}"
    if not ring.accounts:
        return text
    if own:
        return f"{text}: if it is the same account, its password or its salt (--salt) is another"
    return f"{text}: the key of {wanted.principal} is not given"


def _is_exactly(one: Named, wanted: Wanted) -> bool:
    return (one.realm, one.components) == (wanted.realm, wanted.components)


def _wrong_version(wanted: Wanted, versions: Sequence[RingKey], code: int, facts: dict[str, Any]) -> Closed:
    have = ", ".join(
        f"{key.kvno} of {_moment(key.since)}" if key.since else f"{key.kvno}"
        for key in sorted(versions, key=lambda key: key.kvno or 0)
    )
    newest = max(key.kvno or 0 for key in versions)
    older = wanted.kvno is not None and newest < wanted.kvno
    meaning = (
        "the keytab is older than the account's password"
        if older
        else f"{wanted.what} is older than the keytab: the client got it before the password was changed"
    )
    text = (
        f"{wanted.what} was made with key version {wanted.kvno} of {wanted.principal}, the keytab has {have}: {meaning}"
    )
    found = tuple(key.kvno for key in versions)
    return Closed("key-version", text, "enc-part.kvno", code, {**facts, "have": found, "older": older})


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _others(
    ring: KeyRing, wanted: Wanted, tried: Sequence[RingKey], named: Sequence[RingKey], left: int, mit: bool
) -> str:
    """What was tried besides the right name, and that not all was where `left` were not."""
    mine = {id(key) for key in named}
    count = len([key for key in tried if id(key) not in mine])
    if left:
        return (
            f"none of the {count} other keys of {wanted.etype_name} that were tried opens it,"
            f" and {left} more were not tried, as it would take too long"
        )
    if not count and mit and (ring.accounts or any(key.etype == wanted.etype for key in ring.keys)):
        return "MIT tries no key of another name"
    if not count:
        return f"there is no key of {wanted.etype_name} to try instead"
    if count == 1:
        return f"the one other key of {wanted.etype_name} does not open it"
    return f"none of the {count} other keys of {wanted.etype_name} opens it"


def near(ring: KeyRing, wanted: Wanted) -> Near | None:
    """A name among the keys that nearly is the wanted one; None where none is."""
    host = wanted.components[-1].casefold() if wanted.components else ""
    for key in ring.keys:
        if len(key.components) != len(wanted.components) or not key.components:
            continue
        if same_name(key, wanted):
            return Near("capitals", key.name)
        theirs = key.components[-1].casefold()
        if theirs == host and key.components[0].casefold() != wanted.components[0].casefold():
            return Near("service-class", key.name)
        if theirs == host and key.realm.casefold() != wanted.realm.casefold():
            return Near("realm", key.name)
        if theirs.partition(".")[0] == host.partition(".")[0] and ("." in theirs) != ("." in host):
            return Near("short-name", key.name)
    return None


def etype_name(number: int) -> str:
    """The name of an encryption type."""
    from secctx.decoders.tables.kerberos import ENCTYPES

    return ENCTYPES.get(number, f"encryption type {number}")
