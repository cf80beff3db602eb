"""MIC and Wrap tokens of a context whose AP-REQ was opened in the same run: verified, and unwrapped.

RFC 4121 4.2 and RFC 1964 1.2. What a MIC signs is not in it: a mechListMIC signs the mechTypes of the first token (RFC
4178 5), any other one a message that must be given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from secctx.decoders.values import BYTES, PLAINTEXT, Decoded, Node

from . import cfx, rfc1964
from .context_keys import ContextKeys, Role, TokenError
from .enctype import KerberosCryptoError
from .found_keys import Exchange
from .keyring import FoundKey, RingKey
from .unlock import Job, KeyReport, Opening, Place, key_text

_DCE_STYLE: Final = 0x1000
_ROLES: Final[tuple[Role, Role]] = ("initiator", "acceptor")
#: Contexts whose keys are tried on one token.
_MOST_CONTEXTS: Final = 16

#: What a token is more likely to be wrong about than that it is another context's.
_TELLING: Final = ("key", "key usage", "flag", "copy", "padding", "length", "filler", "algorithm")


class _Fit(NamedTuple):
    """A context that a token fits: its key, who sent the token, and what was in it."""

    key: RingKey
    sender: Role
    data: bytes
    sealed: bool


def neg_token_init(job: Job, place: Place) -> None:
    """Keep the mechTypes, which a mechListMIC signs."""
    listed = place.at("mechTypes")
    if listed is not None:
        job.found.note(job.found.mech_types, listed.raw)


def mic(job: Job, place: Place) -> None:
    """Hold a MIC to what it signs."""
    of_list = place.node.name == "mechListMIC"
    signed = job.found.mech_types if of_list else job.found.messages
    exchanges = _contexts(job)
    if not exchanges:
        job.unverified(place.path, _no_context(), follows=True)
    elif not signed:
        text = "the mechTypes that it signs are those of the first token, which is not in this run before it"
        text = text if of_list else "the message that it signs is not in it: give that too (--message FILE)"
        job.unverified(place.path, text, follows=True)
    else:
        fit, why = _first_fit(job, exchanges, place.raw, list(reversed(signed)))
        if fit is None:
            job.unverified(place.path, why)
        else:
            what = "the mechTypes" if of_list else f"the message of {len(fit.data)} bytes"
            job.verified(place.path, fit.key, None, f"a MIC of the {fit.sender}, of {what}")


def wrap(job: Job, place: Place) -> None:
    """Verify what was wrapped, and show it."""
    exchanges = _contexts(job)
    sealed = _is_sealed(place)
    if not exchanges:
        job.report(
            KeyReport(place.path, False, "encrypted" if sealed else "checksum", reason=_no_context(), follows=True)
        )
        return
    fit, why = _first_fit(job, exchanges, place.raw, None)
    if fit is None:
        job.report(KeyReport(place.path, False, "encrypted" if sealed else "checksum", reason=why))
        return
    note = f"wrapped by the {fit.sender}, {'sealed' if fit.sealed else 'in clear'}"
    if not fit.sealed:
        job.verified(place.path, fit.key, None, note)
        return
    data = place.node.child("Data") or place.node
    opened = _read(fit.data)
    plain = Node(
        "plaintext",
        data.start,
        data.stop,
        PLAINTEXT,
        fit.data,
        f"opened with {key_text(fit.key)}",
        opened.root.children,
    )
    place.node.children = [*place.node.children, plain]
    job.report(KeyReport(place.path, True, "encrypted", fit.key, None, None, [note]))
    job.unlocked.openings.append(Opening(place.path, plain, _read))


def _read(data: bytes) -> Decoded:
    """What was wrapped, which only the application knows how to read."""
    node = Node("plaintext-data", 0, len(data), BYTES, data)
    return Decoded("Kerberos", "plaintext", data, Node("", 0, len(data), PLAINTEXT, data, None, [node]), None)


def _is_sealed(place: Place) -> bool:
    flags, algorithm = place.value("Flags"), place.value("SEAL_ALG")
    if isinstance(flags, int):
        return bool(flags & 2)
    return isinstance(algorithm, int) and algorithm != 0xFFFF


def _contexts(job: Job) -> list[Exchange]:
    """The exchanges that a context may have come of, the newest first."""
    return list(job.found.newest(tgs=False))[:_MOST_CONTEXTS]


def _no_context() -> str:
    return (
        "its key is that of a context, and no AP-REQ of this run was opened before it: give the handshake's tokens too"
    )


def _first_fit(
    job: Job, exchanges: Sequence[Exchange], token: bytes, signed: Sequence[bytes] | None
) -> tuple[_Fit | None, str]:
    """The first context that the token fits, else why not; `signed` are what it may sign, None of a Wrap token."""
    reasons: list[TokenError] = []
    for exchange in exchanges:
        for keys in _key_sets(exchange):
            for sender in _ROLES:
                for data in signed if signed is not None else (b"",):
                    if not job.budget.allows(len(token) + len(data)):
                        return None, "not all keys were tried: the token has too much to try them on"
                    try:
                        return _tried(exchange, keys, sender, token, None if signed is None else data), ""
                    except TokenError as error:
                        reasons.append(error)
                    except KerberosCryptoError:
                        continue
    if not reasons:
        return None, "the keys of the contexts found are of types that cannot be used here"
    return None, _why(reasons, len(exchanges))


def _key_sets(exchange: Exchange) -> Iterator[ContextKeys]:
    subkey = None if exchange.subkey is None else exchange.subkey.key
    acceptor = None if exchange.acceptor is None else exchange.acceptor.key
    yield ContextKeys(exchange.session.key, subkey, acceptor)


def _tried(exchange: Exchange, keys: ContextKeys, sender: Role, token: bytes, signed: bytes | None) -> _Fit:
    form = rfc1964 if keys.key.etype in rfc1964.ETYPES else cfx
    key = next((key for key in exchange.held() if key.key is keys.key), FoundKey(keys.key, "the context's key"))
    if signed is not None:
        form.verify(keys, sender, signed, token)
        return _Fit(key, sender, signed, False)
    data, sealed, _ = form.unwrap(keys, sender, token, bool(exchange.flags & _DCE_STYLE))
    return _Fit(key, sender, data, sealed)


def _why(reasons: Sequence[TokenError], contexts: int) -> str:
    """The reason that says most: what stands in clear and does not fit is told by each context alike."""
    told = [error for error in reasons if error.kind in _TELLING]
    rest = [error for error in reasons if error.kind not in ("direction", *_TELLING)]
    error = (told or rest or list(reasons))[0]
    if error.kind == "flag" and "AcceptorSubkey, as" not in error.expected:
        return f"{error}"
    if error.kind == "flag" and "no AcceptorSubkey" in error.expected:
        return "its key is the acceptor's subkey, from an AP-REP that was not opened before it: give that too"
    many = (
        f"none of the {contexts} contexts found fits; the first: " if contexts > 1 else "it does not fit the context: "
    )
    return many + str(error)
