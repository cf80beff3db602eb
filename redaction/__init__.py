"""Traces that can be shared: identities, secrets and what can be cracked give way to stand-ins of the same size."""
