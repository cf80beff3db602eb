"""Messages of SMB, LDAP and DCE/RPC given in the place of the tokens that they carry."""

import runpy
import struct
from base64 import b64encode
from itertools import pairwise
from pathlib import Path

import pytest

from secctx.carriers.packets import read_packet
from secctx.carriers.text import read_tokens, reads_as_token
from secctx.carriers.token import CarrierError
from secctx.decoders import decode

HERE = Path(__file__).parent
run = runpy.run_path(str(HERE / "builders" / "cli.py"))["run"]
tlv = runpy.run_path(str(HERE / "builders" / "der.py"))["tlv"]
tokens_of = runpy.run_path(str(HERE / "oracles" / "tokens.py"))
CORPUS, LAB, SAMPLES = tokens_of["CORPUS"], tokens_of["LAB"], HERE.parent / "samples"
INIT = (HERE / "data" / "carriers" / "spnego-init.bin").read_bytes()
CHALLENGE = (HERE / "data" / "carriers" / "ntlm-challenge.bin").read_bytes()
NTLM = (HERE / "data" / "carriers" / "ntlm-negotiate.bin").read_bytes()


def payloads(capture: Path) -> list[bytes]:
    """The TCP payloads of a pcap file with microseconds and little-endian numbers."""
    data, at, found = capture.read_bytes(), 24, []
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    while at < len(data):
        size = int.from_bytes(data[at + 8 : at + 12], "little")
        packet = read_packet(data[at + 16 : at + 16 + size])
        assert packet is not None
        found.append(data[at + 16 + packet.start : at + 16 + packet.stop])
        at += 16 + size
    return [payload for payload in found if payload]


SMB_FRAMES = payloads(SAMPLES / "captures" / "smb2-ntlm.pcap")
LDAP_FRAMES = payloads(SAMPLES / "captures" / "ldap-kerberos.pcap")
#: The five messages with tokens of an SMB2 logon with NTLM, and what they are called.
SMB2_CARRIERS = [
    "SMB2 NEGOTIATE response",
    "SMB2 SESSION_SETUP request",
    "SMB2 SESSION_SETUP response",
    "SMB2 SESSION_SETUP request",
    "SMB2 SESSION_SETUP response",
]
#: A bind, and a second one for another interface in the same connection.
RPC_LOGON = ["bind", "bind_ack", "rpc_auth_3", "alter_context", "alter_context_resp", "rpc_auth_3"]
REAL = [*SMB_FRAMES[1:6], *LDAP_FRAMES[:2]]


def one(data: bytes):
    (token,) = read_tokens(data, "input")
    return token


def outcome_of(data: bytes):
    """The tokens in `data` and None, or none and the refusal."""
    try:
        return read_tokens(data, "input"), None
    except CarrierError as error:
        return [], error


def refusal_of(data: bytes) -> CarrierError:
    with pytest.raises(CarrierError) as refusal:
        read_tokens(data, "input")
    return refusal.value


def smb2(command: int, body: bytes, *, status=0, answer=False, following=0) -> bytes:
    head = struct.pack("<4sHHIHHII", b"\xfeSMB", 64, 1, status, command, 1, int(answer), following)
    return head + bytes(64 - len(head)) + body


def setup(token: bytes, offset: int = 88) -> bytes:
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 1, 0, offset, len(token), 0) + token


def setup_answer(token: bytes) -> bytes:
    return struct.pack("<HHHH", 9, 0, 72, len(token)) + token


def direct(message: bytes) -> bytes:
    return len(message).to_bytes(4) + message


