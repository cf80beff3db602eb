"""Every row of the truth table, by its id: what AcceptSecurityContext answers to what (semantics.md section 8).

The rows stand here as literals, so that they hold without the table; where the table lies beside the checkout, it is
compared with them. Where something else takes the place of what a row speaks of, `STAND_INS` says so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from builders import kerberos as krb
from builders.cli import ROOT
from builders.der import KRB5, MS_KRB5, NEGOEX, NTLM, ap_req, framed, neg_token_init, neg_token_resp, tlv
from builders.kdc import tgt_req
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
#: And MUTUAL_AUTH.
MUTUAL = 0x2001E
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
    "N03": Row(OK, "y", OK, True, MUTUAL),
    "N04": Row(OK, "y", OK, True, MUTUAL),
    "N05": Row(OK, "y", OK, True, FULL, bytes.fromhex("a1143012a0030a0100a10b06092a864886f712010202")),
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
    "N28": Row(OK, "y", OK, True, MUTUAL),
    "N29": Row("error of K10", "n", DENIED, False, 0),
    "N30": Row(BAD_BINDINGS, "n", BAD_BINDINGS, False, 0),
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
    "N41": Row("leg 1 SEC_I_CONTINUE_NEEDED, leg 2 SEC_E_OK", "y", OK, True, MUTUAL | 0x200),
    "N42": Row(OK, "y", OK, True, MUTUAL),
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
    "K01": Row(OK, "y", OK, True, FULL, b""),
    "K02": Row(OK, "y", OK, True, MUTUAL),
    "K03": going_on(),
    "K04": Row(OK, "y", OK, True, 0x2021E, b""),
    "K05": Row(INVALID_TOKEN, "n", INVALID_TOKEN, False, 0x4000, b""),
    "K06": Row(INVALID_TOKEN, "n", INVALID_TOKEN, False, 0),
    "K07": denied(DENIED, DENIED),
    "K08": denied(DENIED, DENIED),
    "K09": denied("SEC_E_NO_CREDENTIALS", "SEC_E_NO_CREDENTIALS"),
    "K10": denied(DENIED, DENIED),
    "K11": denied("SEC_E_TIME_SKEW", "SEC_E_TIME_SKEW", "n (y if recovery)"),
    "K12": denied("SEC_E_CONTEXT_EXPIRED", "SEC_E_CONTEXT_EXPIRED"),
    "K13": denied(INVALID_TOKEN, INVALID_TOKEN),
    "K14": denied(DENIED, DENIED),
    "K15": denied(DENIED, DENIED),
    "K16": denied(DENIED, DENIED),
    "K17": Row(OK, "y", OK, True, 0, b""),
    "K18": Row("SEC_E_OK (not checked)", "y", OK, True, 0, b""),
    "K19": Row(OK, "y", OK, True, MUTUAL),
    "K20": denied(BAD_BINDINGS, BAD_BINDINGS),
    "K21": denied("SEC_E_BAD_BINDINGS (MIT: OK)", BAD_BINDINGS),
    "K22": Row(OK, "y", OK, True, FULL, b""),
    "K23": denied(BAD_BINDINGS, BAD_BINDINGS),
    "K24": Row(OK, "y", OK, True, FULL, b""),
    "K25": denied(BAD_BINDINGS, BAD_BINDINGS),
    "K26": Row(OK, "y", OK, True, FULL | 0x1, b""),
    "K27": going_on(),
    "K28": going_on(),
    "K29": denied(DENIED, DENIED),
    "K30": denied(INVALID_TOKEN, INVALID_TOKEN),
    "K31": denied(DENIED, DENIED),
    "K32": Row("OK", "y", OK, True, FULL, b""),
    "K33": denied("SEC_E_INSUFFICIENT_MEMORY", "SEC_E_INSUFFICIENT_MEMORY"),
    "K34": denied(INVALID_TOKEN, INVALID_TOKEN),
}

STAND_INS: dict[str, str] = {
    "N02": "the client's NegTokenInit has NTLM: the result is that of N06",
    "N11": "the second mechanism is NTLM",
    "N13": "the mechanism of the row's `else` is NTLM, which has output on its first leg and none on its last",
    "N40": "the anonymous half: no Guest account can be given",
    "L27": "the disabled account: the users file knows no lock, expiry or hours",
}

#: Where the first status named in the cell is not what the tool answers.
OTHER_THAN_FIRST: dict[str, str] = {
    "N13": "the case without output",
    "L11": "the first is FreeRDP's",
    "N41": "the first is that of the first leg",
}

#: Rows that only the command line has: contexts that do not exist, TargetDataRep, DeleteSecurityContext.
BY_COMMAND = ("N32", "N37", "N38")

#: By row: what drives it, and the acceptor that it is driven on.
CASES: dict[str, tuple[Callable[[Any], Step], type[Host]]] = {}
Case = Callable[[Host], Step]
KerberosCase = Callable[[krb.Host], Step]


def drives(row: str) -> Callable[[Case], Case]:
    def keep(case: Case) -> Case:
        CASES[row] = case, Host
        return case

    return keep


def kerberos(row: str) -> Callable[[KerberosCase], KerberosCase]:
    """Drives a row on an acceptor with a keytab."""

    def keep(case: KerberosCase) -> KerberosCase:
        CASES[row] = case, krb.Host
        return case

    return keep


@pytest.mark.parametrize("row", [row for row in ROWS if row not in BY_COMMAND])
def test_a_row_is_answered_as_the_table_says(row: str) -> None:
    expected, (case, kind) = ROWS[row], CASES[row]
    host = kind()
    step = case(host)
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


def test_every_row_is_driven() -> None:
    assert set(CASES) | set(BY_COMMAND) == set(ROWS)
    assert not set(CASES) & set(BY_COMMAND)
    assert set(STAND_INS) | set(OTHER_THAN_FIRST) <= set(ROWS)
    wanted = {"N": 42, "L": 33, "K": 34}
    assert set(ROWS) == {f"{kind}{n:02}" for kind, last in wanted.items() for n in range(1, last + 1)}


def test_the_table_has_these_rows_and_no_others() -> None:
    assert set(table()) == set(ROWS)


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


@kerberos("N03")
def _(host: krb.Host) -> Step:
    step = host.step(ALICE.init(KRB5, NTLM))
    ALICE.open_ap_rep(krb.inner(step.output or b"", 0, KRB5))
    return step


@kerberos("N04")
def _(host: krb.Host) -> Step:
    step = host.step(ALICE.init(MS_KRB5, KRB5, NEGOEX, NTLM))
    ALICE.open_ap_rep(krb.inner(step.output or b"", 0, MS_KRB5))
    return step


@kerberos("N05")
def _(host: krb.Host) -> Step:
    named = bytes.fromhex("a1143012a0030a0100a10b06092a864882f712010202")
    assert krb.Host().step(QUIET.init(MS_KRB5, KRB5)).output == named
    return host.step(QUIET.init(KRB5))


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
    web, mechs = krb.Host(), mech_types(ANOTHER, KRB5)
    assert web.step(neg_token_init(ANOTHER, KRB5, token=b"whatever it says")).output == neg_token_resp(3, KRB5)
    owed = web.step(neg_token_resp(token=ALICE.token()))
    assert (owed.status.name, owed.attributes) == (CONTINUE, 0)
    mic = krb.mic_of(owed.output or b"", 1, token=krb.token_in(owed.output or b""))
    session = ALICE.open_ap_rep(krb.token_in(owed.output or b"")).session()
    session.check(mechs, mic)
    done = web.step(neg_token_resp(mic=session.sign(mechs)))
    assert (done.status.name, done.attributes, done.output) == (OK, MUTUAL, None)
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


@kerberos("N28")
def _(host: krb.Host) -> Step:
    step = host.step(ALICE.token())
    ALICE.open_ap_rep(step.output or b"")
    return step


@kerberos("N29")
def _(host: krb.Host) -> Step:
    host.replays = krb.Seen()
    assert host.step(ALICE.init()).status.name == OK
    host.context = None
    step = host.step(ALICE.init())
    assert krb.krb_error(krb.inner(step.output or b"", 2))["error-code"] == 34
    host.context = None
    host.step(QUIET.init())
    host.context = None
    assert host.step(QUIET.init()).output is None  # nobody asked
    assert host.step(QUIET.init(), asc.ASC_REQ_EXTENDED_ERROR).output is not None
    return step


@kerberos("N30")
def _(host: krb.Host) -> Step:
    step = host.step(ALICE.but(bindings=ELSEWHERE.hash16).init(), bindings=HERE)
    assert krb.krb_error(krb.inner(step.output or b"", 2))["error-code"] == 60
    return step


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


@kerberos("N41")
def _(host: krb.Host) -> Step:
    mechs = mech_types(MS_KRB5, KRB5, NTLM)
    first = host.step(neg_token_init(MS_KRB5, KRB5, NTLM, token=DCE.ap_req()))
    assert (first.status.name, first.attributes) == (CONTINUE, 0)
    ap_rep = krb.inner(first.output or b"", 1, MS_KRB5)
    assert ap_rep[0] == 0x6F
    reply = DCE.open_ap_rep(ap_rep)
    session = reply.session()
    step = host.step(neg_token_resp(1, token=DCE.third_leg(reply), mic=session.sign(mechs)))
    session.check(mechs, krb.mic_of(step.output or b"", 0))
    return step


@kerberos("N42")
def _(host: krb.Host) -> Step:
    step = host.step(neg_token_init(MS_KRB5, KRB5, token=ALICE.token(MS_KRB5)))
    ap_rep = krb.inner(step.output or b"", 0, MS_KRB5)
    assert ap_rep[3:14] == KRB5  # not 48018
    ALICE.open_ap_rep(ap_rep)
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


# Kerberos ------------------------------------------------------------------------------------------------------------

ALICE = krb.Client()
#: Without mutual authentication: nobody is owed a KRB-ERROR, and there is no AP-REP.
QUIET = ALICE.quiet()
DCE = ALICE.but(gss=krb.ALL | krb.DCE)
EXTENDED = asc.ASC_REQ_EXTENDED_ERROR


def answers_with_error(
    number: int, client: krb.Client, keys: Any = None, *, mit: int | None = None, **request: Any
) -> None:
    """A KRB-ERROR of that number comes where the client asked for proof, or the call for errors; MIT's has its own."""
    refused = krb.Host(keys).step(client.token(), **request)
    asked = krb.Host(keys).step(client.quiet().token(), EXTENDED, **request)
    for step in (refused, asked):
        assert krb.krb_error(step.output or b"")["error-code"] == number
        assert step.status.name == refused.status.name
        assert step.attributes == (asc.ASC_RET_EXTENDED_ERROR if step is asked else 0)
    if mit is not None:
        step = krb.Host(keys).step(client.token(), mit=True, **request)
        assert (krb.krb_error(step.output or b"")["error-code"], step.status.name) == (mit, refused.status.name)


