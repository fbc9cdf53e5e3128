# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of grants in words, the same in results and in reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .._exchange.rights import Right
from .._wording import counted_noun
from .holdings import EVERYWHERE
from .model import Outcome


def tally(outcomes: Iterable[str], places: Iterable[str]) -> str:
    """``3 grants on 2 mailboxes: 2 compliant, 1 not found``. ``places``: where each was looked for."""
    seen = Counter(outcomes)
    parts = [f"{seen[one.value]} {spoken(one.value)}" for one in Outcome if seen[one.value]]
    counts = ", ".join(parts) or "nothing to look at"
    return f"{counted_noun(seen.total(), 'grant')} on {counted_noun(mailboxes_in(places), 'mailbox')}: {counts}"


def mailboxes_in(places: Iterable[str]) -> int:
    """How many mailboxes they are. What could not be looked for anywhere is about none."""
    return len({*places} - {EVERYWHERE})


def in_words(row: Mapping[str, Any]) -> str:
    """One row of a result in words, and no other mailbox's (peers D14)."""
    text = f"{row['mailbox']}, {row['account']}, {Right(row['right']).wording}: {spoken(row['outcome'])}"
    if row["cause"]:
        text += f", {row['cause']}"
    return f"{text} ({row['next_step']})" if row["next_step"] else text


def spoken(outcome: str) -> str:
    """``not_found`` as people write it."""
    return outcome.replace("_", " ")
