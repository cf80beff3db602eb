"""Kerberos logons made by hand: a KDC's ticket and a client's messages, and the acceptor that they are given to.

The DER is written byte by byte (`builders.der`), the encryption is that of `secctx.keys`, which its own vectors hold. A
`Client` says what Windows' client would, unless told otherwise; what it is told can be what no client would say.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from secctx.acceptor.acceptor import Acceptor
from secctx.acceptor.context_document import dump, load
from secctx.acceptor.values import Credentials, Replays, Request, Step, World
from secctx.decoders.kerberos_asn1 import APRep, KRBError
from secctx.decoders.kerberos_parts_asn1 import EncAPRepPart
from secctx.decoders.spnego_asn1 import NegotiationToken
from secctx.keys.enctypes import enctype
from secctx.keys.kerberos_key import Key
from secctx.keys.kerberos_session import KerberosSession
from secctx.keys.keyring import KeyRing
from secctx.keys.keytab import read_keytab

from . import ntlm
from .ccache import Writer
from .der import KRB5, encrypted, fields, framed, integer, neg_token_init, neg_token_resp, principal, text, tlv
from .keytab import entry, keytab
from .pac import CLIENT as CLIENT_INFO
from .pac import DOMAIN, KDC, LOGON, MANDATORY, SERVER, UPN, client_info, filetime, logon_info, pac, signature, upn_dns

REALM: Final = "LAB.EXAMPLE"
WEB: Final = ("HTTP", "web.lab.example")
HOST: Final = ("host", "web.lab.example")
KRBTGT: Final = ("krbtgt", REALM)
KVNO: Final = 3
SINCE: Final = datetime(2026, 3, 1, tzinfo=UTC)

#: The moment of every call that names no other.
NOW: Final = ntlm.NOW
HOUR: Final = timedelta(hours=1)

AES256, AES128, AES128_SHA2, AES256_SHA2, RC4, DES3, CAMELLIA = 18, 17, 19, 20, 23, 16, 26

#: The GSS flags of the checksum (RFC 4121 4.1.1.1, MS-KILE).
DELEG, MUTUAL, REPLAY, SEQUENCE, CONF, INTEG, ANON = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
DCE, IDENTIFY, EXTENDED_ERROR = 0x1000, 0x2000, 0x4000
ALL: Final = MUTUAL | REPLAY | SEQUENCE | CONF | INTEG
#: ap-options (RFC 4120 5.5.1).
USE_SESSION_KEY, MUTUAL_REQUIRED = 0x40000000, 0x20000000
#: Ticket flags (RFC 4120 5.3).
FORWARDABLE, POSTDATED, INVALID = 0x40000000, 0x02000000, 0x01000000
INITIAL, PRE_AUTHENT, TRANSITED_CHECKED, OK_AS_DELEGATE = 0x00400000, 0x00200000, 0x00080000, 0x00040000
#: KERB_AP_OPTIONS_CBT (MS-KILE 3.2.5.8).
CBT: Final = 0x4000

AP_REQ_ID, AP_REP_ID, ERROR_ID, TGT_REQ_ID, TGT_REP_ID = b"\1\0", b"\2\0", b"\3\0", b"\4\0", b"\4\1"

#: Key usage numbers (RFC 4120 7.5.1).
TICKET_USAGE, CHECKSUM_USAGE, AUTHENTICATOR_USAGE, AP_REP_USAGE, CRED_USAGE, PAC_USAGE = 2, 10, 11, 12, 14, 17


def key(seed: str, etype: int = AES256) -> Key:
    """A key of that type, the same for the same seed."""
    kind = enctype(etype)
    return Key(etype, kind.random_to_key(hashlib.shake_256(f"{seed}:{etype}".encode()).digest(kind.seed_size)))


def seal(sealer: Key, usage: int, plain: bytes) -> bytes:
    """`plain` encrypted; its confounder is drawn from it, so that the same is the same again."""
    size = sealer.enctype.confounder_size
    return sealer.encrypt(usage, plain, hashlib.shake_256(plain).digest(size))


def service_key(etype: int = AES256, components: Sequence[str] = WEB, kvno: int = KVNO) -> Key:
    """The key that `ring` and `keytab_bytes` have for a service."""
    return key(f"{'/'.join(components)}:{kvno}", etype)


#: The service's own key, the session's, the client's subkey, krbtgt's, and those of the server's TGT.
LONG_TERM, SESSION, SUBKEY = service_key(), key("session"), key("subkey")
KDC_KEY, TGT_KEY = key("krbtgt"), key("the server's TGT")
Named = tuple[Sequence[str], int, int]  #: components, etype, kvno


def keytab_bytes(*keys: Named, realm: str = REALM, since: datetime | None = SINCE) -> bytes:
    """A keytab with the keys of those services; without any, those of HTTP/web for AES and RC4."""
    records = []
    for components, etype, kvno in keys or ((WEB, AES256, KVNO), (WEB, AES128, KVNO), (WEB, RC4, KVNO)):
        value = service_key(etype, components, kvno).value
        names = [part.encode() for part in components]
        at = int(since.timestamp()) if since is not None else 0
        records.append(entry(names, realm.encode(), etype=etype, key=value, kvno=kvno, timestamp=at))
    return keytab(*records)


def ring(*keys: Named, realm: str = REALM) -> KeyRing:
    """The keys of such a keytab."""
    made = KeyRing()
    made.add_keytab(read_keytab(keytab_bytes(*keys, realm=realm)), "web.keytab")
    return made


def u2u_ring(*keys: Named) -> KeyRing:
    """The server's own TGT with its session key, and the keys of those services if there are any."""
    made = ring(*keys) if keys else KeyRing()
    made.tgt, made.tgt_key = tgt(), TGT_KEY
    return made


