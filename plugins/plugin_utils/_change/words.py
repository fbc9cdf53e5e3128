# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A comparison in words: one sentence, then what it counts, list by list, short enough to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from .._access.sentences import spoken
from .._exchange.rights import Right
from .._plan.document import PlannedRow
from .._wording import counted
from .compare import Change, Comparison, Kind

#: Rows that are shown of each list; the others are counted.
ROWS = 20
TITLES = {
    Kind.ADDED: "To be granted",
    Kind.REMOVED: "To be taken back",
    Kind.PROBLEM: "In the way",
    Kind.UNSEEN: "To be seen by the plan, for the snapshot does not hold it",
    Kind.HELD: "Wanted from now on, and held already",
    Kind.LEFT: "Not wanted any more, and left as surplus",
    Kind.ABSENT: "Wanted absent from now on, and not held",
    Kind.NOT_GRANTED: "Not granted any more",
    Kind.NOT_REVOKED: "Not taken back any more",
    Kind.OTHER_TERMS: "Wanted until another time, or after other accounts",
    Kind.SURPLUS: "Surplus, which is reported",
    Kind.MENDED: "Not in the way any more",
}
_CLAUSES = {
    Kind.HELD: "held already",
    Kind.LEFT: "left as surplus",
    Kind.ABSENT: "wanted absent and not held",
    Kind.NOT_GRANTED: "not granted any more",
    Kind.NOT_REVOKED: "not taken back any more",
    Kind.OTHER_TERMS: "with other terms",
    Kind.SURPLUS: "reported as surplus",
    Kind.MENDED: "not in the way any more",
}
_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-"}


def sentence(comparison: Comparison) -> str:
    """``This change: +3 Send As, +1 Full Access, -0; 1 held already``."""
    subject = "This change" if comparison.base else "This plan"
    sums = [text for kind in _SIGNS for text in _signed(kind, comparison.of(kind))]
    return "; ".join([f"{subject}: {', '.join(sums)}", *_clauses(comparison)])


def _signed(kind: Kind, changes: list[Change]) -> Iterator[str]:
    seen = Counter(change.row["right"] for change in changes)
    if not seen:
        yield f"{_SIGNS[kind]}0"
    for right in Right:
        if seen[right.value]:
            yield f"{_SIGNS[kind]}{seen[right.value]} {right.wording}"


def _clauses(comparison: Comparison) -> Iterator[str]:
    if not comparison.base and comparison.as_wanted:
        yield f"{comparison.as_wanted} as wanted"
    for kind, words in _CLAUSES.items():
        number = len(comparison.of(kind))
        if number:
            yield f"{number} {words}"
    yield from comparison.settings
    if comparison.plan["held_back"]:
        yield f"none of it would be written: {comparison.plan['held_back']}"
    if comparison.unseen:
        yield f"{len(comparison.unseen)} to be seen by the plan, for the snapshot does not hold the mailbox"
    problems = comparison.of(Kind.PROBLEM)
    if problems:
        many = counted(len(problems), "problem", "problems")
        yield f"{many}{' that the base has not' if comparison.base else ''}, the first: {in_words(problems[0])}"
    elif comparison.base and not (comparison.changes or comparison.settings):
        yield "nothing is wanted otherwise"


def in_words(change: Change) -> str:
    """One row, and no other mailbox's (peers D14)."""
    row = change.row
    return f"{mailbox_of(row)}, {row['account']}, {wording(row)}{_remark(change)}"


def mailbox_of(row: PlannedRow) -> str:
    """What it is called, and its address where that is another: the name of a host may be any mailbox's."""
    named = not row["address"] or row["address"].lower() == row["mailbox"].lower()
    return row["mailbox"] if named else f"{row['mailbox']} ({row['address']})"


def wording(row: PlannedRow) -> str:
    """The right in Exchange's own words."""
    return Right(row["right"]).wording


def _remark(change: Change) -> str:
    """What the title of its list does not say already."""
    remark = remark_of(change)
    return f": {remark}" if remark else ""


def remark_of(change: Change) -> str:
    """Why, as far as the row says."""
    row = change.row
    if change.kind is Kind.PROBLEM:
        return ", ".join(part for part in (spoken(row["outcome"]), row["cause"]) if part)
    told = ["to be seen by the plan"] if change.unseen else [row["cause"]]
    if change.kind is Kind.OTHER_TERMS or row["until"]:
        told.append(f"until {row['until'] or 'no end'}")
    return ", ".join(part for part in (*told, row["reason"]) if part)


def lists(comparison: Comparison) -> Iterator[tuple[str, list[Change]]]:
    """The title of each list that is not empty, with its number, and its rows."""
    for kind, title in TITLES.items():
        changes = comparison.of(kind)
        if changes:
            yield f"{title} ({len(changes)})", changes


def sums(changes: Iterable[Change]) -> list[tuple[str, Right, int]]:
    """How many, by account and right, the most first."""
    seen = Counter((change.row["account"], change.row["right"]) for change in changes)
    return [(account, Right(right), number) for (account, right), number in seen.most_common()]


def lines(comparison: Comparison) -> list[str]:
    """The whole, for a person at a terminal, who reads as many lines of ten thousand rows as of fifty."""
    shown = []
    for title, changes in lists(comparison):
        groups = [f"{number} {right.wording} for {account}" for account, right, number in sums(changes)[:ROWS]]
        more = len(sums(changes)) - len(groups)
        shown.append(f"{title}: {', '.join(groups)}{f', and {more} more accounts and rights' if more else ''}")
        shown += [f"  {in_words(change)}" for change in changes[:ROWS]]
        shown += [f"  and {len(changes) - ROWS} more"] if len(changes) > ROWS else []
    return [printable(line) for line in shown]


def printable(text: str) -> str:
    """A plan may be anybody's, and terminals obey some signs."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
