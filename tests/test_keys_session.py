"""Signatures and sealed messages: the values of MS-NLMP 4.2, another implementation's, and states that go on."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego._ntlm_raw import crypto as oracle
from spnego._ntlm_raw import security as oracle_security

from secctx.keys.ntlm_session import DUMMY_SIGNATURE, NtlmSession, Role, seal_key, sign_key

h = bytes.fromhex
V1, ESS, V2 = 0xE2028233, 0x820A8233, 0xE28A8233
SIGN, SEAL, ALWAYS_SIGN, EXTENDED, KEY_EXCH = 0x10, 0x20, 0x8000, 0x80000, 0x40000000
KEY = h("55" * 16)
PLAINTEXT = "Plaintext".encode("utf-16-le")

#: MS-NLMP 4.2.2.4, 4.2.3.4, 4.2.4.4: flags, key, what GSS_WrapEx makes of the plaintext at sequence number 0.
WRAPPED = {
    "v1": (V1, KEY, "56fe04d861f9319af0d7238a2e3b4d457fb8", "010000000000000009dcd1df2e459d36"),
    "v1 with extended session security": (
        ESS,
        h("eb93429a8bd952f8b89c55b87f475edc"),
        "a02372f6530273f3aa1eb90190ce5200c99d",
        "01000000ff2aeb52f681793a00000000",
    ),
    "v2": (V2, KEY, "54e50165bf1936dc996020c1811b0f06fb5f", "010000007fb38ec5c55d497600000000"),
}

FLAGS = st.sampled_from([0, SIGN, SEAL, SIGN | SEAL]).flatmap(
    lambda base: st.builds(
        lambda *bits: base | sum(bits),
        *(st.sampled_from([0, bit]) for bit in (EXTENDED, KEY_EXCH, 0x20000000, 0x80000000, 0x80, 0x40, ALWAYS_SIGN)),
    )
)
SIXTEEN = st.binary(min_size=16, max_size=16)
MESSAGES = st.lists(st.tuples(st.booleans(), st.booleans(), st.binary(max_size=100)), max_size=6)


def pair(flags: int = V2, key: bytes = KEY) -> tuple[NtlmSession, NtlmSession]:
    return NtlmSession(flags, key, "client"), NtlmSession(flags, key, "server")


@pytest.mark.parametrize(("flags", "key", "sealed", "signature"), WRAPPED.values(), ids=WRAPPED)
def test_the_sealed_messages_of_the_specification_come_out_and_open(
    flags: int, key: bytes, sealed: str, signature: str
) -> None:
    client, server = pair(flags, key)
    assert client.seal(PLAINTEXT) == (h(sealed), h(signature))
    assert server.unseal(h(sealed), h(signature)) == PLAINTEXT


def test_the_signing_and_sealing_keys_of_the_specification_come_out() -> None:
    exchange = h("eb93429a8bd952f8b89c55b87f475edc")
    assert seal_key(ESS, exchange, "client") == h("04dd7f014d8504d265a25cc86a3a7c06")
    assert sign_key(ESS, exchange, "client") == h("60e799be5c72fc92922ae8ebe961fb8d")
    assert seal_key(V2, KEY, "client") == h("59f600973cc4960a25480a7c196e4c58")
    assert sign_key(V2, KEY, "client") == h("4788dc861b4782f35d43fd98fe1a2d39")
    assert sign_key(V1, KEY, "client") is None


@given(flags=st.integers(0, 0xFFFFFFFF), key=SIXTEEN)
def test_the_keys_are_another_implementation_s_whatever_is_negotiated(flags: int, key: bytes) -> None:
    sides: tuple[tuple[Role, str], ...] = (("client", "initiate"), ("server", "accept"))
    for ours, theirs in sides:
        assert seal_key(flags, key, ours) == oracle.sealkey(flags, key, theirs)
        assert (sign_key(flags, key, ours) or b"") == oracle.signkey(flags, key, theirs)


@given(
    flags=FLAGS.filter(lambda flags: flags & SIGN),
    key=SIXTEEN,
    messages=st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=5),
)
def test_signatures_and_sealed_messages_are_another_implementation_s(
    flags: int, key: bytes, messages: list[tuple[bool, bytes]]
) -> None:
    server = NtlmSession(flags, key, "client")
    handle, signing = oracle.rc4init(oracle.sealkey(flags, key, "initiate")), oracle.signkey(flags, key, "initiate")
    for number, (confidential, message) in enumerate(messages):
        if confidential:
            assert server.seal(message) == oracle_security.seal(flags, handle, signing, number, message)
        else:
            assert server.sign(message) == oracle_security.sign(flags, handle, signing, number, message)


@given(flags=FLAGS, key=SIXTEEN, messages=MESSAGES)
def test_both_ends_understand_each_other_through_saving_and_restoring(
    flags: int, key: bytes, messages: list[tuple[bool, bool, bytes]]
) -> None:
    client, server = pair(flags, key)
    for up, confidential, message in messages:
        sender, receiver = (client, server) if up else (server, client)
        if confidential:
            assert receiver.unseal(*sender.seal(message)) == message
        else:
            assert receiver.verify(message, sender.sign(message))
        server = NtlmSession.restore(json.loads(json.dumps(server.save())))


@pytest.mark.parametrize("flags", [V1, ESS, V2, V2 & ~KEY_EXCH, V1 & ~SIGN, V2 & ~SIGN])
def test_a_flipped_bit_fails_and_the_session_stays_where_it_was(flags: int) -> None:
    client, server = pair(flags)
    assert server.verify(b"first", client.sign(b"first"))
    signature = client.sign(b"second")
    for at in range(128):
        flipped = bytearray(signature)
        flipped[at // 8] ^= 1 << at % 8
        if flags & EXTENDED or not 32 <= at < 64:  # RandomPad may hold anything
            assert not server.verify(b"second", bytes(flipped)), at
    assert not server.verify(b"sEcond", signature)
    assert not server.verify(b"second", signature[:15])
    assert server.verify(b"second", signature)
    sealed, signature = client.seal(b"third")
    for at in range(40):
        altered = bytearray(sealed)
        altered[at // 8] ^= 1 << at % 8
        assert server.unseal(bytes(altered), signature) is None
    assert server.unseal(sealed, b"") is None
    assert server.unseal(sealed, signature) == b"third"


def test_random_pad_is_not_looked_at_without_extended_session_security() -> None:
    client, server = pair(V1)
    signature = client.sign(b"text")
    assert server.verify(b"text", signature[:4] + b"\xde\xad\xbe\xef" + signature[8:])


def test_a_message_out_of_order_or_said_twice_or_reflected_does_not_verify() -> None:
    client, server = pair()
    first, second = client.sign(b"same"), client.sign(b"same")
    assert not server.verify(b"same", second)
    assert server.verify(b"same", first)
    assert not server.verify(b"same", first)
    assert server.verify(b"same", second)
    assert not client.verify(b"same", first)


def test_without_extended_session_security_both_directions_share_one_stream() -> None:
    client, server = pair(V1)
    assert server.unseal(*client.seal(b"ask")) == b"ask"
    assert client.unseal(*server.seal(b"answer")) == b"answer"
    assert server.save()["sent"] == server.save()["received"] == [3 + 12 + 6 + 12, 2]


def test_where_neither_signing_nor_sealing_is_negotiated_the_signature_is_a_constant() -> None:
    client, server = pair(V2 & ~(SIGN | SEAL))
    assert not server.integrity
    assert client.sign(b"anything") == DUMMY_SIGNATURE == h("01" + "00" * 15)
    assert server.verify(b"something else", DUMMY_SIGNATURE)
    assert not server.verify(b"anything", b"\1" * 16)
    assert pair(V2)[0].integrity
    assert pair(V2 & ~SIGN)[0].integrity


def test_the_rc4_states_are_restored_after_a_mech_list_mic_and_the_sequence_goes_on() -> None:
    """MS-SPNG 3.2.5.1; that the sequence number is not reset is what gss-ntlmssp and pyspnego do."""
    client, server = pair()
    marks = client.mark(), server.mark()
    assert server.verify(b"mechs", client.sign(b"mechs"))
    client.rewind(marks[0])
    server.rewind(marks[1])
    fresh = NtlmSession(V2, KEY, "client")
    sealed, signature = client.seal(b"first message")
    assert sealed == fresh.seal(b"first message")[0]
    assert signature[12:] == b"\1\0\0\0"
    assert server.unseal(sealed, signature) == b"first message"


def test_a_session_shows_no_key() -> None:
    shown = repr(NtlmSession(V2, KEY))
    assert shown == "NtlmSession(flags=0xe28a8233, role='server', sent=(0, 0), received=(0, 0))"


GOOD = NtlmSession(V2, KEY).save()


@pytest.mark.parametrize(
    "damage",
    [
        {"key": "55"},
        {"key": "zz" * 16},
        {"key": None},
        {"role": "both"},
        {"flags": -1},
        {"flags": 1 << 40},
        {"sent": [0]},
        {"sent": [-1, 0]},
        {"received": [1 << 31, 0]},
        {"received": [0, 1 << 32]},
        {"received": "00"},
    ],
)
def test_a_damaged_state_is_a_value_error_that_tells_no_secret(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        NtlmSession.restore(GOOD | damage)
    assert "5555" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_anything_else_is_no_state(saved: object) -> None:
    with pytest.raises(ValueError, match="not the saved state"):
        NtlmSession.restore(saved)


def test_a_session_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        NtlmSession(V2, b"short")
