"""The structures of a PAC that are in NDR: logon information, delegation, device, credentials (MS-PAC 2.2 to 2.12)."""

from __future__ import annotations

from .cursor import Layout
from .ndr import Pickle
from .ndr_bodies import SID_BODY, Array, Octets, Strings, text
from .ndr_grammar import Conformant, Field, Pointer, Structure, name_value
from .reading import Reading
from .sids import member_text
from .tables.pac import GROUP_ATTRIBUTES, NTLM_CREDENTIAL_FLAGS, USER_ACCOUNT_CONTROL, USER_FLAGS
from .values import BYTES, FILETIME, FLAGS, INT, SECRET, STRUCT, Node

_ATTRIBUTES = Field("Attributes", "I", FLAGS, GROUP_ATTRIBUTES)
#: MS-PAC 2.2.1.
_SID_AND_ATTRIBUTES = Structure("KERB_SID_AND_ATTRIBUTES", Pointer("Sid", SID_BODY), _ATTRIBUTES)
#: MS-PAC 2.2.2.
_GROUP = Structure("GROUP_MEMBERSHIP", Field("RelativeId"), _ATTRIBUTES)
#: MS-PAC 2.2.3.
_DOMAIN_GROUP = Structure(
    "DOMAIN_GROUP_MEMBERSHIP",
    Pointer("DomainId", SID_BODY),
    Field("GroupCount"),
    Pointer("GroupIds", Array(_GROUP), "GroupCount"),
)

#: MS-PAC 2.5. Reserved1 is LMKey in NETLOGON_VALIDATION_SAM_INFO4, which this structure is a part of.
KERB_VALIDATION_INFO = Structure(
    "KERB_VALIDATION_INFO",
    Field("LogonTime", "Q", FILETIME),
    Field("LogoffTime", "Q", FILETIME),
    Field("KickOffTime", "Q", FILETIME),
    Field("PasswordLastSet", "Q", FILETIME),
    Field("PasswordCanChange", "Q", FILETIME),
    Field("PasswordMustChange", "Q", FILETIME),
    text("EffectiveName"),
    text("FullName"),
    text("LogonScript"),
    text("ProfilePath"),
    text("HomeDirectory"),
    text("HomeDirectoryDrive"),
    Field("LogonCount", "H", align=2),
    Field("BadPasswordCount", "H", align=2),
    Field("UserId"),
    Field("PrimaryGroupId"),
    Field("GroupCount"),
    Pointer("GroupIds", Array(_GROUP), "GroupCount"),
    Field("UserFlags", "I", FLAGS, USER_FLAGS),
    Field("UserSessionKey", "16s", SECRET),
    text("LogonServer"),
    text("LogonDomainName"),
    Pointer("LogonDomainId", SID_BODY),
    Field("Reserved1", "8s", SECRET),
    Field("UserAccountControl", "I", FLAGS, USER_ACCOUNT_CONTROL),
    Field("SubAuthStatus"),
    Field("LastSuccessfulILogon", "Q", FILETIME),
    Field("LastFailedILogon", "Q", FILETIME),
    Field("FailedILogonCount"),
    Field("Reserved3"),
    Field("SidCount"),
    Pointer("ExtraSids", Array(_SID_AND_ATTRIBUTES), "SidCount"),
    Pointer("ResourceGroupDomainSid", SID_BODY),
    Field("ResourceGroupCount"),
    Pointer("ResourceGroupIds", Array(_GROUP), "ResourceGroupCount"),
)

#: MS-PAC 2.9.
S4U_DELEGATION_INFO = Structure(
    "S4U_DELEGATION_INFO",
    text("S4U2proxyTarget"),
    Field("TransitedListSize"),
    Pointer("S4UTransitedServices", Strings(counted=True), "TransitedListSize"),
)

#: MS-PAC 2.12.
PAC_DEVICE_INFO = Structure(
    "PAC_DEVICE_INFO",
    Field("UserId"),
    Field("PrimaryGroupId"),
    Pointer("AccountDomainId", SID_BODY),
    Field("AccountGroupCount"),
    Pointer("AccountGroupIds", Array(_GROUP), "AccountGroupCount"),
    Field("SidCount"),
    Pointer("ExtraSids", Array(_SID_AND_ATTRIBUTES), "SidCount"),
    Field("DomainGroupCount"),
    Pointer("DomainGroup", Array(_DOMAIN_GROUP), "DomainGroupCount"),
)

