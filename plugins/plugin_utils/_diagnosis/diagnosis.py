# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a text about a message that was not sent means, and what cures it. Values in, values out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._exchange.rights import Right
from .classes import MEANINGS, PHRASES, ErrorClass, Meaning
from .entries import Entry
from .header import Header, parse, token_pattern
from .phrases import Phrase

#: Characters; an event holds fewer (its longest string is 31,839), and a report of non-delivery names its error early.
LONGEST_TEXT = 32_768
_PAIR = re.compile(
    r"\bSendAsDenied; ?(?P<trustee>[^\s;]{3,320}) not allowed to send as (?P<mailbox>[^\s;]{3,320})(?![^\s;])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<>()\[\]{},;:\"\\]{1,64}@\w[\w.-]{0,254}")


@dataclass(frozen=True)
class Pair:
    """Both ends of a refusal, as the text names them: who may not send as whom."""

    trustee: str
    mailbox: str

    @property
    def key(self) -> tuple[str, str]:
        """Equal for the same pair."""
        return self.trustee.casefold(), self.mailbox.casefold()


@dataclass(frozen=True)
class Diagnosis:
    """``evidence``: the phrases by which the class was found. ``pair``: only where the text names both ends."""

    source: str
    error_class: ErrorClass
    evidence: tuple[str, ...]
    pair: Pair | None
    header: Header
    truncated: bool

    @property
    def meaning(self) -> Meaning:
        """Of its class."""
        return MEANINGS[self.error_class]


@dataclass(frozen=True)
class Reader:
    """How texts are read. ``phrases``: of each class; ``token``: what a tracking token looks like."""

    phrases: Mapping[ErrorClass, tuple[Phrase, ...]]
    token: re.Pattern[str]

    @classmethod
    def with_phrases(cls, extra: Mapping[ErrorClass, Sequence[Phrase]], prefix: str) -> Reader:
        """The known phrases, and those that a site adds."""
        return cls({each: (*PHRASES.get(each, ()), *extra.get(each, ())) for each in ErrorClass}, token_pattern(prefix))

    def diagnose(self, entry: Entry) -> Diagnosis:
        """The diagnosis of one text; the same text always gives the same, and no text makes it fail."""
        text, truncated = _shortened(entry.text)
        header, rest = parse(text, self.token)
        error_class, evidence = self._class_of(rest.casefold())
        pair = _pair_of(rest) if error_class is ErrorClass.EXCHANGE_SEND_AS_DENIED else None
        return Diagnosis(entry.source, error_class, evidence, pair, header, truncated)

    def _class_of(self, folded: str) -> tuple[ErrorClass, tuple[str, ...]]:
        for error_class, phrases in self.phrases.items():
            found = tuple(phrase.text for phrase in phrases if phrase.is_in(folded))
            if found:
                return error_class, found
        return ErrorClass.UNKNOWN, ()


def _shortened(text: str) -> tuple[str, bool]:
    """The beginning of a text that is too long, without a word cut in two: half an address is another address."""
    if len(text) <= LONGEST_TEXT:
        return text, False
    words = text[:LONGEST_TEXT].rsplit(None, 1)
    return (words[0] if len(words) > 1 else ""), True


def _pair_of(text: str) -> Pair | None:
    """The pair, where the text names one and no other."""
    pairs = {}
    for match in _PAIR.finditer(text):
        pair = Pair(*(end.lstrip("<([\"'").rstrip(">)]\"'.,:") for end in match.group("trustee", "mailbox")))
        if _ADDRESS.fullmatch(pair.trustee) and _ADDRESS.fullmatch(pair.mailbox):
            pairs[pair.key] = pair
    return next(iter(pairs.values())) if len(pairs) == 1 else None


def pairs_of(diagnoses: Iterable[Diagnosis]) -> list[tuple[Right, Pair]]:
    """Every pair once, in the order of the texts, with the right that is missing."""
    found: dict[tuple[str, str], tuple[Right, Pair]] = {}
    for each in diagnoses:
        if each.pair and each.meaning.right:
            found.setdefault(each.pair.key, (each.meaning.right, each.pair))
    return list(found.values())


def counts_of(diagnoses: Iterable[Diagnosis]) -> dict[ErrorClass, int]:
    """How many texts there are of each class, those without any included."""
    counted = Counter(each.error_class for each in diagnoses)
    return {each: counted[each] for each in ErrorClass}
