# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run had no time for comes first in the next one, by the file that the module's example writes."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.email_router.exchange_online.plugins.modules import mailbox_delegation

from .conftest import SetStage
from .faults import STAND_IN, at_writes, boxes, organisation
from .stage import ROUTER, Transport

FULL_ACCESS = {"router": {"account": ROUTER, "rights": ["full_access"]}}
#: Where the result is kept in the example.
KEPT = "/var/lib/ansible/exchange-access.json"


def kept_as_shown(place: Path) -> dict[str, Any]:
    """The task of the example, for another place."""
    examples = yaml.safe_load(mailbox_delegation.EXAMPLES.replace(KEPT, str(place)))
    block = next(each["block"] for each in examples if "block" in each)
    task: dict[str, Any] = next(each for each in block if "ansible.builtin.copy" in each)
    return task


def test_the_example_keeps_what_the_next_run_begins_with(set_stage: SetStage, tmp_path: Path) -> None:
    names, place = boxes(4), tmp_path / "access.json"
    stage = set_stage(organisation(names), transport=Transport.LOCAL, host=STAND_IN)
    at_writes(stage, {2: partial(time.sleep, 12)})
    common: dict[str, Any] = {"profiles": FULL_ACCESS, "sessions": 1, "on_failure": "report", "previous": str(place)}
    inventory = stage.inventory(names)
    first = stage.play("-i", inventory, stage.playbook(stage.task(max_runtime=12, **common), kept_as_shown(place)))
    assert first.status == 0, first.output
    assert list(first.outcomes().values()) == ["unknown"] * 2 + ["missing"] * 2
    assert place.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(place.read_text(encoding="utf-8"))["grants"]) == len(names)
    stage.tenant.before_invoke = None
    seen = len(stage.tenant.calls)
    second = stage.play("-i", inventory, stage.playbook(stage.task(**common), kept_as_shown(place)))
    assert list(second.outcomes().values()) == ["compliant"] * 2 + ["granted"] * 2
    reads = [call for call in stage.tenant.calls[seen:] if call.cmdlet == "Get-MailboxPermission"]
    assert [stage.written_to(call) for call in reads[: len(names)]] == [*names[2:], *names[:2]]
