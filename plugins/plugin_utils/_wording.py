# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counted things, and options, in the words of messages."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """``1 write was sent``, ``2 writes were sent``: the number, and what belongs to it."""
    return f"{number} {one if number == 1 else many}"


def counted_noun(number: int, noun: str) -> str:
    """``1 mailbox``, ``2 mailboxes``, ``0 grants``."""
    return counted(number, noun, plural_of(noun))


def plural_of(noun: str) -> str:
    """``mailboxes``, ``grants``."""
    return f"{noun}es" if noun.endswith(("x", "s")) else f"{noun}s"


def option(name: str, variable: str = "", of: str = "role") -> str:
    """``max_grants (role: mailbox_delegation_max_grants)``: an option as whoever is to set it may know it, in a task or
    by a variable. ``of``: what has that variable."""
    return f"{name} ({of}: {variable or f'mailbox_delegation_{name}'})"
