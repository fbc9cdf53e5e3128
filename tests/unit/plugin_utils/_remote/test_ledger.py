# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The books of what is under way, answer by answer."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.frames import Reply
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.ledger import Inbox, Ledger


def reply(seq: int, number: int) -> Reply:
    return Reply(seq, number, True, {})


def enter(ledger: Ledger, inbox: Inbox, *tokens: str) -> None:
    for token in tokens:
        ledger.enter({"op": "invoke"}, token, inbox, 60, alone=False)


def requests(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_an_answer_that_comes_twice_is_dropped_and_is_no_loss() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a", "b")
    assert ledger.settle(reply(1, 1))
    assert ledger.settle(reply(2, 2))
    assert not ledger.settle(reply(1, 1))
    assert not ledger.damaged
    assert [token for token, _reply in inbox] == ["a", "b"]
    assert requests([ledger.ping()])[0]["ack"] == 2


def test_an_answer_that_comes_too_early_is_not_taken_and_shows_a_loss() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a", "b")
    assert not ledger.settle(reply(2, 2))
    assert ledger.damaged
    assert ledger.in_flight == 2
    assert not inbox


def test_what_is_said_again_is_a_resume_the_open_requests_and_a_ping() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a", "b", "c")
    ledger.settle(reply(1, 1))
    said = requests(ledger.again())
    assert [(line["id"], line["op"]) for line in said] == [(4, "resume"), (2, "invoke"), (3, "invoke"), (5, "ping")]
    assert said[0]["after"] == 1
    assert not ledger.damaged


def test_until_a_resume_is_answered_a_gap_before_it_is_no_new_loss() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a", "b", "c")
    ledger.settle(reply(2, 2))
    ledger.again()
    ledger.settle(reply(3, 3))
    assert not ledger.damaged
    ledger.settle(reply(5, 5))
    assert ledger.damaged, "the ping after it was answered: the resume was lost, or what it sent"


def test_once_a_resume_is_answered_a_gap_is_a_new_loss() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a", "b", "c")
    ledger.again()
    for seq, number in enumerate((4, 1), 1):
        ledger.settle(reply(seq, number))
    ledger.settle(reply(4, 3))
    assert ledger.damaged


def test_a_ping_that_overtakes_a_request_shows_that_it_was_lost() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a")
    ledger.ping()
    enter(ledger, inbox, "b")
    ledger.settle(reply(1, 2))
    assert ledger.damaged


def test_a_ping_before_a_request_shows_nothing() -> None:
    ledger, inbox = Ledger(), Inbox()
    ledger.ping()
    enter(ledger, inbox, "a")
    ledger.settle(reply(1, 1))
    assert not ledger.damaged


def test_a_damaged_frame_shows_a_loss_at_once() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a")
    ledger.settle(reply(1, 0))
    assert ledger.damaged


def test_what_was_acknowledged_is_not_acknowledged_again() -> None:
    ledger, inbox = Ledger(), Inbox()
    enter(ledger, inbox, "a")
    ledger.settle(reply(1, 1))
    assert ["ack" in line for line in requests([ledger.ping(), ledger.ping()])] == [True, False]
