# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying steps out: writes one at a time, then reading back until they show or patience ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._exchange.session import Answer, Session, SessionLost
from .apply import Attempt, WriteSettings, judge, may_still_appear, writes_of
from .meter import MeteredSession, Watch
from .model import Finding, Grant, GrantKey, Observed, Outcome, Unknown
from .observe import observe
from .plan import Step, left_undone

#: Seconds between two looks at what was written. Directories take their time (exchange facts 4, Propagation).
POLL_EVERY = 10.0


def carry_out_in_order(
    session: MeteredSession,
    steps: Sequence[Step],
    held: Collection[GrantKey],
    settings: WriteSettings,
    watch: Watch,
) -> tuple[list[Finding], str]:
    """The findings of all steps, and why the run stopped before its end, or empty.

    A step that has to wait for other grants comes after all others have been read back, and only where those grants
    were seen to be held: so an account is replaced without a moment in which neither works. ``held``: what was held
    before; that a write answers that the right was there already is not enough.
    """
    first = [step for step in steps if not step.want.after]
    findings, aborted = carry_out(session, first, settings, watch)
    done = zip(first, findings, strict=True)
    seen = {*held, *(step.want.grant.key for step, found in done if found.outcome is Outcome.GRANTED)}
    ready: list[Step] = []
    kept: list[Step] = []
    for step in (step for step in steps if step.want.after):
        (ready if seen.issuperset(step.want.after) and not aborted else kept).append(step)
    later, aborted_later = carry_out(session, ready, settings, watch)
    why = (
        f"not reached: {aborted}"
        if aborted
        else "kept, for the account that replaces it was not seen to hold the right yet"
    )
    left = [left_undone(step, why, "run it again") for step in kept]
    return [*findings, *later, *left], aborted or aborted_later


def carry_out(
    session: MeteredSession, steps: Sequence[Step], settings: WriteSettings, watch: Watch
) -> tuple[list[Finding], str]:
    """One finding for each step, in their order, and why the run stopped before its end, or empty."""
    attempts, aborted = _write(session, steps, settings)
    rest = steps[len(attempts) :]
    seen: dict[Grant, Observed]
    if aborted:
        lost = Unknown(f"{aborted}, so that what was written could not be read back")
        seen = {attempt.step.want.grant: lost for attempt in attempts}
    else:
        session.enter("verify")
        seen, aborted = _read_back(session, attempts, settings.verify, watch)
    findings = [judge(attempt, seen[attempt.step.want.grant]) for attempt in attempts]
    findings += [left_undone(step, f"not reached: {aborted}", "run it again") for step in rest]
    return findings, aborted


def _write(session: MeteredSession, steps: Sequence[Step], settings: WriteSettings) -> tuple[list[Attempt], str]:
    """Writes one at a time, so that at most one can be in doubt when contact is lost (design 5)."""
    attempts: list[Attempt] = []
    session.enter("write")
    session.expect(len(steps))
    for step in steps:
        answers: list[Answer | None] = []
        calls = writes_of(step, settings)
        try:
            for call in calls:
                answers.extend(answer for _call, answer in session.invoke(iter((call,))))
        except SessionLost as lost:
            answers.extend([None] * (len(calls) - len(answers)))
            return [*attempts, Attempt(step, tuple(answers))], str(lost)
        attempts.append(Attempt(step, tuple(answers)))
    return attempts, ""


def _read_back(
    session: Session, attempts: Sequence[Attempt], patience: float, watch: Watch
) -> tuple[dict[Grant, Observed], str]:
    """Reads every written grant, and those again that may still appear, until they do or patience ends (seconds)."""
    seen: dict[Grant, Observed] = {}
    waiting = list(attempts)
    deadline = watch.now() + patience
    while waiting:
        try:
            seen.update(observe(session, [attempt.step.want.grant for attempt in waiting]))
        except SessionLost as lost:
            for attempt in attempts:
                seen.setdefault(attempt.step.want.grant, Unknown(f"{lost}, before the write could be read back"))
            return seen, str(lost)
        waiting = [attempt for attempt in waiting if may_still_appear(attempt, seen[attempt.step.want.grant])]
        if not waiting or watch.now() + POLL_EVERY > deadline:
            break
        watch.sleep(POLL_EVERY)
    return seen, ""
