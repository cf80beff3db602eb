"""Who may log on with NTLM: the users file, or one user with a password or an NT hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .ntlm import upper
from .secret import Secret

_HASH = re.compile(r"[0-9A-Fa-f]{32}")
#: smbpasswd(5): a hash; X's or stars where there is none; "NO PASSWORD" and X's where none is needed.
_SMB_HASH = re.compile(r"[0-9A-Fa-f]{32}|[Xx*]{32}|NO PASSWORD[Xx*]{21}")
_SMB_FLAGS = re.compile(r"\[[A-Za-z ]*\]")
#: smbpasswd(5): W workstation trust, S server trust, I interdomain trust.
_TRUSTS = frozenset("WSI")
_LOCAL = ("", ".")


class UsersError(ValueError):
    """The users file cannot be read, or what was given for a user is none. Holds no part of the line but its number."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem if line is None else f"line {line} of the users file: {problem}")
        self.line = line


@dataclass(slots=True)
class Account:
    """One user, as written. `domain` is None where the entry names none and serves whichever is asked for."""

    user: str
    domain: str | None
    secret: Secret
    disabled: bool = False
    machine: bool = False
    line: int | None = None

    @property
    def name(self) -> str:
        """`DOMAIN\\user`, or the user alone."""
        return f"{self.domain}\\{self.user}" if self.domain else self.user


class Users:
    """The accounts that an acceptor knows, in the order they were given."""

    __slots__ = ("_by_name", "accounts", "domains")

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts: tuple[Account, ...] = tuple(accounts)
        spelled: dict[str, str] = {}
        for account in self.accounts:
            if account.domain is not None:
                spelled.setdefault(upper(account.domain), account.domain)
        #: The domains that the entries name, each as first spelled; "" is that of entries with an empty one.
        self.domains: tuple[str, ...] = tuple(spelled.values())
        self._by_name: dict[str, list[Account]] = {}
        for account in self.accounts:
            self._by_name.setdefault(upper(account.user), []).append(account)

    def __repr__(self) -> str:
        return f"Users({len(self.accounts)} accounts)"

    @classmethod
    def single(cls, user: str, domain: str | None = None, *, password: str | None = None, nt_hash: str = "") -> Users:
        """One user, with a password, or with an NT hash in hex (`LMHASH:NTHASH` is taken too).

        A domain may stand before the user, `DOMAIN\\user`; without one the account serves any.
        """
        if domain is None and "\\" in user:
            domain, _, user = user.partition("\\")
        if not user:
            raise UsersError("no user name")
        if password is not None:
            secret = Secret(password)
        else:
            lm, _, nt = nt_hash.strip().rpartition(":")
            if not _HASH.fullmatch(nt) or (lm and not _HASH.fullmatch(lm)):
                raise UsersError("an NT hash is 32 hex digits")
            secret = Secret(nt_hash=bytes.fromhex(nt), lm_hash=bytes.fromhex(lm) if lm else None)
        return cls([Account(user, domain, secret, machine=user.endswith("$"))])

    def lookup(self, user: str, domain: str, local: Sequence[str] = ()) -> list[Account]:
        """The accounts that a client may mean by these names, the likeliest first; none where the user is unknown.

        Case does not count. First those of this very domain; then those of no domain, and of the empty one where the
        client names none, `.` or one of the server's own names, `local`; then those that the user principal name, or
        the DNS name of the domain, leads to; last, where the client names no domain, those of any.
        """
        named = self._by_name.get(upper(user), [])
        is_local = domain in _LOCAL or _among(domain, local)
        ranks = [
            [entry for entry in named if entry.domain is not None and upper(entry.domain) == upper(domain)],
            [entry for entry in named if entry.domain is None or (entry.domain == "" and is_local)],
        ]
        name, at, suffix = user.rpartition("@")
        if at and not domain:
            split = self._by_name.get(upper(name), [])
            ranks.append([entry for entry in split if entry.domain is None or _same_domain(entry.domain, suffix)])
        elif domain:
            ranks.append([entry for entry in named if entry.domain and _same_domain(entry.domain, domain)])
            joined = self._by_name.get(upper(f"{user}@{domain}"), [])
            ranks.append([entry for entry in joined if not entry.domain])
        if not domain:
            ranks.append(named)
        return list({id(entry): entry for rank in ranks for entry in rank}.values())

    def serves(self, domain: str, local: Sequence[str] = ()) -> bool:
        """Whether a user of that domain could be among the accounts; where not, another authority would be needed."""
        if domain in _LOCAL or _among(domain, local):
            return True
        if any(entry.domain is None for entry in self.accounts):
            return True
        if any(_same_domain(own, domain) for own in self.domains if own):
            return True
        suffixes = (entry.user.rpartition("@")[2] for entry in self.accounts if "@" in entry.user and not entry.domain)
        return _among(domain, suffixes)


def _among(name: str, names: Iterable[str]) -> bool:
    return upper(name) in map(upper, names)


def _same_domain(one: str, other: str) -> bool:
    """Equal, or one the first label of the other: LAB is by default the NetBIOS name of lab.example."""
    one, other = upper(one), upper(other)
    return one == other or one.partition(".")[0] == other or other.partition(".")[0] == one


def parse_users(data: bytes) -> Users:
    """Read a users file; UsersError says what is wrong with which line.

    A line is `DOMAIN:USER:PASSWORD` (the NTLM_USER_FILE of gss-ntlmssp and Heimdal; the password is all that follows,
    colons and blanks included) or one of smbpasswd(5), `user:uid:LMHASH:NTHASH:[flags]:LCT-…:`, whose user may have a
    `DOMAIN\\` before it. Blank lines and those that begin with `#` say nothing. The text is UTF-8.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UsersError("the users file is UTF-16: save it as UTF-8")
    accounts = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            line = raw.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            raise UsersError("is not UTF-8", number) from None
        if line.strip() and not line.lstrip().startswith("#"):
            accounts.append(_account(line, number))
    return Users(accounts)


def _account(line: str, number: int) -> Account:
    parts = line.split(":")
    if len(parts) >= 4 and parts[1].isdecimal():
        hashes = all(_SMB_HASH.fullmatch(part) for part in parts[2:4])
        if hashes:
            return _smb_account(parts, number)
        if len(parts) >= 6 and _SMB_FLAGS.fullmatch(parts[4]):
            raise UsersError("the hashes of an smbpasswd line are 32 hex digits, or 32 X's", number)
    if len(parts) == 7 and parts[2].isdecimal() and parts[3].isdecimal():
        raise UsersError("this is a line of /etc/passwd, not DOMAIN:USER:PASSWORD", number)
    if len(parts) < 3:
        raise UsersError("expected DOMAIN:USER:PASSWORD or a line of smbpasswd", number)
    domain, user, password = line.split(":", 2)
    user = user.strip()
    if not user:
        raise UsersError("no user name", number)
    return Account(user, domain.strip(), Secret(password), machine=user.endswith("$"), line=number)


def _smb_account(parts: list[str], number: int) -> Account:
    domain, slash, user = parts[0].strip().rpartition("\\")
    if not user:
        raise UsersError("no user name", number)
    lm, nt = (bytes.fromhex(part) if _HASH.fullmatch(part) else None for part in parts[2:4])
    flags = set(parts[4].upper()) if len(parts) > 4 and _SMB_FLAGS.fullmatch(parts[4]) else set()
    machine = user.endswith("$") or bool(flags & _TRUSTS)
    return Account(user, domain if slash else None, Secret(nt_hash=nt, lm_hash=lm), "D" in flags, machine, number)
