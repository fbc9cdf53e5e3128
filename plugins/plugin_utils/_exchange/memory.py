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
        self._foreseen: list[Call] = []
        self._failed: dict[str, Answer] = {}

    @property
    def info(self) -> SessionInfo:
        return self._session.info

    def foresee(self, calls: Iterable[Call]) -> None:
        """These will be asked for later: they are made beside what is asked for next, so that nothing waits for them.

        Whatever comes of one is the answer to whoever asks first, an error too.
        """
        self._foreseen += [call for call in calls if _key(call) not in self._answers]

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        known: list[tuple[Call, Answer]] = []
        ahead, self._foreseen = self._foreseen, []
        asked = (call for each in (ahead, self._unknown(calls, known)) for call in each)
        for call, answer in self._session.invoke(list(asked) if isinstance(calls, list) else asked):
            if answer.error is None:
                self._answers[_key(call)] = answer
            if not any(call is one for one in ahead):
                yield call, answer
            elif answer.error is not None:
                self._failed[_key(call)] = answer
        yield from known

    def close(self) -> None:
        self._session.close()

    def _unknown(self, calls: Iterable[Call], known: list[tuple[Call, Answer]]) -> Iterator[Call]:
        """The calls that have to be made; those that have been made go to ``known``."""
        for call in calls:
            answer = None if call.fresh else self._answers.get(_key(call)) or self._failed.pop(_key(call), None)
            if answer is None:
                yield call
            else:
                known.append((call, answer))


def _key(call: Call) -> str:
    return json.dumps([call.cmdlet, call.parameters, call.select], sort_keys=True)
