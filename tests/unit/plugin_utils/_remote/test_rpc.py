# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rpc client against a runner in memory, over a channel that behaves, and over one that does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    AnswerOverdue,
    LanguageModeRefused,
    ProcessEnded,
    RunnerError,
    RunnerMismatch,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.frames import Reply
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.window import (
    PACE,
    WINDOW,
    Window,
)

from .fake_channel import LAUNCH, FakeChannel, FakeRunner, OnReceive, OnSend, Request, echo

READ = {"op": "invoke", "cmdlet": "Get-MailboxPermission"}
WRITE = {"op": "invoke", "cmdlet": "Add-MailboxPermission"}


def is_write(fields: Any) -> bool:
    return bool(fields.get("cmdlet") == WRITE["cmdlet"])


def started(channel: FakeChannel, window: int = WINDOW) -> RpcClient:
    client = RpcClient(channel, is_write, Window(window), channel.clock, channel.clock.sleep)
    client.start("pwsh", LAUNCH, read_only=True)
    return client


def call(number: int, kind: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    return number, {**(kind or READ), "parameters": {"Identity": str(number)}}


def calls(numbers: range) -> list[tuple[int, dict[str, Any]]]:
    return [call(number) for number in numbers]


def echoes(replies: Iterator[tuple[int, Reply]]) -> list[tuple[int, str]]:
    return [(token, reply.body["rows"][0]["Echo"]) for token, reply in replies]


def wanted(numbers: range) -> list[tuple[int, str]]:
    return [(number, str(number)) for number in numbers]


def invoked(runner: FakeRunner) -> list[str]:
    return [request["parameters"]["Identity"] for request in runner.executed if request["op"] == "invoke"]


def sent_lines(channel: FakeChannel) -> list[Request]:
    lines = b"".join(channel.sends[1:]).split(b"\n")
    return [json.loads(line) for line in lines if line]


class TestStart:
    def test_says_hello_and_gives_what_the_runner_says_of_itself(self) -> None:
        channel = FakeChannel()
        client = RpcClient(channel)
        assert client.start("pwsh", LAUNCH, read_only=False)["host"] == "HOST"
        assert channel.calls == ["open pwsh"]
        assert channel.sends[0] == LAUNCH.preamble
        assert channel.runner.executed == [{"id": 1, "op": "hello", "read_only": False}]

    def test_tells_where_powershell_runs(self) -> None:
        client = RpcClient(FakeChannel())
        assert client.place == {}
        client.start("pwsh", LAUNCH, read_only=True)
        assert client.place == {"channel": "fake"}

    def test_refuses_a_runner_that_is_not_the_one_that_was_sent(self) -> None:
        channel = FakeChannel()
        channel.runner.lines.append(b"# one line more")
        with pytest.raises(RunnerMismatch):
            started(channel)

    def test_a_start_that_was_interrupted_is_not_resumed(self) -> None:
        channel = FakeChannel(on_send=[OnSend.LOST])
        with pytest.raises(ChannelError, match="while PowerShell was being started") as caught:
            started(channel)
        assert caught.value.may_pass
        assert not isinstance(caught.value, ChannelInterrupted)

    def test_language_mode_is_told_apart_from_any_other_end(self) -> None:
        fatal = b'\n@exo {"seq":0,"fatal":"language_mode"}\n'
        with pytest.raises(LanguageModeRefused, match="Constrained Language Mode"):
            started(FakeChannel(dies_with=(3, fatal, b"")))

    def test_a_program_that_only_prints_is_reported_with_what_it_printed(self) -> None:
        channel = FakeChannel(dies_with=(9009, b"half a line", b"'pwsh' is not recognized\r\n"))
        with pytest.raises(ProcessEnded, match="being started, exit code 9009") as caught:
            started(channel)
        assert caught.value.exit_code == 9009
        assert caught.value.log == "half a line\n'pwsh' is not recognized"

    def test_what_was_sent_is_never_in_the_message(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        channel.dies_with = (1, b"", b"crash")
        with pytest.raises(ProcessEnded, match="crash") as caught:
            client.request("connect", certificate_password="hunter2")
        assert "hunter2" not in str(caught.value)


class TestRequest:
    def test_gives_the_result(self) -> None:
        channel = FakeChannel(FakeRunner(lambda request: {"ok": True, "result": {"op": request["op"]}}))
        assert started(channel).request("connect") == {"op": "connect"}

    def test_an_error_of_the_runner_keeps_its_code(self) -> None:
        error = {"code": "module_missing", "type": "", "text": "not installed", "category": "", "fqid": ""}
        channel = FakeChannel(FakeRunner(lambda request: {"ok": False, "error": error}))
        with pytest.raises(RunnerError, match="not installed") as caught:
            started(channel).request("connect")
        assert caught.value.code == "module_missing"


class TestStream:
    def test_answers_every_request_once(self) -> None:
        channel = FakeChannel()
        assert echoes(started(channel).stream(calls(range(500)))) == wanted(range(500))
        assert invoked(channel.runner) == [str(number) for number in range(500)]

    def test_nothing_in_gives_nothing_out(self) -> None:
        assert list(started(FakeChannel()).stream([])) == []

    def test_the_window_is_topped_up_when_half_of_it_is_free(self) -> None:
        channel = FakeChannel()
        client = started(channel, window=8)
        before = len(channel.sends)
        assert len(list(client.stream(calls(range(80))))) == 80
        assert len(channel.sends) - before == 10
        assert client.statistics.requests == 81

    def test_requests_are_taken_only_as_room_arises(self) -> None:
        taken: list[int] = []

        def source() -> Iterator[tuple[int, dict[str, Any]]]:
            for number in range(100):
                taken.append(number)
                yield call(number)

        replies = started(FakeChannel(), window=8).stream(source())
        next(replies)
        assert len(taken) < 20

    def test_large_requests_do_not_fill_the_pipe(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        large = [(number, {**READ, "parameters": {"Identity": "x" * 10_000}}) for number in range(20)]
        assert len(list(client.stream(large))) == 20
        assert max(len(sent) for sent in channel.sends) < 80_000

    def test_what_a_source_gave_before_it_failed_is_served(self) -> None:
        def source() -> Iterator[tuple[int, dict[str, Any]]]:
            yield call(0)
            raise LookupError

        channel = FakeChannel()
        client = started(channel)
        with pytest.raises(LookupError):
            next(client.stream(source()))
        assert echoes(client.stream([call(1, WRITE)])) == [(1, "1")]
        assert invoked(channel.runner) == ["0", "1"]

    def test_acknowledges_what_has_arrived_so_that_the_runner_keeps_little(self) -> None:
        channel = FakeChannel()
        client = started(channel, window=8)
        list(client.stream(calls(range(200))))
        assert len(channel.runner.kept) <= 16

    def test_leaving_early_does_not_disturb_what_comes_after(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.SPLIT])
        client = started(channel)
        replies = client.stream(calls(range(40)))
        assert next(replies)[0] == 0
        replies.close()
        assert echoes(client.stream(calls(range(100, 140)))) == wanted(range(100, 140))

    def test_a_stream_inside_another_gets_its_own_answers(self) -> None:
        channel = FakeChannel()
        client = started(channel, window=4)
        outer: list[int] = []
        inner: list[tuple[int, str]] = []
        for token, reply in client.stream(calls(range(10))):
            assert reply.ok
            outer.append(token)
            inner.extend(echoes(client.stream([call(100 + token)])))
        assert outer == list(range(10))
        assert inner == wanted(range(100, 110))

    def test_noise_between_the_answers_is_log(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        channel.output = b'WARNING: something\n@exo is not JSON\n{"seq":9}\n'
        assert echoes(client.stream(calls(range(2)))) == wanted(range(2))


class TestWrites:
    def test_a_write_is_never_accompanied(self) -> None:
        kinds = [READ, READ, WRITE, WRITE, READ, WRITE, READ]
        channel = FakeChannel()
        client = started(channel)
        sends: dict[int, list[str]] = {}

        def watched(request: Request) -> dict[str, Any]:
            assert not channel.output, "sent while an answer was due"
            sends.setdefault(len(channel.sends), []).append(request["parameters"]["Identity"])
            return echo(request)

        channel.runner.handler = watched
        list(client.stream(call(number, kind) for number, kind in enumerate(kinds)))
        assert list(sends.values()) == [["0", "1"], ["2"], ["3"], ["4"], ["5"], ["6"]]

    def test_a_write_that_nobody_waits_for_any_more_is_still_waited_for(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.NOTHING])
        client = started(channel)
        interrupted = mock.patch.object(channel, "receive", side_effect=KeyboardInterrupt)
        with interrupted, pytest.raises(KeyboardInterrupt):
            list(client.stream([call(1, WRITE)]))
        sends = len(channel.sends)
        assert echoes(client.stream([call(2)])) == [(2, "2")]
        assert b"ping" in channel.sends[sends], "the read had to wait for the write"


class TestPatience:
    def test_a_silent_runner_is_pinged_every_twenty_seconds(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, *[OnReceive.NOTHING] * 6])
        list(started(channel).stream([call(0)]))
        pings = [line for line in sent_lines(channel) if line["op"] == "ping"]
        assert len(pings) >= 5

    def test_an_answer_that_does_not_come_is_an_error_that_names_the_cmdlet(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, *[OnReceive.NOTHING] * 100])
        with pytest.raises(AnswerOverdue, match="Get-MailboxPermission within 1200 seconds"):
            list(started(channel).stream([call(0)]))

    def test_time_that_the_reader_takes_is_not_held_against_the_runner(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.SPLIT, OnReceive.NOTHING])
        replies = started(channel).stream(calls(range(8)))
        first = next(replies)
        channel.clock.sleep(5000)
        assert [first[0], *(token for token, _reply in replies)] == list(range(8))

    def test_time_that_the_source_takes_is_not_held_against_the_runner(self) -> None:
        """A write may have to wait until another lane has written to the same mailbox."""
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.NOTHING])
        client = started(channel)

        def source() -> Iterator[tuple[int, dict[str, Any]]]:
            channel.clock.sleep(5000)
            yield call(0, WRITE)

        assert echoes(client.stream(source())) == [(0, "0")]

    def test_a_request_is_not_sent_if_the_runner_is_found_to_have_ended_while_it_was_waited_for(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        sends = len(channel.sends)

        def source() -> Iterator[tuple[int, dict[str, Any]]]:
            channel.clock.sleep(60)
            gone = mock.patch.object(channel, "send", side_effect=ChannelError("gone"))
            with gone, pytest.raises(ChannelError, match="gone"):
                client.keep_alive()
            client.close()
            yield call(0, WRITE)

        with pytest.raises(ChannelError, match="gone"):
            list(client.stream(source()))
        assert len(channel.sends) == sends

    def test_keep_alive_pings_only_when_it_is_time(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        sends = len(channel.sends)
        client.keep_alive()
        assert len(channel.sends) == sends
        channel.clock.sleep(20)
        client.keep_alive()
        assert b'"op":"ping"' in channel.sends[sends]

    def test_a_send_that_blocks_halves_the_window(self) -> None:
        channel = FakeChannel()
        client = started(channel, window=32)
        arrives = channel.send

        def slow(data: bytes) -> None:
            channel.clock.sleep(20)
            arrives(data)

        with mock.patch.object(channel, "send", slow):
            next(client.stream(calls(range(100))))
        before = len(channel.sends)
        list(client.stream(calls(range(16))))
        assert channel.sends[before].count(b'"invoke"') <= 16

    def test_receives_are_spaced_while_several_answers_are_due(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        sleeps: list[float] = []
        client._sleep = sleeps.append
        list(client.stream([call(0)]))
        assert sleeps == []
        list(client.stream(calls(range(10))))
        assert sleeps
        assert max(sleeps) <= PACE