def smb1(command: int, words: bytes, contents: bytes, *, answer=False, status=0) -> bytes:
    head = struct.pack("<4sBIBH", b"\xffSMB", command, status, 0x80 * answer, 0x4000)
    body = bytes([len(words) // 2]) + words + len(contents).to_bytes(2, "little") + contents
    return head + bytes(32 - len(head)) + body


def ldap(operation: bytes, number: int = 1) -> bytes:
    """An LDAPMessage whose lengths have four octets, as Windows writes them."""
    return long(0x30, tlv(2, bytes([number])) + operation)


def long(tag: int, contents: bytes) -> bytes:
    return bytes([tag, 0x84]) + len(contents).to_bytes(4) + contents


def bind(choice: bytes) -> bytes:
    return ldap(long(0x60, tlv(2, b"\3") + tlv(4, b"cn=x") + choice))


def sasl(mechanism: bytes, credentials: bytes | None) -> bytes:
    return long(0xA3, tlv(4, mechanism) + (long(4, credentials) if credentials is not None else b""))


def bound(code: int, text: bytes = b"", rest: bytes = b"", matched: bytes = b"") -> bytes:
    return ldap(long(0x61, tlv(10, bytes([code])) + tlv(4, matched) + tlv(4, text) + rest))


def rpc(kind: int, value: bytes, *, auth_type=10, level=6, big=False) -> bytes:
    stub = b"stub" * 3
    order, size = ">" if big else "<", 16 + len(stub) + 8 * bool(value) + len(value)
    head = struct.pack(order + "BBBBIHHI", 5, 0, kind, 3, 0, size, len(value), 1)
    head = head[:4] + (b"\0" if big else b"\x10") + bytes(3) + head[8:]
    return head + stub + (bytes([auth_type, level, 0, 0]) + bytes(4) + value if value else b"")


def test_every_message_of_an_smb2_logon_gives_its_token():
    found = [one(frame) for frame in SMB_FRAMES[1:6]]
    assert [token.source.carrier for token in found] == SMB2_CARRIERS
    assert [token.source.direction for token in found] == ["server", "client", "server", "client", "server"]
    assert [decode(token.data).error for token in found] == [None] * 5
    assert [decode(token.data).message for token in found] == [
        "NegTokenInit2",
        "NegTokenInit",
        "NegTokenResp",
        "NegTokenResp",
        "NegTokenResp",
    ]
    assert all(token.data in frame for token, frame in zip(found, SMB_FRAMES[1:6], strict=True))
    assert found[2].notes == (
        "the security buffer, bytes 72 to 261 of the SMB2 message (which begins at byte 4)",
        "status: STATUS_MORE_PROCESSING_REQUIRED (0xC0000016)",
    )


@pytest.mark.skipif(not LAB.is_dir(), reason="the lab's tokens are not here")
@pytest.mark.parametrize(
    ("frames", "legs"),
    [
        (SMB_FRAMES[1:6], [f"wire-smb2-ntlm.leg{n}.bin" for n in range(1, 6)]),
        (LDAP_FRAMES[:2], [f"wire-ldap-gss-spnego.leg{n}.bin" for n in (1, 2)]),
    ],
)
def test_the_tokens_are_the_ones_that_another_tool_cut_from_the_same_capture(frames, legs):
    assert [one(frame).data for frame in frames] == [(LAB / leg).read_bytes() for leg in legs]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the collection is not here")
@pytest.mark.parametrize(
    ("capture", "carriers"),
    [
        ("smb2-06", ["SMB2 NEGOTIATE response"] * 2 + ["SMB2 SESSION_SETUP request", "SMB2 SESSION_SETUP response"]),
        (
            "smb1-02",
            ["SMB1 NEGOTIATE response", "SMB1 SESSION_SETUP_ANDX request", "SMB1 SESSION_SETUP_ANDX response"] * 3,
        ),
        ("dcerpc_dcerpc-auth3-5133", [f"DCE/RPC {name}" for name in RPC_LOGON]),
    ],
)
def test_captures_of_others_give_the_tokens_of_their_logons(capture, carriers):
    found = []
    for payload in payloads(CORPUS / "suricata_verify" / "pcap" / f"{capture}.pcap"):
        tokens, error = outcome_of(payload)
        assert error is None or error.kind == "tokenless"
        found += [token for token in tokens if token.source.carrier]
    assert [token.source.carrier for token in found] == carriers
    assert [decode(token.data).error for token in found] == [None] * len(carriers)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the collection is not here")
def test_a_frame_of_another_project_gives_its_security_buffer():
    frame = (CORPUS / "smbj" / "smb2-nego-response.bin").read_bytes()
    token = one(frame)
    assert token.data == frame[132:]
    assert token.notes[0] == "the security buffer, bytes 128 to 170 of the SMB2 message (which begins at byte 4)"


def test_a_bare_smb2_message_is_read_without_a_length_before_it():
    token = one(SMB_FRAMES[2][4:])
    assert token.data == one(SMB_FRAMES[2]).data
    assert token.notes == ("the security buffer, bytes 88 to 162 of the SMB2 message",)


def test_a_stream_of_smb_messages_gives_all_tokens_and_says_what_else_is_in_it():
    tokens = read_tokens(b"".join(SMB_FRAMES[:7]), "stream")
    assert [token.source.carrier for token in tokens] == SMB2_CARRIERS
    assert [token.source.index for token in tokens] == [0, 1, 2, 3, 4]
    assert tokens[-1].notes[-2:] == (
        "passed over: an SMB2 NEGOTIATE request: it carries no security buffer",
        "passed over: an SMB2 TREE_CONNECT request: it carries no security buffer",
    )


def test_compounded_messages_give_a_token_each():
    first = setup(INIT) + bytes(-len(INIT) % 8)
    chain = smb2(1, first, following=64 + len(first)) + smb2(3, bytes(16), following=80) + smb2(1, setup(NTLM))
    for data in (chain, direct(chain)):
        tokens = read_tokens(data, "chain")
        assert [token.data for token in tokens] == [INIT, NTLM]
        assert tokens[1].notes[-1] == "passed over: an SMB2 TREE_CONNECT request: it carries no security buffer"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (smb2(3, bytes(16)), "an SMB2 TREE_CONNECT request: it carries no security buffer"),
        (smb2(0, bytes(36)), "an SMB2 NEGOTIATE request: it carries no security buffer"),
        (smb2(77, bytes(36)), "an SMB2 command 77 request: it carries no security buffer"),
        (smb2(1, setup(b"")), "an SMB2 SESSION_SETUP request: its security buffer is empty"),
        (
            smb2(1, setup_answer(b""), answer=True),
            "an SMB2 SESSION_SETUP response, STATUS_SUCCESS (0x00000000): its security buffer is empty",
        ),
        (
            smb2(1, bytes([9]) + bytes(8), answer=True, status=0xC000006D),
            "an SMB2 SESSION_SETUP response, STATUS_LOGON_FAILURE (0xC000006D): an error, without a security buffer",
        ),
        (
            smb2(0, bytes([9]) + bytes(8), answer=True, status=0xC00000BB),
            "an SMB2 NEGOTIATE response, STATUS_NOT_SUPPORTED (0xC00000BB): an error, without a security buffer",
        ),
        (
            b"\xfdSMB" + bytes(60),
            "an encrypted SMB3 message: what it carries cannot be seen without the session's key",
        ),
        (b"\xfcSMB" + bytes(60), "a compressed SMB3 message: compressed messages are not unpacked"),
        (smb1(0x75, bytes(8), b""), "an SMB1 TREE_CONNECT_ANDX request: it carries no security blob"),
        (
            smb1(0x73, bytes(26), b"lm, nt"),
            "an SMB1 SESSION_SETUP_ANDX request: it has no extended security (WordCount 13, not 12), "
            "so no security blob",
        ),
        (
            smb1(0x73, b"", b"", answer=True, status=0xC000006D),
            "an SMB1 SESSION_SETUP_ANDX response, STATUS_LOGON_FAILURE (0xC000006D): an error, without a security blob",
        ),
        (ldap(long(0x63, b"")), "an LDAP searchRequest: it carries no token"),
        (ldap(tlv(0x42)), "an LDAP unbindRequest: it carries no token"),
        (
            bind(sasl(b"GSSAPI", None)),
            "an LDAP bindRequest GSSAPI: it names the mechanism, without credentials",
        ),
        (bind(sasl(b"GSSAPI", b"")), "an LDAP bindRequest GSSAPI: its credentials are empty"),
        (bind(tlv(0x80)), "an LDAP bindRequest simple: an anonymous bind: no token"),
        (
            bind(tlv(0x89)),
            "an LDAP bindRequest sicilyPackageDiscovery: it asks which packages there are, and carries no token",
        ),
        (bound(0), "an LDAP bindResponse, success (0): it has no serverSaslCreds"),
        (bound(14, rest=tlv(0x87)), "an LDAP bindResponse, saslBindInProgress (14): its serverSaslCreds are empty"),
        (rpc(11, b""), "a DCE/RPC bind: it has no auth_verifier (auth_length 0)"),
        (rpc(0, b"\1\0\0\0" + bytes(12)), "a DCE/RPC request: its auth_verifier protects the message, "
         "and is no token of the handshake"),
        (rpc(11, b"token", auth_type=68), "a DCE/RPC bind: its auth_value is no token: auth_type 68 (NETLOGON)"),
    ],
)  # fmt: skip
def test_a_message_without_a_token_is_refused_by_its_name(message, words):
    refusal = refusal_of(message)
    assert (refusal.kind, refusal.message) == ("tokenless", words)
    assert reads_as_token(message.hex())


