"""MIC and Wrap tokens of Kerberos: those of MIT, the lab and gokrb5 verify and come out again, altered ones do not."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secctx.decoders import decode
from secctx.decoders.kerberos_parts_asn1 import Authenticator, EncAPRepPart, EncTicketPart
from secctx.decoders.part import decode_part
from secctx.decoders.values import Decoded, Node, walk
from secctx.keys.context_keys import Role, TokenError, other
from secctx.keys.enctype import KerberosCryptoError, LengthError, UnsupportedEnctype
from secctx.keys.enctypes import enctype
from secctx.keys.kerberos_key import Key
from secctx.keys.kerberos_session import KerberosSession
from secctx.keys.keytab import read_keytab

ROOT = Path(__file__).parents[1]
LAB = runpy.run_path(str(ROOT / "tests" / "oracles" / "tokens.py"))["LAB"]
needs_lab = pytest.mark.skipif(not LAB.is_dir(), reason="the shared lab is not beside the checkout")
h = bytes.fromhex

CFX = [17, 18, 19, 20, 25, 26]
FRAMED = [16, 23, 24]
DES3, AES, RC4, EXPORT = 16, 18, 23, 24
ENDS: list[Role] = ["initiator", "acceptor"]


def some_key(etype: int, first: int = 1) -> Key:
    kind = enctype(etype)
    return Key(etype, kind.random_to_key(bytes((first + 3 * at) % 256 for at in range(kind.seed_size))))


def pair(etype: int = AES, **settings: Any) -> tuple[KerberosSession, KerberosSession]:
    """Both ends of a context whose acceptor asserted a subkey."""
    settings = {"initiator_subkey": some_key(AES, 2), "acceptor_subkey": some_key(etype, 3)} | settings
    session_key = settings.pop("session_key", some_key(RC4))
    return (
        KerberosSession(session_key, "initiator", **({"sent": 70, "received": 900} | settings)),
        KerberosSession(session_key, "acceptor", **({"sent": 900, "received": 70} | settings)),
    )


def random(session: KerberosSession, conf: bool) -> bytes:
    return bytes(range(200, 200 + session.confounder_size(conf)))


def wrap(session: KerberosSession, data: bytes, conf: bool) -> bytes:
    return session.wrap(data, conf, random(session, conf))


def flipped(data: bytes) -> Iterator[tuple[int, bytes]]:
    for at in range(8 * len(data)):
        altered = bytearray(data)
        altered[at // 8] ^= 1 << at % 8
        yield at, bytes(altered)


# MIT krb5 ------------------------------------------------------------------------------------------------------------


class Made(NamedTuple):
    """A token that MIT made: the context's mode, key and sender, what was done to which text."""

    mode: str
    key: Key
    sender: Role
    kind: str
    data: bytes
    token: bytes

    def session(self, role: Role, **settings: Any) -> KerberosSession:
        """One end of that context. The keys that are not used are no keys at all."""
        if self.mode == "plain":
            settings["initiator_subkey"] = self.key
        else:
            settings |= {"initiator_subkey": Key(0, b""), "acceptor_subkey": self.key}
        settings["dce_style"] = self.mode == "dce"
        return KerberosSession(Key(0, b""), role, **settings)


MIT = [
    Made(context["mode"], Key(context["etype"], h(context["key"])), sender, kind, text.encode(), h(token))
    for context in json.loads((ROOT / "tests/data/keys/mit_gss_tokens.json").read_text("utf-8"))["contexts"]
    for sender, kind, text, token in context["messages"]
]


def test_the_tokens_of_mit_are_of_every_type_and_form() -> None:
    assert {(made.key.etype, made.mode) for made in MIT} >= {
        *product((*FRAMED, *CFX), ("mutual",)),
        *product((16, 17, 18, 20, 23), ("dce",)),
        *product((17, 23), ("plain",)),
    }
    assert {(made.sender, made.kind) for made in MIT} == {
        *product(ENDS, ("mic", "sealed", "clear", "iov-sealed", "iov-clear"))
    }


