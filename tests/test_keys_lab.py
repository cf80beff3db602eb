"""Whole handshakes: what real clients and servers sent verifies, signs, seals and binds with the keys worked out here.

The tokens are those of tests/data/ntlm, and, where they lie beside the checkout, of the shared lab and collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from secctx.decoders import Node, decode
from secctx.decoders.values import walk
from secctx.keys.bindings import parse_bindings
from secctx.keys.ntlm import ANONYMOUS_KEY, exported_session_key, message_integrity_code, ntowf_v2
from secctx.keys.ntlm_proof import Proof, Verified, near_misses, verify_response
from secctx.keys.ntlm_session import NtlmSession, Role
from secctx.keys.secret import Secret
from secctx.keys.users import parse_users

ROOT = Path(__file__).parents[1]
OWN = ROOT / "tests" / "data" / "ntlm"
CORPUS = ROOT.parent / "shared" / "corpus"
LAB = ROOT.parent / "shared" / "lab" / "tokens"
needs_lab = pytest.mark.skipif(not LAB.is_dir(), reason="the shared lab is not beside the checkout")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared collection is not beside the checkout")

PASSWORD = "Alice-Passw0rd1"
NON_ASCII = "Pässwörd-日本-1"


@dataclass
class Message:
    """An NTLM message: its bytes and its fields by their last name."""

    data: bytes
    fields: dict[str, Node]

    def bytes_of(self, name: str) -> bytes:
        node = self.fields.get(name)
        return self.data[node.start : node.stop] if node else b""

    def text(self, name: str) -> str:
        value = self.fields[name].value if name in self.fields else ""
        return value if isinstance(value, str) else ""

    @property
    def flags(self) -> int:
        return int.from_bytes(self.bytes_of("NegotiateFlags"), "little")


def ntlm_in(token: bytes) -> Message:
    """The NTLM message in a token, SPNEGO or bare, as a token of its own."""
    decoded = decode(token)
    for _, node in walk(decoded.root):
        if node.kind == "token" and node.meaning and node.meaning[0] == "NTLM" and node.name != "mechListMIC":
            token = token[node.start : node.stop]
            break
    return Message(token, {path.split(".")[-1]: node for path, node in walk(decode(token).root)})


@dataclass
class Handshake:
    """A logon: what it consists of, and what comes of it with a password."""

    negotiate: bytes
    challenge: bytes
    authenticate: Message

    @property
    def proof(self) -> Proof:
        message = self.authenticate
        responses = message.bytes_of("LmChallengeResponse"), message.bytes_of("NtChallengeResponse")
        return Proof(
            message.text("UserName"), message.text("DomainName"), self.challenge[24:32], message.flags, *responses
        )

    def verified(self, password: str) -> Verified:
        verified = verify_response(self.proof, Secret(password))
        assert verified is not None
        return verified

    def key(self, password: str) -> bytes:
        encrypted = self.authenticate.bytes_of("EncryptedRandomSessionKey")
        key = exported_session_key(self.authenticate.flags, self.verified(password).key_exchange_key, encrypted)
        assert key is not None
        return key

    def session(self, password: str, role: Role) -> NtlmSession:
        return NtlmSession(self.authenticate.flags, self.key(password), role)

    def mic_is_right(self, password: str) -> bool:
        node = self.authenticate.fields["MIC"]
        code = message_integrity_code(
            self.key(password), self.negotiate, self.challenge, self.authenticate.data, node.start
        )
        return code == self.authenticate.bytes_of("MIC")


def handshake(folder: Path, name: str) -> Handshake:
    """The messages of one of the lab's runs, whichever legs they are in."""
    found: dict[int, Message] = {}
    for path in sorted(folder.glob(f"{name}.leg?.bin")):
        token = path.read_bytes()
        if b"NTLMSSP\0" in token:
            message = ntlm_in(token)
            found[message.data[8]] = message
    return Handshake(found[1].data, found[2].data, found[3])


