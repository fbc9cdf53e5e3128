# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells of its writes, before each and after: for whoever has to undo them when the run itself is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .._exchange.session import Answer, Call
from .plan import Step


class JournalError(Exception):
    """The journal cannot be written, so nothing may be; the message says what, where and how to mend it."""


class Journal(Protocol):
    """Told of every write. A write is sent only after ``sending`` has returned: by then the entry is safe."""

    def sending(self, step: Step, call: Call, place: Mapping[str, object]) -> int:
        """A write is about to be sent to the PowerShell at ``place``. Gives its number. Raises JournalError."""

    def answered(self, number: int, answer: Answer) -> None:
        """What Exchange said, or that nobody knows (an error whose diagnosis leaves doubt). Raises JournalError."""


class NoJournal:
    """For runs of which none is wanted."""

    def sending(self, step: Step, call: Call, place: Mapping[str, object]) -> int:
        return 0

    def answered(self, number: int, answer: Answer) -> None:
        return None
