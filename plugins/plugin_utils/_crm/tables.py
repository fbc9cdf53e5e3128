# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table as every kind of file comes to be one: headings and rows of text, each with its place in the file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache


class ExportError(Exception):
    """An export that cannot be used. ``place``: its file, with row and column where they are known."""

    def __init__(self, place: str, fault: str, remedy: str) -> None:
        self.place, self.fault, self.remedy = place, fault, remedy
        super().__init__(f"{place}: {fault}: {remedy}")


class OptionError(Exception):
    """An option that cannot be meant."""

    def __init__(self, option: str, fault: str) -> None:
        self.option, self.fault = option, fault
        super().__init__(f"option {option}: {fault}")


class MissingLibrary(Exception):
    """A Python library that is needed for this file only. ``purpose``: what for, ``instead``: the way without it."""

    def __init__(self, library: str, purpose: str, instead: str) -> None:
        self.library, self.purpose, self.instead = library, purpose, instead
        super().__init__(f"{purpose} needs the Python library {library}; without it, {instead}")


@dataclass(frozen=True)
class Row:
    """``number``: as the user counts, the headings being row 1. ``cells``: one for each heading, more if there were."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """``unit``: what a row of it is called. ``entity``: what the file itself says of its records, if anything.

    ``continued``: it is a page, and says that there is a next one.
    """

    source: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    unit: str = "row"
    entity: str = ""
    continued: bool = False

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """Where each heading stands, by its key; more than once where headings are alike."""
        found: dict[str, list[int]] = {}
        for position, heading in enumerate(self.headings):
            found.setdefault(key_of(heading), []).append(position)
        return found

    @property
    def columns(self) -> str:
        """The headings, for a message."""
        return ", ".join(map(repr, self.headings))

    def position(self, heading: str) -> int | None:
        """The only column with this heading; None if there is none. Raises ExportError where it could be several."""
        found = self.positions.get(key_of(heading), []) if key_of(heading) else []
        if len(found) > 1:
            names = " and ".join(f"{position + 1} ({self.headings[position]!r})" for position in found)
            remedy = "rename or remove all but one of them"
            raise ExportError(self.source, f"columns {names} have the same heading", remedy)
        return found[0] if found else None

    def place(self, row: Row) -> str:
        return f"{self.source}, {self.unit} {row.number}"


def text_of(value: object) -> str:
    """A cell as text without white space around it; whole numbers without a fraction, as Excel shows them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


@lru_cache(maxsize=4096)  # the same few headings and labels are looked at in every row
def key_of(text: str) -> str:
    """What two headings or labels have in common if they mean the same: letters and digits, without regard to case.

    So ``Email Address``, ``E-mail address`` and ``emailaddress`` are one (router facts 5.1, 5.2).
    """
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def table_of(source: str, lines: Iterable[tuple[int, Sequence[object]]]) -> Table:
    """A table of numbered lines: the first that is not blank holds the headings, other blank ones are passed over."""
    filled = ((number, cells) for number, line in lines if any(cells := _trimmed(line)))
    first = next(filled, None)
    if first is None:
        raise ExportError(source, "there is nothing in it", "export it again")
    headings = first[1]
    width = len(headings)
    rows = tuple(Row(number, cells + ("",) * (width - len(cells))) for number, cells in filled)
    return Table(source, headings, rows)


def _trimmed(line: Sequence[object]) -> tuple[str, ...]:
    """The cells as text, but for the empty ones at the end."""
    cells = [text_of(value) for value in line]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)
