"""Every command of README.md is run, and prints what the README says it prints.

They run in an empty folder that holds `samples`, on a terminal of 100 columns; colours are left out. Stood in for are

- `secctx` itself, by the package under test, whether it is installed or not;
- `curl` and `journalctl`, always, by programs that print samples/curl-kerberos.log and samples/journal.log:
  the README's server and service do not exist;
- the programs that print the clipboard, always, by one that prints samples/spnego-kerberos-init-header.txt;
- `tshark`, where it is not installed, by one that prints the tokens of the capture as tshark does.

Where `jq` is not installed, the command before it is run all the same and only its own part is skipped. The two
commands that install are run when SECCTX_TEST_INSTALL is set, in a copy of the repository; .ci/run runs them in a fresh
checkout.

Where other output is meant, `SECCTX_UPDATE_README=1 pytest tests/test_readme.py` writes it into README.md.
"""

import doctest
import fcntl
import hashlib
import importlib.util
import os
import pty
import re
import runpy
import shlex
import shutil
import struct
import subprocess
import sys
import termios
import tomllib
from base64 import b64decode
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SAMPLES = ROOT / "samples"


def load(name: str) -> ModuleType:
    """A module of scripts/, which is no package."""
    specification = importlib.util.spec_from_file_location(f"scripts_{name}", ROOT / "scripts" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


readme = load("readme_commands")
TEXT = README.read_text(encoding="utf-8")
BLOCKS = readme.blocks(TEXT)
SHELL = [block for block in BLOCKS if block.language != "pycon" and not block.installs]
COMPLETION = [block for block in SHELL if "_SECCTX_COMPLETE" in block.text]
RUN = [block for block in SHELL if block not in COMPLETION]
#: The programs that may stand in a command of the README: ours, those that are stood in for, and what every shell has.
OURS = {"secctx"}
STOOD_IN = {"curl", "journalctl", "tshark", "jq", "wl-paste", "xclip", "pbpaste", "Get-Clipboard"}
SHELLS_OWN = {"cat", "echo", "cp", "sort", "head", "install", "export"}
JQ = re.compile(r" \| jq\b.*")
#: What a command may show that ends with 1, without showing that: an error status, or the reason of one.
REFUSED = re.compile(r"^SEC_E_(?!OK$)\w+$|^status +SEC_E_(?!OK\b)", re.MULTILINE)


def by_line(chosen: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", chosen, ids=[f"line-{block.line}" for block in chosen])


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


#: Its file is called `secctx`, since click names the variable of the completion after the program.
START = f"""
import importlib.util, sys, types
if importlib.util.find_spec("secctx") is None:
    secctx = sys.modules["secctx"] = types.ModuleType("secctx")
    secctx.__path__ = [{str(ROOT)!r}]
from secctx.cli.main import main
main()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder that commands run in: `samples`, and beside it `bin` with the programs above."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "samples").symlink_to(SAMPLES)
    bin_, python = tmp_path / "bin", shlex.quote(sys.executable)
    script(tmp_path / "lib" / "secctx", START)
    script(bin_ / "secctx", f'#!/bin/sh\nexec {python} -X utf8 {shlex.quote(str(tmp_path / "lib" / "secctx"))} "$@"\n')
    script(bin_ / "curl", "#!/bin/sh\ncat samples/curl-kerberos.log >&2\n")
    script(bin_ / "journalctl", "#!/bin/sh\ncat samples/journal.log\n")
    for name in ("wl-paste", "xclip", "pbpaste", "Get-Clipboard"):
        script(bin_ / name, "#!/bin/sh\ncat samples/spnego-kerberos-init-header.txt\n")
    real = shutil.which("tshark")
    if real:  # which says on stderr that root should not run it
        script(bin_ / "tshark", f'#!/bin/sh\nexec {shlex.quote(real)} "$@" 2>/dev/null\n')
    else:
        for capture in (SAMPLES / "captures").iterdir():
            lines = "".join(f"{line}\n" for line in tshark_lines(capture))
            (bin_ / f"{capture.name}.txt").write_text(lines, encoding="utf-8")
        script(bin_ / "tshark", '#!/bin/sh\ncat "$(dirname "$0")/$(basename "$2").txt"\n')
    return here


def tshark_lines(capture: Path) -> list[str]:
    """What `tshark -T fields` prints of the tokens in a capture: header values, or hex."""
    manifest = tomllib.loads((SAMPLES / "manifest.toml").read_text(encoding="utf-8"))["sample"]
    entry = next(entry for entry in manifest if entry["file"] == f"captures/{capture.name}")
    content = capture.read_bytes()
    headers = [value.decode() for value in re.findall(rb"(?:Negotiate|NTLM) [A-Za-z0-9+/]{16,}={0,2}", content)]
    if headers:
        return [*headers]
    digests = [token["sha256"] for token in entry["token"]]
    found = {
        hashlib.sha256(content[at : at + size]).hexdigest(): content[at : at + size].hex()
        for at in range(len(content) - 4)
        if content[at] in b"\x60\xa1"
        for size in {content[at + 1] + 2, content[at + 2] + 3, int.from_bytes(content[at + 2 : at + 4], "big") + 4}
    }
    return [found[digest] for digest in digests]


def environment(place: Path) -> dict[str, str]:
    """The variables of a plain terminal of 100 columns."""
    return {
        "PATH": f"{place.parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(place),
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "TERM": "xterm",
    }


MARK = "----- end of command"
COLOURS = re.compile(r"\x1b\[[0-9;]*[mK]")


def on_a_terminal(command: list[str], place: Path) -> str:
    """What a terminal of 100 columns gets to see of a command: both outputs, in order, without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=place, env=environment(place)
    )
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:  # how Linux says that the last writer is gone
        pass
    os.close(master)
    process.wait()
    return COLOURS.sub("", seen.decode("utf-8").replace("\r\n", "\n"))


def run_block(block: Any, place: Path) -> list[tuple[int, list[str]]]:
    """Exit code and output of each command of a block, one after another in one shell."""
    lines = ["set -o pipefail"]
    for command in block.commands:
        text = command.text if shutil.which("jq") else JQ.sub("", command.text)
        lines += [text, f"code=$?; echo; echo '{MARK}' $code; (exit $code)"]
    results: list[tuple[int, list[str]]] = []
    output: list[str] = []
    for line in on_a_terminal(["bash", "-c", "\n".join(lines)], place).splitlines():
        if line.startswith(MARK):
            results.append((int(line.removeprefix(MARK)), [text.rstrip() for text in output[:-1]]))
            output = []
        else:
            output.append(line)
    return [(code, said[:-1] if said and not said[-1] else said) for code, said in results]


def programs(command: str) -> set[str]:
    """The programs that a command runs: the first word of it and of each part behind a pipe or operator."""
    words = shlex.split(command, comments=True)
    plain = shlex.shlex(command, posix=True, punctuation_chars=True)
    plain.whitespace_split = True
    tokens, starts, first = list(plain), set(), True
    assert words
    for token in tokens:
        if set(token) <= set("|&;") and token:
            first = True
        elif first:
            starts.add(token)
            first = False
    return starts


def test_the_readme_has_commands_of_every_kind() -> None:
    """The parser finds what a reader sees: a fence that it missed would be a command that nobody runs."""
    assert len(re.findall(r"^```(?:sh|console|pycon)$", TEXT, re.MULTILINE)) == len(BLOCKS)
    assert set(re.findall(r"^```([^\n]+)$", TEXT, re.MULTILINE)) <= {"sh", "console", "pycon", "text"}
    assert all(block.commands for block in SHELL)
    assert len(RUN) >= 20
    assert len(COMPLETION) == 1


@by_line(RUN)
def test_only_known_programs_are_run(block: Any) -> None:
    """So that nothing is run on a developer's machine that the list at the top does not name."""
    for command in block.commands:
        used = programs(command.text)
        assert used <= OURS | STOOD_IN | SHELLS_OWN, command.text


@by_line(RUN)
def test_the_commands_do_what_the_readme_shows(block: Any, place: Path) -> None:
    results = run_block(block, place)
    assert len(results) == len(block.commands)
    if os.environ.get("SECCTX_UPDATE_README") and block.language == "console":
        update(block, [output for _, output in results])
        return
    for command, following, (code, output) in zip(block.commands, [*block.commands[1:], None], results, strict=True):
        shown = [line.rstrip() for line in command.output]
        says_code = "echo $?" in command.text or (following is not None and following.text == "echo $?")
        refused = code == 1 and (REFUSED.search("\n".join(output)) or ".reason." in command.text)
        assert code == 0 or says_code or refused, "\n".join([command.text, *output])
        if JQ.search(command.text) and not shutil.which("jq"):
            assert output, command.text
        elif block.language == "console":
            assert output == shown, command.text
    if any(JQ.search(command.text) for command in block.commands) and not shutil.which("jq"):
        pytest.skip("jq is not installed: what stands before it was run")


def update(block: Any, outputs: list[list[str]]) -> None:
    """Write the output that was seen into the README."""
    lines = [
        line for command, output in zip(block.commands, outputs, strict=True) for line in (f"$ {command.text}", *output)
    ]
    old, new = f"```console\n{block.text}```", "```console\n" + "\n".join(lines) + "\n```"
    now = README.read_text(encoding="utf-8")
    assert now.count(old) == 1
    README.write_text(now.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(("shell", "number"), [("bash", 0), ("zsh", 1), ("fish", 2)])
def test_completion_is_set_up_as_the_readme_says(shell: str, number: int, place: Path) -> None:
    """The line prints a script of that shell; where the shell is installed, it accepts the line without a word."""
    line = COMPLETION[0].commands[number].text
    assert f"_SECCTX_COMPLETE={shell}_source secctx" in line
    made = subprocess.run(
        ["bash", "-c", f"_SECCTX_COMPLETE={shell}_source secctx"],
        capture_output=True, text=True, check=True, cwd=place, env=environment(place),
    )  # fmt: skip
    assert f"_SECCTX_COMPLETE={shell}_complete" in made.stdout
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed: the script was made, not read")
    before = "autoload -U compinit && compinit -u; " if shell == "zsh" else ""
    read = subprocess.run(
        [shell, "-c", before + line], capture_output=True, text=True, check=False, cwd=place, env=environment(place)
    )
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")


def test_completion_completes(place: Path) -> None:
    variables = {
        **environment(place),
        "COMP_WORDS": "secctx de",
        "COMP_CWORD": "1",
        "_SECCTX_COMPLETE": "bash_complete",
    }
    done = subprocess.run(["secctx"], capture_output=True, text=True, check=True, env=variables)
    assert done.stdout == "plain,decode\n"


@by_line([block for block in BLOCKS if block.language == "pycon"])
def test_the_python_session_prints_what_the_readme_shows(block: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    session = doctest.DocTestParser().get_doctest(block.text, {}, "README.md", "README.md", block.line)
    assert session.examples
    report: list[str] = []
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=report.append).failed == 0, "".join(
        report
    )


def test_two_commands_install_each_in_one_line() -> None:
    use, test = readme.install_commands(TEXT).values()
    assert use.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert use.endswith("&& .venv/bin/secctx decode samples/curl-kerberos.log")
    assert test.startswith(".venv/bin/pip install ")
    assert "-e '.[test]'" in test
    assert ".venv/bin/python -m pytest" in test


@pytest.mark.parametrize("which", ["install", "test"])
def test_the_install_commands_are_printed_for_a_shell(which: str) -> None:
    """With the standard library alone: .ci/run prints them before anything is installed."""
    command = [sys.executable, "-S", "-E", str(ROOT / "scripts" / "readme_commands.py"), which]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert printed.stdout == readme.install_commands(TEXT)[which] + "\n"


@pytest.mark.skipif(not os.environ.get("SECCTX_TEST_INSTALL"), reason="SECCTX_TEST_INSTALL is not set")
def test_the_install_commands_work(tmp_path: Path) -> None:
    copy = tmp_path / "secctx"
    left_out = shutil.ignore_patterns(
        ".git", ".venv", ".ci", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
    )
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    variables = {name: value for name, value in os.environ.items() if name != "SECCTX_TEST_INSTALL"}
    for command in readme.install_commands(TEXT).values():
        done = subprocess.run(
            ["sh", "-c", command], cwd=copy, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "AP-REQ" in done.stdout or " passed" in done.stdout


def lines_of(svg: str) -> list[str]:
    """The text of a picture, line by line, without its spaces: rich versions differ in how they cut a line up."""
    pieces: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="secctx-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        pieces.setdefault(float(y), []).append((float(x), unescape(text)))
    lines = ("".join(text for _, text in sorted(line)) for _, line in sorted(pieces.items()))
    return [squeezed for line in lines if (squeezed := "".join(line.split()))]


@pytest.fixture
def picture() -> ModuleType:
    return load("picture")


def test_the_picture_shows_what_secctx_prints_now(picture: ModuleType) -> None:
    shown = lines_of((ROOT / "docs" / "decode.svg").read_text(encoding="utf-8"))
    assert shown == lines_of(picture.picture())
    assert shown[0] == "$secctxdecodesamples/curl-clock-skew.log"
    assert "├──error-codeKRB_AP_ERR_SKEW(37)" in shown


def test_the_picture_is_in_the_readme_loads_nothing_and_is_the_same_every_time(picture: ModuleType) -> None:
    svg = (ROOT / "docs" / "decode.svg").read_text(encoding="utf-8")
    assert "](docs/decode.svg)" in TEXT
    assert re.findall(r"https?://[^\"' )]+", svg) == ["http://www.w3.org/2000/svg"]
    assert picture.picture() == picture.picture()


def test_the_table_of_codes_is_the_one_made_from_the_rules() -> None:
    codes = runpy.run_path(str(ROOT / "scripts" / "readme_codes.py"))
    assert codes["written"](TEXT) == TEXT
    assert len(re.findall(r"^\| [A-Z]{3}\d{3} \|", TEXT, re.MULTILINE)) > 80


def test_every_file_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_exit_codes_are_those_of_the_contract() -> None:
    """README and docs/cli.md state the same codes."""
    contract = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    table = re.compile(r"^\| (\d+) \|", re.MULTILINE)
    assert table.findall(TEXT) == table.findall(contract)


def test_the_headers_of_curl_and_of_the_capture_are_one_logon() -> None:
    """The stand-in for tshark prints what tshark would."""
    log = (SAMPLES / "curl-kerberos.log").read_text(encoding="utf-8")
    lines = tshark_lines(SAMPLES / "captures" / "http-kerberos.pcap")
    assert lines == re.findall(r"Negotiate [A-Za-z0-9+/=]{20,}", log)
    assert all(b64decode(line.split()[1]) for line in lines)