@kerberos("K01")
def _(host: krb.Host) -> Step:
    assert QUIET.gss == 0x3C
    return host.step(QUIET.token(), package="kerberos")


@kerberos("K02")
def _(host: krb.Host) -> Step:
    step = host.step(ALICE.token(), package="kerberos")
    reply = ALICE.open_ap_rep(step.output or b"")
    assert reply.subkey is not None
    assert step.session_key == reply.subkey.value
    return step


@kerberos("K03")
def _(host: krb.Host) -> Step:
    step = host.step(DCE.ap_req(), package="kerberos")
    assert (step.output or b"")[0] == 0x6F
    DCE.open_ap_rep(step.output or b"")
    return step


@kerberos("K04")
def _(host: krb.Host) -> Step:
    reply = DCE.open_ap_rep(host.step(DCE.ap_req(), package="kerberos").output or b"")
    step = host.step(DCE.third_leg(reply), package="kerberos")
    assert step.session_key == reply.session_key
    return step


@kerberos("K05")
def _(host: krb.Host) -> Step:
    cut = krb.Host()
    reply = DCE.open_ap_rep(cut.step(DCE.ap_req()).output or b"")
    assert cut.step(DCE.third_leg(reply)[:-1]).status.name == INVALID_TOKEN
    elsewhere = krb.Host()
    elsewhere.step(DCE.ap_req())
    assert elsewhere.step(DCE.third_leg(reply, sealer=krb.key("another"))).attributes == 0x4000
    host.step(DCE.ap_req())
    return host.step(DCE.third_leg(reply, number=reply.number + 1))


