"""The commands of README.md, for those who run them: tests/test_readme.py, and .ci/run in a fresh checkout.

Print the command that installs and decodes a sample, or the one that installs and passes the tests, for a shell:
    eval "$(python3 scripts/readme_commands.py install)"
    eval "$(python3 scripts/readme_commands.py test)"
Nothing but the standard library is needed: at that moment nothing else is there.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
FENCE = re.compile(r"^```(sh|console|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ "


@dataclass
class Command:
    """One command, and the lines that the README shows as its output (none in a block without prompts)."""

    text: str
    output: list[str] = field(default_factory=list)


@dataclass
class Block:
    """One fenced block: its language, the line of the README it begins in, its text and its commands."""

    language: str
    line: int
    text: str
    commands: list[Command]

    @property
    def installs(self) -> bool:
        return any("pip install" in command.text for command in self.commands)


def blocks(readme: str) -> list[Block]:
    """The blocks of shell commands and Python sessions, in order."""
    found = []
    for match in FENCE.finditer(readme):
        language, text = match[1], match[2]
        commands = _plain(text) if language == "sh" else _prompted(text) if language == "console" else []
        found.append(Block(language, readme.count("\n", 0, match.start()) + 1, text, commands))
    return found


def _plain(text: str) -> list[Command]:
    """A command a line; comments and empty lines are none."""
    lines = [re.sub(r"(^|\s+)# .*", "", line).strip() for line in text.replace("\\\n", " ").splitlines()]
    return [Command(line) for line in lines if line]


def _prompted(text: str) -> list[Command]:
    """A command behind each prompt, and its output up to the next."""
    commands: list[Command] = []
    for line in text.splitlines():
        if line.startswith(PROMPT):
            commands.append(Command(line.removeprefix(PROMPT)))
        else:
            commands[-1].output.append(line)
    return commands


def install_commands(readme: str) -> dict[str, str]:
    """The two commands that install, as the README has them: for use, and for the tests."""
    install, test = (command.text for block in blocks(readme) if block.installs for command in block.commands)
    return {"install": install, "test": test}


if __name__ == "__main__":
    print(install_commands(README.read_text(encoding="utf-8"))[sys.argv[1]])
