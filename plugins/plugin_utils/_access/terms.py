# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when the grants of a mailbox are wanted, and what for: what the inventory says, held against the time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

#: From so long before its end on a grant is told of.
SOON = timedelta(days=14)
#: A date, or RFC 3339; Python writes a moment with a space.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2}))?", re.ASCII)
_FORMS = "YYYY-MM-DD, or a moment with its zone such as 2026-12-31T18:00:00+01:00"


@dataclass(frozen=True)
class Term:
    """``until``: the last day or moment, as given, or empty. ``reason``: what it is for, or empty.

    ``end``: the moment after which the grants are wanted absent; None: no end. ``note``: what a reader of the result
    should know of it, or empty.
    """

    until: str = ""
    reason: str = ""
    end: datetime | None = None
    note: str = ""

    def is_over(self, now: datetime) -> bool:
        return self.end is not None and now > self.end

    def ends_soon(self, now: datetime) -> bool:
        return self.end is not None and timedelta(0) <= self.end - now <= SOON


#: Of a mailbox of which nothing of the kind was said.
ENDLESS = Term()


def term_of(until: object, reason: object) -> Term:
    """What was said of a mailbox; None and empty texts say nothing. YAML may have made a date of ``until`` already.

    A plain date counts to its end in UTC. Raises ValueError with the fault of ``until``.
    """
    said = until.isoformat() if isinstance(until, date) else str("" if until is None else until).strip()
    return Term(said, str("" if reason is None else reason).strip(), _end_of(said) if said else None)


def _end_of(text: str) -> datetime:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no date ({_FORMS})")
    day, clock, zone = match.groups()
    try:
        if clock is None:
            return datetime.combine(date.fromisoformat(day), time.max, timezone.utc)
        return datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError as error:
        raise ValueError(f"{text!r} is no date: {error} ({_FORMS})") from error
