# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases to look for in texts of any origin: no regular expressions, so no text can make the search slow."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Fewer letters than this would find themselves in too many texts.
SHORTEST = 4
LONGEST = 500
#: Marks that word processors and web pages put in the place of the plain ones.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013", "-"),
    }
)


def one_line(text: str) -> str:
    """The text with every run of white space as one blank, with plain quotation marks and hyphens."""
    return " ".join(text.split()).translate(_PLAIN)


@dataclass(frozen=True)
class Phrase:
    """A sentence or code, found without regard to case and to how it was wrapped. ``*`` stands for anything.

    It counts only as a whole: ``5.7.60`` is not in ``5.7.600``, unless the phrase is ``5.7.60*``.
    """

    text: str
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_parts", tuple(part.casefold() for part in one_line(self.text).split("*")))

    @property
    def fault(self) -> str | None:
        """Why it may not be looked for, or None."""
        if len(self.text) > LONGEST:
            return f"it is longer than {LONGEST} characters"
        if max(len(part.strip()) for part in self._parts) < SHORTEST:
            return f"it holds no {SHORTEST} characters in a row beside *, so it would be in almost every text"
        return None

    def is_in(self, folded: str) -> bool:
        """Whether it is in a text that one_line() and casefold() were applied to. Takes time linear in the text:
        the first place for each part is as good as any later one."""
        at, last = 0, len(self._parts) - 1
        for number, part in enumerate(self._parts):
            at = _end_of(part, folded, at, whole_left=number == 0, whole_right=number == last)
            if at < 0:
                return False
        return True


def _end_of(part: str, text: str, start: int, *, whole_left: bool, whole_right: bool) -> int:
    """Where the first occurrence of the part ends, or -1. An empty one stands next to a ``*``."""
    if not part:
        return start
    at = text.find(part, start)
    while at >= 0:
        end = at + len(part)
        if not (whole_left and _goes_on(text, at)) and not (whole_right and _goes_on(text, end)):
            return end
        at = text.find(part, at + 1)
    return -1


def _goes_on(text: str, at: int) -> bool:
    """Whether a word or number goes on across this place. Other alphabets may not part words by blanks."""
    return 0 < at < len(text) and all(each.isascii() and each.isalnum() for each in text[at - 1 : at + 1])
