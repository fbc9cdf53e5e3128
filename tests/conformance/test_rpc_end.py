# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/wire-protocol.md, start and end: a process signs out on every way out, and its exit code says which it was."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import bootstrap

from .driver import CONNECT, PATIENCE, Conversation, Server, echo, line_of, source


def idle_after(server: Server, seconds: int) -> Conversation:
    conversation = server.start()
    assert conversation.ask("hello", idle_seconds=seconds)["ok"]
    assert conversation.ask("connect", **CONNECT)["ok"]
    return conversation


def hurried(directory: Path) -> bootstrap.Launch:
    """The client's way to start PowerShell, but for how long it waits for a line before the runner is there."""
    for script in Path(bootstrap.__file__).parent.glob("*.ps1"):
        text = script.read_text("utf-8").replace("$patience = 60000", "$patience = 500")
        (directory / script.name).write_text(text, "utf-8")
    made = bootstrap.launch("powershell.exe", directory)
    assert made.arguments != source().arguments
    return made


@pytest.mark.parametrize("lines", [0, 1, 50])
def test_who_is_started_and_forgotten_before_the_runner_is_there_ends_by_itself(
    server: Server, tmp_path: Path, lines: int
) -> None:
    with Conversation(server.process(hurried(tmp_path))) as conversation:
        conversation.send(b"".join(source().preamble.splitlines(keepends=True)[:lines]))
        assert conversation.exit_code() == 4


def test_quit_is_answered_then_the_process_signs_out_and_ends(server: Server) -> None:
    with server.connected() as conversation:
        assert conversation.ask("quit")["result"] == {}
        assert conversation.exit_code() == 0
        assert server.tenant.open == set()


def test_nothing_is_served_after_quit(server: Server) -> None:
    with server.connected() as conversation:
        number = conversation.last_id + 1
        conversation.send(line_of({"id": number, "op": "quit"}) + line_of({"id": number + 1, "op": "ping"}))
        assert conversation.exit_code() == 0
        assert conversation.answers[-1]["id"] == number


@pytest.mark.parametrize("way", ["end of input", "quit"])
def test_once_the_client_is_done_what_waits_is_not_served(server: Server, way: str) -> None:
    called, ended = threading.Event(), threading.Event()

    def slow(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        called.set()
        ended.wait(PATIENCE)
        return echo(cmdlet, parameters)

    with server.connected() as conversation:
        server.tenant.reply = slow
        first = conversation.last_id + 1
        call = {"op": "invoke", "cmdlet": "Get-Mailbox", "parameters": {"Identity": "a"}}
        conversation.send(b"".join(line_of({"id": first + each, **call}) for each in range(5)))
        assert called.wait(PATIENCE)
        if way == "quit":
            conversation.send(line_of({"id": first + 5, "op": "quit"}))
        conversation.end_input()
        ended.set()
        assert conversation.exit_code() == 0
        assert len(server.tenant.calls) == 1
        assert [answer["id"] for answer in conversation.answers][-1] in (first, first + 5)
        assert server.tenant.open == set()


def test_a_silent_client_is_given_up(server: Server) -> None:
    with idle_after(server, 1) as conversation:
        assert conversation.exit_code() == 4
        assert server.tenant.open == set()


def test_a_cmdlet_may_take_longer_than_the_client_may_be_silent(server: Server) -> None:
    called, silence = threading.Event(), threading.Event()

    def slow(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        called.set()
        silence.wait(1.5)
        return echo(cmdlet, parameters)

    with idle_after(server, 1) as conversation:
        server.tenant.reply = slow
        assert conversation.call("Get-Mailbox", "Text", Identity="a")["rows"] == [{"Text": "a"}]
        assert called.is_set()
        assert conversation.ask("ping")["ok"]


def test_a_client_that_has_gone_altogether_is_noticed(server: Server) -> None:
    with server.process() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests = ({"id": 1, "op": "connect", **CONNECT}, {"id": 2, "op": "invoke", "cmdlet": "Get-User"})
        process.stdin.write(source().preamble + b"".join(line_of(request) for request in requests))
        process.stdin.flush()
        while b'"id":2' not in process.stdout.readline():
            assert process.poll() is None
        process.stdout.close()
        process.stdin.write(b"".join(line_of({"id": number, "op": "ping"}) for number in range(3, 6)))
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert server.tenant.open == set()


@pytest.mark.parametrize("preamble", [b"3\n$x = 1\n", b"1\n", b"2\n[Environment]::Exit(9)\n"])
def test_a_source_that_is_cut_short_is_not_run(server: Server, preamble: bytes) -> None:
    with server.start(preamble) as conversation:
        conversation.end_input()
        assert conversation.exit_code() == 2
        assert conversation.answers == []


@pytest.mark.powershell
def test_constrained_language_mode_is_said_without_reading_anything(constrained: Server) -> None:
    with constrained.start(b"") as conversation:
        assert conversation.exit_code() == 3
        assert conversation.answers == [{"seq": 0, "fatal": "language_mode"}]
