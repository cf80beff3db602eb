"""The command line: files, exit codes, text and JSON. Nobody imports it."""