@kerberos("K06")
def _(host: krb.Host) -> Step:
    step = host.step(ALICE.ap_req())
    assert krb.krb_error(step.output or b"")["error-code"] == 60
    assert (step.output or b"")[0] == 0x7E  # bare, as the request
    return step


@kerberos("K07")
def _(host: krb.Host) -> Step:
    other = ALICE.but(service=("HTTP", "www"), long_term=krb.service_key(components=("HTTP", "www")))
    answers_with_error(41, other, mit=35)
    return host.step(other.quiet().token())


@kerberos("K08")
def _(host: krb.Host) -> Step:
    newer = ALICE.but(kvno=4, long_term=krb.service_key(kvno=4))
    answers_with_error(41, newer, mit=44)
    return host.step(newer.quiet().token())


@kerberos("K09")
def _(host: krb.Host) -> Step:
    host.keys = krb.KeyRing()
    assert krb.Host(krb.KeyRing()).step(ALICE.token(), package="kerberos").status.name == "SEC_E_NO_CREDENTIALS"
    return host.step(ALICE.token())


@kerberos("K10")
def _(host: krb.Host) -> Step:
    host.replays = krb.Seen()
    for client in (ALICE, QUIET):
        assert host.step(client.token()).status.name == OK
        host.context = None
    assert krb.krb_error(host.step(ALICE.token()).output or b"")["error-code"] == 34
    return host.step(QUIET.token())


