"""How structures in NDR are written down: their fields in order, by the names that their specification gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .cursor import Layout
from .filetime import filetime_text
from .values import ENUM, FILETIME, FLAGS, INT, Node

if TYPE_CHECKING:
    from .ndr import Deferred, Pickle

#: The names of an enumeration, or of the bits of flags.
Names = Mapping[int, str] | tuple[tuple[int, str], ...]

#: FILETIMEs that are no times (MS-PAC 2.5).
_NO_TIMES = {0: "not set", 0x7FFFFFFFFFFFFFFF: "never"}


class Body(Protocol):
    """What a pointer refers to: the kind of its node, and how it is read where it stands."""

    @property
    def kind(self) -> str: ...

    def read(self, pickle: Pickle, one: Deferred) -> None: ...


class Field(NamedTuple):
    """A field of fixed size: its `struct` code, the kind of its node, what its values are called, its alignment."""

    name: str
    code: str = "I"
    kind: str = INT
    names: Names = ()
    align: int = 4


class UnicodeString(NamedTuple):
    """An RPC_UNICODE_STRING (MS-DTYP 2.3.10)."""

    name: str
    body: Body


class Pointer(NamedTuple):
    """A unique pointer; where its body is an array, `counted_by` is the field that says how many items there are."""

    name: str
    body: Body
    counted_by: str = ""


class Switch(NamedTuple):
    """A union whose arm the field `on` chooses; the discriminant stands once more before the arm."""

    name: str
    on: str
    arms: Mapping[int, Structure]


class Run:
    """Fixed fields with nothing between them, read at once."""

    __slots__ = ("align", "fields", "layout", "named")

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self.align = fields[0].align
        self.layout = Layout(*[(field.name, field.code, field.kind) for field in fields])
        self.named = tuple(
            (index, field.names) for index, field in enumerate(fields) if field.names or field.kind == FILETIME
        )


class Structure:
    """Fields in order. `least` are the bytes that it takes at least."""

    __slots__ = ("least", "name", "parts")

    def __init__(self, name: str, *parts: Field | UnicodeString | Pointer | Switch) -> None:
        runs: list[Run | UnicodeString | Pointer | Switch] = []
        for part in parts:
            last = runs[-1] if runs else None
            if not isinstance(part, Field):
                runs.append(part)
            elif isinstance(last, Run) and part.align <= last.fields[-1].align:
                runs[-1] = Run(*last.fields, part)
            else:
                runs.append(Run(part))
        self.name = name
        self.parts = tuple(runs)
        self.least = sum(part.layout.size if isinstance(part, Run) else 4 for part in runs)


class Conformant(NamedTuple):
    """A structure whose last field is an array: its size stands before the structure (C706 14.3.7.2)."""

    structure: Structure
    array: str
    item: Structure
    counted_by: str


def name_value(node: Node, names: Names = ()) -> None:
    """Say what the value of a field means, by the kind that it has."""
    value = node.value
    if not isinstance(value, int):
        return
    if node.kind == FILETIME:
        node.meaning = _NO_TIMES.get(value) or filetime_text(value)
    elif node.kind == FLAGS and isinstance(names, tuple):
        node.meaning = tuple([name for mask, name in names if value & mask == mask])
    elif node.kind == ENUM and isinstance(names, Mapping):
        node.meaning = names.get(value)