def test_a_status_that_is_an_error_is_said_to_be_explained():
    assert refusal_of(smb2(3, bytes(9), answer=True, status=0xC000006D)).hints == [
        "secctx explain 0xC000006D says more"
    ]
    assert refusal_of(smb2(3, bytes(9), answer=True, status=0xC0000016)).hints == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"\xfeSMB" + bytes(6), "an SMB2 message: its header is cut short: expected 64 bytes, found 10"),
        (b"\xfeSMB" + bytes(60), "an SMB2 message: StructureSize of the header (byte 4) is 0: expected 64"),
        (
            smb2(1, setup(INIT, offset=80)),
            "an SMB2 SESSION_SETUP request: SecurityBufferOffset (byte 76) is 80: expected at least 88",
        ),
        (
            smb2(1, setup(INIT, offset=5000)),
            f"an SMB2 SESSION_SETUP request: its security buffer begins at byte 5000, and the message ends at byte "
            f"{88 + len(INIT)}",
        ),
        (
            smb2(1, setup_answer(INIT)),
            "an SMB2 SESSION_SETUP request: StructureSize (byte 64) is 9: expected 25",
        ),
        (smb2(1, b"\x19\0\0\0"), "an SMB2 SESSION_SETUP request: cut short before its security buffer: 68 bytes"),
        (
            smb2(3, bytes(16), following=12),
            "an SMB2 TREE_CONNECT request: NextCommand (byte 20) is 12: expected 64 to 79, or 0",
        ),
        (direct(b"")[:4] + b"\xfeSMB", "an SMB message: byte 4: expected fe 53 4d 42, found the end"),
        (
            b"\xffSMB\x73" + bytes(5),
            "an SMB1 message: its header is cut short: expected 32 bytes and a WordCount, found 10",
        ),
        (
            smb1(0x73, bytes(14) + b"\xff\0" + bytes(8), b"blob"),
            "an SMB1 SESSION_SETUP_ANDX request: SecurityBlobLength (byte 47) is 255: expected at most 4 (ByteCount)",
        ),
        (
            ldap(long(0x60, tlv(10, b"\3"))),
            "an LDAP bindRequest: byte 15: expected its version (tag 02), found 0a",
        ),
        (ldap(long(0x60, tlv(2, b"\3"))), "an LDAP bindRequest: byte 18: expected its name, found the end"),
        (
            ldap(long(0x60, tlv(2, b"\3") + b"\4\x50cn=x")),
            "an LDAP bindRequest: byte 18: its name has 80 bytes by its length, 4 there",
        ),
        (
            bind(b"\x80\x85hunter22"),
            "an LDAP bindRequest: byte 24: the length of its authentication is cut short or of a form that LDAP has "
            "not",
        ),
        (
            rpc(11, NTLM)[:10] + b"\xff\xff" + rpc(11, NTLM)[12:],
            f"a DCE/RPC bind: auth_length (byte 10) is 65535: expected at most {12 + len(NTLM)} in {36 + len(NTLM)} "
            "bytes (frag_length)",
        ),
        (rpc(11, NTLM)[:30], f"a DCE/RPC bind: cut short before its auth_value: 30 of {36 + len(NTLM)} bytes "
         "(frag_length)"),
    ],
)  # fmt: skip
def test_a_malformed_message_is_refused_with_the_place_and_what_was_expected(message, words):
    refusal = refusal_of(message)
    assert (refusal.kind, refusal.message) == ("malformed", words)


