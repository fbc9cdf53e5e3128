# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which profiles a mailbox has: those in a column, else those of the first rule that fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate

from .tables import OptionError, Row, Table

_SEPARATORS = re.compile(r"[,;\n]")


@dataclass(frozen=True)
class Rule:
    """``value``: a pattern of the cell in ``column``; ``address``: one of the address; None where any will do."""

    profiles: tuple[str, ...]
    column: str | None = None
    value: re.Pattern[str] | None = None
    address: re.Pattern[str] | None = None


@dataclass(frozen=True)
class ProfileRules:
    """The options ``profile_column`` and ``profile_rules``."""

    column: str | None = None
    rules: tuple[Rule, ...] = ()

    def profiles_of(self, table: Table, row: Row, address: str) -> tuple[str, ...]:
        """The names of the profiles of a row; empty if neither the column nor a rule names one."""
        named = tuple(name for part in _SEPARATORS.split(_cell(table, row, self.column)) if (name := part.strip()))
        return named or next((rule.profiles for rule in self.rules if _fits(rule, table, row, address)), ())

    def check_columns(self, tables: Iterable[Table]) -> None:
        """Raises OptionError for a column that no table has, ExportError for one that a table has twice."""
        for option, column in self._columns():
            positions = [table.position(column) for table in tables]
            if all(position is None for position in positions):
                headings = ", ".join(dict.fromkeys(table.columns for table in tables))
                raise OptionError(option, f"no source has the column {column!r} (columns: {headings})")

    def _columns(self) -> Iterator[tuple[str, str]]:
        if self.column is not None:
            yield "profile_column", self.column
        for number, rule in enumerate(self.rules, 1):
            if rule.column is not None:
                yield f"profile_rules, rule {number}", rule.column


def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern as of file names, with ``*`` and ``?``, for text that was case-folded."""
    return re.compile(translate(text.casefold()))


def _cell(table: Table, row: Row, column: str | None) -> str:
    position = None if column is None else table.position(column)
    return "" if position is None else row.cells[position]


def _fits(rule: Rule, table: Table, row: Row, address: str) -> bool:
    if rule.address is not None and not rule.address.match(address.casefold()):
        return False
    if rule.value is None or rule.column is None:
        return True
    return table.position(rule.column) is not None and bool(rule.value.match(_cell(table, row, rule.column).casefold()))
