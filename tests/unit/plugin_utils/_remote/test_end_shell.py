# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remote shell that an earlier run left: found by its id, deleted over a connection of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import winrm
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError, Ending
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    LoginRefused,
    ShellRefused,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import WinRMOptions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import (
    WinRMChannel,
    end_shell,
)
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Code,
    Endpoint,
    Fault,
    HttpAnswer,
    Reset,
    SoapFault,
)

from .test_winrm import PASSWORD, USER, channel_to, endpoint_options


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(endpoint_options()) as running, mock.patch.object(winrm, "DELETE_PAUSES", (0.0, 0.0)):
        yield running


@pytest.fixture
def left(endpoint: Endpoint) -> WinRMChannel:
    """A channel whose client is about to be killed."""
    channel = channel_to(endpoint)
    channel.open("powershell.exe", [])
    return channel


def options_for(endpoint: Endpoint, password: str = PASSWORD) -> WinRMOptions:
    return WinRMOptions(endpoint.url, username=USER, password=password, operation_timeout_sec=2, read_timeout_sec=4)


def shell_of(channel: WinRMChannel) -> str:
    """As it comes back from a file."""
    return str(json.loads(json.dumps(dict(channel.place)))["shell"])


def test_the_place_is_told_while_it_is_open_and_only_then(endpoint: Endpoint) -> None:
    url = endpoint.url.replace("//", f"//{USER}:{PASSWORD}@")
    channel = WinRMChannel(endpoint=url, username=USER, password=PASSWORD)
    assert channel.place == {}
    channel.open("powershell.exe", [])
    (shell,) = endpoint.service.shells._shells.values()
    (command,) = shell.commands
    assert channel.place == {"channel": "winrm", "endpoint": endpoint.url, "shell": shell.id, "command": command}
    channel.close()
    assert channel.place == {}


def test_a_shell_whose_program_was_refused_has_a_place(endpoint: Endpoint) -> None:
    endpoint.faults.add(Fault(SoapFault(Code.MAX_OPERATIONS), Action.COMMAND))
    channel = channel_to(endpoint)
    with pytest.raises(ShellRefused):
        channel.open("powershell.exe", [])
    assert end_shell(options_for(endpoint), shell_of(channel)) is Ending.ENDED


def test_a_shell_is_deleted_with_its_process_and_then_is_gone(endpoint: Endpoint, left: WinRMChannel) -> None:
    connections = endpoint.connections
    assert end_shell(options_for(endpoint), shell_of(left)) is Ending.ENDED
    assert [process.alive for process in endpoint.processes] == [False]
    assert end_shell(options_for(endpoint), shell_of(left)) is Ending.WAS_GONE
    assert endpoint.connections == connections + 2


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (Fault(Reset(), Action.DELETE), Ending.ENDED),
        (Fault(Reset(), Action.DELETE, acted=True), Ending.WAS_GONE),
        (Fault(HttpAnswer(503), Action.DELETE, times=2), Ending.ENDED),
        (Fault(Reset(), Action.HANDSHAKE), Ending.ENDED),
    ],
    ids=str,
)
def test_a_delete_may_be_said_again(endpoint: Endpoint, left: WinRMChannel, fault: Fault, found: Ending) -> None:
    endpoint.faults.add(fault)
    assert end_shell(options_for(endpoint), shell_of(left)) is found
    assert [process.alive for process in endpoint.processes] == [False]


def test_a_host_that_cannot_be_asked_is_an_error(endpoint: Endpoint, left: WinRMChannel) -> None:
    shell, options = shell_of(left), options_for(endpoint)
    with pytest.raises(LoginRefused):
        end_shell(replace(options, password="wrong"), shell)
    assert endpoint.rejections == 1, "accounts lock out"
    endpoint.faults.add(Fault(HttpAnswer(200, b"<html><p>Sign in</p></html>"), Action.DELETE))
    with pytest.raises(ChannelError, match="not that of a WSMan service"):
        end_shell(options, shell)
    endpoint.stop()
    with pytest.raises(ChannelError, match="refused"):
        end_shell(options, shell)
