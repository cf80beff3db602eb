"""Channel bindings (RFC 5056) as an acceptor is given them: the specifications of `--bindings`, and their MD5.

NTLM carries the 16 bytes in MsvAvChannelBindings (MS-NLMP 2.2.2.1), Kerberos in Bnd (RFC 4121 section 4.1.1); 16 zero
bytes there mean: none.
"""

from __future__ import annotations

import hashlib
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from struct import Struct

from .ciphers import md5

_U32 = Struct("<I")
#: SEC_CHANNEL_BINDINGS (sspi.h): for initiator and acceptor address type, length and offset; then length and offset of
#: the application data. Offsets count from the start of the structure.
_BINDINGS = Struct("<8I")
#: SEC_CHANNEL_BINDINGS_EX puts before it: magicNumber, flags, cbHeaderLength, cbStructureLength.
_EXTENSION = Struct("<4I")
_EXTENDED = b"CBEX"

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
#: The digests that RFC 5929 section 4.1 can lead to, by their size.
_END_POINT_SIZES = frozenset({28, 32, 48, 64})
_DIGESTS = ("sha256", "sha384", "sha512", "sha224", "sha1", "md5")
_FILES = frozenset({"cert", "raw"})
_FORMS = "cert:FILE, tls-server-end-point:HEX, tls-unique:HEX, tls-exporter:HEX, data:HEX, raw:FILE or md5:HEX"


class BindingsError(ValueError):
    """What was given for `--bindings` gives no channel bindings; the text is one line."""


@dataclass(frozen=True, slots=True)
class ChannelBindings:
    """The bindings of a channel: their MD5, the application data (None where only the hash is known), their form."""

    hash16: bytes
    application_data: bytes | None
    kind: str


def bindings_file(spec: str) -> str | None:
    """The file that a `--bindings` specification names, whose bytes `parse_bindings` is to be given; None if none."""
    kind, colon, name = spec.partition(":")
    return name if colon and kind in _FILES else None


def parse_bindings(spec: str, content: bytes | None = None) -> ChannelBindings:
    """Read a `--bindings` specification; `content` is that of the file it names, if it names one."""
    kind, colon, text = spec.partition(":")
    if not colon:
        raise BindingsError(f"bindings are given as {_FORMS}")
    if kind in _FILES and content is None:
        raise BindingsError(f"{kind}: needs the content of the file")
    match kind:
        case "cert":
            return bind_data(b"tls-server-end-point:" + end_point(content or b""), kind)
        case "raw":
            return read_structure(content or b"")
        case "tls-server-end-point" | "tls-unique" | "tls-exporter":
            value = _hex(text, kind)
            _check_size(value, kind)
            return bind_data(kind.encode() + b":" + value, kind)
        case "data":
            return bind_data(_hex(text, kind), kind)
        case "md5":
            value = _hex(text, kind)
            if len(value) != 16 or not any(value):
                raise BindingsError("md5: 16 bytes, not all zero (zeros mean that there are no bindings)")
            return ChannelBindings(value, None, kind)
    raise BindingsError(f"no bindings are called {kind!r}: they are given as {_FORMS}")


def _hex(text: str, kind: str) -> bytes:
    digits = text.replace(":", "").replace(" ", "").removeprefix("0x")
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        raise BindingsError(f"{kind}: an even number of hex digits was expected") from None
    if not value:
        raise BindingsError(f"{kind}: no bytes")
    return value


def _check_size(value: bytes, kind: str) -> None:
    if kind == "tls-server-end-point" and len(value) not in _END_POINT_SIZES:
        hint = " (SHA-1 and MD5 are replaced by SHA-256, RFC 5929 section 4.1)" if len(value) in (16, 20) else ""
        raise BindingsError(f"{kind}: the certificate's hash has 28, 32, 48 or 64 bytes, not {len(value)}{hint}")
    if kind == "tls-exporter" and len(value) != 32:
        raise BindingsError(f"{kind}: 32 bytes (RFC 9266 section 4.2), not {len(value)}")


