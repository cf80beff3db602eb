"""Where MIT, Heimdal and Samba answer a lab's token otherwise than secctx, and why: one table, held to what they said.

The answers are those of `ANSWERS.tsv` in the shared lab. Compared are the verdicts (accepted, continue, refused) and,
where both name one, the number of the Kerberos error. Like is compared with like: Heimdal and Samba were given leg 1
without channel bindings, MIT leg 1 with them, the live acceptor every leg.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders.cli import ROOT

from secctx.cli.main import secctx
from secctx.decoders import decode
from secctx.decoders.values import walk

LAB = ROOT.parent / "shared" / "lab" / "tokens"
pytestmark = pytest.mark.skipif(not LAB.is_dir(), reason="the shared lab is not beside the checkout")

COLUMNS = {"MIT": "MIT 1.20.1 on leg1", "Heimdal": "Heimdal 7.8", "Samba": "Samba 4.17.12 ntlm_auth"}
ACCEPTED, CONTINUE, REFUSED, CRASHED = "accepted", "continue", "refused", "crashed"


class Answer(NamedTuple):
    """What an acceptor said: its verdict, and the number of the Kerberos error where it has one."""

    verdict: str
    number: int | None = None

    def __str__(self) -> str:
        return self.verdict if self.number is None else f"{self.verdict} {self.number}"

    def agrees(self, other: Answer) -> bool:
        """Whether it is the same verdict, and not for another reason."""
        numbers = self.number, other.number
        return self.verdict == other.verdict and (None in numbers or numbers[0] == numbers[1])


# What they said ------------------------------------------------------------------------------------------------------

#: com_err's base of the Kerberos errors, signed as MIT prints it and unsigned as Heimdal does.
_BASES = (-1765328384, 2529638912)
#: MIT in SPNEGO gives a number of its own; the words are the same.
_WORDS = {
    "found in keytab but cannot decrypt ticket": 31,
    "Decrypt integrity check failed": 31,
    "Ticket expired": 32,
    "Ticket not yet valid": 33,
    "Request is a replay": 34,
    "not found in keytab (ticket kvno": 35,
    "Clock skew too great": 37,
    "keytab is likely out of date": 44,
    "found in keytab but not with enctype": 44,
}


def theirs(cell: str) -> Answer | None:
    """An acceptor's answer as `ANSWERS.tsv` has it; None where it was not asked."""
    if cell == "-":
        return None
    for verdict in (ACCEPTED, CONTINUE):
        if cell.startswith(verdict):
            return Answer(verdict)
    if cell.startswith("crash") or re.match(r"[A-Za-z]+Error: (?!SpnegoError)", cell):
        return Answer(CRASHED)
    return Answer(REFUSED, _number(cell))


def _number(cell: str) -> int | None:
    found = re.search(r"/ (-?\d+)", cell)
    for base in _BASES:
        if found and 0 < int(found[1]) - base < 128:
            return int(found[1]) - base
    return next((number for words, number in _WORDS.items() if words in cell), None)


