"""What is wrong with the call itself, not with the token: attributes, masks, contexts, and how sure the answer is."""

from __future__ import annotations

from collections.abc import Iterator

from secctx.acceptor import flags as asc
from secctx.acceptor.values import ESTABLISHED, INFERRED

from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule


@rule("ACC001", "attributes-missing", WARNING)
def ACC001(case: Case) -> Iterator[Said]:
    """Attributes asked for and not granted.

    What: fContextReq asked for attributes that pfContextAttr does not return. Most of them are the client's choice: it
    asks for mutual authentication, integrity or delegation, or it does not, and the server cannot add them.

    Shows: AcceptSecurityContext answers SEC_E_OK all the same, with fewer ASC_RET bits; what needs them fails later, as
    a message that cannot be signed or a user who cannot be delegated.

    Do: refuse the context where you need the attributes, or have the client ask for them.

    Client: ask in InitializeSecurityContext (ISC_REQ_INTEGRITY, ISC_REQ_CONFIDENTIALITY, ISC_REQ_MUTUAL_AUTH,
    ISC_REQ_DELEGATE); in GSS-API by req_flags; curl --delegation always for a forwarded ticket.

    Server: compare pfContextAttr with what you need and refuse by yourself; `secctx accept --enforce` shows the effect.
    `secctx explain ASC_RET=MASK` reads a mask out.

    See: the AcceptSecurityContext function of sspi.h, pfContextAttr; RFC 2743 section 2.2.2.
    """
    yield from case.refused("attributes-missing")
    if case.step is not None and case.given.asked is not None and case.step.state == ESTABLISHED:
        missing, _ = asc.missing_and_extra(case.given.asked, case.step.attributes)
        if missing:
            yield at(case.whole, "", f"asked for and not granted: {', '.join(missing)}")


@rule("ACC002", "mask-of-another-call", WARNING)
def ACC002(case: Case) -> Iterator[Said]:
    """The mask is one of another call.

    What: the number given for fContextReq makes sense as ISC_REQ flags, as GSS-API flags or as ASC_RET flags, and as
    ASC_REQ flags it asks for something else: EXTENDED_ERROR, STREAM, INTEGRITY and IDENTIFY have other bits there.

    Shows: the server asks for things that nobody meant, and lacks those that were meant.

    Do: give ASC_REQ names, or the mask that the server passes to AcceptSecurityContext.

    Server: `secctx explain ASC_REQ=0x20010` and `secctx explain ISC_REQ=0x10010` read a mask in both ways; in code use
    the constants of sspi.h that begin with ASC_REQ_.

    See: sspi.h, ASC_REQ_* and ISC_REQ_*.
    """
    asked = case.given.asked
    other = None if asked is None else asc.looks_like_other(asked)
    if asked is not None and other is not None:
        read = ", ".join(asc.req_names(asked)) or "nothing"
        yield at(case.whole, "", f"0x{asked:08x} makes sense as {other} flags; as fContextReq it reads {read}")


@rule("ACC003", "context-misused", ERROR)
def ACC003(case: Case) -> Iterator[Said]:
    """The context is finished, or is of another call.

    What: a context is one logon. It was used again after SEC_E_OK, with other credentials than those it began with, or
    its file is gone, damaged or not one of ours.

    Shows: SEC_E_OUT_OF_SEQUENCE, SEC_E_WRONG_CREDENTIAL_HANDLE or SEC_E_INVALID_HANDLE at the second or third leg; on
    web servers often where a connection pool hands one client's context to the next.

    Do: begin a new context for each logon, and give every leg the file that the leg before wrote.

    Client: send the first token of a new logon on a new connection, or after the server asked anew.

    Server: `secctx accept --new-context FILE` begins one, `--context FILE` goes on; keep contexts by connection,
    never by user or address.

    See: the AcceptSecurityContext function of sspi.h, phContext and its return values.
    """
    yield from case.refused("context-finished", "context-credentials", "context-invalid", "context-incomplete")


