# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are taken one by one, as room for them arises."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Generic, TypeVar

from .ledger import Fields

T = TypeVar("T")


class Source(Generic[T]):
    """Looks one request ahead, so that a write can be left where it is until its turn comes."""

    def __init__(self, requests: Iterable[tuple[T, Fields]]) -> None:
        self._requests = iter(requests)
        self._ahead: deque[tuple[T, Fields]] = deque()

    def peek(self) -> tuple[T, Fields] | None:
        """The next request, or None at the end."""
        if not self._ahead:
            self._ahead.extend(islice(self._requests, 1))
        return self._ahead[0] if self._ahead else None

    def pop(self) -> tuple[T, Fields]:
        """Takes what peek has shown."""
        return self._ahead.popleft()
