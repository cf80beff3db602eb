"""NTLM's hashes, responses and keys: the values of MS-NLMP 4.2, and another implementation's."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spnego._ntlm_raw import crypto as oracle
from spnego._ntlm_raw.messages import TargetInfo

from secctx.keys import ntlm
from secctx.keys.ntlm_proof import NearMiss, Proof, Verified, near_misses, verify_response
from secctx.keys.secret import Secret

h = bytes.fromhex
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

# MS-NLMP 4.2: the common values, then those of 4.2.2, 4.2.3 and 4.2.4 -----------------------------------------------

USER, DOMAIN, PASSWORD = "User", "Domain", "Password"
RANDOM_SESSION_KEY = h("55" * 16)
CLIENT_CHALLENGE, SERVER_CHALLENGE, TIME = h("aa" * 8), h("0123456789abcdef"), bytes(8)
V1, ESS, V2 = 0xE2028233, 0x820A8233, 0xE28A8233
LM_HASH, NT_HASH = h("e52cac67419a9a224a3b108f3fa6cb6d"), h("a4f49c406510bdcab6824ee7c30fd852")
BASE_V1 = h("d87262b0cde4b1cb7499becccdf10784")
NT_V1 = h("67c43011f30298a2ad35ece64f16331c44bdbed927841f94")
LM_V1 = h("98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13")
NT_ESS = h("7537f803ae367128ca458204bde7caf81e97ed2683267232")
LM_ESS = CLIENT_CHALLENGE + bytes(16)
KEY_V2 = h("0c868a403bfd7a93a3001ef22ef02e3f")
BASE_V2 = h("8de40ccadbc14a82f15cb0ad0de95ca3")
LM_V2 = h("86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa")
PROOF_V2 = h("68cd0ab851e51c96aabc927bebef6a1c")
AV_PAIRS = h("02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000")
TEMP = b"\1\1" + bytes(6) + TIME + CLIENT_CHALLENGE + bytes(4) + AV_PAIRS + bytes(4)
NT_V2 = PROOF_V2 + TEMP
LM_KEY, NON_NT = 0x80, 0x400000

SECRET = Secret(PASSWORD)
PROOF_OF_V1 = Proof(USER, DOMAIN, SERVER_CHALLENGE, V1, LM_V1, NT_V1)
PROOF_OF_ESS = Proof(USER, DOMAIN, SERVER_CHALLENGE, ESS, LM_ESS, NT_ESS)
PROOF_OF_V2 = Proof(USER, DOMAIN, SERVER_CHALLENGE, V2, LM_V2, NT_V2)

EXPECTED: dict[str, tuple[Callable[[], bytes | None], bytes]] = {
    "4.2.2.1.1 LMOWFv1": (lambda: ntlm.lmowf_v1(PASSWORD), LM_HASH),
    "4.2.2.1.2 NTOWFv1": (lambda: ntlm.ntowf_v1(PASSWORD), NT_HASH),
    "4.2.2.1.3 SessionBaseKey": (lambda: ntlm.session_base_key_v1(NT_HASH), BASE_V1),
    "4.2.2.1.3 KeyExchangeKey": (lambda: ntlm.key_exchange_key(V1, BASE_V1, None, LM_V1, SERVER_CHALLENGE), BASE_V1),
    "4.2.2.1.3 KeyExchangeKey, non-NT": (
        lambda: ntlm.key_exchange_key(V1 | NON_NT, BASE_V1, LM_HASH, LM_V1, SERVER_CHALLENGE),
        h("e52cac67419a9a220000000000000000"),
    ),
    "4.2.2.1.3 KeyExchangeKey, LM_KEY": (
        lambda: ntlm.key_exchange_key(V1 | LM_KEY, BASE_V1, LM_HASH, LM_V1, SERVER_CHALLENGE),
        h("b09e379f7fbecb1eaf0afdcb0383c8a0"),
    ),
    "4.2.2.2.1 NTLMv1 response": (lambda: ntlm.nt_response_v1(NT_HASH, SERVER_CHALLENGE), NT_V1),
    "4.2.2.2.2 LMv1 response": (lambda: ntlm.lm_response_v1(LM_HASH, SERVER_CHALLENGE), LM_V1),
    "4.2.2.2.3 EncryptedRandomSessionKey": (
        lambda: ntlm.encrypted_session_key(BASE_V1, RANDOM_SESSION_KEY),
        h("518822b1b3f350c8958682ecbb3e3cb7"),
    ),
    "4.2.2.2.3 EncryptedRandomSessionKey, non-NT": (
        lambda: ntlm.encrypted_session_key(h("e52cac67419a9a220000000000000000"), RANDOM_SESSION_KEY),
        h("7452ca55c225a1ca04b48fae32cf56fc"),
    ),
    "4.2.2.2.3 EncryptedRandomSessionKey, LM_KEY": (
        lambda: ntlm.encrypted_session_key(h("b09e379f7fbecb1eaf0afdcb0383c8a0"), RANDOM_SESSION_KEY),
        h("4cd7bb57d697ef9b549f02b8f9b37864"),
    ),
    "4.2.3.2.2 NTLMv1 response": (
        lambda: ntlm.nt_response_extended(NT_HASH, SERVER_CHALLENGE, CLIENT_CHALLENGE),
        NT_ESS,
    ),
    "4.2.3.1.3 KeyExchangeKey": (
        lambda: ntlm.key_exchange_key(ESS, BASE_V1, None, LM_ESS, SERVER_CHALLENGE),
        h("eb93429a8bd952f8b89c55b87f475edc"),
    ),
    "4.2.4.1.1 NTOWFv2": (lambda: ntlm.ntowf_v2(NT_HASH, USER, DOMAIN), KEY_V2),
    "4.2.4.1.2 SessionBaseKey": (lambda: ntlm.session_base_key_v2(KEY_V2, PROOF_V2), BASE_V2),
    "4.2.4.2.1 LMv2 response": (lambda: ntlm.lm_response_v2(KEY_V2, SERVER_CHALLENGE, CLIENT_CHALLENGE), LM_V2),
    "4.2.4.2.2 NTProofStr": (lambda: ntlm.nt_proof_v2(KEY_V2, SERVER_CHALLENGE, TEMP), PROOF_V2),
    "4.2.4.2.3 EncryptedRandomSessionKey": (
        lambda: ntlm.encrypted_session_key(BASE_V2, RANDOM_SESSION_KEY),
        h("c5dad2544fc9799094ce1ce90bc9d03e"),
    ),
}


@pytest.mark.parametrize(("made", "expected"), EXPECTED.values(), ids=EXPECTED)
def test_every_value_of_the_specification_comes_out(made: Callable[[], bytes | None], expected: bytes) -> None:
    assert made() == expected


@pytest.mark.skipif(not (CORPUS / "ms_nlmp").is_dir(), reason="the shared collection is not beside the checkout")
def test_the_literals_here_are_those_of_the_shared_collection() -> None:
    text = (CORPUS / "ms_nlmp" / "vectors.yaml").read_text("utf-8")
    for _, expected in EXPECTED.values():
        assert expected.hex() in text


def test_the_exported_session_key_is_decrypted_only_where_it_is_exchanged() -> None:
    encrypted = h("c5dad2544fc9799094ce1ce90bc9d03e")
    assert ntlm.exported_session_key(V2, BASE_V2, encrypted) == RANDOM_SESSION_KEY
    assert ntlm.exported_session_key(V2 & ~0x40000000, BASE_V2, encrypted) == BASE_V2
    assert ntlm.exported_session_key(V2 & ~0x30, BASE_V2, b"\0") == BASE_V2
    assert ntlm.exported_session_key(V2 & ~0x10, BASE_V2, encrypted) == RANDOM_SESSION_KEY
    for wrong in (b"", b"\0", bytes(15), bytes(17)):
        assert ntlm.exported_session_key(V2, BASE_V2, wrong) is None


def test_the_davenport_examples_come_out() -> None:
    """The example of "The NTLM Authentication Protocol and Security Support Provider", which go-ntlmssp tests with."""
    nt_hash = ntlm.ntowf_v1("SecREt01")
    assert nt_hash == h("cd06ca7c7e10c99b1d33b7485a2ed808")
    key = ntlm.ntowf_v2(nt_hash, "user", "DOMAIN")
    assert key == h("04b8e0ba74289cc540826bab1dee63ae")
    expected = h("d6e6152ea25d03b7c6ba6629c2d6aaf0ffffff0011223344")
    assert ntlm.lm_response_v2(key, SERVER_CHALLENGE, h("ffffff0011223344")) == expected
    assert ntlm.lmowf_v1("SecREt01") == h("ff3750bcc2b22412c2265b23734e0dac")
    assert ntlm.lm_response_v1(h("ff3750bcc2b22412c2265b23734e0dac"), SERVER_CHALLENGE) == h(
        "c337cd5cbd44fc9782a667af6d427c6de67c20c2d3e77c56"
    )
    assert ntlm.nt_response_v1(nt_hash, SERVER_CHALLENGE) == h("25a98c1c31e81847466b29b2df4680f39958fb8c213a9cc6")
    assert ntlm.nt_response_extended(nt_hash, SERVER_CHALLENGE, h("ffffff0011223344")) == h(
        "10d550832d12b2ccb79d5ad1f4eed3df82aca4c3681dd455"
    )


@pytest.mark.skipif(not (CORPUS / "go_ntlmssp").is_dir(), reason="the shared collection is not beside the checkout")
def test_the_davenport_file_of_the_collection_verifies() -> None:
    given = json.loads((CORPUS / "go_ntlmssp" / "davenport_vectors.json").read_text())
    lm = h(given["lmv2_response"])
    proof = Proof(given["user"], given["target"], h(given["challenge"]), V2, lm, b"")
    verified = verify_response(proof, Secret(given["password"]))
    assert verified is not None
    assert verified.kind == "LMv2"


@pytest.mark.skipif(not (CORPUS / "pypykatz").is_dir(), reason="the shared collection is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("emptypass", ""),
        ("lowercase", "didier"),
        ("uppercase", "PASSWORD"),
        ("specialchar", "Passw0rd!"),
        ("hashcat", "hashcat"),
    ],
)
def test_a_captured_netntlmv2_line_verifies_with_its_password_only(name: str, password: str) -> None:
    line = (CORPUS / "pypykatz" / "netntlmv2" / f"{name}.txt").read_text().strip()
    user, _, domain, challenge, expected, blob = line.split(":")
    proof = Proof(user, domain, h(challenge), V2, bytes(24), h(expected) + h(blob))
    verified = verify_response(proof, Secret(password))
    assert verified is not None
    assert (verified.kind, verified.spelling) == ("NTLMv2", "as sent")
    assert verify_response(proof, Secret(password + "x")) is None
    assert near_misses(proof, Secret("x")) == (
        [NearMiss("password", "verifies with an empty password", user, domain)] if not password else []
    )


def test_a_hashcat_line_verifies_without_the_collection() -> None:
    line = (
        "0UL5G37JOI0SX::6VB1IS0KA74:ebe1afa18b7fbfa6:aab8bf8675658dd2a939458a1077ba08:"
        "010100000000000031c8aa092510945398b9f7b7dde1a9fb00000000f7876f2b04b700"
    )
    user, _, domain, challenge, expected, blob = line.split(":")
    assert verify_response(Proof(user, domain, h(challenge), V2, b"", h(expected) + h(blob)), Secret("hashcat"))


# Another implementation ----------------------------------------------------------------------------------------------

SIXTEEN, EIGHT = st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8)
ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@given(password=st.text(max_size=40))
def test_the_nt_hash_of_any_text_is_another_implementation_s(password: str) -> None:
    assert ntlm.ntowf_v1(password) == oracle.ntowfv1(password)


@given(password=ASCII)
def test_the_lm_hash_is_another_implementation_s_where_there_is_one(password: str) -> None:
    assert ntlm.lmowf_v1(password) == (oracle.lmowfv1(password) if len(password) <= 14 else None)


@given(nt_hash=SIXTEEN, user=ASCII, domain=st.text(max_size=20))
def test_the_response_key_of_v2_is_another_implementation_s(nt_hash: bytes, user: str, domain: str) -> None:
    assert ntlm.ntowf_v2(nt_hash, user, domain) == oracle.ntowfv2(user, nt_hash, domain)


@given(
    nt_hash=SIXTEEN, lm_hash=SIXTEEN, server=EIGHT, client=EIGHT, flags=st.integers(0, 0xFFFFFFFF), no_lm=st.booleans()
)
def test_what_another_client_answers_in_v1_verifies_with_the_key_it_has(
    nt_hash: bytes, lm_hash: bytes, server: bytes, client: bytes, flags: int, no_lm: bool
) -> None:
    nt, lm, exchange = oracle.compute_response_v1(flags, nt_hash, lm_hash, server, client, no_lm)
    proof = Proof("u", "d", server, flags, lm, nt)
    secret = Secret(nt_hash=nt_hash, lm_hash=lm_hash)
    extended = flags & 0x80000
    verified = verify_response(proof, secret)
    assert verified is not None
    assert verified.kind == ("NTLM2 session" if extended else "NTLM")
    assert verified.response == "NtChallengeResponse"
    assert verified.key_exchange_key == exchange
    alone = verify_response(replace(proof, nt_response=b""), secret)
    if extended:
        assert alone is None
    else:
        assert alone is not None
        assert alone.kind == ("NTLM" if no_lm and nt_hash != lm_hash else "LM")
        assert alone.session_base_key == lm_hash[:8] + bytes(8)


@given(nt_hash=SIXTEEN, server=EIGHT, client=EIGHT, user=ASCII, domain=ASCII, time=st.integers(0, 2**60))
def test_what_another_client_answers_in_v2_verifies_with_the_key_it_has(
    nt_hash: bytes, server: bytes, client: bytes, user: str, domain: str, time: int
) -> None:
    from spnego._ntlm_raw.messages import FileTime

    key = oracle.ntowfv2(user, nt_hash, domain)
    stamp = FileTime.unpack(time.to_bytes(8, "little"))
    nt, lm, exchange = oracle.compute_response_v2(key, server, client, stamp, TargetInfo())
    proof, secret = Proof(user, domain, server, V2, lm, nt), Secret(nt_hash=nt_hash)
    verified = verify_response(proof, secret)
    assert verified == Verified("NTLMv2", "NtChallengeResponse", domain, "as sent", exchange, exchange)
    second = verify_response(replace(proof, nt_response=bytes(16) + nt[16:]), secret)
    assert second == Verified("LMv2", "LmChallengeResponse", domain, "as sent", exchange, exchange)


# The order, and what does not verify ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proof", "kind", "base", "exchange"),
    [
        (PROOF_OF_V1, "NTLM", BASE_V1, BASE_V1),
        (PROOF_OF_ESS, "NTLM2 session", BASE_V1, h("eb93429a8bd952f8b89c55b87f475edc")),
        (PROOF_OF_V2, "NTLMv2", BASE_V2, BASE_V2),
    ],
    ids=["v1", "v1 with extended session security", "v2"],
)
def test_the_examples_of_the_specification_verify(proof: Proof, kind: str, base: bytes, exchange: bytes) -> None:
    assert verify_response(proof, SECRET) == Verified(kind, "NtChallengeResponse", DOMAIN, "as sent", base, exchange)
    for wrong in (Secret("password"), Secret(""), Secret(nt_hash=bytes(16)), Secret()):
        assert verify_response(proof, wrong) is None


@pytest.mark.parametrize("proof", [PROOF_OF_V1, PROOF_OF_ESS, PROOF_OF_V2], ids=["v1", "ess", "v2"])
def test_no_flipped_bit_of_a_response_or_of_the_challenge_verifies_by_that_response(proof: Proof) -> None:
    alone = replace(proof, lm_response=b"" if proof is not PROOF_OF_ESS else LM_ESS)
    for at in range(len(alone.nt_response) * 8):
        flipped = bytearray(alone.nt_response)
        flipped[at // 8] ^= 1 << at % 8
        assert verify_response(replace(alone, nt_response=bytes(flipped)), SECRET) is None
    for at in range(64):
        other = (int.from_bytes(SERVER_CHALLENGE, "big") ^ 1 << at).to_bytes(8, "big")
        assert verify_response(replace(alone, server_challenge=other), SECRET) is None


def test_the_lm_response_is_held_to_the_secret_where_there_is_no_nt_response() -> None:
    alone = replace(PROOF_OF_V1, nt_response=b"")
    for secret in (SECRET, Secret("pASSWORD"), Secret(lm_hash=LM_HASH)):
        verified = verify_response(alone, secret)
        assert verified is not None
        assert (verified.kind, verified.response) == ("LM", "LmChallengeResponse")
        assert verified.key_exchange_key == LM_HASH[:8] + bytes(8)
    twice = verify_response(replace(alone, lm_response=NT_V1), SECRET)
    assert twice is not None
    assert (twice.kind, twice.response) == ("NTLM", "LmChallengeResponse")
    assert verify_response(alone, Secret(nt_hash=NT_HASH)) is None


def test_beside_an_ntlm_response_that_fails_the_lm_response_is_not_asked_but_told() -> None:
    """Samba's RPC-SAMLOGON test holds Windows to it (test_lm_ntlm_broken, BREAK_NT)."""
    for proof, secret in ((replace(PROOF_OF_V1, nt_response=bytes(24)), SECRET), (PROOF_OF_V1, Secret("password"))):
        assert verify_response(proof, secret) is None
        assert [miss.what for miss in near_misses(proof, secret)] == ["lm-response"]


