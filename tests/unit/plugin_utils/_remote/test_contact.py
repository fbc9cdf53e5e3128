# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a connection is held on to, and how soon it is let go: sign-ins, hosts that are gone, halves of lines."""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import contact, winrm
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
    Output,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.pywinrm import WinRMOptions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Authority,
    Code,
    Endpoint,
    EndpointOptions,
    Fault,
    HttpAnswer,
    Limits,
    Program,
    Refuse,
    Slow,
    SoapFault,
)
from ansible_collections.email_router.exchange_online.tests.simulator.wsman.soap import fault_response

from .test_rpc import calls
from .test_winrm import PASSWORD, USER, assert_each_ran_once, channel_to, client_over, endpoint_options

#: Says much before it reads anything, then gives the number of lines it read before the last one.
TALKATIVE = (
    "import sys\n"
    "sys.stdout.write('x' * 3_000_000)\n"
    "sys.stdout.flush()\n"
    "count = 0\n"
    "for line in sys.stdin:\n"
    "    if line == 'END\\n': break\n"
    "    assert line in (f'{count} ' + 'y' * 90 + '\\n', '\\n'), line\n"
    "    count += line != '\\n'\n"
    "print('counted', count, flush=True)"
)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(endpoint_options()) as running:
        yield running


def bare(endpoint: Endpoint, **options: object) -> WinRMChannel:
    """An open channel to a program that nobody has sent anything to."""
    channel = channel_to(endpoint, **options)
    channel.open("powershell.exe", [])
    return channel


class TestSignIn:
    def test_refused_in_mid_run_it_is_tried_once_more_and_never_again(self, endpoint: Endpoint) -> None:
        """Winrm facts F12: accounts lock out, so not even the shell is deleted then."""
        client = client_over(channel_to(endpoint))
        endpoint.faults.add(Fault(HttpAnswer(401), None, times=1000))
        with pytest.raises(ChannelError, match="the sign-in was refused"):
            list(client.stream(calls(range(10))))
        assert len(endpoint.faults.fired) <= 1 + 3, "the request, and one handshake of NTLM"
        with pytest.raises(ChannelError, match="the sign-in was refused"):
            client.request("ping")
        client.close()
        assert len(endpoint.faults.fired) <= 1 + 3

    def test_refusals_with_success_in_between_are_not_added_up(self, endpoint: Endpoint) -> None:
        client = client_over(channel_to(endpoint))
        for nth in (1, 4, 7, 10):
            endpoint.faults.add(Fault(HttpAnswer(401), Action.RECEIVE, nth=nth))
        with mock.patch.object(winrm, "BATCH_BYTES", 1024):
            for _time in range(4):
                assert len(list(client.stream(calls(range(100))))) == 100
        assert len(endpoint.faults.fired) == 4
        client.close()


class TestEnd:
    def test_a_connection_that_was_dropped_does_not_leave_the_shell(self, endpoint: Endpoint) -> None:
        channel = bare(endpoint)
        endpoint.drop_connections()
        channel.close()
        assert [process.alive for process in endpoint.processes] == [False]

    @pytest.mark.parametrize("fault", [Fault(HttpAnswer(502), Action.DELETE), Fault(HttpAnswer(502), Action.SIGNAL)])
    def test_what_fails_on_the_way_is_said_once_more(self, endpoint: Endpoint, fault: Fault) -> None:
        channel = bare(endpoint)
        endpoint.faults.add(fault)
        channel.terminate()
        channel.close()
        assert [process.alive for process in endpoint.processes] == [False]
        assert len(endpoint.service.shells) == 0

    def test_a_host_that_is_gone_does_not_hold_it(self, endpoint: Endpoint) -> None:
        client = client_over(channel_to(endpoint))
        endpoint.faults.add(Fault(Slow(60.0), None, times=1000))
        begun = time.monotonic()
        with mock.patch.object(contact, "PARTING_SECONDS", 0.5), mock.patch.object(contact, "PARTING_FOR", 1.5):
            client.close()
        assert time.monotonic() - begun < 4 + 1.5 + 2 * 0.5 + 1, "one read timeout, the parting, and something to spare"

    def test_a_host_that_is_away_for_a_moment_is_waited_for(self, endpoint: Endpoint) -> None:
        client = client_over(channel_to(endpoint))
        endpoint.faults.add(Fault(Refuse(1.0), Action.SEND))
        client.close()
        assert [process.alive for process in endpoint.processes] == [False]
        assert len(endpoint.service.shells) == 0

    def test_a_host_that_is_known_to_be_gone_is_not_asked_to_quit(self, endpoint: Endpoint) -> None:
        client = client_over(channel_to(endpoint))
        endpoint.faults.add(Fault(Slow(60.0), None, times=1000))
        with mock.patch.object(contact, "RECONNECT_FOR", 0.0), pytest.raises(ChannelError):
            client.request("ping")
        sends = endpoint.requests[Action.SEND]
        with mock.patch.object(contact, "PARTING_SECONDS", 0.5):
            client.close()
        assert endpoint.requests[Action.SEND] == sends

    def test_by_default_it_takes_forty_seconds_at_most(self) -> None:
        assert WinRMOptions("").read_timeout_sec + contact.PARTING_FOR + contact.PARTING_SECONDS <= 40

    def test_a_long_read_timeout_does_not_lengthen_it(self, endpoint: Endpoint) -> None:
        channel = bare(endpoint, read_timeout_sec=3600)
        assert channel._contact.protocol.transport.read_timeout_sec == 2 + contact.LONGEST_SILENCE
        channel.close()


