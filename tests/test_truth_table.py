"""Every N and L row of the truth table, by its id: what AcceptSecurityContext answers to what (semantics.md section 8).

The rows stand here as literals, so that they hold without the table; where the table lies beside the checkout, it is
compared with them. Rows that cannot be driven yet say why in `NOT_DRIVEN`. Where a row speaks of Kerberos and only its
being a mechanism matters, NTLM takes its place; `STAND_INS` says so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders.cli import ROOT
from builders.der import KRB5, MS_KRB5, NEGOEX, NTLM, ap_req, framed, neg_token_init, neg_token_resp, tlv
from builders.ntlm import (
    DISABLED,
    ESS,
    KEY_128,
    OEM,
    ONLY_NTLM,
    SEAL,
    SIGN,
    UNICODE,
    USERS,
    WANTED,
    Client,
    Command,
    Host,
    inner,
    mech_types,
    negotiate,
)

from secctx.acceptor import flags as asc
from secctx.acceptor.values import CONTINUING, ESTABLISHED, Step
from secctx.keys.bindings import bind_data

TABLE = ROOT.parent / "shared" / "semantics" / "truth_table.tsv"

OK, CONTINUE = "SEC_E_OK", "SEC_I_CONTINUE_NEEDED"
INVALID_TOKEN, DENIED, BAD_BINDINGS = "SEC_E_INVALID_TOKEN", "SEC_E_LOGON_DENIED", "SEC_E_BAD_BINDINGS"
ALTERED, UNSUPPORTED = "SEC_E_MESSAGE_ALTERED", "SEC_E_UNSUPPORTED_FUNCTION"

#: REPLAY_DETECT, SEQUENCE_DETECT, CONFIDENTIALITY, INTEGRITY: what SIGN and SEAL give.
FULL = 0x2001C
REJECT = bytes.fromhex("a1073005a0030a0102")
COMPLETED = bytes.fromhex("a1073005a0030a0100")
REQUEST_MIC = bytes.fromhex("a1153013a0030a0103a10c060a2b06010401823702020a")
ANOTHER = bytes.fromhex("06062b0601050513")  # 1.3.6.1.5.5.19: a mechanism that nobody here knows
TGT_REQ = framed(bytes.fromhex("060a2a864886f71201020203"), bytes.fromhex("0400 3009 a003020105 a10302011a"))


@dataclass(frozen=True)
class Row:
    """One row: the cells `status` and `survives` as the table has them, and what is to be answered.

    `attributes` None: the row says nothing; `output` None: nothing, b"": no token.
    """

    cell: str
    survives_cell: str
    status: str
    survives: bool
    attributes: int | None = None
    output: bytes | None = None


def going_on(cell: str = CONTINUE, output: bytes | None = None) -> Row:
    return Row(cell, "y", CONTINUE, True, 0, output)


def denied(cell: str, status: str, survives_cell: str = "n") -> Row:
    return Row(cell, survives_cell, status, False, 0, b"")


ROWS: dict[str, Row] = {
    "N01": going_on(),
    "N02": Row("as N04.. (hint context discarded)", "y", CONTINUE, True, 0),
    "N06": going_on(),
    "N07": Row(OK, "y", OK, True, FULL),
    "N08": denied(DENIED, DENIED),
    "N09": denied(INVALID_TOKEN, INVALID_TOKEN),
    "N10": denied(ALTERED, ALTERED),
    "N11": going_on(output=REQUEST_MIC),
    "N12": going_on(output=REQUEST_MIC),
    "N13": Row(
        "SEC_I_CONTINUE_NEEDED with accept-incomplete + own MIC where the mech has output, else SEC_E_INVALID_TOKEN",
        "n/y",
        INVALID_TOKEN,
        False,
        0,
        b"",
    ),
    "N14": denied("SEC_E_SECPKG_NOT_FOUND", "SEC_E_SECPKG_NOT_FOUND"),
    "N15": denied(INVALID_TOKEN, INVALID_TOKEN),
    "N16": going_on(output=bytes.fromhex("a1153013a0030a0101a10c060a2b06010401823702020a")),
    "N17": denied(INVALID_TOKEN, INVALID_TOKEN),
    "N18": Row(
        "SEC_E_INVALID_TOKEN; with FRAGMENT_SUPPLIED asked SEC_I_CONTINUE_NEEDED", "y", INVALID_TOKEN, False, 0, b""
    ),
    "N19": denied(INVALID_TOKEN, INVALID_TOKEN),
    "N20": denied(DENIED, DENIED),
    "N21": Row("tolerated (finding); tool default: go on", "y", OK, True, FULL),
    "N22": denied(INVALID_TOKEN, INVALID_TOKEN),
    "N23": Row("treat MIC as absent", "y", OK, True, FULL, COMPLETED),
    "N24": Row("ignored", "y", CONTINUE, True, 0),
    "N25": going_on(output=REQUEST_MIC),
    "N26": going_on(),
    "N27": Row(OK, "y", OK, True, FULL, b""),
    "N31": Row("SEC_E_OUT_OF_SEQUENCE", "y", "SEC_E_OUT_OF_SEQUENCE", True, 0, b""),
    "N32": Row("SEC_E_INVALID_HANDLE (0x80090301)", "-", "SEC_E_INVALID_HANDLE", False, 0, b""),
    "N33": Row("SEC_E_NO_CREDENTIALS", "-", "SEC_E_NO_CREDENTIALS", False, 0, b""),
    "N34": denied("SEC_E_BUFFER_TOO_SMALL", "SEC_E_BUFFER_TOO_SMALL"),
    "N35": Row("unchanged", "y", OK, True, FULL | 0x100),
    "N36": Row(OK, "y", OK, True, FULL & ~0x10),
    "N37": Row("same result", "y", OK, True, FULL),
    "N38": Row("SEC_E_OK from Delete; logon failure recorded", "n", OK, False),
    "N39": going_on(output=REQUEST_MIC),
    "N40": Row(OK, "y", OK, True, FULL | 0x100000),
    "L01": going_on(),
    "L02": denied(INVALID_TOKEN, INVALID_TOKEN),
    "L03": denied(INVALID_TOKEN, INVALID_TOKEN),
    "L04": denied(INVALID_TOKEN, INVALID_TOKEN),
    "L05": denied(UNSUPPORTED, UNSUPPORTED),
    "L06": denied("SEC_E_UNSUPPORTED_FUNCTION on leg 1", UNSUPPORTED),
    "L07": Row(OK, "y", OK, True, FULL, b""),
    "L08": denied(DENIED, DENIED, "deletable"),
    "L09": denied("SEC_E_LOGON_DENIED (or OK as Guest)", DENIED),
    "L10": denied(ALTERED, ALTERED),
    "L11": denied("SEC_E_MESSAGE_ALTERED there; tool LOGON_DENIED", DENIED),
    "L12": denied(INVALID_TOKEN, INVALID_TOKEN),
    "L13": Row(OK, "y", OK, True, FULL | 0x100000, b""),
    "L14": Row(OK, "y", OK, True, FULL | 0x100000, b""),
    "L15": denied(DENIED, DENIED),
    "L16": denied(DENIED, DENIED),
    "L17": Row(OK, "y", OK, True, FULL, b""),
    "L18": denied(BAD_BINDINGS, BAD_BINDINGS),
    "L19": denied(BAD_BINDINGS, BAD_BINDINGS),
    "L20": Row(OK, "y", OK, True, FULL, b""),
    "L21": denied(BAD_BINDINGS, BAD_BINDINGS),
    "L22": Row(OK, "y", OK, True, FULL, b""),
    "L23": denied(BAD_BINDINGS, BAD_BINDINGS),
    "L24": Row(OK, "y", OK, True, FULL, b""),
    "L25": denied(BAD_BINDINGS, BAD_BINDINGS),
    "L26": Row("SEC_E_OK on Win8+; failure before", "y", OK, True, FULL, b""),
    "L27": denied(DENIED, DENIED),
    "L28": denied("SEC_E_NO_AUTHENTICATING_AUTHORITY", "SEC_E_NO_AUTHENTICATING_AUTHORITY"),
    "L29": denied("UNSUPPORTED_FUNCTION (7+)", UNSUPPORTED),
    "L30": Row("SEC_E_OK bit clear (ReactOS INVALID_TOKEN)", "y", OK, True, 0, b""),
    "L31": denied(INVALID_TOKEN, INVALID_TOKEN),
    "L32": denied(BAD_BINDINGS, BAD_BINDINGS),
    "L33": Row(OK, "y", OK, True, FULL, b""),
}

_KERBEROS = "an AP-REQ is accepted: Kerberos is order 4"
NOT_DRIVEN: dict[str, str] = {
    "N03": _KERBEROS,
    "N04": _KERBEROS,
    "N05": _KERBEROS,
    "N28": _KERBEROS,
    "N29": "a replayed AP-REQ: Kerberos is order 4",
    "N30": "an AP-REQ's bindings: Kerberos is order 4",
    "N41": "DCE style is Kerberos's: order 4",
    "N42": "the framing of an AP-REP: Kerberos is order 4",
}

STAND_INS: dict[str, str] = {
    "N02": "the client's NegTokenInit has NTLM: the result is that of N06",
    "N11": "the second mechanism is NTLM",
    "N13": "the mechanism is NTLM, which has output on its first leg and none on its last: the row's `else`",
    "N40": "the anonymous half: no Guest account can be given",
    "L27": "the disabled account: the users file knows no lock, expiry or hours",
}

#: Where the first status named in the cell is not what the tool answers.
OTHER_THAN_FIRST: dict[str, str] = {
    "N13": "the case without output",
    "L11": "the first is FreeRDP's",
}

#: Rows that only the command line has: contexts that do not exist, TargetDataRep, DeleteSecurityContext.
BY_COMMAND = ("N32", "N37", "N38")

CASES: dict[str, Callable[[Host], Step]] = {}


def drives(row: str) -> Callable[[Callable[[Host], Step]], Callable[[Host], Step]]:
    def keep(case: Callable[[Host], Step]) -> Callable[[Host], Step]:
        CASES[row] = case
        return case

    return keep


@pytest.mark.parametrize("row", [row for row in ROWS if row not in BY_COMMAND])
def test_a_row_is_answered_as_the_table_says(row: str) -> None:
    expected, host = ROWS[row], Host()
    step = CASES[row](host)
    assert step.status.name == expected.status, step.refusal
    assert expected.attributes is None or step.attributes == expected.attributes
    assert expected.output is None or (step.output or b"") == expected.output
    assert (host.context is not None) is expected.survives
    if host.context is not None and step.status.is_success:
        assert host.context.state == step.state == (ESTABLISHED if expected.status == OK else CONTINUING)
    assert (step.refusal is not None) is (not step.status.is_success)


# The table -----------------------------------------------------------------------------------------------------------


def table() -> dict[str, dict[str, str]]:
    if not TABLE.is_file():
        pytest.skip("the truth table is not beside the checkout")
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def test_every_n_and_l_row_is_driven_or_says_why_not() -> None:
    assert set(CASES) | set(BY_COMMAND) == set(ROWS)
    assert not set(CASES) & set(BY_COMMAND)
    assert not set(ROWS) & set(NOT_DRIVEN)
    assert set(STAND_INS) <= set(ROWS)
    assert {f"N{n:02}" for n in range(1, 43)} | {f"L{n:02}" for n in range(1, 34)} == set(ROWS) | set(NOT_DRIVEN)


def test_the_table_has_these_rows_and_no_others() -> None:
    assert {name for name in table() if name[0] in "NL"} == set(ROWS) | set(NOT_DRIVEN)


@pytest.mark.parametrize("row", ROWS)
def test_the_literals_are_those_of_the_table(row: str) -> None:
    cells, expected = table()[row], ROWS[row]
    assert (cells["status"], cells["survives"]) == (expected.cell, expected.survives_cell)
    named = re.search(r"SEC_[EI]_[A-Z_]+|UNSUPPORTED_FUNCTION", cells["status"])
    if named and row not in OTHER_THAN_FIRST:
        assert expected.status.endswith(named[0])
    if expected.survives_cell in ("y", "n") and row != "N18":  # its y is that of the fragment
        assert expected.survives is (expected.survives_cell == "y")


# Negotiate -----------------------------------------------------------------------------------------------------------


@drives("N01")
def _(host: Host) -> Step:
    step = host.step(b"")
    hint = tlv(0xA0, tlv(0x1B, b"not_defined_in_RFC4178@please_ignore"))
    parts = tlv(0xA0, mech_types(NTLM)) + tlv(0xA3, tlv(0x30, hint))
    assert step.output == framed(bytes.fromhex("06062b0601050502"), tlv(0xA0, tlv(0x30, parts)))
    return step


@drives("N02")
def _(host: Host) -> Step:
    client = Client()
    host.step(b"")
    step = host.step(neg_token_init(NTLM, token=client.negotiate))
    challenge = inner(step.output or b"")
    assert step.output == neg_token_resp(1, NTLM, challenge)
    return step


@drives("N06")
def _(host: Host) -> Step:
    step = host.step(neg_token_init(NTLM, token=Client().negotiate))
    assert step.output == neg_token_resp(1, NTLM, inner(step.output or b""))
    return step


@drives("N07")
def _(host: Host) -> Step:
    client = Client()
    answer = client.answer(host.spnego_challenge(client))
    step = host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM)))
    assert step.output == neg_token_resp(0, mic=answer.session.their_mic(ONLY_NTLM))
    return step


@drives("N08")
def _(host: Host) -> Step:
    told = Host().spnego_logon(Client(password="wrong"), asc.ASC_REQ_EXTENDED_ERROR)
    assert (told.status.name, told.output) == (DENIED, REJECT)
    return host.spnego_logon(Client(password="wrong"))


@drives("N09")
def _(host: Host) -> Step:
    return host.spnego_logon(Client(), mic=False)


@drives("N10")
def _(host: Host) -> Step:
    def wrong(host: Host, flags: int) -> Step:
        client = Client()
        answer = client.answer(host.spnego_challenge(client, flags=flags))
        return host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(mech_types(KRB5, NTLM))), flags)

    told = wrong(Host(), asc.ASC_REQ_EXTENDED_ERROR)
    assert (told.status.name, told.output) == (ALTERED, REJECT)
    assert told.attributes == asc.ASC_RET_EXTENDED_ERROR
    return wrong(host, 0)


@drives("N11")
def _(host: Host) -> Step:
    return host.step(neg_token_init(ANOTHER, NTLM, token=b"whatever it says"))


@drives("N12")
def _(host: Host) -> Step:
    return host.step(neg_token_init(MS_KRB5, KRB5, NTLM, token=framed(KRB5, b"\1\0" + ap_req())))


@drives("N13")
def _(host: Host) -> Step:
    client = Client(mic=False)
    host.step(neg_token_init(ANOTHER, NTLM, token=b"whatever it says"))
    second = host.step(neg_token_resp(token=client.negotiate))
    assert (second.status.name, second.attributes) == (CONTINUE, 0)
    assert second.output == neg_token_resp(1, token=inner(second.output or b""))  # supportedMech was in the first
    return host.step(neg_token_resp(token=client.answer(inner(second.output or b"")).data))


@drives("N14")
def _(host: Host) -> Step:
    told = Host().step(neg_token_init(ANOTHER, token=b"x"), asc.ASC_REQ_EXTENDED_ERROR)
    assert (told.status.name, told.output) == ("SEC_E_SECPKG_NOT_FOUND", REJECT)
    return host.step(neg_token_init(ANOTHER, token=b"x"))


@drives("N15")
def _(host: Host) -> Step:
    return host.step(neg_token_init(token=Client().negotiate))


@drives("N16")
def _(host: Host) -> Step:
    return host.step(neg_token_init(NTLM))


@drives("N17")
def _(host: Host) -> Step:
    for garbage in (b"\0", b"Hello, world", bytes(range(256)), b"\x60", b"NTLMSSP", b"\xff" * 40):
        assert Host().step(garbage).status.name == INVALID_TOKEN
    return host.step(b"\x6d\x00garbage")


@drives("N18")
def _(host: Host) -> Step:
    whole = neg_token_init(NTLM, token=Client().negotiate)
    for cut in range(5, len(whole)):
        supplied = Host()
        step = supplied.step(whole[:cut], asc.ASC_REQ_FRAGMENT_SUPPLIED)
        assert (step.status.name, step.output, step.attributes) == (CONTINUE, None, 0), cut
        assert supplied.context is not None
        assert Host().step(whole[:cut]).status.name == INVALID_TOKEN
    return host.step(whole[:-1])


@drives("N19")
def _(host: Host) -> Step:
    return host.step(neg_token_resp(1, token=Client().negotiate))


@drives("N20")
def _(host: Host) -> Step:
    client = Client()
    answer = client.answer(host.spnego_challenge(client))
    return host.step(neg_token_resp(2, token=answer.data, mic=answer.session.mic(ONLY_NTLM)))


@drives("N21")
def _(host: Host) -> Step:
    client = Client()
    answer = client.answer(host.spnego_challenge(client))
    step = host.step(neg_token_resp(1, NTLM, answer.data, answer.session.mic(ONLY_NTLM)))
    assert step.output == neg_token_resp(0, mic=answer.session.their_mic(ONLY_NTLM))
    assert any("supportedMech" in note for note in step.notes)
    return step


@drives("N22")
def _(host: Host) -> Step:
    told = Host()
    told.spnego_challenge(Client(), flags=asc.ASC_REQ_EXTENDED_ERROR)
    assert told.step(neg_token_resp(1), asc.ASC_REQ_EXTENDED_ERROR).output == REJECT
    host.spnego_challenge(Client())
    return host.step(neg_token_resp(1))


@drives("N23")
def _(host: Host) -> Step:
    client = Client(mic=False)
    answer = client.answer(host.spnego_challenge(client))
    step = host.step(neg_token_resp(token=answer.data, mic=answer.data))
    assert any("mechListMIC" in note for note in step.notes)
    return step


@drives("N24")
def _(host: Host) -> Step:
    client = Client()
    parts = tlv(0xA0, mech_types(NTLM)) + tlv(0xA1, tlv(3, b"\1\xfe")) + tlv(0xA2, tlv(4, client.negotiate))
    step = host.step(framed(bytes.fromhex("06062b0601050502"), tlv(0xA0, tlv(0x30, parts))))
    without = Host().step(neg_token_init(NTLM, token=client.negotiate))
    assert (step.output, step.attributes) == (without.output, without.attributes)
    return step


@drives("N25")
def _(host: Host) -> Step:
    return host.step(neg_token_init(NEGOEX, NTLM, token=b"NEGOEXTS" + bytes(88)))


@drives("N26")
def _(host: Host) -> Step:
    step = host.step(Client().negotiate)
    assert (step.output or b"")[:12] == b"NTLMSSP\0\2\0\0\0"
    return step


@drives("N27")
def _(host: Host) -> Step:
    return host.logon(Client())


@drives("N31")
def _(host: Host) -> Step:
    for again in (b"", Client().negotiate, b"garbage", neg_token_init(NTLM), neg_token_resp(1)):
        one, other = Host(), Host()
        one.spnego_logon(Client())
        other.logon(Client(), package="ntlm")
        assert one.step(again).status.name == "SEC_E_OUT_OF_SEQUENCE"
        assert other.step(again, package="ntlm").status.name == "SEC_E_OUT_OF_SEQUENCE"
        assert one.context is not None
        assert one.context.state == ESTABLISHED
    host.logon(Client())
    return host.step(Client().negotiate)


@drives("N33")
def _(host: Host) -> Step:
    assert Host(None).step(Client().negotiate).status.name == "SEC_E_NO_CREDENTIALS"
    assert Host(None).step(Client().negotiate, package="ntlm").status.name == "SEC_E_NO_CREDENTIALS"
    assert Host().step(framed(KRB5, b"\1\0"), package="kerberos").status.name == "SEC_E_NO_CREDENTIALS"
    host.use = "outbound"
    return host.step(Client().negotiate)


@drives("N34")
def _(host: Host) -> Step:
    size = len(Host().step(Client().negotiate).output or b"")
    assert Host().step(Client().negotiate, max_output=size).status.name == CONTINUE
    assert Host().step(Client().negotiate, max_output=0).status.name == "SEC_E_BUFFER_TOO_SMALL"
    return host.step(Client().negotiate, max_output=size - 1)


@drives("N35")
def _(host: Host) -> Step:
    client = Client()
    first = host.challenge(client, asc.ASC_REQ_ALLOCATE_MEMORY)
    assert first.attributes == 0x100
    return host.step(client.answer(first.output or b"").data, asc.ASC_REQ_ALLOCATE_MEMORY)


@drives("N36")
def _(host: Host) -> Step:
    return host.logon(Client(wanted=WANTED & ~SEAL), asc.ASC_REQ_CONFIDENTIALITY)


@drives("N39")
def _(host: Host) -> Step:
    return host.step(neg_token_init(MS_KRB5, KRB5, NTLM, token=TGT_REQ))


@drives("N40")
def _(host: Host) -> Step:
    client = Client(user="", domain="", kind="anonymous", mic=False)
    bare = Host().spnego_logon(client)
    assert (bare.status.name, bare.output) == (OK, COMPLETED)
    answer = client.answer(host.spnego_challenge(client))
    step = host.step(neg_token_resp(token=answer.data, mic=answer.session.mic(ONLY_NTLM)))
    assert step.output == neg_token_resp(0, mic=answer.session.their_mic(ONLY_NTLM))
    return step


# NTLM ----------------------------------------------------------------------------------------------------------------


@drives("L01")
def _(host: Host) -> Step:
    step = host.step(Client().negotiate, package="ntlm")
    assert (step.output or b"")[:12] == b"NTLMSSP\0\2\0\0\0"
    return step


@drives("L02")
def _(host: Host) -> Step:
    whole = negotiate()
    for wrong in (b"", *(whole[:cut] for cut in range(1, 16)), b"NTLMSSQ" + whole[7:], whole[:8] + b"\4" + whole[9:]):
        step = Host().step(wrong, package="ntlm")
        assert (step.status.name, step.output) == (INVALID_TOKEN, None), wrong
    return host.step(whole[:12], package="ntlm")


@drives("L03")
def _(host: Host) -> Step:
    client = Client()
    answer = client.answer(Host().challenge(client).output or b"")
    assert Host().step(answer.data).status.name == INVALID_TOKEN
    assert Host().step(neg_token_init(NTLM, token=answer.data)).status.name == INVALID_TOKEN
    return host.step(answer.data, package="ntlm")


@drives("L04")
def _(host: Host) -> Step:
    return host.step(negotiate(WANTED & ~(UNICODE | OEM)), package="ntlm")


@drives("L05")
def _(host: Host) -> Step:
    return host.step(negotiate(WANTED & ~KEY_128), package="ntlm")


@drives("L06")
def _(host: Host) -> Step:
    return host.step(negotiate(), package="ntlm", simulate="ntlm-blocked")


@drives("L07")
def _(host: Host) -> Step:
    neither = Host().logon(Client(wanted=WANTED & ~(SIGN | SEAL)), package="ntlm")
    assert (neither.status.name, neither.attributes) == (OK, 0)
    signed = Host().logon(Client(wanted=WANTED & ~SEAL), package="ntlm")
    assert (signed.status.name, signed.attributes) == (OK, 0x2000C)
    return host.logon(Client(), package="ntlm")


@drives("L08")
def _(host: Host) -> Step:
    return host.logon(Client(password="wrong", mic=False), package="ntlm")


@drives("L09")
def _(host: Host) -> Step:
    return host.logon(Client(user="mallory"), package="ntlm")


@drives("L10")
def _(host: Host) -> Step:
    client = Client()
    answer = client.answer(host.challenge(client, package="ntlm").output or b"")
    assert answer.mic_at is not None
    wrong = bytearray(answer.data)
    wrong[answer.mic_at] ^= 1
    return host.step(bytes(wrong), package="ntlm")


@drives("L11")
def _(host: Host) -> Step:
    return host.logon(Client(password="wrong", mic=True), package="ntlm")


@drives("L12")
def _(host: Host) -> Step:
    for size in (1, 8, 15, 17, 32):
        step = Host().logon(Client(mic=False, encrypted_key=b"k" * size), package="ntlm")
        assert step.status.name == INVALID_TOKEN
    return host.logon(Client(mic=False, encrypted_key=b""), package="ntlm")


@drives("L13")
def _(host: Host) -> Step:
    return host.logon(ANONYMOUS, asc.ASC_REQ_ALLOW_NULL_SESSION, package="ntlm")


@drives("L14")
def _(host: Host) -> Step:
    return host.logon(ANONYMOUS, package="ntlm")


ANONYMOUS = Client(user="", domain="", kind="anonymous", mic=False)
MACHINE = Client(user="WS01$", password="Machine-Pw-3")


@drives("L15")
def _(host: Host) -> Step:
    allowed = Host().logon(MACHINE, asc.ASC_REQ_ALLOW_NON_USER_LOGONS, package="ntlm")
    assert allowed.status.name == OK
    return host.logon(MACHINE, package="ntlm")


@drives("L16")
def _(host: Host) -> Step:
    lm = Client(kind="LM", wanted=WANTED & ~ESS)
    assert Host(lm_level=3).logon(lm, package="ntlm").status.name == OK
    assert Host(lm_level=4).logon(lm, package="ntlm").status.name == DENIED
    host.server.lm_level = 5
    return host.logon(Client(kind="NTLM2 session"), package="ntlm")


HERE, ELSEWHERE = bind_data(b"tls-server-end-point:" + b"h" * 32), bind_data(b"tls-server-end-point:" + b"e" * 32)
ALLOW_MISSING, PROXY = asc.ASC_REQ_ALLOW_MISSING_BINDINGS, asc.ASC_REQ_PROXY_BINDINGS


@drives("L17")
def _(host: Host) -> Step:
    return host.logon(Client(bindings=HERE.hash16), package="ntlm", bindings=HERE)


@drives("L18")
def _(host: Host) -> Step:
    return host.logon(Client(bindings=ELSEWHERE.hash16), package="ntlm", bindings=HERE)


@drives("L19")
def _(host: Host) -> Step:
    return host.logon(Client(), package="ntlm", bindings=HERE)


@drives("L20")
def _(host: Host) -> Step:
    return host.logon(Client(), ALLOW_MISSING, package="ntlm", bindings=HERE)


@drives("L21")
def _(host: Host) -> Step:
    return host.logon(Client(bindings=bytes(16)), ALLOW_MISSING, package="ntlm", bindings=HERE)


@drives("L22")
def _(host: Host) -> Step:
    return host.logon(Client(bindings=ELSEWHERE.hash16), PROXY, package="ntlm")


@drives("L23")
def _(host: Host) -> Step:
    assert Host().logon(Client(bindings=bytes(16)), PROXY, package="ntlm").status.name == BAD_BINDINGS
    return host.logon(Client(), PROXY, package="ntlm")


@drives("L24")
def _(host: Host) -> Step:
    return host.logon(Client(bindings=ELSEWHERE.hash16), package="ntlm")


@drives("L25")
def _(host: Host) -> Step:
    for client in (Client(kind="NTLM", wanted=WANTED & ~ESS), Client(kind="LM", wanted=WANTED & ~ESS)):
        assert Host().logon(client, package="ntlm", bindings=HERE).status.name == BAD_BINDINGS
    return host.logon(Client(kind="NTLM2 session"), package="ntlm", bindings=HERE)


@drives("L26")
def _(host: Host) -> Step:
    late = (0x01DA1DB5ABCDEF00).to_bytes(8, "little")  # three years before
    return host.logon(Client(time=late), package="ntlm")


@drives("L27")
def _(host: Host) -> Step:
    host = _with_users(host, USERS + DISABLED)
    return host.logon(Client(user="carol", password="Carol-Pass-4"), package="ntlm")


@drives("L28")
def _(host: Host) -> Step:
    for how in ("domain-unavailable", "trust-failed"):
        step = Host().logon(Client(), package="ntlm", simulate=how)
        assert (step.status.name, step.basis) == ("SEC_E_NO_AUTHENTICATING_AUTHORITY", "simulated")
    return host.logon(Client(domain="ELSEWHERE"), package="ntlm")


@drives("L29")
def _(host: Host) -> Step:
    return host.step(negotiate(), asc.ASC_REQ_DATAGRAM, package="ntlm")


@drives("L30")
def _(host: Host) -> Step:
    return host.logon(Client(wanted=WANTED & ~(SIGN | SEAL)), asc.ASC_REQ_INTEGRITY, package="ntlm")


@drives("L31")
def _(host: Host) -> Step:
    for package in ("ntlm", "negotiate"):
        again = Host()
        again.step(negotiate(), package=package)
        assert again.step(negotiate(), package=package).status.name == INVALID_TOKEN
    host.spnego_challenge(Client())
    return host.step(neg_token_resp(token=negotiate()))


@drives("L32")
def _(host: Host) -> Step:
    wrong = Client(password="wrong", bindings=ELSEWHERE.hash16)
    assert Host().logon(wrong, package="ntlm", bindings=HERE).status.name == BAD_BINDINGS
    return host.logon(Client(password="wrong"), package="ntlm", bindings=HERE)


@drives("L33")
def _(host: Host) -> Step:
    step = host.logon(Client(), package="ntlm")
    assert step.expiry is None
    return step


def _with_users(host: Host, users: str) -> Host:
    host.users = Host(users).users
    return host


# Rows that only the command line has ---------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(tmp_path, capsys, monkeypatch)


def test_n32_a_context_that_is_none_is_an_invalid_handle(command: Command) -> None:
    Path("empty").touch()
    Path("zero").write_bytes(bytes(16))
    Path("other").write_text('{"schema": "something.else/1"}')
    for handle in ("empty", "zero", "other", "nothing-of-that-name"):
        said = command("--context", handle, negotiate())
        assert (said.code, said.status) == (1, ROWS["N32"].status)
        assert said.document["status"]["hex"] == "0x80090301"
        assert said.document["legs"][0]["attributes"]["hex"] == "0x00000000"
        assert said.document["legs"][0]["output"] is None
        assert said.document["established"] is False


def test_n37_target_data_rep_changes_nothing(command: Command) -> None:
    client, said = Client(), []
    for rep in ("native", "network"):
        fixed = ("--seed", "s", "--at", "2026-11-22T08:25:01Z", "--data-rep", rep)
        first = command(*fixed, "--new-context", rep, client.negotiate)
        second = command(*fixed, "--context", rep, client.answer(first.output).data)
        said.append((first, second))
    assert said[0] == said[1]
    assert said[0][0].status == CONTINUE
    assert (said[0][1].status, said[0][1].code) == (ROWS["N37"].status, 0)
    assert said[0][1].document["legs"][0]["attributes"]["hex"] == f"0x{FULL:08x}"


def test_n38_an_unfinished_context_is_deleted_and_counts_as_a_failed_logon(command: Command) -> None:
    command("--new-context", "ctx", negotiate())
    assert Path("ctx").is_file()
    said = command("--context", "ctx", "--delete")
    assert (said.code, said.status) == (0, ROWS["N38"].status)
    assert not Path("ctx").exists()
    command("--new-context", "ctx", negotiate())
    assert "SEC_E_UNFINISHED_CONTEXT_DELETED" in command.run("--context", "ctx", "--delete")[1]
