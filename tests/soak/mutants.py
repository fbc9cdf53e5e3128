# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults put into the client on purpose, by name: a soak that does not tell of them is good for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ...plugins.plugin_utils._access import observe, writing
from ...plugins.plugin_utils._access.model import Facts, Outcome, State, Unknown
from ...plugins.plugin_utils._ansible import delegation
from ...plugins.plugin_utils._exchange import enduring
from ...plugins.plugin_utils._exchange.session import WRITERS, Answer
from ...plugins.plugin_utils._journal import recorder
from ...plugins.plugin_utils._remote import process, winrm
from . import client


def _change(place: Any, name: str, made: Callable[[Any], Any]) -> None:
    """In the place of what is there comes what is made of it."""
    setattr(place, name, made(getattr(place, name)))


def _claim_without_reading_back() -> None:
    """What was written counts as done."""

    def settle(_writer: Any, attempts: Any, seen: Any) -> None:
        for attempt in attempts.values():
            want = attempt.step.want
            seen[want.grant] = Facts(allowed=want.state is State.PRESENT, denied=False, inherited=False)

    _change(writing.Writer, "_settle", lambda _was: settle)


def _repeat_writes_blindly() -> None:
    """A write without an answer is sent again at once."""

    def made(was: Any) -> Any:
        def left(self: Any, lost: Any, queue: Any) -> Any:
            queue.again.extend(call for call in lost.unanswered if call.cmdlet in WRITERS)
            lost.unanswered = tuple(call for call in lost.unanswered if call.cmdlet not in WRITERS)
            return was(self, lost, queue)

        return left

    _change(enduring.EnduringSession, "_left", made)


def _swallow_unknowns() -> None:
    """What is not known passes for as wanted."""

    def made(was: Any) -> Any:
        def result_of(report: Any, *rest: Any) -> Any:
            known = tuple(
                replace(one, outcome=Outcome.COMPLIANT) if one.outcome is Outcome.UNKNOWN else one
                for one in report.findings
            )
            return was(replace(report, findings=known), *rest)

        return result_of

    _change(delegation, "result_of", made)


def _take_unread_for_not_held() -> None:
    """A read that failed counts as one that found nothing."""

    def made(was: Any) -> Any:
        def from_list(grant: Any, read: Any) -> Any:
            found = was(grant, read)
            return Facts(allowed=False, denied=False, inherited=False) if isinstance(found, Unknown) else found

        return from_list

    _change(observe, "from_list", made)


def _skip_the_line_before() -> None:
    """The journal is told of a write once it is done."""
    kept: list[Any] = []

    def sending(_journal: Any, *told: Any) -> int:
        kept.append(told)
        return len(kept)

    def made(was: Any) -> Any:
        def answered(self: Any, number: int, answer: Answer) -> None:
            step, call, place = kept[number - 1]
            self._file.append(recorder._sent(self.run, number, step, call, place))
            self._verbs[number] = step.verb
            was(self, number, answer)

        return answered

    _change(recorder.FileJournal, "sending", lambda _was: sending)
    _change(recorder.FileJournal, "answered", made)


def _lie_in_the_line_after() -> None:
    """Every write was done, says the journal."""
    _change(
        recorder.FileJournal,
        "answered",
        lambda was: lambda self, number, _answer: was(self, number, Answer()),
    )


def _leave_powershell_behind() -> None:
    """Neither a process nor a shell is ended."""
    for place in (process.ProcessChannel, winrm.WinRMChannel, client.SoakedClient):
        _change(place, "close", lambda _was: lambda self: None)


def _write_to_another_mailbox() -> None:
    """Each write goes to the mailbox of the first."""
    seen: list[str] = []

    def made(was: Any) -> Any:
        def writes_of(step: Any, settings: Any) -> Any:
            seen.append(step.want.grant.mailbox.guid)
            calls = was(step, settings)
            return tuple(replace(call, parameters={**call.parameters, "Identity": seen[0]}) for call in calls)

        return writes_of

    _change(writing, "writes_of", made)


def _tell_the_password() -> None:
    """It stands in what is printed."""

    def made(was: Any) -> Any:
        def perform(job: Any) -> Any:
            print(job.connection.get("remote_password"), job.arguments.get("access_token"))
            return was(job)

        return perform

    _change(client, "perform", made)


def _write_in_check_mode() -> None:
    """Check mode is not heeded."""
    _change(client, "perform", lambda was: lambda job: was(replace(job, check_mode=False)))


def _forget_a_row() -> None:
    """The first finding of all is lost."""
    _change(
        delegation,
        "result_of",
        lambda was: lambda report, *rest: was(replace(report, findings=report.findings[1:]), *rest),
    )


def _say_that_nothing_changed() -> None:
    """``changed`` is always false."""
    _change(delegation, "result_of", lambda was: lambda *told: {**was(*told), "changed": False})


def _give_up_at_once() -> None:
    """What passes is not waited for."""
    _change(enduring, "PAUSES", lambda _was: ())


MUTANTS: dict[str, Callable[[], None]] = {
    "claims": _claim_without_reading_back,
    "repeats": _repeat_writes_blindly,
    "swallows": _swallow_unknowns,
    "presumes": _take_unread_for_not_held,
    "unrecorded": _skip_the_line_before,
    "misrecorded": _lie_in_the_line_after,
    "leaves": _leave_powershell_behind,
    "strays": _write_to_another_mailbox,
    "tells": _tell_the_password,
    "writes": _write_in_check_mode,
    "forgets": _forget_a_row,
    "unchanged": _say_that_nothing_changed,
    "impatient": _give_up_at_once,
}


def names(chosen: Iterable[str]) -> tuple[str, ...]:
    """Raises ValueError for one that there is not."""
    unknown = [name for name in chosen if name not in MUTANTS]
    if unknown:
        raise ValueError(f"no such mutant: {', '.join(unknown)}")
    return tuple(chosen)
