# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client is told to do: one task, as data that goes through a pipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Job:
    """A task mailbox_delegation. ``arguments``: its options. ``connection``: the options of the task's connection.

    ``idle_seconds``: after so long without a line PowerShell ends; 0: as the runner has it. ``hush``: calls may stay
    without an answer, so each wait in vain counts for minutes. ``patient``: no wait counts for more than it is, for
    a real PowerShell takes its time. ``lane_after``: seconds after which more lanes are opened; 0: as the run has it.
    ``mutants``: by name, the faults of the client's own.
    """

    seed: int
    transport: str
    arguments: Mapping[str, Any]
    connection: Mapping[str, Any]
    check_mode: bool
    result: str
    log: str
    idle_seconds: int = 0
    hush: bool = False
    patient: bool = False
    lane_after: float = 0.0
    mutants: tuple[str, ...] = field(default=())

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Job:
        raw = json.loads(line)
        return cls(**{**raw, "mutants": tuple(raw["mutants"])})
