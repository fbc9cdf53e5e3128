# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client: the action at work as in ansible, with its pauses cut short."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ...plugins.plugin_utils._ansible import channels, progress, sessions
from ...plugins.plugin_utils._ansible.delegation import DelegationAction
from ...plugins.plugin_utils._exchange.deadline import Deadline
from ...plugins.plugin_utils._exchange.lanes import PATIENCE as PATIENCE_OF_LANES
from ...plugins.plugin_utils._exchange.powershell import PowerShellSession
from ...plugins.plugin_utils._exchange.resilience import ResilientSession
from ...plugins.plugin_utils._remote.channel import Output
from ...plugins.plugin_utils._remote.process import ProcessChannel
from ...plugins.plugin_utils._remote.rpc import PATIENCE, RpcClient
from ...plugins.plugin_utils._remote.winrm import WinRMChannel
from .compression import CompressedTime
from .job import Job

#: Seconds for which a wait in vain stands, over WinRM a second's, locally half a second's: as long as it is in use, and
#: longer where calls may stay without an answer.
IN_VAIN, HUSH = {"winrm": 20.0, "local": 5.0}, 100.0
POLL = 0.5
#: The same while PowerShell starts, which is work and takes its time: half a minute in vain ends it.
STARTING = 6.0
#: For how long a process that does not end is waited for.
GRACE = 1.0


class SoakedClient(RpcClient):
    """Tells PowerShell how long it may hear nothing, and makes much of waits in vain."""

    job: Job
    time: CompressedTime

    def __init__(self, channel: Any, writes: Any) -> None:
        super().__init__(channel, writes, clock=self.time.monotonic, sleep=self.time.sleep)

    def request(self, op: str, patience: float = PATIENCE, **fields: object) -> dict[str, Any]:
        if op == "hello" and self.job.idle_seconds:
            fields["idle_seconds"] = self.job.idle_seconds
        return super().request(op, patience, **fields)

    def _heard(self) -> Output:
        begun = self.time.monotonic()
        output = super()._heard()
        waited = self.time.monotonic() - begun
        in_vain = not output.stdout and not output.ended and waited >= POLL / 2
        if in_vain and not self.job.patient:
            stands_for = HUSH if self.job.hush else IN_VAIN[self.job.transport]
            self.time.skip((stands_for if self._greeted else STARTING) - waited)
        return output


class SoakedSession(PowerShellSession):
    """Speaks through such a client."""

    @classmethod
    def open(cls, *arguments: Any, **more: Any) -> PowerShellSession:
        return super().open(*arguments, speak=SoakedClient, **more)


def compress(job: Job) -> None:
    """Gives the collection other clocks. To be undone by nobody: the process ends with its job."""
    time = CompressedTime()
    SoakedClient.job, SoakedClient.time = job, time
    resilient = partial(ResilientSession, clock=time.monotonic, lane_after=job.lane_after or PATIENCE_OF_LANES)
    host = partial(WinRMChannel, clock=time.monotonic, sleep=time.sleep_for_host)
    for module, name, replacement in (
        (sessions, "PowerShellSession", SoakedSession),
        (sessions, "ResilientSession", resilient),
        (channels, "WinRMChannel", host),
        (channels, "ProcessChannel", partial(ProcessChannel, poll=POLL, grace=GRACE)),
        (sessions, "Deadline", partial(Deadline, clock=time.monotonic)),
        (progress, "time", time),
    ):
        setattr(module, name, replacement)


def perform(job: Job) -> dict[str, Any]:
    """The result of the task, as ansible would get it."""
    action: Any = object.__new__(DelegationAction)
    action._task = SimpleNamespace(
        args=dict(job.arguments),
        environment=None,
        check_mode=job.check_mode,
        async_val=0,
        diff=True,
        action="mailbox_delegation",
        delegate_to="exo-mgmt01",
    )
    action._connection = SimpleNamespace(
        transport=job.transport, get_option=job.connection.get, _shell=SimpleNamespace(tmpdir=None)
    )
    action._templar = SimpleNamespace(template=lambda value: value)
    action._loader = None  # of files; there are no extra variables
    hosts = ["localhost"]
    result: dict[str, Any] = action.run(
        task_vars={
            "inventory_hostname": "localhost",
            "ansible_play_batch": hosts,
            "ansible_play_hosts": hosts,
            "groups": {"all": hosts},
            "hostvars": {"localhost": {}},
        }
    )
    return result


def work(job: Job) -> int:
    """The whole life of a client; gives its exit status, which is that of ansible-playbook for the same result."""
    random.seed(job.seed)
    compress(job)
    result = perform(job)
    print(result.get("msg"), *result.get("warnings", ()), sep="\n")
    Path(job.result).write_text(json.dumps(result), encoding="utf-8")
    return 2 if result.get("failed") else 0
