"""How a token travels: text, dumps, HTTP lines and captures in, `Token`s out."""
