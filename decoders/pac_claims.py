"""Claims in a PAC (MS-PAC 2.11 and 2.13): CLAIMS_SET_METADATA around a CLAIMS_SET, compressed or not (MS-ADTS 2.2.18).

A CLAIMS_SET that is compressed stands below ClaimsSet twice: its bytes as received in `compressed`, and in `plaintext`
what they become, whose fields have spans that count in that.
"""

from __future__ import annotations

from typing import Final

from .ndr import Pickle
from .ndr_bodies import OCTETS, TERMINATED, Array, Numbers, Strings
from .ndr_grammar import Field, Pointer, Structure, Switch
from .reading import Reading
from .tables.pac import (
    CLAIM_BOOLEAN,
    CLAIM_INT64,
    CLAIM_STRING,
    CLAIM_TYPES,
    CLAIM_UINT64,
    CLAIMS_SOURCES,
    COMPRESSION_FORMATS,
    NOT_COMPRESSED,
)
from .values import BOOL, BYTES, ENUM, PLAINTEXT, STRUCT, Node
from .xca import CorruptError, decompress

#: More is not made of compressed claims: a ticket carries some kilobytes.
MAX_CLAIMS: Final = 1 << 18

_COUNT = Field("ValueCount")
_VALUES: Final = "ValueCount"

#: MS-ADTS 2.2.18.5. Enumerations take 16 bits in NDR.
_CLAIM_ENTRY = Structure(
    "CLAIM_ENTRY",
    Pointer("Id", TERMINATED),
    Field("Type", "H", ENUM, CLAIM_TYPES, 2),
    Switch(
        "Values",
        "Type",
        {
            CLAIM_INT64: Structure("", _COUNT, Pointer("Int64Values", Numbers("q"), _VALUES)),
            CLAIM_UINT64: Structure("", _COUNT, Pointer("Uint64Values", Numbers("Q"), _VALUES)),
            CLAIM_STRING: Structure("", _COUNT, Pointer("StringValues", Strings(counted=False), _VALUES)),
            CLAIM_BOOLEAN: Structure("", _COUNT, Pointer("BooleanValues", Numbers("Q", BOOL), _VALUES)),
        },
    ),
)
#: MS-ADTS 2.2.18.6.
_CLAIMS_ARRAY = Structure(
    "CLAIMS_ARRAY",
    Field("usClaimsSourceType", "H", ENUM, CLAIMS_SOURCES, 2),
    Field("ulClaimsCount"),
    Pointer("ClaimEntries", Array(_CLAIM_ENTRY), "ulClaimsCount"),
)
_RESERVED = (
    Field("usReservedType", "H", align=2),
    Field("ulReservedFieldSize"),
    Pointer("ReservedField", OCTETS, "ulReservedFieldSize"),
)
#: MS-ADTS 2.2.18.7.
CLAIMS_SET = Structure(
    "CLAIMS_SET",
    Field("ulClaimsArrayCount"),
    Pointer("ClaimsArrays", Array(_CLAIMS_ARRAY), "ulClaimsArrayCount"),
    *_RESERVED,
)


#: MS-ADTS 2.2.18.8.
CLAIMS_SET_METADATA = Structure(
    "CLAIMS_SET_METADATA",
    Field("ulClaimsSetSize"),
    Pointer("ClaimsSet", OCTETS, "ulClaimsSetSize"),
    Field("usCompressionFormat", "H", ENUM, COMPRESSION_FORMATS, 2),
    Field("ulUncompressedClaimsSetSize"),
    *_RESERVED,
)


def read_claims(reading: Reading, node: Node, start: int, stop: int) -> None:
    """Make `node` CLAIMS_SET_METADATA with the claims opened, where they can be."""
    Pickle(reading, start, stop).read(node, CLAIMS_SET_METADATA)
    claims, form, size = (
        node.child(name) for name in ("ClaimsSet", "usCompressionFormat", "ulUncompressedClaimsSetSize")
    )
    if claims is None or form is None or size is None or not isinstance(claims.value, bytes) or not claims.value:
        return
    kind, announced = form.value, size.value
    if not isinstance(kind, int) or not isinstance(announced, int):
        return
    if kind == NOT_COMPRESSED:
        claims.value = None
        Pickle(reading, claims.start, claims.stop).read(claims, CLAIMS_SET)
        if claims.stop - claims.start != announced:
            wanted = f"{claims.stop - claims.start} bytes, as ClaimsSet has"
            reading.fail("length", size, size.start, wanted, f"{announced}")
    elif form.meaning is None:
        reading.fail("value", form, form.start, "a known compression", f"{kind}")
    else:
        _open_compressed(reading, claims, claims.value, kind, announced)


def _open_compressed(reading: Reading, claims: Node, raw: bytes, form: int, size: int) -> None:
    if size > MAX_CLAIMS:
        claims.meaning = f"not decompressed: {size} bytes are more than {MAX_CLAIMS}"
        return
    try:
        data = decompress(form, raw, size)
    except CorruptError as error:
        reading.fail("value", claims, claims.start, f"{size} bytes, compressed", str(error))
        return
    inside = Reading(data, reading.open_token)
    plain = Node("plaintext", claims.start, claims.stop, PLAINTEXT, data)
    compressed = Node("compressed", claims.start, claims.stop, BYTES, raw)
    claims.kind, claims.value, claims.children = STRUCT, None, (compressed, plain)
    holder = Node("", 0, size, STRUCT)
    Pickle(inside, 0, size).read(holder, CLAIMS_SET)
    plain.children, claims.meaning = holder.children, holder.meaning
    problem = inside.finish(holder)
    if problem is not None:
        where = f"{problem.found}, at {problem.offset} of what was decompressed"
        reading.fail(problem.kind, plain, plain.start, problem.expected, where, field=problem.path)
