# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way bytes travel to a PowerShell process and back, whatever carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Output:
    """What one receive brought: bytes of both streams, and the exit code once the process has ended."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = None
    ended: bool = False


@dataclass
class ChannelStatistics:
    """What the channel cost, for the result of the task."""

    requests: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


class ChannelError(Exception):
    """The channel cannot be used; the message says what, where and how to mend it."""


class ChannelInterrupted(ChannelError):
    """Contact was lost and made anew: the process may live on, what was under way may be lost. Resume, not restart."""


class Channel(Protocol):
    """A PowerShell process with its standard streams."""

    statistics: ChannelStatistics

    def open(self, executable: str, arguments: list[str]) -> None:
        """Starts ``executable arguments…``."""

    def send(self, data: bytes) -> None:
        """Writes to standard input; may raise ChannelInterrupted."""

    def receive(self) -> Output:
        """Waits for output for at most some seconds; an Output without bytes means that nothing came.

        May raise ChannelInterrupted.
        """

    def terminate(self) -> None:
        """Ends the process; safe to call at any time, any number of times."""

    def close(self) -> None:
        """Gives back everything; safe to call at any time, any number of times."""
