"""The shared collection of tokens: each is what its index says, and every value that its source states is ours too.

A source's statement that no translator reads fails the test; what is out of the decoder's scope is listed with the
reason in `OUT_OF_SCOPE` and counted.
"""

from __future__ import annotations

import re
import runpy
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from asn1crypto import core
from spnego._ntlm_raw import messages
from spnego._ntlm_raw.crypto import hmac_md5, ntowfv2

from secctx.carriers.token import Source
from secctx.cli.document import document
from secctx.decoders import credssp_asn1 as credssp
from secctx.decoders import decode
from secctx.decoders import fast_asn1 as fast
from secctx.decoders import iakerb_asn1 as iakerb
from secctx.decoders import kdc_asn1 as kdc
from secctx.decoders import kerberos_asn1 as krb
from secctx.decoders import kerberos_parts_asn1 as parts
from secctx.decoders import padata_asn1 as padata
from secctx.decoders import pkinit_asn1 as pkinit
from secctx.decoders import preauth_asn1 as preauth
from secctx.decoders.part import decode_part
from secctx.decoders.values import BYTES, LIST, SECRET, STRUCT, Node

tokens = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "tokens.py")))
shapes = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracles") / "pyspnego_shape.py")))

Json = dict[str, Any]
CORPUS = tokens.corpus()
needs_corpus = pytest.mark.skipif(not CORPUS, reason="the shared collection is not beside the checkout")

# What each file is ------------------------------------------------------------------------------------------------

NEGOTIATE = "NTLM", "NEGOTIATE_MESSAGE"
CHALLENGE = "NTLM", "CHALLENGE_MESSAGE"
AUTHENTICATE = "NTLM", "AUTHENTICATE_MESSAGE"
NOT_A_TOKEN = "unknown", None

#: Kinds of the index where the kind says it all.
BY_KIND: dict[str, tuple[str, str | None]] = {
    "ntlm-negotiate": NEGOTIATE,
    "ntlm-challenge": CHALLENGE,
    "ntlm-authenticate": AUTHENTICATE,
    "spnego-init": ("SPNEGO", "NegTokenInit"),
    "spnego-init2": ("SPNEGO", "NegTokenInit2"),
    "spnego-init-negoex": ("SPNEGO", "NegTokenInit"),
    "spnego-resp": ("SPNEGO", "NegTokenResp"),
    "ap-req": ("Kerberos", "AP-REQ"),
    "ap-rep": ("Kerberos", "AP-REP"),
    "krb-error": ("Kerberos", "KRB-ERROR"),
    "ticket": ("Kerberos", "Ticket"),
    "ticket-fuzz": ("Kerberos", "Ticket"),
    "as-req": ("Kerberos", "AS-REQ"),
    "as-rep": ("Kerberos", "AS-REP"),
    "tgs-req": ("Kerberos", "TGS-REQ"),
    "tgs-rep": ("Kerberos", "TGS-REP"),
    "krb-safe": ("Kerberos", "KRB-SAFE"),
    "krb-priv": ("Kerberos", "KRB-PRIV"),
    "krb-cred": ("Kerberos", "KRB-CRED"),
    "tls-record": NOT_A_TOKEN,
    "frame": NOT_A_TOKEN,
    "data": NOT_A_TOKEN,
    "vectors": NOT_A_TOKEN,
    "netntlmv2-hash": NOT_A_TOKEN,
    "pcap": NOT_A_TOKEN,
    "pac": NOT_A_TOKEN,
    "pac-malformed": NOT_A_TOKEN,
    "pac-s4u-delegation": NOT_A_TOKEN,
    "ccache": NOT_A_TOKEN,
    "keytab": NOT_A_TOKEN,
    "chpw-result": NOT_A_TOKEN,
    "radius-attr": NOT_A_TOKEN,
    "cred": NOT_A_TOKEN,
    "iakerb": NOT_A_TOKEN,  # IAKERB-HEADER and IAKERB-FINISHED by themselves
    "authenticator": NOT_A_TOKEN,
    "krb-asn1": NOT_A_TOKEN,
    "pkinit-asn1": NOT_A_TOKEN,
    "enc-ticket-part": NOT_A_TOKEN,
    "enc-tgs-rep-part": NOT_A_TOKEN,
    "enc-ap-rep-part": NOT_A_TOKEN,
    "enc-priv-part": NOT_A_TOKEN,
    "enc-cred-part": NOT_A_TOKEN,
    "credssp": ("CredSSP", "TSCredentials"),
}

