# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes in doubt are settled by a read and sent again only if that shows that they were not carried out; the journal
knows of each before Exchange does."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WRITE_TRIES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import JournalError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Step
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.deadline import Deadline
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import FailureClass
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.resilience import ResilientSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.resilience import Clock
from .._exchange.sessions import ScriptedSession, mailbox, tenant_of, watched
from .runs import BreakingSession, FakeWatch, Run, is_write, run, wishes, writes

A, B, C = "a@contoso.com", "b@contoso.com", "c@contoso.com"
BUSY = Answer(error=CmdletError("The LDAP server is unavailable."))
OUT_OF_SCOPE = Answer(error=CmdletError("'x' isn't within your current write scope."))


def three() -> Tenant:
    return tenant_of(mailbox(A), mailbox(B), mailbox(C))


def troubled(tenant: Tenant, numbers: Mapping[int, Answer], carried_out: bool) -> ScriptedSession:
    """The writes of these numbers, from 1, are answered so; ``carried_out``: though they were done."""
    inner, seen = watched(tenant), [0]

    def answer(call: Call) -> Answer:
        seen[0] += is_write(call)
        if not is_write(call) or seen[0] not in numbers:
            return inner.script(call)
        if carried_out:
            inner.script(call)
        return numbers[seen[0]]

    return ScriptedSession(answer)


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("verify", [0.0, 120.0])
def test_a_write_that_failed_for_a_time_and_was_not_done_is_sent_again(right: Right, verify: float) -> None:
    tenant = three()
    done = run(tenant, wishes([A, B, C], [right]), session=troubled(tenant, {2: BUSY}, False), verify=verify)
    assert done.outcomes == [Outcome.GRANTED] * 3
    assert len(writes(tenant)) == 3
    assert "written 2 times" in done.report.findings[1].notes[0]


@pytest.mark.parametrize("fails", [1, 2])
def test_of_several_writes_for_a_mailbox_only_those_in_doubt_are_sent_again(fails: int) -> None:
    old = "S-1-5-21-9-9-9-1"
    entries = [{"trustee": "moved@contoso.com"}, {"sid": old}]
    tenant = tenant_of(mailbox("moved@contoso.com", sid_history=[old]), mailbox(A, full_access=entries))
    wanted = wishes([A], [Right.FULL_ACCESS], State.ABSENT, account="moved@contoso.com")
    done = run(tenant, wanted, session=troubled(tenant, {fails: BUSY}, False))
    assert done.only.outcome is Outcome.REVOKED
    assert "written 2 times" in done.only.notes[0]
    assert [call.changed for call in tenant.calls if call.writes] == [True, True]
    assert done.statistics.writes == 3


def test_a_write_that_was_done_for_all_that_it_answered_is_not_sent_again() -> None:
    tenant = three()
    done = run(tenant, wishes([A, B, C]), session=troubled(tenant, {2: BUSY}, True))
    assert done.outcomes == [Outcome.GRANTED] * 3
    assert len(writes(tenant)) == 3
    assert "yet was done" in done.report.findings[1].notes[0]


def test_a_write_whose_first_try_landed_late_is_claimed_as_ours() -> None:
    """The second try is told that the right was there already: it was the first that put it there."""
    tenant = tenant_of(mailbox(A), settings={"replication_lag": 2})
    done = run(tenant, wishes([A]), session=troubled(tenant, {1: BUSY}, True))
    assert done.only.outcome is Outcome.GRANTED
    assert done.changed
    assert len(writes(tenant)) == 2


def test_tries_are_bounded_and_what_stays_in_doubt_is_unknown() -> None:
    tenant = three()
    always = dict.fromkeys(range(1, 99), BUSY)
    done = run(tenant, wishes([A]), session=troubled(tenant, always, False))
    assert done.only.outcome is Outcome.UNKNOWN
    assert "LDAP" in done.only.cause
    assert writes(tenant) == []
    assert done.statistics.writes == WRITE_TRIES


def test_what_was_refused_is_not_sent_again() -> None:
    tenant = three()
    done = run(tenant, wishes([A]), session=troubled(tenant, {1: OUT_OF_SCOPE}, False))
    assert done.only.outcome is Outcome.REFUSED
    assert done.statistics.writes == 1


def test_a_write_in_doubt_is_not_repeated_over_a_state_that_cannot_be_read() -> None:
    tenant = three()
    inner, wrote = troubled(tenant, {1: BUSY}, False), []

    def answer(call: Call) -> Answer:
        wrote.extend([call] if is_write(call) else [])
        return Answer(error=CmdletError("Access is denied.")) if wrote and not is_write(call) else inner.script(call)

    done = run(tenant, wishes([A]), session=ScriptedSession(answer))
    assert done.only.outcome is Outcome.UNKNOWN
    assert len(wrote) == 1


class Notes:
    """A journal in memory that may fail. ``lines``: ("sending" or "answered", what)."""

    def __init__(self, fails_at: int = 0) -> None:
        self.lines: list[tuple[str, object]] = []
        self._fails_at = fails_at

    def sending(self, step: Step, call: Call, place: Mapping[str, object]) -> int:
        return self._note("sending", (step.want.host, dict(place)))

    def answered(self, number: int, answer: Answer) -> None:
        self._note("answered", answer.error.text if answer.error else "")

    def _note(self, kind: str, what: object) -> int:
        if len(self.lines) + 1 == self._fails_at:
            raise JournalError("no space left on device")
        self.lines.append((kind, what))
        return len(self.lines)


