"""Texts that programs write for people: their common words are kept, all others may be names."""

from __future__ import annotations

import re
from typing import Final

from .names import NAME, Measure, Names

_WORDS: Final = """
a about above accept acceptable accepted accepting access account additional address after again age all allow
allowed already an and another any are as asked at attempt authenticate authentication authenticator
authorization available bad be because been before below between bit bits body but by bytes cannot cant case
certificate chain change changed changing characters check checksum client clock combination compat complexity
configuration configured constrained contact contain contains context cookie corrupt count could credentials
cross current data database days decode decrypt decrypted decrypting decryption default defined delegation
denied desired didn different digits disabled do does domain don during edata empty enabled enc encode encoding
encrypted encryption enctype entry error etype evidence exceeds expected expire expired expires expiry failed
failure fast fetch field file find flag flags for forwardable found from general generic get go good great had
handle has hash have hierarchy history host if ignore illegal improper in inappropriate include incorrect
incorrectly information initial input integrity internal invalid invoked is issued it item its kadmin kdc
kerberos key keys keytab kinit known krb krbtgt kvno last least length less letters lifetime limit list local
locked long looking lookup lower lowercase mac mandatory many master match matched matches matching maximum may
message messages method minimum missing mixed mk modified more most multiple must name names need needed needs
negotiate never new no non nonce none not null number of off old older on one only operation options or order
other our out over own pa pac padata parameters parse password passwords path permitted pkinit please policy
possible postdated preauth preauthentication previous principal principals process proper protocol proxiable
proxy punctuation quality random ratio read realm reason received rejected renewable reply repeat replay req
request requested requests require required requires reserved response result retrieve revoked rfc same s4u salt
secret server servers service services session short should signature signed size skew small so some special
specified start stale status store string strong success successful support supported symbols system tag tdo tgs
tgt than that the their them there these this ticket time timestamp to today too transited trust try trying type
types unable uncommon unexpected unknown unsupported until up upper uppercase usage use used user users usec
valid validate validation value verified verify version was way weak were when while wildcard will with within
without word would wrong you your
"""
#: Words of the texts that KDCs and services put into KRB-ERROR and password changes, and of hintName.
COMMON: Final = frozenset(_WORDS.split())
_WORD: Final = re.compile(r"[^\W\d_]+")
_TOKEN: Final = re.compile(r"[^\s]+")
#: A word like this is a name whatever it is made of: `host/server`, `user@realm`.
_JOINED: Final = re.compile(r"\w[/@\\.:]\w")
_PARTS: Final = re.compile(r"[^\W_]+")
_PUNCTUATION: Final = " \t.,;:!?()[]{}<>\"'`-_=*#"
#: Codes that say what went wrong: a status, Active Directory's DSID and its version.
_CODE: Final = re.compile(
    r"(?:0x)?[08C][0-9A-Fa-f]{7}|DSID-[0-9A-Fa-f]{6,8}|v[0-9a-f]{3,5}|LdapErr|AcceptSecurityContext|comment|SASL(?:\(-?\d{1,2})?"
)
#: Words with digits in them.
_WITH_DIGITS: Final = """
krb5 krb5data krb5kdc krb5_kdc s4u s4u2self s4u2proxy aes128 aes256 sha1 sha256 sha384 md4 md5 rc4 des3 u2u pkcs7 x509
utf8 base64 tls1 tls12 tls13 ntlmv1 ntlmv2 spnego rfc4120
"""
_MIXED: Final = frozenset(_WITH_DIGITS.split())
#: What a number behind it counts or names.
_COUNTED: Final = frozenset(
    ("error", "code", "errno", "etype", "kvno", "line", "status", "version", "number", "minor", "major")
)

#: RFC 4178 and its Windows form: what hintName says where it says nothing.
_NO_HINT: Final = ("not_defined_in_RFC4178@please_ignore",)


def phrase(names: Names, text: str, measure: Measure = len) -> str:
    """`text` with every word that is not a common one replaced, each as long as it was."""
    if text in _NO_HINT:
        return text
    before = ""

    def stand_in(found: re.Match[str]) -> str:
        nonlocal before
        token = found.group()
        usual = is_usual(names, token, before)
        before = token.strip(_PUNCTUATION).casefold()
        return token if usual else names.name(token, NAME, measure)

    return _TOKEN.sub(stand_in, text)


def is_usual(names: Names, token: str, before: str) -> bool:
    """Whether a word is one that programs use, and no name that was met; `before` is the word in front of it."""
    bare = token.strip(_PUNCTUATION)
    if not bare or _CODE.fullmatch(bare) or bare.casefold() in _MIXED:
        return True
    if _JOINED.search(bare) or any(part.casefold() in names.parts for part in _PARTS.findall(bare)):
        return False
    if bare.isdecimal():
        return len(bare) < 3 or before in _COUNTED
    if any(map(str.isdigit, bare)):
        return before == "data" and len(bare) <= 8 and re.fullmatch("[0-9a-f]+", bare) is not None
    return all(word.casefold() in COMMON for word in _WORD.findall(bare))
