"""A throw-away realm: MIT's KDC on the loopback interface, in a folder of its own, without a trace at the end.

Nothing outside the folder is written, and nothing needs a privilege: started by root, the programs run as nobody.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

REALM = "SECCTX.EXAMPLE"
DOMAIN = "secctx.example"
PASSWORD = "Alice-Passw0rd1"
SERVICE_PASSWORD = "Svc-Passw0rd1"

#: The hosts whose service has keys of one type alone, and session keys of the same: name and number of the type.
HOSTS = {
    "aes256": ("aes256-cts-hmac-sha1-96", 18),
    "aes128": ("aes128-cts-hmac-sha1-96", 17),
    "sha2-256": ("aes256-cts-hmac-sha384-192", 20),
    "sha2-128": ("aes128-cts-hmac-sha256-128", 19),
    "camellia256": ("camellia256-cts-cmac", 26),
    "camellia128": ("camellia128-cts-cmac", 25),
    "rc4": ("arcfour-hmac", 23),
    "des3": ("des3-cbc-sha1", 16),
}
_PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "kvno")
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
_PR_SET_PDEATHSIG = 1

_KRB5_CONF = """[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  forwardable = true
  allow_weak_crypto = true
  allow_rc4 = true
  allow_des3 = true
  permitted_enctypes = {types}
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  .{domain} = {realm}
"""
_KDC_CONF = """[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {folder}/principal
    key_stash_file = {folder}/stash
    acl_file = {folder}/acl
    max_life = 1d
    supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
  }}
[logging]
  kdc = FILE:{folder}/kdc.log
"""


def missing_programs() -> list[str]:
    """The programs of MIT krb5 that this machine lacks."""
    return [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]


class Realm:
    """The realm while it is up; a context manager. `folder` holds all that it is made of."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="secctx-kdc-"))
        self._account = _nobody(self.folder)
        self._kdc: subprocess.Popen[bytes] | None = None
        self.environment = {
            "KRB5_CONFIG": f"{self.folder}/krb5.conf",
            "KRB5_KDC_PROFILE": f"{self.folder}/kdc.conf",
            "KRB5CCNAME": f"FILE:{self.folder}/alice.ccache",
            "KRB5RCACHENAME": "none:",
        }

    def __enter__(self) -> Realm:
        try:
            self._create()
            self._start()
            self.log_on("alice")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kdc is not None:
            self._kdc.kill()
            self._kdc.wait()
        shutil.rmtree(self.folder)

    def principal(self, service: str) -> str:
        """`HTTP/web.secctx.example@SECCTX.EXAMPLE` for `web`; a name with a slash is taken as it is."""
        name = service if "/" in service else f"HTTP/{service}.{DOMAIN}"
        return f"{name}@{REALM}"

    def keytab(self, service: str, name: str | None = None) -> Path:
        """The keys that the service has at this moment, in a keytab; written once under each name."""
        path = self.folder / f"{name or service}.keytab"
        if not path.exists():
            self.administer(f"ktadd -k {path} -norandkey {self.principal(service)}")
        return path

    def change_password(self, service: str, password: str) -> None:
        """A new key for the service, with the next kvno."""
        self.administer(f"change_password -pw {password} {self.principal(service)}")

    def log_on(self, name: str, *options: str, user: str = "alice") -> str:
        """A TGT in a credential cache of its own: the name of that."""
        cache = f"FILE:{self.folder}/{name}.ccache"
        self._run("kinit", *options, "-c", cache, f"{user}@{REALM}", stdin=f"{PASSWORD}\n")
        return cache

    def administer(self, *commands: str) -> None:
        """Commands of kadmin."""
        out = self._run("kadmin.local", "-r", REALM, stdin="".join(f"{command}\n" for command in commands))
        wrong = [line for line in out.splitlines() if "while " in line or "unknown" in line.casefold()]
        assert not wrong, wrong

    def _create(self) -> None:
        port = _free_port()
        types = " ".join(name for name, _ in HOSTS.values())
        facts = {"realm": REALM, "domain": DOMAIN, "port": port, "folder": self.folder, "types": types}
        for name, text in (("krb5.conf", _KRB5_CONF), ("kdc.conf", _KDC_CONF), ("acl", "")):
            (self.folder / name).write_text(text.format(**facts), encoding="utf-8")
        if self._account:
            os.chown(self.folder, self._account["user"], self._account["group"])
        self.port = port
        self._run("kdb5_util", "create", "-r", REALM, "-s", "-P", "of-no-worth")
        commands = [f"addprinc -pw {PASSWORD} {name}" for name in ("alice", "bob")]
        commands += [f"addprinc -pw {SERVICE_PASSWORD} {self.principal(name)}" for name in ("web", "other", "stale")]
        for host, (kind, _) in HOSTS.items():
            commands.append(f"addprinc -e {kind}:normal -randkey {self.principal(host)}")
            commands.append(f"setstr {self.principal(host)} session_enctypes {kind}")
        self.administer(*commands)

    def _start(self) -> None:
        program = shutil.which("krb5kdc", path=_PATH)
        assert program is not None
        log = self.folder / "out.log"
        with log.open("wb") as out:
            self._kdc = subprocess.Popen(
                [program, "-n", "-r", REALM],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self._all_environment(),
                preexec_fn=_dies_with_its_parent,
                **self._account,
            )
        until = time.monotonic() + 20
        while time.monotonic() < until and self._kdc.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the KDC does not come up: {log.read_text()}")

    def _run(self, program: str, *arguments: str, stdin: str = "") -> str:
        """What a program of MIT's says; RuntimeError where it fails."""
        path = shutil.which(program, path=_PATH)
        assert path is not None
        done = subprocess.run(
            [path, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self._all_environment(),
            check=False,
            timeout=60,
            **self._account,
        )
        if done.returncode:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def _all_environment(self) -> dict[str, str]:
        return {"PATH": _PATH, "HOME": str(self.folder), "LC_ALL": "C", **self.environment}


def _nobody(folder: Path) -> dict[str, Any]:
    """Whom the programs run as: nobody, where root has started them and nobody can reach the folder."""
    if os.geteuid() or not all(parent.stat().st_mode & 0o1 for parent in folder.parents):
        return {}
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return {}
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _dies_with_its_parent() -> None:
    """Linux ends the KDC even where the tests are killed; elsewhere the context manager must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_port() -> int:
    """A port that is free for TCP and UDP at this moment."""
    for _ in range(50):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free for both TCP and UDP")
