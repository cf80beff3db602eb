"""The PAC: every buffer by its specification's fields, each byte at its place, whatever the bytes claim.

Expected values are those of the sources: MS-PAC section 3, the stated values of the shared collection, the lab's own
records, what the builder was told, and impacket and Samba's ndrdump where they are installed.
"""

from __future__ import annotations

import json
import re
import runpy
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from builders import pac as build
from hypothesis import given
from hypothesis import strategies as st

from secctx.cli import cells
from secctx.cli import document as documents
from secctx.decoders import decode
from secctx.decoders.decode import open_token
from secctx.decoders.der import contents_at
from secctx.decoders.kerberos_parts_asn1 import EncTicketPart
from secctx.decoders.pac import decode_buffer, decode_credential_data, decode_pac_bytes, open_pac
from secctx.decoders.pac_claims import MAX_CLAIMS
from secctx.decoders.part import decode_part
from secctx.decoders.placed import placed
from secctx.decoders.reading import MAX_TOKENS_DEEP, Reading
from secctx.decoders.sids import sid_name, sid_text
from secctx.decoders.values import BYTES, PLAINTEXT, SECRET, SID, STRUCT, Decoded, Node, follow, walk
from secctx.keys.enctype import KerberosCryptoError
from secctx.keys.kerberos_key import Key
from secctx.keys.keytab import read_keytab
from secctx.keys.pac_signatures import find_signatures, verify

HERE = Path(__file__).parent
ORACLE = SimpleNamespace(**runpy.run_path(str(HERE / "oracles" / "tokens.py")))
MIT = ORACLE.CORPUS / "mit_krb5"
ITEMS = {name.removeprefix("mit_krb5/"): item for name, item in ORACLE.items() if name.startswith("mit_krb5/")}
EXAMPLE = bytes.fromhex("".join((HERE / "data" / "pac" / "ms-pac-3.hex").read_text("ascii").split()))
NEVER = build.NEVER
TICKET_USAGE = 2


def at(root: Node, path: str) -> Node:
    """The node at a path."""
    nodes, rest = follow(root, path)
    assert not rest, f"{path}: {rest} is not there"
    return nodes[-1]


def values(root: Node, *paths: str) -> list[Any]:
    return [at(root, path).value for path in paths]


def whole(data: bytes) -> Node:
    decoded = decode_pac_bytes(data)
    assert decoded.error is None
    assert (decoded.mechanism, decoded.message) == ("Kerberos", "PAC")
    return decoded.root


def leaves(node: Node) -> Iterator[Node]:
    """The leaves whose spans count in the PAC itself."""
    for child in node.children:
        if child.kind != PLAINTEXT:
            yield from leaves(child) if child.children else (child,)


def check(decoded: Decoded) -> None:
    """What holds of every reading: each byte in one leaf or zero, all in order once placed, JSON, a cause."""
    data = decoded.data
    seen = bytearray(len(data))
    for node in leaves(decoded.root):
        assert 0 <= node.start <= node.stop <= len(data), node.name
        assert not any(seen[node.start : node.stop]), f"{node.name} shares bytes with another"
        seen[node.start : node.stop] = b"\1" * (node.stop - node.start)
    assert [offset for offset, byte in enumerate(data) if byte and not seen[offset]] == []
    check_placed(placed(decoded.root))
    json.dumps(documents.fields(decoded.root))
    if decoded.error is not None:
        assert 0 <= decoded.error.offset <= len(data)
        assert decoded.error.expected
        assert decoded.error.found


def check_placed(node: Node) -> None:
    last = node.start
    for child in node.children if node.kind != PLAINTEXT else ():
        assert node.start <= child.start <= child.stop <= node.stop, child.name
        assert child.start >= last or child.start == child.stop, child.name
        last = max(last, child.start)
        check_placed(child)


# What the sources state --------------------------------------------------------------------------------------------


def open_in_place(data: bytes, body: int, stop: int) -> tuple[Node, Reading]:
    reading = Reading(data, open_token)
    node = Node("ad-data", body, stop, BYTES)
    assert open_pac(reading, node, body, stop)
    return node, reading


