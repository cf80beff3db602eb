"""The MIC and Wrap tokens of RFC 1964 (section 1.2), with triple DES and, by RFC 4757 section 7, with RC4.

Triple DES came to the form without an RFC: SGN_ALG 04 00 is the whole HMAC-SHA1 of RFC 3961, SEAL_ALG 02 00 triple DES
in CBC mode under the key itself. All functions are stateless; those that read return the sequence number found.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final, NamedTuple, Protocol

from secctx.decoders.der import announced_end, contents_at
from secctx.decoders.encoding import tagged

from .block_ciphers import DES3
from .ciphers import hmac_md5, rc4k
from .context_keys import ContextKeys, Role, TokenError
from .enctype import LengthError, UnsupportedEnctype
from .kerberos_key import Key
from .rc4_enctype import hmac_md5_checksum

_MIC: Final = b"\x01\x01"
_WRAP: Final = b"\x02\x01"
_NOT_SEALED: Final = b"\xff\xff"
#: DER of 1.2.840.113554.1.2.2, the only mechanism here: nothing signs these bytes, so no others will do.
_MECHANISM: Final = bytes.fromhex("06092a864886f712010202")
_FRAMING: Final = 0x60

#: TOK_ID, SGN_ALG, SEAL_ALG and filler: what is signed of the header. Behind it stands the encrypted SND_SEQ.
_SIGNED: Final = 8
_NUMBER: Final = 8
CONFOUNDER: Final = 8
#: The direction indicators of RFC 1964 section 1.2.1.2, as they stand behind the sequence number.
_DIRECTIONS: Final[dict[Role, bytes]] = {"initiator": bytes(4), "acceptor": b"\xff" * 4}

#: Key usage of a signature with triple DES, and the salts of RFC 4757 sections 7.2 and 7.3.
_SIGN_USAGE: Final = 23
_MIC_SALT, _WRAP_SALT = 15, 13
_FORTY_BITS: Final = b"fortybits\0"
_EXPORT: Final = 24


class _Algorithm(Protocol):
    """What a key's type signs, seals and hides the sequence number with."""

    signing: bytes
    sealing: bytes
    checksum_size: int
    padding: int

    def checksum(self, key: Key, token_id: bytes, signed: bytes) -> bytes:
        """SGN_CKSUM."""

    def hide(self, key: Key, checksum: bytes, number: int, direction: bytes) -> bytes:
        """SND_SEQ."""

    def reveal(self, key: Key, checksum: bytes, hidden: bytes) -> tuple[int, bytes]:
        """The sequence number and the direction in a SND_SEQ."""

    def seal(self, key: Key, number: int, text: bytes) -> bytes:
        """Confounder, data and padding encrypted."""

    def open(self, key: Key, number: int, data: bytes) -> bytes:
        """The inverse of `seal`."""


class _Des3:
    signing, sealing = b"\x04\x00", b"\x02\x00"
    checksum_size = 20
    padding = 8

    def checksum(self, key: Key, token_id: bytes, signed: bytes) -> bytes:
        return key.checksum(_SIGN_USAGE, signed)

    # One block in CBC mode, for which the checksum's first block is the initial vector.
    def hide(self, key: Key, checksum: bytes, number: int, direction: bytes) -> bytes:
        return DES3.cbc_encrypt(key.value, _xor(number.to_bytes(4, "little") + direction, checksum))

    def reveal(self, key: Key, checksum: bytes, hidden: bytes) -> tuple[int, bytes]:
        plain = _xor(DES3.cbc_decrypt(key.value, hidden), checksum)
        return int.from_bytes(plain[:4], "little"), plain[4:]

    def seal(self, key: Key, number: int, text: bytes) -> bytes:
        return DES3.cbc_encrypt(key.value, text)

    def open(self, key: Key, number: int, data: bytes) -> bytes:
        if len(data) % self.padding:
            raise TokenError("length", "sealed data of a multiple of 8 bytes", f"{len(data)}")
        return DES3.cbc_decrypt(key.value, data)


