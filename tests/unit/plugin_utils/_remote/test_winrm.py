# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM channel against a real WSMan endpoint: what a conversation costs, and what it survives."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import contact, rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import ProcessEnded, ShellLost
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Authority,
    BadMic,
    Code,
    Endpoint,
    EndpointOptions,
    Fault,
    HttpAnswer,
    KillProcess,
    Limits,
    LoseExitCode,
    LoseShell,
    Program,
    Refuse,
    Reset,
    Scheme,
    Slow,
    SoapFault,
)

from .fake_channel import LAUNCH
from .test_rpc import READ, WRITE, call, calls, is_write

USER, PASSWORD = "svc-exo", "Correct-Horse-7"
RUNNER = Program((sys.executable, str(Path(__file__).with_name("runner_process.py"))), os.environ)
Make = Callable[..., RpcClient]


def shortly(seconds: float) -> None:
    """A sleep for tests: long pauses need not be waited out where nothing depends on them."""
    time.sleep(min(seconds, 0.3))


def endpoint_options(**options: Any) -> EndpointOptions:
    return EndpointOptions({"powershell.exe": RUNNER}, {USER: PASSWORD}, **options)


def channel_to(endpoint: Endpoint, **options: Any) -> WinRMChannel:
    quick = {"sleep": shortly, "operation_timeout_sec": 2, "read_timeout_sec": 4}
    return WinRMChannel(endpoint=endpoint.url, username=USER, password=PASSWORD, **{**quick, **options})


def client_over(channel: WinRMChannel) -> RpcClient:
    client = RpcClient(channel, is_write)
    client.start("powershell.exe", LAUNCH, read_only=True)
    return client


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(endpoint_options()) as running:
        yield running


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[RpcClient]:
    started = client_over(channel_to(endpoint))
    yield started
    started.close()


def assert_each_ran_once(client: RpcClient, count: int = 100) -> None:
    """Every answer is the one asked for, and the last of all says that no more ran than there were."""
    requests = [call(number, WRITE if number % 40 == 17 else READ) for number in range(count)]
    rows = {number: reply.body["rows"][0] for number, reply in client.stream(requests)}
    assert {number: row["Echo"] for number, row in rows.items()} == {number: str(number) for number in range(count)}
    assert max(row["Nth"] for row in rows.values()) == count


def test_a_conversation_is_counted_to_the_last_handshake(endpoint: Endpoint) -> None:
    channel = channel_to(endpoint)
    client = client_over(channel)
    assert_each_ran_once(client)
    client.close()
    assert channel.statistics.requests == sum(endpoint.requests.values())
    assert channel.statistics.bytes_sent > 10_000
    assert channel.statistics.bytes_received > 10_000
    assert endpoint.requests[Action.HANDSHAKE] == 3, "one sign-in"


def test_many_calls_share_one_http_request(endpoint: Endpoint, client: RpcClient) -> None:
    before = sum(endpoint.requests.values())
    assert len(list(client.stream(calls(range(1000))))) == 1000
    assert sum(endpoint.requests.values()) - before <= 300


def test_close_ends_the_process_and_deletes_the_shell(endpoint: Endpoint) -> None:
    client = client_over(channel_to(endpoint))
    client.close()
    assert [process.alive for process in endpoint.processes] == [False]
    assert endpoint.requests[Action.DELETE] == 1
    client.close()
    assert endpoint.requests[Action.DELETE] == 1


