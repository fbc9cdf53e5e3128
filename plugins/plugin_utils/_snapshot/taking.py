# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a snapshot: only reading, with as few calls as what it is to hold allows (design 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._access.meter import MeteredSession, Statistics, Watch
from .._access.model import Grant
from .._access.observe import doubts_in_words, from_tenant_wide
from .._exchange import cmdlets
from .._exchange.access_lists import (
    Delegators,
    Entries,
    NoEvidence,
    read_full_access_on,
    read_send_as_of,
    read_send_as_on,
    read_send_on_behalf_of,
)
from .._exchange.accounts import find_accounts
from .._exchange.delegates import read_delegates_on
from .._exchange.directory import ask_all, check_names, find_recipients, may_pass, why_no_evidence
from .._exchange.failures import Failure, FailureClass
from .._exchange.identities import Principal, Recipient, address_fault, is_guid, recipient_of
from .._exchange.memory import RememberingSession
from .._exchange.rights import AccessEntry, Right
from .._exchange.session import Session, SessionError
from .._tenant.organisation import TENANT_ID, Organisation
from .census import RecordingSession, recipients_of
from .contents import Count, Detail, Fate, Snapshot, Subject
from .everything import read_everything
from .ledger import Ledger


@dataclass(frozen=True)
class Wanted:
    """``mailboxes``: addresses. ``accounts``: however an account may be named. With detail full both may be empty."""

    mailboxes: tuple[str, ...]
    accounts: tuple[str, ...]
    detail: Detail


@dataclass(frozen=True)
class Taken:
    """``doubts``: warnings about what was odd, and believed."""

    snapshot: Snapshot
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """Who and what was looked up and found."""

    mailboxes: tuple[Recipient, ...]
    principals: tuple[Principal, ...]

    def keeps(self, entry: AccessEntry) -> bool:
        """Whether an entry is of a known account, or may be: one without a SID that is called like it."""
        return any(entry.is_of(one) or (not entry.sid and one.is_called(entry.trustee)) for one in self.principals)


def take(session: Session, wanted: Wanted, watch: Watch, taken: str, version: str) -> tuple[Taken, Statistics]:
    """Raises SessionLost for a session that ends before all was asked, and SessionError where the detail is full and
    Exchange does not list the organisation."""
    metered = MeteredSession(session, watch)
    recording = RecordingSession(RememberingSession(metered))
    ledger = Ledger()
    metered.enter("resolve")
    listed = _list_directory(recording) if wanted.detail is Detail.FULL else ()
    accounts = find_accounts(recording, wanted.accounts)
    mailboxes = find_recipients(recording, [one for one in wanted.mailboxes if address_fault(one) is None])
    principals = _principals(accounts.values())
    own = {} if wanted.detail is Detail.FULL else _own_mailboxes(recording, principals, ledger)
    known = Known(_distinct([*mailboxes.values(), *own.values()]), principals)
    fates = ledger.fates(Subject.MAILBOX, mailboxes), ledger.fates(Subject.ACCOUNT, accounts)
    recipients = recipients_of(recording.heard)
    metered.enter("read")
    delegators = read_send_on_behalf_of(recording, known.principals)
    _note_blanks(ledger, known, delegators)
    if wanted.detail is Detail.FULL:
        read_everything(recording, listed, recipients, known.principals, delegators, ledger)
    else:
        _read_send_as(recording, known, ledger)
        _read_full_access(recording, known, ledger)
        _read_send_on_behalf(recording, known, delegators, ledger)
    metered.enter("")
    organisation = Organisation(*_whose(session), recipients=recipients)
    organisation.access = ledger.lists(one.guid for one in recipients)
    gaps = tuple(ledger.gaps.values())
    snapshot = Snapshot(taken, version, wanted.detail, organisation, *fates, ledger.others, gaps)
    return Taken(snapshot, tuple(doubts_in_words(ledger.doubtful))), metered.statistics


def _whose(session: Session) -> tuple[str, str]:
    connection = session.info.connection
    organization, tenant_id = str(connection.get("organization") or ""), str(connection.get("tenant_id") or "")
    return organization, tenant_id.lower() if is_guid(tenant_id) else TENANT_ID


def _list_directory(session: Session) -> tuple[Recipient, ...]:
    """All that has an address. Users, groups and what is deleted are heard beside it."""
    calls = {
        "recipients": cmdlets.list_recipients(),
        "deleted recipients": cmdlets.list_recipients(soft_deleted=True),
        "users": cmdlets.list_users(),
        "groups": cmdlets.list_groups(),
    }
    answers = ask_all(session, calls)
    for what, answer in answers.items():
        fault = why_no_evidence(answer)
        if fault:
            failure = Failure(FailureClass.EXCHANGE, retry_safe=may_pass(answer))
            raise SessionError(
                f"the {what} of the organisation could not be listed, so there is no snapshot: {fault}", failure
            )
    listed = tuple(recipient_of(row) for row in answers["recipients"].rows)
    if not all(one.guid for one in listed):
        failure = Failure(FailureClass.EXCHANGE, retry_safe=True)
        raise SessionError(
            "Exchange lists recipients without their GUID, so there is no snapshot: run it again", failure
        )
    return listed


