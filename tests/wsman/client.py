# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pywinrm client for the tests: a Protocol for an endpoint, and a conversation with one command."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Endpoint
from winrm.protocol import Protocol

USER, PASSWORD = "svc", "geheim"


def connect(endpoint: Endpoint, **options: Any) -> Protocol:
    """A client as the collection uses it; ``options`` are those of winrm.Protocol."""
    authority = endpoint.options.authority
    defaults: dict[str, Any] = {
        "ca_trust_path": str(authority.ca_file) if authority else None,
        "transport": "ntlm",
        "username": USER,
        "password": PASSWORD,
        "proxy": None,
        "operation_timeout_sec": 1,
        "read_timeout_sec": 4,
    }
    return Protocol(endpoint.url, **{**defaults, **options})


@dataclass
class Conversation:
    """A shell with one running command."""

    protocol: Protocol
    shell: str
    command: str

    def send(self, data: bytes, end: bool = False) -> None:
        self.protocol.send_command_input(self.shell, self.command, data, end)

    def receive(self) -> tuple[bytes, bytes, int, bool]:
        return self.protocol.get_command_output_raw(self.shell, self.command)

    def lockstep(self, line: bytes) -> bytes:
        """Sends a line and gives the line that comes back."""
        self.send(line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.receive()[0]
        return answer

    def drain(self) -> tuple[bytes, bytes, int]:
        """Everything until the command is done."""
        return self.protocol.get_command_output(self.shell, self.command)


def converse(protocol: Protocol, *arguments: str, **shell: Any) -> Conversation:
    """Opens a shell and runs ``program.exe`` in it."""
    shell_id = protocol.open_shell(codepage=65001, **shell)
    command = protocol.run_command(shell_id, "program.exe", arguments, console_mode_stdin=False)
    return Conversation(protocol, shell_id, command)


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits for what the endpoint does by itself; fails where it does not come to pass."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