#: Files of kinds that hold several messages.
BY_FILE: dict[str, tuple[str, str | None]] = {
    "pyspnego/data/credssp_ts_request.bin": ("CredSSP", "TSRequest"),
    "pyspnego/data/initial_context_token_krb_ap_rep.bin": ("Kerberos", "AP-REP"),
    "pyspnego/data/initial_context_token_krb_ap_req.bin": ("Kerberos", "AP-REQ"),
    "pyspnego/data/initial_context_token_neg_token_init2.bin": ("SPNEGO", "NegTokenInit2"),
    "pyspnego/data/krb_as_rep.bin": ("Kerberos", "AS-REP"),
    "pyspnego/data/krb_as_req.bin": ("Kerberos", "AS-REQ"),
    "pyspnego/data/krb_error.bin": ("Kerberos", "KRB-ERROR"),
    "pyspnego/data/krb_tgs_rep.bin": ("Kerberos", "TGS-REP"),
    "pyspnego/data/krb_tgs_req.bin": ("Kerberos", "TGS-REQ"),
    "pyspnego/data/credssp_ts_remote_guard_ms_example.bin": NOT_A_TOKEN,  # TSRemoteGuardCreds by themselves
    "mit_krb5/fuzz/gss/establish_contexts_ex.bin": ("SPNEGO", "NegTokenInit"),
    "mit_krb5/fuzz/gss/gss_accept_sec_context_kerberos.bin": ("Kerberos", "AP-REQ"),
    "mit_krb5/fuzz/gss/gss_accept_sec_context_spnego.bin": ("SPNEGO", "NegTokenInit"),
    "mit_krb5/fuzz/gss/realm_query.bin": ("IAKERB", "IAKERB_PROXY"),
    "mit_krb5/fuzz/gss/start_accept_context.bin": ("IAKERB", "IAKERB_PROXY"),
}

#: Parts of messages and things that are no tokens, whose first bytes are also those of a token; nothing before the
#: contents tells them apart, and no context is given. What they are taken for, and why that is fair.
LOOKALIKES: dict[str, tuple[str, str]] = {
    "mit_krb5/asn1/pa_fx_fast_reply.bin": ("SPNEGO", "[0] SEQUENCE, as NegTokenInit"),
    "mit_krb5/asn1/pa_spake_support.bin": ("SPNEGO", "[0] SEQUENCE, as NegTokenInit"),
    "mit_krb5/asn1/pa_spake_challenge.bin": ("SPNEGO", "[1] SEQUENCE, as NegTokenResp"),
    "mit_krb5/asn1/pkinit_pa_pk_as_rep_dhInfo.bin": ("SPNEGO", "[0] SEQUENCE, as NegTokenInit"),
    "mit_krb5/fuzz/marshal_cred/cred_1_input_2.bin": ("NTLM", "01 00 00 00, as NTLMSSP_MESSAGE_SIGNATURE"),
    "mit_krb5/fuzz/marshal_cred/cred_2_input_2.bin": ("NTLM", "01 00 00 00, as NTLMSSP_MESSAGE_SIGNATURE"),
}


@pytest.mark.parametrize("sample", [s for s in CORPUS if s.name not in LOOKALIKES], ids=tokens.by_name)
def test_each_file_is_named_for_what_it_is(sample: Any) -> None:
    decoded = decode(sample.data)
    wanted = BY_FILE.get(sample.name) or BY_KIND[sample.kind]
    assert (decoded.mechanism, decoded.message) == wanted
    if wanted == NOT_A_TOKEN:
        assert decoded.error is not None
        assert decoded.error.kind == "unknown"
    elif sample.name in tokens.MALFORMED:
        assert decoded.error is not None
        assert (decoded.error.kind, decoded.error.path, decoded.error.offset) == tokens.MALFORMED[sample.name]
    else:
        assert decoded.error is None


@pytest.mark.parametrize("sample", [s for s in CORPUS if s.name in LOOKALIKES], ids=tokens.by_name)
def test_what_begins_like_a_token_is_taken_for_one(sample: Any) -> None:
    assert decode(sample.data).mechanism == LOOKALIKES[sample.name][0]


@pytest.mark.parametrize("sample", tokens.own(), ids=tokens.by_name)
def test_the_repository_s_own_tokens_are_whole_unless_they_are_kept_for_what_is_wrong(sample: Any) -> None:
    error = decode(sample.data).error
    if sample.name in tokens.MALFORMED:
        assert error is not None
        assert (error.kind, error.path, error.offset) == tokens.MALFORMED[sample.name]
    else:
        assert (error is not None) == (sample.name in tokens.malformed_samples())


@pytest.mark.parametrize("sample", tokens.legs(), ids=tokens.by_name)
def test_each_leg_of_the_lab_is_whole_unless_it_was_damaged_on_purpose(sample: Any) -> None:
    error = decode(sample.data).error
    wanted = tokens.MALFORMED.get(sample.name)
    assert (error and (error.kind, error.path, error.offset)) == wanted


