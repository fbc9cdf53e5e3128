# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up recipients: many a call where that is exact, alone where something is odd (design 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, Union

from . import cmdlets, filters
from .errors import Meaning, diagnose, says_truncated, with_remedy
from .identities import (
    Problem,
    ProblemKind,
    Recipient,
    recipient_of,
    text_of,
)
from .session import Answer, Call, Row, Session

#: Names or addresses a call: public tools batch 20 to 50 (exchange facts 3.3).
BATCH = 20

Found = Union[Recipient, Problem]
_Item = TypeVar("_Item")


def ask_all(session: Session, calls: Mapping[_Item, Call]) -> dict[_Item, Answer]:
    """The answer to each call, in whatever order they come."""
    items = {id(call): item for item, call in calls.items()}
    return {items[id(call)]: answer for call, answer in session.invoke(list(calls.values()))}


def why_no_evidence(answer: Answer) -> str | None:
    """None where the rows of a read may be believed, else why not (design rule 1)."""
    if answer.error is not None:
        return with_remedy(answer.error)
    if says_truncated(answer.warnings):
        return "Exchange left rows out of its answer"
    return None


def may_pass(answer: Answer) -> bool:
    """Whether another try may be answered otherwise by itself; what is not permitted somebody has to permit first."""
    return answer.error is None or diagnose(answer.error).meaning is not Meaning.NOT_PERMITTED


def untold(answer: Answer) -> Union[Problem, None]:
    """None where the rows of a read may be believed, else what stands in the way of it."""
    fault = why_no_evidence(answer)
    return None if fault is None else Problem(ProblemKind.UNKNOWN, fault, may_pass=may_pass(answer))


def find_recipients(session: Session, addresses: Iterable[str]) -> dict[str, Found]:
    """The one recipient that owns each address, or why there is none. Keys: the addresses in lower case."""
    wanted = list(dict.fromkeys(address.lower() for address in addresses))
    rows, faults = by_filter(session, wanted, filters.has_address, cmdlets.get_recipients)
    recipients = _unique(recipient_of(row) for row in rows)
    owners: dict[str, list[Recipient]] = {address: [] for address in wanted}
    for recipient in recipients:
        for address in recipient.addresses & owners.keys():
            owners[address].append(recipient)
    found: dict[str, Found] = {address: _only(owners[address]) for address in wanted}
    found.update(faults)
    missing = [address for address in wanted if not owners[address] and address not in faults]
    found.update(_look_closer(session, missing))
    return found


def _unique(recipients: Iterable[Recipient]) -> list[Recipient]:
    return list({recipient.guid or recipient.address.lower(): recipient for recipient in recipients}.values())


def _only(owners: Sequence[Recipient]) -> Found:
    if not owners:
        return Problem(ProblemKind.NOT_FOUND, "no recipient has this address", "check the address")
    if len(owners) > 1:
        names = ", ".join(sorted(f"{owner.name} ({owner.kind})" for owner in owners))
        return Problem(
            ProblemKind.AMBIGUOUS,
            f"{len(owners)} recipients have this address: {names}",
            "use an address that only one has",
        )
    if not owners[0].guid:
        return Problem(ProblemKind.UNKNOWN, "Exchange shows no GUID for it, by which alone it could be worked on")
    return owners[0]


def _look_closer(session: Session, addresses: Iterable[str]) -> dict[str, Found]:
    """An address that nobody has may be a soft-deleted mailbox's (exchange facts W13): looked at alone.

    That look shows living recipients as well. If it shows any, the first look is repeated, lest one that it missed
    be taken for deleted.
    """
    calls = {one: cmdlets.get_recipients(filters.has_address(one), soft_deleted=True) for one in addresses}
    found = {one: _owner(one, answer) for one, answer in ask_all(session, calls).items()}
    shown = [one for one, owner in found.items() if _was_shown(owner)]
    calls = {one: replace(cmdlets.get_recipients(filters.has_address(one)), fresh=True) for one in shown}
    gone = Problem(ProblemKind.NOT_FOUND, "the mailbox is soft-deleted", "restore it, or take it off the list")
    for one, answer in ask_all(session, calls).items():
        living = _owner(one, answer)
        found[one] = living if _was_shown(living) or why_no_evidence(answer) else gone
    return found


def _owner(address: str, answer: Answer) -> Found:
    return untold(answer) or _only(_unique(one for one in map(recipient_of, answer.rows) if address in one.addresses))


def _was_shown(found: Found) -> bool:
    """Whether an answer showed anybody with the address, be it more than one."""
    return isinstance(found, Recipient) or found.kind is ProblemKind.AMBIGUOUS


@dataclass(frozen=True)
class NameCheck:
    """Whom each Name belongs to. ``owners``: lower-case Name → GUIDs; a Name that could not be asked is not in it."""

    owners: Mapping[str, frozenset[str]]

    def is_only(self, recipient: Recipient) -> bool:
        """Whether a row that says this Name can mean nobody else (design rule 3)."""
        return self.owners.get(recipient.name.lower()) == frozenset({recipient.guid})


