# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests here share: a place where clients are made, for making one takes longer than most runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.email_router.exchange_online.tests.soak.run import Workshop


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    with Workshop() as made:
        yield made