@pytest.mark.parametrize("made", MIT, ids=[f"{made.key.etype}-{made.mode}-{made.kind}" for made in MIT])
def test_a_token_of_mit_is_understood_and_made_again_byte_for_byte(made: Made) -> None:
    receiver = made.session(other(made.sender), ordered=False)
    sender = made.session(made.sender)
    if made.kind == "mic":
        receiver.check(made.data, made.token)
        sender.sent = receiver.received - 1
        assert sender.sign(made.data) == made.token
        return
    sealed = made.kind.endswith("sealed")
    assert receiver.unwrap(made.token) == (made.data, sealed)
    if not made.kind.startswith("iov") or made.mode == "dce":
        # gss_wrap_iov has no padding, and turns, as in DCE_STYLE alone; gss_wrap never does.
        sender.dce_style = made.kind.startswith("iov")
        sender.sent = receiver.received - 1
        assert sender.wrap(made.data, sealed, confounder_of(made)) == made.token


def confounder_of(made: Made) -> bytes:
    """What MIT's token was made random with."""
    sealed, kind = made.kind.endswith("sealed"), made.key.enctype
    if made.key.etype in CFX:
        if not sealed:
            return b""
        extra, turn = int.from_bytes(made.token[4:6]), int.from_bytes(made.token[6:8])
        body = made.token[16:]
        turn = (turn + extra) % len(body)
        body = body[turn:] + body[:turn]
        usage = 24 if made.sender == "initiator" else 22
        # Decryption takes the confounder off; so it is looked at through the enctype's own.
        return kind._open(kind.derive(made.key.value, usage), body)[: kind.confounder_size]  # type: ignore[attr-defined]
    from secctx.keys import rfc1964

    algorithm = rfc1964.algorithm(made.key)
    start = 13 + 16 + algorithm.checksum_size
    body = made.token[start:]
    if sealed:
        head = made.token[13:start]
        number, _ = algorithm.reveal(made.key, head[16:], head[8:16])
        body = algorithm.open(made.key, number, body)
    return body[:8]


# gokrb5 --------------------------------------------------------------------------------------------------------------

#: gssapi/MICToken_test.go and gssapi/WrapToken_test.go of jcmturner/gokrb5: no subkey of the acceptor, AES-128.
GOKRB5_KEY = Key(17, h("14f9bde6b50ec508201a97f74c4e5bd3"))
GOKRB5: list[tuple[Role, int, str, str]] = [
    (
        "acceptor",
        0x575E85D6,
        "040401ffffffffff00000000575e85d6c34d12ba3e5b1b1310cd9cb3",
        "050401ff000c000000000000575e85d601010000853b728d5268525a1386c19f",
    ),
    (
        "initiator",
        0,
        "040400ffffffffff00000000000000009649ca09d2f1bc51ff6e5ca3",
        "050400ff000c000000000000000000000101000079a033510b6f127212242b97",
    ),
]


@pytest.mark.parametrize(("sender", "number", "mic", "wrapped"), GOKRB5)
def test_the_tokens_of_gokrb5_verify_and_come_out(sender: Role, number: int, mic: str, wrapped: str) -> None:
    def end(role: Role, **settings: Any) -> KerberosSession:
        return KerberosSession(GOKRB5_KEY, role, **settings)

    assert end(sender, sent=number).sign(h("deadbeef")) == h(mic)
    assert end(sender, sent=number).wrap(h("01010000"), False, b"") == h(wrapped)
    assert end(other(sender), received=number).verify(h("deadbeef"), h(mic))
    assert end(other(sender), received=number).unwrap(h(wrapped)) == (h("01010000"), False)


# The lab -------------------------------------------------------------------------------------------------------------


def value(node: Node | None) -> Any:
    assert node is not None
    return node.value


def at(decoded: Decoded, path: str) -> Node | None:
    """The first field whose path ends so."""
    return next((node for found, node in walk(decoded.root) if f".{found}".endswith(f".{path}")), None)


