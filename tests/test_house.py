"""The plan of the code, held to: who imports whom, what is imported when, what the repository holds."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Room: the rooms and libraries that it may import (docs/architecture.md).
MAY_IMPORT = {
    "carriers": {"decoders"},
    "decoders": {"asn1crypto"},
    "keys": {"decoders", "cryptography"},
    "acceptor": {"decoders", "keys"},
    "rules": {"decoders", "keys", "acceptor"},
    "redaction": {"decoders"},
    "cli": {"carriers", "decoders", "keys", "acceptor", "rules", "redaction", "click", "rich"},
}
#: The modules that alone may import pyspnego: the platform's own acceptor and the client's side.
SPNEGO_MODULES = {"acceptor/platform.py", "acceptor/initiator.py"}
MODULES = [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The rooms and foreign libraries that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    rooms = {
        name.removeprefix("secctx.").split(".")[0] if name.startswith("secctx") else name.split(".")[0]
        for name in names
    }
    return rooms - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_the_plan_allows(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    room = name.split("/")[0]
    assert imported(path) <= MAY_IMPORT[room] | {room} | ({"spnego"} if name in SPNEGO_MODULES else set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_below_the_command_line_touches_no_file_clock_or_environment(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    if room != "cli":
        assert not used & {"open", "print", "input"}
        assert not modules & {"os", "sys", "time", "random", "secrets", "logging", "pathlib"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_is_one_idea_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it is"
    assert "/tables/" in path.as_posix() or len(text.splitlines()) <= 330


def test_the_package_list_names_every_package() -> None:
    found = {
        ".".join(("secctx", *init.parent.relative_to(ROOT).parts))
        for room in MAY_IMPORT
        for init in (ROOT / room).rglob("__init__.py")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found == set(project["tool"]["setuptools"]["packages"])


def test_no_table_names_a_number_twice() -> None:
    """Python keeps the last of two equal keys in silence."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                keys = [ast.dump(key) for key in node.keys if key is not None]
                assert len(keys) == len(set(keys)), f"{path.name}, line {node.lineno}"


PRELOADED = """import sys, types, importlib.util
if importlib.util.find_spec("secctx") is None:
    module = types.ModuleType("secctx")
    module.__path__ = [%r]
    sys.modules["secctx"] = module
"""


def loaded_by(code: str) -> set[str]:
    """The modules in memory after running `code` in a fresh interpreter."""
    script = PRELOADED % str(ROOT) + code + "\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


def run_code(*arguments: str) -> str:
    return f"""
from secctx.cli.main import secctx
secctx.main({list(arguments)!r}, standalone_mode=False)
"""


def test_help_imports_no_command() -> None:
    loaded = loaded_by("from secctx.cli.main import secctx, click\nsecctx.get_help(click.Context(secctx))")
    assert "secctx.cli.main" in loaded
    assert "secctx.cli.decode" not in loaded


def test_json_of_an_ntlm_token_imports_neither_rich_nor_asn1crypto_nor_cryptography() -> None:
    loaded = loaded_by(run_code("decode", "--json", "TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=="))
    assert "secctx.decoders.ntlm" in loaded
    assert not {"rich", "asn1crypto", "cryptography", "spnego"} & loaded


def test_json_of_a_der_token_imports_asn1crypto_and_nothing_else_foreign() -> None:
    loaded = loaded_by(run_code("decode", "--json", "a1073005a0030a0102"))
    assert "asn1crypto" in loaded
    assert not {"rich", "cryptography", "spnego", "asn1crypto.x509", "asn1crypto.algos"} & loaded


def test_no_file_speaks_of_the_place_it_was_made_in() -> None:
    words = re.compile(r"/work/|\bfarm-|\bpypi-more|/root/|/tmp/w/")
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".json", ".txt"} and path != Path(__file__) and path.exists():
            found = words.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{name}: {found and found.group()}"
