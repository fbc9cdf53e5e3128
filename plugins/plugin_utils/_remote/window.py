# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much work a runner is given in advance, when it is given more, and how often it is asked for answers."""

from __future__ import annotations

WINDOW = 64
#: Seconds of work that the runner is given in advance: more would be kept from other lanes, less would let it wait.
AHEAD = 4.0
FIRST_WINDOW = 8
#: More than this would stand in the pipe and make a Send wait for the runner (winrm facts 4).
WINDOW_BYTES = 64 * 1024
SMALLEST_WINDOW = 4
#: Over WinRM each receive is an HTTP request: with several answers due, let them gather for a moment, and with many for
#: so many moments at most.
PACE, GATHERED = 0.04, 3


class Window:
    """In requests and bytes. ``most``: requests; ``ahead``: seconds of work; ``pace``: seconds between receives."""

    def __init__(self, most: int = WINDOW, ahead: float = AHEAD, pace: float = PACE) -> None:
        self._most = most
        self._ahead = ahead
        self._pace = pace
        self._room = min(most, FIRST_WINDOW)
        self._seconds = 0.0

    @property
    def _low(self) -> int:
        """So few requests under way that more are to follow: half of what there is room for, or of the work in advance.

        Slow cmdlets are asked for many at a time that way, and yet the runner never waits.
        """
        half = self._room // 2
        return min(half, max(1, int(self._ahead / 2 / self._seconds))) if self._seconds else half

    def has_room(self, requests: int, size: int) -> bool:
        """Whether another may go with so many under way, of so many bytes."""
        return requests < self._room and size < WINDOW_BYTES

    def wants_more(self, requests: int, size: int) -> bool:
        """Whether it is time to fill it: that the runner never waits and sends stay few."""
        return requests <= self._low and size <= WINDOW_BYTES // 2

    def learn(self, seconds: float) -> None:
        """What the last cmdlet took: it is as wide as the work in advance takes at that pace."""
        self._seconds = seconds
        wide = int(self._ahead / seconds) if seconds > 0 else self._most
        self._room = max(min(wide, self._room * 2, self._most), min(FIRST_WINDOW, self._most))

    def halve(self) -> None:
        """The pipe at the far end is full: keep less in it."""
        self._most = max(SMALLEST_WINDOW, self._most // 2)

    def pause(self, requests: int) -> float:
        """Seconds from one receive to the next: longer where it takes the runner long until it wants more."""
        if requests <= 1:
            return 0.0
        until_low = (requests - self._low) * self._seconds
        return max(self._pace, min(self._pace * GATHERED, until_low / 2))
