"""What an account's password leaves behind: its NT and LM hash, made when they are asked for."""

from __future__ import annotations

from .ntlm import lmowf_v1, ntowf_v1


class Secret:
    """A password, or the hashes of one. It shows neither.

    `nt_hash` and `lm_hash` are 16 bytes, or None where the account has none; each is made once, when first read.
    """

    __slots__ = ("_lm_hash", "_nt_hash", "_password")

    def __init__(
        self, password: str | None = None, *, nt_hash: bytes | None = None, lm_hash: bytes | None = None
    ) -> None:
        for given in (nt_hash, lm_hash):
            if given is not None and len(given) != 16:
                raise ValueError("a hash of a password is 16 bytes")
        self._password = password
        self._nt_hash = nt_hash
        self._lm_hash = lm_hash

    def __repr__(self) -> str:
        return "Secret(…)"

    @property
    def nt_hash(self) -> bytes | None:
        """NTOWFv1 of the password (MS-NLMP 3.3.1)."""
        if self._nt_hash is None and self._password is not None:
            self._nt_hash = ntowf_v1(self._password)
        return self._nt_hash

    @property
    def lm_hash(self) -> bytes | None:
        """LMOWFv1 of the password (MS-NLMP 3.3.1)."""
        if self._lm_hash is None and self._password is not None:
            self._lm_hash = lmowf_v1(self._password)
        return self._lm_hash