class _Rc4:
    signing, sealing = b"\x11\x00", b"\x10\x00"
    checksum_size = 8
    padding = 1

    def checksum(self, key: Key, token_id: bytes, signed: bytes) -> bytes:
        salt = _MIC_SALT if token_id == _MIC else _WRAP_SALT
        return hmac_md5_checksum(key.value, salt, signed)[: self.checksum_size]

    def hide(self, key: Key, checksum: bytes, number: int, direction: bytes) -> bytes:
        return rc4k(_message_key(key.etype, key.value, checksum), number.to_bytes(4, "big") + direction)

    def reveal(self, key: Key, checksum: bytes, hidden: bytes) -> tuple[int, bytes]:
        plain = rc4k(_message_key(key.etype, key.value, checksum), hidden)
        return int.from_bytes(plain[:4], "big"), plain[4:]

    def seal(self, key: Key, number: int, text: bytes) -> bytes:
        turned = bytes(byte ^ 0xF0 for byte in key.value)
        return rc4k(_message_key(key.etype, turned, number.to_bytes(4, "big")), text)

    def open(self, key: Key, number: int, data: bytes) -> bytes:
        return self.seal(key, number, data)


def _message_key(etype: int, key: bytes, message: bytes) -> bytes:
    """Kseq and Kcrypt of RFC 4757 sections 7.2 and 7.3, in the export variant with 56 of their bits."""
    if etype == _EXPORT:
        return hmac_md5(hmac_md5(key, _FORTY_BITS + bytes(4))[:7] + b"\xab" * 9, message)
    return hmac_md5(hmac_md5(key, bytes(4)), message)


def _xor(block: bytes, with_: bytes) -> bytes:
    return bytes(one ^ two for one, two in zip(block, with_[: len(block)], strict=True))


_ALGORITHMS: Final[dict[int, _Algorithm]] = {16: _Des3(), 23: _Rc4(), _EXPORT: _Rc4()}
#: The encryption types whose contexts use this form; so did single DES, which nothing here works with.
ETYPES: Final = frozenset(_ALGORITHMS)


def algorithm(key: Key) -> _Algorithm:
    """The algorithms of a context's key; UnsupportedEnctype where there are none."""
    found = _ALGORITHMS.get(key.etype)
    if found is None:
        raise UnsupportedEnctype(key.etype, None, "no tokens of RFC 1964 are made with it here")
    return found


def sign(keys: ContextKeys, sender: Role, number: int, data: bytes) -> bytes:
    """The MIC token of `data` (section 1.2.1)."""
    key, made = keys.key, algorithm(keys.key)
    header = _MIC + made.signing + b"\xff" * 4
    checksum = made.checksum(key, _MIC, header + data)
    return _framed(header + made.hide(key, checksum, number, _DIRECTIONS[sender]) + checksum)


def verify(keys: ContextKeys, sender: Role, data: bytes, mic: bytes) -> int:
    """The sequence number of a MIC that `sender` made of `data`; TokenError where it did not."""
    key, made = keys.key, algorithm(keys.key)
    token = _read(mic, _MIC, made)
    if token.stop != len(mic) or token.rest:
        raise TokenError("length", f"a MIC of {token.stop - len(token.rest)} bytes", f"{len(mic)}")
    _check(keys, made, _MIC, token, token.signed + data)
    number, direction = made.reveal(key, token.checksum, token.hidden)
    _check_direction(sender, direction)
    return number


def wrap(
    keys: ContextKeys, sender: Role, number: int, data: bytes, sealed: bool, confounder: bytes, dce_style: bool
) -> bytes:
    """The Wrap token of `data` (section 1.2.2), which takes 8 random bytes.

    With `dce_style` the data are not padded, and the framing's length leaves them out (MS-KILE 3.4.5.4.1).
    """
    key, made = keys.key, algorithm(keys.key)
    if len(confounder) != CONFOUNDER:
        raise LengthError("a confounder", f"{CONFOUNDER} bytes", len(confounder))
    if not dce_style:
        count = made.padding - len(data) % made.padding
        data += bytes((count,)) * count
    elif len(data) % made.padding:
        raise LengthError("data in DCE_STYLE", f"a multiple of {made.padding} bytes", len(data))
    header = _WRAP + made.signing + (made.sealing if sealed else _NOT_SEALED) + b"\xff" * 2
    text = confounder + data
    checksum = made.checksum(key, _WRAP, header + text)
    head = header + made.hide(key, checksum, number, _DIRECTIONS[sender]) + checksum
    if sealed:
        text = made.seal(key, number, text)
    return _framed(head + text[:CONFOUNDER]) + text[CONFOUNDER:] if dce_style else _framed(head + text)