def test_the_example_of_ms_pac_reads_as_its_section_3_says() -> None:
    node, reading = open_in_place(EXAMPLE, 0x16, len(EXAMPLE))
    assert reading.finish(node) is None
    logon = at(node, "KERB_VALIDATION_INFO")
    assert logon.start == 0x5E
    assert at(logon, "LogonTime").span == (0x72, 0x7A)
    assert [at(logon, name).value for name in ("EffectiveName", "LogonServer", "LogonDomainName")] == [
        "lzhu",
        "NTDEV-DC-05",
        "NTDEV",
    ]
    # The text of the section says "ntds.bat" and puts a space before "(Larry)"; these are the bytes.
    assert values(logon, "FullName", "LogonScript") == ["Liqiang(Larry) Zhu", "ntds2.bat"]
    assert values(logon, "ProfilePath", "HomeDirectory", "HomeDirectoryDrive") == ["", "", ""]
    assert [at(logon, name).meaning for name in ("LogoffTime", "KickOffTime")] == ["never", "never"]
    assert values(logon, "GroupCount", "SidCount") == [26, 13]
    domain = "S-1-5-21-397955417-626881126-188441444"
    assert at(logon, "LogonDomainId").value == domain
    groups = at(logon, "GroupIds").children
    assert (len(groups), groups[0].children[0].value) == (26, 0x33C461)
    assert groups[0].children[0].meaning == f"{domain}-3392609"
    assert groups[3].children[0].meaning == f"{domain}-513, Domain Users"
    assert set(groups[0].children[1].meaning or ()) == {
        "SE_GROUP_MANDATORY",
        "SE_GROUP_ENABLED_BY_DEFAULT",
        "SE_GROUP_ENABLED",
    }
    assert [str(at(item, "Sid").value) for item in at(logon, "ExtraSids").children][:2] == [
        "S-1-5-21-773533881-1816936887-355810188-513",
        f"{domain}-3101812",
    ]
    assert "SE_GROUP_RESOURCE" in (at(logon, "ExtraSids[1].Attributes").meaning or ())
    assert at(node, "PAC_CLIENT_INFO.ClientId").value == 0x01C66A650ED94900
    assert at(node, "PAC_CLIENT_INFO.Name").value == "lzhu"
    assert at(node, "ServerSignature.SignatureType").value == -138
    assert at(node, "ServerSignature.Signature").value == EXAMPLE[0x52A:0x53A]


def test_the_example_of_ms_pac_leaves_no_byte_out() -> None:
    check(decode_pac_bytes(EXAMPLE[0x16:]))


def own_pacs() -> list[Any]:
    return [pytest.param(item, id=name) for name, item in ITEMS.items() if item["kind"] == "pac" and item["keys"]]


def authtime(text: str) -> int:
    return (int(text.split()[0]) + 11644473600) * 10_000_000


@pytest.mark.parametrize("item", own_pacs())
def test_the_pacs_of_mit_say_what_their_source_says(item: dict[str, Any]) -> None:
    expected = item["expected"]
    data = (MIT / item["file"]).read_bytes()
    root = whole(data)
    check(decode_pac_bytes(data))
    assert at(root, "PAC_CLIENT_INFO.ClientId").value == authtime(expected["authtime"])
    entries = at(root, "Buffers").children
    if "buffers" in expected:
        assert expected["buffers"] == "4: 1 (472 bytes), 10, 6, 7"
        assert [entry.children[0].value for entry in entries] == [1, 10, 6, 7]
        assert entries[0].children[1].value == 472
        assert f"{at(root, 'PAC_CLIENT_INFO.Name').value}@WIN2K3.THINKER.LOCAL" == expected["client"]
    else:
        name = at(root, "PAC_CLIENT_INFO.Name").value
        stated = expected["client name in CLIENT_INFO"].removesuffix(" (enterprise)")
        assert name == (stated if expected["with_realm"] is True else stated.removesuffix("@ACME.COM"))
        assert entries[0].children[1].value == expected["logon info length"]


def keys_of(item: dict[str, Any]) -> tuple[Key, Key | None]:
    """The service's key and the krbtgt's, as the collection writes them."""
    found: list[Key] = []
    for part in item["keys"].split(";"):
        raw = bytes.fromhex(part.split()[-1])
        found.append(Key(23 if "RC4" in part else 18, raw))
    return found[0], found[1] if len(found) > 1 else None


def verdicts(pac: Node, data: bytes, service: Key, krbtgt: Key | None) -> dict[int, bool | None]:
    """Whether each signature of the PAC in the span of that node is right; None where its key is not known."""
    raw = data[pac.start : pac.stop]
    signatures = find_signatures(raw)
    found: dict[int, bool | None] = {}
    for one in signatures:
        key = service if one.ul_type == build.SERVER else krbtgt
        found[one.ul_type] = verify(raw, signatures, one.ul_type, key, data) if key else None
        node = at(pac, f"{build.SIGNATURES[one.ul_type]}.Signature")
        assert node.span == (pac.start + one.offset, pac.start + one.offset + one.size)
    return found


@pytest.mark.parametrize("item", own_pacs())
def test_the_signatures_of_mits_pacs_verify(item: dict[str, Any]) -> None:
    data = (MIT / item["file"]).read_bytes()
    service, krbtgt = keys_of(item)
    found = verdicts(whole(data), data, service, krbtgt)
    assert found == {build.SERVER: True, build.KDC: True if krbtgt else None}
    changed = bytearray(data)
    changed[-30] ^= 1
    assert verdicts(decode_pac_bytes(bytes(changed)).root, bytes(changed), service, krbtgt)[build.SERVER] is False


def pac_in(plain: bytes) -> Node:
    """The PAC within a decrypted EncTicketPart, opened in place."""
    decoded = decode_part(plain, EncTicketPart, "EncTicketPart")
    assert decoded.error is None
    for path, node in walk(decoded.root):
        if node.name == "ad-type" and node.value == 128:
            data = at(decoded.root, path.removesuffix("ad-type") + "ad-data")
            if data.children:
                return data
            pac, reading = open_in_place(plain, contents_at(plain, data.start), data.stop)
            assert reading.finish(pac) is None
            return pac
    raise LookupError("no PAC")


