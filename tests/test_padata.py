"""Pre-authentication data by its type: MIT's vectors, asn1crypto's parse of the same, tshark's, and what peers vary."""

from __future__ import annotations

import itertools
import json
import random
import re
import runpy
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import algos, cms, core, keys, x509
from builders.der import ap_req, encrypted, fields, integer, krb_error, principal, text, time, tlv

from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.decoders import decode
from secctx.decoders import fast_asn1 as fast
from secctx.decoders import kerberos_asn1 as krb
from secctx.decoders import padata_asn1 as padata
from secctx.decoders import pkinit_asn1 as pkinit
from secctx.decoders import preauth_asn1 as preauth
from secctx.decoders.part import decode_part
from secctx.decoders.reading import MAX_TOKENS_DEEP
from secctx.decoders.tables.kerberos import PADATA
from secctx.decoders.tables.preauth import ALGORITHMS, CONTENT_TYPES
from secctx.decoders.values import (
    BYTES,
    ENUM,
    FLAGS,
    LIST,
    OID,
    SECRET,
    STRUCT,
    TEXT,
    Decoded,
    Node,
    follow,
    walk,
)

HERE = Path(__file__).parent
trval = SimpleNamespace(**runpy.run_path(str(HERE / "oracles" / "trval.py")))
tokens = SimpleNamespace(**runpy.run_path(str(HERE / "oracles" / "tokens.py")))
ASN1 = tokens.CORPUS / "mit_krb5" / "asn1"
needs_corpus = pytest.mark.skipif(not ASN1.is_dir(), reason="the shared collection is not beside the checkout")
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

# MIT's vectors ----------------------------------------------------------------------------------------------------

NAME = "name-type name-string[0] name-string[1]"
SEALED = "etype kvno cipher"
CHECKED = "cksumtype checksum"


def under(prefix: str, names: str) -> str:
    return " ".join(f"{prefix}.{name}" for name in names.split())


TOKENINFO = (
    "flags otp-vendor otp-challenge otp-length otp-format otp-tokenID otp-algID supportedHashAlg[0].algorithm "
    "supportedHashAlg[1].algorithm iterationCount"
)
CHALLENGE_2_BODY = (
    "sam-type sam-flags sam-type-name sam-challenge-label sam-challenge sam-response-prompt sam-nonce sam-etype"
)
TWO = "[0].padata-type [0].padata-value [1].padata-type [1].padata-value"

#: Each vector: its class, the padata-type that carries it (None: what is encrypted, or is part of another), and the
#: paths of its values in their order.
VECTORS: dict[str, tuple[Any, int | None, str]] = {
    "etype_info": (krb.ETypeInfo, 11, "[0].etype [0].salt [1].etype [2].etype [2].salt"),
    "etype_info_only_1": (krb.ETypeInfo, 11, "[0].etype [0].salt"),
    "etype_info_no_info": (krb.ETypeInfo, 11, ""),
    "etype_info2": (
        krb.ETypeInfo2,
        19,
        "[0].etype [0].salt [0].s2kparams [1].etype [1].s2kparams [2].etype [2].salt [2].s2kparams",
    ),
    "etype_info2_only_1": (krb.ETypeInfo2, 19, "[0].etype [0].salt [0].s2kparams"),
    "pa_enc_ts": (padata.PAEncTSEnc, None, "patimestamp pausec"),
    "pa_enc_ts_no_usec": (padata.PAEncTSEnc, None, "patimestamp"),
    "pa_for_user": (
        padata.PAForUser,
        129,
        f"{under('userName', NAME)} userRealm {under('cksum', CHECKED)} auth-package",
    ),
    "pa_s4u_x509_user": (
        padata.PAS4UX509User,
        130,
        f"user-id.nonce {under('user-id.cname', NAME)} user-id.crealm user-id.subject-certificate user-id.options "
        + under("checksum", CHECKED),
    ),
    "pa_fx_fast_reply": (fast.PAFXFastReply, 136, under("armored-data.enc-fast-rep", SEALED)),
    "fast_response": (
        fast.KrbFastResponse,
        None,
        " ".join(f"padata{path}" for path in TWO.split())
        + " strengthen-key.keytype strengthen-key.keyvalue finished.timestamp finished.usec finished.crealm "
        + f"{under('finished.cname', NAME)} {under('finished.ticket-checksum', CHECKED)} nonce",
    ),
    "secure_cookie": (fast.SecureCookie, None, "time " + " ".join(f"data{path}" for path in TWO.split())),
    "otp_tokeninfo": (preauth.OTPTokenInfo, None, TOKENINFO),
    "otp_tokeninfo_optionals_NULL": (preauth.OTPTokenInfo, None, "flags"),
    "pa_otp_challenge": (
        preauth.PAOTPChallenge,
        141,
        f"nonce otp-service otp-tokenInfo[0].flags {under('otp-tokenInfo[1]', TOKENINFO)} salt s2kparams",
    ),
    "pa_otp_challenge_optionals_NULL": (preauth.PAOTPChallenge, 141, "nonce otp-tokenInfo[0].flags"),
    "pa_otp_req": (
        preauth.PAOTPRequest,
        142,
        f"flags nonce {under('encData', SEALED)} hashAlg.algorithm iterationCount otp-value pin otp-challenge otp-time "
        "otp-counter otp-format otp-tokenID otp-algID otp-vendor",
    ),
    "pa_otp_req_optionals_NULL": (preauth.PAOTPRequest, 142, f"flags {under('encData', SEALED)}"),
    "pa_otp_enc_req": (preauth.PAOTPEncRequest, None, "nonce"),
    "sam_challenge_2": (preauth.PASAMChallenge2, None, f"sam-body.extra-1 {under('sam-cksum[0]', CHECKED)}"),
    "sam_challenge_2_body": (preauth.PASAMChallenge2Body, None, CHALLENGE_2_BODY),
    "sam_response_2": (
        preauth.PASAMResponse2,
        31,
        f"sam-type sam-flags sam-track-id {under('sam-enc-nonce-or-sad', SEALED)} sam-nonce",
    ),
    "enc_sam_response_enc_2": (preauth.PAEncSAMResponseEnc2, None, "sam-nonce sam-sad"),
    "spake_factor": (preauth.SPAKESecondFactor, None, "type data"),
    "spake_factor_optionals_NULL": (preauth.SPAKESecondFactor, None, "type"),
    "pa_spake_support": (preauth.PASPAKE, 151, "support.groups[0] support.groups[1]"),
    "pa_spake_challenge": (
        preauth.PASPAKE,
        151,
        under("challenge", "group pubkey factors[0].type factors[1].type factors[1].data"),
    ),
    "pa_spake_response": (preauth.PASPAKE, 151, f"response.pubkey {under('response.factor', SEALED)}"),
    "pa_spake_encdata": (preauth.PASPAKE, 151, under("encdata", SEALED)),
    "pkinit_auth_pack": (
        pkinit.AuthPack,
        None,
        under(
            "pkAuthenticator",
            "cusec ctime nonce paChecksum freshnessToken paChecksum2.checksum "
            "paChecksum2.algorithmIdentifier.algorithm paChecksum2.algorithmIdentifier.parameters",
        )
        + " clientPublicValue supportedCMSTypes[0].algorithm supportedCMSTypes[0].parameters "
        "supportedCMSTypes[1].algorithm clientDHNonce supportedKDFs[0].kdf-id",
    ),
    "pkinit_kdc_dh_key_info": (pkinit.KDCDHKeyInfo, None, "subjectPublicKey nonce dhKeyExpiration"),
    "pkinit_pa_pk_as_rep_dhInfo": (
        pkinit.PAPKASRep,
        17,
        "dhInfo.dhSignedData dhInfo.serverDHNonce dhInfo.kdf.kdf-id",
    ),
    "pkinit_pa_pk_as_rep_encKeyPack": (pkinit.PAPKASRep, 17, "encKeyPack"),
    "pkinit_pa_pk_as_req": (
        pkinit.PAPKASReq,
        16,
        "signedAuthPack "
        + under("trustedCertifiers[0]", "subjectName issuerAndSerialNumber subjectKeyIdentifier")
        + " kdcPkId",
    ),
    "pkinit_pkinit_supp_pub_info": (pkinit.PkinitSuppPubInfo, None, "enctype as-REQ pk-as-rep"),
    "pkinit_reply_key_pack": (
        pkinit.ReplyKeyPack,
        None,
        f"replyKey.keytype replyKey.keyvalue {under('asChecksum', CHECKED)}",
    ),
    "pkinit_sp80056a_other_info": (pkinit.OtherInfo, None, "algorithmID.algorithm partyUInfo partyVInfo suppPubInfo"),
    "padata_sequence": (krb.MethodData, 22, TWO),
    "padata_sequence_empty": (krb.MethodData, 22, ""),
    "typed_data": (krb.TypedData, None, TWO.replace("padata", "data")),
}