@kerberos("K11")
def _(host: krb.Host) -> Step:
    slow = ALICE.but(ctime=krb.NOW - krb.HOUR)
    answers_with_error(37, slow, mit=37)
    error = krb.krb_error(krb.Host().step(slow.token()).output or b"")
    assert error["e-data"] == bytes.fromhex("3005a103020102")  # KERB-ERROR-DATA, data-type 2, no value
    assert error["stime"] == krb.NOW
    return host.step(slow.quiet().token())


@kerberos("K12")
def _(host: krb.Host) -> Step:
    late = ALICE.but(endtime=krb.NOW - krb.HOUR, starttime=krb.NOW - 2 * krb.HOUR)
    answers_with_error(32, late, mit=32)
    return host.step(late.quiet().token())


@kerberos("K13")
def _(host: krb.Host) -> Step:
    early = ALICE.but(starttime=krb.NOW + krb.HOUR)
    answers_with_error(33, early, mit=33)
    return host.step(early.quiet().token())


@kerberos("K14")
def _(host: krb.Host) -> Step:
    wrong = ALICE.but(long_term=krb.key("another password"))
    answers_with_error(41, wrong, mit=31)
    tampered = bytearray(QUIET.token())
    tampered[tampered.index(QUIET.ticket()[-20:]) + 10] ^= 1
    assert krb.Host().step(bytes(tampered)).status.name == DENIED
    return host.step(wrong.quiet().token())


@kerberos("K15")
def _(host: krb.Host) -> Step:
    answers_with_error(41, ALICE.but(authenticator_key=krb.key("another")), mit=31)
    tampered = bytearray(QUIET.token())
    tampered[-20] ^= 1
    return host.step(bytes(tampered))


@kerberos("K16")
def _(host: krb.Host) -> Step:
    other = ALICE.but(said_name=("bob",))
    answers_with_error(36, other, mit=36)
    assert krb.Host().step(QUIET.but(said_realm="OTHER.EXAMPLE").token()).status.name == DENIED
    return host.step(other.quiet().token())


@kerberos("K17")
def _(host: krb.Host) -> Step:
    asked = ALICE.but(checksum=())
    proved = krb.Host().step(asked.token())
    assert proved.attributes == asc.ASC_RET_MUTUAL_AUTH
    asked.open_ap_rep(proved.output or b"")
    return host.step(QUIET.but(checksum=()).token())


@kerberos("K18")
def _(host: krb.Host) -> Step:
    step = host.step(QUIET.but(checksum=()).token(), bindings=HERE)
    assert any("channel bindings" in note for note in step.notes)
    return step


@kerberos("K19")
def _(host: krb.Host) -> Step:
    client = ALICE.but(bindings=HERE.hash16)
    step = host.step(client.token(), bindings=HERE)
    client.open_ap_rep(step.output or b"")
    return step


@kerberos("K20")
def _(host: krb.Host) -> Step:
    other = ALICE.but(bindings=ELSEWHERE.hash16)
    answers_with_error(60, other, bindings=HERE, mit=60)
    return host.step(other.quiet().token(), bindings=HERE)


@kerberos("K21")
def _(host: krb.Host) -> Step:
    assert krb.Host().step(QUIET.token(), bindings=HERE, mit=True).status.name == OK
    return host.step(QUIET.token(), bindings=HERE)