@pytest.mark.parametrize("sample", tokens.per_message(), ids=tokens.by_name)
def test_each_per_message_token_of_the_lab_is_named(sample: Any) -> None:
    decoded = decode(sample.data)
    assert decoded.error is None
    if decoded.mechanism == "NTLM":
        assert "ntlm" in sample.name
        assert decoded.message == "NTLMSSP_MESSAGE_SIGNATURE"
    else:
        assert decoded.mechanism == "Kerberos"
        assert decoded.message == ("MIC" if ".mic-" in sample.name else "Wrap")


def _noted() -> list[tuple[str, dict[str, int]]]:
    """Handshakes of which the lab noted the ticket's etype and kvno."""
    cases = sorted(tokens.LAB.glob("*.yaml")) if tokens.LAB.is_dir() else []
    found = ((case.stem, re.findall(r"^ticket_(etype|kvno): (\d+)$", case.read_text("utf-8"), re.M)) for case in cases)
    return [(case, {name: int(number) for name, number in stated}) for case, stated in found if stated]


@pytest.mark.parametrize(("case", "stated"), _noted(), ids=[case for case, _ in _noted()])
def test_tickets_have_the_etype_and_kvno_that_the_lab_noted(case: str, stated: dict[str, int]) -> None:
    part = _ticket(_document((tokens.LAB / f"{case}.leg1.bin").read_bytes()))["enc-part"]
    found = {"etype": part["etype"]["value"], "kvno": part.get("kvno")}
    assert {name: found[name] for name in stated} == stated


def _ticket(token: Json) -> Json:
    fields = token["fields"]
    return fields["ticket"] if "ticket" in fields else _ticket(fields["mechToken"])


# What each source states of them ----------------------------------------------------------------------------------


class Statement(NamedTuple):
    """One value that a source states of a token: what of, and what."""

    subject: str
    value: Any


def _document(data: bytes) -> Json:
    return document(decode(data), Source("", "raw", 0), True)


OTHER_FORMAT = "is no part of a token: what MIT's LDAP database or an HTTPS proxy of a KDC holds"
NEEDS_KEYS = "is computed from the password or a key, which the decoder does not have"
ENCRYPTED = "stands in the part that is encrypted"
OTHER_MESSAGE = "is said of the other message of the exchange"
NO_VALUE = "compares the source's own objects, whose values it does not state"
WORDS = "says in words what the index's kind says"
SEED = "a seed for fuzzing: what is stated, that nothing crashes, is what decoding it tests"

#: Statements that are no values of fields: file and subject (with `*`), and why they are not compared.
OUT_OF_SCOPE: tuple[tuple[str, str, str], ...] = (
    (r"pyspnego/data/ntlm_authenticate.*\.bin", r"Data\['SessionKey'\].*", NEEDS_KEYS),
    (r"gss_ntlmssp/ntlmv1_.*", r"values in order of the struct\[[01257 8]\]", NEEDS_KEYS),
    (r"gss_ntlmssp/ntlmv1_challenge\.bin", r"values in order of the struct\[[346]\]", OTHER_MESSAGE),
    (r"gss_ntlmssp/ntlmv2_(challenge|authenticate)\.bin", r"values in order of the struct\[[01]\]", NEEDS_KEYS),
    (r"gss_ntlmssp/ntlmv2_challenge\.bin", r"values in order of the struct\[[234]\]", OTHER_MESSAGE),
    (r"gss_ntlmssp/ntlmv2_cbt_.*", r"other arrays .*\[1\]", NEEDS_KEYS),
    (r"gss_ntlmssp/ntlmv2_cbt_challenge\.bin", r"user|workstation|other arrays .*\[3\]", OTHER_MESSAGE),
    (r"gss_ntlmssp/ntlmv2_cbt_authenticate\.bin", r"server_challenge|other arrays .*\[0\]", OTHER_MESSAGE),
    (r"freerdp/authenticate\.bin", "server_challenge", OTHER_MESSAGE),
    (r"ntlm_auth/.*", r"\d\d", NO_VALUE),
    (r"curl/challenge_.*", "in words", WORDS),
    (r"mit_krb5/fuzz/.*", "in words", SEED),
    (r"mit_krb5/asn1/(ldap_ldap_seqof_key_data|kkdcp_message)\.bin", "trval.*", OTHER_FORMAT),
    (r"mit_krb5/pac/w2022_ticket.*", "client", ENCRYPTED),
    (r"mit_krb5/pac/w2022_ticket.*", "verify", NEEDS_KEYS),
)