#: Vectors that hold what their types do not allow: OCTET STRINGs instead of structures that MIT's test did not make.
UNTRUE = {"sam_challenge_2": "sam-body.extra-1", "pkinit_auth_pack": "clientPublicValue"}

#: Vectors of other modules, which their own tests read.
ELSEWHERE = re.compile(
    r"(ad_|ap_|as_|auth|cammac|cred|enc_(cred|data|kdc|priv|tkt)|error|iakerb|kdc_|keyblock|kkdcp|ldap|priv|safe|tgs_"
    r"|ticket).*"
)


def vector(name: str) -> bytes:
    return (ASN1 / f"{name}.bin").read_bytes()


def parsed(name: str) -> Decoded:
    return decode_part(vector(name), VECTORS[name][0], name)


def leaves(node: Node) -> list[tuple[str, Node]]:
    """The values below a node with their paths; a list without items is none."""
    return [(path, leaf) for path, leaf in walk(node) if not leaf.children and leaf.kind not in (LIST, STRUCT)]


def bare(path: str) -> str:
    """A path within a part that is a list, without the name of the list."""
    return re.sub(r"^\w+(?=\[\d+\]\.)", "", path) if path.startswith(("bytes[", *VECTORS)) else path


def octets(data: bytes, node: Node) -> bytes:
    """The contents of the element that a leaf stands for."""
    size = data[node.start + 1]
    return data[node.start + (2 if size < 0x80 else 2 + (size & 0x7F)) : node.stop]


