"""NTLM messages made by hand, with another implementation's cryptography, and the acceptor that they are given to.

A `Client` says what Windows' client would, unless told otherwise; what it is told can be what no client would say.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from spnego._ntlm_raw import crypto
from spnego._ntlm_raw.md4 import md4
from spnego._ntlm_raw.security import seal, sign

from secctx.acceptor.acceptor import Acceptor
from secctx.acceptor.context import Context
from secctx.acceptor.context_document import dump, load
from secctx.acceptor.mechanism import Mechanism
from secctx.acceptor.negotiate import Negotiate
from secctx.acceptor.values import Credentials, Request, Server, Step, World
from secctx.cli.errors import Refusal
from secctx.cli.main import secctx
from secctx.keys.users import parse_users

from .der import NTLM, neg_token_init, neg_token_resp, tlv

UNICODE, OEM, REQUEST_TARGET = 0x1, 0x2, 0x4
SIGN, SEAL, DATAGRAM, LM_KEY, NTLM_FLAG = 0x10, 0x20, 0x40, 0x80, 0x200
ANONYMOUS, ALWAYS_SIGN, DOMAIN_TYPE, SERVER_TYPE = 0x800, 0x8000, 0x10000, 0x20000
ESS, IDENTIFY, NON_NT, TARGET_INFO = 0x80000, 0x100000, 0x400000, 0x800000
VERSION_FLAG, KEY_128, KEY_EXCH, KEY_56 = 0x2000000, 0x20000000, 0x40000000, 0x80000000

#: What Windows asks for in a NEGOTIATE_MESSAGE when the application wants everything.
WANTED = 0xE20882B7
#: The same of one who wants neither to sign nor to seal.
PLAIN = WANTED & ~(SIGN | SEAL)
VERSION = bytes.fromhex("0a00614a0000000f")

COMPUTER, DOMAIN, DNS_COMPUTER, DNS_DOMAIN, TREE, AV_FLAGS, TIME, _, TARGET, BINDINGS = range(1, 11)

#: The moment of every call that names no other.
NOW = datetime(2026, 11, 22, 8, 25, 1, tzinfo=UTC)
USERS = "LAB:alice:Alice-Pass-1\nLAB:bob:Bob-Pass-2\nLAB:ws01$:Machine-Pw-3\n"
#: LAB\\carol as smbpasswd(5) has her, disabled.
DISABLED = f"LAB\\carol:1000:{'X' * 32}:{md4('Carol-Pass-4'.encode('utf-16-le')).hex()}:[UD         ]:LCT-00000000:\n"


def payload(header: int, *parts: bytes) -> tuple[list[bytes], bytes]:
    """Descriptors of the parts, which stand one after another behind a header of that size; and the parts."""
    described, at = [], header
    for part in parts:
        described.append(struct.pack("<HHI", len(part), len(part), at))
        at += len(part)
    return described, b"".join(parts)


def negotiate(flags: int = WANTED, domain: bytes = b"", workstation: bytes = b"") -> bytes:
    """NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1)."""
    version = VERSION if flags & VERSION_FLAG else b""
    described, data = payload(32 + len(version), domain, workstation)
    return b"NTLMSSP\0\1\0\0\0" + struct.pack("<I", flags) + b"".join(described) + version + data


def pairs(*entries: tuple[int, bytes]) -> bytes:
    """AV_PAIRs with their end."""
    return b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in entries) + bytes(4)


@dataclass
class Challenge:
    """A CHALLENGE_MESSAGE as received; what is read here is read by offset, not by secctx."""

    data: bytes

    @property
    def flags(self) -> int:
        return int.from_bytes(self.data[20:24], "little")

    @property
    def server_challenge(self) -> bytes:
        return self.data[24:32]

    @property
    def target_name(self) -> bytes:
        return self._at(12)

    @property
    def target_info(self) -> list[tuple[int, bytes]]:
        found, data = [], self._at(40)
        while data[:2] != b"\0\0":
            kind, size = struct.unpack_from("<HH", data)
            found.append((kind, data[4 : 4 + size]))
            data = data[4 + size :]
        return found

    @property
    def version(self) -> bytes:
        return self.data[48:56]

    def _at(self, descriptor: int) -> bytes:
        size, _, offset = struct.unpack_from("<HHI", self.data, descriptor)
        return self.data[offset : offset + size]


class Session:
    """The client's end of the session: signs and seals what it sends, knows what the server must send.

    Without extended session security both directions share one key, one RC4 stream and one sequence (MS-NLMP 3.4.4).
    """

    def __init__(self, flags: int, key: bytes) -> None:
        self.flags, self.key = flags, key
        self._numbers = {"initiate": 0, "accept": 0}
        self._streams = {side: self._stream(side) for side in self._numbers}

    def mic(self, data: bytes) -> bytes:
        """A mechListMIC over `data`; the RC4 state starts anew behind it, the numbers go on (MS-SPNG 3.2.5.1)."""
        return self._mic("initiate", data)

    def their_mic(self, data: bytes) -> bytes:
        """The mechListMIC that the server owes for `data`."""
        return self._mic("accept", data)

    def seal(self, data: bytes) -> tuple[bytes, bytes]:
        """`data` sealed, and its signature."""
        side = self._side("initiate")
        return seal(self.flags, self._streams[side], self._sign_key("initiate"), self._number(side), data)

    def theirs(self, data: bytes) -> tuple[bytes, bytes]:
        """What the server makes of `data` when it seals it."""
        side = self._side("accept")
        return seal(self.flags, self._streams[side], self._sign_key("accept"), self._number(side), data)

    def _mic(self, sender: str, data: bytes) -> bytes:
        side = self._side(sender)
        made = sign(self.flags, self._streams[side], self._sign_key(sender), self._number(side), data)
        self._streams[side] = self._stream(sender)
        return made

    def _side(self, sender: str) -> str:
        return sender if self.flags & ESS else "initiate"

    def _number(self, side: str) -> int:
        self._numbers[side] += 1
        return self._numbers[side] - 1

    def _stream(self, sender: str) -> Any:
        return crypto.rc4init(crypto.sealkey(self.flags, self.key, sender))

    def _sign_key(self, sender: str) -> bytes:
        return crypto.signkey(self.flags, self.key, sender)


@dataclass
class Answer:
    """An AUTHENTICATE_MESSAGE, where its MIC stands (None: none), and the session it leads to."""

    data: bytes
    session: Session
    mic_at: int | None
    places: dict[str, tuple[int, int]]

    @property
    def key(self) -> bytes:
        return self.session.key

    def at(self, name: str) -> tuple[int, int]:
        """Start and end of a payload field."""
        return self.places[name]


@dataclass
class Client:
    """A client: who it is, what it wants, and in which of NTLM's ways it proves its password.

    `kind` is one of NTLMv2, LMv2, NTLM, NTLM2 session, LM, anonymous. `hashed_user` and `hashed_domain` are the names
    that enter the proof, where those are not the ones written. `flags` None in the answer: those of the CHALLENGE.
    """

    user: str = "alice"
    domain: str = "LAB"
    password: str = "Alice-Pass-1"
    workstation: str = "WS01"
    kind: str = "NTLMv2"
    wanted: int = WANTED
    flags: int | None = None
    mic: bool = True
    promise: bool | None = None
    bindings: bytes | None = None
    target: str | None = None
    av_flags: int = 0
    time: bytes | None = None
    extra: tuple[tuple[int, bytes], ...] = ()
    lm_too: bool = False
    hashed_user: str | None = None
    hashed_domain: str | None = None
    nonce: bytes = b"\xaa" * 8
    random_key: bytes = b"\x5a" * 16
    encrypted_key: bytes | None = None
    answered: bytes | None = None
    nt: bytes | None = None
    lm: bytes | None = None
    negotiate: bytes = field(default=b"", init=False)

    def __post_init__(self) -> None:
        self.negotiate = negotiate(self.wanted)

    def but(self, **changes: Any) -> Client:
        """The same client, in something another."""
        return replace(self, **changes)

    def answer(self, challenge: bytes, negotiated: bytes | None = None) -> Answer:
        """AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3); the MIC is over `negotiated`, unless that is what was said."""
        theirs = Challenge(challenge)
        flags = theirs.flags & ~(DOMAIN_TYPE | SERVER_TYPE) if self.flags is None else self.flags
        nt, lm, exchange = self._responses(theirs, flags)
        nt, lm = nt if self.nt is None else self.nt, lm if self.lm is None else self.lm
        exported, encrypted = exchange, b""
        if flags & KEY_EXCH and flags & (SIGN | SEAL) and self.kind != "anonymous":
            exported, encrypted = self.random_key, crypto.rc4k(exchange, self.random_key)
        if self.encrypted_key is not None:
            encrypted = self.encrypted_key
        code = "utf-16-le" if flags & UNICODE else "ascii"
        names = [text.encode(code) for text in (self.domain, self.user, self.workstation)]
        has_mic = self.mic and (self.kind == "NTLMv2" or self.kind == "anonymous")
        header = 64 + (8 if flags & VERSION_FLAG or has_mic else 0) + (16 if has_mic else 0)
        order = ("DomainName", "UserName", "Workstation", "LmChallengeResponse", "NtChallengeResponse", "SessionKey")
        parts = dict(zip(order, (*names, lm, nt, encrypted), strict=True))
        described, data = payload(header, *parts.values())
        places, at = {}, header
        for name, part in parts.items():
            places[name] = (at, at + len(part))
            at += len(part)
        domain, user, station, lm_at, nt_at, key_at = described
        opening = b"NTLMSSP\0\3\0\0\0" + lm_at + nt_at + domain + user + station + key_at + struct.pack("<I", flags)
        version = (VERSION if flags & VERSION_FLAG else bytes(8)) if header > 64 else b""
        message = opening + version + bytes(16 if has_mic else 0) + data
        mic_at = 72 if has_mic else None
        if mic_at:
            said = self.negotiate if negotiated is None else negotiated
            mic = crypto.hmac_md5(exported, said + challenge + message)
            message = message[:mic_at] + mic + message[mic_at + 16 :]
        return Answer(message, Session(flags, exported), mic_at, places)

    def _responses(self, theirs: Challenge, flags: int) -> tuple[bytes, bytes, bytes]:
        """NtChallengeResponse, LmChallengeResponse, KeyExchangeKey."""
        challenge = theirs.server_challenge if self.answered is None else self.answered
        nt_hash, lm_hash = crypto.ntowfv1(self.password), crypto.lmowfv1(self.password)
        base = md4(nt_hash)
        if self.kind == "anonymous":
            return b"", b"\0", bytes(16)
        if self.kind == "NTLM2 session":
            nt = crypto.desl(nt_hash, crypto.md5(challenge + self.nonce)[:8])
            lm = self.nonce + bytes(16)
            return nt, lm, crypto.kxkey(flags, base, lm_hash, lm, challenge)
        if self.kind in ("NTLM", "LM"):
            lm = crypto.desl(lm_hash, challenge)
            nt = crypto.desl(nt_hash, challenge)
            if self.kind == "LM":
                return b"", lm, crypto.kxkey(flags, lm_hash[:8] + bytes(8), lm_hash, lm, challenge)
            return nt, lm, crypto.kxkey(flags, base, lm_hash, lm, challenge)
        user = self.user if self.hashed_user is None else self.hashed_user
        domain = self.domain if self.hashed_domain is None else self.hashed_domain
        response_key = crypto.hmac_md5(nt_hash, (user.upper() + domain).encode("utf-16-le"))
        lm = crypto.hmac_md5(response_key, challenge + self.nonce) + self.nonce
        if self.kind == "LMv2":
            return b"", lm, crypto.hmac_md5(response_key, lm[:16])
        temp = b"\1\1" + bytes(6) + self._time(theirs) + self.nonce + bytes(4) + self._pairs(theirs) + bytes(4)
        proof = crypto.hmac_md5(response_key, challenge + temp)
        return proof + temp, lm if self.lm_too else bytes(24), crypto.hmac_md5(response_key, proof)

    def _time(self, theirs: Challenge) -> bytes:
        return self.time or dict(theirs.target_info).get(TIME, bytes(8))

    def _pairs(self, theirs: Challenge) -> bytes:
        """TargetInfo brought back, with what the client adds to it (MS-NLMP 3.1.5.1.2)."""
        promised = self.mic if self.promise is None else self.promise
        bits = self.av_flags | (2 if promised else 0)
        added = [(AV_FLAGS, struct.pack("<I", bits))] if bits else []
        if self.bindings is not None:
            added.append((BINDINGS, self.bindings))
        if self.target is not None:
            added.append((TARGET, self.target.encode("utf-16-le")))
        return pairs(*theirs.target_info, *added, *self.extra)


def mech_types(*mechs: bytes) -> bytes:
    """The MechTypeList that mechListMIC is made over."""
    return tlv(0x30, *mechs)


#: The list of a client that knows only NTLM.
ONLY_NTLM = mech_types(NTLM)


class Host:
    """An acceptor with its users, whose clock stands still and whose randomness counts; and one context at a time."""

    #: Mechanisms that stand before NTLM, in the place of Kerberos.
    others: tuple[Mechanism, ...] = ()

    def __init__(self, users: str | None = USERS, *, use: str = "inbound", mark: str = "m", **server: Any) -> None:
        self.users = None if users is None else parse_users(users.encode())
        self.use, self.mark = use, mark
        self.server = Server(**{"name": "FS01", "domain": "LAB", "dns_name": "fs01.lab.example", **server})
        self.now = NOW
        self.drawn = 0
        self.context: Context | None = None

    def random(self, size: int) -> bytes:
        self.drawn += 1
        return bytes([self.drawn]) * size

    def step(self, token: bytes, flags: int = 0, **request: Any) -> Step:
        """One leg. Between any two the context goes through its document, as between two processes."""
        credentials = Credentials(self.use, self.users, self.mark)
        acceptor = Acceptor(credentials, self.server, World(self.now, self.random))
        if self.others:
            acceptor.negotiate = Negotiate((*self.others, acceptor.mechanisms[-1]))
        self.context, step = acceptor.step(self.context, token, Request(flags=flags, **request))
        if self.context is not None:
            written = dump(self.context)
            self.context = load(written)
            assert dump(self.context) == written
        return step

    def challenge(self, client: Client, flags: int = 0, **request: Any) -> Step:
        """The answer to the client's NEGOTIATE, bare."""
        return self.step(client.negotiate, flags, **request)

    def logon(self, client: Client, flags: int = 0, **request: Any) -> Step:
        """Both legs of a bare logon; the answer to the second."""
        first = self.challenge(client, flags, **request)
        assert first.status.name == "SEC_I_CONTINUE_NEEDED", first
        return self.step(client.answer(first.output or b"").data, flags, **request)

    def spnego_challenge(self, client: Client, *mechs: bytes, flags: int = 0, **request: Any) -> bytes:
        """The CHALLENGE that comes back in SPNEGO for an optimistic NEGOTIATE."""
        first = self.step(neg_token_init(*(mechs or (NTLM,)), token=client.negotiate), flags, **request)
        assert first.status.name == "SEC_I_CONTINUE_NEEDED", first
        return inner(first.output or b"")

    def spnego_logon(self, client: Client, flags: int = 0, *, mic: bool | None = None, **request: Any) -> Step:
        """Both legs of a logon in SPNEGO, with a mechListMIC where the message has a MIC, unless told otherwise."""
        answer = client.answer(self.spnego_challenge(client, flags=flags, **request))
        owed = client.mic if mic is None else mic
        token = neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM) if owed else None)
        return self.step(token, flags, **request)


