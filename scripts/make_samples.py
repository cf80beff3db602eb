"""Make the samples that no client or server at hand sends, or that stand in frames of a capture.

Where secctx is installed: python scripts/make_samples.py [FOLDER]

What is inside of them is real and comes from other samples: NTLM and SPNEGO messages, a ticket, parts of a capture.
What is around it is written after the specifications, with invented names and a password that opens nothing. The same
samples give the same bytes.
"""

import struct
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import shake_128
from pathlib import Path
from uuid import UUID

from secctx.decoders.credssp_asn1 import TSCredentials, TSPasswordCreds, TSRequest
from secctx.decoders.kdc_asn1 import ASRep, TGTRep, TGTReq
from secctx.decoders.spnego_asn1 import NegotiationToken

SAMPLES = Path(__file__).parents[1] / "samples"
KERBEROS = bytes.fromhex("06092a864886f712010202")
SPNEGO = bytes.fromhex("06062b0601050502")
REALM = "MIT.EXAMPLE"
PKU2U = UUID("0d53335c-f9ea-4d0d-b2ec-4ae3786ec308").bytes_le


def made() -> dict[str, bytes]:
    """The contents of each file, by its name."""
    return {
        "user-to-user.b64": _base64(*_user_to_user()),
        "negoex.b64": _base64(_negoex()),
        "credssp.b64": _base64(*_credssp()),
        "credssp-credentials.hex": _hex(_credentials()),
        "smb2-session-setup.bin": (smb := _frame("smb2-ntlm.pcap", b"\xfeSMB", b"NTLMSSP\0\2")),
        "smb2-session-setup.hex": _hex(smb),
        "ldap-bind-response.bin": (ldap := _frame("ldap-kerberos.pcap", b"\x61", b"\xa1\x81")),
        "ldap-bind-response.hex": _hex(ldap),
    }


def _base64(*tokens: bytes) -> bytes:
    return b"".join(b64encode(token) + b"\n" for token in tokens)


def _hex(data: bytes) -> bytes:
    text = data.hex()
    return "".join(text[at : at + 64] + "\n" for at in range(0, len(text), 64)).encode()


def _random(what: str, size: int) -> bytes:
    """Bytes that look like any others and are always the same."""
    return shake_128(what.encode()).digest(size)


def _framed(mechanism: bytes, inner: bytes) -> bytes:
    """RFC 2743 3.1."""
    body = mechanism + inner
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return b"\x60" + (size if len(body) < 0x80 else bytes([0x80 | len(size)]) + size) + body


def _user_to_user() -> Iterator[bytes]:
    """What a client asks of a service without a key, and the service's ticket (draft-swift-win2k-krb-user2user-03)."""
    name = {"name-type": 1, "name-string": ["bob"]}
    yield _framed(KERBEROS, b"\4\0" + TGTReq({"pvno": 5, "msg-type": 16, "server-name": name, "realm": REALM}).dump())
    ticket = ASRep.load((SAMPLES / "kdc-as-rep.bin").read_bytes())["ticket"]
    yield _framed(KERBEROS, b"\4\1" + TGTRep({"pvno": 5, "msg-type": 17, "ticket": ticket}).dump())


def _negoex() -> bytes:
    """The first token of a client that offers NEGOEX before NTLM: PKU2U as the one scheme (MS-NEGOEX 2.2.6)."""

    def message(kind: int, number: int, fields: bytes, payload: bytes) -> bytes:
        sizes = struct.pack("<IIII", kind, number, 40 + len(fields), 40 + len(fields) + len(payload))
        return b"NEGOEXTS" + sizes + _random("conversation", 16) + fields + payload

    schemes = struct.pack("<IH2xIH2x", 96, 1, 0, 0)
    nego = message(0, 0, _random("nego", 32) + bytes(8) + schemes, PKU2U)
    metadata = b"ws01.lab.example asks for bob@lab.example"
    data = message(2, 1, PKU2U + struct.pack("<II", 64, len(metadata)), metadata)
    mechanisms = ["1.3.6.1.4.1.311.2.2.30", "1.3.6.1.4.1.311.2.2.10"]
    inner = NegotiationToken(name="negTokenInit", value={"mechTypes": mechanisms, "mechToken": nego + data})
    return _framed(SPNEGO, inner.dump())


def _credssp() -> Iterator[bytes]:
    """The three TSRequests of version 6 that carry a logon with NTLM in SPNEGO (MS-CSSP 2.2.1)."""
    from secctx.carriers.text import read_tokens

    first, challenge, last, _ = read_tokens((SAMPLES / "spnego-ntlm.b64").read_bytes(), "")
    for token in first, challenge:
        yield TSRequest({"version": 6, "negoTokens": [{"negoToken": token.data}]}).dump()
    fields = {"version": 6, "negoTokens": [{"negoToken": last.data}]}
    fields |= {"pubKeyAuth": _random("pubKeyAuth", 48), "clientNonce": _random("clientNonce", 32)}
    yield TSRequest(fields).dump()


def _credentials() -> bytes:
    """What authInfo holds when it is decrypted."""
    fields = {"domainName": "LAB", "userName": "alice", "password": "Invented-Passw0rd!"}
    inside = TSPasswordCreds({name: value.encode("utf-16-le") for name, value in fields.items()})
    return TSCredentials({"credType": 1, "credentials": inside.dump()}).dump()


def _frame(capture: str, operation: bytes, token: bytes) -> bytes:
    """The payload of the capture's first packet with both of these in it, the operation near its beginning."""
    for payload in _payloads((SAMPLES / "captures" / capture).read_bytes()):
        if operation in payload[:16] and token in payload:
            return payload
    raise LookupError(capture)


def _payloads(pcap: bytes) -> Iterator[bytes]:
    """What the TCP segments of a little-endian pcap of Ethernet and IPv4 hold."""
    at = 24
    while at < len(pcap):
        size = int.from_bytes(pcap[at + 8 : at + 12], "little")
        packet = pcap[at + 16 + 14 : at + 16 + size]
        segment = packet[(packet[0] & 0x0F) * 4 : int.from_bytes(packet[2:4], "big")]
        yield segment[(segment[12] >> 4) * 4 :]
        at += 16 + size


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    for name, contents in made().items():
        (folder / name).write_bytes(contents)
