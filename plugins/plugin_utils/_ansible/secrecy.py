# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of a task are secret, and a result without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._remote.redaction import forms_of, redacted

#: What users of ansible know in the place of a secret: of a value that is one, and of one within a text.
ALONE, WITHIN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********"


def secrets_of(spec: Mapping[str, Mapping[str, Any]], options: Mapping[str, Any]) -> set[str]:
    """The values that must never be shown, of whatever kind they are."""
    values = [options[name] for name, one in spec.items() if one.get("no_log") and options.get(name)]
    texts = {text for value in values for text in (str(value), *texts_in(value))}
    return {each for text in texts for each in (text, text.strip()) if each}


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, keys and nested ones too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in (*value.keys(), *value.values()):
            yield from texts_in(each)
    elif isinstance(value, (list, tuple, set)):
        for each in value:
            yield from texts_in(each)


def password_of(connection: Any) -> set[str]:
    """That of the management host, whatever ansible itself may hide of it."""
    try:
        password = connection.get_option("remote_password")
    except Exception:  # of a connection that has none, each kind raises its own
        return set()
    return {str(password)} if password else set()


def crash_of(error: Exception, secrets: Iterable[str]) -> str:
    """What a fault of the collection is told as."""
    return f"a fault of this collection, please report it: {type(error).__name__}: {redacted(str(error), secrets)}"


def without(result: dict[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    """The result without the secrets, in whatever form they stand in it."""
    known = set(secrets)
    if not known:
        return result
    clean = hidden(result, known)
    everything = "\n".join(texts_in(clean))
    found = {form for form in forms_of(known) if form in everything}
    return dict(hidden(clean, found) if found else clean)


def hidden(value: Any, secrets: Iterable[str]) -> Any:
    """A value as JSON has them, with something else in the place of each secret; keys are names, and stay.

    It does what ``remove_values`` of ansible-core did, which 2.22 deprecates in favour of a register of secrets that no
    older one has.
    """
    longest_first = sorted(secrets, key=len, reverse=True)

    def hide(value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping):
            return {key: hide(each) for key, each in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [hide(each) for each in value]
        text = str(value)
        if text in longest_first:
            return ALONE
        if isinstance(value, str):
            return _replaced(text, longest_first)
        return ALONE if any(secret in text for secret in longest_first) else value

    return hide(value)


def _replaced(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, WITHIN)
    return text