def answers() -> dict[str, dict[str, Answer]]:
    """By case: what MIT, Heimdal and Samba said to leg 1, and what a live MIT or Samba said in the end."""
    with (LAB / "ANSWERS.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found: dict[str, dict[str, Answer]] = {}
    for row in rows:
        cells = {name: row[column] for name, column in COLUMNS.items()}
        who, _, said = row["live acceptor"].partition(": ")
        if who in ("mit", "samba"):
            cells["live"] = said
        found[row["case"]] = {name: answer for name, cell in cells.items() if (answer := theirs(cell)) is not None}
    return found


# What secctx says ----------------------------------------------------------------------------------------------------


def cases() -> dict[str, dict[str, Any]]:
    """The lab's cases by name."""
    lines = (LAB / "cases.jsonl").read_text("utf-8").splitlines()
    return {case["case"]: case for case in map(json.loads, lines)}


def ours(case: dict[str, Any], who: str, folder: Path, *more: str) -> Answer:
    """The command line's answer to what that acceptor was given."""
    given = ["accept", "--json", "--req", "EXTENDED_ERROR", "--at", case["at"], *more]
    for option in ("keytab", "users"):
        if case.get(option):
            given += [f"--{option}", str(LAB / case[option])]
    if case.get("bindings_data") and who in ("MIT", "live"):
        given += ["--bindings", f"data:{case['bindings_data']}"]
    files = [str(LAB / leg["file"]) for leg in case["legs"]]
    if case.get("after"):
        given += ["--replay-cache", str(folder / f"{case['case']}.{who}")]
        run([*given, str(LAB / case["after"])])
    if case.get("wrap"):
        given += ["--from", "raw"]
    if who == "live":
        return told(run([*given, "--captured", *files]))
    return told(run([*given, files[0]]))


def run(arguments: list[str]) -> dict[str, Any]:
    """The document that the command prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        secctx.main(arguments, standalone_mode=False)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def told(document: dict[str, Any]) -> Answer:
    """A document's answer in the same terms."""
    name = document["status"]["name"]
    if name == "SEC_E_OK":
        return Answer(ACCEPTED)
    if name == "SEC_I_CONTINUE_NEEDED":
        return Answer(CONTINUE)
    output = document["legs"][-1]["output"]
    token = base64.b64decode(output["base64"]) if output else b""
    numbers = [node.value for path, node in walk(decode(token).root) if path.endswith("error-code")]
    return Answer(REFUSED, numbers[0] if numbers else None)


# Where they differ ---------------------------------------------------------------------------------------------------

NO_ACCOUNT = (
    "Samba took the ticket and made its AP-REP; then it found no PAC, and no local account for a client of a realm that"
    " is not its own"
)
NO_BARE = "ntlm_auth knows no AP-REQ without GSS-API's framing, which DCE style is"
FRAGMENT = (
    "ntlm_auth takes a token that ends early for a fragment and waits for more (MS-SPNG 3.2.5); here the caller says"
    " that fragments may come (FRAGMENT_SUPPLIED)"
)
HAS_NTLM = "ntlm_auth serves NTLM whatever keytab it is given; here nobody was given a user"
SKEW_RECOVERY = (
    "they answer a skew as something that goes on, so that the client can take the KRB-ERROR's time; here the status"
    " says what is so (truth table K11), and the KRB-ERROR goes along"
)
KEYTAB_TOLD = (
    "MIT tells the client on the wire what its keytab lacks (35 the name, 44 the version or type); RFC 4120 3.2.3 and"
    " Windows (evidence.md) have one answer to a ticket that no key opens, 41, and the reason here tells them apart"
)
INTEGRITY = "MIT and Heimdal pass on what decryption says (31); RFC 4120 3.2.3 and MS-KILE 3.4.5 have 41 for it"
CLOCK_LATER = "MIT and Heimdal judge the ticket's times before the client's clock; RFC 4120 3.2.3 has the clock first"
NO_CLAIM = (
    "MIT misses bindings only of a client that claims to support them (KERB_AP_OPTIONS_CBT); Windows with bindings and"
    " without ALLOW_MISSING_BINDINGS wants them of all (truth table K21)"
)
BARE = "Heimdal takes a bare AP-REQ whatever its checksum says; RFC 4121 4.1 wants the framing, but for DCE style"
EXTRA_BYTE = "a byte behind a token that is whole is noted and passed over here; what Windows does is not known"
CRASH = "gss-ntlmssp 1.2.0 crashes where NTLM meets a credential from a keytab (peers.md)"

#: By case and acceptor: what secctx says, what they say, why.
DIFFERENCES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("136-fail-mit-bare-apreq", "Heimdal"): ("refused 60", "accepted", BARE),
    ("107-fail-mit-expired-krb5", "Heimdal"): ("refused 37", "refused 32", CLOCK_LATER),
    ("107-fail-mit-expired-krb5", "MIT"): ("refused 37", "refused 32", CLOCK_LATER),
    ("107-fail-mit-expired-krb5", "live"): ("refused 37", "refused 32", CLOCK_LATER),
    ("115-fail-mit-expired-spnego", "MIT"): ("refused 37", "refused 32", CLOCK_LATER),
    ("115-fail-mit-expired-spnego", "live"): ("refused 37", "refused 32", CLOCK_LATER),
    ("147-fail-ad-skew-behind-krb5", "MIT"): ("refused 37", "refused 33", CLOCK_LATER),
    ("147-fail-ad-skew-behind-krb5", "live"): ("refused 37", "refused 33", CLOCK_LATER),
    ("141-fail-mit-ntlm-to-krb5-acceptor", "MIT"): ("refused", "crashed", CRASH),
    ("124-fail-mit-extra-byte-spnego", "Heimdal"): ("accepted", "refused", EXTRA_BYTE),
    ("124-fail-mit-extra-byte-spnego", "MIT"): ("accepted", "refused", EXTRA_BYTE),
    ("124-fail-mit-extra-byte-spnego", "Samba"): ("accepted", "refused", EXTRA_BYTE),
    ("131-fail-mit-extra-byte-krb5", "Heimdal"): ("accepted", "refused", EXTRA_BYTE),
    ("131-fail-mit-extra-byte-krb5", "MIT"): ("accepted", "refused", EXTRA_BYTE),
    ("131-fail-mit-extra-byte-krb5", "Samba"): ("accepted", "refused", EXTRA_BYTE),
    ("121-fail-mit-cut64-spnego", "Samba"): ("refused", "continue", FRAGMENT),
    ("122-fail-mit-minus1-spnego", "Samba"): ("refused", "continue", FRAGMENT),
    ("128-fail-mit-cut64-krb5", "Samba"): ("refused", "continue", FRAGMENT),
    ("129-fail-mit-minus1-krb5", "Samba"): ("refused", "continue", FRAGMENT),
    ("130-fail-mit-cut1024chars-krb5", "Samba"): ("refused", "continue", FRAGMENT),
    ("141-fail-mit-ntlm-to-krb5-acceptor", "Samba"): ("refused", "continue", HAS_NTLM),
    ("102-fail-mit-wrong-key-krb5", "Heimdal"): ("refused 41", "refused 31", INTEGRITY),
    ("102-fail-mit-wrong-key-krb5", "MIT"): ("refused 41", "refused 31", INTEGRITY),
    ("102-fail-mit-wrong-key-krb5", "live"): ("refused 41", "refused 31", INTEGRITY),
    ("110-fail-mit-wrong-key-spnego", "MIT"): ("refused 41", "refused 31", INTEGRITY),
    ("110-fail-mit-wrong-key-spnego", "live"): ("refused 41", "refused 31", INTEGRITY),
    ("126-fail-mit-tampered-authenticator-spnego", "MIT"): ("refused 41", "refused 31", INTEGRITY),
    ("134-fail-mit-tampered-ticket-krb5", "Heimdal"): ("refused 41", "refused 31", INTEGRITY),
    ("134-fail-mit-tampered-ticket-krb5", "MIT"): ("refused 41", "refused 31", INTEGRITY),
    ("143-fail-ad-wrong-key-krb5", "Heimdal"): ("refused 41", "refused 31", INTEGRITY),
    ("143-fail-ad-wrong-key-krb5", "MIT"): ("refused 41", "refused 31", INTEGRITY),
    ("143-fail-ad-wrong-key-krb5", "live"): ("refused 41", "refused 31", INTEGRITY),
    ("101-fail-mit-stale-kvno-krb5", "MIT"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("101-fail-mit-stale-kvno-krb5", "live"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("104-fail-mit-no-enctype-krb5", "MIT"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("104-fail-mit-no-enctype-krb5", "live"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("109-fail-mit-stale-kvno-spnego", "MIT"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("109-fail-mit-stale-kvno-spnego", "live"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("111-fail-mit-other-spn-spnego", "MIT"): ("refused 41", "refused 35", KEYTAB_TOLD),
    ("111-fail-mit-other-spn-spnego", "live"): ("refused 41", "refused 35", KEYTAB_TOLD),
    ("112-fail-mit-no-enctype-spnego", "MIT"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("112-fail-mit-no-enctype-spnego", "live"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("142-fail-ad-stale-kvno-krb5", "MIT"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("142-fail-ad-stale-kvno-krb5", "live"): ("refused 41", "refused 44", KEYTAB_TOLD),
    ("01-mit-aes256-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("02-mit-aes256-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("03-mit-aes128-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("04-mit-aes128-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("05-mit-rc4-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("06-mit-rc4-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("07-mit-sha2-256-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("08-mit-sha2-256-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("09-mit-sha2-128-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("10-mit-sha2-128-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("17-mit-nomutual-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("18-mit-nomutual-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("19-mit-noflags-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("20-mit-deleg-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("21-mit-deleg-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("24-mit-identify-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("25-mit-cb-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("26-mit-cb-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("28-mit-cb-serveronly", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("30-mit-cb-mismatch-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("31-mit-heimdal-spnego", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("32-mit-heimdal-krb5", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("35-mit-pyspnego-kerberos", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("55-mit-user-bob", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("57-mit-user-unicode", "Samba"): ("accepted", "refused", NO_ACCOUNT),
    ("22-mit-dce-krb5", "Samba"): ("continue", "refused", NO_BARE),
    ("41-ad-dce-krb5", "Samba"): ("continue", "refused", NO_BARE),
    ("28-mit-cb-serveronly", "MIT"): ("refused 60", "accepted", NO_CLAIM),
    ("28-mit-cb-serveronly", "live"): ("refused 60", "accepted", NO_CLAIM),
    ("105-fail-mit-skew-krb5", "Heimdal"): ("refused 37", "continue", SKEW_RECOVERY),
    ("105-fail-mit-skew-krb5", "Samba"): ("refused 37", "continue", SKEW_RECOVERY),
    ("113-fail-mit-skew-spnego", "Heimdal"): ("refused 37", "continue", SKEW_RECOVERY),
    ("113-fail-mit-skew-spnego", "Samba"): ("refused 37", "continue", SKEW_RECOVERY),
    ("147-fail-ad-skew-behind-krb5", "Heimdal"): ("refused 37", "continue", SKEW_RECOVERY),
    ("147-fail-ad-skew-behind-krb5", "Samba"): ("refused 37", "continue", SKEW_RECOVERY),
}

#: Cases that only `ANSWERS.tsv` has.
NOT_COMPARED = {
    "116-fail-mit-expired-clientclock-spnego": "the client found the ticket expired: no token was made",
    "83-spnego-pyspnego-krb5-first-ntlm-acceptor": "pyspnego alone was asked, and its exception is no answer",
    "86-fail-spnego-pyspnego-requestmic-tampered": "the same",
    "87-spnego-krb5-wrongspn-to-samba": "Samba's DC has no key of HTTP/web, and the lab states no wanted answer",
    "wire-kdc-mit-as-tgs": "messages to and from a KDC: nobody accepts them",
}


def asked() -> Iterator[tuple[str, str, Answer]]:
    """Case, acceptor, and what that said."""
    known = cases()
    for case, said in answers().items():
        if case in known:
            yield from ((case, who, answer) for who, answer in said.items())


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Answer, Answer]]:
    """By case and acceptor: what secctx says, and what they said."""
    folder, known = tmp_path_factory.mktemp("answers"), cases()
    return {(case, who): (ours(known[case], who, folder), answer) for case, who, answer in asked()}


Compared = dict[tuple[str, str], tuple[Answer, Answer]]


def test_every_disagreement_is_in_the_table_and_no_agreement_is(compared: Compared) -> None:
    found = {pair: (str(we), str(they)) for pair, (we, they) in compared.items() if not we.agrees(they)}
    assert found == {pair: row[:2] for pair, row in DIFFERENCES.items()}


def test_every_row_has_its_reason() -> None:
    assert all(len(reason) > 40 for _, _, reason in DIFFERENCES.values())


def test_most_answers_agree(compared: Compared) -> None:
    """So that the table stays a list of exceptions."""
    agreeing = [pair for pair, (we, they) in compared.items() if we.agrees(they)]
    assert len(agreeing) > 120
    assert {who for _, who in agreeing} == {"MIT", "Heimdal", "Samba", "live"}


def test_what_is_not_compared_says_why() -> None:
    assert set(answers()) - set(cases()) == set(NOT_COMPARED)
    assert not set(cases()) - set(answers())


#: What `--order mit` does not change: what is no order of Kerberos's checks.
NOT_BY_ORDER = (EXTRA_BYTE, CRASH)


@pytest.mark.parametrize("case", sorted({case for case, who in DIFFERENCES if who == "MIT"}))
def test_by_mits_order_the_answer_is_mits(case: str, tmp_path: Path) -> None:
    _, they, reason = DIFFERENCES[case, "MIT"]
    we = str(ours(cases()[case], "MIT", tmp_path, "--order", "mit"))
    assert (we == they) is (reason not in NOT_BY_ORDER)
