# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that is interrupted, or orphaned, is let out of its task once, in time, whatever else comes meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.interruption import (
    Interrupted,
    interruptible,
)

FORK = multiprocessing.get_context("fork")
PATIENCE = 10.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Work = Callable[[Connection], None]


class Worker:
    """A forked process that does some work and tells of it; a context manager."""

    def __init__(self, work: Work) -> None:
        self._ours, theirs = FORK.Pipe()
        self.process: BaseProcess = FORK.Process(target=work, args=(theirs,))
        self.process.start()
        theirs.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.join()
        self._ours.close()

    def says(self) -> object:
        assert self._ours.poll(PATIENCE), "nothing was said"
        return self._ours.recv()

    def tell(self, what: object) -> None:
        self._ours.send(what)

    def signal(self, number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def exit_code(self) -> int | None:
        self.process.join(PATIENCE)
        return self.process.exitcode


@pytest.fixture(autouse=True)
def _usual_signals() -> Iterator[None]:
    """Whatever those of who runs the tests are."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def until_interrupted(way: Connection, grace: float = PATIENCE) -> None:
    """Works until it is let out, then signs out as soon as it is told to."""
    try:
        with interruptible(grace):
            try:
                way.send("at work")
                time.sleep(PATIENCE)
                way.send("nobody came")
            finally:
                way.send("signing out")
                way.send(way.recv())
    except Interrupted:
        way.send("signed out")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_the_worker_sign_out_and_the_next_ones_do_not_disturb_that(number: signal.Signals) -> None:
    with Worker(until_interrupted) as worker:
        assert worker.says() == "at work"
        worker.signal(number)
        assert worker.says() == "signing out"
        for another in SIGNALS:
            worker.signal(another)
        worker.tell("go on")
        assert [worker.says(), worker.says()] == ["go on", "signed out"]
        assert worker.exit_code() == 0


def test_a_worker_whose_parent_is_killed_signs_out() -> None:
    def parent(way: Connection) -> None:
        child = FORK.Process(target=until_interrupted, args=(way,))
        child.start()
        child.join()

    with Worker(parent) as worker:
        assert worker.says() == "at work"
        worker.signal(signal.SIGKILL)
        assert worker.says() == "signing out"
        worker.tell("go on")
        assert [worker.says(), worker.says()] == ["go on", "signed out"]


def test_a_later_fork_of_the_parent_does_not_hide_that_it_was_killed() -> None:
    """It holds the pipe that would tell at once."""

    def parent(way: Connection) -> None:
        child = FORK.Process(target=until_interrupted, args=(way,))
        child.start()
        sibling = FORK.Process(target=time.sleep, args=(PATIENCE,))
        sibling.start()
        way.send(sibling.pid)
        child.join()

    with Worker(parent) as worker:
        said = {worker.says(), worker.says()}
        assert "at work" in said
        (sibling,) = (each for each in said if isinstance(each, int))
        worker.signal(signal.SIGKILL)
        assert worker.says() == "signing out"
        os.kill(sibling, signal.SIGKILL)


def test_a_worker_that_cannot_sign_out_is_ended_when_its_grace_is_up() -> None:
    with Worker(lambda way: until_interrupted(way, grace=0.1)) as worker:
        assert worker.says() == "at work"
        worker.signal(signal.SIGTERM)
        assert worker.says() == "signing out"
        assert worker.exit_code() == 1


def test_under_nohup_the_end_of_the_terminal_is_ignored_and_that_of_the_parent_is_not() -> None:
    def worker_under_nohup(way: Connection) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
            way.send("goes on")
        until_interrupted(way)

    def parent(way: Connection) -> None:
        child = FORK.Process(target=worker_under_nohup, args=(way,))
        child.start()
        child.join()

    with Worker(parent) as worker:
        assert worker.says() == "goes on"
        assert worker.says() == "at work"
        worker.signal(signal.SIGKILL)
        assert worker.says() == "signing out"


def test_after_the_task_signals_mean_what_they_meant_and_nobody_looks_on() -> None:
    def work(way: Connection) -> None:
        signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(7))
        before = [signal.getsignal(number) for number in SIGNALS]
        descriptors = len(os.listdir("/proc/self/fd"))
        with interruptible():
            changed = [signal.getsignal(number) for number in SIGNALS] != before
            (looking,) = (each for each in threading.enumerate() if each is not threading.main_thread())
        looking.join(PATIENCE)
        same = [signal.getsignal(number) for number in SIGNALS] == before
        way.send((changed, same, looking.is_alive(), len(os.listdir("/proc/self/fd")) - descriptors))
        time.sleep(PATIENCE)

    with Worker(work) as worker:
        assert worker.says() == (True, True, False, 0)
        worker.signal(signal.SIGTERM)
        assert worker.exit_code() == 7


def test_a_process_that_is_no_worker_is_left_alone() -> None:
    assert multiprocessing.parent_process() is None
    with interruptible():
        assert [signal.getsignal(number) for number in SIGNALS] == [signal.SIG_DFL] * len(SIGNALS)


def test_no_handler_for_errors_takes_an_interruption_for_one() -> None:
    assert not issubclass(Interrupted, Exception)
