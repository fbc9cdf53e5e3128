# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of journals, journals written by the real recorder, and a file system that fails at a step."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.file import JournalFile
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.recorder import FileJournal

from .._access.samples import ALREADY, DONE, FORBIDDEN, TIMED_OUT, calls_of, step

ORGANIZATION = "contoso.onmicrosoft.com"
MODULE = "mailbox_delegation"
PLACE = {"channel": "local", "pid": 4711, "started": "b 1", "host": "here"}
#: What each write of a sample is answered with; None: never.
ANSWERS: tuple[Answer | None, ...] = (DONE, ALREADY, FORBIDDEN, TIMED_OUT, None)


def write_run(path: Path, answers: tuple[Answer | None, ...] = ANSWERS, *, ends: bool = True, of: str = "") -> str:
    """A run with a write for each answer, appended to the journal. Its id."""
    file = JournalFile(str(path))
    journal = FileJournal(file, ORGANIZATION, MODULE, of=of)
    for number, answer in enumerate(answers):
        made = step(State.PRESENT if number % 2 == 0 else State.ABSENT, right=list(Right)[number % 3])
        sent = journal.sending(made, calls_of(made)[0], PLACE)
        if answer is not None:
            journal.answered(sent, answer)
    if ends:
        journal.end()
    file.close()
    return journal.run


class FailingDisk:
    """Counts what is asked of the system, and lets one of it fail. ``asked``: by name, in order."""

    def __init__(self, patch: pytest.MonkeyPatch, fail_at: int, number: int = errno.ENOSPC) -> None:
        self.asked: list[str] = []
        self._fail_at = fail_at
        self._number = number
        for name in ("open", "write", "fsync", "fchmod", "read"):
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            self.asked.append(name)
            if len(self.asked) == self._fail_at:
                if name == "write":  # half of it arrives
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self._number, os.strerror(self._number))
            return real(*arguments, **more)

        return call
