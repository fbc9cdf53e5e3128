# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of a user to what is meant by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from .columns import Entity, Field
from .filters import Filter, Vocabulary, vocabulary_of
from .profiles import ProfileRules, Rule, pattern_of
from .tables import OptionError

_Word = TypeVar("_Word", bound=Enum)


@dataclass(frozen=True)
class Settings:
    """How exports are read. ``entity``: of all of them; None where each tells its own."""

    entity: Entity | None
    headings: Mapping[Field, tuple[str, ...]]
    vocabulary: Vocabulary
    filters: tuple[Filter, ...]
    profiles: ProfileRules


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Reads entity, headings, labels, filters, profile_column and profile_rules. Raises OptionError."""
    entities = {entity.word: entity for entity in Entity}
    fields = {field.value: field for field in Field}
    filters = {one.value: one for one in Filter}
    wanted = {_word("filters", filters, name) for name in _texts("filters", options.get("filters"))}
    return Settings(
        entity=_word("entity", entities, options["entity"]) if options.get("entity") else None,
        headings={
            _word("headings", fields, name): _texts("headings", headings)
            for name, headings in _dictionary("headings", options.get("headings")).items()
        },
        vocabulary=vocabulary_of(
            {
                str(meaning): _texts("labels", labels)
                for meaning, labels in _dictionary("labels", options.get("labels")).items()
            }
        ),
        filters=tuple(one for one in Filter if one in wanted),
        profiles=ProfileRules(options.get("profile_column") or None, _rules(options.get("profile_rules"))),
    )


def _word(option: str, known: Mapping[str, _Word], word: Any) -> _Word:
    if word not in known:
        raise OptionError(option, f"{word!r} is none of {', '.join(known)}")
    return known[word]


def _dictionary(option: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value or {}, Mapping):
        raise OptionError(option, f"{value!r} is no dictionary")
    return value or {}


def _texts(option: str, value: Any) -> tuple[str, ...]:
    """One text or a list of texts."""
    items: Iterable[Any] = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
    texts = tuple(str(item) for item in items if isinstance(item, (str, int)) and not isinstance(item, bool))
    if len(texts) != len(list(items)):
        raise OptionError(option, f"{value!r} is no text and no list of texts (put quotes around yes and no)")
    return texts


def _rules(value: Any) -> tuple[Rule, ...]:
    if not isinstance(value or [], list):
        raise OptionError("profile_rules", f"{value!r} is no list")
    return tuple(_rule(f"profile_rules, rule {number}", rule) for number, rule in enumerate(value or [], 1))


def _rule(option: str, value: Any) -> Rule:
    rule = _dictionary(option, value)
    strange = sorted(set(map(str, rule)) - {"profile", "column", "value", "address"})
    if strange:
        raise OptionError(option, f"unknown key {strange[0]!r} (known: profile, column, value, address)")
    profiles = _texts(option, rule.get("profile"))
    if not profiles:
        raise OptionError(option, "profile is missing: a name or a list of names")
    if ("column" in rule) != ("value" in rule):
        raise OptionError(option, "column and value go together")
    texts = {key: "".join(_texts(option, rule[key])) for key in ("column", "value", "address") if key in rule}
    return Rule(
        profiles=profiles,
        column=texts.get("column"),
        value=pattern_of(texts["value"]) if "value" in texts else None,
        address=pattern_of(texts["address"]) if "address" in texts else None,
    )
