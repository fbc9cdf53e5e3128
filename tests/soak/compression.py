# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time for runs that wait much: their pauses are cut short, and their clock counts them in full."""

from __future__ import annotations

import threading
import time

#: What Exchange and the directory are waited for is divided by the first, the way to the host by the second: the
#: host of the simulator takes its time, too, only less of it than a real one.
PAUSES, HOST_PAUSES = 200.0, 20.0
#: A rhythm, no pause: it is kept.
RHYTHM = 0.1


class CompressedTime:
    """The functions that are given to a client in place of those of the module time.

    What work takes counts as it is, so that a loaded machine lets nobody run out of patience. Where several threads
    wait at once, the pauses of all of them count. Bears the names of that module, in whose place it can stand.
    """

    def __init__(self) -> None:
        self._skipped = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds, pauses in full."""
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        """A pause for the sake of Exchange."""
        self._sleep(seconds, seconds if seconds <= RHYTHM else seconds / PAUSES)

    def sleep_for_host(self, seconds: float) -> None:
        """A pause for the sake of the management host, whose operation timeout is a second here, and is kept."""
        self._sleep(seconds, seconds if seconds <= 1.0 else max(seconds / HOST_PAUSES, 0.05))

    def skip(self, seconds: float) -> None:
        """So much is over without anybody having waited."""
        with self._lock:
            self._skipped += max(0.0, seconds)

    def _sleep(self, seconds: float, really: float) -> None:
        time.sleep(really)
        self.skip(seconds - really)
