# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading who holds what in a whole organisation, for a full snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._exchange.access_lists import Delegators, NoEvidence, read_full_access_on
from .._exchange.delegates import read_delegates_everywhere
from .._exchange.identities import Principal, Recipient
from .._exchange.listings import read_send_as_everywhere
from .._exchange.rights import Right
from .._exchange.session import Session
from .._tenant.recipients import Recipient as Portrait
from .contents import Subject
from .ledger import Ledger


def read_everything(
    session: Session,
    listed: Sequence[Recipient],
    portraits: Sequence[Portrait],
    principals: Sequence[Principal],
    delegators: Mapping[str, Delegators],
    ledger: Ledger,
) -> None:
    """Send As in one call and Send on Behalf in another, Full Access of each mailbox. ``listed``: all recipients;
    ``portraits``: they, users and groups, as the snapshot holds them."""
    mailboxes = [one for one in listed if one.is_mailbox]
    everywhere = read_send_as_everywhere(session, listed)
    if isinstance(everywhere, NoEvidence):
        ledger.miss(Subject.SEND_AS, "", everywhere.reason, everywhere.may_pass)
    else:
        for one in listed:
            ledger.enter_list(one.guid, one.address, Right.SEND_AS, everywhere.lists[one.guid])
    lists = read_full_access_on(session, mailboxes, unresolved=True)
    for one in mailboxes:
        ledger.enter_list(one.guid, one.address, Right.FULL_ACCESS, lists[one.guid])
    _read_delegates(session, mailboxes, _Meanings(portraits), principals, delegators, ledger)


def _read_delegates(
    session: Session,
    mailboxes: Sequence[Recipient],
    meanings: _Meanings,
    principals: Sequence[Principal],
    delegators: Mapping[str, Delegators],
    ledger: Ledger,
) -> None:
    """A delegate of whom it is not certain who it is makes the list of its mailbox a gap."""
    read = read_delegates_everywhere(session, mailboxes)
    for mailbox in mailboxes:
        ours = [one for one in principals if _is_delegate(mailbox, delegators[one.key])]
        ledger.enter_delegates(mailbox.guid, [one.guid for one in ours])
        values = read[mailbox.guid]
        if isinstance(values, NoEvidence):
            ledger.miss(Subject.SEND_ON_BEHALF, mailbox.guid, values.reason, values.may_pass)
            continue
        for value in values:
            meant = meanings.of(value)
            if len(meant) == 1:
                ledger.enter_delegates(mailbox.guid, meant)
            elif not any(one.is_called(value) for one in ours):
                why = f"it is not certain whom the delegate {value!r} means"
                ledger.miss(Subject.SEND_ON_BEHALF, mailbox.guid, why, may_pass=False)


def _is_delegate(mailbox: Recipient, read: Delegators) -> bool:
    return not isinstance(read, NoEvidence) and mailbox.guid in read


class _Meanings:
    """Whom a value of GrantSendOnBehalfTo may mean: by GUID, Name, UPN or address (exchange facts Q8)."""

    def __init__(self, portraits: Sequence[Portrait]) -> None:
        self._bearers: dict[str, set[str]] = {}
        for one in portraits:
            if one.soft_deleted:
                continue
            for name in {one.guid, one.object_id, one.name.lower(), one.upn.lower(), one.address.lower(), *one.aliases}:
                if name:
                    self._bearers.setdefault(name, set()).add(one.guid)

    def of(self, value: str) -> frozenset[str]:
        """The GUIDs of all that it may mean."""
        return frozenset(self._bearers.get(value.strip().lower(), ()))
