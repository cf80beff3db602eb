"""Every number has a name: the tables against the registries that they are taken from, and against another reader's.

`tests/data/registries` holds what the registries say, a number and a name a line, transcribed from the documents that
the first line names.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from spnego import _kerberos as peer
from spnego._ntlm_raw import messages as ntlm_peer

from secctx.decoders.tables import credssp, kerberos, negoex, ntlm, ntstatus, oids
from secctx.decoders.tables import kerberos_more as more

ROOT = Path(__file__).parents[1]
TABLES = sorted((ROOT / "decoders" / "tables").glob("*.py"))
REGISTRIES = ROOT / "tests" / "data" / "registries"
SEMANTICS = ROOT.parent / "shared" / "semantics"

#: What a table may be taken from: an RFC or draft, a document of Microsoft's, a registry, a header that ships.
CITED = re.compile(r"\bRFC \d|\bMS-[A-Z]+\b|\bIANA\b|\bdraft-|\b\w+\.h\b")

#: Names that several numbers of a table share: the registry has it so, or a family is what the table tells.
SHARED_NAMES = {
    ("kerberos_more.py", "CHECKSUM_TYPES"): {"sha1 (unkeyed)"},
    ("oids.py", "FAMILY"): {"Kerberos"},
    ("pac.py", "SIGNATURE_SIZES"): {12, 16},
}


def tables_of(tree: ast.Module) -> Iterable[tuple[str, ast.AST, int]]:
    """The tables of a module: a name in capitals bound to a dict, a tuple or a frozenset; and the line it begins on."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        elif isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        else:
            continue
        if isinstance(target, ast.Name) and target.id.isupper() and isinstance(value, ast.Dict | ast.Tuple | ast.Call):
            yield target.id, value, node.lineno


def comment_above(lines: list[str], line: int) -> str:
    """The `#:` comment that ends right above a line, empty where there is none."""
    first = line - 1
    while first > 0 and lines[first - 1].startswith("#:"):
        first -= 1
    return "\n".join(lines[first : line - 1])


def pairs_of(value: ast.AST) -> list[tuple[str, str]]:
    """The entries of a table as written, keys and names as Python evaluates them: 0x10 and 16 are one key."""
    if isinstance(value, ast.Dict):
        entries = [(key, name) for key, name in zip(value.keys, value.values, strict=True) if key is not None]
    elif isinstance(value, ast.Tuple):
        entries = [(one.elts[0], one.elts[1]) for one in value.elts if isinstance(one, ast.Tuple)]
    else:
        entries = []
    return [(written(key), written(name)) for key, name in entries]


def written(node: ast.AST) -> str:
    try:
        return repr(ast.literal_eval(node))
    except ValueError:  # a constant of the module by its name
        return ast.unparse(node)


