# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying steps out: writes one at a time, then reading back until they show or patience ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from .._exchange.errors import NOT_REACHED, UNANSWERED
from .._exchange.failures import Failure, FailureClass
from .._exchange.session import Answer, Call, CmdletError, SessionLost
from .apply import Attempt, WriteSettings, judge, may_be_sent_again, may_still_appear, writes_of
from .journal import Journal, JournalError
from .meter import MeteredSession, Watch
from .model import Finding, Grant, GrantKey, Observed, Outcome, Stop, Unknown
from .observe import observe
from .plan import Step, left_undone

#: Seconds between two looks at what was written. Directories take their time (exchange facts 4, Propagation).
POLL_EVERY = 10.0
OUT_OF_TIME = Stop("the time of the run (max_runtime) was over", Failure(FailureClass.MAX_RUNTIME, retry_safe=True))


class _Stopped(Exception):
    """A write cannot be sent, or was not answered. ``sent``: it may have reached Exchange."""

    def __init__(self, stop: Stop, sent: bool) -> None:
        super().__init__(stop.why)
        self.stop = stop
        self.sent = sent


@dataclass(frozen=True)
class Writer:
    """Carries steps out over a session, and tells the journal of each write."""

    session: MeteredSession
    settings: WriteSettings
    watch: Watch
    journal: Journal

    def carry_out_in_order(
        self, steps: Sequence[Step], held: Collection[GrantKey]
    ) -> tuple[list[Finding], Stop | None]:
        """The findings of all steps, and why the run stopped before its end.

        A step that has to wait for other grants comes after all others have been read back, and only where those grants
        were seen to be held: so an account is replaced without a moment in which neither works. ``held``: what was held
        before; that a write answers that the right was there already is not enough.
        """
        first = [step for step in steps if not step.want.after]
        findings, stop = self.carry_out(first)
        done = zip(first, findings, strict=True)
        seen = {*held, *(step.want.grant.key for step, found in done if found.outcome is Outcome.GRANTED)}
        ready: list[Step] = []
        kept: list[Step] = []
        for step in (step for step in steps if step.want.after):
            (ready if seen.issuperset(step.want.after) and not stop else kept).append(step)
        later, stop_later = self.carry_out(ready)
        why = (
            f"not reached: {stop.why}"
            if stop
            else "kept, for the account that replaces it was not seen to hold the right yet"
        )
        left = [left_undone(step, why, "run it again") for step in kept]
        return [*findings, *later, *left], stop or stop_later

    def carry_out(self, steps: Sequence[Step]) -> tuple[list[Finding], Stop | None]:
        """One finding for each step, in their order, and why the run stopped before its end."""
        attempts, stop = self._write(steps)
        rest = steps[len(attempts) :]
        seen: dict[Grant, Observed] = {}
        if not stop or stop.can_read:
            self.session.enter("verify")
            stop = self._settle(attempts, seen) or stop
        unread = Unknown(f"{stop.why if stop else ''}, before the write could be read back")
        findings = [judge(attempt, seen.get(attempt.step.want.grant, unread)) for attempt in attempts]
        why = f"not reached: {stop.why}" if stop else ""
        return [*findings, *(left_undone(step, why, "run it again") for step in rest)], stop

    def _write(self, steps: Sequence[Step]) -> tuple[list[Attempt], Stop | None]:
        """Writes one at a time, so that at most one can be in doubt when contact is lost (design 5).

        One attempt for each step until the run stops; that of the last one only if anything of it was sent.
        """
        self.session.enter("write")
        self.session.expect(len(steps))
        attempts: list[Attempt] = []
        for step in steps:
            attempt, stop = self._attempt(step)
            attempts += [attempt] if attempt else []
            if stop:
                return attempts, stop
        return attempts, None

    def _attempt(self, step: Step) -> tuple[Attempt | None, Stop | None]:
        """Sends the writes of a step until the run stops; None if it stopped before the first."""
        calls = writes_of(step, self.settings)
        answers: list[Answer | None] = []
        for call in calls:
            try:
                answers.append(self._send(step, call))
            except _Stopped as stopped:
                if not answers and not stopped.sent:
                    return None, stopped.stop
                answers += [None] * (len(calls) - len(answers))
                return Attempt(step, tuple(answers)), stopped.stop
        return Attempt(step, tuple(answers)), None

    def _send(self, step: Step, call: Call) -> Answer:
        """Sends one write, of which the journal knows first. Raises _Stopped."""
        told: list[int] = []

        def when_taken() -> Iterator[Call]:
            told.append(self.journal.sending(step, call, self.session.info.place))
            yield call

        try:
            ((_call, answer),) = self.session.invoke(when_taken())
            self.journal.answered(told[0], answer)
        except SessionLost as lost:
            self._leave_open(told, str(lost))
            raise _Stopped(Stop(str(lost), lost.failure, can_read=False), bool(told)) from lost
        except JournalError as error:
            raise _Stopped(Stop(str(error), Failure(FailureClass.JOURNAL)), bool(told)) from error
        if answer.error is not None and answer.error.code == NOT_REACHED:
            raise _Stopped(OUT_OF_TIME, sent=False)
        return answer

    def _leave_open(self, told: Sequence[int], why: str) -> None:
        """The journal says of a write without an answer that there is none, if it still can."""
        with suppress(JournalError):
            for number in told:
                self.journal.answered(number, Answer(error=CmdletError(why, code=UNANSWERED)))

    def _settle(self, attempts: list[Attempt], seen: dict[Grant, Observed]) -> Stop | None:
        """Reads every written grant into ``seen``, and those again that may still appear, until they do or ``verify``
        seconds are over.

        What was in doubt and turns out not to have been done is written again, some times, in place in ``attempts``.
        """
        waiting = list(range(len(attempts)))
        deadline = self.watch.now() + self.settings.verify
        while waiting:
            try:
                read = observe(self.session, [attempts[one].step.want.grant for one in waiting])
            except SessionLost as lost:
                return Stop(str(lost), lost.failure, can_read=False)
            if self.session.is_over:
                return OUT_OF_TIME  # what was read before stands
            seen.update(read)
            found = {one: seen[attempts[one].step.want.grant] for one in waiting}
            waiting = [one for one in waiting if may_still_appear(attempts[one], found[one])]
            again = [one for one in waiting if may_be_sent_again(attempts[one], found[one])]
            if not again and self.watch.now() + POLL_EVERY > deadline:
                return None
            if waiting:
                self.watch.sleep(POLL_EVERY)
            stop = self._write_again(attempts, again)
            if stop:
                return stop
        return None

    def _write_again(self, attempts: list[Attempt], which: Sequence[int]) -> Stop | None:
        for one in which:
            before = attempts[one]
            attempt, stop = self._attempt(before.step)
            if attempt:
                attempts[one] = replace(attempt, earlier=(*before.earlier, *before.doubtful))
            if stop:
                return stop
        return None
