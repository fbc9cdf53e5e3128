# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells and processes: their limits, their end, and that nothing outlives the endpoint."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import xmltodict
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Code, Limits
from winrm.exceptions import WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from .client import Conversation, connect, converse, wait_until
from .conftest import Serve


def fault_of(failure: pytest.ExceptionInfo[WSManFaultError]) -> int | None:
    return failure.value.wsman_fault_code or failure.value.wmierror_code


def signal(talk: Conversation, name: str) -> None:
    """Sends a signal that pywinrm has no call for."""
    shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
    envelope: dict[str, Any] = talk.protocol.build_wsman_header(f"{shell}/Signal", f"{shell}/cmd", talk.shell)
    envelope["env:Body"] = {"rsp:Signal": {"@CommandId": talk.command, "rsp:Code": f"{shell}/signal/{name}"}}
    talk.protocol.send_message(xmltodict.unparse({"env:Envelope": envelope}))


def alive(pid: int) -> bool:
    """A process that ended but was not reaped by its parent counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("ending", ["delete", "terminate", "stop"])
def test_a_process_ends_with_all_that_it_started(ending: str, serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "family")
    child = int(talk.receive()[0])
    assert alive(child)
    if ending == "delete":
        talk.protocol.close_shell(talk.shell)
    elif ending == "terminate":
        talk.protocol.cleanup_command(talk.shell, talk.command)
    else:
        endpoint.stop()
    wait_until(lambda: not alive(child))
    assert not any(process.alive for process in endpoint.processes)


def test_stopping_ends_requests_under_way_and_every_thread(serve: Serve) -> None:
    before = threading.active_count()
    endpoint = serve()
    protocol = connect(endpoint, operation_timeout_sec=30, read_timeout_sec=60)
    talk = converse(protocol, "wait")
    ended = threading.Event()

    def receive() -> None:
        with pytest.raises(Exception, match=r"995|[Cc]onnection"):
            talk.receive()
        ended.set()

    thread = threading.Thread(target=receive)
    thread.start()
    wait_until(lambda: endpoint.requests[Action.RECEIVE])
    started = time.monotonic()
    endpoint.stop()
    assert ended.wait(5)
    assert time.monotonic() - started < 5
    thread.join()
    protocol.transport.close_session()
    assert threading.active_count() == before


def test_an_idle_shell_is_reaped_with_its_process(serve: Serve) -> None:
    endpoint = serve(limits=Limits(minimum_idle_timeout=0.0))
    talk = converse(connect(endpoint), "echo", idle_timeout="PT0.3S")
    assert endpoint.processes[0].alive
    wait_until(lambda: not endpoint.processes[0].alive)
    with pytest.raises(WSManFaultError) as gone:
        talk.receive()
    assert fault_of(gone) == Code.UNEXPECTED_SELECTORS


def test_a_receive_under_way_keeps_a_shell_alive(serve: Serve) -> None:
    endpoint = serve(limits=Limits(minimum_idle_timeout=0.0))
    talk = converse(connect(endpoint), "wait", idle_timeout="PT0.4S")
    for _attempt in range(2):
        with pytest.raises(WinRMOperationTimeoutError):
            talk.receive()
    assert endpoint.processes[0].alive


def test_an_idle_connection_is_dropped(serve: Serve) -> None:
    endpoint = serve(idle_connection=0.2)
    assert connect(endpoint).open_shell()
    assert endpoint.connections == 1
    wait_until(lambda: endpoint.open_connections == 0)


@pytest.mark.parametrize("idle_timeout", [900, "15m", "P", "PTS"])
def test_an_idle_timeout_must_be_a_duration(idle_timeout: Any, serve: Serve) -> None:
    with pytest.raises(WSManFaultError) as refused:
        connect(serve()).open_shell(idle_timeout=idle_timeout)
    assert fault_of(refused) == Code.SCHEMA


def test_a_send_that_blocks_times_out_keeps_the_shell_busy_and_arrives(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    lines = b"0123456789abcde\n" * 10_000

    def fill_every_buffer() -> None:
        for _attempt in range(100):
            talk.send(lines)

    with pytest.raises(WinRMOperationTimeoutError):
        fill_every_buffer()
    expected = endpoint.requests[Action.SEND] * len(lines)
    with pytest.raises(WSManFaultError) as busy:
        talk.send(b"too early\n")
    assert fault_of(busy) == Code.BUSY
    received = 0
    while received < expected:
        received += len(talk.receive()[0])
    assert received == expected
    assert talk.lockstep(b"free again\n") == b"free again\n"


def test_a_receive_brings_at_most_what_fits_the_envelope(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "flood", "400000")
    wait_until(lambda: endpoint.processes[0].buffered > 112_640)
    first = len(talk.receive()[0])
    assert 100_000 < first <= 112_640
    assert first + len(talk.drain()[0]) == 400_000


def test_a_message_over_the_envelope_size_is_refused(serve: Serve) -> None:
    talk = converse(connect(serve()), "echo")
    with pytest.raises(WinRMTransportError) as refused:
        talk.send(b"x" * 400_000)
    assert (refused.value.code, refused.value.response_text) == (413, "")


def test_a_wrong_path_is_not_found(serve: Serve) -> None:
    endpoint = serve()
    with pytest.raises(WinRMTransportError) as lost:
        Protocol(endpoint.url + "x", transport="ntlm", username="svc", password="geheim", proxy=None).open_shell()
    assert lost.value.code == 404


def test_the_streams_the_exit_code_and_the_environment_are_those_of_the_process(serve: Serve) -> None:
    protocol = connect(serve())
    assert converse(protocol, "stderr", "ouch").drain() == (b"", b"ouch", 0)
    assert converse(protocol, "exit", "3").drain() == (b"", b"", 3)
    assert converse(protocol, "variable", "COLOUR").drain()[0] == b"red"
    assert converse(protocol, "variable", "COLOUR", env_vars={"COLOUR": "blue"}).drain()[0] == b"blue"


def test_an_unknown_program_is_answered_as_by_cmd(serve: Serve) -> None:
    protocol = connect(serve())
    shell = protocol.open_shell()
    out, err, code = protocol.get_command_output(shell, protocol.run_command(shell, "nosuch.exe", ["-x"]))
    assert (out, code) == (b"", 1)
    assert err.startswith(b"'nosuch.exe' is not recognized")


@pytest.mark.parametrize(("length", "runs"), [(8191, True), (8192, False)])
def test_a_command_line_over_the_limit_of_cmd_does_not_run(length: int, runs: bool, serve: Serve) -> None:
    argument = "x" * (length - len("program.exe variable "))
    out, err, code = converse(connect(serve()), "variable", argument).drain()
    assert (out, code == 0, b"too long" in err) == (b"", runs, not runs)


def test_ctrl_c_reaches_only_a_process_with_console_input(serve: Serve) -> None:
    endpoint = serve()
    for console in (False, True):
        protocol = connect(endpoint)
        shell = protocol.open_shell()
        command = protocol.run_command(shell, "program.exe", ["wait"], console_mode_stdin=console)
        talk = Conversation(protocol, shell, command)
        signal(talk, "ctrl_c")
        if console:
            assert talk.drain()[2] != 0
        else:
            with pytest.raises(WinRMOperationTimeoutError):
                talk.receive()


def test_quotas_are_those_of_the_user(serve: Serve) -> None:
    protocol = connect(serve(limits=Limits(max_shells=2, max_operations=2)))
    first, second = protocol.open_shell(), protocol.open_shell()
    with pytest.raises(WSManFaultError) as shells:
        protocol.open_shell()
    assert fault_of(shells) == Code.MAX_SHELLS
    for shell in (first, second):
        protocol.get_command_output(shell, protocol.run_command(shell, "program.exe", ["exit", "0"]))
    with pytest.raises(WSManFaultError) as operations:
        protocol.run_command(first, "program.exe", ["exit", "0"])
    assert fault_of(operations) == Code.MAX_OPERATIONS
    protocol.close_shell(second)
    assert protocol.run_command(first, "program.exe", ["exit", "0"])


def test_one_command_at_a_time(serve: Serve) -> None:
    talk = converse(connect(serve()), "echo")
    with pytest.raises(WSManFaultError) as refused:
        talk.protocol.run_command(talk.shell, "program.exe", ["echo"])
    assert fault_of(refused) == Code.CONCURRENCY


def test_what_is_over_is_over(serve: Serve) -> None:
    talk = converse(connect(serve()), "exit", "0")
    assert talk.receive()[2:] == (0, True)
    with pytest.raises(WSManFaultError) as done:
        talk.receive()
    talk.protocol.cleanup_command(talk.shell, talk.command)
    with pytest.raises(WSManFaultError) as unknown:
        talk.receive()
    assert [fault_of(done), fault_of(unknown)] == [Code.COMMAND_ALREADY_CLOSED, Code.UNEXPECTED_SELECTORS]


def test_another_client_of_the_same_user_can_go_on_with_the_ids(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    talk.send(b"one\n")
    other = Conversation(connect(endpoint), talk.shell, talk.command)
    assert other.receive()[0] == b"one\n"
    assert other.lockstep(b"two\n") == b"two\n"
    assert endpoint.connections == 2


def test_latency_is_paid_by_every_request(serve: Serve) -> None:
    endpoint = serve(latency=0.05)
    started = time.monotonic()
    assert connect(endpoint).open_shell()
    assert time.monotonic() - started >= 0.05 * endpoint.requests.total()
    assert endpoint.requests.total() == 4


def test_a_port_that_is_taken_leaves_nothing_running(serve: Serve) -> None:
    taken = serve().port
    before = threading.active_count()
    with pytest.raises(OSError, match="in use"):
        serve(port=taken)
    assert threading.active_count() == before


def test_the_user_file_is_gone_when_the_endpoint_has_stopped(serve: Serve) -> None:
    endpoint = serve()
    assert connect(endpoint).open_shell()
    endpoint.stop()
    assert "NTLM_USER_FILE" not in os.environ
    assert not endpoint._directory.exists()