def tgt() -> bytes:
    """The server's own TGT; nobody here opens it."""
    sealed = encrypted(AES256, 2, seal(KDC_KEY, TICKET_USAGE, b"the server's own TGT"))
    return tlv(0x61, tlv(0x30, fields(0, integer(5), text(REALM), principal(2, *KRBTGT), sealed)))


def tgt_rep() -> bytes:
    """KERB-TGT-REPLY with that TGT."""
    return tlv(0x30, fields(0, integer(5), integer(17), tgt()))


def ccache() -> bytes:
    """A credential cache with the server's TGT."""
    writer = Writer()
    name = (REALM, ["web$"])
    credential = writer.credential((REALM, KRBTGT), name, etype=TGT_KEY.etype, key=TGT_KEY.value, ticket=tgt())
    return writer.cache(credential, client=name)


def time(moment: datetime) -> bytes:
    """KerberosTime: whole seconds."""
    return tlv(0x18, f"{moment:%Y%m%d%H%M%SZ}".encode())


def bits(value: int) -> bytes:
    """A BIT STRING of 32 bits."""
    return tlv(3, b"\0" + value.to_bytes(4))


def encryption_key(one: Key) -> bytes:
    """EncryptionKey."""
    return tlv(0x30, fields(0, integer(one.etype), tlv(4, one.value)))


AdItem = tuple[int, bytes]


def authorization(*items: AdItem) -> bytes:
    """AuthorizationData."""
    return tlv(0x30, *(tlv(0x30, fields(0, integer(kind), tlv(4, data))) for kind, data in items))


def if_relevant(*items: AdItem) -> AdItem:
    """AD-IF-RELEVANT around such items."""
    return 1, authorization(*items)


def ap_options(value: int = CBT) -> AdItem:
    """AD-AUTH-DATA-AP-OPTIONS, as Windows puts it."""
    return if_relevant((143, value.to_bytes(4, "little")))


def signed_pac(server: Key, *buffers: tuple[int, bytes], krbtgt: Key = KDC_KEY) -> bytes:
    """A PAC of those buffers with the server's and the KDC's signature (MS-PAC 2.8)."""
    size, kdc_size = server.enctype.mac_size, krbtgt.enctype.mac_size
    kind, kdc_kind = _checksum_type(server), _checksum_type(krbtgt)

    def made(own: bytes, theirs: bytes) -> bytes:
        return pac(*buffers, (SERVER, signature(kind, own)), (KDC, signature(kdc_kind, theirs)))

    own = server.checksum(PAC_USAGE, made(bytes(size), bytes(kdc_size)))
    return made(own, krbtgt.checksum(PAC_USAGE, own))


def _checksum_type(signer: Key) -> int:
    return signer.enctype.checksum_type


