# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the Send As lists of a whole organisation at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from . import cmdlets
from .access_lists import AccessList, Entries, NoEvidence, read_send_as_on
from .directory import ask_all, may_pass, why_no_evidence
from .identities import Recipient
from .rights import AccessEntry, recipient_entry
from .session import Session


@dataclass(frozen=True)
class SendAsEverywhere:
    """``lists``: by GUID. ``unnamed``: what entries call a recipient that none of the organisation's is called."""

    lists: dict[str, AccessList]
    unnamed: tuple[str, ...] = ()


def read_send_as_everywhere(session: Session, recipients: Sequence[Recipient]) -> SendAsEverywhere | NoEvidence:
    """The Send As list of every recipient in one call. ``recipients``: all that the organisation has.

    The entries say whose they are by Name alone: where several bear it, or the entry of SELF is missing, the
    recipient is looked at itself (design rule 3; exchange facts 3.3, last line).
    """
    (answer,) = ask_all(session, {"": cmdlets.get_send_as_everywhere()}).values()
    fault = why_no_evidence(answer)
    if fault:
        return NoEvidence(fault, may_pass=may_pass(answer))
    by_name: dict[str, list[AccessEntry]] = {}
    for row in answer.rows:
        entry = recipient_entry(row)
        by_name.setdefault(entry.mailbox.lower(), []).append(entry)
    bearers = Counter(one.name.lower() for one in recipients)
    lists: dict[str, AccessList] = {}
    alone: list[Recipient] = []
    for one in recipients:
        entries = tuple(by_name.get(one.name.lower(), ()))
        if bearers[one.name.lower()] == 1 and (not one.has_self or any(entry.is_self for entry in entries)):
            lists[one.guid] = Entries(entries)
        else:
            alone.append(one)
    lists.update(read_send_as_on(session, alone))
    strange = (name for name in by_name if name not in bearers and not any(one.is_called(name) for one in alone))
    return SendAsEverywhere(lists, tuple(strange))
