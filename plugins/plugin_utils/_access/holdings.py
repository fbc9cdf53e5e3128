# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that accounts hold: Send As and Send on Behalf anywhere, Full Access on given mailboxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .._exchange.access_lists import (
    NoEvidence,
    read_full_access_on,
    read_send_as_of,
    read_send_as_on,
    read_send_on_behalf_of,
)
from .._exchange.directory import find_by_id, find_by_name
from .._exchange.identities import Principal, Problem, Recipient
from .._exchange.rights import AccessEntry, Right
from .._exchange.session import Session
from .model import Facts, Grant, Unknown
from .observe import entries_of, facts_of, from_delegators, from_list


@dataclass(frozen=True)
class Blank:
    """What could not be looked at: an account and a right, on ``where``, and why."""

    principal: Principal
    right: Right
    where: str
    reason: str


@dataclass(frozen=True)
class Holdings:
    """``held``: grants with the facts that show a direct Allow. ``blanks``: what the reading left open."""

    held: dict[Grant, Facts]
    blanks: tuple[Blank, ...]


def read_holdings(session: Session, principals: Sequence[Principal], mailboxes: Sequence[Recipient]) -> Holdings:
    """Send As and Send on Behalf over the whole tenant, Full Access on ``mailboxes`` (exchange facts 3.3).

    What an entry names only by its Name is resolved to the object itself; where several bear it, each is looked at.
    """
    held: dict[Grant, Facts] = {}
    blanks: list[Blank] = []
    for read in (_send_as, _full_access, _send_on_behalf):
        for found in read(session, principals, mailboxes) if principals else ():
            if isinstance(found, Blank):
                blanks.append(found)
            else:
                grant, facts = found
                held[grant] = facts
    return Holdings(held, tuple(blanks))


Found = Iterator["tuple[Grant, Facts] | Blank"]


def _send_as(session: Session, principals: Sequence[Principal], _mailboxes: Sequence[Recipient]) -> Found:
    read = read_send_as_of(session, principals)
    bearers = find_by_name(session, {entry.mailbox for one in read.values() for entry in entries_of(one)})
    shared = [one for each in bearers.values() if not isinstance(each, Problem) and len(each) > 1 for one in each]
    alone = read_send_as_on(session, shared) if shared else {}
    for principal in principals:
        one = read[principal.key]
        if isinstance(one, NoEvidence):
            yield Blank(principal, Right.SEND_AS, "the whole organisation", one.reason)
        for name, entries in _by_name(entries_of(one)).items():
            recipients = bearers[name]
            if isinstance(recipients, Problem) or not recipients:
                reason = recipients.cause if isinstance(recipients, Problem) else "no recipient has this Name"
                yield Blank(principal, Right.SEND_AS, name, reason)
                continue
            for recipient in recipients:
                grant = Grant(recipient, principal, Right.SEND_AS)
                only = len(recipients) == 1
                yield from _if_held(
                    grant, facts_of(grant, entries) if only else from_list(grant, alone[recipient.guid])
                )


def _by_name(entries: Iterable[AccessEntry]) -> dict[str, list[AccessEntry]]:
    grouped: dict[str, list[AccessEntry]] = {}
    for entry in entries:
        grouped.setdefault(entry.mailbox.lower(), []).append(entry)
    return grouped


def _full_access(session: Session, principals: Sequence[Principal], mailboxes: Sequence[Recipient]) -> Found:
    deleted = any(principal.is_bare_sid for principal in principals)
    lists = read_full_access_on(session, mailboxes, unresolved=deleted)
    for principal in principals:
        for mailbox in mailboxes:
            grant = Grant(mailbox, principal, Right.FULL_ACCESS)
            yield from _if_held(grant, from_list(grant, lists[mailbox.guid]))


def _send_on_behalf(session: Session, principals: Sequence[Principal], _mailboxes: Sequence[Recipient]) -> Found:
    read = read_send_on_behalf_of(session, principals)
    guids = {guid for one in read.values() if not isinstance(one, NoEvidence) for guid in one}
    found = find_by_id(session, guids)
    for principal in principals:
        one = read[principal.key]
        if isinstance(one, NoEvidence):
            yield Blank(principal, Right.SEND_ON_BEHALF, "the whole organisation", one.reason)
            continue
        for guid in sorted(one):
            mailbox = found[guid]
            if isinstance(mailbox, Problem):
                yield Blank(principal, Right.SEND_ON_BEHALF, guid, mailbox.cause)
            else:
                grant = Grant(mailbox, principal, Right.SEND_ON_BEHALF)
                yield from _if_held(grant, from_delegators(grant, one))


def _if_held(grant: Grant, seen: Facts | Unknown) -> Found:
    if isinstance(seen, Unknown):
        yield Blank(grant.principal, grant.right, grant.mailbox.address, seen.reason)
    elif seen.allowed:
        yield grant, seen
