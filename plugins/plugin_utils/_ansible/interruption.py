# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker does when its run is interrupted, or is no more: it stops, signs out, and ends, all within seconds.

What ansible-core does to a worker, by signal and version, is in docs/interrupts.md. Nobody may count on what stands
here: a worker can be killed. PowerShell ends without it, too, only later.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process
from types import FrameType

#: Seconds that an interrupted worker has to sign out.
GRACE = 10.0
#: Seconds between two looks at whether the parent lives, where the system does not tell at once.
_LOOK_EVERY = 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Nobody waits for this task's result any more. No error: nothing may take it for one and go on."""


@contextmanager
def interruptible(grace: float = GRACE) -> Iterator[None]:
    """While it lasts a signal, or the end of ansible-playbook, raises Interrupted; ``grace`` seconds later all ends.

    Does nothing but in the main thread of a process that multiprocessing has forked, as ansible's workers are.
    """
    parent = parent_process()
    if parent is None or parent.pid is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in _SIGNALS}
    # nohup has a process ignore the end of its terminal, not that of its parent
    watch = _Watch(parent.pid, parent.sentinel, grace, hangup_counts=before[signal.SIGHUP] is not signal.SIG_IGN)
    for number in _SIGNALS:
        signal.signal(number, watch.receive)
    threading.Thread(target=watch.look, daemon=True).start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        watch.stop()


class _Watch:
    """Tells the main thread, once, that the run is over; signals after that are left alone until the grace is up.

    A handler may interrupt whatever holds a lock, so it only writes to a pipe; the thread that looks does the rest.
    """

    def __init__(self, parent: int, sentinel: int, grace: float, hangup_counts: bool) -> None:
        self._parent = parent
        self._sentinel = sentinel
        self._grace = grace
        self._hangup_counts = hangup_counts
        self._interrupted = False
        self._told, self._tell = os.pipe()

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """The handler of all signals."""
        if self._interrupted or (number == signal.SIGHUP and not self._hangup_counts and self._has_parent()):
            return
        self._interrupted = True
        os.write(self._tell, b"!")
        raise Interrupted(f"signal {number}")

    def stop(self) -> None:
        """The task has come to its end, whichever it was."""
        os.close(self._tell)

    def look(self) -> None:
        """Until the task ends; ends the process if it does not."""
        while self._has_parent():
            if self._told in connection.wait([self._sentinel, self._told], _LOOK_EVERY):
                break
        else:
            os.kill(os.getpid(), signal.SIGHUP)
        deadline = time.monotonic() + self._grace
        while connection.wait([self._told], max(0.0, deadline - time.monotonic())):
            if not os.read(self._told, 1):
                return os.close(self._told)
        os._exit(1)

    def _has_parent(self) -> bool:
        """The sentinel is ready once the parent has gone; where a later fork holds that pipe, its number tells."""
        return os.getppid() == self._parent and not connection.wait([self._sentinel], 0)
