"""Tokens of many elements, printed as the commands print them."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Final

from .worst import Family, fill
from .worst_tokens import ap_req, authenticate, challenge, neg_token_init, nested


def print_tree(data: bytes, *options: str) -> int:
    """The tree of a token, as `decode` prints it into a file."""
    from secctx.cli.main import secctx

    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        path = Path(folder, "token")
        path.write_bytes(data)
        limits = ["--max-token", str(len(data)), "--max-input", str(len(data))]
        secctx.main(["decode", "--from", "raw", "--spans", *limits, *options, str(path)], standalone_mode=False)
    return len(out.getvalue())


def print_summary(data: bytes) -> str:
    """The line of `--format summary`."""
    from secctx.cli.summary import summarise
    from secctx.decoders import decode

    return summarise(decode(data))


def get_last(data: bytes) -> str:
    """`--get` of the last element."""
    from secctx.cli import paths
    from secctx.decoders import decode
    from secctx.decoders.values import find

    decoded = decode(data)
    holder = decoded.root.children[0]
    node = find(decoded.root, f"{holder.name}[{len(holder.children) - 1}]")
    return "" if node is None else paths.as_text(node, data)


def _oids(size: int) -> bytes:
    return neg_token_init(fill(b"\x06\x01\x2a", size))


def _last_wrong(size: int) -> bytes:
    return neg_token_init(fill(b"\x06\x01\x2a", size) + b"\x05\0")


def _names(size: int) -> bytes:
    return ap_req(b"R", fill(b"\x1b\x01a", size))


def _full(data: bytes) -> int:
    return print_tree(data, "--full")


FAMILIES: Final = [
    Family("--full tree: many OIDs", _oids, _full),
    Family("--full tree: many OIDs, the last one wrong", _last_wrong, _full),
    Family(
        "--full tree: many fields nobody knows", lambda n: neg_token_init(b"\x06\x01\x2a", fill(b"\xa9\0", n)), _full
    ),
    Family("--full tree: many name-strings", _names, _full),
    Family("--full tree: NTLM, many AV pairs", lambda size: challenge(fill(b"\7\0\0\0", size)), _full, 1 << 16),
    Family("--full tree: NTLM, six overlapping fields", lambda size: authenticate(b"A" * size), _full),
    Family("--full tree: one long value", lambda size: ap_req(b"R" * size, b""), _full),
    Family("--full tree: nested NegTokenInit", lambda size: nested(size, 0xA0, 0x30, 0xA2, 4), _full),
    Family("tree: many OIDs", _oids, print_tree),
    Family("tree: many OIDs, the last one wrong", _last_wrong, print_tree),
    Family("tree: many name-strings", _names, print_tree),
    Family("tree: NTLM, many AV pairs", lambda size: challenge(fill(b"\7\0\0\0", size)), print_tree, 1 << 16),
    Family("tree: one long value", lambda size: ap_req(b"R" * size, b""), print_tree),
    Family("summary: many OIDs", _oids, print_summary),
    Family("summary: many name-strings", _names, print_summary),
    Family("--get the last of many OIDs", _oids, get_last),
]
