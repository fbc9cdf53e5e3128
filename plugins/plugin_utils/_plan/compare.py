# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan held against what a run finds and would do now: which rows are otherwise, and whether all of it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Union

from .._access.model import Outcome
from .document import PlannedRow
from .rows import NO_ACTION, place_of

Key = tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """A row of the plan and the one that is in its place now, and are not alike; None where there is none."""

    planned: Union[PlannedRow, None]
    now: Union[PlannedRow, None]


def essence(row: PlannedRow) -> tuple[object, ...]:
    """What must be alike in a row for it to be as the plan has it: all that is wanted, observed and to be done.

    Not the words of a cause, for they may hold times and names of servers. Nor how an account is called, nor the
    address of a mailbox, where the key of the account and the GUID of the mailbox say that they are the same; what
    was not found has nothing but those. Capitals count in neither. Notes are in no plan, and a reason is for
    people. The order of the entries of a list and of the accounts to wait for does not matter.
    """
    return (
        *_wanted(row),
        row["before"],
        tuple(sorted(map(tuple, row["entries"]))),
        row["action"],
        row["outcome"],
    )


def _wanted(row: PlannedRow) -> tuple[object, ...]:
    """Of the essence, what a write that is done does not change."""
    return (*_meant(row), row["inherited"])


def _meant(row: PlannedRow) -> tuple[object, ...]:
    """Of the essence, what nobody need have read an access list for."""
    return (
        row["mailbox"].lower(),
        row["guid"] or row["address"].lower(),
        row["account_key"] or row["account"].lower(),
        row["right"],
        row["state"],
        row["until"],
        frozenset(row["after"]),
    )


def compare(planned: Iterable[PlannedRow], now: Iterable[PlannedRow]) -> list[Pair]:
    """The rows that are otherwise, in the order of rows. Their order in the plan does not matter, and rows that are
    alike count as often as they are there.

    A row is held against that of the same mailbox and account, by GUID and key; else of the same names; else of the
    same address: so one that is another mailbox or account now is told from one that is new.
    """
    gone, new = _without_alike(planned, now)
    pairs: list[Pair] = []
    for key in (_grant, _names, _address):
        met, gone, new = _matched(gone, new, key)
        pairs += met
    pairs += [Pair(row, None) for row in gone] + [Pair(None, row) for row in new]
    return sorted(pairs, key=_place)


def is_done(pairs: Sequence[Pair], now: Iterable[PlannedRow]) -> bool:
    """Whether nothing is left to do, and all that is otherwise than planned is that planned writes are done.

    Each of them was looked at again then, and is as it was to become. A write for what nobody wants (surplus, retired
    accounts) leaves no row when it is done, so of a plan with one it cannot be told.
    """
    return bool(pairs) and all(row["action"] == NO_ACTION for row in now) and all(map(_is_done, pairs))


def _is_done(pair: Pair) -> bool:
    if pair.planned is None or pair.now is None or pair.planned["action"] == NO_ACTION:
        return False
    return _wanted(pair.planned) == _wanted(pair.now) and pair.now["outcome"] == Outcome.COMPLIANT.value


def is_unread(pairs: Sequence[Pair]) -> bool:
    """Whether all that is otherwise than planned is that it could not be read now."""
    return bool(pairs) and all(map(_is_unread, pairs))


def _is_unread(pair: Pair) -> bool:
    if pair.now is None or pair.now["outcome"] != Outcome.UNKNOWN.value:
        return False
    return pair.planned is None or _meant(pair.planned) == _meant(pair.now)


def _without_alike(
    planned: Iterable[PlannedRow], now: Iterable[PlannedRow]
) -> tuple[list[PlannedRow], list[PlannedRow]]:
    """The rows of each side that have none of the same essence on the other."""
    waiting = _grouped(planned, essence)
    new = []
    for row in now:
        alike = waiting.get(essence(row))
        if alike:
            alike.pop()
        else:
            new.append(row)
    return [row for rows in waiting.values() for row in rows], new


def _matched(
    gone: Iterable[PlannedRow], new: Iterable[PlannedRow], key: Callable[[PlannedRow], Key]
) -> tuple[list[Pair], list[PlannedRow], list[PlannedRow]]:
    """The rows of both sides that have the same key in pairs, and those of each that are left."""
    waiting = _grouped(sorted(gone, key=place_of, reverse=True), key)
    pairs, left = [], []
    for row in sorted(new, key=place_of):
        others = waiting.get(key(row))
        if others:
            pairs.append(Pair(others.pop(), row))
        else:
            left.append(row)
    return pairs, [row for rows in waiting.values() for row in rows], left


def _grouped(
    rows: Iterable[PlannedRow], key: Callable[[PlannedRow], tuple[object, ...]]
) -> dict[tuple[object, ...], list[PlannedRow]]:
    grouped: dict[tuple[object, ...], list[PlannedRow]] = {}
    for row in rows:
        grouped.setdefault(key(row), []).append(row)
    return grouped


def _grant(row: PlannedRow) -> Key:
    return (row["guid"] or row["mailbox"].lower(), row["account_key"] or row["account"].lower(), row["right"])


def _names(row: PlannedRow) -> Key:
    return (row["mailbox"].lower(), row["account"].lower(), row["right"])


def _address(row: PlannedRow) -> Key:
    return (row["address"].lower(), row["account"].lower(), row["right"])


def _place(pair: Pair) -> tuple[str, ...]:
    row = pair.now or pair.planned
    return place_of(row) if row else ()