def expected_value(node: Node, raw: bytes) -> Any:
    """What contents octets are by the kind of their node, told here once more."""
    match node.kind:
        case "int" | "enum":
            return int.from_bytes(raw, signed=True)
        case "flags":
            return int.from_bytes(raw[1:].ljust(4, b"\0"))
        case "text":
            return raw.decode()
        case "time":
            return datetime.strptime(raw.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
        case "bool":
            return raw == b"\xff"
        case "oid":
            return core.ObjectIdentifier(contents=raw).dotted
    return raw


@needs_corpus
def test_every_vector_is_read_here_or_elsewhere() -> None:
    names = {path.stem for path in ASN1.glob("*.bin")}
    assert {name for name in names if not ELSEWHERE.fullmatch(name)} == set(VECTORS)


@needs_corpus
@pytest.mark.parametrize("name", VECTORS)
def test_every_value_that_mit_prints_of_a_vector_stands_at_its_path(name: str) -> None:
    decoded = parsed(name)
    assert (decoded.error and decoded.error.path) == UNTRUE.get(name)
    found = leaves(decoded.root)
    assert [bare(path) for path, _ in found] == VECTORS[name][2].split()
    stated = trval.stated((ASN1 / f"{name}.trval.txt").read_text("utf-8"))
    assert len(found) == len(stated)
    for (path, node), value in zip(found, stated, strict=True):
        raw = octets(decoded.data, node)
        if value.octets is not None:
            assert raw == value.octets, path
        elif node.kind == FLAGS:
            assert node.value == value.number, path
        else:
            assert int.from_bytes(raw, signed=True) == value.number, path
        if path == "subjectPublicKey":
            assert node.value == raw[1:]
        elif path.endswith(("parameters", "clientPublicValue", "extra-1")):
            assert node.value == decoded.data[node.start : node.stop]
        else:
            assert node.value == expected_value(node, raw), path


def natives(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """asn1crypto's parse of a structure, as paths and values."""
    if isinstance(value, core.Choice):
        yield from natives(value.chosen, f"{path}.{value.name}".lstrip("."))
    elif isinstance(value, core.Sequence):
        for index in range(len(value)):
            part = value[index]
            if not isinstance(part, core.Void):
                yield from natives(part, f"{path}.{value._fields[index][0]}".lstrip("."))
    elif isinstance(value, core.SequenceOf | core.SetOf):
        for index in range(len(value)):
            yield from natives(value[index], f"{path}[{index}]")
    else:
        yield path, value


def same(node: Node, theirs: Any) -> bool:
    if isinstance(theirs, core.Any):
        return bool(node.value == theirs.dump())
    native = theirs.native
    match node.kind:
        case "enum":
            return native in (node.value, node.meaning)
        case "flags":
            return set(native) == set(node.meaning or ())
        case "oid":
            return bool(theirs.dotted == node.value)
    if isinstance(theirs, core.BitString):
        return isinstance(node.value, bytes) and node.value == theirs.contents[1:]
    if node.kind == SECRET and isinstance(native, str):
        return bool(node.value == native.encode())
    return bool(node.value == native)


@needs_corpus
@pytest.mark.parametrize("name", [name for name in VECTORS if name not in UNTRUE])
def test_asn1crypto_reads_the_same_from_the_same_classes(name: str) -> None:
    cls = VECTORS[name][0]
    theirs = list(natives(cls.load(vector(name), strict=True)))
    ours = [(bare(path), node) for path, node in leaves(parsed(name).root)]
    assert [path for path, _ in ours] == [path for path, _ in theirs]
    for (path, node), (_, value) in zip(ours, theirs, strict=True):
        assert same(node, value), (path, node.value, value.native)


# Around it --------------------------------------------------------------------------------------------------------


def pa(kind: int, value: bytes) -> bytes:
    return tlv(0x30, fields(1, integer(kind), tlv(4, value)))


def seq(*contents: bytes) -> bytes:
    return tlv(0x30, *contents)


def offered(*entries: bytes, code: int = 25) -> Decoded:
    """A KRB-ERROR with METHOD-DATA."""
    return decode(krb_error(code, seq(*entries)))


def opened(kind: int, value: bytes) -> Node:
    """The one padata-value of a KRB-ERROR that is whole."""
    decoded = offered(pa(kind, value))
    assert decoded.error is None, decoded.error
    return value_of(decoded)


def value_of(decoded: Decoded, index: int = 0) -> Node:
    return at(decoded.root, f"e-data[{index}].padata-value")


def at(root: Node, path: str) -> Node:
    nodes, rest = follow(root, path)
    assert not rest, f"{path} leads to {rest}; there are {[p for p, _ in walk(root)]}"
    return nodes[-1]


def shape(node: Node, base: int) -> list[tuple[Any, ...]]:
    return [(path, n.start - base, n.stop - base, n.kind, n.value, n.meaning) for path, n in walk(node)]


def fill(data: bytes, node: Node, cut: bool = False) -> None:
    """Leaves and whole rows of DER headers cover the bytes of a node, each once.

    With `cut`, a last row may be without a leaf.
    """
    here = node.start
    for _, leaf in [(p, n) for p, n in walk(node) if not n.children] or [("", node)]:
        while here < leaf.start:
            here += header_size(data, here)
        assert here == leaf.start, (leaf.name, leaf.start, here)
        here = leaf.stop
    while cut and here < node.stop:
        here += header_size(data, here)
    assert here == node.stop or (cut and here > node.stop)


def header_size(data: bytes, at: int) -> int:
    length = data[at + 1] if at + 1 < len(data) else 0
    return 2 + (length & 0x7F if length > 0x80 else 0)


CARRIED = [name for name, (_, kind, _) in VECTORS.items() if kind is not None]


@needs_corpus
@pytest.mark.parametrize("name", CARRIED)
def test_a_vector_as_padata_is_read_as_it_is_by_itself(name: str) -> None:
    kind = VECTORS[name][1]
    assert kind is not None
    decoded = offered(pa(2, b""), pa(kind, vector(name)), pa(999, b"xyz"))
    assert decoded.error is None
    node = value_of(decoded, 1)
    alone = parsed(name)
    start = decoded.data.index(vector(name))
    assert node.span == (start, start + len(vector(name)))
    shown = alone.root.children[0] if alone.root.children[0].kind == LIST else alone.root
    assert shape(node, node.start) == shape(shown, 0)
    fill(decoded.data, decoded.root)


@needs_corpus
@pytest.mark.parametrize("name", [name for name in VECTORS if name not in UNTRUE])
def test_leaves_and_headers_cover_a_vector_once(name: str) -> None:
    fill(vector(name), parsed(name).root)


# Each type --------------------------------------------------------------------------------------------------------

SEALED_DER = encrypted(18, 2, b"c" * 30)
CHECKSUM_DER = seq(fields(0, integer(16), tlv(4, b"k" * 12)))
NAME_DER = principal(1, "alice")
KEY_DER = seq(fields(0, integer(18), tlv(4, b"\xd5" * 32)))
ALGORITHM_DER = seq(tlv(6, bytes.fromhex("608648016503040201")), b"\5\0")
HARDLY_DER = seq(tlv(0x0C, b"not that one"))


def armored_req(armor: bytes | None) -> bytes:
    return tlv(0xA0, seq(fields(0, armor, CHECKSUM_DER, SEALED_DER)))


def armor(kind: int, value: bytes) -> bytes:
    return seq(fields(0, integer(kind), tlv(4, value)))


#: A whole value for every type that is taken apart: number, value, one path in it, and what stands there.
WHOLE: list[tuple[int, bytes, str, Any]] = [
    (1, ap_req(), "ticket.sname", "HTTP/web"),
    (2, SEALED_DER, "cipher", b"c" * 30),
    (11, seq(seq(fields(0, integer(3), tlv(4, b"salt")))), "[0].salt", b"salt"),
    (12, seq(fields(0, integer(5), tlv(3, b"\0\x40\0\0\0"))), "sam-type", "PA_SAM_TYPE_SECURID"),
    (
        13,
        seq(fields(0, integer(1), tlv(3, b"\0\x40\0\0\0")), fields(4, SEALED_DER)),
        "sam-enc-nonce-or-ts.etype",
        "aes256-cts-hmac-sha1-96",
    ),
    (16, seq(tlv(0x80, b"signed")), "signedAuthPack", b"signed"),
    (17, tlv(0xA0, seq(tlv(0x80, b"signed"))), "dhInfo.dhSignedData", b"signed"),
    (17, tlv(0x81, b"sealed"), "encKeyPack", b"sealed"),
    (18, seq(tlv(4, b"one"), tlv(4, b"two")), "[1]", b"two"),
    (19, seq(seq(fields(0, integer(18), text("LAB")))), "[0].salt", "LAB"),
    (21, seq(seq(fields(0, integer(2), tlv(4, b"\xc0\0\2\7")))), "[0].address", b"\xc0\0\2\7"),
    (22, seq(pa(128, seq(fields(0, b"\1\1\0")))), "[0].padata-value.include-pac", False),
    (23, seq(seq(fields(0, integer(17)))), "[0].etype", "aes128-cts-hmac-sha1-96"),
    (25, SEALED_DER, "cipher", b"c" * 30),
    (
        30,
        seq(
            fields(0, seq(fields(0, integer(6), tlv(3, bytes(5))), fields(8, integer(9), integer(18))))
            + fields(1, seq(CHECKSUM_DER))
        ),
        "sam-body.sam-etype",
        "aes256-cts-hmac-sha1-96",
    ),
    (101, tlv(0x31, seq(integer(1)), seq(integer(2))), "[1]", seq(integer(2))),
    (102, NAME_DER, "name-string[0]", "alice"),
    (104, seq(seq(tlv(0x80, b"CN"))), "[0].subjectName", b"CN"),
    (105, seq(seq(tlv(0x82, b"id"))), "[0].subjectKeyIdentifier", b"id"),
    (109, seq(ALGORITHM_DER), "[0].algorithm", "id-sha256"),
    (111, seq(ALGORITHM_DER), "[0].algorithm", "id-sha256"),
    (112, seq(fields(0, seq(ALGORITHM_DER), ALGORITHM_DER)), "rejectedAlgorithm.algorithm", "id-sha256"),
    (128, seq(fields(0, b"\1\1\xff")), "include-pac", True),
    (129, seq(fields(0, NAME_DER, text("LAB"), CHECKSUM_DER, text("Kerberos"))), "userName", "alice"),
    (
        130,
        seq(
            fields(
                0,
                seq(fields(0, integer(7), NAME_DER, text("LAB"), tlv(4, b"cert"), tlv(3, b"\0\x60\0\0\0"))),
                CHECKSUM_DER,
            )
        ),
        "user-id.options",
        ("KERB_S4U_OPTIONS_check_logonhours", "KERB_S4U_OPTIONS_use_reply_key_usage"),
    ),
    (133, seq(fields(0, tlv(0x0C, b"H5L1"), SEALED_DER)), "cookie.cipher", b"c" * 30),
    (134, seq(seq(fields(0, integer(138), tlv(4, b"hint")))), "[0].pa-type", "PA-ENCRYPTED-CHALLENGE"),
    (135, seq(seq(fields(0, integer(2)))), "[0].pa-type", "PA-ENC-TIMESTAMP"),
    (136, armored_req(armor(1, ap_req())), "armored-data.armor.armor-value.ticket.sname", "HTTP/web"),
    (136, armored_req(armor(7, b"other")), "armored-data.armor.armor-value", b"other"),
    (136, armored_req(None), "armored-data.req-checksum.checksum", b"k" * 12),
    (136, tlv(0xA0, seq(fields(0, SEALED_DER))), "armored-data.enc-fast-rep.cipher", b"c" * 30),
    (137, krb_error(6), "error-code", "KDC_ERR_C_PRINCIPAL_UNKNOWN"),
    (138, SEALED_DER, "etype", "aes256-cts-hmac-sha1-96"),
    (144, seq(tlv(0x80, b"\0\x60\0\0\0"), tlv(0x82, b"\4")), "flags", ("systemSetPin", "mandatory")),
    (147, SEALED_DER, "etype", "aes256-cts-hmac-sha1-96"),
    (148, seq(fields(0, integer(-1), tlv(4, b"exported"))), "targetName.exportedTargName", b"exported"),
    (149, CHECKSUM_DER, "cksumtype", "hmac-sha1-96-aes256"),
    (151, tlv(0xA0, seq(fields(0, seq(integer(2))))), "support.groups[0]", "P-256"),
    (161, seq(integer(23), integer(-128)), "[0]", "rc4-hmac"),
    (162, seq(KEY_DER), "[0].keyvalue", b"\xd5" * 32),
    (166, seq(fields(1, integer(2))), "data-type", "KERB_AP_ERR_TYPE_SKEW_RECOVERY"),
    (167, seq(fields(0, tlv(3, b"\0\x50\0\0\0"))), "flags", ("Branch Aware", "Resource-based Constrained Delegation")),
    (170, seq(fields(0, NAME_DER, text("LAB"))), "name", "alice"),
    (
        171,
        seq(fields(0, seq(KEY_DER), None, time("20261122082501Z"), None, time("20261122082502Z"))),
        "fetch-interval",
        datetime(2026, 11, 22, 8, 25, 2, tzinfo=UTC),
    ),
]


def said(node: Node) -> Any:
    """What a node says: its name where it has one."""
    return node.meaning if node.kind in (ENUM, FLAGS, OID, "principal") else node.value


@pytest.mark.parametrize(("kind", "value", "path", "wanted"), WHOLE, ids=[f"{k}-{p}" for k, _, p, _ in WHOLE])
def test_a_value_of_each_type_is_taken_apart(kind: int, value: bytes, path: str, wanted: Any) -> None:
    decoded = offered(pa(kind, value))
    assert decoded.error is None
    node = value_of(decoded)
    assert said(at(node, path)) == wanted
    assert decoded.data[node.start : node.stop] == value
    fill(decoded.data, decoded.root)


TYPED = [entry for entry in WHOLE if entry[0] not in (1, 25, 133, 136, 137, 166)]


@pytest.mark.parametrize(("kind", "value", "path", "wanted"), TYPED, ids=[f"{k}-{p}" for k, _, p, _ in TYPED])
def test_typed_data_is_taken_apart_as_padata_is(kind: int, value: bytes, path: str, wanted: Any) -> None:
    decoded = decode(krb_error(65, seq(seq(fields(0, integer(kind), tlv(4, value))))))
    assert decoded.error is None
    assert said(at(decoded.root, f"e-data[0].data-value.{path}".replace(".[", "["))) == wanted
    fill(decoded.data, decoded.root)


def test_each_type_with_a_structure_is_tried() -> None:
    from secctx.decoders import padata_types as module

    tried = {kind for kind, *_ in WHOLE} | {kind for _, kind, _ in VECTORS.values() if kind is not None}
    elsewhere = {3, 10, 14, 15, 20, 103, 107, 108, 165}  # plain values, and those with tests of their own
    assert set(module._ALWAYS) | set(module._MOSTLY) | set(module._BY_BYTES) == tried | elsewhere
    assert set(module._ALWAYS) | set(module._MOSTLY) | set(module._BY_BYTES) <= set(PADATA)


@pytest.mark.parametrize("kind", sorted(PADATA))
def test_an_empty_value_is_usual_for_every_type(kind: int) -> None:
    node = opened(kind, b"")
    assert (node.kind, node.value, node.meaning) == (BYTES, b"", None)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [(103, text("LAB"), "LAB"), (107, integer(77), 77), (108, integer(-1), -1), (3, b"LABalice", "LABalice")],
)
def test_a_value_without_fields_stands_in_its_octet_string(kind: int, value: bytes, wanted: Any) -> None:
    decoded = offered(pa(kind, value))
    assert decoded.error is None
    node = value_of(decoded)
    assert node.value == wanted
    assert decoded.data[node.start : node.stop] == value
    fill(decoded.data, decoded.root)


@pytest.mark.parametrize("kind", [3, 10])
@pytest.mark.parametrize("salt", [b"\xff\xfe", b"a\0b", "Zoë".encode()])
def test_a_salt_is_text_where_it_is_text(kind: int, salt: bytes) -> None:
    node = opened(kind, salt)
    if salt == "Zoë".encode():
        assert (node.kind, node.value) == (TEXT, "Zoë")
    else:
        assert (node.kind, node.value) == (BYTES, salt)


@pytest.mark.parametrize(
    ("etype", "raw", "meaning"),
    [
        (18, b"\0\0\x10\0", "4096 iterations"),
        (17, b"\0\0\0\0", "4294967296 iterations"),
        (20, b"\0\0\x80\0", "32768 iterations"),
        (26, b"\0\0\0\1", "1 iterations"),
        (23, b"\0\0\x10\0", None),
        (3, b"\1", None),
        (18, b"\0\x10\0", None),
    ],
)
def test_the_iterations_of_string_to_key_are_said(etype: int, raw: bytes, meaning: str | None) -> None:
    node = opened(19, seq(seq(fields(0, integer(etype), None, tlv(4, raw)))))
    parameters = at(node, "[0].s2kparams")
    assert (parameters.kind, parameters.value, parameters.meaning) == (BYTES, raw, meaning)


def test_the_salttype_of_old_kdcs_is_an_extension() -> None:
    node = opened(11, seq(seq(fields(0, integer(3), tlv(4, b"salt"), integer(0)))))
    extra = at(node, "[0].extra-1")
    assert (extra.value, extra.meaning is not None) == (fields(2, integer(0)), True)


EXTENDED = (0xC0000072).to_bytes(4, "little") + bytes(4) + (1).to_bytes(4, "little")


def test_windows_errors_are_told_from_salts_of_the_same_size() -> None:
    for kind in (3, 166):
        node = opened(kind, EXTENDED)
        assert (node.meaning, at(node, "status").meaning) == ("KERB-EXT-ERROR", "STATUS_ACCOUNT_DISABLED")
    assert opened(3, b"LABlongalice").value == "LABlongalice"
    assert opened(3, EXTENDED[:8] + b"\2\0\0\0").kind == BYTES
    inner = opened(166, seq(fields(1, integer(3), tlv(4, EXTENDED))))
    assert at(inner, "data-value.status").meaning == "STATUS_ACCOUNT_DISABLED"


def test_the_enctypes_of_a_server_are_little_endian_flags() -> None:
    node = opened(165, bytes.fromhex("1f000300"))
    assert (node.kind, node.value) == (FLAGS, 0x3001F)
    assert node.meaning == (
        "DES-CBC-CRC",
        "DES-CBC-MD5",
        "RC4-HMAC",
        "AES128-CTS-HMAC-SHA1-96",
        "AES256-CTS-HMAC-SHA1-96",
        "FAST-supported",
        "Compound-identity-supported",
    )
    assert opened(165, bytes.fromhex("00000080")).meaning == ("0x80000000",)
    decoded = offered(pa(165, b"\x1f\0\0"))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("length", "e-data[0].padata-value")
    assert value_of(decoded).value == b"\x1f\0\0"


@pytest.mark.parametrize(
    ("cookie", "meaning"),
    [
        (b"MIT", "of MIT's KDC, with nothing in it"),
        (b"MIT1\0\0\0\5" + b"s" * 40, "of MIT's KDC, encrypted with version 5 of the ticket-granting service's key"),
        (b"MIT2", None),
        (b"\0\1\2", None),
        (HARDLY_DER, None),
    ],
)
def test_a_cookie_says_whose_it_is_where_it_can(cookie: bytes, meaning: str | None) -> None:
    node = opened(133, cookie)
    assert (node.kind, node.value, node.meaning) == (BYTES, cookie, meaning)


def test_a_certificate_and_a_pair_of_checksums_may_stand_for_pa_s4u_x509_user() -> None:
    for value in (seq(seq(integer(2)), ALGORITHM_DER, tlv(3, b"\0sig")), b"k" * 24):
        node = opened(130, value)
        assert (node.kind, node.value) == (BYTES, value)
        assert node.meaning == "not PAS4UX509User, which is expected here"


def test_a_referral_is_read_in_either_order_and_encrypted_or_not() -> None:
    realm, name = fields(0, text("OTHER")), fields(1, NAME_DER)
    for kind, value in itertools.product((20, 25), (seq(realm, name), seq(name, realm))):
        node = opened(kind, value)
        assert at(node, "referred-realm").value == "OTHER"
        assert at(node, "referred-name").meaning == "alice"
    assert at(opened(20, SEALED_DER), "cipher").value == b"c" * 30
    full = seq(fields(0, text("OTHER"), NAME_DER, NAME_DER, time("20261122082501Z")))
    assert at(opened(25, full), "true-principal-name").meaning == "alice"
    assert opened(25, HARDLY_DER).kind == BYTES


# Public keys ------------------------------------------------------------------------------------------------------

NAME_OF_ISSUER = x509.Name.build({"common_name": "Lab CA"})
PKINIT = "1.3.6.1.5.2.3."


def signed(content_type: str, content: bytes) -> bytes:
    """SignedData around `content`, made by asn1crypto."""
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {"issuer_and_serial_number": {"issuer": NAME_OF_ISSUER, "serial_number": 0x1234567890ABCDEF1234}}
        ),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": [{"type": "content_type", "values": [content_type]}],
        "signature_algorithm": {"algorithm": "sha256_rsa"},
        "signature": b"s" * 256,
    }
    data = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": content_type, "content": core.ParsableOctetString(content)},
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


