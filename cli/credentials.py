"""Keys and passwords: from files, a prompt or the environment, never from the command line."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import exits
from .errors import Refusal, complain

if TYPE_CHECKING:
    from secctx.keys.bindings import ChannelBindings
    from secctx.keys.users import Users

MAX_SECRET_FILE = 16 << 20


def read_secret_file(path: str) -> bytes:
    """The bytes of a file that holds secrets; a warning where others can read it."""
    try:
        with open(path, "rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & stat.S_IROTH and not path.startswith("/dev/"):
                complain(f"note: {path} can be read by every user of this machine: chmod 600 {path}")
            data = file.read(MAX_SECRET_FILE + 1)
    except OSError as error:
        raise Refusal(f"{path}: cannot be read: {error.strerror}", exits.NO_FILE) from None
    if len(data) > MAX_SECRET_FILE:
        raise Refusal(f"{path}: larger than {MAX_SECRET_FILE} bytes", exits.NO_FILE)
    return data


def gather_users(
    users_file: str | None,
    user: str | None,
    password_file: str | None,
    nt_hash_file: str | None,
    marked: bool,
    principal: str | None = None,
) -> tuple[Users | None, str]:
    """The users to verify against (None where none are given), and a mark by which a context knows them again.

    The mark costs a few milliseconds by design; it is empty where no context is kept.
    """
    from secctx.keys.users import Users, UsersError, parse_users

    try:
        if user is not None:
            check_text(user, "--user")
            password, nt_hash = secret_of(user, password_file, nt_hash_file)
            found = Users.single(user, password=password, nt_hash=nt_hash or "")
            return found, mark_of(marked, b"user", user.encode(), (password or nt_hash or "").encode())
        if (password_file and not principal) or nt_hash_file:
            raise Refusal("a password or hash is given and no user", exits.USAGE, ["say whose it is: --user NAME"])
        path = users_file or os.environ.get("NTLM_USER_FILE")
        if path is None:
            return None, mark_of(marked, b"none")
        data = read_secret_file(path)
        return parse_users(data), mark_of(marked, b"users", data)
    except UsersError as error:
        raise Refusal(f"{users_file or user or 'NTLM_USER_FILE'}: {error}", exits.NO_FILE) from None


def secret_of(user: str, password_file: str | None, nt_hash_file: str | None) -> tuple[str | None, str | None]:
    """The password of a user, or the NT hash: from a file, the environment or a prompt."""
    if nt_hash_file is not None:
        return None, read_secret_file(nt_hash_file).decode("ascii", "replace").strip()
    if password_file is not None:
        return _first_line(read_secret_file(password_file), password_file), None
    given = os.environ.get("SECCTX_PASSWORD")
    if given is not None:
        check_text(given, "SECCTX_PASSWORD")
        return given, None
    if sys.stdin is None or not sys.stdin.isatty():
        raise Refusal(
            f"no password for {user}: there is no terminal to ask on",
            exits.USAGE,
            ["give --password-file FILE, --nt-hash-file FILE, or SECCTX_PASSWORD in the environment"],
        )
    import getpass

    typed = getpass.getpass(f"Password for {user}: ")
    check_text(typed, "the password typed")
    return typed, None


def check_text(text: str, what: str) -> None:
    """Refuse what is no Unicode text, without a word of what it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal(f"{what} is not UTF-8 text", exits.USAGE) from None


def _first_line(data: bytes, path: str) -> str:
    try:
        return data.decode().split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise Refusal(f"{path}: the password is not UTF-8", exits.NO_FILE) from None


def mark_of(marked: bool, *parts: bytes) -> str:
    """A digest of what the credentials are: tells them apart, and is only ever written into a context file."""
    if not marked:
        return ""
    import hashlib

    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return hashlib.scrypt(digest.digest(), salt=b"secctx.context/1", n=1 << 12, r=8, p=1, dklen=16).hex()


def gather_bindings(specs: Sequence[str]) -> tuple[ChannelBindings | None, list[ChannelBindings]]:
    """The channel bindings of `--bindings`, None where none are given; and what its certificate would give otherwise.

    The latter are those of other digests than the certificate's own.
    """
    if not specs:
        return None, []
    from secctx.keys.bindings import BindingsError, bindings_file, other_end_points, parse_bindings

    found, other = None, []
    for spec in specs:
        if found is not None:
            raise Refusal("--bindings is given twice; a call has one channel", exits.USAGE)
        try:
            path = bindings_file(spec)
            content = None if path is None else _contents(path)
            found = parse_bindings(spec, content)
            other = other_end_points(content) if content is not None and found.kind == "cert" else []
        except BindingsError as error:
            raise Refusal(f"--bindings: {error}", exits.USAGE) from None
    return found, other


def _contents(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_SECRET_FILE)
    except OSError as error:
        raise Refusal(f"{path}: cannot be read: {error.strerror}", exits.NO_FILE) from None
