"""The README's table of codes, made from the rules; with `--write` it is put there.

tests/test_readme.py holds the README to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from secctx.rules.index import all_rules

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- codes: made by scripts/readme_codes.py -->\n", "<!-- end of codes -->\n"


def table() -> str:
    """One line a code: its severity where the evidence says nothing else, and the cause."""
    rows = ["| code | severity | cause |", "|---|---|---|"]
    rows += [f"| {rule.code} | {rule.severity} | {rule.summary} |" for rule in all_rules()]
    return "\n".join(rows) + "\n"


def written(text: str) -> str:
    """The README with the table as the rules have it."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit("README.md: the marks of the table of codes are not there")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(table(), end="")