def bind_data(application_data: bytes, kind: str = "data") -> ChannelBindings:
    """Bindings of application data alone, as TLS has them: no addresses."""
    return ChannelBindings(bindings_hash(application_data), application_data, kind)


def bindings_hash(
    application_data: bytes, initiator: tuple[int, bytes] = (0, b""), acceptor: tuple[int, bytes] = (0, b"")
) -> bytes:
    """MD5 of gss_channel_bindings_struct (RFC 4121 section 4.1.1.2), 16 bytes; an address is its type and its bytes.

    Each number is 32 bits, little-endian: for both addresses type, length, bytes; then length and bytes of the data.
    """
    parts = []
    for kind, address in (initiator, acceptor):
        parts += [_U32.pack(kind), _U32.pack(len(address)), address]
    return md5(b"".join([*parts, _U32.pack(len(application_data)), application_data]))


def read_structure(data: bytes) -> ChannelBindings:
    """SEC_CHANNEL_BINDINGS, or SEC_CHANNEL_BINDINGS_EX, with what it points to."""
    name, start = "SEC_CHANNEL_BINDINGS", 0
    if data[:4] == _EXTENDED:
        name, start = "SEC_CHANNEL_BINDINGS_EX", _EXTENSION.size
    header = start + _BINDINGS.size
    if len(data) < header:
        raise BindingsError(f"raw: {name} has {header} bytes and what they point to; here are {len(data)}")
    fields = _BINDINGS.unpack_from(data, start)

    def part(what: str, length: int, offset: int) -> bytes:
        if length and not header <= offset <= len(data) - length:
            place = f"{length} bytes at {offset}, of {len(data)} in all"
            raise BindingsError(f"raw: the {what} of {name} lies outside it or in its header: {place}")
        return data[offset : offset + length] if length else b""

    initiator = fields[0], part("initiator's address", *fields[1:3])
    acceptor = fields[3], part("acceptor's address", *fields[4:6])
    application_data = part("application data", *fields[6:8])
    return ChannelBindings(bindings_hash(application_data, initiator, acceptor), application_data, "raw")


def end_point(certificate: bytes) -> bytes:
    """The tls-server-end-point of a certificate, PEM (the first in it) or DER (RFC 5929 section 4.1).

    The hash of the DER as it stands, by the hash function of the certificate's signature; SHA-256 for MD5 and SHA-1.
    """
    der = _pem(certificate) if _BEGIN in certificate else certificate
    found = _digest(_hash_name(der), der)
    if not found:
        raise BindingsError("cert: the crypto library here lacks the hash of the certificate's signature")
    return found


def other_end_points(certificate: bytes) -> list[ChannelBindings]:
    """What the same certificate would give with another digest than its own, as clients that choose wrongly make it."""
    der = _pem(certificate) if _BEGIN in certificate else certificate
    right = end_point(certificate)
    made = (_digest(name, der) for name in _DIGESTS)
    return [bind_data(b"tls-server-end-point:" + value, "cert") for value in made if value and value != right]


def _digest(name: str, data: bytes) -> bytes:
    """The hash; empty where the crypto library lacks it, as one under a policy (FIPS) may lack MD5 or SHA-1."""
    try:
        return hashlib.new(name, data, usedforsecurity=False).digest()
    except ValueError:
        return b""


def _pem(text: bytes) -> bytes:
    body, found, _ = text.partition(_BEGIN)[2].partition(_END)
    try:
        return a2b_base64(body) if found else b""
    except Base64Error:
        return b""


def _hash_name(der: bytes) -> str:
    """What `hashlib` calls the hash function to be used."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        raise BindingsError("cert: the file holds no X.509 certificate, neither PEM nor DER") from None
    try:
        algorithm = certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        algorithm = None
    if algorithm is None:
        oid = certificate.signature_algorithm_oid.dotted_string
        raise BindingsError(
            f"cert: RFC 5929 gives no tls-server-end-point for a certificate signed by {_SIGNED.get(oid, oid)}, which"
            " names no single hash function; give the value that the server uses as tls-server-end-point:HEX"
        )
    name = algorithm.name.replace("-", "_")
    return "sha256" if name in ("md5", "sha1") else name


_SIGNED = {"1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}
