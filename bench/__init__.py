"""What secctx costs beside pyspnego, and how its cost grows: `python -m bench` (see `__main__.py`)."""
