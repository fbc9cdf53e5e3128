# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run outlives its PowerShell: what was under way is asked again, a write never is, and there is an end to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.enduring import (
    LOSSES,
    PAUSES,
    RENEW_AFTER,
    STUMBLES,
    EnduringSession,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import (
    NOT_REACHED,
    UNANSWERED,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    SessionError,
    SessionLost,
)

from .resilience import DENIED, ENDED, Clock, Far, FarSession, answers, look_up, name_of, read, reads, write

GONE = SessionLost("PowerShell ended")
NO_START = SessionError("exit code 1", Failure(FailureClass.POWERSHELL))
REFUSED = SessionError("no such login", Failure(FailureClass.HOST_LOGIN))
REBOOTING = SessionError("connection refused", Failure(FailureClass.HOST_UNREACHABLE, retry_safe=True))
ENTRA_BUSY = SessionError("AADSTS90033", Failure(FailureClass.SIGN_IN, retry_safe=True))


def enduring(
    far: Far, clock: Clock | None = None, seconds: float | None = None, renew_after: int = RENEW_AFTER
) -> EnduringSession:
    clock = clock or Clock()
    return EnduringSession(far.open, clock.deadline(seconds), clock.pause, renew_after)


def test_reads_under_way_are_asked_again_of_another_session_and_nothing_else_is() -> None:
    far = Far(c=GONE)
    session = enduring(far)
    made = answers(session.invoke, *reads("abcdef"))
    assert sorted(made) == list("abcdef")
    assert all(answer == Answer() for answer in made.values())
    assert far.calls[:3] == [(1, "a"), (1, "b"), (1, "c")]
    assert sorted(far.names[3:]) == list("cdef")
    assert (session.opened, far.closed, session.info.place) == (2, 1, {"session": 2})
    assert session.repeats.total() == 4


def test_a_write_under_way_is_never_sent_again_and_its_answer_leaves_doubt() -> None:
    far = Far(w=GONE)
    made = answers(enduring(far).invoke, read("a"), write("w"), read("b"))
    assert far.names == ["a", "w", "b"]
    assert made["w"].error is not None
    assert made["w"].error.code == UNANSWERED
    assert "PowerShell ended" in made["w"].error.text


def test_a_call_that_takes_too_long_is_given_up_and_the_others_go_on() -> None:
    far = Far(b=SessionLost("no answer in 1200 seconds", overdue=True))
    made = answers(enduring(far).invoke, *reads("abcd"))
    assert far.names.count("b") == 1
    assert made["b"].error is not None
    assert made["b"].error.code == UNANSWERED
    assert [name for name in "acd" if made[name].error] == []


def test_a_look_up_of_many_that_takes_too_long_is_made_once_more_after_all_others() -> None:
    far = Far(b=SessionLost("no answer in 1200 seconds", overdue=True))
    session = enduring(far)
    made = answers(session.invoke, read("a"), look_up("b"), *reads("cdefghij"))
    assert all(answer.error is None for answer in made.values())
    assert (far.names[:2], far.names.count("b"), far.names[-1]) == (["a", "b"], 2, "b")
    assert session.opened == 2


def test_a_look_up_of_many_that_takes_too_long_twice_is_given_up() -> None:
    late = SessionLost("no answer in 1200 seconds", overdue=True)
    far = Far(b=[late, late])
    made = answers(enduring(far).invoke, read("a"), look_up("b"), read("c"))
    assert far.names.count("b") == 2
    assert made["b"].error is not None
    assert made["b"].error.code == UNANSWERED
    assert (made["a"].error, made["c"].error) == (None, None)


def test_a_look_up_that_was_put_off_is_told_of_where_no_other_session_can_be_opened() -> None:
    far = Far(b=SessionLost("no answer in 1200 seconds", overdue=True))
    session = enduring(far)
    far.refusals = [REFUSED]
    with pytest.raises(SessionLost) as lost:
        answers(session.invoke, look_up("b"), read("c"))
    assert sorted(name_of(call) for call in lost.value.unanswered) == ["b", "c"]


def test_a_call_at_which_powershell_dies_again_is_not_tried_a_third_time() -> None:
    far = Far(b=[GONE, GONE, GONE])
    made = answers(enduring(far).invoke, *reads("abcd"))
    assert far.names.count("b") == 2
    assert made["b"].error is not None
    assert [name for name in "acd" if made[name].error] == []


