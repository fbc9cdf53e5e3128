# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress that a person or a CI log can follow: at most one line in ten seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from .._access.estimate import Estimate
from .._wording import counted_noun

_EVERY = 10.0
_WORTH_SAYING = 5.0
_LONG = 60.0
_PHASES = {
    "resolve": "looking up mailboxes and accounts",
    "read": "reading who holds what",
    "write": "granting and revoking",
    "verify": "reading back what was written",
}


class ProgressWatch:
    """The real clock, and a line to ``say`` now and then: count, rate, time left.

    ``sessions``: how many there may be at once. ``expect``: is told how many seconds of work of a session are to come.
    ``token_expires``: of an access token, which nobody renews. ``warnings``: what the result should say, too.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.warnings: list[str] = []
        self.token_expires: datetime | None = None
        self.sessions = 1
        self._phase = ""
        self.expect: Callable[[float], None] | None = None
        self._phase_began = self._last_said = self.now()

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._tell("waiting for the directory to show what was written")
        time.sleep(seconds)

    def estimated(self, estimate: Estimate) -> None:
        """Says how long a run of minutes will take, and warns if its token will not last."""
        seconds = estimate.seconds / self.sessions
        if self.expect is not None:
            self.expect(estimate.seconds)
        if estimate.seconds >= _LONG:
            several = f" with {self.sessions} sessions" if self.sessions > 1 else ""
            self._say(
                f"about {counted_noun(estimate.calls, 'call')} to read, which take about {_duration(seconds)}{several}"
            )
        if self.token_expires and datetime.now(timezone.utc) + timedelta(seconds=seconds) > self.token_expires:
            self.warnings.append(
                f"the access_token expires at {self.token_expires:%Y-%m-%d %H:%M} UTC, before the run will have read "
                "all: sign in with a certificate, which is renewed by itself, or take fewer mailboxes at a time"
            )

    def pause(self, seconds: float, why: str) -> None:
        """A pause that something made necessary; one of some seconds is said."""
        if seconds >= _WORTH_SAYING:
            self._tell(f"waiting {_duration(seconds)}: {why}")
        time.sleep(seconds)

    def progress(self, phase: str, done: int, total: int) -> None:
        now = self.now()
        if phase != self._phase:
            self._phase, self._phase_began = phase, now
        self._tell(line_of(phase, done, total, now - self._phase_began))

    def _tell(self, line: str) -> None:
        now = self.now()
        if now - self._last_said >= _EVERY:
            self._last_said = now
            self._say(line)


def line_of(phase: str, done: int, total: int, elapsed: float) -> str:
    """``elapsed``: seconds since the phase began."""
    rate = done / elapsed if elapsed > 0 else 0.0
    left = (total - done) / rate if rate > 0 else 0.0
    text = f"{_PHASES.get(phase, phase)}: {done} of {counted_noun(total, 'call')}, {rate:.1f}/s"
    return text if total <= done else f"{text}, about {_duration(left)} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