def value(name: str, key: str) -> str:
    """The first value of that key in a run's YAML, which is a few plain lines."""
    found = re.search(rf"^ *{key}: (.*)$", (LAB / f"{name}.yaml").read_text("utf-8"), re.MULTILINE)
    return found.group(1) if found else ""


# The tokens of the repository ----------------------------------------------------------------------------------------


def test_a_handshake_of_pyspnego_verifies_with_the_key_that_both_its_ends_had() -> None:
    run = handshake(OWN, "63-ntlm-pyspnego-raw")
    assert run.verified(PASSWORD).kind == "NTLMv2"
    assert run.key(PASSWORD).hex() == "319c5ade347709ba3a7e1f4dfc0a0027"
    assert run.mic_is_right(PASSWORD)


def test_the_messages_after_it_verify_and_open() -> None:
    server = handshake(OWN, "63-ntlm-pyspnego-raw").session(PASSWORD, "server")
    assert server.verify(b"lab message mic from i", (OWN / "63-ntlm-pyspnego-raw.mic-i.bin").read_bytes())
    wrapped = (OWN / "63-ntlm-pyspnego-raw.wrap-conf-i.bin").read_bytes()
    assert server.unseal(wrapped[16:], wrapped[:16]) == b"lab message wrap-conf from i"


def test_a_handshake_of_gss_ntlmssp_in_v1_has_its_key_though_the_password_has_no_lm_hash() -> None:
    run = handshake(OWN, "62-ntlm-gssntlmssp-v1")
    assert run.verified(PASSWORD).kind == "NTLM"
    assert run.key(PASSWORD).hex() == "555c87bf4ba36f84389f9d32fbd1bbb5"


# The lab -------------------------------------------------------------------------------------------------------------

#: Run: the password, the kind, the ExportedSessionKey at the client ("" where it is not known).
RUNS = {
    "60-ntlm-gssntlmssp-spnego": (PASSWORD, "NTLMv2", "f38ee262c5f4161da3a1ef173ae5f7e3"),
    "62-ntlm-gssntlmssp-v1": (PASSWORD, "NTLM", "555c87bf4ba36f84389f9d32fbd1bbb5"),
    "63-ntlm-pyspnego-raw": (PASSWORD, "NTLMv2", "319c5ade347709ba3a7e1f4dfc0a0027"),
    "64-ntlm-pyspnego-spnego": (PASSWORD, "NTLMv2", "57eac65258e171fe479a4fdcc060b456"),
    "66-ntlm-pyspnego-v1ess": (PASSWORD, "NTLM2 session", "3a9d8a542876633fc99e8861282d3380"),
    "67-ntlm-pyspnego-unicode": (NON_ASCII, "NTLMv2", "e1dd084cecdcf565322143d47d305431"),
    "68-ntlm-pyspnego-upn": (PASSWORD, "NTLMv2", "edfc60246a75704c4c24d218feb9e16e"),
    "70-ntlm-pyspnego-cb-mismatch": (PASSWORD, "NTLMv2", "83edb05f5e4949536e44d3f99635b074"),
    "71-ntlm-pyspnego-to-samba": (PASSWORD, "NTLMv2", ""),
    "73-ntlm-unicode-to-samba": (NON_ASCII, "NTLMv2", ""),
    "75-ntlm-gssntlmssp-to-pyspnego": (PASSWORD, "NTLMv2", ""),
    "80-spnego-mit-krb5-first-ntlm-acceptor": (PASSWORD, "NTLMv2", ""),
    "wire-ldap-spnego-ntlm": (PASSWORD, "NTLMv2", ""),
    "wire-smb2-ntlm": (PASSWORD, "NTLMv2", ""),
}


@needs_lab
@pytest.mark.parametrize(("name", "expected"), RUNS.items(), ids=RUNS)
def test_every_run_of_the_lab_verifies_with_the_session_key_of_its_client(
    name: str, expected: tuple[str, str, str]
) -> None:
    password, kind, key = expected
    run = handshake(LAB, name)
    verified = run.verified(password)
    assert (verified.kind, verified.spelling, verified.response) == (kind, "as sent", "NtChallengeResponse")
    known = value(name, "session_key")
    assert not key or key == known
    assert not known or run.key(password).hex() == known
    assert not any(run.authenticate.bytes_of("MIC")) or run.mic_is_right(password)


