# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds what on mailboxes, and what accounts hold anywhere: only looking, and saying what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._exchange.access_lists import NoEvidence, read_full_access_on, read_send_as_on
from .._exchange.accounts import find_accounts
from .._exchange.delegates import find_delegates, read_delegates_everywhere, read_delegates_on
from .._exchange.directory import find_recipients, list_recipients
from .._exchange.identities import Principal, Problem, ProblemKind, Recipient, address_fault
from .._exchange.listings import read_send_as_everywhere
from .._exchange.rights import Right
from .._exchange.session import Session
from .._wording import counted_noun, plural_of
from .holdings import EVERYWHERE, sightings
from .meter import MeteredSession, Statistics, Watch
from .notebook import Gap, Notebook, Permission


@dataclass(frozen=True)
class Inquiry:
    """What to look at. Without ``trustees``: who holds what on the mailboxes; with them: what they hold.

    Accounts are looked for in the whole organisation, but for Full Access, which only single mailboxes show: for it
    alone ``mailboxes`` say where to look. ``include_self``: with the entries that every mailbox has of itself.
    """

    mailboxes: tuple[str, ...] = ()
    trustees: tuple[str, ...] = ()
    rights: tuple[Right, ...] = tuple(Right)
    all_mailboxes: bool = False
    include_self: bool = False

    @property
    def needs_mailboxes(self) -> bool:
        return not self.trustees or Right.FULL_ACCESS in self.rights