def test_beside_an_ntlmv2_response_that_fails_lmv2_counts_with_the_key_of_the_former() -> None:
    verified = verify_response(replace(PROOF_OF_V2, nt_response=bytes(16) + TEMP), SECRET)
    assert verified == Verified("LMv2", "LmChallengeResponse", DOMAIN, "as sent", BASE_V2, BASE_V2)
    other_challenge = TEMP.replace(CLIENT_CHALLENGE, bytes(8))
    assert verify_response(replace(PROOF_OF_V2, nt_response=bytes(16) + other_challenge), SECRET) is None


def test_lmv2_without_an_nt_response_has_the_key_of_its_own() -> None:
    verified = verify_response(replace(PROOF_OF_V2, nt_response=b""), SECRET)
    assert verified is not None
    assert verified.kind == "LMv2"
    assert verified.session_base_key == ntlm.session_base_key_v2(KEY_V2, LM_V2[:16])


def test_the_client_s_challenge_alone_proves_nothing() -> None:
    """The document's ExpectedLmChallengeResponse would be what any client sends, with extended session security."""
    for nt in (b"", bytes(24), b"\0" * 10):
        assert verify_response(replace(PROOF_OF_ESS, nt_response=nt), SECRET) is None


def test_the_domain_is_tried_as_sent_then_nil_then_as_the_caller_says() -> None:
    def proof(made_with: str, sent: str) -> Proof:
        key = ntlm.ntowf_v2(NT_HASH, USER, made_with)
        return Proof(USER, sent, SERVER_CHALLENGE, V2, bytes(24), ntlm.nt_proof_v2(key, SERVER_CHALLENGE, TEMP) + TEMP)

    def spelling(made_with: str, sent: str, *alternatives: str) -> tuple[str, str] | None:
        verified = verify_response(proof(made_with, sent), SECRET, alternatives)
        return verified and (verified.spelling, verified.domain)

    assert spelling("lab", "lab") == ("as sent", "lab")
    assert spelling("", "") == ("as sent", "")
    assert spelling("", "lab") == ("nil", "")
    assert spelling("LAB", "lab") is None
    assert spelling("LAB", "lab", "LAB") == ("upper case", "LAB")
    assert spelling("lab.example", "LAB", "LAB", "lab.example") == ("alternative", "lab.example")