@needs_lab
@pytest.mark.parametrize("name", RUNS)
def test_the_users_file_of_the_lab_holds_who_they_are(name: str) -> None:
    proof = handshake(LAB, name).proof
    good, wrong = (parse_users((LAB / f"{file}.txt").read_bytes()) for file in ("ntlm-users", "ntlm-users-wrong"))
    assert good.serves(proof.domain)
    accounts = good.lookup(proof.user, proof.domain)
    assert verify_response(proof, accounts[0].secret) is not None
    for entry in wrong.lookup(proof.user, proof.domain):
        assert verify_response(proof, entry.secret) is None
        assert near_misses(proof, entry.secret, domains=wrong.domains) == []


MESSAGES = sorted(path.name for path in LAB.glob("*.mic-?.bin") if re.match(r"(6|75|80)", path.name))


@needs_lab
@pytest.mark.parametrize("name", MESSAGES)
def test_signed_and_sealed_messages_verify_and_open_and_one_flipped_bit_fails(name: str) -> None:
    run, side = name.removesuffix(".bin").rsplit(".mic-")
    session = handshake(LAB, run).session(PASSWORD, "server" if side == "i" else "client")
    signature = (LAB / name).read_bytes()
    if signature[12:] == b"\1\0\0\0":  # the mechListMIC came before: the RC4 state is restored, the number used up
        saved = session.save()
        session = NtlmSession.restore(saved | {"sent": [0, 1], "received": [0, 1]})
    text = f"lab message mic from {side}".encode()
    for at in range(128):
        flipped = bytearray(signature)
        flipped[at // 8] ^= 1 << at % 8
        assert not session.verify(text, bytes(flipped))
    assert session.verify(text, signature)
    for kind in ("wrap-conf", "wrap-plain"):
        wrapped = (LAB / f"{run}.{kind}-{side}.bin").read_bytes()
        assert session.unseal(bytes([wrapped[16] ^ 1]) + wrapped[17:], wrapped[:16]) is None
        session = NtlmSession.restore(session.save())
        assert session.unseal(wrapped[16:], wrapped[:16]) == f"lab message {kind} from {side}".encode()


@needs_lab
@pytest.mark.parametrize(
    "name",
    ["60-ntlm-gssntlmssp-spnego", "64-ntlm-pyspnego-spnego", "71-ntlm-pyspnego-to-samba", "73-ntlm-unicode-to-samba",
     "75-ntlm-gssntlmssp-to-pyspnego", "wire-ldap-spnego-ntlm", "wire-smb2-ntlm"],
)  # fmt: skip
def test_each_mech_list_mic_of_the_lab_verifies_over_the_mechanisms_as_sent(name: str) -> None:
    password = RUNS[name][0]
    run = handshake(LAB, name)
    mechanisms, mics = b"", []
    for path in sorted(LAB.glob(f"{name}.leg?.bin")):
        token = path.read_bytes()
        for where, node in walk(decode(token).root):
            if where == "mechTypes" and b"NTLMSSP\0" in token:
                mechanisms = token[node.start : node.stop]
            elif where == "mechListMIC":
                mics.append(token[node.start : node.stop])
    server, client = run.session(password, "server"), run.session(password, "client")
    assert len(mics) == 2
    assert server.verify(mechanisms, mics[0])
    assert client.verify(mechanisms, mics[1])
    assert server.sign(mechanisms) == mics[1]


@needs_lab
def test_the_tampered_runs_fail_where_they_were_tampered_with() -> None:
    mic = handshake(LAB, "94-fail-ntlm-mic-tampered-pyspnego")
    assert mic.verified(PASSWORD).kind == "NTLMv2"
    assert not mic.mic_is_right(PASSWORD)
    altered = handshake(LAB, "97-fail-ntlm-proof-tampered-pyspnego").proof
    assert verify_response(altered, Secret(PASSWORD)) is None
    wrong = handshake(LAB, "88-fail-ntlm-wrongpw-pyspnego").proof
    assert verify_response(wrong, Secret(PASSWORD)) is None
    assert verify_response(wrong, Secret("wrong")) is not None
    for proof in (altered, wrong):
        assert near_misses(proof, Secret(PASSWORD), domains=["LAB", "lab.example"], server_names=["WEB"]) == []


def bindings_of(message: Message) -> bytes:
    """MsvAvChannelBindings of an AUTHENTICATE_MESSAGE."""
    for _, node in walk(decode(message.data).root):
        if node.kind == "struct" and node.meaning == "MsvAvChannelBindings":
            return message.data[node.start + 4 : node.stop]
    return b""


def test_the_bindings_of_the_lab_are_those_that_its_client_sent() -> None:
    sent = bindings_of(ntlm_in((OWN / "70-ntlm-pyspnego-cb-mismatch.leg3.bin").read_bytes()))
    client = (
        "746c732d7365727665722d656e642d706f696e743a968f730918c5478388a61f3b59d4cc66d2d988f5dac9b36af3a818d4c4857257"
    )
    server = (
        "746c732d7365727665722d656e642d706f696e743ae7299f2ba625dca719b99439c10a11204a797f41f4761ea1159b7b9f6df7b52b"
    )
    assert parse_bindings("data:" + client).hash16 == sent
    assert parse_bindings("data:" + server).hash16 != sent


@needs_lab
@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("25-mit-cb-spnego", True),
        ("26-mit-cb-krb5", True),
        ("45-ad-cb-krb5", True),
        ("30-mit-cb-mismatch-spnego", False),
    ],
)
def test_the_bindings_of_the_kerberos_runs_have_the_application_data_in_their_yaml(name: str, same: bool) -> None:
    line = next(line for line in (LAB / "cases.jsonl").read_text().splitlines() if f'"{name}"' in line)
    data = re.search(r'"bindings_data": "([0-9a-f]+)"', line)
    assert data is not None
    ours = parse_bindings("data:" + data.group(1))
    theirs = parse_bindings("data:" + value(name, "channel_bindings_hex"))
    assert (ours.hash16 == theirs.hash16) is same