@rule("ACC004", "inferred-status", NOTE)
def ACC004(case: Case) -> Iterator[Said]:
    """The status shown is inferred, not documented for Windows.

    What: neither Microsoft's documents nor anything seen on a real Windows says which status AcceptSecurityContext
    returns here; secctx answers by what is nearest to it. The verdict, yes or no, is sure; its number may differ.

    Shows: `basis` is `inferred`.

    Do: do not build on this number: ask whether the logon failed, not with which status.

    Server: with a Windows at hand, `secctx accept --engine platform` gives the same token to its own SSPI.

    See: docs/cli.md, accept, basis.
    """
    if case.given.asked is not None and case.step is not None and case.step.refusal and case.step.basis == INFERRED:
        yield at(case.whole, "", f"that Windows answers {case.step.status.name} here is inferred, not documented")


@rule("ACC005", "no-credentials", ERROR)
def ACC005(case: Case) -> Iterator[Said]:
    """The acceptor has no credentials for what the client sent.

    What: the client's token is of a mechanism for which this server was given nothing: no keytab for Kerberos, no users
    for NTLM, or credentials that are for outbound calls alone.

    Shows: SEC_E_NO_CREDENTIALS, or SEC_E_SECPKG_NOT_FOUND where the package itself is not to be had.

    Do: give what is missing: the service's keytab for Kerberos (--keytab), the users for NTLM (--users).

    Client: nothing is wrong there; that it chose NTLM where Kerberos was expected is another matter (SPN001).

    Server: `klist -k /etc/krb5.keytab` shows what a keytab has; on Windows the service must run as the account that has
    the SPN: `setspn -L ACCOUNT`; AcquireCredentialsHandle needs SECPKG_CRED_INBOUND.

    See: the AcceptSecurityContext and AcquireCredentialsHandle functions of sspi.h.
    """
    yield from case.refused("no-credentials", "no-mechanism", "credentials-outbound")


@rule("ACC006", "out-of-turn", ERROR)
def ACC006(case: Case) -> Iterator[Said]:
    """A token that is not the one whose turn it is.

    What: the message is whole and readable, and cannot come at this point: a server's own message sent back, a third
    leg where the first belongs, an answer without its question, a second message behind the last one.

    Shows: SEC_E_INVALID_TOKEN or SEC_E_OUT_OF_SEQUENCE with a token that decodes well.

    Do: check that each leg goes to the context it belongs to, in order, and that no leg is missing.

    Client: keep one connection for all legs; NTLM over HTTP does not survive a new connection between its legs.

    Server: behind a proxy or load balancer, make sessions sticky, or let the proxy authenticate. `secctx decode` on all
    legs in order says which one is missing.

    See: MS-SPNG 3.2.5; MS-NLMP 3.2.5.1; RFC 4178 section 4.
    """
    kinds = ("ntlm-unexpected-message", "kerberos-unexpected-message", "spnego-unexpected-message", "fragments-pending")
    yield from case.refused(*kinds, "empty-token", "spnego-token-owed", "spnego-empty-response")


@rule("ACC007", "call-refused", ERROR)
def ACC007(case: Case) -> Iterator[Said]:
    """The call itself cannot be served.

    What: what was asked of AcceptSecurityContext contradicts itself or does not fit: flags that exclude each other, an
    output buffer too small for the answer, a fragment larger than a token can be, an answer that was asked for by
    --simulate.

    Shows: SEC_E_INVALID_PARAMETER, SEC_E_BUFFER_TOO_SMALL, SEC_E_INSUFFICIENT_MEMORY and their like; the token has no
    part in it.

    Do: change the call as the reason says.

    Server: ask QuerySecurityPackageInfo for cbMaxToken and give a buffer of that size, or ASC_REQ_ALLOCATE_MEMORY.

    See: the AcceptSecurityContext function of sspi.h, pOutput and return values.
    """
    kinds = ("flags-exclusive", "buffer-too-small", "fragments-too-long", "simulated", "ntlm-datagram")
    yield from case.refused(*kinds, "nothing-to-complete")
