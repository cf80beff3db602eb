"""Why keys do not open a ticket: name, version, type, the key itself, its salt, or no key at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from .case import Case
from .finding import ERROR, NOTE, WARNING, Said, at, rule
from .kerberos_salt import proof_of_salt
from .kerberos_tickets import KDC_SERVICES, Presented, fit, presented

if TYPE_CHECKING:
    from secctx.keys.keyring import KeyRing, RingKey
    from secctx.keys.tickets import Closed, Wanted

#: Types whose keys have a salt in them.
_SALTED: Final = (17, 18, 19, 20, 25, 26)


@rule("KRB004", "name-not-in-keytab", ERROR)
def KRB004(case: Case) -> Iterator[Said]:
    """The keytab has no key for the service that the ticket names.

    What: MIT and Heimdal look for the ticket's name in the keytab. Windows has the keys of the account and tries them
    whatever the name is, so a key under another name of the same account opens the ticket there; secctx does so too.

    Shows: "Request ticket server HTTP/web.lab.example@LAB.EXAMPLE not found in keytab", "No key table entry found for
    …", "Wrong principal in request", KRB-ERROR 35 or 45; SEC_E_LOGON_DENIED on Windows, with data 52e from LDAP.

    Do: find the account that has this name with setspn -Q, and make the keytab for it and for this name; klist -k
    shows what a keytab has.

    Client: `klist` shows the name asked for; a CNAME or a reverse lookup can have changed it (KRB011).

    Server: `klist -kte /etc/krb5.keytab`; capitals count: HTTP/WEB is not HTTP/web for MIT. mod_auth_gssapi takes any
    name of the keytab unless GssapiAcceptorName sets one; mod_auth_kerb does with `KrbServiceName Any`; in krb5.conf
    `ignore_acceptor_hostname = true` lets every host name of the keytab do.

    KDC: `setspn -Q HTTP/web.lab.example`; `ktpass /princ HTTP/web.lab.example@LAB.EXAMPLE /mapuser LAB\\svc-web
    /crypto AES256-SHA1 /ptype KRB5_NT_PRINCIPAL /pass * /out web.keytab`; with MIT `kadmin.local ktadd -k web.keytab
    HTTP/web.lab.example`. Both make a new key.

    See: RFC 4120 section 3.2.3; MS-KILE 3.4.5; MIT krb5.conf, ignore_acceptor_hostname.
    """
    yield from _not_opened(case, _find_account, "no-key-for-service")
    for ticket, wanted, key, own in _opened(case):
        if not own:
            text = (
                f"the ticket is for {wanted.principal}, and the key of {key.name} opens it: one account has both names"
            )
            advice = "nothing on Windows; for MIT with a named service put this name into the keytab too"
            yield at(ticket.message, ticket.at("sname"), text, severity=NOTE, advice=advice)


@rule("KRB005", "key-version", ERROR)
def KRB005(case: Case) -> Iterator[Said]:
    """The keytab has another version of the key than the ticket.

    What: each new password of the account makes a new version (kvno, msDS-KeyVersionNumber). A ticket carries the
    number that it was made with; a keytab keeps those that were exported. A keytab made by ktpass with /pass, or
    by MIT's ktadd without -norandkey, changes the key and so the version, and makes the keytabs before it worthless.

    Shows: "… not found in keytab; keytab is likely out of date" (or "ticket is …"), "Key version number for principal
    in key table is incorrect" (MIT), "Checksum failed" or "Specified version of key is not available" (Java), KRB-ERROR
    44; Windows says KRB_AP_ERR_MODIFIED (41).

    Do: make the keytab anew from the account as it is now; if the keytab is the newer one, the client's ticket is old:
    klist purge or kdestroy, and log on again.

    Client: `kvno HTTP/web.lab.example` shows the version of the ticket; `klist purge` (Windows) or `kdestroy` drops
    an old one.

    Server: `klist -kt /etc/krb5.keytab` shows versions and dates; keep the old entries beside the new for as long as
    tickets live (10 hours): `ktutil`, `msktutil --auto-update`, `adcli update`.

    KDC: `Get-ADUser svc-web -Properties msDS-KeyVersionNumber`; another domain controller may not have replicated yet;
    numbers above 65535 are of a read-only domain controller; with MIT `kadmin.local getprinc HTTP/web.lab.example`.

    See: RFC 4120 section 5.2.9; MS-KILE 3.1.5.8 and 5.1.1.
    """
    yield from _not_opened(case, _renew_older, "key-version")
    for ticket, wanted, key, _ in _opened(case):
        from secctx.keys.tickets import same_version

        if wanted.kvno is not None and key.kvno is not None and not same_version(key, wanted):
            text = (
                f"the ticket says key version {wanted.kvno}, and the key that opens it is in the keytab as {key.kvno}"
            )
            advice = "nothing on Windows; MIT looks at the number, so write the right one into the keytab"
            yield at(ticket.message, ticket.at("enc-part.kvno"), text, severity=NOTE, advice=advice)


@rule("KRB006", "wrong-key", ERROR)
def KRB006(case: Case) -> Iterator[Said]:
    """The right name, version and type of key, and it does not open the ticket.

    What: the KDC made the ticket with the key of the account that has the name. If the server's key is another one,
    the name stands at another account (or at two), the password was changed without a new keytab, the keytab was made
    from another password, or an AES key with another salt (KRB008). A ticket altered on the way shows in the same way.

    Shows: KRB_AP_ERR_MODIFIED (41) and event 4 of Security-Kerberos on the client, "Decrypt integrity check failed"
    (31) or "… found in keytab but cannot decrypt ticket" with MIT, "Checksum failed" in Java, SEC_E_LOGON_DENIED at a
    Windows service.

    Do: look for the name on another account (setspn -Q, setspn -X); otherwise the password was changed without a new
    version, or the keytab was made with another salt: make it anew.

    Client: `klist purge` or `kdestroy`: a ticket from before the change of password cannot be opened any more.

    Server: the account that the service runs as must be the one that `setspn -Q SERVICE/HOST` names (in IIS
    useAppPoolCredentials); `kvno -k web.keytab HTTP/web.lab.example`, with a ticket of any user, tests a keytab.

    KDC: `setspn -X` finds duplicates; `Get-ADUser svc-web -Properties PasswordLastSet,msDS-KeyVersionNumber`; for a
    computer account `Test-ComputerSecureChannel`.

    See: RFC 4120 section 3.2.3; MS-KILE 3.4.5.
    """
    yield from _not_opened(case, _find_other, "key-wrong")
    for ticket, wanted, key, own in _opened(case):
        from secctx.keys.keyring import same_name

        if _fitting(own, wanted) and not same_name(key, wanted):
            text = f"the key of {wanted.principal} in the keytab does not open the ticket, and that of {key.name} does"
            yield at(ticket.message, ticket.at("enc-part.cipher"), text, severity=WARNING)


@rule("KRB007", "key-type", ERROR)
def KRB007(case: Case) -> Iterator[Said]:
    """There is no key of the ticket's encryption type.

    What: a keytab has one key for each encryption type. The KDC chooses the ticket's type by what the account may use
    (msDS-SupportedEncryptionTypes), not by what the keytab has; a keytab of RC4 alone is worthless once the domain
    prefers AES.

    Shows: "Cannot find key of appropriate type to decrypt AP-REQ - AES256 …" (Java; older: AP REP), "… found in keytab
    but not with enctype …" with MIT, KRB-ERROR 44 or 45.

    Do: make the keytab with this type too (ktutil, or ktpass /crypto ALL), or set what the account may use: Set-ADUser
    -KerberosEncryptionType.

    Client: after a change of the account `klist purge` or `kdestroy`; `klist -e` shows the type of each ticket.

    Server: `klist -kte /etc/krb5.keytab` shows the types; permitted_enctypes in krb5.conf must allow
    it.

    KDC: `Get-ADUser svc-web -Properties msDS-SupportedEncryptionTypes` (`secctx explain SUPPORTED_ENCTYPES=24` reads
    it); with MIT `kadmin.local getprinc HTTP/web.lab.example` lists the keys.

    See: RFC 3961; RFC 3962; RFC 8009; MS-KILE 3.1.5.2 and 3.3.5.7.
    """
    yield from _not_opened(case, None, "no-key-of-enctype", "ticket-enctype-unsupported")


@rule("KRB008", "wrong-salt", ERROR, explains=("KRB006",))
def KRB008(case: Case) -> Iterator[Said]:
    """The keytab's AES keys were made with another salt than the account's.

    What: an AES key is made of the password and a salt: realm and account name as the KDC has them. Tools that know
    the service's name alone take that as the salt, and a renamed account keeps its old one. RC4 keys have no salt, so
    they are right while the AES keys beside them are not.

    Shows: the keytab works with RC4 and fails with "Decrypt integrity check failed" or "Checksum failed" once the
    account uses AES; `kinit -k` fails with "Preauthentication failed".

    Do: make the AES keys with the salt that the KDC names: ktutil addent -password -s SALT, or have the KDC export the
    keytab.

    Client: nothing is wrong there.

    Server: `KRB5_TRACE=/dev/stderr kinit ACCOUNT` prints the salt ("Selected etype info: etype aes256-cts, salt …");
    `ktutil` with `addent -password -p HTTP/web.lab.example -k 3 -e aes256-cts-hmac-sha1-96 -s SALT` uses it; -f in its
    place fetches it, where the KDC knows the name as a client's (MIT 1.17 and later).

    KDC: for users the salt is REALM and the first part of the userPrincipalName, or the sAMAccountName without one
    (LAB.EXAMPLEsvc-web); for computers REALM, "host" and the DNS name (LAB.EXAMPLEhostweb.lab.example). It changes
    with the next password only.

    See: RFC 3962 section 4; MS-KILE 3.1.1.2; RFC 4120 section 5.2.7.5.
    """
    ring = case.given.keys
    if ring is None:
        return
    for ticket in _tickets(case):
        from secctx.keys.tickets import wanted_of

        wanted = wanted_of(ticket.node)
        report = ticket.report(case)
        if report is None or wanted.etype not in _SALTED:
            continue
        for key in _fitting(ring.named(wanted.realm, wanted.components), wanted):
            proof = proof_of_salt(case, ring, wanted, key, report.key if report.opened else None)
            if proof:
                text = f"the {wanted.etype_name} key of {key.name} was made with another salt: {proof}"
                # Another key of the ring opened it all the same; a keytab without that one fails.
                yield at(
                    ticket.message, ticket.at("enc-part.cipher"), text, severity=WARNING if report.opened else ERROR
                )
                break


@rule("KRB023", "keytab-unusable", ERROR)
def KRB023(case: Case) -> Iterator[Said]:
    """The keytab is empty, damaged or cannot be read.

    What: no key could be taken from the keytab that was given. An empty one has its two bytes of version and nothing
    behind them, or holes alone; a damaged one was often copied as text, or cut. Services often cannot read theirs
    since it belongs to root.

    Shows: "Permission denied", "Unsupported key table format version number", "Key table file '…' not found", "No
    credentials were supplied, or the credentials were unavailable or inaccessible"; the server offers no Kerberos or
    answers every ticket with a failure.

    Do: make the keytab anew, copy it as binary data, and let the service's user read it.

    Server: `klist -kte FILE` as the service's user (`sudo -u www-data klist -kte FILE`); `ls -lZ FILE`; the variable
    KRB5_KTNAME must be in the service's environment. A keytab begins with the bytes 05 02: `xxd FILE | head -1`.

    KDC: `ktpass … /out FILE` or `kadmin.local ktadd -k FILE PRINCIPAL` writes one; copy it with scp or in binary mode.

    See: MIT Kerberos documentation, keytab file format; krb5.conf, default_keytab_name.
    """
    ring = case.given.keys
    if ring is None or ring or ring.tgt or ring.found.tickets:
        return
    for ticket in _tickets(case):
        text = "what was given holds no key at all, so nothing can be opened with it"
        yield at(ticket.message, ticket.at("enc-part"), text)
        return


def _not_opened(case: Case, advise: Callable[[str, Mapping[str, Any]], str] | None, *kinds: str) -> Iterator[Said]:
    """That the ticket does not open for such a reason: the acceptor's refusal, or what the keys given show.

    `advise` makes the advice of the service's name, as it may stand in a command, and the reason's facts.
    """
    for said in case.refused(*kinds):
        ticket = next(presented(case), None)
        if advise is not None and ticket is not None and case.step is not None and case.step.refusal is not None:
            said.advice = advise(fit("/".join(ticket.service), "SERVICE/HOST"), case.step.refusal.facts)
        yield said
    for ticket, wanted, closed in _closed(case, *kinds):
        advice = "" if advise is None else advise(fit(wanted.name, "SERVICE/HOST"), closed.facts)
        yield at(ticket.message, ticket.at(closed.path), closed.text, advice=advice)


def _find_account(name: str, _: Mapping[str, Any]) -> str:
    return (
        f"find the account of this name (setspn -Q {name}), and make the keytab for it under this name; klist -k shows"
        " what a keytab has"
    )


def _renew_older(_: str, facts: Mapping[str, Any]) -> str:
    """Which of the two is the older one."""
    if facts.get("older"):
        return "make the keytab anew: the account has had a new password since"
    return "have the client drop its old ticket (klist purge, kdestroy) and log on again"


def _find_other(name: str, _: Mapping[str, Any]) -> str:
    return f"look for the name on another account (setspn -Q {name}; setspn -X), else make the keytab anew"


def _tickets(case: Case) -> Iterator[Presented]:
    """The tickets for services that may have a keytab, and that a keytab is meant to open."""
    for ticket in presented(case):
        service = ticket.service[:1]
        if not ticket.user_to_user and not (service and service[0].casefold() in KDC_SERVICES):
            yield ticket


def _closed(case: Case, *kinds: str) -> Iterator[tuple[Presented, Wanted, Closed]]:
    """The tickets that no key opened, for one of these reasons."""
    ring = case.given.keys
    if not ring:
        return
    from secctx.keys.tickets import keys_for, wanted_of, why_closed

    for ticket in _tickets(case):
        report = ticket.report(case)
        if report is None or report.opened or report.follows:
            continue
        wanted = wanted_of(ticket.node)
        closed = why_closed(ring, wanted, keys_for(ring, wanted))
        # Where another reason was given, as that it is cut short, the keys were not really tried. The password of
        # another principal may be the client's own, which is not meant for this.
        meant = closed.kind != "key-wrong" or _meant(ring, wanted)
        if closed.kind in kinds and report.why == closed.kind and meant:
            yield ticket, wanted, closed


def _meant(ring: KeyRing, wanted: Wanted) -> bool:
    """Whether the key that should open the ticket, one without a name, or that very principal's password is given."""
    name = wanted.realm, wanted.components
    if _fitting(ring.named(*name), wanted) or ring.account(*name) is not None:
        return True
    return any(not key.components for key in ring.keys)


def _opened(case: Case) -> Iterator[tuple[Presented, Wanted, RingKey, list[RingKey]]]:
    """The tickets that a key of a keytab opened, that key, and the keys that have the ticket's own name."""
    ring = case.given.keys
    if not ring:
        return
    from secctx.keys.tickets import wanted_of

    for ticket in _tickets(case):
        report = ticket.report(case)
        key = None if report is None or not report.opened else report.key
        if key is not None and key.components and any(one is key for one in ring.keys):
            wanted = wanted_of(ticket.node)
            yield ticket, wanted, key, ring.named(wanted.realm, wanted.components)


def _fitting(named: Iterable[RingKey], wanted: Wanted) -> list[RingKey]:
    """The keys, of those by its name, that should open the ticket by version and type."""
    from secctx.keys.tickets import same_version

    typed = (key for key in named if key.etype == wanted.etype)
    return [key for key in typed if wanted.kvno is None or same_version(key, wanted)]
