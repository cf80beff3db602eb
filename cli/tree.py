"""The tree: what is inside what, with names and meanings, readable at 80 columns and without colour."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from secctx.decoders.values import BYTES, LIST, PLAINTEXT, PRINCIPAL, STRUCT, TOKEN, Decoded, Node

from .cells import cell, inline, opened
from .plain import plain

#: Longer lists are cut to this many items unless everything is asked for.
MOST_ITEMS = 40

GUIDE = "dim"
NAME = "cyan"
MEANING = "green"
WRONG = "bold red"


@dataclass(slots=True)
class Shape:
    """How much of the tree to show: levels (None: all), long values whole, offsets beside the names."""

    depth: int | None = None
    full: bool = False
    spans: bool = False


def print_tree(console: Console, decoded: Decoded, shape: Shape) -> None:
    """Print the fields of a token; the place of an error is marked."""
    root = Text(f"{decoded.mechanism} {decoded.message or 'bytes'}", style="bold")
    if isinstance(decoded.root.meaning, str):
        root.append(f", {decoded.root.meaning}", style=MEANING)
    tree = Tree(root, guide_style=GUIDE)
    wrong = decoded.error.path if decoded.error is not None else None
    _grow(tree, decoded.root, shape, 1, wrong if wrong else None)
    console.print(tree)


def _grow(tree: Tree, node: Node, shape: Shape, level: int, wrong: str | None) -> None:
    """Add the children of `node`; `wrong` is the path of the error from here on, None where it is elsewhere."""
    if shape.depth is not None and level > shape.depth:
        return
    inside = opened(node) if not shape.full and wrong is None else None
    children = node.children if inside is None else inside.children
    total, children = len(children), children if shape.full else children[: most_of(node)]
    leads = {child.name: _lead(wrong, child) for child in children}
    open_ = {child.name for child in children if leads[child.name][0] is not None or _branches(child, shape)}
    width = max((len(child.name) for child in children if child.name not in open_), default=0)
    for child in children:
        there, here = leads[child.name]
        branch = tree.add(_label(child, shape, width, here, child.name in open_))
        if child.name in open_:
            _grow(branch, child, shape, level + 1, there)
    hidden = total - len(children)
    if hidden:
        tree.add(Text(f"… {hidden} more (--full shows them)", style="dim"))
    if wrong is not None and all(_lead(wrong, child) == (None, False) for child in node.children):
        tree.add(Text(f"{plain(wrong)}  is missing", style=WRONG))


def towards(wrong: str | None, name: str) -> tuple[str | None, bool]:
    """What is left of the error's path behind the field `name`, and whether the error is that field itself."""
    if wrong is None or not wrong.startswith(name) or wrong[len(name) : len(name) + 1] not in ("", ".", "["):
        return None, False
    rest = wrong[len(name) :].removeprefix(".")
    return rest or None, not rest


def _lead(wrong: str | None, child: Node) -> tuple[str | None, bool]:
    """The same for a node; through a plaintext the path leads without naming it."""
    if child.kind == PLAINTEXT and any(towards(wrong, below.name) != (None, False) for below in child.children):
        return wrong, False
    return towards(wrong, child.name)


def most_of(node: Node) -> int:
    """How many of its children are shown: a structure has its fields, a list may have any number of items."""
    return MOST_ITEMS if node.kind == LIST else 5 * MOST_ITEMS


def _branches(node: Node, shape: Shape) -> bool:
    """Whether the node is shown as a branch of its own rather than on one line."""
    return bool(node.children) and (shape.full or inline(node) is None or opened(node) is not None)


def _label(node: Node, shape: Shape, width: int, wrong: bool, branches: bool) -> Text:
    label = Text(plain(node.name), style=WRONG if wrong else NAME)
    if branches:
        meaning = kind_of(node)
        if meaning:
            label.append(f"  {meaning}", style="bold" if node.kind == TOKEN else MEANING)
    else:
        label.append(" " * max(0, width - len(node.name)) + "  ")
        text, meaning = inline(node) or cell(node, shape.full)
        label.append(plain(text), style="default")
        if meaning:
            label.append(("  " if text else "") + plain(meaning), style=MEANING)
    if shape.spans:
        label.append(f"  [{node.start}:{node.stop}]", style="dim")
    if wrong:
        label.append("  ← here", style=WRONG)
    return label


def kind_of(node: Node) -> str:
    """What stands behind the name of a branch."""
    size = node.stop - node.start
    if node.kind == TOKEN and isinstance(node.meaning, tuple):
        return f"{node.meaning[0]} {node.meaning[1]}, {size} bytes"
    if node.kind == PRINCIPAL:
        return plain(str(node.meaning))
    if node.kind == LIST:
        return f"{len(node.children)} items" if len(node.children) != 1 else "1 item"
    if node.kind in (STRUCT, BYTES, PLAINTEXT) and isinstance(node.meaning, str):
        return plain(node.meaning)
    if opened(node) is not None:
        return plain((inline(node) or ("", ""))[0])
    return ""
