"""The bounded walk over DER (X.690): nodes with absolute spans, strict where DER is, on as far as the bytes allow.

Where the length of an element is sound and its contents are not, the element is shown as it is and the walk goes on
behind it; where a length reaches beyond its container, it is held to the container. Depth is bounded by the grammar,
since what the grammar does not name is not descended into.
"""

from __future__ import annotations

from collections.abc import Sequence

from asn1crypto.core import Asn1Value

from .contents import PRIMITIVES, principal_text
from .grammar import CHOICE, NO_TAG, Field, Opener, Plan, plan_of, tag_name
from .reading import Reading
from .values import BYTES, LIST, PRINCIPAL, STRUCT, TEXT, Node


def read_header(reading: Reading, node: Node | None, at: int, stop: int) -> tuple[int, int, int] | None:
    """Tag byte, start of contents and end of the element at `at`; None where no element can be read there.

    The end is held to `stop`, which is noted as a problem of `node`; it lies beyond `reading.end` where the token was
    cut short.
    """
    data = reading.data
    if at + 2 > reading.end or at + 2 > stop:
        reading.short(node, at, 2, stop)
        return None
    tag, length = data[at], data[at + 1]
    body = at + 2
    if tag & 0x1F == 0x1F:
        reading.fail("tag", node, at, "a tag below 31", f"0x{tag:02x}, which begins a longer tag")
        return None
    if length > 0x7F:
        long = _long_length(reading, node, at, stop)
        if long is None:
            return None
        body, length = long
    end = body + length
    if end > stop:
        reading.fail(
            "length", node, at + 1, f"at most {stop - body} bytes", f"a length of {length} bytes", missing=end - stop
        )
        end = stop
    return tag, body, end


def _long_length(reading: Reading, node: Node | None, at: int, stop: int) -> tuple[int, int] | None:
    """Where the contents begin and how long they are, for a length in the long form (X.690 8.1.3.5 and 10.1)."""
    first = reading.data[at + 1]
    count = first & 0x7F
    if count == 0:
        reading.fail("der", node, at + 1, "a definite length (DER)", "0x80, an indefinite length (BER)")
        return None
    if count > 8:
        reading.fail("der", node, at + 1, "a length of at most 8 bytes", f"0x{first:02x}, a length of {count} bytes")
        return None
    body = at + 2 + count
    if body > reading.end or body > stop:
        reading.short(node, at + 2, count, stop)
        return None
    length = int.from_bytes(reading.data[at + 2 : body])
    if length < 0x80 or reading.data[at + 2] == 0:
        found = f"{length} in {count} more bytes than needed" if length < 0x80 else f"{length} with leading zeros"
        reading.fail("der", node, at + 1, "the shortest form of the length (DER)", found)
    return body, length


def announced_end(data: bytes, at: int = 0) -> int | None:
    """Where the element at `at` says it ends, without a judgement; None where its header cannot be read."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        return None
    length = data[at + 1]
    if length < 0x80:
        return at + 2 + length
    count = length & 0x7F
    if not 1 <= count <= 8 or at + 2 + count > len(data):
        return None
    return at + 2 + count + int.from_bytes(data[at + 2 : at + 2 + count])


def contents_at(data: bytes, at: int) -> int:
    """Where the contents of the element at `at` begin, by its length's own form."""
    length = data[at + 1] if at + 1 < len(data) else 0
    return at + 2 + (length & 0x7F if length > 0x80 else 0)


def read_message(
    reading: Reading,
    cls: type[Asn1Value],
    root: Node,
    at: int,
    stop: int,
    into: list[Node],
    wrappers: tuple[int, ...] | None = None,
) -> int:
    """Read a whole message of the type `cls` whose fields become the fields of the token `root`; its end."""
    whole: list[Node] = []
    end = read_element(reading, plan_of(cls), "bytes", at, stop, whole, wrappers)
    message = whole.pop(0)
    reading.adopt(message, root)
    if message.kind == STRUCT:
        into.extend(message.children)
    elif message.start < message.stop:
        into.append(message)
    into.extend(whole)
    return end