@given(
    st.builds(
        Proof,
        st.text(max_size=5),
        st.text(max_size=5),
        EIGHT,
        st.integers(0, 2**32 - 1),
        st.binary(max_size=60),
        st.binary(max_size=60),
    )
)
def test_responses_of_any_length_are_refused_without_an_exception(proof: Proof) -> None:
    assert verify_response(proof, SECRET, ["x"]) is None
    near_misses(proof, SECRET, domains=["x"], challenges=[bytes(8)])


@pytest.mark.parametrize("length", [0, 1, 15, 16, 23, 25, 26, 39, 40, 43])
def test_an_nt_response_cut_short_does_not_verify(length: int) -> None:
    assert verify_response(replace(PROOF_OF_V2, lm_response=b"", nt_response=NT_V2[:length]), SECRET) is None


# Names and passwords --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "capitals"),
    [
        ("alice", "ALICE"),
        ("bøb ÿé", "BØB ŸÉ"),
        ("straße", "STRAßE"),
        ("ıſµ", "ıſµ"),
        ("ἀλέξανδρος", "ἈΛΈΞΑΝΔΡΟΣ"),
        ("вася ё", "ВАСЯ Ё"),
        ("ﬁdžǅ", "ﬁDŽǅ"),
        ("ა", "ა"),
        ("日本 𐐨", "日本 𐐨"),
        ("ŉǰ", "ŉǰ"),
    ],
)
def test_a_name_is_capitalised_as_windows_does_it(text: str, capitals: str) -> None:
    assert ntlm.upper(text) == capitals


