# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan would do, and what one plan asks for beyond another: each row of them held against the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from .._access.model import Outcome, State
from .._access.plan import Verb
from .._plan.document import Plan, PlannedRow
from .._snapshot.contents import DOES_NOT_HOLD


class Kind(str, Enum):
    """What becomes of a mailbox, an account and a right. The values are the names of the lists in a result."""

    ADDED = "added"
    REMOVED = "removed"
    PROBLEM = "problems"
    UNSEEN = "unseen"
    HELD = "held_already"
    LEFT = "left_as_surplus"
    ABSENT = "absent_already"
    NOT_GRANTED = "not_granted_any_more"
    NOT_REVOKED = "not_revoked_any_more"
    OTHER_TERMS = "other_terms"
    SURPLUS = "surplus"
    MENDED = "mended"


@dataclass(frozen=True)
class Change:
    """``row``: of the plan, or of its base where the plan has none. ``unseen``: the snapshot does not hold it, so only
    a plan that is made on the organisation itself can tell what will be written."""

    kind: Kind
    row: PlannedRow
    unseen: bool = False


@dataclass(frozen=True)
class Comparison:
    """``settings``: those that are otherwise, in words. ``base``: the digest of the plan that it was held against, or
    empty where what the plan would do was asked for. ``as_wanted``: how many rows of the plan need no write."""

    plan: Plan
    base: str
    changes: tuple[Change, ...]
    settings: tuple[str, ...] = ()
    as_wanted: int = 0

    def of(self, kind: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind is kind]

    @property
    def unseen(self) -> list[Change]:
        return [change for change in self.changes if change.unseen]


class NotComparable(Exception):
    """Two plans whose difference says nothing of a change of the inventory, and why."""


_PROBLEMS = frozenset(
    one.value
    for one in (
        *(Outcome.DENIED, Outcome.UNKNOWN, Outcome.REFUSED),
        *(Outcome.NOT_FOUND, Outcome.AMBIGUOUS, Outcome.UNSUPPORTED),
    )
)
_Key = tuple[str, str, str]


def what_it_does(plan: Plan) -> Comparison:
    """What the plan would write, and all that stands in the way."""
    found = [(_alone(row), row) for row in plan["rows"]]
    changes = tuple(Change(kind, row, kind is Kind.UNSEEN) for kind, row in found if kind)
    wanted = sum(row["outcome"] == Outcome.COMPLIANT.value for row in plan["rows"])
    return Comparison(plan, "", changes, as_wanted=wanted)


def difference(plan: Plan, base: Plan) -> Comparison:
    """What the plan asks for beyond its base. What is the same in both is nobody's change. Raises NotComparable."""
    _refuse(plan, base)
    before, after = _by_key(base["rows"]), _by_key(plan["rows"])
    pairs = ((before.get(key), after.get(key)) for key in sorted({**before, **after}))
    changes = tuple(change for was, now in pairs if (change := change_of(was, now)))
    wanted = sum(row["outcome"] == Outcome.COMPLIANT.value for row in plan["rows"])
    return Comparison(plan, base["hashes"]["plan"], changes, _other_settings(plan, base), wanted)


def change_of(was: PlannedRow | None, now: PlannedRow | None) -> Change | None:
    """What the change makes of one mailbox, account and right; None where it makes nothing of them."""
    if now is None:
        return _dropped(was) if was else None
    if is_problem(now):
        return _in_the_way(was, now)
    kind = _by_action(was, now) or _by_wish(was, now)
    return Change(kind, now) if kind else None


def is_problem(row: PlannedRow) -> bool:
    """Whether it stands in the way of what is wanted, and so fails a run."""
    return row["outcome"] in _PROBLEMS


def is_unseen(row: PlannedRow) -> bool:
    """Whether it is unknown only for what the snapshot lacks."""
    return row["outcome"] == Outcome.UNKNOWN.value and DOES_NOT_HOLD in row["cause"]


def _alone(row: PlannedRow) -> Kind | None:
    if is_problem(row):
        return Kind.UNSEEN if is_unseen(row) else Kind.PROBLEM
    return _by_action(None, row) or (Kind.SURPLUS if row["outcome"] == Outcome.SURPLUS.value else None)


