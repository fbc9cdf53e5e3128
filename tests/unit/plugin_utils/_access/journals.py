# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded runs for the tests of restoring, and what is found afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Facts
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.restore import Target
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.effects import traces_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.entries import (
    Begun,
    Box,
    Holder,
    Place,
    Sent,
    WriteState,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import RecordedRun, Write

from .._exchange.sessions import ACCOUNT, SALES
from .samples import WORDS, entry, grant

SID = ACCOUNT.sids[0]
OLD_SID = "S-1-5-21-1-2-3-999"
_numbers = count(1)
DONE, NO_EFFECT, REFUSED, IN_DOUBT = WriteState.DONE, WriteState.NO_EFFECT, WriteState.REFUSED, WriteState.IN_DOUBT


def write(
    verb: Verb,
    right: Right,
    state: WriteState = WriteState.DONE,
    before: Iterable[Place] = (),
    *,
    inheritance: str = "",
    trustee: str = ACCOUNT.guid,
    held: bool | None = None,
    denied: bool = False,
) -> Write:
    """A write to the mailbox of the samples. ``before``: the entries that were there."""
    entries = tuple(before)
    sent = Sent(
        "",
        next(_numbers),
        "t",
        verb,
        right,
        Box(SALES.guid, SALES.address, SALES.name),
        Holder(ACCOUNT.asked, ACCOUNT.guid, ACCOUNT.sids, ACCOUNT.upn),
        "",
        trustee,
        inheritance,
        bool(entries) if held is None else held,
        denied,
        entries,
    )
    return Write(sent, state)


def run(name: str, *writes: Write, of: str = "") -> RecordedRun:
    return RecordedRun(Begun(name, "t", "contoso.onmicrosoft.com", "mailbox_permission", of=of), writes)


def targets(*runs: RecordedRun) -> list[Target]:
    """What there is to undo of the first of the runs."""
    return [Target(trace, grant(trace.right)) for trace in traces_of(runs, runs[0])]


def found(right: Right, *places: Place, denied: bool = False) -> Facts:
    """What is read, with these entries."""
    shown = places if right in WORDS else ()
    entries = tuple(entry(right, place.sid, inheritance_type=place.inheritance_type) for place in shown)
    return Facts(bool(places), denied, False, entries)
