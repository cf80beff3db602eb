"""A real Kerberos realm and its clients, for tests that finish a handshake with them."""