def noted(tenant: Tenant, journal: Notes, session: ScriptedSession | None = None) -> Run:
    watch = FakeWatch()
    wanted = Scope(wishes([A, B, C]))
    report, statistics = ensure(session or watched(tenant), wanted, Options(False), watch, journal)
    return Run(report, statistics, False, watch)


def test_the_journal_knows_of_each_write_before_it_is_sent_and_after_it_is_answered() -> None:
    journal, tenant = Notes(), three()
    inner = watched(tenant)

    def answer(call: Call) -> Answer:
        if is_write(call):
            assert journal.lines[-1][0] == "sending"
        return inner.script(call)

    noted(tenant, journal, ScriptedSession(answer))
    assert [kind for kind, _what in journal.lines] == ["sending", "answered"] * 3


@pytest.mark.parametrize("line", range(1, 7))
def test_a_journal_that_cannot_be_written_stops_the_run_before_the_next_write(line: int) -> None:
    journal, tenant = Notes(fails_at=line), three()
    done = noted(tenant, journal)
    sent = (line) // 2
    assert len(writes(tenant)) == sent
    assert done.outcomes == [Outcome.GRANTED] * sent + [Outcome.MISSING] * (3 - sent)
    assert done.fails or sent == 3
    assert done.report.stop is not None
    assert done.report.stop.failure.kind is FailureClass.JOURNAL


def test_a_write_without_an_answer_is_said_to_have_none() -> None:
    journal, tenant = Notes(), three()
    seen: list[Call] = []

    def second_write(call: Call) -> bool:
        seen.extend([call] if is_write(call) else [])
        return is_write(call) and len(seen) == 2

    noted(tenant, journal, BreakingSession(tenant, second_write))
    assert journal.lines[-2:] == [("sending", (B, {})), ("answered", "the connection broke")]


class Living(ScriptedSession):
    """A scripted session for a resilient one."""

    def keep_alive(self) -> None:
        pass


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_session_lost_in_a_write_costs_nothing_but_a_look(carried_out: bool) -> None:
    """The whole stack: PowerShell dies in the second write, another signs in, a read settles what became of it."""
    tenant, clock = three(), Clock()
    inner, sent = watched(tenant), []

    def answer(call: Call) -> Answer:
        sent.extend([call] if is_write(call) else [])
        if is_write(call) and len(sent) == 2:
            if carried_out:
                inner.script(call)
            raise SessionLost("PowerShell ended", (call,))
        return inner.script(call)

    session = ResilientSession(lambda lane: Living(answer), Deadline(), clock.pause)
    done = run(tenant, wishes([A, B, C]), session=session)
    assert done.outcomes == [Outcome.GRANTED] * 3
    assert len(writes(tenant)) == 3
    assert session.opened == 2


def test_what_the_time_did_not_suffice_for_is_unknown_or_left_and_nothing_is_claimed() -> None:
    tenant, clock = three(), Clock()
    inner = watched(tenant)

    def answer(call: Call) -> Answer:
        clock.now += 10 if is_write(call) else 0
        return inner.script(call)

    session = ResilientSession(lambda lane: Living(answer), clock.deadline(15), clock.pause)
    done = run(tenant, wishes([A, B, C], state=State.PRESENT), session=session)
    assert done.outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.MISSING]
    assert done.report.stop is not None
    assert done.report.stop.failure.kind is FailureClass.MAX_RUNTIME
    assert session.not_reached
    assert done.watch.slept == [], "for what nobody will read any more nobody waits"
    assert "before the write could be read back" in done.report.findings[0].cause


def test_what_was_written_is_read_back_in_the_time_that_is_kept_for_it() -> None:
    tenant, clock = three(), Clock()
    inner = watched(tenant)

    def answer(call: Call) -> Answer:
        clock.now += 45 if is_write(call) else 0
        return inner.script(call)

    session = ResilientSession(lambda lane: Living(answer), clock.deadline(100), clock.pause)
    done = run(tenant, wishes([A, B, C]), session=session)
    assert done.outcomes == [Outcome.GRANTED, Outcome.GRANTED, Outcome.MISSING]
    assert done.report.stop is not None
    assert done.report.stop.failure.kind is FailureClass.MAX_RUNTIME


def test_what_was_read_back_before_the_time_was_over_stands_though_not_all_was() -> None:
    tenant, clock = three(), Clock()
    inner, wrote = watched(tenant), [0]

    def answer(call: Call) -> Answer:
        wrote[0] += is_write(call)
        clock.now += 60 if wrote[0] == 3 and not is_write(call) else 0
        return inner.script(call)

    session = ResilientSession(lambda lane: Living(answer), clock.deadline(100), clock.pause)
    done = run(tenant, wishes([A, B, C], [Right.FULL_ACCESS]), session=session)
    assert done.outcomes == [Outcome.GRANTED, Outcome.GRANTED, Outcome.UNKNOWN]


def test_when_the_time_is_over_what_the_directory_does_not_show_yet_is_not_waited_for() -> None:
    """What was read in time stands: it was accepted, and is pending, not unknown."""
    tenant, clock = tenant_of(mailbox(A), settings={"replication_lag": 99}), Clock()
    watch = FakeWatch(on_sleep=lambda: setattr(clock, "now", clock.now + 10))
    session = ResilientSession(lambda lane: Living(watched(tenant).script), clock.deadline(25), clock.pause)
    done = run(tenant, wishes([A]), session=session, watch=watch)
    assert done.only.outcome is Outcome.PENDING
    assert done.watch.slept == [10.0] * 3
    assert done.report.stop is not None
    assert done.report.stop.failure.kind is FailureClass.MAX_RUNTIME
