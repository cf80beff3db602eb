"""Kerberos opened with a keytab: beside tshark, impacket and MIT's library, where they are, and as a PAC grows.

secctx needs none of the three: what is not there is listed as not run. impacket, and gssapi with krb5, are looked for
in the interpreter that runs the bench. tshark gets the capture of such a logon, with the answer of the server.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .children import environment, secctx_start
from .kerberos_grown import GROWN, a_pac
from .ratios import Ratio, in_turn, print_ratios, timer
from .samples import FOLDER, INIT, path_of, token_of
from .settings import Settings
from .whole import compare

if TYPE_CHECKING:
    from secctx.keys.keytab import Keytab

#: Whole processes: secctx beside the peer.
TSHARK_AT_MOST: Final = 1.0
IMPACKET_AT_MOST: Final = 0.75
GSSAPI_AT_MOST: Final = 1.0
#: In one process: how many times as fast as impacket.
AT_LEAST: Final = 1.0
#: Ten times the groups of a PAC.
GROWTH_AT_MOST: Final = 12.0

_KEYTAB: Final = FOLDER / "web.keytab"
_CAPTURE: Final = FOLDER / "captures" / "http-kerberos.pcap"
#: Within five minutes of the sample's authenticator.
_AT: Final = "2026-11-22T08:26Z"
_SIDE: Final = Path(__file__).with_name("impacket_side.py")

#: MIT's library asks no KDC here; that the authenticator is old, and comes again and again, it must not mind.
_CONFIGURATION: Final = """\
[libdefaults]
    default_realm = LAB.EXAMPLE
    clockskew = 1000000000
    dns_lookup_kdc = false
    dns_lookup_realm = false
    rdns = false
"""
_SERVER: Final = """
import base64, json, os, sys
os.environ.update(KRB5_KTNAME=sys.argv[2], KRB5_CONFIG=sys.argv[3], KRB5RCACHENAME="none:")
import spnego
server = spnego.server(hostname="web.lab.example", service="HTTP", options=spnego.NegotiateOptions.use_negotiate)
with open(sys.argv[1], "rb") as file:
    token = server.step(file.read())
