# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending what a run left: only what is certainly it, only where the task has business, and never in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import endings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.endings import (
    NOT_TRIED,
    end_powershells,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError, Ending
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import WinRMOptions

from .test_channels import Connection

SHELL = {"lane": 1, "channel": "winrm", "endpoint": "https://exo-mgmt01:5986/wsman", "shell": "S1", "command": "C1"}
PROCESS = {"lane": 1, "channel": "local", "host": "controller", "pid": 4711, "started": "b 1"}


class Ends:
    """What is asked to end, and what comes of it."""

    def __init__(self, patch: pytest.MonkeyPatch, answer: Ending | ChannelError) -> None:
        self.asked: list[object] = []
        self._answer = answer
        patch.setattr(endings, "end_local", self._local)
        patch.setattr(endings, "end_shell", self._shell)

    def _local(self, place: Mapping[str, object]) -> Ending:
        self.asked.append(place["pid"])
        return self._come_of_it()

    def _shell(self, options: WinRMOptions, shell: str) -> Ending:
        self.asked.append((options.endpoint, options.username, shell))
        return self._come_of_it()

    def _come_of_it(self) -> Ending:
        if isinstance(self._answer, ChannelError):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("ending", [Ending.ENDED, Ending.WAS_GONE])
def test_each_is_ended_where_it_is(monkeypatch: pytest.MonkeyPatch, ending: Ending) -> None:
    ends = Ends(monkeypatch, ending)
    rows, warnings = end_powershells([SHELL, PROCESS], Connection("winrm"), check_mode=False)
    assert ends.asked == [("https://exo-mgmt01:5986/wsman", "svc", "S1"), 4711]
    assert rows == [
        {"channel": "winrm", "where": "shell S1 of https://exo-mgmt01:5986/wsman", "outcome": ending.value},
        {"channel": "local", "where": "process 4711 of controller", "outcome": ending.value},
    ]
    assert warnings == []


def test_check_mode_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = Ends(monkeypatch, Ending.ENDED)
    rows, warnings = end_powershells([SHELL, PROCESS], Connection("winrm"), check_mode=True)
    assert [row["outcome"] for row in rows] == [NOT_TRIED, NOT_TRIED]
    assert (ends.asked, warnings) == ([], [])


@pytest.mark.parametrize(
    ("connection", "options"),
    [("local", {}), ("winrm", {"remote_addr": "exo-mgmt02"}), ("winrm", {"port": 5985})],
)
def test_a_shell_of_another_endpoint_is_left_and_told(
    monkeypatch: pytest.MonkeyPatch, connection: str, options: dict[str, Any]
) -> None:
    ends = Ends(monkeypatch, Ending.ENDED)
    rows, (warning,) = end_powershells([SHELL], Connection(connection, options), check_mode=False)
    assert ends.asked == []
    assert rows[0]["outcome"] == "cannot be ended"
    assert warning.startswith(
        "the PowerShell of the run, shell S1 of https://exo-mgmt01:5986/wsman, may still work: the"
    )
    assert warning.endswith("Restore once more in a quarter of an hour, when it is gone for certain")


@pytest.mark.parametrize("answer", [Ending.LIVES, Ending.ELSEWHERE, ChannelError("the host does not answer")])
def test_what_may_live_on_is_told(monkeypatch: pytest.MonkeyPatch, answer: Ending | ChannelError) -> None:
    Ends(monkeypatch, answer)
    rows, (warning,) = end_powershells([PROCESS], Connection("local"), check_mode=False)
    assert rows[0]["outcome"] == (answer.value if isinstance(answer, Ending) else "cannot be ended")
    assert str(answer.value if isinstance(answer, Ending) else answer) in warning


def test_the_host_is_the_same_whatever_the_letter_case(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = Ends(monkeypatch, Ending.ENDED)
    end_powershells([SHELL], Connection("winrm", {"remote_addr": "EXO-mgmt01"}), check_mode=False)
    assert len(ends.asked) == 1
