# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way bytes travel to a PowerShell process and back, whatever carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
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
    """The channel cannot be used; the message says what, where and how to mend it.

    ``may_pass``: it may work later, without anybody doing anything. ``lives``: the process may still be there, and hear
    what is sent over another connection.
    """

    def __init__(self, message: str, may_pass: bool = False, lives: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        self.lives = lives


class ChannelInterrupted(ChannelError):
    """Contact was lost and made anew: the process may live on, what was under way may be lost. Resume, not restart."""


class Ending(Enum):
    """What became of a PowerShell that an earlier process left, by the ``place`` of its channel."""

    ENDED = "ended"
    WAS_GONE = "was gone"
    LIVES = "cannot be ended"
    ELSEWHERE = "is not to be seen from this machine"


class Channel(Protocol):
    """A PowerShell process with its standard streams."""

    statistics: ChannelStatistics

    @property
    def place(self) -> Mapping[str, object]:
        """Where PowerShell runs, by strings and integers, so that a later process can end it; empty unless open."""

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
