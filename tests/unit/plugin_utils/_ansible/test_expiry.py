# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate that ends soon is a warning of every run that uses it, and nothing else is."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.expiry import expiry_warnings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import SessionInfo


def warnings(days: int) -> list[str]:
    """Of a session whose certificate ends in so many days."""
    not_after = (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%d")
    return expiry_warnings(SessionInfo({}, {"certificate": {"thumbprint": "AB12", "not_after": not_after}}))


@pytest.mark.parametrize("days", [31, 365])
def test_a_certificate_that_is_good_for_long_is_no_news(days: int) -> None:
    assert warnings(days) == []


@pytest.mark.parametrize(
    ("days", "says"), [(-3, "expired on "), (0, ", in 0 days"), (1, ", in 1 day."), (10, ", in 10 days."), (28, "28")]
)
def test_one_that_ends_within_thirty_days_is_named_with_its_remedy(days: int, says: str) -> None:
    (warning,) = warnings(days)
    assert "certificate AB12 of the application expire" in warning
    assert says in warning
    assert "Make a new certificate" in warning


@pytest.mark.parametrize("connection", [{}, {"certificate": {}}, {"certificate": {"not_after": "soon"}}])
def test_a_session_without_certificate_or_date_warns_of_nothing(connection: dict[str, object]) -> None:
    assert expiry_warnings(SessionInfo({}, connection)) == []
