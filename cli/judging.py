"""The causes in what `decode` is given: each token by itself, and the legs of a handshake together."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from secctx.carriers.token import Oddity, Source, Token
from secctx.rules.case import Carried, Case, Given
from secctx.rules.conversations import APART, PER_MESSAGE, group
from secctx.rules.judge import found_in, in_order

from . import exits
from .errors import Refusal, complain
from .finding_options import OPTIONS as FINDINGS
from .finding_options import make_choice, make_target

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing
    from secctx.keys.users import Users
    from secctx.rules.finding import Finding
    from secctx.rules.keytab_advice import Advice

    from .redaction import Redaction
    from .unlocking import Opened

#: So many tokens, and bytes of them, are looked at together as legs; more are looked at one by one.
MOST_LEGS: Final = 1000
MOST_TOGETHER: Final = 4 << 20

_NTLM: Final = ("NEGOTIATE_MESSAGE", "CHALLENGE_MESSAGE", "AUTHENTICATE_MESSAGE")

#: The options that say more than the token; `decode` gives them to this module.
OPTIONS: Final = (*FINDINGS, "at", "skew", "bindings", "target_name", "users_file", "user", "nt_hash_file")


@dataclass(slots=True)
class Judged:
    """What is to be said of one token: its findings, what a keytab and its ticket have to do with each other.

    `conversation` numbers the logons of one run.
    """

    findings: list[Finding]
    advice: Advice | None
    conversation: int


class Judging:
    """What the command line says besides the tokens, and the judgement of these."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        from .credentials import gather_bindings

        self._options = dict(options)
        self.choice = make_choice(options)
        self.target = make_target(options["target_name"])
        self._bindings = gather_bindings(options["bindings"])
        self._users: Users | None = None
        self._redaction: Redaction | None = None
        self._users_read = False
        if options["password_file"] and not (options["user"] or options["principal"]):
            raise Refusal("--password-file is of --principal or --user, and neither is given", exits.USAGE)
        if options["users_file"] or options["user"] or options["nt_hash_file"]:
            self._read_users()

    def name_to(self, redaction: Redaction) -> None:
        """Tell the names that only the command line and its files have."""
        from secctx.redaction.names import DOMAIN, USER

        names, user = redaction.redactor.names, self._options["user"] or ""
        names.name(user, DOMAIN if "\\" in user else USER)
        redaction.target(self.target)
        redaction.file(os.environ.get("NTLM_USER_FILE") or "")
        redaction.users(self._users)
        self._redaction = redaction

    def judge(self, opened: Sequence[Opened], keys: KeyRing | None) -> list[Judged]:
        """What is to be said of each token, in the order given; the tokens are looked at together."""
        given = self._given(keys)
        cases = [self._case(one, given) for one in opened]
        conversations = group(cases, [_handshake(one.original.source) for one in opened])
        tokens = {id(case): one.original for case, one in zip(cases, opened, strict=True)}
        for legs in conversations:
            self._ask_acceptor(legs, [tokens[id(leg)] for leg in legs], keys)
        number = {id(leg): count for count, legs in enumerate(conversations) for leg in legs}
        return [Judged(in_order(self.choice.of(found_in(case))), _advice(case), number[id(case)]) for case in cases]

    def _given(self, keys: KeyRing | None) -> Given:
        now = None if self._options["at"] in (None, "token") else self._at()
        bindings, other = self._bindings
        return Given(now, self._options["skew"], bindings, other, self.target, keys)

    def _at(self) -> datetime:
        from .accept_clock import parse_time

        return parse_time(self._options["at"])

    def _case(self, one: Opened, given: Given) -> Case:
        if self._options["at"] == "token":
            from .accept_clock import time_within

            moment = time_within(one.original.data, given.keys, "--at token")
            given = replace(given, now=None if moment is None else moment.now)
        return Case(one.decoded, given, carried(one.original), one.reports)

    def _ask_acceptor(self, legs: Sequence[Case], tokens: Sequence[Token], keys: KeyRing | None) -> None:
        """What our acceptor says to each client leg, where the keys or users that it would need are given."""
        asked = [(leg, token) for leg, token in zip(legs, tokens, strict=True) if _of_a_logon(leg)]
        kerberos = keys is not None and any(_is_for(leg, keys) for leg, _ in asked)
        # Without the NEGOTIATE_MESSAGE a MIC, which is made over it, cannot be judged.
        ntlm = all(any(leg.find(name) for leg, _ in asked) for name in _NTLM)
        users = self._some_users() if ntlm else None
        if not kerberos and users is None:
            return
        from .judged_legs import answers

        steps = answers([token for _, token in asked], users, keys if kerberos else None, self._options)
        for (leg, _), step in zip(asked, steps, strict=True):
            leg.step = step

    def _some_users(self) -> Users | None:
        if not self._users_read and os.environ.get("NTLM_USER_FILE"):
            try:
                self._read_users()
            except Refusal as refusal:
                complain(f"note: NTLM_USER_FILE: {refusal.message}: it is not used")
        return self._users

    def _read_users(self) -> None:
        from .credentials import gather_users

        self._users_read = True
        options, redaction = self._options, self._redaction
        self._users, _ = gather_users(
            options["users_file"],
            options["user"],
            options["password_file"],
            options["nt_hash_file"],
            False,
            options["principal"],
        )
        if redaction is not None:
            redaction.users(self._users)


def _handshake(source: Source) -> tuple[str, int] | None:
    """What tells the handshakes of one run apart, where the input does: each file counts for itself."""
    return None if source.handshake is None else (source.name, source.handshake)


def _of_a_logon(leg: Case) -> bool:
    """Whether AcceptSecurityContext is given such a leg: not what a KDC is asked, nor what goes under a context."""
    own = leg.whole
    return own.mechanism in ("SPNEGO", "Kerberos", "NTLM") and own.message not in APART | PER_MESSAGE


def _is_for(leg: Case, keys: KeyRing) -> bool:
    """Whether a leg presents a ticket that these keys are meant for: a client's own password opens none."""
    from secctx.keys.tickets import wanted_of

    message = leg.find("AP-REQ")
    ticket = None if message is None else message.field("ticket")
    if ticket is None:
        return False
    wanted = wanted_of(ticket)
    return bool(keys.keys) or keys.account(wanted.realm, wanted.components) is not None


def _advice(case: Case) -> Advice | None:
    if case.given.keys is None:
        return None
    from secctx.rules.keytab_advice import advise_on

    return advise_on(case)


def carried(token: Token) -> Carried:
    """How a token travelled, for the rules."""
    source = token.source
    scheme = (source.carrier or "").rpartition(" ")[2] if ":" in (source.carrier or "") else source.carrier or ""
    return Carried(
        scheme=scheme if scheme in ("Negotiate", "NTLM", "Kerberos") else "",
        carrier=source.carrier or "",
        source=source.name,
        oddities=[(note.kind, str(note)) for note in token.notes if isinstance(note, Oddity)],
        characters=-(-len(token.data) // 3) * 4 if "base64" in source.encoding else 0,
        stream=str(source.stream) if source.stream is not None else source.connection or "",
        direction=source.direction or "",
        time=None if source.time is None else _time(source.time),
        answer=source.answer or "",
    )


def _time(text: str) -> datetime | None:
    from .accept_clock import packet_time

    return packet_time(text)


def together(tokens: Sequence[Token]) -> bool:
    """Whether these tokens are few and small enough to be looked at together."""
    return len(tokens) <= MOST_LEGS and sum(len(token.data) for token in tokens) <= MOST_TOGETHER
