# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OPATH filters that name objects exactly: the way to ask for many at once (exchange facts 3.3)."""

from __future__ import annotations

from collections.abc import Iterable


def equals(name: str, value: str) -> str:
    """``Name -eq 'value'``; an apostrophe is doubled (exchange facts 3.3, recipient-filters.md)."""
    return f"{name} -eq '{value.replace(chr(39), chr(39) * 2)}'"


def any_of(conditions: Iterable[str]) -> str:
    return " -or ".join(conditions)


def has_address(address: str) -> str:
    """Matches recipients that own the address, primary or not."""
    return equals("EmailAddresses", f"smtp:{address}")