def enveloped() -> bytes:
    recipient = {
        "version": "v0",
        "rid": cms.RecipientIdentifier({"issuer_and_serial_number": {"issuer": NAME_OF_ISSUER, "serial_number": 5}}),
        "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
        "encrypted_key": b"k" * 256,
    }
    data = cms.EnvelopedData(
        {
            "version": "v0",
            "recipient_infos": [cms.RecipientInfo({"ktri": recipient})],
            "encrypted_content_info": {
                "content_type": "signed_data",
                "content_encryption_algorithm": {"algorithm": "aes256_cbc", "parameters": b"i" * 16},
                "encrypted_content": b"e" * 64,
            },
        }
    )
    return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": data}).dump())


PUBLIC_KEY = seq(
    seq(tlv(6, bytes.fromhex("2a8648ce3e0201")), seq(integer(23), integer(5), integer(11))),
    tlv(3, b"\0" + integer(1 << 2047)),
)
AUTH_PACK = seq(
    fields(
        0,
        seq(fields(0, integer(123456), time("20261122082501Z"), integer(42), tlv(4, b"c" * 20), tlv(4, b"fresh"))),
        PUBLIC_KEY,
        seq(ALGORITHM_DER),
        tlv(4, b"n" * 32),
        seq(seq(fields(0, tlv(6, bytes.fromhex("2b0601050203") + b"\6\2")))),
    )
)
OLD_AUTH_PACK = seq(
    fields(
        0,
        seq(fields(0, principal(2, "krbtgt", "LAB"), text("LAB"), integer(1), time("20261122082501Z"), integer(2))),
    )
)


