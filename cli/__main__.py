"""`python -m secctx.cli`: the module form of the command `secctx`."""

from .main import main

main()
