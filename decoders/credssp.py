"""CredSSP: TSRequest and what it delegates, TSCredentials (MS-CSSP 2.2.1).

The password, the PIN and the packages' credentials are secrets, and so is whatever cannot be read in TSCredentials, or
beside them in a TSRequest that somebody has decrypted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asn1crypto.core import Sequence as Asn1Sequence

from .credssp_asn1 import (
    NegoDataItem,
    TSCredentials,
    TSCspDataDetail,
    TSPasswordCreds,
    TSRemoteGuardCreds,
    TSRemoteGuardPackageCred,
    TSRequest,
    TSSmartCardCreds,
)
from .der import read_element, read_message
from .grammar import opens, plan_of
from .reading import Reading
from .recognise import recognise
from .tables.credssp import VERSIONS
from .values import BYTES, SECRET, TEXT, Node, walk

#: credType to the structure that credentials then is (MS-CSSP 2.2.1.2).
_CREDENTIALS: Final[dict[int, type[Asn1Sequence]]] = {
    1: TSPasswordCreds,
    2: TSSmartCardCreds,
    6: TSRemoteGuardCreds,
}
#: The versions in which a server says why it fails, and the first with a nonce (MS-CSSP 2.2.1).
_WITH_ERROR_CODE: Final = (3, 4, 6)
_WITH_NONCE: Final = 5
_NONCE_BYTES: Final = 32

#: What encrypted fields begin with: the tokens that GSS_WrapEx makes.
_WRAPPED: Final = ("RFC4121", "NTLM-signature", "GSS")


def decode_credssp(reading: Reading, kind: str, root: Node, at: int, stop: int, into: list[Node]) -> int:
    """Read the TSRequest or the TSCredentials at `at`, as `kind` says; its end."""
    end = read_message(reading, TSRequest if kind == "TSRequest" else TSCredentials, root, at, stop, into)
    if kind == "TSRequest":
        _explain(into)
        if not any(_in_the_clear(field) for field in into):
            return end
    here = min(stop, reading.end)
    if end < here:
        # Kept here, since what stands behind credentials whose length is damaged is likely the end of them.
        into.append(Node("trailing", end, here, BYTES, reading.data[end:here]))
        reading.fail("trailing", into[-1], end, f"the end of {kind} after {end - at} bytes", f"{here - end} more bytes")
    _hide(root)
    return max(end, here)


def _explain(fields: Sequence[Node]) -> None:
    """Say what depends on the version of a TSRequest (MS-CSSP 2.2.1)."""
    by_name = {field.name: field for field in fields}
    version = by_name.get("version")
    if version is None or not isinstance(version.value, int):
        return
    number = version.value
    notes = [] if number in VERSIONS else [f"MS-CSSP has {VERSIONS[0]} to {VERSIONS[-1]}"]
    if "errorCode" in by_name and VERSIONS[0] <= number <= VERSIONS[-1] and number not in _WITH_ERROR_CODE:
        notes.append(f"with an errorCode, which MS-CSSP 2.2.1 has in {_listed(_WITH_ERROR_CODE)}")
    version.meaning = ", ".join(notes) or None
    nonce, key = by_name.get("clientNonce"), by_name.get("pubKeyAuth")
    if nonce is not None and isinstance(nonce.value, bytes):
        early = f"only version {_WITH_NONCE} and higher have it" if number < _WITH_NONCE else ""
        size = f"{_NONCE_BYTES} bytes in MS-CSSP" if len(nonce.value) != _NONCE_BYTES else ""
        nonce.meaning = ", ".join(filter(None, (early, size))) or None
    if key is not None and key.kind == BYTES:
        key.meaning = "encrypted: " + ("hash of the public key" if number >= _WITH_NONCE else "the public key")


def _listed(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}"


def _in_the_clear(field: Node) -> bool:
    """Whether this is an authInfo that is not encrypted, or of which that cannot be said."""
    if field.name != "authInfo":
        return False
    return field.kind == SECRET or field.meaning in (None, ("CredSSP", "TSCredentials"))


def _hide(root: Node) -> None:
    """Make secrets of the bytes that are left: what cannot be read may be the password as well."""
    for _, node in walk(root):
        if node.kind == BYTES:
            node.kind = SECRET


@opens(NegoDataItem, "negoToken")
def _open_token(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    return reading.open_token(reading, node, body, end)


@opens(TSRequest, "authInfo")
@opens(TSRequest, "pubKeyAuth")
def _open_wrapped(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """A token of GSS_WrapEx; TSCredentials where somebody has decrypted them already."""
    kind = recognise(reading.data, body, end)
    if kind in _WRAPPED or (kind == "TSCredentials" and node.name == "authInfo"):
        return reading.open_token(reading, node, body, end)
    if node.name == "pubKeyAuth":
        return False
    node.meaning = "encrypted"
    # A signature comes first in what is encrypted: a SEQUENCE there is credentials, even where they cannot be read.
    return reading.data[body : body + 1] == b"\x30" and _open_secret(reading, node, siblings, body, end)


@opens(TSCredentials, "credentials")
def _open_credentials(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    kind = siblings[0].value if siblings else None
    cls = _CREDENTIALS.get(kind) if isinstance(kind, int) else None
    if cls is None or body >= min(end, reading.end):
        return False
    whole: list[Node] = []
    after = read_element(reading, plan_of(cls), node.name, body, end, whole)
    node.start, node.stop = body, min(end, reading.end)
    node.kind, node.value, node.children = whole[0].kind, whole[0].value, list(whole[0].children)
    node.meaning = cls.__name__
    reading.adopt(whole[0], node)
    if after < node.stop:
        surplus = Node(f"after-{cls.__name__}", after, node.stop, BYTES, reading.data[after : node.stop])
        node.children = [*node.children, surplus]
        reading.fail("trailing", surplus, after, f"nothing behind {cls.__name__}", f"{node.stop - after} bytes")
    return True


@opens(TSPasswordCreds, "password")
@opens(TSSmartCardCreds, "pin")
@opens(TSRemoteGuardPackageCred, "credBuffer")
def _open_secret(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    if end > reading.end:
        reading.short(node, body, end - body, end)
    node.kind, node.value, node.meaning = SECRET, reading.data[body:end], None
    return True


@opens(TSPasswordCreds, "domainName")
@opens(TSPasswordCreds, "userName")
@opens(TSSmartCardCreds, "userHint")
@opens(TSSmartCardCreds, "domainHint")
@opens(TSCspDataDetail, "cardName")
@opens(TSCspDataDetail, "readerName")
@opens(TSCspDataDetail, "containerName")
@opens(TSCspDataDetail, "cspName")
@opens(TSRemoteGuardPackageCred, "packageName")
def _open_text(reading: Reading, node: Node, siblings: Sequence[Node], body: int, end: int) -> bool:
    """Windows and those who follow it write UTF-16LE into these; MS-CSSP says no more than OCTET STRING."""
    if end > reading.end:
        return False
    raw = reading.data[body:end]
    node.kind = TEXT
    try:
        node.value = raw.decode("utf-16-le")
    except UnicodeDecodeError as error:
        node.value = raw.decode("utf-16-le", "backslashreplace")
        reading.fail("value", node, body + error.start, "UTF-16LE text", f"{len(raw)} bytes that are none")
    return True