@given(st.text())
def test_capitals_have_as_many_utf_16_units_as_the_name(text: str) -> None:
    assert len(ntlm.utf16(ntlm.upper(text))) == len(ntlm.utf16(text))
    assert ntlm.upper(ntlm.upper(text)) == ntlm.upper(text)


@pytest.mark.parametrize("password", ["fifteen letters", "日本", "ø", "€uro", "ÿ", "ﬁ"])
def test_a_password_beyond_the_code_pages_or_14_characters_has_no_lm_hash(password: str) -> None:
    assert ntlm.lmowf_v1(password) is None


def test_a_password_that_both_western_code_pages_write_alike_has_an_lm_hash() -> None:
    expected = ntlm.des(b"\x8eRGER\0\0", b"KGS!@#$%") + ntlm.des(bytes(7), b"KGS!@#$%")
    assert ntlm.lmowf_v1("ärger") == ntlm.lmowf_v1("ÄRGER") == expected
    assert ntlm.lmowf_v1("") == h("aad3b435b51404eeaad3b435b51404ee")


def test_a_secret_and_what_comes_of_it_show_nothing() -> None:
    verified = verify_response(PROOF_OF_V2, SECRET)
    assert verified is not None
    shown = repr((SECRET, verified, Secret(nt_hash=NT_HASH)))
    assert PASSWORD not in shown
    for hidden in (NT_HASH, BASE_V2, RANDOM_SESSION_KEY):
        assert hidden.hex() not in shown
        assert repr(hidden) not in shown