def opened(data: bytes, cls: Any) -> Decoded:
    decoded = decode_part(data, cls, cls.__name__)
    assert decoded.error is None
    return decoded


def key_in(decoded: Decoded, name: str) -> Key | None:
    found = at(decoded, f"{name}.keytype")
    return None if found is None else Key(value(found), value(at(decoded, f"{name}.keyvalue")))


class Captured(NamedTuple):
    """A handshake of the lab with its encrypted parts opened."""

    legs: list[Decoded]
    ends: dict[Role, KerberosSession]
    asserted: Key | None
    exported: str


def captured(name: str) -> Captured:
    legs = [decode(path.read_bytes()) for path in sorted(LAB.glob(f"{name}.leg?.bin"))]
    request = next(leg for leg in reversed(legs) if at(leg, "authenticator.cipher"))
    reply = next(leg for leg in legs if at(leg, "enc-part.cipher") and not at(leg, "ticket"))
    files = sorted((LAB / "keytabs").glob("*.keytab"))
    ring = [entry.key for path in files for entry in read_keytab(path.read_bytes()).entries]
    cipher, etype = value(at(request, "ticket.enc-part.cipher")), value(at(request, "ticket.enc-part.etype"))
    plain = next(filter(None, (try_open(key, 2, cipher) for key in ring if key.etype == etype)))
    session_key = key_in(opened(plain, EncTicketPart), "key")
    assert session_key is not None
    authenticator = opened(session_key.decrypt(11, value(at(request, "authenticator.cipher"))), Authenticator)
    answer = opened(session_key.decrypt(12, value(at(reply, "enc-part.cipher"))), EncAPRepPart)
    subkeys = {"initiator_subkey": key_in(authenticator, "subkey"), "acceptor_subkey": key_in(answer, "subkey")}
    numbers = {"initiator": value(at(authenticator, "seq-number")), "acceptor": value(at(answer, "seq-number"))}
    ends: dict[Role, KerberosSession] = {
        role: KerberosSession(
            session_key, role, sent=numbers[role], received=numbers[other(role)], dce_style="dce" in name, **subkeys
        )
        for role in ENDS
    }
    exported = re.search(r"^  session_key: '?(\w+)", (LAB / f"{name}.yaml").read_text("utf-8"), re.MULTILINE)
    assert exported
    return Captured(legs, ends, subkeys["acceptor_subkey"], exported[1])


def try_open(key: Key, usage: int, cipher: bytes) -> bytes | None:
    try:
        return key.decrypt(usage, cipher)
    except KerberosCryptoError:
        return None


PROTECTED = sorted(
    path.name.removesuffix(".mic-i.bin")
    for path in (LAB.glob("*.mic-i.bin") if LAB.is_dir() else ())
    if path.read_bytes()[0] in (4, 0x60)
)


@needs_lab
def test_the_lab_has_kerberos_contexts() -> None:
    assert len(PROTECTED) >= 18


@needs_lab
@pytest.mark.parametrize("name", PROTECTED)
def test_the_tokens_of_the_lab_verify_and_unwrap_with_what_the_handshake_agreed_on(name: str) -> None:
    found = captured(name)
    for sender in ENDS:
        receiver, letter = found.ends[other(sender)], sender[0]
        assert receiver.key is found.asserted
        assert receiver.key.value.hex() == found.exported
        for mic in mech_list_mics(found.legs, sender):
            receiver.check(mech_types(found.legs), mic)
        text = "lab message {} from " + letter
        receiver.check(text.format("mic").encode(), (LAB / f"{name}.mic-{letter}.bin").read_bytes())
        for kind, sealed in (("wrap-conf", True), ("wrap-plain", False)):
            token = (LAB / f"{name}.{kind}-{letter}.bin").read_bytes()
            assert receiver.unwrap(token) == (text.format(kind).encode(), sealed)


def mech_types(legs: list[Decoded]) -> bytes:
    """The DER of the mechTypes of the first leg."""
    node = at(legs[0], "mechTypes")
    assert node is not None
    return legs[0].data[node.start : node.stop]


