"""Shared fixtures; and, in a bare checkout, the package `secctx` itself."""

import importlib.util
import sys
import types
from pathlib import Path

ROOT = Path(__file__).parents[1]

if importlib.util.find_spec("secctx") is None:  # nothing installed
    secctx = types.ModuleType("secctx")
    secctx.__path__ = [str(ROOT)]
    sys.modules["secctx"] = secctx

# What tests share (`from builders.der import tlv`); importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
