"""`secctx.decode/1` as a schema, held to what the program prints."""

import json
from pathlib import Path

import jsonschema
import pytest
import referencing
from builders.cli import run

from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.decoders import decode

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "schemas" / "decode-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
TOKENS = sorted(path for folder in ("samples", "tests/data") for path in (ROOT / folder).rglob("*.bin"))


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", TOKENS, ids=lambda path: path.name)
def test_every_token_and_every_eighth_truncation_of_it_gives_a_valid_document(path: Path) -> None:
    data = path.read_bytes()
    for size in {len(data), *range(0, len(data), 8)}:
        shown = json.loads(json.dumps(document(decode(data[:size]), Source(path.name, "raw", 0), spans=True)))
        VALIDATOR.validate(shown)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "secctx.decode/2"},
        {"mechanism": "Basic"},
        {"sha256": "00"},
        {"complete": False},
        {"error": {"path": ""}},
        {"spans": {"a": [1]}},
        {"fields": {"a": {"mechanism": "NTLM"}}},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_document_of_another_shape_is_not_valid(change: dict[str, object]) -> None:
    shown = document(decode(bytes.fromhex("a1073005a0030a0102")), Source("x", "hex", 0), spans=True)
    VALIDATOR.validate(shown)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**shown, **change})


LEGS = [f"tests/data/ntlm/63-ntlm-pyspnego-raw.leg{leg}.bin" for leg in (1, 2, 3)]
_ACCEPT_SCHEMA = json.loads((ROOT / "schemas" / "accept-1.json").read_text(encoding="utf-8"))
REGISTRY = referencing.Registry().with_resources([("urn:secctx:decode:1", referencing.Resource.from_contents(SCHEMA))])
ACCEPT = jsonschema.Draft202012Validator(_ACCEPT_SCHEMA, registry=REGISTRY)


@pytest.mark.parametrize(
    "arguments",
    [
        ["/dev/null"],
        ["--user", "alice", "/dev/null"],
        ["--user", "alice", "samples/ntlm-negotiate.txt"],
        ["--user", "alice", "--captured", *LEGS],
        ["--captured", *LEGS],
        ["--user", "LAB\\bob", "--captured", *LEGS],
        ["--simulate", "no-memory", "oQcwBaADCgEC"],
        ["--user", "alice", "--req", "DELEGATE,INTEGRITY", "--captured", *LEGS],
        ["--req", "EXTENDED_ERROR,0x80", "oQcwBaADCgEC"],
        ["--package", "kerberos", "samples/spnego-kerberos-init.bin"],
    ],
    ids=lambda arguments: " ".join(arguments)[:60],
)
def test_every_answer_of_accept_is_a_valid_document(arguments: list[str]) -> None:
    done = run("accept", "--json", *arguments, SECCTX_PASSWORD="Alice-Passw0rd1")
    ACCEPT.validate(json.loads(done.out))
