# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run failed at as a whole, in words that a pipeline can decide by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FailureClass(str, Enum):
    """Where a run as a whole came to its end. The values are those of ``failure_class`` in results."""

    NONE = ""
    INPUT = "input"
    HOST_UNREACHABLE = "host_unreachable"
    HOST_LOGIN = "host_login"
    HOST_SHELL = "host_shell"
    POWERSHELL = "powershell"
    SIGN_IN = "sign_in"
    PERMISSION = "permission"
    POLICY = "policy"
    PLAN = "plan"
    EXCHANGE = "exchange"
    SESSION_LOST = "session_lost"
    MAX_RUNTIME = "max_runtime"
    JOURNAL = "journal"
    REPORT = "report"
    MAILBOXES = "mailboxes"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Failure:
    """``retry_safe``: a machine may run the same task again: the cause may pass by itself, and trying does no harm.

    Never so for a login that was refused, for accounts lock out. That a run can be repeated at all is always so: it
    reads before it writes.
    """

    kind: FailureClass
    retry_safe: bool = False