def test_close_leaves_no_process_though_it_hangs(endpoint: Endpoint) -> None:
    channel = channel_to(endpoint)
    channel.open("powershell.exe", [])
    channel.close()
    assert [process.alive for process in endpoint.processes] == [False]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(SoapFault(Code.OPERATION_TIMEOUT), Action.RECEIVE),
        Fault(SoapFault(Code.OPERATION_TIMEOUT), Action.RECEIVE, acted=True),
        Fault(SoapFault(Code.OPERATION_TIMEOUT), Action.SEND, acted=True),
        Fault(SoapFault(Code.OPERATION_TIMEOUT), Action.SEND),
        Fault(SoapFault(Code.PLUGIN_TIMEOUT), Action.SEND),
        Fault(SoapFault(Code.BUSY), Action.SEND, times=3),
        Fault(SoapFault(Code.OPERATION_ABORTED), Action.RECEIVE),
        Fault(SoapFault(4711), Action.RECEIVE),
        Fault(SoapFault(4711), Action.SEND, acted=True),
        Fault(HttpAnswer(400), Action.SEND),
        Fault(HttpAnswer(400), Action.RECEIVE),
        Fault(HttpAnswer(401), Action.RECEIVE),
        Fault(HttpAnswer(500), Action.SEND),
        Fault(HttpAnswer(500, b"<html>"), Action.RECEIVE, acted=True),
        Fault(HttpAnswer(502), Action.RECEIVE, times=2),
        Fault(HttpAnswer(503), Action.SEND, times=4),
        Fault(Reset(), Action.SEND),
        Fault(Reset(), Action.SEND, acted=True),
        Fault(Reset(), Action.RECEIVE, nth=2),
        Fault(Reset(), Action.RECEIVE, nth=2, acted=True),
        Fault(Reset(), None, nth=3, times=2),
        Fault(Refuse(0.5), Action.RECEIVE, acted=True),
        Fault(BadMic(), Action.RECEIVE),
        Fault(BadMic(), Action.SEND),
        Fault(Slow(1.0, pieces=4), Action.RECEIVE),
        Fault(Slow(6.0), Action.RECEIVE),
    ],
    ids=str,
)
def test_survives(endpoint: Endpoint, client: RpcClient, fault: Fault) -> None:
    endpoint.faults.add(fault)
    with mock.patch.object(rpc, "PING_AFTER", 1.0):
        assert_each_ran_once(client)
    assert fault in endpoint.faults.fired
    assert len(endpoint.processes) == 1


def test_survives_an_idle_connection_that_the_host_has_dropped() -> None:
    """Winrm facts 1.3: pywinrm by itself would meet status 400 for ever."""
    with Endpoint(endpoint_options()) as endpoint:
        client = client_over(channel_to(endpoint))
        endpoint.drop_connections()
        assert_each_ran_once(client)
        assert endpoint.requests[Action.UNREADABLE] == 1
        client.close()


def test_a_connection_that_was_idle_for_long_is_made_anew_before_it_is_used(endpoint: Endpoint) -> None:
    client = client_over(channel_to(endpoint))
    endpoint.drop_connections()
    with mock.patch.object(contact, "FRESH_FOR", 0.0):
        client.request("ping")
    assert endpoint.requests[Action.UNREADABLE] == 0
    client.close()


def test_after_a_failed_handshake_nothing_is_sent_in_plain_text(endpoint: Endpoint, client: RpcClient) -> None:
    """pywinrm keeps a session whose encryption was never set up; what went over it next would be in the clear."""
    endpoint.faults.add(Fault(HttpAnswer(503), Action.HANDSHAKE), Fault(Reset(), Action.HANDSHAKE, nth=3))
    with mock.patch.object(contact, "FRESH_FOR", 0.0):
        assert_each_ran_once(client, 10)
    assert len(endpoint.faults.fired) == 2
    assert endpoint.requests[Action.UNREADABLE] == 0


def test_an_answer_to_a_new_handshake_is_not_decrypted_with_the_old_key(endpoint: Endpoint, client: RpcClient) -> None:
    endpoint.faults.add(Fault(HttpAnswer(407, b"sign in first", content_type=""), Action.HANDSHAKE))
    with mock.patch.object(contact, "FRESH_FOR", 0.0), pytest.raises(ChannelError, match="HTTP status 407"):
        client.request("ping")


@pytest.mark.parametrize(("action", "waits"), [(Action.RECEIVE, True), (Action.SEND, False)])
def test_a_receive_that_may_live_on_at_the_host_is_outlived(endpoint: Endpoint, action: Action, waits: bool) -> None:
    """Winrm facts 3.6: it would take output that the next one waits for."""
    pauses: list[float] = []
    channel = channel_to(endpoint, sleep=pauses.append)
    client = client_over(channel)
    endpoint.faults.add(Fault(Reset(), action))
    assert_each_ran_once(client)
    assert any(1.0 < pause <= 2.0 for pause in pauses) is waits
    client.close()