def test_what_a_client_signs_is_shown() -> None:
    value = seq(tlv(0x80, signed(PKINIT + "1", AUTH_PACK)), fields(1, seq(seq(tlv(0x80, NAME_OF_ISSUER.dump())))))
    decoded = offered(pa(16, value))
    assert decoded.error is None
    fill(decoded.data, decoded.root)
    node = value_of(decoded)
    data = at(node, "signedAuthPack.content")
    assert said(at(data, "encapContentInfo.eContentType")) == "id-pkinit-authData"
    pack = at(data, "encapContentInfo.eContent")
    assert decoded.data[pack.start : pack.stop] == AUTH_PACK
    assert at(pack, "pkAuthenticator.freshnessToken").value == b"fresh"
    assert at(pack, "clientPublicValue.subjectPublicKey").value == integer(1 << 2047)
    assert said(at(pack, "supportedKDFs[0].kdf-id")) == "id-pkinit-kdf-ah-sha256"
    assert said(at(data, "signerInfos[0].digestAlgorithm.algorithm")) == "id-sha256"
    assert at(data, "signerInfos[0].sid.issuerAndSerialNumber.serialNumber").value == 0x1234567890ABCDEF1234
    assert at(data, "signerInfos[0].sid.issuerAndSerialNumber.issuer").value == NAME_OF_ISSUER.dump()


def test_what_a_kdc_signs_is_shown() -> None:
    info = seq(fields(0, tlv(3, b"\0" + integer(1 << 2047)), integer(42)))
    node = opened(17, tlv(0xA0, seq(tlv(0x80, signed(PKINIT + "2", info)))))
    content = at(node, "dhInfo.dhSignedData.content.encapContentInfo.eContent")
    assert (at(content, "nonce").value, at(content, "subjectPublicKey").value) == (42, integer(1 << 2047))


def test_for_whom_a_reply_is_encrypted_is_shown() -> None:
    decoded = offered(pa(17, tlv(0x81, enveloped())))
    assert decoded.error is None
    fill(decoded.data, decoded.root)
    info = at(value_of(decoded), "encKeyPack.content.encryptedContentInfo")
    assert said(at(info, "contentEncryptionAlgorithm.algorithm")) == "id-aes256-CBC"
    assert at(info, "encryptedContent").value == b"e" * 64


