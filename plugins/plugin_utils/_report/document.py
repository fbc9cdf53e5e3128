# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a document: what its JSON holds, and what every other format is written from."""

from __future__ import annotations

from typing import TypedDict

FORMAT = "email_router.exchange_online/access-report"
#: Grows when a reader of the last version would misread the document.
VERSION = 1


class Source(TypedDict):
    """What ran it, from the variables of the CI system; empty texts outside of one."""

    system: str
    commit: str
    ref: str
    job: str
    url: str


class Head(TypedDict):
    """``created``: when the report was. ``began``, ``ended``: the run. All RFC 3339, UTC.

    ``application``: who signed in. ``mode``: audit or enforcement. ``rehearsal``: it ran on a snapshot.
    ``coverage``: as mailbox_delegation gives it.
    """

    created: str
    began: str
    ended: str
    collection_version: str
    organization: str
    application: str
    mode: str
    rehearsal: bool
    source: Source
    coverage: dict[str, object]


class Row(TypedDict):
    """One mailbox, account and right. The first ten are the row of mailbox_delegation.

    ``until``, ``reason``: what the host's variables say of the grant, or empty. ``verdict``: ok, ignore, warn or fail.
    ``since``: when a report first had this outcome for it, without another in between. ``standing``,
    ``standing_since``: what is last known of it, from when on, which the next report goes on from: the outcome; but of
    what is unknown, that of the report before, and of what is missing or unwanted after a write that was pending, still
    ``pending``. ``regranted``: in how many reports it was gone again though it had been held, without two between them
    that found it held on end, so that something else must be removing it.
    """

    mailbox: str
    address: str
    account: str
    right: str
    state: str
    before: str
    outcome: str
    cause: str
    next_step: str
    notes: list[str]
    until: str
    reason: str
    verdict: str
    since: str
    standing: str
    standing_since: str
    regranted: int


class Verdict(TypedDict):
    """``sentence``: what is wrong, for a last line. ``rules``: outcome to fail, warn or ignore. ``grace``: outcome to
    the hours for which it is let pass.

    ``failure_class``, ``retry_safe``: as mailbox_delegation gives them, so that a pipeline knows whether to try again.
    """

    failed: bool
    sentence: str
    failure_class: str
    retry_safe: bool
    rules: dict[str, str]
    grace: dict[str, float]
    counts: dict[str, int]


class Key(TypedDict):
    """Which grant a change is about."""

    mailbox: str
    account: str
    right: str


class Changes(TypedDict):
    """What is otherwise than in the report before. ``since``: when that was created.

    ``other``: of another outcome, or without a row in one of the two, and in none of the other lists.
    """

    since: str
    new_drift: list[Key]
    mended: list[Key]
    new_surplus: list[Key]
    mailboxes_added: list[str]
    mailboxes_gone: list[str]
    still_pending: list[Key]
    regranted: list[Key]
    other: list[Key]


class Document(TypedDict):
    """``changes``: None where no report before it was given. ``statistics``: as mailbox_delegation gives them.

    ``surplus_unseen``: rows of earlier reports, of surplus that this run did not look for, or could not: neither found
    nor gone. The next report goes on from them, too.
    """

    format: str
    version: int
    head: Head
    verdict: Verdict
    summary: dict[str, int]
    changes: Changes | None
    statistics: dict[str, object]
    rows: list[Row]
    surplus_unseen: list[Row]