def test_an_answer_that_the_session_has_ended_is_a_loss_and_what_follows_it_is_asked_of_another() -> None:
    far = Far(b=ENDED, c=ENDED)
    made = answers(enduring(far).invoke, *reads("abcdef"))
    assert all(answer.error is None for answer in made.values())
    assert far.opened == 2
    assert far.names.count("b") == far.names.count("c") == 2


def test_a_write_that_is_answered_so_is_left_to_whoever_sent_it_and_the_next_call_has_a_new_session() -> None:
    far = Far(w=ENDED)
    session = enduring(far)
    assert answers(session.invoke, write("w"))["w"].error == ENDED
    answers(session.invoke, read("a"))
    assert far.calls == [(1, "w"), (2, "a")]


def test_a_call_that_is_answered_so_by_a_new_session_too_has_its_answer() -> None:
    far = Far(b=[ENDED, ENDED])
    made = answers(enduring(far).invoke, *reads("abc"))
    assert made["b"].error == ENDED
    assert (made["a"].error, made["c"].error) == (None, None)


def test_other_errors_are_no_loss() -> None:
    far = Far(b=DENIED)
    assert answers(enduring(far).invoke, *reads("abc"))["b"].error == DENIED
    assert far.opened == 1


def test_a_host_that_reboots_is_waited_for() -> None:
    clock, far = Clock(), Far(b=GONE)
    session = enduring(far, clock)
    far.refusals = [REBOOTING] * 5
    assert len(answers(session.invoke, *reads("abc"))) == 3
    assert [seconds for seconds, _why in clock.pauses] == list(PAUSES[:6])
    assert "PowerShell ended" in clock.pauses[0][1]


def test_a_login_that_is_refused_is_not_tried_again_for_accounts_lock_out() -> None:
    far = Far(b=GONE)
    session = enduring(far)
    far.refusals = [REFUSED] * 9
    with pytest.raises(SessionLost, match=r"PowerShell ended\. It could not be opened anew: no such login") as lost:
        answers(session.invoke, *reads("abcd"))
    assert lost.value.failure.kind is FailureClass.HOST_LOGIN
    assert [name_of(call) for call in lost.value.unanswered] == ["b", "c", "d"]
    assert far.opened == 2


def test_a_powershell_that_fails_to_start_is_tried_again_for_one_did_start_before() -> None:
    far = Far(b=GONE)
    session = enduring(far)
    far.refusals = [NO_START] * STUMBLES
    assert answers(session.invoke, *reads("abcd")).keys() == set("abcd")
    assert far.opened == STUMBLES + 2


def test_a_powershell_that_fails_to_start_again_and_again_ends_the_run() -> None:
    far = Far(b=GONE)
    session = enduring(far)
    far.refusals = [NO_START] * 9
    with pytest.raises(SessionLost, match="It could not be opened anew: exit code 1") as lost:
        answers(session.invoke, *reads("abcd"))
    assert lost.value.failure == NO_START.failure
    assert far.opened == STUMBLES + 2


def test_a_write_that_was_never_taken_is_not_among_the_unanswered() -> None:
    far = Far(a=GONE)
    session = enduring(far)
    far.refusals = [REFUSED]
    with pytest.raises(SessionLost):
        answers(session.invoke, read("a"))
    with pytest.raises(SessionLost) as lost:
        answers(session.invoke, write("w"))
    assert lost.value.unanswered == ()
    assert "w" not in far.names
    assert far.opened == 2, "what was refused for good is not tried again"


def test_a_host_that_stays_away_ends_the_run() -> None:
    clock, far = Clock(), Far(b=GONE)
    session = enduring(far, clock)
    far.refusals = [REBOOTING] * 99
    with pytest.raises(SessionLost, match="connection refused") as lost:
        answers(session.invoke, *reads("abc"))
    assert lost.value.failure == REBOOTING.failure
    assert far.opened == 1 + len(PAUSES)


def test_sessions_that_die_one_after_the_other_without_an_answer_end_the_run() -> None:
    far = Far(**{name: [GONE] * 9 for name in "abcdefgh"})
    with pytest.raises(SessionLost):
        answers(enduring(far).invoke, *reads("abcdefgh"))
    assert far.opened <= 5


def test_there_is_a_limit_to_how_many_sessions_a_run_may_take() -> None:
    far = Far(**{f"x{number}": ENDED for number in range(99)})
    session = enduring(far)
    for number in range(99):
        answers(session.invoke, read(f"x{number}"), read(f"ok{number}"))
    assert session.opened == far.opened == LOSSES + 1