def read_element(
    reading: Reading,
    plan: Plan,
    name: str,
    at: int,
    stop: int,
    into: list[Node],
    wrappers: tuple[int, ...] | None = None,
    opener: Opener | None = None,
) -> int:
    """Read one element of the type `plan` at `at` with the EXPLICIT tags around it; append its node, return its end."""
    node = Node(name, at, min(stop, reading.end), BYTES)
    siblings = into[:] if opener is not None else ()
    into.append(node)
    stops = [stop]  # where what contains the element ends, and its wrappers, from the outside in
    wrappers = plan.wrappers if wrappers is None else wrappers
    explicit = len(wrappers) - len(plan.wrappers)  # these are the field's; the type's own tags are in its span
    start = -1
    for index, wrapper in enumerate(wrappers):
        header = read_header(reading, node, at, stop)
        if header is None or header[0] != wrapper:
            return _unreadable(reading, node, at, header, wrapper, plan, stops, into)
        if index == explicit:
            start, node.stop = at, min(header[2], reading.end)
        at, stop = header[1], header[2]
        stops.append(stop)
    header = read_header(reading, node, at, stop)
    if header is None or not _begins(plan, header[0]):
        return _unreadable(reading, node, at, header, plan.tag, plan, stops, into)
    _, body, end = header
    node.start = at if start < 0 else start
    if start < 0:
        node.stop = end if end < reading.end else reading.end
    if plan.tag == NO_TAG:
        _read_untagged(reading, plan, node, at, end)
    else:
        _read_contents(reading, plan, node, body, end, siblings, opener)
    behind = node.name
    for stop in reversed(stops[1:]):
        if keep_surplus(reading, node, behind, end, stop, into):
            behind += "-again"
        end = stop
    return end


def _begins(plan: Plan, tag: int) -> bool:
    """Whether an element of the type can have that tag."""
    return tag == plan.tag or (plan.tag == NO_TAG and (not plan.known or tag in plan.known))


def _read_contents(
    reading: Reading, plan: Plan, node: Node, body: int, end: int, siblings: Sequence[Node], opener: Opener | None
) -> None:
    kind = plan.kind
    if kind in (STRUCT, PRINCIPAL):
        node.kind = kind
        _read_fields(reading, plan, node, body, end)
        if kind == PRINCIPAL:
            node.meaning = principal_text(node)
    elif kind == LIST:
        node.kind = kind
        _read_items(reading, plan, node, body, end)
    elif opener is not None and opener(reading, node, siblings, body, end):
        return
    elif end > reading.end:
        reading.short(node, body, end - body, end)
        node.value = reading.data[body:]
        if kind == TEXT:
            node.kind = TEXT
            node.value = reading.data[body:].decode("utf-8", "backslashreplace")
    else:
        node.kind = kind
        PRIMITIVES[kind](reading, plan, node, body, end)


def _read_untagged(reading: Reading, plan: Plan, node: Node, at: int, end: int) -> None:
    """What has no tag of its own: a CHOICE, which is a structure with one of its fields, or ANY, kept whole."""
    if plan.kind == CHOICE:
        children: list[Node] = []
        node.kind, node.children = STRUCT, children
        field = next(field for field in plan.fields if field.first == reading.data[at])
        read_element(reading, field.plan, field.name, at, end, children, field.wrappers, field.opener)
    elif end > reading.end:
        reading.short(node, at, end - at, end)
        node.value = reading.data[at:]
    else:
        node.value = reading.data[at:end]


def _read_fields(reading: Reading, plan: Plan, node: Node, at: int, end: int) -> None:
    """The fields of a SEQUENCE, in its order; absent optional ones are passed over, unknown ones kept as bytes."""
    children: list[Node] = []
    node.children = children
    fields = plan.fields
    following = extras = 0
    while at < end:
        if at >= reading.end:
            missing = next((field.name for field in fields[following:] if not field.optional), "")
            reading.short(node, at, end - at, end, field=missing)
            return
        tag = reading.data[at]
        for index in range(following, len(fields)):
            field = fields[index]
            if field.first == tag or field.first == NO_TAG:
                _require(reading, node, fields[following:index], at, tag_name(tag))
                following = index + 1
                at = read_element(reading, field.plan, field.name, at, end, children, field.wrappers, field.opener)
                break
        else:
            extras += 1
            at = _read_extra(reading, plan, Node(f"extra-{extras}", at, at, BYTES), at, end, children)
    _require(reading, node, fields[following:], end, f"the end of {plan.name}")


