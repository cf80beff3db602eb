"""`--redact`: what is shown and written has stand-ins for names, secrets and files; the original goes no further."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from secctx.carriers.token import Source, Token
from secctx.redaction.names import DOMAIN, HOST, USER
from secctx.redaction.phrases import phrase
from secctx.redaction.redactor import Redactor

from .errors import Refusal
from .inputs import SHOWN_WHOLE as _SHOWN_WHOLE
from .inputs import shortened

if TYPE_CHECKING:
    from secctx.acceptor.values import Client, Step

NOTE: Final = "redacted: names, keys, tickets and responses are stand-ins, and so are the bytes"
#: A header with a scheme, or a protocol and its message: what readers call a carrier.
_CARRIER: Final = re.compile(
    r"[A-Za-z-]{1,40}: (?:Negotiate|NTLM|Kerberos)|(?:SMB|LDAP|DCE/RPC|HTTP|SASL|TDS)[A-Za-z0-9 _/+-]{0,60}"
)
#: What another wrote: in quotes, which may be escaped inside; an apostrophe is none.
_QUOTED: Final = re.compile(r"((?<!\w)'(?:\\.|[^'\\\n])*'(?!\w)|\"(?:\\.|[^\"\\\n])*\"|“[^”\n]*”)")
#: Bytes in hexadecimal, more than a status has.
_HEX: Final = re.compile(r"(?i)\b(?:0x)?(?:[0-9a-f]{2}[ :]?){5,}\b")
#: Names of inputs that are no files.
_NO_FILES: Final = ("-", "argument", "standard input")

_FILES: Final = (
    *("context_path", "new_path", "target"),
    *("users_file", "password_file", "nt_hash_file", "replay_cache", "ccache"),
)
_VARIABLES: Final = ("NTLM_USER_FILE", "KRB5_KTNAME")
_NAMES: Final = {"user": USER, "server_name": HOST, "server_domain": DOMAIN, "server_dns": HOST}


def for_accept(options: Mapping[str, Any], state: dict[str, Any] | None = None) -> Redaction:
    """The stand-ins of a run of `accept`, for the files and names of its command line too."""
    keys = (spec.partition(":")[2] for spec in (*options["key_files"], *options["bindings"]))
    files = [
        *options["tokens"],
        *options["keytabs"],
        *keys,
        *(options[name] for name in _FILES),
        *map(os.environ.get, _VARIABLES),
    ]
    redaction = Redaction(files, state)
    for name, kind in _NAMES.items():
        text = options[name] or ""
        redaction.redactor.names.name(text, DOMAIN if kind == USER and "\\" in text else kind)
    return redaction


class Redaction:
    """The stand-ins of one run of a command, for tokens, texts and the names of files."""

    def __init__(self, files: Iterable[object] = (), state: dict[str, Any] | None = None) -> None:
        self.redactor = Redactor(state)
        self._files: dict[str, str] = {}
        self._named: re.Pattern[str] | None = None
        for name in files:
            if isinstance(name, str):
                self.file(name)

    def file(self, name: str) -> str:
        """What stands for a file name, or for an argument that is no file: `file-1`."""
        if not name or name in _NO_FILES:
            return name
        known = self._files.get(name)
        if known is None:
            known = self._files[name] = f"file-{len(set(self._files.values())) + 1}"
            if len(name) > _SHOWN_WHOLE:
                self._files[shortened(name)] = known
            names = sorted(self._files, key=len, reverse=True)
            self._named = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in names))
        return known

    def token(self, token: Token) -> Token:
        """A token with stand-ins; where it came from is told without names."""
        data = self.redactor.token(token.data)
        notes = tuple(self.text(note) for note in token.notes)
        return Token(data, self.source(token.source), (NOTE, *notes))

    def source(self, source: Source) -> Source:
        """Where a token came from, without the names of files and hosts."""
        carrier = source.carrier
        if carrier is not None and not _CARRIER.fullmatch(carrier):
            carrier = phrase(self.redactor.names, carrier)
        return replace(source, name=self.file(source.name), carrier=carrier)

    def text(self, text: str) -> str:
        """A sentence of ours: file names, names met so far, what it quotes and long hex are replaced."""
        if self._named is not None:
            text = self._named.sub(lambda found: self._files[found.group()], text)
        pieces = _QUOTED.split(text)
        quoted = (piece[0] + phrase(self.redactor.names, piece[1:-1]) + piece[-1] for piece in pieces[1::2])
        pieces[1::2] = list(quoted)
        return _HEX.sub("…", self.redactor.text("".join(pieces)))

    def refusal(self, refusal: Refusal) -> Refusal:
        """A refusal without what it names."""
        return Refusal(self.text(refusal.message), refusal.code, [self.text(hint) for hint in refusal.hints])

    def step(self, step: Step) -> Step:
        """The answer to a call; its token, its client and its words are those of the stand-ins."""
        output = self.redactor.token(step.output) if step.output else step.output
        client = None if step.client is None else self.client(step.client)
        refusal = None if step.refusal is None else replace(step.refusal, text=self.text(step.refusal.text), facts={})
        notes = (*(self.text(note) for note in step.notes if note != NOTE), NOTE)
        return replace(step, output=output, client=client, refusal=refusal, notes=notes)

    def client(self, client: Client) -> Client:
        """Who logged on."""
        names = self.redactor.names
        return replace(
            client,
            name=names.name(client.name, USER),
            domain=None if client.domain is None else names.name(client.domain, DOMAIN),
            workstation=None if client.workstation is None else names.name(client.workstation, HOST),
            sid=None if client.sid is None else names.sid(client.sid),
            groups=tuple(names.sid(group) for group in client.groups),
            realm=None if client.realm is None else names.name(client.realm, DOMAIN),
            upn=None if client.upn is None else names.name(client.upn, USER),
            carried_by=None if client.carried_by is None else self.text(client.carried_by),
        )