#: MIT's vectors of structures by themselves: what each is, by the beginning of the file's name, the longest first.
PARTS: dict[str, Any] = {
    "ad_kdcissued": parts.ADKDCIssued,
    "ap_rep_enc_part": parts.EncAPRepPart,
    "authenticator": parts.Authenticator,
    "authorization_data": parts.AuthorizationData,
    "cammac": parts.ADCammac,
    "enc_cred_part": parts.EncKrbCredPart,
    "enc_data": krb.EncryptedData,
    "enc_kdc_rep_part": parts.EncTGSRepPart,
    "enc_priv_part": parts.EncKrbPrivPart,
    "enc_sam_response_enc_2": preauth.PAEncSAMResponseEnc2,
    "enc_tkt_part": parts.EncTicketPart,
    "etype_info": krb.ETypeInfo,
    "etype_info2": krb.ETypeInfo2,
    "fast_response": fast.KrbFastResponse,
    "iakerb_finished": iakerb.IAKERBFinished,
    "iakerb_header": iakerb.IAKERBHeader,
    "kdc_req_body": kdc.KDCReqBody,
    "keyblock": parts.EncryptionKey,
    "otp_tokeninfo": preauth.OTPTokenInfo,
    "pa_enc_ts": padata.PAEncTSEnc,
    "pa_for_user": padata.PAForUser,
    "pa_fx_fast_reply": fast.PAFXFastReply,
    "pa_otp_challenge": preauth.PAOTPChallenge,
    "pa_otp_enc_req": preauth.PAOTPEncRequest,
    "pa_otp_req": preauth.PAOTPRequest,
    "pa_s4u_x509_user": padata.PAS4UX509User,
    "pa_spake": preauth.PASPAKE,
    "padata_sequence": krb.MethodData,
    "pkinit_auth_pack": pkinit.AuthPack,
    "pkinit_kdc_dh_key_info": pkinit.KDCDHKeyInfo,
    "pkinit_pa_pk_as_rep": pkinit.PAPKASRep,
    "pkinit_pa_pk_as_req": pkinit.PAPKASReq,
    "pkinit_pkinit_supp_pub_info": pkinit.PkinitSuppPubInfo,
    "pkinit_reply_key_pack": pkinit.ReplyKeyPack,
    "pkinit_sp80056a_other_info": pkinit.OtherInfo,
    "sam_challenge_2": preauth.PASAMChallenge2,
    "sam_challenge_2_body": preauth.PASAMChallenge2Body,
    "sam_response_2": preauth.PASAMResponse2,
    "secure_cookie": fast.SecureCookie,
    "spake_factor": preauth.SPAKESecondFactor,
    "typed_data": krb.TypedData,
}

#: Kinds of which the statements are compared: those that are messages, and those that are structures by themselves.
STATED = tokens.READ | {"credssp", "iakerb", "krb-asn1", "pkinit-asn1", "authenticator"}
STATED |= {f"enc-{name}-part" for name in ("ticket", "tgs-rep", "ap-rep", "priv", "cred")}


def _statements(name: str, item: Json) -> Iterator[Statement]:
    """What items.json states of one token, one value at a time."""
    expected = item["expected"]
    if isinstance(expected, str) and expected.startswith("see "):
        yield from _printed(name)
        expected = {}
    if isinstance(expected, str):
        expected = {expected.partition(":")[0] if ": " in expected else "in words": expected}
    for subject, value in expected.items():
        if isinstance(value, list):
            yield from (Statement(f"{subject}[{index}]", item) for index, item in enumerate(value))
        elif re.fullmatch(r"\w+\[\d+\]|\d\d", subject) and not name.startswith("ntlm_auth/"):
            left, operator, right = re.match(r"(.+?)( == | is not | is |$)(.*)", value, re.S).groups()
            yield Statement(left, operator + right)
        else:
            yield Statement(subject, value)
    if name.startswith("ntlm_auth/") and item["keys"]:
        yield Statement("keys", item["keys"])


def _printed(name: str) -> Iterator[Statement]:
    """MIT's own decoding of a vector (`trval`): a line for each value, where it is no text its bytes behind that."""
    lines = (tokens.CORPUS / name).with_suffix(".trval.txt").read_text("utf-8").splitlines()
    count = 0
    for number, line in enumerate(lines):
        labels = re.match(r"(?:\.  )*((?:\[[^]]*\] ?)*)(.*)", line)
        if labels is None or not labels.group(2) or not labels.group(1):
            continue
        value = labels.group(2)
        size = re.fullmatch(r"<(\d+)>", value)
        if size:
            rows = [re.findall(r"(?<= )[0-9a-f]{2}(?= )", f"{row[:76]} ")[:16] for row in lines[number + 1 :]]
            value = "<" + "".join("".join(row) for row in rows)[: 2 * int(size.group(1))] + ">"
        yield Statement(f"trval {count}", (re.findall(r"\[([^]]*)\]", labels.group(1)), value))
        count += 1


def _reason(name: str, subject: str) -> str | None:
    for file, what, reason in OUT_OF_SCOPE:
        if re.fullmatch(file, name) and re.fullmatch(what, subject):
            return reason
    return None


def _check(name: str, statement: Statement, data: bytes, item: Json) -> None:
    """Compare; LookupError where no translator knows the statement."""
    translators = TRANSLATORS[name.split("/")[0]]
    for pattern, translator in translators:
        if re.fullmatch(pattern, statement.subject, re.S):
            translator(statement, _document(data), data, item)
            return
    raise LookupError(f"no translator for {statement}")


