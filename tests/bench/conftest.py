# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated organisation for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.email_router.exchange_online.tests.bench.site import Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as opened:
        yield opened
