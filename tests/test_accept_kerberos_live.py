"""Fresh tickets of MIT's KDC, real clients, and `secctx accept` as the server, with only files between them.

The client must take our AP-REP for the server's, both ends must have the same key, and what one end signs and wraps the
other must verify and open. Where the KDC's programs or python-gssapi are missing nothing of this is run; SECCTX_KDC in
the environment says that they are there, and then it fails instead. Recorded handshakes hold the same elsewhere
(test_accept_kerberos_recorded.py).
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from builders.cli import run
from builders.keytab import entry
from builders.keytab import keytab as keytab_of
from kdc import clients as gss
from kdc.clients import CONF, DCE_STYLE, DELEGATE, IDENTIFY, INTEG, KRB5, MUTUAL, NTLM, SPNEGO, USUAL, ClientRefused
from kdc.realm import DOMAIN, HOSTS, REALM, SERVICE_PASSWORD, Realm, missing_programs
from kdc.server import CONTINUE, Server, accept_once
from kdc.user_to_user import UserToUser, tgt_request

from secctx.decoders import decode
from secctx.decoders.values import follow
from secctx.keys.ccache import read_ccache
from secctx.keys.keytab import read_keytab

MECHS = [pytest.param(KRB5, id="raw"), pytest.param(SPNEGO, id="SPNEGO")]
BINDINGS = b"tls-server-end-point:" + b"h" * 32
#: What a client of USUAL gets.
ATTRIBUTES = {"MUTUAL_AUTH", "REPLAY_DETECT", "SEQUENCE_DETECT", "CONFIDENTIALITY", "INTEGRITY"}
TEXTS = (b"", b"one", b"sixteen bytes ..", b"x" * 4000)


def not_run(reason: str) -> None:
    if os.environ.get("SECCTX_KDC"):
        pytest.fail(f"SECCTX_KDC is set, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def one_realm() -> Iterator[Realm]:
    lacking = missing_programs()
    if lacking:
        not_run(f"there is no MIT KDC: {', '.join(lacking)} missing")
    if gss.gss is None:
        not_run("python-gssapi is not installed")
    with Realm() as realm:
        yield realm


@pytest.fixture
def realm(one_realm: Realm, monkeypatch: pytest.MonkeyPatch) -> Realm:
    for name in ("KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "KRB5_TRACE", "NTLM_USER_FILE", "SECCTX_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in one_realm.environment.items():
        monkeypatch.setenv(name, value)
    return one_realm


def handshake(client: gss.Client, server: Server) -> None:
    """Until the server has finished or refused; what it says last, the client hears."""
    token = client.step()
    while server.status == CONTINUE:
        answer = server.step(token)
        if answer:
            token = client.step(answer)


def both_have_the_same_session(client: gss.Client, server: Server) -> None:
    """The same key, and messages that go both ways, in order."""
    assert client.complete
    session = server.session()
    assert session.key.value == client.session_key
    for text in TEXTS:
        assert session.verify(text, client.sign(text))
        client.verify(text, session.sign(text))
        for conf in (True, False):
            if not text:
                continue
            assert session.unwrap(client.wrap(text, conf)) == (text, conf)
            wrapped = session.wrap(text, conf, os.urandom(session.confounder_size(conf)))
            assert client.unwrap(wrapped, len(text)) == (text, conf)


def logged_on(client: gss.Client, server: Server) -> None:
    """The handshake succeeds, for alice."""
    handshake(client, server)
    assert server.status == "SEC_E_OK", server.reason
    assert server.document["established"] is True
    assert (server.leg["client"]["name"], server.leg["client"]["domain"]) == ("alice", REALM)
    both_have_the_same_session(client, server)


def end_of(cache: str, principal: str) -> datetime:
    """The endtime of the ticket for that service in a credential cache."""
    held = read_ccache(Path(cache.removeprefix("FILE:")).read_bytes()).credentials
    found = [each.endtime for each in held if each.server is not None and each.server.text == principal]
    assert found[0] is not None
    return found[0]


def test_the_realm_has_a_host_for_every_encryption_type_of_kerberos() -> None:
    assert sorted(number for _, number in HOSTS.values()) == [16, 17, 18, 19, 20, 23, 25, 26]


@pytest.mark.parametrize("mech", MECHS)
@pytest.mark.parametrize("host", HOSTS)
def test_a_client_logs_on_with_every_encryption_type(host: str, mech: str, realm: Realm, tmp_path: Path) -> None:
    client, server = gss.GssClient(host, mech), Server(tmp_path, "--keytab", realm.keytab(host))
    logged_on(client, server)
    assert server.legs == 1
    assert server.returned == ATTRIBUTES
    assert server.session().key.etype == HOSTS[host][1]
    ends = end_of(realm.environment["KRB5CCNAME"], realm.principal(host))
    assert server.leg["expiry"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    assert server.leg["client"]["impersonation"] == "impersonate"
    assert server.leg["output"]["message"] == ("AP-REP" if mech == KRB5 else "NegTokenResp")


@pytest.mark.parametrize("mech", MECHS)
@pytest.mark.parametrize("host", ["aes256", "sha2-128", "rc4"])
def test_without_mutual_authentication_there_is_no_ap_rep(host: str, mech: str, realm: Realm, tmp_path: Path) -> None:
    client = gss.GssClient(host, mech, CONF | INTEG)
    server = Server(tmp_path, "--keytab", realm.keytab(host))
    logged_on(client, server)
    assert server.returned == {"CONFIDENTIALITY", "INTEGRITY"}
    if mech == KRB5:
        assert server.leg["output"] is None
    else:
        answer = decode(base64.b64decode(server.leg["output"]["base64"])).root
        assert [child.name for child in answer.children] == ["negState", "supportedMech"]


@pytest.mark.parametrize("mech", MECHS)
@pytest.mark.parametrize("host", ["aes256", "sha2-256", "rc4"])
def test_a_forwarded_tgt_is_opened(host: str, mech: str, realm: Realm, tmp_path: Path) -> None:
    server = Server(tmp_path, "--keytab", realm.keytab(host))
    logged_on(gss.GssClient(host, mech, USUAL | DELEGATE), server)
    assert server.returned == ATTRIBUTES | {"DELEGATE"}
    assert server.leg["client"]["impersonation"] == "delegate"
    assert server.leg["client"]["carried_by"] == f"forwarded TGT of alice@{REALM}"


@pytest.mark.parametrize("mech", MECHS)
def test_a_client_that_lets_itself_be_identified_is_not_impersonated(mech: str, realm: Realm, tmp_path: Path) -> None:
    server = Server(tmp_path, "--keytab", realm.keytab("web"))
    logged_on(gss.GssClient("web", mech, USUAL | IDENTIFY), server)
    assert server.returned == ATTRIBUTES | {"IDENTIFY"}
    assert server.leg["client"]["impersonation"] == "identify"


@pytest.mark.parametrize("mech", MECHS)
@pytest.mark.parametrize("host", ["aes256", "sha2-256", "rc4", "camellia128"])
def test_dce_style_has_a_third_leg(host: str, mech: str, realm: Realm, tmp_path: Path) -> None:
    client, server = gss.GssClient(host, mech, USUAL | DCE_STYLE), Server(tmp_path, "--keytab", realm.keytab(host))
    answer = server.step(client.step())
    assert (server.status, server.leg["client"]) == (CONTINUE, None)
    if mech == KRB5:
        assert answer[0] == 0x6F  # AP-REP without the framing
    last = server.step(client.step(answer))
    if last:
        client.step(last)
    assert (server.status, server.legs) == ("SEC_E_OK", 2), server.reason
    assert server.returned == ATTRIBUTES | {"USED_DCE_STYLE"}
    both_have_the_same_session(client, server)


@pytest.mark.parametrize("mech", MECHS)
def test_an_altered_third_leg_is_refused(mech: str, realm: Realm, tmp_path: Path) -> None:
    client, server = gss.GssClient("web", mech, USUAL | DCE_STYLE), Server(tmp_path, "--keytab", realm.keytab("web"))
    third = bytearray(client.step(server.step(client.step())))
    cipher = follow(decode(bytes(third)).root, "responseToken.enc-part.cipher" if mech == SPNEGO else "enc-part.cipher")
    third[cipher[0][-1].start + 9] ^= 1
    server.step(bytes(third))
    assert (server.status, server.reason["kind"]) == ("SEC_E_INVALID_TOKEN", "third-leg-altered")
    assert server.returned == {"THIRD_LEG_FAILED"}


@pytest.mark.parametrize("mech", MECHS)
def test_channel_bindings_bind(mech: str, realm: Realm, tmp_path: Path) -> None:
    server = Server(tmp_path, "--keytab", realm.keytab("web"), "--bindings", f"data:{BINDINGS.hex()}")
    logged_on(gss.GssClient("web", mech, bindings=BINDINGS), server)


@pytest.mark.parametrize(
    ("bindings", "req", "kind"),
    [
        pytest.param(None, "", "bindings-missing", id="none"),
        pytest.param(None, "ALLOW_MISSING_BINDINGS", "", id="none, allowed"),
        pytest.param(b"x", "", "bindings-differ", id="others"),
        pytest.param(b"x", "ALLOW_MISSING_BINDINGS", "bindings-differ", id="others, none allowed"),
        pytest.param(b"x", "PROXY_BINDINGS", "", id="others, by proxy"),
    ],
)
def test_channel_bindings_are_missed(bindings: bytes | None, req: str, kind: str, realm: Realm, tmp_path: Path) -> None:
    client = gss.GssClient("web", bindings=bindings)
    given = () if req == "PROXY_BINDINGS" else ("--bindings", f"data:{BINDINGS.hex()}")
    server = Server(tmp_path, "--keytab", realm.keytab("web"), *given, *(("--req", req) if req else ()))
    if not kind:
        logged_on(client, server)
        return
    with pytest.raises(ClientRefused) as heard:
        handshake(client, server)
    assert (server.status, server.reason["kind"]) == ("SEC_E_BAD_BINDINGS", kind)
    assert heard.value.minor == gss.MIT_ERRORS + 60


def ntlm_first(monkeypatch: pytest.MonkeyPatch, folder: Path, flags: int = USUAL) -> gss.GssClient:
    """A client whose first choice, with an optimistic token, is NTLM."""
    if not gss.serves_ntlm():
        pytest.skip("gss-ntlmssp is not installed")
    users = folder / "ntlm-users"
    users.write_text("LAB:alice:not-used\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    client = gss.GssClient("web", SPNEGO, flags, offered=(NTLM, KRB5))
    monkeypatch.delenv("NTLM_USER_FILE")
    return client


def test_mech_list_mics_are_exchanged_where_kerberos_is_the_second_choice(
    realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = ntlm_first(monkeypatch, tmp_path), Server(tmp_path, "--keytab", realm.keytab("web"))
    logged_on(client, server)
    assert (server.legs, server.leg["output"]) == (3, None)  # the client is finished: RFC 4178 5 b
    assert server.returned == ATTRIBUTES


def test_in_dce_style_the_client_owes_its_mech_list_mic_first(
    realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ntlm_first(monkeypatch, tmp_path, USUAL | DCE_STYLE)
    server = Server(tmp_path, "--keytab", realm.keytab("web"))
    logged_on(client, server)
    assert server.legs == 3
    answer = decode(base64.b64decode(server.leg["output"]["base64"])).root
    assert [child.name for child in answer.children] == ["negState", "mechListMIC"]


def test_the_client_notices_an_altered_mech_list_mic_of_ours(
    realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = ntlm_first(monkeypatch, tmp_path), Server(tmp_path, "--keytab", realm.keytab("web"))
    second = server.step(client.step(server.step(client.step())))
    mic = follow(decode(second).root, "mechListMIC")[0][-1]
    altered = bytearray(second)
    altered[mic.stop - 1] ^= 1
    with pytest.raises(ClientRefused) as heard:
        client.step(bytes(altered))
    assert heard.value.routine == gss.BAD_MIC


def test_we_notice_an_altered_mech_list_mic_of_the_client(
    realm: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = ntlm_first(monkeypatch, tmp_path), Server(tmp_path, "--keytab", realm.keytab("web"))
    third = bytearray(client.step(server.step(client.step(server.step(client.step())))))
    third[-1] ^= 1
    server.step(bytes(third))
    assert (server.status, server.reason["kind"]) == ("SEC_E_MESSAGE_ALTERED", "spnego-mic-wrong")


# Clients above GSS-API ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "option"),
    [("kerberos", "use_gssapi"), ("negotiate", "use_negotiate")],
    ids=["Kerberos", "SPNEGO of its own"],
)
def test_the_client_of_pyspnego_logs_on(protocol: str, option: str, realm: Realm, tmp_path: Path) -> None:
    if importlib.util.find_spec("krb5") is None:
        not_run("the package krb5, which pyspnego's Kerberos needs, is not installed")
    server = Server(tmp_path, "--keytab", realm.keytab("web"))
    client = gss.PyspnegoClient("web", protocol, option)
    logged_on(client, server)
    assert client.protocol == "kerberos"
    assert server.returned == ATTRIBUTES


class _Web(BaseHTTPRequestHandler):
    """A page for those who log on; `accept` judges each Authorization header."""

    server: _WebServer

    def do_GET(self) -> None:
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        answer, code, who = b"", 401, ""
        if scheme == "Negotiate":
            answer = self.server.accept.step(base64.b64decode(text))
            if self.server.accept.status == "SEC_E_OK":
                code, who = 200, self.server.accept.leg["client"]["name"]
        self.send_response(code)
        self.send_header("WWW-Authenticate", f"Negotiate {base64.b64encode(answer).decode()}".strip())
        self.send_header("Content-Length", str(len(who)))
        self.end_headers()
        self.wfile.write(who.encode())

    def log_message(self, format: str, *args: object) -> None:
        return


class _WebServer(ThreadingHTTPServer):
    accept: Server


@pytest.mark.parametrize("delegation", ["none", "always"])
def test_curl_logs_on(delegation: str, realm: Realm, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None or b"SPNEGO" not in subprocess.run([curl, "--version"], capture_output=True, check=False).stdout:
        pytest.skip("there is no curl with SPNEGO")
    with _WebServer(("127.0.0.1", 0), _Web) as web:
        web.accept = Server(tmp_path, "--keytab", realm.keytab("web"))
        threading.Thread(target=web.serve_forever, daemon=True).start()
        try:
            where, port = f"web.{DOMAIN}", web.server_address[1]
            options = f"-sS --noproxy * --negotiate -u : --delegation {delegation} --max-time 20".split()
            options += ["--resolve", f"{where}:{port}:127.0.0.1", "-w", " %{http_code}"]
            page = f"http://{where}:{port}/"
            done = subprocess.run([curl, *options, page], capture_output=True, text=True, check=False)
        finally:
            web.shutdown()
    assert (done.returncode, done.stdout) == (0, "alice 200"), done.stderr
    assert web.accept.returned >= {"MUTUAL_AUTH", "REPLAY_DETECT", "INTEGRITY"}
    assert ("DELEGATE" in web.accept.returned) == (delegation == "always")


def test_user_to_user_without_any_long_term_key(realm: Realm, tmp_path: Path) -> None:
    """TGT-REQ, our TGT, a ticket under its session key, and libkrb5 takes our AP-REP."""
    cache = realm.log_on("bob", user="bob")
    server = Server(tmp_path, "--ccache", cache.removeprefix("FILE:"))
    client = UserToUser(realm.log_on("for-bob"), f"bob@{REALM}")
    reply = decode(server.step(tgt_request()))
    assert (server.status, reply.message) == (CONTINUE, "TGT-REP")
    ticket = follow(reply.root, "ticket")[0][-1]
    answer = server.step(client.request(reply.data[ticket.start : ticket.stop], USUAL))
    assert server.status == "SEC_E_OK", server.reason
    assert (server.leg["client"]["name"], server.returned) == ("alice", ATTRIBUTES)
    assert server.leg["output"]["message"] == "AP-REP"
    _, _, message = answer.partition(b"\2\0")  # the token id
    assert client.finish(message) == server.session().key.value


def test_a_user_to_user_ticket_for_another_tgt_is_refused(realm: Realm, tmp_path: Path) -> None:
    first = realm.log_on("bob", user="bob")
    client = UserToUser(realm.log_on("for-bob"), f"bob@{REALM}")
    reply = decode(Server(tmp_path, "--ccache", first.removeprefix("FILE:")).step(tgt_request()))
    ticket = follow(reply.root, "ticket")[0][-1]
    request = tmp_path / "request"
    request.write_bytes(client.request(reply.data[ticket.start : ticket.stop], USUAL))
    second = realm.log_on("bob-again", user="bob")
    leg = accept_once("--ccache", second.removeprefix("FILE:"), request)
    assert (leg["status"]["name"], leg["reason"]["kind"]) == ("SEC_E_LOGON_DENIED", "u2u-key")


# What is refused, and what the client hears of it ------------------------------------------------------------------


@pytest.mark.parametrize("mech", MECHS)
@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_an_hour_off_is_refused_and_the_client_is_told(
    hours: int, mech: str, realm: Realm, tmp_path: Path
) -> None:
    at = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    client, server = gss.GssClient("web", mech), Server(tmp_path, "--keytab", realm.keytab("web"), "--at", at)
    with pytest.raises(ClientRefused) as heard:
        handshake(client, server)
    assert (server.status, server.reason["kind"]) == ("SEC_E_TIME_SKEW", "clock-skew")
    assert ("behind" if hours > 0 else "ahead of") in server.reason["text"]
    if mech == KRB5:
        assert heard.value.minor == gss.MIT_ERRORS + 37


def test_a_clock_that_is_an_hour_off_is_accepted_where_so_much_is_allowed(realm: Realm, tmp_path: Path) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    logged_on(gss.GssClient("web"), Server(tmp_path, "--keytab", realm.keytab("web"), "--at", at, "--skew", "4000"))


def test_an_expired_ticket_is_called_that_in_the_order_of_mit(realm: Realm, tmp_path: Path) -> None:
    at = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    token = tmp_path / "token"
    token.write_bytes(gss.GssClient("web").step())
    by_order = [
        accept_once("--keytab", realm.keytab("web"), "--at", at, "--order", order, token) for order in ("rfc", "mit")
    ]
    assert [leg["reason"]["kind"] for leg in by_order] == ["clock-skew", "ticket-expired"]
    assert by_order[1]["status"]["name"] == "SEC_E_CONTEXT_EXPIRED"


@pytest.mark.parametrize("mech", MECHS)
def test_a_token_is_accepted_once_and_the_next_one_too(mech: str, realm: Realm, tmp_path: Path) -> None:
    seen, given = tmp_path / "replays", ("--keytab", realm.keytab("web"), "--replay-cache", tmp_path / "replays")
    tokens = [tmp_path / "first", tmp_path / "second"]
    for path in tokens:
        path.write_bytes(gss.GssClient("web", mech).step())
    legs = [accept_once(*given, path) for path in (tokens[0], tokens[0], tokens[1], tokens[1])]
    assert seen.exists()
    assert [leg["status"]["name"] for leg in legs] == ["SEC_E_OK", "SEC_E_LOGON_DENIED"] * 2
    assert [leg["reason"] and leg["reason"]["kind"] for leg in legs] == [None, "replay"] * 2


def test_a_keytab_from_before_or_after_a_change_of_password_is_told_apart(realm: Realm, tmp_path: Path) -> None:
    old, before = realm.keytab("stale", "stale-1"), tmp_path / "before"
    before.write_bytes(gss.GssClient("stale", cache=realm.log_on("before")).step())
    realm.change_password("stale", "Another-1")
    new, after = realm.keytab("stale", "stale-2"), tmp_path / "after"
    after.write_bytes(gss.GssClient("stale", cache=realm.log_on("after")).step())

    too_old, too_new = accept_once("--keytab", old, after), accept_once("--keytab", new, before)
    for leg in (too_old, too_new):
        assert (leg["status"]["name"], leg["reason"]["kind"]) == ("SEC_E_LOGON_DENIED", "key-version")
    assert "key version 2" in too_old["reason"]["text"]
    assert "the keytab has 1 of " in too_old["reason"]["text"]
    assert "the keytab is older than" in too_old["reason"]["text"]
    assert "the ticket is older than the keytab" in too_new["reason"]["text"]
    both = ("--keytab", old, "--keytab", new)
    assert [accept_once(*both, token)["status"]["name"] for token in (before, after)] == ["SEC_E_OK"] * 2


@pytest.mark.parametrize("mech", MECHS)
def test_a_ticket_for_another_service_is_refused_and_both_names_are_said(
    mech: str, realm: Realm, tmp_path: Path
) -> None:
    client, server = gss.GssClient("other", mech), Server(tmp_path, "--keytab", realm.keytab("web"))
    with pytest.raises(ClientRefused) as heard:
        handshake(client, server)
    assert (server.status, server.reason["kind"]) == ("SEC_E_LOGON_DENIED", "no-key-for-service")
    assert realm.principal("web") in server.reason["text"]
    assert realm.principal("other") in server.reason["text"]
    if mech == KRB5:
        assert heard.value.minor == gss.MIT_ERRORS + 41


def test_the_key_counts_and_not_its_name_but_for_mit(realm: Realm, tmp_path: Path) -> None:
    """The same account under another service name, as Windows has it."""
    records = [
        entry((b"cifs", f"web.{DOMAIN}".encode()), REALM.encode(), etype=each.key.etype, key=each.key.value, kvno=1)
        for each in read_keytab(realm.keytab("web").read_bytes()).entries
    ]
    path = tmp_path / "cifs.keytab"
    path.write_bytes(keytab_of(*records))
    path.chmod(0o600)
    server = Server(tmp_path, "--keytab", path)
    logged_on(gss.GssClient("web"), server)
    assert any(f"the key of cifs/web.{DOMAIN}@{REALM} opens it" in note for note in server.leg["notes"])
    token = tmp_path / "token"
    token.write_bytes(gss.GssClient("web").step())
    leg = accept_once("--keytab", path, "--order", "mit", token)
    assert (leg["status"]["name"], leg["reason"]["kind"]) == ("SEC_E_LOGON_DENIED", "no-key-for-service")


def test_a_keytab_without_the_tickets_encryption_type_is_called_that(realm: Realm, tmp_path: Path) -> None:
    kept = [each for each in read_keytab(realm.keytab("web").read_bytes()).entries if each.key.etype == 17]
    record = entry((b"HTTP", f"web.{DOMAIN}".encode()), REALM.encode(), etype=17, key=kept[0].key.value, kvno=1)
    path, token = tmp_path / "aes128.keytab", tmp_path / "token"
    path.write_bytes(keytab_of(record))
    path.chmod(0o600)
    token.write_bytes(gss.GssClient("web").step())
    leg = accept_once("--keytab", path, token)
    assert (leg["status"]["name"], leg["reason"]["kind"]) == ("SEC_E_LOGON_DENIED", "no-key-of-enctype")
    assert "aes256" in leg["reason"]["text"]


@pytest.mark.parametrize("mech", MECHS)
def test_the_password_of_the_service_is_as_good_as_its_keytab(mech: str, realm: Realm, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(f"{SERVICE_PASSWORD}\n", encoding="utf-8")
    password.chmod(0o600)
    server = Server(tmp_path, "--principal", realm.principal("web"), "--password-file", password)
    logged_on(gss.GssClient("web", mech), server)


def test_a_client_without_mutual_authentication_is_told_nothing_unless_it_is_asked_for(
    realm: Realm, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_bytes(gss.GssClient("other", flags=USUAL & ~MUTUAL).step())
    quiet = accept_once("--keytab", realm.keytab("web"), token)
    told = accept_once("--keytab", realm.keytab("web"), "--req", "EXTENDED_ERROR", token)
    assert quiet["output"] is None
    assert told["output"]["message"] == "KRB-ERROR"


def test_one_flipped_bit_anywhere_in_a_fresh_token_is_never_accepted(realm: Realm, tmp_path: Path) -> None:
    """A bit in every 40 bytes of ticket and authenticator; the tokens are the legs of as many contexts."""
    token = gss.GssClient("web").step()
    root = decode(token).root
    for path in ("ticket.enc-part.cipher", "authenticator.cipher"):
        cipher = follow(root, path)[0][-1]
        for at in range(cipher.start + 8, cipher.stop, max(40, (cipher.stop - cipher.start) // 4)):
            altered = bytearray(token)
            altered[at] ^= 1
            file = tmp_path / "altered"
            file.write_bytes(bytes(altered))
            leg = accept_once("--keytab", realm.keytab("web"), file)
            assert leg["status"]["value"] >= 0x80000000, (path, at)


@pytest.mark.parametrize("flags", [USUAL, USUAL | DCE_STYLE], ids=["mutual", "DCE style"])
def test_both_sides_of_a_fresh_handshake_judged_again_as_captured_agree(
    flags: int, realm: Realm, tmp_path: Path
) -> None:
    client, server = gss.GssClient("sha2-256", SPNEGO, flags), Server(tmp_path, "--keytab", realm.keytab("sha2-256"))
    tokens = [client.step()]
    while server.status == CONTINUE:
        tokens.append(server.step(tokens[-1]))
        tokens.append(client.step(tokens[-1]))
    files = [tmp_path / f"leg{number}" for number, token in enumerate(tokens, 1) if token]
    for file, token in zip(files, tokens, strict=False):
        file.write_bytes(token)
    done = run("accept", "--json", "--captured", "--keytab", realm.keytab("sha2-256"), *files)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["established"] is True
    assert [leg["answer"]["differences"] for leg in document["legs"]] == [[]] * server.legs
