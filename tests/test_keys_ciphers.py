"""The old ciphers: equal to their specifications, resumable elsewhere, and honest where a machine lacks them."""

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego._ntlm_raw import crypto as oracle

from secctx.keys import ciphers
from secctx.keys.ciphers import CipherMissing, Rc4, des, desl, hmac_md5, md5, rc4k
from secctx.keys.md4 import md4

ROOT = Path(__file__).parents[1]
START = f"""
import importlib.util, json, sys, types
if importlib.util.find_spec("secctx") is None:
    module = types.ModuleType("secctx")
    module.__path__ = [{str(ROOT)!r}]
    sys.modules["secctx"] = module
"""

#: RFC 1320 appendix A.5.
MD4_SUITE = {
    "": "31d6cfe0d16ae931b73c59d7e0c089c0",
    "a": "bde52cb31de33e46245e05fbdbd6fb24",
    "abc": "a448017aaf21d8525fc10ae87aa6729d",
    "message digest": "d9130a8164549fe818874806e1c7014b",
    "abcdefghijklmnopqrstuvwxyz": "d79e1c308aa5bbcdeea8ed63df412da9",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": "043f8582f241db351ce627e153e7f0e4",
    "1234567890" * 8: "e33b4ddc9c38f2199c3e7b164fcc0536",
}

#: RFC 6229 section 2: how the keystream begins, by key.
RC4_STREAMS = {
    "0102030405": "b2396305f03dc027ccc3524a0a1118a8",
    "0102030405060708": "97ab8a1bf0afb96132f2f67258da15a8",
    "0102030405060708090a0b0c0d0e0f10": "9ac7cc9a609d1ef7b2932899cde41b97",
}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip()


@pytest.mark.parametrize(("text", "digest"), MD4_SUITE.items())
def test_md4_gives_the_digests_of_rfc_1320(text: str, digest: str) -> None:
    assert md4(text.encode()).hex() == digest


@pytest.mark.parametrize("length", [*range(0, 130), 1000, 4096, 65_537])
def test_md4_of_every_length_around_a_block_and_of_long_inputs_is_that_of_another_implementation(length: int) -> None:
    data = bytes(i * 7 & 0xFF for i in range(length))
    assert md4(data) == oracle.md4(data)


@pytest.mark.parametrize(("key", "stream"), RC4_STREAMS.items())
def test_rc4_gives_the_keystreams_of_rfc_6229(key: str, stream: str) -> None:
    assert Rc4(bytes.fromhex(key)).crypt(bytes(16)).hex() == stream


def test_rc4_gives_the_keystream_of_rfc_6229_far_along() -> None:
    assert Rc4(bytes.fromhex("0102030405"), 4096).crypt(bytes(16)).hex() == "ff25b58995996707e51fbdf08b34d875"


@given(
    key=st.binary(min_size=16, max_size=16), parts=st.lists(st.binary(max_size=300), max_size=6), cut=st.integers(0, 6)
)
def test_an_rc4_stream_goes_on_wherever_it_was_saved(key: bytes, parts: list[bytes], cut: int) -> None:
    whole, first = Rc4(key), Rc4(key)
    expected = [whole.crypt(part) for part in parts]
    got = [first.crypt(part) for part in parts[:cut]]
    second, copied = Rc4(*first.save()), first.copy()
    rest = parts[cut:]
    assert got + [second.crypt(part) for part in rest] == expected
    assert [copied.crypt(part) for part in rest] == expected[cut:]
    assert second.position == whole.position == sum(map(len, parts))


def test_setting_the_position_goes_back_and_forth_in_the_keystream() -> None:
    stream = Rc4(b"k" * 16)
    zeros = stream.crypt(bytes(100_000))
    for position in (0, 70_000, 16, 16, 99_999):
        stream.position = position
        assert stream.crypt(b"\0") == zeros[position : position + 1]


def test_an_rc4_stream_goes_on_in_another_process() -> None:
    stream = Rc4(b"0123456789abcdef")
    stream.crypt(b"said before")
    key, position = stream.save()
    code = f"""
from secctx.keys.ciphers import Rc4
print(Rc4(bytes.fromhex({key.hex()!r}), {position}).crypt(b"said after").hex())"""
    assert run(code) == stream.crypt(b"said after").hex()


