# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that accounts hold: Send As and Send on Behalf anywhere, Full Access on given mailboxes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .._exchange.access_lists import (
    AccessList,
    Entries,
    NoEvidence,
    read_full_access_on,
    read_send_as_of,
    read_send_as_on,
    read_send_on_behalf_of,
)
from .._exchange.directory import find_by_id, find_by_name, find_recipients, list_recipients
from .._exchange.identities import Principal, Problem, ProblemKind, Recipient, is_guid
from .._exchange.listings import SendAsEverywhere, read_send_as_everywhere
from .._exchange.rights import AccessEntry, Right
from .._exchange.session import Session
from .model import Facts, Grant, GrantKey
from .observe import entries_of, entries_on, facts_of

EVERYWHERE = "the whole organisation"


@dataclass(frozen=True)
class Blank:
    """What could not be looked at: an account and a right, on ``where``, and why. ``may_pass``: by itself."""

    principal: Principal
    right: Right
    where: str
    reason: str
    may_pass: bool = True


@dataclass(frozen=True)
class Sighting:
    """What was found of an account on a mailbox. ``entries``: all that speak of it, Deny and inherited ones, too.

    A delegate for Send on Behalf has no entry: it is held or not.
    """

    grant: Grant
    facts: Facts
    entries: tuple[AccessEntry, ...] = ()


@dataclass(frozen=True)
class Holdings:
    """``held``: grants with the facts that show a direct Allow. ``blanks``: what the reading left open."""

    held: dict[Grant, Facts]
    blanks: tuple[Blank, ...]


def read_holdings(session: Session, principals: Sequence[Principal], mailboxes: Sequence[Recipient]) -> Holdings:
    """Send As and Send on Behalf over the whole tenant, Full Access on ``mailboxes`` (exchange facts 3.3)."""
    found = list(sightings(session, principals, mailboxes))
    return Holdings(
        held={one.grant: one.facts for one in found if isinstance(one, Sighting) and one.facts.allowed},
        blanks=tuple(one for one in found if isinstance(one, Blank)),
    )


Found = Iterator["Sighting | Blank"]


def sightings(
    session: Session,
    principals: Sequence[Principal],
    mailboxes: Sequence[Recipient],
    rights: Collection[Right] = tuple(Right),
) -> Found:
    """All that speaks of the accounts: for Send As and Send on Behalf anywhere, for Full Access on ``mailboxes``.

    What an entry names only by its Name is resolved to the object itself; where several bear it, each is looked at.
    """
    if not principals:
        return
    if Right.SEND_AS in rights:
        yield from _send_as(session, principals)
    if Right.FULL_ACCESS in rights:
        yield from _full_access(session, principals, mailboxes)
    if Right.SEND_ON_BEHALF in rights:
        yield from _send_on_behalf(session, principals)


def _send_as(session: Session, principals: Sequence[Principal]) -> Found:
    """No read by trustee shows every entry of an account with several SIDs (exchange facts 1.1): all are read."""
    seen: set[GrantKey] = set()
    for one in _send_as_by_trustee(session, principals):
        if isinstance(one, Sighting):
            seen.add(one.grant.key)
        yield one
    for one in _send_as_everywhere(session, [each for each in principals if len(each.sids) > 1]):
        if isinstance(one, Blank) or one.grant.key not in seen:
            yield one


def _send_as_by_trustee(session: Session, principals: Sequence[Principal]) -> Found:
    read = read_send_as_of(session, principals)
    bearers = _bearers(session, {entry.mailbox for one in read.values() for entry in entries_of(one)})
    shared = [one for each in bearers.values() if not isinstance(each, Problem) and len(each) > 1 for one in each]
    alone = read_send_as_on(session, shared) if shared else {}
    for principal in principals:
        one = read[principal.key]
        if isinstance(one, NoEvidence):
            yield Blank(principal, Right.SEND_AS, EVERYWHERE, one.reason, one.may_pass)
        for name, entries in _by_name(entries_of(one)).items():
            recipients = bearers[name]
            if isinstance(recipients, Problem):
                yield Blank(principal, Right.SEND_AS, name, recipients.cause)
                continue
            for recipient in recipients:
                only = len(recipients) == 1
                grant = Grant(recipient, principal, Right.SEND_AS)
                yield from _on_list(grant, Entries(tuple(entries)) if only else alone[recipient.guid])


def _bearers(session: Session, names: Iterable[str]) -> dict[str, tuple[Recipient, ...] | Problem]:
    """Whom the Identity of an entry may mean: who bears that Name, else the address or id (exchange facts Q7)."""
    found = find_by_name(session, names)
    nameless = [name for name, each in found.items() if not isinstance(each, Problem) and not each]
    others: dict[str, Recipient | Problem] = {
        **find_by_id(session, [name for name in nameless if is_guid(name)]),
        **find_recipients(session, [name for name in nameless if "@" in name]),
    }
    for name in nameless:
        other = others.get(name) or Problem(ProblemKind.NOT_FOUND, "no recipient has this Name")
        found[name] = other if isinstance(other, Problem) else (other,)
    return found


def _send_as_everywhere(session: Session, principals: Sequence[Principal]) -> Found:
    if not principals:
        return
    recipients = list_recipients(session)
    read = recipients if isinstance(recipients, Problem) else read_send_as_everywhere(session, recipients)
    for principal in principals:
        if isinstance(recipients, Problem) or not isinstance(read, SendAsEverywhere):
            why = read if isinstance(read, NoEvidence) else NoEvidence("the recipients could not be listed")
            yield Blank(principal, Right.SEND_AS, EVERYWHERE, why.reason, why.may_pass)
            continue
        for recipient in recipients:
            yield from _on_list(Grant(recipient, principal, Right.SEND_AS), read.lists[recipient.guid])


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
            yield from _on_list(Grant(mailbox, principal, Right.FULL_ACCESS), lists[mailbox.guid])


def _on_list(grant: Grant, read: AccessList) -> Found:
    if isinstance(read, NoEvidence):
        yield Blank(grant.principal, grant.right, grant.mailbox.address, read.reason, read.may_pass)
        return
    entries = entries_on(grant, read.entries)
    if entries:
        yield Sighting(grant, facts_of(grant, entries, read.doubt), entries)


def _send_on_behalf(session: Session, principals: Sequence[Principal]) -> Found:
    read = read_send_on_behalf_of(session, principals)
    guids = {guid for one in read.values() if not isinstance(one, NoEvidence) for guid in one}
    found = find_by_id(session, guids)
    for principal in principals:
        one = read[principal.key]
        if isinstance(one, NoEvidence):
            yield Blank(principal, Right.SEND_ON_BEHALF, EVERYWHERE, one.reason, one.may_pass)
            continue
        for guid in sorted(one):
            mailbox = found[guid]
            if isinstance(mailbox, Problem):
                yield Blank(principal, Right.SEND_ON_BEHALF, guid, mailbox.cause)
            else:
                grant = Grant(mailbox, principal, Right.SEND_ON_BEHALF)
                yield Sighting(grant, Facts(allowed=True, denied=False, inherited=False))
