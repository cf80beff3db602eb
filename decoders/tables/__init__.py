"""Names and numbers of the protocols, each table with the document it is taken from."""