def _evaluate(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """An assertion of pyspnego's test_main.py, on our document in the shape of its output."""
    actual = shapes.shape(doc, data)
    names = {"actual": actual, "Data": actual["Data"], "set": set, "len": len, "isinstance": isinstance}
    if "innerContextToken" in (actual["Data"] or {}):
        inner = actual["Data"]["innerContextToken"]["Data"]
        names["mech_token"] = inner and inner.get("mechToken")
    _assert(statement, names)


def _unpacked(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """An assertion of pyspnego's test_messages.py, on our document with the attributes of its classes."""
    fields, spans = doc["fields"], doc["spans"]

    def raw(name: str) -> bytes | None:
        return data[slice(*spans[name])] if name in spans else None

    version, info = fields.get("Version"), fields.get("TargetInfo")
    actual = SimpleNamespace(
        flags=fields["NegotiateFlags"]["value"],
        domain_name=fields.get("DomainName"),
        workstation=fields.get("Workstation", fields.get("WorkstationName")),
        user_name=fields.get("UserName"),
        target_name=fields.get("TargetName"),
        server_challenge=raw("ServerChallenge"),
        lm_challenge_response=raw("LmChallengeResponse"),
        nt_challenge_response=raw("NtChallengeResponse"),
        encrypted_random_session_key=raw("EncryptedRandomSessionKey"),
        mic=raw("MIC"),
        target_info=None if info is None else {pair["AvId"]["value"]: pair.get("Value", b"") for pair in info},
        version=None
        if version is None
        else messages.Version(
            version["ProductMajorVersion"],
            version["ProductMinorVersion"],
            version["ProductBuild"],
            version["NTLMRevisionCurrent"]["value"],
        ),
    )
    values = {  # MS-NLMP 4.2.1 and 4.2.4, as the source's constants
        "TEST_SERVER_NAME": "Server",
        "TEST_USER_DOM": "Domain",
        "TEST_NTLMV2_FLAGS": 0xE28A8233,
        "TEST_SERVER_CHALLENGE": bytes.fromhex("0123456789abcdef"),
    }
    _assert(statement, {"actual": actual, "messages": messages, "len": len, **values})


def _assert(statement: Statement, names: Json) -> None:
    """Whether the source's expression holds; where the collection cut a long one short, as far as it goes."""
    text = f"{statement.subject}{statement.value}"
    try:
        compile(text, "statement", "eval")
    except SyntaxError:
        ours = eval(statement.subject, {"__builtins__": {}}, names)
        wanted = statement.value.removeprefix(" == ")
        assert len(wanted) > 300, text
        assert repr(ours).startswith(wanted), text
        return
    assert eval(text, {"__builtins__": {}}, names), text


def _parses(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    assert statement.value in ("parses (no assertion on its content in test_main.py)", " == ''")
    if item["file"] == "data/credssp_ts_remote_guard_ms_example.bin":  # what TSCredentials hold, by itself
        assert decode_part(data, credssp.TSRemoteGuardCreds, "TSRemoteGuardCreds", "CredSSP").error is None
    else:
        assert doc["complete"]


def _refused_as_another(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    assert statement.value == "refused: ValueError, match='Input message was not a NTLM Negotiate message'"
    assert doc["message"] != "NEGOTIATE_MESSAGE"


def _at(path: str, read: Callable[[Any], Any] = lambda value: value) -> Callable[..., None]:
    """A translator: what is stated, through `read`, equals the value at the path of the document's fields."""

    def compare(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
        assert _value(doc["fields"], path) == read(statement.value), statement

    return compare


def _value(here: Any, path: str) -> Any:
    """The value at a path; a token's fields are stepped through, and an AV pair is found by its name."""
    for step in path.split("/"):
        if isinstance(here, dict) and "mechanism" in here:
            here = here["fields"]
        if isinstance(here, list) and step.startswith("Msv"):
            here = next((pair.get("Value") for pair in here if pair["AvId"]["name"] == step), None)
        elif isinstance(here, list):
            here = here[int(step)] if int(step) < len(here) else None
        else:
            here = None if here is None else here.get(step)
    return here


def _hex_at(path: str) -> Callable[..., None]:
    """A translator: the bytes of the field at a path (as in spans) are those stated."""

    def compare(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
        start, stop = doc["spans"][path]
        assert data[start:stop].hex() == statement.value, statement

    return compare


def _pair(name: str) -> str:
    return f"NtChallengeResponse/NTLMv2_CLIENT_CHALLENGE/AvPairs/{name}"


def _either(*paths: str, read: Callable[[Any], Any] = lambda value: value) -> Callable[..., None]:
    """A translator: at the one of the paths that the message has, stands what is stated."""

    def compare(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
        there = [value for path in paths if (value := _value(doc["fields"], path)) is not None]
        assert there == [read(statement.value)], statement

    return compare


def _target_info(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    netbios, domain, host = statement.value.split(" / ")
    info = doc["fields"]["TargetInfo"]
    assert _value(info, "MsvAvNbComputerName") == _value(info, "MsvAvNbDomainName") == netbios
    assert _value(info, "MsvAvDnsDomainName") == domain
    assert _value(info, "MsvAvDnsComputerName") == host


def _filetime(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """A FILETIME as its eight bytes or as a number, compared with the bytes of our field."""
    text = statement.value
    wanted = int(text, 16).to_bytes(8, "little") if text.startswith("0x") else bytes.fromhex(text)
    stamps = [path for path in doc["spans"] if path.endswith("TimeStamp")]
    pairs = doc["fields"].get("TargetInfo")
    if pairs is not None:
        index = next(i for i, pair in enumerate(pairs) if pair["AvId"]["name"] == "MsvAvTimestamp")
        stamps.append(f"TargetInfo[{index}].Value")
    assert stamps
    for path in stamps:
        start, stop = doc["spans"][path]
        assert data[start:stop] == wanted, path


def _version(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    version = doc["fields"]["Version"]
    major, minor, build, revision = map(int, re.findall(r"\d+", statement.value))
    assert (version["ProductMajorVersion"], version["ProductMinorVersion"], version["ProductBuild"]) == (
        major,
        minor,
        build,
    )
    assert version["NTLMRevisionCurrent"]["value"] == revision


def _mic_present(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    mic, _, words = statement.value.partition(" ")
    assert words == "(flag MIC present)"
    assert doc["fields"]["MIC"] == mic
    assert _value(doc["fields"], _pair("MsvAvFlags"))["names"] == ["MIC_PROVIDED"]


def _valid_response(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """NTProofStr is HMAC-MD5 of the challenge and the blob (MS-NLMP 3.3.2): so the blob's span is right to the byte."""
    fields = doc["fields"]
    nt_hash = bytes.fromhex(re.search("NT hash ([0-9a-f]{32})", item["keys"]).group(1))
    start, stop = doc["spans"]["NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE"]
    challenge = bytes.fromhex(item["expected"]["server_challenge"])
    proof = hmac_md5(ntowfv2(fields["UserName"], nt_hash, fields["DomainName"]), challenge + data[start:stop])
    assert proof.hex() == fields["NtChallengeResponse"]["Response"]


def _target_info_bytes(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """The challenge's TargetInfo; the answer repeats it, without its end, at the head of its own pairs."""
    wanted = statement.value
    if doc["message"] == "CHALLENGE_MESSAGE":
        _hex_at("TargetInfo")(statement, doc, data, item)
    else:
        start, _ = doc["spans"]["NtChallengeResponse.NTLMv2_CLIENT_CHALLENGE.AvPairs"]
        wanted = wanted.removesuffix("00000000")
        assert data[start : start + len(wanted) // 2].hex() == wanted


def _oem_names(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    domain, station = re.fullmatch('OEM domain "(.*)", workstation "(.*)"', statement.value).groups()
    assert doc["fields"].get("DomainName", "") == domain
    assert doc["fields"].get("WorkstationName", "") == station


def _user(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """curl's -u: DOMAIN\\\\user:password, the backslash doubled as in the shell."""
    who = statement.value.partition(":")[0]
    domain, _, user = who.rpartition("\\\\")
    assert doc["fields"]["UserName"] == user
    assert doc["fields"].get("DomainName", "") == domain


def _known_user(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """ntlm-auth's tests use MS-NLMP's user and domain, but for the one that gives neither domain nor workstation."""
    assert statement.value == "User / Domain / Password (MS-NLMP values)"
    assert doc["fields"]["UserName"] == "User"
    if "without_domain_workstation" in item["file"]:
        assert "DomainName" not in doc["fields"]
        assert "Workstation" not in doc["fields"]
    else:
        assert doc["fields"]["DomainName"] == "Domain"


def _mech_types(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """A count, `2: NEGOEX, NTLM`, or one OID."""
    mechs = doc["fields"]["mechTypes"]
    names = {"krb5": "Kerberos", "MS-krb5": "MS Kerberos"}
    if isinstance(statement.value, int):
        assert len(mechs) == statement.value
        return
    count, _, listed = statement.value.rpartition(": ")
    wanted = [names.get(word, word) for word in listed.split(", ")]
    assert [mech["oid"] if mech["oid"] in wanted else mech["name"] for mech in mechs] == wanted
    assert not count or len(mechs) == int(count)


def _ntlm_flags(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    shorter = {"EXTENDED_SESSIONSECURITY": "ESS"}
    names = [
        re.sub("^(NTLMSSP_NEGOTIATE_|NTLMSSP_)", "", name)
        for name in _value(doc["fields"], "mechToken/NegotiateFlags")["names"]
    ]
    assert {shorter.get(name, name) for name in names} == set(statement.value.split(","))
    assert len(names) == len(statement.value.split(","))


def _negoex_bytes(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    size, signature = re.fullmatch(r"(\d+) bytes beginning (\w+)", statement.value).groups()
    start, stop = doc["spans"]["mechToken"]
    assert stop - start == int(size)
    assert data[start:stop].startswith(signature.encode())
    assert doc["fields"]["mechToken"]["message"] == "ACCEPTOR_NEGO"


def _absent(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    assert statement.value == "absent"
    assert statement.subject not in doc["fields"]


def _server(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    assert f"{doc['fields']['sname']['text']}@{doc['fields']['realm']}" == statement.value


def _etype_and_kvno(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    part = doc["fields"]["enc-part"]
    assert f"{part['etype']['value']} / {part['kvno']}" == statement.value


#: What MIT calls otherwise, or by the names of other structures' fields.
MIT_NAMES = {
    "pa-data": {"padata-value"},
    "enddtime": {"endtime"},
    "startime": {"starttime"},
    "flags": {"flags", "tr-type"},  # TransitedEncoding
    "key": {"contents"},
    "pvno": {"pvno", "etype"},  # the EncryptedData of KRB-PRIV
    "msg-type": {"msg-type", "kvno"},
    "enc-part": {"cipher"},
}


#: Where MIT's made-up value is an octet string in the place of a structure.
STANDING_IN = {"sam_challenge_2": "sam-body.extra-1", "pkinit_auth_pack": "clientPublicValue"}


def _mit_values(name: str, data: bytes) -> list[Node]:
    """Our nodes of a vector that are values, in its order; an octet string that we open is one value to MIT."""
    stem = Path(name).stem
    known = [start for start in PARTS if stem.startswith(start)]
    if known:
        cls = PARTS[max(known, key=len)]
        decoded = decode_part(data, cls, cls.__name__)
    else:
        decoded = decode(data)
    assert (decoded.error and decoded.error.path) == STANDING_IN.get(stem)
    return list(_values(decoded.root))


def _values(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.children or child.kind in (LIST, STRUCT):
            yield from _values(child)
        else:
            yield child


def _trval(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """MIT's line of one value, which is ours at the same place of the row of values."""
    labels, text = statement.value
    name = _NAME[id(item)]
    ours = _mit_values(name, data)
    assert len(ours) == sum(1 for _ in _printed(name))
    node = ours[int(statement.subject.split()[1])]
    word = labels[0] if re.fullmatch("[a-z-]+", labels[0]) else node.name
    assert node.name in MIT_NAMES.get(word, {word})
    if text.startswith("<"):
        raw = bytes.fromhex(text[1:-1])
        element = data[node.start : node.stop]
        assert element.endswith(raw), statement
        octets = raw[1:] if element[0] == 3 else raw  # a BIT STRING begins with the number of its unused bits
        assert node.kind not in (BYTES, SECRET) or node.value == octets, statement
    elif text.startswith('"'):
        value = node.value.strftime("%Y%m%d%H%M%SZ") if isinstance(node.value, datetime) else node.value
        wanted: Any = text.strip('"')
        if node.kind in (BYTES, SECRET):
            kept_whole = value == data[node.start : node.stop]  # what has no type, with its tag
            wanted = core.OctetString(wanted.encode()).dump() if kept_whole else wanted.encode()
        assert value == wanted, statement
    else:
        # An IMPLICIT INTEGER is printed as if it were a BIT STRING.
        implicit = re.fullmatch(r"0x0 \((\d+) unused bits\)", text)
        assert node.value == int(implicit.group(1) if implicit else text, 0), statement


def _struct_value(statement: Statement, doc: Json, data: bytes, item: Json) -> None:
    """gss-ntlmssp's structs of MS-NLMP's examples: the answers and the encrypted session key are in the message."""
    version, index = item["file"][:6], int(statement.subject[-2])
    path = {
        ("ntlmv1", 3): "LmChallengeResponse",
        ("ntlmv1", 4): "NtChallengeResponse",
        ("ntlmv1", 6): "EncryptedRandomSessionKey",
        ("ntlmv2", 2): "LmChallengeResponse.Response",
        ("ntlmv2", 3): "NtChallengeResponse.Response",
        ("ntlmv2", 4): "EncryptedRandomSessionKey",
    }[version, index]
    _hex_at(path)(statement, doc, data, item)


#: By source: subjects, and what compares them.
TRANSLATORS: dict[str, list[tuple[str, Callable[..., None]]]] = {
    "pyspnego": [
        ("in words", _parses),
        (r"actual_out\.err", _parses),
        ("refused", _refused_as_another),
        (r"(len\()?actual\.\w+.*", _unpacked),
        (r"(set\(|len\()?(actual|Data|mech_token)\b.*", _evaluate),
    ],
    "freerdp": [
        ("flags", _at("NegotiateFlags/hex")),
        ("version", _version),
        ("server_challenge", _at("ServerChallenge")),
        ("target info", _target_info),
        ("timestamp", _filetime),
        ("user", _at("UserName")),
        ("domain", _at("DomainName")),
        ("workstation", _at("Workstation")),
        ("client_challenge", _at("NtChallengeResponse/NTLMv2_CLIENT_CHALLENGE/ChallengeFromClient")),
        ("MIC", _mic_present),
        ("NTLMv2 response", _valid_response),
        ("SPN", _at(_pair("MsvAvTargetName"))),
        ("channel bindings", _at(_pair("MsvAvChannelBindings"), lambda zero: {"zero": "00" * 16}[zero])),
    ],
    "gss_ntlmssp": [
        (r"values in order of the struct\[\d\]", _struct_value),
        ("user", _at("UserName")),
        ("domain", _either("DomainName", "TargetName")),
        ("workstation", _at("Workstation")),
        ("server", _either("TargetInfo/MsvAvNbComputerName", _pair("MsvAvNbComputerName"))),
        ("dns domain", _either("TargetInfo/MsvAvDnsDomainName", _pair("MsvAvDnsDomainName"))),
        ("dns server", _either("TargetInfo/MsvAvDnsComputerName", _pair("MsvAvDnsComputerName"))),
        ("server time", _filetime),
        (r"server_challenge|other arrays .*\[0\]", _at("ServerChallenge")),
        (r"other arrays .*\[2\]", _target_info_bytes),
        (r"other arrays .*\[3\]", _hex_at("MIC")),
    ],
    "go_ntlmssp": [("in words", _oem_names)],
    "curl": [(r"users in the test command\[\d+\]", _user)],
    "ntlm_auth": [("keys", _known_user)],
    "smbj": [
        ("mechTypes", _mech_types),
        ("flags", _ntlm_flags),
        ("negState", _at("negState/value")),
        ("NbComputerName", _at("responseToken/TargetInfo/MsvAvNbComputerName")),
        ("DnsComputerName", _at("responseToken/TargetInfo/MsvAvDnsComputerName")),
        ("mechToken", lambda s, *rest: (_absent if s.value == "absent" else _negoex_bytes)(s, *rest)),
    ],
    "mit_krb5": [
        ("server", _server),
        ("ticket etype/kvno", _etype_and_kvno),
        ("trval .*", _trval),
    ],
}


_KINDS = {sample.name: sample for sample in CORPUS}
ITEMS = [(name, item) for name, item in tokens.items() if name in _KINDS and _KINDS[name].kind in STATED]
_NAME = {id(item): name for name, item in ITEMS}


@pytest.mark.parametrize(("name", "item"), ITEMS, ids=[name for name, _ in ITEMS])
def test_every_value_that_the_source_states_is_ours(name: str, item: Json) -> None:
    for statement in _statements(name, item):
        if _reason(name, statement.subject) is None:
            _check(name, statement, _KINDS[name].data, item)


@needs_corpus
def test_the_statements_compared_and_left_out_are_so_many() -> None:
    compared: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for name, item in ITEMS:
        for statement in _statements(name, item):
            reason = _reason(name, statement.subject)
            if reason is None:
                compared[name.split("/")[0]] += 1
            else:
                left_out[reason] += 1
    assert compared == {
        "curl": 2,
        "freerdp": 14,
        "go_ntlmssp": 4,
        "gss_ntlmssp": 23,
        "mit_krb5": 831,
        "ntlm_auth": 11,
        "pyspnego": 220,
        "smbj": 10,
    }
    assert left_out == {
        WORDS: 4,
        OTHER_MESSAGE: 12,
        NEEDS_KEYS: 22,
        ENCRYPTED: 1,
        SEED: 7,
        NO_VALUE: 106,
        OTHER_FORMAT: 18,
    }


@needs_corpus
def test_a_value_that_is_not_ours_fails() -> None:
    name, item = next((name, item) for name, item in ITEMS if name == "freerdp/authenticate.bin")
    with pytest.raises(AssertionError):
        _check(name, Statement("user", "somebody else"), _KINDS[name].data, item)
    part, vector = next((name, item) for name, item in ITEMS if name == "mit_krb5/asn1/enc_tkt_part.bin")
    for wrong in ((["flags", "Bit String"], "0xfedcba99"), (["key", "Bit String"], "0xfedcba98")):
        with pytest.raises(AssertionError):
            _check(part, Statement("trval 0", wrong), _KINDS[part].data, vector)
    with pytest.raises(LookupError):
        _check(name, Statement("shoe size", "44"), _KINDS[name].data, item)
