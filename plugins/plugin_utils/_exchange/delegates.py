# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send on Behalf as mailboxes show it: the values of GrantSendOnBehalfTo, and whom each of them means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Union

from . import cmdlets, filters
from .access_lists import NoEvidence
from .accounts import Account, account_fault, find_accounts
from .directory import ask_all, by_filter, find_by_id, find_by_name, find_recipients, may_pass, why_no_evidence
from .identities import Principal, Problem, ProblemKind, Recipient, is_guid, list_of, text_of
from .session import Row, Session

#: What GrantSendOnBehalfTo of a mailbox holds, as Exchange shows it.
Delegates = Union[tuple[str, ...], NoEvidence]
#: Problems by which a value is no name of that sort; any other leaves open whom it means.
_NO_SUCH = frozenset({ProblemKind.NOT_FOUND, ProblemKind.UNSUPPORTED})


def read_delegates_on(session: Session, mailboxes: Iterable[Recipient]) -> dict[str, Delegates]:
    """Who may send on behalf of each mailbox. Keys: GUIDs."""
    guids = list(dict.fromkeys(one.guid for one in mailboxes))
    rows, faults = by_filter(
        session,
        guids,
        lambda guid: filters.equals("Guid", guid),
        cmdlets.get_send_on_behalf_of,
        alone=cmdlets.get_delegates_on,
    )
    return {**_of_each(guids, rows), **_without_evidence(faults)}


def _without_evidence(faults: Mapping[str, Problem]) -> dict[str, NoEvidence]:
    return {guid: NoEvidence(problem.cause, may_pass=problem.may_pass) for guid, problem in faults.items()}


def read_delegates_everywhere(session: Session, mailboxes: Iterable[Recipient]) -> dict[str, Delegates]:
    """The same in one call, for ``mailboxes`` that are all which the organisation has."""
    (answer,) = ask_all(session, {"": cmdlets.get_delegates_everywhere()}).values()
    guids = [one.guid for one in mailboxes]
    fault = why_no_evidence(answer)
    if fault:
        return dict.fromkeys(guids, NoEvidence(fault, may_pass=may_pass(answer)))
    return _of_each(guids, answer.rows)


def _of_each(guids: Iterable[str], rows: Iterable[Row]) -> dict[str, Delegates]:
    shown = {text_of(row.get("Guid")).lower(): tuple(list_of(row.get("GrantSendOnBehalfTo"))) for row in rows}
    return {guid: shown.get(guid, NoEvidence("Exchange did not show the mailbox")) for guid in guids}


def find_delegates(session: Session, values: Iterable[str]) -> dict[str, Account]:
    """The one object that each value means, or why that is not certain. Keys: the values in lower case.

    A value is a Name, a UPN or a GUID (exchange facts Q8), and a Name may look like a UPN: so each way to read a value
    is asked for, and it counts only where all of them lead to the same object. What is no account has no SID.
    """
    wanted = list(dict.fromkeys(value.strip().lower() for value in values))
    candidates: dict[str, list[Recipient | Account]] = {value: [] for value in wanted}
    for value, found in find_by_id(session, filter(is_guid, wanted)).items():
        candidates[value].append(found)
    bearers_of = find_by_name(session, wanted)
    for value in wanted:
        bearers = bearers_of[value]
        candidates[value].extend([bearers] if isinstance(bearers, Problem) else bearers)
    addresses = [value for value in wanted if not is_guid(value) and account_fault(value) is None]
    for value, account in find_accounts(session, addresses).items():
        candidates[value].append(account)
    for value, owner in find_recipients(session, addresses).items():
        candidates[value].append(owner)
    return {value: _only(value, each) for value, each in candidates.items()}


def _only(value: str, candidates: Iterable[Recipient | Account]) -> Account:
    found: dict[str, Principal] = {}
    for one in candidates:
        if isinstance(one, Recipient):
            found.setdefault(one.guid, _principal(value, one))
        elif isinstance(one, Principal):
            found[one.guid] = one
        elif one.kind not in _NO_SUCH:
            return one
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        return Problem(ProblemKind.NOT_FOUND, f"nothing is called {value}")
    labels = ", ".join(sorted(one.label for one in found.values()))
    return Problem(ProblemKind.AMBIGUOUS, f"{value} may be any of {labels}")


def _principal(value: str, recipient: Recipient) -> Principal:
    return Principal(
        asked=value,
        sids=(),
        guid=recipient.guid,
        address=recipient.address,
        name=recipient.name,
        alias=recipient.alias,
        object_id=recipient.object_id,
        distinguished_name=recipient.distinguished_name,
        kind=recipient.kind,
    )