def mech_list_mics(legs: list[Decoded], sender: Role) -> list[bytes]:
    """The mechListMICs that one end sent: the initiator sends every other leg, from the first one on."""
    nodes = [(leg, at(leg, "mechListMIC")) for leg in legs[0 if sender == "initiator" else 1 :: 2]]
    return [leg.data[node.start : node.stop] for leg, node in nodes if node is not None]


@needs_lab
def test_a_mech_list_mic_of_the_lab_takes_the_first_number_of_each_end() -> None:
    found = captured("78-spnego-mit-ntlm-first-krb5-acceptor")
    assert [len(mech_list_mics(found.legs, sender)) for sender in ENDS] == [1, 1]


# Both ends -----------------------------------------------------------------------------------------------------------

MESSAGES = st.lists(st.tuples(st.booleans(), st.sampled_from(["mic", "clear", "sealed"]), st.binary(max_size=80)))


@given(etype=st.sampled_from(CFX + FRAMED), dce_style=st.booleans(), messages=MESSAGES)
@settings(deadline=None)
def test_both_ends_understand_each_other_through_saving_and_restoring(
    etype: int, dce_style: bool, messages: list[tuple[bool, str, bytes]]
) -> None:
    initiator, acceptor = pair(etype, dce_style=dce_style)
    for up, kind, data in messages:
        sender, receiver = (initiator, acceptor) if up else (acceptor, initiator)
        if dce_style and etype == DES3:
            data += bytes(-len(data) % 8)
        if kind == "mic":
            assert receiver.verify(data, sender.sign(data))
        else:
            assert receiver.unwrap(wrap(sender, data, kind == "sealed")) == (data, kind == "sealed")
        acceptor = KerberosSession.restore(json.loads(json.dumps(acceptor.save())))


@pytest.mark.parametrize("etype", CFX + FRAMED)
def test_a_flipped_bit_of_a_mic_never_verifies(etype: int) -> None:
    initiator, acceptor = pair(etype)
    mic = initiator.sign(b"what is signed")
    for at, altered in flipped(mic):
        assert not acceptor.verify(b"what is signed", altered), at
    for _, data in flipped(b"what is signed"):
        assert not acceptor.verify(data, mic)
    for cut in range(len(mic)):
        assert not acceptor.verify(b"what is signed", mic[:cut])
    assert not acceptor.verify(b"what is signed", mic + b"\0")
    assert acceptor.verify(b"what is signed", mic)


@pytest.mark.parametrize("conf", [True, False])
@pytest.mark.parametrize("etype", CFX + FRAMED)
def test_a_flipped_bit_of_a_wrap_token_never_unwraps_and_the_session_stays_where_it_was(etype: int, conf: bool) -> None:
    initiator, acceptor = pair(etype)
    token = wrap(initiator, b"what is wrapped", conf)
    before = acceptor.save()
    for at, altered in flipped(token):
        assert not unwraps(acceptor, altered), at
    for cut in range(len(token)):
        assert not unwraps(acceptor, token[:cut])
    assert not unwraps(acceptor, token + b"\0")
    assert acceptor.save() == before
    assert acceptor.unwrap(token) == (b"what is wrapped", conf)


def unwraps(session: KerberosSession, token: bytes) -> bool:
    try:
        session.unwrap(token)
    except TokenError:
        return False
    return True


@pytest.mark.parametrize("conf", [True, False])
def test_a_whole_turn_more_is_the_one_altered_bit_that_means_the_same(conf: bool) -> None:
    """RFC 4121 section 4.2.5 leaves RRC unsigned, and has any rotation read, also one beyond the token's length."""
    initiator, acceptor = pair()
    token = wrap(initiator, bytes(20), conf)
    turned = 64 if conf else 32
    assert len(token) == 16 + turned
    altered = token[:6] + turned.to_bytes(2) + token[8:]
    assert acceptor.unwrap(altered) == (bytes(20), conf)