def _refuse(plan: Plan, base: Plan) -> None:
    if plan["organization"].lower() != base["organization"].lower():
        names = f"{plan['organization'] or 'none'} and {base['organization'] or 'none'}"
        raise NotComparable(f"the two plans are of different organisations ({names})")
    if plan["rehearsal"] != base["rehearsal"]:
        raise NotComparable("one of the two plans was made on a snapshot, and one was not")
    if plan["snapshot_taken"] != base["snapshot_taken"]:
        when = f"{plan['snapshot_taken'] or 'not said when'} and {base['snapshot_taken'] or 'not said when'}"
        raise NotComparable(f"the two plans were made on different snapshots (taken: {when})")


def _other_settings(plan: Plan, base: Plan) -> tuple[str, ...]:
    names = sorted({**plan["settings"], **base["settings"]})
    pairs = [(name, base["settings"].get(name), plan["settings"].get(name)) for name in names]
    return tuple(f"{name}: {_said(was)} → {_said(now)}" for name, was, now in pairs if was != now)


def _said(value: bool | None) -> str:
    return "not said" if value is None else str(value).lower()


def _by_key(rows: Iterable[PlannedRow]) -> Mapping[_Key, PlannedRow]:
    """Of rows for the same mailbox, account and right one that stands in the way comes first."""
    found: dict[_Key, PlannedRow] = {}
    for row in rows:
        key = ((row["address"] or row["mailbox"]).lower(), row["account"].lower(), row["right"])
        if key not in found or is_problem(row):
            found[key] = row
    return found


def _wish(row: PlannedRow | None) -> str:
    """Present, absent, or empty where no profile says anything of it."""
    return "" if row is None or row["outcome"] == Outcome.SURPLUS.value else row["state"]


def _in_the_way(was: PlannedRow | None, now: PlannedRow) -> Change | None:
    if was is not None and was["outcome"] == now["outcome"] and _wish(was) == _wish(now):
        return Change(Kind.OTHER_TERMS, now) if _has_other_terms(was, now) else None
    if not is_unseen(now):
        return Change(Kind.PROBLEM, now)
    return Change(Kind.ADDED if now["state"] == State.PRESENT.value else Kind.UNSEEN, now, unseen=True)


def _by_action(was: PlannedRow | None, now: PlannedRow) -> Kind | None:
    """What is written in one of the two plans and not in the other."""
    before, after = (was["action"] if was else ""), now["action"]
    if before == after:
        return None
    if after in (Verb.GRANT.value, Verb.REVOKE.value):
        return Kind.ADDED if after == Verb.GRANT.value else Kind.REMOVED
    return {Verb.GRANT.value: Kind.NOT_GRANTED, Verb.REVOKE.value: Kind.NOT_REVOKED}.get(before)


def _by_wish(was: PlannedRow | None, now: PlannedRow) -> Kind | None:
    """What is wanted otherwise though nothing is written for it."""
    before, after = _wish(was), _wish(now)
    if not after:
        return _unwanted(was) or (None if was else Kind.SURPLUS)
    if before != after:
        return Kind.HELD if after == State.PRESENT.value else Kind.ABSENT
    if was is None or is_problem(was):
        return Kind.MENDED
    return Kind.OTHER_TERMS if _has_other_terms(was, now) else None


def _has_other_terms(was: PlannedRow, now: PlannedRow) -> bool:
    return (was["until"], was["after"]) != (now["until"], now["after"])


def _unwanted(was: PlannedRow | None) -> Kind | None:
    """Of what the base wanted present and the plan does not."""
    return Kind.LEFT if was and _wish(was) == State.PRESENT.value and was["before"] == "held" else None


def _dropped(was: PlannedRow) -> Change | None:
    """Of a row that the base alone has."""
    if is_problem(was):
        return Change(Kind.MENDED, was)
    actions = {Verb.GRANT.value: Kind.NOT_GRANTED, Verb.REVOKE.value: Kind.NOT_REVOKED}
    kind = actions.get(was["action"]) or _unwanted(was)
    return Change(kind, was) if kind else None
