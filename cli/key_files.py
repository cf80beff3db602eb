"""Files that hold keys and tickets among the inputs of `decode`: keytabs, credential caches and .kirbi files.

They are known by their first bytes. They are listed instead of being taken apart field by field.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from secctx.carriers.token import Token
from secctx.decoders.recognise import recognise

from . import exits
from .errors import Refusal, complain
from .files import write_whole
from .inputs import where

if TYPE_CHECKING:
    from secctx.keys.ccache import Ccache
    from secctx.keys.keytab import Keytab
    from secctx.keys.kirbi import Kirbi

    from .redaction import Redaction


@dataclass(slots=True)
class KeyFile(Token):
    """An input that is such a file, and what it holds; with stand-ins for names where there is a `redaction`."""

    contents: Keytab | Ccache | Kirbi | None = None
    redaction: Redaction | None = None


def taken_as(token: Token, redaction: Redaction | None, *, fields: bool) -> Token:
    """The input as a `KeyFile` where it is one, else the token as it is.

    A .kirbi is also a token, and stays one where `fields` of it are asked for.
    """
    contents = None if token.source.carrier is not None else read_key_file(token.data, kirbi=not fields)
    if contents is not None:
        source, notes = token.source, token.notes
        if redaction is not None:
            from .redaction import NOTE

            source, notes = redaction.source(source), (NOTE, *map(redaction.text, notes))
        return KeyFile(token.data, source, notes, contents, redaction)
    return token


def read_key_file(data: bytes, *, kirbi: bool = True) -> Keytab | Ccache | Kirbi | None:
    """What a file with keys or tickets holds; None where the bytes are none."""
    if kirbi and data[:1] == b"\x76":
        from secctx.keys.kirbi import read_kirbi

        return read_kirbi(data)
    if len(data) < 2 or data[0] != 5 or data[1] not in (1, 2, 3, 4):
        return None
    token = recognise(data) is not None
    if data[1] > 2:
        from secctx.keys.ccache import read_ccache

        # A Wrap token cut to three bytes or fewer begins likewise.
        return read_ccache(data) if len(data) > 3 and not token else None
    return _of_old_version(data, token)


def _of_old_version(data: bytes, token: bool) -> Keytab | Ccache | None:
    """A keytab or a credential cache of version 1 or 2: whichever can be read, a keytab where neither can.

    Where the bytes may also begin a `token` (a TOK_ID and a message), the file must be whole.
    """
    from secctx.keys.ccache import read_ccache
    from secctx.keys.keytab import read_keytab

    keytab = read_keytab(data)
    if keytab.problem is None:
        return keytab
    cache = read_ccache(data)
    if cache.problem is None:
        return cache
    if token:
        return None
    return cache if cache.client is not None and not keytab.entries else keytab


def show_key_file(
    file: KeyFile,
    *,
    as_json: bool,
    layout: str,
    spans: bool,
    path: str | None,
    target: str | None,
    secrets: bool,
    quiet: bool,
    color: str,
    many: bool,
    several: set[str],
    apart: bool,
) -> int:
    """Show one file by the options of `decode`; its exit code. `apart`: an empty line goes before it."""
    from .key_summary import describe, summarise

    name = where(file.source, file.source.name in several)
    document = _document(file, spans, secrets)
    error = document["error"]
    code = exits.OK if error is None else exits.BAD_INPUT
    if path is not None:
        code = max(code, _value(document, path, target, name))
    elif target is not None:
        if file.redaction is not None:
            raise Refusal(f"{name}: -w writes a file with keys as it is, not with stand-ins", exits.USAGE)
        write_whole(target, file.data, private=True)
    if as_json and path is None:
        print(json.dumps(document, separators=(",", ":")))
    elif path is None and not quiet and target != "-":
        if layout == "summary":
            from .plain import plain

            print((f"{plain(name)}: " if many else "") + plain(summarise(document)))
        else:
            from .key_listing import print_listing
            from .report import arrived, make_console

            if apart:
                print("")
            print_listing(make_console(color), document, arrived(file.source), name if many else None)
    if error is not None:
        sys.stdout.flush()
        complain(f"{name}: {describe(document)}", as_shown=True)
    return code


def _document(file: KeyFile, spans: bool, secrets: bool) -> dict[str, Any]:
    import hashlib  # 2 ms that tokens do without

    from secctx.keys.ccache import Ccache
    from secctx.keys.keytab import Keytab

    from .document import source_value
    from .key_documents import Shape, ccache_document, keytab_document, kirbi_document
    from .key_summary import summarise

    redaction = file.redaction
    shape = Shape(secrets, spans, None if redaction is None else redaction.redactor.names)
    contents = file.contents
    if isinstance(contents, Keytab):
        document = keytab_document(contents, shape)
    elif isinstance(contents, Ccache):
        document = ccache_document(contents, shape)
    else:
        assert contents is not None
        document = kirbi_document(contents, shape)
    notes = {"notes": list(file.notes)} if file.notes else {}
    return {
        "schema": document["schema"],
        "source": source_value(file.source) | notes,
        "size": len(file.data),
        "sha256": hashlib.sha256(file.data).hexdigest() if redaction is None else None,
        "summary": summarise(document),
        **document,
    }


def _value(document: dict[str, Any], path: str, target: str | None, name: str) -> int:
    """Print the value at a path of the document, or write it."""
    from . import paths
    from .plain import plain

    try:
        text = paths.to_text(paths.in_document(document, path))
    except LookupError:
        complain(f"{name}: no such value: {path}", (f"this file has: {', '.join(document)}",), as_shown=True)
        return exits.NO
    if target is not None:
        write_whole(target, text.encode(), private=True)
    else:
        print(plain(text) if sys.stdout.isatty() else text)
    return exits.OK
