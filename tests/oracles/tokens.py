"""The tokens that the tests read: the project's own always, the shared collection beside the checkout where it is.

Loaded with `runpy`, since `--import-mode=importlib` puts no folder on the path.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from secctx.carriers.text import read_tokens

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus"
LAB = SHARED / "lab" / "tokens"


class Sample(NamedTuple):
    """A token: its name in test ids, its bytes, and its kind as the collection's index says."""

    name: str
    data: bytes
    kind: str = ""


def own() -> list[Sample]:
    """The tokens of the repository itself, each once: those in the files of samples/, the raw ones of tests/data."""
    found: dict[bytes, Sample] = {}
    for entry in manifest():
        path = ROOT / "samples" / entry["file"]
        if entry["form"] == "raw":
            data = [path.read_bytes()]
        elif entry.get("token") and entry["exit"] == 0 and entry["form"] != "pcap":
            data = [token.data for token in read_tokens(path.read_bytes(), path.name, None, 1 << 20, 1 << 26)]
        else:
            continue
        for number, token in enumerate(data, 1):
            found.setdefault(token, Sample(f"samples/{entry['file']}" + (f":{number}" if len(data) > 1 else ""), token))
    for path in sorted((ROOT / "tests" / "data").rglob("*.bin")):
        if path.stat().st_size <= 1 << 16:
            found.setdefault(path.read_bytes(), Sample(path.relative_to(ROOT).as_posix(), path.read_bytes()))
    return list(found.values())


def manifest() -> list[dict[str, Any]]:
    """The entries of samples/manifest.toml."""
    path = ROOT / "samples" / "manifest.toml"
    return tomllib.loads(path.read_text("utf-8"))["sample"] if path.is_file() else []


def corpus() -> list[Sample]:
    """Every file of the index of the collection, tokens and others."""
    if not (CORPUS / "INDEX.tsv").is_file():
        return []
    rows = [line.split("\t") for line in (CORPUS / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    return [Sample(row[1], (CORPUS / row[1]).read_bytes(), row[2]) for row in rows]


def legs() -> list[Sample]:
    """The first tokens and answers of the lab's handshakes."""
    if not LAB.is_dir():
        return []
    wanted = ".leg", ".answer"
    return [_raw(path) for path in sorted(LAB.glob("*.bin")) if any(word in path.name for word in wanted)]


def per_message() -> list[Sample]:
    """The MIC and Wrap tokens of the lab's handshakes."""
    if not LAB.is_dir():
        return []
    wanted = ".mic-", ".wrap-"
    return [_raw(path) for path in sorted(LAB.glob("*.bin")) if any(word in path.name for word in wanted)]


def _raw(path: Path) -> Sample:
    return Sample(path.name, path.read_bytes())


def items() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each entry of the collection's items.json files, with its file's name as in the index."""
    for path in sorted(CORPUS.glob("*/items.json")):
        for item in json.loads(path.read_text("utf-8"))["items"]:
            yield f"{path.parent.name}/{item['file']}", item


def by_name(sample: Sample) -> str:
    """The id of a parametrised test."""
    return sample.name


#: Kinds of the index whose tokens are read to the last field.
READ = frozenset(
    {"ntlm-negotiate", "ntlm-challenge", "ntlm-authenticate", "gss-token", "spnego-init", "spnego-init2"}
    | {"spnego-init-negoex", "spnego-resp", "ap-req", "ap-rep", "krb-error", "ticket", "ticket-fuzz", "gss-fuzz"}
    | {"as-req", "as-rep", "tgs-req", "tgs-rep", "krb-safe", "krb-priv", "krb-cred", "der"}
)

#: Tokens that are malformed as they stand: the kind of the problem and where it is (path and offset).
MALFORMED: dict[str, tuple[str, str, int]] = {
    # VERSION is set, and the message written for the test ends before the header that its flags announce.
    "ntlm_auth/test_challenge_no_version_challenge.bin": ("cut-short", "Version.Reserved", 52),
    # TargetNameLen is 3, of a name in UTF-16 (MaxLen 12).
    "ntlm_auth/test_authenticate_message_ntlm_v2_challenge.bin": ("value", "TargetName", 58),
    "ntlm_auth/test_create_authenticate_message_without_security_challenge.bin": ("value", "TargetName", 58),
    # The flags stand where TargetNameFields should: a TargetName of 33327 bytes.
    "ntlm_auth/test_create_authenticate_message_challenge.bin": ("cut-short", "TargetName", 56),
    # curl's test 776: TargetInfo of 65535 bytes in a message of 53.
    "curl/challenge_08.bin": ("cut-short", "TargetInfo", 48),
    # The file ends in the text "00" (30 30) instead of two zero bytes: AvLen 0x3000.
    "smbj/negTokenTarg_ntlmchallenge.bin": ("length", "responseToken.TargetInfo[5].AvLen", 227),
    "121-fail-mit-cut64-spnego.leg1.bin": ("cut-short", "mechToken", 64),
    "122-fail-mit-minus1-spnego.leg1.bin": ("cut-short", "mechToken.authenticator.cipher", 594),
    "124-fail-mit-extra-byte-spnego.leg1.bin": ("trailing", "trailing", 786),
    "125-fail-mit-double-base64-spnego.leg1.bin": ("unknown", "", 0),
    "128-fail-mit-cut64-krb5.leg1.bin": ("cut-short", "ticket.realm", 63),
    "129-fail-mit-minus1-krb5.leg1.bin": ("cut-short", "authenticator.cipher", 551),
    "130-fail-mit-cut1024chars-krb5.leg1.bin": ("cut-short", "authenticator.cipher", 555),
    "131-fail-mit-extra-byte-krb5.leg1.bin": ("trailing", "trailing", 743),
    "132-fail-mit-double-base64-krb5.leg1.bin": ("unknown", "", 0),
    "135-fail-mit-empty.leg1.bin": ("empty", "", 0),
    # Zero bytes behind the framing, for the dump readers.
    "tests/data/carriers/zeros.bin": ("tag", "bytes", 11),
}


def malformed_samples() -> set[str]:
    """The samples that are there because something is wrong with them."""
    return {f"samples/{entry['file']}" for entry in manifest() if entry["exit"] != 0}


def read_whole() -> list[Sample]:
    """Every token that must decode without an error: the project's own, and the shared ones where they are."""
    wrong = malformed_samples() | set(MALFORMED)
    shared = [sample for sample in corpus() if sample.kind in READ] + legs()
    return [sample for sample in own() + shared if sample.name not in wrong]