@given(count=st.integers(0, 0xFFFF), conf=st.booleans(), data=st.binary(max_size=40))
@settings(deadline=None)
def test_any_rotation_is_read(count: int, conf: bool, data: bytes) -> None:
    initiator, acceptor = pair()
    token = wrap(initiator, data, conf)
    body = token[16:]
    for _ in range(count % len(body)):
        body = body[-1:] + body[:-1]
    assert acceptor.unwrap(token[:6] + count.to_bytes(2) + token[8:16] + body) == (data, conf)


def test_windows_rotates_all_but_the_data_to_the_front_and_leaves_the_filler_out_of_its_count() -> None:
    """MS-KILE 3.4.5.4.1: RRC is 28 for sealed messages and 12 for others, and EC is a block."""
    initiator, acceptor = pair(dce_style=True)
    sealed, clear = wrap(initiator, b"a stub of 16 ...", True), wrap(initiator, b"a stub of 16 ...", False)
    assert (sealed[4:8], clear[4:8]) == (h("0010001c"), h("000c000c"))
    assert len(sealed) == 16 + 44 + 16 + 16
    assert clear[-16:] == b"a stub of 16 ..."
    assert acceptor.unwrap(sealed) == (*acceptor.unwrap(clear)[:1], True)


@pytest.mark.parametrize("dce_style", [True, False])
def test_either_count_of_a_rotation_with_filler_is_read(dce_style: bool) -> None:
    windows, _ = pair(dce_style=True)
    _, acceptor = pair(dce_style=dce_style)
    token = wrap(windows, b"data", True)
    body = token[16:]
    by_the_rfc = token[:16] + body[16:] + body[:16]
    for each in (token, by_the_rfc):
        acceptor.received = 70
        assert acceptor.unwrap(each) == (b"data", True)


def test_the_filler_is_counted_by_an_ec_that_is_signed() -> None:
    """The copy of the header holds EC: a token whose EC was altered would lose the end of its data."""
    initiator, acceptor = pair()
    token = wrap(initiator, b"all of it", True)
    with pytest.raises(TokenError, match="the header again") as caught:
        acceptor.unwrap(token[:4] + b"\0\1" + token[6:])
    assert caught.value.kind == "copy"


@pytest.mark.parametrize("etype", [DES3, RC4, EXPORT])
def test_data_outside_of_the_framing_are_read_in_dce_style_alone(etype: int) -> None:
    initiator, acceptor = pair(etype, dce_style=True)
    token = wrap(initiator, b"a stub of 16 ...", True)
    assert len(token) == 2 + token[1] + 16
    assert acceptor.unwrap(token) == (b"a stub of 16 ...", True)
    _, strict = pair(etype)
    assert misfit(lambda: strict.unwrap(token)) == "length"
    empty = wrap(initiator, b"", True)
    assert acceptor.unwrap(empty) == (b"", True)
    strict.received += 1
    assert misfit(lambda: strict.unwrap(empty)) == "length"


def test_triple_des_in_dce_style_takes_whole_blocks() -> None:
    initiator, _ = pair(DES3, dce_style=True)
    with pytest.raises(LengthError, match="multiple of 8"):
        wrap(initiator, b"no block", True) and wrap(initiator, b"no blocks", True)


# Which key, which form -----------------------------------------------------------------------------------------------


def test_the_context_s_key_is_the_acceptor_s_subkey_else_the_initiator_s_else_the_ticket_s() -> None:
    ticket, first, second = some_key(AES, 1), some_key(AES, 2), some_key(AES, 3)
    assert KerberosSession(ticket, initiator_subkey=first, acceptor_subkey=second).key is second
    assert KerberosSession(ticket, acceptor_subkey=second).key is second
    assert KerberosSession(ticket, initiator_subkey=first).key is first
    assert KerberosSession(ticket).key is ticket
    assert KerberosSession(ticket).save()["sent"] == KerberosSession(ticket).save()["received"] == 0


