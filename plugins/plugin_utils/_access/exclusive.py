# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""These and no others: whoever else holds a right on a mailbox is to lose it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Union

from .._exchange.access_lists import AccessList, NoEvidence, read_full_access_on, read_send_as_on
from .._exchange.accounts import Account
from .._exchange.delegates import Delegates, find_delegates, read_delegates_on
from .._exchange.identities import Principal, Problem, Recipient
from .._exchange.rights import AccessEntry, Right
from .._exchange.session import Session
from .model import Facts, Finding, Grant, Outcome, State, Want
from .observe import facts_of
from .plan import Step, Verb
from .surplus import Surplus

Found = Iterator[Union[Finding, Step]]


def find_others(session: Session, wants: Iterable[Want], trustees: Sequence[Principal]) -> Surplus:
    """A revocation for every direct Allow of the wanted rights that is neither of SELF nor of ``trustees``.

    It waits until the trustees hold the right there: a mailbox is not left without anybody.

    Deny and inherited entries are left alone. A list that could not be read, an entry without a SID and a delegate
    that may be several objects lead to no revocation, but to a finding (design rules 1 and 3).
    """
    places: dict[Right, dict[str, Want]] = {right: {} for right in Right}
    for want in wants:
        first = places[want.grant.right].setdefault(want.grant.mailbox.guid, want)
        places[want.grant.right][want.grant.mailbox.guid] = replace(first, after=(*first.after, want.grant.key))
    found = [
        *_in_lists(session, places[Right.SEND_AS], trustees),
        *_in_lists(session, places[Right.FULL_ACCESS], trustees),
        *_among_delegates(session, places[Right.SEND_ON_BEHALF], trustees),
    ]
    return Surplus(
        findings=tuple(one for one in found if isinstance(one, Finding)),
        steps=tuple(one for one in found if isinstance(one, Step)),
    )


def _in_lists(session: Session, places: Mapping[str, Want], trustees: Sequence[Principal]) -> Found:
    for guid, read in _read(session, list(places.values())).items():
        yield from _in_list(places[guid], read, trustees)


def _read(session: Session, places: Sequence[Want]) -> dict[str, AccessList]:
    mailboxes = [want.grant.mailbox for want in places]
    if not places:
        return {}
    if places[0].grant.right is Right.SEND_AS:
        return read_send_as_on(session, mailboxes)
    return read_full_access_on(session, mailboxes, unresolved=True)


def _in_list(place: Want, read: AccessList, trustees: Sequence[Principal]) -> Found:
    if isinstance(read, NoEvidence):
        yield _held_back(place, "others", f"the access list could not be read: {read.reason}", read.may_pass)
        return
    right, mailbox = place.grant.right, place.grant.mailbox
    strangers = [entry for entry in read.entries if entry.gives(right) and _is_stranger(entry, trustees)]
    for sid, name in {entry.sid: entry.trustee for entry in strangers}.items():
        if not sid:
            yield _held_back(place, name, "Exchange shows no SID for the entry, by which alone it could be revoked")
            continue
        grant = Grant(mailbox, Principal(asked=name, sids=(sid,), name=name), right)
        yield _revocation(place, grant, facts_of(grant, read.entries, read.doubt))


def _is_stranger(entry: AccessEntry, trustees: Iterable[Principal]) -> bool:
    if entry.is_self or entry.inherited or not entry.allows:
        return False
    return not any(entry.is_of(trustee) for trustee in trustees)


def _among_delegates(session: Session, places: Mapping[str, Want], trustees: Sequence[Principal]) -> Found:
    if not places:
        return
    read = read_delegates_on(session, [want.grant.mailbox for want in places.values()])
    shown = {value for one in read.values() if not isinstance(one, NoEvidence) for value in one}
    meant = find_delegates(session, shown)
    for guid, delegates in read.items():
        yield from _others_among(places[guid], delegates, meant, {trustee.guid for trustee in trustees})


def _others_among(place: Want, read: Delegates, meant: Mapping[str, Account], wanted: set[str]) -> Found:
    if isinstance(read, NoEvidence):
        yield _held_back(
            place, "others", f"who may send on behalf of it could not be read: {read.reason}", read.may_pass
        )
        return
    others: dict[str, Principal] = {}
    for value in read:
        account = meant[value.strip().lower()]
        if isinstance(account, Problem):
            yield _held_back(place, value, f"it is not certain whom the delegate {value!r} means: {account.cause}")
        elif account.guid not in wanted:
            others.setdefault(account.guid, account)
    for account in others.values():
        grant = Grant(place.grant.mailbox, account, Right.SEND_ON_BEHALF)
        yield _revocation(place, grant, Facts(allowed=True, denied=False, inherited=False))


def _revocation(place: Want, grant: Grant, facts: Facts) -> Step:
    return Step(Want(place.host, grant, State.ABSENT, grant.principal.label, after=place.after), Verb.REVOKE, facts)


def _held_back(place: Want, account: str, cause: str, may_pass: bool = True) -> Finding:
    mailbox: Recipient = place.grant.mailbox
    return Finding(
        host=place.host,
        address=mailbox.address,
        account=account,
        right=place.grant.right,
        state=State.ABSENT,
        outcome=Outcome.UNKNOWN,
        cause=cause,
        next_step="nothing was revoked there; mend the cause and run it again, or revoke it by hand",
        may_pass=may_pass,
    )
