"""Kerberos' encryption types: equal to the RFCs' vectors and to MIT's, and to what MIT and Samba really sent."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secctx.decoders import decode
from secctx.decoders.values import walk
from secctx.keys.aes_enctypes import AES128_SHA256, AES256_SHA384
from secctx.keys.block_ciphers import AES, CAMELLIA, DES3, BlockCipher
from secctx.keys.ciphers import CipherMissing, algorithm
from secctx.keys.des3_enctype import DES3_SHA1
from secctx.keys.enctype import (
    CHECKSUM,
    ENCRYPTION,
    INTEGRITY,
    Enctype,
    IntegrityError,
    KerberosCryptoError,
    LengthError,
    UnsupportedEnctype,
)
from secctx.keys.enctypes import ENCTYPES, enctype
from secctx.keys.kerberos_checksums import CHECKSUM_TYPES, UnsupportedChecksum, checksum_for
from secctx.keys.kerberos_key import Key, fx_cf2
from secctx.keys.keytab import read_keytab
from secctx.keys.rc4_enctype import RC4_HMAC
from secctx.keys.rfc3961 import DerivedKeyEnctype, n_fold

ROOT = Path(__file__).parents[1]
ORACLE = runpy.run_path(str(ROOT / "tests" / "oracles" / "tokens.py"))
VECTORS = ORACLE["CORPUS"] / "rfc_crypto"
LAB = ORACLE["LAB"]

ALL = list(ENCTYPES.values())
every_enctype = pytest.mark.parametrize("kind", ALL, ids=[kind.name for kind in ALL])
any_enctype = st.sampled_from(ALL)

AES128_KEY = "3705d96080c17728a0e800eab6e0d23c"
AES256_KEY = "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52"


def vectors(name: str) -> Any:
    path = VECTORS / name
    return json.loads(path.read_text("utf-8")) if path.is_file() else []


def some_key(kind: Enctype, first: int = 7) -> bytes:
    return kind.random_to_key(bytes((first + at) % 256 for at in range(kind.seed_size)))


def confounder(kind: Enctype) -> bytes:
    return b"c" * kind.confounder_size


def padded(kind: Enctype, text: bytes) -> bytes:
    """The text as decryption gives it back: triple DES pads to a block, the confounder being one."""
    return text + bytes(-len(text) % kind.padding)


# Vectors of the RFCs and of MIT.

#: RFC 3961 appendix A.1: bits, input, result.
N_FOLDS = [
    (64, b"012345", "be072631276b1955"),
    (56, b"password", "78a07b6caf85fa"),
    (64, b"Rough Consensus, and Running Code", "bb6ed30870b7f0e0"),
    (168, b"password", "59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"),
    (192, b"MASSACHVSETTS INSTITVTE OF TECHNOLOGY", "db3b0d8f0b061e603282b308a50841229ad798fab9540c1b"),
    (168, b"Q", "518a54a215a8452a518a54a215a8452a518a54a215"),
    (168, b"ba", "fb25d531ae8974499f52fd92ea9857c4ba24cf297e"),
    (64, b"kerberos", "6b65726265726f73"),
    (128, b"kerberos", "6b65726265726f737b9b5b2b93132b93"),
    (168, b"kerberos", "8372c236344e5f1550cd0747e15d62ca7a5a3bcea4"),
    (256, b"kerberos", "6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4"),
]


@pytest.mark.parametrize(("bits", "data", "folded"), N_FOLDS)
def test_n_fold_is_that_of_rfc_3961(bits: int, data: bytes, folded: str) -> None:
    assert n_fold(data, bits // 8).hex() == folded


def test_n_fold_of_nothing_is_refused_and_of_ones_is_ones() -> None:
    with pytest.raises(LengthError):
        n_fold(b"", 8)
    assert n_fold(b"\xff" * 5, 8) == b"\xff" * 8
    assert n_fold(b"\x00" * 5, 8) == bytes(8)


#: RFC 3962 appendix B: the first bytes of one text, encrypted.
STOLEN = {
    17: "c6353568f2bf8cb4d8a580362da7ff7f97",
    31: "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5",
    32: "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584",
    47: "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5",
    48: "97687268d6ecccc0c07b25e25ecfe5849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8",
    64: "97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a8"
    "4807efe836ee89a526730dbc2f7bc8409dad8bbb96c4cdc03bc103e1a194bbd8",
}


@pytest.mark.parametrize(("length", "data"), STOLEN.items())
def test_ciphertext_stealing_is_that_of_rfc_3962(length: int, data: str) -> None:
    text = b"I would like the General Gau's Chicken, please, and wonton soup."[:length]
    assert AES.cts_encrypt(b"chicken teriyaki", text).hex() == data
    assert AES.cts_decrypt(b"chicken teriyaki", bytes.fromhex(data)) == text


@pytest.mark.parametrize("cipher", [AES, CAMELLIA], ids=["AES", "Camellia"])
@given(text=st.binary(min_size=1, max_size=200))
def test_ciphertext_stealing_leads_back(cipher: BlockCipher, text: bytes) -> None:
    data = cipher.cts_encrypt(b"k" * 16, text)
    whole = max(len(text), cipher.block_size)
    assert len(data) == whole
    assert cipher.cts_decrypt(b"k" * 16, data) == text + bytes(whole - len(text))


#: MIT's t_derive.c; RFC 6803 section 10; RFC 8009 appendix A: type, key, Kc, Ke and Ki of usage 2.
DERIVED = [
    (
        16,
        "850bb51358548cd05e86768c313e3bfef7511937dcf72c3e",
        "f78c496d16e6c2dae0e0b6c24057a84c0426aeef26fd6dce",
        "5b5723d0b634cb684c3eba5264e9a70d52e683231ad3c4ce",
        "a77c94980e9b7345a81525c423a737ce67f4cd91b6b3da45",
    ),
    (
        17,
        "42263c6e89f4fc28b8df68ee09799f15",
        "34280a382bc92769b2da2f9ef066854b",
        "5b14fc4e250e14ddf9dccf1af6674f53",
        "4ed31063621684f09ae8d89991af3e8f",
    ),
    (
        18,
        "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
        "bfab388bdcb238e9f9c98d6a878304f04d30c82556375ac507a7a852790f4674",
        "c7cfd9cd75fe793a586a542d87e0d1396f1134a104bb1a9190b8c90ada3ddf37",
        "97151b4c76945063e2eb0529dc067d97d7bba90776d8126d91f34f3101aea8ba",
    ),
    (
        19,
        AES128_KEY,
        "b31a018a48f54776f403e9a396325dc3",
        "9b197dd1e8c5609d6e67c3e37c62c72e",
        "9fda0e56ab2d85e1569a688696c26a6c",
    ),
    (
        20,
        AES256_KEY,
        "ef5718be86cc84963d8bbb5031e9f5c4ba41f28faf69e73d",
        "56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49",
        "69b16514e3cd8e56b82010d5c73012b622c4d00ffc23ed1f",
    ),
    (
        25,
        "57d0297298ffd9d35de5a47fb4bde24b",
        "d155775a209d05f02b38d42a389e5a56",
        "64df83f85a532f17577d8c37035796ab",
        "3e4fbdf30fb8259c425cb6c96f1f4635",
    ),
    (
        26,
        "b9d6828b2056b7be656d88a123b1fac68214ac2b727ecf5f69afe0c4df2a6d2c",
        "e467f9a9552bc7d3155a6220af9c19220eeed4ff78b0d1e6a1544991461a9e50",
        "412aefc362a7285fc3966c6a5181e7605ae675235b6d549fbfc9ab6630a4c604",
        "fa624fa0e523993fa388aefdc67e67ebcd8c08e8a0246b1d73b0d1dd9fc582b0",
    ),
]


@pytest.mark.parametrize(("number", "key", "kc", "ke", "ki"), DERIVED, ids=[str(row[0]) for row in DERIVED])
def test_the_derived_keys_are_those_of_the_rfcs(number: int, key: str, kc: str, ke: str, ki: str) -> None:
    kind, base = enctype(number), bytes.fromhex(key)
    assert [each.hex() for each in kind.derive(base, 2)] == [ke, ki]
    assert [each.hex() for each in kind.derive_checksum(base, 2)] == [kc]
    if isinstance(kind, DerivedKeyEnctype) and number not in (19, 20):
        assert [kind.usage_key(base, 2, purpose).hex() for purpose in (CHECKSUM, ENCRYPTION, INTEGRITY)] == [kc, ke, ki]


#: MIT's t_prf.c; RFC 8009 appendix A.
PRFS = [
    (17, "ae272e7cdec86ac5138cdb196d8e297d", b"\1a", "77b39a37a868920f2a51f9dd150c5717"),
    (17, "67ab1cfef35e4c27ffdeac60385a3e9c", b"\1b", "e06c0dd31ff02091994f2ef5178bfe3d"),
    (
        18,
        "c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616",
        b"\1a",
        "b2628c788e2e9c4a9bb4644678c29f2f",
    ),
    (
        18,
        "9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9",
        b"\2b",
        "0d674dd0f9a6806525a4d92e828bd15a",
    ),
    (19, AES128_KEY, b"test", "9d188616f63852fe86915bb840b4a886ff3e6bb0f819b49b893393d393854295"),
    (
        20,
        AES256_KEY,
        b"test",
        "9801f69a368c2bf675e59521e177d9a07f67efe1cfde8d3c8d6f6a0256e3b17db3c1b62ad1b8553360d17367eb1514d2",
    ),
]


@pytest.mark.parametrize(("number", "key", "data", "result"), PRFS)
def test_the_pseudo_random_function_is_that_of_the_rfcs(number: int, key: str, data: bytes, result: str) -> None:
    assert enctype(number).prf(bytes.fromhex(key), data).hex() == result


def test_camellias_pseudo_random_function_is_rfc_6803s() -> None:
    """Section 6, which has no vector: CMAC under KDF-FEEDBACK-CMAC(key, "prf"); both written out here."""
    from cryptography.hazmat.primitives.cmac import CMAC

    def cmac(key: bytes, data: bytes) -> bytes:
        mac = CMAC(algorithm("Camellia")(key))
        mac.update(data)
        return mac.finalize()

    key = bytes(range(32))
    first = cmac(key, bytes(16) + b"\0\0\0\1" + b"prf" + b"\0" + b"\0\0\1\0")
    second = cmac(key, first + b"\0\0\0\2" + b"prf" + b"\0" + b"\0\0\1\0")
    assert enctype(26).prf(key, b"data") == cmac(first + second, b"data")
    first = cmac(key[:16], bytes(16) + b"\0\0\0\1" + b"prf" + b"\0" + b"\0\0\0\x80")
    assert enctype(25).prf(key[:16], b"data") == cmac(first, b"data")


#: MIT's t_cf2: the two keys are those of the passwords key1 and key2, each with itself for salt.
COMBINED = {
    17: "97df97e4b798b29eb31ed7280287a92a",
    18: "4d6ca4e629785c1f01baf55e2e548566b9617ae3a96868c337cb93b5e72b1c7b",
    16: "e58f9eb643862c13ad38e529313462a7f73e62834fe54a01",
    23: "24d7f6b6bae4e5c00d2082c5ebab3672",
    19: "edd02a39d2dbde31611c16e610be062c",
    20: "67f6ea530aea85a37dcbb23349ea52dcc61ca8493ff557252327fd8304341584",
}


def combined(number: int) -> Key:
    one, other = (Key(number, enctype(number).string_to_key(word, word.encode())) for word in ("key1", "key2"))
    return fx_cf2(one, other, b"a", b"b")


@pytest.mark.parametrize(("number", "result"), COMBINED.items())
def test_krb_fx_cf2_is_mits(number: int, result: str) -> None:
    made = combined(number)
    assert (made.etype, made.value.hex()) == (number, result)


def test_krb_fx_cf2_of_two_types_gives_a_key_of_the_first() -> None:
    aes, rc4 = Key(18, b"a" * 32), Key(23, b"r" * 16)
    assert len(fx_cf2(aes, rc4, b"x", b"y").value) == 32
    assert len(fx_cf2(rc4, aes, b"x", b"y").value) == 16
    assert fx_cf2(rc4, aes, b"x", b"y").etype == 23


def test_prf_plus_counts_from_one_and_ends() -> None:
    key = Key(18, b"a" * 32)
    blocks = [key.enctype.prf(key.value, bytes((count,)) + b"pepper") for count in (1, 2, 3)]
    assert key.prf_plus(b"pepper", 40) == b"".join(blocks)[:40]
    assert len(key.prf_plus(b"", 255 * 16)) == 255 * 16
    with pytest.raises(ValueError, match="255"):
        key.prf_plus(b"", 255 * 16 + 1)


#: Of MIT's t_decrypt.c and RFC 8009 appendix A: type, usage, key, plaintext, ciphertext.
CIPHERTEXTS = [
    (
        16,
        3,
        "0dd52094e0f41ceccb5be510a764b35176e3981332f1e598",
        "13 bytes byte",
        "839a17081ecbafbcdc91b88c6955dd3c4514023cf177b77bf0d0177a16f705e849cb7781d76a316b193f8d30",
    ),
    (
        17,
        3,
        "033ee6502c54fd23e27791e987983827",
        "13 bytes byte",
        "ec366d0327a933bf49330e650e49bc6b974637fe80bf532fe51795b4809718e6194724db948d1fd637",
    ),
    (
        18,
        1,
        "b9477e1ff0329c0050e20ce6c72d2dff27e8fe541ab0954429a9cb5b4f7b1e2a",
        "1",
        "406150b97aeb76d43b36b62cc1ecdfbe6f40e95755e0beb5c27825f3a4",
    ),
    (
        19,
        2,
        AES128_KEY,
        "\0\1\2\3\4\5",
        "84d7f30754ed987bab0bf3506beb09cfb55402cef7e6877ce99e247e52d16ed4421dfdf8976c",
    ),
    (
        20,
        2,
        AES256_KEY,
        "\0\1\2\3\4\5",
        "4ed7b37c2bcac8f74f23c1cf07e62bc7b75fb3f637b9f559c7f664f69eab7b6092237526ea0d1f61cb20d69d10f2",
    ),
    (23, 1, "67d1300d281223867f9647ff48721273", "1", "6156e0cc04e0a0874f9fda008f498a7adbbc80b70b14dddbc0"),
    (
        23,
        3,
        "4ba2fbf0379faed87a254d3b353d5a7e",
        "13 bytes byte",
        "612c57568b17a70352bae8cf26fb9459a6f3353cd35fd439db3107cbec765d326dfc04c1dd",
    ),
    (
        24,
        3,
        "39f25cd4f0d41b2b2d9d300fcb2981cb",
        "13 bytes byte",
        "912388d7c07612819e3b640ff5cecdaf72e5a59df10f1091a6bec39caad748af9bd2d8d546",
    ),
    (
        25,
        1,
        "5027bc231d0f3a9d23333f1ca6fdbe7c",
        "1",
        "842d21fd950311c0dd464a3f4be8d6da88a56d559c9b47d3f9a85067af661559b8",
    ),
    (
        26,
        3,
        "b038b132cd8e06612267fab7170066d88aeccba0b744bfc60dc89bca182d0715",
        "13 bytes byte",
        "eeec85a9813cdc536772ab9b42defc5706f726e975dde05a87eb5406ea324ca185c9986b42aabe794b84821bee",
    ),
]


@pytest.mark.parametrize(("number", "usage", "key", "text", "data"), CIPHERTEXTS)
def test_a_ciphertext_of_another_implementation_is_decrypted(
    number: int, usage: int, key: str, text: str, data: str
) -> None:
    kind = enctype(number)
    got = kind.decrypt(bytes.fromhex(key), usage, bytes.fromhex(data))
    assert got == padded(kind, text.encode())


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the collection is not here")
def test_every_decryption_vector_of_the_collection_holds() -> None:
    found = vectors("mit_decrypt.json")
    assert len(found) >= 43
    assert {row["enctype"] for row in found} == set(ENCTYPES)
    for row in found:
        key = Key(row["enctype"], bytes.fromhex(row["key"]))
        text = padded(key.enctype, bytes.fromhex(row["plaintext"]))
        assert key.decrypt(row["key_usage"], bytes.fromhex(row["ciphertext"])) == text, row


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the collection is not here")
def test_every_encryption_of_rfc_8009_holds() -> None:
    found = vectors("rfc8009_encryption.json")
    assert len(found) >= 8
    for row in found:
        kind, key, text, first = (
            enctype(row["enctype"]),
            *(bytes.fromhex(row[name]) for name in ("base_key", "plaintext", "confounder")),
        )
        assert [each.hex() for each in kind.derive(key, row["key_usage"])] == [row["Ke"], row["Ki"]]
        assert kind.encrypt(key, row["key_usage"], text, first).hex() == row["ciphertext"]


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the collection is not here")
def test_every_n_fold_and_combination_of_the_collection_holds() -> None:
    found = vectors("nfold_cf2.json")
    assert len(found["nfold"]) >= 7
    for row in found["nfold"]:
        assert n_fold(bytes.fromhex(row["input_hex"]), row["bits"] // 8).hex() == row["out"]
    results = found["krb_fx_cf2"]["results_in_order_of_MIT_t_cf2_in"]
    assert [combined(number).value.hex() for number in (17, 18, 16, 23, 19, 20)] == results


# Checksums.

#: Of MIT's t_cksums.c and RFC 8009 appendix A: checksum type, encryption type, usage, key, data, checksum.
CHECKSUMS = [
    (2, 0, 0, "", b"one", "305dcc2c0fdd5339969552c7b8996348"),
    (7, 0, 0, "", b"two three four five", "bab5321551e1084490869635b3c26815"),
    (14, 0, 0, "", b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (10, 0, 0, "", b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (-131, 0, 0, "", b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (
        12,
        16,
        2,
        "7a25df8992296dceda0e135bc4046e2375b3c14c98fbc162",
        b"six seven",
        "0eefc9c3e049aabc1ba5c401677d9ab699082bb4",
    ),
    (
        15,
        17,
        3,
        "9062430c8cda3388922e6d6a509f5b7a",
        b"eight nine ten eleven twelve thirteen",
        "01a4b088d45628f6946614e3",
    ),
    (
        16,
        18,
        4,
        "b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7",
        b"fourteen",
        "e08739e3279e2903ec8e3836",
    ),
    (17, 25, 7, "1dc46a8d763f4f93742bcba3387576c3", b"abcdefghijk", "1178e6c5c47a8c1ae0c4b9c7d4eb7b6b"),
    (
        18,
        26,
        9,
        "b61c86cc4e5d2757545ad423399fb7031ecab913cbb900bd7a3c6dd8bf92015b",
        b"123456789",
        "87a12cfd2b96214810f01c826e7744b1",
    ),
    (19, 19, 2, AES128_KEY, bytes(range(21)), "d78367186643d67b411cba9139fc1dee"),
    (20, 20, 2, AES256_KEY, bytes(range(21)), "45ee791567eefca37f4ac1e0222de80d43c3bfa06699672a"),
    (-137, 23, 5, "f7d3a155af5e238a0b7a871a96ba2ab2", b"fifteen sixteen", "9f41df304907de735447001fd2a197b9"),
    (
        -138,
        23,
        6,
        "f7d3a155af5e238a0b7a871a96ba2ab2",
        b"seventeen eighteen nineteen twenty",
        "eb38cc97e2230f59da4117dc5859d7ec",
    ),
]


@pytest.mark.parametrize(("number", "etype", "usage", "key", "data", "result"), CHECKSUMS)
def test_a_checksum_is_that_of_another_implementation(
    number: int, etype: int, usage: int, key: str, data: bytes, result: str
) -> None:
    kind, held = checksum_for(number), Key(etype, bytes.fromhex(key)) if key else None
    expected = bytes.fromhex(result)
    assert kind.compute(held, usage, data) == expected
    assert len(expected) == kind.size
    assert kind.keyed == bool(key)
    assert kind.verify(held, usage, data, expected)
    assert not kind.verify(held, usage, data, expected[:-1])
    assert not kind.verify(held, usage, data, b"")
    assert not kind.verify(held, usage, data + b"\0", expected)
    for at in range(8 * len(expected)):
        flipped = (int.from_bytes(expected, "big") ^ 1 << at).to_bytes(len(expected), "big")
        assert not kind.verify(held, usage, data, flipped)


def test_every_checksum_type_has_a_vector() -> None:
    assert {row[0] for row in CHECKSUMS} == set(CHECKSUM_TYPES)


#: What MIT's tables call them.
MIT_NAMES = {
    "RSA_MD4": 2,
    "RSA_MD5": 7,
    "SHA1": 14,
    "HMAC_SHA1_DES3": 12,
    "HMAC_SHA1_96_AES128": 15,
    "HMAC_SHA1_96_AES256": 16,
    "MD5_HMAC_ARCFOUR": -137,
    "HMAC_MD5_ARCFOUR": -138,
    "CMAC_CAMELLIA128": 17,
    "CMAC_CAMELLIA256": 18,
    "HMAC_SHA256_128_AES128": 19,
    "HMAC_SHA384_192_AES256": 20,
}


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the collection is not here")
def test_every_checksum_vector_of_the_collection_holds() -> None:
    found = vectors("mit_checksums.json")
    assert len(found) >= 14
    for row in found:
        kind = checksum_for(MIT_NAMES[row["cksumtype"].removeprefix("CKSUMTYPE_")])
        key = Key(int(row["enctype"]), bytes.fromhex(row["key"])) if row["key"] else None
        assert kind.compute(key, row["key_usage"], bytes.fromhex(row["plaintext"])).hex() == row["checksum"], row


def test_a_pacs_unsigned_number_is_the_signed_one() -> None:
    assert checksum_for(0xFFFFFF76) is checksum_for(-138)


@pytest.mark.parametrize(
    ("number", "said"),
    [(1 << 31, -(1 << 31)), ((1 << 32) - 1, -1), ((1 << 31) - 1, (1 << 31) - 1), (1 << 32, 1 << 32)],
)
def test_a_number_of_32_bits_is_signed_and_a_larger_one_is_itself(number: int, said: int) -> None:
    with pytest.raises(UnsupportedChecksum, match=f"checksum type {said}: "):
        checksum_for(number)


def test_the_checksum_types_have_the_names_of_the_registry() -> None:
    assert {number: kind.name for number, kind in CHECKSUM_TYPES.items() if kind.keyed} == {
        12: "hmac-sha1-des3-kd",
        15: "hmac-sha1-96-aes128",
        16: "hmac-sha1-96-aes256",
        17: "cmac-camellia128",
        18: "cmac-camellia256",
        19: "hmac-sha256-128-aes128",
        20: "hmac-sha384-192-aes256",
        -137: "md5-hmac",
        -138: "KERB_CHECKSUM_HMAC_MD5",
    }


@every_enctype
def test_the_checksum_of_a_type_is_that_of_its_checksum_type(kind: Enctype) -> None:
    key = Key(kind.number, some_key(kind))
    expected = kind.checksum(key.value, 17, b"data")
    assert checksum_for(kind.checksum_type).compute(key, 17, b"data") == expected == key.checksum(17, b"data")
    assert len(expected) == kind.mac_size
    assert kind.verify(key.value, 17, b"data", expected)
    assert key.verify(17, b"data", expected)
    assert not key.verify(18, b"data", expected)
    assert not key.verify(17, b"datb", expected)


def test_hmac_md5_takes_a_key_of_any_type() -> None:
    """A KDC signs a PAC with it under the key of the account, and PA-FOR-USER under any session key (MS-SFU 2.2.1)."""
    results = {checksum_for(-138).compute(Key(etype, b"k" * size), 17, b"x") for etype, size in ((23, 16), (18, 32))}
    assert {len(result) for result in results} == {16}
    assert len(results) == 2


@pytest.mark.parametrize("number", [3, 4, 5, 6, 8])
def test_checksums_under_single_des_are_refused_with_the_reason(number: int) -> None:
    with pytest.raises(UnsupportedChecksum, match="RFC 6649") as caught:
        checksum_for(number)
    assert caught.value.number == number


@pytest.mark.parametrize("number", [0, 1, 9, 11, 13, 0x8003, -1, -139, 1 << 40])
def test_an_unknown_checksum_type_is_refused(number: int) -> None:
    with pytest.raises(UnsupportedChecksum, match=f"checksum type {number}: "):
        checksum_for(number)


def test_a_checksum_that_takes_a_key_wants_one_of_its_own_type() -> None:
    for key in (None, Key(18, b"k" * 32)):
        with pytest.raises(UnsupportedChecksum, match="takes a key"):
            checksum_for(15).compute(key, 6, b"")
    with pytest.raises(UnsupportedChecksum, match="takes a key"):
        checksum_for(-138).compute(None, 6, b"")


# Properties.


@settings(deadline=None)
@given(kind=any_enctype, text=st.binary(max_size=100), usage=st.integers(0, 1024), data=st.data())
def test_what_was_encrypted_is_decrypted(kind: Enctype, text: bytes, usage: int, data: st.DataObject) -> None:
    key = kind.random_to_key(data.draw(st.binary(min_size=kind.seed_size, max_size=kind.seed_size)))
    first = data.draw(st.binary(min_size=kind.confounder_size, max_size=kind.confounder_size))
    sealed = kind.encrypt(key, usage, text, first)
    assert len(sealed) == kind.confounder_size + len(padded(kind, text)) + kind.mac_size
    assert kind.decrypt(key, usage, sealed) == padded(kind, text)
    assert Key(kind.number, key).decrypt(usage, sealed) == padded(kind, text)
    assert Key(kind.number, key).encrypt(usage, text, first) == sealed


@every_enctype
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 40])
def test_every_flipped_bit_of_a_ciphertext_is_an_integrity_error(kind: Enctype, length: int) -> None:
    key = Key(kind.number, some_key(kind))
    sealed = key.encrypt(11, b"t" * length, confounder(kind))
    for at in range(len(sealed)):
        for bit in range(8):
            with pytest.raises(IntegrityError):
                key.decrypt(11, sealed[:at] + bytes((sealed[at] ^ 1 << bit,)) + sealed[at + 1 :])


@every_enctype
def test_another_key_or_usage_is_an_integrity_error_that_says_nothing_of_the_key(kind: Enctype) -> None:
    key = some_key(kind)
    sealed = kind.encrypt(key, 2, b"text", confounder(kind))
    for other, usage in ((some_key(kind, 90), 2), (key, 11)):
        with pytest.raises(IntegrityError) as caught:
            kind.decrypt(other, usage, sealed)
        assert str(caught.value).startswith(kind.name)
        assert key.hex() not in str(caught.value)
        assert caught.value.__cause__ is None


@every_enctype
def test_every_truncation_is_refused(kind: Enctype) -> None:
    key = some_key(kind)
    sealed = kind.encrypt(key, 2, b"t" * 20, confounder(kind))
    for length in range(len(sealed)):
        with pytest.raises((IntegrityError, LengthError)):
            kind.decrypt(key, 2, sealed[:length])
    with pytest.raises(LengthError, match="a ciphertext of") as caught:
        kind.decrypt(key, 2, sealed[: kind.confounder_size + kind.mac_size - 1])
    assert caught.value.found == kind.confounder_size + kind.mac_size - 1


def test_triple_des_says_which_lengths_there_are() -> None:
    with pytest.raises(LengthError, match="is 20 bytes and a multiple of 8, not 29"):
        DES3_SHA1.decrypt(some_key(DES3_SHA1), 2, bytes(29))


@every_enctype
def test_keys_seeds_and_confounders_of_another_length_are_refused(kind: Enctype) -> None:
    key = some_key(kind)
    for wrong in (b"", key[:-1], key + b"k"):
        with pytest.raises(LengthError, match=f"a key of {kind.name} is {kind.key_size} bytes, not {len(wrong)}"):
            kind.encrypt(wrong, 1, b"", confounder(kind))
        for work in (kind.decrypt, kind.checksum):
            with pytest.raises(LengthError, match="a key of"):
                work(wrong, 1, b"")
        with pytest.raises(LengthError, match="a key of"):
            kind.prf(wrong, b"")
        with pytest.raises(LengthError, match="a key of"):
            Key(kind.number, wrong).decrypt(1, b"")
    with pytest.raises(LengthError, match="a confounder of"):
        kind.encrypt(key, 1, b"", confounder(kind) + b"c")
    with pytest.raises(LengthError, match="a seed of"):
        kind.random_to_key(bytes(kind.seed_size + 1))


@every_enctype
def test_usages_have_keys_of_their_own(kind: Enctype) -> None:
    key = some_key(kind)
    sealed = {kind.encrypt(key, usage, b"same", confounder(kind)) for usage in (1, 2, 4, 5, 6, 7, 11, 12, 1026)}
    assert len(sealed) == 9


# What is particular to a type.


def test_the_seeds_of_weak_des_keys_become_other_keys() -> None:
    """RFC 3961 6.3.1 and 6.2: the last byte of a weak or semi-weak key is changed by 0xF0."""
    assert DES3_SHA1.random_to_key(bytes(21)).hex() == "01010101010101f1" * 3
    assert DES3_SHA1.random_to_key(b"\xff" * 21).hex() == "fefefefefefefe0e" * 3
    semi_weak = bytes.fromhex("011f011f010e010e")
    seed = bytes(byte & 0xFE | semi_weak[7] >> place & 1 for place, byte in enumerate(semi_weak[:7], 1))
    assert DES3_SHA1.random_to_key(seed * 3) == (semi_weak[:7] + b"\xfe") * 3


@given(seed=st.binary(min_size=21, max_size=21))
def test_a_triple_des_key_has_odd_parity_and_the_seeds_bits(seed: bytes) -> None:
    key = DES3_SHA1.random_to_key(seed)
    assert all(byte.bit_count() % 2 == 1 for byte in key)
    assert all(key[at // 7 * 8 + at % 7] & 0xFE == seed[at] & 0xFE for at in range(21))


def test_rc4_encrypts_an_as_reply_as_a_tgs_reply_and_signs_a_wrap_token_as_13() -> None:
    key, first = b"k" * 16, b"c" * 8
    assert RC4_HMAC.encrypt(key, 3, b"t", first) == RC4_HMAC.encrypt(key, 8, b"t", first)
    assert RC4_HMAC.checksum(key, 23, b"t") == RC4_HMAC.checksum(key, 13, b"t")
    assert RC4_HMAC.checksum(key, 15, b"t") != RC4_HMAC.checksum(key, 13, b"t")


def test_rc4_reads_a_reply_under_a_subkey_of_either_usage() -> None:
    """Windows encrypts with 9; RFC 4757 first said 8."""
    key, first = Key(23, b"k" * 16), b"c" * 8
    assert key.encrypt(9, b"t", first) != key.encrypt(8, b"t", first)
    assert key.decrypt(9, key.encrypt(9, b"t", first)) == b"t"
    assert key.decrypt(9, key.encrypt(8, b"t", first)) == b"t"
    with pytest.raises(IntegrityError):
        key.decrypt(8, key.encrypt(9, b"t", first))
    with pytest.raises(IntegrityError):
        key.decrypt(9, key.encrypt(7, b"t", first))


def test_the_sha2_types_sign_the_ciphertext() -> None:
    """RFC 8009 section 5: no byte of a forged ciphertext is decrypted."""
    for kind in (AES128_SHA256, AES256_SHA384):
        sealed = kind.encrypt(some_key(kind), 2, b"text", confounder(kind))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BlockCipher, "cts_decrypt", lambda *_: pytest.fail("decrypted before the checksum was seen"))
            with pytest.raises(IntegrityError):
                kind.decrypt(some_key(kind), 2, sealed[:-1] + bytes((sealed[-1] ^ 1,)))


# Which there are.


@pytest.mark.parametrize(("number", "name"), [(1, "des-cbc-crc"), (2, "des-cbc-md4"), (3, "des-cbc-md5")])
def test_single_des_is_named_and_refused_with_the_reason(number: int, name: str) -> None:
    with pytest.raises(UnsupportedEnctype) as caught:
        enctype(number)
    assert (caught.value.number, caught.value.name) == (number, name)
    assert "RFC 6649" in caught.value.reason
    assert "Windows has it off by default" in str(caught.value)
    assert str(caught.value).startswith(f"encryption type {number} ({name}): ")


@pytest.mark.parametrize("number", [0, 4, 5, 7, 15, 21, 22, 27, 65, -133, -135, 1 << 31])
def test_another_type_is_refused(number: int) -> None:
    with pytest.raises(UnsupportedEnctype, match=f"encryption type {number}") as caught:
        enctype(number)
    assert isinstance(caught.value, KerberosCryptoError)
    with pytest.raises(UnsupportedEnctype):
        Key(number, b"k" * 8).decrypt(2, b"")


def test_the_types_have_the_names_and_numbers_of_the_registry() -> None:
    from secctx.decoders.tables.kerberos import ENCTYPES as registered

    assert {number: kind.name for number, kind in ENCTYPES.items()} == {
        number: name for number, name in registered.items() if number in ENCTYPES
    }
    assert set(ENCTYPES) == {16, 17, 18, 19, 20, 23, 24, 25, 26}


# Keys.


def test_a_key_shows_nothing_of_itself() -> None:
    key = Key(18, b"very secret key material, 32 by.")
    key.decrypt(2, key.encrypt(2, b"", b"c" * 16))
    assert repr(key) == f"{key}" == "Key(etype=18, …)"


def test_a_key_derives_once_for_each_usage_and_keeps_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: list[int] = []
    true_derive = AES128_SHA256.derive

    def counted(key: bytes, usage: int) -> tuple[bytes, ...]:
        derived.append(usage)
        return true_derive(key, usage)

    monkeypatch.setattr(AES128_SHA256, "derive", counted)
    key = Key(19, b"k" * 16)
    sealed = key.encrypt(2, b"text", b"c" * 16)
    for _ in range(5):
        assert key.decrypt(2, sealed) == b"text"
    assert derived == [2]
    for usage in range(1000):
        key.encrypt(usage, b"", b"c" * 16)
    assert len(key._derived) <= 32
    assert key.decrypt(2, sealed) == b"text"


# Where the crypto library lacks something.

LAZY = f"""
import importlib.util, json, sys, types
if importlib.util.find_spec("secctx") is None:
    module = types.ModuleType("secctx")
    module.__path__ = [{str(ROOT)!r}]
    sys.modules["secctx"] = module
