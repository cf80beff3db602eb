"""What a client meant to reach: a URL, a service principal name, or a host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: The class of service that clients make of a URL's scheme.
_CLASSES: Final = {
    **dict.fromkeys(("http", "https", "ws", "wss", "winrm"), "HTTP"),
    **dict.fromkeys(("ldap", "ldaps", "gc"), "ldap"),
    **dict.fromkeys(("smb", "cifs", "file"), "cifs"),
    **dict.fromkeys(("ssh", "sftp", "host"), "host"),
    **{"imap": "imap", "imaps": "imap", "smtp": "smtp", "smtps": "smtp", "pop3": "pop", "nfs": "nfs"},
    **{"mssql": "MSSQLSvc", "sqlserver": "MSSQLSvc", "postgres": "postgres", "postgresql": "postgres"},
    **{"rdp": "TERMSRV", "ftp": "ftp", "dns": "DNS", "kafka": "kafka"},
}
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d{1,5}))?(?:[/?#].*)?")
_SPN: Final = re.compile(r"([^/@\s]+)/([^/@:\s]+)(?::([^/@\s]+))?(?:/([^@\s]+))?(?:@(\S+))?")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:]+\]?")
_MOST: Final = 2048


class TargetError(ValueError):
    """The text names no target; it says what one looks like."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target: `service` is its class (`HTTP`) or "" where only a host is given; `port` and `realm` may be empty."""

    text: str
    service: str
    host: str
    port: str = ""
    realm: str = ""

    @property
    def spn(self) -> str:
        """`HTTP/web.lab.example`; the host alone where no class is known."""
        return f"{self.service}/{self.host}" if self.service else self.host


def parse_target(text: str) -> Target:
    """Read `https://web.lab.example/x`, `HTTP/web.lab.example@LAB.EXAMPLE` or `web.lab.example`."""
    if len(text) <= _MOST:
        url, spn = _URL.fullmatch(text), _SPN.fullmatch(text)
        if url and url[2]:
            return Target(text, _CLASSES.get(url[1].lower(), url[1]), url[2].strip("[]").rstrip("."), url[3] or "")
        if spn:
            return Target(text, spn[1], spn[2].rstrip("."), spn[3] or "", spn[5] or "")
        if _HOST.fullmatch(text):
            return Target(text, "", text.strip("[]").rstrip("."))
    raise TargetError("a target is a URL (https://web.lab.example), an SPN (HTTP/web.lab.example) or a host")
