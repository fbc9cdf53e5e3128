# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few of the kills of ``make soak-kills``: kill -9 at random moments, and restore, after which all is as before."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.tests.soak.kills import kill_once, transports


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_after_a_kill_at_a_random_moment_restore_brings_back_what_was(seed: int) -> None:
    kill = kill_once(seed, 30, transports(seed))
    assert kill.faults == (), kill
