"""The causes of failure, by stable codes: over decoded tokens, requests and steps, never over raw bytes."""
