"""One run of `accept`: legs through the acceptor, the context kept between them, the outcome said."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from secctx.acceptor import status
from secctx.acceptor.acceptor import Acceptor, complete
from secctx.acceptor.context import Context
from secctx.acceptor.values import (
    DOCUMENTED,
    ESTABLISHED,
    FAILED,
    WINDOWS,
    Credentials,
    Request,
    Step,
    World,
)
from secctx.acceptor.values import (
    Refusal as Reason,
)
from secctx.carriers.token import Source, Token
from secctx.carriers.write import encode

from . import exits
from .accept_causes import Causes
from .accept_clock import Moment, clock, timed
from .accept_document import document, leg_value
from .accept_setup import make_credentials, make_random, make_replays, make_request, make_server
from .credentials import gather_bindings
from .document import Json
from .errors import Refusal, complain_through
from .expectations import Expectations
from .files import write_whole
from .findings import redacted
from .inputs import gather

if TYPE_CHECKING:
    from .context_file import ContextFile
    from .redaction import Redaction


@dataclass(slots=True)
class Outcome:
    """What a run has to say, in each of the forms, and its exit code."""

    documents: list[Json]
    code: int
    lines: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Call:
    """The options of one run, and what they amount to."""

    def __init__(self, options: Mapping[str, Any], credentials: Credentials | None = None) -> None:
        self.options = options
        self.credentials = credentials or Credentials()
        self.redaction = self._redaction(None)
        bindings, others = gather_bindings(options["bindings"])
        self.request: Request = make_request(options, bindings)
        self.server = make_server(options)
        self.random = make_random(options["seed"])
        self.replays = make_replays(options["replay_cache"])
        self.credentials = credentials or make_credentials(options)
        if self.redaction is not None:
            self.redaction.credentials(self.credentials)
        self.causes = Causes(options, self.request, others)
        self._whole: Token | None = None  # the token judged last, with the fragments before it
        self._fragment = b""  # what came of the leg's token before
        self.expectations = Expectations(options["expect"], options["expect_ret"])
        self.legs: list[Json] = []
        self.lines: list[str] = []
        self.steps: list[Step] = []
        self.complaints: list[str] = []
        self.before = 0  # legs that the context has seen before this call
        self._check_files()
        if options["engine"] == "platform" and (options["context_path"] or options["new_path"]):
            raise Refusal("--engine platform keeps no context between processes", exits.USAGE)

    def _redaction(self, context: Context | None) -> Redaction | None:
        """The stand-ins of this run, where they are wanted; those that an earlier leg was shown with stay."""
        if not self.options["redact"]:
            return None
        from .redaction import for_accept

        redaction = for_accept(self.options, None if context is None else context.stand_ins)
        complain_through(redaction.text)
        redaction.credentials(self.credentials)
        return redaction

    def _redacted(self, token: Token, step: Step) -> tuple[Token, Step]:
        """A leg and its answer as they may be shown."""
        if self.redaction is None:
            return token, step
        self.redaction.learn(self.credentials.keys, token.data, self._fragment)
        return self.redaction.token(token), self.redaction.step(step)

    def _said(self, text: str) -> str:
        """A text that may name files and principals, as it may be shown."""
        return text if self.redaction is None else self.redaction.text(text, principals=True)

    def _check_files(self) -> None:
        """What would overwrite what: the output must not replace a context, nor a context what is none."""
        kept = [path for path in (self.options["context_path"], self.options["new_path"]) if path is not None]
        if self.options["target"] in kept or _same_file(self.options["target"], kept):
            raise Refusal("-w and the context name the same file: the context is not for the client", exits.USAGE)
        path = self.options["new_path"]
        if path is None or _same_file(path, [self.options["context_path"]]) or not os.path.lexists(path):
            return
        from .context_file import ContextFile

        with ContextFile(path) as file:
            if file.context is None and not file.missing and os.path.getsize(path):
                hints = ["give another name, or delete it"]
                raise Refusal(f"{path}: is there and is no whole context: not overwritten", exits.NO_FILE, hints)

    def run(self) -> Outcome:
        """Do what the options ask for."""
        path = self.options["context_path"]
        if self.options["delete"] or self.options["complete"]:
            if path is None:
                raise Refusal("--delete and --complete need --context FILE", exits.USAGE)
            return self._finish_context(path)
        if path is None:
            return self._judge(None, None)
        from .context_file import ContextFile

        with ContextFile(path) as file:
            self.before = file.context.leg if file.context is not None else 0
            self.redaction = self._redaction(file.context)
            return self._judge(file.context, file)

    def tokens(self) -> Iterator[tuple[Token, int]]:
        """The tokens, each with how many more there are at least.

        An input is read when its turn comes: it may be a pipe into which the client writes its answer to our last.
        """
        form, limits = self.options["form"], (self.options["max_token"], self.options["max_input"])
        inputs: Sequence[str | None] = self.options["tokens"] or (None,)
        for position, argument in enumerate(inputs, 1):
            tokens, refused = gather([] if argument is None else [argument], form, *limits, empty=True)
            if refused:
                raise refused[0]
            for index, token in enumerate(tokens, 1):
                if self.options["captured"] and self.redaction is not None:
                    self.redaction.redactor.token(token.data)  # differences name what a server's token says
                yield token, len(inputs) - position + len(tokens) - index

    def acceptor(self, now: datetime) -> Acceptor:
        """The acceptor at the moment of one leg."""
        return Acceptor(self.credentials, self.server, World(now, self.random, self.replays))

    def _moment(self, token: Token) -> Moment:
        """The moment of a leg, where it is not captured."""
        return clock(self.options["at"], token.data, token.source.time, self.credentials.keys)

    def _judge(self, context: Context | None, file: ContextFile | None) -> Outcome:
        """Take the legs in order; the first error ends it."""
        for token, more in self.tokens():
            if file is not None and file.context is None:
                reason = Reason("context-invalid", f"{file.path} is no context to go on with: {file.damage}")
                self.add(token, Step(status.SEC_E_INVALID_HANDLE, WINDOWS, FAILED, refusal=reason), "not touched")
                break
            context, step = self.step(context, token)
            if context is not None and self.redaction is not None:
                self._redacted(token, step)
                context.stand_ins = self.redaction.redactor.state()
            self._write(step)
            ends = more == 0 or not step.status.is_success
            self.add(token, step, self._keep(context, step, file) if ends else "goes on with the next token")
            if ends:
                if more:
                    self.complaints.append(f"{more} more leg{'s' if more > 1 else ''} not looked at")
                break
        return self.outcome()

    def step(
        self,
        context: Context | None,
        token: Token,
        request: Request | None = None,
        moment: Callable[[Token], Moment] | None = None,
    ) -> tuple[Context | None, Step]:
        """One leg; what is a defect of ours is SEC_E_INTERNAL_ERROR, as a package would answer."""
        self._fragment = context.fragment if context is not None else b""
        if self.options["engine"] == "platform":
            from .accept_platform import platform_step

            return platform_step(self, context, token)
        try:
            whole = Token(context.fragment + token.data, token.source) if context is not None else token
            now, note = (moment or self._moment)(whole)
            self._whole, self.causes.now = whole, now
            context, step = self.acceptor(now).step(context, token.data, request or self.request)
            return context, timed(step, now, note)
        except Refusal:
            raise
        except Exception as error:
            reason = Reason("internal-error", f"an error in secctx itself: {type(error).__name__}")
            return None, Step(status.SEC_E_INTERNAL_ERROR, DOCUMENTED, FAILED, refusal=reason)

    def add(self, token: Token, step: Step, kept: str, differs: Sequence[str] = ()) -> None:
        """Note a leg and its answer for the outcome."""
        number = self.before + len(self.steps) + 1
        self.steps.append(step)
        # What was judged is the fragments together; captured legs are as they were captured.
        found = self.causes.of(token if self.options["captured"] else self._whole or token, step)
        token, step = self._redacted(token, step)
        redacted(found.findings, self.redaction)
        differs, flags = list(map(self._said, differs)), self.request.flags
        compared = {"differences": differs} if self.options["captured"] else None
        self.legs.append(leg_value(number, token.data, token.source, step, flags, found, compared))
        if self.options["as_json"] or self.options["path"] is not None or self.options["quiet"]:
            return
        from .accept_text import cause_lines, leg_lines

        if self.lines:
            self.lines.append("")
        target = self._said(self.options["target"] or "") if step.output else None
        said = self._said(kept)
        self.causes.lines.extend(cause_lines(step, found.findings))
        self.lines.extend(leg_lines(number, token.data, step, flags, target, said, differs, found.findings))

    def _write(self, step: Step) -> None:
        if self.options["target"] is not None and step.output:
            output = step.output
            if self.redaction is not None:
                _, redacted = self._redacted(Token(b"", Source("", "raw", 0)), step)
                output = redacted.output or b""
                name = self._said(self.options["target"])
                self.complaints.append(f"note: {name} holds the redacted token: no client can use it")
            scheme = "NTLM" if self.request.package == "ntlm" else "Negotiate"
            how = self.options["write_as"]
            write_whole(self.options["target"], encode(output, how, scheme, "WWW-Authenticate"))

    def _keep(self, context: Context | None, step: Step, file: ContextFile | None) -> str:
        """Write the context, or let it go with its end; what was done, in words."""
        target = self.options["new_path"] or (file.path if file is not None else None)
        if step.recoverable and context is not None and target is not None:
            from .context_file import save

            save(target, context)
            return f"{target}: the client may try again with this server's time"
        if not step.status.is_success and context is not None:
            return "kept as it was" if file is not None else "none was begun"
        alive = context is not None and (context.state != ESTABLISHED or self.options["keep_context"])
        if context is not None and alive:
            if target is None:
                if self.options["engine"] == "platform":
                    return "gone with this call: the platform engine keeps none"
                return "not kept (--new-context FILE keeps it for the next leg)"
            from .context_file import save

            save(target, context)
            return f"{target}"
        if file is not None:
            file.remove()
            return "complete: its file is gone" if step.status.is_success else "failed: its file is gone"
        return "complete" if step.status.is_success else "not kept"

    def _finish_context(self, path: str) -> Outcome:
        """DeleteSecurityContext and CompleteAuthToken."""
        from .context_file import ContextFile

        with ContextFile(path) as file:
            if self.options["delete"]:
                step = self._delete(file)
            elif file.context is None:
                reason = Reason("context-invalid", f"{path} is no context to complete: {file.damage}")
                step = Step(status.SEC_E_INVALID_HANDLE, WINDOWS, FAILED, refusal=reason)
            else:
                self.before = file.context.leg
                context, step = complete(file.context)
                if step.status.is_success:
                    self._keep(context, step, file)
        from .accept_text import answer_lines, cause_lines

        self.steps.append(step)
        source = Source(path, "context", 0)
        found, flags = self.causes.of(Token(b"", source), step), self.request.flags
        token, step = self._redacted(Token(b"", source), step)
        redacted(found.findings, self.redaction)
        if self.options["delete"] and step.status.is_success:
            self.lines.append(f"{token.source.name}: the context is deleted")
            self.lines.extend(f"{'note':9}{note}" for note in step.notes)
            return self.outcome()
        self.legs.append(leg_value(self.before + 1, b"", token.source, step, flags, found))
        self.causes.lines.extend(cause_lines(step, found.findings))
        self.lines.extend(answer_lines(token.data, step, flags, None, found.findings))
        return self.outcome()

    def _delete(self, file: ContextFile) -> Step:
        if file.context is None and not file.missing:
            reason = Reason("context-invalid", f"{file.path} is not deleted: {file.damage}")
            return Step(status.SEC_E_INVALID_HANDLE, WINDOWS, FAILED, refusal=reason)
        unfinished = file.context is not None and file.context.state != ESTABLISHED
        file.remove()
        note = "the context was unfinished: Windows counts that as a failed logon (SEC_E_UNFINISHED_CONTEXT_DELETED)"
        return Step(status.SEC_E_OK, DOCUMENTED, FAILED, notes=(note,) if unfinished else ())

    def outcome(self) -> Outcome:
        """The document, the lines and the exit code of what was judged so far."""
        last = self.steps[-1] if self.steps else None
        established = last is not None and last.state == ESTABLISHED
        if self.redaction is not None:
            self.redaction.unjudged(self.legs)
        result = document(self.legs, last.status if last else None, established)
        unmet = self.expectations.unmet(self.steps)
        if self.expectations:
            code = exits.NO if unmet else exits.OK
        elif last is None:
            code = exits.BAD_INPUT
        else:
            code = exits.OK if last.status.is_success else exits.NO
        code = max(code, self.causes.exit_code)
        return Outcome([result], code, self.causes.before(self.lines), [*self.complaints, *unmet])


def _same_file(path: str | None, others: Sequence[str | None]) -> bool:
    return path is not None and any(os.path.realpath(path) == os.path.realpath(other) for other in others if other)