@pytest.mark.parametrize("position", [-1, (1 << 30) + 1])
def test_an_rc4_position_out_of_bounds_is_refused(position: int) -> None:
    with pytest.raises(ValueError, match="position"):
        Rc4(b"k" * 16, position)


def test_an_rc4_stream_shows_no_key() -> None:
    assert repr(Rc4(b"very secret key!", 5)) == "Rc4(position=5)"


@given(key=st.binary(min_size=7, max_size=7), block=st.binary(min_size=8, max_size=8))
def test_des_equals_another_implementation(key: bytes, block: bytes) -> None:
    assert des(key, block) == oracle.des(key, block)


@given(key=st.binary(min_size=16, max_size=16), block=st.binary(min_size=8, max_size=8))
def test_desl_equals_another_implementation(key: bytes, block: bytes) -> None:
    assert desl(key, block) == oracle.desl(key, block)


@given(key=st.binary(max_size=100), data=st.binary(max_size=200))
def test_hmac_md5_and_md5_are_those_of_the_standard_library(key: bytes, data: bytes) -> None:
    assert hmac_md5(key, data) == hmac.digest(key, data, "md5")
    assert md5(data) == hashlib.md5(data).digest()


def test_rc4k_is_its_own_inverse() -> None:
    assert rc4k(b"k" * 16, rc4k(b"k" * 16, b"text")) == b"text"


def test_importing_any_of_the_keys_loads_no_crypto_library() -> None:
    code = """
import secctx.keys.ciphers, secctx.keys.ntlm, secctx.keys.ntlm_proof, secctx.keys.ntlm_session
import secctx.keys.users, secctx.keys.bindings
print(json.dumps(sorted(sys.modules)))"""
    loaded = json.loads(run(code))
    assert "secctx.keys.bindings" in loaded
    assert not [name for name in loaded if name.split(".")[0] in ("cryptography", "spnego", "asn1crypto")]


BLOCKED = """
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.startswith({name!r}): raise {error}
sys.meta_path.insert(0, Block())
from secctx.keys.ciphers import CipherMissing, des, rc4k
for work in (lambda: rc4k(b"k" * 16, b"x"), lambda: des(b"k" * 7, b"x" * 8)):
    try: print(work().hex())
    except CipherMissing as error: print(error.name, "|", error)
"""


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("cryptography", "ImportError()"),
        ("cryptography.hazmat.primitives.ciphers", "RuntimeError('the legacy provider failed to load')"),
    ],
)
def test_a_crypto_library_that_cannot_be_loaded_gives_one_clear_line_for_each_cipher(name: str, error: str) -> None:
    lines = run(BLOCKED.format(name=name, error=error)).splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["RC4", "DES"]
    assert all("the crypto library here has no" in line for line in lines)


def test_without_the_decrepit_part_the_older_place_of_the_ciphers_is_tried() -> None:
    """cryptography before 43 has them there, later ones have not: either a result, or the clear line."""
    for line in run(BLOCKED.format(name="cryptography.hazmat.decrepit", error="ImportError()")).splitlines():
        assert "Error" not in line
        assert "has no" in line or len(bytes.fromhex(line)) in (1, 8)


def test_an_openssl_without_a_cipher_gives_the_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import ciphers as library

    def refuse(*_: object) -> None:
        raise UnsupportedAlgorithm("not in this build")

    monkeypatch.setattr(library, "Cipher", refuse)
    with pytest.raises(CipherMissing, match="has no RC4, which NTLM needs"):
        rc4k(b"k" * 16, b"x")
    with pytest.raises(CipherMissing, match="has no DES, which NTLM needs"):
        des(b"k" * 7, b"x" * 8)


def test_a_fips_build_without_md5_gives_the_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("[digital envelope routines] unsupported")

    monkeypatch.setattr(ciphers.hashlib, "md5", refuse)
    for work in (lambda: md5(b""), lambda: hmac_md5(b"k", b"")):
        with pytest.raises(CipherMissing, match="has no MD5") as caught:
            work()
        assert "\n" not in str(caught.value)