class TestInput:
    def test_what_has_no_room_waits_while_output_is_taken(self) -> None:
        """Neither side may wait for the other: the process reads only once its output has been taken."""
        program = Program((sys.executable, "-S", "-c", TALKATIVE), os.environ)
        with Endpoint(EndpointOptions({"powershell.exe": program}, {USER: PASSWORD})) as endpoint:
            channel = bare(endpoint, operation_timeout_sec=1)
            for begin in range(0, 4000, 500):
                channel.send(b"\n" + b"".join(b"%d %s\n" % (number, b"y" * 90) for number in range(begin, begin + 500)))
            channel.send(b"\nEND\n")
            output = b""
            while not (received := channel.receive()).ended:
                output += received.stdout
            assert (output + received.stdout).endswith(b"counted 4000\n")
            channel.close()

    def test_a_busy_shell_is_no_end_however_long_it_stays_so(self, endpoint: Endpoint) -> None:
        pauses: list[float] = []
        client = client_over(channel_to(endpoint, sleep=pauses.append, operation_timeout_sec=1))
        endpoint.faults.add(Fault(SoapFault(Code.BUSY), Action.SEND, times=12))
        assert_each_ran_once(client)
        assert sum(pauses) == 0
        client.close()

    def test_half_a_line_of_unknown_fate_is_not_followed_by_its_other_half(self) -> None:
        """A Send that timed out may have been lost; what comes after it could be read as the end of another line."""
        with Endpoint(endpoint_options(limits=Limits(max_envelope_bytes=12 * 1024))) as endpoint:
            channel = bare(endpoint)
            endpoint.faults.add(Fault(SoapFault(Code.OPERATION_TIMEOUT), Action.SEND, nth=2))
            with pytest.raises(ChannelInterrupted):
                channel.send(b"x" * 40_000 + b"\n")
            channel.send(b"\n")
            channel.close()

    def test_a_batch_that_is_cut_is_cut_between_lines(self) -> None:
        with Endpoint(endpoint_options(limits=Limits(max_envelope_bytes=12 * 1024))) as endpoint:
            channel = bare(endpoint)
            endpoint.faults.add(Fault(SoapFault(Code.OPERATION_TIMEOUT), Action.SEND, nth=2))
            channel.send((b"x" * 99 + b"\n") * 400)
            assert endpoint.faults.fired
            channel.close()


def test_a_page_that_happens_to_be_xml_ends_the_run(tmp_path: Path) -> None:
    """Pywinrm takes it for an answer without output, and would ask for ever."""
    pauses: list[float] = []
    authority = Authority(tmp_path)
    with Endpoint(endpoint_options(authority=authority)) as endpoint:
        channel = bare(endpoint, sleep=pauses.append, ca_trust_path=str(authority.ca_file))
        endpoint.faults.add(Fault(HttpAnswer(200, b"<html><p>Sign in</p></html>"), Action.RECEIVE, times=1000))
        for _time in range(winrm.MAX_EMPTY):
            assert channel.receive() == Output()
        with pytest.raises(ChannelError, match=r"not that of a WSMan service \(it begins: <html>"):
            channel.receive()
        assert pauses == [winrm.EMPTY_PAUSE] * winrm.MAX_EMPTY
        channel.close()


def forged(stdout: bytes) -> bytes:
    """What somebody on the way may answer to a Receive, without any key."""
    shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
    return (
        f'<e xmlns:rsp="{shell}"><rsp:Stream Name="stdout" CommandId="x">{base64.b64encode(stdout).decode()}'
        f'</rsp:Stream><rsp:CommandState CommandId="x" State="{shell}/CommandState/Running"/></e>'
    ).encode()


def test_a_plain_answer_to_an_encrypted_message_is_not_believed(endpoint: Endpoint) -> None:
    """Pywinrm would: whoever sits between could say of every write that it was done."""
    client = client_over(channel_to(endpoint))
    lie = b'\n@exo {"seq":2,"id":2,"ok":true,"rows":[{"Echo":"forged"}]}\n'
    soap = "application/soap+xml;charset=UTF-8"
    endpoint.faults.add(Fault(HttpAnswer(200, forged(lie), soap), Action.RECEIVE))
    with pytest.raises(ChannelError, match="not that of a WSMan service"):
        list(client.stream(calls(range(1))))
    client.close()


def test_of_a_plain_error_only_the_status_is_believed(endpoint: Endpoint) -> None:
    """A shell is not taken for lost, nor a run ended, because somebody says so without the key."""
    client = client_over(channel_to(endpoint))
    gone = fault_response(Code.UNEXPECTED_SELECTORS, "")
    endpoint.faults.add(Fault(HttpAnswer(500, gone, "application/soap+xml"), Action.RECEIVE))
    assert_each_ran_once(client)
    assert len(endpoint.faults.fired) == 1
    client.close()


def test_a_receive_that_meets_its_orphan_is_said_again(endpoint: Endpoint) -> None:
    client = client_over(channel_to(endpoint))
    endpoint.faults.add(Fault(SoapFault(Code.CONCURRENCY), Action.RECEIVE, times=4))
    assert_each_ran_once(client)
    client.close()


def test_a_channel_that_was_never_open_says_so() -> None:
    with pytest.raises(ChannelError, match="never opened"):
        WinRMChannel(endpoint="http://127.0.0.1/wsman").receive()
