# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading nothing twice: a session for the time before the first write, which remembers what it was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from .session import Answer, Call, Session, SessionInfo


class RememberingSession:
    """Gives the answer to an earlier equal read again, unless the call wants a fresh one. Errors are not kept."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answers: dict[str, Answer] = {}

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        known: list[tuple[Call, Answer]] = []
        for call, answer in self._session.invoke(self._unknown(calls, known)):
            if answer.error is None:
                self._answers[_key(call)] = answer
            yield call, answer
        yield from known

    def close(self) -> None:
        self._session.close()

    def _unknown(self, calls: Iterable[Call], known: list[tuple[Call, Answer]]) -> Iterator[Call]:
        """The calls that have to be made; those that have been made go to ``known``."""
        for call in calls:
            answer = None if call.fresh else self._answers.get(_key(call))
            if answer is None:
                yield call
            else:
                known.append((call, answer))


def _key(call: Call) -> str:
    return json.dumps([call.cmdlet, call.parameters, call.select], sort_keys=True)
