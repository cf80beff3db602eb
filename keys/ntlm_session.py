"""Message integrity and confidentiality after an NTLM logon (MS-NLMP 3.4), for both ends."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any, Final, Literal
from zlib import crc32

from secctx.decoders.tables.ntlm import EXTENDED_SESSIONSECURITY, KEY_EXCH

from . import ntlm
from .ciphers import FURTHEST, Rc4, hmac_md5, md5

Role = Literal["client", "server"]
#: Where one direction stands: bytes of RC4 keystream used, and the next sequence number.
Place = tuple[int, int]

_VERSION: Final = b"\1\0\0\0"
#: What stands in place of a signature where ALWAYS_SIGN is negotiated without SIGN (MS-NLMP 2.2.2.5, bit M).
DUMMY_SIGNATURE: Final = _VERSION + bytes(12)
_DIRECTIONS = {"client": b"client-to-server", "server": b"server-to-client"}
_WRAP = 1 << 32


def sign_key(flags: int, exported_key: bytes, sender: Role) -> bytes | None:
    """SIGNKEY (MS-NLMP 3.4.5.2), 16 bytes, for what `sender` sends; None without extended session security."""
    if not flags & EXTENDED_SESSIONSECURITY:
        return None
    return md5(exported_key + b"session key to %s signing key magic constant\0" % _DIRECTIONS[sender])


def seal_key(flags: int, exported_key: bytes, sender: Role) -> bytes:
    """SEALKEY (MS-NLMP 3.4.5.3) for what `sender` sends: 16 bytes; 8 where LM_KEY or DATAGRAM weakens it.

    Without extended session security both ends seal with the same key.
    """
    if flags & EXTENDED_SESSIONSECURITY:
        strength = 16 if flags & ntlm.NEGOTIATE_128 else 7 if flags & ntlm.NEGOTIATE_56 else 5
        magic = b"session key to %s sealing key magic constant\0" % _DIRECTIONS[sender]
        return md5(exported_key[:strength] + magic)
    if flags & (ntlm.LM_KEY | ntlm.DATAGRAM):
        return exported_key[:7] + b"\xa0" if flags & ntlm.NEGOTIATE_56 else exported_key[:5] + b"\xe5\x38\xb0"
    return exported_key


class _Direction:
    """What one sender's messages need: its signing key, its RC4 stream, its next sequence number."""

    __slots__ = ("number", "sign_key", "stream")

    def __init__(self, flags: int, exported_key: bytes, sender: Role) -> None:
        self.sign_key = sign_key(flags, exported_key, sender)
        self.stream = Rc4(seal_key(flags, exported_key, sender))
        self.number = 0

    def place(self) -> Place:
        return self.stream.position, self.number

    def go(self, place: Place) -> None:
        self.stream.position, self.number = place


