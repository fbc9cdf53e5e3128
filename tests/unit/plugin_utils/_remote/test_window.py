# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests are sent in advance, and how seldom answers are fetched, by what the last cmdlets took."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.window import (
    AHEAD,
    FIRST_WINDOW,
    GATHERED,
    PACE,
    SMALLEST_WINDOW,
    WINDOW,
    WINDOW_BYTES,
    Window,
)


def learnt(*seconds: float) -> Window:
    window = Window()
    for one in seconds:
        window.learn(one)
    return window


def room(window: Window) -> int:
    return next(number for number in range(WINDOW + 1) if not window.has_room(number, 0))


def low(window: Window) -> int:
    return max(number for number in range(WINDOW + 1) if window.wants_more(number, 0))


@pytest.mark.parametrize(
    ("seconds", "expected_room", "expected_low"),
    [
        ([], FIRST_WINDOW, FIRST_WINDOW // 2),
        ([0.0], 2 * FIRST_WINDOW, FIRST_WINDOW),
        ([0.0, 0.0, 0.0], WINDOW, WINDOW // 2),
        ([0.0, 0.0, 0.1], 40, 20),
        ([0.2] * 3, 20, 10),
        ([0.5], 8, 4),
        ([0.8], 8, 2),
        ([60.0], 8, 1),
    ],
)
def test_slow_cmdlets_are_sent_many_at_a_time_and_fast_ones_before_half_of_them_is_done(
    seconds: list[float], expected_room: int, expected_low: int
) -> None:
    """Whatever is left when more is sent takes a second or more, or is half of all that there is room for."""
    window = learnt(*seconds)
    assert (room(window), low(window)) == (expected_room, expected_low)
    last = seconds[-1] if seconds else 0.0
    assert low(window) * last >= min(AHEAD / 4, room(window) // 2 * last)


def test_bytes_fill_it_as_well() -> None:
    window = Window()
    assert not window.has_room(1, WINDOW_BYTES)
    assert window.wants_more(1, WINDOW_BYTES // 2)
    assert not window.wants_more(1, WINDOW_BYTES // 2 + 1)


def test_a_full_pipe_keeps_it_narrow_from_then_on() -> None:
    window = learnt(0.0, 0.0, 0.0)
    for _each in range(9):
        window.halve()
    window.learn(0.0)
    assert room(window) == SMALLEST_WINDOW


@pytest.mark.parametrize(
    ("seconds", "requests", "expected"),
    [
        (0.01, 0, 0.0),
        (0.01, 1, 0.0),
        (0.0, 60, PACE),
        (0.001, 64, PACE),
        (0.004, 64, 0.064),
        (0.01, 64, GATHERED * PACE),
        (0.01, 33, PACE),
    ],
)
def test_answers_gather_longer_only_while_the_runner_has_enough_to_do(
    seconds: float, requests: int, expected: float
) -> None:
    assert learnt(0.0, 0.0, seconds).pause(requests) == pytest.approx(expected)


def test_whatever_it_waits_for_there_is_work_left_for_the_runner() -> None:
    for seconds in (0.001, 0.004, 0.01, 0.1, 0.8):
        window = learnt(0.0, 0.0, seconds)
        for requests in range(low(window) + 1, room(window) + 1):
            assert window.pause(requests) <= max(PACE, requests * seconds / 2)
