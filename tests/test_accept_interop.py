"""Real clients against the command line, leg by leg, with only files between them.

The client is pyspnego's, in this process; and gss-ntlmssp's, where it is installed. What the server has in the end is
what its context file says, and what it can do with it: the same key, messages that open at the other end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spnego
from builders.cli import Ran, run
from spnego import ContextReq
from spnego.channel_bindings import GssChannelBindings

from secctx.keys.ntlm_session import NtlmSession

USERS = "LAB:alice:Alice-Pass-1\nLAB:Jürgen:Pässwörd-日本-1\nLAB:日本:x\n"
DATA = b"tls-server-end-point:" + b"h" * 32
BINDINGS = GssChannelBindings(application_data=DATA)


class Server:
    """`secctx accept` in processes of its own: tokens come and go as files."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = ("--users", str(folder / "users"), "--server-name", "FS01", "--server-domain", "LAB", *options)
        self.legs = 0
        self.document: dict[str, Any] = {}
        users = folder / "users"
        users.write_text(USERS, encoding="utf-8")
        users.chmod(0o600)

    def step(self, token: bytes | None) -> bytes:
        """One leg; the output token."""
        incoming, outgoing, context = (self.folder / name for name in ("in.bin", "out.bin", "context"))
        incoming.write_bytes(token or b"")
        outgoing.unlink(missing_ok=True)
        kept = ("--context", context) if self.legs else ("--new-context", context)
        self.legs += 1
        done = run("accept", "--json", *self.options, *kept, "--keep-context", "-w", outgoing, incoming)
        self.document = json.loads(done.out)
        assert done.code == (0 if self.document["status"]["value"] < 0x80000000 else 1), done.err
        return outgoing.read_bytes() if outgoing.exists() else b""

    @property
    def status(self) -> str:
        return str(self.document["status"]["name"])

    @property
    def client(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["legs"][-1]["client"]
        return found

    @property
    def saved(self) -> dict[str, Any]:
        """The session in the context file."""
        found: dict[str, Any] = json.loads((self.folder / "context").read_text())["ntlm"]["session"]
        return found


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LM_COMPAT_LEVEL", "NTLM_USER_FILE", "NETBIOS_COMPUTER_NAME", "SECCTX_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return


def client_of(protocol: str, user: str = "LAB\\alice", password: str = "Alice-Pass-1", **more: Any) -> Any:
    own = {"ntlm": spnego.NegotiateOptions.use_ntlm, "negotiate": spnego.NegotiateOptions.use_negotiate}[protocol]
    options = {"hostname": "fs01.lab.example", "service": "cifs", "protocol": protocol, "options": own, **more}
    return spnego.client(user, password, **options)


def handshake(client: Any, server: Server, token: bytes | None = None) -> None:
    """Until the server has finished or refused; what it says last, the client hears."""
    server.document = {"status": {"name": "SEC_I_CONTINUE_NEEDED"}}
    while server.status == "SEC_I_CONTINUE_NEEDED":
        token = server.step(client.step(token))
    if token and server.status == "SEC_E_OK":
        client.step(token)


def both_have_the_same_session(client: Any, server: Server, sealing: bool = True) -> None:
    assert client.complete
    assert bytes.fromhex(server.saved["key"]) == client.session_key
    session = NtlmSession.restore(server.saved)
    for text in (b"from the client", b"and once more"):
        if sealing:
            wrapped = client.wrap(text).data
            assert session.unseal(wrapped[16:], wrapped[:16]) == text
            sealed, signature = session.seal(text)
            assert client.unwrap(signature + sealed).data == text
        else:
            assert session.verify(text, client.sign(text))
            client.verify(text, session.sign(text))


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
@pytest.mark.parametrize(
    ("user", "password", "name"),
    [
        pytest.param("LAB\\alice", "Alice-Pass-1", "alice", id="domain and user"),
        pytest.param("alice@lab.example", "Alice-Pass-1", "alice", id="UPN"),
        pytest.param("alice", "Alice-Pass-1", "alice", id="no domain"),
        pytest.param("lab\\ALICE", "Alice-Pass-1", "alice", id="case turned around"),
        pytest.param("LAB\\Jürgen", "Pässwörd-日本-1", "Jürgen", id="non-ASCII"),
        pytest.param("LAB\\日本", "x", "日本", id="Japanese"),
    ],
)
def test_a_client_logs_on_and_both_ends_have_the_same_session(
    protocol: str, user: str, password: str, name: str, tmp_path: Path
) -> None:
    client, server = client_of(protocol, user, password), Server(tmp_path)
    handshake(client, server)
    assert (server.status, server.legs) == ("SEC_E_OK", 2), server.document
    assert server.document["established"] is True
    assert (server.client["domain"], server.client["name"]) == ("LAB", name)
    assert server.document["legs"][-1]["attributes"]["hex"] == "0x0002001c"
    both_have_the_same_session(client, server)


def test_the_mech_list_mics_are_exchanged_and_each_verifies_the_others(tmp_path: Path) -> None:
    client, server = client_of("negotiate"), Server(tmp_path)
    server_said = server.step(client.step(None))
    last = client.step(server_said)
    answer = server.step(last)
    assert server.status == "SEC_E_OK"
    assert answer[:15] == bytes.fromhex("a11b3019a0030a0100a31204100100")
    assert (server.saved["received"][1], server.saved["sent"][1]) == (1, 1)
    assert not client.step(answer)  # verifies it, or raises
    both_have_the_same_session(client, server)


def test_the_client_notices_an_altered_mech_list_mic_of_ours(tmp_path: Path) -> None:
    client, server = client_of("negotiate"), Server(tmp_path)
    answer = bytearray(server.step(client.step(server.step(client.step(None)))))
    answer[-6] ^= 1
    with pytest.raises(spnego.exceptions.SpnegoError):
        client.step(bytes(answer))


def test_the_server_may_begin(tmp_path: Path) -> None:
    client, server = client_of("negotiate"), Server(tmp_path)
    handshake(client, server, server.step(None))
    assert (server.status, server.legs) == ("SEC_E_OK", 3)
    both_have_the_same_session(client, server)


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
@pytest.mark.parametrize("level", range(6))
def test_every_level_of_compatibility_logs_on(
    protocol: str, level: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LM_COMPAT_LEVEL", str(level))
    client, server = client_of(protocol), Server(tmp_path)
    handshake(client, server)
    assert server.status == "SEC_E_OK", server.document
    both_have_the_same_session(client, server)


def test_ntlm_v1_is_refused_at_level_5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_COMPAT_LEVEL", "2")
    client, server = client_of("negotiate"), Server(tmp_path, "--lm-level", "5")
    handshake(client, server)
    assert server.status == "SEC_E_LOGON_DENIED"
    assert server.document["legs"][-1]["reason"]["kind"] == "ntlm-level"


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
def test_channel_bindings_bind(protocol: str, tmp_path: Path) -> None:
    client = client_of(protocol, channel_bindings=BINDINGS)
    server = Server(tmp_path, "--bindings", f"data:{DATA.hex()}")
    handshake(client, server)
    assert server.status == "SEC_E_OK", server.document
    both_have_the_same_session(client, server)


@pytest.mark.parametrize(
    ("bindings", "req", "status"),
    [
        pytest.param(None, "", "SEC_E_BAD_BINDINGS", id="none"),
        pytest.param(None, "ALLOW_MISSING_BINDINGS", None, id="none, allowed"),
        pytest.param(GssChannelBindings(application_data=b"x"), "", "SEC_E_BAD_BINDINGS", id="others"),
        pytest.param(GssChannelBindings(application_data=b"x"), "PROXY_BINDINGS", "SEC_E_OK", id="others, by proxy"),
    ],
)
def test_channel_bindings_are_missed(
    bindings: GssChannelBindings | None, req: str, status: str | None, tmp_path: Path
) -> None:
    client = client_of("ntlm", channel_bindings=bindings)
    given = () if req == "PROXY_BINDINGS" else ("--bindings", f"data:{DATA.hex()}")
    server = Server(tmp_path, *given, *(("--req", req) if req else ()))
    handshake(client, server)
    sends_zeros = "zero" in str(server.document["legs"][-1]["reason"] or "")
    assert server.status == (status or ("SEC_E_BAD_BINDINGS" if sends_zeros else "SEC_E_OK"))


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
@pytest.mark.parametrize(
    ("wanted", "attributes"),
    [
        pytest.param(ContextReq.none, "0x00000000", id="nothing"),
        pytest.param(ContextReq.integrity, "0x0002000c", id="integrity"),
        pytest.param(ContextReq.confidentiality | ContextReq.integrity, "0x0002001c", id="both"),
        pytest.param(ContextReq.confidentiality, "0x00000010", id="confidentiality alone"),
        pytest.param(ContextReq.replay_detect, "0x0002000c", id="replay detection, which is integrity"),
    ],
)
def test_what_the_client_wants_is_what_it_gets(
    protocol: str, wanted: ContextReq, attributes: str, tmp_path: Path
) -> None:
    client, server = client_of(protocol, context_req=wanted), Server(tmp_path)
    handshake(client, server)
    assert server.status == "SEC_E_OK", server.document
    assert server.document["legs"][-1]["attributes"]["hex"] == attributes
    assert bytes.fromhex(server.saved["key"]) == client.session_key
    if wanted not in (ContextReq.none, ContextReq.confidentiality):  # without SIGN pyspnego signs with a constant
        both_have_the_same_session(client, server, sealing=bool(wanted & ContextReq.confidentiality))


@pytest.mark.parametrize("protocol", ["ntlm", "negotiate"])
def test_a_wrong_password_is_denied_and_the_context_is_gone(protocol: str, tmp_path: Path) -> None:
    client, server = client_of(protocol, password="wrong"), Server(tmp_path)
    handshake(client, server)
    assert server.status == "SEC_E_LOGON_DENIED"
    assert server.document["legs"][-1]["reason"]["kind"] == "ntlm-wrong-password"
    assert not (tmp_path / "context").exists()


def test_a_client_with_a_hash_instead_of_a_password_logs_on(tmp_path: Path) -> None:
    from spnego._ntlm_raw.crypto import ntowfv1

    credential = spnego.NTLMHash(username="LAB\\alice", nt_hash=ntowfv1("Alice-Pass-1").hex())
    own = spnego.NegotiateOptions.use_ntlm
    client = spnego.client(credential, hostname="fs01", service="http", protocol="ntlm", options=own)
    server = Server(tmp_path)
    handshake(client, server)
    assert server.status == "SEC_E_OK"
    both_have_the_same_session(client, server)


def test_one_user_with_a_password_file_and_with_a_hash_file(tmp_path: Path) -> None:
    from spnego._ntlm_raw.crypto import ntowfv1

    for name, content in (("password", "Alice-Pass-1\n"), ("nt-hash", ntowfv1("Alice-Pass-1").hex() + "\n")):
        folder = tmp_path / name
        folder.mkdir()
        secret = folder / "secret"
        secret.write_text(content)
        secret.chmod(0o600)
        client, server = client_of("negotiate"), Server(folder)
        server.options = ("--user", "LAB\\alice", f"--{name}-file", str(secret))
        handshake(client, server)
        assert server.status == "SEC_E_OK", server.document
        both_have_the_same_session(client, server)


def test_the_text_says_what_to_do_at_each_leg(tmp_path: Path) -> None:
    client, server = client_of("negotiate"), Server(tmp_path)

    def said(token: bytes, *kept: str | Path) -> Ran:
        (tmp_path / "in").write_bytes(token)
        return run("accept", *server.options, *kept, "-w", tmp_path / "out", tmp_path / "in")

    first = said(client.step(None), "--new-context", tmp_path / "context")
    assert (first.code, first.err) == (0, "")
    assert "SEC_I_CONTINUE_NEEDED" in first.out
    assert "call again with its answer" in " ".join(first.out.split())
    last = said(client.step((tmp_path / "out").read_bytes()), "--context", tmp_path / "context")
    assert (last.code, last.err) == (0, "")
    for part in ("SEC_E_OK", "LAB\\alice", "CONFIDENTIALITY", "still send"):
        assert part in last.out
    client.step((tmp_path / "out").read_bytes())
    assert client.complete


# gss-ntlmssp ---------------------------------------------------------------------------------------------------------

NTLMSSP = "1.3.6.1.4.1.311.2.2.10"
SESSION_KEY = "1.2.840.113554.1.2.2.5.5"  # GSS_C_INQ_SSPI_SESSION_KEY


@pytest.fixture
def gss() -> Any:
    """python-gssapi with gss-ntlmssp behind it."""
    gssapi = pytest.importorskip("gssapi")
    if gssapi.OID.from_int_seq(NTLMSSP) not in gssapi.raw.indicate_mechs():
        pytest.skip("gss-ntlmssp is not installed")
    return gssapi


@pytest.mark.parametrize("framing", ["bare", "SPNEGO"])
def test_gss_ntlmssp_logs_on_and_both_ends_have_the_same_session(gss: Any, framing: str, tmp_path: Path) -> None:
    mech = gss.OID.from_int_seq(NTLMSSP)
    user = gss.Name("LAB\\alice", gss.NameType.user)
    spnego = gss.OID.from_int_seq("1.3.6.1.5.5.2")
    mechs = [mech] if framing == "bare" else [spnego]
    found = gss.raw.acquire_cred_with_password(user, b"Alice-Pass-1", mechs=mechs, usage="initiate").creds
    if framing != "bare":
        gss.raw.set_neg_mechs(found, [mech])
    flags = gss.RequirementFlag.integrity | gss.RequirementFlag.confidentiality
    client = gss.SecurityContext(
        name=gss.Name("http@fs01.lab.example", gss.NameType.hostbased_service),
        creds=gss.Credentials(found),
        mech=mech if framing == "bare" else spnego,
        flags=flags,
        usage="initiate",
    )
    server = Server(tmp_path)
    token: bytes | None = None
    while not client.complete or token:
        token = client.step(token)
        if not token:
            break
        token = server.step(token)
    assert client.complete
    assert server.status == "SEC_E_OK", server.document
    (key, *_) = gss.raw.inquire_sec_context_by_oid(client, gss.OID.from_int_seq(SESSION_KEY))
    assert bytes.fromhex(server.saved["key"]) == key
    session = NtlmSession.restore(server.saved)
    wrapped = client.wrap(b"from the client", True).message
    assert session.unseal(wrapped[16:], wrapped[:16]) == b"from the client"
    sealed, signature = session.seal(b"from the server")
    assert client.unwrap(signature + sealed).message == b"from the server"