#: What a KDC of Active Directory says of alice, in short.
ALICE_PAC: Final = (
    (LOGON, logon_info(groups=[(513, MANDATORY), (1201, MANDATORY)])),
    (CLIENT_INFO, client_info(time=filetime(NOW - HOUR))),
    (UPN, upn_dns()),
)
ALICE_SID: Final = f"{DOMAIN}-1104"


def krb_cred(
    sealer: Key | None,
    name: Sequence[str] = ("alice",),
    *,
    plain: bytes | None = None,
    service: Sequence[str] = KRBTGT,
    tickets: bytes | None = None,
) -> bytes:
    """KRB-CRED with a forwarded TGT, sealed with that key, or with none (etype 0)."""
    if plain is None:
        info = fields(0, encryption_key(key("forwarded")), text(REALM), principal(1, *name), bits(FORWARDABLE))
        info += fields(6, time(NOW + 9 * HOUR)) + fields(8, text(REALM), principal(2, *service))
        plain = tlv(0x7D, tlv(0x30, fields(0, tlv(0x30, tlv(0x30, info)))))
    part = encrypted(0, None, plain) if sealer is None else encrypted(sealer.etype, None, _cred(sealer, plain))
    return tlv(
        0x76, tlv(0x30, fields(0, integer(5), integer(22), tlv(0x30, tgt() if tickets is None else tickets), part))
    )


def _cred(sealer: Key, plain: bytes) -> bytes:
    return seal(sealer, CRED_USAGE, plain)