@pytest.mark.parametrize("kind", [14, 15])
def test_the_draft_of_windows_is_read_under_either_number(kind: int) -> None:
    request = opened(kind, seq(tlv(0x80, signed("1.2.840.113549.1.7.1", OLD_AUTH_PACK))))
    content = at(request, "signedAuthPack.content.encapContentInfo.eContent")
    assert at(content, "pkAuthenticator.kdc-name").meaning == "krbtgt/LAB"
    assert at(opened(kind, tlv(0x81, enveloped())), "encKeyPack.content.version").value == 0
    old_key = seq(fields(0, KEY_DER, integer(9)))
    reply = opened(kind, tlv(0x80, signed("1.2.840.113549.1.7.1", old_key)))
    content = at(reply, "dhSignedData.content.encapContentInfo.eContent")
    assert (at(content, "replyKey.keyvalue").kind, at(content, "nonce").value) == (SECRET, 9)
    assert opened(kind, b"junk").kind == BYTES


def test_cms_in_ber_is_bytes_and_no_fault() -> None:
    whole = signed(PKINIT + "1", AUTH_PACK)
    indefinite = b"\x30\x80" + whole[4:] + b"\0\0"
    for value in (indefinite, whole[:-1], b"junk", whole + b"x"):
        node = opened(16, seq(tlv(0x80, value)))
        held = at(node, "signedAuthPack")
        assert (held.kind, held.value, held.meaning) == (BYTES, value, "not ContentInfo of CMS in DER")


def test_the_algorithms_named_are_those_that_asn1crypto_knows() -> None:
    """asn1crypto has other names for them; what it has none for is listed."""
    known: set[str] = set()
    for theirs in (algos.DigestAlgorithmId, algos.SignedDigestAlgorithmId, algos.EncryptionAlgorithmId):
        known |= set(theirs._map)
    known |= set(keys.PublicKeyAlgorithmId._map) | set(cms.KeyEncryptionAlgorithmId._map)
    assert set(ALGORITHMS) - known - {"1.3.101.110"} == {"1.2.840.113549.1.3.1"}  # X25519 if it is old; PKCS #3
    for oid, name in ALGORITHMS.items():
        digest = algos.DigestAlgorithmId._map.get(oid)
        assert digest is None or name.removeprefix("id-") == digest
    assert all(
        theirs == CONTENT_TYPES[oid].removeprefix("id-").replace("D", "_d")
        for oid, theirs in cms.ContentType._map.items()
        if oid in CONTENT_TYPES
    )


# What is not shown ------------------------------------------------------------------------------------------------


HIDDEN: list[tuple[int, bytes, tuple[str, ...]]] = [
    (162, seq(KEY_DER, KEY_DER), ("[0].keyvalue", "[1].keyvalue")),
    (
        171,
        seq(fields(0, seq(KEY_DER), seq(KEY_DER), time("20261122082501Z"), None, time("20261122082501Z"))),
        ("current-keys[0].keyvalue", "previous-keys[0].keyvalue"),
    ),
    (
        142,
        seq(tlv(0x80, bytes(5)), tlv(0xA2, SEALED_DER[2:]), tlv(0x85, b"\xd5" * 32), tlv(0x86, b"\xd5" * 32)),
        ("otp-value", "pin"),
    ),
    (144, seq(tlv(0x80, bytes(5)), tlv(0x81, b"\xd5" * 32)), ("pin",)),
]


@pytest.mark.parametrize(("kind", "value", "paths"), HIDDEN)
def test_keys_and_pins_are_secret_also_where_they_are_cut(kind: int, value: bytes, paths: tuple[str, ...]) -> None:
    data = krb_error(25, seq(pa(kind, value)))
    decoded = decode(data)
    assert decoded.error is None
    for path in paths:
        node = at(value_of(decoded), path)
        assert (node.kind, node.value) == (SECRET, b"\xd5" * 32)
    for size in range(data.index(b"\xd5"), len(data) + 1):
        printed = json.dumps(document(decode(data[:size]), Source("", "raw", 0), True)["fields"])
        assert "d5d5d5d5" not in printed, size


@pytest.mark.parametrize("kind", [142, 144, 162, 171])
def test_what_cannot_be_read_of_keys_and_pins_is_secret_too(kind: int) -> None:
    value = next(value for number, value, _ in HIDDEN if number == kind)
    data = bytearray(krb_error(25, seq(pa(kind, value))))
    start = bytes(data).index(value)
    for at_bit in range(start * 8, len(data) * 8):
        data[at_bit >> 3] ^= 1 << (at_bit & 7)
        decoded = decode(bytes(data))
        fields_of = document(decoded, Source("", "raw", 0), False)["fields"]
        # Without an error, the octets have become those of another field.
        if decoded.error is not None:
            assert "d5d5d5d5" not in json.dumps(fields_of), (at_bit, decoded.error)
        data[at_bit >> 3] ^= 1 << (at_bit & 7)
    for junk in (b"\xd5" * 20, tlv(0x31, b"\xd5" * 20)):
        node = value_of(offered(pa(kind, junk)))
        assert (node.kind, node.value) == (SECRET, junk)
        typed = decode(krb_error(60, seq(seq(fields(0, integer(kind), tlv(4, junk))))))
        assert at(typed.root, "e-data[0].data-value").kind == SECRET


# What does not fit ------------------------------------------------------------------------------------------------

STRICT = (1, 2, 11, 16, 17, 18, 19, 30, 31, 128, 129, 134, 135, 136, 137, 138, 141, 142, 144, 147, 151, 161, 162, 167)
STRICT += (170, 171)
LOOSE = (12, 13, 14, 15, 20, 21, 22, 23, 25, 101, 102, 103, 104, 105, 107, 108, 109, 111, 112, 130, 148, 149, 166)


@pytest.mark.parametrize("kind", STRICT)
def test_another_value_of_a_type_with_one_structure_is_a_fault_and_shown(kind: int) -> None:
    decoded = offered(pa(kind, b"\x0c\1x"), pa(2, b""))
    assert decoded.error is not None
    assert (decoded.error.kind, decoded.error.path) == ("tag", "e-data[0].padata-value")
    node = value_of(decoded)
    assert (node.kind, node.value) == (SECRET if kind in (142, 144, 162, 171) else BYTES, b"\x0c\1x")
    assert str(node.meaning).startswith("not ")
    assert at(decoded.root, "e-data[1].padata-type").value == 2


@pytest.mark.parametrize("kind", LOOSE)
@pytest.mark.parametrize("value", [b"pa-data", HARDLY_DER, b"\x30\x03\x02\x01", b"\x30\x80\0\0", b"0"])
def test_another_value_of_a_type_with_several_is_no_fault_and_shown(kind: int, value: bytes) -> None:
    node = opened(kind, value)
    assert (node.kind, node.value) == (BYTES, value)
    assert str(node.meaning).startswith("not ")


@pytest.mark.parametrize("kind", [4, 5, 24, 41, 106, 131, 132, 143, 145, 146, 150, 152, 153, 999, -1])
def test_types_without_a_structure_are_bytes(kind: int) -> None:
    node = opened(kind, SEALED_DER)
    assert (node.kind, node.value, node.meaning) == (BYTES, SEALED_DER, None)