@pytest.mark.parametrize("etype", CFX + FRAMED)
def test_the_form_is_that_of_the_context_s_key(etype: int) -> None:
    initiator, _ = pair(etype, session_key=some_key(RC4 if etype in CFX else AES))
    assert initiator.form == ("RFC 4121" if etype in CFX else "RFC 1964")
    assert initiator.sign(b"")[:1] == (b"\x04" if etype in CFX else b"\x60")
    assert wrap(initiator, b"", True)[:1] == (b"\x05" if etype in CFX else b"\x60")


def test_a_key_of_single_des_or_of_a_wrong_length_is_refused() -> None:
    for etype in (1, 2, 3):
        with pytest.raises(UnsupportedEnctype, match="single DES"):
            KerberosSession(Key(etype, bytes(8)))
    with pytest.raises(LengthError):
        KerberosSession(Key(AES, bytes(16)))
    KerberosSession(Key(3, bytes(8)), acceptor_subkey=some_key(AES))


@pytest.mark.parametrize("etype", CFX + FRAMED)
def test_how_many_random_bytes_a_message_takes_is_said(etype: int) -> None:
    initiator, _ = pair(etype)
    kind = enctype(etype)
    assert initiator.confounder_size(True) == kind.confounder_size
    assert initiator.confounder_size(False) == (0 if etype in CFX else 8)
    with pytest.raises(LengthError, match="confounder"):
        initiator.wrap(b"", True, b"short")


# What does not fit ---------------------------------------------------------------------------------------------------


def misfit(call: Any) -> str:
    with pytest.raises(TokenError) as caught:
        call()
    return caught.value.kind


@pytest.mark.parametrize("etype", [AES, DES3, RC4])
def test_a_token_that_was_reflected_is_said_to_be_of_the_wrong_direction(etype: int) -> None:
    initiator, _ = pair(etype)
    mic, wrapped = initiator.sign(b"text"), wrap(initiator, b"text", True)
    initiator.received = 70
    assert misfit(lambda: initiator.check(b"text", mic)) == "direction"
    assert misfit(lambda: initiator.unwrap(wrapped)) == "direction"


@pytest.mark.parametrize("etype", [AES, DES3, RC4])
def test_a_token_out_of_order_is_told_with_the_number_expected_and_found(etype: int) -> None:
    initiator, acceptor = pair(etype)
    first, second, third = (initiator.sign(b"same") for _ in range(3))
    with pytest.raises(TokenError, match=r"^sequence: expected number 70, found 71: a message is missing$"):
        acceptor.check(b"same", second)
    with pytest.raises(TokenError, match=r"expected number 70, found 72: 2 messages are missing"):
        acceptor.check(b"same", third)
    acceptor.check(b"same", first)
    with pytest.raises(TokenError, match=r"expected number 71, found 70: a repeated message"):
        acceptor.check(b"same", first)
    assert acceptor.verify(b"same", second)
    acceptor.ordered = False
    assert acceptor.verify(b"same", first)
    assert acceptor.received == 71


@pytest.mark.parametrize(("etype", "last"), [(AES, (1 << 64) - 1), (RC4, (1 << 32) - 1), (DES3, (1 << 32) - 1)])
def test_the_numbers_have_64_bits_by_rfc_4121_and_32_before(etype: int, last: int) -> None:
    initiator, acceptor = pair(etype, sent=last, received=last)
    for number in (last, 0):
        assert (initiator.sent, acceptor.received) == (number, number)
        acceptor.check(b"", initiator.sign(b""))
    with pytest.raises(ValueError, match="out of bounds"):
        pair(etype, sent=last + 1)


@pytest.mark.parametrize("subkey", [True, False])
def test_a_flag_that_says_otherwise_of_the_acceptor_s_subkey_is_told(subkey: bool) -> None:
    _, acceptor = pair() if subkey else pair(acceptor_subkey=None)
    sender, _ = pair(acceptor_subkey=None) if subkey else pair()
    for call in (lambda: acceptor.check(b"", sender.sign(b"")), lambda: acceptor.unwrap(wrap(sender, b"", True))):
        assert misfit(call) == "flag"


