# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of a task are secret, and a result without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils.common.parameters import remove_values

from .._remote.redaction import forms_of, redacted


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
    clean = dict(remove_values(result, known))
    everything = "\n".join(texts_in(clean))
    found = {form for form in forms_of(known) if form in everything}
    return dict(remove_values(clean, found)) if found else clean