# The collection ------------------------------------------------------------------------------------------------------

SPECIFIED = Secret("Password")
CHALLENGE = bytes.fromhex("0123456789abcdef")


@needs_corpus
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gss_ntlmssp/ntlmv1_authenticate", "NTLM"),
        ("gss_ntlmssp/ntlmv2_authenticate", "NTLMv2"),
        ("ntlm_auth/test_authenticate_message_ntlm_v1_authenticate", "NTLM"),
        ("ntlm_auth/test_authenticate_message_ntlm_v1_non_unicode_authenticate", "NTLM"),
        ("ntlm_auth/test_authenticate_without_domain_workstation_authenticate", "NTLM"),
        ("ntlm_auth/test_authenticate_message_ntlm_v1_with_ess_authenticate", "NTLM2 session"),
        ("ntlm_auth/test_authenticate_message_ntlm_v2_2_authenticate", "NTLMv2"),
        ("ntlm_auth/test_authenticate_message_with_cbt_authenticate", "NTLMv2"),
        ("ntlm_auth/test_authenticate_message_with_mic_authenticate", "NTLMv2"),
    ],
)
def test_the_examples_of_other_projects_verify_with_the_specified_random_session_key(name: str, kind: str) -> None:
    message = ntlm_in((CORPUS / f"{name}.bin").read_bytes())
    run = Handshake(b"", bytes(24) + CHALLENGE, message)
    verified = verify_response(run.proof, SPECIFIED)
    assert verified is not None
    assert verified.kind == kind
    if message.bytes_of("EncryptedRandomSessionKey"):
        assert run.key("Password") == b"\x55" * 16


