# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OPATH filters that name objects exactly: the way to ask for many at once (exchange facts 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What PowerShell takes for quotes besides the two of ASCII (about_Quoting_Rules). Whether the service does, too, is
#: documented nowhere: left alone, such a sign may end the text; doubled, it may stand for two. So none is ever sent.
_TYPOGRAPHIC = re.compile("[\u2018-\u201b\u201c-\u201e]")
#: An asterisk within a text is no good with -like (exchange facts 3.3).
_CUTS = re.compile("[*\u2018-\u201b\u201c-\u201e]")


def equals(name: str, value: str) -> str:
    """``Name -eq 'value'``; an apostrophe is doubled (exchange facts 3.3, recipient-filters.md).

    For a value that cannot be written (:func:`is_writable`): ``-like``, with the longer of its beginning and its end
    that can. That matches more, so whoever asks must compare what comes.
    """
    if is_writable(value):
        return f"{name} -eq {_quoted(value)}"
    parts = _CUTS.split(value)
    if len(parts[0]) >= len(parts[-1]):
        return f"{name} -like {_quoted(parts[0] + '*')}"
    return f"{name} -like {_quoted('*' + parts[-1])}"


def is_writable(value: str) -> bool:
    """Whether every parser that there may be reads the value as one text."""
    return not _TYPOGRAPHIC.search(value)


def _quoted(value: str) -> str:
    return f"'{value.replace(chr(39), chr(39) * 2)}'"


def any_of(conditions: Iterable[str]) -> str:
    return " -or ".join(conditions)


def has_address(address: str) -> str:
    """Matches recipients that own the address, primary or not."""
    return equals("EmailAddresses", f"smtp:{address}")
