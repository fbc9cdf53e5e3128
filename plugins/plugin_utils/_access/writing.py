# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying steps out: writes one at a time, then reading back until they show or patience ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .._exchange.errors import NOT_REACHED, UNANSWERED
from .._exchange.failures import Failure, FailureClass
from .._exchange.session import Answer, Call, CmdletError, SessionLost
from .apply import Attempt, WriteSettings, judge, may_be_sent_again, may_still_appear, writes_of
from .journal import Journal, JournalError
from .meter import MeteredSession, Watch
from .model import Facts, Finding, Grant, GrantKey, Observed, Outcome, Stop, Unknown
from .observe import observe
from .plan import Step, left_undone

#: Seconds between two looks at what was written. Directories take their time (exchange facts 4, Propagation).
POLL_EVERY = 10.0
#: What is to be sent for a step.
Writes = tuple[Step, tuple[Call, ...]]
OUT_OF_TIME = Stop("the time of the run (max_runtime) was over", Failure(FailureClass.MAX_RUNTIME, retry_safe=True))


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
        self.session.enter("write")
        self.session.expect(len(steps))
        tried, stop = self._write([(step, writes_of(step, self.settings)) for step in steps])
        attempts = {number: one for number, one in enumerate(tried) if one}
        seen: dict[Grant, Observed] = {}
        if not stop or stop.can_read:
            self.session.enter("verify")
            stop = self._settle(attempts, seen) or stop
        why = stop.why if stop else ""
        unread = Unknown(f"{why}, before the write could be read back")
        findings = [
            judge(attempts[number], seen.get(step.want.grant, unread))
            if number in attempts
            else left_undone(step, f"not reached: {why}", "run it again")
            for number, step in enumerate(steps)
        ]
        return findings, stop

    def _write(self, writes: Sequence[Writes]) -> tuple[list[Attempt | None], Stop | None]:
        """What came of the writes of each step: None where none was sent, for the run stopped before it.

        Writes go one at a time in each lane, so that as few as possible are in doubt when contact is lost (design 5).
        """
        outbox = _Outbox(writes)
        try:
            for call, answer in self.session.invoke(self._as_taken(outbox)):
                outbox.put(call, answer)
                self._note(outbox, call, answer)
                if _was_not_sent(answer):
                    outbox.halt(OUT_OF_TIME)
        except SessionLost as lost:
            outbox.halt(Stop(str(lost), lost.failure, can_read=False))
            for call in outbox.unanswered():
                self._note(outbox, call, Answer(error=CmdletError(str(lost), code=UNANSWERED)))
        except JournalError as error:
            outbox.halt(_unwritten(error))
        return outbox.attempts(), outbox.stop

    def _as_taken(self, outbox: _Outbox) -> Iterator[Call]:
        """The writes, each told to the journal at the moment when a session takes it, and not before."""
        for step, call in outbox:
            outbox.numbers[id(call)] = self.journal.sending(step, call, self.session.info.place)
            yield call

    def _note(self, outbox: _Outbox, call: Call, answer: Answer) -> None:
        """If the journal fails now, the answer counts all the same, and nothing more is sent."""
        try:
            self.journal.answered(outbox.numbers[id(call)], answer)
        except JournalError as error:
            outbox.halt(_unwritten(error))

    def _settle(self, attempts: dict[int, Attempt], seen: dict[Grant, Observed]) -> Stop | None:
        """Reads every written grant into ``seen``, and those again that may still appear, until they do or ``verify``
        seconds are over.

        What was in doubt and turns out not to have been done is written again, some times, in place in ``attempts``;
        of several writes of a step only those that were in doubt.
        """
        waiting = list(attempts)
        deadline = self.watch.now() + self.settings.verify
        while waiting:
            try:
                read = observe(self.session, [attempts[one].step.want.grant for one in waiting])
            except SessionLost as lost:
                return Stop(str(lost), lost.failure, can_read=False)
            if self.session.is_over:  # what was read before stands, and what was just read in time
                seen.update({grant: one for grant, one in read.items() if isinstance(one, Facts)})
                return OUT_OF_TIME
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

    def _write_again(self, attempts: dict[int, Attempt], which: Sequence[int]) -> Stop | None:
        if not which:
            return None
        tried, stop = self._write([(attempts[one].step, attempts[one].open_writes(self.settings)) for one in which])
        for one, again in zip(which, tried, strict=True):
            if again:
                attempts[one] = attempts[one].followed_by(again)
        return stop


class _Outbox:
    """The writes of steps on their way. ``numbers``: of those that a session took, as the journal counts them, by id of
    the call. ``stop``: why no more is to be taken."""

    def __init__(self, writes: Sequence[Writes]) -> None:
        self.numbers: dict[int, int] = {}
        self.stop: Stop | None = None
        self._writes = writes
        self._answers: dict[int, Answer] = {}

    def __iter__(self) -> Iterator[tuple[Step, Call]]:
        """Until it is halted."""
        for step, calls in self._writes:
            for call in calls:
                if self.stop:
                    return
                yield step, call

    def halt(self, stop: Stop) -> None:
        """The first reason counts."""
        self.stop = self.stop or stop

    def put(self, call: Call, answer: Answer) -> None:
        """An answer has come."""
        self._answers[id(call)] = answer

    def unanswered(self) -> list[Call]:
        """What was taken, and has no answer."""
        calls = (call for _step, calls in self._writes for call in calls)
        return [call for call in calls if id(call) in self.numbers and id(call) not in self._answers]

    def attempts(self) -> list[Attempt | None]:
        """What came of each step; None where nothing of it was sent."""
        return [self._attempt(step, calls) for step, calls in self._writes]

    def _attempt(self, step: Step, calls: Sequence[Call]) -> Attempt | None:
        answers = {id(call): self._answers.get(id(call)) for call in calls if id(call) in self.numbers}
        sent = {key: one for key, one in answers.items() if one is None or not _was_not_sent(one)}
        return Attempt(step, tuple(sent.get(id(call)) for call in calls)) if sent else None


def _was_not_sent(answer: Answer) -> bool:
    return answer.error is not None and answer.error.code == NOT_REACHED


def _unwritten(error: JournalError) -> Stop:
    return Stop(str(error), Failure(FailureClass.JOURNAL))