shown = {"output": base64.b64encode(token).decode(), "complete": server.complete, "client": server.client_principal}
print(json.dumps(shown))
"""


def run(settings: Settings) -> list[str]:
    """Measure and print; what was missed."""
    absent = dict(_absent())
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        ratios = [ratio for name in _WHOLE if name not in absent for ratio in _WHOLE[name](Path(folder), settings)]
    if ratios:
        missed += print_ratios("Kerberos, whole process: secctx --json / peer, less is better", ratios)
    if "impacket" not in absent:
        missed += print_ratios("Kerberos, in process: impacket / secctx, more is better", list(_library(settings)))
    ratios = [_growth(case, settings) for case in GROWN]
    missed += print_ratios("Kerberos, a PAC of 1000 groups / one of 100, less is better", ratios)
    for name, reason in absent.items():
        print(f"\nnot run: {name}: {reason}")
    return missed


def _absent() -> Iterator[tuple[str, str]]:
    """The peers that are not there, and why."""
    if shutil.which("tshark") is None:
        yield "tshark", "it is not installed"
    elif b"encTicketPart" not in _output(_tshark()):
        yield "tshark", "it opens nothing; it is built without Kerberos"
    if find_spec("impacket") is None:
        yield "impacket", "the interpreter of this run has it not"
    lacking = [name for name in ("gssapi", "krb5") if find_spec(name) is None]
    if lacking:
        yield (
            "python-gssapi",
            f"the interpreter of this run has no {' and no '.join(lacking)}, which pyspnego needs for it",
        )


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, env=environment(), check=False).stdout


def _decode() -> list[str]:
    return [*secctx_start(), "decode", "--json", "--keytab", str(_KEYTAB), str(path_of(INIT))]


def _tshark() -> list[str]:
    # tshark 4.0 takes the keytab from `-K`, and opens nothing unless the preference says so.
    return ["tshark", "-n", "-r", str(_CAPTURE), "-o", "kerberos.decrypt:TRUE", "-K", str(_KEYTAB), "-T", "json"]


def _with_tshark(_: Path, settings: Settings) -> list[Ratio]:
    return compare("decode / tshark", _decode(), _tshark(), TSHARK_AT_MOST, settings.rounds)


def _with_impacket(_: Path, settings: Settings) -> list[Ratio]:
    theirs = [sys.executable, str(_SIDE), str(path_of(INIT)), str(_KEYTAB)]
    return compare("decode / impacket", _decode(), theirs, IMPACKET_AT_MOST, settings.rounds)


def _with_gssapi(folder: Path, settings: Settings) -> list[Ratio]:
    configuration = folder / "krb5.conf"
    configuration.write_text(_CONFIGURATION)
    token = str(path_of(INIT))
    ours = [*secctx_start(), "accept", "--json", "--keytab", str(_KEYTAB), "--at", _AT, token]
    theirs = [sys.executable, "-c", _SERVER, token, str(_KEYTAB), str(configuration)]
    return compare("accept / pyspnego's server on GSSAPI", ours, theirs, GSSAPI_AT_MOST, settings.rounds)


_WHOLE: Final[dict[str, Callable[[Path, Settings], list[Ratio]]]] = {
    "tshark": _with_tshark,
    "impacket": _with_impacket,
    "python-gssapi": _with_gssapi,
}


def _library(settings: Settings) -> Iterator[Ratio]:
    """Opening a logon, and PACs alone; the keys of both sides are read, and derived anew for each logon."""
    from impacket.krb5.keytab import Keytab as TheirKeytab

    from secctx.decoders.pac import decode_pac_bytes
    from secctx.keys.keytab import read_keytab

    from . import impacket_side

    token, keytab = token_of(INIT), _KEYTAB.read_bytes()
    ours, theirs = read_keytab(keytab), TheirKeytab(keytab)
    if impacket_side.open_logon(token, theirs)["client"] != "alice@LAB.EXAMPLE":
        raise SystemExit("bench: impacket does not open the sample")
    opened = partial(impacket_side.open_logon, token, theirs)
    yield _compare("ticket, authenticator and PAC", partial(_open, token, ours), opened, settings)
    for groups in (10, 100, 1000):
        pac = a_pac(groups)
        case = f"PAC of {groups} groups alone"
        yield _compare(case, partial(decode_pac_bytes, pac), partial(impacket_side.open_pac, pac), settings)


def _open(token: bytes, keytab: Keytab) -> Any:
    """What `decode --keytab` does between reading files and printing; keys derived before are forgotten."""
    from secctx.decoders import decode
    from secctx.keys.kerberos_key import Key
    from secctx.keys.keyring import KeyRing, RingKey
    from secctx.keys.unlock import unlock

    ring = KeyRing()
    for entry in keytab.entries:
        key = Key(entry.key.etype, entry.key.value)
        ring.keys.append(RingKey(key, "web.keytab", entry.realm, entry.components, entry.kvno))
    unlocked = unlock(decode(token), ring)
    if not all(report.opened for report in unlocked.reports):
        raise SystemExit(f"bench: {unlocked.reports} of the sample")
    return unlocked


def _compare(case: str, ours: Callable[[], object], theirs: Callable[[], object], settings: Settings) -> Ratio:
    pairs = in_turn(settings.rounds, timer(ours, settings.sample), timer(theirs, settings.sample))
    return Ratio(case, [their / our for our, their in pairs], at_least=AT_LEAST)


def _growth(case: str, settings: Settings) -> Ratio:
    larger, smaller = (timer(GROWN[case](groups), settings.sample) for groups in (1000, 100))
    pairs = in_turn(settings.rounds, larger, smaller)
    return Ratio(case, [much / little for much, little in pairs], at_most=GROWTH_AT_MOST)
