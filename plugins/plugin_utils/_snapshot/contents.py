# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a snapshot holds: a part of an organisation or all of it, what was not there, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .._exchange.rights import Right
from .._tenant.organisation import Organisation

FORMAT = "email_router.exchange_online/snapshot"
#: Grows when a reader of the last version would misread the file.
VERSION = 1
#: How the cause of what is unknown begins where the snapshot was not taken of it; rows are told apart by it.
DOES_NOT_HOLD = "the snapshot does not hold it"


class SnapshotError(ValueError):
    """A file that is no snapshot; the message says why, and how to mend it."""


class Detail(str, Enum):
    """How much of the organisation a snapshot holds."""

    MINIMAL = "minimal"
    FULL = "full"


class Subject(str, Enum):
    """What was asked for: who has an address, who an account is, or who holds a right."""

    MAILBOX = "mailbox"
    ACCOUNT = "account"
    SEND_AS = "send_as"
    FULL_ACCESS = "full_access"
    SEND_ON_BEHALF = "send_on_behalf"


class Fate(str, Enum):
    """What became of looking something up."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Gap:
    """What could not be read. ``of``: an address or account in lower case; of rights, the GUID of the mailbox, or what
    the account was asked for by in the whole organisation: a SID for Send As, a distinguished name for Send on Behalf;
    empty: all of it. ``may_pass``: by itself, so that another snapshot may have it; it is not in the file.
    """

    subject: Subject
    of: str
    reason: str
    may_pass: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Count:
    """How many entries of others give a right: direct ones that allow, those that deny, and inherited ones."""

    allow: int = 0
    deny: int = 0
    inherited: int = 0

    @property
    def total(self) -> int:
        return self.allow + self.deny + self.inherited


@dataclass(frozen=True)
class Snapshot:
    """``taken``: when reading began; RFC 3339, UTC. ``mailboxes``, ``accounts``: what was looked up, in lower case.

    ``others``: GUID of a mailbox → right → the entries of whom a minimal snapshot does not know; what is not in it was
    not counted, so that such a list as a whole is not held. A full snapshot has every list that is in no gap.
    """

    taken: str
    collection_version: str
    detail: Detail
    organisation: Organisation
    mailboxes: Mapping[str, Fate] = field(default_factory=dict)
    accounts: Mapping[str, Fate] = field(default_factory=dict)
    others: Mapping[str, Mapping[Right, Count]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    anonymized: bool = False

    @property
    def is_partial(self) -> bool:
        return self.detail is Detail.MINIMAL
