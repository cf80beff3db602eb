"""What the hex view shows apart: the bytes that were made of a token's own, by opening or decompressing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from secctx.decoders.placed import placed
from secctx.decoders.values import PLAINTEXT, STRUCT, Decoded, Node, walk


def plaintexts(root: Node) -> Iterator[tuple[str, Decoded]]:
    """Each plaintext below `root`, the outer before the inner: a title, and its bytes and fields as a token's."""
    for path, node in walk(root):
        if node.kind == PLAINTEXT and isinstance(node.value, bytes):
            size = len(node.value)
            said = node.meaning if isinstance(node.meaning, str) else "decompressed"
            title = f"{path or 'the token'}: {size} byte{'s' if size != 1 else ''}, {said}"
            inner = Node("", 0, size, STRUCT, children=node.children)
            yield title, Decoded("Kerberos", None, node.value, placed(inner), None)


def bare(decoded: Decoded) -> Decoded:
    """The token without what was made of its bytes: every span left counts in them."""
    root = _bare(decoded.root)
    return decoded if root is decoded.root else replace(decoded, root=root)


def _bare(node: Node) -> Node:
    kept = [_bare(child) for child in node.children if child.kind != PLAINTEXT]
    same = len(kept) == len(node.children) and all(one is two for one, two in zip(kept, node.children, strict=True))
    return node if same else replace(node, children=kept)