def test_an_error_with_a_token_all_the_same_gives_it():
    token = one(smb2(1, setup_answer(INIT), answer=True, status=0xC000006D))
    assert token.data == INIT
    assert "status: STATUS_LOGON_FAILURE (0xC000006D)" in token.notes


def test_the_token_of_a_message_is_kept_where_its_next_command_is_absurd():
    token = one(smb2(1, setup(INIT), following=12))
    assert token.data == INIT
    assert token.notes[-1] == f"malformed: NextCommand (byte 20) is 12: expected 64 to {87 + len(INIT)}, or 0"


def test_smb1_with_extended_security_gives_its_blob():
    words = bytes(14) + len(INIT).to_bytes(2, "little") + bytes(8)
    request = one(direct(smb1(0x73, words, INIT + b"Windows\0")))
    assert (request.data, request.source.carrier) == (INIT, "SMB1 SESSION_SETUP_ANDX request")
    words = bytes(6) + len(INIT).to_bytes(2, "little")
    answer = one(smb1(0x73, words, INIT + b"Windows\0", answer=True, status=0xC0000016))
    assert (answer.data, answer.source.direction) == (INIT, "server")
    assert answer.notes[-1] == "status: STATUS_MORE_PROCESSING_REQUIRED (0xC0000016)"
    words = bytes(19) + (0x80000000).to_bytes(4, "little") + bytes(11)
    assert one(smb1(0x72, words, bytes(16) + INIT, answer=True)).data == INIT
    assert "CAP_EXTENDED_SECURITY" in refusal_of(smb1(0x72, bytes(34), bytes(16) + INIT, answer=True)).message