def test_all_four_signatures_of_a_windows_ticket_verify() -> None:
    item = ITEMS.get("pac/w2022_ticket_full_checksum.bin")
    if item is None:
        pytest.skip("no collection")
    ticket = decode((MIT / item["file"]).read_bytes()).root
    service, krbtgt = keys_of(item)
    cipher = at(ticket, "enc-part.cipher").value
    assert isinstance(cipher, bytes)
    plain = service.decrypt(TICKET_USAGE, cipher)
    pac = pac_in(plain)
    assert verdicts(pac, plain, service, krbtgt) == dict.fromkeys((6, 7, 16, 19), True)
    assert at(pac, "UPN_DNS_INFO.Sid").value == f"{at(pac, 'KERB_VALIDATION_INFO.LogonDomainId').value}-500"
    assert f"{at(pac, 'PAC_CLIENT_INFO.Name').value}@W2022-L7.BASE" == item["expected"]["client"]


def lab_keys() -> list[Key]:
    found = [
        Key(entry.etype, entry.key.value)
        for path in sorted((ORACLE.LAB / "keytabs").glob("ad-*.keytab"))
        for entry in read_keytab(path.read_bytes()).entries
    ]
    return list({(key.etype, key.value): key for key in found}.values())


def opened(cipher: bytes, etype: int, keys: list[Key]) -> tuple[Key, bytes] | None:
    for key in keys:
        if key.etype == etype:
            try:
                return key, key.decrypt(TICKET_USAGE, cipher)
            except KerberosCryptoError:
                continue
    return None


def lab_tickets() -> Iterator[tuple[str, Node]]:
    """The tickets of the lab's domain and the client that its notes name."""
    for path in sorted(ORACLE.LAB.glob("*-ad-*.yaml")) if ORACLE.LAB.is_dir() else ():
        notes = re.search(r"^initiator_context:\n  initiator: (.*)$", path.read_text("utf-8"), re.M)
        client = notes.group(1) if notes else ""
        first = path.with_suffix("").with_suffix(".leg1.bin")
        tickets = [n for _, n in walk(decode(first.read_bytes()).root) if n.name == "ticket"] if first.exists() else []
        if tickets and client.endswith("@LAB.EXAMPLE"):
            yield client.split("@")[0], tickets[0]


def test_the_labs_pacs_name_the_client_and_their_signatures_verify() -> None:
    keys = lab_keys()
    krbtgt = next((key for key in lab_krbtgt()), None)
    seen = 0
    for client, ticket in lab_tickets():
        etype, cipher = at(ticket, "enc-part.etype").value, at(ticket, "enc-part.cipher").value
        assert isinstance(etype, int)
        assert isinstance(cipher, bytes)
        found = opened(cipher, etype, keys)
        if found is None:
            continue
        service, plain = found
        pac = pac_in(plain)
        assert at(pac, "KERB_VALIDATION_INFO.EffectiveName").value == client
        assert at(pac, "PAC_CLIENT_INFO.Name").value == client
        assert set(verdicts(pac, plain, service, krbtgt).values()) == {True}
        check(decode_pac_bytes(plain[pac.start : pac.stop]))
        seen += 1
    if ORACLE.LAB.is_dir():
        assert seen >= 8
    else:
        pytest.skip("no lab")


def lab_krbtgt() -> Iterator[Key]:
    path = ORACLE.LAB / "keytabs" / "ad-krbtgt.keytab"
    for entry in read_keytab(path.read_bytes()).entries if path.exists() else ():
        if entry.etype == 18:
            yield Key(18, entry.key.value)


@pytest.mark.parametrize(
    "name", sorted(name for name, item in ITEMS.items() if item["kind"] in ("pac-malformed", "pac"))
)
def test_the_seeds_of_fuzzers_are_read_or_refused(name: str) -> None:
    decoded = decode_pac_bytes((MIT / name).read_bytes())
    assert (decoded.error is not None) == (ITEMS[name]["kind"] == "pac-malformed")
    check(decoded)


def test_the_delegation_seeds_name_the_services() -> None:
    if not MIT.is_dir():
        pytest.skip("no collection")
    decoded = decode_buffer(build.DELEGATION, (MIT / "fuzz" / "ndr" / "s4u_di_double.bin").read_bytes())
    assert decoded.error is None
    assert at(decoded.root, "S4U2proxyTarget").value == "longsvc/adserver.ad.test"
    services = [node.value for node in at(decoded.root, "S4UTransitedServices").children]
    assert services == ["svc1/adserver.ad.test@AD.TEST", "svc2/adserver.ad.test@AD.TEST"]


# What other implementations read -----------------------------------------------------------------------------------


def samples() -> list[Any]:
    found = [pytest.param(EXAMPLE[0x16:], id="MS-PAC 3"), pytest.param(build.full_pac(3), id="built")]
    for name, item in ITEMS.items():
        if item["kind"] == "pac":
            found.append(pytest.param((MIT / name).read_bytes(), id=name))
    return found


