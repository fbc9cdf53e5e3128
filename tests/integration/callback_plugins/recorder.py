# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the result of every task down, whether it failed or not, so that tests can look at more than text."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: recorder
type: notification
short_description: Writes the result of every task to a file, a line of JSON each
description:
  - The environment variable C(RECORDER_FILE) names the file. It is for the tests of this collection.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
"""


class CallbackModule(CallbackBase):
    """A line is an object with task, action, host, status and result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)

    def _write(self, status: str, outcome: Any) -> None:
        task, host, result = (_part(outcome, name) for name in ("task", "host", "result"))
        line = {"task": task.get_name(), "action": task.action, "host": host.get_name(), "status": status}
        with open(os.environ["RECORDER_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "result": result}, default=str) + "\n")


def _part(outcome: Any, name: str) -> Any:
    """Public from ansible-core 2.19 on (ansible facts 5)."""
    return getattr(outcome, name) if hasattr(outcome, name) else getattr(outcome, f"_{name}")