import secctx.keys.keytab, secctx.keys.password_keys, secctx.keys.kerberos_checksums
from secctx.keys.kerberos_key import Key
Key(19, b"k" * 16).checksum(2, b"RFC 8009 takes no cipher for this")
print(json.dumps(sorted(sys.modules)))
"""


def test_reading_keytabs_and_naming_types_loads_no_crypto_library() -> None:
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = json.loads(done.stdout)
    assert "secctx.keys.aes_enctypes" in loaded
    assert not [name for name in loaded if name.split(".")[0] in ("cryptography", "spnego", "asn1crypto")]


@pytest.mark.parametrize(
    ("number", "name", "needed_by"),
    [
        (16, "Triple DES", "this encryption type"),
        (18, "AES", "this encryption type"),
        (23, "RC4", "rc4-hmac"),
        (24, "RC4", "rc4-hmac-exp"),
        (25, "Camellia", "this encryption type"),
    ],
)
def test_a_cipher_that_openssl_lacks_gives_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, number: int, name: str, needed_by: str
) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import ciphers as library
    from cryptography.hazmat.primitives import cmac

    kind = enctype(number)
    key = some_key(kind)

    def refuse(*_: object) -> None:
        raise UnsupportedAlgorithm("not in this build")

    monkeypatch.setattr(library, "Cipher", refuse)
    monkeypatch.setattr(cmac, "CMAC", refuse)
    for work in (
        lambda: kind.encrypt(key, 2, b"", confounder(kind)),
        lambda: kind.decrypt(key, 2, bytes(kind.confounder_size + kind.mac_size)),
    ):
        with pytest.raises(CipherMissing, match=f"has no {name}, which {needed_by} needs") as caught:
            work()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [ImportError(), RuntimeError("the legacy provider failed to load")])
def test_a_crypto_library_that_cannot_be_loaded_gives_the_clear_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from secctx.keys import block_ciphers

    def refuse(_: str) -> None:
        raise error

    monkeypatch.setattr(block_ciphers, "algorithm", refuse)
    for work in (lambda: AES.cbc_encrypt(b"k" * 16, bytes(16)), lambda: DES3.cbc_decrypt(b"k" * 24, bytes(8))):
        with pytest.raises(CipherMissing, match="the crypto library here has no"):
            work()
    with pytest.raises(CipherMissing, match="has no Camellia"):
        CAMELLIA.cmac(b"k" * 16, b"")


def test_a_fips_build_without_md5_gives_the_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from secctx.keys import ciphers

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("[digital envelope routines] unsupported")

    monkeypatch.setattr(ciphers.hashlib, "md5", refuse)
    key = Key(23, b"k" * 16)
    for work, needed_by in (
        (lambda: key.encrypt(2, b"", b"c" * 8), "rc4-hmac"),
        (lambda: key.checksum(17, b""), "rc4-hmac"),
        (lambda: checksum_for(-138).compute(key, 17, b""), "KERB_CHECKSUM_HMAC_MD5"),
        (lambda: checksum_for(-137).compute(key, 17, b""), "the checksum -137"),
    ):
        with pytest.raises(CipherMissing, match=f"has no MD5, which {needed_by} needs"):
            work()


# The lab: tickets that a KDC of MIT and one of Samba really issued.


def tickets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every encrypted part of a ticket in a token: its encryption type and its ciphertext."""
    for path, node in walk(decode(data).root):
        if path.endswith("ticket.enc-part"):
            etype, cipher = node.child("etype"), node.child("cipher")
            assert etype is not None
            assert cipher is not None
            assert isinstance(etype.value, int)
            assert isinstance(cipher.value, bytes)
            yield etype.value, cipher.value


@pytest.mark.skipif(not (LAB / "cases.jsonl").is_file(), reason="the lab's tokens are not here")
def test_the_tickets_of_the_lab_open_with_their_keytab_and_with_no_other_key() -> None:
    seen: dict[int, int] = {}
    for line in (LAB / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if "keytab" not in case or case["expect"]["status"] != ["SEC_E_OK"]:
            continue
        entries = read_keytab((LAB / case["keytab"]).read_bytes()).entries
        wrong = Key(18, b"k" * 32)
        for leg in case["legs"]:
            for etype, cipher in tickets((LAB / leg["file"]).read_bytes()):
                opened = []
                for found in entries:
                    if found.etype == etype:
                        try:
                            opened.append(found.key.decrypt(2, cipher))
                        except IntegrityError:
                            continue
                assert opened, case["case"]
                assert {text[0] for text in opened} == {0x63}, "an EncTicketPart"
                seen[etype] = seen.get(etype, 0) + 1
                if etype == 18:
                    with pytest.raises(IntegrityError):
                        wrong.decrypt(2, cipher)
    assert set(seen) == {17, 18, 19, 20, 23}
    assert sum(seen.values()) >= 40
