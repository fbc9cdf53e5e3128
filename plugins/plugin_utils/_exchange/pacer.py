# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast all lanes together may ask: one that is throttled slows every other, until Exchange has recovered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: Good answers after which one more lane may work again.
RECOVERED = 100


class Pacer:
    """Shared by the lanes of a run, each in a thread of its own. ``lanes``: how many there may be."""

    def __init__(self, lanes: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open_at = clock()
        self._most = self._allowed = lanes
        self._good = 0
        self._throttles = 0

    @property
    def throttles(self) -> int:
        """How often in a row everything had to rest."""
        return self._throttles

    @property
    def left(self) -> float:
        """Seconds until something may be sent."""
        return max(0.0, self._open_at - self._clock())

    def admits(self, rank: int) -> bool:
        """Whether the lane of that rank, from 0, may take more."""
        return rank < self._allowed

    def rest(self, seconds: float) -> None:
        """Exchange throttles: nobody sends anything for so long, and afterwards one lane less."""
        with self._lock:
            if self.left <= 0:
                self._throttles += 1
                self._allowed = max(1, self._allowed - 1)
            self._good = 0
            self._open_at = max(self._open_at, self._clock() + seconds)

    def good(self) -> None:
        """Exchange answered."""
        with self._lock:
            if self.left > 0:
                return
            self._throttles = 0
            self._good += 1
            if self._good % RECOVERED == 0:
                self._allowed = min(self._most, self._allowed + 1)