def test_a_send_that_is_too_large_goes_in_halves() -> None:
    with Endpoint(endpoint_options(limits=Limits(max_envelope_bytes=12 * 1024))) as endpoint:
        client = client_over(channel_to(endpoint))
        large = [(number, {**READ, "parameters": {"Identity": "x" * 1000}}) for number in range(100)]
        assert len(list(client.stream(large))) == 100
        assert endpoint.requests[Action.UNREADABLE] >= 1
        client.close()


@pytest.mark.parametrize("transport", ["basic", "ssl", "ntlm"])
def test_tls_needs_no_message_encryption(tmp_path: Path, transport: str) -> None:
    authority = Authority(tmp_path)
    with Endpoint(endpoint_options(authority=authority, schemes=frozenset(Scheme))) as endpoint:
        channel = channel_to(endpoint, transport=transport, ca_trust_path=str(authority.ca_file))
        client = client_over(channel)
        assert_each_ran_once(client)
        client.close()
        assert channel.statistics.requests == sum(endpoint.requests.values())


def test_a_client_certificate_signs_in_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Winrm facts 1.1: without a password requests would look into ~/.netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    authority = Authority(tmp_path)
    certificate = authority.issue_client("svc-exo@localhost")
    options = endpoint_options(
        authority=authority, schemes=frozenset(Scheme), certificates={certificate.fingerprint: USER}
    )
    with Endpoint(options) as endpoint:
        channel = WinRMChannel(
            endpoint=endpoint.url,
            transport="certificate",
            cert_pem=str(certificate.certificate),
            cert_key_pem=str(certificate.key),
            ca_trust_path=str(authority.ca_file),
        )
        client = client_over(channel)
        assert_each_ran_once(client)
        client.close()


class TestEnd:
    def test_a_process_that_ends_is_reported_with_its_code_and_last_words(self, client: RpcClient) -> None:
        with pytest.raises(ProcessEnded, match=r"exit code 7\. It printed: out of memory"):
            list(client.stream([call(0, {"op": "invoke", "cmdlet": "Exit"})]))

    def test_a_process_that_was_killed_is_reported(self, endpoint: Endpoint, client: RpcClient) -> None:
        endpoint.faults.add(Fault(KillProcess(), Action.RECEIVE))
        with pytest.raises(ProcessEnded):
            list(client.stream(calls(range(100))))

    def test_what_it_said_before_a_send_failed_is_still_heard(self, endpoint: Endpoint, client: RpcClient) -> None:
        list(client.stream(calls(range(3))))
        with pytest.raises(ProcessEnded, match="out of memory"):
            next(client.stream([call(0, {"op": "invoke", "cmdlet": "Exit"})]))
        fresh = client_over(channel_to(endpoint))
        endpoint.faults.add(Fault(SoapFault(Code.COMMAND_TERMINATED), Action.SEND, acted=True))
        with pytest.raises(ProcessEnded, match="out of memory"):
            next(fresh.stream([call(0, {"op": "invoke", "cmdlet": "Exit"})]))
        fresh.close()

    @pytest.mark.parametrize("action", [Action.SEND, Action.RECEIVE])
    def test_a_lost_shell_is_told_apart(self, endpoint: Endpoint, client: RpcClient, action: Action) -> None:
        endpoint.faults.add(Fault(LoseShell(), action))
        with pytest.raises(ShellLost, match="the remote shell is gone"):
            list(client.stream(calls(range(100))))

    def test_an_end_without_an_exit_code_is_no_stop_iteration(self, endpoint: Endpoint, client: RpcClient) -> None:
        endpoint.faults.add(Fault(LoseExitCode(), Action.RECEIVE))
        with pytest.raises(ShellLost, match="without an exit code"):
            list(client.stream(calls(range(100))))

    def test_a_host_that_does_not_come_back_ends_the_run(self, endpoint: Endpoint, client: RpcClient) -> None:
        endpoint.faults.add(Fault(Refuse(3600), Action.RECEIVE))
        with mock.patch.object(contact, "RECONNECT_FOR", 1.0), pytest.raises(ChannelError, match="Contact was lost"):
            list(client.stream(calls(range(100))))

    def test_a_quota_names_itself(self, endpoint: Endpoint, client: RpcClient) -> None:
        endpoint.faults.add(Fault(SoapFault(Code.MAX_OPERATIONS), Action.SEND))
        with pytest.raises(ChannelError, match="MaxConcurrentOperationsPerUser"):
            list(client.stream(calls(range(100))))