def test_what_stands_behind_a_structure_is_told_and_shown() -> None:
    for kind, value, path in (
        (2, SEALED_DER + b"\5\0", "trailing"),
        (19, seq(seq(fields(0, integer(18)))) + b"\5\0", "[1]"),
        (151, tlv(0xA0, seq(fields(0, seq(integer(2))))) + b"\5\0", "trailing"),
    ):
        decoded = offered(pa(kind, value))
        assert decoded.error is not None
        assert (decoded.error.kind, decoded.error.path) == (
            "trailing",
            f"e-data[0].padata-value.{path}".replace(".[", "["),
        )
        assert at(value_of(decoded), path).value == b"\5\0"
        fill(decoded.data, decoded.root)
        json.dumps(document(decoded, Source("", "raw", 0), True))


def test_a_broken_field_of_an_opened_structure_is_named() -> None:
    decoded = offered(pa(136, armored_req(armor(1, b"\x6e\3junk"))))
    assert decoded.error is not None
    assert decoded.error.path.startswith("e-data[0].padata-value.armored-data.armor.armor-value")
    decoded = offered(pa(129, seq(fields(0, NAME_DER, integer(5), CHECKSUM_DER, text("Kerberos")))))
    assert decoded.error is not None
    assert decoded.error.path == "e-data[0].padata-value.userRealm"


def test_a_type_that_is_missing_or_no_number_opens_nothing() -> None:
    for entry in (seq(fields(2, tlv(4, SEALED_DER))), seq(fields(1, tlv(4, b"\2"), tlv(4, SEALED_DER)))):
        decoded = decode(krb_error(25, seq(pa(2, b""), entry)))
        assert decoded.error is not None
        assert at(decoded.root, "e-data[1].padata-value").value == SEALED_DER


# e-data -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [6, 14, 18, 24, 25, 37, 60, 65, 91])
def test_e_data_is_told_by_its_own_tags_whatever_the_error(code: int) -> None:
    listed = offered(pa(2, b""), code=code)
    assert said(at(listed.root, "e-data[0].padata-type")) == "PA-ENC-TIMESTAMP"
    typed = decode(krb_error(code, seq(seq(fields(0, integer(102), tlv(4, NAME_DER))))))
    assert at(typed.root, "e-data[0].data-value").meaning == "alice"
    windows = decode(krb_error(code, seq(fields(1, integer(3), tlv(4, EXTENDED)))))
    assert at(windows.root, "e-data.data-value.status").meaning == "STATUS_ACCOUNT_DISABLED"


@pytest.mark.parametrize("code", [24, 25, 91, 60])
def test_e_data_of_another_kind_says_what_the_error_should_have(code: int) -> None:
    for value in (b"text", HARDLY_DER, b"\x30\x80"):
        decoded = decode(krb_error(code, value))
        assert decoded.error is None
        node = at(decoded.root, "e-data")
        assert (node.kind, node.value) == (BYTES, value)
        assert (node.meaning is not None) == (code != 60)
    empty = at(decode(krb_error(code, b"\x30\0")).root, "e-data")
    assert empty.kind == (BYTES if code == 60 else LIST)


# How deep ---------------------------------------------------------------------------------------------------------


def nested(depth: int, wrap: Callable[[bytes], bytes]) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = wrap(inner)
    return inner


def typed_error(inner: bytes) -> bytes:
    return krb_error(65, seq(seq(fields(0, integer(22), tlv(4, seq(pa(137, inner)))))))


#: What wraps itself, and how many of it may stand inside each other: e-data and typed data count as tokens do.
BOMBS: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "TD-PADATA": (lambda inner: seq(pa(22, inner)), 12),
    "PA-FX-ERROR": (lambda inner: krb_error(25, seq(pa(137, inner))), 6),
    "PA-FX-ERROR in TD-PADATA": (typed_error, 4),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("depth", [1, 4, 5, 6, 7, 12, 13, 60, 400])
def test_structures_inside_each_other_are_bounded(name: str, depth: int) -> None:
    wrap, allowed = BOMBS[name]
    inner = nested(depth, wrap)
    data = inner if inner[0] != 0x30 else krb_error(25, inner)
    decoded = decode(data)
    numbers = [node for _, node in walk(decoded.root) if node.name in ("padata-type", "data-type")]
    if depth <= allowed:
        assert decoded.error is None
        assert len(numbers) == depth * (2 if wrap is typed_error else 1)
    else:
        assert decoded.error is not None
        assert decoded.error.kind == "depth"
        assert len(numbers) <= MAX_TOKENS_DEEP
    fill(data, decoded.root)


# Damaged ----------------------------------------------------------------------------------------------------------


def everything() -> bytes:
    """One KRB-ERROR with every type."""
    entries = [pa(kind, value) for kind, value, *_ in WHOLE]
    entries += [pa(14, seq(tlv(0x80, signed("1.2.840.113549.1.7.1", OLD_AUTH_PACK)))), pa(3, EXTENDED)]
    entries += [pa(16, seq(tlv(0x80, signed(PKINIT + "1", AUTH_PACK)))), pa(133, b"MIT1\0\0\0\1" + b"x" * 20)]
    return krb_error(25, seq(*entries))


def check(data: bytes) -> Decoded:
    """Decodes without raising, within the bytes, into a document."""
    decoded = decode(data)
    json.dumps(document(decoded, Source("", "raw", 0), True))
    for _, node in walk(decoded.root):
        assert 0 <= node.start <= node.stop <= len(data)
    return decoded


def one_of_each() -> Iterator[tuple[int, bytes, int]]:
    """A KRB-ERROR for each value of `WHOLE`: its type, its bytes, and where the METHOD-DATA begins."""
    for kind, value, *_ in WHOLE:
        entry = pa(kind, value)
        data = krb_error(25, seq(entry))
        yield kind, data, data.index(entry)


def test_every_truncation_is_told() -> None:
    for kind, data, start in one_of_each():
        for size in range(start, len(data)):
            decoded = check(data[:size])
            assert decoded.error is not None, (kind, size)
            assert decoded.error.total == len(data), (kind, size)
            fill(data[:size], decoded.root, cut=True)
    data = everything()
    assert decode(data).error is None
    for size in range(1, len(data), 41):
        assert check(data[:size]).error is not None


@pytest.mark.parametrize("kind", sorted({kind for kind, *_ in WHOLE}))
def test_no_flipped_bit_raises_and_what_is_whole_is_covered(kind: int) -> None:
    for data, start in ((bytearray(data), start) for number, data, start in one_of_each() if number == kind):
        long = [leaf for _, leaf in leaves(decode(bytes(data)).root) if leaf.stop - leaf.start > 8]
        within = {at for leaf in long for at in range(leaf.start + 8, leaf.stop)}
        for at in range(start, len(data)):
            for bit in () if at in within else range(8):
                data[at] ^= 1 << bit
                decoded = check(bytes(data))
                if decoded.error is None:
                    fill(bytes(data), decoded.root)
                data[at] ^= 1 << bit


