"""`secctx accept` as the server of a handshake: each leg a process of its own, with files alone between them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from builders.cli import run

from secctx.keys.kerberos_session import KerberosSession

CONTINUE = "SEC_I_CONTINUE_NEEDED"


class Server:
    """One context; `options` are those of every leg."""

    def __init__(self, folder: Path, *options: str | Path) -> None:
        self.folder = folder
        self.options = options
        self.legs = 0
        self.document: dict[str, Any] = {"status": {"name": CONTINUE}}

    def step(self, token: bytes) -> bytes:
        """One leg; the token for the client, empty where there is none."""
        incoming, outgoing, context = (self.folder / name for name in ("in.bin", "out.bin", "context"))
        incoming.write_bytes(token)
        outgoing.unlink(missing_ok=True)
        kept = ("--context", context) if self.legs else ("--new-context", context)
        self.legs += 1
        done = run("accept", "--json", *self.options, *kept, "--keep-context", "-w", outgoing, incoming)
        assert done.out, done.err
        self.document = json.loads(done.out)
        assert done.code == (0 if self.document["status"]["value"] < 0x80000000 else 1), done.err
        output = outgoing.read_bytes() if outgoing.exists() else b""
        shown = self.leg["output"]
        assert output == (base64.b64decode(shown["base64"]) if shown else b"")
        return output

    @property
    def status(self) -> str:
        """The status of the last leg."""
        return str(self.document["status"]["name"])

    @property
    def leg(self) -> dict[str, Any]:
        """The last leg of the document."""
        found: dict[str, Any] = self.document["legs"][-1]
        return found

    @property
    def reason(self) -> dict[str, Any]:
        """Why the last leg was refused."""
        found: dict[str, Any] = self.leg["reason"]
        return found

    @property
    def returned(self) -> set[str]:
        """The ASC_RET attributes of the last leg, without the prefix."""
        return {name.removeprefix("ASC_RET_") for name in self.leg["attributes"]["returned"]}

    def session(self) -> KerberosSession:
        """The session in the context file."""
        return KerberosSession.restore(json.loads((self.folder / "context").read_text())["kerberos"]["session"])


def accept_once(*arguments: str | Path) -> dict[str, Any]:
    """The first leg of `secctx accept` without a context."""
    done = run("accept", "--json", *arguments)
    assert done.out, done.err
    leg: dict[str, Any] = json.loads(done.out)["legs"][0]
    return leg