def test_a_mic_that_says_it_is_sealed_is_refused() -> None:
    initiator, acceptor = pair()
    mic = initiator.sign(b"")
    assert misfit(lambda: acceptor.check(b"", mic[:2] + bytes([mic[2] | 2]) + mic[3:])) == "flag"


def test_a_token_that_fits_another_key_or_usage_of_the_context_says_which() -> None:
    _, acceptor = pair()
    # The initiator that knows nothing of the acceptor's subkey, and still sets its flag.
    ignorant, _ = pair(acceptor_subkey=some_key(AES, 2))
    message = r"found the initiator's subkey and key usage 25 \(initiator sign\)$"
    with pytest.raises(TokenError, match=message) as caught:
        acceptor.check(b"text", ignorant.sign(b"text"))
    assert caught.value.kind == "key"
    assert caught.value.expected == "the acceptor's subkey and key usage 25 (initiator sign)"
    message = r"found the initiator's subkey and key usage 24 \(initiator seal\)$"
    for conf in (True, False):
        with pytest.raises(TokenError, match=message):
            acceptor.unwrap(wrap(ignorant, b"text", conf))
    # The acceptor's direction flag, taken off a token of its own.
    _, own = pair()
    header = h("040404ffffffffff") + (70).to_bytes(8)
    wrong = header + own.key.checksum(23, b"text" + header)
    with pytest.raises(TokenError, match=r"found the acceptor's subkey and key usage 23 \(acceptor sign\)$") as caught:
        acceptor.check(b"text", wrong)
    assert caught.value.kind == "key usage"
    with pytest.raises(TokenError, match="another key, or altered bytes") as caught:
        acceptor.check(b"text", wrong[:-1] + b"?")
    assert caught.value.kind == "checksum"


@pytest.mark.parametrize("etype", [AES, RC4])
def test_a_key_that_is_none_does_not_keep_from_saying_that_no_key_fits(etype: int) -> None:
    initiator, acceptor = pair(etype, session_key=Key(3, b""))
    with pytest.raises(TokenError, match=r"^checksum: expected one made with the acceptor's subkey.*altered bytes$"):
        acceptor.check(b"other", initiator.sign(b"text"))


def test_a_token_of_the_other_form_is_told_with_the_key_that_it_speaks_of() -> None:
    (newer, newer_acceptor), (older, older_acceptor) = pair(AES), pair(RC4)
    message = "token: expected 04 04, a MIC of RFC 4121, found 60 23, the framing of RFC 1964: made with a key of DES"
    with pytest.raises(TokenError, match=f"^{message}, DES3 or RC4$"):
        newer_acceptor.check(b"", older.sign(b""))
    message = "found 05 04, a token of RFC 4121: made with another type of key"
    with pytest.raises(TokenError, match=f"^token: expected 60, the framing of a Wrap token of RFC 1964, {message}$"):
        older_acceptor.unwrap(wrap(newer, b"", True))
    for receiver in (newer_acceptor, older_acceptor):
        with pytest.raises(TokenError, match=r"Wrap token of RFC \d+, found no bytes$"):
            receiver.unwrap(b"")
        with pytest.raises(TokenError, match=r"a MIC of RFC \d+, found 61 62$"):
            receiver.check(b"", b"abc")
    for sender, receiver in ((newer, newer_acceptor), (older, older_acceptor)):
        assert misfit(lambda s=sender, r=receiver: r.unwrap(s.sign(b""))) == "token"
        assert misfit(lambda s=sender, r=receiver: r.check(b"", wrap(s, b"", True))) == "token"


@pytest.mark.parametrize(("etype", "first", "count"), [(AES, 3, 5), (RC4, 17, 4)])
def test_every_byte_of_the_filler_is_looked_at(etype: int, first: int, count: int) -> None:
    initiator, acceptor = pair(etype)
    mic = initiator.sign(b"")
    for place in range(first, first + count):
        assert misfit(lambda p=place: acceptor.check(b"", mic[:p] + b"\xfe" + mic[p + 1 :])) == "filler"


