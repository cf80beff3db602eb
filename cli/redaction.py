"""`--redact`: what is shown and written has stand-ins for names, secrets and files; the original goes no further."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from secctx.carriers.token import Source, Token
from secctx.decoders.values import STRUCT, Decoded, Node, walk
from secctx.redaction.names import DOMAIN, HOST, SERVICES, USER, parts_of
from secctx.redaction.phrases import phrase
from secctx.redaction.redactor import Redactor

from .errors import Refusal
from .finding_options import make_target
from .inputs import SHOWN_WHOLE as _SHOWN_WHOLE
from .inputs import shortened

if TYPE_CHECKING:
    from secctx.acceptor.values import Client, Credentials, Step
    from secctx.keys.keyring import KeyRing
    from secctx.keys.unlock import Unlocked
    from secctx.keys.users import Users
    from secctx.rules.target import Target

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
_NAMES: Final = {
    **{"user": USER, "principal": USER},
    **{"server_name": HOST, "server_domain": DOMAIN, "server_dns": HOST},
}
#: What may stand before the path of a keytab or a credential cache: `FILE:/etc/krb5.keytab`.
_PLACE: Final = re.compile(r"[A-Za-z]{2,}:(?=.)")
#: `HTTP/web.lab.example@LAB.EXAMPLE` in a sentence.
_PRINCIPAL: Final = re.compile(r"[^\s,;:()'\"“”@]+@[^\s,;:()'\"“”]+")
#: RFC 4178's hint is no principal.
_NOBODY: Final = "@please_ignore"
#: The realms in the sentence on a ticket's path.
_WAY: Final = re.compile(r"went through (.+) on its way from (.+) to (.+?): ")
#: What a key from a credential cache is called.
_OF_TICKET: Final = re.compile(r"ticket to (.+?)(?: in .*)?", re.DOTALL)


def for_accept(options: Mapping[str, Any], state: dict[str, Any] | None = None) -> Redaction:
    """The stand-ins of a run of `accept`, for the files and names of its command line too."""
    keys = (spec.partition(":")[2] for spec in (*options["key_files"], *options["bindings"]))
    redaction = Redaction(options["tokens"], state)
    for file in (*options["keytabs"], *keys, *map(options.get, _FILES), *map(os.environ.get, _VARIABLES)):
        redaction.place(file or "")
    redaction.target(make_target(options["target_name"]))
    for name, kind in _NAMES.items():
        text = options[name] or ""
        redaction.redactor.names.name(text, DOMAIN if kind == USER and "\\" in text else kind)
    return redaction


class Redaction:
    """The stand-ins of one run of a command, for tokens, texts and the names of files."""

    def __init__(self, files: Iterable[object] = (), state: dict[str, Any] | None = None) -> None:
        self.redactor = Redactor(state)
        self._files: dict[str, str] = {}
        self._held: dict[str, str] = {}  #: parts of names that get stand-ins once they are spoken of, with their kinds
        self._learned: set[bytes] = {b""}  #: the tokens whose names are known
        self._named: re.Pattern[str] | None = None
        for name in files:
            if isinstance(name, str):
                self.file(name)

    def target(self, target: Target | None) -> None:
        """The names in what the client meant to reach."""
        if target is not None:
            self.redactor.names.name(target.host, HOST)
            self.redactor.names.name(target.realm, DOMAIN)

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

    def place(self, name: str) -> None:
        """A file that may be given with its kind, `FILE:/etc/krb5.keytab`: texts have it with and without."""
        kind = _PLACE.match(name)
        if kind is not None:
            self.file(name[kind.end() :])
        if kind is None or kind.group().upper() not in ("FILE:", "WRFILE:") or os.path.lexists(name):
            self.file(name)

    # Names that no token has in clear.

    def credentials(self, credentials: Credentials) -> None:
        """The names of an acceptor's accounts and keys."""
        self.users(credentials.users)
        self.ring(credentials.keys)

    def learn(self, keys: KeyRing | None, token: bytes, before: bytes) -> None:
        """The names in what keys open of a token; `before` are the fragments that came of it earlier."""
        if keys is None:
            return
        from secctx.decoders import decode
        from secctx.keys.keyring import KeyRing
        from secctx.keys.unlock import unlock

        for data in (token, before + token):
            if data in self._learned:
                continue
            self._learned.add(data)
            ring = KeyRing(keys.keys, keys.accounts, keys.tgt, keys.tgt_key)
            self.opened(unlock(decode(data), ring))

    def users(self, users: Users | None) -> None:
        """The accounts of a users file: those that a text speaks of get stand-ins there."""
        for account in users.accounts if users is not None else ():
            for text, kind in ((account.user, USER), (account.domain or "", DOMAIN)):
                for part in parts_of(text):
                    self._held.setdefault(part.casefold(), kind)

    def ring(self, ring: KeyRing | None) -> None:
        """The names of keys, since refusals and reasons speak of them."""
        if ring is None:
            return
        names = self.redactor.names
        owners = [(key.realm, key.components) for key in ring.keys]
        owners += [(account.realm, account.components) for account in ring.accounts]
        for realm, components in owners:
            service = len(components) > 1
            if service and components[0].casefold() not in SERVICES:
                names.name(components[0], USER)
            for part in components[service:]:
                names.name(part, HOST if service else USER)
            names.name(realm, DOMAIN)
        for key in ring.found.tickets.values():
            of_ticket = _OF_TICKET.search(key.source)
            if of_ticket is not None:
                names.name(of_ticket.group(1), HOST)
            self.principals(key.source)
        if ring.tgt:
            self.redactor.token(ring.tgt)

    def opened(self, unlocked: Unlocked) -> list[bytes]:
        """The names in the parts that were opened; each of them with stand-ins, in their order."""
        shown: list[bytes] = []
        for opening in unlocked.openings:
            node = opening.node
            data = node.value if isinstance(node.value, bytes) else b""
            alone = Decoded("Kerberos", None, data, Node("", 0, len(data), STRUCT, children=node.children), None)
            shown.append(self.redactor.decoded(alone))
            for path, realms in walk(alone.root):
                if path.endswith("transited.contents") and isinstance(realms.value, bytes):
                    self.redactor.names.name(realms.value.decode("utf-8", "replace").replace("/", " "), DOMAIN)
        return shown

    def principals(self, text: str) -> None:
        """The principals in a sentence about parts that were opened: whatever names it, they are names."""
        for found in _PRINCIPAL.findall(text):
            if not found.endswith(_NOBODY):
                self.redactor.names.name(found.rstrip("."), HOST if "/" in found else USER)
        for realms in _WAY.findall(text):
            for realm in realms:
                self.redactor.names.name(realm.replace("/", " "), DOMAIN)

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
        for end in (source.connection or "").split():
            self.redactor.names.name(end.rpartition(":")[0] or end, HOST)
        answer = None if source.answer is None else phrase(self.redactor.names, source.answer)
        return replace(source, name=self.file(source.name), carrier=carrier, answer=answer)

    def unjudged(self, legs: Sequence[Mapping[str, Any]]) -> None:
        """Legs of a captured handshake that were not judged: where they came from, told without names."""
        for leg in legs:
            if (leg["reason"] or {}).get("kind") != "not-judged":
                continue
            source = leg["input"]["source"]
            if source["name"] not in self._files.values():
                source["name"] = self.file(source["name"])
            carrier = source.get("carrier")
            if carrier is not None and not _CARRIER.fullmatch(carrier):
                source["carrier"] = phrase(self.redactor.names, carrier)

    def text(self, text: str, *, principals: bool = False) -> str:
        """A sentence of ours: file names, names met so far, what it quotes and long hex are replaced.

        With `principals` those in it are names too, whether they were met or not.
        """
        if self._named is not None:
            text = self._named.sub(lambda found: self._files[found.group()], text)
        if principals:
            self.principals(text)
        for part in parts_of(text) if self._held else ():
            kind = self._held.get(part.casefold())
            if kind is not None:
                self.redactor.names.part(part, kind)
        pieces = _QUOTED.split(text)
        quoted = (piece[0] + phrase(self.redactor.names, piece[1:-1]) + piece[-1] for piece in pieces[1::2])
        pieces[1::2] = list(quoted)
        return _HEX.sub("…", self.redactor.text("".join(pieces)))

    def refusal(self, refusal: Refusal) -> Refusal:
        """A refusal without what it names."""
        hints = [self.text(hint) for hint in refusal.hints]
        return Refusal(self.text(refusal.message), refusal.code, hints, refusal.cause)

    def step(self, step: Step) -> Step:
        """The answer to a call; its token, its client and its words are those of the stand-ins."""
        output = self.redactor.token(step.output) if step.output else step.output
        carried = step.client.carried_by if step.client is not None else None
        for said in (step.refusal.text if step.refusal is not None else "", carried or "", *step.notes):
            self.principals(said)
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
