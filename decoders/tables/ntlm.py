"""Names and numbers of NTLM, from MS-NLMP (revision 38 and later); the section stands over each table."""

from __future__ import annotations

#: MS-NLMP 2.2: the first field after the signature.
MESSAGE_TYPES = {1: "NtLmNegotiate", 2: "NtLmChallenge", 3: "NtLmAuthenticate"}

UNICODE = 0x00000001
REQUEST_TARGET = 0x00000004
OEM_DOMAIN_SUPPLIED = 0x00001000
OEM_WORKSTATION_SUPPLIED = 0x00002000
EXTENDED_SESSIONSECURITY = 0x00080000
TARGET_INFO = 0x00800000
VERSION = 0x02000000
KEY_EXCH = 0x40000000

#: MS-NLMP 2.2.2.5 NEGOTIATE, lowest bit first. Bit J has no name there; NTLMSSP_ANONYMOUS is Samba's.
NEGOTIATE_FLAGS = (
    (0x00000001, "NTLMSSP_NEGOTIATE_UNICODE"),
    (0x00000002, "NTLM_NEGOTIATE_OEM"),
    (0x00000004, "NTLMSSP_REQUEST_TARGET"),
    (0x00000008, "r10"),
    (0x00000010, "NTLMSSP_NEGOTIATE_SIGN"),
    (0x00000020, "NTLMSSP_NEGOTIATE_SEAL"),
    (0x00000040, "NTLMSSP_NEGOTIATE_DATAGRAM"),
    (0x00000080, "NTLMSSP_NEGOTIATE_LM_KEY"),
    (0x00000100, "r9"),
    (0x00000200, "NTLMSSP_NEGOTIATE_NTLM"),
    (0x00000400, "r8"),
    (0x00000800, "NTLMSSP_ANONYMOUS"),
    (0x00001000, "NTLMSSP_NEGOTIATE_OEM_DOMAIN_SUPPLIED"),
    (0x00002000, "NTLMSSP_NEGOTIATE_OEM_WORKSTATION_SUPPLIED"),
    (0x00004000, "r7"),
    (0x00008000, "NTLMSSP_NEGOTIATE_ALWAYS_SIGN"),
    (0x00010000, "NTLMSSP_TARGET_TYPE_DOMAIN"),
    (0x00020000, "NTLMSSP_TARGET_TYPE_SERVER"),
    (0x00040000, "r6"),
    (0x00080000, "NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY"),
    (0x00100000, "NTLMSSP_NEGOTIATE_IDENTIFY"),
    (0x00200000, "r5"),
    (0x00400000, "NTLMSSP_REQUEST_NON_NT_SESSION_KEY"),
    (0x00800000, "NTLMSSP_NEGOTIATE_TARGET_INFO"),
    (0x01000000, "r4"),
    (0x02000000, "NTLMSSP_NEGOTIATE_VERSION"),
    (0x04000000, "r3"),
    (0x08000000, "r2"),
    (0x10000000, "r1"),
    (0x20000000, "NTLMSSP_NEGOTIATE_128"),
    (0x40000000, "NTLMSSP_NEGOTIATE_KEY_EXCH"),
    (0x80000000, "NTLMSSP_NEGOTIATE_56"),
)

AV_EOL = 0
AV_FLAGS = 6
AV_TIMESTAMP = 7
AV_SINGLE_HOST = 8
AV_CHANNEL_BINDINGS = 10

#: MS-NLMP 2.2.2.1 AV_PAIR.
AV_IDS = {
    0: "MsvAvEOL",
    1: "MsvAvNbComputerName",
    2: "MsvAvNbDomainName",
    3: "MsvAvDnsComputerName",
    4: "MsvAvDnsDomainName",
    5: "MsvAvDnsTreeName",
    6: "MsvAvFlags",
    7: "MsvAvTimestamp",
    8: "MsvAvSingleHost",
    9: "MsvAvTargetName",
    10: "MsvAvChannelBindings",
}

#: MS-NLMP 2.2.2.1: the pairs whose value is UTF-16LE text.
AV_NAMES = frozenset({1, 2, 3, 4, 5, 9})

#: MS-NLMP 2.2.2.1 MsvAvFlags describes the bits without naming them; the names are those that pyspnego prints.
AV_FLAG_NAMES = (
    (0x00000001, "AUTHENTICATION_CONSTRAINED"),
    (0x00000002, "MIC_PROVIDED"),
    (0x00000004, "UNTRUSTED_SPN_SOURCE"),
)

#: MS-NLMP 2.2.2.10 NTLMRevisionCurrent.
REVISIONS = {0x0F: "NTLMSSP_REVISION_W2K3"}

#: Product(Major, Minor, Build) of the releases in MS-NLMP section 7. Releases that came as an update of another one
#: (Windows 10 20H2 to 22H2, 11 23H2) keep the build number of that one in NTLM.
WINDOWS = {
    (5, 1, 2600): "Windows XP",
    (5, 2, 3790): "Windows Server 2003 / XP x64",
    (6, 0, 6000): "Windows Vista",
    (6, 0, 6001): "Windows Vista SP1 / Server 2008",
    (6, 0, 6002): "Windows Vista SP2 / Server 2008 SP2",
    (6, 0, 6003): "Windows Server 2008 SP2",
    (6, 1, 7600): "Windows 7 / Server 2008 R2",
    (6, 1, 7601): "Windows 7 SP1 / Server 2008 R2 SP1",
    (6, 2, 9200): "Windows 8 / Server 2012",
    (6, 3, 9600): "Windows 8.1 / Server 2012 R2",
    (10, 0, 10240): "Windows 10 1507",
    (10, 0, 10586): "Windows 10 1511",
    (10, 0, 14393): "Windows 10 1607 / Server 2016",
    (10, 0, 15063): "Windows 10 1703",
    (10, 0, 16299): "Windows 10 1709 / Server 1709",
    (10, 0, 17134): "Windows 10 1803 / Server 1803",
    (10, 0, 17763): "Windows 10 1809 / Server 2019",
    (10, 0, 18362): "Windows 10 1903, 1909 / Server 1903, 1909",
    (10, 0, 19041): "Windows 10 2004 to 22H2 / Server 2004, 20H2",
    (10, 0, 20348): "Windows Server 2022",
    (10, 0, 22000): "Windows 11 21H2",
    (10, 0, 22621): "Windows 11 22H2, 23H2",
    (10, 0, 25398): "Windows Server 23H2",
    (10, 0, 26100): "Windows 11 24H2 / Server 2025",
}