@pytest.mark.parametrize("data", samples())
def test_impacket_reads_the_same_logon_information(data: bytes) -> None:
    theirs = pytest.importorskip("impacket.krb5.pac")
    entry = next(e for e in at(whole(data), "Buffers").children if e.children[0].value == build.LOGON)
    size, offset = entry.children[1].value, entry.children[2].value
    assert isinstance(size, int)
    assert isinstance(offset, int)
    raw = data[offset : offset + size]
    info = theirs.VALIDATION_INFO()
    info.fromString(raw)
    info.fromStringReferents(raw, len(info.getData()))
    logon, info = at(whole(data), "KERB_VALIDATION_INFO"), info["Data"]
    for name in ("EffectiveName", "FullName", "LogonScript", "LogonServer", "LogonDomainName"):
        assert at(logon, name).value == info[name], name
    for name in ("LogonCount", "UserId", "PrimaryGroupId", "GroupCount", "UserFlags", "UserAccountControl", "SidCount"):
        assert at(logon, name).value == info[name], name
    for name in ("LogonTime", "LogoffTime", "PasswordLastSet", "LastFailedILogon"):
        assert at(logon, name).value == info[name]["dwHighDateTime"] << 32 | info[name]["dwLowDateTime"], name
    assert at(logon, "LogonDomainId").value == info["LogonDomainId"].formatCanonical()
    groups = [tuple(child.value for child in item.children) for item in at(logon, "GroupIds").children]
    assert groups == [(group["RelativeId"], group["Attributes"]) for group in info["GroupIds"]]
    extra = [values(item, "Sid", "Attributes") for item in at(logon, "ExtraSids").children]
    assert extra == [[one["Sid"].formatCanonical(), one["Attributes"]] for one in info["ExtraSids"] or ()]


