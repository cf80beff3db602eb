"""Names and their stand-ins: the same name always has the same one, as long and built alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

#: What a part of a name can be; the stand-in begins so.
USER: Final = "user"
HOST: Final = "host"
DOMAIN: Final = "dom"
NAME: Final = "name"

#: What stands between the parts of names: `HTTP/web.lab.example:8080@LAB`, `LAB\\alice`, `WS01$`, and white space.
SEPARATORS: Final = "\x00-\x20\x7f/\\\\@.:$,;|=\"'`<>()\\[\\]{}\u2026\u2018\u2019\u201c\u201d"
_PART: Final = re.compile(f"[^{SEPARATORS}]+")
#: Parts with dots between them: `web.lab.example`.
_RUN: Final = re.compile(f"[^{SEPARATORS}]+(?:\\.[^{SEPARATORS}]+)*")
#: Addresses and GUIDs are replaced as a whole; all else part by part.
_PIECE: Final = re.compile(
    r"(?P<v4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))"
    r"|(?P<v6>(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:]))"
    r"|(?P<guid>(?<![\w-])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-]))"
    f"|[^{SEPARATORS}]+"
)
#: By length, addresses that belong to nobody (RFC 5737, RFC 1122 3.2.1.3, RFC 1112 4): what stands before the number,
#: and the numbers that fit.
_NOBODY: Final = {
    7: ("0.0.0.", 1, 9),
    8: ("0.0.0.", 10, 90),
    9: ("192.0.2.", 1, 9),
    10: ("192.0.2.", 10, 90),
    11: ("192.0.2.", 100, 156),
    12: ("198.51.100.", 1, 9),
    13: ("198.51.100.", 10, 90),
    14: ("198.51.100.", 100, 156),
    15: ("255.240.240.", 100, 156),
}

_SERVICES: Final = """
http https host restrictedkrbhost ldap ldaps gc cifs smb krbtgt kadmin changepw dns dhcp ftp imap pop smtp
smtpsvc exchangeab exchangemdb exchangerfr mssqlsvc msomsdksvc msolapsvc termsrv wsman rpcss rpc nfs afs
postgres xmpp sip sieve xgrid vnc irc svn git ipp hdfs yarn hive impala zookeeper kafka oracle mysql mongodb
radius hyper-v msclustervirtualserver msservercluster tapinego dfsr dfs netlogon nisplus wins www appmon alerter
browser time w32time ntp wellknown anonymous federated e3514235-4b06-11d1-ab04-00c04fc2dcd2
"""
#: Classes of services that are the same everywhere; a name of several parts keeps them as its first.
SERVICES: Final = frozenset(_SERVICES.split())
#: RFC 8062: names that stand for nobody.
_WELL_KNOWN: Final = ("wellknown:anonymous", "wellknown:org.h5l.fast-cookie", "wellknown:com.apple.lkdc")
#: So many stand-ins are tried until one is free: of one letter there are 36 in all.
_MOST_TRIES: Final = 64
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

#: Says how many units a part takes up in the encoding of its field: characters, code units or bytes.
Measure = Callable[[str], int]


class Names:
    """The stand-ins of the names met so far; `parts` maps each part, case folded, to its kind and number."""

    def __init__(self, parts: dict[str, tuple[str, int]] | None = None) -> None:
        self.parts = dict(parts or {})
        self._counts: dict[int, int] = {}  #: the last number given to parts of that length
        self._numbers = Counter(kind for kind, _ in self.parts.values())  #: how many SIDs, RIDs and octets there are
        for part, (_, number) in self.parts.items():
            self._counts[len(part)] = max(self._counts.get(len(part), 0), number)

    def name(self, text: str, kind: str, measure: Measure = len) -> str:
        """A whole name part by part: `kind` is that of its first part, those behind a dot or `@` are domains'."""
        if text.casefold() in _WELL_KNOWN:
            return text
        pieces: list[str] = []
        end = 0
        service, port = _service_end(text), _port(text) if kind == HOST else range(0)
        for found in _PIECE.finditer(text):
            start, stop = found.span()
            pieces.append(text[end:start])
            end = stop
            part = found.group()
            if stop <= service or start in port:
                pieces.append(part)
            elif found.lastgroup is not None:
                pieces.append(self._whole(found.lastgroup, part))
            else:
                pieces.append(self.part(part, DOMAIN if text[start - 1 : start] in (".", "@") else kind, measure))
            if text[stop : stop + 1] == "\\":
                kind = USER
        pieces.append(text[end:])
        return "".join(pieces)

    def _whole(self, what: str, text: str) -> str:
        """An address or a GUID, in the same form."""
        number = self.address(text) if what != "guid" else self._numbered(f"guid {text.casefold()}", "guid")
        if what == "v4":
            head, low, count = _NOBODY[len(text)]
            return f"{head}{low + number % count}"
        if what == "v6":
            written = f"{number + 1:032x}"
            return re.sub("[0-9A-Fa-f]+", lambda group: written[-len(group.group()) :], text)
        guid = f"00000000-0000-4000-8000-{number + 1:012x}"
        return guid.upper() if text.isupper() else guid

    def address(self, text: str) -> int:
        """The number of an address, from 0 in the order of their coming."""
        return self._numbered(f"address {text.casefold()}", "address")

    def part(self, part: str, kind: str, measure: Measure = len) -> str:
        """The stand-in of one part, in capitals where the part is."""
        key = part.casefold()
        known = self.parts.get(key)
        if known is None:
            number = self._counts[len(part)] = self._free(key, kind, len(part))
            known = self.parts[key] = kind, number
        written = _written(*known, measure(part))
        return written.upper() if part.isupper() else written

    def _free(self, key: str, kind: str, size: int) -> int:
        """The next number whose stand-in is not the name itself, nor, as far as there are others, a name met before."""
        number = self._counts.get(size, 0)
        best = 0
        for _ in range(_MOST_TRIES):
            number += 1
            written = _written(kind, number, size)
            if written != key:
                best = best or number
                if written not in self.parts:
                    return number
        return best

    def _numbered(self, key: str, kind: str) -> int:
        """A number for something that is no part of a name, from 0 in the order of their coming."""
        known = self.parts.get(key)
        if known is None:
            known = self.parts[key] = kind, self._numbers[kind]
            self._numbers[kind] += 1
        return known[1]

    def sid(self, sid: str) -> str:
        """A SID (MS-DTYP 2.4.2): those that are the same everywhere stay; of others what tells whose they are goes."""
        if _EVERYWHERE.fullmatch(sid):
            return sid
        parts = sid.split("-")
        if sid.startswith("S-1-5-21-") and len(parts) >= 7:
            number = 1 + self._numbered(f"sid {'-'.join(parts[4:7])}", "sid")
            last = [*parts[7:-1], *(str(self.rid(int(part))) for part in parts[7:][-1:] if part.isdecimal())]
            return "-".join(["S-1-5-21", *(str(number) for _ in range(3)), *last])
        number = 1 + self._numbered(f"sid {sid}", "sid")
        return "-".join([*parts[:4], *(str(number) for _ in parts[4:])]) if len(parts) > 4 else sid

    def rid(self, rid: int) -> int:
        """The last number of a SID: below 1000 they are the same in every domain, and stay."""
        if rid < 1000:
            return rid
        return 1000 + self._numbered(f"rid {rid}", "rid")

    def text(self, text: str, ours: frozenset[str] = frozenset()) -> str:
        """Free text with each known part of a name in it replaced; the words `ours` only where they stand in a name."""
        if not self.parts:
            return text
        pieces: list[str] = []
        end = 0
        for found in _PIECE.finditer(text):
            if found.lastgroup is not None and self._met(found.lastgroup, found.group()):
                pieces += [self._runs(text, end, found.start(), ours), self._whole(found.lastgroup, found.group())]
                end = found.end()
        return "".join([*pieces, self._runs(text, end, len(text), ours)])

    def _met(self, what: str, text: str) -> bool:
        """Whether an address or a GUID was met before."""
        return f"{'guid' if what == 'guid' else 'address'} {text.casefold()}" in self.parts

    def _runs(self, text: str, start: int, stop: int, ours: frozenset[str]) -> str:
        """Known parts of names replaced from `start` to `stop`."""

        def stand_in(found: re.Match[str]) -> str:
            run = found.group()
            around = text[start + found.start() - 1 : start + found.start()] if start + found.start() else ""
            if run in ("s", "t") and around == "'":
                return run  # client's, isn't
            around += text[start + found.end() : start + found.end() + 1]
            parts = run.split(".")
            named = any(sign in "\\@/$" for sign in around)
            named = named or any(part not in ours and self._known(part) != part for part in parts)
            return ".".join(self._known(part) if named or part not in ours else part for part in parts)

        return _RUN.sub(stand_in, text[start:stop])

    def _known(self, word: str) -> str:
        bare = word if word.casefold() in self.parts else word.strip("-_+!?*~")
        known = self.parts.get(bare.casefold())
        if known is None or (len(bare) == 1 and bare not in self.parts):
            return word
        stand_in = _written(*known, len(bare))
        return word.replace(bare, stand_in.upper() if bare.isupper() else stand_in)