@needs_corpus
def test_an_exchange_of_windows_2008_r2_with_bindings_verifies() -> None:
    message = ntlm_in((CORPUS / "gss_ntlmssp" / "ntlmv2_cbt_authenticate.bin").read_bytes())
    challenge = (CORPUS / "gss_ntlmssp" / "ntlmv2_cbt_challenge.bin").read_bytes()
    run = Handshake(b"", challenge, message)
    assert Secret("P@ssw0rd").nt_hash == bytes.fromhex("e19ccf75ee54e06b06a5907af13cef42")
    assert run.verified("P@ssw0rd").kind == "NTLMv2"
    assert bindings_of(message).hex() == "6586e99d81c2fc984e47172fd4dd0310"


#: The digest of the certificate in ntlm-auth's tests, and the MsvAvChannelBindings that they expect of it.
DIGEST = "E3CA49271E5089CC48CE82109F1324F41DBEDDC29A777410C738F7868C4FF405"
EXPECTED = "6ea19df066da4622051f9c4f92c6df74"


def test_the_certificate_digest_of_ntlm_auth_s_tests_gives_the_bindings_that_they_expect() -> None:
    assert parse_bindings(f"tls-server-end-point:{DIGEST}").hash16.hex() == EXPECTED


@needs_corpus
def test_the_message_of_ntlm_auth_s_tests_carries_them() -> None:
    name = "test_authenticate_message_with_cbt_authenticate.bin"
    assert bindings_of(ntlm_in((CORPUS / "ntlm_auth" / name).read_bytes())).hex() == EXPECTED


@needs_corpus
def test_an_exchange_of_windows_8_1_verifies_mic_and_all() -> None:
    legs = [(CORPUS / "freerdp" / f"{leg}.bin").read_bytes() for leg in ("negotiate", "challenge", "authenticate")]
    run = Handshake(legs[0], legs[1], ntlm_in(legs[2]))
    nt_hash = bytes.fromhex("d5922a65c4d5c082ca444af1be0001db")
    assert Secret("P4ss123!").nt_hash == nt_hash
    assert ntowf_v2(nt_hash, "Username", "Domain") == bytes.fromhex("4c7f706f7dde05a9d1a0f4e7ffe3bfb8")
    assert run.verified("P4ss123!").kind == "NTLMv2"
    assert run.mic_is_right("P4ss123!")


def ntlm_messages(capture: bytes) -> dict[int, bytes]:
    """The first NTLM message of each type in a capture, each as long as its payload fields say."""
    found: dict[int, bytes] = {}
    for match in re.finditer(rb"NTLMSSP\0([\1-\3])\0\0\0", capture):
        kind, start = match.group(1)[0], match.start()
        places = {1: (16, 24), 2: (12, 40), 3: (12, 20, 28, 36, 44, 52)}[kind]
        sizes = [(int.from_bytes(capture[start + at : start + at + 2], "little"), start + at + 4) for at in places]
        ends = [size + int.from_bytes(capture[at : at + 4], "little") for size, at in sizes if size]
        found.setdefault(kind, capture[start : start + max([40, *ends])])
    return found


@needs_corpus
def test_the_exchange_key_of_anonymous_is_zero_whatever_is_negotiated() -> None:
    """A Windows client with extended session security, and no KXKEY: its MIC and its mechListMIC are made so."""
    capture = (CORPUS / "suricata_verify" / "pcap" / "smb2-ntlmssp-negotiateflags.pcap").read_bytes()
    messages = ntlm_messages(capture)
    run = Handshake(messages[1], messages[2], ntlm_in(messages[3]))
    message = run.authenticate
    assert (message.text("UserName"), message.bytes_of("NtChallengeResponse")) == ("", b"")
    key = exported_session_key(message.flags, ANONYMOUS_KEY, message.bytes_of("EncryptedRandomSessionKey"))
    assert key is not None
    offset = message.fields["MIC"].start
    assert message_integrity_code(key, run.negotiate, run.challenge, message.data, offset) == message.bytes_of("MIC")
    mechanisms = bytes.fromhex("300c060a2b06010401823702020a")
    server = NtlmSession(message.flags, key, "server")
    assert server.verify(mechanisms, bytes.fromhex("01000000b5ef9da69d6d126800000000"))
    assert server.sign(mechanisms) in capture
