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
_IPV4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")

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
        service = _service_end(text)
        quads = {(found.start(), found.end()) for found in _IPV4.finditer(text)}
        for found in _PART.finditer(text):
            start, stop = found.span()
            pieces.append(text[end:start])
            end = stop
            part = found.group()
            before = text[start - 1 : start]
            if stop <= service or (before == ":" and part.isdecimal() and len(part) <= 5):
                pieces.append(part)  # the class of a service, or a port
            elif any(low <= start < high for low, high in quads):
                pieces.append(self._octet(part))
            else:
                pieces.append(self.part(part, DOMAIN if before in (".", "@") else kind, measure))
            if text[stop : stop + 1] == "\\":
                kind = USER
        pieces.append(text[end:])
        return "".join(pieces)

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

    def _octet(self, part: str) -> str:
        """A number of an IPv4 address, with as many digits."""
        number = self._numbered(f"octet {part}", "octet")
        low, count = {1: (1, 9), 2: (10, 90)}.get(len(part), (100, 156))
        return str(low + number % count)

    def sid(self, sid: str) -> str:
        """A SID (MS-DTYP 2.4.2): those of Windows stay; of a domain's, the three numbers that are the domain go."""
        parts = sid.split("-")
        if not sid.startswith("S-1-5-21-") or len(parts) < 7:
            return sid
        number = 1 + self._numbered(f"sid {'-'.join(parts[4:7])}", "sid")
        last = parts[7:]
        if last:
            last = [*last[:-1], str(self.rid(int(last[-1])))]
        return "-".join(["S-1-5-21", *(str(number) for _ in range(3)), *last])

    def rid(self, rid: int) -> int:
        """The last number of a SID: below 1000 they are the same in every domain, and stay."""
        if rid < 1000:
            return rid
        return 1000 + self._numbered(f"rid {rid}", "rid")

    def text(self, text: str) -> str:
        """Free text with each known part of a name in it replaced."""
        if not self.parts:
            return text
        return _PART.sub(lambda found: self._known(found.group()), text)

    def _known(self, word: str) -> str:
        bare = word.strip("-_+!?*~")
        known = self.parts.get(bare.casefold())
        if known is None or (len(bare) == 1 and bare not in self.parts):
            return word
        stand_in = _written(*known, len(bare))
        return word.replace(bare, stand_in.upper() if bare.isupper() else stand_in)


def _service_end(text: str) -> int:
    """Where the class of a service ends that a name begins with: `HTTP/web`, `kadmin/changepw`; 0 where it has none."""
    end = 0
    for part in text.split("/")[:-1]:
        if part.casefold() not in SERVICES:
            return end
        end += len(part) + 1
    return len(text) if end and text[end:].casefold() in SERVICES else end


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
