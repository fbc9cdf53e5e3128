# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns for addresses, in which ``*`` stands for any characters and ``?`` for one; thousands are asked at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar, Union

from .._exchange.identities import address_fault

_Owner = TypeVar("_Owner")
_WILD = re.compile(r"[*?]")


def pattern_fault(pattern: str) -> Union[str, None]:
    """None for an address or a pattern for addresses, else what is wrong with it: one that could match no address would
    be a rule that is none."""
    # What an asterisk stands for may hold a dot.
    fault = address_fault(pattern.replace("*", "x.x"))
    return f"{fault} ({pattern!r})" if fault else None


def plain(text: str) -> str:
    """For rules that allow: texts that are the same but for letter case, and for how an accent is written down."""
    return unicodedata.normalize("NFC", text).lower()


def loose(text: str) -> str:
    """For rules that forbid: look-alikes such as full-width letters are the same, too."""
    return unicodedata.normalize("NFKC", text).casefold()


class Glob:
    """One pattern. It looks at each character of an address a bounded number of times, whatever the asterisks."""

    def __init__(self, pattern: str) -> None:
        parts = pattern.split("*")
        self._whole = len(parts) == 1
        self._lengths = (len(parts[0]), len(parts[-1]))
        self._head, *self._middle = map(_segment, parts if self._whole else parts[:-1])
        self._tail = _segment(parts[-1])

    def matches(self, address: str) -> bool:
        if self._whole:
            return self._head.fullmatch(address) is not None
        head, tail = self._lengths
        place, end = head, len(address) - tail
        if end < head or not self._head.match(address) or not self._tail.match(address, end):
            return False
        for segment in self._middle:
            found = segment.search(address, place, end)
            if found is None:
                return False
            place = found.end()
        return True


def _segment(text: str) -> re.Pattern[str]:
    return re.compile("".join("." if sign == "?" else re.escape(sign) for sign in text), re.DOTALL)


@dataclass
class _Shelf(Generic[_Owner]):
    """Patterns by a part of them without wildcards, and by its length, for only they can match an address with it."""

    by_length: dict[int, dict[str, list[tuple[Glob, _Owner]]]] = field(default_factory=dict)

    def add(self, part: str, glob: Glob, owner: _Owner) -> None:
        self.by_length.setdefault(len(part), {}).setdefault(part, []).append((glob, owner))


class Patterns(Generic[_Owner]):
    """Many patterns, each with an owner. Patterns and addresses are given in the same form: ``plain`` or ``loose``."""

    def __init__(self, patterns: Iterable[tuple[str, _Owner]]) -> None:
        self._exact: dict[str, list[_Owner]] = {}
        self._beginnings: _Shelf[_Owner] = _Shelf()
        self._ends: _Shelf[_Owner] = _Shelf()
        for pattern, owner in patterns:
            beginning, *rest = _WILD.split(pattern)
            if not rest:
                self._exact.setdefault(pattern, []).append(owner)
            elif beginning:
                self._beginnings.add(beginning, Glob(pattern), owner)
            else:
                self._ends.add(rest[-1], Glob(pattern), owner)

    def owners(self, address: str) -> Iterator[_Owner]:
        """Of the patterns that match, in no order, one that has several perhaps more than once. Empty text matches
        nothing."""
        if not address:
            return
        yield from self._exact.get(address, ())
        for length, shelf in self._beginnings.by_length.items():
            yield from _matching(shelf.get(address[:length], ()), address)
        for length, shelf in self._ends.by_length.items():
            yield from _matching(shelf.get(address[len(address) - length :], ()), address)

    def match(self, address: str) -> bool:
        return next(self.owners(address), None) is not None


def _matching(found: Iterable[tuple[Glob, _Owner]], address: str) -> Iterator[_Owner]:
    return (owner for glob, owner in found if glob.matches(address))