@pytest.mark.parametrize("data", samples())
def test_sambas_ndrdump_prints_the_same_names_and_sids(data: bytes, tmp_path: Path) -> None:
    program = shutil.which("ndrdump")
    if program is None:
        pytest.skip("no ndrdump")
    file = tmp_path / "pac"
    file.write_bytes(data)
    command = [program, "krb5pac", "PAC_DATA", "struct", str(file)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = re.findall(r": (?:'(.*)'|(S-1-[-0-9]+))$", printed, re.M)
    logon = at(whole(data), "KERB_VALIDATION_INFO")
    ours = [str(node.value) for _, node in walk(logon) if node.kind in ("text", SID) and node.value is not None]
    assert ours == [text or sid for text, sid in theirs[: len(ours)]]


# What was built ----------------------------------------------------------------------------------------------------


def test_a_pac_with_every_buffer_there_is_reads_whole() -> None:
    data = build.full_pac()
    check(decode_pac_bytes(data))
    root = whole(data)
    assert [node.name for node in root.children[3:]] == [
        "KERB_VALIDATION_INFO",
        "PAC_CREDENTIAL_INFO",
        "PAC_CLIENT_INFO",
        "S4U_DELEGATION_INFO",
        "UPN_DNS_INFO",
        "PAC_CLIENT_CLAIMS_INFO",
        "PAC_DEVICE_INFO",
        "PAC_DEVICE_CLAIMS_INFO",
        "PAC_ATTRIBUTES_INFO",
        "PAC_REQUESTOR_SID",
        "PAC_REQUESTOR_GUID",
        "type-99",
        "ServerSignature",
        "KDCSignature",
        "TicketSignature",
        "ExtendedKDCSignature",
    ]
    assert [entry.meaning for entry in at(root, "Buffers").children].count(None) == 1
    assert at(root, "type-99").value == b"something new"
    assert at(root, "PAC_ATTRIBUTES_INFO.Flags").meaning == ("PAC_WAS_REQUESTED",)
    assert at(root, "PAC_REQUESTOR_SID.Sid").value == f"{build.DOMAIN}-1104"
    assert at(root, "PAC_REQUESTOR_GUID.Guid").value == "03020100-0504-0706-0809-0a0b0c0d0e0f"
    assert at(root, "PAC_CREDENTIAL_INFO.EncryptionType").meaning == "aes256-cts-hmac-sha1-96"
    assert at(root, "PAC_CREDENTIAL_INFO.SerializedData").value == b"e" * 40
    names = "Upn", "DnsDomainName", "SamName", "Sid"
    assert values(root, *(f"UPN_DNS_INFO.{name}" for name in names)) == [
        "alice@lab.example",
        "LAB.EXAMPLE",
        "alice",
        f"{build.DOMAIN}-1104",
    ]
    assert at(root, "KDCSignature.RODCIdentifier").value == 513
    assert values(root, *(f"{node.name}.Signature" for node in root.children[-4:])) == [
        b"s" * 12,
        b"k" * 16,
        b"t" * 12,
        b"f" * 24,
    ]


def test_the_device_and_its_groups_in_other_domains_are_named_by_sid() -> None:
    root = whole(build.full_pac())
    device = at(root, "PAC_DEVICE_INFO")
    assert at(device, "UserId").meaning == f"{build.DOMAIN}-1105"
    assert at(device, "AccountGroupIds[0].RelativeId").meaning == f"{build.DOMAIN}-515, Domain Computers"
    assert [at(one, "DomainId").value for one in at(device, "DomainGroup").children] == [build.DOMAIN, "S-1-5-21-7-8-9"]
    assert at(device, "DomainGroup[0].GroupIds[1].RelativeId").meaning == f"{build.DOMAIN}-1301"
    assert at(device, "DomainGroup[1].GroupIds[0].RelativeId").meaning == "S-1-5-21-7-8-9-1400"
    assert at(device, "ExtraSids[0].Sid").meaning == "Authentication authority asserted identity"


def claims_of(root: Node) -> dict[Any, list[Any]]:
    entries = at(root, "ClaimsArrays[0].ClaimEntries").children
    return {at(one, "Id").value: [item.value for item in at(one, "Values").children[1].children] for one in entries}


CLAIMS = {"ad://ext/title": ["one", "two"], "ad://ext/limit": [-5], "ad://ext/vip": [True]}


def test_claims_read_the_same_plain_and_compressed() -> None:
    root = whole(build.full_pac())
    plain = at(root, "PAC_CLIENT_CLAIMS_INFO.ClaimsSet")
    assert claims_of(plain) == CLAIMS
    packed = at(root, "PAC_DEVICE_CLAIMS_INFO.ClaimsSet")
    compressed, inside = packed.children
    assert (compressed.kind, inside.kind, inside.span) == (BYTES, PLAINTEXT, compressed.span)
    assert claims_of(inside) == CLAIMS
    assert isinstance(inside.value, bytes)
    moved = [(n.name, n.start - plain.start, n.stop - plain.start, n.value, n.meaning) for _, n in walk(plain)]
    assert moved == [(n.name, n.start, n.stop, n.value, n.meaning) for _, n in walk(inside)]


@pytest.mark.parametrize(("form", "pack"), [(2, build.lznt1), (3, build.plain_lz77), (4, build.huffman)])
def test_claims_open_from_every_compression(form: int, pack: Callable[[bytes], bytes]) -> None:
    raw = build.claims_set(("ad://ext/groups", 2, list(range(3000))))
    decoded = decode_buffer(build.CLIENT_CLAIMS, build.claims_metadata(pack(raw), form, len(raw)))
    assert decoded.error is None
    assert claims_of(at(decoded.root, "ClaimsSet.plaintext")) == {"ad://ext/groups": list(range(3000))}


def test_compressed_claims_that_do_not_fit_their_size_stay_bytes() -> None:
    raw = build.claims_set(("ad://ext/title", 3, ["one"]))
    for packed, size in ((build.huffman(raw), len(raw) + 70000), (build.huffman(raw)[:300], len(raw)), (b"x", 8)):
        decoded = decode_buffer(build.CLIENT_CLAIMS, build.claims_metadata(packed, 4, size))
        assert decoded.error is not None
        assert (decoded.error.kind, decoded.error.path) == ("value", "ClaimsSet")
        assert at(decoded.root, "ClaimsSet").value == packed
        check(decoded)


def test_claims_that_would_become_too_large_are_not_decompressed() -> None:
    decoded = decode_buffer(build.CLIENT_CLAIMS, build.claims_metadata(b"\1" * 40, 4, MAX_CLAIMS + 1))
    assert decoded.error is None
    meaning = at(decoded.root, "ClaimsSet").meaning
    assert meaning == f"not decompressed: {MAX_CLAIMS + 1} bytes are more than {MAX_CLAIMS}"


def test_what_is_wrong_within_compressed_claims_is_said_of_them() -> None:
    raw = bytearray(build.claims_set(("ad://ext/title", 3, ["one"])))
    raw[0] = 9
    decoded = decode_buffer(build.CLIENT_CLAIMS, build.claims_metadata(build.huffman(raw), 4, len(raw)))
    assert decoded.error is not None
    assert decoded.error.path == "ClaimsSet.ndr.CommonTypeHeader.Version"
    assert decoded.error.found == "9, at 0 of what was decompressed"


def test_an_empty_claims_buffer_is_no_fault() -> None:
    root = whole(build.pac((build.LOGON, build.logon_info()), (build.CLIENT_CLAIMS, b"")))
    assert root.child("PAC_CLIENT_CLAIMS_INFO") is None
    assert at(root, "Buffers[1].cbBufferSize").meaning == "no bytes"


def test_the_credentials_are_secrets_once_they_are_decrypted() -> None:
    ntlm = build.ntlm_credential(b"L" * 16, b"N" * 16)
    decoded = decode_credential_data(build.credential_data(("NTLM", ntlm), ("Other", b"xyz")))
    assert decoded.error is None
    check(decoded)
    first, second = at(decoded.root, "Credentials").children
    assert (at(first, "PackageName").value, at(second, "PackageName").value) == ("NTLM", "Other")
    assert [(n.kind, n.value) for n in at(first, "Credentials").children[2:]] == [
        (SECRET, b"L" * 16),
        (SECRET, b"N" * 16),
    ]
    assert (at(second, "Credentials").kind, at(second, "Credentials").value) == (SECRET, b"xyz")
    printed = json.dumps(documents.fields(decoded.root))
    assert "4c4c4c" not in printed
    assert "78797a" not in printed


def test_keys_in_logon_information_are_secrets() -> None:
    info = build.logon_info(session_key=b"K" * 16, reserved=b"M" * 8)
    decoded = decode_buffer(build.LOGON, info)
    assert [at(decoded.root, name).kind for name in ("UserSessionKey", "Reserved1")] == [SECRET, SECRET]
    zero = decode_buffer(build.LOGON, build.logon_info())
    assert at(zero.root, "Reserved1").kind == BYTES


def test_times_flags_and_accounts_are_named() -> None:
    info = build.logon_info(
        user=0, flags=0x220, control=0x2010, resource_domain="S-1-5-21-4-5-6", resource=[(572, 0x20000007)]
    )
    root = decode_buffer(build.LOGON, info).root
    assert [at(root, name).meaning for name in ("LogoffTime", "PasswordCanChange")] == ["never", "not set"]
    moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=13_300_000_000_000_000)
    assert at(root, "LogonTime").meaning == f"{moment:%Y-%m-%dT%H:%M:%S}.0000000Z"
    assert at(root, "UserFlags").meaning == ("LOGON_EXTRA_SIDS", "LOGON_RESOURCE_GROUPS")
    assert at(root, "UserAccountControl").meaning == ("USER_NORMAL_ACCOUNT", "USER_TRUSTED_FOR_DELEGATION")
    assert at(root, "UserId").meaning == "the first of ExtraSids"
    denied = at(root, "ResourceGroupIds[0].RelativeId")
    assert denied.meaning == "S-1-5-21-4-5-6-572, Denied RODC Password Replication Group"
    assert at(root, "ResourceGroupIds[0].Attributes").meaning == (
        "SE_GROUP_MANDATORY",
        "SE_GROUP_ENABLED_BY_DEFAULT",
        "SE_GROUP_ENABLED",
        "SE_GROUP_RESOURCE",
    )


