"""The encryption types by their numbers (RFC 3961 section 8 and its registry), and why some are refused."""

from __future__ import annotations

from secctx.decoders.tables.kerberos import ENCTYPES as NAMES

from .aes_enctypes import AES128_SHA1, AES128_SHA256, AES256_SHA1, AES256_SHA384
from .camellia_enctypes import CAMELLIA128_CMAC, CAMELLIA256_CMAC
from .des3_enctype import DES3_SHA1
from .enctype import Enctype, UnsupportedEnctype
from .rc4_enctype import RC4_HMAC, RC4_HMAC_EXP

ENCTYPES: dict[int, Enctype] = {
    each.number: each
    for each in (
        DES3_SHA1,
        AES128_SHA1,
        AES256_SHA1,
        AES128_SHA256,
        AES256_SHA384,
        RC4_HMAC,
        RC4_HMAC_EXP,
        CAMELLIA128_CMAC,
        CAMELLIA256_CMAC,
    )
}

SINGLE_DES = frozenset((1, 2, 3))
_NO_SINGLE_DES = "single DES was removed from Kerberos by RFC 6649, and Windows has it off by default"
_NO_SUCH = "keys of this type cannot be used here"


def enctype(number: int) -> Enctype:
    """The encryption type of that number; UnsupportedEnctype says why there is none."""
    found = ENCTYPES.get(number)
    if found is None:
        raise UnsupportedEnctype(number, NAMES.get(number), _NO_SINGLE_DES if number in SINGLE_DES else _NO_SUCH)
    return found
