# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which the rpc client takes requests and hands answers over."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.ledger import Fields
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.window import FIRST_WINDOW

from .fake_channel import FakeChannel
from .test_rpc import WRITE, call, calls, sent_lines, started


def test_an_answer_is_handed_over_before_the_next_write_is_taken() -> None:
    """Whoever hands out writes may hold the next one back until the one before is known to be done: two lanes do so
    for a mailbox, and one that took first would wait for itself for ever."""
    order: list[str] = []

    def writes() -> Iterator[tuple[int, Fields]]:
        for number in range(3):
            order.append(f"taken {number}")
            yield call(number, WRITE)

    for number, _reply in started(FakeChannel()).stream(writes()):
        order.append(f"answered {number}")
    assert order == [f"{event} {number}" for number in range(3) for event in ("taken", "answered")]


def test_a_greeting_and_a_sign_in_do_not_widen_the_window() -> None:
    """How long cmdlets take is not known by then: a lane that took dozens would keep them from the others."""
    channel = FakeChannel()
    client = started(channel)
    client.request("ping")
    said = len(sent_lines(channel))
    next(client.stream(calls(range(50))))
    assert len(sent_lines(channel)) - said == FIRST_WINDOW