@dataclass(frozen=True)
class Overview:
    """What was seen, and what was not. ``coverage``: per right, what was looked at (design rule 12)."""

    permissions: tuple[Permission, ...]
    gaps: tuple[Gap, ...]
    coverage: dict[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Field:
    """The recipients that are looked at; of how many that were asked for they are is in ``asked``."""

    recipients: tuple[Recipient, ...]
    asked: int

    @property
    def mailboxes(self) -> tuple[Recipient, ...]:
        return tuple(one for one in self.recipients if one.is_mailbox)

    @property
    def others(self) -> tuple[Recipient, ...]:
        return tuple(one for one in self.recipients if not one.is_mailbox)


def inquire(session: Session, inquiry: Inquiry, watch: Watch) -> tuple[Overview, Statistics]:
    """Looks, and never writes. Raises SessionLost for a session that ends before all was seen."""
    metered = MeteredSession(session, watch)
    book = Notebook(inquiry.include_self)
    metered.enter("resolve")
    field = _look_up(metered, inquiry, book) if inquiry.needs_mailboxes else _Field((), 0)
    principals = _principals(metered, inquiry.trustees, book)
    metered.enter("read")
    if inquiry.trustees:
        for one in sightings(metered, principals, field.mailboxes, inquiry.rights):
            book.enter_sighting(one)
        coverage = _coverage_of_holders(inquiry, principals, field, book)
    else:
        _read_lists(metered, inquiry, field, book)
        coverage = _coverage_of_lists(inquiry.rights, field, book)
    metered.enter("")
    warnings = [*book.warnings(), *_left_out(inquiry, field)]
    return Overview(book.sorted_permissions(), tuple(book.gaps), coverage, tuple(warnings)), metered.statistics


def _look_up(session: Session, inquiry: Inquiry, book: Notebook) -> _Field:
    if inquiry.all_mailboxes:
        everything = list_recipients(session)
        if isinstance(everything, Problem):
            book.miss(EVERYWHERE, everything)
            return _Field((), 0)
        return _Field(everything, len(everything))
    asked = {one.strip().lower(): one.strip() for one in inquiry.mailboxes}
    faults = {one: fault for one in asked if (fault := address_fault(one))}
    found = find_recipients(session, [one for one in asked if one not in faults])
    recipients: dict[str, Recipient] = {}
    for one, name in asked.items():
        owner = found.get(one) or Problem(ProblemKind.UNSUPPORTED, faults[one], "correct the address")
        if isinstance(owner, Problem):
            book.miss(name, owner)
        else:
            recipients.setdefault(owner.guid, owner)
            book.names.setdefault(owner.guid, name)
    return _Field(tuple(recipients.values()), len(recipients) + len(book.gaps))


def _principals(session: Session, trustees: Iterable[str], book: Notebook) -> tuple[Principal, ...]:
    spelled = {trustee.lower(): trustee for trustee in trustees}
    principals: dict[str, Principal] = {}
    for name, account in find_accounts(session, spelled).items():
        if isinstance(account, Problem):
            book.gaps.append(Gap.of(account, trustee=spelled[name]))
        else:
            principals.setdefault(account.key, account)
    return tuple(principals.values())


def _read_lists(session: Session, inquiry: Inquiry, field: _Field, book: Notebook) -> None:
    if Right.SEND_AS in inquiry.rights:
        _read_send_as(session, inquiry.all_mailboxes, field, book)
    if Right.FULL_ACCESS in inquiry.rights:
        lists = read_full_access_on(session, field.mailboxes, unresolved=True)
        for one in field.mailboxes:
            book.enter_list(one, Right.FULL_ACCESS, lists[one.guid])
    if Right.SEND_ON_BEHALF in inquiry.rights:
        _read_send_on_behalf(session, inquiry.all_mailboxes, field, book)


def _read_send_as(session: Session, everywhere: bool, field: _Field, book: Notebook) -> None:
    if not everywhere:
        lists = read_send_as_on(session, field.recipients)
    elif field.recipients:
        read = read_send_as_everywhere(session, field.recipients)
        if isinstance(read, NoEvidence):
            book.gaps.append(Gap(EVERYWHERE, "", Right.SEND_AS, read.reason, may_pass=read.may_pass))
            return
        lists = read.lists
        book.gaps.extend(Gap(name, "", Right.SEND_AS, "no recipient has this Name") for name in read.unnamed)
    for one in field.recipients:
        book.enter_list(one, Right.SEND_AS, lists[one.guid])


def _read_send_on_behalf(session: Session, everywhere: bool, field: _Field, book: Notebook) -> None:
    """Delegates shown by Name or GUID are looked up, many at once, to be shown by address (exchange facts Q8)."""
    read = (read_delegates_everywhere if everywhere else read_delegates_on)(session, field.mailboxes)
    shown = {value for one in read.values() if not isinstance(one, NoEvidence) for value in one}
    found = find_delegates(session, [value for value in shown if "@" not in value])
    labels = {value: account.label for value, account in found.items() if isinstance(account, Principal)}
    for one in field.mailboxes:
        book.enter_delegates(one, read[one.guid], labels)


def _coverage_of_lists(rights: Iterable[Right], field: _Field, book: Notebook) -> dict[str, str]:
    coverage = {}
    for right in rights:
        of_all = right is Right.SEND_AS
        asked = field.asked - (0 if of_all else len(field.others))
        looked_at = len(field.recipients if of_all else field.mailboxes)
        read = max(0, looked_at - book.missed(right))
        coverage[right.value] = _so_many(read, asked, "recipient" if of_all else "mailbox")
    return coverage


def _coverage_of_holders(
    inquiry: Inquiry, principals: Sequence[Principal], field: _Field, book: Notebook
) -> dict[str, str]:
    if not principals:
        return {right.value: "not looked at: none of the accounts was found" for right in inquiry.rights}
    coverage = {}
    for right in inquiry.rights:
        missed = book.missed(right)
        if right is not Right.FULL_ACCESS:
            coverage[right.value] = EVERYWHERE + (
                f", but for {counted_noun(missed, 'place')}: see unresolved" if missed else ""
            )
        elif not (inquiry.mailboxes or inquiry.all_mailboxes):
            coverage[right.value] = "not looked at: give mailboxes or all_mailboxes"
        else:
            asked = field.asked - len(field.others)
            coverage[right.value] = _so_many(max(0, len(field.mailboxes) - missed), asked, "mailbox")
    return coverage


def _so_many(read: int, asked: int, what: str) -> str:
    return f"{read} of {counted_noun(asked, what)}" if asked else f"no {plural_of(what)}"


def _left_out(inquiry: Inquiry, field: _Field) -> list[str]:
    """Recipients that were named, and have no mailbox whose Full Access or Send on Behalf could be read."""
    skipped = [right.wording for right in inquiry.rights if right is Right.FULL_ACCESS or not inquiry.trustees]
    skipped = [wording for wording in skipped if wording != Right.SEND_AS.wording]
    if inquiry.all_mailboxes or not skipped or not field.others:
        return []
    shown = ", ".join(f"{one.address} ({one.kind})" for one in field.others[:5])
    more = ", …" if len(field.others) > 5 else ""
    rights = " and ".join(skipped)
    return [
        f"{rights}: read of mailboxes alone, so not of {counted_noun(len(field.others), 'recipient')}: {shown}{more}"
    ]
