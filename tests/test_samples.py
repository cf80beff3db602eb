"""The samples: every file is in the manifest, and secctx finds in it what the manifest says."""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from secctx.carriers.text import FORMS, read_tokens
from secctx.cli.main import main
from secctx.decoders import decode
from secctx.decoders.values import walk

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
Sample = dict[str, Any]
Run = Callable[..., tuple[int, str, str]]
MANIFEST: list[Sample] = tomllib.loads((SAMPLES / "manifest.toml").read_text(encoding="utf-8"))["sample"]
#: Captures are for tshark: `decode` does not promise to read them.
CAPTURES = [sample for sample in MANIFEST if sample["form"] == "pcap"]
DECODED = [sample for sample in MANIFEST if sample["form"] != "pcap"]

#: Files that hold no token.
BESIDE = ("manifest.toml", ".gitattributes", "users.txt", "web.keytab", "stale.keytab")

#: Where else a token may be from: it was made, or recorded like those of the lab.
NO_LAB_CASE = ("no lab case: made ", "no lab case: captured for this sample: ")

Stated = tuple[str, str | None, str]
#: What the document of an input without a token says of it.
NOTHING: Stated = ("unknown", None, hashlib.sha256(b"").hexdigest())


#: What there is a sample of, by mechanism.
MESSAGES = {
    "SPNEGO": "NegTokenInit NegTokenInit2 NegTokenResp",
    "NTLM": "NEGOTIATE_MESSAGE CHALLENGE_MESSAGE AUTHENTICATE_MESSAGE NTLMSSP_MESSAGE_SIGNATURE",
    "Kerberos": "AP-REQ AP-REP KRB-ERROR AS-REQ AS-REP TGS-REQ TGS-REP KRB-SAFE KRB-PRIV KRB-CRED TGT-REQ TGT-REP"
    " KPASSWD-REQ KPASSWD-REP MIC Wrap",
    "IAKERB": "IAKERB_PROXY AP-REQ AP-REP",
    "CredSSP": "TSRequest TSCredentials",
}


#: How a process of its own begins: the package is mapped as conftest.py does where it is not installed.
MAPPED = f"""
import importlib.util, runpy, sys, types
if importlib.util.find_spec('secctx') is None:
    secctx = sys.modules['secctx'] = types.ModuleType('secctx')
    secctx.__path__ = [{str(ROOT)!r}]
"""


def by_file(samples: list[Sample]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sample", samples, ids=[sample["file"] for sample in samples])


def tokens_of(sample: Sample) -> list[dict[str, str]]:
    tokens: list[dict[str, str]] = sample.get("token", [])
    return tokens


def form_of(sample: Sample) -> str:
    """The first word of the form, which is a form of `--from` where there is one."""
    return str(sample["form"]).split(" ")[0].rstrip(",")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: its exit code, what it printed, what it complained of."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(sys, "argv", ["secctx", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed, complained = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, printed, complained

    return command


def test_every_file_is_in_the_manifest_once_and_every_entry_is_a_file() -> None:
    files = sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file())
    entries = [sample["file"] for sample in MANIFEST]
    assert sorted([*entries, *BESIDE]) == files


@by_file(MANIFEST)
def test_an_entry_has_all_keys_and_no_others(sample: Sample) -> None:
    assert {"file", "form", "what", "exit"} <= set(sample) <= {"file", "form", "what", "exit", "problem", "token"}
    assert sample["exit"] in (0, 3)
    assert ("problem" in sample) == (sample["exit"] == 3)
    assert sample["what"].endswith(".")
    for token in tokens_of(sample):
        keys = {"mechanism", "message", "sha256", "origin"}
        assert keys <= set(token) <= {*keys, "says"}
        assert token["origin"].startswith(("lab case ", "lab log ", "lab capture ", *NO_LAB_CASE))
        assert "/" not in token["origin"], "a path has no place in an origin"


def test_the_samples_cover_the_messages_and_states_that_decode_knows() -> None:
    messages = {(token["mechanism"], token["message"]) for sample in DECODED for token in tokens_of(sample)}
    assert messages == {(mechanism, message) for mechanism, known in MESSAGES.items() for message in known.split()}
    said = {token.get("says") for sample in DECODED for token in tokens_of(sample)}
    assert {"accept-completed", "accept-incomplete", "request-mic", "reject"} <= said
    assert {form_of(sample) for sample in DECODED} >= set(FORMS)


@by_file(DECODED)
def test_a_sample_decodes_to_what_the_manifest_says(sample: Sample, run: Run) -> None:
    code, printed, _ = run("decode", "--json", f"samples/{sample['file']}")
    documents = [json.loads(line) for line in printed.splitlines()]
    found = [(document["mechanism"], document["message"], document["sha256"]) for document in documents]
    stated: list[Stated] = [(token["mechanism"], token["message"], token["sha256"]) for token in tokens_of(sample)]
    assert (found or [NOTHING]) == (stated or [NOTHING])
    for document, token in zip(documents, tokens_of(sample), strict=False):
        assert token.get("says", "") in document["summary"]
    assert code == sample["exit"]


