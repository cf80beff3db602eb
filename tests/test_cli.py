"""The promise to scripts (docs/cli.md), kept by the whole program."""

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from builders.cli import ROOT, SECCTX, run
from builders.der import KRB5, NTLM, ap_req, framed, neg_token_init, neg_token_resp, ntlm_negotiate, principal, ticket

REJECT = bytes.fromhex("a1073005a0030a0102")
TOKEN = neg_token_init(KRB5, NTLM, token=framed(KRB5, b"\1\0" + ap_req()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token.bin"
    path.write_bytes(TOKEN)
    return path


def documents(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_version_is_that_of_the_project() -> None:
    done = run("--version")
    assert done.code == 0
    assert re.fullmatch(r"secctx (\d+\.\d+\.\d+|\(not installed\))\n", done.out)


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_of_the_program_lists_its_commands(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "decode" in done.out


@pytest.mark.parametrize("command", ["decode", "accept", "explain"])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help_with_examples(command: str, option: str) -> None:
    done = run(command, option)
    assert done.code == 0
    assert "Examples:" in done.out


@pytest.mark.parametrize("command", [[], ["decode"], ["accept"], ["explain"]])
def test_the_examples_in_the_help_work_when_pasted(command: list[str], tmp_path: Path) -> None:
    shim = tmp_path / "secctx"
    shim.write_text(f"#!{sys.executable}\n{SECCTX[2]}")
    shim.chmod(0o755)
    shown = run(*command, "--help").out
    pattern = r"^    ((?:secctx|echo|SECCTX_PASSWORD=x) .*)$"
    examples = re.findall(pattern, shown[shown.index("Examples:") :], re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(example, shell=True, capture_output=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, b""), example
        assert done.stdout


def test_the_tree_names_what_is_inside_what(file: Path) -> None:
    done = run("decode", file)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"SPNEGO NegTokenInit, {len(TOKEN)} bytes (raw)"
    assert lines[1] == (
        "Kerberos AP-REQ for HTTP/web@LAB.EXAMPLE (aes256-cts-hmac-sha1-96, kvno 3), "
        "mutual authentication asked; offers Kerberos, NTLM"
    )
    assert f"└── mechToken  Kerberos AP-REQ, {len(framed(KRB5, b'..' + ap_req()))} bytes" in lines
    assert "    │   ├── sname     HTTP/web  (NT-SRV-HST)" in lines
    assert "    │   └── enc-part  aes256-cts-hmac-sha1-96 (18), kvno 3, 40 bytes encrypted" in lines


def test_the_tree_is_readable_at_80_columns_and_without_colour(file: Path) -> None:
    done = run("decode", "--full", file, COLUMNS="80")
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out


def test_depth_cuts_the_tree_and_full_opens_it(file: Path) -> None:
    assert "pvno" not in run("decode", "--depth", "1", file).out
    assert "pvno" in run("decode", "--depth", "2", file).out
    assert "kvno      3" not in run("decode", file).out
    full = run("decode", "--full", file).out
    assert re.search(r"kvno +3\n", full)
    assert "63" * 40 in full


def test_spans_stand_beside_the_fields_of_the_tree(file: Path) -> None:
    assert f"[0:{len(TOKEN)}]" not in run("decode", file).out
    assert re.search(r"thisMech +SPNEGO .*\[3:11\]", run("decode", "--spans", file).out)


def test_colour_is_given_when_asked_for_and_not_to_a_pipe(file: Path) -> None:
    assert "\x1b[" not in run("decode", file).out
    assert "\x1b[" in run("decode", "--color", "always", file).out
    assert "\x1b[" not in run("decode", "--color", "never", file, FORCE_COLOR="1").out
    assert "\x1b[3" not in run("decode", "--color", "auto", file, NO_COLOR="1", FORCE_COLOR="1").out


def test_a_token_cannot_steer_the_terminal() -> None:
    name = principal(3, "HTTP", "web\x1b]0;gotcha\x07\x1b[2J\u202e")
    token = ap_req(ticket_bytes=ticket(sname=name))
    for arguments in ([], ["--format", "summary"], ["--full"], ["--color", "always", "--format", "summary"]):
        done = run("decode", *arguments, stdin=token)
        assert done.code == 0
        assert "\x1b]" not in done.out
        assert "\x1b[2J" not in done.out
        assert "\u202e" not in done.out
        assert "\\x1b]0;gotcha" in done.out


def test_format_summary_is_one_line_a_token(file: Path) -> None:
    done = run("decode", "--format", "summary", file, file)
    line = (
        f"{file}: SPNEGO NegTokenInit: Kerberos AP-REQ for HTTP/web@LAB.EXAMPLE (aes256-cts-hmac-sha1-96, kvno 3), "
        "mutual authentication asked; offers Kerberos, NTLM"
    )
    # HTTP/web is a short name, and the same authenticator comes twice.
    assert done.out.splitlines() == [f"{line} [KRB010]", f"{line} [KRB010, KRB009]"]


def test_json_is_one_compact_document_a_line(file: Path) -> None:
    done = run("decode", "--json", file, file)
    first, second = documents(done.out)
    assert first | {"findings": []} == second | {"findings": []}
    assert ", " not in done.out.splitlines()[0].split('"summary"')[0]
    assert first["schema"] == "secctx.decode/1"
    assert first["source"] == {"name": str(file), "encoding": "raw", "index": 0}
    assert first["size"] == len(TOKEN)
    assert first["sha256"] == hashlib.sha256(TOKEN).hexdigest()
    assert (first["mechanism"], first["message"], first["complete"]) == ("SPNEGO", "NegTokenInit", True)
    assert first["error"] is None
    assert [finding["code"] for finding in first["findings"]] == ["KRB010"]  # HTTP/web is a short name
    assert "spans" not in first


def test_json_has_each_shape_that_the_promise_names(file: Path) -> None:
    fields = json.loads(run("decode", "--json", file).out)["fields"]
    assert fields["thisMech"] == {"oid": "1.3.6.1.5.5.2", "name": "SPNEGO"}
    inner = fields["mechToken"]
    assert (inner["mechanism"], inner["message"]) == ("Kerberos", "AP-REQ")
    assert inner["fields"]["ap-options"] == {"value": 0x20000000, "hex": "0x20000000", "names": ["mutual-required"]}
    inside = inner["fields"]["ticket"]
    assert inside["enc-part"]["etype"] == {"value": 18, "name": "aes256-cts-hmac-sha1-96"}
    assert inside["sname"]["text"] == "HTTP/web"
    assert inside["sname"]["name-string"] == ["HTTP", "web"]
    assert inside["enc-part"]["cipher"] == "63" * 40


def test_json_spans_are_paths_to_absolute_offsets(file: Path) -> None:
    spans = json.loads(run("decode", "--json", "--spans", file).out)["spans"]
    start, stop = spans["mechToken.ticket.realm"]
    assert TOKEN[start:stop] == b"\x1b\x0bLAB.EXAMPLE"
    start, stop = spans["mechToken"]
    assert TOKEN[start:stop] == framed(KRB5, b"\1\0" + ap_req())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mechToken.ticket.realm", "LAB.EXAMPLE"),
        ("mechToken.ticket.sname", "HTTP/web"),
        ("mechToken.ticket.sname.name-string[1]", "web"),
        ("mechToken.ticket.sname.name-string", '["HTTP","web"]'),
        ("mechToken.ticket.enc-part.etype", "aes256-cts-hmac-sha1-96"),
        ("mechToken.ticket.enc-part.kvno", "3"),
        ("mechToken.ticket.enc-part.cipher", "63" * 40),
        ("mechToken.ap-options", "mutual-required"),
        ("mechToken.ap-options.hex", "0x20000000"),
        ("mechToken.ap-options.names[0]", "mutual-required"),
        ("mechToken.ticket.enc-part.etype.value", "18"),
        ("mechTypes[1].name", "NTLM"),
        ("mechTypes[1]", "1.3.6.1.4.1.311.2.2.10"),
        ("thisMech", "1.3.6.1.5.5.2"),
        ("mechToken", framed(KRB5, b"\1\0" + ap_req()).hex()),
        ("mechanism", "SPNEGO"),
        ("message", "NegTokenInit"),
        ("size", str(len(TOKEN))),
        ("complete", "true"),
        ("error", "null"),
        ("source.encoding", "raw"),
        ("fields.mechToken.ticket.realm", "LAB.EXAMPLE"),
    ],
)
def test_get_prints_one_value_as_text(file: Path, path: str, text: str) -> None:
    done = run("decode", "--get", path, file)
    assert (done.code, done.out, done.err) == (0, text + "\n", "")


def test_get_of_several_tokens_is_a_line_each(file: Path) -> None:
    assert run("decode", "--get", "message", file, REJECT.hex()).out.splitlines() == ["NegTokenInit", "NegTokenResp"]


@pytest.mark.parametrize(
    "path", ["mechToken.tickett", "nothing", "mechToken.ticket.realm.x", "mechTypes[7]", "source.x.y", ""]
)
def test_get_of_what_is_not_there_says_what_is(file: Path, path: str) -> None:
    done = run("decode", "--get", path, file)
    assert (done.code, done.out) == (1, "")
    assert f"no such value: {path}" in done.err
    assert len(done.err.splitlines()) == 2


def test_write_gives_the_raw_bytes_of_a_value(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    for path, wanted in {
        "mechToken": framed(KRB5, b"\1\0" + ap_req()),
        "mechToken.ticket.enc-part.cipher": b"c" * 40,
        "mechToken.ticket.sname.name-string[0]": b"HTTP",
        "mechTypes": b"\x30\x17" + KRB5 + NTLM,
        "mechanism": b"SPNEGO",
    }.items():
        done = run("decode", "--get", path, "-w", target, file)
        assert (done.code, done.out, done.err) == (0, "", "")
        assert target.read_bytes() == wanted


def test_write_without_get_turns_text_into_the_token(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    done = run("decode", "-q", "-w", target, "-", stdin=b"Authorization: Negotiate " + base64.b64encode(TOKEN))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert target.read_bytes() == TOKEN


def test_write_to_standard_output_gives_the_bytes_and_nothing_else(file: Path) -> None:
    assert run("decode", "-w", "-", file).raw == TOKEN


def test_write_replaces_a_file_whole_and_keeps_its_mode(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(0o640)
    assert run("decode", "-q", "-w", target, file).code == 0
    assert target.read_bytes() == TOKEN
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "token.bin"]


def test_write_goes_through_a_link_and_leaves_it(file: Path, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    assert run("decode", "-q", "-w", link, file).code == 0
    assert link.is_symlink()
    assert real.read_bytes() == TOKEN


def test_write_that_cannot_be_done_is_code_4_and_leaves_nothing(file: Path, tmp_path: Path) -> None:
    done = run("decode", "-w", tmp_path / "no" / "where", file)
    assert done.code == 4
    assert "cannot be written" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["token.bin"]


def test_write_of_several_tokens_is_refused(file: Path, tmp_path: Path) -> None:
    done = run("decode", "-w", tmp_path / "out", file, file)
    assert done.code == 2
    assert "-w writes one token, and 2 were found" in done.err
    assert not (tmp_path / "out").exists()


def test_quiet_prints_nothing_but_what_is_wrong(file: Path) -> None:
    assert (run("decode", "-q", file).out, run("decode", "-q", file).err) == ("", "")
    done = run("decode", "-q", "-", stdin=TOKEN[:-3])
    assert (done.code, done.out) == (3, "")
    assert len(done.err.splitlines()) == 1
    assert run("decode", "-q", "--get", "message", file).out == "NegTokenInit\n"
    assert documents(run("decode", "-q", "--json", file).out)


def test_a_token_cut_short_is_code_3_one_line_and_the_part_that_could_be_read() -> None:
    done = run("decode", "-", stdin=TOKEN[:-9])
    assert done.code == 3
    sizes = f"{len(TOKEN) - 9} of {len(TOKEN)} bytes"
    assert done.err.splitlines() == [
        f"secctx: standard input: cut short: {sizes}; mechToken.authenticator.cipher needs 9 more",
        "secctx: take the token again, whole: it was cut on its way",
    ]
    assert "LAB.EXAMPLE" in done.out
    assert re.search(r"cipher .*← here", done.out)


def test_the_error_of_json_points_at_the_field() -> None:
    done = run("decode", "--json", "-", stdin=TOKEN[:-9])
    shown = json.loads(done.out)
    assert shown["complete"] is False
    assert shown["error"] == {
        "path": "mechToken.authenticator.cipher",
        "pointer": "/fields/mechToken/fields/authenticator/cipher",
        "offset": len(TOKEN) - 20,
        "expected": "20 bytes",
        "found": "11 bytes",
    }
    assert shown["fields"]["mechToken"]["fields"]["authenticator"]["cipher"] == "61" * 11


@pytest.mark.parametrize("size", [1024, 8190, 16384])
def test_a_token_cut_at_a_usual_limit_is_told_which(size: int) -> None:
    long = neg_token_init(KRB5, token=framed(KRB5, b"\1\0" + ap_req(tail=b"\xa9\x82\x80\x00" + bytes(0x8000))))
    done = run("decode", "-q", "-", stdin=long[:size])
    assert done.code == 3
    done = run("decode", "--format", "summary", "-", stdin=long[:size])
    assert str(size) in done.err.splitlines()[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty: no bytes"),
        (b"<!doctype html><html><title>401 - Unauthorized</title></html>", "HTML"),
        (b"hello, this is no token at all", ""),
        (TOKEN + b"\0", "trailing bytes"),
        (b"\x60\x80\x06\x06", "DER"),
        (b"\x60\x84\x7f\xff\xff\xff\x06\x06", "cut short: 8 of 2147483653 bytes"),
        (REJECT[:-1], "cut short: 8 of 9 bytes; negState needs 1 more"),
        (b"\x30" * 3000, ""),
        (b"\x60\x82\x10\x00" * 3000, ""),
    ],
)
def test_bad_input_is_code_3_and_one_clear_line(data: bytes, words: str) -> None:
    for arguments in (["-q"], ["--json"], []):
        done = run("decode", *arguments, "-", stdin=data)
        assert done.code == 3
        assert done.err.startswith("secctx: standard input: ")
        assert words in done.err.splitlines()[0]
        if arguments == ["--json"]:
            shown = json.loads(done.out)
            assert shown["complete"] is False
            assert shown["error"]["found"]


def test_the_greatest_code_of_several_tokens_counts(file: Path, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(TOKEN[:50])
    assert run("decode", file, tmp_path / "cut", file).code == 3
    assert run("decode", file, tmp_path / "cut", tmp_path / "missing").code == 4
    assert run("decode", "--get", "mechListMIC", file).code == 1


def test_a_bad_input_does_not_hide_the_good_ones(file: Path, tmp_path: Path) -> None:
    done = run("decode", "--format", "summary", tmp_path / "missing", file)
    assert done.code == 4
    assert "NegTokenInit" in done.out
    assert "missing: no such file, and not a token" in done.err


def test_a_directory_and_an_unreadable_file_are_code_4(file: Path, tmp_path: Path) -> None:
    done = run("decode", tmp_path)
    assert done.code == 4
    assert f"{tmp_path}: is a directory" in done.err
    if os.geteuid() != 0:
        file.chmod(0)
        assert "Permission denied" in run("decode", file).err
        assert run("decode", file).code == 4


def test_text_is_a_token_where_no_file_has_that_name(tmp_path: Path) -> None:
    text = base64.b64encode(REJECT).decode()
    done = run("decode", "--json", text, cwd=tmp_path)
    assert json.loads(done.out)["source"]["name"] == "argument"
    (tmp_path / "oQcwBaADCgEC").write_bytes(ntlm_negotiate())
    assert json.loads(run("decode", "--json", "oQcwBaADCgEC", cwd=tmp_path).out)["mechanism"] == "NTLM"


def test_a_very_long_argument_is_text_and_not_a_file_name() -> None:
    text = base64.b64encode(neg_token_resp(token=bytes(9000))).decode()
    assert run("decode", "--get", "message", text).out == "NegTokenResp\n"
    done = run("decode", "x" * 9000)
    assert done.code == 4
    assert "(9000 characters): no such file, and not a token" in done.err


def test_standard_input_is_read_without_arguments() -> None:
    assert run("decode", "--get", "message", stdin=REJECT).out == "NegTokenResp\n"


def test_limits_refuse_with_both_numbers(file: Path) -> None:
    done = run("decode", "--max-token", "10", file)
    assert done.code == 3
    assert str(len(TOKEN)) in done.err
    assert "10" in done.err
    done = run("decode", "--max-input", "10", file)
    assert done.code == 3
    assert f"input too large: {len(TOKEN)} bytes, the limit is 10" in done.err
    done = run("decode", "--max-input", "10", "-", stdin=TOKEN)
    assert done.code == 3
    assert "at least 11 bytes, the limit is 10" in done.err


@pytest.mark.parametrize("form", ["base64", "hex", "dump", "header", "jsonl"])
def test_from_names_the_form_and_holds_to_it(form: str, file: Path) -> None:
    done = run("decode", "--from", form, file)
    assert done.code == 3
    assert done.out == "" or "unknown" in done.out


def test_from_raw_takes_the_bytes_as_they_are() -> None:
    done = run("decode", "--from", "raw", "-", stdin=b"oQcwBaADCgEC")
    assert done.code == 3
    assert "not a token" in done.err


@pytest.mark.parametrize(
    "arguments", [["--nope"], ["decode", "--depth", "0"], ["decode", "--format", "xml"], ["bogus"]]
)
def test_a_wrong_command_line_is_code_2_and_says_where_help_is(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert all(line.startswith("secctx: ") for line in done.err.splitlines())
    assert "--help" in done.err


def test_a_pipe_closed_by_the_reader_ends_quietly(file: Path) -> None:
    many = [str(file)] * 300
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -n 1; exit "${PIPESTATUS[0]}"', "bash", *SECCTX, "decode", "--json", *many],
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)


def test_an_interrupt_is_code_130() -> None:
    process = subprocess.Popen([*SECCTX, "decode", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdin is not None
    process.stdin.write(b"x" * 70_000)  # more than a pipe holds: it is reading by now
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_the_contract_says_what_is_built() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    built = page[page.index("**Built so far:**") : page.index("## Giving a token")]
    absent = set(re.findall(r"`(--[a-z-]+)`", built))
    help_text = run("decode", "--help").out
    assert not {option for option in absent if re.search(rf"{option}\b", help_text)}
    named = page[page.index("## Giving a token") : page.index("## Exit codes")]
    named += page[page.index("## decode") : page.index("## accept")]
    between = {"--captured", "--key", "--user", "--users", "--password-file", "--nt-hash-file", "--principal", "--salt"}
    for option in set(re.findall(r"(?<![\w-])(--[a-z-]+)", named)) - absent - between:
        assert re.search(rf"{option}\b", help_text), f"{option} is promised, not there and not said to be absent"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_each_shell(shell: str) -> None:
    done = run(_SECCTX_COMPLETE=f"{shell}_source")
    assert done.code == 0
    assert "_SECCTX_COMPLETE" in done.out
    complete = run(_SECCTX_COMPLETE="bash_complete", COMP_WORDS="secctx dec", COMP_CWORD="1")
    assert complete.out.split() == ["plain,decode"]


def test_output_that_the_terminal_cannot_encode_is_escaped() -> None:
    name = principal(3, "HTTP", "bøb-日本")
    token = ap_req(ticket_bytes=ticket(sname=name))
    for arguments in (["--format", "summary"], ["--get", "ticket.sname"], []):
        done = run("decode", *arguments, stdin=token, PYTHONIOENCODING="ascii")
        assert done.code == 0
        assert "b\\xf8b-\\u65e5\\u672c" in done.out
