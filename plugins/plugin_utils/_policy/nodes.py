# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML that is plain data: no tags, anchors, aliases or duplicate keys, each value with the line where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Union

import yaml

#: Deeper than any policy goes.
_DEEPEST = 10
_PREFIX = "tag:yaml.org,2002:"
_KINDS = {
    "str": "a text", "int": "a number", "float": "a number with a point", "bool": "true or false", "null": "nothing",
    "timestamp": "a date", "map": "keys with values", "seq": "a list", "merge": "a merge key",
}  # fmt: skip
_NUMBER = re.compile(r"0|[1-9]\d{0,8}")
_Read = TypeVar("_Read")


class Misread(Exception):
    """What is wrong with a file, and in which line."""

    def __init__(self, line: int, fault: str) -> None:
        super().__init__(fault)
        self.line = line


class _PlainLoader(yaml.SafeLoader):
    """Refuses, before it is read, what is more than data."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise Misread(line, "anchors (&) and aliases (*) are not allowed: write it out; a pattern stands in quotes")
        if event.tag is not None:
            raise Misread(line, f"tags are not allowed ({event.tag})")
        if self.depth >= _DEEPEST:
            raise Misread(line, "it is nested too deep")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def composed(text: str) -> yaml.Node:
    """The only document of a text, as nodes. Raises Misread."""
    try:
        node = yaml.compose(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Misread(mark.line + 1 if mark else 1, f"it is no YAML: {_in_words(error)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Misread(line, f"it holds a character that YAML does not allow ({chr(error.character)!a})") from error
    if node is None:
        raise Misread(1, "it is empty")
    return node


def _in_words(error: yaml.MarkedYAMLError) -> str:
    words = ", ".join(filter(None, (error.context, error.problem)))
    is_alias = "scanning an alias" in (error.context or "")
    return f"{words} (a pattern that begins with * stands in quotes)" if is_alias else words


def line_of(node: yaml.Node) -> int:
    """Counted from 1."""
    return int(node.start_mark.line) + 1


def line_of_key(node: yaml.Node, name: str) -> int:
    """The line of a key, or the first one of what has no such key."""
    keys = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((line_of(key) for key, _value in keys if key.value == name), line_of(node))


class Faults(list[Misread]):
    """All that is found wrong; reading goes on after each."""

    def read(self, reader: Callable[[yaml.Node], _Read], node: yaml.Node) -> Union[_Read, None]:
        """What a reader makes of a node; None where it raises Misread, which is kept."""
        try:
            return reader(node)
        except Misread as fault:
            self.append(fault)
            return None


def mapping(
    node: yaml.Node, faults: Faults, needed: tuple[str, ...], known: tuple[str, ...]
) -> Mapping[str, yaml.Node]:
    """The known keys with their values; whatever else is wrong with them is told ``faults``. Raises Misread."""
    if not isinstance(node, yaml.MappingNode):
        raise _other(node, f"keys with values ({', '.join((*needed, *known))})")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        if name in found:
            faults.append(Misread(line_of(key), f"{name} stands here a second time"))
        elif name not in (*needed, *known):
            listed = ", ".join((*needed, *known))
            faults.append(Misread(line_of(key), f"there is no key {name!r} (keys: {listed})"))
        else:
            found[name] = value
    for name in needed:
        if name not in found:
            faults.append(Misread(line_of(node), f"{name} is missing"))
    return found


def sequence(node: yaml.Node) -> list[yaml.Node]:
    """The items of a list. Raises Misread."""
    if not isinstance(node, yaml.SequenceNode):
        raise _other(node, "a list")
    return list(node.value)


def text(node: yaml.Node) -> str:
    """A text that is not empty. Raises Misread for all else: what looks like a number or a date stands in quotes."""
    found = _scalar(node, "str", "a text in quotes")
    if not found.strip():
        raise Misread(line_of(node), "it is empty")
    return found


def number(node: yaml.Node) -> int:
    """A number in plain decimal digits: 010 would be eight, and 1:30 ninety. Raises Misread."""
    found = _scalar(node, "int", "a whole number")
    if not _NUMBER.fullmatch(found):
        raise Misread(line_of(node), f"{found} is no whole number in plain decimal digits")
    return int(found)


def truth(node: yaml.Node) -> bool:
    """true or false, in these words. Raises Misread."""
    found = _scalar(node, "bool", "true or false").lower()
    if found not in ("true", "false"):
        raise Misread(line_of(node), f"write true or false rather than {found}")
    return found == "true"


def _scalar(node: yaml.Node, kind: str, wanted: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag != _PREFIX + kind:
        raise _other(node, wanted)
    return str(node.value)


def _other(node: yaml.Node, wanted: str) -> Misread:
    kind = _KINDS.get(str(node.tag).removeprefix(_PREFIX), "something else")
    return Misread(line_of(node), f"this is {kind}, but must be {wanted}")