def test_the_framing_names_the_mechanism_and_the_algorithms_of_the_key() -> None:
    initiator, acceptor = pair(RC4)
    token = wrap(initiator, b"text", True)
    assert token[2:13] == h("06092a864886f712010202")
    cases = {
        "token": (10, 0x48),
        "algorithm": (15, 0x04),
        "filler": (19, 0xFE),
        "length": (1, 0x20),
    }
    for kind, (place, byte) in cases.items():
        assert misfit(lambda p=place, b=byte: acceptor.unwrap(token[:p] + bytes([b]) + token[p + 1 :])) == kind
    assert misfit(lambda: acceptor.unwrap(token[:17] + b"\x02" + token[18:])) == "algorithm"
    assert misfit(lambda: acceptor.check(b"", initiator.sign(b"") + b"\0")) == "length"


def test_padding_that_does_not_say_its_own_length_is_refused() -> None:
    """Only who has the key can make such a token."""
    initiator, acceptor = pair(RC4)
    for end in (b"\0", b"\x09" * 9, b"\x01\x02", b"\x08"):
        initiator.dce_style = True
        outside = wrap(initiator, b"t" + end, False)
        inside = b"\x60" + bytes([len(outside) - 2]) + outside[2:]
        assert misfit(lambda token=inside: acceptor.unwrap(token)) == "padding"


@given(st.binary(max_size=120), st.sampled_from([AES, 20, DES3, RC4]), st.booleans())
@settings(deadline=None)
def test_anything_else_is_no_token(data: bytes, etype: int, dce_style: bool) -> None:
    _, acceptor = pair(etype, dce_style=dce_style)
    initiator, _ = pair(etype)
    heads = (b"", initiator.sign(b"")[:24], wrap(initiator, b"", False)[:24], wrap(initiator, b"", True)[:24])
    for head in heads:
        assert not unwraps(acceptor, head + data)
        assert not acceptor.verify(b"", head + data)


# The state -----------------------------------------------------------------------------------------------------------


def test_a_session_shows_no_key() -> None:
    initiator, _ = pair()
    assert repr(initiator) == (
        "KerberosSession(form='RFC 4121', key=\"the acceptor's subkey\", etype=18, role='initiator',"
        " sent=70, received=900)"
    )


GOOD = pair()[0].save()
GOOD_KEY = GOOD["acceptor_subkey"]


def test_the_saved_state_is_all_there_is() -> None:
    restored = KerberosSession.restore(GOOD)
    assert restored.save() == GOOD
    assert GOOD.keys() == {
        "role", "session_key", "initiator_subkey", "acceptor_subkey", "sent", "received", "dce_style", "ordered"
    }  # fmt: skip
    for field in ("dce_style", "ordered"):
        assert getattr(KerberosSession.restore(GOOD | {field: True}), field) is True
        assert getattr(KerberosSession.restore(GOOD | {field: False}), field) is False
    assert KerberosSession.restore(GOOD | {"initiator_subkey": None, "acceptor_subkey": None}).key.etype == RC4


@pytest.mark.parametrize(
    "damage",
    [
        {"role": "both"},
        {"session_key": None},
        {"acceptor_subkey": {"etype": 18, "key": "55"}},
        {"acceptor_subkey": {"etype": 18, "key": "zz" * 32}},
        {"acceptor_subkey": {"etype": 99, "key": "55" * 32}},
        {"acceptor_subkey": {"etype": 18, "key": "55" * 65}},
        {"acceptor_subkey": {"key": "55" * 32}},
        {"initiator_subkey": "55" * 32},
        {"sent": -1},
        {"received": 1 << 64},
        {"received": "0"},
        {"ordered": None},
    ],
)
def test_a_damaged_state_is_a_value_error_that_tells_no_secret(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        KerberosSession.restore(GOOD | damage)
    assert "5555" not in str(caught.value)
    assert GOOD_KEY["key"][:8] not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_anything_else_is_no_state(saved: object) -> None:
    with pytest.raises(ValueError, match="not the saved state"):
        KerberosSession.restore(saved)