#: Windows' own: up to NT AUTHORITY's single numbers, BUILTIN, labels, asserted identities, claims valid, compounded.
_EVERYWHERE: Final = re.compile(r"S-1-(?:[0-4](?:-\d+)*|5-\d+|5-(?:32|64|65)-\d+|1[68]-\d+|5-21-0-0-0-49\d)")


def parts_of(text: str) -> list[str]:
    """The words in a text that may be parts of names."""
    return _PART.findall(text)


def _port(text: str) -> range:
    """Where the port of a host stands: digits behind the only colon, up to the end, a realm or an instance."""
    host, _, port = text.partition(":")
    digits = re.match(r"\d{1,5}(?=$|[/@])", port)
    if not host or digits is None or ":" in port:
        return range(0)
    return range(len(host) + 1, len(host) + 1 + len(digits.group()))


def _service_end(text: str) -> int:
    """Where the class of a service ends that a name begins with: `HTTP/web`, `kadmin/changepw`; 0 where it has none."""
    end = 0
    for part in text.split("/")[:-1]:
        if part.casefold() not in SERVICES:
            return end
        end += len(part) + 1
    first = text.partition("/")[0].casefold()
    return len(text) if first in ("kadmin", "wellknown") and text[end:].casefold() in SERVICES else end


def _written(kind: str, number: int, size: int) -> str:
    """`user07`: the kind and the number, `size` characters long; where there is no room, a number to the base 36."""
    digits = str(number)
    room = size - len(digits)
    if room > 0:
        word = kind[:room]
        return word + digits.rjust(size - len(word), "0")
    text = ""
    for _ in range(size):
        text = _DIGITS[number % 36] + text
        number //= 36
    return text
