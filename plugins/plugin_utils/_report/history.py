# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""History: what a report takes over from the one before it, and what is otherwise than there."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Union

from .._access.holdings import EVERYWHERE
from .._access.model import Outcome, State
from .document import Changes, Document, Key, Row

RowKey = tuple[str, str, str]

_COMPLIANT, _GRANTED, _PENDING = Outcome.COMPLIANT.value, Outcome.GRANTED.value, Outcome.PENDING.value
_UNKNOWN, _SURPLUS = Outcome.UNKNOWN.value, Outcome.SURPLUS.value
#: What a reader sees of a write that is accepted and not visible yet.
_UNSEEN = frozenset({Outcome.MISSING.value, Outcome.UNWANTED.value})
#: Otherwise than wanted, and left so.
_LEFT = frozenset(one.value for one in (Outcome.MISSING, Outcome.UNWANTED, Outcome.DENIED, Outcome.REFUSED))
#: Found otherwise than wanted, and mended, though it may not show yet.
_MENDED = frozenset({_GRANTED, Outcome.REVOKED.value, _PENDING})
#: As wanted when the run was over.
_WELL = frozenset({_COMPLIANT, _GRANTED, Outcome.REVOKED.value})
_HELD = frozenset({_COMPLIANT, _GRANTED})
#: Of what was held before: it was gone again, whether or not this run could mend it.
_GONE_AGAIN = frozenset({_GRANTED, _PENDING, *_LEFT})
#: The rows of the report before, and of surplus that it did not look for, by what they are about.
Past = Mapping[RowKey, Row]


def key_of(row: Row) -> RowKey:
    """What a row is about, however the account is spelt."""
    return (row["mailbox"], row["account"].casefold(), row["right"])


def past_of(previous: Union[Document, None]) -> Past:
    """Empty where there is no report before."""
    return {key_of(row): row for row in (*previous["rows"], *previous["surplus_unseen"])} if previous else {}


def carry(row: Row, before: Union[Row, None], now: str) -> None:
    """Writes into the row what it takes over from that of the report before."""
    row["since"] = _since(row["outcome"], before, now)
    row["standing"], row["standing_since"] = row["outcome"], row["since"]
    if before and _still_stands(row, before):
        row["standing"], row["standing_since"] = before["standing"], min(before["standing_since"], now)
    row["regranted"] = _regrants(row, before)


def _since(outcome: str, before: Union[Row, None], now: str) -> str:
    """When a report first had this outcome of it. What an earlier report says of the future is not believed."""
    if before and before["outcome"] == outcome:
        return min(before["since"], now)
    return min(before["standing_since"], now) if before and before["standing"] == outcome else now


def _still_stands(row: Row, before: Row) -> bool:
    """Nothing is known of it, or a write that was accepted is not visible yet."""
    waits = before["standing"] == _PENDING and before["state"] == row["state"]
    return row["outcome"] == _UNKNOWN or (row["outcome"] in _UNSEEN and waits)


def _regrants(row: Row, before: Union[Row, None]) -> int:
    """In how many reports it was gone again though it had been held, as far as was known, when the one before ended.

    Held right after it was not shows only that it holds so far, and what is unknown shows nothing: both leave the
    number as it is.
    """
    outcome = row["outcome"]
    if before is None or row["state"] != State.PRESENT.value:
        return 0
    if outcome in _GONE_AGAIN:
        return before["regranted"] + (before["standing"] in _HELD)
    if outcome == _UNKNOWN or (outcome == _COMPLIANT and before["standing"] != _COMPLIANT):
        return before["regranted"]
    return 0


def changes_of(rows: Sequence[Row], previous: Document, coverage: Mapping[str, object]) -> Changes:
    """What is otherwise than in the report before. ``coverage``: of this run, which tells what it looked at."""
    past = past_of(previous)
    pairs = [(row, past.get(key_of(row))) for row in rows]
    told = {name: [row for row, before in pairs if test(row, before)] for name, test in _KINDS.items()}
    told["mended"] += [row for row, is_gone in _surplus_without_row(rows, past, coverage) if is_gone]
    added, gone = _beside(_wanted(rows), _listed(past.values())), _beside(_wanted(past.values()), _listed(rows))
    named = {key_of(row) for those in told.values() for row in those}
    moved = {*added, *gone}
    odd = _otherwise(pairs, previous["rows"])
    others = [row for row in odd if key_of(row) not in named and row["mailbox"] not in moved]
    return Changes(
        since=previous["head"]["created"],
        new_drift=[*map(_named, told["new_drift"])],
        mended=[*map(_named, told["mended"])],
        new_surplus=[*map(_named, told["new_surplus"])],
        mailboxes_added=added,
        mailboxes_gone=gone,
        still_pending=[*map(_named, told["still_pending"])],
        regranted=[*map(_named, told["regranted"])],
        other=[*map(_named, others)],
    )


