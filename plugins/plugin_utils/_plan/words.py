# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a row is otherwise than a plan has it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from .._access.model import Outcome, State
from .._access.sentences import spoken
from .._access.terms import term_of
from .._exchange.rights import Right
from .compare import Pair
from .document import PlannedRow
from .rows import NO_ACTION

#: Of mailboxes that could not be worked on, whatever is held there.
_NOT_LOOKED_AT = frozenset({Outcome.NOT_FOUND.value, Outcome.AMBIGUOUS.value, Outcome.UNSUPPORTED.value})


def differences(
    pairs: Iterable[Pair], planned: Mapping[str, bool], now: Mapping[str, bool], clock: datetime
) -> list[str]:
    """One sentence for each setting and row that is otherwise. ``planned`` and ``now``: settings. ``clock``: now."""
    said = [
        f"{name}: {_setting(planned, name)} by the plan, {_setting(now, name)} now"
        for name in sorted({*planned, *now})
        if planned.get(name) != now.get(name)
    ]
    return [_printable(one) for one in [*said, *(in_words(pair, clock) for pair in pairs)]]


def _setting(settings: Mapping[str, bool], name: str) -> str:
    return str(settings[name]).lower() if name in settings else "not there"


def in_words(pair: Pair, clock: datetime) -> str:
    """``sales@contoso.com: Send As of crmrouter@contoso.com: the plan saw not held, it is held now``."""
    planned, now = pair.planned, pair.now
    if now is None:
        return f"{_head(planned)}{_gone(planned)}" if planned else ""
    if planned is None:
        return f"{_head(now)}{_unread(now) if _is_unread(now) else 'not in the plan'}"
    return _head(now) + "; ".join(_otherwise(planned, now, clock))


def _head(row: PlannedRow) -> str:
    return f"{row['mailbox']}: {Right(row['right']).wording} of {row['account']}: "


def _gone(planned: PlannedRow) -> str:
    if _is_unread(planned):
        return "could not be read for the plan, and is not there now"
    if planned["state"] == State.ABSENT.value and planned["before"] != "not held":
        return "in the plan, and now either in the inventory no more, left out by --limit, or not held any more"
    return "in the plan, and in the inventory no more, or left out by --limit"


def _otherwise(planned: PlannedRow, now: PlannedRow, clock: datetime) -> list[str]:
    """Never empty. What follows from something else is not said besides it."""
    said = [*_of_identity(planned, now), *_of_wishes(planned, now, clock), *_of_sight(planned, now)]
    return said or [*_of_finding(planned, now)] or [_of_action(planned, now)]


def _of_identity(planned: PlannedRow, now: PlannedRow) -> Iterator[str]:
    """What is called the same may be another one, which nobody judged."""
    if _are_others(planned["guid"], now["guid"]):
        yield f"the mailbox is another one now (GUID {planned['guid']} by the plan, {now['guid']} now)"
    if _are_others(planned["account_key"], now["account_key"]):
        yield f"the account is another one now ({planned['account_key']} by the plan, {now['account_key']} now)"
    if planned["mailbox"].lower() != now["mailbox"].lower():
        yield f"called {planned['mailbox']} by the plan"


def _are_others(planned: str, now: str) -> bool:
    return bool(planned and now) and planned != now


def _of_wishes(planned: PlannedRow, now: PlannedRow, clock: datetime) -> Iterator[str]:
    if planned["state"] != now["state"]:
        over = now["state"] == State.ABSENT.value and _is_over(now["until"], clock)
        why = f" (it was wanted until {now['until']} only)" if over else ""
        yield f"wanted {planned['state']} by the plan, {now['state']} by the inventory now{why}"
    if planned["until"] != now["until"]:
        yield f"wanted {_until(planned)} by the plan, {_until(now)} by the inventory now"
    if set(planned["after"]) != set(now["after"]):
        yield "the accounts that must hold it first are others than by the plan"


def _is_over(until: str, clock: datetime) -> bool:
    try:
        return term_of(until, "").is_over(clock)
    except ValueError:
        return False


def _until(row: PlannedRow) -> str:
    return f"until {row['until']}" if row["until"] else "without an end"


def _of_sight(planned: PlannedRow, now: PlannedRow) -> Iterator[str]:
    """What was read of the grant, or that it could not be."""
    if _is_unread(planned) != _is_unread(now):
        if _is_unread(now):
            yield _unread(now)
        else:
            yield f"could not be read for the plan, it is {_seen(now)} now"
    elif _seen(planned) != _seen(now):
        yield f"the plan saw {_seen(planned)}, it is {_seen(now)} now"
    elif planned["inherited"] != now["inherited"]:
        words = {True: "an inherited entry that gives it", False: "no inherited entry that gives it"}
        yield f"the plan saw {words[planned['inherited']]}, there is {words[now['inherited']]} now"
    elif sorted(planned["entries"]) != sorted(now["entries"]):
        yield f"the plan saw it held by {_entries(planned)}, it is by {_entries(now)} now"


def _is_unread(row: PlannedRow) -> bool:
    return row["outcome"] == Outcome.UNKNOWN.value


def _unread(now: PlannedRow) -> str:
    return f"could not be read now: {now['cause']}"


def _seen(row: PlannedRow) -> str:
    return spoken(row["outcome"]) if row["outcome"] in _NOT_LOOKED_AT else row["before"]


def _entries(row: PlannedRow) -> str:
    """Their SIDs and inheritance types."""
    shown = [f"{sid} ({inheritance})" if inheritance else sid for sid, inheritance in sorted(row["entries"])]
    return " and ".join(shown) or "no entry"


def _of_finding(planned: PlannedRow, now: PlannedRow) -> Iterator[str]:
    """What is neither wanted nor seen otherwise, and yet another object or another outcome."""
    if bool(planned["guid"]) != bool(now["guid"]) and planned["action"] == now["action"] == NO_ACTION:
        there, gone = "is there", "is not there"
        words = (there, gone) if planned["guid"] else (gone, there)
        yield f"by the plan the mailbox {words[0]}, and now it {words[1]}"
    elif planned["address"].lower() != now["address"].lower() and not now["guid"]:
        yield f"its address is {planned['address']} by the plan, {now['address']} now"


def _of_action(planned: PlannedRow, now: PlannedRow) -> str:
    if planned["action"] != now["action"]:
        return f"{_action(planned)} by the plan, {_action(now)} by this run"
    return f"{spoken(planned['outcome'])} by the plan, {spoken(now['outcome'])} now"


def _action(row: PlannedRow) -> str:
    return "nothing to be done" if row["action"] == NO_ACTION else f"to {row['action']}"


def _printable(text: str) -> str:
    """A plan may be anybody's, and terminals obey some signs."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
