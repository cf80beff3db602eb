"""AcceptSecurityContext as a pure function: context, token and request in, context and step out; no file, no clock."""