def unseen_of(rows: Sequence[Row], past: Past, coverage: Mapping[str, object]) -> list[Row]:
    """Surplus that is known from earlier reports, where this run would not have seen it: it may still be there."""
    return [row for row, is_gone in _surplus_without_row(rows, past, coverage) if not is_gone]


def _otherwise(pairs: Iterable[tuple[Row, Union[Row, None]]], earlier: Iterable[Row]) -> Iterator[Row]:
    """What has another outcome, or no row in one of the two reports. How it came to be well makes no difference."""
    here = set()
    for row, before in pairs:
        here.add(key_of(row))
        well = before is not None and before["outcome"] in _WELL and row["outcome"] in _WELL
        if not well and (before is None or before["outcome"] != row["outcome"]):
            yield row
    yield from (row for row in earlier if key_of(row) not in here)


def _is_new_drift(row: Row, before: Union[Row, None]) -> bool:
    """Left so now and not then, or mended now though all was well when the report before ended."""
    if row["outcome"] in _LEFT:
        return _standing(before) not in _LEFT | {_PENDING}
    return row["outcome"] in _MENDED and _standing(before) in _WELL


def _is_mended(row: Row, before: Union[Row, None]) -> bool:
    """Well now; and it was not, in the report before or in between."""
    if before is None or row["outcome"] not in _WELL:
        return False
    return before["standing"] in _LEFT | {_PENDING, _SURPLUS} or row["outcome"] in _MENDED


def _is_still_pending(row: Row, before: Union[Row, None]) -> bool:
    return _standing(before) == _PENDING == row["standing"] and row["outcome"] != _UNKNOWN


def _is_new_surplus(row: Row, before: Union[Row, None]) -> bool:
    return row["outcome"] == _SURPLUS and _standing(before) != _SURPLUS


def _is_gone_again(row: Row, _before: Union[Row, None]) -> bool:
    return row["regranted"] > 0 and row["outcome"] in _GONE_AGAIN


#: The kinds of change that a row tells of itself.
_KINDS: Mapping[str, Callable[[Row, Union[Row, None]], bool]] = {
    "new_drift": _is_new_drift,
    "mended": _is_mended,
    "new_surplus": _is_new_surplus,
    "still_pending": _is_still_pending,
    "regranted": _is_gone_again,
}


def _surplus_without_row(rows: Sequence[Row], past: Past, coverage: Mapping[str, object]) -> Iterator[tuple[Row, bool]]:
    """Known surplus that has no row any more, and whether it is gone: this run would have seen it.

    Full Access is looked for on the listed mailboxes only, and so is every right on a snapshot that holds no others;
    each for the accounts of the profiles alone. A search that failed somewhere is a row of its own: unknown, and
    without an address.
    """
    now = {key_of(row) for row in rows}
    accounts = {account for _mailbox, account, _right in now}
    failed = {key_of(row)[1:] for row in rows if row["outcome"] == _UNKNOWN and not row["address"]}
    listed = _listed(rows)
    for key, row in past.items():
        mailbox, account, right = key
        if row["standing"] == _SURPLUS and key not in now:
            where = str(coverage.get(f"surplus_{right}", ""))
            there = where.startswith(EVERYWHERE) or mailbox in listed
            yield row, bool(where) and there and account in accounts and (account, right) not in failed


def _standing(row: Union[Row, None]) -> str:
    return row["standing"] if row else ""


def _named(row: Row) -> Key:
    return Key(mailbox=row["mailbox"], account=row["account"], right=row["right"])


def _wanted(rows: Iterable[Row]) -> dict[str, None]:
    """The mailboxes on which something is wanted, in the order of the rows."""
    return dict.fromkeys(row["mailbox"] for row in rows if row["state"] == State.PRESENT.value)


def _listed(rows: Iterable[Row]) -> dict[str, None]:
    """The mailboxes that the inventory names; surplus may be anywhere."""
    return dict.fromkeys(row["mailbox"] for row in rows if row["outcome"] != _SURPLUS)


def _beside(those: Iterable[str], others: Container[str]) -> list[str]:
    return [each for each in those if each not in others]
