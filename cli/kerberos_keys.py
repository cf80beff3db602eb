"""Kerberos keys from the command line's files: keytabs, single keys, passwords, a credential cache's TGT."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from . import exits
from .credentials import check_text, read_secret_file, secret_of
from .errors import Refusal, complain

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing

#: What is said behind a keytab that cannot be used.
_PAGE: Final = "KRB023: secctx explain KRB023"
#: A name that is none is repeated so far.
_LONG_NAME: Final = 40


def gather_keys(options: Mapping[str, Any], *, sessions: bool = False) -> tuple[KeyRing | None, list[bytes]]:
    """The keys that the options name (None where they name none), and the bytes that tell them from others.

    With `sessions` a credential cache gives the session keys of all its tickets, else the TGT for user-to-user.
    """
    from secctx.keys.keyring import KeyRing

    ring = KeyRing()
    seen: list[bytes] = []
    for path, asked in keytab_files(options["keytabs"]):
        _add_keytab(ring, path, seen, asked=asked)
    for spec in options["key_files"]:
        _add_key(ring, spec, seen)
    if options["principal"] is not None:
        _add_password(ring, options, seen)
    if options["ccache"] is not None and sessions:
        from .ccache_keys import add_session_keys

        seen.append(add_session_keys(ring, options["ccache"]))
    elif options["ccache"] is not None:
        _add_tgt(ring, options["ccache"], seen)
    return (ring if ring or ring.tgt or ring.found.tickets else None), seen


def keytab_files(given: Sequence[str]) -> list[tuple[str, bool]]:
    """The keytabs to read, each with whether it was asked for: KRB5_KTNAME counts where none is given."""
    if given:
        return [(path, True) for path in given]
    default = os.environ.get("KRB5_KTNAME")
    if not default:
        return []
    kind, colon, rest = default.partition(":")
    if colon and kind.isalpha() and len(kind) > 1:
        if kind.upper() in ("FILE", "WRFILE"):
            return [(rest, False)]
        complain(f"note: KRB5_KTNAME: a keytab of type {kind} cannot be read: it is not used")
        return []
    return [(default, False)]


def _add_keytab(ring: KeyRing, path: str, seen: list[bytes], *, asked: bool) -> None:
    from secctx.keys.keytab import KeytabError, read_keytab

    try:
        data = read_secret_file(path)
    except Refusal as refusal:
        if asked:
            raise Refusal(f"keytab {refusal.message}", refusal.code, [*refusal.hints, _PAGE]) from None
        complain(f"note: KRB5_KTNAME: keytab {refusal.message}: it is not used")
        return
    try:
        keytab = read_keytab(data)
    except KeytabError:
        # Not a byte of it is shown: it may be a file of passwords.
        hint = "one begins with the bytes 05 02 (or 05 01)"
        raise Refusal(f"{path}: no keytab: it begins otherwise", exits.NO_FILE, [hint, _PAGE]) from None
    if keytab.problem is not None:
        complain(f"note: {path}: {keytab.problem}; the {len(keytab.entries)} entries before it are used", [_PAGE])
    elif not keytab.entries:
        complain(f"note: {path}: the keytab is empty: it has no key", [_PAGE])
    ring.add_keytab(keytab, path)
    seen.append(data)


def _add_key(ring: KeyRing, spec: str, seen: list[bytes]) -> None:
    """`--key ETYPE:FILE`, the key as hex digits in the file."""
    from secctx.keys.enctype import KerberosCryptoError
    from secctx.keys.kerberos_key import Key
    from secctx.keys.keyring import RingKey

    name, colon, path = spec.partition(":")
    if not colon or not path:
        raise Refusal("--key: ETYPE:FILE is wanted", exits.USAGE, ["for example --key aes256-cts-hmac-sha1-96:key.hex"])
    etype = etype_of(name)
    text = re.sub(r"[ :\n]", "", read_secret_file(path).decode("ascii", "replace").strip().removeprefix("0x"))
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", text):
        raise Refusal(f"{path}: hex digits are wanted, and nothing else", exits.NO_FILE)
    key = Key(etype, bytes.fromhex(text))
    try:
        key.enctype.checked(key.value)
    except KerberosCryptoError as error:
        raise Refusal(f"{path}: {error}", exits.NO_FILE) from None
    ring.keys.append(RingKey(key, path))
    seen.append(b"key %d " % etype + key.value)


def etype_of(name: str) -> int:
    """The number of an encryption type given by number or name, whole or by its beginning where one alone fits."""
    from secctx.decoders.tables.kerberos import ENCTYPES
    from secctx.keys.enctypes import ENCTYPES as USABLE

    if re.fullmatch(r"-?[0-9]{1,10}", name):
        return int(name)
    if re.fullmatch(r"0x[0-9A-Fa-f]{1,8}", name):
        return int(name, 16)
    wanted = {"rc4": "rc4-hmac", "arcfour-hmac": "rc4-hmac", "aes128-cts": "aes128-cts-hmac-sha1-96"}.get(name, name)
    wanted = {"aes256-cts": "aes256-cts-hmac-sha1-96", "des3": "des3-cbc-sha1-kd"}.get(wanted, wanted)
    found = [number for number, known in ENCTYPES.items() if known == wanted.lower()]
    found = found or [number for number in USABLE if ENCTYPES[number].startswith(wanted.lower())]
    if len(found) > 1:
        names = " and ".join(ENCTYPES[number] for number in found)
        raise Refusal(f"--key: {name} fits {names}", exits.USAGE, ["give the whole name, or the number"])
    if not found:
        names = ", ".join(ENCTYPES[number] for number in USABLE)
        called = name if len(name) <= _LONG_NAME else f"{name[:_LONG_NAME]}…"
        raise Refusal(f"--key: no encryption type is called {called}", exits.USAGE, [f"they are: {names}"])
    return found[0]


def _add_password(ring: KeyRing, options: Mapping[str, Any], seen: list[bytes]) -> None:
    """`--principal NAME@REALM`: its password from where passwords come from, with the salts of a KDC and of AD."""
    from secctx.keys.keyring import Account
    from secctx.keys.password_keys import PasswordKeys, computer_salt, default_salt, user_salt

    name, at, realm = options["principal"].rpartition("@")
    if not at or not name or not realm:
        raise Refusal("--principal: NAME@REALM is wanted", exits.USAGE)
    check_text(options["principal"], "--principal")
    check_text(options["salt"] or "", "--salt")
    components = tuple(name.split("/"))
    password, _ = secret_of(options["principal"], options["password_file"], None)
    assert password is not None
    salts = [options["salt"].encode()] if options["salt"] is not None else []
    if not salts:
        account = components[-1] if len(components) == 1 else components[0]
        salts = [default_salt(realm, components), user_salt(realm, account)]
        if account.endswith("$"):
            salts.append(computer_salt(realm, account))
    passwords = tuple(PasswordKeys(password, salt, options["iterations"]) for salt in dict.fromkeys(salts))
    ring.accounts.append(Account(realm, components, passwords, f"the password of {options['principal']}"))
    seen.append(options["principal"].encode() + b"\0" + password.encode())


def _add_tgt(ring: KeyRing, path: str, seen: list[bytes]) -> None:
    """The TGT of a credential cache or a .kirbi: what user-to-user tickets are opened with."""
    from secctx.decoders import decode

    from .ccache_keys import credentials_of

    data = read_secret_file(path)
    for credential in credentials_of(data, path):
        server = credential.server
        if server is not None and server.components[:1] == ("krbtgt",) and credential.key and credential.ticket:
            decoded = decode(credential.ticket.data)
            if decoded.message != "Ticket" or decoded.error is not None:
                continue
            ring.tgt, ring.tgt_key = credential.ticket.data, credential.key
            seen.append(data)
            return
    complain(f"note: {path}: no ticket-granting ticket in it")