@by_file([sample for sample in DECODED if sample["exit"]])
def test_what_is_wrong_is_the_first_line_on_stderr(sample: Sample, run: Run) -> None:
    code, _, complained = run("decode", f"samples/{sample['file']}")
    first = complained.splitlines()[0]
    assert first.startswith(f"secctx: samples/{sample['file']}: ")
    assert sample["problem"] in first
    assert code == 3


@by_file([sample for sample in DECODED if not sample["exit"]])
def test_a_good_sample_makes_no_noise_on_stderr(sample: Sample, run: Run) -> None:
    code, printed, complained = run("decode", "--format", "summary", f"samples/{sample['file']}")
    assert complained == ""
    assert len(printed.splitlines()) == len(tokens_of(sample))
    assert code == 0


@by_file([sample for sample in DECODED if sample["form"] == "raw"])
def test_the_digest_of_a_raw_sample_is_that_of_the_file(sample: Sample) -> None:
    (token,) = tokens_of(sample)
    assert token["sha256"] == hashlib.sha256((SAMPLES / sample["file"]).read_bytes()).hexdigest()


@by_file([sample for sample in DECODED if form_of(sample) in FORMS and tokens_of(sample)])
def test_naming_the_form_gives_the_same_bytes_as_recognising_it(sample: Sample) -> None:
    content = (SAMPLES / sample["file"]).read_bytes()
    named = [hashlib.sha256(token.data).hexdigest() for token in read_tokens(content, "", form_of(sample))]
    assert named == [token["sha256"] for token in tokens_of(sample)]


@by_file([sample for sample in DECODED if "message" in sample["form"]])
def test_a_message_that_carries_a_token_is_unwrapped_and_told_from_it(sample: Sample, run: Run) -> None:
    protocol = sample["form"].removeprefix("hex (").split(" ")[0]
    code, printed, _ = run("decode", "--json", f"samples/{sample['file']}")
    document = json.loads(printed)
    assert code == 0
    assert document["source"]["carrier"].startswith(protocol)
    assert any(note.startswith("status: ") for note in document["source"]["notes"])


PADATA = {
    "kdc-as-req-fast.bin": {"PA-FX-FAST"},
    "kdc-tgs-req.bin": {"PA-TGS-REQ", "PA-FX-FAST"},
    "kdc-tgs-req-s4u2self.b64": {"PA-TGS-REQ", "PA-FOR-USER", "PA-S4U-X509-USER", "PA-FX-FAST"},
    "kdc-tgs-req-s4u2proxy-tcp.bin": {"PA-TGS-REQ", "PA-PAC-OPTIONS", "PA-FX-FAST"},
    "krb-error-preauth-required.bin": {"PA-ETYPE-INFO2", "PA-ENC-TIMESTAMP", "PA-FX-FAST", "PA-FX-COOKIE"},
}


@pytest.mark.parametrize("file", PADATA)
def test_the_padata_of_a_sample_are_those_it_is_there_for(file: str) -> None:
    (token,) = read_tokens((SAMPLES / file).read_bytes(), "")
    nodes = [node for _, node in walk(decode(token.data).root)]
    assert {node.meaning for node in nodes if node.name == "padata-type"} == PADATA[file]
    values = [node for node in nodes if node.name == "padata-value" and node.stop - node.start > 2]
    # A cookie is the KDC's own; every other value of these is taken apart.
    assert all(node.children for node in values if node.value != b"MIT")


def test_the_password_in_a_sample_is_shown_to_those_alone_who_ask_for_it(run: Run) -> None:
    file = "samples/credssp-credentials.hex"
    for options in ([], ["--full"], ["--json", "--spans"], ["--format", "summary"], ["--format", "hex"], ["--redact"]):
        code, printed, complained = run("decode", *options, file)
        assert code == 0
        assert "Invented" not in printed + complained
        assert "Invented".encode("utf-16-le").hex(" ") not in printed
    assert run("decode", "--get", "credentials.password", file)[0] == 1
    assert "Invented-Passw0rd!" in run("decode", "--show-secrets", file)[1]


