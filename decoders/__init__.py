"""Bytes in, `Decoded` out: GSS framing, SPNEGO, NTLM and Kerberos. Knows no key, no clock, no file."""

from .decode import decode
from .values import Decoded, Node, Problem, Span

__all__ = ["Decoded", "Node", "Problem", "Span", "decode"]