def _distinct(found: Iterable[object]) -> tuple[Recipient, ...]:
    return tuple({one.guid: one for one in found if isinstance(one, Recipient)}.values())


def _principals(found: Iterable[object]) -> tuple[Principal, ...]:
    return tuple({one.key: one for one in found if isinstance(one, Principal)}.values())


def _own_mailboxes(session: Session, principals: Iterable[Principal], ledger: Ledger) -> Mapping[str, object]:
    """Of the accounts: a snapshot shows that they are there, so it has to hold who has access to them, too."""
    own = find_recipients(session, [one.address for one in principals if address_fault(one.address) is None])
    ledger.fates(Subject.MAILBOX, own)
    return own


def _note_blanks(ledger: Ledger, known: Known, delegators: Mapping[str, Delegators]) -> None:
    for one in known.principals:
        read = delegators[one.key]
        if isinstance(read, NoEvidence) and one.distinguished_name:
            ledger.miss(Subject.SEND_ON_BEHALF, one.distinguished_name.lower(), read.reason, read.may_pass)


def _read_send_as(session: Session, known: Known, ledger: Ledger) -> None:
    """By account over the whole organisation, as a run does. A mailbox is looked at itself where that does not decide,
    and always for an account with several SIDs: what a run looks at then depends on what it has written."""
    held = read_send_as_of(session, known.principals)
    for one in known.principals:
        read = held[one.key]
        if isinstance(read, NoEvidence):
            for sid in one.sids:
                ledger.miss(Subject.SEND_AS, sid, read.reason, read.may_pass)
    shown = {entry.mailbox.lower() for read in held.values() if isinstance(read, Entries) for entry in read.entries}
    names = check_names(session, [one.name for one in known.mailboxes if one.name.lower() in shown])
    alone: list[Recipient] = []
    for mailbox in known.mailboxes:
        grants = [Grant(mailbox, one, Right.SEND_AS) for one in known.principals]
        decides = (from_tenant_wide(grant, held[grant.principal.key], names) is not None for grant in grants)
        if not all(decides) or any(len(grant.principal.sids) > 1 for grant in grants):
            alone.append(mailbox)
            continue
        for read in held.values():
            if isinstance(read, Entries):
                ledger.enter(mailbox.guid, Right.SEND_AS, read.on(mailbox))
    lists = read_send_as_on(session, alone)
    for mailbox in alone:
        ledger.enter_list(mailbox.guid, mailbox.address, Right.SEND_AS, lists[mailbox.guid], known.keeps)


def _read_full_access(session: Session, known: Known, ledger: Ledger) -> None:
    mailboxes = [one for one in known.mailboxes if one.is_mailbox]
    lists = read_full_access_on(session, mailboxes, unresolved=True)
    for one in mailboxes:
        ledger.enter_list(one.guid, one.address, Right.FULL_ACCESS, lists[one.guid], known.keeps)


def _read_send_on_behalf(session: Session, known: Known, delegators: Mapping[str, Delegators], ledger: Ledger) -> None:
    """Which accounts are delegates their own reads say; the lists of the mailboxes, how many others there are."""
    mailboxes = [one for one in known.mailboxes if one.is_mailbox]
    read = read_delegates_on(session, mailboxes)
    for mailbox in mailboxes:
        ours = [one.guid for one in known.principals if _is_delegate(mailbox, delegators[one.key])]
        ledger.enter_delegates(mailbox.guid, ours)
        values = read[mailbox.guid]
        if isinstance(values, NoEvidence):
            ledger.miss(Subject.SEND_ON_BEHALF, mailbox.guid, values.reason, values.may_pass)
        elif _all_told(delegators.values()) and len(values) >= len(ours):
            ledger.count(mailbox.guid, Right.SEND_ON_BEHALF, Count(allow=len(values) - len(ours)))


def _is_delegate(mailbox: Recipient, read: Delegators) -> bool:
    return not isinstance(read, NoEvidence) and mailbox.guid in read


def _all_told(read: Iterable[Delegators]) -> bool:
    return not any(isinstance(one, NoEvidence) for one in read)


def counts_of(snapshot: Snapshot) -> dict[str, int]:
    """How much a snapshot holds, for its result."""
    access = snapshot.organisation.access.values()
    fates = [*snapshot.mailboxes.values(), *snapshot.accounts.values()]
    absent: Sequence[Fate] = [one for one in fates if one is not Fate.FOUND]
    return {
        "mailboxes": mailboxes_in(snapshot),
        "accounts": sum(one is Fate.FOUND for one in snapshot.accounts.values()),
        "recipients": len(snapshot.organisation.recipients),
        "entries": sum(len(one.send_as) + len(one.full_access) + len(one.send_on_behalf) for one in access),
        "others": sum(count.total for one in snapshot.others.values() for count in one.values()),
        "absent": len(absent),
        "gaps": len(snapshot.gaps),
    }


def mailboxes_in(snapshot: Snapshot) -> int:
    """Of the play; of a full snapshot all mailboxes whose access lists can be worked on."""
    if snapshot.is_partial:
        return sum(one is Fate.FOUND for one in snapshot.mailboxes.values())
    recipients = snapshot.organisation.recipients
    return sum(one.traits.mailbox and not one.soft_deleted for one in recipients)