def find_by_id(session: Session, ids: Iterable[str]) -> dict[str, Found]:
    """The recipient with each GUID or directory object id, or why there is none. Keys: the ids in lower case.

    Get-EXORecipient does not filter on object ids; the classic cmdlet does. An id that nobody has is asked for twice: a
    read that was answered with nothing would have what it belongs to taken for deleted.
    """

    def condition(one: str) -> str:
        return filters.any_of([filters.equals("ExternalDirectoryObjectId", one), filters.equals("Guid", one)])

    def once_more(opath: str) -> Call:
        return replace(cmdlets.get_recipients_classic(opath), fresh=True)

    wanted = list(dict.fromkeys(one.lower() for one in ids))
    owners: dict[str, list[Recipient]] = {one: [] for one in wanted}
    faults: dict[str, Problem] = {}
    for call in (cmdlets.get_recipients_classic, once_more):
        missing = [one for one in wanted if not owners[one] and one not in faults]
        rows, more = by_filter(session, missing, condition, call)
        faults.update(more)
        for recipient in _unique(recipient_of(row) for row in rows):
            for one in recipient.ids & owners.keys():
                owners[one].append(recipient)
    return {one: faults.get(one) or _only(owners[one]) for one in wanted}


def find_by_name(session: Session, names: Iterable[str]) -> dict[str, Union[tuple[Recipient, ...], Problem]]:
    """All recipients that bear each Name, or why that is not known. Keys: the names in lower case."""
    wanted = list(dict.fromkeys(name.lower() for name in names))
    rows, faults = by_filter(session, wanted, lambda name: filters.equals("Name", name), cmdlets.get_recipients)
    found: dict[str, Union[tuple[Recipient, ...], Problem]] = dict.fromkeys(wanted, ())
    for recipient in _unique(recipient_of(row) for row in rows):
        bearers = found.get(recipient.name.lower(), ())
        if not isinstance(bearers, Problem):
            found[recipient.name.lower()] = (*bearers, recipient)
    found.update(faults)
    return found


def list_recipients(session: Session) -> Union[tuple[Recipient, ...], Problem]:
    """Everything in the organisation that has an address, or why that is not known."""
    (answer,) = ask_all(session, {"": cmdlets.list_recipients()}).values()
    problem = untold(answer)
    if problem:
        return replace(problem, remedy="mend the cause and run it again")
    recipients = tuple(recipient_of(row) for row in answer.rows)
    if not all(one.guid for one in recipients):
        return Problem(ProblemKind.UNKNOWN, "Exchange shows recipients without their GUID", "run it again")
    return recipients


def check_names(session: Session, names: Iterable[str]) -> NameCheck:
    """Which recipients of the tenant bear each of the names."""
    wanted = list(dict.fromkeys(name.lower() for name in names))
    rows, faults = by_filter(session, wanted, lambda name: filters.equals("Name", name), cmdlets.get_names)
    owners: dict[str, set[str]] = {name: set() for name in wanted if name not in faults}
    for row in rows:
        owners.get(text_of(row.get("Name")).lower(), set()).add(text_of(row.get("Guid")).lower())
    return NameCheck({name: frozenset(guids) for name, guids in owners.items()})


def by_filter(
    session: Session,
    items: Sequence[str],
    condition: Callable[[str], str],
    call: Callable[[str], Call],
    alone: Callable[[str], Call] | None = None,
) -> tuple[list[Row], dict[str, Problem]]:
    """The rows for all items, asked for in batches; and per item that got no evidence, why.

    A batch that is refused is halved, down to items alone: no limit on the length is documented (exchange facts 3.3).
    An item that is refused alone is asked for by the call ``alone``, or by the same filter for the classic cmdlet.
    """
    rows: list[Row] = []
    faults: dict[str, Problem] = {}
    batches = [tuple(items[start : start + BATCH]) for start in range(0, len(items), BATCH)]
    refused: list[str] = []
    while batches:
        answers = ask_all(session, {batch: call(filters.any_of(map(condition, batch))) for batch in batches})
        batches = []
        for batch, answer in answers.items():
            problem = untold(answer)
            if problem is None:
                rows.extend(answer.rows)
            elif not _is_refusal(answer):
                faults.update(dict.fromkeys(batch, problem))
            elif len(batch) > 1:
                batches.extend(_halves(batch))
            else:
                refused.extend(batch)
    last = alone or (lambda item: cmdlets.get_recipients_classic(condition(item)))
    calls = {item: last(item) for item in refused}
    for item, answer in ask_all(session, calls).items():
        rows.extend(answer.rows)
        problem = untold(answer)
        if problem is not None:
            faults[item] = problem
    return rows, faults


def _is_refusal(answer: Answer) -> bool:
    """The filter itself may be at fault, not the service; or a snapshot knows no more than some of what it asks for."""
    refusals = {Meaning.UNRECOGNISED, Meaning.MISUSE, Meaning.NOT_HELD}
    return answer.error is not None and diagnose(answer.error).meaning in refusals


def _halves(batch: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    middle = len(batch) // 2
    yield batch[:middle]
    yield batch[middle:]
