# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a journal with several runs one is undone; the others are told of, lest they pass for undone, too."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.restore import not_undone
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.entries import Begun, WriteState
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import RecordedRun, Write


def recorded(name: str, state: WriteState = WriteState.DONE, of: str = "") -> RecordedRun:
    begun = Begun(name, "2026-11-28T10:00:00Z", "contoso.onmicrosoft.com", "mailbox_permission", of=of)
    return RecordedRun(begun, (Write(None, state),))  # type: ignore[arg-type]


def test_other_runs_that_wrote_and_were_not_restored_are_named() -> None:
    first, second = recorded("first"), recorded("second")
    (warning,) = not_undone((first, second), second)
    assert "run second alone is undone" in warning
    assert "1 more that wrote: first" in warning


def test_runs_that_changed_nothing_or_were_restored_are_not() -> None:
    runs = (
        recorded("refused", WriteState.REFUSED),
        recorded("done"),
        recorded("restore of done", of="done"),
        replace(recorded("empty"), writes=()),
        recorded("meant"),
    )
    assert not_undone(runs, runs[-1]) == []