def test_an_ldap_bind_gives_both_sides_tokens():
    request, answer = one(LDAP_FRAMES[0]), one(LDAP_FRAMES[1])
    assert request.source.carrier == "LDAP bindRequest GSS-SPNEGO"
    assert (request.source.direction, answer.source.direction) == ("client", "server")
    assert (request.data, answer.data) == (LDAP_FRAMES[0][36:], LDAP_FRAMES[1][19:])
    assert request.notes == ("the SASL credentials, bytes 36 to 1460 of the LDAP message",)
    assert answer.notes[-1] == "status: success (0)"
    assert [decode(token.data).error for token in (request, answer)] == [None, None]


def test_ldap_messages_in_a_row_give_their_tokens_until_what_is_none():
    tokens = read_tokens(b"".join(LDAP_FRAMES[:3]), "stream")
    assert [token.source.carrier for token in tokens] == ["LDAP bindRequest GSS-SPNEGO", "LDAP bindResponse"]
    at = len(LDAP_FRAMES[0]) + len(LDAP_FRAMES[1])
    note = f"not read: an LDAP message: byte {at}: expected the next LDAPMessage (tag 30), found 00"
    assert tokens[-1].notes[-1] == note


def test_sicily_binds_give_their_ntlm_messages():
    assert one(bind(long(0x8A, NTLM))).source.carrier == "LDAP bindRequest sicilyNegotiate"
    assert one(bind(tlv(0x8B, NTLM))).data == NTLM
    answer = one(bound(0, matched=CHALLENGE))
    assert (answer.data, answer.source.carrier) == (CHALLENGE, "LDAP bindResponse sicily")


