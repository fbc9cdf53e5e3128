# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the rpc client: a process that ends by itself, a channel that is over, and a client that is closed."""

from __future__ import annotations

import threading
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
    Output,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    AnswerOverdue,
    ProcessEnded,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.rpc import RpcClient

from .fake_channel import FakeChannel, OnReceive, OnSend
from .test_rpc import call, calls, started


class TestEnd:
    def test_answers_that_came_with_the_end_are_given_before_the_error(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        replies = client.stream(calls(range(3)))
        line = b'\n@exo {"seq":2,"id":2,"ok":true,"rows":[{"Echo":"0"}]}\n'
        channel.dies_with = (4, line, b"")
        assert next(replies)[0] == 0
        with pytest.raises(ProcessEnded, match="heard nothing for 60 seconds"):
            next(replies)

    def test_after_the_end_every_request_fails_at_once(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        channel.dies_with = (1, b"", b"")
        for _attempt in range(2):
            with pytest.raises(ProcessEnded, match="before it had answered, exit code 1"):
                client.request("ping")

    def test_close_lets_the_process_quit_and_gives_the_channel_back(self) -> None:
        channel = FakeChannel()
        started(channel).close()
        assert channel.runner.quit
        assert channel.calls == ["open pwsh", "terminate", "close"]

    def test_it_is_closed_while_another_thread_waits_for_answers_and_that_one_gives_up(self) -> None:
        """So a lane of an interrupted run signs out before its PowerShell has served all that waits there."""
        channel = FakeChannel()
        client = started(channel)
        real, waits, ends = channel.receive, threading.Event(), []

        def receive() -> Output:
            waits.set()
            return real() if channel.runner.quit else Output()

        def work() -> None:
            try:
                list(client.stream(calls(range(3))))
            except ChannelError as error:
                ends.append(str(error))

        with mock.patch.object(channel, "receive", receive):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            assert waits.wait(20)
            client.close()
            thread.join(20)
        assert channel.runner.quit
        assert len(ends) == 1
        assert channel.calls == ["open pwsh", "terminate", "close"]

    @pytest.mark.parametrize("fate", [OnSend.CUT, OnSend.LOST, OnSend.ARRIVES_INTERRUPTED])
    def test_what_lets_the_process_quit_is_said_again_where_contact_broke(self, fate: OnSend) -> None:
        channel = FakeChannel()
        client = started(channel)
        with mock.patch.object(channel, "_on_send", iter([fate])):
            client.close()
        assert channel.runner.quit
        assert channel.calls == ["open pwsh", "terminate", "close"]

    def test_a_process_that_signs_out_is_waited_for_though_contact_breaks(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        with mock.patch.object(channel, "_on_receive", iter([OnReceive.LOST])):
            client.close()
        with pytest.raises(ProcessEnded):
            client.request("ping")

    def test_a_host_that_is_gone_is_not_told_to_quit_for_ever(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        before = len(channel.sends)
        with mock.patch.object(channel, "_on_send", iter([OnSend.LOST] * 9)):
            client.close()
        assert len(channel.sends) - before == 2
        assert not channel.runner.quit

    def test_a_host_that_takes_its_time_to_say_nothing_is_told_to_quit_once(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        before = len(channel.sends)

        def send(data: bytes) -> None:
            channel.sends.append(data)
            channel.clock.sleep(rpc.QUIT_AGAIN)
            raise ChannelInterrupted("no answer in time")

        with mock.patch.object(channel, "send", send):
            client.close()
        assert len(channel.sends) - before == 1

    def test_close_does_not_wait_long_for_a_process_that_says_nothing(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, *[OnReceive.NOTHING] * 100])
        client = started(channel)
        before = channel.clock.now
        client.close()
        assert channel.clock.now - before <= rpc.DRAIN_QUIET + 20

    @pytest.mark.parametrize("method", ["send", "receive", "terminate", "close"])
    def test_close_never_raises_and_leaves_nothing_out(self, method: str) -> None:
        channel = FakeChannel()
        client = started(channel)
        with (
            mock.patch.object(channel, method, side_effect=OSError),
            mock.patch.object(channel, "close", wraps=channel.close) as close,
        ):
            client.close()
        assert close.called

    @pytest.mark.parametrize("method", ["send", "receive"])
    def test_a_channel_that_is_over_is_asked_nothing_more(self, method: str) -> None:
        channel = FakeChannel()
        client = started(channel)
        over = ChannelError("Contact was lost", may_pass=True)
        with mock.patch.object(channel, method, side_effect=over), pytest.raises(ChannelError, match="was lost"):
            client.request("ping")
        sends = len(channel.sends)
        for use in (lambda: client.request("ping"), client.keep_alive):
            with pytest.raises(ChannelError, match="was lost") as caught:
                use()
            assert caught.value is over
        client.close()
        assert len(channel.sends) == sends
        assert channel.calls == ["open pwsh", "terminate", "close"]

    def test_a_process_that_hangs_is_not_asked_to_quit(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, *[OnReceive.NOTHING] * 100])
        client = started(channel)
        with pytest.raises(AnswerOverdue):
            client.request("connect", patience=60.0)
        begun = channel.clock.now
        client.close()
        assert channel.clock.now == begun

    def test_a_process_that_something_came_between_is_let_go_over_the_next_connection(self) -> None:
        """It would leave its sign-in behind."""
        channel = FakeChannel()
        client = started(channel)
        page = ChannelError("the answer is not that of a WSMan service", lives=True)
        with mock.patch.object(channel, "receive", side_effect=page), pytest.raises(ChannelError):
            client.request("connect")
        client.close()
        assert channel.runner.quit
        assert channel.calls == ["open pwsh", "terminate", "close"]

    def test_where_it_stays_in_between_nobody_waits(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        page = ChannelError("the answer is not that of a WSMan service", lives=True)
        with mock.patch.object(channel, "send", side_effect=page) as send:
            with pytest.raises(ChannelError):
                client.request("connect")
            begun = channel.clock.now
            client.close()
            assert send.call_count == 2
        assert channel.clock.now == begun
        assert channel.calls == ["open pwsh", "terminate", "close"]

    def test_nobody_is_asked_to_quit_while_contact_is_lost(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.INTERRUPTED, OnReceive.NOTHING])
        client = started(channel)
        replies = client.stream([call(0)])
        with mock.patch.object(client, "_check_patience", side_effect=KeyboardInterrupt), pytest.raises(BaseException):  # noqa: B017, PT011
            next(replies)
        client.close()
        assert not channel.runner.quit

    def test_close_before_start_sends_nothing(self) -> None:
        channel = FakeChannel()
        RpcClient(channel).close()
        assert channel.sends == []
        assert channel.calls == ["terminate", "close"]