@dataclass
class Client:
    """A client, its ticket and what it asks for.

    The first fields are the KDC's, of the ticket; then come those of the authenticator and of the AP-REQ around it.
    `checksum` in place of what `gss`, `bindings` and `deleg` would make: (type, bytes); `()` for none at all.
    """

    name: Sequence[str] = ("alice",)
    realm: str = REALM
    service: Sequence[str] = WEB
    service_realm: str = REALM
    long_term: Key = field(default=LONG_TERM)
    etype: int | None = None  #: of the ticket in the clear, where it is not that of the key
    kvno: int | None = KVNO
    session: Key = field(default=SESSION)
    ticket_flags: int = FORWARDABLE | PRE_AUTHENT | OK_AS_DELEGATE
    authtime: datetime = NOW - HOUR
    starttime: datetime | None = NOW - HOUR
    endtime: datetime = NOW + 9 * HOUR
    transited: tuple[int, bytes] = (1, b"")
    ticket_data: Sequence[AdItem] = ()
    pac: bytes | None = None
    ticket_plain: bytes | None = None  #: in place of the EncTicketPart
    tkt_vno: int = 5

    subkey: Key | None = field(default=SUBKEY)
    ctime: datetime = NOW
    cusec: int = 123456
    number: int | None = 0x1234567
    said_name: Sequence[str] | None = None
    said_realm: str | None = None
    gss: int = ALL
    bindings: bytes = bytes(16)
    lgth: int = 16
    deleg: bytes | None = None
    extensions: bytes = b""
    checksum: tuple[int, bytes] | tuple[()] | None = None
    data: Sequence[AdItem] = ()
    authenticator_plain: bytes | None = None
    authenticator_key: Key | None = None

    options: int = MUTUAL_REQUIRED
    pvno: int = 5
    msg_type: int = 14

    def but(self, **changes: Any) -> Client:
        """The same client, in something another."""
        return replace(self, **changes)

    def quiet(self, **changes: Any) -> Client:
        """The same without mutual authentication."""
        return replace(self, **{"gss": self.gss & ~MUTUAL, "options": self.options & ~MUTUAL_REQUIRED, **changes})

    # The KDC's part

    def enc_ticket_part(self) -> bytes:
        """EncTicketPart (RFC 4120 5.3)."""
        kind, contents = self.transited
        listed = list(self.ticket_data)
        if self.pac is not None:
            listed.append(if_relevant((128, self.pac)))
        inside = fields(
            0,
            bits(self.ticket_flags),
            encryption_key(self.session),
            text(self.realm),
            principal(1, *self.name),
            tlv(0x30, fields(0, integer(kind), tlv(4, contents))),
            time(self.authtime),
            None if self.starttime is None else time(self.starttime),
            time(self.endtime),
        )
        return tlv(0x63, tlv(0x30, inside + (fields(10, authorization(*listed)) if listed else b"")))

    def ticket(self) -> bytes:
        """Ticket."""
        plain = self.enc_ticket_part() if self.ticket_plain is None else self.ticket_plain
        sealed = encrypted(self.etype or self.long_term.etype, self.kvno, seal(self.long_term, TICKET_USAGE, plain))
        name = principal(2, *self.service)
        return tlv(0x61, tlv(0x30, fields(0, integer(self.tkt_vno), text(self.service_realm), name, sealed)))

    # The client's

    def gss_checksum(self) -> bytes:
        """The checksum of type 0x8003 (RFC 4121 4.1.1)."""
        made = struct.pack("<I16sI", self.lgth, self.bindings, self.gss)
        if self.deleg is not None:
            made += struct.pack("<HH", 1, len(self.deleg)) + self.deleg
        return made + self.extensions

    def authenticator(self) -> bytes:
        """Authenticator (RFC 4120 5.5.1)."""
        kind_and_value = (0x8003, self.gss_checksum()) if self.checksum is None else self.checksum
        cksum = None
        if kind_and_value:
            cksum = tlv(0x30, fields(0, integer(kind_and_value[0]), tlv(4, kind_and_value[1])))
        inside = fields(
            0,
            integer(5),
            text(self.realm if self.said_realm is None else self.said_realm),
            principal(1, *(self.name if self.said_name is None else self.said_name)),
            cksum,
            integer(self.cusec),
            time(self.ctime),
            None if self.subkey is None else encryption_key(self.subkey),
            None if self.number is None else integer(self.number),
            authorization(*self.data) if self.data else None,
        )
        return tlv(0x62, tlv(0x30, inside))

    def ap_req(self) -> bytes:
        """AP-REQ, bare as DCE style has it."""
        plain = self.authenticator() if self.authenticator_plain is None else self.authenticator_plain
        sealer = self.authenticator_key or self.session
        sealed = encrypted(sealer.etype, None, seal(sealer, AUTHENTICATOR_USAGE, plain))
        inside = fields(0, integer(self.pvno), integer(self.msg_type), bits(self.options), self.ticket(), sealed)
        return tlv(0x6E, tlv(0x30, inside))

    def token(self, oid: bytes = KRB5) -> bytes:
        """AP-REQ in GSS-API's framing."""
        return framed(oid, AP_REQ_ID + self.ap_req())

    def init(self, *mechs: bytes, mic: bytes | None = None) -> bytes:
        """NegTokenInit with the AP-REQ as its optimistic token."""
        return neg_token_init(*(mechs or (KRB5,)), token=self.token(), mic=mic)

    # What comes back

    def open_ap_rep(self, token: bytes) -> Reply:
        """The server's AP-REP, framed or bare, as a client reads it; AssertionError where it proves nothing."""
        message = token if token[:1] == b"\x6f" else unframed(token, AP_REP_ID)
        rep = APRep.load(message, strict=True)
        assert (rep["pvno"].native, int(rep["msg-type"])) == (5, 15)
        assert int(rep["enc-part"]["etype"]) == self.session.etype
        plain = self.session.decrypt(AP_REP_USAGE, rep["enc-part"]["cipher"].native)
        part = EncAPRepPart.load(plain)
        assert part["ctime"].native == self.ctime.replace(microsecond=0)
        assert part["cusec"].native == self.cusec
        subkey = part["subkey"]
        theirs = Key(int(subkey["keytype"]), subkey["keyvalue"].native) if subkey.native is not None else None
        return Reply(self, theirs, part["seq-number"].native)

    def third_leg(
        self, reply: Reply, number: int | None = None, sealer: Key | None = None, subkey: Key | None = None
    ) -> bytes:
        """The AP-REP with which DCE style ends (MS-KILE 3.4.5.1): the server's sequence number comes back."""
        inside = fields(0, time(self.ctime), integer(self.cusec))
        if subkey is not None:
            inside += fields(2, encryption_key(subkey))
        inside += fields(3, integer(reply.number if number is None else number))
        sealer = sealer or self.session
        sealed = encrypted(sealer.etype, None, seal(sealer, AP_REP_USAGE, tlv(0x7B, tlv(0x30, inside))))
        return tlv(0x6F, tlv(0x30, fields(0, integer(5), integer(15), sealed)))

    def silent_session(self) -> KerberosSession:
        """The client's end of a session without an AP-REP: its own key and number serve both ways."""
        start = (self.number or 0) & 0xFFFFFFFF
        return KerberosSession(
            self.session, "initiator", initiator_subkey=self.subkey, sent=start, received=start, ordered=self.ordered
        )

    @property
    def ordered(self) -> bool:
        """Whether replays or the order of messages are watched."""
        return bool(self.gss & (REPLAY | SEQUENCE))