def test_what_a_server_says_of_a_bind_is_passed_on():
    text = b"80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v4563\0"
    refusal = refusal_of(bound(49, text))
    assert refusal.message == "an LDAP bindResponse, invalidCredentials (49): it has no serverSaslCreds"
    assert refusal.hints == [f'diagnosticMessage: "{text[:-1].decode()}"', "secctx explain reads that message"]
    token = one(bound(49, text, tlv(0xA3, tlv(4, b"ldap://x")) + tlv(0x87, INIT)))
    assert token.data == INIT
    assert f'diagnosticMessage: "{text[:-1].decode()}"' in token.notes
    assert "status: invalidCredentials (49)" in token.notes
    assert len(refusal_of(bound(49, b"x" * 5000)).hints[0]) < 500


@pytest.mark.parametrize(
    "message",
    [
        bind(tlv(0x80, b"hunter22")),
        bind(sasl(b"PLAIN", b"\0alice\0hunter22")),
        bind(sasl(b"hunter22", b"hunter22")),
        bind(sasl(b"LOGIN", b"hunter22")) + b"hunter22",
    ],
)
def test_a_password_is_never_repeated(message):
    ways = [message, message.hex().encode(), b64encode(message)]
    ways += [message[:n] for n in range(12, len(message))]
    ways += [bytes([*message[:5], size, *message[6:]]) for size in range(256)]
    ways += [bytes([*message[:14], size, *message[15:]]) for size in range(256)]
    for way in ways:
        tokens, error = outcome_of(way)
        said = " ".join([error.message, *error.hints]) if error else repr([token.notes for token in tokens])
        assert not any(token.source.carrier for token in tokens)
        assert not any(word in said for word in ("hunter", b"hunt".hex(" "), b"hunt".hex(), "nter"))


@pytest.mark.parametrize("mechanism", [b"GSS-SPNEGO", b"GSSAPI", b"NTLM"])
def test_bare_sasl_credentials_give_the_token(mechanism):
    for credentials in (sasl(mechanism, INIT), tlv(0xA3, tlv(4, mechanism), tlv(4, INIT))):
        token = one(credentials)
        assert token.data == INIT
        assert token.source.carrier == f"SaslCredentials {mechanism.decode()}"
        assert token.source.direction == "client"


@pytest.mark.parametrize("token", [INIT, NTLM, CHALLENGE])
def test_an_octet_string_gives_the_token_in_it(token):
    for wrapped in (tlv(4, token), long(4, token)):
        found = one(wrapped)
        assert (found.data, found.source.carrier, found.source.direction) == (token, "OCTET STRING", None)
    assert one(tlv(0x87, token)).source.direction == "server"
    assert one(tlv(4, token) + b"more").notes[-1] == "4 bytes behind it are left out"
    cut = one(tlv(4, token)[:-5])
    assert cut.data == token[:-5]
    assert f"{len(token)} bytes by the length of the contents, {len(token) - 5} there" in cut.notes[-1]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("kind", "name", "side"), [
    (11, "bind", "client"), (12, "bind_ack", "server"), (14, "alter_context", "client"),
    (15, "alter_context_resp", "server"), (16, "rpc_auth_3", "client"),
])  # fmt: skip
def test_rpc_gives_its_auth_value(kind, name, side, big):
    token = one(rpc(kind, INIT, auth_type=9, big=big))
    assert (token.data, token.source.carrier, token.source.direction) == (INIT, f"DCE/RPC {name}", side)
    assert token.notes == (
        "auth_type 9 (GSS_NEGOTIATE), auth_level 6 (PKT_PRIVACY)",
        f"the auth_value, bytes 36 to {36 + len(INIT)} of the DCE/RPC message",
    )