def test_null_pointers_and_empty_values_differ_and_have_bytes() -> None:
    info = build.logon_info(groups=None, extra=[], full_name=None)
    decoded = decode_buffer(build.LOGON, info)
    assert decoded.error is None
    check(decoded)
    root = decoded.root
    assert [(at(root, name).value, at(root, name).meaning) for name in ("FullName", "LogonScript")] == [
        ("", "NULL"),
        ("", None),
    ]
    assert [at(root, name).meaning for name in ("GroupIds", "ExtraSids")] == ["NULL", None]
    assert (at(root, "ResourceGroupDomainSid").value, at(root, "ResourceGroupDomainSid").meaning) == (None, "NULL")
    assert all(node.start < node.stop for node in leaves(root))
    fields = documents.fields(root)
    assert (fields["GroupIds"], fields["ExtraSids"], fields["ResourceGroupDomainSid"]) == ([], [], None)


def test_the_overhead_of_ndr_stands_apart_from_the_fields() -> None:
    root = decode_buffer(build.LOGON, build.logon_info("bob", extra=[("S-1-5-9", 7)])).root
    sizes = [(child.name, child.value) for child in at(root, "ndr.EffectiveName").children]
    assert [name for name, _ in sizes] == ["Length", "MaximumLength", "Buffer", "MaximumCount", "Offset", "ActualCount"]
    assert [value for _, value in sizes if value and value < 9] == [6, 6, 3, 3]
    assert at(root, "ndr.LogonServer.MaximumLength").value == 10
    assert at(root, "ndr.GroupIds.MaximumCount").value == 1
    assert at(root, "ExtraSids[0].ndr.Sid.MaximumCount").value == 1
    assert at(root, "ExtraSids[0].Sid").start == at(root, "ExtraSids[0]").stop + 4


def test_a_tree_in_the_order_of_its_bytes_names_what_moved_by_its_path() -> None:
    root = decode_buffer(build.LOGON, build.logon_info(extra=[("S-1-5-9", 7), ("S-1-18-1", 7)])).root
    names = [node.name for node in placed(root).children]
    assert names[0] == "ndr"
    assert names[-2:] == ["ndr.ExtraSids[1].Sid", "ExtraSids[1].Sid"] or names[-1] == "ExtraSids[1].Sid"
    assert {path for path, _ in walk(root)} >= {"ExtraSids[1].Sid"}


def test_what_the_json_holds_fits_the_schema() -> None:
    schema = json.loads((ORACLE.ROOT / "schemas" / "decode-1.json").read_text("utf-8"))
    wanted = {"$schema": schema["$schema"], "$ref": "#/$defs/fields", "$defs": schema["$defs"], "properties": {}}
    wanted["properties"] = {"mechanism": schema["properties"]["mechanism"]}
    document = documents.fields(whole(build.full_pac()))
    del wanted["properties"]
    wanted["$defs"]["token"]["properties"]["mechanism"] = schema["properties"]["mechanism"]
    jsonschema.Draft202012Validator(wanted).validate(json.loads(json.dumps(document)))
    extra = document["KERB_VALIDATION_INFO"]["ExtraSids"][0]
    assert extra["Sid"] == {"sid": "S-1-18-1", "name": "Authentication authority asserted identity"}
    wrong = {"Sid": {"sid": "S-1-18-1"}}
    assert list(jsonschema.Draft202012Validator(wanted).iter_errors(wrong))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("S-1-5-32-544", "BUILTIN\\Administrators"),
        ("S-1-5-9", "NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS"),
        ("S-1-5-21-1-2-3-513", "Domain Users"),
        ("S-1-5-21-0-0-0-497", "Claims Valid"),
        ("S-1-5-21-1-2-3-1104", None),
        ("S-1-5-21-1-2-3", None),
        ("S-1-5-21-513", None),
        ("S-1-0x010000000000-7", None),
        ("S-1-5-80-1-2-3-4-5-6-7-8-9-10-11-12-13-14", None),
    ],
)
def test_sids_are_written_and_named(text: str, name: str | None) -> None:
    raw = build.sid(text)
    assert sid_text(raw) == text
    assert sid_name(text) == name
    node = decode_buffer(build.REQUESTOR, raw).root.children[0]
    assert (node.kind, node.value, node.meaning, node.span) == (SID, text, name, (0, len(raw)))
    assert cells.cell(node, False) == (f"{text}  {name}" if name else text, "")


