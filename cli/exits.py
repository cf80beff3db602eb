"""Exit codes: a promise to scripts (docs/cli.md, "Exit codes")."""

from typing import Final

OK: Final = 0
NO: Final = 1
USAGE: Final = 2
BAD_INPUT: Final = 3
NO_FILE: Final = 4
INTERRUPTED: Final = 130
