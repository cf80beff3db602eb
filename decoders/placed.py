"""A tree of nodes by where they stand: each within its parent, in the order of the bytes.

In NDR a field's bytes stand behind its structure. For a view of the bytes those fields move up to the nearest structure
that contains them, under the path that leads from there to them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from .values import PLAINTEXT, Node, join


def placed(root: Node) -> Node:
    """The tree with what stands outside of its parent moved up; a plaintext's own tree stays as it is."""
    moved, strays = _placed(root)
    children = [*moved.children, *(replace(node, name=path) for path, node in strays)]
    return replace(moved, children=sorted(children, key=lambda node: node.start)) if strays else moved


def _placed(node: Node) -> tuple[Node, list[tuple[str, Node]]]:
    """The node with what stays below it, and what does not, with the paths from the node to it."""
    if not node.children or node.kind == PLAINTEXT:
        return node, []
    stay: list[Node] = []
    strays: list[tuple[str, Node]] = []
    changed = False
    for child in node.children:
        moved, beyond = _placed(child)
        changed = changed or moved is not child or bool(beyond)
        for path, stray in [*((join(child.name, path), stray) for path, stray in beyond), (child.name, moved)]:
            if node.start <= stray.start and stray.stop <= node.stop:
                stay.append(stray if path == stray.name else replace(stray, name=path))
            else:
                strays.append((path, stray))
    in_order = all(one.start <= other.start for one, other in pairwise(stay))
    if not changed and not strays and in_order:
        return node, []
    if not in_order:
        stay.sort(key=lambda each: each.start)
    return replace(node, children=stay), strays