# What is wrong -----------------------------------------------------------------------------------------------------


def error_of(data: bytes) -> tuple[str, str, int]:
    decoded = decode_pac_bytes(data)
    check(decoded)
    assert decoded.error is not None
    return decoded.error.kind, decoded.error.path, decoded.error.offset


def patched(data: bytes, offset: int, code: str, value: int) -> bytes:
    out = bytearray(data)
    struct.pack_into("<" + code, out, offset, value)
    return bytes(out)


TWO = build.pac((build.LOGON, build.logon_info()), (build.CLIENT, build.client_info()))
INFO = 40  #: where the first buffer of TWO begins


@pytest.mark.parametrize(
    ("offset", "code", "value", "expected"),
    [
        (0, "I", 0xFFFFFFFF, ("length", "Buffers", 8)),
        (4, "I", 1, ("value", "Version", 4)),
        (16, "Q", 0xFFFFFFFFFFFFFFF0, ("offset", "Buffers[0].Offset", 16)),
        (16, "Q", 8, ("overlap", "Buffers[0].Offset", 8)),
        (32, "Q", 48, ("overlap", "Buffers[1].Offset", 48)),
        (INFO, "B", 2, ("value", "KERB_VALIDATION_INFO.ndr.CommonTypeHeader.Version", INFO)),
        (INFO + 1, "B", 0, ("value", "KERB_VALIDATION_INFO.ndr.CommonTypeHeader.Endianness", INFO + 1)),
        (INFO + 8, "I", 4000, ("length", "KERB_VALIDATION_INFO.ndr.PrivateHeader.ObjectBufferLength", INFO + 8)),
        (INFO + 16, "I", 0, ("missing", "KERB_VALIDATION_INFO.ndr.ReferentId", INFO + 16)),
        (INFO + 20 + 48, "H", 12, ("length", "KERB_VALIDATION_INFO.EffectiveName", INFO + 68)),
        (INFO + 20 + 108, "I", 2, ("length", "KERB_VALIDATION_INFO.ndr.GroupIds.MaximumCount", 0)),
        (INFO + 20 + 112, "I", 0, ("missing", "KERB_VALIDATION_INFO.GroupIds", INFO + 132)),
        (INFO + 20 + 224, "I", 0x40000000, ("value", "KERB_VALIDATION_INFO.ndr.EffectiveName.ActualCount", 0)),
    ],
)
def test_what_contradicts_itself_is_said_of_the_field(
    offset: int, code: str, value: int, expected: tuple[str, str, int]
) -> None:
    kind, path, where = error_of(patched(TWO, offset, code, value))
    assert (kind, path) == expected[:2]
    assert expected[2] in (0, where)


def test_a_buffer_off_its_boundary_is_noted_and_read() -> None:
    data = build.pac((99, b"odd"), (build.CLIENT, build.client_info()), alignment=1)
    decoded = decode_pac_bytes(data)
    assert decoded.error is not None
    assert (decoded.error.path, decoded.error.expected) == ("Buffers[1].Offset", "a multiple of 8")
    assert at(decoded.root, "PAC_CLIENT_INFO.Name").value == "alice"


def test_of_a_type_that_stands_twice_the_first_counts() -> None:
    root = whole(build.pac((build.CLIENT, build.client_info("one")), (build.CLIENT, build.client_info("two"))))
    assert at(root, "PAC_CLIENT_INFO.Name").value == "one"
    second = at(root, "PAC_CLIENT_INFO-2")
    assert (second.kind, second.meaning) == (BYTES, "ignored: the first of its type counts")


def test_many_buffers_at_one_place_are_read_once() -> None:
    data = build.pac(*[(build.LOGON + 100 * index, b"") for index in range(400)])
    body = build.logon_info()
    out = bytearray(data + body)
    for index in range(400):
        struct.pack_into("<IQ", out, 12 + 16 * index, len(body), len(data))
    decoded = decode_pac_bytes(bytes(out))
    assert decoded.error is not None
    assert decoded.error.kind == "overlap"
    assert len(decoded.root.children) == 4
    check(decoded)


def test_bytes_that_are_not_zero_between_buffers_are_kept() -> None:
    data = bytearray(build.pac((99, b"odd"), (build.CLIENT, build.client_info())))
    data[8 + 32 + 3 : 8 + 32 + 8] = b"\0\0xx\0"
    root = whole(bytes(data))
    assert at(root, "padding").value == b"\0\0xx\0"
    check(decode_pac_bytes(bytes(data)))


