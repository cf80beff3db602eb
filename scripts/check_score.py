"""Hold the lab's last line to what is owed: `check_score.py "verdict 20/22, decode 78/78" verdict=0.9 decode=1`."""

import re
import sys


def main(line: str, *owed: str) -> int:
    figures = {name.strip(): (int(right), int(of)) for name, right, of in re.findall(r"([a-z ]+) (\d+)/(\d+)", line)}
    short = []
    for name, share in (demand.split("=") for demand in owed):
        right, of = figures.get(name, (0, 0))
        if of == 0 or right < float(share) * of:
            short.append(f"{name} {right}/{of}, owed {share}")
    if short:
        print(f"the lab's score falls short: {'; '.join(short)}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
