# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OPATH, the language of -Filter: text to a tree of conditions (exchange facts 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

#: $null is None.
Value = Union[str, bool, None]

OPERATORS = ("eq", "ne", "like", "notlike")


@dataclass(frozen=True)
class Comparison:
    """``prop`` as written; ``operator`` is one of OPERATORS."""

    prop: str
    operator: str
    value: Value


@dataclass(frozen=True)
class Not:
    operand: Condition


@dataclass(frozen=True)
class All:
    operands: tuple[Condition, ...]


@dataclass(frozen=True)
class Any:
    operands: tuple[Condition, ...]


Condition = Union[Comparison, Not, All, Any]


class FilterError(Exception):
    """The text is no filter; the message says why in the service's own manner."""


#: Quotes as PowerShell reads them (about_Quoting_Rules). Whether the service does is not known; here the worse holds.
_SINGLE, _DOUBLE = "'\u2018\u2019\u201a\u201b", '"\u201c\u201d\u201e'
_TEXT = "|".join(f"[{each}](?:[^{each}]|[{each}]{{2}})*[{each}]" for each in (_SINGLE, _DOUBLE))
_TOKEN = re.compile(rf"\s*(?:(?P<text>{_TEXT})|(?P<operator>-[A-Za-z]+)|(?P<bracket>[()])|(?P<word>[\w$.]+))")
_SYNTAX = "Invalid filter syntax. For a description of the filter parameter syntax see the command help."
_CONSTANTS: dict[str, Value] = {"$true": True, "$false": False, "$null": None}


def parse(text: str) -> Condition:
    """Raises FilterError. ``-and`` binds closer than ``-or``; an apostrophe in a text is doubled."""
    parser = _Parser(text)
    condition = parser.any()
    parser.end()
    return condition


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def any(self) -> Condition:
        operands = [self._all()]
        while self._takes("operator", "-or"):
            operands.append(self._all())
        return operands[0] if len(operands) == 1 else Any(tuple(operands))

    def _all(self) -> Condition:
        operands = [self._single()]
        while self._takes("operator", "-and"):
            operands.append(self._single())
        return operands[0] if len(operands) == 1 else All(tuple(operands))

    def _single(self) -> Condition:
        if self._takes("operator", "-not"):
            return Not(self._single())
        if self._takes("bracket", "("):
            inner = self.any()
            if not self._takes("bracket", ")"):
                raise FilterError(self._complaint())
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        prop = self._one("word")
        operator = self._one("operator").lower()[1:]
        if operator not in OPERATORS:
            raise FilterError(f'Invalid filter syntax. "-{operator}" is not a recognized operator.')
        kind, token = self._peek()
        self._next += 1
        if kind == "text":
            quotes = _SINGLE if token[0] in _SINGLE else _DOUBLE
            return Comparison(prop, operator, re.sub(f"[{quotes}]([{quotes}])", r"\1", token[1:-1]))
        if kind == "word" and token.lower() in _CONSTANTS:
            return Comparison(prop, operator, _CONSTANTS[token.lower()])
        if kind == "word" and token.isdigit():
            return Comparison(prop, operator, token)
        self._next -= 1
        raise FilterError(self._complaint())

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise FilterError(self._complaint())

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("", "")

    def _takes(self, kind: str, token: str) -> bool:
        found = self._peek()
        if found[0] != kind or found[1].lower() != token:
            return False
        self._next += 1
        return True

    def _one(self, kind: str) -> str:
        found = self._peek()
        if found[0] != kind:
            raise FilterError(self._complaint())
        self._next += 1
        return found[1]

    def _complaint(self) -> str:
        at = f'"{self._peek()[1]}"' if self._next < len(self._tokens) else "the end"
        return f"{_SYNTAX} At {at}."


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(_SYNTAX + f' At "{text[at:].strip()[:20]}".')
        at = match.end()
        yield str(match.lastgroup), match.group(str(match.lastgroup))
