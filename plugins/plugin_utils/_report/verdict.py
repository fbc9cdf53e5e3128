# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts: which outcomes fail a run, which are only warned of, and for how long some are let pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from math import isfinite
from typing import Any

from .._access.desired import InputError
from .._access.model import Outcome
from .._access.sentences import in_words, tally
from .._wording import counted_noun
from .document import Row, Verdict

OK, IGNORE, WARN, FAIL = "ok", "ignore", "warn", "fail"
WORDS = (FAIL, WARN, IGNORE)
AUDIT, ENFORCEMENT = "audit", "enforcement"

_FINE = (Outcome.COMPLIANT, Outcome.GRANTED, Outcome.REVOKED)
#: The outcomes that a verdict is chosen for, in the order of the design's table.
JUDGED = tuple(one.value for one in Outcome if one not in _FINE)
#: Nobody may let these pass: it is not known that all is well, or known that it is not.
ALWAYS_FAIL = (Outcome.UNKNOWN.value, Outcome.DENIED.value)
#: Nor these, where the run could write: it was held back, as by a brake. To choose otherwise is no error, for an audit
#: may share the verdicts.
HELD_BACK = (Outcome.MISSING.value, Outcome.UNWANTED.value)
#: What may come right by itself: a mailbox that is still being made, and replication.
GRACEFUL = (Outcome.NOT_FOUND.value, Outcome.PENDING.value)
#: From how many reports on end on it is more than one hand that once took something back.
NIGHT_AFTER_NIGHT = 2
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True)
class Policy:
    """``rules``: outcome → fail, warn or ignore, complete. ``grace``: outcome → hours, after which it fails.
    ``certain``: outcomes that fail whatever else is said."""

    rules: Mapping[str, str]
    grace: Mapping[str, float]
    certain: frozenset[str]


def default_rules(mode: str) -> dict[str, str]:
    """As the tasks themselves fail: for each outcome that failed them, and, where they could write, for drift."""
    checking = mode == AUDIT
    return {name: FAIL if Outcome(name).fails(checking) else WARN for name in JUDGED}


def policy_of(mode: str, verdicts: Mapping[str, Any], grace: Mapping[str, Any]) -> Policy:
    """The defaults of a mode, with what a user chose instead, where they may.

    Raises InputError for all that cannot be meant.
    """
    faults = [*_faults_of_verdicts(verdicts), *_faults_of_grace(grace)]
    if faults:
        raise InputError(faults)
    certain = frozenset((*ALWAYS_FAIL, *(HELD_BACK if mode == ENFORCEMENT else ())))
    rules = {**default_rules(mode), **{name: str(word) for name, word in verdicts.items()}}
    rules.update(dict.fromkeys(certain, FAIL))
    return Policy(rules, {name: float(hours) for name, hours in grace.items()}, certain)


def _faults_of_verdicts(verdicts: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, word in verdicts.items():
        if name not in JUDGED:
            faults.append(f"verdicts: {name!r} is none of {', '.join(JUDGED)}")
        elif word not in WORDS:
            faults.append(f"verdicts: {name} is {word!r}, which is none of {', '.join(WORDS)}")
        elif name in ALWAYS_FAIL and word != FAIL:
            faults.append(f"verdicts: {name} always fails, and cannot be {word}: leave it out")
    return faults


def _faults_of_grace(grace: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, hours in grace.items():
        if name not in GRACEFUL:
            faults.append(f"grace: {name!r} is none of {', '.join(GRACEFUL)}")
        elif not _is_number(hours):
            faults.append(f"grace: {name} is {hours!r}, which is no number of hours above 0")
    return faults


def _is_number(hours: Any) -> bool:
    try:
        return not isinstance(hours, bool) and isfinite(float(hours)) and float(hours) > 0
    except (TypeError, ValueError):
        return False


def judged(policy: Policy, row: Row, now: str) -> str:
    """ok, ignore, warn or fail. ``now``: RFC 3339, UTC.

    A grace is that of what stands: an audit sees a write that is pending as missing.
    """
    word = policy.rules.get(row["outcome"], OK)
    hours = policy.grace.get(row["standing"])
    if hours is None or row["outcome"] in policy.certain:
        return word
    if (_moment(now) - _moment(row["standing_since"])).total_seconds() >= hours * 3600:
        return FAIL
    return IGNORE if word == IGNORE else WARN


def is_moment(text: object) -> bool:
    """Whether it is a moment as reports tell it, and one that there is."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return False
    try:
        return datetime.fromisoformat(text[:-1]).year > 0
    except ValueError:
        return False


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Ending:
    """How a run ended. ``stopped``: what it says where it stopped before its end, else empty."""

    stopped: str
    failure_class: str
    retry_safe: bool


def verdict_of(rows: Sequence[Row], policy: Policy, ending: Ending) -> Verdict:
    """Of all rows. Without a row nothing was looked at, and that is never well."""
    counts = Counter(row["verdict"] for row in rows)
    return Verdict(
        failed=bool(counts[FAIL] or ending.stopped or not rows),
        sentence=sentence_of(rows, ending.stopped),
        failure_class=ending.failure_class,
        retry_safe=ending.retry_safe,
        rules=dict(policy.rules),
        grace=dict(policy.grace),
        counts={word: counts[word] for word in (OK, IGNORE, WARN, FAIL)},
    )


def sentence_of(rows: Sequence[Row], stopped: str) -> str:
    """What is wrong, for the last line that a person reads."""
    if stopped:
        return stopped
    if not rows:
        return "0 grants on 0 mailboxes: nothing was looked at, which is never taken for all being well"
    text = tally((row["outcome"] for row in rows), (row["mailbox"] for row in rows))
    worst = next((row for word in (FAIL, WARN) for row in rows if row["verdict"] == word), None)
    if worst:
        text += f". First: {in_words(worst)}"
    again = [row for row in rows if row["regranted"] >= NIGHT_AFTER_NIGHT]
    if again:
        text += f". Something else keeps removing {counted_noun(len(again), 'grant')}, see {again[0]['mailbox']}"
    return text
