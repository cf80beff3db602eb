"""IAKERB by name: what a Windows client asks of the server that finds the KDC for it.

The bits are those of DsGetDcName's flags (dsgetdc.h), the lowest as bit 31.
"""

from __future__ import annotations

#: dsgetdc.h, DsGetDcName: bit numbers of header-flags.
HEADER_FLAGS: dict[int, str] = {
    0: "DS_RETURN_FLAT_NAME",
    1: "DS_RETURN_DNS_NAME",
    10: "DS_DIRECTORY_SERVICE_8_REQUIRED",
    11: "DS_WEB_SERVICE_REQUIRED",
    12: "DS_DIRECTORY_SERVICE_6_REQUIRED",
    13: "DS_TRY_NEXTCLOSEST_SITE",
    14: "DS_IS_DNS_NAME",
    15: "DS_IS_FLAT_NAME",
    16: "DS_ONLY_LDAP_NEEDED",
    17: "DS_AVOID_SELF",
    18: "DS_GOOD_TIMESERV_PREFERRED",
    19: "DS_WRITABLE_REQUIRED",
    20: "DS_TIMESERV_REQUIRED",
    21: "DS_KDC_REQUIRED",
    22: "DS_IP_REQUIRED",
    23: "DS_BACKGROUND_ONLY",
    24: "DS_PDC_REQUIRED",
    25: "DS_GC_SERVER_REQUIRED",
    26: "DS_DIRECTORY_SERVICE_PREFERRED",
    27: "DS_DIRECTORY_SERVICE_REQUIRED",
    31: "DS_FORCE_REDISCOVERY",
}
