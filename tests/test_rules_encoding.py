"""The causes that lie in how a token travels: what the carriers note, and what the rules make of it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from builders.der import KRB5, NTLM, SPNEGO, ap_req, encrypted, fields, principal, text, tlv

from secctx.acceptor import status
from secctx.acceptor.values import FAILED, OTHER, Refusal, Step
from secctx.carriers.text import read_tokens
from secctx.carriers.token import Oddity, Token
from secctx.decoders import decode
from secctx.rules.case import Carried, Case
from secctx.rules.encoding_sizes import LIMITS
from secctx.rules.finding import Finding
from secctx.rules.judge import judge

SAMPLES = Path(__file__).parents[1] / "samples"
KERBEROS = (SAMPLES / "spnego-kerberos-init.bin").read_bytes()
CHALLENGE = (SAMPLES / "ntlm-challenge.bin").read_bytes()
TEXT = base64.b64encode(KERBEROS)


def one(data: bytes) -> Token:
    [token] = read_tokens(data, "")
    return token


def kinds(data: bytes) -> list[str]:
    return [note.kind for note in one(data).notes if isinstance(note, Oddity)]


def found(case: Case, *codes: str) -> list[Finding]:
    return [finding for finding in judge(case) if finding.rule.code in codes]


def told(data: bytes, code: str, carried: Carried | None = None) -> Finding:
    [finding] = found(Case(decode(data), carried=carried or Carried()), code)
    return finding


def odd(*kinds_and_sentences: tuple[str, str], **carried: str) -> Carried:
    return Carried(oddities=kinds_and_sentences, **carried)  # type: ignore[arg-type]


def kerberos_of(size: int) -> bytes:
    """An offer of Kerberos whose token has about so many bytes."""
    ticket = tlv(0x61, tlv(0x30, fields(0, b"\2\1\5", text("R"), principal(3, "HTTP"), encrypted(18, 1, b"c" * size))))
    token = tlv(0x60, KRB5, b"\1\0", ap_req(ticket_bytes=ticket))
    return tlv(0x60, SPNEGO, tlv(0xA0, tlv(0x30, tlv(0xA0, tlv(0x30, KRB5, NTLM)), tlv(0xA2, tlv(4, token)))))


@pytest.mark.parametrize(
    ("text_form", "kind"),
    [
        (base64.b64encode(TEXT), "base64-in-base64"),
        (TEXT.hex().encode(), "base64-in-hex"),
        (b"Authorization: " + TEXT, "scheme-missing"),
        (b"WWW-Authenticate: Negotiate " + base64.b64encode(CHALLENGE) + b", Basic realm=x", "schemes-joined"),
        (b"WWW-Authenticate: Basic realm=x, NTLM " + base64.b64encode(CHALLENGE), "schemes-joined"),
        (TEXT.replace(b"+", b" "), "plus-to-space"),
        (b" ".join(TEXT[at : at + 60] for at in range(0, len(TEXT), 60)), "spaced"),
        (b"\n".join(TEXT[at : at + 64] for at in range(0, len(TEXT), 64)), "wrapped"),
        (TEXT.replace(b"+", b"%2B"), "percent-encoded"),
        (TEXT.rstrip(b"="), "padding"),
        (TEXT[:1001], "cut-group"),
        (b"Authorization: Negotiate " + TEXT[:1000] + b"...", "ellipsis"),
        (b"Authorization: Negotiate " + TEXT[:900] + b"\n " + TEXT[900:], "folded"),
        (b"Authorization: Negotiate " + base64.urlsafe_b64encode(KERBEROS), "url-safe"),
        (TEXT.replace(b"+", b"-"), "mixed-alphabets"),
        (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate " + base64.b64encode(CHALLENGE) + b"\r\n\r\n", "http-answer"),
    ],
)
def test_the_carriers_note_what_is_odd_by_kind_and_in_words(text_form: bytes, kind: str) -> None:
    assert kind in kinds(text_form)
    [note] = [note for note in one(text_form).notes if isinstance(note, Oddity) and note.kind == kind]
    assert str(note) == note
    assert "\n" not in note


@pytest.mark.parametrize(
    "text_form",
    [
        KERBEROS,
        TEXT,
        TEXT + b"\n",
        KERBEROS.hex().encode(),
        b"Authorization: Negotiate " + TEXT + b"\r\n",
        b"WWW-Authenticate: NTLM " + base64.b64encode(CHALLENGE) + b"\nWWW-Authenticate: Negotiate\n",
    ],
)
def test_a_token_as_it_should_be_written_has_no_oddity(text_form: bytes) -> None:
    assert kinds(text_form) == []


def test_base64_twice_is_an_error_and_base64_in_hex_a_note() -> None:
    twice = told(KERBEROS, "ENC001", odd(("base64-in-base64", "base64 inside base64")))
    assert (twice.severity, twice.path) == ("error", "")
    in_hex = odd(("base64-in-hex", "base64 inside hex"))
    assert not found(Case(decode(KERBEROS), carried=in_hex), "ENC001")
    assert told(KERBEROS, "ENC004", in_hex).severity == "note"


def test_several_oddities_are_told_together_as_gravely_as_the_gravest() -> None:
    finding = told(KERBEROS, "ENC004", odd(("wrapped", "base64 wrapped over 3 lines"), ("padding", "padding missing")))
    assert finding.detail == "base64 wrapped over 3 lines; padding missing"
    assert finding.severity == "warning"
    assert "strict decoders" in finding.advice


def test_an_oddity_that_no_rule_knows_is_passed_over() -> None:
    assert not found(Case(decode(KERBEROS), carried=odd(("new", "something new"))), "ENC001", "ENC004", "ENC006")


@pytest.mark.parametrize(("direction", "severity"), [("server", "note"), ("client", "warning"), ("", "warning")])
def test_a_server_may_join_its_schemes_and_a_client_may_not(direction: str, severity: str) -> None:
    carried = odd(("schemes-joined", "several schemes in one header line"), direction=direction)
    assert told(KERBEROS, "ENC004", carried).severity == severity


def test_what_a_cut_does_to_the_base64_is_not_told_beside_the_cut() -> None:
    case = Case(decode(KERBEROS[:700]), carried=odd(("padding", "padding missing"), ("cut-group", "lost")))
    assert found(case, "ENC002")
    assert not found(case, "ENC004")


def test_a_cut_token_says_both_sizes_and_the_field() -> None:
    finding = told(KERBEROS[:700], "ENC002")
    assert finding.detail.startswith(f"cut short: 700 of {len(KERBEROS)} bytes; {finding.path} needs ")
    assert finding.path.startswith("mechToken.")
    assert finding.span is not None
    assert finding.span[1] == 700


def test_a_cut_message_without_a_size_of_its_own_says_where_it_ends() -> None:
    finding = told(CHALLENGE[:20], "ENC002")
    assert finding.detail.startswith("cut short at byte 20: ")


def test_an_ellipsis_tells_where_the_rest_went() -> None:
    carried = odd(("ellipsis", "the text breaks off in an ellipsis"))
    assert "ellipsis" in told(KERBEROS[:700], "ENC002", carried).advice


def test_a_fragment_that_the_acceptor_took_is_worth_a_note() -> None:
    taken = Step(status.SEC_I_CONTINUE_NEEDED, OTHER, "continuing")
    [finding] = found(Case(decode(KERBEROS[:700]), step=taken), "ENC002")
    assert finding.severity == "note"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("cut-short", "ENC002"),
        ("trailing", "ENC003"),
        ("length", "ENC007"),
        ("missing", "ENC007"),
        ("overlap", "ENC007"),
        ("", "ENC007"),
        ("unknown", "ENC008"),
        ("empty", "ENC008"),
    ],
)
def test_a_malformed_token_that_was_refused_has_the_code_of_its_problem(kind: str, code: str) -> None:
    refusal = Refusal("malformed", "what is wrong", "mechToken", (1, 1), {"kind": kind} if kind else {})
    step = Step(status.SEC_E_INVALID_TOKEN, OTHER, FAILED, refusal=refusal)
    findings = judge(Case(decode(KERBEROS), step=step))
    assert [finding.rule.code for finding in findings if finding.detail == "what is wrong"] == [code]
    assert findings[0].rule.code == code


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (b"\n", "a line end"),
        (b"\r\n", "a line end"),
        (bytes(9), "zeros, as of a buffer that was sent whole"),
        (b"ab", "found 2 more bytes: 61 62"),
    ],
)
def test_the_bytes_behind_a_token_are_named_where_they_are_known(rest: bytes, said: str) -> None:
    finding = told(KERBEROS + rest, "ENC003")
    assert finding.detail.endswith(said)
    assert finding.span == (len(KERBEROS), len(KERBEROS) + len(rest))


def test_ber_that_is_not_der_is_a_warning() -> None:
    oid = KRB5[:1] + b"\x81" + KRB5[1:]  # the length in two bytes, where one does
    finding = told(tlv(0x60, SPNEGO, tlv(0xA0, tlv(0x30, tlv(0xA0, tlv(0x30, oid))))), "ENC007")
    assert (finding.severity, finding.path) == ("warning", "mechTypes[0]")


def test_a_field_of_ntlm_that_points_outside_is_left_to_its_own_rule() -> None:
    data = bytearray((SAMPLES / "ntlm-authenticate.bin").read_bytes())
    data[16:20] = (0x7FFFFFFF).to_bytes(4, "little")  # LmChallengeResponseFields.BufferOffset
    case = Case(decode(bytes(data)))
    assert case.decoded.error is not None
    assert not found(case, "ENC007")


def test_no_token_at_all_is_no_fault_where_the_acceptor_begins() -> None:
    assert found(Case(decode(b"")), "ENC008")
    began = Step(status.SEC_I_CONTINUE_NEEDED, OTHER, "continuing")
    assert not found(Case(decode(b""), step=began), "ENC008")


def test_a_token_out_of_an_answer_is_the_server_s() -> None:
    answer = told(KERBEROS, "ENC006", odd(("http-answer", "read out of an HTTP 401 answer")))
    assert answer.severity == "note"


@pytest.mark.parametrize("size", sorted(LIMITS))
def test_a_token_cut_at_a_limit_names_it(size: int) -> None:
    finding = told(kerberos_of(70000)[:size], "ENC005")
    assert finding.detail == f"cut at {size} bytes: {LIMITS[size]}"


@pytest.mark.parametrize("size", [8190, 8192, 16384])
def test_a_header_line_cut_at_a_limit_names_it_to_the_character(size: int) -> None:
    line = (b"Authorization: Negotiate " + base64.b64encode(kerberos_of(15000)))[:size]
    token = one(line)
    carried = Carried(
        "Negotiate",
        "Authorization: Negotiate",
        [(note.kind, str(note)) for note in token.notes if isinstance(note, Oddity)],
        -(-len(token.data) // 3) * 4,
    )
    finding = told(token.data, "ENC005", carried)
    assert finding.detail == f"cut at {size} characters of header line: {LIMITS[size]}"
    assert finding.severity == "warning"


def test_a_token_cut_elsewhere_names_no_limit() -> None:
    assert not found(Case(decode(KERBEROS[:700])), "ENC005")


@pytest.mark.parametrize(
    ("size", "carried", "severity"),
    [
        (5000, Carried(), ""),
        (7000, Carried(), "note"),
        (7000, Carried("Negotiate", "Authorization: Negotiate"), "warning"),
        (7000, Carried(carrier="SMB2 SESSION_SETUP request"), ""),
        (13000, Carried(carrier="SMB2 SESSION_SETUP request"), "note"),
        (49000, Carried(carrier="SMB2 SESSION_SETUP request"), "warning"),
        (66000, Carried(), "error"),
        (66000, Carried(direction="server"), ""),
    ],
)
def test_a_large_token_is_told_as_gravely_as_what_it_passes(size: int, carried: Carried, severity: str) -> None:
    findings = found(Case(decode(kerberos_of(size)), carried=carried), "ENC005")
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