def test_rpc_messages_in_a_row_give_their_tokens():
    stream = rpc(11, NTLM) + rpc(12, CHALLENGE) + rpc(0, b"") + rpc(16, INIT)
    assert [token.data for token in read_tokens(stream, "")] == [NTLM, CHALLENGE, INIT]


@pytest.mark.parametrize("frame", REAL, ids=range(len(REAL)))
def test_a_frame_cut_short_gives_what_is_there_of_its_token(frame):
    whole = one(frame).data
    start = frame.index(whole)
    for size in range(1, len(frame)):
        tokens, error = outcome_of(frame[:size])
        if size < 12:
            assert error is not None or tokens[0].source.carrier is None or tokens[0].data == frame[:size]
        elif size <= start:
            assert error is not None
            assert error.kind == "malformed"
        else:
            (token,) = tokens
            assert token.data == whole[: size - start]
            assert any("cut short" in note for note in token.notes)


@pytest.mark.parametrize("frame", REAL, ids=range(len(REAL)))
def test_a_frame_with_a_bit_flipped_gives_tokens_out_of_it_or_is_refused(frame):
    flipped = bytearray(frame)
    outcomes = set()
    head = range(min(len(frame), 220) * 8)
    for bit in (*head, *range(len(head), len(frame) * 8, 13)):
        flipped[bit // 8] ^= 1 << bit % 8
        data = bytes(flipped)
        tokens, error = outcome_of(data)
        assert all(token.data and token.data in data for token in tokens)
        assert error is None or (error.message and error.kind in ("malformed", "tokenless"))
        outcomes |= {"refused"} if error else {token.source.carrier is not None for token in tokens}
        flipped[bit // 8] ^= 1 << bit % 8
    assert {True, "refused"} <= outcomes


@pytest.mark.parametrize("frame", REAL, ids=range(len(REAL)))
def test_a_frame_in_text_is_unwrapped_as_the_bytes_are(frame):
    whole = one(frame)
    digits, letters = frame.hex(), b64encode(frame).decode()
    texts = {
        digits: "hex",
        frame.hex(" "): "hex",
        "\n".join(digits[i : i + 64] for i in range(0, len(digits), 64)): "hex",
        letters: "base64",
        letters.rstrip("="): "base64",
        "\n".join(letters[i : i + 76] for i in range(0, len(letters), 76)): "base64",
        ", ".join(f"0x{byte:02x}" for byte in frame): "c-array",
        "\n".join(f"{i:08x}: {frame[i : i + 16].hex(' ', 2)}" for i in range(0, len(frame), 16)): "xxd",
    }
    for text, encoding in texts.items():
        token = one(text.encode())
        assert (token.data, token.source.carrier) == (whole.data, whole.source.carrier), text[:80]
        assert token.source.encoding == encoding


def test_frames_one_a_line_give_the_tokens_of_all_that_have_one():
    lines = "\n".join(frame.hex() for frame in SMB_FRAMES[:8])
    tokens = read_tokens(lines.encode(), "lines")
    assert [token.source.carrier for token in tokens] == SMB2_CARRIERS
    assert [token.source.line for token in tokens] == [2, 3, 4, 5, 6]
    assert tokens[-1].notes[-1].startswith("passed over: an SMB2 TREE_CONNECT")


def test_a_damaged_frame_among_others_is_shown_as_it_is():
    broken = smb2(1, setup(INIT, offset=80))
    tokens = read_tokens(f"{SMB_FRAMES[2].hex()}\n{broken.hex()}".encode(), "lines")
    assert [token.source.carrier for token in tokens] == ["SMB2 SESSION_SETUP request", None]
    assert tokens[1].data == broken
    assert "SecurityBufferOffset (byte 76) is 80" in tokens[1].notes[-1]
    refusal = refusal_of("\n".join(frame.hex() for frame in SMB_FRAMES[6:9]).encode())
    assert refusal.message.startswith("3 messages, and none carries a token: an SMB2 TREE_CONNECT request: ")


def test_frames_in_a_log_are_found():
    log = f"send {SMB_FRAMES[2].hex()} done\nrecv {LDAP_FRAMES[1].hex()} done"
    assert [token.source.carrier for token in read_tokens(log.encode(), "log")] == [
        "SMB2 SESSION_SETUP request",
        "LDAP bindResponse",
    ]


def test_raw_bytes_by_name_stay_as_they_are():
    assert [token.data for token in read_tokens(SMB_FRAMES[2], "", "raw")] == [SMB_FRAMES[2]]
    assert one(INIT).data == INIT


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("308203d5308202bda003020102"),  # a certificate
        bytes.fromhex("3082025c02010002818100"),  # an RSA private key
        bytes.fromhex("302902010004067075626c6963a01c"),  # SNMP
        bytes.fromhex("050200000000004b0002000d"),  # a keytab
        bytes.fromhex("0504000c00010008ffffffff"),  # a credential cache
        b"\4\0" + INIT,
        b"\0\0\0\x10fSMB",
    ],
)
def test_bytes_that_only_begin_alike_are_no_frames(data):
    padded = data + bytes(range(128, 168))
    assert one(padded).data == padded