def unwrap(keys: ContextKeys, sender: Role, token: bytes, dce_style: bool) -> tuple[bytes, bool, int]:
    """What `sender` wrapped, whether it was sealed, and the sequence number; TokenError where it does not fit.

    Nothing signs the framing. So its length may leave the data out with `dce_style` alone.
    """
    key, made = keys.key, algorithm(keys.key)
    found = _read(token, _WRAP, made)
    outside = dce_style and len(found.rest) == CONFOUNDER
    if found.stop != len(token) and not outside:
        raise TokenError("length", f"a token of {found.stop} bytes, as its framing says", f"{len(token)}")
    text = found.rest + token[found.stop :]
    if len(text) < CONFOUNDER + (not outside):
        raise TokenError("length", "a confounder and data with padding", f"{len(text)} bytes")
    number, direction = made.reveal(key, found.checksum, found.hidden)
    sealed = found.sealing != _NOT_SEALED
    if sealed:
        text = made.open(key, number, text)
    _check(keys, made, _WRAP, found, found.signed + text)
    _check_direction(sender, direction)
    data = text[CONFOUNDER:]
    return (data if outside else _unpadded(data)), sealed, number


class _Token(NamedTuple):
    """A token taken apart: `rest` is what follows SGN_CKSUM inside the framing, which ends at `stop`."""

    signed: bytes
    sealing: bytes
    hidden: bytes
    checksum: bytes
    rest: bytes
    stop: int


def _framed(inner: bytes) -> bytes:
    return tagged(_FRAMING, _MECHANISM + inner)


def _read(data: bytes, token_id: bytes, made: _Algorithm) -> _Token:
    """The fields of a token of that id, what is constant in them checked."""
    name = "a MIC" if token_id == _MIC else "a Wrap token"
    if data[:1] != bytes((_FRAMING,)):
        found = data[:2].hex(" ") or "no bytes"
        if data[:2] in (b"\x04\x04", b"\x05\x04"):
            found += ", a token of RFC 4121: made with another type of key"
        raise TokenError("token", f"60, the framing of {name} of RFC 1964", found)
    stop, at = announced_end(data), contents_at(data, 0)
    if stop is None or stop > len(data):
        raise TokenError("length", "framing that ends in the token", f"{len(data)} bytes")
    inner = data[at:stop]
    if not inner.startswith(_MECHANISM):
        raise TokenError("token", "the mechanism 1.2.840.113554.1.2.2", inner[: len(_MECHANISM)].hex(" "))
    inner = inner[len(_MECHANISM) :]
    least = _SIGNED + _NUMBER + made.checksum_size
    if len(inner) < least:
        raise TokenError("length", f"{least} bytes behind the mechanism, or more", f"{len(inner)}")
    if inner[:2] != token_id:
        raise TokenError("token", f"{token_id.hex(' ')}, {name} of RFC 1964", inner[:2].hex(" "))
    if inner[2:4] != made.signing:
        raise TokenError("algorithm", f"SGN_ALG {made.signing.hex(' ')}", inner[2:4].hex(" "))
    sealing = inner[4:6] if token_id == _WRAP else _NOT_SEALED
    if sealing not in (made.sealing, _NOT_SEALED):
        raise TokenError("algorithm", f"SEAL_ALG {made.sealing.hex(' ')} or ff ff", sealing.hex(" "))
    filler = inner[6:8] if token_id == _WRAP else inner[4:8]
    if filler.strip(b"\xff"):
        raise TokenError("filler", "ff", filler.hex(" "))
    number = _SIGNED + _NUMBER
    return _Token(inner[:_SIGNED], sealing, inner[_SIGNED:number], inner[number:least], inner[least:], stop)


def _check(keys: ContextKeys, made: _Algorithm, token_id: bytes, token: _Token, signed: bytes) -> None:
    """Hold SGN_CKSUM to the context's key."""
    if not compare_digest(made.checksum(keys.key, token_id, signed), token.checksum):
        name = next(keys.named())[0]
        raise TokenError("checksum", f"one made with {name}", "another: another key, or altered bytes")


def _check_direction(sender: Role, direction: bytes) -> None:
    if direction != _DIRECTIONS[sender]:
        expected = f"{_DIRECTIONS[sender].hex(' ')}, sent by the {sender}"
        raise TokenError("direction", expected, direction.hex(" "))


def _unpadded(data: bytes) -> bytes:
    """Section 1.2.2.3: 1 to 8 bytes of padding, each with their number."""
    count = data[-1]
    if not 1 <= count <= min(8, len(data)) or data[-count:] != bytes((count,)) * count:
        raise TokenError("padding", "1 to 8 bytes with their number in each", data[-8:].hex(" "))
    return data[:-count]
