# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's values in words, for people who read a page."""

from __future__ import annotations

import re

from .._access.model import Outcome
from .._exchange.rights import Right

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)")
_RIGHTS = {right.value: right.wording for right in Right}
#: What an outcome says of a grant.
MEANINGS = {
    Outcome.COMPLIANT.value: "as wanted; nothing was to be done",
    Outcome.MISSING.value: "wanted and not held",
    Outcome.UNWANTED.value: "held, though wanted absent",
    Outcome.SURPLUS.value: "held, and wanted by nobody",
    Outcome.GRANTED.value: "given, and read back",
    Outcome.REVOKED.value: "taken back, and read back",
    Outcome.PENDING.value: "written and accepted, not visible yet",
    Outcome.DENIED.value: "a Deny stands against it",
    Outcome.UNKNOWN.value: "could not be established",
    Outcome.REFUSED.value: "Exchange said no to the write",
    Outcome.NOT_FOUND.value: "no such mailbox",
    Outcome.AMBIGUOUS.value: "several mailboxes fit",
    Outcome.UNSUPPORTED.value: "not a mailbox that can be worked on",
}


def words_of(name: str) -> str:
    """``not_found`` as people write it."""
    return name.replace("_", " ")


def right_in_words(right: str) -> str:
    """In Exchange's words."""
    return _RIGHTS.get(right, right)


def moment_in_words(text: str) -> str:
    """A moment of RFC 3339 in UTC to the minute; whatever else it may be, as it is."""
    match = _MOMENT.fullmatch(text)
    return f"{match[1]} {match[2]} UTC" if match else text