def test_the_samples_that_are_made_are_what_the_script_makes(tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text(
        f"{MAPPED}sys.argv = ['make', {str(tmp_path)!r}]\n"
        f"runpy.run_path({str(ROOT / 'scripts' / 'make_samples.py')!r}, run_name='__main__')\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], cwd=ROOT, capture_output=True, check=False)
    assert done.stderr == b""
    made = sorted(path.name for path in tmp_path.iterdir() if path != script)
    assert [name for name in made if (tmp_path / name).read_bytes() != (SAMPLES / name).read_bytes()] == []
    by_script = [s["file"] for s in MANIFEST for t in tokens_of(s) if "make_samples.py" in t["origin"]]
    framed = [sample["file"] for sample in DECODED if "message" in sample["form"]]
    assert made == sorted({*by_script, *framed})


@pytest.mark.parametrize(("stem", "forms"), [("spnego-kerberos-init", 5), ("spnego-kerberos-answer", 8)])
def test_a_token_is_the_same_bytes_in_all_its_forms(stem: str, forms: int) -> None:
    files = sorted(SAMPLES.glob(f"{stem}*"))
    raw = (SAMPLES / f"{stem}.bin").read_bytes()
    assert [[token.data for token in read_tokens(file.read_bytes(), "")] for file in files] == [[raw]] * forms


def test_logs_of_one_logon_hold_the_same_tokens() -> None:
    stated = {sample["file"]: [token["sha256"] for token in tokens_of(sample)] for sample in MANIFEST}
    assert stated["browser.har"] == stated["curl-negotiate-ntlm.log"]
    assert stated["captures/http-kerberos.pcap"] == stated["curl-kerberos.log"]


@by_file(CAPTURES)
def test_a_capture_holds_its_tokens(sample: Sample) -> None:
    """Whole in one packet, as bytes or as base64: that is what the README's tshark commands read."""
    content = (SAMPLES / sample["file"]).read_bytes()
    words = content.replace(b"\r", b" ").split()
    digests = {hashlib.sha256(content[at : at + size]).hexdigest() for at, size in _pieces(content)}
    headers = {digest for digest, text in _headers().items() if text in words}
    assert tokens_of(sample)
    assert {token["sha256"] for token in tokens_of(sample)} <= digests | headers


def _pieces(content: bytes) -> Iterator[tuple[int, int]]:
    """Where a DER token of SPNEGO may begin, and how long it says it is."""
    for at in range(len(content) - 4):
        if content[at] in (0x60, 0xA1):
            form = content[at + 1]
            more = form & 0x7F if form > 0x80 else 0
            if more <= 2:
                yield at, 2 + more + (int.from_bytes(content[at + 2 : at + 2 + more], "big") if more else form)


def _headers() -> dict[str, bytes]:
    """The digests of the tokens in curl-kerberos.log, and how the tokens stand in its headers."""
    tokens = read_tokens((SAMPLES / "curl-kerberos.log").read_bytes(), "")
    return {hashlib.sha256(token.data).hexdigest(): b64encode(token.data) for token in tokens}


#: The call whose CHALLENGE samples/ntlm-answer-to-secctx.b64 answers: seed and clock are those of the README.
FIRST_CALL = ("accept", "--users", "samples/users.txt", "--seed", "readme", "--at", "2026-11-22T08:25:45Z")
ANSWER = SAMPLES / "ntlm-answer-to-secctx.b64"


def test_the_answer_to_secctx_answers_the_challenge_that_secctx_sends(
    run: Run, monkeypatch: Any, tmp_path: Any
) -> None:
    """A real client's answer, which fits one CHALLENGE only: where that changes, the sample is to be made anew.

    `SECCTX_UPDATE_SAMPLES=1 pytest tests/test_samples.py -k answer_to_secctx` does, but for its digest in the manifest.
    """
    context, challenge = str(tmp_path / "context"), tmp_path / "challenge.bin"
    first = (*FIRST_CALL, "--new-context", context, "-w", str(challenge), "samples/ntlm-negotiate.txt")
    assert run(*first)[0] == 0
    if os.environ.get("SECCTX_UPDATE_SAMPLES"):
        spnego = pytest.importorskip("spnego")
        monkeypatch.setenv("NETBIOS_COMPUTER_NAME", "WS01")
        (alice,) = (line for line in (SAMPLES / "users.txt").read_text("utf-8").splitlines() if ":alice:" in line)
        client = spnego.client(
            "LAB\\alice",
            alice.split(":", 2)[2],
            "web.lab.example",
            "HTTP",
            protocol="ntlm",
            options=spnego.NegotiateOptions.use_ntlm,
        )
        (sent,) = read_tokens((SAMPLES / "ntlm-negotiate.txt").read_bytes(), "")
        assert client.step() == sent.data, "the client's first message changed: its MIC covers that too"
        ANSWER.write_bytes(b64encode(client.step(challenge.read_bytes())) + b"\n")
    second = ("accept", "--users", "samples/users.txt", "--context", context, "--get", "status.name", str(ANSWER))
    assert run(*second)[:2] == (0, "SEC_E_OK\n")


@pytest.mark.parametrize(
    ("arguments", "standard_input", "code"),
    [
        (["samples/curl-kerberos.log"], None, 0),
        (["-"], "samples/spnego-kerberos-answer.xxd", 0),
        ([], "samples/journal.log", 0),
        (["samples/one-byte-short.bin"], None, 3),
        (["samples/iis-401.html"], None, 3),
        (["samples/ntlm-v1.b64", "samples/no-such-file"], None, 4),
    ],
)
def test_the_command_in_a_process_of_its_own_ends_with_the_same_code(
    arguments: list[str], standard_input: str | None, code: int, tmp_path: Path
) -> None:
    """Through a real process, with a real pipe."""
    start = tmp_path / "start.py"
    start.write_text(
        f"{MAPPED}runpy.run_module('secctx.cli', run_name='__main__', alter_sys=True)\n",
        encoding="utf-8",
    )
    content = (ROOT / standard_input).read_bytes() if standard_input else b""
    command = [sys.executable, str(start), "decode", "--format", "summary", *arguments]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=ROOT, input=content, capture_output=True, check=False, env=environment)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert bool(done.stderr) == bool(code)