def test_no_random_damage_raises() -> None:
    rng = random.Random(4120)
    data = everything()
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(rng.randrange(1, 12)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        check(bytes(changed[: rng.randrange(1, len(changed) + 1)]))


@pytest.mark.parametrize("kind", sorted(PADATA))
def test_random_bytes_of_any_type_are_read(kind: int) -> None:
    rng = random.Random(kind)
    for size in (1, 2, 3, 7, 12, 60):
        raw = bytes(rng.randrange(256) for _ in range(size))
        for value in (raw, b"\x30" + raw, b"\xa0" + raw, tlv(0x30, raw), tlv(0xA0, tlv(0x30, raw))):
            decoded = check(krb_error(25, seq(pa(kind, value))))
            if decoded.error is None:
                fill(decoded.data, decoded.root)


# tshark -----------------------------------------------------------------------------------------------------------

#: tshark's names of values, and ours: the last step of a path, without the number of an item.
TSHARK = {
    "padata_type": "padata-type",
    "etype": "etype",
    "kvno": "kvno",
    "cipher": "cipher",
    "info_salt": "salt",
    "info2_salt": "salt",
    "s2kparams": "s2kparams",
    "include_pac": "include-pac",
    "flags": "flags",
    "name_type": "name-type",
    "KerberosString": "name-string",
    "SNameString": "name-string",
    "realm": "realm",
    "crealm": "crealm",
    "cksumtype": "cksumtype",
    "checksum": "checksum",
    "auth": "auth-package",
    "armor_type": "armor-type",
    "ap_options": "ap-options",
    "tkt_vno": "tkt-vno",
    "pvno": "pvno",
    "msg_type": "msg-type",
    "SPAKEGroup": "groups",
    "group": "group",
    "pubkey": "pubkey",
    "type": "type",
    "data": "data",
    "keytype": "keytype",
    "keyvalue": "keyvalue",
    "susec": "susec",
    "stime": "stime",
    "error_code": "error-code",
    "e_text": "e-text",
}
RENAMED = {"userRealm": "realm"}

#: Types that tshark takes apart to the last value.
DISSECTED = (1, 2, 11, 19, 128, 129, 136, 137, 138, 149, 151, 162, 167)


def as_req(*entries: bytes) -> bytes:
    """An AS-REQ with PA-DATA: in requests, tshark reads PA-FX-FAST as a request's."""
    body = fields(0, tlv(3, bytes(5)), None, text("LAB.EXAMPLE"), None, None, time("20261122082501Z"))
    body += fields(7, integer(1), seq(integer(18)))
    return tlv(0x6A, seq(fields(1, integer(5), integer(10), seq(*entries), seq(body))))


def capture(messages: list[bytes]) -> bytes:
    """The messages as UDP packets from a KDC, in a capture file of raw IPv4."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 16, 101)
    for number, message in enumerate(messages):
        udp = struct.pack(">4H", 88, 40000, 8 + len(message), 0) + message
        addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
        packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0) + addresses + udp
        out += struct.pack("<4I", number, 0, len(packet), len(packet)) + packet
    return out


Pairs = list[tuple[str, Any]]


def dissected(path: Path) -> list[tuple[bytes, Pairs]]:
    """The Kerberos messages of a capture as tshark has them: their bytes, the tree."""
    command = ["tshark", "-r", str(path), "-Y", "kerberos", "-T", "json", "-x"]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    found = []
    for frame in json.loads(printed, object_pairs_hook=lambda pairs: pairs):
        layers = only(only(frame, "_source"), "layers")
        raws = [value[0] for key, value in layers if key == "kerberos_raw"]
        trees = [value for key, value in layers if key == "kerberos"]
        found += [(bytes.fromhex(raw), tree) for raw, tree in zip(raws, trees, strict=False)]
    return found


def only(pairs: Pairs, name: str) -> Any:
    return next(value for key, value in pairs if key == name)


def subtrees(pairs: Pairs, names: tuple[str, ...]) -> Iterator[Pairs]:
    for key, value in pairs:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            if key in names:
                yield value
            else:
                yield from subtrees(value, names)


def printed_values(pairs: Pairs) -> Iterator[tuple[str, str]]:
    for key, value in pairs:
        name = TSHARK.get(key.removeprefix("kerberos.").removesuffix("_raw"))
        if key.endswith("_raw") and name and isinstance(value[0], str):
            yield name, value[0]
        elif isinstance(value, list) and value and isinstance(value[0], tuple):
            yield from printed_values(value)


def our_values(decoded: Decoded) -> list[tuple[str, str]]:
    """The values of all PA-DATA of a message under the names that tshark knows too."""
    found = []
    for path, node in leaves(decoded.root):
        if path.startswith(("padata[", "e-data[")):
            name = re.sub(r"\[\d+\]$", "", path.rsplit(".", 1)[-1])
            raw = octets(decoded.data, node)
            found.append((RENAMED.get(name, name), (raw[1:] if node.kind == FLAGS else raw).hex()))
    return [(name, value) for name, value in found if name in TSHARK.values() and value]


def compare(raw: bytes, tree: Pairs) -> int:
    """How many values are the same in tshark's reading of the PA-DATA of one message and ours."""
    message = raw[4:] if raw[0] == 0 else raw
    theirs = [
        pair
        for below in subtrees(tree, ("kerberos.padata_tree", "kerberos.e_data_tree"))
        for pair in printed_values(below)
    ]
    ours = our_values(decode(message))
    assert ours == theirs
    return len(ours)


@needs_corpus
@needs_tshark
def test_tshark_reads_the_same_from_the_vectors_and_from_each_type(tmp_path: Path) -> None:
    values = [(kind, value) for kind, value, *_ in WHOLE]
    values += [(kind, vector(name)) for name, (_, kind, _) in VECTORS.items() if kind is not None]
    messages = []
    for kind, value in values:
        if kind in DISSECTED:
            request = kind == 136 and CHECKSUM_DER in value
            messages.append(as_req(pa(kind, value)) if request else krb_error(25, seq(pa(kind, value))))
    path = tmp_path / "made.pcap"
    path.write_bytes(capture(messages))
    found = dissected(path)
    assert [raw for raw, _ in found] == messages
    assert sum(compare(raw, tree) for raw, tree in found) >= 148


#: Captures with messages of KDCs: how many of them, and how many values of their PA-DATA tshark names as we do.
CAPTURES = {
    "krb5-krb5_msg_type.pcap": (10, 65),
    "krb5-request-frag-log.pcap": (6, 28),
    "krb5-kerberoasting.pcap": (2, 14),
    "krb5-probing.pcap": (2, 8),
    "bug-8278-krb5-03.pcap": (6, 28),
}


@needs_corpus
@needs_tshark
@pytest.mark.parametrize("name", CAPTURES)
def test_tshark_reads_the_same_from_the_padata_of_real_messages(name: str) -> None:
    found = dissected(tokens.CORPUS / "suricata_verify" / "pcap" / name)
    assert (len(found), sum(compare(raw, tree) for raw, tree in found)) == CAPTURES[name]


@needs_corpus
@needs_tshark
def test_tshark_reads_the_same_from_the_padata_of_every_token_that_has_some(tmp_path: Path) -> None:
    samples = [sample.data for sample in (*tokens.corpus(), *tokens.legs(), *tokens.own())]
    messages = list(
        dict.fromkeys(data for data in samples if our_values(decode(data)) and data[0] in b"\x6a\x6b\x6c\x6d\x7e")
    )
    path = tmp_path / "tokens.pcap"
    path.write_bytes(capture(messages))
    found = dissected(path)
    assert [raw for raw, _ in found] == messages
    # Of an error, tshark takes e-data apart for some codes alone.
    whole = [(raw, tree) for raw, tree in found if raw[0] != 0x7E or any(subtrees(tree, ("kerberos.e_data_tree",)))]
    assert len(whole) > 5
    assert all(compare(raw, tree) for raw, tree in whole)
