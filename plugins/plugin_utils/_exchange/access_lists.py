# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading who holds what: each reader answers with entries, or with why there is no evidence (design 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Union

from . import cmdlets, filters
from .directory import ask_all, may_pass, why_no_evidence
from .identities import Principal, Recipient, list_of, text_of
from .rights import AccessEntry, mailbox_entry, recipient_entry
from .session import Answer, Call, Session


@dataclass(frozen=True)
class Entries:
    """What a read showed. ``doubt``: what was odd about it, or empty."""

    entries: tuple[AccessEntry, ...]
    doubt: str = ""

    def on(self, recipient: Recipient) -> tuple[AccessEntry, ...]:
        """Those whose mailbox is called by a name of the recipient: of it, or of whoever shares that name."""
        found = (entry for name in recipient.names for entry in self._by_mailbox.get(name, ()))
        return tuple(entry for entry in dict.fromkeys(found) if recipient.is_called(entry.mailbox))

    @cached_property
    def _by_mailbox(self) -> dict[str, list[AccessEntry]]:
        """Keys: what the mailbox is called, and the last part of it where it is a path."""
        index: dict[str, list[AccessEntry]] = {}
        for entry in self.entries:
            called = entry.mailbox.strip().lower()
            for name in dict.fromkeys((called, called.rpartition("/")[2])):
                index.setdefault(name, []).append(entry)
        return index


@dataclass(frozen=True)
class NoEvidence:
    """A read that must not be believed, and why: neither held nor missing. ``odd``: another read may tell.

    ``may_pass``: by itself, so that another run may tell.
    """

    reason: str
    odd: bool = False
    may_pass: bool = True


AccessList = Union[Entries, NoEvidence]
#: The mailboxes (GUIDs) whose GrantSendOnBehalfTo names an account.
Delegators = Union[frozenset[str], NoEvidence]


def read_send_as_of(session: Session, principals: Sequence[Principal]) -> dict[str, AccessList]:
    """Send As that each account holds anywhere in the tenant. Keys: keys of the accounts.

    One call for each of its SIDs: a read by one SID does not show the entries under another (exchange facts 1.1).
    """
    answers = _ask_twice(session, {sid: cmdlets.get_send_as_of(sid) for one in principals for sid in one.sids})
    return {one.key: _of_one_trustee(one, [answers[sid] for sid in one.sids]) for one in principals}


def _ask_twice(session: Session, calls: Mapping[str, Call]) -> dict[str, Answer]:
    """Answers over the whole tenant. One without any row is asked for again: it would stand for every mailbox."""
    answers = ask_all(session, calls)
    empty = [key for key, answer in answers.items() if answer.error is None and not answer.rows]
    return {**answers, **ask_all(session, {key: replace(calls[key], fresh=True) for key in empty})}


def _of_one_trustee(principal: Principal, answers: Iterable[Answer]) -> AccessList:
    entries: dict[AccessEntry, None] = {}
    for answer in answers:
        fault = why_no_evidence(answer)
        if fault:
            return NoEvidence(fault, may_pass=may_pass(answer))
        entries.update(dict.fromkeys(recipient_entry(row) for row in answer.rows))
    strangers = [entry.trustee for entry in entries if entry.sid and not entry.is_of(principal)]
    if strangers:
        return NoEvidence(f"Exchange answered with entries of another account ({strangers[0]})")
    return Entries(tuple(entries))


def read_send_as_on(session: Session, recipients: Iterable[Recipient]) -> dict[str, AccessList]:
    """The Send As list of each recipient, unfiltered. Keys: GUIDs."""
    return _read_each(session, recipients, lambda one: cmdlets.get_send_as_on(one.guid), _send_as_entries)


def read_full_access_on(
    session: Session, recipients: Iterable[Recipient], unresolved: bool = False
) -> dict[str, AccessList]:
    """The access list of each mailbox, unfiltered; ``unresolved``: with deleted accounts. Keys: GUIDs."""
    return _read_each(
        session,
        recipients,
        lambda one: cmdlets.get_full_access_on(one.guid, unresolved),
        _full_access_entries,
    )


def _send_as_entries(answer: Answer) -> tuple[AccessEntry, ...]:
    return tuple(recipient_entry(row) for row in answer.rows)


def _full_access_entries(answer: Answer) -> tuple[AccessEntry, ...]:
    return tuple(mailbox_entry(row) for row in answer.rows)


