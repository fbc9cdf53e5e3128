# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rpc client over a channel that loses, doubles and cuts: every request is answered once and runs once."""

from __future__ import annotations

from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
    Output,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .fake_channel import FakeChannel, OnReceive, OnSend
from .test_rpc import READ, WRITE, call, calls, echoes, invoked, sent_lines, started, wanted


class TestLoss:
    @pytest.mark.parametrize("fate", list(OnSend))
    def test_whatever_becomes_of_a_send_each_request_runs_once(self, fate: OnSend) -> None:
        channel = FakeChannel(on_send=[OnSend.ARRIVES, OnSend.ARRIVES, fate])
        assert sorted(echoes(started(channel).stream(calls(range(10))))) == wanted(range(10))
        assert sorted(invoked(channel.runner)) == [str(number) for number in range(10)]

    @pytest.mark.parametrize("fate", list(OnReceive))
    def test_whatever_becomes_of_the_output_each_answer_arrives_once(self, fate: OnReceive) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, fate])
        assert echoes(started(channel).stream(calls(range(10)))) == wanted(range(10))
        assert len(invoked(channel.runner)) == 10

    def test_an_answer_may_be_lost_and_no_other_follow(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.LINE_LOST])
        assert echoes(started(channel).stream([call(0, WRITE)])) == [(0, "0")]
        assert invoked(channel.runner) == ["0"]

    def test_a_resume_asks_for_what_came_after_the_last_answer_taken(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, OnReceive.LINE_LOST])
        client = started(channel)
        list(client.stream(calls(range(3))))
        (resume,) = [line for line in sent_lines(channel) if line["op"] == "resume"]
        assert resume["after"] == 1
        assert client.statistics.losses == 1

    def test_losses_in_a_row_end_the_run(self) -> None:
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, *[OnReceive.LOST] * 50])
        with pytest.raises(ChannelError, match="lost 10 times in a row: all lost"):
            list(started(channel).stream([call(0)]))

    def test_losses_with_progress_in_between_do_not(self) -> None:
        fates = [OnReceive.LINE_LOST, OnReceive.ARRIVES] * 30
        channel = FakeChannel(on_receive=[OnReceive.ARRIVES, *fates])
        client = started(channel, window=2)
        assert echoes(client.stream(calls(range(100)))) == wanted(range(100))
        assert client.statistics.losses > 10

    def test_losses_while_nothing_is_under_way_are_not_added_up(self) -> None:
        """A run that only pings, because it waits for something, may lose contact now and then."""
        channel = FakeChannel()
        client = started(channel)
        for _time in range(2 * rpc.MAX_LOSSES):
            channel._on_send = iter([OnSend.LOST])
            channel.clock.sleep(20)
            client.keep_alive()
        assert client.statistics.losses == 2 * rpc.MAX_LOSSES
        assert echoes(client.stream([call(0)])) == [(0, "0")]

    def test_a_request_that_never_arrives_whole_ends_the_run_though_pings_are_answered(self) -> None:
        channel = FakeChannel()
        client = started(channel)
        feed = channel.runner.feed
        with (
            mock.patch.object(channel.runner, "feed", lambda data: feed(data.replace(b'"invoke"', b'"inv'))),
            pytest.raises(ChannelError, match="did not arrive whole"),
        ):
            list(client.stream([call(0)]))
        assert client.statistics.losses == rpc.MAX_LOSSES + 1

    @pytest.mark.parametrize("between", [ChannelInterrupted("gone"), Output()], ids=["interrupted", "silent"])
    def test_lines_of_two_answers_are_not_read_as_one(self, between: ChannelInterrupted | Output) -> None:
        """The middle of what two answers say is lost: their ends would make one well-formed answer."""
        channel = FakeChannel()
        client = started(channel)
        torn = [Output(b'\n@exo {"seq":2,"id":2,"ok":true,"rows":[{"Echo":"'), between, Output(b'1"}]}\n')]
        outputs = iter(torn)
        whole = channel.receive

        def receive() -> Output:
            output = next(outputs, None)
            if isinstance(output, ChannelInterrupted):
                raise output
            return output or whole()

        with mock.patch.object(channel, "receive", receive):
            assert echoes(client.stream(calls(range(2)))) == wanted(range(2))

    @settings(max_examples=400)
    @given(
        on_send=st.lists(st.sampled_from(OnSend), max_size=12),
        on_receive=st.lists(st.sampled_from(OnReceive), max_size=12),
        kinds=st.lists(st.sampled_from([READ, READ, READ, WRITE]), max_size=30),
        window=st.integers(1, 12),
    )
    def test_whatever_happens_every_request_is_answered_once_and_runs_once(
        self, on_send: list[OnSend], on_receive: list[OnReceive], kinds: list[dict[str, str]], window: int
    ) -> None:
        channel = FakeChannel()
        client = started(channel, window)
        channel._on_send, channel._on_receive = iter(on_send), iter(on_receive)
        requests = [call(number, kind) for number, kind in enumerate(kinds)]
        with mock.patch.object(rpc, "MAX_LOSSES", 1000):
            answers = echoes(client.stream(iter(requests)))
        assert sorted(answers) == wanted(range(len(kinds)))
        assert sorted(invoked(channel.runner), key=int) == [str(number) for number in range(len(kinds))]
        writes = [number for number, kind in enumerate(kinds) if kind is WRITE]
        order = [int(identity) for identity in invoked(channel.runner)]
        for write in writes:
            assert sorted(order[:write]) == list(range(write)), "a write ran before or among reads that came first"