def inner(token: bytes) -> bytes:
    """The CHALLENGE_MESSAGE in a NegTokenResp: what begins with its signature, as long as its payload goes."""
    data = token[token.index(b"NTLMSSP\0") :]
    end = max(sum(struct.unpack_from("<HxxI", data, at)) for at in (12, 40))
    return data[:end]


@dataclass
class Said:
    """What `secctx accept --json` ended with, printed and said."""

    code: int
    document: dict[str, Any]
    err: str

    @property
    def status(self) -> str | None:
        return None if self.document["status"] is None else str(self.document["status"]["name"])

    @property
    def statuses(self) -> list[str]:
        return [leg["status"]["name"] for leg in self.document["legs"]]

    @property
    def leg(self) -> dict[str, Any]:
        """The last leg."""
        found: dict[str, Any] = self.document["legs"][-1]
        return found

    @property
    def output(self) -> bytes:
        """The last leg's output token."""
        return base64.b64decode(self.leg["output"]["base64"]) if self.leg["output"] else b""


class Command:
    """`secctx accept --json --users users …` in this process, in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys = capsys
        monkeypatch.chdir(folder)
        monkeypatch.delenv("NTLM_USER_FILE", raising=False)
        monkeypatch.delenv("SECCTX_PASSWORD", raising=False)
        secret("users", USERS)

    def run(self, *arguments: str | bytes) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of `secctx accept`; bytes among the arguments are tokens."""
        words = [token(word) if isinstance(word, bytes) else word for word in arguments]
        self.capsys.readouterr()
        try:
            code = secctx.main(["accept", *words], standalone_mode=False)
        except click.exceptions.Exit as done:
            code = done.exit_code
        except click.ClickException as error:
            code = error.exit_code
        except Refusal as refusal:
            said = self.capsys.readouterr()
            return refusal.code, said.out, said.err + refusal.message
        said = self.capsys.readouterr()
        return int(code), said.out, said.err

    def __call__(self, *arguments: str | bytes) -> Said:
        """With the users, and the document read."""
        code, out, err = self.run("--json", "--users", "users", *arguments)
        return Said(code, json.loads(out), err)


def secret(name: str, text: str) -> str:
    """A file that only we can read; its name."""
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return name


def token(data: bytes) -> str:
    """Its bytes in a file; the name of that."""
    name = f"{hashlib.sha256(data).hexdigest()[:8]}.bin"
    Path(name).write_bytes(data)
    return name