def _read_each(
    session: Session,
    recipients: Iterable[Recipient],
    call: Callable[[Recipient], Call],
    entries_of: Callable[[Answer], tuple[AccessEntry, ...]],
) -> dict[str, AccessList]:
    """Unfiltered lists, each checked to be of the recipient asked for.

    A list that is odd is read once more: of another mailbox, cut off, or without its SELF entry, which is how a broken
    read shows (exchange facts 3.3, last line). Without SELF it is then believed with a doubt. A list without any entry
    is never believed (design rule 1), unless it is of a recipient that is no user: such a list may be empty.
    """
    by_guid = {one.guid: one for one in recipients}
    answers = ask_all(session, {guid: call(one) for guid, one in by_guid.items()})
    read = {guid: _list_of(by_guid[guid], answer, entries_of) for guid, answer in answers.items()}
    again = [by_guid[guid] for guid, one in read.items() if _is_odd(one)]
    if again:
        answers = ask_all(session, {one.guid: replace(call(one), fresh=True) for one in again})
        read.update({guid: _list_of(by_guid[guid], answer, entries_of) for guid, answer in answers.items()})
    return {guid: _believed(by_guid[guid], one) for guid, one in read.items()}


def _is_odd(read: AccessList) -> bool:
    return bool(read.doubt) if isinstance(read, Entries) else read.odd


def _list_of(
    recipient: Recipient, answer: Answer, entries_of: Callable[[Answer], tuple[AccessEntry, ...]]
) -> AccessList:
    fault = why_no_evidence(answer)
    if fault:
        return NoEvidence(fault, odd=answer.error is None, may_pass=may_pass(answer))
    entries = entries_of(answer)
    strangers = [entry.mailbox for entry in entries if not recipient.is_called(entry.mailbox)]
    if strangers:
        return NoEvidence(f"Exchange answered with entries of another mailbox ({strangers[0]})", odd=True)
    if any(entry.is_self for entry in entries) or (entries and not recipient.has_self):
        return Entries(entries)
    return Entries(entries, doubt="the entry of SELF, which every mailbox has, was not in the answer")


def _believed(recipient: Recipient, read: AccessList) -> AccessList:
    if isinstance(read, Entries) and not read.entries:
        return NoEvidence("Exchange answered with an empty access list, twice") if recipient.has_self else Entries(())
    return read


def read_send_on_behalf_of(session: Session, principals: Sequence[Principal]) -> dict[str, Delegators]:
    """The mailboxes that name each account in GrantSendOnBehalfTo, one call each. Keys: keys of the accounts.

    An account known by its SID alone has no directory object that a mailbox could name.
    """
    by_key = {one.key: one for one in principals}
    calls = {
        key: cmdlets.get_send_on_behalf_of(filters.equals("GrantSendOnBehalfTo", one.distinguished_name))
        for key, one in by_key.items()
        if filters.is_writable(one.distinguished_name) and one.distinguished_name
    }
    read = {key: _delegators(by_key[key], answer) for key, answer in _ask_twice(session, calls).items()}
    odd = [key for key, one in read.items() if isinstance(one, NoEvidence) and one.odd]
    again = ask_all(session, {key: replace(calls[key], fresh=True) for key in odd})
    read.update({key: _delegators(by_key[key], answer) for key, answer in again.items()})
    return {key: read[key] if key in read else _unasked(one) for key, one in by_key.items()}


def _unasked(principal: Principal) -> Delegators:
    if principal.is_bare_sid:
        return frozenset()
    if principal.distinguished_name:
        why = "the account's name holds a typographic quote, so no filter can safely look for it"
        return NoEvidence(why, may_pass=False)
    return NoEvidence("Exchange shows no distinguished name of the account, by which alone it could be looked for")


def _delegators(principal: Principal, answer: Answer) -> Delegators:
    fault = why_no_evidence(answer)
    if fault:
        return NoEvidence(fault, odd=answer.error is None, may_pass=may_pass(answer))
    for row in answer.rows:
        if not any(principal.is_called(value) for value in list_of(row.get("GrantSendOnBehalfTo"))):
            why = f"Exchange answered with a mailbox that does not name the account ({row.get('Name')})"
            return NoEvidence(why, odd=True)
    return frozenset(text_of(row.get("Guid")).lower() for row in answer.rows)
