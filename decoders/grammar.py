"""asn1crypto classes read as plans: what the walk must know of a type, worked out once.

The classes stay the grammar, in the RFC's order and words. asn1crypto's own parse is lazy and knows no absolute
offset, so the walk in `der.py` reads the bytes itself, guided by these plans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Final

from asn1crypto import core

from .values import BOOL, BYTES, ENUM, FLAGS, INT, LIST, OID, PRINCIPAL, STRUCT, TEXT, TIME, Node

if TYPE_CHECKING:
    from .reading import Reading

#: Opens what an OCTET STRING holds: (reading, its node, the fields read before it, start and end of its contents).
#: Answers whether it did; the node is then a structure or token with a span of its own.
Opener = Callable[["Reading", Node, Sequence[Node], int, int], bool]

CHOICE: Final = "choice"  #: kind of a plan: one of several elements, told by its tag
ANY: Final = "any"  #: kind of a plan: any one element, kept whole

#: Stands for the tag of a plan that has none of its own.
NO_TAG: Final = -1

_TAGS: Final[tuple[tuple[type, int, str], ...]] = (
    (core.Choice, NO_TAG, CHOICE),
    (core.Any, NO_TAG, ANY),
    (core.Sequence, 0x30, STRUCT),
    (core.SetOf, 0x31, LIST),  # before SequenceOf, which it derives from
    (core.SequenceOf, 0x30, LIST),
    (core.Boolean, 0x01, BOOL),
    (core.Enumerated, 0x0A, ENUM),
    (core.Integer, 0x02, INT),
    (core.BitString, 0x03, FLAGS),
    (core.OctetString, 0x04, BYTES),
    (core.ObjectIdentifier, 0x06, OID),
    (core.GeneralizedTime, 0x18, TIME),
    (core.GeneralString, 0x1B, TEXT),
    (core.UTF8String, 0x0C, TEXT),
)

_UNIVERSAL: Final[Mapping[int, str]] = {
    0x01: "BOOLEAN",
    0x02: "INTEGER",
    0x03: "BIT STRING",
    0x04: "OCTET STRING",
    0x05: "NULL",
    0x06: "OBJECT IDENTIFIER",
    0x0A: "ENUMERATED",
    0x0C: "UTF8String",
    0x18: "GeneralizedTime",
    0x1B: "GeneralString",
    0x30: "SEQUENCE",
    0x31: "SET",
}


class Field:
    """One field of a SEQUENCE: its name, the tag bytes of the EXPLICIT tags around it, its type."""

    __slots__ = ("first", "name", "opener", "optional", "plan", "wrappers")

    def __init__(self, name: str, wrappers: tuple[int, ...], optional: bool, plan: Plan, opener: Opener | None) -> None:
        self.name = name
        self.wrappers = wrappers
        self.first = wrappers[0] if wrappers else plan.tag
        self.optional = optional
        self.plan = plan
        self.opener = opener


class Plan:
    """A type: its tag byte, the EXPLICIT (APPLICATION) tags that belong to it, what its contents are."""

    __slots__ = ("fields", "item", "kind", "known", "last", "name", "table", "tag", "wrappers")

    def __init__(self, name: str, kind: str, tag: int, wrappers: tuple[int, ...], table: Mapping[Any, str]) -> None:
        self.name = name
        self.kind = kind
        self.tag = tag
        self.wrappers = wrappers
        self.table = table
        self.fields: Sequence[Field] = ()
        self.item: Plan | None = None
        self.known: Mapping[int, str] = {}  #: first tag byte to name, of all fields
        self.last = 0  #: the greatest of these tags: what lies beyond is an extension


_plans: dict[type, Plan] = {}
_openers: dict[tuple[type, str], Opener] = {}


def opens(cls: type[core.Sequence], field: str) -> Callable[[Opener], Opener]:
    """Register the function that opens the OCTET STRING `field` of `cls`; to be done before the first token is read."""

    def register(opener: Opener) -> Opener:
        assert cls not in _plans, f"{cls.__name__} was read before {field} could be opened"
        _openers[cls, field] = opener
        return opener

    return register


def plan_of(cls: type[core.Asn1Value]) -> Plan:
    """The plan of an asn1crypto class; made at the first call for the class."""
    plan = _plans.get(cls)
    if plan is None:
        plan = _plans[cls] = _compile(cls)
    return plan


def tag_name(tag: int) -> str:
    """A tag byte in words: `[2]`, `[APPLICATION 14]`, `OCTET STRING`."""
    number = tag & 0x1F
    match tag >> 6:
        case 0:
            return _UNIVERSAL.get(tag) or f"universal tag {number}"
        case 1:
            return f"[APPLICATION {number}]"
        case 2:
            return f"[{number}]" if tag & 0x20 else f"[{number}] primitive"
        case _:
            return f"[PRIVATE {number}]"


def _compile(cls: type[core.Asn1Value]) -> Plan:
    tag, kind = next((tag, kind) for base, tag, kind in _TAGS if issubclass(cls, base))
    table: Mapping[Any, str] = getattr(cls, "_map", None) or {}
    if kind == INT and table:
        kind = ENUM
    if cls.__name__ == "PrincipalName":
        kind = PRINCIPAL
    own = getattr(cls, "explicit", None)
    if own is not None and isinstance(own[0], tuple):
        own = own[0]  # asn1crypto's form of it, from a class's first instance on
    wrappers = () if own is None else ((own[0] << 6) | 0x20 | own[1],)
    plan = Plan(cls.__name__, kind, tag, wrappers, table)
    if issubclass(cls, core.Sequence):
        plan.fields = [_field(cls, *spec) for spec in cls._fields]
        plan.known = {field.first: field.name for field in plan.fields}
        plan.last = max(plan.known, default=0)
    elif issubclass(cls, core.Choice):
        plan.fields = [_field(cls, *spec) for spec in cls._alternatives]
        plan.known = {field.first: field.name for field in plan.fields}
    elif issubclass(cls, core.SequenceOf | core.SetOf):
        plan.item = plan_of(cls._child_spec)
    return plan


def _field(
    owner: type[core.Asn1Value], name: str, cls: type[core.Asn1Value], options: Mapping[str, Any] | None = None
) -> Field:
    options = options or {}
    plan = plan_of(cls)
    if "implicit" in options:
        plan = _tagged(plan, options["implicit"])
    number = options.get("explicit")
    wrappers = plan.wrappers if number is None else (0xA0 | number, *plan.wrappers)
    return Field(name, wrappers, bool(options.get("optional")), plan, _openers.get((owner, name)))


def _tagged(plan: Plan, number: int) -> Plan:
    """The plan under an IMPLICIT tag: the tag takes the place of its own (X.690 8.14)."""
    tagged = copy(plan)
    tagged.tag = 0x80 | (plan.tag & 0x20) | number
    return tagged