def test_too_many_messages_are_refused():
    assert refusal_of(ldap(tlv(0x42)) * 500_001).kind == "too-large"


def test_streams_of_many_messages_are_bounded_in_what_they_say():
    stream = b"".join(direct(smb2(command, bytes(16))) for command in (2, 3, 4, 5, 6, 7, 8, 9, 10) * 50)
    refusal = refusal_of(stream)
    assert refusal.message.startswith("450 messages, and none carries a token: an SMB2 LOGOFF request: ")
    assert refusal.message.endswith("; and 5 others")
    token = one(stream + SMB_FRAMES[2])
    assert len(token.notes) == 6


def test_the_command_line_unwraps_files_hex_and_base64(tmp_path):
    frame = SMB_FRAMES[3]
    (tmp_path / "frame.bin").write_bytes(frame)
    (tmp_path / "frame.hex").write_text(frame.hex())
    expected = one(frame).data
    sources = {
        str(tmp_path / "frame.bin"): "raw",
        str(tmp_path / "frame.hex"): "hex",
        frame.hex(): "hex",
        b64encode(frame).decode(): "base64",
    }
    for source, encoding in sources.items():
        done = run("decode", source)
        assert done.code == 0, done.err
        heading, _, rest = done.out.partition("\n")
        assert heading.startswith(f"SPNEGO NegTokenResp, {len(expected)} bytes ({encoding} ")
        assert "SMB2 SESSION_SETUP response)" in heading
        assert "note: status: STATUS_MORE_PROCESSING_REQUIRED (0xC0000016)" in rest
    assert run("decode", "--from", "raw", str(tmp_path / "frame.bin")).code == 3


def test_the_command_line_refuses_by_name_and_leaves_passwords_out():
    for message, words in (
        (SMB_FRAMES[6], "an SMB2 TREE_CONNECT request: it carries no security buffer"),
        (bind(tlv(0x80, b"hunter22")), "an LDAP bindRequest simple: a simple bind carries a password, no token"),
    ):
        for argument in (message.hex(), b64encode(message).decode()):
            done = run("decode", argument)
            assert (done.code, done.out) == (3, "")
            assert done.err.splitlines()[0] == f"secctx: argument: {words}"
            assert argument not in done.err
        assert run("decode", stdin=message).code == 3


def test_the_command_line_shows_the_token_of_a_cut_frame_and_exits_with_3():
    done = run("decode", stdin=LDAP_FRAMES[0][:700])
    assert done.code == 3
    assert done.out.startswith("Cut short: 664 of 1424 bytes")
    assert "\nSPNEGO NegTokenInit, 664 bytes (raw " in done.out
    assert "note: cut short: 1424 bytes by the length of the SASL credentials, 664 there" in done.out


def test_the_frames_of_this_module_differ():
    assert all(a != b for a, b in pairwise(REAL))
