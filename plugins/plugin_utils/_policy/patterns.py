# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns for addresses, in which ``*`` stands for any characters and ``?`` for one; thousands are asked at once."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
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
        self._parts = pattern.split("*")

    @cached_property
    def _segments(self) -> list[re.Pattern[str]]:
        """What stands between asterisks."""
        parts = ("".join("." if sign == "?" else re.escape(sign) for sign in part) for part in self._parts)
        return [re.compile(part, re.DOTALL) for part in parts]

    def matches(self, address: str) -> bool:
        head, *middle = self._segments
        if not middle:
            return head.fullmatch(address) is not None
        place, end = len(self._parts[0]), len(address) - len(self._parts[-1])
        tail = middle.pop()
        if end < place or not head.match(address) or not tail.match(address, end):
            return False
        for segment in middle:
            found = segment.search(address, place, end)
            if found is None:
                return False
            place = found.end()
        return True


@dataclass
class _Shelf(Generic[_Owner]):
    """Patterns by a part of them that is no wildcard, by its length: only they can match an address with that part."""

    by_length: dict[int, dict[str, list[tuple[Glob, _Owner]]]] = field(default_factory=dict)

    def add(self, part: str, glob: Glob, owner: _Owner) -> None:
        self.by_length.setdefault(len(part), {}).setdefault(part, []).append((glob, owner))


class Patterns(Generic[_Owner]):
    """Many patterns, each with an owner. Patterns and addresses are given in the same form: ``plain`` or ``loose``.

    Each pattern is shelved by the part that it has in common with the fewest others: such as the name of its domain, or
    what it begins with.
    """

    def __init__(self, patterns: Iterable[tuple[str, _Owner]]) -> None:
        given = [(pattern, _WILD.split(pattern), owner) for pattern, owner in patterns]
        common = Counter(part for _pattern, parts, _owner in given for part in parts)
        self._exact: dict[str, list[_Owner]] = {}
        self._beginnings: _Shelf[_Owner] = _Shelf()
        self._ends: _Shelf[_Owner] = _Shelf()
        self._anywhere: _Shelf[_Owner] = _Shelf()
        for pattern, parts, owner in given:
            if len(parts) == 1:
                self._exact.setdefault(pattern, []).append(owner)
                continue
            rarest = min(parts, key=lambda part: (not part, common[part], -len(part)))
            self._shelf(parts, rarest).add(rarest, Glob(pattern), owner)

    def _shelf(self, parts: list[str], part: str) -> _Shelf[_Owner]:
        if parts[-1] == part:
            return self._ends
        return self._beginnings if parts[0] == part else self._anywhere

    def owners(self, address: str) -> Iterator[_Owner]:
        """Of the patterns that match, in no order, one that has several perhaps more than once. Empty text matches
        nothing."""
        if not address:
            return
        yield from self._exact.get(address, ())
        for length, shelf in self._beginnings.by_length.items():
            yield from _matching(shelf.get(address[:length], ()), address)
        for length, shelf in self._ends.by_length.items():
            yield from _matching(shelf.get(address[max(0, len(address) - length) :], ()), address)
        for length, shelf in self._anywhere.by_length.items():
            parts = {address[start : start + length] for start in range(len(address) - length + 1)}
            for part in parts & shelf.keys():
                yield from _matching(shelf[part], address)

    def match(self, address: str) -> bool:
        return next(self.owners(address), None) is not None


def _matching(found: Iterable[tuple[Glob, _Owner]], address: str) -> Iterator[_Owner]:
    return (owner for glob, owner in found if glob.matches(address))
