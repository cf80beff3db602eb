"""The options of `accept` as the values that the acceptor takes: request, server, randomness."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from secctx.acceptor import flags as asc
from secctx.acceptor.values import Credentials, Replays, Request, Server

from . import exits
from .credentials import gather_users, mark_of
from .errors import Refusal, complain

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings


def make_request(options: Mapping[str, Any], bindings: ChannelBindings | None = None) -> Request:
    """What the caller asks of each leg, on a channel with these bindings."""
    try:
        flags = asc.parse_requirements(options["req"])
    except asc.UnknownFlag as error:
        hints = [f"near: {', '.join(error.near)}"] if error.near else []
        raise Refusal(f"--req: {error}", exits.USAGE, hints) from None
    for name in asc.req_names(flags & asc.WITHOUT_EFFECT):
        complain(f"note: {name}: {asc.effect(name)}")
    return Request(
        options["package"],
        flags,
        bindings,
        options["max_output"],
        options["defer_completion"],
        options["enforce"],
        options["simulate"],
        options["skew"],
        options["order"] == "mit",
    )


def make_credentials(options: Mapping[str, Any]) -> Credentials:
    """Users for NTLM and keys for Kerberos, and the mark by which a context knows them again."""
    kept = bool(options["context_path"] or options["new_path"])
    users, mark = gather_users(
        options["users_file"],
        options["user"],
        options["password_file"],
        options["nt_hash_file"],
        kept,
        options["principal"],
    )
    keys = None
    if _wants_keys(options):
        from .kerberos_keys import gather_keys

        keys, seen = gather_keys(options)
        mark = mark_of(kept, mark.encode(), *seen)
    return Credentials(options["credential_use"], users, mark, keys)


def _wants_keys(options: Mapping[str, Any]) -> bool:
    given = any(options[name] for name in ("keytabs", "key_files", "principal", "ccache"))
    return given or bool(os.environ.get("KRB5_KTNAME"))


def make_replays(path: str | None) -> Replays | None:
    """The replay cache in a file; None where there is none."""
    if path is None:
        return None
    from .replay_file import ReplayFile

    return ReplayFile(path)


def make_server(options: Mapping[str, Any]) -> Server:
    """The names and the policy of the server that the command plays."""
    dns = options["server_dns"] or ""
    name = options["server_name"] or dns.partition(".")[0] or "SERVER"
    challenge = None
    if options["server_challenge"] is not None:
        text = options["server_challenge"].removeprefix("0x")
        if not re.fullmatch(r"[0-9A-Fa-f]{16}", text):
            raise Refusal("--server-challenge: 8 bytes are wanted, as 16 hex digits", exits.USAGE)
        challenge = bytes.fromhex(text)
    domain = options["server_domain"] or ""
    return Server(name, domain, dns, dns.partition(".")[2] if domain else "", options["lm_level"], challenge)


def make_random(seed: str | None) -> Callable[[int], bytes]:
    """Randomness of the system's, or with a seed the same at every call: for tests only."""
    if seed is None:
        return os.urandom
    import hashlib

    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{count}:{seed}".encode()).digest(size)

    return draw
