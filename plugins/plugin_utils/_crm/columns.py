# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which column of an export holds what: the headings that CRM gives its fields, by entity (router facts 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .tables import ExportError, Row, Table


class Entity(Enum):
    """What the records are; the value is the name of the set in CRM's Web API, too."""

    MAILBOXES = "mailboxes"
    USERS = "systemusers"
    QUEUES = "queues"

    @property
    def word(self) -> str:
        """The user's word for it."""
        return "users" if self is Entity.USERS else self.value


class Field(Enum):
    """What is read of a record; the value is the user's word for it."""

    ADDRESS = "address"
    OUTGOING = "outgoing"
    APPROVAL = "approval"
    STATUS = "status"
    FORWARD = "forward"
    NAME = "name"
    USER_NAME = "user_name"
    OWNER = "owner"
    REGARDING = "regarding"
    SERVER_PROFILE = "server_profile"
    ID = "id"


#: Heading or logical name, the first that a table has being the one. Where key_of makes one of two, one is left out.
#: "Incoming Email" is the address of a queue, but what receives the mail of a mailbox.
HEADINGS: Mapping[Entity, Mapping[Field, tuple[str, ...]]] = {
    Entity.MAILBOXES: {
        Field.ADDRESS: ("Email Address",),
        Field.OUTGOING: ("Outgoing Email", "outgoingemaildeliverymethod"),
        Field.APPROVAL: ("Email Address Status", "emailrouteraccessapproval"),
        Field.STATUS: ("Status", "statecode"),
        Field.FORWARD: ("Is Forward Mailbox",),
        Field.NAME: ("Name",),
        Field.OWNER: ("Owner", "_ownerid_value"),
        Field.REGARDING: ("Regarding", "_regardingobjectid_value"),
        Field.SERVER_PROFILE: ("Server Profile", "_emailserverprofile_value"),
        Field.ID: ("(Do Not Modify) Mailbox", "mailboxid"),
    },
    Entity.USERS: {
        Field.ADDRESS: ("Primary Email", "internalemailaddress"),
        Field.OUTGOING: ("Outgoing Email Delivery Method",),
        Field.APPROVAL: ("Primary Email Status", "emailrouteraccessapproval"),
        Field.STATUS: ("Status", "isdisabled"),
        Field.NAME: ("Full Name",),
        Field.USER_NAME: ("User Name", "domainname"),
        Field.ID: ("(Do Not Modify) User", "systemuserid"),
    },
    Entity.QUEUES: {
        Field.ADDRESS: ("Email Address", "Incoming Email"),
        Field.OUTGOING: ("Outgoing Email Delivery Method",),
        Field.APPROVAL: ("Primary Email Status", "emailrouteraccessapproval"),
        Field.STATUS: ("Status", "statecode"),
        Field.NAME: ("Name", "Queue Name"),
        Field.OWNER: ("Owner", "_ownerid_value"),
        Field.ID: ("(Do Not Modify) Queue", "queueid"),
    },
}


@dataclass(frozen=True)
class Columns:
    """Where the fields of a table's records are; a field that it lacks has no position."""

    entity: Entity
    positions: Mapping[Field, int]

    def cell(self, row: Row, field: Field) -> str:
        """The text of a field; empty where there is no such column."""
        position = self.positions.get(field)
        return "" if position is None else row.cells[position]


def columns_of(table: Table, entity: Entity | None, own: Mapping[Field, tuple[str, ...]]) -> Columns:
    """The columns of a table. ``own``: headings of the user, which come before those of CRM.

    Raises ExportError where the entity cannot be told, no column holds the address, or two have the same heading.
    """
    meant = entity or _entity_of(table)
    wanted = {field: (*own.get(field, ()), *HEADINGS[meant].get(field, ())) for field in Field}
    found = {field: _first(table, headings) for field, headings in wanted.items()}
    if found[Field.ADDRESS] is None:
        raise ExportError(
            table.source,
            f"no column of the {meant.word} holds the address (its columns: {table.columns})",
            f"export {' or '.join(repr(heading) for heading in wanted[Field.ADDRESS])}, or set headings: address",
        )
    return Columns(meant, {field: position for field, position in found.items() if position is not None})


def _first(table: Table, headings: tuple[str, ...]) -> int | None:
    positions = (table.position(heading) for heading in headings)
    return next((position for position in positions if position is not None), None)


def _entity_of(table: Table) -> Entity:
    """By what the file says, else by the record's own id, else by what only one of the entities calls its address."""
    for entity in Entity:
        if table.entity == entity.value or _first(table, HEADINGS[entity][Field.ID]) is not None:
            return entity
    if "emailaddress" in table.positions:
        return Entity.MAILBOXES
    if "primaryemail" in table.positions or "internalemailaddress" in table.positions:
        return Entity.USERS
    if _holds_addresses(table, "Incoming Email"):
        return Entity.QUEUES
    raise ExportError(
        table.source,
        f"it cannot be told what it lists (its columns: {table.columns})",
        "set entity to mailboxes, users or queues",
    )


def _holds_addresses(table: Table, heading: str) -> bool:
    position = table.position(heading)
    return position is not None and any("@" in row.cells[position] for row in table.rows)
