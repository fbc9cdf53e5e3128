# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A far end that keeps books: an endpoint whose program writes down each request that it carries out."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Endpoint, EndpointOptions, Program
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote import runner_process
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.fake_channel import LAUNCH
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.test_rpc import is_write

from .client import PASSWORD, USER


def shortly(seconds: float) -> None:
    """A sleep for tests: long pauses need not be waited out where nothing depends on them."""
    time.sleep(min(seconds, 0.2))


@dataclass(frozen=True)
class FarEnd:
    """The endpoint, and the file in which its program writes."""

    endpoint: Endpoint
    file: Path

    def channel(self, **options: Any) -> WinRMChannel:
        """Not open yet; ``options`` are those of WinRMChannel."""
        quick = {"sleep": shortly, "operation_timeout_sec": 1, "read_timeout_sec": 3}
        return WinRMChannel(endpoint=self.endpoint.url, username=USER, password=PASSWORD, **{**quick, **options})

    def client(self, **options: Any) -> RpcClient:
        """Started, over such a channel."""
        client = RpcClient(self.channel(**options), is_write)
        client.start("powershell.exe", LAUNCH, read_only=False)
        return client

    def executed(self) -> list[str]:
        """What the requests asked that were carried out, in order."""
        lines = self.file.read_text(encoding="ascii").splitlines() if self.file.exists() else []
        return [line.split()[1] for line in lines]

    def assert_nothing_left(self) -> None:
        assert [process.pid for process in self.endpoint.processes if process.alive] == []
        assert len(self.endpoint.service.shells) == 0


@contextmanager
def far_end(**options: Any) -> Iterator[FarEnd]:
    """Keyword arguments are those of EndpointOptions. There is a program ``echo``, too, which starts at once."""
    with tempfile.TemporaryDirectory(prefix="far-end-") as directory:
        file = Path(directory) / "executed"
        program = Program((sys.executable, runner_process.__file__), {**os.environ, "EXECUTED": str(file)})
        echo = Program((sys.executable, "-S", str(Path(__file__).with_name("program.py")), "echo"))
        programs = {"powershell": program, "echo": echo}
        with Endpoint(EndpointOptions(programs, {USER: PASSWORD}, **options)) as endpoint:
            yield FarEnd(endpoint, file)
