"""The MIC and Wrap tokens of RFC 4121 (section 4.2), and what Windows makes of them (MS-KILE 3.4.5.4.1).

All functions are stateless. Those that read return the sequence number found, which nothing here judges.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import Final, NamedTuple

from .context_keys import ContextKeys, Misfit, Role, TokenError
from .enctype import IntegrityError, KerberosCryptoError
from .kerberos_key import Key

HEADER: Final = 16
_MIC: Final = b"\x04\x04"
_WRAP: Final = b"\x05\x04"
_FRAMED: Final = 0x60

_BY_ACCEPTOR, _SEALED, _ACCEPTOR_SUBKEY = 1, 2, 4

#: Key usage numbers (section 2).
ACCEPTOR_SEAL, ACCEPTOR_SIGN, INITIATOR_SEAL, INITIATOR_SIGN = 22, 23, 24, 25
_USAGES: Final = {
    ACCEPTOR_SEAL: "acceptor seal",
    ACCEPTOR_SIGN: "acceptor sign",
    INITIATOR_SEAL: "initiator seal",
    INITIATOR_SIGN: "initiator sign",
}


def _sign_usage(sender: Role) -> int:
    return ACCEPTOR_SIGN if sender == "acceptor" else INITIATOR_SIGN


def _seal_usage(sender: Role) -> int:
    """The usage of a Wrap token, sealed or not."""
    return ACCEPTOR_SEAL if sender == "acceptor" else INITIATOR_SEAL


class _Header(NamedTuple):
    """The 16 bytes before the data; EC and RRC stand in Wrap tokens alone."""

    token_id: bytes
    flags: int
    number: int
    extra: int = 0
    rotation: int = 0

    def write(self) -> bytes:
        if self.token_id == _MIC:
            middle = b"\xff" * 5
        else:
            middle = b"\xff" + self.extra.to_bytes(2, "big") + self.rotation.to_bytes(2, "big")
        return self.token_id + bytes((self.flags,)) + middle + self.number.to_bytes(8, "big")


def _flags(keys: ContextKeys, sender: Role, sealed: bool = False) -> int:
    flags = _BY_ACCEPTOR if sender == "acceptor" else 0
    return flags | (_SEALED if sealed else 0) | (_ACCEPTOR_SUBKEY if keys.acceptor_subkey is not None else 0)


def sign(keys: ContextKeys, sender: Role, number: int, data: bytes) -> bytes:
    """The MIC token of `data` (section 4.2.6.1)."""
    header = _Header(_MIC, _flags(keys, sender), number).write()
    return header + keys.key.checksum(_sign_usage(sender), data + header)


def verify(keys: ContextKeys, sender: Role, data: bytes, mic: bytes) -> int:
    """The sequence number of a MIC that `sender` made of `data`; TokenError where it did not."""
    header = _read_header(keys, sender, mic, _MIC)
    if header.flags & _SEALED:
        raise TokenError("flag", "no Sealed in a MIC", f"flags 0x{header.flags:02x}")
    signed = data + mic[:HEADER]
    _check(keys, _sign_usage(sender), lambda key, usage: key.verify(usage, signed, mic[HEADER:]))
    return header.number


def confounder_size(keys: ContextKeys, sealed: bool) -> int:
    """How many random bytes a Wrap token takes."""
    return keys.key.enctype.confounder_size if sealed else 0


def wrap(
    keys: ContextKeys, sender: Role, number: int, data: bytes, sealed: bool, confounder: bytes, dce_style: bool
) -> bytes:
    """The Wrap token of `data` (section 4.2.6.2).

    With `dce_style` it is rotated as Windows has it, all that is no data to the front, which takes 16 bytes of filler
    where it is sealed, and a rotation count that leaves those out.
    """
    key, usage, flags = keys.key, _seal_usage(sender), _flags(keys, sender, sealed)
    kind = key.enctype
    if sealed:
        extra = 16 if dce_style else 0
        copied = _Header(_WRAP, flags, number, extra).write()
        body = key.encrypt(usage, data + b"\xff" * extra + copied, confounder)
        rotation = HEADER + kind.mac_size if dce_style else 0
        turn = rotation + extra
    else:
        signed = _Header(_WRAP, flags, number).write()
        body = data + key.checksum(usage, data + signed)
        extra = kind.mac_size
        turn = rotation = extra if dce_style else 0
    return _Header(_WRAP, flags, number, extra, rotation).write() + _turned_right(body, turn)


def unwrap(keys: ContextKeys, sender: Role, token: bytes, dce_style: bool) -> tuple[bytes, bool, int]:
    """What `sender` wrapped, whether it was sealed, and the sequence number; TokenError where it does not fit."""
    header = _read_header(keys, sender, token, _WRAP)
    if header.flags & _SEALED:
        return _unseal(keys, sender, token, header, dce_style), True, header.number
    size = keys.key.enctype.mac_size
    if header.extra != size:
        raise TokenError("length", f"an EC of {size}, a checksum's length", f"{header.extra}")
    body = _turned_left(token[HEADER:], header.rotation)
    if len(body) < size:
        raise TokenError("length", f"a token of {HEADER + size} bytes or more", f"{len(token)}")
    data, checksum = body[:-size], body[-size:]
    signed = data + header._replace(extra=0, rotation=0).write()
    _check(keys, _seal_usage(sender), lambda key, usage: key.verify(usage, signed, checksum))
    return data, False, header.number


def _unseal(keys: ContextKeys, sender: Role, token: bytes, header: _Header, dce_style: bool) -> bytes:
    """The data of a sealed token.

    Windows, in DCE_STYLE, turns by EC more than RRC says (MS-KILE 3.4.5.4.1); what was turned otherwise is no
    ciphertext, so the other count may be tried too.
    """
    turns = {header.rotation: None, header.rotation + header.extra: None}
    bodies = [_turned_left(token[HEADER:], turn) for turn in (reversed(turns) if dce_style else turns)]
    opened: list[bytes] = []

    def opens(key: Key, usage: int) -> bool:
        for body in bodies:
            try:
                opened.append(key.decrypt(usage, body))
            except IntegrityError:
                continue
            return True
        return False

    kind = keys.key.enctype
    least = HEADER + kind.confounder_size + header.extra + HEADER + kind.mac_size
    if len(token) < least:
        raise TokenError("length", f"a token of {least} bytes or more", f"{len(token)}")
    _check(keys, _seal_usage(sender), opens)
    plain = opened[0]
    copied, wanted = plain[-HEADER:], header._replace(rotation=0).write()
    # RRC of the copy is the one field that means nothing; EC is what tells the filler from the data.
    if not compare_digest(copied[:6] + copied[8:], wanted[:6] + wanted[8:]):
        raise TokenError("copy", f"the header again in the encrypted text, {wanted.hex()}", copied.hex())
    return plain[: -HEADER - header.extra]


def _read_header(keys: ContextKeys, sender: Role, token: bytes, token_id: bytes) -> _Header:
    """The header, its constant bytes, direction and key flag checked against the context."""
    name = "a MIC" if token_id == _MIC else "a Wrap token"
    if token[:2] != token_id:
        found = token[:2].hex(" ") or "no bytes"
        if token[:1] == bytes((_FRAMED,)):
            found += ", the framing of RFC 1964: made with a key of DES, DES3 or RC4"
        raise TokenError("token", f"{token_id.hex(' ')}, {name} of RFC 4121", found)
    if len(token) < HEADER:
        raise TokenError("length", f"a header of {HEADER} bytes", f"{len(token)}")
    filler = token[3:8] if token_id == _MIC else token[3:4]
    if filler.strip(b"\xff"):
        raise TokenError("filler", "ff", filler.hex(" "))
    flags = token[2]
    by: Role = "acceptor" if flags & _BY_ACCEPTOR else "initiator"
    if by != sender:
        raise TokenError("direction", f"{name} of the {sender}", f"one of the {by} (flags 0x{flags:02x})")
    if bool(flags & _ACCEPTOR_SUBKEY) != (keys.acceptor_subkey is not None):
        expected = "AcceptorSubkey, as the acceptor asserted a subkey"
        if keys.acceptor_subkey is None:
            expected = "no AcceptorSubkey, as the acceptor asserted no subkey"
        raise TokenError("flag", expected, f"flags 0x{flags:02x}")
    if token_id == _MIC:
        return _Header(token_id, flags, int.from_bytes(token[8:16], "big"))
    extra, rotation = int.from_bytes(token[4:6], "big"), int.from_bytes(token[6:8], "big")
    return _Header(token_id, flags, int.from_bytes(token[8:16], "big"), extra, rotation)


def _check(keys: ContextKeys, usage: int, fits: Callable[[Key, int], bool]) -> None:
    """Hold a token to the context's key and that usage; TokenError says which other ones it fits."""
    if fits(keys.key, usage):
        return
    wanted = f"{next(keys.named())[0]} and key usage {usage} ({_USAGES[usage]})"
    for name, key in keys.named():
        for tried, purpose in _USAGES.items():
            if _quietly(fits, key, tried):
                kind: Misfit = "key usage" if key is keys.key else "key"
                raise TokenError(kind, wanted, f"{name} and key usage {tried} ({purpose})")
    raise TokenError("checksum", f"one made with {wanted}", "another: another key, or altered bytes")


def _quietly(fits: Callable[[Key, int], bool], key: Key, usage: int) -> bool:
    """Whether it fits a key that may be of a type without use here."""
    try:
        return fits(key, usage)
    except KerberosCryptoError:
        return False


def _turned_right(data: bytes, count: int) -> bytes:
    """Section 4.2.5: the last `count` bytes before the rest, any number of times round."""
    return _turned_left(data, -count)


def _turned_left(data: bytes, count: int) -> bytes:
    count %= len(data) or 1
    return data[count:] + data[:count]
