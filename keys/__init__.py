"""Secrets and the cryptography they feed: users, NTLM's responses, Kerberos keys, keytabs and caches, bindings.

Everything is handed in as bytes or text; nothing here reads a file, a clock or the environment, draws a random byte,
or shows a secret: what holds one has a `repr` without it.
"""
