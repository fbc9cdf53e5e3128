# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests are under way, which answers have arrived, and what must be said again: the protocol without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .frames import Reply, encode

Fields = Mapping[str, Any]
#: Where the answers to one stream of requests are put down, each with the token of its request.
Inbox = deque[tuple[Any, Reply]]


@dataclass
class Entry:
    """A request under way. ``patience``: seconds that the runner may take over it. ``alone``: no other beside it."""

    id: int
    fields: Fields
    token: object
    inbox: Inbox
    patience: float
    alone: bool
    size: int


class Ledger:
    """Books of one runner. Its answers are numbered without gaps, and it serves requests strictly in order.

    An answer is taken only when it is the next in number; one that was taken before is dropped, and one that comes
    too early shows that something was lost on the way: ``damaged`` is then true until :meth:`again` is called.
    """

    def __init__(self) -> None:
        self.damaged = False
        self._pending: dict[int, Entry] = {}
        self._next_id = 1
        self._seen = 0
        self._acknowledged = 0
        self._resume = 0
        self._barrier = 0

    @property
    def in_flight(self) -> int:
        """Requests without an answer, pings and resumes not counted."""
        return len(self._pending)

    @property
    def bytes_in_flight(self) -> int:
        return sum(entry.size for entry in self._pending.values())

    @property
    def head(self) -> Entry | None:
        """The request that the runner is working on, or will next."""
        return next(iter(self._pending.values()), None)

    @property
    def alone(self) -> bool:
        """Whether a request is under way that no other may accompany."""
        return any(entry.alone for entry in self._pending.values())

    def expects(self, inbox: Inbox) -> bool:
        """Whether answers for this inbox are still to come."""
        return any(entry.inbox is inbox for entry in self._pending.values())

    def enter(self, fields: Fields, token: object, inbox: Inbox, patience: float, alone: bool) -> bytes:
        """Books a new request; gives its line."""
        entry = Entry(self._new_id(), fields, token, inbox, patience, alone, size=0)
        line = self._line(entry.id, fields)
        entry.size = len(line)
        self._pending[entry.id] = entry
        return line

    def control(self, fields: Fields) -> bytes:
        """The line of a request whose answer nobody waits for."""
        return self._line(self._new_id(), fields)

    def ping(self) -> bytes:
        """Its answer proves that all requests sent before it have been served: what is unanswered then was lost."""
        self._barrier = self._next_id
        return self.control({"op": "ping"})

    def again(self) -> list[bytes]:
        """The lines that mend a loss: answers after the last one taken, every open request again, and a ping."""
        self.damaged = False
        self._resume = self._next_id
        lines = [self.control({"op": "resume", "after": self._seen})]
        lines.extend(self._line(entry.id, entry.fields) for entry in self._pending.values())
        return [*lines, self.ping()]

    def settle(self, reply: Reply) -> bool:
        """Books an answer; true if it is the first one to a request of ours."""
        if reply.seq <= self._seen:
            return False
        if reply.seq > self._seen + 1:
            # Until a resume is answered gaps are known; only an answer to what was sent after it shows a new loss.
            self.damaged = self.damaged or not self._resume or reply.id > self._resume
            return False
        self._seen = reply.seq
        entry = self._pending.pop(reply.id, None)
        if entry is None:
            self._settle_control(reply)
            return False
        entry.inbox.append((entry.token, reply))
        return True

    def _settle_control(self, reply: Reply) -> None:
        if reply.id == self._resume:
            self._resume = 0
        lost = reply.id == self._barrier and any(number < reply.id for number in self._pending)
        if lost or reply.id == 0:  # bad_frame has no id of its own
            self.damaged = True

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _line(self, number: int, fields: Fields) -> bytes:
        request: dict[str, Any] = {"id": number, **fields}
        if self._seen > self._acknowledged:
            request["ack"] = self._acknowledged = self._seen
        return encode(request)
