"""`secctx accept`: AcceptSecurityContext (Negotiate), one leg per token."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from . import exits
from .errors import complain
from .finding_options import finding_options
from .key_options import key_options

PACKAGES: Final = ("negotiate", "ntlm", "kerberos")
SIMULATIONS: Final = ("no-memory", "internal-error", "domain-unavailable", "trust-failed", "ntlm-blocked")


@click.command()
@click.argument("tokens", metavar="[TOKEN]...", nargs=-1, type=click.Path(readable=False))
@click.option("--package", type=click.Choice(PACKAGES), default="negotiate", show_default=True)
@click.option(
    "--req", multiple=True, metavar="FLAGS", help="fContextReq: names or a mask, comma-separated, repeatable."
)
@click.option("--context", "context_path", metavar="FILE", type=click.Path(readable=False), help="Go on with it.")
@click.option("--new-context", "new_path", metavar="FILE", type=click.Path(readable=False), help="Write it there.")
@click.option("--keep-context", is_flag=True, help="Keep the file of a context that is complete.")
@click.option("--delete", is_flag=True, help="DeleteSecurityContext: delete the --context.")
@click.option("--complete", is_flag=True, help="CompleteAuthToken: complete the --context.")
@click.option("--defer-completion", is_flag=True, help="Answer as a package that needs CompleteAuthToken.")
@click.option("--users", "users_file", metavar="FILE", help="DOMAIN:USER:PASSWORD or smbpasswd lines (NTLM_USER_FILE).")
@click.option("--user", metavar="NAME", help="One user; the password from a prompt, a file or SECCTX_PASSWORD.")
@click.option("--password-file", metavar="FILE", help="The password of --user, on the first line.")
@click.option("--nt-hash-file", metavar="FILE", help="The NT hash of --user, as 32 hex digits.")
@key_options(ccache="This server's own TGT, for user-to-user.")
@click.option("--bindings", multiple=True, metavar="SPEC", help="cert:FILE, tls-server-end-point:HEX, data:HEX …")
@click.option("--credential-use", type=click.Choice(["inbound", "both", "outbound"]), default="inbound")
@click.option("--data-rep", type=click.Choice(["native", "network"]), default="native", help="Has no effect here.")
@click.option("--max-output", type=click.IntRange(min=0), metavar="BYTES", help="Size of the output buffer.")
@click.option(
    "-w", "--write", "target", metavar="FILE", type=click.Path(readable=False), help="Write the output there."
)
@click.option("--write-as", type=click.Choice(["raw", "base64", "hex", "header"]), default="raw", show_default=True)
@click.option("--server-name", metavar="NAME", help="NetBIOS name of the server in NTLM's CHALLENGE.")
@click.option("--server-domain", metavar="NAME", help="NetBIOS domain of the server.")
@click.option("--server-dns", metavar="NAME", help="DNS name of the server.")
@click.option("--server-challenge", metavar="HEX", help="NTLM's challenge: 8 bytes instead of random ones.")
@click.option("--lm-level", type=click.IntRange(0, 5), default=3, show_default=True, help="LmCompatibilityLevel.")
@click.option("--at", metavar="TIME", help="The clock: ISO 8601, UNIX seconds, or `token`.")
@click.option("--seed", metavar="TEXT", help="Repeatable randomness. For tests only.")
@click.option("--simulate", type=click.Choice(SIMULATIONS), help="Answer as if so.")
@click.option("--enforce", is_flag=True, help="Refuse where attributes are unmet. Windows does not.")
@click.option("--captured", is_flag=True, help="The tokens are both sides of a handshake, in order.")
@click.option("--engine", type=click.Choice(["portable", "platform"]), default="portable", show_default=True)
@click.option("--expect", multiple=True, metavar="STATUS", help="The status a leg must have; repeatable, one per leg.")
@click.option("--expect-ret", metavar="FLAGS", help="The ASC_RET attributes that the last leg must return.")
@click.option("--replay-cache", metavar="FILE", help="Notes Kerberos's authenticators; processes share it.")
@click.option(
    "--order", type=click.Choice(["rfc", "mit"]), default="rfc", help="Kerberos: order of checks, whose rules."
)
@finding_options
@click.option("--from", "form", type=click.Choice(["raw", "base64", "hex", "dump", "header", "jsonl"]))
@click.option("--json", "as_json", is_flag=True, help="One JSON document (secctx.accept/1).")
@click.option("--get", "path", metavar="PATH", help="Print one value of that document: status.name")
@click.option("--redact", is_flag=True, help="Stand-ins for names, keys, tickets, responses: to be shared.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing: the exit code tells.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option("--max-token", type=click.IntRange(min=1), default=1 << 20)
@click.option("--max-input", type=click.IntRange(min=1), default=64 << 20)
def accept(**options: Any) -> int:
    """Answer as AcceptSecurityContext (Negotiate) would: status, attributes, output token, expiry, client.

    A TOKEN is what decode takes; several are legs of one context. An empty file is the empty first input of a
    server-first negotiation. Between processes the context lives in a file: --new-context at the first call, --context
    at the later ones. Who can read that file can read the conversation, who can write it owns the context.

    \b
    Examples:
      SECCTX_PASSWORD=x secctx accept --user alice TlRMTVNTUAABAAAAl4II4gAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==
      SECCTX_PASSWORD=x secctx accept --user alice --json --req INTEGRITY /dev/null
      SECCTX_PASSWORD=x secctx accept --user alice --get status.name /dev/null

    In two processes: secctx accept --users users.txt --new-context ctx -w challenge.bin type1.bin, and with the
    client's answer: secctx accept --users users.txt --context ctx type3.bin

    \b
    Exit codes: 0 the last status is a success (SEC_E_OK, SEC_I_*); 1 it is an error, an expectation fails, or a finding
    is as grave as --fail-on;
    2 the command line is wrong; 3 no leg ran, or nothing could be judged; 4 a file cannot be read or written.
    """
    from .accept_call import Call

    call = Call(options)
    if options["captured"]:
        from .accept_captured import judge_all

        outcome = judge_all(call)
    else:
        outcome = call.run()
    if options["path"] is not None:
        from .paths import in_document, to_text

        for document in outcome.documents:
            try:
                print(to_text(in_document(document, options["path"])))
            except LookupError:
                complain(f"no such value: {options['path']}", [f"there are: {', '.join(document)}"])
                outcome.code = max(outcome.code, exits.NO)
    elif options["as_json"]:
        for document in outcome.documents:
            print(json.dumps(document, separators=(",", ":")))
    elif not options["quiet"] and options["target"] != "-":
        for line in outcome.lines:
            print(line)
    for line in outcome.complaints:
        complain(line)
    return outcome.code
