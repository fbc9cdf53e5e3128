# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever goes wrong on the way, and whenever the client is killed: what the run says is true, and nothing is left."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.email_router.exchange_online.tests.soak.checks import violations_of
from ansible_collections.email_router.exchange_online.tests.soak.run import Workshop, is_slow, play
from ansible_collections.email_router.exchange_online.tests.soak.scenario import Scenario, Way, scenario_of

#: Chosen for being short; together they have every way, kills on each, and most kinds of faults.
SEEDS = (2, 11, 19, 23, 26, 32, 33, 36, 40, 42, 46, 48, 55, 60, 62, 66, 75, 76, 77, 78, 87, 88, 93, 100, 112)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_with_faults_by_chance_tells_the_truth(workshop: Workshop, seed: int) -> None:
    assert violations_of(play(scenario_of(seed), workshop)) == ()


def test_the_runs_are_of_every_kind() -> None:
    scenarios = [scenario_of(seed) for seed in SEEDS]
    kinds = Counter(kind for each in scenarios for kind in _kinds_of(each))
    assert kinds["local"] >= 5
    assert kinds["winrm"] >= 5
    assert kinds["local, killed"] >= 2
    assert kinds["winrm, killed"] >= 2
    assert kinds["several sessions"] >= 2
    assert {"winrm over TLS", "check mode", "time limit", "lasting", "absent"} <= set(kinds)


def _kinds_of(scenario: Scenario) -> list[str]:
    way = "local" if scenario.way is Way.LOCAL else "winrm"
    kinds = {
        way: True,
        Way.WINRM_TLS.value: scenario.way is Way.WINRM_TLS,
        f"{way}, killed": scenario.kill is not None,
        "several sessions": is_slow(scenario),
        "check mode": scenario.check_mode,
        "time limit": "max_runtime" in scenario.options,
        "lasting": any(fault.lasting for fault in scenario.exchange_faults),
        "absent": not all(wish.present for wish in scenario.wishes),
    }
    return [kind for kind, holds in kinds.items() if holds]


def test_a_seed_stands_for_one_run() -> None:
    assert scenario_of(7) == scenario_of(7)
    assert scenario_of(7) != scenario_of(8)
