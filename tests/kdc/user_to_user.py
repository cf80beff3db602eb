"""A user-to-user client: GSS-API has none, so it is MIT's libkrb5 itself that gets the ticket, asks and is answered."""

from __future__ import annotations

import ctypes
import ctypes.util
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_uint, c_void_p
from typing import Any

from builders.der import KRB5, fields, framed, integer, tlv

_USER_USER = 1  # KRB5_GC_USER_USER
_USE_SESSION_KEY, _MUTUAL_REQUIRED, _USE_SUBKEY = 0x40000000, 0x20000000, 1
_DO_SEQUENCE = 4
_GSS_CHECKSUM = 0x8003
_TGT_REQ, _AP_REQ = b"\4\0", b"\1\0"


class _Data(Structure):
    _fields_ = (("magic", c_int), ("length", c_uint), ("data", c_void_p))


class _Keyblock(Structure):
    _fields_ = (("magic", c_int), ("enctype", c_int), ("length", c_uint), ("contents", c_void_p))


class _Creds(Structure):
    _fields_ = (
        ("magic", c_int),
        ("client", c_void_p),
        ("server", c_void_p),
        ("keyblock", _Keyblock),
        ("times", c_int * 4),
        ("is_skey", c_uint),
        ("ticket_flags", c_int),
        ("addresses", c_void_p),
        ("ticket", _Data),
        ("second_ticket", _Data),
        ("authdata", c_void_p),
    )


def tgt_request() -> bytes:
    """The token that asks the server for its TGT (KERB-TGT-REQUEST)."""
    return framed(KRB5, _TGT_REQ + tlv(0x30, fields(0, integer(5), integer(16))))


class UserToUser:
    """The client of one logon to `server`, a user; `cache` holds the client's own TGT."""

    def __init__(self, cache: str, server: str) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("krb5"))
        self._context, self._cache, self._auth = c_void_p(), c_void_p(), c_void_p()
        self._kept: list[Any] = []
        self._call("krb5_init_context", byref(self._context), context=False)
        self._call("krb5_cc_resolve", c_char_p(cache.encode()), byref(self._cache))
        self._server = c_void_p()
        self._call("krb5_parse_name", c_char_p(server.encode()), byref(self._server))

    def request(self, ticket: bytes, flags: int) -> bytes:
        """The AP-REQ, framed, with a ticket that the KDC has encrypted with the session key of that TGT."""
        wanted, got = _Creds(server=self._server, second_ticket=self._data(ticket)), POINTER(_Creds)()
        client = c_void_p()
        self._call("krb5_cc_get_principal", self._cache, byref(client))
        wanted.client = client
        self._call("krb5_get_credentials", c_int(_USER_USER), self._cache, byref(wanted), byref(got))
        self._call("krb5_auth_con_init", byref(self._auth))
        self._call("krb5_auth_con_setflags", self._auth, c_int(_DO_SEQUENCE))
        self._call("krb5_auth_con_set_req_cksumtype", self._auth, c_int(_GSS_CHECKSUM))
        checksum = self._data((16).to_bytes(4, "little") + bytes(16) + flags.to_bytes(4, "little"))
        options, made = c_int(_USE_SESSION_KEY | _MUTUAL_REQUIRED | _USE_SUBKEY), _Data()
        self._call("krb5_mk_req_extended", byref(self._auth), options, byref(checksum), got, byref(made))
        return framed(KRB5, _AP_REQ + ctypes.string_at(made.data, made.length))

    def finish(self, ap_rep: bytes) -> bytes:
        """The acceptor's subkey, out of an AP-REP that holds."""
        reply, key = c_void_p(), POINTER(_Keyblock)()
        self._call("krb5_rd_rep", self._auth, byref(self._data(ap_rep)), byref(reply))
        self._call("krb5_auth_con_getrecvsubkey", self._auth, byref(key))
        return ctypes.string_at(key.contents.contents, key.contents.length)

    def _data(self, value: bytes) -> _Data:
        buffer = ctypes.create_string_buffer(value, len(value))
        self._kept.append(buffer)
        return _Data(0, len(value), ctypes.cast(buffer, c_void_p))

    def _call(self, name: str, *arguments: Any, context: bool = True) -> None:
        code = getattr(self._library, name)(*((self._context,) if context else ()), *arguments)
        assert code == 0, f"{name}: {code}"