def test_a_union_whose_discriminant_is_another_is_noted() -> None:
    data = build.claims_metadata(build.claims_set(("ad://ext/title", 3, ["one"])))
    place = data.index(struct.pack("<HH", 3, 3))
    decoded = decode_buffer(build.CLIENT_CLAIMS, patched(data, place + 2, "H", 9))
    check(decoded)
    assert decoded.error is not None
    assert decoded.error.path == "ClaimsSet.ClaimsArrays[0].ClaimEntries[0].ndr.Discriminant"
    assert (decoded.error.expected, decoded.error.found) == ("3, as Type says", "9")


def test_a_pac_is_opened_no_deeper_than_tokens_are() -> None:
    reading = Reading(TWO, open_token)
    reading.deep = MAX_TOKENS_DEEP
    node = Node("ad-data", 0, len(TWO), BYTES)
    assert not open_pac(reading, node, 0, len(TWO))
    assert reading.problem is not None
    assert reading.problem.kind == "depth"


def test_nothing_at_all_is_no_pac() -> None:
    for decoded in (decode_pac_bytes(b""), decode_buffer(build.LOGON, b""), decode_credential_data(b"")):
        assert decoded.error is not None
        assert decoded.error.kind == "empty"


def damaged() -> list[Any]:
    """A PAC, and each buffer by itself, to cut and change: how to read it, and its bytes."""
    claims = build.claims_set(("ad://ext/title", 3, ["one", "two"]), ("x", 2, [1, 2]), ("y", 6, [0, 1, 2]))
    buffers = {
        "claims": (build.CLIENT_CLAIMS, build.claims_metadata(claims)),
        "null service": (build.DELEGATION, build.delegation("a", "b", None)),
    }
    root = whole(build.full_pac())
    for entry in at(root, "Buffers").children:
        kind, size, offset = (child.value for child in entry.children)
        assert isinstance(kind, int)
        assert isinstance(size, int)
        assert isinstance(offset, int)
        buffers[f"type {kind}"] = kind, build.full_pac()[offset : offset + size]
    return [
        pytest.param(decode_pac_bytes, TWO, id="PAC"),
        pytest.param(decode_credential_data, build.credential_data(("NTLM", bytes(40))), id="credentials"),
        *(pytest.param(partial(decode_buffer, kind), data, id=name) for name, (kind, data) in buffers.items()),
    ]


@pytest.mark.parametrize(("read", "data"), damaged())
def test_every_truncation_is_noted_and_loses_no_byte(read: Callable[[bytes], Decoded], data: bytes) -> None:
    message = read(data).message
    # Nothing says how long these are: bytes of no known type, encrypted ones, RODCIdentifier.
    enough = {"unknown": 1, "PAC_CREDENTIAL_INFO": 8, "KDCSignature": 20}.get(str(message), len(data.rstrip(b"\0")))
    for size in range(len(data)):
        decoded = read(data[:size])
        check(decoded)
        assert size >= enough or decoded.error is not None, size


@pytest.mark.parametrize(("read", "data"), damaged())
def test_no_changed_byte_raises_or_loses_a_byte(read: Callable[[bytes], Decoded], data: bytes) -> None:
    for offset in range(len(data)):
        for change in (0x01, 0x80, 0xFF):
            changed = bytearray(data)
            changed[offset] ^= change
            check(read(bytes(changed)))


@given(st.binary(max_size=300), st.sampled_from([1, 2, 6, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21]))
def test_no_bytes_raise(data: bytes, kind: int) -> None:
    check(decode_pac_bytes(data))
    check(decode_buffer(kind, data))
    check(decode_buffer(kind, bytes.fromhex("01100800cccccccc") + data[:4] + bytes(4) + data))


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=2, max_size=20))
def test_no_row_of_changes_raises(changes: list[tuple[int, int]]) -> None:
    data = bytearray(build.full_pac())
    for offset, value in changes:
        data[offset % len(data)] = value
    check(decode_pac_bytes(bytes(data)))


def calls(data: bytes) -> int:
    """How many functions are called to read a PAC."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        decode_pac_bytes(data)
    finally:
        sys.setprofile(None)
    return count


def test_the_work_grows_with_the_groups_and_no_faster() -> None:
    def pac(count: int) -> bytes:
        groups = [(index, 7) for index in range(count)]
        extra = [(f"S-1-5-21-1-2-3-{index}", 7) for index in range(count)]
        return build.pac((build.LOGON, build.logon_info(groups=groups, extra=extra)))

    assert calls(pac(1000)) <= 12 * calls(pac(100))


def test_a_wide_pac_that_is_cut_short_costs_no_more() -> None:
    def cut(count: int) -> bytes:
        services = [f"service-{index}" for index in range(count)]
        raw = build.delegation("HTTP/web", *services)
        return build.pac((build.DELEGATION, raw[: 80 + 8 * count]))

    assert calls(cut(2000)) <= 12 * calls(cut(200))


def test_a_struct_of_the_pac_is_a_struct() -> None:
    node, _ = open_in_place(b"\xff" * 5 + TWO + b"\xff", 5, 5 + len(TWO))
    assert (node.kind, node.meaning, node.span) == (STRUCT, "PAC", (5, 5 + len(TWO)))
    alone = whole(TWO)
    assert [(p, n.start - 5, n.stop - 5, n.value) for p, n in walk(node)] == [
        (p, n.start, n.stop, n.value) for p, n in walk(alone)
    ]
