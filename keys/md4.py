"""MD4 (RFC 1320): NTLM's hash of a password. No crypto library can be counted on to have it."""

from __future__ import annotations

from struct import Struct

_BLOCK = Struct("<16I")
_STATE = Struct("<4I")
_INITIAL = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_MASK = 0xFFFFFFFF

#: RFC 1320 section 3.4: for each round its constant, the order of the words, and the shifts of four steps.
_ROUNDS = (
    (0x00000000, tuple(range(16)), (3, 7, 11, 19)),
    (0x5A827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)


def md4(data: bytes) -> bytes:
    """The 16-byte MD4 digest of `data`."""
    whole = len(data) // 64 * 64
    tail = data[whole:] + b"\x80"
    tail += bytes(-(len(tail) + 8) % 64) + (len(data) * 8 & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")
    state: tuple[int, ...] = _INITIAL
    for words in _BLOCK.iter_unpack(memoryview(data)[:whole]):
        state = _compress(state, words)
    for words in _BLOCK.iter_unpack(tail):
        state = _compress(state, words)
    return _STATE.pack(*state)


def _compress(state: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    """The state after one block of sixteen 32-bit words."""
    a, b, c, d = state
    for number, (constant, order, shifts) in enumerate(_ROUNDS):
        for step, index in enumerate(order):
            if number == 0:
                mixed = b & c | ~b & d
            elif number == 1:
                mixed = b & c | b & d | c & d
            else:
                mixed = b ^ c ^ d
            total = (a + mixed + words[index] + constant) & _MASK
            shift = shifts[step % 4]
            a, b, c, d = d, (total << shift | total >> 32 - shift) & _MASK, b, c
    return tuple((old + new) & _MASK for old, new in zip(state, (a, b, c, d), strict=True))
