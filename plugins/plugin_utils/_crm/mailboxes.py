# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From tables to mailboxes: one for each address, and an account of every row that is none."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._exchange.identities import address_fault
from .._wording import counted_noun
from .columns import Columns, Field, columns_of
from .filters import Objection, check_columns, objection_to
from .settings import Settings
from .tables import ExportError, Row, Table

#: The host variables that are fields of the record.
_FACTS = (Field.ID, Field.NAME, Field.USER_NAME, Field.OWNER, Field.REGARDING, Field.SERVER_PROFILE)
#: Signs that an address may hold and the name of a host must not: on ansible-core before 2.19 a name is a template
#: wherever it is used, and a pattern of hosts or part of a path is made of the others.
_NOT_IN_NAMES = re.compile(r"[{}?/]|^[!&~]")


@dataclass(frozen=True)
class Mailbox:
    """``address`` is in lower case. ``facts``: host variables without ``crm_``; ``sources``: the places of its rows."""

    address: str
    profiles: tuple[str, ...]
    facts: dict[str, str]
    sources: tuple[str, ...]

    @property
    def host(self) -> str:
        """The address, or where that can be no name of a host, one like it that no other address has."""
        name = _NOT_IN_NAMES.sub("_", self.address)
        return name if name == self.address else f"{_digest(self.address)}_{name}"

    @property
    def variables(self) -> dict[str, Any]:
        """The host variables; those that mailbox_delegation reads only where they say something."""
        variables: dict[str, Any] = {f"crm_{name}": value for name, value in self.facts.items()}
        variables["crm_sources"] = list(self.sources)
        if self.profiles:
            variables["mailbox_delegation_profile"] = list(self.profiles)
        if self.host != self.address:
            variables["mailbox_delegation_mailbox"] = self.address
        return variables

    def joined_with(self, other: Mailbox) -> Mailbox:
        """Of another row with the same address it takes the profiles, and what it has nothing of."""
        return replace(
            self,
            profiles=tuple(dict.fromkeys([*self.profiles, *other.profiles])),
            facts={name: value or other.facts[name] for name, value in self.facts.items()},
            sources=(*self.sources, *other.sources),
        )


@dataclass(frozen=True)
class Note:
    """A row that is no mailbox, and why."""

    place: str
    objection: Objection

    def __str__(self) -> str:
        return f"{self.place}: {self.objection.reason} ({self.objection.detail})"


@dataclass(frozen=True)
class Listing:
    """What exports come to: the mailboxes by address, the rows that are none, and how many rows there were."""

    sources: tuple[str, ...]
    rows: int
    mailboxes: dict[str, Mailbox]
    notes: tuple[Note, ...]

    @property
    def left_out(self) -> list[str]:
        """Each row that surely is no mailbox to send as."""
        return [str(note) for note in self.notes if not note.objection.is_fault]

    @property
    def rejected(self) -> list[str]:
        """Each row that could not be understood, so that a mailbox may be missing."""
        return [str(note) for note in self.notes if note.objection.is_fault]

    @property
    def summary(self) -> str:
        """All of it in one line."""
        rows, joined = counted_noun(self.rows, "row"), self.rows - len(self.notes) - len(self.mailboxes)
        return "; ".join(
            [
                f"{', '.join(self.sources)}: {rows}, {counted_noun(len(self.mailboxes), 'mailbox')}",
                *([f"{joined} joined with one of the same address"] if joined else []),
                *self._counted("left out", is_fault=False),
                *self._counted("rejected", is_fault=True),
            ]
        )

    def _counted(self, word: str, is_fault: bool) -> list[str]:
        reasons = Counter(note.objection.reason for note in self.notes if note.objection.is_fault is is_fault)
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        return [f"{reasons.total()} {word} ({counts})"] if reasons else []


def listing_of(tables: Sequence[Table], settings: Settings) -> Listing:
    """What the tables list. Raises ExportError where one of them, or OptionError where an option, does not fit."""
    _check_pages(tables)
    filled = [table for table in tables if table.rows]
    if filled:
        settings.profiles.check_columns(filled)
    mailboxes: dict[str, Mailbox] = {}
    notes: list[Note] = []
    for table in filled:
        columns = columns_of(table, settings.entity, settings.headings)
        check_columns(table, columns, settings.filters)
        for row in table.rows:
            objection = _objection(table, row, columns, settings)
            if objection:
                notes.append(Note(table.place(row), objection))
                continue
            mailbox = _mailbox(table, row, columns, settings)
            known = mailboxes.get(mailbox.address)
            mailboxes[mailbox.address] = known.joined_with(mailbox) if known else mailbox
    return Listing(
        tuple(table.source for table in tables), sum(len(table.rows) for table in tables), mailboxes, tuple(notes)
    )


def _check_pages(tables: Sequence[Table]) -> None:
    """Raises ExportError for a page of the Web API that says it has a next one, where no other follows."""
    following: Iterable[Table | None] = [*tables[1:], None]
    for table, other in zip(tables, following, strict=True):
        if table.continued and (other is None or other.unit != table.unit):
            remedy = "save the page at its @odata.nextLink, too, and name it in source after this one"
            raise ExportError(table.source, "it is one page of several, and the next one is missing", remedy)


def _objection(table: Table, row: Row, columns: Columns, settings: Settings) -> Objection | None:
    surplus = len(row.cells) - len(table.headings)
    if surplus > 0:
        return Objection("with more cells than headings", f"the last one is {row.cells[-1]!r}", is_fault=True)
    objection = objection_to(table, row, columns, settings.filters, settings.vocabulary)
    if objection is not None:
        return objection
    address = columns.cell(row, Field.ADDRESS)
    column = table.headings[columns.positions[Field.ADDRESS]]
    if not address:
        return Objection("without an address", f"nothing in column {column!r}: set it in CRM", is_fault=True)
    fault = _address_fault(address)
    if fault:
        return Objection("with no valid address", f"column {column!r} says {address!r}: {fault}", is_fault=True)
    return None


def _address_fault(address: str) -> str | None:
    """None for an address; of lists that people keep more is to be expected than of what Exchange is sent."""
    if not address.isprintable():
        return "the address holds an invisible character"
    return "the address holds more than one @" if address.count("@") > 1 else address_fault(address)


def _mailbox(table: Table, row: Row, columns: Columns, settings: Settings) -> Mailbox:
    address = columns.cell(row, Field.ADDRESS).lower()
    facts = {field.value: columns.cell(row, field) for field in _FACTS}
    return Mailbox(
        address=address,
        profiles=settings.profiles.profiles_of(table, row, address),
        facts={"entity": columns.entity.word, **facts},
        sources=(table.place(row),),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