class NtlmSession:
    """The security context after the logon: signs and seals what `role` sends, verifies and unseals what it receives.

    Messages have to come in order: each call goes on by one sequence number and by the RC4 keystream it used. One that
    fails leaves the session where it was. `flags` is the NegotiateFlags of the AUTHENTICATE_MESSAGE, `exported_key`
    the ExportedSessionKey. Without extended session security both directions share one RC4 stream and one sequence.
    """

    __slots__ = ("_exported_key", "_incoming", "_outgoing", "flags", "role")

    def __init__(self, flags: int, exported_key: bytes, role: Role = "server") -> None:
        if len(exported_key) != 16:
            raise ValueError("an ExportedSessionKey is 16 bytes")
        self.flags = flags
        self.role: Role = role
        self._exported_key = exported_key
        self._outgoing = _Direction(flags, exported_key, role)
        if flags & EXTENDED_SESSIONSECURITY:
            self._incoming = _Direction(flags, exported_key, "client" if role == "server" else "server")
        else:
            self._incoming = self._outgoing

    def __repr__(self) -> str:
        places = f"sent={self._outgoing.place()}, received={self._incoming.place()}"
        return f"NtlmSession(flags=0x{self.flags:08x}, role={self.role!r}, {places})"

    @property
    def integrity(self) -> bool:
        """Whether signatures protect anything: SIGN or SEAL is negotiated; without them they are a constant."""
        return self.flags & (ntlm.SIGN | ntlm.SEAL) != 0

    def sign(self, message: bytes) -> bytes:
        """The 16-byte NTLMSSP_MESSAGE_SIGNATURE of what we send (MS-NLMP 3.4.4)."""
        return self._mac(self._outgoing, message) if self.integrity else DUMMY_SIGNATURE

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is the peer's, for this message and at this place of the sequence."""
        if not self.integrity:
            return compare_digest(signature, DUMMY_SIGNATURE)
        place = self._incoming.place()
        if self._same(self._mac(self._incoming, message), signature):
            return True
        self._incoming.go(place)
        return False

    def seal(self, message: bytes) -> tuple[bytes, bytes]:
        """The message encrypted, and its signature (MS-NLMP 3.4.3)."""
        sealed = self._outgoing.stream.crypt(message)
        return sealed, self._mac(self._outgoing, message)

    def unseal(self, sealed: bytes, signature: bytes) -> bytes | None:
        """The message that the peer sealed; None where its signature does not verify."""
        place = self._incoming.place()
        message = self._incoming.stream.crypt(sealed)
        if self._same(self._mac(self._incoming, message), signature):
            return message
        self._incoming.go(place)
        return None

    def _mac(self, way: _Direction, message: bytes) -> bytes:
        """MAC (MS-NLMP 3.4.4.1 without extended session security, 3.4.4.2 with it), and one message further."""
        number = way.number.to_bytes(4, "little")
        if way.sign_key is not None:
            checksum = hmac_md5(way.sign_key, number + message)[:8]
            if self.flags & KEY_EXCH:
                checksum = way.stream.crypt(checksum)
            signature = _VERSION + checksum + number
        else:
            clear = bytes(4) + crc32(message).to_bytes(4, "little") + number
            signature = _VERSION + bytes(4) + way.stream.crypt(clear)[4:]
        way.number = (way.number + 1) % _WRAP
        return signature

    def _same(self, expected: bytes, signature: bytes) -> bool:
        """Without extended session security the four bytes of RandomPad say nothing."""
        if not self.flags & EXTENDED_SESSIONSECURITY and len(signature) == 16:
            signature = signature[:4] + bytes(4) + signature[8:]
        return compare_digest(expected, signature)

    def mark(self) -> tuple[int, int]:
        """The RC4 states of both directions, to be taken before a mechListMIC is made or verified."""
        return self._outgoing.stream.position, self._incoming.stream.position

    def rewind(self, mark: tuple[int, int]) -> None:
        """Restore the RC4 states after it (MS-SPNG 3.2.5.1). The sequence numbers stay: the MIC has used one."""
        self._outgoing.stream.position, self._incoming.stream.position = mark

    def save(self) -> dict[str, Any]:
        """The whole session as what JSON can hold, for another process to go on from. It holds the session's key."""
        return {
            "flags": self.flags,
            "role": self.role,
            "key": self._exported_key.hex(),
            "sent": list(self._outgoing.place()),
            "received": list(self._incoming.place()),
        }

    @classmethod
    def restore(cls, saved: object) -> NtlmSession:
        """The session that `save` wrote; ValueError where it did not write this."""
        match saved:
            case {
                "flags": int(flags),
                "role": "client" | "server" as role,
                "key": str(key),
                "sent": [int(sent), int(sent_number)],
                "received": [int(received), int(received_number)],
            } if all(0 <= count < _WRAP for count in (flags, sent_number, received_number)) and all(
                0 <= position <= FURTHEST for position in (sent, received)
            ):
                session = cls(flags, bytes.fromhex(key), role)
                session._outgoing.go((sent, sent_number))
                session._incoming.go((received, received_number))
                return session
        raise ValueError("not the saved state of an NTLM session")