#: MS-PAC 2.6.3 and 2.6.2.
_CREDENTIAL = Structure(
    "SECPKG_SUPPLEMENTAL_CRED",
    text("PackageName"),
    Field("CredentialSize"),
    Pointer("Credentials", Octets(SECRET), "CredentialSize"),
)
PAC_CREDENTIAL_DATA = Conformant(
    Structure("PAC_CREDENTIAL_DATA", Field("CredentialCount")), "Credentials", _CREDENTIAL, "CredentialCount"
)
#: MS-PAC 2.6.4; as it is, without the headers of a stream of its own.
_NTLM_CREDENTIAL = Layout(
    ("Version", "I", INT), ("Flags", "I", FLAGS), ("LmPassword", "16s", SECRET), ("NtPassword", "16s", SECRET)
)


def read_logon(reading: Reading, node: Node, start: int, stop: int) -> None:
    """Make `node` KERB_VALIDATION_INFO: who the user is, and the groups by their SIDs."""
    Pickle(reading, start, stop).read(node, KERB_VALIDATION_INFO)
    reserved = node.child("Reserved1")
    if reserved is not None and isinstance(reserved.value, bytes) and not any(reserved.value):
        reserved.kind = BYTES
    _name_members(node, "LogonDomainId", ("UserId", "PrimaryGroupId"), "GroupIds")
    _name_members(node, "ResourceGroupDomainSid", (), "ResourceGroupIds")


def read_device(reading: Reading, node: Node, start: int, stop: int) -> None:
    """Make `node` PAC_DEVICE_INFO: the device, and its groups in its own and in other domains."""
    Pickle(reading, start, stop).read(node, PAC_DEVICE_INFO)
    _name_members(node, "AccountDomainId", ("UserId", "PrimaryGroupId"), "AccountGroupIds")
    domains = node.child("DomainGroup")
    for domain in domains.children if domains is not None else ():
        _name_members(domain, "DomainId", (), "GroupIds")


def _name_members(node: Node, domain: str, fields: tuple[str, ...], groups: str) -> None:
    """Say which SIDs the relative identifiers stand for."""
    sid, listed = node.child(domain), node.child(groups)
    if sid is None or not isinstance(sid.value, str):
        return
    members = [node.child(name) for name in fields]
    members += [group.child("RelativeId") for group in listed.children] if listed is not None else []
    for member in members:
        if member is None or not isinstance(member.value, int):
            continue
        if member.name == "UserId" and member.value == 0:
            member.meaning = "the first of ExtraSids"
        else:
            member.meaning = member_text(sid.value, member.value)


def read_delegation(reading: Reading, node: Node, start: int, stop: int) -> None:
    """Make `node` S4U_DELEGATION_INFO."""
    Pickle(reading, start, stop).read(node, S4U_DELEGATION_INFO)


def read_credential_data(reading: Reading, node: Node, start: int, stop: int) -> None:
    """Make `node` PAC_CREDENTIAL_DATA, what SerializedData holds once it is decrypted; NTLM's hashes are secrets."""
    Pickle(reading, start, stop).read(node, PAC_CREDENTIAL_DATA)
    credentials = node.child("Credentials")
    for credential in credentials.children if credentials is not None else ():
        package, secret = credential.child("PackageName"), credential.child("Credentials")
        if package is None or secret is None or package.value != "NTLM" or not isinstance(secret.value, bytes):
            continue
        if len(secret.value) < _NTLM_CREDENTIAL.size:
            continue
        fields: list[Node] = []
        _NTLM_CREDENTIAL.read(reading, secret.start, secret.stop, fields)
        name_value(fields[1], NTLM_CREDENTIAL_FLAGS)
        rest = Node("rest", fields[-1].stop, secret.stop, SECRET, reading.data[fields[-1].stop : secret.stop])
        secret.kind, secret.value, secret.meaning = STRUCT, None, "NTLM_SUPPLEMENTAL_CREDENTIAL"
        secret.children = [*fields, rest] if rest.value else fields