def test_a_hash_of_another_length_is_no_secret() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Secret(nt_hash=b"short")


# Near misses ----------------------------------------------------------------------------------------------------------


def made(user: str, domain: str, challenge: bytes = SERVER_CHALLENGE, raw: bool = False) -> bytes:
    name = ntlm.utf16((user if raw else ntlm.upper(user)) + domain)
    key = oracle.hmac_md5(NT_HASH, name)
    return ntlm.nt_proof_v2(key, challenge, TEMP) + TEMP


@pytest.mark.parametrize(
    ("user", "domain", "response", "what", "names"),
    [
        ("alice", "Lab", made("alice", "LAB"), "domain", ("alice", "LAB")),
        ("alice", "Lab", made("alice", "lab"), "domain", ("alice", "lab")),
        ("alice", "lab.example", made("alice", "LAB"), "domain", ("alice", "LAB")),
        ("alice", "lab", made("alice", "OTHER"), "domain", ("alice", "OTHER")),
        ("alice", "lab", made("alice", "WEB"), "server-name", ("alice", "WEB")),
        ("alice@lab", "", made("alice", "lab"), "user", ("alice", "lab")),
        ("alice@lab", "", made("alice", ""), "user", ("alice", "")),
        ("alice", "lab", made("alice@lab", ""), "user", ("alice@lab", "")),
        ("lab\\alice", "", made("alice", "lab"), "user", ("alice", "lab")),
        ("Alice", "lab", made("Alice", "lab", raw=True), "user", ("Alice", "lab")),
        ("weiß", "lab", made("WEISS", "lab", raw=True), "user", ("WEISS", "lab")),
    ],
)
def test_a_near_miss_names_what_else_verifies(
    user: str, domain: str, response: bytes, what: str, names: tuple[str, str]
) -> None:
    proof = Proof(user, domain, SERVER_CHALLENGE, V2, bytes(24), response)
    assert verify_response(proof, SECRET) is None
    found = near_misses(proof, SECRET, domains=["other"], server_names=["WEB"])
    assert [(miss.what, (miss.user, miss.domain)) for miss in found] == [(what, names)]
    assert found[0].text.startswith(f"verifies for the user {names[0]!r}")