@kerberos("K22")
def _(host: krb.Host) -> Step:
    return host.step(QUIET.token(), ALLOW_MISSING, bindings=HERE)


@kerberos("K23")
def _(host: krb.Host) -> Step:
    claims = QUIET.but(data=(krb.ap_options(),))
    assert krb.Host().step(claims.token(), ALLOW_MISSING).status.name == OK
    assert krb.Host().step(claims.token(), bindings=HERE, mit=True).status.name == BAD_BINDINGS
    return host.step(claims.token(), ALLOW_MISSING, bindings=HERE)


@kerberos("K24")
def _(host: krb.Host) -> Step:
    return host.step(QUIET.but(bindings=HERE.hash16).token())


@kerberos("K25")
def _(host: krb.Host) -> Step:
    whole = QUIET.gss_checksum()
    for size in (0, 1, 4, 20, 22):
        step = krb.Host().step(QUIET.but(checksum=(0x8003, whole[:size])).token())
        assert (step.status.name, step.output) == (BAD_BINDINGS, None), size
    return host.step(QUIET.but(checksum=(0x8003, whole[:23])).token(), bindings=HERE)


@kerberos("K26")
def _(host: krb.Host) -> Step:
    step = host.step(QUIET.but(gss=QUIET.gss | krb.DELEG, deleg=krb.krb_cred(krb.SESSION)).token())
    assert step.client is not None
    assert (step.client.impersonation, step.client.carried_by) == ("delegate", "forwarded TGT of alice@LAB.EXAMPLE")
    return step


#: A client that was given the server's TGT, with its ticket under that one's session key.
TO_USER = ALICE.but(long_term=krb.TGT_KEY, kvno=None, options=krb.USE_SESSION_KEY | krb.MUTUAL_REQUIRED)


@kerberos("K27")
def _(host: krb.Host) -> Step:
    host.keys = krb.u2u_ring()
    asked = framed(KRB5, krb.TGT_REQ_ID + tgt_req())
    answer = framed(KRB5, krb.TGT_REP_ID + krb.tgt_rep())
    again = krb.Host(krb.u2u_ring())
    assert again.step(asked).output == answer
    done = again.step(TO_USER.token())
    assert (done.status.name, done.attributes) == (OK, MUTUAL)
    TO_USER.open_ap_rep(done.output or b"")
    step = host.step(asked)
    assert step.output == answer
    return step


@kerberos("K28")
def _(host: krb.Host) -> Step:
    host.keys = krb.u2u_ring()
    step = host.step(ALICE.token())
    error = krb.krb_error(step.output or b"")
    assert (error["error-code"], error["e-data"]) == (69, krb.tgt_rep())
    again = krb.Host(krb.u2u_ring())
    again.step(ALICE.token())
    assert again.step(TO_USER.token()).status.name == OK
    return step


@kerberos("K29")
def _(host: krb.Host) -> Step:
    pac = krb.signed_pac(krb.LONG_TERM, *krb.ALICE_PAC)
    assert krb.Host().step(ALICE.but(pac=pac).token()).status.name == OK
    wrong = ALICE.but(pac=krb.signed_pac(krb.key("another"), *krb.ALICE_PAC))
    answers_with_error(41, wrong)
    return host.step(wrong.quiet().token())


@kerberos("K30")
def _(host: krb.Host) -> Step:
    for garbage in (b"\0", b"\x6e\x00", b"\x60\x05garbage", framed(KRB5, b"\1\0garbage"), ALICE.token()[:-1], b""):
        step = krb.Host().step(garbage, EXTENDED, package="kerberos")
        assert (step.status.name, step.output) == (INVALID_TOKEN, None), garbage
    return host.step(b"garbage", package="kerberos")


@kerberos("K31")
def _(host: krb.Host) -> Step:
    for etype in (1, 2, 3):
        answers_with_error(41, ALICE.but(etype=etype))
    return host.step(QUIET.but(etype=3).token())


@kerberos("K32")
def _(host: krb.Host) -> Step:
    step = host.step(QUIET.token())
    assert step.expiry == QUIET.endtime
    return step


@kerberos("K33")
def _(host: krb.Host) -> Step:
    return host.step(ALICE.init(), package="kerberos")


@kerberos("K34")
def _(host: krb.Host) -> Step:
    return host.step(ALICE.but(options=0).token())


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
