"""The tables of AcceptSecurityContext: what each status and flag means, and how other error numbers map to a status."""