def twice(values: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {value for value in values if value in seen or seen.add(value)}  # type: ignore[func-returns-value]


ALL = [
    pytest.param(path, name, value, line, id=f"{path.stem}.{name}")
    for path in TABLES
    for name, value, line in tables_of(ast.parse(path.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize(("path", "name", "value", "line"), ALL)
def test_a_table_names_the_document_it_is_taken_from(path: Path, name: str, value: ast.AST, line: int) -> None:
    comment = comment_above(path.read_text(encoding="utf-8").splitlines(), line)
    assert CITED.search(comment), f"{path.name}, line {line}: {name} cites nothing right above it"
    assert not re.search(r"\d\.\?|\?\)", comment), "a section that nobody looked up"


@pytest.mark.parametrize(("path", "name", "value", "line"), ALL)
def test_no_table_has_a_number_or_a_name_twice(path: Path, name: str, value: ast.AST, line: int) -> None:
    pairs = pairs_of(value)
    assert twice(key for key, _ in pairs) == set(), f"{path.name}, line {line}"
    assert twice(text for _, text in pairs) <= {repr(text) for text in SHARED_NAMES.get((path.name, name), set())}


def test_the_check_for_twice_sees_what_python_hides() -> None:
    tree = ast.parse('A = {16: "a", 0x10: "b", -1: "c"}\nB = ((1, "x"), (0b1, "x"))\nC = {1: "a", 2: "b"}')
    found = {name: pairs_of(value) for name, value, _ in tables_of(tree)}
    assert twice(key for key, _ in found["A"]) == {"16"}
    assert twice(key for key, _ in found["B"]) == {"1"}
    assert twice(text for _, text in found["B"]) == {"'x'"}
    assert twice(key for key, _ in found["C"]) == set()


def test_the_check_for_citations_sees_a_table_without() -> None:
    text = "#: RFC 4120 5.3.\nA = {1: 2}\n\n#: In words.\nB = {1: 2}\n\nC = {1: 2}\n"
    lines = text.splitlines()
    found = {name: bool(CITED.search(comment_above(lines, line))) for name, _, line in tables_of(ast.parse(text))}
    assert found == {"A": True, "B": False, "C": False}


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_is_bound_once(path: Path) -> None:
    assert twice(name for name, _, _ in tables_of(ast.parse(path.read_text(encoding="utf-8")))) == set()


def test_what_others_import_stands_where_they_import_it_from() -> None:
    names = "MESSAGES MESSAGE_TYPES TOKEN_IDS ENCTYPES NAME_TYPES ERRORS ERROR_TEXTS PADATA AP_OPTIONS"
    for name in [*names.split(), "KERB_ERROR_DATA_TYPES", "NTSTATUS"]:
        assert isinstance(getattr(kerberos, name), dict), name
    assert kerberos.NTSTATUS is ntstatus.NTSTATUS


# Against the registries.


def registry(name: str) -> list[tuple[int, str]]:
    """The rows of one registry; SGN_ALG and SEAL_ALG stand there as their bytes in hex."""
    text = (REGISTRIES / f"{name}.tsv").read_text(encoding="utf-8")
    assert text.startswith("# "), "the first line says which registry"
    rows = csv.reader(text.splitlines()[1:], delimiter="\t")
    return [(int(number, 16 if name.startswith("rfc1964") else 0), words) for number, words in rows]


def plain(name: str) -> str:
    """A name without what registries differ in: case, hyphens for underscores."""
    return name.lower().replace("_", "-")


#: Registry, table: every row's number has the row's name there.
REGISTERED: list[tuple[str, Mapping[int, str]]] = [
    ("iana-enctypes", kerberos.ENCTYPES),
    ("ntsecapi-enctypes", kerberos.ENCTYPES),
    ("iana-checksums", more.CHECKSUM_TYPES),
    ("ntsecapi-checksums", more.CHECKSUM_TYPES),
    ("iana-padata", kerberos.PADATA),
    ("ms-kile-padata", kerberos.PADATA),
    ("iana-fast-options", more.FAST_OPTIONS),
    ("rfc4120-messages", kerberos.MESSAGE_TYPES),
    ("rfc4120-names", kerberos.NAME_TYPES),
    ("rfc4120-addresses", more.ADDRESS_TYPES),
    ("rfc4120-authorization-data", more.AUTHORIZATION_DATA_TYPES),
    ("later-authorization-data", more.AUTHORIZATION_DATA_TYPES),
    ("rfc4120-kdc-options", more.KDC_OPTIONS),
    ("rfc4120-ticket-flags", more.TICKET_FLAGS),
    ("rfc4120-errors", kerberos.ERRORS),
    ("later-errors", kerberos.ERRORS),
    ("rfc3244-results", more.KPASSWD_RESULTS),
    ("rfc1964-signing", more.SIGNING_ALGORITHMS),
    ("rfc1964-sealing", more.SEALING_ALGORITHMS),
    ("ms-nlmp-av-ids", ntlm.AV_IDS),
    ("ms-negoex-messages", negoex.MESSAGE_TYPES),
]

#: Where the table has another name than this registry, and why.
OTHER_NAMES: dict[tuple[str, int], str] = {
    ("iana-padata", 130): "PA-S4U-X509-USER",  # MS-SFU's own name for its type
    ("iana-padata", 165): "PA-SUPPORTED-ENCTYPES",  # MS-KILE's own name for its type
    ("rfc4120-errors", 62): "KDC_ERR_CLIENT_NOT_TRUSTED",  # RFC 4556 calls it so, as do the logs
    ("rfc4120-errors", 63): "KDC_ERR_KDC_NOT_TRUSTED",  # as 62; RFC 4556 leaves it out
    ("rfc4120-errors", 64): "KDC_ERR_INVALID_SIG",  # as 62
    ("rfc4120-errors", 65): "KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED",  # RFC 4556 gave the reserved number this meaning
}

#: Numbers beyond all registries of a table here, and who has them.
BEYOND: dict[str, set[int]] = {
    "ENCTYPES": {0, 4, 6, 8, 48},  # MIT, Heimdal
    "CHECKSUM_TYPES": {0, 0x8003},  # reserved; RFC 4121
    "PADATA": {4, 655, -1},  # reserved; Heimdal; PacketCable
    "NAME_TYPES": {-1200, -1201, -1202, -1203},  # Heimdal
    "AUTHORIZATION_DATA_TYPES": {512},  # MIT, Heimdal
    "SIGNING_ALGORITHMS": {0x0400},  # MIT, Java: triple DES
    "SEALING_ALGORITHMS": {0x0200},  # the same
}


@pytest.mark.parametrize(("name", "table"), REGISTERED, ids=[name for name, _ in REGISTERED])
def test_every_number_of_a_registry_has_its_name(name: str, table: Mapping[int, str]) -> None:
    rows = registry(name)
    assert len(rows) >= 3
    for number in {number for number, _ in rows}:
        names = {plain(words) for other, words in rows if other == number}
        expected = OTHER_NAMES.get((name, number))
        found = table.get(number)
        assert found is not None, f"{number} ({names}) has no name"
        assert found == expected if expected else plain(found) in names, f"{number}: {found}, registered as {names}"


def test_a_name_that_differs_from_its_registry_does_differ() -> None:
    for (name, number), ours in OTHER_NAMES.items():
        assert plain(ours) not in {plain(words) for other, words in registry(name) if other == number}


def test_a_table_has_no_number_that_no_registry_knows() -> None:
    modules = (kerberos, more, ntlm, negoex)
    by_name = {id(table): name for module in modules for name, table in vars(module).items() if name.isupper()}
    for table in {id(table): table for _, table in REGISTERED}.values():
        known = {number for name, other in REGISTERED if other is table for number, _ in registry(name)}
        assert set(table) - known == BEYOND.get(by_name[id(table)], set()), by_name[id(table)]


def test_every_number_of_the_key_usages_says_what_it_keys() -> None:
    for number, words in registry("key-usages"):
        assert words.lower() in more.KEY_USAGES[number].lower(), number


@pytest.mark.parametrize(
    ("name", "table"),
    [("ms-nlmp-negotiate", ntlm.NEGOTIATE_FLAGS), ("ms-kile-encryption-flags", more.SUPPORTED_ENCTYPES)],
)
def test_a_mask_stands_where_the_figure_has_it(name: str, table: tuple[tuple[int, str], ...]) -> None:
    """Microsoft's figures count from the highest of 32 bits; the tables go upwards."""
    assert table == tuple(sorted((1 << (31 - place), words) for place, words in registry(name)))


def test_all_bits_of_the_negotiate_flags_have_a_name() -> None:
    assert [mask for mask, _ in ntlm.NEGOTIATE_FLAGS] == [1 << bit for bit in range(32)]


def test_the_options_of_s4u_are_bits_from_the_highest() -> None:
    assert {1 << (31 - bit): words for bit, words in more.S4U_OPTIONS.items()} == dict(registry("ms-sfu-s4u-options"))


def test_every_registry_in_the_folder_is_held_to() -> None:
    used = {name for name, _ in REGISTERED} | {
        "key-usages",
        "ms-nlmp-negotiate",
        "ms-kile-encryption-flags",
        "ms-sfu-s4u-options",
    }
    assert {path.stem for path in REGISTRIES.glob("*.tsv")} == used


# What a table is, by its kind.


@pytest.mark.parametrize(
    "table",
    [
        more.GSS_CHECKSUM_FLAGS,
        more.SUPPORTED_ENCTYPES,
        more.RFC4121_FLAGS,
        more.KERB_AP_OPTIONS,
        more.LSAP_TOKEN_INFO,
        negoex.EXTENSION_FLAGS,
        ntlm.NEGOTIATE_FLAGS,
        ntlm.AV_FLAG_NAMES,
    ],
)
def test_a_mask_is_one_bit_and_they_go_upwards(table: tuple[tuple[int, str], ...]) -> None:
    masks = [mask for mask, _ in table]
    assert all(mask.bit_count() == 1 and mask < 1 << 32 for mask in masks)
    assert masks == sorted(masks)


@pytest.mark.parametrize(
    "table",
    [
        kerberos.AP_OPTIONS,
        more.KDC_OPTIONS,
        more.TICKET_FLAGS,
        more.PAC_OPTIONS,
        more.FAST_OPTIONS,
        more.S4U_OPTIONS,
    ],
)
def test_a_bit_number_is_one_of_32(table: dict[int, str]) -> None:
    assert set(table) <= set(range(32))
    assert list(table) == sorted(table)


def test_a_message_is_named_alike_by_its_tag_and_its_type() -> None:
    for tag, name in kerberos.MESSAGES.items():
        assert name == "Ticket" or kerberos.MESSAGE_TYPES[tag & 0x1F] == name
        assert 0x60 <= tag < 0x80


def test_the_checksum_flags_of_microsoft_lie_above_those_of_the_rfc() -> None:
    assert [mask for mask, _ in more.GSS_CHECKSUM_FLAGS] == [1, 2, 4, 8, 16, 32, 0x1000, 0x2000, 0x4000]


def test_a_last_request_of_one_server_is_the_negative_of_that_of_all() -> None:
    numbers = set(more.LAST_REQ_TYPES)
    assert numbers == set(range(-7, 8))
    assert all(more.LAST_REQ_TYPES[-number] == f"{more.LAST_REQ_TYPES[number]}, this server" for number in range(1, 8))


def test_a_scheme_of_negoex_is_a_guid_as_text() -> None:
    guid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert all(guid.fullmatch(scheme) for scheme in negoex.AUTH_SCHEMES)


@pytest.mark.skipif(not SEMANTICS.exists(), reason="the shared collection is not beside the checkout")
def test_the_scheme_that_windows_sends_has_a_name() -> None:
    """An SMB server of Windows in a workgroup offers one scheme; its 16 bytes are a GUID, little-endian at first."""
    token = (SEMANTICS.parent / "corpus" / "smbj" / "negTokenInit_negoex_acceptor.bin").read_bytes()
    at = token.index(b"NEGOEXTS") + 96
    parts = [token[at : at + 4][::-1], token[at + 4 : at + 6][::-1], token[at + 6 : at + 8][::-1]]
    parts += [token[at + 8 : at + 10], token[at + 10 : at + 16]]
    assert negoex.AUTH_SCHEMES["-".join(part.hex() for part in parts)] == "PKU2U"


def test_credentials_of_credssp_have_their_three_kinds() -> None:
    assert credssp.CRED_TYPES == {1: "TSPasswordCreds", 2: "TSSmartCardCreds", 6: "TSRemoteGuardCreds"}
    assert credssp.VERSIONS == (2, 3, 4, 5, 6)
    assert credssp.KEY_SPECS == {1: "AT_KEYEXCHANGE", 2: "AT_SIGNATURE"}


def test_an_object_identifier_is_dotted_numbers() -> None:
    assert all(re.fullmatch(r"[012](\.(0|[1-9]\d*))+", oid) for oid in oids.MECHANISMS)
    assert set(oids.FAMILY) <= set(oids.MECHANISMS)


# Words for errors.


def test_every_error_has_words_and_no_words_stand_alone() -> None:
    assert list(kerberos.ERRORS) == sorted(kerberos.ERRORS)
    assert set(kerberos.ERROR_TEXTS) == set(kerberos.ERRORS)


@pytest.mark.parametrize("number", sorted(kerberos.ERROR_TEXTS))
def test_the_words_of_an_error_are_short_and_speak_no_symbols(number: int) -> None:
    text = kerberos.ERROR_TEXTS[number]
    assert 8 <= len(text) <= 110
    assert not text.endswith(".")
    assert "_" not in text
    assert text == text.strip()


def test_no_two_errors_say_the_same() -> None:
    assert twice(kerberos.ERROR_TEXTS.values()) == set()


# Against what the acceptor's map speaks of.


@pytest.mark.skipif(not SEMANTICS.exists(), reason="the shared collection is not beside the checkout")
def test_every_ntstatus_and_error_of_the_semantics_has_its_name() -> None:
    rows = list(csv.reader((SEMANTICS / "ntstatus_map.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    assert {int(row[1], 16): row[0] for row in rows[1:]}.items() <= kerberos.NTSTATUS.items()
    rows = list(csv.reader((SEMANTICS / "krb_error_map.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    assert {int(row[1]): row[0] for row in rows[1:]}.items() <= kerberos.ERRORS.items()


def test_an_ntstatus_is_success_or_an_error_and_they_go_upwards() -> None:
    numbers = list(kerberos.NTSTATUS)
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert all(number >> 30 == 3 for number in numbers[1:])
    assert all(name.startswith("STATUS_") for name in kerberos.NTSTATUS.values())


# Against pyspnego, which has many of the numbers too.

#: Enumeration, number: what it is there, and what is right. Each is a difference that was looked at.
PEER_DIFFERS: dict[tuple[str, int], str] = {
    ("KerberosErrorCode", 53): "a slip for 63",
    ("KerberosErrorCode", 62): "RFC 4120's name; RFC 4556 has another",
    ("KerberosErrorCode", 64): "RFC 4120's name; RFC 4556 has another",
    ("KerberosErrorCode", 65): "RFC 4120's name; RFC 4556 has another",
    ("KerberosPADataType", 20): "both names of IANA at once",
    ("KerberosPADataType", 128): "a slip: PA-FOR-USER is 129",
    ("KerberosPADataType", 130): "IANA's name; MS-SFU has another",
    ("KerberosPADataType", 165): "IANA's name; MS-KILE has another",
    ("KerberosEncryptionType", 16): "MIT's name; IANA appends -kd",
    ("KerberosMessageType", 0): "no message at all",
    ("KerberosHostAddressType", 26): "a slip for 24",
    ("KerberosKDCOptions", 14): "Wireshark's name; MS-SFU has cname-in-addl-tkt",
    **{("KerberosKDCOptions", bit): "free, and named unused" for bit in (*range(17, 26), 29)},
    **{("MessageType", number): "the message's name, not the type's" for number in (1, 2, 3)},
    ("NegotiateFlags", 1): "MS-NLMP has NTLM_NEGOTIATE_OEM, without SSP",
    ("NegotiateFlags", 11): "misspelt",
    ("NegotiateFlags", 20): "MS-NLMP has IDENTIFY",
    **{("NegotiateFlags", bit): "r1 to r10, with old names" for bit in (3, 8, 10, 14, 18, 21, 24, 26, 27, 28)},
}


def named_by_peer(enumeration: type, bits: int = 0) -> dict[int, str]:
    """The numbers of one of its enumerations with its labels; of flags, the bit's number from the highest of `bits`."""
    labels: dict[int, str] = enumeration.native_labels()  # type: ignore[attr-defined]
    return {bits - int(number).bit_length() if bits else int(number): name for number, name in labels.items()}


NTLM_BITS = {mask.bit_length() - 1: name for mask, name in ntlm.NEGOTIATE_FLAGS}
PEER: list[tuple[str, dict[int, str], Mapping[int, str]]] = [
    ("KerberosErrorCode", named_by_peer(peer.KerberosErrorCode), kerberos.ERRORS),
    ("KerberosPADataType", named_by_peer(peer.KerberosPADataType), kerberos.PADATA),
    ("KerberosEncryptionType", named_by_peer(peer.KerberosEncryptionType), kerberos.ENCTYPES),
    ("KerberosMessageType", named_by_peer(peer.KerberosMessageType), kerberos.MESSAGE_TYPES),
    ("KerberosPrincipalNameType", named_by_peer(peer.KerberosPrincipalNameType), kerberos.NAME_TYPES),
    ("KerberosHostAddressType", named_by_peer(peer.KerberosHostAddressType), more.ADDRESS_TYPES),
    ("KerberosKDCOptions", named_by_peer(peer.KerberosKDCOptions, 32), more.KDC_OPTIONS),
    ("KerberosAPOptions", named_by_peer(peer.KerberosAPOptions, 8), kerberos.AP_OPTIONS),
    ("MessageType", named_by_peer(ntlm_peer.MessageType), ntlm.MESSAGE_TYPES),
    (
        "AvFlags",
        {int(flag).bit_length(): name for flag, name in ntlm_peer.AvFlags.native_labels().items()},
        {mask.bit_length(): name for mask, name in ntlm.AV_FLAG_NAMES},
    ),
    (
        "NegotiateFlags",
        {int(flag).bit_length() - 1: name for flag, name in ntlm_peer.NegotiateFlags.native_labels().items()},
        NTLM_BITS,
    ),
]


def differing(theirs: dict[int, str], ours: Mapping[int, str]) -> set[int]:
    return {number for number, name in theirs.items() if plain(ours.get(number, "")) != plain(name)}


@pytest.mark.parametrize(("name", "theirs", "ours"), PEER, ids=[name for name, _, _ in PEER])
def test_another_reader_has_the_same_name_but_where_the_difference_is_known(
    name: str, theirs: dict[int, str], ours: Mapping[int, str]
) -> None:
    assert theirs
    assert differing(theirs, ours) <= {number for other, number in PEER_DIFFERS if other == name}


def test_the_ids_of_av_pairs_are_those_of_another_reader() -> None:
    theirs = {int(av): name for av, name in ntlm_peer.AvId.native_labels().items()}
    ours = {number: name.removeprefix("MsvAv").upper() for number, name in ntlm.AV_IDS.items()}
    assert {number: name.removeprefix("MSV_AV_").replace("_", "") for number, name in theirs.items()} == ours
