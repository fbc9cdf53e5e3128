# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a row in words, the same in every format, and texts made fit to be written to a file."""

from __future__ import annotations

import re

from .document import Row

#: Stands for what a format cannot hold.
REPLACEMENT = "\ufffd"
#: What XML 1.0 does not allow in a document, escaped or not (its production Char); half characters among it.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text as XML 1.0 can hold it, and UTF-8 encode it."""
    return _ILLEGAL.sub(REPLACEMENT, text)


def explanation_of(row: Row) -> str:
    """Why the row is not as wanted and what to do about it, in one line; empty where it says neither."""
    step = f"next: {row['next_step']}" if row["next_step"] else ""
    return "; ".join(part for part in (row["cause"], step) if part)


def remarks_of(row: Row) -> list[str]:
    """What else there is to say of the row, a line each."""
    until = f"wanted until {row['until']}" if row["until"] else ""
    reason = f"reason given: {row['reason']}" if row["reason"] else ""
    since = f"{row['outcome']} since {row['since']}" if row["since"] and row["verdict"] != "ok" else ""
    stood = f"last known: {row['standing']} since {row['standing_since']}" if row["standing"] != row["outcome"] else ""
    times = f" in {row['regranted']} reports on end" if row["regranted"] > 1 else ""
    again = f"gone again though it had been held{times}: something else removes it" if row["regranted"] else ""
    return [part for part in (*row["notes"], until, reason, since, stood, again) if part]
