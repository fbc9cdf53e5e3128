# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an error asks to wait, read out of its text: module v3 shows no headers (exchange facts 5.1)."""

from __future__ import annotations

import re

#: Seconds. Whatever asks for more is a time stamp or rubbish.
LONGEST = 86400.0

_UNITS = (
    (r"milliseconds?|msecs?|ms", 0.001),
    (r"seconds?|secs?|s", 1.0),
    (r"minutes?|mins?", 60.0),
    (r"hours?|hrs?|h", 3600.0),
)
#: A span of .NET (``[d.]hh:mm:ss[.fffffff]``), or a number that is no part of an address, a date or a time of day.
_SPAN = r"(?:(?P<days>\d{1,4})\.)?(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d+)?)"
_END = r"(?![:.,/-]?\d)"
_TIME = rf"(?:{_SPAN}{_END}|(?P<number>\d{{1,12}}(?:\.\d{{1,9}})?){_END})"
_UNIT = r"(?:\s*(?P<unit>" + "|".join(words for words, factor in _UNITS) + r")\b)"
#: A header or a property of that name; a number without a unit counts seconds, or what the name says.
_NAMED = re.compile(
    rf"""retry-?after(?:-?(?:in-?)?(?P<name>ms|milliseconds|seconds|minutes))?["']?\s*[:=]\s*["']?{_TIME}{_UNIT}?""",
    re.IGNORECASE,
)
#: A sentence that asks to come back; a number without a unit counts only where no other word follows it.
_ASKED = re.compile(
    r"\b(?:(?:re-?)?try(?:\s+(?:again|it|your|the|this|request|operation|command|call|cmdlet))*\s+(?:after|in)"
    r"|wait(?:\s+for)?)(?:\s+(?:a|an|at|least|about|approximately|another))*"
    rf"\s+{_TIME}(?:{_UNIT}|(?=[^\w%]*(?:$|[.;!\n]\s)|[^\w%]*\Z))",
    re.IGNORECASE,
)


def retry_hint(text: str) -> float | None:
    """The seconds to wait before the next try, above 0 and up to :data:`LONGEST`; None where the text asks for none.

    The longest one, where it asks for several. A date is no hint: the clocks may differ.
    """
    found = [_seconds(match) for pattern in (_NAMED, _ASKED) for match in pattern.finditer(text)]
    return max((seconds for seconds in found if 0 < seconds <= LONGEST), default=None)


def _seconds(match: re.Match[str]) -> float:
    part = match.groupdict()
    if part["number"] is None:
        days, hours, minutes = (int(part[name] or 0) for name in ("days", "hours", "minutes"))
        return ((days * 24 + hours) * 60 + minutes) * 60 + float(part["seconds"])
    return float(part["number"]) * _factor(part["unit"] or part.get("name") or "s")


def _factor(unit: str) -> float:
    return next(factor for words, factor in _UNITS if re.fullmatch(words, unit, re.IGNORECASE))
