"""Hold the lab's last line to what the commands that exist owe: `python scripts/check_score.py "verdict 3/98, …"`."""

import re
import sys

#: A figure and the least share of it that must be right. What is owed by commands to come is not listed.
OWED = {"no crash": 1.0, "decode": 1.0}


def main(line: str) -> int:
    figures = {name.strip(): (int(right), int(of)) for name, right, of in re.findall(r"([a-z ]+) (\d+)/(\d+)", line)}
    short = [name for name, share in OWED.items() if name not in figures or figures[name][0] < share * figures[name][1]]
    if short:
        print(f"the lab's score falls short in: {', '.join(short)}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
