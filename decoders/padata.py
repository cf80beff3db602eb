"""What PA-DATA, TYPED-DATA and the e-data of errors hold (RFC 4120 5.2.7 and 5.9.1, MS-KILE 2.2): by type or by tags.

An empty value of PA-DATA is usual: the KDC offers the type, or the client asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .grammar import opens
from .kerberos_asn1 import KerbErrorData, KRBError, MethodData, PAData, TypedData, TypedDataItem
from .opening import expected, fits, inside, open_as
from .padata_plain import open_extended_error
from .reading import Reading
from .values import Node


def _number(siblings: Sequence[Node], name: str) -> int | None:
    """The type that stands before the value; None where it is missing or no number."""
    value = siblings[-1].value if siblings and siblings[-1].name == name else None
    return value if isinstance(value, int) else None


@opens(PAData, "padata-value")
def _open_padata(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    kind = _number(siblings, "padata-type")
    if kind is None or body >= min(end, reading.end):
        return False
    from .padata_types import open_value  # a hundred types that a token without PA-DATA does not pay for

    return open_value(reading, node, kind, body, end)


@opens(TypedDataItem, "data-value")
def _open_typed_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    kind = _number(siblings, "data-type")
    if kind is None or body >= min(end, reading.end):
        return False
    from .padata_types import open_typed

    return open_typed(reading, node, kind, body, end)


#: Errors whose e-data is METHOD-DATA: KDC_ERR_PREAUTH_FAILED, _PREAUTH_REQUIRED, _MORE_PREAUTH_DATA_REQUIRED.
_WITH_METHODS: Final = (24, 25, 91)


@opens(KRBError, "e-data")
def open_e_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """METHOD-DATA, TYPED-DATA (RFC 4120 5.9.1) or KERB-ERROR-DATA (MS-KILE 2.2.2), by their own tags."""
    code = next((field.value for field in siblings if field.name == "error-code"), None)
    if fits(reading, MethodData, body, end):
        fields = inside(reading, body, end)
        if 0xA1 in fields:
            return open_as(reading, node, KerbErrorData, body, end)
        first = next(iter(inside(reading, fields[0x30], end)), -1) if 0x30 in fields else -1
        if first in (0xA0, 0xA1):
            return open_as(reading, node, MethodData if first == 0xA1 else TypedData, body, end)
        if code in _WITH_METHODS and not fields and end - body == 2:
            return open_as(reading, node, MethodData, body, end)
    if code in _WITH_METHODS:
        return expected(reading, node, MethodData, body, end, strict=False)
    return False


@opens(KerbErrorData, "data-value")
def _open_error_data(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if siblings and siblings[0].value == 3:
        return open_extended_error(reading, node, body, end)
    return False