@dataclass
class Reply:
    """What a client learns from the server's AP-REP."""

    client: Client
    subkey: Key | None
    number: int

    @property
    def session_key(self) -> bytes:
        """The context's key."""
        return self.session().key.value

    def session(self) -> KerberosSession:
        """The client's end of the session."""
        return KerberosSession(
            self.client.session,
            "initiator",
            initiator_subkey=self.client.subkey,
            acceptor_subkey=self.subkey,
            sent=(self.client.number or 0) & 0xFFFFFFFF,
            received=self.number,
            dce_style=bool(self.client.gss & DCE),
            ordered=self.client.ordered,
        )


def unframed(token: bytes, wanted: bytes) -> bytes:
    """What stands in GSS-API's framing of Kerberos behind that token id; the framing is RFC 4121's in every byte."""
    head = 2 if token[1] < 0x80 else 2 + (token[1] & 0x7F)
    body = token[head:]
    assert token == framed(KRB5, body[len(KRB5) :]), token.hex()
    assert body[len(KRB5) :][:2] == wanted, body.hex()
    return body[len(KRB5) + 2 :]


def token_in(output: bytes) -> bytes:
    """The responseToken of a NegTokenResp, whatever else it has."""
    found = NegotiationToken.load(output, strict=True).chosen["responseToken"].native
    assert isinstance(found, bytes), output.hex()
    return found


def inner(output: bytes, state: int, mech: bytes | None = None, mic: bytes | None = None) -> bytes:
    """The responseToken of a NegTokenResp that otherwise is exactly so."""
    found = token_in(output)
    assert output == neg_token_resp(state, mech, found, mic), output.hex()
    return found


def mic_of(output: bytes, state: int, mech: bytes | None = None, token: bytes | None = None) -> bytes:
    """The mechListMIC of a NegTokenResp that otherwise is exactly so."""
    found = NegotiationToken.load(output, strict=True).chosen["mechListMIC"].native
    assert isinstance(found, bytes), output.hex()
    assert output == neg_token_resp(state, mech, token, found), output.hex()
    return found


def krb_error(token: bytes) -> dict[str, Any]:
    """The fields of a KRB-ERROR, framed or bare, as they are."""
    message = token if token[:1] == b"\x7e" else unframed(token, ERROR_ID)
    error = KRBError.load(message, strict=True)
    found = {name: error[name].native for name in ("pvno", "ctime", "cusec", "stime", "susec", "realm", "e-data")}
    found["error-code"] = int(error["error-code"])
    found["sname"] = tuple(error["sname"]["name-string"].native)
    return found


class Seen:
    """A replay cache in memory."""

    def __init__(self) -> None:
        self.until: dict[bytes, datetime] = {}

    def seen(self, digest: bytes, now: datetime, until: datetime) -> bool:
        """As a cache of files would."""
        known = self.until.get(digest)
        self.until[digest] = until
        return known is not None and known >= now


class Host(ntlm.Host):
    """An acceptor with Kerberos keys, and users for NTLM where they are given."""

    def __init__(self, keys: KeyRing | None = None, users: str | None = None, **more: Any) -> None:
        super().__init__(users, **more)
        self.keys = ring() if keys is None else keys
        self.replays: Replays | None = None

    def random(self, size: int) -> bytes:
        """Repeatable, and no two draws alike."""
        self.drawn += 1
        return hashlib.shake_256(b"%d" % self.drawn).digest(size)

    def step(self, token: bytes, flags: int = 0, **request: Any) -> Step:
        """One leg. Between any two the context goes through its document, as between two processes."""
        credentials = Credentials(self.use, self.users, self.mark, self.keys)
        acceptor = Acceptor(credentials, self.server, World(self.now, self.random, self.replays))
        self.context, step = acceptor.step(self.context, token, Request(flags=flags, **request))
        if self.context is not None:
            written = dump(self.context)
            self.context = load(written)
            assert dump(self.context) == written
        return step
