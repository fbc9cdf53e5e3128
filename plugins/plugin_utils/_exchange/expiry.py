# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the certificate of the application is good for."""

from __future__ import annotations

from datetime import date

from .._wording import counted_noun

#: Days before its end from which on every run warns.
WARNING_DAYS = 30
RENEW = (
    "Make a new certificate, register its public part with the application beside the old one, and put it where the "
    "old one is"
)


def days_left(not_after: object, today: date) -> int | None:
    """Whole days from today to ``not_after`` (``YYYY-MM-DD``), negative when it is past; None for what is no date."""
    try:
        return (date.fromisoformat(str(not_after)) - today).days
    except ValueError:
        return None


def expires(not_after: object, days: int) -> str:
    """In words."""
    count = counted_noun(abs(days), "day")
    return f"expired on {not_after}, {count} ago" if days < 0 else f"expires on {not_after}, in {count}"
