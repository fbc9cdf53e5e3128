# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of error texts: their encoding, and where one entry ends and the next begins."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from .header import OPENING

#: Windows PowerShell writes UTF-16 with a mark, the event viewer UTF-8 with one; the rest is guessed.
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Entry:
    """One text, and where it stands: ``texts[0]``, or file and line."""

    source: str
    text: str


def decoded(content: bytes) -> str:
    """The text of a file. Never fails: what cannot be read is replaced."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def entries_of(name: str, text: str, separator: str | None) -> Iterator[Entry]:
    """The entries of a file.

    With a separator they are what stands between lines that consist of it. Without one an entry ends at an empty line,
    and before a line in which the Email Router begins an event text while it is in one already.
    """
    between = separator.strip() if separator else ""
    block: list[str] = []
    opened = False
    for number, line in enumerate(text.splitlines(), 1):
        parts, opens = line.strip() == between, not between and bool(OPENING.search(line))
        if parts or (opens and opened):
            yield from _entry(name, number, block)
            block, opened = [], False
        if not parts:
            block.append(line)
            opened = opened or opens
    yield from _entry(name, len(text.splitlines()) + 1, block)


def _entry(name: str, end: int, block: list[str]) -> Iterator[Entry]:
    """The entry that ends before line ``end``, unless it is empty."""
    if any(line.strip() for line in block):
        yield Entry(f"{name}:{end - len(block)}", "\n".join(block))
