# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether folders of an inventory are data alone, so that whoever may change them can have nothing run.

``inventory_check.py FOLDER...``: exit status 0 if every file there is plain YAML of groups, mailboxes and the variables
named below, or CSV without templates; else 1, with a line ``FILE:LINE: what is wrong`` for each thing found. It needs
PyYAML, which comes with ansible-core, runs nothing of what it reads, and follows no link.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

#: What a mailbox may say of itself.
OF_MAILBOXES = frozenset(
    f"mailbox_delegation_{name}" for name in ("profile", "state", "mailbox", "organization", "until", "reason")
)
#: What a group may say besides. Not a mailbox: what one task takes for all is taken from the first of them.
OF_GROUPS = OF_MAILBOXES | {"mailbox_delegation_profiles", "mailbox_delegation_default_profile"}
#: Folders beside the files, from which ansible takes variables.
VARIABLES = {"group_vars": OF_GROUPS, "host_vars": OF_MAILBOXES}
YAML, CSV = (".yml", ".yaml"), (".csv",)
#: What makes a text a template. The last one sets other signs for it, at the beginning of a text.
TEMPLATES = ("{{", "{%", "{#", "#jinja2")
GROUP = ("hosts", "vars", "children")
_TEXT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
#: What ansible reads YAML with: another parser might see another text.
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: A line of a file, and what is wrong there.
Problem = tuple[int, str]


def main() -> None:
    parser = argparse.ArgumentParser(description="Whether folders of an inventory are data alone.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    folders: list[Path] = parser.parse_args().folders
    problems = [problem for folder in folders for problem in problems_of(folder)]
    if problems:
        sys.exit("\n".join([*problems, f"Not data alone: {len(problems)} found. Nothing may be run with it."]))
    print(f"{', '.join(map(str, folders))}: data alone")


def problems_of(folder: Path) -> list[str]:
    """Why this folder is not data alone, each with its file; empty if it is. A folder without a YAML file is none."""
    if folder.is_symlink() or not folder.is_dir():
        return [f"{folder}: it is no folder"]
    found, files = [], 0
    for entry, relative in _entries(folder):
        strange = strange_entry(entry, relative)
        if strange:
            found.append(f"{entry}: {strange}")
        elif not entry.is_dir():
            files += 1
            found += [f"{entry}:{line}: {problem}" for line, problem in problems_in(entry, relative)]
    return found if files or found else [f"{folder}: it has no file"]


def _entries(folder: Path) -> Iterator[tuple[Path, Path]]:
    """All that is in a folder and below, with its path in there; links are named, and not followed."""
    for directory, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            entry = Path(directory) / name
            yield entry, entry.relative_to(folder)


def strange_entry(entry: Path, relative: Path) -> str:
    """What is wrong with a file or folder by its kind and its name alone; empty if nothing is."""
    mode = entry.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "a link: it may lead to any file of the machine"
    if any(sign in entry.name for sign in TEMPLATES) or entry.name.startswith("."):
        return "a name that data has no need of"
    if stat.S_ISDIR(mode):
        known = relative.parts[0] in VARIABLES
        return "" if known else f"a folder other than {' and '.join(VARIABLES)}: ansible may load code from it"
    if not stat.S_ISREG(mode):
        return "no plain file"
    if mode & 0o111:
        return "executable: ansible would run it for its output"
    if entry.suffix not in YAML + CSV:
        return f"no file of data: only {', '.join(YAML + CSV)}"
    return ""


def problems_in(file: Path, relative: Path) -> list[Problem]:
    """What is wrong in a file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [(1, f"it cannot be read as UTF-8 ({type(error).__name__})")]
    found = [
        (number, "a template") for number, line in enumerate(text.split("\n"), start=1) for _sign in _signs_in(line)
    ]
    if not found and file.suffix in YAML:
        found = list(_problems_in_yaml(text, relative))
    return found


def _problems_in_yaml(text: str, relative: Path) -> Iterator[Problem]:
    try:
        yield from _plain(text)
        (root,) = yaml.compose_all(text, _LOADER)
        yield from _templates(root)
        if relative.parts[0] in VARIABLES and len(relative.parts) > 1:
            yield from _variables(root, VARIABLES[relative.parts[0]])
        else:
            yield from _groups(root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        yield (mark.line + 1 if mark else 1), f"it is no YAML that can be read ({getattr(error, 'problem', error)})"
    except ValueError:
        yield 1, "it is not one document"
    except RecursionError:
        yield 1, "it is nested too deeply"


def _plain(text: str) -> Iterator[Problem]:
    """Tags make values that are no data, and a text that is repeated by reference may grow without end."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        line = _line(event)
        tag = getattr(event, "tag", None)
        if tag:
            yield line, f"the tag {tag}: values are plain"
        if getattr(event, "anchor", None):
            yield line, "an anchor or an alias: values stand where they are used"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > 50:  # long before the reader that makes nodes gives up
            raise RecursionError


def _templates(node: yaml.Node) -> Iterator[Problem]:
    """Those that show only once escapes are read."""
    if isinstance(node, yaml.ScalarNode):
        yield from ((_line(node), "a template") for _sign in _signs_in(node.value))
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _templates(each)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _templates(key)
            yield from _templates(value)


def _signs_in(text: str) -> list[str]:
    """At most one is told."""
    return [sign for sign in TEMPLATES if sign in text][:1]


def _groups(node: yaml.Node) -> Iterator[Problem]:
    """A mapping of groups, of an inventory or of the children of a group."""
    for line, name, value in _members(node):
        if name == "plugin":
            yield line, "the key plugin: ansible would run an inventory plugin"
        elif _is_null(value):
            continue
        else:
            yield from _group(value)


def _group(node: yaml.Node) -> Iterator[Problem]:
    for line, name, value in _members(node):
        if name not in GROUP:
            yield line, f"{name!r}: a group has {', '.join(GROUP)}"
        elif _is_null(value):
            continue
        elif name == "vars":
            yield from _variables(value, OF_GROUPS)
        elif name == "children":
            yield from _groups(value)
        else:
            yield from _mailboxes(value)


def _mailboxes(node: yaml.Node) -> Iterator[Problem]:
    for line, name, value in _members(node):
        if any(sign in name for sign in "[]:"):
            yield line, f"{name!r}: a range or a port, and not one mailbox"
        if not _is_null(value):
            yield from _variables(value, OF_MAILBOXES)


def _variables(node: yaml.Node, allowed: frozenset[str]) -> Iterator[Problem]:
    if _is_null(node):
        return
    for line, name, _value in _members(node):
        if name not in allowed:
            yield line, f"the variable {name!r}: here are {', '.join(sorted(allowed))}"


def _members(node: yaml.Node) -> Iterator[tuple[int, str, yaml.Node]]:
    """Line, key and value of each member of a mapping.

    Raises:
        yaml.MarkedYAMLError: it is no mapping, or has a key that is no text.
    """
    if not isinstance(node, yaml.MappingNode):
        raise yaml.MarkedYAMLError(problem="here is a mapping expected", problem_mark=node.start_mark)
    for key, value in node.value:
        if key.tag != _TEXT:
            raise yaml.MarkedYAMLError(problem="a key that is no text", problem_mark=key.start_mark)
        yield _line(key), key.value, value


def _line(at: Any) -> int:
    """Where a node or an event of PyYAML begins."""
    return int(at.start_mark.line) + 1


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == _NULL)


if __name__ == "__main__":
    main()