def test_a_response_to_another_challenge_is_told() -> None:
    for proof in (PROOF_OF_V1, PROOF_OF_ESS, PROOF_OF_V2):
        late = replace(proof, server_challenge=b"another!")
        found = near_misses(late, SECRET, challenges=[b"nor this", SERVER_CHALLENGE])
        assert [(miss.what, miss.text) for miss in found] == [
            ("challenge", "verifies with another challenge, 0123456789abcdef")
        ]


def test_a_response_made_for_the_other_session_security_is_told() -> None:
    for proof in (PROOF_OF_V1, PROOF_OF_ESS):
        found = near_misses(replace(proof, flags=proof.flags ^ 0x80000), SECRET)
        assert "session-security" in [miss.what for miss in found]


def test_a_wrong_password_has_no_near_miss() -> None:
    for proof in (PROOF_OF_V1, PROOF_OF_ESS, PROOF_OF_V2):
        assert near_misses(proof, Secret("wrong"), domains=["OTHER"], server_names=["WEB"]) == []
    assert near_misses(PROOF_OF_V2, Secret()) == []


# The MIC --------------------------------------------------------------------------------------------------------------


def test_the_mic_takes_its_own_place_for_zeros() -> None:
    authenticate = bytes(range(100))
    for mic in (bytes(16), b"x" * 16):
        message = authenticate[:72] + mic + authenticate[88:]
        code = ntlm.message_integrity_code(BASE_V2, b"one", b"two", message, 72)
        assert code == oracle.hmac_md5(BASE_V2, b"onetwo" + authenticate[:72] + bytes(16) + authenticate[88:])
    for offset in (-1, 85, 1000):
        with pytest.raises(ValueError, match="outside"):
            ntlm.message_integrity_code(BASE_V2, b"", b"", authenticate, offset)