def _require(reading: Reading, node: Node, skipped: Sequence[Field], at: int, found: str) -> None:
    for field in skipped:
        if not field.optional:
            reading.fail("missing", node, at, f"{tag_name(field.first)} {field.name}", found, field=field.name)


def _read_items(reading: Reading, plan: Plan, node: Node, at: int, end: int) -> None:
    children: list[Node] = []
    node.children = children
    item = plan.item
    assert item is not None
    index = 0
    while at < end:
        if at >= reading.end:
            reading.short(node, at, end - at, end)
            return
        at = read_element(reading, item, f"[{index}]", at, end, children)
        index += 1


def _read_extra(reading: Reading, plan: Plan, extra: Node, at: int, end: int, into: list[Node]) -> int:
    """An element that is none of the fields still awaited: an extension, or a field out of order or repeated."""
    tag = reading.data[at]
    into.append(extra)
    header = read_header(reading, extra, at, end)
    if header is not None:
        end = header[2]
    extra.stop = min(end, reading.end)
    extra.value = reading.data[at : extra.stop]
    if end > reading.end:
        reading.short(extra, at, end - at, end)
    known = plan.known
    if tag in known:
        reading.fail(
            "tag", extra, at, f"each field of {plan.name} once and in order", f"{tag_name(tag)} {known[tag]} again"
        )
    elif tag & 0xC0 == 0x80 and tag > plan.last:
        extra.meaning = f"{tag_name(tag)}, not in {plan.name} as specified (an extension)"
    else:
        reading.fail("tag", extra, at, f"a field of {plan.name}", tag_name(tag))
    return end


def _unreadable(
    reading: Reading,
    node: Node,
    at: int,
    header: tuple[int, int, int] | None,
    wanted: int,
    plan: Plan,
    stops: Sequence[int],
    into: list[Node],
) -> int:
    """Keep as bytes what is not the element that was expected, with all that its container holds; its end."""
    *outer, stop = stops
    end = stop if header is None or outer else header[2]
    node.start = min(at, reading.end)
    node.stop = max(node.start, min(end, reading.end))
    node.value = reading.data[node.start : node.stop]
    if header is not None:
        names = [tag_name(wanted)] if wanted != NO_TAG else map(tag_name, plan.known)
        reading.fail("tag", node, at, f"{' or '.join(names)} ({plan.name})", tag_name(header[0]))
    behind = node.name
    for stop in reversed(outer[1:]):
        if keep_surplus(reading, node, behind, end, stop, into):
            behind += "-again"
        end = stop
    return end


def keep_surplus(reading: Reading, root: Node, behind: str, at: int, stop: int, into: list[Node]) -> bool:
    """Keep what stands behind the one value that a container may hold; whether anything does."""
    if at >= stop:
        return False
    if at >= reading.end:
        reading.short(root, at, stop - at, stop)
        return False
    extra = Node(f"after-{behind}", at, min(stop, reading.end), BYTES, reading.data[at:stop])
    into.append(extra)
    reading.fail("trailing", extra, at, f"nothing behind {behind} in what contains it", f"{stop - at} bytes")
    return True


def keep_element(reading: Reading, root: Node, at: int, stop: int, into: list[Node]) -> int:
    """Keep one DER element as bytes: a message that is named and not taken apart; its end."""
    header = read_header(reading, root, at, stop)
    end = stop if header is None else header[2]
    keep_bytes(reading, root, "bytes", at, end, into)
    return end


def keep_bytes(reading: Reading, root: Node, name: str, at: int, stop: int, into: list[Node]) -> None:
    """Keep all there is up to `stop` as bytes."""
    node = root
    if at < min(stop, reading.end):
        node = Node(name, at, min(stop, reading.end), BYTES, reading.data[at:stop])
        into.append(node)
    if stop > reading.end:
        reading.short(node, at, stop - at, stop)
