# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations under faults by chance: each request is answered once, or the run says how it ended.

A seed that fails is printed; ``random_faults(seed)`` gives its faults again.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import contact, rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action
from ansible_collections.email_router.exchange_online.tests.simulator.wsman.schedule import is_transient, random_faults
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.test_rpc import READ, WRITE, call

from .far_end import FarEnd, far_end

SEEDS = range(60)
REQUESTS = [call(number, WRITE if number % 12 == 5 else READ) for number in range(300)]


def test_the_same_seed_gives_the_same_faults_and_another_one_others() -> None:
    assert random_faults(7) == random_faults(7)
    assert len({str(random_faults(seed)) for seed in SEEDS}) == len(SEEDS)


def test_every_kind_comes_and_ends_come_only_where_they_shall() -> None:
    faults = [random_faults(seed) for seed in range(200)]
    assert len({str(fault.kind) for each in faults for fault in each}) == 31
    assert all(sum(not is_transient(fault) for fault in each) == seed % 2 for seed, each in enumerate(faults))
    assert {is_transient(fault) for seed in range(50) for fault in random_faults(seed, end=False)} == {True}


def test_faults_of_one_action_stay_apart() -> None:
    for seed in SEEDS:
        faults = random_faults(seed, end=False)
        for action in (Action.SEND, Action.RECEIVE):
            places = sorted(fault.nth for fault in faults if fault.on is action)
            assert all(after - before >= 5 for before, after in itertools.pairwise(places)), seed


def converse(far: FarEnd, seed: int) -> tuple[dict[int, str], ChannelError | None]:
    """The answers, and how it ended if not well."""
    client = far.client()
    far.endpoint.faults.add(*random_faults(seed))
    answers: dict[int, str] = {}
    error = None
    try:
        for token, reply in client.stream(REQUESTS, patience=60.0):
            assert token not in answers, "answered twice"
            answers[token] = reply.body["rows"][0]["Echo"]
    except ChannelError as ended:
        error = ended
    finally:
        client.close()
    return answers, error


def broken_by(seed: int) -> str:
    """What is not as it must be; empty if all is well."""
    with far_end() as far:
        begun = time.monotonic()
        answers, error = converse(far, seed)
        fired = far.endpoint.faults.fired
        ran = Counter(far.executed())
        problems = {
            "an answer to another request": any(answers[token] != str(token) for token in answers),
            "carried out twice": bool(ran) and max(ran.values()) > 1,
            "an answer without execution": any(str(token) not in ran for token in answers),
            "not all answered": error is None and len(answers) != len(REQUESTS),
            f"ended although all could be outlived: {error}": error is not None and all(map(is_transient, fired)),
            "another process": len(far.endpoint.processes) != 1,
            "a process left": any(process.alive for process in far.endpoint.processes),
            "a shell left": len(far.endpoint.service.shells) > 0,
            "too slow": time.monotonic() - begun > 60,
            "no fault struck": not fired,
        }
    found = [problem for problem, there in problems.items() if there]
    return f"seed {seed}: {', '.join(found)} (fired: {fired})" if found else ""


def test_whatever_happens_each_is_answered_once_or_the_run_says_how_it_ended() -> None:
    with (
        mock.patch.object(rpc, "PING_AFTER", 1.0),
        mock.patch.object(contact, "PARTING_SECONDS", 2),
        ThreadPoolExecutor(8) as pool,
    ):
        problems = [problem for problem in pool.map(broken_by, SEEDS) if problem]
    assert not problems, "\n".join(problems)
