# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records are mailboxes that CRM sends as: what the values of their options mean (router facts 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .columns import Columns, Entity, Field
from .tables import ExportError, OptionError, Row, Table, key_of

#: Meaning → option number and labels, by field. A user is active unless it is disabled, a yes or no of its own.
#: The label of "email_router" stands for server-side synchronisation, too: CRM has one option for both.
LABELS: Mapping[Field, Mapping[str, tuple[str, ...]]] = {
    Field.OUTGOING: {
        "email_router": (
            "2",
            "Server-Side Synchronization or Email Router",
            "Server-Side Synchronization",
            "E-mail Router",
        ),
        "outlook": ("1", "Microsoft Dynamics 365 for Outlook", "Microsoft Dynamics CRM for Outlook"),
        "none": ("0", "None"),
    },
    Field.APPROVAL: {
        "approved": ("1", "Approved"),
        "empty": ("0", "Empty"),
        "pending": ("2", "Pending Approval"),
        "rejected": ("3", "Rejected"),
    },
    Field.STATUS: {
        "active": ("0", "Active", "Enabled", "No", "False"),
        "inactive": ("1", "Inactive", "Disabled", "Yes", "True"),
    },
    Field.FORWARD: {
        "not_forward": ("0", "No", "False"),
        "forward": ("1", "Yes", "True"),
    },
}
_FIELD_OF = {meaning: field for field, meanings in LABELS.items() for meaning in meanings}


class Filter(Enum):
    """A condition that a record is held to; the value is the user's word for it."""

    NOT_FORWARD = "not_forward"
    ACTIVE = "active"
    OUTGOING = "outgoing"
    APPROVED = "approved"

    @property
    def field(self) -> Field:
        return _FIELD_OF[self.wanted]

    @property
    def wanted(self) -> str:
        """The meaning that the field must have."""
        return "email_router" if self is Filter.OUTGOING else self.value

    @property
    def left_out(self) -> str:
        """What a record is that does not meet it."""
        return _LEFT_OUT[self]

    def is_of(self, entity: Entity) -> bool:
        """Users and queues are never forward mailboxes."""
        return self is not Filter.NOT_FORWARD or entity is Entity.MAILBOXES


_LEFT_OUT = {
    Filter.NOT_FORWARD: "a forward mailbox",
    Filter.ACTIVE: "inactive",
    Filter.OUTGOING: "sent by other means",
    Filter.APPROVED: "not approved",
}

#: By field, the key of a label → what it means.
Vocabulary = Mapping[Field, Mapping[str, str]]


def vocabulary_of(own: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    """The labels of CRM and those of the user (meaning → labels), which win. Raises OptionError."""
    known: dict[Field, dict[str, str]] = {field: {} for field in LABELS}
    for field, meanings in LABELS.items():
        for meaning, labels in meanings.items():
            known[field].update(dict.fromkeys(map(key_of, labels), meaning))
    for meaning, labels in own.items():
        if meaning not in _FIELD_OF:
            raise OptionError("labels", f"{meaning!r} is none of {', '.join(_FIELD_OF)}")
        known[_FIELD_OF[meaning]].update(dict.fromkeys(map(key_of, labels), meaning))
    return known


@dataclass(frozen=True)
class Objection:
    """Why a row is no mailbox. ``reason`` is the same for all rows of its kind, ``detail`` says what is in this one.

    ``is_fault``: it might be one, if it could be understood.
    """

    reason: str
    detail: str
    is_fault: bool


def check_columns(table: Table, columns: Columns, filters: tuple[Filter, ...]) -> None:
    """Raises ExportError if a filter has no column to look at: nothing is assumed of what was not exported."""
    lacking = [one for one in filters if one.is_of(columns.entity) and one.field not in columns.positions]
    if lacking:
        raise ExportError(
            table.source,
            f"no column for {', '.join(f'{one.field.value} (filter {one.value})' for one in lacking)}"
            f" (its columns: {table.columns})",
            "add it to the view and export again, name its heading in headings, or leave the filter out of filters if "
            "the view does the same",
        )


def objection_to(
    table: Table, row: Row, columns: Columns, filters: tuple[Filter, ...], vocabulary: Vocabulary
) -> Objection | None:
    """Why a row does not pass; what surely is not wanted is left out, whatever else of it cannot be understood."""
    doubts = []
    for one in filters:
        if not one.is_of(columns.entity):
            continue
        cell = columns.cell(row, one.field)
        meaning = vocabulary[one.field].get(key_of(cell))
        column = table.headings[columns.positions[one.field]]
        if meaning is None:
            doubts.append(_doubt(column, cell, one.field))
        elif meaning != one.wanted:
            return Objection(one.left_out, f"column {column!r} says {cell!r}", is_fault=False)
    return doubts[0] if doubts else None


def _doubt(column: str, cell: str, field: Field) -> Objection:
    if not cell:
        return Objection(f"with nothing in column {column!r}", "set it in CRM", is_fault=True)
    remedy = f"add it to labels: {', '.join(LABELS[field])}"
    return Objection(f"with an unknown value in column {column!r}", f"{cell!r}: {remedy}", is_fault=True)