def test_after_the_deadline_no_session_is_opened_and_what_was_not_answered_is_said_to_be_not_reached() -> None:
    clock, far = Clock(), Far(b=GONE)
    session = enduring(far, clock, seconds=60)
    made = session.invoke(reads("abcd"))
    assert name_of(next(made)[0]) == "a"
    clock.now = 61
    rest = {name_of(call): answer for call, answer in made}
    assert sorted(rest) == ["b", "c", "d"]
    assert {answer.error.code for answer in rest.values() if answer.error} == {NOT_REACHED}
    assert far.opened == 1


def test_trouble_of_the_first_sign_in_that_passes_is_waited_for() -> None:
    clock, far = Clock(), Far()
    far.refusals = [ENTRA_BUSY, ENTRA_BUSY]
    assert enduring(far, clock).opened == 1
    assert far.opened == 3
    assert len(clock.pauses) == 2


@pytest.mark.parametrize("error", [REFUSED, REBOOTING])
def test_a_first_contact_that_fails_is_told_at_once(error: SessionError) -> None:
    far = Far()
    far.refusals = [error]
    with pytest.raises(SessionError):
        enduring(far)
    assert far.opened == 1


def test_a_session_lost_in_a_pause_shows_at_the_next_call_only() -> None:
    far = Far()
    session = enduring(far)
    far.silent = True
    session.keep_alive()
    assert far.opened == 1
    far.silent = False
    assert answers(session.invoke, read("a")) == {"a": Answer()}
    assert far.opened == 2


def test_it_is_closed_once() -> None:
    far = Far()
    session = enduring(far)
    session.close()
    session.close()
    assert far.closed == 1


def test_a_session_that_has_done_enough_is_renewed_between_two_calls_and_nothing_is_asked_twice() -> None:
    clock, far = Clock(), Far()
    session = enduring(far, clock, renew_after=5)
    made = answers(session.invoke, *reads("abcdefghijkl"))
    assert len(made) == 12
    assert far.calls == [(1 + number // 5, name) for number, name in enumerate("abcdefghijkl")]
    assert (session.opened, far.closed) == (3, 2)
    answers(session.invoke, *reads("mnopq"))
    assert far.calls[-5:] == [(3, "m"), (3, "n"), (3, "o"), (4, "p"), (4, "q")]


def test_renewals_are_no_losses() -> None:
    far = Far()
    session = enduring(far, renew_after=1)
    answers(session.invoke, *(read(f"x{number}") for number in range(3 * LOSSES)))
    assert session.opened >= 3 * LOSSES


def test_one_that_was_closed_opens_no_other_for_what_was_under_way() -> None:
    """It is closed by another thread than the one that works with it, after which nobody would close the other one."""
    far = Far(b=GONE)
    session = enduring(far)
    made = session.invoke(reads("abc"))
    next(made)
    session.close()
    with pytest.raises(SessionLost):
        list(made)
    assert (far.opened, far.closed) == (1, 1)


@pytest.mark.parametrize("moment", ["pause", "open"])
def test_one_that_is_closed_while_it_opens_another_leaves_none_behind(moment: str) -> None:
    clock, far = Clock(), Far(b=GONE)

    class Closing(Clock):
        def pause(self, seconds: float, why: str) -> None:
            if moment == "pause":
                session.close()

    def opened() -> FarSession:
        if far.opened and moment == "open":
            session.close()
        return far.open()

    session = EnduringSession(opened, clock.deadline(), Closing().pause)
    with pytest.raises(SessionLost):
        list(session.invoke(reads("abc")))
    assert far.opened == far.closed


def test_what_was_under_way_and_cannot_be_sent_again_for_want_of_time_still_counts_as_sent_once() -> None:
    """The calls of a run are those that were asked for and those that came again, but for those not reached."""
    clock, far = Clock(), Far(a=GONE)
    session = enduring(far, clock, seconds=10)

    def source() -> Iterator[Call]:
        yield from reads("abc")
        clock.now = 10

    made = [answer for _call, answer in session.invoke(source())]
    assert [answer.error.code for answer in made if answer.error] == [NOT_REACHED] * 3
    assert session.repeats.total() == 3


def test_when_time_is_over_a_session_that_has_done_enough_is_not_renewed() -> None:
    clock, far = Clock(), Far()
    session = enduring(far, clock, seconds=10, renew_after=2)
    made = session.invoke(reads("abc"))
    next(made)
    clock.now = 10
    rest = {name_of(call): answer for call, answer in made}
    assert far.opened == 1
    assert rest["c"].error is not None
    assert rest["c"].error.code == NOT_REACHED
