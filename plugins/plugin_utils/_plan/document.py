# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as a document: what a run in check mode saw and would do, to be judged, and held to by a later run."""

from __future__ import annotations

from typing import TypedDict

FORMAT = "email_router.exchange_online/access-plan"
#: Grows when a reader of the last version would misread the document.
VERSION = 1


class PlannedRow(TypedDict):
    """One mailbox, account and right.

    Wanted: ``state`` (present or absent), ``until`` and ``reason`` as given, ``after``: the keys of the accounts
    that must hold the right before this one loses it. Observed: ``guid`` of the mailbox and ``account_key``, both
    empty where they were not found, and where nothing could or would be done (surplus that is only reported);
    ``before`` (held, not held, denied, unknown), ``inherited``, and ``entries``, the direct entries that give the
    right, each as SID and inheritance type. What would be done: ``action`` (grant, revoke, or none), and
    ``outcome`` and ``cause`` as in the row of mailbox_delegation.
    """

    mailbox: str
    address: str
    guid: str
    account: str
    account_key: str
    right: str
    state: str
    until: str
    reason: str
    after: list[str]
    before: str
    inherited: bool
    entries: list[list[str]]
    action: str
    outcome: str
    cause: str


class Hashes(TypedDict):
    """SHA-256, in hexadecimal digits, of the rows' parts, and of all of the document but the hashes."""

    desired: str
    observed: str
    actions: str
    plan: str


class Plan(TypedDict):
    """``created``: when the run began that made it, RFC 3339, UTC. ``application``: who signed in.

    ``rehearsal``: whether it was made on a snapshot; ``snapshot_taken``: when that was taken, or empty. ``settings``:
    options that writes depend on. ``coverage``: as mailbox_delegation gives it. ``held_back``: which limits or caps
    of the run that made it allow fewer writes, or empty. ``rows``: sorted by mailbox, account, right.
    """

    format: str
    version: int
    created: str
    collection_version: str
    organization: str
    application: str
    rehearsal: bool
    snapshot_taken: str
    settings: dict[str, bool]
    coverage: dict[str, str]
    held_back: str
    rows: list[PlannedRow]
    hashes: Hashes
