"""One leg of an acceptor in a fresh process, against pyspnego's server in a fresh process."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from .children import secctx_start
from .ratios import Ratio, print_ratios
from .samples import FOLDER
from .settings import Settings
from .whole import compare

AT_MOST: Final = 0.80

#: A client's first leg, in base64: the file, its first line, and the protocol that pyspnego's server is asked for.
LEGS: Final = {"raw NTLM": ("ntlm-negotiate.txt", "ntlm"), "SPNEGO": ("spnego-ntlm.b64", "negotiate")}

_THEIRS: Final = """
import base64, json, os, sys
import spnego
os.environ["NTLM_USER_FILE"] = sys.argv[2]
options = spnego.NegotiateOptions.use_ntlm if sys.argv[3] == "ntlm" else spnego.NegotiateOptions.use_negotiate
server = spnego.server(protocol=sys.argv[3], options=options)
with open(sys.argv[1], "rb") as file:
    token = server.step(file.read())
print(json.dumps({"output": base64.b64encode(token).decode(), "complete": server.complete}))
"""


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    with tempfile.TemporaryDirectory() as folder:
        ratios = [ratio for case in LEGS for ratio in _measure(case, Path(folder), settings.rounds)]
    return print_ratios("one leg, whole process: secctx accept --json / pyspnego's server, less is better", ratios)


def _measure(case: str, folder: Path, rounds: int) -> list[Ratio]:
    from secctx.carriers.text import read_tokens

    name, protocol = LEGS[case]
    token, users = folder / f"{protocol}.bin", folder / "users.txt"
    token.write_bytes(read_tokens((FOLDER / name).read_bytes(), name)[0].data)
    users.write_text("LAB:alice:Alice-Passw0rd1\n")
    users.chmod(0o600)
    ours = [*secctx_start(), "accept", "--json", "--users", str(users), str(token)]
    theirs = [sys.executable, "-c", _THEIRS, str(token), str(users), protocol]
    return compare(case, ours, theirs, AT_MOST, rounds)
